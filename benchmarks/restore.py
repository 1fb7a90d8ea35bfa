"""Restore inside a running process: a machine ready to go on, by how much memory its guest had touched.

python -m benchmarks.restore
"""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import subjects
from benchmarks.harness import alternate, report, standalone
from friscy.boot import Machine
from friscy.bundle import SNAPSHOT, open_bundle
from friscy.kernel.terminal.console import Console
from snapshot.format import SnapshotFile
from snapshot.restore import restore

ROUNDS = 25
GOAL_MS = 2.0
GOAL_MIB = 64


def restored_ms(machine: Machine) -> Callable[[], float]:
    """A contender: milliseconds from the snapshot file to a machine that can run."""
    path = Path(machine.bundle.path(SNAPSHOT))

    def sample() -> float:
        gc.collect()  # the machine before: its memory goes here, not while the next one is made
        start = time.perf_counter()
        kernel = restore(SnapshotFile(path), lambda state: machine.kernel(Console(), state))
        elapsed = (time.perf_counter() - start) * 1e3
        assert kernel.state.tasks
        return elapsed

    return sample


def copied_ms(mebibytes: int) -> Callable[[], float]:
    """A contender: what copying that much memory once takes, which restoring by reading would at least take."""
    source = os.urandom(1 << 20) * mebibytes

    def sample() -> float:
        start = time.perf_counter()
        bytearray(source)
        return (time.perf_counter() - start) * 1e3

    return sample


def main() -> None:
    """Measure and print."""
    contenders = {}
    for size in subjects.TOUCHED_MIB:
        machine = Machine(open_bundle(subjects.bundle(f"touch{size}")))
        contenders[f"restore, {size} MiB touched"] = restored_ms(machine)
    contenders[f"copy of {GOAL_MIB} MiB"] = copied_ms(GOAL_MIB)
    base = f"restore, {min(subjects.TOUCHED_MIB)} MiB touched"
    report(
        "restore",
        "Restore inside a running process",
        alternate(contenders, rounds=ROUNDS, unit="ms", warm_up=2),
        base=base,
        limits={f"restore, {GOAL_MIB} MiB touched": ("<=", GOAL_MS)},
        goals={f"restore, {max(subjects.TOUCHED_MIB)} MiB touched": ("<=", 2.0)},
    )


if __name__ == "__main__":
    standalone(main)
