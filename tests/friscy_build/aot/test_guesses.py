"""Indirect calls and jumps whose target is guessed: the same happens where it is another, wherever they are unwound."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection
from typing import Any

import pytest
from aot_guest import CODE, STACK, code_of, elf_with_symbols, install
from test_aot_flow import CallingGuest

from friscy_build.aot.convention import TWIN_INSTRUCTIONS, Convention
from friscy_build.aot.discover import Functions
from friscy_build.aot.flow import Flow
from friscy_build.aot.graph import End
from friscy_build.aot.image import CodeImage
from friscy_build.aot.jobs import plan
from friscy_build.aot.module import translate
from friscy_build.isa.rows import BY_NAME

RA, SP, T0, T1, T2, S0, S1, A0, A1, A2, A3, A4, A7, S2, S3 = 1, 2, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 17, 18, 19
LOOP, FIRST, SECOND, HELPER, THUNK = CODE + 0x80, CODE + 0x140, CODE + 0x180, CODE + 0x200, CODE + 0x240
TURNS, TURNS_AT = 9, LOOP + 4 * 8


def op(name: str, **operands: int) -> int:
    return BY_NAME[name].encode(**operands)


def li(rd: int, value: int) -> int:
    return op("addi", rd=rd, rs1=0, imm=value)


def mv(rd: int, rs: int) -> int:
    return op("addi", rd=rd, rs1=rs, imm=0)


CALLER = [li(S3, 21), op("jal", rd=RA, imm=LOOP - CODE - 4), li(A7, 93), op("ecall")]
# Adds up what FIRST or SECOND, by the bits of `a0`, give of the turn's number.
TURN = [
    op("auipc", rd=T1, imm=0),
    op("addi", rd=T1, rs1=T1, imm=FIRST - TURNS_AT),
    op("andi", rd=T0, rs1=S2, imm=1),
    op("beq", rs1=T0, rs2=0, imm=8),
    op("addi", rd=T1, rs1=T1, imm=SECOND - FIRST),
    op("srli", rd=S2, rs1=S2, imm=1),
    mv(A0, S0),
    mv(A1, S1),
    mv(A3, S0),
    op("jalr", rd=RA, rs1=T1, imm=0),
    op("add", rd=S1, rs1=S1, rs2=A0),
    op("add", rd=S1, rs1=S1, rs2=A1),
    op("addi", rd=S0, rs1=S0, imm=-1),
]
CALL = TURNS_AT + 4 * 9
FRAME = [
    op("addi", rd=SP, rs1=SP, imm=-32),
    op("sd", rs2=RA, rs1=SP, imm=8),
    op("sd", rs2=S0, rs1=SP, imm=16),
]
BACK = [op("ld", rd=RA, rs1=SP, imm=8), op("ld", rd=S0, rs1=SP, imm=16), op("addi", rd=SP, rs1=SP, imm=32)]
RETURN = op("jalr", rd=0, rs1=RA, imm=0)
FUNCTIONS = {
    LOOP: [
        op("addi", rd=SP, rs1=SP, imm=-32),
        *[op("sd", rs2=r, rs1=SP, imm=8 * k) for k, r in enumerate((RA, S0, S1, S2))],
        mv(S2, A0),
        li(S0, TURNS),
        li(S1, 0),
        *TURN,
        op("bne", rs1=S0, rs2=0, imm=-4 * len(TURN)),
        mv(A0, S1),
        *[op("ld", rd=r, rs1=SP, imm=8 * k) for k, r in enumerate((RA, S0, S1, S2))],
        op("addi", rd=SP, rs1=SP, imm=32),
        RETURN,
    ],
    # with a frame, a saved register of its own, and a call
    FIRST: [
        *FRAME,
        mv(S0, A1),
        op("jal", rd=RA, imm=HELPER - FIRST - 16),
        op("add", rd=A0, rs1=A0, rs2=S0),
        *BACK,
        RETURN,
    ],
    # leaves nothing of what it may change as it was
    SECOND: [
        op("addi", rd=SP, rs1=SP, imm=-16),
        op("sd", rs2=S3, rs1=SP, imm=8),
        op("sd", rs2=RA, rs1=SP, imm=0),
        li(S3, 76),
        li(T0, 77),
        li(T1, 78),
        li(A2, 79),
        op("add", rd=A0, rs1=A0, rs2=A3),
        op("jal", rd=RA, imm=HELPER - SECOND - 32),
        op("add", rd=A0, rs1=A0, rs2=S3),
        op("ld", rd=S3, rs1=SP, imm=8),
        op("ld", rd=RA, rs1=SP, imm=0),
        op("addi", rd=SP, rs1=SP, imm=16),
        RETURN,
    ],
    HELPER: [op("slli", rd=T2, rs1=A0, imm=2), op("add", rd=A0, rs1=A0, rs2=T2), li(A1, 3), RETURN],
}


def program(functions: dict[int, list[int]]) -> bytes:
    code = code_of(CALLER)
    for at, words in functions.items():
        code = code.ljust(at - CODE, b"\0") + code_of(words)
    return code


# What goes on to the address in a4 as the last it does: at once, or after something with a frame of its own.
THUNKS = {
    "bare": [mv(T1, A4), op("jalr", rd=0, rs1=T1, imm=0)],
    "with a frame": [
        *FRAME,
        mv(S0, A4),
        op("sd", rs2=A1, rs1=SP, imm=24),
        op("jal", rd=RA, imm=HELPER - THUNK - 4 * 5),
        op("ld", rd=A1, rs1=SP, imm=24),
        mv(A0, A1),
        mv(A3, A1),
        mv(T1, S0),
        *BACK,
        op("jalr", rd=0, rs1=T1, imm=0),
    ],
}


def by_way_of(thunk: list[int]) -> dict[int, list[int]]:
    """The functions, where the turns call the thunk with the address that they would call in a4."""
    loop = list(FUNCTIONS[LOOP])
    k = (CALL - LOOP) // 4
    loop[k - 1 : k + 1] = [mv(A4, T1), op("jal", rd=RA, imm=THUNK - CALL)]
    return {**FUNCTIONS, LOOP: loop, THUNK: thunk}


class Counting(CallingGuest):
    """Adds up what its functions give."""

    def sum(self, choices: int) -> tuple[int, ...]:
        for register in range(1, 32):
            self.set_x(register, 0)
        self.set_x(SP, STACK)
        self.set_x(A0, choices)
        for register in (S0, S1, S2):
            self.set_x(register, 3 * register)
        self.run_through()
        return tuple(self.x(register) for register in (A0, SP, S0, S1, S2, S3))


@pytest.mark.parametrize("unwinding", [0.0, 0.3, 0.8])
@pytest.mark.parametrize("guess", [FIRST, SECOND, HELPER], ids=["first", "second", "neither"])
def test_a_call_goes_where_its_register_says(
    new_guest: Callable[..., Any], guess: int, unwinding: float
) -> None:
    compare(new_guest(Counting), FUNCTIONS, {CALL: guess}, unwinding)


@pytest.mark.parametrize("unwinding", [0.0, 0.3, 0.8])
@pytest.mark.parametrize("thunk", THUNKS)
@pytest.mark.parametrize("guess", [FIRST, SECOND, HELPER, None], ids=["first", "second", "neither", "none"])
def test_a_jump_goes_where_its_register_says(
    new_guest: Callable[..., Any], guess: int | None, thunk: str, unwinding: float
) -> None:
    jump = THUNK + 4 * (len(THUNKS[thunk]) - 1)
    calls = {jump: guess} if guess is not None else {}
    compare(new_guest(Counting), by_way_of(THUNKS[thunk]), calls, unwinding)


@pytest.mark.parametrize("thunk", THUNKS)
def test_where_a_jump_goes_most_of_the_time_is_asked_first(thunk: str) -> None:
    functions = by_way_of(THUNKS[thunk])
    elf = elf_with_symbols(program(functions), [(at, 4 * len(words)) for at, words in functions.items()])
    jump = THUNK + 4 * (len(THUNKS[thunk]) - 1)
    found = Functions(CodeImage(elf), calls={jump: FIRST})
    (unit,) = plan(elf, entries=functions, functions=found)
    (piece,) = unit.pieces(1 << 20)
    convention = piece.convention
    (block,) = (b for b in convention.flows[THUNK].blocks if b.end is End.INDIRECT)
    assert convention.guessed_jump(block) is convention.signatures[FIRST]
    plain = Functions(CodeImage(elf))
    assert translate(unit).wasm != translate(next(iter(plan(elf, entries=functions, functions=plain)))).wasm


def compare(
    guest: Any,
    functions: dict[int, list[int]],
    calls: dict[int, int],
    unwinding: float,
    ran: Collection[int] = (),
) -> None:
    """What the loop adds up is the same interpreted and translated, whatever it is told to call."""
    guest.rng, guest.unwinding = random.Random(len(calls)), unwinding
    code = program(functions)
    guest.write(CODE, code)
    want = [guest.sum(choices) for choices in range(1 << TURNS)]
    assert len(set(want)) > 1
    entries = [CODE, *functions]
    elf = elf_with_symbols(code, [(at, 4 * len(functions.get(at, CALLER))) for at in entries])
    assert set(entries) == set(install(guest, elf, entries, calls=calls, ran=ran))
    assert [guest.sum(choices) for choices in range(1 << TURNS)] == want


@pytest.mark.parametrize(("nloops", "direct"), [(0, True), (1, True), (2, False)])
def test_a_large_function_with_loops_in_loops_is_better_off_in_the_tables_form(
    nloops: int, *, direct: bool
) -> None:
    """One that only calls through a register go to: `main`, which libc calls."""
    large = [mv(A1, A0)] * (TWIN_INSTRUCTIONS + 1)
    for k in range(nloops):
        large += [op("addi", rd=T0 + k, rs1=T0 + k, imm=-1)]
        large += [op("bne", rs1=T0 + k, rs2=0, imm=4 * (2 - k) - 4 * len(large))]
    functions = {LOOP: FUNCTIONS[LOOP], HELPER: [*large, RETURN]}
    elf = elf_with_symbols(program(functions), [(at, 4 * len(words)) for at, words in functions.items()])
    found = Functions(CodeImage(elf), calls={CALL: HELPER})
    flows = {graph.entry: Flow(graph) for graph in found.graphs([LOOP, HELPER])}
    assert flows[HELPER].has_inner_loops() != direct
    assert Convention(flows).signatures[HELPER].direct == direct
