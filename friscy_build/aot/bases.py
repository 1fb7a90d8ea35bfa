"""Which registers are known to hold addresses in the guest's range, so that accesses through them need no check.

A check of a base register holds for all accesses through it until it changes: it is made for the farthest offset
that the rest of its block uses.
"""

from __future__ import annotations

from friscy_build.aot.effects import effects, is_access
from friscy_build.aot.graph import Block, Graph
from friscy_build.aot.liveness import CALLS

REACH = 2048  # of a negative offset
_ACCESS_BYTES = 8


class Facts:
    """What is known of each register: how many bytes from it lie in the range, and whether REACH bytes before it do."""

    __slots__ = ("after", "before")

    def __init__(self, after: dict[int, int] | None = None, before: set[int] | None = None) -> None:
        self.after, self.before = after or {}, before or set()

    def copy(self) -> Facts:
        return Facts(dict(self.after), set(self.before))

    def holds(self, register: int, offset: int) -> bool:
        """Whether an access at `register` + `offset` is in the range."""
        if offset < 0:
            return register in self.before
        return self.after.get(register, 0) >= offset + _ACCESS_BYTES

    def learn(self, register: int, offset: int, reach: int) -> int:
        """Note that a check was made for `offset`, and with it for up to `reach` bytes; how many to check for."""
        reach = max(reach, offset + _ACCESS_BYTES, _ACCESS_BYTES)
        if offset < 0:
            self.before.add(register)
        self.after[register] = max(reach, self.after.get(register, 0))
        return reach

    def forget(self, register: int) -> None:
        self.after.pop(register, None)
        self.before.discard(register)

    def meet(self, other: Facts) -> Facts:
        """What holds where either of two ways was taken."""
        common = {r: min(n, other.after[r]) for r, n in self.after.items() if r in other.after}
        return Facts(common, self.before & other.before)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Facts) and (self.after, self.before) == (other.after, other.before)

    __hash__ = None  # type: ignore[assignment]


def reaches(block: Block) -> list[int]:
    """For each instruction: the bytes behind its rs1 that it and later accesses through the same value touch."""
    result = [0] * len(block.code)
    farthest: dict[int, int] = {}
    for k in range(len(block.code) - 1, -1, -1):
        i = block.code[k][1]
        for register in effects(i)[1]:
            farthest.pop(register, None)
        if is_access(i):
            offset = i.imm if "imm" in i.row.fields else 0
            farthest[i.rs1] = max(farthest.get(i.rs1, 0), offset + _ACCESS_BYTES)
            result[k] = farthest[i.rs1]
    return result


def _transfer(block: Block, facts: Facts) -> Facts:
    for (_, i), reach in zip(block.code, reaches(block), strict=True):
        if is_access(i):
            offset = i.imm if "imm" in i.row.fields else 0
            if not facts.holds(i.rs1, offset):
                facts.learn(i.rs1, offset, reach)
        for register in effects(i)[1]:
            facts.forget(register)
    return Facts() if block.end in CALLS else facts


def checked_bases(graph: Graph) -> dict[int, Facts]:
    """What is known at the start of each block."""
    start: dict[int, Facts] = {graph.entry: Facts()}
    end: dict[int, Facts] = {}
    todo = [graph.entry]
    while todo:
        pc = todo.pop()
        result = _transfer(graph.blocks[pc], start[pc].copy())
        if end.get(pc) == result:
            continue
        end[pc] = result
        for after in graph.inside(graph.blocks[pc]):
            known = start.get(after)
            merged = result.copy() if known is None else known.meet(result)
            if known is None or merged != known:
                start[after] = merged
                todo.append(after)
    return {pc: start.get(pc) or Facts() for pc in graph.blocks}
