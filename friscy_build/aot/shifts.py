"""Pairs of shifts that together take some bits of a register: what compilers write for a cast, or an unsigned index.

    slli t, s, 32; srli d, t, 30       d = (s as u32) << 2
    slli d, s, 48; srai d, d, 48       d = s as i16

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

    def wasm(self) -> bytes:
        """What makes the result of the source, both on the stack."""
        left, right = self.left, self.right
        if self.signed:
            parts = [OPCODES[_SIGNED[left]], _shift("i64.shr_s", right - left)]
        elif right > left:
            parts = [_shift("i64.shr_u", right - left), _low(64 - right)]
        else:
            parts = [_low(64 - left)]
        return b"".join((*parts, _shift("i64.shl", left - right)))


def _shift(op: str, distance: int) -> bytes:
    return wasm.I64_CONST + sleb(distance) + OPCODES[op] if distance > 0 else b""


def _low(nbits: int) -> bytes:
    if nbits == 32:
        return OPCODES["i32.wrap_i64"] + OPCODES["i64.extend_i32_u"]
    return wasm.I64_CONST + sleb((1 << nbits) - 1) + OPCODES["i64.and"]


def find_pairs(code: Sequence[tuple[int, Instruction]]) -> dict[int, Pair | None]:
    """By place in a block: the pair that a shift to the right ends; None for one to the left that has no use then."""
    found: dict[int, Pair | None] = {}
    shifted: dict[int, tuple[int, int, int]] = {}  # by register: its source, how far, and where in the block
    for k, (_, i) in enumerate(code):
        name = i.row.name
        pair = None
        if name in ("srli", "srai") and i.rs1 in shifted and i.rd:
            source, left, at = shifted[i.rs1]
            signed = name == "srai"
            if not signed or left in _SIGNED:
                pair = Pair(source, left, i.imm, signed)
        if pair is not None:
            if at == k - 1 and i.rd == i.rs1:
                found[at] = None
                found[k] = pair
            elif pair.source != i.rs1:
                found[k] = pair
        written = effects(i)[1]
        if shifted:
            shifted = {
                r: each for r, each in shifted.items() if not (written >> r & 1 or written >> each[0] & 1)
            }
        if name == "slli" and i.rd and 0 < i.imm < 64:
            shifted[i.rd] = i.rs1, i.imm, k
    return found
