"""`python -m friscy_build.images`: fetch an image and write it as an index, a directory or a tar.

python -m friscy_build.images pull --suite trixie --packages python3,ca-certificates -o /tmp/root
python -m friscy_build.images pull oci:layout:latest --index -o /tmp/image
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from friscy_build.cache import cache_dir
from friscy_build.images.debian import Request, debian_image
from friscy_build.images.directory import write_directory
from friscy_build.images.image import BaseImage, ImageError
from friscy_build.images.progress import Progress, silent
from friscy_build.images.source import load_image
from lazyfs.errors import FriscyError
from lazyfs.index_writer import write_index


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m friscy_build.images", description="Fetch riscv64 images."
    )
    pull = parser.add_subparsers(required=True, metavar="COMMAND").add_parser(
        "pull", help="fetch one and write it"
    )
    pull.add_argument(
        "source", nargs="?", help="tar:FILE, oci:DIR[:TAG], docker-archive:FILE[:TAG] or docker://REF"
    )
    pull.add_argument("--suite", default="trixie", help="Debian release (default: trixie)")
    pull.add_argument("--packages", default="", help="Debian packages, separated by commas")
    pull.add_argument("--no-essential", action="store_true", help="only the packages and what they depend on")
    pull.add_argument("--recommends", action="store_true", help="recommended packages too")
    pull.add_argument("--refresh", action="store_true", help="ask the mirror again, whatever the cache has")
    pull.add_argument("--index", action="store_true", help="write rootfs.idx and rootfs.chunks, not files")
    pull.add_argument("-o", "--output", type=Path, required=True, help="directory to write to")
    options = parser.parse_args(arguments)
    progress: Progress = _show if sys.stderr.isatty() else silent
    try:
        image = _fetch(options, progress)
        _write(image, options.output, options.index, progress)
    except FriscyError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def _fetch(options: argparse.Namespace, progress: Progress) -> BaseImage:
    if options.source:
        from friscy_build.config.load import image_sources

        chain = image_sources(options.source, Path.cwd())
        if not chain:
            raise ImageError(
                f"{options.source!r} is no tar:FILE, oci:DIR, docker-archive:FILE or docker://REF"
            )
        return load_image(chain, cache=cache_dir(), progress=progress)
    packages = tuple(filter(None, options.packages.split(",")))
    if not packages:
        raise ImageError("nothing to fetch", hint="name a source, or Debian packages with --packages")
    request = Request(
        options.suite, packages, recommends=options.recommends, essential=not options.no_essential
    )
    return debian_image(request, cache=cache_dir(), refresh=options.refresh, progress=progress)


def _write(image: BaseImage, output: Path, index: bool, progress: Progress) -> None:
    output.mkdir(parents=True, exist_ok=True)
    if index:
        (output / "config.json").write_text(json.dumps(image.config, indent=1))
        write_index(
            image.tree, output / "rootfs.idx", output / "rootfs.chunks",
            progress=lambda done, total: progress("index", done, total),
        )  # fmt: skip
    else:
        write_directory(image.tree, output)


def _show(what: str, done: int, total: int) -> None:
    share = f"{100 * done // total:3}%" if total else ""
    print(f"\r\033[K{what} {share}", end="\n" if done == total else "", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
