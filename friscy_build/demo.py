"""`doit demo`: run the example bundle from its snapshot, then show where the time of build and start went."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from friscy.timings import STARTED
from lazyfs.errors import FriscyError

_BAR = 36
_BUILD_STEPS = {
    "image": "fetch the base image (Debian packages)",
    "rootfs": "Dockerfile, layers, index and chunks",
    "interpreter": "interpreter from the ISA rows, through LLVM",
    "bytecode": "compile Python's library with the guest's Python",
    "snapshot": "run the guest to its snapshot point",
    "bundle": "put the bundle together",
}


def demonstrate(bundle: Path, build_timings: Path) -> None:
    """Run `bundle` once for show and once for its timings, and print two tables.

    build_timings: JSON of the last build, step -> seconds. Raises FriscyError where the guest fails.
    """
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 100)
    console.print(f"\n[bold]$ friscy run {os.path.relpath(bundle)}[/]\n")
    _run(bundle, None)  # the first run on a machine compiles the engine; the second is what a user sees
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch, "timings.json")
        _run(bundle, report)
        phases: list[list[Any]] = json.loads(report.read_text())
    console.print()
    _table(console, "Where the build's time went", _build_rows(build_timings), "s", 1)
    _table(console, "Where the start's time went", [(name, ns / 1e6) for name, ns in phases], "ms", 1)
    size = sum(file.stat().st_size for file in bundle.iterdir()) / 1e6
    console.print(f"The bundle is {size:.1f} MB in {os.path.relpath(bundle)}. Try:\n")
    for words in ("-- -c 'print(2**100)'", "--entrypoint python3"):
        console.print(f"  friscy run {os.path.relpath(bundle)} {words}")
    console.print(f"  friscy inspect {os.path.relpath(bundle)}\n")


def _run(bundle: Path, report: Path | None) -> None:
    environment = {**os.environ, STARTED: str(time.monotonic_ns())}
    command = [sys.executable, "-m", "friscy.cli.main", "run", str(bundle)]
    if report is not None:
        command.insert(-1, f"--timings-json={report}")
    done = subprocess.run(command, env=environment, stdout=subprocess.DEVNULL if report is None else None)
    if done.returncode:
        raise FriscyError(f"{bundle}: the guest ended with status {done.returncode}")


def _build_rows(path: Path) -> list[tuple[str, float]]:
    try:
        steps = json.loads(path.read_text())
    except (OSError, ValueError):
        return []
    return [(_BUILD_STEPS.get(name, name), float(seconds)) for name, seconds in steps.items()]


def _table(console: Console, title: str, rows: list[tuple[str, float]], unit: str, digits: int) -> None:
    if not rows:
        return
    total = sum(value for _, value in rows)
    largest = max(value for _, value in rows) or 1
    table = Table(title=title, title_justify="left", title_style="bold", show_footer=True, min_width=90)
    table.add_column("", footer="in all", ratio=1)
    table.add_column(unit, justify="right", footer=f"{total:.{digits}f}")
    table.add_column("", width=_BAR)
    for name, value in rows:
        table.add_row(name, f"{value:.{digits}f}", f"[cyan]{'█' * round(_BAR * value / largest)}[/]")
    console.print(table)
    console.print()
