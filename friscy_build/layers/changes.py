"""What differs between two trees, and how a layer says so."""

from __future__ import annotations

from collections.abc import Iterator

from friscy_build.layers.capture import same_node
from lazyfs.tree import Node, Tree

ADDED, CHANGED, DELETED = "A", "C", "D"


class Change:
    """`path` (absolute) was added, changed or deleted; `node` is what is there now, None where it was deleted."""

    __slots__ = ("kind", "node", "path")

    def __init__(self, kind: str, path: bytes, node: Node | None) -> None:
        self.kind, self.path, self.node = kind, path, node

    def __repr__(self) -> str:
        return f"{self.kind} {self.path!r}"


def changes(old: Tree, new: Tree) -> Iterator[Change]:
    """What makes `new` of `old`: parents before what is in them, names sorted.

    Of a directory that is gone only itself is told; all that is in a new one is.
    """
    if not same_node(old.root, new.root):
        yield Change(CHANGED, b"/", new.root)
    yield from _inside(b"/", old.root, new.root)


def _inside(path: bytes, old: Node | None, new: Node) -> Iterator[Change]:
    pending: list[tuple[bytes, Node | None, Node | None]] = [(path, old, new)]
    while pending:
        path, before, after = pending.pop()
        if path != b"/" or before is None:
            change = _change(path, before, after)
            if change is not None:
                yield change
        if after is None or after.kind != "dir":
            continue
        below = before.children if before is not None and before.kind == "dir" else {}
        prefix = path if path == b"/" else path + b"/"
        names = sorted({*below, *after.children}, reverse=True)
        pending += [(prefix + name, below.get(name), after.children.get(name)) for name in names]


def _change(path: bytes, before: Node | None, after: Node | None) -> Change | None:
    if after is None:
        return Change(DELETED, path, None)
    if before is None:
        return Change(ADDED, path, after)
    if before.kind == after.kind and same_node(before, after):
        return None
    return Change(CHANGED, path, after)


def with_all_names(old: Tree, new: Tree, found: list[Change]) -> list[Change]:
    """`found` completed for a layer: a file that got one more name is in it under all its names.

    A layer's hard links lead to files of the same layer.
    """
    listed = {id(each.node): each.node for each in found if each.node is not None and each.node.kind != "dir"}
    if not listed:
        return found
    paths = {each.path for each in found}
    extra = [
        Change(CHANGED, path, node) for path, node in new.walk() if id(node) in listed and path not in paths
    ]
    return sorted([*found, *extra], key=lambda each: each.path.split(b"/")) if extra else found
