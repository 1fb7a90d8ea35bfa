"""Comparisons of floats whose flags are taken back do as the oracle does, flags included."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from aot_guest import Guest
from programs import EBREAK, FLOATS, random_program
from test_aot_rows import check
from test_float_runs import block, ordinary, word

from friscy_build.aot.quiet import comparison, find_quiet

NewGuest = Callable[..., Guest]
KEEP = word("csrrs", rd=14, rs1=0, imm=1 << 5)
PUT_BACK = word("csrrw", rd=0, rs1=14, imm=1 << 5 | 14)
LESS = word("flt.d", rd=15, rs1=10, rs2=11)
EQUAL = word("feq.d", rd=16, rs1=11, rs2=12)


@pytest.mark.parametrize("name", ["flt.d", "fle.d", "feq.d"])
def test_what_is_compared(name: str) -> None:
    ((_, i),) = block(word(name, rd=15, rs1=10, rs2=11))
    found = comparison(i)
    assert found is not None
    assert (found.a, found.b) == (42, 43)
    for other in (word("flt.s", rd=15, rs1=10, rs2=11), word(name, rd=0, rs1=10, rs2=11), KEEP):
        ((_, i),) = block(other)
        assert comparison(i) is None


def test_those_between_the_flags_being_kept_and_put_back_are_found() -> None:
    found = find_quiet(block(LESS, KEEP, LESS, EQUAL, PUT_BACK, LESS))
    assert (set(found.comparisons), found.undone, found.harmless) == ({2, 3}, {4}, {1, 4})


@pytest.mark.parametrize(
    "between",
    [
        word("addi", rd=14, rs1=14, imm=1),  # what is put back is not what was kept
        word("fadd.d", rd=10, rs1=10, rs2=11, rm=7),
        word("flt.d", rd=14, rs1=10, rs2=11),
        word("csrrw", rd=0, rs1=13, imm=1 << 5 | 13),
        word("csrrw", rd=0, rs1=14, imm=3 << 5 | 14),
    ],
)
def test_others_are_not(between: int) -> None:
    found = find_quiet(block(KEEP, LESS, between, PUT_BACK))
    assert not found.comparisons
    assert not found.undone


@pytest.mark.parametrize("fcsr", [0, 1, 0x1F, 0x21])
def test_they_do_what_the_oracle_does(new_guest: NewGuest, fcsr: int) -> None:
    rng = random.Random(fcsr)
    guest = new_guest()
    for _ in range(12):
        program = random_program(rng.getrandbits(32), [])
        after = [word("fadd.d", rd=13, rs1=10, rs2=11, rm=7), word("fle.d", rd=17, rs1=10, rs2=13)]
        program.words[:] = [KEEP, LESS, EQUAL, PUT_BACK, *after, EBREAK]
        program.f = [rng.choice((*FLOATS, ordinary(rng))) for _ in range(32)]
        program.fcsr = fcsr
        check(guest, program)
