"""friscy lint: what is wrong in a friscy.toml and its Dockerfiles."""

from __future__ import annotations

import argparse

from lazyfs.errors import UsageError

EPILOG = """\
Nothing is built or fetched. Each finding names the file and the line, and what to do about it. The exit status is 0
without findings, 1 with some, and 2 where the project file cannot be read.

examples:
  friscy lint                    ./friscy.toml and the Dockerfiles it names
  friscy lint -f app/friscy.toml"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-f",
        "--file",
        metavar="FILE",
        default="friscy.toml",
        help="the project file (default: ./friscy.toml)",
    )


def run(options: argparse.Namespace) -> int:
    try:
        from friscy_build.lint import lint
    except ImportError as error:
        raise UsageError(
            f"linting needs {error.name}, which is not installed", hint="pip install friscy"
        ) from error
    found = lint(options.file)
    for each in found:
        print(each)
    return 1 if found else 0
