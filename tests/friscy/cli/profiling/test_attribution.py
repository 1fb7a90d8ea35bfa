"""What samples are taken for: native code to functions, registers to guest code, and the reasons."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import pytest
import wasmtime

from friscy.cli.profiling import attribution as why
from friscy.cli.profiling.attribution import ENGINE, Attribution, RecordRegisters, Row
from friscy.cli.profiling.host_code import BETWEEN, LIBRARIES, PYTHON, WASMTIME, HostCode
from friscy.cli.profiling.native_code import NativeCode, functions_of
from friscy.cli.profiling.timeline import Timeline, Witness
from friscy.machine.engine import make_engine
from friscy.machine.layout import RECORD_BYTES, RECORDS
from friscy_build.translation.naming import Named

LOW, HIGH, OFFSET = 0x20000, 0x24000, 0x1000
PROGRAM, LIBRARY = (b"d" * 32 + ino.to_bytes(4, "little") for ino in (7, 8))


def record(pc: int) -> int:
    """Where the interpreter has decoded the instruction at `pc`."""
    return RECORDS + pc // 2 * RECORD_BYTES


def test_native_functions_are_found_by_address() -> None:
    engine = make_engine()
    text = '(module (import "a" "b" (func)) (func (export "f") (result i32) i32.const 1) (func $named nop))'
    first, second = (wasmtime.Module(engine, wasmtime.wat2wasm(text)) for _ in range(2))
    ranges = functions_of(bytes(first.serialize()))
    assert [index for _, _, index in ranges] == [1, 2], "imports count"
    native = NativeCode([("first", first), ("second", second)])
    for key in ("first", "second"):
        (low, end), (other, _) = [row[:2] for row in native._rows if row[2] == key]
        assert [native.find(address) for address in (low, end - 1, other)] == [(key, 1), (key, 1), (key, 2)]
        assert native.find(low - 1) is None
    assert native.find(0) is None


def test_the_loops_register_is_the_one_that_changes_most() -> None:
    registers = RecordRegisters()
    for k in range(50):
        registers.learn(6, ((3, record(100)), (9, record(200 + 2 * k)), (12, record(200 + k // 10 * 2))))
        registers.learn(7, ((3, record(300 + 2 * k)),))
    at = ((3, record(100)), (9, record(298)), (12, record(208)))
    assert registers.pcs(6, at)[:3] == [298, 208, 100]
    assert registers.pcs(7, ((9, record(4)), (3, record(2)))) == [2, 4]


class Native:
    """Host addresses as (module, function index) themselves: 1000 * module + index, module 0 being the engine's."""

    def find(self, address: int) -> tuple[str, int] | None:
        module, index = divmod(address, 1000)
        return (ENGINE if not module else f"m{module}", index) if module < 9 else None


class File:
    def __init__(self, entries: Sequence[int], translated: Sequence[int]) -> None:
        self.entries, self.translated = entries, translated

    def address(self, offset: int) -> int | None:
        return LOW + offset - OFFSET if offset < 0x4000 else None

    def function(self, pc: int) -> Named:
        return Named("/bin/program", f"f{pc & ~0xFF:x}", pc & ~0xFF)

    def is_entered(self, named: Named) -> bool:
        return named.address in self.entries

    def is_translated(self, named: Named, pc: int) -> bool:
        return pc in self.translated


class Naming:
    """engine_exports: function 1 is the loop, 2 a helper; others are not exported. Functions from 50 on are shared."""

    def __init__(self) -> None:
        self.engine_exports = {1: "interpret_call", 2: "float_fma"}

    def translated(self, module: str, index: int) -> Named | None:
        return Named("/bin/program", f"{module}.{index}", index) if index < 50 else None

    def file(self, ino: int) -> Any:
        return File([LOW, LOW + 0x100], [LOW + 0x10]) if ino == 7 else None


class Image:
    def covers(self, start: int, end: int, offset: int) -> bool:
        return start == LOW


class Code:
    """A watcher whose one image is shown, waits, or neither."""

    def __init__(self, state: str, image: Image) -> None:
        self.shown, self.waiting = ({image} if state == each else set() for each in ("shown", "waiting"))

    def __getattr__(self, name: str) -> Any:
        return lambda *_: None


def rows(
    samples: Sequence[Any],
    state: str = "shown",
    start: int = LOW,
    *,
    images: Any = ...,
    identity: bytes = PROGRAM,
) -> list[Row]:
    image: Any = Image()
    now = iter(range(10, 1000))
    timeline = Timeline(lambda: next(now))
    witness = Witness(timeline, Code(state, image))  # type: ignore[arg-type]
    witness.mapped(start, start + HIGH - LOW, identity, OFFSET)
    witness.entering()
    known = {PROGRAM: image} if images is ... else images
    tally = Attribution(Native(), timeline, Naming(), known, lambda address: f"kind {address}")  # type: ignore[arg-type]
    return tally.rows(samples)


def interpreted(pc: int, time_ns: int = 500) -> tuple[int, tuple[int, ...], tuple[tuple[int, int], ...]]:
    return time_ns, (6, 5, 1, 1007), ((4, record(pc)),)


def only(found: list[Row]) -> tuple[str, str | None, str]:
    (row,) = found
    return row.where, row.named.name if row.named is not None else None, row.why


@pytest.mark.parametrize(
    ("chain", "where", "name"),
    [
        ((1007,), "translated", "m1.7"),
        ((1007, 2009), "translated", "m1.7"),
        ((1060, 1007), "translated", "m1.7"),  # what a module's functions share is for its caller
        ((1060, 1061, 2008), "translated", "m2.8"),
        ((1060, 9999), "translated", None),
        ((2, 1007), "translated", "m1.7"),  # a helper, and what it calls in turn
        ((6, 2, 1060, 1007), "translated", "m1.7"),
        ((6, 5, 1, 1007), "interpreter", None),  # the loop that translated code has called
        ((6, 5, 1007), "interpreter", None),  # the same, by a tail call
        ((2, 6, 5, 1, 1007), "interpreter", None),  # a helper that the loop has called
    ],
)
def test_time_is_for_the_function_that_wanted_it(
    chain: tuple[int, ...], where: str, name: str | None
) -> None:
    (row,) = rows([(500, chain, ())])
    assert (row.where, row.named.name if row.named else None) == (where, name)


@pytest.mark.parametrize(
    ("pc", "state", "name", "reason"),
    [
        (LOW, "shown", "f20000", why.HANDING),
        (LOW + 0x10, "shown", "f20000", why.MIDDLE),
        (LOW + 0x20, "shown", "f20000", why.UNFOUND),
        (LOW + 0x200, "shown", "f20200", why.UNSEEN),
        (LOW + 0x10, "waiting", "f20000", why.UNCOMPILED),
        (LOW + 0x10, "hidden", "f20000", why.CHANGED),
        (HIGH + 0x10, "shown", None, why.GENERATED),
        (HIGH - 2, "shown", None, why.GENERATED),  # behind the file's code
    ],
)
def test_interpreted_code_has_a_reason(pc: int, state: str, name: str | None, reason: str) -> None:
    assert only(rows([interpreted(pc)], state)) == ("interpreter", name, reason)


def test_files_without_translated_code_have_theirs() -> None:
    assert only(rows([interpreted(LOW)], images={}))[2] == why.UNTRANSLATED
    assert only(rows([interpreted(LOW)], images=None))[2] == why.UNUSED
    assert only(rows([interpreted(LOW + 0x1000)], "hidden", LOW + 0x1000))[2] == why.ELSEWHERE
    assert only(rows([interpreted(LOW)], identity=LIBRARY, images={}))[1:] == (None, why.GENERATED)
    assert only(rows([(500, (6,), ())]))[2] == why.UNKNOWN
    assert only(rows([interpreted(LOW, time_ns=1)]))[2] == why.GENERATED, "nothing was mapped yet"


def test_samples_of_one_function_are_one_row() -> None:
    found = rows([interpreted(LOW + 0x200), interpreted(LOW + 0x210), (500, (1007,), ()), (500, (9001,), ())])
    assert [(row.where, row.kind, row.count) for row in found] == [
        ("interpreter", "", 2), ("translated", "", 1), ("host", "kind 9001", 1),
    ]  # fmt: skip


def test_interpreted_instructions_are_told() -> None:
    (row,) = rows([interpreted(LOW + 0x200)] * 2 + [interpreted(LOW + 0x210)])
    assert row.places == {LOW + 0x200: 2, LOW + 0x210: 1}
    (row,) = rows([interpreted(HIGH + 0x10)])
    assert row.places == {HIGH + 0x10: 1}


def test_what_lay_where_is_known_by_time() -> None:
    times = iter(range(0, 1000, 10))
    timeline = Timeline(lambda: next(times))
    parent, child = Witness(timeline, None), Witness(timeline, None)
    parent.mapped(LOW, HIGH, PROGRAM, 0)  # 0
    parent.entering()  # 10
    parent.entering()
    child.mapped(LOW, HIGH, LIBRARY, 0)  # 20
    child.entering()  # 30
    parent.forget(LOW, HIGH)  # 40
    parent.entering()  # 50
    seen = [timeline.view(at).at(LOW) for at in (5, 15, 35, 55)]
    assert [None if each is None else each[2] for each in seen] == [None, PROGRAM, LIBRARY, None]
    child.forget(LOW + 0x1000, LOW + 0x2000)  # 60: a part of it
    child.reset()  # 70
    seen = [child.view(65).at(pc) for pc in (LOW, LOW + 0x1000, HIGH - 2)] + [child.view(75).at(LOW)]
    assert [None if each is None else each[2] for each in seen] == [LIBRARY, None, LIBRARY, None]


def test_a_file_that_is_written_to_in_part_is_changed() -> None:
    image: Any = Image()
    now = iter(range(10, 1000))
    timeline = Timeline(lambda: next(now))
    witness = Witness(timeline, Code("hidden", image))  # type: ignore[arg-type]
    witness.mapped(LOW, HIGH, PROGRAM, OFFSET)
    witness.forget(LOW, LOW + 0x1000)
    witness.entering()
    tally = Attribution(Native(), timeline, Naming(), {PROGRAM: image}, str)  # type: ignore[arg-type]
    reasons = {row.why for row in tally.rows([interpreted(LOW), interpreted(LOW + 0x1000)])}
    assert reasons == {why.GENERATED, why.CHANGED}


def test_the_hosts_code_is_told_by_its_file() -> None:
    maps = """\
1000-2000 r-xp 00000000 08:01 1 /opt/env/lib/wasmtime/linux-x86_64/_libwasmtime.so
2000-3000 r--p 00000000 08:01 1 /opt/env/lib/wasmtime/linux-x86_64/_libwasmtime.so
3000-4000 r-xp 00000000 08:01 2 /usr/bin/python3.11
4000-5000 r-xp 00000000 00:00 0
5000-6000 r-xp 00000000 08:01 3 /usr/lib/with space/libc.so.6
6000-7000 r-xp 00000000 08:01 4 /usr/lib/python3/_ctypes.cpython-311-x86_64-linux-gnu.so
7000-8000 r-xp 00000000 08:01 4 /usr/lib/python3/_struct.cpython-311-x86_64-linux-gnu.so
8000-9000 r-xp 00000000 00:00 0 [vdso]
"""
    host = HostCode(maps)
    addresses = range(0x1800, 0x9800, 0x1000)
    assert [host.kind(address) for address in addresses] == [
        WASMTIME, BETWEEN, PYTHON, BETWEEN, LIBRARIES, BETWEEN, PYTHON, LIBRARIES,
    ]  # fmt: skip
    here = HostCode.of_this_process()

    assert here.kind(ctypes.cast(ctypes.pythonapi.Py_GetVersion, ctypes.c_void_p).value or 0) == PYTHON
