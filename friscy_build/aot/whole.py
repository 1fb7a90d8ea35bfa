"""The parts of a split function (`split`) taken together again, for what is true of the function as a whole."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

from friscy_build.aot.effects import Registers
from friscy_build.aot.flow import Flow
from friscy_build.aot.graph import Block, End
from friscy_build.aot.tables import Table


def by_function(flows: Iterable[Flow]) -> Collection[list[Flow]]:
    """The flows of each function: of its parts, or the one of it all; not of entries in the middle, nor of twins."""
    found: dict[int, list[Flow]] = {}
    for flow in flows:
        if not flow.graph.resume and not flow.graph.twin:
            found.setdefault(flow.graph.start, []).append(flow)
    return found.values()


class Whole:
    """A function's blocks, those of all its parts, numbered through as in their flows.

    after: the neighbours, over jumps from part to part too, but for those by tables. tables: the blocks that go by one;
    led_to: where it leads. firsts: the numbers of the parts' first blocks, by their addresses. entry: the function's.
    """

    def __init__(self, parts: Sequence[Flow]) -> None:
        self.blocks: list[Block] = []
        self.after: list[list[int]] = []
        self.writes: list[Registers] = []
        self.reads: list[Registers] = []
        self.firsts: dict[int, int] = {}
        for flow in parts:
            begin = len(self.blocks)
            self.firsts[flow.graph.entry] = begin + flow.number[flow.graph.entry]
            self.blocks += flow.blocks
            self.after += [[begin + k for k in after] for after in flow.after]
            self.writes += flow.writes
            self.reads += flow.reads
        leaving = [targets for flow in parts for targets in flow.leaving]
        self.tables: dict[Table, list[int]] = {}
        self.led_to: dict[Table, list[int]] = {}
        for k, block in enumerate(self.blocks):
            self.after[k] += [self.firsts[pc] for pc in leaving[k] if pc in self.firsts]
            if block.way is not None:
                self.tables.setdefault(block.way.table, []).append(k)
        if self.tables:
            number = {block.pc: k for k, block in enumerate(self.blocks)} | self.firsts
            self.led_to = {
                table: [number[pc] for pc in dict.fromkeys(table.targets) if pc in number] for table in self.tables
            }
        self.entry = self.firsts.get(parts[0].graph.start)

    @staticmethod
    def hold_on_all_ways(
        begins: list[Registers | None],
        starts: Iterable[tuple[int, Registers]],
        behind: Callable[[int, Registers], Iterable[tuple[int, Registers]]],
    ) -> None:
        """Have `begins` say what holds of registers at blocks' starts on all ways there; None: no way is seen.

        starts: blocks, and what holds there. behind: of a block, and what holds where it starts: where control goes on,
        and what holds there.
        """
        pending = list(starts)
        while pending:
            k, arriving = pending.pop()
            known = begins[k]
            here = arriving if known is None else known & arriving
            if here != known:
                begins[k] = here
                pending += behind(k, here)

    @property
    def goes_astray(self) -> bool:
        """Whether some jump of it may lead anywhere in it, as far as one can see."""
        return any(
            (block.vague or (block.end is End.INDIRECT and not block.targets))
            and block.way is None
            and block.stub is None
            for block in self.blocks
        )
