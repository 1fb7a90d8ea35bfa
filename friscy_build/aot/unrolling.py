"""Loops that have few turns, always as many: they are written one after the other, and look for no interrupt.

    li a5, 8
    again: xor a3, a1, a0; addiw a5, a5, -1; ...; andi a5, a5, 255; beqz a3, over; slli a0, a6, 48; over: bnez a5, again

What counts is computed here, from constants that come in, as the oracle does it. The host's compiler then finds what
each turn's count is, and that nobody wants it. What turns leave that only move bits may be computed at once
(`gf2_loops`).
"""

from __future__ import annotations

from dataclasses import dataclass

from friscy_build.aot.constants import Known, find_constant
from friscy_build.aot.effects import NONE, effects, is_access, is_cheap, members
from friscy_build.aot.flow import Flow
from friscy_build.aot.graph import Block, End
from friscy_build.isa.decode import Instruction

_MOST_TURNS, _MOST_INSTRUCTIONS = 16, 160  # written
_STRAIGHT = (End.FALL, End.JUMP, End.BRANCH)


@dataclass(frozen=True, slots=True)
class Unrolled:
    """nturns: how many turns a loop has. blocks: of a turn; the first skips `skipped`, if that is one (`ways`).

    constants: registers that are known before the loop, and what they are.
    """

    nturns: int
    blocks: tuple[Block, ...]
    skipped: Block | None
    constants: dict[int, int]

    @property
    def turn(self) -> tuple[Block, ...]:
        """All blocks of a turn, what may be skipped among them."""
        return self.blocks if self.skipped is None else (self.blocks[0], self.skipped, *self.blocks[1:])


def find_unrolled(flow: Flow, header: Block, skipped: Block | None) -> Unrolled | None:
    """The turns of a loop that `header` begins; None where they are not known, or too many.

    skipped: the block that header's branch skips, where that is done by a choice; else it is the loop by itself.
    """
    blocks = [header]
    if skipped is not None:
        last = flow.graph.blocks[header.target]
        blocks.append(last)
        before = {flow.blocks[k].pc for k in flow.before[flow.number[last.pc]]}
        if before != {header.pc, skipped.pc}:
            return None
    last = blocks[-1]
    turn = blocks if skipped is None else [*blocks, skipped]
    ninstructions = sum(len(block.code) for block in turn)
    if last.end is not End.BRANCH or last.target != header.pc or header.cold:
        return None
    if not all(_is_plain(i) for block in blocks for _, i in block.code[:-1]):
        return None
    outside = [flow.blocks[k] for k in flow.before[flow.number[header.pc]] if flow.blocks[k].pc != last.pc]
    if len(outside) != 1 or outside[0].end not in _STRAIGHT or outside[0].pc < 0:
        return None
    outer = flow.number[outside[0].pc]
    known = Known()
    known.follow(outside[0].code)
    read = written = NONE
    for k in (flow.number[block.pc] for block in turn):
        read, written = read | flow.reads[k], written | flow.writes[k]
    for register in members(read & ~written):
        if not known.has(register):
            known.learn(register, find_constant(flow, [outer], register))
    constants = known.values()
    counting = effects(last.code[-1][1])[0]
    if not any(known.has(register) for register in members(counting)):
        return None
    for nturns in range(1, min(_MOST_TURNS, _MOST_INSTRUCTIONS // ninstructions) + 1):
        known.follow(header.code[:-1])
        if skipped is not None:
            known.forget(skipped.code)
            known.follow(last.code[:-1])
        taken = known.branches(*last.code[-1])
        if taken is None:
            return None
        if not taken:
            return Unrolled(nturns, tuple(blocks), skipped, constants)
    return None


def _is_plain(i: Instruction) -> bool:
    """Whether an instruction computes an integer, or loads or stores."""
    return i.row.extension in ("I", "M") and (is_cheap(i) or is_access(i) or i.row.extension == "M")
