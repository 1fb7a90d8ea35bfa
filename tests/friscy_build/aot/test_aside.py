"""What a function seldom runs is put aside, and it does the same when it runs."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping
from typing import Any

import pytest
from aot_guest import CODE, STACK, code_of, elf_with_symbols, install, run_till_interrupted
from aot_programs import op
from hypothesis import given
from hypothesis import strategies as st
from test_aot_flow import EXACT, PRECISE, SETTINGS, functions, middles, prepared
from test_convention import (
    END,
    FORWARDING,
    PADDING,
    RA,
    RETURN,
    Float,
    Program,
    elf_of,
    frame,
    give_all,
    mv,
    placed,
)
from test_guesses import (
    CALL,
    FIRST,
    FUNCTIONS,
    HELPER,
    SECOND,
    THUNK,
    THUNKS,
    Counting,
    by_way_of,
    compare,
    program,
)

from friscy.machine.layout import GUARD, GUEST_START
from friscy_build.aot.aside import part
from friscy_build.aot.discover import Functions
from friscy_build.aot.graph import Block, End, Graph
from friscy_build.aot.image import CodeImage
from friscy_build.aot.jobs import plan
from friscy_build.aot.module import Options
from friscy_build.isa.decode import decode, instruction_nbytes

COLD, HOT = True, False


def graph_of(*ends: tuple[End, int, int, bool]) -> Graph:
    """A function of blocks without code: their ends, next ones and targets, as numbers of blocks, whether they ran."""
    graph = Graph(0, 4 * len(ends), 0)
    for k, (end, after, target, cold) in enumerate(ends):
        graph.blocks[4 * k] = Block(4 * k, end=end, next_pc=4 * after, target=4 * target, cold=cold)
    return graph


def test_a_seldom_call_and_all_behind_it_are_aside() -> None:
    """Behind it is a block that runs, too: it is there twice."""
    graph = graph_of((End.BRANCH, 2, 1, HOT), (End.CALL, 2, 0, COLD), (End.RETURN, 0, 0, HOT))
    parts = part(graph)
    assert parts is not None
    front, aside = parts
    assert (set(front.blocks), front.exits, front.entry) == ({0, 8}, {4}, 0)
    assert set(aside.blocks) == {4, 8, aside.entry}
    assert (aside.resume, aside.blocks[aside.entry].targets) == ((4,), (4,))
    assert aside.entry < 0
    assert part(front) is None
    assert part(aside) is None


def test_blocks_that_only_a_seldom_way_parts_are_one() -> None:
    front = (End.BRANCH, 2, 1, HOT), (End.CALL, 3, 0, COLD), (End.FALL, 3, 0, HOT), (End.FALL, 4, 0, HOT)
    graph = graph_of(*front, (End.RETURN, 0, 0, HOT))
    nop = decode(op("addi", rd=0, rs1=0, imm=0))
    assert nop is not None
    for pc, block in graph.blocks.items():
        block.code = [(pc, nop)]
    parts = part(graph)
    assert parts is not None
    assert set(parts[0].blocks) == {0, 8}
    joined = parts[0].blocks[8]
    assert (joined.end, [pc for pc, _ in joined.code]) == (End.RETURN, [8, 12, 16])
    assert {4, 12, 16} <= set(parts[1].blocks)
    # Another that ran leads there, too.
    graph.blocks[0].end, graph.blocks[8].end, graph.blocks[8].target = End.BRANCH, End.BRANCH, 16
    parts = part(graph)
    assert parts is not None
    assert set(parts[0].blocks) == {0, 8, 12, 16}


def test_a_loop_that_seldom_calls_is_there_twice() -> None:
    graph = graph_of((End.FALL, 1, 0, HOT), (End.BRANCH, 3, 2, HOT), (End.CALL, 1, 0, COLD), (End.RETURN, 0, 0, HOT))
    parts = part(graph)
    assert parts is not None
    front, aside = parts
    assert set(front.blocks) == {0, 4, 12}
    assert set(aside.blocks) == {4, 8, 12, aside.entry}


@pytest.mark.parametrize(
    "ends",
    [
        [(End.BRANCH, 2, 1, HOT), (End.CALL, 2, 0, HOT), (End.RETURN, 0, 0, HOT)],
        [(End.BRANCH, 2, 1, HOT), (End.FALL, 2, 0, COLD), (End.RETURN, 0, 0, HOT)],
        [(End.BRANCH, 2, 1, COLD), (End.CALL, 2, 0, COLD), (End.RETURN, 0, 0, COLD)],
        [(End.RETURN, 0, 0, HOT), (End.CALL, 2, 0, COLD), (End.RETURN, 0, 0, COLD)],
    ],
    ids=["all runs", "no call", "nothing runs", "nothing leads there"],
)
def test_others_stay_whole(ends: list[tuple[End, int, int, bool]]) -> None:
    assert part(graph_of(*ends)) is None


def test_what_a_switch_leads_to_stays() -> None:
    """What comes behind it is aside then."""
    graph = graph_of(
        (End.TABLE, 0, 0, HOT), (End.FALL, 2, 0, COLD), (End.CALL, 3, 0, COLD), (End.RETURN, 0, 0, HOT)
    )
    graph.blocks[0].target = -1
    graph.blocks[-1] = Block(-1, end=End.INDIRECT, targets=(4, 12))
    parts = part(graph)
    assert parts is not None
    assert set(parts[0].blocks) == {0, -1, 4, 12}
    assert parts[0].exits == {8}


def some(code: bytes, rng: random.Random, entries: Collection[int]) -> set[int]:
    """Some of the instructions at CODE, in runs; the first of the functions are among them."""
    found, pc, ran = set(entries), CODE, True
    while pc < CODE + len(code):
        if rng.random() < 0.3:
            ran = not ran
        if ran:
            found.add(pc)
        pc += instruction_nbytes(code[pc - CODE])
    return found


@SETTINGS
@given(
    st.integers(0, 1 << 32),
    st.sampled_from([0.0, 0.3, 0.8]),
    st.sampled_from([1.0, 0.6]),
    st.sampled_from([EXACT, PRECISE, Options(psabi=False, largest=60)]),
)
def test_flow(new_guest: Callable[..., Any], seed: int, unwinding: float, share: float, options: Options) -> None:
    guest, made, want = prepared(new_guest, seed, unwinding, 5)
    entries = {*made.entries, *middles(made, guest.rng)}
    ran = some(made.code, guest.rng, made.entries)
    elf = elf_with_symbols(made.code, functions(made))
    install(guest, elf, entries, options=options, share=share, ran=ran)
    assert guest.outcome(made) == want


@pytest.mark.parametrize("unwinding", [0.0, 0.3, 0.8])
@pytest.mark.parametrize("seed", range(12))
def test_calls_by_value(new_guest: Callable[..., Any], seed: int, unwinding: float) -> None:
    """What is in saved registers, in the hart and in frames is right when it is aside that functions return."""
    rng = random.Random(seed)
    made: Mapping[int, list[int]] = FUNCTIONS if seed % 3 else by_way_of(THUNKS["with a frame"])
    calls = {CALL: rng.choice([FIRST, SECOND])} if seed % 3 else {THUNK + 4 * (len(made[THUNK]) - 1): HELPER}
    compare(new_guest(Counting), dict(made), calls, unwinding, some(program(dict(made)), rng, [CODE, *made]))


@pytest.mark.parametrize("unwinding", [0.0, 0.8])
@pytest.mark.parametrize("seed", range(6))
def test_floats_by_value(new_guest: Callable[..., Any], seed: int, unwinding: float) -> None:
    _, made = placed(FORWARDING)
    guest = new_guest(Float)
    guest.rng, guest.unwinding = random.Random(seed), unwinding
    want = give_all(guest, made)
    code = b"".join(word.to_bytes(4, "little") for words in made.values() for word in words)
    install(guest, elf_of(made), made, ran=some(code, guest.rng, made))
    assert give_all(guest, made) == want


S1, A0, SP, A5 = 9, 10, 2, 15


def saving(*, often: bool) -> Program:
    """A caller that leaves s1 alone, and a function that saves and changes it, and calls one that saves it, too, for
    odd numbers: that is seldom. often: and once before."""
    seldom = [op("andi", rd=A5, rs1=S1, imm=1), op("beq", rs1=A5, rs2=0, imm=8), ("saves", RA)]
    called = [("saves", RA)] if often else []
    rest = [op("add", rd=A0, rs1=A0, rs2=S1), *frame(S1)[1], *PADDING]
    saves = [op("addi", rd=S1, rs1=A0, imm=5), mv(A0, S1)]
    return {
        "main": [*frame()[0], ("changes", RA), *END],
        "changes": [*frame(S1)[0], mv(S1, A0), *called, *seldom, *rest],
        "saves": [*frame(S1)[0], *saves, *frame(S1)[1], *PADDING],
        "other": [*frame()[0], ("saves", RA), *frame()[1]],  # because of which s1 does not pass by value
    }


def results(guest: Float, made: Mapping[int, list[int]]) -> list[tuple[int, int]]:
    """(a0, s1) of some numbers, s1 being what it was."""
    guest.write(CODE, code_of([word for words in made.values() for word in words]))
    found = []
    for number in range(8):
        guest.set_all([0] * 32, [0] * 32, 0)
        for register, value in ((SP, STACK), (S1, 77), (A0, number)):
            guest.set_x(register, value)
        guest.run_through()
        found.append((guest.x(A0), guest.x(S1)))
    return found


@pytest.mark.parametrize("often", [True, False])
@pytest.mark.parametrize("unwinding", [0.0, 0.8])
def test_what_callers_have_in_saved_registers_is_put_back(
    new_guest: Callable[..., Any], unwinding: float, often: bool
) -> None:
    """Into the hart, by the front and by what is aside."""
    program = saving(often=often)
    places, made = placed(program)
    guest = new_guest(Float)
    guest.rng, guest.unwinding = random.Random(1), unwinding
    want = [(2 * number + 5 * (number % 2 + often), 77) for number in range(8)]
    assert results(guest, made) == want
    last = max(k for k, word in enumerate(program["changes"]) if word == ("saves", RA))
    ran = {at + 4 * k for at, words in made.items() for k in range(len(words))} - {places["changes"] + 4 * last}
    (unit,) = plan(elf_of(made), entries=made, functions=Functions(CodeImage(elf_of(made)), ran=ran))
    (piece,) = unit.pieces(1 << 20)
    signature = piece.convention.signatures[places["saves"]]
    assert (S1 in signature.params, signature.needs >> S1 & 1) == (False, 1)
    assert places["changes"] in piece.convention.asides
    install(guest, elf_of(made), made, ran=ran)
    assert results(guest, made) == want


@pytest.mark.parametrize("unwinding", [0.0, 0.8])
def test_what_is_aside_in_a_callee_is_put_back_by_the_caller(new_guest: Callable[..., Any], unwinding: float) -> None:
    """The callee gets s1 by value; only what it seldom does stores that in the hart. It comes first in the file."""
    program = saving(often=False)
    changes = program["changes"]
    seldom = [k for k, word in enumerate(changes) if word == ("saves", RA)]
    between = [*changes[: seldom[0] + 1], mv(A0, S1), *frame(S1)[1], *PADDING]
    main = [*program.pop("main"), op("jal", rd=0, imm=0)]  # nothing falls into what comes next
    never = [op("sltiu", rd=A5, rs1=S1, imm=100), op("bne", rs1=A5, rs2=0, imm=8)]
    begin = [*frame(S1)[0], mv(S1, A0), ("between", RA), *never]
    program = {"main": main, "between": between, **program, "changes": [*begin, ("saves", RA), *frame(S1)[1], *PADDING]}
    places, made = placed(program)
    guest = new_guest(Float)
    guest.rng, guest.unwinding = random.Random(1), unwinding
    want = results(guest, made)
    assert {s1 for _, s1 in want} == {77}
    rare = {places["between"] + 4 * seldom[0], places["changes"] + 4 * len(begin)}
    ran = {at + 4 * k for at, words in made.items() for k in range(len(words))} - rare
    (unit,) = plan(elf_of(made), entries=made, functions=Functions(CodeImage(elf_of(made)), ran=ran))
    (piece,) = unit.pieces(1 << 20)
    assert {places["between"], places["changes"]} <= piece.convention.asides.keys()
    assert S1 in piece.convention.signatures[places["between"]].params
    install(guest, elf_of(made), made, ran=ran)
    assert results(guest, made) == want


@pytest.mark.parametrize("unwinding", [0.0, 0.8])
@pytest.mark.parametrize("ends", ["returns", "calls", "jumps away"])
@pytest.mark.parametrize("known", [True, False], ids=["called directly", "called through the table"])
def test_what_joined_blocks_leave(
    new_guest: Callable[..., Any], known: bool, ends: str, unwinding: float
) -> None:
    """What lives behind the second block, which changes what the first one has no more to do with."""
    a1, a2 = 11, 12
    begin, end = frame(S1)
    seldom = [("leaf", RA), mv(S1, A0)]
    first = [op("addi", rd=a1, rs1=S1, imm=3), op("addi", rd=a2, rs1=S1, imm=9)]
    second = [op("addi", rd=A0, rs1=S1, imm=7), op("addi", rd=a1, rs1=A0, imm=1), op("addi", rd=a2, rs1=A0, imm=2)]
    last = {"returns": [op("add", rd=A0, rs1=A0, rs2=a2), *end], "calls": [("sums", RA), *end]}
    last["jumps away"] = [*end[:-1], ("sums", 0)]
    test = [*begin, mv(S1, A0), op("andi", rd=A5, rs1=A0, imm=1)]
    behind = [*first, *second, *last[ends], *PADDING]
    away = op("jal", rd=0, imm=-4 * (len(behind) + len(seldom) - len(first)))
    joined = [*test, op("bne", rs1=A5, rs2=0, imm=4 * (1 + len(behind))), *behind, *seldom, away]
    program: Program = {
        "main": [*frame()[0], ("joined", RA), *END],
        "joined": joined,
        "leaf": [op("addi", rd=A0, rs1=A0, imm=1), RETURN, *PADDING],
        "sums": [op("add", rd=A0, rs1=A0, rs2=a1), op("add", rd=A0, rs1=A0, rs2=a2), RETURN, *PADDING],
    }
    places, made = placed(program)
    guest = new_guest(Float)
    guest.rng, guest.unwinding = random.Random(1), unwinding
    want = results(guest, made)
    cold = range(places["joined"] + 4 * (len(test) + 1 + len(behind)), places["leaf"], 4)
    ran = {at + 4 * k for at, words in made.items() for k in range(len(words))} - {*cold}
    entries = list(made) if known else list(made)[1:]
    (unit,) = plan(elf_of(made), entries=entries, functions=Functions(CodeImage(elf_of(made)), ran=ran))
    (piece,) = unit.pieces(1 << 20)
    front = piece.convention.flows[places["joined"]].graph
    assert places["joined"] in piece.convention.asides
    assert places["joined"] + 4 * (len(test) + 1 + len(first)) not in front.blocks
    install(guest, elf_of(made), entries, ran=ran)
    assert results(guest, made) == want


def test_a_loop_around_a_front_that_calls_nobody_is_interrupted(new_guest: Callable[..., Any]) -> None:
    """What it calls looks for an interrupt only where it calls itself, which it seldom does."""
    made: Program = {
        "main": [mv(A0, 0), ("seldom", RA), op("jal", rd=0, imm=-4)],
        "seldom": [op("beq", rs1=A0, rs2=0, imm=4 * 7), *frame()[0], ("leaf", RA), *frame()[1], RETURN, *PADDING],
        "leaf": [op("addi", rd=A0, rs1=A0, imm=1), RETURN],
    }
    places, words = placed(made)
    assert made["seldom"][7] == RETURN
    guest = new_guest()
    guest.write(CODE, code_of([word for each in words.values() for word in each]))
    guest.set_x(SP, STACK)
    ran = {*places.values(), places["main"] + 4, places["main"] + 8, places["seldom"] + 4 * 7}
    install(guest, elf_of(words), words, ran=ran)
    run_till_interrupted(guest)
    assert guest.traps == []


def test_a_stack_pointer_is_looked_at_again(new_guest: Callable[..., Any]) -> None:
    """What is aside knows nothing of it. A frame may be larger than the guard before the guest's range."""
    large = GUARD // 2048 + 8
    down, up = ([op("addi", rd=SP, rs1=SP, imm=step)] * large for step in (-2048, 2047))
    made: Program = {
        "main": [("seldom", RA), *END],
        "seldom": [
            *down,
            op("bne", rs1=A0, rs2=0, imm=4 * 4),
            op("sd", rs2=RA, rs1=SP, imm=0),  # seldom
            ("leaf", RA),
            op("ld", rd=RA, rs1=SP, imm=0),
            *up,
            op("addi", rd=SP, rs1=SP, imm=large),
            RETURN,
        ],
        "leaf": [RETURN],
    }
    places, words = placed(made)
    guest, elf = new_guest(Float), elf_of(words)
    code = code_of([word for each in words.values() for word in each])

    def run() -> list[int]:
        guest.write(CODE, code)
        guest.set_all([0] * 32, [0] * 32, 0)
        guest.set_x(SP, GUEST_START + 64)
        guest.traps.clear()
        guest.run(CODE)
        return [*guest.traps, guest.pc]

    want = run()
    seldom = [places["seldom"] + 4 * (large + k) for k in (1, 2, 3)]
    assert want[1:] == [seldom[0]]
    ran = {*range(CODE, CODE + len(code), 4)} - {*seldom}
    (unit,) = plan(elf, entries=words, functions=Functions(CodeImage(elf), ran=ran))
    (piece,) = unit.pieces(1 << 20)
    assert piece.convention.signatures[piece.convention.asides[places["seldom"]]].direct
    install(guest, elf, words, ran=ran)
    assert run() == want
