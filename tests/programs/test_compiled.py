"""Compiled C and C++ on friscy prints what it prints under qemu-riscv64."""

from __future__ import annotations

import pytest
from compilers import BUILDS, compiled
from guest import Pair
from rootfs import Rootfs


@pytest.mark.parametrize("build", BUILDS)
def test_torture(programs: Rootfs, build: str) -> None:
    """Integers, floats in every rounding mode, libm, printf and scanf, calls, jumps, strings, heap, atomics."""
    Pair(programs, {"torture": compiled("torture.c", build)}).check("./torture", "an argument", status=42)


def test_cpp(programs: Rootfs) -> None:
    """Exceptions through two hundred frames, RTTI, streams, and one that nobody catches."""
    outcome = Pair(programs, {"program": compiled("exceptions.cpp", "g++")}).check("./program", status=134)
    assert b"terminate called after throwing an instance of 'Failure'" in outcome.stderr
