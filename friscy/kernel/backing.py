"""Memory that several mappings share: MAP_SHARED pages of files and of nothing, below every process's view.

A `Backing` is the plain state; its pages are those of a host memfd, which every mapping of it has in its guest
memory. So what one process stores another one sees at once, and futexes in it have one identity.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from friscy.machine.layout import PAGE
from lazyfs.plain import Plain

if TYPE_CHECKING:
    from friscy.kernel.mm import AddressSpace
    from friscy.kernel.state import KernelState
    from lazyfs.inode import Inode
    from lazyfs.openfile import OpenFile
    from lazyfs.vfs import Vfs

_CHUNK = 1 << 20


class Backing(Plain):
    """Shared pages. inode: the file whose bytes they are, None for anonymous memory."""

    number: int
    inode: Inode | None = None


class BackingPool:
    """The host's side of all backings of a machine: their memfds, and what was loaded into them."""

    def __init__(self, state: KernelState | None = None) -> None:
        self._state = state
        self._last = 0
        self._fds: dict[int, int] = {}
        self._loaded: dict[int, list[tuple[int, int]]] = {}
        self._of_inode: dict[int, Backing] = {}  # by id(inode); the backing keeps the inode alive
        self.users: list[AddressSpace] = []
        self.files = 0  # how many backings are of files: system calls on files look at the mappings then

    def __del__(self) -> None:
        for fd in self._fds.values():
            os.close(fd)

    def anonymous(self, nbytes: int) -> Backing:
        """Fresh zero pages."""
        backing = Backing(self._number())
        self.fd(backing, nbytes)
        return backing

    def of_file(self, inode: Inode) -> Backing:
        """The backing of a file: one for all who map it."""
        backing = self._of_inode.get(id(inode))
        if backing is None:
            backing = Backing(self._number(), inode)
        return backing

    def fd(self, backing: Backing, nbytes: int = 0) -> int:
        """The memfd, at least `nbytes` long; made where there is none yet (also after a restore)."""
        fd = self._fds.get(backing.number)
        if fd is None:
            fd = self._fds[backing.number] = os.memfd_create(f"friscy-{backing.number}", os.MFD_CLOEXEC)
            self._loaded[backing.number] = []
            if backing.inode is not None:
                self._of_inode[id(backing.inode)] = backing
                self.files += 1
        if os.fstat(fd).st_size < nbytes:
            os.ftruncate(fd, nbytes)
        return fd

    def known(self, backing: Backing) -> bool:
        """Whether the host has its pages."""
        return backing.number in self._fds

    def load(self, backing: Backing, vfs: Vfs, file: OpenFile, start: int, end: int) -> None:
        """Bring the file's bytes [start, end) in, except those that are there already."""
        end = -(-end // PAGE) * PAGE
        self.fd(backing, end)
        loaded = self._loaded[backing.number]
        position = start
        for low, high in sorted(loaded):
            if low < end and position < high:
                if position < low:
                    self.reload(backing, vfs, file, position, low)
                position = max(position, high)
        if position < end:
            self.reload(backing, vfs, file, position, end)
        self.note_loaded(backing, start, end)

    def note_loaded(self, backing: Backing, start: int, end: int) -> None:
        """The bytes [start, end) are there now."""
        loaded = self._loaded[backing.number]
        if (start, end) not in loaded:
            loaded.append((start, end))

    def reload(self, backing: Backing, vfs: Vfs, file: OpenFile, start: int, end: int) -> None:
        """Make the pages hold what the file holds in [start, end)."""
        fd = self.fd(backing)
        while start < end:
            data = vfs.pread(file, min(end - start, _CHUNK), start)
            if not data:
                break
            os.pwrite(fd, data, start)
            start += len(data)

    def collect(self) -> None:
        """Close the memfds that no mapping has any more."""
        used = {vma.backing.number for user in self.users for vma in user.mm.vmas if vma.backing is not None}
        for number in [number for number in self._fds if number not in used]:
            os.close(self._fds.pop(number))
            del self._loaded[number]
        for key in [key for key, backing in self._of_inode.items() if backing.number not in self._fds]:
            del self._of_inode[key]
            self.files -= 1

    def _number(self) -> int:
        if self._state is None:
            self._last += 1
            return self._last
        self._state.last_backing += 1
        return self._state.last_backing
