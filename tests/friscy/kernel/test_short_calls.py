"""A server whose sockets a set of the host watches and whose bytes the host moves: it sees what Linux shows."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from guest_machine import GuestMachine, compile_guest
from guest_server import LOCAL, Client, GuestServer, client_of, serve_on_linux

from friscy.kernel.net.inet_socket import network
from friscy.machine.host_code import host_call_address
from friscy.machine.short_calls import ShortCalls


def _client(heard: list[bytes]) -> Client:
    """What event_server's clients do, as it commands, until it has gone. heard: what each was sent."""

    def talk(where: Callable[[], int]) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                connection = socket.create_connection((LOCAL, where()), 30)
            except OSError:
                if started.is_set():
                    return
                continue  # it does not listen yet
            started.set()
            with connection:
                if said := _obey(connection, where()):
                    heard.append(said)

    started = threading.Event()
    return client_of(talk)


def _obey(connection: socket.socket, port: int) -> bytes:
    heard = b""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
    try:
        while command := connection.recv(1):
            heard += command
            if command == b"d":
                connection.sendall(b"0123456789")
            elif command == b"s":
                connection.shutdown(socket.SHUT_WR)
            elif command == b"r":
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                break
            elif command == b"q":
                with socket.create_connection((LOCAL, port), 30) as other:
                    other.recv(1)
                while connection.recv(1 << 20):
                    pass
    except ConnectionResetError:
        pass
    return heard


@pytest.mark.parametrize("asks", [True, False], ids=["short", "by the kernel"])
def test_a_server_with_epoll_is_linux(
    asks: bool, machine: GuestMachine, guest_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not asks:
        monkeypatch.setattr("friscy.machine.short_calls.host_call_address", lambda: 0)
    taken: list[int] = []
    take_traffic = ShortCalls.take_traffic
    monkeypatch.setattr(
        ShortCalls, "take_traffic", lambda calls: taken.extend(got := take_traffic(calls)) or got
    )
    program = compile_guest("event_server", guest_cache)
    server = GuestServer(machine, program)
    kernel, file = server.kernel, tmp_path / "file"
    file.write_text("0123456789")
    kernel.vfs.attach_grant("granted", str(tmp_path))
    kernel.vfs.mount(kernel.vfs.lookup(server.context, b"/tmp"), kernel.vfs.new_hostfs("granted"))
    heard: list[bytes] = []
    lines = server.run(b"/tmp/file", client=_client(heard), cwd=b"/tmp")
    heard_there: list[bytes] = []
    linux = serve_on_linux(program, file, client=_client(heard_there), cwd=tmp_path)
    assert (lines, heard) == (linux, heard_there)
    assert any(b"2x4" in each for each in heard)
    assert (sum(taken) > 0) is (asks and host_call_address() != 0)
    assert network(kernel).received > 10 * 20
