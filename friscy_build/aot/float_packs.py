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
        for lanes in mates.items():
            if self._are_free(lanes) and self._operands(lanes, False) is not None:
                self._join(lanes, False)

    def _are_free(self, lanes: Lanes) -> bool:
        """Whether two operations are in no pairs, and do not need each other."""
        one, other = lanes
        if one in self._packs or other in self._packs or one == other:
            return False
        return not (self._needs[one] >> other & 1 or self._needs[other] >> one & 1)

    def join_stored(self, pairs: Iterable[Lanes]) -> None:
        """Make pairs of what is stored in neighbours, and of what that is computed from, as long as it is alike."""
        work = list(pairs)
        while work:
            lanes = work.pop()
            one, other = (self._values.definitions[value] for value in lanes)
            if not isinstance(one, Computed) or not isinstance(other, Computed) or one.name != other.name:
                continue
            ways = [each for each in (False, True) if self._operands(lanes, each) is not None]
            if ways and self._are_free(lanes):
                self._join(lanes, max(ways, key=lambda exchanged: self._alike(lanes, exchanged)))
                work += self._operands(lanes, False) or ()

    def _alike(self, lanes: Lanes, exchanged: bool) -> int:
        """How many operands of two operations are the same, or may be pairs."""
        definitions, found = self._values.definitions, 0
        for a, b in self._operands(lanes, exchanged) or ():
            one, other = definitions[a], definitions[b]
            found += a == b or self._packs.get(a) == (a, b) or self._are_neighbours(a, b)
            found += isinstance(one, Computed) and isinstance(other, Computed) and one.name == other.name
        return found

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
        self._need_both(lanes)

    def _find_needs(self) -> None:
        """What operations need: those before them."""
        for value in self._arithmetic:
            found = 0
            for operand, _ in self._values.computed(value).operands:
                found |= 1 << operand | self._needs.get(operand, 0)
            self._needs[value] = found

    def _need_both(self, lanes: Lanes) -> None:
        """Two operations are a pair: each needs what the other does, and so does all that needs one of them."""
        either = 1 << lanes[0] | 1 << lanes[1]
        both = self._needs[lanes[0]] | self._needs[lanes[1]]
        for value, needed in self._needs.items():
            if value in lanes or needed & either:
                self._needs[value] = needed | both
