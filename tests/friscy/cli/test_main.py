"""The friscy command itself: which subcommand, help, errors, and what stands after --."""

from __future__ import annotations

import argparse
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import pytest

from friscy.cli import cmd_run
from friscy.cli.main import COMMANDS
from friscy.cli.parser import parse

Friscy = Callable[..., tuple[int, str, str]]
ROOT = Path(__file__).parents[3]
COMMAND = [sys.executable, "-m", "friscy.cli.main"]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_examples(friscy: Friscy, name: str) -> None:
    status, out, err = friscy(name, "--help")
    assert (status, err) == (0, "")
    assert out.startswith(f"usage: friscy {name} ")
    _, _, examples = out.partition("\nexamples:\n")
    lines = examples.splitlines()
    assert lines, f"friscy {name} --help shows no examples"
    assert all("friscy " in line for line in lines)
    assert any(f"friscy {name} " in f"{line} " for line in lines)


def shown_commands() -> list[str]:
    """The friscy commands in help texts and documents."""
    shown = []
    for name in COMMANDS:
        examples = import_module(f"friscy.cli.cmd_{name}").EPILOG.partition("examples:\n")[2]
        shown += [line.strip().split("   ")[0] for line in examples.splitlines()]
    for document in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        lines = document.read_text().splitlines()
        shown += [line.strip() for line in lines if re.match(r"    (friscy|echo .*\| friscy) ", line)]
    return shown


@pytest.mark.parametrize("line", shown_commands())
def test_examples_parse(line: str, monkeypatch: pytest.MonkeyPatch, friscy: Friscy) -> None:
    """What help and documents show is what the parser takes."""
    words = shlex.split(line, comments=True)
    words = words[words.index("friscy") + 1 :]
    words = words[: words.index("|")] if "|" in words else words
    asked: list[argparse.Namespace] = []
    monkeypatch.setattr(f"friscy.cli.cmd_{words[0]}.run", lambda options: asked.append(options) or 0)
    assert friscy(*words)[0] == 0
    assert len(asked) == 1


def test_document_lists_all_commands() -> None:
    text = (ROOT / "docs" / "cli.md").read_text()
    assert tuple(re.findall(r"^\| `friscy (\w+)", text, re.MULTILINE)) == COMMANDS


def test_overview(friscy: Friscy) -> None:
    for words in ([], ["--help"]):
        status, out, err = friscy(*words)
        assert (status, err) == (0, "")
        for name in COMMANDS:
            assert f"\n  {name} " in out


def test_version(friscy: Friscy) -> None:
    assert friscy("--version") == (0, f"friscy {version('friscy')}\n", "")


@pytest.mark.parametrize(
    ("typed", "meant"), [("ran", "run"), ("shel", "shell"), ("inspct", "inspect"), ("biuld", "build")]
)
def test_unknown_command_suggests_the_nearest(friscy: Friscy, typed: str, meant: str) -> None:
    status, out, err = friscy(typed, "build/python")
    assert (status, out) == (2, "")
    assert f"did you mean `friscy {meant}`?" in err


def test_unknown_command_lists_all(friscy: Friscy) -> None:
    status, _, err = friscy("xyzzy")
    assert status == 2
    assert ", ".join(COMMANDS) in err
    assert "did you mean" not in err


@pytest.mark.parametrize("words", [["--frob"], ["--frob", "run", "b"], ["-e", "K=V", "run", "b"]])
def test_options_stand_behind_the_command(friscy: Friscy, words: list[str]) -> None:
    status, out, err = friscy(*words)
    assert (status, out) == (2, "")
    assert f"no option {words[0]}: the command comes first" in err


@pytest.mark.parametrize(
    "words",
    [
        ["run"],
        ["run", "--frob", "build/python"],
        ["inspect", "--verify"],
        ["inspect", "nowhere"],
        ["run", "nowhere"],
        ["shell", "nowhere"],
        ["trace", "nowhere"],
        ["trace", "-o", "no/such/dir/file", "nowhere"],
        ["run", "-e", "=x", "nowhere"],
        ["run", "-v", "/nowhere:/data", "nowhere"],
        ["run", "-v", "relative", "nowhere"],
        ["build", "-f", "nowhere.toml"],
        ["inspect", "nowhere", "--", "x"],
    ],
)
def test_errors_are_short_and_end_with_2(
    friscy: Friscy, words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    status, out, err = friscy(*words)
    assert (status, out) == (2, "")
    assert err.startswith(("friscy: ", "usage: friscy "))
    if err.startswith("friscy: "):
        assert len(err.splitlines()) <= 2, "one line, and a hint"
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == [], "a refused command leaves nothing behind"


def parsed(
    monkeypatch: pytest.MonkeyPatch, friscy: Friscy, *words: str
) -> tuple[argparse.Namespace | None, tuple[int, str, str]]:
    """What `friscy run` would have been asked for."""
    asked: list[argparse.Namespace] = []
    monkeypatch.setattr("friscy.cli.cmd_run.run", lambda options: asked.append(options) or 7)
    result = friscy("run", *words)
    return (asked[0] if asked else None), result


@pytest.mark.parametrize(
    ("words", "args", "env"),
    [
        (["b"], [], []),
        (["b", "--"], [], []),
        (["b", "--", "-c", "print(1)"], ["-c", "print(1)"], []),
        (["b", "x", "-e", "K=V", "y"], ["x", "y"], ["K=V"]),
        (["-e", "K=V", "b", "x", "--", "-e", "L=W"], ["x", "-e", "L=W"], ["K=V"]),
        (["b", "--", "--", "--help"], ["--", "--help"], []),
        (["b", "--", ""], [""], []),
    ],
)
def test_what_stands_after_two_dashes_is_the_guests(
    monkeypatch: pytest.MonkeyPatch, friscy: Friscy, words: list[str], args: list[str], env: list[str]
) -> None:
    options, (status, _, _) = parsed(monkeypatch, friscy, *words)
    assert status == 7, "the command's status is the process's"
    assert options is not None
    assert (options.bundle, options.args, options.env) == ("b", args, env)


@pytest.mark.parametrize(
    "words", [["b"], ["b", "x", "y"], ["b", "--"], ["b", "x", "--", "-c", "--", "1"], ["b", "--", ""]]
)
def test_the_parser_is_left_out_where_it_would_say_the_same(words: list[str]) -> None:
    found = cmd_run.without_options(words)
    assert found is not None
    assert vars(found) == vars(parse("run", cmd_run, words))


@pytest.mark.parametrize("words", [[], ["--", "b"], ["-h"], ["b", "-e", "A=1"], ["--no-snapshot", "b"]])
def test_the_parser_is_asked_where_there_are_options(words: list[str]) -> None:
    assert cmd_run.without_options(words) is None


def test_options_are_not_abbreviated(monkeypatch: pytest.MonkeyPatch, friscy: Friscy) -> None:
    """What would be an abbreviation today could be another option tomorrow."""
    options, (status, _, err) = parsed(monkeypatch, friscy, "b", "--entry", "x")
    assert (options, status) == (None, 2)
    assert "--entry" in err


def test_interrupt_ends_as_shells_expect(monkeypatch: pytest.MonkeyPatch, friscy: Friscy) -> None:
    def interrupted(options: argparse.Namespace) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("friscy.cli.cmd_run.run", interrupted)
    assert friscy("run", "b") == (130, "", "")


@pytest.mark.parametrize(
    "words", [["inspect", "--syscalls"], ["inspect", "--syscalls", "--json"], ["--version"]]
)
def test_reader_that_went_away_is_no_error(words: list[str]) -> None:
    """friscy ... | head -1"""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [*COMMAND, *words], stdout=writer, stderr=subprocess.PIPE, text=True, timeout=60
        )
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (141, "")
