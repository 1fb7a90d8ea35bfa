"""The names of functions in an ELF file: what its symbol tables say is at an address.

Source: the System V ABI's object file format. The file is the guest's: what is wrong in it names nothing.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

_SECTION = struct.Struct("<IIQQQQIIQQ")
_SYMBOL = struct.Struct("<IBBHQQ")
_SEGMENT = struct.Struct("<IIQQQQQQ")
_SYMTAB, _DYNSYM, _FUNC, _NOTYPE, _IFUNC, _PT_LOAD = 2, 11, 2, 0, 10, 1
_MOST_HEADERS, _MOST_BYTES = 4096, 1 << 27

Read = Callable[[int, int], bytes]  # (offset, n): up to n bytes


def function_at(read: Read, offset: int) -> tuple[str, int] | None:
    """(name, how far behind its start) of the function that has the byte of the file at `offset`."""
    try:
        return _function_at(read, offset)
    except (struct.error, ValueError, IndexError):
        return None


def _function_at(read: Read, offset: int) -> tuple[str, int] | None:
    head = read(0, 64)
    if head[:6] != b"\x7fELF\2\1":
        return None
    phoff, shoff = struct.unpack_from("<QQ", head, 32)
    phsize, phnum, shsize, shnum = struct.unpack_from("<HHHH", head, 54)
    if phsize != _SEGMENT.size or phnum > _MOST_HEADERS:
        return None
    address = None
    for kind, _, at, vaddr, _, filesz, _, _ in _SEGMENT.iter_unpack(read(phoff, phsize * phnum)):
        if kind == _PT_LOAD and at <= offset < at + filesz:
            address = vaddr + offset - at
    if address is None or shsize != _SECTION.size or shnum > _MOST_HEADERS:
        return None
    sections = list(_SECTION.iter_unpack(read(shoff, shsize * shnum)))
    best: tuple[int, int, tuple[int, ...]] | None = None  # (start, size, section of names and place in it)
    for _, kind, _, _, at, size, link, _, _, _ in sections:
        if kind not in (_SYMTAB, _DYNSYM) or size > _MOST_BYTES:
            continue
        for name, info, _, section, value, nbytes in _SYMBOL.iter_unpack(read(at, size // 24 * 24)):
            if info & 15 not in (_FUNC, _IFUNC, _NOTYPE) or not section or not name or value > address:
                continue
            if address - value >= max(nbytes, 1) and info & 15 != _NOTYPE:
                continue
            # One that has a size tells more than a label.
            key = (value, nbytes > 0)
            if best is None or key > (best[0], best[1] > 0):
                best = value, nbytes, (link, name)
    if best is None:
        return None
    strings = sections[best[2][0]]
    text = read(strings[4] + best[2][1], 4096).split(b"\0", 1)[0]
    name = text.decode(errors="replace")
    return (name, address - best[0]) if name and not name.startswith(("$", ".L")) else None
