"""friscy pull: bring a bundle behind a URL to this machine."""

from __future__ import annotations

import argparse
import sys

from friscy.bundle import open_bundle
from friscy.remote import LIMIT, RemoteBundle
from lazyfs.errors import UsageError

EPILOG = f"""\
What is here already is not fetched again. It is kept in the cache that `friscy run URL` reads, up to ${LIMIT} bytes
(4G without it), and from then on the bundle runs without a network.

examples:
  friscy pull https://host/bundles/python/
  friscy pull s3://bundles/python"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "url", metavar="URL", help="where the bundle's directory is: http(s)://, or what fsspec knows"
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="say nothing but errors")


def run(options: argparse.Namespace) -> int:
    bundle = open_bundle(options.url)
    if not isinstance(bundle, RemoteBundle):
        raise UsageError(f"{options.url}: is on this machine already")
    bundle.need_cache()
    fetched, is_terminal = 0, sys.stderr.isatty()
    for step in bundle.filling():
        fetched += step()
        if is_terminal and not options.quiet:
            print(f"\rfriscy: {_megabytes(fetched)} fetched", end="", file=sys.stderr, flush=True)
    if not options.quiet:
        start = "\r" if is_terminal else ""
        total = _megabytes(bundle.bytes)
        print(f"{start}friscy: {_megabytes(fetched)} fetched, the bundle is here: {total}", file=sys.stderr)
    return 0


def _megabytes(nbytes: int) -> str:
    return f"{nbytes / 1e6:.1f} MB"
