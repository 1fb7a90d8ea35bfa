"""What instruction semantics may do to a machine: the protocol between rows and engines.

A row's semantics is `f(m, i)`: `m` a `Machine`, `i` the operands of the decoded instruction.
Register numbers are `Value`s of 32 bits in the interpreter (read from the record) and ints in `evaluate`
and AOT: rows only hand them on. Immediates, `m.pc` and register contents are always 64-bit `Value`s;
x0 reads 0 and ignores writes, in the engine, not in the row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from friscy_build.isa.value import Operand, Ops, Value

if TYPE_CHECKING:
    from friscy_build.isa.decode import Instruction

Register = Any  # int, or a 32-bit Value


class Operands(Protocol):
    """Fields of a decoded instruction. A row reads only those its encoding names."""

    rd: Register
    rs1: Register
    rs2: Register
    rs3: Register
    imm: Value  # 64 bits, sign-extended, scaled; also shamt, the CSR number, and zimm
    rm: Value  # 3 bits as 64-bit value: the rounding mode field, 7 = dynamic
    aq_rl: int


class KnownOperands:
    """The operands of an instruction that is known: register numbers as ints, the rest as constants of `ops`."""

    __slots__ = ("aq_rl", "imm", "rd", "rm", "rs1", "rs2", "rs3")

    def __init__(self, i: Instruction, ops: Ops) -> None:
        self.rd, self.rs1, self.rs2, self.rs3, self.aq_rl = i.rd, i.rs1, i.rs2, i.rs3, i.aq_rl
        self.imm, self.rm = ops.const(i.imm, 64), ops.const(i.rm, 64)


class Machine(Protocol):
    """A hart and its memory, as rows see them. All values are 64 bits unless said otherwise."""

    @property
    def ops(self) -> Ops: ...
    @property
    def pc(self) -> Value: ...  # address of this instruction
    @property
    def next_pc(self) -> Value: ...  # address of the one after it (pc + 2 or pc + 4)

    def const(self, value: int, width: int = 64) -> Value: ...

    def x(self, r: Register) -> Value: ...
    def set_x(self, r: Register, value: Value) -> None: ...
    def f(self, r: Register) -> Value: ...  # raw 64-bit contents, boxed or not
    def set_f(self, r: Register, value: Value) -> None: ...

    def fcsr(self) -> Value: ...  # 32 bits: fflags 0-4, frm 5-7
    def set_fcsr(self, value: Value) -> None: ...
    def host_fma(self) -> Value: ...  # 1 bit: the host's ffma is truly fused (HART_HOST_FMA)

    def load(self, address: Value, width: int) -> Value:
        """`width` bits at a 64-bit guest address, any alignment. Faults outside the guest's range."""
        ...

    def store(self, address: Value, value: Value) -> None: ...

    def reserve(self, address: Value, value: Value) -> None:
        """Register LR's reservation: the address and the (64-bit) value it loaded."""
        ...

    def reservation(self) -> tuple[Value, Value]:
        """(address, value) of the reservation; address is all ones where there is none."""
        ...

    def jump(self, target: Value) -> None:
        """Go on at `target` (bit 0 already cleared). Control-flow rows end with it."""
        ...

    def branch(self, condition: Value, target: Value) -> None:
        """Go on at `target` where the 1-bit condition holds, else at next_pc."""
        ...

    def syscall(self) -> None: ...
    def trap(self, cause: int, value: Operand = 0) -> None:
        """Raise `cause` (friscy.machine.layout.CAUSE_*) at this pc; ends the instruction."""
        ...

    def when(self, condition: Value, body: Any) -> None:
        """Run `body()` (which may set registers, store or trap) only where the 1-bit condition holds."""
        ...
