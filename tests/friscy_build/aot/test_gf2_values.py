"""What rows compute of sums over GF(2) is what they compute of the bits."""

from __future__ import annotations

import random
from typing import cast

import pytest

from friscy_build.aot.gf2_values import Gf2, NotLinear
from friscy_build.isa.value import BINARY, COMPARE, Evaluate, Value

GF2, EXACT = Gf2(), Evaluate()
_VARIABLES = 24


def random_value(rng: random.Random, width: int) -> Value:
    """Constants, variables in a row, single bits, and sums."""
    kind = rng.random()
    if kind < 0.3:
        return GF2.const(rng.choice((0, 1, -1, rng.getrandbits(width))), width)
    if kind < 0.6:
        first = rng.randrange(_VARIABLES)
        few = rng.choice((1, 4, width))
        return Value(
            GF2, width, tuple(1 << 1 + (first + k) % _VARIABLES if k < few else 0 for k in range(width))
        )
    if kind < 0.8:
        form = rng.getrandbits(1 + _VARIABLES)
        place = rng.randrange(width)
        return Value(
            GF2, width, tuple(form if k == place or rng.random() < 0.1 else 0 for k in range(width))
        )
    return Value(GF2, width, tuple(rng.getrandbits(1 + _VARIABLES) for _ in range(width)))


def read(value: Value, variables: int) -> int:
    """What a value is where the variables have these bits."""
    inputs = variables << 1 | 1
    return sum(((form & inputs).bit_count() & 1) << k for k, form in enumerate(value.raw))


def apply(ops: Gf2 | Evaluate, name: str, a: Value, b: Value, c: Value) -> Value:
    if name in BINARY:
        return ops.binary(name, a, b)
    if name in COMPARE:
        return ops.compare(name, a, b)
    if name == "select":
        return ops.select(c, a, b)
    if name in ("zext", "sext"):
        return ops.resize(name, a, 64)
    if name == "trunc":
        return ops.resize(name, a, 8)
    return ops.unary(name, a)


NAMES = (*BINARY, *COMPARE, "select", "zext", "sext", "trunc", "bswap", "ctpop")


@pytest.mark.parametrize("name", NAMES)
def test_an_op(name: str) -> None:
    rng = random.Random(name)
    found = 0
    for _ in range(400):
        width = rng.choice((16, 32))
        a, b, c = random_value(rng, width), random_value(rng, width), random_value(rng, 1)
        if name in ("shl", "lshr", "ashr"):
            b = GF2.const(rng.randrange(width), width)
        elif "div" in name or "rem" in name:
            b = GF2.const(rng.randrange(1, 100), width)
        try:
            result = apply(GF2, name, a, b, c)
        except NotLinear as product:
            for form in product.zero:
                assert form > 1
            continue
        found += 1
        for _ in range(8):
            variables = rng.getrandbits(_VARIABLES)
            exact = [EXACT.const(read(each, variables), each.width) for each in (a, b, c)]
            assert read(result, variables) == apply(EXACT, name, *exact).raw, (name, a.raw, b.raw, c.raw)
    assert found >= 20


def test_what_would_make_a_choice_a_sum() -> None:
    bit, one, other = (Value(GF2, 1, (1 << 1 + k,)) for k in range(3))
    with pytest.raises(NotLinear) as caught:
        GF2.select(bit, one, other)
    assert caught.value.zero == (0b1100,)  # one ^ other
    with pytest.raises(NotLinear) as caught:
        GF2.binary("and", one, other)
    assert caught.value.zero == ()


def test_bits_that_are_the_same_or_not() -> None:
    bit = Value(GF2, 1, (0b10,))
    assert GF2.binary("and", bit, bit).raw == (0b10,)
    assert GF2.binary("and", bit, ~bit).raw == (0,)
    assert GF2.binary("or", bit, ~bit).raw == (1,)
    assert GF2.select(bit, bit, GF2.const(0, 1)).raw == (0b10,)
    assert (GF2.const(0, 8) - bit.zext(8)).raw == (0b10,) * 8


def test_the_rest_of_the_protocol() -> None:
    one = cast("Value", GF2.const(1, 1))
    bit = Value(GF2, 1, (0b10,))
    assert GF2.opaque(bit) is bit
    assert GF2.cond(one, lambda: (bit,), lambda: (one,)) == (bit,)
    with pytest.raises(NotLinear):
        GF2.cond(bit, lambda: (bit,), lambda: (one,))
    with pytest.raises(NotLinear):
        GF2.native("fadd", one, one)
    (shifted,) = GF2.repeat(3, lambda value: (value << 1,), (GF2.const(1, 8),))
    assert shifted.raw == GF2.const(8, 8).raw
    with pytest.raises(ArithmeticError):
        GF2.binary("shl", bit.zext(8), GF2.const(8, 8))
