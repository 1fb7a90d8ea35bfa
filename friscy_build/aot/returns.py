"""Ends of their own for the ways through a function that have called nobody.

A compiler gives a function one end, which loads what it saved, and has everybody jump there: the way too on which the
function found at once what it was asked for. That way has the hart's saved registers as they were, so it has nothing
to put back, and then nothing to load (`Convention`, `smashed`). The end is there twice for it.
"""

from __future__ import annotations

from dataclasses import replace

from friscy_build.aot.graph import CALLS, Block, End, Graph, copy_name
from friscy_build.aot.order import postorder

_COPIES = 1  # their number
_LONGEST = 20  # instructions of an end
_STRAIGHT = (End.FALL, End.JUMP)
_DIRECT = (*_STRAIGHT, End.BRANCH)


def with_ends_apart(graph: Graph) -> Graph:
    """The same function, in which ways that have called nobody share no end with others."""
    blocks = graph.blocks
    if graph.resume or graph.entry != graph.start:
        return graph
    calling = [pc for pc, block in blocks.items() if block.end in CALLS]
    if not calling:
        return graph
    ends = _ends(blocks)
    after = {pc: graph.inside(block) for pc, block in blocks.items()}
    behind = set(postorder((blocks[pc].next_pc for pc in calling), after))
    shared = {pc: copy_name(pc, _COPIES) for pc in ends.keys() & behind}
    made, wanted = dict(blocks), list[int]()
    for pc, block in blocks.items():
        ends_here = [each for each in after[pc] if each in shared]
        if ends_here and pc not in behind and block.end in _DIRECT:
            made[pc] = block.going(shared)
            wanted += ends_here
    if not wanted:
        return graph
    while wanted:
        pc = wanted.pop()
        if shared[pc] not in made:
            made[shared[pc]] = replace(blocks[pc].going(shared), pc=shared[pc])
            wanted += [each for each in after[pc] if each in shared]
    return replace(graph, blocks=made)


def _ends(blocks: dict[int, Block]) -> dict[int, int]:
    """The blocks behind which there is but a return, and how many instructions that takes."""
    found: dict[int, int] = {}
    before: dict[int, list[int]] = {}
    for pc, block in blocks.items():
        if block.end in _STRAIGHT:
            before.setdefault(block.successors()[0], []).append(pc)
    work = [(pc, 0) for pc, block in blocks.items() if block.end is End.RETURN]
    while work:
        pc, rest = work.pop()
        size = len(blocks[pc].code) + rest
        if size <= _LONGEST and pc not in found:
            found[pc] = size
            work += [(each, size) for each in before.get(pc, ())]
    return found
