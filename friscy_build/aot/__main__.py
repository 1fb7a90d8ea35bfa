"""`rv2wasm`: translate one RISC-V ELF file to one WebAssembly module."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from friscy.machine.layout import PAGE
from friscy_build.aot.module import translate_file
from lazyfs.errors import FriscyError

DEFAULT_BASE = 0x0200_0000


def main(arguments: list[str] | None = None) -> int:
    """Run the command; its exit status."""
    parser = argparse.ArgumentParser(prog="rv2wasm", description=__doc__)
    parser.add_argument("elf", type=Path, help="an RV64GC program or shared object")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the WebAssembly module to write")
    parser.add_argument(
        "--base",
        type=lambda text: int(text, 0),
        default=DEFAULT_BASE,
        help=f"where a position-independent file will lie (default {DEFAULT_BASE:#x})",
    )
    options = parser.parse_args(arguments)
    if options.base % PAGE:
        parser.error(f"--base must be a multiple of {PAGE:#x}")
    try:
        translated = translate_file(options.elf.read_bytes(), options.base, name=str(options.elf))
        options.output.write_bytes(translated.wasm)
    except (FriscyError, OSError, ValueError) as error:
        print(f"rv2wasm: {error}", file=sys.stderr)
        return 2
    print(
        f"{options.output}: {len(translated.entries)} functions, {translated.ninstructions} instructions, "
        f"{len(translated.wasm)} bytes"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
