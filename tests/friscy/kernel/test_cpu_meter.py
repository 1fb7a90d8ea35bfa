"""The CPU time of slices, by clocks that the test sets."""

from __future__ import annotations

import pytest

from friscy.kernel.clock import Clock
from friscy.kernel.scheduler import SHORT_NS, CpuMeter

US = 1000
MS = 1000 * US


class Host:
    """The host's clocks: `run` is time on the processor, `steal` time that another of its programs had."""

    def __init__(self) -> None:
        self.wall, self.cpu, self.asked = 10**12, 10**9, 0

    def run(self, nanoseconds: int) -> None:
        self.wall += nanoseconds
        self.cpu += nanoseconds

    def steal(self, nanoseconds: int) -> None:
        self.wall += nanoseconds

    def monotonic_ns(self) -> int:
        return self.wall

    def thread_time_ns(self) -> int:
        self.asked += 1
        return self.cpu

    def meter(self) -> CpuMeter:
        return CpuMeter(Clock(thread_ns=self.thread_time_ns, slice_ns=self.monotonic_ns))


@pytest.fixture
def host() -> Host:
    return Host()


def slice_of(meter: CpuMeter, host: Host, run: int, steal: int = 0, *, exact: bool = False) -> int:
    meter.start(exact=exact)
    host.run(run)
    host.steal(steal)
    return meter.stop(exact=exact)


def test_short_slices_do_not_ask_the_host(host: Host) -> None:
    meter = host.meter()
    assert [slice_of(meter, host, 20 * US) for _ in range(1000)] == [20 * US] * 1000
    assert host.asked <= 1000 * 20 * US // SHORT_NS + 1


def test_what_the_host_took_away_is_not_charged(host: Host) -> None:
    meter = host.meter()
    for _ in range(100):
        assert slice_of(meter, host, 7 * MS, steal=30 * MS) == 7 * MS


def test_after_short_slices_a_long_one_is_wrong_by_less_than_a_short_one(host: Host) -> None:
    meter = host.meter()
    for _ in range(200):
        for _ in range(7):
            assert slice_of(meter, host, 30 * US) == 30 * US
            host.run(40 * US)  # the kernel's own time
        used = slice_of(meter, host, 5 * MS, steal=50 * MS)
        assert 5 * MS <= used < 5 * MS + SHORT_NS


def test_a_watched_slice_is_exact_however_short(host: Host) -> None:
    meter = host.meter()
    assert slice_of(meter, host, 20 * US, exact=True) == 20 * US
    host.run(300 * US)
    assert slice_of(meter, host, 20 * US, steal=200 * US, exact=True) == 20 * US


def test_what_is_told_in_a_slice_never_falls(host: Host) -> None:
    meter = host.meter()
    slice_of(meter, host, 400 * US, steal=300 * US)
    meter.start()
    told = []
    for run, steal in ((100 * US, 0), (0, 400 * US), (450 * US, 0), (0, 100 * US), (3 * MS, 0), (0, 9 * MS)):
        host.run(run)
        host.steal(steal)
        told.append(meter.used())
    told.append(meter.stop())
    assert told == sorted(told)
    assert told[-1] <= 100 * US + 450 * US + 3 * MS
