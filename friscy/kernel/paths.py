"""How a system call's (dirfd, path, AT_* flags) becomes something that the VFS takes."""

from __future__ import annotations

import errno
from stat import S_ISLNK
from typing import TYPE_CHECKING

from friscy.kernel import files
from friscy.kernel.structs import PATH_MAX
from lazyfs.abi import AT_EMPTY_PATH, AT_FDCWD, AT_SYMLINK_NOFOLLOW, SYMLINK_LIMIT
from lazyfs.errors import LinuxError
from lazyfs.inode import FsContext, Location, Mount
from lazyfs.openfile import OpenFile

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Task

RESOLVE_NO_XDEV, RESOLVE_NO_MAGICLINKS, RESOLVE_NO_SYMLINKS = 1, 2, 4
RESOLVE_BENEATH, RESOLVE_IN_ROOT, RESOLVE_CACHED = 8, 16, 32
RESOLVE_ALL = 63


def start_of(task: Task, dirfd: int, name: bytes) -> Location | None:
    """Where a path begins: None is the working directory (or the root, for an absolute one)."""
    if dirfd == AT_FDCWD or name.startswith(b"/"):
        return None
    return task.process.files.get_path(dirfd).location


def at(k: Kernel, task: Task, dirfd: int, path: int) -> tuple[bytes, Location | None]:
    """(path, its start) of the *at calls."""
    name = k.path(path)
    return name, start_of(task, dirfd, name)


def target(
    k: Kernel, task: Task, dirfd: int, path: int, flags: int, allowed: int
) -> tuple[bytes | Location | OpenFile, Location | None, bool]:
    """(target, start, follow) of a call that takes AT_* `flags`; EINVAL: one that is not `allowed`.

    With AT_EMPTY_PATH and an empty path (or a null pointer) the target is what dirfd itself stands for.
    """
    if flags & ~allowed:
        raise LinuxError(errno.EINVAL)
    follow = not flags & AT_SYMLINK_NOFOLLOW
    name = b"" if flags & AT_EMPTY_PATH and not path else k.path(path)
    if not name and flags & AT_EMPTY_PATH:
        if dirfd == AT_FDCWD:
            return task.process.fs.cwd, None, follow
        return task.process.files.get_path(dirfd), None, follow
    if not name:
        raise LinuxError(errno.ENOENT)
    return name, start_of(task, dirfd, name), follow


def resolve(
    k: Kernel, context: FsContext, name: bytes, start: Location, flags: int, *, follow: bool
) -> tuple[Location, bytes]:
    """Walk `name` from `start` under the RESOLVE_* rules of openat2(2): (directory, last name).

    The last name is no symlink any more if `follow`; it may be missing. EXDEV: the walk would leave `start`
    (BENEATH) or its mount (NO_XDEV); ELOOP: a symlink that the flags forbid.
    """
    if len(name) >= PATH_MAX:
        raise LinuxError(errno.ENAMETOOLONG)
    if name.startswith(b"/"):
        if flags & RESOLVE_BENEATH:
            raise LinuxError(errno.EXDEV)
        directory = context.root
    else:
        directory = start
    links = 0
    parts = _parts(name)
    while True:
        part = parts.pop(0)
        last = not any(parts)
        if part == b"..":
            if flags & RESOLVE_BENEATH and directory.dentry is start.dentry:
                raise LinuxError(errno.EXDEV)
        elif part not in (b"", b"."):
            here = _peek(k, context, directory, part, missing_ok=last)
            if here is not None and S_ISLNK(here.inode.mode) and (not last or follow or parts):
                links += 1
                if flags & RESOLVE_NO_SYMLINKS or links > SYMLINK_LIMIT or _is_magic(k, here, flags):
                    raise LinuxError(errno.ELOOP)
                text = k.vfs.readlink(context, here)
                if text.startswith(b"/"):
                    if flags & RESOLVE_BENEATH:
                        raise LinuxError(errno.EXDEV)
                    directory = context.root
                parts = _parts(text) + parts
                continue
        if last:
            if flags & RESOLVE_NO_XDEV:
                found = _peek(k, context, directory, part or b".", missing_ok=True)
                if found is not None and found.mount is not start.mount:
                    raise LinuxError(errno.EXDEV)
            return directory, (part or b".") + (b"/" if parts else b"")
        below = k.vfs.lookup(context, part or b".", start=directory, want_directory=True)
        if flags & RESOLVE_NO_XDEV and below.mount is not start.mount:
            raise LinuxError(errno.EXDEV)
        directory = below


def _parts(name: bytes) -> list[bytes]:
    """The components of a path; a trailing slash leaves an empty one."""
    return name.lstrip(b"/").split(b"/")


def _peek(
    k: Kernel, context: FsContext, directory: Location, name: bytes, *, missing_ok: bool
) -> Location | None:
    try:
        return k.vfs.lookup(context, name, start=directory, follow=False)
    except LinuxError as error:
        if missing_ok and error.errno == errno.ENOENT:
            return None
        raise


def _is_magic(k: Kernel, link: Location, flags: int) -> bool:
    """Whether a /proc link that is not text (fd/N, exe, cwd, root) is in the way."""
    if not flags & (RESOLVE_NO_MAGICLINKS | RESOLVE_BENEATH):
        return False
    return link.inode.fs.follow(k.vfs, link.inode) is not None


def directory_of(task: Task, fd: int) -> Location:
    """The directory that a descriptor stands for (fchdir). ENOTDIR."""
    file = task.process.files.get_path(fd)
    if isinstance(file, files.KernelFile):
        raise LinuxError(errno.ENOTDIR)
    return file.location


def mount_id(mount: Mount) -> int:
    """The number of a mount in statx and /proc/self/mountinfo: each filesystem is mounted once."""
    return 20 + mount.fs.device
