"""An ELF file as it lies in a guest's memory: what the translator reads code and tables from."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from elftools.common.exceptions import ELFError
from elftools.dwarf.callframe import FDE, CallFrameInfo
from elftools.elf.constants import SH_FLAGS
from elftools.elf.dynamic import DynamicSegment
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from friscy.kernel import elf
from friscy.machine.layout import GUEST_START, PAGE, WINDOW_END

R_RELATIVE, R_64 = 3, 2
DT_RELA, DT_RELASZ = 7, 8
_RELA = struct.Struct("<QQq")


@dataclass(frozen=True, slots=True)
class Symbol:
    """A named place in code; `nbytes` is 0 where the file does not tell."""

    name: str
    address: int
    nbytes: int


class _Frames(CallFrameInfo):
    """Unwinding information without its instructions, which take nine tenths of the time and tell nothing here."""

    def _parse_instructions(self, structs: Any, offset: int, end_offset: int) -> list[Any]:
        self.stream.seek(end_offset)
        return []


class CodeImage:
    """The load segments of an ELF file at `base`, the address of its lowest page, with relative relocations done.

    base: None for a file linked at a fixed address. Raises FormatError where the kernel would not load the file,
    ValueError where its code would not lie in the code window.
    """

    def __init__(self, data: bytes, base: int | None = None, *, name: str = "") -> None:
        self.name = name
        self.parsed = elf.parse(lambda at, n: data[at : at + n], len(data), name)
        if not self.parsed.relocatable:
            base = self.parsed.low
        elif base is None:
            raise ValueError(f"{name}: a position-independent file needs a base address")
        self.base = base
        self.bias = base - self.parsed.low
        self.end = self.parsed.high + self.bias
        if base % PAGE or base < GUEST_START or self.end > WINDOW_END:
            raise ValueError(f"{name}: [{base:#x}, {self.end:#x}) is not in the code window")
        self._bytes = bytearray(self.parsed.high - self.parsed.low)
        for segment in self.parsed.load:
            at = segment.vaddr - self.parsed.low
            self._bytes[at : at + segment.filesz] = data[segment.offset : segment.offset + segment.filesz]
        self.code_ranges = [
            (segment.vaddr + self.bias, segment.vaddr + self.bias + segment.filesz)
            for segment in self.parsed.load
            if segment.flags & elf.PF_X
        ]
        self._file = ELFFile(io.BytesIO(data))
        # Where in them instructions are: the segments have constants too.
        self._text = [
            (section["sh_addr"] + self.bias, section["sh_addr"] + self.bias + section["sh_size"])
            for section in self._file.iter_sections()
            if section["sh_flags"] & SH_FLAGS.SHF_EXECINSTR and section["sh_type"] == "SHT_PROGBITS"
        ] or self.code_ranges
        self.relocated: set[int] = set()  # addresses that relocations put into data
        if self.parsed.relocatable:
            self._relocate()

    @property
    def entry(self) -> int:
        return self.parsed.entry + self.bias

    def in_code(self, address: int) -> bool:
        """Whether there may be an instruction at `address`."""
        return any(start <= address < end for start, end in self._text)

    def read(self, address: int, nbytes: int) -> bytes | None:
        """Bytes of the image; None where some lie outside it."""
        at = address - self.base
        if at < 0 or at + nbytes > len(self._bytes):
            return None
        return bytes(self._bytes[at : at + nbytes])

    def instruction_word(self, pc: int) -> int | None:
        """The 2 or 4 bytes of the instruction at `pc`; None outside code."""
        for start, end in self.code_ranges:
            if start <= pc <= end - 2:
                at, data = pc - self.base, self._bytes
                word = data[at] | data[at + 1] << 8
                if word & 3 != 3:
                    return word
                return word | data[at + 2] << 16 | data[at + 3] << 24 if pc + 4 <= end else None
        return None

    def _relocate(self) -> None:
        for segment in self._file.iter_segments():
            if not isinstance(segment, DynamicSegment):
                continue
            table = {tag.entry.d_tag: tag.entry.d_val for tag in segment.iter_tags()}
            start, size = table.get("DT_RELA"), table.get("DT_RELASZ", 0)
            if start is None:
                continue
            data = self.read(start + self.bias, size // _RELA.size * _RELA.size) or b""
            for where, info, addend in _RELA.iter_unpack(data):
                at = where + self.bias - self.base
                if info & 0xFFFF_FFFF == R_RELATIVE and 0 <= at <= len(self._bytes) - 8:
                    value = (addend + self.bias) % (1 << 64)
                    self._bytes[at : at + 8] = value.to_bytes(8, "little")
                    self.relocated.add(value)

    # What the file tells about its functions

    def symbols(self) -> Iterator[Symbol]:
        """Function symbols, and untyped ones in code (hand-written assembly), of both symbol tables."""
        for section in self._file.iter_sections():
            if not isinstance(section, SymbolTableSection):
                continue
            for symbol in section.iter_symbols():
                entry = symbol.entry
                typed = entry.st_info.type
                if typed not in ("STT_FUNC", "STT_GNU_IFUNC", "STT_NOTYPE") or not entry.st_value:
                    continue
                local = typed == "STT_NOTYPE" and symbol.name.startswith((".L", "$"))
                address = entry.st_value + self.bias
                if not local and isinstance(entry.st_shndx, int) and self.in_code(address):
                    yield Symbol(symbol.name, address & ~1, entry.st_size)

    def frames(self) -> Iterator[tuple[int, int]]:
        """[start, end) of every function that has unwinding information."""
        try:
            if not self._file.has_dwarf_info():
                return
            info = self._file.get_dwarf_info(relocate_dwarf_sections=False, follow_links=False)
            section = info.eh_frame_sec
            if section is None:
                return
            entries = _Frames(section.stream, section.size, section.address, info.structs, for_eh_frame=True)
            for entry in entries.get_entries():
                if isinstance(entry, FDE):
                    start = entry.header["initial_location"] + self.bias
                    if self.in_code(start):
                        yield start, start + entry.header["address_range"]
        except (ELFError, KeyError, ValueError, AssertionError):
            return  # damaged debug information costs entries, nothing else

    def pointers(self) -> Iterator[int]:
        """Addresses in code that the file's data holds: init arrays, vtables, tables of functions."""
        yield self.entry
        for address in self.relocated:
            if self.in_code(address) and address % 2 == 0:
                yield address
        for section in self._file.iter_sections():
            if section["sh_type"] in ("SHT_INIT_ARRAY", "SHT_FINI_ARRAY", "SHT_PREINIT_ARRAY"):
                data = self.read(section["sh_addr"] + self.bias, section["sh_size"]) or b""
                for (address,) in struct.iter_unpack("<Q", data[: len(data) // 8 * 8]):
                    if self.in_code(address):
                        yield address

    @cached_property
    def by_address(self) -> dict[int, Symbol]:
        """The best symbol at each address: one with a size before one without."""
        found: dict[int, Symbol] = {}
        for symbol in self.symbols():
            known = found.get(symbol.address)
            if known is None or symbol.nbytes > known.nbytes:
                found[symbol.address] = symbol
        return found
