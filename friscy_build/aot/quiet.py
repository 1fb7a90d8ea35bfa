"""Comparisons of floats whose flags are taken back: C's isless and its kind, as compilers put them before a sqrt.

    frflags t; flt.d d, a, b; fsflags t           d = a < b

What the comparison does to the flags is nobody's business then: it is the host's, which knows none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from friscy_build.aot.effects import FCSR, effects
from friscy_build.aot.float_runs import native_of, operand
from friscy_build.aot.tracing import ORDERED
from friscy_build.isa.decode import Instruction
from friscy_build.isa.zicsr import FFLAGS

_REACH = 8  # instructions from the flags being kept to their being put back


@dataclass(frozen=True, slots=True)
class Comparison:
    """name: of the host's comparison of the float registers `a` and `b`."""

    name: str
    a: int
    b: int


@dataclass(frozen=True, slots=True)
class Quiet:
    """Of a block: the places of such comparisons, of what puts the flags back, and of what leaves them as they are."""

    comparisons: dict[int, Comparison]
    undone: frozenset[int]
    harmless: frozenset[int]


LOUD = Quiet({}, frozenset(), frozenset())  # where a handler may look at the flags in between


@cache
def comparison(i: Instruction) -> Comparison | None:
    """What an instruction compares in double precision, as its row has it; None for any other."""
    if i.row.extension != "D" or not effects(i)[1] >> FCSR & 1 or not i.rd:
        return None
    native = native_of(i)
    if native is None or native.name[7:] not in ORDERED:
        return None
    *args, width = native.args
    registers = [each[0] for arg in args if (each := operand(arg)) is not None and not each[1]]
    if width != 64 or len(registers) != 2:
        return None
    return Comparison(ORDERED[native.name[7:]], *registers)


def find_quiet(code: Sequence[tuple[int, Instruction]]) -> Quiet:
    """The comparisons of a block whose flags are taken back."""
    comparisons: dict[int, Comparison] = {}
    undone, harmless = set[int](), set[int]()
    for k, (_, i) in enumerate(code):
        if i.row.name != "csrrs" or i.imm != FFLAGS << 5:
            continue
        harmless.add(k)
        between: dict[int, Comparison] = {}
        for at in range(k + 1, min(k + _REACH, len(code))):
            other = code[at][1]
            if i.rd and other.row.name == "csrrw" and (other.imm, other.rd) == (FFLAGS << 5 | i.rd, 0):
                comparisons |= between
                undone.add(at)
                harmless.add(at)
                break
            compares = comparison(other)
            if compares is not None:
                between[at] = compares
            written = effects(other)[1]
            if written >> i.rd & 1 or (written >> FCSR & 1 and compares is None):
                break
    return Quiet(comparisons, frozenset(undone), frozenset(harmless))
