"""Filesystems whose content is made on demand: /proc, /sys. A provider, host-side, knows what is there.

    class Numbers:
        def lookup(self, path):
            return SynthNode(S_IFDIR | 0o555) if not path else SynthNode(S_IFREG | 0o444) if path[0] == b"one" else None
        def entries(self, path): return [b"one"]
        def read(self, path): return b"1\\n"
        ...
    vfs.providers["numbers"] = Numbers()

A path is the tuple of names below the filesystem's root; () is the root itself.
"""

from __future__ import annotations

import errno
from stat import S_IFDIR, S_ISDIR, S_ISLNK
from typing import TYPE_CHECKING, ClassVar, Protocol

from lazyfs.abi import PROC_MAGIC, SYSFS_MAGIC
from lazyfs.errors import LinuxError
from lazyfs.filesystem import Data, Entry, FileSystem
from lazyfs.inode import Inode

if TYPE_CHECKING:
    from lazyfs.host import VfsHost
    from lazyfs.inode import Location
    from lazyfs.openfile import OpenFile

SynthPath = tuple[bytes, ...]


class SynthNode:
    """What a provider says about a path. mode: type and permission bits; size: st_size, 0 as /proc says.

    ino: 0 to have one made from the path.
    """

    __slots__ = ("gid", "ino", "mode", "nlink", "size", "uid")

    def __init__(
        self, mode: int, *, uid: int = 0, gid: int = 0, size: int = 0, nlink: int = 0, ino: int = 0
    ) -> None:
        self.mode, self.uid, self.gid, self.size, self.ino = mode, uid, gid, size, ino
        self.nlink = nlink or (2 if S_ISDIR(mode) else 1)


class Provider(Protocol):
    """The host side of a synthetic filesystem. Methods may raise LinuxError."""

    def lookup(self, path: SynthPath) -> SynthNode | None:
        """The node at `path`, None if there is none. It is asked at every look-up: nothing is cached."""

    def entries(self, path: SynthPath) -> list[bytes]:
        """The names in a directory."""

    def read(self, path: SynthPath) -> bytes:
        """The whole content of a file; it is asked when a description reads at offset 0, and kept for it."""

    def write(self, path: SynthPath, data: bytes) -> int:
        """One write(2) to a file; the bytes taken."""

    def ioctl(self, path: SynthPath, request: int, argument: int) -> int:
        """An ioctl(2) on a file or directory. ENOTTY: it has none such."""

    def readlink(self, path: SynthPath) -> bytes:
        """The target of a symlink."""

    def follow(self, path: SynthPath) -> Location | None:
        """Where a magic link leads, without a walk along its target; None for an ordinary symlink."""


class SynthInode(Inode):
    """An inode made on demand: `path` below the filesystem's root."""

    path: SynthPath = ()


class SynthFs(FileSystem):
    """A filesystem of `vfs.providers[provider]`; kind: its type in /proc/mounts."""

    dynamic: ClassVar[bool] = True

    provider: str = ""
    kind: bytes = b"proc"

    @property
    def magic(self) -> int:  # type: ignore[override]
        """statfs.f_type, which programs check to see whether /proc is there."""
        return SYSFS_MAGIC if self.kind == b"sysfs" else PROC_MAGIC

    def type_name(self) -> bytes:
        """See FileSystem."""
        return self.kind

    def _provider(self, vfs: VfsHost) -> Provider:
        try:
            provider: Provider = vfs.providers[self.provider]
        except KeyError:
            raise LinuxError(errno.ENODEV) from None
        return provider

    def _inode(self, vfs: VfsHost, path: SynthPath, node: SynthNode) -> SynthInode:
        inode = SynthInode(self, node.ino or _ino(path), node.mode, path=path)
        self._fill(vfs, inode, node)
        return inode

    def _fill(self, vfs: VfsHost, inode: Inode, node: SynthNode) -> None:
        inode.mode, inode.uid, inode.gid, inode.size, inode.nlink = (
            node.mode,
            node.uid,
            node.gid,
            node.size,
            node.nlink,
        )
        inode.atime_ns = inode.mtime_ns = inode.ctime_ns = vfs.now_ns()

    def root(self, vfs: VfsHost) -> Inode:
        """See FileSystem."""
        return self._inode(vfs, (), SynthNode(S_IFDIR | 0o555, ino=1))

    def lookup(self, vfs: VfsHost, directory: Inode, name: bytes, known: Inode | None) -> Inode | None:
        """See FileSystem."""
        assert isinstance(directory, SynthInode)
        path = (*directory.path, name)
        node = self._provider(vfs).lookup(path)
        if node is None:
            return None
        if known is not None and (known.mode ^ node.mode) >> 12 == 0:
            self._fill(vfs, known, node)
            return known
        return self._inode(vfs, path, node)

    def refresh(self, vfs: VfsHost, inode: Inode) -> None:
        """See FileSystem."""
        assert isinstance(inode, SynthInode)
        if inode.path:
            node = self._provider(vfs).lookup(inode.path)
            if node is not None:
                self._fill(vfs, inode, node)

    def entries(self, vfs: VfsHost, directory: Inode) -> list[Entry]:
        """See FileSystem."""
        assert isinstance(directory, SynthInode)
        provider, path = self._provider(vfs), directory.path
        found = []
        for name in provider.entries(path):
            node = provider.lookup((*path, name))
            if node is not None:
                found.append((name, node.ino or _ino((*path, name)), node.mode >> 12))
        return found

    def readlink(self, vfs: VfsHost, inode: Inode) -> bytes:
        """See FileSystem."""
        assert isinstance(inode, SynthInode)
        return self._provider(vfs).readlink(inode.path)

    def follow(self, vfs: VfsHost, inode: Inode) -> Location | None:
        """See FileSystem."""
        assert isinstance(inode, SynthInode)
        return self._provider(vfs).follow(inode.path) if S_ISLNK(inode.mode) else None

    def read(self, vfs: VfsHost, file: OpenFile, offset: int, n: int) -> bytes:
        """See FileSystem."""
        assert isinstance(file.inode, SynthInode)
        if offset == 0 or file.private is None:
            file.private = self._provider(vfs).read(file.inode.path)
        text: bytes = file.private
        return text[offset : offset + n]

    def write(self, vfs: VfsHost, file: OpenFile, offset: int, data: Data) -> int:
        """See FileSystem."""
        assert isinstance(file.inode, SynthInode)
        return self._provider(vfs).write(file.inode.path, bytes(data))

    def ioctl(self, vfs: VfsHost, file: OpenFile, request: int, argument: int) -> int:
        """See FileSystem."""
        assert isinstance(file.inode, SynthInode)
        return self._provider(vfs).ioctl(file.inode.path, request, argument)

    def truncate(self, vfs: VfsHost, inode: Inode, length: int, file: OpenFile | None = None) -> None:
        """O_TRUNC on a /proc file (`echo 1 > /proc/...`) does nothing."""

    def set_attributes(self, vfs: VfsHost, inode: Inode, **_: object) -> None:
        """Times and modes of /proc files do not stick: EPERM for all but a no-op."""
        raise LinuxError(errno.EPERM)


def _ino(path: SynthPath) -> int:
    """A stable inode number (FNV-1a of the path, 60 bits)."""
    value = 0xCBF29CE484222325
    for byte in b"/".join(path):
        value = (value ^ byte) * 0x100000001B3 & (1 << 60) - 1
    return value | 1 << 32
