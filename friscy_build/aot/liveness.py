"""Which registers hold what over a graph: what must be loaded from the hart, and what must be stored back.

Between two points where anybody else may look at the hart (calls, system calls, returns, jumps elsewhere), a
translated function keeps registers as values. A register is *dirty* where the hart may lack its value, *live* where
code that runs later may read it, and *held* where a value is needed: an instruction of the function reads it, or it
may have to be stored. What is live is right in the hart at every such point; what nobody reads may be anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from friscy_build.aot.effects import FCSR, RA, SP, effects
from friscy_build.aot.graph import Block, End, Graph

if TYPE_CHECKING:
    from friscy_build.aot.convention import Convention

Registers = frozenset[int]
_NONE: Registers = frozenset()

ALL: Registers = frozenset(range(1, FCSR + 1))
CALLS = (End.CALL, End.INDIRECT_CALL, End.SYSCALL)


@dataclass
class Liveness:
    """By block: dirty and live where it starts; after: live where it ends; stores: what to store where it ends; held:
    what its start needs in values; reload: what to load after a call that ends it."""

    dirty: dict[int, Registers]
    live: dict[int, Registers]
    after: dict[int, Registers]
    stores: dict[int, Registers]
    held: dict[int, Registers]
    reload: dict[int, Registers]


def leaving(graph: Graph, block: Block) -> list[int]:
    """Where control goes from `block` that is no block here, by a jump."""
    if block.end in (End.FALL, End.JUMP, End.BRANCH):
        return [pc for pc in block.successors() if pc not in graph.blocks]
    return [block.next_pc] if block.end is End.OUT else []


def _block_effects(block: Block) -> tuple[Registers, Registers]:
    """(read before written, written) by the instructions of a block."""
    read: set[int] = set()
    wrote: set[int] = set()
    for _, i in block.code:
        r, w = effects(i)
        read |= r - wrote
        wrote |= w
    return frozenset(read), frozenset(wrote)


def _solve_live(graph: Graph, convention: Convention) -> tuple[dict[int, Registers], dict[int, Registers]]:
    facts = {pc: _block_effects(block) for pc, block in graph.blocks.items()}
    own: dict[int, Registers] = {}
    for pc, block in graph.blocks.items():
        reads = _NONE
        if block.end in CALLS:
            reads = convention.call_reads(block)
        elif block.end is End.RETURN:
            reads = convention.abi.back if block.code[-1][1].rs1 == RA else ALL
        elif block.end is End.INDIRECT:
            # It may go to code of this function that nobody has found, which reads whatever it likes.
            reads = convention.every
        for target in leaving(graph, block):
            reads |= convention.out_reads(target)
        own[pc] = reads
    before: dict[int, list[int]] = {pc: [] for pc in graph.blocks}
    for pc, block in graph.blocks.items():
        for successor in graph.inside(block):
            before[successor].append(pc)
    live = dict.fromkeys(graph.blocks, _NONE)
    after = dict.fromkeys(graph.blocks, _NONE)
    work = sorted(graph.blocks)
    queued = set(work)
    while work:
        pc = work.pop()
        queued.discard(pc)
        block = graph.blocks[pc]
        needs = frozenset[int]().union(*(live[successor] for successor in graph.inside(block)))
        if block.end in CALLS:
            known = convention.known(block)
            if known is not None:
                needs -= known.writes - convention.abi.saved
        needs |= own[pc]
        after[pc] = needs
        reads, writes = facts[pc]
        needs = reads | (needs - writes) | convention.abi.trap
        if needs != live[pc]:
            live[pc] = needs
            for predecessor in before[pc]:
                if predecessor not in queued:
                    queued.add(predecessor)
                    work.append(predecessor)
    return live, after


def live_at_entry(graph: Graph, convention: Convention) -> Registers:
    """What the function may read, or hand on, of what it is entered with."""
    return _solve_live(graph, convention)[0][graph.entry]


def analyse(
    graph: Graph, convention: Convention, params: Registers = _NONE, wanted: Registers = _NONE
) -> Liveness:
    """Solve all problems over `graph`, which is entered with `params` as values and the rest in the hart.

    wanted: what a return or a jump elsewhere wants as values.
    """
    live, after = _solve_live(graph, convention)
    facts = {pc: _block_effects(block) for pc, block in graph.blocks.items()}
    before: dict[int, list[int]] = {pc: [] for pc in graph.blocks}
    for pc, block in graph.blocks.items():
        for successor in graph.inside(block):
            before[successor].append(pc)

    def stored(block: Block, dirty: Registers) -> Registers:
        """What is stored where the block ends, of what is dirty there."""
        if block.end in CALLS:
            known = convention.known(block)
            if known is None:
                return dirty & after[block.pc]
            hidden = known.needs | (known.writes & after[block.pc])
            return dirty & (hidden - frozenset(known.params))
        return _NONE

    dirty = dict.fromkeys(graph.blocks, _NONE)
    dirty[graph.entry] = params
    ends: dict[int, Registers] = {}
    work = list(graph.blocks)
    while work:
        pc = work.pop()
        block = graph.blocks[pc]
        result = dirty[pc] | facts[pc][1]
        if block.end in CALLS:
            known = convention.known(block)
            if known is None:
                result = _NONE
            else:
                result -= stored(block, result) | (known.writes - convention.abi.saved)
                result |= frozenset(known.results) | {RA}
        if ends.get(pc) == result:
            continue
        ends[pc] = result
        for successor in graph.inside(block):
            if not result <= dirty[successor]:
                dirty[successor] |= result
                work.append(successor)
    at_end = {pc: dirty[pc] | facts[pc][1] for pc in graph.blocks}
    stores = {pc: stored(block, at_end[pc]) for pc, block in graph.blocks.items()}

    held = dict.fromkeys(graph.blocks, _NONE)
    reload: dict[int, Registers] = {}
    work = sorted(graph.blocks)
    while work:
        pc = work.pop()
        block = graph.blocks[pc]
        needs = frozenset[int]().union(*(held[successor] for successor in graph.inside(block)))
        if block.end in CALLS:
            clobbers = convention.call_clobbers(block)
            reload[pc] = needs & clobbers
            needs -= clobbers
            known = convention.known(block)
            if known is not None:
                # Passed by value; looked at; and what an unwinding has to store.
                needs |= frozenset(known.params) | (known.needs & {SP}) | (at_end[pc] & after[pc])
        if block.end in (End.RETURN, End.INDIRECT) or leaving(graph, block):
            needs |= at_end[pc] & after[pc] | wanted
            for target in leaving(graph, block):
                tail = convention.tail(target)
                needs |= frozenset(tail.params) | (tail.needs & {SP}) if tail is not None else _NONE
        needs |= stores[pc]
        needed = facts[pc][0] | (needs - facts[pc][1]) | (dirty[pc] & live[pc])
        if needed != held[pc]:
            held[pc] = needed
            work += before[pc]
    return Liveness(dirty, live, after, stores, held, reload)


def live_at(block: Block, after: Registers, always: Registers) -> list[Registers]:
    """What is live before each instruction of a block, `after` being live behind the last, and `always` anywhere."""
    result = [_NONE] * len(block.code)
    for k in range(len(block.code) - 1, -1, -1):
        reads, writes = effects(block.code[k][1])
        after = reads | (after - writes) | always
        result[k] = after
    return result
