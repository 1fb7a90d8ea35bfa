"""Large functions in parts: one way in, nothing lost, no part much too large."""

from __future__ import annotations

import pickle

import pytest
from aot_guest import CODE, elf_with_symbols
from aot_programs import FlowProgram, Generator

from friscy_build.aot.discover import Functions
from friscy_build.aot.graph import End, Graph, build_graph
from friscy_build.aot.image import CodeImage
from friscy_build.aot.split import ROOT, dominators, split


def whole(seed: int) -> tuple[CodeImage, Graph]:
    """The graph of the function with the most blocks of a random program."""
    program: FlowProgram = Generator(seed, 4).program()
    ends = [*program.entries[1:], CODE + len(program.code)]
    functions = [(start, end - start) for start, end in zip(program.entries, ends, strict=True)]
    image = CodeImage(elf_with_symbols(program.code, functions), name="program")
    graphs = [build_graph(image, start, start + nbytes) for start, nbytes in functions]
    return image, max(graphs, key=lambda graph: len(graph.blocks))


def reachable(graph: Graph, without: int) -> set[int]:
    found, waiting = {without}, [] if without == graph.entry else [graph.entry]
    while waiting:
        pc = waiting.pop()
        if pc not in found:
            found.add(pc)
            waiting += graph.inside(graph.blocks[pc])
    return found - {without}


@pytest.mark.parametrize("seed", range(5))
def test_dominators(seed: int) -> None:
    """A block dominates what cannot be reached without it."""
    _, graph = whole(seed)
    parents = dominators(graph, [graph.entry])
    for pc in parents:
        above = set()
        parent = parents[pc]
        while parent != ROOT:
            above.add(parent)
            parent = parents[parent]
        assert above == {other for other in parents if other != pc and pc not in reachable(graph, other)}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("share", [2, 8])
def test_parts(seed: int, share: int) -> None:
    _, graph = whole(seed)
    limit = graph.ninstructions // share
    parts = split(graph, limit)
    assert len(parts) > 1
    assert {pc for part in parts.values() for pc in part.blocks} == set(graph.blocks)
    for head, part in parts.items():
        assert part.entry == head
        assert reachable(part, -1) == set(part.blocks) or part.blocks[head].end is End.OUT
        for block in part.blocks.values():
            assert {pc for pc in graph.inside(block) if pc not in part.blocks} <= set(parts)
        longest = max(len(block.code) for block in part.blocks.values())
        assert part.ninstructions <= 2 * limit + longest + 2 * 12


def test_graphs_go_to_workers() -> None:
    image, graph = whole(3)
    assert pickle.loads(pickle.dumps(graph)) == graph
    for each in Functions(image, limit=20).graphs([graph.entry]):
        assert pickle.loads(pickle.dumps(each)) == each
