"""The blocks of a function as nested blocks and loops, which is all that WebAssembly has.

Ramsey, "Beyond Relooper" (2022): the dominator tree gives the nesting. A block that several others go to stands behind
a `block` around all of them; a loop's first block begins a `loop`. Where a loop has several ways in, they are made
one first: whoever goes to one of its entries says which, and a new block goes on there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from friscy_build.aot.order import entrances, loops, postorder


class Structure:
    """order: blocks in reverse postorder. position: their places in it. children: of the dominator tree, in order.
    headers: blocks that a loop begins with. merges: blocks that need a label, for several go there, or a table.
    dispatch: new blocks, and where each may go on. by_way: (from, to) of the edges that go by way of a new block."""

    def __init__(
        self, entry: int, after: Mapping[int, Sequence[int]], switches: frozenset[int] = frozenset()
    ) -> None:
        """after: successors of each block; nothing goes to `entry`. switches: blocks that end with a table."""
        self.entry, self.dispatch = entry, dict[int, list[int]]()
        self.by_way: dict[tuple[int, int], int] = {}
        self._after = after
        self._arrange()
        if self._irreducible():
            copied = {pc: list(dict.fromkeys(after[pc])) for pc in self.order}
            _Reducer(self, copied).reduce()
            self._after = copied
            self._arrange()
            assert not self._irreducible()
            switches = switches | frozenset(self.dispatch)
        self._nest(switches)

    def _arrange(self) -> None:
        """Reverse postorder and dominators."""
        after = self._after
        order = postorder([self.entry], after)
        order.reverse()
        self.order = order
        self.position = position = {pc: k for k, pc in enumerate(order)}
        before: list[list[int]] = [[] for _ in order]
        for pc in order:
            for target in after[pc]:
                before[position[target]].append(position[pc])
        self._before = before
        dominator = [-1] * len(order)
        dominator[0] = 0
        changed = True
        while changed:
            changed = False
            for k in range(1, len(order)):
                best = -1
                for other in before[k]:
                    if dominator[other] < 0:
                        continue
                    if best < 0:
                        best = other
                        continue
                    while best != other:
                        while other > best:
                            other = dominator[other]
                        while best > other:
                            best = dominator[best]
                if dominator[k] != best:
                    dominator[k] = best
                    changed = True
        self._dominator = dominator

    def _irreducible(self) -> bool:
        """Whether some way back leads into the middle of a loop."""
        for k, sources in enumerate(self._before):
            for source in sources:
                if source >= k:
                    at = source
                    while at > k:
                        at = self._dominator[at]
                    if at != k:
                        return True
        return False

    def _nest(self, switches: frozenset[int]) -> None:
        order = self.order
        self.children: dict[int, list[int]] = {pc: [] for pc in order}
        for k in range(1, len(order)):
            self.children[order[self._dominator[k]]].append(order[k])
        self.headers = {order[k] for k, sources in enumerate(self._before) if any(s >= k for s in sources)}
        self.merges = {
            order[k]
            for k, sources in enumerate(self._before)
            if sum(s < k for s in sources) > 1 or any(s < k and order[s] in switches for s in sources)
        }


class _Reducer:
    """Gives loops with several ways in one way in."""

    def __init__(self, structure: Structure, after: dict[int, list[int]]) -> None:
        self._structure, self._after = structure, after
        self._next = min((*after, 0)) - 1

    def reduce(self) -> None:
        work = [set(self._structure.order)]
        while work:
            nodes = work.pop()
            for loop in loops(nodes, self._after):
                entries = entrances(loop, self._after)
                header = next(iter(entries))
                if len(entries) > 1:
                    header = self._join(loop, entries)
                inner = loop - {header}
                if inner:
                    work.append(inner)

    def _join(self, loop: set[int], entries: set[int]) -> int:
        """Let a new block be the only way into the loop."""
        new, self._next = self._next, self._next - 1
        for pc, targets in self._after.items():
            for k, target in enumerate(targets):
                if target in entries:
                    targets[k] = new
                    self._structure.by_way[pc, target] = new
        for pc, targets in self._after.items():
            self._after[pc] = list(dict.fromkeys(targets))
        self._after[new] = sorted(entries)
        self._structure.dispatch[new] = sorted(entries)
        loop.add(new)
        return new
