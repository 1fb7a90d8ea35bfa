"""Code that keeps registers over calls, or returns in registers, where the psABI knows of none: assembly, as V8's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from aot_guest import CODE, STACK, elf_file, elf_with_symbols, install
from aot_programs import A0, A7, EBREAK, RA, SP, T1, Assembler, op

from friscy_build.aot import jobs
from friscy_build.aot.demands import Survey
from friscy_build.aot.discover import Functions
from friscy_build.aot.flow import Flow
from friscy_build.aot.image import CodeImage

A1, A2, A6 = 11, 12, 16


def _saves(asm: Assembler, *saved: int, system: bool = False) -> None:
    """A function that calls `scribble`, or the system, and gives `saved` back as it got them."""
    asm.word(op("addi", rd=SP, rs1=SP, imm=-64))
    for k, register in enumerate((RA, *saved)):
        asm.word(op("sd", rs2=register, rs1=SP, imm=8 * k))
    for register in saved:
        asm.word(op("addi", rd=register, rs1=0, imm=99))
    if system:
        asm.word(op("ecall"))
    else:
        asm.to("scribble", "jal", rd=RA)
    for k, register in enumerate((RA, *saved)):
        asm.word(op("ld", rd=register, rs1=SP, imm=8 * k))
    asm.word(op("addi", rd=SP, rs1=SP, imm=64))
    asm.word(op("jalr", rd=0, rs1=RA, imm=0))


def _program() -> tuple[Assembler, bytes]:
    asm = Assembler()
    asm.calls("caller")
    asm.word(op("addi", rd=A6, rs1=0, imm=7))
    asm.to("barrier", "jal", rd=RA)
    asm.to("jumps", "jal", rd=RA)
    asm.word(op("add", rd=A0, rs1=A2, rs2=A6))
    asm.returns()
    asm.labels["barrier"] = asm.at
    _saves(asm, A6)
    asm.labels["jumps"] = asm.at
    asm.word(op("addi", rd=A2, rs1=0, imm=1))
    asm.to("two", "jal", rd=0)
    asm.labels["two"] = asm.at
    asm.word(op("addi", rd=A2, rs1=0, imm=35))
    asm.word(op("jalr", rd=0, rs1=RA, imm=0))
    asm.labels["hidden"] = asm.at
    _saves(asm, A7, T1, system=True)
    asm.word(EBREAK)
    asm.labels["scribble"] = asm.at
    asm.word(op("addi", rd=A0, rs1=0, imm=5))
    asm.word(op("jalr", rd=0, rs1=RA, imm=0))
    return asm, asm.code()


@pytest.mark.parametrize("together", [True, False])
def test_what_callers_read(
    new_guest: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, together: bool
) -> None:
    """A callee that saves an argument register, and one that returns in one, by way of a jump."""
    asm, code = _program()
    if not together:
        monkeypatch.setattr(jobs, "UNIT_INSTRUCTIONS", 1)
    guest = new_guest()
    guest.write(CODE, code)
    entries = [asm.labels[name] for name in ("caller", "barrier", "jumps", "two", "scribble")]
    assert set(entries) <= set(install(guest, elf_file(code), entries))
    guest.set_all([0, 0, STACK, *[0] * 29], [0] * 32, 0)
    guest.run(CODE)
    assert guest.x(A0) == 42


@pytest.mark.parametrize("guarded", [False, True])
def test_what_a_small_function_gives_back_reaches_its_callers_caller(
    new_guest: Callable[..., Any], guarded: bool
) -> None:
    """The call of the small one need not be made (`guards`): who reads its register finds it all the same."""
    asm = Assembler()
    asm.calls("caller")
    asm.to("middle", "jal", rd=RA)
    asm.word(op("addi", rd=A0, rs1=A2, imm=0))
    asm.returns()
    asm.begins("middle")
    asm.to("small", "jal", rd=RA)
    asm.returns()
    asm.labels["small"] = asm.at
    if guarded:
        asm.word(op("beq", rs1=0, rs2=0, imm=8))
        asm.word(op("jalr", rd=0, rs1=RA, imm=0))
    asm.word(op("addi", rd=A2, rs1=0, imm=42))
    asm.word(op("jalr", rd=0, rs1=RA, imm=0))
    code = asm.code()
    guest = new_guest()
    guest.write(CODE, code)
    entries = [asm.labels[name] for name in ("caller", "middle", "small")]
    assert set(entries) <= set(install(guest, elf_file(code), entries))
    guest.set_all([0, 0, STACK, *[0] * 29], [0] * 32, 0)
    guest.run(CODE)
    assert guest.x(A0) == 42


def test_what_the_callee_reads(new_guest: Callable[..., Any]) -> None:
    """No caller was seen, but the callee looks at a temporary that nobody by the psABI would give it."""
    asm, code = _program()
    guest = new_guest()
    guest.write(CODE, code)
    start = asm.labels["hidden"]
    assert start in install(guest, elf_file(code), [start])
    guest.set_all([0, CODE + 4, STACK, *[0] * 29], [0] * 32, 0)
    guest.set_x(A7, 123)
    guest.set_x(T1, 456)
    guest.run(start)
    assert (guest.x(A7), guest.x(T1)) == (123, 456)


def test_saved_registers_that_are_not(new_guest: Callable[..., Any]) -> None:
    """A function that computes in s3 and leaves it so: what its callers keep there is not what they find."""
    s3 = 19
    asm = Assembler()
    asm.calls("caller")
    asm.to("clobbers", "address", register=T1)
    asm.word(op("c.nop", imm=0))
    asm.word(op("jalr", rd=RA, rs1=T1, imm=0))
    asm.word(op("addi", rd=A0, rs1=s3, imm=0))
    asm.returns()
    asm.labels["clobbers"] = asm.at
    asm.word(op("addi", rd=s3, rs1=0, imm=42))
    asm.word(op("jalr", rd=0, rs1=RA, imm=0))
    code = asm.code()
    guest = new_guest()
    guest.write(CODE, code)
    entries = [asm.labels[name] for name in ("caller", "clobbers")]
    assert set(entries) <= set(install(guest, elf_file(code), entries))
    guest.set_all([0, 0, STACK, *[0] * 29], [0] * 32, 0)
    guest.run(CODE)
    assert guest.x(A0) == 42


@pytest.mark.parametrize("ends", [True, False])
def test_what_is_behind_a_trap_tells_nothing(ends: bool) -> None:
    """A compiler's trap is where a function ends: that what lies behind it saves no register is not the function's."""
    asm = Assembler()
    asm.labels["trapping"] = asm.at
    asm.word(op("addi", rd=19, rs1=0, imm=42))
    asm.word(EBREAK if ends else op("addi", rd=0, rs1=0, imm=0))
    asm.word(op("jalr", rd=0, rs1=RA, imm=0))
    image = CodeImage(elf_file(asm.code()))
    habits = Survey(map(Flow, Functions(image, [CODE]).graphs([CODE]))).habits()
    assert habits.clobbers is not ends


@pytest.mark.parametrize("bounded", [True, False])
def test_what_a_jump_may_not_reach_tells_nothing(bounded: bool) -> None:
    """A switch whose table may be longer than it is: what lies at an entry too many is another's."""
    asm = Assembler()
    asm.labels["switch"] = asm.at
    table = CODE + 0x40
    if bounded:
        asm.word(op("addi", rd=A1, rs1=0, imm=1))
        asm.word(op("bltu", rs1=A1, rs2=A0, imm=4 * 6))
    for word in (
        op("slli", rd=A0, rs1=A0, imm=3),
        op("lui", rd=T1, imm=table & ~0xFFF),
        op("addi", rd=T1, rs1=T1, imm=table & 0xFFF),
        op("add", rd=A0, rs1=A0, rs2=T1),
        op("ld", rd=A0, rs1=A0, imm=0),
        op("jalr", rd=0, rs1=A0, imm=0),
        op("jalr", rd=0, rs1=RA, imm=0),
        op("addi", rd=19, rs1=0, imm=42),
        op("jalr", rd=0, rs1=RA, imm=0),
    ):
        asm.word(word)
    code = asm.code()
    ends = CODE + len(code) - 12, CODE + len(code) - 8
    code = code.ljust(table - CODE, b"\0") + b"".join(end.to_bytes(8, "little") for end in ends)
    elf = elf_with_symbols(code, [(CODE, table - CODE)])
    habits = Survey(map(Flow, Functions(CodeImage(elf)).graphs([CODE]))).habits()
    assert habits.clobbers is bounded
