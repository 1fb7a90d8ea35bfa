"""Which function of which wasm module a host address belongs to.

wasmtime keeps a compiled module in memory as the ELF file that it would be on disk, symbols included; they are
called `wasm[0]::function[12]`, perhaps with the name that the module gives the function.
"""

from __future__ import annotations

import ctypes
import re
from bisect import bisect_right
from collections.abc import Iterable
from struct import Struct
from typing import TYPE_CHECKING, Generic, TypeVar

from wasmtime import _bindings as bindings

if TYPE_CHECKING:
    import wasmtime

T = TypeVar("T")

_FUNCTION = re.compile(rb"wasm\[\d+\]::function\[(\d+)\]")
# Of an ELF64 file: e_shoff, and after other things e_shnum; Elf64_Shdr; Elf64_Sym.
_SECTIONS_AT, _NSECTIONS_AT = 40, 60
_SECTION = Struct("<IIQQQQIIQQ")  # name, type, flags, address, offset, size, link, info, align, entry size
_SYMBOL = Struct("<IBBHQQ")  # name, info, other, section, value, size
_SYMTAB, _FUNC = 2, 2


def functions_of(elf: bytes) -> list[tuple[int, int, int]]:
    """(start, end, function index) of the native code of each function: offsets in a compiled module."""
    (sections_at,) = Struct("<Q").unpack_from(elf, _SECTIONS_AT)
    (nsections,) = Struct("<H").unpack_from(elf, _NSECTIONS_AT)
    sections = [_SECTION.unpack_from(elf, sections_at + k * _SECTION.size) for k in range(nsections)]
    found = []
    for _, kind, _, _, offset, nbytes, link, *_ in sections:
        if kind != _SYMTAB:
            continue
        names = sections[link][4]
        for title, info, _, section, value, size in _SYMBOL.iter_unpack(elf[offset : offset + nbytes]):
            name = _FUNCTION.match(elf, names + title) if info & 15 == _FUNC else None
            if name is not None:
                start = sections[section][4] + value
                found.append((start, start + size, int(name[1])))
    return found


class NativeCode(Generic[T]):
    """The native code of modules, each known by a key."""

    def __init__(self, modules: Iterable[tuple[T, wasmtime.Module]]) -> None:
        rows = []
        for key, module in modules:
            start, end = _image_range(module)
            elf = ctypes.string_at(start, end - start)
            rows += [(start + low, start + high, key, index) for low, high, index in functions_of(elf)]
        self._rows = sorted(rows, key=lambda row: row[0])
        self._starts = [row[0] for row in self._rows]

    def find(self, address: int) -> tuple[T, int] | None:
        """(key of the module, function index) of the code at a host address; None: no function of theirs."""
        at = bisect_right(self._starts, address) - 1
        if at < 0 or address >= self._rows[at][1]:
            return None
        return self._rows[at][2:]


def _image_range(module: wasmtime.Module) -> tuple[int, int]:
    start, end = ctypes.c_void_p(), ctypes.c_void_p()
    bindings.wasmtime_module_image_range(module.ptr(), ctypes.byref(start), ctypes.byref(end))
    return start.value or 0, end.value or 0
