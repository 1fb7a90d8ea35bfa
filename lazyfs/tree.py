"""The build-time input of an index: a tree of nodes, as a stack of flattened layers leaves it.

    root = Tree()
    root.add(b"/usr/bin/hello", Node.file(Content.of_bytes(b"...")), parents=True)
    write_index(root, "rootfs.index", "rootfs.chunks")

Paths are bytes, absolute or relative to the tree's root, and may not contain `..`: a layer cannot
reach outside its tree. Symbolic links are never followed while a tree is built.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from stat import S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFREG, S_IFSOCK
from typing import Final

KIND_BITS: Final = {
    "dir": S_IFDIR,
    "file": S_IFREG,
    "symlink": S_IFLNK,
    "char": S_IFCHR,
    "block": S_IFBLK,
    "fifo": S_IFIFO,
    "socket": S_IFSOCK,
}
NAME_MAX: Final = 255

Reader = Callable[[int, int], bytes]


class TreeError(ValueError):
    """A path or node does not fit into the tree; the message names the path."""


class Extent:
    """`length` bytes of a file's data at `offset`; `read(start, n)` gives them, `start` from the extent's own start.

    `read` returns exactly `n` bytes for every range inside the extent.
    """

    __slots__ = ("length", "offset", "read")

    def __init__(self, offset: int, length: int, read: Reader) -> None:
        self.offset, self.length, self.read = offset, length, read


class Content:
    """A file's data: its length and the extents that hold data; what no extent covers is a hole (zeros)."""

    __slots__ = ("extents", "length")

    def __init__(self, length: int, extents: Iterable[Extent] = ()) -> None:
        """extents: any order, not overlapping, inside [0, length); ValueError otherwise."""
        self.length = length
        self.extents: Sequence[Extent] = sorted((e for e in extents if e.length), key=lambda e: e.offset)
        position = 0
        for extent in self.extents:
            if extent.offset < position:
                raise ValueError(f"extents overlap at byte {extent.offset}")
            position = extent.offset + extent.length
        if position > length:
            raise ValueError(f"an extent ends at byte {position} of a file of {length} bytes")

    @classmethod
    def of_bytes(cls, data: bytes) -> Content:
        """The whole content given in memory."""
        return cls(len(data), [Extent(0, len(data), lambda start, n: data[start : start + n])])

    @classmethod
    def of_file(cls, path: str | os.PathLike[str], offset: int = 0, length: int | None = None) -> Content:
        """`length` bytes at `offset` of a host file (default: to its end), opened anew for each range read."""
        if length is None:
            length = os.stat(path).st_size - offset

        def read(start: int, n: int) -> bytes:
            with open(path, "rb", buffering=0) as file:
                return _read_exactly(file.fileno(), offset + start, n, path)

        return cls(length, [Extent(0, length, read)])

    def read(self, offset: int, n: int) -> bytes:
        """The bytes of [offset, offset + n), holes as zeros, cut at the end of the file."""
        end = min(offset + n, self.length)
        pieces: list[bytes] = []
        for extent in self.extents:
            first, last = max(offset, extent.offset), min(end, extent.offset + extent.length)
            if first < last:
                pieces += [bytes(first - offset), extent.read(first - extent.offset, last - first)]
                offset = last
        pieces.append(bytes(max(end - offset, 0)))
        return b"".join(pieces)


def _read_exactly(fd: int, offset: int, n: int, path: object) -> bytes:
    pieces = []
    while n:
        piece = os.pread(fd, n, offset)
        if not piece:
            raise OSError(f"{path}: ends at byte {offset}, {n} bytes short")
        pieces.append(piece)
        offset, n = offset + len(piece), n - len(piece)
    return b"".join(pieces)


class Node:
    """One inode. A hard link is the same Node under a second name.

    kind: a key of KIND_BITS. mode: permission bits only (0o7777). mtime_ns: nanoseconds since the epoch.
    rdev: (major, minor) of char and block. target: bytes of a symlink. content: of a file.
    children: of a dir, name -> Node; change it through Tree, which checks names.
    """

    __slots__ = ("children", "content", "gid", "kind", "mode", "mtime_ns", "rdev", "target", "uid", "xattrs")

    def __init__(
        self,
        kind: str,
        mode: int,
        *,
        uid: int = 0,
        gid: int = 0,
        mtime_ns: int = 0,
        rdev: tuple[int, int] = (0, 0),
        xattrs: dict[bytes, bytes] | None = None,
        target: bytes = b"",
        content: Content | None = None,
    ) -> None:
        if kind not in KIND_BITS:
            raise TreeError(f"unknown kind of node: {kind!r}")
        self.kind, self.mode, self.uid, self.gid, self.mtime_ns = kind, mode & 0o7777, uid, gid, mtime_ns
        self.rdev, self.xattrs, self.target = rdev, dict(xattrs or {}), target
        self.content = content if content is not None or kind != "file" else Content(0)
        self.children: dict[bytes, Node] = {}

    @classmethod
    def directory(cls, mode: int = 0o755, *, uid: int = 0, gid: int = 0, mtime_ns: int = 0) -> Node:
        """An empty directory."""
        return cls("dir", mode, uid=uid, gid=gid, mtime_ns=mtime_ns)

    @classmethod
    def file(
        cls, content: Content | bytes, mode: int = 0o644, *, uid: int = 0, gid: int = 0, mtime_ns: int = 0
    ) -> Node:
        """A regular file."""
        whole = Content.of_bytes(content) if isinstance(content, bytes) else content
        return cls("file", mode, uid=uid, gid=gid, mtime_ns=mtime_ns, content=whole)

    @classmethod
    def symlink(cls, target: bytes, *, uid: int = 0, gid: int = 0, mtime_ns: int = 0) -> Node:
        """A symbolic link; its mode is always 0o777."""
        return cls("symlink", 0o777, uid=uid, gid=gid, mtime_ns=mtime_ns, target=target)

    @property
    def st_mode(self) -> int:
        """Type and permission bits as stat(2) gives them."""
        return KIND_BITS[self.kind] | self.mode


class Tree:
    """A directory tree under construction. `root` is its root directory Node."""

    def __init__(self, root: Node | None = None) -> None:
        self.root = root or Node.directory()

    def lookup(self, path: bytes) -> Node | None:
        """The node at `path` without following symlinks, or None (also where a parent is no directory)."""
        node: Node | None = self.root
        for name in split(path):
            node = node.children.get(name) if node is not None else None
        return node

    def add(self, path: bytes, node: Node, *, parents: bool = False) -> None:
        """Put `node` at `path`, replacing what is there.

        A directory that replaces a directory takes its attributes over and keeps the children, as a
        layer's entry for an existing directory does. parents: make missing parents (0755, root), and
        replace parents that are no directories. TreeError: no parent directory, or a forbidden path.
        """
        names = split(path)
        if not names:
            if node.kind != "dir":
                raise TreeError("the root of a tree must be a directory")
            _merge_directory(self.root, node)
            self.root = node
            return
        parent = self.root
        for name in names[:-1]:
            below = parent.children.get(name)
            if below is None or below.kind != "dir":
                if not parents:
                    raise TreeError(f"{path!r}: {name!r} is not a directory")
                below = parent.children[name] = Node.directory()
            parent = below
        old = parent.children.get(names[-1])
        if old is not None and old is not node:
            _merge_directory(old, node)
        parent.children[names[-1]] = node

    def link(self, target: bytes, path: bytes, *, parents: bool = False) -> None:
        """Make `path` a hard link to what is at `target` now. TreeError: nothing there, or a directory."""
        node = self.lookup(target)
        if node is None or node.kind == "dir":
            raise TreeError(f"{path!r}: hard link to {target!r}, which is {'no file' if node else 'missing'}")
        self.add(path, node, parents=parents)

    def remove(self, path: bytes) -> bool:
        """Remove `path` and all below it (this name only, where it has hard links); False if it was not there."""
        names = split(path)
        if not names:
            raise TreeError("the root of a tree cannot be removed")
        parent = self.lookup(b"/".join(names[:-1]))
        return parent is not None and parent.children.pop(names[-1], None) is not None

    def clear(self, path: bytes) -> bool:
        """Remove all below the directory `path` (an opaque whiteout); False if it is no directory."""
        node = self.lookup(path)
        if node is None or node.kind != "dir":
            return False
        node.children.clear()
        return True

    def walk(self) -> Iterator[tuple[bytes, Node]]:
        """Every (absolute path, node), parents first, names sorted; hard links come once per name."""
        pending: list[tuple[bytes, Node]] = [(b"/", self.root)]
        while pending:
            path, node = pending.pop()
            yield path, node
            prefix = path if path == b"/" else path + b"/"
            pending += [(prefix + name, node.children[name]) for name in sorted(node.children, reverse=True)]


def split(path: bytes) -> list[bytes]:
    """The names of `path`, `.` and empty ones dropped. TreeError: `..`, a NUL or a name above 255 bytes."""
    names = [name for name in path.split(b"/") if name not in (b"", b".")]
    for name in names:
        if name == b".." or b"\0" in name or len(name) > NAME_MAX:
            raise TreeError(f"{path!r}: {name!r} is not a name")
    return names


def _merge_directory(old: Node, new: Node) -> None:
    if old.kind == "dir" and new.kind == "dir":
        for name, child in old.children.items():
            new.children.setdefault(name, child)
