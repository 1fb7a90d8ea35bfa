"""Jump tables are found, of each form that compilers make, and end where they end."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import pytest
from aot_guest import CODE, code_of, elf_file, elf_with_symbols, install

from friscy_build.aot.graph import build_graph
from friscy_build.aot.image import CodeImage
from friscy_build.aot.module import Options
from friscy_build.aot.tables import REACH, Code, find_targets
from friscy_build.isa.decode import decode
from friscy_build.isa.rows import BY_NAME

T0, T1, T2 = 28, 29, 30
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


def targets(before: list[int], form: str, *, narrow: bool = False, far: bool = False) -> tuple[int, ...]:
    """narrow: the index is one of 32 bits, whose upper ones are cut off. far: the base is in a register that was given
    it long before."""
    load, table = FORMS[form]
    shift = 3 if form == "absolute" else 2
    scaled = [op("slli", rd=T0, rs1=10, imm=shift)]
    if narrow:
        scaled = [op("slli", rd=T2, rs1=10, imm=32), op("srli", rd=T0, rs1=T2, imm=32 - shift)]
    words = [
        *before,
        *scaled,
        *([] if far else address(T1, TABLE)),
        op("add", rd=T0, rs1=T0, rs2=T1),
    ]
    words += [*load, op("jalr", rd=0, rs1=T0, imm=0)]
    code = code_of(words)[: TABLE - CODE].ljust(TABLE - CODE, b"\0") + table  # who reads it has the instructions
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


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("form", FORMS)
def test_it_ends_where_the_index_does(form: str, narrow: bool) -> None:
    limit = op("addi", rd=15, rs1=0, imm=2)
    assert targets([limit, op("bltu", rs1=15, rs2=10, imm=0x40)], form, narrow=narrow) == tuple(CASES[:3])
    assert targets([limit, op("bgeu", rs1=10, rs2=15, imm=0x40)], form, narrow=narrow) == tuple(CASES[:2])
    of_another = op("bltu", rs1=15, rs2=11, imm=0x40)
    assert targets([limit, of_another], form, narrow=narrow) == tuple(CASES)


FAR = [*address(T1, TABLE), *[NOP] * (REACH + 1)]


@pytest.mark.parametrize("far", [False, True])
@pytest.mark.parametrize("form", FORMS)
def test_it_is_the_one_in_the_register_that_is_added(form: str, far: bool) -> None:
    """The function knows of another table, some of whose entries would do."""
    width = 8 if form == "absolute" else 4
    other = address(T2, TABLE + 3 * width)
    assert targets([*(FAR if far else []), *other], form, far=far) == tuple(CASES[:3])


@pytest.mark.parametrize("form", FORMS)
def test_a_limit_may_be_given_long_before(form: str) -> None:
    limit, compared = op("addi", rd=9, rs1=0, imm=2), op("bltu", rs1=9, rs2=10, imm=0x40)
    before = [limit, *[NOP] * REACH]
    assert targets([*before, compared], form) == tuple(CASES[:3])
    of_the_caller = op("ld", rd=9, rs1=2, imm=0)
    assert targets([of_the_caller, *before, compared], form) == tuple(CASES[:3])
    assert targets([*before, op("addi", rd=9, rs1=9, imm=1), compared], form) == tuple(CASES)


@pytest.mark.parametrize("form", FORMS)
def test_a_register_that_was_written_since_says_nothing_of_where_things_are(form: str) -> None:
    high, low = address(T2, TABLE + 16)
    assert targets([high, op("ld", rd=T2, rs1=2, imm=0), low], form) == tuple(CASES)


# Translated

WILD = [-1, 1 << 20, 1 << 40, (1 << 61) + 1]
NOT_CODE = 0x7FFF_FFF0  # what stands behind the table: no address of code, nor a distance to any


def switch(form: str, *, keeps: bool, odd: bool = False) -> bytes:
    """A loop that goes by the table as `a0` and what the cases make of it say. keeps: where it jumped to can be seen.
    odd: every second number is one between two entries."""
    load, table = FORMS[form]
    shift = (3 if form == "absolute" else 2) - odd
    words = [*address(T1, TABLE), op("slli", rd=T0, rs1=10, imm=shift), op("add", rd=T0, rs1=T0, rs2=T1)]
    words += [*load, op("jalr", rd=0, rs1=T0, imm=0)]
    nbytes = struct.calcsize("<q" if form == "absolute" else "<i")
    code = code_of(words).ljust(TABLE - CODE, b"\0") + table + NOT_CODE.to_bytes(nbytes, "little")
    code = code.ljust(CASES[0] - CODE, b"\0")
    for k in range(len(CASES)):
        # each case has 4 bytes, and goes on elsewhere
        code += code_of([op("jal", rd=0, imm=0x40 + 0x20 * k - 4 * k)])
    for k in range(len(CASES)):
        code = code.ljust(CASES[0] + 0x40 + 0x20 * k - CODE, b"\0")
        here = CASES[0] + 0x40 + 0x20 * k
        seen = op("add", rd=12, rs1=12, rs2=T0) if keeps else NOP
        body = [
            op("addi", rd=11, rs1=11, imm=1 << k),
            seen,
            op("addi", rd=10, rs1=10, imm=1 if k != 3 else 40),
        ]
        body += [op("addi", rd=T0, rs1=0, imm=0), op("jal", rd=0, imm=CODE - here - 16)]
        code += code_of(body)
    return code


@pytest.mark.parametrize(
    ("keeps", "odd"), [(False, False), (True, False), (False, True)], ids=["", "kept", "odd"]
)
@pytest.mark.parametrize("largest", [3000, 8], ids=["whole", "parts"])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("index", [*range(len(CASES) + 2), *WILD])
def test_a_switch_goes_where_its_table_says(
    new_guest: Callable[..., Any], form: str, index: int, largest: int, keeps: bool, odd: bool
) -> None:
    code = switch(form, keeps=keeps, odd=odd)
    guest = new_guest()
    guest.write(CODE, code)

    def run() -> tuple[list[int], list[tuple[int, int, int]]]:
        for register in range(1, 32):
            guest.set_x(register, 0)
        guest.set_x(10, index)
        guest.run()
        return guest.all_x(), list(guest.traps)

    want = run()
    assert want[1]
    elf = elf_with_symbols(code, [(CODE, len(code))])
    entries = {CODE, *CASES} if largest < 100 else {CODE}
    assert CODE in install(guest, elf, entries, options=Options(largest=largest))
    got = run()
    assert got[1] == want[1]
    assert got[0][10:13] == want[0][10:13]


@pytest.mark.parametrize("form", FORMS)
def test_how_a_block_goes_by_a_table(form: str) -> None:
    code = switch(form, keeps=False)
    graph = build_graph(CodeImage(elf_file(code)), CODE, CODE + len(code))
    way = graph.blocks[CODE].way
    assert way is not None
    assert way.table.targets == tuple(CASES)
    assert (way.table.start, way.load, way.added) == (TABLE, 4, T1 if form == "relative" else None)
    assert way.chain == ((4, 5, 6) if form == "relative" else (4, 5))


def test_a_table_that_may_change_is_read() -> None:
    """It lies outside the code."""
    code = switch("absolute", keeps=False)
    image = CodeImage(elf_file(code))
    image.code_ranges = [(CODE, TABLE), (CASES[0], CODE + len(code))]
    block = build_graph(image, CODE, CODE + len(code)).blocks[CODE]
    assert block.targets == tuple(CASES)
    assert block.way is None
