"""One function side by side: the guest's instructions, what they mean as LLVM IR, and their WebAssembly."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import zip_longest

from friscy.bundle import CODE, Bundle
from friscy.machine.code_file import read_code_file
from friscy_build.aot.discover import Functions
from friscy_build.aot.graph import Graph
from friscy_build.aot.image import CodeImage
from friscy_build.aot.module import Options, listing
from friscy_build.isa.disasm import format_instruction
from friscy_build.translation.ir import ir_listing
from friscy_build.translation.placing import Files
from lazyfs.errors import UsageError

_COLUMNS = ("guest", "LLVM IR", "WebAssembly")


@dataclass(frozen=True)
class Explained:
    """A function's three forms, a list of lines each. path: the file of the image it is in."""

    path: str
    name: str
    entry: int
    guest: list[str]
    ir: list[str]
    wasm: list[str]

    def text(self, columns: int) -> list[str]:
        """Lines of a terminal that is `columns` wide."""
        width = max((columns - 6) // 3, 24)
        rows = [_COLUMNS, tuple("-" * len(title) for title in _COLUMNS)]
        rows += zip_longest(self.guest, self.ir, self.wasm, fillvalue="")
        heading = f"{self.path}: {self.name} at {self.entry:#x}"
        return [heading, ""] + [
            "   ".join(cell.expandtabs(8)[:width].ljust(width) for cell in row).rstrip() for row in rows
        ]

    def page(self) -> str:
        """The same as an HTML page."""
        cells = "".join(
            f"<td><h2>{html.escape(title)}</h2><pre>{html.escape(chr(10).join(lines))}</pre></td>"
            for title, lines in zip(_COLUMNS, (self.guest, self.ir, self.wasm), strict=True)
        )
        title = html.escape(f"{self.path}: {self.name}")
        return (
            f"<!doctype html><meta charset=utf-8><title>{title}</title>"
            f"<style>td{{vertical-align:top;padding-right:2em}}</style><h1>{title}</h1><table><tr>{cells}</tr></table>\n"
        )


def explain(bundle: Bundle, symbol: str) -> list[Explained]:
    """The functions called `symbol`, or at the address 0x..., in the files with translated code.

    UsageError: the bundle has no translated code, or none has such a function.
    """
    if not bundle.has(CODE):
        raise UsageError(f"{bundle.directory}: has no translated code")
    code = read_code_file(bundle.path(CODE), bundle.files[CODE].size)
    files = Files.of(bundle)
    try:
        found = []
        for row in code.images:
            image = CodeImage(files.read(row.inodes[0]), row.low, name=row.path)
            found += [_explain(image, row.path, entry) for entry in _addresses(image, symbol)]
    finally:
        files.close()
    if not found:
        paths = ", ".join(row.path for row in code.images)
        raise UsageError(f"no function {symbol} in {paths}", hint="An address works too: --code 0x12345.")
    return found


def _addresses(image: CodeImage, symbol: str) -> list[int]:
    if re.fullmatch(r"0x[0-9a-fA-F]+", symbol):
        address = int(symbol, 16)
        return [address] if image.in_code(address) else []
    wanted = {each.address for each in image.symbols() if symbol in (each.name, each.name.partition("@")[0])}
    return sorted(wanted)


def _explain(image: CodeImage, path: str, entry: int) -> Explained:
    functions = Functions(image, [entry])
    graphs = list(functions.graphs([entry], [entry]))
    function = functions.function(entry)
    name = function.name if function is not None else f"code_{entry:x}"
    ir = [line for graph in graphs for line in ir_listing(graph, name)]
    return Explained(path, name, entry, guest_code(graphs), ir, listing(graphs, Options()))


def guest_code(graphs: Iterable[Graph]) -> list[str]:
    """The guest's blocks in order, each instruction once, whatever is written twice."""
    lines: list[str] = []
    blocks = (block for graph in graphs for block in graph.blocks.values())
    for block in sorted(blocks, key=lambda each: each.pc):
        if block.code and block.code[0][0] == block.pc:
            lines.append(f"{block.pc:x}:")
            lines += (f"  {pc:x}\t{format_instruction(i, pc)}" for pc, i in block.code)
    return lines
