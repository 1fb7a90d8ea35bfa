"""The functions of an image as WebAssembly modules, and the table that says which pc each function stands for."""

from __future__ import annotations

import os
import pickle
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace

from friscy.kernel import elf
from friscy_build.aot import linking
from friscy_build.aot.convention import NO_ABI, PSABI, Abi, Convention, close
from friscy_build.aot.demands import Habits, Survey
from friscy_build.aot.discover import MAX_FUNCTION_INSTRUCTIONS, Functions
from friscy_build.aot.emit import Emitter
from friscy_build.aot.graph import Graph
from friscy_build.aot.image import CodeImage
from friscy_build.wasm.binary import custom_section
from friscy_build.wasm.text import instructions

# Instructions in one LLVM module: what a job is made of.
JOB_INSTRUCTIONS = 20_000
# Jobs that an executor has at a time: more would only take memory.
MAX_RUNNING = 64
ENTRIES_SECTION = "friscy.entries"


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


@dataclass(frozen=True)
class Job:
    """What one worker translates: it holds all that this needs, and little else."""

    graphs: tuple[Graph, ...]
    options: Options = DEFAULT
    habits: Habits | None = None

    @property
    def ninstructions(self) -> int:
        return sum(graph.ninstructions for graph in self.graphs)


def _emit(graphs: Sequence[Graph], options: Options, habits: Habits | None = None) -> linking.Functions:
    for graph in graphs:
        close(graph)
    if habits is None:
        habits = Survey(graphs).habits() if options.abi is PSABI else Habits({})
    # Where one function of a file does not keep to the psABI, which others do is not to be seen: none is trusted.
    abi = NO_ABI if habits.clobbers else options.abi
    convention = Convention({graph.entry: graph for graph in graphs}, abi, habits.wanted)
    functions = linking.Functions(convention.signatures, [graph.entry for graph in graphs])
    for graph in graphs:
        Emitter(functions, graph, convention, precise=options.precise).emit()
    return functions


def listing(graphs: Sequence[Graph], options: Options = DEFAULT) -> list[str]:
    """The bodies of these functions as text."""
    functions = _emit(graphs, options)
    lines = []
    for graph in graphs:
        lines.append(f"{graph.entry:x}:")
        lines += instructions(functions.body(graph.entry), functions.namer(graph.entry))
    return lines


def translate(
    graphs: Sequence[Graph], options: Options = DEFAULT, habits: Habits | None = None
) -> Translated:
    """One module of these functions, which call each other directly. habits: of the file they are
    of; None: there is no more of it."""
    functions = _emit(graphs, options, habits)
    entries = [(pc, graph.entry) for graph in graphs for pc in graph.entries]
    wasm, code_bytes = functions.module([entry for _, entry in entries])
    ninstructions = sum(graph.ninstructions for graph in graphs)
    return Translated(wasm, tuple(pc for pc, _ in entries), ninstructions, code_bytes)


def translate_job(job: Job) -> Translated:
    """What a worker does."""
    return translate(job.graphs, job.options, job.habits)


def plan(
    data: bytes,
    base: int | None = None,
    *,
    name: str = "",
    entries: Iterable[int] | None = None,
    callees: bool = True,
    options: Options = DEFAULT,
    functions: Functions | None = None,
) -> Iterator[Job]:
    """Find the functions of an ELF file at `base`, and deal them out, neighbours together.

    What a function has to give back is known when all that call it are found: they are kept packed until then.
    entries: those to translate, with what they call directly where `callees`; None: all that can be found.
    functions: of the file, where somebody has looked for them already.
    """
    recorded = frozenset(entries or ())
    if functions is None:
        functions = Functions(CodeImage(data, base, name=name), limit=options.largest)
    functions.record(recorded)
    wanted = functions.roots() if entries is None else recorded
    survey = Survey() if options.abi is PSABI else None
    parts: list[bytes] = []
    part: list[Graph] = []
    size = 0
    for graph in functions.graphs(wanted, None if callees else recorded):
        part.append(graph)
        size += graph.ninstructions
        if survey is not None:
            survey.add(graph)
        if size >= JOB_INSTRUCTIONS:
            parts.append(pickle.dumps(tuple(part)))
            part, size = [], 0
    parts.append(pickle.dumps(tuple(part)))
    habits = survey.habits() if survey is not None else Habits({})
    wants = habits.wanted
    for packed in parts:
        graphs: tuple[Graph, ...] = pickle.loads(packed)
        own = {graph.start for graph in graphs} | {graph.entry for graph in graphs}
        if graphs:
            yield Job(graphs, options, replace(habits, wanted={pc: wants[pc] for pc in own if pc in wants}))


def translate_image(
    data: bytes,
    base: int | None = None,
    *,
    name: str = "",
    entries: Iterable[int] | None = None,
    callees: bool = True,
    options: Options = DEFAULT,
    executor: Executor | None = None,
    functions: Functions | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[Translated]:
    """Translate an ELF file at `base`: the jobs of `plan`.

    executor: where jobs are done, at once; None: here, one after the other.
    progress: called with (instructions done, instructions in all as far as they are found).
    """
    result: list[Translated] = []
    running: deque[Future[Translated]] = deque()
    done = total = 0

    def take(translated: Translated) -> None:
        nonlocal done
        result.append(translated)
        done += translated.ninstructions
        progress(done, total)

    for job in plan(
        data, base, name=name, entries=entries, callees=callees, options=options, functions=functions
    ):
        total += job.ninstructions
        if executor is None:
            take(translate_job(job))
            continue
        if len(running) >= MAX_RUNNING:
            take(running.popleft().result())
        running.append(executor.submit(translate_job, job))
    while running:
        take(running.popleft().result())
    return result


def translate_file(data: bytes, base: int, *, name: str = "", options: Options = DEFAULT) -> Translated:
    """All of an ELF file as one module, with its entries in a custom section `friscy.entries` (u32 each).

    base: where a position-independent file will lie; a file linked at an address keeps that.
    """
    relocatable = elf.parse(lambda at, n: data[at : at + n], len(data), name).relocatable
    image = CodeImage(data, base if relocatable else None, name=name)
    functions = Functions(image, limit=options.largest)
    graphs = sorted(functions.graphs(functions.roots()), key=lambda graph: graph.entry)
    translated = translate(graphs, options)
    entries = b"".join(pc.to_bytes(4, "little") for pc in translated.entries)
    return replace(translated, wasm=translated.wasm + custom_section(ENTRIES_SECTION, entries))


def default_workers() -> int:
    """How many jobs run at once by default."""
    return len(os.sched_getaffinity(0))
