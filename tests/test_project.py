"""The repository itself: tests can be collected in any selection, and the lists about them agree."""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path

import pytest
from required_tools import packages, require_tool

ROOT = Path(__file__).parents[1]
TESTS = ROOT / "tests"


def importable() -> list[Path]:
    """The modules that tests can import by bare name: those in the directories that pytest puts on its path."""
    directories = {path.parent for pattern in ("test_*.py", "conftest.py") for path in TESTS.rglob(pattern)}
    found = [path for directory in directories | {TESTS / "support"} for path in directory.glob("*.py")]
    return [path for path in found if path.name != "conftest.py"]


def test_module_names_are_unique() -> None:
    names = Counter(path.name for path in importable())
    assert [name for name, times in names.items() if times > 1] == []
    assert list(TESTS.rglob("__init__.py")) == []


def test_no_module_shadows_an_imported_one() -> None:
    ours = {"friscy", "friscy_build", "lazyfs", "snapshot", "benchmarks", "dodo"}
    assert {path.stem for path in importable()} & (sys.stdlib_module_names | ours) == set()


@pytest.mark.parametrize("word", ["skipif", "skip", "importorskip", "xfail"])
def test_nothing_is_skipped(word: str) -> None:
    """A test that does not run proves nothing: what it needs is installed, or it fails."""
    pattern = re.compile(rf"pytest\.(mark\.)?{word}\b")
    found = [
        path.name
        for path in TESTS.rglob("*.py")
        if path != Path(__file__) and pattern.search(path.read_text())
    ]
    assert found == []


def test_programs_that_tests_call_are_declared() -> None:
    """A program in a test that .ci/packages does not name is missing on a fresh machine."""
    called = set()
    for path in TESTS.rglob("*.py"):
        called |= set(re.findall(r"""require_tool\(["']([^"']+)["']\)""", path.read_text()))
    assert called - {"no-such-program"} <= packages().keys()


def test_missing_program_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    listed = tmp_path / "packages"
    listed.write_text("# comment\nno-such-program   its-package\n")
    monkeypatch.setattr("required_tools.LIST", listed)
    with pytest.raises(
        pytest.fail.Exception, match="no-such-program is missing: apt-get install its-package"
    ):
        require_tool("no-such-program")


def test_links_in_the_documents_lead_somewhere() -> None:
    broken = []
    for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", path.read_text()):
            if "://" not in target and not (path.parent / target).exists():
                broken.append(f"{path.relative_to(ROOT)}: {target}")
    assert broken == []


def test_decisions_are_listed() -> None:
    directory = ROOT / "docs" / "decisions"
    listed = re.findall(r"\]\((.+)\.md\)", (directory / "README.md").read_text())
    assert sorted(listed) == sorted(path.stem for path in directory.glob("*.md") if path.stem != "README")
