"""Translated code at run time: modules of a file's functions, and their entries in a space's code map.

A module puts its functions into the table itself; what is done here is to write their table indexes to CODE_MAP
while the file's code is mapped where the module was translated for, and to take them out when it no longer is.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

import wasmtime

from friscy.machine.layout import CODE_MAP
from friscy.machine.space import Space

_U32 = struct.Struct("<I")


class Installed:
    """The functions of one module in one space: `entries[k]` is the pc of table slot `first + k`."""

    __slots__ = ("entries", "first")

    def __init__(self, first: int, entries: Iterable[int]) -> None:
        self.first, self.entries = first, list(entries)


def install(space: Space, module: wasmtime.Module, entries: Iterable[int]) -> Installed:
    """Instantiate `module` in `space`; nothing calls it before `enable`."""
    pcs = list(entries)
    return Installed(space.instantiate_table(module, len(pcs)), pcs)


def enable(space: Space, installed: Installed, start: int, end: int) -> None:
    """Let control that reaches an entry in [start, end) run translated code."""
    _write(space, installed, start, end, True)


def disable(space: Space, installed: Installed, start: int, end: int) -> None:
    """Give the entries in [start, end) back to the interpreter."""
    _write(space, installed, start, end, False)


def _write(space: Space, installed: Installed, start: int, end: int, on: bool) -> None:
    view = space.memory.view
    low = high = 0
    for slot, pc in enumerate(installed.entries, installed.first):
        if start <= pc < end:
            _U32.pack_into(view, CODE_MAP + 2 * pc, slot if on else 0)
            low, high = min(low or pc, pc), max(high, pc)
    if high:
        space.invalidate(low, high + 2)
