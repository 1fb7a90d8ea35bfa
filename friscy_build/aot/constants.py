"""Which registers hold constants in a function, and what they are: computed as the oracle computes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from friscy_build.aot.effects import NONE, Registers, effects, is_cheap, members
from friscy_build.aot.flow import Flow
from friscy_build.isa.decode import Instruction
from friscy_build.isa.evaluate import Evaluator

_MOST_BLOCKS = 64  # that are looked at for a constant


class Known:
    """The registers that hold constants, and what they are."""

    def __init__(self, before: Callable[[int], int | None] | None = None) -> None:
        """before: what a register is known to have had before the instructions that are followed."""
        self._values: dict[int, int] = {}
        self._before = before
        self._asked = NONE  # registers that were asked for, or have been written
        self._hart = Evaluator()

    def has(self, register: int) -> bool:
        """Whether it is known what a register has."""
        if register not in self._values and self._before is not None and not self._asked >> register & 1:
            self._asked |= 1 << register
            self.learn(register, self._before(register))
        return register in self._values

    def values(self) -> dict[int, int]:
        """What is known, by register, as a number without a sign."""
        return dict(self._values)

    def learn(self, register: int, value: int | None) -> None:
        """Note what a register has, if that is known."""
        if value is not None:
            self._values[register] = value

    def follow(self, code: Iterable[tuple[int, Instruction]]) -> None:
        """Note what instructions do."""
        for pc, i in code:
            self.compute(pc, i)

    def compute(self, pc: int, i: Instruction) -> int | None:
        """Note what an instruction does, and give what it leaves in its register; None where that is not known."""
        if not is_cheap(i) or not i.rd or not self._run(pc, i):
            self.forget([(pc, i)])
            return None
        self._asked |= 1 << i.rd
        self._values[i.rd] = value = self._hart.x_registers[i.rd]
        return value

    def forget(self, code: Sequence[tuple[int, Instruction]]) -> None:
        """Note that instructions may have been done."""
        for _, i in code:
            written = effects(i)[1]
            self._asked |= written
            for register in members(written):
                self._values.pop(register, None)

    def branches(self, pc: int, i: Instruction) -> bool | None:
        """Whether a branch is taken; None where that is not known."""
        return self._hart.at != pc + i.nbytes if self._run(pc, i) else None

    def _run(self, pc: int, i: Instruction) -> bool:
        """Run an instruction, if what it reads is known."""
        for register in members(effects(i)[0]):
            if not self.has(register):
                return False
            self._hart.x_registers[register] = self._values[register]
        self._hart.memory.write(pc, i.word.to_bytes(i.nbytes, "little"))
        self._hart.at = pc
        self._hart.step()
        return True


def find_constant(flow: Flow, blocks: Iterable[int], register: int, saved: Registers = NONE) -> int | None:
    """What a register always has where any of some blocks ends, by number; None where that is not known.

    saved: registers that calls leave as they are. Compilers load constants before the outermost loop.
    """
    pending, seen, values = list(blocks), set[int](), set[int]()
    while pending:
        k = pending.pop()
        if k in seen:
            continue
        seen.add(k)
        if (flow.calls[k] and not saved >> register & 1) or len(seen) > _MOST_BLOCKS:
            return None
        if flow.writes[k] >> register & 1:
            known = Known()
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
