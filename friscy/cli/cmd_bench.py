"""friscy bench: the benchmarks of a checkout."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from lazyfs.errors import UsageError

EPILOG = """\
Each benchmark prints a table of medians with ratios to native, qemu-user and others, and leaves its figures in
benchmarks/results/NAME.json. They live in friscy's own checkout.

examples:
  friscy bench                  all of them
  friscy bench cold_start       one"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", metavar="NAME", nargs="*", help="benchmarks to run; all by default")
    parser.add_argument("--list", action="store_true", help="list the benchmarks and stop")


def run(options: argparse.Namespace) -> int:
    runner = Path(__file__).parents[2] / "benchmarks" / "run.py"
    if not runner.exists():
        raise UsageError("the benchmarks are not here", hint="Run it in a checkout of friscy's sources.")
    command = [sys.executable, str(runner), *(["--list"] if options.list else []), *options.names]
    return subprocess.run(command).returncode
