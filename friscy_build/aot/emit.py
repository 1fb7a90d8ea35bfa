"""One guest function as WebAssembly: its blocks, the ways between them, calls, and how it is left.

A function has two forms (`convention`): the table's, `(hart) -> next_pc`, and, for callers in the same module, a
direct one, `(hart, depth, parameters ...) -> left, results ...`: `left` is the pc that was returned to, odd where the
call unwinds. `templates` has the instructions, `structure` the nesting, `liveness` says which registers are loaded
from the hart and stored to it, `bases` which addresses need no check.
"""

from __future__ import annotations

from collections.abc import Collection

from friscy.machine.layout import HART_DEPTH_LIMIT, HART_PC, HART_TRAP_PC
from friscy_build.aot.bases import Facts
from friscy_build.aot.copies import Copy, find_copies
from friscy_build.aot.effects import (
    FCSR,
    NONE,
    RA,
    SP,
    Registers,
    effects,
    is_access,
    registers,
)
from friscy_build.aot.float_runs import Run, find_runs, may_have_runs
from friscy_build.aot.float_traces import Trace, find_traces
from friscy_build.aot.function_writer import (
    BLOCK,
    EXTEND,
    HART_DEPTH_NOW,
    IF,
    INTERRUPTED,
    WRAP,
    const32,
    const64,
)
from friscy_build.aot.graph import Block, End
from friscy_build.aot.linking import WRAPPER_LEFT, hart_store
from friscy_build.aot.liveness import live_at
from friscy_build.aot.locals import DEPTH, DEPTH_LOCAL, HART, TAKE_HART
from friscy_build.aot.quiet import LOUD, Comparison, find_quiet
from friscy_build.aot.shifts import find_pairs
from friscy_build.aot.signature import calls_others
from friscy_build.aot.strip_writer import StripWriter
from friscy_build.aot.structure import Structure
from friscy_build.aot.switches import Switches
from friscy_build.aot.templates import ASKING, ASKING_AGAIN, CHECKED, UNCHECKED
from friscy_build.aot.unrolling import Unrolled
from friscy_build.aot.ways import ROOT
from friscy_build.isa.decode import Instruction
from friscy_build.wasm import opcodes as wasm
from friscy_build.wasm.binary import leb
from friscy_build.wasm.opcodes import OPCODES

A0 = 10
_FRAME = registers((SP, RA))


class Emitter(StripWriter):
    """Writes the forms of one function."""

    # The function

    def emit(self) -> None:
        """Write the function, in its direct form and the table's where it has both."""
        graph, live, locals = self._graph, self._live, self._locals
        after = {pc: graph.inside(block) for pc, block in graph.blocks.items()}
        after[ROOT] = [graph.entry]
        traces = find_traces(self._flow) if not self._precise else {}
        for pc, (trace, *_) in traces.items():
            after[pc] = [*after[pc], *graph.inside(trace.last)]
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
        self._end(trace.last)

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

    def _put_unrolled(self, unrolled: Unrolled) -> None:
        """Write a loop's turns one after the other, and what comes after it."""
        first, last = unrolled.blocks[0], unrolled.blocks[-1]
        self._facts = self._bases.at[first.pc].copy()
        self._dirty, self._clean = self._live.dirty[first.pc], NONE
        for turn in range(unrolled.nturns):
            for block in unrolled.blocks:
                # It may be for a loop around this one.
                self._look = self._looks.accesses.get(block.pc) if turn == 0 else None
                self._forget_fcsr()
                self._put_code(block)
                if block is not last and unrolled.skipped is not None:
                    self._choose(unrolled.skipped)
            self._put(wasm.DROP)  # whether there is another
        self._go(last, last.next_pc)

    def _put_turns(self, block: Block, turns: int) -> None:
        """Write the code of such a block, `turns` times, and what comes after it."""
        self._open(BLOCK)
        known: Facts | None = None
        for turn in range(1, turns + 1):
            self._put_code(block)
            known = self._facts.copy() if known is None else known.meet(self._facts)
            if turn < turns:
                self._put(OPCODES["i32.eqz"] + wasm.BR_IF + b"\0")
            else:
                self._open(IF)
                self._go(block, block.pc)
                self._close()
        self._close()
        assert known is not None
        self._facts = known
        self._go(block, block.next_pc)

    def _put_code(self, block: Block) -> bool:
        """Write the instructions of a block; a branch leaves its condition on the stack. Whether control does not come
        out of them."""
        live: list[Registers] = []  # before each instruction, found out where that is asked for

        def live_before() -> list[Registers]:
            if not live:
                live.extend(live_at(block.code, self._live.after[block.pc], self._convention.abi.trap))
            return live

        def bail() -> None:
            self._hand_over(pc, self._dirty & live_before()[k])

        def kept() -> Registers:
            after = live_before()[k + 1] if k < last else self._live.after[block.pc]
            return after & self._flow.mentioned & ~written

        get, put, facts, precise = self._templates.get, self._put, self._facts, self._precise
        unread: Collection[int] = ()
        if self._direct:
            # What is put back into the hart is read.
            unread = _unread_restores(block, self._convention.abi.saved & ~self._live.smashed.get(block.pc, NONE))
        pairs = find_pairs(block.code)
        kinds = self._kinds(block)
        copies = find_copies(block.code) if not self._precise else {}
        done = {k + n for k, copy in copies.items() for n in range(1, copy.nbytes)}  # with one before
        skipped = block.end in (End.CALL, End.JUMP, End.SYSCALL) or block.stub is not None
        last = len(block.code) - 1
        way = self._convention.way(self._graph, block) if block.pc >= 0 else None
        index = self._switches.indices.get(block.pc)
        if way is not None:
            unread = {*unread, last, *self._switches.unread(block, way)}
        runs, end_of_run = dict[int, Run](), -1
        if not precise and may_have_runs(block.code):
            others = {*unread, *copies, *done, last if skipped else -1, way.load if way is not None else -1}
            runs = find_runs(block.code, others | {*index.chain} if index is not None else others)
            self._begin_runs()

        def put_integer(k: int) -> None:
            if k in pairs:
                self._put_pair(block.code[k][1], pairs[k], kinds[k])
            else:
                pc, i = block.code[k]
                self._put_template(get(pc, i, False, kinds[k]), pc, bail)

        quiet = find_quiet(block.code) if not precise else LOUD
        for k, (pc, i) in enumerate(block.code):
            if k == end_of_run:
                self._close_run(block, runs.values(), k)
            if k in runs:
                self._open_run(block, runs[k], live_before()[k], put_integer)
                end_of_run = runs[k].end
            if index is not None and k == index.place:
                self._put(self._get(index.register) + wasm.LOCAL_SET + leb(self._locals.target))
            elif way is not None and k == way.load and index is None:
                self._find_number(way, i, pc, self._dirty & live_before()[k])
            if k == last and skipped:
                if i.rd:
                    self._put(const64(pc + i.nbytes) + self._set(i.rd))
                    self._dirty |= 1 << i.rd
                break
            if k in unread:
                continue
            check, ends, stored = UNCHECKED, False, None
            written, accesses, extension = effects(i)[1], is_access(i), i.row.extension
            if precise and (accesses or extension == "A"):
                self._sync(pc)
            if accesses and i.rs1:
                check = CHECKED if self._checked(i) else UNCHECKED
                asks = self._look is not None and self._look.place in (k, k + 1)
                if runs and k >= end_of_run and k not in done and not asks:
                    stored = self._stored_pair(block.code, k)
                if stored is not None and self._checked(block.code[k + 1][1]):
                    check = CHECKED
            elif extension == "A":
                check = CHECKED
            if self._look is not None and k == self._look.place:
                assert check
                check = ASKING if self._look.stored else ASKING_AGAIN
                self._look = None
            if k in pairs:
                self._put_pair(i, pairs[k], kinds[k])
            elif k in quiet.comparisons:
                self._compare(i, quiet.comparisons[k])
            elif k in copies:
                if check:
                    self._check(i.rs1, pc, self._dirty & live_before()[k])
                self._put_copy(copies[k], pc)
            elif stored is not None:
                if check:
                    self._check(i.rs1, pc, self._dirty & live_before()[k])
                self._put_stored_pair(i.rs1, stored, pc)
                done.add(k + 1)
            elif k not in done and k not in quiet.undone:
                template = get(pc, i, check, kinds[k])
                ends, parts = template.ends, template.parts
                if len(parts) == 1 and parts[0].__class__ is bytes:
                    put(parts[0])
                else:
                    self._put_template(template, pc, bail, kept)
            if written >> FCSR & 1 and extension not in ("F", "D") and k not in quiet.harmless:
                self._forget_fcsr()
            facts.follow(i, pc)
            if runs and k >= end_of_run:
                self._values.forget(written)
            self._dirty |= written
            if precise:
                self._clean &= ~written
            if ends:
                return True
        if end_of_run == len(block.code):
            self._close_run(block, runs.values(), end_of_run)
        return False

    def _compare(self, i: Instruction, comparison: Comparison) -> None:
        """Write a comparison of floats that raises no flags."""
        self._put(self._get(comparison.a) + self._get(comparison.b) + OPCODES[f"f64.{comparison.name}"])
        self._put(EXTEND + self._set(i.rd))

    def _put_copy(self, copy: Copy, pc: int) -> None:
        """Write a copy of bytes; its source has been read already."""
        target, to = self._place(copy.target, copy.to)
        source, offset = self._place(copy.source, copy.offset)
        kind = "i64" if copy.nbytes == 8 else "i32"
        load, store = {2: ("load16_u", "store16")}.get(copy.nbytes, ("load", "store"))
        self._put(target + source)
        self._mark(pc)
        self._put(OPCODES[f"{kind}.{load}"] + b"\0" + offset)
        self._mark(pc)
        self._put(OPCODES[f"{kind}.{store}"] + b"\0" + to)

    def _sync(self, pc: int) -> None:
        """Have all registers in the hart, for a handler of a fault."""
        self._store(self._dirty & ~self._clean)
        self._clean = self._dirty
        self._put(HART + const32(pc) + OPCODES["i32.store"] + b"\x02" + leb(HART_TRAP_PC))

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


def _unread_restores(block: Block, saved: Registers) -> Collection[int]:
    """Which instructions at the end of a block that returns only give saved registers back what they had.

    A direct form's caller has them by value. Behind the first of these there is nothing that may hand over, for then
    they would have to be right: only such loads, additions to the stack pointer, and moves.
    """
    found = list[int]()
    if block.end is not End.RETURN:
        return found
    read = NONE
    for k in range(len(block.code) - 2, -1, -1):
        i = block.code[k][1]
        reads, writes = effects(i)
        if i.row.name in ("ld", "fld") and i.rs1 == SP:
            if writes and not writes & ~saved and not writes & read:
                found.append(k)
        elif i.row.name not in ("addi", "add") or writes & saved & ~(1 << SP):
            break
        read |= reads
    return found
