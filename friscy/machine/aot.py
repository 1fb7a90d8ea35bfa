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

from friscy.machine.layout import CODE_MAP, PAGE, RECORD_BYTES, RECORDS, WINDOW_END

if TYPE_CHECKING:
    import wasmtime

    from friscy.machine.space import Space

_U32 = struct.Struct("<I")


class Translation:
    """A module of translated code.

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
        """Whether the file, mapped to [start, end) from `offset`, has code where this was translated for."""
        return any(
            at - at_offset == start - offset and at < end and start < at_end
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
    """The translated code of one space."""

    def __init__(self, space: Space, library: Library) -> None:
        self._space, self._library = space, library
        self._slots: dict[Translation, int] = {}  # of what is instantiated, the first function's
        self._enabled: list[tuple[int, int]] = []  # ranges that may have entries

    def mapped(self, start: int, end: int, identity: bytes, offset: int) -> None:
        for translation in self._library.by_file.get(identity, ()):
            if translation.covers(start, end, offset):
                self._enable(translation, start, end)

    def forget(self, start: int, end: int) -> None:
        """Leave the code in [start, end) to the interpreter."""
        for low, high in self._enabled:
            first, last = max(low, start), min(high, end)
            if first < last:
                self._space.memory.view[CODE_MAP + 2 * first : CODE_MAP + 2 * last] = bytes(
                    2 * (last - first)
                )
        # Ranges that are gone altogether need no look again.
        self._enabled = [each for each in self._enabled if not (start <= each[0] and each[1] <= end)]

    def reset(self) -> None:
        self._slots.clear()
        self._enabled.clear()

    def _enable(self, translation: Translation, start: int, end: int) -> None:
        slot = self._slots.get(translation)
        if slot is None:
            slot = self._slots[translation] = self._space.instantiate_table(
                translation.module, len(translation.entries)
            )
        view = self._space.memory.view
        for number, pc in enumerate(translation.entries, slot):
            if start <= pc < end:
                _U32.pack_into(view, CODE_MAP + 2 * pc, number)
        self._enabled.append((start, min(end, WINDOW_END)))


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
