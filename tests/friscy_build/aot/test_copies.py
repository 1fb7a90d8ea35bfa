"""Copies of bytes, one by one, are found and made at once, with the same result."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from aot_guest import CODE, code_of, elf_file, install
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from friscy_build.aot.copies import Copy, find_copies
from friscy_build.isa.decode import decode
from friscy_build.isa.rows import BY_NAME

DATA, NBYTES = 0x3000_0000, 64
A0, A1, A2 = 10, 11, 12
BYTES = range(20, 28)


def op(name: str, **operands: int) -> int:
    return BY_NAME[name].encode(**operands)


def load(register: int, base: int, offset: int) -> int:
    return op("lbu", rd=register, rs1=base, imm=offset)


def store(register: int, base: int, offset: int) -> int:
    return op("sb", rs2=register, rs1=base, imm=offset)


def found(words: list[int]) -> dict[int, Copy]:
    return find_copies([(CODE + 4 * k, i) for k, word in enumerate(words) if (i := decode(word))])


LOADS = [load(20 + k, A0, 4 + k) for k in range(4)]
STORES = [store(20 + k, A1, k - 8) for k in range(4)]


def test_a_copy_is_found() -> None:
    assert found([*LOADS, *STORES]) == {4: Copy(4, A0, 4, A1, -8)}
    assert found([*reversed(LOADS), STORES[2], STORES[0], STORES[3], STORES[1]]) == {
        4: Copy(4, A0, 4, A1, -8)
    }


def test_bases_may_be_moved() -> None:
    moved = [op("addi", rd=A2, rs1=A1, imm=-16), op("addi", rd=A0, rs1=A0, imm=4)]
    stores = [STORES[0], store(21, A2, 9), store(22, A2, 10), STORES[3]]
    assert found([*LOADS, *moved, *stores]) == {6: Copy(4, A0, 0, A1, -8)}


def test_what_is_left_over_is_done_by_itself() -> None:
    assert found([*LOADS[:3], *STORES[:3]]) == {3: Copy(2, A0, 4, A1, -8)}


@pytest.mark.parametrize(
    "between",
    [op("sd", rs2=0, rs1=A2, imm=0), op("addi", rd=21, rs1=21, imm=1), op("ld", rd=A0, rs1=A0, imm=0)],
    ids=["a store", "another value", "another base"],
)
def test_no_copy(between: int) -> None:
    assert 5 not in found([*LOADS, between, *STORES])


def test_no_copy_where_a_byte_comes_from_elsewhere() -> None:
    assert found([*LOADS[:3], load(23, A0, 8), *STORES]) == {4: Copy(2, A0, 4, A1, -8)}


def program(rng: random.Random) -> list[int]:
    """Loads and stores of bytes around two addresses that are near each other, which ends with an ecall."""
    words = []
    for _ in range(rng.randrange(1, 6)):
        registers = rng.sample(BYTES, rng.choice([2, 3, 4, 8]))
        source, target = rng.randrange(-8, 16), rng.randrange(-8, 16)
        loads = [load(r, A0, source + k) for k, r in enumerate(registers)]
        stores = [store(r, A1, target + k) for k, r in enumerate(registers)]
        if rng.random() < 0.5:
            rng.shuffle(stores)
        odd = [
            op("addi", rd=rng.choice([A0, A1]), rs1=rng.choice([A0, A1]), imm=rng.choice([-1, 0, 1])),
            op("lw", rd=rng.choice(BYTES), rs1=A1, imm=target),
            store(rng.choice(BYTES), A0, source),
            op("addi", rd=rng.choice(BYTES), rs1=rng.choice(BYTES), imm=1),
        ]
        group = [*loads, *stores]
        if rng.random() < 0.5:
            group.insert(rng.randrange(len(group)), rng.choice(odd))
        words += group
    return [*words, op("addi", rd=17, rs1=0, imm=93), op("ecall")]


@settings(
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    max_examples=60,
)
@given(st.integers(0, 1 << 32))
def test_the_same_is_copied(new_guest: Callable[..., Any], seed: int) -> None:
    rng = random.Random(seed)
    guest = new_guest()
    code = code_of(program(rng))
    guest.write(CODE, code)
    data, distance = rng.randbytes(NBYTES), rng.randrange(16)

    def run() -> tuple[list[int], bytes]:
        guest.memory[DATA : DATA + NBYTES] = data
        for register in BYTES:
            guest.set_x(register, register)
        guest.set_x(A0, DATA + 24)
        guest.set_x(A1, DATA + 24 + distance)
        guest.run()
        assert len(guest.syscalls) == 1
        return guest.all_x(), bytes(guest.memory[DATA : DATA + NBYTES])

    want = run()
    assert CODE in install(guest, elf_file(code), [CODE])
    assert run() == want
