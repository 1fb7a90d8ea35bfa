"""Where registers are loaded from the hart: wherever they are needed, seldom enough, and while the hart has them."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from friscy_build.aot.effects import ALL, NONE, Registers, members, registers
from friscy_build.aot.flow import Flow
from friscy_build.aot.graph import CALLS, Block, End, Graph
from friscy_build.aot.loading import Loading, find_loading

A, B = 1 << 10, 1 << 11
_REGISTERS = registers(range(1, 7))
_WAYS, _STEPS = 60, 40


def graph_of(*ends: tuple[End, int, int]) -> Graph:
    """A function of blocks without code, from their ends, next ones and targets, as numbers of blocks."""
    graph = Graph(0, 4 * len(ends), 0)
    for k, (end, after, target) in enumerate(ends):
        graph.blocks[4 * k] = Block(4 * k, end=end, next_pc=4 * after, target=4 * target)
    return graph


def flow_of(*ends: tuple[End, int, int]) -> Flow:
    return Flow(graph_of(*ends))


def held(flow: Flow, reads: Sequence[Registers], writes: Sequence[Registers]) -> list[Registers]:
    """What code reads from each block's start on, before it writes it."""
    found = [NONE] * len(flow.blocks)
    for _ in flow.blocks:
        for k in range(len(found)):
            after = NONE
            for successor in flow.after[k]:
                after |= found[successor]
            found[k] = reads[k] | after & ~writes[k]
    return found


def find(flow: Flow, reads: dict[int, Registers], behind: dict[int, Registers] | None = None) -> Loading:
    """Where a function that writes nothing loads what it reads; calls write what is `behind` them. By pcs."""

    def numbered(by_pc: dict[int, Registers]) -> list[Registers]:
        return [by_pc.get(block.pc, NONE) for block in flow.blocks]

    read, changed = numbered(reads), numbered(behind or {})
    used = [r | c for r, c in zip(read, changed, strict=True)]
    return find_loading(flow, held(flow, read, changed), used, changed, ALL)


def test_a_way_that_does_without_loads_nothing() -> None:
    flow = flow_of((End.BRANCH, 1, 2), (End.RETURN, 0, 0), (End.RETURN, 0, 0))
    loading = find(flow, {8: A})
    assert (loading.entry, loading.starts, loading.ways) == (NONE, {8: A}, {})


def test_what_the_first_block_reads_is_loaded_there() -> None:
    loading = find(flow_of((End.RETURN, 0, 0)), {0: A | B})
    assert (loading.entry, loading.starts, loading.ways) == (NONE, {0: A | B}, {})


def test_where_ways_meet_it_is_loaded_on_the_one_that_has_not() -> None:
    flow = flow_of((End.BRANCH, 1, 2), (End.JUMP, 0, 3), (End.FALL, 3, 0), (End.RETURN, 0, 0))
    loading = find(flow, {4: A, 12: A})
    assert (loading.entry, loading.starts, loading.ways) == (NONE, {4: A}, {(8, 12): A})


def test_a_loop_loads_before_its_turns() -> None:
    flow = flow_of((End.FALL, 1, 0), (End.BRANCH, 2, 3), (End.JUMP, 0, 1), (End.RETURN, 0, 0))
    loading = find(flow, {8: A, 12: B})
    assert (loading.entry, loading.starts, loading.ways) == (NONE, {12: B}, {(0, 4): A})


def test_a_loop_from_the_entry_loads_before_the_first_block() -> None:
    flow = flow_of((End.BRANCH, 1, 2), (End.JUMP, 0, 0), (End.RETURN, 0, 0))
    loading = find(flow, {4: A, 8: B})
    assert (loading.entry, loading.starts, loading.ways) == (A, {8: B}, {})


def test_behind_a_call_it_is_loaded_again_where_it_is_read() -> None:
    flow = flow_of((End.CALL, 1, 0), (End.BRANCH, 2, 3), (End.RETURN, 0, 0), (End.RETURN, 0, 0))
    loading = find(flow, {0: A, 12: A}, {0: A})
    assert (loading.entry, loading.starts, loading.ways) == (NONE, {0: A, 12: A}, {})
    assert loading.put_off[0] & A


def test_on_the_ways_of_a_switch_nothing_is_loaded() -> None:
    """To one of its targets another way leads, on which the register is loaded."""
    graph = graph_of((End.BRANCH, 1, 2), (End.TABLE, 0, 0), (End.JUMP, 0, 3), (End.RETURN, 0, 0), (End.RETURN, 0, 0))
    graph.blocks[4].target = -1
    graph.blocks[-1] = Block(-1, end=End.INDIRECT, targets=(12, 16))
    loading = find(Flow(graph), {8: A, 12: A})
    assert (loading.entry, loading.starts, loading.ways) == (NONE, {-1: A, 8: A}, {})


@pytest.mark.parametrize("seed", range(200))
def test_values_are_there_and_right_and_seldom_loaded(seed: int) -> None:
    """Over random ways through random functions."""
    rng = random.Random(seed)
    nblocks = rng.randint(2, 12)
    kinds = [End.FALL, End.JUMP, End.BRANCH, End.BRANCH, End.CALL, End.RETURN]
    ends = [(rng.choice(kinds), rng.randrange(nblocks), rng.randrange(nblocks)) for _ in range(nblocks)]
    flow = flow_of(*ends)

    def any_of(these: Registers) -> Registers:
        return these & rng.getrandbits(64)

    def some() -> list[Registers]:
        return [any_of(any_of(_REGISTERS)) for _ in flow.blocks]

    reads, writes, given = some(), some(), any_of(_REGISTERS)
    called = [any_of(_REGISTERS) if block.end in CALLS else NONE for block in flow.blocks]
    behind = [any_of(each) for each in called]
    changed = [w | c for w, c in zip(writes, called, strict=True)]
    needed = held(flow, reads, changed)
    loading = find_loading(flow, needed, [r | c for r, c in zip(reads, changed, strict=True)], behind, given)
    for _ in range(_WAYS):
        k = flow.number[0]
        # What is there by value, and what of it the hart has; how often each may be loaded, and is.
        there, right = ALL & ~given, given
        allowed, loaded = [needed[k] & given], [loading.entry]
        for _ in range(_STEPS):
            pc = flow.blocks[k].pc
            loaded.append(loading.starts.get(pc, NONE))
            assert not (loaded[-1] | loaded[-2]) & ~right, "the hart has something else"
            there |= loaded[-1] | loaded[-2]
            assert not reads[k] & ~there, "it is not there"
            there = (there | changed[k]) & ~behind[k]
            right = right & ~changed[k] | behind[k]
            if not flow.after[k]:
                break
            allowed.append(behind[k])
            k = rng.choice(flow.after[k])
            loaded.append(loading.ways.get((pc, flow.blocks[k].pc), NONE))
        for register in members(_REGISTERS):
            most = sum(each >> register & 1 for each in allowed)
            assert sum(each >> register & 1 for each in loaded) <= most
