"""Loops that have few turns, always as many, do the same written one turn after the other."""

from __future__ import annotations

import random
from typing import Any

import pytest
from aot_guest import CODE, Guest, code_of, elf_file, install, run_till_interrupted
from aot_programs import EBREAK, op
from programs import DATA, DATA_BYTES, Program, expected
from test_aot_rows import EXACT, NewGuest
from test_strips import run

from friscy_build.aot.effects import is_cheap
from friscy_build.aot.flow import Flow
from friscy_build.aot.graph import build_graph
from friscy_build.aot.image import CodeImage
from friscy_build.aot.unrolling import Unrolled, find_unrolled
from friscy_build.isa.disasm import disassemble

A0, A1, A2, A3, A4, A5, T0, T1, T2, S0 = 10, 11, 12, 13, 14, 15, 5, 6, 7, 8
_STEPS = 6000


def li(rd: int, value: int) -> int:
    return op("addi", rd=rd, rs1=0, imm=value)


def loop(before: list[int], body: list[int], name: str = "bne", **operands: int) -> list[int]:
    return [*before, *body, op(name, imm=-4 * len(body), **operands)]


def skipping(name: str, skipped: list[int], **operands: int) -> list[int]:
    return [op(name, imm=4 + 4 * len(skipped), **operands), *skipped]


def turns_of(words: list[int], header: int) -> int | None:
    """How many turns are found for the loop that begins with instruction number `header`."""
    image = CodeImage(elf_file(code_of([*words, EBREAK])))
    flow = Flow(build_graph(image, CODE, CODE + 4 * len(words) + 4))
    block = flow.graph.blocks[CODE + 4 * header]
    skipped = flow.graph.blocks.get(block.next_pc) if block.target != block.pc else None
    if skipped is not None:
        assert all(is_cheap(i) for _, i in skipped.code)
    found = find_unrolled(flow, block, skipped)
    return found.nturns if found is not None else None


CRC = [
    op("xor", rd=A3, rs1=A1, rs2=A0),
    op("addiw", rd=A5, rs1=A5, imm=-1),
    op("srli", rd=A0, rs1=A0, imm=1),
    op("andi", rd=A3, rs1=A3, imm=1),
    op("andi", rd=A5, rs1=A5, imm=255),
    op("xor", rd=A4, rs1=A0, rs2=A2),
    op("srli", rd=A1, rs1=A1, imm=1),
    *skipping("beq", [op("slli", rd=A0, rs1=A4, imm=48), op("srli", rd=A0, rs1=A0, imm=48)], rs1=A3, rs2=0),
]
DOWN = [op("add", rd=A0, rs1=A0, rs2=A1), op("addi", rd=A5, rs1=A5, imm=-1)]
UP = [op("add", rd=A0, rs1=A0, rs2=A1), op("addi", rd=A5, rs1=A5, imm=2)]


@pytest.mark.parametrize(
    ("turns", "words", "header"),
    [
        (8, loop([li(A5, 8)], CRC, rs1=A5, rs2=0), 1),
        (3, loop([li(A5, 3)], DOWN, rs1=A5, rs2=0), 1),
        (1, loop([li(A5, 1)], DOWN, rs1=A5, rs2=0), 1),
        (16, loop([li(A5, 16)], DOWN, rs1=A5, rs2=0), 1),
        (4, loop([li(A5, 3), li(A4, 11)], UP, "bltu", rs1=A5, rs2=A4), 2),
        (
            5,
            loop(
                [op("lui", rd=A5, imm=0x5000), op("addi", rd=A4, rs1=A5, imm=10)], UP, "blt", rs1=A5, rs2=A4
            ),
            2,
        ),
        (None, loop([li(A5, 17)], DOWN, rs1=A5, rs2=0), 1),  # too many
        (None, loop([li(A5, -1)], DOWN, rs1=A5, rs2=0), 1),
        (None, loop([op("addi", rd=A5, rs1=A1, imm=3)], DOWN, rs1=A5, rs2=0), 1),  # nobody knows
        (None, loop([op("ld", rd=A5, rs1=A2, imm=0)], DOWN, rs1=A5, rs2=0), 1),
        (None, loop([li(A5, 3)], [*DOWN, op("ld", rd=A5, rs1=A2, imm=0)], rs1=A5, rs2=0), 1),
        (None, loop([li(A5, 3)], [*DOWN, op("amoadd.w", rd=A3, rs1=A2, rs2=A1, aq_rl=0)], rs1=A5, rs2=0), 1),
        # What is skipped counts, too.
        (None, loop([li(A5, 8)], [*CRC[:7], *skipping("beq", [li(A5, 9)], rs1=A3, rs2=0)], rs1=A5, rs2=0), 1),
        # The loop is come to from elsewhere, with another count.
        (None, loop([op("beq", rs1=A1, rs2=0, imm=8), li(A5, 8)], DOWN, rs1=A5, rs2=0), 2),
        # So is the middle of it.
        (None, [op("beq", rs1=A1, rs2=0, imm=4 * 11), *loop([li(A5, 8)], CRC, rs1=A5, rs2=0)], 2),
        # What memory has is not known, wherever it is.
        (
            None,
            loop([op("lui", rd=A2, imm=0x30000), op("lw", rd=A5, rs1=A2, imm=0)], DOWN, "beq", rs1=A5, rs2=0),
            2,
        ),
        # Its first instruction is the function's.
        (None, loop([], [li(A5, 1), *DOWN], rs1=A5, rs2=0), 0),
    ],
)
def test_which_loops_are_known(turns: int | None, words: list[int], header: int) -> None:
    assert turns_of(words, header) == turns


def random_words(rng: random.Random) -> list[int]:
    """Loops in a loop: each has few turns, loads, stores, and skips."""

    def compute(rd: int, names: tuple[str, ...] = ("add", "xor", "sub", "addw", "and", "mulw")) -> int:
        name = rng.choice(names)
        return op(name, rd=rd, rs1=rng.choice((A0, A1, A2, A3)), rs2=rng.choice((A0, A1, A2, A3)))

    words = []
    for _ in range(rng.randrange(1, 4)):
        body = [compute(rng.choice((A0, A1, A2, A3))) for _ in range(rng.randrange(1, 4))]
        if rng.random() < 0.5:
            body.append(op("sd", rs2=rng.choice((A0, A1)), rs1=S0, imm=8 * rng.randrange(-4, 4)))
            body.append(op(rng.choice(("lw", "ld", "lbu")), rd=A3, rs1=S0, imm=rng.randrange(-32, 24)))
            body.append(op("addi", rd=S0, rs1=S0, imm=rng.choice((8, -8, 0, 3))))
        body.append(op("addi", rd=A5, rs1=A5, imm=-1))
        if rng.random() < 0.6:
            skipped = [
                compute(rng.choice((A0, A1)), ("add", "xor", "sltu")) for _ in range(rng.randrange(1, 3))
            ]
            body += skipping(rng.choice(("beq", "bltu", "bge")), skipped, rs1=A3, rs2=rng.choice((0, A2)))
            body += [compute(A2)] * rng.randrange(2)
        words += loop([li(A5, rng.randrange(1, 10))], body, rs1=A5, rs2=0)
    words = [li(T0, rng.randrange(1, 4)), *words, op("addi", rd=T0, rs1=T0, imm=-1)]
    return [*words, op("bne", rs1=T0, rs2=0, imm=-4 * (len(words) - 1))]


@pytest.mark.parametrize("seed", range(60))
def test_random_loops(new_guest: NewGuest, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[Unrolled | None] = []

    def finding(*arguments: Any) -> Unrolled | None:
        found.append(find_unrolled(*arguments))
        return found[-1]

    monkeypatch.setattr("friscy_build.aot.strip_writer.find_unrolled", finding)
    rng = random.Random(seed)
    words = [*random_words(rng), EBREAK]
    x = [0, *(rng.choice((0, 1, rng.getrandbits(64), rng.getrandbits(3))) for _ in range(31))]
    x[S0] = DATA + 0x800
    program = Program(words, x, [0] * 32, 0, rng.randbytes(DATA_BYTES))
    want = expected(program, CODE, _STEPS)
    assert want is not None
    guest = new_guest()
    guest.code(*words, at=CODE)
    assert CODE in install(guest, elf_file(code_of(words)), [CODE], options=EXACT)
    text = "\n".join(disassemble(word, 0) for word in words)
    assert any(found), text
    assert run(guest, program) == want, text
    guest.set_all(x, [0] * 32, 0)
    guest.memory[DATA : DATA + DATA_BYTES] = program.data
    guest.traps.clear()
    guest.interrupt(0)
    guest.end_at(0)  # each look is left to the interpreter
    guest.run(CODE)
    assert guest.all_x() == want.x, text


@pytest.mark.parametrize("body", [DOWN, [op("ld", rd=A1, rs1=A1, imm=0), *DOWN[1:]], [*CRC]])
def test_a_loop_around_it_is_interrupted(new_guest: NewGuest, body: list[int]) -> None:
    """Also where what looks is an access in it."""
    words = loop([li(A5, 5)], body, rs1=A5, rs2=0)
    words = [li(T0, 0), *words, op("jal", rd=0, imm=-4 * len(words))]
    guest: Guest = new_guest()
    guest.set_x(A1, DATA)
    guest.memory[DATA : DATA + 8] = DATA.to_bytes(8, "little")
    guest.code(*words, at=CODE)
    assert CODE in install(guest, elf_file(code_of(words)), [CODE], options=EXACT)
    run_till_interrupted(guest)
    assert guest.traps == []
