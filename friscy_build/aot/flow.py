"""What the analyses of a function share: its blocks in an order, who comes before and after each, what each reads and
writes. Blocks have numbers here, those that control reaches later the lower ones."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import replace
from typing import Any

from friscy_build.aot.effects import NONE, Registers, effects
from friscy_build.aot.graph import CALLS, Block, End, Graph
from friscy_build.aot.order import postorder


class Flow:
    """blocks: in postorder; what control does not reach stands at the end. after, before: numbers of the neighbours.

    reads: registers that a block reads before it writes them. mentioned: those of any instruction.
    leaving: where it jumps to that is no block here; exits: those of them that are aside.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        inside: dict[int, list[int]] = {}
        elsewhere: dict[int, list[int]] = {}  # where a way leads that is no block here
        for pc, block in graph.blocks.items():
            successors = block.successors()
            inside[pc] = here = [target for target in successors if target in graph.blocks]
            if len(here) < len(successors) or block.end is End.OUT:
                elsewhere[pc] = leaving(graph, block)
        order = postorder([graph.entry], inside)
        self.nreached = len(order)
        reached = set(order)
        order += [pc for pc in graph.blocks if pc not in reached]
        number = {pc: k for k, pc in enumerate(order)}
        self.number = number
        self.blocks: list[Block] = [graph.blocks[pc] for pc in order]
        self.after = [[number[target] for target in inside[pc]] for pc in order]
        self.before: list[list[int]] = [[] for _ in order]
        for k, targets in enumerate(self.after):
            for target in targets:
                self.before[target].append(k)
        self.reads: list[Registers] = []
        self.writes: list[Registers] = []
        for block in self.blocks:
            read = wrote = NONE
            for _, i in block.code:
                r, w = i.effects or effects(i)
                read |= r & ~wrote
                wrote |= w
            self.reads.append(read)
            self.writes.append(wrote)
        self.mentioned = NONE
        for each in (*self.reads, *self.writes):
            self.mentioned |= each
        self.leaving = [elsewhere.get(pc, []) for pc in order]
        self.exits = [[to for to in graph.blocks[pc].successors() if to in graph.exits] for pc in order]
        self.calls = [block.end in CALLS for block in self.blocks]

    def on_some_way(self, ends: Callable[[int, Registers], Registers]) -> list[Registers]:
        """What holds at the start of each block on some way there from the entry, of which nothing holds.

        ends: what holds at a block's end, of what holds at its start.
        """
        begins = [NONE] * len(self.blocks)
        changed = True
        while changed:
            changed = False
            for k in range(self.nreached - 1, -1, -1):
                behind = ends(k, begins[k])
                for after in self.after[k]:
                    if behind & ~begins[after]:
                        begins[after] |= behind
                        changed = True
        return begins

    def is_back(self, pc: int, target: int) -> bool:
        """Whether the way from one block to another leads back: each loop has such a way, or a switch.

        Not every jump to a lower address is one: compilers put what is seldom done behind the rest.
        """
        return target >= 0 and pc >= 0 and self.number[target] >= self.number[pc]

    def back_to(self, block: Block) -> list[Block]:
        """The blocks from which ways lead back to `block`, but for system calls, where an interrupt is noticed."""
        before = (self.blocks[k] for k in self.before[self.number[block.pc]])
        return [each for each in before if each.end is not End.SYSCALL and self.is_back(each.pc, block.pc)]

    def loops(self) -> dict[int, set[int]]:
        """The blocks of each loop, by its header, all by number; not of those that are entered elsewhere too."""
        found: dict[int, set[int]] = {}
        entry = self.number[self.graph.entry]
        for header, block in enumerate(self.blocks):
            ends = [k for k in self.before[header] if self.is_back(self.blocks[k].pc, block.pc)]
            if not ends:
                continue
            body = {header}
            while ends:
                k = ends.pop()
                if k not in body:
                    body.add(k)
                    ends += self.before[k]
            if entry not in body:
                found[header] = body
        return found

    def has_inner_loops(self) -> bool:
        """Whether there are loops in loops."""
        loops = self.loops()
        return any(loops.keys() & body - {header} for header, body in loops.items())

    def twin(self) -> Flow:
        """The same function once more."""
        twin = copy(self)
        twin.graph = replace(self.graph, twin=True)
        return twin

    def __reduce__(self) -> tuple[Any, ...]:
        """For worker processes: the graph tells all."""
        return Flow, (self.graph,)


def leaving(graph: Graph, block: Block) -> list[int]:
    """Where control goes from `block` that is no block here, nor aside, by a jump."""
    if block.end in (End.FALL, End.JUMP, End.BRANCH):
        return [pc for pc in block.successors() if pc not in graph.blocks and pc not in graph.exits]
    return [block.next_pc] if block.end is End.OUT else []
