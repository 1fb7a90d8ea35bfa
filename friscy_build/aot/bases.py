"""Which registers are known to be in or near the guest's range, so that accesses through them need no check.

Around the range lies a guard of GUARD bytes that nobody can access. A register that is known to be within the range,
or at most so far outside it that an access cannot get past the guard, needs no check: the host's page protection
makes it. An access that was made tells that its address was inside the range; then the register is as near as its
offset, and may be moved by a constant without losing that. So a pointer that steps through an array is checked once.

A loop's first block is entered with its bases checked: the check is on the edges that lead there without.
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heappop, heappush

from friscy.machine.layout import GUARD, GUEST_END, GUEST_START
from friscy_build.aot.effects import NONE, RA, SP, Registers, effects, is_access, members
from friscy_build.aot.flow import Flow
from friscy_build.aot.graph import CALLS, Block, End
from friscy_build.isa.decode import Instruction

_ACCESS_BYTES = 8
_WIDENING = 4  # how often what is known at a block may get worse before a register that changed is given up
# What a direct form knows of its stack pointer, and its callers see to.
STACK_NEAR = GUARD // 2, GUARD // 2

_FAR = GUARD, GUARD
_A_STEP = GUARD // 4

Near = tuple[int, int]  # at most so many bytes before GUEST_START, and behind GUEST_END


_CONSTANT = -1


class _Step:
    """What an instruction does to Facts. base: of its access, if it makes one, and offset. written: the registers that
    it writes. source: the one that rd is then `distance` from; _CONSTANT: from 0, or with `by_pc`, the pc."""

    __slots__ = ("base", "by_pc", "distance", "idle", "offset", "source", "written")

    def __init__(self, i: Instruction) -> None:
        name = i.row.name
        self.written = members(effects(i)[1])
        self.base = i.rs1 if is_access(i) else None
        self.offset = offset_of(i)
        self.source: int | None = None
        self.distance, self.by_pc = i.imm, name == "auipc"
        if not i.rd:
            pass
        elif name == "addi" and i.rs1:
            self.source = i.rs1
        elif name == "add" and 0 in (i.rs1, i.rs2) and i.rs1 | i.rs2:
            self.source, self.distance = i.rs1 | i.rs2, 0
        elif name in ("auipc", "lui"):
            self.source = _CONSTANT
        self.idle = not self.written and self.base is None


def _step(i: Instruction) -> _Step:
    found: _Step | None = i.step
    if found is None:
        found = _Step(i)
        i.keep("step", found)
    return found


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

    def meet(self, other: Facts) -> Facts:
        """What holds where either of two ways was taken."""
        mine, theirs = self.near, other.near
        return Facts(
            {r: (max(a, theirs[r][0]), max(b, theirs[r][1])) for r, (a, b) in mine.items() if r in theirs}
        )

    def forget(self, written: Registers) -> None:
        """Note that registers have anything."""
        for register in members(written):
            self.near.pop(register, None)

    def follow(self, i: Instruction, pc: int) -> None:
        """Note what an instruction does to registers."""
        self._take(i.step or _step(i), pc)

    def follow_all(self, code: Iterable[tuple[int, Instruction]]) -> None:
        """The same of all instructions of a block, which make their accesses."""
        known = self.near
        for pc, i in code:
            step: _Step = i.step or _step(i)
            if step.idle:
                continue
            if step.base is not None:
                self.accessed(step.base, step.offset)
            if step.source is not None:
                self._take(step, pc)
            elif known:
                for register in step.written:
                    if register in known:
                        del known[register]

    def _take(self, step: _Step, pc: int) -> None:
        near: Near | None = None
        if step.source is not None:
            if step.source == _CONSTANT:
                value = step.distance + (pc if step.by_pc else 0)
                near = (0, 0) if GUEST_START <= value < GUEST_END else None
            else:
                near = self._moved(step.source, step.distance)
        known = self.near
        for register in step.written:
            if register in known:
                del known[register]
        if near is not None:
            known[step.written[0]] = near

    def _moved(self, register: int, distance: int) -> Near | None:
        near = self.near.get(register)
        if near is None:
            return None
        if not distance:
            return near
        moved = max(near[0] - distance, 0), max(near[1] + distance, 0)
        return moved if max(moved) <= GUARD else None


def offset_of(i: Instruction) -> int:
    """The distance of an access from its base."""
    return i.imm if "imm" in i.row.fields else 0


# What a check before a loop, or of a stack pointer that is passed, tells. That of an access looks for addresses behind
# the range only, and the guard finds those before it: a NULL pointer's, as it finds pages that are not there.
CHECKED: Near = 0, 0


class Bases:
    """What is known over a graph. at: at each block's start. demands: what those who go to a block see to first.

    direct: whether the graph is entered with the stack pointer near the range.
    """

    def __init__(self, flow: Flow, *, direct: bool, kept: dict[int, Registers]) -> None:
        """kept: by block, the registers that the call that ends it leaves alone."""
        self._kept = kept
        graph = flow.graph
        self.demands: dict[int, tuple[int, ...]] = {}
        for k, block in enumerate(flow.blocks):
            for number in flow.after[k]:
                target = flow.blocks[number]
                if flow.is_back(block.pc, target.pc) and target.pc not in self.demands:
                    self.demands[target.pc] = _first_bases(target)
        self.demands.pop(graph.entry, None)
        for k, block in enumerate(flow.blocks):
            if block.end in CALLS or block.end in (End.TABLE, End.INDIRECT):
                for number in flow.after[k]:
                    self.demands.pop(flow.blocks[number].pc, None)
        first = Facts({SP: STACK_NEAR} if direct else {})
        start, end = self._solve(flow, first)
        while self._drop_moving(flow, end):
            start, end = self._solve(flow, first)
        self.at = {block.pc: start.get(k) or Facts() for k, block in enumerate(flow.blocks)}

    def _solve(self, flow: Flow, first: Facts) -> tuple[dict[int, Facts], dict[int, Facts]]:
        """What is known at the start and at the end of each block, by number; `first` at the entry."""
        entry = flow.number[flow.graph.entry]
        start: dict[int, Facts] = {entry: first}
        end: dict[int, Facts] = {}
        changes: dict[int, int] = {}
        waiting = [-entry]  # a heap: the first of those in the order of control comes first
        blocks, following, demands = flow.blocks, flow.after, self.demands
        while waiting:
            k = -heappop(waiting)
            if waiting and waiting[0] == -k:
                continue  # it is there again
            result = start[k].copy()
            result.follow_all(blocks[k].code)
            if flow.calls[k]:
                result = self.after_call(blocks[k], result)
            known = end.get(k)
            if known is not None and known.near == result.near:
                continue
            end[k] = result
            for after in following[k]:
                arriving = result
                target = blocks[after].pc
                missing = self.missing(target, arriving) if target in demands else ()
                if missing:
                    arriving = result.copy()
                    for register in missing:
                        arriving.learn(register, CHECKED)
                known = start.get(after)
                merged = arriving if known is None else known.meet(arriving)
                if known is None or merged.near != known.near:
                    changes[after] = changes.get(after, 0) + 1
                    if known is not None and changes[after] > _WIDENING:
                        merged = Facts({r: n for r, n in merged.near.items() if known.near.get(r) == n})
                    start[after] = merged
                    heappush(waiting, -after)
        return start, end

    def _drop_moving(self, flow: Flow, end: dict[int, Facts]) -> bool:
        """Demand nothing that a way back would have to check: that costs a branch where the access costs none."""
        dropped = False
        for k, block in enumerate(flow.blocks):
            for number in flow.after[k]:
                target = flow.blocks[number].pc
                if k not in end or not flow.is_back(block.pc, target):
                    continue
                moving = self.missing(target, end[k])
                if moving:
                    self.demands[target] = tuple(r for r in self.demands[target] if r not in moving)
                    dropped = True
        return dropped

    def missing(self, target: int, facts: Facts) -> list[int]:
        """The registers to check before going to a block, where `facts` are known."""
        wanted = self.demands.get(target)
        if not wanted:
            return []
        return [register for register in wanted if max(facts.near.get(register, _FAR)) > _A_STEP]

    def after_call(self, block: Block, facts: Facts) -> Facts:
        """What is still known behind the call that ends a block."""
        if not facts.near:
            return facts
        kept = self._kept.get(block.pc, NONE) & ~(1 << RA)
        return Facts({r: near for r, near in facts.near.items() if kept >> r & 1})


def _first_bases(block: Block) -> tuple[int, ...]:
    """The bases of a block's accesses that are as at its start."""
    found = written = NONE
    for _, i in block.code:
        if is_access(i) and i.rs1 and not written >> i.rs1 & 1:
            found |= 1 << i.rs1
        written |= effects(i)[1]
    return members(found)
