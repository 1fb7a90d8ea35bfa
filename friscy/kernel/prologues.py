"""What a function has put on its stack, seen from its instructions: for files that tell nothing of their frames.

Compilers begin a function by moving the stack pointer down once and saving registers above it. Source: the encodings
of the unprivileged ISA, the "C" extension included.
"""

from __future__ import annotations

from collections.abc import Callable

_MOST_BYTES = 1 << 16  # of a function that are looked at


def saves_by(read: Callable[[int, int], bytes], start: int | None, pc: int) -> tuple[int, dict[int, int]]:
    """(how far the stack has grown, by saved register how far its place is from where that began), at `pc`."""
    if start is None or not 0 <= pc - start <= _MOST_BYTES:
        return 0, {}
    code, at, grown, saved = read(start, pc - start + 4), 0, 0, dict[int, int]()
    while at < pc - start:
        word = int.from_bytes(code[at : at + 4], "little")
        at += 4 if word & 3 == 3 else 2
        if word & 3 != 3:
            word &= 0xFFFF
        moved, store = _moved(word), _stored(word)
        if moved < 0:
            grown -= moved
        elif store is not None and grown:
            register, offset = store
            saved.setdefault(register, offset - grown)
    return grown, saved


def _moved(word: int) -> int:
    """What is added to the stack pointer."""
    if word & 0xFFFFF == 0x10113:  # addi sp, sp
        return (word >> 20 ^ 0x800) - 0x800
    if word & 0xEF83 == 0x6101 and word & 3 != 3:  # c.addi16sp
        bits = (word >> 6 & 1) << 4 | (word >> 2 & 1) << 5 | (word >> 5 & 1) << 6 | (word >> 3 & 3) << 7
        return bits - (word >> 12 & 1) * 512
    if word & 0xEF83 == 0x0101 and word & 3 != 3:  # c.addi sp
        return (word >> 2 & 31) - (word >> 12 & 1) * 32
    return 0


def _stored(word: int) -> tuple[int, int] | None:
    """(register, offset) of a doubleword that is stored by the stack pointer."""
    if word & 0x800FF07F == 0x13023:  # sd, not below it
        return word >> 20 & 31, word >> 25 << 5 | word >> 7 & 31
    if word & 3 == 2 and word >> 13 == 7:  # c.sdsp
        return word >> 2 & 31, (word >> 10 & 7) << 3 | (word >> 7 & 7) << 6
    return None
