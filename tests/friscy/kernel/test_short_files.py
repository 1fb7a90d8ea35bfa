"""A server that opens the same files all the time, without the kernel: it finds what Linux finds."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from guest_machine import GuestMachine, compile_guest
from guest_server import Client, GuestServer, client_of, connect, serve_on_linux

from friscy.kernel import short_files
from friscy.kernel.table import ROWS
from friscy.machine.host_code import host_call_address

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


def _client(directory: Path, heard: list[bytes]) -> Client:
    """heard: what it was sent, when the server has gone."""

    def talk(where: Callable[[], int]) -> None:
        changes = _changes(directory)
        with connect(where) as connection:
            while got := connection.recv(1):
                heard.append(got)
                if got == b"c":
                    next(changes)
                if got in b"cd":
                    connection.sendall(b"0123456789")

    return client_of(talk)


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


def test_files_that_are_opened_again_and_again_are_linux(
    machine: GuestMachine, guest_cache: Path, directories: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    program = compile_guest("file_server", guest_cache)
    server = GuestServer(machine, program)
    by_the_kernel: list[int] = []
    settled: list[int] = []
    openat, settle = ROWS[OPENAT].handler, short_files.settle
    monkeypatch.setattr(ROWS[OPENAT], "handler", lambda *call: by_the_kernel.append(1) or openat(*call))
    monkeypatch.setattr(short_files, "settle", lambda k: settled.append(1) or settle(k))
    granted, vfs, context = directories(), server.kernel.vfs, server.context
    vfs.attach_grant("granted", str(granted))
    vfs.mkdir(context, b"/granted", 0o755)
    vfs.mount(vfs.lookup(context, b"/granted"), vfs.new_hostfs("granted"))
    vfs.mkdir(context, b"/memory", 0o755)
    heard: list[bytes] = []
    lines = server.run(b"/granted", b"/memory", client=_client(granted, heard))
    on_linux, other = directories(), directories()
    heard_there: list[bytes] = []
    linux = serve_on_linux(
        program, on_linux, other, client=_client(on_linux, heard_there)
    )
    assert "\n".join(lines) == "\n".join(linux)
    assert b"".join(heard) == b"".join(heard_there)
    if host_call_address():
        opened = sum(line.startswith("  ") for line in lines)
        assert len(by_the_kernel) < opened * 0.8
        assert len(settled) > 5
