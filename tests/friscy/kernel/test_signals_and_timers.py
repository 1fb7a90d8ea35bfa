"""Signals, timers, futexes and what tells of events: guest programs whose output was recorded on Linux 6.18.

The recordings are of native builds: qemu-user emulates parts of this itself.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from guest_machine import SOURCES, GuestMachine, compile_guest

PROGRAMS = ["edges", "notices", "ownership", "scheduling", "timers", "watching"]


@pytest.mark.parametrize("name", PROGRAMS)
def test_as_linux_does(name: str, machine: GuestMachine, guest_cache: Path) -> None:
    status, text = machine.run(compile_guest(name, guest_cache))
    assert text.splitlines() == (SOURCES / f"{name}.expected").read_text().splitlines()
    assert status == 0
