"""Random programs over all rows, and the oracle's run of them."""

from __future__ import annotations

import random
from dataclasses import dataclass

from friscy_build.interpreter.build import table
from friscy_build.interpreter.records import Form, Pair
from friscy_build.isa.evaluate import Evaluator, Trap
from friscy_build.isa.row import Flow, Row
from friscy_build.isa.rows import BY_NAME, ROWS

DATA = 0x3000_0000
DATA_BYTES = 0x4000
# Registers that hold addresses and are never written: sp, x8, and x9, which is not aligned.
BASES = {2: DATA + 0x1000, 8: DATA + 0x2000, 9: DATA + 0x3003}
EBREAK = BY_NAME["ebreak"].encode()
CSRS = (1, 2, 3)
INTERESTING = (
    0,
    1,
    2,
    31,
    63,
    64,
    0x7FFF_FFFF,
    0x8000_0000,
    0xFFFF_FFFF,
    1 << 63,
    (1 << 63) - 1,
    (1 << 64) - 1,
)
FLOATS = (
    *(
        0x3FF0 << 48,
        0x8000 << 48,
        0x7FF0 << 48,
        0x7FF8 << 48,
        0x7FF0 << 48 | 1,
        1,
        0x0010 << 48,
        0x4340 << 48,
    ),
    *(
        0xFFFF_FFFF_0000_0000 | bits
        for bits in (0x3F80_0000, 0x8000_0000, 0x7F80_0000, 0x7FC0_0000, 0x7F80_0001)
    ),
    *(0xFFFF_FFFF_0000_0000 | bits for bits in (1, 0x0080_0000, 0x4F00_0000, 0xC0A0_0000, 0x3EAA_AAAB)),
)
STRAIGHT = tuple(
    row for row in ROWS if row.flow is Flow.NONE or row.extension == "Zicsr" or row.name.startswith("csr")
)
BRANCHES = tuple(row for row in ROWS if row.flow in (Flow.BRANCH, Flow.JUMP))


def random_word(rng: random.Random, row: Row) -> int:
    """A random legal encoding of `row` that does not write a base register, and uses one for addresses."""
    base = row.base or row
    memory = table().effects[base] & {"load", "store"} and base.extension != "Zicsr"
    while True:
        word = row.match | rng.getrandbits(8 * row.nbytes) & ~row.mask & (1 << 8 * row.nbytes) - 1
        if not row.matches(word):
            continue
        operands = row.operands(word)
        if "rd" in row.fields and operands["rd"] in BASES:
            continue
        changed = {name: operands[name] for name in row.fields}
        if memory and "rs1" in row.fields and base.name != "fence":
            changed["rs1"] = rng.choice((8, 8, 9)) if base.extension != "A" else 8
        if base.extension == "Zicsr":
            changed["imm"] = rng.choice(CSRS) << 5 | changed["imm"] & 31
        return row.encode(**changed)


@dataclass
class Program:
    """Instructions, and the registers they begin with."""

    words: list[int]
    x: list[int]
    f: list[int]
    fcsr: int
    data: bytes
    start: int = 0  # of execution, in bytes from the first instruction


def random_program(seed: int, rows: list[Row]) -> Program:
    """A program of these rows and a final ebreak; branches and jumps go forward, within it."""
    rng = random.Random(seed)
    ends, at = [], 0
    for row in rows:
        at += row.nbytes
        ends.append(at)
    words = []
    for k, row in enumerate(rows):
        word = random_word(rng, row)
        if (row.base or row).flow in (Flow.BRANCH, Flow.JUMP):
            operands = {name: row.operands(word)[name] for name in row.fields}
            if "rd" in operands and operands["rd"] in BASES:
                operands["rd"] = 1
            start = ends[k] - row.nbytes
            target = ends[rng.randrange(k, min(len(rows), k + 8))]
            word = row.encode(**operands | {"imm": target - start})
        words.append(word)
    x = [rng.choice(INTERESTING) if rng.random() < 0.4 else rng.getrandbits(64) for _ in range(32)]
    x[0] = 0
    for register, address in BASES.items():
        x[register] = address
    f = [rng.choice(FLOATS) if rng.random() < 0.7 else rng.getrandbits(64) for _ in range(32)]
    fcsr = rng.choice((0, 0x10, 0x1F, 0x1, 0x20, 0x60, 0x81))
    return Program([*words, EBREAK], x, f, fcsr, rng.randbytes(DATA_BYTES))


def pair_program(seed: int, pair: Pair) -> Program:
    """The two instructions of a pair between ebreaks; a backward jump goes to the one before them."""
    rng = random.Random(seed)

    def fits(form: Form, row: Row, word: int) -> bool:
        operands = row.operands(word)
        return all(operands[name] == value for name, value in form.known.items())

    words = []
    for form in (pair.first, pair.second):
        rows = [row for row in ROWS if (row.base or row) is form.row and row.nbytes == form.nbytes]
        while True:
            row = rng.choice(rows)
            word = random_word(rng, row)
            operands = {name: row.operands(word)[name] for name in row.fields}
            if form.row.flow is Flow.INDIRECT and operands.get("rs1") in BASES:
                continue
            if form.row.flow in (Flow.BRANCH, Flow.JUMP):
                before = -4 - pair.first.nbytes
                word = row.encode(**operands | {"imm": before if form.backward else form.nbytes})
            if fits(form, row, word):
                break
        words.append(word)
    program = random_program(seed, [])
    return Program([EBREAK, *words, EBREAK], program.x, program.f, program.fcsr, program.data, start=4)


@dataclass
class Outcome:
    """Where a program ended, and in which state."""

    trap: tuple[int, int, int]
    x: list[int]
    f: list[int]
    fcsr: int
    data: bytes


def expected(program: Program, code: int, nsteps: int = 0) -> Outcome | None:
    """What the oracle says, with the program's code at address `code`; None where it takes more than `nsteps` steps,
    or else more than one for each instruction."""
    hart = Evaluator(pc=code + program.start)
    at = code
    for word in program.words:
        nbytes = 4 if word & 3 == 3 else 2
        hart.memory.write(at, word.to_bytes(nbytes, "little"))
        at += nbytes
    hart.memory.write(DATA, program.data)
    hart.x_registers[:] = program.x
    hart.f_registers[:] = program.f
    hart.fcsr_register = program.fcsr
    try:
        hart.run(nsteps or len(program.words) + 1)
        return None
    except Trap as trap:
        ended = (trap.cause, trap.value, trap.pc)
    data = hart.memory.read(DATA, DATA_BYTES)
    return Outcome(ended, hart.x_registers, hart.f_registers, hart.fcsr_register, data)
