"""What the three kinds of System V objects share: keys, ids, permissions, and the life of an object.

`IpcTable` holds the objects of one kind; it and they are plain state. See sysvipc(7).
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Callable, Iterator
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any

from friscy.kernel.credentials import CAP_IPC_OWNER, CAP_SYS_ADMIN, capable
from lazyfs.errors import LinuxError
from lazyfs.plain import Plain, default

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Process, Task

IPC_PRIVATE = 0
IPC_CREAT, IPC_EXCL, IPC_NOWAIT = 0o1000, 0o2000, 0o4000
IPC_RMID, IPC_SET, IPC_STAT, IPC_INFO = 0, 1, 2, 3
READ, WRITE = 0o444, 0o222
_INDEX_BITS, _INDEX_MASK = 15, (1 << 15) - 1
_PERM = struct.Struct("<i5IHH4xQQ")
PERM_BYTES = _PERM.size
NSEC = 1_000_000_000


class IpcObject(Plain):
    """What every object has; times are seconds of CLOCK_REALTIME."""

    key: int
    uid: int
    gid: int
    creator_uid: int
    creator_gid: int
    mode: int
    id: int = -1
    removed: bool = False
    change_time: int = 0

    def pack_perm(self) -> bytes:
        """struct ipc64_perm."""
        return _PERM.pack(
            self.key,
            self.uid,
            self.gid,
            self.creator_uid,
            self.creator_gid,
            self.mode,
            self.id >> _INDEX_BITS & 0xFFFF,
            0,
            0,
            0,
        )


class IpcTable(Plain):
    """The objects of one kind. next_id: what the next new one is to be, where someone asked (sysctl)."""

    slots: dict[int, Any] = default(dict)  # by index, the low bits of the id
    free: list[int] = default(list)  # a heap of indexes below `top` that are not in use
    top: int = 0
    by_key: dict[int, Any] = default(dict)
    last_index: int = -1
    sequence: int = 0
    next_id: int = -1

    def __iter__(self) -> Iterator[Any]:
        return iter(self.slots.values())

    def __len__(self) -> int:
        return len(self.slots)

    def add(self, made: Any, limit: int) -> int:
        """Give a new object its id. ENOSPC: there are `limit` already."""
        if len(self.slots) >= limit:
            raise LinuxError(errno.ENOSPC)
        if self.next_id >= 0:
            index, self.sequence = self.next_id & _INDEX_MASK, self.next_id >> _INDEX_BITS
            while index in self.slots:
                index += 1
            self.free = [at for at in range(max(self.top, index)) if at not in self.slots and at != index]
            self.top = max(self.top, index + 1)
        else:
            index = heappop(self.free) if self.free else self.top
            self.top = max(self.top, index + 1)
            if index <= self.last_index:
                self.sequence = self.sequence + 1 & 0xFFFF
        self.next_id, self.last_index = -1, index
        made.id = self.sequence << _INDEX_BITS | index
        self.slots[index] = made
        if made.key != IPC_PRIVATE:
            self.by_key[made.key] = made
        return int(made.id)

    def find(self, ident: int) -> Any:
        """The object with this id. EINVAL: none; EIDRM: it is another one by now."""
        found = self.at(ident & _INDEX_MASK) if ident >= 0 else None
        if found is None:
            raise LinuxError(errno.EINVAL)
        if found.id != ident:
            raise LinuxError(errno.EIDRM)
        return found

    def at(self, index: int) -> Any:
        """The object in the kernel's slot `index` (MSG_STAT and its kind). EINVAL: the slot is free."""
        if index not in self.slots:
            raise LinuxError(errno.EINVAL)
        return self.slots[index]

    def highest(self) -> int:
        """The highest slot in use, 0 for none: what the INFO commands return."""
        return max(self.slots, default=0)

    def hide(self, gone: Any) -> None:
        """Let no key lead to an object any more."""
        self.by_key.pop(gone.key, None)
        gone.key = IPC_PRIVATE

    def remove(self, gone: Any) -> None:
        """Forget an object; who waits for it sees `removed`."""
        gone.removed = True
        self.hide(gone)
        if self.slots.pop(gone.id & _INDEX_MASK, None) is not None:
            heappush(self.free, gone.id & _INDEX_MASK)


class Ipc(Plain):
    """All System V objects of the machine, and the message queues of POSIX (posix_queues): `KernelState.ipc`."""

    queues: IpcTable = default(IpcTable)
    semaphores: IpcTable = default(IpcTable)
    segments: IpcTable = default(IpcTable)
    mqueue: Any = None  # a Mount of the MqueueFs, once there was a use for it


def ipc(k: Kernel) -> Ipc:
    """The machine's `Ipc`, made on first use."""
    if k.state.ipc is None:
        k.state.ipc = Ipc()
    found = k.state.ipc
    assert isinstance(found, Ipc)
    return found


def seconds(k: Kernel) -> int:
    """The time as System V objects note it."""
    return k.realtime_ns() // NSEC


def get(
    k: Kernel,
    task: Task,
    table: IpcTable,
    key: int,
    flags: int,
    create: Callable[[dict[str, Any]], int],
    check: Callable[[Any], None],
) -> int:
    """msgget(2), semget(2), shmget(2): the id for `key`. create: makes one; check: whether one found will do."""
    found = None
    if key != IPC_PRIVATE:
        found = table.by_key.get(key)
        if found is None and not flags & IPC_CREAT:
            raise LinuxError(errno.ENOENT)
        if found is not None and flags & IPC_CREAT and flags & IPC_EXCL:
            raise LinuxError(errno.EEXIST)
    if found is not None:
        check(found)
        permit(task.process, found, flags)
        return int(found.id)
    ids = task.process.credentials
    common: dict[str, Any] = {
        "key": key,
        "uid": ids.euid,
        "gid": ids.egid,
        "creator_uid": ids.euid,
        "creator_gid": ids.egid,
        "mode": flags & 0o777,
        "change_time": seconds(k),
    }
    return create(common)


def permit(process: Process, wanted: IpcObject, mode: int) -> None:
    """EACCES unless the process may use an object as the permission bits `mode` say, wherever they stand."""
    ids = process.credentials
    requested = mode >> 6 | mode >> 3 | mode
    granted = wanted.mode
    if ids.euid in (wanted.uid, wanted.creator_uid):
        granted >>= 6
    elif {ids.egid, *ids.groups} & {wanted.gid, wanted.creator_gid}:
        granted >>= 3
    if requested & ~granted & 0o7 and not capable(process, CAP_IPC_OWNER):
        raise LinuxError(errno.EACCES)


def check_owner(process: Process, wanted: IpcObject) -> None:
    """EPERM unless the process may change or remove an object."""
    if process.credentials.euid not in (wanted.uid, wanted.creator_uid) and not capable(
        process, CAP_SYS_ADMIN
    ):
        raise LinuxError(errno.EPERM)


def set_perm(k: Kernel, wanted: IpcObject, perm: bytes) -> None:
    """IPC_SET: take owner and mode from a struct ipc64_perm. EINVAL: ids that are none."""
    _, uid, gid, _, _, mode, *_ = _PERM.unpack(perm)
    if 0xFFFF_FFFF in (uid, gid):
        raise LinuxError(errno.EINVAL)
    wanted.uid, wanted.gid = uid, gid
    wanted.mode = wanted.mode & ~0o777 | mode & 0o777
    wanted.change_time = seconds(k)
