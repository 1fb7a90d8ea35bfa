"""The interpreter: guest instructions per second on integer work, against qemu-user and native code.

python -m benchmarks.interpreter_speed

The work is workload.c: lists, matrices, a state machine, a checksum, as in CoreMark. All contenders are credited with
the same number of guest instructions, which an interpreter that counts them gives exactly.
"""

from __future__ import annotations

import struct
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import wasmtime
from elftools.elf.elffile import ELFFile

from benchmarks import subjects
from benchmarks.harness import BenchmarkError, alternate, report, run, standalone
from friscy.machine.engine import make_engine
from friscy.machine.hart import A0, A1, A2, A7, SP
from friscy.machine.layout import GUEST_START, HART_BASE, HART_V, PAGE
from friscy.machine.memory import PROT_READ, PROT_WRITE
from friscy.machine.space import Space
from friscy_build.interpreter.build import build_interpreter, compile_interpreter, emit, table
from friscy_build.interpreter.loop import Hot
from friscy_build.interpreter.records import Form, Table

SOURCE = Path(__file__).with_name("workload.c")
FLAGS = ["-O2", "-static", "-nostdlib", "-fno-builtin", "-fno-stack-protector", "-fno-pie", "-no-pie"]
TIMES = "1000"
ROUNDS = 7
MIPS = {"friscy": (">=", 500.0)}

STACK = 0x3000_0000
SYS_WRITE, SYS_EXIT = 64, 93


class Counting(Hot):
    """A hot loop that counts the instructions it begins, at HART_V (which nothing uses yet)."""

    def _handler(self, *forms: Form) -> None:
        self._set_hart(HART_V, self._hart(HART_V, 64) + 1)
        super()._handler(*forms)


def compiled(compiler: str, package: str) -> Path:
    """workload.c as a static program without C library."""
    out = subjects.SCRATCH / f"workload-{compiler}"
    out.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run([subjects.tool(compiler, package), *FLAGS, SOURCE, "-o", out], check=True)
    return out


class _Exit(Exception):
    pass


def interpreted(module: wasmtime.Module, engine: wasmtime.Engine, program: Path) -> tuple[float, bytes, int]:
    """Run the program with `write` and `exit` for a kernel: (seconds, output, counted instructions)."""
    output = bytearray()

    def syscall() -> None:
        if hart.x(A7) == SYS_EXIT:
            raise _Exit
        assert hart.x(A7) == SYS_WRITE
        output.extend(space.memory.view[hart.x(A1) : hart.x(A1) + hart.x(A2)])
        hart.set_x(A0, hart.x(A2))
        hart.pc += 4

    def unexpected(what: int) -> None:
        raise BenchmarkError(f"the workload trapped: {what:#x} at {hart.pc:#x}")

    space = Space(engine, module, syscall, unexpected, unexpected)
    hart = space.hart(0)
    space.prepare(hart)
    memory = space.memory
    with program.open("rb") as file:
        elf = ELFFile(file)
        hart.pc = elf["e_entry"]
        for segment in elf.iter_segments("PT_LOAD"):
            start = segment["p_vaddr"] // PAGE * PAGE
            end = -(-(segment["p_vaddr"] + segment["p_memsz"]) // PAGE) * PAGE
            assert start >= GUEST_START
            memory.map(start, end, PROT_READ | PROT_WRITE)
            memory.view[segment["p_vaddr"] : segment["p_vaddr"] + segment["p_filesz"]] = segment.data()
    memory.map(STACK - 16 * PAGE, STACK, PROT_READ | PROT_WRITE)
    arguments = b"workload\0" + TIMES.encode() + b"\0"
    strings = STACK - 64
    memory.view[strings : strings + len(arguments)] = arguments
    vector = struct.pack("<5Q", 2, strings, strings + len(b"workload\0"), 0, 0)
    sp = strings - 128
    memory.view[sp : sp + len(vector)] = vector
    hart.set_x(SP, sp)
    begin = time.perf_counter()
    try:
        while True:
            space.run(hart)
    except _Exit:
        pass
    seconds = time.perf_counter() - begin
    return seconds, bytes(output), struct.unpack_from("<Q", memory.view, HART_BASE + HART_V)[0]


def main() -> None:
    """Measure and print."""
    program, native = compiled("riscv64-linux-gnu-gcc", "gcc-riscv64-linux-gnu"), compiled("gcc", "gcc")
    engine = make_engine()
    plain = table()
    counting = emit(Table(plain.rows, plain.effects), Counting)
    counter = wasmtime.Module(engine, compile_interpreter(counting))
    module = wasmtime.Module(engine, build_interpreter())
    _, answer, instructions = interpreted(counter, engine, program)

    def process(*command: Any) -> Callable[[], float]:
        return lambda: instructions / run([*command, TIMES], answer).ms / 1e3

    def friscy() -> float:
        seconds, output, _ = interpreted(module, engine, program)
        if output != answer:
            raise BenchmarkError(f"the workload's answer is {output!r}, not {answer!r}")
        return instructions / seconds / 1e6

    report(
        "interpreter_speed",
        f"Integer work, {instructions / 1e6:.1f} million guest instructions: million a second",
        alternate(
            {
                "friscy": friscy,
                "qemu-riscv64": process(subjects.qemu(), program),
                "native": process(native),
            },
            rounds=ROUNDS,
            unit="MIPS",
        ),
        base="qemu-riscv64",
        limits=MIPS,
    )


if __name__ == "__main__":
    standalone(main)
