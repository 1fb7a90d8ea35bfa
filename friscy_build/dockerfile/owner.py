"""--chown and --chmod: who owns what a COPY makes, and its permission bits."""

from __future__ import annotations

import re
from dataclasses import dataclass

from friscy_build.config.errors import nearest
from friscy_build.dockerfile.views import TreeView, parse_path, resolve
from lazyfs.tree import Tree

ID_MAX = 0xFFFF_FFFE  # -1 means "no change" to chown(2)


class OwnerError(ValueError):
    """The image has no such user or group; `hint` names the nearest."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def resolve_owner(text: str, tree: Tree) -> tuple[int, int]:
    """(uid, gid) of `user`, `user:group`, `:group` or numbers; names are looked up in the image.

    A number without a group has the same number as its group, a name has its group of /etc/passwd.
    """
    user, colon, group = text.partition(":")
    uid, gid = 0, 0
    if user:
        uid, gid = _lookup(tree, "etc/passwd", user, "user")
    if colon and group:
        gid = _lookup(tree, "etc/group", group, "group")[0]
    elif not user:
        raise OwnerError(f"{text!r} names neither a user nor a group", "write USER, USER:GROUP, or numbers")
    return uid, gid


def _lookup(tree: Tree, file: str, name: str, what: str) -> tuple[int, int]:
    """(id, primary group) of a name or number; the group of a group's is itself."""
    if re.fullmatch(r"[0-9]+", name):
        number = int(name) if len(name) < 20 else ID_MAX + 1
        if number > ID_MAX:
            raise OwnerError(f"{what} id {name} is above {ID_MAX}")
        return number, number
    known: dict[str, tuple[int, int]] = {}
    for line in _lines(tree, file):
        fields = line.split(":")
        if len(fields) >= 4 and fields[2].isdecimal():
            number = int(fields[2])
            primary = int(fields[3]) if what == "user" and fields[3].isdecimal() else number
            known.setdefault(fields[0], (number, primary))
    if name not in known:
        where = f"/{file} of the image" if known else f"the image, which has no /{file}"
        raise OwnerError(f"no {what} {name!r} in {where}", nearest(name, known) or "use a number")
    return known[name]


def _lines(tree: Tree, file: str) -> list[str]:
    view = TreeView(tree)
    path = resolve(view, parse_path(file))
    node = None if path is None else view.node(path)
    if node is None or node.content is None:
        return []
    return node.content.read(0, min(node.content.length, 1 << 20)).decode("utf-8", "replace").splitlines()


_CLAUSE = re.compile(r"([ugoa]*)((?:[-+=](?:[rwxXst]*|[ugo]))+)")
_ACTION = re.compile(r"([-+=])([rwxXst]+|[ugo]|)")
_SHIFTS = {"u": 6, "g": 3, "o": 0}
_BITS = {"r": 4, "w": 2, "x": 1}


@dataclass(frozen=True)
class ModeChange:
    """--chmod: `0755`, or `u=rwX,go=rX` as chmod(1) has it."""

    text: str

    def __post_init__(self) -> None:
        """ValueError for what is no mode."""
        if not re.fullmatch(r"0*[0-7]{1,4}", self.text) and not all(
            _CLAUSE.fullmatch(clause) for clause in self.text.split(",")
        ):
            raise ValueError(f"{self.text!r} is no mode")

    def apply(self, mode: int, is_directory: bool) -> int:
        """The permission bits that come from `mode`."""
        if self.text.isdecimal():
            return int(self.text, 8)
        for clause in self.text.split(","):
            match = _CLAUSE.fullmatch(clause)
            assert match is not None  # checked when it was made
            who = "ugo" if not match[1] or "a" in match[1] else match[1]
            for operator, permissions in _ACTION.findall(match[2]):
                mode = _change(mode, who, operator, permissions, is_directory)
        return mode


def _change(mode: int, who: str, operator: str, permissions: str, is_directory: bool) -> int:
    bits = 0
    if permissions in _SHIFTS:
        bits = (mode >> _SHIFTS[permissions]) & 7
    else:
        for letter in permissions:
            bits |= _BITS.get(letter, 0)
            if letter == "X" and (is_directory or mode & 0o111):
                bits |= 1
    changed = affected = 0
    for each in set(who):
        changed |= bits << _SHIFTS[each]
        affected |= 7 << _SHIFTS[each]
    if "s" in permissions:
        changed |= (0o4000 if "u" in who else 0) | (0o2000 if "g" in who else 0)
    if "t" in permissions:
        changed |= 0o1000
    if operator == "+":
        return mode | changed
    if operator == "-":
        return mode & ~changed
    return (mode & ~affected) | changed
