"""Processes, threads, job control and local sockets: guest programs whose output must be what Linux makes of them.

qemu-user emulates a part of this itself (subreapers, exec of riscv64 programs, vfork), so the expected output
beside each program was recorded from a native build on Linux 6.18.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from guest_machine import SOURCES, GuestMachine, compile_guest

PROGRAMS = ["jobs", "processes", "pty", "sockets", "threads"]


@pytest.mark.parametrize("name", PROGRAMS)
def test_as_linux_does(name: str, machine: GuestMachine, guest_cache: Path) -> None:
    status, text = machine.run(compile_guest(name, guest_cache))
    assert text.splitlines() == (SOURCES / f"{name}.expected").read_text().splitlines()
    assert status == 0


def test_a_stop_waits_for_the_exec_of_a_vfork(machine: GuestMachine, guest_cache: Path) -> None:
    status, text = machine.run(compile_guest("vfork_stop", guest_cache))
    assert status == 0
    assert [line.rpartition(" ")[2] for line in text.splitlines()] == ["1", "0", "1", "7"]


def test_what_is_told_of_who_has_ended_or_was_woken(machine: GuestMachine, guest_cache: Path) -> None:
    """As on Linux: a zombie has a policy and a priority, and who was sent a signal is asleep no more."""
    status, text = machine.run(compile_guest("woken", guest_cache))
    assert (status, text.splitlines()[1:]) == (0, ["0", "0", "priority 0, state Z", "state R"])
