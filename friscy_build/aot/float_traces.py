"""Turns of loops with floats that are tried as one: several runs (`float_runs`) with the stores and branches between.

    again: fld a, 0(p); fmul.d a, a, m; fsd a, 0(p); fld b, 0(q); ...; bnez t, seldom; ...; bne p, e, again

A turn, or two of them, are tried like a run, but what is stored is kept until all results have been looked at; then it
is stored, and control goes on as behind the last turn. So there is one look, and one place where two ways come
together, for which all values would have to be right. In two turns what one does the other does in the other lanes.

A load of what the trace itself stores is that value. That other loads do not read what is stored is looked at: where
two bases' ranges overlap, the trace is given up. So it is where a load that comes behind a store, or behind a branch
that floats decide, for which they would have to be computed first, may be in a page that no access before has read:
what others see of a fault has to be as if all had been done one by one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from friscy.machine.layout import PAGE
from friscy_build.aot.effects import F0, effects, is_access, members
from friscy_build.aot.float_runs import FUSED, LEAST, MOST, find_runs, is_integer, is_load, move, operation
from friscy_build.aot.float_values import AT_START, Place
from friscy_build.aot.flow import Flow
from friscy_build.aot.graph import Block, End
from friscy_build.aot.locals import MAX_SAVED
from friscy_build.aot.quiet import Quiet, find_quiet
from friscy_build.isa.decode import Instruction

Root = tuple[int, Place]  # what a register had AT_START, or behind the instruction at a place of the trace
Code = Sequence[tuple[int, Instruction]]

ACCESS_BYTES = 8  # that an access reads or writes at most
_MOST_BLOCKS = 8
_MOST_APART = 4  # pairs of bases to look at


@dataclass(frozen=True, slots=True)
class Address:
    """What a register has, or an access is at: `offset` behind a root."""

    root: Root
    offset: int


@dataclass(frozen=True, slots=True)
class Range:
    """Bytes from `low` to `high` behind a root."""

    root: Root
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Trace:
    """Turns of a loop: `blocks`, and the code of all of them.

    starts: where each block's code starts. branches: those in the middle, and whether they are taken where the trace
    goes on. decided: by the places of branches that floats decide, those of the comparisons. loads, stores: what each
    of them is at. forwarded: loads of what a store has stored, by place. apart: stores and loads that must not overlap.
    pages: ranges that must not cross a page, by the first load that this is for. late: loads that cannot fault, pages
    being seen to. held: what registers have in the end. nturns: how many turns they are. nruns: of a turn.
    """

    blocks: tuple[Block, ...]
    code: Code
    starts: tuple[Place, ...]
    branches: Mapping[Place, bool]
    quiet: Quiet
    decided: Mapping[Place, Place]
    loads: Mapping[Place, Address]
    stores: Mapping[Place, Address]
    forwarded: Mapping[Place, Place]
    apart: tuple[tuple[Range, Range], ...]
    pages: Mapping[Place, Range]
    late: frozenset[Place]
    held: Mapping[int, Address]
    fused: bool
    nturns: int
    nruns: int

    @property
    def last(self) -> Block:
        return self.blocks[-1]

    @property
    def end(self) -> Place:
        """Behind the last instruction that is no jump."""
        return len(self.code) - (self.last.end is not End.FALL)

    def mate(self, k: Place) -> Place | None:
        """The same instruction in the other turn; None where there is one turn, or for the second one's."""
        turn = len(self.code) // self.nturns
        return k + turn if self.nturns == 2 and k < turn else None


def find_traces(flow: Flow) -> dict[int, tuple[Trace, ...]]:
    """The traces of a function's loops, by their first blocks: of two turns, where that may be, and of one."""
    found: dict[int, tuple[Trace, ...]] = {}
    for header in flow.blocks:
        if header.pc < 0 or not flow.back_to(header):
            continue
        chain = _chain(flow, header)
        nruns = sum(len(find_runs(block.code)) for block in chain[0]) if chain is not None else 0
        if chain is None or not nruns:
            continue
        traces = [_find_trace(header, *chain, nruns, nturns) for nturns in (2, 1)]
        if any(traces):
            found[header.pc] = tuple(each for each in traces if each is not None)
    return found


def _find_trace(
    header: Block, blocks: tuple[Block, ...], taken: Mapping[int, bool], nruns: int, nturns: int
) -> Trace | None:
    """So many turns of the loop that begins with a block; None where they are not tried as one.

    blocks, taken: of a turn, and which branches between them are taken. nruns: of floats in it.
    """
    last = blocks[-1]
    if nturns > 1:
        if last.end is not End.BRANCH or last.target == last.next_pc:
            return None
        taken = {**taken, last.pc: last.target == header.pc}
        blocks *= nturns
    code: list[tuple[int, Instruction]] = []
    starts: list[Place] = []
    branches: dict[Place, bool] = {}
    for block in blocks:
        starts.append(len(code))
        code += block.code
        if block.end is End.BRANCH:
            branches[len(code) - 1] = taken.get(block.pc, True)
    end = len(code) - (last.end is not End.FALL)
    branches.pop(end, None)
    quiet = _quiet(blocks, starts)
    decided = _decided(code, end, branches, quiet)
    if decided is None or not _may_be_tried(code, end, branches, quiet):
        return None
    accesses = _Accesses(code, end, min(decided, default=end))
    if not accesses.follow():
        return None
    operations = [each for k in range(end) if (each := operation(code[k][1])) is not None]
    fused = any(each.name in FUSED for each in operations)
    return Trace(
        blocks, code, tuple(starts), branches, quiet, decided, accesses.loads, accesses.stores, accesses.forwarded,
        accesses.apart(), accesses.pages(), accesses.late, accesses.held, fused, nturns, nruns,
    )  # fmt: skip


def _chain(flow: Flow, header: Block) -> tuple[tuple[Block, ...], dict[int, bool]] | None:
    """The blocks of a turn, and which branches between them are taken."""
    graph, blocks, taken = flow.graph, [header], dict[int, bool]()
    while True:
        block = blocks[-1]
        if not block.code or block.stub is not None or block.cold:
            return None
        after = block.successors()
        if block.end not in (End.FALL, End.BRANCH, End.JUMP) or (block.end is End.JUMP and block.code[-1][1].rd):
            return None
        if header.pc in after:
            return tuple(blocks), taken
        warm = [pc for pc in after if pc in graph.blocks and not graph.blocks[pc].cold]
        if len(warm) != 1 or block.end is End.JUMP or len(blocks) == _MOST_BLOCKS:
            return None
        (pc,) = warm
        if len(flow.before[flow.number[pc]]) != 1 or pc == graph.entry:
            return None
        if block.end is End.BRANCH:
            if len(set(after)) == 1:
                return None
            taken[block.pc] = pc == block.target
        blocks.append(graph.blocks[pc])


def _quiet(blocks: Sequence[Block], starts: Sequence[Place]) -> Quiet:
    found = [(start, find_quiet(block.code)) for start, block in zip(starts, blocks, strict=True)]
    return Quiet(
        {start + k: each for start, quiet in found for k, each in quiet.comparisons.items()},
        frozenset(start + k for start, quiet in found for k in quiet.undone),
        frozenset(start + k for start, quiet in found for k in quiet.harmless),
    )


def _decided(code: Code, end: Place, branches: Mapping[Place, bool], quiet: Quiet) -> dict[Place, Place] | None:
    """The branches that comparisons decide; None where a comparison is read by anything else."""
    written: dict[int, Place] = {}  # by register, the comparison that wrote it last
    found: dict[Place, Place] = {}
    for k in range(end):
        i = code[k][1]
        reads, writes = effects(i)
        for register in members(reads):
            if register in written:
                if k not in branches or 0 not in (i.rs1, i.rs2) or i.row.name not in ("beq", "bne"):
                    return None
                found[k] = written[register]
        if k in quiet.comparisons:
            written[i.rd] = k
        elif k not in quiet.undone:
            for register in members(writes):
                written.pop(register, None)
    return found


def _may_be_tried(code: Code, end: Place, branches: Mapping[Place, bool], quiet: Quiet) -> bool:
    """Whether all instructions are such that they may be begun again."""
    noperations = written = 0
    for k in range(end):
        i = code[k][1]
        if k in branches or k in quiet.undone:
            continue
        computes = operation(i) is not None or move(i) is not None
        noperations += computes
        plain = computes or is_load(i) or is_integer(i) or is_store(i)
        if not plain and k not in quiet.comparisons and k not in quiet.harmless:
            return False
        if is_access(i) and not i.rs1:
            return False
        written |= effects(i)[1]
    return LEAST <= noperations <= MOST and (written & (1 << F0) - 1).bit_count() <= MAX_SAVED


def is_store(i: Instruction) -> bool:
    """Whether the instruction stores a float of double precision."""
    return i.row.name == "fsd"


class _Accesses:
    """Follows the accesses of a trace: what each is at."""

    def __init__(self, code: Code, end: Place, decided: Place) -> None:
        """decided: the place of the first branch that floats decide."""
        self._code, self._end, self._decided = code, end, decided
        self._early: dict[Root, list[int]] = {}  # offsets of bytes that are always read
        self._late: list[tuple[Place, Address]] = []  # the others
        self.held: dict[int, Address] = {}
        self.loads: dict[Place, Address] = {}
        self.stores: dict[Place, Address] = {}
        self.forwarded: dict[Place, Place] = {}

    def _at(self, register: int) -> Address:
        return self.held.get(register, Address((register, AT_START), 0))

    def follow(self) -> bool:
        """Find what all accesses are at; whether the trace can be tried with them."""
        for k in range(self._end):
            i = self._code[k][1]
            if is_access(i):
                base = self._at(i.rs1)
                address = Address(base.root, base.offset + i.imm)
                if is_store(i):
                    self.stores[k] = address
                else:
                    self.loads[k] = address
                    if not self._take_load(k, address):
                        return False
            self._follow(k, i)
        roots = {each.root for each in self.stores.values()}
        roots |= {each.root for both in self.apart() for each in both}
        return len(self.apart()) <= _MOST_APART and all(map(self._is_known, roots))

    def _follow(self, k: Place, i: Instruction) -> None:
        if i.row.name == "addi" and i.rs1 and i.rd:
            base = self._at(i.rs1)
            self.held[i.rd] = Address(base.root, base.offset + i.imm)
            return
        for register in members(effects(i)[1]):
            if register < F0:
                self.held[register] = Address((register, k), 0)

    def _take_load(self, k: Place, address: Address) -> bool:
        root, offset = address.root, address.offset
        if not self.stores and k < self._decided:
            last = ACCESS_BYTES - 1 if self._code[k][1].row.name in ("fld", "ld") else 0
            self._early.setdefault(root, []).extend((offset, offset + last))
            return True
        if root not in self._early:
            return False
        for at, store in self.stores.items():
            if store.root == root and abs(store.offset - offset) < ACCESS_BYTES:
                if store.offset != offset or self._code[k][1].row.name != "fld":
                    return False
                self.forwarded[k] = at
        self._late.append((k, address))
        low, high = self._span(root)
        return high - low <= PAGE // 4

    def _span(self, root: Root) -> tuple[int, int]:
        """Where the first byte is that is loaded, and where the last one ends."""
        early, late = self._early[root], [each.offset for _, each in self._late if each.root == root]
        return min(*early, *late), max(*(each + 1 for each in early), *(each + ACCESS_BYTES for each in late))

    @property
    def late(self) -> frozenset[Place]:
        """The loads that others see to."""
        return frozenset(k for k, _ in self._late)

    def pages(self) -> dict[Place, Range]:
        """What must not cross a page: where those that are always made do not lie around the rest."""
        found: dict[Root, Place] = {}
        for k, address in self._late:
            early = self._early[address.root]
            if not min(early) <= address.offset <= max(early) + 1 - ACCESS_BYTES:
                found.setdefault(address.root, k)
        return {k: Range(root, *self._span(root)) for root, k in found.items()}

    def apart(self) -> tuple[tuple[Range, Range], ...]:
        """What must not overlap: stores, and loads behind them, from other roots."""
        found: dict[tuple[Root, Root], tuple[set[int], set[int]]] = {}
        for k, load in self._late:
            for at, store in self.stores.items():
                if at < k and store.root != load.root:
                    one, other = sorted((store, load), key=lambda each: each.root)
                    ones, others = found.setdefault((one.root, other.root), (set(), set()))
                    ones.add(one.offset)
                    others.add(other.offset)
        return tuple(
            (Range(one, min(ones), max(ones) + ACCESS_BYTES), Range(other, min(others), max(others) + ACCESS_BYTES))
            for (one, other), (ones, others) in found.items()
        )

    def _is_known(self, root: Root) -> bool:
        """Whether what a root stands for is there at the end: what a register had at the start is."""
        register, made = root
        return made == AT_START or self._at(register).root == root
