"""Where a function looks for an interrupt: at the heads of loops, unless a turn looks anyway.

A system call looks, a switch that leads back to itself, and a known function, at its entry, that calls others.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from friscy_build.aot.flow import Flow
from friscy_build.aot.graph import Block


def is_turned_unasked(flow: Flow, header: int, body: Collection[int], asking: Collection[int]) -> bool:
    """Whether a loop can go round without a block that asks. By number: its head, its blocks, and those that ask."""
    return header not in asking and _comes_back(flow, header, lambda k: k in body and k not in asking)


def comes_back_unasked(flow: Flow, block: Block) -> bool:
    """Whether control may come back to a block without a look for an interrupt at a loop's head."""
    return _comes_back(flow, flow.number[block.pc], lambda k: not flow.back_to(flow.blocks[k]))


def _comes_back(flow: Flow, start: int, through: Callable[[int], bool]) -> bool:
    """Whether control may come back to a block by others that it may go `through`."""
    seen = set[int]()
    work = [start]
    while work:
        for k in flow.after[work.pop()]:
            if k == start:
                return True
            if k not in seen and through(k):
                seen.add(k)
                work.append(k)
    return False
