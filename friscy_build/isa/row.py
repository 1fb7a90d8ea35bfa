"""One instruction = one row: its name, its encoding, its text form and what it does.

An encoding is written as the tables of the ISA manual write it, most significant bit first:

    imm[12|10:5] rs2 rs1 000 imm[4:1|11] 1100011        beq
    011 nzimm[17] rd!=2 nzimm[16:12] 01                 c.lui

`0`/`1` are fixed bits, `.` bits that are ignored. A name is an operand: `rd rs1 rs2 rs3` (5 bits; 3 bits and
x8 upwards where primed), `rm` (3), `aq_rl` (2), and `imm` (signed) or `uimm` (unsigned) with the operand
bits that stand there. `nz` forbids zero, `!=a,b` forbids values of the token's bits, `a/b` gives the same bits
to two operands. All is kept as data (`Row.mask`, `match`, `excludes`, `fields`): decoders are made from it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from friscy_build.isa.hart import Machine, Operands

Semantics = Callable[[Machine, Operands], None]

REGISTERS = ("rd", "rs1", "rs2", "rs3")
OPERANDS = (*REGISTERS, "imm", "rm", "aq_rl")
_WIDTHS = {"rd": 5, "rs1": 5, "rs2": 5, "rs3": 5, "rd'": 3, "rs1'": 3, "rs2'": 3, "rm": 3, "aq_rl": 2}


class Flow(Enum):
    """Where control goes after an instruction."""

    NONE = "none"  # to the next instruction (a load, store or float row may still trap)
    JUMP = "jump"  # to pc + imm; a call where rd is not x0
    INDIRECT = "indirect"  # to an address in a register; may be a call, a return or a jump
    BRANCH = "branch"  # to pc + imm or to the next instruction
    SYSCALL = "syscall"  # to the kernel
    TRAP = "trap"  # may hand itself to the host (ebreak, fence.i, CSR access), which goes on where it likes


@dataclass(frozen=True, slots=True)
class Slice:
    """Instruction bits high..low, both included, are the operand's bits from `at` upwards."""

    high: int
    low: int
    at: int

    @property
    def width(self) -> int:
        return self.high - self.low + 1


@dataclass(frozen=True, slots=True)
class Field:
    """How an operand's number is put together from instruction bits."""

    slices: tuple[Slice, ...]
    signed: bool = False  # the topmost operand bit is the sign
    offset: int = 0  # added afterwards: 8 for the registers x8-x15 of compressed forms
    # The same for `extract`: (how far to the right, mask, how far to the left), and the sign's bit.
    moves: tuple[tuple[int, int, int], ...] = field(init=False, compare=False, repr=False)
    sign: int = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        moves = tuple((part.low, (1 << part.width) - 1, part.at) for part in self.slices)
        object.__setattr__(self, "moves", moves)
        object.__setattr__(self, "sign", 1 << (self.width - 1) if self.signed else 0)

    @property
    def width(self) -> int:
        """Operand bits, counted from bit 0 even where the low ones are always zero."""
        return max(part.at + part.width for part in self.slices)

    @property
    def mask(self) -> int:
        """The instruction bits that belong to the operand."""
        return sum((1 << part.high + 1) - (1 << part.low) for part in self.slices)

    def extract(self, word: int) -> int:
        """The operand in instruction `word`, as a Python int (negative where signed)."""
        value = 0
        for right, mask, left in self.moves:
            value |= (word >> right & mask) << left
        if value & self.sign:
            value -= self.sign << 1
        return value + self.offset

    def insert(self, value: int) -> int:
        """The instruction bits that encode `value`. Raises ValueError where they cannot."""
        word, bits = 0, value - self.offset
        for part in self.slices:
            word |= (bits >> part.at & (1 << part.width) - 1) << part.low
        if self.extract(word) != value:
            raise ValueError(f"operand {value} cannot be encoded")
        return word


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """An instruction. Compressed instructions have `base` (the row they expand to) and its operands: from
    their own `fields`, or constant in `fixed`; their flow and semantics are the base's."""

    name: str
    extension: str  # "I", "M", ..., "Zicsr"
    nbytes: int  # 2 or 4
    mask: int
    match: int
    excludes: tuple[tuple[int, int], ...]  # (mask, value): not this instruction where word & mask == value
    fields: Mapping[str, Field]  # by operand name, in the order of OPERANDS
    syntax: str  # see friscy_build.isa.disasm
    flow: Flow
    semantics: Semantics
    base: Row | None = None
    fixed: Mapping[str, int] = field(default_factory=dict)

    def matches(self, word: int) -> bool:
        """Whether `word` (its low 16 bits, for a compressed row) is a legal encoding of this instruction."""
        if word & self.mask != self.match:
            return False
        return not self.excludes or all(word & mask != value for mask, value in self.excludes)

    def operands(self, word: int) -> dict[str, int]:
        """The operands encoded in `word` by name: the base's names for a compressed row."""
        return {**self.fixed, **{name: part.extract(word) for name, part in self.fields.items()}}

    def encode(self, **operands: int) -> int:
        """The instruction word for these operands, all of `fields`. Raises ValueError where there is none.

        Operands that share bits (rd and rs1 of c.addi) must agree."""
        if set(operands) != set(self.fields):
            raise ValueError(f"{self.name} has operands {', '.join(self.fields)}")
        word, used = self.match, self.mask
        for name, part in self.fields.items():
            bits = part.insert(operands[name])
            if (word ^ bits) & part.mask & used:
                raise ValueError(f"{self.name}: {name} contradicts another operand")
            word, used = word | bits, used | part.mask
        if not self.matches(word):
            raise ValueError(f"{self.name}: reserved encoding {word:#x}")
        return word

    def __repr__(self) -> str:
        return f"<Row {self.name}>"


@dataclass(slots=True)
class Extension:
    """Collects the rows of one extension, in order."""

    name: str
    rows: list[Row] = field(default_factory=list)

    def add(
        self, name: str, pattern: str, syntax: str, semantics: Semantics, *, flow: Flow = Flow.NONE
    ) -> Row:
        """Add a 32-bit instruction."""
        mask, match, excludes, fields = parse_pattern(pattern, 32)
        row = Row(name, self.name, 4, mask, match, excludes, fields, syntax, flow, semantics)
        self.rows.append(row)
        return row

    def row(
        self, name: str, pattern: str, syntax: str, *, flow: Flow = Flow.NONE
    ) -> Callable[[Semantics], Semantics]:
        """The same as a decorator of the semantics function."""

        def wrap(semantics: Semantics) -> Semantics:
            self.add(name, pattern, syntax, semantics, flow=flow)
            return semantics

        return wrap

    def compressed(self, name: str, pattern: str, syntax: str, base: Row, **fixed: int) -> Row:
        """Add a 16-bit instruction that stands for `base`, with the operands in `fixed` constant."""
        mask, match, excludes, fields = parse_pattern(pattern, 16)
        if set(fields) & set(fixed) or not set(fields) | set(fixed) >= set(base.fields):
            raise ValueError(f"{name}: operands do not make a {base.name}")
        row = Row(
            name, self.name, 2, mask, match, excludes, fields, syntax, base.flow, base.semantics, base, fixed
        )
        self.rows.append(row)
        return row


Pattern = tuple[int, int, tuple[tuple[int, int], ...], dict[str, Field]]
_TOKEN = re.compile(r"(?P<names>[^!]+)(!=(?P<not>[\d,]+))?")
_NAME = re.compile(r"(?P<name>nzuimm|nzimm|uimm|imm|[a-z_]+\d?'?)(\[(?P<bits>[\d:|]+)\])?")


def parse_pattern(pattern: str, nbits: int) -> Pattern:
    """(mask, match, excludes, fields) of an encoding `nbits` wide, written as the module's head says."""
    mask = match = 0
    excludes: list[tuple[int, int]] = []
    slices: dict[str, list[Slice]] = {}
    nonzero = signed = False
    primed = set()
    position = nbits
    for token in pattern.split():
        if not token.strip("01."):
            position -= len(token)
            mask |= int(token.replace("0", "1").replace(".", "0"), 2) << position
            match |= int(token.replace(".", "0"), 2) << position
            continue
        parsed = _TOKEN.fullmatch(token)
        if parsed is None:
            raise ValueError(f"{token!r} in {pattern!r}")
        end = position
        for text in parsed["names"].split("/"):
            part = _NAME.fullmatch(text)
            if part is None:
                raise ValueError(f"{text!r} in {pattern!r}")
            name = part["name"]
            nonzero |= name.startswith("nz")
            signed |= name in ("imm", "nzimm")
            operand = "imm" if part["bits"] else name.rstrip("'")
            if operand not in OPERANDS:
                raise ValueError(f"unknown operand {text!r} in {pattern!r}")
            if name.endswith("'"):
                primed.add(operand)
            position = end
            for high, low in _ranges(part["bits"] or f"{_WIDTHS[name] - 1}:0"):
                width = high - low + 1
                slices.setdefault(operand, []).append(Slice(position - 1, position - width, low))
                position -= width
        for value in filter(None, (parsed["not"] or "").split(",")):
            excludes.append(((1 << end) - (1 << position), int(value) << position))
    if position != 0:
        raise ValueError(f"{pattern!r} is {nbits - position} bits long")
    fields = {
        name: Field(tuple(slices[name]), signed and name == "imm", 8 if name in primed else 0)
        for name in OPERANDS
        if name in slices
    }
    if nonzero:
        excludes.append((fields["imm"].mask, 0))
    return mask, match, tuple(excludes), fields


def _ranges(text: str) -> Iterable[tuple[int, int]]:
    for part in text.split("|"):
        high, _, low = part.partition(":")
        yield int(high), int(low or high)


def overlaps(a: Row, b: Row) -> bool:
    """Whether some word is a legal encoding of both rows, as far as masks and single excludes tell.

    True is always a defect of the rows; so no order among them matters to a decoder."""
    if a.nbytes != b.nbytes or (a.match ^ b.match) & a.mask & b.mask:
        return False
    mask, match = a.mask | b.mask, a.match | b.match
    return not any(
        excluded & mask == excluded and match & excluded == value
        for excluded, value in a.excludes + b.excludes
    )
