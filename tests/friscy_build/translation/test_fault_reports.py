"""What is said of a process that a fault ends: the function, the access, and who called, whatever engine ran it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from engines import Programs, Run, opened
from required_tools import require_tool

from friscy.boot import Machine

SOURCE = Path(__file__).parent / "faults.c"
BUILT = {
    "tables": ["-static", "-fasynchronous-unwind-tables"],
    "bare": ["-static", "-fno-asynchronous-unwind-tables", "-fno-unwind-tables"],
    "pie": ["-pie", "-fPIE", "-fasynchronous-unwind-tables"],
}
LIBRARIES = Path("/usr/riscv64-linux-gnu/lib")
HOWS = {"leaf": "sum", "short": "second", "pointer": "second", "store": "put"}
ACCESSES = {"leaf": "a load of 8 bytes", "store": "a store of 1 byte"}


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Programs:
    where, files = tmp_path_factory.mktemp("faults"), dict[str, bytes]()
    for name, flags in BUILT.items():
        program = where / name
        compiler = require_tool("riscv64-linux-gnu-gcc")
        subprocess.run([compiler, "-O2", "-w", *flags, "-o", program, SOURCE], check=True)
        files[f"/bin/{name}"] = program.read_bytes()
    for library in ("ld-linux-riscv64-lp64d.so.1", "libc.so.6"):
        files[f"/lib/{library}"] = (LIBRARIES / library).read_bytes()
    return Programs(where / "engines", files)


@pytest.fixture(scope="module")
def translated(programs: Programs) -> Machine:
    return opened(programs.translate([[f"/bin/{name}", how] for name in BUILT for how in HOWS]))


def report_of(run: Run) -> tuple[str, list[str], list[str]]:
    """(what was said first, the functions from the innermost on, the places of the same)."""
    assert run.status == 128 + 11
    (report,) = run.log
    first, *lines = report.split("\n  ")
    places = [line for line in lines if line.startswith(("at ", "by "))]
    return first, [re.sub(r"^\S+ \S+ (\w+)\+.*", r"\1", each) for each in places], places


@pytest.mark.parametrize("far", [False, True])
@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("name", BUILT)
def test_engines_tell_the_same(programs: Programs, translated: Machine, name: str, how: str, far: bool) -> None:
    argv = [f"/bin/{name}", how, *(["far"] if far else [])]
    by_interpreter = report_of(Run(opened(programs.interpreted), argv))
    run = Run(translated, argv)
    by_code = report_of(run)
    assert run.linked() > 0
    assert by_code == by_interpreter
    first, functions, places = by_code
    address = (0x50000000 if far else 0x10) + (8 if HOWS[how] == "second" else 0)
    assert first.startswith(f"{name} (process 1) killed by SIGSEGV: {ACCESSES.get(how, 'a load of 8 bytes')}")
    assert first.endswith(f" at {address:#x}, where nothing is mapped")
    assert functions[:4] == [HOWS[how], "middle", "outer", "main"]
    assert f"/bin/{name}+0x" in places[0]
    assert "_start" in functions[-1]


def test_it_says_where_registers_may_be_older(programs: Programs, translated: Machine) -> None:
    argv = ["/bin/tables", "leaf"]
    (interpreted,), (run,) = Run(opened(programs.interpreted), argv).log, Run(translated, argv).log
    assert "which may be older" in run
    assert "which may be older" not in interpreted
