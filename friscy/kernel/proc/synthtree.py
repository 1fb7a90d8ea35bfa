"""A tree of nodes whose content is made when it is asked for: the form in which /proc and /sys are written down.

`SynthTree` is the `lazyfs.synthfs.Provider` of such a tree.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from stat import S_IFDIR, S_IFLNK, S_IFREG
from typing import TYPE_CHECKING

from lazyfs.errors import LinuxError
from lazyfs.synthfs import SynthNode, SynthPath

if TYPE_CHECKING:
    from lazyfs.inode import Location

Owner = tuple[int, int]  # uid, gid


class File:
    """A file: `read` makes its whole content; `write` takes what one write(2) brings, `ioctl` its two arguments."""

    __slots__ = ("ioctl", "mode", "read", "write")

    def __init__(
        self,
        read: Callable[[], bytes] | bytes,
        *,
        mode: int = 0o444,
        write: Callable[[bytes], None] | None = None,
        ioctl: Callable[[int, int], int] | None = None,
    ) -> None:
        self.read, self.mode, self.write, self.ioctl = read, mode, write, ioctl


class Link:
    """A symlink. follow: for a magic one, where it leads whatever its text says."""

    __slots__ = ("follow", "mode", "text")

    def __init__(
        self,
        text: Callable[[], bytes] | bytes,
        *,
        mode: int = 0o777,
        follow: Callable[[], Location | None] | None = None,
    ) -> None:
        self.text, self.mode, self.follow = text, mode, follow


class Directory:
    """A directory: `children` gives name -> node, or makes that anew each time.

    owner: of all below as well, except where `private` is true: then only directories that all may read are theirs.
    """

    __slots__ = ("children", "mode", "owner", "private")

    def __init__(
        self,
        children: Children,
        *,
        mode: int = 0o555,
        owner: Callable[[], Owner] | None = None,
        private: Callable[[], bool] = bool,
    ) -> None:
        self.children, self.mode, self.owner, self.private = children, mode, owner, private

    def names(self) -> dict[bytes, Node]:
        """The entries as they are now."""
        return self.children() if callable(self.children) else self.children


Node = File | Link | Directory
Children = dict[bytes, Node] | Callable[[], dict[bytes, Node]]


class SynthTree:
    """A provider for lazyfs over the tree below `root`."""

    def __init__(self, root: Directory) -> None:
        self.root = root

    def _find(self, path: SynthPath) -> tuple[Node, Owner] | None:
        node: Node = self.root
        owner, private = (0, 0), False
        for name in path:
            if not isinstance(node, Directory):
                return None
            below = node.names().get(name)
            if below is None:
                return None
            node = below
            if isinstance(node, Directory) and node.owner is not None:
                owner, private = node.owner(), node.private()
        if private and not (isinstance(node, Directory) and node.mode == 0o555):
            owner = (0, 0)
        return node, owner

    def _node(self, path: SynthPath) -> Node:
        found = self._find(path)
        if found is None:
            raise LinuxError(errno.ENOENT)
        return found[0]

    def _file(self, path: SynthPath, error: int) -> File:
        """The file at `path`. ESRCH: it was opened, but what it tells of is gone by now; `error`: it is no file."""
        found = self._find(path)
        if found is None:
            raise LinuxError(errno.ESRCH)
        if not isinstance(found[0], File):
            raise LinuxError(error)
        return found[0]

    def lookup(self, path: SynthPath) -> SynthNode | None:
        """See lazyfs.synthfs.Provider."""
        found = self._find(path)
        if found is None:
            return None
        node, (uid, gid) = found
        kind = S_IFDIR if isinstance(node, Directory) else S_IFLNK if isinstance(node, Link) else S_IFREG
        return SynthNode(kind | node.mode, uid=uid, gid=gid)

    def entries(self, path: SynthPath) -> list[bytes]:
        """See lazyfs.synthfs.Provider."""
        node = self._node(path)
        return list(node.names()) if isinstance(node, Directory) else []

    def read(self, path: SynthPath) -> bytes:
        """See lazyfs.synthfs.Provider."""
        node = self._file(path, errno.EINVAL)
        return node.read() if callable(node.read) else node.read

    def write(self, path: SynthPath, data: bytes) -> int:
        """See lazyfs.synthfs.Provider."""
        node = self._file(path, errno.EIO)
        if node.write is None:
            raise LinuxError(errno.EIO)
        node.write(data)
        return len(data)

    def ioctl(self, path: SynthPath, request: int, argument: int) -> int:
        """See lazyfs.synthfs.Provider."""
        node = self._file(path, errno.ENOTTY)
        if node.ioctl is None:
            raise LinuxError(errno.ENOTTY)
        return node.ioctl(request, argument)

    def readlink(self, path: SynthPath) -> bytes:
        """See lazyfs.synthfs.Provider."""
        node = self._node(path)
        if not isinstance(node, Link):
            raise LinuxError(errno.EINVAL)
        return node.text() if callable(node.text) else node.text

    def follow(self, path: SynthPath) -> Location | None:
        """See lazyfs.synthfs.Provider."""
        node = self._node(path)
        return node.follow() if isinstance(node, Link) and node.follow is not None else None
