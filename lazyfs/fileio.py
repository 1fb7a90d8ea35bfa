"""Operations on open file descriptions: read, write, seek, getdents, poll, fallocate."""

from __future__ import annotations

import errno
from stat import S_IFDIR, S_IFIFO, S_IFREG, S_ISCHR, S_ISDIR, S_ISFIFO, S_ISREG
from typing import Any

from lazyfs import pipe as pipes
from lazyfs.abi import (
    FALLOC_FL_KEEP_SIZE,
    FALLOC_FL_PUNCH_HOLE,
    FALLOC_FL_ZERO_RANGE,
    O_APPEND,
    O_PATH,
    O_RDWR,
    O_WRONLY,
    POLLIN,
    POLLNVAL,
    POLLOUT,
    POLLRDNORM,
    POLLWRNORM,
    SEEK_CUR,
    SEEK_DATA,
    SEEK_END,
    SEEK_HOLE,
    SEEK_SET,
    W_OK,
)
from lazyfs.filesystem import Data
from lazyfs.inode import FsContext, Location
from lazyfs.lookup import Target, fail
from lazyfs.observer import IN_ACCESS, IN_MODIFY
from lazyfs.openfile import OpenFile
from lazyfs.opening import OpenOps

OFFSET_MAX = (1 << 63) - 1
_READ_WRITE = POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM


class FileOps(OpenOps):
    """The part of Vfs that works on OpenFile."""

    def read(self, file: OpenFile, n: int) -> bytes:
        """Up to `n` bytes at the file's offset, which moves; b"" at the end."""
        if file.flags & (O_WRONLY | O_PATH):
            raise fail(errno.EBADF)
        inode = file.inode
        kind = inode.mode & 0o170000
        if kind == S_IFREG:
            data = inode.fs.read(self, file, file.offset, n)
            file.offset += len(data)
            if data and self.observer is not None:
                self.observer.touched(IN_ACCESS, file.location.dentry)
            return data
        if kind == S_IFIFO:
            return pipes.read(file, n)
        if S_ISCHR(kind):
            return self._driver(file).read(file, n)  # type: ignore[no-any-return]
        raise fail(errno.EISDIR if kind == S_IFDIR else errno.EINVAL)

    def host_file(self, file: OpenFile) -> int:
        """A descriptor of the host by which a regular file can be read as well; -1: none, or reads are observed."""
        return -1 if self.observer is not None else file.inode.fs.host_file(self, file)

    def pread(self, file: OpenFile, n: int, offset: int) -> bytes:
        """Up to `n` bytes at `offset`. ESPIPE on pipes."""
        if file.flags & (O_WRONLY | O_PATH):
            raise fail(errno.EBADF)
        inode = file.inode
        kind = inode.mode & 0o170000
        if offset < 0:
            raise fail(errno.EINVAL)
        if kind == S_IFREG:
            data = inode.fs.read(self, file, offset, n)
            if data and self.observer is not None:
                self.observer.touched(IN_ACCESS, file.location.dentry)
            return data
        if S_ISCHR(kind) and self._driver(file).seekable:
            return self._driver(file).read(file, n)  # type: ignore[no-any-return]
        raise fail(errno.EISDIR if kind == S_IFDIR else errno.ESPIPE)

    def write(self, file: OpenFile, data: Data) -> int:
        """Write at the file's offset (at the end with O_APPEND); the number of bytes taken.

        EPIPE: the caller also raises SIGPIPE. A pipe may take a part: a blocking write(2) goes on with the rest.
        """
        if not file.flags & (O_WRONLY | O_RDWR) or file.flags & O_PATH:
            raise fail(errno.EBADF)
        inode = file.inode
        kind = inode.mode & 0o170000
        if kind == S_IFREG:
            offset = self._end(file) if file.flags & O_APPEND else file.offset
            n = self._write_regular(file, data, offset)
            file.offset = offset + n
            return n
        if kind == S_IFIFO:
            return pipes.write(file, data)
        if S_ISCHR(kind):
            return self._driver(file).write(file, data)  # type: ignore[no-any-return]
        raise fail(errno.EINVAL)

    def pwrite(self, file: OpenFile, data: Data, offset: int) -> int:
        """Write at `offset` (with O_APPEND at the end, as Linux does)."""
        if not file.writable:
            raise fail(errno.EBADF)
        kind = file.inode.mode & 0o170000
        if offset < 0:
            raise fail(errno.EINVAL)
        if kind == S_IFREG:
            return self._write_regular(file, data, self._end(file) if file.flags & O_APPEND else offset)
        if S_ISCHR(kind) and self._driver(file).seekable:
            return self._driver(file).write(file, data)  # type: ignore[no-any-return]
        raise fail(errno.ESPIPE)

    def _write_regular(self, file: OpenFile, data: Data, offset: int) -> int:
        if not len(data):
            return 0
        inode = file.inode
        if inode.mode & 0o6000:
            self._drop_privileges(file.credentials, inode)
        n = inode.fs.write(self, file, offset, data)
        if self.observer is not None:
            self.observer.touched(IN_MODIFY, file.location.dentry)
        return n

    def _end(self, file: OpenFile) -> int:
        """The size of a regular file, which on a host directory may have grown without us."""
        if file.inode.fs.dynamic:
            file.inode.fs.refresh(self, file.inode)
        return file.inode.size

    def _driver(self, file: OpenFile) -> Any:
        driver = self.driver(file.inode.rdev)
        if driver is None:
            raise fail(errno.ENXIO)
        return driver

    def seek(self, file: OpenFile, offset: int, whence: int) -> int:
        """lseek(2) with SEEK_DATA and SEEK_HOLE; the new offset."""
        if file.flags & O_PATH:
            raise fail(errno.EBADF)
        inode = file.inode
        mode = inode.mode
        if S_ISCHR(mode) and self._driver(file).seekable:
            return 0
        if not (S_ISREG(mode) or S_ISDIR(mode)):
            raise fail(errno.ESPIPE)
        if whence == SEEK_SET:
            target = offset
        elif whence == SEEK_CUR:
            target = file.offset + offset
        elif whence == SEEK_END:
            target = (self._end(file) if S_ISREG(mode) else OFFSET_MAX) + offset
        elif whence in (SEEK_DATA, SEEK_HOLE) and S_ISREG(mode):
            if not 0 <= offset < inode.size:
                raise fail(errno.ENXIO)
            find = inode.fs.seek_data if whence == SEEK_DATA else inode.fs.seek_hole
            target = find(self, inode, offset)
            if target < 0:
                raise fail(errno.ENXIO)
        else:
            raise fail(errno.EINVAL)
        if not 0 <= target <= OFFSET_MAX:
            raise fail(errno.EINVAL)
        if S_ISDIR(mode) and target == 0:
            file.private = None
        file.offset = target
        return target

    def getdents(self, file: OpenFile, count_limit: int = 1 << 30) -> list[tuple[int, int, int, bytes]]:
        """The next entries as (ino, next offset cookie, DT_* type, name), `.` and `..` included.

        The file's offset moves past all that are returned; a caller with a smaller buffer sets
        `file.offset` to the cookie of the last entry that fitted. [] at the end. A description sees the
        directory as it was when it was first read, or rewound: unlinking on the way skips nothing.
        """
        if file.flags & O_PATH:
            raise fail(errno.EBADF)
        inode = file.inode
        if not S_ISDIR(inode.mode):
            raise fail(errno.ENOTDIR)
        if inode.nlink == 0:
            raise fail(errno.ENOENT)
        if file.private is None or file.offset == 0:
            file.private = self._listing(file)
        listing: list[tuple[bytes, int, int]] = file.private
        first = file.offset
        chosen = listing[first : first + count_limit]
        file.offset = max(first, first + len(chosen))
        if self.observer is not None:
            self.observer.touched(IN_ACCESS, file.location.dentry)
        return [(ino, at, kind, name) for at, (name, ino, kind) in enumerate(chosen, first + 1)]

    def _listing(self, file: OpenFile) -> list[tuple[bytes, int, int]]:
        inode = file.inode
        mount, dentry = file.location.mount, file.location.dentry
        parent = dentry.parent
        if dentry is mount.root and mount.mountpoint is not None:
            parent = mount.mountpoint.dentry.parent
        up = parent.inode.ino if parent is not None else inode.ino
        dots = [(b".", inode.ino, 4), (b"..", up, 4)]
        return dots + inode.fs.entries(self, inode)

    def truncate(
        self, context: FsContext, target: Target, length: int, *, start: Location | None = None
    ) -> None:
        """truncate(2) of a path, ftruncate(2) of an OpenFile."""
        if not -1 < length <= OFFSET_MAX:
            raise fail(errno.EINVAL)
        if isinstance(target, OpenFile):
            if target.flags & O_PATH:
                raise fail(errno.EBADF)
            if not target.writable or not S_ISREG(target.inode.mode):
                raise fail(errno.EINVAL)
            inode, dentry = target.inode, target.location.dentry
        else:
            mount, dentry = self._at(context, target, start, True)
            inode = dentry.inode
            if not S_ISREG(inode.mode):
                raise fail(errno.EISDIR if S_ISDIR(inode.mode) else errno.EINVAL)
            self.check(context, inode, W_OK)
            self.check_write(mount, inode)
        self._drop_privileges(context.credentials, inode)
        inode.fs.truncate(self, inode, length, target if isinstance(target, OpenFile) else None)
        if self.resized is not None:
            self.resized(inode)
        if self.observer is not None:
            self.observer.touched(IN_MODIFY, dentry)

    def fallocate(self, file: OpenFile, mode: int, offset: int, length: int) -> None:
        """fallocate(2): modes 0, KEEP_SIZE, PUNCH_HOLE|KEEP_SIZE, ZERO_RANGE; EOPNOTSUPP for others."""
        if offset < 0 or length <= 0:
            raise fail(errno.EINVAL)
        keep, punch, zero = FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE, FALLOC_FL_ZERO_RANGE
        if mode & ~(keep | punch | zero) or mode == punch or mode & (punch | zero) == punch | zero:
            raise fail(errno.EOPNOTSUPP)
        if not file.writable:
            raise fail(errno.EBADF)
        inode = file.inode
        if not S_ISREG(inode.mode):
            if S_ISFIFO(inode.mode):
                raise fail(errno.ESPIPE)
            raise fail(errno.EISDIR if S_ISDIR(inode.mode) else errno.ENODEV)
        if offset + length > OFFSET_MAX:
            raise fail(errno.EFBIG)
        self._drop_privileges(file.credentials, inode)
        if mode & punch:
            inode.fs.punch(self, file, offset, length)
        else:
            inode.fs.allocate(self, file, offset, length, zero=bool(mode & zero), grow=not mode & keep)
        if self.observer is not None:
            self.observer.touched(IN_MODIFY, file.location.dentry)

    def fsync(self, file: OpenFile) -> None:
        """fsync(2): EINVAL on pipes and the like; nothing else to do."""
        if file.flags & O_PATH:
            raise fail(errno.EBADF)
        if not (S_ISREG(file.inode.mode) or S_ISDIR(file.inode.mode)):
            raise fail(errno.EINVAL)

    def poll(self, file: OpenFile) -> int:
        """The POLL* bits that hold now."""
        if file.flags & O_PATH:
            return POLLNVAL
        mode = file.inode.mode
        if mode & 0o170000 == S_IFIFO:
            return pipes.poll(file)
        if S_ISCHR(mode):
            return self._driver(file).poll(file)  # type: ignore[no-any-return]
        return _READ_WRITE

    def ioctl(self, file: OpenFile, request: int, argument: Any) -> int:
        """Hand an ioctl(2) to the character device's driver; ENOTTY where there is none."""
        if file.flags & O_PATH:
            raise fail(errno.EBADF)
        if not S_ISCHR(file.inode.mode):
            raise fail(errno.ENOTTY)
        return self._driver(file).ioctl(file, request, argument)  # type: ignore[no-any-return]

    def release(self, file: OpenFile) -> None:
        """The last reference to the description is gone."""
        mode = file.inode.mode
        if file.flags & O_PATH:
            return
        if self.observer is not None:
            self.observer.released(file)
        if S_ISFIFO(mode):
            pipes.detach(file)
        elif S_ISCHR(mode):
            driver = self.driver(file.inode.rdev)
            if driver is not None:
                driver.release(file)
        else:
            file.inode.fs.release(self, file)
