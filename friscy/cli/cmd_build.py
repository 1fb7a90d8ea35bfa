"""friscy build: build the bundles of friscy.toml through doit."""

from __future__ import annotations

import argparse

from lazyfs.errors import UsageError

EPILOG = """\
What is up to date is not built again: content decides, not time.

examples:
  friscy build                every bundle of ./friscy.toml
  friscy build python         one of them
  friscy build -f app/friscy.toml"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", metavar="NAME", nargs="*", help="bundles to build; all by default")
    parser.add_argument(
        "-f",
        "--file",
        metavar="FILE",
        default="friscy.toml",
        help="the project file (default: ./friscy.toml)",
    )


def run(options: argparse.Namespace) -> int:
    try:
        from friscy_build.command import build
    except ImportError as error:
        raise UsageError(
            f"building needs {error.name}, which is not installed", hint="pip install friscy"
        ) from error
    return build(options.file, options.names)
