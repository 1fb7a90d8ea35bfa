"""Ints in 64-bit registers: what instructions look at, and what a function's become."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from aot_guest import CODE, Guest, code_of, elf_file
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from programs import BRANCHES, random_program
from test_aot_rows import check

from friscy.machine.layout import GUEST_START
from friscy_build.aot.convention import Convention
from friscy_build.aot.discover import Functions
from friscy_build.aot.effects import effects, members
from friscy_build.aot.flow import Flow
from friscy_build.aot.halves import _NEVER, NARROW, WORDS, Halves, _Way, _way
from friscy_build.aot.image import CodeImage
from friscy_build.isa.decode import Instruction, decode
from friscy_build.isa.evaluate import Evaluator, Memory, Trap
from friscy_build.isa.row import Row
from friscy_build.isa.rows import BASE_ROWS, BY_NAME

NewGuest = Callable[..., Guest]
LOW = (1 << 32) - 1
ROWS = [row for row in BASE_ROWS if row.extension in ("I", "M") and row.name not in ("ecall", "ebreak")]
INTS = [
    row for row in ROWS
    if row.name.endswith("w")
    or row.name in ("slt", "sltu", "slti", "sltiu", "and", "or", "xor", "andi", "slli", "srli")
]  # fmt: skip


def op(name: str, **operands: int) -> int:
    return BY_NAME[name].encode(**operands)


def encode(row: Row, rng: random.Random) -> Instruction:
    operands = {name: rng.choice([5, 6, 7, 8]) for name in ("rd", "rs1", "rs2") if name in row.fields}
    for _ in range(100):
        if "imm" in row.fields:
            choices = [0, 1, 4, 8, 31, 32, 33, 2040, -4, -2048, 1 << 12, rng.randrange(-2048, 2048)]
            operands["imm"] = rng.choice(choices)
        try:
            word = row.encode(**operands)
        except ValueError:
            continue
        found = decode(word)
        assert found is not None
        return found
    raise AssertionError(row)


def done(i: Instruction, x: list[int]) -> tuple[list[int], int, Any]:
    """Registers, pc and memory behind an instruction."""
    memory = Memory()
    memory.write(CODE, i.word.to_bytes(4, "little"))
    machine = Evaluator(memory, CODE)
    machine.x_registers[:] = x
    machine.step()
    return machine.x_registers, machine.at, {page: bytes(data) for page, data in memory.pages.items()}


def number(rng: random.Random) -> int:
    seldom = [0, 1, LOW, 1 << 31, (1 << 31) - 1, 1 << 63, rng.getrandbits(33), GUEST_START]
    return rng.choice([*seldom, rng.getrandbits(64)])


def extended(value: int) -> int:
    return (value & LOW) | (((1 << 64) - (1 << 32)) if value >> 31 & 1 else 0)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_what_is_not_looked_at_changes_nothing(row: Row) -> None:
    rng = random.Random(row.name)
    for _ in range(60):
        i = encode(row, rng)
        way, rd = _way(i), i.rd if effects(i)[1] else 0
        x = [0, *(number(rng) for _ in range(31))]
        for register in members(effects(i)[0]):
            if rng.random() < 0.7 and row.flow.name == "NONE" and i.row.name[0] in "ls":
                x[register] = CODE + 4096 + rng.randrange(64)  # a place for what is stored
        for looked, mask in ((way.idle, LOW), (way.wanted, (1 << 64) - 1)):
            other = list(x)
            for register in members(effects(i)[0] & ~looked):
                other[register] ^= rng.getrandbits(32) << 32
            try:
                first = done(i, x)
            except Trap:  # an address that is none
                with pytest.raises(Trap):
                    done(i, other)
                continue
            second = done(i, other)
            assert first[1:] == second[1:]
            if rd:
                assert first[0][rd] & mask == second[0][rd] & mask
        if way.word != _NEVER and rd:
            words = list(x)
            for register in members(way.word):
                words[register] = extended(words[register])
            try:
                result = done(i, words)[0][rd]
            except Trap:
                continue
            assert result == extended(result)


def kinds_of(*words: int) -> list[int]:
    """What the first instructions of a function are written like."""
    image = CodeImage(elf_file(code_of(words)), name="code")
    functions = Functions(image)
    (graph,) = functions.graphs([CODE])
    flow = Flow(graph)
    halves = Halves(flow, Convention({graph.entry: flow}))
    blocks = sorted(graph.blocks.values(), key=lambda block: block.pc)
    return [kind for block in blocks for kind in halves.of(block)]


RETURN = op("jalr", rd=0, rs1=1, imm=0)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_what_is_looked_at_is_the_same_for_all_distances(row: Row) -> None:
    rng = random.Random(row.name)
    for _ in range(20):
        i = encode(row, rng)
        known, own = _way(i), _Way(i)
        assert all(getattr(known, name) == getattr(own, name) for name in _Way.__slots__)


def test_a_sum_that_is_stored_as_an_int_is_not_extended() -> None:
    add, store = op("addw", rd=15, rs1=15, rs2=11), op("sw", rs1=10, rs2=15, imm=0)
    assert kinds_of(add, add, store, RETURN)[:3] == [NARROW, NARROW, 0]
    assert kinds_of(add, add, op("sd", rs1=10, rs2=15, imm=0), RETURN)[:2] == [NARROW, 0]
    assert kinds_of(add, op("addi", rd=10, rs1=15, imm=0), RETURN)[0] == 0, "it is given back"


def test_ints_are_compared_by_their_lower_halves() -> None:
    load, count = op("lw", rd=15, rs1=10, imm=0), op("addiw", rd=14, rs1=14, imm=1)
    back = op("bne", rs1=14, rs2=15, imm=-4)
    assert kinds_of(op("addi", rd=14, rs1=0, imm=0), load, count, back, RETURN)[1:4] == [
        NARROW,
        NARROW,
        WORDS,
    ]
    assert kinds_of(load, op("bne", rs1=11, rs2=15, imm=-4), RETURN)[1] == 0, (
        "nothing is known of an argument"
    )
    copy = op("addiw", rd=13, rs1=15, imm=0)
    assert kinds_of(load, copy, op("add", rd=10, rs1=13, rs2=13), RETURN)[:2] == [0, WORDS]


SETTINGS = settings(
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    max_examples=40,
)


@SETTINGS
@given(st.integers(0, 1 << 32))
def test_programs_of_ints_do_what_the_oracle_does(new_guest: NewGuest, seed: int) -> None:
    rows = random.Random(seed).choices([*INTS * 3, *BRANCHES * 8], k=80)
    check(new_guest(), random_program(seed, rows))
