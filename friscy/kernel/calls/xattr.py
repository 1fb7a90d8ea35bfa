"""Extended attributes: get, set, list and remove, by path, by path without following, and by descriptor."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from friscy.kernel.table import syscall
from lazyfs.abi import XATTR_CREATE, XATTR_NAME_MAX, XATTR_REPLACE, XATTR_SIZE_MAX
from lazyfs.errors import LinuxError
from lazyfs.openfile import OpenFile

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Task

_What = bytes | OpenFile


def _xattr_name(k: Kernel, address: int) -> bytes:
    try:
        name = k.mem.read_cstring(address, XATTR_NAME_MAX + 1)
    except LinuxError as error:
        raise LinuxError(errno.ERANGE if error.errno == errno.ENAMETOOLONG else error.errno) from error
    if not name:
        raise LinuxError(errno.ERANGE)
    return name


def _give(k: Kernel, data: bytes, out: int, size: int) -> int:
    """A value or list for a buffer of `size` bytes; size 0 only asks how long it is. ERANGE: too small."""
    if size:
        if len(data) > size:
            raise LinuxError(errno.ERANGE)
        k.mem.write(out, data)
    return len(data)


def _set(
    k: Kernel, task: Task, what: _What, name: int, value: int, size: int, flags: int, follow: bool
) -> int:
    if flags & ~(XATTR_CREATE | XATTR_REPLACE):
        raise LinuxError(errno.EINVAL)
    label = _xattr_name(k, name)
    if size > XATTR_SIZE_MAX:
        raise LinuxError(errno.E2BIG)
    k.vfs.setxattr(task.process.fs, what, label, k.mem.read(value, size), flags, follow=follow)
    return 0


def _get(k: Kernel, task: Task, what: _What, name: int, out: int, size: int, follow: bool) -> int:
    label = _xattr_name(k, name)
    return _give(k, k.vfs.getxattr(task.process.fs, what, label, follow=follow), out, size)


def _list(k: Kernel, task: Task, what: _What, out: int, size: int, follow: bool) -> int:
    names = k.vfs.listxattr(task.process.fs, what, follow=follow)
    return _give(k, b"".join(name + b"\0" for name in names), out, size)


def _remove(k: Kernel, task: Task, what: _What, name: int, follow: bool) -> int:
    k.vfs.removexattr(task.process.fs, what, _xattr_name(k, name), follow=follow)
    return 0


@syscall(5, "setxattr", "path name:string value:inbuf size flags:xattr_flags -> int")
def sys_setxattr(k: Kernel, task: Task, path: int, name: int, value: int, size: int, flags: int) -> int:
    """setxattr(2)."""
    return _set(k, task, k.path(path), name, value, size, flags, True)


@syscall(6, "lsetxattr", "path name:string value:inbuf size flags:xattr_flags -> int")
def sys_lsetxattr(k: Kernel, task: Task, path: int, name: int, value: int, size: int, flags: int) -> int:
    """lsetxattr(2)."""
    return _set(k, task, k.path(path), name, value, size, flags, False)


@syscall(7, "fsetxattr", "fd name:string value:inbuf size flags:xattr_flags -> int")
def sys_fsetxattr(k: Kernel, task: Task, fd: int, name: int, value: int, size: int, flags: int) -> int:
    """fsetxattr(2)."""
    return _set(k, task, task.process.files.get(fd), name, value, size, flags, True)


@syscall(8, "getxattr", "path name:string value:outbuf size -> int")
def sys_getxattr(k: Kernel, task: Task, path: int, name: int, out: int, size: int) -> int:
    """getxattr(2)."""
    return _get(k, task, k.path(path), name, out, size, True)


@syscall(9, "lgetxattr", "path name:string value:outbuf size -> int")
def sys_lgetxattr(k: Kernel, task: Task, path: int, name: int, out: int, size: int) -> int:
    """lgetxattr(2)."""
    return _get(k, task, k.path(path), name, out, size, False)


@syscall(10, "fgetxattr", "fd name:string value:outbuf size -> int")
def sys_fgetxattr(k: Kernel, task: Task, fd: int, name: int, out: int, size: int) -> int:
    """fgetxattr(2)."""
    return _get(k, task, task.process.files.get(fd), name, out, size, True)


@syscall(11, "listxattr", "path list:outbuf size -> int")
def sys_listxattr(k: Kernel, task: Task, path: int, out: int, size: int) -> int:
    """listxattr(2)."""
    return _list(k, task, k.path(path), out, size, True)


@syscall(12, "llistxattr", "path list:outbuf size -> int")
def sys_llistxattr(k: Kernel, task: Task, path: int, out: int, size: int) -> int:
    """llistxattr(2)."""
    return _list(k, task, k.path(path), out, size, False)


@syscall(13, "flistxattr", "fd list:outbuf size -> int")
def sys_flistxattr(k: Kernel, task: Task, fd: int, out: int, size: int) -> int:
    """flistxattr(2)."""
    return _list(k, task, task.process.files.get(fd), out, size, True)


@syscall(14, "removexattr", "path name:string -> int")
def sys_removexattr(k: Kernel, task: Task, path: int, name: int) -> int:
    """removexattr(2)."""
    return _remove(k, task, k.path(path), name, True)


@syscall(15, "lremovexattr", "path name:string -> int")
def sys_lremovexattr(k: Kernel, task: Task, path: int, name: int) -> int:
    """lremovexattr(2)."""
    return _remove(k, task, k.path(path), name, False)


@syscall(16, "fremovexattr", "fd name:string -> int")
def sys_fremovexattr(k: Kernel, task: Task, fd: int, name: int) -> int:
    """fremovexattr(2)."""
    return _remove(k, task, task.process.files.get(fd), name, True)
