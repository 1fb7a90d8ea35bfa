"""Where COPY reads from: the context directory on the host, or the tree of a stage or image."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol, TypeVar

from friscy_build.dockerfile.patterns import PathRules, compile_pattern, has_magic
from lazyfs.tree import Content, Node, Tree

Name = TypeVar("Name", str, bytes)
LINKS_MAX = 40  # as Linux has it

TreePath = tuple[bytes, ...]
"""Names below a root; () is the root."""


class PathError(ValueError):
    """A path cannot be followed; the message says why."""


class View(Protocol):
    """A tree that is only read. No method follows symbolic links: `resolve` does."""

    confined: bool  # a link out of it is an error; otherwise it ends at the root, as in a chroot

    def node(self, path: TreePath) -> Node | None:
        """What is at `path`, without a directory's children."""

    def names(self, path: TreePath) -> list[bytes]:
        """The names in the directory `path`, sorted."""


class TreeView:
    """The tree of a stage or image."""

    confined = False

    def __init__(self, tree: Tree) -> None:
        self.tree = tree

    def node(self, path: TreePath) -> Node | None:
        node: Node | None = self.tree.root
        for name in path:
            node = node.children.get(name) if node is not None else None
        return node

    def names(self, path: TreePath) -> list[bytes]:
        node = self.node(path)
        return sorted(node.children) if node else []


class HostView:
    """A directory of the host as a build context: its owner is root, and what the rules leave out is not there.

    mtime_ns: the time of all its files; None: their own.
    """

    confined = True

    def __init__(self, root: Path, rules: PathRules | None = None, mtime_ns: int | None = None) -> None:
        self.root, self.rules, self.mtime_ns = os.fsencode(root), rules or PathRules(()), mtime_ns
        self.visible_cache: dict[TreePath, bool] = {}

    def host_path(self, path: TreePath) -> bytes:
        """The host's name for `path`."""
        return b"/".join((self.root, *path))

    def node(self, path: TreePath) -> Node | None:
        name = self.host_path(path)
        try:
            status = os.lstat(name)
        except (FileNotFoundError, NotADirectoryError):
            return None
        return _host_node(name, status, self.mtime_ns) if self.visible(path, status) else None

    def names(self, path: TreePath) -> list[bytes]:
        names = sorted(os.listdir(self.host_path(path)))
        return [name for name in names if self.visible((*path, name))]

    def visible(self, path: TreePath, status: os.stat_result | None = None) -> bool:
        """The rules keep `path`, or something below it."""
        if not path or not self.rules.rules:
            return True
        known = self.visible_cache.get(path)
        if known is None:
            known = self.visible_cache[path] = self._visible(path, status)
        return known

    def _visible(self, path: TreePath, status: os.stat_result | None) -> bool:
        if not self.rules.excludes(os.fsdecode(b"/".join(path))):
            return True
        pending = [(path, status or os.lstat(self.host_path(path)))]
        while pending:  # an exception may keep something below a directory that is left out
            path, status = pending.pop()
            if not stat.S_ISDIR(status.st_mode) or not self.rules.may_keep_below(
                os.fsdecode(b"/".join(path))
            ):
                continue
            for name in os.listdir(self.host_path(path)):
                below = (*path, name)
                if not self.rules.excludes(os.fsdecode(b"/".join(below))):
                    return True
                pending.append((below, os.lstat(self.host_path(below))))
        return False


def _host_node(name: bytes, status: os.stat_result, mtime_ns: int | None) -> Node | None:
    """A node of a host file, owned by root; None for a socket, which no copy can take along."""
    mode = stat.S_IMODE(status.st_mode)
    mtime_ns = status.st_mtime_ns if mtime_ns is None else mtime_ns
    if stat.S_ISREG(status.st_mode):
        content = Content.of_file(os.fsdecode(name), 0, status.st_size)
        return Node.file(content, mode, mtime_ns=mtime_ns)
    if stat.S_ISDIR(status.st_mode):
        return Node.directory(mode, mtime_ns=mtime_ns)
    if stat.S_ISLNK(status.st_mode):
        return Node.symlink(os.readlink(name), mtime_ns=mtime_ns)
    if stat.S_ISFIFO(status.st_mode):
        return Node("fifo", mode, mtime_ns=mtime_ns)
    if stat.S_ISSOCK(status.st_mode):
        return None
    raise PathError(f"{os.fsdecode(name)} is a device")


def parse_path(path: str) -> TreePath:
    """The names of a path, `..` kept."""
    return tuple(name for name in os.fsencode(path).split(b"/") if name not in (b"", b"."))


def cleaned(parts: Iterable[Name]) -> list[Name]:
    """The names of a path without `.` and `..`, as BuildKit cleans one before it looks: no link is followed."""
    kept: list[Name] = []
    for part in parts:
        if part in ("..", b".."):
            del kept[-1:]
        elif part not in ("", ".", b"", b"."):
            kept.append(part)
    return kept


def show(path: TreePath) -> str:
    """A path for a message."""
    return b"/".join(path).decode("utf-8", "backslashreplace") or "."


def resolve(view: View, path: TreePath) -> TreePath | None:
    """`path` with every symbolic link followed and `..` gone; None where it leads to nothing.

    Raises PathError for a loop of links, and in a confined view for a path that leads outside.
    """
    real: list[bytes] = []
    pending = list(reversed(path))
    links = 0
    while pending:
        name = pending.pop()
        if name == b"..":
            if not real and view.confined:
                raise PathError(f"{show(path)} leads outside of the build context")
            del real[-1:]
            continue
        node = view.node((*real, name))
        if node is None:
            return None
        if node.kind != "symlink":
            real.append(name)
            continue
        links += 1
        if links > LINKS_MAX:
            raise PathError(f"{show(path)} goes through more than {LINKS_MAX} symbolic links")
        if node.target.startswith(b"/"):
            if view.confined:
                target = node.target.decode("utf-8", "backslashreplace")
                message = f"{show((*real, name))} is a symbolic link out of the build context, to {target}"
                raise PathError(message)
            real = []
        pending += [part for part in node.target.split(b"/") if part not in (b"", b".")][::-1]
    return tuple(real)


def glob(view: View, pattern: str) -> list[TreePath]:
    """The paths that match, sorted, links followed in what leads to them; `pattern` as it is without wildcards.

    `..` takes a name away, and nothing at the top. Raises PatternError and PathError.
    """
    found: list[TreePath] = [()]
    for part in cleaned(pattern.split("/")):
        if part == "**":
            found = [below for path in found for below in _directories(view, path)]
        elif has_magic(part):
            matcher = compile_pattern(part)
            found = [
                (*path, name)
                for path in found
                for name in _names(view, path)
                if matcher.fullmatch(os.fsdecode(name))
            ]
        else:
            found = [(*path, os.fsencode(part)) for path in found]
    if has_magic(pattern):
        found = [path for path in dict.fromkeys(found) if _exists(view, path)]
    return sorted(found)


def _exists(view: View, path: TreePath) -> bool:
    parent = resolve(view, path[:-1])
    return parent is not None and view.node((*parent, *path[-1:])) is not None


def _names(view: View, path: TreePath) -> list[bytes]:
    real = resolve(view, path)
    node = None if real is None else view.node(real)
    return view.names(real) if real is not None and node is not None and node.kind == "dir" else []


def _directories(view: View, path: TreePath) -> list[TreePath]:
    """`path` and every directory below it; links are not followed, so this ends."""
    found = []
    pending = [path]
    while pending:
        directory = pending.pop()
        found.append(directory)
        for name in _names(view, directory):
            below = view.node((*directory, name))
            if below is not None and below.kind == "dir":
                pending.append((*directory, name))
    return found
