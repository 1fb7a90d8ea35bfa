"""What a start reads of the root filesystem: recorded at build time, so that it lies together and can be fetched ahead.

A bundle's program is run over a first index: up to its snapshot point, and on from there with an empty standard input
until it ends, waits for something, or has had its time. The blocks of files that it read come first in the chunk file:
those behind the snapshot point, then the others. The pages of the index that it looked at are noted in the manifest.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from friscy.boot import Machine
from friscy.bundle import open_bundle
from friscy.kernel.kernel import Kernel
from friscy.kernel.terminal.console import Console
from friscy.run import Request, program_of
from friscy_build.epoch import make_repeatable
from friscy_build.snapshot_task import run_to_entry
from lazyfs.chunk_store import ChunkStore
from lazyfs.errors import FriscyError
from lazyfs.index import Index, open_index
from lazyfs.index_format import CHUNK, CHUNK_BYTES, CHUNK_HEADER, DIGESTS_PER_PAGE, PAGE
from lazyfs.index_writer import Touch

SECONDS = 20.0  # a program that computes for longer shows nothing more


class Phase:
    """What a part of a run read: blocks of files in order of first touch, and (section, page in it) of the index."""

    def __init__(self, touched: Iterable[Touch] = (), pages: Iterable[tuple[str, int]] = ()) -> None:
        self.touched, self.pages = list(touched), set(pages)


class Trace:
    """A recorded start. resumed: what came behind the snapshot point, or all of it where there is none."""

    def __init__(self, before: Phase, resumed: Phase, at: str) -> None:
        self.before, self.resumed, self.at = before, resumed, at

    @property
    def working_sets(self) -> list[list[Touch]]:
        """For `write_index`: what is read behind the snapshot point, then what only a start from scratch reads."""
        if self.at == "none":
            return [self.before.touched + self.resumed.touched, []]
        return [self.resumed.touched, self.before.touched]

    def describe(self, index_path: Path, ends: tuple[int, ...]) -> dict[str, Any]:
        """For the manifest, after the tree was written again with `working_sets`."""
        resumed_end, start_end = ends
        index = open_index(index_path)
        try:
            start_pages = self.before.pages | self.resumed.pages
            sets = {"start": _described(index, start_pages, start_end)}
            if self.at != "none":
                sets["snapshot"] = _described(index, self.resumed.pages, resumed_end)
            return sets
        finally:
            index.close()


def _described(index: Index, pages: set[tuple[str, int]], end: int) -> dict[str, Any]:
    sections = index.section_pages()
    wanted = {sections[section][0] + page for section, page in pages}
    # the records of the chunks up to `end`, and the one behind them, which shows that they are all
    chunks = 0
    while chunks < index.chunks and index.chunk(chunks)[0] < end:
        chunks += 1
    if end > len(CHUNK_HEADER):
        first, behind = sections["chunks"]
        wanted.update(range(first, min(first + chunks * CHUNK.size // PAGE + 1, behind)))
    body = min(first for first, _ in sections.values())
    wanted.update({1 + (page - body) // DIGESTS_PER_PAGE for page in wanted} | {0} if wanted else ())
    runs: list[list[int]] = []
    for page in sorted(wanted):
        if runs and page == sum(runs[-1]):
            runs[-1][1] += 1
        else:
            runs.append([page, 1])
    return {"index_pages": runs, "chunk_bytes": end}


class Recorder(ChunkStore):
    """A ChunkStore that notes what is read."""

    def __init__(self, index: Index, chunks: ChunkStore) -> None:
        super().__init__(index, chunks.source)
        self._touched: dict[Touch, None] = {}

    def read(self, ino: int, offset: int, n: int) -> bytes:
        """See ChunkStore.read."""
        for block in range(offset // CHUNK_BYTES, (offset + max(n, 1) - 1) // CHUNK_BYTES + 1):
            self._touched[ino, block] = None
        return super().read(ino, offset, n)

    def end_phase(self) -> Phase:
        """What was read since the last phase; the next one starts without anything in memory."""
        pages: set[tuple[str, int]] = set()
        for section, (first, behind) in self.index.section_pages().items():
            pages.update((section, page - first) for page in self.index.touched() if first <= page < behind)
        phase = Phase(self._touched, pages)
        self._touched = {}
        self._extents.clear()
        self.index.forget()
        return phase


def trace_start(directory: Path, at: str, epoch_ns: int | None = None) -> Trace:
    """Record a start of the bundle in `directory`, which has no snapshot.

    at: its snapshot point; epoch_ns: the build's time.
    """
    bundle = open_bundle(directory)
    try:
        program = program_of(bundle, Request(directory))
        machine = Machine(bundle, log=lambda message: None)
    except FriscyError:
        return Trace(Phase(), Phase(), at)
    make_repeatable(machine, epoch_ns)
    recorder = Recorder(machine.index, machine.chunks)
    machine.chunks = recorder
    nothing = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    try:
        console = Console((nothing, nothing, nothing), terminal=False)
        if at == "stdin":
            console = Console.detached(terminal=True)
        kernel = machine.kernel(console)
        machine.start(kernel, program)
        reached = _run_to(kernel, console, at)
        kernel.vfs.shrink()  # as a snapshot has it
        before = recorder.end_phase()
        if at == "stdin" or not reached:  # what is typed is not known
            return Trace(before, Phase(), at)
        return Trace(before, recorder.end_phase() if _run_on(kernel) else Phase(), at)
    except FriscyError:  # whoever needs the program to start will say why it does not
        return Trace(Phase(), recorder.end_phase(), at)
    finally:
        os.close(nothing)
        machine.index.close()
        recorder.close()


def _run_to(kernel: Kernel, console: Console, at: str) -> bool:
    """Run to the snapshot point; whether the program got there in time."""
    if at == "none":
        return True
    with _Limit(kernel) as limit:
        if at == "stdin":
            console.on_input_wanted = kernel.stop
            kernel.run()
            return not limit.reached
        return run_to_entry(kernel) and not limit.reached


def _run_on(kernel: Kernel) -> bool:
    """Run until the program ends or waits; False: it had to be stopped, and what it read depends on the machine."""
    # A wait is for a client, a clock or a child of ours that cannot come: the start is over.
    kernel.idle = kernel.stop
    with _Limit(kernel) as limit:
        kernel.run()
    return not limit.reached


class _Limit:
    """Stops a kernel that runs for longer than SECONDS."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel, self.reached = kernel, False
        self._timer = threading.Timer(SECONDS, self._stop)

    def _stop(self) -> None:
        self.reached = True
        self._kernel.stop()

    def __enter__(self) -> _Limit:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
