"""Traces of several tasks, of calls that block and are interrupted, and of signals."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from guest_machine import GuestMachine, compile_guest

from friscy.kernel.kernel import Kernel
from friscy.kernel.strace.tracer import Tracer

BLOCKED = """\
read(3, ADDRESS, 1)                  = ? ERESTARTSYS (To be restarted if SA_RESTART is set)
--- SIGALRM {si_signo=SIGALRM, si_code=SI_KERNEL} ---
rt_sigreturn({mask=[]})                 = -1 EINTR (Interrupted system call)
clock_nanosleep(CLOCK_REALTIME, 0, {tv_sec=1, tv_nsec=0}, NULL) = ? ERESTART_RESTARTBLOCK (Interrupted by signal)
--- SIGALRM {si_signo=SIGALRM, si_code=SI_KERNEL} ---
rt_sigreturn({mask=[]})                 = -1 EINTR (Interrupted system call)
epoll_create1(0)                        = 7
epoll_pwait(7, ADDRESS, 1, 1000, NULL, 8) = -1 EINTR (Interrupted system call)
--- SIGALRM {si_signo=SIGALRM, si_code=SI_KERNEL} ---
rt_sigreturn({mask=[]})                 = -1 EINTR (Interrupted system call)
rt_sigsuspend([], 8)                    = ? ERESTARTNOHAND (To be restarted if no handler)
--- SIGALRM {si_signo=SIGALRM, si_code=SI_KERNEL} ---
rt_sigreturn({mask=[]})                 = -1 EINTR (Interrupted system call)
rt_sigsuspend([], 8)                    = ? ERESTARTNOHAND (To be restarted if no handler)
--- SIGALRM {si_signo=SIGALRM, si_code=SI_TIMER, si_timerid=0, si_overrun=0, si_int=0, si_ptr=NULL} ---
rt_sigreturn({mask=[]})                 = -1 EINTR (Interrupted system call)
tgkill(1, 1, SIGALRM)                   = 0
--- SIGALRM {si_signo=SIGALRM, si_code=SI_TKILL, si_pid=1, si_uid=UID} ---
rt_sigreturn({mask=[]})                 = 0
--- SIGALRM {si_signo=SIGALRM, si_code=SI_QUEUE, si_pid=1, si_uid=UID, si_int=5, si_ptr=ADDRESS} ---
rt_sigreturn({mask=[]})                 = 0
[pid     1] read(3,  <unfinished ...>
[pid     2] clock_nanosleep(CLOCK_REALTIME, 0, {tv_sec=0, tv_nsec=20000000}, NULL) = 0
[pid     2] write(4, "x", 1)            = 1
[pid     2] read(5,  <unfinished ...>
[pid     1] <... read resumed>"x", 1)   = 1
[pid     1] write(6, "y", 1)            = 1
[pid     1] wait4(-1,  <unfinished ...>
[pid     2] <... read resumed>"y", 1)   = 1
[pid     2] exit_group(3)               = ?
[pid     2] +++ exited with 3 +++
<... wait4 resumed>[{WIFEXITED(s) && WEXITSTATUS(s) == 3}], 0, NULL) = 2
--- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=2, si_uid=UID, si_status=3, si_utime=0, si_stime=0} ---
[pid     1] wait4(-1,  <unfinished ...>
[pid     3] kill(3, SIGTERM)            = 0
[pid     3] --- SIGTERM {si_signo=SIGTERM, si_code=SI_USER, si_pid=3, si_uid=UID} ---
[pid     3] +++ killed by SIGTERM +++
<... wait4 resumed>[{WIFSIGNALED(s) && WTERMSIG(s) == SIGTERM}], 0, NULL) = 3
--- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_KILLED, si_pid=3, si_uid=UID, si_status=SIGTERM, si_utime=0, si_stime=0} ---
exit_group(0)                           = ?
+++ exited with 0 +++
"""
# Calls that are of no interest here.
_LEFT_OUT = (
    "setitimer",
    "timer_",
    "getpid",
    "gettid",
    "getuid",
    "rt_sigqueue",
    "clone(",
    "set_robust",
    "sigprocmask",
)


def test_calls_that_block_are_shown_as_strace_does(guest_cache: Path, machine: GuestMachine) -> None:
    """The format is what strace 6.1 shows on Linux 6.18 of the same calls."""
    lines: list[str] = []

    def traced(*args: Any, **options: Any) -> Kernel:
        kernel = Kernel(*args, **options)
        kernel.tracer = Tracer(lines.append)
        kernel.ticker.watch = lambda k: None  # type: ignore[method-assign] - a task runs until it blocks
        return kernel

    GuestMachine(machine.engine, machine.interpreter, traced).run(compile_guest("traced", guest_cache))
    first = next(index for index, line in enumerate(lines) if line.startswith("read(3, "))
    shown = []
    for line in lines[first:]:
        if not any(word in line.split("=")[0] for word in _LEFT_OUT):
            line = re.sub(r"si_uid=\d+", "si_uid=UID", line)
            line = re.sub(r"si_utime=\d+", "si_utime=0", line)
            shown.append(re.sub(r"0x[0-9a-f]+", "ADDRESS", line))
    assert "".join(shown).splitlines() == BLOCKED.splitlines()
