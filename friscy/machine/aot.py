"""Translated code at run time: which files have some, and how it gets into a space.

    library = Library(images, modules, open_code_map)
    space.code = Code(space, library)

The kernel tells a space where it maps the code of which file (`mapped`) and when code there is no longer what it
was (`forget`). While a file lies where it was translated for, its part of the code map shows table slots that are
the same in every space. They hold a placeholder at first (the interpreter's export `unlinked`): the first call of a
function makes its module's instance, which puts its functions into the slots. So a mapped file costs one mapping
of the host, and a module that is not called costs nothing.

The functions of a file may rely on each other's code, so a file is shown whole or not at all.
"""

from __future__ import annotations

import os
import struct
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Protocol

from friscy.machine.cache import cache_home, private_directory
from friscy.machine.fault_map import FaultMap
from friscy.machine.layout import (
    CALL_COUNT,
    CALLS,
    CODE_MAP,
    GUEST_START,
    PAGE,
    RECORD_BYTES,
    RECORDS,
    WINDOW_END,
)

if TYPE_CHECKING:
    import wasmtime

    from friscy.machine.hart import Hart
    from friscy.machine.space import Space

_U32 = struct.Struct("<I")
_CALL = struct.Struct("<II")
_MAP_SCALE = 2  # bytes of the code map for each byte of code


class Image:
    """A file with translated code; equal to itself only.

    identities: content keys of the equal files it stands for. low, high: where its pages must lie.
    segments: (address, end, file offset) of its code. map_at: where the image file has its part of the code map.
    """

    __slots__ = ("high", "identities", "low", "map_at", "modules", "path", "segments")

    def __init__(
        self, identities: list[bytes], path: str, low: int, high: int, segments: list[tuple[int, int, int]]
    ) -> None:
        self.identities, self.path, self.low, self.high, self.segments = identities, path, low, high, segments
        self.modules: list[Module] = []
        self.map_at = 0

    def covers(self, start: int, end: int, offset: int) -> bool:
        """Whether the file, mapped to [start, end) from `offset`, has all its code where this was translated for."""
        return all(
            at - at_offset == start - offset and start <= at and at_end <= end
            for at, at_end, at_offset in self.segments
        )


class Module:
    """A module of an image's functions, `count` of them, for the table slots from `first` on.

    exists: whether `load` will give the compiled module, cheaply. load: gives it, or None: there is none after all.
    read: its bytes, which tell where it faults.
    """

    __slots__ = ("_exists", "_load", "_map", "_read", "compiled", "count", "first", "image")

    def __init__(
        self,
        image: Image,
        first: int,
        count: int,
        load: Callable[[], wasmtime.Module | None],
        exists: Callable[[], bool] = lambda: True,
        read: Callable[[], bytes] = lambda: b"",
    ) -> None:
        self._read = read
        self._map: FaultMap | None = None
        self.image, self.first, self.count, self._load, self._exists = image, first, count, load, exists
        self.compiled: wasmtime.Module | None = None

    def exists(self) -> bool:
        return self.compiled is not None or self._exists()

    def load(self) -> wasmtime.Module | None:
        if self.compiled is None:
            self.compiled = self._load()
        return self.compiled

    def fault_map(self) -> FaultMap:
        """Which instructions its accesses belong to; read when the first of them faults."""
        if self._map is None:
            self._map = FaultMap(self._read())
        return self._map


class Library:
    """All translated code that there is: images, the modules of their functions, the code map they want.

    open_map: a host file with the code map's part of each image, one after the other; called once.
    want: told of an image that is mapped while modules of it are not compiled.
    """

    def __init__(
        self,
        images: Iterable[Image],
        modules: Iterable[Module],
        open_map: Callable[[Library], int],
        want: Callable[[Image], None] = lambda image: None,
    ) -> None:
        self.images, self.modules = list(images), list(modules)
        self.by_file = {identity: image for image in self.images for identity in image.identities}
        self.nslots = self.modules[-1].first + self.modules[-1].count if self.modules else 1
        self._firsts = [module.first for module in self.modules]
        at = 0
        for image in self.images:
            image.map_at = at
            at += (image.high - image.low) * _MAP_SCALE
        self.map_bytes = at
        for module in self.modules:
            module.image.modules.append(module)
        self._open_map, self.want = open_map, want
        self._map_fd = -1

    def map_fd(self) -> int:
        """The file that `open_map` gives."""
        if self._map_fd < 0:
            self._map_fd = self._open_map(self)
        return self._map_fd

    def module_of(self, slot: int) -> Module | None:
        """The module that has the table slot."""
        if not 0 < slot < self.nslots:
            return None
        return self.modules[bisect_right(self._firsts, slot) - 1]

    def __del__(self) -> None:
        if getattr(self, "_map_fd", -1) >= 0:
            os.close(self._map_fd)


class Watcher(Protocol):
    """What a space tells of the code that is mapped in it."""

    def mapped(self, start: int, end: int, identity: bytes, offset: int) -> None:
        """The code of a file, as it is in the file, now lies at [start, end)."""

    def forget(self, start: int, end: int) -> None:
        """The code in [start, end) may have changed, or is no longer there."""

    def reset(self) -> None:
        """The memory is empty again; table and instances are as they were."""

    def link(self, pc: int) -> None:
        """`unlinked` was called for `pc`."""

    def entering(self) -> None:
        """The engine is about to run."""

    def returned(self, hart: Hart) -> None:
        """The engine came back to the host; `hart` is where it will go on."""

    def fault(self, trap: Exception, most_frames: int) -> tuple[list[int], bool]:
        """The instruction whose access ended in `trap`, where that was translated code's, and the calls that led there
        since the engine was entered, the innermost first; whether all registers were in the hart then. most_frames: of
        the engine that are looked at."""

    def went_on(self) -> None:
        """The guest went on behind a fault of an access, with the registers that its handler saw."""


Mapped = tuple[bytes, int, int]  # a file that is mapped: its identity, where it begins, and from which offset


class Notes:
    """What ran of each file that was mapped.

    executed: pcs. resumed: those at which code goes on after the engine has come back to the host: those of the
    stopped harts, and whatever on their stacks looks like a return address. calls: by the pc of an indirect call, the
    targets in the same file that it was last seen to have. precise: files of programs that go on behind faults.
    """

    def __init__(self) -> None:
        self.executed: defaultdict[Mapped, set[int]] = defaultdict(set)
        self.resumed: defaultdict[Mapped, set[int]] = defaultdict(set)
        self.calls: defaultdict[Mapped, dict[int, set[int]]] = defaultdict(dict)
        self.precise: set[Mapped] = set()


class Recorder:
    """Notes what the interpreter runs."""

    def __init__(self, space: Space, notes: Notes) -> None:
        self._space, self.notes = space, notes
        self._mapped: list[tuple[int, int, Mapped]] = []
        self._went_on = False

    def mapped(self, start: int, end: int, identity: bytes, offset: int) -> None:
        self._mapped.append((start, end, (identity, start, offset)))
        _ = self.notes.executed[identity, start, offset]  # it was mapped, whatever runs of it

    def forget(self, start: int, end: int) -> None:
        """Take what was run there; the space forgets it after this."""
        for low, high, key in self._mapped:
            first, last = max(low, start), min(high, end)
            if first < last:
                if self._went_on:
                    self.notes.precise.add(key)
                self.notes.executed[key].update(executed(self._space, first, last))
                for pc, target in called(self._space, first, last):
                    if low <= target < high:
                        self.notes.calls[key].setdefault(pc, set()).add(target)
        # A loader maps a library whole and its parts over that: what is left of the first one is forgotten later.
        left = [
            piece
            for low, high, key in self._mapped
            for piece in ((low, min(high, start), key), (max(low, end), high, key))
        ]
        self._mapped = [piece for piece in left if piece[0] < piece[1]]

    def reset(self) -> None:
        self._mapped.clear()
        self._went_on = False

    def link(self, pc: int) -> None: ...

    def entering(self) -> None: ...

    def returned(self, hart: Hart) -> None:
        for pc in resume_points(self._space, hart):
            for low, high, key in self._mapped:
                if low <= pc < high:
                    self.notes.resumed[key].add(pc)

    def fault(self, trap: Exception, most_frames: int) -> tuple[list[int], bool]:
        return [], True

    def went_on(self) -> None:
        self._went_on = True


class Code:
    """The translated code of one space."""

    def __init__(self, space: Space, library: Library) -> None:
        self._space, self._library = space, library
        self.linked: set[Module] = set()
        self._shown: set[Image] = set()
        self.waiting: list[Image] = []  # mapped, but not all of its modules are compiled yet
        space.fill_table(library.nslots)

    @property
    def shown(self) -> AbstractSet[Image]:
        """The images whose code is used now."""
        return self._shown

    def mapped(self, start: int, end: int, identity: bytes, offset: int) -> None:
        image = self._library.by_file.get(identity)
        if image is None or image in self._shown or not image.covers(start, end, offset):
            return
        if all(module.exists() for module in image.modules):
            self._show(image)
        elif image not in self.waiting:
            self.waiting.append(image)
            self._library.want(image)

    def forget(self, start: int, end: int) -> None:
        """Leave the images with code in [start, end) to the interpreter. Whoever runs them unwinds."""
        for image in [*self._shown, *self.waiting]:
            if any(at < end and start < at_end for at, at_end, _ in image.segments):
                if image in self._shown:
                    self._hide(image)
                    self._space.interrupt()
                else:
                    self.waiting.remove(image)

    def reset(self) -> None:
        self.waiting.clear()
        for image in self._shown:
            self._space.show_code_map(image.low, image.high, -1, 0)
        self._shown.clear()

    def entering(self) -> None:
        """Show the images that were mapped before their modules were compiled and are by now."""
        if not self.waiting:
            return
        for image in list(self.waiting):
            if all(module.exists() for module in image.modules):
                self.waiting.remove(image)
                self._show(image)

    def link(self, pc: int) -> None:
        """Put the functions of the module that has `pc` into the table."""
        (slot,) = _U32.unpack_from(self._space.memory.view, CODE_MAP + _MAP_SCALE * pc)
        module = self._library.module_of(slot)
        if module is None:
            return
        compiled = module.load()
        if compiled is None:
            self._hide(module.image)
            self.waiting.append(module.image)
            self._library.want(module.image)
        elif module in self.linked:  # it does not have the functions that it should: do without
            self._hide(module.image)
        else:
            self._space.instantiate_table(compiled, module.first)
            self.linked.add(module)

    def returned(self, hart: Hart) -> None: ...

    def fault(self, trap: Exception, most_frames: int) -> tuple[list[int], bool]:
        frames = getattr(trap, "frames", ())[:most_frames]
        titles = {frame.module_name for frame in frames} - {None}
        maps = {found.title: found for found in (each.fault_map() for each in self.linked)} if titles else {}
        pcs, is_precise = list[int](), True
        for called, frame in enumerate(frames):
            found = maps.get(frame.module_name)
            if found is None:
                continue
            calls = found.calls(frame.module_offset) if called else []
            if pcs:
                pcs += calls
            elif calls:
                break  # what is called there is not translated, and the fault is its own
            else:
                pcs = found.access(frame.module_offset, called=bool(called))
                is_precise = found.is_precise or not pcs
        return pcs, is_precise

    def went_on(self) -> None: ...

    def _show(self, image: Image) -> None:
        self._space.show_code_map(image.low, image.high, self._library.map_fd(), image.map_at)
        self._shown.add(image)
        self._forget_records(image)

    def _hide(self, image: Image) -> None:
        self._space.show_code_map(image.low, image.high, -1, 0)
        self._shown.discard(image)
        self._forget_records(image)

    def _forget_records(self, image: Image) -> None:
        first, last = image.low // PAGE, image.high // PAGE
        if any(bytes(self._space.memory.view[RECORDS + first : RECORDS + last])):
            self._space.forget_records(image.low, image.high)


def map_file(library: Library, identity: str, entries: Callable[[], Iterable[Sequence[int]]]) -> int:
    """A host file with the code map of all images: from this user's cache, else made there; the caller closes it.

    identity: names the library and its entries in the cache, "" for nowhere. entries: the pcs of each module.
    """
    directory = private_directory(cache_home() / "codemap") if identity else None
    path = directory / identity if directory else None
    if path is not None:
        try:
            fd = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
            if os.fstat(fd).st_size == library.map_bytes:
                return fd
            os.close(fd)
        except OSError:
            pass
    fd = os.memfd_create("code map", os.MFD_CLOEXEC)
    if path is not None:
        partial = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            made = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except OSError:
            return _write_map(fd, library, entries())
        try:
            _write_map(made, library, entries())
            partial.replace(path)
            os.close(fd)
            return made
        except OSError:
            os.close(made)
            partial.unlink(missing_ok=True)
    return _write_map(fd, library, entries())


def _write_map(fd: int, library: Library, entries: Iterable[Sequence[int]]) -> int:
    """Write the pages of the code map that hold anything."""
    os.ftruncate(fd, library.map_bytes)
    pages: dict[int, bytearray] = {}
    for module, pcs in zip(library.modules, entries, strict=True):
        image = module.image
        for slot, pc in enumerate(pcs, module.first):
            page, at = divmod(image.map_at + (pc - image.low) * _MAP_SCALE, PAGE)
            if page not in pages:
                pages[page] = bytearray(PAGE)
            _U32.pack_into(pages[page], at, slot)
    for page, content in pages.items():
        os.pwrite(fd, content, page * PAGE)
    return fd


def called(space: Space, start: int, end: int) -> Iterator[tuple[int, int]]:
    """(pc, target) of the interpreter's indirect calls and jumps in [start, end): the last of each, not of all."""
    for record, target in _CALL.iter_unpack(space.memory.view[CALLS : CALLS + _CALL.size * CALL_COUNT]):
        pc = (record - RECORDS) // RECORD_BYTES * 2
        if record >= RECORDS and start <= pc < end:
            yield pc, target


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


_STACK_BYTES = 256 << 10  # of a stack, as far as it is looked at


def resume_points(space: Space, hart: Hart) -> set[int]:
    """Where the code that `hart` is in will go on: its pc, and what on its stack follows a call."""
    memory = space.memory
    stack = hart.x(2) & ~7
    nbytes = memory.accessible(stack, _STACK_BYTES) if GUEST_START <= stack < 1 << 32 else 0
    words = memory.read(stack, nbytes & ~7) if nbytes else b""
    found = {pc for (pc,) in struct.iter_unpack("<Q", words) if GUEST_START <= pc < WINDOW_END and not pc % 2}
    found.add(hart.x(1))
    points = {pc for pc in found if GUEST_START + 4 <= pc < WINDOW_END and _after_call(space, pc)}
    if GUEST_START <= hart.pc < WINDOW_END:
        points.add(hart.pc)
    return points


def _after_call(space: Space, pc: int) -> bool:
    """Whether an instruction that writes ra and jumps ends at `pc`."""
    if space.memory.accessible(pc - 4, 4) < 4:
        return False
    return call_nbytes(_U32.unpack(space.memory.read(pc - 4, 4))[0]) > 0


def call_nbytes(word: int) -> int:
    """How long the call is that ends four bytes, the little-endian `word`; 0 if that writes no ra, or does not jump."""
    if word & 0xFFF in (0x0EF, 0x0E7):  # jal ra; jalr ra
        return 4
    return 2 if word >> 16 & 0xF07F == 0x9002 and word >> 23 & 31 else 0  # c.jalr
