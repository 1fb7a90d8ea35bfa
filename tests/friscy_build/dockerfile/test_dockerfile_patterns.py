"""Globs and .dockerignore rules, case by case as Docker documents them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from friscy_build.dockerfile.patterns import PathRules, PatternError, compile_pattern, read_ignore_file


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("*.txt", ["a.txt", ".txt"], ["a/b.txt", "a.txt.x"]),
        ("a?c", ["abc"], ["ac", "a/c"]),
        ("[a-c]x", ["ax", "cx"], ["dx", "-x"]),
        ("[^a-c]x", ["dx"], ["ax", "/x"]),
        ("arr[[]0].txt", ["arr[0].txt"], ["arr0.txt"]),
        ("[\\]\\-]", ["]", "-"], ["\\"]),
        ("a\\*b", ["a*b"], ["axb"]),
        ("**/x", ["x", "a/x", "a/b/x"], ["ax", "a/xb"]),
        ("a/**", ["a/b", "a/b/c"], ["a", "b"]),
        ("a/**/z", ["a/z", "a/b/c/z"], ["az", "a/bz"]),
        ("**/*.go", ["m.go", "a/b/m.go"], ["m.goo"]),
        ("**", ["a", "a/b"], []),
        ("a.b+c(d)|e$", ["a.b+c(d)|e$"], ["axb+c(d)|e$"]),
        ("new\nline*", ["new\nline\n"], []),
    ],
)
def test_globs(pattern, yes, no):
    matcher = compile_pattern(pattern)
    assert [path for path in yes if not matcher.fullmatch(path)] == []
    assert [path for path in no if matcher.fullmatch(path)] == []


def matches_by_trying(pattern: str, path: str) -> bool:
    """The definition of a pattern of letters, `/`, `?`, `*` and `**`, by trying everything."""
    if not pattern:
        return not path
    if pattern.startswith("**"):
        rest = pattern.lstrip("*")
        if rest.startswith("/") and len(rest) > 1:
            starts = [0] + [n + 1 for n, character in enumerate(path) if character == "/"]
            return any(matches_by_trying(rest[1:], path[n:]) for n in starts)
        return any(matches_by_trying(rest, path[n:]) for n in range(len(path) + 1))
    if pattern.startswith("*"):
        name = path.partition("/")[0]
        return any(matches_by_trying(pattern[1:], path[n:]) for n in range(len(name) + 1))
    fits = path[:1] not in ("", "/") if pattern[0] == "?" else path[:1] == pattern[0]
    return fits and matches_by_trying(pattern[1:], path[1:])


_PARTS = st.sampled_from(["**", "**", "*", "a", "b", "a*", "*b", "?", "*a*b", "a*b*"])


@settings(max_examples=500, derandomize=True, deadline=None)
@given(st.lists(_PARTS, min_size=1, max_size=4).map("/".join), st.text(alphabet="aab/", max_size=7))
def test_globs_agree_with_the_definition(pattern, path):
    assert bool(compile_pattern(pattern).fullmatch(path)) == matches_by_trying(pattern, path)


@pytest.mark.parametrize(
    "pattern", ["*a" * 60 + "b", "**/" * 60 + "b", "**/a/" * 30 + "b", "**a*" * 30 + "b"]
)
def test_no_pattern_takes_for_ever(pattern):
    assert not compile_pattern(pattern).fullmatch("a/" * 1000 + "a" * 250)


@pytest.mark.parametrize("pattern", ["[a", "[", "[]", "[^]", "[a-]", "[-a]", "[z-a]", "a\\", "[\\"])
def test_what_is_no_glob(pattern):
    with pytest.raises(PatternError):
        compile_pattern(pattern)


@pytest.mark.parametrize(
    ("text", "out", "kept"),
    [
        ("# c\n*/temp*\n*/*/temp*\ntemp?", ["a/temporary.txt", "a/temp", "a/b/temps", "tempa", "a/temp/in"],
         ["temp", "temporary", "# c", "a/b/c/temp"]),
        ("*.md\n!README.md", ["a.md"], ["README.md", "a/b.md"]),
        ("*.md\n!README*.md\nREADME-secret.md", ["x.md", "README-secret.md"], ["README.md", "README-a.md"]),
        ("*.md\nREADME-secret.md\n!README*.md", ["x.md"], ["README.md", "README-secret.md"]),
        ("/a/b/", ["a/b", "a/b/c"], ["a", "x/a/b"]),
        ("a/../b\n./c", ["b", "c"], ["a"]),
        (".\n\n  \n", [], ["a", "."]),
        ("  spaced  ", ["spaced"], []),
        ("\ufeffbom", ["bom"], []),
        ("!x\nx", ["x"], []),
        (" #not a comment", ["#not a comment"], []),
        ("node_modules\n! node_modules/keep", ["node_modules/a"], ["node_modules/keep/x"]),
        ("**/.git", [".git/config", "a/.git"], [".gitignore"]),
        ("..", [], ["a"]),
    ],
)  # fmt: skip
def test_ignore_rules(text, out, kept):
    rules = read_ignore_file(text)
    assert [path for path in out if not rules.excludes(path)] == []
    assert [path for path in kept if rules.excludes(path)] == []


def test_exceptions_below_a_directory():
    rules = PathRules(["d", "!d/e/*.txt", "!**/deep"])
    assert rules.may_keep_below("d")
    assert PathRules(["d", "!d/e/*.txt"]).may_keep_below("d/e")
    assert not PathRules(["d", "!d/e/*.txt"]).may_keep_below("d/f")
    assert not PathRules(["d", "!d"]).may_keep_below("d/f")


@pytest.mark.parametrize("text", ["!", "a\n! ", "[", "!a["])
def test_what_is_no_ignore_file(text):
    with pytest.raises(PatternError):
        read_ignore_file(text)


@settings(max_examples=300, derandomize=True, deadline=1000)
@given(st.text(alphabet="ab/*?[]!\\.-# \n", max_size=20), st.text(alphabet="ab/.", min_size=1, max_size=12))
def test_any_ignore_file_decides_or_is_refused(text, path):
    try:
        rules = read_ignore_file(text)
    except PatternError:
        return
    rules.may_keep_below(path)
    if rules.excludes(path):
        assert rules.excludes(f"{path}/below") or any(rule.exception for rule in rules.rules)
