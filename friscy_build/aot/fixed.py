"""Registers that have the address of a table wherever control comes to a part of a function, as an interpreter's loop
keeps one: a part that jumps by the table need not look then at where it finds it.

It is so where all ways to the part lead past an instruction that puts the address there, with nothing behind that
writes the register; calls leave it alone.
"""

from __future__ import annotations

from collections.abc import Iterable

from friscy_build.aot.effects import NONE, SP, Registers, effects, members
from friscy_build.aot.flow import Flow
from friscy_build.aot.switches import given
from friscy_build.aot.tables import writer
from friscy_build.aot.whole import Whole, by_function


def find_fixed(flows: Iterable[Flow], saved: Registers) -> dict[int, dict[int, int]]:
    """By the address of a part of a function: the numbers that registers have there. saved: over calls."""
    found: dict[int, dict[int, int]] = {}
    for parts in by_function(flows):
        if len(parts) > 1:
            found |= _find_fixed(Whole(parts), saved)
    return found


def _find_fixed(whole: Whole, saved: Registers) -> dict[int, dict[int, int]]:
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
    reached = set[int]()

    def behind(k: int, known: Registers) -> list[tuple[int, Registers]]:
        block = whole.blocks[k]
        reached.add(block.pc)
        led_to = whole.led_to[block.way.table] if block.way is not None else []
        return [(after, known & ~whole.writes[k] | sure[k]) for after in (*whole.after[k], *led_to)]

    begins: list[Registers | None] = [None] * len(whole.blocks)
    # To blocks of which no copy is come to as far as one can see there may be ways all the same (exceptions, setjmp).
    for start in (whole.entry, *reversed(range(len(whole.blocks)))):
        if whole.blocks[start].pc not in reached:
            whole.hold_on_all_ways(begins, [(start, NONE)], behind)
    return {
        pc: {register: numbers[register] for register in members(known)}
        for pc, k in whole.firsts.items()
        if (known := begins[k])
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
