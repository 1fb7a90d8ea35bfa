"""One guest function as one LLVM function: its rows traced with constant operands, registers as values.

The function is `(hart) -> next_pc` (docs/ARCHITECTURE.md, "Machine contract"). Registers live in allocas, which
LLVM turns into values; `liveness` says when they are loaded from the hart and stored to it. The stack pointer is
stored whenever it changes, so that a signal frame never lands on a frame in use.

An access outside the guest's range, and whatever else traps, is left to the interpreter with all registers in the
hart. Where the host's page protection ends an access, HART_TRAP_PC tells the instruction, and the hart has the
registers as of the last point where it had to be right (the stack pointer always).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from types import SimpleNamespace

from friscy.machine.layout import (
    CODE_MAP,
    DEPTH_LIMIT,
    GUARD,
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
from friscy_build.aot.bases import CHECKED, STACK_NEAR, Bases, Facts, offset_of
from friscy_build.aot.convention import Convention, Signature, calls_others
from friscy_build.aot.effects import F0, FCSR, RA, SP, effects
from friscy_build.aot.float_runs import NX, ROUND_NEAREST_MASK, any_outside, float_run, is_fused
from friscy_build.aot.graph import Block, End, Graph
from friscy_build.aot.liveness import CALLS, live_at
from friscy_build.aot.strings import routine_for
from friscy_build.isa.decode import Instruction
from friscy_build.isa.hart import Register
from friscy_build.isa.value import Operand, Value
from friscy_build.llvm.trace import Function, Module, result_type, typed

# Address 0 is a table slot like any other: the interpreter's.
A0 = 10
ATTRIBUTES = "nounwind null_pointer_is_valid"


def function_name(pc: int) -> str:
    """The name of the function that is translated from control reaching `pc`, or of a resumable graph's entry."""
    return f"f_{pc:x}" if pc >= 0 else f"resume_{-pc:x}"


def direct_name(pc: int) -> str:
    """The name of that function's direct form."""
    return f"d_{pc:x}"


def _is_float(register: int) -> bool:
    return F0 <= register < FCSR


def hart_place(register: int) -> tuple[int, int]:
    """(offset in the hart, width) of a register."""
    if register == FCSR:
        return HART_FCSR, 32
    return (HART_X + 8 * register if register < F0 else HART_F + 8 * (register - F0)), 64


Widths = tuple[int, ...]


def results_type(signature: Signature) -> tuple[Widths, str]:
    """(widths, IR type) of what a direct form returns."""
    widths = (64, *(hart_place(register)[1] for register in signature.results))
    return widths, result_type(widths)


def _interpret(f: Function, hart: Value) -> Value:
    """Call the interpreter from hart.pc."""
    slot = f.opaque(f.const(INTERPRETER_SLOT, 32))  # a call of address 0 that LLVM knows of is none
    index = f.let(0, f"inttoptr i32 {slot.raw} to ptr")
    return f.let(32, f"call i32 {index.raw}(i32 {hart.raw})")


def hand_over(module: Module, registers: tuple[int, ...], results: tuple[int, ...] | None) -> str:
    """The name of a function that stores registers and unwinds, so that the interpreter goes on at `pc`.

    It cannot be called from here: it would run until ra is reached, which in the middle of a function is anything.

    (hart, depth, pc, registers ...) -> next_pc, for the table's form; for the direct one, whose `results` are given,
    (hart, depth, pc, ra, registers ...) -> as a direct form, ra being what the register was at the entry.
    """
    direct = results is not None
    name = f"hand_over_{int(direct)}_{_set_name(results or ())}_{_set_name(registers)}"
    if name in module.names:
        return name
    params = [("hart", 32), ("depth", 32), ("pc", 32), *([("ra", 64)] if direct else [])]
    params += [(f"r{register}", hart_place(register)[1]) for register in registers]
    kind = results_type(Signature(results=results))[1] if results is not None else "i32"
    f = module.function(name, f"internal {kind}", params, f"{ATTRIBUTES} noinline cold")
    hart, depth, pc, *values = f.arguments
    ra = values.pop(0) if direct else None
    f.store(depth, hart, HART_DEPTH, align=4)
    f.store(pc.zext(64), hart, HART_PC, align=8)
    for register, value in zip(registers, values, strict=True):
        offset, width = hart_place(register)
        f.store(value, hart, offset, align=width // 8)
    if results is None or ra is None:
        f.give((pc,))
    else:
        f.give(_returned(f, hart, pc, ra, results))
    f.finish()
    return name


def _returned(f: Function, hart: Value, after: Value, ra: Value, results: tuple[int, ...]) -> list[Value]:
    """What a direct form gives after the table form of something gave `after` in its stead."""
    far = after.zext(64)
    left = far.eq(ra).select(far, far | 1)
    places = [hart_place(register) for register in results]
    return [left, *(f.load(width, hart, offset, align=width // 8) for offset, width in places)]


def _set_name(registers: Collection[int]) -> str:
    return f"{sum(1 << register for register in registers):x}"


def leave(module: Module) -> str:
    """The name of a function (hart, left) that makes of a direct form's unwinding what the table's form returns."""
    name = "leave"
    if name not in module.names:
        f = module.function(name, "internal i32", [("hart", 32), ("left", 64)], f"{ATTRIBUTES} noinline cold")
        hart, left = f.arguments
        pc = left & ~1
        near, far = f.name("near"), f.name("far")
        f.branch(pc.ult(GUEST_END), near, far, likely=True)
        f.place(near)
        f.give((pc.trunc(32),))
        f.place(far)
        f.store(pc, hart, HART_PC, align=8)
        f.give((_interpret(f, hart),))
        f.finish()
    return name


class Lifter:
    """Traces one function; a `Machine` for the rows' semantics. convention: of the functions in the same module."""

    def __init__(
        self,
        module: Module,
        graph: Graph,
        convention: Convention,
        *,
        trap_pcs: bool = True,
        precise: bool = False,
    ) -> None:
        self._module, self._graph = module, graph
        self._trap_pcs, self._precise = trap_pcs or precise, precise
        self._convention, self._signature = convention, convention.signatures[graph.entry]
        self._live, self._direct = convention.liveness(graph), self._signature.direct
        self._bases = Bases(graph, direct=self._direct, kept=convention.kept(graph))
        self._calls = calls_others(graph)
        if self._direct:
            params = [(f"p{register}", hart_place(register)[1]) for register in self._signature.params]
            self._widths, kind = results_type(self._signature)
            head = f"internal {kind}", [("hart", 32), ("depth", 32), *params]
            self.ops = self._f = module.function(direct_name(graph.entry), *head, ATTRIBUTES)
            self._hart, self._depth = self._f.arguments[:2]
        else:
            self.ops = self._f = module.function(
                function_name(graph.entry), "i32", [("hart", 32)], ATTRIBUTES
            )
            self._hart = self._f.arguments[0]
            self._depth = self._f.const(0, 32)
        self._inner = self._depth
        self._ra = self._depth  # what ra was at the entry
        self._values: dict[int, Value] = {}  # what registers hold, where this block has told
        self._dirty: set[int] = set()
        self._clean: set[int] = set()  # of the dirty ones, those that this block has stored since (precise faults)
        self._facts = Facts()
        self._speculating: dict[int, Value] | None = None  # what a run of float instructions has written
        self._slow = ""  # where to go if what it assumes does not hold
        self._instruction: Instruction | None = None
        self._block: Block | None = None
        self._leaving: list[tuple[str, set[int], Facts, Callable[[], None]]] = []
        self.pc = self.next_pc = self._f.const(0, 64)
        self._pc = 0

    # Registers

    def _slot(self, register: int) -> str:
        return f"%r{register}"

    def _get(self, register: int) -> Value:
        value = self._values.get(register)
        if value is None:
            width = 32 if register == FCSR else 64
            if _is_float(register):
                held = self._f.let(0, f"load double, ptr {self._slot(register)}").raw
                value = self._f.let(width, f"bitcast double {held} to i64")
            else:
                value = self._f.let(width, f"load i{width}, ptr {self._slot(register)}")
            self._values[register] = value
        return value

    def _put(self, register: int, value: Value) -> None:
        """Let the register's alloca hold `value`; a float one's is a double, for the host's float registers."""
        f, held = self._f, typed(value)
        if _is_float(register):
            held = f"double {f.let(0, f'bitcast {held} to double').raw}"
        f.emit(f"store {held}, ptr {self._slot(register)}")

    def _set(self, register: int, value: Value) -> None:
        self._clean.discard(register)
        if self._speculating is not None:
            self._speculating[register] = self._values[register] = value
            return
        self._put(register, value)
        self._values[register] = value
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
            self._put(register, value)

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
        return self._get(FCSR) if self._speculating is None else self.const(NX, 32)

    def set_fcsr(self, value: Value) -> None:
        if self._speculating is not None:
            if value.raw == NX:
                return  # no new flag
            value = self._get(FCSR) | value
        self._set(FCSR, value)

    def host_fma(self) -> Value:
        if self._speculating is not None:
            return self.const(1, 1)
        return self._hart_load(HART_HOST_FMA, 32).ne(0)

    def _guest(self, address: Value) -> tuple[Value, int]:
        """`address` as a wasm address and an offset, after the check that the access lies in the guest's range.

        Checked is the base register, where `bases` does not know it to be near the range. What fails is left to the
        interpreter, which is exact.
        """
        i, base, offset = self._instruction, address, 0
        if i is not None and i.rs1 and isinstance(address.raw, str):
            base, offset = self._get(i.rs1), offset_of(i)
            if not self._facts.holds(i.rs1, offset):
                self._check(base, self._bail)
                self._facts.learn(i.rs1, CHECKED)
            self._facts.accessed(i.rs1, offset)
        else:
            self._check(base, self._bail)
        if self._trap_pcs:
            self._hart_store(HART_TRAP_PC, self.const(self._pc, 32))
        if self._precise:
            self._store(self._dirty - self._clean)
            self._clean |= self._dirty
            self._f.keep_stores()
        short = base.trunc(32)
        return (short, offset) if offset >= 0 else (short + offset, 0)

    def _check(self, base: Value, otherwise: Callable[[], None]) -> None:
        """Go on where `base` is in the guest's range."""
        inside = (base - GUEST_START).ult(GUEST_END - GUEST_START)
        if inside.raw == 1:
            return
        f = self._f
        outside, fine = f.name("outside"), f.name("fine")
        f.branch(inside, fine, outside, likely=True)
        f.place(outside)
        values = dict(self._values)
        otherwise()
        self._values = values  # what was read here is not there on other paths
        f.place(fine)

    def _bail(self) -> None:
        """Let the interpreter do this instruction, of which nothing was done, and go on from it."""
        if self._speculating is not None:
            self._f.goto(self._slow)
            return
        values = dict(self._values)
        self._hand_over(self._pc, self._dirty & self._live_here)
        self._values = values

    def _hand_over(self, pc: int, registers: Collection[int]) -> None:
        """Bring registers to the hart and leave the rest, from `pc`, to the interpreter."""
        f, stored = self._f, tuple(sorted(registers))
        arguments = [self._hart, self._inner if self._direct else self._depth, self.const(pc, 32)]
        if self._direct:
            arguments.append(self._ra)
        arguments += [self._get(register) for register in stored]
        name = hand_over(self._module, stored, self._signature.results if self._direct else None)
        listed = ", ".join(typed(value) for value in arguments)
        if self._direct:
            kind = result_type(self._widths)
            given = f.let(0, f"call {kind} @{name}({listed})")
            f.end(f"ret {kind} {given.raw}")
        else:
            f.give((f.let(32, f"tail call i32 @{name}({listed})"),))

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
        clean = set(self._clean)
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
        self._dirty = dirty | wrote
        self._facts, self._clean = facts, clean & self._clean - wrote

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

    # Leaving. The direct form gives (left, results ...), the table's the next pc.

    def _give_left(self, left: Value) -> None:
        """Unwind: go on at the pc `left` - 1. All registers are in the hart."""
        if self._direct:
            self._f.give((left, *(self.const(0, width) for width in self._widths[1:])))
        else:
            self._restore_depth()
            self._f.give(
                (self._f.let(32, f"call i32 @{leave(self._module)}(i32 {self._hart.raw}, {typed(left)})"),)
            )

    def _give_pc(self, pc: Value) -> None:
        """Unwind: go on at the 32-bit pc. All registers are in the hart."""
        if self._direct:
            self._give_left(pc.zext(64) | 1)
        else:
            self._restore_depth()
            self._f.give((pc,))

    def _restore_depth(self) -> None:
        if self._calls:
            self._hart_store(HART_DEPTH, self._depth)

    def _put_back(self) -> None:
        """Bring saved registers, which are as they were, to the hart where something else was stored there."""
        for register in sorted(self._signature.smashes):
            offset, width = hart_place(register)
            self._f.store(self._get(register), self._hart, offset, align=width // 8)

    def _return(self, block: Block) -> None:
        f, target = self._f, self._target
        self._store((self._dirty & self._live.after[block.pc]) - self._kept())
        if not self._direct:
            elsewhere, near = f.name("far"), f.name("near")
            f.branch(target.ult(GUEST_END), near, elsewhere, likely=True)
            f.place(near)
            self._restore_depth()
            f.give((target.trunc(32),))
            f.place(elsewhere)
            self._give_left(target | 1)
            return
        self._put_back()
        f.give((target, *(self._get(register) for register in self._signature.results)))

    def _kept(self) -> set[int]:
        """What a return of the direct form does not store."""
        if not self._direct:
            return set()
        return {*self._signature.results, *self._convention.abi.saved, RA}

    def _callee(self, target: Value, middle: bool = False) -> str:
        """The function for the address `target`, as an operand; hart.pc is set where it is not known."""
        f = self._f
        if isinstance(target.raw, int) and target.raw in self._convention.signatures:
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
        if middle:
            unwind, go = f.name("unwind"), f.name("go")
            f.branch(index.eq(0) & target.ult(GUEST_END), unwind, go, likely=False)
            f.place(unwind)
            after = target.trunc(32)
            if self._direct:
                f.give(_returned(f, self._hart, after, self._ra, self._signature.results))
            else:
                self._restore_depth()
                f.give((after,))
            f.place(go)
        return str(f.let(0, f"inttoptr i32 {index.raw} to ptr").raw)

    def _in_middle(self) -> bool:
        """Whether a jump at the end of this block may go on within the guest's function: its frame may still be there,
        and ra be another than the function's."""
        graph, block = self._graph, self._block
        assert block is not None
        wrote = [effects(i)[1] for each in graph.blocks.values() for _, i in each.code]
        if graph.entry == graph.start and not graph.resume and not any({SP, RA} & each for each in wrote):
            return False
        here = [effects(i)[1] for _, i in block.code]
        return not (any(SP in each for each in here) and any(RA in each for each in here))

    def _call_table_form(self, target: Value, tail: bool = False, middle: bool = False) -> Value:
        """Call whatever is at `target`, all registers being in the hart; the pc that it returns."""
        f = self._f
        callee = self._callee(target, middle=middle)
        if tail:
            self._restore_depth()
        else:
            self._hart_store(HART_DEPTH, self._inner)
        return f.let(32, f"{'musttail ' if tail else ''}call i32 {callee}(i32 {self._hart.raw})")

    def _call_direct(self, target: int, signature: Signature) -> tuple[Value, list[Value]]:
        """Call a direct form: (left, results)."""
        f = self._f
        assert self._block is not None
        after = self._live.after[self._block.pc]
        if SP in signature.needs and not STACK_NEAR[0] >= max(self._facts.near.get(SP, (GUARD, GUARD))):
            self._check(self._get(SP), lambda: self._hand_over(target, self._dirty & after))
            self._facts.learn(SP, CHECKED)
        widths, kind = results_type(signature)
        arguments = [self._hart, self._inner, *(self._get(register) for register in signature.params)]
        listed = ", ".join(typed(value) for value in arguments)
        given = f.let(0, f"call {kind} @{direct_name(target)}({listed})")
        if len(widths) == 1:
            return Value(f, 64, given.raw), []
        left, *results = (f.let(w, f"extractvalue {kind} {given.raw}, {k}") for k, w in enumerate(widths))
        return left, results

    def _jump_out(self, target: Value) -> None:
        """Go on at an address that is not a block here: a tail call. Whoever is called looks for an interrupt."""
        f = self._f
        if not self._direct:
            self._store(self._dirty & self._out_reads(target))
            f.give((self._call_table_form(target, tail=True, middle=self._in_middle()),))
            return
        signature = self._convention.tail(target.raw) if isinstance(target.raw, int) else None
        assert self._block is not None
        saved = self._convention.abi.saved
        if signature is None or not self._convention.intact[self._graph.entry][self._block.pc] >= saved:
            self._store(self._dirty & self._out_reads(target))
            after = self._call_table_form(target, middle=self._in_middle())
            f.give(_returned(f, self._hart, after, self._ra, self._signature.results))
            return
        back = self._convention.abi.back
        hidden = (signature.needs | (signature.writes & back)) - set(signature.params)
        self._store(self._dirty & (hidden | (back - self._kept())))
        left, results = self._call_direct(target.raw, signature)
        fine, unwind = f.name("fine"), f.name("unwind")
        f.branch((left & 1).eq(0), fine, unwind, likely=True)
        values = dict(self._values)
        f.place(unwind)
        self._store((self._dirty & back) - signature.writes)
        self._give_left(left)
        self._values = values
        f.place(fine)
        self._put_back()
        given = dict(zip(signature.results, results, strict=True))
        mine = self._signature.results
        f.give((left, *(given.get(register) or self._get(register) for register in mine)))

    def _out_reads(self, target: Value) -> frozenset[int]:
        return self._convention.out_reads(target.raw) if isinstance(target.raw, int) else self._live_here

    def _go(self, block: Block, target: int) -> str:
        """The label to go to for control to go on at `target`."""
        dirty, facts = set(self._dirty), self._facts.copy()
        if target not in self._graph.blocks:
            label = self._f.name("out")
            self._leaving.append((label, dirty, facts, lambda: self._jump_out(self.const(target))))
            return label
        missing = self._bases.missing(target, facts) if block.end not in CALLS else []
        if target <= block.pc or missing:
            label = self._f.name("edge")
            back = target <= block.pc
            self._leaving.append((label, dirty, facts, lambda: self._edge(target, missing, back)))
            return label
        return f"b{target:x}"

    def _edge(self, target: int, missing: list[int], back: bool) -> None:
        """Go to the block `target`: with a safepoint where the way leads back, and its bases checked."""
        f, live = self._f, self._live.live[target]

        def leave() -> None:
            self._hand_over(target, self._dirty & live)

        if back:
            away, stay = f.name("leave"), f.name("stay")
            f.branch(self._interrupted(), away, stay, likely=False)
            f.place(away)
            leave()
            self._values = {}
            f.place(stay)
        for register in missing:
            self._check(self._get(register), leave)
        f.goto(f"b{target:x}")

    def _call(self, block: Block, target: Value) -> None:
        f = self._f
        signature = self._convention.known(block)
        if signature is None:
            after = self._call_table_form(target)
            self._resume(block, after.eq(block.next_pc), lambda: self._give_pc(after))
            return
        left, results = self._call_direct(block.target, signature)
        given = dict(zip(signature.results, results, strict=True))

        def unwind() -> None:
            live = self._dirty & self._live.after[block.pc]
            astray, unwinding = f.name("astray"), f.name("unwinding")
            f.branch((left & 1).eq(0), astray, unwinding, likely=False)
            values = dict(self._values)
            f.place(astray)  # it returned, but elsewhere
            self._values.update(given)
            self._store((live - signature.writes) | (live & self._convention.abi.saved) | given.keys())
            self._give_left(left | 1)
            self._values = values
            f.place(unwinding)
            self._store(live - signature.writes)
            self._give_left(left)

        self._resume(block, left.eq(block.next_pc), unwind, given)

    def _resume(
        self,
        block: Block,
        returned: Value,
        unwind: Callable[[], None],
        results: dict[int, Value] | None = None,
    ) -> None:
        """Go on after a call, which gave `results`, or unwind."""
        f = self._f
        back, away = f.name("returned"), f.name("unwind")
        f.branch(returned, back, away, likely=True)
        f.place(away)
        values = dict(self._values)
        unwind()
        self._values = values
        f.place(back)
        given = results or {}
        self._load(self._live.reload[block.pc] - given.keys())
        for register, value in given.items():
            self._put(register, value)
        if results is not None:
            self._put(RA, self.const(block.next_pc))
        self._values = {}
        self._dirty = set(self._live.dirty[block.next_pc])
        self._facts = self._bases.after_call(block, self._facts)
        f.goto(self._go(block, block.next_pc))

    # The function

    def emit(self) -> None:
        """Trace the function, in its direct form and the table's where it has both."""
        f, graph, live = self._f, self._graph, self._live
        registers = {RA, *self._signature.params, *self._signature.results}.union(
            *live.held.values(), *live.dirty.values(), *live.stores.values(), *live.reload.values()
        )
        for block in graph.blocks.values():
            known = self._convention.known(block) if block.end is End.CALL else None
            registers |= set(known.results) if known else set()
            for _, i in block.code:
                registers |= effects(i)[0] | effects(i)[1]
        for register in sorted(registers - {0}):
            kind = "double" if _is_float(register) else f"i{hart_place(register)[1]}"
            f.emit(f"{self._slot(register)} = alloca {kind}")
        if any(pc < 0 for pc in graph.blocks):
            f.emit("%target = alloca i64")
        own = self._hart_load(HART_PC, 64) if graph.resume else self.const(graph.entry)
        params = dict(zip(self._signature.params, f.arguments[2:], strict=True)) if self._direct else {}
        if self._calls or not self._direct:
            rare = self._interrupted()
            if not self._direct:
                self._depth = self._hart_load(HART_DEPTH, 32)
            if self._calls:
                rare = rare | self._depth.compare("uge", DEPTH_LIMIT)
            f.branch(rare, "refuse", "enter", likely=False)
            f.place("refuse")
            for register, value in params.items():
                offset, width = hart_place(register)
                f.store(value, self._hart, offset, align=width // 8)
            self._hart_store(HART_PC, own)
            if self._direct:
                self._give_left(own | 1)
            else:
                f.give((own.trunc(32),))
            f.place("enter")
            self._inner = self._depth + 1
        if graph.resume:
            f.emit(f"store {typed(own)}, ptr %target")
        for register, value in params.items():
            self._put(register, value)
        if self._direct:
            self._ra = params[RA]
        self._try_routine(params)
        self._load(live.held[graph.entry] - params.keys())
        f.goto(f"b{graph.entry:x}")
        for pc in sorted(graph.blocks):
            self._emit_block(graph.blocks[pc])
        f.finish()
        if self._direct:
            self._emit_table_form()

    def _try_routine(self, params: Mapping[int, Value]) -> None:
        """Where this is a string function of the C library, do its work and return, unless that is declined."""
        f, routine = self._f, routine_for(self._graph.name) if self._direct and not self._precise else None
        if routine is None or not params.keys() >= {*range(A0, A0 + routine.nargs), RA}:
            return
        if self._trap_pcs:
            self._hart_store(HART_TRAP_PC, self.const(self._graph.entry, 32))
        declined, result = routine.emit(f, tuple(params[A0 + k] for k in range(routine.nargs)))
        own, done = f.name("own"), f.name("done")
        f.branch(declined, own, done, likely=False)
        f.place(done)
        given = {A0: result}
        mine = zip(self._signature.results, self._widths[1:], strict=True)
        f.give((params[RA] & ~1, *(given.get(register, self.const(0, width)) for register, width in mine)))
        f.place(own)

    def _emit_table_form(self) -> None:
        """(hart) -> next_pc, by way of the direct form."""
        signature = self._signature
        f = self._f = self.ops = self._module.function(
            function_name(self._graph.entry), "i32", [("hart", 32)], ATTRIBUTES
        )
        self._hart, self._values = f.arguments[0], {}
        self._block = self._graph.blocks[self._graph.entry]
        self._depth = self._inner = self._hart_load(HART_DEPTH, 32)
        for register in signature.params:
            offset, width = hart_place(register)
            self._values[register] = f.load(width, self._hart, offset, align=width // 8)
        self._facts, self._dirty = Facts(), set()
        if SP in signature.needs:
            sp = self._values.get(SP) or self._hart_load(HART_X + 8 * SP, 64)
            self._check(sp, lambda: self._interpret_from(self._graph.entry))
            self._facts.learn(SP, CHECKED)
        left, results = self._call_direct(self._graph.entry, signature)
        self._hart_store(HART_DEPTH, self._depth)
        fine, unwind, near = f.name("fine"), f.name("unwind"), f.name("near")
        f.branch((left & 1).eq(0), fine, unwind, likely=True)
        f.place(fine)
        for register, value in zip(signature.results, results, strict=True):
            offset, width = hart_place(register)
            f.store(value, self._hart, offset, align=width // 8)
        f.branch(left.ult(GUEST_END), near, unwind, likely=True)
        f.place(near)
        f.give((left.trunc(32),))
        f.place(unwind)
        f.give((f.let(32, f"call i32 @{leave(self._module)}(i32 {self._hart.raw}, {typed(left)})"),))
        f.finish()

    def _interpret_from(self, pc: int) -> None:
        self._hart_store(HART_PC, self.const(pc))
        self._f.give((_interpret(self._f, self._hart),))

    def _emit_block(self, block: Block) -> None:
        f = self._f
        f.place(f"b{block.pc:x}")
        self._block, self._values, self._clean = block, {}, set()
        self._dirty = set(self._live.dirty[block.pc])
        self._target, self._condition = self.const(0), self.const(0, 1)
        self._facts = self._bases.at[block.pc].copy()
        live_before = live_at(block, self._live.after[block.pc], self._convention.abi.trap)
        at = 0
        while at < len(block.code) and not f.ended:
            end = at if self._precise else float_run(block, at)
            if end > at:
                self._float_run(block, live_before, at, end)
            else:
                end = at + 1
                self._trace(*block.code[at], live_before[at])
            at = end
        self._live_here = self._live.after[block.pc]
        if not f.ended:
            self._end(block)
        while self._leaving:
            label, self._dirty, self._facts, emit = self._leaving.pop()
            self._values = {}
            f.place(label)
            emit()

    def _trace(self, pc: int, i: Instruction, live: frozenset[int]) -> None:
        """Trace one instruction, before which `live` is live."""
        self._instruction, self._live_here = i, live
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
        self._facts.follow(i, pc)

    def _float_run(self, block: Block, live: list[frozenset[int]], start: int, end: int) -> None:
        """Trace instructions [start, end) of a block twice: as if rounding were the host's, raised no new flags and
        met nothing odd, with one look at the end whether that was so; and as they are, from the beginning, if not."""
        f = self._f
        values, dirty, facts = dict(self._values), set(self._dirty), self._facts.copy()
        fast, slow, join = f.name("fast"), f.name("slow"), f.name("join")
        quiet = (self.fcsr() & (ROUND_NEAREST_MASK | NX)).eq(NX)
        if any(is_fused(i) for _, i in block.code[start:end]):
            quiet = quiet & self._hart_load(HART_HOST_FMA, 32).ne(0)
        f.branch(quiet, fast, slow, likely=True)
        f.place(fast)
        assumed: list[tuple[Value, int, int]] = []
        self._speculating, self._slow = {}, slow
        f.assume = lambda value, least, infinity: assumed.append((value, least, infinity))
        for k in range(start, end):
            self._trace(*block.code[k], live[k])
        f.assume = None
        written, self._speculating = self._speculating, None
        commit = f.name("commit")
        f.branch(any_outside(f, assumed), slow, commit, likely=False)
        f.place(commit)
        for register, value in written.items():
            self._put(register, value)
        f.goto(join)
        learned = self._facts
        f.place(slow)
        self._values, self._dirty, self._facts = values, dirty, facts
        for k in range(start, end):
            self._trace(*block.code[k], live[k])
        f.goto(join)
        f.place(join)
        self._values, self._facts = {}, self._facts.meet(learned)

    def _end(self, block: Block) -> None:
        f = self._f
        self._store(self._live.stores[block.pc] if block.pc >= 0 else ())
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
                self._resume(block, fine, lambda: self._give_left(after | 1))
            case End.RETURN:
                self._return(block)
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
        self._jump_out(target)
