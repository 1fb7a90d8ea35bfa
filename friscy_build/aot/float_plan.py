"""How a run of floats (`float_runs`), or a whole trace (`float_traces`), is computed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from friscy_build.aot.effects import F0, Registers, effects, members
from friscy_build.aot.float_looks import LOOK, find_looks
from friscy_build.aot.float_packs import COSTS, Packer
from friscy_build.aot.float_paths import Code
from friscy_build.aot.float_runs import Run, is_load, move, operation
from friscy_build.aot.float_traces import Trace
from friscy_build.aot.float_values import (
    AT_START,
    DOUBLE,
    Computed,
    Lanes,
    Loaded,
    Order,
    Place,
    Value,
    Values,
)
from friscy_build.isa.decode import Instruction


@dataclass(frozen=True, slots=True)
class Plan:
    """loads: by the places of loads, what is loaded there; the other half of a pair is not among them. sure, finite:
    what has to be looked at (`float_looks`). outputs: what registers have in the end. stored, compared: by place, what
    stores and comparisons of a trace take. positive: values that are 0 or more, where they are numbers.
    """

    loads: dict[Place, Lanes]
    sure: list[Lanes]
    finite: list[Lanes]
    outputs: dict[int, Value]
    stored: dict[Place, Value]
    compared: dict[Place, tuple[Value, Value]]
    positive: frozenset[Value]


class _Taken:
    """What a run computes, taken down."""

    def __init__(self, values: Values, trace: Trace | None) -> None:
        self._values, self._trace = values, trace
        self._versions: dict[int, int] = {}
        self._known: dict[tuple[int, int, int], Value] = {}  # what has been loaded
        self.loads: dict[Place, Value] = {}
        self.results: dict[Place, Value] = {}
        self.stored: dict[Place, Value] = {}
        self.compared: dict[Place, tuple[Value, Value]] = {}
        self.written: set[int] = set()

    def follow(self, code: Code, run: Run) -> None:
        """Take down a run."""
        values = self._values
        for k in range(run.start, run.end):
            i = code[k][1]
            value = self._value(k, i)
            if value is not None:
                values.held[F0 + i.rd] = value
                self.written.add(F0 + i.rd)
                continue
            if self._trace is not None and k in self._trace.stores:
                self.stored[k] = values.of(F0 + i.rs2)
            elif self._trace is not None and k in self._trace.quiet.comparisons:
                comparison = self._trace.quiet.comparisons[k]
                self.compared[k] = values.of(comparison.a), values.of(comparison.b)
            for register in members(effects(i)[1]):
                self._versions[register] = self._versions.get(register, 0) + 1

    def _value(self, k: Place, i: Instruction) -> Value | None:
        """What an instruction gives a float register; None where it does not."""
        values, found, copied = self._values, operation(i), move(i)
        if found is not None:
            operands = tuple((values.of(register), turned) for register, turned in found.operands)
            self.results[k] = values.add(Computed(found.name, operands))
            return self.results[k]
        if copied is not None:
            value = values.of(F0 + i.rs1)
            if copied:
                value = self.results[k] = values.add(Computed(copied, ((value, False),)))
            return value
        if self._trace is not None and k in self._trace.forwarded:
            return self.stored[self._trace.forwarded[k]]
        return self._load(k, i) if is_load(i) else None

    def _load(self, k: Place, i: Instruction) -> Value:
        loaded = Loaded(i.rs1, self._versions.get(i.rs1, 0), i.imm)
        if self._trace is not None:
            (register, made), offset = self._trace.loads[k].root, self._trace.loads[k].offset
            late = k in self._trace.late
            if made == AT_START:
                loaded = Loaded(register, AT_START, offset, Order.FREE if late else Order.KEPT)
            elif late:
                loaded = Loaded(loaded.base, loaded.version, loaded.offset, Order.LATE)
        key = loaded.base, loaded.version, loaded.offset
        if key not in self._known:
            self._known[key] = self.loads[k] = self._values.add(loaded)
        return self._known[key]


def plan(code: Code, run: Run, values: Values, trace: Trace | None = None) -> Plan:
    """Plan a run of a block, or a whole trace; `values` are those before it, and then those behind it."""
    taken = _Taken(values, trace)
    taken.follow(code, run)
    arithmetic = list(taken.results.values())
    looks = find_looks(values, arithmetic, in_order=trace is not None and trace.path.nested)
    packer = Packer(values, arithmetic, {**dict.fromkeys(looks.finite, 1), **dict.fromkeys(looks.sure, LOOK)})
    if trace is not None and trace.path.mates:
        _join(packer, taken, trace)
    packer.pack()
    loads: dict[Place, Lanes] = {}
    done = set[Value]()
    for k, value in taken.loads.items():
        if value not in done:
            loads[k] = values.lanes(value)
            done.update(loads[k])
    vectors = _operands(values, arithmetic)
    sure, finite = _covering(values, vectors, looks.sure), _covering(values, vectors, looks.finite)
    outputs = {register: values.held[register] for register in sorted(taken.written)}
    return Plan(loads, sure, finite, outputs, taken.stored, taken.compared, looks.positive)


def _operands(values: Values, arithmetic: Sequence[Value]) -> list[Lanes]:
    """The vectors of two different values that arithmetic takes."""
    found: dict[Lanes, None] = {}
    for lanes in {values.lanes(value): None for value in arithmetic}:
        one, other = values.computed(lanes[0]), values.computed(lanes[-1])
        for (low, _), (high, _) in zip(one.operands, other.operands, strict=True):
            if low != high:
                found[low, high] = None
    return list(found)


def _covering(values: Values, vectors: Sequence[Lanes], wanted: Sequence[Value]) -> list[Lanes]:
    """Vectors that have all of these values: of those that there are, such as have two."""
    left = dict.fromkeys(wanted)
    found: dict[Lanes, None] = {}
    for lanes in vectors:
        if all(value in left for value in lanes):
            found[lanes] = None
            left = {value: None for value in left if value not in lanes}
    by_value = {value: lanes for lanes in found for value in lanes}
    return list(dict.fromkeys(by_value.get(value) or values.lanes(value) for value in wanted))


def _join(packer: Packer, taken: _Taken, trace: Trace) -> None:
    """Make pairs of what is done in the one turn and the other."""
    results, mates = taken.results, trace.path.mates
    if trace.path.nested:
        packer.join_stored(_neighbours(taken, trace))
    packer.join_turns({results[k]: results[mate] for k, mate in mates.items() if k in results and mate in results})
    if trace.path.nested:
        return
    stored = set(trace.stores.values())
    kinds: dict[tuple[bool, bool], list[Value]] = {}
    for k, value in taken.loads.items():
        # What is stored in pieces is best loaded in the same.
        kinds.setdefault((k in mates, trace.loads[k] in stored), []).append(value)
    packer.join_loads(kinds.values())


def _neighbours(taken: _Taken, trace: Trace) -> list[Lanes]:
    """What is stored in neighbours by stores that come one behind the other."""
    found: list[Lanes] = []
    places = trace.made
    while len(places) > 1:
        k = places.pop(0)
        distance = trace.stores[k].distance(trace.stores[places[0]])
        if distance in (DOUBLE, -DOUBLE):
            lanes = taken.stored[k], taken.stored[places.pop(0)]
            found.append(lanes if distance > 0 else lanes[::-1])
    return found


def cost(values: Values, planned: Plan) -> int:
    """About how many instructions of the host a plan takes."""
    found = LOOK * len(planned.sure) + len(planned.finite)
    for lanes in {values.lanes(value) for value in range(len(values.definitions))}:
        one, other = values.definitions[lanes[0]], values.definitions[lanes[-1]]
        found += isinstance(one, Loaded)
        if isinstance(one, Computed) and isinstance(other, Computed):
            found += COSTS.get(one.name, 1)
            for (low, _), (high, _) in zip(one.operands, other.operands, strict=True):
                found += values.lanes(low) != ((low, high) if low != high else (low,))
    return found


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
