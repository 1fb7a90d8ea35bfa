"""Memory management: the VMAs of a process, and every operation that changes them.

`Mm` and `Vma` are the plain state; `AddressSpace` is the mechanism, which keeps the state, the guest memory's
page protection and the engine's decoded code in step. Addresses and lengths are guest bytes.

Placement: ELF images go into the code window, where code runs fast; everything else top-down from below the
stack. The heap starts at the end of the window.

Shared mappings have their pages in a `Backing`, which all processes that map the same see.

A file's pages are brought in when it is mapped, and are the same for all that map it (`backing`); holes are
left out. A shared writable mapping writes what was stored to it back on msync, munmap and exit, and before a call
reads or writes that file (`sync_file`).

Gaps: a private mapping may see later writes to the file, or not. MAP_GROWSDOWN is ignored: the whole stack is
mapped from the start.
"""

from __future__ import annotations

import errno
import os
import stat
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from friscy.kernel.backing import Backing, BackingPool
from friscy.kernel.places import Places
from friscy.machine.layout import GUEST_END, GUEST_START, PAGE, WINDOW_END
from friscy.machine.memory import PROT_EXEC, PROT_READ, PROT_WRITE
from lazyfs.errors import LinuxError
from lazyfs.openfile import OpenFile
from lazyfs.plain import Plain, default

if TYPE_CHECKING:
    from friscy.kernel.kernel import Space
    from lazyfs.inode import Inode
    from lazyfs.vfs import Vfs

MAP_SHARED, MAP_PRIVATE, MAP_SHARED_VALIDATE, MAP_TYPE = 1, 2, 3, 15
MAP_FIXED, MAP_ANONYMOUS, MAP_NORESERVE = 0x10, 0x20, 0x4000
MAP_POPULATE, MAP_STACK, MAP_FIXED_NOREPLACE = 0x8000, 0x20000, 0x100000
MREMAP_MAYMOVE, MREMAP_FIXED, MREMAP_DONTUNMAP = 1, 2, 4
PROT_ALL = PROT_READ | PROT_WRITE | PROT_EXEC
MS_ASYNC, MS_INVALIDATE, MS_SYNC = 1, 2, 4

PLACE_START = 0x0200_0000  # below it the window is left to programs linked at a fixed address
STACK_GUARD_GAP = 1 << 20
STACK_MAX = 256 << 20
_DEV_ZERO = (1, 5)

_start = attrgetter("start")


class Vma(Plain):
    """One mapping, [start, end)."""

    start: int
    end: int
    prot: int
    flags: int  # MAP_*
    file: OpenFile | None = None
    offset: int = 0  # of `start` in the file
    name: bytes = b""  # as in /proc/self/maps: a path, [heap], [stack]
    accounted: bool = False  # its bytes count against the memory limit
    backed_end: int = GUEST_END  # pages from here on lie past the file's end: SIGBUS
    backing: Backing | None = None  # of a shared mapping: where its pages are

    @property
    def shared(self) -> bool:
        return self.flags & MAP_TYPE != MAP_PRIVATE


class Mm(Plain):
    """The address space of a process, outside its memory's bytes."""

    vmas: list[Vma] = default(list)  # sorted, disjoint
    brk_start: int = WINDOW_END
    brk: int = WINDOW_END
    mmap_base: int = GUEST_END
    stack_top: int = GUEST_END
    accounted: int = 0  # bytes of private writable memory
    start_code: int = 0
    end_code: int = 0
    arg_start: int = 0
    arg_end: int = 0
    env_start: int = 0
    env_end: int = 0

    def copy(self) -> Mm:
        """The address space of a forked child."""
        values: dict[str, Any] = dict(self.__dict__)
        values["vmas"] = [Vma(**vma.__dict__) for vma in self.vmas]
        return Mm(**values)


class AddressSpace:
    """What can be done to a process's memory map.

    memory_limit: bytes of private writable memory it may have (ENOMEM beyond).
    address_limit, data_limit: RLIMIT_AS and RLIMIT_DATA, set by the kernel when they change.
    """

    __slots__ = ("address_limit", "data_limit", "memory", "memory_limit", "mm", "places", "pool", "space", "vfs")

    def __init__(
        self,
        mm: Mm,
        space: Space,
        vfs: Vfs,
        memory_limit: int,
        pool: BackingPool | None = None,
        places: Places | None = None,
    ) -> None:
        self.mm, self.space, self.vfs, self.memory_limit = mm, space, vfs, memory_limit
        self.places = places or Places()
        self.memory = space.memory
        self.address_limit = self.data_limit = 1 << 63
        self.pool = pool or BackingPool()
        self.pool.users.append(self)

    @property
    def shared(self) -> bool:
        """Whether there are shared mappings of files."""
        return any(True for _ in self.shared_files())

    # -- a process's beginning and end ----------------------------------------------------------------

    def fork_into(self, child: AddressSpace) -> None:
        """Give `child`, whose Mm is a copy of this one's and whose memory is empty, the pages too."""
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

    # -- looking --------------------------------------------------------------------------------------

    def find(self, address: int) -> Vma | None:
        """The mapping that covers `address`."""
        vmas = self.mm.vmas
        index = bisect_right(vmas, address, key=_start) - 1
        return vmas[index] if index >= 0 and address < vmas[index].end else None

    def overlapping(self, start: int, end: int) -> list[Vma]:
        """The mappings that share a byte with [start, end), in order."""
        first, last = self._indexes(start, end)
        return self.mm.vmas[first:last]

    def is_free(self, start: int, end: int) -> bool:
        first, last = self._indexes(start, end)
        return first == last

    def covered(self, start: int, end: int) -> bool:
        """Whether every byte of [start, end) is mapped."""
        position = start
        for vma in self.overlapping(start, end):
            if vma.start > position:
                return False
            position = vma.end
        return position >= end

    def total(self) -> int:
        """Bytes of address space in use."""
        return sum(vma.end - vma.start for vma in self.mm.vmas)

    def _indexes(self, start: int, end: int) -> tuple[int, int]:
        vmas = self.mm.vmas
        first = bisect_right(vmas, start, key=_start) - 1
        if first < 0 or vmas[first].end <= start:
            first += 1
        return first, max(first, bisect_left(vmas, end, key=_start))

    # -- placing --------------------------------------------------------------------------------------

    def place_file(self, identity: bytes | None, length: int) -> int:
        """Where an ELF image of `length` bytes goes: its own place where it has one and that is free.

        identity: the file's content key. Falls back to the data area when the window is full. ENOMEM.
        """
        used = [(vma.start, vma.end) for vma in self.overlapping(PLACE_START, WINDOW_END)]
        place = self.places.choose(identity, length, PLACE_START, WINDOW_END, used)
        return self.place(length) if place is None else place

    def place(self, length: int) -> int:
        """The highest free range of `length` bytes below the stack. ENOMEM."""
        high = self.mm.mmap_base
        vmas = self.mm.vmas
        for index in range(bisect_left(vmas, high, key=_start) - 1, -1, -1):
            vma = vmas[index]
            if vma.end + length <= high:
                break
            high = min(high, vma.start)
        if high - length < GUEST_START:
            raise LinuxError(errno.ENOMEM)
        return high - length

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
        if length > GUEST_END - GUEST_START:
            raise LinuxError(errno.ENOMEM)
        length = -(-length // PAGE) * PAGE
        if offset + length >= 1 << 63:
            raise LinuxError(errno.EOVERFLOW)
        if file is not None:
            if file.inode.rdev == _DEV_ZERO and stat.S_ISCHR(file.inode.mode):
                file = None
            else:
                _check_file(file, prot, flags)
        self._check_limits(length)
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
        accounted = bool(prot & PROT_WRITE) and kind == MAP_PRIVATE and not flags & MAP_NORESERVE
        kept = flags & (MAP_TYPE | MAP_ANONYMOUS | MAP_NORESERVE)  # how it was placed tells no mappings apart
        vma = Vma(address, address + length, prot, kept, offset=offset, name=name, accounted=accounted)
        if accounted:
            self._check_memory(length)
        self.unmap(address, address + length)
        if file is None and kind != MAP_PRIVATE:
            vma.backing, vma.offset = self.pool.anonymous(length), 0
            self._map_backing(vma)
            self._apply(vma)
        elif file is None:
            self.memory.map(vma.start, vma.end, page_prot(prot), plain=bool(flags & MAP_STACK))
        else:
            # Its own description: the mapping outlives the descriptor and must not move its offset.
            vma.file = OpenFile(file.location, file.inode, file.flags, credentials=file.credentials)
            self._load(vma)
        self._announce_code(vma)
        self._insert(vma)
        return address

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

    def _identity(self, file: OpenFile | None) -> bytes | None:
        return None if file is None else self.vfs.file_identity(file.location)

    def _load(self, vma: Vma) -> None:
        """Give `vma` fresh pages with the file's bytes."""
        file, memory = vma.file, self.memory
        assert file is not None
        vma.backed_end = _backed_end(vma)
        backed = min(vma.end, vma.backed_end)
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

    def restore_protection(self, start: int, end: int) -> None:
        """Protect the pages of [start, end) as their mappings say, after the kernel wrote to them itself."""
        for vma in self.overlapping(start, end):
            self._apply(_part(vma, max(start, vma.start), min(end, vma.end)))

    def unmap(self, start: int, end: int) -> None:
        """Drop all mappings of page-aligned [start, end)."""
        first, last = self._indexes(start, end)
        if first == last:
            return
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

    def protect(self, start: int, end: int, prot: int) -> None:
        """mprotect(2) of page-aligned [start, end). ENOMEM at the first hole, after what lies before it."""
        position = start
        first, last = self._split_range(start, end)
        changed = []
        try:
            for vma in self.mm.vmas[first:last]:
                if vma.start > position:
                    raise LinuxError(errno.ENOMEM)
                if prot & PROT_WRITE and vma.file is not None and vma.shared and not vma.file.writable:
                    raise LinuxError(errno.EACCES)
                if prot & PROT_WRITE and not vma.shared and not vma.accounted:
                    self._check_memory(vma.end - vma.start)
                    self.mm.accounted += vma.end - vma.start
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
            # A second mapping of shared pages would need pages that two addresses share.
            raise LinuxError(errno.EINVAL)
        if flags & MREMAP_DONTUNMAP and (vma.file is not None or vma.shared):
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
        tail = _part(vma, vma.end, end)
        if tail.file is not None:
            self._load(tail)
        elif tail.backing is not None:
            self._map_backing(tail)
            self._apply(tail)
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
        moved = _part(vma, vma.start, vma.start + kept)
        shift = target - old
        moved.start, moved.end = target, target + kept
        moved.backed_end = GUEST_END if vma.backed_end == GUEST_END else vma.backed_end + shift
        memory = self.memory
        if moved.backing is not None:
            self._map_backing(moved)
        else:
            memory.map(target, target + kept, PROT_READ | PROT_WRITE)
            memory.protect(old, old + kept, PROT_READ | PROT_WRITE)
            memory.copy_pages(target, old, kept)
        self._apply(moved)
        self._insert(moved, merge=new_length <= kept)
        if flags & MREMAP_DONTUNMAP:
            memory.map(old, old + old_length, page_prot(vma.prot))
            self._invalidate([vma])
        else:
            self.unmap(old, old + old_length)
        if new_length > kept:
            self._grow(moved, target + new_length)
        return target

    def discard(self, start: int, end: int) -> None:
        """MADV_DONTNEED: private anonymous pages read as zero again, file pages as the file."""
        for vma in self.overlapping(start, end):
            part = _part(vma, max(start, vma.start), min(end, vma.end))
            if vma.file is None:
                if not vma.shared:
                    self.memory.map(part.start, part.end, page_prot(vma.prot))
            elif not vma.shared:
                backed = vma.backed_end
                self._load(part)
                if backed < GUEST_END:  # the split of what is backed is kept as it was mapped
                    part.backed_end = backed
                    self._apply(part)
            self._invalidate([part])

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

    def clear(self) -> None:
        """Drop every mapping (exec, exit)."""
        self.unmap(GUEST_START, GUEST_END)

    # -- shared file mappings -------------------------------------------------------------------------

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

    def shared_files(self) -> Iterator[Vma]:
        """The shared mappings of files."""
        return (vma for vma in self.mm.vmas if vma.backing is not None and vma.file is not None)

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
            old, vma.backed_end = min(vma.backed_end, vma.end), _backed_end(vma)
            new = min(vma.backed_end, vma.end)
            if new < old:
                self.memory.map(new, old, 0, plain=True)
                self._invalidate([_part(vma, new, old)])
            elif old < new:
                grown = _part(vma, old, new)
                self._load(grown)

    def futex_key(self, address: int, *, private: bool) -> tuple[Plain, int]:
        """What tells the futex word at `address` from all others: shared memory counts by itself."""
        if not private:
            vma = self.find(address)
            if vma is not None and vma.backing is not None:
                return vma.backing, vma.offset + address - vma.start
        return self.mm, address

    def zero_shared(self, start: int, end: int) -> None:
        """MADV_REMOVE of shared anonymous memory: every process sees zeros."""
        for vma in self.overlapping(start, end):
            low, high = max(start, vma.start), min(end, vma.end)
            if vma.backing is not None:
                os.pwrite(self.pool.file(vma.backing).fd, bytes(high - low), vma.offset + low - vma.start)

    def _write_back(self, vma: Vma) -> None:
        """Write what was stored to a shared mapping since the last time to its file."""
        file = vma.file
        if vma.backing is None or file is None or not file.writable:
            return
        end = min(vma.end, vma.backed_end)
        runs = self.memory.touched(vma.start, end)
        if runs:
            shift = vma.offset - vma.start
            self.pool.write_back(self.vfs, file, [(low + shift, high + shift) for low, high in runs])
            self.memory.forget_touched(vma.start, end)

    # -- bookkeeping ----------------------------------------------------------------------------------

    def _check_memory(self, more: int) -> None:
        if self.mm.accounted + more > self.memory_limit:
            raise LinuxError(errno.ENOMEM)

    def _check_limits(self, more: int) -> None:
        if self.address_limit < 1 << 63 and self.total() + more > self.address_limit:
            raise LinuxError(errno.ENOMEM)

    def _insert(self, vma: Vma, *, merge: bool = True) -> None:
        vmas = self.mm.vmas
        vmas.insert(bisect_left(vmas, vma.start, key=_start), vma)
        if vma.accounted:
            self.mm.accounted += vma.end - vma.start
        if merge:
            self._merge(vma.start, vma.end)

    def _split_range(self, start: int, end: int) -> tuple[int, int]:
        """Make `start` and `end` boundaries; the indexes of the mappings between them."""
        for address in (start, end):
            vma = self.find(address)
            if vma is not None and vma.start < address:
                tail = _part(vma, address, vma.end)
                vma.end = address
                vmas = self.mm.vmas
                vmas.insert(bisect_left(vmas, address, key=_start), tail)
        return self._indexes(start, end)

    def _merge(self, start: int, end: int) -> None:
        """Join mappings that [start, end) touches where nothing tells them apart."""
        vmas = self.mm.vmas
        index = max(bisect_left(vmas, start, key=_start) - 1, 0)
        while index + 1 < len(vmas) and vmas[index].start <= end:
            if _mergeable(vmas[index], vmas[index + 1]):
                vmas[index].end = vmas[index + 1].end
                vmas[index].backed_end = vmas[index + 1].backed_end
                del vmas[index + 1]
            else:
                index += 1

    def _announce_all_code(self) -> None:
        for vma in self.mm.vmas:
            self._announce_code(vma)

    def _announce_code(self, vma: Vma) -> None:
        """Tell the engine of code that is what its file has: of private mappings that never were writable."""
        if vma.prot & PROT_EXEC and vma.file is not None and vma.start < WINDOW_END:
            changed = vma.shared or vma.accounted or vma.flags & MAP_NORESERVE or vma.prot & PROT_WRITE
            identity = None if changed else self._identity(vma.file)
            if identity is not None:
                self.space.code_mapped(vma.start, min(vma.end, vma.backed_end), identity, vma.offset)

    def _invalidate(self, vmas: list[Vma]) -> None:
        for vma in vmas:
            if vma.prot & PROT_EXEC:
                self.space.invalidate(vma.start, vma.end)


def page_prot(prot: int) -> int:
    """The protection of pages for a mapping's: on RISC-V, writable pages can be read."""
    return prot | PROT_READ if prot & PROT_WRITE else prot


def _part(vma: Vma, start: int, end: int) -> Vma:
    """A copy of `vma` for [start, end)."""
    values: dict[str, Any] = dict(vma.__dict__)
    values.update(start=start, end=end, offset=vma.offset + start - vma.start)
    return Vma(**values)


def _backed_end(vma: Vma) -> int:
    """Where the pages of a file's mapping end that the file has bytes for; GUEST_END where all have."""
    assert vma.file is not None
    position = vma.start + max(vma.file.inode.size - vma.offset, 0)
    return GUEST_END if position >= vma.end else -(-position // PAGE) * PAGE


def _mergeable(left: Vma, right: Vma) -> bool:
    return (
        left.end == right.start
        and left.prot == right.prot
        and left.flags == right.flags
        and left.name == right.name
        and left.accounted == right.accounted
        and left.backing is right.backing
        and (left.backing is None or right.offset == left.offset + left.end - left.start)
        and left.backed_end >= left.end
        and (
            (left.file is None and right.file is None)
            or (
                left.file is not None
                and right.file is not None
                and left.file.inode is right.file.inode
                and right.offset == left.offset + left.end - left.start
            )
        )
    )


def _check_file(file: OpenFile, prot: int, flags: int) -> None:
    if not file.readable:
        raise LinuxError(errno.EACCES if file.writable else errno.EBADF)
    if not stat.S_ISREG(file.inode.mode):
        raise LinuxError(errno.ENODEV)
    if flags & MAP_TYPE != MAP_PRIVATE and prot & PROT_WRITE and not file.writable:
        raise LinuxError(errno.EACCES)
