"""Ways through a function's loops that may be tried as one (`float_traces`): one turn of a loop, two turns, or a nest.

    for (i = 0; i < 5; i++)            nest: the pairs 01 02 03 04 12 13 14 23 24 34, one behind the other
        for (k = i + 1; k < 5; k++)

In a nest control goes through inner loops as often as the constants say that come in, as the oracle computes them; so
it is known which way their branches go, what counts, and where what is at a fixed address lies. A nest is a turn of
the loop around such loops, where that has no other ways, or else what leads from a block in front of one to its end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import partial

from friscy_build.aot.constants import Known, find_constant
from friscy_build.aot.effects import Registers, is_access
from friscy_build.aot.float_runs import find_runs, may_have_runs
from friscy_build.aot.float_values import Place
from friscy_build.aot.flow import Flow
from friscy_build.aot.graph import Block, End
from friscy_build.isa.decode import Instruction

Code = Sequence[tuple[int, Instruction]]

_MOST_BLOCKS = 8  # of a turn
_MOST_NESTED = 768  # instructions of a nest
_THROUGH = (End.FALL, End.BRANCH, End.JUMP)


@dataclass(frozen=True, slots=True)
class Path:
    """blocks: in the order in which control goes through them, and the code of all.

    starts: where each block's code starts. branches: those in the middle that have to be looked at, and whether they
    are taken. jumps: those in the middle whose way is known. mates: what does the same in two turns, the first one's
    place and the second one's. before: constants that registers are known to have at the start; computed: what
    instructions are known to give. nested: whether it is a nest; exit: where control goes on behind it, where that is
    known. nturns: how many turns else.
    """

    blocks: tuple[Block, ...]
    code: Code
    starts: tuple[Place, ...]
    branches: Mapping[Place, bool]
    mates: Mapping[Place, Place]
    before: Mapping[int, int] = field(default_factory=dict)
    computed: Mapping[Place, int] = field(default_factory=dict)
    jumps: frozenset[Place] = frozenset()
    nested: bool = False
    exit: int | None = None
    nturns: int = 1

    @property
    def last(self) -> Block:
        return self.blocks[-1]

    @property
    def after(self) -> tuple[int, ...]:
        """Where control may go on behind it."""
        return self.last.successors() if self.exit is None else (self.exit,)

    @property
    def end(self) -> Place:
        """Behind the last instruction that is no jump."""
        return len(self.code) - (self.last.end is not End.FALL)

    @property
    def nruns(self) -> int:
        """How many runs of floats a turn has."""
        return sum(len(find_runs(block.code)) for block in self.blocks) // self.nturns


def find_paths(flow: Flow, saved: Registers) -> dict[int, tuple[Path, ...]]:
    """What may be tried, by the pcs of first blocks: a nest, or else two turns of a loop, where that may be, and one.

    saved: registers that calls leave as they are.
    """
    found: dict[int, tuple[Path, ...]] = {}
    if not any(may_have_runs(block.code) for block in flow.blocks):
        return found
    for header in flow.blocks:
        if header.pc >= 0 and flow.back_to(header):
            turns = _find_turns(flow, header)
            if turns:
                found[header.pc] = turns
    return found | {nest.blocks[0].pc: (nest,) for nest in _find_nests(flow, saved)}


def _find_turns(flow: Flow, header: Block) -> tuple[Path, ...]:
    """Two turns of a loop, where that may be, and one; none where control has several ways through it."""
    graph, blocks, taken = flow.graph, [header], dict[Place, bool]()
    while header.pc not in blocks[-1].successors():
        block = blocks[-1]
        pc = _find_way(flow, block)
        if pc is None or block.end is End.JUMP or len(blocks) == _MOST_BLOCKS:
            return ()
        if len(flow.before[flow.number[pc]]) != 1 or pc == graph.entry:
            return ()
        if block.end is End.BRANCH:
            taken[len(blocks) - 1] = pc == block.target
        blocks.append(graph.blocks[pc])
    last = blocks[-1]
    if not _is_straight(last) or not any(find_runs(block.code) for block in blocks):
        return ()
    one = _join(blocks, taken)
    if last.end is not End.BRANCH or last.target == last.next_pc:
        return (one,)
    nblocks, nplaces = len(blocks), len(one.code)
    taken |= {nblocks + k: each for k, each in taken.items()} | {nblocks - 1: last.target == header.pc}
    return _join(blocks * 2, taken, {k: k + nplaces for k in range(nplaces)}, nturns=2), one


def _is_straight(block: Block) -> bool:
    """Whether a block is one that may be tried: control comes out of it by a branch, or a jump that leaves no link."""
    if not block.code or block.stub is not None or block.cold or block.end not in _THROUGH:
        return False
    return block.end is not End.JUMP or not block.code[-1][1].rd


def _find_way(flow: Flow, block: Block) -> int | None:
    """Where control goes behind a block, but for ways that are seldom gone; None where it has several, or none."""
    if not _is_straight(block):
        return None
    after, blocks = block.successors(), flow.graph.blocks
    warm = [pc for pc in after if pc in blocks and not blocks[pc].cold]
    if len(warm) != 1 or (block.end is End.BRANCH and len(set(after)) == 1):
        return None
    return warm[0]


def _join(
    blocks: Sequence[Block], taken: Mapping[int, bool], mates: Mapping[Place, Place] | None = None, *, nturns: int = 1
) -> Path:
    """Blocks as a path. taken: by their numbers, which branches are taken."""
    code: list[tuple[int, Instruction]] = []
    starts: list[Place] = []
    branches: dict[Place, bool] = {}
    for k, block in enumerate(blocks):
        starts.append(len(code))
        code += block.code
        if k in taken:
            branches[len(code) - 1] = taken[k]
    return Path(tuple(blocks), code, tuple(starts), branches, mates or {}, nturns=nturns)


def _find_nests(flow: Flow, saved: Registers) -> list[Path]:
    """The nests of a function, those around others first: they do not overlap."""
    found: list[Path] = []
    loops = flow.loops()
    done = set[int]()
    for header, body in sorted(loops.items(), key=lambda each: -len(each[1])):
        if not any(may_have_runs(flow.blocks[k].code) for k in body):
            continue
        starts = [header] if len(body & loops.keys()) > 1 else []
        outside = [k for k in flow.before[header] if k not in body]
        starts += outside if len(outside) == 1 else []
        for start in starts:
            if start not in done and not done & body:
                nest = _Nest(flow, flow.blocks[start], body, saved).follow()
                if nest is not None:
                    found.append(nest)
                    done |= {flow.number[block.pc] for block in nest.blocks}
    return found


class _Nest:
    """Control's way from a block through loops."""

    def __init__(self, flow: Flow, start: Block, body: Set[int], saved: Registers) -> None:
        """body: the numbers of a loop's blocks: the one that begins with the start, or the one behind that."""
        self._flow, self._body, self._blocks = flow, body, [start]
        self._turns = flow.number[start.pc] in body  # whether it is one of its turns
        before = flow.before[flow.number[start.pc]]
        self._known = Known(partial(self._constant, before, saved))
        self._code: list[tuple[int, Instruction]] = []
        self._starts: list[Place] = []
        self._before: dict[int, int] = {}
        self._computed: dict[Place, int] = {}
        self._branches: dict[Place, bool] = {}
        self._jumps: set[Place] = set()

    def _constant(self, blocks: Sequence[int], saved: Registers, register: int) -> int | None:
        value = find_constant(self._flow, blocks, register, saved)
        if value is not None:
            self._before[register] = value
        return value

    def follow(self) -> Path | None:
        """All of it; None where it is not known how it goes on, or where no loop comes round."""
        start = self._blocks[0]
        if start.pc < 0 or start.pc == self._flow.graph.entry:
            return None
        while _is_straight(self._blocks[-1]) and len(self._code) < _MOST_NESTED:
            block = self._blocks[-1]
            self._take(block)
            if self._turns and start.pc in block.successors():
                return self._path()
            pc = self._go(block)
            if pc is None:
                return None
            if self._flow.number.get(pc) not in self._body:
                return None if self._turns or len(self._blocks) == 1 else self._path(pc)
            self._blocks.append(self._flow.graph.blocks[pc])
        return None

    def _take(self, block: Block) -> None:
        """Follow the code of a block, but for the jump at its end."""
        self._starts.append(len(self._code))
        for pc, i in block.code[: len(block.code) - (block.end is not End.FALL)]:
            if is_access(i):
                self._known.has(i.rs1)
            value = self._known.compute(pc, i)
            if value is not None:
                self._computed[len(self._code)] = value
            self._code.append((pc, i))
        if block.end is not End.FALL:
            self._jumps.add(len(self._code))
            self._code.append(block.code[-1])

    def _go(self, block: Block) -> int | None:
        """Where control goes; what has to be looked at for it is a branch."""
        if block.end is not End.BRANCH:
            return block.successors()[0]
        taken = self._known.branches(*block.code[-1])
        if taken is not None:
            return block.target if taken else block.next_pc
        pc = _find_way(self._flow, block)
        if pc is not None:
            self._jumps.remove(len(self._code) - 1)
            self._branches[len(self._code) - 1] = pc == block.target
        return pc

    def _path(self, exit: int | None = None) -> Path | None:
        found: dict[int, list[Place]] = {}
        for block, start in zip(self._blocks, self._starts, strict=True):
            found.setdefault(block.pc, []).append(start)
        if len(found) == len(self._blocks):
            return None
        mates: dict[Place, Place] = {}
        for pc, starts in found.items():
            for one, other in zip(starts[::2], starts[1::2], strict=False):
                mates |= {one + k: other + k for k in range(len(self._flow.graph.blocks[pc].code))}
        return Path(
            tuple(self._blocks), self._code, tuple(self._starts), self._branches, mates, self._before, self._computed,
            frozenset(self._jumps), nested=True, exit=exit,
        )  # fmt: skip
