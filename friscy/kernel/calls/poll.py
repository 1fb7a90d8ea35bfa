"""ppoll(2) and pselect6(2), and the wait that they share with epoll."""

from __future__ import annotations

import errno
import struct
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from friscy.kernel import files
from friscy.kernel.signals import use_mask
from friscy.kernel.state import RLIMIT_NOFILE
from friscy.kernel.structs import POLLFD_BYTES, pack_timespec, read_pollfds
from friscy.kernel.table import syscall
from friscy.kernel.wait import Blocked, Wait
from lazyfs.abi import (
    POLLERR,
    POLLHUP,
    POLLIN,
    POLLNVAL,
    POLLOUT,
    POLLPRI,
    POLLRDBAND,
    POLLRDNORM,
    POLLWRBAND,
    POLLWRNORM,
)
from lazyfs.errors import LinuxError
from lazyfs.openfile import OpenFile

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Task

_SELECT_IN = POLLRDNORM | POLLRDBAND | POLLIN | POLLHUP | POLLERR
_SELECT_OUT = POLLWRBAND | POLLWRNORM | POLLOUT | POLLERR
_SIGSET_BYTES = 8


class PollWait(Wait):
    """Waits until one of some files has one of the events asked for.

    remainder: where the time that is left is written when a handler ends the call, or 0.
    always: events that count though nobody asked for them.
    """

    on_signal: ClassVar[str] = "eintr"
    exact: ClassVar[bool] = True

    watched: list[tuple[OpenFile, int]]
    remainder: int = 0
    always: int = POLLERR | POLLHUP

    def ready(self, k: Kernel, task: Task) -> bool:
        return any(files.poll(k, file) & (events | self.always) for file, events in self.watched)

    def host_fds(self, k: Kernel, task: Task) -> Iterable[tuple[int, int]]:
        for file, events in self.watched:
            yield from files.host_fds(k, file, events)

    def deadline(self, k: Kernel, task: Task) -> int | None:
        return files.earliest(k, (file for file, events in self.watched if events & files.IN))

    def interrupted(self, k: Kernel, task: Task) -> None:
        write_remaining(k, task, self.remainder)


def announce(k: Kernel, watched: list[tuple[OpenFile, int]]) -> None:
    """A task is about to wait for these files."""
    for file, events in watched:
        if isinstance(file, files.KernelFile):
            file.waited_for(k, events)


_STICKY_TIMEOUTS = 0x0400_0000  # personality(2)


def write_remaining(k: Kernel, task: Task, address: int) -> None:
    """Tell the caller how much of its time-out is left; a bad pointer is nobody's error here."""
    if task.process.personality & _STICKY_TIMEOUTS:
        return
    if address and task.deadline is not None:
        left = max(0, task.deadline - k.monotonic_ns())
        try:
            k.mem.write(address, pack_timespec(left))
        except LinuxError:
            return


def set_mask(k: Kernel, task: Task, address: int, size: int) -> None:
    """Wait with the signal mask at `address` (none if 0). EINVAL: not the size of a sigset_t."""
    if address:
        if size != _SIGSET_BYTES:
            raise LinuxError(errno.EINVAL)
        use_mask(k, task, k.mem.u64(address))


def timeout_over(k: Kernel, task: Task, timeout_ns: int | None) -> bool:
    """Start the call's time-out (once), and whether it has passed. A time-out of 0 has."""
    if timeout_ns == 0:
        return True
    k.deadline_after(task, timeout_ns)
    return k.expired(task)


@syscall(73, "ppoll", "fds:pollfds nfds:uint timeout:timespec sigmask:sigset sigsetsize:size -> int")
def sys_ppoll(k: Kernel, task: Task, fds: int, count: int, timeout: int, mask: int, size: int) -> int:
    """ppoll(2)."""
    # A call that is run again must not read the time-out anew: what is left has been running since the start.
    timeout_ns = k.read_timespec(timeout) if timeout else None
    set_mask(k, task, mask, size)
    if count > task.process.limits[RLIMIT_NOFILE][0]:
        raise LinuxError(errno.EINVAL)
    over = timeout_over(k, task, timeout_ns)
    table = task.process.files
    watched: list[tuple[OpenFile, int]] = []
    results: list[int] = []
    for fd, events in read_pollfds(k.mem, fds, count):
        seen = 0
        if fd >= 0:
            try:
                file = table.get(fd)
            except LinuxError:
                seen = POLLNVAL
            else:
                watched.append((file, events))
                seen = files.poll(k, file) & (events | POLLERR | POLLHUP)
        results.append(seen)
    found = sum(map(bool, results))
    if not found and not over:
        announce(k, watched)
        raise Blocked(PollWait(watched, timeout))
    for index, seen in enumerate(results):
        k.mem.set_u16(fds + index * POLLFD_BYTES + 6, seen)
    if timeout_ns:
        write_remaining(k, task, timeout)
    return found


def _read_set(k: Kernel, address: int, nbytes: int) -> int:
    return int.from_bytes(k.mem.read(address, nbytes), "little") if address else 0


@syscall(
    72,
    "pselect6",
    "nfds:int readfds:fdset writefds:fdset exceptfds:fdset timeout:timespec sigmask:ptr -> int",
)
def sys_pselect6(
    k: Kernel, task: Task, count: int, readers: int, writers: int, excepts: int, timeout: int, mask: int
) -> int:
    """pselect6(2)."""
    timeout_ns = k.read_timespec(timeout) if timeout else None
    if mask:
        set_mask(k, task, *struct.unpack("<QQ", k.mem.read(mask, 16)))
    if count < 0:
        raise LinuxError(errno.EINVAL)
    table = task.process.files
    nbytes = (count + 63) // 64 * 8
    groups = ((readers, _SELECT_IN), (writers, _SELECT_OUT), (excepts, POLLPRI))
    wanted = [_read_set(k, address, nbytes) & (1 << count) - 1 for address, _ in groups]
    over = timeout_over(k, task, timeout_ns)
    watched: list[tuple[OpenFile, int]] = []
    results = [0, 0, 0]
    either = wanted[0] | wanted[1] | wanted[2]
    while either:
        bit = either & -either
        either ^= bit
        file = table.get(bit.bit_length() - 1)
        seen = files.poll(k, file)
        events = 0
        for index, (_, kind) in enumerate(groups):
            if wanted[index] & bit:
                events |= kind
                if seen & kind:
                    results[index] |= bit
        watched.append((file, events))
    found = sum(result.bit_count() for result in results)
    if not found and not over:
        announce(k, watched)
        raise Blocked(PollWait(watched, timeout, 0))
    for (address, _), result in zip(groups, results, strict=True):
        if address:
            k.mem.write(address, result.to_bytes(nbytes, "little"))
    if timeout_ns:
        write_remaining(k, task, timeout)
    return found
