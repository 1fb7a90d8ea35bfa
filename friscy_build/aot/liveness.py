"""Which registers hold what over a graph: what must be loaded from the hart, and what must be stored back.

Between two points where anybody else may look at the hart (calls, system calls, returns, jumps elsewhere), a
translated function keeps registers as values. A register is *dirty* where the hart may lack its value, *live* where
code that runs later may read it, and *held* where a value is needed: an instruction of the function reads it, or it
may have to be stored. What is live is right in the hart at every such point; what nobody reads may be anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from friscy_build.aot.effects import ALL, NONE, RA, SP, Registers, effects, registers
from friscy_build.aot.flow import Flow
from friscy_build.aot.graph import End
from friscy_build.aot.loading import Loading, find_loading
from friscy_build.isa.decode import Instruction

if TYPE_CHECKING:
    from friscy_build.aot.rules import Rules

_SP, _RA = 1 << SP, 1 << RA


class Liveness:
    """By block: dirty and live where it starts; after: live where it ends; stores: what to store where it ends; held:
    what its start needs in values; reload: what the code behind a call that ends it needs of what the call may change;
    left: dirty behind all that.

    live has the exits' (`Flow.exits`), too.
    smashed: saved registers whose places in the hart may have something else, before a call or jump that ends it.
    enters: by (block, header of a loop that it leads into): what to store on the way, so that it is clean in the loop.
    loading: where values are loaded.
    """

    __slots__ = ("after", "at_end", "dirty", "enters", "held", "left", "live", "loading", "reload", "smashed", "stores")

    def __init__(self, flow: Flow, live: list[Registers], after: list[Registers]) -> None:
        self.live, self.after = _by_pc(flow, live), _by_pc(flow, after)
        self.dirty: dict[int, Registers] = {}
        self.stores: dict[int, Registers] = {}
        self.held: dict[int, Registers] = {}
        self.loading = Loading()
        self.reload: dict[int, Registers] = {}
        self.at_end: list[Registers] = []
        self.left: dict[int, Registers] = {}
        self.smashed: dict[int, Registers] = {}
        self.enters: dict[tuple[int, int], Registers] = {}

    def of(self, whole: Flow, flow: Flow) -> Liveness:
        """The same of a part of the whole function; where it is entered in the middle, that lives which does in any
        entry."""
        live = dict(self.live)
        after = {block.last_pc: self.after[block.pc] for block in whole.blocks}
        for block in flow.blocks:
            if block.pc not in live:
                live[block.pc] = after[block.pc] = reduce(or_, (live[each] for each in block.targets))
        blocks = flow.blocks
        found = Liveness(flow, [live[block.pc] for block in blocks], [after[block.last_pc] for block in blocks])
        found.live |= {pc: live[pc] for pc in flow.graph.exits}
        return found


def _by_pc(flow: Flow, listed: list[Registers]) -> dict[int, Registers]:
    return {block.pc: each for block, each in zip(flow.blocks, listed, strict=True)}


def solve_live(flow: Flow, convention: Rules) -> tuple[list[Registers], list[Registers]]:
    """(live where each block starts, where it ends), by their numbers."""
    nblocks = len(flow.blocks)
    own, kills = [NONE] * nblocks, [NONE] * nblocks
    abi, back = convention.abi, convention.back_reads(flow.graph)
    for k, block in enumerate(flow.blocks):
        if flow.calls[k]:
            own[k] = convention.call_reads(block)
            known = convention.known(block)
            if known is not None:
                kills[k] = known.writes & ~abi.saved
        elif block.end is End.RETURN:
            own[k] = back if block.code[-1][1].rs1 == RA else ALL
        elif block.end is End.INDIRECT:
            own[k] = convention.indirect_reads(flow.graph, block) & ~convention.lost(block)
        if block.way is not None:
            kills[k] = convention.lost(block)
        for target in flow.leaving[k]:
            own[k] |= convention.out_reads(flow.graph, block, target)
    live, after = [NONE] * nblocks, [NONE] * nblocks
    reads, writes, following, trap = flow.reads, flow.writes, flow.after, abi.trap
    changed = True
    while changed:
        changed = False
        for k in range(nblocks):
            needs = NONE
            for successor in following[k]:
                needs |= live[successor]
            needs = needs & ~kills[k] | own[k]
            after[k] = needs
            needs = reads[k] | needs & ~writes[k] | trap
            if needs != live[k]:
                live[k] = needs
                changed = True
    return live, after


def solve_dirty(flow: Flow, convention: Rules, found: Liveness, params: Registers) -> None:
    """Find what is dirty, and what is stored where blocks end. params: given as values at the entry.

    What is dirty before a loop that does not write it is stored before it. Otherwise each way out of the loop for an
    interrupt would have to store it, and the host's compiler, which does not know how seldom that is, keeps moving it
    between its stack and a register meanwhile.
    """
    nblocks = len(flow.blocks)
    after = [found.after[block.pc] for block in flow.blocks]
    # At a block's end: what stays dirty if it was, what is stored then, and what is new.
    keeps, stored, new = [ALL] * nblocks, [NONE] * nblocks, [NONE] * nblocks
    for k, block in enumerate(flow.blocks):
        if not flow.calls[k]:
            continue
        known = convention.expected(block)
        if known is None:
            stored[k], keeps[k] = after[k], NONE
        else:
            hidden = convention.needed(block, known) | known.writes & after[k]
            stored[k] = hidden & ~registers(known.params)
            keeps[k] = ~(stored[k] | known.writes & ~convention.abi.saved)
            new[k] = registers(known.results) | _RA
    dirty = [NONE] * nblocks
    dirty[flow.number[flow.graph.entry]] = params
    writes, following = flow.writes, flow.after
    # A direct form would have to put saved registers back where it returns.
    unwanted = convention.abi.saved if convention.signatures[flow.graph.key].direct else NONE
    entering = _entering(flow, new, unwanted)
    changed = True
    while changed:
        changed = False
        for k in range(nblocks - 1, -1, -1):
            result = (dirty[k] | writes[k]) & keeps[k] | new[k]
            for successor in following[k]:
                arriving = result & ~entering.get((k, successor), NONE)
                if arriving & ~dirty[successor]:
                    dirty[successor] |= arriving
                    changed = True
    found.at_end = [dirty[k] | writes[k] for k in range(nblocks)]
    left = [found.at_end[k] & keeps[k] | new[k] for k in range(nblocks)]
    for (k, header), clean in entering.items():
        stores = left[k] & clean & found.live[flow.blocks[header].pc]
        if stores:
            found.enters[flow.blocks[k].pc, flow.blocks[header].pc] = stores
    found.left = _by_pc(flow, left)
    found.dirty = _by_pc(flow, dirty)
    found.stores = _by_pc(flow, [found.at_end[k] & stored[k] for k in range(nblocks)])


def _entering(flow: Flow, new: list[Registers], unwanted: Registers) -> dict[tuple[int, int], Registers]:
    """By (block, header), where the way leads into a loop: what the loop does not write, but for what is unwanted.

    new: by block, what the call that ends it gives.
    """
    found: dict[tuple[int, int], Registers] = {}
    for header, body in flow.loops().items():
        if flow.blocks[header].pc < 0:
            continue
        written = NONE
        for k in body:
            written |= flow.writes[k] | new[k]
        before = [k for k in flow.before[header] if k not in body]
        if all(flow.blocks[k].pc >= 0 for k in before):  # on the ways of a switch there is nothing done
            for k in before:
                found[k, header] = ALL & ~written & ~unwanted
    return found


def solve_held(flow: Flow, convention: Rules, found: Liveness, wanted: Registers, params: Registers) -> None:
    """Find what is held, and where it is loaded. wanted: what a return or a jump elsewhere wants as values.

    params: given as values at the entry."""
    nblocks = len(flow.blocks)
    clobbers, own = [NONE] * nblocks, [NONE] * nblocks
    for k, block in enumerate(flow.blocks):
        at_end = found.at_end[k] & found.after[block.pc]
        if flow.calls[k]:
            clobbers[k] = convention.direct_clobbers(block)
            known = convention.expected(block)
            if known is not None:
                # Passed by value; looked at; and what an unwinding has to store.
                own[k] = convention.given(block, known) | known.needs & _SP | at_end
        if block.end in (End.RETURN, End.INDIRECT) or flow.leaving[k]:
            own[k] |= at_end | wanted
            tails = [convention.tail(target) for target in flow.leaving[k]]
            for tail in (*tails, convention.guessed_jump(block)):
                own[k] |= convention.given(block, tail) | tail.needs & _SP if tail is not None else NONE
        own[k] |= found.stores[block.pc]
    entering = [NONE] * nblocks
    for (pc, _), stores in found.enters.items():
        entering[flow.number[pc]] |= stores
    held, reload = [NONE] * nblocks, [NONE] * nblocks
    start = [found.dirty[block.pc] & found.live[block.pc] for block in flow.blocks]
    reads, writes, following = flow.reads, flow.writes, flow.after
    changed = True
    while changed:
        changed = False
        for k in range(nblocks):
            needs = NONE
            for successor in following[k]:
                needs |= held[successor]
            needs |= entering[k]
            reload[k] = needs & clobbers[k]
            needs = needs & ~clobbers[k] | own[k]
            needs = reads[k] | needs & ~writes[k] | start[k]
            if needs != held[k]:
                held[k] = needs
                changed = True
    found.held = _by_pc(flow, held)
    used, behind = [NONE] * nblocks, [NONE] * nblocks
    for k, block in enumerate(flow.blocks):
        used[k] = reads[k] | writes[k] | own[k] | entering[k] | start[k] | clobbers[k]
        known = convention.expected(block) if flow.calls[k] else None
        behind[k] = clobbers[k] & ~(registers(known.results) | _RA if known is not None else NONE)
    found.loading = find_loading(flow, held, used, behind, ~params)
    found.reload = _by_pc(flow, reload)


def read_behind(
    after: Sequence[Sequence[int]],
    reads: Sequence[Registers],
    writes: Sequence[Registers],
    at_end: Sequence[Registers],
) -> tuple[list[Registers], list[Registers]]:
    """(what is read from each block's start on before it is written, the same behind the block).

    By the numbers of blocks; calls leave all as it is. at_end: what is read behind ways out.
    """
    live, behind = [NONE] * len(after), list(at_end)
    changed = True
    while changed:
        changed = False
        for k, successors in enumerate(after):
            for successor in successors:
                behind[k] |= live[successor]
            here = reads[k] | behind[k] & ~writes[k]
            if here != live[k]:
                live[k], changed = here, True
    return live, behind


def reads_before_writes(flow: Flow) -> Registers:
    """Registers that instructions of the function itself may read as they were at its entry."""
    wrote = [ALL] * len(flow.blocks)  # on all ways to a block's start
    wrote[flow.number[flow.graph.entry]] = NONE
    changed = True
    while changed:
        changed = False
        for k in range(flow.nreached - 1, -1, -1):
            result = wrote[k] | flow.writes[k]
            for target in flow.after[k]:
                if wrote[target] & ~result:
                    wrote[target] &= result
                    changed = True
    found = NONE
    for k in range(flow.nreached):
        found |= flow.reads[k] & ~wrote[k]
    return found


def live_at(
    code: Sequence[tuple[int, Instruction]], after: Registers, always: Registers = NONE
) -> list[Registers]:
    """What is live before each of some instructions, `after` being live behind the last, and `always` anywhere."""
    result = [NONE] * len(code)
    for k in range(len(code) - 1, -1, -1):
        reads, writes = effects(code[k][1])
        after = reads | after & ~writes | always
        result[k] = after
    return result
