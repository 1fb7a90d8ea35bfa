"""System calls of timers that send signals: setitimer(2) and timer_create(2)."""

from __future__ import annotations

import errno
import struct
from typing import TYPE_CHECKING

from friscy.kernel import timers
from friscy.kernel.calls import time as clocks
from friscy.kernel.kernel import NSEC
from friscy.kernel.signals import NSIG, SIGALRM
from friscy.kernel.structs import pack_itimerspec, read_itimerspec
from friscy.kernel.table import syscall
from friscy.kernel.timers import (
    ITIMER_REAL,
    ITIMER_SIGNALS,
    SIGEV_NONE,
    SIGEV_SIGNAL,
    SIGEV_THREAD,
    SIGEV_THREAD_ID,
    PosixTimer,
    Timer,
)
from lazyfs.errors import LinuxError

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Process, Task

_ITIMERVAL = struct.Struct("<4q")
_SIGEVENT = struct.Struct("<Qiii")
_TIMER_ABSTIME = 1
_MAX_NS = 1 << 61
_TIMERS_MAX = 1 << 16


# -- interval timers ----------------------------------------------------------------------------------


def _pack_itimer(k: Kernel, process: Process, which: int) -> bytes:
    timer = process.itimers.get(which)
    if timer is None:
        return bytes(32)
    left = timers.remaining(k, process, timer)
    if left:
        left = max(left, 1000)  # one that runs is not shown as off
    seconds, rest = divmod(left, NSEC)
    every, every_rest = divmod(timer.interval, NSEC)
    return _ITIMERVAL.pack(every, every_rest // 1000, seconds, rest // 1000)


@syscall(102, "getitimer", "which:itimer_which value:out_itimerval -> int")
def sys_getitimer(k: Kernel, task: Task, which: int, address: int) -> int:
    """getitimer(2)."""
    if which not in ITIMER_SIGNALS:
        raise LinuxError(errno.EINVAL)
    k.mem.write(address, _pack_itimer(k, task.process, which))
    return 0


@syscall(103, "setitimer", "which:itimer_which value:itimerval old:out_itimerval -> int")
def sys_setitimer(k: Kernel, task: Task, which: int, new: int, old: int) -> int:
    """setitimer(2); alarm(3) comes here too. All CPU time counts as user time: VIRTUAL and PROF agree."""
    every = every_us = seconds = micros = 0
    if new:
        every, every_us, seconds, micros = _ITIMERVAL.unpack(k.mem.read(new, 32))
        if not (0 <= every_us < 10**6 and 0 <= micros < 10**6 and every >= 0 and seconds >= 0):
            raise LinuxError(errno.EINVAL)
    if which not in ITIMER_SIGNALS:
        raise LinuxError(errno.EINVAL)
    process = task.process
    before = _pack_itimer(k, process, which)
    timer = process.itimers.get(which)
    if timer is None:
        timer = process.itimers[which] = Timer("monotonic" if which == ITIMER_REAL else "cpu")
    value = min(seconds * NSEC + micros * 1000, _MAX_NS)
    timer.set(k, process, value, min(every * NSEC + every_us * 1000, _MAX_NS))
    timers.rearm(k)
    if timer.clock == "cpu":
        k.hart.interrupt()  # the time of this slice is limited from now on
    if old:
        k.mem.write(old, before)
    return 0


# -- POSIX timers -------------------------------------------------------------------------------------


def _clock_of(k: Kernel, task: Task, clock: int) -> tuple[str, int]:
    """(kind, tid) of the clock a timer is to count on. EINVAL: none; EOPNOTSUPP: one that has no timers."""
    if clock in (clocks.REALTIME, clocks.TAI):
        return "realtime", 0
    if clock in (clocks.MONOTONIC, clocks.BOOTTIME):
        return "monotonic", 0
    if clock == clocks.PROCESS_CPUTIME:
        return "cpu", 0
    if clock == clocks.THREAD_CPUTIME:
        return "cpu", task.tid
    if clock in (clocks.REALTIME_ALARM, clocks.BOOTTIME_ALARM):
        raise LinuxError(errno.EOPNOTSUPP)  # there is no clock that could wake the machine
    if clock < 0:
        clocks.clock_ns(k, task, clock)
        pid = ~(clock >> 3)
        if clock & 4:
            return "cpu", pid or task.tid
        if pid in (0, task.process.pid):
            return "cpu", 0
        raise LinuxError(errno.EOPNOTSUPP)
    clocks.clock_ns(k, task, clock)
    raise LinuxError(errno.EOPNOTSUPP)


@syscall(
    107,
    "timer_create",
    "clockid event:sigevent timerid:out_int -> int",
    partial="CPU clocks of other processes: EOPNOTSUPP",
)
def sys_timer_create(k: Kernel, task: Task, clock: int, event: int, out: int) -> int:
    """timer_create(2)."""
    kind, tid = _clock_of(k, task, clock)
    process = task.process
    if len(process.timers) >= _TIMERS_MAX:
        raise LinuxError(errno.EAGAIN)
    number = process.next_timer
    timer = PosixTimer(kind, tid, number=number, signal=SIGALRM, value=number)
    if event:
        timer.value, timer.signal, timer.notify, target = _SIGEVENT.unpack(k.mem.read(event, _SIGEVENT.size))
        if timer.notify not in (SIGEV_SIGNAL, SIGEV_NONE, SIGEV_THREAD, SIGEV_SIGNAL | SIGEV_THREAD_ID):
            raise LinuxError(errno.EINVAL)
        if timer.notify != SIGEV_NONE and not 1 <= timer.signal <= NSIG:
            raise LinuxError(errno.EINVAL)
        if timer.notify & SIGEV_THREAD_ID:
            if target not in process.tasks:
                raise LinuxError(errno.EINVAL)
            timer.target = target
    k.mem.set_u32(out, number)
    process.next_timer = (number + 1) & 0x7FFF_FFFF
    process.timers[number] = timer
    return 0


def _timer(task: Task, number: int) -> PosixTimer:
    timer: PosixTimer | None = task.process.timers.get(number)
    if timer is None:
        raise LinuxError(errno.EINVAL)
    return timer


@syscall(108, "timer_gettime", "timerid:int value:out_itimerspec -> int")
def sys_timer_gettime(k: Kernel, task: Task, number: int, out: int) -> int:
    """timer_gettime(2)."""
    timer = _timer(task, number)
    k.mem.write(out, pack_itimerspec(timer.interval, timers.remaining(k, task.process, timer)))
    return 0


@syscall(109, "timer_getoverrun", "timerid:int -> int")
def sys_timer_getoverrun(k: Kernel, task: Task, number: int) -> int:
    """timer_getoverrun(2): of the signal that was delivered last."""
    return _timer(task, number).overrun


@syscall(110, "timer_settime", "timerid:int flags:clock_flags new:itimerspec old:out_itimerspec -> int")
def sys_timer_settime(k: Kernel, task: Task, number: int, flags: int, new: int, old: int) -> int:
    """timer_settime(2)."""
    if not new:
        raise LinuxError(errno.EINVAL)
    interval, value = read_itimerspec(k.mem, new)
    timer, process = _timer(task, number), task.process
    before = pack_itimerspec(timer.interval, timers.remaining(k, process, timer))
    timers.forget_signal(k, process, timer)
    timer.overrun = 0
    timer.set(k, process, min(value, _MAX_NS), min(interval, _MAX_NS), absolute=bool(flags & _TIMER_ABSTIME))
    if not value:
        timer.interval = 0
    timers.rearm(k)
    k.hart.interrupt()  # its time may be over already, or this slice's limited
    if old:
        k.mem.write(old, before)
    return 0


@syscall(111, "timer_delete", "timerid:int -> int")
def sys_timer_delete(k: Kernel, task: Task, number: int) -> int:
    """timer_delete(2)."""
    timer = _timer(task, number)
    timers.forget_signal(k, task.process, timer)
    del task.process.timers[number]
    timers.rearm(k)
    return 0
