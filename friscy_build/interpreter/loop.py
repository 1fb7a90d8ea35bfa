"""The interpreter's loops: `hot` runs instructions as fast as it goes, `run` does all that is rare around it.

    run:  resume ─► hot ─► interrupt or stop? ─► one instruction, in full ─► hot
            ▲                                         ├─► raise: call `trap`   ─┐
            └─────────────────────────────────────────┴─► syscall, entry call ◄─┘

`hot` calls nothing, so that the host's compiler keeps its few values in registers. An instruction that turns out
to need more (a fault, a float operation that must raise a flag, an undecoded record) is left undone, and done in
full by `run`. Both are traced from the same rows. All guest state is in the hart; only the record's address lives
in a local.

`hot` has its switch and handlers twice, and they take turns: a processor whose predictor looks little beyond the
address of an indirect jump mispredicts almost every turn of a loop with a single one
(see benchmarks/interpreter_form.py).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

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
    HART_STOP,
    HART_TRAP_PC,
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
    UNDECODED,
    Form,
    Table,
)
from friscy_build.isa.row import Flow
from friscy_build.isa.value import Value
from friscy_build.llvm.trace import Module

HOT, RUN = "hot", "run"
RA, SP = 1, 2
_SHIFT = SCALE.bit_length() - 1
WINDOW_BIAS = -(RECORDS >> _SHIFT)
# With less depth left than this, a translated function that returns is unwinding.
_DEPTH_MARGIN = 2
COPIES = 2


class Loop(Frame):
    """What both loops have: the record's address as a variable, and a switch over operations."""

    def __init__(self, module: Module, table: Table, name: str, params: list[tuple[str, int]]) -> None:
        function = module.function(name, "internal i32", params, "nounwind noinline")
        super().__init__(function, function.arguments[0])
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

    def _in_window(self, pc: Value) -> Value:
        return (pc - GUEST_START).ult(WINDOW_END - GUEST_START)

    def _record_of(self, pc: Value) -> Value:
        """The record of a pc in the window."""
        return (pc.trunc(32) << _SHIFT) + RECORDS

    def _switch(self, operations: dict[str, str], otherwise: str) -> None:
        """Go to the label of the current record's operation."""
        f = self.function
        operation = f.load(16, self._get("record", 32), 0, align=8).zext(32)
        number = self._table.number
        cases = "\n  ".join(f"i32 {number[name]}, label %{label}" for name, label in operations.items())
        f.end(f"switch i32 {operation.raw}, label %{otherwise} [\n  {cases} ]")

    def _handler(self, *forms: Form) -> None:
        """The handler of these instructions in a row."""
        f = self.function
        record = self._get("record", 32)
        for k, form in enumerate(forms):
            machine = RecordMachine(self, record, form, guard_x0=self._guarded(form))
            if self._table.number[form.name] in self._table.relative:
                machine.relative(partial(f.load, 32, record, IMMEDIATE, align=4))
            form.row.semantics(machine, RecordOperands(f, form.row, record, form.known))
            if f.ended:
                assert k == len(forms) - 1
                return
            record = f.let(32, f"add nuw i32 {record.raw}, {form.step}")
            self._set("record", record)
        self.next()

    def _guarded(self, form: Form) -> bool:
        """Whether the handler meets rd = x0."""
        if "x" not in self._table.effects[form.row] or self._table.pure(form.row):
            return False
        return not any(other.known for other in self._table.forms_of(form.row))

    def next(self) -> None:
        """Go on at the record that is set."""
        raise NotImplementedError


class Hot(Loop):
    """Emits `hot(hart, record) -> record`: run from `record`, and return the record of an instruction that is
    not for this loop, or that is a safepoint with an interrupt or the stop; 0: go on at hart.pc."""

    def __init__(self, module: Module, table: Table) -> None:
        super().__init__(module, table, HOT, [("hart", 32), ("record", 32)])
        self.function.on_cold = self.leave
        self._copy = 0  # the copy that is being emitted
        # The forms that are left undone in some case.
        self.unfinished: set[str] = set()

    def leave(self) -> None:
        """Leave the current instruction undone."""
        if self.machine is not None and self.machine.wrote:
            raise ValueError("a row does something before it may trap or needs a cold helper")
        if self.machine is not None:
            self.unfinished.add(self.machine.name)
        if self.machine is None or not self.machine.marked:
            self._mark(self._get("record", 32))
        self.function.goto("leave")

    def _mark(self, record: Value) -> None:
        """Say where to go on after leaving: in memory, so that no jump to `leave` carries a value."""
        self._set_hart(HART_TRAP_PC, record)

    def _leave_if(self, rare: Value, record: Value) -> None:
        """Go on at `record`, or leave for it in the `rare` case."""
        f = self.function
        leaving = f.name("leaving")
        self._set("record", record)
        f.branch(rare, leaving, self._next_copy, likely=False)
        f.place(leaving)
        self._mark(record)
        f.goto("leave")

    def next(self) -> None:
        self.function.goto(self._next_copy)

    def jump_relative(self, record: Value, distance: Value, *, backward: bool) -> None:
        f = self.function
        target = record + distance
        if backward:
            self._leave_if(self._hart(HART_INTERRUPT, 32).ne(0), target)
        else:
            self._set("record", target)
            f.goto(self._next_copy)

    def jump_absolute(self, target: Value) -> None:
        f = self.function
        inside, elsewhere = f.name("inside"), f.name("elsewhere")
        f.branch(self._in_window(target), inside, elsewhere, likely=True)
        f.place(elsewhere)
        self._set_hart(HART_PC, target)
        self._mark(f.const(0, 32))
        f.goto("leave")
        f.place(inside)
        self._leave_if(
            self._hart(HART_INTERRUPT, 32).ne(0) | target.eq(self._hart(HART_STOP, 64)),
            self._record_of(target),
        )

    def trap(self, record: Value, cause: int, value: Value) -> None:
        self.leave()

    @property
    def _next_copy(self) -> str:
        return f"dispatch{(self._copy + 1) % COPIES}"

    def emit(self) -> None:
        f = self.function
        self._set("record", f.arguments[1])
        f.goto("dispatch0")
        for self._copy in range(COPIES):
            self._emit_copy()
        f.place("leave")
        f.give((self._hart(HART_TRAP_PC, 32),))
        f.finish()

    def _emit_copy(self) -> None:
        f, copy = self.function, self._copy
        forms = [form for form in self._table.forms if form.row.flow not in (Flow.SYSCALL, Flow.TRAP)]
        pairs = self._table.pairs
        handled = [UNDECODED, NOP2, NOP4, *(form.name for form in forms), *(pair.name for pair in pairs)]
        f.place(f"dispatch{copy}")
        self._switch({name: f"op{copy}_{name}" for name in handled}, f"other{copy}")
        # Operation 0 has a case that cannot be merged with the default, so that the jump table begins with it.
        f.place(f"op{copy}_{UNDECODED}")
        f.emit('call void asm sideeffect "", ""()')
        f.goto(f"other{copy}")
        f.place(f"other{copy}")
        self._mark(self._get("record", 32))
        f.goto("leave")
        for name, nbytes in ((NOP2, 2), (NOP4, 4)):
            f.place(f"op{copy}_{name}")
            record = self._get("record", 32)
            self._set("record", f.let(32, f"add nuw i32 {record.raw}, {nbytes * SCALE}"))
            self.next()
        for form in forms:
            f.place(f"op{copy}_{form.name}")
            self._handler(form)
        for pair in pairs:
            f.place(f"op{copy}_{pair.name}")
            self._handler(pair.first, pair.second)


class Run(Loop):
    """Emits `run(hart, stop, stack) -> next_pc`: run from hart.pc until an interrupt, or until an indirect jump or a
    call out reaches the pc `stop` (all ones for none).

    It also ends before translated code is called with an sp above `stack` (all ones: never): who called this was left
    by a jump (longjmp). What it has in its locals is no longer so, and a later call might seem to return to it.
    """

    def __init__(self, module: Module, table: Table, hot: Hot) -> None:
        super().__init__(module, table, RUN, [("hart", 32), ("stop", 64), ("stack", 64)])
        self._stop, self._stack = self.function.arguments[1:]
        self._hot = hot

    # How handlers end

    def next(self) -> None:
        self.function.goto("hot")

    def jump_relative(self, record: Value, distance: Value, *, backward: bool) -> None:
        # A safepoint that is passed here is met again: to come back here takes an instruction of `hot`.
        self._set("record", record + distance)
        self.function.goto("check" if backward else "hot")

    def jump_absolute(self, target: Value) -> None:
        self._set("value", target)
        self.function.goto("jump")

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
        self._enter_hot()
        special = self._special()
        forms = [
            form
            for form in self._table.forms
            if form.name in self._hot.unfinished or form.row.flow in (Flow.SYSCALL, Flow.TRAP, Flow.INDIRECT)
        ]
        f.place("full")
        labels = {name: f"op_{name}" for name in (*special, *(form.name for form in forms))}
        for pair in self._table.pairs:  # only the first is done in full
            if pair.first.name in labels:
                labels[pair.name] = labels[pair.first.name]
        self._switch(labels, "hot")
        for name, emit in special.items():
            f.place(f"op_{name}")
            emit(self._get("record", 32))
        for form in forms:
            f.place(f"op_{form.name}")
            self._handler(form)
        self._rare()
        f.finish()

    def _resume(self) -> None:
        """Go on at hart.pc, wherever it is, unless there is an interrupt."""
        f = self.function
        f.place("resume")
        f.branch(self._hart(HART_INTERRUPT, 32).ne(0), "return", "locate", likely=False)
        f.place("locate")
        pc = self._hart(HART_PC, 64) & ~1
        f.branch(pc.eq(self._stop), "return", "resume_anyway")
        f.place("resume_anyway")
        f.branch(self._in_window(pc), "window", "elsewhere")
        f.place("window")
        self._set_hart(HART_PC_BIAS, f.const(WINDOW_BIAS, 32))
        self._set("record", self._record_of(pc))
        f.goto("hot")
        f.place("elsewhere")
        f.branch((pc - GUEST_START).ult(GUEST_END - 4 - GUEST_START), "scratch", "no_code")
        f.place("scratch")
        self._to_scratch(pc)
        f.place("no_code")
        self._set_hart(HART_TRAP_VALUE, pc)
        f.emit(f"call void @trap(i32 {CAUSE_FETCH_FAULT})")
        f.goto("resume")

    def _enter_hot(self) -> None:
        f = self.function
        f.place("hot")
        self._set_hart(HART_STOP, self._stop)
        arguments = f"i32 {self.hart.raw}, i32 {self._get('record', 32).raw}"
        record = f.let(32, f"call i32 @{HOT}({arguments})")
        self._set("record", record)
        f.branch(record.eq(0), "resume", "check", likely=False)
        f.place("check")
        pc = self._pc(self._get("record", 32))
        f.branch(self._hart(HART_INTERRUPT, 32).ne(0) | pc.eq(self._stop), "leave", "full", likely=False)
        f.place("leave")
        # A record that a scratch record went to does not stand at its pc: it holds it.
        operation = f.load(16, self._get("record", 32), 0, align=8).zext(32)
        f.branch(operation.eq(self._table.number[GOTO]), "full", "leave_here")
        f.place("leave_here")
        self._set_hart(HART_PC, pc)
        f.goto("return")

    def _special(self) -> dict[str, Callable[[Value], None]]:
        """The handlers of operations that are not rows."""
        f = self.function

        def illegal(record: Value) -> None:
            self.trap(record, CAUSE_ILLEGAL, f.load(32, record, IMMEDIATE, align=4).zext(64))

        def undecoded(record: Value) -> None:
            f.emit(f"call void @{DECODE}(i32 {self.hart.raw}, i32 {record.raw})")
            f.goto("hot")

        def go_on(record: Value) -> None:
            self._set("value", f.load(32, record, IMMEDIATE, align=4).zext(64))
            f.goto("jump")

        return {
            UNDECODED: undecoded,
            GOTO: go_on,
            SLOW: lambda record: self._to_scratch(self._pc(record)),
            ENTRY: self._entry,
            ILLEGAL: illegal,
        }

    def _entry(self, record: Value) -> None:
        f = self.function
        self._set_hart(HART_PC, self._pc(record))
        f.branch(self._stack.ult(self._hart(HART_X + 8 * SP, 64)), "return", "call_entry", likely=False)
        f.place("call_entry")
        index = f.let(0, f"inttoptr i32 {f.load(32, record, IMMEDIATE, align=4).raw} to ptr")
        after = f.let(32, f"call i32 {index.raw}(i32 {self.hart.raw})")
        self._set_hart(HART_PC, after.zext(64))
        shallow = self._hart(HART_DEPTH, 32).ult(DEPTH_LIMIT - _DEPTH_MARGIN)
        f.branch(shallow, "returned", "return", likely=True)
        f.place("returned")
        pc = ((self._get("record", 32) >> _SHIFT) + WINDOW_BIAS).zext(64)  # entries are in the window
        calm = self._hart(HART_INTERRUPT, 32).eq(0)
        f.branch(after.zext(64).eq(pc) & calm, "stuck", "resume", likely=False)
        # It leaves this very instruction to the interpreter, and so would do again.
        f.place("stuck")
        self._to_scratch(pc)

    def _to_scratch(self, pc: Value) -> None:
        f = self.function
        scratch = self.hart + HART_SCRATCH
        self._set_hart(HART_PC_BIAS, pc.trunc(32) - (scratch >> _SHIFT))
        f.emit(f"call void @{DECODE_SCRATCH}(i32 {self.hart.raw}, i32 {pc.trunc(32).raw})")
        self._set("record", scratch)
        # Not "hot": an indirect jump there would go into the window with the bias of the scratch record.
        f.goto("full")

    def _rare(self) -> None:
        f = self.function
        f.place("jump")
        self._set_hart(HART_PC, self._get("value", 64))
        f.goto("resume")
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
    f.give((f.let(32, f"call i32 @{RUN}(i32 {hart.raw}, i64 -1, i64 -1)"),))
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
    stack = f.load(64, hart, HART_X + 8 * SP, align=8)
    after = f.let(32, f"call i32 @{RUN}(i32 {hart.raw}, i64 {stop.raw}, i64 {stack.raw})")
    f.store(depth, hart, HART_DEPTH, align=4)
    f.give((after,))
    f.finish()
