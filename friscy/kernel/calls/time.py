"""System calls of clocks and sleeping."""

from __future__ import annotations

import errno
import struct
from typing import TYPE_CHECKING, ClassVar

from friscy.kernel.kernel import NSEC
from friscy.kernel.short import trust_output
from friscy.kernel.state import CLOCK_TICKS
from friscy.kernel.table import refused, syscall
from friscy.kernel.timers import process_cpu_ns, thread_cpu_ns
from friscy.kernel.wait import Blocked, Sleep, Wait
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


@syscall(113, "clock_gettime", "clockid tp:out_timespec -> int", stirs=False)
def sys_clock_gettime(k: Kernel, task: Task, clock: int, address: int) -> int:
    """clock_gettime(2)."""
    # Programs ask all the time, and count on it to cost little.
    if clock == MONOTONIC:
        now = k.clock.monotonic_ns() + k.state.monotonic_offset
    elif clock == REALTIME:
        now = k.clock.realtime_ns()
    else:
        now = clock_ns(k, task, clock)
    k.mem.check(address, _TIMESPEC.size, write=True)
    trust_output(k, address)  # the next ones need not come here
    _TIMESPEC.pack_into(k.mem.view, address, now // NSEC, now % NSEC)
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

# struct timex: modes, offset, freq, maxerror, esterror, status, constant, precision, tolerance, time, tick, ...
_TIMEX = struct.Struct("<I4x4qi4x3q2qq72xi44x")
_STA_UNSYNC, _TIME_ERROR = 0x40, 5
_MAX_ERROR_US = 16_000_000


_ADJ_OFFSET_SINGLESHOT, _ADJ_ADJTIME = 1, 0x8000


def _adjust(k: Kernel, address: int) -> int:
    modes = k.mem.u32(address)
    if modes & _ADJ_ADJTIME and not modes & _ADJ_OFFSET_SINGLESHOT:
        raise LinuxError(errno.EINVAL)
    if modes:
        raise LinuxError(errno.EPERM)
    seconds, rest = divmod(k.realtime_ns(), NSEC)
    errors = (_MAX_ERROR_US, _MAX_ERROR_US)
    tick_us = 1_000_000 // CLOCK_TICKS
    k.mem.write(
        address,
        _TIMEX.pack(0, 0, 0, *errors, _STA_UNSYNC, 2, 1, 500 << 16, seconds, rest // 1000, tick_us, 0),
    )
    return _TIME_ERROR


@syscall(171, "adjtimex", "buf:ptr -> int", partial="the clock is the host's: it can be read only")
def sys_adjtimex(k: Kernel, task: Task, address: int) -> int:
    """adjtimex(2): what keeps the host's clock right is not known here, so it counts as not synchronized."""
    return _adjust(k, address)


@syscall(
    266, "clock_adjtime", "clockid buf:ptr -> int", partial="the clock is the host's: it can be read only"
)
def sys_clock_adjtime(k: Kernel, task: Task, clock: int, address: int) -> int:
    """clock_adjtime(2)."""
    clock_ns(k, task, clock)
    if clock != REALTIME:
        raise LinuxError(errno.EOPNOTSUPP)
    return _adjust(k, address)


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
    if isinstance(task.wait, CpuSleep):  # run again
        if not task.wait.ready(k, task):
            raise Blocked(task.wait)
        return 0
    now = clock_ns(k, task, clock)
    if clock in (THREAD_CPUTIME, MONOTONIC_RAW, REALTIME_COARSE, MONOTONIC_COARSE):
        raise LinuxError(errno.EOPNOTSUPP)
    duration = k.read_timespec(request)
    absolute = bool(flags & _TIMER_ABSTIME)
    if clock == PROCESS_CPUTIME or clock < 0:
        target = _cpu_clock_target(k, task, clock)
        if target is task:
            raise LinuxError(errno.EINVAL)  # it would never pass
        raise Blocked(CpuSleep(clock, duration if absolute else now + duration, 0 if absolute else remainder))
    if absolute:
        # Looked at anew on each start: a realtime clock that is set moves the deadline.
        if now >= duration:
            return 0
        task.deadline = k.monotonic_ns() + duration - now
        raise Blocked(Sleep())
    k.deadline_after(task, duration)
    if k.expired(task):
        return 0
    raise Blocked(Sleep(remainder))


class CpuSleep(Wait):
    """Sleeps until a clock of CPU time, which others' work moves, has come to `until`."""

    on_signal: ClassVar[str] = "eintr"

    clock: int
    until: int
    remainder: int = 0

    def ready(self, k: Kernel, task: Task) -> bool:
        try:
            return clock_ns(k, task, self.clock) >= self.until
        except LinuxError:
            return True  # the clock's owner ended

    def interrupted(self, k: Kernel, task: Task) -> None:
        if self.remainder:
            try:
                k.write_timespec(self.remainder, max(self.until - clock_ns(k, task, self.clock), 0))
            except LinuxError:
                return


def _cpu_clock_target(k: Kernel, task: Task, clock: int) -> Task | None:
    """The one thread whose time a clock counts; None for a process."""
    pid = ~(clock >> 3)
    return None if clock >= 0 or not clock & 4 else k.state.tasks.get(pid) if pid else task


@syscall(153, "times", "buf:out_tms -> int")
def sys_times(k: Kernel, task: Task, address: int) -> int:
    """times(2): clock ticks since the start of the machine; all CPU time counts as user time."""
    if address:
        tick = NSEC // CLOCK_TICKS
        user, children = process_cpu_ns(k, task.process) // tick, task.process.children_cpu_ns // tick
        k.mem.write(address, struct.pack("<4q", user, 0, children, 0))
    return k.monotonic_ns() * CLOCK_TICKS // NSEC


def peak_of(process: Process) -> int:
    """Bytes of private memory that a process has had at most, in this program and those before."""
    return max(process.peak, process.mm.peak)


def pack_rusage(cpu_ns: int, max_rss_kib: int) -> bytes:
    """struct rusage: times and ru_maxrss, the rest zero."""
    seconds, rest = divmod(cpu_ns, NSEC)
    return _RUSAGE.pack(seconds, rest // 1000, 0, 0, max_rss_kib, *[0] * 11)


@syscall(
    165,
    "getrusage",
    "who:rusage_who usage:out_rusage -> int",
    partial="system time, faults and context switches are 0; ru_maxrss is private memory, touched or not",
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
    peak = peak_of(task.process) if who >= 0 else task.process.children_peak
    k.mem.write(address, pack_rusage(cpu, peak // 1024))
    return 0
