"""Random straight-line programs over the rows, as assembly that dumps every register it computed.

The words come from the rows (test_encoding holds them to the assembler); the frame around them is plain assembly.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Iterable, Iterator

from friscy_build.isa.decode import decode
from friscy_build.isa.row import Flow, Row
from friscy_build.isa.rows import BY_NAME, ROWS
from friscy_build.isa.zicsr import FCSR, FFLAGS, FRM

SP, S0, S1 = 2, 8, 9
POINTERS = (SP, S0)  # hold the middle of `scratch` while random instructions run
SCRATCH_BYTES = 8192
OUT_BYTES = 65 * 8

X_SPECIAL = [
    0,
    1,
    2,
    31,
    32,
    63,
    0x7F,
    0x80,
    0x7FFF,
    0x8000,
    0x7FFF_FFFF,
    0x8000_0000,
    0xFFFF_FFFF,
    1 << 32,
    1 << 53,
]
X_SPECIAL += [(1 << 64) - value for value in (1, 2, 0x80, 0x8000, 0x8000_0000, 0x8000_0001, 1 << 53)]
X_SPECIAL += [
    (1 << 63) - 1,
    1 << 63,
    (1 << 63) + 1,
    0x5555_5555_5555_5555,
    (1 << 63) - 1024,
    (1 << 64) - 2048,
]
S_SPECIAL = [
    0,
    1,
    0x7F_FFFF,
    0x80_0000,
    0x80_0001,
    0x7F7F_FFFF,
    0x7F80_0000,
    0x7FC0_0000,
    0x7F80_0001,
    0x3F80_0000,
]
S_SPECIAL += [
    0x3F7F_FFFF,
    0x3F80_0001,
    0x4F00_0000,
    0x4EFF_FFFF,
    0x5F00_0000,
    0x5F7F_FFFF,
    0x4F80_0000,
    0x3F00_0000,
]
D_SPECIAL = [
    0,
    1,
    (1 << 52) - 1,
    1 << 52,
    (0x7FE << 52) + (1 << 52) - 1,
    0x7FF << 52,
    0x7FF8 << 48,
    (0x7FF << 52) + 1,
]
D_SPECIAL += [
    0x3FF << 52,
    (0x3FF << 52) + 1,
    (0x3FF << 52) - 1,
    0x41DF_FFFF_FFC0_0000,
    0x41E0 << 48,
    0x43E0 << 48,
]
D_SPECIAL += [0x43EF_FFFF_FFFF_FFFF, 0x380F_FFFF_FFFF_FFFF, 0x36A0 << 48, 0x47EF_FFFF_F000_0000, 0x3FE0 << 48]


def random_x(rng: random.Random) -> int:
    kind = rng.random()
    if kind < 0.4:
        return rng.choice(X_SPECIAL)
    return rng.getrandbits(64) >> rng.randrange(64) if kind < 0.7 else rng.getrandbits(64)


def random_f(rng: random.Random) -> int:
    """Raw register contents: a double or a boxed single, special, near one, or any; seldom an unboxed single."""
    single = rng.random() < 0.5
    mantissa, exponent, special = (23, 8, S_SPECIAL) if single else (52, 11, D_SPECIAL)
    kind = rng.random()
    if kind < 0.35:
        bits = rng.choice(special)
    elif kind < 0.85:
        bias = (1 << exponent - 1) - 1
        bits = (bias + rng.randint(-70, 70) << mantissa) | rng.getrandbits(mantissa)
        if rng.random() < 0.5:
            bits &= -1 << rng.randrange(mantissa)
    else:
        bits = rng.getrandbits(mantissa + exponent)
    bits |= rng.getrandbits(1) << mantissa + exponent
    if single:
        bits |= 0xFFFF_FFFF << 32 if rng.random() < 0.95 else rng.getrandbits(32) << 32
    return bits


def emit(row: Row, **operands: int) -> str:
    return f".{row.nbytes}byte {row.encode(**operands):#x}"


def random_operands(row: Row, rng: random.Random) -> dict[str, int]:
    while True:
        word = rng.getrandbits(8 * row.nbytes) & ~row.mask | row.match
        if row.matches(word):
            return {name: part.extract(word) for name, part in row.fields.items()}


def is_memory(row: Row) -> bool:
    return "(" in row.syntax and row.flow is Flow.NONE


def instruction(row: Row, rng: random.Random) -> list[str]:
    """`row` with random operands that neither leaves the program nor loses its pointers."""
    if row.flow in (Flow.JUMP, Flow.BRANCH, Flow.INDIRECT):
        return control_flow(row, rng)
    operands = random_operands(row, rng)
    if is_memory(row):
        if "rs1" in operands:
            operands["rs1"] = S0
        if row.nbytes == 4 and "imm" in operands and rng.random() < 0.7:
            operands["imm"] = rng.randint(-32, 32)
    written = row.base or row
    if written.extension in ("F", "D"):
        # Operands mostly from the lower half, results to the upper half: or all would be NaN soon.
        if row.syntax.startswith("fd") and row.nbytes == 4:
            operands["rd"] |= 16
        for name in ("rs1", "rs2", "rs3"):
            if f"f{name[1:]}" in row.syntax and row.nbytes == 4 and rng.random() < 0.7:
                operands[name] &= 15
    lines = []
    if written.extension == "Zicsr":
        csr = rng.choice((FFLAGS, FRM, FCSR))
        operands["imm"] = csr << 5 | operands.get("rs1", operands["imm"] & 31)
    if operands.get("rd", 0) == row.fixed.get("rd", SP) and "rd" not in operands:
        operands_rd = SP
    else:
        operands_rd = operands.get("rd", 0)
    lines.append(emit(row, **operands))
    if row.syntax.startswith(("rd", "sp")) and operands_rd in POINTERS:
        lines += [f"mv x{rng.randint(S1, 31)}, x{operands_rd}", f"la x{operands_rd}, scratch_middle"]
    if written.extension == "Zicsr":
        lines.append(f"csrwi frm, {rng.randrange(5)}")  # a reserved mode would trap
    return lines


def control_flow(row: Row, rng: random.Random) -> list[str]:
    """A taken or untaken forward jump over an instruction that shows whether it ran."""
    link = rng.choice([r for r in range(32) if r not in (*POINTERS, S1)])
    skipped = emit(BY_NAME["addi"], rd=S1, rs1=S1, imm=rng.randint(-99, 99))
    short = emit(BY_NAME["c.addi"], rd=S1, rs1=S1, imm=rng.randint(-32, 31))
    operands = random_operands(row, rng)
    if row.name == "jalr":
        low_bit = rng.getrandbits(1)  # is cleared by the instruction
        target = emit(row, rd=rng.choice((link, S1)), rs1=S1, imm=12 + low_bit)
        return [f"auipc x{S1}, 0", target, skipped, skipped]
    if row.flow is Flow.INDIRECT:
        return [f"auipc x{S1}, 0", f"c.addi x{S1}, 10", emit(row, rs1=S1), short]
    if "rd" in operands:
        operands["rd"] = link
    long = rng.getrandbits(1)
    operands["imm"] = row.nbytes + (4 if long else 2)
    return [emit(row, **operands), skipped if long else short]


def loop(rng: random.Random) -> list[str]:
    """Backward branches, both lengths."""
    count = rng.randint(1, 9)
    return [f"li x{S1}, {count}", "1:", "add x10, x10, x11", f"addi x{S1}, x{S1}, -1", f"bnez x{S1}, 1b"]


def snippets(rows: Iterable[Row], rng: random.Random) -> Iterator[list[str]]:
    """Endless instructions; every row comes up before any comes up again."""
    pool = list(rows)
    while True:
        rng.shuffle(pool)
        for row in pool:
            yield instruction(row, rng)
        yield loop(rng)


def runnable(row: Row) -> bool:
    """Whether a program may run it: not the ones that trap or ask the kernel."""
    return (row.base or row).name not in ("ecall", "ebreak", "fence.i")


def program(rng: random.Random, choose: Callable[[Row], bool], blocks: int, length: int) -> str:
    """Assembly that runs `blocks` times `length` random instructions and writes all results to stdout."""
    source = snippets([row for row in ROWS if runnable(row) and choose(row)], rng)
    text = [".option norelax", ".globl _start", "_start:"]
    data = [".data", ".balign 16"]
    for block in range(blocks):
        frm = rng.randrange(5) << 5 | (rng.getrandbits(5) if rng.random() < 0.3 else 0)
        initial = [random_x(rng) for _ in range(32)] + [random_f(rng) for _ in range(32)] + [frm]
        data += [f"in_{block}:", ".8byte " + ",".join(map(hex, initial))]
        text += [f"la s0, in_{block}", "ld t0, 512(s0)", "csrw fcsr, t0"]
        text += [f"ld x{r}, {8 * r}(s0)" for r in range(1, 32) if r not in POINTERS]
        text += [f"fld f{r}, {8 * (32 + r)}(s0)" for r in range(32)]
        text += ["la sp, scratch_middle", "la s0, scratch_middle"]
        for _ in range(length):
            text += next(source)
        text += [f"la s0, out + {block * OUT_BYTES}"]
        text += [f"sd x{r}, {8 * r}(s0)" for r in range(32) if r not in POINTERS]
        text += [f"fsd f{r}, {8 * (32 + r)}(s0)" for r in range(32)]
        text += ["csrr t0, fcsr", "sd t0, 512(s0)"]
    nbytes = blocks * OUT_BYTES + SCRATCH_BYTES
    text += [
        "li a0, 1",
        "la a1, out",
        f"li a2, {nbytes}",
        "li a7, 64",
        "ecall",
        "li a0, 0",
        "li a7, 93",
        "ecall",
    ]
    contents = struct.unpack(f"<{SCRATCH_BYTES // 8}Q", rng.randbytes(SCRATCH_BYTES))
    data += [".balign 16", "out:", f".space {blocks * OUT_BYTES}", ".balign 16", "scratch:"]
    data += [".8byte " + ",".join(map(hex, contents)), f".set scratch_middle, scratch + {SCRATCH_BYTES // 2}"]
    return "\n".join(text + data) + "\n"


def named_words(words: Iterable[int]) -> str:
    """The instructions behind words, for messages."""
    return ", ".join(i.written.name if (i := decode(word)) else "illegal" for word in words)
