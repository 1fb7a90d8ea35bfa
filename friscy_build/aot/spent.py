"""Argument registers that hold nothing anybody wants: what a call is not given, though its callee might read it.

Of code that is not known each argument register may be read. Taken at that, whatever lies in a5 lives up to the next
call through a pointer, is stored before it, and loaded and stored again by all that comes between. But compilers keep
nothing in a register that a call may change: what a call may have left anything in is *spent* until it is written.
Three rules, of which the second and third need compilers that allot registers by what is live:

- A register is spent behind a call that may change it, but for those that results come in.
- From one instruction to the next of an interpreter's loop (control comes back to the jump by its table from where
  that leads), a register carries nothing that is spent on some way from a call in the loop to the jump: what it carried
  would live across that call, too. Nor does the register that is jumped to. (Where an instruction reads a register that
  nothing behind the jump has written, it is what tells.)
- Arguments take registers in order, and pass over one at most, for a pair that begins with an even one. So behind two
  that are spent none is given that an instruction of the callee does not read.

What a call may change is what compilers take it to change, or less: gcc looks at callees that it knows (-fipa-ra).
Behind a call that does not return (of `abort`, say; not through a pointer) stands what others come to. Where a function
has jumps that lead nobody knows where, that may be the only way there that is seen, so nothing is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from friscy_build.aot.effects import ALL, F0, NONE, Registers, registers
from friscy_build.aot.flow import Flow
from friscy_build.aot.graph import Block, End
from friscy_build.aot.liveness import read_behind
from friscy_build.aot.order import postorder
from friscy_build.aot.signature import RESULTS
from friscy_build.aot.tables import Table
from friscy_build.aot.whole import Whole, by_function

_INTEGERS, _FLOATS = range(10, 18), range(F0 + 10, F0 + 18)
PASSING: Registers = registers((*_INTEGERS, *_FLOATS))  # where arguments come
_SPENDABLE: Registers = PASSING & ~RESULTS
_CALLS = (End.CALL, End.INDIRECT_CALL)


class Spent:
    """at_end: by the last instruction of a block, what is spent there, where a call that ends it has not been made yet.

    over: by table, what carries nothing over jumps by it.
    """

    def __init__(self) -> None:
        self.at_end: dict[int, Registers] = {}
        self.over: dict[Table, Registers] = {}

    def part(self, blocks: Iterable[Block]) -> Spent:
        """The same of some blocks."""
        few = Spent()
        few.over = self.over
        few.at_end = {block.last_pc: self.at_end[block.last_pc] for block in blocks if self.at_end.get(block.last_pc)}
        return few

    def not_given(self, block: Block, read: Registers = NONE) -> Registers:
        """The argument registers that a call or tail call at the end of `block` gives nothing in.

        read: what instructions of the callee read is given unless it is spent itself.
        """
        spent = self.at_end.get(block.last_pc, NONE)
        return spent | _BEHIND_PAIRS[spent] & ~read if spent else NONE


class _Behind(dict[Registers, Registers]):
    """By what is spent: what stands behind two neighbours of it."""

    def __missing__(self, spent: Registers) -> Registers:
        found = NONE
        for bank in (_INTEGERS, _FLOATS):
            for register in bank:
                if spent >> register & 3 == 3 and register + 1 in bank:
                    found |= registers(range(register + 2, bank.stop))
                    break
        self[spent] = found
        return found


_BEHIND_PAIRS = _Behind()


def find_spent(flows: Iterable[Flow], changed: Callable[[Block], Registers]) -> Spent:
    """What is spent in the functions of a module; the parts of one are looked at together.

    changed: what compilers take a call at a block's end to change.
    """
    found = Spent()
    callless: list[Flow] = []
    for parts in by_function(flows):
        if any(block.end in _CALLS for flow in parts for block in flow.blocks):
            _Function(parts, changed).solve(found)
        else:
            callless += parts
    for flow in callless:
        for block in flow.blocks:
            found.at_end.pop(block.last_pc, None)
    return found


class _Function(Whole):
    """stops: whether a block may end in a call that does not return."""

    def __init__(self, parts: Sequence[Flow], changed: Callable[[Block], Registers]) -> None:
        super().__init__(parts)
        self.spends = [changed(block) & _SPENDABLE if block.end in _CALLS else NONE for block in self.blocks]
        astray = self.goes_astray
        self.stops = [astray and (block.end is End.CALL or block.stub is not None) for block in self.blocks]

    def solve(self, found: Spent) -> None:
        """Find what is spent where, and over which tables."""
        over = dict.fromkeys(self.tables, NONE)
        if self.tables:
            read, _ = read_behind(self.after, self.reads, self.writes, [NONE] * len(self.blocks))
            after = dict(enumerate(self.after))
            for table, jumps in self.tables.items():
                inside = set(postorder(self.led_to[table], after))
                spent, carried = self._on_some_way(inside), NONE
                for k in jumps:
                    if k in inside:
                        over[table] |= spent[k]
                        if self.blocks[k].pc >= 0:
                            over[table] |= 1 << self.blocks[k].code[-1][1].rs1
                for k in self.led_to[table]:
                    carried |= read[k]
                over[table] &= PASSING & ~carried
        found.over |= over
        for block, end in zip(self.blocks, self._ends(over), strict=True):
            if end is not None and block.pc >= 0:  # several parts, and functions, may have a copy of it
                found.at_end[block.last_pc] = found.at_end.get(block.last_pc, ALL) & end

    def _ends(self, over: dict[Table, Registers]) -> list[Registers | None]:
        """What is spent at each block's end on all ways there, before the call if there is one; None: no way is seen.

        over: what is spent behind jumps by tables.
        """
        def behind(k: int, spent: Registers) -> list[tuple[int, Registers]]:
            way = self.blocks[k].way
            after = spent & ~self.writes[k] | self.spends[k]
            if way is not None:
                after |= over[way.table]
            elif self.stops[k]:
                after = NONE
            return [(successor, after) for successor in self.after[k]]

        starts = [(k, NONE) for k in ((self.entry,) if self.entry is not None else range(len(self.blocks)))]
        for table, spent in over.items():
            if not all(self.after[k] for k in self.tables[table]):  # to other parts
                starts += [(k, spent) for k in self.led_to[table]]
        begins: list[Registers | None] = [None] * len(self.blocks)
        self.hold_on_all_ways(begins, starts, behind)
        return [None if spent is None else spent & ~self.writes[k] for k, spent in enumerate(begins)]

    def _on_some_way(self, inside: set[int]) -> list[Registers]:
        """What is spent at each block's end on some way there from a call in one of the blocks `inside`."""
        begins = [NONE] * len(self.blocks)
        pending = [k for k in inside if self.spends[k]]
        ends = [NONE] * len(self.blocks)
        while pending:
            k = pending.pop()
            ends[k] = begins[k] & ~self.writes[k]
            behind = ends[k] | self.spends[k]
            for after in self.after[k]:
                if behind & ~begins[after]:
                    begins[after] |= behind
                    pending.append(after)
        return ends
