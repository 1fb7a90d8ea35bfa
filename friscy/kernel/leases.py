"""Leases (F_SETLEASE): whoever has one on a file is told before somebody else opens it, and the other waits meanwhile.

Gap: descriptions that are in nobody's descriptor table (sent over a socket, or mapped only) are not seen to be open.
"""

from __future__ import annotations

import errno
from stat import S_ISREG
from typing import TYPE_CHECKING

from friscy.kernel import short
from friscy.kernel.credentials import CAP_LEASE, capable
from friscy.kernel.devices import devices
from friscy.kernel.events import signal_io
from friscy.kernel.locks import F_RDLCK, F_UNLCK, F_WRLCK
from friscy.kernel.sysctl import sysctl
from friscy.kernel.wait import Blocked, Wait
from lazyfs.errors import LinuxError
from lazyfs.inode import Inode
from lazyfs.openfile import OpenFile
from lazyfs.plain import Plain

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Task

_NSEC = 1_000_000_000


class Lease(Plain):
    """kind: F_RDLCK or F_WRLCK. yields_to: what it is to become, once somebody waits; deadline: when it is made that,
    on the monotonic clock, None for never. fd: what its owner is told."""

    file: OpenFile
    kind: int
    fd: int
    yields_to: int | None = None
    deadline: int | None = None

    def opposes(self, inode: Inode, *, writing: bool) -> bool:
        """Whether somebody who opens the file so has to wait."""
        return self.file.inode is inode and (writing or self.kind == F_WRLCK)


class LeaseWait(Wait):
    """Waits until no lease is in the way of an open."""

    inode: Inode
    writing: bool

    def ready(self, k: Kernel, task: Task) -> bool:
        """See Wait."""
        return not self._obstacles(k)

    def deadline(self, k: Kernel, task: Task) -> int | None:
        """See Wait."""
        return min(
            (lease.deadline for lease in self._obstacles(k) if lease.deadline is not None), default=None
        )

    def _obstacles(self, k: Kernel) -> list[Lease]:
        return [lease for lease in devices(k).leases if lease.opposes(self.inode, writing=self.writing)]


def break_leases(k: Kernel, inode: Inode, *, writing: bool, waiting: bool) -> None:
    """Somebody opens or truncates a file. EAGAIN: there is a lease, and the caller does not wait."""
    table, now = devices(k).leases, k.monotonic_ns()
    obstacles = False
    for lease in [lease for lease in table if lease.opposes(inode, writing=writing)]:
        if lease.deadline is not None and now >= lease.deadline:
            _change(k, lease, F_UNLCK if lease.yields_to is None else lease.yields_to)
            if lease not in table or not lease.opposes(inode, writing=writing):
                continue
        if lease.yields_to is None or (writing and lease.yields_to != F_UNLCK):
            seconds = sysctl(k, "fs/lease-break-time")
            lease.deadline = now + seconds * _NSEC if seconds else None
            lease.yields_to = F_UNLCK if writing else F_RDLCK
            owner = signal_io.owner_of(k, lease.file)
            if owner is not None:
                owner.fd = lease.fd
                owner.tell(k, signal_io.POLL_MSG)
        obstacles = True
    if not obstacles:
        return
    if not waiting:
        raise LinuxError(errno.EAGAIN)
    raise Blocked(LeaseWait(inode, writing))


def _change(k: Kernel, lease: Lease, kind: int) -> None:
    if kind == F_UNLCK:
        devices(k).leases.remove(lease)
    lease.kind, lease.yields_to, lease.deadline = kind, None, None


def _find(k: Kernel, file: OpenFile) -> Lease | None:
    return next((lease for lease in devices(k).leases if lease.file is file), None)


def get_lease(k: Kernel, file: OpenFile) -> int:
    """F_GETLEASE: its kind, or what it is to become."""
    lease = _find(k, file)
    if lease is None:
        return F_UNLCK
    return lease.kind if lease.yields_to is None else lease.yields_to


def set_lease(k: Kernel, task: Task, file: OpenFile, fd: int, kind: int) -> None:
    """F_SETLEASE. EACCES: the file is another user's; EAGAIN: it is open in a way that does not go with it."""
    table, inode, lease = devices(k).leases, file.inode, _find(k, file)
    if kind not in (F_RDLCK, F_WRLCK, F_UNLCK):
        raise LinuxError(errno.EINVAL)
    if task.process.credentials.fsuid != inode.uid and not capable(task.process, CAP_LEASE):
        raise LinuxError(errno.EACCES)
    if not S_ISREG(inode.mode):
        raise LinuxError(errno.EINVAL)
    if kind == F_UNLCK:
        if lease is None:
            raise LinuxError(errno.EAGAIN)
        _change(k, lease, F_UNLCK)
        return
    others = [other for other in table if other.file.inode is inode and other is not lease]
    opened = _opened(k, inode)
    if kind == F_RDLCK:
        hindered = any(each.writable for each in opened) or any(
            other.yields_to == F_UNLCK for other in others
        )
    else:
        hindered = bool(others) or any(each is not file for each in opened)
    if hindered:
        raise LinuxError(errno.EAGAIN)
    signal_io.claim(k, task, file)
    short.forget_files(k)
    if lease is None:
        table.append(Lease(file, kind, fd))
    else:
        _change(k, lease, kind)


def _opened(k: Kernel, inode: Inode) -> list[OpenFile]:
    """The descriptions through which a file is open."""
    tables = (process.files.slots.values() for process in k.state.processes.values())
    return [slot.file for slots in tables for slot in slots if slot.file.inode is inode]


def release(k: Kernel, file: OpenFile) -> None:
    """The last holder of a description is gone."""
    lease = _find(k, file)
    if lease is not None:
        _change(k, lease, F_UNLCK)
