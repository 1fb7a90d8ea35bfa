"""Cold start: whole processes, from start to exit, of friscy's restored guests and of what they compare with.

python -m benchmarks.cold_start
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import subjects
from benchmarks.harness import Command, alternate, environment, process_ms, report, run, standalone

ROUNDS = 15
PHASES = 5  # runs whose phases are averaged
SCRIPT = ("-c", "print(1)")


def contenders() -> dict[str, tuple[Command, bytes]]:
    """What is measured: name -> command and what it writes. The goal is set against `import wasmtime`."""
    friscy, python, qemu = subjects.friscy(), sys.executable, subjects.qemu()
    hello, debian, image = subjects.bundle("hello"), subjects.python_rootfs(), subjects.python_bundle()
    return {
        "import wasmtime": ([python, "-c", "import wasmtime"], b""),
        "friscy: C hello, restored": ([friscy, "run", hello], b"hello\n"),
        "friscy: C hello, from the start": ([friscy, "run", "--no-snapshot", hello], b"hello\n"),
        "qemu-riscv64: C hello": ([qemu, subjects.guest_program("hello")], b"hello\n"),
        "native: C hello": ([subjects.native_program("hello")], b"hello\n"),
        "python -c pass": ([python, "-c", "pass"], b""),
        "friscy: Python, restored": ([friscy, "run", image, "--", *SCRIPT], b"1\n"),
        "friscy: Python, from the start": ([friscy, "run", "--no-snapshot", image, "--", *SCRIPT], b"1\n"),
        "qemu-riscv64: Python": ([qemu, "-L", debian, debian / "usr/bin/python3", *SCRIPT], b"1\n"),
        "native: Python": ([python, *SCRIPT], b"1\n"),
    }


def phases(bundle: Path, arguments: Command = ()) -> list[tuple[str, float]]:
    """Where the time of a run goes: (phase, milliseconds), the mean of some runs; the exit is what no phase has."""
    total: dict[str, float] = {}
    for _ in range(PHASES):
        with tempfile.TemporaryDirectory() as scratch:
            file = Path(scratch, "phases.json")
            command = [subjects.friscy(), "run", f"--timings-json={file}", bundle, "--", *arguments]
            elapsed = run(command).ms
            told: list[tuple[str, int]] = json.loads(file.read_text())
        for name, nanoseconds in told:
            total[name] = total.get(name, 0.0) + nanoseconds / 1e6
        total["exit"] = total.get("exit", 0.0) + elapsed - sum(ns for _, ns in told) / 1e6
    return [(name, value / PHASES) for name, value in total.items()]


def slowest_imports(bundle: Path, count: int = 12) -> list[tuple[str, float]]:
    """The modules whose own import takes longest in a run of the C hello: (module, milliseconds)."""
    command = [sys.executable, "-X", "importtime", subjects.friscy(), "run", str(bundle)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), check=True)
    lines = re.findall(r"^import time:\s+(\d+) \|\s+\d+ \|\s*(\S+)$", done.stderr, re.MULTILINE)
    slowest = sorted(((name, int(us) / 1e3) for us, name in lines), key=lambda item: -item[1])
    return slowest[:count]


def main() -> None:
    """Measure and print."""
    commands = contenders()
    measured = alternate(
        {name: process_ms(command, expect) for name, (command, expect) in commands.items()},
        rounds=ROUNDS,
        unit="ms",
    )
    hello, image = subjects.bundle("hello"), subjects.python_bundle()
    extra: dict[str, Any] = {
        "parts": {
            "friscy: C hello, restored": phases(hello),
            "friscy: Python, restored": phases(image, SCRIPT),
        },
        "slowest imports (ms, traced)": slowest_imports(hello),
    }
    report(
        "cold_start",
        "Cold start: a process from start to exit",
        measured,
        base="import wasmtime",
        goals={"friscy: C hello, restored": ("<=", 2.0)},
        extra=extra,
    )
    for name, parts in extra["parts"].items():
        print(f"{name}: " + ", ".join(f"{part} {value:.1f}" for part, value in parts) + " ms")


if __name__ == "__main__":
    standalone(main)
