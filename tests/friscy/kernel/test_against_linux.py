"""Guest programs whose whole output must be what real Linux makes of them (recorded through qemu-riscv64)."""

from __future__ import annotations

from pathlib import Path

import pytest
from guest_machine import SOURCES, GuestMachine, compile_guest, run_on_linux

PROGRAMS = [
    "descriptors",
    "dirfd",
    "extents",
    "getdents",
    "handles",
    "locks",
    "mapped",
    "memfd",
    "oddments",
    "open_flags",
    "pipes",
    "proc_settings",
    "rename",
    "robust_pi",
    "stats",
    "transfer",
    "waiting",
]


@pytest.mark.parametrize("name", PROGRAMS)
def test_as_linux_does(name: str, machine: GuestMachine, guest_cache: Path, tmp_path: Path) -> None:
    program = compile_guest(name, guest_cache)
    expected = run_on_linux(program, tmp_path)
    got = machine.run(program)
    assert got[1].splitlines() == expected[1].splitlines()
    assert got[0] == expected[0]


RECORDED = (
    "partial", "bad_pointers", "clocks", "leases", "mappings", "mounts", "mqueue", "other_memory", "posix_queues",
    "procmap", "sharing", "signal_io", "smaps", "sysv_ipc",
)  # fmt: skip


@pytest.mark.parametrize("name", RECORDED)
def test_as_recorded(name: str, machine: GuestMachine, guest_cache: Path) -> None:
    """qemu-user checks buffers itself and cannot share segments: recorded from a native build on Linux 6.18."""
    status, text = machine.run(compile_guest(name, guest_cache))
    expected = (SOURCES / f"{name}.expected").read_text()
    assert text.splitlines() == expected.splitlines()
    assert status == 0
