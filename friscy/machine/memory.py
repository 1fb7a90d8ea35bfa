"""One guest process's memory as the host sees it: checked access, page protection, file pages.

Guest address = offset into the 4 GiB wasm memory (`layout`). Two facts are kept for each guest page: its
protection in `pages` (what host-side access is checked against), and the same protection on the host's own
pages, so that a guest access that breaks it becomes a wasm trap. Both change only here.

Addresses and lengths are in bytes; `map`, `protect` and `unmap` take page-aligned ones.
"""

from __future__ import annotations

import ctypes
import errno
import re
import struct

from friscy.machine import host_pages
from friscy.machine.layers import HostFile, Layers, without
from friscy.machine.layout import GUEST_END, GUEST_START, HART_BASE, MEMORY_BYTES, PAGE, PAGE_SHIFT
from friscy.machine.trust import NOTHING, READABLE, READABLE_COUNT, TRUSTED_WORDS, WRITABLE, WRITABLE_COUNT
from lazyfs.errors import LinuxError

PROT_READ, PROT_WRITE, PROT_EXEC = 1, 2, 4
MAPPED = 8  # the page belongs to a mapping, whatever its protection

# Page bytes that allow an access of each kind, as sets that bytes.translate can delete.
_READABLE = bytes(p for p in range(16) if p & PROT_READ)
_SHORT_STRING = 192  # bytes
_WRITABLE = bytes(p for p in range(16) if p & PROT_WRITE)
_U8, _U16, _U32, _U64, _I32, _I64 = (struct.Struct("<" + c) for c in "BHIQiq")


class GuestMemory:
    """Checked access to a guest's memory at host address `base`. Every failed check is LinuxError(EFAULT).

    trusted: words for friscy.machine.short_calls, see friscy.machine.trust.
    """

    __slots__ = ("_base", "_layers", "_owner", "_owns", "pages", "trusted", "view")

    def __init__(self, base: int, *, owner: object = None) -> None:
        """Take over 4 GiB of writable host memory at `base`; `owner` is kept alive as long as this is."""
        self._base, self._owner, self._owns = base, owner, False
        self._layers = Layers(base)
        self.view = memoryview((ctypes.c_ubyte * MEMORY_BYTES).from_address(base)).cast("B")
        self.pages = bytearray(GUEST_END >> PAGE_SHIFT)
        self.trusted = memoryview(bytearray(8 * TRUSTED_WORDS)).cast("Q")
        self._layers.protect(0, HART_BASE, 0)

    @classmethod
    def anonymous(cls) -> GuestMemory:
        """Guest memory without a wasm memory below it, for tests and tools. Freed with the object."""
        memory = cls(host_pages.reserve(MEMORY_BYTES))
        memory._owns = True
        return memory

    def __del__(self) -> None:
        if getattr(self, "_owns", False):
            host_pages.release(self._base, MEMORY_BYTES)

    # -- page protection ------------------------------------------------------------------------------

    def map(self, start: int, end: int, prot: int, *, plain: bool = False) -> None:
        """Make [start, end) fresh zero pages with protection `prot` (PROT_* bits).

        plain: few of them will be used, as in a stack.
        """
        self._layers.zeros(start, end, prot, plain=plain)
        self._set_pages(start, end, prot | MAPPED)

    def map_file(self, start: int, end: int, prot: int, file: HostFile, offset: int) -> None:
        """Make [start, end) private copy-on-write pages of a host file at page-aligned `offset`."""
        self._layers.image(start, end, prot, file, offset)
        self._set_pages(start, end, prot | MAPPED)

    def map_shared(self, start: int, end: int, prot: int, file: HostFile, offset: int) -> None:
        """Make [start, end) the pages of a host file themselves: other memories may have them too."""
        self._layers.shared(start, end, prot, file, offset)
        self._set_pages(start, end, prot | MAPPED)

    def protect(self, start: int, end: int, prot: int) -> None:
        """Change the protection of mapped pages; their content stays."""
        self._layers.protect(start, end - start, prot)
        self._set_pages(start, end, prot | MAPPED)

    def unmap(self, start: int, end: int) -> None:
        """Drop the pages of [start, end): any access faults."""
        self._layers.nothing(start, end)
        self._set_pages(start, end, 0)

    def _set_pages(self, start: int, end: int, value: int) -> None:
        first, last = start >> PAGE_SHIFT, end >> PAGE_SHIFT
        self.trusted[:] = NOTHING
        self.pages[first:last] = bytes((value,)) * (last - first)

    def trust(self, address: int, *, write: bool = False) -> None:
        """The page at `address` was found to be readable, or writable."""
        page = address >> PAGE_SHIFT
        first, count = (WRITABLE, WRITABLE_COUNT) if write else (READABLE, READABLE_COUNT)
        self.trusted[first + page % count] = page

    def fork(self, parent: GuestMemory, shared: list[tuple[int, int]]) -> None:
        """Become, from empty, a copy of the guest pages of `parent`; those in `shared` are left out.

        shared: sorted page-aligned ranges whose pages the caller maps itself.
        """
        mappings = without(parent.mappings(), shared)
        parent._layers.fork_into(self._layers, mappings)
        for start, end, prot in mappings:
            self._set_pages(start, end, prot | MAPPED)

    def copy_pages(self, target: int, source: int, nbytes: int) -> None:
        """Let fresh pages at `target` hold what those at `source` do; both can be read and written."""
        self._layers.copy(target, source, nbytes)

    def filled(self, start: int, end: int) -> list[tuple[int, int]]:
        """The parts of readable [start, end) that may hold anything but zeros."""
        return self._layers.filled(start, end)

    def written(self, start: int, end: int) -> list[tuple[int, int]]:
        """The parts of readable [start, end) that are not the pages of a file, or more than those."""
        return self._layers.written(start, end)

    def touched(self, start: int, end: int) -> list[tuple[int, int]]:
        """The parts of shared pages [start, end) that were accessed since `forget_touched`, or more than those."""
        return self._layers.touched(start, end)

    def forget_touched(self, start: int, end: int) -> None:
        """Let `touched` begin anew for shared pages; their content stays."""
        self._layers.forget_touched(start, end)

    def files(self) -> set[HostFile]:
        """The host files that pages of this memory are mapped from."""
        return self._layers.files()

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
        self._layers.reset()
        if self.mappings():
            self.unmap(GUEST_START, GUEST_END)
        host_pages.discard(self._base + HART_BASE, MEMORY_BYTES - HART_BASE)

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
        self._layers.protect(start, end - start, PROT_READ | PROT_WRITE)
        self.view[address : address + len(data)] = data
        for page, prot in zip(range(first, last), protections, strict=True):
            self._layers.protect(page << PAGE_SHIFT, PAGE, prot & ~MAPPED)

    def window(self, address: int, length: int, *, write: bool = False) -> memoryview | None:
        """As `readable` and `writable`; None where not all of it is."""
        end = address + length
        if address < GUEST_START or end > GUEST_END or length <= 0:
            return None
        first, last = address >> PAGE_SHIFT, (end - 1) >> PAGE_SHIFT
        if first == last:
            if not self.pages[first] & (PROT_WRITE if write else PROT_READ):
                return None
        elif self.pages[first : last + 1].translate(None, _WRITABLE if write else _READABLE):
            return None
        return self.view[address:end]

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
        if GUEST_START <= address < GUEST_END and self.pages[address >> PAGE_SHIFT] & PROT_READ:
            reach = min(PAGE - address % PAGE, limit, _SHORT_STRING)
            here = bytes(self.view[address : address + reach])
            end = here.find(0)
            if end >= 0:  # nearly always
                return here[:end]
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
