"""/dev/pts: the slaves of pseudo-terminals, and the ptmx that makes them. Names come and go with the pairs alone."""

from __future__ import annotations

import errno
from stat import S_IFCHR, S_ISREG
from typing import TYPE_CHECKING, ClassVar, NoReturn

from lazyfs.abi import DEVPTS_MAGIC
from lazyfs.errors import LinuxError
from lazyfs.tmpfs import Tmpfs

if TYPE_CHECKING:
    from lazyfs.host import VfsHost
    from lazyfs.inode import Inode

PTMX = (5, 2)
SLAVE_MAJOR = 136
TTY_GROUP = 5
_SLAVE_MODE, _PTMX_MODE = 0o620, 0o666  # as container runtimes mount it


class Devpts(Tmpfs):
    """An instance of devpts."""

    dynamic: ClassVar[bool] = True
    magic: ClassVar[int] = DEVPTS_MAGIC

    kind: bytes = b"devpts"

    def populate(self, vfs: VfsHost) -> None:
        """Make the root directory and its ptmx."""
        self.format(vfs, 0o755)
        super().create(vfs, self.root(vfs), b"ptmx", S_IFCHR | _PTMX_MODE, 0, 0, rdev=PTMX)

    def add_slave(self, vfs: VfsHost, index: int, uid: int) -> None:
        """A pair was made by `uid`."""
        name = b"%d" % index
        mode, rdev = S_IFCHR | _SLAVE_MODE, (SLAVE_MAJOR, index)
        super().create(vfs, self.root(vfs), name, mode, uid, TTY_GROUP, rdev=rdev)

    def remove_slave(self, vfs: VfsHost, index: int) -> None:
        """The pair is gone."""
        root, name = self.root(vfs), b"%d" % index
        inode = self.lookup(vfs, root, name, None)
        assert inode is not None
        super().unlink(vfs, root, name, inode)

    def create(
        self, vfs: VfsHost, directory: Inode, name: bytes | None, mode: int, *_: object, **__: object
    ) -> NoReturn:
        """See FileSystem: nothing is made here by name."""
        raise LinuxError(errno.EACCES if S_ISREG(mode) else errno.EPERM)

    def link(self, *_: object) -> NoReturn:
        """See FileSystem."""
        raise LinuxError(errno.EPERM)

    def unlink(self, *_: object) -> NoReturn:
        """See FileSystem."""
        raise LinuxError(errno.EPERM)

    def rename(self, *_: object) -> NoReturn:
        """See FileSystem."""
        raise LinuxError(errno.EPERM)
