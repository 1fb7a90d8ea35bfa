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


class Alarm:
    """`arm` after any change of `Process.alarm_at`."""

    def __init__(self) -> None:
        self._changed: Condition | None = None

    def arm(self, k: Kernel) -> None:
        """Look at the timers again; start the thread if one is set."""
        if self._changed is None:
            if not self._earliest(k):
                return
            import threading

            self._changed = threading.Condition()
            threading.Thread(target=self._watch, args=(k,), name="friscy alarm", daemon=True).start()
            return
        with self._changed:
            self._changed.notify()

    def _earliest(self, k: Kernel) -> int:
        return min((p.alarm_at for p in list(k.state.processes.values()) if p.alarm_at), default=0)

    def _watch(self, k: Kernel) -> None:
        assert self._changed is not None
        with self._changed:
            while k.state.exit_status is None:
                at = self._earliest(k)
                left = (at - k.monotonic_ns()) / 1e9 if at else None
                if left is not None and left <= 0:
                    # Signals are sent by the scheduler, in its own thread; this only makes the engine return.
                    k.interrupt()
                    left = 0.001
                self._changed.wait(left)


class Ticker:
    """Time slices: while there is more than one task, the running one returns to the scheduler every so often."""

    def __init__(self) -> None:
        self._wanted: Event | None = None

    def watch(self, k: Kernel) -> None:
        """A task is about to run: see that it does not keep the others waiting."""
        if len(k.state.tasks) > 1:
            if self._wanted is None:
                import threading

                self._wanted = threading.Event()
                threading.Thread(
                    target=_tick, args=(ref(k), self._wanted), name="friscy ticker", daemon=True
                ).start()
            if not self._wanted.is_set():
                self._wanted.set()
        elif self._wanted is not None:
            self._wanted.clear()


def _tick(kernel: ref[Kernel], wanted: Event) -> None:
    while True:
        wanted.wait(1.0)
        k = kernel()
        if k is None or k.state.exit_status is not None:
            return
        if k.slice_started and wanted.is_set():
            k.interrupt()
        del k  # the thread must not keep a machine alive that nobody uses any more
        time.sleep(SLICE_SECONDS)
