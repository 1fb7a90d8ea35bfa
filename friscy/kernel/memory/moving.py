"""mremap(2): mappings that grow, shrink and move."""

from __future__ import annotations

import errno

from friscy.kernel.memory.areas import (
    MREMAP_DONTUNMAP,
    MREMAP_FIXED,
    MREMAP_MAYMOVE,
    Vma,
    backed_end,
    page_prot,
    part,
)
from friscy.kernel.memory.file_mappings import FileMappings
from friscy.machine.layout import GUEST_END, GUEST_START, PAGE
from friscy.machine.memory import PROT_READ, PROT_WRITE
from lazyfs.errors import LinuxError


class Moving(FileMappings):
    """The part of an address space that moves mappings."""

    __slots__ = ()

    def remap(self, old: int, old_length: int, new_length: int, flags: int, target: int) -> int:
        """mremap(2); the new address. Lengths are rounded up to pages here."""
        old_length, new_length = (-(-n // PAGE) * PAGE for n in (old_length, new_length))
        if (
            old % PAGE
            or flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP)
            or (flags & (MREMAP_FIXED | MREMAP_DONTUNMAP) and not flags & MREMAP_MAYMOVE)
            or (flags & MREMAP_DONTUNMAP and old_length != new_length)
            or new_length == 0
        ):
            raise LinuxError(errno.EINVAL)
        if new_length > GUEST_END - GUEST_START:
            raise LinuxError(errno.ENOMEM)
        if flags & MREMAP_FIXED:
            self._check_target(old, old_length, new_length, target)
        vma = self.find(old)
        if vma is None or old + old_length > vma.end:
            raise LinuxError(errno.EFAULT)
        if old_length == 0:
            return self._duplicate(vma, old, new_length, flags, target)
        if flags & MREMAP_DONTUNMAP and vma.file is not None and not vma.shared:
            raise LinuxError(errno.EINVAL)
        if not flags & (MREMAP_FIXED | MREMAP_DONTUNMAP):
            if new_length <= old_length:
                if new_length < old_length:
                    self.unmap(old + new_length, old + old_length)
                return old
            if (
                old + old_length == vma.end
                and old + new_length <= GUEST_END
                and self.is_free(vma.end, old + new_length)
            ):
                self._grow(vma, old + new_length)
                return old
            if not flags & MREMAP_MAYMOVE:
                raise LinuxError(errno.ENOMEM)
        return self._move(old, old_length, new_length, flags, target)

    def _duplicate(self, vma: Vma, old: int, length: int, flags: int, target: int) -> int:
        """An old size of 0: a second mapping of shared pages from `old` on."""
        if not vma.shared:
            raise LinuxError(errno.EINVAL)
        if not flags & MREMAP_MAYMOVE:
            raise LinuxError(errno.ENOMEM)
        self._check_limits(length)
        if flags & MREMAP_FIXED:
            self.unmap(target, target + length)
        else:
            target = self.place(length)
        second = part(vma, old, old + length)
        second.start, second.end = target, target + length
        self._map_again(second)
        self._insert(second)
        return target

    def _map_again(self, vma: Vma) -> None:
        """Give a shared mapping that has moved or grown its pages."""
        if vma.file is not None:
            self._load(vma)
        else:
            vma.backed_end = backed_end(vma)
            self._map_backing(vma)
            self._apply(vma)

    def _check_target(self, old: int, old_length: int, new_length: int, target: int) -> None:
        if target % PAGE or target < GUEST_START or target + new_length > GUEST_END:
            raise LinuxError(errno.EINVAL)
        if target < old + old_length and old < target + new_length:
            raise LinuxError(errno.EINVAL)

    def _grow(self, vma: Vma, end: int) -> None:
        more = end - vma.end
        self._check_limits(more)
        if vma.accounted:
            self._check_memory(more)
        tail = part(vma, vma.end, end)
        if tail.file is not None:
            self._load(tail)
        elif tail.backing is not None:
            self._map_again(tail)
        else:
            self.memory.map(tail.start, tail.end, page_prot(tail.prot))
        self._insert(tail)

    def _move(self, old: int, old_length: int, new_length: int, flags: int, target: int) -> int:
        if new_length > old_length or flags & MREMAP_DONTUNMAP:
            self._check_limits(max(new_length - old_length, 0) or new_length)
        if flags & MREMAP_FIXED:
            self.unmap(target, target + new_length)
        else:
            target = self.place(new_length)
        first, _ = self._split_range(old, old + old_length)
        vma = self.mm.vmas[first]
        if vma.accounted:
            self._check_memory(new_length if flags & MREMAP_DONTUNMAP else max(new_length - old_length, 0))
        kept = min(old_length, new_length)
        moved = part(vma, vma.start, vma.start + kept)
        moved.start, moved.end = target, target + kept
        moved.backed_end = backed_end(moved)
        memory = self.memory
        if moved.backing is not None:
            self._map_again(moved)
        else:
            memory.map(target, target + kept, PROT_READ | PROT_WRITE)
            memory.protect(old, old + kept, PROT_READ | PROT_WRITE)
            memory.copy_pages(target, old, kept)
        self._apply(moved)
        self._insert(moved, merge=new_length <= kept)
        if flags & MREMAP_DONTUNMAP and vma.shared:
            pass  # its pages are still those of the file
        elif flags & MREMAP_DONTUNMAP:
            memory.map(old, old + old_length, page_prot(vma.prot))
            self._invalidate([vma])
        else:
            self.unmap(old, old + old_length)
        if new_length > kept:
            self._grow(moved, target + new_length)
        return target
