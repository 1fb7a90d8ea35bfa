"""Writes turns of loops that are tried as one (`float_traces`), in front of their blocks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from friscy.machine.layout import PAGE
from friscy_build.aot.bases import CHECKED, offset_of
from friscy_build.aot.effects import F0, Registers, effects, is_access, members
from friscy_build.aot.float_plan import Plan, cost, plan
from friscy_build.aot.float_runs import Run, is_integer
from friscy_build.aot.float_traces import Range, Root, Trace, is_store
from friscy_build.aot.float_values import AT_START, DOUBLE, Lanes, Loaded, Order, Place, Value, Values
from friscy_build.aot.function_writer import EXTEND, OUTSIDE, WRAP, const32
from friscy_build.aot.graph import End
from friscy_build.aot.run_writer import RunWriter
from friscy_build.aot.shifts import find_pairs
from friscy_build.aot.templates import UNCHECKED
from friscy_build.aot.value_writer import move_base
from friscy_build.isa.decode import Instruction
from friscy_build.wasm import opcodes as wasm
from friscy_build.wasm.binary import leb
from friscy_build.wasm.opcodes import OPCODES


def worthwhile(traces: Iterable[Trace]) -> tuple[Trace, ...]:
    """Those of the traces of a loop that pay: that of two turns, where each takes less then, and that of one, where it
    is not tried as one anyway."""
    found = {trace.nturns: trace for trace in traces}
    costs: dict[int, float] = {}
    for nturns, trace in found.items():
        values = Values()
        planned = plan(trace.code, Run(0, trace.end, trace.fused), values, trace)
        costs[nturns] = cost(values, planned) / nturns
    if 1 in found and costs.get(2, 0) >= costs[1]:
        found.pop(2, None)
    if 1 in found and found[1].nruns == 1:
        del found[1]
    return tuple(found.values())


class TraceWriter(RunWriter):
    """Writes them. While one is tried, registers of integers are written, and have been put aside; floats are not.

    Between the blocks of a turn nothing is loaded from the hart, for a loop's turns are not what loads are put off to
    (`loading`), and nothing stored to it, for they call nobody.
    """

    _traces: dict[int, tuple[Trace, ...]]

    def _choose_traces(self, traces: Mapping[int, tuple[Trace, ...]]) -> dict[int, tuple[Trace, ...]]:
        """Those of a function's traces that are written. Their blocks are in no loop that is written otherwise."""
        taken = self._unrolled.keys() | self._strips.keys() | self._looks.accesses.keys()
        return {
            pc: worthwhile(each)
            for pc, each in traces.items()
            if not any(block.pc in taken for block in each[0].blocks)
        }

    def _put_trace(self, trace: Trace, live: Registers) -> None:
        """Write the attempt, up to where control goes on behind it; what follows is done where it is not right.

        live: at its start.
        """
        self._begin_runs()
        self._escape_level = self._nested
        written = 0
        for _, i in trace.code[: trace.end]:
            written |= effects(i)[1]
        self._put_aside(written & live & ((1 << F0) - 1))
        self._put(self._get_calm(fused=trace.fused) + OPCODES["i32.eqz"])
        self._escape()
        planned = plan(trace.code, Run(0, trace.end, trace.fused), self._values, trace)
        free = {k: lanes for k, lanes in planned.loads.items() if self._is_free(lanes)}
        self._free = {lanes: trace.code[k][0] for k, lanes in free.items()}
        self._put_integers(trace, planned)
        for one, other in trace.apart:
            self._put_apart(trace, one, other)
        self._put_comparisons(trace, planned)
        self._look_at(planned)
        self._have((*planned.stored.values(), *planned.outputs.values()))
        self._put_stores(trace, planned)
        for value in planned.outputs.values():
            self._put(self._scalar(value))
        for register in reversed(planned.outputs):
            self._put(self._set(register))
        self._dirty |= written
        if trace.last.end is End.BRANCH:
            self._put_plain(*trace.code[-1], self._kinds(trace.last)[-1])

    def _put_integers(self, trace: Trace, planned: Plan) -> None:
        """Write what is done in order: integers, loads, and the branches that integers decide."""
        kinds = [kind for block in trace.blocks for kind in self._kinds(block)]
        pairs = {
            start + k: pair
            for start, block in zip(trace.starts, trace.blocks, strict=True)
            for k, pair in find_pairs(block.code).items()
        }
        for k in range(trace.end):
            pc, i = trace.code[k]
            if k in trace.pages:
                self._put_page(trace, k, trace.pages[k])
            if is_access(i) and k not in trace.forwarded:
                self._see_to_base(i)
            if k in pairs:
                self._put_pair(i, pairs[k], kinds[k])
            elif k in trace.branches:
                if k not in trace.decided:
                    self._put_plain(pc, i, kinds[k])
                    self._put(OPCODES["i32.eqz"] if trace.branches[k] else b"")
                    self._escape()
            elif k in planned.loads:
                if not self._is_free(planned.loads[k]):
                    self._put_load(pc, planned.loads[k])
            elif is_integer(i) or (k in trace.quiet.harmless and k not in trace.quiet.undone):
                self._put_template(self._templates.get(pc, i, UNCHECKED, kinds[k]), pc, _never)
            self._facts.follow(i, pc)

    def _see_to_base(self, i: Instruction) -> None:
        """Give up where an access may be past the guard. A store is not made yet: it tells nothing."""
        checked = not self._facts.holds(i.rs1, offset_of(i)) if is_store(i) else self._checked(i)
        if checked:
            self._put(self._get(i.rs1) + OUTSIDE)
            self._escape()
            self._facts.learn(i.rs1, CHECKED)

    def _put_page(self, trace: Trace, k: Place, pages: Range) -> None:
        """Give up where a range crosses a page. The load at `k` is from its root."""
        i = trace.code[k][1]
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
        self._put(one + WRAP + other + WRAP + OPCODES["i32.sub"] + const32(distance % (1 << 32)))
        self._put(OPCODES["i32.add"] + const32(span) + OPCODES["i32.lt_u"])
        self._escape()

    def _put_comparisons(self, trace: Trace, planned: Plan) -> None:
        """Give up where floats let a branch go another way."""
        last: dict[int, Place] = {}  # which instruction writes a register last
        for k in range(trace.end):
            last |= dict.fromkeys(members(effects(trace.code[k][1])[1]), k)
        wanted: dict[Place, set[bool]] = {k: set() for k in planned.compared}  # whether they have to hold
        for branch, k in trace.decided.items():
            wanted[k].add(trace.branches[branch] == (trace.code[branch][1].row.name == "bne"))
        for k, (low, high) in planned.compared.items():
            name, mate = trace.quiet.comparisons[k].name, trace.mate(k)
            if mate is not None and wanted[k] == wanted[mate] == {False}:
                both = zip((low, high), planned.compared[mate], strict=True)
                self._put(b"".join(self._vector((one, other) if one != other else (one,)) for one, other in both))
                self._put(OPCODES[f"f64x2.{name}"] + OPCODES["v128.any_true"])
                self._escape()
                wanted[k] = wanted[mate] = set()
            for taken in wanted[k]:
                self._put_comparison(name, low, high)
                self._put(OPCODES["i32.eqz"] if taken else b"")
                self._escape()
            if last[trace.code[k][1].rd] == k:
                self._put_comparison(name, low, high)
                self._put(EXTEND + self._set(trace.code[k][1].rd))

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
        """What leaves something on the stack, and how far behind that a root is."""
        register, made = root
        if made == AT_START:
            local = self._aside.get(register)
            return (self._get(register) if local is None else wasm.LOCAL_GET + leb(local)), 0
        return self._get(register), -trace.held[register].offset

    def _put_stores(self, trace: Trace, planned: Plan) -> None:
        """Store what is stored, neighbours at once that come one behind the other."""
        places = list(trace.stores)
        while places:
            k = places.pop(0)
            at, value = trace.stores[k], planned.stored[k]
            lanes: Lanes = (value,)
            if places and trace.stores[places[0]].root == at.root:
                after, other = trace.stores[places[0]], planned.stored[places[0]]
                distance = after.offset - at.offset
                if abs(distance) == DOUBLE and self._are_one(value, other, distance > 0):
                    places.pop(0)
                    lanes = (value, other) if distance > 0 else (other, value)
                    at = at if distance > 0 else after
            root, distance = self._root(trace, at.root)
            moved, offset = move_base(at.offset + distance)
            self._put(root + WRAP + moved)
            if len(lanes) == 1:
                self._put(self._scalar(value))
            else:
                self._put(self._vector(lanes if lanes[0] != lanes[1] else lanes[:1]))
            self._mark(trace.code[k][0])
            self._put(OPCODES["f64.store" if len(lanes) == 1 else "v128.store"] + b"\0" + leb(offset))

    def _are_one(self, value: Value, other: Value, ascending: bool) -> bool:
        """Whether two values are better stored at once."""
        lanes = (value, other) if ascending else (other, value)
        if self._values.packs.get(value) == lanes:
            return True
        one, another = (self._values.packs.get(each, ()) for each in lanes)
        return len(one) == len(another) == 2

    def _place_of(self, loaded: Loaded) -> tuple[bytes, bytes]:
        if loaded.version == AT_START and loaded.base in self._aside:
            moved, offset = move_base(loaded.offset)
            return wasm.LOCAL_GET + leb(self._aside[loaded.base]) + WRAP + moved, leb(offset)
        return super()._place_of(loaded)


def _never() -> None:
    raise AssertionError("an instruction of a trace leaves it")
