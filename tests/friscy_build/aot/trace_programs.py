"""Random loops with floats, as `float_traces` tries them, and the oracle's run of them."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence

from aot_guest import CODE, Guest, code_of, elf_file, install
from aot_programs import op
from programs import DATA, DATA_BYTES, EBREAK, Outcome, Program, expected
from test_aot_rows import EXACT
from test_float_runs import EXTREMES, INEXACT, ordinary

from friscy_build.aot.effects import NONE, Registers
from friscy_build.aot.float_traces import Trace, find_traces
from friscy_build.aot.flow import Flow
from friscy_build.aot.graph import build_graph
from friscy_build.aot.image import CodeImage
from friscy_build.aot.module import Options
from friscy_build.isa.disasm import disassemble
from friscy_build.isa.zicsr import FFLAGS

BASES = (8, 9, 18)
COUNT, LIMIT, FLAGS, LESS, SCRATCH = 5, 6, 7, 28, 29
PAGE = 4096
_FUSED = ("fmadd.d", "fmsub.d", "fnmadd.d", "fnmsub.d")
_STEPS = 4000


def load(rd: int, base: int, imm: int) -> int:
    return op("fld", rd=rd, rs1=base, imm=imm)


def store(rs2: int, base: int, imm: int) -> int:
    return op("fsd", rs2=rs2, rs1=base, imm=imm)


def add(register: int, imm: int) -> int:
    return op("addi", rd=register, rs1=register, imm=imm)


def compute(name: str, rd: int, *sources: int) -> int:
    return op(name, rd=rd, rm=7, **dict(zip(("rs1", "rs2", "rs3"), sources, strict=False)))


def seldom(a: int, b: int, distance: int, name: str = "bne") -> list[int]:
    """A branch that is taken, or for beq is not, where one float is less than another, flags being left as they are."""
    return [
        op("csrrs", rd=FLAGS, rs1=0, imm=FFLAGS << 5),
        op("flt.d", rd=LESS, rs1=a, rs2=b),
        op("csrrw", rd=0, rs1=FLAGS, imm=FFLAGS << 5 | FLAGS),
        op(name, rs1=LESS, rs2=0, imm=distance - 12),
    ]


def traces_of(
    words: list[int], cold: int | None = None, saved: Registers = NONE
) -> dict[int, tuple[Trace, ...]]:
    """The traces of a function by the numbers of their first instructions. cold: the number of the instruction from
    which on nothing ran. saved: registers that calls leave as they are."""
    image = CodeImage(elf_file(code_of(words)))
    ran = range(CODE, CODE + 4 * (len(words) if cold is None else cold), 4)
    flow = Flow(build_graph(image, CODE, CODE + 4 * len(words), ran=ran))
    return {(pc - CODE) // 4: traces for pc, traces in find_traces(flow, saved).items()}


def random_loop(rng: random.Random) -> tuple[list[int], int]:
    """(a program of a loop, the number of the instruction from which on it seldom comes)."""
    body: list[int] = []
    exits: list[int] = []
    nparts = rng.choice((1, 2, 2, 3))
    for _ in range(nparts):
        base = rng.choice(BASES[: rng.choice((1, 2, 3))])
        for _ in range(rng.randrange(1, 5)):
            body.append(load(rng.randrange(8), base, 8 * rng.randrange(-2, 6)))
        if rng.random() < 0.2:
            body.append(add(base, 8 * rng.randrange(-1, 3)))
        if rng.random() < 0.15:
            body.append(op("lbu", rd=SCRATCH, rs1=base, imm=rng.randrange(24)))
        if rng.random() < 0.1:
            body += [op("andi", rd=SCRATCH, rs1=COUNT, imm=3), op("slli", rd=SCRATCH, rs1=SCRATCH, imm=3)]
            body += [op("add", rd=19, rs1=base, rs2=SCRATCH), load(rng.randrange(8), 19, 8)]
        for _ in range(rng.randrange(3, 6)):
            name = rng.choice(("fadd.d", "fsub.d", "fmul.d", "fmul.d", "fdiv.d", "fsqrt.d", *_FUSED))
            count = 3 if name in _FUSED else 1 if name == "fsqrt.d" else 2
            body.append(compute(name, rng.randrange(10), *(rng.randrange(12) for _ in range(count))))
        if rng.random() < 0.15:
            body.append(op(rng.choice(("fsgnj.d", "fsgnjn.d", "fsgnjx.d")), rd=rng.randrange(8), rs1=1, rs2=1))
        if rng.random() < 0.25:
            exits.append(len(body))
            body += seldom(rng.randrange(12), rng.randrange(12), 0)
            if rng.random() < 0.3:
                body.append(op("addi", rd=LESS, rs1=COUNT, imm=3))
        for _ in range(rng.choice((0, 1, 2, 3))):
            body.append(store(rng.randrange(10), rng.choice(BASES), 8 * rng.randrange(-2, 6)))
    for base in BASES:
        if rng.random() < 0.7:
            body.append(add(base, 8 * rng.choice((-2, -1, 1, 1, 2, 3, 4, 6))))
    body.append(add(COUNT, 1))
    words = [*body, op(rng.choice(("bne", "blt")), rs1=COUNT, rs2=LIMIT, imm=-4 * len(body))]
    return ended(words, exits)


def ended(words: list[int], exits: Iterable[int]) -> tuple[list[int], int]:
    """(a program with its ends, the number of the instruction from which on it seldom comes). exits: the places of the
    branches (`seldom`) that lead there."""
    words = [*words, compute("fadd.d", 0, 0, 1), EBREAK]
    cold = len(words)
    words += [compute("fsub.d", 0, 0, 1), EBREAK]
    for at in exits:
        words[at : at + 4] = seldom(*_compared(words[at + 1]), 4 * (cold - at))
    return words, cold


def _compared(word: int) -> tuple[int, int]:
    return word >> 15 & 31, word >> 20 & 31


def with_numbers(rng: random.Random, words: list[int], *, odd: float, turns: int) -> Program:
    """A program with numbers in its registers and memory, of as many turns. odd: how many are near the limits, or
    none."""
    extremes = [bits for pair in EXTREMES.values() for bits in pair]

    def number() -> int:
        return rng.choice(extremes) if rng.random() < odd else ordinary(rng) & ~(rng.choice((0, 1)) << 63)

    x = [rng.getrandbits(64) for _ in range(32)]
    x[0], x[COUNT], x[LIMIT] = 0, 0, turns
    data = b"".join(number().to_bytes(8, "little") for _ in range(DATA_BYTES // 8))
    fcsr = rng.choice((INEXACT, INEXACT, INEXACT, 0, 0x21))
    return Program(words, x, [number() for _ in range(32)], fcsr, data)


def random_trace_program(rng: random.Random, *, odd: float) -> tuple[Program, int]:
    """Such a loop with numbers. odd: how many are near the limits, or none."""
    words, cold = random_loop(rng)
    program = with_numbers(rng, words, odd=odd, turns=rng.randrange(1, 12))
    middle = rng.choice((DATA + PAGE, DATA + PAGE + 8 * rng.randrange(512), DATA + 2 * PAGE - 8 * rng.randrange(40)))
    for base in BASES:
        near = rng.random() < 0.3
        program.x[base] = middle + 8 * rng.randrange(-8, 8) if near else DATA + 0x400 + 8 * rng.randrange(0x600)
        if rng.random() < 0.1:
            program.x[base] += rng.choice((1, 4))
    return program, cold


def check_trace(
    guest: Guest,
    program: Program,
    cold: int | None = None,
    *,
    options: Options = EXACT,
    wanted: Sequence[int] | None = None,
) -> None:
    """Run a program as the oracle does. wanted: the registers that have to be right in the end, if not all."""
    guest.set_all(program.x, program.f, program.fcsr)
    guest.memory[DATA : DATA + DATA_BYTES] = program.data
    guest.code(*program.words, at=CODE)
    ran = range(CODE, CODE + 4 * (len(program.words) if cold is None else cold), 4)
    elf = elf_file(code_of(program.words))
    assert CODE in install(guest, elf, [CODE], options=options, ran=ran)
    guest.run(CODE)
    (trap,) = guest.traps
    data = bytes(guest.memory[DATA : DATA + DATA_BYTES])
    outcome = Outcome(trap, guest.all_x(), guest.all_f(), guest.fcsr, data)
    text = "\n".join(disassemble(word, 0) for word in program.words)
    right = expected(program, CODE, _STEPS)
    assert right is not None
    if wanted is None:
        assert outcome == right, text
    else:
        assert (outcome.data, outcome.trap, outcome.fcsr) == (right.data, right.trap, right.fcsr), text
        assert [outcome.x[each] for each in wanted] == [right.x[each] for each in wanted], text
