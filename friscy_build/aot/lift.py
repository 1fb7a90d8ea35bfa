"""One guest function as one LLVM function: its blocks, the ways between them, calls, and how it is left.

`row_tracer` traces the instructions, `liveness` says which registers are loaded from the hart and stored to it, and
`convention` which functions have a direct form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property

from friscy.machine.layout import (
    CODE_MAP,
    DEPTH_LIMIT,
    GUARD,
    GUEST_END,
    HART_DEPTH,
    HART_PC,
    HART_TRAP_PC,
    HART_X,
    WINDOW_END,
)
from friscy_build.aot.bases import CHECKED, STACK_NEAR, Facts
from friscy_build.aot.convention import Signature
from friscy_build.aot.effects import RA, SP, effects
from friscy_build.aot.float_runs import float_run
from friscy_build.aot.forms import (
    ATTRIBUTES,
    direct_name,
    from_hart,
    function_name,
    hart_place,
    interpret,
    is_float,
    leave,
    results_type,
    returned,
    to_hart,
)
from friscy_build.aot.graph import Block, End
from friscy_build.aot.liveness import CALLS, live_at
from friscy_build.aot.row_tracer import RowTracer
from friscy_build.aot.strings import routine_for
from friscy_build.isa.value import Value
from friscy_build.llvm.trace import typed

A0 = 10


class Lifter(RowTracer):
    """Traces one function, in its direct form and the table's where it has both."""

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
            to_hart(self._f, self._hart, register, self._get(register))

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
                f.give(returned(f, self._hart, after, self._ra, self._signature.results))
            else:
                self._restore_depth()
                f.give((after,))
            f.place(go)
        return str(f.let(0, f"inttoptr i32 {index.raw} to ptr").raw)

    @cached_property
    def _moves_frame(self) -> bool:
        """Whether the function is entered in its middle, or writes sp or ra anywhere."""
        graph = self._graph
        if graph.entry != graph.start or graph.resume:
            return True
        return any({SP, RA} & effects(i)[1] for each in graph.blocks.values() for _, i in each.code)

    def _in_middle(self) -> bool:
        """Whether a jump at the end of this block may go on within the guest's function: its frame may still be there,
        and ra be another than the function's."""
        block = self._block
        assert block is not None
        if not self._moves_frame:
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
            f.give(returned(f, self._hart, after, self._ra, self._signature.results))
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
            kind = "double" if is_float(register) else f"i{hart_place(register)[1]}"
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
                to_hart(f, self._hart, register, value)
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
            self._values[register] = from_hart(f, self._hart, register)
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
            to_hart(f, self._hart, register, value)
        f.branch(left.ult(GUEST_END), near, unwind, likely=True)
        f.place(near)
        f.give((left.trunc(32),))
        f.place(unwind)
        f.give((f.let(32, f"call i32 @{leave(self._module)}(i32 {self._hart.raw}, {typed(left)})"),))
        f.finish()

    def _interpret_from(self, pc: int) -> None:
        self._hart_store(HART_PC, self.const(pc))
        self._f.give((interpret(self._f, self._hart),))

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
