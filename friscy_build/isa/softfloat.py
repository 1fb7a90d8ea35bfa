"""RISC-V floating point (F and D) over Values: exact results, rounding modes and exception flags.

Each operation gives `(result bits, flags)`; flags is a 32-bit Value of NV | DZ | OF | UF | NX to be or-ed into fflags.
`fmt` is the format's width, 32 or 64; operands and results are bit patterns of that width (NaN boxing is the caller's).
`rm` is a resolved rounding mode, a 64-bit Value of 0..4; `sticky` the 32-bit fflags before the instruction.

Where the host has floats, the common case (round to nearest even, NX already raised, result safely normal) is the
host's own instruction, for then no flag can change; everything else goes to an exact integer version in a cold helper.
"""

from __future__ import annotations

from friscy_build.isa.value import Ops, Value

NX, UF, OF, DZ, NV = 1, 2, 4, 8, 16
RNE, RTZ, RDN, RUP, RMM = range(5)

Result = tuple[Value, Value]


def fadd(ops: Ops, fmt: int, a: Value, b: Value, rm: Value, sticky: Value) -> Result:
    """a + b, rounded once."""
    raise NotImplementedError


def fsub(ops: Ops, fmt: int, a: Value, b: Value, rm: Value, sticky: Value) -> Result:
    """a - b, rounded once."""
    raise NotImplementedError


def fmul(ops: Ops, fmt: int, a: Value, b: Value, rm: Value, sticky: Value) -> Result:
    """a * b, rounded once."""
    raise NotImplementedError


def fdiv(ops: Ops, fmt: int, a: Value, b: Value, rm: Value, sticky: Value) -> Result:
    """a / b, rounded once."""
    raise NotImplementedError


def fsqrt(ops: Ops, fmt: int, a: Value, rm: Value, sticky: Value) -> Result:
    """The square root of a, rounded once."""
    raise NotImplementedError


def fmadd(
    ops: Ops, fmt: int, a: Value, b: Value, c: Value, rm: Value, sticky: Value, host_fma: Value
) -> Result:
    """a * b + c, rounded once; `host_fma` (1 bit): the host's ffma is truly fused."""
    raise NotImplementedError


def fmin(ops: Ops, fmt: int, a: Value, b: Value) -> Result:
    """IEEE 754-2019 minimumNumber: a NaN loses against a number, -0 is less than +0."""
    raise NotImplementedError


def fmax(ops: Ops, fmt: int, a: Value, b: Value) -> Result:
    """IEEE 754-2019 maximumNumber."""
    raise NotImplementedError


def feq(ops: Ops, fmt: int, a: Value, b: Value) -> Result:
    """(a == b as 1 bit, flags); quiet: NV for signalling NaNs only."""
    raise NotImplementedError


def flt(ops: Ops, fmt: int, a: Value, b: Value) -> Result:
    """(a < b as 1 bit, flags); NV for any NaN."""
    raise NotImplementedError


def fle(ops: Ops, fmt: int, a: Value, b: Value) -> Result:
    """(a <= b as 1 bit, flags); NV for any NaN."""
    raise NotImplementedError


def to_int(ops: Ops, fmt: int, a: Value, rm: Value, width: int, is_signed: bool) -> Result:
    """a as an integer of `width` (32 or 64) bits; what does not fit saturates and raises NV, NaN counts as +inf."""
    raise NotImplementedError


def from_int(ops: Ops, fmt: int, value: Value, is_signed: bool, rm: Value) -> Result:
    """The 32- or 64-bit integer `value` as a float."""
    raise NotImplementedError


def convert(ops: Ops, from_fmt: int, to_fmt: int, a: Value, rm: Value) -> Result:
    """a of one format as the other format."""
    raise NotImplementedError


def classify(ops: Ops, fmt: int, a: Value) -> Value:
    """The 64-bit fclass mask, one bit set: 0 -inf, 1 -normal, 2 -subnormal, 3 -0, 4 +0, 5 +subnormal, 6 +normal,
    7 +inf, 8 signalling NaN, 9 quiet NaN."""
    raise NotImplementedError
