"""Pairs of shifts that are one thing: a cast, an unsigned index, or a rotation.

    slli t, s, 32; srli d, t, 30                  d = (s as u32) << 2
    slli d, s, 48; srai d, d, 48                  d = s as i16
    srliw t, s, 7; slliw u, s, 25; or d, t, u     d = s rotated by 7

The host has an instruction or an addressing mode for most of them, and its compiler finds it where the second shift is
written as what the pair means. The first one costs nothing where nobody else looks at what it left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from friscy_build.aot.effects import effects
from friscy_build.isa.decode import Instruction
from friscy_build.wasm import opcodes as wasm
from friscy_build.wasm.binary import sleb
from friscy_build.wasm.opcodes import OPCODES

_SIGNED = {56: "i64.extend8_s", 48: "i64.extend16_s", 32: "i64.extend32_s"}


@dataclass(frozen=True, slots=True)
class Pair:
    """`source` was shifted by `left` bits to the left, and now is by `right` to the right."""

    source: int
    left: int
    right: int
    signed: bool

    def wasm(self, *, narrow: bool = False) -> bytes:
        """What makes the result of the source, both on the stack. narrow: its upper half may be anything."""
        left, right = self.left, self.right
        if self.signed:
            parts = [OPCODES[_SIGNED[left]], _shift("i64.shr_s", right - left)]
        elif right > left:
            parts = [_shift("i64.shr_u", right - left), _low(64 - right)]
        else:
            parts = [_low(64 - left)]
        return b"".join((*parts, _shift("i64.shl", left - right)))


@dataclass(frozen=True, slots=True)
class Rotation:
    """The low `width` bits of `source`, rotated by `left` to the left."""

    source: int
    left: int
    width: int

    def wasm(self, *, narrow: bool = False) -> bytes:
        """What makes the result of the source, both on the stack. narrow: its upper half may be anything."""
        if self.width == 64:
            return wasm.I64_CONST + sleb(self.left) + OPCODES["i64.rotl"]
        rotated = OPCODES["i32.wrap_i64"] + wasm.I32_CONST + sleb(self.left) + OPCODES["i32.rotl"]
        return rotated + OPCODES["i64.extend_i32_u" if narrow else "i64.extend_i32_s"]


def _shift(op: str, distance: int) -> bytes:
    return wasm.I64_CONST + sleb(distance) + OPCODES[op] if distance > 0 else b""


def _low(nbits: int) -> bytes:
    if nbits == 32:
        return OPCODES["i32.wrap_i64"] + OPCODES["i64.extend_i32_u"]
    return wasm.I64_CONST + sleb((1 << nbits) - 1) + OPCODES["i64.and"]


_SHIFTS = {"slli": 64, "srli": 64, "slliw": 32, "srliw": 32}  # the width of what is shifted
_Shift = tuple[str, int, int, int]  # its name, what was shifted and how far, and where in the block


def find_pairs(code: Sequence[tuple[int, Instruction]]) -> dict[int, Pair | Rotation | None]:
    """By place in a block: the pair that an instruction ends; None for a shift to the left that has no use then."""
    found: dict[int, Pair | Rotation | None] = {}
    shifted: dict[int, _Shift] = {}  # by register
    for k, (_, i) in enumerate(code):
        name = i.row.name
        if name in ("srli", "srai") and i.rs1 in shifted and i.rd:
            first, source, left, at = shifted[i.rs1]
            signed = name == "srai"
            pair = Pair(source, left, i.imm, signed)
            if first != "slli" or (signed and left not in _SIGNED):
                pass
            elif at == k - 1 and i.rd == i.rs1:
                found[at] = None
                found[k] = pair
            elif source != i.rs1:
                found[k] = pair
        elif name in ("or", "xor") and i.rd and i.rs1 in shifted and i.rs2 in shifted:
            rotation = _rotation(shifted[i.rs1], shifted[i.rs2])
            if rotation is not None and rotation.source not in (i.rs1, i.rs2):
                found[k] = rotation
        if shifted:
            written = effects(i)[1]
            shifted = {
                r: each for r, each in shifted.items() if not (written >> r & 1 or written >> each[1] & 1)
            }
        if name in _SHIFTS and i.rd and i.imm:
            shifted[i.rd] = name, i.rs1, i.imm, k
    return found


def _rotation(a: _Shift, b: _Shift) -> Rotation | None:
    """What two shifts of the same register are together."""
    left, right = (a, b) if a[0].startswith("sll") else (b, a)
    width = _SHIFTS[left[0]]
    same = left[1] == right[1] and left[2] + right[2] == width == _SHIFTS[right[0]]
    if not same or not left[0].startswith("sll") or not right[0].startswith("srl"):
        return None
    return Rotation(left[1], left[2], width)
