"""System calls of clocks and sleeping."""

from __future__ import annotations

import errno
import struct
import time
from typing import TYPE_CHECKING

from friscy.kernel.exec import CLOCK_TICKS
from friscy.kernel.kernel import NSEC
from friscy.kernel.table import refused, syscall
from friscy.kernel.wait import Blocked, Sleep
from lazyfs.errors import LinuxError

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Process, Task

(
    REALTIME, MONOTONIC, PROCESS_CPUTIME, THREAD_CPUTIME, MONOTONIC_RAW, REALTIME_COARSE, MONOTONIC_COARSE, BOOTTIME,
    REALTIME_ALARM, BOOTTIME_ALARM, _SGI_CYCLE, TAI,
) = range(12)  # fmt: skip
_COARSE_NS = 4_000_000
_TIMER_ABSTIME = 1
_TIMESPEC, _TIMEVAL = struct.Struct("<qq"), struct.Struct("<qq")
_RUSAGE = struct.Struct("<16q")


def thread_cpu_ns(k: Kernel, task: Task) -> int:
    """Host CPU time that the task has used."""
    if task is not k.task or not k.slice_started:
        return task.cpu_ns
    return task.cpu_ns + time.thread_time_ns() - k.slice_started


def process_cpu_ns(k: Kernel, process: Process) -> int:
    """Host CPU time of all tasks of a process, ended ones included."""
    return process.cpu_ns + sum(thread_cpu_ns(k, k.state.tasks[tid]) for tid in process.tasks)


def clock_ns(k: Kernel, task: Task, clock: int) -> int:
    """The time of a clockid. EINVAL: there is no such clock."""
    if clock in (REALTIME, REALTIME_COARSE, REALTIME_ALARM):
        return k.realtime_ns()
    if clock in (MONOTONIC, MONOTONIC_RAW, MONOTONIC_COARSE, BOOTTIME, BOOTTIME_ALARM):
        return k.monotonic_ns()
    if clock == PROCESS_CPUTIME:
        return process_cpu_ns(k, task.process)
    if clock == THREAD_CPUTIME:
        return thread_cpu_ns(k, task)
    if clock == TAI:
        return k.realtime_ns()
    if clock < 0:
        return _dynamic_clock_ns(k, task, clock)
    raise LinuxError(errno.EINVAL)


def _dynamic_clock_ns(k: Kernel, task: Task, clock: int) -> int:
    """CPU clocks of a given process or thread: ~pid << 3 | per-thread << 2 | kind."""
    pid, kind = ~(clock >> 3), clock & 3
    if kind == 3:
        raise LinuxError(errno.EINVAL)
    if clock & 4:
        target = k.state.tasks.get(pid) if pid else task
        if target is None or target.process is not task.process:
            raise LinuxError(errno.EINVAL)
        return thread_cpu_ns(k, target)
    process = k.state.processes.get(pid) if pid else task.process
    if process is None:
        raise LinuxError(errno.EINVAL)
    return process_cpu_ns(k, process)


@syscall(113, "clock_gettime", "clockid tp:out_timespec -> int")
def sys_clock_gettime(k: Kernel, task: Task, clock: int, address: int) -> int:
    """clock_gettime(2)."""
    k.mem.write(address, _TIMESPEC.pack(*divmod(clock_ns(k, task, clock), NSEC)))
    return 0


@syscall(114, "clock_getres", "clockid res:out_timespec -> int")
def sys_clock_getres(k: Kernel, task: Task, clock: int, address: int) -> int:
    """clock_getres(2)."""
    clock_ns(k, task, clock)
    if address:
        k.write_timespec(address, _COARSE_NS if clock in (REALTIME_COARSE, MONOTONIC_COARSE) else 1)
    return 0


@syscall(112, "clock_settime", "clockid tp:timespec -> int", partial="the clock is the host's: EPERM")
def sys_clock_settime(k: Kernel, task: Task, clock: int, address: int) -> int:
    """clock_settime(2)."""
    k.read_timespec(address)
    raise LinuxError(errno.EPERM if clock == REALTIME else errno.EINVAL)


@syscall(169, "gettimeofday", "tv:out_timeval tz:ptr -> int")
def sys_gettimeofday(k: Kernel, task: Task, tv: int, tz: int) -> int:
    """gettimeofday(2); the kernel's time zone is UTC."""
    if tv:
        seconds, rest = divmod(k.realtime_ns(), NSEC)
        k.mem.write(tv, _TIMEVAL.pack(seconds, rest // 1000))
    if tz:
        k.mem.write(tz, bytes(8))
    return 0


refused(170, "settimeofday", "tv:timeval tz:ptr -> int", errno.EPERM, "the clock is the host's")
refused(171, "adjtimex", "buf:ptr -> int", errno.EPERM, "the clock is the host's")
refused(266, "clock_adjtime", "clockid buf:ptr -> int", errno.EPERM, "the clock is the host's")


@syscall(101, "nanosleep", "req:timespec rem:out_timespec -> int")
def sys_nanosleep(k: Kernel, task: Task, request: int, remainder: int) -> int:
    """nanosleep(2)."""
    k.deadline_after(task, k.read_timespec(request))
    if k.expired(task):
        return 0
    raise Blocked(Sleep(remainder))


@syscall(115, "clock_nanosleep", "clockid flags:clock_flags req:timespec rem:out_timespec -> int")
def sys_clock_nanosleep(k: Kernel, task: Task, clock: int, flags: int, request: int, remainder: int) -> int:
    """clock_nanosleep(2), relative or absolute (TIMER_ABSTIME)."""
    if clock == THREAD_CPUTIME or flags & ~_TIMER_ABSTIME:
        raise LinuxError(errno.EINVAL)
    now = clock_ns(k, task, clock)
    if clock == PROCESS_CPUTIME or clock < 0 or clock in (MONOTONIC_RAW, REALTIME_COARSE, MONOTONIC_COARSE):
        raise LinuxError(errno.EOPNOTSUPP)
    duration = k.read_timespec(request)
    if flags & _TIMER_ABSTIME:
        # Looked at anew on each start: a realtime clock that is set moves the deadline.
        if now >= duration:
            return 0
        task.deadline = k.monotonic_ns() + duration - now
        raise Blocked(Sleep())
    k.deadline_after(task, duration)
    if k.expired(task):
        return 0
    raise Blocked(Sleep(remainder))


@syscall(153, "times", "buf:out_tms -> int")
def sys_times(k: Kernel, task: Task, address: int) -> int:
    """times(2): clock ticks since the start of the machine; all CPU time counts as user time."""
    if address:
        tick = NSEC // CLOCK_TICKS
        user, children = process_cpu_ns(k, task.process) // tick, task.process.children_cpu_ns // tick
        k.mem.write(address, struct.pack("<4q", user, 0, children, 0))
    return k.monotonic_ns() * CLOCK_TICKS // NSEC


def pack_rusage(cpu_ns: int, max_rss_kib: int) -> bytes:
    """struct rusage: times and ru_maxrss, the rest zero."""
    seconds, rest = divmod(cpu_ns, NSEC)
    return _RUSAGE.pack(seconds, rest // 1000, 0, 0, max_rss_kib, *[0] * 11)


@syscall(
    165,
    "getrusage",
    "who:rusage_who usage:out_rusage -> int",
    partial="system time, faults and context switches are 0; ru_maxrss is mapped private memory",
)
def sys_getrusage(k: Kernel, task: Task, who: int, address: int) -> int:
    """getrusage(2)."""
    if who == 0:
        cpu = process_cpu_ns(k, task.process)
    elif who == 1:
        cpu = thread_cpu_ns(k, task)
    elif who == -1:
        cpu = task.process.children_cpu_ns
    else:
        raise LinuxError(errno.EINVAL)
    resident = task.process.mm.accounted // 1024 if who >= 0 else 0
    k.mem.write(address, pack_rusage(cpu, resident))
    return 0
