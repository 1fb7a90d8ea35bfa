"""Which arithmetic of a run of floats (`float_runs`) the host does two at a time, in the two lanes of a vector.

    fld a, 0(p); fld b, 8(p); fmul.d a, a, m; fmul.d b, b, m        [a b] = load 0(p); [a b] * [m m]

Two operations of a kind that do not need each other's results are a pair where that saves more than it takes to bring
their operands together: best are operands that are pairs themselves, one value for both, or neighbours in memory,
which are loaded at once. Of two turns of a loop (`float_traces`), what one does is a pair with what the other does. A
value that is in no pair is in both lanes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from friscy_build.aot.float_values import DOUBLE, Computed, Given, Lanes, Loaded, Order, Value, Values

COSTS = {"fdiv": 5, "fsqrt": 7}  # of an operation, if it is not 1
_WINDOW = 12  # how many operations of the same kind behind one are looked at as its other half
_COMMUTATIVE = ("fadd", "fmul", "ffma", "fnma")  # in their first two operands
_GAINS = (3, 2)  # what pairs save, the best first: others may become better by what is a pair then


class Packer:
    """Finds the pairs among the operations of a run."""

    def __init__(self, values: Values, arithmetic: Sequence[Value], looks: Mapping[Value, int]) -> None:
        """looks: what it costs to look at some of the results."""
        self._values, self._packs, self._looks = values, values.packs, looks
        self._arithmetic = arithmetic
        self._needs: dict[Value, int] = {}  # what each needs, as bits
        self._find_needs()

    def pack(self) -> None:
        """Find them."""
        kinds: dict[str, list[Value]] = {}
        for value in self._arithmetic:
            kinds.setdefault(self._values.computed(value).name, []).append(value)
        for least in _GAINS:
            for one in self._arithmetic:
                if one not in self._packs:
                    self._find_other(one, kinds[self._values.computed(one).name], least)

    def join_turns(self, mates: Mapping[Value, Value]) -> None:
        """Make pairs of what is done in one turn and the other."""
        for one, other in mates.items():
            needed = self._needs[one] >> other & 1 or self._needs[other] >> one & 1
            if not needed and self._operands((one, other), False) is not None:
                self._join((one, other), False)

    def join_loads(self, kinds: Iterable[Sequence[Value]]) -> None:
        """Make pairs of neighbours of the same kind that are loaded, whoever wants them."""
        for kind in kinds:
            rest = sorted((value for value in kind if value not in self._packs), key=self._offset)
            while rest:
                one = rest.pop(0)
                other = next((value for value in rest if self._are_neighbours(one, value)), None)
                if other is not None:
                    rest.remove(other)
                    self._packs[one] = self._packs[other] = one, other

    def _offset(self, value: Value) -> int:
        definition = self._values.definitions[value]
        assert isinstance(definition, Loaded)
        return definition.offset

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
        one, other = (self._values.computed(value) for value in lanes)
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
        name = self._values.computed(lanes[0]).name
        looks = max(self._looks.get(value, 0) for value in lanes)
        taken_apart = 1
        return COSTS.get(name, 1) + looks - taken_apart - sum(map(self._cost, operands))

    def _cost(self, operands: Lanes) -> int:
        """What it takes to have two values in two lanes, apart from what it takes to have each of them in both."""
        a, b = operands
        if a == b:
            return 0
        if self._packs.get(a) == operands:
            return -2
        if self._are_neighbours(a, b):
            return -2
        definitions = self._values.definitions
        loose = all(isinstance(definitions[each], Given) and each not in self._packs for each in operands)
        return 0 if loose else 1 - (a in self._packs) - (b in self._packs)

    def _are_neighbours(self, a: Value, b: Value) -> bool:
        """Whether two values that are in no pairs stand one behind the other in memory."""
        one, other = self._values.definitions[a], self._values.definitions[b]
        if not isinstance(one, Loaded) or not isinstance(other, Loaded) or {a, b} & self._packs.keys():
            return False
        if (one.base, one.version, one.order) != (other.base, other.version, other.order) or one.order is Order.LATE:
            return False
        return other.offset - one.offset == DOUBLE

    def _join(self, lanes: Lanes, exchanged: bool) -> None:
        operands = self._operands(lanes, exchanged)
        assert operands is not None
        for a, b in operands:
            if self._are_neighbours(a, b):
                self._packs[a] = self._packs[b] = a, b
        if exchanged:
            definition = self._values.computed(lanes[1])
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
                for member in self._values.lanes(value):
                    for operand, _ in self._values.computed(member).operands:
                        found |= 1 << operand | needs.get(operand, 0)
                if found != needs[value]:
                    needs[value] = found
                    changed = True
        self._needs = needs
