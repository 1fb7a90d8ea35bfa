"""A granted host directory: `-v HOST:GUEST[:ro]`.

Confinement: every path is walked from the grant's descriptor one name at a time, each step O_NOFOLLOW, so
neither a symlink nor a rename by someone on the host leads outside. Descriptors of directories are kept, and used
for what was found to be at its place in the same operation. Symlinks are read, and followed by the
VFS inside the guest's namespace. Ids, modes and times are the host's, but set-user-ID and set-group-ID
bits cannot be set, and device nodes cannot be made.
Gap: RENAME_EXCHANGE and hole punching are refused.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from stat import S_IFMT, S_IFREG, S_ISDIR, S_ISFIFO, S_ISLNK, S_ISREG, S_ISSOCK
from typing import TYPE_CHECKING, ClassVar

from lazyfs.abi import O_ACCMODE, O_RDONLY, V9FS_MAGIC
from lazyfs.errors import LinuxError
from lazyfs.filesystem import Data, Entry, FileSystem
from lazyfs.inode import Inode
from lazyfs.stat import StatFs

if TYPE_CHECKING:
    from lazyfs.host import VfsHost
    from lazyfs.openfile import OpenFile

_put = object.__setattr__  # of what is no field
_NO_DEVICE = (0, 0)
_STEP = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# O_NONBLOCK: should the name have become a FIFO on the host meanwhile, open must not hang.
_OPEN = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class HostInode(Inode):
    """A host file by its place: `name` in `parent`, None for the granted directory itself."""

    parent: HostInode | None = None
    name: bytes = b""
    sectors: int = 0

    # `VfsHost.moment` when its descriptor was that of what is at its place; not state
    found: ClassVar[int] = -1


@contextmanager
def _host_errors() -> Iterator[None]:
    """The guest sees the host's error numbers."""
    try:
        yield
    except OSError as error:
        raise LinuxError(error.errno or errno.EIO) from None


class HostFs(FileSystem):
    """The host directory attached to the VFS as `grant`; the state keeps only that name."""

    dynamic: ClassVar[bool] = True
    open_verifies: ClassVar[bool] = True
    magic: ClassVar[int] = V9FS_MAGIC

    grant: str = ""

    def type_name(self) -> bytes:
        """See FileSystem."""
        return b"hostfs"

    # Reaching host files

    def _reach(self, vfs: VfsHost, inode: Inode) -> int:
        """The kept descriptor of a directory, for this operation only. OSError: it is not there any more.

        ENODEV: the grant is gone.
        """
        assert isinstance(inode, HostInode)
        if inode.parent is None and self.grant in vfs.grants:
            return vfs.grants[self.grant]
        now, kept = vfs.moment(), vfs.host_directories
        below: list[HostInode] = []
        while inode.parent is not None:
            if inode.found == now and inode in kept:
                fd = kept[inode][0]
                break
            below.append(inode)
            inode = inode.parent
        else:
            if self.grant not in vfs.grants:
                raise LinuxError(errno.ENODEV)
            fd = vfs.grants[self.grant]
        while below:
            inode = below.pop()
            fd = os.open(inode.name, _STEP, dir_fd=fd)
            vfs.keep_directory(inode, fd, os.fstat(fd))
            _put(inode, "found", now)
        return fd

    @contextmanager
    def _directory(self, vfs: VfsHost, inode: Inode) -> Iterator[int]:
        """A descriptor of a directory; what the block does fails with the host's error numbers."""
        with _host_errors():
            fd = os.dup(self._reach(vfs, inode))
            try:
                yield fd
            finally:
                os.close(fd)

    @contextmanager
    def _place(self, vfs: VfsHost, inode: Inode) -> Iterator[tuple[int, bytes]]:
        """(descriptor of its directory, name) of an inode; the grant itself is `.` in itself."""
        assert isinstance(inode, HostInode)
        with self._directory(vfs, inode.parent or inode) as fd:
            yield fd, inode.name if inode.parent is not None else b"."

    @contextmanager
    def _opened(self, vfs: VfsHost, inode: Inode, flags: int) -> Iterator[int]:
        with self._place(vfs, inode) as (fd, name):
            opened = os.open(name, flags | _OPEN, dir_fd=fd)
            try:
                yield opened
            finally:
                os.close(opened)

    def _descriptor(self, vfs: VfsHost, file: OpenFile) -> int:
        """The host's descriptor of an open file; opened again after a restore."""
        fd = vfs.host_files.get(file)
        if fd is None:
            inode = file.inode
            assert isinstance(inode, HostInode)
            assert inode.parent is not None
            try:
                directory = self._reach(vfs, inode.parent)
                fd = os.open(inode.name, file.flags & O_ACCMODE | _OPEN, dir_fd=directory)
            except OSError as error:
                raise LinuxError(error.errno or errno.EIO) from None
            got = os.fstat(fd)
            if got.st_ino != inode.ino or S_IFMT(got.st_mode) != S_IFMT(inode.mode):
                os.close(fd)
                raise LinuxError(errno.ESTALE)
            self._fill(inode, got)
            vfs.host_files[file] = fd
        return fd

    def _fill(self, inode: HostInode, got: os.stat_result) -> HostInode:
        inode.mode, _, _, inode.nlink, inode.uid, inode.gid, inode.size = got[:7]
        device = got.st_rdev
        inode.rdev = (os.major(device), os.minor(device)) if device else _NO_DEVICE
        inode.atime_ns, inode.mtime_ns, inode.ctime_ns = got.st_atime_ns, got.st_mtime_ns, got.st_ctime_ns
        inode.sectors = got.st_blocks
        return inode

    def root(self, vfs: VfsHost) -> Inode:
        """See FileSystem."""
        with _host_errors():
            got = os.fstat(vfs.grants[self.grant])
        return self._fill(HostInode(self, got.st_ino, got.st_mode), got)

    def refresh(self, vfs: VfsHost, inode: Inode) -> None:
        """See FileSystem."""
        assert isinstance(inode, HostInode)
        for file, opened in vfs.host_files.items():
            if file.inode is inode:
                self._fill(inode, os.fstat(opened))
                return
        # What is gone keeps the attributes it had.
        with suppress(LinuxError), self._place(vfs, inode) as (fd, name):
            got = os.stat(name, dir_fd=fd, follow_symlinks=False)
            if got.st_ino == inode.ino:
                self._fill(inode, got)

    # Names

    def lookup(self, vfs: VfsHost, directory: Inode, name: bytes, known: Inode | None) -> Inode | None:
        """See FileSystem."""
        assert isinstance(directory, HostInode)
        try:
            got = os.stat(name, dir_fd=self._reach(vfs, directory), follow_symlinks=False)
        except OSError as error:
            if error.errno == errno.ENOENT:
                return None
            raise LinuxError(error.errno or errno.EIO) from None
        if (
            isinstance(known, HostInode)
            and known.ino == got.st_ino
            and S_IFMT(known.mode) == S_IFMT(got.st_mode)
        ):
            inode = known
            kept = vfs.host_directories.get(inode)
            if kept is not None and kept[1:] == (got.st_dev, got.st_ino):
                _put(inode, "found", vfs.moment())
        else:
            inode = HostInode(self, got.st_ino, got.st_mode)
        inode.parent, inode.name = directory, name
        return self._fill(inode, got)

    def entries(self, vfs: VfsHost, directory: Inode) -> list[Entry]:
        """See FileSystem."""
        with self._opened(vfs, directory, os.O_RDONLY | os.O_DIRECTORY) as fd, os.scandir(fd) as found:
            return [
                (os.fsencode(entry.name), entry.inode(), entry.stat(follow_symlinks=False).st_mode >> 12)
                for entry in found
            ]

    def create(
        self,
        vfs: VfsHost,
        directory: Inode,
        name: bytes | None,
        mode: int,
        uid: int,
        gid: int,
        *,
        rdev: tuple[int, int] = (0, 0),
        target: bytes = b"",
    ) -> Inode:
        """See FileSystem."""
        if name is None:
            raise LinuxError(errno.EOPNOTSUPP)
        mode &= ~0o6000
        with self._directory(vfs, directory) as fd:
            if S_ISDIR(mode):
                os.mkdir(name, mode & 0o7777, dir_fd=fd)
            elif S_ISLNK(mode):
                os.symlink(target, name, dir_fd=fd)
            elif S_ISREG(mode):
                os.close(os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY | _OPEN, mode & 0o777, dir_fd=fd))
            elif S_ISFIFO(mode) or S_ISSOCK(mode):
                os.mknod(name, mode, dir_fd=fd)
            else:
                raise LinuxError(errno.EPERM)
            if os.geteuid() == 0:
                os.chown(name, uid, gid, dir_fd=fd, follow_symlinks=False)
            if not S_ISLNK(mode):
                # The guest's umask has been applied, the host process's shall not be.
                os.chmod(name, mode & 0o1777, dir_fd=fd)
        inode = self.lookup(vfs, directory, name, None)
        if inode is None:
            raise LinuxError(errno.ENOENT)
        return inode

    def link(self, vfs: VfsHost, directory: Inode, name: bytes, inode: Inode) -> None:
        """See FileSystem."""
        with self._place(vfs, inode) as (old, old_name), self._directory(vfs, directory) as fd:
            os.link(old_name, name, src_dir_fd=old, dst_dir_fd=fd, follow_symlinks=False)

    def unlink(self, vfs: VfsHost, directory: Inode, name: bytes, inode: Inode) -> None:
        """See FileSystem."""
        with self._directory(vfs, directory) as fd:
            if S_ISDIR(inode.mode):
                os.rmdir(name, dir_fd=fd)
                inode.nlink = 0
            else:
                os.unlink(name, dir_fd=fd)
                inode.nlink -= 1

    def rename(
        self,
        vfs: VfsHost,
        old_directory: Inode,
        old_name: bytes,
        inode: Inode,
        new_directory: Inode,
        new_name: bytes,
        replaced: Inode | None,
        exchange: bool,
    ) -> None:
        """See FileSystem."""
        if exchange:
            raise LinuxError(errno.EINVAL)
        with self._directory(vfs, old_directory) as old, self._directory(vfs, new_directory) as new:
            os.rename(old_name, new_name, src_dir_fd=old, dst_dir_fd=new)
        assert isinstance(inode, HostInode)
        assert isinstance(new_directory, HostInode)
        inode.parent, inode.name = new_directory, new_name

    # Attributes

    def readlink(self, vfs: VfsHost, inode: Inode) -> bytes:
        """See FileSystem."""
        with self._place(vfs, inode) as (fd, name):
            return os.readlink(name, dir_fd=fd)

    def set_attributes(
        self,
        vfs: VfsHost,
        inode: Inode,
        *,
        mode: int | None = None,
        uid: int | None = None,
        gid: int | None = None,
        atime_ns: int | None = None,
        mtime_ns: int | None = None,
    ) -> None:
        """See FileSystem."""
        with self._stable_path(vfs, inode) as path:
            if uid is not None or gid is not None:
                os.chown(path, -1 if uid is None else uid, -1 if gid is None else gid)
            if mode is not None and not S_ISLNK(inode.mode):
                os.chmod(path, mode & 0o1777)
            if atime_ns is not None or mtime_ns is not None:
                got = os.stat(path)
                times = (
                    got.st_atime_ns if atime_ns is None else atime_ns,
                    got.st_mtime_ns if mtime_ns is None else mtime_ns,
                )
                os.utime(path, ns=times)
        self.refresh(vfs, inode)

    @contextmanager
    def _stable_path(self, vfs: VfsHost, inode: Inode) -> Iterator[str]:
        """A host path that leads to this inode, and to a symlink itself, whatever becomes of its name."""
        with _host_errors():
            for file, opened in vfs.host_files.items():
                if file.inode is inode:
                    yield f"/proc/self/fd/{opened}"
                    return
        with self._place(vfs, inode) as (fd, name):
            opened = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=fd)
            try:
                if os.fstat(opened).st_ino != inode.ino:
                    raise LinuxError(errno.ENOENT)
                yield f"/proc/self/fd/{opened}"
            finally:
                os.close(opened)

    def get_xattrs(self, vfs: VfsHost, inode: Inode) -> dict[bytes, bytes]:
        """See FileSystem; only the `user.` ones."""
        if not (S_ISREG(inode.mode) or S_ISDIR(inode.mode)):
            return {}
        with self._opened(vfs, inode, os.O_RDONLY) as fd:
            try:
                names = [name for name in os.listxattr(fd) if name.startswith("user.")]
            except OSError as error:
                if error.errno == errno.EOPNOTSUPP:
                    return {}
                raise
            return {os.fsencode(name): os.getxattr(fd, name) for name in names}

    def set_xattrs(self, vfs: VfsHost, inode: Inode, xattrs: dict[bytes, bytes]) -> None:
        """See FileSystem."""
        before = self.get_xattrs(vfs, inode)
        with self._opened(vfs, inode, os.O_RDONLY) as fd:
            for name in before.keys() - xattrs.keys():
                os.removexattr(fd, name)
            for name, value in xattrs.items():
                if before.get(name) != value:
                    if not name.startswith(b"user."):
                        raise LinuxError(errno.EOPNOTSUPP)
                    os.setxattr(fd, name, value)

    def blocks(self, vfs: VfsHost, inode: Inode) -> int:
        """See FileSystem."""
        assert isinstance(inode, HostInode)
        return inode.sectors

    def statfs(self, vfs: VfsHost) -> StatFs:
        """See FileSystem."""
        with _host_errors():
            got = os.fstatvfs(vfs.grants[self.grant])
        counts = (got.f_blocks, got.f_bfree, got.f_bavail, got.f_files, got.f_ffree)
        return StatFs(self.magic, got.f_bsize, *counts, self.device, got.f_namemax, got.f_frsize, 0)

    # Open files

    def open(self, vfs: VfsHost, file: OpenFile) -> None:
        """See FileSystem."""
        if S_IFMT(file.inode.mode) == S_IFREG:
            self._descriptor(vfs, file)

    def release(self, vfs: VfsHost, file: OpenFile) -> None:
        """See FileSystem."""
        fd = vfs.host_files.pop(file, None)
        if fd is not None:
            os.close(fd)

    def read(self, vfs: VfsHost, file: OpenFile, offset: int, n: int) -> bytes:
        """See FileSystem."""
        with _host_errors():
            return os.pread(self._descriptor(vfs, file), n, offset)

    def host_file(self, vfs: VfsHost, file: OpenFile) -> int:
        """See FileSystem."""
        return self._descriptor(vfs, file)

    def host_way(self, vfs: VfsHost, inode: Inode) -> tuple[int, bytes, tuple[int, ...]] | None:
        """See FileSystem."""
        grant = vfs.grants.get(self.grant)
        names: list[bytes] = []
        through: list[int] = []
        assert isinstance(inode, HostInode)
        while inode.parent is not None:
            names.append(inode.name)
            inode = inode.parent
            fd = vfs.host_directories.get(inode, (-1, 0, 0))[0] if inode.parent is not None else grant
            if fd is None or fd < 0:
                return None
            through.append(fd)
        return None if grant is None else (grant, b"/".join(reversed(names)), tuple(through))

    def adopt(self, vfs: VfsHost, file: OpenFile, fd: int) -> None:
        """See FileSystem."""
        assert isinstance(file.inode, HostInode)
        vfs.host_files[file] = fd
        self._fill(file.inode, os.fstat(fd))

    def write(self, vfs: VfsHost, file: OpenFile, offset: int, data: Data) -> int:
        """See FileSystem."""
        with _host_errors():
            n = os.pwrite(self._descriptor(vfs, file), data, offset)
        file.inode.size = max(file.inode.size, offset + n)
        return n

    def truncate(self, vfs: VfsHost, inode: Inode, length: int, file: OpenFile | None = None) -> None:
        """See FileSystem."""
        if file is not None:
            with _host_errors():
                os.ftruncate(self._descriptor(vfs, file), length)
        else:
            with self._opened(vfs, inode, os.O_WRONLY) as fd:
                os.ftruncate(fd, length)
        inode.size = length

    def allocate(
        self, vfs: VfsHost, file: OpenFile, offset: int, length: int, *, zero: bool, grow: bool
    ) -> None:
        """See FileSystem."""
        if zero or not grow:
            raise LinuxError(errno.EOPNOTSUPP)
        with _host_errors():
            os.posix_fallocate(self._descriptor(vfs, file), offset, length)

    def seek_data(self, vfs: VfsHost, inode: Inode, offset: int) -> int:
        """See FileSystem."""
        return self._seek(vfs, inode, offset, os.SEEK_DATA)

    def seek_hole(self, vfs: VfsHost, inode: Inode, offset: int) -> int:
        """See FileSystem."""
        return self._seek(vfs, inode, offset, os.SEEK_HOLE)

    def _seek(self, vfs: VfsHost, inode: Inode, offset: int, whence: int) -> int:
        with self._opened(vfs, inode, O_RDONLY) as fd:
            return os.lseek(fd, offset, whence)
