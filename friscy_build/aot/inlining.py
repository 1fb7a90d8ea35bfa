"""What callers do in a function's stead: its short ways from the entry to a return.

    addi sp, sp, -48; sd s0, 32(sp); lh s0, 0(a0); andi a5, s0, 128       # looks
    beqz a5, more; andi a0, s0, 127; ld s0, 32(sp); addi sp, sp, 48; ret  # and often returns at once

A call has its price in the host's frame and parameters, however soon it returns. Where a function is called, the
caller goes along its ways as far as they are short, computing with its own registers; where they get long, it makes the
call, as if nothing had been done, and where an access cannot be made, the interpreter does. So nothing is stored before
that, and what was passed stays as it is: for what is computed there are registers that the call may change. Frames, and
what is saved there, are left out. What such a way leaves in registers is nobody's behind the call, by the calling
convention, but for the results.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass

from friscy_build.aot.effects import ALL, NONE, RA, SP, Registers, is_access, is_cheap, members, registers
from friscy_build.aot.graph import Block, End, Graph
from friscy_build.aot.liveness import live_at
from friscy_build.aot.signature import ARGUMENTS, T0, T1, T2, Signature
from friscy_build.isa.decode import Instruction, decode

_TEMPORARIES = ARGUMENTS | registers((T0, T1, T2, *range(28, 32)))
_MULTIPLY, _STORES = ("mul", "mulw"), ("sb", "sh", "sw", "sd")
# What a register may have that no register of the caller has: an address, by its distance from the stack pointer at the
# entry; what a register had at the entry that was not passed by value, by its number; what is not known.
_FRAME, _KEPT, _UNKNOWN = 1 << 32, 1 << 40, 1 << 41
_FRAMES = range(_FRAME - (1 << 20), _FRAME + (1 << 20))

Words = tuple[tuple[int, int], ...]  # a pc and a word for each instruction: they are sent to worker processes


@dataclass(frozen=True, slots=True)
class Limits:
    """Instructions: on a way, and of all ways together."""

    way: int
    all: int


# Where a function is called from many places, or only some of its ways are short, and are no stores in them; and where
# it is called from few.
MANY, FEW = Limits(8, 16), Limits(24, 32)
FEW_PLACES = 2


@dataclass(frozen=True, slots=True)
class Piece:
    """Instructions, with registers of the caller; the last one is a branch where there are ways on, else it returns.

    ways: on where the branch is taken, and where it is not; None: there the call is made. stores: whether an
    instruction does. early: what is looked at before, for there is no call behind a store: registers and offsets of
    accesses. moves: at a return, the results and the registers that have them.
    """

    code: Words
    ways: tuple[Piece | None, Piece | None] | None
    stores: bool
    early: tuple[tuple[int, int], ...]
    moves: tuple[tuple[int, int], ...]

    @property
    def pieces(self) -> list[Piece]:
        """This one and all behind it."""
        behind = [piece.pieces for piece in self.ways or () if piece is not None]
        return [self, *(each for pieces in behind for each in pieces)]


@dataclass(frozen=True, slots=True)
class Inlined:
    """first: where it begins. calls: whether some way gets long. unknown: results that a way leaves as anything."""

    first: Piece
    calls: bool
    unknown: Registers

    @property
    def stores(self) -> bool:
        return any(piece.stores for piece in self.first.pieces)


def find_inlined(
    graph: Graph, signature: Signature, saved: Registers, live: Mapping[int, Registers], limits: Limits
) -> Inlined | None:
    """What the callers of a function do; None where none of its ways is short. live: at the start of each block."""
    if not signature.direct or graph.entry not in graph.blocks:
        return None
    given = registers(signature.params)
    pool = members(signature.writes & _TEMPORARIES & ~given)
    for limit in dict.fromkeys((limits, MANY)):
        finder = _Finder(graph, signature, saved, live, limit)
        first = finder.find(graph.entry, _State(given, saved, pool), limit.way, frozenset(), stored=False)
        if first is None:
            return None
        calls = any(None in (piece.ways or ()) for piece in first.pieces)
        inlined = Inlined(first, calls, finder.unknown)
        if finder.whole or (limit is MANY and not inlined.stores):
            return inlined
    return None


def decoded(words: Words) -> list[tuple[int, Instruction]]:
    return [(pc, i) for pc, word in words if (i := decode(word)) is not None]


class _Refused(Exception):
    """An instruction does what is left to the function itself."""


class _State:
    """What registers and places in the frame have, on a way: the number of the caller's register that has it."""

    def __init__(self, given: Registers, saved: Registers, pool: tuple[int, ...]) -> None:
        self.values = {register: _KEPT + register for register in members(saved | 1 << RA)}
        self.values |= {register: register for register in members(given)}
        self.values |= {0: 0, SP: _FRAME}
        self._pool, self._frame, self._first = pool, dict[int, int](), dict(self.values)
        self._given = given

    def copy(self) -> _State:
        other = copy(self)
        other.values, other._frame = dict(self.values), dict(self._frame)
        return other

    def has_given(self, register: int) -> bool:
        """Whether a register of the function has what was passed, and the caller has that, too."""
        return bool(self._given >> self.values.get(register, 0) & 1)

    def call_no_more(self) -> None:
        """What was passed may be overwritten from here on."""
        passed = members(self._given & _TEMPORARIES)
        self._pool += tuple(register for register in passed if register not in self._pool)

    def is_back(self, kept: Registers) -> bool:
        """Whether registers have what they had at the entry."""
        return all(self.values[register] == self._first[register] for register in members(kept))

    def find(self, register: int) -> int | None:
        """The caller's register that has what a register of the function has."""
        value = self.values.get(register, _UNKNOWN)
        return value if value < _FRAMES.start else None

    def read(self, register: int) -> int:
        """The same. Raises _Refused where there is none."""
        found = self.find(register)
        if found is None:
            raise _Refused
        return found

    def step(self, i: Instruction, live: Registers) -> Instruction | None:
        """Follow an instruction, `live` being read behind it: what the caller does for it. Raises _Refused."""
        name, base = i.row.name, self.values.get(i.rs1, _UNKNOWN)
        if base in _FRAMES and name in ("addi", "sd", "ld"):
            if name == "sd":
                self._save(base + i.imm, self.values.get(i.rs2, _UNKNOWN))
            elif i.rd:
                at = base + i.imm
                self.values[i.rd] = at if name == "addi" else self._frame.get(at, _UNKNOWN)
            return None
        if (name == "addi" and i.imm == 0) or (name == "add" and 0 in (i.rs1, i.rs2)):
            if i.rd:
                self.values[i.rd] = self.values.get(i.rs1 or i.rs2, _UNKNOWN) if i.rs1 or i.rs2 else 0
            return None
        if not (is_cheap(i) or name in _MULTIPLY or (is_access(i) and i.row.extension == "I")):
            raise _Refused
        operands = {field: getattr(i, field) for field in i.row.fields}
        operands |= {field: self.read(operands[field]) for field in ("rs1", "rs2") if field in operands}
        if operands.get("rd"):
            operands["rd"] = self._take(i.rd, live)
        return decode(i.row.encode(**operands))

    def _save(self, place: int, value: int) -> None:
        if place + 8 > _FRAME:
            raise _Refused  # it is its caller's
        for near in range(place - 7, place + 8):
            self._frame.pop(near, None)
        self._frame[place] = value

    def _take(self, register: int, live: Registers) -> int:
        """Have a register of the caller for a new value of one of the function's."""
        others = (self.values.get(other) for other in members(live & ~(1 << register)))
        used = {*others, *self._frame.values()}
        free = [each for each in self._pool if each not in used]
        if not free:
            raise _Refused
        taken = self.values[register] = register if register in free else free[0]
        self._given &= ~(1 << taken)
        return taken


class _Finder:
    """Goes along the ways of a function. unknown: see `Inlined`. whole: what was left out never ran."""

    def __init__(
        self, graph: Graph, signature: Signature, saved: Registers, live: Mapping[int, Registers], limits: Limits
    ) -> None:
        self._graph, self._live, self._results, self._kept = graph, live, signature.results, saved | 1 << RA | 1 << SP
        self._left = limits.all
        self.unknown, self.whole = NONE, True

    def find(
        self, pc: int, state: _State, most: int, passed: frozenset[int], *, stored: bool
    ) -> Piece | None:
        """The piece that begins with a block; None where the call is to be made.

        most: instructions, the branches among them. passed: the blocks before it; stored: whether there was a store.
        """
        before = self._left, self.unknown
        try:
            return self._find(pc, state, most, passed, stored=stored)
        except _Refused:
            self._left, self.unknown = before
            self.whole = self.whole and self._never_ran(pc)
            return None

    def _never_ran(self, pc: int) -> bool:
        block = self._graph.blocks.get(pc)
        return pc in self._graph.exits if block is None else block.cold

    def _find(self, pc: int, state: _State, most: int, passed: frozenset[int], *, stored: bool) -> Piece:
        stretch, end, passed = self._stretch(pc, passed)
        code, early, stores = list[tuple[int, int]](), list[tuple[int, int]](), False
        accesses = [k for k, (_, i) in enumerate(stretch) if is_access(i) and i.rs1 != SP]
        last = accesses[-1] if accesses else 0  # if it returns, nothing calls once this has written anything
        lives = live_at([*stretch, end.code[-1]], self._live_after(end))
        for k, ((at, i), live) in enumerate(zip(stretch, lives[1:], strict=True)):
            if k >= last and end.end is End.RETURN:
                state.call_no_more()
            given = state.has_given(i.rs1)
            done = state.step(i, live)
            if done is None:
                continue
            code.append((at, done.word))
            if len(code) > most or len(code) > self._left:
                raise _Refused
            if not is_access(done):
                continue
            if stored or (stores and done.rs1 and not given):
                raise _Refused  # what it would have to look at before a store is not known there
            if stores and done.rs1:
                early.append((done.rs1, done.imm))
            elif done.row.name in _STORES:
                stores = True
                state.call_no_more()
        if end.end is End.RETURN:
            self._left -= len(code)
            return self._returning(end, state, code, stores, early)
        at, i = end.code[-1]
        branch = i.row.encode(rs1=state.read(i.rs1), rs2=state.read(i.rs2), imm=i.imm)
        rest, stored = most - len(code) - 1, stored or stores
        self._left -= len(code) + 1
        if min(rest, self._left) < 0:
            raise _Refused
        ways = [self.find(to, state.copy(), rest, passed, stored=stored) for to in (end.target, end.next_pc)]
        if ways == [None, None] or (None in ways and stored):
            raise _Refused
        return Piece((*code, (at, branch)), (ways[0], ways[1]), stores, tuple(early), ())

    def _live_after(self, end: Block) -> Registers:
        if end.end is End.RETURN:
            return self._kept | registers(self._results)
        return self._live.get(end.target, ALL) | self._live.get(end.next_pc, ALL)

    def _stretch(
        self, pc: int, passed: frozenset[int]
    ) -> tuple[list[tuple[int, Instruction]], Block, frozenset[int]]:
        """The instructions from a block on up to a branch or a return, the block that has that, and what was passed
        with it, which is no loop. Raises _Refused."""
        code = list[tuple[int, Instruction]]()
        while True:
            block = self._graph.blocks.get(pc)
            if block is None or self._never_ran(pc) or pc in passed or block.stub is not None:
                raise _Refused
            passed |= {pc}
            ends = block.end is End.BRANCH or block.end is End.RETURN
            code += block.code[:-1] if ends or block.end is End.JUMP else block.code
            if ends:
                return code, block, passed
            pc = _following(block)

    def _returning(
        self, block: Block, state: _State, code: list[tuple[int, int]], stores: bool, early: list[tuple[int, int]]
    ) -> Piece:
        if block.code[-1][1].rs1 != RA or not state.is_back(self._kept):
            raise _Refused
        moves = list[tuple[int, int]]()
        for result in self._results:
            value = state.find(result)
            if value is None:
                self.unknown |= 1 << result
            elif value != result:
                moves.append((result, value))
        return Piece(tuple(code), None, stores, tuple(early), tuple(moves))


def _following(block: Block) -> int:
    """Where control goes on from a block that neither branches nor returns. Raises _Refused."""
    if block.end is End.FALL:
        return block.next_pc
    if block.end is End.JUMP and not block.code[-1][1].rd:
        return block.target
    raise _Refused
