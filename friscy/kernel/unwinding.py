"""Who called whom, from a process's stack: the call frame information that its ELF files have in memory.

Source: the .eh_frame and .eh_frame_hdr sections of the Linux Standard Base, DWARF's call frame instructions, and the
RISC-V psABI's register numbers. All of it is the guest's: whatever is wrong in it ends the list, and nothing else.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

from friscy.kernel.elf import PT_LOAD, segments_of
from friscy.kernel.prologues import saves_by
from friscy.machine.fault_map import read_leb
from friscy.machine.hart import RA, SP
from lazyfs.errors import LinuxError

_PT_GNU_EH_FRAME = 0x6474_E550
_MOST_ENTRY_BYTES, _MOST_TABLE_BYTES = 1 << 16, 1 << 26
_INDIRECT, _OMITTED = 0x80, 0xFF
_DATA_RELATIVE_INTS = 0x3B  # how the table of .eh_frame_hdr is written
_MASK = (1 << 64) - 1

Read = Callable[[int, int], bytes]  # (address, n): so many bytes; raises LinuxError or ValueError where there are none
Find = Callable[[int], int | None]  # by an address


class _Rules:
    """How a caller's registers are found. cfa: (register, offset) of the address of the frame; saved: by register, how
    far from that it is saved."""

    def __init__(self) -> None:
        self.cfa = (SP, 0)
        self.saved: dict[int, int] = {}

    def copy(self) -> _Rules:
        twin = _Rules()
        twin.cfa, twin.saved = self.cfa, dict(self.saved)
        return twin


class _Bytes:
    """Numbers of a piece of memory, one after the other. ValueError: it is over."""

    def __init__(self, data: bytes, address: int) -> None:
        self._data, self._address, self.at = data, address, 0

    def more(self) -> bool:
        return self.at < len(self._data)

    def take(self, nbytes: int) -> bytes:
        taken = self._data[self.at : self.at + nbytes]
        if len(taken) < nbytes:
            raise ValueError("it ends in a number")
        self.at += nbytes
        return taken

    def unsigned(self, nbytes: int) -> int:
        return int.from_bytes(self.take(nbytes), "little")

    def uleb(self) -> int:
        self.at, value = read_leb(self._data, self.at)
        return value

    def sleb(self) -> int:
        start = self.at
        value = self.uleb()
        nbits = 7 * (self.at - start)
        return value - (1 << nbits) if value >> (nbits - 1) else value

    def pointer(self, encoding: int) -> int:
        """An address as `encoding` (DW_EH_PE_...) has it."""
        here = self._address + self.at
        form = encoding & 0xF
        if encoding & _INDIRECT or encoding & 0x70 not in (0, 0x10):
            raise ValueError(f"an address in the form {encoding:#x}")
        if form in (1, 9):
            value = self.uleb() if form == 1 else self.sleb()
        else:
            nbytes = {0: 8, 2: 2, 3: 4, 4: 8, 0xA: 2, 0xB: 4, 0xC: 8}[form]
            value = int.from_bytes(self.take(nbytes), "little", signed=form >= 9)
        return (value + (here if encoding & 0x70 else 0)) & _MASK


def callers(read: Read, base_of: Find, start_of: Find, pc: int, registers: dict[int, int]) -> Iterator[int]:
    """The calls that led to `pc`, the innermost first, each by the address that it returns to.

    base_of, start_of: where the ELF file that has an address begins in memory, and the function. registers: by number,
    of where `pc` is.
    """
    at, registers = pc, dict(registers)
    while True:
        try:
            rules = _rules_at(read, base_of(at), at)
            if rules is None:  # a file that tells nothing, as a static one may
                rules = _Rules()
                grown, rules.saved = saves_by(read, start_of(at), at)
                rules.cfa = SP, grown
            register, offset = rules.cfa
            frame = registers[register] + offset & _MASK
            for saved, place in rules.saved.items():
                registers[saved] = int.from_bytes(read(frame + place & _MASK, 8), "little")
        except (ValueError, KeyError, LinuxError, struct.error):
            return
        back, moved = registers[RA], frame != registers[SP]
        registers[SP] = frame
        if not back or (not moved and at != pc):
            return
        yield back
        at = back - 1  # of the call


def _rules_at(read: Read, base: int | None, pc: int) -> _Rules | None:
    """The rules of the instruction at `pc`; None where the file tells none."""
    found = _find_entry(read, base, pc) if base is not None else None
    if found is None:
        return None
    entry = _entry(read, found)
    distance = int.from_bytes(entry.take(4), "little")
    cie = _entry(read, found + 4 - distance)
    cie.take(4)
    version, names = cie.unsigned(1), bytearray()
    while (byte := cie.unsigned(1)) != 0:
        names.append(byte)
    step, factor = cie.uleb(), cie.sleb()
    cie.unsigned(1) if version == 1 else cie.uleb()  # the register that has the return address
    encoding = 0
    if names[:1] == b"z":
        end = cie.uleb() + cie.at
        for name in names[1:].decode():
            if name == "R":
                encoding = cie.unsigned(1)
            elif name == "P":
                cie.pointer(cie.unsigned(1) & ~_INDIRECT)
            elif name == "L":
                cie.unsigned(1)
            elif name == "S":
                return None  # a signal's frame
        cie.at = end
    elif names:
        return None
    start = entry.pointer(encoding)
    nbytes = entry.pointer(encoding & 0xF)
    if not start <= pc < start + nbytes:
        return None
    if names:
        entry.at += entry.uleb()
    first = _Rules()
    _run(cie, first, first, start, None, (step, factor))
    rules = first.copy()
    _run(entry, rules, first, start, pc, (step, factor))
    return rules


def _entry(read: Read, address: int) -> _Bytes:
    """What follows the length of an entry of .eh_frame."""
    (length,) = struct.unpack("<I", read(address, 4))
    if not 4 <= length <= _MOST_ENTRY_BYTES:
        raise ValueError("the length of an entry")
    return _Bytes(read(address + 4, length), address + 4)


def _find_entry(read: Read, base: int, pc: int) -> int | None:
    """Where the entry of a function is, by the table of .eh_frame_hdr."""
    try:
        segments = segments_of(lambda offset, n: read(base + offset, n))
    except ValueError:
        return None
    bias = next((base - each.vaddr for each in segments if each.kind == PT_LOAD and not each.offset), None)
    header = next((each for each in segments if each.kind == _PT_GNU_EH_FRAME), None)
    if bias is None or header is None:
        return None
    at = header.vaddr + bias
    _, pointer, counted, table = read(at, 4)
    if table != _DATA_RELATIVE_INTS or _OMITTED in (pointer, counted):
        return None
    numbers = _Bytes(read(at + 4, 20), at + 4)
    numbers.pointer(pointer)
    entries = numbers.pointer(counted)
    if not 0 < 8 * entries <= _MOST_TABLE_BYTES:
        return None
    place = at + 4 + numbers.at
    low, high = 0, entries
    while high - low > 1:
        middle = (low + high) // 2
        (start,) = struct.unpack("<i", read(place + 8 * middle, 4))
        low, high = (middle, high) if at + start <= pc else (low, middle)
    start, entry = struct.unpack("<ii", read(place + 8 * low, 8))
    return at + entry if at + start <= pc else None


def _run(code: _Bytes, rules: _Rules, first: _Rules, here: int, pc: int | None, units: tuple[int, int]) -> None:
    """Follow the instructions up to `pc`. units: of how far code, and saved registers, are."""
    step, factor = units
    kept: list[_Rules] = []
    while code.more():
        byte = code.unsigned(1)
        kind, low = byte & 0xC0, byte & 0x3F
        if kind == 0x40 or byte in (2, 3, 4):  # DW_CFA_advance_loc, _loc1, _loc2, _loc4
            here += step * (low if kind else code.unsigned(1 << (byte - 2)))
            if pc is not None and here > pc:
                return
        elif kind == 0x80 or byte in (5, 0x11):  # DW_CFA_offset, _extended, _extended_sf
            register = low if kind else code.uleb()
            rules.saved[register] = factor * (code.sleb() if byte == 0x11 else code.uleb())
        elif kind == 0xC0 or byte == 6:  # DW_CFA_restore, _extended
            register = low if kind else code.uleb()
            rules.saved.pop(register, None)
            if register in first.saved:
                rules.saved[register] = first.saved[register]
        elif byte in (7, 8):  # DW_CFA_undefined, same_value
            rules.saved.pop(code.uleb(), None)
        elif byte == 0xA:  # DW_CFA_remember_state
            kept.append(rules.copy())
        elif byte == 0xB:  # DW_CFA_restore_state
            before = kept.pop() if kept else first
            rules.cfa, rules.saved = before.cfa, dict(before.saved)
        elif byte in (0xC, 0x12):  # DW_CFA_def_cfa, _sf
            register = code.uleb()
            rules.cfa = register, factor * code.sleb() if byte == 0x12 else code.uleb()
        elif byte == 0xD:  # DW_CFA_def_cfa_register
            rules.cfa = code.uleb(), rules.cfa[1]
        elif byte in (0xE, 0x13):  # DW_CFA_def_cfa_offset, _sf
            rules.cfa = rules.cfa[0], factor * code.sleb() if byte == 0x13 else code.uleb()
        elif byte == 0x2E:  # DW_CFA_GNU_args_size
            code.uleb()
        elif byte:
            raise ValueError(f"the call frame instruction {byte:#x}")
