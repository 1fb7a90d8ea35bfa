"""ELF parsing under damage, and what execve leaves: registers, stack block, mappings."""

from __future__ import annotations

import errno
import struct
from pathlib import Path

import pytest
from guest_machine import compile_guest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_mm import FakeSpace

from friscy.kernel import elf
from friscy.kernel.exec import AT_ENTRY, AT_EXECFN, AT_PHDR, AT_RANDOM, rewrite_arguments
from friscy.kernel.kernel import Kernel
from friscy.kernel.state import Task
from friscy.machine.hart import SP
from friscy.machine.layout import GUEST_END, PAGE
from lazyfs.abi import O_CREAT, O_RDWR
from lazyfs.errors import FormatError, LinuxError
from lazyfs.inode import FsContext, Location
from lazyfs.vfs import Vfs


def small_elf(kind: int = elf.ET_EXEC, filesz: int = 0x140, memsz: int = 0x3000) -> bytes:
    """One PT_LOAD segment at 0x10000 (or 0), entry at its start, data after the headers."""
    base = 0x10000 if kind == elf.ET_EXEC else 0
    ident = b"\x7fELF\2\1\1" + bytes(9)
    header = struct.pack("<16sHHIQQQIHHHHHH", ident, kind, 243, 1, base + 0x78, 64, 0, 5, 64, 56, 1, 0, 0, 0)
    segment = struct.pack("<IIQQQQQQ", elf.PT_LOAD, 7, 0, base, base, filesz, memsz, PAGE)
    return (header + segment).ljust(filesz, b"\xaa") + b"\xbb" * 64


def parse(data: bytes) -> elf.Image:
    return elf.parse(lambda at, n: data[at : at + n], len(data), "test")


def test_every_truncation_is_a_format_error() -> None:
    data = small_elf()
    assert parse(data).entry == 0x10078
    for length in range(0x140):
        with pytest.raises(FormatError):
            parse(data[:length])


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.integers(0, 119), st.integers(0, 7))
def test_no_bit_flip_escapes_as_anything_else(at: int, bit: int) -> None:
    data = bytearray(small_elf())
    data[at] ^= 1 << bit
    try:
        image = parse(bytes(data))
    except FormatError:
        return
    assert 0 <= image.low < image.high <= GUEST_END


class Machine:
    """A kernel over a tmpfs, with memory that nothing runs in."""

    def __init__(self) -> None:
        self.vfs = Vfs()
        self.root: Location = self.vfs.mount_root(self.vfs.new_tmpfs(mode=0o755))
        self.context = FsContext(self.root, self.root)
        self.logged: list[str] = []
        self.kernel = Kernel(self.vfs, lambda k: FakeSpace(), log=self.logged.append)

    def put(self, path: bytes, content: bytes, mode: int = 0o755) -> None:
        file = self.vfs.open(self.context, path, O_RDWR | O_CREAT, mode)
        self.vfs.write(file, content)
        self.vfs.release(file)

    def start(self, path: bytes, argv: list[bytes], envp: list[bytes]) -> Task:
        return self.kernel.spawn_init(path, argv, envp, root=self.root)

    def strings_at(self, address: int) -> tuple[list[bytes], int]:
        mem, strings = self.kernel.mem, []
        while pointer := mem.u64(address):
            strings.append(mem.read_cstring(pointer))
            address += 8
        return strings, address + 8

    def block(self) -> tuple[list[bytes], list[bytes], dict[int, int]]:
        """argv, envp and auxv as the program finds them at sp."""
        sp = self.kernel.hart.x(SP)
        assert sp % 16 == 0
        argv, after = self.strings_at(sp + 8)
        assert self.kernel.mem.u64(sp) == len(argv)
        envp, after = self.strings_at(after)
        auxv: dict[int, int] = {}
        while key := self.kernel.mem.u64(after):
            auxv[key] = self.kernel.mem.u64(after + 8)
            after += 16
        return argv, envp, auxv


@pytest.fixture
def machine() -> Machine:
    return Machine()


def test_static_program(machine: Machine) -> None:
    machine.put(b"/p", small_elf())
    task = machine.start(b"/p", [b"p", b"", b"x y"], [b"A=1"])
    argv, envp, auxv = machine.block()
    assert (argv, envp) == ([b"p", b"", b"x y"], [b"A=1"])
    k = machine.kernel
    assert k.hart.pc == auxv[AT_ENTRY] == 0x10078
    assert auxv[AT_PHDR] == 0x10040
    # .bss starts inside the last file page, where the file itself goes on with other bytes.
    assert k.mem.read(0x10140 - 1, 3) == b"\xaa\0\0"
    assert k.mem.read(0x12FFF, 1) == b"\0"
    assert len(set(k.mem.read(auxv[AT_RANDOM], 16))) > 1
    assert task.process.comm == b"p"
    assert k.mem.read(task.process.mm.arg_start, 7) == b"p\0\0x y\0"


def test_position_independent_program_goes_into_the_window(machine: Machine) -> None:
    machine.put(b"/p", small_elf(elf.ET_DYN))
    machine.start(b"/p", [b"p"], [])
    vma = machine.kernel.mm.find(machine.kernel.hart.pc)
    assert vma is not None
    assert vma.name == b"/p"
    assert 0x0200_0000 <= vma.start < 0x1000_0000


def test_scripts(machine: Machine) -> None:
    machine.put(b"/p", small_elf())
    machine.put(b"/script", b"#! /p  one argument \nrest")
    machine.put(b"/outer", b"#!/script")
    task = machine.start(b"/outer", [b"zero", b"last"], [])
    assert machine.block()[0] == [b"/p", b"one argument", b"/script", b"/outer", b"last"]
    assert task.process.comm == b"outer"
    assert task.process.exe == b"/p"


@pytest.mark.parametrize(
    ("path", "content", "mode", "code"),
    [
        (b"/missing", None, 0, errno.ENOENT),
        (b"/f", small_elf(), 0o644, errno.EACCES),
        (b"/f", b"", 0o755, errno.ENOEXEC),
        (b"/f", b"#!\n", 0o755, errno.ENOEXEC),
        (b"/f", b"#!/nowhere\n", 0o755, errno.ENOENT),
        (b"/f", b"#!/f\n", 0o755, errno.ELOOP),
        (b"/f", small_elf()[:100], 0o755, errno.ENOEXEC),
        (b"/f/x", small_elf(), 0o755, errno.ENOTDIR),
        (b"/", None, 0, errno.EACCES),
    ],
)
def test_what_cannot_run(machine: Machine, path: bytes, content: bytes | None, mode: int, code: int) -> None:
    if content is not None:
        machine.put(b"/f", content, mode)
    with pytest.raises(LinuxError) as caught:
        machine.start(path, [b"f"], [])
    assert caught.value.errno == code
    assert machine.kernel.state.processes == {}


def test_too_many_arguments(machine: Machine) -> None:
    machine.put(b"/p", small_elf())
    for argv in ([b"x" * (128 << 10)], [b"x" * 1000] * 3000):
        with pytest.raises(LinuxError) as caught:
            machine.start(b"/p", argv, [])
        assert caught.value.errno == errno.E2BIG


def test_rewritten_arguments_leave_the_old_auxv_valid(machine: Machine) -> None:
    machine.put(b"/p", small_elf())
    task = machine.start(b"/p", [b"p"], [b"OLD=1"])
    k, old_sp = machine.kernel, machine.kernel.hart.x(SP)
    _, _, before = machine.block()
    old_random = k.mem.read(before[AT_RANDOM], 16)
    rewrite_arguments(k, task, [b"p", b"-c", b"print(1)"], [b"NEW=2", b"B="])
    argv, envp, after = machine.block()
    assert (argv, envp) == ([b"p", b"-c", b"print(1)"], [b"NEW=2", b"B="])
    assert k.hart.x(SP) < old_sp
    assert machine.strings_at(old_sp + 8)[0] == [b"p"]
    moved = {AT_RANDOM, AT_EXECFN}
    assert {key for key in after if before[key] != after[key]} == moved
    fresh = k.mem.read(after[AT_RANDOM], 16)
    assert len({old_random, fresh, k.mem.read(before[AT_RANDOM], 16)}) == 3
    assert task.process.cmdline == [b"p", b"-c", b"print(1)"]


def test_a_real_program_parses(guest_cache: Path) -> None:
    program = compile_guest("identity", guest_cache).read_bytes()
    image = parse(program)
    assert image.interpreter is None
    assert len(image.load) == 2
    assert image.low <= image.entry < image.high
