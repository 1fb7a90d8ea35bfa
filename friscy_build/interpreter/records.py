"""Decoded records, and the operations a record can name.

A record is `layout.RECORD_BYTES` long and lies at a fixed multiple of the pc (`layout.RECORDS`), so that stepping
and branching are additions to the record's address:

    byte 0  u16 operation; 0: not decoded yet
    byte 2  u8  8 * number of the first register operand (of rd rs1 rs2 rs3, those that the row has, in this order)
    byte 3  u8  the second
    byte 4  i32 immediate; a branch or jump has the distance to its target's record instead
    byte 4  u8  or, in rows without immediate: the third register, byte 5 the fourth, byte 6 the rounding mode

An operation is a row with its length and possibly some of its operands known (`Form`), or one of `SPECIAL`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from friscy.machine.layout import RECORD_BYTES
from friscy_build.isa.row import REGISTERS, Flow, Row

PARCEL = 2  # guest bytes per record
SCALE = RECORD_BYTES // PARCEL  # record bytes per guest byte

OP, FIRST_REGISTER, IMMEDIATE, ROUNDING = 0, 2, 4, 6

# Operations that no row describes. Each has its own handler in the loop.
UNDECODED = "undecoded"  # a zero record: decode it, then run it
GOTO = "goto"  # go on at the pc in the immediate
SLOW = "slow"  # run the instruction at this pc through the hart's scratch record
ENTRY = "entry"  # call the translated function at table index immediate
ILLEGAL = "illegal"  # the immediate has the instruction's bits
NOP2, NOP4 = "nop.2", "nop.4"
SPECIAL = (NOP2, NOP4, GOTO, SLOW, ENTRY, ILLEGAL)


def places(row: Row) -> dict[str, int]:
    """Byte offset in the record of each operand of a 32-bit row."""
    found = {}
    registers = [name for name in REGISTERS if name in row.fields]
    for k, name in enumerate(registers):
        found[name] = FIRST_REGISTER + k
    if "imm" in row.fields:
        if len(registers) > 2 or "rm" in row.fields:
            raise ValueError(f"{row.name} has more operands than a record has room for")
        found["imm"] = IMMEDIATE
    if "rm" in row.fields:
        found["rm"] = ROUNDING
    return found


@dataclass(frozen=True)
class Form:
    """A row of a known length, with operands `known` when the record was made; the record need not be read for
    those. backward: the immediate is not positive, so that taking the branch is a safepoint."""

    row: Row
    nbytes: int
    known: Mapping[str, int] = field(default_factory=dict)
    backward: bool = False

    @property
    def name(self) -> str:
        parts = [self.row.name, str(self.nbytes), *(f"{k}{v}" for k, v in self.known.items())]
        return ".".join([*parts, "back"] if self.backward else parts)

    @property
    def step(self) -> int:
        """Distance to the next instruction's record."""
        return self.nbytes * SCALE


@dataclass(frozen=True)
class Pair:
    """Two instructions in a row as one operation, which saves a turn of the loop. It stands in the record of the
    first and takes its operands from both; the second's own record stays as it is, for those who jump there."""

    first: Form
    second: Form

    @property
    def name(self) -> str:
        return f"{self.first.name}_{self.second.name}"


class Table:
    """All operations and their numbers.

    effects: what each 32-bit row does, see `effects.effects_of`. pairs: names of the forms to make pairs of.
    """

    def __init__(
        self,
        rows: Iterable[Row],
        effects: Mapping[Row, frozenset[str]],
        pairs: Iterable[tuple[str, str]] = (),
    ) -> None:
        self.rows = tuple(rows)
        self.effects = effects
        self._forms: dict[tuple[Row, int], tuple[Form, ...]] = {}
        lengths: dict[Row, set[int]] = {}
        for row in self.rows:
            lengths.setdefault(row.base or row, set()).add(row.nbytes)
        for base, known in lengths.items():
            for nbytes in sorted(known):
                self._forms[base, nbytes] = tuple(self._make(base, nbytes))
        forms = [form for group in self._forms.values() for form in group]
        relative = [form for form in forms if form.row.flow in (Flow.JUMP, Flow.BRANCH)]
        self.forms: Sequence[Form] = [*relative, *(form for form in forms if form not in relative)]
        # Those that the hot loop runs come first, so that its switch is dense.
        named = {form.name: form for form in self.forms}
        self.pairs: Sequence[Pair] = [Pair(named[first], named[second]) for first, second in pairs]
        for pair in self.pairs:
            if pair.first.row.flow is not Flow.NONE:
                raise ValueError(f"{pair.first.name} may go elsewhere than to {pair.second.name}")
        names = [UNDECODED, *(f.name for f in self.forms), *(p.name for p in self.pairs), *SPECIAL]
        self.number = {name: k for k, name in enumerate(names)}
        # The operations whose immediate is a distance between records.
        self.relative = range(1, 1 + len(relative))

    def forms_of(self, row: Row) -> tuple[Form, ...]:
        """The forms of a row of either length; the first whose `known` and `backward` hold is the one to use."""
        return self._forms[row.base or row, row.nbytes]

    def pure(self, row: Row) -> bool:
        """Whether all that the row does is to write an integer register: with rd = x0 it does nothing."""
        return self.effects[row.base or row] == {"x"}

    def _make(self, row: Row, nbytes: int) -> Iterable[Form]:
        """Where rd = x0 is common and the row does more than write it, that is a form of its own."""
        effects = self.effects[row]
        discards: list[Mapping[str, int]] = [{}]
        if effects == {"x", "load"} or row.flow in (Flow.JUMP, Flow.INDIRECT):
            discards = [{"rd": 0}, {}]
        for known in discards:
            if row.flow in (Flow.JUMP, Flow.BRANCH):
                yield Form(row, nbytes, known, backward=True)
            yield Form(row, nbytes, known)
