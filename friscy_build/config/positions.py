"""Where each key of a TOML document stands, which `tomllib` does not tell."""

from __future__ import annotations

import re
from typing import NamedTuple

KeyPath = tuple[str | int, ...]
"""("bundle", "python", "snapshot", "at"); an int is an index into a list."""


class Position(NamedTuple):
    """1-based line and column."""

    line: int
    column: int


Positions = dict[KeyPath, Position]

_SPACE = re.compile(r"[ \t]*")
_BLANK = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?!")'  # the closing quotes are the last three of up to five
    r"|'''.*?'''(?!')"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_ATOM = re.compile(r"[^,\]}\n#]*")
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r"}


def find_positions(source: str) -> Positions:
    """The position of every table, key and list entry of a valid TOML document, by its path.

    A table or list that is written in several places has the position of the first.
    """
    scanner = _Scanner(source)
    scanner.document()
    return scanner.positions


class _Scanner:
    """Trusts the document to be valid, which `tomllib` has found out: it only keeps count."""

    def __init__(self, source: str) -> None:
        self.source, self.at = source, 0
        self.positions: Positions = {}
        self.lengths: dict[KeyPath, int] = {}  # of the arrays of tables so far
        self.line, self.line_start = 1, 0
        self.counted = 0

    def document(self) -> None:
        table: KeyPath = ()
        while True:
            self.skip(_BLANK)
            if self.at >= len(self.source):
                return
            if self.source.startswith("[[", self.at):
                table = self.header(2)
            elif self.source[self.at] == "[":
                table = self.header(1)
            else:
                self.pair(table)

    def header(self, brackets: int) -> KeyPath:
        """`[a.b]` or `[[a.b]]`: the path of the table it opens."""
        start = self.at
        self.at += brackets
        names = self.key()
        self.at += brackets
        path: KeyPath = ()
        for name in names[:-1]:
            path = self.current((*path, name))
        path = (*path, names[-1])
        self.note(path, start)
        if brackets == 2:
            index = self.lengths.get(path, 0)
            self.lengths[path] = index + 1
            path = (*path, index)
            self.note(path, start)
        for end in range(1, len(path)):
            self.note(path[:end], start)
        return path

    def current(self, path: KeyPath) -> KeyPath:
        """`path`, and in an array of tables its newest entry."""
        return (*path, self.lengths[path] - 1) if path in self.lengths else path

    def pair(self, table: KeyPath) -> None:
        start = self.at
        path = table
        for name in self.key():
            path = (*path, name)
            self.note(path, start)
        self.at += 1  # the equals sign
        self.skip(_SPACE)
        self.value(path)

    def key(self) -> list[str]:
        """A dotted key; stops at the character after it and its spaces."""
        names = []
        while True:
            self.skip(_SPACE)
            quoted = _STRING.match(self.source, self.at)
            if quoted:
                names.append(_unquote(quoted[0]))
                self.at = quoted.end()
            else:
                bare = _BARE_KEY.match(self.source, self.at)
                if bare is None:
                    raise AssertionError(f"no key at character {self.at}")
                names.append(bare[0])
                self.at = bare.end()
            self.skip(_SPACE)
            if not self.source.startswith(".", self.at):
                return names
            self.at += 1

    def value(self, path: KeyPath) -> None:
        first = self.source[self.at]
        if first == "[":
            self.entries("]", path)
        elif first == "{":
            self.entries("}", path)
        else:
            string = _STRING.match(self.source, self.at)
            self.at = string.end() if string else self.skip(_ATOM)

    def entries(self, closing: str, path: KeyPath) -> None:
        """A list or an inline table from its opening bracket to after its closing one."""
        self.at += 1
        index = 0
        while True:
            self.skip(_BLANK)
            if self.source[self.at] == closing:
                self.at += 1
                return
            if closing == "}":
                self.pair(path)
            else:
                self.note((*path, index), self.at)
                self.value((*path, index))
                index += 1
            self.skip(_BLANK)
            if self.source[self.at] == ",":
                self.at += 1

    def skip(self, pattern: re.Pattern[str]) -> int:
        match = pattern.match(self.source, self.at)
        self.at = match.end() if match else self.at
        return self.at

    def note(self, path: KeyPath, start: int) -> None:
        if path in self.positions:
            return
        newline = self.source.count("\n", self.counted, start)
        if newline:
            self.line += newline
            self.line_start = self.source.rindex("\n", 0, start) + 1
        self.counted = max(self.counted, start)
        self.positions[path] = Position(self.line, start - self.line_start + 1)


def _unquote(text: str) -> str:
    if text[0] == "'":
        return text[1:-1]
    return _ESCAPE.sub(_escaped, text[1:-1])


def _escaped(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    return chr(int(code, 16)) if code else _ESCAPES.get(match[3], match[3])
