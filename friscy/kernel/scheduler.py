"""The scheduler: which task runs next and until when, and the wait on the host when none can.

Tasks take turns: who has run goes to the end of `KernelState.tasks`. Once their nice values differ, the one that has
had the least of its due goes first. A slice ends where the engine returns at a safepoint: when the task's call blocks,
when the ticker (friscy.kernel.alarm) says that its time is over, or when somebody on the host asks for attention.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from friscy.kernel import timers
from friscy.kernel.clock import Clock
from friscy.kernel.files import host_fds
from friscy.kernel.host_wait import HostWait
from friscy.kernel.state import DEAD, RUNNING, Task
from friscy.kernel.wait import READ
from lazyfs.abi import POLLIN

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel

# What a nice value from -20 to 19 is worth: each step is a quarter, as Linux has it.
WEIGHTS = [max(round(1024 / 1.25**nice), 3) for nice in range(-20, 20)]
_CATCH_UP_NS = 20_000_000
SHORT_NS = 1_000_000  # of a slice: see CpuMeter


class CpuMeter:
    """Host CPU time of the slices of one thread; to ask the host's kernel twice a slice would double a short one.

    A slice of less than SHORT_NS is charged what the wall clock says. A longer one is charged the thread's CPU time
    since the last mark, less what was charged since then; a mark is set at the start of a slice when the last one is
    more than SHORT_NS old. So what is wrong in a slice, which the host may have interrupted, is less than SHORT_NS.
    """

    __slots__ = ("_charged", "_mark_cpu", "_mark_wall", "_slice_ns", "_thread_ns", "started")

    def __init__(self, clock: Clock) -> None:
        self._slice_ns, self._thread_ns = clock.slice_ns, clock.thread_ns
        self.started = 0  # monotonic time of the host, 0 between slices
        self._mark_wall = self._mark_cpu = self._charged = 0

    def start(self, *, exact: bool = False) -> None:
        """A slice begins; exact: of one whose end depends on its CPU time."""
        slice_ns = self._slice_ns
        self.started = now = slice_ns()
        if exact or now - self._mark_wall > SHORT_NS:
            self._mark_wall, self._mark_cpu, self._charged = now, self._thread_ns(), 0

    def used(self) -> int:
        """Nanoseconds that the slice has had so far; they never get fewer."""
        wall = self._slice_ns() - self.started
        return max(min(wall, self._thread_ns() - self._mark_cpu - self._charged), 0)

    def stop(self, *, exact: bool = False) -> int:
        """The slice is over: the nanoseconds it had."""
        slice_ns = self._slice_ns
        wall = slice_ns() - self.started
        used = wall if wall < SHORT_NS and not exact else self.used()
        self._charged += used
        self.started = 0
        return used


class Scheduler:
    """Runs the tasks of a kernel in turn."""

    slice_task: Task  # who the engine runs, while `meter.started` is set

    def __init__(self, k: Kernel) -> None:
        self.k = k
        self.meter = CpuMeter(k.clock)
        self.slices = 0  # that have begun
        self.looked = 0  # monotonic time of the guest when it was last begun to ask what waits are over
        self._found: Task | None = None  # who runs next, where a call that blocked has found out already
        self._host = HostWait()

    def run(self) -> int | None:
        """See Kernel.run."""
        k, state = self.k, self.k.state
        self._found = None
        while state.exit_status is None:
            if k.stopping:
                return None
            if k.news:
                k.tell_owners()
            task, self._found = self._found, None
            if task is None:
                self.looked = k.monotonic_ns()
                task = self.next_task()
            if task is None:
                k.idle()
            else:
                self._run(task)
        return state.exit_status

    def _run(self, task: Task) -> None:
        """Let `task` have a slice, unless a signal or the host keeps it from it.

        A function of its own: CPython 3.11 looks up attributes three times as fast in one that is called often, and
        does not notice that a loop goes round.
        """
        k, state = self.k, self.k.state
        if k.task is not task:
            k.switch_to(task)
            if task.rseq[0]:
                from friscy.kernel.rseq import interrupted

                interrupted(k, task)
        k.viewer = task
        process, hart = task.process, k.hart
        if k.retired_spaces:
            k.recycle_spaces()
        hart.clear_interrupt()
        if k.attention:
            k.attention = False
            k.check_host()
        if k.alarm.at and k.monotonic_ns() >= k.alarm.at:
            timers.fire(k)
        if task.pending or process.pending:
            from friscy.kernel.signals import deliver

            deliver(k, task)
            if task.state != RUNNING or process.stopped:
                return
        if k.stopping:
            return
        k.ticker.watch(k)
        watched = process.cpu_watched
        if watched:
            timers.expect_cpu(k, process)
        self.slice_task = task
        self.slices += 1
        self.meter.start(exact=watched)
        space = k.spaces[process.pid]
        calls = space.short_calls
        calls.stay_still((k.changes, process))
        if task.wait is not None:
            calls.looked[0] = 0
        try:
            space.run(k.hart)
        finally:
            self._end_slice(task)
        if task.wait is not None and task.state == RUNNING and calls.looked[0]:
            k.end_call(task)
        tasks = state.tasks
        if len(tasks) > 1 and tasks.get(task.tid) is task:
            tasks[task.tid] = tasks.pop(task.tid)
        if process.cpu_watched:
            k.alarm.ended()
            timers.check_cpu(k, process)

    def _end_slice(self, task: Task) -> None:
        used = self.meter.stop(exact=task.process.cpu_watched)
        task.cpu_ns += used
        if self.k.state.weighted:
            task.fair_ns += used * 1024 // WEIGHTS[task.nice + 20]

    def wait_in_place(self, task: Task) -> bool:
        """The running task's call has blocked: wait here if nobody else can run. Whether the call is to be run again.

        So a server that waits for its next client keeps its frames. False: back to `run`, which knows what to do.
        """
        k = self.k
        if k.tracer is not None or task.process.cpu_watched:
            return False
        self.looked = k.monotonic_ns()
        if task.wait is not None:
            task.wait.rest(k)
        found = self.next_task(asked=task)
        if found is not None and found is not task:
            self._found = found
            return False
        self._end_slice(task)
        again = found is task or self._waited(task)
        self.slices += 1
        self.meter.start()
        k.viewer = task
        return again and not (task.pending or task.process.pending)

    def _waited(self, task: Task) -> bool:
        """Whether what a blocked task waits for came while no other one could run."""
        k, state = self.k, self.k.state
        while not (k.stopping or k.attention):
            k.idle()
            if k.news:
                k.tell_owners()
            if state.exit_status is not None or task.state == DEAD:
                return False
            self.looked = k.monotonic_ns()
            if not task.process.stopped and self.may_wake(task, self.looked):
                task.state = RUNNING
                return True
            found = self.next_task()
            if found is not None:
                self._found = found if found is not task else None
                return found is task
        return False

    def running_ns(self, task: Task) -> int:
        """CPU time of the slice that `task` has just now, 0 where it has none."""
        return self.meter.used() if self.meter.started and task is self.slice_task else 0

    def next_task(self, asked: Task | None = None) -> Task | None:
        """The next task that can run; its wait is over. asked: a task whose call has just found out that it waits."""
        k = self.k
        before = k.changes
        if k.network is not None:
            k.network.look(k)
        if k.changes != before:
            asked = None
        while True:
            before = k.changes
            found = self._ask_all(asked)
            # Whoever was asked before another one's question brought news from outside does not know of it.
            if found is not None or k.changes == before or k.stopping or k.attention:
                return found
            asked = None

    def _ask_all(self, asked: Task | None) -> Task | None:
        """See next_task; but of what the host has, `look` has told."""
        k, state = self.k, self.k.state
        now = 0
        for task in self._by_weight() if state.weighted else list(state.tasks.values()):
            process, wait = task.process, task.wait
            if process.stopped:
                continue
            if task.state == RUNNING:
                return task
            if task.state == DEAD or (task is asked and not (task.pending or process.pending)):
                continue
            if task.deadline is not None:
                now = now or k.monotonic_ns()
            if (
                wait is not None
                and wait.rests_since == k.changes
                and (wait.host_set < 0 or wait.host_set not in k.network.news)
                and not (task.pending or process.pending)
                and (task.deadline is None or now < task.deadline)
            ):
                continue
            if self.may_wake(task, now):
                task.state = RUNNING
                if state.weighted:
                    # Who slept does not make up for it all: the others are not to wait for long.
                    task.fair_ns = max(task.fair_ns, self.k.task.fair_ns - _CATCH_UP_NS)
                return task
        return None

    def _by_weight(self) -> list[Task]:
        """All tasks, the one with the least time by its weight first."""
        return sorted(self.k.state.tasks.values(), key=lambda task: task.fair_ns)

    def may_wake(self, task: Task, now: int) -> bool:
        """Whether what a blocked task waits for is there, or something that ends the wait."""
        k, condition = self.k, task.wait
        if condition is None or (task.deadline is not None and now >= task.deadline):
            return True
        k.viewer = task
        if condition.ready(k, task):
            return True
        if task.pending or task.process.pending:
            from friscy.kernel.signals import interrupts

            if interrupts(k, task):
                return True
        at = condition.deadline(k, task)
        if at is not None:
            return k.monotonic_ns() >= at
        condition.rest(k)
        return False

    def wait_for_events(self) -> None:
        """All tasks are blocked: wait for a host descriptor or the earliest deadline."""
        k = self.k
        earliest: int | None = None
        watched: dict[int, int] = {}
        resting = False
        for task in k.state.tasks.values():
            wait = task.wait
            if task.state == DEAD or wait is None or task.process.stopped:
                continue
            if wait.rests_since == k.changes:
                resting = True
                at = task.deadline
                if at is not None and (earliest is None or at < earliest):
                    earliest = at
                continue
            for fd, events in wait.host_fds(k, task):
                watched[fd] = watched.get(fd, 0) | events
            for at in (task.deadline, wait.deadline(k, task)):
                if at is not None and (earliest is None or at < earliest):
                    earliest = at
        if resting and k.network is not None:
            watched[k.network.fd] = READ
        if k.alarm.at and (earliest is None or k.alarm.at < earliest):
            earliest = k.alarm.at
        for owner in k.signalled:
            if not owner.ready & POLLIN:
                for fd, events in host_fds(k, owner.file, POLLIN):
                    watched[fd] = watched.get(fd, 0) | events
        for fd in k.wakeup_fds():
            watched[fd] = watched.get(fd, 0) | READ
        if k.wake_fd >= 0:
            watched[k.wake_fd] = READ
        timeout = None
        if earliest is not None:
            timeout = max(earliest - k.monotonic_ns(), 0)
        elif not watched:
            self._deadlock()
            return
        skip = k.clock.skip
        ready = self._host.wait(watched, timeout if skip is None or timeout is None else 0)
        if k.wake_fd in ready:
            os.eventfd_read(k.wake_fd)
        if not ready and skip is not None and timeout is not None:
            skip(timeout)
        if k.alarm.at and k.monotonic_ns() >= k.alarm.at:
            timers.fire(k)
        k.check_host()

    def _deadlock(self) -> None:
        """Nothing can ever wake the guest: a Linux machine would hang; an endless wait helps nobody here."""
        from friscy.kernel.process import end_process

        init = self.k.state.processes[1]
        self.k.log(f"{init.comm.decode(errors='replace')}: every task waits for something that cannot happen")
        end_process(self.k, init, 9)
