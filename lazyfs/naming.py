"""Operations on names: mkdir, mknod, symlink, link, unlink, rmdir, rename."""

from __future__ import annotations

import errno
from stat import S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFMT, S_IFREG, S_IFSOCK, S_ISDIR, S_ISREG

from lazyfs.abi import R_OK, RENAME_EXCHANGE, RENAME_NOREPLACE, W_OK, X_OK
from lazyfs.inode import Dentry, FsContext, FsCredentials, Inode, Location, Mount
from lazyfs.lookup import Lookup, Target, _check_path, allowed, fail, in_group
from lazyfs.observer import IN_ATTRIB, IN_CREATE, IN_DELETE, IN_MOVE_SELF

_DOTS = (b"", b".", b"..")
S_ISUID, S_ISGID, S_ISVTX, S_IXGRP = 0o4000, 0o2000, 0o1000, 0o010


class NameOps(Lookup):
    """The part of Vfs that changes directories."""

    # Checks

    def _may_create(self, context: FsContext, mount: Mount, directory: Dentry) -> None:
        if directory.inode.nlink == 0:
            raise fail(errno.ENOENT)
        self.check_write(mount, directory.inode)
        self.check(context, directory.inode, W_OK | X_OK)

    def _may_delete(
        self, context: FsContext, mount: Mount, directory: Dentry, child: Dentry, want_directory: bool
    ) -> None:
        self.check_write(mount, directory.inode)
        self.check(context, directory.inode, W_OK | X_OK)
        uid = context.credentials.uid
        parent = directory.inode
        if parent.mode & S_ISVTX and uid not in (0, child.inode.uid, parent.uid):
            raise fail(errno.EPERM)
        if want_directory:
            if not S_ISDIR(child.inode.mode):
                raise fail(errno.ENOTDIR)
        elif S_ISDIR(child.inode.mode):
            raise fail(errno.EISDIR)

    def _owner(self, context: FsContext, directory: Inode, mode: int) -> tuple[int, int, int]:
        """(uid, gid, mode) of a new inode, as a set-group-ID directory bends them."""
        credentials = context.credentials
        gid = credentials.gid
        if directory.mode & S_ISGID:
            gid = directory.gid
            if S_ISDIR(mode):
                mode |= S_ISGID
            elif mode & S_ISGID and mode & S_IXGRP and credentials.uid and not in_group(credentials, gid):
                mode &= ~S_ISGID
        return credentials.uid, gid, mode

    # Making

    def _create(
        self,
        context: FsContext,
        mount: Mount,
        directory: Dentry,
        name: bytes,
        mode: int,
        rdev: tuple[int, int] = (0, 0),
        target: bytes = b"",
    ) -> Dentry:
        """Make a new inode as `name`, which does not exist."""
        self._may_create(context, mount, directory)
        if S_IFMT(mode) != S_IFLNK:
            mode &= ~context.umask
        uid, gid, mode = self._owner(context, directory.inode, mode)
        inode = directory.inode.fs.create(
            self, directory.inode, name, mode, uid, gid, rdev=rdev, target=target
        )
        child = directory.children[name] = Dentry(directory, name, inode)
        if self.observer is not None:
            self.observer.named(IN_CREATE, directory.inode, name, inode)
        return child

    def _new_name(
        self, context: FsContext, path: bytes, start: Location | None, *, is_directory: bool = False
    ) -> tuple[Mount, Dentry, bytes]:
        """Where a new name goes. EEXIST: something is there; ENOENT: a trailing slash on no directory."""
        _check_path(path)
        at = start or context.cwd
        mount, directory, name, slash = self._parent(context, at.mount, at.dentry, path)
        if name in _DOTS or self._find(directory, name) is not None:
            raise fail(errno.EEXIST)
        if slash and not is_directory:
            raise fail(errno.ENOENT)
        return mount, directory, name

    def mkdir(self, context: FsContext, path: bytes, mode: int, *, start: Location | None = None) -> None:
        """mkdirat(2)."""
        mount, directory, name = self._new_name(context, path, start, is_directory=True)
        self._create(context, mount, directory, name, S_IFDIR | mode & 0o1777)

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
        kind = S_IFMT(mode) or S_IFREG
        if kind == S_IFDIR:
            raise fail(errno.EPERM)
        if kind not in (S_IFREG, S_IFIFO, S_IFSOCK, S_IFCHR, S_IFBLK):
            raise fail(errno.EINVAL)
        mount, directory, name = self._new_name(context, path, start)
        if kind in (S_IFCHR, S_IFBLK):
            self._may_create(context, mount, directory)
            if context.credentials.uid:
                raise fail(errno.EPERM)
        else:
            rdev = (0, 0)
        self._create(context, mount, directory, name, kind | mode & 0o7777, rdev)

    def symlink(
        self, context: FsContext, target: bytes, path: bytes, *, start: Location | None = None
    ) -> None:
        """symlinkat(2)."""
        _check_path(target)
        mount, directory, name = self._new_name(context, path, start)
        self._create(context, mount, directory, name, S_IFLNK | 0o777, target=target)

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
        old_mount, source = self._at(context, old, old_start, follow)
        mount, directory, name = self._new_name(context, new, new_start)
        if mount is not old_mount:
            raise fail(errno.EXDEV)
        inode = source.inode
        self._may_link(context, inode)
        self._may_create(context, mount, directory)
        if inode.fs is not directory.inode.fs:
            raise fail(errno.EXDEV)
        if S_ISDIR(inode.mode):
            raise fail(errno.EPERM)
        if inode.nlink == 0:
            if inode.ino not in self.state.linkable.get(inode.fs.device, ()):
                raise fail(errno.ENOENT)
            self.set_linkable(inode, False)
        inode.fs.link(self, directory.inode, name, inode)
        directory.children[name] = Dentry(directory, name, inode)
        observer = self.observer  # whoever hears of one thing may want to hear no more
        if observer is not None:
            observer.changed(IN_ATTRIB, inode)
            observer.named(IN_CREATE, directory.inode, name, inode)

    def _may_link(self, context: FsContext, inode: Inode) -> None:
        """EPERM as with fs.protected_hardlinks = 1, which distributions set: only own or writable plain files."""
        credentials, mode = context.credentials, inode.mode
        if credentials.uid in (0, inode.uid):
            return
        privileged = mode & S_ISUID or mode & (S_ISGID | S_IXGRP) == S_ISGID | S_IXGRP
        if not S_ISREG(mode) or privileged or not allowed(credentials, inode, R_OK | W_OK):
            raise fail(errno.EPERM)

    def set_linkable(self, inode: Inode, linkable: bool) -> None:
        """Whether link(2) may name an inode without links (O_TMPFILE)."""
        inodes = self.state.linkable.setdefault(inode.fs.device, [])
        if linkable:
            inodes.append(inode.ino)
        elif inode.ino in inodes:
            inodes.remove(inode.ino)

    # Removing

    def unlink(self, context: FsContext, path: bytes, *, start: Location | None = None) -> None:
        """unlinkat(2) without AT_REMOVEDIR."""
        _check_path(path)
        at = start or context.cwd
        mount, directory, name, slash = self._parent(context, at.mount, at.dentry, path)
        if name in _DOTS:
            raise fail(errno.EISDIR)
        child = self._find(directory, name)
        if child is None:
            raise fail(errno.ENOENT)
        if slash:
            raise fail(errno.EISDIR if S_ISDIR(child.inode.mode) else errno.ENOTDIR)
        self._may_delete(context, mount, directory, child, False)
        if child.mounts:
            raise fail(errno.EBUSY)
        self._remove(directory, child)

    def rmdir(self, context: FsContext, path: bytes, *, start: Location | None = None) -> None:
        """unlinkat(2) with AT_REMOVEDIR."""
        _check_path(path)
        at = start or context.cwd
        mount, directory, name, _ = self._parent(context, at.mount, at.dentry, path)
        if name in _DOTS:
            raise fail({b"": errno.EBUSY, b".": errno.EINVAL, b"..": errno.ENOTEMPTY}[name])
        child = self._find(directory, name)
        if child is None:
            raise fail(errno.ENOENT)
        self._may_delete(context, mount, directory, child, True)
        if child.mounts:
            raise fail(errno.EBUSY)
        if not child.inode.fs.is_empty(self, child.inode):
            raise fail(errno.ENOTEMPTY)
        self._remove(directory, child)

    def _remove(self, directory: Dentry, child: Dentry) -> None:
        directory.inode.fs.unlink(self, directory.inode, child.name, child.inode)
        child.deleted = True
        self._forget(directory, child.name)
        observer = self.observer
        if observer is not None:
            if not S_ISDIR(child.inode.mode):
                observer.changed(IN_ATTRIB, child.inode)
            observer.named(IN_DELETE, directory.inode, child.name, child.inode)
            observer.unnamed(child.inode)

    @staticmethod
    def _forget(directory: Dentry, name: bytes) -> None:
        """A name is gone from the cache."""
        if directory.inode.fs.dynamic:
            directory.children.pop(name, None)
        else:
            directory.children[name] = None

    # Moving

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
        if flags not in (0, RENAME_NOREPLACE, RENAME_EXCHANGE):
            raise fail(errno.EINVAL)
        _check_path(old)
        _check_path(new)
        at, to = old_start or context.cwd, new_start or context.cwd
        mount, source_dir, old_name, old_slash = self._parent(context, at.mount, at.dentry, old)
        new_mount, target_dir, new_name, new_slash = self._parent(context, to.mount, to.dentry, new)
        if mount is not new_mount:
            raise fail(errno.EXDEV)
        if old_name in _DOTS:
            raise fail(errno.EBUSY)
        if new_name in _DOTS:
            raise fail(errno.EEXIST if flags & RENAME_NOREPLACE else errno.EBUSY)
        exchange = flags == RENAME_EXCHANGE
        source = self._find(source_dir, old_name)
        if source is None:
            raise fail(errno.ENOENT)
        target = self._find(target_dir, new_name)
        if target is not None and flags == RENAME_NOREPLACE:
            raise fail(errno.EEXIST)
        if exchange and target is None:
            raise fail(errno.ENOENT)
        if exchange and new_slash and target is not None and not S_ISDIR(target.inode.mode):
            raise fail(errno.ENOTDIR)
        is_directory = S_ISDIR(source.inode.mode)
        if not is_directory and (old_slash or (new_slash and not exchange)):
            raise fail(errno.ENOTDIR)
        if _is_below(target_dir, source):
            raise fail(errno.EINVAL)
        if target is not None and _is_below(source_dir, target):
            raise fail(errno.EINVAL if exchange else errno.ENOTEMPTY)
        self._may_rename(context, mount, source_dir, source, target_dir, target, exchange)
        if target is not None and target.inode is source.inode:
            return
        if source.mounts or (target is not None and target.mounts):
            raise fail(errno.EBUSY)
        replaced = target.inode if target is not None else None
        fs = source.inode.fs
        if is_directory and replaced is not None and not exchange and not fs.is_empty(self, replaced):
            raise fail(errno.ENOTEMPTY)
        fs.rename(
            self, source_dir.inode, old_name, source.inode, target_dir.inode, new_name, replaced, exchange
        )
        _move(source_dir, source, target_dir, new_name)
        if exchange and target is not None:
            _move(target_dir, target, source_dir, old_name)
        else:
            self._forget(source_dir, old_name)
            if target is not None:
                target.deleted = True
        target_dir.children[new_name] = source
        observer = self.observer
        if observer is not None:
            observer.moved(source_dir.inode, old_name, target_dir.inode, new_name, source.inode)
            if target is not None and not exchange:
                observer.changed(IN_ATTRIB, target.inode)
            observer.changed(IN_MOVE_SELF, source.inode)
            if target is not None and exchange:
                observer.moved(target_dir.inode, new_name, source_dir.inode, old_name, target.inode)
                observer.changed(IN_MOVE_SELF, target.inode)
            elif target is not None:
                observer.unnamed(target.inode)

    def _may_rename(
        self,
        context: FsContext,
        mount: Mount,
        source_dir: Dentry,
        source: Dentry,
        target_dir: Dentry,
        target: Dentry | None,
        exchange: bool,
    ) -> None:
        """The permission part of rename."""
        if target is not None and target.inode is source.inode:
            return
        is_directory = S_ISDIR(source.inode.mode)
        self._may_delete(context, mount, source_dir, source, is_directory)
        if target is None:
            self._may_create(context, mount, target_dir)
        else:
            want = S_ISDIR(target.inode.mode) if exchange else is_directory
            self._may_delete(context, mount, target_dir, target, want)
        if target_dir is not source_dir:
            # A directory that moves has its `..` rewritten.
            if is_directory:
                self.check(context, source.inode, W_OK)
            if exchange and target is not None and S_ISDIR(target.inode.mode):
                self.check(context, target.inode, W_OK)

    def _drop_privileges(self, credentials: FsCredentials | None, inode: Inode) -> None:
        """A write by an ordinary user takes set-user-ID and set-group-ID away."""
        if inode.mode & (S_ISUID | S_ISGID) and credentials is not None and credentials.uid:
            if not S_ISREG(inode.mode):
                return
            drop = S_ISUID | (S_ISGID if inode.mode & S_IXGRP else 0)
            if inode.mode & drop:
                inode.fs.set_attributes(self, inode, mode=inode.mode & 0o7777 & ~drop)


def _is_below(dentry: Dentry | None, ancestor: Dentry) -> bool:
    """Whether `dentry` is `ancestor` or inside it."""
    while dentry is not None:
        if dentry is ancestor:
            return True
        dentry = dentry.parent
    return False


def _move(old_dir: Dentry, dentry: Dentry, new_dir: Dentry, name: bytes) -> None:
    del old_dir.children[dentry.name]
    dentry.parent, dentry.name = new_dir, name
    new_dir.children[name] = dentry
