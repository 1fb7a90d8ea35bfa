"""Which arithmetic of a run of floats (`float_runs`) the host does two at a time, in the two lanes of a vector.

    fld a, 0(p); fld b, 8(p); fmul.d a, a, m; fmul.d b, b, m        [a b] = load 0(p); [a b] * [m m]

What a run computes is taken down as values, whatever registers they were in. Two operations of a kind that do not
need each other's results are a pair where that saves more than it takes to bring their operands together: best are
operands that are pairs themselves, one value for both, or neighbours in memory, which are loaded at once. A value
that is in no pair is in both lanes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from friscy_build.aot.effects import F0, Registers, effects, members
from friscy_build.aot.float_runs import FUSED, SIGNS, SUMS, Run, is_load, move, operation
from friscy_build.isa.decode import Instruction

Value = int  # a number by which a block's values are known
Lanes = tuple[Value, ...]  # what a vector has: one value in both lanes, or two
Place = int  # of an instruction in its block

DOUBLE = 8
_WINDOW = 12  # how many operations of the same kind behind one are looked at as its other half
_COMMUTATIVE = ("fadd", "fmul", "ffma", "fnma")  # in their first two operands
_SAVED = {"fdiv": 5, "fsqrt": 7}  # what an operation costs, if it is not 1
_LOOK = 2  # what it costs to look at a result
_GAINS = (3, 2)  # what pairs save, the best first: others may become better by what is a pair then


@dataclass(frozen=True, slots=True)
class Given:
    """What a float register has."""

    register: int


@dataclass(frozen=True, slots=True)
class Loaded:
    """What is loaded. version: how often the base was written before."""

    base: int
    version: int
    offset: int


@dataclass(frozen=True, slots=True)
class Computed:
    """name: the arithmetic, or one of SIGNS. operands: values, and whether their signs are turned."""

    name: str
    operands: tuple[tuple[Value, bool], ...]


class Values:
    """The values of a block, and which the float registers have."""

    def __init__(self) -> None:
        self.definitions: list[Given | Loaded | Computed] = []
        self.held: dict[int, Value] = {}
        self.packs: dict[Value, Lanes] = {}

    def add(self, definition: Given | Loaded | Computed) -> Value:
        """A new value."""
        self.definitions.append(definition)
        return len(self.definitions) - 1

    def of(self, register: int) -> Value:
        """What a float register has."""
        if register not in self.held:
            self.held[register] = self.add(Given(register))
        return self.held[register]

    def forget(self, written: Registers) -> None:
        """Registers have been written, it is not known what."""
        for register in [each for each in self.held if written >> each & 1]:
            del self.held[register]

    def keep(self, vectors: Iterable[Lanes], wanted: Registers) -> list[Lanes]:
        """Forget all values but those in some of the vectors, and give these: what is in them is in registers, too, of
        which any is wanted. Those values stand for the registers from now on."""
        places: dict[Value, int] = {}
        for register, value in self.held.items():
            if value not in places or wanted >> register & 1:
                places[value] = register
        kept = [
            lanes
            for lanes in vectors
            if all(value in places for value in lanes) and any(wanted >> places[each] & 1 for each in lanes)
        ]
        stay = {value for lanes in kept for value in lanes}
        self.held = {register: value for register, value in self.held.items() if value in stay}
        self.packs = {value: lanes for lanes in kept if len(lanes) > 1 for value in lanes}
        for value in stay:
            self.definitions[value] = Given(places[value])
        return kept


@dataclass(frozen=True, slots=True)
class Plan:
    """How a run is computed.

    loads: by the places of loads, what is loaded there; the other half of a pair is not among them. looked: what has
    to be looked at, with the names of the arithmetic that gives it. outputs: what registers have in the end.
    """

    loads: dict[Place, Lanes]
    looked: list[tuple[Lanes, str]]
    outputs: dict[int, Value]


def plan(code: Sequence[tuple[int, Instruction]], run: Run, values: Values) -> Plan:
    """Plan a run of a block; `values` are those before it, and then those behind it."""
    versions: dict[int, int] = {}
    loads: dict[Place, Value] = {}
    arithmetic: list[Value] = []
    written: set[int] = set()
    for k in range(run.start, run.end):
        i = code[k][1]
        found, copied = operation(i), move(i)
        if found is not None:
            operands = tuple((values.of(register), turned) for register, turned in found.operands)
            value = values.add(Computed(found.name, operands))
            arithmetic.append(value)
        elif copied is not None:
            value = values.of(F0 + i.rs1)
            if copied:
                value = values.add(Computed(copied, ((value, False),)))
                arithmetic.append(value)
        elif is_load(i):
            value = loads[k] = values.add(Loaded(i.rs1, versions.get(i.rs1, 0), i.imm))
        else:
            for register in members(effects(i)[1]):
                versions[register] = versions.get(register, 0) + 1
            continue
        values.held[F0 + i.rd] = value
        written.add(F0 + i.rd)
    unseen = set(_unseen(values, arithmetic))
    _Packer(values, arithmetic, unseen).pack()
    loaded: dict[Place, Lanes] = {}
    done = set[Value]()
    for k, value in loads.items():
        if value not in done:
            loaded[k] = values.packs.get(value, (value,))
            done.update(loaded[k])
    looked: dict[Lanes, str] = {}
    for value in arithmetic:
        name = _computed(values, value).name
        if value not in unseen and name not in SIGNS:
            looked.setdefault(values.packs.get(value, (value,)), name)
    outputs = {register: values.held[register] for register in sorted(written)}
    return Plan(loaded, list(looked.items()), outputs)


def wanted_behind(code: Sequence[tuple[int, Instruction]], runs: Iterable[Run], place: Place) -> Registers:
    """The float registers whose values at a place of a block its later runs, or pairs of stores, read."""
    inside = {k for run in runs for k in range(max(run.start, place), run.end)}
    found = written = 0
    for k in range(place, len(code)):
        i = code[k][1]
        if k in inside or pair_of_stores(code, k) or (k > place and pair_of_stores(code, k - 1)):
            found |= effects(i)[0] & ~written
        written |= effects(i)[1]
    return found


def pair_of_stores(code: Sequence[tuple[int, Instruction]], k: Place) -> tuple[int, int, int] | None:
    """(register, register, offset) where two instructions store those two next to each other; None where not."""
    if k + 1 >= len(code):
        return None
    one, other = code[k][1], code[k + 1][1]
    if one.row.name != "fsd" or other.row.name != "fsd" or one.rs1 != other.rs1 or not one.rs1:
        return None
    if abs(one.imm - other.imm) != DOUBLE:
        return None
    low, high = (one, other) if one.imm < other.imm else (other, one)
    return F0 + low.rs2, F0 + high.rs2, low.imm


def _computed(values: Values, value: Value) -> Computed:
    definition = values.definitions[value]
    assert isinstance(definition, Computed)
    return definition


def _unseen(values: Values, arithmetic: Sequence[Value]) -> Iterator[Value]:
    """The results that need no look of their own, for what is made of them gets one: what is no number stays none.

    They are those that may not be inexact where they are tiny: sums, roots, and a product that is added to what is
    known not to be tiny, for that has been looked at.
    """
    used = {
        operand
        for value in arithmetic
        if _computed(values, value).name not in SIGNS
        for operand, _ in _computed(values, value).operands
    }
    sure = set[Value]()
    for value in arithmetic:
        definition = _computed(values, value)
        name = definition.name
        if name in SIGNS:
            continue
        unseen = name in SUMS or (name in FUSED and definition.operands[2][0] in sure)
        if unseen and value in used:
            yield value
        elif name not in SUMS:
            sure.add(value)


class _Packer:
    """Finds the pairs among the operations of a run."""

    def __init__(self, values: Values, arithmetic: Sequence[Value], unseen: set[Value]) -> None:
        self._values, self._packs, self._unseen = values, values.packs, unseen
        self._arithmetic = arithmetic
        self._needs: dict[Value, int] = {}  # what each needs, as bits
        self._find_needs()

    def pack(self) -> None:
        """Find them."""
        kinds: dict[str, list[Value]] = {}
        for value in self._arithmetic:
            kinds.setdefault(_computed(self._values, value).name, []).append(value)
        for least in _GAINS:
            for one in self._arithmetic:
                if one not in self._packs:
                    self._find_other(one, kinds[_computed(self._values, one).name], least)

    def _find_other(self, one: Value, kind: Sequence[Value], least: int) -> None:
        """Make a pair of an operation and the best one behind it of its kind, where it saves so much."""
        best, found = least - 1, None
        others = (other for other in kind if other > one and other not in self._packs)
        for other in islice(others, _WINDOW):
            if self._needs[one] >> other & 1 or self._needs[other] >> one & 1:
                continue
            for lanes in ((one, other), (other, one)):
                for exchanged in (False, True):
                    gain = self._gain(lanes, exchanged)
                    if gain is not None and gain > best:
                        best, found = gain, (lanes, exchanged)
        if found is not None:
            self._join(*found)

    def _operands(self, lanes: Lanes, exchanged: bool) -> list[Lanes] | None:
        """What two operations' operands are, by twos; None where they cannot be. exchanged: the second one's first two
        take each other's place."""
        one, other = (_computed(self._values, value) for value in lanes)
        theirs = other.operands
        if exchanged:
            if one.name not in _COMMUTATIVE:
                return None
            theirs = theirs[1], theirs[0], *theirs[2:]
        both = list(zip(one.operands, theirs, strict=True))
        if any(turned != other_turned for (_, turned), (_, other_turned) in both):
            return None
        return [(low, high) for (low, _), (high, _) in both]

    def _gain(self, lanes: Lanes, exchanged: bool) -> int | None:
        """How many instructions of the host a pair saves."""
        operands = self._operands(lanes, exchanged)
        if operands is None:
            return None
        name = _computed(self._values, lanes[0]).name
        looks = _LOOK if name not in SIGNS and not self._unseen.issuperset(lanes) else 0
        taken_apart = 1
        return _SAVED.get(name, 1) + looks - taken_apart - sum(map(self._cost, operands))

    def _cost(self, operands: Lanes) -> int:
        """What it takes to have two values in two lanes, apart from what it takes to have each of them in both."""
        a, b = operands
        if a == b or self._packs.get(a) == operands:
            return 0
        if self._are_neighbours(a, b):
            return -2
        definitions = self._values.definitions
        loose = all(isinstance(definitions[each], Given) and each not in self._packs for each in operands)
        return 0 if loose else 1

    def _are_neighbours(self, a: Value, b: Value) -> bool:
        """Whether two values that are in no pairs stand one behind the other in memory."""
        one, other = self._values.definitions[a], self._values.definitions[b]
        if not isinstance(one, Loaded) or not isinstance(other, Loaded) or {a, b} & self._packs.keys():
            return False
        if (one.base, one.version) != (other.base, other.version):
            return False
        return other.offset - one.offset == DOUBLE

    def _join(self, lanes: Lanes, exchanged: bool) -> None:
        operands = self._operands(lanes, exchanged)
        assert operands is not None
        for a, b in operands:
            if self._are_neighbours(a, b):
                self._packs[a] = self._packs[b] = a, b
        if exchanged:
            definition = _computed(self._values, lanes[1])
            first, second, *rest = definition.operands
            self._values.definitions[lanes[1]] = Computed(definition.name, (second, first, *rest))
        for value in lanes:
            self._packs[value] = lanes
        self._find_needs()

    def _find_needs(self) -> None:
        """What operations need, and what those do that they are paired with."""
        needs = dict.fromkeys(self._arithmetic, 0)
        changed = True
        while changed:
            changed = False
            for value in self._arithmetic:
                found = needs[value]
                for member in self._packs.get(value, (value,)):
                    for operand, _ in _computed(self._values, member).operands:
                        found |= 1 << operand | needs.get(operand, 0)
                if found != needs[value]:
                    needs[value] = found
                    changed = True
        self._needs = needs
