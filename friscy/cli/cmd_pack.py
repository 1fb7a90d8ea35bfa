"""friscy pack: one image to one bundle, without a project."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from lazyfs.errors import UsageError

EPILOG = """\
IMAGE is tar:FILE, oci:DIR[:TAG], docker-archive:FILE[:TAG], docker://REF of a registry, or a plain name, which is
one of Docker's registry. What was downloaded and translated before is taken from the cache.

A tar file of a root filesystem names no command: --entrypoint and ARGS do. Without one there is no snapshot, and runs
take `friscy run --entrypoint`.

examples:
  friscy pack tar:rootfs.tar --output app --entrypoint /bin/app -- --listen
  friscy pack oci:image --output app --aot            translate what the start runs
  friscy pack oci:image --output app --aot --warm-up "app selftest" --warm-up "app --version"
  friscy pack docker://debian:trixie-slim --output debian --aot --scope all"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("image", metavar="IMAGE", help="the image to pack")
    parser.add_argument("args", metavar="ARGS", nargs="*", help="instead of the image's CMD")
    parser.add_argument("--output", "-o", metavar="DIR", type=Path, required=True, help="the bundle to write")
    parser.add_argument("--aot", action="store_true", help="translate code ahead of time")
    parser.add_argument(
        "--scope",
        choices=("touched", "all"),
        help="with --aot: what the build sees running and what that calls (default), or all that is found",
    )
    parser.add_argument(
        "--warm-up",
        metavar="COMMAND",
        action="append",
        default=[],
        help="with --aot: run this, too, to see what it needs; its words as a shell would split them",
    )
    parser.add_argument(
        "--faults",
        choices=("auto", "fast", "precise"),
        help="with --aot: whether handlers of SIGSEGV see every register (default: where known to look)",
    )
    parser.add_argument("--entrypoint", metavar="PROG", help="in place of the image's ENTRYPOINT and CMD")
    parser.add_argument(
        "--snapshot",
        choices=("entry", "stdin", "none"),
        help="where the machine is saved (default: entry; of an image that cannot have a command, none)",
    )


def run(options: argparse.Namespace) -> int:
    try:
        from friscy_build.packing import pack
    except ImportError as error:
        raise UsageError(
            f"building needs {error.name}, which is not installed", hint="pip install friscy"
        ) from error
    given = {"--scope": options.scope, "--warm-up": options.warm_up, "--faults": options.faults}
    for name in given:
        if given[name] and not options.aot:
            raise UsageError(f"{name} says what --aot is to do", hint="Give --aot, too.")
    return pack(
        options.image,
        options.output,
        scope=(options.scope or "touched") if options.aot else "none",
        warm_up=[_words(command) for command in options.warm_up],
        faults=options.faults or "auto",
        entrypoint=options.entrypoint,
        cmd=options.args,
        snapshot=options.snapshot,
    )


def _words(command: str) -> list[str]:
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise UsageError(f"--warm-up {command}: {error}") from error
    if not words:
        raise UsageError("--warm-up: an empty command")
    return words
