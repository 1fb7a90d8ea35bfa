"""Translating a file: its functions are found, dealt out to modules, and written by workers.

What a function is called with depends on what it calls, and what it gives back on who calls it, so this is solved here
for all functions of a module; each is then written by itself.
"""

from __future__ import annotations

import os
import pickle
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from dataclasses import replace
from tempfile import TemporaryFile
from typing import IO

from friscy_build.aot import linking
from friscy_build.aot.collecting import uncollected
from friscy_build.aot.demands import Habits, Survey
from friscy_build.aot.discover import Functions
from friscy_build.aot.flow import Flow
from friscy_build.aot.graph import Graph
from friscy_build.aot.image import CodeImage
from friscy_build.aot.module import DEFAULT, Options, Translated, Unit, translate, write
from friscy_build.aot.signature import PSABI

# Instructions in one module. Functions of different modules call each other through the code map, so most files should
# be one: CPython's kernels take a fifth less time than with 20 000. A unit takes less than 1 KB for each.
UNIT_INSTRUCTIONS = 1_500_000
# Instructions that a worker writes at a time.
PIECE_INSTRUCTIONS = 20_000
# Pieces that an executor has at a time: more would only take memory.
MAX_RUNNING = 64


def plan(
    data: bytes,
    base: int | None = None,
    *,
    name: str = "",
    entries: Iterable[int] | None = None,
    callees: bool = True,
    options: Options = DEFAULT,
    functions: Functions | None = None,
    whole: bool = False,
) -> Iterator[Unit]:
    """Find the functions of an ELF file at `base`, and deal them out, neighbours together.

    What a function has to give back is known when all that call it are found: where there is more than one unit, they
    wait in a file until then, so that no more than one is in memory.
    entries: those to translate, with what they call directly where `callees`; None: all that can be found.
    functions: of the file, where somebody has looked for them already. whole: one unit, however large
    the file is.
    """
    recorded = frozenset(entries or ())
    if functions is None:
        functions = Functions(CodeImage(data, base, name=name), limit=options.largest)
    functions.record(recorded)
    wanted = functions.roots() if entries is None else recorded
    survey = Survey()
    graphs: list[Graph] = []
    flows: list[Flow] = []
    size = 0

    def unit(graphs: list[Graph], flows: list[Flow] | None) -> Unit:
        own = {graph.start for graph in graphs} | {graph.entry for graph in graphs}
        wanted = {pc: habits.wanted[pc] for pc in own if pc in habits.wanted}
        return Unit(graphs, options, replace(habits, wanted=wanted), flows)

    with TemporaryFile() as waiting:
        counts = list[int]()  # of the graphs of each unit that waits

        def put_away() -> None:
            for graph in graphs:
                pickle.dump(graph, waiting)
            counts.append(len(graphs))
            graphs.clear()
            flows.clear()

        with uncollected():
            for graph in functions.graphs(wanted, None if callees else recorded, last=True):
                if size >= UNIT_INSTRUCTIONS and not whole:
                    put_away()
                    size = 0
                graphs.append(graph)
                size += graph.ninstructions
                flows.append(Flow(graph))
                if options.abi is PSABI:
                    survey.add(flows[-1])
        habits = survey.habits() if options.abi is PSABI else Habits({})
        if not counts:
            if graphs:
                yield unit(graphs, flows)
            return
        put_away()
        waiting.seek(0)
        for count in counts:
            yield unit(_loaded(waiting, count), None)


def _loaded(file: IO[bytes], count: int) -> list[Graph]:
    with uncollected():
        return [pickle.load(file) for _ in range(count)]


def translate_units(
    units: Iterable[Unit],
    *,
    executor: Executor | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[Translated]:
    """Write the modules of a `plan`.

    executor: where functions are written, several at once; None: here, one after the other.
    progress: called with (instructions done, instructions in all as far as they are found).
    """
    result: list[Translated] = []
    done = total = 0
    for unit in units:
        total += unit.ninstructions
        progress(done, total)
        if executor is None:
            result.append(translate(unit))
            done += unit.ninstructions
        else:
            for ninstructions in _write_all(unit, executor):
                done += ninstructions
                progress(done, total)
            result.append(unit.module())
        progress(done, total)
        del unit  # before the next one is made
    return result


def _write_all(unit: Unit, executor: Executor) -> Iterator[int]:
    """Have the functions of a unit written; give the number of instructions of each piece as it is done."""
    running: deque[tuple[int, Future[dict[int, linking.Body]]]] = deque()

    def take() -> int:
        ninstructions, future = running.popleft()
        unit.functions.bodies.update(future.result())
        return ninstructions

    for piece in unit.pieces(PIECE_INSTRUCTIONS):
        if len(running) >= MAX_RUNNING:
            yield take()
        running.append((piece.ninstructions, executor.submit(write, piece)))
    while running:
        yield take()


def default_workers() -> int:
    """How many pieces are written at once by default."""
    return len(os.sched_getaffinity(0))
