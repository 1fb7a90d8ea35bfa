"""Large functions in parts: each part becomes a WebAssembly function of its own, and tail-calls the others.

Compilers take more than linear time for a function, and an interpreter's loop (CPython's has 15,000 instructions)
makes a poor WebAssembly function: whatever lives in a register is live at each of its hundreds of dispatches.

A part has one entry, its head. Parts are subtrees of the dominator tree, less the subtrees of other heads: then
control can come into a part at its head alone, once every target of a jump between two parts is a head too. For an
interpreter's loop this gives a part for each of its instructions, with an entry in the code map, and dispatching is
a load and an indirect tail call.
"""

from __future__ import annotations

from collections.abc import Collection

from friscy_build.aot.graph import Graph
from friscy_build.aot.order import postorder

ROOT = -1  # of the dominator tree: before the entry and all heads that were asked for
# What is this small is copied into the parts that jump to it, where few do.
COPY_INSTRUCTIONS, COPIES_INSTRUCTIONS = 12, 400


def dominators(graph: Graph, heads: Collection[int]) -> dict[int, int]:
    """The immediate dominator of each block that control reaches from `heads`; ROOT for those without any.

    Cooper, Harvey and Kennedy, "A Simple, Fast Dominance Algorithm".
    """
    after = {pc: graph.inside(block) for pc, block in graph.blocks.items()}
    order = postorder(heads, after)
    number = {pc: k for k, pc in enumerate(order)}
    number[ROOT] = len(order)
    before: dict[int, list[int]] = {pc: [] for pc in order}
    for head in set(heads):
        before[head].append(ROOT)
    for pc in order:
        for target in after[pc]:
            before[target].append(pc)
    found: dict[int, int] = {ROOT: ROOT}
    changed = True
    while changed:
        changed = False
        for pc in reversed(order):
            best: int | None = None
            for other in before[pc]:
                if other not in found:
                    continue
                if best is None:
                    best = other
                    continue
                while best != other:
                    while number[best] < number[other]:
                        best = found[best]
                    while number[other] < number[best]:
                        other = found[other]
            assert best is not None
            if found.get(pc) != best:
                found[pc] = best
                changed = True
    del found[ROOT]
    return found


class _Splitter:
    def __init__(self, graph: Graph, limit: int, heads: Collection[int]) -> None:
        self.graph, self.limit = graph, limit
        self.heads = {graph.entry, *heads}
        self.parent = dominators(graph, self.heads)
        self.children: dict[int, list[int]] = {ROOT: []}
        for pc in self.parent:
            self.children[pc] = []
        for pc, parent in self.parent.items():
            self.children[parent].append(pc)
        self.order: list[int] = []  # parents first
        pending = [ROOT]
        while pending:
            pc = pending.pop()
            self.order.append(pc)
            pending += self.children[pc]
        self.order.remove(ROOT)
        self.size = {pc: len(graph.blocks[pc].code) for pc in self.parent}
        self.heads |= set(self.children[ROOT])

    def parts(self) -> dict[int, int]:
        """The head of each block's part."""
        while True:
            head_of = self.close()
            sizes: dict[int, int] = {}
            for pc, head in head_of.items():
                sizes[head] = sizes.get(head, 0) + self.size[pc]
            large = {head for head, size in sizes.items() if size > self.limit}
            before = len(self.heads)
            self.cut(head_of, large)
            if len(self.heads) == before:
                return head_of

    def close(self) -> dict[int, int]:
        """Make heads of all blocks that another part jumps to."""
        while True:
            head_of: dict[int, int] = {}
            for pc in self.order:
                head_of[pc] = pc if pc in self.heads else head_of[self.parent[pc]]
            found = {
                target
                for pc, head in head_of.items()
                for target in self.graph.inside(self.graph.blocks[pc])
                if head_of[target] != head and target not in self.heads
            }
            if not found:
                return head_of
            self.heads |= found

    def cut(self, head_of: dict[int, int], large: set[int]) -> None:
        """Take subtrees off the parts that are too large: the largest that are small enough, from below."""
        rest = {pc: self.size[pc] for pc in self.order}  # of the subtree, without what is cut off
        for pc in reversed(self.order):
            if head_of[pc] not in large:
                continue
            mine = [child for child in self.children[pc] if child not in self.heads]
            for child in mine:
                rest[pc] += rest[child]
            for child in sorted(mine, key=lambda child: -rest[child]):
                if rest[pc] <= self.limit:
                    break
                self.heads.add(child)
                rest[pc] -= rest[child]


def _copy_small(parts: dict[int, Graph]) -> None:
    """Put small parts into those that jump to them, so that a shared end of two instructions costs no call."""
    leaving = {head: _leaves_to(part) for head, part in parts.items()}
    for head, small in sorted(parts.items()):
        size = small.ninstructions
        if (
            size > COPY_INSTRUCTIONS
            or head in leaving[head]
            or any(pc in small.blocks for pc in leaving[head])
        ):
            continue
        users = [other for other in parts if head in leaving[other] and other != head]
        if size * len(users) > COPIES_INSTRUCTIONS:
            continue
        for other in users:
            if not set(small.blocks) & set(parts[other].blocks):
                parts[other].blocks.update(small.blocks)


def _leaves_to(part: Graph) -> set[int]:
    return {
        pc
        for block in part.blocks.values()
        if not block.targets
        for pc in block.successors()
        if pc not in part.blocks
    }


def split(graph: Graph, limit: int, heads: Collection[int] = ()) -> dict[int, Graph]:
    """`graph` in parts of at most about `limit` instructions, by their entries; `heads` are to be entries too."""
    head_of = _Splitter(graph, limit, [pc for pc in heads if pc in graph.blocks]).parts()
    parts: dict[int, Graph] = {}
    for pc in sorted(head_of):
        head = head_of[pc]
        part = parts.setdefault(head, Graph(graph.start, graph.end, head))
        part.blocks[pc] = graph.blocks[pc]
    _copy_small(parts)
    return parts
