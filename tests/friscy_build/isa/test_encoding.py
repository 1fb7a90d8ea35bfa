"""Encodings and text against GNU as and objdump."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from riscv_tools import assemble, disassemble_bytes

from friscy_build.isa.decode import Instruction, decode
from friscy_build.isa.disasm import disassemble, format_instruction
from friscy_build.isa.row import Row
from friscy_build.isa.rows import BASE_ROWS, ROWS
from friscy_build.isa.zicsr import CSR_NAMES


def words_of(row: Row, count: int, rng: random.Random) -> list[int]:
    """Legal encodings of `row` with random operands; ignored bits are 0."""
    fields = sum({1 << bit for part in row.fields.values() for bit in range(32) if part.mask >> bit & 1})
    words: list[int] = []
    while len(words) < count:
        word = row.match | (rng.getrandbits(32) & fields)
        if "csr" in row.syntax and rng.random() < 0.5:
            word = (word & 0xFFFFF) | rng.choice(list(CSR_NAMES)) << 20
        if row.matches(word):
            words.append(word)
    return words


def assembler_text(instruction: Instruction) -> str:
    text = format_instruction(instruction)
    if "target" in instruction.written.syntax:
        return re.sub(r"0x[0-9a-f]+$", f". + ({instruction.imm})", text)
    return text


def assembler_accepts(instruction: Instruction) -> bool:
    """False for hints and reserved fields, which the assembler has no text for or writes otherwise."""
    name = instruction.written.name
    if name in ("c.slli", "c.srli", "c.srai") and instruction.imm == 0:
        return False
    if name in ("c.li", "c.lui", "c.mv", "c.add", "c.slli") and instruction.rd == 0:
        return False
    if name == "fence":
        return instruction.imm < 0x100 and instruction.imm & 15 != 0 and instruction.imm >> 4 != 0
    return not (instruction.row.syntax.endswith("exact") and instruction.rm != 0)


def test_assembler_gives_the_same_bytes(tmp_path: Path) -> None:
    rng = random.Random(1)
    written: list[Instruction] = []
    for row in ROWS:
        before = len(written)
        for word in words_of(row, 60, rng):
            instruction = decode(word)
            assert instruction is not None, f"{row.name}: {word:#x} does not decode"
            assert instruction.written is row
            assert instruction.nbytes == row.nbytes
            assert row.encode(**{name: part.extract(word) for name, part in row.fields.items()}) == word
            if assembler_accepts(instruction):
                written.append(instruction)
        assert len(written) > before, f"{row.name}: nothing to assemble"
    source = "\n".join(f".option {'rvc' if i.nbytes == 2 else 'norvc'}\n{assembler_text(i)}" for i in written)
    code = assemble(f".option norelax\n{source}\n", tmp_path)
    position = 0
    for instruction in written:
        end = position + instruction.nbytes
        assert int.from_bytes(code[position:end], "little") == instruction.word, assembler_text(instruction)
        position = end
    assert position == len(code)


_ALIASES = {
    # Versions of objdump differ in these names; they are one instruction.
    "c.slli64": "c.slli",
    "c.srli64": "c.srli",
    "c.srai64": "c.srai",
}


def normalised(text: str) -> str:
    """objdump's text with its versions' differences removed."""
    name, _, operands = text.partition("\t")
    if name in _ALIASES:
        return f"{_ALIASES[name]}\t{operands},0x0"
    if name == "c.addi" and operands.startswith("zero,"):
        return disassemble_nop(operands)
    if name in ("c.unimp", ".insn", ".short", ".word") or operands.endswith(",unknown"):
        return "illegal"  # a reserved rounding mode traps
    if re.fullmatch(r"\.\dbyte", name):
        return "illegal"
    return text.removesuffix(",dyn")


def disassemble_nop(operands: str) -> str:
    value = operands.removeprefix("zero,")
    return "c.nop" if value == "0" else f"c.nop\t{value}"


def ours(word: int, pc: int) -> str:
    return "illegal" if decode(word) is None else disassemble(word, pc)


def test_every_16_bit_word_reads_as_objdump_reads_it(tmp_path: Path) -> None:
    words = [word for word in range(1 << 16) if word & 3 != 3]
    listing = disassemble_bytes(b"".join(word.to_bytes(2, "little") for word in words), tmp_path)
    different = []
    for index, word in enumerate(words):
        bits, text = listing[2 * index]
        assert bits == word
        expected = normalised(text)
        if word == 0x6101:
            expected = "illegal"  # c.addi16sp with nzimm = 0 is reserved; objdump does not look
        if ours(word, 2 * index) != expected:
            different.append((hex(word), ours(word, 2 * index), text))
    assert not different


@pytest.mark.parametrize("seed", range(2))
def test_random_32_bit_words_read_as_objdump_reads_them(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    words = [
        w for row in BASE_ROWS for w in (row.match | rng.getrandbits(32) & ~row.mask for _ in range(100))
    ]
    words += [rng.getrandbits(32) | 3 for _ in range(30_000)]
    words = [word for word in words if word & 0x1F != 0x1F]  # those start longer instructions
    listing = disassemble_bytes(b"".join(word.to_bytes(4, "little") for word in words), tmp_path)
    different = []
    legal = 0
    for index, word in enumerate(words):
        bits, text = listing[4 * index]
        assert bits == word
        mine, expected = ours(word, 4 * index), normalised(text)
        if mine != expected and not justified(word, mine, text):
            different.append((hex(word), mine, text))
        legal += mine != "illegal"
    assert not different
    assert legal > 10_000


def justified(word: int, mine: str, text: str) -> bool:
    instruction = decode(word)
    if instruction is None:
        # Privileged instructions trap in user mode.
        return text.split("\t")[0] in ("sfence.vma", "mret", "sret", "uret", "dret", "wfi", "hfence.vvma")
    name = instruction.row.name
    if name in ("fence", "fence.i"):
        # "Implementations shall ignore" the reserved fields; objdump shows bytes, or fence.tso, or pause.
        return bool(word & (0xF00F8F80 if name == "fence" else 0xFFFFFF80)) or "0" in mine.split("\t")[-1]
    if name.startswith("csrr"):
        # objdump knows the names of all CSRs, also of those that trap in user mode.
        return instruction.imm >> 5 not in CSR_NAMES
    # Conversions that are always exact: objdump wants rne in the rounding mode that does not matter.
    return instruction.row.syntax.endswith("exact") and instruction.rm != 0
