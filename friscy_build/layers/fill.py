"""Changes put into a machine's overlay: the other way round from `captured`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from friscy_build.layers.changes import Change
from lazyfs.content import BLOCK
from lazyfs.content import Content as BlockContent
from lazyfs.tree import Node

if TYPE_CHECKING:
    from lazyfs.overlay import OverlayFs
    from lazyfs.tmpfs import MemInode
    from lazyfs.vfs import Vfs

_COPY = 256 * BLOCK


def fill(vfs: Vfs, fs: OverlayFs, changes: Iterable[Change]) -> None:
    """Make `changes` (parents first) in `fs`, which nobody uses yet. Contents are read into memory."""
    _Filler(vfs, fs).fill(list(changes))


class _Filler:
    def __init__(self, vfs: Vfs, fs: OverlayFs) -> None:
        self.vfs, self.fs = vfs, fs
        self.made: dict[int, MemInode] = {}

    def fill(self, changes: list[Change]) -> None:
        directories: dict[int, tuple[MemInode, int]] = {}  # whose times the changes below them moved
        for change in changes:
            inode = self.put(change)
            if inode is not None and change.node is not None and change.node.kind == "dir":
                directories[inode.ino] = (inode, change.node.mtime_ns)
            elif change.path != b"/":
                parent = self.find(change.path.rpartition(b"/")[0])
                assert parent is not None
                directories.setdefault(parent.ino, (parent, parent.mtime_ns))
        for inode, mtime_ns in directories.values():
            inode.mtime_ns = mtime_ns

    def find(self, path: bytes) -> MemInode | None:
        at: MemInode | None = self.fs.top
        for name in path.split(b"/"):
            if name and at is not None:
                at = self.child(at, name)
        return at

    def child(self, directory: MemInode, name: bytes) -> MemInode | None:
        return self.fs.lookup(self.vfs, directory, name, None)  # type: ignore[return-value]

    def put(self, change: Change) -> MemInode | None:
        vfs, fs, node = self.vfs, self.fs, change.node
        if change.path == b"/":
            assert fs.top is not None
            assert node is not None
            self.attributes(fs.top, node)
            return fs.top
        directory = self.find(change.path.rpartition(b"/")[0])
        assert directory is not None
        name = change.path.rpartition(b"/")[2]
        before = directory.mtime_ns
        old = self.child(directory, name)
        inode = None
        if old is not None and not (node is not None and node.kind == "dir" and old.entries is not None):
            fs.unlink(vfs, directory, name, old)
        elif old is not None and node is not None:
            self.attributes(old, node)
            directory.mtime_ns = before
            return old
        if node is not None:
            known = self.made.get(id(node))
            if known is not None:
                fs.link(vfs, directory, name, known)
                inode = known
            else:
                inode = self.create(directory, name, node)
        directory.mtime_ns = before
        return inode

    def create(self, directory: MemInode, name: bytes, node: Node) -> MemInode:
        made = self.fs.create(
            self.vfs, directory, name, node.st_mode, node.uid, node.gid, rdev=node.rdev, target=node.target
        )
        inode: MemInode = made  # type: ignore[assignment]
        if node.kind != "dir":
            self.made[id(node)] = inode
        if node.content is not None:
            content = BlockContent()
            for extent in node.content.extents:
                for at in range(0, extent.length, _COPY):
                    content.write(
                        extent.offset + at, extent.read(at, min(_COPY, extent.length - at)), None, None
                    )
            inode.content, inode.size = content, node.content.length
            self.fs.used += content.allocated
        self.attributes(inode, node)
        return inode

    def attributes(self, inode: MemInode, node: Node) -> None:
        self.fs.set_attributes(
            self.vfs, inode, mode=node.mode, uid=node.uid, gid=node.gid, atime_ns=node.mtime_ns,
            mtime_ns=node.mtime_ns,
        )  # fmt: skip
        if node.xattrs or inode.xattrs:
            self.fs.set_xattrs(self.vfs, inode, dict(node.xattrs))
