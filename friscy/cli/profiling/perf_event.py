"""Samples of a thread by perf_event_open(2): the instruction it was at, who called, what its registers held.

    event = PerfEvent(range(...))         # of the calling thread; UsageError where the host does not allow it
    event.start()
    for sample in event.read(): ...       # from any thread, often enough that nothing is lost
    event.stop()

The clock is the thread's own time in user mode, so a sample stands for PERIOD_NS of that. Source: perf_event_open(2),
linux/perf_event.h.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import platform
from collections.abc import Iterator
from struct import Struct

from lazyfs.errors import UsageError

PERIOD_NS = 997_000  # not a whole millisecond: it must not keep step with what happens every so many of them

_TYPE_SOFTWARE, _TASK_CLOCK = 1, 1
_SAMPLE_IP, _SAMPLE_TIME, _SAMPLE_CALLCHAIN, _SAMPLE_REGS_USER = 1 << 0, 1 << 2, 1 << 5, 1 << 12
_DISABLED, _EXCLUDE_KERNEL, _EXCLUDE_HV, _USE_CLOCKID = 1 << 0, 1 << 5, 1 << 6, 1 << 25
_EXCLUDE_CALLCHAIN_KERNEL = 1 << 21
_CLOCK_MONOTONIC = 1
_MAX_STACK = 6
# struct perf_event_attr, PERF_ATTR_SIZE_VER5: type, size, config, sample_period, sample_type, read_format, flags,
# wakeup_events, bp_type, config1, config2, branch_sample_type, sample_regs_user, sample_stack_user, clockid,
# sample_regs_intr, aux_watermark, sample_max_stack, reserved
_ATTR = Struct("<IIQQQQQIIQQQQIiQIHH")
_IOC_ENABLE, _IOC_DISABLE = 0x2400, 0x2401
_CLOEXEC = 1 << 3

# (number of the system call, which registers: the integer ones) of the hosts friscy runs on; asm/perf_regs.h
_MACHINES = {"x86_64": (298, 0xFF00FF), "aarch64": (241, (1 << 31) - 1)}

# struct perf_event_mmap_page: places of u64 fields, and the size of the data area, which must be 2**n pages. It and the
# page before it are what an unprivileged user may have (kernel.perf_event_mlock_kb, 516).
_DATA_HEAD, _DATA_TAIL = 1024 // 8, 1032 // 8
_DATA_BYTES = 512 << 10

_HEADER = Struct("<IHH")  # type, misc, size
_RECORD_LOST, _RECORD_SAMPLE = 2, 9
_U64 = Struct("<Q")
_LOST = Struct("<QQ")  # id, lost
_CONTEXT = (1 << 64) - 4096  # from here on an entry of a call chain says what the next ones are

Sample = tuple[int, tuple[int, ...], tuple[tuple[int, int], ...]]
"""CLOCK_MONOTONIC in ns; the address of the instruction, and of those that its callers go on at; (number, value) of
the registers whose values were asked for."""


class Ring:
    """Reads the records that the host's kernel puts into a ring.

    memory: the mapping, a page of fields and then the data. values: of registers that are wanted. lost: samples that
    found no room.
    """

    def __init__(self, memory: memoryview, page: int, values: range) -> None:
        self._values = values
        self._fields = memory[:page].cast("Q")
        self._data = memory[page:]
        self.lost = 0

    def read(self) -> Iterator[Sample]:
        """The samples since the last call."""
        head, tail = self._fields[_DATA_HEAD], self._fields[_DATA_TAIL]
        data = self._between(tail, head)
        self._fields[_DATA_TAIL] = head
        at = 0
        while at < len(data):
            kind, _, nbytes = _HEADER.unpack_from(data, at)
            if kind == _RECORD_SAMPLE:
                yield parse_sample(data, at + _HEADER.size, self._values)
            elif kind == _RECORD_LOST:
                self.lost += _LOST.unpack_from(data, at + _HEADER.size)[1]
            at += max(nbytes, _HEADER.size)

    def _between(self, tail: int, head: int) -> bytes:
        """The bytes from `tail` to `head`, which count on where the ring begins anew."""
        size = len(self._data)
        start, nbytes = tail % size, head - tail
        return bytes(self._data[start : start + nbytes]) + bytes(self._data[: max(start + nbytes - size, 0)])


def parse_sample(data: bytes, at: int, values: range) -> Sample:
    """The sample whose fields (IP, TIME, CALLCHAIN, REGS_USER) begin at `at`."""
    address, time_ns, count = (_U64.unpack_from(data, at + 8 * k)[0] for k in range(3))
    chain = memoryview(data)[at + 24 : at + 24 + 8 * count].cast("Q")
    callers = [each for each in chain if each < _CONTEXT]
    if callers[:1] == [address]:
        del callers[0]
    at += 24 + 8 * count
    held: tuple[tuple[int, int], ...] = ()
    if _U64.unpack_from(data, at)[0]:  # else the thread had no user registers
        registers = memoryview(data)[at + 8 : at + 8 + 8 * _machine()[1].bit_count()].cast("Q")
        held = tuple((number, value) for number, value in enumerate(registers) if value in values)
    return time_ns, (address, *callers), held


def _machine() -> tuple[int, int]:
    found = _MACHINES.get(platform.machine())
    if found is None:
        raise UsageError(f"no profiles on {platform.machine()}: on {' and '.join(_MACHINES)} only")
    return found


class PerfEvent:
    """Samples the thread that makes it. values: of registers that are wanted.

    UsageError: the host does not allow it.
    """

    def __init__(self, values: range) -> None:
        number, registers = _machine()
        flags = _DISABLED | _EXCLUDE_KERNEL | _EXCLUDE_HV | _EXCLUDE_CALLCHAIN_KERNEL | _USE_CLOCKID
        what = _SAMPLE_IP | _SAMPLE_TIME | _SAMPLE_CALLCHAIN | _SAMPLE_REGS_USER
        attr = _ATTR.pack(
            _TYPE_SOFTWARE, _ATTR.size, _TASK_CLOCK, PERIOD_NS, what, 0, flags, 0, 0, 0, 0, 0, registers, 0,
            _CLOCK_MONOTONIC, 0, 0, _MAX_STACK, 0,
        )  # fmt: skip
        self._fd = _perf_event_open(number, attr)
        page = mmap.PAGESIZE
        try:
            self._memory = mmap.mmap(self._fd, page + _DATA_BYTES)
        except OSError as error:
            os.close(self._fd)
            raise _refused(error.errno or 0) from error
        self._ring = Ring(memoryview(self._memory), page, values)

    @property
    def lost(self) -> int:
        """Samples that were lost because `read` was not called in time."""
        return self._ring.lost

    def start(self) -> None:
        self._control(_IOC_ENABLE)

    def stop(self) -> None:
        self._control(_IOC_DISABLE)

    def read(self) -> Iterator[Sample]:
        """The samples since the last call."""
        return self._ring.read()

    def _control(self, request: int) -> None:
        import fcntl

        fcntl.ioctl(self._fd, request, 0)


def _perf_event_open(number: int, attr: bytes) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    libc.syscall.argtypes = [ctypes.c_long, ctypes.c_char_p, *[ctypes.c_long] * 4]
    fd: int = libc.syscall(number, attr, 0, -1, -1, _CLOEXEC)  # this thread, on any processor
    if fd < 0:
        raise _refused(ctypes.get_errno())
    return fd


def _refused(number: int) -> UsageError:
    hint = {
        errno.ENOSYS: "This host's kernel has none, or a sandbox hides it: profile on another host.",
        errno.EMFILE: "Allow more open files: ulimit -n 1024",
        errno.ENOMEM: "Allow more locked memory: ulimit -l unlimited",
    }.get(
        number,
        "Allow it: sysctl kernel.perf_event_paranoid=2 (in a container, its seccomp profile must too).",
    )
    return UsageError(
        f"the host does not let friscy take samples: perf_event_open: {os.strerror(number)}", hint=hint
    )
