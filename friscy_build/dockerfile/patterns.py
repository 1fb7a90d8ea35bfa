"""Path patterns: COPY's globs and the rules of .dockerignore and --exclude."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

_MAGIC = re.compile(r"[*?\[\\]")


class PatternError(ValueError):
    """A pattern that is not one, such as `[a` ."""


def has_magic(text: str) -> bool:
    """The text has a wildcard or an escape in it."""
    return _MAGIC.search(text) is not None


@lru_cache(1024)
def compile_pattern(pattern: str) -> re.Pattern[str]:
    """Go's path.Match and `**`: `*` and `?` stay inside a name, `**/` is any number of directories, also none.

    What stands before a wildcard is matched where it first can be, for good (an atomic group): the wildcard takes
    what a later place would have left out. So a match never takes exponential time.
    """
    segments: list[list[str]] = [[""]]  # between `**`: the texts between `*`
    gaps: list[str] = []  # each `**`
    at = 0
    while at < len(pattern):
        character = pattern[at]
        if pattern.startswith("**", at):
            starts_name = at == 0 or pattern[at - 1] == "/"
            while pattern.startswith("*", at):
                at += 1
            directories = starts_name and pattern.startswith("/", at) and at + 1 < len(pattern)
            at += directories
            gap = _DIRECTORIES if directories else _ANYTHING
            if not (gaps and gaps[-1] == gap and segments[-1] == [""]):  # the same `**` twice is one
                gaps.append(gap)
                segments.append([""])
            continue
        at += 1
        if character == "*":
            segments[-1].append("")
            continue
        if character == "?":
            text = r"[^/]"
        elif character == "[":
            text, at = _class(pattern, at)
        elif character == "\\":
            if at == len(pattern):
                raise PatternError(f"{pattern!r} ends with an escape")
            text = re.escape(pattern[at])
            at += 1
        else:
            text = re.escape(character)
        segments[-1][-1] += text
    parts = [gap + _segment(texts) for gap, texts in zip(["", *gaps], segments, strict=True)]
    return re.compile("".join(f"(?>{part})" for part in parts[:-1]) + parts[-1], re.DOTALL)


_DIRECTORIES = r"(?:.*?/)??"
_ANYTHING = r".*?"


def _segment(texts: list[str]) -> str:
    """The texts with a `*` between each two."""
    first, *rest = texts
    if not rest:
        return first
    return first + "".join(f"(?>[^/]*?{text})" for text in rest[:-1]) + f"[^/]*?{rest[-1]}"


def _class(pattern: str, at: int) -> tuple[str, int]:
    """The regular expression of a `[a-z]` that starts before `at`, and where it ends."""
    out = ["(?!/)["]
    if pattern.startswith("^", at):
        out.append("^")
        at += 1
    first = at
    while not pattern.startswith("]", at) or at == first:
        low, at = _class_member(pattern, at)
        high = low
        if pattern.startswith("-", at):
            high, at = _class_member(pattern, at + 1)
        if high < low:
            raise PatternError(f"{pattern!r}: {low}-{high} is no range")
        out.append(f"{re.escape(low)}-{re.escape(high)}")
    return "".join(out) + "]", at + 1


def _class_member(pattern: str, at: int) -> tuple[str, int]:
    if pattern.startswith("\\", at):
        at += 1
    elif pattern.startswith(("]", "-"), at):
        raise PatternError(f"{pattern!r}: {pattern[at]!r} must be escaped in [ ]")
    if at >= len(pattern):
        raise PatternError(f"{pattern!r}: '[' is not closed")
    return pattern[at], at + 1


@dataclass(frozen=True)
class _Rule:
    pattern: str
    exception: bool

    def matches(self, path: str) -> bool:
        return compile_pattern(self.pattern).fullmatch(path) is not None


class PathRules:
    """An ordered list of patterns, `!` for exceptions: the last that matches a path or one above it decides."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.rules: list[_Rule] = []
        for line in lines:
            text = line.strip()
            exception = text.startswith("!")
            pattern = text[1:].strip() if exception else text
            if not pattern:
                if exception:
                    raise PatternError("'!' without a pattern")
                continue
            pattern = posixpath.normpath(pattern).lstrip("/")
            if pattern in ("", "."):
                continue  # as Docker has it: the root itself cannot be excluded
            compile_pattern(pattern)
            self.rules.append(_Rule(pattern, exception))

    def excludes(self, path: str) -> bool:
        """The rules leave out `path`, a relative one such as `a/b`."""
        names = path.split("/")
        above = ["/".join(names[:n]) for n in range(1, len(names) + 1)]
        excluded = False
        for rule in self.rules:
            if rule.exception == excluded and any(rule.matches(each) for each in above):
                excluded = not rule.exception
        return excluded

    def may_keep_below(self, path: str) -> bool:
        """An exception could match something below the directory `path`, though `path` is left out."""
        return any(rule.exception and _reaches_below(rule.pattern, path) for rule in self.rules)


def _reaches_below(pattern: str, path: str) -> bool:
    names = path.split("/")
    parts = pattern.split("/")
    for part, name in zip(parts, names, strict=False):
        if "**" in part:
            return True
        if compile_pattern(part).fullmatch(name) is None:
            return False
    return len(parts) > len(names)


def read_ignore_file(text: str) -> PathRules:
    """The rules of a .dockerignore; lines that start with `#` are comments. Raises PatternError."""
    lines = text.removeprefix("\ufeff").splitlines()
    return PathRules(line for line in lines if not line.startswith("#"))
