"""strace lines, and that every row of the table can be dispatched and shown whatever its registers hold."""

from __future__ import annotations

import errno
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_exec import Machine, small_elf

from friscy.kernel.calls import NAMES
from friscy.kernel.state import RUNNING
from friscy.kernel.strace.arguments import FORMATTERS, file_mode, quote, sigset
from friscy.kernel.strace.tracer import Tracer
from friscy.kernel.table import ARGUMENT_TYPES, ROWS
from friscy.machine.hart import A0, A7

SCRATCH = 0x11000  # inside the test program's .bss


@pytest.fixture
def machine() -> Machine:
    machine = Machine()
    machine.put(b"/p", small_elf())
    machine.start(b"/p", [b"p"], [])
    return machine


def call(machine: Machine, number: int, *arguments: int) -> int:
    """The signed result of a system call made with these registers."""
    k = machine.kernel
    for index in range(6):
        k.hart.set_x(A0 + index, arguments[index] if index < len(arguments) else 0)
    k.hart.set_x(A7, number)
    pc = k.hart.pc
    k.syscall()
    if k.state.tasks and k.task.state == RUNNING:
        assert k.hart.pc == pc + 4
    result = k.hart.x(A0)
    return result - (1 << 64) if result >> 63 else result


def test_names_and_rows_agree() -> None:
    assert {number: row.name for number, row in ROWS.items()} == {number: NAMES[number] for number in ROWS}
    assert set(ARGUMENT_TYPES) <= set(FORMATTERS)
    assert NAMES[222] == "mmap"
    assert NAMES[258] == "riscv_hwprobe"
    assert NAMES[435] == "clone3"


def test_lines(machine: Machine) -> None:
    lines: list[str] = []
    k = machine.kernel
    k.tracer = Tracer(lines.append)
    k.mem.write(SCRATCH, b"/etc/ld.so.cache\0")
    k.mem.write(SCRATCH + 64, struct.pack("<QQ", 1, 5))
    assert call(machine, 56, -100, SCRATCH, 0o2000000) == -errno.ENOENT
    assert call(machine, 222, 0, 8192, 3, 0x22, -1, 0) > 0
    assert call(machine, 64, 1, SCRATCH, 3) == -errno.EBADF
    assert call(machine, 135, 0, SCRATCH + 64, 0, 8) == 0
    assert call(machine, 233, SCRATCH, 1 << 20, 4) == -errno.ENOMEM
    assert call(machine, 9999) == -errno.ENOSYS
    assert call(machine, 160, 8) == -errno.EFAULT
    calls = [line.split(" = ")[0].rstrip() for line in lines]
    results = [line.rstrip("\n").split(" = ")[1] for line in lines]
    assert calls[0] == 'openat(AT_FDCWD, "/etc/ld.so.cache", O_RDONLY|O_CLOEXEC)'
    assert results[0] == "-1 ENOENT (No such file or directory)"
    assert calls[1] == "mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)"
    assert results[1].startswith("0x")
    assert calls[2] == 'write(1, "/et", 3)'
    assert calls[3] == "rt_sigprocmask(SIG_BLOCK, [HUP], NULL, 8)"
    assert calls[5].startswith("syscall_0x270f(")
    assert calls[6] == "uname(0x8)"


def test_strings_as_strace_writes_them() -> None:
    assert quote(b'a"b\\\n\0') == '"a\\"b\\\\\\n\\0"'
    assert quote(b"\x011") == '"\\0011"'
    assert quote(b"x" * 40) == '"' + "x" * 32 + '"...'
    assert sigset(0) == "[]"
    assert sigset(1 << 1 | 1 << 9) == "[INT USR1]"
    assert sigset((1 << 64) - 1 & ~(1 << 8)) == "~[KILL]"
    assert file_mode(0o100644) == "S_IFREG|0644"


@settings(max_examples=600, deadline=None, derandomize=True)
@given(
    number=st.sampled_from(sorted(set(ROWS) - {93, 94, 139})),
    arguments=st.lists(
        st.one_of(
            st.integers(0, 8),
            st.sampled_from([SCRATCH, SCRATCH + 1, 0x10000, 0x9FFF_FFF8, 1 << 32, (1 << 63) - 1, 1 << 63]),
            st.integers(0, (1 << 64) - 1),
            st.integers(-200, -1).map(lambda value: value & (1 << 64) - 1),
        ),
        min_size=6,
        max_size=6,
    ),
)
def test_no_registers_make_a_host_exception(number: int, arguments: list[int]) -> None:
    machine = SHARED
    if not machine.kernel.state.tasks:
        machine.start(b"/p", [b"p"], [])
    k = machine.kernel
    k.tracer = Tracer(lambda line: None)
    k.task.state, k.task.wait, k.task.deadline = RUNNING, None, None
    result = call(machine, number, *arguments)
    assert result >= -4095 or ROWS[number].result in ("ptr", "int", "none")


SHARED = Machine()
SHARED.put(b"/p", small_elf())
SHARED.start(b"/p", [b"p"], [])
