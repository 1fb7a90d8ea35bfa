"""friscy diff: what the runs of a bundle changed."""

from __future__ import annotations

import argparse
import os

from friscy.bundle import open_bundle

EPILOG = """\
One line for each path: A added, C changed (content, owner, mode or time), D deleted; a directory that is gone is one
line. They are the changes that `friscy run --overlay DIR` kept in DIR.

examples:
  friscy run --overlay work build/python -- -c 'open("/tmp/x", "w")'
  friscy diff build/python --overlay work"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", metavar="BUNDLE", help="the bundle that was run")
    parser.add_argument(
        "--overlay", metavar="DIR", required=True, help="where `friscy run --overlay` kept the changes"
    )


def run(options: argparse.Namespace) -> int:
    from friscy_build.layers.kept import KeptOverlay

    for change in KeptOverlay(options.overlay, open_bundle(options.bundle)).changes():
        print(change.kind, os.fsdecode(change.path).encode("utf-8", "backslashreplace").decode())
    return 0
