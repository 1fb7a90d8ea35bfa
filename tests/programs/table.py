"""Write docs/programs.md: run the tests that programs.json names for each program, and say how they ended.

    python tests/programs/table.py            # or: doit programs
    python tests/programs/table.py gcc git    # these rows only; the others stay as they are

A row: the program, its root filesystem and packages (tests/support/rootfs.py), what is run, what a pass means, the
tests.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE.parent / "support"), str(ROOT)]

from rootfs import debian  # noqa: E402

PAGE = ROOT / "docs" / "programs.md"
RESULTS = HERE / "results.json"
HEAD = """\
# Programs that run

Unmodified from Debian trixie's riscv64 packages, under the interpreter. "as qemu-user" and "as Linux" mean that output
and status are compared with those, byte for byte; the tests are in `tests/programs/` and run with
`python -m pytest tests/programs/NAME`. `doit programs` runs them and writes this page; the time is that of the tests,
on a machine that does other things too.

| program | version | what is run | how it fares | time | test |
|---|---|---|---|---|---|
"""
TAIL = """
Servers and their clients are in [servers.md](servers.md). LTP's system call tests, CPython's own tests of the operating
system and of sockets, and a fuzzer run with `doit conformance`; what each test gave is in
`tests/conformance/results/`, beside what it gave under qemu-user.
"""


def versions(rootfs: str) -> dict[str, str]:
    """The packages of a root filesystem and their versions, by dpkg's own list."""
    found = {}
    for text in (debian(rootfs).files / "var/lib/dpkg/status").read_text().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line and line[0] != " ")
        if "Package" in fields:
            found[fields["Package"]] = fields.get("Version", "")
    return found


def run(row: dict[str, Any]) -> dict[str, Any]:
    """Run the tests of a row: their count, how many failed, how long they took, and of what versions."""
    with tempfile.TemporaryDirectory() as directory:
        report = Path(directory) / "report.xml"
        tests = [str(HERE / name) for name in row["tests"]]
        subprocess.run([sys.executable, "-m", "pytest", "-q", f"--junitxml={report}", *tests], cwd=ROOT)
        suite = ElementTree.parse(report).getroot().find("testsuite")
    assert suite is not None
    failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
    known = versions(row["rootfs"])
    return {
        "tests": int(suite.get("tests", 0)),
        "failed": failed,
        "seconds": round(float(suite.get("time", 0)), 1),
        "versions": {name: known[name] for name in row["packages"]},
    }


def name_of(row: dict[str, Any]) -> str:
    """What tells a row from the others in results.json."""
    return f"{row['program']}: {row['tests'][0]}"


def line(row: dict[str, Any], result: dict[str, Any] | None) -> str:
    """A row of the table."""
    files = ", ".join(sorted({f"`{name.partition('::')[0]}`" for name in row["tests"]}))
    version, fares, seconds = "", row["fares"], ""  # CI runs the tests too: what passes is no news
    if result is not None:
        version = ", ".join(dict.fromkeys(result["versions"].values()))
        seconds = f"{result['seconds']:.0f} s"
        if result["failed"]:
            fares = f"**{result['failed']} of {result['tests']} tests fail**"
    return f"| {' | '.join((row['program'], version, row['run'], fares, seconds, files))} |\n"


def write(rows: list[dict[str, Any]], results: dict[str, Any]) -> None:
    """Write results and page."""
    kept = {name: results[name] for name in map(name_of, rows) if name in results}
    body = ",\n".join(f"  {json.dumps(name)}: {json.dumps(kept[name])}" for name in kept)
    RESULTS.write_text(f"{{\n{body}\n}}\n")
    PAGE.write_text(HEAD + "".join(line(row, kept.get(name_of(row))) for row in rows) + TAIL)


def main(wanted: list[str]) -> int:
    """Run what is `wanted`, all rows if nothing is."""
    rows = json.loads((HERE / "programs.json").read_text())
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    broken = 0
    for row in rows:
        if not wanted or name_of(row) in wanted or row["program"] in wanted:
            results[name_of(row)] = run(row)
            broken += results[name_of(row)]["failed"]
            write(rows, results)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
