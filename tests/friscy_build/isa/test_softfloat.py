"""softfloat over Python ints against the reference: every integer path, since Evaluate has no native floats,
and the fast paths with floats that stand in for a host's."""

from __future__ import annotations

import random

import pytest
from float_vectors import OPERATIONS, Operation, directed_operands, evaluate, random_operands
from hypothesis import given, settings
from hypothesis import strategies as st

from friscy_build.isa import float_reference as reference
from friscy_build.isa import softfloat
from friscy_build.isa.softfloat import NX
from friscy_build.isa.value import Evaluate, Value


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


class HostWithoutFma(Evaluate):
    """A host whose floats round to nearest and whose relaxed multiply-add rounds twice."""

    has_native = True

    def native(self, op: str, *args: Value) -> Value:
        fmt, values = args[0].width, [arg.raw for arg in args]
        if op == "ffma":
            product, _ = reference.fmul(fmt, *values[:2], reference.RNE)
            return self.const(reference.fadd(fmt, product, values[2], reference.RNE)[0], fmt)
        return self.const(getattr(reference, op)(fmt, *values, reference.RNE)[0], fmt)


@pytest.mark.parametrize("fmt", [32, 64])
def test_a_multiply_add_that_rounds_twice_is_not_used(fmt: int) -> None:
    ops = HostWithoutFma()
    one = reference.MOST[fmt] << (reference.PRECISION[fmt] - 1)
    above, minus_one = one + 3, one | 1 << (fmt - 1)
    operands = [ops.const(x, fmt) for x in (above, above, minus_one)]
    rm, sticky = ops.const(reference.RNE, 64), ops.const(NX, 32)
    # (1 + 3u)**2 - 1 is 6u + 9u**2; rounded twice it is 6u.
    expected, _ = reference.fmadd(fmt, above, above, minus_one, reference.RNE)
    assert ops.native("ffma", *operands).raw != expected
    for host_fma, trusted in ((0, expected), (1, ops.native("ffma", *operands).raw)):
        got, flags = softfloat.fmadd(ops, fmt, *operands, rm, sticky, ops.const(host_fma, 1))
        assert (got.raw, flags.raw & ~NX) == (trusted, 0)
