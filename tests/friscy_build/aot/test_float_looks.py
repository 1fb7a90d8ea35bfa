"""What of a run of floats is looked at, and that it is enough: against the oracle, with numbers at all limits."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Sequence
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from programs import DATA_BYTES, Program
from test_aot_rows import SETTINGS, NewGuest, check
from test_float_runs import ARITHMETIC, INEXACT, block, program_of, word

from friscy.machine.layout import HART_BASE, SURE_EXPONENT
from friscy_build.aot.float_looks import HARMLESS, Bounds, bounds_of, find_looks
from friscy_build.aot.float_plan import plan
from friscy_build.aot.float_runs import find_runs
from friscy_build.aot.float_values import Computed, Given, Loaded, Values

FUSED = ("fmadd.d", "fmsub.d", "fnmadd.d", "fnmsub.d")


def op(name: str, rd: int, *sources: int) -> int:
    return word(name, rd=rd, rm=7, **dict(zip(("rs1", "rs2", "rs3"), sources, strict=False)))


def looked_at(*words: int) -> tuple[list[str], list[str]]:
    """(what has to be sure, what has to be finite) of a block's run: results by their operation, others by register."""
    code = block(*words)
    (run,) = find_runs(code).values()
    values = Values()
    planned = plan(code, run, values)

    def name(lanes: tuple[int, ...]) -> str:
        one = values.definitions[lanes[0]]
        called = one.name if isinstance(one, Computed) else "load"
        if isinstance(one, Given):
            called = f"f{one.register - 32}"
        return called if len(lanes) == 1 else f"{called} x2"

    return [name(lanes) for lanes in planned.sure], [name(lanes) for lanes in planned.finite]


MUL, USE = op("fmul.d", 10, 10, 11), op("fdiv.d", 14, 12, 12)


def test_a_sum_that_goes_into_another_result_needs_no_look() -> None:
    add = op("fadd.d", 12, 10, 11)
    assert looked_at(MUL, add, USE) == (["fmul", "fdiv"], [])
    copied = word("fsgnj.d", rd=13, rs1=12, rs2=12)
    assert looked_at(MUL, add, copied, op("fdiv.d", 14, 13, 13)) == (["fmul", "fdiv"], [])


def test_a_result_that_nobody_uses_is_finite() -> None:
    # What is added to something finite leaves that finite where it is not very large.
    assert looked_at(MUL, op("fadd.d", 12, 10, 9), op("fadd.d", 13, 9, 9)) == (["fmul"], ["f9", "fadd"])
    assert looked_at(MUL, MUL, op("fadd.d", 12, 10, 9)) == (["fmul", "fmul"], ["f9"])
    # A product of two sure ones, and that of three.
    square = [op("fmul.d", 10, 11, 11), op("fmul.d", 11, 10, 10)]
    assert looked_at(*square, op("fmadd.d", 12, 11, 10, 9)) == (["fmul"], ["f9"])


def test_a_product_needs_no_look_that_is_added_to_what_is_not_tiny() -> None:
    square, sums = op("fmul.d", 10, 11, 11), op("fmadd.d", 10, 12, 12, 10)
    assert looked_at(square, sums, op("fmadd.d", 10, 13, 13, 10))[0] == ["fmul"]
    # Squares are not negative: a sum of them is as large as the first. Another may be anything.
    assert looked_at(square, op("fmadd.d", 10, 12, 13, 10), op("fmadd.d", 10, 12, 13, 10))[0] == ["fmul", "ffma"]
    for name in ("fnmsub.d", "fmsub.d"):
        assert looked_at(square, op(name, 10, 12, 12, 10), op("fmadd.d", 10, 12, 13, 10))[0] == ["fmul", "ffma"]


def test_operands_of_several_products_are_looked_at_instead_of_these() -> None:
    products = [op("fmul.d", 10 + k, one, other) for k, (one, other) in enumerate([(1, 3), (1, 4), (2, 3), (2, 4)])]
    assert looked_at(*products)[0] == ["fmul x2", "fmul x2"]  # as many
    more = [*products, op("fmul.d", 14, 1, 5), op("fmul.d", 15, 2, 5), op("fdiv.d", 16, 14, 15)]
    sure, finite = looked_at(*more)
    assert "fdiv" in sure
    assert "fmul" not in sure
    assert not finite


def test_what_is_known_of_products_of_what_is_sure() -> None:
    """The square of one cannot be tiny, the square of that may be."""
    products = [op("fmul.d", 10, 1, 2), *(op("fmul.d", 11 + k, 10 + k, 10 + k) for k in range(3))]
    assert looked_at(*products)[0] == ["fmul", "fmul"]


def test_a_root_is_half_as_far_away() -> None:
    words = [op("fmul.d", 10, 11, 11), op("fsqrt.d", 12, 10), op("fmul.d", 13, 12, 10), op("fmul.d", 13, 13, 12)]
    assert looked_at(*words) == (["fmul"], [])
    # That of what may be negative is no number.
    assert looked_at(op("fmul.d", 10, 11, 12), op("fsqrt.d", 12, 10), op("fadd.d", 13, 12, 10)) == (["fmul"], ["fadd"])


def test_what_values_there_are_to_look_at() -> None:
    values = Values()
    loaded, given_ = values.add(Loaded(8, 0, 0)), values.add(Given(40))
    quotient = values.add(Computed("fdiv", ((loaded, False), (given_, False))))
    total = values.add(Computed("fadd", ((quotient, False), (loaded, False))))
    looks = find_looks(values, [quotient, total])
    assert (looks.sure, looks.finite) == ([quotient], [loaded])


# What is known of results, against exact arithmetic

EXACTLY: dict[str, Callable[..., Fraction]] = {
    "fadd": lambda a, b: a + b, "fsub": lambda a, b: a - b, "fmul": lambda a, b: a * b,
    "ffma": lambda a, b, c: a * b + c, "fnma": lambda a, b, c: c - a * b,
}  # fmt: skip


def some_bounds(rng: random.Random) -> Bounds:
    least = rng.choice((None, None, rng.randrange(-1074, 300), rng.choice((-1022, -970, -960, -901, -900, -512, -256))))
    grain = rng.choice((-1074, rng.randrange(-1074, 0), rng.choice((-538, -537, -536, -308))))
    most = rng.choice((None, rng.randrange(max(least or 0, 0) + 1, 1024), rng.choice((512, 969, 970, 1022))))
    if least is not None and most is not None:
        most = max(most, least + 1)
    return Bounds(None, most, grain, rng.random() < 0.5).at_least(least)


def some_value(rng: random.Random, bounds: Bounds) -> Fraction:
    """A number as it may be: mostly one of the smallest, with its last bit set, or the largest."""
    lowest = max(bounds.grain, -1074)
    least = lowest if bounds.least is None else max(bounds.least, lowest)
    most = 1024 if bounds.most is None else bounds.most
    if bounds.least is None and rng.random() < 0.1:
        return Fraction(0)
    top = min(max(rng.choice((least, least, least + 1, most - 1, rng.randrange(least, most))), least), most - 1)
    bottom = max(lowest, top - 52)
    digits = 1 << top - bottom | rng.choice((0, 1, (1 << top - bottom) - 1, rng.getrandbits(top - bottom + 1) >> 1))
    sign = 1 if bounds.positive else rng.choice((-1, 1))
    return sign * (digits & (2 << top - bottom) - 1) * Fraction(2) ** bottom


@pytest.mark.parametrize("name", EXACTLY)
def test_what_is_known_of_a_result_holds(name: str) -> None:
    """Whatever operands are: it is exact where it is tiny, and within its bounds."""
    rng = random.Random(name)
    exactly, nsafe = EXACTLY[name], 0
    for _ in range(6000):
        count = exactly.__code__.co_argcount
        operands = [some_bounds(rng) for _ in range(count)]
        numbers = [some_value(rng, each) for each in operands]
        definition = Computed(name, tuple((k, False) for k in range(count)))
        if name not in ("fadd", "fsub") and rng.random() < 0.2:
            operands[1], numbers[1] = operands[0], numbers[0]
            definition = Computed(name, ((0, False), (0, False), *definition.operands[2:]))
        if count == 3 and rng.random() < 0.5 and operands[2].least is not None:
            # The sum is as small as it can be.
            near = Fraction(float(exactly(numbers[0], numbers[1], Fraction(0)))) if _fits(numbers) else Fraction(0)
            if abs(near) >= Fraction(2) ** operands[2].least and not operands[2].positive:
                numbers[2], operands[2] = -near, Bounds().at_least(operands[2].least)
        found, exact = bounds_of(definition, operands), exactly(*numbers)
        if found is None:
            continue
        nsafe += 1
        try:
            result = Fraction(float(exact))
        except OverflowError:
            assert found.most is None
            continue
        assert result == exact or abs(exact) >= Fraction(2) ** -1022
        assert found.least is None or abs(result) >= Fraction(2) ** found.least
        assert found.most is None or abs(result) <= Fraction(2) ** found.most
        assert result % Fraction(2) ** found.grain == 0
        assert result >= 0 or not found.positive
    assert nsafe > 1000


def _fits(numbers: Sequence[Fraction]) -> bool:
    return abs(numbers[0] * numbers[1]) < Fraction(2) ** 1023


def test_a_finite_number_stays_so_when_little_is_added() -> None:
    largest = Fraction((1 << 53) - 1) * Fraction(2) ** 971
    assert float(largest + Fraction(2) ** HARMLESS) == float(largest)
    with pytest.raises(OverflowError):
        float(largest + Fraction(2) ** (HARMLESS + 1))


# Against the oracle

LIMITS = (
    *(-1074, -1022, -970, -900, -768, -538, -512, -511, -308, -257, -256, -255),
    *(-1, 0, 1, 255, 256, 257, 511, 512, 513, 768, 969, 1023),
)


def number(rng: random.Random, exponents: tuple[int, ...]) -> int:
    """A number near some power of two, with few bits or many."""
    exponent = rng.choice(exponents) + rng.choice((-1, 0, 0, 1))
    fraction = rng.choice((0, 0, 1, (1 << 52) - 1, rng.getrandbits(52), rng.getrandbits(3) << 49))
    sign = rng.getrandbits(1) << 63
    if exponent < -1022:
        return sign | max((1 << 52 | fraction) >> min(-1022 - exponent, 52), 1)
    return sign | min(exponent + 1023, 2046) << 52 | fraction


def looks_program(rng: random.Random) -> Program:
    """Arithmetic on few registers, with numbers that are near few limits."""
    exponents = tuple(rng.choices(LIMITS, k=rng.choice((1, 2, 3))))
    words = []
    for _ in range(rng.randrange(4, 14)):
        name = rng.choice((*ARITHMETIC, "fmul.d", "fmul.d", *FUSED))
        sources = [rng.randrange(10, 18) for _ in range(3)]
        if rng.random() < 0.2:
            sources[1] = sources[0]
        words.append(op(name, rng.randrange(10, 18), *sources[: 3 if name in FUSED else 1 if name == "fsqrt.d" else 2]))
    program = program_of(rng, words, lambda: number(rng, exponents), (INEXACT,))
    return Program(program.words, program.x, program.f, program.fcsr, bytes(DATA_BYTES))


@SETTINGS
@given(st.integers(0, 1 << 32))
def test_no_look_is_missing(new_guest: NewGuest, seed: int) -> None:
    guest = new_guest()
    guest.exports["probe"](guest.store, HART_BASE)
    rng = random.Random(seed)
    for _ in range(12):
        check(guest, looks_program(rng))


@pytest.mark.parametrize("exponent", [-257, -256, 255, 256])
def test_where_what_is_sure_ends(exponent: int) -> None:
    """`SURE_EXPONENT` and the bits that are looked at say what `float_looks` counts on: 2 ** -256 to 2 ** 256."""
    (bits,) = struct.unpack("<Q", struct.pack("<d", 1.5 * 2.0**exponent))
    assert ((bits - SURE_EXPONENT) & 3 << 61 == 0) == (-256 <= exponent < 256)
