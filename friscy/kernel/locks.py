"""Advisory file locks: flock(2), fcntl(2) record locks and open-file-description locks.

Record locks belong to a process and go when it closes any descriptor of the file; the other two belong to an
open file description. flock and fcntl locks do not see each other.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any

from friscy.kernel.wait import Wait
from lazyfs.errors import LinuxError
from lazyfs.inode import Inode
from lazyfs.plain import Plain, default

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Task

F_RDLCK, F_WRLCK, F_UNLCK = 0, 1, 2
LOCK_SH, LOCK_EX, LOCK_NB, LOCK_UN, LOCK_MAND = 1, 2, 4, 8, 32
OFFSET_MAX = (1 << 63) - 1


class RangeLock(Plain):
    """Bytes [start, end] (inclusive) of a file, locked by `owner` (a Process or an OpenFile)."""

    inode: Inode
    owner: Any
    kind: int
    start: int
    end: int
    pid: int  # what F_GETLK reports: -1 for a description's lock


class WholeLock(Plain):
    """A flock(2) lock."""

    inode: Inode
    owner: Any
    exclusive: bool


class LockTable(Plain):
    """All locks that are held."""

    ranges: list[RangeLock] = default(list)
    wholes: list[WholeLock] = default(list)

    def conflict(self, inode: Inode, owner: object, kind: int, start: int, end: int) -> RangeLock | None:
        """The first lock of someone else that keeps `owner` from locking [start, end]."""
        for lock in self.ranges:
            if (
                lock.inode is inode
                and lock.owner is not owner
                and getattr(lock.owner, "exit_status", None) is None  # a process that ended holds nothing
                and lock.start <= end
                and start <= lock.end
                and F_WRLCK in (kind, lock.kind)
            ):
                return lock
        return None

    def set_range(self, inode: Inode, owner: Any, kind: int, start: int, end: int, pid: int) -> None:
        """Lock or (F_UNLCK) unlock [start, end]; what the owner held there is replaced, split or joined.

        The caller has seen that there is no conflict.
        """
        kept: list[RangeLock] = []
        own: list[RangeLock] = []
        for lock in self.ranges:
            if lock.inode is not inode or lock.owner is not owner:
                kept.append(lock)
                continue
            touches = lock.start <= end + 1 and start <= lock.end + 1
            if touches and lock.kind == kind:
                start, end = min(start, lock.start), max(end, lock.end)
                continue
            if lock.start < start:
                own.append(RangeLock(inode, owner, lock.kind, lock.start, min(lock.end, start - 1), pid))
            if lock.end > end:
                own.append(RangeLock(inode, owner, lock.kind, max(lock.start, end + 1), lock.end, pid))
        if kind != F_UNLCK:
            own.append(RangeLock(inode, owner, kind, start, end, pid))
        # In order of start: F_GETLK reports the first that is in the way.
        self.ranges = kept + sorted(own, key=lambda lock: lock.start)

    def release_ranges(self, owner: object, inode: Inode | None = None) -> None:
        """Drop the record locks of `owner` (on `inode` only)."""
        if self.ranges:
            self.ranges = [
                lock
                for lock in self.ranges
                if lock.owner is not owner or (inode is not None and lock.inode is not inode)
            ]

    def whole_conflict(self, inode: Inode, owner: object, exclusive: bool) -> bool:
        return any(
            lock.inode is inode and lock.owner is not owner and (exclusive or lock.exclusive)
            for lock in self.wholes
        )

    def set_whole(self, inode: Inode, owner: Any, exclusive: bool) -> None:
        self.release_wholes(owner)
        self.wholes.append(WholeLock(inode, owner, exclusive))

    def release_wholes(self, owner: object) -> None:
        if self.wholes:
            self.wholes = [lock for lock in self.wholes if lock.owner is not owner]

    def release_file(self, file: object) -> None:
        """An open file description is gone, and with it its locks."""
        self.release_ranges(file)
        self.release_wholes(file)


class RangeWait(Wait):
    """F_SETLKW: waits until nobody else's lock is in the way."""

    table: LockTable
    inode: Inode
    owner: Any
    kind: int
    start: int
    end: int

    def ready(self, k: Kernel, task: Task) -> bool:
        return self.table.conflict(self.inode, self.owner, self.kind, self.start, self.end) is None


def would_deadlock(k: Kernel, table: LockTable, wanted: RangeWait) -> bool:
    """Whether a process that began this wait would wait for itself, through whatever others wait for."""
    waits = {
        id(task.process): task.wait for task in k.state.tasks.values() if isinstance(task.wait, RangeWait)
    }
    seen: set[int] = set()
    wait: Wait | None = wanted
    while isinstance(wait, RangeWait):
        lock = table.conflict(wait.inode, wait.owner, wait.kind, wait.start, wait.end)
        if lock is None or id(lock.owner) in seen:
            return False
        if lock.owner is wanted.owner:
            return True
        seen.add(id(lock.owner))
        wait = waits.get(id(lock.owner))
    return False


class WholeWait(Wait):
    """flock(2) without LOCK_NB."""

    table: LockTable
    inode: Inode
    owner: Any
    exclusive: bool

    def ready(self, k: Kernel, task: Task) -> bool:
        return not self.table.whole_conflict(self.inode, self.owner, self.exclusive)


def byte_range(base: int, start: int, length: int) -> tuple[int, int]:
    """[first, last] of a struct flock, `base` being what l_whence stands for. EINVAL, EOVERFLOW."""
    first = base + start
    if first < 0:
        raise LinuxError(errno.EINVAL)
    if first > OFFSET_MAX:
        raise LinuxError(errno.EOVERFLOW)
    if length > 0:
        last = first + length - 1
        if last > OFFSET_MAX:
            raise LinuxError(errno.EOVERFLOW)
        return first, last
    if length < 0:
        if first + length < 0:
            raise LinuxError(errno.EINVAL)
        return first + length, first - 1
    return first, OFFSET_MAX
