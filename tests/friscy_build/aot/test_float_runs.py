"""Runs of float arithmetic that are tried as one give what the oracle gives, whatever the numbers are."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Sequence

import pytest
from aot_guest import CODE, Guest, code_of, elf_file, install
from hypothesis import given
from hypothesis import strategies as st
from programs import DATA, DATA_BYTES, EBREAK, FLOATS, Program, random_program, random_word
from test_aot_rows import SETTINGS, check

from friscy.machine.layout import CAUSE_LOAD_FAULT, HART_BASE, HART_HOST_FMA
from friscy_build.aot.float_runs import LEAST, Run, find_runs, operation
from friscy_build.aot.locals import MAX_SAVED
from friscy_build.isa.decode import Instruction, decode
from friscy_build.isa.rows import BY_NAME

NewGuest = Callable[..., Guest]
INEXACT = 1  # in fcsr; round to the nearest
ARITHMETIC = [
    *("fadd.d", "fsub.d", "fmul.d", "fdiv.d", "fsqrt.d", "fmadd.d", "fmsub.d", "fnmadd.d", "fnmsub.d"),
]
OTHERS = ["fld", "c.fld", "fsgnj.d", "fsgnjn.d", "fsgnjx.d", "addi", "c.addi", "slli", "ld", "lbu"]


def word(name: str, **operands: int) -> int:
    return BY_NAME[name].encode(**operands)


def block(*words: int) -> list[tuple[int, Instruction]]:
    found, pc = [], CODE
    for each in words:
        i = decode(each)
        assert i is not None
        found.append((pc, i))
        pc += i.nbytes
    return found


def ordinary(rng: random.Random) -> int:
    number = rng.choice((-1, 1)) * rng.uniform(1, 2) * 2.0 ** rng.randrange(-40, 40)
    return int.from_bytes(struct.pack("<d", number), "little")


def float_word(rng: random.Random, name: str) -> int:
    """An instruction that mostly rounds to the nearest, of few registers, so that results are used and overwritten."""
    row = BY_NAME[name]
    known = random_word(rng, row)
    if name not in ARITHMETIC and not name.startswith(("fsgnj", "fld")):
        return known
    operands = {field: row.operands(known)[field] for field in row.fields}
    for field in operands:
        if field == "rm" and rng.random() < 0.95:
            operands[field] = rng.choice((0, 7))
        elif field in ("rs2", "rs3", "rd") or (field == "rs1" and name != "fld"):
            operands[field] = rng.randrange(10, 18)
    if name.startswith("fsgnj") and rng.random() < 0.8:
        operands["rs2"] = operands["rs1"]
    return row.encode(**operands)


def program_of(
    rng: random.Random, words: list[int], number: Callable[[], int], fcsr: Sequence[int]
) -> Program:
    """A program with such numbers in float registers, ordinary ones in memory, and one of these in fcsr."""
    x = random_program(rng.getrandbits(32), []).x
    data = b"".join(ordinary(rng).to_bytes(8, "little") for _ in range(DATA_BYTES // 8))
    return Program([*words, EBREAK], x, [number() for _ in range(32)], rng.choice(fcsr), data)


def float_program(rng: random.Random, *, odd: float) -> Program:
    """odd: how many of the registers begin with a number that is near the limits, or none."""
    names = [rng.choice(ARITHMETIC if rng.random() < 0.7 else OTHERS) for _ in range(24)]
    for at in (8, 16):
        names.insert(at, rng.choice(("fsd", "flt.d", "csrrs", "addi")))
    words = [float_word(rng, name) for name in names]
    fcsr = INEXACT, INEXACT, INEXACT, 0, 0x1F, 0x21, 0xA1  # the last one has no such rounding mode
    return program_of(rng, words, lambda: rng.choice(FLOATS) if rng.random() < odd else ordinary(rng), fcsr)


@SETTINGS
@given(st.integers(0, 1 << 32), st.sampled_from([0.0, 0.1, 0.5]), st.booleans())
def test_runs_do_what_the_oracle_does(new_guest: NewGuest, seed: int, odd: float, fuses: bool) -> None:
    guest = new_guest()
    if fuses:
        guest.exports["probe"](guest.store, HART_BASE)
    rng = random.Random(seed)
    for _ in range(4):
        check(guest, float_program(rng, odd=odd))


EXTREMES = {
    "tiny": (1 << 52, 1 << 52), "largest": (0x7FE << 52, 0x7FE << 52), "zeros": (0, 0),
    "infinite": (0x7FF << 52, 0x3FF << 52), "no number": (0x7FF << 52 | 1, 0x3FF << 52),
    "one of zero": (0x3FF << 52, 0), "far apart": (0x7FE << 52, 1 << 52), "subnormal": (3, 0x3FE << 52),
}  # fmt: skip


@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize("name", ARITHMETIC)
def test_one_result_that_may_be_wrong_has_all_done_again(new_guest: NewGuest, name: str, place: int) -> None:
    """At each place of a run, whose first operand and an integer are overwritten in it."""
    rng = random.Random(f"{name} {place}")
    guest = new_guest()
    guest.exports["probe"](guest.store, HART_BASE)
    for one, other in EXTREMES.values():
        program = float_program(rng, odd=0)
        row = BY_NAME[name]
        fields = {"rs1": 20, "rs2": 21, "rs3": 20, "rd": 22, "rm": 7}
        odd = row.encode(**{field: fields[field] for field in row.fields if field in fields})
        words = [
            word("fmul.d", rd=10, rs1=10, rs2=11, rm=7),
            word("addi", rd=12, rs1=12, imm=1),
            word("fadd.d", rd=13, rs1=10, rs2=11, rm=7),
        ]
        words.insert(place, odd)
        words.append(word("fsub.d", rd=11, rs1=22, rs2=13, rm=7))
        (run,) = find_runs(block(*words)).values()
        assert run.end - run.start == len(words)
        program.words[:] = [*words, EBREAK]
        program.f[20], program.f[21], program.fcsr = one, other, INEXACT
        check(guest, program)


def test_the_host_fuses(new_guest: NewGuest) -> None:
    guest = new_guest()
    guest.exports["probe"](guest.store, HART_BASE)
    assert struct.unpack_from("<I", guest.memory, HART_BASE + HART_HOST_FMA)[0] == 1


MUL = word("fmul.d", rd=10, rs1=10, rs2=11, rm=7)
LOAD = word("fld", rd=10, rs1=8, imm=8)
STEP = word("addi", rd=12, rs1=12, imm=8)
STORE = word("fsd", rs2=10, rs1=8, imm=0)


def test_what_is_a_run() -> None:
    assert find_runs(block(*[MUL] * (LEAST - 1))) == {}
    assert find_runs(block(STEP, LOAD, STEP, *[MUL] * LEAST, STEP, STORE)) == {1: Run(1, 3 + LEAST, False)}
    assert list(find_runs(block(*[MUL] * LEAST, STORE, LOAD, *[MUL] * LEAST))) == [0, LEAST + 1]
    assert find_runs(block(*[MUL] * LEAST), {1}) == {}
    for name in ("csrrs", "flt.d", "fadd.s", "fcvt.d.w", "lw", "fence"):
        other = random_word(random.Random(1), BY_NAME[name])
        assert bool(find_runs(block(MUL, MUL, other, MUL))) == (name == "lw")


def test_no_more_integers_are_put_aside_than_there_is_room_for() -> None:
    steps = [word("addi", rd=10 + k, rs1=0, imm=1) for k in range(MAX_SAVED + 1)]
    assert find_runs(block(MUL, MUL, *steps[:-1], MUL))
    assert find_runs(block(MUL, MUL, *steps, MUL)) == {}


def test_only_the_nearest_is_the_hosts_rounding() -> None:
    (_, to_zero), (_, dynamic) = block(word("fmul.d", rd=1, rs1=2, rs2=3, rm=1), MUL)
    assert operation(to_zero) is None
    found = operation(dynamic)
    assert found is not None
    assert found.name == "fmul"
    assert code_of([MUL])


@pytest.mark.parametrize("factor", [1.0, 0.0], ids=["tried", "done again"])
def test_a_base_that_a_run_overwrites_is_looked_at_again(new_guest: NewGuest, factor: float) -> None:
    guest = new_guest()
    bits = int.from_bytes(struct.pack("<d", factor), "little")
    words = [
        word("ld", rd=13, rs1=12, imm=0),
        *[MUL] * LEAST,
        word("ld", rd=12, rs1=8, imm=8),
        MUL,
        word("ld", rd=13, rs1=12, imm=0),
    ]
    guest.code(*words, EBREAK, at=CODE)
    guest.set_all([DATA] * 32, [bits] * 32, INEXACT)
    guest.memory[DATA + 8 : DATA + 16] = (HART_BASE).to_bytes(8, "little")
    assert CODE in install(guest, elf_file(code_of([*words, EBREAK])), [CODE])
    guest.run(CODE)
    assert guest.traps == [(CAUSE_LOAD_FAULT, HART_BASE, CODE + 4 * (len(words) - 1))]


def test_a_long_chain_is_several_runs(new_guest: NewGuest) -> None:
    """Each of whose results needs the one before, and most no look of their own."""
    add = word("fadd.d", rd=10, rs1=10, rs2=11, rm=7)
    chain = [add] * 400
    assert sum(run.end - run.start for run in find_runs(block(*chain)).values()) == len(chain)
    program = float_program(random.Random(1), odd=0)
    program.words[:] = [*chain, EBREAK]
    check(new_guest(), Program(program.words, program.x, program.f, INEXACT, program.data))
