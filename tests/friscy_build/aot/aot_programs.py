"""Random programs of several functions: loops, calls of every kind, jump tables, system calls; and the oracle's run."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from aot_guest import CODE, STACK
from programs import BASES, DATA, DATA_BYTES, FLOATS, INTERESTING, STRAIGHT, random_word

from friscy_build.isa.evaluate import Evaluator, Trap
from friscy_build.isa.row import Row
from friscy_build.isa.rows import BY_NAME

RA, SP, T0, T1, A0, A7 = 1, 2, 5, 6, 10, 17
FRAME = 1024  # random instructions may store to its lower half
EBREAK = BY_NAME["ebreak"].encode()
POOL: tuple[Row, ...] = tuple(
    row
    for row in STRAIGHT
    if row.extension != "Zicsr" and row.fixed.get("rd") != SP and row.name != "c.addi16sp"
)
MAX_STEPS = 30_000


def op(name: str, **operands: int) -> int:
    return BY_NAME[name].encode(**operands)


@dataclass
class Assembler:
    """Instruction words with labels; `fix` fills in what needs an address that was not known."""

    at: int = CODE
    words: dict[int, tuple[int, int]] = field(default_factory=dict)  # address -> (word, bytes)
    labels: dict[str, int] = field(default_factory=dict)
    later: list[tuple[int, str, str, dict[str, int]]] = field(default_factory=list)

    def word(self, word: int, nbytes: int = 0) -> None:
        nbytes = nbytes or (4 if word & 3 == 3 else 2)
        self.words[self.at] = word, nbytes
        self.at += nbytes

    def to(self, label: str, name: str, **operands: int) -> None:
        """An instruction (or `pair`, `table`) that needs the address of `label`."""
        self.later.append((self.at, label, name, operands))
        self.at += 8 if name in ("call_pair", "address") else 4

    def calls(self, label: str) -> None:
        """A call of a function and a stop, and its beginning: see `begins`."""
        self.to(label, "jal", rd=RA)
        self.word(EBREAK)
        self.begins(label)

    def begins(self, label: str) -> None:
        """Begin a function that keeps ra in a frame, and `returns`."""
        self.labels[label] = self.at
        self.word(op("addi", rd=SP, rs1=SP, imm=-16))
        self.word(op("sd", rs2=RA, rs1=SP, imm=0))

    def returns(self) -> None:
        """The end of what `begins`."""
        self.word(op("ld", rd=RA, rs1=SP, imm=0))
        self.word(op("addi", rd=SP, rs1=SP, imm=16))
        self.word(op("jalr", rd=0, rs1=RA, imm=0))

    def code(self) -> bytes:
        for at, label, name, operands in self.later:
            distance = self.labels[label] - at
            if name in ("call_pair", "address"):
                register = operands["register"]
                low = (distance & 0xFFF) - ((distance & 0x800) << 1)
                self.words[at] = op("auipc", rd=register, imm=distance - low), 4
                second = (
                    op("jalr", rd=RA, rs1=register, imm=low)
                    if name == "call_pair"
                    else op("addi", rd=register, rs1=register, imm=low)
                )
                self.words[at + 4] = second, 4
            elif name == "absolute":
                self.words[at] = self.labels[label], 4
            elif name == "offset":
                self.words[at] = (
                    (self.labels[label] - self.labels[f"table{operands['table']}"]) % (1 << 32),
                    4,
                )
            else:
                self.words[at] = op(name, imm=distance, **operands), 4
        out = bytearray()
        for at in sorted(self.words):
            word, nbytes = self.words[at]
            assert at == CODE + len(out)
            out += word.to_bytes(nbytes, "little")
        return bytes(out)


class Generator:
    def __init__(self, seed: int, nfunctions: int) -> None:
        self.rng, self.nfunctions = random.Random(seed), nfunctions
        self.asm = Assembler()
        self.nlabels = 0

    def label(self) -> str:
        self.nlabels += 1
        return f"l{self.nlabels}"

    def here(self, label: str) -> None:
        self.asm.labels[label] = self.asm.at

    def straight(self, count: int) -> None:
        for _ in range(count):
            row = self.rng.choice(POOL)
            self.asm.word(random_word(self.rng, row), row.nbytes)

    def function(self, k: int) -> None:
        asm = self.asm
        self.here(f"f{k}")
        asm.word(op("addi", rd=SP, rs1=SP, imm=-FRAME))
        asm.word(op("sd", rs2=RA, rs1=SP, imm=FRAME - 8))
        self.body(k, 0)
        asm.word(op("ld", rd=RA, rs1=SP, imm=FRAME - 8))
        asm.word(op("addi", rd=SP, rs1=SP, imm=FRAME))
        if k == 0:
            asm.word(EBREAK)
        elif k + 1 < self.nfunctions and self.rng.random() < 0.2:
            asm.to(f"f{self.rng.randrange(k + 1, self.nfunctions)}", "jal", rd=0)
        else:
            asm.word(op("c.jr", rs1=RA) if self.rng.random() < 0.5 else op("jalr", rd=0, rs1=RA, imm=0))

    def body(self, k: int, nesting: int) -> None:
        rng = self.rng
        for _ in range(rng.randrange(2, 5) - nesting):
            self.straight(rng.randrange(0, 6))
            kind = rng.random()
            if kind < 0.2 and nesting < 2:
                self.loop(k, nesting)
            elif kind < 0.4:
                self.branch()
            elif kind < 0.5:
                self.asm.word(op("addi", rd=A7, rs1=0, imm=rng.randrange(200, 300)))
                self.asm.word(op("ecall"))
            elif kind < 0.6:
                self.switch()
            elif k + 1 < self.nfunctions:
                self.call(f"f{rng.randrange(k + 1, self.nfunctions)}")
        self.straight(rng.randrange(0, 4))

    def call(self, label: str) -> None:
        kind = self.rng.random()
        if kind < 0.4:
            self.asm.to(label, "jal", rd=RA)
        elif kind < 0.7:
            self.asm.to(label, "call_pair", register=self.rng.choice((RA, T1)))
        else:
            self.asm.to(label, "address", register=T1)
            if self.rng.random() < 0.5:
                self.asm.word(op("c.nop", imm=0))  # so that it is no pair
            self.asm.word(op("jalr", rd=RA, rs1=T1, imm=0))

    def loop(self, k: int, nesting: int) -> None:
        asm, counter, again = self.asm, FRAME - 16 - 8 * nesting, self.label()
        asm.word(op("addi", rd=T0, rs1=0, imm=self.rng.randrange(1, 4)))
        asm.word(op("sd", rs2=T0, rs1=SP, imm=counter))
        middle = self.label() if self.rng.random() < 0.5 else None
        if middle is not None:
            self.choice(middle)
        self.here(again)
        self.body(k, nesting + 1)
        if middle is not None:
            self.straight(self.rng.randrange(0, 3))
            self.here(middle)
            self.body(k, nesting + 1)
        asm.word(op("ld", rd=T0, rs1=SP, imm=counter))
        asm.word(op("addi", rd=T0, rs1=T0, imm=-1))
        asm.word(op("sd", rs2=T0, rs1=SP, imm=counter))
        asm.to(again, "bne", rs1=T0, rs2=0)

    def choice(self, label: str) -> None:
        """A branch to `label`, or not."""
        registers = {"rs1": self.rng.randrange(32), "rs2": self.rng.randrange(32)}
        self.asm.to(label, self.rng.choice(("beq", "bne", "blt", "bge", "bltu", "bgeu")), **registers)

    def branch(self) -> None:
        rng, other, end = self.rng, self.label(), self.label()
        self.choice(other)
        self.straight(rng.randrange(0, 4))
        self.asm.to(end, "jal", rd=rng.choice((0, 7)))
        self.here(other)
        self.straight(rng.randrange(0, 4))
        self.here(end)

    def switch(self) -> None:
        """A jump through a table of relative or absolute addresses, as compilers make them."""
        relative = self.rng.random() < 0.6
        asm, ncases, end = self.asm, 4, self.label()
        number = self.nlabels
        asm.word(op("andi", rd=T0, rs1=self.rng.randrange(32), imm=ncases - 1))
        asm.word(op("slli", rd=T0, rs1=T0, imm=2))
        asm.to(f"table{number}", "address", register=T1)
        asm.word(op("add", rd=T0, rs1=T0, rs2=T1))
        asm.word(op("lw", rd=T0, rs1=T0, imm=0))
        if relative:
            asm.word(op("add", rd=T0, rs1=T0, rs2=T1))
        asm.word(op("c.jr", rs1=T0))
        if asm.at % 4:
            asm.word(op("c.nop", imm=0))
        self.here(f"table{number}")
        cases = [self.label() for _ in range(ncases)]
        for case in cases:
            asm.to(case, "offset" if relative else "absolute", table=number)
        for case in cases:
            self.here(case)
            self.straight(self.rng.randrange(0, 3))
            asm.to(end, "jal", rd=0)
        self.here(end)

    def program(self) -> FlowProgram:
        for k in range(self.nfunctions):
            self.function(k)
        rng = self.rng
        x = [rng.choice(INTERESTING) if rng.random() < 0.4 else rng.getrandbits(64) for _ in range(32)]
        x[0] = 0
        for register, address in BASES.items():
            x[register] = address
        x[SP] = STACK
        f = [rng.choice(FLOATS) if rng.random() < 0.7 else rng.getrandbits(64) for _ in range(32)]
        code = self.asm.code()
        entries = [self.asm.labels[f"f{k}"] for k in range(self.nfunctions)]
        return FlowProgram(code, entries, x, f, rng.choice((0, 0x10, 0x1F, 0x21)), rng.randbytes(DATA_BYTES))


@dataclass
class FlowProgram:
    """Code at CODE, the addresses of its functions, and what it begins with."""

    code: bytes
    entries: list[int]
    x: list[int]
    f: list[int]
    fcsr: int
    data: bytes


@dataclass
class FlowOutcome:
    trap: tuple[int, int, int]
    x: list[int]
    f: list[int]
    fcsr: int
    data: bytes
    stack: bytes
    nsyscalls: int


def answer(call: int, number: int) -> int:
    """What the host puts into a0 for the `number`th system call."""
    return (call * 0x9E37_79B9_7F4A_7C15 + number * 0x1234_5678_9ABC_DEF1) % (1 << 64)


STACK_BYTES = 16 * FRAME


def expected_flow(program: FlowProgram) -> FlowOutcome | None:
    """What the oracle says; None where the program takes too long."""
    nsyscalls = 0

    def on_syscall(hart: Evaluator) -> None:
        nonlocal nsyscalls
        hart.x_registers[A0] = answer(hart.x_registers[A7], nsyscalls)
        nsyscalls += 1
        hart.at += 4

    hart = Evaluator(pc=CODE, on_syscall=on_syscall)
    hart.memory.write(CODE, program.code)
    hart.memory.write(DATA, program.data)
    hart.x_registers[:], hart.f_registers[:] = program.x, program.f
    hart.fcsr_register = program.fcsr
    try:
        hart.run(MAX_STEPS)
        return None
    except Trap as trap:
        ended = (trap.cause, trap.value, trap.pc)
    memory = hart.memory.read
    return FlowOutcome(
        ended, hart.x_registers, hart.f_registers, hart.fcsr_register, memory(DATA, DATA_BYTES),
        memory(STACK - STACK_BYTES, STACK_BYTES), nsyscalls,
    )  # fmt: skip
