"""Sums over GF(2), however they are computed, are the sums that were asked for."""

from __future__ import annotations

import random

import pytest

from friscy_build.aot.gf2_plan import Parity, Rows, Shift, Sums, plan_sums

_ALL = (1 << 64) - 1
Bits = list[tuple[int, dict[int, int]]]


def wanted(rows: Rows, x: dict[int, int]) -> int:
    found = 0
    for k, (constant, variables) in enumerate(rows):
        bit = constant
        for register, mask in variables.items():
            bit ^= (x[register] & mask).bit_count() & 1
        found |= bit << k
    return found


def add(bits: Bits, k: int, register: int, mask: int) -> None:
    if 0 <= k < 64:
        value = bits[k][1].get(register, 0) ^ mask
        bits[k][1][register] = value
        if not value:
            del bits[k][1][register]


def random_rows(rng: random.Random, registers: list[int]) -> Rows:
    """Shifts of some bits, parities that are spread, bits of two registers together, signs, constants."""
    bits: Bits = [(0, {}) for _ in range(64)]
    width = rng.choice((8, 16, 32, 64))
    for _ in range(rng.randrange(1, 5)):
        some = rng.sample(registers, rng.randrange(1, 3))
        first, count, distance = rng.randrange(32), rng.choice((1, 3, 8, 16, 64)), rng.randrange(-20, 20)
        if rng.random() < 0.3:
            mask, constant = rng.getrandbits(64) & (1 << count) - 1, rng.getrandbits(width)
            for k in range(width):
                if constant >> k & 1:
                    for register in some:
                        add(bits, k, register, mask)
            continue
        for n in range(first, min(first + count, 64)):
            if n + distance < width:
                for k, register in enumerate(some):
                    at = n + 3 * k if rng.random() < 0.9 else n
                    if at < 64:
                        add(bits, n + distance, register, 1 << at)
    constant = rng.choice((0, 0, rng.getrandbits(width)))
    bits = [(constant >> k & 1, variables) for k, (_, variables) in enumerate(bits)]
    if width < 64 and rng.random() < 0.7:
        bits[width:] = [(bits[width - 1][0], dict(bits[width - 1][1])) for _ in range(width, 64)]
    return bits


@pytest.mark.parametrize("seed", range(150))
def test_random_sums(seed: int) -> None:
    rng = random.Random(seed)
    registers = rng.sample(range(1, 32), rng.randrange(2, 4))
    zero = {registers[0]: rng.choice((~0xFFFF, ~0xFFFFFFFF)) & _ALL} if rng.random() < 0.5 else {}
    rows = {register: random_rows(rng, registers) for register in rng.sample(registers, rng.randrange(1, 3))}
    rows = {
        register: [
            (constant, {r: mask & ~zero.get(r, 0) for r, mask in variables.items() if mask & ~zero.get(r, 0)})
            for constant, variables in bits
        ]
        for register, bits in rows.items()
    }
    sums = plan_sums(rows, zero)
    for _ in range(30):
        x = {register: rng.getrandbits(64) & ~zero.get(register, 0) for register in registers}
        assert sums.holds(x)
        assert sums.evaluate(x) == {register: wanted(bits, x) for register, bits in rows.items()}
    for register, bits in zero.items():
        assert not sums.holds({register: bits & -bits})


def one_result(rows: Rows, zero: dict[int, int] | None = None) -> Sums:
    return plan_sums({10: rows}, zero or {})


def test_a_shift_needs_no_mask_where_there_are_no_other_bits() -> None:
    moved: Bits = [(0, {11: 1 << k + 8} if k < 56 else {}) for k in range(64)]
    assert one_result(moved).results[0].terms == (Shift(0, -8, None),)
    part: Bits = [(0, {11: 1 << k + 8} if k < 8 else {}) for k in range(64)]
    assert one_result(part).results[0].terms == (Shift(0, -8, 0xFF),)
    assert one_result(part, {11: ~0xFFFF & _ALL}).results[0].terms == (Shift(0, -8, None),)


def test_what_two_registers_only_have_together_is_added_first() -> None:
    both: Bits = [(0, {11: 1 << k, 12: 1 << k + 4} if k < 8 else {}) for k in range(64)]
    sums = one_result(both)
    (source,) = sums.sources
    assert (source.register, source.other, source.distance, source.bits) == (11, 12, -4, 0xFF)
    assert sums.results[0].terms == (Shift(0, 0, None),)


def test_what_many_bits_have_in_common_is_a_parity() -> None:
    rows: Bits = [(0, {11: 0xFF} if 0xC001 >> k & 1 else {}) for k in range(64)]
    assert one_result(rows).results[0].terms == (Parity(0, 0xFF, 0xC001),)
    single: Bits = [(0, {11: 0x10} if 0xC0FFEE >> k & 1 else {}) for k in range(64)]
    (term,) = one_result(single).results[0].terms
    assert isinstance(term, Parity)
    assert term.single == 4
    assert term.constant == 0xC0FFEE


def test_a_sign_is_extended() -> None:
    rows: Bits = [(0, {11: 1 << min(k, 15)}) for k in range(64)]
    (result,) = one_result(rows).results
    assert result.width == 16
    assert result.terms == (Shift(0, 0, None),)


def test_a_constant() -> None:
    rows: Bits = [(0x1234 >> k & 1, {}) for k in range(64)]
    (result,) = one_result(rows).results
    assert result.constant == 0x1234
    assert not result.terms
    assert one_result([(1, {})] * 64).evaluate({}) == {10: _ALL}
