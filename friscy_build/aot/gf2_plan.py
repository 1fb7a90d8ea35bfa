"""How sums over GF(2) of the bits of some registers (`gf2_loops`) are computed with few instructions.

Most of such a sum moves many bits by the same distance: a shift. What many bits of the result have in common is a
parity, which a constant spreads. Bits of two registers that only occur together are added first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from friscy_build.isa.value import signed

_XLEN = 64
_ALL = (1 << _XLEN) - 1
_MOST_PARITIES = 3
_LEAST_COMMON = 3  # bits that a parity is worth it for

Rows = Sequence[tuple[int, Mapping[int, int]]]  # by bit of a result: (constant, {register: which of its bits})
_Matrix = dict[int, int]  # by bit of a result: bits of one source


@dataclass(frozen=True, slots=True)
class Source:
    """A register, or its sum with another that is moved `distance` to the left.

    bits: which count, and may be 1. masked: whether they have to be cut out.
    """

    register: int
    other: int | None
    distance: int
    bits: int
    masked: bool

    def value(self, x: Mapping[int, int]) -> int:
        value = x[self.register] ^ (moved(x[self.other], self.distance) if self.other is not None else 0)
        return value & self.bits if self.masked else value

    @property
    def cost(self) -> int:
        return 0 if self.other is None else 1 + bool(self.distance) + self.masked


@dataclass(frozen=True, slots=True)
class Shift:
    """A source (by number) moved `distance` to the left, and of that the bits `mask`; None if there are no others."""

    source: int
    distance: int
    mask: int | None

    def value(self, source: int) -> int:
        return moved(source, self.distance) & (_ALL if self.mask is None else self.mask)

    @property
    def cost(self) -> int:
        return 1 + bool(self.distance) + (self.mask is not None)


@dataclass(frozen=True, slots=True)
class Parity:
    """`constant` where an odd number of a source's bits `mask` is 1; None: of all."""

    source: int
    mask: int | None
    constant: int

    @property
    def single(self) -> int | None:
        """The bit, where it is one."""
        mask = self.mask
        return mask.bit_length() - 1 if mask is not None and mask & mask - 1 == 0 else None

    def value(self, source: int) -> int:
        return self.constant if (source & (_ALL if self.mask is None else self.mask)).bit_count() & 1 else 0

    @property
    def cost(self) -> int:
        return 4 if self.single is not None else 5 + (self.mask is not None)


Term = Shift | Parity


@dataclass(frozen=True, slots=True)
class Result:
    """A register: the sum of terms and a constant, of which the low `width` bits count, extended by their sign."""

    register: int
    constant: int
    terms: tuple[Term, ...]
    width: int

    @property
    def cost(self) -> int:
        return sum(term.cost for term in self.terms) + bool(self.constant) + (self.width < _XLEN)


@dataclass(frozen=True, slots=True)
class Sums:
    """zero: bits that have to be 0 for it, by register. sources: those of two registers first."""

    zero: Mapping[int, int]
    sources: tuple[Source, ...]
    results: tuple[Result, ...]

    @property
    def cost(self) -> int:
        """In instructions of the host, about."""
        return 2 * len(self.zero) + sum(s.cost for s in self.sources) + sum(r.cost for r in self.results)

    @property
    def pairs(self) -> tuple[Source, ...]:
        """The sources of two registers."""
        return tuple(source for source in self.sources if source.other is not None)

    def holds(self, x: Mapping[int, int]) -> bool:
        return not any(x[register] & bits for register, bits in self.zero.items())

    def evaluate(self, x: Mapping[int, int]) -> dict[int, int]:
        """The results, of what the registers have."""
        sources = [source.value(x) for source in self.sources]
        found = {}
        for result in self.results:
            value = result.constant
            for term in result.terms:
                value ^= term.value(sources[term.source])
            found[result.register] = signed(value & (1 << result.width) - 1, result.width) & _ALL
        return found


def moved(value: int, distance: int) -> int:
    return value << distance & _ALL if distance >= 0 else value >> -distance


def plan_sums(rows: Mapping[int, Rows], zero: Mapping[int, int]) -> Sums:
    """rows: by register, its bits. zero: bits of the registers which are 0."""
    widths = {register: _width(bits) for register, bits in rows.items()}
    columns: dict[tuple[int, int], set[tuple[int, int]]] = {}  # by (register, bit): (result, bit)
    for result, bits in rows.items():
        for k in range(widths[result]):
            for register, variables in bits[k][1].items():
                for n in _bits(variables):
                    columns.setdefault((register, n), set()).add((result, k))
    sources, matrices = list[Source](), list[dict[int, _Matrix]]()
    while (common := _common(columns)) is not None:
        register, other, distance, mask = common
        might = _ALL & ~zero.get(register, 0) | moved(_ALL & ~zero.get(other, 0), distance)
        sources.append(Source(register, other, distance, mask, bool(might & ~mask)))
        matrices.append(_take(columns, register, mask))
        for n in _bits(mask):
            del columns[other, n - distance]
    for register in sorted({register for register, _ in columns}):
        sources.append(Source(register, None, 0, _ALL & ~zero.get(register, 0), False))
        matrices.append(_take(columns, register, _ALL))
    results = list[Result]()
    for result, bits in rows.items():
        width = widths[result]
        terms = list[Term]()
        for number, (source, matrix) in enumerate(zip(sources, matrices, strict=True)):
            terms += _terms(number, source.bits, matrix.get(result, {}), width)
        constant = sum(bits[k][0] << k for k in range(width))
        results.append(Result(result, constant, tuple(terms), width))
    return Sums(dict(zero), tuple(sources), tuple(results))


def _bits(value: int) -> list[int]:
    return [k for k in range(value.bit_length()) if value >> k & 1]


def _width(bits: Rows) -> int:
    """How many of the low bits say all, the others being as the last of these; 64 if that is nothing short."""
    for width in (8, 16, 32):
        sign = bits[width - 1]
        if (sign[0] or sign[1]) and all(bit == sign for bit in bits[width:]):
            return width
    return _XLEN


def _common(columns: Mapping[tuple[int, int], set[tuple[int, int]]]) -> tuple[int, int, int, int] | None:
    """Two registers, a distance for the second, and the most bits of the first that count like its."""
    best, found = 1, None
    by_column: dict[frozenset[tuple[int, int]], list[tuple[int, int]]] = {}
    for place, column in columns.items():
        by_column.setdefault(frozenset(column), []).append(place)
    pairs: dict[tuple[int, int, int], int] = {}
    for places in by_column.values():
        for register, n in places:
            for other, m in places:
                if register < other:
                    key = register, other, n - m
                    pairs[key] = pairs.get(key, 0) | 1 << n
    for (register, other, distance), mask in sorted(pairs.items(), key=lambda pair: abs(pair[0][2])):
        if mask.bit_count() > best:
            best, found = mask.bit_count(), (register, other, distance, mask)
    return found


def _take(
    columns: dict[tuple[int, int], set[tuple[int, int]]], register: int, mask: int
) -> dict[int, _Matrix]:
    """Take bits of a register out of the columns: by result, what they are there."""
    found: dict[int, _Matrix] = {}
    for n in _bits(mask):
        for result, k in columns.pop((register, n), ()):
            matrix = found.setdefault(result, {})
            matrix[k] = matrix.get(k, 0) | 1 << n
    return found


def _terms(number: int, might: int, matrix: _Matrix, width: int) -> list[Term]:
    """A source's part in a result, by about the cheapest terms. might: its bits that may be 1."""
    parities = list[Term]()
    best = _plain(number, might, matrix, width)
    while len(parities) < _MOST_PARITIES:
        found = None
        for common in sorted({row for row in matrix.values() if row.bit_count() >= _LEAST_COMMON}):
            has = [k for k, row in matrix.items() if (row ^ common).bit_count() < row.bit_count()]
            parity = Parity(number, None if common == might else common, sum(1 << k for k in has))
            rest = {k: row ^ common if k in has else row for k, row in matrix.items()}
            terms = _plain(number, might, rest, width)
            if parity.cost + _cost(terms) < _cost(best):
                best, found = [parity, *terms], (parity, rest)
        if found is None:
            break
        parities.append(found[0])
        matrix, best = found[1], best[1:]
    return [*parities, *best]


def _cost(terms: Sequence[Term]) -> int:
    return sum(term.cost for term in terms)


def _plain(number: int, might: int, matrix: _Matrix, width: int) -> list[Term]:
    """The same by shifts, by single bits that are spread, or by the shifts that need no mask and single bits."""
    shifts = _shifts(number, might, matrix, width)
    whole = [shift for shift in shifts if shift.mask is None]
    rest = dict(matrix)
    for shift in whole:
        for n in _bits(might):
            if 0 <= n + shift.distance < width:
                rest[n + shift.distance] ^= 1 << n
    plans: list[list[Term]] = [[*shifts], [*whole, *_singles(number, rest)], _singles(number, matrix)]
    return min(plans, key=_cost)


def _shifts(number: int, might: int, matrix: _Matrix, width: int) -> list[Shift]:
    by_distance: dict[int, int] = {}
    for k, row in matrix.items():
        for n in _bits(row):
            by_distance[k - n] = by_distance.get(k - n, 0) | 1 << k
    found = list[Shift]()
    for distance, mask in sorted(by_distance.items()):
        whole = moved(might, distance) & (1 << width) - 1 == mask
        found.append(Shift(number, distance, None if whole else mask))
    return found


def _singles(number: int, matrix: _Matrix) -> list[Term]:
    columns: dict[int, int] = {}
    for k, row in matrix.items():
        for n in _bits(row):
            columns[n] = columns.get(n, 0) | 1 << k
    return [Parity(number, 1 << n, constant) for n, constant in sorted(columns.items())]
