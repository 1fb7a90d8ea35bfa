"""The benchmarks' own machinery. No test here depends on how long anything takes."""

from __future__ import annotations

import json
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from benchmarks import harness, subjects
from benchmarks.harness import BenchmarkError, Measurement, alternate, environment, report, run, standalone
from benchmarks.report import page
from benchmarks.run import benchmarks

ROOT = Path(__file__).parents[2]


def measured(**samples: list[float]) -> dict[str, Measurement]:
    return {name: Measurement(name, "ms", values) for name, values in samples.items()}


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(harness, "RESULTS", tmp_path / "results")
    return tmp_path / "results"


def test_contenders_take_turns_and_warm_up_is_not_counted() -> None:
    calls: list[str] = []
    values = iter(range(100))

    def contender(name: str) -> Any:
        return lambda: calls.append(name) or float(next(values))

    found = alternate({"a": contender("a"), "b": contender("b")}, rounds=3, unit="us", warm_up=1)
    assert calls == ["a", "b"] * 4
    assert found["a"].samples == [2.0, 4.0, 6.0]
    assert (found["b"].median, found["b"].unit) == (5.0, "us")


def test_report_holds_goals_against_ratio_and_value(results: Path) -> None:
    measurements = measured(base=[2.0, 1.0, 3.0], near=[4.0], far=[5.0], big=[81.0])
    told = report(
        "x",
        "Title",
        measurements,
        base="base",
        goals={"near": ("<=", 2.0), "far": ("<=", 2.0)},
        limits={"big": ("<=", 80.0)},
        extra={"parts": {"near": [["one", 1.0]]}},
    )
    rows = {row["name"]: row for row in told["rows"]}
    assert rows["base"] == {"name": "base", "median": 2.0, "unit": "ms", "ratio": 1.0, "spread": [1.0, 3.0]}
    assert [rows[name]["reached"] for name in ("near", "far", "big")] == [True, False, False]
    assert [rows[name]["goal"] for name in ("near", "big")] == ["<= 2 x", "<= 80 ms"]
    stored = json.loads((results / "x.json").read_text())
    assert stored == told
    assert {"cpu", "cores", "python", "wasmtime"} <= stored["machine"].keys()


def test_a_process_is_measured_with_what_it_wrote(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    script = "import os; a = bytearray(64 << 20); print(os.environ.get('PYTHONDONTWRITEBYTECODE'))"
    finished = run([sys.executable, "-c", script])
    assert finished.output == b"None\n"
    assert finished.peak_mb > 64
    assert finished.ms > 0
    assert run([subjects.native_program("hello")], b"hello\n").peak_mb < 8  # not what this process has


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("raise SystemExit(3)", "status 3"),
        ("import os; os.kill(os.getpid(), 9)", "status 137"),
        ("print('other')", "other"),
        ("import sys; sys.exit('what went wrong')", "what went wrong"),
    ],
)
def test_a_failing_process_is_an_error(script: str, message: str) -> None:
    with pytest.raises(BenchmarkError, match=message):
        run([sys.executable, "-c", script], b"expected")


def test_a_program_that_is_not_there_is_an_error() -> None:
    with pytest.raises(BenchmarkError, match="no-such-program"):
        run(["no-such-program"])
    with pytest.raises(BenchmarkError, match="apt-get install some-package"):
        subjects.tool("no-such-program", "some-package")


def test_standalone_shows_a_message(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["benchmark"])

    def main() -> None:
        raise BenchmarkError("qemu-riscv64 is missing: apt-get install qemu-user")

    with pytest.raises(SystemExit) as ended:
        standalone(main)
    assert ended.value.code == 2
    assert capsys.readouterr().err == "error: qemu-riscv64 is missing: apt-get install qemu-user\n"


@pytest.mark.parametrize(("word", "status"), [("--help", 0), ("unknown", 2)])
def test_standalone_runs_nothing_else(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, word: str, status: int
) -> None:
    monkeypatch.setattr(sys, "argv", ["benchmark", word])
    with pytest.raises(SystemExit) as ended:
        standalone(lambda: pytest.fail("it ran"))
    assert ended.value.code == status
    said = capsys.readouterr()
    assert (__doc__ or "?").splitlines()[0] in said.out if status == 0 else "unrecognized arguments" in said.err


def test_measured_processes_get_a_clean_python(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYTHONDONTWRITEBYTECODE", "PYTHONPROFILEIMPORTTIME", "PYTHONPATH", "OTHER"):
        monkeypatch.setenv(name, "1")
    kept = environment()
    assert {"PYTHONPATH", "OTHER"} <= kept.keys()
    assert not {"PYTHONDONTWRITEBYTECODE", "PYTHONPROFILEIMPORTTIME"} & kept.keys()


def command(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "benchmarks/run.py", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_the_command_lists_and_refuses() -> None:
    listed = command("--list")
    names = [line.split()[0] for line in listed.stdout.splitlines()]
    assert listed.returncode == 0
    assert {"cold_start", "rss", "restore", "open", "syscalls"} <= set(names)
    assert names == list(benchmarks())
    wrong = command("cold_strat")
    assert (wrong.returncode, wrong.stderr) == (
        2,
        "error: no benchmark 'cold_strat'\n  did you mean cold_start?\n",
    )


class Checker(HTMLParser):
    """Collects the elements, and whether each that was opened was closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.rectangles: list[dict[str, str | None]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "meta":
            self.open.append(tag)
        if tag == "rect":
            self.rectangles.append(dict(attrs))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "rect":
            self.rectangles.append(dict(attrs))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_shows_every_result(results: Path) -> None:
    measurements = measured(base=[1.0], **{"<twice>": [2.0, 2.0, 3.0]})
    told = report("x", "A & B", measurements, base="base", goals={"<twice>": ("<=", 1.5)})
    html = page({"x": told, "y": {**told, "parts": {"base": [["first", 3.0], ["second", 1.0]]}}})
    checker = Checker()
    checker.feed(html)
    checker.close()
    assert checker.open == []
    assert "0 of 2 goals reached" in checker.text
    assert all(words in checker.text for words in ("A & B", "<twice>", "<= 1.5 x"))
    widths = [float(each["width"] or 0) for each in checker.rectangles]
    assert widths[1] == pytest.approx(2 * widths[0], abs=0.2)  # the bars of x
    assert widths[-2] == pytest.approx(3 * widths[-1], abs=0.2)  # the parts of y
    assert "http" not in html
