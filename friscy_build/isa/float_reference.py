"""What every F and D operation must give, by exact arithmetic on Python ints: the oracle of the float tests.

Bit patterns are ints of `fmt` (32 or 64) bits; each operation gives (bits, flags). A finite number becomes an
exact rational, the operation is done on rationals, and `round_to_format` rounds once. Nothing here is fast.
"""

from __future__ import annotations

from fractions import Fraction
from math import isqrt

NX, UF, OF, DZ, NV = 1, 2, 4, 8, 16
RNE, RTZ, RDN, RUP, RMM = range(5)

PRECISION = {32: 24, 64: 53}  # significant bits, the implicit one included
LEAST = {32: -126, 64: -1022}  # exponent of the least normal number
MOST = {32: 127, 64: 1023}

Result = tuple[int, int]


def infinity(fmt: int, sign: int = 0) -> int:
    return sign << (fmt - 1) | (2 * MOST[fmt] + 1) << (PRECISION[fmt] - 1)


def canonical_nan(fmt: int) -> int:
    return infinity(fmt) | 1 << (PRECISION[fmt] - 2)


def zero(fmt: int, sign: int) -> int:
    return sign << (fmt - 1)


def sign_of(fmt: int, a: int) -> int:
    return a >> (fmt - 1)


def magnitude(fmt: int, a: int) -> int:
    return a & ((1 << (fmt - 1)) - 1)


def is_nan(fmt: int, a: int) -> bool:
    return magnitude(fmt, a) > infinity(fmt)


def is_signalling(fmt: int, a: int) -> bool:
    return is_nan(fmt, a) and not a >> (PRECISION[fmt] - 2) & 1


def is_inf(fmt: int, a: int) -> bool:
    return magnitude(fmt, a) == infinity(fmt)


def is_zero(fmt: int, a: int) -> bool:
    return magnitude(fmt, a) == 0


def exact(fmt: int, a: int) -> Fraction:
    """The number that a finite `a` stands for."""
    width = PRECISION[fmt] - 1
    field, fraction = magnitude(fmt, a) >> width, a & ((1 << width) - 1)
    if field:
        fraction += 1 << width
    number = fraction * Fraction(2) ** (max(field, 1) - 1 + LEAST[fmt] - width)
    return -number if sign_of(fmt, a) else number


def _round_quotient(numerator: int, denominator: int, sign: int, rm: int) -> tuple[int, bool]:
    """(the magnitude numerator / denominator rounded to an integer, whether that changed it)."""
    whole, rest = divmod(numerator, denominator)
    up = {
        RNE: 2 * rest > denominator or (2 * rest == denominator and whole % 2 == 1),
        RTZ: False,
        RDN: sign == 1 and rest > 0,
        RUP: sign == 0 and rest > 0,
        RMM: 2 * rest >= denominator,
    }[rm]
    return whole + up, rest > 0


def _round_at(number: Fraction, quantum: int, sign: int, rm: int) -> tuple[int, bool]:
    """`number` rounded to a multiple of 2**quantum: (how many, whether that changed it)."""
    numerator, denominator = number.numerator, number.denominator
    if quantum >= 0:
        return _round_quotient(numerator, denominator << quantum, sign, rm)
    return _round_quotient(numerator << -quantum, denominator, sign, rm)


def round_to_format(fmt: int, sign: int, number: Fraction, rm: int) -> Result:
    """The magnitude `number` (0: a zero of this sign) as a float; OF, UF (tiny after rounding), NX."""
    if number == 0:
        return zero(fmt, sign), 0
    precision = PRECISION[fmt]
    exponent = number.numerator.bit_length() - number.denominator.bit_length()
    if number < Fraction(2) ** exponent:
        exponent -= 1
    # Tiny: it would be below the least normal number had the exponent no bound.
    unbounded, _ = _round_at(number, exponent - precision + 1, sign, rm)
    tiny = unbounded * Fraction(2) ** (exponent - precision + 1) < Fraction(2) ** LEAST[fmt]

    quantum = max(exponent, LEAST[fmt]) - precision + 1
    count, inexact = _round_at(number, quantum, sign, rm)
    if count * Fraction(2) ** quantum >= Fraction(2) ** (MOST[fmt] + 1):
        to_infinity = rm in (RNE, RMM) or rm == (RDN if sign else RUP)
        return infinity(fmt, sign) - (not to_infinity), OF | NX
    # A count that was rounded up to the next power of two runs over into the exponent field as it should.
    field = quantum + precision - 1 - LEAST[fmt]
    bits = (field << (precision - 1)) + count
    flags = (NX if inexact else 0) | (UF if inexact and tiny else 0)
    return zero(fmt, sign) | bits, flags


def _nan(fmt: int, *args: int, invalid: bool = False) -> Result:
    return canonical_nan(fmt), NV if invalid or any(is_signalling(fmt, arg) for arg in args) else 0


def _sum(fmt: int, terms: list[tuple[int, Fraction]], rm: int) -> Result:
    """The sum of two (sign, magnitude) terms; an exact zero of unlike terms is -0 only when rounding down."""
    total = sum((-number if sign else number) for sign, number in terms)
    if total == 0:
        (first, _), (second, _) = terms
        return zero(fmt, first if first == second else int(rm == RDN)), 0
    return round_to_format(fmt, int(total < 0), abs(Fraction(total)), rm)


def _term(fmt: int, a: int) -> tuple[int, Fraction]:
    return sign_of(fmt, a), abs(exact(fmt, a))


def fadd(fmt: int, a: int, b: int, rm: int) -> Result:
    if is_nan(fmt, a) or is_nan(fmt, b):
        return _nan(fmt, a, b)
    if is_inf(fmt, a) and is_inf(fmt, b) and a != b:
        return _nan(fmt, invalid=True)
    if is_inf(fmt, a) or is_inf(fmt, b):
        return (a if is_inf(fmt, a) else b), 0
    return _sum(fmt, [_term(fmt, a), _term(fmt, b)], rm)


def fsub(fmt: int, a: int, b: int, rm: int) -> Result:
    return fadd(fmt, a, b ^ zero(fmt, 1), rm)


def fmul(fmt: int, a: int, b: int, rm: int) -> Result:
    sign = sign_of(fmt, a ^ b)
    if is_nan(fmt, a) or is_nan(fmt, b):
        return _nan(fmt, a, b)
    if is_inf(fmt, a) or is_inf(fmt, b):
        if is_zero(fmt, a) or is_zero(fmt, b):
            return _nan(fmt, invalid=True)
        return infinity(fmt, sign), 0
    return round_to_format(fmt, sign, abs(exact(fmt, a) * exact(fmt, b)), rm)


def fdiv(fmt: int, a: int, b: int, rm: int) -> Result:
    sign = sign_of(fmt, a ^ b)
    if is_nan(fmt, a) or is_nan(fmt, b):
        return _nan(fmt, a, b)
    if is_inf(fmt, a):
        return _nan(fmt, invalid=True) if is_inf(fmt, b) else (infinity(fmt, sign), 0)
    if is_inf(fmt, b):
        return zero(fmt, sign), 0
    if is_zero(fmt, b):
        return _nan(fmt, invalid=True) if is_zero(fmt, a) else (infinity(fmt, sign), DZ)
    return round_to_format(fmt, sign, abs(exact(fmt, a) / exact(fmt, b)), rm)


def fsqrt(fmt: int, a: int, rm: int) -> Result:
    if is_nan(fmt, a):
        return _nan(fmt, a)
    if is_zero(fmt, a):
        return a, 0
    if sign_of(fmt, a):
        return _nan(fmt, invalid=True)
    if is_inf(fmt, a):
        return a, 0
    # Enough bits that the floor and "a little more" round like the irrational root.
    scale = 1300
    square = exact(fmt, a) * 4**scale
    assert square.denominator == 1
    root = isqrt(square.numerator)
    doubled = 2 * root + (root * root != square.numerator)
    return round_to_format(fmt, 0, Fraction(doubled, 2 << scale), rm)


def fmadd(fmt: int, a: int, b: int, c: int, rm: int) -> Result:
    sign = sign_of(fmt, a ^ b)
    infinite = is_inf(fmt, a) or is_inf(fmt, b)
    # Invalid even where c is a quiet NaN (the RISC-V choice).
    invalid = infinite and (is_zero(fmt, a) or is_zero(fmt, b))
    if invalid or is_nan(fmt, a) or is_nan(fmt, b) or is_nan(fmt, c):
        return _nan(fmt, a, b, c, invalid=invalid)
    if infinite:
        if is_inf(fmt, c) and sign_of(fmt, c) != sign:
            return _nan(fmt, invalid=True)
        return infinity(fmt, sign), 0
    if is_inf(fmt, c):
        return c, 0
    product = abs(exact(fmt, a) * exact(fmt, b))
    return _sum(fmt, [(sign, product), _term(fmt, c)], rm)


def _extreme(fmt: int, a: int, b: int, greatest: bool) -> Result:
    flags = NV if is_signalling(fmt, a) or is_signalling(fmt, b) else 0
    numbers = [x for x in (a, b) if not is_nan(fmt, x)]
    if not numbers:
        return canonical_nan(fmt), flags

    def key(x: int) -> tuple[int, Fraction, int]:
        sign = sign_of(fmt, x)
        if is_inf(fmt, x):
            return (-1 if sign else 1), Fraction(0), 0
        return 0, exact(fmt, x), -sign

    return (max if greatest else min)(numbers, key=key), flags


def fmin(fmt: int, a: int, b: int) -> Result:
    return _extreme(fmt, a, b, greatest=False)


def fmax(fmt: int, a: int, b: int) -> Result:
    return _extreme(fmt, a, b, greatest=True)


def _compare(fmt: int, a: int, b: int) -> int | None:
    """-1, 0 or 1; None where a NaN takes part."""
    if is_nan(fmt, a) or is_nan(fmt, b):
        return None

    def number(x: int) -> Fraction:
        if is_inf(fmt, x):
            return Fraction(-(2**2000) if sign_of(fmt, x) else 2**2000)
        return exact(fmt, x)

    return (number(a) > number(b)) - (number(a) < number(b))


def feq(fmt: int, a: int, b: int) -> Result:
    flags = NV if is_signalling(fmt, a) or is_signalling(fmt, b) else 0
    return int(_compare(fmt, a, b) == 0), flags


def flt(fmt: int, a: int, b: int) -> Result:
    order = _compare(fmt, a, b)
    return (0, NV) if order is None else (int(order < 0), 0)


def fle(fmt: int, a: int, b: int) -> Result:
    order = _compare(fmt, a, b)
    return (0, NV) if order is None else (int(order <= 0), 0)


def to_int(fmt: int, a: int, rm: int, width: int, is_signed: bool) -> Result:
    """The integer as a pattern of `width` bits."""
    lowest, highest = (-(1 << (width - 1)), (1 << (width - 1)) - 1) if is_signed else (0, (1 << width) - 1)
    sign = sign_of(fmt, a)
    if is_nan(fmt, a):
        return highest, NV
    if is_inf(fmt, a):
        return (lowest if sign else highest) % (1 << width), NV
    count, inexact = _round_at(abs(exact(fmt, a)), 0, sign, rm)
    value = -count if sign else count
    if not lowest <= value <= highest:
        return (lowest if sign else highest) % (1 << width), NV
    return value % (1 << width), NX if inexact else 0


def from_int(fmt: int, value: int, rm: int) -> Result:
    """Of a Python int, so already signed or not."""
    return round_to_format(fmt, int(value < 0), Fraction(abs(value)), rm)


def convert(from_fmt: int, to_fmt: int, a: int, rm: int) -> Result:
    sign = sign_of(from_fmt, a)
    if is_nan(from_fmt, a):
        return canonical_nan(to_fmt), NV if is_signalling(from_fmt, a) else 0
    if is_inf(from_fmt, a):
        return infinity(to_fmt, sign), 0
    return round_to_format(to_fmt, sign, abs(exact(from_fmt, a)), rm)


def classify(fmt: int, a: int) -> int:
    if is_nan(fmt, a):
        return 1 << (8 if is_signalling(fmt, a) else 9)
    if is_inf(fmt, a):
        steps = 3
    elif is_zero(fmt, a):
        steps = 0
    else:
        steps = 2 if abs(exact(fmt, a)) >= Fraction(2) ** LEAST[fmt] else 1
    return 1 << (3 - steps if sign_of(fmt, a) else 4 + steps)
