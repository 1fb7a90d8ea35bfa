"""Loops that leave sums over GF(2) do what the oracle does, written as those sums."""

from __future__ import annotations

import random
from typing import Any

import pytest
from aot_guest import CODE, code_of, elf_file, install
from aot_programs import EBREAK, op
from gf2_programs import A0, A1, A2, A3, A4, A5, KNOWN, T0, li, low_first, random_turn, skipping, turns
from programs import DATA, DATA_BYTES, Program, expected
from test_aot_rows import EXACT, NewGuest
from test_strips import run

from friscy.machine.layout import CAUSE_LOAD_FAULT
from friscy_build.aot.effects import is_cheap, registers
from friscy_build.aot.flow import Flow
from friscy_build.aot.gf2_loops import find_sums
from friscy_build.aot.gf2_plan import Sums
from friscy_build.aot.graph import End, build_graph
from friscy_build.aot.image import CodeImage
from friscy_build.aot.unrolling import Unrolled, find_unrolled
from friscy_build.isa.disasm import disassemble
from friscy_build.isa.evaluate import Evaluator

_STEPS = 6000


def sums_of(words: list[int], wanted: tuple[int, ...] = (A0,)) -> tuple[Sums | None, int]:
    """What the loop of a program leaves, and how many instructions that takes one by one; it is the last branch's."""
    image = CodeImage(elf_file(code_of([*words, EBREAK])))
    flow = Flow(build_graph(image, CODE, CODE + 4 * len(words) + 4))
    branches = [block for block in flow.blocks if block.end is End.BRANCH]
    (header,) = {block.target for block in branches if block.target <= block.pc}
    block = flow.graph.blocks[header]
    skipped = flow.graph.blocks[block.next_pc] if block.target != block.pc else None
    assert skipped is None or all(is_cheap(i) for _, i in skipped.code)
    unrolled = find_unrolled(flow, block, skipped)
    if unrolled is None:
        return None, 0
    return find_sums(unrolled, registers(wanted)), unrolled.nturns * sum(len(b.code) for b in unrolled.turn)


def after(words: list[int], x: dict[int, int]) -> list[int]:
    """The registers behind a program, by the oracle."""
    hart = Evaluator(pc=CODE)
    hart.memory.write(CODE, code_of([*words, EBREAK]))
    for register, value in x.items():
        hart.x_registers[register] = value
    while hart.at != CODE + 4 * len(words):
        hart.step()
    return hart.x_registers


@pytest.mark.parametrize("name", KNOWN)
def test_a_known_loop_becomes_sums(name: str) -> None:
    words, rng = KNOWN[name], random.Random(name)
    wanted = (A1,) if name == "Gray" else (A0,)
    sums, ninstructions = sums_of(words, wanted)
    assert sums is not None
    assert 2 * sums.cost <= ninstructions
    width = 32 if "32" in name else 8 if name == "crc-8" else 16
    for _ in range(200):
        x = {A0: rng.getrandbits(width), A1: rng.getrandbits(8)}
        assert sums.holds(x)
        have = after(words, x)
        assert sums.evaluate(x | {T0: 0, A2: 0, A3: 0}) == {register: have[register] for register in wanted}


def test_the_crc_of_coremark_takes_few_instructions() -> None:
    sums, ninstructions = sums_of(KNOWN["crc-16/arc"])
    assert sums is not None
    assert sums.cost <= 15
    assert ninstructions >= 80


@pytest.mark.parametrize(
    "words",
    [
        turns(8, low_first(0xA001, 16)),  # of which polynomial, nobody knows
        turns(8, [op("add", rd=A0, rs1=A0, rs2=A1), op("srli", rd=A0, rs1=A0, imm=1)]),
        turns(8, [op("mulw", rd=A0, rs1=A0, rs2=A0), op("xor", rd=A0, rs1=A0, rs2=A1)]),
        turns(8, [op("lbu", rd=A2, rs1=A1, imm=0), op("xor", rd=A0, rs1=A0, rs2=A2)]),
        turns(8, [op("sb", rs2=A0, rs1=A1, imm=0), op("srli", rd=A0, rs1=A0, imm=1)]),
        turns(8, [op("sltu", rd=A2, rs1=A0, rs2=A1), op("xor", rd=A0, rs1=A0, rs2=A2)]),
        turns(2, [op("xor", rd=A0, rs1=A0, rs2=A1), op("srli", rd=A0, rs1=A0, imm=1)]),  # no gain
        # Two values that differ by more than a constant, whatever is 0.
        turns(
            8,
            [
                op("andi", rd=A2, rs1=A0, imm=1),
                op("srli", rd=A0, rs1=A0, imm=1),
                *skipping("beq", [op("and", rd=A0, rs1=A0, rs2=A1)], rs1=A2, rs2=0),
            ],
        ),
    ],
)
def test_another_loop_does_not(words: list[int]) -> None:
    assert sums_of(words)[0] is None


def test_a_polynomial_from_before_an_outer_loop_is_known() -> None:
    inner = turns(8, low_first(0xA001, 16))
    before = [*li(T0, 0xA001), op("addi", rd=A4, rs1=A4, imm=3)]
    outer = [*inner, op("addi", rd=A4, rs1=A4, imm=-1)]
    words = [*before, *outer, op("bne", rs1=A4, rs2=0, imm=-4 * len(outer))]
    unrolled = unrolled_in(words, len(before) + 1)
    assert unrolled.constants == {A5: 8, T0: 0xA001}
    assert find_sums(unrolled, 1 << A0) is not None


@pytest.mark.parametrize("other", [0x8408, None])
def test_a_polynomial_that_is_one_of_two_is_not(other: int | None) -> None:
    """Or one on some ways only."""
    maybe = li(T0, other) if other is not None else [op("addi", rd=T0, rs1=A4, imm=1)]
    words = [*li(T0, 0xA001), *skipping("beq", maybe, rs1=A4, rs2=0), *turns(8, low_first(0, 16))]
    assert sums_of(words)[0] is None


@pytest.mark.parametrize("nturns", [1, 3, 16])
def test_sums_of_very_many_bits_are_no_gain(nturns: int) -> None:
    """Marsaglia's generator: each turn takes six instructions, and each bit of three turns is a sum of dozens."""
    turn = []
    for name, distance in (("slli", 13), ("srli", 7), ("slli", 17)):
        turn += [op(name, rd=A1, rs1=A0, imm=distance), op("xor", rd=A0, rs1=A0, rs2=A1)]
    assert sums_of(turns(nturns, turn))[0] is None


def unrolled_in(words: list[int], header: int) -> Unrolled:
    image = CodeImage(elf_file(code_of([*words, EBREAK])))
    flow = Flow(build_graph(image, CODE, CODE + 4 * len(words) + 4))
    block = flow.graph.blocks[CODE + 4 * header]
    unrolled = find_unrolled(flow, block, flow.graph.blocks[block.next_pc])
    assert unrolled is not None
    return unrolled


def test_a_polynomial_from_before_a_call_is_not_known() -> None:
    before = [*li(T0, 0xA001), op("jal", rd=1, imm=-8)]
    unrolled = unrolled_in([*before, *turns(8, low_first(0xA001, 16))], len(before) + 1)
    assert unrolled.constants == {A5: 8}


def test_a_polynomial_of_all_turns_but_the_first_is_not_known() -> None:
    outer = [op("addi", rd=A4, rs1=A4, imm=-1), *turns(8, low_first(0xA001, 16)), *li(T0, 0xA001)]
    unrolled = unrolled_in([*outer, op("bne", rs1=A4, rs2=0, imm=-4 * len(outer))], 2)
    assert unrolled.constants == {A5: 8}


def seen(monkeypatch: pytest.MonkeyPatch) -> list[Sums | None]:
    """What is found from now on, gain or none: without a convention all registers are wanted."""
    monkeypatch.setattr("friscy_build.aot.gf2_loops._WORTH", 0)
    found: list[Sums | None] = []

    def finding(*arguments: Any) -> Sums | None:
        found.append(find_sums(*arguments))
        return found[-1]

    monkeypatch.setattr("friscy_build.aot.turn_writer.find_sums", finding)
    return found


def compare(new_guest: NewGuest, words: list[int], rng: random.Random, times: int) -> None:
    """Run a program translated, and by the oracle."""
    words = [*words, EBREAK]
    text = "\n".join(disassemble(word, 0) for word in words)
    guest = new_guest()
    guest.code(*words, at=CODE)
    assert CODE in install(guest, elf_file(code_of(words)), [CODE], options=EXACT)
    for _ in range(times):
        x = [rng.choice((0, rng.getrandbits(64), rng.getrandbits(16), rng.getrandbits(8))) for _ in range(32)]
        x[0] = 0
        program = Program(words, x, [0] * 32, 0, bytes(DATA_BYTES))
        want = expected(program, CODE, _STEPS)
        assert want is not None
        assert run(guest, program) == want, text


@pytest.mark.parametrize("name", KNOWN)
def test_a_known_loop_translated(new_guest: NewGuest, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = seen(monkeypatch)
    compare(new_guest, KNOWN[name], random.Random(name), 40)
    assert any(found)


@pytest.mark.parametrize("seed", range(120))
def test_random_loops(new_guest: NewGuest, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    seen(monkeypatch)
    rng = random.Random(seed)
    compare(new_guest, turns(rng.randrange(2, 11), random_turn(rng), li(T0, rng.getrandbits(16))), rng, 12)


def test_random_loops_become_sums() -> None:
    """The generator makes loops that do, with and without bits that have to be 0; both hold to the oracle."""
    whole = guarded = 0
    for seed in range(300):
        rng = random.Random(seed)
        words = turns(rng.randrange(2, 11), random_turn(rng), li(T0, rng.getrandbits(16)))
        sums, _ = sums_of(words, (rng.choice((A0, A1)),))
        if sums is None:
            continue
        whole, guarded = whole + (not sums.zero), guarded + bool(sums.zero)
        for _ in range(10):
            x = {register: rng.getrandbits(rng.choice((64, 16, 8))) for register in (A0, A1, A2, A3)}
            x = {register: value & ~sums.zero.get(register, 0) for register, value in x.items()}
            have = after(words, x)
            assert sums.evaluate({T0: 0, A5: 0} | x) == {r.register: have[r.register] for r in sums.results}
    assert whole >= 20
    assert guarded >= 5


def test_addresses_are_looked_at_behind_it(new_guest: NewGuest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A base that was looked at before the loop, and moved by it, is another one."""
    found = seen(monkeypatch)
    guest = new_guest()
    words = [
        op("ld", rd=A2, rs1=A0, imm=0),
        op("addi", rd=T0, rs1=0, imm=1),
        op("slli", rd=T0, rs1=T0, imm=32),
        *li(A4, 9),
        *turns(7, [op("xor", rd=A0, rs1=A0, rs2=T0), op("xori", rd=A1, rs1=A1, imm=1)]),
        op("ld", rd=A3, rs1=A0, imm=0),
        op("addi", rd=A4, rs1=A4, imm=-1),
        op("bne", rs1=A4, rs2=0, imm=-8),
        EBREAK,
    ]
    guest.code(*words, at=CODE)
    assert CODE in install(guest, elf_file(code_of(words)), [CODE], options=EXACT)
    guest.set_x(A0, DATA)
    guest.run(CODE)
    (trap,) = guest.traps
    assert any(found)
    assert trap[0] == CAUSE_LOAD_FAULT
    assert guest.x(A0) == DATA + (1 << 32)


def test_a_loop_that_leaves_sums_in_most_registers(
    new_guest: NewGuest, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = seen(monkeypatch)
    moved = [register for register in range(1, 32) if register not in (2, A5)]
    body = [op("srli", rd=register, rs1=register, imm=8) for register in moved]
    compare(new_guest, turns(5, body), random.Random(5), 4)
    assert any(found)


def test_sums_of_more_pairs_than_there_are_places_for_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    found = sums_of(KNOWN["crc-16/arc"])[0]
    assert found is not None
    monkeypatch.setattr("friscy_build.aot.gf2_loops._MOST_PAIRS", 0)
    assert sums_of(KNOWN["crc-16/arc"])[0] is None
