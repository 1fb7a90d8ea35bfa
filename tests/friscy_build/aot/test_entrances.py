"""Loops with several ways in get one: what lies between the others and the head is there twice."""

from __future__ import annotations

import random

import pytest
from test_convention import A0, END, PADDING, RA, S0, Program, convention_of, frame, mv, op
from test_returns import A5, graph_of, ways

from friscy_build.aot.effects import NONE, registers
from friscy_build.aot.entrances import with_single_entrances
from friscy_build.aot.graph import Block, End, Graph
from friscy_build.aot.preserved import intact
from friscy_build.aot.structure import Structure

ROOT = -(1 << 40)
LOOP = (End.BRANCH, 1, 2), (End.FALL, 2, 0), (End.BRANCH, 3, 1), (End.RETURN, 0, 0)  # of 1 and 2; 0 goes to either
KINDS = (End.FALL, End.JUMP, *4 * [End.BRANCH], End.CALL, End.INDIRECT_CALL, End.SYSCALL)


def lengthened(graph: Graph, number: int, ninstructions: int) -> Graph:
    block = graph.blocks[100 * number]
    block.code += [(block.pc + 4 * k, block.code[0][1]) for k in range(len(block.code), ninstructions)]
    return graph


def joined(graph: Graph) -> int:
    """How many loops' turns ask where they go on."""
    after = {pc: graph.inside(block) for pc, block in graph.blocks.items()}
    return len(Structure(ROOT, {ROOT: [graph.entry], **after}).dispatch)


def size(graph: Graph) -> int:
    return sum(len(block.code) for block in graph.blocks.values())


def test_who_jumps_into_the_middle_has_a_copy() -> None:
    graph = lengthened(graph_of(*LOOP), 1, 3)
    assert ways(graph) == {0: [2, 1], 1: [2], 2: [1, 3], 3: []}
    assert ways(with_single_entrances(graph)) == {0: [-2, 1], 1: [2], 2: [1, 3], -2: [1, 3], 3: []}
    assert joined(graph) == 1
    assert joined(with_single_entrances(graph)) == 0


def test_what_is_shorter_is_copied() -> None:
    graph = lengthened(graph_of(*LOOP), 2, 3)
    assert ways(with_single_entrances(graph)) == {0: [2, -1], 1: [2], -1: [2], 2: [1, 3], 3: []}


@pytest.mark.parametrize("call", [End.CALL, End.INDIRECT_CALL, End.SYSCALL])
def test_who_comes_from_a_call_goes_to_the_copy(call: End) -> None:
    """Which is not where the call returns to by its address."""
    loop = (End.FALL, 4, 0), (End.BRANCH, 5, 3), (End.RETURN, 0, 0)
    graph = lengthened(graph_of((End.BRANCH, 1, 2), (call, 3, 2), (End.FALL, 4, 0), *loop), 4, 3)
    once = with_single_entrances(graph)
    assert ways(once) == {0: [2, 1], 1: [-3], 2: [4], -3: [4], 3: [4], 4: [3, 5], 5: []}
    assert once.blocks[100].target == 200  # who is called is no block
    assert once.blocks[100].behind == graph.blocks[100].code[0][0] + 4


def test_a_call_that_is_copied_returns_behind_itself() -> None:
    graph = lengthened(
        graph_of((End.BRANCH, 1, 2), (End.CALL, 2, 0), (End.BRANCH, 3, 1), (End.RETURN, 0, 0)), 2, 12
    )
    once = with_single_entrances(graph)
    assert ways(once) == {0: [2, -1], 1: [2], -1: [2], 2: [1, 3], 3: []}
    copy = next(block for block in once.blocks.values() if block.pc > 300)
    assert (copy.address, copy.behind, copy.target) == (100, 104, 0)


def test_a_loop_in_what_is_copied_has_one_way_in_too() -> None:
    """4 and 3 are the loop in the loop, with a way in from 2 and one from outside."""
    graph = lengthened(
        graph_of(
            (End.BRANCH, 1, 4), (End.BRANCH, 2, 3), (End.BRANCH, 3, 4), (End.FALL, 4, 0), (End.BRANCH, 5, 3),
            (End.BRANCH, 6, 2), (End.RETURN, 0, 0),
        ),
        2, 30,
    )  # fmt: skip
    once = with_single_entrances(graph)
    assert joined(graph) == 1
    assert joined(once) == 0
    assert size(once) == size(graph) + 5


def test_a_large_loop_asks_in_each_turn() -> None:
    graph = lengthened(lengthened(graph_of(*LOOP), 1, 140), 2, 140)
    assert ways(with_single_entrances(graph)) == ways(graph)
    assert joined(graph) == 1


def test_so_does_one_that_two_ways_of_a_table_lead_into() -> None:
    graph = graph_of(*LOOP)
    graph.blocks[0] = Block(0, graph.blocks[0].code, end=End.TABLE, target=-1)
    graph.blocks[-1] = Block(-1, end=End.INDIRECT, targets=(100, 200))
    assert with_single_entrances(graph).blocks == graph.blocks


def test_where_a_table_leads_into_a_loop_is_its_head() -> None:
    graph = lengthened(graph_of((End.BRANCH, 4, 2), *LOOP[1:], (End.TABLE, 0, 0)), 2, 3)
    graph.blocks[400].target = -1
    graph.blocks[-1] = Block(-1, end=End.INDIRECT, targets=(100, 300))
    once = with_single_entrances(graph)
    assert once.blocks[-1].targets == (100, 300)
    assert once.blocks[0].target not in graph.blocks
    assert joined(once) == 0


@pytest.mark.parametrize(
    "graph",
    [
        graph_of((End.FALL, 1, 0), (End.BRANCH, 2, 1), (End.RETURN, 0, 0)),  # one way in
        graph_of((End.BRANCH, 1, 2), (End.FALL, 3, 0), (End.FALL, 3, 0), (End.BRANCH, 4, 3), (End.RETURN, 0, 0)),
        graph_of((End.BRANCH, 1, 2), (End.FALL, 2, 0), (End.RETURN, 0, 0)),  # no loop
    ],
)
def test_others_are_as_they_were(graph: Graph) -> None:
    assert with_single_entrances(graph) is graph


def test_what_never_ran_is_not_copied() -> None:
    graph = graph_of(*LOOP)
    for pc in (100, 200):
        graph.blocks[pc].cold = True
    assert with_single_entrances(graph).blocks == graph.blocks


def random_graph(seed: int) -> Graph:
    rng = random.Random(seed)
    nblocks = rng.randrange(3, 14)
    ends = [(rng.choice(KINDS), rng.randrange(nblocks), rng.randrange(nblocks)) for _ in range(nblocks)]
    graph = graph_of(*ends, (End.RETURN, 0, 0))
    for number in range(nblocks):
        lengthened(graph, number, rng.randrange(1, 9))
    return graph


@pytest.mark.parametrize("seed", range(300))
def test_control_goes_where_it_went(seed: int) -> None:
    graph = random_graph(seed)
    once = with_single_entrances(graph)
    assert once.entry == graph.entry
    for pc, block in once.blocks.items():
        was = graph.blocks[block.address]
        assert (block.pc, block.code, block.end) == (pc, was.code, was.end)
        assert [once.blocks[each].address for each in block.successors()] == list(was.successors())
    assert graph.blocks.keys() <= once.blocks.keys()
    assert size(once) <= size(graph) + 128


def test_most_random_loops_have_one_way_in_then() -> None:
    graphs = [random_graph(seed) for seed in range(300)]
    several = [graph for graph in graphs if joined(graph)]
    assert len(several) > 40
    assert sum(joined(with_single_entrances(graph)) for graph in several) < len(several) // 2


@pytest.mark.parametrize(
    "branch",
    [
        [op("beq", rs1=A5, rs2=0, imm=12)],
        [op("bne", rs1=A5, rs2=0, imm=8), op("jal", rd=0, imm=12)],
    ],
)
def test_registers_are_intact_where_all_copies_have_them_so(branch: list[int]) -> None:
    """A function that loses s0 on one way to its end, and calls nobody on the other, to which the end is copied."""
    lost: Program = {
        "main": [*frame()[0], ("loses", RA), *END],
        "loses": [
            *frame()[0], op("andi", rd=A5, rs1=A0, imm=1), *branch, ("other", RA), mv(S0, A0), *frame()[1], *PADDING,
        ],
        "other": [mv(A0, A5), *frame()[1], *PADDING],
    }  # fmt: skip
    places, convention = convention_of(lost)
    flow = convention.flows[places["loses"]]
    ends = [block for block in flow.blocks if block.end is End.RETURN]
    assert len(ends) == 2
    assert intact(flow, registers((S0,)), NONE)[ends[0].last_pc] == NONE
