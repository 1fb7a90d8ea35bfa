"""The float operations as a table, their special operands, and a judge: a program that qemu-riscv64 runs."""

from __future__ import annotations

import random
import struct
import subprocess
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from pathlib import Path

from required_tools import require_tool

from friscy_build.isa import float_reference as reference
from friscy_build.isa import softfloat
from friscy_build.isa.value import Evaluate, Ops, Value

MODES = range(5)


@dataclass(frozen=True)
class Operation:
    """One instruction: `asm` with operands ft0, ft1, ft2 or a0 and result ft3 or a0."""

    name: str
    asm: str
    sources: tuple[int, ...]  # widths of the operands
    integer_source: bool
    target: int  # width of the result
    integer_target: bool
    modes: Iterable[int]
    expect: Callable[..., tuple[int, int]]  # (*operands, rm)
    trace: Callable[..., tuple[Value, Value]]  # (ops, *operands, rm, sticky, host_fma)


def _operations() -> Iterator[Operation]:
    for fmt, letter in ((32, "s"), (64, "d")):

        def rounded(name: str, count: int, fmt: int = fmt, letter: str = letter) -> Operation:
            soft, expect = getattr(softfloat, name), getattr(reference, name)

            def trace(ops: Ops, *args: Value) -> tuple[Value, Value]:
                *values, rm, sticky, host_fma = args
                return soft(ops, fmt, *values, rm, sticky, *([host_fma] if count == 3 else []))

            registers = ", ".join(["ft3", "ft0", "ft1", "ft2"][: count + 1])
            return Operation(
                f"{name}.{letter}", f"{name}.{letter} {registers}", (fmt,) * count, False, fmt, False, MODES,
                lambda *args: expect(fmt, *args), trace,
            )  # fmt: skip

        for name in ("fadd", "fsub", "fmul", "fdiv"):
            yield rounded(name, 2)
        yield rounded("fsqrt", 1)
        yield rounded("fmadd", 3)

        def unrounded(name: str, compares: bool, fmt: int = fmt, letter: str = letter) -> Operation:
            soft, expect = getattr(softfloat, name), getattr(reference, name)
            return Operation(
                f"{name}.{letter}", f"{name}.{letter} {'a0' if compares else 'ft3'}, ft0, ft1", (fmt, fmt),
                False, 1 if compares else fmt, compares, (0,),
                lambda a, b, rm: expect(fmt, a, b), lambda ops, a, b, *rest: soft(ops, fmt, a, b),
            )  # fmt: skip

        for name in ("fmin", "fmax"):
            yield unrounded(name, compares=False)
        for name in ("feq", "flt", "fle"):
            yield unrounded(name, compares=True)

        yield Operation(
            f"fclass.{letter}", f"fclass.{letter} a0, ft0", (fmt,), False, 64, True, (0,),
            lambda a, rm, fmt=fmt: (reference.classify(fmt, a), 0),
            lambda ops, a, *rest, fmt=fmt: (softfloat.classify(ops, fmt, a), ops.const(0, 32)),
        )  # fmt: skip

        for suffix, width, signed in (("w", 32, True), ("wu", 32, False), ("l", 64, True), ("lu", 64, False)):
            yield Operation(
                f"fcvt.{suffix}.{letter}", f"fcvt.{suffix}.{letter} a0, ft0", (fmt,), False, width, True, MODES,
                lambda a, rm, fmt=fmt, width=width, signed=signed: reference.to_int(fmt, a, rm, width, signed),
                lambda ops, a, rm, *rest, fmt=fmt, width=width, signed=signed: softfloat.to_int(
                    ops, fmt, a, rm, width, signed
                ),
            )  # fmt: skip
            yield Operation(
                f"fcvt.{letter}.{suffix}",
                # The assembler gives the exact conversions no rounding mode, which is right.
                f"fcvt.{letter}.{suffix} ft3, a0", (width,), True, fmt, False, MODES,
                lambda a, rm, fmt=fmt, width=width, signed=signed: reference.from_int(
                    fmt, a - (1 << width) if signed and a >> (width - 1) else a, rm
                ),
                lambda ops, a, rm, *rest, fmt=fmt, signed=signed: softfloat.from_int(ops, fmt, a, signed, rm),
            )  # fmt: skip

        other, other_letter = (64, "d") if fmt == 32 else (32, "s")
        yield Operation(
            f"fcvt.{other_letter}.{letter}", f"fcvt.{other_letter}.{letter} ft3, ft0", (fmt,), False, other, False,
            MODES,
            lambda a, rm, fmt=fmt, other=other: reference.convert(fmt, other, a, rm),
            lambda ops, a, rm, *rest, fmt=fmt, other=other: softfloat.convert(ops, fmt, other, a, rm),
        )  # fmt: skip


OPERATIONS = {operation.name: operation for operation in _operations()}


def evaluate(operation: Operation, operands: tuple[int, ...], rm: int, sticky: int = 0) -> tuple[int, int]:
    """The operation by softfloat over Python ints."""
    ops = Evaluate()
    values = [ops.const(x, width) for x, width in zip(operands, operation.sources, strict=True)]
    result, flags = operation.trace(ops, *values, ops.const(rm, 64), ops.const(sticky, 32), ops.const(0, 1))
    assert (result.width, flags.width) == (operation.target, 32)
    return result.raw, flags.raw


def specials(fmt: int) -> list[int]:
    """Bit patterns where float arithmetic has its edges, both signs."""
    precision = reference.PRECISION[fmt]
    least = 1 << (precision - 1)  # the least normal number
    one = reference.MOST[fmt] << (precision - 1)
    infinity = reference.infinity(fmt)

    def power(exponent: int) -> int:
        return one + (exponent << (precision - 1))

    half_least = power(reference.LEAST[fmt] // 2)
    positive = [
        0, 1, 2, 3, least // 2, least - 1, least, least + 1, 2 * least - 1, half_least, half_least + 1,
        power(-precision), power(-precision) + 1, power(-1) - 1, power(-1), power(-1) + 1, one - 1, one, one + 1,
        one | least // 2, power(1), power(1) | least // 4, power(1) | least // 2,
        power(precision - 1) + 1, power(precision), power(31) - 1, power(31), power(32) - 1, power(32),
        power(63) - 1, power(63), power(64), power(reference.MOST[fmt] // 2) | 0x1234,
        infinity - least, infinity - 2, infinity - 1, infinity,
        infinity + 1, reference.canonical_nan(fmt), reference.canonical_nan(fmt) | 0x55,
    ]  # fmt: skip
    return [x | sign << (fmt - 1) for x in positive for sign in (0, 1)]


def narrowing_specials() -> list[int]:
    """binary64 patterns around what binary32 can hold: limits, ties and their neighbours."""
    patterns = []
    single = [0, 1, 2, 0x7FFFFE, 0x7FFFFF, 0x800000, 0x800001, 0x3F7FFFFF, 0x3F800000, 0x7F7FFFFF]
    for bits in single:
        low = reference.exact(32, bits)
        high = reference.exact(32, bits + 1) if bits != 0x7F7FFFFF else Fraction(2**128)
        for number in (low, (low + high) / 2, (3 * low + high) / 4):
            bits64, _ = reference.round_to_format(64, 0, number, reference.RNE)
            patterns += [bits64, bits64 + 1, max(bits64 - 1, 0)]
    return [x | sign << 63 for x in patterns for sign in (0, 1)]


def integer_specials(width: int) -> list[int]:
    """Integers at the edges of their own width and of both precisions."""
    edges = {0, 1, 2, 3, (1 << width) - 1, (1 << width) - 2}
    for bit in (23, 24, 25, 31, 32, 52, 53, 54, 62, 63):
        edges |= {(1 << bit) + d for d in (-1, 0, 1)} | {3 << bit, (1 << bit) + (1 << max(bit - 24, 0))}
        edges |= {(1 << bit) + 3 * (1 << max(bit - 24, 0)), (1 << bit) + (1 << max(bit - 53, 0))}
    limit = 1 << width
    return sorted({x % limit for x in edges} | {-x % limit for x in edges})


def random_float(source: random.Random, fmt: int) -> int:
    """A pattern near something: exponents close to each other and significands of few bits are as likely."""
    precision = reference.PRECISION[fmt]
    kind = source.randrange(4)
    if kind == 0:
        return source.getrandbits(fmt)
    if kind == 1:
        return source.choice(specials(fmt))
    fraction = source.getrandbits(precision - 1)
    if kind == 2:
        keep = source.randrange(precision)
        fraction = fraction >> keep << keep
    exponent = reference.MOST[fmt] + source.randint(-precision - 2, precision + 2)
    return source.getrandbits(1) << (fmt - 1) | exponent << (precision - 1) | fraction


def random_operands(source: random.Random, operation: Operation) -> tuple[int, ...]:
    if operation.integer_source:
        width = operation.sources[0]
        return (source.getrandbits(width) >> source.randrange(width),)
    operands = [random_float(source, width) for width in operation.sources]
    if source.getrandbits(1):
        _make_hard(source, operation, operands)
    return tuple(operands)


def _make_hard(source: random.Random, operation: Operation, operands: list[int]) -> None:
    """Bring the result close to where it is exact: cancelled sums, products divided again, squares."""
    fmt = operation.sources[0]
    rm = source.choice(list(MODES))
    name = operation.name.split(".")[0]
    if name == "fmadd":
        operands[2] = reference.fmul(fmt, operands[0], operands[1], rm)[0] ^ 1 << (fmt - 1)
    elif name == "fdiv":
        operands[0] = reference.fmul(fmt, *operands, rm)[0]
    elif name == "fsqrt":
        operands[0] = reference.fmul(fmt, operands[0], operands[0], rm)[0]
    elif len(operands) == 2:
        operands[1] = operands[0] ^ source.getrandbits(1) << (fmt - 1)
    else:
        return
    operands[-1 if name == "fmadd" else 0] ^= source.choice((0, 0, 1, 3, 1 << source.randrange(fmt)))


def directed_operands(operation: Operation, step: int = 1) -> Iterator[tuple[int, ...]]:
    """All pairs of specials (every `step`-th of them), triples of a selection, all single ones."""
    if operation.integer_source:
        values = [(x,) for x in integer_specials(operation.sources[0])]
    elif operation.name == "fcvt.s.d":
        values = [(x,) for x in specials(64) + narrowing_specials()]
    elif len(operation.sources) == 3:
        fmt = operation.sources[0]
        few = [specials(fmt)[i] for i in (0, 1, 2, 10, 13, 18, 25, 34, 39, 44, 68, 70, 72, 73, 74, 76)]
        values = list(product(few, repeat=3))
    else:
        values = list(product(*(specials(width) for width in operation.sources)))
    yield from values[::step]


_PROGRAM = """
#include <stdint.h>
#include <stdio.h>
struct vector {{ uint64_t op, rm, a, b, c; }};
struct answer {{ uint64_t result, flags; }};
int main(void)
{{
    static struct vector in[1024];
    static struct answer out[1024];
    size_t n;
    while ((n = fread(in, sizeof *in, 1024, stdin)) > 0) {{
        for (size_t i = 0; i < n; i++) {{
            uint64_t result = 0, flags = 0;
            switch (in[i].op) {{
{cases}
            }}
            out[i] = (struct answer) {{ result, flags }};
        }}
        fwrite(out, sizeof *out, n, stdout);
    }}
    return 0;
}}
"""
_CASE = """            case {number}:
                __asm__ volatile("fsrm %2\\n fsflags zero\\n {setup}\\n {asm}\\n {finish}\\n frflags %1\\n"
                    : "=&r"(result), "=&r"(flags) : "r"(in[i].rm), "r"(in[i].a), "r"(in[i].b), "r"(in[i].c)
                    : "ft0", "ft1", "ft2", "ft3", "a0");
                break;"""


def _case(number: int, operation: Operation) -> str:
    if operation.integer_source:
        setup = "mv a0, %3"
    else:
        moves = zip(operation.sources, range(3), strict=False)
        setup = "\\n ".join(f"fmv.{'d' if w == 64 else 'w'}.x ft{i}, %{3 + i}" for w, i in moves)
    finish = f"fmv.x.{'d' if operation.target == 64 else 'w'} %0, ft3"
    if operation.integer_target:
        finish = "mv %0, a0"
    return _CASE.format(number=number, setup=setup, asm=operation.asm, finish=finish)


def build_judge(folder: Path) -> Path:
    """Compile the program that runs vectors on a riscv64 processor; its path."""
    cases = "\n".join(_case(number, operation) for number, operation in enumerate(OPERATIONS.values()))
    source, program = folder / "judge.c", folder / "judge"
    source.write_text(_PROGRAM.format(cases=cases))
    command = [
        require_tool("riscv64-linux-gnu-gcc"),
        "-O1",
        "-static",
        "-march=rv64gc",
        "-o",
        str(program),
        str(source),
    ]
    subprocess.run(command, check=True)
    return program


def judge(
    program: Path, operation: Operation, vectors: list[tuple[tuple[int, ...], int]]
) -> list[tuple[int, int]]:
    """(result, flags) of each (operands, rm) as qemu-riscv64 has it."""
    number = list(OPERATIONS).index(operation.name)
    packed = b"".join(
        struct.pack("<5Q", number, rm, *operands, *(0,) * (3 - len(operands))) for operands, rm in vectors
    )
    command = [require_tool("qemu-riscv64"), str(program)]
    output = subprocess.run(command, input=packed, capture_output=True, check=True).stdout
    mask = (1 << operation.target) - 1
    answers = [(result & mask, flags) for result, flags in struct.iter_unpack("<2Q", output)]
    assert len(answers) == len(vectors)
    return answers
