"""What a guest function expects in registers and what it gives back: the calling convention of translated code.

A function of a module has two forms. The table's, `(hart) -> next_pc`, has all registers in the hart. The direct form
is for callers in the same module that know it:

    d_PC(hart, depth, params ...) -> {i64 left, results ...}

params: registers by value (`Signature.params`); the others that it may read or unwind with are in the hart.
left: where it returned to, with the callee-saved registers as they were; the registers of `Signature.results` are
then given by value. An odd number is an unwinding: the pc to go on at, plus 1; all registers that it may have written
are in the hart then.

What is assumed of code that is not known is the psABI (`Abi`): temporaries and arguments are dead at a return, and
temporaries at a call; a callee-saved register is what it was after a call. Known callees are looked at instead, and a
function that is not seen to restore what it saved (`preserved`) has no direct form.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from friscy_build.aot.effects import F0, FCSR, RA, SP, effects
from friscy_build.aot.graph import Block, End, Graph
from friscy_build.aot.liveness import CALLS, Liveness, analyse, leaving, live_at_entry
from friscy_build.aot.locals import MAX_PARAMS
from friscy_build.aot.preserved import intact
from friscy_build.isa.decode import Instruction
from friscy_build.isa.row import Flow

Registers = frozenset[int]
NONE: Registers = frozenset()
ALL: Registers = frozenset(range(1, FCSR + 1))

GP, TP, T0, T2 = 3, 4, 5, 7
FLOAT_CSRS = (1, 2, 3)  # fflags, frm, fcsr
ARGUMENTS = frozenset(range(10, 18))
FLOAT_ARGUMENTS = frozenset(range(F0 + 10, F0 + 18))
SAVED = frozenset((8, 9, *range(18, 28)))
FLOAT_SAVED = frozenset(F0 + n for n in (8, 9, *range(18, 28)))
RESULTS = frozenset((10, 11, F0 + 10, F0 + 11))


@dataclass(frozen=True)
class Abi:
    """What is assumed of unknown code.

    call: what a callee may read. back: what whoever is returned to may read. saved: what a callee leaves as it was.
    trap: what the handler of a trap may read, live or not.
    """

    call: Registers
    back: Registers
    saved: Registers
    trap: Registers


PSABI = Abi(
    call=ALL - frozenset((T0, 6, *range(28, 32))) - frozenset(F0 + n for n in (*range(8), *range(28, 32))),
    back=frozenset((RA, SP, GP, TP, FCSR)) | SAVED | FLOAT_SAVED | RESULTS,
    saved=frozenset((SP, GP, TP)) | SAVED | FLOAT_SAVED,
    trap=NONE,
)
NO_ABI = Abi(call=ALL, back=ALL, saved=NONE, trap=ALL)

# Registers that may be passed by value, in the order in which they get the host's registers.
PASSED = (SP, 10, 11, 12, 13, 14, 15, 16, 17, RA, 8, 9, *range(18, 28), *range(F0 + 10, F0 + 18))


@dataclass
class Signature:
    """params, results: by value, in this order. writes: what may not be what it was, callees included, but for what
    the convention says is saved. needs: what it may read. direct: whether it has a direct form."""

    params: tuple[int, ...] = ()
    results: tuple[int, ...] = ()
    writes: Registers = ALL
    needs: Registers = ALL
    direct: bool = False
    smashes: Registers = NONE  # saved registers whose places in the hart it may use for something else


def body_writes(graph: Graph) -> Registers:
    """The registers that the instructions of `graph` write."""
    return frozenset[int]().union(*(effects(i)[1] for block in graph.blocks.values() for _, i in block.code))


def calls_others(graph: Graph) -> bool:
    """Whether it calls, or goes elsewhere."""
    return any(
        block.end in (End.CALL, End.INDIRECT_CALL, End.SYSCALL, End.INDIRECT, End.OUT)
        or leaving(graph, block)
        for block in graph.blocks.values()
    )


def is_handed_over(i: Instruction) -> bool:
    """Whether the instruction is one for the interpreter, and may be so often."""
    if i.row.extension == "Zicsr":
        return i.imm not in FLOAT_CSRS
    return i.row.flow is Flow.TRAP and i.row.name not in ("ebreak", "c.ebreak")


def has_direct_form(graph: Graph) -> bool:
    """Whether the function is called as one: no part of one, nor an entry in the middle."""
    if (
        graph.resume
        or graph.entry != graph.start
        or any(is_handed_over(i) for block in graph.blocks.values() for _, i in block.code)
    ):
        return False
    return not any(
        graph.start <= pc < graph.end for block in graph.blocks.values() for pc in leaving(graph, block)
    )


def close(graph: Graph) -> None:
    """Give every call of `graph` a block to return to, if need be one that leaves."""
    for block in list(graph.blocks.values()):
        if block.end in CALLS and block.next_pc not in graph.blocks:
            graph.blocks[block.next_pc] = Block(block.next_pc, next_pc=block.next_pc)


class Convention:
    """The signatures of a module's functions."""

    every = ALL

    def __init__(self, graphs: Mapping[int, Graph], abi: Abi = PSABI) -> None:
        self.abi = abi
        self.signatures: dict[int, Signature] = {}
        self.intact: dict[int, dict[int, Registers]] = {}
        own: dict[int, Registers] = {}
        for pc, graph in graphs.items():
            own[pc] = body_writes(graph)
            self.intact[pc] = intact(graph, abi.saved, ALL - abi.saved)
            direct = has_direct_form(graph) and self._restores(pc, graph)
            self.signatures[pc] = Signature(writes=own[pc] if direct else ALL, needs=NONE, direct=direct)
        self._solve_writes(graphs)
        self._solve_needs(graphs)
        for pc, graph in graphs.items():
            signature = self.signatures[pc]
            if signature.direct:
                near = _reads_before_writes(graph)
                passable = near & signature.needs
                passed = [r for r in PASSED if r in passable or r == RA]
                signature.params = tuple(sorted(passed[:MAX_PARAMS], key=PASSED.index))
                signature.results = tuple(r for r in sorted(RESULTS & signature.writes) if abi.saved)
        self._liveness = self._analyse(graphs)
        self._solve_smashes(graphs, own)
        self._liveness = self._analyse(graphs)

    def _analyse(self, graphs: Mapping[int, Graph]) -> dict[int, Liveness]:
        found = {}
        for pc, graph in graphs.items():
            signature = self.signatures[pc]
            wanted = signature.smashes | frozenset(signature.results)
            found[pc] = analyse(
                graph, self, frozenset(signature.params), wanted if signature.direct else NONE
            )
        return found

    def _restores(self, pc: int, graph: Graph) -> bool:
        """Whether all returns are through ra with the saved registers as they were."""
        return all(
            self.intact[pc].get(at, self.abi.saved) >= self.abi.saved and block.code[-1][1].rs1 == RA
            for at, block in graph.blocks.items()
            if block.end is End.RETURN
        )

    def liveness(self, graph: Graph) -> Liveness:
        """The registers of one of the functions."""
        return self._liveness[graph.entry]

    def known(self, block: Block) -> Signature | None:
        """The signature of what a CALL block calls in its direct form; None: it is called in the table's."""
        if block.end is not End.CALL:
            return None
        last = block.code[-1][1]
        signature = self.signatures.get(block.target)
        return signature if signature and signature.direct and last.rd == RA else None

    def tail(self, target: int) -> Signature | None:
        """The same for a jump to a function's entry."""
        signature = self.signatures.get(target)
        return signature if signature and signature.direct else None

    def call_reads(self, block: Block) -> Registers:
        """What must be right for the callee of a call."""
        if block.end is End.SYSCALL:  # other harts and signal frames begin with what is live
            return ALL if self.abi is NO_ABI else ARGUMENTS | {SP, GP, TP}
        signature = self.known(block)
        if signature is not None:
            return signature.needs
        target = self.signatures.get(block.target) if block.end is End.CALL else None
        if target is not None and target.direct:
            return target.needs | {RA, T0}
        return self.abi.call if block.code[-1][1].rd == RA else ALL

    def call_clobbers(self, block: Block) -> Registers:
        """What must be had anew after a call: it is in the callee's results, or in the hart."""
        signature = self.known(block)
        return ALL if signature is None else signature.writes - self.abi.saved

    def kept(self, graph: Graph) -> dict[int, Registers]:
        """By block, what the call that ends it leaves alone."""
        return {
            pc: ALL - self.call_clobbers(block) for pc, block in graph.blocks.items() if block.end is End.CALL
        }

    def out_reads(self, target: int) -> Registers:
        """What must be right for a jump to an address that is no block here."""
        signature = self.tail(target)
        return ALL if signature is None else signature.needs | self.abi.back

    def _solve_writes(self, graphs: Mapping[int, Graph]) -> None:
        callers: dict[int, set[int]] = {}
        for pc, graph in graphs.items():
            signature = self.signatures[pc]
            if not signature.direct:
                continue
            for block in graph.blocks.values():
                for callee in self._callees(graph, block):
                    if callee is None:
                        signature.writes = ALL
                    else:
                        callers.setdefault(callee, set()).add(pc)
        work = list(graphs)
        while work:
            pc = work.pop()
            writes = self.signatures[pc].writes
            for caller in callers.get(pc, ()):
                signature = self.signatures[caller]
                if not writes <= signature.writes:
                    signature.writes |= writes
                    work.append(caller)

    def _solve_smashes(self, graphs: Mapping[int, Graph], own: Mapping[int, Registers]) -> None:
        callers: dict[int, set[int]] = {}
        for pc, graph in graphs.items():
            signature = self.signatures[pc]
            if signature.direct:
                stores = frozenset[int]().union(*self._liveness[pc].stores.values())
                signature.smashes = stores & own[pc] & self.abi.saved
                for block in graph.blocks.values():
                    for callee in self._callees(graph, block):
                        if callee is not None:
                            callers.setdefault(callee, set()).add(pc)
        work = [pc for pc in graphs if self.signatures[pc].smashes]
        while work:
            pc = work.pop()
            for caller in callers.get(pc, ()):
                signature = self.signatures[caller]
                more = self.signatures[pc].smashes & own[caller]
                if not more <= signature.smashes:
                    signature.smashes |= more
                    work.append(caller)

    def _callees(self, graph: Graph, block: Block) -> list[int | None]:
        """The functions that a block calls or goes to; None for one that is not known."""
        match block.end:
            case End.CALL:
                return [block.target if self.known(block) else None]
            case End.INDIRECT_CALL | End.SYSCALL | End.INDIRECT | End.TABLE:
                return [None] if block.end is not End.TABLE else []
        return [pc if self.tail(pc) else None for pc in leaving(graph, block)]

    def _solve_needs(self, graphs: Mapping[int, Graph]) -> None:
        callers: dict[int, set[int]] = {}
        for pc, graph in graphs.items():
            for block in graph.blocks.values():
                for callee in self._callees(graph, block):
                    if callee is not None:
                        callers.setdefault(callee, set()).add(pc)
        work = [pc for pc in graphs if self.signatures[pc].direct]
        queued = set(work)
        while work:
            pc = work.pop()
            queued.discard(pc)
            needs = live_at_entry(graphs[pc], self)
            if needs != self.signatures[pc].needs:
                self.signatures[pc].needs = needs
                for caller in callers.get(pc, ()):
                    if self.signatures[caller].direct and caller not in queued:
                        work.append(caller)
                        queued.add(caller)
        for signature in self.signatures.values():
            if not signature.direct:
                signature.needs = ALL


def _reads_before_writes(graph: Graph) -> Registers:
    """Registers that instructions of the function itself may read as they were at its entry."""
    state: dict[int, Registers] = {graph.entry: NONE}
    found: set[int] = set()
    work = [graph.entry]
    while work:
        pc = work.pop()
        wrote = set(state[pc])
        for _, i in graph.blocks[pc].code:
            reads, writes = effects(i)
            found |= reads - wrote
            wrote |= writes
        for after in graph.inside(graph.blocks[pc]):
            known = state.get(after)
            merged = frozenset(wrote) if known is None else known & wrote
            if merged != known:
                state[after] = merged
                work.append(after)
    return frozenset(found)
