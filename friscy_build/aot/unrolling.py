"""Loops that have few turns, always as many: they are written one after the other, and look for no interrupt.

    li a5, 8
    again: xor a3, a1, a0; addiw a5, a5, -1; ...; andi a5, a5, 255; beqz a3, over; slli a0, a6, 48; over: bnez a5, again

What counts is computed here, from constants that come in, as the oracle does it. The host's compiler then finds what
each turn's count is, and that nobody wants it. What turns leave that only move bits may be computed at once
(`gf2_loops`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from friscy_build.aot.effects import NONE, effects, is_access, is_cheap, members
from friscy_build.aot.flow import Flow
from friscy_build.aot.graph import Block, End
from friscy_build.isa.decode import Instruction
from friscy_build.isa.evaluate import Evaluator

_MOST_TURNS, _MOST_INSTRUCTIONS = 16, 160  # written
_MOST_BLOCKS = 64  # that are looked at for a constant
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
    known = _Known()
    known.follow(outside[0].code)
    read = written = NONE
    for k in (flow.number[block.pc] for block in turn):
        read, written = read | flow.reads[k], written | flow.writes[k]
    for register in members(read & ~written):
        if not known.has(register):
            known.learn(register, _constant(flow, outside[0], register))
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


def _constant(flow: Flow, block: Block, register: int) -> int | None:
    """What a register always has at the end of a block; None where that is not known.

    Compilers load constants before the outermost loop.
    """
    pending, seen, values = [flow.number[block.pc]], set[int](), set[int]()
    while pending:
        k = pending.pop()
        if k in seen:
            continue
        seen.add(k)
        if flow.calls[k] or len(seen) > _MOST_BLOCKS:
            return None
        if flow.writes[k] >> register & 1:
            known = _Known()
            known.follow(flow.blocks[k].code)
            value = known.values().get(register)
            if value is None:
                return None
            values.add(value)
        elif flow.blocks[k].pc == flow.graph.entry or len(values) > 1:
            return None
        else:
            pending += flow.before[k]
    return values.pop() if len(values) == 1 else None


def _is_plain(i: Instruction) -> bool:
    """Whether an instruction computes an integer, or loads or stores."""
    return i.row.extension in ("I", "M") and (is_cheap(i) or is_access(i) or i.row.extension == "M")


class _Known:
    """The registers that hold constants, and what they are."""

    def __init__(self) -> None:
        self._values: dict[int, int] = {}
        self._hart = Evaluator()

    def has(self, register: int) -> bool:
        return register in self._values

    def values(self) -> dict[int, int]:
        return dict(self._values)

    def learn(self, register: int, value: int | None) -> None:
        if value is not None:
            self._values[register] = value

    def follow(self, code: Sequence[tuple[int, Instruction]]) -> None:
        for pc, i in code:
            if is_cheap(i) and self._run(pc, i):
                self._values[i.rd] = self._hart.x_registers[i.rd]
            else:
                self.forget([(pc, i)])

    def forget(self, code: Sequence[tuple[int, Instruction]]) -> None:
        """Note that instructions may have been done."""
        for _, i in code:
            for register in members(effects(i)[1]):
                self._values.pop(register, None)

    def branches(self, pc: int, i: Instruction) -> bool | None:
        """Whether a branch is taken; None where that is not known."""
        return self._hart.at != pc + i.nbytes if self._run(pc, i) else None

    def _run(self, pc: int, i: Instruction) -> bool:
        """Run an instruction, if what it reads is known."""
        for register in members(effects(i)[0]):
            if register not in self._values:
                return False
            self._hart.x_registers[register] = self._values[register]
        self._hart.memory.write(pc, i.word.to_bytes(i.nbytes, "little"))
        self._hart.at = pc
        self._hart.step()
        return True
