"""The host thread that interrupts a computing guest when an interval timer runs out.

A waiting guest needs none: the scheduler's wait ends at the deadline. The thread starts with the first timer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threading import Condition

    from friscy.kernel.kernel import Kernel


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
                    k.hart.interrupt()
                    left = 0.001
                self._changed.wait(left)
