"""Where a function looks for an interrupt: at the heads of loops, unless a turn looks anyway.

A system call looks, a switch that leads back to itself, and a known function, at its entry, that calls others.
"""

from __future__ import annotations

from collections.abc import Collection

from friscy_build.aot.flow import Flow
from friscy_build.aot.graph import Block


def is_turned_unasked(flow: Flow, header: int, body: Collection[int], asking: Collection[int]) -> bool:
    """Whether a loop can go round without a block that asks. By number: its head, its blocks, and those that ask."""
    seen = set[int]()
    work = [header] if header not in asking else []
    while work:
        for k in flow.after[work.pop()]:
            if k == header:
                return True
            if k in body and k not in asking and k not in seen:
                seen.add(k)
                work.append(k)
    return False


def comes_back_unasked(flow: Flow, block: Block) -> bool:
    """Whether control may come back to a block without a look for an interrupt at a loop's head."""
    seen = set[int]()
    own = flow.number[block.pc]
    work = list(flow.after[own])
    while work:
        k = work.pop()
        if k == own:
            return True
        if k not in seen and not flow.back_to(flow.blocks[k]):
            seen.add(k)
            work += flow.after[k]
    return False
