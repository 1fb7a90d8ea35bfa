"""Ways between blocks: short branches that are done as choices, pairs of shifts, and loops that can be interrupted."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from aot_guest import CODE, STACK, code_of, elf_file, elf_with_symbols, install, run_till_interrupted
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from friscy_build.aot.discover import Functions
from friscy_build.aot.image import CodeImage
from friscy_build.aot.jobs import plan
from friscy_build.aot.module import Options, write
from friscy_build.isa.rows import BY_NAME

REGISTERS = range(10, 16)
PLACE = CODE + 0x1000
TWO = ("add", "sub", "xor", "addw", "sltu", "mul")
SETTINGS = settings(
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    max_examples=60,
)


def op(name: str, **operands: int) -> int:
    return BY_NAME[name].encode(**operands)


def cheap(rng: random.Random) -> list[int]:
    """One or two instructions that only compute, pairs of shifts most of the time."""
    rd, rs1, rs2 = rng.choice(REGISTERS), rng.choice([0, *REGISTERS]), rng.choice(REGISTERS)
    if rng.random() < 0.6:
        left, right = (rng.choice([1, 16, 30, 32, 33, 48, 56, 63]) for _ in range(2))
        last = rng.choice([rd, rd, rs2])
        name = rng.choice(["srli", "srai"])
        return [op("slli", rd=rd, rs1=rs1, imm=left), op(name, rd=last, rs1=rd, imm=right)]
    if rng.random() < 0.4:
        word, left = rng.choice(["", "w"]), rng.choice([1, 7, 25, 31])
        right = (32 if word else 64) - left if rng.random() < 0.7 else left
        sides = [op(f"slli{word}", rd=rd, rs1=rs1, imm=left), op(f"srli{word}", rd=rs2, rs1=rs1, imm=right)]
        return [*rng.sample(sides, 2), op(rng.choice(["or", "xor"]), rd=rng.choice([rd, rs2]), rs1=rd, rs2=rs2)]
    if rng.random() < 0.5:
        return [op("addiw", rd=rd, rs1=rs1, imm=rng.randrange(-2048, 2048))]
    return [op(rng.choice(TWO), rd=rd, rs1=rs1, rs2=rs2)]


def short_branches(rng: random.Random) -> list[int]:
    """Code with branches over a few instructions, which ends with an ecall."""
    words: list[int] = []
    for _ in range(rng.randrange(2, 12)):
        for _ in range(rng.randrange(4)):
            words += cheap(rng)
        skipped = [word for _ in range(rng.randrange(1, 4)) for word in cheap(rng)]
        name = rng.choice(["beq", "bne", "blt", "bgeu"])
        rs1, rs2 = rng.choice(REGISTERS), rng.choice([0, *REGISTERS])
        words += [op(name, rs1=rs1, rs2=rs2, imm=4 + 4 * len(skipped)), *skipped]
    return [*words, op("addi", rd=17, rs1=0, imm=93), op("ecall")]


@SETTINGS
@given(st.integers(0, 1 << 32), st.sampled_from(["fast", "precise"]))
def test_short_branches_and_pairs_of_shifts(new_guest: Callable[..., Any], seed: int, faults: str) -> None:
    rng = random.Random(seed)
    guest = new_guest()
    code = code_of(short_branches(rng))
    guest.write(CODE, code)
    start = [rng.choice([0, 1, (1 << 64) - 1, rng.getrandbits(64), rng.getrandbits(31)]) for _ in REGISTERS]

    def run() -> list[int]:
        for register, value in zip(REGISTERS, start, strict=True):
            guest.set_x(register, value)
        guest.run()
        assert len(guest.syscalls) == 1
        found: list[int] = guest.all_x()
        return found

    want = run()
    assert CODE in install(guest, elf_file(code), [CODE], options=Options(psabi=False, faults=faults))
    assert run() == want


def short_loop(rng: random.Random) -> list[int]:
    """A loop of one block, that `a0` is a place in memory for, `a1` another, and `a2` counts the turns of."""
    body: list[int] = []
    for _ in range(rng.randrange(0, 3)):
        rd, address = rng.choice([13, 14, 15]), rng.choice([10, 11])
        offset = 8 * rng.randrange(-2, 3)
        body += rng.choice([
            [op("ld", rd=rd, rs1=address, imm=offset)],
            [op("lbu", rd=rd, rs1=address, imm=offset)],
            [op("sd", rs2=rd, rs1=address, imm=offset)],
            [op("sb", rs2=rd, rs1=address, imm=offset), op("addi", rd=address, rs1=address, imm=1)],
            [op("lbu", rd=rd, rs1=address, imm=offset), op("addi", rd=address, rs1=address, imm=-8)],
            [op(rng.choice(TWO), rd=rd, rs1=14, rs2=15)],
            [op("fcvt.d.l", rd=1, rs1=rd, rm=7), op("fadd.d", rd=2, rs1=2, rs2=1, rm=7)],
        ])  # fmt: skip
    rng.shuffle(body)
    count = op("addi", rd=12, rs1=12, imm=-1)
    end = rng.choice(["bne", "bge"])  # until it is 0, or below
    back = op(end, rs1=12, rs2=0, imm=-4 * (len(body) + 1))
    result = [op("add", rd=16, rs1=13, rs2=14)] if rng.random() < 0.5 else []
    return [*body, count, back, *result, op("addi", rd=17, rs1=0, imm=93), op("ecall")]


@SETTINGS
@given(st.integers(0, 1 << 32), st.sampled_from(["fast", "precise"]))
def test_short_loops(new_guest: Callable[..., Any], seed: int, faults: str) -> None:
    rng = random.Random(seed)
    guest = new_guest()
    code = code_of(short_loop(rng))
    guest.write(CODE, code)
    numbers = [rng.getrandbits(64) for _ in range(3)]

    def run(turns: int) -> tuple[list[int], list[int], bytes]:
        guest.memory[PLACE - 256 : PLACE + 256] = bytes(k & 255 for k in range(512))
        for register, value in zip(range(10, 16), [PLACE, PLACE + 64, turns, *numbers], strict=True):
            guest.set_x(register, value)
        guest.set_all(guest.all_x(), [0] * 32, 0)
        guest.run()
        return guest.all_x(), guest.all_f(), bytes(guest.memory[PLACE - 256 : PLACE + 256])

    want = [run(turns) for turns in range(1, 12)]
    assert CODE in install(guest, elf_file(code), [CODE], options=Options(psabi=False, faults=faults))
    assert [run(turns) for turns in range(1, 12)] == want


# Two loops, one in the other, without a store: the inner turns `a1` times, the outer for ever.
NESTED = [
    op("addi", rd=12, rs1=11, imm=0),
    op("addi", rd=12, rs1=12, imm=-1),
    op("bne", rs1=12, rs2=0, imm=-4),
    op("beq", rs1=0, rs2=0, imm=-12),
]
LOAD = [op("ld", rd=12, rs1=10, imm=0), op("beq", rs1=12, rs2=0, imm=-4)]  # until the memory is not 0
JUMP = [op("addi", rd=12, rs1=12, imm=1), op("jal", rd=0, imm=-4)]


@pytest.mark.parametrize("turns", [1, 1 << 40], ids=["outer", "inner"])
@pytest.mark.parametrize("words", [NESTED, LOAD, JUMP], ids=["nested", "load", "jump"])
def test_an_endless_loop_is_interrupted(new_guest: Callable[..., Any], words: list[int], turns: int) -> None:
    guest = new_guest()
    code = code_of(words)
    guest.write(CODE, code)
    assert CODE in install(guest, elf_file(code), [CODE])
    guest.set_x(10, CODE + 0x1000)
    guest.set_x(11, turns)
    run_till_interrupted(guest)
    assert CODE <= guest.pc < CODE + len(code)


def test_a_loop_that_begins_behind_a_call_is_interrupted(new_guest: Callable[..., Any]) -> None:
    """What is called calls nobody, and looks for nothing."""
    guest = new_guest()
    leaf, words = CODE + 64, [op("addi", rd=10, rs1=10, imm=1), op("jalr", rd=0, rs1=1, imm=0)]
    loop = [
        op("jal", rd=0, imm=8),
        op("jal", rd=1, imm=leaf - CODE - 4),
        op("addi", rd=11, rs1=11, imm=1),
        op("jal", rd=0, imm=-8),
    ]
    code = code_of(loop).ljust(leaf - CODE, b"\0") + code_of(words)
    guest.write(CODE, code)
    elf = elf_with_symbols(code, [(CODE, 4 * len(loop)), (leaf, 4 * len(words))])
    assert {CODE, leaf} == set(install(guest, elf, [CODE, leaf]))
    guest.set_x(2, STACK)
    run_till_interrupted(guest)


@pytest.mark.parametrize(
    ("ran", "told"), [((), set()), ((0, 4, 8), {False}), ((0, 12, 16), {True}), ((0, 4, 8, 12, 16), set())]
)
def test_a_way_that_was_never_gone_is_told_to_the_hosts_compiler(ran: tuple[int, ...], told: set[bool]) -> None:
    """Of a branch: which of its ways did not run while the build looked, if one did."""
    words = [
        BY_NAME["beq"].encode(rs1=10, rs2=0, imm=12),
        BY_NAME["addi"].encode(rd=10, rs1=10, imm=1),
        BY_NAME["jalr"].encode(rd=0, rs1=1, imm=0),
        BY_NAME["sb"].encode(rs1=2, rs2=0, imm=0),  # so that the branch is one
        BY_NAME["jalr"].encode(rd=0, rs1=1, imm=0),
    ]
    elf = elf_with_symbols(code_of(words), [(CODE, 4 * len(words))])

    def hints(ran: tuple[int, ...]) -> Counter[bool]:
        functions = Functions(CodeImage(elf), ran={CODE + at for at in ran})
        (unit,) = plan(elf, entries=[CODE], functions=functions)
        (piece,) = unit.pieces(1 << 20)
        return Counter(taken for body in write(piece).values() for _, taken in body.hints)

    assert set(hints(ran) - hints(())) == told
