"""Opening what is below a directory of the host, and nothing else.

Where the host has openat2(2), one call goes all the way and lets no symlink lead it; elsewhere each name is a step of
its own that follows none.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct

_SYS_OPENAT2 = 437  # on all architectures
_RESOLVE_NO_SYMLINKS, _RESOLVE_BENEATH = 0x04, 0x08
_HOW = struct.Struct("<QQQ")
_RESOLVE = _RESOLVE_NO_SYMLINKS | _RESOLVE_BENEATH
_STEP = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_LONGEST = 4000  # bytes of a path that one call takes
# ENOSYS: Linux before 5.6. EPERM: a filter that does not know the call. ELOOP: a symlink; the steps tell where it is.
_NOT_SO = (errno.ENOSYS, errno.EPERM, errno.ELOOP)

_syscall = ctypes.CDLL(None, use_errno=True).syscall
_syscall.restype = ctypes.c_long
_syscall.argtypes = [ctypes.c_long, ctypes.c_int, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_size_t]


def open_beneath(directory: int, path: bytes, flags: int) -> int:
    """A descriptor of `path`, names joined by slashes, below the host's descriptor `directory`. Raises OSError.

    flags: of open(2), with O_NOFOLLOW; nothing is created. With O_PATH a symlink itself is opened.
    """
    if len(path) < _LONGEST:
        fd: int = _syscall(_SYS_OPENAT2, directory, path, _HOW.pack(flags, 0, _RESOLVE), _HOW.size)
        if fd >= 0:
            return fd
        number = ctypes.get_errno()
        if number not in _NOT_SO:
            raise OSError(number, os.strerror(number))
    return open_by_steps(directory, path, flags)


def open_by_steps(directory: int, path: bytes, flags: int) -> int:
    """The same without openat2(2)."""
    *above, last = path.split(b"/")
    at = directory
    try:
        for name in above:
            below = os.open(name, _STEP, dir_fd=at)
            if at != directory:
                os.close(at)
            at = below
        return os.open(last, flags, dir_fd=at)
    finally:
        if at != directory:
            os.close(at)
