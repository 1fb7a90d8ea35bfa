"""Mappings of files and of memory that processes share: their pages, and what is stored to them.

A file's pages are brought in when it is mapped, and are the same for all that map it (`backing`); holes are
left out. A shared writable mapping writes what was stored to it back on msync, munmap and exit, and before a call
reads or writes that file (`sync_file`).

Gaps: a private mapping may see later writes to the file, or not; pages that a file gains by a write are seen by
private mappings of it only while it is mapped shared too, or after ftruncate(2).
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from friscy.kernel.memory.areas import Areas, Mm, Vma, backed_end, page_prot, part
from friscy.kernel.memory.backing import BackingPool
from friscy.kernel.places import Places
from friscy.machine.layout import GUEST_START
from friscy.machine.memory import PROT_EXEC, PROT_READ, PROT_WRITE
from lazyfs.errors import LinuxError

if TYPE_CHECKING:
    from friscy.kernel.kernel import Space
    from lazyfs.inode import Inode
    from lazyfs.openfile import OpenFile
    from lazyfs.vfs import Vfs

_CHUNK = 1 << 20


class FileMappings(Areas):
    """The part of an address space that keeps its pages and those of files in step."""

    __slots__ = ("memory", "pool", "space", "vfs")

    def __init__(
        self,
        mm: Mm,
        space: Space,
        vfs: Vfs,
        memory_limit: int,
        pool: BackingPool | None = None,
        places: Places | None = None,
    ) -> None:
        super().__init__(mm, memory_limit, places)
        self.space, self.vfs = space, vfs
        self.memory = space.memory
        self.pool = pool or BackingPool()
        self.pool.users.append(self)

    @property
    def shared(self) -> bool:
        """Whether there are shared mappings of files."""
        return any(True for _ in self.shared_files())

    def shared_files(self) -> Iterator[Vma]:
        """The shared mappings of files."""
        return (vma for vma in self.mm.vmas if vma.backing is not None and vma.file is not None)

    def sync(self, start: int, end: int) -> None:
        """msync(2): write changed bytes of shared file mappings back. ENOMEM: something is not mapped."""
        for vma in self.overlapping(start, end):
            self._write_back(vma)
        if not self.covered(start, end):
            raise LinuxError(errno.ENOMEM)

    def write_back(self, inode: Inode | None = None) -> None:
        """Bring a file (every file) up to date with what was stored to it in shared memory."""
        for vma in self.shared_files():
            if inode is None or (vma.file is not None and vma.file.inode is inode):
                self._write_back(vma)

    def sync_file(self, inode: Inode, *, reload: bool = False) -> None:
        """Before a call reads or writes `inode`: bring it up to date with what was stored to it in memory.

        reload: after a write, show its new bytes in the mappings.
        """
        if not reload:
            self.write_back(inode)
            return
        for vma in self.shared_files():
            if vma.file is not None and vma.file.inode is inode:
                self.pool.refresh(self.vfs, vma.file)
                break
        self.resize_file(inode)

    def resize_file(self, inode: Inode) -> None:
        """Let the mappings of a file end where it ends now: pages past that are SIGBUS, also private copies."""
        for vma in self.mm.vmas:
            if vma.file is None or vma.file.inode is not inode:
                continue
            old, vma.backed_end = min(vma.backed_end, vma.end), backed_end(vma)
            new = min(vma.backed_end, vma.end)
            if new < old:
                self.memory.map(new, old, 0, plain=True)
                self._invalidate([part(vma, new, old)])
            elif old < new:
                grown = part(vma, old, new)
                self._load(grown)

    def zero_shared(self, start: int, end: int) -> None:
        """MADV_REMOVE of shared anonymous memory: every process sees zeros."""
        for vma in self.overlapping(start, end):
            low, high = max(start, vma.start), min(end, vma.end)
            if vma.backing is not None:
                os.pwrite(self.pool.file(vma.backing).fd, bytes(high - low), vma.offset + low - vma.start)

    def restore_protection(self, start: int, end: int) -> None:
        """Protect the pages of [start, end) as their mappings say, after the kernel wrote to them itself."""
        for vma in self.overlapping(start, end):
            self._apply(part(vma, max(start, vma.start), min(end, vma.end)))

    def unmap(self, start: int, end: int) -> None:
        """Drop all mappings of page-aligned [start, end)."""
        start = max(start, GUEST_START)  # below lies what is not the guest's
        first, last = self._indexes(start, end)
        if first == last:
            return
        inside = self.find(start)
        if inside and inside.start < start and end < inside.end and len(self.mm.vmas) >= self.map_limit:
            raise LinuxError(errno.ENOMEM)  # two would be left of it
        first, last = self._split_range(start, end)
        gone = self.mm.vmas[first:last]
        for vma in gone:
            self._write_back(vma)
            if vma.accounted:
                self.mm.accounted -= vma.end - vma.start
        del self.mm.vmas[first:last]
        self.memory.unmap(start, end)
        if any(vma.backing is not None for vma in gone):
            self.pool.collect()
        self._invalidate(gone)

    def _load(self, vma: Vma) -> None:
        """Give `vma` fresh pages with the file's bytes."""
        file, memory = vma.file, self.memory
        assert file is not None
        vma.backed_end = backed_end(vma)
        backed = min(vma.end, vma.backed_end)
        if not vma.shared and self.pool.crowded(file.inode):
            self._copy_in(vma, file, backed)
            self._apply(vma)
            return
        pages = self.pool.load(self.vfs, file, vma.offset, vma.offset + backed - vma.start)
        if vma.shared:
            vma.backing = self.pool.of_file(file.inode)
            self._map_backing(vma)
        else:
            if vma.start < backed:
                memory.map_file(vma.start, backed, PROT_READ | PROT_WRITE, pages.file, vma.offset)
            if backed < vma.end:
                memory.map(backed, vma.end, 0, plain=True)
        self._apply(vma)

    def _copy_in(self, vma: Vma, file: OpenFile, backed: int) -> None:
        """Give a private mapping its own copy of the file's bytes."""
        self.memory.map(vma.start, vma.end, PROT_READ | PROT_WRITE)
        position = vma.start
        while position < backed:
            offset = vma.offset + position - vma.start
            data = file.inode.fs.read(self.vfs, file, offset, min(backed - position, _CHUNK))
            if not data:
                break
            self.memory.view[position : position + len(data)] = data
            position += len(data)

    def _map_backing(self, vma: Vma) -> None:
        """Put the pages of a shared mapping into the memory, readable and writable until `_apply`."""
        assert vma.backing is not None
        backed = max(min(vma.end, vma.backed_end), vma.start)
        file = self.pool.file(vma.backing, vma.offset + backed - vma.start)
        if vma.start < backed:
            self.memory.map_shared(vma.start, backed, PROT_READ | PROT_WRITE, file, vma.offset)
        if backed < vma.end:
            self.memory.map(backed, vma.end, 0, plain=True)

    def _apply(self, vma: Vma) -> None:
        backed = min(vma.end, vma.backed_end)
        if vma.start < backed:
            self.memory.protect(vma.start, backed, page_prot(vma.prot))
        if max(vma.start, backed) < vma.end:
            self.memory.protect(max(vma.start, backed), vma.end, 0)

    def _write_back(self, vma: Vma) -> None:
        """Write what was stored to a shared mapping since the last time to its file."""
        file = vma.file
        if vma.backing is None or file is None or not file.writable:
            return
        end = min(vma.end, vma.backed_end)
        runs = self.memory.touched(vma.start, end) if vma.start < end else []
        if runs:
            shift = vma.offset - vma.start
            self.pool.write_back(self.vfs, file, [(low + shift, high + shift) for low, high in runs])
            self.memory.forget_touched(vma.start, end)

    def _invalidate(self, vmas: list[Vma]) -> None:
        for vma in vmas:
            if vma.prot & PROT_EXEC:
                self.space.invalidate(vma.start, vma.end)
