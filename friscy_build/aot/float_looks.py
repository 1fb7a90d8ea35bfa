"""What of a run of floats (`float_runs`) has to be looked at, so that all of its results are known to be right.

The host rounds as it should, and the flag of inexact results is up already. What it does not tell is whether a result
was inexact and tiny, or became infinite, or which of the numbers that are none it has to be. Of these

- what is infinite or no number makes so all that is computed of it, but for zero where something is divided by it. So
  only what nobody else uses has to be *finite*.
- what is tiny is exact where operands are multiples of numbers that are not too small; a sum always is. How small these
  may be is known of what is *sure*: not zero, and neither too large nor too small to be multiplied with others.

So a result is looked at that may be tiny and inexact, and what comes out of a division; or operands instead, where that
is for several results.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from friscy.machine.layout import HART_SURE
from friscy_build.aot.float_runs import FUSED, SIGNS, SUMS
from friscy_build.aot.float_values import Computed, Lanes, Value, Values
from friscy_build.aot.locals import HART
from friscy_build.wasm import opcodes as wasm
from friscy_build.wasm.binary import leb
from friscy_build.wasm.opcodes import OPCODES

LOOK = 2  # what it costs to see whether something is sure
_DIGITS = 52  # a number is a multiple of what is so many bits below its highest one
_SMALLEST = -1074  # all numbers are multiples of 2 ** this
_LEAST = -1022  # those below 2 ** this are tiny
_SURE = -256, 256  # what is sure is at least 2 ** the one (SURE_EXPONENT, as a number has it), and below the other
_MOST = 1023  # what is below 2 ** this is finite, rounded
HARMLESS = 969  # a number that is finite stays so when less than 2 ** this is added
_LARGE = -900  # where a product is added to so much, and the sum is tiny, the product is so large that this is exact

# Exponents of what is sure, less the first of them, are below 512: they lack these bits. So does zero times what is
# finite.
_MASK = OPCODES["v128.const"] + 2 * (3 << 61).to_bytes(8, "little")
_ZERO = OPCODES["v128.const"] + bytes(16)
_FIRST = HART + OPCODES["v128.load"] + b"\x04" + leb(HART_SURE)  # loads of one run are merged


Compared = tuple[str, Lanes, Lanes]  # the name of a comparison, and of what: of zero, where that is nothing


class Bounds(NamedTuple):
    """What is known of a value. It is a multiple of 2 ** grain; at least 2 ** least, where that is not None; and, where
    that is not None, at most 2 ** most, neither infinite nor no number."""

    least: int | None = None
    most: int | None = None
    grain: int = _SMALLEST
    positive: bool = False

    def at_least(self, least: int | None) -> Bounds:
        """The same, and that."""
        return self if least is None else self._replace(least=least, grain=max(self.grain, least - _DIGITS))


_ANY = Bounds()
_IS_SURE = Bounds(most=_SURE[1]).at_least(_SURE[0])


@dataclass(frozen=True, slots=True)
class Looks:
    """What has to be sure, and what has to be finite. positive: what is 0 or more, where it is a number."""

    sure: list[Value]
    finite: list[Value]
    positive: frozenset[Value]


def find_looks(values: Values, arithmetic: Sequence[Value], *, in_order: bool = False) -> Looks:
    """What of a run's values, whose results are `arithmetic`, has to be looked at: what is ready first at first, or
    where it is `in_order`, what the guest computes first."""
    unsafe, known = _unsafe(values, arithmetic, frozenset())
    operands = _shared_operands(values, unsafe, known)
    if operands:
        unsafe, known = _unsafe(values, arithmetic, operands)
    results = [value for value in arithmetic if values.computed(value).name not in SIGNS]
    used = {operand for value in results for operand, _ in values.computed(value).operands}
    sure = {*operands, *unsafe}
    depths = _depths(values, arithmetic) if not in_order else {}
    ends = [_finite(values, known, value) for value in results if value not in used]
    return Looks(
        sorted(sure, key=lambda value: (depths.get(value, 0), value)),
        list(dict.fromkeys(each for each in ends if each is not None)),
        frozenset(value for value, bounds in known.items() if bounds.positive),
    )


def _finite(values: Values, known: dict[Value, Bounds], value: Value) -> Value | None:
    """What has to be finite for a value to be so, the earlier the better; None where it is."""
    while known.get(value, _ANY).most is None:
        definition = values.definitions[value]
        if not isinstance(definition, Computed):
            return value
        *others, (last, _) = definition.operands
        mosts = [known.get(each, _ANY).most for each, _ in others]
        if definition.name not in (*FUSED, "fadd", "fsub") or None in mosts:
            return value
        if sum(most for most in mosts if most is not None) > HARMLESS:
            return value
        value = last
    return None


def _unsafe(
    values: Values, arithmetic: Sequence[Value], sure: frozenset[Value]
) -> tuple[list[Value], dict[Value, Bounds]]:
    """The results that may be tiny and inexact, or come out of a division, where some values are sure; and what is
    known of all if those results are, too."""
    known = dict.fromkeys(sure, _IS_SURE)
    unsafe: list[Value] = []
    for value in arithmetic:
        definition = values.computed(value)
        operands = [_turned(known.get(each, _ANY), turned) for each, turned in definition.operands]
        bounds = bounds_of(definition, operands)
        if bounds is None:
            unsafe.append(value)
            bounds = _IS_SURE._replace(positive=definition.name == "fmul" and _is_square(definition))
        elif value in sure:
            bounds = _IS_SURE._replace(grain=max(bounds.grain, _IS_SURE.grain), positive=bounds.positive)
        known[value] = bounds
    return unsafe, known


def _turned(bounds: Bounds, turned: bool) -> Bounds:
    return bounds._replace(positive=False) if turned else bounds


def bounds_of(definition: Computed, operands: Sequence[Bounds]) -> Bounds | None:
    """What is known of a result that is neither infinite nor no number; None where it may be tiny and inexact."""
    name, first = definition.name, operands[0]
    if name == "fdiv":
        return None
    if name == "fsqrt":
        most = None if first.most is None or not first.positive else max(first.most, 0) // 2 + 1
        root = Bounds(None, most, first.grain // 2 - _DIGITS - 1, True)
        return root.at_least(None if first.least is None else first.least // 2)
    if name in SIGNS:
        return first._replace(positive=name == "abs")
    second = operands[1]
    if name in SUMS:
        positive = name == "fadd" and first.positive and second.positive
        found = Bounds(None, _sum(first.most, second.most), min(first.grain, second.grain), positive)
        return found.at_least(_larger(first.least, second.least) if positive else None)
    square = _is_square(definition)
    grain = first.grain + second.grain
    least = None if first.least is None or second.least is None else first.least + second.least
    most = None if first.most is None or second.most is None else first.most + second.most
    if name not in FUSED:
        if grain < _SMALLEST and (least is None or least < _LEAST):
            return None
        return Bounds(None, _below(most), max(grain, _SMALLEST), square).at_least(least)
    third = operands[2]
    if grain < _SMALLEST and (third.least is None or third.least < _LARGE):
        return None
    positive = name == "ffma" and square and third.positive
    found = Bounds(None, _sum(most, third.most), max(min(grain, third.grain), _SMALLEST), positive)
    return found.at_least(third.least if positive else None)


def _is_square(definition: Computed) -> bool:
    return definition.operands[0] == definition.operands[1]


def _below(most: int | None) -> int | None:
    """An upper bound, where that is no infinity."""
    return most if most is not None and most <= _MOST else None


def _sum(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else _below(max(one, other) + 1)


def _larger(one: int | None, other: int | None) -> int | None:
    return max((each for each in (one, other) if each is not None), default=None)


def _shared_operands(values: Values, unsafe: Sequence[Value], known: dict[Value, Bounds]) -> frozenset[Value]:
    """The operands of products that had better be looked at than those. A product of zero is not sure either."""
    lacking: dict[Value, set[Value]] = {}  # by product, the operands of which nothing is known
    for value in unsafe:
        definition = values.computed(value)
        if definition.name == "fmul":
            found = {each for each, _ in definition.operands if known.get(each, _ANY).least is None}
            if found:
                lacking[value] = found
    while True:
        counts: dict[Value, int] = {}
        for operands in lacking.values():
            for operand in operands:
                counts[operand] = counts.get(operand, 0) + 1
        rest = {value: operands for value, operands in lacking.items() if all(counts[each] > 1 for each in operands)}
        if len(rest) == len(lacking):
            return frozenset(counts) if len(counts) < len(rest) else frozenset()
        lacking = rest


def _depths(values: Values, arithmetic: Sequence[Value]) -> dict[Value, int]:
    """How long it is until results are there."""
    depths: dict[Value, int] = {}
    for value in arithmetic:
        definition = values.computed(value)
        own = 16 if definition.name in ("fdiv", "fsqrt") else 4
        depths[value] = own + max(depths.get(each, 0) for each, _ in definition.operands)
    return depths


def gather(
    sure: Sequence[Lanes],
    finite: Sequence[Lanes],
    compared: Sequence[Compared],
    vector: Callable[[Lanes], bytes],
    local: bytes,
) -> Iterator[bytes]:
    """What leaves whether something is not as it has to be on the stack, in parts.

    compared: what must not hold. local: of a vector, for what is gathered. The host's compiler computes what is first
    on the stack first: in this order it needs few registers.
    """
    before = b""
    for part in _parts(sure, finite, compared, vector):
        yield before + part + (OPCODES["v128.or"] if before else b"") + wasm.LOCAL_SET + local
        before = wasm.LOCAL_GET + local
    yield before + _MASK + OPCODES["v128.and"] + OPCODES["v128.any_true"]


def _parts(
    sure: Sequence[Lanes],
    finite: Sequence[Lanes],
    compared: Sequence[Compared],
    vector: Callable[[Lanes], bytes],
) -> Iterator[bytes]:
    for lanes in sure:
        yield vector(lanes) + _FIRST + OPCODES["i64x2.sub"]
    for name, one, other in compared:
        yield (vector(one) if one else _ZERO) + vector(other) + OPCODES[f"f64x2.{name}"]
    for lanes in finite[:1]:
        total = vector(lanes) + b"".join(vector(each) + OPCODES["f64x2.add"] for each in finite[1:])
        yield total + _ZERO + OPCODES["f64x2.mul"]
