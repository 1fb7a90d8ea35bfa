"""name_to_handle_at(2): what tells a file from all others, with or without its name."""

from __future__ import annotations

import errno
import struct
from typing import TYPE_CHECKING

from friscy.kernel.paths import mount_id, target
from friscy.kernel.table import refused, syscall
from lazyfs.abi import AT_EMPTY_PATH, AT_SYMLINK_FOLLOW
from lazyfs.errors import LinuxError
from lazyfs.openfile import OpenFile

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Task

AT_HANDLE_MNT_ID_UNIQUE, AT_HANDLE_CONNECTABLE, AT_HANDLE_FID = 1, 2, 0x200
_OURS = AT_HANDLE_MNT_ID_UNIQUE | AT_HANDLE_CONNECTABLE | AT_HANDLE_FID
_MAX_BYTES = 128
_INO64_GEN = 0x81  # FILEID_INO64_GEN: inode number and generation, which here is the filesystem's number
_HANDLE = struct.Struct("<QI")


@syscall(264, "name_to_handle_at", "dirfd path handle:ptr mount_id:out_int flags:at_flags -> int")
def sys_name_to_handle_at(
    k: Kernel, task: Task, dirfd: int, path: int, handle: int, mount_at: int, flags: int
) -> int:
    """name_to_handle_at(2). EOVERFLOW: the caller has no room for a handle, and is told how much it takes."""
    if flags & AT_HANDLE_CONNECTABLE and flags & (AT_HANDLE_FID | AT_EMPTY_PATH):
        raise LinuxError(errno.EINVAL)
    allowed = AT_EMPTY_PATH | AT_SYMLINK_FOLLOW
    what, start, _ = target(k, task, dirfd, path, flags & ~_OURS, allowed)
    if isinstance(what, OpenFile):
        place = what.location
    elif isinstance(what, bytes):
        place = k.vfs.lookup(task.process.fs, what, start=start, follow=bool(flags & AT_SYMLINK_FOLLOW))
    else:
        place = what
    room = k.mem.u32(handle)
    if room > _MAX_BYTES:
        raise LinuxError(errno.EINVAL)
    number = mount_id(place.mount)
    if flags & AT_HANDLE_MNT_ID_UNIQUE:
        k.mem.set_u64(mount_at, number)
    else:
        k.mem.set_u32(mount_at, number)
    if room < _HANDLE.size:
        k.mem.set_u32(handle, _HANDLE.size)
        raise LinuxError(errno.EOVERFLOW)
    inode = place.dentry.inode
    k.mem.write(
        handle, struct.pack("<Ii", _HANDLE.size, _INO64_GEN) + _HANDLE.pack(inode.ino, inode.fs.device)
    )
    return 0


refused(
    265,
    "open_by_handle_at",
    "mount_fd:dirfd handle:ptr flags:open_flags -> fd",
    errno.EPERM,
    "a container has no CAP_DAC_READ_SEARCH",
)
