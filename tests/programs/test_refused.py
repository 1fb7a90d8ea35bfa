"""What friscy does not do yet fails as programs expect, and its user is told once."""

from __future__ import annotations

from compilers import compiled
from guest import run
from rootfs import Rootfs

SPAWN = """\
fork: EAGAIN
vfork: EAGAIN
clone: EAGAIN
clone3: EAGAIN
pthread_create: EAGAIN
posix_spawn: EAGAIN
system: status 127
popen: NULL
"""
REST = """\
socket inet: EAFNOSUPPORT
socket inet6: EAFNOSUPPORT
socket unix: EAFNOSUPPORT
socketpair: EAFNOSUPPORT
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
    assert outcome.stdout.decode() == SPAWN * 2 + REST
    assert (outcome.status, outcome.stderr) == (0, b"")
    assert len(outcome.log) == len(set(outcome.log)), outcome.log
    for what in ("clone", "socket", "socketpair", "1000", "ptrace", "io_uring_setup", "bpf"):
        assert sum(f"{what}:" in line or f"{what} " in line for line in outcome.log) == 1, (what, outcome.log)


def python(programs: Rootfs, source: str) -> tuple[str, list[str]]:
    """The last line of the traceback, and the log."""
    outcome = run(programs, ("/usr/bin/python3", "-c", source))
    assert outcome.status == 1, outcome
    return outcome.stderr.decode().splitlines()[-1], outcome.log


def test_python(programs: Rootfs) -> None:
    error, log = python(programs, "import subprocess; subprocess.run(['true'])")
    assert error == "BlockingIOError: [Errno 11] Resource temporarily unavailable"
    assert log == ["clone: processes and threads come in a later version of friscy"]
    error, log = python(programs, "import os; os.fork()")
    assert error == "BlockingIOError: [Errno 11] Resource temporarily unavailable"
    error, _ = python(programs, "import threading; threading.Thread(target=print).start()")
    assert error == "RuntimeError: can't start new thread"
    error, log = python(programs, "import socket; socket.create_connection(('127.0.0.1', 80))")
    assert error == "OSError: [Errno 97] Address family not supported by protocol"
    assert log == ["socket: sockets come in a later version of friscy"]


def test_shell(programs: Rootfs) -> None:
    outcome = run(programs, ("/usr/bin/sh", "-c", "echo before; /usr/bin/true; echo not reached"))
    assert outcome.stdout == b"before\n"
    assert outcome.status == 2
    assert b"fork" in outcome.stderr
    assert len(outcome.log) == 1
