"""Templates: an instruction is traced once, whatever its distance or place, and what was traced does not stay."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from friscy_build.aot.function_writer import const64
from friscy_build.aot.templates import Templates
from friscy_build.aot.tracing import Tracer
from friscy_build.aot.value_writer import move_base
from friscy_build.isa.decode import Instruction, decode
from friscy_build.isa.rows import BY_NAME
from friscy_build.wasm import opcodes as wasm
from friscy_build.wasm.binary import sleb
from friscy_build.wasm.opcodes import OPCODES

OPERANDS = {"rd": 10, "rs1": 11, "rs2": 12, "rs3": 13, "imm": 64, "rm": 0, "aq_rl": 0}
PC = 0x1_2344


def instruction(name: str, **operands: int) -> Instruction:
    row = BY_NAME[name]
    found = decode(row.encode(**{field: {**OPERANDS, **operands}[field] for field in row.fields}))
    assert found is not None
    return found


@pytest.fixture
def uncollected() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize("name", ["addi", "beq", "ld", "sd", "jalr", "div", "fadd.d", "fmadd.s"])
def test_what_was_traced_does_not_stay(name: str) -> None:
    tracer = Tracer(PC, instruction(name), check=True)
    tracer.trace()
    left = weakref.ref(tracer)
    del tracer
    assert left() is None


def test_a_branch_is_the_same_however_far_it_goes() -> None:
    templates = Templates()
    near, far = (templates.get(PC, instruction("bltu", imm=imm), False, 0) for imm in (8, -2048))
    assert near is far
    assert templates.get(PC, instruction("bltu", rs1=13), False, 0).parts != near.parts


@pytest.mark.parametrize("check", [False, True])
@pytest.mark.parametrize("name", ["lb", "lbu", "lh", "lhu", "lw", "lwu", "ld", "amoswap.w", "amoadd.d"])
def test_a_load_whose_value_nobody_wants_is_made(name: str, check: bool) -> None:
    """It may fault: Go looks so for nil."""

    def loads(rd: int) -> int:
        parts = Templates().get(PC, instruction(name, rd=rd), check, 0).parts
        code = b"".join(part for part in parts if isinstance(part, bytes))
        return sum(code.count(op) for text, op in OPCODES.items() if ".load" in text)

    assert loads(0) >= 1
    assert loads(0) == loads(10)


def test_an_address_is_that_of_where_the_instruction_stands() -> None:
    templates = Templates()
    i = instruction("auipc", imm=5 << 12)
    for pc in (PC, 8, (1 << 64) - 4096):
        (part,) = templates.get(pc, i, False, 0).parts
        assert part == const64((pc + (5 << 12)) % (1 << 64)) + templates.locals.sets[10]


@pytest.mark.parametrize(
    ("offset", "moved", "rest"),
    [(0, 0, 0), (2047, 0, 2047), (-1, -128, 127), (-128, -128, 0), (-129, -2048, 1919), (-2048, -2048, 0)],
)
def test_accesses_in_front_of_a_base_share_one_that_is_moved(offset: int, moved: int, rest: int) -> None:
    before = wasm.I32_CONST + sleb(moved) + OPCODES["i32.add"] if moved else b""
    assert move_base(offset) == (before, rest)
