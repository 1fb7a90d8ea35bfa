"""Functions with short ways: the same happens where those are gone, where not, and wherever they are unwound."""

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
from friscy_build.aot.inlining import Inlined
from friscy_build.isa.rows import BY_NAME

RA, SP, T0, T1, T2, S0, S1 = 1, 2, 5, 6, 7, 8, 9
A0, A1, A2, A3, A4, A5, A6, A7, S2, S3, S4 = range(10, 21)
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
# name: (the function, whether callers go its short way)
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
        ), *out()], True,
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


def inlined(function: list[int]) -> Inlined | None:
    return conventions(function, CALLER).inlined.get(FUNCTION)


@pytest.mark.parametrize("case", CASES)
def test_which_have_a_short_way(case: str) -> None:
    function, short = CASES[case]
    assert (inlined(function) is not None) is short


# It stores, or, which never ran, calls itself.
STORING = recursive(op("beq", rs1=A1, rs2=0, imm=12), op("sd", rs1=A1, rs2=A0, imm=0), RETURN)


@pytest.mark.parametrize("function", [CASES["out when not taken"][0], STORING], ids=["computes", "stores"])
def test_a_loop_that_calls_what_returns_at_once_is_interrupted(
    new_guest: Callable[..., Any], function: list[int]
) -> None:
    turn = [li(A0, 0), li(A0, 0), op("jal", rd=RA, imm=FUNCTION - CODE - 8), op("jal", rd=0, imm=-8)]
    if function is STORING:
        turn = [li(A0, 0), op("addi", rd=A1, rs1=SP, imm=-8), *turn[2:]]
    guest = new_guest()
    code = program(function, turn)
    guest.write(CODE, code)
    elf = elf_with_symbols(code, [(CODE, 4 * len(turn)), (FUNCTION, 4 * len(function))])
    ran = [*range(CODE, CODE + 16, 4), *range(FUNCTION, FUNCTION + 12, 4)] if function is STORING else []
    assert (FUNCTION in conventions(function, turn, ran).inlined) is True
    assert {CODE, FUNCTION} == set(install(guest, elf, [CODE, FUNCTION], ran=ran))
    guest.set_x(SP, STACK)
    run_till_interrupted(guest)


PLACE = CODE + 0x1000
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
    "a frame": [
        op("addi", rd=SP, rs1=SP, imm=-16),
        op("sd", rs2=S0, rs1=SP, imm=0),
        op("ld", rd=S0, rs1=A0, imm=0),
        op("sd", rs2=S0, rs1=SP, imm=8),
        op("addi", rd=S0, rs1=S0, imm=5),
        op("ld", rd=A1, rs1=SP, imm=8),
        op("add", rd=A0, rs1=A1, rs2=S0),
        op("ld", rd=S0, rs1=SP, imm=0),
        op("addi", rd=SP, rs1=SP, imm=16),
    ],
    "a store, then what was passed is changed and accessed": [
        op("sd", rs1=A0, rs2=A1, imm=0),
        op("addi", rd=A0, rs1=A1, imm=1),
        op("lbu", rd=A1, rs1=A1, imm=0),
        op("add", rd=A0, rs1=A0, rs2=A1),
    ],
    "two ways": [
        op("lbu", rd=A5, rs1=A0, imm=0),
        op("bne", rs1=A5, rs2=0, imm=12),
        op("sw", rs1=A1, rs2=A1, imm=0),
        op("jal", rd=0, imm=12),
        op("addi", rd=A0, rs1=A0, imm=1),
        op("lw", rd=A1, rs1=A1, imm=4),
        op("xor", rd=A0, rs1=A0, rs2=A1),
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
def test_a_small_function_does_what_it_did(new_guest: Callable[..., Any], leaf: str, wild: int | None) -> None:
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


FRAME = [op("addi", rd=SP, rs1=SP, imm=-16), op("sd", rs2=S0, rs1=SP, imm=0)]
BACK = [op("ld", rd=S0, rs1=SP, imm=0), op("addi", rd=SP, rs1=SP, imm=16)]


@pytest.mark.parametrize("leaf", LEAVES)
def test_small_functions_are_done_where_they_are_called(leaf: str) -> None:
    found = inlined([*LEAVES[leaf], RETURN])
    assert found is not None
    assert not found.calls
    assert found.stores is ("store" in leaf or leaf == "two ways")


@pytest.mark.parametrize(
    "words",
    [
        [op("addi", rd=A5, rs1=A0, imm=1)] * 25,
        [op("addi", rd=S0, rs1=A0, imm=1)],  # it has no direct form
        [op("div", rd=A0, rs1=A0, rs2=A1)],
        [op("amoadd.d", rd=A0, rs1=A0, rs2=A1, aq_rl=0)],
        [op("csrrc", rd=A0, rs1=A0, imm=1 << 5 | A0)],
        [op("csrrw", rd=0, rs1=A0, imm=2 << 5 | A0), li(A0, 0)],
        [op("fsgnj.d", rd=10, rs1=10, rs2=11)],
        [op("fence.i"), li(A0, 0)],
        [*FRAME, op("sub", rd=A0, rs1=A0, rs2=SP), *BACK],  # an address in the frame is looked at
        [*FRAME, op("lw", rd=A0, rs1=SP, imm=0), *BACK],
        [*FRAME, op("sd", rs2=A1, rs1=SP, imm=16), *BACK],  # its caller's frame
        [*FRAME, op("sd", rs2=A1, rs1=SP, imm=12), *BACK],  # the same, by half
        [op("ld", rd=A0, rs1=SP, imm=8), op("addi", rd=A0, rs1=A0, imm=1)],
        [op("add", rd=A0, rs1=A0, rs2=S0)],  # a saved register that is not passed
        [op("addi", rd=A5, rs1=A0, imm=1), op("bne", rs1=A5, rs2=A1, imm=-4), op("jal", rd=0, imm=-8)],
        # Behind a store there is no call.
        [
            op("lw", rd=A5, rs1=A0, imm=0), op("addi", rd=A5, rs1=A5, imm=1), op("sw", rs2=A5, rs1=A0, imm=0),
            op("bne", rs1=A1, rs2=0, imm=8), RETURN, *([op("addi", rd=A5, rs1=A5, imm=1)] * 25),
        ],
        # What is accessed behind a store is known only then.
        [op("ld", rd=A5, rs1=A0, imm=0), op("sd", rs1=A0, rs2=A1, imm=0), op("ld", rd=A0, rs1=A5, imm=0)],
    ],
)
def test_others_are_not(words: list[int]) -> None:
    assert inlined([*words, RETURN]) is None


def test_a_loop_is_not_followed() -> None:
    """Not even one that does nothing else."""
    found = inlined([op("beq", rs1=A0, rs2=A1, imm=0), RETURN])
    assert found is not None
    assert found.first.ways is not None
    taken, other = found.first.ways
    assert taken is None
    assert other is not None
    back = [op("bne", rs1=A0, rs2=A1, imm=8), op("jal", rd=0, imm=-4), op("beq", rs1=A0, rs2=0, imm=-8), RETURN]
    found = inlined(back)
    assert found is not None
    assert [None in (piece.ways or ()) for piece in found.first.pieces] == [True, True, False]


def conventions(function: list[int], caller: list[int], ran: list[int] | None = None) -> Convention:
    code = program(function, caller)
    elf = elf_with_symbols(code, [(CODE, 4 * len(caller)), (FUNCTION, 4 * len(function))])
    functions = Functions(CodeImage(elf, name="code"), ran=ran or ())
    return Convention({graph.entry: Flow(graph) for graph in functions.graphs([CODE, FUNCTION])})


@pytest.mark.parametrize(("ncalls", "short"), [(1, True), (2, True), (3, False)])
def test_many_callers_do_less(ncalls: int, short: bool) -> None:
    words = [*([op("addi", rd=A5, rs1=A0, imm=1)] * 9), op("add", rd=A0, rs1=A0, rs2=A5), RETURN]
    calls = [op("jal", rd=RA, imm=FUNCTION - CODE - 4 * k) for k in range(ncalls)]
    assert (FUNCTION in conventions(words, [*calls, *CALLER[1:]]).inlined) is short


@pytest.mark.parametrize(("nran", "short"), [(3, True), (33, False)])
def test_what_never_ran_is_left_to_the_call(nran: int, short: bool) -> None:
    """A way that stores may be one of two if the other one never ran."""
    words = [
        op("beq", rs1=A1, rs2=0, imm=12),
        op("sd", rs1=A0, rs2=A1, imm=0),
        RETURN,
        *([op("addi", rd=A5, rs1=A5, imm=1)] * 30),
        RETURN,
    ]
    ran = [CODE + 4 * k for k in range(len(CALLER))] + [FUNCTION + 4 * k for k in range(nran)]
    assert (FUNCTION in conventions(words, CALLER, ran).inlined) is short
    before = [op("sd", rs1=A0, rs2=A1, imm=0), op("beq", rs1=A1, rs2=0, imm=8), *words[2:]]  # there is no call then
    assert FUNCTION not in conventions(before, CALLER, ran).inlined
    few = [*words[:3], op("addi", rd=A0, rs1=A0, imm=1), RETURN]
    found = conventions(few, CALLER, ran).inlined[FUNCTION]
    assert found.first.ways is not None
    assert (None in found.first.ways) is short


class Random:
    """Random functions of pointers in a0 and a1 and numbers in a2 and a3: a tree of ways, some long, some a frame."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.frame = self.rng.random() < 0.5
        self.temporaries = [T0, T1, T2, A4, A5, A6, A0, A2, A3, *((S0, S1) if self.frame else ())]

    def code(self, count: int, known: list[int], pointers: set[int]) -> list[int]:
        rng, words = self.rng, []
        for _ in range(count):
            kind, rd = rng.random(), rng.choice(self.temporaries)
            base = rng.choice(sorted(pointers)) if pointers else None
            offset = 8 * rng.randrange(-4, 4)
            if kind < 0.25 and base is not None:
                words.append(op(rng.choice(("lbu", "lh", "lw", "ld")), rd=rd, rs1=base, imm=offset))
            elif kind < 0.4 and base is not None:
                words.append(op(rng.choice(("sb", "sh", "sd")), rs2=rng.choice(known), rs1=base, imm=offset))
                continue
            elif kind < 0.5 and base is not None:
                words.append(op("addi", rd=rd, rs1=base, imm=0))
                pointers.add(rd)
                known.append(rd)
                continue
            elif kind < 0.6 and self.frame:
                words.append(op("sd", rs2=rng.choice(known), rs1=SP, imm=24))
                words.append(op("ld", rd=rd, rs1=SP, imm=24))
            else:
                name = rng.choice(("add", "sub", "xor", "addw", "sltu", "mul", "sraw"))
                words.append(op(name, rd=rd, rs1=rng.choice(known), rs2=rng.choice(known)))
            pointers.discard(rd)
            known.append(rd)
        return words

    def tree(self, depth: int, known: list[int], pointers: set[int]) -> list[int]:
        rng = self.rng
        known, pointers = list(known), set(pointers)
        code = self.code(rng.choice((0, 1, 2, 2, 3, 5)), known, pointers)
        if depth and rng.random() < 0.8:
            other, taken = (self.tree(depth - 1, known, pointers) for _ in range(2))
            name = rng.choice(("beq", "bne", "blt", "bgeu"))
            branch = op(name, rs1=rng.choice(known), rs2=rng.choice(known), imm=4 + 4 * len(other))
            return [*code, branch, *other, *taken]
        if rng.random() < 0.2:
            code += [op("addi", rd=T0, rs1=T0, imm=1)] * 30
        back = [
            op("ld", rd=S0, rs1=SP, imm=0),
            op("ld", rd=RA, rs1=SP, imm=16),
            op("ld", rd=S1, rs1=SP, imm=8),
            op("addi", rd=SP, rs1=SP, imm=32),
        ]
        result = op("add", rd=A0, rs1=rng.choice(known), rs2=rng.choice(known))
        return [*code, result, *(back if self.frame else ()), RETURN]

    def words(self) -> list[int]:
        front = [
            op("addi", rd=SP, rs1=SP, imm=-32),
            op("sd", rs2=S0, rs1=SP, imm=0),
            op("sd", rs2=RA, rs1=SP, imm=16),
            op("sd", rs2=S1, rs1=SP, imm=8),
        ]
        return [*(front if self.frame else ()), *self.tree(2, [A0, A1, A2, A3, 0], {A0, A1})]


def calling(rng: random.Random) -> list[int]:
    """A caller that keeps what it needs in saved registers, and calls in a loop."""
    words = [op("addi", rd=S2, rs1=A0, imm=0), op("addi", rd=S3, rs1=A1, imm=0), li(S4, 6)]
    turn = len(words)
    words += [
        op("addi", rd=A0, rs1=S2, imm=8 * rng.randrange(4)),
        op("addi", rd=A1, rs1=S3, imm=0),
        op("addi", rd=A2, rs1=S4, imm=-3),
        op("addi", rd=A3, rs1=S0, imm=0),
    ]
    words.append(op("jal", rd=RA, imm=FUNCTION - CODE - 4 * len(words)))
    words += [op("add", rd=S0, rs1=S0, rs2=A0), op("addi", rd=S4, rs1=S4, imm=-1)]
    words.append(op("bne", rs1=S4, rs2=0, imm=4 * (turn - len(words))))
    return [*words, op("addi", rd=A0, rs1=S0, imm=0), li(A7, 93), op("ecall")]


@pytest.mark.parametrize("wild", [None, A0, A1], ids=["", "a0", "a1"])
@pytest.mark.parametrize("seed", range(70))
def test_random_functions(new_guest: Callable[..., Any], seed: int, wild: int | None) -> None:
    rng = random.Random(seed)
    function, caller = Random(seed).words(), calling(rng)
    guest = new_guest()
    code = program(function, caller)
    guest.write(CODE, code)
    content = rng.randbytes(256)

    def run() -> tuple[Any, ...]:
        guest.memory[PLACE - 128 : PLACE + 128] = content
        guest.syscalls.clear()
        guest.traps.clear()
        for register in range(1, 32):
            guest.set_x(register, 100 * register)
        for register, value in ((SP, STACK), (A0, PLACE), (A1, PLACE + 16)):
            guest.set_x(register, (1 << 40) + 7 if register == wild else value)
        guest.run()
        ended = list(guest.traps), len(guest.syscalls), guest.pc
        kept = [guest.x(register) for register in (RA, SP, S0, S1, A0, *range(18, 28)) if wild is None]
        return ended, kept, bytes(guest.memory[PLACE - 128 : PLACE + 128])

    want = run()
    elf = elf_with_symbols(code, [(CODE, 4 * len(caller)), (FUNCTION, 4 * len(function))])
    assert {CODE, FUNCTION} == set(install(guest, elf, [CODE, FUNCTION]))
    assert run() == want


def test_random_functions_have_short_ways() -> None:
    programs = [(Random(seed), Random(seed).words()) for seed in range(70)]
    found = [(program.frame, inlined(words)) for program, words in programs]
    assert sum(each is not None for _, each in found) >= 25
    assert sum(each is not None and each.stores for _, each in found) >= 8
    assert sum(each is not None and frame for frame, each in found) >= 8
    pieces = [piece for _, each in found if each is not None for piece in each.first.pieces]
    assert sum(None in (piece.ways or ()) for piece in pieces) >= 3
    assert sum(bool(piece.early) for piece in pieces) >= 3
