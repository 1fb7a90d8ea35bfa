"""Compiled C and C++ on friscy prints what it prints under qemu-riscv64."""

from __future__ import annotations

import pytest
from compilers import BUILDS, compiled
from guest import Pair
from rootfs import Rootfs, debian

TORTURE = {build: f"/opt/torture/{build.replace(' ', '_')}" for build in BUILDS}
EXCEPTIONS = "/opt/exceptions"


@pytest.fixture(scope="module")
def rootfs() -> Rootfs:
    """Both C libraries and the programs, which are part of the image so that they are translated too."""
    torture = [(path, compiled("torture.c", build)) for build, path in TORTURE.items()]
    return debian("libraries", *torture, (EXCEPTIONS, compiled("exceptions.cpp", "g++")))


@pytest.mark.parametrize("build", BUILDS)
def test_torture(rootfs: Rootfs, build: str) -> None:
    """Integers, floats in every rounding mode, libm, printf and scanf, calls, jumps, strings, heap, atomics."""
    Pair(rootfs).check(TORTURE[build], "an argument", status=42)


def test_cpp(rootfs: Rootfs) -> None:
    """Exceptions through two hundred frames, RTTI, streams, and one that nobody catches."""
    outcome = Pair(rootfs).check(EXCEPTIONS, status=134)
    assert b"terminate called after throwing an instance of 'Failure'" in outcome.stderr
