"""friscy shell: a shell in a bundle's filesystem."""

from __future__ import annotations

import argparse

from friscy.cli.options import add_run_arguments, request_from
from friscy.cli.overlay import add_overlay_argument, run_with_overlay

SHELLS = ("/bin/bash", "/bin/sh", "/bin/busybox")
EPILOG = """\
Takes the first of /bin/bash, /bin/sh and busybox that the image has; another one with --entrypoint.
With a terminal on stdin the guest has one too: line editing, Ctrl-C and window size work as they do in docker.

examples:
  friscy shell build/python
  echo 'ls /' | friscy shell build/python
  friscy shell build/python -- -c 'cat /etc/os-release'"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run_arguments(parser)
    add_overlay_argument(parser)


def run(options: argparse.Namespace) -> int:
    request = request_from(options)
    if request.entrypoint is None:
        request.entrypoint_choices = SHELLS
    return run_with_overlay(request, options.overlay)
