"""Copies of a few bytes that a compiler makes one by one, where it does not know that the source is aligned.

    lbu a, 4(s); lbu b, 5(s); lbu c, 6(s); lbu d, 7(s); ...; sb a, 8(p); sb b, 9(p); sb c, 10(p); sb d, 11(p)

The bytes are stored at once: a host that reads what was just stored in pieces waits until it is in its cache.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from friscy_build.aot.effects import effects, is_access, members
from friscy_build.isa.decode import Instruction

_SIZES = (8, 4, 2)


@dataclass(frozen=True, slots=True)
class Copy:
    """`nbytes` (2, 4 or 8) from the register `source` + `offset` to `target` + `to`, by as many stores in a row."""

    nbytes: int
    source: int
    offset: int
    target: int
    to: int


_Place = tuple[int, int]  # what some register had at some time, by number, and a distance from that


class _Values:
    """What the registers of a block have, as far as they differ by constants, and which bytes some were loaded from."""

    def __init__(self) -> None:
        self._values: dict[int, _Place] = {}
        self._named = 0
        self.loaded: dict[int, _Place] = {}

    def of(self, register: int, offset: int = 0) -> _Place:
        value, distance = self._values.get(register, (-register, 0))
        return value, distance + offset

    def register_of(self, place: _Place) -> tuple[int, int] | None:
        """A register and an offset that make the place now."""
        value, distance = place
        if value <= 0 and -value not in self._values:
            return -value, distance
        found = (register for register, (each, _) in self._values.items() if each == value)
        register = next(found, None)
        return None if register is None else (register, distance - self._values[register][1])

    def follow(self, i: Instruction) -> None:
        written = effects(i)[1]
        if (is_access(i) and not written) or i.row.extension == "A":
            self.loaded.clear()
        place = self.of(i.rs1, i.imm) if i.row.name == "lbu" else None
        value = self.of(i.rs1, i.imm) if i.row.name == "addi" and i.rs1 else None
        for register in members(written):
            self._named += 1
            self._values[register] = self._named, 0
            self.loaded.pop(register, None)
        if value is not None and i.rd:
            self._values[i.rd] = value
        if place is not None and i.rd:
            self.loaded[i.rd] = place


def find_copies(code: Sequence[tuple[int, Instruction]]) -> dict[int, Copy]:
    """The copies of a block by the place of their first store; the others follow it."""
    found: dict[int, Copy] = {}
    if [i.row.name for _, i in code].count("sb") < min(_SIZES):
        return found
    values = _Values()
    k = 0
    while k < len(code):
        copy = _copy(code, k, values) if code[k][1].row.name == "sb" else None
        if copy is not None:
            found[k] = copy
        for _, i in code[k : k + (copy.nbytes if copy is not None else 1)]:
            values.follow(i)
        k += copy.nbytes if copy is not None else 1
    return found


def _copy(code: Sequence[tuple[int, Instruction]], k: int, values: _Values) -> Copy | None:
    first = code[k][1]
    start = values.of(first.rs1, first.imm)
    for nbytes in _SIZES:
        stores = [i for _, i in code[k : k + nbytes] if i.row.name == "sb"]
        pairs = [(values.of(i.rs1, i.imm), values.loaded.get(i.rs2)) for i in stores]
        to, source = min(pairs, key=lambda pair: pair[0])
        if source is None or len(pairs) < nbytes:
            continue
        wanted = {((to[0], to[1] + n), (source[0], source[1] + n)) for n in range(nbytes)}
        register = values.register_of(source)
        if set(pairs) == wanted and register is not None:
            return Copy(nbytes, *register, first.rs1, first.imm + to[1] - start[1])
    return None
