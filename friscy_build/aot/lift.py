"""One guest function as one LLVM function: its rows traced with constant operands, registers as values.

The function is `(hart) -> next_pc` (docs/ARCHITECTURE.md, "Machine contract"). Registers live in allocas, which
LLVM turns into values; `liveness` says when they are loaded from the hart and stored to it. The stack pointer is
stored whenever it changes, so that a signal frame never lands on a frame in use.

An access outside the guest's range, and whatever else traps, is left to the interpreter with all registers in the
hart. Where the host's page protection ends an access, HART_TRAP_PC tells the instruction, and the hart has the
registers as of the last point where it had to be right (the stack pointer always).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from types import SimpleNamespace

from friscy.machine.layout import (
    CODE_MAP,
    DEPTH_LIMIT,
    GUEST_END,
    GUEST_START,
    HART_DEPTH,
    HART_F,
    HART_FCSR,
    HART_HOST_FMA,
    HART_INTERRUPT,
    HART_PC,
    HART_RESERVED_ADDRESS,
    HART_RESERVED_VALUE,
    HART_TRAP_PC,
    HART_X,
    WINDOW_END,
)
from friscy.machine.space import INTERPRETER_SLOT
from friscy_build.aot.bases import REACH, Facts, checked_bases, reaches
from friscy_build.aot.effects import F0, FCSR, SP, effects
from friscy_build.aot.graph import Block, End, Graph
from friscy_build.aot.liveness import analyse
from friscy_build.isa.decode import Instruction
from friscy_build.isa.hart import Register
from friscy_build.isa.value import Operand, Value
from friscy_build.llvm.trace import Module, typed

# Address 0 is a table slot like any other: the interpreter's.
ATTRIBUTES = "nounwind null_pointer_is_valid"


def function_name(pc: int) -> str:
    """The name of the function that is translated from control reaching `pc`, or of a resumable graph's entry."""
    return f"f_{pc:x}" if pc >= 0 else f"resume_{-pc:x}"


def hart_place(register: int) -> tuple[int, int]:
    """(offset in the hart, width) of a register."""
    if register == FCSR:
        return HART_FCSR, 32
    return (HART_X + 8 * register if register < F0 else HART_F + 8 * (register - F0)), 64


def hand_over(module: Module, registers: tuple[int, ...], *, depth: bool) -> str:
    """The name of a function (hart, depth?, pc, registers ...) that stores all these and calls the interpreter."""
    name = f"hand_over_{int(depth)}_{sum(1 << register for register in registers):x}"
    if name not in module.names:
        params = [("hart", 32), *([("depth", 32)] if depth else []), ("pc", 32)]
        params += [(f"r{register}", hart_place(register)[1]) for register in registers]
        f = module.function(name, "internal i32", params, f"{ATTRIBUTES} noinline cold")
        values = list(f.arguments)
        hart = values.pop(0)
        if depth:
            f.store(values.pop(0), hart, HART_DEPTH, align=4)
        f.store(values.pop(0).zext(64), hart, HART_PC, align=8)
        for register, value in zip(registers, values, strict=True):
            offset, width = hart_place(register)
            f.store(value, hart, offset, align=width // 8)
        slot = f.opaque(f.const(INTERPRETER_SLOT, 32))  # a call of address 0 that LLVM knows of is none
        index = f.let(0, f"inttoptr i32 {slot.raw} to ptr")
        f.give((f.let(32, f"tail call i32 {index.raw}(i32 {hart.raw})"),))
        f.finish()
    return name


class Lifter:
    """Traces one function; a `Machine` for the rows' semantics.

    known: entries that are functions of the same LLVM module, called without the code map.
    """

    def __init__(
        self, module: Module, graph: Graph, known: Collection[int] = (), *, trap_pcs: bool = True
    ) -> None:
        self._module, self._graph, self._known, self._trap_pcs = module, graph, known, trap_pcs
        self._live, self._bases = analyse(graph), checked_bases(graph)
        self._calls = any(block.end in (End.CALL, End.INDIRECT_CALL) for block in graph.blocks.values())
        self.ops = self._f = module.function(function_name(graph.entry), "i32", [("hart", 32)], ATTRIBUTES)
        self._hart = self._f.arguments[0]
        self._values: dict[int, Value] = {}  # what registers hold, where this block has told
        self._dirty: set[int] = set()
        self._facts = Facts()
        self._reach = 0
        self._instruction: Instruction | None = None
        self._block: Block | None = None
        self._leaving: list[tuple[str, Callable[[], None]]] = []
        self.pc = self.next_pc = self._f.const(0, 64)
        self._pc = 0

    # Registers

    def _slot(self, register: int) -> str:
        return f"%r{register}"

    def _get(self, register: int) -> Value:
        value = self._values.get(register)
        if value is None:
            width = 32 if register == FCSR else 64
            value = self._values[register] = self._f.let(width, f"load i{width}, ptr {self._slot(register)}")
        return value

    def _set(self, register: int, value: Value) -> None:
        self._f.emit(f"store {typed(value)}, ptr {self._slot(register)}")
        self._values[register] = value
        self._facts.forget(register)
        if register == SP:
            self._f.store(value, self._hart, HART_X + 8 * SP, align=8)
        else:
            self._dirty.add(register)

    def _store(self, registers: Collection[int]) -> None:
        """Bring registers to the hart."""
        for register in sorted(registers):
            offset, width = hart_place(register)
            self._f.store(self._get(register), self._hart, offset, align=width // 8)

    def _load(self, registers: Collection[int]) -> None:
        for register in sorted(registers):
            offset, width = hart_place(register)
            value = self._f.load(width, self._hart, offset, align=width // 8)
            if register == FCSR:
                value = value & 0xFF
            self._f.emit(f"store {typed(value)}, ptr {self._slot(register)}")

    # The hart

    def _hart_load(self, offset: int, width: int) -> Value:
        return self._f.load(width, self._hart, offset, align=width // 8)

    def _hart_store(self, offset: int, value: Value) -> None:
        self._f.store(value, self._hart, offset, align=value.width // 8)

    def _interrupted(self) -> Value:
        pointer = self._f.pointer(self._hart, HART_INTERRUPT)
        # volatile: another thread sets it, and a loop that changes nothing else must see that
        return self._f.let(32, f"load volatile i32, ptr {pointer}, align 4").ne(0)

    # friscy_build.isa.hart.Machine

    def const(self, value: int, width: int = 64) -> Value:
        return self._f.const(value, width)

    def x(self, r: Register) -> Value:
        return self._get(r) if r else self.const(0)

    def set_x(self, r: Register, value: Value) -> None:
        if r:
            self._set(r, value)

    def f(self, r: Register) -> Value:
        return self._get(F0 + r)

    def set_f(self, r: Register, value: Value) -> None:
        self._set(F0 + r, value)

    def fcsr(self) -> Value:
        return self._get(FCSR)

    def set_fcsr(self, value: Value) -> None:
        self._set(FCSR, value)

    def host_fma(self) -> Value:
        return self._hart_load(HART_HOST_FMA, 32).ne(0)

    def _guest(self, address: Value) -> tuple[Value, int]:
        """`address` as a wasm address and an offset, after the check that the access lies in the guest's range.

        Checked is the base register, once for all accesses through it, against a range that no offset leads out
        of. What fails is left to the interpreter, which is exact.
        """
        f, i = self._f, self._instruction
        base, offset = address, 0
        if i is not None and i.rs1 and isinstance(address.raw, str):
            base, offset = self._get(i.rs1), i.imm if "imm" in i.row.fields else 0
            known = self._facts.holds(i.rs1, offset)
        else:
            known = False
        if not known:
            reach = (
                self._facts.learn(i.rs1, offset, self._reach) if i is not None and base is not address else 8
            )
            lowest = GUEST_START + (REACH if offset < 0 else 0)
            inside = (base - lowest).ult(GUEST_END - reach - lowest + 1)
            outside, fine = f.name("outside"), f.name("fine")
            f.branch(inside, fine, outside, likely=True)
            f.place(outside)
            self._bail()
            f.place(fine)
        if self._trap_pcs:
            self._hart_store(HART_TRAP_PC, self.const(self._pc, 32))
        short = base.trunc(32)
        return (short, offset) if offset >= 0 else (short + offset, 0)

    def _bail(self) -> None:
        """Let the interpreter do this instruction, of which nothing was done, and go on from it."""
        values = dict(self._values)
        self._hand_over(self._pc, self._dirty)
        self._values = values  # what was read here is not there on other paths

    def _hand_over(self, pc: int, dirty: Collection[int]) -> None:
        """Bring registers to the hart and leave the rest, from `pc`, to the interpreter."""
        registers = sorted(dirty)
        arguments = [self._hart, self.const(pc, 32), *(self._get(register) for register in registers)]
        if self._calls:
            arguments.insert(1, self._depth)
        name = hand_over(self._module, tuple(registers), depth=self._calls)
        listed = ", ".join(typed(value) for value in arguments)
        self._f.give((self._f.let(32, f"tail call i32 @{name}({listed})"),))

    def load(self, address: Value, width: int) -> Value:
        return self._f.load(width, *self._guest(address))

    def store(self, address: Value, value: Value) -> None:
        self._f.store(value, *self._guest(address))

    def reserve(self, address: Value, value: Value) -> None:
        self._hart_store(HART_RESERVED_ADDRESS, address)
        self._hart_store(HART_RESERVED_VALUE, value)

    def reservation(self) -> tuple[Value, Value]:
        return self._hart_load(HART_RESERVED_ADDRESS, 64), self._hart_load(HART_RESERVED_VALUE, 64)

    def when(self, condition: Value, body: Callable[[], None]) -> None:
        outside, dirty, facts = dict(self._values), set(self._dirty), self._facts.copy()
        wrote: set[int] = set()

        def run() -> tuple[Value, ...]:
            body()
            if not self._f.ended:
                wrote.update(self._dirty - dirty)
                wrote.update(r for r, value in self._values.items() if outside.get(r) is not value)
            return ()

        self._f.cond(condition, run, lambda: ())
        # Values that the arm read or wrote are not there after it, except in their allocas.
        self._values = {r: value for r, value in outside.items() if r not in wrote}
        self._dirty = dirty | wrote - {SP}
        self._facts = facts

    def syscall(self) -> None:
        """Left to the end of the block."""

    def jump(self, target: Value) -> None:
        """Left to the end of the block; the target of an indirect jump must be read before rd is written."""
        self._target = target

    def branch(self, condition: Value, target: Value) -> None:
        self._condition = condition

    def trap(self, cause: int, value: Operand = 0) -> None:
        """Left to the interpreter: traps are rare, and rows trap before they do anything."""
        self._bail()

    # Leaving

    def _give(self, pc: Value) -> None:
        """Return `pc`; the hart is right but for its depth."""
        if self._calls:
            self._hart_store(HART_DEPTH, self._depth)
        self._f.give((pc,))

    def _callee(self, target: Value) -> str:
        """The function for the address `target`, as an operand; hart.pc is set where it is not known."""
        f = self._f
        if isinstance(target.raw, int) and target.raw in self._known:
            return f"@{function_name(target.raw)}"
        self._hart_store(HART_PC, target)
        if isinstance(target.raw, int):
            index = f.const(0, 32)
            if target.raw < WINDOW_END:
                index = f.load(32, f.const(CODE_MAP + 2 * target.raw, 32), align=4)
        else:
            (index,) = f.cond(
                target.ult(WINDOW_END),
                lambda: (f.load(32, target.trunc(32) << 1, CODE_MAP, align=4),),
                lambda: (f.const(0, 32),),
            )
        return str(f.let(0, f"inttoptr i32 {index.raw} to ptr").raw)

    def _jump_out(self, target: Value) -> None:
        """Go on at an address that is not a block here: a tail call. Whoever is called looks for an interrupt."""
        f = self._f
        callee = self._callee(target)
        if self._calls:
            self._hart_store(HART_DEPTH, self._depth)
        after = f.let(32, f"musttail call i32 {callee}(i32 {self._hart.raw})")
        f.give((after,))

    def _go(self, block: Block, target: int) -> str:
        """The label to go to for control to go on at `target`."""
        if target not in self._graph.blocks:
            label = self._f.name("out")
            self._leaving.append((label, lambda: self._jump_out(self.const(target))))
            return label
        if target <= block.pc:
            label = self._f.name("back")
            self._leaving.append((label, lambda: self._safepoint(target)))
            return label
        return f"b{target:x}"

    def _safepoint(self, target: int) -> None:
        f = self._f
        leave = f.name("leave")
        f.branch(self._interrupted(), leave, f"b{target:x}", likely=False)
        f.place(leave)
        self._values = {}
        self._hand_over(target, self._live.dirty[target])

    def _call(self, block: Block, target: Value) -> None:
        f = self._f
        after = f.let(32, f"call i32 {self._callee(target)}(i32 {self._hart.raw})")
        self._resume(block, after.eq(block.next_pc), lambda: after)

    def _resume(self, block: Block, returned: Value, where: Callable[[], Value]) -> None:
        """Go on after a call, or unwind."""
        f = self._f
        back, unwind = f.name("returned"), f.name("unwind")
        f.branch(returned, back, unwind, likely=True)
        f.place(unwind)
        self._give(where())
        f.place(back)
        self._load(self._live.reload[block.pc])
        f.goto(self._go(block, block.next_pc))

    # The function

    def emit(self) -> None:
        f = self._f
        graph = self._graph
        registers = set().union(
            *self._live.live.values(), *self._live.dirty.values(), *self._live.stores.values()
        )
        for block in graph.blocks.values():
            for _, i in block.code:
                registers |= effects(i)[0] | effects(i)[1]
        for register in sorted(registers - {0}):
            f.emit(f"{self._slot(register)} = alloca i{32 if register == FCSR else 64}")
        if any(pc < 0 for pc in graph.blocks):
            f.emit("%target = alloca i64")
        own = self._hart_load(HART_PC, 64) if graph.resume else self.const(graph.entry)
        rare = self._interrupted()
        if self._calls:
            self._depth = self._hart_load(HART_DEPTH, 32)
            rare = rare | self._depth.compare("uge", DEPTH_LIMIT)
        f.branch(rare, "refuse", "enter", likely=False)
        f.place("refuse")
        self._hart_store(HART_PC, own)
        f.give((own.trunc(32),))
        f.place("enter")
        if self._calls:
            self._hart_store(HART_DEPTH, self._depth + 1)
        if graph.resume:
            f.emit(f"store {typed(own)}, ptr %target")
        self._load(self._live.live[graph.entry])
        f.goto(f"b{graph.entry:x}")
        for pc in sorted(graph.blocks):
            self._emit_block(graph.blocks[pc])
        f.finish()

    def _emit_block(self, block: Block) -> None:
        f = self._f
        f.place(f"b{block.pc:x}")
        self._block, self._values = block, {}
        self._dirty = set(self._live.dirty[block.pc])
        self._target, self._condition = self.const(0), self.const(0, 1)
        self._facts = self._bases[block.pc].copy()
        for (pc, i), self._reach in zip(block.code, reaches(block), strict=True):
            if f.ended:
                break
            self._instruction = i
            self._pc, self.pc, self.next_pc = pc, self.const(pc), self.const(pc + i.nbytes)
            operands = SimpleNamespace(
                rd=i.rd,
                rs1=i.rs1,
                rs2=i.rs2,
                rs3=i.rs3,
                aq_rl=i.aq_rl,
                imm=self.const(i.imm),
                rm=self.const(i.rm),
            )
            i.row.semantics(self, operands)
        if not f.ended:
            self._end(block)
        while self._leaving:
            label, emit = self._leaving.pop()
            f.place(label)
            emit()

    def _end(self, block: Block) -> None:
        f = self._f
        if block.pc >= 0:
            self._store(self._live.stores[block.pc])
        match block.end:
            case End.FALL:
                f.goto(self._go(block, block.next_pc))
            case End.JUMP:
                f.goto(self._go(block, block.target))
            case End.BRANCH:
                taken, other = self._go(block, block.target), self._go(block, block.next_pc)
                f.branch(self._condition, taken, other)
            case End.CALL:
                self._call(block, self.const(block.target))
            case End.INDIRECT_CALL:
                self._call(block, self._target)
            case End.SYSCALL:
                self._hart_store(HART_PC, self.pc)
                self._module.declare("syscall", "void @()")
                f.emit("call void @syscall()")
                after = self._hart_load(HART_PC, 64)
                fine = after.eq(block.next_pc) & (self._interrupted() ^ 1)
                self._resume(block, fine, lambda: after.trunc(32))
            case End.RETURN:
                elsewhere, near = f.name("far"), f.name("near")
                f.branch(self._target.ult(GUEST_END), near, elsewhere, likely=True)
                f.place(near)
                self._give(self._target.trunc(32))
                f.place(elsewhere)
                self._jump_out(self._target)
            case End.TABLE:
                f.emit(f"store {typed(self._target)}, ptr %target")
                f.goto(f"b{block.target:x}")
            case End.INDIRECT if block.pc < 0:
                self._switch(block)
            case End.INDIRECT:
                self._jump_out(self._target)
            case End.OUT:
                self._jump_out(self.const(block.next_pc))

    def _switch(self, block: Block) -> None:
        """Go to one of the block's targets, or with any other address elsewhere; a safepoint."""
        f = self._f
        target = f.let(64, "load i64, ptr %target")
        go, other = f.name("go"), f.name("other")
        f.branch(self._interrupted(), other, go, likely=False)
        f.place(go)
        cases = " ".join(f"i64 {pc}, label %b{pc:x}" for pc in block.targets)
        f.end(f"switch i64 {target.raw}, label %{other} [ {cases} ]")
        f.place(other)
        self._store(self._live.stores[block.pc])
        self._jump_out(target)
