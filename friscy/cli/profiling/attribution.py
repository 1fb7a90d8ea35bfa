"""What samples say: how much time went where, and which guest function it belongs to.

In translated code the host's instruction tells the function. In the interpreter its registers do: the loop has the
address of the record that it runs in one of them (friscy_build/interpreter/loop.py), so the guest is not disturbed.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from friscy.cli.profiling.native_code import NativeCode
from friscy.cli.profiling.timeline import Timeline, View
from friscy.machine.layout import RECORD_BYTES, RECORDS, WINDOW_END

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from friscy.cli.profiling.perf_event import Sample
    from friscy.machine.aot import Image
    from friscy_build.translation.naming import File, Named, Naming

TRANSLATED, INTERPRETER, HOST = "translated", "interpreter", "host"
ENGINE = ""  # the key of the interpreter's module; others go by their file's name
_LOOPS = frozenset(("interpret", "interpret_call", "invalidate", "probe", "unlinked"))
RECORD_ADDRESSES = range(RECORDS, RECORDS + WINDOW_END // 2 * RECORD_BYTES)

SHARED = "(what functions share: unwinding, ...)"

# Why code was interpreted.
UNUSED = "translated code is left alone"
UNTRANSLATED = "nothing of its file is translated"
UNSEEN = "not seen while the bundle was recorded"
MIDDLE = "entered in its middle, where no entry is"
UNFOUND = "a part that the translator did not find"
HANDING = "calling the translated code"
UNCOMPILED = "not compiled yet: this was a first run"
ELSEWHERE = "its file lies elsewhere than it was translated for"
CHANGED = "changed, after it was mapped"
GENERATED = "generated, or not of an ELF file"
UNKNOWN = "between two instructions, or outside the code window"


Registers = tuple[tuple[int, int], ...]


class Row:
    """Samples that belong together. named: the guest function; None: there is none, or none is known.

    places: the interpreted instructions, with their samples.
    """

    __slots__ = ("count", "kind", "named", "places", "where", "why")

    def __init__(self, where: str, kind: str, named: Named | None, why: str, count: int) -> None:
        self.where, self.kind, self.named, self.why, self.count = where, kind, named, why, count
        self.places: Counter[int] = Counter()


class Tally:
    """Rows, each there once."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str, Named | None, str], Row] = {}

    def add(self, where: str, kind: str, named: Named | None, why: str, count: int) -> Row:
        key = where, kind, named, why
        row = self.rows.get(key)
        if row is None:
            row = self.rows[key] = Row(*key, 0)
        row.count += count
        return row


class RecordRegisters:
    """Which register has the record that an engine's function runs.

    Several hold records: of the jump before, of where the loop was entered. The loop's own variable is the one that
    changes most often from one sample to the next.
    """

    def __init__(self) -> None:
        self._changes: Counter[tuple[int, int]] = Counter()  # by (function index, register)
        self._last: dict[tuple[int, int], int] = {}

    def learn(self, function: int, registers: Registers) -> None:
        """Take a sample into account."""
        for number, value in registers:
            key = function, number
            self._changes[key] += self._last.get(key) != value
            self._last[key] = value

    def pcs(self, function: int, registers: Registers) -> list[int]:
        """What a sample may have been at, the most likely first."""
        ordered = sorted(registers, key=lambda each: -self._changes[function, each[0]])
        return [(value - RECORDS) // RECORD_BYTES * 2 for _, value in ordered]


class Attribution:
    """Tallies samples.

    native: the modules' code. images: the library's, by what mapped files are known by; None: the run was told to use
    no translated code. host_kind: says what the host's code at an address is.
    """

    def __init__(
        self,
        native: NativeCode[str],
        timeline: Timeline,
        naming: Naming,
        images: Mapping[bytes, Image] | None,
        host_kind: Callable[[int], str],
    ) -> None:
        self._native, self._timeline, self._naming = native, timeline, naming
        self._images, self._host_kind = images, host_kind
        self._owner: dict[tuple[str, int], Named | None] = {}  # of functions of translated modules
        self._exports = naming.engine_exports

    def rows(self, samples: Iterable[Sample]) -> list[Row]:
        """All samples, those of one function and reason together; the most first."""
        translated: Counter[tuple[str, int]] = Counter()
        interpreted: Counter[tuple[int, int, str]] = Counter()
        host: Counter[int] = Counter()
        records, in_engine = RecordRegisters(), []
        for time_ns, chain, registers in samples:
            found = self._wasm(chain)
            if found is None:
                host[chain[0]] += 1
            elif found[0] != ENGINE:
                translated[found] += 1
            else:
                records.learn(found[1], registers)
                in_engine.append((time_ns, found[1], registers))
        for time_ns, function, registers in in_engine:
            pcs = records.pcs(function, registers)
            interpreted[self._interpreted(self._timeline.view(time_ns), pcs)] += 1
        tally = Tally()
        for (module, index), count in translated.items():
            named = self._translated(module, index)
            tally.add(TRANSLATED, "" if named is not None else SHARED, named, "", count)
        for (ino, offset, state), count in interpreted.items():
            named, why, pc = self._reason(ino, offset, state)
            tally.add(INTERPRETER, "", named, why, count).places[pc] += count
        for address, count in host.items():
            tally.add(HOST, self._host_kind(address), None, "", count)
        return sorted(tally.rows.values(), key=lambda row: -row.count)

    def _wasm(self, chain: tuple[int, ...]) -> tuple[str, int] | None:
        """The function that a sample's time is for: what translated code calls of the interpreter's module, and what
        a module's functions share, is for who called it."""
        first = found = self._native.find(chain[0])
        for caller in chain[1:]:
            if found is None or not self._serves(found):
                break
            called, found = found, self._native.find(caller)
            if found is not None and found[0] != ENGINE and not self._serves(found):
                return found if called[0] != ENGINE or called[1] in self._exports else first
        return first

    def _serves(self, function: tuple[str, int]) -> bool:
        module, index = function
        if module == ENGINE:
            return self._exports.get(index) not in _LOOPS
        return self._translated(module, index) is None

    def _translated(self, module: str, index: int) -> Named | None:
        key = module, index
        if key not in self._owner:
            self._owner[key] = self._naming.translated(module, index)
        return self._owner[key]

    def _interpreted(self, view: View, pcs: list[int]) -> tuple[int, int, str]:
        """(inode number, offset in the file, what is known of the reason)."""
        for pc in pcs:
            mapped = view.at(pc)
            if mapped is None:
                continue
            start, end, identity, offset = mapped
            ino = int.from_bytes(identity[-4:], "little")
            return ino, pc - start + offset, self._state(view, start, end, identity, offset)
        return (0, pcs[0], GENERATED) if pcs else (0, 0, UNKNOWN)

    def _state(self, view: View, start: int, end: int, identity: bytes, offset: int) -> str:
        """Why no code of the file was used at all; "" where it was used."""
        if self._images is None:
            return UNUSED
        image = self._images.get(identity)
        if image is None:
            return UNTRANSLATED
        if image in view.shown:
            return ""
        if image in view.waiting:
            return UNCOMPILED
        return CHANGED if image.covers(start, end, offset) else ELSEWHERE

    def _reason(self, ino: int, offset: int, state: str) -> tuple[Named | None, str, int]:
        """(the function, why it was interpreted, the instruction's address)."""
        if state in (GENERATED, UNKNOWN):
            return None, state, offset
        file = self._naming.file(ino)
        pc = file.address(offset) if file is not None else None
        if file is None or pc is None:
            return None, GENERATED, offset
        named = file.function(pc)
        return named, state or _reason(file, named, pc), pc


def _reason(file: File, named: Named, pc: int) -> str:
    """Why an instruction was interpreted while its file's translated code was used."""
    if pc in file.entries:
        return HANDING
    if not file.is_entered(named):
        return UNSEEN
    return MIDDLE if file.is_translated(named, pc) else UNFOUND
