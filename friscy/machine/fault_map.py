"""Which guest instruction an access or a call in translated code is: the custom sections of a translated module.

    friscy.pcs   pairs of LEB128 numbers: how much further in the module the opcode stands, and how much further in the
                 guest its instruction is (signed), of a call one byte more. Where a callee's instruction stands in a
                 call's place both are there, the call first
    friscy.precise   empty; there where all registers are in the hart at each access that may fault
    name         the module's name, 16 hex digits of its own, by which a trap's frames tell it

Fields: docs/formats/bundle.md.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable

PCS_SECTION = "friscy.pcs"
PRECISE_SECTION = "friscy.precise"
CALL = 1  # besides the pc of a call, which is even
_NAME_SECTION = "name"
_CUSTOM = 0


def _leb(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def encode_pcs(places: Iterable[tuple[int, int]]) -> bytes:
    """The contents of `friscy.pcs`. places: (offset in the module, pc, with CALL that of a call), offsets rising."""
    out = bytearray()
    last_offset = last_pc = 0
    for offset, pc in places:
        step = pc - last_pc
        out += _leb(offset - last_offset)
        out += _leb(step * 2 if step >= 0 else -step * 2 - 1)
        last_offset, last_pc = offset, pc
    return bytes(out)


class FaultMap:
    """title: the module's name. is_precise: whether the hart has all registers as they were. ValueError: the module is
    damaged."""

    def __init__(self, wasm: bytes) -> None:
        self.title, self.is_precise = "", False
        self._offsets: list[int] = []
        self._pcs: list[int] = []
        for title, contents in _custom_sections(wasm):
            if title == PCS_SECTION:
                self._read(contents)
            elif title == PRECISE_SECTION:
                self.is_precise = True
            elif title == _NAME_SECTION and contents[:1] == b"\0":
                at, length = read_leb(contents, read_leb(contents, 1)[0])
                self.title = contents[at : at + length].decode(errors="replace")

    def _read(self, contents: bytes) -> None:
        at = offset = pc = 0
        while at < len(contents):
            at, step = read_leb(contents, at)
            offset += step
            at, step = read_leb(contents, at)
            pc += -(step + 1) // 2 if step & 1 else step // 2
            self._offsets.append(offset)
            self._pcs.append(pc)

    def access(self, offset: int, *, called: bool = False) -> list[int]:
        """The guest's instruction whose access faulted at this offset in the module, and the calls in whose place it
        stands, the innermost first. None, if it is no instruction's.

        The host's compiler makes one instruction of a load and what is done with its value, and names the latter's
        place: then the access is the last one before that. called: what faulted was called from exactly there, to
        access memory for the instruction.
        """
        end = bisect_right(self._offsets, offset)
        while not called and end and self._pcs[end - 1] & CALL:
            end -= 1
        if not end or self._pcs[end - 1] & CALL or (called and self._offsets[end - 1] != offset):
            return []
        return self._until(end)

    def calls(self, offset: int) -> list[int]:
        """The guest's call that is made at this offset, and those in whose place it stands, the innermost first. None,
        if there is no call."""
        end = bisect_right(self._offsets, offset)
        if not end or self._offsets[end - 1] != offset or not self._pcs[end - 1] & CALL:
            return []
        return self._until(end)

    def _until(self, end: int) -> list[int]:
        """What stands at one offset, the last one there that before `end`."""
        first = bisect_left(self._offsets, self._offsets[end - 1])
        return [pc & ~CALL for pc in self._pcs[first:end]][::-1]


def read_leb(data: bytes, at: int) -> tuple[int, int]:
    """(what follows, value) of the LEB128 number at `at`."""
    value = shift = 0
    while True:
        if at >= len(data):
            raise ValueError("a number ends with its section")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return at, value


def _custom_sections(wasm: bytes) -> Iterable[tuple[str, bytes]]:
    at = 8
    while at < len(wasm):
        kind = wasm[at]
        at, nbytes = read_leb(wasm, at + 1)
        if kind == _CUSTOM:
            start, length = read_leb(wasm, at)
            yield wasm[start : start + length].decode(errors="replace"), wasm[start + length : at + nbytes]
        at += nbytes
