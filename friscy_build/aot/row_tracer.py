"""Rows traced into an LLVM function: registers as values, accesses checked, and what cannot go on handed over.

Registers live in allocas, which LLVM turns into values; a block remembers what it has read and written. An access
outside the guest's range, and whatever else traps, is left to the interpreter with all registers in the hart that
something may look at. Where the host's page protection ends an access, HART_TRAP_PC tells the instruction, and the
hart has the registers as of the last point where it had to be right; all of them with precise faults.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from types import SimpleNamespace

from friscy.machine.layout import (
    GUEST_END,
    GUEST_START,
    HART_HOST_FMA,
    HART_INTERRUPT,
    HART_RESERVED_ADDRESS,
    HART_RESERVED_VALUE,
    HART_TRAP_PC,
)
from friscy_build.aot.bases import CHECKED, Bases, Facts, offset_of
from friscy_build.aot.convention import Convention, calls_others
from friscy_build.aot.effects import F0, FCSR
from friscy_build.aot.float_runs import NX, ROUND_NEAREST_MASK, any_outside, is_fused
from friscy_build.aot.forms import (
    ATTRIBUTES,
    direct_name,
    from_hart,
    function_name,
    hand_over,
    hart_place,
    is_float,
    results_type,
    to_hart,
)
from friscy_build.aot.graph import Block, Graph
from friscy_build.isa.decode import Instruction
from friscy_build.isa.hart import Register
from friscy_build.isa.value import Operand, Value
from friscy_build.llvm.trace import Module, result_type, typed


class RowTracer:
    """A `Machine` for the rows' semantics, in one LLVM function. convention: of the functions in the same module."""

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
        self._clean: set[int] = (
            set()
        )  # of the dirty ones, those that this block has stored since (precise faults)
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
            if is_float(register):
                held = self._f.let(0, f"load double, ptr {self._slot(register)}").raw
                value = self._f.let(width, f"bitcast double {held} to i64")
            else:
                value = self._f.let(width, f"load i{width}, ptr {self._slot(register)}")
            self._values[register] = value
        return value

    def _put(self, register: int, value: Value) -> None:
        """Let the register's alloca hold `value`; a float one's is a double, for the host's float registers."""
        f, held = self._f, typed(value)
        if is_float(register):
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
            to_hart(self._f, self._hart, register, self._get(register))

    def _load(self, registers: Collection[int]) -> None:
        for register in sorted(registers):
            value = from_hart(self._f, self._hart, register)
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

    # Instructions

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
