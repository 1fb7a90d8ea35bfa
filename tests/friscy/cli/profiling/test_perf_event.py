"""The ring that the host's kernel fills with samples, and what is said where it will not."""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from friscy.cli.profiling import perf_event
from friscy.cli.profiling.perf_event import PERIOD_NS, PerfEvent, Ring, Sample
from lazyfs.errors import UsageError

PAGE, DATA = 4096, 8192
HEAD, TAIL = 1024 // 8, 1032 // 8
USER = (1 << 64) - 512  # PERF_CONTEXT_USER: what follows in a call chain is the process's
WANTED = range(1000, 2000)


def sample(time_ns: int, chain: Sequence[int], registers: Sequence[int] | None) -> bytes:
    """A record as the kernel writes it; without registers where the thread has none."""
    entries = [USER, *chain]
    body = struct.pack(f"<QQQ{len(entries)}Q", chain[0], time_ns, len(entries), *entries)
    body += struct.pack("<Q", 0) if registers is None else struct.pack(f"<Q{len(registers)}Q", 2, *registers)
    return struct.pack("<IHH", 9, 2, 8 + len(body)) + body


class Kernel:
    """The other side of a ring."""

    def __init__(self, start: int = 0) -> None:
        self.memory = bytearray(PAGE + DATA)
        self.fields = memoryview(self.memory)[:PAGE].cast("Q")
        self.fields[HEAD] = self.fields[TAIL] = start
        self.ring = Ring(memoryview(self.memory), PAGE, WANTED)

    def write(self, record: bytes) -> None:
        head = self.fields[HEAD]
        assert head + len(record) - self.fields[TAIL] <= DATA
        for at, byte in enumerate(record, head):
            self.memory[PAGE + at % DATA] = byte
        self.fields[HEAD] = head + len(record)

    def read(self) -> list[Sample]:
        return list(self.ring.read())


@pytest.fixture
def registers() -> list[int]:
    """What nobody asks for, in every register of this kind of machine."""
    return [5] * perf_event._machine()[1].bit_count()


def test_samples_are_read_in_order_and_once(registers: list[int]) -> None:
    kernel = Kernel()
    registers[3], registers[7] = 1500, 1000
    kernel.write(sample(7, [0x10, 0x20, 0x30], registers))
    kernel.write(sample(8, [0x11], None))
    assert kernel.read() == [(7, (0x10, 0x20, 0x30), ((3, 1500), (7, 1000))), (8, (0x11,), ())]
    assert kernel.fields[TAIL] == kernel.fields[HEAD]
    assert kernel.read() == []


@pytest.mark.parametrize("before_the_end", range(8, 250, 8))
def test_records_go_on_where_the_ring_begins(before_the_end: int, registers: list[int]) -> None:
    """The counters run on; a record may be cut anywhere."""
    kernel = Kernel(start=5 * DATA - before_the_end)
    registers[0] = 1999
    for k in range(3):
        kernel.write(sample(k, [k + 1, 9], registers))
    assert kernel.read() == [(k, (k + 1, 9), ((0, 1999),)) for k in range(3)]


def test_lost_samples_are_counted_and_other_records_passed_over(registers: list[int]) -> None:
    kernel = Kernel()
    kernel.write(struct.pack("<IHHQQ", 2, 0, 24, 1, 41))  # PERF_RECORD_LOST
    kernel.write(struct.pack("<IHHQQQ", 5, 0, 32, 1, 2, 3))  # PERF_RECORD_THROTTLE
    kernel.write(sample(1, [2], registers))
    kernel.write(struct.pack("<IHHQQ", 2, 0, 24, 1, 1))
    assert kernel.read() == [(1, (2,), ())]
    assert kernel.ring.lost == 42


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.EPERM, "kernel.perf_event_paranoid=2"),
        (errno.EACCES, "kernel.perf_event_paranoid=2"),
        (errno.ENOSYS, "profile on another host"),
        (errno.ENOMEM, "ulimit -l"),
    ],
)
def test_a_host_that_refuses_is_one_line_with_advice(
    monkeypatch: pytest.MonkeyPatch, number: int, advice: str
) -> None:
    class Refusing:
        @staticmethod
        def syscall(*_: object) -> int:
            ctypes.set_errno(number)
            return -1

    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: Refusing)
    with pytest.raises(UsageError, match="perf_event_open: ") as caught:
        PerfEvent(WANTED)
    first, hint = str(caught.value).splitlines()
    assert "does not let friscy take samples" in first
    assert advice in hint


def test_a_machine_whose_registers_are_not_known_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    with pytest.raises(UsageError, match="no profiles on riscv64"):
        PerfEvent(WANTED)


def test_a_thread_is_sampled_by_its_own_time() -> None:
    """It gets a sample for each period that it computes, and none of another thread's."""
    if not allowed():
        with pytest.raises(UsageError, match="perf_event_open"):
            PerfEvent(range(0))
        return
    event = PerfEvent(range(0))
    event.start()
    other = threading.Thread(target=compute, args=(200 * PERIOD_NS,))
    other.start()
    other.join()
    assert len(list(event.read())) < 100
    compute(100 * PERIOD_NS)
    event.stop()
    found = list(event.read())
    assert found
    assert [each[0] for each in found] == sorted(each[0] for each in found)
    assert all(each[1][0] for each in found)


def allowed() -> bool:
    """Whether this host lets a process sample itself, by asking it in another way."""
    setting = Path("/proc/sys/kernel/perf_event_paranoid")
    return setting.exists() and (int(setting.read_text()) <= 2 or os.geteuid() == 0)


def compute(thread_ns: int) -> None:
    """Use so much of the calling thread's time."""
    end = time.thread_time_ns() + thread_ns
    while time.thread_time_ns() < end:
        pass
