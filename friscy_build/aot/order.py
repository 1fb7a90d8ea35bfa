"""The order in which a walk through a graph leaves its blocks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


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
