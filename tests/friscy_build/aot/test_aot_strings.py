"""String functions of the C library: their bodies do what the guest's own do, up to the last byte before a page."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pytest
import wasmtime
from aot_guest import CODE
from required_tools import require_tool
from test_aot_code import A0, IDENTITY, RA, Process, interpreted, library

from friscy.machine.aot import Code
from friscy.machine.layout import GUEST_END, PAGE
from friscy.machine.memory import PROT_READ, PROT_WRITE
from friscy_build.aot.image import CodeImage
from friscy_build.aot.strings import COMPILED, ROUTINES, key, routine_for

SOURCE = """
typedef unsigned long size_t;
typedef unsigned char u8;
void *memcpy(void *d, const void *s, size_t n) { for (size_t i = 0; i < n; i++) ((u8 *)d)[i] = ((u8 *)s)[i]; return d; }
void *memmove(void *d, const void *s, size_t n) {
    if ((size_t)d - (size_t)s >= n) return memcpy(d, s, n);
    while (n--) ((u8 *)d)[n] = ((u8 *)s)[n];
    return d;
}
void *memset(void *d, int c, size_t n) { for (size_t i = 0; i < n; i++) ((u8 *)d)[i] = (u8)c; return d; }
int memcmp(const void *a, const void *b, size_t n) {
    for (size_t i = 0; i < n; i++) if (((u8 *)a)[i] != ((u8 *)b)[i]) return ((u8 *)a)[i] - ((u8 *)b)[i];
    return 0;
}
void *memchr(const void *a, int c, size_t n) {
    for (size_t i = 0; i < n; i++) if (((u8 *)a)[i] == (u8)c) return (u8 *)a + i;
    return 0;
}
void *memrchr(const void *a, int c, size_t n) {
    while (n--) if (((u8 *)a)[n] == (u8)c) return (u8 *)a + n;
    return 0;
}
size_t strlen(const char *s) { size_t n = 0; while (s[n]) n++; return n; }
size_t strnlen(const char *s, size_t m) { size_t n = 0; while (n < m && s[n]) n++; return n; }
char *strchrnul(const char *s, int c) { while (*s && (u8)*s != (u8)c) s++; return (char *)s; }
char *strchr(const char *s, int c) { s = strchrnul(s, c); return (u8)*s == (u8)c ? (char *)s : 0; }
int strncmp(const char *a, const char *b, size_t n) {
    for (; n; n--, a++, b++) if (*a != *b || !*a) return (u8)*a - (u8)*b;
    return 0;
}
int strcmp(const char *a, const char *b) { return strncmp(a, b, ~0ul); }
char *stpcpy(char *d, const char *s) { while ((*d = *s)) d++, s++; return d; }
char *strcpy(char *d, const char *s) { stpcpy(d, s); return d; }
__asm__(".globl _start; _start: ecall");
"""
ONE, OTHER = 0x3000_0000, 0x3800_0000  # with nothing mapped before and after
NBYTES = 4 * PAGE
# Arguments by name: two addresses, a byte, a length.
TAKES = {
    "memcpy": "abn", "memmove": "abn", "memset": "acn", "memcmp": "abn", "memchr": "acn", "memrchr": "acn",
    "strlen": "a", "strnlen": "an", "strchrnul": "ac", "strchr": "ac", "strncmp": "abn", "strcmp": "ab",
    "stpcpy": "ab", "strcpy": "ab",
}  # fmt: skip
ASCENDING = [name for name in TAKES if name not in ("memcpy", "memmove", "stpcpy", "strcpy", "memrchr")]
LIMITED = (
    "memchr",
    "memcmp",
    "strncmp",
    "strnlen",
)  # end before their length's end, where they find what they look for
LENGTHS = [
    *range(1, 36),
    *range(46, 52),
    *range(62, 68),
    79,
    80,
    81,
    95,
    96,
    97,
    *range(126, 132),
    160,
    192,
    193,
    255,
]
LENGTHS += [256, 257, 300, 511, 512, 513, 700, 1000, PAGE - 1, PAGE, PAGE + 1, PAGE + 130, 2 * PAGE + 20]


@pytest.fixture
def process(aot_engine: wasmtime.Engine, aot_interpreter: wasmtime.Module) -> Process:
    return Process(aot_engine, aot_interpreter)


@pytest.fixture(scope="module")
def elf(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    place = tmp_path_factory.mktemp("strings")
    source, program = place / "strings.c", place / "strings"
    source.write_text(SOURCE)
    flags = ["-O1", "-static", "-nostdlib", "-fno-builtin", "-fno-tree-loop-distribute-patterns", "-w"]
    flags += ["-fno-stack-protector", f"-Wl,-Ttext-segment={CODE & ~0xFFFF:#x}"]
    subprocess.run([require_tool("riscv64-linux-gnu-gcc"), *flags, "-o", program, source], check=True)
    return Path(program).read_bytes()


@dataclass(frozen=True)
class Case:
    """A call of a function. texts: what is in the two areas; values: its arguments by their names in TAKES."""

    name: str
    texts: tuple[bytes, bytes]
    values: Mapping[str, int]


def random_cases(rng: random.Random) -> Iterator[Case]:
    """40 calls of each function, anywhere in the areas."""
    for name in TAKES:
        for _ in range(40):
            filling = bytes(rng.choices(b"abc" if rng.random() < 0.5 else b"a", k=NBYTES - 1)) + b"\0"
            texts = bytearray(filling), bytearray(filling)
            for _ in range(rng.randrange(3)):
                rng.choice(texts)[rng.randrange(NBYTES - 1)] = rng.choice(b"abc\0")
            n = rng.choice((rng.randrange(40), rng.randrange(200), rng.randrange(NBYTES)))
            near_end = NBYTES - n if rng.random() < 0.4 else rng.randrange(NBYTES - n + 1)
            start = ONE + min(near_end, NBYTES - 1)
            n = min(n, ONE + NBYTES - start)
            other = (ONE if name == "memmove" and rng.random() < 0.5 else OTHER) + rng.randrange(
                NBYTES - max(n, 1) + 1
            )
            if name in ("stpcpy", "strcpy"):  # where the copy fits and does not run into itself
                start, other = ONE + rng.randrange(64), OTHER + rng.randrange(64, NBYTES)
            values = {"a": start, "b": other, "c": rng.choice(b"abcd\0") + 256 * rng.randrange(2), "n": n}
            yield Case(name, (bytes(texts[0]), bytes(texts[1])), values)


def edge_cases(rng: random.Random) -> Iterator[Case]:
    """Calls up to the last byte of an area, or from its first, of lengths at which the bodies go other ways.

    What ends at a 0, or at a difference, may be given a length that reaches beyond the area.
    """
    for name, n in product(TAKES, LENGTHS):
        text = bytearray(1 + k % 100 for k in range(n))
        one, other = bytearray(NBYTES), bytearray(NBYTES)
        start = rng.choice((0, NBYTES - n))
        second = rng.choice((0, NBYTES - n, NBYTES - n - rng.randrange(80)))
        one[start : start + n] = other[second : second + n] = text
        c = rng.choice(b"\0z")
        limit = n + rng.choice((-1, 0, 0, 1, PAGE)) if name in LIMITED and not c else n
        if n > 1 and rng.random() < 0.5:  # an earlier end or difference
            one[start + rng.randrange(n - 1)] = rng.choice(b"a\0z")
            other[second + rng.randrange(n - 1)] = rng.choice(b"az")
        if name.startswith("st") or limit != n:
            one[start + n - 1] = 0
        if name.startswith("st") and name not in LIMITED:
            other[second + n - 1] = 0
        a, b = ONE + start, OTHER + second
        if name == "memmove":
            apart = ONE + rng.randrange(max(start - 80, 0), min(start + 80, NBYTES - n) + 1)
            a, b = rng.choice(((a, b), (a, apart), (apart, a)))
        yield Case(name, (bytes(one), bytes(other)), {"a": a, "b": b, "c": c, "n": limit})


def run_cases(
    process: Process, image: CodeImage, cases: Iterable[Case]
) -> list[tuple[Case, int, bytes, bytes]]:
    """(case, a0, both areas afterwards) of each."""
    memory = process.space.memory
    addresses = {symbol.name: symbol.address for symbol in image.symbols()}
    content = image.read(image.base, image.end - image.base)
    assert content is not None
    process.load(content, image.base)
    for area in (ONE, OTHER):
        memory.map(area, area + NBYTES, PROT_READ | PROT_WRITE)
    process.space.code_mapped(image.base, image.end, IDENTITY, 0)
    results = []
    for case in cases:
        for area, text in zip((ONE, OTHER), case.texts, strict=True):
            memory.write(area, text)
        for k, argument in enumerate(TAKES[case.name]):
            process.hart.set_x(A0 + k, case.values[argument])
        process.hart.set_x(RA, image.entry)
        a0 = process.run(addresses[case.name])
        areas = bytes(memory.view[ONE : ONE + NBYTES]), bytes(memory.view[OTHER : OTHER + NBYTES])
        results.append((case, a0, *areas))
        assert not process.faults, case
    assert not process.traps
    return results


@pytest.mark.parametrize("cases", [random_cases, edge_cases])
@pytest.mark.parametrize("seed", range(2))
def test_bodies(
    aot_engine: wasmtime.Engine,
    aot_interpreter: wasmtime.Module,
    elf: bytes,
    seed: int,
    cases: Callable[[random.Random], Iterator[Case]],
) -> None:
    image = CodeImage(elf, name="strings")
    segments = [(start, end, start - image.base) for start, end in image.code_ranges]
    own, replaced = (Process(aot_engine, aot_interpreter) for _ in range(2))
    replaced.space.code = Code(replaced.space, library(aot_engine, elf, segments))
    done, expected = (run_cases(each, image, cases(random.Random(seed))) for each in (replaced, own))
    for one, other in zip(done, expected, strict=True):
        assert one == other, one[0].values
    for symbol in image.symbols():
        if symbol.name in TAKES:
            inner = range(symbol.address + 2, symbol.address + symbol.nbytes, 2)
            assert not any(interpreted(replaced, pc) for pc in inner), symbol.name
            assert any(interpreted(own, pc) for pc in inner), symbol.name


def call(engine: wasmtime.Engine, process: Process, elf: bytes, name: str, values: Mapping[str, int]) -> int:
    """Call a function of the translated program; returns its entry."""
    image = CodeImage(elf, name="strings")
    segments = [(start, end, start - image.base) for start, end in image.code_ranges]
    process.space.code = Code(process.space, library(engine, elf, segments))
    content = image.read(image.base, image.end - image.base)
    assert content is not None
    process.load(content, image.base)
    process.space.code_mapped(image.base, image.end, IDENTITY, 0)
    for k, argument in enumerate(TAKES[name]):
        process.hart.set_x(A0 + k, values[argument])
    process.hart.set_x(RA, image.entry)
    entry = next(symbol.address for symbol in image.symbols() if symbol.name == name)
    process.run(entry)
    return entry


@pytest.mark.parametrize("before", [1, 20, 100, NBYTES - 5, 5 - PAGE])
@pytest.mark.parametrize("name", ASCENDING)
def test_faults_at_the_first_byte_outside(
    aot_engine: wasmtime.Engine, process: Process, elf: bytes, name: str, before: int
) -> None:
    process.space.memory.map(ONE, ONE + NBYTES, PROT_READ | PROT_WRITE)
    process.space.memory.write(ONE, b"x" * NBYTES)
    start = ONE + NBYTES - before
    entry = call(aot_engine, process, elf, name, {"a": start, "b": start, "c": 0, "n": NBYTES})
    assert process.faults == [(max(start, ONE + NBYTES), entry)]


@pytest.mark.parametrize("n", [1, 20, 63, 64, 200, PAGE + 1])
def test_faults_at_the_last_byte_before(
    aot_engine: wasmtime.Engine, process: Process, elf: bytes, n: int
) -> None:
    process.space.memory.map(ONE, ONE + NBYTES, PROT_READ | PROT_WRITE)
    values = {"a": ONE - 100, "c": 1, "n": 100 + n}
    entry = call(aot_engine, process, elf, "memrchr", values)
    assert process.faults == [(ONE - 1, entry)]


@pytest.mark.parametrize("before", [1, 20, 100, PAGE])
@pytest.mark.parametrize("name", [name for name in ASCENDING if name not in ("memset", "memcmp")])
def test_faults_at_the_end_of_the_guests_range(
    aot_engine: wasmtime.Engine, process: Process, elf: bytes, name: str, before: int
) -> None:
    process.space.memory.map(GUEST_END - PAGE, GUEST_END, PROT_READ | PROT_WRITE)
    process.space.memory.write(GUEST_END - PAGE, b"x" * PAGE)
    start = GUEST_END - before
    entry = call(aot_engine, process, elf, name, {"a": start, "b": start, "c": 0, "n": NBYTES})
    assert process.faults == [(GUEST_END, entry)]


@pytest.mark.parametrize("n", [1, 20, PAGE])
def test_a_search_may_end_with_the_guests_range(
    aot_engine: wasmtime.Engine, process: Process, elf: bytes, n: int
) -> None:
    process.space.memory.map(GUEST_END - PAGE, GUEST_END, PROT_READ | PROT_WRITE)
    call(aot_engine, process, elf, "memchr", {"a": GUEST_END - n, "c": 1, "n": n})
    assert (process.hart.x(A0), process.faults, process.traps) == (0, [], [])


def test_declines_what_is_not_the_guests(aot_engine: wasmtime.Engine, process: Process, elf: bytes) -> None:
    call(aot_engine, process, elf, "memset", {"a": GUEST_END + PAGE, "c": 0, "n": 4})
    assert (process.traps, process.hart.trap_value) == ([7], GUEST_END + PAGE)


def test_names() -> None:
    assert routine_for("memcpy") is routine_for("__memcpy_generic") is ROUTINES["memcpy"]
    assert routine_for("__strchrnul") is ROUTINES["strchrnul"]
    assert routine_for("my_memcpy") is routine_for("memcpy_fast") is None


def test_compiled_file_is_of_this_source_and_layout() -> None:
    assert COMPILED.read_text().partition("\n")[0] == key(), "python -m friscy_build.aot.strings"
