"""How control goes between the blocks of a function being written: branches, switches, safepoints, loops, labels."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from friscy_build.aot.calls import CallWriter
from friscy_build.aot.effects import NONE, Registers, effects, is_cheap, members, registers
from friscy_build.aot.function_writer import (
    BLOCK,
    IF,
    INTERRUPTED,
    LOOP,
    STILL_INTERRUPTED,
    WRAP,
    const32,
    const64,
)
from friscy_build.aot.graph import CALLS, Block, End
from friscy_build.aot.halves import NARROW
from friscy_build.aot.safepoints import Looks, comes_back_unasked, stores
from friscy_build.aot.shifts import Pair, Rotation, find_pairs
from friscy_build.aot.strips import Strip
from friscy_build.aot.structure import Structure
from friscy_build.aot.switches import Switches
from friscy_build.aot.tables import ABSOLUTE, Table, Way
from friscy_build.aot.unrolling import Unrolled
from friscy_build.isa.decode import Instruction
from friscy_build.isa.row import Flow
from friscy_build.wasm import opcodes as wasm
from friscy_build.wasm.binary import leb
from friscy_build.wasm.opcodes import OPCODES

ROOT = -(1 << 40)  # of a function's structure: what comes before its first block
_CHEAP, _CHOICES = 3, 2  # instructions that are done instead of skipped, registers they may change
_MOST_LABELS = 8192  # of a table


class WayWriter(CallWriter):
    """Writes the ways between blocks, in the order of `_structure`."""

    _structure: Structure
    _numbers: dict[int, int]  # of the blocks, in the order of the structure
    _switches: Switches
    _looks: Looks
    _strips: dict[int, Strip]  # by the pc of a loop
    _unrolled: dict[int, Unrolled]  # the same

    def _emit_block(self, block: Block) -> None:
        raise NotImplementedError

    def _put_unrolled(self, unrolled: Unrolled) -> None:
        """Write a loop's turns one after the other, and what comes after it."""
        raise NotImplementedError

    def _before_loop(self, pc: int) -> None:
        """Write what comes before a loop."""
        raise NotImplementedError

    def _label(self, pc: int, target: int) -> bytes | None:
        """The immediate of a branch to `target`, where a label stands for it."""
        structure = self._structure
        if structure.position[target] <= structure.position[pc]:
            return leb(self._nested - 1 - self._loops[target])
        if target in structure.merges:
            return leb(self._nested - 1 - self._blocks[target])
        return None

    def _goto(self, pc: int, target: int) -> None:
        """Go to a block of the structure, or write it here."""
        way = self._structure.by_way.get((pc, target))
        if way is not None:
            self._put(const32(self._numbers[target]) + wasm.LOCAL_SET + leb(self._locals.index))
            target = way
        self._reach(pc, target)

    def _reach(self, pc: int, target: int) -> None:
        """Go from one node of the structure to another: by its label, or by writing it here."""
        label = self._label(pc, target)
        if label is None:
            self._later(lambda: self._tree(target))
        else:
            self._put(wasm.BR + label)

    def _later(self, write: Callable[[], None]) -> None:
        """Have `write` called when its caller, which writes no more, has returned: blocks nest deeper than Python may.

        What is asked for last comes first.
        """
        self._work.append(write)

    def _is_plain(self, block: Block, target: int) -> bool:
        """Whether nothing is to be done on the way to `target`, and a label stands for it."""
        return (
            target in self._graph.blocks
            and (block.pc, target) not in self._structure.by_way
            and not self._entering(block, target)
            and (block.pc, target) not in self._live.loading.ways
            and not self._bases.missing(target, self._facts)
            and self._label(block.pc, target) is not None
        )

    def _entering(self, block: Block, target: int) -> Registers:
        """What to store on the way into a loop, so that it is clean in there."""
        return self._dirty & self._live.enters.get((block.pc, target), NONE)

    def _go(self, block: Block, target: int) -> None:
        """Let control go on at `target`, with its bases checked."""
        if target not in self._graph.blocks:
            self._go_aside(target) if target in self._graph.exits else self._jump_out(block, target)
            return
        live = self._live.live[target]
        self._load(self._live.loading.ways.get((block.pc, target), NONE))
        entering = self._entering(block, target)
        self._store(entering)
        self._dirty &= ~entering
        if block.end not in CALLS:
            missing = self._bases.missing(target, self._facts)
            self._load(registers(missing) & self._live.loading.starts.get(target, NONE))
            for register in missing:
                self._check(register, self._graph.blocks[target].address, self._dirty & live)
        self._goto(block.pc, target)

    def _safepoint(self, block: Block) -> None:
        """Before a block that ways lead back to, look for an interrupt.

        It is not on those ways: the host's compiler would put it far off, and a loop's turn would take two jumps.
        """
        if not self._flow.back_to(block) or block.pc in self._looks.unasked:
            return
        self._put(INTERRUPTED if stores(self._flow, block) else STILL_INTERRUPTED)
        self._open_unlikely()
        self._hand_over(block.address, self._dirty & self._live.live[block.pc])
        self._close()

    def _branch(self, block: Block) -> None:
        """A branch, its condition being on the stack."""
        taken, other = block.target, block.next_pc
        skipped = self._skipped(block)
        if skipped is not None:
            self._choose(skipped)
            self._go(block, taken)
            return
        facts, dirty = self._facts.copy(), self._dirty
        if self._is_plain(block, taken):
            label = self._label(block.pc, taken)
            assert label is not None
            self._foresee(taken, other)
            self._put(wasm.BR_IF + label)
            self._go(block, other)
        elif self._is_plain(block, other):
            label = self._label(block.pc, other)
            assert label is not None
            self._put(OPCODES["i32.eqz"])
            self._foresee(other, taken)
            self._put(wasm.BR_IF + label)
            self._go(block, taken)
        else:

            def write_other() -> None:
                self._close()
                self._facts, self._dirty = facts, dirty
                self._go(block, other)

            self._foresee(taken, other)
            self._open(IF)
            self._later(write_other)
            self._go(block, taken)

    def _foresee(self, taken: int, other: int) -> None:
        """Tell the host's compiler of the branch that comes next, if one of its ways was never gone."""
        blocks = self._graph.blocks
        cold = [pc in self._graph.exits or (pc in blocks and blocks[pc].cold) for pc in (taken, other)]
        if cold[0] != cold[1]:
            self.hints.append((len(self.parts), cold[1]))

    def _skipped(self, block: Block) -> Block | None:
        """What the branch that ends a block skips, where doing it costs less than branching over it."""
        graph, target = self._graph, block.target
        other = graph.blocks.get(block.next_pc)
        if other is None or target not in graph.blocks or other.successors() != (target,):
            return None
        if len(self._flow.before[self._flow.number[other.pc]]) != 1 or other.pc == graph.entry:
            return None
        code = other.code if other.end is End.FALL else other.code[:-1]
        links = other.end is End.JUMP and other.code[-1][1].rd
        if other.end not in (End.FALL, End.JUMP) or links or len(code) > _CHEAP:
            return None
        if not all(is_cheap(i) for _, i in code):
            return None
        if len(self._changed(other)) > _CHOICES:
            return None
        loading = self._live.loading
        taken = {(block.pc, target), (other.pc, target)}
        if taken & self._structure.by_way.keys() or taken & self._live.enters.keys():
            return None
        if other.pc in loading.starts or {*taken, (block.pc, other.pc)} & loading.ways.keys():
            return None
        return other

    def _changed(self, skipped: Block) -> tuple[int, ...]:
        written = NONE
        for _, i in skipped.code:
            written |= effects(i)[1]
        return members(written & self._live.live[skipped.successors()[0]])

    def _choose(self, skipped: Block) -> None:
        """Do what a branch skips, and take it back where the branch, whose condition is on the stack, is taken.

        Compilers for machines without conditional moves write branches that depend on data, which no host foresees.
        """
        index, changed = leb(self._locals.index), self._changed(skipped)
        olds = dict(zip(changed, (self._locals.left, self._locals.target), strict=False))
        self._put(wasm.LOCAL_SET + index)
        for register, old in olds.items():
            self._put(self._get(register) + wasm.LOCAL_SET + leb(old))
        facts = self._facts.copy()
        pairs, kinds = find_pairs(skipped.code), self._kinds(skipped)
        for k, (pc, i) in enumerate(skipped.code):
            if i.row.flow is not Flow.NONE:
                break
            if k in pairs:
                self._put_pair(i, pairs[k], kinds[k])
            else:
                self._put_plain(pc, i, kinds[k])
            self._facts.follow(i, pc)
            self._dirty |= effects(i)[1]
        self._facts = self._facts.meet(facts)
        for register, old in olds.items():
            self._put(wasm.LOCAL_GET + leb(old) + self._get(register) + wasm.LOCAL_GET + index + wasm.SELECT)
            self._put(self._set(register))

    def _put_pair(self, i: Instruction, pair: Pair | Rotation | None, kind: int) -> None:
        """Write an instruction as what `find_pairs` has for it."""
        if pair is not None:
            self._put(self._get(pair.source) + pair.wasm(narrow=bool(kind & NARROW)) + self._set(i.rd))

    def _switch(self, block: Block) -> None:
        """Go to one of the block's targets, or with any other address elsewhere; a safepoint.

        The local TARGET has the address, or where the block has a table, the number of the entry.
        """
        target = wasm.LOCAL_GET + leb(self._locals.target)
        targets = [pc for pc in block.targets if pc in self._graph.blocks]
        self._open(BLOCK)
        other = self._nested
        # Ways on which there is something to do begin behind blocks of their own.
        implied = self._switches.implied.get(block.pc)
        ways = [
            pc
            for pc in targets
            if (block.pc, pc) in self._structure.by_way
            or (implied is not None and self._live.live[pc] >> implied & 1)
        ]
        self._ways = {}
        for pc in ways:
            self._open(BLOCK)
            self._ways[pc] = self._nested
        away = leb(self._nested - other)
        if block.way is None or comes_back_unasked(self._flow, block):
            self._put(STILL_INTERRUPTED + wasm.BR_IF + away)
        if block.way is not None:
            where = {pc: self._switch_label(block, pc) for pc in targets}
            to = [where.get(pc, away) for pc in block.way.table.targets]
            self._put(target + WRAP + wasm.BR_TABLE + leb(len(to)) + b"".join(to) + away)
        elif targets:
            low, high = min(targets), max(targets)
            span = (high - low) // 2 + 1
            if span <= _MOST_LABELS:
                self._put(target + const64(low) + OPCODES["i64.sub"] + const64(1) + OPCODES["i64.shr_u"])
                self._put(wasm.LOCAL_TEE + leb(self._locals.left) + const64(span) + OPCODES["i64.ge_u"])
                self._put(wasm.BR_IF + away)
                where = {pc: self._switch_label(block, pc) for pc in targets}
                labels = b"".join(where.get(low + 2 * k, away) for k in range(span))
                self._put(wasm.LOCAL_GET + leb(self._locals.left) + WRAP + wasm.BR_TABLE)
                self._put(leb(span) + labels + away)
            else:
                self._search(block, target, targets)
        self._put(wasm.BR + away)

        def write_way(pc: int) -> None:
            self._close()
            if implied is not None:
                self._put(const64(pc) + self._set(implied))
            self._goto(block.pc, pc)

        def write_rest() -> None:
            self._close()
            if block.way is not None:
                self._put(self._entry_of(block.way.table) + wasm.LOCAL_SET + leb(self._locals.target))
                if implied is not None:
                    self._put(target + self._set(implied))
            if self._convention.is_closed(self._graph):
                self._store(self._dirty & self._live.after[block.pc])
                self._put(target + const64(1) + OPCODES["i64.or"] + wasm.LOCAL_SET + leb(self._locals.left))
                self._give_left()
            else:
                self._jump_out(block, None)

        self._later(write_rest)
        for pc in ways:
            self._later(partial(write_way, pc))

    def _entry_of(self, table: Table) -> bytes:
        """Leave what the entry of a table says whose number is in the local TARGET: an address."""
        place = (
            wasm.LOCAL_GET + leb(self._locals.target) + WRAP + const32(table.entry_bytes) + OPCODES["i32.mul"]
        )
        load = OPCODES["i64.load" if table.form == ABSOLUTE else "i64.load32_s"]
        return place + load + b"\0" + leb(table.start) + const64(table.base) + OPCODES["i64.add"]

    def _find_number(self, way: Way, load: Instruction, pc: int, handed: Registers) -> None:
        """Before an entry of a table is read: leave its number in the local TARGET, or hand over where it has none."""
        table = way.table
        self._put(self._get(load.rs1) + const64(load.imm - table.start) + OPCODES["i64.add"])
        self._put(const64(table.entry_bytes.bit_length() - 1) + OPCODES["i64.rotr"])
        self._put(
            wasm.LOCAL_TEE + leb(self._locals.target) + const64(len(table.targets)) + OPCODES["i64.ge_u"]
        )
        if way.added is not None:
            self._put(self._get(way.added) + const64(table.base) + OPCODES["i64.ne"] + OPCODES["i32.or"])
        self._open_unlikely()
        self._hand_over(pc, handed)
        self._close()

    def _switch_label(self, block: Block, pc: int) -> bytes:
        if pc in self._ways:
            return leb(self._nested - self._ways[pc])
        label = self._label(block.pc, pc)
        assert label is not None, "a target of a table without a label"
        return label

    def _search(self, block: Block, target: bytes, targets: list[int]) -> None:
        """Go to the one of `targets` that the address is; it is looked for in halves."""
        if len(targets) > 4:
            middle = len(targets) // 2
            self._put(target + const64(targets[middle]) + OPCODES["i64.lt_u"])
            self._open(IF)
            self._search(block, target, targets[:middle])
            self._else()
            self._search(block, target, targets[middle:])
            self._close()
            return
        for pc in targets:
            self._put(target + const64(pc) + OPCODES["i64.eq"] + wasm.BR_IF + self._switch_label(block, pc))

    def _tree(self, pc: int) -> None:
        """Write a block, and all that it dominates."""
        structure, unrolled = self._structure, self._unrolled.get(pc)
        header = pc in structure.headers and unrolled is None
        if header:
            self._before_loop(pc)
            self._loops[pc] = self._nested
            self._open(LOOP)
        last = pc if unrolled is None else unrolled.blocks[-1].pc  # the others of a turn are written with it
        merges = [child for child in structure.children[last] if child in structure.merges]
        for child in reversed(merges):
            self._blocks[child] = self._nested
            self._open(BLOCK)
        if header:
            self._later(self._close)
        for child in reversed(merges):
            self._later(partial(self._merge, child))
        if pc == ROOT:
            self._goto(ROOT, self._graph.entry)
        elif pc in structure.dispatch:
            self._dispatch(pc)
        elif unrolled is not None:
            self._put_unrolled(unrolled)
        else:
            self._emit_block(self._graph.blocks[pc])

    def _merge(self, pc: int) -> None:
        """Write the block to which the innermost label leads, behind it."""
        self._close()
        self._tree(pc)

    def _dispatch(self, pc: int, k: int = 0) -> None:
        """Go on where whoever came here said: to one of the targets from number `k`."""
        target, *others = self._structure.dispatch[pc][k:]
        if not others:
            self._forward(pc, target)
            return

        def write_others() -> None:
            self._close()
            self._dispatch(pc, k + 1)

        self._put(wasm.LOCAL_GET + leb(self._locals.index) + const32(self._numbers[target]))
        self._put(OPCODES["i32.eq"])
        self._open(IF)
        self._later(write_others)
        self._forward(pc, target)

    def _forward(self, pc: int, target: int) -> None:
        target = self._structure.by_way.get((pc, target), target)
        self._reach(pc, target)
