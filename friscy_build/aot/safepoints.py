"""Where a function looks for an interrupt: once in each turn of each loop.

A system call looks, a switch that leads back to itself, and a known function, at its entry, that calls others. Where
a turn passes none of these, accesses look whose bases have to be compared with the end of the guest's range anyway:
they take the end from the hart, where it is 0 for one who is interrupted. Where there are none, the loop's head looks.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Set
from dataclasses import dataclass

from friscy_build.aot.bases import Bases, Facts, offset_of
from friscy_build.aot.copies import find_copies
from friscy_build.aot.effects import SP, is_access
from friscy_build.aot.float_runs import may_have_runs
from friscy_build.aot.flow import Flow
from friscy_build.aot.graph import Block, End

_TRIED = 8  # blocks of a loop, one by one


@dataclass(frozen=True, slots=True)
class Look:
    """The place in its block of an access that looks. stored: whether its loop stores in each turn."""

    place: int
    stored: bool


class Looks:
    """The looks of a function. unasked: loops' heads that need none of their own, by pc. calls: blocks that look by
    the calls they end with, by pc. accesses: by a block's pc, the one of it that looks."""

    def __init__(self, flow: Flow, bases: Bases, calls: Set[int], counting: Set[int] = frozenset()) -> None:
        """calls: the numbers of blocks whose calls look. counting: of loops' heads that look now and
        then, or end soon."""
        self._flow, self._bases = flow, bases
        self._places: dict[int, int | None] = {}
        self.unasked: set[int] = set()
        self.calls: set[int] = set()
        self.accesses: dict[int, Look] = {}
        self.unasked |= {flow.blocks[k].pc for k in counting}
        asking = set(calls)
        for header, body in flow.loops().items():  # inner ones come before those around them
            if header in counting:
                continue
            if is_turned_unasked(flow, header, body, asking):
                found = self._find(header, body, asking)
                if not found:
                    asking.add(header)  # it looks itself, each time that a loop around it comes there
                    continue
                asking |= found
                stored = stores(flow, flow.blocks[header])
                for k in found:
                    place = self._place(k)
                    assert place is not None
                    self.accesses[flow.blocks[k].pc] = Look(place, stored)
            self.unasked.add(flow.blocks[header].pc)
            self.calls |= {flow.blocks[k].pc for k in body & calls}

    def _place(self, number: int) -> int | None:
        if number not in self._places:
            block = self._flow.blocks[number]
            self._places[number] = first_check(block, self._bases.at[block.pc])
        return self._places[number]

    def _find(self, header: int, body: Set[int], asking: Set[int]) -> Set[int]:
        """The blocks whose accesses are to look in a loop: one that each turn passes, or else all."""
        checks = [k for k in sorted(body - asking, reverse=True) if self._place(k) is not None]
        for k in checks[:_TRIED]:
            if not is_turned_unasked(self._flow, header, body, asking | {k}):
                return {k}
        everywhere = asking | set(checks)
        return set() if is_turned_unasked(self._flow, header, body, everywhere) else set(checks)


def is_turned_unasked(flow: Flow, header: int, body: Collection[int], asking: Collection[int]) -> bool:
    """Whether a loop can go round without a block that asks. By number: its head, its blocks, and those that ask."""
    return header not in asking and _comes_back(flow, header, lambda k: k in body and k not in asking)


def comes_back_unasked(flow: Flow, block: Block) -> bool:
    """Whether control may come back to a block without a look for an interrupt in a loop."""
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


def stores(flow: Flow, head: Block) -> bool:
    """Whether a loop's first block stores to memory, or one that leads back to it. The host's compiler then takes no
    load of one turn for the same as that of another."""
    return any(
        i.row.extension == "A" or i.row.name in ("sb", "sh", "sw", "sd", "fsw", "fsd")
        for block in (head, *flow.back_to(head))
        for _, i in block.code
    )


def first_check(block: Block, facts: Facts) -> int | None:
    """The place in a block of the first access that looks whether its base is in the guest's range, if that is
    written once and as its instruction has it. facts: what is known at the block's start."""
    if block.end in (End.RETURN, End.TABLE, End.INDIRECT) or block.stub is not None:
        return None
    facts = facts.copy()
    for k, (pc, i) in enumerate(block.code):
        if is_access(i) and i.rs1 not in (0, SP) and not facts.holds(i.rs1, offset_of(i)):
            copied = any(first <= k < first + copy.nbytes for first, copy in find_copies(block.code).items())
            return None if copied or may_have_runs(block.code) else k
        facts.follow(i, pc)
    return None
