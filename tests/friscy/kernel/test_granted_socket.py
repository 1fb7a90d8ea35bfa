"""A Unix socket of the host that is granted to the guest behaves as it does for a program of the host."""

from __future__ import annotations

import os
import random
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest
from guest_machine import GuestMachine, compile_guest, run_on_linux
from guest_server import let_news_come_late

from friscy.kernel import namespace
from friscy.kernel.net.granted_socket import grant

FLOOD = 2_000_000


class Server:
    """Does what the first byte of a connection says: echo, dawdle before it (d), flood (b), count (s), close, quit."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.door.bind(str(path))
        path.chmod(0o600)
        self.door.listen()
        self.thread = threading.Thread(target=self.serve)
        self.connections: list[threading.Thread] = []
        self.failures: list[BaseException] = []
        self.thread.start()

    def serve(self) -> None:
        while True:
            sock, _ = self.door.accept()
            what = sock.recv(1)
            if what == b"q":
                self.door.close()
                sock.close()
                return
            worker = threading.Thread(target=self.answer, args=(sock, what))
            worker.start()
            self.connections.append(worker)

    def answer(self, sock: socket.socket, what: bytes) -> None:
        with sock:
            try:
                if what in b"ed":
                    dawdle = random.Random(1)
                    while data := sock.recv(100):
                        if what == b"d":
                            time.sleep(dawdle.uniform(0, 0.006))
                        sock.sendall(data)
                    with suppress(BrokenPipeError):  # the client may have closed
                        sock.sendall(b"bye")
                elif what == b"b":
                    sock.sendall(bytes(FLOOD))
                elif what == b"s":
                    time.sleep(0.05)  # so the queue is full before it is read
                    total = 0
                    while data := sock.recv(10_000):
                        total += len(data)
                    sock.sendall(str(total).encode())
            except BaseException as error:
                self.failures.append(error)
                raise

    def join(self) -> None:
        self.thread.join(10)
        for worker in self.connections:
            worker.join(10)
        assert not self.thread.is_alive()
        assert not any(worker.is_alive() for worker in self.connections), "a connection was left open"


@pytest.fixture
def granting(machine: GuestMachine, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Sockets of the host that every kernel of the machine grants as /place/socket."""
    granted: list[str] = []
    original = machine.kernel

    def kernel(console):
        made, context = original(console)
        for path in granted:
            place = namespace.file_place(made, context, b"/place/socket")
            grant(made, place, path, mode=0o600, uid=os.getuid(), gid=os.getgid())
        return made, context

    monkeypatch.setattr(machine, "kernel", kernel)
    return granted


@pytest.mark.parametrize("late", ["", "look", "refresh"])
def test_it_is_the_hosts(
    late: str,
    machine: GuestMachine,
    granting: list[str],
    guest_cache: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if late:
        let_news_come_late(monkeypatch, late)
    program = compile_guest("granted", guest_cache)
    path = tmp_path / "socket"
    server = Server(path)
    expected = run_on_linux(program, tmp_path, str(path))
    server.join()
    path.unlink()
    server = Server(path)
    granting.append(str(path))
    status, text = machine.run(program, "/place/socket")
    server.join()
    assert text.splitlines() == expected[1].splitlines()
    assert status == expected[0] == 0
    assert "drain(fd) = 2000000" in text
    assert not server.failures
