"""The reference against a riscv64 processor as qemu has it, and against Python's own doubles."""

from __future__ import annotations

import math
import operator
import random
import struct
from pathlib import Path

import pytest
from float_vectors import OPERATIONS, directed_operands, judge, random_operands
from hypothesis import given, settings
from hypothesis import strategies as st

from friscy_build.isa import float_reference as reference
from friscy_build.isa.float_reference import NV, NX, RDN, RNE, RTZ, RUP, UF


@pytest.mark.parametrize("name", OPERATIONS)
def test_agrees_with_qemu(name: str, float_judge: Path) -> None:
    operation = OPERATIONS[name]
    source = random.Random(name)
    modes = list(operation.modes)
    step = 3 if len(operation.sources) > 1 else 1
    vectors = [(operands, rm) for operands in directed_operands(operation, step) for rm in modes]
    vectors += [(random_operands(source, operation), source.choice(modes)) for _ in range(1000)]
    for (operands, rm), measured in zip(vectors, judge(float_judge, operation, vectors), strict=True):
        expected = operation.expect(*operands, rm)
        assert measured == expected, (name, [hex(x) for x in operands], rm)


def bits(number: float) -> int:
    return int(struct.unpack("<Q", struct.pack("<d", number))[0])


finite = st.floats(allow_nan=False, allow_infinity=False)


@given(a=finite, b=finite)
@settings(max_examples=200, derandomize=True, deadline=None)
def test_agrees_with_python_doubles(a: float, b: float) -> None:
    for function, op in (
        (reference.fadd, operator.add),
        (reference.fsub, operator.sub),
        (reference.fmul, operator.mul),
    ):
        assert function(64, bits(a), bits(b), RNE)[0] == bits(op(a, b))
    if b:
        assert reference.fdiv(64, bits(a), bits(b), RNE)[0] == bits(a / b)
    assert reference.fsqrt(64, bits(abs(a)), RNE)[0] == bits(math.sqrt(abs(a)))
    assert reference.flt(64, bits(a), bits(b)) == (int(a < b), 0)


def test_an_exact_zero_sum_is_negative_only_when_rounding_down() -> None:
    one, minus_one = bits(1.0), bits(-1.0)
    assert reference.fadd(64, one, minus_one, RDN) == (bits(-0.0), 0)
    assert reference.fadd(64, one, minus_one, RUP) == (0, 0)
    assert reference.fadd(64, bits(-0.0), bits(-0.0), RTZ) == (bits(-0.0), 0)


def test_tininess_is_detected_after_rounding() -> None:
    least, one = 1 << 52, bits(1.0)
    # At full precision (1 + 2**-52) * (1 - 2**-52) is 1 and 1 - 2**-53 is not; both round to the least normal.
    assert reference.fmul(64, least + 1, one - 2, RNE) == (least, NX)
    assert reference.fmul(64, least, one - 1, RNE) == (least, NX | UF)
    assert reference.fmul(64, least + 1, one - 2, RTZ) == (least - 1, NX | UF)


def test_fused_invalid_wins_over_a_quiet_nan() -> None:
    infinity, nan = reference.infinity(32), reference.canonical_nan(32)
    assert reference.fmadd(32, infinity, 0, nan | 1, RNE) == (nan, NV)
