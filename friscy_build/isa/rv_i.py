"""RV64I: the base integer instructions."""

from __future__ import annotations

from collections.abc import Callable

from friscy.machine.layout import CAUSE_BREAKPOINT
from friscy_build.isa.hart import Machine, Operands
from friscy_build.isa.row import Extension, Flow
from friscy_build.isa.value import Value

Binary = Callable[[Value, Value], Value]

EXTENSION = Extension("I")
_add, _row = EXTENSION.add, EXTENSION.row


def register_register(operation: Binary) -> Callable[[Machine, Operands], None]:
    """Semantics rd = operation(rs1, rs2)."""
    return lambda m, i: m.set_x(i.rd, operation(m.x(i.rs1), m.x(i.rs2)))


def register_immediate(operation: Binary) -> Callable[[Machine, Operands], None]:
    """Semantics rd = operation(rs1, imm)."""
    return lambda m, i: m.set_x(i.rd, operation(m.x(i.rs1), i.imm))


def on_words(operation: Binary) -> Binary:
    """The operation on the low 32 bits of its operands, its result sign-extended: the W forms."""
    return lambda a, b: operation(a.trunc(32), b.trunc(32)).sext(64)


def shift(op: str) -> Binary:
    """A shift that uses as many low bits of its right operand as its width needs."""
    return lambda a, b: a.ops.binary(op, a, b & (a.width - 1))


def compare(op: str) -> Binary:
    return lambda a, b: a.compare(op, b).zext(64)


def _plus(a: Value, b: Value) -> Value:
    return a + b


def _minus(a: Value, b: Value) -> Value:
    return a - b


@_row("lui", "imm[31:12] rd 0110111", "rd,upper")
def _lui(m: Machine, i: Operands) -> None:
    m.set_x(i.rd, i.imm)


@_row("auipc", "imm[31:12] rd 0010111", "rd,upper")
def _auipc(m: Machine, i: Operands) -> None:
    m.set_x(i.rd, m.pc + i.imm)


@_row("jal", "imm[20|10:1|11|19:12] rd 1101111", "rd,target", flow=Flow.JUMP)
def _jal(m: Machine, i: Operands) -> None:
    m.set_x(i.rd, m.next_pc)
    m.jump(m.pc + i.imm)


@_row("jalr", "imm[11:0] rs1 000 rd 1100111", "rd,imm(rs1)", flow=Flow.INDIRECT)
def _jalr(m: Machine, i: Operands) -> None:
    target = (m.x(i.rs1) + i.imm) & ~1  # read before rd is written: they may be the same
    m.set_x(i.rd, m.next_pc)
    m.jump(target)


def _branch(op: str) -> Callable[[Machine, Operands], None]:
    return lambda m, i: m.branch(m.x(i.rs1).compare(op, m.x(i.rs2)), m.pc + i.imm)


for _name, _funct3, _op in (
    ("beq", "000", "eq"),
    ("bne", "001", "ne"),
    ("blt", "100", "slt"),
    ("bge", "101", "sge"),
    ("bltu", "110", "ult"),
    ("bgeu", "111", "uge"),
):
    _pattern = f"imm[12|10:5] rs2 rs1 {_funct3} imm[4:1|11] 1100011"
    _add(_name, _pattern, "rs1,rs2,target", _branch(_op), flow=Flow.BRANCH)


def _load(width: int, op: str) -> Callable[[Machine, Operands], None]:
    def semantics(m: Machine, i: Operands) -> None:
        value = m.load(m.x(i.rs1) + i.imm, width)
        m.set_x(i.rd, value.sext(64) if op == "sext" else value.zext(64))

    return semantics


for _name, _funct3, _width, _op in (
    ("lb", "000", 8, "sext"),
    ("lh", "001", 16, "sext"),
    ("lw", "010", 32, "sext"),
    ("ld", "011", 64, "zext"),
    ("lbu", "100", 8, "zext"),
    ("lhu", "101", 16, "zext"),
    ("lwu", "110", 32, "zext"),
):
    _add(_name, f"imm[11:0] rs1 {_funct3} rd 0000011", "rd,imm(rs1)", _load(_width, _op))


def _store(width: int) -> Callable[[Machine, Operands], None]:
    return lambda m, i: m.store(m.x(i.rs1) + i.imm, m.x(i.rs2).trunc(width))


for _name, _funct3, _width in (("sb", "000", 8), ("sh", "001", 16), ("sw", "010", 32), ("sd", "011", 64)):
    _add(_name, f"imm[11:5] rs2 rs1 {_funct3} imm[4:0] 0100011", "rs2,imm(rs1)", _store(_width))


for _name, _funct3, _operation in (
    ("add", "000", _plus),
    ("slt", "010", compare("slt")),
    ("sltu", "011", compare("ult")),
    ("xor", "100", lambda a, b: a ^ b),
    ("or", "110", lambda a, b: a | b),
    ("and", "111", lambda a, b: a & b),
):
    _immediate = {"sltu": "sltiu"}.get(_name, _name + "i")
    _add(_immediate, f"imm[11:0] rs1 {_funct3} rd 0010011", "rd,rs1,imm", register_immediate(_operation))
    _add(_name, f"0000000 rs2 rs1 {_funct3} rd 0110011", "rd,rs1,rs2", register_register(_operation))
_add("sub", "0100000 rs2 rs1 000 rd 0110011", "rd,rs1,rs2", register_register(_minus))

for _name, _funct3, _funct7, _op in (
    ("sll", "001", "0000000", "shl"),
    ("srl", "101", "0000000", "lshr"),
    ("sra", "101", "0100000", "ashr"),
):
    _operation = shift(_op)
    _word = on_words(_operation)
    _tail = f"rs1 {_funct3} rd"
    _add(
        _name + "i", f"{_funct7[:6]} uimm[5:0] {_tail} 0010011", "rd,rs1,hex", register_immediate(_operation)
    )
    _add(_name, f"{_funct7} rs2 {_tail} 0110011", "rd,rs1,rs2", register_register(_operation))
    _add(_name + "iw", f"{_funct7} uimm[4:0] {_tail} 0011011", "rd,rs1,hex", register_immediate(_word))
    _add(_name + "w", f"{_funct7} rs2 {_tail} 0111011", "rd,rs1,rs2", register_register(_word))

_add("addiw", "imm[11:0] rs1 000 rd 0011011", "rd,rs1,imm", register_immediate(on_words(_plus)))
_add("addw", "0000000 rs2 rs1 000 rd 0111011", "rd,rs1,rs2", register_register(on_words(_plus)))
_add("subw", "0100000 rs2 rs1 000 rd 0111011", "rd,rs1,rs2", register_register(on_words(_minus)))


@_row("fence", "uimm[11:0] ..... 000 ..... 0001111", "fence")
def _fence(m: Machine, i: Operands) -> None:
    """Nothing to do: one hart at a time touches a memory. The manual asks to ignore reserved fields, so
    fence.tso, pause and what is to come are fences too."""


@_row("ecall", "000000000000 00000 000 00000 1110011", "", flow=Flow.SYSCALL)
def _ecall(m: Machine, i: Operands) -> None:
    m.syscall()


@_row("ebreak", "000000000001 00000 000 00000 1110011", "", flow=Flow.TRAP)
def _ebreak(m: Machine, i: Operands) -> None:
    m.trap(CAUSE_BREAKPOINT, m.pc)
