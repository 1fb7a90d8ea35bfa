"""softfloat over Python ints against the reference: every integer path, since Evaluate has no native floats."""

from __future__ import annotations

import random

import pytest
from float_vectors import OPERATIONS, Operation, directed_operands, evaluate, random_operands
from hypothesis import given, settings
from hypothesis import strategies as st


def check(operation: Operation, operands: tuple[int, ...], rm: int) -> None:
    got, expected = evaluate(operation, operands, rm), operation.expect(*operands, rm)
    assert got == expected, (operation.name, [hex(x) for x in operands], rm)


@pytest.mark.parametrize("name", OPERATIONS)
def test_special_operands(name: str) -> None:
    operation = OPERATIONS[name]
    step = 13 if len(operation.sources) > 1 else 1
    for operands in directed_operands(operation, step):
        for rm in operation.modes:
            check(operation, operands, rm)


@pytest.mark.parametrize("name", OPERATIONS)
@given(seed=st.integers(0, 2**32), data=st.data())
@settings(max_examples=30, derandomize=True, deadline=None)
def test_any_operands(name: str, seed: int, data: st.DataObject) -> None:
    operation = OPERATIONS[name]
    rm = data.draw(st.sampled_from(list(operation.modes)))
    check(operation, random_operands(random.Random(seed), operation), rm)
    raw = tuple(data.draw(st.integers(0, 2**width - 1)) for width in operation.sources)
    check(operation, raw, rm)
