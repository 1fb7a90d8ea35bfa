"""One guest function as WebAssembly: its blocks, the ways between them, calls, and how it is left.

A function has two forms (`convention`): the table's, `(hart) -> next_pc`, and, for callers in the same module, a
direct one, `(hart, depth, parameters ...) -> left, results ...`: `left` is the pc that was returned to, odd where the
call unwinds. `templates` has the instructions, `structure` the nesting, `liveness` says which registers are loaded
from the hart and stored to it, `bases` which addresses need no check.
"""

from __future__ import annotations

from friscy.machine.layout import HART_DEPTH_LIMIT, HART_PC
from friscy_build.aot.effects import NONE
from friscy_build.aot.float_traces import Trace, find_traces
from friscy_build.aot.function_writer import BLOCK, HART_DEPTH_NOW, INTERRUPTED, WRAP, const64
from friscy_build.aot.graph import Block, End
from friscy_build.aot.linking import WRAPPER_LEFT, hart_store
from friscy_build.aot.locals import DEPTH, DEPTH_LOCAL, HART, TAKE_HART
from friscy_build.aot.signature import calls_others
from friscy_build.aot.structure import Structure
from friscy_build.aot.switches import Switches
from friscy_build.aot.turn_writer import TurnWriter
from friscy_build.aot.ways import ROOT
from friscy_build.wasm import opcodes as wasm
from friscy_build.wasm.binary import leb
from friscy_build.wasm.opcodes import OPCODES


class Emitter(TurnWriter):
    """Writes the forms of one function."""

    # The function

    def emit(self) -> None:
        """Write the function, in its direct form and the table's where it has both."""
        graph, live, locals = self._graph, self._live, self._locals
        after = {pc: graph.inside(block) for pc, block in graph.blocks.items()}
        after[ROOT] = [graph.entry]
        traces = find_traces(self._flow, self._convention.abi.saved) if not self._precise else {}
        for pc, (trace, *_) in traces.items():
            after[pc] = [*after[pc], *(to for to in trace.path.after if to in graph.blocks)]
        switches = frozenset(pc for pc in graph.blocks if pc < 0 and pc != ROOT)
        self._structure = Structure(ROOT, after, switches)
        self._numbers = {pc: k for k, pc in enumerate(self._structure.order)}
        self._switches = Switches(self._flow, self._convention)
        self._unrolled = self._find_unrolled()
        self._strips = self._find_strips()
        self._looks = self._find_looks()
        self._traces = self._choose_traces(traces)
        self._put(b"")  # the locals, when it is known how many there are
        if self._direct:
            self._put(wasm.LOCAL_GET + b"\0" + wasm.LOCAL_SET + leb(DEPTH_LOCAL))
        self._put(TAKE_HART)
        own = const64(graph.entry)
        params = self._signature.params if self._direct and not graph.resume else ()
        if graph.resume and self._direct:
            own = wasm.LOCAL_GET + leb(locals.param(1))
        elif graph.resume:
            own = HART + OPCODES["i64.load"] + b"\x03" + leb(HART_PC)
        if self._calls and not self._direct:
            self._put(HART_DEPTH_NOW + wasm.LOCAL_SET + leb(DEPTH_LOCAL))
        if self._calls or (not self._direct and calls_others(graph)):
            if self._calls:
                self._put(
                    DEPTH + HART + OPCODES["i32.load"] + b"\x02" + leb(HART_DEPTH_LIMIT) + OPCODES["i32.ge_u"]
                )
            else:
                self._put(INTERRUPTED)
            self._open_unlikely()
            for k, register in enumerate(params):
                self._put(HART + wasm.LOCAL_GET + leb(locals.param(k)) + hart_store(register))
            self._store_pc(own)
            if self._direct:
                self._put(own + const64(1) + OPCODES["i64.or"])
                self._give_zeros()
            else:
                self._put(own + WRAP + wasm.RETURN)
            self._close()
        if graph.resume:
            self._put(own + wasm.LOCAL_SET + leb(locals.target))
        for k, register in enumerate(params):
            self._put(wasm.LOCAL_GET + leb(locals.param(k)) + self._set(register))
        if not graph.resume and graph.entry == graph.start:
            self._try_routine()
        self._load(live.loading.entry)
        self._tree(ROOT)
        while self._work:
            self._work.pop()()
        self._put(wasm.UNREACHABLE + wasm.END)
        nparams = len(self._signature.params) if self._direct else None
        self.parts[0] = locals.declaration(nparams, self._nvectors)
        self._functions.define(graph.entry, self._direct, self.parts, self.marks, self.hints)
        if self._direct and not graph.resume and self._convention.twin(graph) is None:
            routine = self._routine(self._signature)
            attempt = self._from_table(routine, WRAPPER_LEFT) if routine is not None else None
            self._functions.define_wrapper(graph.entry, self._signature, attempt)

    def _emit_block(self, block: Block) -> None:
        self._facts = self._bases.at[block.pc].copy()
        self._dirty, self._clean = self._live.dirty[block.pc], NONE
        self._look = self._looks.accesses.get(block.pc)
        self._forget_fcsr()
        self._load(self._live.loading.starts.get(block.pc, NONE))
        self._safepoint(block)
        self._attempt(block, self._traces.get(block.pc, ()))

    def _attempt(self, block: Block, traces: tuple[Trace, ...]) -> None:
        """Try what begins with a block as these traces, one after the other; then write the block."""
        if not traces:
            self._put_block(block)
            return
        trace, *rest = traces
        facts, dirty, look, calm = self._facts.copy(), self._dirty, self._look, {*self._calm}
        self._open(BLOCK)

        def write_rest() -> None:
            self._close()
            self._put(back)
            self._facts, self._dirty, self._look, self._calm = facts, dirty, look, calm
            self._attempt(block, tuple(rest))

        self._later(write_rest)
        self._put_trace(trace, self._live.live[block.pc])
        back = self._taken_back()
        if trace.path.exit is None:
            self._end(trace.path.last)
        else:
            self._go(trace.path.last, trace.path.exit)

    def _put_block(self, block: Block) -> None:
        """Write a block's code, and where it goes."""
        turns = self._turns(block)
        strip = self._strips.get(block.pc)
        if strip is not None:
            self._put_strip(block, strip, turns, self._live.live[block.pc])
        if turns > 1:
            self._put_turns(block, turns)
        elif not self._put_code(block):
            self._end(block)

    def _end(self, block: Block) -> None:
        if block.end is End.BRANCH and block.code:
            self._branch(block)  # nothing is stored before a branch, whose condition is on the stack
            return
        self._store(self._live.stores[block.pc] if block.pc >= 0 else NONE)
        if block.stub is not None:
            self._enter_stub(block, block.stub)
        match block.end:
            case End.FALL:
                self._go(block, block.next_pc)
            case End.JUMP:
                self._go(block, block.target)
            case End.CALL:
                self._call(block, block.target)
            case End.INDIRECT_CALL:
                self._call(block, None)
            case End.SYSCALL:
                self._syscall(block)
            case End.RETURN:
                self._return(block)
            case End.TABLE:
                self._goto(block.pc, block.target)
            case End.INDIRECT if block.pc < 0:
                self._switch(block)
            case End.INDIRECT:
                way = self._convention.way(self._graph, block)
                if way is not None:
                    self._jump_by_table(block, way.table)
                elif self._convention.guessed_jump(block) is not None:
                    self._jump_guessed(block)
                else:
                    self._jump_out(block, None)
            case End.OUT:
                self._jump_out(block, block.next_pc)
