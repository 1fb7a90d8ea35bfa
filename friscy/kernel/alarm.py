"""The host threads that interrupt a computing guest: when a timer runs out, and when another task's turn comes.

A waiting guest needs none: the scheduler's wait ends at the deadline. Each thread starts when it is first needed.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from weakref import ref

if TYPE_CHECKING:
    from threading import Condition, Event

    from friscy.kernel.kernel import Kernel


SLICE_SECONDS = 0.01
# Where the clock moves only as it is read, slices end with a wait or after so many calls (Kernel.entry_of_calls): a
# host's time would make no two runs the same. Who computes for this long may wait for another task or for time to pass,
# and gets that.
STUCK_SECONDS = 2.0


class Alarm:
    """Makes the engine return when a timer may have run out; `friscy.kernel.timers` says when and does the rest.

    at: monotonic time at which the scheduler looks at the timers, 0 for never.
    """

    def __init__(self) -> None:
        self.at = 0
        self._cpu_at = 0  # when the running task may have used the CPU time that it was given
        self._changed: Condition | None = None

    def set(self, k: Kernel, at: int) -> None:
        """Ring at `at` (0: never)."""
        if at != self.at:
            self.at = at
            self._wake(k)

    def expect(self, k: Kernel, at: int) -> None:
        """The slice that begins may last until `at`, and no longer."""
        self._cpu_at = at
        self._wake(k)

    def ended(self) -> None:
        """The slice is over."""
        self._cpu_at = 0

    def _wake(self, k: Kernel) -> None:
        if k.clock.skip is not None:
            return  # the ticker's matter
        if self._changed is None:
            if not self.at and not self._cpu_at:
                return
            import threading

            self._changed = threading.Condition()
            threading.Thread(
                target=_ring, args=(ref(k), self._changed), name="friscy alarm", daemon=True
            ).start()
            return
        with self._changed:
            self._changed.notify()

    def next(self) -> int:
        """When to make the engine return; 0 for never."""
        return min(filter(None, (self.at, self._cpu_at)), default=0)


def _ring(kernel: ref[Kernel], changed: Condition) -> None:
    with changed:
        while True:
            k = kernel()
            if k is None or k.state.exit_status is not None:
                return
            at = k.alarm.next()
            left = (at - k.monotonic_ns()) / 1e9 if at else 1.0
            if left <= 0:
                # Signals are sent by the scheduler, in its own thread; this only makes the engine return.
                k.interrupt()
                left = 0.001
            del k  # the thread must not keep a machine alive that nobody uses any more
            changed.wait(min(left, 1.0))


class Ticker:
    """Time slices: while there is more than one task, the running one returns to the scheduler every so often."""

    def __init__(self) -> None:
        self._wanted: Event | None = None
        self._ticking = False

    def watch(self, k: Kernel) -> None:
        """A task is about to run: see that it does not keep the others waiting."""
        stepped = k.clock.skip is not None
        wanted = stepped or len(k.state.tasks) > 1
        if wanted is self._ticking:
            return
        self._ticking = wanted
        if self._wanted is None:
            import threading

            self._wanted = threading.Event()
            target = _tick_when_stuck if stepped else _tick
            threading.Thread(
                target=target, args=(ref(k), self._wanted), name="friscy ticker", daemon=True
            ).start()
        if wanted:
            self._wanted.set()
        else:
            self._wanted.clear()


def _tick(kernel: ref[Kernel], wanted: Event) -> None:
    while True:
        wanted.wait(1.0)
        k = kernel()
        if k is None or k.state.exit_status is not None:
            return
        if k.scheduler.meter.started and wanted.is_set():
            k.interrupt()
        del k  # the thread must not keep a machine alive that nobody uses any more
        time.sleep(SLICE_SECONDS)


def _tick_when_stuck(kernel: ref[Kernel], wanted: Event) -> None:
    seen = -1
    while True:
        wanted.wait(1.0)
        k = kernel()
        if k is None or k.state.exit_status is not None:
            return
        done, skip = k.calls + k.scheduler.slices, k.clock.skip
        if k.scheduler.meter.started and wanted.is_set() and done == seen and skip is not None:
            skip(int(STUCK_SECONDS * 1e9))
            if len(k.state.tasks) > 1 or k.alarm.next():
                k.interrupt()
        seen = done
        del k
        time.sleep(STUCK_SECONDS)
