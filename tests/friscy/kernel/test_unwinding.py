"""Frames and names that the guest's own files tell: right ones are found, and damage ends the list."""

from __future__ import annotations

import errno
import random
import struct
import subprocess
import tempfile
from collections.abc import Callable
from functools import cache
from itertools import islice
from pathlib import Path

import pytest
from required_tools import require_tool

from friscy.kernel import elf
from friscy.kernel.prologues import saves_by
from friscy.kernel.symbols import Symbols
from friscy.kernel.unwinding import _rules_at, callers
from friscy.machine.hart import RA, SP
from lazyfs.errors import LinuxError

STACK, STACK_BYTES = 0x7000_0000, 4096
SOURCE = """
__attribute__((noinline)) long leaf(long *p) { return *p; }
__attribute__((noinline)) long inner(long *p)
{
    long a[4];
    __asm__ volatile("" : : "r"(a) : "memory");
    return leaf(p) + 1;
}
__attribute__((noinline)) long outer(long *p) { return inner(p) * 3; }
void _start(void) { outer(0); for (;;); }
"""


@cache
def program(flags: tuple[str, ...]) -> bytes:
    with tempfile.TemporaryDirectory() as work:
        source, output = Path(work, "a.c"), Path(work, "a")
        source.write_text(SOURCE)
        compiler = require_tool("riscv64-linux-gnu-gcc")
        command = [compiler, "-O2", "-w", "-nostdlib", "-static", "-Wl,--eh-frame-hdr", *flags, "-o", output, source]
        subprocess.run(command, check=True)
        return output.read_bytes()


class Memory:
    """A program where its segments want to be, and a stack."""

    def __init__(self, data: bytes) -> None:
        self.image = elf.parse(lambda at, n: data[at : at + n], len(data), "program")
        self.base = self.image.low
        self.bytes = bytearray(self.image.high - self.image.low)
        for segment in self.image.load:
            at = segment.vaddr - self.base
            self.bytes[at : at + segment.filesz] = data[segment.offset : segment.offset + segment.filesz]
        self.stack = bytearray(STACK_BYTES)

    def read(self, address: int, n: int) -> bytes:
        for start, content in ((self.base, self.bytes), (STACK, self.stack)):
            if start <= address and address + n <= start + len(content):
                return bytes(content[address - start : address - start + n])
        raise LinuxError(errno.EFAULT)


def based(memory: Memory) -> Callable[[int], int | None]:
    return lambda pc: memory.base


def reader(data: bytes) -> Callable[[int, int], bytes]:
    return lambda at, n: data[at : at + n]


def symbol(data: bytes, memory: Memory, name: str) -> int:
    """The address of a function."""
    symbols = Symbols(reader(data))
    for segment in memory.image.load:
        for at in range(segment.offset, segment.offset + segment.filesz, 2):
            if symbols.at(at) == (name, 0):
                return segment.vaddr + at - segment.offset
    raise AssertionError(name)


def calls_in(memory: Memory, start: int) -> int:
    """Where the first call of a function returns to."""
    at = start
    while True:
        word = int.from_bytes(memory.read(at, 4), "little")
        nbytes = 4 if word & 3 == 3 else 2
        if word & 0xFFF in (0x0EF, 0x0E7):  # jal ra, jalr ra
            return at + 4
        at += nbytes


def start_of(data: bytes, memory: Memory) -> Callable[[int], int | None]:
    symbols = Symbols(reader(data))

    def find(pc: int) -> int | None:
        for segment in memory.image.load:
            if segment.vaddr <= pc < segment.vaddr + segment.filesz:
                found = symbols.at(pc - segment.vaddr + segment.offset)
                return pc - found[1] if found is not None else None
        return None

    return find


def stack_of(data: bytes, memory: Memory) -> tuple[int, dict[int, int], list[int]]:
    """(pc in leaf, registers, what it returns to, and so on): frames laid out as the code has them."""
    inner, outer, first = (symbol(data, memory, name) for name in ("inner", "outer", "_start"))
    returns = [calls_in(memory, start) for start in (inner, outer, first)]
    sp = STACK + 1024
    registers = dict.fromkeys(range(32), 0) | {RA: returns[0], SP: sp}
    for start, at, back in zip((inner, outer), returns, [*returns[1:], 0], strict=False):
        grown, saved = saves_by(memory.read, start, at - 1)
        assert grown > 0
        assert RA in saved
        place = sp + grown + saved[RA] - STACK
        memory.stack[place : place + 8] = struct.pack("<Q", back)
        sp += grown
    return symbol(data, memory, "leaf"), registers, returns


@pytest.mark.parametrize("flags", [("-fasynchronous-unwind-tables",), ("-fno-asynchronous-unwind-tables",)])
def test_callers_are_found(flags: tuple[str, ...]) -> None:
    data = program(flags)
    memory = Memory(data)
    pc, registers, returns = stack_of(data, memory)
    found = callers(memory.read, based(memory), start_of(data, memory), pc, registers)
    assert list(islice(found, 3)) == returns


def test_tables_and_instructions_tell_the_same() -> None:
    """What a compiler says of its frames is what is seen from them, at each instruction behind the first ones."""
    data = program(("-fasynchronous-unwind-tables",))
    memory = Memory(data)
    for name in ("leaf", "inner", "outer"):
        start = symbol(data, memory, name)
        at = calls_in(memory, start) - 4 if name != "leaf" else start
        for pc in range(start, at + 1, 2):
            rules = _rules_at(memory.read, memory.base, pc)
            assert rules is not None
            seen = saves_by(memory.read, start, pc)
            assert (rules.cfa, rules.saved) == ((SP, seen[0]), seen[1]), (name, hex(pc))


@pytest.mark.parametrize("seed", range(20))
def test_damage_ends_the_list(seed: int) -> None:
    """Whatever is in the guest's memory and files, it is read and nothing else happens."""
    rng = random.Random(seed)
    data = program(("-fasynchronous-unwind-tables",))
    for _ in range(40):
        damaged = bytearray(data)
        for _ in range(rng.choice((1, 8, 200))):
            damaged[rng.randrange(64, len(data))] = rng.getrandbits(8)
        read = bytes(damaged[: rng.randrange(len(data))] if rng.random() < 0.3 else damaged)
        memory = Memory(data)
        memory.bytes[:] = (read + bytes(len(memory.bytes)))[: len(memory.bytes)]
        memory.stack[:] = rng.randbytes(STACK_BYTES)
        registers = {k: STACK + rng.randrange(STACK_BYTES) for k in range(32)}
        pc = memory.base + rng.randrange(len(memory.bytes))
        found = callers(memory.read, based(memory), lambda pc: pc & ~0xFF, pc, registers)
        assert len(list(islice(found, 1000))) <= STACK_BYTES
        Symbols(reader(read)).at(rng.randrange(len(data)))
