"""What friscy does not do yet fails as programs expect, and its user is told once."""

from __future__ import annotations

from compilers import compiled
from guest import run
from rootfs import Rootfs

EXPECTED = """\
socket bluetooth: EAFNOSUPPORT
socket raw: EPERM
wait: ECHILD
waitid: ECHILD
kill: ESRCH
ptrace: EPERM
io_uring_setup: ENOSYS
bpf: EPERM
unknown: ENOSYS
unknown: ENOSYS
negative: ENOSYS
"""


def test_errno(programs: Rootfs) -> None:
    program = 0o100755, compiled("refused.c", "gcc -O2")
    outcome = run(programs, ("./refused",), files={"refused": program})
    assert outcome.stdout.decode() == EXPECTED
    assert (outcome.status, outcome.stderr) == (0, b"")
    assert len(outcome.log) == len(set(outcome.log)), outcome.log
    for what in ("1000", "ptrace", "io_uring_setup", "bpf"):
        assert sum(f"{what}:" in line or f"{what} " in line for line in outcome.log) == 1, (what, outcome.log)


def python(programs: Rootfs, source: str) -> tuple[str, list[str]]:
    """The last line of the traceback, and the log."""
    outcome = run(programs, ("/usr/bin/python3", "-c", source))
    assert outcome.status == 1, outcome
    return outcome.stderr.decode().splitlines()[-1], outcome.log


def test_python(programs: Rootfs) -> None:
    error, log = python(programs, "import socket; socket.create_connection(('192.0.2.1', 80))")
    assert error == "OSError: [Errno 101] Network is unreachable"
    assert [line for line in log if "192.0.2.1:80" in line] == log
    assert len(log) == 1
