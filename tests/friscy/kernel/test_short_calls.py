"""A server whose sockets a set of the host watches and whose bytes the host moves: it sees what Linux shows."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from guest_machine import GuestMachine, compile_guest, install
from guest_sources import EMULATOR
from required_tools import require_tool

from friscy.kernel.net.inet_socket import network
from friscy.kernel.net.policy import Policy
from friscy.kernel.net.start import attach_network
from friscy.kernel.terminal.console import Console
from friscy.machine.host_code import host_call_address
from friscy.machine.short_calls import ShortCalls

LOCAL = "127.0.0.1"
GUEST_PORT = 7000


def _client(where: Callable[[], int], heard: list[bytes]) -> threading.Thread:
    """What event_server's clients do, as it commands, until it has gone. heard: what each was sent."""

    def run() -> None:
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
    thread = threading.Thread(target=run)
    thread.start()
    return thread


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


def _on_linux(program: Path, file: Path) -> tuple[list[str], list[bytes]]:
    with socket.socket() as probe:
        probe.bind((LOCAL, 0))
        port = probe.getsockname()[1]
    heard: list[bytes] = []
    client = _client(lambda: port, heard)
    done = subprocess.run(
        [require_tool(EMULATOR), program, str(port), file],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=file.parent,
    )
    client.join()
    return done.stdout.splitlines(), heard


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
    reader, writer = os.pipe()
    output: list[bytes] = []
    draining = threading.Thread(target=lambda: output.extend(iter(lambda: os.read(reader, 65536), b"")))
    draining.start()
    kernel, context = machine.kernel(console := Console((-1, writer, writer)))
    kernel.policy = policy = Policy(publish=[f"{LOCAL}:0:{GUEST_PORT}"])
    attach_network(kernel)
    install(kernel, context, program, b"/bin/program")
    (tmp_path / "file").write_text("0123456789")
    kernel.vfs.attach_grant("granted", str(tmp_path))
    kernel.vfs.mount(kernel.vfs.lookup(context, b"/tmp"), kernel.vfs.new_hostfs("granted"))
    kernel.spawn_init(
        b"/bin/program", [b"program", b"%d" % GUEST_PORT, b"/tmp/file"], [], root=context.root,
        files=console.open_standard(kernel, context), cwd=b"/tmp",
    )  # fmt: skip
    heard: list[bytes] = []
    client = _client(lambda: policy.published[0].host_port, heard)
    try:
        assert kernel.run() == 0
    finally:
        kernel.network.close_all()
        os.close(writer)
        client.join()
        draining.join()
    assert (b"".join(output).decode().splitlines(), heard) == _on_linux(program, tmp_path / "file")
    assert any(b"2x4" in each for each in heard)
    assert (sum(taken) > 0) is (asks and host_call_address() != 0)
    assert network(kernel).received > 10 * 20
