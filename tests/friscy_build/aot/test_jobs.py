"""A file's functions dealt out to modules and workers: who writes them, and how many at a time, makes no difference."""

from __future__ import annotations

import pickle
import subprocess
from collections.abc import Callable
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import pytest
from required_tools import require_tool

from friscy_build.aot import jobs
from friscy_build.aot.discover import Functions
from friscy_build.aot.image import CodeImage

SOURCE = Path(__file__).parents[1] / "translation" / "bare.c"


class Elsewhere(Executor):
    """Runs what it is given at once, on copies, as another process would."""

    def __init__(self) -> None:
        self.ran = 0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.ran += 1
        future: Future[Any] = Future()
        fn, args = pickle.loads(pickle.dumps((fn, args)))
        future.set_result(pickle.loads(pickle.dumps(fn(*args, **kwargs))))
        return future


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    program = tmp_path_factory.mktemp("jobs") / "bare"
    flags = ["-O2", "-nostdlib", "-static", "-ffreestanding", "-fno-stack-protector"]
    subprocess.run([require_tool("riscv64-linux-gnu-gcc"), *flags, "-o", program, SOURCE], check=True)
    return program.read_bytes()


def test_workers_write_what_is_written_here(bare: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    here = jobs.translate_units(jobs.plan(bare))
    assert len(here) == 1
    for size in (1, 50, 10_000):
        monkeypatch.setattr(jobs, "PIECE_INSTRUCTIONS", size)
        executor = Elsewhere()
        assert jobs.translate_units(jobs.plan(bare), executor=executor) == here
        assert executor.ran > 1 if size == 1 else executor.ran >= 1


def test_the_last_search_keeps_nothing(bare: bytes) -> None:
    functions = Functions(CodeImage(bare))
    again = {graph.entry: graph for graph in functions.graphs(functions.roots())}
    (unit,) = jobs.plan(bare, functions=functions)
    assert {graph.entry: graph for graph in unit.graphs} == again
    assert not functions._built
    assert not functions._parts


def test_units_share_out_a_file(bare: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each function is in one module, and as many are written as are found."""
    (whole,) = jobs.translate_units(jobs.plan(bare))
    monkeypatch.setattr(jobs, "UNIT_INSTRUCTIONS", 40)
    told: list[tuple[int, int]] = []
    parts = jobs.translate_units(jobs.plan(bare), progress=lambda done, total: told.append((done, total)))
    assert len(parts) > 2
    assert sorted(pc for part in parts for pc in part.entries) == sorted(whole.entries)
    assert sum(part.ninstructions for part in parts) == whole.ninstructions
    assert told[-1] == (whole.ninstructions, whole.ninstructions)
