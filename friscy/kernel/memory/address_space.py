"""A process's address space: every operation that changes its memory map.

`Mm` and `Vma` are the plain state (`areas`); `AddressSpace` is the mechanism, which keeps the state, the guest
memory's page protection and the engine's decoded code in step. Addresses and lengths are guest bytes.
"""

from __future__ import annotations

import errno
import stat
from typing import TYPE_CHECKING

from friscy.kernel.memory.areas import (
    GROWING_STACK,
    MAP_ANONYMOUS,
    MAP_FIXED,
    MAP_FIXED_NOREPLACE,
    MAP_GROWSDOWN,
    MAP_PRIVATE,
    MAP_SHARED,
    MAP_SHARED_VALIDATE,
    MAP_STACK,
    MAP_TYPE,
    PROT_ALL,
    RESERVED,
    STACK_GUARD_GAP,
    VALID,
    Vma,
    page_prot,
    part,
)
from friscy.kernel.memory.moving import Moving
from friscy.machine import host_pages
from friscy.machine.layout import GUEST_END, GUEST_START, PAGE, WINDOW_END
from friscy.machine.memory import PROT_EXEC, PROT_READ, PROT_WRITE
from lazyfs.abi import F_SEAL_FUTURE_WRITE, F_SEAL_WRITE, O_ACCMODE
from lazyfs.errors import LinuxError
from lazyfs.openfile import OpenFile

if TYPE_CHECKING:
    pass

_DEV_ZERO = (1, 5)
_FEW = 1024  # mappings of a process that are not worth counting everyone's


class AddressSpace(Moving):
    """What can be done to a process's memory map."""

    __slots__ = ()

    # -- a process's beginning and end ----------------------------------------------------------------

    def fork_into(self, child: AddressSpace) -> None:
        """Give `child`, whose Mm is a copy of this one's and whose memory is empty, the pages too."""
        self.check_count(len(child.mm.vmas))
        shared = [vma for vma in child.mm.vmas if vma.backing is not None]
        child.memory.fork(self.memory, [(vma.start, vma.end) for vma in shared])
        for vma in shared:
            child._map_backing(vma)
            child._apply(vma)
        child._announce_all_code()

    def rejoin(self) -> None:
        """After a restore: move the pages of shared mappings to where all processes see them."""
        for vma in self.mm.vmas:
            if vma.backing is None:
                continue
            end = min(vma.end, vma.backed_end)
            start, nbytes = vma.offset, max(end - vma.start, 0)
            self.memory.protect(vma.start, vma.end, PROT_READ)
            self.pool.restore(vma.backing, start, self.memory.view[vma.start : vma.start + nbytes])
            self._map_backing(vma)
            self._apply(vma)
        self._announce_all_code()

    def release(self) -> None:
        """The last process that had it is gone: write shared files back and forget everything."""
        self.clear()
        self.pool.users.remove(self)

    # -- mapping --------------------------------------------------------------------------------------

    def map(
        self,
        address: int,
        length: int,
        prot: int,
        flags: int,
        file: OpenFile | None = None,
        offset: int = 0,
        name: bytes = b"",
    ) -> int:
        """mmap(2) once the descriptor is looked up; the address.

        file: the open file description, or None for anonymous memory; the mapping keeps its own.
        """
        prot &= PROT_ALL
        kind = flags & MAP_TYPE
        if length == 0 or kind not in (MAP_SHARED, MAP_PRIVATE, MAP_SHARED_VALIDATE) or offset % PAGE:
            raise LinuxError(errno.EINVAL)
        if kind == MAP_SHARED_VALIDATE:
            if file is None:
                raise LinuxError(errno.EINVAL)
            if flags & ~VALID:
                raise LinuxError(errno.EOPNOTSUPP)
        if length > GUEST_END - GUEST_START:
            raise LinuxError(errno.ENOMEM)
        length = -(-length // PAGE) * PAGE
        if offset + length >= 1 << 63:
            raise LinuxError(errno.EOVERFLOW)
        read_only = False
        if file is not None:
            zero = file.inode.rdev == _DEV_ZERO and stat.S_ISCHR(file.inode.mode)
            _check_file(file, prot, flags, device=zero)
            if zero:
                read_only, file = kind != MAP_PRIVATE and not file.writable, None
        self._check_limits(length)
        self.check_count()
        if flags & (MAP_FIXED | MAP_FIXED_NOREPLACE):
            if address % PAGE:
                raise LinuxError(errno.EINVAL)
            if address + length > GUEST_END:
                raise LinuxError(errno.ENOMEM)
            if address < GUEST_START:
                raise LinuxError(errno.EPERM)
            if not flags & MAP_FIXED and not self.is_free(address, address + length):
                raise LinuxError(errno.EEXIST)
        else:
            address = self._choose(address, length, prot, flags, file, offset)
        accounted = bool(prot & PROT_WRITE) and kind == MAP_PRIVATE and not flags & RESERVED
        # How it was placed tells no mappings apart.
        kept = flags & (MAP_TYPE | MAP_ANONYMOUS | RESERVED)
        vma = Vma(address, address + length, prot, kept, offset=offset, name=name, accounted=accounted)
        vma.read_only = read_only
        if accounted:
            self._check_memory(length)
        self.unmap(address, address + length)
        if flags & MAP_GROWSDOWN and kind == MAP_PRIVATE and file is None:
            self._stretch(vma)
        if file is None and kind != MAP_PRIVATE:
            vma.backing, vma.offset = self.pool.anonymous(length), 0
            self._map_backing(vma)
            self._apply(vma)
        elif file is None:
            self.memory.map(
                vma.start, vma.end, page_prot(prot), plain=bool(flags & (MAP_STACK | MAP_GROWSDOWN))
            )
        else:
            # Its own description: the mapping outlives the descriptor and must not move its offset.
            sealed = (file.inode.seals or 0) & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE) and kind != MAP_PRIVATE
            mode = file.flags & ~O_ACCMODE if sealed else file.flags  # no mprotect makes it writable
            vma.file = OpenFile(file.location, file.inode, mode, credentials=file.credentials)
            self._load(vma)
        self._announce_code(vma)
        self._insert(vma)
        return address

    def _stretch(self, vma: Vma) -> None:
        """MAP_GROWSDOWN: map at once what the stack may grow to: not every engine can repeat an access.

        What lies below keeps its distance; the stack is not longer than stacks are by default.
        """
        first, _ = self._indexes(vma.start, vma.end)
        below = self.mm.vmas[first - 1].end if first else GUEST_START
        vma.start = min(vma.start, max(below + STACK_GUARD_GAP, vma.end - GROWING_STACK))

    def _choose(
        self, hint: int, length: int, prot: int, flags: int, file: OpenFile | None, offset: int
    ) -> int:
        hint = -(-hint // PAGE) * PAGE
        if hint >= GUEST_START and hint + length <= GUEST_END and self.is_free(hint, hint + length):
            return hint
        image = bool(prot & PROT_EXEC)
        if not image and file is not None and offset == 0 and flags & MAP_TYPE == MAP_PRIVATE:
            # A dynamic loader first maps a whole library with the protection of its first segment.
            image = self.vfs.pread(file, 4, 0) == b"\x7fELF"
        return self.place_file(self._identity(file), length) if image else self.place(length)

    def check_count(self, more: int = 1) -> None:
        """ENOMEM: `more` mappings would be too many, for the process or, with those of all, for the host."""
        count = len(self.mm.vmas)
        if count + more > self.map_limit + 1:
            raise LinuxError(errno.ENOMEM)
        if count + more > _FEW:
            total = sum(len(each.mm.vmas) for each in self.pool.users)
            if total + more > host_pages.mapping_budget():
                raise LinuxError(errno.ENOMEM)

    def _identity(self, file: OpenFile | None) -> bytes | None:
        return None if file is None else self.vfs.file_identity(file.location)

    def protect(self, start: int, end: int, prot: int) -> None:
        """mprotect(2) of page-aligned [start, end). ENOMEM at the first hole, after what lies before it."""
        position = start
        inside = [at for at in (start, end) if (vma := self.find(at)) is not None and vma.start < at]
        if inside:
            self.check_count(len(inside))
        first, last = self._split_range(start, end)
        changed = []
        try:
            for vma in self.mm.vmas[first:last]:
                if vma.start > position:
                    raise LinuxError(errno.ENOMEM)
                if prot & PROT_WRITE and (
                    vma.read_only or (vma.file is not None and vma.shared and not vma.file.writable)
                ):
                    raise LinuxError(errno.EACCES)
                if prot & PROT_WRITE and not (vma.shared or vma.accounted or vma.flags & RESERVED):
                    self._check_memory(vma.end - vma.start)
                    self._account(vma.end - vma.start)
                    vma.accounted = True
                if vma.prot != prot:
                    changed.append(Vma(vma.start, vma.end, vma.prot | prot, vma.flags))
                    vma.prot = prot
                    self._apply(vma)
                position = vma.end
            if position < end:
                raise LinuxError(errno.ENOMEM)
        finally:
            self._merge(start, end)
            self._invalidate(changed)

    def discard(self, start: int, end: int) -> None:
        """MADV_DONTNEED: private anonymous pages read as zero again, file pages as the file."""
        for vma in self.overlapping(start, end):
            piece = part(vma, max(start, vma.start), min(end, vma.end))
            if vma.file is None:
                if not vma.shared:
                    self.memory.map(piece.start, piece.end, page_prot(vma.prot))
            elif not vma.shared:
                backed = vma.backed_end
                self._load(piece)
                if backed < GUEST_END:  # the split of what is backed is kept as it was mapped
                    piece.backed_end = backed
                    self._apply(piece)
            self._invalidate([piece])

    def set_brk(self, address: int) -> int:
        """brk(2): move the program break if that can be done; the break after that."""
        mm = self.mm
        if address < mm.brk_start:
            return mm.brk
        old_end, new_end = -(-mm.brk // PAGE) * PAGE, -(-address // PAGE) * PAGE
        if new_end < old_end:
            self.unmap(new_end, old_end)
        elif new_end > old_end:
            try:
                if address - mm.brk_start > self.data_limit:
                    raise LinuxError(errno.ENOMEM)
                flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE
                self.map(old_end, new_end - old_end, PROT_READ | PROT_WRITE, flags, name=b"[heap]")
            except LinuxError:
                return mm.brk
        mm.brk = address
        return address

    def resident(self, start: int, end: int) -> bytes:
        """A byte for each page of mapped [start, end): 1 where it takes memory, as mincore(2) tells."""
        found = bytearray((end - start) // PAGE)
        for vma in self.overlapping(start, end):
            for first, last in self._taken(vma, max(start, vma.start), min(end, vma.end)):
                found[(first - start) // PAGE : (last - start) // PAGE] = b"\x01" * ((last - first) // PAGE)
        return bytes(found)

    def taken(self, vma: Vma) -> int:
        """How many bytes of a mapping take memory: its pages in `resident`."""
        return sum(last - first for first, last in self._taken(vma, vma.start, vma.end))

    def _taken(self, vma: Vma, low: int, high: int) -> list[tuple[int, int]]:
        if vma.file is not None or vma.backing is not None or vma.locked == 1:
            return [(low, max(min(high, vma.backed_end), low))]
        return self.memory.filled(low, high)

    def clear(self) -> None:
        """Drop every mapping (exec, exit)."""
        self.unmap(GUEST_START, GUEST_END)

    def _announce_all_code(self) -> None:
        for vma in self.mm.vmas:
            self._announce_code(vma)

    def _announce_code(self, vma: Vma) -> None:
        """Tell the engine of code that is what its file has: of private mappings that never were writable."""
        if vma.prot & PROT_EXEC and vma.file is not None and vma.start < WINDOW_END:
            changed = vma.shared or vma.accounted or vma.flags & RESERVED or vma.prot & PROT_WRITE
            identity = None if changed else self._identity(vma.file)
            if identity is not None:
                self.space.code_mapped(vma.start, min(vma.end, vma.backed_end), identity, vma.offset)


def _check_file(file: OpenFile, prot: int, flags: int, *, device: bool = False) -> None:
    """Whether it can be mapped so. device: one that can be."""
    if not file.readable:
        raise LinuxError(errno.EACCES if file.writable else errno.EBADF)
    if not device and not stat.S_ISREG(file.inode.mode):
        raise LinuxError(errno.ENODEV)
    if flags & MAP_TYPE != MAP_PRIVATE and prot & PROT_WRITE and not file.writable:
        raise LinuxError(errno.EACCES)
    sealed = (file.inode.seals or 0) & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)
    if sealed and flags & MAP_TYPE != MAP_PRIVATE and prot & PROT_WRITE:
        raise LinuxError(errno.EPERM)
