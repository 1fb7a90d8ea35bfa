"""What a translated function is written with: registers and the hart, blocks that are open, and the ways to leave it.

`emit` writes a function's blocks with it.
"""

from __future__ import annotations

from collections.abc import Callable

from friscy.machine.fault_map import CALL
from friscy.machine.layout import (
    GUEST_END,
    GUEST_START,
    HART_DEPTH,
    HART_HOST_FMA,
    HART_INTERRUPT,
    HART_PC,
    HART_SPILL,
)
from friscy_build.aot.bases import Bases, Facts, offset_of
from friscy_build.aot.convention import Convention
from friscy_build.aot.effects import ALL, F0, FCSR, NONE, RA, Registers, members, registers
from friscy_build.aot.graph import Block, Graph
from friscy_build.aot.halves import Halves
from friscy_build.aot.linking import Functions, hart_load, hart_store, result_types
from friscy_build.aot.locals import DEPTH, HART
from friscy_build.aot.signature import calls, calls_others
from friscy_build.aot.templates import Template, templates
from friscy_build.aot.value_writer import BAIL, CALM, CALM_FUSED, LIKELY, MARK, ROUNDING, SPILL, UNSPILL
from friscy_build.isa.decode import Instruction
from friscy_build.isa.softfloat_core import NX
from friscy_build.wasm import opcodes as wasm
from friscy_build.wasm.binary import F64, leb, sleb
from friscy_build.wasm.opcodes import OPCODES

_ROUNDING = 0xE0  # of fcsr: the rounding mode, 0 for the nearest
_LAST_ROUNDING = 0x80  # modes behind this are reserved
IF = wasm.IF + b"\x40"
BLOCK, LOOP = wasm.BLOCK + b"\x40", wasm.LOOP + b"\x40"
WRAP, EXTEND = OPCODES["i32.wrap_i64"], OPCODES["i64.extend_i32_u"]
OUTSIDE = (
    wasm.I64_CONST + sleb(GUEST_START) + OPCODES["i64.sub"]
    + wasm.I64_CONST + sleb(GUEST_END - GUEST_START) + OPCODES["i64.ge_u"]
)  # fmt: skip
HART_DEPTH_NOW = HART + OPCODES["i32.load"] + b"\x02" + leb(HART_DEPTH)
INTERRUPTED = HART + OPCODES["i32.load"] + b"\x02" + leb(HART_INTERRUPT)
# The same where it is looked at again and again: without a store in between the host's compiler might look once, before
# the loop. What is loaded for threads it looks for each time; a byte has no alignment to check.
STILL_INTERRUPTED = HART + OPCODES["i32.atomic.load8_u"] + b"\x00" + leb(HART_INTERRUPT)
FAR_AWAY = wasm.I64_CONST + sleb(GUEST_END) + OPCODES["i64.ge_u"]


def const64(value: int) -> bytes:
    return wasm.I64_CONST + sleb(value)


def const32(value: int) -> bytes:
    return wasm.I32_CONST + sleb(value - (1 << 32) if value >> 31 else value)


class FunctionWriter:
    """The body of a function being written: `parts`, of the form that has the guest's code."""

    def __init__(
        self, functions: Functions, graph: Graph, convention: Convention, *, precise: bool = False
    ) -> None:
        self._functions, self._graph, self._precise = functions, graph, precise
        self._convention, self._signature = convention, convention.signatures[graph.key]
        self._live, self._direct = convention.liveness(graph), self._signature.direct
        entered = self._direct and not graph.resume
        self._bases = Bases(convention.flows[graph.key], direct=entered, kept=convention.kept(graph))
        # A table's form leaves by tail calls: its depth changes nothing where it calls nobody.
        self._calls = calls_others(graph) if self._direct else calls(graph)
        self._templates = templates()
        self._locals = self._templates.locals
        self.parts: list[bytes] = []
        self.marks: list[
            tuple[int, int]
        ] = []  # (how many parts come before an opcode that may fault, its pc)
        self.hints: list[tuple[int, bool]] = []  # (how many parts come before a branch, whether it is taken)
        self._instead_of: tuple[int, ...] = ()  # calls whose callees are being written in their place
        self._nvectors = 0  # how many locals of type v128 are needed
        self._calm: set[bool] = set()  # which of the locals CALM and CALM_FUSED are right
        self._rounds = False  # whether there is such a rounding mode, where those do not hold
        self._flow = convention.flows[graph.key]
        self._halves = None if precise else Halves(self._flow, convention)
        self._nested = 0  # blocks, loops and ifs that are open
        self._loops: dict[int, int] = {}  # by block: how many were open before its `loop`
        self._blocks: dict[int, int] = {}
        self._facts, self._dirty = Facts(), NONE
        self._clean = NONE  # of the dirty ones, those that were stored since (precise)
        self._put = self.parts.append
        self._work: list[Callable[[], None]] = []  # what is yet to be written, the next one last
        self._ways: dict[int, int] = {}  # of a switch: how many blocks are open in each target's own

    def _kinds(self, block: Block) -> list[int]:
        """What the instructions of a block are written like (`halves`)."""
        return self._halves.of(block) if self._halves is not None else [0] * len(block.code)

    # Instructions

    def _checked(self, i: Instruction) -> bool:
        """Whether an access has to look whether its base is in the guest's range. It is known to be behind it."""
        offset = offset_of(i)
        known = self._facts.holds(i.rs1, offset)
        self._facts.accessed(i.rs1, offset)
        return not known

    def _put_template(
        self,
        template: Template,
        pc: int,
        bail: Callable[[], None],
        kept: Callable[[], Registers] = lambda: NONE,
    ) -> None:
        """Write a template. bail: leaves the instruction to the interpreter; kept: what lives on behind it."""
        for part in template.parts:
            if part.__class__ is bytes:
                self._put(part)
            elif part is BAIL:
                bail()
            elif part is MARK:
                self._mark(pc)
            elif part is CALM or part is CALM_FUSED:
                self._put_calm(fused=part is CALM_FUSED)
            elif part is ROUNDING:
                self._see_that_it_rounds(bail)
            elif part is SPILL or part is UNSPILL:
                self._spill(kept(), back=part is UNSPILL)
            else:
                self.hints.append((len(self.parts), part is LIKELY))

    def _put_plain(self, pc: int, i: Instruction, kind: int) -> None:
        """Write an instruction that only computes, or the condition of a branch."""
        parts = self._templates.get(pc, i, False, kind).parts
        self._put(b"".join(part for part in parts if isinstance(part, bytes)))

    # Pieces

    def _get(self, register: int) -> bytes:
        return self._locals.gets[register]

    def _set(self, register: int) -> bytes:
        return self._locals.sets[register]

    def _vector_local(self, k: int) -> int:
        """The k-th local of type v128."""
        self._nvectors = max(self._nvectors, k + 1)
        return self._locals.vector(k)

    @property
    def _own_depth(self) -> bytes:
        """The depth of the function itself: a table's form that calls nobody leaves it where it is."""
        if self._direct or self._calls:
            return DEPTH
        return HART_DEPTH_NOW

    @property
    def _inner(self) -> bytes:
        return DEPTH + wasm.I32_CONST + b"\x01" + OPCODES["i32.add"] if self._calls else DEPTH

    def _store(self, stored: Registers) -> None:
        """Bring registers to the hart."""
        if stored:
            gets = self._locals.gets
            for register in members(stored):
                self._put(HART + gets[register] + hart_store(register))

    def _get_calm(self, *, fused: bool) -> bytes:
        """Whether float arithmetic may be the host's: it rounds to the nearest, and the flag of inexact results is up.

        fused: and the host's fused multiply-add is one.
        """
        rounding = self._get(FCSR) + const32(_ROUNDING | NX) + OPCODES["i32.and"]
        if not fused:
            return rounding + const32(NX) + OPCODES["i32.eq"]
        fma = HART + OPCODES["i32.load"] + b"\x02" + leb(HART_HOST_FMA)
        return rounding + const32(NX) + OPCODES["i32.xor"] + fma + OPCODES["i32.lt_u"]

    def _put_calm(self, *, fused: bool) -> None:
        """The same, found out once in a block: what arithmetic does to the flags takes nothing away."""
        local = leb(self._locals.calm_fused if fused else self._locals.calm)
        if fused in self._calm:
            self._put(wasm.LOCAL_GET + local)
            return
        self._put(self._get_calm(fused=fused) + wasm.LOCAL_TEE + local)
        self._calm.add(fused)

    def _see_that_it_rounds(self, bail: Callable[[], None]) -> None:
        """Leave a rounding mode that there is not to the interpreter. For what is not the host's, once in a block."""
        if self._rounds:
            return
        self._rounds = True
        self._put(self._get(FCSR) + const32(_ROUNDING) + OPCODES["i32.and"])
        self._put(const32(_LAST_ROUNDING) + OPCODES["i32.gt_u"])
        self._open_unlikely()
        bail()
        self._close()

    def _forget_fcsr(self) -> None:
        """It may have been written."""
        self._calm.clear()
        self._rounds = False

    def _spill(self, kept: Registers, *, back: bool) -> None:
        """Put registers away before a call of a helper, which takes all the host's, or take them back.

        The host's compiler would else have them in memory all the time.
        """
        for register in members(kept & ~(1 << FCSR)):
            kind = "i64" if register < F0 else "f64"
            place = leb(3) + leb(HART_SPILL + 8 * register)
            if back:
                self._put(HART + OPCODES[f"{kind}.load"] + place + self._set(register))
            else:
                self._put(HART + self._get(register) + OPCODES[f"{kind}.store"] + place)

    def _load(self, loaded: Registers) -> None:
        for register in members(loaded):
            self._put(HART + hart_load(register) + self._set(register))

    def _store_pc(self, pc: bytes) -> None:
        self._put(HART + pc + OPCODES["i64.store"] + b"\x03" + leb(HART_PC))

    def _store_depth(self, depth: bytes) -> None:
        self._put(HART + depth + OPCODES["i32.store"] + b"\x02" + leb(HART_DEPTH))

    def _restore_depth(self) -> None:
        if self._calls and not self._direct:
            self._store_depth(DEPTH)

    def _open(self, opcode: bytes) -> None:
        self._put(opcode)
        self._nested += 1

    def _open_unlikely(self) -> None:
        """Begin an `if` for what seldom happens."""
        self.hints.append((len(self.parts), False))
        self._open(IF)

    def _leave_if(self, label: int) -> None:
        """Leave a block where the condition on the stack holds, which is seldom so."""
        self.hints.append((len(self.parts), False))
        self._put(wasm.BR_IF + leb(label))

    def _else(self) -> None:
        self._put(wasm.ELSE)

    def _close(self) -> None:
        self._put(wasm.END)
        self._nested -= 1

    def _mark(self, pc: int) -> None:
        """Note which instruction the next opcode is of, after the calls it is written in the place of."""
        self.marks += [(len(self.parts), each) for each in (*(call | CALL for call in self._instead_of), pc)]

    def _mark_call(self, pc: int | None) -> None:
        """The same of a call, by which it is known who called what faults."""
        if pc is not None:
            self._mark(pc | CALL)

    # Leaving

    def _give_zeros(self) -> None:
        """Return, what stands on the stack being `left`."""
        zeros = (
            b"\x44" + bytes(8) if kind == F64 else const64(0) for kind in result_types(self._signature)[1:]
        )
        self._put(b"".join(zeros) + wasm.RETURN)

    def _give_left(self) -> None:
        """Unwind: go on at the pc in the local LEFT, less 1. All registers are in the hart."""
        left = wasm.LOCAL_GET + leb(self._locals.left)
        if self._direct:
            self._put(left)
            self._give_zeros()
        else:
            self._restore_depth()
            self._put(left + wasm.RETURN_CALL + leb(self._functions.leave()))

    def _give_pc(self, pc: bytes) -> None:
        """Unwind: go on at a 32-bit pc. All registers are in the hart."""
        if self._direct:
            self._put(pc + EXTEND + const64(1) + OPCODES["i64.or"])
            self._give_zeros()
        else:
            self._restore_depth()
            self._put(pc + wasm.RETURN)

    def _hand_over(self, pc: int, handed: Registers) -> None:
        """Bring registers to the hart and leave the rest, from `pc`, to the interpreter."""
        results = self._signature.results if self._direct else None
        # By value they would be parameters on the host's stack, for which every call of this function makes room.
        self._store(handed)
        arguments = (self._inner if self._direct else self._own_depth) + const32(pc)
        if self._direct:
            arguments += self._entry_ra
        self._put(arguments + wasm.RETURN_CALL + leb(self._functions.hand_over(results)))

    @property
    def _entry_ra(self) -> bytes:
        return wasm.LOCAL_GET + leb(self._locals.param(self._signature.params.index(RA)))

    def _check(self, register: int, pc: int, handed: Registers) -> None:
        """Go on where a register is in the guest's range, else hand over at `pc`."""
        self._put(self._get(register) + OUTSIDE)
        self._open_unlikely()
        self._hand_over(pc, handed)
        self._close()

    def _kept(self) -> Registers:
        """What a return of the direct form does not store."""
        if not self._direct:
            return NONE
        return registers(self._signature.results) | self._convention.abi.saved | 1 << RA

    def _put_back(self, block: Block) -> None:
        """Bring saved registers, which are as they were, to the hart where something else was stored there."""
        self._store(self._live.smashed.get(block.pc, NONE) & self._dirty)

    def _give_results(self) -> None:
        self._put(b"".join(map(self._get, self._signature.results)) + wasm.RETURN)

    def _return(self, block: Block) -> None:
        target = wasm.LOCAL_GET + leb(self._locals.target)
        # What it has not written, its callers have by value, or the hart has.
        changed = self._signature.writes if self._direct else ALL
        self._store(self._dirty & self._live.after[block.pc] & ~self._kept() & changed)
        if self._direct:
            self._put_back(block)
            self._put(target)
            self._give_results()
            return
        self._put(target + FAR_AWAY)
        self._open_unlikely()
        self._put(target + const64(1) + OPCODES["i64.or"] + wasm.LOCAL_SET + leb(self._locals.left))
        self._give_left()
        self._close()
        self._restore_depth()
        self._put(target + WRAP + wasm.RETURN)
