"""Any control flow becomes nested blocks: a walk through the nesting goes where the graph goes."""

from __future__ import annotations

import random

import pytest

from friscy_build.aot.structure import Structure

ROOT = -100


def graph(rng: random.Random, nblocks: int) -> dict[int, list[int]]:
    """A graph whose blocks are all reached; about half of those of this size are irreducible."""
    after = {pc: sorted({rng.randrange(nblocks) for _ in range(rng.randrange(3))}) for pc in range(nblocks)}
    for pc in range(1, nblocks):
        after[rng.randrange(pc)].append(pc)
    return {ROOT: [0], **{pc: list(dict.fromkeys(targets)) for pc, targets in after.items()}}


def scopes(structure: Structure) -> dict[int, tuple[set[int], set[int]]]:
    """By block: the blocks that a branch from it can name, forwards and backwards, as `emit` nests them."""
    found: dict[int, tuple[set[int], set[int]]] = {}

    def tree(pc: int, forwards: set[int], backwards: set[int]) -> None:
        if pc in structure.headers:
            backwards = backwards | {pc}
        merges = [child for child in structure.children[pc] if child in structure.merges]
        own = [child for child in structure.children[pc] if child not in structure.merges]
        found[pc] = forwards | set(merges), backwards
        for child in own:
            tree(child, forwards | set(merges), backwards)
        for k, child in enumerate(merges):
            tree(child, forwards | set(merges[k + 1 :]), backwards)

    tree(ROOT, set(), set())
    return found


@pytest.mark.parametrize("seed", range(60))
def test_every_way_has_a_label_or_stands_in_place(seed: int) -> None:
    rng = random.Random(seed)
    after = graph(rng, rng.randrange(2, 14))
    structure = Structure(ROOT, after)
    reached = scopes(structure)
    assert set(after) <= set(reached)
    for pc, targets in after.items():
        for target in targets:
            seen = []
            step = structure.by_way.get((pc, target), target)
            while True:
                forwards, backwards = reached[pc]
                if structure.position[step] <= structure.position[pc]:
                    assert step in backwards
                elif step in structure.merges:
                    assert step in forwards
                else:
                    assert step in structure.children[pc]
                if step == target:
                    break
                assert target in structure.dispatch[step]  # where it says that it wants to go on there
                seen.append(step)
                assert len(seen) < len(reached)
                pc, step = step, structure.by_way.get((step, target), target)
            pc = next(each for each, listed in after.items() if listed is targets)


def test_a_loop_with_two_ways_in_gets_one() -> None:
    structure = Structure(ROOT, {ROOT: [0], 0: [1, 2], 1: [2], 2: [1, 3], 3: []})
    ((new, entries),) = structure.dispatch.items()
    assert entries == [1, 2]
    assert structure.headers == {new}
    assert {
        structure.by_way[0, 1],
        structure.by_way[0, 2],
        structure.by_way[2, 1],
        structure.by_way[1, 2],
    } == {new}
