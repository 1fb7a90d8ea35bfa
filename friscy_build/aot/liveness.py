"""Which registers hold what over a graph: what must be loaded from the hart, and what must be stored back.

Between two points where anybody else may look at the hart (calls, system calls, returns, jumps elsewhere), a
translated function keeps registers as values. A register is *dirty* where the hart may lack its value, and *live*
where a later instruction of the function reads it, or a later store to the hart needs it, before it is loaded
again. All registers in the hart are right at every such point, whatever calling convention the guest follows.
"""

from __future__ import annotations

from dataclasses import dataclass

from friscy_build.aot.effects import SP, effects
from friscy_build.aot.graph import Block, End, Graph

Registers = frozenset[int]
_NONE: Registers = frozenset()

# After these, everything a register held may have changed in the hart.
CLOBBERS = (End.CALL, End.INDIRECT_CALL, End.SYSCALL)
# Before these, the hart must be right.
LEAVES = (*CLOBBERS, End.INDIRECT, End.RETURN, End.OUT)


@dataclass
class Liveness:
    """dirty: at a block's start. stores: what to store where it ends. live: what its start needs in values;
    reload: what to load after a call that ends
    it."""

    dirty: dict[int, Registers]
    stores: dict[int, Registers]
    live: dict[int, Registers]
    reload: dict[int, Registers]


def _leaves(graph: Graph, block: Block) -> bool:
    """Whether control may leave the function's values at the end of `block`."""
    return block.end in LEAVES or any(pc not in graph.blocks for pc in block.successors())


def analyse(graph: Graph) -> Liveness:
    """Solve both problems over `graph`."""
    reads: dict[int, Registers] = {}
    writes: dict[int, Registers] = {}
    # A trap in the middle of a block stores what is dirty there: these count as read, if not yet written.
    for pc, block in graph.blocks.items():
        read: set[int] = set()
        wrote: set[int] = set()
        for _, i in block.code:
            r, w = effects(i)
            read |= r - wrote
            wrote |= w
        reads[pc], writes[pc] = frozenset(read), frozenset(wrote - {SP})
    before: dict[int, list[int]] = {pc: [] for pc in graph.blocks}
    for pc, block in graph.blocks.items():
        for after in graph.inside(block):
            before[after].append(pc)

    dirty = dict.fromkeys(graph.blocks, _NONE)
    todo = list(graph.blocks)
    out: dict[int, Registers] = {}
    while todo:
        pc = todo.pop()
        block = graph.blocks[pc]
        result = _NONE if block.end in CLOBBERS else dirty[pc] | writes[pc]
        if out.get(pc) == result:
            continue
        out[pc] = result
        for after in graph.inside(block):
            if not result <= dirty[after]:
                dirty[after] |= result
                todo.append(after)
    stores = {
        pc: dirty[pc] | writes[pc] if _leaves(graph, block) else _NONE for pc, block in graph.blocks.items()
    }

    live = dict.fromkeys(graph.blocks, _NONE)
    reload: dict[int, Registers] = {}
    todo = sorted(graph.blocks)
    while todo:
        pc = todo.pop()
        block = graph.blocks[pc]
        needs = frozenset[int]().union(*(live[s] for s in graph.inside(block)))
        if block.end in CLOBBERS:
            reload[pc] = needs
            needs = _NONE
        # What is dirty at the start may have to be stored by a safepoint or a trap in the block.
        needed = reads[pc] | ((needs | stores[pc]) - _kills(block)) | dirty[pc]
        if needed != live[pc]:
            live[pc] = needed
            todo += before[pc]
    return Liveness(dirty, stores, live, reload)


def _kills(block: Block) -> Registers:
    wrote: set[int] = set()
    for _, i in block.code:
        wrote |= effects(i)[1]
    return frozenset(wrote)
