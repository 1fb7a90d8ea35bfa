"""Loops whose turns move bits and add them without carry: checksums and the like, known ones and random ones."""

from __future__ import annotations

import random

from aot_programs import op

A0, A1, A2, A3, A4, A5, T0, T1, T2 = 10, 11, 12, 13, 14, 15, 5, 6, 7


def li(rd: int, value: int) -> list[int]:
    """Load a constant of 32 bits, extended by its sign."""
    low = (value & 0xFFF ^ 0x800) - 0x800
    high = value - low & 0xFFFFF000
    high = high - (1 << 32) if high >> 31 else high
    if not high:
        return [op("addi", rd=rd, rs1=0, imm=low)]
    return [op("lui", rd=rd, imm=high), op("addiw", rd=rd, rs1=rd, imm=low)]


def turns(count: int, body: list[int], before: list[int] | None = None) -> list[int]:
    """A loop of so many turns, which A5 counts."""
    body = [*body, op("addi", rd=A5, rs1=A5, imm=-1)]
    return [*(before or []), *li(A5, count), *body, op("bne", rs1=A5, rs2=0, imm=-4 * len(body))]


def skipping(name: str, skipped: list[int], **operands: int) -> list[int]:
    return [op(name, imm=4 + 4 * len(skipped), **operands), *skipped]


def low_first(polynomial: int, width: int, *, branch: bool = True) -> list[int]:
    """A turn of a crc in A0 that takes the lowest bit of A1 first."""
    cut = (
        [op("slli", rd=A0, rs1=A3, imm=64 - width), op("srli", rd=A0, rs1=A0, imm=64 - width)]
        if width < 32
        else [op("addi", rd=A0, rs1=A3, imm=0)]
    )
    head = [
        op("xor", rd=A2, rs1=A1, rs2=A0),
        op("andi", rd=A2, rs1=A2, imm=1),
        op("srli", rd=A0, rs1=A0, imm=1),
        op("srli", rd=A1, rs1=A1, imm=1),
    ]
    if branch:
        return [*head, op("xor", rd=A3, rs1=A0, rs2=T0), *skipping("beq", cut, rs1=A2, rs2=0)]
    # crc ^= -bit & polynomial
    mask = [op("sub", rd=A2, rs1=0, rs2=A2), op("and", rd=A2, rs1=A2, rs2=T0)]
    return [*head, *mask, op("xor", rd=A0, rs1=A0, rs2=A2)]


def high_first(width: int) -> list[int]:
    """A turn of a crc of so many bits in A0 that takes the highest bit first; the data were added before."""
    return [
        op("slli", rd=A2, rs1=A0, imm=64 - width),
        op("slli", rd=A0, rs1=A0, imm=1),
        *skipping("bge", [op("xor", rd=A0, rs1=A0, rs2=T0)], rs1=A2, rs2=0),
        op("slli", rd=A0, rs1=A0, imm=64 - width),
        op("srli", rd=A0, rs1=A0, imm=64 - width),
    ]


KNOWN = {
    "crc-16/arc": turns(8, low_first(0xA001, 16), li(T0, 0xA001 - 0x10000)),
    "crc-16/x-25": turns(8, low_first(0x8408, 16), li(T0, 0x8408)),
    "crc-16/arc without branches": turns(8, low_first(0xA001, 16, branch=False), li(T0, 0xA001)),
    "crc-16/xmodem": turns(8, high_first(16), li(T0, 0x1021)),
    "crc-8": turns(8, high_first(8), li(T0, 7)),
    "crc-32": turns(8, low_first(0xEDB88320, 32), li(T0, 0xEDB88320 - (1 << 32))),
    "crc-32 without branches": turns(
        8, low_first(0xEDB88320, 32, branch=False), li(T0, 0xEDB88320 - (1 << 32))
    ),
    "a shift register": turns(
        16,
        [
            op("srli", rd=A2, rs1=A0, imm=2),
            op("xor", rd=A2, rs1=A2, rs2=A0),
            op("srli", rd=A3, rs1=A0, imm=3),
            op("xor", rd=A2, rs1=A2, rs2=A3),
            op("andi", rd=A2, rs1=A2, imm=1),
            op("slli", rd=A2, rs1=A2, imm=15),
            op("srli", rd=A0, rs1=A0, imm=1),
            op("xor", rd=A0, rs1=A0, rs2=A2),
        ],
    ),
    "Gray": turns(
        16, [op("xor", rd=A1, rs1=A1, rs2=A0), op("srli", rd=A0, rs1=A0, imm=1), op("addi", rd=A2, rs1=A2, imm=0)]
    ),
}  # fmt: skip

_REGISTERS = (A0, A1, A2, A3)
_SHIFTS = ("slli", "srli", "srai", "slliw", "srliw", "sraiw")


def random_turn(rng: random.Random) -> list[int]:
    """A turn of shifts, masks and sums of A0 to A3, most of it linear, and perhaps a choice."""

    def register() -> int:
        return rng.choice(_REGISTERS)

    def computed() -> int:
        kind = rng.random()
        if kind < 0.45:
            name = rng.choice(_SHIFTS)
            return op(name, rd=register(), rs1=register(), imm=rng.choice((1, 1, 2, 3, 7, 8, 16, 31)))
        if kind < 0.75:
            return op("xor", rd=register(), rs1=register(), rs2=register())
        if kind < 0.9:
            return op("andi", rd=register(), rs1=register(), imm=rng.choice((1, 0xFF, 0x7F, -2, 15)))
        if kind < 0.95:
            return op("xori", rd=register(), rs1=register(), imm=rng.randrange(-2048, 2048))
        return op(rng.choice(("or", "and", "add", "sltu", "mulw")), rd=register(), rs1=register(), rs2=register())

    body = [computed() for _ in range(rng.randrange(2, 9))]
    if rng.random() < 0.6:
        bit = register()
        target = rng.choice([each for each in _REGISTERS if each != bit])
        skipped = [op("xor", rd=target, rs1=target, rs2=T0)]
        if rng.random() < 0.3:
            skipped = [op("slli", rd=target, rs1=target, imm=48), op("srli", rd=target, rs1=target, imm=48), *skipped]
        if rng.random() < 0.7:
            body.append(op("andi", rd=bit, rs1=bit, imm=1))
            body += skipping(rng.choice(("beq", "bne")), skipped, rs1=bit, rs2=0)
        else:
            body += skipping(rng.choice(("bge", "blt")), skipped, rs1=bit, rs2=0)
        body += [computed() for _ in range(rng.randrange(3))]
    return body
