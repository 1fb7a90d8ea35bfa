"""RISC-V floating point (F and D) over Values: exact results, rounding modes and exception flags.

Each operation gives `(result bits, flags)`; flags is a 32-bit Value of NV | DZ | OF | UF | NX to be or-ed
into fflags. `fmt` is the format's width, 32 or 64; operands and results are bit patterns of that width (NaN
boxing is the caller's). `rm` is a resolved rounding mode, a 64-bit Value of 0..4; `sticky` the 32-bit fflags
before the instruction. NaN results are canonical; underflow is tininess after rounding.

Where the host has floats, the common case (round to nearest even, NX already raised, result safely normal) is
the host's own instruction, for then no flag can change; everything else goes to an exact integer version in a
cold helper.
"""

from __future__ import annotations

from collections.abc import Callable

from friscy_build.isa.softfloat_convert import float_from_int, float_narrow, float_to_int, float_widen
from friscy_build.isa.softfloat_core import DZ, NV, NX, OF, RDN, RMM, RNE, RTZ, RUP, UF, Result, flag
from friscy_build.isa.softfloat_exact import float_add, float_divide, float_fma, float_multiply, float_sqrt
from friscy_build.isa.value import Helper, Ops, Value

__all__ = [
    "DZ", "NV", "NX", "OF", "RDN", "RMM", "RNE", "RTZ", "RUP", "UF", "Result",
    "classify", "convert", "fadd", "fdiv", "feq", "fle", "flt", "fmadd", "fmax", "fmin", "fmul", "from_int",
    "fsqrt", "fsub", "to_int",
]  # fmt: skip

FRACTION = {32: 23, 64: 52}
BIAS = {32: 127, 64: 1023}
INFINITY = {32: 0xFF << 23, 64: 0x7FF << 52}
QUIET_BIT = {32: 1 << 22, 64: 1 << 51}
NAN = {fmt: INFINITY[fmt] | QUIET_BIT[fmt] for fmt in (32, 64)}


def fadd(ops: Ops, fmt: int, a: Value, b: Value, rm: Value, sticky: Value) -> Result:
    """a + b, rounded once."""
    # A sum that is subnormal or zero is exact, so only infinity and NaN need a look.
    return _rounded(ops, fmt, "fadd", float_add, (a, b), rm, sticky, _is_finite)


def fsub(ops: Ops, fmt: int, a: Value, b: Value, rm: Value, sticky: Value) -> Result:
    """a - b, rounded once."""
    return fadd(ops, fmt, a, b ^ (1 << (fmt - 1)), rm, sticky)


def fmul(ops: Ops, fmt: int, a: Value, b: Value, rm: Value, sticky: Value) -> Result:
    """a * b, rounded once."""
    # Zeros are common and a product of two finite numbers, one of them zero, is exact.
    zero = _magnitude(fmt, a).eq(0) | _magnitude(fmt, b).eq(0)
    return _rounded(ops, fmt, "fmul", float_multiply, (a, b), rm, sticky, _is_safely_normal, zero=zero)


def fdiv(ops: Ops, fmt: int, a: Value, b: Value, rm: Value, sticky: Value) -> Result:
    """a / b, rounded once."""
    return _rounded(ops, fmt, "fdiv", float_divide, (a, b), rm, sticky, _is_safely_normal)


def fsqrt(ops: Ops, fmt: int, a: Value, rm: Value, sticky: Value) -> Result:
    """The square root of a, rounded once."""
    return _rounded(ops, fmt, "fsqrt", float_sqrt, (a,), rm, sticky, _is_finite)


def fmadd(
    ops: Ops, fmt: int, a: Value, b: Value, c: Value, rm: Value, sticky: Value, host_fma: Value
) -> Result:
    """a * b + c, rounded once; `host_fma` (1 bit): the host's ffma is truly fused."""
    return _rounded(ops, fmt, "ffma", float_fma, (a, b, c), rm, sticky, _is_safely_normal, trusted=host_fma)


def _rounded(
    ops: Ops,
    fmt: int,
    native: str,
    exact: Helper,
    args: tuple[Value, ...],
    rm: Value,
    sticky: Value,
    is_safe: Callable[[int, Value], Value],
    *,
    trusted: Value | None = None,
    zero: Value | None = None,
) -> Result:
    """The host's result where it is right and raises nothing new, else what the helper says.

    trusted (1 bit): the host's op may be used; zero (1 bit): a zero result is exact.
    """

    def slow() -> Result:
        bits, flags = ops.call(exact, ops.const(fmt == 64, 1), *(arg.zext(64) for arg in args), rm)
        return bits.trunc(fmt), flags

    if not ops.has_native:
        return slow()
    quiet = rm.eq(RNE) & (sticky & NX).ne(0)
    if trusted is not None:
        quiet = quiet & trusted
    result = ops.native(native, *args)

    def fast() -> Result:
        return result, ops.const(0, 32)

    def seldom() -> tuple[Value, ...]:
        return slow() if zero is None else ops.cond(_magnitude(fmt, result).eq(0) & zero, fast, slow)

    bits, flags = ops.cond(quiet & is_safe(fmt, result), fast, seldom)
    return bits, flags


def _is_finite(fmt: int, result: Value) -> Value:
    return _magnitude(fmt, result).ult(INFINITY[fmt])


def _is_safely_normal(fmt: int, result: Value) -> Value:
    """Finite, and at least twice the least normal number: no rounding of a tiny value gives that."""
    least = 2 << FRACTION[fmt]
    return (_magnitude(fmt, result) - least).ult(INFINITY[fmt] - least)


def _magnitude(fmt: int, a: Value) -> Value:
    return a & ((1 << (fmt - 1)) - 1)


def _is_nan(fmt: int, a: Value) -> Value:
    return _magnitude(fmt, a).compare("ugt", INFINITY[fmt])


def _is_signalling(fmt: int, a: Value) -> Value:
    return _is_nan(fmt, a) & (a & QUIET_BIT[fmt]).eq(0)


def _order(fmt: int, a: Value) -> Value:
    """A number whose signed order is that of the floats, -0 just below +0."""
    return a ^ (a.ashr(fmt - 1) >> 1)


def fmin(ops: Ops, fmt: int, a: Value, b: Value) -> Result:
    """IEEE 754-2019 minimumNumber: a number beats a NaN, -0 is less than +0; NV for signalling NaNs."""
    return _extreme(ops, fmt, a, b, _order(fmt, a).slt(_order(fmt, b)))


def fmax(ops: Ops, fmt: int, a: Value, b: Value) -> Result:
    """IEEE 754-2019 maximumNumber: a number beats a NaN, -0 is less than +0; NV for signalling NaNs."""
    return _extreme(ops, fmt, a, b, _order(fmt, b).slt(_order(fmt, a)))


def _extreme(ops: Ops, fmt: int, a: Value, b: Value, first: Value) -> Result:
    nan_a, nan_b = _is_nan(fmt, a), _is_nan(fmt, b)
    number = ((first | nan_b) & ~nan_a).select(a, b)
    result = (nan_a & nan_b).select(ops.const(NAN[fmt], fmt), number)
    return result, flag(_is_signalling(fmt, a) | _is_signalling(fmt, b), NV)


def feq(ops: Ops, fmt: int, a: Value, b: Value) -> Result:
    """(a == b as 1 bit, flags); quiet: NV for signalling NaNs only."""
    if ops.has_native:
        result = ops.native("feq", a, b)
    else:
        result = (a.eq(b) | _magnitude(fmt, a | b).eq(0)) & ~_is_nan(fmt, a) & ~_is_nan(fmt, b)
    return result, flag(_is_signalling(fmt, a) | _is_signalling(fmt, b), NV)


def flt(ops: Ops, fmt: int, a: Value, b: Value) -> Result:
    """(a < b as 1 bit, flags); NV for any NaN."""
    nan = _is_nan(fmt, a) | _is_nan(fmt, b)
    if ops.has_native:
        result = ops.native("flt", a, b)
    else:
        result = _order(fmt, a).slt(_order(fmt, b)) & _magnitude(fmt, a | b).ne(0) & ~nan
    return result, flag(nan, NV)


def fle(ops: Ops, fmt: int, a: Value, b: Value) -> Result:
    """(a <= b as 1 bit, flags); NV for any NaN."""
    nan = _is_nan(fmt, a) | _is_nan(fmt, b)
    if ops.has_native:
        result = ops.native("fle", a, b)
    else:
        result = (_order(fmt, a).compare("sle", _order(fmt, b)) | _magnitude(fmt, a | b).eq(0)) & ~nan
    return result, flag(nan, NV)


def to_int(ops: Ops, fmt: int, a: Value, rm: Value, width: int, is_signed: bool) -> Result:
    """a as an integer of `width` (32 or 64) bits; what does not fit saturates and raises NV; NaN is high."""
    number = a.zext(64)
    negative = (number >> (fmt - 1)).ne(0)
    exponent = (_magnitude(fmt, a).zext(64) >> FRACTION[fmt]) - BIAS[fmt]

    def truncated() -> Result:
        significand = number << (63 - FRACTION[fmt]) | 1 << 63
        whole = significand >> (exponent ^ 63)
        bits = negative.select(-whole, whole) if is_signed else whole
        return bits.trunc(width), flag(((significand << 1) << exponent).ne(0), NX)

    def rounded() -> Result:
        highest = ops.const((1 << (width - is_signed)) - 1, 64)
        lowest = ops.const(1 << (width - 1) if is_signed else 0, 64)
        bits, flags = ops.call(float_to_int, ops.const(fmt == 64, 1), number, rm, highest, lowest)
        return bits.trunc(width), flags

    # C's conversions: towards zero; from 1 up there is a significand to shift, and these always fit.
    easy = rm.eq(RTZ) & exponent.ult(width - 1)
    bits, flags = ops.cond(easy if is_signed else easy & ~negative, truncated, rounded)
    return bits, flags


def from_int(ops: Ops, fmt: int, value: Value, is_signed: bool, rm: Value) -> Result:
    """The 32- or 64-bit integer `value` as a float."""
    if is_signed:
        number = value.sext(64)
        negative = number.slt(0)
        magnitude = negative.select(-number, number)
    else:
        number = magnitude = value.zext(64)
        negative = ops.const(0, 1)
    zeros = ops.unary("ctlz", magnitude)
    aligned = magnitude << (zeros & 63)
    cut = 63 - FRACTION[fmt]

    def exact() -> Result:
        # The implicit bit adds the last one to the exponent field.
        field = (ops.const(BIAS[fmt] + 62, 64) - zeros) << FRACTION[fmt]
        bits = magnitude.eq(0).select(magnitude, field + (aligned >> cut))
        return (bits | negative.zext(64) << (fmt - 1)).trunc(fmt), ops.const(0, 32)

    def rounded() -> Result:
        bits, flags = ops.call(float_from_int, ops.const(fmt == 64, 1), negative.zext(64), magnitude, rm)
        return bits.trunc(fmt), flags

    if value.width <= FRACTION[fmt]:
        return exact()
    bits, flags = ops.cond((aligned & ((1 << cut) - 1)).eq(0), exact, rounded)
    return bits, flags


def convert(ops: Ops, from_fmt: int, to_fmt: int, a: Value, rm: Value) -> Result:
    """a of one format as the other format."""
    if (from_fmt, to_fmt) == (32, 64):
        return _widen(ops, a)
    if (from_fmt, to_fmt) == (64, 32):
        return _narrow(ops, a, rm)
    raise ValueError(f"no conversion from {from_fmt} to {to_fmt} bits")


def _widen(ops: Ops, a: Value) -> Result:
    wide = a.zext(64)
    magnitude = wide & ((1 << 31) - 1)
    zero = magnitude.eq(0)
    normal = (magnitude - (1 << 23)).ult(INFINITY[32] - (1 << 23))

    def exact() -> Result:
        rebias = zero.select(ops.const(0, 64), (BIAS[64] - BIAS[32]) << 52)
        return (magnitude << 29) + rebias | (wide ^ magnitude) << 32, ops.const(0, 32)

    bits, flags = ops.cond(zero | normal, exact, lambda: ops.call(float_widen, wide))
    return bits, flags


def _narrow(ops: Ops, a: Value, rm: Value) -> Result:
    cut = 29
    magnitude = _magnitude(64, a)
    # Normal in binary32; rounding up out of the last exponent would overflow.
    least, most = (BIAS[64] - BIAS[32] + 1) << 52, (BIAS[64] + BIAS[32]) << 52
    easy = rm.eq(RNE) & (magnitude - least).ult(most - least) | magnitude.eq(0)

    def nearest() -> Result:
        odd = (magnitude >> cut) & 1
        kept = (magnitude + odd + ((1 << (cut - 1)) - 1)) >> cut
        field = magnitude.eq(0).select(kept, kept - ((BIAS[64] - BIAS[32]) << 23))
        bits = field | (a ^ magnitude) >> 32
        return bits.trunc(32), flag((magnitude & ((1 << cut) - 1)).ne(0), NX)

    def rounded() -> Result:
        bits, flags = ops.call(float_narrow, a, rm)
        return bits.trunc(32), flags

    bits, flags = ops.cond(easy, nearest, rounded)
    return bits, flags


def classify(ops: Ops, fmt: int, a: Value) -> Value:
    """The 64-bit fclass mask, one bit set.

    0 -inf, 1 -normal, 2 -subnormal, 3 -0, 4 +0, 5 +subnormal, 6 +normal, 7 +inf, 8 signalling NaN,
    9 quiet NaN.
    """
    magnitude = _magnitude(fmt, a)
    # Steps outward from zero: 0 zero, 1 subnormal, 2 normal, 3 infinity.
    steps = magnitude.ne(0).zext(64)
    steps = steps + magnitude.compare("uge", 1 << FRACTION[fmt]).zext(64)
    steps = steps + magnitude.compare("uge", INFINITY[fmt]).zext(64)
    one = ops.const(1, 64)
    number = a.slt(0).select(ops.const(8, 64) >> steps, ops.const(16, 64) << steps)
    nan = (a & QUIET_BIT[fmt]).eq(0).select(one << 8, one << 9)
    return _is_nan(fmt, a).select(nan, number)
