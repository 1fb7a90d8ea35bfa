"""The plain records of the VFS: inodes, dentries, mounts, positions, and who looks from where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lazyfs.plain import Plain, default

if TYPE_CHECKING:
    from lazyfs.filesystem import FileSystem


class FsCredentials(Plain):
    """Who asks, as far as files go: filesystem uid and gid, supplementary groups. uid 0 has every capability."""

    uid: int = 0
    gid: int = 0
    groups: list[int] = default(list)


class Inode(Plain):
    """What every filesystem's inode has; a filesystem adds its own fields in a subclass.

    mode: type and permission bits. rdev: (major, minor). Times: nanoseconds since the epoch.
    seals: F_SEAL_* bits of a memfd, None for a file that cannot be sealed (the kernel's business).
    """

    fs: FileSystem
    ino: int
    mode: int
    uid: int = 0
    gid: int = 0
    nlink: int = 1
    rdev: tuple[int, int] = (0, 0)
    size: int = 0
    atime_ns: int = 0
    mtime_ns: int = 0
    ctime_ns: int = 0
    pipe: Any = None  # Pipe of a FIFO, while anyone has it open
    seals: int | None = None


class Dentry(Plain):
    """A name in a directory, unique per filesystem: a rename moves the object, so open positions follow.

    children: looked-up names; None for a name known to be absent. deleted: the name is gone.
    mounts: what is mounted on it, in order.
    """

    parent: Dentry | None
    name: bytes
    inode: Inode
    children: dict[bytes, Dentry | None]
    mounts: list[Mount] | None = None
    deleted: bool = False

    def __init__(self, parent: Dentry | None, name: bytes, inode: Inode) -> None:
        self.parent, self.name, self.inode = parent, name, inode
        self.children = {}
        self.mounts, self.deleted = None, False


class Mount(Plain):
    """A filesystem attached to the namespace: `root` of `fs` appears at `mountpoint` (None for the root mount).

    options: MS_NOSUID, MS_NODEV and MS_NOEXEC. granted: readonly as the host's user said, which nobody may lift.
    """

    fs: FileSystem
    root: Dentry
    mountpoint: Location | None
    readonly: bool = False
    source: bytes = b"none"
    options: int = 0
    granted: bool = False
    expiring: bool = False  # umount2(2) with MNT_EXPIRE was asked for once


class Location(Plain):
    """A position in the namespace: a dentry as seen through one mount."""

    mount: Mount
    dentry: Dentry

    def __init__(self, mount: Mount, dentry: Dentry) -> None:
        self.mount, self.dentry = mount, dentry

    @property
    def inode(self) -> Inode:
        """The inode the position's dentry names."""
        return self.dentry.inode


class FsContext(Plain):
    """Where a task looks from: its root and working directories, umask and credentials (CLONE_FS shares it)."""

    root: Location
    cwd: Location
    umask: int = 0o022
    credentials: FsCredentials = default(FsCredentials)
