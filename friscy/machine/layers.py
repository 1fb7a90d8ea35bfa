"""What lies below each range of a guest's memory on the host, and how a fork shares it.

A range's pages are of one of these kinds:

    plain    private anonymous pages of the host: no `Extent` covers them
    own      pages of a file in memory (memfd) that this memory alone maps, at the offset that is their address
    private  pages of a host file, copied when they are written to: a snapshot's image, a file's pages, or
             pages that were `own` when the process forked
    shared   pages of a file that several memories map: whoever maps them looks after them, also in a fork

A fork freezes the own pages: parent and child map them privately, and the host copies what either of them
writes to. What was written to plain and private pages is copied while it is little, and else first moved to
a file in memory too (`_fold`). So a fork costs as much as was written since the last one, and no more files are
kept than living relatives differ. Measured: docs/decisions/fork.md.
"""

from __future__ import annotations

import os
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from operator import attrgetter
from weakref import WeakSet

from friscy.machine import host_pages
from friscy.machine.layout import GUEST_END, MEMORY_BYTES, PAGE

PROT_READ, PROT_WRITE = 1, 2

Run = tuple[int, int]  # start, end
Mapping = tuple[int, int, int]  # start, end, protection

_OWN_BYTES = 1 << 20  # a mapping of this size is worth a file in memory at once
_PLAIN_BYTES = 4 << 20  # all mappings are, once there are so many bytes of smaller ones
_FREEZE_BYTES = 1 << 20  # own pages that are cheaper to map again than to copy
_FOLD_BYTES = 4 << 20  # written private pages that are worth moving to a file
_FOLD_RUNS = 1024  # no more pieces than this: each costs the host a mapping in both memories

_start = attrgetter("start")


class HostFile:
    """A host descriptor for a file whose pages memories map; closed with the last that refers to it."""

    __slots__ = ("__weakref__", "fd", "private", "users")

    def __init__(self, fd: int, *, private: bool = False) -> None:
        """private: made here for a memory's own pages, so offsets in it are addresses."""
        self.fd, self.private = fd, private
        self.users: WeakSet[Layers] = WeakSet()

    def __del__(self) -> None:
        os.close(self.fd)


PRIVATE, OWN, SHARED = "private", "own", "shared"


class Extent:
    """Guest pages [start, end) that show `file` from `offset` on. kind: see above."""

    __slots__ = ("end", "file", "kind", "offset", "start")

    def __init__(self, start: int, end: int, file: HostFile, offset: int, kind: str = PRIVATE) -> None:
        self.start, self.end, self.file, self.offset, self.kind = start, end, file, offset, kind

    @property
    def own(self) -> bool:
        return self.kind == OWN

    def part(self, start: int, end: int) -> Extent:
        """What of it lies in [start, end)."""
        low, high = max(start, self.start), min(end, self.end)
        return Extent(low, high, self.file, self.offset + low - self.start, self.kind)

    def goes_on(self, other: Extent) -> bool:
        """Whether `other` is the same, farther on."""
        return (
            self.end == other.start
            and self.file is other.file
            and self.kind == other.kind
            and self.offset + self.end - self.start == other.offset
        )


class Layers:
    """The host's pages below the guest's memory at host address `base`."""

    __slots__ = ("__weakref__", "_base", "_extents", "_own", "_plain_bytes")

    def __init__(self, base: int) -> None:
        self._base = base
        self._extents: list[Extent] = []  # sorted, disjoint
        self._own: HostFile | None = None
        self._plain_bytes = 0

    # -- what lies where ------------------------------------------------------------------------------

    def zeros(self, start: int, end: int, prot: int, *, plain: bool = False) -> None:
        """Fresh zero pages. plain: hardly any of them will be used (a stack)."""
        length = end - start
        if not plain and length < _OWN_BYTES and self._plain_bytes < _PLAIN_BYTES:
            self._plain_bytes += length
            plain = True
        own = None if plain else self._own_file()
        if own is None:
            self._place(start, length, prot)
        else:
            self._place(start, length, prot, own.fd, start, shared=True)
            self._add(Extent(start, end, own, start, OWN))

    def image(self, start: int, end: int, prot: int, file: HostFile, offset: int) -> None:
        """Pages of `file` that are copied when they are written to."""
        self._place(start, end - start, prot, file.fd, offset)
        self._add(Extent(start, end, file, offset))

    def shared(self, start: int, end: int, prot: int, file: HostFile, offset: int) -> None:
        """The pages of a file themselves. A fork leaves them out."""
        self._place(start, end - start, prot, file.fd, offset, shared=True)
        self._add(Extent(start, end, file, offset, SHARED))

    def nothing(self, start: int, end: int) -> None:
        """No pages: every access faults."""
        self._place(start, end - start, 0)

    def protect(self, start: int, length: int, prot: int) -> None:
        """Change what may be done with the pages; their content stays."""
        check_range(start, length)
        host_pages.protect(self._base + start, length, _host_prot(prot))

    def reset(self) -> None:
        """Forget all files. The caller replaces the pages."""
        files = self.files()
        self._extents.clear()
        self._own = None
        self._plain_bytes = 0
        for file in files:
            users = [user for user in file.users if file in user.files()]
            if len(users) == 1:
                users[0]._trim()

    def filled(self, start: int, end: int) -> list[Run]:
        """The parts of [start, end) whose pages may hold anything but zeros."""
        found: list[Run] = []
        for low, high, extent in self._pieces(start, end):
            runs: list[Run] = []
            if extent is None or extent.kind == PRIVATE:
                runs += self._written(low, high, extent, PROT_READ)
            if extent is not None:
                shift = low - extent.offset
                data = host_pages.data_runs(extent.file.fd, extent.offset, extent.offset + high - low)
                runs += [(first + shift, last + shift) for first, last in data]
            found += _joined(sorted(runs), 0)
        return found

    def written(self, start: int, end: int) -> list[Run]:
        """The parts of readable [start, end) that are not the pages of a file, or more than those."""
        return [run for piece in self._pieces(start, end) for run in self._written(*piece, PROT_READ)]

    def copy(self, target: int, source: int, length: int) -> None:
        """Let plain or own pages at `target`, which are fresh, hold what [source, source + length) holds.

        Both can be read and written. Pages of a file that were not written to are mapped again, not copied.
        """
        shift = target - source
        for low, high, extent in list(self._pieces(source, source + length)):
            runs = self._written(low, high, extent, PROT_READ)
            if extent is not None and extent.kind == PRIVATE:
                self.image(low + shift, high + shift, PROT_READ | PROT_WRITE, extent.file, extent.offset)
            for first, last in runs:
                host_pages.copy(self._base + first + shift, self._base + first, last - first)

    def touched(self, start: int, end: int) -> list[Run]:
        """The parts of shared [start, end) that were accessed since `forget_touched`, or more than those."""
        if host_pages.keeps_table():
            return host_pages.present_runs(self._base, start, end)
        return self.filled(start, end)

    def forget_touched(self, start: int, end: int) -> None:
        """Let `touched` begin anew for shared pages; their content stays."""
        check_range(start, end - start)
        host_pages.discard(self._base + start, end - start)

    def files(self) -> set[HostFile]:
        """The files that pages of this memory are mapped from."""
        return {extent.file for extent in self._extents}

    def _place(
        self, start: int, length: int, prot: int, fd: int = -1, offset: int = 0, *, shared: bool = False
    ) -> None:
        check_range(start, length)
        host_pages.replace(self._base + start, length, _host_prot(prot), fd, offset, shared=shared)
        if self._extents:
            for gone in self._cut(start, start + length):
                if gone.own or (gone.file.private and self._alone(gone.file)):
                    host_pages.punch(gone.file.fd, gone.start, gone.end - gone.start)

    def _own_file(self) -> HostFile | None:
        if self._own is None:
            self._own = _memory_file("own")
            if self._own is not None:
                self._own.users.add(self)
        return self._own

    # -- the list of extents --------------------------------------------------------------------------

    def _indexes(self, start: int, end: int) -> tuple[int, int]:
        extents = self._extents
        first = max(bisect_right(extents, start, key=_start) - 1, 0)
        if first < len(extents) and extents[first].end <= start:
            first += 1
        return first, bisect_left(extents, end, lo=first, key=_start)

    def _cut(self, start: int, end: int) -> list[Extent]:
        """Take [start, end) out; the pieces."""
        first, last = self._indexes(start, end)
        found = self._extents[first:last]
        if not found:
            return found
        rest = [found[0].part(0, start)] if found[0].start < start else []
        if found[-1].end > end:
            rest.append(found[-1].part(end, MEMORY_BYTES))
        self._extents[first:last] = rest
        return [extent.part(start, end) for extent in found]

    def _add(self, extent: Extent) -> None:
        """Put an extent where none is."""
        extents = self._extents
        extent.file.users.add(self)
        at = bisect_left(extents, extent.start, key=_start)
        if at and extents[at - 1].goes_on(extent):
            at -= 1
            extents[at].end = extent.end
        else:
            extents.insert(at, extent)
        if at + 1 < len(extents) and extents[at].goes_on(extents[at + 1]):
            extents[at].end = extents[at + 1].end
            del extents[at + 1]

    def _pieces(self, start: int, end: int) -> Iterator[tuple[int, int, Extent | None]]:
        """[start, end) in order, cut where one extent ends; None for plain pages."""
        first, last = self._indexes(start, end)
        for extent in self._extents[first:last]:
            part = extent.part(start, end)
            if start < part.start:
                yield start, part.start, None
            yield part.start, part.end, part
            start = part.end
        if start < end:
            yield start, end, None

    # -- fork -----------------------------------------------------------------------------------------

    def fork_into(self, child: Layers, mappings: list[Mapping]) -> None:
        """Give `child`, which is empty, the pages of `mappings` (sorted, disjoint) with their protection."""
        if self._own is not None and os.fstat(self._own.fd).st_blocks * 512 >= _FREEZE_BYTES:
            self._freeze(mappings)
        pieces = [(*piece, prot) for start, end, prot in mappings for piece in self._pieces(start, end)]
        written = [self._written(*piece) for piece in pieces]
        copied = sum(
            high - low
            for (_, _, extent, _), runs in zip(pieces, written, strict=True)
            if extent is None or not extent.own
            for low, high in runs
        )
        if copied >= _FOLD_BYTES and self._fold(pieces, written):
            pieces = [(*piece, prot) for start, end, prot in mappings for piece in self._pieces(start, end)]
            written = [self._written(*piece) for piece in pieces]
        for (start, end, extent, prot), runs in zip(pieces, written, strict=True):
            child._receive(self, start, end, extent, prot, runs)

    def _receive(
        self, parent: Layers, start: int, end: int, extent: Extent | None, prot: int, runs: list[Run]
    ) -> None:
        while_copied = PROT_READ | PROT_WRITE if runs else prot
        if extent is None or extent.own:
            self.protect(start, end - start, while_copied)
        else:
            self.image(start, end, while_copied, extent.file, extent.offset)
        if runs:
            if not prot:
                parent.protect(start, end - start, PROT_READ)
            for low, high in runs:
                host_pages.copy(self._base + low, parent._base + low, high - low)
            if not prot:
                parent.protect(start, end - start, 0)
            if prot != while_copied:
                self.protect(start, end - start, prot)

    def _written(self, start: int, end: int, extent: Extent | None, prot: int) -> list[Run]:
        """What a child cannot have by mapping the same file. Called while the parent stands still."""
        if extent is not None and extent.own:
            return host_pages.data_runs(extent.file.fd, start, end)
        if host_pages.pagemap_fd() >= 0:
            return host_pages.written_runs(self._base, start, end)
        if extent is not None:
            return [(start, end)]  # it shows nowhere that zeros were written over an image
        if not prot:
            self.protect(start, end - start, PROT_READ)
        try:
            return host_pages.written_runs(self._base, start, end)
        finally:
            if not prot:
                self.protect(start, end - start, 0)

    def _freeze(self, mappings: list[Mapping]) -> None:
        """Make the own pages private ones of the file they are in; what comes next goes to another file."""
        self._own = None
        for start, end, prot in mappings:
            for low, high, extent in self._pieces(start, end):
                if extent is not None and extent.own:
                    self._remap(low, high, prot, extent.file)
        self._trim()

    def _fold(self, pieces: list[tuple[int, int, Extent | None, int]], written: list[list[Run]]) -> bool:
        """Move written pages to a file in memory, and map that instead. False: the host has no such files."""
        file = next((each for each in self._frozen() if self._alone(each)), None) or _memory_file("fork")
        if file is None:
            return False
        written = [
            [] if extent is not None and extent.own else runs
            for (_, _, extent, _), runs in zip(pieces, written, strict=True)
        ]
        gap = PAGE
        while sum(len(_joined(runs, gap)) for runs in written) > _FOLD_RUNS and gap < MEMORY_BYTES:
            gap *= 4
        for (start, end, _extent, prot), runs in zip(pieces, written, strict=True):
            if runs and not prot:
                self.protect(start, end - start, PROT_READ)
            for low, high in _joined(runs, gap):
                host_pages.write(file.fd, self._base + low, high - low, low)
                self._remap(low, high, prot, file)
            if runs and not prot:
                self.protect(start, end - start, 0)
        self._trim()
        return True

    def _remap(self, start: int, end: int, prot: int, file: HostFile) -> None:
        check_range(start, end - start)
        host_pages.replace(self._base + start, end - start, _host_prot(prot), file.fd, start)
        self._cut(start, end)
        self._add(Extent(start, end, file, start))

    def _frozen(self) -> list[HostFile]:
        """The files that were made for forks, this memory's or a relative's."""
        return [file for file in self.files() if file.private and file is not self._own]

    def _alone(self, file: HostFile) -> bool:
        """Whether no other memory shows pages of `file`."""
        return all(user is self or file not in user.files() for user in file.users)

    def _trim(self) -> None:
        """Give back the pages of files that nobody else has and that this memory no longer shows."""
        for file in self._frozen():
            if not self._alone(file):
                continue
            position = 0
            for extent in [*(each for each in self._extents if each.file is file), None]:
                end = extent.start if extent is not None else GUEST_END
                if position < end:
                    host_pages.punch(file.fd, position, end - position)
                position = extent.end if extent is not None else end


def check_range(start: int, length: int) -> None:
    """The last line of defence: beyond these 4 GiB lies the host."""
    if start < 0 or length < 0 or start + length > MEMORY_BYTES or (start | length) % PAGE:
        raise ValueError(f"pages [{start:#x}, {start + length:#x}) are not the guest's")


def without(ranges: Iterable[Mapping], holes: list[Run]) -> list[Mapping]:
    """`ranges` less the sorted `holes`."""
    if not holes:
        return list(ranges)
    left = []
    for start, end, prot in ranges:
        position = start
        for low, high in holes:
            if high <= position or end <= low:
                continue
            if position < low:
                left.append((position, low, prot))
            position = min(high, end)
        if position < end:
            left.append((position, end, prot))
    return left


def _host_prot(prot: int) -> int:
    """The host protection for a guest one: guest code is only ever read, by the decoder."""
    return (PROT_READ if prot else 0) | (prot & PROT_WRITE)


def _joined(runs: list[Run], gap: int) -> list[Run]:
    """`runs` with those put together that are `gap` bytes or less apart."""
    joined: list[Run] = []
    for low, high in runs:
        if joined and low - joined[-1][1] <= gap:
            joined[-1] = (joined[-1][0], max(joined[-1][1], high))
        else:
            joined.append((low, high))
    return joined


def _memory_file(name: str) -> HostFile | None:
    """A sparse file in memory, as long as the guest's addresses go; None where the host has none."""
    try:
        fd = os.memfd_create(f"friscy-{name}", os.MFD_CLOEXEC)
    except (AttributeError, OSError):
        return None
    os.ftruncate(fd, GUEST_END)
    return HostFile(fd, private=True)
