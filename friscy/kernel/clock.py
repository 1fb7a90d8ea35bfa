"""Where a machine's time comes from: the host's clocks, or one that only moves as it is read."""

from __future__ import annotations

import time
from collections.abc import Callable

Reading = Callable[[], int]


class Clock:
    """What a kernel reads time from, all in nanoseconds; the host's clocks by default.

    monotonic_ns: never goes back, where it began means nothing. realtime_ns: since 1970. thread_ns: processor time of
    the thread that asks. slice_ns: what the length of a slice is measured by, never 0. skip: moves a clock on that
    does not move by itself; None: it does. is_hosts: it tells what the host's clocks tell.
    """

    __slots__ = ("is_hosts", "monotonic_ns", "realtime_ns", "skip", "slice_ns", "thread_ns")

    def __init__(
        self,
        monotonic_ns: Reading = time.monotonic_ns,
        realtime_ns: Reading = time.time_ns,
        thread_ns: Reading = time.thread_time_ns,
        slice_ns: Reading = time.monotonic_ns,
        skip: Callable[[int], None] | None = None,
    ) -> None:
        self.monotonic_ns, self.realtime_ns = monotonic_ns, realtime_ns
        self.is_hosts = monotonic_ns is time.monotonic_ns and realtime_ns is time.time_ns
        self.thread_ns, self.slice_ns, self.skip = thread_ns, slice_ns, skip


def stepped_clock(start_ns: int) -> Clock:
    """A clock that begins at `start_ns` and moves a microsecond whenever it is read, so that a run takes no other
    times than the one before. Who waits for a time has it at once: the scheduler skips to it.
    """
    now = 0

    def monotonic_ns() -> int:
        nonlocal now
        now += 1000
        return now

    def skip(ns: int) -> None:
        nonlocal now
        now += ns

    return Clock(monotonic_ns, lambda: start_ns + monotonic_ns(), lambda: 0, lambda: 1, skip)
