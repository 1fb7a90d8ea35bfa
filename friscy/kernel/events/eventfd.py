"""eventfd2(2) and timerfd(2): counters that can be read, written and waited for."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from friscy.kernel.calls.path import install
from friscy.kernel.devices import anonymous_place
from friscy.kernel.files import KernelFile
from friscy.kernel.structs import pack_itimerspec, read_itimerspec
from friscy.kernel.table import syscall
from lazyfs.abi import O_CLOEXEC, O_NONBLOCK, O_RDWR, POLLIN, POLLOUT
from lazyfs.errors import LinuxError, WouldBlock

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Task

EFD_SEMAPHORE = 1
TFD_TIMER_ABSTIME, TFD_TIMER_CANCEL_ON_SET = 1, 2
CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME, CLOCK_REALTIME_ALARM, CLOCK_BOOTTIME_ALARM = 0, 1, 7, 8, 9
_COUNTER_MAX = (1 << 64) - 2


class EventFd(KernelFile):
    """An eventfd: `count` is read (and reset, or with `semaphore` decremented) and added to."""

    count: int = 0
    semaphore: bool = False
    writes: int = 0
    reads: int = 0

    def details(self, k: Kernel) -> bytes:
        """See KernelFile."""
        return b"eventfd-count: %16x\n" % self.count

    def read_bytes(self, k: Kernel, n: int) -> bytes:
        """See KernelFile."""
        if n < 8:
            raise LinuxError(errno.EINVAL)
        if not self.count:
            raise WouldBlock(self, POLLIN)
        value = 1 if self.semaphore else self.count
        self.count -= value
        self.reads += 1
        return value.to_bytes(8, "little")

    def write_bytes(self, k: Kernel, data: bytes) -> int:
        """See KernelFile."""
        if len(data) < 8:
            raise LinuxError(errno.EINVAL)
        value = int.from_bytes(data[:8], "little")
        if value > _COUNTER_MAX:
            raise LinuxError(errno.EINVAL)
        if self.count + value > _COUNTER_MAX:
            raise WouldBlock(self, POLLOUT)
        self.count += value
        self.writes += 1
        return 8

    def poll_events(self, k: Kernel) -> int:
        """See KernelFile. A writer that is blocked for lack of room may retry at any time."""
        return (POLLIN if self.count else 0) | (POLLOUT if self.count < _COUNTER_MAX else 0)

    def activity(self, k: Kernel) -> tuple[int, int] | None:
        """See KernelFile."""
        return self.writes, self.reads

    def seek(self, offset: int, whence: int) -> int:
        """lseek(2) does nothing, successfully."""
        return 0


class TimerFd(KernelFile):
    """A timerfd. expiry: monotonic time of the next expiration, 0 when it is off; interval: ns, 0 for once.

    over: expirations that were read, or given up with the setting they were of; polled: those and the unread ones when
    it was polled last. A timer does not stand still between a poll and what is made of it.
    """

    clock: int = CLOCK_MONOTONIC
    expiry: int = 0
    interval: int = 0
    over: int = 0
    polled: int = 0

    def _expirations(self, now: int) -> int:
        if not self.expiry or now < self.expiry:
            return 0
        return 1 + ((now - self.expiry) // self.interval if self.interval else 0)

    def read_bytes(self, k: Kernel, n: int) -> bytes:
        """See KernelFile."""
        if n < 8:
            raise LinuxError(errno.EINVAL)
        count = self._expirations(k.monotonic_ns())
        if not count:
            raise WouldBlock(self, POLLIN)
        self.expiry = self.expiry + count * self.interval if self.interval else 0
        self.over += count
        return count.to_bytes(8, "little")

    def poll_events(self, k: Kernel) -> int:
        """See KernelFile."""
        unread = self._expirations(k.monotonic_ns())
        self.polled = self.over + unread
        return POLLIN if unread else 0

    def activity(self, k: Kernel) -> tuple[int, int] | None:
        """See KernelFile."""
        return self.polled, 0

    def deadline(self, k: Kernel) -> int | None:
        """See KernelFile: the first that was not there when the scheduler asked, though others may be unread."""
        if self.interval and self.expiry:
            return self.expiry + self._expirations(k.scheduler.looked) * self.interval
        return self.expiry or None

    def set(self, now: int, expiry: int, interval: int) -> None:
        """Expire at `expiry` next, never for 0."""
        self.over += self._expirations(now)
        self.expiry, self.interval = expiry, interval

    def seek(self, offset: int, whence: int) -> int:
        """lseek(2) does nothing, successfully."""
        return 0

    def remaining(self, k: Kernel) -> tuple[int, int]:
        """(interval, time to the next expiration) as timerfd_gettime gives them."""
        if not self.expiry:
            return self.interval, 0
        now = k.monotonic_ns()
        if now >= self.expiry:
            if not self.interval:
                return 0, 0
            return self.interval, self.interval - (now - self.expiry) % self.interval
        return self.interval, self.expiry - now


@syscall(19, "eventfd2", "initval:uint flags:eventfd_flags -> fd")
def sys_eventfd2(k: Kernel, task: Task, initial: int, flags: int) -> int:
    """eventfd2(2)."""
    if flags & ~(EFD_SEMAPHORE | O_CLOEXEC | O_NONBLOCK):
        raise LinuxError(errno.EINVAL)
    place = anonymous_place(k, b"anon_inode:[eventfd]")
    file = EventFd(
        place, place.inode, O_RDWR | flags & O_NONBLOCK, count=initial, semaphore=bool(flags & EFD_SEMAPHORE)
    )
    return install(k, task, file, cloexec=bool(flags & O_CLOEXEC))


@syscall(85, "timerfd_create", "clockid flags:timerfd_flags -> fd")
def sys_timerfd_create(k: Kernel, task: Task, clock: int, flags: int) -> int:
    """timerfd_create(2)."""
    if flags & ~(O_CLOEXEC | O_NONBLOCK):
        raise LinuxError(errno.EINVAL)
    if clock not in (CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME):
        alarm = clock in (CLOCK_REALTIME_ALARM, CLOCK_BOOTTIME_ALARM)
        raise LinuxError(errno.EPERM if alarm else errno.EINVAL)
    place = anonymous_place(k, b"anon_inode:[timerfd]")
    file = TimerFd(place, place.inode, O_RDWR | flags & O_NONBLOCK, clock=clock)
    return install(k, task, file, cloexec=bool(flags & O_CLOEXEC))


def _timer(task: Task, fd: int) -> TimerFd:
    file = task.process.files.get(fd)
    if not isinstance(file, TimerFd):
        raise LinuxError(errno.EINVAL)
    return file


@syscall(86, "timerfd_settime", "fd flags:int new:itimerspec old:out_itimerspec -> int")
def sys_timerfd_settime(k: Kernel, task: Task, fd: int, flags: int, new: int, old: int) -> int:
    """timerfd_settime(2). Gap: a timer on CLOCK_REALTIME does not follow later steps of that clock."""
    interval, value = read_itimerspec(k.mem, new)
    if flags & ~(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET):
        raise LinuxError(errno.EINVAL)
    timer = _timer(task, fd)
    before = pack_itimerspec(*timer.remaining(k))
    now = k.monotonic_ns()
    if value and not flags & TFD_TIMER_ABSTIME:
        value += now
    elif value and timer.clock == CLOCK_REALTIME:
        value = max(1, now + value - k.realtime_ns())
    timer.set(now, value, interval)
    if old:
        k.mem.write(old, before)
    return 0


@syscall(87, "timerfd_gettime", "fd curr:out_itimerspec -> int")
def sys_timerfd_gettime(k: Kernel, task: Task, fd: int, out: int) -> int:
    """timerfd_gettime(2)."""
    k.mem.write(out, pack_itimerspec(*_timer(task, fd).remaining(k)))
    return 0
