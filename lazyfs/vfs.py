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

`target` below is a path (bytes, relative to `start` or else context.cwd), a Location or an OpenFile.
`follow` says whether a symlink as last component is followed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from lazyfs.filesystem import FileSystem
from lazyfs.inode import FsContext, Location, Mount
from lazyfs.openfile import OpenFile
from lazyfs.plain import Plain
from lazyfs.stat import Stat, StatFs

Target = bytes | Location | OpenFile


class VfsState(Plain):
    """The plain root of all VFS state: put it below the kernel's state root."""


class Vfs:
    """See the module. State is in `state`; `drivers` and `providers` are host-side registries."""

    state: VfsState
    drivers: dict[tuple[int, int], Any]  # (major, minor) -> lazyfs.devfs.Driver
    providers: dict[str, Any]  # name -> lazyfs.synthfs.Provider
    now_ns: Callable[[], int]
    urandom: Callable[[int], bytes]

    def __init__(
        self,
        state: VfsState | None = None,
        *,
        now_ns: Callable[[], int] | None = None,
        urandom: Callable[[int], bytes] | None = None,
    ) -> None:
        """now_ns: the guest's realtime clock; urandom(n): n random bytes. Defaults: the host's."""
        raise NotImplementedError

    # Setting up

    def attach_lower(self, name: str, index: Any, chunks: Any) -> None:
        """Give the overlay of lower `name` its index and chunk store."""
        raise NotImplementedError

    def attach_grant(self, name: str, host_directory: str) -> None:
        """Give the host filesystem `name` the directory it is confined to."""
        raise NotImplementedError

    def new_overlay(self, lower: str) -> FileSystem:
        """A filesystem of the attached index `lower` with an empty in-memory upper layer."""
        raise NotImplementedError

    def new_tmpfs(self, size_limit: int | None = None, *, mode: int = 0o1777) -> FileSystem:
        """An empty tmpfs; size_limit in bytes, None for no limit."""
        raise NotImplementedError

    def new_devfs(self) -> FileSystem:
        """A tmpfs with the usual device nodes, links and directories of a container's /dev."""
        raise NotImplementedError

    def new_synthfs(self, provider: str, *, kind: str = "proc") -> FileSystem:
        """A filesystem whose content `vfs.providers[provider]` makes on demand; kind: its type in /proc/mounts."""
        raise NotImplementedError

    def new_hostfs(self, grant: str, *, readonly: bool = False) -> FileSystem:
        """The host directory attached as `grant`."""
        raise NotImplementedError

    def mount_root(self, fs: FileSystem) -> Location:
        """Mount `fs` as the root of the namespace; the position of its root directory."""
        raise NotImplementedError

    def mount(self, location: Location, fs: FileSystem, *, readonly: bool = False, source: bytes = b"none") -> Mount:
        """Mount `fs` on a directory (or, if its root is a file, on a file)."""
        raise NotImplementedError

    def unmount(self, location: Location) -> None:
        """Undo the mount whose root is `location`. EINVAL: not a mount's root; EBUSY: mounts below it."""
        raise NotImplementedError

    def shrink(self) -> None:
        """Forget cached dentries and inodes that nothing refers to (before a capture; caches bound themselves)."""
        raise NotImplementedError

    # Positions

    def lookup(
        self,
        context: FsContext,
        path: bytes,
        *,
        start: Location | None = None,
        follow: bool = True,
        want_directory: bool = False,
    ) -> Location:
        """The position `path` names. ENOENT, ENOTDIR, EACCES, ELOOP, ENAMETOOLONG."""
        raise NotImplementedError

    def lookup_parent(
        self, context: FsContext, path: bytes, *, start: Location | None = None
    ) -> tuple[Location, bytes]:
        """(directory, last name) of `path`; the name keeps its trailing slashes, and may be `.`, `..` or empty (root)."""
        raise NotImplementedError

    def path_of(self, context: FsContext, location: Location) -> bytes:
        """The absolute path of a position as `context` sees it, with " (deleted)" where its name is gone."""
        raise NotImplementedError

    def file_identity(self, location: Location) -> bytes | None:
        """A key that equals only for the same unchanged content (lower files), None for anything else."""
        raise NotImplementedError

    # Open file descriptions

    def open(
        self, context: FsContext, path: bytes, flags: int, mode: int = 0, *, start: Location | None = None
    ) -> OpenFile:
        """openat(2) with the umask of `context` applied to `mode`; O_CLOEXEC is the caller's."""
        raise NotImplementedError

    def open_location(self, context: FsContext, location: Location, flags: int) -> OpenFile:
        """Open what is already found (execve, /proc/self/fd); permission is checked."""
        raise NotImplementedError

    def pipe(self, context: FsContext, flags: int = 0) -> tuple[OpenFile, OpenFile]:
        """pipe2(2): (read end, write end)."""
        raise NotImplementedError

    def anonymous(self, context: FsContext, name: bytes, flags: int) -> OpenFile:
        """An unnamed regular file in memory (memfd_create); `name` shows in /proc/self/fd."""
        raise NotImplementedError

    def read(self, file: OpenFile, n: int) -> bytes:
        """Up to `n` bytes at the file's offset, which moves; b"" at the end."""
        raise NotImplementedError

    def pread(self, file: OpenFile, n: int, offset: int) -> bytes:
        """Up to `n` bytes at `offset`. ESPIPE on pipes."""
        raise NotImplementedError

    def write(self, file: OpenFile, data: bytes | bytearray | memoryview) -> int:
        """Write at the file's offset (at the end with O_APPEND); the number of bytes taken. EPIPE: raise SIGPIPE."""
        raise NotImplementedError

    def pwrite(self, file: OpenFile, data: bytes | bytearray | memoryview, offset: int) -> int:
        """Write at `offset` (with O_APPEND at the end, as Linux does)."""
        raise NotImplementedError

    def seek(self, file: OpenFile, offset: int, whence: int) -> int:
        """lseek(2) with SEEK_DATA and SEEK_HOLE; the new offset."""
        raise NotImplementedError

    def getdents(self, file: OpenFile, count_limit: int = 1 << 30) -> list[tuple[int, int, int, bytes]]:
        """The next entries as (ino, next offset cookie, DT_* type, name), `.` and `..` included.

        The file's offset moves past all that are returned; a caller with a smaller buffer sets
        `file.offset` to the cookie of the last entry that fitted. [] at the end.
        """
        raise NotImplementedError

    def truncate(self, context: FsContext, target: Target, length: int, *, start: Location | None = None) -> None:
        """truncate(2) of a path, ftruncate(2) of an OpenFile."""
        raise NotImplementedError

    def fallocate(self, file: OpenFile, mode: int, offset: int, length: int) -> None:
        """fallocate(2): modes 0, KEEP_SIZE, PUNCH_HOLE|KEEP_SIZE, ZERO_RANGE; EOPNOTSUPP for others."""
        raise NotImplementedError

    def fsync(self, file: OpenFile) -> None:
        """fsync(2): EINVAL on pipes and the like; nothing else to do."""
        raise NotImplementedError

    def poll(self, file: OpenFile) -> int:
        """The POLL* bits that hold now."""
        raise NotImplementedError

    def ioctl(self, file: OpenFile, request: int, argument: Any) -> int:
        """Hand an ioctl(2) to the character device's driver; ENOTTY where there is none."""
        raise NotImplementedError

    def release(self, file: OpenFile) -> None:
        """The last reference to the description is gone."""
        raise NotImplementedError

    # By path or position

    def stat(self, target: Location | OpenFile) -> Stat:
        """The attributes of what is at a position."""
        raise NotImplementedError

    def stat_path(
        self, context: FsContext, path: bytes, *, start: Location | None = None, follow: bool = True
    ) -> Stat:
        """stat(2), lstat(2) of a path."""
        raise NotImplementedError

    def statfs(self, target: Location | OpenFile) -> StatFs:
        """The figures of the filesystem at a position."""
        raise NotImplementedError

    def access(
        self,
        context: FsContext,
        target: Target,
        mode: int,
        *,
        start: Location | None = None,
        follow: bool = True,
        credentials: Any = None,
    ) -> None:
        """faccessat2(2): raise EACCES, EROFS, ... unless R_OK|W_OK|X_OK `mode` is allowed.

        credentials: the real ids for access(2) (default: those of `context`, for AT_EACCESS).
        """
        raise NotImplementedError

    def mkdir(self, context: FsContext, path: bytes, mode: int, *, start: Location | None = None) -> None:
        """mkdirat(2)."""
        raise NotImplementedError

    def mknod(
        self,
        context: FsContext,
        path: bytes,
        mode: int,
        rdev: tuple[int, int] = (0, 0),
        *,
        start: Location | None = None,
    ) -> None:
        """mknodat(2): regular file, fifo, socket, char or block device."""
        raise NotImplementedError

    def symlink(
        self, context: FsContext, target: bytes, path: bytes, *, start: Location | None = None
    ) -> None:
        """symlinkat(2)."""
        raise NotImplementedError

    def link(
        self,
        context: FsContext,
        old: Target,
        new: bytes,
        *,
        old_start: Location | None = None,
        new_start: Location | None = None,
        follow: bool = False,
    ) -> None:
        """linkat(2); follow is AT_SYMLINK_FOLLOW, an OpenFile as `old` is AT_EMPTY_PATH."""
        raise NotImplementedError

    def unlink(self, context: FsContext, path: bytes, *, start: Location | None = None) -> None:
        """unlinkat(2) without AT_REMOVEDIR."""
        raise NotImplementedError

    def rmdir(self, context: FsContext, path: bytes, *, start: Location | None = None) -> None:
        """unlinkat(2) with AT_REMOVEDIR."""
        raise NotImplementedError

    def rename(
        self,
        context: FsContext,
        old: bytes,
        new: bytes,
        flags: int = 0,
        *,
        old_start: Location | None = None,
        new_start: Location | None = None,
    ) -> None:
        """renameat2(2) with RENAME_NOREPLACE and RENAME_EXCHANGE; EINVAL for other flags."""
        raise NotImplementedError

    def readlink(self, context: FsContext, target: Target, *, start: Location | None = None) -> bytes:
        """readlinkat(2), whole target."""
        raise NotImplementedError

    def chmod(
        self, context: FsContext, target: Target, mode: int, *, start: Location | None = None, follow: bool = True
    ) -> None:
        """fchmodat2(2)."""
        raise NotImplementedError

    def chown(
        self,
        context: FsContext,
        target: Target,
        uid: int,
        gid: int,
        *,
        start: Location | None = None,
        follow: bool = True,
    ) -> None:
        """fchownat(2); -1 keeps the uid or gid."""
        raise NotImplementedError

    def utimens(
        self,
        context: FsContext,
        target: Target,
        atime_ns: int | None,
        mtime_ns: int | None,
        *,
        now: bool = False,
        start: Location | None = None,
        follow: bool = True,
    ) -> None:
        """utimensat(2): None leaves a time as it is (UTIME_OMIT).

        now: both times become the current time (a null pointer or two UTIME_NOW), for which write permission is enough.
        """
        raise NotImplementedError

    def getxattr(
        self,
        context: FsContext,
        target: Target,
        name: bytes,
        *,
        start: Location | None = None,
        follow: bool = True,
    ) -> bytes:
        """getxattr(2), whole value (ERANGE is the caller's)."""
        raise NotImplementedError

    def setxattr(
        self,
        context: FsContext,
        target: Target,
        name: bytes,
        value: bytes,
        flags: int = 0,
        *,
        start: Location | None = None,
        follow: bool = True,
    ) -> None:
        """setxattr(2) with XATTR_CREATE and XATTR_REPLACE."""
        raise NotImplementedError

    def listxattr(
        self, context: FsContext, target: Target, *, start: Location | None = None, follow: bool = True
    ) -> Sequence[bytes]:
        """listxattr(2) as names."""
        raise NotImplementedError

    def removexattr(
        self,
        context: FsContext,
        target: Target,
        name: bytes,
        *,
        start: Location | None = None,
        follow: bool = True,
    ) -> None:
        """removexattr(2)."""
        raise NotImplementedError
