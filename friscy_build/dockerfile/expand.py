"""Variables in a Dockerfile's words: `$x`, `${x}` and its modifiers, quotes and escapes, as in BuildKit.

    ${x:-word} ${x-word}   word where x is unset (with `:` also where it is empty)
    ${x:+word} ${x+word}   word where x is set (with `:` and not empty), else nothing
    ${x:?word} ${x?word}   an error that says word where x is unset (with `:` also where it is empty)
    ${x#pat} ${x##pat}     x without its shortest (longest) prefix that matches
    ${x%pat} ${x%%pat}     x without its shortest (longest) suffix that matches
    ${x/pat/new} ${x//pat/new}   x with the first match (every match) replaced

Patterns know `*`, `?` and `\\` before these, itself, `/` and `}`.
"""

from __future__ import annotations

from collections.abc import Mapping

_SPECIAL_PARAMETERS = "@*#?-$!0"
_DEPTH_MAX = 50


class ExpansionError(ValueError):
    """The word is not closed, has an unknown modifier, or `${x:?message}` found x unset."""


def expand_word(
    text: str, variables: Mapping[str, str], escape: str = "\\", *, process_quotes: bool = True
) -> str:
    """`text` with its variables replaced and quotes and escapes removed; an unset variable is empty.

    process_quotes: False leaves quotes alone, as in a heredoc. Raises ExpansionError.
    """
    return _Expander(text, variables, escape, process_quotes).run()[0]


def expand_words(text: str, variables: Mapping[str, str], escape: str = "\\") -> list[str]:
    """The same, split at white space that is not quoted, also at that of variables' values."""
    return _Expander(text, variables, escape, True).run()[1]


class _Words:
    """Collects the characters of a result and, beside it, the words these form."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self.words: list[str] = []
        self.word: list[str] = []

    def literal(self, text: str) -> None:
        """Quoted or escaped: white space does not split."""
        self.text.append(text)
        self.word.append(text)

    def splitting(self, text: str) -> None:
        self.text.append(text)
        for character in text:
            if character.isspace():
                self.end_word()
            else:
                self.word.append(character)

    def end_word(self) -> None:
        word = "".join(self.word)
        if word:
            self.words.append(word)
        self.word = []

    def finish(self) -> tuple[str, list[str]]:
        self.end_word()
        return "".join(self.text), self.words


class _Expander:
    def __init__(self, text: str, variables: Mapping[str, str], escape: str, process_quotes: bool) -> None:
        self.text, self.variables, self.escape = text, variables, escape
        self.process_quotes = process_quotes
        self.at = 0
        self.depth = 0

    def run(self) -> tuple[str, list[str]]:
        return self.until("", raw_escapes=False)

    def peek(self) -> str:
        """The next character, empty at the end."""
        return self.text[self.at : self.at + 1]

    def take(self) -> str:
        character = self.peek()
        self.at += 1
        return character

    def until(self, stop: str, *, raw_escapes: bool) -> tuple[str, list[str]]:
        """Expand up to and over `stop`, or to the end where it is empty; `raw_escapes` keeps escapes."""
        out = _Words()
        while character := self.take():
            if character == stop:
                return out.finish()
            if character == "$":
                out.splitting(self.dollar(raw_escapes))
            elif character == "'" and self.process_quotes:
                out.literal(self.single_quoted())
            elif character == '"' and self.process_quotes:
                out.literal(self.double_quoted(raw_escapes))
            elif character == self.escape:
                following = self.take()
                out.literal(character + following if raw_escapes else following)
            else:
                out.splitting(character)
        if stop:
            missing = "'}'" if stop == "}" else f"{stop!r} in ${{}}"
            raise ExpansionError(f"missing {missing}")
        return out.finish()

    def single_quoted(self) -> str:
        end = self.text.find("'", self.at)
        if end < 0:
            raise ExpansionError("a single quote is not closed")
        inner, self.at = self.text[self.at : end], end + 1
        return inner

    def double_quoted(self, raw_escapes: bool) -> str:
        out: list[str] = []
        while character := self.take():
            if character == '"':
                return "".join(out)
            if character == "$":
                out.append(self.dollar(raw_escapes))
            elif character == self.escape:
                # Inside double quotes an escape is only one before these; elsewhere it stands for itself.
                escapes = self.peek() in ('"', "$", self.escape) and self.peek() != ""
                if raw_escapes or not escapes:
                    out.append(character)
                if escapes:
                    out.append(self.take())
            else:
                out.append(character)
        raise ExpansionError("a double quote is not closed")

    def dollar(self, raw_escapes: bool) -> str:
        if self.peek() != "{":
            name = self.name()
            return self.variables.get(name, "") if name else "$"
        self.at += 1
        self.depth += 1
        if self.depth > _DEPTH_MAX:
            raise ExpansionError(f"${{}} inside one another more than {_DEPTH_MAX} deep")
        value = self.braced()
        self.depth -= 1
        return value

    def braced(self) -> str:
        """After `${`, to after its `}`."""
        if not self.peek():
            raise ExpansionError("missing '}'")
        name = self.name()
        modifier = self.take()
        if not name:
            raise ExpansionError("bad substitution: no name after '${'")
        if modifier == "}":
            return self.variables.get(name, "")
        if modifier == "/":
            return self.replaced(self.variables.get(name, ""))
        empty_is_unset = modifier == ":"
        if empty_is_unset:
            modifier = self.take()
        if not modifier:
            raise ExpansionError("missing '}'")
        if modifier not in ("+-?" if empty_is_unset else "+-?#%"):
            shown = f":{modifier}" if empty_is_unset else modifier
            raise ExpansionError(f"unknown modifier {shown!r} in ${{{name}{shown}...}}")
        word = self.until("}", raw_escapes=modifier in "#%")[0]
        return self.modified(name, modifier, empty_is_unset, word)

    def modified(self, name: str, modifier: str, empty_is_unset: bool, word: str) -> str:
        value = self.variables.get(name)
        given = value is not None and not (empty_is_unset and value == "")
        value = value or ""
        if modifier == "-":
            return value if given else word
        if modifier == "+":
            return word if given else ""
        if modifier == "?":
            if not given:
                state = "empty" if empty_is_unset and name in self.variables else "unset"
                raise ExpansionError(f"{name}: {word or f'must not be {state}'}")
            return value
        longest = word.startswith(modifier)
        pattern = _tokens(word[1:] if longest else word)
        if modifier == "#":
            return value[_match_length(pattern, value, longest) or 0 :]
        length = _match_length(pattern[::-1], value[::-1], longest) or 0
        return value[: len(value) - length]

    def replaced(self, value: str) -> str:
        """`${x/pat/new}` after its first slash."""
        every = self.peek() == "/"
        self.at += every
        pattern = _tokens(self.until("/", raw_escapes=True)[0])
        new = self.until("}", raw_escapes=True)[0]
        out: list[str] = []
        at = 0
        while at <= len(value):
            length = _match_length(pattern, value[at:], True)
            if length is not None:
                out.append(new)
                if not every:
                    return "".join(out) + value[at + length :]
            if length:
                at += length
            else:
                out.append(value[at : at + 1])
                at += 1
        return "".join(out)

    def name(self) -> str:
        """A variable's name, a number, or one special parameter; empty where there is none."""
        start = self.at
        first = self.peek()
        if first.isdigit():
            while self.peek().isdigit():
                self.at += 1
        elif first and first in _SPECIAL_PARAMETERS:
            self.at += 1
        else:
            while (character := self.peek()) and (character == "_" or character.isalnum()):
                self.at += 1
        return self.text[start : self.at]


_ANY, _ONE = object(), object()  # `*` and `?`


def _tokens(pattern: str) -> list[object]:
    tokens: list[object] = []
    characters = iter(pattern)
    for character in characters:
        if character == "\\":
            following = next(characters, "")
            if not following or following not in "*?\\/}":
                raise ExpansionError(f"bad escape '\\{following}' in pattern {pattern!r}")
            tokens.append(following)
        elif character == "*":
            if tokens[-1:] != [_ANY]:
                tokens.append(_ANY)
        else:
            tokens.append(_ONE if character == "?" else character)
    return tokens


def _match_length(tokens: list[object], text: str, longest: bool) -> int | None:
    """Length of the shortest or longest prefix of `text` that matches; None for no match.

    Walks the set of positions a match can be at, so it takes len(tokens) * len(text) steps at most.
    """
    ends = {0}
    for token in tokens:
        if token is _ANY:
            ends = set(range(min(ends), len(text) + 1))
        else:
            ends = {at + 1 for at in ends if at < len(text) and (token is _ONE or token == text[at])}
        if not ends:
            return None
    return max(ends) if longest else min(ends)
