"""Exact add, multiply, divide, square root and fused multiply-add on integers: softfloat's cold helpers.

All take the 1-bit `double`, 64-bit operands and the rounding mode, and give (bits, flags): softfloat_core.
"""

from __future__ import annotations

from friscy_build.isa.softfloat_core import (
    DZ,
    NV,
    RDN,
    Layout,
    Result,
    at_most,
    flag,
    float_round,
    jam,
    multiply_wide,
    shift_right_jam,
)
from friscy_build.isa.value import Value, helper

FAR_BELOW = -(1 << 14)  # an exponent for zero, below that of any product


def _special(f: Layout, nan: Value, invalid: Value, signalling: Value, otherwise: Value) -> Result:
    """The canonical NaN where an operand is one or the operation invalid; NV for signalling and invalid."""
    return (nan | invalid).select(f.nan(), otherwise), flag(signalling | invalid, NV)


def _zero_sign(first: Value, second: Value, rm: Value) -> Value:
    """The sign of an exact zero sum of terms of these signs."""
    return first.eq(second).select(first, rm.eq(RDN).zext(64))


@helper((1, 64, 64, 64), (64, 32))
def float_add(double: Value, a: Value, b: Value, rm: Value) -> Result:
    ops, f = double.ops, Layout(double)
    swap = (a & f.magnitude).ult(b & f.magnitude)
    a, b = swap.select(b, a), swap.select(a, b)  # |a| >= |b|
    sign_a, sign_b = f.sign(a), f.sign(b)
    differ = sign_a.ne(sign_b)

    def special() -> Result:
        nan = f.is_nan(a)
        invalid = ~nan & f.is_inf(b) & differ
        return _special(f, nan, invalid, f.is_signalling(a) | f.is_signalling(b), a)

    def finite() -> tuple[Value, ...]:
        (exponent, big), (exponent_b, small) = f.unpack(a), f.unpack(b)
        big, small = big >> 1, shift_right_jam(small >> 1, at_most(exponent - exponent_b, 63))
        total = differ.select(big - small, big + small)
        sign = total.eq(0).select(_zero_sign(sign_a, sign_b, rm), sign_a)
        return ops.call(float_round, double, sign, exponent + 1, total, rm)

    bits, flags = ops.cond(f.is_special(a), special, finite)
    return bits, flags


@helper((1, 64, 64, 64), (64, 32))
def float_multiply(double: Value, a: Value, b: Value, rm: Value) -> Result:
    ops, f = double.ops, Layout(double)
    sign = f.sign(a) ^ f.sign(b)

    def special() -> Result:
        nan = f.is_nan(a) | f.is_nan(b)
        invalid = f.is_inf(a) & f.is_zero(b) | f.is_zero(a) & f.is_inf(b)
        signalling = f.is_signalling(a) | f.is_signalling(b)
        return _special(f, nan, invalid, signalling, f.signed(sign, f.infinity))

    def finite() -> tuple[Value, ...]:
        (exponent_a, x), (exponent_b, y) = f.unpack(a), f.unpack(b)
        high, low = multiply_wide(x, y)
        return ops.call(float_round, double, sign, exponent_a + exponent_b - f.bias + 1, jam(high, low), rm)

    bits, flags = ops.cond(f.is_special(a) | f.is_special(b), special, finite)
    return bits, flags


@helper((1, 64, 64, 64), (64, 32))
def float_divide(double: Value, a: Value, b: Value, rm: Value) -> Result:
    ops, f = double.ops, Layout(double)
    sign = f.sign(a) ^ f.sign(b)
    by_zero = f.is_zero(b)

    def special() -> Result:
        nan = f.is_nan(a) | f.is_nan(b)
        invalid = f.is_inf(a) & f.is_inf(b) | f.is_zero(a) & by_zero
        # What is left: inf / x and x / 0 give infinity, x / inf gives zero.
        magnitude = f.is_inf(b).select(ops.const(0, 64), f.infinity)
        signalling = f.is_signalling(a) | f.is_signalling(b)
        bits, flags = _special(f, nan, invalid, signalling, f.signed(sign, magnitude))
        return bits, flags | flag(by_zero & ~f.is_zero(a) & ~f.is_special(a), DZ)

    def finite() -> tuple[Value, ...]:
        (exponent_a, x), (exponent_b, y) = f.unpack(a), f.unpack(b)
        dividend, divisor = x >> 11, y >> 11  # 53 bits each, so a remainder has room for 11 more

        def digit(quotient: Value, rest: Value) -> tuple[Value, ...]:
            rest = rest << 11
            more = rest.udiv(divisor)
            return (quotient << 11) + more, rest - more * divisor

        one = dividend.compare("uge", divisor)
        start = (one.zext(64), one.select(dividend - divisor, dividend))
        quotient, rest = ops.repeat(5, digit, start)
        # quotient = floor(2**55 * dividend / divisor) > 2**54
        exponent = exponent_a - exponent_b + f.bias
        return ops.call(float_round, double, sign, exponent, jam(quotient << 8, rest), rm)

    bits, flags = ops.cond(f.is_special(a) | f.is_special(b) | by_zero, special, finite)
    return bits, flags


@helper((1, 64, 64), (64, 32))
def float_sqrt(double: Value, a: Value, rm: Value) -> Result:
    ops, f = double.ops, Layout(double)
    sign = f.sign(a)
    zero = f.is_zero(a)

    def special() -> Result:
        nan = f.is_nan(a)
        return _special(f, nan, ~nan & ~zero & sign.ne(0), f.is_signalling(a), a)

    def finite() -> tuple[Value, ...]:
        exponent, x = f.unpack(a)
        exponent = exponent - f.bias
        # The radicand in [1, 4) as 2.62 bits.
        radicand = (exponent & 1).ne(0).select(x, x >> 1)

        def digit(root: Value, rest: Value, radicand: Value) -> tuple[Value, ...]:
            rest = rest << 2 | radicand >> 62
            trial = root << 2 | 1
            fits = trial.compare("ule", rest)
            rest = fits.select(rest - trial, rest)
            return root << 1 | fits.zext(64), rest, radicand << 2

        zero = ops.const(0, 64)
        root, rest, _ = ops.repeat(55, digit, (zero, zero, radicand))
        exponent = exponent.ashr(1) + f.bias
        return ops.call(float_round, double, sign, exponent, jam(root << 9, rest), rm)

    bits, flags = ops.cond(f.is_special(a) | zero | sign.ne(0), special, finite)
    return bits, flags


def _wide_shift_right_jam(high: Value, low: Value, count: Value) -> tuple[Value, Value]:
    """A 128-bit (high, low) shifted right by any count, jammed."""
    far = count.compare("uge", 64)
    high, low = far.select(high.ops.const(0, 64), high), far.select(jam(high, low), low)
    count = at_most(far.select(count - 64, count), 63)
    back = count ^ 63
    return high >> count, jam(low >> count | (high << 1) << back, (low << 1) << back)


@helper((1, 64, 64, 64, 64), (64, 32))
def float_fma(double: Value, a: Value, b: Value, c: Value, rm: Value) -> Result:
    ops, f = double.ops, Layout(double)
    sign_p, sign_c = f.sign(a) ^ f.sign(b), f.sign(c)
    differ = sign_p.ne(sign_c)

    def special() -> Result:
        nan_product = f.is_nan(a) | f.is_nan(b)
        infinite = f.is_inf(a) | f.is_inf(b)
        invalid = f.is_inf(a) & f.is_zero(b) | f.is_zero(a) & f.is_inf(b)
        invalid = invalid | ~nan_product & infinite & f.is_inf(c) & differ
        signalling = f.is_signalling(a) | f.is_signalling(b) | f.is_signalling(c)
        total = infinite.select(f.signed(sign_p, f.infinity), c)
        return _special(f, nan_product | f.is_nan(c), invalid, signalling, total)

    def finite() -> tuple[Value, ...]:
        (exponent_a, x), (exponent_b, y), (exponent_c, z) = f.unpack(a), f.unpack(b), f.unpack(c)
        # The product and c as 128-bit significands with bit 127 set (or zero and far below).
        high, low = multiply_wide(x, y)
        short = high.compare("sge", 0)
        high, low = short.select(high << 1 | low >> 63, high), short.select(low << 1, low)
        below = ops.const(FAR_BELOW, 64)
        exponent_p = exponent_a + exponent_b - f.bias + 1 - short.zext(64)
        exponent_p = high.eq(0).select(below, exponent_p)
        exponent_c = z.eq(0).select(below, exponent_c)

        # One bit of headroom: the low 11 bits of z and 21 bits of the product are zero.
        high, low, z = high >> 1, high << 63 | low >> 1, z >> 1
        distance = exponent_p - exponent_c
        swap = distance.slt(0)
        zero = ops.const(0, 64)
        big_high, big_low = swap.select(z, high), swap.select(zero, low)
        small_high, small_low = _wide_shift_right_jam(
            swap.select(high, z), swap.select(low, zero), swap.select(-distance, distance)
        )
        exponent = swap.select(exponent_c, exponent_p)

        sum_low = big_low + small_low
        sum_high = big_high + small_high + sum_low.ult(big_low).zext(64)
        low = differ.select(big_low - small_low, sum_low)
        high = differ.select(big_high - small_high - big_low.ult(small_low).zext(64), sum_high)
        # Only terms of one exponent can come out the wrong way round.
        negative = differ & high.slt(0)
        high = negative.select(~high + low.eq(0).zext(64), high)
        low = negative.select(-low, low)
        sign = swap.select(sign_c, sign_p) ^ negative.zext(64)
        sign = (high | low).eq(0).select(_zero_sign(sign_p, sign_c, rm), sign)

        narrow = high.eq(0)
        high, low = narrow.select(low, high), narrow.select(zero, low)
        exponent = exponent + 1 - narrow.select(ops.const(64, 64), 0)
        zeros = ops.unary("ctlz", high)
        shift = zeros & 63
        significand = jam(high << shift | (low >> 1) >> (shift ^ 63), low << shift)
        return ops.call(float_round, double, sign, exponent - zeros, significand, rm)

    bits, flags = ops.cond(f.is_special(a) | f.is_special(b) | f.is_special(c), special, finite)
    return bits, flags
