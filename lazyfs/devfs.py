"""/dev: a tmpfs with the usual nodes, and the drivers of the devices that need nothing of the host."""

from __future__ import annotations

import errno
from collections.abc import Callable
from stat import S_IFCHR, S_IFDIR, S_IFLNK
from typing import TYPE_CHECKING, Any

from lazyfs.abi import POLLIN, POLLOUT, POLLRDNORM, POLLWRNORM
from lazyfs.errors import LinuxError
from lazyfs.filesystem import Data
from lazyfs.tmpfs import Tmpfs

if TYPE_CHECKING:
    from lazyfs.host import VfsHost
    from lazyfs.openfile import OpenFile

NODES = {
    b"null": (1, 3, 0o666),
    b"zero": (1, 5, 0o666),
    b"full": (1, 7, 0o666),
    b"random": (1, 8, 0o666),
    b"urandom": (1, 9, 0o666),
    b"tty": (5, 0, 0o666),
    b"console": (5, 1, 0o620),
}
LINKS = {
    b"fd": b"/proc/self/fd",
    b"stdin": b"/proc/self/fd/0",
    b"stdout": b"/proc/self/fd/1",
    b"stderr": b"/proc/self/fd/2",
    b"ptmx": b"pts/ptmx",
}
DIRECTORIES = {b"shm": 0o1777, b"pts": 0o755, b"mqueue": 0o1777}


class Driver:
    """A character device, host-side: it has no state of its own that a snapshot would miss.

    Per-description state goes to `file.private`. The defaults are those of a device without the operation.
    """

    # What lseek(2) does: True: the offset stays 0; False: ESPIPE, as on terminals.
    seekable = False

    def open(self, file: OpenFile) -> None:
        """open(2) of a node; LinuxError refuses it."""

    def release(self, file: OpenFile) -> None:
        """The last reference to the description is gone."""

    def read(self, file: OpenFile, n: int) -> bytes:
        """read(2): up to `n` bytes, or WouldBlock(file, POLLIN)."""
        raise LinuxError(errno.EINVAL)

    def write(self, file: OpenFile, data: Data) -> int:
        """write(2): the bytes taken, or WouldBlock(file, POLLOUT)."""
        raise LinuxError(errno.EINVAL)

    def poll(self, file: OpenFile) -> int:
        """The POLL* bits that hold now."""
        return POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM

    def ioctl(self, file: OpenFile, request: int, argument: Any) -> int:
        """ioctl(2); `argument` is what the kernel passes (see friscy.kernel)."""
        raise LinuxError(errno.ENOTTY)


class _Null(Driver):
    seekable = True

    def read(self, file: OpenFile, n: int) -> bytes:
        return b""

    def write(self, file: OpenFile, data: Data) -> int:
        return len(data)


class _Zero(_Null):
    def read(self, file: OpenFile, n: int) -> bytes:
        return bytes(n)


class _Full(_Zero):
    def write(self, file: OpenFile, data: Data) -> int:
        raise LinuxError(errno.ENOSPC)


class _Random(_Null):
    def __init__(self, urandom: Callable[[int], bytes]) -> None:
        self._urandom = urandom

    def read(self, file: OpenFile, n: int) -> bytes:
        return self._urandom(n)


def drivers(vfs: VfsHost) -> dict[tuple[int, int], Driver]:
    """The drivers of null, zero, full, random and urandom."""
    random = _Random(lambda n: vfs.urandom(n))
    return {(1, 3): _Null(), (1, 5): _Zero(), (1, 7): _Full(), (1, 8): random, (1, 9): random}


def populate(vfs: VfsHost, fs: Tmpfs) -> None:
    """Make the nodes of a container's /dev in a fresh tmpfs."""
    fs.kind = b"devtmpfs"
    fs.format(vfs, 0o755)
    root = fs.root(vfs)
    for name, (major, minor, mode) in NODES.items():
        fs.create(vfs, root, name, S_IFCHR | mode, 0, 5 if major == 5 else 0, rdev=(major, minor))
    for name, target in LINKS.items():
        fs.create(vfs, root, name, S_IFLNK | 0o777, 0, 0, target=target)
    for name, mode in DIRECTORIES.items():
        fs.create(vfs, root, name, S_IFDIR | mode, 0, 0)
