"""A prompt on a terminal: jobs stopped, continued and interrupted by keys, as `friscy shell` shows them."""

from __future__ import annotations

import os
import pty
import re
import select
import sys
import time
from collections.abc import Iterator

import engine
import pytest
from rootfs import Rootfs

SECONDS = 30  # until an expected text appears


class Session:
    """`friscy run` of a program on a pseudo-terminal."""

    def __init__(self, rootfs: Rootfs, *argv: str) -> None:
        command = engine.command(rootfs, *argv)
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(sys.executable, command, {**os.environ, "TERM": "dumb", "COLUMNS": "80", "LINES": "24"})
        self.seen, self.over = b"", False

    def expect(self, pattern: bytes) -> bytes:
        """Read until `pattern` appears; what came up to its end."""
        end = time.monotonic() + SECONDS
        while not (match := re.search(pattern, self.seen)):
            ready, _, _ = select.select([self.fd], [], [], max(end - time.monotonic(), 0))
            assert ready, (pattern, self.seen)
            try:
                data = os.read(self.fd, 65536)
            except OSError:
                data = b""
            assert data, (pattern, self.seen)
            self.seen += data
        text, self.seen = self.seen[: match.end()], self.seen[match.end() :]
        return text

    def type(self, text: bytes) -> None:
        os.write(self.fd, text)

    def ended(self) -> int:
        """Wait for its end; its exit status."""
        self.over = True
        status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        os.close(self.fd)
        return status

    def close(self) -> None:
        """Hang up, which ends a shell that has not ended yet."""
        if not self.over:
            os.close(self.fd)
            os.waitpid(self.pid, 0)


@pytest.fixture
def shell(programs: Rootfs) -> Iterator[Session]:
    session = Session(programs, "/usr/bin/bash", "--norc", "--noprofile", "-i")
    session.expect(rb"\$ |# ")
    session.type(b"PS1='ready> '\n")
    session.expect(rb"\nready> ")
    yield session
    session.close()


def test_job_control(shell: Session) -> None:
    shell.type(b"sh -c 'trap \"echo wo''ken\" CONT; echo start''ed; while sleep 0.05; do :; done'\n")
    shell.expect(rb"\nstarted")
    shell.type(b"\x1a")
    shell.expect(rb"\[1\]\+  Stopped .*\r\nready> ")
    shell.type(b"fg\n")
    shell.expect(rb"\nwoken")  # and the terminal is its own again
    shell.type(b"\x1a")
    shell.expect(rb"\[1\]\+  Stopped .*\r\nready> ")
    shell.type(b"bg; jobs\n")
    shell.expect(rb"\[1\]\+  Running .*\r\nready> ")
    shell.type(b"kill -STOP %1; until jobs | grep -q Stopped; do sleep 0.01; done; fg\n")
    shell.expect(rb"\nwoken")
    shell.type(b"\x03")
    shell.expect(rb"ready> ")
    shell.type(b"echo status $?\n")
    shell.expect(rb"\nstatus 130\r\nready> ")


def test_background_reader_stops(shell: Session) -> None:
    shell.type(b"cat & until jobs | grep -q Stopped; do sleep 0.01; done; echo $(jobs)\n")
    shell.expect(rb"\[1\]\+ Stopped cat\r\nready> ")
    shell.type(b"fg\n")
    shell.expect(rb"cat\r\n")
    shell.type(b"a line\n")
    shell.expect(rb"a line\r\n")
    shell.type(b"\x04")
    shell.expect(rb"ready> ")


def test_pipeline_and_exit(shell: Session) -> None:
    shell.type(b"ls /usr/bin | grep -x 'ba.h' | tr a-z A-Z\n")
    shell.expect(rb"\nBASH\r\nready> ")
    shell.type(b"exit 3\n")
    shell.expect(rb"exit\r\n")
    assert shell.ended() == 3
