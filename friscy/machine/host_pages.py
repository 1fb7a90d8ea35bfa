"""The host's calls that shape its own pages, by host address, and what its page table says of them.

Nothing here knows of guests: `memory` checks that a range is the guest's before it comes here.
"""

from __future__ import annotations

import ctypes
import errno
import os
import re
import sys

from friscy.machine.layout import PAGE_SHIFT
from lazyfs.errors import LinuxError

PROT_READ, PROT_WRITE = 1, 2
_MAP_SHARED, _MAP_PRIVATE, _MAP_FIXED, _MAP_ANONYMOUS = 1, 2, 0x10, 0x20
_MAP_NORESERVE = 0x4000 if sys.platform == "linux" else 0
_MADV_DONTNEED, _MADV_POPULATE_WRITE = 4, 23
_PUNCH_HOLE = 1 | 2  # FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE
_BLOCK = 64 << 10  # looked at in one comparison

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
_libc.fallocate.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64]
_FAILED = ctypes.c_void_p(-1).value
_WRITTEN = rb"(?s)[\x40-\x5f\x80-\x9f\xc0-\xdf]+"  # top bytes of a page table's entries
_PRESENT = rb"(?s)[\x40-\xff]+"


def reserve(nbytes: int) -> int:
    """The host address of `nbytes` of fresh, writable, uncommitted memory."""
    flags = _MAP_PRIVATE | _MAP_ANONYMOUS | _MAP_NORESERVE
    address: int | None = _libc.mmap(None, nbytes, PROT_READ | PROT_WRITE, flags, -1, 0)
    if address is None or address == _FAILED:
        raise MemoryError(f"cannot reserve {nbytes} bytes of address space: errno {ctypes.get_errno()}")
    return address


def release(address: int, nbytes: int) -> None:
    """Give a reservation back."""
    _libc.munmap(address, nbytes)


def replace(
    address: int, nbytes: int, prot: int, fd: int = -1, offset: int = 0, *, shared: bool = False
) -> None:
    """Put other pages at `address`: of the file `fd`, or fresh zeros for -1."""
    flags = (_MAP_SHARED if shared else _MAP_PRIVATE) | _MAP_FIXED | _MAP_NORESERVE
    if fd < 0:
        flags |= _MAP_ANONYMOUS
    if _libc.mmap(address, nbytes, prot, flags, fd, offset) == _FAILED:
        raise LinuxError(ctypes.get_errno() or errno.ENOMEM)


def protect(address: int, nbytes: int, prot: int) -> None:
    """Change the protection of pages."""
    if _libc.mprotect(address, nbytes, prot):
        raise LinuxError(ctypes.get_errno() or errno.ENOMEM)


def discard(address: int, nbytes: int) -> None:
    """Make private pages what they were before anyone wrote to them."""
    _libc.madvise(address, nbytes, _MADV_DONTNEED)


def copy(target: int, source: int, nbytes: int) -> None:
    """Copy pages to pages that were not written to yet."""
    if nbytes >= _BLOCK:
        _libc.madvise(target, nbytes, _MADV_POPULATE_WRITE)
    ctypes.memmove(target, source, nbytes)


def punch(fd: int, offset: int, nbytes: int) -> None:
    """Take pages out of a file in memory: they read as zeros, and the host has them back."""
    if _libc.fallocate(fd, _PUNCH_HOLE, offset, nbytes):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def write(fd: int, address: int, nbytes: int, offset: int) -> None:
    """Write memory to a file."""
    data = memoryview((ctypes.c_ubyte * nbytes).from_address(address)).cast("B")
    done = 0
    while done < nbytes:
        done += os.pwrite(fd, data[done:], offset + done)


def data_runs(fd: int, start: int, end: int) -> list[tuple[int, int]]:
    """The parts of a file's [start, end) that are no holes."""
    runs = []
    position = start
    while position < end:
        try:
            low = os.lseek(fd, position, os.SEEK_DATA)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            break
        if low >= end:
            break
        position = min(os.lseek(fd, low, os.SEEK_HOLE), end)
        runs.append((max(low, start), position))
    return runs


def written_runs(base: int, start: int, end: int) -> list[tuple[int, int]]:
    """The parts of [start, end) above host address `base` whose private pages were written to.

    The host's page table says which are in memory (or swapped out); pages of a mapped file that nobody
    changed are left out. A host that does not tell: every block that is not zero.
    """
    pagemap = pagemap_fd()
    if pagemap < 0:
        return _nonzero_runs(base, start, end)
    first = (base + start) >> PAGE_SHIFT
    entries = os.pread(pagemap, 8 * ((end - start) >> PAGE_SHIFT), 8 * first)
    # The top byte of an entry: bit 7 present, 6 swapped, 5 a page of a file.
    return [
        (start + (low << PAGE_SHIFT), start + (high << PAGE_SHIFT))
        for low, high in (match.span() for match in re.finditer(_WRITTEN, entries[7::8]))
    ]


def keeps_table() -> bool:
    """Whether a page that was accessed stays in the page table: the host tells, and never swaps."""
    if not _swapless:
        try:
            with open("/proc/swaps", "rb") as swaps:
                _swapless.append(len(swaps.readlines()) <= 1)
        except OSError:
            _swapless.append(False)
    return _swapless[0] and pagemap_fd() >= 0


def mapping_budget() -> int:
    """How many mappings all guest memories together may have: each may be two of the host's, which has a limit."""
    if not _budget:
        try:
            with open("/proc/sys/vm/max_map_count", "rb") as limit:
                _budget.append(int(limit.read()) // 2)
        except (OSError, ValueError):
            _budget.append(65530 // 2)
    return _budget[0]


def present_runs(base: int, start: int, end: int) -> list[tuple[int, int]]:
    """The parts of [start, end) above host address `base` that are in its page table."""
    entries = os.pread(pagemap_fd(), 8 * ((end - start) >> PAGE_SHIFT), 8 * ((base + start) >> PAGE_SHIFT))
    return [
        (start + (low << PAGE_SHIFT), start + (high << PAGE_SHIFT))
        for low, high in (match.span() for match in re.finditer(_PRESENT, entries[7::8]))
    ]


def _nonzero_runs(base: int, start: int, end: int) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    zero = bytes(_BLOCK)
    for low in range(start, end, _BLOCK):
        high = min(low + _BLOCK, end)
        if ctypes.string_at(base + low, high - low) != zero[: high - low]:
            if runs and runs[-1][1] == low:
                runs[-1] = (runs[-1][0], high)
            else:
                runs.append((low, high))
    return runs


_pagemap: list[int] = []
_swapless: list[bool] = []
_budget: list[int] = []


def pagemap_fd() -> int:
    """The host's page table of this process, -1 where there is none or it does not know a page just written."""
    if not _pagemap:
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
        _pagemap.append(fd)
    return _pagemap[0]
