"""Translated code: C programs by native gcc, as wasm from the source, under qemu-riscv64, and by both engines of ours.

python -m benchmarks.aot_speed [PROGRAM ...]

The same sources are compiled: by gcc -O2 for this machine; by clang -O2 (zig's) for wasm32-wasi, run by the wasmtime
and configuration that friscy has; by gcc -O2 for riscv64, run by qemu-user, by friscy's translated code and by its
interpreter. All must print the same. CoreMark's source has a licence of its own: it is fetched, not kept here.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import wasmtime

from benchmarks import subjects
from benchmarks.harness import (
    BenchmarkError,
    Measurement,
    alternate,
    keep_summary,
    parser_of,
    print_speeds,
    report,
    run,
    standalone,
)
from friscy.kernel.kernel import Kernel
from friscy.kernel.namespace import attach_providers, build_namespace
from friscy.kernel.terminal.console import Console
from friscy.machine.aot import Code, Image, Library, Module, Notes, Recorder, map_file
from friscy.machine.engine import make_engine
from friscy.machine.layout import PAGE
from friscy.machine.space import Space
from friscy_build.aot.discover import Functions, likely_calls
from friscy_build.aot.image import CodeImage
from friscy_build.aot.jobs import plan, translate_units
from friscy_build.cache import cache_dir
from friscy_build.interpreter.build import build_interpreter
from lazyfs.abi import O_CREAT, O_WRONLY
from lazyfs.inode import FsContext
from lazyfs.vfs import Vfs

IDENTITY = b"the program"
SOURCES = Path(__file__).with_name("sources")
ROUNDS = 5
FLAGS = ("-O2", "-w")
NATIVE, SOURCE, QEMU, AOT, INTERPRETER = (
    "native gcc",
    "source wasm",
    "qemu-riscv64",
    "friscy aot",
    "friscy interpreter",
)

COREMARK = "https://raw.githubusercontent.com/eembc/coremark/d5fad6bd094899101a4e5fd53af7298160ced6ab/"
COREMARK_FILES = {
    "core_list_join.c": "ca00e4e010ece47d7f040cb92aa50a95345a00d3171b59d088f6b243be06ce7b",
    "core_main.c": "17884c93c5b94378eb0ff02b4df3725756cf2addb9b8cbcaa6200a4649ff5ca7",
    "core_matrix.c": "ecdff717b5a5c4907d221a606760e25499899cbf617582c05d40db71c91351e4",
    "core_state.c": "f4b84bb0a3452c45a4daa664ab502bfdccbd31cb57d93e9ac490c60937717a4e",
    "core_util.c": "a3fbfcb9bb943b638624b8ece01c5836dd56a96d7bcde2697b248d077447327f",
    "coremark.h": "29f7eb0f0bdf6002f6c7dccfa4f8f9f32c0b8f6709f6538c2b73221938a9c8f1",
    "posix/core_portme.c": "f2b48f062058d528a5907e339ffd05d98f64d59e7c40d500fe05563eb5247ad0",
    "posix/core_portme_posix_overrides.h": "1dc67b5c1b9c773cccc740b911d708333d3bf154c3313f77b8a52e18209eda59",
    "posix/core_portme.h": "a40e90ef4c5a5626d438afee1f8da628c2800105d4c3b5318e8810b34be554f2",
}


@dataclass(frozen=True)
class Program:
    """arguments: what makes a run take about 0.1 s natively. goals: share of the speed of another contender."""

    arguments: tuple[str, ...]
    goals: Mapping[str, float]


PROGRAMS = {
    # seeds 0, 0, 0x66: a performance run; then iterations
    "coremark": Program(("0x0", "0x0", "0x66", "2500"), {SOURCE: 0.90, NATIVE: 0.80}),
    "sieve": Program(("150",), {SOURCE: 1.0}),
    "nbody": Program(("250000",), {SOURCE: 1.0}),
    "fib": Program(("35",), {SOURCE: 0.6}),
    "qsort": Program(("25",), {SOURCE: 0.6}),
    "strings": Program(("6000",), {SOURCE: 4.0}),
    "sha256": Program(("300",), {}),
    "hashtable": Program(("400",), {}),
    "bytecode": Program(("1500",), {}),
    "loops": Program(("1500",), {}),
}
APART = ("loops",)  # not of the mean, whose programs are those from before there were vectors
MEAN_GOAL = 1.0


def coremark_sources() -> Path:
    """The directory of CoreMark's sources, fetched at first use. BenchmarkError: they cannot be had."""
    place = cache_dir() / "benchmarks" / "coremark"
    for name, digest in COREMARK_FILES.items():
        path = place / name
        if path.exists() and sha256(path.read_bytes()).hexdigest() == digest:
            continue
        try:
            with urllib.request.urlopen(COREMARK + name, timeout=30) as answer:
                content = answer.read()
        except OSError as error:
            raise BenchmarkError(f"cannot fetch {COREMARK}{name}: {error}\n  put it at {path}") from error
        if sha256(content).hexdigest() != digest:
            raise BenchmarkError(f"{COREMARK}{name} is not the file it was")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return place


def sources(name: str) -> tuple[list[Path], list[str]]:
    """(files to compile, flags) of a program."""
    if name != "coremark":
        return [SOURCES / f"{name}.c"], []
    place = coremark_sources()
    files = [place / file for file in COREMARK_FILES if file.endswith(".c")]
    told = ["-DITERATIONS=0", '-DFLAGS_STR="-O2"', "-DMAIN_HAS_NOARGC=0", "-DCOMPILER_REQUIRES_SORT_RETURN=0"]
    return files, [f"-I{place}", f"-I{place / 'posix'}", "-DPERFORMANCE_RUN=1", *told]


def compiled(name: str, kind: str) -> Path:
    """The program for one of "native", "wasm" and "riscv64"."""
    files, flags = sources(name)
    output = subjects.SCRATCH / "aot" / kind / name
    newest = max(file.stat().st_mtime for file in [*files, Path(__file__)])
    if output.exists() and output.stat().st_mtime > newest:
        return output
    output.parent.mkdir(parents=True, exist_ok=True)
    compiler = {
        "native": lambda: [subjects.tool("gcc", "gcc"), "-static"],
        "riscv64": lambda: [subjects.tool("riscv64-linux-gnu-gcc", "gcc-riscv64-linux-gnu"), "-static"],
        "wasm": lambda: [sys.executable, "-m", "ziglang", "cc", "-target", "wasm32-wasi"],
    }[kind]()
    command = [*compiler, *FLAGS, *flags, *files, "-o", output, "-lm"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise BenchmarkError(f"{name} cannot be compiled for {kind}:\n{done.stderr}")
    return output


class SourceWasm:
    """A WASI program as wasmtime runs it, compiled before."""

    def __init__(self, engine: wasmtime.Engine, program: Path, arguments: Iterable[str]) -> None:
        self._module = wasmtime.Module(engine, program.read_bytes())
        self._engine, self._argv = engine, [program.name, *arguments]
        self._linker = wasmtime.Linker(engine)
        self._linker.define_wasi()

    def run(self) -> tuple[float, bytes]:
        """(milliseconds, output) of a run from the first instruction to the exit."""
        with tempfile.NamedTemporaryFile() as output:
            store = wasmtime.Store(self._engine)
            wasi = wasmtime.WasiConfig()
            wasi.argv, wasi.stdout_file = self._argv, output.name
            store.set_wasi(wasi)
            instance = self._linker.instantiate(store, self._module)
            start = instance.exports(store)["_start"]
            assert isinstance(start, wasmtime.Func)
            begin = time.perf_counter()
            try:
                start(store)
            except wasmtime.ExitTrap as trap:
                if trap.code:
                    raise
            elapsed = time.perf_counter() - begin
            store.close()
            return elapsed * 1e3, Path(output.name).read_bytes()


class Guest:
    """A static riscv64 program on our machine, its code interpreted until `translate` was called."""

    def __init__(
        self, engine: wasmtime.Engine, interpreter: wasmtime.Module, program: Path, arguments: Iterable[str]
    ) -> None:
        self._engine, self._interpreter = engine, interpreter
        self._file = program.read_bytes()
        self._image = CodeImage(self._file, name=program.name)
        base = self._image.base
        self._segments = [(start, end, start - base) for start, end in self._image.code_ranges]
        self._argv = [program.name.encode(), *(word.encode() for word in arguments)]
        self._library: Library | None = None
        self._touched: set[int] = set()
        self._calls: dict[int, int] = {}

    def translate(self) -> None:
        """Translate what the last run touched, as a bundle does by default."""
        functions = Functions(self._image, calls=self._calls, ran=self._touched)
        entries = functions.touched(self._touched)
        units = plan(self._file, name=self._image.name, entries=entries, callees=False, functions=functions)
        parts = translate_units(units)
        low = self._image.base
        high = -(-self._image.end // PAGE) * PAGE
        image = Image([IDENTITY], self._image.name, low, high, self._segments)
        modules, slot = [], 1
        for part in parts:
            compiled = wasmtime.Module(self._engine, part.wasm)
            modules.append(Module(image, slot, len(part.entries), lambda compiled=compiled: compiled))
            slot += len(part.entries)
        pcs = [part.entries for part in parts]
        self._library = Library([image], modules, lambda library: map_file(library, "", lambda: pcs))

    def run(self) -> tuple[float, bytes]:
        """(milliseconds, output) of a run from the program's first instruction to its exit."""
        vfs = Vfs()
        with tempfile.TemporaryFile() as output, open(os.devnull, "rb") as nothing:
            console = Console((nothing.fileno(), output.fileno(), output.fileno()))
            kernel = Kernel(vfs, self._new_space, console=console)
            attach_providers(kernel)
            root = build_namespace(kernel, vfs.new_tmpfs(mode=0o755))
            context = FsContext(root, root, 0o022)
            file = vfs.open(context, b"/program", O_WRONLY | O_CREAT, 0o755)
            vfs.write(file, self._file)
            vfs.release(file)
            files = console.open_standard(kernel, context)
            kernel.spawn_init(b"/program", self._argv, [], root=root, files=files, cwd=b"/", uid=0, gid=0)
            (space,) = kernel.spaces.values()
            notes = Notes()
            code = Code(space, self._library) if self._library else Recorder(space, notes)
            space.code = code
            for start, end, offset in self._segments:
                code.mapped(start, end, IDENTITY, offset)
            begin = time.perf_counter()
            status = kernel.run()
            elapsed = time.perf_counter() - begin
            output.seek(0)
            said = output.read()
            self._touched.update(*notes.executed.values())
            for each in notes.calls.values():
                self._calls.update(likely_calls(each))
            space.close()
        if status:
            raise BenchmarkError(f"{self._argv} ended with status {status}:\n{said.decode(errors='replace')}")
        return elapsed * 1e3, said

    def _new_space(self, kernel: Kernel) -> Space:
        return Space(
            self._engine,
            self._interpreter,
            kernel.entry_of_calls(),
            kernel.trap,
            kernel.memory_fault,
            kernel.settle,
        )


def expectation(name: str, output: bytes) -> bytes:
    """What all contenders must print: all of it, but for CoreMark, which prints its times too."""
    if name != "coremark":
        return output
    return b"\n".join(line for line in output.splitlines() if line.startswith((b"seedcrc", b"[0]crc")))


def measure(
    name: str, program: Program, engine: wasmtime.Engine, interpreter: wasmtime.Module
) -> dict[str, Measurement]:
    """Milliseconds of each contender."""
    native, source, guest = (compiled(name, kind) for kind in ("native", "wasm", "riscv64"))
    answer = expectation(name, run([native, *program.arguments]).output)
    if not answer:
        raise BenchmarkError(f"{name} prints nothing that can be compared")

    def timed(contender: SourceWasm | Guest) -> Callable[[], float]:
        def sample() -> float:
            ms, output = contender.run()
            if expectation(name, output) != answer:
                raise BenchmarkError(f"{name} printed {output!r}, not {answer!r}")
            return ms

        return sample

    def process(*command: str | Path) -> Callable[[], float]:
        def sample() -> float:
            done = run([*command, *program.arguments])
            if expectation(name, done.output) != answer:
                raise BenchmarkError(f"{name} printed {done.output!r}, not {answer!r}")
            return done.ms

        return sample

    own = Guest(engine, interpreter, guest, program.arguments)
    slow = alternate({INTERPRETER: timed(own)}, rounds=1, unit="ms", warm_up=0)
    own.translate()
    fast = alternate(
        {
            NATIVE: process(native),
            SOURCE: timed(SourceWasm(engine, source, program.arguments)),
            QEMU: process(subjects.qemu(), guest),
            AOT: timed(own),
        },
        rounds=ROUNDS,
        unit="ms",
    )
    return {**fast, **slow}


def main() -> None:
    """Measure the named programs, or all; print each one's table and, of all, the geometric mean."""
    parser = parser_of(main)
    parser.add_argument("names", metavar="PROGRAM", nargs="*", help=f"of {', '.join(PROGRAMS)}; all by default")
    names = parser.parse_args().names or list(PROGRAMS)
    for name in names:
        if name not in PROGRAMS:
            raise BenchmarkError(f"no program {name!r}; there are: {', '.join(PROGRAMS)}")
    engine = make_engine()
    interpreter = wasmtime.Module(engine, build_interpreter())
    shares = {}
    for name in names:
        program = PROGRAMS[name]
        measured = measure(name, program, engine, interpreter)
        own = measured[AOT].median
        # To run at a share of another's speed is to take no more than its time divided by that share.
        limit = min((measured[other].median / share for other, share in program.goals.items()), default=0.0)
        shares[name] = {other: item.median / own for other, item in measured.items() if other != AOT}
        report(
            f"aot_{name}",
            f"{name} {' '.join(program.arguments)}: time to the end",
            measured,
            base=SOURCE,
            limits={AOT: ("<=", limit)} if program.goals else None,
            extra={"speed": shares[name]},
        )
    _summary(shares, whole=len(names) == len(PROGRAMS))


def _summary(shares: Mapping[str, Mapping[str, float]], *, whole: bool) -> None:
    def told(name: str, each: Mapping[str, float]) -> str:
        goals = PROGRAMS[name].goals if name in PROGRAMS else {SOURCE: MEAN_GOAL}
        return ", ".join(
            f"{goal:g} x {other} {'reached' if each[other] >= goal else 'missed'}"
            for other, goal in goals.items()
        )

    means = print_speeds(AOT, shares, (SOURCE, NATIVE, QEMU, INTERPRETER), "goals", told, APART)
    if whole:
        facts = {"programs": shares, "geometric_mean": means, "goal": {SOURCE: MEAN_GOAL}}
        keep_summary("aot_speed", facts)


if __name__ == "__main__":
    standalone(main, arguments=True)
