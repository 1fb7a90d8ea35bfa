"""Publish a bundle in split form: its index and chunks as files of one size each, for hosts that handle ranges badly.

    python -m friscy_build.split build/python public/python --piece 1MiB

`friscy run` takes the result as it takes any bundle, from a directory and from a URL.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from friscy.bundle import CHUNKS, INDEX, MANIFEST, open_bundle
from friscy_build.bundle import encode_manifest
from friscy_build.config import parse_size
from lazyfs.errors import FriscyError, UsageError
from lazyfs.split_source import write_pieces

PIECE_BYTES = 1 << 20


def split_bundle(bundle_directory: Path, output: Path, piece_bytes: int = PIECE_BYTES) -> None:
    """Write the bundle in `bundle_directory` to `output`, which must not exist, in split form.

    Every file is checked on the way. FriscyError: it is no whole bundle, or `output` is there already.
    """
    bundle = open_bundle(bundle_directory)
    if piece_bytes < 1:
        raise UsageError(f"pieces of {piece_bytes} bytes")
    if output.exists():
        raise UsageError(f"{output}: is there already", hint="Remove it, or name another place.")
    bundle.verify()
    output.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=output.parent, prefix=f".{output.name}."))
    try:
        files = {name: dict(entry) for name, entry in bundle.manifest["files"].items()}
        for name, file in bundle.files.items():
            if name in (INDEX, CHUNKS) and not file.piece_bytes:
                write_pieces(Path(bundle.path(name)), made / name, piece_bytes)
                files[name]["piece_bytes"] = piece_bytes
            elif file.piece_bytes:
                raise UsageError(f"{bundle_directory}: is in split form already")
            else:
                (made / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(bundle.path(name), made / name)
        manifest = {key: value for key, value in bundle.manifest.items() if key != "crc32"}
        (made / MANIFEST).write_bytes(encode_manifest({**manifest, "files": files}))
        made.chmod(0o755)
        made.rename(output)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise


def main(argv: list[str] | None = None) -> int:
    """The command; its exit status."""
    about = (__doc__ or "").partition("\n")[0]
    parser = argparse.ArgumentParser(prog="python -m friscy_build.split", description=about)
    parser.add_argument("bundle", type=Path, help="a bundle directory")
    parser.add_argument("output", type=Path, help="the directory to make")
    parser.add_argument(
        "--piece", default="1MiB", help="how long a piece is, as 512KiB or 4MiB (default 1MiB)"
    )
    options = parser.parse_args(argv)
    try:
        try:
            piece_bytes = parse_size(options.piece)
        except ValueError as error:
            raise UsageError(f"--piece {options.piece}: {error}") from None
        split_bundle(options.bundle, options.output, piece_bytes)
    except FriscyError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
