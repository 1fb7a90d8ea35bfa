"""The rows' semantics against qemu-user: the same programs give the same bytes."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from guest_programs import OUT_BYTES, program
from riscv_tools import QEMU_RV64GC, link, qemu

from friscy.machine.layout import CAUSE_ILLEGAL
from friscy_build.isa.decode import decode
from friscy_build.isa.evaluate import Evaluator, Memory, Trap
from friscy_build.isa.row import Row
from friscy_build.isa.rows import BASE_ROWS
from friscy_build.isa.zicsr import CYCLE, INSTRET, TIME

BASE = 0x20000


class Finished(Exception):
    pass


def run(path: Path) -> tuple[bytes, Evaluator]:
    """Run a program that only writes to standard output and exits."""
    output = bytearray()

    def syscall(hart: Evaluator) -> None:
        number, address, nbytes = hart.x_registers[17], hart.x_registers[11], hart.x_registers[12]
        if number == 93:
            raise Finished
        assert number == 64
        output.extend(hart.memory.read(address, nbytes))
        hart.x_registers[10] = nbytes
        hart.at += 4

    memory = Memory()
    with path.open("rb") as file:
        elf = ELFFile(file)
        for segment in elf.iter_segments("PT_LOAD"):
            memory.write(segment["p_vaddr"], segment.data())
        hart = Evaluator(memory, elf["e_entry"], syscall)
    with pytest.raises(Finished):
        hart.run(10_000_000)
    return bytes(output), hart


def of(*extensions: str) -> Callable[[Row], bool]:
    return lambda row: (row.base or row).extension in extensions


CASES = {
    "integer": (of("I", "M"), 60, 60),
    # LR of one width and SC of the other: qemu stores, and says it did not.
    "atomic words": (lambda row: of("A", "Zicsr")(row) and row.name not in ("lr.d", "sc.d"), 20, 40),
    "atomic doubles": (lambda row: of("A", "Zicsr")(row) and row.name not in ("lr.w", "sc.w"), 20, 40),
    "float": (of("F", "D", "Zicsr"), 80, 60),
    "all": (lambda row: row.name not in ("lr.w", "sc.w"), 60, 80),
}


@pytest.mark.parametrize("name", CASES)
def test_random_programs(name: str, tmp_path: Path) -> None:
    choose, blocks, length = CASES[name]
    source = program(random.Random(name), choose, blocks, length)
    path = link(source, tmp_path, BASE)
    expected = qemu(path)
    actual, hart = run(path)
    assert len(actual) == len(expected) > blocks * OUT_BYTES
    assert hart.instructions > blocks * (length + 128)
    different = [
        offset for offset in range(0, len(actual), 8) if actual[offset:][:8] != expected[offset:][:8]
    ]
    assert not different, report(different, actual, expected)


def report(different: list[int], actual: bytes, expected: bytes) -> str:
    lines = []
    for offset in different[:20]:
        block, slot = divmod(offset, OUT_BYTES)
        ours, theirs = (struct.unpack_from("<Q", data, offset)[0] for data in (actual, expected))
        name = f"x{slot // 8}" if slot < 256 else f"f{slot // 8 - 32}" if slot < 512 else "fcsr"
        lines.append(f"block {block} {name}: ours {ours:016x}, qemu {theirs:016x}")
    return "\n".join(lines)


# Illegal instructions: a program that counts SIGILLs, one word at a time.

HANDLER = """
.option norelax
.globl _start
_start:
    li a0, 4            # SIGILL
    la a1, action
    li a2, 0
    li a3, 8
    li a7, 134          # rt_sigaction
    ecall
    j tests
handler:                # a2: ucontext, its registers (pc first) at 176
    ld t0, 176 + 27 * 8(a2)
    sd t0, 176(a2)      # go on where s11 says
    li t0, 1
    sd t0, 176 + 26 * 8(a2)
    li a7, 139          # rt_sigreturn
    ecall
.data
.balign 8
action: .8byte handler, 4, 0, 0   # SA_SIGINFO
.text
tests:
"""


def illegal_program(cases: list[tuple[int, int]]) -> str:
    """Tries each (frm, word) and writes one byte for it: 1 where it raised SIGILL."""
    text = [HANDLER]
    for index, (frm, word) in enumerate(cases):
        text += [f"li s10, 0\nla s11, 1f\ncsrwi frm, {frm}"]
        text += [f".{4 if word & 3 == 3 else 2}byte {word:#x}", f"1: la t0, out + {index}\nsb s10, 0(t0)"]
    text += [f"li a0, 1\nla a1, out\nli a2, {len(cases)}\nli a7, 64\necall\nli a0, 0\nli a7, 93\necall"]
    return "\n".join([*text, ".data", f"out: .space {len(cases)}", ""])


def raises_illegal(frm: int, word: int) -> bool:
    hart = Evaluator(pc=BASE)
    hart.memory.write(BASE, word.to_bytes(4, "little"))
    hart.fcsr_register = frm << 5
    try:
        hart.step()
    except Trap as trap:
        return (trap.cause, trap.value, trap.pc) == (CAUSE_ILLEGAL, word, BASE)
    return False


def test_illegal_instructions(tmp_path: Path) -> None:
    rng = random.Random(7)
    words = [word for word in range(1 << 16) if word & 3 != 3 and decode(word) is None]
    assert len(words) > 2000
    near = [row.match ^ 1 << rng.randrange(2, 32) for row in BASE_ROWS for _ in range(20)]
    near += [row.match | rm << 12 for row in BASE_ROWS if "rm" in row.fields for rm in (5, 6)]
    near += [rng.getrandbits(32) | 3 for _ in range(4000)]
    # qemu lets vector loads and stores of whole registers pass on cores without vectors.
    near = [word for word in near if word & 0x5F != 0x07 or word >> 12 & 7 in (2, 3)]
    words += [word for word in near if decode(word) is None]
    words += [0x30200073, 0x10200073, 0x10500073, 0x12000073]  # mret, sret, wfi, sfence.vma
    for csr in (0x008, 0x100, 0x180, 0x300, 0x7C0, 0xC20, 0xF14):
        words += [csr << 20 | funct3 << 12 | 0x73 for funct3 in (1, 2, 3, 5, 6, 7)]
    for csr in (CYCLE, TIME, INSTRET):
        # Writes to them, from s11: qemu takes one of a zero for a read.
        words += [csr << 20 | 27 << 15 | funct3 << 12 | 0x73 for funct3 in (1, 2, 3, 5, 6, 7)]
        words += [csr << 20 | funct3 << 12 | 0x73 for funct3 in (1, 5)]
    cases = [(0, word) for word in words]
    dynamic = [(frm, row.match | 7 << 12) for row in BASE_ROWS if "rm" in row.fields for frm in (4, 5, 6, 7)]
    assert all(raises_illegal(frm, word) for frm, word in cases)
    assert [raises_illegal(frm, word) for frm, word in dynamic] == [frm > 4 for frm, _ in dynamic]
    cases += dynamic
    trapped = qemu(link(illegal_program(cases), tmp_path, BASE), QEMU_RV64GC)
    assert len(trapped) == len(cases)
    different = [
        f"frm {frm} {word:#x}: qemu {'traps' if trap else 'runs it'}"
        for (frm, word), trap in zip(cases, trapped, strict=True)
        if trap != raises_illegal(frm, word)
    ]
    assert not different
