"""Run many guest programs, each in a fresh machine: on friscy (worker.py) and under qemu-user (box.py).

    for outcome in run_all(jobs, friscy_side, parallel=2): ...

A side is made for each thread and gives up a program that does not end: friscy's worker is killed and started again.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from threading import local
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

HERE = Path(__file__).parent
GRACE = 20  # seconds that a worker may be late before it is called hung
JOBS_OF_A_WORKER = 100


class Job(NamedTuple):
    """A program and the world it runs in. links: symlinks made first. mounts: host directories, read-only.

    expected: the tests in it, where there are several.
    """

    name: str
    argv: list[str]
    env: dict[str, str]
    bundle: str
    root: str
    cwd: str = "/tmp"
    mounts: Mapping[str, str] = MappingProxyType({})
    links: Mapping[str, str] = MappingProxyType({})
    seconds: float = 20
    expected: tuple[str, ...] = ()


def as_json(job: Job) -> dict[str, Any]:
    """A job as worker.py and box.py take it."""
    return {**job._asdict(), "mounts": dict(job.mounts), "links": dict(job.links)}


class Outcome(NamedTuple):
    """status: as a shell shows it; None: it did not end in time. error: what broke on our own side.

    peak_kib: the most memory that the host's process has had so far.
    """

    job: Job
    status: int | None
    output: bytes
    seconds: float
    error: str = ""
    log: Sequence[str] = ()
    peak_kib: int = 0


class Side(Protocol):
    """Where programs run."""

    name: str

    def run(self, job: Job, output: Path) -> Outcome:
        """Run to the end or the time limit; what it writes goes to `output` too."""

    def close(self) -> None:
        """End what the side has running."""


class Friscy:
    """Our machine, in a process of its own."""

    name = "friscy"

    def __init__(self) -> None:
        self._worker: subprocess.Popen[bytes] | None = None
        self._done = 0

    def run(self, job: Job, output: Path) -> Outcome:
        """See Side."""
        if self._worker is None or self._done >= JOBS_OF_A_WORKER:
            self.close()
            command = [sys.executable, str(HERE / "worker.py")]
            self._worker = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._done += 1
        words = as_json(job) | {"output": str(output)}
        started = time.monotonic()
        assert self._worker.stdin is not None
        self._worker.stdin.write(json.dumps(words).encode() + b"\n")
        self._worker.stdin.flush()
        line = self._answer(job.seconds + GRACE)
        answer = json.loads(line) if line else self._died()
        seconds = time.monotonic() - started
        text = output.read_bytes() if output.exists() else b""
        return Outcome(
            job,
            answer.get("status"),
            text,
            seconds,
            answer.get("error", ""),
            answer.get("log", []),
            answer.get("peak_kib", 0),
        )

    def _answer(self, seconds: float) -> bytes:
        assert self._worker is not None
        assert self._worker.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._worker.stdout, selectors.EVENT_READ)
            return self._worker.stdout.readline() if selector.select(seconds) else b""

    def _died(self) -> dict[str, Any]:
        assert self._worker is not None
        hung = self._worker.poll() is None
        self._worker.kill()
        status = self._worker.wait()
        self._worker = None
        return {"error": "the host process hung" if hung else f"the host process ended with {status}"}

    def close(self) -> None:
        """See Side."""
        if self._worker is not None and self._worker.stdin is not None:
            self._worker.stdin.close()
            self._worker.wait()
        self._worker, self._done = None, 0


class Qemu:
    """qemu-user on the host's kernel, in a box."""

    name = "qemu-user"

    def run(self, job: Job, output: Path) -> Outcome:
        """See Side."""
        words = {**as_json(job), "emulator": shutil.which("qemu-riscv64")}
        started = time.monotonic()
        with open(output, "wb") as file:
            process = subprocess.Popen(
                [sys.executable, str(HERE / "box.py"), json.dumps(words)],
                stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True,
            )  # fmt: skip
            try:
                status: int | None = process.wait(job.seconds)
            except subprocess.TimeoutExpired:
                status = None
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM if status is None else 0)
            process.wait()
        return Outcome(job, status, output.read_bytes(), time.monotonic() - started)

    def close(self) -> None:
        """See Side."""


def run_all(
    jobs: Sequence[Job], make_side: Callable[[], Side], outputs: Path, parallel: int = 1
) -> Iterator[Outcome]:
    """The outcome of each job as it ends; what it wrote stays in `outputs`/NAME.SIDE."""
    outputs.mkdir(parents=True, exist_ok=True)
    mine, sides = local(), []

    def run(job: Job) -> Outcome:
        if not hasattr(mine, "side"):
            mine.side = make_side()
            sides.append(mine.side)
        side: Side = mine.side
        return side.run(job, outputs / f"{job.name}.{side.name}")

    with ThreadPoolExecutor(parallel) as pool:
        for future in as_completed([pool.submit(run, job) for job in jobs]):
            yield future.result()
    for side in sides:
        side.close()
