"""friscy run: run a bundle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from friscy.cli.options import add_run_arguments, request_from, without_options
from friscy.cli.overlay import add_overlay_argument, run_with_overlay

if TYPE_CHECKING:
    import argparse

__all__ = ["EPILOG", "add_arguments", "run", "without_options"]

EPILOG = """\
The exit status is the guest's, 128 + n if signal n ended it, 2 if friscy itself could not go on.
A run that asks for another program, user or linker environment (LD_*) than the snapshot's starts from the
beginning; the image is loaded lazily either way.

examples:
  friscy run build/python
  friscy run build/python -- -c 'print(1)'
  friscy run build/python --entrypoint /bin/sh -- -c 'ls /'
  friscy run --overlay work build/python -- -c 'open("/kept", "w")'
  friscy run build/python -e LANG=C -v "$PWD:/data:ro" -w /data -- script.py"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run_arguments(parser)
    add_overlay_argument(parser)


def run(options: argparse.Namespace) -> int:
    return run_with_overlay(request_from(options), options.overlay)
