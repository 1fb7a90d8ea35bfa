"""Which files may be opened without the kernel the next time (friscy.machine.short_files), and until when.

A path leads where it led, and who was let in is let in again, until something of it that is in memory is about to
change (`Vfs.changing`: names, mounts, owners, modes, data), or `forget_files` is called: for another root, another
user, another limit, a lock or a lease. What the host may change is asked of the host each time. Only paths without
symlinks are kept.
"""

from __future__ import annotations

import os
from stat import S_ISREG
from typing import TYPE_CHECKING

from friscy.kernel.short import forget_files
from friscy.kernel.state import RLIMIT_NOFILE
from friscy.kernel.structs import pack_stat
from friscy.machine.short_files import host_stat
from friscy.machine.short_words import SOURCE
from lazyfs.abi import O_CLOEXEC, O_LARGEFILE, O_NOATIME, O_NOCTTY, O_NOFOLLOW, O_NONBLOCK
from lazyfs.openfile import description
from lazyfs.tmpfs import MemInode

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Task
    from friscy.machine.short_files import HostWay, KeptFiles
    from lazyfs.inode import Inode, Location
    from lazyfs.openfile import OpenFile

_FLAGS = O_CLOEXEC | O_LARGEFILE | O_NOATIME | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK  # that a kept open may have
_MAX_BYTES = 1 << 20  # of a file in memory: the host gets a copy


class _Opening:
    """What the open file description is made of."""

    __slots__ = ("cloexec", "credentials", "flags", "inode", "location")

    def __init__(self, file: OpenFile, cloexec: bool) -> None:
        self.location, self.inode, self.flags = file.location, file.inode, file.flags
        self.credentials, self.cloexec = file.credentials, cloexec


class _Watch:
    """Is told of what in memory is about to change (`Vfs.changing`)."""

    def __init__(self, k: Kernel) -> None:
        self._k = k
        self._inodes: set[Inode] = set()

    def add(self, location: Location) -> None:
        """All that leads to `location`, and itself."""
        mount, dentry = location.mount, location.dentry
        while True:
            self._inodes.add(dentry.inode)
            below = mount.mountpoint
            if dentry is mount.root and below is not None:
                mount, dentry = below.mount, below.dentry
            elif dentry.parent is not None:
                dentry = dentry.parent
            else:
                return

    def __call__(self, inode: Inode) -> None:
        if inode in self._inodes:
            forget_files(self._k)


def _files(k: Kernel) -> KeptFiles:
    return k.spaces[k.task.process.pid].short_calls.kept_files()


def offer(k: Kernel, task: Task, fd: int, name: bytes, flags: int) -> None:
    """The running task, whose descriptors short calls know, has opened the file `name`: it may do so again."""
    table = task.process.files
    file = table.slots[fd].file
    if flags & ~_FLAGS or name[:1] != b"/" or not S_ISREG(file.inode.mode) or not _is_quiet(k):
        return
    files = _files(k)
    if not files.is_due(name, flags) or k.vfs.path_of(task.process.fs, file.location) != name:
        return
    place, told, shown = _host_file(k, file) if not isinstance(file.inode, MemInode) else _copy(k, file)
    if place is None:
        return
    opening = _Opening(file, bool(flags & O_CLOEXEC))
    files.keep(name, flags, task.process.limits[RLIMIT_NOFILE][0], place, told, shown, opening)
    if not isinstance(k.vfs.changing, _Watch):
        k.vfs.changing = _Watch(k)
    k.vfs.changing.add(file.location)


def _is_quiet(k: Kernel) -> bool:
    """Whether nobody has to be told that a file is opened or closed."""
    devices = k.state.devices
    return (
        k.vfs.observer is None
        and not k.backings.shared
        and (devices is None or not (devices.leases or devices.locks.ranges))
    )


def _host_file(k: Kernel, file: OpenFile) -> tuple[HostWay | None, bytes, bytes]:
    host_fd, way = k.vfs.host_file(file), file.inode.fs.host_way(k.vfs, file.inode)
    if host_fd < 0 or way is None:
        return None, b"", b""
    told = host_stat(host_fd)
    shown = pack_stat(k.vfs.stat(file))
    if not told or host_stat(host_fd) != told:
        return None, b"", b""
    directory, name, through = way
    is_root = k.task.process.fs.credentials.uid == 0  # who may use every directory
    return (directory, name, () if is_root else through), told, shown


def _copy(k: Kernel, file: OpenFile) -> tuple[int | None, bytes, bytes]:
    if file.inode.size > _MAX_BYTES:
        return None, b"", b""
    copy = os.memfd_create("friscy-kept", os.MFD_CLOEXEC)
    data = memoryview(k.vfs.pread(file, file.inode.size, 0))
    while data:
        data = data[os.write(copy, data) :]
    return copy, b"", pack_stat(k.vfs.stat(file))


def settle(k: Kernel) -> None:
    """Enter the file that the running task has opened without the kernel in its table."""
    fd, host_fd, opening = _files(k).settle()
    file = description(opening.location, opening.inode, opening.flags, opening.credentials)
    inode, table = file.inode, k.task.process.files
    if host_fd >= 0:
        inode.fs.adopt(k.vfs, file, host_fd)
    else:
        inode.fs.open(k.vfs, file)
    table.put(k, fd, file, cloexec=opening.cloexec)
    if host_fd >= 0 and table.short is not None:
        table.short.allow(fd, host_fd, SOURCE)
