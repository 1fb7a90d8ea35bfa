"""Which registers an instruction reads and writes, found out by running its row on a machine that takes notes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from types import SimpleNamespace

from friscy_build.isa.decode import Instruction
from friscy_build.isa.hart import Register
from friscy_build.isa.row import Flow, Row
from friscy_build.isa.rows import BASE_ROWS
from friscy_build.isa.value import Operand, Value
from friscy_build.isa.zicsr import FCSR as CSR
from friscy_build.isa.zicsr import FFLAGS, FRM
from friscy_build.llvm.trace import Function, Module

# Registers as one numbering: x0-x31, f0-f31, and fcsr.
F0, FCSR = 32, 64
SP, RA = 2, 1
LINKS = (1, 5)  # the registers that the psABI knows as link registers: a jump that writes one is a call

Name = tuple[str, str]  # ("x" or "f", operand), or ("fcsr", "")


class _Notes:
    """A Machine whose registers are the names of operands."""

    def __init__(self, function: Function) -> None:
        self.ops = function
        self.pc = function.opaque(function.const(0, 64))
        self.next_pc = function.opaque(function.const(0, 64))
        self.reads: set[Name] = set()
        self.writes: set[Name] = set()
        self.accesses = False  # whether memory is always accessed
        self._conditions = 0

    def _any(self, width: int = 64) -> Value:
        return self.ops.opaque(self.ops.const(0, width))

    def _write(self, name: Name) -> None:
        self.writes.add(name)
        if self._conditions:  # the old value may stay
            self.reads.add(name)

    def const(self, value: int, width: int = 64) -> Value:
        return self.ops.const(value, width)

    def x(self, r: Register) -> Value:
        self.reads.add(("x", r))
        return self._any()

    def set_x(self, r: Register, value: Value) -> None:
        self._write(("x", r))

    def f(self, r: Register) -> Value:
        self.reads.add(("f", r))
        return self._any()

    def set_f(self, r: Register, value: Value) -> None:
        self._write(("f", r))

    def fcsr(self) -> Value:
        self.reads.add(("fcsr", ""))
        return self._any(32)

    def set_fcsr(self, value: Value) -> None:
        self._write(("fcsr", ""))

    def host_fma(self) -> Value:
        return self._any(1)

    def load(self, address: Value, width: int) -> Value:
        self._access()
        return self._any(width)

    def store(self, address: Value, value: Value) -> None:
        self._access()

    def _access(self) -> None:
        self.accesses |= not self._conditions

    def reserve(self, address: Value, value: Value) -> None: ...

    def reservation(self) -> tuple[Value, Value]:
        return self._any(), self._any()

    def jump(self, target: Value) -> None: ...

    def branch(self, condition: Value, target: Value) -> None: ...

    def syscall(self) -> None: ...

    def trap(self, cause: int, value: Operand = 0) -> None: ...

    def when(self, condition: Value, body: Callable[[], None]) -> None:
        self._conditions += 1
        body()
        self._conditions -= 1


@cache
def _of_row(row: Row) -> tuple[frozenset[Name], frozenset[Name], bool]:
    notes = _Notes(Module().function("effects", "void", []))
    names = {name: name for name in ("rd", "rs1", "rs2", "rs3")}
    operands = SimpleNamespace(imm=notes._any(), rm=notes._any(), aq_rl=0, **names)
    row.semantics(notes, operands)
    return frozenset(notes.reads), frozenset(notes.writes), notes.accesses and ("x", "rs1") in notes.reads


def _number(i: Instruction, name: Name) -> int:
    kind, operand = name
    if kind == "fcsr":
        return FCSR
    number: int = getattr(i, operand)
    return number if kind == "x" else F0 + number


# Sets of registers, as the bits of a number.
Registers = int
NONE: Registers = 0


def registers(numbers: Iterable[int]) -> Registers:
    """The set of these registers."""
    found = 0
    for number in numbers:
        found |= 1 << number
    return found


ALL: Registers = registers(range(1, FCSR + 1))

_members: dict[Registers, tuple[int, ...]] = {}


def members(of: Registers) -> tuple[int, ...]:
    """The registers of a set, in ascending order."""
    known = _members.get(of)
    if known is None:
        rest, found = of, []
        while rest:
            low = rest & -rest
            found.append(low.bit_length() - 1)
            rest ^= low
        known = tuple(found)
        if len(_members) < 1 << 16:
            _members[of] = known
    return known


_effects: dict[tuple[Row, int, int, int, int], tuple[Registers, Registers]] = {}  # by row and operands


def effects(i: Instruction) -> tuple[Registers, Registers]:
    """(registers read, registers written); x0 is neither."""
    return i.effects or _find_effects(i)


def _find_effects(i: Instruction) -> tuple[Registers, Registers]:
    key = i.row, i.rd, i.rs1, i.rs2, i.rs3
    known = _effects.get(key)
    if known is None:
        reads, writes, _ = _of_row(i.row)
        known = _effects[key] = (
            registers(_number(i, name) for name in reads) & ALL,
            registers(_number(i, name) for name in writes) & ALL,
        )
    i.keep("effects", known)
    return known


def is_access(i: Instruction) -> bool:
    """Whether the instruction always loads or stores at rs1 plus an immediate."""
    return i.row in _ACCESSES


_ACCESSES = {row for row in BASE_ROWS if _of_row(row)[2]}


Form = int | tuple[str, int, int, int]


def form(i: Instruction) -> Form:
    """What an instruction is, apart from how far away something is: a key for what does not depend on that.

    Of loads, stores, branches and jumps all but the immediate; of any other its word.
    """
    if i.row in _FAR:
        return i.row.name, i.rd, i.rs1, i.rs2
    return i.word


_FAR = {row for row in BASE_ROWS if row in _ACCESSES or row.flow in (Flow.BRANCH, Flow.JUMP)}


def is_float_csr(i: Instruction) -> bool:
    """Whether the instruction reads or writes fcsr or a part of it, which never traps."""
    return i.row.extension == "Zicsr" and i.imm >> 5 in (FFLAGS, FRM, CSR)


def is_cheap(i: Instruction) -> bool:
    """Whether the instruction only computes an integer, in about a cycle."""
    return i.row in _CHEAP


_CHEAP = {
    row for row in BASE_ROWS
    if row.extension == "I" and row.flow is Flow.NONE and row not in _ACCESSES and _of_row(row)[1] == {("x", "rd")}
}  # fmt: skip
