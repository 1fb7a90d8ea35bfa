"""/proc, /sys and the namespace, read by a guest program."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from guest_machine import GuestMachine, compile_guest

from friscy.kernel.release import RELEASE


@pytest.fixture(scope="module")
def show(machine: GuestMachine, guest_cache: Path):
    program = compile_guest("show", guest_cache)

    def run(*paths: str) -> str:
        status, text = machine.run(program, *paths)
        assert status == 0, text
        return text

    return run


def test_self(show) -> None:
    text = show("/proc/self/stat", "/proc/self/status", "/proc/self/cmdline", "/proc/self/limits")
    fields = text.partition("\n")[0].rsplit(") ", 1)
    assert fields[0] == "1 (program"
    assert len(fields[1].split()) == 50
    assert re.search(r"^Name:\tprogram$.*^State:\tR \(running\)$.*^Pid:\t1$", text, re.M | re.S)
    assert "program\0/proc/self/stat\0/proc/self/status\0" in text
    assert "Max open files            1024                 1048576              files     \n" in text
    assert "Max cpu time              unlimited            unlimited            seconds   \n" in text


def test_maps(show) -> None:
    lines = show("/proc/self/maps").splitlines()
    form = re.compile(r"[0-9a-f]{8,}-[0-9a-f]{8,} [r-][w-][x-][ps] [0-9a-f]{8} [0-9a-f]{2}:[0-9a-f]{2} \d+ ")
    assert all(form.match(line) for line in lines)
    named = {line[73:]: line[18:21] for line in lines if len(line) > 73}
    assert named["/bin/program"] in ("r-x", "r--", "rw-")
    assert named["[stack]"] == "rw-"
    ends = [int(part, 16) for line in lines for part in line.split()[0].split("-")]
    assert ends == sorted(ends)


def test_machine(show) -> None:
    text = show("/proc/meminfo", "/proc/uptime", "/proc/cpuinfo", "/proc/sys/kernel/osrelease", "/proc/stat")
    assert re.match(r"MemTotal:        1048576 kB\nMemFree: {7,}\d+ kB\n", text)
    assert re.search(r"^\d+\.\d\d \d+\.\d\d$", text, re.M)
    assert text.count("processor\t: ") == 1
    assert RELEASE.decode() in text
    assert re.search(r"^cpu  \d+( \d+){9}$", text, re.M)


def test_random_differs_and_boot_id_stays(show) -> None:
    uuid = "/proc/sys/kernel/random/uuid"
    boot = "/proc/sys/kernel/random/boot_id"
    first, second, third, fourth = show(uuid, uuid, boot, boot).split()
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", first)
    assert first != second
    assert third == fourth


def test_mounts(show) -> None:
    text = show("/proc/mounts", "/proc/self/mountinfo", "/etc/hostname", "/etc/hosts")
    assert "proc /proc proc rw,nosuid,nodev,noexec,relatime 0 0\n" in text
    assert re.search(r"^\d+ \d+ 0:\d+ / /dev/shm rw,nosuid,nodev,noexec,relatime - tmpfs shm rw$", text, re.M)
    assert "\nfriscy\n" in text
    assert "127.0.0.1\tlocalhost\n" in text


def test_sys_is_small_and_read_only(show) -> None:
    assert show("/sys/devices/system/cpu/online") == "0\n"
    assert "[never]" in show("/sys/kernel/mm/transparent_hugepage/enabled")


def test_links_are_magic(machine: GuestMachine, guest_cache: Path) -> None:
    """exe, cwd and fd/N lead to the file itself, even when its name is gone."""
    status, text = machine.run(compile_guest("links", guest_cache))
    assert status == 0
    assert text.splitlines() == [
        "exe /bin/program",
        "cwd /place",
        "root /",
        "fd /place/file",
        "deleted /place/file (deleted)",
        "through the link: kept",
        "reopened for reading only: EBADF",
        "fdinfo pos:\t4",
        "pid 1",
        "descriptors 0 1 2 3 5",
        "other ENOENT",
        "eventfd anon_inode:[eventfd]",
        "open eventfd ENXIO",
        "readonly EACCES",
    ]
