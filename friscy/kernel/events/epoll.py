"""epoll(7).

An interest does not keep its file open: it goes when the last descriptor of the file is closed, which shows
in the description's `refs`.

Gap: with EPOLLET unread input is reported at every wait, not only when more arrives (programs that read until
EAGAIN, as they must, see no difference).
"""

from __future__ import annotations

import errno
from collections.abc import Iterable
from stat import S_ISDIR, S_ISREG
from typing import TYPE_CHECKING, ClassVar

from friscy.kernel import files
from friscy.kernel.calls.path import install
from friscy.kernel.calls.poll import set_mask, timeout_over
from friscy.kernel.devices import anonymous_place
from friscy.kernel.files import KernelFile
from friscy.kernel.structs import EPOLL_EVENT_BYTES, pack_epoll_event, read_epoll_event
from friscy.kernel.table import syscall
from friscy.kernel.wait import Blocked, Wait
from lazyfs.abi import O_CLOEXEC, O_RDWR, POLLERR, POLLHUP, POLLIN, POLLOUT
from lazyfs.errors import LinuxError
from lazyfs.openfile import OpenFile
from lazyfs.plain import Plain, default

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Task

EPOLL_CTL_ADD, EPOLL_CTL_DEL, EPOLL_CTL_MOD = 1, 2, 3
EPOLLEXCLUSIVE, EPOLLWAKEUP, EPOLLONESHOT, EPOLLET = 1 << 28, 1 << 29, 1 << 30, 1 << 31
_EXCLUSIVE_OK = POLLIN | POLLOUT | POLLERR | POLLHUP | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE
_EVENTS = 0xFFFF
_MAX_NESTING = 5
_MS = 1_000_000


class Interest(Plain):
    """A file in an epoll set. seen: what was reported last, for EPOLLET; armed: False after EPOLLONESHOT."""

    fd: int
    file: OpenFile
    events: int
    data: int
    seen: int = 0
    armed: bool = True

    def ready(self, k: Kernel) -> int:
        """The events to report now."""
        if not self.armed:
            return 0
        now = files.poll(k, self.file) & (self.events & _EVENTS | POLLERR | POLLHUP)
        if self.events & EPOLLET:
            return now if now & ~self.seen or now & POLLIN else 0
        return now


class Epoll(KernelFile):
    """An epoll set. interests: by descriptor number; orphans: those whose number now means another file."""

    interests: dict[int, Interest] = default(dict)
    orphans: list[Interest] = default(list)

    def live(self) -> list[Interest]:
        """The interests whose file is still open; the others are dropped."""
        for fd in [fd for fd, interest in self.interests.items() if not interest.file.refs]:
            del self.interests[fd]
        if self.orphans:
            self.orphans = [interest for interest in self.orphans if interest.file.refs]
        return [*self.interests.values(), *self.orphans]

    def find(self, fd: int, file: OpenFile) -> Interest | None:
        """The interest in `file` under number `fd`."""
        self.live()
        found = self.interests.get(fd)
        if found is not None and found.file is file:
            return found
        return next((i for i in self.orphans if i.fd == fd and i.file is file), None)

    def add(self, interest: Interest) -> None:
        """Enter an interest; one in another file that had its number stays."""
        old = self.interests.get(interest.fd)
        if old is not None:
            self.orphans.append(old)
        self.interests[interest.fd] = interest

    def remove(self, interest: Interest) -> None:
        if self.interests.get(interest.fd) is interest:
            del self.interests[interest.fd]
        else:
            self.orphans.remove(interest)

    def collect(self, k: Kernel, limit: int) -> list[tuple[int, int]]:
        """Up to `limit` (events, data), the interests that were reported longest ago first."""
        found: list[tuple[int, int]] = []
        for interest in self.live():
            if len(found) == limit:
                break
            events = interest.ready(k)
            interest.seen = files.poll(k, interest.file) if interest.events & EPOLLET else 0
            if not events:
                continue
            found.append((events, interest.data))
            if interest.events & EPOLLONESHOT:
                interest.armed = False
            if self.interests.get(interest.fd) is interest:
                self.interests[interest.fd] = self.interests.pop(interest.fd)
        return found

    def poll_events(self, k: Kernel) -> int:
        """See KernelFile."""
        return POLLIN if any(interest.ready(k) for interest in self.live()) else 0

    def host_fds(self, k: Kernel, events: int) -> Iterable[tuple[int, int]]:
        """See KernelFile."""
        for interest in self.live():
            if interest.armed:
                yield from files.host_fds(k, interest.file, interest.events & _EVENTS)

    def deadline(self, k: Kernel) -> int | None:
        """See KernelFile."""
        return files.earliest(k, (i.file for i in self.live() if i.armed and i.events & POLLIN))

    def waited_for(self, k: Kernel, events: int) -> None:
        """See KernelFile."""
        for interest in self.live():
            if interest.armed and isinstance(interest.file, KernelFile):
                interest.file.waited_for(k, interest.events)

    def reaches(self, other: OpenFile, depth: int = 0) -> bool:
        """Whether `other` is in this set or in one below it. ELOOP: nested too deep."""
        if depth >= _MAX_NESTING:
            raise LinuxError(errno.ELOOP)
        below = [i.file for i in self.live() if isinstance(i.file, Epoll)]
        return self is other or any(file.reaches(other, depth + 1) for file in below)


class EpollWait(Wait):
    """epoll_wait(2)."""

    on_signal: ClassVar[str] = "eintr"

    epoll: Epoll

    def ready(self, k: Kernel, task: Task) -> bool:
        return bool(self.epoll.poll_events(k))

    def host_fds(self, k: Kernel, task: Task) -> Iterable[tuple[int, int]]:
        return self.epoll.host_fds(k, POLLIN)

    def deadline(self, k: Kernel, task: Task) -> int | None:
        return self.epoll.deadline(k)


def _epoll(task: Task, fd: int) -> Epoll:
    file = task.process.files.get(fd)
    if not isinstance(file, Epoll):
        raise LinuxError(errno.EINVAL)
    return file


@syscall(20, "epoll_create1", "flags:epoll_flags -> fd")
def sys_epoll_create1(k: Kernel, task: Task, flags: int) -> int:
    """epoll_create1(2)."""
    if flags & ~O_CLOEXEC:
        raise LinuxError(errno.EINVAL)
    place = anonymous_place(k, b"anon_inode:[eventpoll]")
    return install(k, task, Epoll(place, place.inode, O_RDWR), cloexec=bool(flags & O_CLOEXEC))


@syscall(21, "epoll_ctl", "epfd:fd op:epoll_op fd event:epoll_event -> int")
def sys_epoll_ctl(k: Kernel, task: Task, epfd: int, operation: int, fd: int, address: int) -> int:
    """epoll_ctl(2)."""
    events = data = 0
    if operation != EPOLL_CTL_DEL:
        events, data = read_epoll_event(k.mem, address)
    table = task.process.files
    holder, file = table.get(epfd), table.get(fd)
    if not isinstance(file, KernelFile) and (S_ISREG(file.inode.mode) or S_ISDIR(file.inode.mode)):
        raise LinuxError(errno.EPERM)
    if not isinstance(holder, Epoll) or holder is file:
        raise LinuxError(errno.EINVAL)
    if events & EPOLLEXCLUSIVE and (
        operation == EPOLL_CTL_MOD or isinstance(file, Epoll) or events & ~_EXCLUSIVE_OK
    ):
        raise LinuxError(errno.EINVAL)
    found = holder.find(fd, file)
    if operation == EPOLL_CTL_ADD:
        if isinstance(file, Epoll) and file.reaches(holder, 1):
            raise LinuxError(errno.ELOOP)
        if found is not None:
            raise LinuxError(errno.EEXIST)
        holder.add(Interest(fd, file, events, data))
    elif operation in (EPOLL_CTL_DEL, EPOLL_CTL_MOD):
        if found is None:
            raise LinuxError(errno.ENOENT)
        if operation == EPOLL_CTL_DEL:
            holder.remove(found)
        else:
            if found.events & EPOLLEXCLUSIVE:
                raise LinuxError(errno.EINVAL)
            found.events, found.data, found.seen, found.armed = events, data, 0, True
    else:
        raise LinuxError(errno.EINVAL)
    return 0


def _wait(k: Kernel, task: Task, epfd: int, out: int, limit: int, timeout_ns: int | None) -> int:
    if limit <= 0 or limit > 0x7FFF_FFFF // EPOLL_EVENT_BYTES:
        raise LinuxError(errno.EINVAL)
    epoll = _epoll(task, epfd)
    over = timeout_over(k, task, timeout_ns)
    k.mem.check(out, EPOLL_EVENT_BYTES, write=True)
    found = epoll.collect(k, limit)
    if not found and not over:
        epoll.waited_for(k, POLLIN)
        raise Blocked(EpollWait(epoll))
    k.mem.write(out, b"".join(pack_epoll_event(*event) for event in found))
    return len(found)


@syscall(
    22,
    "epoll_pwait",
    "epfd:fd events:out_epoll_events maxevents:int timeout:int sigmask:sigset sigsetsize:size -> int",
)
def sys_epoll_pwait(
    k: Kernel, task: Task, epfd: int, out: int, limit: int, timeout_ms: int, mask: int, size: int
) -> int:
    """epoll_pwait(2)."""
    set_mask(k, task, mask, size)
    return _wait(k, task, epfd, out, limit, None if timeout_ms < 0 else timeout_ms * _MS)


@syscall(
    441,
    "epoll_pwait2",
    "epfd:fd events:out_epoll_events maxevents:int timeout:timespec sigmask:sigset sigsetsize:size -> int",
)
def sys_epoll_pwait2(
    k: Kernel, task: Task, epfd: int, out: int, limit: int, timeout: int, mask: int, size: int
) -> int:
    """epoll_pwait2(2)."""
    timeout_ns = k.read_timespec(timeout) if timeout else None
    set_mask(k, task, mask, size)
    return _wait(k, task, epfd, out, limit, timeout_ns)
