"""The interpreter does what the oracle does, on random programs over all rows."""

from __future__ import annotations

import random
import struct

import pytest
from conftest import CODE, OUTSIDE, Guest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from programs import (
    BRANCHES,
    DATA,
    DATA_BYTES,
    STRAIGHT,
    Outcome,
    Program,
    expected,
    pair_program,
    random_program,
)

from friscy.machine.layout import RECORDS
from friscy_build.interpreter.build import table
from friscy_build.interpreter.records import SCALE, Pair
from friscy_build.isa.disasm import disassemble

SETTINGS = settings(
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    max_examples=40,
)


def actual(guest: Guest, program: Program, code: int) -> Outcome:
    guest.set_all(program.x, program.f, program.fcsr)
    guest.memory[DATA : DATA + DATA_BYTES] = program.data
    guest.code(*program.words, at=code)
    guest.run(code + program.start)
    data = bytes(guest.memory[DATA : DATA + DATA_BYTES])
    assert len(guest.traps) == 1
    return Outcome(guest.traps[0], guest.all_x(), guest.all_f(), guest.fcsr, data)


def check(guest: Guest, program: Program, code: int = CODE) -> None:
    want, got = expected(program, code), actual(guest, program, code)
    text = "\n".join(disassemble(word, 0) for word in program.words)
    assert got == want, text


@pytest.mark.parametrize("row", STRAIGHT, ids=lambda row: row.name)
def test_row(guest: Guest, row: object) -> None:
    for seed in range(40):
        check(guest, random_program(seed, [row]))  # type: ignore[list-item]


@pytest.mark.parametrize("pair", table().pairs, ids=lambda pair: pair.name)
def test_pair(guest: Guest, pair: Pair) -> None:
    for seed in range(6):
        check(guest, pair_program(seed, pair))
    # The last program was run as a pair, and ran into no other record than that.
    (operation,) = struct.unpack_from("<H", guest.memory, RECORDS + SCALE * (CODE + 4))
    assert operation == table().number[pair.name]


@SETTINGS
@given(st.integers(0, 1 << 32))
def test_straight_line(guest: Guest, seed: int) -> None:
    rows = random.Random(seed).sample(STRAIGHT, 60)
    check(guest, random_program(seed, rows))


@SETTINGS
@given(st.integers(0, 1 << 32))
def test_branches(guest: Guest, seed: int) -> None:
    rows = random.Random(seed).choices(STRAIGHT + BRANCHES * 6, k=60)
    check(guest, random_program(seed, rows))


@SETTINGS
@given(st.integers(0, 1 << 32))
def test_outside_the_window(guest: Guest, seed: int) -> None:
    rows = random.Random(seed).choices(STRAIGHT + BRANCHES * 6, k=30)
    check(guest, random_program(seed, rows), OUTSIDE)
