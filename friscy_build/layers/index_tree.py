"""The tree that an index describes, its contents left in the chunks."""

from __future__ import annotations

from stat import S_IFMT, S_IMODE
from typing import TYPE_CHECKING

from friscy_build.layers.lower import TreeLower
from lazyfs.tree import KIND_BITS, Content, Extent, Node, Reader, Tree

if TYPE_CHECKING:
    from lazyfs.chunk_store import ChunkStore
    from lazyfs.index import Index

_KINDS = {bits: kind for kind, bits in KIND_BITS.items()}


class IndexLower(TreeLower):
    """A TreeLower whose tree is made of an index, with the index's own inode numbers. FormatError: it is damaged."""

    def __init__(self, index: Index, chunks: ChunkStore) -> None:
        self._index, self._chunks = index, chunks
        super().__init__(self._node(index.root), index.digest)

    @property
    def tree(self) -> Tree:
        """The tree; it may not be changed."""
        return Tree(self.nodes[self.root - 1])

    def _number(self) -> None:
        from friscy.cli.inspection.rootfs import walk  # which checks that it is a tree

        index = self._index
        root, nodes = self.nodes[0], {index.root: self.nodes[0]}
        places = {b"/": root}
        for path, ino, _ in walk(index):
            if path == b"/":
                continue
            node = nodes.get(ino)
            if node is None:
                node = nodes[ino] = self._node(ino)
            directory, _, name = path.rpartition(b"/")
            places[directory or b"/"].children[name] = node
            if node.kind == "dir":
                places[path] = node
        self.root = index.root
        self.nodes = [nodes.get(ino) or Node.directory() for ino in range(1, index.inodes + 1)]
        self.numbers = {id(node): ino for ino, node in nodes.items()}
        self.links = [index.inode(ino)[3] for ino in range(1, index.inodes + 1)]

    def _node(self, ino: int) -> Node:
        index, chunks = self._index, self._chunks
        mode, uid, gid, _, size, mtime_ns, major, minor, _, _, xattrs, *_ = index.inode(ino)
        kind = _KINDS[S_IFMT(mode)]
        content = None
        if kind == "file":
            extents = [
                Extent(start, end - start, _reader(chunks, ino, start))
                for start, end in chunks.data_ranges(ino)
            ]
            content = Content(size, extents)
        return Node(
            kind, S_IMODE(mode), uid=uid, gid=gid, mtime_ns=mtime_ns, rdev=(major, minor),
            xattrs=index.xattrs(ino) if xattrs else None, content=content,
            target=index.readlink(ino) if kind == "symlink" else b"",
        )  # fmt: skip


def _reader(chunks: ChunkStore, ino: int, start: int) -> Reader:
    return lambda offset, n: chunks.read(ino, start + offset, n)
