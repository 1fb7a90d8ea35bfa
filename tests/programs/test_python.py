"""Debian's CPython on friscy prints what it prints under qemu-riscv64. The programs are in python/."""

from __future__ import annotations

from pathlib import Path

import pytest
from guest import Pair, run
from rootfs import Rootfs

PYTHON = "/usr/bin/python3"
SOURCES = Path(__file__).parent / "python"


def check(programs: Rootfs, name: str) -> Pair:
    pair = Pair(programs, {"main.py": (SOURCES / f"{name}.py").read_bytes()})
    pair.check(PYTHON, "main.py")
    return pair


@pytest.mark.parametrize("name", ["numbers", "library", "signals_and_time"])
def test_program(programs: Rootfs, name: str) -> None:
    check(programs, name)


def test_files(programs: Rootfs) -> None:
    """Everything a program does to its files, and what is in the directory afterwards."""
    pair = check(programs, "files")
    assert pair.files["data.bin"][1][:5] == b"MMAP!"
    assert "tree/moved/copied" in pair.files


def test_sqlite(programs: Rootfs) -> None:
    """Database files that one process writes and another reads."""
    pair = check(programs, "sqlite")
    query = "select count(*), avg(value) from t; select hex(raw) from t where id=5"
    pair.check("/usr/bin/sqlite3", "-json", "store.db", query)
    pair.check(
        "/usr/bin/sqlite3",
        "wal.db",
        "insert into w values (2); select count(*) from w; pragma journal_mode=delete",
    )


@pytest.mark.parametrize(
    ("source", "status"),
    [
        ("import sys; sys.exit(3)", 3),
        ("import sys; print('out'); sys.exit('to stderr')", 1),
        ("def f(n): return f(n - 1) if n else 1 // n\nf(3)", 1),
        ("def f(): f()\nf()", 1),
        ("print(input())", 1),
        ("import os; os.abort()", 134),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", 143),
        ("import ctypes; ctypes.string_at(0)", 139),
    ],
)
def test_end(programs: Rootfs, source: str, status: int) -> None:
    """Exit statuses, tracebacks and deadly signals."""
    Pair(programs).check(PYTHON, "-c", source, status=status)


def test_exec(programs: Rootfs) -> None:
    """One program becomes another; qemu-user would look for it on its host."""
    source = "import os; print('before', flush=True); os.execv('/usr/bin/busybox', ['echo', 'from', 'exec'])"
    outcome = run(programs, (PYTHON, "-c", source))
    assert outcome[:3] == (0, b"before\nfrom exec\n", b"")


def test_standard_input(programs: Rootfs) -> None:
    pair = Pair(programs)
    pair.check(PYTHON, "-", "a", "b", stdin=b"import sys; print(sys.argv, sys.stdin.read())")
    upper = "for line in open(0): print(line.upper(), end='')"
    pair.check(PYTHON, "-c", upper, stdin=b"one\ntwo\nno newline" * 5000)
    pair.check(PYTHON, "-c", "print(input('? ') + '!')", stdin=b"answer\n")
    pair.check(
        PYTHON, "-i", "-q", "-c", "x = 5", stdin=b"x + 1\nfor i in range(2):\n  print(i)\n\nundefined\n"
    )
