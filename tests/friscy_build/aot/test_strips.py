"""Loops whose turns are done several at a time do what the oracle does, wherever their data is."""

from __future__ import annotations

import random
from mmap import PROT_READ, PROT_WRITE

import pytest
import wasmtime
from aot_guest import CODE, Guest, code_of, elf_file, install, run_till_interrupted
from aot_programs import EBREAK, op
from programs import DATA, DATA_BYTES, Outcome, Program, expected
from test_aot_code import Process, library
from test_aot_rows import EXACT, NewGuest

from friscy.machine.layout import CAUSE_BREAKPOINT, CAUSE_STORE_FAULT, GUEST_END, PAGE
from friscy_build.aot.flow import Flow
from friscy_build.aot.graph import build_graph
from friscy_build.aot.image import CodeImage
from friscy_build.aot.strips import Strip, find_strip
from friscy_build.isa.disasm import disassemble

A0, A1, A2, A3, A4, A5, A6, A7, T0, T1, T2, S0 = 10, 11, 12, 13, 14, 15, 16, 17, 5, 6, 7, 8
LOADS = {1: ("lb", "lbu"), 2: ("lh", "lhu"), 4: ("lw", "lwu"), 8: ("ld",)}
STORES = {1: "sb", 2: "sh", 4: "sw", 8: "sd"}
THREE = ("add", "addw", "sub", "subw", "and", "or", "xor", "mul", "mulw")
IMMEDIATE = ("addi", "addiw", "andi", "ori", "xori")
SHIFTS = ("slli", "slliw", "srli", "srliw", "srai", "sraiw")
POINTERS, NUMBERS, SPLATS, SUMS = (A0, A1, A2), (A3, A4, A5, A6), (T0, T1, T2), (28, 29)
END, COUNT = 30, 31
_STEPS = 6000


def strip_of(words: list[int]) -> Strip | None:
    """What is found for a loop that these are, and a branch back, after which comes a stop."""
    image = CodeImage(elf_file(code_of([*words, EBREAK])))
    (block,) = [
        block for block in Flow(build_graph(image, CODE, CODE + 4 * len(words) + 4)).blocks
        if block.pc == CODE
    ]  # fmt: skip
    return find_strip(block)


def back(words: list[int], name: str, **operands: int) -> list[int]:
    return [*words, op(name, imm=-4 * len(words), **operands)]


class Loops:
    """Random loops of loads, what is computed of them, at most one store, and sums."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)

    def computed(self, known: list[int]) -> int:
        """An instruction that computes one of NUMBERS."""
        rng, rd = self.rng, self.rng.choice(NUMBERS)
        kind = rng.random()
        if kind < 0.5:
            others = SPLATS if rng.random() < 0.95 else (*POINTERS, COUNT, *SUMS)
            operands = {"rs1": rng.choice(known), "rs2": rng.choice([*known, *others])}
            if rng.random() < 0.3:
                operands = {"rs1": operands["rs2"], "rs2": operands["rs1"]}
            word = op(rng.choice(THREE), rd=rd, **operands)
        elif kind < 0.75:
            word = op(rng.choice(IMMEDIATE), rd=rd, rs1=rng.choice(known), imm=rng.randrange(-2048, 2048))
        else:
            word = op(rng.choice(SHIFTS), rd=rd, rs1=rng.choice(known), imm=rng.randrange(0, 32))
        known.append(rd)
        return word

    def words(self) -> tuple[list[int], dict[int, int]]:
        """A loop, and what its pointers grow by."""
        rng = self.rng
        size = rng.choice((1, 2, 4, 8))
        pointers = list(POINTERS)
        rng.shuffle(pointers)
        code, known, steps = [], [], {}
        for _ in range(rng.randrange(1, 3)):
            nbytes = size if rng.random() < 0.7 else rng.choice((1, 2, 4, 8))
            base, rd = pointers.pop(), rng.choice(NUMBERS)
            steps[base] = nbytes
            code.append(op(rng.choice(LOADS[nbytes]), rd=rd, rs1=base, imm=rng.choice((0, 0, nbytes, -8, 3))))
            known.append(rd)
        code += [self.computed(known) for _ in range(rng.randrange(0, 5))]
        for register in rng.sample(SUMS, rng.choice((0, 0, 1, 2))):
            value = rng.choice(known)
            code.append(
                op(rng.choice(("add", "addw", "xor", "or", "and")), rd=register, rs1=register, rs2=value)
            )
        if rng.random() < 0.7:
            nbytes = size if rng.random() < 0.7 else rng.choice((1, 2, 4, 8))
            base = pointers.pop() if rng.random() < 0.7 else rng.choice(list(steps))
            if base not in steps or steps[base] == nbytes:
                steps[base] = nbytes
                code.append(
                    op(STORES[nbytes], rs2=rng.choice([*known, T0]), rs1=base, imm=rng.choice((0, 0, nbytes)))
                )
        moves = [op("addi", rd=base, rs1=base, imm=step) for base, step in steps.items()]
        kind = rng.random()
        leader = next(iter(steps))
        if kind < 0.4:
            code = back([*code, *moves], rng.choice(("bne", "bltu", "blt")), rs1=leader, rs2=END)
        elif kind < 0.6:
            code = back([*code, *moves], rng.choice(("bgeu", "bge")), rs1=END, rs2=leader)
        elif kind < 0.8:
            counts = op(rng.choice(("addi", "addiw")), rd=COUNT, rs1=COUNT, imm=-rng.choice((1, 1, 1, 3)))
            code = back([counts, *code, *moves], rng.choice(("bne", "blt")), rs1=0, rs2=COUNT)
        else:
            counts = op("addiw", rd=COUNT, rs1=COUNT, imm=1)
            code = back([*code, counts, *moves], rng.choice(("bne", "blt", "bltu")), rs1=COUNT, rs2=T2)
        return code, steps

    def program(self) -> Program:
        rng = self.rng
        code, steps = self.words()
        turns = rng.choice((1, rng.randrange(1, 30), rng.randrange(20, 260)))
        x = [
            rng.getrandbits(64) if rng.random() < 0.6 else rng.randrange(-300, 300) % (1 << 64)
            for _ in range(32)
        ]
        x[0] = 0
        whole = DATA_BYTES - 8 * 300
        for k, base in enumerate(POINTERS):
            near = (
                x[POINTERS[k - 1]] - DATA if k and rng.random() < 0.5 else rng.choice((PAGE, 2 * PAGE)) - 40
            )
            at = near + rng.randrange(-70, 70) if rng.random() < 0.7 else rng.randrange(16, whole)
            at = at & ~7 if rng.random() < 0.7 else at
            x[base] = DATA + min(max(at, 16), whole)
        leader, step = next(iter(steps.items()))
        odd = rng.randrange(step) if code[-1] & 0x7000 != 0x1000 else 0  # with bne it would go on for long
        x[END] = x[leader] + step * turns + odd
        x[T2] = rng.randrange(1, 3 * turns)
        x[COUNT] = turns if code[-1] >> 15 & 31 == 0 else (x[T2] - turns) % (1 << 64)
        f = [0] * 32
        return Program([*code, EBREAK], x, f, 0, rng.randbytes(DATA_BYTES))


def run(guest: Guest, program: Program) -> Outcome:
    """What translated code makes of a program that is installed."""
    guest.set_all(program.x, program.f, program.fcsr)
    guest.memory[DATA : DATA + DATA_BYTES] = program.data
    guest.traps.clear()
    guest.interrupt(0)
    guest.run(CODE)
    data = bytes(guest.memory[DATA : DATA + DATA_BYTES])
    return Outcome(guest.traps[0], guest.all_x(), guest.all_f(), guest.fcsr, data)


@pytest.mark.parametrize("seed", range(8))
def test_random_loops(new_guest: NewGuest, seed: int) -> None:
    guest, tried = new_guest(), 0
    for k in range(1000 * seed, 1000 * seed + 60):
        program = Loops(k).program()
        want = expected(program, CODE, _STEPS)
        if want is None:
            continue
        tried += 1
        guest.code(*program.words, at=CODE)
        assert CODE in install(guest, elf_file(code_of(program.words)), [CODE], options=EXACT)
        text = "\n".join(disassemble(word, 0) for word in program.words)
        assert run(guest, program) == want, text
    assert tried > 40


def test_most_random_loops_have_strips() -> None:
    found = [strip_of(Loops(seed).words()[0]) for seed in range(400)]
    widths = [strip.bits for strip in found if strip is not None]
    assert len(widths) > 100
    assert {8, 16, 32, 64} == set(widths)
    assert any(strip is not None and strip.reductions for strip in found)
    assert any(strip is not None and strip.stored for strip in found)
    assert any(strip is not None and strip.words for strip in found)


XOR = back(
    [
        op("lbu", rd=A3, rs1=A0, imm=0),
        op("lbu", rd=A4, rs1=A1, imm=0),
        op("xor", rd=A3, rs1=A3, rs2=A4),
        op("sb", rs2=A3, rs1=A2, imm=0),
        op("addi", rd=A0, rs1=A0, imm=1),
        op("addi", rd=A1, rs1=A1, imm=1),
        op("addi", rd=A2, rs1=A2, imm=1),
    ],
    "bne", rs1=A2, rs2=END,
)  # fmt: skip


def process_of(engine: wasmtime.Engine, interpreter: wasmtime.Module, words: list[int]) -> Process:
    """A process whose pages are protected, with this code, translated."""
    process, segment = Process(engine, interpreter), (CODE, CODE + 4 * len(words), 0)
    process.load_translated(code_of(words), library(engine, elf_file(code_of(words)), [segment]))
    return process


@pytest.mark.parametrize("ends", [A0, A1, A2])
@pytest.mark.parametrize("at", [0, 1, 9, 24, 300])
def test_a_fault_finds_what_all_turns_before_it_stored(
    aot_engine: wasmtime.Engine, aot_interpreter: wasmtime.Module, ends: int, at: int
) -> None:
    """The loop runs out of one of its arrays, in the turn number `at`, where a page ends."""
    process = process_of(aot_engine, aot_interpreter, [*XOR, EBREAK])
    memory, page = process.space.memory, DATA + 8 * PAGE
    memory.map(DATA, page, PROT_READ | PROT_WRITE)
    arrays = {A0: DATA, A1: DATA + 2 * PAGE, A2: DATA + 4 * PAGE} | {ends: page - at}
    data = {register: random.Random(register).randbytes(at) for register in (A0, A1)}
    for register, content in data.items():
        memory.write(arrays[register], content)
    for register, address in arrays.items():
        process.hart.set_x(register, address)
    process.hart.set_x(END, arrays[A2] + 4000)
    process.run()
    assert process.faults == [(page, CODE + 4 * {A0: 0, A1: 1, A2: 3}[ends])]
    stored = bytes(a ^ b for a, b in zip(data[A0], data[A1], strict=True))
    assert memory.read(arrays[A2], at) == stored
    assert ends == A2 or memory.read(arrays[A2] + at, 64) == bytes(64)


def test_it_is_interrupted_and_goes_on_as_if_not(new_guest: NewGuest) -> None:
    """The pointers go round: after each interrupt all registers are those of some turn."""
    words = back(
        [op("lbu", rd=A3, rs1=A0, imm=0), op("addi", rd=A0, rs1=A0, imm=1), op("add", rd=T0, rs1=T0, rs2=A3)],
        "bne", rs1=A0, rs2=END,
    )  # fmt: skip
    words += [op("addi", rd=A0, rs1=A1, imm=0), op("addi", rd=T1, rs1=T1, imm=1)]
    words = back(words, "beq", rs1=0, rs2=0)
    assert strip_of(words[:4]) is not None
    guest = new_guest()
    guest.code(*words, at=CODE)
    assert CODE in install(guest, elf_file(code_of(words)), [CODE], options=EXACT)
    nbytes = 2 * PAGE - 100
    content = random.Random(1).randbytes(nbytes)
    guest.memory[DATA : DATA + nbytes] = content
    for register, value in ((A0, DATA), (A1, DATA), (END, DATA + nbytes), (T0, 0), (T1, 0)):
        guest.set_x(register, value)
    pc = CODE
    for _ in range(5):
        guest.interrupt(0)
        run_till_interrupted(guest, pc)
        pc, done, rounds = guest.pc, guest.x(A0) - DATA, guest.x(T1)
        inside = pc in (CODE, CODE + 12)
        assert inside or pc in (CODE + 16, CODE + 20, CODE + 24, CODE + 4, CODE + 8)
        if pc == CODE:
            assert guest.x(T0) == rounds * sum(content) + sum(content[:done])
    assert guest.x(T1) > 5


@pytest.mark.parametrize(
    ("bits", "words"),
    [
        (8, XOR),
        # Two loads of a turn are of what the one before it stored: found out where they are.
        (32, back([op("lw", rd=A3, rs1=A0, imm=-4), op("sw", rs2=A3, rs1=A0, imm=0),
                   op("addi", rd=A0, rs1=A0, imm=4)], "bltu", rs1=A0, rs2=END)),
        (64, back([op("sd", rs2=T0, rs1=A0, imm=0), op("addi", rd=A0, rs1=A0, imm=8)], "bne", rs1=A0, rs2=END)),
        # Bits from above come in.
        (32, back([op("lbu", rd=A3, rs1=A0, imm=0), op("mulw", rd=A3, rs1=A3, rs2=T0),
                   op("srliw", rd=A3, rs1=A3, imm=8), op("sb", rs2=A3, rs1=A0, imm=0),
                   op("addi", rd=A0, rs1=A0, imm=1)], "bne", rs1=A0, rs2=END)),
        # What is stored comes before a load; is loaded through what was loaded; goes backwards; stands still; skips.
        (None, back([op("sw", rs2=T0, rs1=A0, imm=0), op("lw", rd=A3, rs1=A1, imm=0),
                     op("addi", rd=A0, rs1=A0, imm=4), op("addi", rd=A1, rs1=A1, imm=4)], "bne", rs1=A0, rs2=END)),
        (None, back([op("ld", rd=A0, rs1=A0, imm=0)], "bne", rs1=A0, rs2=END)),
        (None, back([op("sw", rs2=T0, rs1=A0, imm=0), op("addi", rd=A0, rs1=A0, imm=-4)], "bne", rs1=A0, rs2=END)),
        (None, back([op("lw", rd=A3, rs1=A1, imm=0), op("addi", rd=A0, rs1=A0, imm=-4)], "bne", rs1=A0, rs2=END)),
        (None, back([op("sw", rs2=T0, rs1=A0, imm=0), op("addi", rd=A0, rs1=A0, imm=8)], "bne", rs1=A0, rs2=END)),
        # A number that depends on the turn before; the end moves; the end is data.
        (None, back([op("lw", rd=A3, rs1=A0, imm=0), op("mul", rd=T0, rs1=T0, rs2=A3),
                     op("addi", rd=A0, rs1=A0, imm=4)], "bne", rs1=A0, rs2=END)),
        (None, back([op("sw", rs2=T0, rs1=A0, imm=0), op("addi", rd=A0, rs1=A0, imm=4),
                     op("addi", rd=END, rs1=END, imm=4)], "bne", rs1=A0, rs2=END)),
        (None, back([op("lbu", rd=A3, rs1=A0, imm=0), op("addi", rd=A0, rs1=A0, imm=1)], "bne", rs1=A3, rs2=0)),
        (None, back([op("sw", rs2=T0, rs1=A0, imm=0), op("addi", rd=A0, rs1=A0, imm=4)], "beq", rs1=A0, rs2=END)),
        # A register that two sums go into; one that follows another; the address of what is stored.
        (None, back([op("lw", rd=A3, rs1=A0, imm=0), op("add", rd=T0, rs1=T0, rs2=A3), op("xor", rd=T0, rs1=T0, rs2=A3),
                     op("addi", rd=A0, rs1=A0, imm=4)], "bne", rs1=A0, rs2=END)),
        (None, back([op("lw", rd=A3, rs1=A0, imm=0), op("add", rd=T0, rs1=T0, rs2=A3), op("add", rd=T0, rs1=0, rs2=A3),
                     op("addi", rd=A0, rs1=A0, imm=4)], "bne", rs1=A0, rs2=END)),
        (None, back([op("lbu", rd=A3, rs1=A5, imm=0), op("addi", rd=A5, rs1=A1, imm=1),
                     op("addi", rd=A1, rs1=A1, imm=1)], "bne", rs1=A1, rs2=END)),
        (None, back([op("sd", rs2=A0, rs1=A0, imm=0), op("addi", rd=A0, rs1=A0, imm=8)], "bne", rs1=A0, rs2=END)),
        (None, back([op("add", rd=A3, rs1=0, rs2=A0), op("sd", rs2=A3, rs1=A0, imm=0),
                     op("addi", rd=A0, rs1=A0, imm=8)], "bne", rs1=A0, rs2=END)),
        # More vectors than there are locals for.
        (None, back([op("lbu", rd=A3, rs1=A0, imm=0),
                     *[op("xor", rd=A4, rs1=k, rs2=k + 1) for k in (1, 3, 5, 8, 15, 17, 19, 21, 23, 25, 27, 29)],
                     op("addi", rd=A0, rs1=A0, imm=1)], "bne", rs1=A0, rs2=31)),
        # Others may see each access.
        (None, back([op("amoadd.w", rd=A3, rs1=A0, rs2=T0, aq_rl=0), op("addi", rd=A0, rs1=A0, imm=4)],
                    "bne", rs1=A0, rs2=END)),
    ],
)  # fmt: skip
def test_which_loops_have_strips(bits: int | None, words: list[int]) -> None:
    strip = strip_of(words)
    assert (strip and strip.bits) == bits


class Loop:
    """A loop that is translated once, and run with one set of registers and then another."""

    def __init__(self, guest: Guest, words: list[int], before: list[int] | None = None) -> None:
        self.guest, self.words = guest, [*(before or []), *words, EBREAK]
        assert strip_of(words) is not None
        guest.code(*self.words, at=CODE)
        assert CODE in install(guest, elf_file(code_of(self.words)), [CODE], options=EXACT)

    def check(self, x: dict[int, int], seed: int = 0) -> None:
        rng = random.Random(seed)
        values = [0, *(rng.getrandbits(64) for _ in range(31))]
        for register, value in x.items():
            values[register] = value % (1 << 64)
        program = Program(self.words, values, [0] * 32, 0, rng.randbytes(DATA_BYTES))
        want = expected(program, CODE, _STEPS)
        assert want is not None
        assert run(self.guest, program) == want, x


@pytest.mark.parametrize(("loaded", "stored"), [(1, 1), (4, 4), (8, 8), (2, 4), (4, 2), (1, 4), (4, 1)])
def test_what_a_turn_stores_others_load(new_guest: NewGuest, loaded: int, stored: int) -> None:
    words = [
        op(LOADS[loaded][0], rd=A3, rs1=A0, imm=0),
        op("addi", rd=A3, rs1=A3, imm=1),
        op(STORES[stored], rs2=A3, rs1=A1, imm=0),
        op("addi", rd=A0, rs1=A0, imm=loaded),
        op("addi", rd=A1, rs1=A1, imm=stored),
    ]
    loop = Loop(new_guest(), back(words, "bne", rs1=A0, rs2=END))
    for distance in (*range(-70, 70), -4096, -4095, 4095, 4096, 4000, 300, -300):
        at = DATA + 0x1F00
        loop.check({A0: at, A1: at + distance, END: at + 120 * loaded}, seed=distance + 5000)
    for distance in (100, 300, 1000, 1700, 2300):
        at = DATA + 0x1000
        loop.check({A0: at, A1: at + distance, END: at + 900 // loaded * loaded}, seed=distance)


@pytest.mark.parametrize("op_name", ["add", "addw", "xor", "or", "and"])
@pytest.mark.parametrize("load", ["lb", "lbu", "lh", "lhu", "lw", "lwu", "ld"])
def test_sums(new_guest: NewGuest, op_name: str, load: str) -> None:
    nbytes = next(nbytes for nbytes, names in LOADS.items() if load in names)
    words = [
        op(load, rd=A3, rs1=A0, imm=0),
        op("addi", rd=A0, rs1=A0, imm=nbytes),
        op(op_name, rd=T0, rs1=A3, rs2=T0),
    ]
    words = back(words, "bne", rs1=A0, rs2=END)
    if strip_of(words) is None:
        assert (op_name, load) in {("addw", "ld")}, "an int of which there is no load so wide"
        return
    loop = Loop(new_guest(), words)
    for turns in (1, 9, 40, 41, 100, 300):
        for start in (0, 1, 100, 0xF00, 0xFFF):
            loop.check({A0: DATA + start, END: DATA + start + turns * nbytes}, seed=turns + start)


FILL = [op("sb", rs2=T0, rs1=A0, imm=0), op("addi", rd=A0, rs1=A0, imm=1)]


@pytest.mark.parametrize("step", [1, -1, 3, -7])
@pytest.mark.parametrize("name", ["bne", "blt", "bge", "bltu", "bgeu"])
@pytest.mark.parametrize("swapped", [False, True])
def test_ints_that_count(new_guest: NewGuest, step: int, name: str, swapped: bool) -> None:
    """Up to where they would be no ints, or from where they are none."""
    operands = {"rs1": T2, "rs2": COUNT} if swapped else {"rs1": COUNT, "rs2": T2}
    words = back([*FILL, op("addiw", rd=COUNT, rs1=COUNT, imm=step)], name, **operands)
    falling = {"bne", "bge", "bgeu"} if not swapped else {"bne", "blt", "bltu"}
    rising = {"bne", "blt", "bltu"} if not swapped else {"bne", "bge", "bgeu"}
    if name not in (rising if step > 0 else falling):
        assert strip_of(words) is None, "it goes on, away from what ends it"
        return
    loop = Loop(new_guest(), words)
    rng, low = random.Random(step), 1 << 32
    starts = [
        0,
        5,
        -5,
        3 * step,
        (1 << 31) - 30,
        -(1 << 31) + 30,
        low + 7,
        low - 40,
        1 << 63,
        -(1 << 31) - low + 9,
    ]
    for start in starts:
        word = (start + (1 << 31)) % low - (1 << 31)
        for turns in (1, 11, 47, 200):
            end = (word + turns * step + (1 << 31)) % low - (1 << 31)
            for value in (end, word + turns * step, end + low):
                x = {A0: DATA + rng.randrange(9), COUNT: start, T2: value}
                program = Program(
                    loop.words, [x.get(r, 0) % (1 << 64) for r in range(32)], [0] * 32, 0, bytes(9)
                )
                if expected(program, CODE, _STEPS) is not None:
                    loop.check(x)


@pytest.mark.parametrize("name", ["bne", "bltu", "blt"])
@pytest.mark.parametrize("turns", [5, 60, 200])
def test_ints_that_are_compared_by_their_lower_halves(new_guest: NewGuest, name: str, turns: int) -> None:
    """Those that nobody looks at the upper halves of may have anything there (`halves`)."""
    # A function that reads none of the temporaries as they were, so that none has to be right where it returns.
    loop = [op("sb", rs2=A5, rs1=A0, imm=0), op("addi", rd=A0, rs1=A0, imm=1)]
    loop = back([*loop, op("addiw", rd=COUNT, rs1=COUNT, imm=1)], name, rs1=COUNT, rs2=T2)
    function = [op("addw", rd=T2, rs1=A4, rs2=A1), op("addw", rd=COUNT, rs1=A2, rs2=A3), *loop]
    unread = [op("addi", rd=register, rs1=0, imm=0) for register in (T2, COUNT)]
    words = [op("jal", rd=1, imm=16), *unread, EBREAK, *function, op("jalr", rd=0, rs1=1, imm=0)]
    guest = new_guest()
    guest.code(*words, at=CODE)
    assert CODE + 16 in install(guest, elf_file(code_of(words)), [CODE, CODE + 16])
    for upper in (0, 77, -5, 0x7FFF_FFFF):
        for start in (0, -(1 << 31) + 1, (1 << 31) - 20):
            guest.memory[DATA : DATA + 300] = bytes(300)
            end = start + turns + 1 + (upper << 32)
            values = {A0: DATA, A5: 7, A4: end, A1: -(3 << 40), A2: 5 << 35, A3: start}
            for register, value in values.items():
                guest.set_x(register, value)
            guest.interrupt(0)
            guest.run(CODE)
            stops = name == "blt" and start > 0 and start + turns >= 1 << 31  # the end is negative, as an int
            done = 1 if stops else turns + 1
            assert guest.memory[DATA : DATA + 300] == bytes([7] * done) + bytes(300 - done)


def test_an_int_that_was_none_before_is_where_it_was(
    aot_engine: wasmtime.Engine, aot_interpreter: wasmtime.Module
) -> None:
    words = [
        op("add", rd=A3, rs1=A0, rs2=COUNT),
        op("sb", rs2=T0, rs1=A3, imm=0),
        op("addiw", rd=COUNT, rs1=COUNT, imm=1),
    ]
    words = back(words, "bne", rs1=COUNT, rs2=T2)
    assert strip_of(words) is not None
    process = process_of(aot_engine, aot_interpreter, [*words, EBREAK])
    process.space.memory.map(DATA, DATA + PAGE, PROT_READ | PROT_WRITE)
    for register, value in ((A0, DATA), (T0, 7), (COUNT, 1 << 32 | 5), (T2, 300)):
        process.hart.set_x(register, value)
    process.run()
    assert (process.traps, process.hart.trap_value) == ([CAUSE_STORE_FAULT], DATA + (1 << 32 | 5))
    assert process.space.memory.read(DATA, PAGE) == bytes(PAGE)


@pytest.mark.parametrize("start", [64, 320, 8])
@pytest.mark.parametrize("beyond", [False, True])
def test_it_ends_where_the_guests_range_does(
    aot_engine: wasmtime.Engine, aot_interpreter: wasmtime.Module, start: int, *, beyond: bool
) -> None:
    words = [op("sd", rs2=T0, rs1=A0, imm=0), op("addi", rd=A0, rs1=A0, imm=8)]
    process = process_of(aot_engine, aot_interpreter, [*back(words, "bne", rs1=A0, rs2=END), EBREAK])
    process.space.memory.map(GUEST_END - PAGE, GUEST_END, PROT_READ | PROT_WRITE)
    for register, value in ((A0, GUEST_END - start), (T0, 7), (END, GUEST_END + 800 * beyond)):
        process.hart.set_x(register, value)
    process.run()
    stored = process.space.memory.read(GUEST_END - start, start)
    assert stored == (7).to_bytes(8, "little") * (start // 8)
    if beyond and process.traps:
        assert (process.traps, process.hart.trap_value) == ([CAUSE_STORE_FAULT], GUEST_END)
    elif beyond:  # the guard found it
        assert process.faults == [(GUEST_END, CODE)]
    else:
        assert (process.traps, process.faults, process.hart.x(A0)) == ([CAUSE_BREAKPOINT], [], GUEST_END)
