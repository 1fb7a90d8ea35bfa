"""The op vocabulary that instruction semantics are written in, and its slow, obviously right backend.

A semantics function is ordinary Python over `Value`s. `Evaluate` runs it on Python ints (the oracle);
the LLVM backend (`friscy_build.llvm`) traces the same function into IR. A backend is an `Ops`.

Values are bit vectors of 1, 8, 16, 32, 64 or 128 bits; signedness is in the op, not in the value.
A Python int may stand for the right operand of any op and is cut to the left operand's width.
Division by zero, INT_MIN / -1 and shifts by the width or more are undefined: rows guard them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

BINARY = ("add", "sub", "mul", "udiv", "sdiv", "urem", "srem", "and", "or", "xor", "shl", "lshr", "ashr")
COMPARE = ("eq", "ne", "ult", "ule", "ugt", "uge", "slt", "sle", "sgt", "sge")
UNARY = ("ctlz", "cttz", "ctpop", "bswap")  # ctlz and cttz of 0 give the width
# IEEE 754 ops on bit patterns of 32 or 64 bits as the host does them: round to nearest even, no flags,
# any NaN in gives some NaN out. They are the fast path that softfloat.py takes where it may.
NATIVE_FLOAT = ("fadd", "fsub", "fmul", "fdiv", "fsqrt", "ffma")
NATIVE_COMPARE = ("feq", "flt", "fle")  # ordered: false when a NaN takes part


class Ops(Protocol):
    """What a backend supplies. `raw` is the backend's own: an int, or the name of an SSA value."""

    has_native: bool  # `native` may be called

    def const(self, value: int, width: int) -> Value: ...
    def binary(self, op: str, a: Value, b: Value) -> Value: ...
    def compare(self, op: str, a: Value, b: Value) -> Value: ...
    def unary(self, op: str, a: Value) -> Value: ...
    def resize(self, op: str, a: Value, width: int) -> Value: ...  # op: zext, sext, trunc
    def select(self, condition: Value, a: Value, b: Value) -> Value: ...
    def native(self, op: str, *args: Value) -> Value: ...
    def opaque(self, a: Value) -> Value: ...  # a itself, but hidden from the optimiser
    def cond(self, condition: Value, then: Thunk, otherwise: Thunk) -> tuple[Value, ...]: ...
    def repeat(self, count: int, body: Body, start: Sequence[Value]) -> tuple[Value, ...]: ...
    def call(self, helper: Helper, *args: Value) -> tuple[Value, ...]: ...


@dataclass(frozen=True, slots=True, eq=False)
class Value:
    """A bit vector of `width` bits belonging to one backend."""

    ops: Ops
    width: int
    raw: Any

    def _lift(self, other: Operand) -> Value:
        if isinstance(other, Value):
            if other.width != self.width:
                raise TypeError(f"operands of {self.width} and {other.width} bits")
            return other
        return self.ops.const(other, self.width)

    def __add__(self, other: Operand) -> Value:
        return self.ops.binary("add", self, self._lift(other))

    def __sub__(self, other: Operand) -> Value:
        return self.ops.binary("sub", self, self._lift(other))

    def __mul__(self, other: Operand) -> Value:
        return self.ops.binary("mul", self, self._lift(other))

    def __and__(self, other: Operand) -> Value:
        return self.ops.binary("and", self, self._lift(other))

    def __or__(self, other: Operand) -> Value:
        return self.ops.binary("or", self, self._lift(other))

    def __xor__(self, other: Operand) -> Value:
        return self.ops.binary("xor", self, self._lift(other))

    def __lshift__(self, other: Operand) -> Value:
        return self.ops.binary("shl", self, self._lift(other))

    def __rshift__(self, other: Operand) -> Value:
        """Logical shift right; `ashr` is the arithmetic one."""
        return self.ops.binary("lshr", self, self._lift(other))

    def __invert__(self) -> Value:
        return self ^ -1

    def __neg__(self) -> Value:
        return self.ops.const(0, self.width) - self

    def ashr(self, other: Operand) -> Value:
        return self.ops.binary("ashr", self, self._lift(other))

    def udiv(self, other: Operand) -> Value:
        return self.ops.binary("udiv", self, self._lift(other))

    def sdiv(self, other: Operand) -> Value:
        return self.ops.binary("sdiv", self, self._lift(other))

    def urem(self, other: Operand) -> Value:
        return self.ops.binary("urem", self, self._lift(other))

    def srem(self, other: Operand) -> Value:
        return self.ops.binary("srem", self, self._lift(other))

    def compare(self, op: str, other: Operand) -> Value:
        """A 1-bit value; `op` is one of COMPARE."""
        return self.ops.compare(op, self, self._lift(other))

    def eq(self, other: Operand) -> Value:
        return self.compare("eq", other)

    def ne(self, other: Operand) -> Value:
        return self.compare("ne", other)

    def ult(self, other: Operand) -> Value:
        return self.compare("ult", other)

    def slt(self, other: Operand) -> Value:
        return self.compare("slt", other)

    def zext(self, width: int) -> Value:
        return self if width == self.width else self.ops.resize("zext", self, width)

    def sext(self, width: int) -> Value:
        return self if width == self.width else self.ops.resize("sext", self, width)

    def trunc(self, width: int) -> Value:
        return self if width == self.width else self.ops.resize("trunc", self, width)

    def select(self, a: Value, b: Operand) -> Value:
        """`a` where this 1-bit value is set, else `b`. Both are computed."""
        return self.ops.select(self, a, a._lift(b))

    def bits(self, high: int, low: int) -> Value:
        """The bits high..low, both included, at the bottom of a value of the same width."""
        return (self >> low) & ((1 << (high - low + 1)) - 1)


Operand = Value | int
Thunk = Callable[[], tuple[Value, ...]]
Body = Callable[..., tuple[Value, ...]]


@dataclass(frozen=True, eq=False)
class Helper:
    """A function that backends emit once and call: `body(*args)` gets Values of `params` bits and
    returns a tuple of Values of `results` bits. It must depend on nothing but its arguments.

    cold: unlikely to be called; never inlined.
    """

    name: str
    params: tuple[int, ...]
    results: tuple[int, ...]
    body: Body
    cold: bool = True


def helper(params: Sequence[int], results: Sequence[int], *, cold: bool = True) -> Callable[[Body], Helper]:
    """Decorator that makes a `Helper` of a traced function."""

    def wrap(body: Body) -> Helper:
        return Helper(body.__name__, tuple(params), tuple(results), body, cold)

    return wrap


def signed(value: int, width: int) -> int:
    """The two's complement reading of a `width`-bit pattern."""
    return value - (1 << width) if value >> (width - 1) else value


_ARITHMETIC: dict[str, Callable[[int, int, int], int]] = {
    "add": lambda a, b, w: a + b,
    "sub": lambda a, b, w: a - b,
    "mul": lambda a, b, w: a * b,
    "udiv": lambda a, b, w: a // b,
    "urem": lambda a, b, w: a % b,
    "sdiv": lambda a, b, w: _truncated(signed(a, w), signed(b, w)),
    "srem": lambda a, b, w: signed(a, w) - signed(b, w) * _truncated(signed(a, w), signed(b, w)),
    "and": lambda a, b, w: a & b,
    "or": lambda a, b, w: a | b,
    "xor": lambda a, b, w: a ^ b,
    "shl": lambda a, b, w: a << b,
    "lshr": lambda a, b, w: a >> b,
    "ashr": lambda a, b, w: signed(a, w) >> b,
}
_RELATION: dict[str, Callable[[int, int], bool]] = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
}


def _truncated(a: int, b: int) -> int:
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


class Evaluate:
    """The oracle: every op on Python ints. `raw` is the unsigned bit pattern.

    Native float ops are not offered (`native` raises), so softfloat code that may choose takes its exact
    integer path here: see `has_native`.
    """

    has_native = False

    def const(self, value: int, width: int) -> Value:
        return Value(self, width, value & ((1 << width) - 1))

    def binary(self, op: str, a: Value, b: Value) -> Value:
        if op in ("shl", "lshr", "ashr") and b.raw >= a.width:
            raise ArithmeticError(f"{op} of {a.width} bits by {b.raw}")
        return self.const(_ARITHMETIC[op](a.raw, b.raw, a.width), a.width)

    def compare(self, op: str, a: Value, b: Value) -> Value:
        x, y = a.raw, b.raw
        if op[0] == "s":
            x, y = signed(x, a.width), signed(y, b.width)
        return self.const(_RELATION[op[1:] if op[0] in "su" else op](x, y), 1)

    def unary(self, op: str, a: Value) -> Value:
        w: int = a.width
        x: int = a.raw
        if op == "ctlz":
            result = w - x.bit_length()
        elif op == "cttz":
            result = (x & -x).bit_length() - 1 if x else w
        elif op == "ctpop":
            result = x.bit_count()
        else:
            result = int.from_bytes(x.to_bytes(w // 8, "little"), "big")
        return self.const(result, w)

    def resize(self, op: str, a: Value, width: int) -> Value:
        if (width < a.width) != (op == "trunc"):
            raise TypeError(f"{op} from {a.width} to {width} bits")
        return self.const(signed(a.raw, a.width) if op == "sext" else a.raw, width)

    def select(self, condition: Value, a: Value, b: Value) -> Value:
        return a if condition.raw else b

    def native(self, op: str, *args: Value) -> Value:
        raise NotImplementedError(f"{op}: the oracle has no native floats")

    def opaque(self, a: Value) -> Value:
        return a

    def cond(self, condition: Value, then: Thunk, otherwise: Thunk) -> tuple[Value, ...]:
        return then() if condition.raw else otherwise()

    def repeat(self, count: int, body: Body, start: Sequence[Value]) -> tuple[Value, ...]:
        state = tuple(start)
        for _ in range(count):
            state = tuple(body(*state))
        return state

    def call(self, helper: Helper, *args: Value) -> tuple[Value, ...]:
        return tuple(helper.body(*args))
