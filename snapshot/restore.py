"""Restore: a machine from a snapshot file, in milliseconds."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import msgpack

from friscy.machine.layout import HART_COUNT
from lazyfs.errors import FormatError
from lazyfs.plain import PlainError, decode
from snapshot.format import SnapshotFile
from snapshot.layout import MemoryLayout
from snapshot.pages import map_runs, page_image

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import KernelState, Process


def restore(file: SnapshotFile, make_kernel: Callable[[KernelState], Kernel]) -> Kernel:
    """The machine of `file`, ready for `Kernel.run`.

    make_kernel: a kernel over the decoded state, with the host's side of the VFS attached.
    The guest finds fresh random bytes where the C library keeps them, and a monotonic clock that goes on from
    where it was. Raises FormatError where the file is not a whole snapshot of this version.
    """
    import friscy.kernel.calls  # noqa: F401 - defines every state class that a snapshot may hold

    state: KernelState = _unpacked(file, "state", decode)
    kernel = make_kernel(state)
    state.generation += 1
    state.monotonic_offset = file.meta["monotonic_ns"] - time.monotonic_ns()
    attached: list[Process] = []
    for process in state.processes.values():
        if process.exit_status is not None:
            continue
        sharing = next((other for other in attached if other.mm is process.mm), None)
        if sharing is not None:
            kernel.share_memory(process, sharing)
            continue
        attached.append(process)
        layout = MemoryLayout(file, process.pid)
        space = kernel.new_space(kernel)
        section = partial(file.section, f"pages:{process.pid}")
        image = page_image(f"{file.identity}-{process.pid}", layout.nbytes, section)
        try:
            map_runs(space.memory, layout.mappings, layout.runs, image)
        finally:
            os.close(image)
        kernel.attach(process, space)
        kernel.maps[process.pid].rejoin()
        for address in layout.guards:
            # glibc keeps the lowest byte zero, so that an unterminated string cannot carry the guard out
            space.memory.poke(address, b"\0" + os.urandom(7))
    for task in state.tasks.values():
        space = kernel.spaces[task.process.pid]
        hart = space.hart(task.hart)
        if task.saved is not None:
            hart.load(task.saved)
        space.prepare(hart)
        # Several threads may share the last hart: the scheduler loads the one whose turn it is.
        task.saved = hart.save() if task.hart == HART_COUNT - 1 else None
    kernel.switch_to(next(iter(state.tasks.values())))
    return kernel


def transcript(file: SnapshotFile) -> list[list[Any]]:
    """The [fd, bytes] that the guest had written to its console when the snapshot was taken."""
    lines: list[list[Any]] = _unpacked(file, "transcript", lambda value: value)
    return lines


def _unpacked(file: SnapshotFile, section: str, convert: Callable[[Any], Any]) -> Any:
    try:
        return convert(msgpack.unpackb(file.section(section), strict_map_key=False, use_list=True))
    except (PlainError, ValueError, msgpack.UnpackException) as error:
        raise FormatError(
            file.path,
            None,
            f"the section {section!r} of this version",
            str(error),
            hint="Build the bundle again with `doit bundle`.",
        ) from error
