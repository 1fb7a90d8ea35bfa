"""Sockets of the internet's families between processes of the guest: output recorded from native builds on Linux."""

from __future__ import annotations

from pathlib import Path

import pytest
from guest_machine import SOURCES, GuestMachine, compile_guest

PROGRAMS = ["inet_tcp", "inet_udp", "inet_udplite"]


@pytest.mark.parametrize("name", PROGRAMS)
def test_loopback_is_linux(name: str, machine: GuestMachine, guest_cache: Path) -> None:
    status, text = machine.run(compile_guest(name, guest_cache))
    assert text.splitlines() == (SOURCES / f"{name}.expected").read_text().splitlines()
    assert status == 0
