"""Which process ran when, and what lay in its code window then: to say afterwards what a sample had met.

A `Witness` stands between a space and what the space tells of its code, and notes each change with its time.
"""

from __future__ import annotations

import time
from bisect import bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from friscy.machine.aot import Code, Image, Watcher
    from friscy.machine.hart import Hart
    from friscy.machine.space import Space

Mapped = tuple[int, int, bytes, int]
"""[start, end) of the guest was given the code of the file with this content key from this offset on."""

Piece = tuple[int, int, Mapped]
"""[low, high) of it is still so."""


class View:
    """A space's code at one time: mapped files, those whose translated code was used, those that waited for it."""

    __slots__ = ("mapped", "shown", "waiting")

    def __init__(
        self, mapped: tuple[Piece, ...] = (), shown: frozenset[Image] = frozenset(),
        waiting: frozenset[Image] = frozenset(),
    ) -> None:  # fmt: skip
        self.mapped, self.shown, self.waiting = mapped, shown, waiting

    def same(self, other: View) -> bool:
        """Whether both say the same."""
        return all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    def at(self, pc: int) -> Mapped | None:
        """The file that has its code at `pc`."""
        return next((mapped for low, high, mapped in self.mapped if low <= pc < high), None)


class Timeline:
    """What the witnesses of one machine have seen. clock: nanoseconds, those of the samples."""

    def __init__(self, clock: Callable[[], int] = time.monotonic_ns) -> None:
        self.clock = clock
        self._runs: list[tuple[int, Witness]] = []  # who runs from when on

    def ran(self, witness: Witness) -> None:
        """The engine enters the witness's space."""
        if not self._runs or self._runs[-1][1] is not witness:
            self._runs.append((self.clock(), witness))

    def view(self, time_ns: int) -> View:
        """What the code window held of the process that ran then."""
        at = bisect_right(self._runs, time_ns, key=lambda run: run[0]) - 1
        return self._runs[at][1].view(time_ns) if at >= 0 else View()


class Witness:
    """Tells `inner`, where there is one, what its space tells, and notes it."""

    def __init__(self, timeline: Timeline, inner: Code | None) -> None:
        self._timeline, self._inner = timeline, inner
        self._mapped: list[Piece] = []
        self._views: list[tuple[int, View]] = []

    def view(self, time_ns: int) -> View:
        """What was there at that time."""
        at = bisect_right(self._views, time_ns, key=lambda view: view[0]) - 1
        return self._views[at][1] if at >= 0 else View()

    def _note(self) -> None:
        view = View(tuple(self._mapped))
        if self._inner is not None:
            view.shown, view.waiting = frozenset(self._inner.shown), frozenset(self._inner.waiting)
        if not self._views or not view.same(self._views[-1][1]):
            self._views.append((self._timeline.clock(), view))

    # What a space tells: friscy.machine.aot.Watcher

    def mapped(self, start: int, end: int, identity: bytes, offset: int) -> None:
        if self._inner is not None:
            self._inner.mapped(start, end, identity, offset)
        self._mapped.append((start, end, (start, end, identity, offset)))
        self._note()

    def forget(self, start: int, end: int) -> None:
        if self._inner is not None:
            self._inner.forget(start, end)
        pieces = [
            piece
            for low, high, mapped in self._mapped
            for piece in ((low, min(high, start), mapped), (max(low, end), high, mapped))
        ]
        self._mapped = [piece for piece in pieces if piece[0] < piece[1]]
        self._note()

    def reset(self) -> None:
        if self._inner is not None:
            self._inner.reset()
        self._mapped.clear()
        self._note()

    def link(self, pc: int) -> None:
        if self._inner is not None:
            self._inner.link(pc)
            self._note()

    def entering(self) -> None:
        if self._inner is not None and self._inner.waiting:
            self._inner.entering()
            self._note()
        self._timeline.ran(self)

    def returned(self, hart: Hart) -> None: ...

    def fault(self, trap: Exception, most_frames: int) -> tuple[list[int], bool]:
        return self._inner.fault(trap, most_frames) if self._inner is not None else ([], True)

    def went_on(self) -> None: ...


def witness(timeline: Timeline, watch: Callable[[Space], Code] | None) -> Callable[[Space], Watcher]:
    """For `Machine.watch`: a witness of each new space, before what `watch` makes."""
    return lambda space: Witness(timeline, watch(space) if watch is not None else None)
