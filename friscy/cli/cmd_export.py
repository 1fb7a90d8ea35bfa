"""friscy export: a bundle's root filesystem for other tools."""

from __future__ import annotations

import argparse
import os
import sys

from friscy.bundle import Bundle, open_bundle
from lazyfs.errors import UsageError

EPILOG = """\
Owners, modes, times to the nanosecond, hard links, devices and extended attributes come along; the same bundle gives
the same bytes. The OCI image has one layer, and the configuration that the bundle runs with.
A tar archive cannot hold sockets: they are left out, and named on stderr.

examples:
  friscy export build/python --tar python.tar
  friscy export build/python --tar - | tar -tv
  friscy export build/python --oci image          skopeo copy oci:image:latest docker-daemon:python:latest
  friscy export build/python --oci image --tag 3.13"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", metavar="BUNDLE", help="a bundle directory")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--tar", metavar="FILE", help="write a tar archive; - is stdout")
    what.add_argument("--oci", metavar="DIR", help="write an OCI image layout; DIR must be new or empty")
    parser.add_argument(
        "--overlay",
        metavar="DIR",
        help="with what `friscy run --overlay DIR` kept; in an OCI image a second layer",
    )
    parser.add_argument("--tag", metavar="TAG", help="the image's name in the layout (default: latest)")


def run(options: argparse.Namespace) -> int:
    if options.tag is not None and options.oci is None:
        raise UsageError("--tag names an image of --oci")
    bundle = open_bundle(options.bundle)
    try:
        left_out = _export(options, bundle)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise UsageError(f"{options.tar or options.oci}: {error.strerror}") from error
    for path in left_out:
        print(f"friscy: left out, a socket: {os.fsdecode(path)!a}", file=sys.stderr)
    return 0


def _export(options: argparse.Namespace, bundle: Bundle) -> list[bytes]:
    kept = None
    if options.overlay is not None:
        from friscy_build.layers.kept import KeptOverlay

        kept = KeptOverlay(options.overlay, bundle)
    if options.oci is not None:
        from friscy.cli.exporting.layout import save_layout

        upper = str(kept.layer) if kept is not None and not kept.is_empty else ""
        return save_layout(bundle, options.oci, options.tag or "latest", upper)
    from friscy.cli.exporting.archive import Output, save_tar, write_tar

    def write(output: Output) -> list[bytes]:
        if kept is None:
            return write_tar(bundle, output)
        from friscy.cli.exporting.overlay import write_with_overlay

        return write_with_overlay(kept, output)

    if options.tar != "-":
        return save_tar(write, options.tar)
    if sys.stdout.isatty():
        raise UsageError(
            "an archive is nothing for a terminal", hint="name a file, or send it to one: > FILE"
        )
    left_out = write(sys.stdout.buffer)
    sys.stdout.buffer.flush()
    return left_out
