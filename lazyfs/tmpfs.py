"""Filesystems in memory: tmpfs, and with it the upper layer that the overlay adds to an index."""

from __future__ import annotations

import errno
from stat import S_IFDIR, S_IFLNK, S_IFMT, S_IFREG, S_ISDIR
from typing import TYPE_CHECKING, ClassVar

from lazyfs.abi import TMPFS_MAGIC
from lazyfs.content import BLOCK, Content, LowerRead
from lazyfs.errors import LinuxError
from lazyfs.filesystem import Data, Entry, FileSystem
from lazyfs.inode import Inode
from lazyfs.stat import StatFs

if TYPE_CHECKING:
    from lazyfs.host import VfsHost
    from lazyfs.openfile import OpenFile

MAX_FILE_BYTES = (1 << 63) - 1


class MemInode(Inode):
    """An inode in memory.

    entries: of a directory, name -> inode; None for a name of the lower directory that is gone (whiteout).
    content: of a regular file; None while it is exactly the lower file. target: of a symlink.
    lower: inode number in the index, 0 for none. changed: it differs from the lower inode.
    opens: open file descriptions, so that the space of an unlinked file is freed at the last release.
    """

    entries: dict[bytes, MemInode | None] | None = None
    content: Content | None = None
    target: bytes = b""
    xattrs: dict[bytes, bytes] | None = None
    lower: int = 0
    changed: bool = True
    opens: int = 0


class Tmpfs(FileSystem):
    """tmpfs. size_limit: bytes of data, None for none; used: 4096-byte blocks in use."""

    magic: ClassVar[int] = TMPFS_MAGIC

    top: MemInode | None = None
    size_limit: int | None = None
    used: int = 0
    next_ino: int = 1
    kind: bytes = b"tmpfs"

    def type_name(self) -> bytes:
        """See FileSystem."""
        return self.kind

    def root(self, vfs: VfsHost) -> MemInode:
        """See FileSystem."""
        assert self.top is not None
        return self.top

    def format(self, vfs: VfsHost, mode: int, uid: int = 0, gid: int = 0) -> None:
        """Make the empty root directory."""
        self.top = self._new(vfs, S_IFDIR | mode, uid, gid)
        self.top.nlink = 2

    def _new(self, vfs: VfsHost, mode: int, uid: int, gid: int) -> MemInode:
        now = vfs.now_ns()
        inode = MemInode(self, self.next_ino, mode, uid, gid, atime_ns=now, mtime_ns=now, ctime_ns=now)
        self.next_ino += 1
        kind = S_IFMT(mode)
        if kind == S_IFDIR:
            inode.entries = {}
            inode.size = 4096
        elif kind == S_IFREG:
            inode.content = Content()
        return inode

    def change(self, vfs: VfsHost, inode: Inode) -> MemInode:
        """`inode` is about to differ from what is below it: the overlay keeps it from now on."""
        assert isinstance(inode, MemInode)
        if vfs.changing is not None:
            vfs.changing(inode)
        return inode

    # Names

    def lookup(self, vfs: VfsHost, directory: Inode, name: bytes, known: Inode | None) -> Inode | None:
        """See FileSystem."""
        assert isinstance(directory, MemInode)
        assert directory.entries is not None
        return directory.entries.get(name)

    def entries(self, vfs: VfsHost, directory: Inode) -> list[Entry]:
        """See FileSystem."""
        assert isinstance(directory, MemInode)
        assert directory.entries is not None
        return [(name, inode.ino, inode.mode >> 12) for name, inode in directory.entries.items() if inode]

    def _enter(self, vfs: VfsHost, directory: Inode, name: bytes, inode: MemInode | None) -> None:
        """Set or remove a name, and the directory's times."""
        parent = self.change(vfs, directory)
        assert parent.entries is not None
        if inode is None and not self._hides(vfs, parent, name):
            parent.entries.pop(name, None)
        else:
            parent.entries[name] = inode
        parent.mtime_ns = parent.ctime_ns = vfs.now_ns()

    def _hides(self, vfs: VfsHost, directory: MemInode, name: bytes) -> bool:
        """Whether removing `name` needs a whiteout."""
        return False

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
        """See FileSystem."""
        inode = self._new(vfs, mode, uid, gid)
        inode.rdev = rdev
        if S_IFMT(mode) == S_IFLNK:
            inode.target, inode.size = target, len(target)
        if name is None:
            inode.nlink = 0
            return inode
        self._enter(vfs, directory, name, inode)
        if S_ISDIR(mode):
            inode.nlink = 2
            directory.nlink += 1
        return inode

    def link(self, vfs: VfsHost, directory: Inode, name: bytes, inode: Inode) -> None:
        """See FileSystem."""
        linked = self.change(vfs, inode)
        linked.nlink += 1
        linked.ctime_ns = vfs.now_ns()
        self._enter(vfs, directory, name, linked)

    def unlink(self, vfs: VfsHost, directory: Inode, name: bytes, inode: Inode) -> None:
        """See FileSystem."""
        self._enter(vfs, directory, name, None)
        self._drop(vfs, directory, inode)

    def _drop(self, vfs: VfsHost, directory: Inode, inode: Inode) -> None:
        """A name of `inode` in `directory` is gone."""
        gone = self.change(vfs, inode)
        gone.ctime_ns = vfs.now_ns()
        if S_ISDIR(gone.mode):
            gone.nlink = 0
            directory.nlink -= 1
        else:
            gone.nlink -= 1
        if gone.nlink == 0 and gone.opens == 0:
            self._free(gone)

    def _free(self, inode: MemInode) -> None:
        if inode.content is not None:
            self.used -= inode.content.allocated
            inode.content = Content()

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
        """See FileSystem."""
        moved = self.change(vfs, inode)
        other = self.change(vfs, replaced) if replaced is not None else None
        self._enter(vfs, old_directory, old_name, other if exchange else None)
        self._enter(vfs, new_directory, new_name, moved)
        moved.ctime_ns = vfs.now_ns()
        if S_ISDIR(moved.mode):
            old_directory.nlink -= 1
            new_directory.nlink += 1
        if other is not None and exchange:
            other.ctime_ns = moved.ctime_ns
            if S_ISDIR(other.mode):
                new_directory.nlink -= 1
                old_directory.nlink += 1
        elif other is not None:
            self._drop(vfs, new_directory, other)

    # Inodes

    def readlink(self, vfs: VfsHost, inode: Inode) -> bytes:
        """See FileSystem."""
        assert isinstance(inode, MemInode)
        return inode.target

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
        """See FileSystem."""
        mine = self.change(vfs, inode)
        if mode is not None:
            mine.mode = S_IFMT(mine.mode) | mode
        mine.uid = mine.uid if uid is None else uid
        mine.gid = mine.gid if gid is None else gid
        mine.atime_ns = mine.atime_ns if atime_ns is None else atime_ns
        mine.mtime_ns = mine.mtime_ns if mtime_ns is None else mtime_ns
        mine.ctime_ns = vfs.now_ns()

    def get_xattrs(self, vfs: VfsHost, inode: Inode) -> dict[bytes, bytes]:
        """See FileSystem."""
        assert isinstance(inode, MemInode)
        return inode.xattrs or {}

    def set_xattrs(self, vfs: VfsHost, inode: Inode, xattrs: dict[bytes, bytes]) -> None:
        """See FileSystem."""
        mine = self.change(vfs, inode)
        mine.xattrs = xattrs
        mine.ctime_ns = vfs.now_ns()

    def blocks(self, vfs: VfsHost, inode: Inode) -> int:
        """See FileSystem."""
        assert isinstance(inode, MemInode)
        return inode.content.allocated * (BLOCK // 512) if inode.content is not None else 0

    def statfs(self, vfs: VfsHost) -> StatFs:
        """See FileSystem."""
        total = (self.size_limit if self.size_limit is not None else 1 << 36) // BLOCK
        free = max(total - self.used, 0)
        files = 1 << 20
        left = max(files - self.next_ino, 0)
        return StatFs(self.magic, BLOCK, total, free, free, files, left, self.device, 255, BLOCK, 0)

    # Open files

    def open(self, vfs: VfsHost, file: OpenFile) -> None:
        """See FileSystem."""
        inode = file.inode
        assert isinstance(inode, MemInode)
        inode.opens += 1

    def release(self, vfs: VfsHost, file: OpenFile) -> None:
        """See FileSystem."""
        inode = file.inode
        assert isinstance(inode, MemInode)
        inode.opens -= 1
        if inode.opens == 0 and inode.nlink == 0:
            self._free(inode)

    # Data

    def lower_read(self, vfs: VfsHost, inode: MemInode) -> LowerRead | None:
        """How to read the lower file of `inode`, if it has one."""
        return None

    def lower_ranges(self, vfs: VfsHost, inode: MemInode) -> list[tuple[int, int]]:
        """The (start, end) of the lower file's data."""
        return []

    def _writable(self, vfs: VfsHost, inode: Inode) -> tuple[MemInode, Content]:
        mine = self.change(vfs, inode)
        assert mine.content is not None
        return mine, mine.content

    def _room(self, content: Content) -> int | None:
        """How many blocks `content` may have in all."""
        if self.size_limit is None:
            return None
        return self.size_limit // BLOCK - self.used + content.allocated

    def read(self, vfs: VfsHost, file: OpenFile, offset: int, n: int) -> bytes:
        """See FileSystem."""
        inode = file.inode
        assert isinstance(inode, MemInode)
        assert inode.content is not None
        if n > inode.size - offset:
            n = inode.size - offset
            if n <= 0:
                return b""
        return inode.content.read(offset, n, self.lower_read(vfs, inode))

    def write(self, vfs: VfsHost, file: OpenFile, offset: int, data: Data) -> int:
        """See FileSystem."""
        if offset + len(data) > MAX_FILE_BYTES:
            raise LinuxError(errno.EFBIG)
        inode, content = self._writable(vfs, file.inode)
        before = content.allocated
        n = content.write(offset, data, self.lower_read(vfs, inode), self._room(content))
        self.used += content.allocated - before
        if n == 0 and len(data):
            raise LinuxError(errno.ENOSPC)
        if offset + n > inode.size:
            inode.size = offset + n
        inode.mtime_ns = inode.ctime_ns = vfs.now_ns()
        return n

    def truncate(self, vfs: VfsHost, inode: Inode, length: int, file: OpenFile | None = None) -> None:
        """See FileSystem."""
        mine, content = self._writable(vfs, inode)
        before = content.allocated
        if length < mine.size:
            content.truncate(length)
        self.used += content.allocated - before
        mine.size = length
        mine.mtime_ns = mine.ctime_ns = vfs.now_ns()

    def allocate(
        self, vfs: VfsHost, file: OpenFile, offset: int, length: int, *, zero: bool, grow: bool
    ) -> None:
        """See FileSystem."""
        inode, content = self._writable(vfs, file.inode)
        before = content.allocated
        if zero:
            content.punch(offset, length, self.lower_read(vfs, inode))
        try:
            content.allocate(offset, length, self._room(content))
        finally:
            self.used += content.allocated - before
        if grow and offset + length > inode.size:
            inode.size = offset + length
        if zero:
            inode.mtime_ns = vfs.now_ns()
        inode.ctime_ns = vfs.now_ns()

    def punch(self, vfs: VfsHost, file: OpenFile, offset: int, length: int) -> None:
        """See FileSystem."""
        inode, content = self._writable(vfs, file.inode)
        before = content.allocated
        content.punch(offset, min(length, max(inode.size - offset, 0)), self.lower_read(vfs, inode))
        self.used += content.allocated - before
        inode.mtime_ns = inode.ctime_ns = vfs.now_ns()

    def seek_data(self, vfs: VfsHost, inode: Inode, offset: int) -> int:
        """See FileSystem."""
        assert isinstance(inode, MemInode)
        assert inode.content is not None
        found = inode.content.next_data(offset, self.lower_ranges(vfs, inode))
        return found if found < inode.size else -1

    def seek_hole(self, vfs: VfsHost, inode: Inode, offset: int) -> int:
        """See FileSystem."""
        assert isinstance(inode, MemInode)
        assert inode.content is not None
        return inode.content.next_hole(offset, inode.size, self.lower_ranges(vfs, inode))
