"""Modules in WebAssembly's binary format, written section by section.

Source: WebAssembly core specification, "Binary Format".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

MAGIC = b"\0asm\x01\0\0\0"

# Section ids.
CUSTOM, TYPE, IMPORT, FUNCTION, EXPORT, ELEMENT, CODE, DATA, DATA_COUNT = 0, 1, 2, 3, 7, 9, 10, 11, 12
# Kinds of an import or export.
KIND_FUNCTION, KIND_TABLE, KIND_MEMORY, KIND_GLOBAL = range(4)
# Value types.
I32, I64, F32, F64, V128, FUNCREF = 0x7F, 0x7E, 0x7D, 0x7C, 0x7B, 0x70
NO_RESULT = 0x40  # a block's type

Signature = tuple[bytes, bytes]  # value types of parameters and results


def leb(value: int) -> bytes:
    """Unsigned LEB128."""
    if value < 0x80:
        return _SHORT[value]
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def sleb(value: int) -> bytes:
    """Signed LEB128, of a number or of a 64-bit pattern."""
    if value >= 1 << 63:
        value -= 1 << 64
    out = bytearray()
    while not -0x40 <= value < 0x40:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value & 0x7F)
    return bytes(out)


_SHORT = [bytes([value]) for value in range(0x80)]


def name(text: str) -> bytes:
    encoded = text.encode()
    return leb(len(encoded)) + encoded


def vector(items: Sequence[bytes]) -> bytes:
    return leb(len(items)) + b"".join(items)


def section(kind: int, contents: bytes) -> bytes:
    return bytes([kind]) + leb(len(contents)) + contents


def custom_section(title: str, contents: bytes) -> bytes:
    """A section that engines pass over; it may stand at a module's end."""
    return section(CUSTOM, name(title) + contents)


class Types:
    """A module's function types, each there once."""

    def __init__(self) -> None:
        self._numbers: dict[Signature, int] = {}

    def number(self, signature: Signature) -> int:
        return self._numbers.setdefault(signature, len(self._numbers))

    def contents(self) -> bytes:
        return vector(
            [
                b"\x60" + leb(len(params)) + params + leb(len(results)) + results
                for params, results in self._numbers
            ]
        )


def table_segment(functions: Iterable[int], base: bytes) -> bytes:
    """The contents of an element section that puts functions into table 0 from `base`, a constant expression, on."""
    indices = [leb(index) for index in functions]
    return leb(1) + b"\0" + base + b"\x0b" + vector(indices)
