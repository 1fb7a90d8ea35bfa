"""What the benchmarks share: alternating runs, medians, ratios, a table to look at and JSON to keep.

The machines are noisy, so contenders take turns (a, b, c, a, b, c, ...) and the median of each counts.
Results go to benchmarks/results/NAME.json, next to what they were measured on.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"


@dataclass
class Measurement:
    """The samples of one contender, in `unit`."""

    name: str
    unit: str
    samples: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.samples)


def alternate(
    contenders: Mapping[str, Callable[[], float]], *, rounds: int, unit: str, warm_up: int = 1
) -> dict[str, Measurement]:
    """Call each contender in turn, `rounds` times; each call returns one sample in `unit`."""
    measurements = {name: Measurement(name, unit) for name in contenders}
    for number in range(-warm_up, rounds):
        for name, sample in contenders.items():
            value = sample()
            if number >= 0:
                measurements[name].samples.append(value)
    return measurements


def process_ms(command: Sequence[str | os.PathLike[str]], expect: bytes | None = None) -> Callable[[], float]:
    """A contender: milliseconds from start to exit of a process, whose output must hold `expect`."""

    def sample() -> float:
        start = time.perf_counter()
        done = subprocess.run([os.fspath(word) for word in command], capture_output=True)
        elapsed = (time.perf_counter() - start) * 1e3
        if done.returncode or (expect is not None and expect not in done.stdout):
            outputs = f"{done.stdout!r}\n{done.stderr.decode()}"
            raise RuntimeError(f"{command}: status {done.returncode}\n{outputs}")
        return elapsed

    return sample


def peak_rss_mb(command: Sequence[str | os.PathLike[str]]) -> Callable[[], float]:
    """A contender: the peak resident set of a process in MB (GNU time is not needed: wait4 tells)."""

    def sample() -> float:
        child = subprocess.Popen([os.fspath(word) for word in command], stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            raise RuntimeError(f"{command}: status {child.returncode}")
        return usage.ru_maxrss / 1024

    return sample


def report(
    name: str,
    title: str,
    measurements: Mapping[str, Measurement],
    *,
    base: str,
    goals: Mapping[str, tuple[str, float]] | None = None,
    extra: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Print a table (value and ratio to `base`), store it as JSON, and return it.

    goals: contender -> ("<=" or ">=", ratio to base that is to be reached); shown beside what was.
    """
    rows = []
    base_median = measurements[base].median
    for item in measurements.values():
        ratio = item.median / base_median
        row: dict[str, Any] = {
            "name": item.name,
            "median": item.median,
            "unit": item.unit,
            "ratio": ratio,
            "spread": [min(item.samples), max(item.samples)],
        }
        if goals and item.name in goals:
            relation, goal = goals[item.name]
            row["goal"] = f"{relation} {goal:g}"
            row["reached"] = ratio <= goal if relation == "<=" else ratio >= goal
        rows.append(row)
    result = {"title": title, "base": base, "rows": rows, "machine": machine(), **(extra or {})}
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n")
    _print_table(title, base, rows)
    return result


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    python = platform.python_version()
    return {"cpu": model, "cores": os.cpu_count(), "python": python, "os": platform.system()}


def _print_table(title: str, base: str, rows: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column("")
    table.add_column("median", justify="right")
    table.add_column("range", justify="right", style="dim")
    table.add_column(f"/ {base}", justify="right")
    table.add_column("goal", justify="right")
    for row in rows:
        goal = row.get("goal", "")
        if goal:
            goal = f"[{'green' if row['reached'] else 'red'}]{goal}[/]"
        low, high = row["spread"]
        table.add_row(
            row["name"],
            f"{_figure(row['median'])} {row['unit']}",
            f"{_figure(low)} … {_figure(high)}",
            f"{row['ratio']:.2f}",
            goal,
        )
    Console(file=sys.stdout, width=None if sys.stdout.isatty() else 110).print(table)


def _figure(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
