"""python -m friscy_build.interpreter -o FILE: write the interpreter's wasm module."""

from __future__ import annotations

import argparse
from pathlib import Path

from friscy_build.interpreter.build import build_interpreter, emit


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m friscy_build.interpreter", description=__doc__)
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE")
    parser.add_argument("--llvm", action="store_true", help="write the LLVM IR instead")
    options = parser.parse_args()
    if options.llvm:
        options.output.write_text(emit())
        return
    options.output.write_bytes(build_interpreter())


if __name__ == "__main__":
    main()
