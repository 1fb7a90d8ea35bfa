"""Jump tables are found, of each form that compilers make, and end where they end."""

from __future__ import annotations

import struct

import pytest
from aot_guest import CODE, code_of, elf_file

from friscy_build.aot.image import CodeImage
from friscy_build.aot.tables import Code, find_targets
from friscy_build.isa.decode import decode
from friscy_build.isa.rows import BY_NAME

T0, T1, T2 = 5, 6, 7
TABLE = CODE + 0x40
CASES = [CODE + 0x80 + 4 * k for k in range(5)]
NOP = BY_NAME["addi"].encode(rd=0, rs1=0, imm=0)


def op(name: str, **operands: int) -> int:
    return BY_NAME[name].encode(**operands)


def address(register: int, value: int) -> list[int]:
    """lui and addi."""
    low = (value & 0xFFF) - ((value & 0x800) << 1)
    return [op("lui", rd=register, imm=value - low), op("addi", rd=register, rs1=register, imm=low)]


FORMS = {
    "relative": (
        [op("lw", rd=T0, rs1=T0, imm=0), op("add", rd=T0, rs1=T0, rs2=T1)],
        b"".join(struct.pack("<i", case - TABLE) for case in CASES),
    ),
    "short": ([op("lw", rd=T0, rs1=T0, imm=0)], b"".join(struct.pack("<I", case) for case in CASES)),
    "absolute": ([op("ld", rd=T0, rs1=T0, imm=0)], b"".join(struct.pack("<q", case) for case in CASES)),
}


def targets(before: list[int], form: str) -> tuple[int, ...]:
    load, table = FORMS[form]
    shift = 3 if form == "absolute" else 2
    words = [
        *before,
        op("slli", rd=T0, rs1=10, imm=shift),
        *address(T1, TABLE),
        op("add", rd=T0, rs1=T0, rs2=T1),
    ]
    words += [*load, op("jalr", rd=0, rs1=T0, imm=0)]
    code = code_of(words).ljust(TABLE - CODE, b"\0") + table
    code = code.ljust(CASES[0] - CODE, b"\0") + code_of([NOP] * len(CASES))
    instructions = {CODE + 4 * k: decode(word) for k, word in enumerate(words)}
    pc = CODE + 4 * (len(words) - 1)
    image = CodeImage(elf_file(code))
    return find_targets(image, Code(instructions), pc, lambda at: CASES[0] <= at < CODE + len(code))


@pytest.mark.parametrize("form", FORMS)
def test_a_table_is_found(form: str) -> None:
    assert targets([], form) == tuple(CASES)


@pytest.mark.parametrize("form", FORMS)
def test_it_ends_where_the_function_has_another_thing(form: str) -> None:
    width = 8 if form == "absolute" else 4
    assert targets(address(T2, TABLE + 3 * width + 1), form) == tuple(CASES[:3])


@pytest.mark.parametrize("form", FORMS)
def test_a_register_that_was_written_since_says_nothing_of_where_things_are(form: str) -> None:
    high, low = address(T2, TABLE + 16)
    assert targets([high, op("ld", rd=T2, rs1=2, imm=0), low], form) == tuple(CASES)
