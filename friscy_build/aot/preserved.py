"""Which registers a function gives back as it got them: those it leaves alone, and those it saves in its frame and
loads again before it returns.

Values are followed through the function: what registers had at its entry, and addresses at a fixed distance from the
stack pointer at its entry. A place in the frame that holds a saved register is taken to be written by nobody else.
"""

from __future__ import annotations

from friscy_build.aot.effects import SP, effects
from friscy_build.aot.graph import Block, Graph
from friscy_build.isa.decode import Instruction

# ("entry", register), or ("sp", distance in bytes)
Known = tuple[str, int]


class _State:
    """registers: what is known of each; those that are not in it still have what they had at the entry, unless in
    `lost`. frame: what is known of the 8 bytes at a distance from the entry's stack pointer."""

    __slots__ = ("frame", "lost", "registers")

    def __init__(self, registers: dict[int, Known], lost: frozenset[int], frame: dict[int, Known]) -> None:
        self.registers, self.lost, self.frame = registers, lost, frame

    def get(self, register: int) -> Known | None:
        if register in self.lost:
            return None
        known = self.registers.get(register)
        return known if known is not None else ("sp", 0) if register == SP else ("entry", register)

    def meet(self, other: _State) -> _State:
        keys = self.registers.keys() | other.registers.keys()
        agreed = {r: known for r in keys if (known := self.get(r)) is not None and other.get(r) == known}
        lost = self.lost | other.lost | {r for r in keys if self.get(r) != other.get(r)}
        frame = {at: known for at, known in self.frame.items() if other.frame.get(at) == known}
        return _State({r: k for r, k in agreed.items() if r not in lost}, frozenset(lost), frame)

    def same(self, other: _State) -> bool:
        return (self.registers, self.lost, self.frame) == (other.registers, other.lost, other.frame)


_SAVES = ("sd", "c.sdsp", "c.sd", "fsd", "c.fsdsp", "c.fsd")
_RESTORES = ("ld", "c.ldsp", "c.ld", "fld", "c.fldsp", "c.fld")
_ADDITIONS = ("addi", "c.addi", "c.addi16sp", "c.addi4spn")


def _step(i: Instruction, state: _State, numbers: tuple[int, int]) -> None:
    """Follow one instruction; numbers: of the register that a save reads, or a restore writes."""
    name, base = i.row.name, i.rs1
    at = state.get(base) if base or name in _ADDITIONS else None
    source, target = numbers
    result: Known | None = None
    if name in _SAVES and at is not None and at[0] == "sp":
        place = at[1] + i.imm
        for near in range(place - 7, place + 8):
            state.frame.pop(near, None)
        known = state.get(source)
        if known is not None:
            state.frame[place] = known
        return
    if name.startswith(("sb", "sh", "sw", "c.sw", "fsw")) and at is not None and at[0] == "sp":
        for near in range(at[1] + i.imm - 7, at[1] + i.imm + 4):
            state.frame.pop(near, None)
    if name in _RESTORES and at is not None and at[0] == "sp":
        result = state.frame.get(at[1] + i.imm)
    elif name in _ADDITIONS and at is not None and at[0] == "sp":
        result = "sp", at[1] + i.imm
    elif name == "c.mv":
        result = state.get(i.rs2)
    for register in effects(i)[1]:
        state.registers.pop(register, None)
        if result is not None and register == target:
            state.registers[register] = result
            state.lost -= {register}
        else:
            state.lost |= {register}


def _numbers(i: Instruction) -> tuple[int, int]:
    reads, writes = effects(i)
    others = reads - {i.rs1}
    source = next(iter(others)) if len(others) == 1 else (i.rs1 if i.rs1 in reads and not others else 0)
    return source, next(iter(writes)) if len(writes) == 1 else 0


def intact(graph: Graph, saved: frozenset[int], called: frozenset[int]) -> dict[int, frozenset[int]]:
    """By block: those of `saved` that surely are at its end what they were at the function's entry.

    called: what a call may change.
    """
    from friscy_build.aot.liveness import CALLS

    starts: dict[int, _State] = {graph.entry: _State({}, frozenset(), {})}
    result: dict[int, frozenset[int]] = {}
    work = [graph.entry]
    while work:
        pc = work.pop()
        block: Block = graph.blocks[pc]
        begin = starts[pc]
        state = _State(dict(begin.registers), begin.lost, dict(begin.frame))
        for _, i in block.code:
            _step(i, state, _numbers(i))
        wanted = {r: ("sp", 0) if r == SP else ("entry", r) for r in saved}
        result[pc] = frozenset(r for r, known in wanted.items() if state.get(r) == known)
        if block.end in CALLS:
            for register in called:
                state.registers.pop(register, None)
            state.lost |= called
        for after in graph.inside(block):
            before = starts.get(after)
            merged = state if before is None else before.meet(state)
            if before is None or not merged.same(before):
                starts[after] = _State(dict(merged.registers), merged.lost, dict(merged.frame))
                work.append(after)
    return result
