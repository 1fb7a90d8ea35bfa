"""The decoder in wasm: guest code to records, generated from the rows' encodings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from friscy.machine.layout import (
    CODE_MAP,
    GUEST_START,
    HART_SCRATCH,
    HART_TRAP_PC,
    PAGE,
    PAGE_SHIFT,
    RECORD_BYTES,
    RECORDS,
    WINDOW_END,
)
from friscy_build.interpreter.records import (
    ENTRY,
    GOTO,
    ILLEGAL,
    NOP2,
    NOP4,
    SCALE,
    SLOW,
    Form,
    Pair,
    Table,
    places,
)
from friscy_build.isa.row import Field, Flow, Row
from friscy_build.isa.value import Value
from friscy_build.llvm.trace import Function, Module

DECODE_WORD, PAIR_OF, DECODE, DECODE_SCRATCH = "decode_word", "pair_of", "decode", "decode_scratch"

# Instruction bits that tell most encodings apart: the first switch of the decoder goes over them.
_MAJOR = {2: (0xE003, ((15, 13, 2), (1, 0, 0))), 4: (0x7F, ((6, 0, 0),))}


def extract(field: Field, word: Value) -> Value:
    """The operand in the 32-bit Value `word`, as 32 bits."""
    result = word.ops.const(0, 32)
    for part in field.slices:
        top = field.signed and part.at + part.width == field.width
        # The sign comes down from bit 31.
        value = (word << 31 - part.high).ashr(32 - part.width) if top else word.bits(part.high, part.low)
        result = result | value << part.at
    return result + field.offset


class WordDecoder:
    """Emits `decode_word(word) -> (low, high)`: the record of an instruction, as two u32, whatever its pc."""

    def __init__(self, module: Module, table: Table) -> None:
        self._table = table
        attributes = "nounwind memory(none) noinline"
        self._f = module.function(DECODE_WORD, "internal {i32, i32}", [("word", 32)], attributes)

    def emit(self) -> None:
        f = self._f
        (word,) = f.arguments
        short, long = f.name("short"), f.name("long")
        f.branch((word & 3).eq(3), long, short)
        f.place(short)
        self._rows(2, word & 0xFFFF)
        f.place(long)
        self._rows(4, word)
        f.finish()

    def _rows(self, nbytes: int, word: Value) -> None:
        f = self._f
        mask, parts = _MAJOR[nbytes]
        groups: dict[int, list[Row]] = {}
        values = {
            sum((bits >> low & (1 << high - low + 1) - 1) << at for high, low, at in parts): bits
            for bits in _submasks(mask)
        }
        for row in (row for row in self._table.rows if row.nbytes == nbytes):
            for number, bits in values.items():
                if not (bits ^ row.match) & row.mask & mask:
                    groups.setdefault(number, []).append(row)
        key = f.const(0, 32)
        for high, low, at in parts:
            key = key | word.bits(high, low) << at
        illegal = f.name("illegal")
        labels = {value: f.name("major") for value in groups}
        cases = " ".join(f"i32 {value}, label %{label}" for value, label in labels.items())
        f.end(f"switch i32 {key.raw}, label %{illegal} [ {cases} ]")
        for value, label in labels.items():
            f.place(label)
            for row in groups[value]:
                self._row(row, word)
            f.goto(illegal)
        f.place(illegal)
        f.give((f.const(self._table.number[ILLEGAL], 32), word))

    def _row(self, row: Row, word: Value) -> None:
        """Return the record if `word` is this row, else fall out at the end."""
        f = self._f
        legal = (word & row.mask).eq(row.match)
        for mask, excluded in row.excludes:
            legal = legal & (word & mask).ne(excluded)
        this, other = f.name("row"), f.name("other")
        f.branch(legal, this, other)
        f.place(this)
        base = row.base or row
        operands = {name: extract(part, word) for name, part in row.fields.items()}
        operands |= {name: f.const(value, 32) for name, value in row.fixed.items()}
        halves = [self._operation(row, operands), f.const(0, 32)]
        for name, place in places(base).items():
            value = operands[name]
            if name == "imm":
                value = value << (SCALE.bit_length() - 1) if base.flow in (Flow.JUMP, Flow.BRANCH) else value
            elif name != "rm":
                value = value << 3
            halves[place // 4] = halves[place // 4] | value << place % 4 * 8
        f.give(halves)
        f.place(other)

    def _operation(self, row: Row, operands: dict[str, Value]) -> Value:
        f = self._f
        number = self._table.number
        forms: Sequence[Form] = self._table.forms_of(row)
        result = f.const(number[forms[-1].name], 32)
        for form in reversed(forms[:-1]):
            holds = f.const(1, 1)
            for name, value in form.known.items():
                holds = holds & operands[name].eq(value)
            if form.backward:
                holds = holds & operands["imm"].slt(1)
            result = holds.select(f.const(number[form.name], 32), result)
        if self._table.pure(row):
            nop = f.const(number[NOP2 if row.nbytes == 2 else NOP4], 32)
            result = operands["rd"].eq(0).select(nop, result)
        return result


def _submasks(mask: int) -> Iterable[int]:
    """All values with bits in `mask` only."""
    value = 0
    while True:
        yield value
        value = (value - mask) & mask
        if value == 0:
            return


def fetch(f: Function, pc: Value) -> tuple[Value, Value]:
    """(instruction word, its length) at the 32-bit `pc`; the upper half is not read for a short one."""
    low = f.load(16, pc).zext(32)
    word, nbytes = f.cond(
        (low & 3).eq(3),
        lambda: (low | f.load(16, pc, 2).zext(32) << 16, f.const(4, 32)),
        lambda: (low, f.const(2, 32)),
    )
    return word, nbytes


def decode_word(f: Function, word: Value) -> tuple[Value, Value]:
    both = f.let(0, f"call {{i32, i32}} @{DECODE_WORD}(i32 {word.raw})")
    low = f.let(32, f"extractvalue {{i32, i32}} {both.raw}, 0")
    return low, f.let(32, f"extractvalue {{i32, i32}} {both.raw}, 1")


def is_relative(table: Table, low: Value) -> Value:
    operation = (low & 0xFFFF) - table.relative.start
    return operation.ult(len(table.relative))


def emit_pair_of(module: Module, table: Table) -> None:
    """`pair_of(first, second) -> operation`: the pair of two operations, 0 where there is none."""
    attributes = "nounwind memory(none) noinline"
    f = module.function(PAIR_OF, "internal i32", [("first", 32), ("second", 32)], attributes)
    first, second = f.arguments
    number = table.number
    seconds: dict[str, list[Pair]] = {}
    for pair in table.pairs:
        seconds.setdefault(pair.first.name, []).append(pair)

    def switch(on: Value, labels: dict[int, str]) -> None:
        cases = " ".join(f"i32 {value}, label %{label}" for value, label in labels.items())
        f.end(f"switch i32 {on.raw}, label %none [ {cases} ]")

    switch(first, {number[name]: f"first_{name}" for name in seconds})
    for name, pairs in seconds.items():
        f.place(f"first_{name}")
        switch(second, {number[pair.second.name]: f"pair_{pair.name}" for pair in pairs})
    for pair in table.pairs:
        f.place(f"pair_{pair.name}")
        f.give((f.const(number[pair.name], 32),))
    f.place("none")
    f.give((f.const(0, 32),))
    f.finish()


class _Code:
    """An instruction that `decode` looks at: its record's halves, and whether they work where it stands."""

    def __init__(self, f: Function, table: Table, pc: Value) -> None:
        word, nbytes = fetch(f, pc)
        self.low, self.high = decode_word(f, word)
        self.end = pc + nbytes
        distance = is_relative(table, self.low).select(self.high.ashr(SCALE.bit_length() - 1), 0)
        # Stepping or branching to a record needs one there: only the window has them.
        self.fits = (pc + distance - GUEST_START).ult(WINDOW_END - GUEST_START) & self.end.ult(WINDOW_END)


def emit_decode(module: Module, table: Table) -> None:
    """`decode(hart, record)`: fill in the record of the instruction at the pc that the record stands for; and while it
    makes a pair with the next one, that one's too."""
    f = module.function(DECODE, "internal void", [("hart", 32), ("first", 32)], "nounwind noinline cold")
    hart, first = f.arguments
    f.goto("head")
    f.place("head")
    record = f.let(32, f"phi i32 [ {first.raw}, %entry ], [ %following, %again ]")
    pc = (record - RECORDS) >> (SCALE.bit_length() - 1)
    f.store(record, hart, HART_TRAP_PC, align=4)

    def write(low: Value, high: Value) -> tuple[Value, ...]:
        f.store(low, record, 0, align=8)
        f.store(high, record, 4, align=4)
        f.store(f.const(1, 8), pc >> PAGE_SHIFT, RECORDS)
        return ()

    def entry_at(pc: Value) -> Value:
        return f.load(32, pc << 1, CODE_MAP, align=4)

    entry = entry_at(pc)
    none, zero = f.const(0, 32), f.const(0, 32)

    def from_code() -> tuple[Value, ...]:
        code = _Code(f, table, pc)
        f.cond(
            code.fits,
            lambda: write(code.low, code.high),
            lambda: write(f.const(table.number[SLOW], 32), zero),
        )
        # The next instruction may be looked at only where this one's page answers for it.
        near = (code.end & PAGE - 1).ult(PAGE - 3) & (code.end >> PAGE_SHIFT).eq(pc >> PAGE_SHIFT)
        return f.cond(code.fits & near, lambda: pair(code), lambda: (none,))

    def pair(code: _Code) -> tuple[Value, ...]:
        following = _Code(f, table, code.end)
        arguments = f"i32 {(code.low & 0xFFFF).raw}, i32 {(following.low & 0xFFFF).raw}"
        operation = f.let(32, f"call i32 @{PAIR_OF}({arguments})")

        def make() -> tuple[Value, ...]:
            write((code.low & 0xFFFF_0000) | operation, code.high)
            return ((code.end << SCALE.bit_length() - 1) + RECORDS,)

        alone = operation.eq(0) | (following.fits ^ 1) | entry_at(code.end).ne(0)
        return f.cond(alone, lambda: (none,), make)

    def from_entry() -> tuple[Value, ...]:
        write(f.const(table.number[ENTRY], 32), entry)
        return (none,)

    (following,) = f.cond(entry.ne(0), from_entry, from_code)
    f.branch(following.eq(0), "done", "look")
    f.place("look")
    f.branch(f.load(16, following, 0, align=8).eq(0), "again", "done")
    f.place("again")
    f.emit(f"%following = add i32 {following.raw}, 0")
    f.goto("head")
    f.place("done")
    f.give(())
    f.finish()


def emit_decode_scratch(module: Module, table: Table) -> None:
    """`decode_scratch(hart, pc)`: make the hart's scratch records run the instruction at `pc`, wherever that is.

    The first is the instruction; those that it steps or branches to go on at the right pc.
    """
    f = module.function(DECODE_SCRATCH, "internal void", [("hart", 32), ("pc", 32)], "nounwind noinline cold")
    hart, pc = f.arguments
    f.store(hart + HART_SCRATCH, hart, HART_TRAP_PC, align=4)
    taken = 3 * RECORD_BYTES
    word, _ = fetch(f, pc)
    low, high = decode_word(f, word)

    def put(k: int, low: Value, high: Value) -> None:
        f.store(low, hart, HART_SCRATCH + RECORD_BYTES * k, align=4)
        f.store(high, hart, HART_SCRATCH + RECORD_BYTES * k + 4, align=4)

    goto = f.const(table.number[GOTO], 32)
    put(1, goto, pc + 2)
    put(2, goto, pc + 4)
    relative = is_relative(table, low)
    put(3, goto, pc + high.ashr(SCALE.bit_length() - 1))
    put(0, low, relative.select(f.const(taken, 32), high))
    f.give(())
    f.finish()
