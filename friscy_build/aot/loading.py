"""Where registers are loaded from the hart: as late as possible, and on no way more often than at the function's entry
and behind the calls that may change them.

Most functions return soon, most of the time. What they need on other ways would take registers of the host's, and
parameters of calls. So a load is *put off*: through blocks that do not use the register, to one that does, or to where
ways meet on one of which it was loaded before. (Lazy code motion, by J. Knoop, O. R\u00fcthing and B. Steffen, but for
loads on ways that may do without: they change nothing.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from friscy_build.aot.effects import ALL, NONE, Registers
from friscy_build.aot.flow import Flow
from friscy_build.aot.graph import End

_NOTHING_BETWEEN = (End.TABLE, End.INDIRECT)  # on the ways from these to the next blocks


@dataclass(slots=True)
class Loading:
    """What is loaded, by the pcs of blocks. entry: before the first one. starts: where one starts. ways: on the way
    from one to another. put_off: what is not loaded yet where one ends."""

    entry: Registers = NONE
    starts: dict[int, Registers] = field(default_factory=dict)
    ways: dict[tuple[int, int], Registers] = field(default_factory=dict)
    put_off: dict[int, Registers] = field(default_factory=dict)


def find_loading(
    flow: Flow, held: Sequence[Registers], used: Sequence[Registers], behind: Sequence[Registers], given: Registers
) -> Loading:
    """By the numbers of blocks: held, what is needed in values from its start on; used, what it needs itself, or
    changes; behind, what the hart has of it where it ends in a call. given: what the hart has at the entry."""
    entry = flow.number[flow.graph.entry]
    used, blocks = list(used), flow.blocks
    while True:
        starts, put_off = _put_off(flow, held, used, behind, given)
        found = Loading(entry=held[entry] & given & ~starts[entry])
        stuck = False
        for k in range(flow.nreached):
            for after in flow.after[k]:
                loaded = put_off[k] & held[after] & ~starts[after]
                if not loaded:
                    continue
                if blocks[k].pc < 0 or blocks[k].end in _NOTHING_BETWEEN:
                    used[k] |= loaded
                    stuck = True
                else:
                    found.ways[blocks[k].pc, blocks[after].pc] = loaded
        if not stuck:
            break
    for block, start, use, late in zip(blocks, starts, used, put_off, strict=True):
        if start & use:
            found.starts[block.pc] = start & use
        found.put_off[block.pc] = late
    return found


def _put_off(
    flow: Flow, held: Sequence[Registers], used: Sequence[Registers], behind: Sequence[Registers], given: Registers
) -> tuple[list[Registers], list[Registers]]:
    """What is not loaded yet where blocks start, and where they end."""
    entry = flow.number[flow.graph.entry]
    starts, ends = [NONE] * len(flow.blocks), [ALL] * len(flow.blocks)
    changed = True
    while changed:
        changed = False
        for k in range(flow.nreached - 1, -1, -1):
            start = held[k] & given if k == entry else held[k]
            for before in flow.before[k]:
                start &= ends[before]
            end = start & ~used[k] | behind[k]
            starts[k] = start
            if end != ends[k]:
                ends[k] = end
                changed = True
    return starts, ends
