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
import struct
import sys

from friscy.machine.layout import GUEST_END, GUEST_START, MEMORY_BYTES, PAGE, PAGE_SHIFT
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
_FAILED = ctypes.c_void_p(-1).value
_MAP_FIXED = 0x10
_MAP_NORESERVE = 0x4000 if sys.platform == "linux" else 0

# Page bytes that allow an access of each kind, as sets that bytes.translate can delete.
_READABLE = bytes(p for p in range(16) if p & PROT_READ)
_WRITABLE = bytes(p for p in range(16) if p & PROT_WRITE)
_U8, _U16, _U32, _U64, _I32, _I64 = (struct.Struct("<" + c) for c in "BHIQiq")


class GuestMemory:
    """Checked access to a guest's memory at host address `base`. Every failed check is LinuxError(EFAULT)."""

    __slots__ = ("_base", "_owner", "_owns", "pages", "view")

    def __init__(self, base: int, *, owner: object = None) -> None:
        """Take over 4 GiB of writable host memory at `base`; `owner` is kept alive as long as this is."""
        self._base, self._owner, self._owns = base, owner, False
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

    def protect(self, start: int, end: int, prot: int) -> None:
        """Change the protection of mapped pages; their content stays."""
        self._mprotect(start, end - start, prot)
        self._set_pages(start, end, prot | MAPPED)

    def unmap(self, start: int, end: int) -> None:
        """Drop the pages of [start, end): any access faults."""
        self._replace(start, end - start, 0, -1, 0)
        self._set_pages(start, end, 0)

    def engine_pages(self, start: int, end: int) -> None:
        """Give back the host memory of an engine-owned range (records, code map): it reads as zero."""
        self._replace(start, end - start, PROT_READ | PROT_WRITE, -1, 0)

    def _set_pages(self, start: int, end: int, value: int) -> None:
        first, last = start >> PAGE_SHIFT, end >> PAGE_SHIFT
        self.pages[first:last] = bytes((value,)) * (last - first)

    def _replace(self, start: int, length: int, prot: int, host_fd: int, offset: int) -> None:
        self._check_range(start, length)
        flags = _mmap.MAP_PRIVATE | _MAP_FIXED | _MAP_NORESERVE
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


def _host_prot(prot: int) -> int:
    """The host protection for a guest one: guest code is only ever read, by the decoder."""
    return (PROT_READ if prot else 0) | (prot & PROT_WRITE)
