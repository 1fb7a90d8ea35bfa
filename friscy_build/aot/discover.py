"""Where an image's functions are.

Found are: symbols, unwinding information, addresses in data, recorded entries, and whatever these call or jump to.
To miss one, or to take something for a function that is none, is never wrong: a translated function does from
its first pc on what the guest's code there does, and a pc without a function is the interpreter's.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from friscy_build.aot.collecting import uncollected
from friscy_build.aot.entrances import with_single_entrances
from friscy_build.aot.graph import Graph, build_graph, close, resumable, share_tables
from friscy_build.aot.image import CodeImage
from friscy_build.aot.returns import with_ends_apart
from friscy_build.aot.split import split

MAX_FUNCTION_BYTES = 1 << 20
# The host's compiler takes more than linear time for a function; larger ones are split into parts of at most so many.
MAX_FUNCTION_INSTRUCTIONS = 6_000


@dataclass(frozen=True, slots=True)
class Function:
    """A guest function, [start, end)."""

    start: int
    end: int
    name: str


def likely_calls(seen: Mapping[int, Collection[int]]) -> dict[int, int]:
    """Where the indirect calls and jumps of one target only are likely to go. seen: by pc, where each went."""
    return {pc: min(targets) for pc, targets in seen.items() if len(targets) == 1}


class Functions:
    """The functions of an image, found as they are asked for. limit: instructions of the largest that is not split.

    calls: where indirect calls and jumps are likely to go (`likely_calls`). ran: the instructions that the build saw
    run, if it looked.
    """

    def __init__(
        self,
        image: CodeImage,
        recorded: Iterable[int] = (),
        limit: int = MAX_FUNCTION_INSTRUCTIONS,
        calls: Mapping[int, int] | None = None,
        ran: Collection[int] = (),
    ) -> None:
        self.image, self.limit, self._calls, self._ran = image, limit, calls or {}, ran
        self._ends: dict[int, int] = {}
        symbols = image.by_address
        for symbol in symbols.values():
            self._ends[symbol.address] = symbol.address + symbol.nbytes
        for start, end in image.frames():
            self._ends[start] = max(self._ends.get(start, start), end)
        self.recorded: set[int] = set()
        self._limits: list[int] = []  # of functions whose length nothing tells
        # By [start, end), and then by entries.
        self._built: dict[tuple[int, int], dict[tuple[int, ...], Graph]] = {}
        self._parts: dict[tuple[int, int], dict[tuple[int, ...], list[Graph]]] = {}
        self.record(recorded)
        self._covered = sorted((start, end) for start, end in self._ends.items() if end > start)

    def record(self, pcs: Iterable[int]) -> None:
        """Take these for entries from now on."""
        self.recorded |= {pc for pc in pcs if self.image.in_code(pc)}
        self._limits = sorted({*self._ends, *self._ends.values(), *self.image.pointers(), *self.recorded})

    def _graph(self, start: int, end: int, *entries: int) -> Graph:
        """A graph of its own each time, of blocks that are found once."""
        known = self._built.setdefault((start, end), {})
        built = known.get(entries)
        if built is None:
            built = known[entries] = build_graph(
                self.image, start, end, *entries, calls=self._calls, ran=self._ran
            )
        return replace(built, blocks=dict(built.blocks))

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

    def _home(self, entry: int) -> tuple[int, int] | None:
        """[start, end) of the code to translate `entry` with: the function it starts, or else the one around it."""
        function = self.function(entry)
        if function is None:
            return None
        around = None if entry in self._ends else self.enclosing(entry)
        return (around.start if around else function.start), function.end

    def _graphs(self, start: int, end: int, entries: Collection[int], *, last: bool) -> Iterator[Graph]:
        """What to translate so that control can enter the function [start, end) at `entries`.

        Those in the middle of a function get one that can be entered at any of them, or parts of their own.
        """
        home, key = (start, end), tuple(sorted(entries))
        known = self._parts.setdefault(home, {})
        found = known.get(key)
        if found is None:
            graphs = (close(share_tables(graph)) for graph in self._find(start, end, entries))
            found = known[key] = [with_ends_apart(with_single_entrances(graph)) for graph in graphs]
        if last:
            self._built.pop(home, None)
            self._parts.pop(home, None)
        for graph in found:
            yield graph if last else replace(graph, blocks=dict(graph.blocks))

    def _find(self, start: int, end: int, entries: Collection[int]) -> Iterator[Graph]:
        middle = sorted(set(entries) - {start})
        if start in entries:
            graph = self._graph(start, end)
            if graph.ninstructions > self.limit:
                whole = self._graph(start, end, start, *middle)
                yield from split(whole, self.limit, middle).values()
                return
            symbol = self.image.by_address.get(start)
            graph.name = symbol.name if symbol else ""
            yield graph
        if not middle:
            return
        graph = self._graph(start, end, *middle)
        if graph.ninstructions > self.limit:
            parts = split(graph, self.limit, middle)
            if start in entries:
                parts.pop(start, None)  # it is there already
            yield from parts.values()
        else:
            yield resumable(share_tables(graph), middle)

    def among(self, executed: Collection[int]) -> set[int]:
        """The entries among instructions that were executed: named ones, and those that executed code calls."""
        ran = set(executed)
        return {pc for graph in self.graphs(self.roots() & ran, ran) for pc in graph.entries} & ran

    def touched(self, executed: Collection[int]) -> set[int]:
        """The functions among instructions that were executed, and those that they call directly: the next run may
        take that way. Not what those call in turn: that is half as much again, most of it for what never happens.
        """
        with uncollected():
            entries = self.among(executed)
            return entries.union(*(graph.callees() for graph in self.graphs(entries, entries)))

    def graphs(
        self, entries: Iterable[int], within: Collection[int] | None = None, *, last: bool = False
    ) -> Iterator[Graph]:
        """The graphs of `entries` and of all they call or jump to directly; `within`: only of these pcs.

        last: nobody asks again, so that what is given is not kept.
        """
        allowed = None if within is None else set(within)
        done: set[int] = set()
        waiting = set(entries)
        while waiting:
            homes: dict[tuple[int, int], set[int]] = {}
            for pc in waiting:
                home = self._home(pc)
                if home is not None:
                    homes.setdefault(home, set()).add(pc)
            done |= waiting
            waiting = set()
            for (start, end), wanted in sorted(homes.items()):
                for graph in self._graphs(start, end, wanted, last=last):
                    own = set(graph.entries)
                    if any(graph.blocks[pc].code for pc in own) and (own <= wanted or not own <= done):
                        done |= own
                        callees = graph.callees()
                        waiting |= callees if allowed is None else callees & allowed
                        yield graph
            waiting -= done
