"""epoll(7): the calls, and the wait on a set (friscy.kernel.events.epoll_set)."""

from __future__ import annotations

import errno
from collections.abc import Iterable
from stat import S_ISDIR, S_ISREG
from typing import TYPE_CHECKING, ClassVar

from friscy.kernel import short
from friscy.kernel.calls.path import install
from friscy.kernel.calls.poll import set_mask, timeout_over
from friscy.kernel.devices import anonymous_place
from friscy.kernel.events.epoll_set import EPOLLET, Epoll, Interest
from friscy.kernel.files import KernelFile
from friscy.kernel.structs import EPOLL_EVENT_BYTES, pack_epoll_event, read_epoll_event
from friscy.kernel.table import syscall
from friscy.kernel.wait import Wait
from lazyfs.abi import O_CLOEXEC, O_NONBLOCK, O_RDWR, POLLERR, POLLHUP, POLLIN, POLLOUT
from lazyfs.errors import LinuxError

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Task

EPOLL_CTL_ADD, EPOLL_CTL_DEL, EPOLL_CTL_MOD = 1, 2, 3
EPOLLEXCLUSIVE, EPOLLWAKEUP = 1 << 28, 1 << 29
_EXCLUSIVE_OK = POLLIN | POLLOUT | POLLERR | POLLHUP | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE
_MAX_NESTING = 4
_MS = 1_000_000
_put = object.__setattr__  # of what is no field


class EpollWait(Wait):
    """epoll_wait(2)."""

    on_signal: ClassVar[str] = "eintr"
    exact: ClassVar[bool] = True

    epoll: Epoll

    def ready(self, k: Kernel, task: Task) -> bool:
        return self.epoll.may_report(k)

    def host_fds(self, k: Kernel, task: Task) -> Iterable[tuple[int, int]]:
        return self.epoll.host_fds(k, POLLIN)

    def deadline(self, k: Kernel, task: Task) -> int | None:
        return self.epoll.deadline(k)

    def rest(self, k: Kernel) -> None:
        self.epoll.rest(k, self)


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
        if isinstance(file, Epoll) and (
            file.reaches(holder) or file.height() + 1 + holder.depth(k) > _MAX_NESTING
        ):
            raise LinuxError(errno.ELOOP)
        if found is not None:
            raise LinuxError(errno.EEXIST)
        found = Interest(fd, file, events, data)
        holder.add(found)
        _hand_over(k, holder, found)
    elif operation in (EPOLL_CTL_DEL, EPOLL_CTL_MOD):
        if found is None:
            raise LinuxError(errno.ENOENT)
        if operation == EPOLL_CTL_DEL:
            holder.remove(found)
        else:
            if found.events & EPOLLEXCLUSIVE:
                raise LinuxError(errno.EINVAL)
            found.events, found.data, found.fresh, found.armed = events, data, True, True
            if found.lent < 0:
                holder.wake(found)
            _hand_over(k, holder, found)
    else:
        raise LinuxError(errno.EINVAL)
    return 0


def _hand_over(k: Kernel, holder: Epoll, interest: Interest) -> None:
    holder.hand_over(k, interest)
    if interest.lent >= 0 and interest.file.flags & O_NONBLOCK:
        _put(interest, "short", short.allow_data(k, interest.fd, interest.lent))


def _wait(k: Kernel, task: Task, epfd: int, out: int, limit: int, timeout_ns: int | None) -> int | Wait:
    if limit <= 0 or limit > 0x7FFF_FFFF // EPOLL_EVENT_BYTES:
        raise LinuxError(errno.EINVAL)
    epoll = _epoll(task, epfd)
    over = timeout_over(k, task, timeout_ns)
    found = epoll.collect(k, limit)
    if not found and not over:
        epoll.waited_for(k, POLLIN)
        epoll.tell_short_calls(k, epfd, out, limit)
        return EpollWait(epoll)
    k.mem.write(out, b"".join([pack_epoll_event(*event) for event in found]))
    epoll.tell_short_calls(k, epfd, out, limit)
    return len(found)


@syscall(
    22,
    "epoll_pwait",
    "epfd:fd events:out_epoll_events maxevents:int timeout:int sigmask:sigset sigsetsize:size -> int",
    stirs=False,
)
def sys_epoll_pwait(
    k: Kernel, task: Task, epfd: int, out: int, limit: int, timeout_ms: int, mask: int, size: int
) -> int | Wait:
    """epoll_pwait(2)."""
    set_mask(k, task, mask, size)
    return _wait(k, task, epfd, out, limit, None if timeout_ms < 0 else timeout_ms * _MS)


@syscall(
    441,
    "epoll_pwait2",
    "epfd:fd events:out_epoll_events maxevents:int timeout:timespec sigmask:sigset sigsetsize:size -> int",
    stirs=False,
)
def sys_epoll_pwait2(
    k: Kernel, task: Task, epfd: int, out: int, limit: int, timeout: int, mask: int, size: int
) -> int | Wait:
    """epoll_pwait2(2)."""
    timeout_ns = k.read_timespec(timeout) if timeout else None
    set_mask(k, task, mask, size)
    return _wait(k, task, epfd, out, limit, timeout_ns)
