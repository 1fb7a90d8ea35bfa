"""The saved machine in a bundle: where it stands, its processes, their memory and open files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from friscy.bundle import INDEX, INTERPRETER, Bundle
from friscy.machine.layout import PAGE
from lazyfs.errors import FormatError
from lazyfs.plain import PlainError, decode
from snapshot.format import SnapshotFile

if TYPE_CHECKING:
    from friscy.kernel.state import KernelState, Process
    from lazyfs.openfile import OpenFile
    from lazyfs.vfs import Vfs

_PROTECTION = ((1, "r"), (2, "w"), (4, "x"))


def snapshot_facts(path: Path, bundle: Bundle) -> dict[str, Any]:
    """What the snapshot file at `path` of `bundle` holds. FormatError: it is damaged, or belongs to other files."""
    file = SnapshotFile(path)
    try:
        _check_origin(file, bundle)
        state = _state(file)
        sections = [{"name": name, "stored_bytes": s, "raw_bytes": r} for name, s, r in file.sections]
        return {
            "at": file.meta["at"],
            "identity": file.identity,
            "argv": _texts(file.meta["argv"]),
            "tty": list(file.meta["tty"]),
            "generation": state.generation,
            "hostname": os.fsdecode(state.hostname),
            "sections": sections,
            "processes": [_process(process, state, file) for process in state.processes.values()],
        }
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise FormatError(path, None, "a saved machine of this version", f"{error!r}") from error


def _check_origin(file: SnapshotFile, bundle: Bundle) -> None:
    for part, told, actual in (
        (INDEX, file.meta["index"].hex(), bundle.index_digest.hex()),
        (INTERPRETER, file.meta["interpreter"], bundle.files[INTERPRETER].sha256),
    ):
        if told != actual:
            raise FormatError(file.path, None, f"a snapshot made with this {part} ({actual})", told)


def _state(file: SnapshotFile) -> KernelState:
    """The kernel's state; every section is read, so that all of the file is checked."""
    import msgpack

    import friscy.boot
    import friscy.kernel.calls  # noqa: F401 - the two define every class that a state can have

    raw = {name: file.section(name) for name, _, _ in file.sections}
    try:
        state: KernelState = decode(msgpack.unpackb(raw["state"], strict_map_key=False))
    except (PlainError, ValueError, msgpack.UnpackException) as error:
        raise FormatError(file.path, None, "the state of this version", str(error)) from error
    return state


def _process(process: Process, state: KernelState, file: SnapshotFile) -> dict[str, Any]:
    from lazyfs.vfs import Vfs

    layout = file.meta["memory"][process.pid]
    stored = sum(pages for _, pages in layout["runs"])
    raw = memoryview(file.section(f"pages:{process.pid}"))
    empty = bytes(PAGE)
    zero = sum(raw[at : at + PAGE] == empty for at in range(0, len(raw), PAGE))
    if len(raw) != stored * PAGE:
        raise FormatError(file.path, None, f"{stored} pages of process {process.pid}", f"{len(raw)} bytes")
    vfs = Vfs(state.vfs)
    return {
        "pid": process.pid,
        "ppid": process.ppid,
        "exe": os.fsdecode(process.exe),
        "cmdline": _texts(process.cmdline),
        "tasks": [{"tid": tid, "state": state.tasks[tid].state} for tid in process.tasks],
        "pages": {
            "mapped": sum(end - start for start, end, _ in layout["mappings"]) // PAGE,
            "stored": stored,
            "stored_zero": zero,  # small holes inside runs
            "runs": len(layout["runs"]),
        },
        "mappings": [
            {
                "start": vma.start,
                "end": vma.end,
                "protection": "".join(letter if vma.prot & bit else "-" for bit, letter in _PROTECTION)
                + ("s" if vma.shared else "p"),
                "offset": vma.offset,
                "name": os.fsdecode(vma.name),
            }
            for vma in process.mm.vmas
        ],
        "descriptors": [
            {"fd": fd, "file": _file_name(vfs, process, descriptor.file), "flags": descriptor.file.flags}
            for fd, descriptor in sorted(process.files.slots.items())
        ],
    }


def _file_name(vfs: Vfs, process: Process, file: OpenFile) -> str:
    return os.fsdecode(vfs.path_of(process.fs, file.location))


def _texts(values: Any) -> list[str]:
    return [os.fsdecode(value) if isinstance(value, bytes) else str(value) for value in values]
