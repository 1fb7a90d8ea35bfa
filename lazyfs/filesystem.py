"""What a filesystem implements below the VFS.

The VFS has already checked names, permissions, kinds and existence, and keeps the dentries; a filesystem
keeps inodes and their links, sizes and times. What it does not implement fails as on Linux.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, ClassVar

from lazyfs.errors import LinuxError
from lazyfs.inode import Inode
from lazyfs.plain import Plain
from lazyfs.stat import StatFs

if TYPE_CHECKING:
    from lazyfs.host import VfsHost
    from lazyfs.inode import Location
    from lazyfs.openfile import OpenFile

Entry = tuple[bytes, int, int]  # name, ino, DT_* type
Data = bytes | bytearray | memoryview


class FileSystem(Plain):
    """One filesystem instance; `device` is its minor number in st_dev."""

    device: int

    # dynamic: names come and go without us, so a cached dentry is looked up again each time.
    dynamic: ClassVar[bool] = False
    open_verifies: ClassVar[bool] = False  # `open` fails where the file is not any more what its name was found to be
    kernel_opens: ClassVar[bool] = False  # what open(2) gives may be a file of the kernel's own
    magic: ClassVar[int] = 0  # statfs.f_type

    def type_name(self) -> bytes:
        """The type in /proc/mounts."""
        raise NotImplementedError

    def root(self, vfs: VfsHost) -> Inode:
        """The inode of the root directory."""
        raise NotImplementedError

    # Names. `directory` is a directory's inode; the methods that change it also set its times and link count.

    def lookup(self, vfs: VfsHost, directory: Inode, name: bytes, known: Inode | None) -> Inode | None:
        """The inode `name` refers to; `known` itself if it is still the one."""
        raise NotImplementedError

    def entries(self, vfs: VfsHost, directory: Inode) -> list[Entry]:
        """All names of a directory but `.` and `..`."""
        raise NotImplementedError

    def is_empty(self, vfs: VfsHost, directory: Inode) -> bool:
        """Whether rmdir may remove it."""
        return not self.entries(vfs, directory)

    def create(
        self,
        vfs: VfsHost,
        directory: Inode,
        name: bytes | None,
        mode: int,
        uid: int,
        gid: int,
        *,
        rdev: tuple[int, int] = (0, 0),
        target: bytes = b"",
    ) -> Inode:
        """A new inode of the kind in `mode`, entered as `name` (None: not entered, O_TMPFILE)."""
        raise LinuxError(errno.EPERM)

    def link(self, vfs: VfsHost, directory: Inode, name: bytes, inode: Inode) -> None:
        """Enter an existing inode, no directory, under a new name."""
        raise LinuxError(errno.EPERM)

    def unlink(self, vfs: VfsHost, directory: Inode, name: bytes, inode: Inode) -> None:
        """Remove a name; a directory is empty."""
        raise LinuxError(errno.EPERM)

    def rename(
        self,
        vfs: VfsHost,
        old_directory: Inode,
        old_name: bytes,
        inode: Inode,
        new_directory: Inode,
        new_name: bytes,
        replaced: Inode | None,
        exchange: bool,
    ) -> None:
        """Move a name over `replaced` (an empty directory or another inode), or exchange the two."""
        raise LinuxError(errno.EPERM)

    # Inodes

    def refresh(self, vfs: VfsHost, inode: Inode) -> None:
        """Bring the attributes in `inode` up to date, where they change without us."""

    def readlink(self, vfs: VfsHost, inode: Inode) -> bytes:
        """The target of a symlink."""
        raise LinuxError(errno.EINVAL)

    def follow(self, vfs: VfsHost, inode: Inode) -> Location | None:
        """Where a magic link (/proc/self/fd/0) leads at once; None for an ordinary symlink."""
        return None

    def set_attributes(
        self,
        vfs: VfsHost,
        inode: Inode,
        *,
        mode: int | None = None,
        uid: int | None = None,
        gid: int | None = None,
        atime_ns: int | None = None,
        mtime_ns: int | None = None,
    ) -> None:
        """Change attributes and ctime; mode: permission bits only."""
        raise LinuxError(errno.EPERM)

    def get_xattrs(self, vfs: VfsHost, inode: Inode) -> dict[bytes, bytes]:
        """All extended attributes."""
        return {}

    def set_xattrs(self, vfs: VfsHost, inode: Inode, xattrs: dict[bytes, bytes]) -> None:
        """Replace the extended attributes, and set ctime."""
        raise LinuxError(errno.EOPNOTSUPP)

    def host_file(self, vfs: VfsHost, file: OpenFile) -> int:
        """The host's descriptor of a regular file that has the same bytes at the same places; -1: there is none."""
        return -1

    def host_way(self, vfs: VfsHost, inode: Inode) -> tuple[int, bytes, tuple[int, ...]] | None:
        """How the host finds a file by itself; None: it cannot.

        The descriptor of a directory that stays open, the name below it, and descriptors of all directories on the way.
        """
        return None

    def adopt(self, vfs: VfsHost, file: OpenFile, fd: int) -> None:
        """A file of `host_way` was opened as the host's `fd`, which is the filesystem's from now on."""
        raise NotImplementedError

    def blocks(self, vfs: VfsHost, inode: Inode) -> int:
        """st_blocks: units of 512 bytes."""
        return (inode.size + 4095 >> 12) * 8 if inode.size else 0

    def statfs(self, vfs: VfsHost) -> StatFs:
        """statfs(2), mount flags left 0."""
        return StatFs(self.magic, 4096, 0, 0, 0, 0, 0, self.device, 255, 4096, 0)

    # Open files

    def open(self, vfs: VfsHost, file: OpenFile) -> None:
        """A regular file or directory was opened (permission granted, O_TRUNC done)."""

    def release(self, vfs: VfsHost, file: OpenFile) -> None:
        """The last reference to the description is gone."""

    def ioctl(self, vfs: VfsHost, file: OpenFile, request: int, argument: int) -> int:
        """An ioctl(2) on a regular file or directory that not every filesystem answers in the same way."""
        raise LinuxError(errno.ENOTTY)

    # Data of regular files

    def read(self, vfs: VfsHost, file: OpenFile, offset: int, n: int) -> bytes:
        """Up to `n` bytes at `offset`."""
        raise LinuxError(errno.EINVAL)

    def write(self, vfs: VfsHost, file: OpenFile, offset: int, data: Data) -> int:
        """Write at `offset`, growing the file; bytes written (ENOSPC only if none)."""
        raise LinuxError(errno.EINVAL)

    def truncate(self, vfs: VfsHost, inode: Inode, length: int, file: OpenFile | None = None) -> None:
        """Set the size; times too."""
        raise LinuxError(errno.EPERM)

    def allocate(
        self, vfs: VfsHost, file: OpenFile, offset: int, length: int, *, zero: bool, grow: bool
    ) -> None:
        """fallocate: make [offset, offset + length) need no more space, or (zero) read as zeros."""
        raise LinuxError(errno.EOPNOTSUPP)

    def punch(self, vfs: VfsHost, file: OpenFile, offset: int, length: int) -> None:
        """fallocate PUNCH_HOLE."""
        raise LinuxError(errno.EOPNOTSUPP)

    def seek_data(self, vfs: VfsHost, inode: Inode, offset: int) -> int:
        """The first byte of data at or behind `offset` < size; -1 if there is none."""
        return offset

    def seek_hole(self, vfs: VfsHost, inode: Inode, offset: int) -> int:
        """The first hole at or behind `offset` < size (the end of the file is one)."""
        return inode.size
