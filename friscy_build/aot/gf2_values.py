"""Values whose bits are sums over GF(2) of bits that came in: what shifts, masks and exclusive ors make.

A form is such a sum: a number whose bit 0 is the constant 1, and whose bit 1 + n is variable n. A `Value` of this
backend has a form for each of its bits. The rows run on it as on any other `Ops`; what is no sum raises `NotLinear`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from friscy_build.isa.value import Evaluate, Thunk, Value

Form = int
Forms = tuple[Form, ...]

_EVALUATE = Evaluate()


class NotLinear(Exception):
    """A product of two sums. zero: forms that make it one where all of them are 0."""

    def __init__(self, zero: Iterable[Form] = ()) -> None:
        super().__init__("a product of bits")
        self.zero = tuple(zero)


def constant_of(value: Value) -> int | None:
    """What a value always is; None where that depends on what came in."""
    forms: Forms = value.raw
    if any(form > 1 for form in forms):
        return None
    return sum(form << k for k, form in enumerate(forms))


def _product(a: Form, b: Form) -> Form:
    if a <= 1:
        return b if a else 0
    if b <= 1:
        return a if b else 0
    if a == b:
        return a
    if a == b ^ 1:
        return 0
    raise NotLinear


class Gf2(Evaluate):
    """The backend: an `Ops`."""

    def const(self, value: int, width: int) -> Value:
        return Value(self, width, tuple(value >> k & 1 for k in range(width)))

    def _value(self, forms: Sequence[Form]) -> Value:
        return Value(self, len(forms), tuple(forms))

    def binary(self, op: str, a: Value, b: Value) -> Value:
        known = constant_of(a), constant_of(b)
        if known[0] is not None and known[1] is not None:
            result = _EVALUATE.binary(op, _EVALUATE.const(known[0], a.width), _EVALUATE.const(known[1], b.width))
            return self.const(result.raw, a.width)
        match op:
            case "xor":
                return self._value([x ^ y for x, y in zip(a.raw, b.raw, strict=True)])
            case "and":
                return self._value([_product(x, y) for x, y in zip(a.raw, b.raw, strict=True)])
            case "or":
                return self._value([x ^ y ^ _product(x, y) for x, y in zip(a.raw, b.raw, strict=True)])
            case "add":
                return self._value(_sum(a.raw, b.raw, 0))
            case "sub":
                return self._value(_sum(a.raw, [form ^ 1 for form in b.raw], 1))
            case "shl" | "lshr" | "ashr" if known[1] is not None:
                return self._value(_shifted(op, a.raw, known[1]))
            case "mul" if known[0] is not None or known[1] is not None:
                factor, other = (known[0], b) if known[0] is not None else (known[1], a)
                total = self.const(0, a.width)
                for k in range(a.width):
                    if (factor or 0) >> k & 1:
                        total = self.binary("add", total, self._value(_shifted("shl", other.raw, k)))
                return total
        raise NotLinear

    def compare(self, op: str, a: Value, b: Value) -> Value:
        if op in ("eq", "ne"):
            differing = {form for form in (x ^ y for x, y in zip(a.raw, b.raw, strict=True)) if form}
            if 1 in differing or any(form ^ 1 in differing for form in differing):
                differing = {1}
            if len(differing) > 1:
                raise NotLinear
            form = max(differing, default=0)
            return self._value([form ^ 1 if op == "eq" else form])
        if op[1:] in ("gt", "le"):
            a, b, op = b, a, op[0] + {"gt": "lt", "le": "ge"}[op[1:]]
        x, y = list(a.raw), [form ^ 1 for form in b.raw]
        if op[0] == "s":
            if b.width and constant_of(b) == 0:
                return self._value([x[-1] if op == "slt" else x[-1] ^ 1])
            x[-1], y[-1] = x[-1] ^ 1, y[-1] ^ 1
        carry = _sum([*x, 0], [*y, 0], 1)[-1]
        return self._value([carry if op[1:] == "ge" else carry ^ 1])

    def unary(self, op: str, a: Value) -> Value:
        if op == "bswap":
            octets = [a.raw[k : k + 8] for k in range(0, a.width, 8)]
            return self._value([form for octet in reversed(octets) for form in octet])
        known = constant_of(a)
        if known is None:
            raise NotLinear
        return self.const(_EVALUATE.unary(op, _EVALUATE.const(known, a.width)).raw, a.width)

    def resize(self, op: str, a: Value, width: int) -> Value:
        if op == "trunc":
            return self._value(a.raw[:width])
        above = a.raw[-1] if op == "sext" else 0
        return self._value(a.raw + (above,) * (width - a.width))

    def select(self, condition: Value, a: Value, b: Value) -> Value:
        c: Form = condition.raw[0]
        chosen, zero = list[Form](), list[Form]()
        for x, y in zip(a.raw, b.raw, strict=True):
            try:
                chosen.append(y ^ _product(c, x ^ y))
            except NotLinear:
                zero.append(x ^ y)
        if zero:
            raise NotLinear(zero)
        return self._value(chosen)

    def native(self, op: str, *args: Value) -> Value:
        raise NotLinear

    def cond(self, condition: Value, then: Thunk, otherwise: Thunk) -> tuple[Value, ...]:
        if condition.raw[0] > 1:
            raise NotLinear
        return then() if condition.raw[0] else otherwise()


def _sum(a: Sequence[Form], b: Sequence[Form], carry: Form) -> list[Form]:
    """The bits of a + b + carry."""
    found = [a[0] ^ b[0] ^ carry]
    for x, y, before, below in zip(a[1:], b[1:], a, b, strict=False):
        carry = _product(before, below) ^ _product(carry, before ^ below)
        found.append(x ^ y ^ carry)
    return found


def _shifted(op: str, forms: Forms, distance: int) -> Forms:
    if distance >= len(forms):
        raise ArithmeticError(f"{op} of {len(forms)} bits by {distance}")
    if op == "shl":
        return ((0,) * distance + forms)[: len(forms)]
    return forms[distance:] + ((forms[-1] if op == "ashr" else 0),) * distance
