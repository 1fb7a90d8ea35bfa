"""open(2) and what makes descriptions without it: pipes and unnamed files."""

from __future__ import annotations

import errno
from stat import S_IFREG, S_ISBLK, S_ISCHR, S_ISDIR, S_ISFIFO, S_ISLNK, S_ISREG, S_ISSOCK

from lazyfs import pipe as pipes
from lazyfs.abi import (
    F_SEAL_SHRINK,
    MS_NODEV,
    O_ACCMODE,
    O_CLOEXEC,
    O_CREAT,
    O_DIRECTORY,
    O_EXCL,
    O_NOATIME,
    O_NOCTTY,
    O_NOFOLLOW,
    O_PATH,
    O_RDONLY,
    O_RDWR,
    O_TMPFILE,
    O_TRUNC,
    O_WRONLY,
    R_OK,
    SYMLINK_LIMIT,
    W_OK,
    X_OK,
)
from lazyfs.errors import LinuxError, WouldBlock
from lazyfs.inode import Dentry, FsContext, Location, Mount
from lazyfs.lookup import _check_path, fail
from lazyfs.naming import NameOps
from lazyfs.observer import IN_MODIFY, IN_OPEN
from lazyfs.openfile import OpenFile, description

_ACCESS = {O_RDONLY: R_OK, O_WRONLY: W_OK, O_RDWR: R_OK | W_OK, O_ACCMODE: R_OK | W_OK}
_NOT_KEPT = O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC


class OpenOps(NameOps):
    """The part of Vfs that opens."""

    def open(
        self, context: FsContext, path: bytes, flags: int, mode: int = 0, *, start: Location | None = None
    ) -> OpenFile:
        """openat(2) with the umask of `context` applied to `mode`; O_CLOEXEC is the caller's."""
        _check_path(path)
        at = start or context.cwd
        follow = not flags & O_NOFOLLOW
        if flags & O_PATH:
            mount, dentry = self._walk(context, at.mount, at.dentry, path, follow)
            if flags & O_DIRECTORY and not S_ISDIR(dentry.inode.mode):
                raise fail(errno.ENOTDIR)
            kept = flags & (O_PATH | O_DIRECTORY | O_NOFOLLOW)
            return OpenFile(Location(mount, dentry), dentry.inode, kept, credentials=context.credentials)
        if flags & O_TMPFILE == O_TMPFILE:
            return self._open_unnamed(context, at, path, flags, mode)
        if flags & O_CREAT:
            if flags & O_DIRECTORY:
                raise fail(errno.EINVAL)
            return self._open_or_create(context, at.mount, at.dentry, path, flags, mode)
        self.guessed = False
        guessing = context.credentials.uid == 0 and not flags & O_TRUNC  # who may open whatever it is by now
        try:
            mount, dentry = self._walk(context, at.mount, at.dentry, path, follow, guessing=guessing)
            return self._open_found(context, mount, dentry, flags)
        except LinuxError:
            if not self.guessed:
                raise
        mount, dentry = self._walk(context, at.mount, at.dentry, path, follow)
        return self._open_found(context, mount, dentry, flags)

    def open_location(self, context: FsContext, location: Location, flags: int) -> OpenFile:
        """Open what is already found (execve, /proc/self/fd); permission is checked."""
        return self._open_found(context, location.mount, location.dentry, flags & ~(O_CREAT | O_EXCL))

    def _open_or_create(
        self, context: FsContext, mount: Mount, dentry: Dentry, path: bytes, flags: int, mode: int
    ) -> OpenFile:
        links = 0
        while True:
            mount, directory, name, slash = self._parent(context, mount, dentry, path, links)
            if slash and name not in (b"", b".", b".."):
                raise fail(errno.EISDIR)
            if name in (b"", b".", b".."):
                raise fail(errno.EEXIST if flags & O_EXCL else errno.EISDIR)
            child = self._find(directory, name)
            if child is None:
                child = self._create(context, mount, directory, name, S_IFREG | mode & 0o7777)
                return self._described(context, mount, child, flags & ~O_TRUNC)
            if flags & O_EXCL:
                raise fail(errno.EEXIST)
            above, child = self._cross(mount, child)
            inode = child.inode
            if not S_ISLNK(inode.mode) or flags & O_NOFOLLOW:
                if S_ISDIR(inode.mode):
                    raise fail(errno.EISDIR)
                return self._open_found(context, above, child, flags)
            links += 1
            if links > SYMLINK_LIMIT:
                raise fail(errno.ELOOP)
            jump = inode.fs.follow(self, inode)
            if jump is not None:
                if S_ISDIR(jump.inode.mode):
                    raise fail(errno.EISDIR)
                return self._open_found(context, jump.mount, jump.dentry, flags)
            path, dentry = inode.fs.readlink(self, inode), directory
            if not path:
                raise fail(errno.ENOENT)
            if path[:1] == b"/":
                mount, dentry = context.root.mount, context.root.dentry

    def _open_found(self, context: FsContext, mount: Mount, dentry: Dentry, flags: int) -> OpenFile:
        """The checks of open(2) on something that exists, in Linux's order."""
        inode = dentry.inode
        mode = inode.mode
        if flags & O_DIRECTORY and not S_ISDIR(mode):
            raise fail(errno.ENOTDIR)
        wanted = _ACCESS[flags & O_ACCMODE] | (W_OK if flags & O_TRUNC else 0)
        if S_ISLNK(mode):
            raise fail(errno.ELOOP)
        if S_ISDIR(mode) and wanted & W_OK:
            raise fail(errno.EISDIR)
        if wanted & W_OK:
            self.check_write(mount, inode)
        self.check(context, inode, wanted)
        credentials = context.credentials
        if flags & O_NOATIME and credentials.uid not in (0, inode.uid):
            raise fail(errno.EPERM)
        truncates = flags & O_TRUNC and S_ISREG(mode)
        if truncates:
            if inode.seals and inode.seals & F_SEAL_SHRINK and inode.size:
                raise fail(errno.EPERM)
            self._drop_privileges(context.credentials, inode)
            inode.fs.truncate(self, inode, 0)
            if self.resized is not None:
                self.resized(inode)
        file = self._described(context, mount, dentry, flags)
        if truncates and self.observer is not None:
            self.observer.touched(IN_MODIFY, dentry)
        return file

    def _described(self, context: FsContext, mount: Mount, dentry: Dentry, flags: int) -> OpenFile:
        """The description of an open that is granted; drivers and FIFOs may still refuse."""
        inode = dentry.inode
        mode = inode.mode
        file = description(Location(mount, dentry), inode, flags & ~_NOT_KEPT, context.credentials)
        if S_ISREG(mode) or S_ISDIR(mode):
            inode.fs.open(self, file)
        elif S_ISFIFO(mode):
            waits = (context, inode)
            try:
                pipes.attach(context, file)
            except WouldBlock:
                if waits not in self.state.opening:
                    self.state.opening.append(waits)
                raise
            if waits in self.state.opening:
                self.state.opening.remove(waits)
        elif S_ISCHR(mode):
            if mount.options & MS_NODEV:
                raise fail(errno.EACCES)
            driver = self.driver(inode.rdev)
            if driver is None:
                raise fail(errno.ENXIO)
            driver.open(file)
        elif S_ISSOCK(mode) or S_ISBLK(mode):
            raise fail(errno.ENXIO)
        if self.observer is not None:
            self.observer.touched(IN_OPEN, dentry)
        return file

    def cancel_open(self, context: FsContext) -> None:
        """An open(2) of a FIFO that raised WouldBlock for `context` will not be run again (EINTR, exit)."""
        for waits in [waits for waits in self.state.opening if waits[0] is context]:
            self.state.opening.remove(waits)
            pipes.cancel(context, waits[1])

    def _open_unnamed(self, context: FsContext, at: Location, path: bytes, flags: int, mode: int) -> OpenFile:
        if flags & O_ACCMODE not in (O_WRONLY, O_RDWR):
            raise fail(errno.EINVAL)
        mount, directory = self._walk(context, at.mount, at.dentry, path, True)
        if not S_ISDIR(directory.inode.mode):
            raise fail(errno.ENOTDIR)
        self.check_write(mount, directory.inode)
        self.check(context, directory.inode, W_OK | X_OK)
        uid, gid, mode = self._owner(context, directory.inode, S_IFREG | mode & 0o7777)
        inode = directory.inode.fs.create(self, directory.inode, None, mode & ~context.umask, uid, gid)
        child = Dentry(directory, b"#%d" % inode.ino, inode)
        child.deleted = True
        # Linux lets linkat(2) name it later, unless O_EXCL says that it stays unnamed.
        self.set_linkable(inode, not flags & O_EXCL)
        return self._described(context, mount, child, flags & ~O_TRUNC)

    def pipe(self, context: FsContext, flags: int = 0) -> tuple[OpenFile, OpenFile]:
        """pipe2(2): (read end, write end)."""
        credentials = context.credentials
        dentry = self.state.pipefs.new_pipe(self, credentials.uid, credentials.gid)
        location = Location(self.state.internal, dentry)
        pipe = dentry.inode.pipe
        pipe.readers = pipe.writers = 1
        pipe.had_writer = True
        kept = flags & ~(_NOT_KEPT | O_ACCMODE)
        return (
            OpenFile(location, dentry.inode, kept | O_RDONLY, credentials=credentials),
            OpenFile(location, dentry.inode, kept | O_WRONLY, credentials=credentials),
        )

    def anonymous(self, context: FsContext, name: bytes, flags: int) -> OpenFile:
        """An unnamed regular file in memory (memfd_create); `name` shows in /proc/self/fd."""
        credentials = context.credentials
        fs = self.state.shm
        inode = fs.create(self, fs.root(self), None, S_IFREG | 0o777, credentials.uid, credentials.gid)
        dentry = Dentry(None, name + b" (deleted)", inode)
        file = OpenFile(
            Location(self.state.internal, dentry), inode, flags & ~_NOT_KEPT, credentials=credentials
        )
        fs.open(self, file)
        return file
