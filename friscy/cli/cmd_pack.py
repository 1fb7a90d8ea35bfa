"""friscy pack: one image to one bundle, without a project."""

from __future__ import annotations

import argparse
from pathlib import Path

from lazyfs.errors import UsageError

EPILOG = """\
IMAGE is tar:FILE, oci:DIR[:TAG], docker-archive:FILE[:TAG], docker://REF of a registry, or a plain name, which is
one of Docker's registry. What was downloaded and translated before is taken from the cache.

examples:
  friscy pack tar:rootfs.tar --output app
  friscy pack oci:image --output app --aot            translate what the start runs
  friscy pack docker://debian:trixie-slim --output debian --aot --scope all"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("image", metavar="IMAGE", help="the image to pack")
    parser.add_argument("--output", "-o", metavar="DIR", type=Path, required=True, help="the bundle to write")
    parser.add_argument("--aot", action="store_true", help="translate code ahead of time")
    parser.add_argument(
        "--scope", choices=("touched", "all"), default="touched", help="with --aot: how much of it"
    )
    parser.add_argument(
        "--snapshot",
        choices=("entry", "stdin", "none"),
        default="entry",
        help="where the machine is saved (default: entry)",
    )


def run(options: argparse.Namespace) -> int:
    try:
        from friscy_build.packing import pack
    except ImportError as error:
        raise UsageError(
            f"building needs {error.name}, which is not installed", hint="pip install friscy"
        ) from error
    scope = options.scope if options.aot else "none"
    return pack(options.image, options.output, scope=scope, snapshot=options.snapshot)
