"""A function's end is there twice: for ways that have called nobody, which put nothing back, and for the others."""

from __future__ import annotations

import pickle
import random
from collections.abc import Callable
from typing import Any

import pytest
from aot_guest import CODE, STACK, code_of, install
from aot_programs import op
from test_convention import (
    A0,
    END,
    PADDING,
    RA,
    S0,
    S1,
    SP,
    Float,
    Program,
    convention_of,
    elf_of,
    frame,
    mv,
    placed,
)

from friscy_build.aot.convention import Convention
from friscy_build.aot.effects import NONE, registers
from friscy_build.aot.graph import Block, End, Graph
from friscy_build.aot.returns import with_ends_apart
from friscy_build.isa.decode import decode
from friscy_build.translation.explain import guest_code

A5, S2, S3 = 15, 18, 19
SAVED = (S0, S1, S2, S3)
NOP = decode(0x13)
assert NOP is not None


def graph_of(*blocks: tuple[End, int, int], instructions: int = 1) -> Graph:
    """A function of blocks: how they end, and the numbers of those behind and of their targets."""
    graph = Graph(0, 100 * len(blocks), 0)
    for k, (end, after, target) in enumerate(blocks):
        code = [(100 * k + 4 * n, NOP) for n in range(instructions)]
        graph.blocks[100 * k] = Block(100 * k, code, end=end, next_pc=100 * after, target=100 * target)
    return graph


def ways(graph: Graph) -> dict[int, list[int]]:
    """By the instruction that a block begins with: where those begin that come after, copies as negative numbers."""
    starts = {key: block.code[0][0] for key, block in graph.blocks.items()}
    first = {key: start // 100 if key == start else -start // 100 for key, start in starts.items()}
    return {first[key]: [first[each] for each in block.successors()] for key, block in graph.blocks.items()}


def test_a_way_that_calls_nobody_gets_an_end_of_its_own() -> None:
    """0 goes on to 1, which calls, or to the end, 2."""
    graph = graph_of((End.BRANCH, 1, 2), (End.CALL, 2, 0), (End.RETURN, 0, 0))
    assert ways(with_ends_apart(graph)) == {0: [-2, 1], 1: [2], 2: [], -2: []}
    assert ways(graph) == {0: [2, 1], 1: [2], 2: []}


@pytest.mark.parametrize("jump", [(End.JUMP, 0, 3), (End.FALL, 3, 0)])
def test_an_end_may_have_several_blocks(jump: tuple[End, int, int]) -> None:
    graph = graph_of((End.BRANCH, 1, 2), (End.CALL, 2, 0), jump, (End.RETURN, 0, 0))
    assert ways(with_ends_apart(graph)) == {0: [-2, 1], 1: [2], 2: [3], 3: [], -2: [-3], -3: []}


def test_whoever_goes_there_without_a_call_goes_to_the_copy() -> None:
    graph = graph_of(
        (End.BRANCH, 1, 3), (End.BRANCH, 2, 5), (End.CALL, 4, 0), (End.JUMP, 0, 5), (End.FALL, 5, 0), (End.RETURN, 0, 0)
    )
    assert ways(with_ends_apart(graph)) == {0: [3, 1], 1: [-5, 2], 2: [4], 3: [-5], 4: [5], 5: [], -5: []}


@pytest.mark.parametrize(
    "graph",
    [
        graph_of((End.BRANCH, 1, 2), (End.FALL, 2, 0), (End.RETURN, 0, 0)),  # nobody calls
        graph_of((End.CALL, 1, 0), (End.BRANCH, 2, 3), (End.FALL, 3, 0), (End.RETURN, 0, 0)),  # all do
        graph_of((End.BRANCH, 1, 2), (End.CALL, 3, 0), (End.RETURN, 0, 0), (End.RETURN, 0, 0)),  # apart already
        graph_of((End.BRANCH, 1, 2), (End.CALL, 2, 0), (End.BRANCH, 3, 4), (End.RETURN, 0, 0), (End.RETURN, 0, 0)),
        graph_of((End.BRANCH, 1, 2), (End.CALL, 2, 0), (End.RETURN, 0, 0), instructions=21),
    ],
    ids=["nobody calls", "all call", "apart", "no end", "long"],
)
def test_other_functions_stay_as_they_are(graph: Graph) -> None:
    assert with_ends_apart(graph) is graph


def test_a_function_entered_in_the_middle_stays_as_it_is() -> None:
    graph = graph_of((End.BRANCH, 1, 2), (End.CALL, 2, 0), (End.RETURN, 0, 0))
    graph.resume = (0,)
    assert with_ends_apart(graph) is graph


CALLING: Program = {
    "main": [*frame()[0], ("finds", RA), *END],
    # An even number is found at once.
    "finds": [
        *frame(S1)[0], mv(S1, A0), op("andi", rd=A5, rs1=S1, imm=1), op("beq", rs1=A5, rs2=0, imm=8), ("saves", RA),
        op("add", rd=A0, rs1=A0, rs2=S1), *frame(S1)[1], *PADDING,
    ],
    "saves": [*frame(S1)[0], op("addi", rd=S1, rs1=A0, imm=5), mv(A0, S1), *frame(S1)[1], *PADDING],
    "other": [*frame()[0], ("saves", RA), *frame()[1]],  # because of which s1 does not pass by value
}  # fmt: skip


def smashed(convention: Convention, start: int) -> dict[int, int]:
    """By the key of a block that returns: the places in the hart that are put right."""
    flow = convention.flows[start]
    found = convention.liveness(flow.graph).smashed
    return {block.pc: found.get(block.pc, NONE) for block in flow.blocks if block.end is End.RETURN}


def test_the_way_that_calls_nobody_puts_nothing_back() -> None:
    places, convention = convention_of(CALLING)
    found = smashed(convention, places["finds"])
    assert len(found) == 2
    end, copy = sorted(found)
    assert found[end] & registers(SAVED) == registers((S1,))
    assert found[copy] & registers(SAVED) == NONE


def test_people_see_an_end_once() -> None:
    """As `friscy inspect --code` shows the guest's code."""
    places, convention = convention_of(CALLING)
    lines = guest_code([convention.flows[places["finds"]].graph])
    places_shown = [line.split()[0] for line in lines if line.startswith("  ")]
    assert len(places_shown) == len(set(places_shown)) > 10
    assert lines[0] == f"{places['finds']:x}:"


def test_a_copy_goes_to_workers() -> None:
    places, convention = convention_of(CALLING)
    graph = convention.flows[places["finds"]].graph
    assert pickle.loads(pickle.dumps(graph)) == graph


def random_program(seed: int) -> Program:
    """Functions that save some registers, and decide by their argument's bits what they call and when they return."""
    rng = random.Random(seed)
    names = [f"f{k}" for k in range(5)]
    program: Program = {"main": [*frame()[0], ("f0", RA), *END]}
    for k, name in enumerate(names):
        saved = rng.sample(SAVED, rng.randint(1, 3))
        begin, end = frame(*saved)
        words: list[Any] = [*begin, *(op("addi", rd=each, rs1=A0, imm=rng.randint(0, 9)) for each in saved)]
        for _ in range(rng.randint(2, 5)):
            words.append(op("andi", rd=A5, rs1=rng.choice(saved), imm=1 << rng.randint(0, 2)))
            if rng.random() < 0.5 and k + 1 < len(names):
                words += [op("beq", rs1=A5, rs2=0, imm=8), (rng.choice(names[k + 1 :]), RA)]
            else:
                words.append("end")
            words.append(op("add", rd=A0, rs1=A0, rs2=rng.choice(saved)))
            words.append(op("andi", rd=A0, rs1=A0, imm=255))
        at = len(words)
        words = [op("bne", rs1=A5, rs2=0, imm=4 * (at - n)) if word == "end" else word for n, word in enumerate(words)]
        program[name] = [*words, *end, *(PADDING if rng.random() < 0.7 else [])]
    return program


def outcomes(guest: Float, made: dict[int, list[int]]) -> list[tuple[int, ...]]:
    """(a0, saved registers) of some numbers."""
    guest.write(CODE, code_of([word for words in made.values() for word in words]))
    found = []
    for number in range(24):
        guest.set_all([0] * 32, [0] * 32, 0)
        for register, value in ((SP, STACK), (A0, number), *((each, 1000 + each) for each in SAVED)):
            guest.set_x(register, value)
        guest.run_through()
        found.append((guest.x(A0), *map(guest.x, SAVED)))
    return found


@pytest.mark.parametrize("unwinding", [0.0, 0.5])
@pytest.mark.parametrize("seed", range(12))
def test_registers_are_what_they_were_on_all_ways(new_guest: Callable[..., Any], seed: int, unwinding: float) -> None:
    _, made = placed(random_program(seed) if seed else CALLING)
    guest = new_guest(Float)
    guest.rng, guest.unwinding = random.Random(seed), unwinding
    want = outcomes(guest, made)
    assert {tuple(saved) for _, *saved in want} == {tuple(1000 + each for each in SAVED)}
    code = [at + 4 * k for at, words in made.items() for k in range(len(words))]
    ran = {pc for pc in code if guest.rng.random() < 0.8 or pc in made} if seed % 2 else set(code)
    assert set(made) <= set(install(guest, elf_of(made), made, ran=ran))
    assert outcomes(guest, made) == want
