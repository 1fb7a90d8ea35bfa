"""The grammar: golden syntax trees, and an error with its line for each thing that is wrong."""

from __future__ import annotations

import dataclasses
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from friscy_build.dockerfile import DockerfileError, parse
from friscy_build.dockerfile.ast import Instruction, Span
from friscy_build.dockerfile.instructions import INSTRUCTIONS
from friscy_build.dockerfile.words import parse_duration, parse_json_list, split_words, take_flags

CASES = Path(__file__).parent / "cases"


def dump(node: object, indent: str = "") -> str:
    """A syntax tree as text: one line per node, what has its default left out."""
    if isinstance(node, tuple) and node and all(dataclasses.is_dataclass(each) for each in node):
        return "".join("\n" + dump(each, indent) for each in node)
    if not dataclasses.is_dataclass(node) or isinstance(node, type):
        return repr(node)
    if isinstance(node, Span):
        return str(node)
    out = indent + type(node).__name__
    for field in dataclasses.fields(node):
        value = getattr(node, field.name)
        if value == field.default or (isinstance(node, Instruction) and field.name == "text"):
            continue
        out += f" {field.name}=" + dump(value, indent + "    ").lstrip(" ")
    return out


@pytest.mark.parametrize("case", sorted(path.stem for path in CASES.glob("*.Dockerfile")))
def test_golden_trees(case, golden):
    with open(CASES / f"{case}.Dockerfile", encoding="utf-8", newline="") as file:
        tree = parse(file.read(), f"{case}.Dockerfile")
    golden(CASES / f"{case}.ast", dump(tree) + "\n")


def test_every_instruction_is_in_a_golden_tree():
    text = "".join(path.read_text("utf-8") for path in CASES.glob("*.ast"))
    missing = [name for name in INSTRUCTIONS if f"{name.title()} span" not in text and name != "FROM"]
    assert missing == []


WRONG = [
    ("FORM x", 1, "unknown instruction FORM", "did you mean 'FROM'?"),
    ("FROM x\n\nENTRPOINT x", 3, "unknown instruction ENTRPOINT", "'ENTRYPOINT'"),
    ("", None, "no instructions", "FROM IMAGE"),
    ("# only\n\n", None, "no instructions", ""),
    ("ARG a", None, "no FROM", ""),
    ("RUN x\nFROM y", 1, "RUN before the first FROM", "only ARG"),
    ("FROM", 1, "at least one argument", ""),
    ("FROM a b", 1, "FROM takes an image", "AS"),
    ("FROM a AS", 1, "FROM takes an image", ""),
    ("FROM a AS 1st", 1, "'1st' cannot name a stage", "starts with a letter"),
    ("FROM --platfrm=x a", 1, "unknown flag --platfrm", "did you mean 'platform'?"),
    ("FROM --platform a", 1, "--platform needs a value", "--platform=VALUE"),
    ("FROM x\nENV --a b=c", 2, "unknown flag --a", "takes no flags"),
    ("FROM x\nENV", 2, "ENV needs at least one", ""),
    ("FROM x\nENV a", 2, "ENV a has no value", "ENV a=VALUE"),
    ("FROM x\nENV a=1 b", 2, "'b' is not NAME=VALUE", "quote"),
    ("FROM x\nENV =1", 2, "no name", ""),
    ("FROM x\nLABEL", 2, "LABEL needs", ""),
    ("FROM x\nARG =1", 2, "no name", ""),
    ("FROM x\nARG", 2, "ARG needs", ""),
    ("FROM x\nCOPY", 2, "COPY needs sources", ""),
    ("FROM x\nCOPY a", 2, "no destination", "COPY SOURCE... DESTINATION"),
    ('FROM x\nCOPY ["a"]', 2, "no destination", ""),
    ('FROM x\nCOPY ["a", 1]', 2, "strings only", ""),
    ('FROM x\nCOPY ["", "b"]', 2, "an empty path", ""),
    ("FROM x\nCOPY --form=a b c", 2, "unknown flag --form", "did you mean 'from'?"),
    ("FROM x\nCOPY --link=maybe b c", 2, "true or false", ""),
    ("FROM x\nCOPY --from=a --from=b c d", 2, "given twice", ""),
    ("FROM x\nCOPY a <<E\nE\n", 2, "heredoc cannot be a destination", ""),
    ("FROM x\nCOPY <<a/b c\na/b\n", 2, "no file name", ""),
    ("FROM x\nCOPY <<E /a\ntext\n", 2, "<<E is not closed", "just E"),
    ("FROM x\n\nRUN <<A <<B\nA\n", 3, "<<B is not closed", ""),
    ("FROM x\nRUN", 2, "RUN needs a command", ""),
    ("FROM x\nRUN --mount=type=cahce y", 2, "unknown mount type 'cahce'", "'cache'"),
    ("FROM x\nRUN --network=nine y", 2, "--network=nine", "'none'"),
    ("FROM x\nSHELL /bin/sh", 2, "SHELL needs a JSON list", ""),
    ("FROM x\nSHELL []", 2, "SHELL needs a JSON list", ""),
    ("FROM x\nCMD [1]", 2, "strings only", ""),
    ("FROM x\nEXPOSE", 2, "EXPOSE needs", ""),
    ("FROM x\nVOLUME", 2, "VOLUME needs", ""),
    ('FROM x\nVOLUME [""]', 2, "empty path", ""),
    ("FROM x\nWORKDIR", 2, "WORKDIR needs", ""),
    ("FROM x\nUSER", 2, "USER needs", ""),
    ("FROM x\nSTOPSIGNAL", 2, "STOPSIGNAL needs", ""),
    ("FROM x\nMAINTAINER", 2, "MAINTAINER needs", ""),
    ("FROM x\nHEALTHCHECK", 2, "HEALTHCHECK needs", ""),
    ("FROM x\nHEALTHCHECK NONE x", 2, "takes no arguments", ""),
    ("FROM x\nHEALTHCHECK PROBE x", 2, "HEALTHCHECK PROBE is unknown", "CMD"),
    ("FROM x\nHEALTHCHECK CMD", 2, "a command after CMD", ""),
    ("FROM x\nHEALTHCHECK --interval=5 CMD x", 2, "--interval: expected a duration", ""),
    ("FROM x\nHEALTHCHECK --interval=1us CMD x", 2, "below 1ms", ""),
    ("FROM x\nHEALTHCHECK --retries=-1 CMD x", 2, "not a number", ""),
    ("FROM x\nHEALTHCHECK --retrys=1 CMD x", 2, "unknown flag --retrys", "'retries'"),
    ("FROM x\nONBUILD", 2, "ONBUILD needs", ""),
    ("FROM x\nONBUILD ONBUILD RUN y", 2, "ONBUILD ONBUILD", ""),
    ("FROM x\nONBUILD from y", 2, "ONBUILD FROM", ""),
    ("FROM x\nONBUILD CPOY a b", 2, "unknown instruction CPOY", "'COPY'"),
    ("# escape=x\nFROM a", 1, "'x' cannot be the escape", ""),
    ("# escape=`\n# escape=\\\nFROM a", 2, "second escape", ""),
    ("FROM a\nRUN b\0", 2, "NUL", "no text file"),
]


@pytest.mark.parametrize(("text", "line", "message", "hint"), WRONG)
def test_errors_name_line_text_and_next_step(text, line, message, hint):
    with pytest.raises(DockerfileError) as caught:
        parse(text, "sub/Dockerfile")
    error = caught.value
    assert error.line == line
    assert message in error.message
    assert hint in error.hint
    assert str(error).startswith("sub/Dockerfile:" + (f"{line}: " if line else " "))


def test_the_error_shows_the_offending_text():
    with pytest.raises(DockerfileError) as caught:
        parse("FROM x\nCOPY --form=a \\\n  b c\n", "Dockerfile")
    expected = "Dockerfile:2: COPY --form=a   b c: unknown flag --form\n  did you mean 'from'?"
    assert str(caught.value) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a b", ["a", "b"]),
        ("  a\t b  ", ["a", "b"]),
        ('a="b c" d', ['a="b c"', "d"]),
        ("a=b\\ c d", ["a=b\\ c", "d"]),
        ("a='b\\' c", ["a='b\\'", "c"]),
        ('"a\\" b" c', ['"a\\" b"', "c"]),
        ("'open to the end", ["'open to the end"]),
        ("end\\", ["end"]),
        ("", []),
    ],
)
def test_words(text, words):
    assert split_words(text, "\\") == words


@pytest.mark.parametrize(
    ("text", "flags", "rest"),
    [
        ("--a --b=c d --e", ["--a", "--b=c"], "d --e"),
        ('--a="b c" d', ["--a=b c"], "d"),
        ("--a=b\\ c d", ["--a=b c"], "d"),
        ("-- --a", [], "--a"),
        ("- a", [], "- a"),
        ("--a", ["--a"], ""),
    ],
)
def test_flags(text, flags, rest):
    assert take_flags(text) == (flags, rest)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ('["a", "b"]', ["a", "b"]),
        ("  []  ", []),
        ('["a"', None),
        ('["a"] b', None),
        ("['a']", None),
        ("[NaN]", None),
        ("a", None),
        ("[" * 100_000, None),
        ('["\\ud83d\\ude00"]', ["😀"]),
        ('["\\ud800"]', ["�"]),
    ],
)
def test_json_lists(text, values):
    assert parse_json_list(text) == values


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("0", 0),
        ("5s", 5 * 10**9),
        ("1h2m3s", 3723 * 10**9),
        ("1.5ms", 1_500_000),
        ("2us", 2000),
        (".5s", 5 * 10**8),
    ],
)
def test_durations(text, nanoseconds):
    assert parse_duration(text) == nanoseconds


@pytest.mark.parametrize(
    "text", ["", "5", "s", "1x", "1s ", "-1s", "9" * 20 + "h", "9" * 50 + "ns", "1.2.3s"]
)
def test_what_is_no_duration(text):
    with pytest.raises(ValueError, match="duration"):
        parse_duration(text)


PIECES = [
    *INSTRUCTIONS, "from", " x", " x AS y", "\n", "\n\n", " \\\n", "`\n", "# c\n", "# escape=`\n", " <<E",
    " <<-'E'", "E\n", '["a", "b"]', '["a', "[", " --from=x", " --mount=type=cache,a", " --chown=", " a=b", " 'q",
    ' "q"', "$x", "${x", "${x:-", "}", " CMD", " NONE", " --interval=1s", "\t", "\r\n", "\x0b", "\x85", "é",
    "\ufeff", "=", "\\", " /dst/", "1" * 9,
]  # fmt: skip


@settings(max_examples=400, derandomize=True, deadline=2000)
@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join) | st.text(max_size=80))
@example("FROM x\n" + "RUN a \\\n" * 2000)
@example("FROM x\nCOPY " + "<<E " * 300)
@example("FROM x\nRUN " + "[" * 50_000)
@example("FROM x\nONBUILD " * 500)
@example("FROM x\nENV a=" + "'" * 9999)
def test_any_text_gives_a_tree_or_a_dockerfile_error(text):
    try:
        tree = parse("FROM a\n" + text)
    except DockerfileError as error:
        found = error
        tree = None
    else:
        found = None
    last = text.count("\n") + 2
    if tree is None:
        assert found is not None
        assert found.line is None or 1 <= found.line <= last
        return
    spans = [node.span for stage in tree.stages for node in (stage.base, *stage.instructions)]
    assert all(1 <= span.first <= span.last <= last for span in spans)
    assert all(one.last < two.first for one, two in pairwise(spans))
