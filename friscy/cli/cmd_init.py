"""friscy init: a starting friscy.toml and dodo.py."""

from __future__ import annotations

import argparse

from lazyfs.errors import UsageError

EPILOG = """\
Writes friscy.toml and dodo.py: for the Dockerfile that is there, or else for an image of Debian packages.
It overwrites nothing.

examples:
  friscy init
  friscy init app             then: friscy build -f app/friscy.toml"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "directory", metavar="DIR", nargs="?", default=".", help="where to; made if need be (default: .)"
    )


def run(options: argparse.Namespace) -> int:
    try:
        from friscy_build.starting import write_project
    except ImportError as error:
        raise UsageError(
            f"building needs {error.name}, which is not installed", hint="pip install friscy"
        ) from error
    try:
        written = write_project(options.directory)
    except OSError as error:
        raise UsageError(f"{error.filename or options.directory}: {error.strerror}") from error
    for path in written:
        print(path)
    return 0
