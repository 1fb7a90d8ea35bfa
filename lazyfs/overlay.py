"""The root filesystem: an index below, changes in memory above.

Where Linux's overlayfs joins two directory trees by path, this joins them by inode: an inode of the index
is one object that changes in place. So inode numbers survive a copy-up, hard links stay together, and a
directory of the index is renamed like any other, with nothing copied.
"""

from __future__ import annotations

from stat import S_IFDIR, S_IFLNK, S_IFMT, S_IFREG
from typing import TYPE_CHECKING, ClassVar

from lazyfs.abi import OVERLAYFS_MAGIC
from lazyfs.content import BLOCK, Content, LowerRead
from lazyfs.filesystem import Entry
from lazyfs.inode import Inode
from lazyfs.plain import default
from lazyfs.tmpfs import MemInode, Tmpfs

if TYPE_CHECKING:
    from lazyfs.host import VfsHost
    from lazyfs.openfile import OpenFile


class OverlayFs(Tmpfs):
    """An index, attached to the VFS as `lower`, with an upper layer in memory.

    inodes: the inodes of the index that are in use or changed, by number.
    """

    magic: ClassVar[int] = OVERLAYFS_MAGIC

    lower: str = ""
    inodes: dict[int, MemInode] = default(dict)
    kind: bytes = b"overlay"

    def attach(self, vfs: VfsHost) -> None:
        """Take the root from the index (a new filesystem only)."""
        index = vfs.lowers[self.lower].index
        self.next_ino = index.inodes + 1
        self.top = self.inode(vfs, index.root)

    def inode(self, vfs: VfsHost, ino: int) -> MemInode:
        """The inode object of an index's inode."""
        known = self.inodes.get(ino)
        if known is not None:
            return known
        index = vfs.lowers[self.lower].index
        mode, uid, gid, nlink, size, mtime_ns, major, minor, _, _, xattrs, _, _ = index.inode(ino)
        kind = S_IFMT(mode)
        inode: MemInode = object.__new__(MemInode)  # a tree has many: this takes a third of a call's time
        for name, preset in MemInode.__fields__.items():
            setattr(inode, name, preset)
        inode.fs, inode.ino, inode.lower, inode.changed = self, ino, ino, False
        inode.mode, inode.uid, inode.gid, inode.nlink = mode, uid, gid, nlink
        inode.rdev = (major, minor)
        inode.size = 4096 if kind == S_IFDIR else size
        inode.atime_ns = inode.mtime_ns = inode.ctime_ns = mtime_ns
        if kind == S_IFDIR:
            inode.entries = {}
        elif kind == S_IFLNK:
            inode.target = index.readlink(ino)
        if xattrs:
            inode.xattrs = index.xattrs(ino)
        self.inodes[ino] = inode
        return inode

    def change(self, vfs: VfsHost, inode: Inode) -> MemInode:
        """See Tmpfs."""
        super().change(vfs, inode)
        assert isinstance(inode, MemInode)
        if not inode.changed:
            inode.changed = True
            self.inodes[inode.ino] = inode
        if inode.lower and inode.content is None and S_IFMT(inode.mode) == S_IFREG:
            data_bytes = vfs.lowers[self.lower].index.inode(inode.lower)[12]
            inode.content = Content({}, inode.size, -(-data_bytes // BLOCK))
            self.used += inode.content.allocated
        return inode

    def _free(self, inode: MemInode) -> None:
        super()._free(inode)
        if inode.lower:
            self.inodes.pop(inode.ino, None)

    # Names

    def lookup(self, vfs: VfsHost, directory: Inode, name: bytes, known: Inode | None) -> Inode | None:
        """See FileSystem."""
        assert isinstance(directory, MemInode)
        assert directory.entries is not None
        if directory.lower and name not in directory.entries:
            ino = vfs.lowers[self.lower].index.lookup(directory.lower, name)
            return self.inode(vfs, ino) if ino else None
        return directory.entries.get(name)

    def entries(self, vfs: VfsHost, directory: Inode) -> list[Entry]:
        """See FileSystem."""
        upper = super().entries(vfs, directory)
        assert isinstance(directory, MemInode)
        assert directory.entries is not None
        if not directory.lower:
            return upper
        lower = vfs.lowers[self.lower].index.entries(directory.lower)
        if directory.entries:
            lower = [entry for entry in lower if entry[0] not in directory.entries]
        return lower + upper

    def _hides(self, vfs: VfsHost, directory: MemInode, name: bytes) -> bool:
        return bool(directory.lower and vfs.lowers[self.lower].index.lookup(directory.lower, name))

    # Data

    def blocks(self, vfs: VfsHost, inode: Inode) -> int:
        """See FileSystem."""
        assert isinstance(inode, MemInode)
        if inode.content is None and inode.lower and S_IFMT(inode.mode) == S_IFREG:
            data_bytes = vfs.lowers[self.lower].index.inode(inode.lower)[12]
            return -(-data_bytes // BLOCK) * (BLOCK // 512)
        return super().blocks(vfs, inode)

    def read(self, vfs: VfsHost, file: OpenFile, offset: int, n: int) -> bytes:
        """See FileSystem."""
        inode = file.inode
        assert isinstance(inode, MemInode)
        if inode.content is None:
            left = inode.size - offset
            if left <= 0:
                return b""
            return vfs.lowers[self.lower].chunks.read(inode.lower, offset, n if n < left else left)
        return super().read(vfs, file, offset, n)

    def lower_read(self, vfs: VfsHost, inode: MemInode) -> LowerRead | None:
        """See Tmpfs."""
        if not inode.lower:
            return None
        chunks, ino = vfs.lowers[self.lower].chunks, inode.lower
        return lambda offset, n: chunks.read(ino, offset, n)

    def lower_ranges(self, vfs: VfsHost, inode: MemInode) -> list[tuple[int, int]]:
        """See Tmpfs."""
        return vfs.lowers[self.lower].chunks.data_ranges(inode.lower) if inode.lower else []

    def seek_data(self, vfs: VfsHost, inode: Inode, offset: int) -> int:
        """See FileSystem."""
        return super().seek_data(vfs, self._seekable(vfs, inode), offset)

    def seek_hole(self, vfs: VfsHost, inode: Inode, offset: int) -> int:
        """See FileSystem."""
        return super().seek_hole(vfs, self._seekable(vfs, inode), offset)

    def _seekable(self, vfs: VfsHost, inode: Inode) -> Inode:
        """An inode with content to look for holes in; a stand-in for one that has not changed."""
        assert isinstance(inode, MemInode)
        if inode.content is not None:
            return inode
        return MemInode(
            self, inode.ino, inode.mode, size=inode.size, lower=inode.lower, content=Content({}, inode.size)
        )
