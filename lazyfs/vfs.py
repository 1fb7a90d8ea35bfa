"""The virtual filesystem: every file operation of the kernel, over plain state.

    vfs = Vfs(now_ns=clock, urandom=os.urandom)          # or Vfs(decoded_state, ...)
    vfs.attach_lower("rootfs", index, chunk_store)       # host side: again after each restore
    root = vfs.mount_root(vfs.new_overlay("rootfs"))
    context = FsContext(root, root)
    vfs.mount(vfs.lookup(context, b"/dev"), vfs.new_devfs())
    vfs.mount(vfs.lookup(context, b"/proc"), vfs.new_synthfs("proc"))    # vfs.providers["proc"] = ...
    file = vfs.open(context, b"/etc/passwd", O_RDONLY)

`vfs.state` is the Plain part (mounts, filesystems, inodes); everything else is attached by the host.
All methods raise LinuxError(errno) as the system call of that name would fail, and WouldBlock.

A `target` is a path (bytes, relative to `start` or else context.cwd), a Location or an OpenFile.
`follow` says whether a symlink as last component is followed. Access times change only when they are
set: every mount is `noatime`.
"""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Callable
from itertools import count
from stat import S_ISDIR
from typing import TYPE_CHECKING, Any

from lazyfs import devfs
from lazyfs.attributes import AttributeOps
from lazyfs.fileio import FileOps
from lazyfs.filesystem import FileSystem
from lazyfs.host import Lower
from lazyfs.inode import Dentry, FsContext, FsCredentials, Inode, Location, Mount
from lazyfs.lookup import Target, fail
from lazyfs.openfile import OpenFile
from lazyfs.overlay import OverlayFs
from lazyfs.pipe import PipeFs
from lazyfs.plain import Plain, default
from lazyfs.synthfs import SynthFs
from lazyfs.tmpfs import MemInode, Tmpfs

if TYPE_CHECKING:
    from lazyfs.chunk_store import ChunkStore
    from lazyfs.devpts import Devpts
    from lazyfs.hostfs import HostFs
    from lazyfs.index import Index

__all__ = [
    "FsContext",
    "FsCredentials",
    "Inode",
    "Location",
    "Mount",
    "OpenFile",
    "Target",
    "Vfs",
    "VfsState",
]


class VfsState(Plain):
    """The plain root of all VFS state: put it below the kernel's state root.

    mounts: all but `internal`, in mount order. pipefs, shm: the filesystems of unnamed pipes and files.
    linkable: per device, inodes made by O_TMPFILE that link(2) may still name.
    opening: whose open(2) of which FIFO waits for the other end.
    """

    pipefs: PipeFs
    shm: Tmpfs
    internal: Mount
    mounts: list[Mount] = default(list)
    next_device: int = 3
    linkable: dict[int, list[int]] = default(dict)
    opening: list[tuple[FsContext, Inode]] = default(list)


class Vfs(FileOps, AttributeOps):
    """See the module. State is in `state`.

    drivers: (major, minor) -> lazyfs.devfs.Driver; providers: name -> lazyfs.synthfs.Provider: host-side
    registries that the kernel fills. now_ns, urandom: the guest's realtime clock and entropy.
    """

    def __init__(
        self,
        state: VfsState | None = None,
        *,
        now_ns: Callable[[], int] | None = None,
        urandom: Callable[[int], bytes] | None = None,
    ) -> None:
        """now_ns: the guest's realtime clock; urandom(n): n random bytes. Defaults: the host's."""
        self.now_ns = now_ns or time.time_ns
        self.urandom = urandom or os.urandom
        self.lowers: dict[str, Lower] = {}
        self.grants: dict[str, int] = {}
        self.host_files: dict[OpenFile, int] = {}
        self.host_directories: dict[Inode, tuple[int, int, int]] = {}
        self.moment = count().__next__
        self.providers: dict[str, Any] = {}
        self.drivers: dict[tuple[int, int], Any] = dict(devfs.drivers(self))
        self.state = state or self._new_state()

    def _new_state(self) -> VfsState:
        pipefs, shm = PipeFs(1), Tmpfs(2)
        shm.format(self, 0o700)
        return VfsState(pipefs, shm, Mount(shm, Dentry(None, b"", shm.root(self)), None))

    # Setting up

    def attach_lower(self, name: str, index: Index, chunks: ChunkStore) -> None:
        """Give the overlay of lower `name` its index and chunk store."""
        self.lowers[name] = Lower(index, chunks)

    def attach_grant(self, name: str, host_directory: str) -> None:
        """Give the host filesystem `name` the directory it is confined to. OSError: it is none."""
        self.grants[name] = os.open(host_directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def close(self) -> None:
        """Give the host's descriptors back (of granted directories, and files open in them)."""
        kept = [fd for fd, _, _ in self.host_directories.values()]
        for fd in [*self.grants.values(), *self.host_files.values(), *kept]:
            os.close(fd)
        self.grants.clear()
        self.host_files.clear()
        self.host_directories.clear()

    def new_device(self) -> int:
        """The device number of one more filesystem."""
        self.state.next_device += 1
        return self.state.next_device - 1

    def new_overlay(self, lower: str) -> OverlayFs:
        """A filesystem of the attached index `lower` with an empty in-memory upper layer."""
        fs = OverlayFs(self.new_device(), lower=lower)
        fs.attach(self)
        return fs

    def new_tmpfs(self, size_limit: int | None = None, *, mode: int = 0o1777) -> Tmpfs:
        """An empty tmpfs; size_limit in bytes, None for no limit."""
        fs = Tmpfs(self.new_device(), size_limit=size_limit)
        fs.format(self, mode)
        return fs

    def new_devfs(self) -> Tmpfs:
        """A tmpfs with the usual device nodes, links and directories of a container's /dev."""
        fs = Tmpfs(self.new_device())
        devfs.populate(self, fs)
        return fs

    def new_devpts(self) -> Devpts:
        """/dev/pts without a pseudo-terminal."""
        from lazyfs.devpts import Devpts

        fs = Devpts(self.new_device())
        fs.populate(self)
        return fs

    def new_synthfs(self, provider: str, *, kind: str = "proc") -> SynthFs:
        """A filesystem that `vfs.providers[provider]` makes on demand; kind: its type in /proc/mounts."""
        return SynthFs(self.new_device(), provider=provider, kind=kind.encode())

    def new_hostfs(self, grant: str) -> HostFs:
        """The host directory attached as `grant` (mount it with readonly=True for `:ro`)."""
        from lazyfs.hostfs import HostFs

        return HostFs(self.new_device(), grant=grant)

    def mount_root(self, fs: FileSystem, *, readonly: bool = False, source: bytes = b"none") -> Location:
        """Mount `fs` as the root of the namespace; the position of its root directory."""
        mount = Mount(fs, Dentry(None, b"", fs.root(self)), None, readonly, source)
        self.state.mounts.append(mount)
        return Location(mount, mount.root)

    def mount(
        self,
        location: Location,
        fs: FileSystem,
        *,
        readonly: bool = False,
        source: bytes = b"none",
        root: Inode | None = None,
        options: int = 0,
    ) -> Mount:
        """Mount `fs`, or what is below its inode `root`, on a directory or file. ENOTDIR: kinds differ."""
        root = root or fs.root(self)
        if S_ISDIR(root.mode) != S_ISDIR(location.inode.mode):
            raise fail(errno.ENOTDIR)
        if self.changing is not None:
            self.changing(location.inode)
        mount = Mount(fs, Dentry(None, b"", root), location, readonly, source, options)
        dentry = location.dentry
        dentry.mounts = [*(dentry.mounts or ()), mount]
        self.state.mounts.append(mount)
        return mount

    def unmount(self, location: Location) -> None:
        """Undo the mount whose root is `location`. EINVAL: not a mount's root; EBUSY: mounts below it.

        Who is still in it stays there, outside the namespace.
        """
        mount = location.mount
        if location.dentry is not mount.root or mount.mountpoint is None:
            raise fail(errno.EINVAL)
        if any(
            other.mountpoint is not None and other.mountpoint.mount is mount for other in self.state.mounts
        ):
            raise fail(errno.EBUSY)
        dentry = mount.mountpoint.dentry
        if self.changing is not None:
            self.changing(dentry.inode)
        dentry.mounts = [other for other in dentry.mounts or () if other is not mount] or None
        self.state.mounts.remove(mount)

    def file_identity(self, location: Location) -> bytes | None:
        """A key that equals only for the same unchanged content (lower files), None for anything else."""
        inode = location.inode
        if isinstance(inode, MemInode) and inode.lower and inode.content is None:
            fs = inode.fs
            assert isinstance(fs, OverlayFs)
            digest: bytes = self.lowers[fs.lower].index.digest
            return digest + inode.lower.to_bytes(4, "little")
        return None

    def shrink(self) -> None:
        """Forget cached dentries and inodes that nothing refers to (before a capture; caches bound themselves).

        What an open file, a working directory or a mount needs is recognised by its reference count, so no
        one has to count by hand.
        """
        for mount in [*self.state.mounts, self.state.internal]:
            _shrink_dentries(mount.root)
            if isinstance(mount.fs, OverlayFs):
                _shrink_inodes(mount.fs)
        self._cached = 0


def _shrink_dentries(root: Dentry) -> None:
    order = [root]
    for dentry in order:
        order.extend(child for child in dentry.children.values() if child is not None)
    free = sys.getrefcount
    while len(order) > 1:
        dentry = order.pop()  # children come before their parents here
        for name in [name for name, child in dentry.children.items() if child is None]:
            del dentry.children[name]
        parent = dentry.parent
        # Referenced by its parent, by `dentry` and by the call: nobody else holds it.
        if not dentry.children and not dentry.mounts and parent is not None and free(dentry) == 3:
            del parent.children[dentry.name]
    for name in [name for name, child in root.children.items() if child is None]:
        del root.children[name]


def _shrink_inodes(fs: OverlayFs) -> None:
    for ino in list(fs.inodes):
        inode = fs.inodes[ino]
        if not inode.changed and inode is not fs.top and sys.getrefcount(inode) == 3:
            del fs.inodes[ino]
