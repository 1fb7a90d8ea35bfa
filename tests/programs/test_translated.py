"""A row of docs/programs.md by translated code, each time the tests run: what no test of a part sees, it has seen.

The others take too long: `doit programs` has all.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from table import run

ROWS = json.loads(Path(__file__).with_name("programs.json").read_text())


@pytest.mark.timeout(900)
def test_compiled_programs() -> None:
    """Both compilers' C and C++, both C libraries, found at run time or not."""
    (row,) = [row for row in ROWS if row["tests"] == ["test_compiled.py"]]
    found = run(row, ["translated"])
    assert [found[engine]["failed"] for engine in ("interpreter", "translated")] == [0, 0]
    assert found["translated"]["tests"] == found["interpreter"]["tests"] > 0
    assert found["translated"]["modules"] > 0
