"""Secrets that a program drew before its snapshot was taken, and where they lie.

Every restore of one snapshot would share them, so those that can change without the guest noticing do: the
stack guard of the C library while no frame that holds it is live (snapshot point `entry`), and AT_RANDOM's bytes.
glibc's pointer guard stays: pointers mangled with it may be live already.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from lazyfs.errors import LinuxError

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.machine.memory import GuestMemory

AT_BASE, AT_ENTRY = 7, 9
_PT_DYNAMIC = 2
_DT_STRTAB, _DT_SYMTAB, _DT_GNU_HASH = 5, 6, 0x6FFF_FEF5
_GUARD = b"__stack_chk_guard"


def stack_guards(kernel: Kernel, pid: int) -> list[int]:
    """Guest addresses of the 8-byte stack guards of a process's dynamic linker, none if it has none."""
    base = auxv_value(kernel.state.processes[pid].auxv, AT_BASE)
    if not base:
        return []
    try:
        address = find_symbol(kernel.spaces[pid].memory, base, _GUARD)
    except (LinuxError, struct.error):
        return []
    return [address] if address else []


def auxv_value(auxv: bytes, key: int) -> int:
    """The value of an entry of an auxiliary vector, 0 where it is absent."""
    for offset in range(0, len(auxv) - 15, 16):
        found, value = struct.unpack_from("<QQ", auxv, offset)
        if found == key:
            return int(value)
    return 0


def find_symbol(memory: GuestMemory, base: int, name: bytes) -> int:
    """The address of a dynamic symbol of the ELF image loaded at `base`, through its GNU hash table; 0: none.

    Raises LinuxError where the tables point outside the guest's memory.
    """
    tables = _dynamic(memory, base)
    if _DT_GNU_HASH not in tables or _DT_SYMTAB not in tables or _DT_STRTAB not in tables:
        return 0
    table, symbols, strings = tables[_DT_GNU_HASH], tables[_DT_SYMTAB], tables[_DT_STRTAB]
    nbuckets, first_hashed, nbloom, _shift = struct.unpack("<4I", memory.read(table, 16))
    if not nbuckets:
        return 0
    buckets = table + 16 + 8 * nbloom
    hashed = 5381
    for byte in name:
        hashed = (hashed * 33 + byte) & 0xFFFF_FFFF
    index = memory.u32(buckets + 4 * (hashed % nbuckets))
    chains = buckets + 4 * nbuckets
    while index >= first_hashed:
        chained = memory.u32(chains + 4 * (index - first_hashed))
        if chained | 1 == hashed | 1:
            string, _info, _other, section, value, _size = struct.unpack(
                "<IBBHQQ", memory.read(symbols + 24 * index, 24)
            )
            if section and memory.read_cstring(strings + string) == name:
                return int(base + value)
        if chained & 1:
            break
        index += 1
    return 0


def _dynamic(memory: GuestMemory, base: int) -> dict[int, int]:
    """The dynamic section of the image at `base`, addresses relocated as the linker leaves or finds them."""
    phoff = memory.u64(base + 32)
    entry_bytes, count = memory.u16(base + 54), memory.u16(base + 56)
    found: dict[int, int] = {}
    for index in range(count):
        header = base + phoff + index * entry_bytes
        if memory.u32(header) != _PT_DYNAMIC:
            continue
        position = base + memory.u64(header + 16)
        while (tag := memory.u64(position)) != 0:
            value = memory.u64(position + 8)
            # glibc relocates the table in place where it is writable, others leave offsets
            found[tag] = value if value >= base else base + value
            position += 16
    return found
