"""The rows themselves: patterns, overlaps, encoding, the decoder's tables."""

from __future__ import annotations

import random
from itertools import combinations

import pytest

from friscy_build.isa.decode import decode, instruction_nbytes
from friscy_build.isa.row import OPERANDS, Extension, Field, Flow, Slice, overlaps, parse_pattern
from friscy_build.isa.rows import BASE_ROWS, BY_NAME, COMPRESSED_ROWS, ROWS


def test_rv64gc_is_complete() -> None:
    counts: dict[str, int] = {}
    for row in ROWS:
        counts[row.extension] = counts.get(row.extension, 0) + 1
    assert counts == {"I": 52, "M": 13, "A": 22, "F": 30, "D": 32, "Zicsr": 6, "Zifencei": 1, "C": 37}
    assert len(BY_NAME) == len(ROWS)


def test_no_two_rows_overlap() -> None:
    assert [(a, b) for a, b in combinations(ROWS, 2) if overlaps(a, b)] == []


def test_overlap_check_finds_overlaps_and_honours_excludes() -> None:
    extension = Extension("test")

    def add(name: str, pattern: str) -> None:
        extension.add(name, pattern, "", lambda m, i: None)

    add("wide", "imm[11:0] rs1 000 rd 0001011")
    add("inside", "000000000000 rs1 000 rd 0001011")
    add("apart", "000000000000 rs1 001 rd 0001011")
    add("nonzero", "nzuimm[11:0] rs1 000 rd 0001011")
    wide, inside, apart, nonzero = extension.rows
    assert overlaps(wide, inside)
    assert not overlaps(wide, apart)
    assert not overlaps(inside, nonzero)
    assert overlaps(wide, nonzero)


def test_pattern_is_read_as_the_manual_writes_it() -> None:
    mask, match, excludes, fields = parse_pattern("011 nzimm[17] rd!=0,2 nzimm[16:12] 01", 16)
    assert (mask, match) == (0xE003, 0x6001)
    assert excludes == ((0xF80, 0x000), (0xF80, 0x100), (0x107C, 0))
    assert fields == {
        "rd": Field((Slice(11, 7, 0),)),
        "imm": Field((Slice(12, 12, 17), Slice(6, 2, 12)), signed=True),
    }
    assert fields["imm"].extract(0x1000) == -(1 << 17)
    assert fields["imm"].insert(-(1 << 17)) == 0x1000
    _, _, _, fields = parse_pattern("100011 rd'/rs1' 00 rs2' 01", 16)
    assert fields["rd"] == fields["rs1"] == Field((Slice(9, 7, 0),), offset=8)


@pytest.mark.parametrize("pattern", ["000 rd 11", "0" * 31 + " rx", "x" * 32, "imm[3:0 " + "0" * 28])
def test_malformed_patterns_are_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_pattern(pattern, 32)


def test_encode_refuses_what_the_fields_cannot_hold() -> None:
    assert BY_NAME["addi"].encode(rd=1, rs1=2, imm=-1) == 0xFFF10093
    for name, operands in (
        ("addi", {"rd": 1, "rs1": 2, "imm": 2048}),
        ("beq", {"rs1": 1, "rs2": 2, "imm": 3}),
        ("c.lw", {"rd": 7, "rs1": 8, "imm": 0}),
        ("c.add", {"rd": 1, "rs1": 2, "rs2": 3}),
        ("c.lwsp", {"rd": 0, "imm": 4}),
        ("fadd.s", {"rd": 0, "rs1": 0, "rs2": 0, "rm": 5}),
        ("add", {"rd": 0, "rs1": 0}),
    ):
        with pytest.raises(ValueError, match=name if len(operands) < 3 else r".+"):
            BY_NAME[name].encode(**operands)


def test_compressed_rows_give_every_operand_of_their_base() -> None:
    for row in COMPRESSED_ROWS:
        assert row.base in BASE_ROWS
        assert row.semantics is row.base.semantics
        assert row.flow is row.base.flow
        assert set(row.fields) | set(row.fixed) == set(row.base.fields)
        for name, part in row.fields.items():
            if name == "imm":
                # What the short form encodes, the long one can: an expander may write base encodings.
                assert part.width <= row.base.fields[name].width
                assert part.signed <= row.base.fields[name].signed


def test_decoder_tables_agree_with_a_scan_of_the_rows() -> None:
    rng = random.Random(3)
    words = [rng.getrandbits(32) | 3 for _ in range(3000)]
    words += [row.match | rng.getrandbits(32) & ~row.mask for row in BASE_ROWS for _ in range(10)]
    for word in words:
        matching = [row for row in BASE_ROWS if row.matches(word)]
        instruction = decode(word)
        assert len(matching) <= 1
        assert ([instruction.row] if instruction else []) == matching
    for word in range(1 << 16):
        if word & 3 != 3:
            matching = [row for row in COMPRESSED_ROWS if row.matches(word)]
            instruction = decode(word)
            assert ([instruction.compressed] if instruction else []) == matching


def test_bits_above_a_short_instruction_do_not_matter() -> None:
    assert decode(0xDEAD_4501) == decode(0x4501)
    assert instruction_nbytes(0xDEAD_4501) == 2
    assert instruction_nbytes(0x13) == 4


def test_flow_kinds() -> None:
    by_flow = {flow: {row.name for row in BASE_ROWS if row.flow is flow} for flow in Flow}
    assert by_flow[Flow.JUMP] == {"jal"}
    assert by_flow[Flow.INDIRECT] == {"jalr"}
    assert by_flow[Flow.BRANCH] == {"beq", "bne", "blt", "bge", "bltu", "bgeu"}
    assert by_flow[Flow.SYSCALL] == {"ecall"}
    assert by_flow[Flow.TRAP] == {
        "ebreak", "fence.i", "csrrw", "csrrs", "csrrc", "csrrwi", "csrrsi", "csrrci",
    }  # fmt: skip
    assert all(name in OPERANDS for row in ROWS for name in row.fields)
