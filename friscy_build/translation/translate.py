"""Translating the files of a bundle, each once: what was made is kept by what it was made from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import msgpack
from elftools.elf.elffile import ELFFile

from friscy.kernel import elf
from friscy_build.aot.discover import Functions, likely_calls
from friscy_build.aot.effects import LINKS
from friscy_build.aot.image import CodeImage
from friscy_build.aot.jobs import plan, translate_units
from friscy_build.aot.module import Options
from friscy_build.cache import cache_dir, replacing
from friscy_build.fingerprint import code_digest
from friscy_build.images.progress import Progress
from friscy_build.isa.decode import decode
from friscy_build.translation.placing import Files, Place
from friscy_build.translation.recording import Recording, Touched

TRANSLATOR_CODE = (
    "friscy_build/translation/translate.py", "friscy_build/aot", "friscy_build/isa", "friscy_build/wasm",
    "friscy/machine/layout.py",
)  # fmt: skip


class Translation:
    """The modules of one file: wasm, and the pcs of its functions in the order of its table segment.

    ninstructions: of the guest, of which they are made.
    """

    __slots__ = ("modules", "ninstructions", "place", "segments")

    def __init__(
        self,
        place: Place,
        segments: list[tuple[int, int, int]],
        modules: list[tuple[bytes, list[int]]],
        ninstructions: int,
    ) -> None:
        self.place, self.segments, self.modules, self.ninstructions = place, segments, modules, ninstructions

    @property
    def nbytes(self) -> int:
        """The size of the modules."""
        return sum(len(wasm) for wasm, _ in self.modules)


class Translator:
    """Translates files with one set of options.

    scope: "touched" for what was recorded and what that calls, "all" for all that can be found.
    faults: "auto", "fast" or "precise". executor: gives what runs the jobs, once there is one; None: they run here.
    cache: where what was made is kept.
    """

    def __init__(
        self,
        files: Files,
        *,
        scope: str,
        faults: str = "auto",
        executor: Callable[[], Executor] | None = None,
    ) -> None:
        self._files, self._scope, self._faults, self._executor = files, scope, faults, executor
        self.cache: Path | None = cache_dir() / "translated"
        self._jobs: Executor | None = None

    def translate(
        self, places: Iterable[Place], recording: Recording, progress: Progress
    ) -> Iterator[Translation]:
        """The translations of `places`, of those files that have anything to translate: those of much code first."""

        def of(place: Place) -> Touched:
            touched = Touched(place.inodes[0])
            for ino in place.inodes:
                if ino in recording.files:
                    touched.add(recording.files[ino])
            return touched

        listed = [(place, of(place)) for place in places]
        for place, touched in sorted(listed, key=lambda each: -len(each[1].executed)):
            made = self._translate(place, touched, progress)
            if made.modules:
                yield made

    def _translate(self, place: Place, touched: Touched, progress: Progress) -> Translation:
        data = self._files.read(place.inodes[0])
        parsed = elf.parse(lambda at, n: data[at : at + n], len(data), place.path)
        bias = place.low - parsed.low if parsed.relocatable else 0
        code = [segment for segment in parsed.load if segment.flags & elf.PF_X]
        segments = [(s.vaddr + bias, s.vaddr + bias + s.filesz, s.offset) for s in code]

        def address(offset: int) -> int | None:
            found = (
                start + offset - first for start, end, first in segments if 0 <= offset - first < end - start
            )
            return next(found, None)

        def addresses(offsets: Iterable[int]) -> set[int]:
            return {found for offset in offsets if (found := address(offset)) is not None}

        executed, resumed = addresses(touched.executed), addresses(touched.resumed)
        seen: dict[int, set[int]] = {}
        called: set[int] = set()
        for at, targets in touched.calls.items():
            pc = address(at)
            if pc is not None:
                seen[pc] = addresses(targets)
                if _links(data, at):
                    called |= seen[pc]
        calls = likely_calls(seen)
        everything = self._scope == "all"
        options = options_for(data, self._faults, went_on=touched.precise)
        facts = [
            code_digest(*TRANSLATOR_CODE), place.digest, place.low, repr(options),
            [] if everything else sorted(executed), sorted(resumed), sorted(calls.items()),
            sorted(called), everything,
        ]  # fmt: skip
        key = sha256(msgpack.packb(facts)).hexdigest()
        path = self.cache / key if self.cache else None
        kept = _cached(path) if path else None
        if kept is None:
            image = CodeImage(data, place.low, name=place.path)
            functions = Functions(image, called, options.largest, calls, executed)
            entries = None if everything else functions.touched(executed) | resumed
            units = plan(
                data, place.low, name=place.path, entries=entries, callees=False, options=options, functions=functions
            )  # fmt: skip
            found = [] if entries == set() else translate_units(
                units, executor=self._pool(), progress=lambda done, total: progress(place.path, done, total)
            )  # fmt: skip
            kept = (
                [(each.wasm, list(each.entries)) for each in found],
                sum(each.ninstructions for each in found),
            )
            if path:
                _keep(path, kept)
        return Translation(place, segments, *kept)

    def _pool(self) -> Executor | None:
        if self._jobs is None and self._executor is not None:
            self._jobs = self._executor()
        return self._jobs


def _links(data: bytes, offset: int) -> bool:
    """Whether the instruction at an offset of a file is a call, rather than a jump."""
    nbytes = 4 if data[offset] & 3 == 3 else 2
    i = decode(int.from_bytes(data[offset : offset + nbytes], "little"))
    return i is not None and i.rd in LINKS


def options_for(data: bytes, faults: str, *, went_on: bool = False) -> Options:
    """How to translate an ELF file. faults: as friscy.toml has it; went_on: whether a program went on behind one."""
    if faults == "auto":
        faults = "precise" if went_on or is_go(data) else "fast"
    return Options(faults=faults)


def is_go(data: bytes) -> bool:
    """Go's runtime makes panics of faults, from the registers that its handler sees."""
    return any(
        section.name in (".gopclntab", ".go.buildinfo") for section in ELFFile(BytesIO(data)).iter_sections()
    )


# The modules, and how many of the guest's instructions they are made of.
_Kept = tuple[list[tuple[bytes, list[int]]], int]


def _cached(path: Path) -> _Kept | None:
    """The modules kept at `path`, None where they are not, or not whole."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    told, content = data[:32], data[32:]
    if sha256(content).digest() != told:
        return None
    modules, ninstructions = msgpack.unpackb(content)
    return [(wasm, pcs) for wasm, pcs in modules], ninstructions


def _keep(path: Path, kept: _Kept) -> None:
    content = msgpack.packb(kept)
    with replacing(path) as file:
        file.write(sha256(content).digest() + content)
