"""stat(2) and its relatives."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from friscy.kernel import short
from friscy.kernel.paths import mount_id, target
from friscy.kernel.structs import STATX__RESERVED, pack_stat, pack_statfs, pack_statx
from friscy.kernel.table import syscall
from lazyfs.abi import AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW
from lazyfs.errors import LinuxError
from lazyfs.inode import Location

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Task
    from lazyfs.stat import Stat

AT_NO_AUTOMOUNT = 0x800
AT_STATX_SYNC_TYPE = 0x6000
_STAT_FLAGS = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH


def _write(k: Kernel, task: Task, out: int, st: Stat) -> None:
    k.mem.write(out, pack_stat(st))
    if task.process.files.short is not None:
        short.trust_output(k, out)


@syscall(79, "newfstatat", "dirfd path stat:out_stat flags:at_flags -> int", stirs=False)
def sys_newfstatat(k: Kernel, task: Task, dirfd: int, path: int, out: int, flags: int) -> int:
    """fstatat(2)."""
    what, start, follow = target(k, task, dirfd, path, flags, _STAT_FLAGS)
    if isinstance(what, bytes):
        st = k.vfs.stat_path(task.process.fs, what, start=start, follow=follow)
    else:
        st = k.vfs.stat(what)
        if path and task.process.files.short is not None:
            short.trust_input(k, path)
    _write(k, task, out, st)
    return 0


@syscall(80, "fstat", "fd stat:out_stat -> int", stirs=False)
def sys_fstat(k: Kernel, task: Task, fd: int, out: int) -> int:
    """fstat(2)."""
    _write(k, task, out, k.vfs.stat(task.process.files.get_path(fd)))
    return 0


@syscall(291, "statx", "dirfd path flags:at_flags mask:statx_mask statx:out_statx -> int")
def sys_statx(k: Kernel, task: Task, dirfd: int, path: int, flags: int, mask: int, out: int) -> int:
    """statx(2). The mask is a wish: all basic fields are always given."""
    if mask & STATX__RESERVED or flags & AT_STATX_SYNC_TYPE == AT_STATX_SYNC_TYPE:
        raise LinuxError(errno.EINVAL)
    what, start, follow = target(k, task, dirfd, path, flags, _STAT_FLAGS | AT_STATX_SYNC_TYPE)
    if isinstance(what, bytes):
        what = k.vfs.lookup(task.process.fs, what, start=start, follow=follow)
    place = what if isinstance(what, Location) else what.location
    packed = pack_statx(
        k.vfs.stat(what),
        mount_id=mount_id(place.mount),
        mount_root=place.dentry is place.mount.root and place.inode is what.inode,
    )
    k.mem.write(out, packed)
    return 0


@syscall(43, "statfs", "path statfs:out_statfs -> int")
def sys_statfs(k: Kernel, task: Task, path: int, out: int) -> int:
    """statfs(2)."""
    found = k.vfs.lookup(task.process.fs, k.path(path))
    k.mem.write(out, pack_statfs(k.vfs.statfs(found)))
    return 0


@syscall(44, "fstatfs", "fd statfs:out_statfs -> int")
def sys_fstatfs(k: Kernel, task: Task, fd: int, out: int) -> int:
    """fstatfs(2)."""
    k.mem.write(out, pack_statfs(k.vfs.statfs(task.process.files.get_path(fd))))
    return 0
