"""What a few functions become, kept as text beside their source: golden/NAME.txt.

python tests/friscy_build/aot/golden.py      # accept what they become now; then read the change in `git diff`
doit golden                                  # the same

Each file has the guest's instructions and the WebAssembly of the form that has them. It shows what a change of the
translator does to its output; that the output is right, other tests say.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from friscy_build.aot.discover import Functions
from friscy_build.aot.image import CodeImage
from friscy_build.aot.module import listing
from friscy_build.isa.disasm import format_instruction

PLACE = Path(__file__).with_name("golden")
SOURCE = PLACE / "functions.S"
COMPILER = "riscv64-linux-gnu-gcc"


def built(directory: Path) -> bytes:
    """The functions as an executable."""
    program = directory / "functions"
    flags = [
        "-nostdlib",
        "-static",
        "-Wl,-Ttext=0x20000,-e,add_shifted,--no-relax,-z,norelro,--build-id=none",
    ]
    subprocess.run([COMPILER, *flags, "-o", program, SOURCE], check=True)
    return program.read_bytes()


def texts() -> dict[str, str]:
    """What the functions become, by name."""
    with tempfile.TemporaryDirectory() as directory:
        image = CodeImage(built(Path(directory)), name="functions")
    functions = Functions(image)
    graphs = sorted(functions.graphs(functions.roots()), key=lambda graph: graph.entry)
    bodies: dict[str, list[str]] = {}
    for line in listing(graphs):
        if not line.startswith(" "):
            bodies[line] = body = []
        else:
            body.append(line)
    found = {}
    for graph in graphs:
        lines = []
        for block in sorted(graph.blocks.values(), key=lambda block: block.pc):
            if block.code:
                lines += [
                    f"{block.pc:x}:",
                    *(f"  {pc:x}  {format_instruction(i, pc)}" for pc, i in block.code),
                ]
        lines += ["", *bodies[f"{graph.entry:x}:"]]
        found[graph.name] = "\n".join(lines).replace("\t", " ") + "\n"
    return found


def accept() -> None:
    """Make the files say what the functions become now."""
    now = texts()
    for path in PLACE.glob("*.txt"):
        if path.stem not in now:
            path.unlink()
    for name, text in now.items():
        (PLACE / f"{name}.txt").write_text(text)
    print(f"{len(now)} functions accepted; see: git diff {PLACE}")


if __name__ == "__main__":
    sys.exit(accept())
