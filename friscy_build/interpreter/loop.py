"""The interpreter's loop: one switch over the operations of decoded records.

    enter ─► resume ─► dispatch ─► switch ─► a handler per operation ─► dispatch
               ▲                                  ├─► raise: call `trap`  ─┐
               └──────────────────────────────────┴─► syscall, entry ◄─────┘

All guest state is in the hart; only the record's address lives in a local.
"""

from __future__ import annotations

from collections.abc import Callable

from friscy.machine.layout import (
    CAUSE_FETCH_FAULT,
    CAUSE_ILLEGAL,
    DEPTH_LIMIT,
    GUEST_END,
    GUEST_START,
    HART_DEPTH,
    HART_INTERRUPT,
    HART_PC,
    HART_PC_BIAS,
    HART_SCRATCH,
    HART_TRAP_VALUE,
    HART_X,
    RECORDS,
    WINDOW_END,
)
from friscy_build.interpreter.decoder import DECODE, DECODE_SCRATCH
from friscy_build.interpreter.machine import Frame, RecordMachine, RecordOperands
from friscy_build.interpreter.records import (
    ENTRY,
    GOTO,
    ILLEGAL,
    IMMEDIATE,
    NOP2,
    NOP4,
    SCALE,
    SLOW,
    SPECIAL,
    UNDECODED,
    Form,
    Table,
)
from friscy_build.isa.value import Value
from friscy_build.llvm.trace import Module

RUN = "run"
RA = 1
_SHIFT = SCALE.bit_length() - 1
WINDOW_BIAS = -(RECORDS >> _SHIFT)
# With less depth left than this, a translated function that returns is unwinding.
_DEPTH_MARGIN = 2


class Loop(Frame):
    """Emits `run(hart, stop) -> next_pc`: run from hart.pc until an interrupt, or until an indirect jump or a
    call out reaches the pc `stop` (all ones for none)."""

    def __init__(self, module: Module, table: Table) -> None:
        function = module.function(RUN, "internal i32", [("hart", 32), ("stop", 64)], "nounwind noinline")
        hart, self._stop = function.arguments
        super().__init__(function, hart)
        self._module, self._table = module, table
        self._slots = {
            name: function.let(0, f"alloca i{width}").raw
            for name, width in (("record", 32), ("cause", 32), ("value", 64))
        }

    # Mutable state in allocas, which LLVM turns into phis

    def _set(self, name: str, value: Value) -> None:
        self.function.emit(f"store i{value.width} {value.raw}, ptr {self._slots[name]}")

    def _get(self, name: str, width: int) -> Value:
        return self.function.let(width, f"load i{width}, ptr {self._slots[name]}")

    def _hart(self, offset: int, width: int) -> Value:
        return self.function.load(width, self.hart, offset, align=width // 8)

    def _set_hart(self, offset: int, value: Value) -> None:
        self.function.store(value, self.hart, offset, align=value.width // 8)

    def _pc(self, record: Value) -> Value:
        return ((record >> _SHIFT) + self._hart(HART_PC_BIAS, 32)).zext(64)

    # How handlers end

    def step(self, record: Value, nbytes: int) -> None:
        """Go on at the next instruction."""
        f = self.function
        self._set("record", f.let(32, f"add nuw i32 {record.raw}, {nbytes * SCALE}"))
        f.goto("dispatch")

    def jump_relative(self, record: Value, distance: Value, *, backward: bool) -> None:
        f = self.function
        target = record + distance
        self._set("record", target)
        if not backward:
            f.goto("dispatch")
            return
        f.branch(self._hart(HART_INTERRUPT, 32).ne(0), "interrupted", "dispatch", likely=False)

    def jump_absolute(self, target: Value) -> None:
        f = self.function
        inside, elsewhere = f.name("inside"), f.name("elsewhere")
        # One test for all that is rare: the end of the window, the stop, an interrupt.
        f.branch((target - GUEST_START).ult(WINDOW_END - GUEST_START), inside, elsewhere, likely=True)
        f.place(elsewhere)
        self._set("value", target)
        f.goto("leave_window")
        f.place(inside)
        self._set("record", (target.trunc(32) << _SHIFT) + RECORDS)
        self._set_hart(HART_PC_BIAS, f.const(WINDOW_BIAS, 32))
        rare = self._hart(HART_INTERRUPT, 32).ne(0) | target.eq(self._stop)
        f.branch(rare, "interrupted", "dispatch", likely=False)

    def syscall(self, record: Value) -> None:
        self._set("record", record)
        self.function.goto("syscall")

    def trap(self, record: Value, cause: int, value: Value) -> None:
        self._set("record", record)
        self._set("cause", self.function.const(cause, 32))
        self._set("value", value)
        self.function.goto("raise")

    # The parts

    def emit(self) -> None:
        f = self.function
        f.goto("resume")
        self._resume()
        self._dispatch()
        self._leaving()
        for name in SPECIAL:
            f.place(f"op_{name}")
            self._special(name)
        for form in self._table.forms:
            f.place(f"op_{form.name}")
            self._handler(form)
        f.finish()

    def _dispatch(self) -> None:
        f = self.function
        f.place("dispatch")
        record = self._get("record", 32)
        operation = f.load(16, record, 0, align=8).zext(32)
        cases = "\n  ".join(f"i32 {k}, label %op_{name}" for name, k in self._table.number.items())
        f.end(f"switch i32 {operation.raw}, label %invalid [\n  {cases} ]")
        f.place("invalid")
        f.end("unreachable")

    def _handler(self, form: Form) -> None:
        record = self._get("record", 32)
        effects = self._table.effects[form.row]
        guard = "x" in effects and "rd" not in form.known and not self._table.pure(form.row)
        guard = guard and not any(other.known for other in self._table.forms_of(form.row))
        machine = RecordMachine(self, record, form.nbytes, backward=form.backward, guard_x0=guard)
        if self._table.number[form.name] in self._table.relative:
            machine.relative(lambda: self.function.load(32, record, IMMEDIATE, align=4))
        form.row.semantics(machine, RecordOperands(self.function, form.row, record, form.known))
        if not self.function.ended:
            self.step(record, form.nbytes)

    def _special(self, name: str) -> None:
        record = self._get("record", 32)
        f = self.function
        special: dict[str, Callable[[], None]] = {
            UNDECODED: lambda: self._undecoded(record),
            GOTO: lambda: self._resume_at(f.load(32, record, IMMEDIATE, align=4).zext(64)),
            SLOW: lambda: self._to_scratch(self._pc(record)),
            ENTRY: lambda: self._entry(record),
            ILLEGAL: lambda: self.trap(
                record, CAUSE_ILLEGAL, f.load(32, record, IMMEDIATE, align=4).zext(64)
            ),
            NOP2: lambda: self.step(record, 2),
            NOP4: lambda: self.step(record, 4),
        }
        special[name]()

    def _undecoded(self, record: Value) -> None:
        self.function.emit(f"call void @{DECODE}(i32 {self.hart.raw}, i32 {record.raw})")
        self.function.goto("dispatch")

    def _resume_at(self, pc: Value) -> None:
        self._set_hart(HART_PC, pc)
        self.function.goto("resume")

    def _entry(self, record: Value) -> None:
        f = self.function
        self._set_hart(HART_PC, self._pc(record))
        index = f.let(0, f"inttoptr i32 {f.load(32, record, IMMEDIATE, align=4).raw} to ptr")
        after = f.let(32, f"call i32 {index.raw}(i32 {self.hart.raw})")
        self._set_hart(HART_PC, after.zext(64))
        shallow = self._hart(HART_DEPTH, 32).ult(DEPTH_LIMIT - _DEPTH_MARGIN)
        f.branch(shallow, "resume", "return", likely=True)

    def _resume(self) -> None:
        """Go on at hart.pc, wherever it is, unless there is an interrupt."""
        f = self.function
        f.place("resume")
        f.branch(self._hart(HART_INTERRUPT, 32).ne(0), "return", "resume_anyway", likely=False)
        f.place("resume_anyway")
        pc = self._hart(HART_PC, 64) & ~1
        f.branch(pc.eq(self._stop), "return", "locate")
        f.place("locate")
        f.branch((pc - GUEST_START).ult(WINDOW_END - GUEST_START), "locate_window", "locate_other")
        f.place("locate_window")
        self._set_hart(HART_PC_BIAS, f.const(WINDOW_BIAS, 32))
        self._set("record", (pc.trunc(32) << _SHIFT) + RECORDS)
        f.goto("dispatch")
        f.place("locate_other")
        f.branch((pc - GUEST_START).ult(GUEST_END - 4 - GUEST_START), "locate_scratch", "no_code")
        f.place("locate_scratch")
        self._to_scratch(pc)
        f.place("no_code")
        self._set_hart(HART_TRAP_VALUE, pc)
        f.emit(f"call void @trap(i32 {CAUSE_FETCH_FAULT})")
        f.goto("resume")

    def _to_scratch(self, pc: Value) -> None:
        f = self.function
        scratch = self.hart + HART_SCRATCH
        self._set_hart(HART_PC_BIAS, pc.trunc(32) - (scratch >> _SHIFT))
        f.emit(f"call void @{DECODE_SCRATCH}(i32 {self.hart.raw}, i32 {pc.trunc(32).raw})")
        self._set("record", scratch)
        f.goto("dispatch")

    def _leaving(self) -> None:
        """What handlers have in common that is rare."""
        f = self.function
        f.place("leave_window")
        self._resume_at(self._get("value", 64))
        f.place("interrupted")
        self._set_hart(HART_PC, self._pc(self._get("record", 32)))
        f.goto("return")
        f.place("raise")
        self._set_hart(HART_PC, self._pc(self._get("record", 32)))
        self._set_hart(HART_TRAP_VALUE, self._get("value", 64))
        self._module.declare("trap", "void @(i32)")
        f.emit(f"call void @trap(i32 {self._get('cause', 32).raw})")
        f.goto("resume")
        f.place("syscall")
        self._set_hart(HART_PC, self._pc(self._get("record", 32)))
        self._module.declare("syscall", "void @()")
        f.emit("call void @syscall()")
        f.goto("resume")
        f.place("return")
        f.give((self._hart(HART_PC, 64).trunc(32),))


def emit_entries(module: Module) -> None:
    """The exports that run: `interpret` and `interpret_call`."""
    f = module.function("interpret", "i32", [("hart", 32)])
    (hart,) = f.arguments
    f.give((f.let(32, f"call i32 @{RUN}(i32 {hart.raw}, i64 -1)"),))
    f.finish()

    f = module.function("interpret_call", "i32", [("hart", 32)])
    (hart,) = f.arguments
    depth = f.load(32, hart, HART_DEPTH, align=4)
    f.branch(depth.ult(DEPTH_LIMIT), "call", "unwind", likely=True)
    f.place("unwind")
    f.give((f.load(64, hart, HART_PC, align=8).trunc(32),))
    f.place("call")
    f.store(depth + 1, hart, HART_DEPTH, align=4)
    stop = f.load(64, hart, HART_X + 8 * RA, align=8)
    after = f.let(32, f"call i32 @{RUN}(i32 {hart.raw}, i64 {stop.raw})")
    f.store(depth, hart, HART_DEPTH, align=4)
    f.give((after,))
    f.finish()
