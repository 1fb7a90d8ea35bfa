"""Registers that have the address of a table wherever control comes to a part of a function, as an interpreter's loop
keeps one: a part that jumps by the table need not look then at where it finds it.

It is so where all ways to the part lead past an instruction that puts the address there, with nothing behind that
writes the register; calls leave it alone.
"""

from __future__ import annotations

from friscy_build.aot.effects import NONE, SP, Registers, effects, members
from friscy_build.aot.switches import given
from friscy_build.aot.tables import writer
from friscy_build.aot.whole import Whole


def find_fixed(whole: Whole, saved: Registers) -> dict[int, dict[int, int]]:
    """By the address of a part: the numbers that registers have there. saved: those that calls leave alone."""
    if whole.entry is None or whole.goes_astray:
        return {}
    numbers = {register: number for number in _bases(whole) for register in _given(whole, number, saved)}
    wanted = sum(1 << register for register in numbers)
    if not wanted:
        return {}
    sure = [NONE] * len(whole.blocks)  # what each block gives that number
    for k, block in enumerate(whole.blocks):
        for register in members(whole.writes[k] & wanted):
            at = writer(block.code, len(block.code), register)
            if at is not None and given(block.code, at) == numbers[register]:
                sure[k] |= 1 << register
    begins = [wanted] * len(whole.blocks)
    seen = [False] * len(whole.blocks)
    # To blocks of which no copy is come to as far as one can see there may be ways all the same (exceptions, setjmp).
    reached = set[int]()
    for start in (whole.entry, *range(len(whole.blocks))):
        pending = [(start, NONE)] if whole.blocks[start].pc not in reached else []
        while pending:
            k, arriving = pending.pop()
            if seen[k] and not begins[k] & ~arriving:
                continue
            seen[k] = True
            reached.add(whole.blocks[k].pc)
            begins[k] &= arriving
            behind = begins[k] & ~whole.writes[k] | sure[k]
            way = whole.blocks[k].way
            pending += [(after, behind) for after in whole.after[k]]
            pending += [(after, behind) for after in whole.led_to[way.table]] if way is not None else []
    return {
        pc: {register: numbers[register] for register in members(begins[k])}
        for pc, k in whole.firsts.items()
        if seen[k] and begins[k]
    }


def _bases(whole: Whole) -> set[int]:
    """What the addresses of the tables' entries are computed from, and what relative ones are added to."""
    found = set[int]()
    for table, jumps in whole.tables.items():
        for block in map(whole.blocks.__getitem__, jumps):
            if block.code and block.way is not None:
                found.add(table.start - block.code[block.way.load][1].imm)
        found.add(table.base)
    return found - {0}


def _given(whole: Whole, number: int, saved: Registers) -> set[int]:
    """The saved registers that some instruction gives a number."""
    return {
        i.rd
        for block in whole.blocks
        for at, (_, i) in enumerate(block.code)
        if effects(i)[1] & saved & ~(1 << SP) and given(block.code, at) == number
    }
