"""Variables: BuildKit's documented behaviour, modifier by modifier."""

from __future__ import annotations

import fnmatch
import os
import subprocess

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from friscy_build.dockerfile.expand import ExpansionError, expand_word, expand_words

VARIABLES = {
    "HOME": "/home",
    "SH": "bash",
    "HAN": "한국어",
    "NULL": "",
    "STAR": "a*b",
    "SPACE": "one  two",
    "v": "xxyy",
}

WORDS = [
    # quotes and escapes
    ("plain", "plain"), ("he'll'o", "hello"), ("he\\'llo", "he'llo"), ("abc\\tdef", "abctdef"),
    ('"abc\\tdef"', "abc\\tdef"), ("'abc\\tdef'", "abc\\tdef"), ("end\\", "end"), ("end\\\\", "end\\"),
    ('"it\'s"', "it's"), ("'say \"x\"'", 'say "x"'), ('"a\\"b"', 'a"b'), ('"a\\\\b"', "a\\b"), ("a'b'\"c\"", "abc"),
    ("''", ""), ('""', ""), ("'a\\'", "a\\"), ("한국어", "한국어"),
    # plain variables
    ("$HOME", "/home"), ("${HOME}", "/home"), ("a$HOME/b", "a/home/b"), ("$HOMEx", ""), ("${HOME}x", "/homex"),
    ("'$HOME'", "$HOME"), ('"$HOME"', "/home"), ("\\$HOME", "$HOME"), ('"\\$HOME"', "$HOME"), ("\\\\$HOME", "\\/home"),
    ("$", "$"), ("a$", "a$"), ("$/x", "$/x"), ("${NONE}", ""), ("$NONE.", "."), ("${HAN}", "한국어"), ("$1$10x", "x"),
    ("$$", ""), ("$SH$HOME", "bash/home"), ("$NULL", ""), ("\\${HOME}", "${HOME}"), ("'${HOME'", "${HOME"),
    # defaults
    ("${NONE-x}", "x"), ("${NONE:-x}", "x"), ("${NULL-x}", ""), ("${NULL:-x}", "x"), ("${HOME:-x}", "/home"),
    ("${NONE:-$SH}", "bash"), ("${NONE:-${SH}y}", "bashy"), ("${NONE:-'a b'}", "a b"), ("${NONE:-}", ""),
    ("${NONE:-a\\}b}", "a}b"), ("${NONE:-${ALSO:-${DEEP:-x}}}", "x"), ('${NONE:-"}"}', "}"),
    # alternatives
    ("${HOME+x}", "x"), ("${HOME:+x}", "x"), ("${NULL+x}", "x"), ("${NULL:+x}", ""), ("${NONE+x}", ""),
    ("${NONE:+x}", ""), ("${HOME:+-$SH}", "-bash"), ("${NULL:+${NONE?no}}", None),
    # required
    ("${HOME?no}", "/home"), ("${HOME:?no}", "/home"), ("${NULL?no}", ""),
    # prefixes and suffixes
    ("${v#x}", "xyy"), ("${v#*x}", "xyy"), ("${v##*x}", "yy"), ("${v##x*}", ""), ("${v#*x*y}", "y"), ("${v#*}", "xxyy"),
    ("${v##*}", ""), ("${v#}", "xxyy"), ("${v%y}", "xxy"), ("${v%%y*}", "xx"), ("${v%y*}", "xxy"), ("${v%%x*}", ""),
    ("${v%}", "xxyy"), ("${v%?}", "xxy"), ("${v%??}", "xx"), ("${v#z}", "xxyy"), ("${NONE#x}", ""),
    ("${v#$NULL}", "xxyy"), ("${STAR#a\\*}", "b"), ("${STAR#?\\*}", "b"), ("${STAR%\\**}", "a"),
    ("${STAR%\\?b}", "a*b"),
    ("${HOME##*/}", "home"), ("${HOME%/*}", ""), ("${HOME#\\/}", "home"),
    # replacement
    ("${v/x/z}", "zxyy"), ("${v//x/z}", "zzyy"), ("${v/x*y/z}", "z"), ("${v//?/z}", "zzzz"), ("${v/q/z}", "xxyy"),
    ("${v/x/}", "xyy"), ("${v//x/$SH}", "bashbashyy"), ("${HOME/\\//_}", "_home"), ("${HOME//\\//\\/}", "\\/home"),
    ("${STAR/\\*/+}", "a+b"), ("${v///}", "xxyy"), ("${NONE/a/b}", ""), ("${v/$NULL/w}", "wxxyy"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), [pair for pair in WORDS if pair[1] is not None])
def test_words_expand(text, expected):
    assert expand_word(text, VARIABLES) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("he'llo", "single quote"), ('he"llo', "double quote"), ('"a\\"', "double quote"), ("${", "missing '}'"),
        ("${HOME", "missing '}'"), ("${HOME:", "missing '}'"), ("${NONE:-x", "missing '}'"),
        ("${}", "bad substitution"),
        ("${:x}", "bad substitution"), ("${{x}", "bad substitution"), ("${HOME=x}", "unknown modifier '='"),
        ("${HOME:=x}", "unknown modifier ':='"), ("${HOME^^}", "unknown modifier '^'"),
        ("${NONE:#}", "unknown modifier ':#'"), ("${HOME:%%x}", "unknown modifier ':%'"), ("${HO ME}", "modifier ' '"),
        ("${NONE?}", "NONE: must not be unset"), ("${NONE:?}", "NONE: must not be unset"),
        ("${NULL:?}", "NULL: must not be empty"), ("${NONE?give $SH}", "NONE: give bash"), ("${v#\\x}", "bad escape"),
        ("${v//y}", "missing '/'"), ("${v/y", "missing '/'"), ("${v/y/z", "missing '}'"), ("${NULL:+${NONE?no}}", "no"),
        ("${a:-" * 60 + "}" * 60, "deep"),
    ],
)  # fmt: skip
def test_what_cannot_be_expanded(text, message):
    with pytest.raises(ExpansionError, match=message.replace("'", ".").replace("^", r"\^")):
        expand_word(text, VARIABLES)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a b", ["a", "b"]),
        ("$SPACE", ["one", "two"]),
        ('"$SPACE"', ["one  two"]),
        ("a$SPACE", ["aone", "two"]),
        ("'a b'c d", ["a bc", "d"]),
        ("a\\ b c", ["a b", "c"]),
        ("$NONE $NULL", []),
    ],
)
def test_splitting(text, words):
    assert expand_words(text, VARIABLES) == words


def test_other_escape_character():
    assert expand_word("`$HOME \\$HOME", VARIABLES, "`") == "$HOME \\/home"


def test_quotes_can_stay():
    assert expand_word('it\'s "$HOME" \\$HOME', VARIABLES, process_quotes=False) == 'it\'s "/home" $HOME'


_TEXT = st.text(alphabet="${}:-+?#%/\\'\"ab *=_0", max_size=30)


@settings(max_examples=400, derandomize=True, deadline=1000)
@given(_TEXT, st.sampled_from("\\`"))
@example("${a:-" * 5000, "\\")
@example("${a//" + "*a" * 40 + "/x}" + "a" * 2000, "\\")
def test_any_text_expands_or_is_refused(text, escape):
    variables = {"a": "a" * 300 + "b", "b": ""}
    try:
        result = expand_word(text, variables, escape)
    except ExpansionError:
        return
    if not set(text) & set("$'\"\\`"):
        assert result == text


@settings(max_examples=200, derandomize=True, deadline=1000)
@given(st.text(alphabet="ab", max_size=6), st.text(alphabet="ab*?", max_size=4))
def test_prefixes_and_suffixes_agree_with_the_definition(value, pattern):
    prefixes = [n for n in range(len(value) + 1) if fnmatch.fnmatchcase(value[:n], pattern)]
    suffixes = [n for n in range(len(value) + 1) if fnmatch.fnmatchcase(value[n:], pattern)]
    variables = {"v": value}
    assert expand_word(f"${{v#{pattern}}}", variables) == value[min(prefixes, default=0) :]
    assert expand_word(f"${{v##{pattern}}}", variables) == value[max(prefixes, default=0) :]
    assert expand_word(f"${{v%{pattern}}}", variables) == value[: max(suffixes, default=len(value))]
    assert expand_word(f"${{v%%{pattern}}}", variables) == value[: min(suffixes, default=len(value))]


def test_bash_agrees():
    texts = [text for text, expected in WORDS if expected is not None and "/" not in text.replace("$HOME/", "")
             and not text.endswith("\\") and not any(c in text for c in ["$1", "$$"]) and "HAN" not in text
             and text not in ("$/x", "${NONE:-a\\}b}")]  # fmt: skip
    script = "\n".join(f'printf "%s\\0" {text if text else "_"}' for text in texts)
    result = subprocess.run(
        ["bash", "-f", "-c", f"IFS=\n{script}"],
        env=VARIABLES | {"PATH": os.environ["PATH"]},
        capture_output=True,
        check=True,
    )
    printed = result.stdout.decode().split("\0")
    assert printed[:-1] == [expand_word(text, VARIABLES) for text in texts]
