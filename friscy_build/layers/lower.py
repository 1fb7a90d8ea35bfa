"""A tree as the lower half of an overlay: nothing is written or compressed before a machine can run over it.

lower = TreeLower(tree.root)
vfs.attach_lower("rootfs", lower.index, lower.chunks)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from lazyfs.tree import Content, Node

if TYPE_CHECKING:
    from lazyfs.chunk_store import ChunkStore
    from lazyfs.index import Index

_EMPTY = Content(0)


class TreeLower:
    """The inodes of the tree below `root` by number, 1 for the root; the tree may not change meanwhile.

    It answers what an overlay asks of an index and of its chunk store (`lazyfs.index`, `lazyfs.chunk_store`).
    identity: 32 bytes that equal only for equal trees.
    """

    root = 1

    def __init__(self, root: Node, identity: bytes) -> None:
        self.digest = identity
        self.nodes: list[Node] = [root]
        self.links: list[int] = []
        self.numbers: dict[int, int] = {id(root): 1}
        self._number()

    def _number(self) -> None:
        links: dict[int, int] = {id(self.nodes[0]): 2}
        for directory in self.nodes:  # grows while it is walked
            for name in sorted(directory.children):
                child = directory.children[name]
                if child.kind == "dir":
                    links[id(directory)] += 1
                if id(child) in self.numbers:
                    links[id(child)] += 1
                    continue
                self.nodes.append(child)
                self.numbers[id(child)] = len(self.nodes)
                links[id(child)] = 2 if child.kind == "dir" else 1
        self.links = [links[id(node)] for node in self.nodes]

    @property
    def index(self) -> Index:
        """This as the overlay's index."""
        return cast("Index", self)

    @property
    def chunks(self) -> ChunkStore:
        """This as the overlay's chunk store."""
        return cast("ChunkStore", self)

    # What an index has.

    @property
    def inodes(self) -> int:
        """How many inodes there are."""
        return len(self.nodes)

    def node(self, ino: int) -> Node:
        """The node of an inode number."""
        return self.nodes[ino - 1]

    def inode(self, ino: int) -> tuple[int, ...]:
        """See Index.inode."""
        node = self.nodes[ino - 1]
        content = node.content or _EMPTY
        size = len(node.target) if node.kind == "symlink" else content.length
        data = sum(extent.length for extent in content.extents)
        return (
            node.st_mode, node.uid, node.gid, self.links[ino - 1], size, node.mtime_ns, *node.rdev, 0, 0,
            bool(node.xattrs), 0, data,
        )  # fmt: skip

    def lookup(self, directory: int, name: bytes) -> int:
        """See Index.lookup."""
        child = self.nodes[directory - 1].children.get(name)
        return 0 if child is None else self.numbers[id(child)]

    def entries(self, directory: int) -> list[tuple[bytes, int, int]]:
        """See Index.entries."""
        children = self.nodes[directory - 1].children
        return [
            (name, self.numbers[id(child)], child.st_mode >> 12) for name, child in sorted(children.items())
        ]

    def readlink(self, ino: int) -> bytes:
        """See Index.readlink."""
        return self.nodes[ino - 1].target

    def xattrs(self, ino: int) -> dict[bytes, bytes]:
        """See Index.xattrs."""
        return dict(self.nodes[ino - 1].xattrs)

    # What a chunk store has.

    def read(self, ino: int, offset: int, n: int) -> bytes:
        """See ChunkStore.read."""
        return (self.nodes[ino - 1].content or _EMPTY).read(offset, n)

    def data_ranges(self, ino: int) -> list[tuple[int, int]]:
        """See ChunkStore.data_ranges."""
        content = self.nodes[ino - 1].content or _EMPTY
        return [(extent.offset, extent.offset + extent.length) for extent in content.extents]

    def close(self) -> None:
        """Nothing is open."""
