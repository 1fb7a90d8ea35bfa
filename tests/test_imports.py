"""The import rules of docs/ARCHITECTURE.md: imports point downward, and the run path is lean."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# Each part, lowest first, and the parts it may import besides itself. A module belongs to the longest name that
# begins its own. docs/ARCHITECTURE.md has the same table for people.
LAYERS = {
    "lazyfs": (),
    "friscy.machine": ("lazyfs",),
    "friscy.kernel": ("lazyfs", "friscy.machine"),
    "snapshot": ("lazyfs", "friscy.machine", "friscy.kernel"),
    "friscy": ("lazyfs", "friscy.machine", "friscy.kernel", "snapshot"),
    "friscy_build": ("lazyfs", "friscy.machine", "friscy.kernel", "snapshot", "friscy"),
}
# What may be imported that is neither ours nor the standard library.
RUN_PATH = {"wasmtime", "zstandard", "msgpack"}
BUILD = RUN_PATH | {"doit", "pydantic", "elftools", "llvmlite", "rich"}
# Upward on purpose, inside functions: commands that need the build side when they are called.
LAZY_EXCEPTIONS = {
    ("friscy.cli.cmd_build", "friscy_build.command"),
    ("friscy.cli.cmd_inspect", "friscy_build.translation.explain"),
    ("friscy.cli.cmd_pack", "friscy_build.packing"),
    ("friscy.cli.cmd_commit", "friscy_build.commit"),
    ("friscy.cli.cmd_diff", "friscy_build.layers.kept"),
    ("friscy.cli.overlay", "friscy_build.layers.kept"),
    ("friscy.cli.exporting.overlay", "friscy_build.layers.archive"),
    ("friscy.cli.exporting.overlay", "friscy_build.layers.changes"),
    ("friscy.cli.exporting.overlay", "friscy_build.layers.kept"),
    ("friscy.cli.cmd_export", "friscy_build.layers.kept"),
    ("friscy.cli.cmd_init", "friscy_build.starting"),
    ("friscy.cli.cmd_lint", "friscy_build.lint"),
    ("friscy.cli.profiling.attribution", "friscy_build.translation.naming"),  # for its types
    ("friscy.cli.profiling.profile", "friscy_build.translation.naming"),
}

# `friscy run` may not have these loaded when it starts: each costs milliseconds, hashlib 2 and dataclasses 9.
HEAVY = {
    "dataclasses", "inspect", "hashlib", "_hashlib", "json", "pydantic", "doit", "llvmlite", "elftools", "rich",
    "fsspec", "shutil", "asyncio", "logging", "subprocess", "tempfile", "unittest", "friscy_build",
}  # fmt: skip


class Import:
    """One import statement's target, as seen from a module."""

    def __init__(self, module: str, target: str, line: int, at_import_time: bool) -> None:
        self.module, self.target, self.line, self.at_import_time = module, target, line, at_import_time

    def __repr__(self) -> str:
        return f"{self.module}:{self.line} imports {self.target}"


def part_of(module: str) -> str | None:
    """The part a dotted name belongs to, None for what is not ours."""
    found = [part for part in LAYERS if module == part or module.startswith(part + ".")]
    return max(found, key=len, default=None)


def modules() -> Iterator[tuple[str, Path]]:
    for top in ("lazyfs", "friscy", "snapshot", "friscy_build"):
        for path in sorted((ROOT / top).rglob("*.py")):
            names = path.relative_to(ROOT).with_suffix("").parts
            yield ".".join(names[:-1] if names[-1] == "__init__" else names), path


def imports() -> Iterator[Import]:
    known = {name for name, _ in modules()}
    for module, path in modules():
        tree = ast.parse(path.read_bytes(), str(path))
        lazy = {
            id(node)
            for function in ast.walk(tree)
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
            for node in ast.walk(function)
        }
        typing_only = {
            id(node)
            for test in ast.walk(tree)
            if isinstance(test, ast.If) and ast.unparse(test.test) == "TYPE_CHECKING"
            for node in ast.walk(test)
        }
        for node in ast.walk(tree):
            at_import_time = id(node) not in lazy and id(node) not in typing_only
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield Import(module, alias.name, node.lineno, at_import_time)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{path}:{node.lineno}: imports are absolute"
                assert node.module
                for alias in node.names:
                    whole = f"{node.module}.{alias.name}"
                    yield Import(
                        module, whole if whole in known else node.module, node.lineno, at_import_time
                    )


ALL = list(imports())


def test_imports_point_downward() -> None:
    wrong = []
    for each in ALL:
        source, target = part_of(each.module), part_of(each.target)
        assert source is not None
        lazy = not each.at_import_time and (each.module, each.target) in LAZY_EXCEPTIONS
        if target is not None and target != source and target not in LAYERS[source] and not lazy:
            wrong.append(each)
    assert wrong == []


def test_exceptions_are_needed() -> None:
    assert {(each.module, each.target) for each in ALL} >= LAZY_EXCEPTIONS


def test_only_declared_libraries() -> None:
    wrong = []
    for each in ALL:
        top = each.target.partition(".")[0]
        part = part_of(each.module)
        libraries = BUILD if part == "friscy_build" else RUN_PATH
        if part_of(each.target) is None and top not in sys.stdlib_module_names and top not in libraries:
            wrong.append(each)
    assert wrong == []


def test_no_import_of_tests_or_benchmarks() -> None:
    assert [
        each for each in ALL if each.target.partition(".")[0] in ("tests", "benchmarks", "conftest", "pytest")
    ] == []


def test_architecture_says_the_same() -> None:
    """The table in docs/ARCHITECTURE.md, read as LAYERS has it."""
    text = (ROOT / "docs" / "ARCHITECTURE.md").read_text()
    told: dict[str, set[str]] = {}
    for cells in re.findall(r"^\| `([^|]+)` \| [^|]+ \| ([^|]+) \|$", text, re.MULTILINE):
        part = cells[0].rstrip("/").replace("/", ".")
        if cells[1] == "nothing of ours":
            told[part] = set()
        elif cells[1] == "all above":
            told[part] = set(told)
        else:
            told[part] = set(cells[1].split(", "))
    assert told == {part: set(below) for part, below in LAYERS.items()}


def loaded_by(statements: str) -> set[str]:
    """The modules that a fresh Python has after `statements`, beyond those it starts with."""
    script = (
        f"import sys\nbefore = set(sys.modules)\n{statements}\nprint('\\n'.join(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", script], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


# All that a run from a snapshot imports, and its command line parsed.
RUN = """
import friscy.cli.main, friscy.cli.cmd_run, friscy.run, friscy.resume, snapshot.restore, friscy.kernel.calls
friscy.cli.cmd_run.run = lambda options: 0
friscy.cli.main.main(["run", "-e", "K=V", "bundle", "--", "-c", "print(1)"])
"""


@pytest.fixture(scope="module")
def run_path() -> set[str]:
    return loaded_by(RUN)


def test_run_path_is_lean(run_path: set[str]) -> None:
    of_libraries = loaded_by("import wasmtime, zstandard, msgpack, argparse")
    heavy = {name for name in run_path if name.partition(".")[0] in HEAVY}
    assert heavy - of_libraries == set()


def test_a_run_without_options_needs_no_parser() -> None:
    """`friscy run BUNDLE -- ARGS` finds out that there is no bundle without argparse, gettext and locale."""
    script = 'import friscy.cli.main; assert friscy.cli.main.main(["run", "/nowhere", "--", "-c", "1"]) == 2'
    assert not loaded_by(script) & {"argparse", "gettext", "locale", "shutil"}


def test_run_path_loads_only_declared_libraries(run_path: set[str]) -> None:
    ours = {"lazyfs", "friscy", "snapshot"}
    tops = {name.partition(".")[0] for name in run_path}
    of_libraries = {name.partition(".")[0] for name in loaded_by("import wasmtime, zstandard, msgpack")}
    assert tops - ours - RUN_PATH - of_libraries - sys.stdlib_module_names == set()
