"""The functions of an image as WebAssembly modules, and the table that says which pc each function stands for."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace

from friscy.kernel import elf
from friscy_build.aot.discover import Functions
from friscy_build.aot.graph import Graph
from friscy_build.aot.image import CodeImage
from friscy_build.aot.lift import Lifter, function_name
from friscy_build.llvm.target import FEATURES, compile_ir
from friscy_build.llvm.trace import Module
from friscy_build.llvm.wasm_object import custom_section, finish

# Instructions in one LLVM module: what a job is made of.
CHUNK_INSTRUCTIONS = 20_000
ENTRIES_SECTION = "friscy.entries"


@dataclass(frozen=True)
class Options:
    """How to translate. trap_pcs: every access says where it is made, for faults that the host's pages raise."""

    trap_pcs: bool = True


DEFAULT = Options()


@dataclass(frozen=True)
class Translated:
    """A wasm module. Its function k stands for control that reaches `entries[k]`; it puts them into the
    imported table from the imported global `table_base` upwards."""

    wasm: bytes
    entries: tuple[int, ...]
    ninstructions: int


@dataclass(frozen=True)
class _Chunk:
    data: bytes
    base: int | None
    name: str
    recorded: frozenset[int]
    entries: tuple[int, ...]
    options: Options


def translate(graphs: Sequence[Graph], options: Options = DEFAULT) -> Translated:
    """One module of these functions, which call each other directly."""
    module = Module(pointers=True)
    known = {graph.entry for graph in graphs}
    for graph in graphs:
        Lifter(module, graph, known, trap_pcs=options.trap_pcs).emit()
    wasm_object = compile_ir(module.text(), local=True, features=(*FEATURES, "tail-call"))
    entries = tuple(graph.entry for graph in graphs)
    wasm = finish(wasm_object, (), table=[function_name(pc) for pc in entries])
    return Translated(wasm, entries, sum(graph.ninstructions for graph in graphs))


def chunks(graphs: Iterable[Graph], ninstructions: int = CHUNK_INSTRUCTIONS) -> list[list[Graph]]:
    """Graphs in address order, in groups of about `ninstructions`: neighbours call each other."""
    result: list[list[Graph]] = []
    room = 0
    for graph in sorted(graphs, key=lambda graph: graph.entry):
        if room <= 0:
            result.append([])
            room = ninstructions
        result[-1].append(graph)
        room -= graph.ninstructions
    return result


def _translate_chunk(chunk: _Chunk) -> Translated:
    functions = Functions(CodeImage(chunk.data, chunk.base, name=chunk.name), chunk.recorded)
    graphs = [graph for pc in chunk.entries if (graph := functions.graph(pc)) is not None]
    return translate(graphs, chunk.options)


def translate_image(
    data: bytes,
    base: int | None = None,
    *,
    name: str = "",
    entries: Iterable[int] | None = None,
    callees: bool = True,
    options: Options = DEFAULT,
    executor: Executor | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[Translated]:
    """Translate an ELF file at `base`.

    entries: those to translate, with what they call directly where `callees`; None: all that can be found.
    executor: where chunks are translated, at once; None: here, one after the other.
    progress: called with (instructions done, instructions in all).
    """
    recorded = frozenset(entries or ())
    functions = Functions(CodeImage(data, base, name=name), recorded)
    graphs = functions.closure(
        functions.roots() if entries is None else recorded, None if callees else recorded
    )
    parts = chunks(graphs.values())
    jobs = [
        _Chunk(data, base, name, recorded, tuple(graph.entry for graph in part), options) for part in parts
    ]
    total, done = sum(graph.ninstructions for graph in graphs.values()), 0
    result = []
    results = map(_translate_chunk, jobs) if executor is None else executor.map(_translate_chunk, jobs)
    for translated in results:
        result.append(translated)
        done += translated.ninstructions
        progress(done, total)
    return result


def translate_file(data: bytes, base: int, *, name: str = "", options: Options = DEFAULT) -> Translated:
    """All of an ELF file as one module, with its entries in a custom section `friscy.entries` (u32 each).

    base: where a position-independent file will lie; a file linked at an address keeps that.
    """
    relocatable = elf.parse(lambda at, n: data[at : at + n], len(data), name).relocatable
    functions = Functions(CodeImage(data, base if relocatable else None, name=name))
    graphs = functions.closure(functions.roots())
    translated = translate([graphs[pc] for pc in sorted(graphs)], options)
    entries = b"".join(pc.to_bytes(4, "little") for pc in translated.entries)
    return replace(translated, wasm=translated.wasm + custom_section(ENTRIES_SECTION, entries))


def default_workers() -> int:
    """How many jobs run at once by default."""
    return len(os.sched_getaffinity(0))
