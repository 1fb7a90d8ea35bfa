"""The splitters below the grammar: words with their quotes kept, leading flags, JSON lists, durations."""

from __future__ import annotations

import json
import re
from fractions import Fraction

WHITESPACE = re.compile(r"[\t\v\f\r ]+")


def split_words(text: str, escape: str) -> list[str]:
    """Split at white space outside quotes; quotes and escapes stay in the words, the expansion removes them.

    An escape before the end of the text is dropped, an unclosed quote runs to the end.
    """
    words: list[str] = []
    word: list[str] | None = None
    quote = ""
    characters = iter(text)
    for character in characters:
        if not quote and character.isspace():
            if word is not None:
                words.append("".join(word))
            word = None
            continue
        word = [] if word is None else word
        if character == escape and quote != "'":
            following = next(characters, None)
            word += [] if following is None else [character, following]
            continue
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        word.append(character)
    if word:
        words.append("".join(word))
    return words


def take_flags(text: str) -> tuple[list[str], str]:
    """The leading `--flag` words of an instruction, quotes and escapes removed, and the text after them."""
    flags: list[str] = []
    at = 0
    while True:
        while at < len(text) and text[at].isspace():
            at += 1
        if not text.startswith("--", at):
            return flags, text[at:]
        word: list[str] = []
        quote = ""
        while at < len(text) and (quote or not text[at].isspace()):
            character = text[at]
            at += 1
            if character == "\\" and at < len(text):
                word.append(text[at])
                at += 1
            elif character == quote:
                quote = ""
            elif not quote and character in "'\"":
                quote = character
            else:
                word.append(character)
        if word == ["-", "-"]:
            return flags, text[at:].lstrip()
        flags.append("".join(word))


class NotStrings(ValueError):
    """A JSON list that has something else than strings in it."""


def parse_json_list(text: str) -> list[str] | None:
    """The strings of a JSON list; None where `text` is not one, and so is meant as it stands."""
    if not text.lstrip().startswith("["):
        return None
    try:
        values = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    if not all(isinstance(value, str) for value in values):
        raise NotStrings("a JSON list may hold strings only")
    # A lone surrogate escape has no UTF-8 form.
    return [value.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for value in values]


def _refuse(constant: str) -> object:
    raise ValueError(constant)


_UNITS_NS = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "μs": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
}
_DURATION_PART = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
DURATION_MAX_NS = (1 << 63) - 1


def parse_duration(text: str) -> int:
    """Nanoseconds of a duration such as `1m30s` or `500ms`. Raises ValueError."""
    if text == "0":
        return 0
    total = Fraction(0)
    at = 0
    while at < len(text):
        part = _DURATION_PART.match(text, at)
        if part is None or len(part[1]) > 30:
            break
        total += Fraction(part[1].rstrip(".")) * _UNITS_NS[part[2]]
        at = part.end()
    if not text or at < len(text) or total > DURATION_MAX_NS:
        raise ValueError(f"expected a duration such as 30s or 1m30s, got {text!r}")
    return int(total)
