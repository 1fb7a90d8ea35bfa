"""From instruction words to rows and operands."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from friscy_build.isa.row import Row
from friscy_build.isa.rows import BASE_ROWS, COMPRESSED_ROWS


@dataclass(frozen=True, slots=True)
class Instruction:
    """A decoded instruction: base row and operands as Python ints (0 where the row has none).

    effects, way, step: what the translator has found out about it, kept here because it asks for each dozens of times
    (`aot.effects`, `aot.halves`, `aot.bases`).
    """

    row: Row  # the base row, also for a compressed instruction
    word: int
    nbytes: int
    compressed: Row | None = None
    rd: int = 0
    rs1: int = 0
    rs2: int = 0
    rs3: int = 0
    imm: int = 0  # signed
    rm: int = 0
    aq_rl: int = 0
    effects: tuple[int, int] | None = field(default=None, init=False, compare=False, repr=False)
    way: Any = field(default=None, init=False, compare=False, repr=False)
    step: Any = field(default=None, init=False, compare=False, repr=False)

    def keep(self, name: str, found: Any) -> None:
        """Remember `effects`, `way` or `step`."""
        object.__setattr__(self, name, found)

    @property
    def written(self) -> Row:
        """The row as it was written: the compressed one where there is one."""
        return self.compressed or self.row


def instruction_nbytes(parcel: int) -> int:
    """Length of the instruction that starts with this 16-bit parcel (or longer word): 2 or 4.

    Longer encodings than 32 bits (all of the low five bits set) are illegal here, and count as 4."""
    return 4 if parcel & 3 == 3 else 2


# 32-bit rows by opcode and funct3 (bits 6-2 and 14-12), 16-bit rows by quadrant and bits 15-13.
def _long_key(word: int) -> int:
    return (word >> 2 & 31) | (word >> 7 & 0xE0)


def _short_key(word: int) -> int:
    return (word & 3) | (word >> 11 & 0x1C)


def _table(rows: tuple[Row, ...], key_mask: int, keys: dict[int, int]) -> dict[int, tuple[Row, ...]]:
    return {
        key: tuple(row for row in rows if (row.match ^ bits) & row.mask & key_mask == 0)
        for key, bits in keys.items()
    }


_LONG_BITS = [3 | opcode << 2 | funct3 << 12 for opcode in range(32) for funct3 in range(8)]
_SHORT_BITS = [quadrant | funct3 << 13 for quadrant in range(3) for funct3 in range(8)]
_LONG = _table(BASE_ROWS, 0x707F, {_long_key(bits): bits for bits in _LONG_BITS})
_SHORT = _table(COMPRESSED_ROWS, 0xE003, {_short_key(bits): bits for bits in _SHORT_BITS})


@lru_cache(maxsize=1 << 17)
def decode(word: int) -> Instruction | None:
    """The instruction that `word` begins with, or None where the encoding is illegal or reserved.

    word: at least the instruction's own bits; those above them do not matter.
    """
    if word & 3 != 3:
        word &= 0xFFFF
        for row in _SHORT[_short_key(word)]:
            if row.matches(word):
                assert row.base is not None
                return Instruction(row.base, word, 2, row, **row.operands(word))
        return None
    word &= 0xFFFF_FFFF
    for row in _LONG[_long_key(word)]:
        if row.matches(word):
            return Instruction(row, word, 4, None, **row.operands(word))
    return None
