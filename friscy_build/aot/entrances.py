"""Loops with one way in: what lies between other ways in and a loop's head is there twice.

WebAssembly's loops have one way in. A compiler that has turned a loop round, or has followed a variable's value through
a switch in it, leaves several:

    j test              # into the middle of the loop
    again: ...
    test: lbu a5, 0(a0); bnez a5, again

One of those blocks becomes the head. What control goes through from the others until it comes there is copied, for
those who come from outside, and the loop is as it was. Where that is too much, `structure` has each turn ask where it
goes on.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from friscy_build.aot.graph import CALLS, End, Graph, copy_name
from friscy_build.aot.order import entrances, loops, postorder

_FIRST = 2  # of the copies' numbers
_MOST, _SHARE = 128, 4  # instructions copied for a loop; for all, of the function's: one of so many
_CALL = 8  # instructions that a call is like
_SWITCHES = (End.TABLE, End.INDIRECT)  # they go where their table says


def with_single_entrances(graph: Graph) -> Graph:
    """The same function, in which most loops have one way in."""
    if graph.resume or graph.entry != graph.start:
        return graph
    if all(target > pc for pc, block in graph.blocks.items() for target in block.successors()):
        return graph  # no loop goes round without a way to a lower address
    after = {pc: graph.inside(block) for pc, block in graph.blocks.items()}
    if not _is_entered_twice(graph.entry, after):
        return graph
    copier = _Copier(graph, after)
    copier.run()
    return replace(graph, blocks=copier.blocks)


def _is_entered_twice(entry: int, after: Mapping[int, Sequence[int]]) -> bool:
    """Whether some loop may be entered in its middle. after: successors."""
    order = postorder([entry], after)
    number = {pc: k for k, pc in enumerate(order)}
    before: dict[int, list[int]] = {pc: [] for pc in order}
    backs: dict[int, list[int]] = {}
    for pc in order:
        for target in after[pc]:
            before[target].append(pc)
            if number[target] >= number[pc]:
                backs.setdefault(target, []).append(pc)
    for head, work in backs.items():
        body = {head}
        while work:
            pc = work.pop()
            if pc not in body:
                if number[pc] > number[head]:
                    return True  # it does not come by the head, which is left after what it leads to
                body.add(pc)
                work += before[pc]
    return False


class _Plan(NamedTuple):
    """The head of a loop, what is copied for the other ways in, and how many instructions that is like."""

    head: int
    copied: set[int]
    cost: int


class _Copier:
    """blocks: of the function, with the copies."""

    def __init__(self, graph: Graph, after: dict[int, list[int]]) -> None:
        """after: successors; those of the copies are added."""
        self.blocks = dict(graph.blocks)
        self._graph, self._after = graph, after
        self._number = _FIRST
        self._left = max(_MOST, graph.ninstructions // _SHARE)

    def run(self) -> None:
        work: list[set[int]] = [set(self.blocks)]
        while work:
            for loop in loops(work.pop(), self._after):
                ways_in = entrances(loop, self._after) | loop & {self._graph.entry}
                if not ways_in or all(self.blocks[pc].cold for pc in loop):
                    continue  # nobody comes there, or seldom
                plans = [self._plan(loop, ways_in, head) for head in sorted(ways_in)]
                best = min((plan for plan in plans if plan is not None), key=lambda plan: plan.cost, default=None)
                if len(ways_in) < 2 or best is None or best.cost > self._left:
                    work.append(loop - ways_in)
                    continue
                self._left -= best.cost
                work += [loop - {best.head}, self._copy(loop, best.copied)]

    def _plan(self, loop: Collection[int], ways_in: set[int], head: int) -> _Plan | None:
        """What it takes to make one of its ways in the head of a loop; None: too much."""
        others = ways_in - {head}
        if self._graph.entry in others or any(
            self.blocks[pc].end in _SWITCHES and not others.isdisjoint(targets)
            for pc, targets in self._after.items()
            if pc not in loop
        ):
            return None  # there they are named by their addresses
        copied, work, cost = set[int](), list(others), 0
        while work:
            pc = work.pop()
            if pc in copied:
                continue
            block = self.blocks[pc]
            copied.add(pc)
            cost += len(block.code) + (_CALL if block.end in CALLS else 0)
            if block.end in _SWITCHES or not block.code or cost > _MOST:
                return None
            work += [target for target in self._after[pc] if target in loop and target != head]
        return _Plan(head, copied, cost)

    def _copy(self, loop: Collection[int], copied: set[int]) -> set[int]:
        """Copy blocks of a loop for those who come from outside. Their names."""
        to = {pc: copy_name(pc, self._number) for pc in copied}
        self._number += 1
        made = [replace(self.blocks[pc].going(to), pc=to[pc]) for pc in copied]
        for pc, targets in self._after.items():
            if pc not in loop and not copied.isdisjoint(targets):
                made.append(self.blocks[pc].going(to))
        self.blocks |= {block.pc: block for block in made}
        for block in made:
            self._after[block.pc] = [pc for pc in block.successors() if pc in self.blocks]
        return set(to.values())
