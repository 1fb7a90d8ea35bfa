"""The Python kernels: what they compute, and which Python is compared with."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import python_speed
from benchmarks.harness import BenchmarkError
from benchmarks.python_speed import KERNELS, SOURCES, native_python, version_of


def answer(module: str, size: int) -> str:
    done = subprocess.run(
        [sys.executable, "-B", SOURCES / "run.py", module, str(size)],
        capture_output=True,
        text=True,
        check=True,
    )
    found, ms = done.stdout.split()
    assert float(ms) >= 0
    return found


@pytest.mark.parametrize(
    ("module", "size", "expected"),
    [
        ("fannkuch", 7, "228/16"),  # published with the benchmark
        ("fannkuch", 8, "1616/22"),
        ("richards", 1, "2322/928/6573"),  # Richards' own 10 000 turns of the idle task give 23246 and 9297
        # of CPython 3.11 and 3.13
        ("documents", 12, "170514"),
        ("patterns", 2, "155531"),
    ],
)
def test_kernels_have_one_answer(module: str, size: int, expected: str) -> None:
    assert answer(module, size) == expected


def test_the_planets_keep_their_energy() -> None:
    assert float(answer("nbody", 1)) == pytest.approx(float(answer("nbody", 500)), rel=1e-3)


def test_every_kernel_is_there() -> None:
    assert {kernel.module for kernel in KERNELS.values()} | {"run"} == {
        path.stem for path in SOURCES.glob("*.py")
    }


def pretend(directory: Path, name: str, version: str) -> Path:
    """A program that says it is this Python."""
    path = directory / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho Python {version}\n")
    path.chmod(0o755)
    return path


def test_the_nearest_version_is_compared_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(python_speed.os, "get_exec_path", lambda: [str(tmp_path / "bin"), "/no/such/place"])
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    with pytest.raises(BenchmarkError, match="no python3"):
        native_python((3, 13, 5))
    old = pretend(tmp_path, "bin/python3.11", "3.11.9")
    pretend(tmp_path, "bin/python3.11-config", "3.13.5")
    assert native_python((3, 13, 5)) == (old, (3, 11, 9))
    pretend(tmp_path, "pyenv/versions/3.12.1/bin/python3.12", "3.12.1")
    near = pretend(tmp_path, "pyenv/versions/3.13.0/bin/python3.13", "3.13.0")
    pretend(tmp_path, "pyenv/versions/3.14.0/bin/python3.14", "is not installed")
    assert native_python((3, 13, 5)) == (near, (3, 13, 0))


def test_what_is_no_python_has_no_version(tmp_path: Path) -> None:
    assert version_of([sys.executable]) == sys.version_info[:3]
    assert version_of([tmp_path / "nothing"]) is None
    assert version_of([pretend(tmp_path, "other", "Ruby")]) is None
