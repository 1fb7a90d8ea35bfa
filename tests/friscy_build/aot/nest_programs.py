"""Random nests of loops with floats, whose turns are counted by constants (`float_paths`)."""

from __future__ import annotations

import random

from aot_programs import op
from programs import DATA, Program
from trace_programs import (
    COUNT,
    LESS,
    LIMIT,
    PAGE,
    add,
    compute,
    ended,
    load,
    seldom,
    store,
    traces_of,
    with_numbers,
)

from friscy_build.aot.effects import Registers, registers
from friscy_build.aot.float_traces import Trace

P, Q, R = 8, 9, 18  # constants, and R anything
OUTER, INNER, END, UNTIL = 20, 21, 22, 23
SAVED = registers((8, 9, *range(18, 28)))
_NAMES = ("fadd.d", "fsub.d", "fmul.d", "fmul.d", "fdiv.d", "fsqrt.d", "fmadd.d", "fnmsub.d", "fnmadd.d")


def li(rd: int, value: int) -> list[int]:
    """An address, or a small number."""
    low = (value & 0xFFF ^ 0x800) - 0x800
    if value == low:
        return [op("addi", rd=rd, rs1=0, imm=value)]
    return [op("lui", rd=rd, imm=value - low), op("addi", rd=rd, rs1=rd, imm=low)]


def back(name: str, body: list[int], rs1: int, rs2: int) -> list[int]:
    return [*body, op(name, rs1=rs1, rs2=rs2, imm=-4 * len(body))]


def pairs(body: list[int], n: int, step: int, at: int = DATA) -> list[int]:
    """for (i = 0; i < n; i++) for (k = i + 1; k < n; k++), as gcc has it: P and Q are moved by a step."""
    inner = back("bne", [*body, add(Q, step), op("addiw", rd=INNER, rs1=INNER, imm=1)], INNER, END)
    outer = [op("addi", rd=INNER, rs1=OUTER, imm=1), op("addi", rd=Q, rs1=P, imm=step), *inner]
    outer += [op("addiw", rd=OUTER, rs1=OUTER, imm=1), add(P, step)]
    return [*li(P, at), *li(OUTER, 0), *li(UNTIL, n - 1), *li(END, n), *back("bne", outer, OUTER, UNTIL)]


def nests_of(words: list[int], cold: int | None = None, saved: Registers = SAVED) -> dict[int, Trace]:
    """The nests of a function, by the numbers of their first instructions. cold: as `traces_of` has it."""
    return {at: each[0] for at, each in traces_of(words, cold, saved).items() if each[0].path.nested}


class _Maker:
    """Makes one."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self.exits: list[int] = []  # where the branches are that are seldom taken

    def floats(self, at: int) -> list[int]:
        """A few instructions that load, compute and store. at: which number the first has."""
        rng, body = self._rng, list[int]()
        bases = [P, P, Q, Q, R][: rng.choice((2, 4, 4, 5))]
        for _ in range(rng.randrange(1, 5)):
            body.append(load(rng.randrange(8), rng.choice(bases), 8 * rng.randrange(4)))
        for _ in range(rng.randrange(3, 7)):
            name = rng.choice(_NAMES)
            count = 3 if name[:3] in ("fma", "fnm") else 1 if name == "fsqrt.d" else 2
            body.append(compute(name, rng.randrange(10), *(rng.randrange(12) for _ in range(count))))
        if rng.random() < 0.3:
            self.exits.append(at + len(body))
            body += seldom(rng.randrange(12), rng.randrange(12), 0)
        for _ in range(rng.choice((0, 1, 2, 2))):
            body.append(store(rng.randrange(10), rng.choice(bases), 8 * rng.randrange(4)))
        return body

    def loop(self, at: int) -> list[int]:
        """Two loops, or one, with as many turns as constants say."""
        rng = self._rng
        words = [*li(P, self._address()), *li(Q, self._address())]
        n = rng.randrange(1, 5)
        words += [*li(OUTER, 0), *li(UNTIL, n)]
        head = len(words)
        if rng.random() < 0.6:
            kind = rng.randrange(3)
            words += li(INNER, 0) if kind else [op("addi", rd=INNER, rs1=OUTER, imm=1)]
            words += li(END, rng.randrange(1, 4)) if kind else [op("addi", rd=END, rs1=0, imm=n + 1)]
            inner = len(words)
            words += self.floats(at + len(words))
            words += [add(Q, 8 * rng.choice((1, 2, 3))), op("addiw", rd=INNER, rs1=INNER, imm=1)]
            words.append(op(rng.choice(("bne", "blt")), rs1=INNER, rs2=END, imm=-4 * (len(words) - inner)))
        else:
            words += self.floats(at + len(words))
        if rng.random() < 0.3:
            words += self.floats(at + len(words))
        if rng.random() < 0.3:
            words.append(op("addi", rd=Q, rs1=P, imm=8 * rng.randrange(4)))
        words += [add(P, 8 * rng.choice((1, 2, 3))), op("addiw", rd=OUTER, rs1=OUTER, imm=1)]
        return [*words, op(rng.choice(("bne", "blt")), rs1=OUTER, rs2=UNTIL, imm=-4 * (len(words) - head))]

    def _address(self) -> int:
        rng = self._rng
        at = rng.choice((DATA, DATA, DATA, DATA + PAGE - 8 * rng.randrange(12)))
        return at + 8 * rng.randrange(16) + (4 if rng.random() < 0.1 else 0)


def random_nest(rng: random.Random) -> tuple[list[int], int]:
    """(a program of one, or of a loop around it, the number of the instruction from which on it seldom comes)."""
    maker = _Maker(rng)
    words = [add(COUNT, 0), op("addi", rd=LESS, rs1=0, imm=3)]
    head = len(words)
    for _ in range(rng.choice((1, 1, 2))):
        words += maker.loop(len(words))
    if rng.random() < 0.7:
        words.append(add(COUNT, 1))
        words.append(op("bne", rs1=COUNT, rs2=LIMIT, imm=-4 * (len(words) - head)))
    return ended(words, maker.exits)


def random_nest_program(rng: random.Random, *, odd: float) -> tuple[Program, int]:
    """Such a program with numbers. odd: how many are near the limits, or none."""
    words, cold = random_nest(rng)
    program = with_numbers(rng, words, odd=odd, turns=rng.randrange(1, 5))
    program.x[R] = DATA + 8 * rng.randrange(64) + rng.choice((0, 0, 0, PAGE - 64))
    return program, cold
