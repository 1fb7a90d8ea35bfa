"""Walks through a graph: the order in which one leaves the blocks, and the loops that one finds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set


def postorder(heads: Iterable[int], after: Mapping[int, Iterable[int]]) -> list[int]:
    """The blocks that control reaches from `heads`, each after all that it reaches first. after: successors."""
    order: list[int] = []
    seen: set[int] = set()
    for head in heads:
        if head in seen:
            continue
        seen.add(head)
        stack = [(head, iter(after[head]))]
        while stack:
            pc, rest = stack[-1]
            for target in rest:
                if target not in seen:
                    seen.add(target)
                    stack.append((target, iter(after[target])))
                    break
            else:
                order.append(pc)
                stack.pop()
    return order


def entrances(loop: Set[int], after: Mapping[int, Iterable[int]]) -> set[int]:
    """The blocks of a loop that control comes to from outside."""
    return {target for pc, targets in after.items() if pc not in loop for target in targets if target in loop}


def loops(nodes: Set[int], after: Mapping[int, Iterable[int]]) -> list[set[int]]:
    """The strongly connected components among `nodes` that are loops. after: successors.

    Tarjan, "Depth-first search and linear graph algorithms" (1972).
    """
    index: dict[int, int] = {}
    low: dict[int, int] = {}
    on_stack: set[int] = set()
    stack: list[int] = []
    found: list[set[int]] = []

    def inside(pc: int) -> list[int]:
        return [target for target in after[pc] if target in nodes]

    for root in sorted(nodes):
        if root in index:
            continue
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        path = [(root, iter(inside(root)))]
        while path:
            pc, rest = path[-1]
            for target in rest:
                if target not in index:
                    index[target] = low[target] = len(index)
                    stack.append(target)
                    on_stack.add(target)
                    path.append((target, iter(inside(target))))
                    break
                if target in on_stack:
                    low[pc] = min(low[pc], index[target])
            else:
                path.pop()
                if path:
                    low[path[-1][0]] = min(low[path[-1][0]], low[pc])
                if low[pc] == index[pc]:
                    component = set[int]()
                    while True:
                        last = stack.pop()
                        on_stack.discard(last)
                        component.add(last)
                        if last == pc:
                            break
                    if len(component) > 1 or pc in inside(pc):
                        found.append(component)
    return found
