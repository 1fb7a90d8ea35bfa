"""Write docs/programs.md: run the tests that programs.json names for each program, and say how they ended.

    python tests/programs/table.py                              # or: doit programs
    python tests/programs/table.py gcc git                      # these rows only; the others stay as they are
    python tests/programs/table.py --engine translated dash     # under one engine only

A row: the program, its root filesystem and packages (tests/support/rootfs.py), what is run, what a pass means, the
tests, which run under each engine (tests/programs/engine.py).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE.parent / "support"), str(ROOT)]

import engine  # noqa: E402
from rootfs import debian  # noqa: E402

PAGE = ROOT / "docs" / "programs.md"
RESULTS = HERE / "results.json"
ENGINES = ("interpreter", "translated")
TIMEOUT = "--timeout=3600"  # of a test, which first has all the code compiled that it may need: gcc's takes minutes
HEAD = """\
# Programs that run

Unmodified from Debian trixie's riscv64 packages, and one from npm. "as qemu-user" and "as Linux" mean that output
and status are compared with those, byte for byte; the tests are in `tests/programs/` and run with
`python -m pytest tests/programs/NAME`. `doit programs` runs them and writes this page. Each row is run by the
interpreter, and where it says so once more by translated code of what ran the first time (`[aot] scope = "touched"`),
all of it compiled beforehand; where code was not met the first time, the interpreter helps out. The times are those of
the tests, recorders and all, on a machine that does other things too.

| program | version | what is run | interpreted | translated | test |
|---|---|---|---|---|---|
"""
TAIL = """
Servers and their clients are in [servers.md](servers.md). LTP's system call tests, CPython's own tests of the operating
system and of sockets, musl's libc-test and a fuzzer run with `doit conformance`; what each test gave is in
`tests/conformance/results/`, beside what it gave under qemu-user.

## What wants more addresses

A process has two gigabytes of addresses. Most runtimes that reserve more take less where they do not get it; of those
tried, two need to be told or cannot:

- The JVM (OpenJDK 21) reserves a gigabyte for classes: with `JAVA_TOOL_OPTIONS=-XX:CompressedClassSpaceSize=64m` in the
  environment javac and programs with threads, collections and exceptions run, as on Linux.
- Programs by GHC, such as shellcheck and pandoc, want their heap above 8 GiB, and ask again and again where they
  get one below: they do not start, but for those that were built without the large address space.
"""


def versions(row: dict[str, Any]) -> dict[str, str]:
    """The versions of a row's packages, by dpkg's own list; those of npm are in the row itself."""
    found: dict[str, str] = dict(row.get("versions", {}))
    for text in (debian(row["rootfs"]).files / "var/lib/dpkg/status").read_text().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line and line[0] != " ")
        if fields.get("Package") in row["packages"]:
            found[fields["Package"]] = fields.get("Version", "")
    return found


def run(row: dict[str, Any], engines: Sequence[str]) -> dict[str, Any]:
    """Run the tests of a row: for each engine their count, how many failed, and how long they took."""
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as directory:
        if "translated" in engines:
            found["interpreter"] = _run(row, f"record:{directory}", directory)
            found["translated"] = _run(row, f"translated:{directory}", directory)
            found["translated"]["modules"] = engine.linked(Path(directory))
        else:
            found["interpreter"] = _run(row, "interpreter", directory)
    return found


def _run(row: dict[str, Any], kind: str, directory: str) -> dict[str, Any]:
    report = Path(directory) / f"{kind.partition(':')[0]}.xml"  # where pytest is killed there is none
    tests = [str(HERE / name) for name in row["tests"]]
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", TIMEOUT, "--tb=native", f"--junitxml={report}", *tests],
        cwd=ROOT,
        env={**os.environ, "FRISCY_TEST_ENGINE": kind, "FRISCY_TEST_SECONDS": "900"},
    )
    suite = ElementTree.parse(report).getroot().find("testsuite")
    assert suite is not None
    return {
        "tests": int(suite.get("tests", 0)),
        "failed": int(suite.get("failures", 0)) + int(suite.get("errors", 0)),
        "seconds": round(float(suite.get("time", 0)), 1),
    }


def name_of(row: dict[str, Any]) -> str:
    """What tells a row from the others in results.json."""
    return f"{row['program']}: {row['tests'][0]}"


def fares(row: dict[str, Any], result: dict[str, Any] | None) -> str:
    """How the tests of a row ended under one engine."""
    if result is None:
        return ""
    if result["failed"]:
        return f"**{result['failed']} of {result['tests']} tests fail**"
    if result.get("modules") == 0:
        return "**nothing was translated**"
    return f"{row['fares']}, {result['seconds']:.0f} s"


def line(row: dict[str, Any], result: dict[str, Any]) -> str:
    """A row of the table."""
    files = ", ".join(sorted({f"`{name.partition('::')[0]}`" for name in row["tests"]}))
    version = ", ".join(dict.fromkeys(result.get("versions", {}).values()))
    interpreted = fares(row, result.get("interpreter")) or row["fares"]  # CI runs the tests too
    translated = fares(row, result.get("translated"))
    return f"| {' | '.join((row['program'], version, row['run'], interpreted, translated, files))} |\n"


def write(rows: list[dict[str, Any]], results: dict[str, Any]) -> None:
    """Write results and page."""
    kept = {name: results[name] for name in map(name_of, rows) if name in results}
    body = ",\n".join(f"  {json.dumps(name)}: {json.dumps(kept[name])}" for name in kept)
    RESULTS.write_text(f"{{\n{body}\n}}\n")
    PAGE.write_text(HEAD + "".join(line(row, kept.get(name_of(row), {})) for row in rows) + TAIL)


def main() -> int:
    """Run what is wanted, all rows under their engines if nothing is said."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", nargs="*", metavar="ROW", help="programs, or programs with their first test")
    parser.add_argument("--engine", choices=ENGINES, action="append")
    options = parser.parse_args()
    rows = json.loads((HERE / "programs.json").read_text())
    known = [name for row in rows for name in (row["program"], name_of(row))]
    for name in options.rows:
        if name not in known:
            near = get_close_matches(name, known, 1, 0) or known[:1]
            parser.error(f"no row {name!r} in programs.json; did you mean {near[0]!r}?")
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    broken = 0
    for row in rows:
        if not options.rows or {name_of(row), row["program"]}.intersection(options.rows):
            found = run(row, options.engine or ENGINES)
            results[name_of(row)] = {**results.get(name_of(row), {}), **found, "versions": versions(row)}
            broken += sum(each["failed"] for each in found.values())
            write(rows, results)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
