"""Writes runs of float arithmetic (`float_runs`) as one attempt, in front of the instructions themselves."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from friscy_build.aot.call_blocks import CallBlockWriter
from friscy_build.aot.effects import Registers, is_access, members
from friscy_build.aot.float_looks import Compared, gather
from friscy_build.aot.float_plan import Plan, pair_of_stores, plan, wanted_behind
from friscy_build.aot.float_runs import Run, changed_integers, is_integer, vector
from friscy_build.aot.float_values import Computed, Given, Lanes, Loaded, Value, Values
from friscy_build.aot.function_writer import BLOCK, OUTSIDE, WRAP
from friscy_build.aot.graph import Block
from friscy_build.aot.value_writer import move_base
from friscy_build.isa.decode import Instruction
from friscy_build.wasm import opcodes as wasm
from friscy_build.wasm.binary import leb
from friscy_build.wasm.opcodes import OPCODES


class RunWriter(CallBlockWriter):
    """Writes them. While one is tried, registers stay as they are but for integers, which are put aside.

    What is in vectors behind a run is there for later runs and stores of the block, however the run was done.
    """

    _escape_level: int  # how many blocks are open around a run that is tried
    _calm_before: set[bool]
    _values: Values
    _vectors: dict[Lanes, int]  # which local has a vector
    _aside: dict[int, int]  # in which local an integer register is put aside
    _free: dict[Lanes, int]  # what is loaded where it is wanted: the pc of the load

    def _begin_runs(self) -> None:
        """A block's code begins."""
        self._values, self._vectors, self._free = Values(), {}, {}

    def _open_run(self, block: Block, run: Run, live: Registers, put: Callable[[int], None]) -> None:
        """Begin a run: what follows, up to `_close_run`, is done only where the attempt may not be right.

        live: at its start. put: writes the integer instruction at a place, an access without a check.
        """
        code = block.code
        self._open(BLOCK)
        self._open(BLOCK)
        self._escape_level = self._nested
        self._put_aside(changed_integers(code, run) & live)
        self._put_calm(fused=run.fused)
        self._put(OPCODES["i32.eqz"])
        self._escape()
        facts, self._facts = self._facts, self._facts.copy()
        planned = plan(code, run, self._values)
        for k in range(run.start, run.end):
            pc, i = code[k]
            if is_access(i) and self._checked(i):
                self._put(self._get(i.rs1) + OUTSIDE)
                self._escape()
            if is_integer(i):
                put(k)
            elif k in planned.loads:
                self._put_load(pc, planned.loads[k])
            self._facts.follow(i, pc)
        self._look_at(planned)
        for value in planned.outputs.values():
            self._put(self._scalar(value))
        for register in reversed(planned.outputs):
            self._put(self._set(register))
        self._put(wasm.BR + leb(1))
        self._close()
        self._put(self._taken_back())
        self._facts, self._calm_before = facts, set(self._calm)

    def _put_aside(self, registers: Registers) -> None:
        """Keep integer registers that an attempt writes as they are."""
        self._aside = {register: self._locals.saved(k) for k, register in enumerate(members(registers))}
        for register, local in self._aside.items():
            self._put(self._get(register) + wasm.LOCAL_SET + leb(local))

    def _taken_back(self) -> bytes:
        """What lets them be as they were before the attempt that was begun last."""
        return b"".join(wasm.LOCAL_GET + leb(local) + self._set(each) for each, local in self._aside.items())

    def _close_run(self, block: Block, runs: Collection[Run], place: int) -> None:
        """End a run before the instruction at a place of its block, which has these runs."""
        kept = self._values.keep(self._vectors, wanted_behind(block.code, runs, place))
        self._vectors = {lanes: self._vectors[lanes] for lanes in kept}
        for lanes in kept:
            self._put(self._made_of_registers(lanes) + wasm.LOCAL_SET + leb(self._vectors[lanes]))
        self._close()
        self._calm = self._calm_before  # the attempt has none of those that were found out since

    def _escape(self) -> None:
        """Do the run again where the condition on the stack holds."""
        self._leave_if(self._nested - self._escape_level)

    def _look_at(self, planned: Plan, compared: Sequence[Compared] = (), *, at_once: int | None = None) -> None:
        """Do the run again where a result may be wrong, or a comparison holds. at_once: of what has to be sure."""
        sure = planned.sure
        step = at_once or len(sure) or 1
        *others, last = [sure[k : k + step] for k in range(0, len(sure), step)] or [[]]
        for each in others:
            self._gather(each, (), ())
        self._gather(last, planned.finite, compared)

    def _gather(self, sure: Sequence[Lanes], finite: Sequence[Lanes], compared: Sequence[Compared]) -> None:
        for part in gather(sure, finite, compared, self._vector, leb(self._locals.gathered)):
            self._put(part)
        self._escape()

    def _put_load(self, pc: int, lanes: Lanes) -> None:
        """Load one value into both lanes of a vector, two that are neighbours, or the second of two that are none."""
        neighbours = len(lanes) > 1 and self._values.lanes(lanes[0]) == lanes
        if len(lanes) > 1 and not neighbours:
            self._put(self._vector(lanes[:1]))
        loaded = self._values.definitions[lanes[0] if neighbours else lanes[-1]]
        assert isinstance(loaded, Loaded)
        address, offset = self._place_of(loaded)
        self._put(address)
        self._mark(pc)
        if neighbours:
            self._put(OPCODES["v128.load"] + b"\0" + offset)
        else:
            last = OPCODES["f64x2.splat" if len(lanes) == 1 else "f64x2.replace_lane 1"]
            self._put(OPCODES["f64.load"] + b"\0" + offset + last)
        self._put(wasm.LOCAL_SET + self._new_vector(lanes))

    def _place_of(self, loaded: Loaded) -> tuple[bytes, bytes]:
        """Where something is loaded (`_place`)."""
        return self._place(loaded.base, loaded.offset)

    def _stored_pair(self, code: Sequence[tuple[int, Instruction]], k: int) -> tuple[bytes, int] | None:
        """Two stores of what is in a vector: what leaves that, and their offset; None where there are none."""
        found = pair_of_stores(code, k)
        if found is None:
            return None
        low, high, offset = found
        held = self._values.held
        lanes: Lanes = (held.get(low, -1), held.get(high, -1))
        if lanes[0] == lanes[1]:
            lanes = lanes[:1]
        return (self._vector(lanes), offset) if lanes in self._vectors else None

    def _put_stored_pair(self, base: int, pair: tuple[bytes, int], pc: int) -> None:
        """Write such stores, the first of which is at `pc`."""
        value, distance = pair
        address, offset = self._place(base, distance)
        self._put(address + value)
        self._mark(pc)
        self._put(OPCODES["v128.store"] + b"\0" + offset)

    # Values

    def _new_vector(self, lanes: Lanes) -> bytes:
        """A local for a vector."""
        taken = set(self._vectors.values())
        k = 0
        while self._locals.vector(k) in taken:
            k += 1
        self._vectors[lanes] = self._vector_local(k)
        return leb(self._vectors[lanes])

    def _vector(self, lanes: Lanes) -> bytes:
        """Leave a vector on the stack."""
        if lanes in self._vectors:
            return wasm.LOCAL_GET + leb(self._vectors[lanes])
        if lanes in self._free:
            self._put_load(self._free[lanes], lanes)
            return wasm.LOCAL_GET + leb(self._vectors[lanes])
        made = self._solo(*lanes) if len(lanes) == 1 else self._pair(*lanes)
        if lanes in self._vectors:
            return made
        return made + wasm.LOCAL_TEE + self._new_vector(lanes)

    def _solo(self, value: Value) -> bytes:
        if value in self._values.packs:
            lanes, place = self._source(value)
            return self._shuffled(lanes, place, lanes, place)
        definition = self._values.definitions[value]
        if isinstance(definition, Given):
            return self._get(definition.register) + OPCODES["f64x2.splat"]
        assert isinstance(definition, Computed)
        return self._arithmetic(definition, definition)

    def _pair(self, low: Value, high: Value) -> bytes:
        values = self._values
        one, other = values.definitions[low], values.definitions[high]
        if values.packs.get(low) == (low, high) and isinstance(one, Computed) and isinstance(other, Computed):
            return self._arithmetic(one, other)
        if high not in values.packs and (high,) not in self._vectors:
            if isinstance(other, Given):
                return self._vector((low,)) + self._get(other.register) + OPCODES["f64x2.replace_lane 1"]
            if (high,) in self._free and isinstance(one, Loaded) and low not in values.packs:
                self._put_load(self._free[high,], (low, high))
                return wasm.LOCAL_GET + leb(self._vectors[low, high])
        return self._shuffled(*self._source(low), *self._source(high))

    def _arithmetic(self, one: Computed, other: Computed) -> bytes:
        """Leave the same operation of two values, or of one twice, on the stack."""
        parts = []
        for (low, turned), (high, _) in zip(one.operands, other.operands, strict=True):
            parts.append(self._vector((low,) if low == high else (low, high)))
            parts.append(OPCODES["f64x2.neg"] if turned else b"")
        return b"".join(parts) + vector(one.name)

    def _source(self, value: Value) -> tuple[Lanes, int]:
        """A vector, and in which of its lanes a value is."""
        lanes = self._values.lanes(value)
        return lanes, lanes.index(value)

    def _shuffled(self, one: Lanes, low: int, other: Lanes, high: int) -> bytes:
        """A lane of one vector, and one of another above it."""
        taken = [8 * low + k for k in range(8)] + [16 + 8 * high + k for k in range(8)]
        return self._vector(one) + self._vector(other) + OPCODES["i8x16.shuffle"] + bytes(taken)

    def _scalar(self, value: Value) -> bytes:
        """Leave a value on the stack."""
        definition = self._values.definitions[value]
        if isinstance(definition, Given):
            return self._get(definition.register)
        lanes, place = self._source(value)
        return self._vector(lanes) + OPCODES[f"f64x2.extract_lane {place}"]

    def _made_of_registers(self, lanes: Lanes) -> bytes:
        """Leave a vector whose values are in registers on the stack."""
        low, high = self._scalar(lanes[0]), self._scalar(lanes[-1])
        wide = low + OPCODES["f64x2.splat"]
        return wide if len(lanes) == 1 else wide + high + OPCODES["f64x2.replace_lane 1"]

    def _place(self, register: int, offset: int) -> tuple[bytes, bytes]:
        """The 32-bit address in a register, and what an access says besides to be `offset` behind it."""
        moved, offset = move_base(offset)
        return self._get(register) + WRAP + moved, leb(offset)
