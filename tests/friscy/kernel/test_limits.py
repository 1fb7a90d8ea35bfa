"""A guest that takes too much ends as under docker's limits, and the host goes on."""

from __future__ import annotations

from pathlib import Path

import pytest
from guest_machine import GuestMachine, compile_guest

from friscy.kernel.limits import Limits, parse_size, parse_ulimit
from lazyfs.errors import UsageError


@pytest.fixture(scope="module")
def hogs(guest_cache: Path) -> Path:
    return compile_guest("hogs", guest_cache)


def test_a_fork_bomb_gets_eagain(machine: GuestMachine, hogs: Path) -> None:
    log: list[str] = []
    assert machine.run(hogs, "forks", limits=Limits(processes=20), log=log) == (
        0,
        "19 children, EAGAIN\nand again 500\n",
    )
    assert log == ["the limit of 20 processes is reached: clone fails with EAGAIN"]


def test_a_memory_hog_is_killed(machine: GuestMachine, hogs: Path) -> None:
    log: list[str] = []
    assert machine.run(hogs, "memory", limits=Limits(memory=48 << 20), log=log) == (137, "")
    assert log == ["the memory limit of 48 MiB is reached: killed program (process 1)"]


def test_only_the_largest_process_is_killed(machine: GuestMachine, hogs: Path) -> None:
    assert machine.run(hogs, "child", limits=Limits(memory=48 << 20), log=[]) == (0, "signal 9\n")


def test_too_many_mappings_are_the_guests_trouble(machine: GuestMachine, hogs: Path) -> None:
    """The host has a limit for all processes of the guest together, and must not come to it."""
    expected = "many, ENOMEM\nfork: ENOMEM\nunmap: 0, allocate: done\n"
    assert machine.run(hogs, "mappings") == (0, expected)


def test_a_leak_of_descriptors_gets_emfile(machine: GuestMachine, hogs: Path) -> None:
    assert machine.run(hogs, "files", limits=Limits(ulimits=["nofile=20:30"])) == (0, "17 more, EMFILE\n")


def test_a_full_disk_gets_enospc(machine: GuestMachine, hogs: Path) -> None:
    status, text = machine.run(hogs, "disk", limits=Limits(disk=2 << 20))
    assert status == 0
    assert text.splitlines()[0] == "ENOSPC, below 2 MiB: 1"
    assert text.splitlines()[1].endswith("= 65536")


def test_a_spinning_guest_is_killed(machine: GuestMachine, hogs: Path) -> None:
    log: list[str] = []
    assert machine.run(hogs, "spin", limits=Limits(cpu_seconds=0.2), log=log) == (137, "")
    assert log == ["the processor time of 0.2 s is used up: killed the guest"]


def test_a_spinning_process_gets_sigxcpu(machine: GuestMachine, hogs: Path) -> None:
    status, _ = machine.run(hogs, "spin", limits=Limits(ulimits=["cpu=1"]))
    assert status in (128 + 24, 137)


def test_sizes_and_ulimits() -> None:
    assert [parse_size(word) for word in ("65536", "64k", "512M", "1GiB", "2gb")] == [
        65536, 65536, 512 << 20, 1 << 30, 2 << 30,
    ]  # fmt: skip
    assert parse_ulimit("nofile=10:20") == (7, (10, 20))
    assert parse_ulimit("core=-1") == (4, ((1 << 64) - 1, (1 << 64) - 1))
    for word in ("nofile", "nofile=x", "files=1", "nofile=20:10"):
        with pytest.raises(UsageError):
            parse_ulimit(word)


def test_what_the_command_line_says_goes_before_the_bundle() -> None:
    joined = Limits(memory=1, ulimits=["nofile=1"]).over(
        Limits(memory=2, processes=3, ulimits=["nofile=9", "cpu=4"])
    )
    assert (joined.memory, joined.processes, joined.disk) == (1, 3, None)
    assert joined.ulimits == {7: (1, 1), 0: (4, 4)}
