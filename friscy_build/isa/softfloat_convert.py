"""Exact conversions between integers and the two formats: helpers behind softfloat; see softfloat_core."""

from __future__ import annotations

from friscy_build.isa.softfloat_core import (
    NV,
    NX,
    RNE,
    TOP,
    Layout,
    Result,
    flag,
    float_round,
    increment,
    jam,
)
from friscy_build.isa.value import Value, helper


@helper((1, 64, 64, 64, 64), (64, 32))
def float_to_int(double: Value, a: Value, rm: Value, highest: Value, lowest: Value) -> Result:
    """Round to an integer; outside -lowest .. highest (unsigned magnitudes) it saturates and raises NV."""
    ops, f = double.ops, Layout(double)
    exponent = (a & f.magnitude) >> f.fraction
    fraction = (a << f.align) & (TOP - 1)
    significand = exponent.eq(0).select(fraction, fraction | TOP)
    negative = f.sign(a).ne(0) & ~f.is_nan(a)

    depth = f.bias + 63 - exponent  # the right shift that brings the unit to bit 0
    shift = depth & 63
    near = depth.compare("sle", 63)
    whole = near.select(significand >> shift, 0)
    # What is cut off, left-aligned.
    deep = depth.eq(64).select(significand, jam(ops.const(0, 64), significand))
    rest = near.select((significand << 1) << (shift ^ 63), deep)
    carry = (rest + increment(ops, rm, negative, ops.const(TOP, 64))).ult(rest)
    tie = rm.eq(RNE) & rest.eq(TOP)
    magnitude = (whole + carry.zext(64)) & ~tie.zext(64)

    limit = negative.select(lowest, highest)
    invalid = depth.slt(0) | limit.ult(magnitude)
    magnitude = invalid.select(limit, magnitude)
    flags = invalid.select(ops.const(NV, 32), flag(rest.ne(0), NX))
    return negative.select(-magnitude, magnitude), flags


@helper((1, 64, 64, 64), (64, 32))
def float_from_int(double: Value, sign: Value, magnitude: Value, rm: Value) -> Result:
    """The integer of this sign (0 or 1) and magnitude, rounded."""
    bits, flags = double.ops.call(float_round, double, sign, Layout(double).bias + 63, magnitude, rm)
    return bits, flags


@helper((64,), (64, 32))
def float_widen(a: Value) -> Result:
    """binary32 (zero-extended) to binary64."""
    return _convert(a, a.ops.const(0, 1), a.ops.const(1, 1), a.ops.const(RNE, 64))


@helper((64, 64), (64, 32))
def float_narrow(a: Value, rm: Value) -> Result:
    """binary64 to binary32 (zero-extended)."""
    return _convert(a, a.ops.const(1, 1), a.ops.const(0, 1), rm)


def _convert(a: Value, source: Value, target: Value, rm: Value) -> Result:
    ops, f, g = a.ops, Layout(source), Layout(target)
    sign = f.sign(a)

    def special() -> Result:
        infinity = g.signed(sign, g.infinity)
        return f.is_nan(a).select(g.nan(), infinity), flag(f.is_signalling(a), NV)

    def finite() -> tuple[Value, ...]:
        exponent, significand = f.unpack(a)
        return ops.call(float_round, target, sign, exponent - f.bias + g.bias, significand, rm)

    bits, flags = ops.cond(f.is_special(a), special, finite)
    return bits, flags
