"""Copy what a view has into a tree, with the rules of COPY."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from friscy_build.dockerfile.owner import ModeChange
from friscy_build.dockerfile.patterns import PathRules
from friscy_build.dockerfile.views import PathError, TreePath, TreeView, View, resolve, show
from lazyfs.tree import Node, Tree, split

Record = Callable[[TreePath, Node], None]
"""Told of each node that is put into the tree, with its path."""


@dataclass(frozen=True)
class Options:
    """owner: (uid, gid), None keeps the source's; follow: go through symbolic links of the destination."""

    owner: tuple[int, int] | None = None
    mode: ModeChange | None = None
    follow: bool = True
    exclude: PathRules | None = None
    made_mtime_ns: int = 0  # of the directories that no source has


class Transfer:
    """Copies into `tree`; paths of the tree are real ones, as `make_directory` returns them."""

    def __init__(self, tree: Tree, options: Options, record: Record | None = None) -> None:
        self.tree, self.options, self.record = tree, options, record
        # Hard links of the source stay links of each other: id of its node -> (the node, so that it lives, copy).
        self.links: dict[int, tuple[Node, Node]] = {}

    def make_directory(self, path: TreePath) -> TreePath:
        """Make `path`, which has no `..`, and what is missing above it; its real path, links followed."""
        split(b"/".join(path))  # refuses what is no name
        view = TreeView(self.tree)
        real: TreePath = ()
        for name in path:
            parent, at = self.node(real), (*real, name)
            old = parent.children.get(name)
            if old is not None and old.kind == "symlink" and self.options.follow:
                followed = resolve(view, at)
                if followed is None:
                    target = old.target.decode("utf-8", "backslashreplace")
                    raise PathError(f"/{show(at)} is a symbolic link to {target}, which is not there")
                real, old = followed, view.node(followed)
            else:
                real = at
            if old is None or (old.kind == "symlink" and not self.options.follow):
                made = Node.directory(mtime_ns=self.options.made_mtime_ns)
                made.uid, made.gid = self.options.owner or (0, 0)
                parent.children[name] = made
                self.note(real, made)
            elif old.kind != "dir":
                raise PathError(f"/{show(real)} is no directory in the image")
        return real

    def node(self, path: TreePath) -> Node:
        """The directory at a real path."""
        node = TreeView(self.tree).node(path)
        assert node is not None
        return node

    def note(self, path: TreePath, node: Node) -> None:
        if self.record is not None:
            self.record(path, node)

    def put(self, directory: TreePath, name: bytes, node: Node) -> None:
        """A copy of `node`, no directory, as `name` in `directory`."""
        children = self.node(directory).children
        split(name)
        old = children.get(name)
        if old is not None and old.kind == "dir":
            raise PathError(f"/{show((*directory, name))} is a directory in the image, the source is a file")
        if id(node) not in self.links:
            self.links[id(node)] = (node, self.copied(node))
        copy = self.links[id(node)][1]
        children[name] = copy
        self.note((*directory, name), copy)

    def copied(self, node: Node) -> Node:
        """The node with its new owner and mode, a directory without its children."""
        uid, gid = self.options.owner or (node.uid, node.gid)
        mode = node.mode
        if self.options.mode is not None and node.kind != "symlink":
            mode = self.options.mode.apply(mode, node.kind == "dir")
        return Node(
            node.kind,
            mode,
            uid=uid,
            gid=gid,
            mtime_ns=node.mtime_ns,
            rdev=node.rdev,
            xattrs=node.xattrs,
            target=node.target,
            content=node.content,
        )

    def excluded(self, relative: TreePath) -> bool:
        """--exclude leaves out what is at `relative`, seen from the source."""
        rules = self.options.exclude
        return rules is not None and rules.excludes(os.fsdecode(b"/".join(relative)))

    def put_contents(self, view: View, source: TreePath, directory: TreePath, above: TreePath = ()) -> None:
        """Copy what the directory `source` has into `directory`, below it all.

        above: what precedes the names for --exclude.
        """
        pending = [(source, directory, above)]
        while pending:
            source, directory, relative = pending.pop()
            for name in view.names(source):
                origin, below = (*source, name), (*relative, name)
                node = view.node(origin)
                if node is None or not self.kept(view, origin, node, below):
                    continue
                if node.kind == "dir":
                    pending.append((origin, self.enter(directory, name, node), below))
                else:
                    self.put(directory, name, node)

    def kept(self, view: View, source: TreePath, node: Node, relative: TreePath) -> bool:
        """--exclude leaves `source` in the copy, or something below it."""
        pending = [(source, node, relative)]
        while pending:
            source, node, relative = pending.pop()
            if not self.excluded(relative):
                return True
            rules = self.options.exclude
            if node.kind == "dir" and rules and rules.may_keep_below(os.fsdecode(b"/".join(relative))):
                for name in view.names(source):
                    below = view.node((*source, name))
                    if below is not None:
                        pending.append(((*source, name), below, (*relative, name)))
        return False

    def enter(self, directory: TreePath, name: bytes, node: Node) -> TreePath:
        """The directory `name` in `directory`, made or given the attributes of `node`; its real path."""
        children = self.node(directory).children
        path: TreePath = (*directory, name)
        old = children.get(name)
        if old is not None and old.kind == "symlink" and self.options.follow:
            followed = resolve(TreeView(self.tree), path)
            target = None if followed is None else self.node(followed)
            if followed is None or target is None or target.kind != "dir":
                raise PathError(f"/{show(path)} is no directory in the image, the source is one")
            return followed  # what the link leads to keeps its attributes
        if old is not None and old.kind not in ("dir", "symlink"):
            raise PathError(f"/{show(path)} is a file in the image, the source is a directory")
        made = self.copied(node)
        if old is not None:
            made.children = old.children
        children[name] = made
        self.note(path, made)
        return path


def clone_tree(tree: Tree) -> Tree:
    """A tree that can be changed apart: directories are copied, files are shared."""
    root = _clone_directory(tree.root)
    pending = [root]
    while pending:
        directory = pending.pop()
        for name, child in directory.children.items():
            if child.kind == "dir":
                copy = directory.children[name] = _clone_directory(child)
                pending.append(copy)
    return Tree(root)


def _clone_directory(node: Node) -> Node:
    copy = Node("dir", node.mode, uid=node.uid, gid=node.gid, mtime_ns=node.mtime_ns, xattrs=node.xattrs)
    copy.children = dict(node.children)
    return copy
