# ruff: noqa: B905
import cmath
import fractions
import itertools
import math
import random
import statistics
import struct
import sys

random.seed(20240229)
bits = [random.getrandbits(64) for _ in range(4000)]
doubles = [struct.unpack("<d", n.to_bytes(8, "little"))[0] for n in bits]
doubles += [0.0, -0.0, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, math.inf, -math.inf, math.nan]
doubles += [10.0**n for n in range(-320, 309)] + [n / 10 for n in range(-50, 50)]
for value in doubles:
    text = repr(value)
    back = float(text)
    assert back == value or value != value, text
    print(
        text, f"{value:.3g} {value:+.10e} {value:20.4f}" if abs(value) < 1e30 else f"{value:g}", value.hex()
    )
singles = [struct.unpack("<f", (n & 0xFFFFFFFF).to_bytes(4, "little"))[0] for n in bits[:500]]
print([struct.pack("<f", value).hex() for value in singles])
print([struct.pack("<e", n / 7).hex() for n in range(-300, 300)])
names = [
    "sin",
    "cos",
    "tan",
    "asin",
    "acos",
    "atan",
    "sinh",
    "cosh",
    "tanh",
    "asinh",
    "acosh",
    "atanh",
    "exp",
    "expm1",
    "exp2",
    "log",
    "log10",
    "log2",
    "log1p",
]
names += [
    "sqrt",
    "cbrt",
    "erf",
    "erfc",
    "gamma",
    "lgamma",
    "floor",
    "ceil",
    "trunc",
    "degrees",
    "radians",
    "fabs",
    "frexp",
    "modf",
]
for name in names:
    function = getattr(math, name)
    row = []
    for value in itertools.chain((n / 8 for n in range(-20, 21)), doubles[:40], (1e300, 1e-300)):
        try:
            row.append(repr(function(value)))
        except (ValueError, OverflowError) as error:
            row.append(str(error))
    print(name, row)
for a, b in zip(doubles[:200], doubles[200:400]):
    for function in (math.fmod, math.hypot, math.atan2, math.copysign, math.remainder, math.nextafter):
        try:
            print(repr(function(a, b)), end=" ")
        except (ValueError, OverflowError) as error:
            print(error, end=" ")
    print(a < b, a == b, max(a, b), min(a, b))
print(math.fsum(n / 10 for n in range(1000)), math.factorial(300), math.comb(200, 77), math.isqrt(10**101))
print(
    2**4000 // 3**700,
    (2**4000) % (10**50 + 7),
    pow(3, 10**30, 10**40 + 13),
    -7 // 2,
    -7 % 3,
    divmod(-(10**40), 7**19),
)
print(hex(int("9" * 3000) ** 3 % 2**256), int("deadbeef" * 20, 16), str(3**5000)[:100])
print([round(n / 8, 1) for n in range(-30, 30)], [round(n / 1000, 2) for n in range(1000, 1100, 5)])
print(cmath.exp(1j), cmath.sqrt(-3 + 4j), (1 + 2j) ** 3.5, cmath.phase(-1 - 0.0j))
print(fractions.Fraction(0.1), fractions.Fraction("3.14159").limit_denominator(100))
print(statistics.fmean([1.5, 2.25, 8]), statistics.stdev([1, 2, 4, 8]), statistics.NormalDist(0, 1).cdf(1.2))
print(
    [random.random() for _ in range(20)],
    random.sample(range(1000), 20),
    random.gauss(0, 1),
    random.betavariate(2, 3),
)
for value in (1e400, -1e400):
    print(value)
for bad in (
    "int(float('nan'))",
    "int(float('inf'))",
    "1 / 0",
    "1.0 / 0",
    "1 % 0",
    "0.0 ** -1",
    "(-8) ** 0.5",
    "2 << 70",
):
    try:
        print(bad, eval(bad))
    except Exception as error:
        print(bad, type(error).__name__, error)
print(sys.float_info, sys.int_info, sys.hash_info, sys.byteorder, sys.maxsize)
print([hash(value) for value in doubles[:50]], hash(2**70), hash(0.5 + 3j))
