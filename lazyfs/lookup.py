"""Path walks, permission and the dentry cache: path_resolution(7)."""

from __future__ import annotations

import errno
from stat import S_IFDIR, S_IFLNK, S_ISDIR, S_ISLNK, S_ISREG
from typing import Any

from lazyfs.abi import NAME_MAX, PATH_MAX, SYMLINK_LIMIT, X_OK
from lazyfs.errors import LinuxError
from lazyfs.host import VfsHost
from lazyfs.inode import Dentry, FsContext, FsCredentials, Inode, Location, Mount
from lazyfs.openfile import OpenFile

Target = bytes | Location | OpenFile

_ABSENT: Any = object()
DENTRIES_MAX = 65536  # cached beyond this, unused ones are forgotten


def allowed(credentials: FsCredentials, inode: Inode, mask: int) -> bool:
    """Whether `mask` (R_OK | W_OK | X_OK) is granted by owner, group and mode."""
    mode = inode.mode
    if credentials.uid == 0:
        # CAP_DAC_OVERRIDE: all but executing a file that nobody may execute.
        return not mask & X_OK or bool(mode & 0o111) or S_ISDIR(mode)
    if credentials.uid == inode.uid:
        mode >>= 6
    elif in_group(credentials, inode.gid):
        mode >>= 3
    return mode & mask == mask


def in_group(credentials: FsCredentials, gid: int) -> bool:
    """Whether `gid` is the primary or a supplementary group."""
    return credentials.gid == gid or gid in credentials.groups


def fail(number: int) -> LinuxError:
    """LinuxError(number), to be raised."""
    return LinuxError(number)


class Lookup(VfsHost):
    """The part of Vfs that finds positions. See lazyfs.vfs.Vfs for the whole."""

    _cached = 0
    guessed = False  # see `_walk`

    def shrink(self) -> None:
        """See Vfs."""
        raise NotImplementedError

    # One step

    def _child(self, dentry: Dentry, name: bytes) -> Dentry | None:
        """The dentry of a name in a directory; None if there is no such entry."""
        if len(name) > NAME_MAX:
            raise fail(errno.ENAMETOOLONG)
        children, directory = dentry.children, dentry.inode
        known = children.get(name)
        fs = directory.fs
        inode = fs.lookup(self, directory, name, known.inode if known else None)
        if known is not None:
            if known.inode is inode:
                return known
            known.deleted = True
            del children[name]
        if inode is None:
            if not fs.dynamic:
                children[name] = None
            return None
        child = children[name] = Dentry(dentry, name, inode)
        self._cached += 1
        if self._cached > DENTRIES_MAX:
            self.shrink()
        return child

    def _find(self, dentry: Dentry, name: bytes) -> Dentry | None:
        """As _child, from the cache where it holds."""
        child = dentry.children.get(name, _ABSENT)
        if child is _ABSENT or dentry.inode.fs.dynamic:
            child = self._child(dentry, name)
        return child  # type: ignore[no-any-return]

    @staticmethod
    def _cross(mount: Mount, dentry: Dentry) -> tuple[Mount, Dentry]:
        """Step onto what is mounted on a position, if anything is."""
        while dentry.mounts:
            for above in reversed(dentry.mounts):
                if above.mountpoint is not None and above.mountpoint.mount is mount:
                    mount, dentry = above, above.root
                    break
            else:
                break
        return mount, dentry

    def _up(self, context: FsContext, mount: Mount, dentry: Dentry) -> tuple[Mount, Dentry]:
        """`..`: never above the context's root."""
        root = context.root
        while not (dentry is root.dentry and mount is root.mount):
            if dentry is not mount.root:
                if dentry.parent is None:
                    break
                return self._cross(mount, dentry.parent)
            below = mount.mountpoint
            if below is None:
                break
            mount, dentry = below.mount, below.dentry
        return mount, dentry

    # Walks

    def _walk(
        self,
        context: FsContext,
        mount: Mount,
        dentry: Dentry,
        path: bytes,
        follow: bool,
        links: int = 0,
        *,
        guessing: bool = False,
    ) -> tuple[Mount, Dentry]:
        """The position of `path`. guessing: a regular file that was there may be taken for what is there; `guessed`
        tells that one was, and to open it is to find out.
        """
        credentials = context.credentials
        unprivileged = credentials.uid != 0
        if path[:1] == b"/":
            mount, dentry = context.root.mount, context.root.dentry
        pending = path.split(b"/")
        pending.reverse()
        if unprivileged and dentry.inode.fs.dynamic:
            dentry.inode.fs.refresh(self, dentry.inode)
        while pending:
            name = pending.pop()
            inode = dentry.inode
            if inode.mode & 0o170000 != S_IFDIR:
                raise fail(errno.ENOTDIR)
            if not name:  # between slashes: a directory is demanded, no more
                continue
            if unprivileged and inode.mode & 0o111 != 0o111 and not allowed(credentials, inode, X_OK):
                raise fail(errno.EACCES)
            if name == b".":
                continue
            if name == b"..":
                mount, dentry = self._up(context, mount, dentry)
                continue
            child = dentry.children.get(name, _ABSENT)
            if child is _ABSENT:
                child = self._child(dentry, name)
            elif inode.fs.dynamic:
                if guessing and not pending and _opens_itself(child):
                    self.guessed = True
                else:
                    child = self._child(dentry, name)
            if child is None:
                raise fail(errno.ENOENT)
            if child.mounts:
                mount, child = self._cross(mount, child)
                if unprivileged and child.inode.fs.dynamic:  # it was not looked up
                    child.inode.fs.refresh(self, child.inode)
            if child.inode.mode & 0o170000 == S_IFLNK and (pending or follow):
                links += 1
                if links > SYMLINK_LIMIT:
                    raise fail(errno.ELOOP)
                fs = child.inode.fs
                jump = fs.follow(self, child.inode)
                if jump is not None:
                    mount, dentry = jump.mount, jump.dentry
                    continue
                target = fs.readlink(self, child.inode)
                if not target:
                    raise fail(errno.ENOENT)
                if target[:1] == b"/":
                    mount, dentry = context.root.mount, context.root.dentry
                pending.extend(reversed(target.split(b"/")))
                continue
            dentry = child
        return mount, dentry

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
        _check_path(path)
        at = start or context.cwd
        mount, dentry = self._walk(context, at.mount, at.dentry, path, follow)
        if want_directory and not S_ISDIR(dentry.inode.mode):
            raise fail(errno.ENOTDIR)
        return Location(mount, dentry)

    def lookup_parent(
        self, context: FsContext, path: bytes, *, start: Location | None = None
    ) -> tuple[Location, bytes]:
        """(directory, last name) of `path`.

        The name keeps one trailing slash if the path has any, and may be `.`, `..` or empty (the root).
        Search permission on the directory is checked.
        """
        _check_path(path)
        at = start or context.cwd
        mount, dentry, name, slash = self._parent(context, at.mount, at.dentry, path)
        return Location(mount, dentry), name + b"/" if slash else name

    def _parent(
        self, context: FsContext, mount: Mount, dentry: Dentry, path: bytes, links: int = 0
    ) -> tuple[Mount, Dentry, bytes, bool]:
        """(mount, directory, last name without slashes, whether slashes follow it)."""
        stripped = path.rstrip(b"/")
        cut = stripped.rfind(b"/") + 1
        name = stripped[cut:]
        if cut:
            mount, dentry = self._walk(context, mount, dentry, path[:cut], True, links)
        elif not name:
            mount, dentry = context.root.mount, context.root.dentry
        if not S_ISDIR(dentry.inode.mode):
            raise fail(errno.ENOTDIR)
        if name:
            self.check(context, dentry.inode, X_OK)
        return mount, dentry, name, len(stripped) < len(path)

    def _at(
        self, context: FsContext, target: Target, start: Location | None, follow: bool
    ) -> tuple[Mount, Dentry]:
        """The position of a path, Location or open file."""
        if isinstance(target, (bytes, bytearray)):
            _check_path(target)
            at = start or context.cwd
            return self._walk(context, at.mount, at.dentry, target, follow)
        location = target.location if isinstance(target, OpenFile) else target
        return location.mount, location.dentry

    # Permission

    def check(self, context: FsContext, inode: Inode, mask: int) -> None:
        """EACCES unless `mask` is allowed."""
        if not allowed(context.credentials, inode, mask):
            raise fail(errno.EACCES)

    def check_write(self, mount: Mount, inode: Inode) -> None:
        """EROFS where a read-only mount protects the inode (devices, fifos and sockets stay usable)."""
        if mount.readonly and (S_ISREG(inode.mode) or S_ISDIR(inode.mode) or S_ISLNK(inode.mode)):
            raise fail(errno.EROFS)

    def is_below(self, location: Location, top: Location) -> bool:
        """Whether the way up from `location` leads through `top`."""
        mount, dentry = location.mount, location.dentry
        while not (dentry is top.dentry and mount is top.mount):
            if dentry is mount.root:
                below = mount.mountpoint
                if below is None:
                    return False
                mount, dentry = below.mount, below.dentry
            elif dentry.parent is None:
                return False
            else:
                dentry = dentry.parent
        return True

    def path_of(self, context: FsContext, location: Location) -> bytes:
        """The absolute path of a position as `context` sees it, with " (deleted)" where its name is gone."""
        mount, dentry, root = location.mount, location.dentry, context.root
        if dentry.parent is None and dentry is not mount.root:
            return dentry.name  # pipe:[7] and its like
        gone = dentry.deleted
        names: list[bytes] = []
        while not (dentry is root.dentry and mount is root.mount):
            if dentry is mount.root:
                below = mount.mountpoint
                if below is None:
                    break
                mount, dentry = below.mount, below.dentry
                continue
            names.append(dentry.name)
            gone = gone or dentry.deleted
            if dentry.parent is None:
                break
            dentry = dentry.parent
        path = b"/" + b"/".join(reversed(names))
        return path + b" (deleted)" if gone else path


def _opens_itself(child: Dentry) -> bool:
    """Whether to open a name's file is to find out that it is still there."""
    inode = child.inode
    return inode.fs.open_verifies and S_ISREG(inode.mode)


def _check_path(path: bytes) -> None:
    if not path:
        raise fail(errno.ENOENT)
    if len(path) >= PATH_MAX:
        raise fail(errno.ENAMETOOLONG)
