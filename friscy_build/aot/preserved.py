"""Which registers a function gives back as it got them: those it leaves alone, and those it saves in its frame and
loads again before it returns.

Values are followed through the function: what registers had at its entry, and addresses at a fixed distance from the
stack pointer at its entry. A place in the frame that holds a saved register is taken to be written by nobody else.
"""

from __future__ import annotations

from friscy_build.aot.effects import F0, FCSR, NONE, SP, Registers, effects, members
from friscy_build.aot.flow import Flow
from friscy_build.isa.decode import Instruction

# What a register or a place in the frame has: the number of a register at the entry, or, above FCSR, FRAME plus a
# distance from the stack pointer at the entry.
Known = int
FRAME = 1 << 32

_SAVES = {"sd": 0, "fsd": F0}  # by name: what is added to rs2 for the number of the register that is saved
_RESTORES = {"ld": 0, "fld": F0}
_NARROW = {"sb": 1, "sh": 2, "sw": 4, "fsw": 4}
_MOVES = ("addi", "add")


class _State:
    """registers: what is known of those that have not what they had at the entry; 0: nothing. frame: what is known of
    the 8 bytes at a distance from the entry's stack pointer."""

    __slots__ = ("frame", "registers")

    def __init__(self, registers: dict[int, Known], frame: dict[int, Known]) -> None:
        self.registers, self.frame = registers, frame

    def get(self, register: int) -> Known:
        known = self.registers.get(register)
        return known if known is not None else FRAME if register == SP else register

    def meet(self, other: _State) -> _State:
        if self.registers == other.registers and self.frame == other.frame:
            return self
        merged = {}
        for r in self.registers.keys() | other.registers.keys():
            known = self.get(r)
            if other.get(r) != known:
                merged[r] = 0
            elif known != (FRAME if r == SP else r):
                merged[r] = known
        theirs = other.frame
        return _State(merged, {at: known for at, known in self.frame.items() if theirs.get(at) == known})

    def step(self, i: Instruction) -> None:
        """Follow one instruction."""
        name = i.row.name
        if name in _SAVES or name in _NARROW:
            at = self.get(i.rs1)
            if at > FCSR:
                place = at + i.imm
                for near in range(place - 7, place + _NARROW.get(name, 8)):
                    self.frame.pop(near, None)
                if name in _SAVES:
                    known = self.get(i.rs2 + _SAVES[name])
                    if known:
                        self.frame[place] = known
            return
        if name in _RESTORES:
            at = self.get(i.rs1)
            target = i.rd + _RESTORES[name]
            if target:
                self._set(target, self.frame.get(at + i.imm, 0) if at > FCSR else 0)
        elif name == "addi" and i.rd:
            at = self.get(i.rs1) if i.rs1 else 0
            self._set(i.rd, at + i.imm if at > FCSR else at if i.imm == 0 else 0)
        elif name == "add" and i.rd and 0 in (i.rs1, i.rs2):
            source = i.rs1 or i.rs2
            self._set(i.rd, self.get(source) if source else 0)
        else:
            for register in members(effects(i)[1]):
                self.registers[register] = 0

    def _set(self, register: int, known: Known) -> None:
        if known == (FRAME if register == SP else register):
            self.registers.pop(register, None)
        else:
            self.registers[register] = known


def intact(flow: Flow, saved: Registers, called: Registers) -> dict[int, Registers]:
    """By block: those of `saved` that surely are at its end what they were at the function's entry.

    called: what a call may change.
    """
    changed_by_calls = dict.fromkeys(members(called), 0)
    starts: dict[int, _State] = {flow.number[flow.graph.entry]: _State({}, {})}
    result: dict[int, Registers] = {}
    waiting = {flow.number[flow.graph.entry]}
    while waiting:
        k = max(waiting)  # the first of those in the order of control
        waiting.discard(k)
        block, begin = flow.blocks[k], starts[k]
        state = _State(dict(begin.registers), dict(begin.frame))
        step = state.step
        for _, i in block.code:
            step(i)
        lost = NONE
        for register in state.registers:
            lost |= 1 << register
        result[block.pc] = saved & ~lost
        if flow.calls[k]:
            state.registers.update(changed_by_calls)
        for after in flow.after[k]:
            before = starts.get(after)
            merged = state if before is None else before.meet(state)
            if merged is not before:
                if before is not None and (merged.registers, merged.frame) == (
                    before.registers,
                    before.frame,
                ):
                    continue
                starts[after] = merged
                waiting.add(after)
    return result
