"""RV64M: multiplication and division."""

from __future__ import annotations

from friscy_build.isa.row import Extension
from friscy_build.isa.rv_i import Binary, on_words, register_register
from friscy_build.isa.value import Value, helper

EXTENSION = Extension("M")


@helper((64, 64), (64,), cold=False)
def multiply_high(a: Value, b: Value) -> tuple[Value]:
    """The upper 64 bits of the unsigned 128-bit product, from four products of halves."""
    # Without `opaque` LLVM sees through this and makes an i128 product, a library call on wasm.
    low, high = a & 0xFFFF_FFFF, a.ops.opaque(a >> 32)
    other_low, other_high = b & 0xFFFF_FFFF, b >> 32
    middle = high * other_low + ((low * other_low) >> 32)
    carry = low * other_high + (middle & 0xFFFF_FFFF)
    return (high * other_high + (middle >> 32) + (carry >> 32),)


def _mulhu(a: Value, b: Value) -> Value:
    return a.ops.call(multiply_high, a, b)[0]


def _mulhsu(a: Value, b: Value) -> Value:
    return _mulhu(a, b) - (a.ashr(63) & b)


def _mulh(a: Value, b: Value) -> Value:
    return _mulhsu(a, b) - (b.ashr(63) & a)


def _divisor(a: Value, b: Value) -> Value:
    """`b`, or 1 where dividing by it is undefined: INT_MIN / 1 and INT_MIN % 1 are what overflow gives."""
    overflow = a.eq(1 << a.width - 1) & b.eq(-1)
    return (b.eq(0) | overflow).select(b.ops.const(1, b.width), b)


def _div(a: Value, b: Value) -> Value:
    return b.eq(0).select(a.ops.const(-1, a.width), a.sdiv(_divisor(a, b)))


def _rem(a: Value, b: Value) -> Value:
    return b.eq(0).select(a, a.srem(_divisor(a, b)))


def _divu(a: Value, b: Value) -> Value:
    zero = b.eq(0)
    return zero.select(a.ops.const(-1, a.width), a.udiv(zero.select(b.ops.const(1, b.width), b)))


def _remu(a: Value, b: Value) -> Value:
    zero = b.eq(0)
    return zero.select(a, a.urem(zero.select(b.ops.const(1, b.width), b)))


_OPERATIONS: tuple[tuple[str, Binary], ...] = (
    ("mul", lambda a, b: a * b),
    ("mulh", _mulh),
    ("mulhsu", _mulhsu),
    ("mulhu", _mulhu),
    ("div", _div),
    ("divu", _divu),
    ("rem", _rem),
    ("remu", _remu),
)
for _funct3, (_name, _operation) in enumerate(_OPERATIONS):
    _pattern = f"0000001 rs2 rs1 {_funct3:03b} rd"
    EXTENSION.add(_name, f"{_pattern} 0110011", "rd,rs1,rs2", register_register(_operation))
    if not _name.startswith("mulh"):
        _word = register_register(on_words(_operation))
        EXTENSION.add(_name + "w", f"{_pattern} 0111011", "rd,rs1,rs2", _word)
