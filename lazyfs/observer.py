"""Who is told of what happens to files: the one hook of the VFS, below inotify(7).

`Vfs.observer` is None while nobody watches anything, and then costs a comparison. Events are the IN_* bits of
inotify(7), without IN_ISDIR, which whoever is told finds in the inode.
"""

from __future__ import annotations

from typing import Protocol

from lazyfs.inode import Dentry, Inode
from lazyfs.openfile import OpenFile

IN_ACCESS, IN_MODIFY, IN_ATTRIB, IN_CLOSE_WRITE, IN_CLOSE_NOWRITE, IN_OPEN = 1, 2, 4, 8, 0x10, 0x20
IN_MOVED_FROM, IN_MOVED_TO, IN_CREATE, IN_DELETE, IN_DELETE_SELF, IN_MOVE_SELF = (
    0x40, 0x80, 0x100, 0x200, 0x400, 0x800,
)  # fmt: skip


class Observer(Protocol):
    """Is called after what it is told of has happened."""

    def touched(self, event: int, dentry: Dentry) -> None:
        """Something was done to the file that a dentry names: whoever watches it or its directory hears of it."""

    def changed(self, event: int, inode: Inode) -> None:
        """As `touched`, for those only who watch the inode itself."""

    def named(self, event: int, directory: Inode, name: bytes, inode: Inode) -> None:
        """A name in a directory came to be or went; `inode` is what it named."""

    def moved(self, source: Inode, old_name: bytes, target: Inode, new_name: bytes, inode: Inode) -> None:
        """A name moved: IN_MOVED_FROM and IN_MOVED_TO."""

    def unnamed(self, inode: Inode) -> None:
        """A name of an inode went, perhaps the last one."""

    def released(self, file: OpenFile) -> None:
        """The last reference to an open file description went."""
