"""friscy bench: the benchmarks of a checkout, and where a bundle's own run spends its time."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from friscy.cli.options import add_run_options, defaults, request_from
from friscy.cli.overlay import add_overlay_argument
from lazyfs.errors import UsageError

EPILOG = """\
Each benchmark prints a table of medians with ratios to native, qemu-user and others, and leaves its figures in
benchmarks/results/NAME.json. They live in friscy's own checkout.

With --profile it runs a bundle, as `friscy run` does, and says on stderr which functions ran where, what was left to
the interpreter, and why. It takes a sample a millisecond through the host's perf_event_open.

examples:
  friscy bench                  all of them
  friscy bench cold_start       one
  friscy bench python_speed     CPython's speed, beside qemu-user and native
  friscy bench --profile build/python -- -c 'print(sum(range(10**6)))'
  friscy bench --profile build/python --engine aot --top 60    with all translated code compiled first
  friscy bench --profile build/python --json -o profile.json"""

TOP = 30


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "names", metavar="NAME", nargs="*", help="benchmarks to run; all by default (with --profile: ARGS)"
    )
    parser.add_argument("--list", action="store_true", help="list the benchmarks and stop")
    parser.add_argument(
        "--profile", dest="bundle", metavar="BUNDLE", help="run a bundle, and say where its time went"
    )
    group = parser.add_argument_group("with --profile")
    group.add_argument("--top", metavar="N", type=int, help=f"show N rows (default: {TOP})")
    group.add_argument("--json", action="store_true", help="print JSON, with all rows")
    group.add_argument("-o", "--output", metavar="FILE", help="write the profile to FILE")
    parser.set_defaults(args=[])
    add_run_options(group)
    add_overlay_argument(group)


def run(options: argparse.Namespace) -> int:
    if options.bundle is not None:
        return _profile(options)
    meant = {**defaults(), "top": None, "json": False, "output": None, "args": []}
    if any(getattr(options, name) != value for name, value in meant.items()):
        raise UsageError(
            "the benchmarks take no options of a run", hint="friscy bench --profile BUNDLE -- ARGS"
        )
    runner = Path(__file__).parents[2] / "benchmarks" / "run.py"
    if not runner.exists():
        raise UsageError("the benchmarks are not here", hint="Run it in a checkout of friscy's sources.")
    command = [sys.executable, str(runner), *(["--list"] if options.list else []), *options.names]
    return subprocess.run(command).returncode


def _profile(options: argparse.Namespace) -> int:
    from friscy.cli.profiling.command import run_profiled

    if options.list:
        raise UsageError("--list lists benchmarks: it goes without --profile")
    options.args = [*options.names, *options.args]
    return run_profiled(
        request_from(options),
        overlay=options.overlay,
        output=options.output,
        as_json=options.json,
        top=TOP if options.top is None else max(options.top, 0),
    )
