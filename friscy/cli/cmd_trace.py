"""friscy trace: run a bundle and print its system calls."""

from __future__ import annotations

import argparse
import sys

from friscy.cli.options import add_run_arguments, request_from
from friscy.run import run_bundle
from lazyfs.errors import UsageError

EPILOG = """\
Lines are strace's: name(arguments) = result. They go to stderr, or to the file of -o. A run that is restored
from a snapshot shows the calls after it; --no-snapshot shows them from execve on.

examples:
  friscy trace build/python -- -c 'open("x")'
  friscy trace --no-snapshot -o calls.txt build/python"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run_arguments(parser)
    parser.add_argument(
        "-f",
        "--follow",
        action="store_true",
        help="as strace has it: child processes are always followed here",
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="write the lines to FILE")


def run(options: argparse.Namespace) -> int:
    request = request_from(options)
    if options.output is None:
        request.trace = sys.stderr
        return run_bundle(request)
    try:
        file = open(options.output, "w")  # noqa: SIM115 - closed below, opened apart for its error
    except OSError as error:
        raise UsageError(f"-o {options.output}: {error.strerror}") from error
    with file:
        request.trace = file
        return run_bundle(request)
