"""The open file description: what open(2) makes and dup(2) shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lazyfs.abi import O_ACCMODE, O_PATH, O_RDONLY, O_RDWR, O_WRONLY
from lazyfs.plain import Plain

if TYPE_CHECKING:
    from lazyfs.inode import FsCredentials, Inode, Location


class OpenFile(Plain):
    """An open file description (the kernel's descriptor tables point at these and count the references).

    location: where it was opened; inode: what was opened (it lives on when its name is unlinked).
    flags: the O_* of open(2) with F_SETFL changes, without O_CREAT, O_EXCL, O_TRUNC, O_CLOEXEC.
    offset: bytes, or the getdents cookie of a directory. credentials: the opener's.
    private: plain data of a driver or filesystem (generated text of a /proc file, a directory's listing).

    refs: how many hold it; only the kernel counts (`friscy.kernel.fdtable`).

    The kernel calls `vfs.release(file)` exactly once, when the last reference goes.
    """

    location: Location
    inode: Inode
    flags: int
    offset: int = 0
    credentials: FsCredentials | None = None
    private: Any = None
    refs: int = 0

    @property
    def readable(self) -> bool:
        """read(2) is allowed (else EBADF)."""
        return self.flags & (O_ACCMODE | O_PATH) in (O_RDONLY, O_RDWR)

    @property
    def writable(self) -> bool:
        """write(2) is allowed (else EBADF)."""
        return self.flags & (O_ACCMODE | O_PATH) in (O_WRONLY, O_RDWR)


def description(
    location: Location, inode: Inode, flags: int, credentials: FsCredentials | None = None
) -> OpenFile:
    """`OpenFile(...)` in a quarter of the time: programs open files all the time."""
    file: OpenFile = object.__new__(OpenFile)
    file.location, file.inode, file.flags, file.offset = location, inode, flags, 0
    file.credentials, file.private, file.refs = credentials, None, 0
    return file
