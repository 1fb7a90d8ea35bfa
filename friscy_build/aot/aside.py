"""Code of a function that never ran while the build recorded, put aside: what did run is a function of its own then.

What seldom runs makes the rest slower in one function with it: calls in it clobber the host's registers, which have to
be put away where the function begins, and values that only it needs are kept all the time. So a function's *front* has
the blocks that ran. Where it would go on to others, it has the hart have what lives, and goes on by a tail call to what
is *aside*: the same function, entered there, with all that can be reached from there. Nothing leads back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from friscy_build.aot.graph import CALLS, Block, End, Graph

_ENTRIES, _TWINS = -(1 << 44), -(1 << 45)  # what entries of what is aside are counted down from


def part(graph: Graph) -> tuple[Graph, Graph] | None:
    """(front, aside) of a function; None where it is better left as it is."""
    blocks = graph.blocks
    if graph.resume or graph.exits or blocks[graph.entry].cold or not any(map(_calls_seldom, blocks.values())):
        return None
    front = _reach(graph, [graph.entry], cold=False)
    exits = tuple(sorted({each for pc in front for each in graph.inside(blocks[pc]) if each not in front}))
    rest = _reach(graph, exits, cold=True)
    if not any(_calls_seldom(blocks[pc]) for pc in rest):
        return None
    entry = (_TWINS if graph.twin else _ENTRIES) - graph.entry
    behind = {pc: block for pc, block in blocks.items() if pc in rest}
    behind[entry] = Block(entry, end=End.INDIRECT, targets=exits)
    return (
        replace(graph, blocks=_joined(graph, front), exits=frozenset(exits)),
        replace(graph, blocks=behind, entry=entry, resume=exits, twin=False),
    )


def _joined(graph: Graph, front: set[int]) -> dict[int, Block]:
    """The blocks of a front: one where only what is aside would come between two."""
    before = Counter(after for pc in front for after in graph.inside(graph.blocks[pc]))
    before[graph.entry] += 1
    found: dict[int, Block] = {}
    behind: set[int] = set()
    for pc in sorted(front):
        if pc in behind:
            continue
        block = graph.blocks[pc]
        code, last = list(block.code), block
        while last.end is End.FALL and last.next_pc in front and before[last.next_pc] == 1 and last.code:
            last = graph.blocks[last.next_pc]
            behind.add(last.pc)
            code += last.code
        found[pc] = replace(last, pc=pc, code=code) if last is not block else block
    return found


def _calls_seldom(block: Block) -> bool:
    return block.cold and block.end in CALLS


def _reach(graph: Graph, starts: Sequence[int], *, cold: bool) -> set[int]:
    """The blocks that control reaches from some. cold: also by those that did not run, as those that a switch leads
    to are always: it finds nothing but blocks."""
    found, work = set[int](), list(starts)
    while work:
        pc = work.pop()
        if pc in found:
            continue
        found.add(pc)
        block = graph.blocks[pc]
        always = cold or block.end is End.INDIRECT
        work += [each for each in graph.inside(block) if always or not graph.blocks[each].cold]
    return found
