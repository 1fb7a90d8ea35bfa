"""One guest process's memory as the host sees it: checked access, page protection, file pages.

Guest address = offset into the 4 GiB wasm memory (`layout`). Two facts are kept for each guest page: its
protection in `pages` (what host-side access is checked against), and the same protection on the host's own
pages, so that a guest access that breaks it becomes a wasm trap. Both change only here.

Addresses and lengths are in bytes; `map`, `protect` and `unmap` take page-aligned ones.
"""

from __future__ import annotations

import ctypes
import errno
import mmap as _mmap
import os
import re
import struct
import sys

from friscy.machine.layout import GUEST_END, GUEST_START, HART_BASE, MEMORY_BYTES, PAGE, PAGE_SHIFT, RECORDS
from lazyfs.errors import LinuxError

PROT_READ, PROT_WRITE, PROT_EXEC = 1, 2, 4
MAPPED = 8  # the page belongs to a mapping, whatever its protection

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_void_p
_libc.mmap.argtypes = [
    ctypes.c_void_p,
    ctypes.c_size_t,
    ctypes.c_int,
    ctypes.c_int,
    ctypes.c_int,
    ctypes.c_int64,
]
_libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
_libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
_libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
_FAILED = ctypes.c_void_p(-1).value
_MAP_FIXED, _MAP_SHARED = 0x10, 1
_MADV_DONTNEED, _MADV_POPULATE_WRITE = 4, 23
_POPULATE_BYTES = 64 << 10  # a longer run has its pages made at once
_MAP_NORESERVE = 0x4000 if sys.platform == "linux" else 0

# Page bytes that allow an access of each kind, as sets that bytes.translate can delete.
_READABLE = bytes(p for p in range(16) if p & PROT_READ)
_WRITABLE = bytes(p for p in range(16) if p & PROT_WRITE)
_TOUCHED = rb"(?s)[\x40-\x5f\x80-\x9f\xc0-\xdf]+"  # top bytes of a page table's entries
_U8, _U16, _U32, _U64, _I32, _I64 = (struct.Struct("<" + c) for c in "BHIQiq")


class GuestMemory:
    """Checked access to a guest's memory at host address `base`. Every failed check is LinuxError(EFAULT)."""

    __slots__ = ("_base", "_images", "_owner", "_owns", "pages", "view")

    def __init__(self, base: int, *, owner: object = None) -> None:
        """Take over 4 GiB of writable host memory at `base`; `owner` is kept alive as long as this is."""
        self._base, self._owner, self._owns = base, owner, False
        self._images: list[_Image] = []
        self.view = memoryview((ctypes.c_ubyte * MEMORY_BYTES).from_address(base)).cast("B")
        self.pages = bytearray(GUEST_END >> PAGE_SHIFT)
        self._mprotect(0, PAGE, 0)
        self._mprotect(GUEST_START, GUEST_END - GUEST_START, 0)

    @classmethod
    def anonymous(cls) -> GuestMemory:
        """Guest memory without a wasm memory below it, for tests and tools. Freed with the object."""
        flags = _mmap.MAP_PRIVATE | _mmap.MAP_ANONYMOUS | _MAP_NORESERVE
        base = _libc.mmap(None, MEMORY_BYTES, _mmap.PROT_READ | _mmap.PROT_WRITE, flags, -1, 0)
        if base == _FAILED:
            raise MemoryError(f"cannot reserve 4 GiB of address space: errno {ctypes.get_errno()}")
        memory = cls(base)
        memory._owns = True
        return memory

    def __del__(self) -> None:
        if getattr(self, "_owns", False):
            _libc.munmap(self._base, MEMORY_BYTES)

    # -- page protection ------------------------------------------------------------------------------

    def map(self, start: int, end: int, prot: int) -> None:
        """Make [start, end) fresh zero pages with protection `prot` (PROT_* bits)."""
        self._replace(start, end - start, prot, -1, 0)
        self._set_pages(start, end, prot | MAPPED)

    def map_file(self, start: int, end: int, prot: int, host_fd: int, offset: int) -> None:
        """Make [start, end) private copy-on-write pages of a host file at page-aligned `offset`."""
        self._replace(start, end - start, prot, host_fd, offset)
        self._set_pages(start, end, prot | MAPPED)
        if self._images and self._images[-1].follows(start, host_fd, offset):
            self._images[-1].end = end
        else:
            self._images.append(_Image(start, end, _HostFile(host_fd), offset))

    def map_shared(self, start: int, end: int, prot: int, host_fd: int, offset: int) -> None:
        """Make [start, end) the pages of a host file themselves: other memories may have them too."""
        self._replace(start, end - start, prot, host_fd, offset, shared=True)
        self._set_pages(start, end, prot | MAPPED)

    def protect(self, start: int, end: int, prot: int) -> None:
        """Change the protection of mapped pages; their content stays."""
        self._mprotect(start, end - start, prot)
        self._set_pages(start, end, prot | MAPPED)

    def unmap(self, start: int, end: int) -> None:
        """Drop the pages of [start, end): any access faults."""
        self._replace(start, end - start, 0, -1, 0)
        self._set_pages(start, end, 0)

    def _set_pages(self, start: int, end: int, value: int) -> None:
        first, last = start >> PAGE_SHIFT, end >> PAGE_SHIFT
        self.pages[first:last] = bytes((value,)) * (last - first)

    def fork(self, parent: GuestMemory, shared: list[tuple[int, int]]) -> None:
        """Become, from empty, a copy of the guest pages of `parent`; those in `shared` are left out.

        shared: sorted page-aligned ranges whose pages the caller maps itself.
        Only pages that hold something are copied: the host's page table tells which were ever touched.
        """
        for start, end, prot in _without(parent.mappings(), shared):
            self._copy(parent, start, end, prot)

    def _copy(self, parent: GuestMemory, start: int, end: int, prot: int) -> None:
        images = [image for image in parent._images if image.start < end and start < image.end]
        for image in images:
            low, high = max(start, image.start), min(end, image.end)
            fd, offset = image.file.fd, image.offset + low - image.start
            self._replace(low, high - low, PROT_READ | PROT_WRITE, fd, offset)
            self._images.append(_Image(low, high, image.file, offset))
        if not prot:
            parent._mprotect(start, end - start, PROT_READ)
        # Without a page table it shows nowhere that zeros were written over an image: then all of it is copied.
        whole = bool(images) and _pagemap() < 0
        runs = [(start, end)] if whole else touched_runs(parent._base, start, end)
        if runs:
            self._mprotect(start, end - start, PROT_READ | PROT_WRITE)
            for low, high in runs:
                if high - low >= _POPULATE_BYTES:
                    _libc.madvise(self._base + low, high - low, _MADV_POPULATE_WRITE)
                ctypes.memmove(self._base + low, parent._base + low, high - low)
        if not prot:
            parent._mprotect(start, end - start, 0)
        if not runs or prot != PROT_READ | PROT_WRITE:
            self._mprotect(start, end - start, prot)
        self._set_pages(start, end, prot | MAPPED)

    def mappings(self) -> list[tuple[int, int, int]]:
        """The mapped ranges with the protection their pages have, in order: (start, end, prot)."""
        pages, found = self.pages, []
        # Most pages are unmapped, and `find` passes over them ten times as fast as a pattern that matches runs.
        ahead = {value: at for value in range(MAPPED, 2 * MAPPED) if (at := pages.find(value)) >= 0}
        while ahead:
            value = min(ahead, key=ahead.__getitem__)
            first = ahead[value]
            change = re.compile(b"(?s)[^\\x%02x]" % value).search(pages, first)
            last = change.start() if change else len(pages)
            found.append((first << PAGE_SHIFT, last << PAGE_SHIFT, value & ~MAPPED))
            ahead[value] = pages.find(value, last)
            if ahead[value] < 0:
                del ahead[value]
        return found

    def reset(self) -> None:
        """Make all of it empty and unmapped again, as it was at first; harts and engine areas too."""
        self._images.clear()
        if self.mappings():
            self.unmap(GUEST_START, GUEST_END)
        for start, end in ((HART_BASE, GUEST_START), (RECORDS, MEMORY_BYTES)):
            _libc.madvise(self._base + start, end - start, _MADV_DONTNEED)

    def _replace(
        self, start: int, length: int, prot: int, host_fd: int, offset: int, *, shared: bool = False
    ) -> None:
        self._check_range(start, length)
        if self._images:
            self._images = [part for image in self._images for part in image.without(start, start + length)]
        flags = (_MAP_SHARED if shared else _mmap.MAP_PRIVATE) | _MAP_FIXED | _MAP_NORESERVE
        if host_fd < 0:
            flags |= _mmap.MAP_ANONYMOUS
        got = _libc.mmap(self._base + start, length, _host_prot(prot), flags, host_fd, offset)
        if got == _FAILED:
            raise LinuxError(ctypes.get_errno() or errno.ENOMEM)

    def _mprotect(self, start: int, length: int, prot: int) -> None:
        self._check_range(start, length)
        if _libc.mprotect(self._base + start, length, _host_prot(prot)):
            raise LinuxError(ctypes.get_errno() or errno.ENOMEM)

    @staticmethod
    def _check_range(start: int, length: int) -> None:
        """The last line of defence: beyond these 4 GiB lies the host."""
        if start < 0 or length < 0 or start + length > MEMORY_BYTES or (start | length) % PAGE:
            raise ValueError(f"pages [{start:#x}, {start + length:#x}) are not the guest's")

    # -- checked access -------------------------------------------------------------------------------

    def check(self, address: int, length: int, *, write: bool = False) -> None:
        """Raise EFAULT unless all of [address, address + length) may be read (or written)."""
        if length <= 0:
            return
        end = address + length
        if address < GUEST_START or end > GUEST_END:
            raise LinuxError(errno.EFAULT)
        first, last = address >> PAGE_SHIFT, (end - 1) >> PAGE_SHIFT
        if first == last:  # nearly always: worth not building a slice
            if not self.pages[first] & (PROT_WRITE if write else PROT_READ):
                raise LinuxError(errno.EFAULT)
            return
        pages = self.pages[first : last + 1]
        if pages.translate(None, _WRITABLE if write else _READABLE):
            raise LinuxError(errno.EFAULT)

    def accessible(self, address: int, length: int, *, write: bool = False) -> int:
        """How many of the `length` bytes at `address` may be read (written) before the first that may not."""
        done = 0
        while done < length:
            page_left = PAGE - (address + done) % PAGE
            part = min(page_left, length - done)
            try:
                self.check(address + done, part, write=write)
            except LinuxError:
                break
            done += part
        return done

    def read(self, address: int, length: int) -> bytes:
        self.check(address, length)
        return bytes(self.view[address : address + length])

    def write(self, address: int, data: bytes | bytearray | memoryview) -> None:
        length = len(data)
        self.check(address, length, write=True)
        self.view[address : address + length] = data

    def poke(self, address: int, data: bytes) -> None:
        """Write mapped bytes whatever their protection, as ptrace(2) does. EFAULT where nothing is mapped."""
        first, last = address >> PAGE_SHIFT, (address + len(data) + PAGE - 1) >> PAGE_SHIFT
        protections = [self.pages[page] if page < len(self.pages) else 0 for page in range(first, last)]
        if not all(protections):
            raise LinuxError(errno.EFAULT)
        start, end = first << PAGE_SHIFT, last << PAGE_SHIFT
        self._mprotect(start, end - start, PROT_READ | PROT_WRITE)
        self.view[address : address + len(data)] = data
        for page, prot in zip(range(first, last), protections, strict=True):
            self._mprotect(page << PAGE_SHIFT, PAGE, prot & ~MAPPED)

    def readable(self, address: int, length: int) -> memoryview:
        """A window on readable guest bytes: valid until the mapping changes, so use it at once."""
        self.check(address, length)
        return self.view[address : address + length]

    def writable(self, address: int, length: int) -> memoryview:
        """A window on writable guest bytes: valid until the mapping changes, so use it at once."""
        self.check(address, length, write=True)
        return self.view[address : address + length]

    def read_cstring(self, address: int, limit: int = PAGE) -> bytes:
        """The bytes before the NUL at `address`. ENAMETOOLONG where there is none within `limit` bytes."""
        data = bytearray()
        while len(data) < limit:
            part = min(PAGE - address % PAGE, limit - len(data))
            chunk = self.read(address, part)
            end = chunk.find(0)
            if end >= 0:
                return bytes(data) + chunk[:end]
            data += chunk
            address += part
        raise LinuxError(errno.ENAMETOOLONG)

    def _get(self, form: struct.Struct, address: int) -> int:
        self.check(address, form.size)
        value: int = form.unpack_from(self.view, address)[0]
        return value

    def u8(self, address: int) -> int:
        return self._get(_U8, address)

    def u16(self, address: int) -> int:
        return self._get(_U16, address)

    def u32(self, address: int) -> int:
        return self._get(_U32, address)

    def u64(self, address: int) -> int:
        return self._get(_U64, address)

    def i32(self, address: int) -> int:
        return self._get(_I32, address)

    def i64(self, address: int) -> int:
        return self._get(_I64, address)

    def set_u8(self, address: int, value: int) -> None:
        self.write(address, _U8.pack(value & 0xFF))

    def set_u16(self, address: int, value: int) -> None:
        self.write(address, _U16.pack(value & 0xFFFF))

    def set_u32(self, address: int, value: int) -> None:
        self.write(address, _U32.pack(value & 0xFFFF_FFFF))

    def set_u64(self, address: int, value: int) -> None:
        self.write(address, _U64.pack(value & 0xFFFF_FFFF_FFFF_FFFF))


class _HostFile:
    """A host descriptor of its own for a file whose pages are mapped; closed with the last that refers to it."""

    __slots__ = ("fd",)

    def __init__(self, fd: int) -> None:
        self.fd = os.dup(fd)

    def __del__(self) -> None:
        os.close(self.fd)


class _Image:
    """Guest pages [start, end) that show a host file from `offset` on where they were not written to."""

    __slots__ = ("end", "file", "offset", "start")

    def __init__(self, start: int, end: int, file: _HostFile, offset: int) -> None:
        self.start, self.end, self.file, self.offset = start, end, file, offset

    def follows(self, start: int, fd: int, offset: int) -> bool:
        """Whether [start, ...) of `fd` would only lengthen it."""
        same = os.path.sameopenfile(self.file.fd, fd)
        return same and self.end == start and self.offset + self.end - self.start == offset

    def without(self, start: int, end: int) -> list[_Image]:
        """What is left of it outside [start, end)."""
        if end <= self.start or self.end <= start:
            return [self]
        left = []
        if self.start < start:
            left.append(_Image(self.start, start, self.file, self.offset))
        if end < self.end:
            left.append(_Image(end, self.end, self.file, self.offset + end - self.start))
        return left


def _without(ranges: list[tuple[int, int, int]], holes: list[tuple[int, int]]) -> list[tuple[int, int, int]]:
    """`ranges` (start, end, prot) less the sorted `holes`."""
    if not holes:
        return ranges
    left = []
    for start, end, prot in ranges:
        for low, high in holes:
            if high <= start or end <= low:
                continue
            if start < low:
                left.append((start, low, prot))
            start = min(high, end)
        if start < end:
            left.append((start, end, prot))
    return left


def touched_runs(base: int, start: int, end: int) -> list[tuple[int, int]]:
    """The parts of [start, end) above host address `base` whose private pages were written to.

    The host's page table says which are in memory (or swapped out); pages of a mapped file that nobody
    changed are left out. A host that does not tell has every page copied that is not zero.
    """
    pagemap = _pagemap()
    if pagemap < 0:
        return _nonzero_runs(base, start, end)
    first = (base + start) >> PAGE_SHIFT
    entries = os.pread(pagemap, 8 * ((end - start) >> PAGE_SHIFT), 8 * first)
    # The top byte of an entry: bit 7 present, 6 swapped, 5 a page of a file.
    return [
        (start + (low << PAGE_SHIFT), start + (high << PAGE_SHIFT))
        for low, high in (match.span() for match in re.finditer(_TOUCHED, entries[7::8]))
    ]


def _nonzero_runs(base: int, start: int, end: int) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    zero = bytes(_POPULATE_BYTES)
    for low in range(start, end, _POPULATE_BYTES):
        high = min(low + _POPULATE_BYTES, end)
        if ctypes.string_at(base + low, high - low) != zero[: high - low]:
            if runs and runs[-1][1] == low:
                runs[-1] = (runs[-1][0], high)
            else:
                runs.append((low, high))
    return runs


_pagemap_fd: list[int] = []


def _pagemap() -> int:
    """The host's page table of this process, -1 where there is none or it does not know a page just written."""
    if not _pagemap_fd:
        fd = -1
        try:
            fd = os.open("/proc/self/pagemap", os.O_RDONLY | os.O_CLOEXEC)
            written = ctypes.create_string_buffer(b"x")
            entry = os.pread(fd, 8, 8 * (ctypes.addressof(written) >> PAGE_SHIFT))
            if len(entry) < 8 or not entry[7] & 0x80:
                os.close(fd)
                fd = -1
        except OSError:
            fd = -1
        _pagemap_fd.append(fd)
    return _pagemap_fd[0]


def _host_prot(prot: int) -> int:
    """The host protection for a guest one: guest code is only ever read, by the decoder."""
    return (PROT_READ if prot else 0) | (prot & PROT_WRITE)
