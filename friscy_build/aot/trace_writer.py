"""Writes turns and nests of loops that are tried as one (`float_traces`), in front of their blocks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise

from friscy.machine.layout import PAGE
from friscy_build.aot.bases import CHECKED, offset_of
from friscy_build.aot.effects import F0, NONE, Registers, effects, is_access, members
from friscy_build.aot.float_accesses import FIXED, Range, Root, is_store
from friscy_build.aot.float_looks import Compared
from friscy_build.aot.float_plan import Plan, cost, plan
from friscy_build.aot.float_runs import Run, is_integer
from friscy_build.aot.float_traces import Trace
from friscy_build.aot.float_values import AT_START, DOUBLE, Lanes, Loaded, Order, Place, Value, Values
from friscy_build.aot.function_writer import EXTEND, OUTSIDE, STILL_INTERRUPTED, WRAP, const32, const64
from friscy_build.aot.graph import End
from friscy_build.aot.run_writer import RunWriter
from friscy_build.aot.shifts import find_pairs
from friscy_build.aot.templates import UNCHECKED
from friscy_build.aot.value_writer import move_base
from friscy_build.isa.decode import Instruction
from friscy_build.isa.value import signed
from friscy_build.wasm import opcodes as wasm
from friscy_build.wasm.binary import leb
from friscy_build.wasm.opcodes import OPCODES

# Of a nest, so much is looked at at once: what is loaded for the rest is loaded behind that, and is in no register yet.
_AT_ONCE = 8


def worthwhile(traces: Iterable[Trace]) -> tuple[Trace, ...]:
    """Those of the traces of a loop that pay: that of two turns, where each takes less then, and that of one, where it
    is not tried as one anyway; and a nest."""
    found = {trace.path.nturns: trace for trace in traces}
    if any(trace.path.nested for trace in found.values()):
        return tuple(found.values())
    costs: dict[int, float] = {}
    for nturns, trace in found.items():
        values = Values()
        costs[nturns] = cost(values, plan_trace(trace, values)) / nturns
    if 1 in found and costs.get(2, 0) >= costs[1]:
        found.pop(2, None)
    if 1 in found and found[1].path.nruns == 1:
        del found[1]
    return tuple(found.values())


def plan_trace(trace: Trace, values: Values) -> Plan:
    """How all of a trace is computed."""
    return plan(trace.path.code, Run(0, trace.path.end, trace.fused), values, trace)


class TraceWriter(RunWriter):
    """Writes them. While one is tried, registers of integers are written, and have been put aside; floats are not.

    Between the blocks of a turn nothing is loaded from the hart, for a loop's turns are not what loads are put off to
    (`loading`), and nothing stored to it, for they call nobody. A nest begins with any block, and leads into loops:
    what is loaded and stored on the way is loaded before it, and stored behind it.
    """

    _traces: dict[int, tuple[Trace, ...]]

    def _choose_traces(self, traces: Mapping[int, tuple[Trace, ...]]) -> dict[int, tuple[Trace, ...]]:
        """Those of a function's traces that are written. Their blocks are in no loop that is written otherwise."""
        taken = self._unrolled.keys() | self._strips.keys() | self._looks.accesses.keys()
        found: dict[int, tuple[Trace, ...]] = {}
        for pc, each in traces.items():
            path = each[0].path
            if not any(block.pc in taken for block in path.blocks[: 1 if path.nested else None]):
                found[pc] = worthwhile(each)
        return found

    def _put_trace(self, trace: Trace, live: Registers) -> None:
        """Write the attempt, up to where control goes on behind it; what follows is done where it is not right.

        live: at its start.
        """
        self._begin_runs()
        self._escape_level = self._nested
        written = 0
        for _, i in trace.path.code[: trace.path.end]:
            written |= effects(i)[1]
        if trace.path.nested:
            self._load_on_the_way(trace)
        self._put_aside(written & live & ((1 << F0) - 1))
        if trace.path.nested:
            self._put(STILL_INTERRUPTED)  # the loops inside it look then
            self._escape()
        self._put(self._get_calm(fused=trace.fused) + OPCODES["i32.eqz"])
        self._escape()
        planned = plan_trace(trace, self._values)
        free = {k: lanes for k, lanes in planned.loads.items() if self._is_free(lanes)}
        self._free = {lanes: trace.path.code[k][0] for k, lanes in free.items()}
        self._put_integers(trace, planned)
        for one, other in trace.apart:
            self._put_apart(trace, one, other)
        compared = self._put_comparisons(trace, planned)
        self._look_at(planned, compared, at_once=_AT_ONCE if trace.path.nested else None)
        self._have((*planned.stored.values(), *planned.outputs.values()))
        self._put_stores(trace, planned)
        for value in planned.outputs.values():
            self._put(self._scalar(value))
        for register in reversed(planned.outputs):
            self._put(self._set(register))
        self._dirty |= written
        if trace.path.nested:
            self._end_nest(trace)
        if trace.path.last.end is End.BRANCH and trace.path.exit is None:
            self._put_plain(*trace.path.code[-1], self._kinds(trace.path.last)[-1])

    def _load_on_the_way(self, trace: Trace) -> None:
        """Load from the hart what is loaded on the way through a nest."""
        loading, loaded = self._live.loading, NONE
        for one, other in pairwise(trace.path.blocks):
            loaded |= loading.starts.get(other.pc, NONE) | loading.ways.get((one.pc, other.pc), NONE)
        self._load(loaded)

    def _end_nest(self, trace: Trace) -> None:
        """Store what is clean behind it, for it is stored on the way into a loop inside."""
        live = self._live
        clean = NONE
        for pc in trace.path.after:
            if pc in live.dirty:
                clean |= live.live[pc] & ~live.dirty[pc]
        self._store(self._dirty & clean)
        self._dirty &= ~clean

    def _put_integers(self, trace: Trace, planned: Plan) -> None:
        """Write what is done in order: integers, loads, and the branches that integers decide."""
        kinds = [kind for block in trace.path.blocks for kind in self._kinds(block)]
        pairs = {
            start + k: pair
            for start, block in zip(trace.path.starts, trace.path.blocks, strict=True)
            for k, pair in find_pairs(block.code).items()
        }
        for k in range(trace.path.end):
            pc, i = trace.path.code[k]
            if k in trace.pages:
                self._put_page(trace, k, trace.pages[k])
            if is_access(i) and k not in trace.forwarded:
                self._see_to_base(i, fixed=(trace.loads.get(k) or trace.stores[k]).root == FIXED)
            if k in trace.path.computed:
                self._put(const64(signed(trace.path.computed[k], 64)) + self._set(i.rd))
            elif k in pairs:
                self._put_pair(i, pairs[k], kinds[k])
            elif k in trace.path.branches:
                if k not in trace.decided:
                    self._put_plain(pc, i, kinds[k])
                    self._put(OPCODES["i32.eqz"] if trace.path.branches[k] else b"")
                    self._escape()
            elif k in planned.loads:
                if not self._is_free(planned.loads[k]):
                    self._put_load(pc, planned.loads[k])
            elif is_integer(i) or (k in trace.quiet.harmless and k not in trace.quiet.undone):
                self._put_template(self._templates.get(pc, i, UNCHECKED, kinds[k]), pc, _never)
            self._facts.follow(i, pc)

    def _see_to_base(self, i: Instruction, *, fixed: bool) -> None:
        """Give up where an access may be past the guard. A store is not made yet: it tells nothing.

        fixed: it is at an address that is known to be in the guest's range.
        """
        if fixed:
            self._facts.accessed(i.rs1, offset_of(i))
            return
        checked = not self._facts.holds(i.rs1, offset_of(i)) if is_store(i) else self._checked(i)
        if checked:
            self._put(self._get(i.rs1) + OUTSIDE)
            self._escape()
            self._facts.learn(i.rs1, CHECKED)

    def _put_page(self, trace: Trace, k: Place, pages: Range) -> None:
        """Give up where a range crosses a page. The load at `k` is from its root."""
        i = trace.path.code[k][1]
        moved = i.imm - trace.loads[k].offset + pages.low
        last = PAGE - (pages.high - pages.low)
        self._put(self._get(i.rs1) + WRAP + const32(moved % (1 << 32)) + OPCODES["i32.add"])
        self._put(const32(PAGE - 1) + OPCODES["i32.and"] + const32(last) + OPCODES["i32.gt_u"])
        self._escape()

    def _put_apart(self, trace: Trace, left: Range, right: Range) -> None:
        """Give up where two ranges overlap."""
        (one, at), (other, away) = self._root(trace, left.root), self._root(trace, right.root)
        distance = left.high + at - right.low - away - 1
        span = left.high - left.low + right.high - right.low - 1
        one, other = (each + WRAP if each else const32(0) for each in (one, other))
        self._put(one + other + OPCODES["i32.sub"] + const32(distance % (1 << 32)))
        self._put(OPCODES["i32.add"] + const32(span) + OPCODES["i32.lt_u"])
        self._escape()

    def _put_comparisons(self, trace: Trace, planned: Plan) -> list[Compared]:
        """Give up where floats let a branch go another way. What must not hold is given, to be looked at with the
        results."""
        code = trace.path.code
        last: dict[int, Place] = {}  # which instruction writes a register last
        for k in range(trace.path.end):
            last |= dict.fromkeys(members(effects(code[k][1])[1]), k)
        wanted: dict[Place, set[bool]] = {k: set() for k in planned.compared}  # whether they have to hold
        for branch, k in trace.decided.items():
            wanted[k].add(trace.path.branches[branch] == (code[branch][1].row.name == "bne"))
        found: list[Compared] = []
        for k, (low, high) in planned.compared.items():
            name, mate = trace.quiet.comparisons[k].name, trace.path.mates.get(k)
            if wanted[k] == {False}:
                if mate is not None and wanted[mate] == {False}:
                    both = zip((low, high), planned.compared[mate], strict=True)
                    one, other = ((a, b) if a != b else (a,) for a, b in both)
                    wanted[mate] = set()
                else:
                    one, other = (low,), (high,)
                # What is 0 or more is less than nothing that 0 is not less than.
                found.append((name, () if name == "lt" and planned.positive.issuperset(one) else one, other))
                wanted[k] = set()
            for taken in wanted[k]:
                self._put_comparison(name, low, high)
                self._put(OPCODES["i32.eqz"] if taken else b"")
                self._escape()
            if last[code[k][1].rd] == k:
                self._put_comparison(name, low, high)
                self._put(EXTEND + self._set(code[k][1].rd))
        return list(dict.fromkeys(found))

    def _put_comparison(self, name: str, low: Value, high: Value) -> None:
        self._put(self._scalar(low) + self._scalar(high) + OPCODES[f"f64.{name}"])

    def _is_free(self, lanes: Lanes) -> bool:
        first = self._values.definitions[lanes[0]]
        return isinstance(first, Loaded) and first.order is Order.FREE

    def _have(self, wanted: Iterable[Value]) -> None:
        """Load, before anything is stored, what is wanted and has not been."""
        for value in wanted:
            lanes = self._values.lanes(value)
            if lanes in self._free and lanes not in self._vectors:
                self._put(self._vector(lanes) + wasm.DROP)

    def _root(self, trace: Trace, root: Root) -> tuple[bytes, int]:
        """What leaves something on the stack, nothing for FIXED, and how far behind that a root is."""
        register, made = root
        if made == AT_START:
            return self._at_start(register), 0
        return self._get(register), -trace.held[register].offset

    def _at_start(self, register: int) -> bytes:
        """What leaves a register on the stack as it was before the attempt; nothing for x0."""
        if not register:
            return b""
        return wasm.LOCAL_GET + leb(self._aside[register]) if register in self._aside else self._get(register)

    def _put_stores(self, trace: Trace, planned: Plan) -> None:
        """Store what is stored, neighbours at once that come one behind the other."""
        places = trace.made
        pc = trace.path.code[min(trace.stores)][0] if places else 0  # that of the first store, should that be in vain
        while places:
            k = places.pop(0)
            at, value = trace.stores[k], planned.stored[k]
            lanes: Lanes = (value,)
            if places:
                after, other = trace.stores[places[0]], planned.stored[places[0]]
                distance = at.distance(after)
                if distance in (DOUBLE, -DOUBLE) and self._are_one(value, other, distance > 0):
                    places.pop(0)
                    lanes = (value, other) if distance > 0 else (other, value)
                    at = at if distance > 0 else after
            root, distance = self._root(trace, at.root)
            address, offset = _place_of(root, at.offset + distance)
            self._put(address)
            if len(lanes) == 1:
                self._put(self._scalar(value))
            else:
                self._put(self._vector(lanes if lanes[0] != lanes[1] else lanes[:1]))
            self._mark(pc or trace.path.code[k][0])
            self._put(OPCODES["f64.store" if len(lanes) == 1 else "v128.store"] + b"\0" + offset)
            pc = 0

    def _are_one(self, value: Value, other: Value, ascending: bool) -> bool:
        """Whether two values are better stored at once."""
        lanes = (value, other) if ascending else (other, value)
        if self._values.packs.get(value) == lanes:
            return True
        one, another = (self._values.packs.get(each, ()) for each in lanes)
        return len(one) == len(another) == 2

    def _place_of(self, loaded: Loaded) -> tuple[bytes, bytes]:
        if loaded.version != AT_START:
            return super()._place_of(loaded)
        return _place_of(self._at_start(loaded.base), loaded.offset)


def _place_of(root: bytes, offset: int) -> tuple[bytes, bytes]:
    """The 32-bit address that an access takes, and what it says besides to be `offset` behind a root. root: what leaves
    that on the stack; nothing, where the offset is the address."""
    if not root:
        return const32(offset), leb(0)
    moved, offset = move_base(offset)
    return root + WRAP + moved, leb(offset)


def _never() -> None:
    raise AssertionError("an instruction of a trace leaves it")
