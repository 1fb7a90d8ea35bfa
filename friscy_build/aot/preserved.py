"""Which registers a function gives back as it got them: those it leaves alone, and those it saves in its frame and
loads again before it returns.

Values are followed through the function: what registers had at its entry, and addresses at a fixed distance from the
stack pointer at its entry. A place in the frame that holds a saved register is taken to be written by nobody else.
"""

from __future__ import annotations

from heapq import heappop, heappush

from friscy_build.aot.effects import F0, FCSR, NONE, SP, Registers, effects, registers
from friscy_build.aot.flow import Flow
from friscy_build.isa.decode import Instruction

# What a register or a place in the frame has: the number of a register at the entry, or, above FCSR, FRAME plus a
# distance from the stack pointer at the entry.
Known = int
FRAME = 1 << 32

_SAVES = {"sd": 0, "fsd": F0}  # by name: what is added to rs2 for the number of the register that is saved
_RESTORES = {"ld": 0, "fld": F0}
_NARROW = {"sb": 1, "sh": 2, "sw": 4, "fsw": 4}
_FOLLOWED = {*_SAVES, *_RESTORES, *_NARROW, "addi", "add"}


class _State:
    """lost: registers of which nothing is known. moved: what is known of the others that have not what they had at the
    entry. frame: what is known of the 8 bytes at a distance from the entry's stack pointer."""

    __slots__ = ("frame", "lost", "moved")

    def __init__(self, lost: Registers, moved: dict[int, Known], frame: dict[int, Known]) -> None:
        self.lost, self.moved, self.frame = lost, moved, frame

    def copy(self) -> _State:
        return _State(self.lost, dict(self.moved), dict(self.frame))

    def is_like(self, other: _State) -> bool:
        """Whether it knows the same."""
        return self.lost == other.lost and self.moved == other.moved and self.frame == other.frame

    def get(self, register: int) -> Known:
        if self.lost >> register & 1:
            return 0
        known = self.moved.get(register)
        return known if known is not None else FRAME if register == SP else register

    def meet(self, other: _State) -> _State:
        if self.is_like(other):
            return self
        lost, moved, frame = self.lost | other.lost, self.moved, self.frame
        if moved != other.moved:
            for r in moved.keys() | other.moved.keys():
                if self.get(r) != other.get(r):
                    lost |= 1 << r
        moved = {r: known for r, known in moved.items() if not lost >> r & 1}
        if frame != other.frame:
            theirs = other.frame
            frame = {at: known for at, known in frame.items() if theirs.get(at) == known}
        return _State(lost, moved, frame)

    def lose(self, registers: Registers) -> None:
        """Know nothing of these any more."""
        self.lost |= registers
        for register in [r for r in self.moved if registers >> r & 1]:
            del self.moved[register]

    def step(self, i: Instruction) -> None:
        """Follow one instruction."""
        name = i.row.name
        if name not in _FOLLOWED:
            written = effects(i)[1]
            self.lost |= written
            if self.moved:
                self.lose(written)
        elif name in _SAVES or name in _NARROW:
            at = self.get(i.rs1)
            if at > FCSR:
                self._store(i, at + i.imm)
        elif name in _RESTORES:
            at = self.get(i.rs1)
            target = i.rd + _RESTORES[name]
            if target:
                self._set(target, self.frame.get(at + i.imm, 0) if at > FCSR else 0)
        elif not i.rd:
            pass
        elif name == "addi":
            at = self.get(i.rs1) if i.rs1 else 0
            self._set(i.rd, at + i.imm if at > FCSR else at if i.imm == 0 else 0)
        else:
            source = (i.rs1 or i.rs2) if 0 in (i.rs1, i.rs2) else 0
            self._set(i.rd, self.get(source) if source else 0)

    def _store(self, i: Instruction, place: int) -> None:
        name, frame = i.row.name, self.frame
        for near in range(place - 7, place + _NARROW.get(name, 8)):
            if near in frame:
                del frame[near]
        if name in _SAVES:
            known = self.get(i.rs2 + _SAVES[name])
            if known:
                frame[place] = known

    def _set(self, register: int, known: Known) -> None:
        self.moved.pop(register, None)
        if not known:
            self.lost |= 1 << register
            return
        self.lost &= ~(1 << register)
        if known != (FRAME if register == SP else register):
            self.moved[register] = known


def intact(flow: Flow, saved: Registers, called: Registers) -> dict[int, Registers]:
    """By the last instruction of a block: those of `saved` that surely are behind it what they were at the entry, in
    each copy of the block.

    called: what a call may change.
    """
    entry = flow.number[flow.graph.entry]
    starts: dict[int, _State] = {entry: _State(NONE, {}, {})}
    found: dict[int, Registers] = {}
    waiting = [-entry]  # a heap: the first of those in the order of control comes first
    while waiting:
        k = -heappop(waiting)
        if waiting and waiting[0] == -k:
            continue  # it is there again
        block, state = flow.blocks[k], starts[k].copy()
        step = state.step
        for _, i in block.code:
            step(i)
        found[k] = saved & ~(state.lost | registers(state.moved))
        if flow.calls[k]:
            state.lose(called)
        for after in flow.after[k]:
            before = starts.get(after)
            merged = state if before is None else before.meet(state)
            if before is None or not merged.is_like(before):
                starts[after] = merged
                heappush(waiting, -after)
    result: dict[int, Registers] = {}
    for k, registers_there in found.items():
        last = flow.blocks[k].last_pc
        result[last] = result.get(last, saved) & registers_there
    return result
