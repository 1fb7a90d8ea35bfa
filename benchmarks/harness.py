"""What the benchmarks share: alternating runs, medians, ratios, a table to look at and JSON to keep.

The machines are noisy, so contenders take turns (a, b, c, a, b, c, ...) and the median of each counts.
Results go to benchmarks/results/NAME.json, next to what they were measured on.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"

Command = Sequence[str | os.PathLike[str]]


class BenchmarkError(Exception):
    """A benchmark cannot be run, or what it runs went wrong; the message says what to do."""


@dataclass
class Measurement:
    """The samples of one contender, in `unit`."""

    name: str
    unit: str
    samples: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.samples)


@dataclass(frozen=True)
class Finished:
    """A process that has ended: milliseconds from start to exit, its largest resident set, what it wrote."""

    ms: float
    peak_mb: float
    output: bytes


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


def environment() -> dict[str, str]:
    """The environment of measured processes: the user's, without what changes how Python starts.

    PYTHONDONTWRITEBYTECODE, which some machines set for everybody, would have every start compile our modules.
    """
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PYTHON") or name == "PYTHONPATH"
    }


def run(command: Command, expect: bytes | None = None) -> Finished:
    """Run a process to its end. BenchmarkError: it fails, or its output does not hold `expect`."""
    from benchmarks.subjects import spawner

    read_end, write_end = os.pipe()
    try:
        done = subprocess.run(
            [spawner(), str(write_end), *(os.fspath(word) for word in command)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            pass_fds=[write_end],
            env=environment(),
        )
    finally:
        os.close(write_end)
        with open(read_end) as file:
            told = file.read().split()
    if done.returncode or len(told) != 3:
        raise BenchmarkError(f"cannot start {shown(command)}: {done.stderr.decode(errors='replace')}")
    elapsed_ns, peak_kb, status = map(int, told)
    if status or (expect is not None and expect not in done.stdout):
        said = (done.stdout[-500:] + done.stderr[-2000:]).decode(errors="replace")
        raise BenchmarkError(f"{shown(command)}: status {status}, and it said:\n{said}")
    return Finished(elapsed_ns / 1e6, peak_kb / 1024, done.stdout)


def shown(command: Command) -> str:
    """A command as one would type it, in as few words as tell which it is."""
    return " ".join(os.path.basename(os.fspath(word)) or os.fspath(word) for word in command)


def process_ms(command: Command, expect: bytes | None = None) -> Callable[[], float]:
    """A contender: milliseconds from start to exit of a process, whose output must hold `expect`."""
    return lambda: run(command, expect).ms


def peak_rss_mb(command: Command, expect: bytes | None = None) -> Callable[[], float]:
    """A contender: the peak resident set of a process in MB."""
    return lambda: run(command, expect).peak_mb


def report(
    name: str,
    title: str,
    measurements: Mapping[str, Measurement],
    *,
    base: str,
    goals: Mapping[str, tuple[str, float]] | None = None,
    limits: Mapping[str, tuple[str, float]] | None = None,
    extra: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Print a table (value and ratio to `base`), store it as JSON, and return it.

    goals: contender -> ("<=" or ">=", ratio to base that is to be reached); shown beside what was.
    limits: the same with a value in the contender's unit.
    extra: what else the JSON is to hold; under "parts" (contender -> [[name, value], ...]) what its value is made of.
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
            row["goal"] = f"{relation} {goal:g} x"
            row["reached"] = _holds(ratio, relation, goal)
        if limits and item.name in limits:
            relation, limit = limits[item.name]
            row["goal"] = f"{relation} {limit:g} {item.unit}"
            row["reached"] = row.get("reached", True) and _holds(item.median, relation, limit)
        rows.append(row)
    result = {"title": title, "base": base, "rows": rows, **(extra or {}), "machine": machine()}
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n")
    _print_table(title, base, rows)
    return result


def print_speeds(
    own: str,
    speeds: Mapping[str, Mapping[str, float]],
    others: Sequence[str],
    title: str,
    told: Callable[[str, Mapping[str, float]], str],
    apart: Collection[str] = (),
) -> dict[str, float]:
    """Print how fast `own` is beside each of `others`, a line for each of `speeds` and one for their geometric means,
    which are returned. title, told: of the last column, and what it says by a line's name and speeds. apart: lines that
    the means are not of, unless there are no others."""
    meant = [each for name, each in speeds.items() if name not in apart] or list(speeds.values())
    means = {other: math.exp(sum(math.log(each[other]) for each in meant) / len(meant)) for other in others}
    print(f"\n{f'speed of {own} /':<22}" + "".join(f"{other:>20}" for other in others) + f"   {title}")
    for name, each in [*speeds.items(), ("geometric mean", means)]:
        cells = "".join(f"{each[other]:>20.2f}" for other in others)
        print(f"{name:<22}{cells}   {told(name, each)}")
    return means


def keep_summary(name: str, facts: Mapping[str, Any]) -> None:
    """Leave `facts`, and what they were measured on, in results/NAME/summary.json."""
    place = RESULTS / name
    place.mkdir(parents=True, exist_ok=True)
    (place / "summary.json").write_text(json.dumps({**facts, "machine": machine()}, indent=1) + "\n")


def parser_of(main: Callable[[], None]) -> argparse.ArgumentParser:
    """What parses the words after a benchmark's name; its --help says what its module does."""
    module = sys.modules[main.__module__]
    name = module.__spec__.name if module.__spec__ else main.__module__
    return argparse.ArgumentParser(
        prog=f"python -m {name}", description=module.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )


def standalone(main: Callable[[], None], *, arguments: bool = False) -> None:
    """Run a benchmark as a program: a BenchmarkError is a message and status 2, without a traceback.

    arguments: whether `main` parses the words after the program's name; else there may be none but --help.
    """
    if not arguments:
        parser_of(main).parse_args()
    try:
        main()
    except BenchmarkError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from None


def _holds(value: float, relation: str, goal: float) -> bool:
    return value <= goal if relation == "<=" else value >= goal


def machine() -> dict[str, Any]:
    """What the figures were measured on, and with which versions."""
    from importlib.metadata import PackageNotFoundError, version

    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    facts: dict[str, Any] = {
        "cpu": model,
        "cores": os.cpu_count(),
        "os": f"{platform.system()} {platform.release().partition('-')[0]}",
        "python": platform.python_version(),
    }
    for package in ("friscy", "wasmtime", "llvmlite", "zstandard", "msgpack"):
        try:
            facts[package] = version(package)
        except PackageNotFoundError:
            facts[package] = "not installed"
    if qemu := _first_line(["qemu-riscv64", "--version"]):
        facts["qemu"] = qemu.split("version")[-1].split("(")[0].strip()
    if commit := _first_line(["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"]):
        facts["commit"] = commit
    return facts


def _first_line(command: list[str]) -> str:
    try:
        output = subprocess.run(command, capture_output=True, text=True).stdout
    except OSError:
        return ""
    return output.partition("\n")[0].strip()


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
            f"{figure(row['median'])} {row['unit']}",
            f"{figure(low)} … {figure(high)}",
            figure(row["ratio"]),
            goal,
        )
    Console(file=sys.stdout, width=None if sys.stdout.isatty() else 120, highlight=False).print(table)


def figure(value: float) -> str:
    """A measured value with three digits that count."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
