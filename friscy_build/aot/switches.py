"""Jumps by a table whose index is known to be one of it: no look at the table, nor at the index, is needed then.

A compiler compares the index with the number of entries, and computes the address of an entry. What is proved here,
over all ways to the jump, is that the comparison was made, and that the address is one of the table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from friscy_build.aot.effects import NONE, Registers, effects
from friscy_build.aot.flow import Flow
from friscy_build.aot.graph import Block, End
from friscy_build.aot.rules import Rules
from friscy_build.aot.tables import Way, writer
from friscy_build.isa.decode import Instruction

NOTHING: Mapping[int, int] = {}
_MOST_BLOCKS = 64  # that are looked at for what a register was given
_A0 = 10
Code = Sequence[tuple[int, Instruction]]


@dataclass(frozen=True, slots=True)
class Index:
    """Before the instruction at `place` of a block, `register` has the number of the table's entry.

    chain: the places of all that does no more than compute the address that is jumped to.
    """

    place: int
    register: int
    chain: tuple[int, ...]


class Switches:
    """Of a function: what is known of its jumps by tables.

    indices: by block that ends with one. implied: by block that several share, the register that has the address it
    goes to, where whoever comes to it has left that to it: it follows from the way that is taken.
    """

    def __init__(self, flow: Flow, convention: Rules) -> None:
        self._flow, self._live = flow, convention.liveness(flow.graph)
        self.indices: dict[int, Index] = {}
        self.implied: dict[int, int] = {}
        for block in flow.blocks:
            way = convention.way(flow.graph, block) if block.pc >= 0 else None
            if way is not None:
                found = find_index(flow, block, way, convention.abi.saved, convention.fixed_at(flow.graph))
                if found is not None:
                    self.indices[block.pc] = found
        for block in flow.blocks:
            if block.pc < 0 and block.way is not None:
                self._find_implied(block)

    def _find_implied(self, block: Block) -> None:
        """See `implied`; what computes the address must be of no other use, wherever control comes from."""
        sources = [self._flow.blocks[k] for k in self._flow.before[self._flow.number[block.pc]]]
        registers = {source.code[-1][1].rs1 for source in sources if source.code}
        if len(registers) != 1 or not all(source.pc in self.indices for source in sources):
            return
        (register,) = registers
        if all(self._is_unread(source, self.indices[source.pc].chain, 1 << register) for source in sources):
            self.implied[block.pc] = register

    def unread(self, block: Block, way: Way) -> tuple[int, ...]:
        """The places in a block of what computes the address that it jumps to, if nothing else is done with it."""
        index = self.indices.get(block.pc)
        chain = index.chain if index is not None else way.chain
        implied = self.implied.get(block.target) if block.end is End.TABLE else None
        return chain if self._is_unread(block, chain, 1 << implied if implied is not None else NONE) else ()

    def _is_unread(self, block: Block, chain: tuple[int, ...], implied: Registers) -> bool:
        live = self._live.after[block.pc] & ~implied
        for k in range(len(block.code) - 1, min(chain) - 1, -1):
            reads, writes = effects(block.code[k][1])
            if k not in chain:
                live = reads | live & ~writes
            elif writes & live:
                return False
        return True


def find_index(
    flow: Flow, block: Block, way: Way, saved: Registers, fixed: Mapping[int, int] = NOTHING
) -> Index | None:
    """The index of the jump that ends a block; None where it may be none of the table's. saved: over calls; fixed: the
    numbers that registers have at the flow's entry."""
    code, k = block.code, flow.number[block.pc]
    load = code[way.load][1]
    summed = writer(code, way.load, load.rs1)
    if summed is None or code[summed][1].row.name != "add":
        return None
    table, i = way.table, code[summed][1]
    for base, register in ((i.rs1, i.rs2), (i.rs2, i.rs1)):
        found = _shifted(code, summed, register, table.entry_bytes.bit_length() - 1)
        if found is None or constant(flow, k, summed, base, saved, fixed) != table.start - load.imm:
            continue
        if way.added is not None and constant(flow, k, way.load, way.added, saved, fixed) != table.base:
            continue
        places, index = found
        if _is_below(flow, k, places[0], index, len(table.targets), saved):
            return Index(places[0], index, (*places, summed, *way.chain))
    return None


def _shifted(code: Code, before: int, register: int, shift: int) -> tuple[tuple[int, ...], int] | None:
    """(the places that make an index the distance in a register, the register that it is in before the first)."""
    at = writer(code, before, register)
    if at is None:
        return None
    i = code[at][1]
    if i.row.name == "slli" and i.imm == shift:
        return (at,), i.rs1
    if i.row.name == "srli" and i.imm == 32 - shift:  # of an index of 32 bits
        top = writer(code, at, i.rs1)
        if top is not None and code[top][1].row.name == "slli" and code[top][1].imm == 32:
            return (top, at), code[top][1].rs1
    return None


def _is_below(flow: Flow, k: int, place: int, register: int, limit: int, saved: Registers) -> bool:
    """Whether a register is less than `limit` before an instruction, taken as an unsigned number."""
    for _ in range(_MOST_BLOCKS):
        block = flow.blocks[k]
        at = writer(block.code, place, register)
        if at is not None:
            i = block.code[at][1]
            return (i.row.name == "andi" and 0 <= i.imm < limit) or (i.row.name == "lbu" and limit > 0xFF)
        if len(flow.before[k]) != 1 or block.pc == flow.graph.entry:
            return False
        (k,) = flow.before[k]
        before = flow.blocks[k]
        place = len(before.code)
        if before.end is End.BRANCH:
            bound = _bound(flow, k, block.pc, register, saved)
            if bound is not None:
                return bound <= limit
        elif before.end not in (End.FALL, End.JUMP):
            return False
    return False


def _bound(flow: Flow, k: int, target: int, register: int, saved: Registers) -> int | None:
    """What a register is less than where the branch that ends a block goes to `target`; None where it does not tell."""
    block = flow.blocks[k]
    i = block.code[-1][1]
    if i.row.name not in ("bltu", "bgeu") or block.target == block.next_pc:
        return None
    less = (i.row.name == "bltu") == (target == block.target)  # rs1 < rs2, else rs2 <= rs1
    if register != (i.rs1 if less else i.rs2):
        return None
    other = constant(flow, k, len(block.code), i.rs2 if less else i.rs1, saved)
    return None if other is None else other % (1 << 64) + (not less)


def constant(
    flow: Flow, k: int, place: int, register: int, saved: Registers, fixed: Mapping[int, int] = NOTHING
) -> int | None:
    """The number that a register has before an instruction of a block, whatever way led there; None: not known.

    saved: over calls; fixed: the numbers that registers have at the flow's entry."""
    if not register:
        return 0
    seen = set[int]()
    work = [(k, place)]
    found: int | None = None
    while work:
        k, place = work.pop()
        block = flow.blocks[k]
        at = writer(block.code, place, register)
        if at is not None:
            number = given(block.code, at)
            if number is None or found not in (None, number):
                return None
            found = number
            continue
        if block.pc == flow.graph.entry:
            if found not in (None, fixed.get(register)) or register not in fixed:
                return None
            found = fixed[register]
        if len(seen) > _MOST_BLOCKS:
            return None
        for other in flow.before[k]:
            before = flow.blocks[other]
            if before.end is End.SYSCALL and register == _A0:
                return None
            if before.end in (End.CALL, End.INDIRECT_CALL) and not saved >> register & 1:
                return None
            if other not in seen:
                seen.add(other)
                work.append((other, len(before.code)))
    return found


def given(code: Code, at: int) -> int | None:
    """The number that an instruction puts into a register."""
    pc, i = code[at]
    if i.row.name in ("lui", "auipc"):
        return i.imm + (pc if i.row.name == "auipc" else 0)
    if i.row.name not in ("addi", "addiw"):
        return None
    if not i.rs1:
        return i.imm
    upper = writer(code, at, i.rs1)
    if upper is None or code[upper][1].row.name not in ("lui", "auipc"):
        return None
    value = (given(code, upper) or 0) + i.imm
    if i.row.name == "addiw":
        value = (value + (1 << 31)) % (1 << 32) - (1 << 31)
    return value
