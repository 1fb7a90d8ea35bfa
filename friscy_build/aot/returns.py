"""Ends of their own for the ways through a function that have called nobody.

A compiler gives a function one end, which loads what it saved, and has everybody jump there: the way too on which the
function found at once what it was asked for. That way has the hart's saved registers as they were, so it has nothing
to put back, and then nothing to load (`Convention`, `smashed`). The end is there twice for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from friscy_build.aot.graph import CALLS, Block, End, Graph

_COPY = 1 << 44  # what the copy of a block is away from it
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
    behind = _reach(blocks, (blocks[pc].next_pc for pc in calling))
    shared = ends.keys() & behind
    quiet = [block for pc, block in blocks.items() if pc not in behind and block.end in _DIRECT]
    wanted = [pc for block in quiet for pc in block.successors() if pc in shared]
    if not wanted:
        return graph
    made = dict(blocks)
    for block in quiet:
        made[block.pc] = _redirected(block, shared)
    while wanted:
        pc = wanted.pop()
        if pc + _COPY not in made:
            made[pc + _COPY] = replace(_redirected(blocks[pc], shared), pc=pc + _COPY)
            wanted += [each for each in blocks[pc].successors() if each in shared]
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


def _reach(blocks: dict[int, Block], starts: Iterable[int]) -> set[int]:
    """The blocks that control may reach from some."""
    found, work = set[int](), [pc for pc in starts if pc in blocks]
    while work:
        pc = work.pop()
        if pc not in found:
            found.add(pc)
            work += [each for each in blocks[pc].successors() if each in blocks]
    return found


def _redirected(block: Block, shared: set[int]) -> Block:
    """The block, going on at the copies of what is `shared`."""
    if block.end is End.BRANCH:
        target, other = (pc + _COPY if pc in shared else pc for pc in (block.target, block.next_pc))
        return replace(block, target=target, next_pc=other)
    if block.end is End.JUMP and block.target in shared:
        return replace(block, target=block.target + _COPY)
    if block.end is End.FALL and block.next_pc in shared:
        return replace(block, next_pc=block.next_pc + _COPY)
    return block
