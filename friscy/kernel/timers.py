"""Timers that send signals: setitimer(2), timer_create(2), RLIMIT_CPU.

A timer counts on a clock: "monotonic", "realtime" (which may be stepped) or the CPU time of a process or a thread.
The scheduler calls `fire` when `Kernel.alarm.at` has passed, and after each slice of a process whose CPU time is
watched; `rearm` after every change says when that is next. While the signal of a POSIX timer waits to be taken
the timer stands still, and what it missed is its overrun, as on Linux.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from friscy.kernel.state import RLIM_INFINITY, RLIMIT_CPU, SigInfo
from lazyfs.plain import Plain

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Process, Task

NSEC = 1_000_000_000
ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF = range(3)
ITIMER_SIGNALS = {ITIMER_REAL: 14, ITIMER_VIRTUAL: 26, ITIMER_PROF: 27}
SIGEV_SIGNAL, SIGEV_NONE, SIGEV_THREAD, SIGEV_THREAD_ID = 0, 1, 2, 4
SI_KERNEL, SI_TIMER = 0x80, -2
SIGKILL, SIGXCPU = 9, 24
OVERRUN_MAX = (1 << 31) - 1
_NEVER = 1 << 62


class Timer(Plain):
    """What counts: `expiry` is the clock's time of the next expiration, 0 while it is off; interval: ns or 0.

    clock: "monotonic", "realtime" or "cpu"; the last is the CPU time of thread `tid`, or of the process for 0.
    """

    clock: str = "monotonic"
    tid: int = 0
    expiry: int = 0
    interval: int = 0

    def now(self, k: Kernel, process: Process) -> int:
        """The time of its clock."""
        if self.clock == "monotonic":
            return k.monotonic_ns()
        if self.clock == "realtime":
            return k.realtime_ns()
        if self.tid:
            task = k.state.tasks.get(self.tid)
            return thread_cpu_ns(k, task) if task is not None else 0
        return process_cpu_ns(k, process)

    def set(self, k: Kernel, process: Process, value: int, interval: int, *, absolute: bool = False) -> None:
        """Start it, `value` ns from now or at that time of its clock; 0 stops it."""
        self.interval = interval
        self.expiry = 0 if not value else min(value if absolute else self.now(k, process) + value, _NEVER)

    def forward(self, now: int) -> int:
        """Go on to the next expiration after `now`; how many were missed after the one that has passed."""
        if not self.interval:
            self.expiry = 0
            return 0
        missed = (now - self.expiry) // self.interval
        self.expiry += (missed + 1) * self.interval
        return missed


class PosixTimer(Timer):
    """A timer of timer_create(2). notify, signal, value, target: its sigevent; queued: its signal waits."""

    number: int = 0
    notify: int = SIGEV_SIGNAL
    signal: int = 14
    value: int = 0
    target: int = 0  # tid, of SIGEV_THREAD_ID
    queued: bool = False
    overrun: int = 0


def thread_cpu_ns(k: Kernel, task: Task) -> int:
    """Host CPU time that the task has used."""
    return task.cpu_ns + k.scheduler.running_ns(task)


def process_cpu_ns(k: Kernel, process: Process) -> int:
    """Host CPU time of all tasks of a process, ended ones included."""
    return process.cpu_ns + sum(thread_cpu_ns(k, k.state.tasks[tid]) for tid in process.tasks)


def all_timers(process: Process) -> list[Timer]:
    """The timers of a process, of both kinds."""
    return [*process.itimers.values(), *process.timers.values()]


def rearm(k: Kernel) -> None:
    """A timer or a limit has changed: find out when to look at the timers again."""
    earliest = 0
    for process in k.state.processes.values():
        limited = process.limits[RLIMIT_CPU][0] != RLIM_INFINITY
        process.cpu_watched = limited or any(t.clock == "cpu" and _runs(t) for t in process.timers.values())
        process.cpu_watched |= any(t.clock == "cpu" and t.expiry for t in process.itimers.values())
        for timer in all_timers(process):
            if timer.clock != "cpu" and _runs(timer):
                at = timer.expiry - timer.now(k, process) + k.monotonic_ns()
                earliest = min(earliest or at, at)
    k.alarm.set(k, max(earliest, 1) if earliest else 0)


def _runs(timer: Timer) -> bool:
    silent = isinstance(timer, PosixTimer) and (timer.queued or timer.notify == SIGEV_NONE)
    return bool(timer.expiry) and not silent


def fire(k: Kernel) -> None:
    """Send the signals of all timers on the wall's clocks that have run out."""
    for process in list(k.state.processes.values()):
        _expire(k, process, [t for t in all_timers(process) if t.clock != "cpu"])
    rearm(k)


def check_cpu(k: Kernel, process: Process) -> None:
    """A slice of a process whose CPU time is watched is over."""
    _expire(k, process, [t for t in all_timers(process) if t.clock == "cpu"])
    soft, hard = process.limits[RLIMIT_CPU]
    if soft == RLIM_INFINITY or process.exit_status is not None:
        return
    used = process_cpu_ns(k, process)
    if used >= hard * NSEC:
        k.post_signal(process, SIGKILL, code=SI_KERNEL)
    elif used >= soft * NSEC:
        k.post_signal(process, SIGXCPU, code=SI_KERNEL)
        process.limits[RLIMIT_CPU] = (soft + 1, hard)


def expect_cpu(k: Kernel, process: Process) -> None:
    """A slice of a watched process begins: the engine has to be stopped when its time may be over."""
    left = _NEVER
    for timer in all_timers(process):
        if timer.clock == "cpu" and _runs(timer):
            left = min(left, timer.expiry - timer.now(k, process))
    soft = process.limits[RLIMIT_CPU][0]
    if soft != RLIM_INFINITY:
        left = min(left, soft * NSEC - process_cpu_ns(k, process))
    k.alarm.expect(k, k.monotonic_ns() + max(left, 0))


def _expire(k: Kernel, process: Process, timers: list[Timer]) -> None:
    for timer in timers:
        if not _runs(timer):
            continue
        now = timer.now(k, process)
        if now < timer.expiry:
            continue
        if isinstance(timer, PosixTimer):
            _notify(k, process, timer)
        else:
            timer.forward(now)
            which = next(number for number, other in process.itimers.items() if other is timer)
            k.post_signal(process, ITIMER_SIGNALS[which], code=SI_KERNEL)


def _notify(k: Kernel, process: Process, timer: PosixTimer) -> None:
    """Queue the signal of a timer that has run out. One that is ignored passes at once."""
    from friscy.kernel import signals

    target = k.state.tasks.get(timer.target) if timer.target else None
    if timer.target and (target is None or target.process is not process):
        timer.expiry = 0  # nobody to tell
        return
    info = SigInfo(timer.signal, SI_TIMER, timer.number, 0, timer.value, timer=timer)
    timer.queued = True
    signals.post(k, process, info, target)
    if not any(queued is info for queued in (target.pending if target is not None else process.pending)):
        timer.queued = False
        timer.forward(timer.now(k, process))


def taken(k: Kernel, process: Process, info: SigInfo) -> None:
    """The signal of a POSIX timer is about to be delivered: count what was missed, and go on."""
    timer = info.timer
    timer.queued = False
    missed = timer.forward(timer.now(k, process)) if timer.expiry else 0
    timer.overrun = info.uid = min(missed, OVERRUN_MAX)
    rearm(k)


def forget_signal(k: Kernel, process: Process, timer: PosixTimer) -> None:
    """The timer is set anew or deleted: a signal of its that still waits is not delivered."""
    timer.queued = False
    for queue in (process.pending, *(k.state.tasks[tid].pending for tid in process.tasks)):
        queue[:] = [info for info in queue if info.timer is not timer]


def remaining(k: Kernel, process: Process, timer: Timer) -> int:
    """How long it is until it runs out, ns; 0 for one that is off."""
    if not timer.expiry:
        return 0
    now = timer.now(k, process)
    left = timer.expiry - now
    if left > 0:
        return left
    if timer.interval:
        return timer.interval - (now - timer.expiry) % timer.interval
    return 0 if isinstance(timer, PosixTimer) and (timer.queued or timer.notify == SIGEV_NONE) else 1


def forget_all(k: Kernel, process: Process) -> None:
    """execve(2) or the end of the process: POSIX timers go."""
    for timer in process.timers.values():
        forget_signal(k, process, timer)
    process.timers.clear()
    if k.alarm.at:
        rearm(k)
