"""The mappings of a process as plain state, and what can be found out about them.

`Vma` is one mapping, `Mm` all of them; `Areas` looks things up in an Mm and finds room in it. Addresses and lengths
are guest bytes.

Placement: ELF images go into the code window, where code runs fast; everything else top-down from below the
stack. The heap starts at the end of the window.
"""

from __future__ import annotations

import errno
from bisect import bisect_left, bisect_right
from operator import attrgetter

from friscy.kernel.memory.backing import Backing
from friscy.kernel.places import Places
from friscy.machine.layout import GUEST_END, GUEST_START, PAGE, WINDOW_END
from friscy.machine.memory import PROT_EXEC, PROT_READ, PROT_WRITE
from lazyfs.errors import LinuxError
from lazyfs.openfile import OpenFile
from lazyfs.plain import Plain, default

MAP_SHARED, MAP_PRIVATE, MAP_SHARED_VALIDATE, MAP_TYPE = 1, 2, 3, 15
MAP_FIXED, MAP_ANONYMOUS, MAP_GROWSDOWN, MAP_LOCKED, MAP_NORESERVE = 0x10, 0x20, 0x100, 0x2000, 0x4000
MAP_POPULATE, MAP_STACK, MAP_FIXED_NOREPLACE = 0x8000, 0x20000, 0x100000
# What MAP_SHARED_VALIDATE lets pass: the flags that there were before it (MAP_SHARED .. MAP_HUGETLB, MAP_HUGE_*).
VALID = 0x7C07_F933
# Taken in advance and hardly touched: not counted against the memory limit. A thread's stack is 8 MiB of it.
RESERVED = MAP_NORESERVE | MAP_GROWSDOWN | MAP_STACK
MREMAP_MAYMOVE, MREMAP_FIXED, MREMAP_DONTUNMAP = 1, 2, 4
PROT_ALL = PROT_READ | PROT_WRITE | PROT_EXEC
MS_ASYNC, MS_INVALIDATE, MS_SYNC = 1, 2, 4

PLACE_START = 0x0200_0000  # below it the window is left to programs linked at a fixed address
STACK_GUARD_GAP = 1 << 20
STACK_MAX = 256 << 20
GROWING_STACK = 8 << 20  # of a mapping with MAP_GROWSDOWN

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
    locked: int = 0  # 1: mlock(2), 2: with MLOCK_ONFAULT
    read_only: bool = False  # of /dev/zero, shared, and opened for reading: no mprotect(2) makes it writable

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
    peak: int = 0  # what that was at most
    lock_future: int = 0  # as `Vma.locked`, for mappings that come: mlockall(2) with MCL_FUTURE
    start_code: int = 0
    end_code: int = 0
    arg_start: int = 0
    arg_end: int = 0
    env_start: int = 0
    env_end: int = 0

    def copy(self) -> Mm:
        """The address space of a forked child."""
        values = self.fields()
        values["vmas"] = [Vma(**{**vma.fields(), "locked": 0}) for vma in self.vmas]
        values["lock_future"] = 0
        values["peak"] = self.accounted
        return Mm(**values)


class Areas:
    """Lookups in a process's memory map, and where there is room in it.

    memory_limit: bytes of private writable memory it may have (ENOMEM beyond).
    address_limit, data_limit: RLIMIT_AS and RLIMIT_DATA, set by the kernel when they change.
    map_limit: how many mappings it may have (/proc/sys/vm/max_map_count), likewise.
    """

    __slots__ = ("address_limit", "data_limit", "map_limit", "memory_limit", "mm", "places")

    def __init__(self, mm: Mm, memory_limit: int, places: Places | None = None) -> None:
        self.mm, self.memory_limit, self.places = mm, memory_limit, places or Places()
        self.address_limit = self.data_limit = 1 << 63
        self.map_limit = 65530

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

    def futex_key(self, address: int, *, private: bool) -> tuple[Plain, int]:
        """What tells the futex word at `address` from all others: shared memory counts by itself."""
        if not private:
            vma = self.find(address)
            if vma is not None and vma.backing is not None:
                return vma.backing, vma.offset + address - vma.start
        return self.mm, address

    def _account(self, more: int) -> None:
        self.mm.accounted += more
        self.mm.peak = max(self.mm.peak, self.mm.accounted)

    def _check_memory(self, more: int) -> None:
        if self.mm.accounted + more > self.memory_limit:
            raise LinuxError(errno.ENOMEM)

    def _check_limits(self, more: int) -> None:
        if self.address_limit < 1 << 63 and self.total() + more > self.address_limit:
            raise LinuxError(errno.ENOMEM)

    def set_locked(self, start: int, end: int, kind: int) -> None:
        """Set `locked` of page-aligned [start, end). ENOMEM at the first hole, after what lies before it."""
        first, last = self._split_range(start, end)
        position = start
        for vma in self.mm.vmas[first:last]:
            if vma.start > position:
                break
            vma.locked = kind
            position = vma.end
        self._merge(start, end)
        if position < end:
            raise LinuxError(errno.ENOMEM)

    def _insert(self, vma: Vma, *, merge: bool = True) -> None:
        vmas = self.mm.vmas
        vmas.insert(bisect_left(vmas, vma.start, key=_start), vma)
        if vma.accounted:
            self._account(vma.end - vma.start)
        if merge:
            self._merge(vma.start, vma.end)

    def _split_range(self, start: int, end: int) -> tuple[int, int]:
        """Make `start` and `end` boundaries; the indexes of the mappings between them."""
        for address in (start, end):
            vma = self.find(address)
            if vma is not None and vma.start < address:
                tail = part(vma, address, vma.end)
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


def page_prot(prot: int) -> int:
    """The protection of pages for a mapping's: on RISC-V, writable pages can be read."""
    return prot | PROT_READ if prot & PROT_WRITE else prot


def part(vma: Vma, start: int, end: int) -> Vma:
    """A copy of `vma` for [start, end)."""
    values = vma.fields()
    values.update(start=start, end=end, offset=vma.offset + start - vma.start)
    return Vma(**values)


def backed_end(vma: Vma) -> int:
    """Where the pages of a mapping end that its file or shared memory has bytes for; GUEST_END where all have."""
    if vma.file is not None:
        size = vma.file.inode.size
    elif vma.backing is not None:
        size = vma.backing.nbytes
    else:
        return GUEST_END
    position = vma.start + max(size - vma.offset, 0)
    return GUEST_END if position >= vma.end else -(-position // PAGE) * PAGE


def _mergeable(left: Vma, right: Vma) -> bool:
    return (
        left.end == right.start
        and left.prot == right.prot
        and left.flags == right.flags
        and left.name == right.name
        and left.accounted == right.accounted
        and left.locked == right.locked
        and left.read_only == right.read_only
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
