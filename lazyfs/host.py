"""What the host attaches to a VFS, and filesystems reach through it: nothing here is in a snapshot."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lazyfs.chunk_store import ChunkStore
    from lazyfs.index import Index
    from lazyfs.inode import Inode
    from lazyfs.observer import Observer
    from lazyfs.openfile import OpenFile
    from lazyfs.vfs import VfsState

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
    now_ns: Callable[[], int]
    urandom: Callable[[int], bytes]
    observer: Observer | None = None
    resized: Callable[[Inode], None] | None = None  # called after the size of a file was set

    def driver(self, rdev: tuple[int, int]) -> Any:
        """The driver of a character device, None where there is none."""
        return self.drivers.get(rdev) or self.drivers.get((rdev[0], ANY))
