"""A row's semantics as code over a decoded record: the `Machine` of the interpreter's handlers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from friscy.machine.layout import (
    CALL_COUNT,
    CALLS,
    CAUSE_LOAD_FAULT,
    CAUSE_STORE_FAULT,
    GUEST_END,
    GUEST_START,
    HART_F,
    HART_FCSR,
    HART_HOST_FMA,
    HART_PC_BIAS,
    HART_RESERVED_ADDRESS,
    HART_RESERVED_VALUE,
    HART_TRAP_PC,
    HART_X,
    RECORD_BYTES,
)
from friscy_build.interpreter.records import Form, places
from friscy_build.isa.hart import Register
from friscy_build.isa.row import Flow, Row
from friscy_build.isa.rv_c import RA
from friscy_build.isa.value import Operand, Value
from friscy_build.llvm.trace import Function


class Frame:
    """What handlers of one function share: how control leaves a handler."""

    def __init__(self, function: Function, hart: Value) -> None:
        self.function, self.hart = function, hart
        self.machine: RecordMachine | None = None  # of the handler being traced

    def jump_relative(self, record: Value, distance: Value, *, backward: bool) -> None:
        """Go on at the record `distance` bytes from `record`."""
        raise NotImplementedError

    def jump_absolute(self, target: Value) -> None:
        """Go on at the 64-bit pc `target`."""
        raise NotImplementedError

    def syscall(self, record: Value) -> None:
        raise NotImplementedError

    def trap(self, record: Value, cause: int, value: Value) -> None:
        raise NotImplementedError


class RecordOperands:
    """The operands of the record at `record`: register numbers are ints where known, else read from it.

    All are read at once, so that they are there on every path; LLVM drops what is not used.
    """

    def __init__(self, function: Function, row: Row, record: Value, known: Mapping[str, int]) -> None:
        self._operands: dict[str, Any] = {}
        for name, place in places(row).items():
            if name == "imm":
                self._operands[name] = function.load(32, record, place, align=4).sext(64)
            elif name in known:
                self._operands[name] = known[name]
            else:
                self._operands[name] = function.load(8, record, place).zext(64 if name == "rm" else 32)

    def __getattr__(self, name: str) -> Any:
        try:
            return self._operands[name]
        except KeyError:
            raise AttributeError(name) from None


class RecordMachine:
    """Traces one instruction into a handler. Register numbers are byte offsets (8 * number) or ints."""

    def __init__(self, frame: Frame, record: Value, form: Form, *, guard_x0: bool = False) -> None:
        self.frame, self.ops, self.record = frame, frame.function, record
        self.name = form.name
        self._nbytes, self._backward, self._guard_x0 = form.nbytes, form.backward, guard_x0
        self._goes_anywhere = form.row.flow is Flow.INDIRECT
        self._returns = places(form.row)["rs1"] if self._goes_anywhere and form.known.get("rd") == 0 else None
        self.effects: set[str] = set()
        self.wrote = False  # whether the instruction may already have done something
        self.marked = False  # whether HART_TRAP_PC has this instruction's record, on the path being traced
        frame.machine = self

    @property
    def pc(self) -> Value:
        bias = self.ops.load(32, self.frame.hart, HART_PC_BIAS, align=4)
        return ((self.record >> 2) + bias).zext(64)

    @property
    def next_pc(self) -> Value:
        return self.pc + self._nbytes

    def const(self, value: int, width: int = 64) -> Value:
        return self.ops.const(value, width)

    def _does(self, effect: str) -> None:
        self.effects.add(effect)
        self.wrote = True

    # Registers

    def _register(self, r: Register) -> tuple[Value, int]:
        """(address, offset) of register `r` in its file."""
        if isinstance(r, int):
            return self.frame.hart, 8 * r
        return self.frame.hart + r, 0

    def x(self, r: Register) -> Value:
        if isinstance(r, int) and r == 0:
            return self.const(0)
        address, offset = self._register(r)
        return self.ops.load(64, address, HART_X + offset, align=8)

    def set_x(self, r: Register, value: Value) -> None:
        self._does("x")
        if isinstance(r, int) and r == 0:
            return
        address, offset = self._register(r)
        self.ops.store(value, address, HART_X + offset, align=8)
        if self._guard_x0:  # r may be x0: undo it rather than test for it
            self.ops.store(self.const(0), self.frame.hart, HART_X, align=8)

    def f(self, r: Register) -> Value:
        address, offset = self._register(r)
        return self.ops.load(64, address, HART_F + offset, align=8)

    def set_f(self, r: Register, value: Value) -> None:
        self._does("f")
        address, offset = self._register(r)
        self.ops.store(value, address, HART_F + offset, align=8)

    def fcsr(self) -> Value:
        return self.ops.load(32, self.frame.hart, HART_FCSR, align=4)

    def set_fcsr(self, value: Value) -> None:
        self._does("fcsr")
        self.ops.store(value, self.frame.hart, HART_FCSR, align=4)

    def host_fma(self) -> Value:
        return self.ops.load(32, self.frame.hart, HART_HOST_FMA, align=4).ne(0)

    # Memory

    def _guest(self, address: Value, nbytes: int, cause: int) -> Value:
        """`address` as a wasm address, after the check that the access lies in the guest's range."""
        f = self.ops
        # A host page fault leaves no other trace of where it happened.
        f.store(self.record, self.frame.hart, HART_TRAP_PC, align=4)
        inside = (address - GUEST_START).ult(GUEST_END - GUEST_START - nbytes + 1)
        fault, fine = f.name("fault"), f.name("fine")
        f.branch(inside, fine, fault, likely=True)
        f.place(fault)
        self.marked = True
        self.frame.trap(self.record, cause, address)
        self.marked = False
        f.place(fine)
        return address.trunc(32)

    def load(self, address: Value, width: int) -> Value:
        self.effects.add("load")
        return self.ops.load(width, self._guest(address, width // 8, CAUSE_LOAD_FAULT))

    def store(self, address: Value, value: Value) -> None:
        at = self._guest(address, value.width // 8, CAUSE_STORE_FAULT)
        self._does("store")
        self.ops.store(value, at)

    def reserve(self, address: Value, value: Value) -> None:
        self._does("reserve")
        self.ops.store(address, self.frame.hart, HART_RESERVED_ADDRESS, align=8)
        self.ops.store(value, self.frame.hart, HART_RESERVED_VALUE, align=8)

    def reservation(self) -> tuple[Value, Value]:
        self.effects.add("reserve")
        load = self.ops.load
        hart = self.frame.hart
        return load(64, hart, HART_RESERVED_ADDRESS, align=8), load(64, hart, HART_RESERVED_VALUE, align=8)

    # Control

    def jump(self, target: Value) -> None:
        self.effects.add("flow")
        if self._distance is None:
            if self._goes_anywhere:
                self._note(target)
            self.frame.jump_absolute(target)
        else:
            self.frame.jump_relative(self.record, self._distance(), backward=self._backward)

    def _note(self, target: Value) -> None:
        """Keep where it goes, if it is no return: translated code asks first whether it does so again."""
        number = (self.record >> RECORD_BYTES.bit_length() - 1) & CALL_COUNT - 1
        if self._returns is not None:
            source = self.ops.load(8, self.record, self._returns).zext(32)
            number = self.ops.select(source.ne(8 * RA), number, self.const(CALL_COUNT, 32))
        self.ops.store(self.record, number << 3, CALLS, align=8)
        self.ops.store(target.trunc(32), number << 3, CALLS + 4, align=4)

    def branch(self, condition: Value, target: Value) -> None:
        self.when(condition, lambda: self.jump(target))

    # Set for rows that go to pc + imm: the record has that distance, so `target` is not computed.
    _distance: Callable[[], Value] | None = None

    def relative(self, distance: Callable[[], Value]) -> None:
        self._distance = distance

    def syscall(self) -> None:
        self.effects.add("trap")
        self.frame.syscall(self.record)

    def trap(self, cause: int, value: Operand = 0) -> None:
        self.effects.add("trap")
        self.frame.trap(self.record, cause, value if isinstance(value, Value) else self.const(value))

    def when(self, condition: Value, body: Callable[[], None]) -> None:
        def run() -> tuple[Value, ...]:
            body()
            return ()

        self.ops.cond(condition, run, lambda: ())
