"""Translated code in a real address space: it runs where it was made for, and gives way when the code changes."""

from __future__ import annotations

import os
import struct
import subprocess
from functools import partial
from pathlib import Path

import pytest
import wasmtime
from aot_guest import CODE, STACK, code_of, elf_file, elf_with_symbols
from required_tools import require_tool

from friscy.machine.aot import Code, Image, Library, Module, Notes, Recorder, map_file
from friscy.machine.layout import (
    CAUSE_ILLEGAL,
    CODE_MAP,
    DEPTH_LIMIT,
    GUEST_END,
    GUEST_START,
    PAGE,
    RECORD_BYTES,
    RECORDS,
    WINDOW_END,
)
from friscy.machine.memory import PROT_EXEC, PROT_READ, PROT_WRITE
from friscy.machine.space import Space
from friscy_build.aot.discover import Functions
from friscy_build.aot.image import CodeImage
from friscy_build.aot.jobs import plan, translate_units
from friscy_build.aot.module import DEFAULT, Options
from friscy_build.isa.rows import BY_NAME

ROOT = Path(__file__).parents[3]
IDENTITY = b"file"
A0, A7, RA, SP = 10, 17, 1, 2


def op(name: str, **operands: int) -> int:
    return BY_NAME[name].encode(**operands)


# begin: call triple; exit. triple, at +0x20: a0 *= 3
PROGRAM = [
    op("jal", rd=RA, imm=0x20),
    op("addi", rd=A7, rs1=0, imm=93),
    op("ecall"),
    *[op("addi", rd=0, rs1=0, imm=0)] * 5,
    op("slli", rd=11, rs1=A0, imm=1),
    op("add", rd=A0, rs1=A0, rs2=11),
    op("jalr", rd=0, rs1=RA, imm=0),
]
TRIPLE = CODE + 0x20


class Process:
    """A space whose kernel knows write(2) to a list and exit(2); everything else is an error."""

    def __init__(self, engine: wasmtime.Engine, interpreter: wasmtime.Module) -> None:
        self.space = Space(engine, interpreter, self._syscall, self._trap, self._fault)
        self.hart = self.space.hart(0)
        self.hart.reset()
        self.space.prepare(self.hart)
        self.output = b""
        self.faults: list[tuple[int, int]] = []
        self.traps: list[int] = []

    def _syscall(self) -> None:
        if self.hart.x(A7) == 64:
            self.output += self.space.memory.read(self.hart.x(11), self.hart.x(12))
            self.hart.pc += 4
        else:
            self.hart.interrupt()

    def _trap(self, cause: int) -> None:
        self.traps.append(cause)
        self.hart.interrupt()

    def _fault(self, address: int) -> None:
        self.faults.append((address, self.hart.trap_pc))

    def load(self, code: bytes, at: int = CODE) -> None:
        memory = self.space.memory
        memory.map(
            at // PAGE * PAGE, (at + len(code)) // PAGE * PAGE + PAGE, PROT_READ | PROT_WRITE | PROT_EXEC
        )
        memory.write(at, code)
        memory.map(STACK - 64 * PAGE, STACK + PAGE, PROT_READ | PROT_WRITE)

    def load_translated(self, content: bytes, made: Library) -> None:
        """Code, and what it is translated to."""
        self.space.code = Code(self.space, made)
        self.load(content)
        self.space.code_mapped(CODE, CODE + PAGE * (len(content) // PAGE + 1), IDENTITY, 0)

    def run(self, pc: int = CODE) -> int:
        self.hart.clear_interrupt()
        self.hart.set_x(SP, STACK)
        self.hart.pc = pc
        self.space.run(self.hart)
        return self.hart.x(A0)


@pytest.fixture
def process(aot_engine: wasmtime.Engine, aot_interpreter: wasmtime.Module) -> Process:
    return Process(aot_engine, aot_interpreter)


def library(
    engine: wasmtime.Engine,
    elf: bytes,
    segments: list[tuple[int, int, int]],
    options: Options = DEFAULT,
    entries: list[int] | None = None,
) -> Library:
    parts = translate_units(plan(elf, options=options, entries=entries))
    low = min(start for start, _, _ in segments) // PAGE * PAGE
    high = -(-max(end for _, end, _ in segments) // PAGE) * PAGE
    image = Image([IDENTITY], "program", low, high, segments)
    modules, slot = [], 1
    for part in parts:
        load, read = partial(wasmtime.Module, engine, part.wasm), partial(bytes, part.wasm)
        modules.append(Module(image, slot, len(part.entries), load, read=read))
        slot += len(part.entries)
    return Library(
        [image], modules, lambda made: map_file(made, "", lambda: [part.entries for part in parts])
    )


def interpreted(process: Process, pc: int) -> bool:
    """Whether the interpreter has looked at the instruction at `pc`."""
    at = RECORDS + pc // 2 * RECORD_BYTES
    return bytes(process.space.memory.view[at : at + RECORD_BYTES]) != bytes(RECORD_BYTES)


def test_code_is_entered_and_taken_out(aot_engine: wasmtime.Engine, process: Process) -> None:
    segment = (CODE, CODE + 4 * len(PROGRAM), 0)
    code = Code(process.space, library(aot_engine, elf_file(code_of(PROGRAM)), [segment]))
    process.space.code = code
    process.load(code_of(PROGRAM))
    code.mapped(CODE, CODE + PAGE, b"another file", 0)
    code.mapped(CODE + PAGE, CODE + 2 * PAGE, IDENTITY, 0)  # elsewhere
    assert struct.unpack_from("<I", process.space.memory.view, CODE_MAP + 2 * CODE) == (0,)
    code.mapped(CODE, CODE + PAGE, IDENTITY, 0)
    process.hart.set_x(A0, 14)
    assert process.run() == 42
    assert not interpreted(process, CODE + 4)
    assert not interpreted(process, TRIPLE)
    changed = op("slli", rd=11, rs1=A0, imm=2).to_bytes(4, "little")
    process.space.memory.write(TRIPLE, changed)
    process.space.invalidate(TRIPLE, TRIPLE + 4)
    process.hart.set_x(A0, 14)
    assert process.run() == 70
    process.space.recycle()
    assert process.space.memory.pages[CODE // PAGE] == 0
    process.load(code_of(PROGRAM))
    code.mapped(CODE, CODE + PAGE, IDENTITY, 0)
    process.hart.set_x(A0, 5)
    assert process.run() == 15


def record(process: Process, words: list[int], npages: int = 1) -> Notes:
    """Have a program recorded that is a file of so many pages; it is loaded and did not run yet."""
    notes = Notes()
    process.space.code = Recorder(process.space, notes)
    process.load(code_of(words))
    process.space.code_mapped(CODE, CODE + npages * PAGE, IDENTITY, 0)
    return notes


def recorded(process: Process, words: list[int]) -> Notes:
    """What is recorded of a program that runs once."""
    notes = record(process, words)
    process.run()
    process.space.invalidate(GUEST_START, WINDOW_END)
    return notes


def test_recorder_notes_what_ran(process: Process) -> None:
    notes = recorded(process, PROGRAM)
    (pcs,) = notes.executed.values()
    assert {CODE, CODE + 4, CODE + 8, TRIPLE, TRIPLE + 8} <= pcs
    assert CODE + 0x14 not in pcs
    functions = Functions(CodeImage(elf_file(code_of(PROGRAM)), name="program"))
    assert functions.among(pcs) == {CODE, TRIPLE}


def test_recorder_notes_where_indirect_calls_went(process: Process) -> None:
    # begin: call by a register what is `t1` further on, first 0x20, then 0x28; exit
    words = [
        op("auipc", rd=A0, imm=0),
        op("addi", rd=6, rs1=A0, imm=0x20),
        op("jalr", rd=RA, rs1=6, imm=0),
        op("jalr", rd=RA, rs1=6, imm=8),
        op("addi", rd=A7, rs1=0, imm=93),
        op("ecall"),
        *[op("addi", rd=0, rs1=0, imm=0)] * 2,
        *[op("jalr", rd=0, rs1=RA, imm=0)] * 4,
    ]
    notes = recorded(process, words)
    assert notes.calls == {(IDENTITY, CODE, 0): {CODE + 8: {CODE + 0x20}, CODE + 12: {CODE + 0x28}}}


def test_recorder_notes_where_jumps_went_but_no_returns(process: Process) -> None:
    # begin: call 0x20, which goes on to 0x28 by t1 (as both lengths of instruction do); that returns by ra; exit
    words = [
        op("auipc", rd=A0, imm=0),
        op("addi", rd=6, rs1=A0, imm=0x28),
        op("jal", rd=RA, imm=0x20 - 8),
        op("addi", rd=6, rs1=A0, imm=0x30),
        op("jal", rd=RA, imm=0x24 - 16),
        op("addi", rd=A7, rs1=0, imm=93),
        op("ecall"),
        op("addi", rd=0, rs1=0, imm=0),
        op("jalr", rd=0, rs1=6, imm=0),
        0x8302,  # c.jr t1
        0x0001,
        *[op("jalr", rd=0, rs1=RA, imm=0), 0x8082, 0x0001] * 2,  # c.ret
    ]
    notes = recorded(process, words)
    assert notes.calls == {(IDENTITY, CODE, 0): {CODE + 0x20: {CODE + 0x28}, CODE + 0x24: {CODE + 0x30}}}


def test_recorder_is_done_with_a_file_that_was_unmapped_in_parts(process: Process) -> None:
    notes = record(process, PROGRAM, npages=2)
    process.space.invalidate(CODE + PAGE, CODE + 2 * PAGE)
    process.run()
    process.space.invalidate(CODE, CODE + PAGE)
    (pcs,) = notes.executed.values()
    assert TRIPLE in pcs
    pcs.clear()
    process.run()
    process.space.invalidate(GUEST_START, WINDOW_END)  # what runs there now is not the file's
    assert not pcs


def access_at(engine: wasmtime.Engine, process: Process, access: str, address: int, imm: int = 0) -> None:
    registers = {"rd": A0} if access == "ld" else {"rs2": A0}
    words = [op("addi", rd=12, rs1=0, imm=7), op(access, rs1=11, imm=imm, **registers), op("ecall")]
    process.space.code = Code(process.space, library(engine, elf_file(code_of(words)), [(CODE, CODE + 12, 0)]))
    process.load(code_of(words))
    process.space.code_mapped(CODE, CODE + PAGE, IDENTITY, 0)
    process.hart.set_x(11, address - imm)
    process.run()


@pytest.mark.parametrize("imm", [0, -16, 24])
@pytest.mark.parametrize("address", [GUEST_END, GUEST_END + 0x8000, 1 << 32, (1 << 64) - 8])
@pytest.mark.parametrize("access", ["ld", "sd"])
def test_wild_access_is_precise(
    aot_engine: wasmtime.Engine, process: Process, address: int, access: str, imm: int
) -> None:
    access_at(aot_engine, process, access, address, imm)
    if process.faults:  # the guard found it
        assert imm > 0
        assert process.faults == [(address, CODE + 4)]
        return
    assert process.traps == [5 if access == "ld" else 7]
    assert (process.hart.pc, process.hart.trap_value, process.hart.x(12)) == (CODE + 4, address, 7)


@pytest.mark.parametrize("imm", [0, -16, 24])
@pytest.mark.parametrize("address", [0, 16, GUEST_START - 8])
@pytest.mark.parametrize("access", ["ld", "sd"])
def test_access_by_a_null_pointer_names_the_instruction(
    aot_engine: wasmtime.Engine, process: Process, address: int, access: str, imm: int
) -> None:
    """The host's protection finds it, unless the sum wraps around."""
    access_at(aot_engine, process, access, address, imm)
    if process.traps:
        assert (process.hart.pc, process.hart.trap_value) == (CODE + 4, address)
    else:
        assert process.faults == [(address, CODE + 4)]


@pytest.mark.parametrize("faults", ["fast", "precise"])
@pytest.mark.parametrize("access", ["lb", "lbu", "lh", "lhu", "lw", "lwu", "ld", "amoswap.w", "amoadd.d"])
@pytest.mark.parametrize("rd", [0, 13])
def test_a_load_that_nobody_wants_faults(
    aot_engine: wasmtime.Engine, process: Process, rd: int, access: str, faults: str
) -> None:
    operands = {"rd": rd, "rs1": 11, "rs2": 12, "imm": 0, "aq_rl": 0}
    load = op(access, **{name: operands[name] for name in BY_NAME[access].fields})
    words = [op("addi", rd=12, rs1=0, imm=7), load, op("addi", rd=13, rs1=0, imm=1), op("ecall")]
    elf, segment = elf_file(code_of(words)), (CODE, CODE + 4 * len(words), 0)
    process.space.code = Code(process.space, library(aot_engine, elf, [segment], Options(faults=faults)))
    process.load(code_of(words))
    process.space.code_mapped(CODE, CODE + PAGE, IDENTITY, 0)
    process.hart.set_x(11, 0x5000_0008)
    process.run()
    assert process.faults == [(0x5000_0008, CODE + 4)]


def test_broken_protection_names_the_instruction(aot_engine: wasmtime.Engine, process: Process) -> None:
    words = [op("addi", rd=12, rs1=0, imm=7), op("ld", rd=A0, rs1=11, imm=8), op("ecall")]
    process.space.code = Code(
        process.space, library(aot_engine, elf_file(code_of(words)), [(CODE, CODE + 12, 0)])
    )
    process.load(code_of(words))
    process.space.code_mapped(CODE, CODE + PAGE, IDENTITY, 0)
    process.hart.set_x(11, 0x5000_0000)
    process.run()
    assert process.faults == [(0x5000_0008, CODE + 4)]


def test_precise_fault_has_all_registers(aot_engine: wasmtime.Engine, process: Process) -> None:
    words = [
        op("addi", rd=SP, rs1=SP, imm=-32),
        op("addi", rd=12, rs1=0, imm=7),
        op("addi", rd=13, rs1=0, imm=5),
        op("sd", rs2=12, rs1=SP, imm=8),
        op("addi", rd=12, rs1=12, imm=1),
        op("addi", rd=5, rs1=0, imm=9),
        op("slli", rd=13, rs1=13, imm=48),
        op("srli", rd=13, rs1=13, imm=47),
        op("ld", rd=A0, rs1=11, imm=8),
        op("addi", rd=12, rs1=0, imm=10),
        op("ecall"),
    ]
    elf, segment = elf_file(code_of(words)), (CODE, CODE + 4 * len(words), 0)
    process.space.code = Code(process.space, library(aot_engine, elf, [segment], Options(faults="precise")))
    process.load(code_of(words))
    process.space.code_mapped(CODE, CODE + PAGE, IDENTITY, 0)
    process.hart.set_x(11, 0x5000_0000)
    process.hart.set_x(A0, 5)
    process.run()
    assert process.faults == [(0x5000_0008, CODE + 32)]
    assert [process.hart.x(r) for r in (SP, 5, A0, 12, 13)] == [STACK - 32, 9, 5, 8, 10]


@pytest.mark.parametrize("depth", [DEPTH_LIMIT, 1, 2])
def test_whole_program(
    aot_engine: wasmtime.Engine,
    process: Process,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    depth: int,
) -> None:
    """A C program without a library: lists, matrices, a state machine, sorting through pointers. With few calls
    allowed within each other, its calls unwind everywhere, and values passed in registers must not get lost."""
    monkeypatch.setattr("friscy.machine.hart.DEPTH_LIMIT", depth)
    program = tmp_path / "workload"
    flags = ["-O2", "-static", "-nostdlib", "-fno-stack-protector", "-Wl,-Ttext-segment=0x20000"]
    source = ROOT / "benchmarks" / "workload.c"
    subprocess.run([require_tool("riscv64-linux-gnu-gcc"), *flags, "-o", program, source], check=True)
    expected = subprocess.run([require_tool("qemu-riscv64"), program, "20"], check=True, capture_output=True)
    elf = program.read_bytes()
    image = CodeImage(elf, name=os.fspath(program))
    content = image.read(image.base, image.end - image.base)
    assert content is not None
    process.load(content, image.base)
    segments = [(start, end, start - image.base) for start, end in image.code_ranges]
    process.space.code = Code(process.space, library(aot_engine, elf, segments))
    process.space.code_mapped(image.base, image.end, IDENTITY, 0)
    memory = process.space.memory
    memory.write(STACK, struct.pack("<QQQQ", 2, STACK + 64, STACK + 80, 0))
    memory.write(STACK + 64, b"workload\0")
    memory.write(STACK + 80, b"20\0")
    process.run(image.entry)
    assert process.output == expected.stdout
    functions = Functions(image)
    assert [
        hex(pc)
        for pc in functions.roots()
        if pc != image.entry
        and interpreted(process, pc)
        and not struct.unpack_from("<I", memory.view, CODE_MAP + 2 * pc)[0]
    ] == []


def test_goes_on_where_nobody_found_code(aot_engine: wasmtime.Engine, process: Process) -> None:
    """A jump into the middle of its own function, after a call in it: the interpreter must come back to the caller's
    frame, whose registers are values, and find what only the code there reads."""
    nop = op("addi", rd=0, rs1=0, imm=0)
    caller = [
        op("addi", rd=18, rs1=0, imm=70),  # s2, which the callee leaves alone
        op("jal", rd=RA, imm=0x3C),
        op("add", rd=A0, rs1=A0, rs2=18),
        op("addi", rd=A7, rs1=0, imm=93),
        op("ecall"),
        *[nop] * 11,
    ]
    callee = [  # at +0x40
        op("addi", rd=SP, rs1=SP, imm=-16),
        op("sd", rs2=RA, rs1=SP, imm=8),
        op("sd", rs2=9, rs1=SP, imm=0),
        op("addi", rd=9, rs1=0, imm=5),
        op("jal", rd=RA, imm=0x30),  # a leaf, at +0x80
        op("addi", rd=28, rs1=0, imm=3),  # t3
        op("auipc", rd=7, imm=0),
        op("addi", rd=6, rs1=0, imm=20),
        op("add", rd=7, rs1=7, rs2=6),
        op("jalr", rd=0, rs1=7, imm=0),
        op("ebreak"),
        op("add", rd=A0, rs1=28, rs2=9),  # nothing tells that this is reached
        op("ld", rd=9, rs1=SP, imm=0),
        op("ld", rd=RA, rs1=SP, imm=8),
        op("addi", rd=SP, rs1=SP, imm=16),
        op("jalr", rd=0, rs1=RA, imm=0),
    ]
    words = [*caller, *callee, op("addi", rd=A0, rs1=0, imm=1), op("jalr", rd=0, rs1=RA, imm=0)]
    code = code_of(words)
    functions = [(CODE, 0x40), (CODE + 0x40, 0x40), (CODE + 0x80, 8)]
    elf = elf_with_symbols(code, functions)
    process.load_translated(code, library(aot_engine, elf, [(CODE, CODE + len(code), 0)]))
    assert process.run() == 3 + 5 + 70


def test_stack_pointer_comes_back_through_a_function_without_a_frame(
    aot_engine: wasmtime.Engine, process: Process
) -> None:
    """One with a frame calls one without, which reads the stack pointer, and goes on elsewhere: for that it brings the
    stack pointer to the hart. The first has to put it back there, which never stored it."""
    nop, ret = op("addi", rd=0, rs1=0, imm=0), op("jalr", rd=0, rs1=RA, imm=0)
    push = [op("addi", rd=SP, rs1=SP, imm=-16), op("sd", rs2=RA, rs1=SP, imm=8)]
    pop = [op("ld", rd=RA, rs1=SP, imm=8), op("addi", rd=SP, rs1=SP, imm=16), ret]
    begin = [
        op("jal", rd=RA, imm=0x20),
        op("addi", rd=A0, rs1=SP, imm=0),
        op("addi", rd=A7, rs1=0, imm=93),
        op("ecall"),
        *[nop] * 4,
    ]
    first = [*push, op("jal", rd=RA, imm=0x38), *pop, nop, nop]  # at +0x20
    without_frame = [op("addi", rd=5, rs1=SP, imm=0), op("jal", rd=0, imm=0x1C), *[nop] * 6]  # at +0x60
    third = [*push, op("jalr", rd=RA, rs1=11, imm=0), *pop, nop, nop]  # at +0x80
    words = [*begin, *first, *[nop] * 8, *without_frame, *third, ret]
    places = [CODE + 0x20, CODE + 0x60, CODE + 0x80]
    elf = elf_with_symbols(code_of(words), [(place, 0x20) for place in places])
    code = code_of(words)
    translated = library(aot_engine, elf, [(CODE, CODE + len(code), 0)], entries=places)
    process.load_translated(code, translated)
    process.hart.set_x(11, CODE + 0xA0)
    assert process.run() == STACK


@pytest.mark.parametrize("stub", [False, True], ids=["called", "by a stub"])
def test_a_call_that_was_left_by_a_jump_does_not_return(
    aot_engine: wasmtime.Engine, process: Process, stub: bool
) -> None:
    """As longjmp(3) does. What lies behind such a call may be the start of another function."""
    nop = op("addi", rd=0, rs1=0, imm=0)
    begin = [
        op("jal", rd=RA, imm=0x40),
        op("jal", rd=RA, imm=0x60 - 4),  # where the jump leads
        op("addi", rd=A7, rs1=0, imm=93),
        op("ecall"),
    ]
    dig = [
        op("addi", rd=SP, rs1=SP, imm=-16),
        op("sd", rs1=SP, rs2=RA, imm=8),
        *[nop] * 5,
        op("jal", rd=RA, imm=0x90 - 0x5C) if stub else op("jalr", rd=RA, rs1=6, imm=0),
    ]
    double = [  # behind that call; a loop through it ends somewhen
        op("slli", rd=A0, rs1=A0, imm=1),
        op("addi", rd=5, rs1=0, imm=1000),
        op("bltu", rs1=5, rs2=A0, imm=8 - 0x68),
        op("jalr", rd=0, rs1=RA, imm=0),
    ]
    jump = [
        op("ld", rd=RA, rs1=SP, imm=8),
        op("addi", rd=SP, rs1=SP, imm=16),
        op("jalr", rd=0, rs1=RA, imm=0),
    ]
    program = [
        *begin,
        *[nop] * 12,
        *dig,
        *double,
        *[nop] * 8,
        op("jalr", rd=0, rs1=6, imm=0),
        *[nop] * 3,
        *jump,
    ]
    content = code_of(program)
    elf = elf_with_symbols(
        content, [(CODE, 0x10), (CODE + 0x40, 0x20), (CODE + 0x60, 0x10), (CODE + 0x90, 4)]
    )
    segment = (CODE, CODE + len(content), 0)
    made = library(aot_engine, elf, [segment], entries=[CODE + 0x40, CODE + 0x60, CODE + 0x90])
    process.load_translated(content, made)
    process.hart.set_x(A0, 21)
    process.hart.set_x(6, CODE + 0xA0)
    assert process.run() == 42
    assert process.hart.x(SP) == STACK


def test_a_call_that_was_left_by_a_jump_does_not_return_in_place_of_a_later_one(
    aot_engine: wasmtime.Engine, process: Process
) -> None:
    """The same function is called from the same place, and this time run by the interpreter, to the end."""
    S0, A1, CALLEE, MIDDLE, LANDING = 8, 11, 6, 7, 28
    nop = op("addi", rd=0, rs1=0, imm=0)
    begin = [
        op("addi", rd=A0, rs1=0, imm=5),
        op("jal", rd=RA, imm=0x40 - 4),
        op("addi", rd=A1, rs1=0, imm=1),  # where the jump leads
        op("addi", rd=A0, rs1=0, imm=7),
        op("jal", rd=RA, imm=0x40 - 0x10),
        op("addi", rd=A7, rs1=0, imm=93),
        op("ecall"),
    ]
    keep = [
        op("addi", rd=SP, rs1=SP, imm=-16),
        op("sd", rs1=SP, rs2=RA, imm=8),
        op("sd", rs1=SP, rs2=S0, imm=0),
        op("addi", rd=S0, rs1=A0, imm=0),
        op("beq", rs1=A1, rs2=0, imm=8),
        op("jalr", rd=0, rs1=MIDDLE, imm=0),  # the next instruction, which is left to the interpreter
        op("jalr", rd=RA, rs1=CALLEE, imm=0),
        op("addi", rd=A0, rs1=S0, imm=0),
        op("ld", rd=RA, rs1=SP, imm=8),
        op("ld", rd=S0, rs1=SP, imm=0),
        op("addi", rd=SP, rs1=SP, imm=16),
        op("jalr", rd=0, rs1=RA, imm=0),
    ]
    jump = [
        op("beq", rs1=A1, rs2=0, imm=8),
        op("jalr", rd=0, rs1=RA, imm=0),
        op("addi", rd=SP, rs1=SP, imm=16),
        op("jalr", rd=0, rs1=LANDING, imm=0),
    ]
    content = code_of([*begin, *[nop] * 9, *keep, *[nop] * 4, *jump])
    elf = elf_with_symbols(content, [(CODE, 0x1C), (CODE + 0x40, 0x30)])
    made = library(aot_engine, elf, [(CODE, CODE + len(content), 0)], entries=[CODE + 0x40])
    process.load_translated(content, made)
    for register, value in ((A1, 0), (CALLEE, 0x80), (MIDDLE, 0x58), (LANDING, 8)):
        process.hart.set_x(register, CODE + value if value else 0)
    assert process.run() == 7
    assert process.hart.x(SP) == STACK


def test_a_call_does_not_return_where_a_deeper_one_does(
    aot_engine: wasmtime.Engine, process: Process
) -> None:
    """A function calls itself by way of another, and what it calls at the deeper level is called by the interpreter:
    that returns to the pc which the outer call waits for, in another frame. (dash's loops ended so.)"""
    S0, A1, MIDDLE, OTHER = 8, 11, 7, 6
    nop = op("addi", rd=0, rs1=0, imm=0)
    begin = [
        op("addi", rd=A0, rs1=0, imm=3),
        op("jal", rd=RA, imm=0x40 - 4),
        op("addi", rd=A7, rs1=0, imm=93),
        op("ecall"),
    ]
    adds = [  # its argument, to what the other gives for it
        op("addi", rd=SP, rs1=SP, imm=-16),
        op("sd", rs1=SP, rs2=RA, imm=8),
        op("sd", rs1=SP, rs2=S0, imm=0),
        op("addi", rd=S0, rs1=A0, imm=0),
        op("beq", rs1=A1, rs2=0, imm=8),
        op("jalr", rd=0, rs1=MIDDLE, imm=0),  # the next instruction, which is left to the interpreter
        op("addi", rd=A1, rs1=0, imm=1),
        op("jalr", rd=RA, rs1=OTHER, imm=0),
        op("add", rd=A0, rs1=A0, rs2=S0),
        op("ld", rd=RA, rs1=SP, imm=8),
        op("ld", rd=S0, rs1=SP, imm=0),
        op("addi", rd=SP, rs1=SP, imm=16),
        op("jalr", rd=0, rs1=RA, imm=0),
    ]
    other = [
        op("beq", rs1=A0, rs2=0, imm=28),
        op("addi", rd=SP, rs1=SP, imm=-16),
        op("sd", rs1=SP, rs2=RA, imm=8),
        op("addi", rd=A0, rs1=A0, imm=-1),
        op("jal", rd=RA, imm=0x40 - 0x90),
        op("ld", rd=RA, rs1=SP, imm=8),
        op("addi", rd=SP, rs1=SP, imm=16),
        op("jalr", rd=0, rs1=RA, imm=0),
    ]
    content = code_of([*begin, *[nop] * 12, *adds, *[nop] * 3, *other])
    elf = elf_with_symbols(content, [(CODE, 0x10), (CODE + 0x40, 0x34)])
    made = library(aot_engine, elf, [(CODE, CODE + len(content), 0)], entries=[CODE + 0x40])
    process.load_translated(content, made)
    for register, value in ((A1, 0), (MIDDLE, CODE + 0x58), (OTHER, CODE + 0x80)):
        process.hart.set_x(register, value)
    assert process.run() == 3 + 2 + 1
    assert process.hart.x(SP) == STACK


def test_blocks_that_each_lead_to_the_next(aot_engine: wasmtime.Engine, process: Process) -> None:
    """2000 calls in a row: a translator that calls itself for each block would be out of its depth."""
    n = 2000
    nop, ret = op("addi", rd=0, rs1=0, imm=0), op("jalr", rd=0, rs1=RA, imm=0)
    begin = [op("jal", rd=RA, imm=0x20), op("addi", rd=A7, rs1=0, imm=93), op("ecall"), *[nop] * 5]
    words = [*begin, op("addi", rd=SP, rs1=SP, imm=-16), op("sd", rs2=RA, rs1=SP, imm=8)]
    end = 4 * (len(words) + n)
    for _ in range(n):
        at = 4 * len(words)
        words.append(op("jal", rd=RA, imm=end + 16 - at))
    words += [op("ld", rd=RA, rs1=SP, imm=8), op("addi", rd=SP, rs1=SP, imm=16), ret, nop]
    words += [op("addi", rd=A0, rs1=A0, imm=1), ret]
    code = code_of(words)
    elf = elf_with_symbols(code, [(CODE + 0x20, end + 16 - 0x20), (CODE + end + 16, 8)])
    process.load_translated(code, library(aot_engine, elf, [(CODE, CODE + len(code), 0)]))
    process.hart.set_x(A0, 0)
    assert process.run() == n
    assert not interpreted(process, CODE + 0x20)


@pytest.mark.parametrize("before", [0, 1])
def test_a_rounding_mode_that_there_is_not(
    aot_engine: wasmtime.Engine, process: Process, before: int
) -> None:
    """frm is 5: float arithmetic that takes it from there is illegal, also behind some that does not."""
    fixed = op("fadd.d", rd=10, rs1=10, rs2=10, rm=0)
    words = [fixed] * before + [op("fadd.d", rd=10, rs1=10, rs2=10, rm=7), op("jalr", rd=0, rs1=RA, imm=0)]
    code = code_of(words)
    elf = elf_with_symbols(code, [(CODE, len(code))])
    process.load_translated(code, library(aot_engine, elf, [(CODE, CODE + len(code), 0)]))
    process.hart.fcsr = 5 << 5
    process.hart.set_x(RA, CODE)
    process.run()
    assert process.traps == [CAUSE_ILLEGAL]
    assert process.hart.pc == CODE + 4 * before
