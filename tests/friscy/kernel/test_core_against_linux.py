"""Memory, signals, ids and clocks of guest programs: the same output as on real Linux."""

from __future__ import annotations

from pathlib import Path

import pytest
from guest_machine import GuestMachine, compile_guest, run_on_linux


@pytest.mark.parametrize("name", ["memory", "signals", "identity"])
def test_as_linux_does(name: str, machine: GuestMachine, guest_cache: Path, tmp_path: Path) -> None:
    program = compile_guest(name, guest_cache)
    expected = run_on_linux(program, tmp_path)
    assert expected[0] == 0, expected[1]
    got = machine.run(program)
    assert got[1].splitlines() == expected[1].splitlines()
    assert got[0] == expected[0]
