"""Translated code at run time: which files have some, and its entries in a space's code map.

    library = Library([Translation(identity, segments, entries, load)])
    space.code = Code(space, library)

The kernel tells a space where it maps the code of which file (`mapped`) and when code there is no longer what it
was (`forget`). A module puts its functions into the table itself; what is done here is to write their table indexes
to CODE_MAP while the file's code lies where the module was translated for, and to take them out otherwise.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

from friscy.machine.layout import CODE_MAP, PAGE, RECORD_BYTES, RECORDS

if TYPE_CHECKING:
    import wasmtime

    from friscy.machine.space import Space

_U32 = struct.Struct("<I")


class Translation:
    """A module of translated code; equal to itself only.

    identity: content key of the file it was made from. segments: (address, end, file offset) of that file's code as
    it was translated. entries: the pc of each function, in the order of the module's table segment.
    load: gives the compiled module, the first time that it is needed.
    """

    __slots__ = ("_load", "_module", "entries", "identity", "segments")

    def __init__(
        self,
        identity: bytes,
        segments: Sequence[tuple[int, int, int]],
        entries: Iterable[int],
        load: Callable[[], wasmtime.Module],
    ) -> None:
        self.identity, self.segments, self.entries = identity, list(segments), list(entries)
        self._load = load
        self._module: wasmtime.Module | None = None

    @property
    def module(self) -> wasmtime.Module:
        if self._module is None:
            self._module = self._load()
        return self._module

    def covers(self, start: int, end: int, offset: int) -> bool:
        """Whether the file, mapped to [start, end) from `offset`, has all its code where this was translated for."""
        return all(
            at - at_offset == start - offset and start <= at and at_end <= end
            for at, at_end, at_offset in self.segments
        )


class Library:
    """All translations that there are, by the file they belong to."""

    def __init__(self, translations: Iterable[Translation]) -> None:
        self.by_file: dict[bytes, list[Translation]] = {}
        for each in translations:
            self.by_file.setdefault(each.identity, []).append(each)


class Watcher(Protocol):
    """What a space tells of the code that is mapped in it."""

    def mapped(self, start: int, end: int, identity: bytes, offset: int) -> None:
        """The code of a file, as it is in the file, now lies at [start, end)."""

    def forget(self, start: int, end: int) -> None:
        """The code in [start, end) may have changed, or is no longer there."""

    def reset(self) -> None:
        """The space is a new one: its memory is empty, its table too."""


class Recorder:
    """Notes what the interpreter runs: `touched[identity, start, offset]` are pcs of the file mapped so."""

    def __init__(self, space: Space, touched: dict[tuple[bytes, int, int], set[int]]) -> None:
        self._space, self.touched = space, touched
        self._mapped: list[tuple[int, int, tuple[bytes, int, int]]] = []

    def mapped(self, start: int, end: int, identity: bytes, offset: int) -> None:
        self._mapped.append((start, end, (identity, start, offset)))

    def forget(self, start: int, end: int) -> None:
        """Take what was run there; the space forgets it after this."""
        for low, high, key in self._mapped:
            first, last = max(low, start), min(high, end)
            if first < last:
                self.touched.setdefault(key, set()).update(executed(self._space, first, last))
        self._mapped = [each for each in self._mapped if not (start <= each[0] and each[1] <= end)]

    def reset(self) -> None:
        self._mapped.clear()


class Code:
    """The translated code of one space.

    The functions of a module call each other without a look at the code map, so a module is entered wholly or not.
    """

    def __init__(self, space: Space, library: Library) -> None:
        self._space, self._library = space, library
        self._slots: dict[Translation, int] = {}  # of what is instantiated, the first function's
        self._enabled: set[Translation] = set()

    def mapped(self, start: int, end: int, identity: bytes, offset: int) -> None:
        for translation in self._library.by_file.get(identity, ()):
            if translation.covers(start, end, offset) and translation not in self._enabled:
                slot = self._slots.get(translation)
                if slot is None:
                    slot = self._slots[translation] = self._space.instantiate_table(
                        translation.module, len(translation.entries)
                    )
                self._enabled.add(translation)
                self._write(translation, slot, 1)

    def forget(self, start: int, end: int) -> None:
        """Leave the modules of the code in [start, end) to the interpreter. Whoever runs them unwinds."""
        for translation in list(self._enabled):
            if any(at < end and start < at_end for at, at_end, _ in translation.segments):
                self._enabled.remove(translation)
                self._write(translation, 0, 0)
                self._space.interrupt()

    def reset(self) -> None:
        self._slots.clear()
        self._enabled.clear()

    def _write(self, translation: Translation, slot: int, step: int) -> None:
        view, entries = self._space.memory.view, translation.entries
        for pc in entries:
            _U32.pack_into(view, CODE_MAP + 2 * pc, slot)
            slot += step
        if entries:
            self._space.forget_records(min(entries), max(entries) + 2)


def executed(space: Space, start: int, end: int) -> list[int]:
    """The pcs in [start, end) whose instructions the interpreter has decoded since they were last invalidated.

    It decodes what it is about to run, or what makes a pair with that.
    """
    view, found = space.memory.view, []
    for page in range(start // PAGE, -(-end // PAGE)):
        if view[RECORDS + page]:
            at = RECORDS + page * PAGE // 2 * RECORD_BYTES
            records = view[at : at + PAGE // 2 * RECORD_BYTES].cast("Q").tolist()
            found += [page * PAGE + 2 * k for k, record in enumerate(records) if record]
    return [pc for pc in found if start <= pc < end]
