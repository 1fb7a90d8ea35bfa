"""Programs with calls, loops and tables end as the oracle says, however often translated code has to unwind."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from typing import Any

from aot_guest import CODE, STACK, Guest, elf_file, elf_with_symbols, install
from aot_programs import A0, A7, STACK_BYTES, FlowOutcome, FlowProgram, Generator, answer, expected_flow
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from programs import DATA, DATA_BYTES

from friscy.machine.layout import DEPTH_LIMIT, HART_BASE, HART_DEPTH
from friscy_build.aot.module import Options
from friscy_build.isa.decode import instruction_nbytes

EXACT = Options(psabi=False)  # these programs keep to no convention
PRECISE = Options(faults="precise")
SETTINGS = settings(
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
    max_examples=25,
)


class UnwindingGuest(Guest):  # type: ignore[misc]
    """A guest whose host answers system calls, and now and then interrupts or blocks."""

    rng: random.Random
    unwinding = 0.0
    nsyscalls = 0
    blocked = False

    def _syscall(self) -> None:
        if not self.blocked and self.rng.random() < self.unwinding:
            self.blocked = True
            self.interrupt(1)
            return  # the task is to make the call again
        self.blocked = False
        self.set_x(A0, answer(self.x(A7), self.nsyscalls))
        self.nsyscalls += 1
        self.pc += 4
        if self.rng.random() < self.unwinding:
            self.interrupt(1)

    def outcome(self, program: FlowProgram) -> FlowOutcome:
        self.set_all(program.x, program.f, program.fcsr)
        self.memory[DATA : DATA + DATA_BYTES] = program.data
        self.pc = CODE
        self.traps.clear()
        for _ in range(10_000):
            self.interrupt(int(self.rng.random() < self.unwinding / 4))
            if self.rng.random() < self.unwinding / 2:
                self.end_at(0)
            depth = DEPTH_LIMIT - self.rng.randrange(1, 12) if self.rng.random() < self.unwinding else 0
            struct.pack_into("<I", self.memory, HART_BASE + HART_DEPTH, depth)
            self.exports["interpret"](self.store, HART_BASE)
            assert struct.unpack_from("<I", self.memory, HART_BASE + HART_DEPTH)[0] == depth
            if self.traps:
                break
        data = bytes(self.memory[DATA : DATA + DATA_BYTES])
        stack = bytes(self.memory[STACK - STACK_BYTES : STACK])
        return FlowOutcome(self.traps[0], self.all_x(), self.all_f(), self.fcsr, data, stack, self.nsyscalls)


class CallingGuest(UnwindingGuest):
    """Runs from CODE to its one system call, interrupted and unwound on the way."""

    def _syscall(self) -> None:
        self.nsyscalls += 1
        self.interrupt(1)

    def run_through(self) -> None:
        self.pc, self.nsyscalls = CODE, 0
        while not self.nsyscalls:
            self.interrupt(int(self.rng.random() < self.unwinding / 4))
            if self.rng.random() < self.unwinding / 2:
                self.end_at(0)
            depth = DEPTH_LIMIT - self.rng.randrange(1, 5) if self.rng.random() < self.unwinding else 0
            struct.pack_into("<I", self.memory, HART_BASE + HART_DEPTH, depth)
            self.exports["interpret"](self.store, HART_BASE)


def functions(program: FlowProgram) -> list[tuple[int, int]]:
    """(address, bytes) of each function of a program."""
    ends = [*program.entries[1:], CODE + len(program.code)]
    return [(start, end - start) for start, end in zip(program.entries, ends, strict=True)]


def middles(program: FlowProgram, rng: random.Random) -> list[int]:
    """Some pcs of instructions that are not at a function's start."""
    pcs, pc = [], CODE
    while pc < CODE + len(program.code):
        pcs.append(pc)
        pc += instruction_nbytes(program.code[pc - CODE])
    return rng.sample(pcs, 12)


def prepared(
    new_guest: Callable[..., Any], seed: int, unwinding: float, nfunctions: int
) -> tuple[UnwindingGuest, FlowProgram, FlowOutcome]:
    """A guest with a random program, and how that ends."""
    program = Generator(seed, nfunctions).program()
    want = expected_flow(program)
    assume(want is not None)
    assert want is not None
    guest: UnwindingGuest = new_guest(UnwindingGuest)
    guest.rng, guest.unwinding = random.Random(seed), unwinding
    guest.write(CODE, program.code)
    return guest, program, want


@SETTINGS
@given(
    st.integers(0, 1 << 32),
    st.sampled_from([0.0, 0.3, 0.8]),
    st.sampled_from([1.0, 0.6]),
    st.sampled_from([10, 60, 3000]),
)
def test_parts_and_middles(
    new_guest: Callable[..., Any], seed: int, unwinding: float, share: float, largest: int
) -> None:
    """Functions are split, and entered where somebody saw control go on."""
    guest, program, want = prepared(new_guest, seed, unwinding, 4)
    entries = {*program.entries, *middles(program, guest.rng)}
    elf = elf_with_symbols(program.code, functions(program))
    installed = install(guest, elf, entries, options=Options(psabi=False, largest=largest), share=share)
    assert len(installed) == len(set(installed))
    assert share < 1 or set(program.entries) <= set(installed)
    assert guest.outcome(program) == want


@SETTINGS
@given(
    st.integers(0, 1 << 32),
    st.sampled_from([0.0, 0.3, 0.8]),
    st.sampled_from([1.0, 0.6]),
    st.sampled_from([EXACT, PRECISE]),
)
def test_flow(
    new_guest: Callable[..., Any], seed: int, unwinding: float, share: float, options: Options
) -> None:
    guest, program, want = prepared(new_guest, seed, unwinding, 5)
    installed = install(guest, elf_file(program.code), program.entries, options=options, share=share)
    assert share < 1 or set(program.entries) <= set(installed)
    assert guest.outcome(program) == want
