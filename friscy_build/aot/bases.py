"""Which registers are known to be in or near the guest's range, so that accesses through them need no check.

Around the range lies a guard of GUARD bytes that nobody can access. A register that is known to be within the range,
or at most so far outside it that an access cannot get past the guard, needs no check: the host's page protection
makes it. An access that was made tells that its address was inside the range; then the register is as near as its
offset, and may be moved by a constant without losing that. So a pointer that steps through an array is checked once.

A loop's first block is entered with its bases checked: the check is on the edges that lead there without.
"""

from __future__ import annotations

from friscy.machine.layout import GUARD, GUEST_END, GUEST_START
from friscy_build.aot.effects import RA, SP, effects, is_access
from friscy_build.aot.graph import Block, End, Graph
from friscy_build.aot.liveness import CALLS
from friscy_build.isa.decode import Instruction

_ACCESS_BYTES = 8
_WIDENING = 4  # how often what is known at a block may get worse before a register that changed is given up
# What a direct form knows of its stack pointer, and its callers see to.
STACK_NEAR = GUARD // 2, GUARD // 2

_FAR = GUARD, GUARD
_A_STEP = GUARD // 4

Near = tuple[int, int]  # at most so many bytes before GUEST_START, and behind GUEST_END


class Facts:
    """What is known of registers."""

    __slots__ = ("near",)

    def __init__(self, near: dict[int, Near] | None = None) -> None:
        self.near = near or {}

    def copy(self) -> Facts:
        return Facts(dict(self.near))

    def holds(self, register: int, offset: int) -> bool:
        """Whether an access at `register` + `offset` cannot get past the guard."""
        near = self.near.get(register)
        if near is None:
            return False
        before, behind = near
        return before - min(offset, 0) <= GUARD and behind + max(offset, 0) + _ACCESS_BYTES <= GUARD

    def learn(self, register: int, near: Near) -> None:
        """Note what a check tells; knowledge only grows."""
        known = self.near.get(register, near)
        self.near[register] = min(known[0], near[0]), min(known[1], near[1])

    def accessed(self, register: int, offset: int) -> None:
        """Note that an access at `register` + `offset` was made: it was inside the range."""
        self.learn(register, (max(offset, 0), max(-offset, 0)))

    def forget(self, register: int) -> None:
        self.near.pop(register, None)

    def meet(self, other: Facts) -> Facts:
        """What holds where either of two ways was taken."""
        mine, theirs = self.near, other.near
        return Facts(
            {r: (max(a, theirs[r][0]), max(b, theirs[r][1])) for r, (a, b) in mine.items() if r in theirs}
        )

    def follow(self, i: Instruction, pc: int) -> None:
        """Note what an instruction does to registers."""
        name = i.row.name
        target: int | None = None
        near: Near | None = None
        if name in ("addi", "c.addi", "c.addi16sp", "c.addi4spn"):
            target, near = i.rd, self._moved(i.rs1, i.imm)
        elif name == "c.mv":
            target, near = i.rd, self.near.get(i.rs2)
        elif name in ("auipc", "lui", "c.lui"):
            value = i.imm + (pc if name == "auipc" else 0)
            target, near = i.rd, (0, 0) if GUEST_START <= value < GUEST_END else None
        for register in effects(i)[1]:
            self.forget(register)
        if target and near is not None:
            self.near[target] = near

    def _moved(self, register: int, distance: int) -> Near | None:
        near = self.near.get(register)
        if near is None:
            return None
        moved = max(near[0] - distance, 0), max(near[1] + distance, 0)
        return moved if max(moved) <= GUARD else None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Facts) and self.near == other.near

    __hash__ = None  # type: ignore[assignment]


def offset_of(i: Instruction) -> int:
    """The distance of an access from its base."""
    return i.imm if "imm" in i.row.fields else 0


# What a check tells. It could let the guard find addresses below the range, such as a NULL pointer's; but those should
# be found with all registers in the hart.
CHECKED: Near = 0, 0


class Bases:
    """What is known over a graph. at: at each block's start. demands: what those who go to a block see to first.

    direct: whether the graph is entered with the stack pointer near the range.
    """

    def __init__(self, graph: Graph, *, direct: bool, kept: dict[int, frozenset[int]]) -> None:
        """kept: by block, the registers that the call that ends it leaves alone."""
        self._kept = kept
        first = Facts({SP: STACK_NEAR} if direct else {})
        self.demands: dict[int, set[int]] = {}
        for block in graph.blocks.values():
            for target in graph.inside(block):
                if target <= block.pc and target >= 0 and target not in self.demands:
                    self.demands[target] = _first_bases(graph.blocks[target])
        self.demands.pop(graph.entry, None)
        for block in graph.blocks.values():
            if block.end in CALLS or block.end in (End.TABLE, End.INDIRECT):
                for target in graph.inside(block):
                    self.demands.pop(target, None)
        start: dict[int, Facts] = {graph.entry: first}
        end: dict[int, Facts] = {}
        changes: dict[int, int] = {}
        work = [graph.entry]
        while work:
            pc = work.pop()
            result = self._transfer(graph.blocks[pc], start[pc].copy())
            if end.get(pc) == result:
                continue
            end[pc] = result
            for after in graph.inside(graph.blocks[pc]):
                arriving = result.copy()
                for register in self.missing(after, arriving):
                    arriving.learn(register, CHECKED)
                known = start.get(after)
                merged = arriving if known is None else known.meet(arriving)
                if known is None or merged != known:
                    changes[after] = changes.get(after, 0) + 1
                    if known is not None and changes[after] > _WIDENING:
                        merged = Facts({r: n for r, n in merged.near.items() if known.near.get(r) == n})
                    start[after] = merged
                    work.append(after)
        self.at = {pc: start.get(pc) or Facts() for pc in graph.blocks}

    def missing(self, target: int, facts: Facts) -> list[int]:
        """The registers to check before going to a block, where `facts` are known."""
        wanted = sorted(self.demands.get(target, ()))
        return [register for register in wanted if max(facts.near.get(register, _FAR)) > _A_STEP]

    def _transfer(self, block: Block, facts: Facts) -> Facts:
        for pc, i in block.code:
            if is_access(i):
                offset = offset_of(i)
                if not facts.holds(i.rs1, offset):
                    facts.learn(i.rs1, CHECKED)
                facts.accessed(i.rs1, offset)
            facts.follow(i, pc)
        return self.after_call(block, facts) if block.end in CALLS else facts

    def after_call(self, block: Block, facts: Facts) -> Facts:
        kept = self._kept.get(block.pc, frozenset())
        return Facts({r: near for r, near in facts.near.items() if r in kept and r != RA})


def _first_bases(block: Block) -> set[int]:
    """The bases of a block's accesses that are as at its start."""
    found: set[int] = set()
    written: set[int] = set()
    for _, i in block.code:
        if is_access(i) and i.rs1 and i.rs1 not in written:
            found.add(i.rs1)
        written |= effects(i)[1]
    return found
