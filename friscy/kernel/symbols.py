"""The names of functions in an ELF file: what its symbol tables say is at an address.

Source: the System V ABI's object file format. The file is the guest's: what is wrong in it names nothing.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Callable

from friscy.kernel.elf import PT_LOAD, Segment, segments_of
from lazyfs.errors import LinuxError

_SECTION = struct.Struct("<IIQQQQIIQQ")
_SYMBOL = struct.Struct("<IBBHQQ")
_SYMTAB, _DYNSYM = 2, 11
_NOTYPE, _FUNCTIONS = 0, (2, 10)  # labels of hand-written assembly; STT_FUNC, STT_GNU_IFUNC
_MOST_HEADERS, _MOST_BYTES = 4096, 1 << 27
_MOST_AROUND = 64  # symbols before an address that are looked at

Read = Callable[[int, int], bytes]  # (offset, n): up to n bytes


class Symbols:
    """The functions of the file that `read` gives."""

    def __init__(self, read: Read) -> None:
        self._loaded: list[Segment] = []
        self._found: list[tuple[int, int, str]] = []  # (address, bytes, 0 for a label; name), rising
        try:
            self._read(read)
        except (struct.error, ValueError, IndexError, LinuxError):
            self._found.clear()

    def at(self, offset: int) -> tuple[str, int] | None:
        """(name, how far behind its start) of the function that has the byte of the file at `offset`."""
        address = next(
            (each.vaddr + offset - each.offset for each in self._loaded if 0 <= offset - each.offset < each.filesz),
            None,
        )
        if address is None:
            return None
        label: tuple[str, int] | None = None
        last = bisect_right(self._found, address, key=lambda each: each[0])
        for start, nbytes, name in reversed(self._found[max(last - _MOST_AROUND, 0) : last]):
            if address < start + nbytes:
                return name, address - start
            if not nbytes and label is None:
                label = name, address - start
        return label

    def _read(self, read: Read) -> None:
        self._loaded = [segment for segment in segments_of(read) if segment.kind == PT_LOAD]
        head = read(0, 64)
        (shoff,), (shsize, shnum) = struct.unpack_from("<Q", head, 40), struct.unpack_from("<HH", head, 58)
        if shsize != _SECTION.size or shnum > _MOST_HEADERS:
            return
        sections = list(_SECTION.iter_unpack(read(shoff, shsize * shnum)))
        for _, kind, _, _, at, size, link, _, _, _ in sections:
            if kind in (_SYMTAB, _DYNSYM) and max(size, sections[link][5]) <= _MOST_BYTES:
                names = read(sections[link][4], sections[link][5])
                self._add(read(at, size // _SYMBOL.size * _SYMBOL.size), names)
        self._found.sort()

    def _add(self, table: bytes, names: bytes) -> None:
        for at, info, _, section, value, nbytes in _SYMBOL.iter_unpack(table):
            kind = info & 15
            if not section or not at or (kind not in _FUNCTIONS and kind != _NOTYPE):
                continue
            end = names.find(b"\0", at)
            name = names[at:end] if at < end else b""
            # What tells data from code, and where compilers jump to, are no functions.
            if name and not name.startswith((b"$", b".L")):
                self._found.append((value, nbytes if kind in _FUNCTIONS else 0, name.decode(errors="replace")))
