"""friscy bench --profile: a bundle's functions, where they ran and why not elsewhere."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from required_tools import require_tool

from friscy.bundle import CODE, open_bundle
from friscy.cli.main import main
from friscy.cli.profiling.attribution import UNSEEN, UNUSED
from friscy.cli.profiling.perf_event import PerfEvent
from lazyfs.errors import UsageError

PROGRAM = """
static long call(long n, long a, long b, long c)
{
    register long a7 asm("a7") = n, a0 asm("a0") = a, a1 asm("a1") = b, a2 asm("a2") = c;
    asm volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2) : "memory");
    return a0;
}
#define LOOP(name) \\
    __attribute__((noinline)) static unsigned long name(unsigned long x, long n) \\
    { \\
        while (n--) { x ^= x << 13; x ^= x >> 7; x ^= x << 17; } \\
        return x; \\
    }
LOOP(recorded)
LOOP(unrecorded)
static unsigned long (*volatile other)(unsigned long, long) = unrecorded; /* what is called by name is translated too */
__attribute__((noinline)) static long main(long argc)
{
    unsigned long x = recorded(1, argc > 1 ? 300000000 : 1000);
    if (argc > 1) x += other(x, 30000000);
    call(64, 1, (long)(x == 0 ? "never\\n" : "done\\n"), 5);
    return 5;
}
asm(".globl _start\\n_start: ld a0, 0(sp)\\n call start");
void start(long argc) { call(93, main(argc), 0, 0); }
"""
PROJECT = """
[bundle.app]
image = "tar:image.tar"
[bundle.app.run]
entrypoint = ["/app"]
[bundle.app.aot]
warm_up = [["/app"]]
"""

Friscy = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of a program that does more with an argument than when it was recorded."""
    place = tmp_path_factory.mktemp("profiled")
    source, program = place / "app.c", place / "app"
    source.write_text(PROGRAM)
    flags = ["-O1", "-w", "-static", "-nostdlib", "-o"]
    subprocess.run([require_tool("riscv64-linux-gnu-gcc"), *flags, program, source], check=True)
    with tarfile.open(place / "image.tar", "w") as archive:
        member = tarfile.TarInfo("app")
        member.size, member.mode = program.stat().st_size, 0o755
        archive.addfile(member, io.BytesIO(program.read_bytes()))
    (place / "friscy.toml").write_text(PROJECT)
    assert main(["build", "-f", str(place / "friscy.toml")]) == 0
    bundle = place / "build" / "app"
    assert open_bundle(bundle).has(CODE)
    return bundle


def allowed() -> bool:
    try:
        PerfEvent(range(0))
    except UsageError:
        return False
    return True


def refused(outcome: tuple[int, str, str]) -> bool:
    """Whether the host takes no samples; then that is all that is said."""
    if allowed():
        return False
    status, out, err = outcome
    assert (status, out) == (2, "")
    assert err.startswith("friscy: the host does not let friscy take samples: perf_event_open: ")
    assert len(err.splitlines()) == 2
    return True


def rows_of(profile: dict[str, Any], where: str) -> dict[str, Any]:
    return {row["function"]: row for row in profile["rows"] if row["where"] == where}


def test_functions_are_told_with_where_they_ran(friscy: Friscy, app: Path) -> None:
    outcome = friscy("bench", "--profile", app, "--engine", "aot", "--json", "--", "much")
    if refused(outcome):
        return
    status, out, err = outcome
    assert (status, out) == (5, "done\n"), "the guest's own"
    profile = json.loads(err)
    translated, interpreted = (rows_of(profile, where) for where in ("translated", "interpreter"))
    assert translated["recorded"]["file"] == interpreted["unrecorded"]["file"] == "/app"
    assert translated["recorded"]["why"] is None
    assert interpreted["unrecorded"]["why"] == UNSEEN
    assert "unrecorded" not in translated
    assert "recorded" not in interpreted
    assert (profile["command"], profile["status"]) == (["/app", "much"], 5)
    assert sum(row["share"] for row in profile["rows"]) == pytest.approx(1)
    assert sum(each["share"] for each in profile["where"]) == pytest.approx(1)
    calls = {call["name"]: call["count"] for call in profile["calls"]}
    assert calls == {"write": 1, "exit": 1}
    assert profile["seconds"]["processor"] <= profile["seconds"]["wall"] + 0.01


def test_the_table_has_totals_rows_and_advice(friscy: Friscy, app: Path) -> None:
    outcome = friscy("bench", "--profile", app, "--engine", "aot", "much")
    if refused(outcome):
        return
    status, out, err = outcome
    assert (status, out) == (5, "done\n")
    title, times, blank, *totals = err.splitlines()[:6]
    assert (title, blank) == ("profile of /app much", "")
    assert "of processor time" in times
    assert [line.split()[3] for line in totals] == ["translated", "interpreter", "host"]
    heading, *rows = err.partition("\nshare ")[2].splitlines()
    assert heading.endswith("why it was interpreted")
    told = {line.split()[4]: line for line in rows[:2]}  # whatever else was sampled took less
    assert " translated " in told["recorded"]
    assert told["unrecorded"].endswith(UNSEEN)
    assert "\n2 system calls in " in err
    assert f"{UNSEEN}: name commands that run it in [bundle.NAME.aot] warm_up" in err


def test_an_interpreted_run_says_that_it_was_asked_for(friscy: Friscy, app: Path, tmp_path: Path) -> None:
    file = tmp_path / "profile.json"
    outcome = friscy(
        "bench",
        "--profile",
        app,
        "--engine",
        "interpreter",
        "--json",
        "-o",
        file,
        "--entrypoint",
        "/app",
        "--",
        "x",
    )
    if refused(outcome):
        return
    assert outcome == (5, "done\n", "")
    profile = json.loads(file.read_text())
    assert rows_of(profile, "interpreter")["recorded"]["why"] == UNUSED
    assert rows_of(profile, "translated") == {}


def test_a_program_that_cannot_be_started_is_the_runs_own_error(friscy: Friscy, app: Path) -> None:
    outcome = friscy("bench", "--profile", app, "--entrypoint", "/nothing")
    if refused(outcome):
        return
    status, out, err = outcome
    assert (status, out) == (127, "")
    assert "/nothing" in err
    assert "profile of" not in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["cold_start", "-e", "A=1"], "the benchmarks take no options of a run"),
        (["--json"], "the benchmarks take no options of a run"),
        (["--", "x"], "the benchmarks take no options of a run"),
        (["--list", "--profile", "nowhere"], "--list lists benchmarks"),
        (["--profile", "nowhere", "-o", "/no/such/place"], "-o /no/such/place: No such file"),
    ],
)
def test_options_that_do_not_go_together(friscy: Friscy, words: list[str], message: str) -> None:
    status, out, err = friscy("bench", *words)
    assert (status, out) == (2, "")
    assert err.startswith(f"friscy: {message}")
