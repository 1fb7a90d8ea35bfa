"""Functions that return at once: the same happens where they do, where they do not, and wherever they are unwound."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from aot_guest import CODE, STACK, code_of, elf_with_symbols, install, run_till_interrupted
from test_aot_flow import CallingGuest

from friscy_build.aot.convention import Convention
from friscy_build.aot.discover import Functions
from friscy_build.aot.flow import Flow
from friscy_build.aot.image import CodeImage
from friscy_build.isa.rows import BY_NAME

RA, SP, T0, S0, S1, A0, A1, A5, A7, S2 = 1, 2, 5, 8, 9, 10, 11, 15, 17, 18
FUNCTION = CODE + 0x80


def op(name: str, **operands: int) -> int:
    return BY_NAME[name].encode(**operands)


def li(rd: int, value: int) -> int:
    return op("addi", rd=rd, rs1=0, imm=value)


RETURN = op("jalr", rd=0, rs1=RA, imm=0)


def recursive(*entry: int) -> list[int]:
    """`entry`, then f(a0 - 1, a1) + f(a0 - 2, a1) + a1. The entry's branch is relative to what follows it."""
    rest = [
        op("addi", rd=SP, rs1=SP, imm=-32),
        op("sd", rs2=RA, rs1=SP, imm=0),
        op("sd", rs2=S0, rs1=SP, imm=8),
        op("sd", rs2=S1, rs1=SP, imm=16),
        op("addi", rd=S0, rs1=A0, imm=-2),
        op("addi", rd=A0, rs1=A0, imm=-1),
        op("jal", rd=RA, imm=-4 * (len(entry) + 6)),
        op("addi", rd=S1, rs1=A0, imm=0),
        op("addi", rd=A0, rs1=S0, imm=0),
        op("jal", rd=RA, imm=-4 * (len(entry) + 9)),
        op("add", rd=A0, rs1=A0, rs2=S1),
        op("addi", rd=A0, rs1=A0, imm=1),
        op("ld", rd=RA, rs1=SP, imm=0),
        op("ld", rd=S0, rs1=SP, imm=8),
        op("ld", rd=S1, rs1=SP, imm=16),
        op("addi", rd=SP, rs1=SP, imm=32),
        RETURN,
    ]
    return [*entry, *rest]


def out(*code: int) -> list[int]:
    """What is returned with: it stands behind the function."""
    return [*code, RETURN]


def _forward(ninstructions: int) -> int:
    return 4 * ninstructions


BODY = len(recursive())
# name: (the function, whether callers look at its guard)
CASES: dict[str, tuple[list[int], bool]] = {
    "a constant, out when taken": (
        [*recursive(li(A5, 1), op("bge", rs1=A5, rs2=A0, imm=_forward(BODY + 1))), *out()], True,
    ),
    "out when not taken": (recursive(op("blt", rs1=0, rs2=A0, imm=12), li(A0, 5), RETURN), True),
    "something computed": (
        [*recursive(
            op("addi", rd=T0, rs1=A0, imm=-3), op("bge", rs1=0, rs2=T0, imm=_forward(BODY + 1))
        ), *out(op("add", rd=A0, rs1=T0, rs2=T0))], True,
    ),
    "an argument changed before": (
        [*recursive(
            op("addi", rd=A0, rs1=A0, imm=-1), op("bge", rs1=0, rs2=A0, imm=_forward(BODY + 1))
        ), *out()], False,
    ),
    "something loaded": (
        [*recursive(
            op("auipc", rd=T0, imm=0), op("lbu", rd=T0, rs1=T0, imm=0),
            op("bge", rs1=T0, rs2=A0, imm=_forward(BODY + 1)),
        ), *out()], False,
    ),
    "a saved register changed": (
        [*recursive(op("bge", rs1=0, rs2=A0, imm=_forward(BODY + 1))), *out(li(S2, 3))], False,
    ),
}  # fmt: skip
CALLER = [op("jal", rd=RA, imm=FUNCTION - CODE), op("addi", rd=A0, rs1=A0, imm=0), li(A7, 93), op("ecall")]


def program(function: list[int], caller: list[int]) -> bytes:
    return code_of(caller).ljust(FUNCTION - CODE, b"\0") + code_of(function)


class Calling(CallingGuest):
    """Calls the function."""

    def call(self, argument: int) -> tuple[int, ...]:
        for register in range(1, 32):
            self.set_x(register, 100 * register)
        self.set_x(SP, STACK)
        self.set_x(A0, argument)
        self.run_through()
        return tuple(self.x(register) for register in (A0, SP, S0, S1))


@pytest.mark.parametrize("unwinding", [0.0, 0.5])
@pytest.mark.parametrize("case", CASES)
def test_it_returns_what_it_returned(new_guest: Callable[..., Any], case: str, unwinding: float) -> None:
    function, _ = CASES[case]
    guest = new_guest(Calling)
    guest.rng, guest.unwinding = random.Random(7), unwinding
    code = program(function, CALLER)
    guest.write(CODE, code)
    arguments = [0, 1, 2, 3, 7, 9, (1 << 64) - 5]
    want = [guest.call(argument) for argument in arguments]
    elf = elf_with_symbols(code, [(CODE, 4 * len(CALLER)), (FUNCTION, 4 * len(function))])
    assert {CODE, FUNCTION} == set(install(guest, elf, [CODE, FUNCTION]))
    assert [guest.call(argument) for argument in arguments] == want


def convention_of(function: list[int]) -> Convention:
    code = program(function, CALLER)
    elf = elf_with_symbols(code, [(CODE, 4 * len(CALLER)), (FUNCTION, 4 * len(function))])
    functions = Functions(CodeImage(elf, name="code"))
    graphs = functions.graphs([CODE, FUNCTION])
    return Convention({graph.entry: Flow(graph) for graph in graphs})


@pytest.mark.parametrize("case", CASES)
def test_a_guard_only_computes_with_what_is_passed(case: str) -> None:
    function, has_guard = CASES[case]
    assert (convention_of(function).guards.get(FUNCTION) is not None) is has_guard


def test_a_loop_that_calls_what_returns_at_once_is_interrupted(new_guest: Callable[..., Any]) -> None:
    function, _ = CASES["out when not taken"]
    turn = [li(A0, 0), op("jal", rd=RA, imm=FUNCTION - CODE - 4), op("jal", rd=0, imm=-8)]
    guest = new_guest()
    code = program(function, turn)
    guest.write(CODE, code)
    elf = elf_with_symbols(code, [(CODE, 4 * len(turn)), (FUNCTION, 4 * len(function))])
    assert {CODE, FUNCTION} == set(install(guest, elf, [CODE, FUNCTION]))
    guest.set_x(SP, STACK)
    run_till_interrupted(guest)


A4, PLACE = 14, CODE + 0x1000
LEAVES = {
    "nothing": [],
    "a comparison": [
        op("lw", rd=A5, rs1=A0, imm=0),
        op("lw", rd=A4, rs1=A1, imm=4),
        op("slt", rd=A0, rs1=A5, rs2=A4),
    ],
    "a store": [
        op("sd", rs1=A0, rs2=A1, imm=0),
        op("sb", rs1=A0, rs2=A0, imm=9),
        op("addi", rd=A0, rs1=A0, imm=8),
    ],
    "a product": [
        op("mulw", rd=A5, rs1=A0, rs2=A1),
        op("ld", rd=A1, rs1=A1, imm=-8),
        op("add", rd=A0, rs1=A1, rs2=A5),
    ],
}
# Calls it twice: the second time with what the first has given, and a saved register that it is not to change.
TWICE = [
    op("addi", rd=S0, rs1=A1, imm=0),
    op("jal", rd=RA, imm=FUNCTION - CODE - 4),
    op("addi", rd=S1, rs1=A0, imm=0),
    op("addi", rd=A1, rs1=S0, imm=0),
    op("addi", rd=A0, rs1=S0, imm=8),
    op("jal", rd=RA, imm=FUNCTION - CODE - 20),
    op("addi", rd=A0, rs1=A0, imm=0),
    li(A7, 93),
    op("ecall"),
]


@pytest.mark.parametrize("leaf", LEAVES)
@pytest.mark.parametrize("wild", [None, A0, A1], ids=["", "a0", "a1"])
def test_a_leaf_does_what_it_did(new_guest: Callable[..., Any], leaf: str, wild: int | None) -> None:
    function = [*LEAVES[leaf], RETURN]
    guest = new_guest()
    code = program(function, TWICE)
    guest.write(CODE, code)

    def run() -> tuple[Any, ...]:
        guest.memory[PLACE - 64 : PLACE + 64] = bytes(range(128))
        guest.syscalls.clear()
        guest.traps.clear()
        for register in range(1, 32):
            guest.set_x(register, 100 * register)
        for register, value in ((SP, STACK), (A0, PLACE), (A1, PLACE + 16)):
            guest.set_x(register, 1 << 40 if register == wild else value)
        guest.run()
        ended = (list(guest.traps), len(guest.syscalls), guest.pc)
        return ended, [guest.x(r) for r in (RA, SP, S0, S1, A0)], bytes(guest.memory[PLACE - 64 : PLACE + 64])

    want = run()
    elf = elf_with_symbols(code, [(CODE, 4 * len(TWICE)), (FUNCTION, 4 * len(function))])
    assert {CODE, FUNCTION} == set(install(guest, elf, [CODE, FUNCTION]))
    assert run() == want


@pytest.mark.parametrize(
    ("words", "is_leaf"),
    [
        ([], True),
        ([op("ld", rd=A0, rs1=A0, imm=0)], True),
        ([op("addi", rd=A5, rs1=A0, imm=1)] * 9, False),
        ([op("addi", rd=S0, rs1=A0, imm=1)], False),
        ([op("addi", rd=SP, rs1=SP, imm=-16), op("addi", rd=SP, rs1=SP, imm=16)], False),
        ([op("div", rd=A0, rs1=A0, rs2=A1)], False),
        ([op("amoadd.d", rd=A0, rs1=A0, rs2=A1, aq_rl=0)], False),
    ],
)
def test_a_leaf_is_small_and_leaves_the_rest_alone(words: list[int], is_leaf: bool) -> None:
    assert (convention_of([*words, RETURN]).leaves.get(FUNCTION) is not None) is is_leaf
