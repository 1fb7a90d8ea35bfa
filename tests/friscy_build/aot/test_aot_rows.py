"""Translated code does what the oracle does, on random programs over all rows."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from aot_guest import CODE, Guest, code_of, elf_file, install
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from programs import BRANCHES, DATA, DATA_BYTES, STRAIGHT, Outcome, Program, expected, random_program

from friscy_build.aot.module import Options
from friscy_build.isa.disasm import disassemble

NewGuest = Callable[..., Guest]
EXACT = Options(psabi=False)  # these programs keep to no convention
SETTINGS = settings(
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    max_examples=12,
)


def actual(guest: Guest, program: Program, options: Options) -> Outcome:
    guest.set_all(program.x, program.f, program.fcsr)
    guest.memory[DATA : DATA + DATA_BYTES] = program.data
    guest.code(*program.words, at=CODE)
    assert CODE in install(guest, elf_file(code_of(program.words)), [CODE], options=options)
    guest.run(CODE)
    data = bytes(guest.memory[DATA : DATA + DATA_BYTES])
    assert len(guest.traps) == 1
    return Outcome(guest.traps[0], guest.all_x(), guest.all_f(), guest.fcsr, data)


def check(guest: Guest, program: Program, options: Options = EXACT) -> None:
    text = "\n".join(disassemble(word, 0) for word in program.words)
    assert actual(guest, program, options) == expected(program, CODE), text


@pytest.mark.parametrize("seed", range(6))
def test_every_row(new_guest: NewGuest, seed: int) -> None:
    rows = list(STRAIGHT)
    random.Random(seed).shuffle(rows)
    guest = new_guest()
    for first in range(0, len(rows), 40):
        check(guest, random_program(seed, rows[first : first + 40]))


@SETTINGS
@given(st.integers(0, 1 << 32), st.sampled_from(["fast", "precise"]))
def test_branches(new_guest: NewGuest, seed: int, faults: str) -> None:
    rows = random.Random(seed).choices(STRAIGHT + BRANCHES * 6, k=60)
    check(new_guest(), random_program(seed, rows), Options(psabi=False, faults=faults))
