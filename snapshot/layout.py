"""What a snapshot's header says of a process's memory, checked before anything is mapped by it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from friscy.machine.layout import GUEST_END, GUEST_START, PAGE, PAGE_SHIFT
from lazyfs.errors import FormatError

if TYPE_CHECKING:
    from snapshot.format import SnapshotFile
    from snapshot.pages import Mapping, Run


# The header's fields and their types: docs/formats/snapshot.md says what they mean.
_FIELDS: dict[str, type] = {
    "at": str,
    "index": bytes,
    "interpreter": str,
    "memory": dict,
    "memory_limit": int,
    "argv": list,
    "prefix": list,
    "env": dict,
    "cwd": str,
    "user": str,
    "tty": list,
    "monotonic_ns": int,
}


def check_header(file: SnapshotFile) -> None:
    """Raise FormatError unless the header of `file` has every field, of its type."""
    for name, kind in _FIELDS.items():
        value = file.meta.get(name)
        if type(value) is not kind:
            raise FormatError(
                file.path, None, f"{kind.__name__} for {name!r} in the header", repr(value)[:60]
            )


class MemoryLayout:
    """The memory of one process: see docs/formats/snapshot.md for the fields.

    Raises FormatError unless the mappings are disjoint, in order and inside the guest's range, and every run
    lies inside one of them.
    """

    __slots__ = ("guards", "mappings", "nbytes", "pointers", "runs")

    def __init__(self, file: SnapshotFile, pid: int) -> None:
        try:
            fields: dict[str, Any] = file.meta["memory"][pid]
            self.mappings: list[Mapping] = [(int(a), int(b), int(p)) for a, b, p in fields["mappings"]]
            self.runs: list[Run] = [(int(first), int(count)) for first, count in fields["runs"]]
            self.guards = [int(address) for address in fields.get("guards", ())]
            pointers = fields.get("pointers", {"argv": (), "envp": ()})
            self.pointers = {name: [int(at) for at in pointers[name]] for name in ("argv", "envp")}
        except (KeyError, TypeError, ValueError) as error:
            raise self._error(file, pid, f"no such field or another type: {error}") from error
        end = GUEST_START
        for start, stop, prot in self.mappings:
            if not end <= start < stop <= GUEST_END or (start | stop) % PAGE or not 0 <= prot < 8:
                raise self._error(file, pid, f"a mapping [{start:#x}, {stop:#x}) with protection {prot}")
            end = stop
        waiting = iter(self.mappings)
        inside = next(waiting, None)
        position = 0
        for first, count in self.runs:
            start, stop = first << PAGE_SHIFT, (first + count) << PAGE_SHIFT
            while inside is not None and inside[1] <= start:
                inside = next(waiting, None)
            if inside is None or count < 1 or start < max(position, inside[0]) or stop > inside[1]:
                raise self._error(file, pid, f"pages [{start:#x}, {stop:#x}) outside the mappings")
            position = stop
        self.nbytes = sum(count for _, count in self.runs) * PAGE

    @staticmethod
    def _error(file: SnapshotFile, pid: int, got: str) -> FormatError:
        return FormatError(
            file.path,
            None,
            f"a memory layout for process {pid}",
            got,
            hint="Build the bundle again with `doit bundle`.",
        )
