"""System calls that take paths: open, create, remove, rename, link, permissions and times."""

from __future__ import annotations

import errno
from stat import S_IFCHR, S_IFIFO, S_IFMT, S_ISDIR
from typing import TYPE_CHECKING

from friscy.kernel import files, leases, short
from friscy.kernel.fdtable import drop
from friscy.kernel.paths import (
    RESOLVE_ALL,
    RESOLVE_BENEATH,
    RESOLVE_CACHED,
    RESOLVE_IN_ROOT,
    at,
    directory_of,
    resolve,
    start_of,
    target,
)
from friscy.kernel.state import RLIMIT_NOFILE
from friscy.kernel.structs import dirent_bytes, pack_dirent, read_open_how, read_timespec_raw
from friscy.kernel.table import refused, syscall
from friscy.kernel.terminal.opening import adopt
from lazyfs.abi import (
    AT_EACCESS,
    AT_EMPTY_PATH,
    AT_FDCWD,
    AT_REMOVEDIR,
    AT_SYMLINK_FOLLOW,
    AT_SYMLINK_NOFOLLOW,
    O_CLOEXEC,
    O_CREAT,
    O_DIRECTORY,
    O_EXCL,
    O_LARGEFILE,
    O_NOFOLLOW,
    O_NONBLOCK,
    O_PATH,
    O_RDWR,
    O_TMPFILE,
    O_TRUNC,
    O_WRONLY,
    UTIME_NOW,
    UTIME_OMIT,
    X_OK,
)
from lazyfs.errors import LinuxError, WouldBlock
from lazyfs.inode import FsContext, FsCredentials, Location
from lazyfs.openfile import OpenFile
from lazyfs.stat import decode_dev

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Task

_NS = 1_000_000_000
_OPEN_FLAGS = 0o37777703  # every O_* that openat2 knows


def install(k: Kernel, task: Task, file: OpenFile, *, cloexec: bool, least: int = 0) -> int:
    """Give a fresh open file description its descriptor; EMFILE closes it again."""
    try:
        limit = task.process.limits[RLIMIT_NOFILE][0]
        return task.process.files.add(file, limit, cloexec=cloexec, least=least)
    except LinuxError:
        file.refs += 1
        drop(k, file)
        raise


def _break_leases(k: Kernel, context: FsContext, name: bytes, flags: int, start: Location | None) -> None:
    if flags & O_PATH or (flags & O_CREAT and flags & O_EXCL):
        return  # does not open a file that somebody may have
    try:
        found = k.vfs.lookup(context, name, start=start, follow=not flags & O_NOFOLLOW)
    except LinuxError:
        return  # to open it fails as well, or makes it
    writing = bool(flags & (O_WRONLY | O_RDWR | O_TRUNC))
    leases.break_leases(k, found.inode, writing=writing, waiting=not flags & O_NONBLOCK)


def _open(
    k: Kernel, task: Task, context: FsContext, name: bytes, flags: int, mode: int, start: Location | None
) -> int:
    if k.state.devices is not None and k.state.devices.leases:
        _break_leases(k, context, name, flags, start)
    try:
        file = k.vfs.open(context, name, flags & ~O_CLOEXEC | O_LARGEFILE, mode, start=start)
    except WouldBlock as blocked:
        files.block(k, task, blocked, nonblocking=bool(flags & O_NONBLOCK))
    if not flags & O_PATH:
        kind = S_IFMT(file.inode.mode)
        if kind == 0:
            raise LinuxError(errno.ENXIO)  # /proc/self/fd/N of an eventfd and the like
        if kind in (S_IFCHR, S_IFIFO):
            file = adopt(k, task.process, file, flags)
        elif file.inode.fs.kernel_opens:
            from friscy.kernel.ipc.posix_queues import opened

            file = opened(k, file)
    fd = install(k, task, file, cloexec=bool(flags & O_CLOEXEC))
    if task.process.files.short is not None:
        short.offer_source(k, fd, file)
    return fd


@syscall(56, "openat", "dirfd path flags:open_flags mode:octal -> fd")
def sys_openat(k: Kernel, task: Task, dirfd: int, path: int, flags: int, mode: int) -> int:
    """openat(2)."""
    name, start = at(k, task, dirfd, path)
    creating = flags & O_CREAT or flags & O_TMPFILE == O_TMPFILE
    fd = _open(k, task, task.process.fs, name, flags, mode & 0o7777 if creating else 0, start)
    if task.process.files.short is not None:
        from friscy.kernel.short_files import offer

        short.trust_input(k, path)
        offer(k, task, fd, name, flags)
    return fd


@syscall(437, "openat2", "dirfd path how:open_how size -> fd")
def sys_openat2(k: Kernel, task: Task, dirfd: int, path: int, how: int, size: int) -> int:
    """openat2(2)."""
    flags, mode, rules = read_open_how(k.mem, how, size)
    creating = bool(flags & O_CREAT or flags & O_TMPFILE == O_TMPFILE)
    if flags & ~_OPEN_FLAGS or rules & ~RESOLVE_ALL or mode & ~0o7777 or (mode and not creating):
        raise LinuxError(errno.EINVAL)
    if rules & RESOLVE_BENEATH and rules & RESOLVE_IN_ROOT:
        raise LinuxError(errno.EINVAL)
    if flags & O_PATH and flags & ~(O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC):
        raise LinuxError(errno.EINVAL)
    name, start = k.path(path), None
    context = task.process.fs
    rules &= ~RESOLVE_CACHED
    if rules and name:
        start = context.cwd if dirfd == AT_FDCWD else task.process.files.get_path(dirfd).location
        if rules & RESOLVE_IN_ROOT:
            context = FsContext(start, start, context.umask, context.credentials)
        follow = not flags & O_NOFOLLOW and not (flags & O_CREAT and flags & O_EXCL)
        start, name = resolve(k, context, name, start, rules, follow=follow)
    else:
        start = start_of(task, dirfd, name)
    return _open(k, task, context, name, flags, mode, start)


@syscall(34, "mkdirat", "dirfd path mode:octal -> int")
def sys_mkdirat(k: Kernel, task: Task, dirfd: int, path: int, mode: int) -> int:
    """mkdirat(2)."""
    name, start = at(k, task, dirfd, path)
    k.vfs.mkdir(task.process.fs, name, mode & 0o7777, start=start)
    return 0


@syscall(33, "mknodat", "dirfd path mode:octal dev -> int")
def sys_mknodat(k: Kernel, task: Task, dirfd: int, path: int, mode: int, dev: int) -> int:
    """mknodat(2)."""
    name, start = at(k, task, dirfd, path)
    k.vfs.mknod(task.process.fs, name, mode & 0o177777, decode_dev(dev), start=start)
    return 0


@syscall(35, "unlinkat", "dirfd path flags:at_flags -> int")
def sys_unlinkat(k: Kernel, task: Task, dirfd: int, path: int, flags: int) -> int:
    """unlinkat(2)."""
    if flags & ~AT_REMOVEDIR:
        raise LinuxError(errno.EINVAL)
    name, start = at(k, task, dirfd, path)
    if flags & AT_REMOVEDIR:
        k.vfs.rmdir(task.process.fs, name, start=start)
    else:
        k.vfs.unlink(task.process.fs, name, start=start)
    return 0


@syscall(36, "symlinkat", "target:path dirfd path -> int")
def sys_symlinkat(k: Kernel, task: Task, text: int, dirfd: int, path: int) -> int:
    """symlinkat(2)."""
    link = k.path(text)
    if not link:
        raise LinuxError(errno.ENOENT)
    name, start = at(k, task, dirfd, path)
    k.vfs.symlink(task.process.fs, link, name, start=start)
    return 0


@syscall(37, "linkat", "olddirfd:dirfd oldpath:path newdirfd:dirfd newpath:path flags:at_flags -> int")
def sys_linkat(
    k: Kernel, task: Task, old_dirfd: int, old_path: int, new_dirfd: int, new_path: int, flags: int
) -> int:
    """linkat(2). AT_EMPTY_PATH: any caller may, as since Linux 6.10 for a description it opened itself."""
    old, old_start, _ = target(k, task, old_dirfd, old_path, flags & ~AT_SYMLINK_FOLLOW, AT_EMPTY_PATH)
    new, new_start = at(k, task, new_dirfd, new_path)
    follow = bool(flags & AT_SYMLINK_FOLLOW)
    k.vfs.link(task.process.fs, old, new, old_start=old_start, new_start=new_start, follow=follow)
    return 0


@syscall(
    276, "renameat2", "olddirfd:dirfd oldpath:path newdirfd:dirfd newpath:path flags:rename_flags -> int"
)
def sys_renameat2(
    k: Kernel, task: Task, old_dirfd: int, old_path: int, new_dirfd: int, new_path: int, flags: int
) -> int:
    """renameat2(2)."""
    if flags & ~7 or (flags & 2 and flags & 5):
        raise LinuxError(errno.EINVAL)
    old, old_start = at(k, task, old_dirfd, old_path)
    new, new_start = at(k, task, new_dirfd, new_path)
    k.vfs.rename(task.process.fs, old, new, flags, old_start=old_start, new_start=new_start)
    return 0


@syscall(78, "readlinkat", "dirfd path buf:out_path bufsiz:int -> int")
def sys_readlinkat(k: Kernel, task: Task, dirfd: int, path: int, out: int, size: int) -> int:
    """readlinkat(2)."""
    if size <= 0:
        raise LinuxError(errno.EINVAL)
    name = k.path(path)
    what: bytes | OpenFile = name
    if not name:
        if dirfd == AT_FDCWD:
            raise LinuxError(errno.ENOENT)
        what = task.process.files.get_path(dirfd)
    text = k.vfs.readlink(task.process.fs, what, start=start_of(task, dirfd, name) if name else None)
    k.mem.write(out, text[:size])
    return min(len(text), size)


def _access(k: Kernel, task: Task, dirfd: int, path: int, mode: int, flags: int) -> int:
    if mode & ~7:
        raise LinuxError(errno.EINVAL)
    what, start, follow = target(
        k, task, dirfd, path, flags & ~AT_EACCESS, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH
    )
    context = task.process.fs
    real = context.credentials
    if not flags & AT_EACCESS:
        ids = task.process.credentials
        real = FsCredentials(ids.uid, ids.gid, context.credentials.groups)
    k.vfs.access(context, what, mode, start=start, follow=follow, credentials=real)
    return 0


@syscall(48, "faccessat", "dirfd path mode:access_mode -> int")
def sys_faccessat(k: Kernel, task: Task, dirfd: int, path: int, mode: int) -> int:
    """faccessat(2) of the kernel, which has no flags."""
    return _access(k, task, dirfd, path, mode, 0)


@syscall(439, "faccessat2", "dirfd path mode:access_mode flags:at_flags -> int")
def sys_faccessat2(k: Kernel, task: Task, dirfd: int, path: int, mode: int, flags: int) -> int:
    """faccessat2(2)."""
    return _access(k, task, dirfd, path, mode, flags)


# -- owners, permissions, times -----------------------------------------------------------------------


@syscall(52, "fchmod", "fd mode:octal -> int")
def sys_fchmod(k: Kernel, task: Task, fd: int, mode: int) -> int:
    """fchmod(2)."""
    k.vfs.chmod(task.process.fs, task.process.files.get(fd), mode & 0o7777)
    return 0


@syscall(53, "fchmodat", "dirfd path mode:octal -> int")
def sys_fchmodat(k: Kernel, task: Task, dirfd: int, path: int, mode: int) -> int:
    """fchmodat(2) of the kernel, which has no flags."""
    return sys_fchmodat2(k, task, dirfd, path, mode, 0)


@syscall(452, "fchmodat2", "dirfd path mode:octal flags:at_flags -> int")
def sys_fchmodat2(k: Kernel, task: Task, dirfd: int, path: int, mode: int, flags: int) -> int:
    """fchmodat2(2)."""
    what, start, follow = target(k, task, dirfd, path, flags, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)
    k.vfs.chmod(task.process.fs, what, mode & 0o7777, start=start, follow=follow)
    return 0


def _owner(value: int) -> int:
    """An id of chown(2): all ones leaves it as it is."""
    return -1 if value == 0xFFFF_FFFF else value


@syscall(55, "fchown", "fd uid gid -> int")
def sys_fchown(k: Kernel, task: Task, fd: int, uid: int, gid: int) -> int:
    """fchown(2)."""
    k.vfs.chown(task.process.fs, task.process.files.get(fd), _owner(uid), _owner(gid))
    return 0


@syscall(54, "fchownat", "dirfd path uid gid flags:at_flags -> int")
def sys_fchownat(k: Kernel, task: Task, dirfd: int, path: int, uid: int, gid: int, flags: int) -> int:
    """fchownat(2)."""
    what, start, follow = target(k, task, dirfd, path, flags, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)
    k.vfs.chown(task.process.fs, what, _owner(uid), _owner(gid), start=start, follow=follow)
    return 0


@syscall(88, "utimensat", "dirfd path times:times2 flags:at_flags -> int")
def sys_utimensat(k: Kernel, task: Task, dirfd: int, path: int, times: int, flags: int) -> int:
    """utimensat(2); a null path means what dirfd stands for (futimens)."""
    stamps = [(0, UTIME_NOW)] * 2
    if times:
        stamps = [read_timespec_raw(k.mem, times), read_timespec_raw(k.mem, times + 16)]
        for _, ns in stamps:
            if not 0 <= ns < _NS and ns not in (UTIME_NOW, UTIME_OMIT):
                raise LinuxError(errno.EINVAL)
        if all(ns == UTIME_OMIT for _, ns in stamps):
            return 0
    if not path and dirfd != AT_FDCWD and not flags & AT_EMPTY_PATH:
        if flags:
            raise LinuxError(errno.EINVAL)
        what: bytes | Location | OpenFile = task.process.files.get(dirfd)
        start, follow = None, True
    else:
        what, start, follow = target(k, task, dirfd, path, flags, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)
    now = all(ns == UTIME_NOW for _, ns in stamps)
    current = k.realtime_ns()
    atime, mtime = (
        None if ns == UTIME_OMIT else current if ns == UTIME_NOW else seconds * _NS + ns
        for seconds, ns in stamps
    )
    k.vfs.utimens(task.process.fs, what, atime, mtime, now=now, start=start, follow=follow)
    return 0


@syscall(166, "umask", "mask:octal -> octal")
def sys_umask(k: Kernel, task: Task, mask: int) -> int:
    """umask(2)."""
    old, task.process.fs.umask = task.process.fs.umask, mask & 0o777
    return old


# -- directories --------------------------------------------------------------------------------------


def _enterable(k: Kernel, task: Task, found: Location) -> Location:
    if not S_ISDIR(found.inode.mode):
        raise LinuxError(errno.ENOTDIR)
    k.vfs.access(task.process.fs, found, X_OK)
    return found


@syscall(49, "chdir", "path -> int")
def sys_chdir(k: Kernel, task: Task, path: int) -> int:
    """chdir(2)."""
    found = k.vfs.lookup(task.process.fs, k.path(path), want_directory=True)
    task.process.fs.cwd = _enterable(k, task, found)
    return 0


@syscall(50, "fchdir", "fd -> int")
def sys_fchdir(k: Kernel, task: Task, fd: int) -> int:
    """fchdir(2)."""
    task.process.fs.cwd = _enterable(k, task, directory_of(task, fd))
    return 0


@syscall(51, "chroot", "path -> int")
def sys_chroot(k: Kernel, task: Task, path: int) -> int:
    """chroot(2)."""
    found = _enterable(k, task, k.vfs.lookup(task.process.fs, k.path(path), want_directory=True))
    if task.process.credentials.euid != 0:
        raise LinuxError(errno.EPERM)
    task.process.fs.root = found
    short.forget_files(k)
    return 0


@syscall(17, "getcwd", "buf:out_path size -> int")
def sys_getcwd(k: Kernel, task: Task, out: int, size: int) -> int:
    """getcwd(2) of the kernel: the length with its NUL."""
    cwd = task.process.fs.cwd
    if cwd.dentry.deleted:
        raise LinuxError(errno.ENOENT)
    path = k.vfs.path_of(task.process.fs, cwd) + b"\0"
    if not k.vfs.is_below(cwd, task.process.fs.root):
        path = b"(unreachable)" + path
    if len(path) > size:
        raise LinuxError(errno.ERANGE)
    k.mem.write(out, path)
    return len(path)


@syscall(61, "getdents64", "fd dirp:out_dirents count:uint -> int")
def sys_getdents64(k: Kernel, task: Task, fd: int, out: int, size: int) -> int:
    """getdents64(2). EINVAL: not even one entry fits."""
    file = task.process.files.get(fd)
    if isinstance(file, files.KernelFile) or not S_ISDIR(file.inode.mode):
        raise LinuxError(errno.ENOTDIR)
    before = file.offset
    records: list[bytes] = []
    used, cookie = 0, before
    entries = k.vfs.getdents(file, size // dirent_bytes(b"."))
    for ino, after, kind, name in entries:
        if used + dirent_bytes(name) > size:
            break
        records.append(pack_dirent(ino, after, kind, name))
        used += len(records[-1])
        cookie = after
    if entries and not records:
        file.offset = before
        raise LinuxError(errno.EINVAL)
    file.offset = cookie if entries else file.offset
    if not entries and size < dirent_bytes(b".") and k.vfs.getdents(file, 1):
        file.offset = before
        raise LinuxError(errno.EINVAL)
    try:
        k.mem.write(out, b"".join(records))
    except LinuxError:
        file.offset = before
        raise
    return used


# -- what a container may not do ----------------------------------------------------------------------

_CONTAINER = "a container has no CAP_SYS_ADMIN"
refused(41, "pivot_root", "new_root:path put_old:path -> int", errno.EPERM, _CONTAINER)
refused(428, "open_tree", "dirfd path flags:uint -> fd", errno.EPERM, _CONTAINER)
refused(
    429,
    "move_mount",
    "from_dirfd:dirfd from:path to_dirfd:dirfd to:path flags:uint -> int",
    errno.EPERM,
    _CONTAINER,
)
refused(430, "fsopen", "name:string flags:uint -> fd", errno.EPERM, _CONTAINER)
refused(432, "fsmount", "fd flags:uint attr_flags:uint -> fd", errno.EPERM, _CONTAINER)
refused(442, "mount_setattr", "dirfd path flags:uint attr:ptr size -> int", errno.EPERM, _CONTAINER)
refused(262, "fanotify_init", "flags:uint event_flags:uint -> fd", errno.EPERM, _CONTAINER)
refused(263, "fanotify_mark", "fd flags:uint mask:ulong dirfd path -> int", errno.EBADF, _CONTAINER)
refused(60, "quotactl", "cmd:uint special:string id:int addr:ptr -> int", errno.ENOSYS, "no quotas")
