"""Where an image's functions are.

Found are: symbols, unwinding information, addresses in data, recorded entries, and whatever these call or jump to.
To miss one, or to take something for a function that is none, is never wrong: a translated function does from
its first pc on what the guest's code there does, and a pc without a function is the interpreter's.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from friscy_build.aot.graph import Graph, build_graph
from friscy_build.aot.image import CodeImage

MAX_FUNCTION_BYTES = 1 << 20
# LLVM's time grows faster than a function does; larger ones stay with the interpreter.
MAX_FUNCTION_INSTRUCTIONS = 8_000


@dataclass(frozen=True, slots=True)
class Function:
    """A guest function, [start, end)."""

    start: int
    end: int
    name: str


class Functions:
    """The functions of an image, found as they are asked for."""

    def __init__(self, image: CodeImage, recorded: Iterable[int] = ()) -> None:
        self.image = image
        self._ends: dict[int, int] = {}
        symbols = image.by_address
        for symbol in symbols.values():
            self._ends[symbol.address] = symbol.address + symbol.nbytes
        for start, end in image.frames():
            self._ends[start] = max(self._ends.get(start, start), end)
        self.recorded = {pc for pc in recorded if image.in_code(pc)}
        # The limits of functions whose length nothing tells.
        self._limits = sorted({*self._ends, *self._ends.values(), *image.pointers(), *self.recorded})
        self._covered = sorted((start, end) for start, end in self._ends.items() if end > start)

    def roots(self) -> set[int]:
        """Every entry that the file or a recording names."""
        return {*self._ends, *self.image.pointers(), *self.recorded}

    def function(self, entry: int) -> Function | None:
        """The function to translate for control that reaches `entry`; None where there is no code."""
        if entry % 2 or not self.image.in_code(entry):
            return None
        end = self._ends.get(entry, entry)
        symbol = self.image.by_address.get(entry)
        name = symbol.name if symbol else f"code_{entry:x}"
        if end <= entry:
            end = self._end_around(entry)
        return Function(entry, min(end, entry + MAX_FUNCTION_BYTES), name)

    def _end_around(self, entry: int) -> int:
        """Where code at an entry without a length ends: with the function it lies in, else at the next limit."""
        at = bisect_right(self._covered, (entry, 1 << 64)) - 1
        if at >= 0 and entry < self._covered[at][1]:
            return self._covered[at][1]
        limit = next(end for start, end in self.image.code_ranges if start <= entry < end)
        at = bisect_right(self._limits, entry)
        return min(limit, self._limits[at]) if at < len(self._limits) else limit

    def enclosing(self, pc: int) -> Function | None:
        """The function that has `pc` in its middle."""
        at = bisect_right(self._covered, (pc, 1 << 64)) - 1
        return self.function(self._covered[at][0]) if at >= 0 and pc < self._covered[at][1] else None

    def graph(self, entry: int) -> Graph | None:
        """The graph of the code at `entry`. A pc in the middle of a function gets all of that function, from there."""
        function = self.function(entry)
        if function is None:
            return None
        start = function.start
        if entry not in self._ends:
            around = self.enclosing(entry)
            if around is not None:
                start = around.start
        return build_graph(self.image, start, function.end, entry)

    def among(self, executed: Collection[int]) -> set[int]:
        """The entries among instructions that were executed: named ones, and those that executed code calls."""
        return set(self.closure(self.roots() & set(executed), executed))

    def closure(self, entries: Iterable[int], within: Collection[int] | None = None) -> dict[int, Graph]:
        """The graphs of `entries` and of all they call or jump to directly, by entry; `within`: only of these pcs."""
        found: dict[int, Graph] = {}
        todo = list(entries)
        while todo:
            entry = todo.pop()
            if entry in found:
                continue
            graph = self.graph(entry)
            if graph is None or not graph.blocks[entry].code:
                continue
            if graph.ninstructions > MAX_FUNCTION_INSTRUCTIONS:
                continue
            found[entry] = graph
            callees = graph.callees() - set(found)
            todo += callees if within is None else callees & set(within)
        return found
