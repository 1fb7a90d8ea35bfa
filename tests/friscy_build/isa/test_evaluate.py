"""The oracle's own edges: what no qemu-user program can show, and the manual's examples."""

from __future__ import annotations

import pytest

from friscy.machine.layout import (
    CAUSE_BREAKPOINT,
    CAUSE_COUNTER,
    CAUSE_FENCE_I,
    CAUSE_FETCH_FAULT,
    CAUSE_ILLEGAL,
    CAUSE_LOAD_FAULT,
    CAUSE_LOAD_MISALIGNED,
    CAUSE_STORE_FAULT,
    CAUSE_STORE_MISALIGNED,
    GUEST_END,
    GUEST_START,
)
from friscy_build.isa.evaluate import CAUSE_ECALL, NO_RESERVATION, Evaluator, Trap
from friscy_build.isa.rows import BASE_ROWS, BY_NAME
from friscy_build.isa.zicsr import CYCLE, FCSR, FFLAGS, FRM, INSTRET, TIME

CODE = 0x2_0000
U64 = (1 << 64) - 1
INT_MIN = 1 << 63


def hart_with(name: str, pc: int = CODE, **operands: int) -> Evaluator:
    hart = Evaluator(pc=pc)
    row = BY_NAME[name]
    hart.memory.write(pc, row.encode(**operands).to_bytes(row.nbytes, "little"))
    return hart


def trap_of(hart: Evaluator) -> Trap:
    before = (list(hart.x_registers), list(hart.f_registers), hart.fcsr_register, hart.at, hart.instructions)
    with pytest.raises(Trap) as caught:
        hart.step()
    assert before == (hart.x_registers, hart.f_registers, hart.fcsr_register, hart.at, hart.instructions)
    assert caught.value.pc == hart.at
    return caught.value


@pytest.mark.parametrize(
    ("name", "a", "b", "expected"),
    [
        ("div", 7, 0, U64),
        ("divu", 7, 0, U64),
        ("rem", 7, 0, 7),
        ("remu", 7, 0, 7),
        ("div", INT_MIN, U64, INT_MIN),
        ("rem", INT_MIN, U64, 0),
        ("div", U64 - 6, 2, U64 - 2),
        ("rem", U64 - 6, 2, U64),
        ("divw", 1 << 31, U64, U64 << 31 & U64),
        ("remw", 1 << 31, U64, 0),
        ("divuw", 1 << 31, 0, U64),
        ("remuw", 1 << 31, 0, U64 << 31 & U64),
        ("mulh", INT_MIN, INT_MIN, 1 << 62),
        ("mulhu", U64, U64, U64 - 1),
        ("mulhsu", U64, U64, U64),
        ("mulhsu", INT_MIN, U64, INT_MIN),
        ("sll", 1, 64 + 3, 8),
        ("sraw", 0x8000_0000, 33, U64 << 30 & U64),
    ],
)
def test_arithmetic_at_the_edges(name: str, a: int, b: int, expected: int) -> None:
    hart = hart_with(name, rd=10, rs1=11, rs2=12)
    hart.x_registers[11:13] = [a, b]
    hart.step()
    assert hart.x_registers[10] == expected


def test_x0_stays_zero_and_ecall_asks_its_handler() -> None:
    hart = hart_with("addi", rd=0, rs1=0, imm=5)
    hart.step()
    assert (hart.x_registers[0], hart.at) == (0, CODE + 4)
    asked = []

    def handler(hart: Evaluator) -> None:
        asked.append(hart.at)
        if len(asked) == 2:  # the first time it blocks: pc stays
            hart.at += 4

    hart = hart_with("ecall")
    assert trap_of(hart).cause == CAUSE_ECALL
    hart.on_syscall = handler
    assert hart.run(2) == 2
    assert (asked, hart.at) == ([CODE, CODE], CODE + 4)


@pytest.mark.parametrize("nbytes", [1, 2, 4, 8])
def test_accesses_stay_inside_the_guest_range(nbytes: int) -> None:
    suffix = {1: "b", 2: "h", 4: "w", 8: "d"}[nbytes]
    for base, ok in (
        (GUEST_START, True),
        (GUEST_START - 1, False),
        (GUEST_END - nbytes, True),
        (GUEST_END - nbytes + 1, False),
        (0, False),
        (U64, False),
        ((1 << 32) + GUEST_START, False),
    ):
        load = hart_with("l" + suffix, rd=1, rs1=2, imm=0)
        store = hart_with("s" + suffix, rs2=1, rs1=2, imm=0)
        load.x_registers[2] = store.x_registers[2] = base
        if ok:
            load.step()
            store.step()
        else:
            assert (trap_of(load).cause, trap_of(load).value) == (CAUSE_LOAD_FAULT, base)
            assert (trap_of(store).cause, trap_of(store).value) == (CAUSE_STORE_FAULT, base)


def test_accesses_may_be_misaligned_and_cross_pages() -> None:
    hart = hart_with("sd", rs1=2, rs2=3, imm=-1)
    hart.x_registers[2:4] = [0x3_0FFD, 0x8877665544332211]
    hart.step()
    assert hart.memory.read(0x3_0FFC, 8) == bytes.fromhex("1122334455667788")
    assert hart.memory.read(0x3_0FFB, 1) == hart.memory.read(0x3_1004, 1) == b"\0"


def test_fetch_faults() -> None:
    for pc in (0, GUEST_START - 2, GUEST_END):
        assert trap_of(Evaluator(pc=pc)).cause == CAUSE_FETCH_FAULT
    hart = hart_with("c.nop", GUEST_END - 2, imm=0)
    hart.step()
    hart = Evaluator(pc=GUEST_END - 2)
    hart.memory.write(GUEST_END - 2, b"\x13\x00")  # the first half of an instruction
    assert (trap_of(hart).cause, trap_of(hart).value) == (CAUSE_FETCH_FAULT, GUEST_END)


def test_environment_traps() -> None:
    assert trap_of(hart_with("ebreak")).cause == CAUSE_BREAKPOINT
    assert trap_of(hart_with("c.ebreak")).cause == CAUSE_BREAKPOINT
    assert trap_of(hart_with("fence.i")).cause == CAUSE_FENCE_I
    zero = trap_of(Evaluator(pc=CODE))
    assert (zero.cause, zero.value) == (CAUSE_ILLEGAL, 0)
    for csr in (CYCLE, TIME, INSTRET):
        hart = hart_with("csrrs", rd=5, rs1=0, imm=csr << 5)
        trap = trap_of(hart)
        assert trap.cause == CAUSE_COUNTER
        assert trap.value == csr << 20 | 0x22F3  # csrr t0, csr


def test_csrs() -> None:
    hart = hart_with("csrrw", rd=5, rs1=6, imm=FCSR << 5 | 6)
    hart.x_registers[6] = U64
    hart.step()
    assert (hart.fcsr_register, hart.x_registers[5]) == (0xFF, 0)
    for name, csr, source, left, old in (
        ("csrrci", FRM, 2, 0xBF, 7),
        ("csrrci", FFLAGS, 31, 0xE0, 31),
        ("csrrsi", FCSR, 0, 0xFF, 0xFF),
        ("csrrwi", FFLAGS, 0, 0xE0, 31),
        ("csrrwi", FRM, 9, 0x3F, 7),
    ):
        hart = hart_with(name, rd=5, imm=csr << 5 | source)
        hart.fcsr_register = 0xFF
        hart.step()
        assert (hart.fcsr_register, hart.x_registers[5]) == (left, old), name


@pytest.mark.parametrize(("suffix", "nbytes"), [(".w", 4), (".d", 8)])
def test_atomics_want_alignment(suffix: str, nbytes: int) -> None:
    for row in BASE_ROWS:
        if row.extension == "A" and row.name.endswith(suffix):
            operands = {"rd": 5, "rs1": 6, "aq_rl": 0} | ({"rs2": 7} if "rs2" in row.fields else {})
            hart = hart_with(row.name, **operands)
            hart.x_registers[6] = 0x3_0000 + nbytes // 2
            expected = CAUSE_LOAD_MISALIGNED if row.name.startswith("lr") else CAUSE_STORE_MISALIGNED
            trap = trap_of(hart)
            assert (trap.cause, trap.value) == (expected, 0x3_0000 + nbytes // 2)


def test_store_conditional_needs_its_reservation() -> None:
    def attempt(reserved: int, before: int, memory: int) -> tuple[int, int]:
        hart = hart_with("sc.w", rd=5, rs1=6, rs2=7, aq_rl=3)
        hart.x_registers[5:8] = [99, 0x3_0000, 0x1234]
        hart.reserved_address, hart.reserved_value = reserved, before
        hart.memory.write(0x3_0000, memory.to_bytes(4, "little"))
        hart.step()
        assert hart.reserved_address == NO_RESERVATION
        return hart.x_registers[5], int.from_bytes(hart.memory.read(0x3_0000, 4), "little")

    assert attempt(0x3_0000, 8, 8) == (0, 0x1234)
    assert attempt(0x3_0000, U64, 0xFFFF_FFFF) == (0, 0x1234)  # what lr.w registers is sign-extended
    assert attempt(0x3_0000, 8, 9) == (1, 9)
    assert attempt(0x3_0004, 8, 8) == (1, 8)
    assert attempt(NO_RESERVATION, 8, 8) == (1, 8)


def test_singles_are_boxed() -> None:
    hart = hart_with("flw", rd=3, rs1=2, imm=0)
    hart.x_registers[2] = 0x3_0000
    hart.memory.write(0x3_0000, bytes.fromhex("0000803f"))
    hart.step()
    assert hart.f_registers[3] == 0xFFFF_FFFF_3F80_0000
    # "If not [boxed], the value is treated as if it were the canonical NaN", but moves take the bits.
    for name, expected in (("fsgnj.s", 0xFFFF_FFFF_7FC0_0000), ("fsgnjn.s", 0xFFFF_FFFF_FFC0_0000)):
        hart = hart_with(name, rd=1, rs1=2, rs2=2)
        hart.f_registers[2] = 0x3F80_0000
        hart.step()
        assert hart.f_registers[1] == expected
    hart = hart_with("fmv.x.w", rd=1, rs1=2)
    hart.f_registers[2] = 0xBF80_0000
    hart.step()
    assert hart.x_registers[1] == 0xFFFF_FFFF_BF80_0000
