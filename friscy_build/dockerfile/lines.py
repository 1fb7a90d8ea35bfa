"""A Dockerfile's physical lines to its instructions' text: directives, comments, continuations, heredocs."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from friscy_build.dockerfile.ast import Heredoc, Span
from friscy_build.dockerfile.errors import DockerfileError
from friscy_build.dockerfile.words import parse_json_list, split_words

DIRECTIVES = ("check", "escape", "syntax")
_DIRECTIVE = re.compile(r"#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(\S(?:.*\S)?)\s*")
_HEREDOC = re.compile(r"(\d{0,9})<<(-?)([^<]+)", re.ASCII)
_HEREDOC_HOLDERS = re.compile(r"(?:ONBUILD\s+)?(?:RUN|COPY|ADD)(?:\s|$)", re.IGNORECASE)


@dataclass
class Line:
    """One instruction: its continuation lines joined, and the heredocs below it."""

    text: str
    span: Span
    heredocs: tuple[Heredoc, ...] = ()
    raw_heredocs: str = ""


@dataclass
class Lines:
    """All instructions' lines and what the directives at the top say."""

    lines: list[Line] = field(default_factory=list)
    directives: dict[str, str] = field(default_factory=dict)
    escape: str = "\\"


def read_lines(text: str, path: str) -> Lines:
    """Join and group the lines of a whole Dockerfile. Raises DockerfileError."""
    return _Reader(text, path).read()


class _Reader:
    def __init__(self, text: str, path: str) -> None:
        self.path = path
        self.physical = text.removeprefix("\ufeff").split("\n")
        if self.physical[-1] == "":
            self.physical.pop()
        self.at = 0  # index of the next physical line, so also the number of the line read last
        self.result = Lines()

    def read(self) -> Lines:
        self.read_directives()
        while self.at < len(self.physical):
            first = self.at + 1
            text = self.read_logical()
            if not text.strip():
                continue
            heredocs, raw = self.read_heredocs(text)
            self.result.lines.append(Line(text.strip(), Span(first, self.at), heredocs, raw))
        return self.result

    def next_line(self) -> str:
        line = self.physical[self.at]
        self.at += 1
        return line.removesuffix("\r")

    def read_directives(self) -> None:
        """`# escape=...` and its like; they end at the first line that is none."""
        while self.at < len(self.physical):
            match = _DIRECTIVE.fullmatch(self.physical[self.at].removesuffix("\r").lstrip())
            name = match[1].lower() if match else ""
            if match is None or name not in DIRECTIVES:
                return
            line = self.next_line()
            if name in self.result.directives:
                raise DockerfileError(self.path, self.at, f"a second {name} directive", text=line.strip())
            if name == "escape":
                if match[2] not in ("\\", "`"):
                    hint = "write `# escape=\\` or `# escape=``"
                    message = f"{match[2]!r} cannot be the escape character"
                    raise DockerfileError(self.path, self.at, message, text=line.strip(), hint=hint)
                self.result.escape = match[2]
            self.result.directives[name] = match[2]

    def read_logical(self) -> str:
        """The next line with its continuations; comments and blank lines among these are left out."""
        line = self.next_line().lstrip()
        if line.startswith("#"):
            return ""
        line, goes_on = self.cut_continuation(line)
        pieces = [line]
        while goes_on and self.at < len(self.physical):
            line = self.next_line()
            stripped = line.lstrip()
            if not stripped or stripped.startswith("#"):
                continue
            line, goes_on = self.cut_continuation(line)
            pieces.append(line)
        return "".join(pieces)

    def cut_continuation(self, line: str) -> tuple[str, bool]:
        """An escape at the end of the line, white space after it allowed, unless it is escaped itself."""
        bare = line.rstrip(" \t")
        escape = self.result.escape
        if bare.endswith(escape) and not bare.endswith(escape * 2):
            return bare[:-1], True
        return line, False

    def read_heredocs(self, text: str) -> tuple[tuple[Heredoc, ...], str]:
        start = self.at
        if "<<" not in text or not _HEREDOC_HOLDERS.match(text):
            return (), ""
        words = text.split(None, 2 if text[:7].upper() == "ONBUILD" else 1)
        if len(words) > 1 and _is_json(words[-1]):
            return (), ""
        found = (heredoc_of(word) for word in split_words(text, "\\"))
        heredocs = tuple(self.read_heredoc(each, text, start) for each in found if each is not None)
        return heredocs, "".join(f"{line}\n" for line in self.physical[start : self.at])

    def read_heredoc(self, heredoc: Heredoc, text: str, start: int) -> Heredoc:
        lines: list[str] = []
        while self.at < len(self.physical):
            raw = self.physical[self.at]
            self.at += 1
            raw = raw.lstrip("\t") if heredoc.strip_tabs else raw
            if raw.removesuffix("\r") == heredoc.name:
                content = "".join(f"{line}\n" for line in lines)
                return Heredoc(heredoc.name, content, heredoc.expand, heredoc.strip_tabs, heredoc.fd)
            lines.append(raw)
        hint = f"end it with a line that is just {heredoc.name}"
        message = f"the heredoc <<{heredoc.name} is not closed"
        raise DockerfileError(self.path, start, message, text=text.strip(), hint=hint)


def _is_json(text: str) -> bool:
    try:
        return parse_json_list(text) is not None
    except ValueError:
        return True


def heredoc_of(word: str) -> Heredoc | None:
    """The heredoc, still without content, that a word such as `<<EOF` or `3<<-"EOF"` opens."""
    match = _HEREDOC.fullmatch(word)
    if match is None:
        return None
    name, quoted = _unquote(match[3])
    if not name or name.isspace():
        return None
    return Heredoc(name, "", not quoted, match[2] == "-", int(match[1]) if match[1] else None)


def _unquote(word: str) -> tuple[str, bool]:
    """`word` without quotes and escapes, and whether it had any."""
    plain: list[str] = []
    quote = ""
    characters = iter(word)
    for character in characters:
        if character == "\\" and quote != "'":
            plain.append(next(characters, ""))
        elif character == quote:
            quote = ""
        elif not quote and character in "'\"":
            quote = character
        else:
            plain.append(character)
    text = "".join(plain)
    return text, text != word
