"""The functions of an image as WebAssembly modules, and the table that says which pc each function stands for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from friscy_build.aot import linking
from friscy_build.aot.collecting import uncollected
from friscy_build.aot.convention import Convention
from friscy_build.aot.demands import Habits, Survey
from friscy_build.aot.discover import MAX_FUNCTION_INSTRUCTIONS
from friscy_build.aot.emit import Emitter
from friscy_build.aot.flow import Flow
from friscy_build.aot.graph import End, Graph
from friscy_build.aot.signature import NO_ABI, PSABI, Abi
from friscy_build.wasm.text import instructions


@dataclass(frozen=True)
class Options:
    """How to translate.

    psabi: unknown code is
    taken to keep to the calling convention. faults: "fast", or "precise": all registers are in the hart before each
    access, for handlers of SIGSEGV that look at them or change them; no convention is relied on then.
    largest: instructions of the largest function that is not split.
    """

    psabi: bool = True
    faults: str = "fast"
    largest: int = MAX_FUNCTION_INSTRUCTIONS

    @property
    def precise(self) -> bool:
        """Whether a fault finds all registers in the hart."""
        return self.faults == "precise"

    @property
    def abi(self) -> Abi:
        """What is assumed of unknown code."""
        return PSABI if self.psabi and not self.precise else NO_ABI


DEFAULT = Options()


@dataclass(frozen=True)
class Translated:
    """A wasm module. Its table function k stands for control that reaches `entries[k]` (a function that can be entered
    at several pcs is there once for each); it puts them into the imported table from the imported global `table_base`
    upwards."""

    wasm: bytes
    entries: tuple[int, ...]
    ninstructions: int
    code_bytes: int = 0  # of the wasm code section


def size_of(graphs: Iterable[Graph]) -> int:
    """The instructions of these functions."""
    return sum(graph.ninstructions for graph in graphs)


class Unit:
    """Functions of a file that become one module, and call each other directly; what they are written with.

    habits: of the whole file; None: there is no more of it. flows: of the graphs, where they are known.
    """

    def __init__(
        self,
        graphs: Sequence[Graph],
        options: Options = DEFAULT,
        habits: Habits | None = None,
        flows: Iterable[Flow] | None = None,
    ) -> None:
        self.graphs, self._options = graphs, options
        with uncollected():
            self._solve(habits, flows)

    def _solve(self, habits: Habits | None, flows: Iterable[Flow] | None) -> None:
        graphs, options = self.graphs, self._options
        by_entry = {flow.graph.entry: flow for flow in (flows if flows is not None else map(Flow, graphs))}
        if habits is None:
            habits = Survey(by_entry.values()).habits() if options.abi is PSABI else Habits({})
        # Where one function of a file does not keep to the psABI, which others do is not to be seen: none is trusted.
        abi = NO_ABI if habits.clobbers else options.abi
        self._convention = Convention(by_entry, abi, habits.wanted)
        self._tables = {
            way.table
            for graph in graphs
            for block in graph.blocks.values()
            if block.end is End.INDIRECT and block.pc >= 0
            and (way := self._convention.way(graph, block)) is not None
        }  # fmt: skip
        self.functions = self._functions()

    def _functions(self) -> linking.Functions:
        entries = [graph.entry for graph in self.graphs]
        tables = sorted(self._tables, key=lambda table: table.start)
        return linking.Functions(self._convention.signatures, entries, tables, self._convention.asides)

    @property
    def ninstructions(self) -> int:
        return size_of(self.graphs)

    def pieces(self, ninstructions: int) -> Iterator[Piece]:
        """The functions in pieces of about so many instructions."""
        graphs: list[Graph] = []
        size = 0
        for graph in self.graphs:
            graphs.append(graph)
            size += graph.ninstructions
            if size >= ninstructions:
                yield self._piece(graphs)
                graphs, size = [], 0
        if graphs:
            yield self._piece(graphs)

    def _piece(self, graphs: list[Graph]) -> Piece:
        return Piece(
            graphs,
            self._functions(),
            self._convention.part(graphs),
            self._options.precise,
        )

    def module(self) -> Translated:
        """The module, once `functions` has the bodies of all pieces."""
        entries = [(pc, graph.entry) for graph in self.graphs for pc in graph.entries]
        wasm, code_bytes = self.functions.module(
            [entry for _, entry in entries], precise=self._options.precise
        )
        return Translated(wasm, tuple(pc for pc, _ in entries), self.ninstructions, code_bytes)


@dataclass(frozen=True)
class Piece:
    """Some functions of a unit, to be written by themselves, by a worker it may be: it holds all that this takes."""

    graphs: Sequence[Graph]
    functions: linking.Functions
    convention: Convention
    precise: bool

    @property
    def ninstructions(self) -> int:
        return size_of(self.graphs)


def write(piece: Piece) -> dict[int, linking.Body]:
    """The bodies of a piece's functions, by their numbers in the module."""
    with uncollected():
        for graph in piece.graphs:
            for form in piece.convention.forms(graph):
                Emitter(piece.functions, form, piece.convention, precise=piece.precise).emit()
    return piece.functions.bodies


def translate(unit: Unit) -> Translated:
    """The module of a unit, written here."""
    for piece in unit.pieces(unit.ninstructions):
        unit.functions.bodies.update(write(piece))
    return unit.module()


def listing(graphs: Sequence[Graph], options: Options = DEFAULT) -> list[str]:
    """The bodies of these functions as text."""
    unit = Unit(graphs, options)
    translate(unit)
    functions, lines = unit.functions, []
    for graph in graphs:
        lines.append(f"{graph.entry:x}:")
        lines += instructions(functions.body(graph.entry), functions.namer(graph.entry))
    return lines
