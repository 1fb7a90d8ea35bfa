"""friscy build: build the bundles of friscy.toml through doit."""

from __future__ import annotations

import argparse

from lazyfs.errors import UsageError

EPILOG = """\
What is up to date is not built again: content decides, not time. What registries and Debian gave is pinned in
friscy.lock, beside friscy.toml: the next build takes the same, here or elsewhere.

examples:
  friscy build                every bundle of ./friscy.toml
  friscy build python         one of them
  friscy build -f app/friscy.toml
  friscy build --no-cache     do every RUN again
  friscy build --update       with the newest images and packages; writes friscy.lock anew"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", metavar="NAME", nargs="*", help="bundles to build; all by default")
    parser.add_argument(
        "-f",
        "--file",
        metavar="FILE",
        default="friscy.toml",
        help="the project file (default: ./friscy.toml)",
    )
    parser.add_argument(
        "--update", action="store_true", help="ask registries and Debian anew, whatever friscy.lock pins"
    )
    parser.add_argument(
        "--no-cache", action="store_true", help="build images anew: no layer that a RUN made earlier will do"
    )


def run(options: argparse.Namespace) -> int:
    try:
        from friscy_build.command import build
    except ImportError as error:
        raise UsageError(
            f"building needs {error.name}, which is not installed", hint="pip install friscy"
        ) from error
    return build(options.file, options.names, update=options.update, no_cache=options.no_cache)
