"""The shared middle of the exact float operations: fields, unpacking and the one rounding.

One body serves both formats: operands are 64-bit Values (binary32 zero-extended) and a 1-bit `double` picks
the constants of the format. A finite number is (sign, exponent, significand), all 64-bit Values; the
significand is left-aligned (bit 63 set unless it is zero), the exponent biased but unbounded, so

    value = (-1)**sign * significand / 2**63 * 2**(exponent - bias)

Bits that were shifted out are "jammed": or-ed into bit 0, which decides exactness and ties and nothing else.
"""

from __future__ import annotations

from friscy_build.isa.value import Ops, Value, helper

NX, UF, OF, DZ, NV = 1, 2, 4, 8, 16
RNE, RTZ, RDN, RUP, RMM = range(5)

TOP = 1 << 63
Result = tuple[Value, Value]


class Layout:
    """The constants of the format that `double` picks: 64-bit Values."""

    def __init__(self, double: Value) -> None:
        def pick(binary64: int, binary32: int) -> Value:
            return double.select(double.ops.const(binary64, 64), binary32)

        self.fraction = pick(52, 23)  # bits
        self.align = pick(11, 40)  # left shift that brings the implicit bit to bit 63
        self.bias = pick(1023, 127)
        self.sign_bit = pick(63, 31)
        self.infinity = pick(0x7FF << 52, 0xFF << 23)
        self.quiet_bit = pick(1 << 51, 1 << 22)
        self.magnitude = pick(TOP - 1, (1 << 31) - 1)

    def nan(self) -> Value:
        """The canonical NaN."""
        return self.infinity | self.quiet_bit

    def is_nan(self, a: Value) -> Value:
        return self.infinity.ult(a & self.magnitude)

    def is_inf(self, a: Value) -> Value:
        return (a & self.magnitude).eq(self.infinity)

    def is_zero(self, a: Value) -> Value:
        return (a & self.magnitude).eq(0)

    def is_special(self, a: Value) -> Value:
        """Infinity or NaN."""
        return (a & self.infinity).eq(self.infinity)

    def is_signalling(self, a: Value) -> Value:
        return self.is_nan(a) & (a & self.quiet_bit).eq(0)

    def sign(self, a: Value) -> Value:
        """0 or 1."""
        return a >> self.sign_bit

    def signed(self, sign: Value, magnitude: Value) -> Value:
        return (sign << self.sign_bit) | magnitude

    def unpack(self, a: Value) -> tuple[Value, Value]:
        """(exponent, significand) of a finite `a`; a zero has significand 0 and the least exponent."""
        exponent = (a & self.magnitude) >> self.fraction
        subnormal = exponent.eq(0)
        fraction = (a << self.align) & (TOP - 1)
        significand = subnormal.select(fraction, fraction | TOP)
        zeros = significand.ops.unary("ctlz", significand)
        return exponent + subnormal.zext(64) - zeros, significand << (zeros & 63)


def flag(condition: Value, bits: int) -> Value:
    """The 32-bit flags `bits` where the 1-bit `condition` holds, else none."""
    return condition.select(condition.ops.const(bits, 32), 0)


def jam(value: Value, lost: Value) -> Value:
    """`value` with bit 0 set where the bits of `lost` are not all zero."""
    return value | lost.ne(0).zext(64)


def shift_right_jam(value: Value, count: Value) -> Value:
    """A 64-bit value shifted right by 0..63, jammed."""
    return jam(value >> count, (value << 1) << (count ^ 63))


def at_most(value: Value, limit: int) -> Value:
    """min(value, limit) of an unsigned or non-negative Value."""
    return value.ult(limit).select(value, limit)


def increment(ops: Ops, rm: Value, negative: Value, half: Value) -> Value:
    """What to add to a magnitude before its bits below 2 * half are cut, but for the even rule."""
    away = rm.eq(RDN) & negative | rm.eq(RUP) & ~negative
    return (rm.eq(RNE) | rm.eq(RMM)).select(half, away.select(half + half - 1, 0))


@helper((1, 64, 64, 64, 64), (64, 32))
def float_round(double: Value, sign: Value, exponent: Value, significand: Value, rm: Value) -> Result:
    """Round a number whose significand need not be left-aligned yet (0: a zero) to the format; (bits, flags).

    Underflow: tiny after rounding and inexact.
    """
    ops, f = double.ops, Layout(double)
    zeros = ops.unary("ctlz", significand)
    significand = significand << (zeros & 63)
    # Now one lower, so that a carry out of the rounding shows in bit 63.
    significand = significand >> 1 | significand & 1
    exponent = significand.eq(0).select(ops.const(0, 64), exponent - zeros)
    drop = f.align - 1
    half = ops.const(1, 64) << (drop - 1)
    add = increment(ops, rm, sign.ne(0), half)

    subnormal = exponent.compare("sle", 0)
    tiny = exponent.slt(0) | exponent.eq(0) & (significand + add).compare("sge", 0)
    depth = at_most(subnormal.select(ops.const(1, 64) - exponent, 0), 63)
    significand = shift_right_jam(significand, depth)
    # The implicit bit adds one to the exponent field.
    field = subnormal.select(ops.const(0, 64), exponent - 1)

    rest = significand & (half + half - 1)
    tie = rm.eq(RNE) & rest.eq(half)
    kept = ((significand + add) >> drop) & ~tie.zext(64)
    magnitude = (field << f.fraction) + kept
    overflow = magnitude.compare("uge", f.infinity)
    limit = f.infinity - add.eq(0).zext(64)
    inexact = flag(rest.ne(0), NX) | flag(rest.ne(0) & tiny, UF)
    flags = overflow.select(ops.const(OF | NX, 32), inexact)
    return f.signed(sign, overflow.select(limit, magnitude)), flags


def multiply_wide(a: Value, b: Value) -> tuple[Value, Value]:
    """The 128-bit product of two 64-bit values: (high, low)."""
    ops, low32 = a.ops, (1 << 32) - 1
    a1, a0, b1, b0 = a >> 32, a & low32, b >> 32, b & low32
    # Opaque, or LLVM makes this an i128 multiplication again and calls a library function for it.
    first = ops.opaque(a0 * b0)
    middle = a1 * b0 + (first >> 32)
    carry = a0 * b1 + (middle & low32)
    return a1 * b1 + (middle >> 32) + (carry >> 32), carry << 32 | (first & low32)
