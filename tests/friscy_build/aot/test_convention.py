"""What passes by value between functions, and what in the hart; it is right either way, wherever they are unwound."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from aot_guest import CODE, STACK, code_of, elf_with_symbols, install
from aot_programs import op
from test_aot_flow import CallingGuest

from friscy_build.aot.convention import TWIN_INSTRUCTIONS, Convention
from friscy_build.aot.discover import Functions
from friscy_build.aot.image import CodeImage
from friscy_build.aot.jobs import plan

RA, SP, T1, S0, S1, A0, A1, A2, A7, FA0 = 1, 2, 6, 8, 9, 10, 11, 12, 17, 10
ROUND_DOWN, NEAREST = 2, 0
RETURN = op("jalr", rd=0, rs1=RA, imm=0)
END = [op("addi", rd=A7, rs1=0, imm=93), op("ecall")]
PADDING = [op("addi", rd=A7, rs1=A7, imm=0)] * TWIN_INSTRUCTIONS  # of a function that is not there twice

Program = dict[str, list[int | tuple[str, int]]]  # words, and calls: a function's name and the register that links


def mv(rd: int, rs: int) -> int:
    return op("addi", rd=rd, rs1=rs, imm=0)


def placed(program: Program) -> tuple[dict[str, int], dict[int, list[int]]]:
    """Where the functions are, and their words by that."""
    places, at = {}, CODE
    for name, words in program.items():
        places[name] = at
        at += 4 * len(words)
    functions = {}
    for name, words in program.items():
        functions[places[name]] = [
            op("jal", rd=word[1], imm=places[word[0]] - places[name] - 4 * k) if isinstance(word, tuple) else word
            for k, word in enumerate(words)
        ]
    return places, functions


def elf_of(functions: Mapping[int, list[int]]) -> bytes:
    code = code_of([word for words in functions.values() for word in words])
    return elf_with_symbols(code, [(at, 4 * len(words)) for at, words in functions.items()])


def convention_of(program: Program) -> tuple[dict[str, int], Convention]:
    places, functions = placed(program)
    elf = elf_of(functions)
    (unit,) = plan(elf, entries=functions, functions=Functions(CodeImage(elf)))
    (piece,) = unit.pieces(1 << 20)
    return places, piece.convention


def frame(*saved: int) -> tuple[list[int], list[int]]:
    """What a function begins and ends with that puts ra and `saved` away meanwhile."""
    begin, end = [op("addi", rd=SP, rs1=SP, imm=-64)], list[int]()
    for k, register in enumerate((RA, *saved)):
        begin.append(op("sd", rs2=register, rs1=SP, imm=8 * k))
        end.append(op("ld", rd=register, rs1=SP, imm=8 * k))
    return begin, [*end, op("addi", rd=SP, rs1=SP, imm=64), RETURN]


def calling(callee: str, *changed: int) -> list[int | tuple[str, int]]:
    """A function that changes saved registers and calls."""
    begin, end = frame(*changed)
    return [*begin, *(op("addi", rd=register, rs1=A0, imm=1) for register in changed), (callee, RA), *end]


def callers(*changed: tuple[int, ...]) -> Program:
    """A function that saves s0 and s1, and functions that change some and call it."""
    begin, end = frame(S0, S1)
    saves = [*begin, mv(S0, A0), mv(S1, A0), op("add", rd=A0, rs1=S0, rs2=S1), *end]
    program: Program = {"saves": [*saves]}
    for k, registers in enumerate(changed):
        program[f"caller{k}"] = calling("saves", *registers)
        program[f"outer{k}"] = calling(f"caller{k}")
    return program


def test_what_nearly_all_callers_change_goes_by_value() -> None:
    places, convention = convention_of(callers((S0, S1), (S0,), (S0,), (S0,)))
    params = convention.signatures[places["saves"]].params
    assert S0 in params
    assert S1 not in params


def test_what_callers_leave_alone_is_in_the_hart() -> None:
    places, convention = convention_of(callers((), (S0,)))
    signature = convention.signatures[places["saves"]]
    assert not {S0, S1} & {*signature.params}
    assert signature.needs >> S0 & 1


def test_a_function_that_calls_itself_counts_for_many() -> None:
    program = callers((), ())
    program["saves"].insert(6, ("saves", RA))
    places, convention = convention_of(program)
    assert {S0, S1} <= {*convention.signatures[places["saves"]].params}


FORWARDING: Program = {
    "main": [
        *frame()[0],
        ("forwards", RA),
        op("fcvt.l.d", rd=S0, rs1=FA0, rm=ROUND_DOWN),
        op("auipc", rd=T1, imm=0),
        op("addi", rd=T1, rs1=T1, imm=4 * 6),  # the next function
        op("jalr", rd=RA, rs1=T1, imm=0),
        op("fcvt.l.d", rd=S1, rs1=FA0, rm=ROUND_DOWN),
        *END,
    ],
    # fa0 is what its callee left there: a0 is something else.
    "forwards": [*frame()[0], ("jumps", RA), op("addi", rd=A0, rs1=A0, imm=7), *frame()[1], *PADDING],
    "jumps": [op("addi", rd=A0, rs1=A0, imm=2), ("halves", 0), *PADDING],
    "halves": [
        op("addi", rd=A0, rs1=A0, imm=32),
        op("fcvt.d.l", rd=FA0, rs1=A0, rm=NEAREST),
        op("addi", rd=A1, rs1=0, imm=2),
        op("fcvt.d.l", rd=FA0 + 1, rs1=A1, rm=NEAREST),
        op("fdiv.d", rd=FA0, rs1=FA0, rs2=FA0 + 1, rm=NEAREST),
        RETURN,
    ],
}


def test_floats_come_by_value_from_functions_that_compute_them() -> None:
    places, convention = convention_of(FORWARDING)
    assert 32 + FA0 in convention.signatures[places["halves"]].results
    for name in ("forwards", "jumps"):
        assert convention.signatures[places[name]].direct
        assert convention.signatures[places[name]].results == (A0, A1)
        assert convention.signatures[places[name]].writes >> (32 + FA0) & 1


class Float(CallingGuest):
    def give(self, a0: int) -> tuple[int, ...]:
        for register in range(1, 32):
            self.set_x(register, 0)
        self.set_x(SP, STACK)
        self.set_x(A0, a0)
        self.run_through()
        return tuple(self.x(register) for register in (A0, SP, S0, S1))


def give_all(guest: Float, functions: Mapping[int, list[int]]) -> list[tuple[int, ...]]:
    """What `FORWARDING` computes of some numbers."""
    guest.write(CODE, code_of([word for words in functions.values() for word in words]))
    return [guest.give(number) for number in range(-40, 40)]


@pytest.mark.parametrize("unwinding", [0.0, 0.3, 0.8])
def test_a_float_that_is_handed_on_is_right(new_guest: Callable[..., Any], unwinding: float) -> None:
    places, functions = placed(FORWARDING)
    assert places["forwards"] == places["main"] + 4 * 10
    guest = new_guest(Float)
    guest.rng, guest.unwinding = random.Random(1), unwinding
    want = give_all(guest, functions)
    assert want[40][2:] == (17, 37)
    assert set(functions) == set(install(guest, elf_of(functions), functions))
    assert give_all(guest, functions) == want
