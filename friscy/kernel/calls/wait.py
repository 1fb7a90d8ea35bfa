"""wait4(2) and waitid(2)."""

from __future__ import annotations

import errno
import struct
from typing import TYPE_CHECKING, ClassVar

from friscy.kernel.calls.time import pack_rusage, peak_of
from friscy.kernel.events.pidfd import process_of
from friscy.kernel.process import child_news, reap
from friscy.kernel.signals import SIGCHLD, SIGCONT
from friscy.kernel.state import Process, Task
from friscy.kernel.table import syscall
from friscy.kernel.terminal.jobs import CLD_CONTINUED, CLD_STOPPED, CONTINUED
from friscy.kernel.wait import Blocked, Wait
from lazyfs.abi import O_NONBLOCK
from lazyfs.errors import LinuxError

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel

WNOHANG, WUNTRACED, WEXITED, WCONTINUED, WNOWAIT = 1, 2, 4, 8, 0x0100_0000
_WNOTHREAD, _WALL, _WCLONE = 0x2000_0000, 0x4000_0000, 0x8000_0000
P_ALL, P_PID, P_PGID, P_PIDFD = range(4)


class ChildWait(Wait):
    """Until a child that fits has something to report, or there is no such child any more."""

    exact: ClassVar[bool] = True

    kind: int
    number: int
    options: int

    def ready(self, k: Kernel, task: Task) -> bool:
        found = _children(k, task.process, self.kind, self.number, self.options)
        return not found or any(_has_news(child, self.options) for child in found)


def _children(k: Kernel, parent: Process, kind: int, number: int, options: int) -> list[Process]:
    found = []
    for child in k.state.processes.values():
        if child.ppid != parent.pid or child is parent:
            continue
        if (kind == P_PID and child.pid != number) or (kind == P_PGID and child.pgid != number):
            continue
        if not options & _WALL and bool(options & _WCLONE) != (child.exit_signal != SIGCHLD):
            continue
        found.append(child)
    return found


def _has_news(child: Process, options: int) -> bool:
    if child.exit_status is not None:
        return bool(options & WEXITED)
    if child.news == CONTINUED:
        return bool(options & WCONTINUED)
    return bool(child.news and options & WUNTRACED)


def _wait(k: Kernel, task: Task, kind: int, number: int, options: int) -> Process | None:
    """The child to report, None where WNOHANG finds none. ECHILD: no child fits."""
    parent = task.process
    found = _children(k, parent, kind, number, options)
    if not found:
        raise LinuxError(errno.ECHILD)
    for child in found:
        if _has_news(child, options):
            return child
    if options & WNOHANG:
        return None
    raise Blocked(ChildWait(kind, number, options))


def _cpu_ns(child: Process) -> int:
    return child.cpu_ns + child.children_cpu_ns


def _peak(child: Process) -> int:
    return max(peak_of(child), child.children_peak)


def _take(k: Kernel, task: Task, child: Process, options: int) -> tuple[int, int, int]:
    """What there is to say of a child, once (unless WNOWAIT): status word, si_code and si_status."""
    if child.exit_status is not None:
        if not options & WNOWAIT:
            task.process.children_cpu_ns += _cpu_ns(child)
            task.process.children_peak = max(task.process.children_peak, _peak(child))
            reap(k, child)
        return child.exit_status, *child_news(child.exit_status)
    news = child.news
    if not options & WNOWAIT:
        child.news = 0
    if news == CONTINUED:
        return 0xFFFF, CLD_CONTINUED, SIGCONT
    return news << 8 | 0x7F, CLD_STOPPED, news


@syscall(260, "wait4", "pid:pid wstatus:out_wstatus options:wait_flags rusage:out_rusage -> pid")
def sys_wait4(k: Kernel, task: Task, pid: int, wstatus: int, options: int, rusage: int) -> int:
    """wait4(2)."""
    options &= 0xFFFF_FFFF
    if options & ~(WNOHANG | WUNTRACED | WCONTINUED | _WNOTHREAD | _WALL | _WCLONE):
        raise LinuxError(errno.EINVAL)
    if pid == -(1 << 31):
        raise LinuxError(errno.ESRCH)
    if pid == -1:
        kind, number = P_ALL, 0
    elif pid > 0:
        kind, number = P_PID, pid
    else:
        kind, number = P_PGID, -pid or task.process.pgid
    child = _wait(k, task, kind, number, options | WEXITED)
    if child is None:
        return 0
    status, _, _ = _take(k, task, child, options)
    if wstatus:
        k.mem.set_u32(wstatus, status)
    if rusage:
        k.mem.write(rusage, pack_rusage(_cpu_ns(child), _peak(child) // 1024))
    return child.pid


@syscall(95, "waitid", "type:wait_type id:pid infop:ptr options:wait_flags rusage:out_rusage -> int")
def sys_waitid(k: Kernel, task: Task, kind: int, pid: int, info: int, options: int, rusage: int) -> int:
    """waitid(2)."""
    options &= 0xFFFF_FFFF
    known = WNOHANG | WNOWAIT | WEXITED | WUNTRACED | WCONTINUED | _WNOTHREAD | _WALL | _WCLONE
    if options & ~known or not options & (WEXITED | WUNTRACED | WCONTINUED):
        raise LinuxError(errno.EINVAL)
    if kind not in (P_ALL, P_PID, P_PGID, P_PIDFD) or (kind == P_PID and pid <= 0):
        raise LinuxError(errno.EINVAL)
    if (kind == P_PGID and pid < 0) or (kind == P_PIDFD and pid < 0):
        raise LinuxError(errno.EINVAL)
    patient = True
    if kind == P_PIDFD:
        patient = not task.process.files.get(pid).flags & O_NONBLOCK
        kind, pid = P_PID, process_of(task, pid).pid
    elif kind == P_PGID:
        pid = pid or task.process.pgid
    child = _wait(k, task, kind, pid, options if patient else options | WNOHANG)
    if child is None:
        if not options & WNOHANG:
            raise LinuxError(errno.EAGAIN)
        if info:
            k.mem.write(info, bytes(12))
            k.mem.write(info + 16, bytes(12))
        return 0
    _, code, value = _take(k, task, child, options)
    if rusage:
        k.mem.write(rusage, pack_rusage(_cpu_ns(child), _peak(child) // 1024))
    if info:
        k.mem.write(info, struct.pack("<iii", SIGCHLD, 0, code))
        k.mem.write(info + 16, struct.pack("<iIi", child.pid, child.credentials.uid, value))
    return 0
