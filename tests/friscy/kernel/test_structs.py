"""Packed structures have the compiler's layout; what they carry is held by the guest programs."""

from __future__ import annotations

from pathlib import Path

import pytest
from guest_machine import compile_guest, run_on_linux

from friscy.kernel import structs
from friscy.kernel.terminal import tty
from friscy.machine.memory import PROT_READ, PROT_WRITE, GuestMemory
from lazyfs.errors import LinuxError


def test_layout_is_the_compilers(guest_cache: Path, tmp_path: Path) -> None:
    _, text = run_on_linux(compile_guest("layout", guest_cache), tmp_path)
    assert dict(line.rsplit(" ", 1) for line in text.splitlines()) == {
        "struct stat": str(structs.STAT_BYTES),
        "struct statx": str(structs.STATX_BYTES),
        "struct statfs": str(structs.STATFS_BYTES),
        "struct flock": str(structs.FLOCK_BYTES),
        "struct pollfd": str(structs.POLLFD_BYTES),
        "struct epoll_event": str(structs.EPOLL_EVENT_BYTES),
        "struct open_how": str(structs.OPEN_HOW_BYTES),
        "struct termios": str(tty.TERMIOS_BYTES),
        "struct termios2": str(tty.TERMIOS2_BYTES),
        "struct dirent64.d_name": "19",
        "struct termios.c_cc": "17",
    }


def test_dirent_is_padded_to_8() -> None:
    for name in (b"a", b"abcd", b"abcde", b"x" * 255):
        record = structs.pack_dirent(7, 9, 8, name)
        assert len(record) == structs.dirent_bytes(name) == int.from_bytes(record[16:18], "little")
        assert len(record) % 8 == 0
        assert record[19:].rstrip(b"\0") == name
        assert record.endswith(b"\0")


def test_iovec_limits() -> None:
    memory = GuestMemory.anonymous()
    memory.map(0x2_0000, 0x2_4000, PROT_READ | PROT_WRITE)
    memory.write(0x2_0000, b"".join(n.to_bytes(8, "little") for n in (1, 1 << 40, 2, 5)))
    assert structs.read_iovec(memory, 0x2_0000, 2) == [(1, structs.MAX_RW_COUNT), (2, 0)]
    for count in (-1, 1025, 1 << 63):
        with pytest.raises(LinuxError, match="EINVAL"):
            structs.read_iovec(memory, 0x2_0000, count)
    with pytest.raises(LinuxError, match="EFAULT"):
        structs.read_iovec(memory, 0x2_3FF8, 1)
