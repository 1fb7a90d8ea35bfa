"""Operations on attributes: stat, access, chmod, chown, utimens, readlink, extended attributes."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from stat import S_ISDIR, S_ISLNK, S_ISREG

from lazyfs.abi import (
    R_OK,
    ST_NOATIME,
    ST_RDONLY,
    ST_VALID,
    W_OK,
    X_OK,
    XATTR_CREATE,
    XATTR_NAME_MAX,
    XATTR_REPLACE,
    XATTR_SIZE_MAX,
)
from lazyfs.inode import Dentry, FsContext, FsCredentials, Inode, Location
from lazyfs.lookup import Lookup, Target, allowed, fail, in_group
from lazyfs.naming import S_ISGID, S_ISUID, S_ISVTX, S_IXGRP
from lazyfs.observer import IN_ACCESS, IN_ATTRIB, IN_MODIFY
from lazyfs.openfile import OpenFile
from lazyfs.stat import Stat, StatFs


class AttributeOps(Lookup):
    """The part of Vfs about attributes."""

    def stat(self, target: Location | OpenFile) -> Stat:
        """The attributes of what is at a position."""
        return self._stat(target.inode)

    def stat_path(
        self, context: FsContext, path: bytes, *, start: Location | None = None, follow: bool = True
    ) -> Stat:
        """stat(2), lstat(2) of a path."""
        return self._stat(self._at(context, path, start, follow)[1].inode)

    def _stat(self, inode: Inode) -> Stat:
        fs = inode.fs
        if fs.dynamic:
            fs.refresh(self, inode)
        return Stat(
            (0, fs.device),
            inode.ino,
            inode.mode,
            inode.nlink,
            inode.uid,
            inode.gid,
            inode.rdev,
            inode.size,
            4096,
            fs.blocks(self, inode),
            inode.atime_ns,
            inode.mtime_ns,
            inode.ctime_ns,
        )

    def statfs(self, target: Location | OpenFile) -> StatFs:
        """The figures of the filesystem at a position."""
        location = target.location if isinstance(target, OpenFile) else target
        figures = location.inode.fs.statfs(self)
        flags = ST_VALID | ST_NOATIME | (ST_RDONLY if location.mount.readonly else 0) | location.mount.options
        return figures._replace(flags=flags)

    def access(
        self,
        context: FsContext,
        target: Target,
        mode: int,
        *,
        start: Location | None = None,
        follow: bool = True,
        credentials: FsCredentials | None = None,
    ) -> None:
        """faccessat2(2): raise EACCES, EROFS, ... unless R_OK|W_OK|X_OK `mode` is allowed.

        credentials: the real ids for access(2) (default: those of `context`, for AT_EACCESS).
        """
        if mode & ~(R_OK | W_OK | X_OK):
            raise fail(errno.EINVAL)
        if credentials is not None:
            context = FsContext(context.root, context.cwd, context.umask, credentials)
        mount, dentry = self._at(context, target, start, follow)
        if mode & W_OK:
            self.check_write(mount, dentry.inode)
        self.check(context, dentry.inode, mode)

    def readlink(self, context: FsContext, target: Target, *, start: Location | None = None) -> bytes:
        """readlinkat(2), whole target. EINVAL: not a symlink."""
        _, dentry = self._at(context, target, start, False)
        if not S_ISLNK(dentry.inode.mode):
            # readlinkat(fd, "") of something that is no symlink says ENOENT.
            raise fail(errno.EINVAL if isinstance(target, bytes) else errno.ENOENT)
        return dentry.inode.fs.readlink(self, dentry.inode)

    # Changing

    def _owned(self, context: FsContext, target: Target, start: Location | None, follow: bool) -> Dentry:
        """The dentry of a target that is about to change. EROFS; ownership is the caller's to check."""
        mount, dentry = self._at(context, target, start, follow)
        if mount.readonly:
            raise fail(errno.EROFS)
        return dentry

    def chmod(
        self,
        context: FsContext,
        target: Target,
        mode: int,
        *,
        start: Location | None = None,
        follow: bool = True,
    ) -> None:
        """fchmodat2(2). EOPNOTSUPP: a symlink."""
        dentry = self._owned(context, target, start, follow)
        inode = dentry.inode
        if S_ISLNK(inode.mode):
            raise fail(errno.EOPNOTSUPP)
        credentials = context.credentials
        if credentials.uid not in (0, inode.uid):
            raise fail(errno.EPERM)
        mode &= 0o7777
        if credentials.uid and not in_group(credentials, inode.gid):
            mode &= ~S_ISGID
        inode.fs.set_attributes(self, inode, mode=mode)
        if self.observer is not None:
            self.observer.touched(IN_ATTRIB, dentry)

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
        """fchownat(2); -1 keeps the uid or gid. Takes set-user-ID and set-group-ID away from files."""
        dentry = self._owned(context, target, start, follow)
        inode = dentry.inode
        credentials = context.credentials
        if credentials.uid:
            if uid not in (-1, inode.uid) or (uid != -1 and credentials.uid != inode.uid):
                raise fail(errno.EPERM)
            if gid != -1 and (
                credentials.uid != inode.uid or not (gid == inode.gid or in_group(credentials, gid))
            ):
                raise fail(errno.EPERM)
        drop = 0
        if not S_ISDIR(inode.mode):
            drop = S_ISUID | (S_ISGID if inode.mode & S_IXGRP else 0)
        kept = inode.mode & 0o7777 & ~drop
        inode.fs.set_attributes(
            self,
            inode,
            mode=kept if kept != inode.mode & 0o7777 else None,
            uid=None if uid == -1 else uid,
            gid=None if gid == -1 else gid,
        )
        if self.observer is not None:
            self.observer.touched(IN_ATTRIB, dentry)

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

        now: both times become the current time (a null pointer or two UTIME_NOW), for which write
        permission is enough.
        """
        dentry = self._owned(context, target, start, follow)
        inode = dentry.inode
        credentials = context.credentials
        if now:
            if credentials.uid != inode.uid and not allowed(credentials, inode, W_OK):
                raise fail(errno.EACCES)
            atime_ns = mtime_ns = self.now_ns()
        elif atime_ns is None and mtime_ns is None:
            return
        elif credentials.uid not in (0, inode.uid):
            raise fail(errno.EPERM)
        inode.fs.set_attributes(self, inode, atime_ns=atime_ns, mtime_ns=mtime_ns)
        if self.observer is not None:
            # One time alone is what a read or a write would have changed.
            both = atime_ns is not None and mtime_ns is not None
            self.observer.touched(IN_ATTRIB if both else IN_MODIFY if atime_ns is None else IN_ACCESS, dentry)

    # Extended attributes: xattr(7)

    def _xattr_allowed(self, context: FsContext, inode: Inode, name: bytes, mask: int) -> None:
        if not 0 < len(name) <= XATTR_NAME_MAX:
            raise fail(errno.ERANGE)
        space = name.partition(b".")[0]
        refused = errno.EPERM if mask == W_OK else errno.ENODATA
        if space == b"trusted":
            if context.credentials.uid:
                raise fail(refused)
            return
        if space == b"security":
            if mask == W_OK and context.credentials.uid:
                raise fail(errno.EPERM)
            return
        if space != b"user" or name == b"user.":
            raise fail(errno.EOPNOTSUPP if space != b"user" else errno.EINVAL)
        if not (S_ISREG(inode.mode) or S_ISDIR(inode.mode)):
            raise fail(refused)
        sticky = S_ISDIR(inode.mode) and inode.mode & S_ISVTX
        if mask == W_OK and sticky and context.credentials.uid not in (0, inode.uid):
            raise fail(errno.EPERM)
        self.check(context, inode, mask)

    def getxattr(
        self,
        context: FsContext,
        target: Target,
        name: bytes,
        *,
        start: Location | None = None,
        follow: bool = True,
    ) -> bytes:
        """getxattr(2), whole value (a small buffer's ERANGE is the caller's). ENODATA."""
        inode = self._at(context, target, start, follow)[1].inode
        self._xattr_allowed(context, inode, name, R_OK)
        value = inode.fs.get_xattrs(self, inode).get(name)
        if value is None:
            raise fail(errno.ENODATA)
        return value

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
        if flags & ~(XATTR_CREATE | XATTR_REPLACE):
            raise fail(errno.EINVAL)
        if not 0 < len(name) <= XATTR_NAME_MAX:
            raise fail(errno.ERANGE)
        if len(value) > XATTR_SIZE_MAX:
            raise fail(errno.E2BIG)
        dentry = self._owned(context, target, start, follow)
        inode = dentry.inode
        self._xattr_allowed(context, inode, name, W_OK)
        xattrs = inode.fs.get_xattrs(self, inode)
        if flags & XATTR_CREATE and name in xattrs:
            raise fail(errno.EEXIST)
        if flags & XATTR_REPLACE and name not in xattrs:
            raise fail(errno.ENODATA)
        inode.fs.set_xattrs(self, inode, {**xattrs, name: bytes(value)})
        if self.observer is not None:
            self.observer.touched(IN_ATTRIB, dentry)

    def listxattr(
        self, context: FsContext, target: Target, *, start: Location | None = None, follow: bool = True
    ) -> Sequence[bytes]:
        """listxattr(2) as names."""
        inode = self._at(context, target, start, follow)[1].inode
        names = list(inode.fs.get_xattrs(self, inode))
        if context.credentials.uid:
            names = [name for name in names if not name.startswith(b"trusted.")]
        return names

    def removexattr(
        self,
        context: FsContext,
        target: Target,
        name: bytes,
        *,
        start: Location | None = None,
        follow: bool = True,
    ) -> None:
        """removexattr(2). ENODATA."""
        dentry = self._owned(context, target, start, follow)
        inode = dentry.inode
        self._xattr_allowed(context, inode, name, W_OK)
        xattrs = dict(inode.fs.get_xattrs(self, inode))
        if xattrs.pop(name, None) is None:
            raise fail(errno.ENODATA)
        inode.fs.set_xattrs(self, inode, xattrs)
        if self.observer is not None:
            self.observer.touched(IN_ATTRIB, dentry)
