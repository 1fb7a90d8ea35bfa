"""`rv2wasm`: translate one RISC-V ELF file to one WebAssembly module."""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from friscy.kernel import elf
from friscy.machine.layout import PAGE
from friscy_build.aot.jobs import PIECE_INSTRUCTIONS, plan, translate_units
from friscy_build.aot.module import Translated
from friscy_build.cache import replacing
from friscy_build.console import Shown, showing
from friscy_build.translation.executor import executor
from friscy_build.translation.translate import options_for
from friscy_build.wasm.binary import custom_section
from lazyfs.errors import FriscyError

ENTRIES_SECTION = "friscy.entries"
DEFAULT_BASE = 0x0200_0000
EPILOG = """\
The module has all functions that are found. It imports what those of a bundle do (memory, table, table_base and the
interpreter's helpers), puts its functions into the table, and lists the guest addresses of these in its custom section
friscy.entries, four bytes each, in the order of their slots. `friscy inspect --code` shows functions of a bundle.

examples:
  rv2wasm hello -o hello.wasm
  rv2wasm libz.so.1 -o libz.wasm --base 0x3000000
  rv2wasm program -o program.wasm --faults precise"""


def main(arguments: list[str] | None = None) -> int:
    """Run the command; its exit status."""
    parser = argparse.ArgumentParser(
        prog="rv2wasm",
        description="Translate one RISC-V ELF file to one WebAssembly module.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("elf", type=Path, help="an RV64GC program or shared object")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the WebAssembly module to write")
    parser.add_argument(
        "--base",
        type=lambda text: int(text, 0),
        default=DEFAULT_BASE,
        help=f"where a position-independent file will lie (default {DEFAULT_BASE:#x})",
    )
    parser.add_argument(
        "--faults",
        choices=("auto", "fast", "precise"),
        default="auto",
        help="precise: handlers of SIGSEGV see every register (default: auto, precise for what Go made)",
    )
    options = parser.parse_args(arguments)
    if options.base % PAGE:
        parser.error(f"--base must be a multiple of {PAGE:#x}")
    try:
        data = options.elf.read_bytes()
        with showing("translating") as shown:
            translated = translate_file(data, options.base, str(options.elf), options.faults, shown)
        with replacing(options.output) as file:
            file.write(translated.wasm)
    except (FriscyError, ValueError) as error:
        print(f"rv2wasm: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"rv2wasm: {error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    print(
        f"{options.output}: {len(translated.entries)} functions, {translated.ninstructions} instructions, "
        f"{len(translated.wasm)} bytes"
    )
    return 0


def translate_file(data: bytes, base: int, name: str, faults: str, progress: Shown) -> Translated:
    """All of an ELF file as one module, with its entries in a custom section `friscy.entries` (u32 each).

    base: where a position-independent file will lie; a file linked at an address keeps that. Raises FriscyError, or
    ValueError, where it is none.
    """
    relocatable = elf.parse(lambda at, n: data[at : at + n], len(data), name).relocatable
    options = options_for(data, faults)
    units = list(plan(data, base if relocatable else None, name=name, options=options, whole=True))
    if not units:
        raise ValueError(f"{name}: no code is found in it")
    with ExitStack() as stack:
        jobs = None
        if units[0].ninstructions > PIECE_INSTRUCTIONS:
            jobs = stack.enter_context(executor(None))
        (translated,) = translate_units(
            units, executor=jobs, progress=lambda done, total: progress(name, done, total)
        )
    entries = b"".join(pc.to_bytes(4, "little") for pc in translated.entries)
    return replace(translated, wasm=translated.wasm + custom_section(ENTRIES_SECTION, entries))


if __name__ == "__main__":
    raise SystemExit(main())
