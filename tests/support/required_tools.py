"""Programs that tests run. A missing one is a failure that says what to install, never a skip."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

# `.ci/packages` is the one list: .ci/run installs it, `doit test` checks it.
LIST = Path(__file__).parents[2] / ".ci" / "packages"


def packages() -> dict[str, str]:
    """Program (or file) -> the Debian package that has it."""
    lines = (line.split() for line in LIST.read_text().splitlines() if line and not line.startswith("#"))
    return {program: package for program, package in lines}  # noqa: C416 - it must be pairs


def require_tool(program: str) -> str:
    """The path of a program of `.ci/packages`; the test fails where this machine does not have it."""
    package = packages()[program]
    path = shutil.which(program) or (program if Path(program).exists() else None)
    if path is None:
        pytest.fail(f"{program} is missing: apt-get install {package}", pytrace=False)
    return path
