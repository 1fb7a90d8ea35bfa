"""What callers may take for granted of a module's functions, and what functions have to see to: the questions that
analyses and writers ask, of what `convention` finds out."""

from __future__ import annotations

from collections.abc import Mapping

from friscy_build.aot.effects import ALL, NONE, RA, SP, Registers, registers
from friscy_build.aot.flow import Flow
from friscy_build.aot.graph import Block, End, Graph
from friscy_build.aot.liveness import Liveness
from friscy_build.aot.signature import ARGUMENTS, FLOAT_SAVED, GP, NO_ABI, SAVED, T0, TP, Abi, Signature
from friscy_build.aot.spent import Spent
from friscy_build.aot.tables import Table, Way


class Rules:
    """By function: flows and signatures. abi: what is assumed of code that is not known."""

    flows: dict[int, Flow]
    signatures: dict[int, Signature]
    abi: Abi
    _demands: Mapping[int, Registers]  # what it gives back besides
    _guessable: set[int]  # those whose callers may guess that they call them
    _entered: dict[int, Registers]  # what those may read that have the table's form only
    _led_to: dict[Table, Registers]  # the same of all that a table leads to
    asides: dict[int, int]
    spent: Spent
    fixed: Mapping[int, Mapping[int, int]]  # by the entry of a part of a function: numbers that registers have there
    _found: dict[int, Liveness]

    def twin(self, graph: Graph) -> Graph | None:
        """The function a second time, for callers through the table; None: that form is a wrapper, or the only one."""
        flow = self.flows.get(~graph.entry)
        return flow.graph if flow is not None else None

    def aside(self, graph: Graph) -> int:
        """The entry of what is aside of a function that is parted."""
        return self.asides[graph.key]

    def fixed_at(self, graph: Graph) -> Mapping[int, int]:
        """The numbers that registers have at the entry of a part of a function."""
        return self.fixed.get(graph.entry, {})

    def liveness(self, graph: Graph) -> Liveness:
        """The registers of one of the functions."""
        return self._found[graph.key]

    def known(self, block: Block) -> Signature | None:
        """The signature of what a CALL block calls in its direct form; None: it is called in the table's."""
        if block.end is not End.CALL:
            return None
        signature = self.signatures.get(block.target)
        return signature if signature and signature.direct and block.code[-1][1].rd == RA else None

    def guessed(self, block: Block) -> Signature | None:
        """The signature of what an INDIRECT_CALL block calls most of the time, likewise."""
        if block.end is not End.INDIRECT_CALL or block.code[-1][1].rd != RA:
            return None
        return self._likely(block)

    def guessed_jump(self, block: Block) -> Signature | None:
        """The same for where an INDIRECT block jumps to most of the time."""
        return self._likely(block) if block.end is End.INDIRECT and block.pc >= 0 else None

    def _likely(self, block: Block) -> Signature | None:
        if block.likely is None or block.likely not in self._guessable or not self.abi.saved:
            return None
        return self.tail(block.likely)

    def expected(self, block: Block) -> Signature | None:
        """The signature of what a block calls in its direct form, always or most of the time."""
        return self.known(block) or self.guessed(block)

    def tail(self, target: int) -> Signature | None:
        """The same for a jump to a function's entry."""
        signature = self.signatures.get(target)
        return signature if signature and signature.direct else None

    def call_reads(self, block: Block) -> Registers:
        """What must be right for the callee of a call."""
        if block.end is End.SYSCALL:  # other harts and signal frames begin with what is live
            return ALL if self.abi is NO_ABI else ARGUMENTS | registers((SP, GP, TP))
        signature = self.known(block)
        if signature is not None:
            return self.needed(block, signature)
        target = self.signatures.get(block.target) if block.end is End.CALL else None
        if target is not None and target.direct:
            return target.needs | registers((RA, T0))
        if block.code[-1][1].rd != RA:
            return ALL
        guessed = self.guessed(block)
        reads = self.abi.call & ~self.spent.not_given(block)
        return reads | self.needed(block, guessed) if guessed is not None else reads

    def needed(self, block: Block, signature: Signature) -> Registers:
        """What the callee of a call, or tail call, at a block's end needs, and may be given."""
        return signature.needs & ~self.spent.not_given(block, signature.reads)

    def given(self, block: Block, signature: Signature) -> Registers:
        """The registers that are passed by value and hold anything."""
        return registers(signature.params) & ~self.spent.not_given(block, signature.reads)

    def call_clobbers(self, block: Block) -> Registers:
        """What must be had anew after a call: it is in the callee's results, or in the hart."""
        return self._clobbers(block, self.known(block))

    def direct_clobbers(self, block: Block) -> Registers:
        """The same, where a call that is guessed goes where it is guessed to."""
        return self._clobbers(block, self.expected(block))

    def _clobbers(self, block: Block, signature: Signature | None) -> Registers:
        if signature is not None:
            return signature.writes & ~self.abi.saved
        return ALL & ~self.abi.saved if block.end is not End.SYSCALL and block.code[-1][1].rd == RA else ALL

    def kept(self, graph: Graph) -> dict[int, Registers]:
        """By block, what the call that ends it leaves alone."""
        return {
            pc: ALL & ~self.call_clobbers(block)
            for pc, block in graph.blocks.items()
            if block.end in (End.CALL, End.INDIRECT_CALL)
        }

    def is_closed(self, graph: Graph) -> bool:
        """Whether the function has a direct form and reaches no code that is not known, unless it is unwound first.

        A saved register that such a function does not write is its callers' alone: they have it by value, and store
        it when they are unwound.
        """
        signature = self.signatures[graph.key]
        return signature.direct and signature.writes != ALL

    def back_reads(self, graph: Graph) -> Registers:
        """What must be right where a function returns."""
        back = self.given_back(graph)
        return back & ~self._callers_own(graph) if self.is_closed(graph) else back

    def given_back(self, graph: Graph) -> Registers:
        """What whoever a function returns to may read."""
        return self.abi.back | self._demands.get(graph.start, NONE) | self._demands.get(graph.entry, NONE)

    def astray_reads(self, graph: Graph) -> Registers:
        """What must be right where a switch goes to code of the function that nobody has found."""
        if not self.is_closed(graph):
            return ALL
        return (self.signatures[graph.key].writes | self.abi.call) & ~self._callers_own(graph)

    def _callers_own(self, graph: Graph) -> Registers:
        return (SAVED | FLOAT_SAVED) & ~self.signatures[graph.key].writes

    def out_reads(self, graph: Graph, block: Block, target: int) -> Registers:
        """What must be right for a jump to an address that is no block of the function."""
        signature = self.tail(target)
        if signature is None:
            return self._entered.get(target, ALL)
        return self.needed(block, signature) | self.back_reads(graph)

    def indirect_reads(self, graph: Graph, block: Block) -> Registers:
        """What must be right for a jump to an address in a register that leads to no block of the function."""
        way = self.way(graph, block)
        if way is None:
            return self.astray_reads(graph) if block.pc < 0 else ALL & ~self.spent.at_end.get(block.last_pc, NONE)
        return NONE if graph.blocks.keys() >= set(way.table.targets) else self._led_to[way.table]

    def lost(self, block: Block) -> Registers:
        """What nobody behind the jump that ends a block can want."""
        return self.spent.over.get(block.way.table, NONE) if block.way is not None else NONE

    def way(self, graph: Graph, block: Block) -> Way | None:
        """By which table a block goes, all of whose targets are known; a direct form leaves only by what it calls."""
        elsewhere = block.end is End.INDIRECT and block.pc >= 0
        return None if elsewhere and self.signatures[graph.key].direct else block.way
