"""What a machine left in its overlay, as a tree."""

from __future__ import annotations

from stat import S_IFMT, S_IMODE
from typing import TYPE_CHECKING

from friscy_build.layers.lower import TreeLower
from lazyfs.tree import KIND_BITS, Content, Extent, Node, Tree

if TYPE_CHECKING:
    from lazyfs.overlay import OverlayFs
    from lazyfs.tmpfs import MemInode
    from lazyfs.vfs import Vfs

_KINDS = {bits: kind for kind, bits in KIND_BITS.items()}


def captured(vfs: Vfs, fs: OverlayFs, lower: TreeLower) -> Tree:
    """The tree that the guest sees in `fs` now.

    A file that is as it was below is the node it was there; directories are new ones. The contents of changed files
    are read from the machine's memory, so the machine must live until they are written elsewhere, and rest.
    """
    return _Capture(vfs, fs, lower).tree()


class _Capture:
    def __init__(self, vfs: Vfs, fs: OverlayFs, lower: TreeLower) -> None:
        self.vfs, self.fs, self.lower = vfs, fs, lower
        self.made: dict[int, Node] = {}  # by inode number: hard links stay together

    def tree(self) -> Tree:
        assert self.fs.top is not None
        root = self.directory(self.fs.top)
        pending: list[tuple[Node, MemInode | None, int]] = [(root, self.fs.top, self.fs.top.lower)]
        while pending:
            node, inode, ino = pending.pop()
            for name, (child, number) in self.names(inode, ino).items():
                made = node.children[name] = self.node(child, number)
                if made.kind == "dir":
                    pending.append((made, child, number))
        return Tree(root)

    def names(self, inode: MemInode | None, ino: int) -> dict[bytes, tuple[MemInode | None, int]]:
        """The entries of a directory: its inode, if it is in use, and its number below, or 0."""
        found: dict[bytes, tuple[MemInode | None, int]] = {}
        if ino:
            for name, child in self.lower.node(ino).children.items():
                number = self.lower.numbers[id(child)]
                found[name] = (self.fs.inodes.get(number), number)
        for name, entry in ((inode.entries if inode is not None else None) or {}).items():
            if entry is None:
                found.pop(name, None)
            else:
                found[name] = (entry, entry.lower)
        return found

    def node(self, inode: MemInode | None, number: int) -> Node:
        if inode is None:
            below = self.lower.node(number)
            return self.bare(below) if below.kind == "dir" else below
        if S_IFMT(inode.mode) == KIND_BITS["dir"]:
            return self.directory(inode)
        known = self.made.get(inode.ino)
        if known is None:
            known = self.made[inode.ino] = self.file(inode)
        return known

    def bare(self, node: Node) -> Node:
        """A directory without its children."""
        return Node("dir", node.mode, uid=node.uid, gid=node.gid, mtime_ns=node.mtime_ns, xattrs=node.xattrs)

    def directory(self, inode: MemInode) -> Node:
        return Node(
            "dir", S_IMODE(inode.mode), uid=inode.uid, gid=inode.gid, mtime_ns=inode.mtime_ns,
            xattrs=inode.xattrs,
        )  # fmt: skip

    def file(self, inode: MemInode) -> Node:
        below = self.lower.node(inode.lower) if inode.lower else None
        content = None
        kind = _KINDS[S_IFMT(inode.mode)]
        if kind == "file":
            content = below.content if inode.content is None and below is not None else self.content(inode)
        made = Node(
            kind, S_IMODE(inode.mode), uid=inode.uid, gid=inode.gid, mtime_ns=inode.mtime_ns,
            rdev=(inode.rdev[0], inode.rdev[1]), xattrs=inode.xattrs, target=inode.target, content=content,
        )  # fmt: skip
        return below if below is not None and same_node(below, made) else made

    def content(self, inode: MemInode) -> Content:
        """The data of a changed file, holes left out."""
        data = inode.content
        assert data is not None
        below = self.fs.lower_read(self.vfs, inode)
        ranges = self.fs.lower_ranges(self.vfs, inode)
        extents = []
        start = data.next_data(0, ranges) if inode.size else -1
        while 0 <= start < inode.size:
            end = data.next_hole(start, inode.size, ranges)

            def read(offset: int, n: int, start: int = start) -> bytes:
                return data.read(start + offset, n, below)

            extents.append(Extent(start, end - start, read))
            start = data.next_data(end, ranges)
        return Content(inode.size, extents)


def same_node(one: Node, other: Node) -> bool:
    """Equal attributes and the same content; the children of directories are not looked at."""
    if one is other:
        return True
    return (
        one.kind == other.kind
        and (one.mode == other.mode or one.kind == "symlink")
        and (one.uid, one.gid, one.mtime_ns) == (other.uid, other.gid, other.mtime_ns)
        and (one.rdev, one.target, one.xattrs) == (other.rdev, other.target, other.xattrs)
        and same_content(one.content, other.content)
    )


def same_content(one: Content | None, other: Content | None) -> bool:
    """Equal data; it is read where nothing else tells."""
    if one is other:
        return True
    if one is None or other is None or one.length != other.length:
        return False
    step = 1 << 20
    return all(one.read(at, step) == other.read(at, step) for at in range(0, one.length, step))
