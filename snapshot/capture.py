"""Capture: write a machine that stands still to a snapshot file."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgpack

from friscy.machine.layout import HART_INTERRUPT, PAGE_SHIFT
from friscy.machine.memory import MAPPED, GuestMemory
from lazyfs.errors import FriscyError
from lazyfs.plain import PlainError, encode
from snapshot.arguments import find_pointers
from snapshot.format import write_snapshot
from snapshot.pages import Mapping, find_runs, opened, read_runs
from snapshot.secrets import stack_guards

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import KernelState


class CaptureError(FriscyError):
    """The machine holds something that cannot be kept; the message names it."""


def capture(kernel: Kernel, path: Path, meta: dict[str, Any], transcript: list[list[Any]]) -> str:
    """Write `kernel`'s machine to `path`; return the snapshot's identity.

    Every task must stand at a safepoint, which `Kernel.run` has returned from. meta: what the header is to say
    besides (docs/formats/snapshot.md). transcript: the [fd, bytes] that the guest wrote to its console so far.
    The machine can go on afterwards.
    """
    state = kernel.state
    for space_map in kernel.maps.values():
        space_map.write_back()
    memory_meta: dict[int, dict[str, Any]] = {}
    page_sections: list[tuple[str, bytes]] = []
    for pid in own_memories(state):
        memory = kernel.spaces[pid].memory
        mappings = mappings_of(memory)
        with opened(memory, mappings):
            runs = find_runs(memory, mappings)
            page_sections.append((f"pages:{pid}", read_runs(memory, runs)))
            layout: dict[str, Any] = {"mappings": mappings, "runs": runs}
            if meta["at"] == "entry":
                # later on, live frames hold the guard they were entered with, and pointers are anywhere
                layout["guards"] = stack_guards(kernel, pid)
                layout["pointers"] = find_pointers(memory, kernel.spaces[pid].hart(0), runs)
        memory_meta[pid] = layout
    kernel.vfs.shrink()
    saved = []
    for task in state.tasks.values():
        if task.saved is None:
            hart = bytearray(kernel.spaces[task.process.pid].hart(task.hart).save())
            hart[HART_INTERRUPT : HART_INTERRUPT + 4] = bytes(4)
            task.saved = bytes(hart)
            saved.append(task)
    try:
        state_bytes = msgpack.packb(encode(state))
    except PlainError as error:
        raise CaptureError(f"cannot take a snapshot: {error}") from error
    finally:
        for task in saved:
            task.saved = None
    header = {**meta, "memory": memory_meta, "monotonic_ns": kernel.monotonic_ns()}
    return write_snapshot(
        path,
        header,
        [("state", state_bytes), ("transcript", msgpack.packb(transcript)), *page_sections],
    )


def own_memories(state: KernelState) -> list[int]:
    """The processes whose memory is to be kept: one of those that share one, none that ended."""
    first: dict[int, int] = {}
    for pid, process in state.processes.items():
        if process.exit_status is None:
            first.setdefault(id(process.mm), pid)
    return list(first.values())


def mappings_of(memory: GuestMemory) -> list[Mapping]:
    """The mapped ranges of a memory with the protection their pages have, in order."""
    mappings: list[Mapping] = []
    first = 0
    for value, group in groupby(memory.pages):
        count = sum(1 for _ in group)
        if value & MAPPED:
            mappings.append((first << PAGE_SHIFT, (first + count) << PAGE_SHIFT, value & ~MAPPED))
        first += count
    return mappings
