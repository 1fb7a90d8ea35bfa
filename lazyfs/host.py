"""What the host attaches to a VFS, and filesystems reach through it: nothing here is in a snapshot."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lazyfs.chunk_store import ChunkStore
    from lazyfs.index import Index
    from lazyfs.inode import Inode
    from lazyfs.observer import Observer
    from lazyfs.openfile import OpenFile
    from lazyfs.vfs import VfsState

_DIRECTORIES_MAX = 64  # that are kept open
ANY = -1  # a minor number of `VfsHost.drivers`


class Lower:
    """What is attached for one overlay: the index and the chunks of its files."""

    __slots__ = ("chunks", "index")

    def __init__(self, index: Index, chunks: ChunkStore) -> None:
        self.index, self.chunks = index, chunks


class VfsHost:
    """The base of Vfs.

    drivers: (major, minor) -> lazyfs.devfs.Driver, minor ANY for all without one of their own; providers: name ->
    lazyfs.synthfs.Provider; lowers and grants (descriptors of host directories) by the names that the state knows
    them by. observer: who is told of what happens to files, None while nobody wants to know.
    """

    state: VfsState
    drivers: dict[tuple[int, int], Any]
    providers: dict[str, Any]
    lowers: dict[str, Lower]
    grants: dict[str, int]
    host_files: dict[OpenFile, int]  # descriptors of files of granted directories
    # Of those directories, with st_dev and st_ino, in the order in which they were opened.
    host_directories: dict[Inode, tuple[int, int, int]]
    moment: Callable[[], int]  # a number that two operations of the guest never have in common
    now_ns: Callable[[], int]
    urandom: Callable[[int], bytes]
    observer: Observer | None = None
    changing: Callable[[Inode], None] | None = None  # called before something in memory changes, a name in it too
    resized: Callable[[Inode], None] | None = None  # called after the size of a file was set

    def keep_directory(self, inode: Inode, fd: int, got: os.stat_result) -> None:
        """Have `fd` in `host_directories`, which closes it when it is one too many."""
        kept = self.host_directories
        old = kept.pop(inode, None)
        if old is not None:
            os.close(old[0])
        elif len(kept) >= _DIRECTORIES_MAX:
            os.close(kept.pop(next(iter(kept)))[0])
        kept[inode] = fd, got.st_dev, got.st_ino

    def driver(self, rdev: tuple[int, int]) -> Any:
        """The driver of a character device, None where there is none."""
        return self.drivers.get(rdev) or self.drivers.get((rdev[0], ANY))
