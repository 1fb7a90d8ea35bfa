"""Where a linked program's C library keeps pointers to its arguments and environment.

A restore at the entry point gives the program other ones, in another place. The dynamic linker has by then kept
pointers to the old place (glibc's `__environ` and `__libc_argv`, and its own copies), which no symbol
names all of: so every aligned word that holds exactly one of the two addresses is found when the snapshot is
taken, and changed when it is restored.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from friscy.machine.hart import SP
from friscy.machine.layout import PAGE_SHIFT

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.machine.hart import Hart
    from friscy.machine.memory import GuestMemory
    from snapshot.pages import Run

_WORD = struct.Struct("<Q")


def argument_arrays(memory: GuestMemory, hart: Hart) -> dict[str, int]:
    """The addresses of argv and envp of a program that stands at its entry point."""
    sp = hart.x(SP)
    argv = sp + 8
    return {"argv": argv, "envp": argv + 8 * (memory.u64(sp) + 1)}


def find_pointers(memory: GuestMemory, hart: Hart, runs: list[Run]) -> dict[str, list[int]]:
    """For argv and envp, the guest addresses of the aligned words in `runs` that hold its address.

    What lies below the stack pointer on its page and the pages before is dead, and is where the new arrays go.
    """
    sp = hart.x(SP)
    dead = range(_mapping_start(memory, sp), sp)
    arrays = argument_arrays(memory, hart)
    found: dict[str, list[int]] = {name: [] for name in arrays}
    for first, count in runs:
        start = first << PAGE_SHIFT
        data = bytes(memory.view[start : start + (count << PAGE_SHIFT)])
        for name, address in arrays.items():
            word = _WORD.pack(address)
            at = data.find(word)
            while at >= 0:
                if at % 8 == 0 and start + at not in dead:
                    found[name].append(start + at)
                at = data.find(word, at + 1)
    return found


def _mapping_start(memory: GuestMemory, address: int) -> int:
    page = address >> PAGE_SHIFT
    while memory.pages[page - 1] == memory.pages[page]:
        page -= 1
    return page << PAGE_SHIFT


def repoint(kernel: Kernel, pointers: dict[str, list[int]]) -> None:
    """Make the words that `find_pointers` found point to the current task's new arrays."""
    for name, address in argument_arrays(kernel.mem, kernel.hart).items():
        for place in pointers[name]:
            kernel.mem.poke(place, _WORD.pack(address))
