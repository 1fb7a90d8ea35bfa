"""A server that opens the same files all the time, without the kernel: it finds what Linux finds."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from guest_machine import GuestMachine, compile_guest, install
from guest_sources import EMULATOR
from required_tools import require_tool

from friscy.kernel import short_files
from friscy.kernel.net.policy import Policy
from friscy.kernel.net.start import attach_network
from friscy.kernel.table import ROWS
from friscy.kernel.terminal.console import Console
from friscy.machine.host_code import host_call_address

LOCAL = "127.0.0.1"
GUEST_PORT = 7000
OPENAT = 56


def _changes(directory: Path) -> Iterator[None]:
    """What file_server's command 'c' does, one after the other, to `directory`/file."""
    file, other = directory / "file", directory / "changed"
    file.write_bytes(b"HOST")
    yield
    other.write_bytes(b"SECOND")
    other.rename(file)
    yield
    other.write_bytes(b"THIRD")
    file.unlink()
    file.symlink_to("changed")
    yield
    file.unlink()
    yield
    file.write_bytes(b"LAST")
    file.chmod(0o644)
    yield
    for mode in 0o700, 0o755, 0o700:
        directory.chmod(mode)
        yield


def _client(where: Callable[[], int], directory: Path, heard: list[bytes]) -> threading.Thread:
    """heard: what it was sent, when the server has gone."""

    def connect() -> socket.socket:
        deadline = time.monotonic() + 60
        while True:
            try:
                return socket.create_connection((LOCAL, where()), 60)
            except OSError:
                if time.monotonic() > deadline:
                    raise

    def run() -> None:
        changes = _changes(directory)
        with connect() as connection:
            while got := connection.recv(1):
                heard.append(got)
                if got == b"c":
                    next(changes)
                if got in b"cd":
                    connection.sendall(b"0123456789")

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.fixture
def directories() -> Iterator[Callable[[], Path]]:
    """Makes directories that everybody may look into."""
    made: list[tempfile.TemporaryDirectory[str]] = []

    def make() -> Path:
        made.append(tempfile.TemporaryDirectory(prefix="friscy-files-"))
        path = Path(made[-1].name)
        path.chmod(0o755)
        return path

    yield make
    for each in made:
        each.cleanup()


def _on_linux(program: Path, directories: Callable[[], Path]) -> tuple[list[str], bytes]:
    with socket.socket() as probe:
        probe.bind((LOCAL, 0))
        port = probe.getsockname()[1]
    heard: list[bytes] = []
    granted, other = directories(), directories()
    client = _client(lambda: port, granted, heard)
    done = subprocess.run(
        [require_tool(EMULATOR), program, str(port), granted, other],
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
        check=True,
    )
    client.join()
    return done.stdout.splitlines(), b"".join(heard)


def test_files_that_are_opened_again_and_again_are_linux(
    machine: GuestMachine, guest_cache: Path, directories: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    program = compile_guest("file_server", guest_cache)
    by_the_kernel: list[int] = []
    settled: list[int] = []
    reader, writer = os.pipe()
    output: list[bytes] = []
    draining = threading.Thread(target=lambda: output.extend(iter(lambda: os.read(reader, 65536), b"")))
    draining.start()
    kernel, context = machine.kernel(console := Console((-1, writer, writer)))
    openat, settle = ROWS[OPENAT].handler, short_files.settle
    monkeypatch.setattr(ROWS[OPENAT], "handler", lambda *call: by_the_kernel.append(1) or openat(*call))
    monkeypatch.setattr(short_files, "settle", lambda k: settled.append(1) or settle(k))
    kernel.policy = policy = Policy(publish=[f"{LOCAL}:0:{GUEST_PORT}"])
    attach_network(kernel)
    install(kernel, context, program, b"/bin/program")
    granted = directories()
    kernel.vfs.attach_grant("granted", str(granted))
    kernel.vfs.mkdir(context, b"/granted", 0o755)
    kernel.vfs.mount(kernel.vfs.lookup(context, b"/granted"), kernel.vfs.new_hostfs("granted"))
    kernel.vfs.mkdir(context, b"/memory", 0o755)
    kernel.spawn_init(
        b"/bin/program", [b"program", b"%d" % GUEST_PORT, b"/granted", b"/memory"], [], root=context.root,
        files=console.open_standard(kernel, context),
    )  # fmt: skip
    heard: list[bytes] = []
    client = _client(lambda: policy.published[0].host_port, granted, heard)
    try:
        assert kernel.run() == 0
    finally:
        kernel.network.close_all()
        os.close(writer)
        client.join()
        draining.join()
    lines = b"".join(output).decode().splitlines()
    linux = _on_linux(program, directories)
    assert "\n".join(lines) == "\n".join(linux[0])
    assert b"".join(heard) == linux[1]
    if host_call_address():
        opened = sum(line.startswith("  ") for line in lines)
        assert len(by_the_kernel) < opened * 0.8
        assert len(settled) > 5


