"""RV64F: single precision; and what it shares with D, which has the same instructions on another format.

The arithmetic itself is `friscy_build.isa.softfloat`; here are operands, rounding modes, boxing and flags.
"""

from __future__ import annotations

from collections.abc import Callable

from friscy_build.isa import softfloat
from friscy_build.isa.hart import Machine, Operands, Register
from friscy_build.isa.row import Extension, Semantics
from friscy_build.isa.value import Value
from friscy_build.isa.zicsr import illegal

EXTENSION = Extension("F")

_BOX = 0xFFFF_FFFF_0000_0000
_CANONICAL_NAN = 0x7FC0_0000

Result = tuple[Value, Value]
RM = "rm!=5,6"  # 5 and 6 are reserved, 7 is frm


def read(m: Machine, fmt: int, r: Register) -> Value:
    """The `fmt` bits in float register `r`. "If not [properly NaN-boxed], the value is treated as if it were
    the canonical NaN": so says the manual for every single-precision read but moves and stores."""
    bits = m.f(r)
    if fmt == 64:
        return bits
    return (bits >> 32).eq(0xFFFF_FFFF).select(bits.trunc(32), _CANONICAL_NAN)


def write(m: Machine, r: Register, value: Value) -> None:
    m.set_f(r, value if value.width == 64 else value.zext(64) | _BOX)


def rounding_mode(m: Machine, i: Operands) -> Value:
    """0-4, from the instruction or from frm. Traps where frm holds a reserved value."""
    frm = (m.fcsr() >> 5).zext(64) & 7
    rm = i.rm.eq(7).select(frm, i.rm)
    m.when(rm.compare("ugt", 4), lambda: illegal(m))
    return rm


def sticky(m: Machine) -> Value:
    """The flags raised so far."""
    return m.fcsr() & 31


def raise_flags(m: Machine, flags: Value) -> None:
    m.set_fcsr(m.fcsr() | flags)


def _load(fmt: int) -> Semantics:
    return lambda m, i: write(m, i.rd, m.load(m.x(i.rs1) + i.imm, fmt))


def _store(fmt: int) -> Semantics:
    return lambda m, i: m.store(m.x(i.rs1) + i.imm, m.f(i.rs2).trunc(fmt))


def _arithmetic(fmt: int, operation: Callable[..., Result]) -> Semantics:
    def semantics(m: Machine, i: Operands) -> None:
        rm = rounding_mode(m, i)
        a, b = read(m, fmt, i.rs1), read(m, fmt, i.rs2)
        value, flags = operation(m.ops, fmt, a, b, rm, sticky=sticky(m))
        write(m, i.rd, value)
        raise_flags(m, flags)

    return semantics


def _square_root(fmt: int) -> Semantics:
    def semantics(m: Machine, i: Operands) -> None:
        rm = rounding_mode(m, i)
        value, flags = softfloat.fsqrt(m.ops, fmt, read(m, fmt, i.rs1), rm, sticky=sticky(m))
        write(m, i.rd, value)
        raise_flags(m, flags)

    return semantics


def _fused(fmt: int, *, negate_product: bool, negate_addend: bool) -> Semantics:
    sign = 1 << (fmt - 1)

    def semantics(m: Machine, i: Operands) -> None:
        rm = rounding_mode(m, i)
        a, b, c = (read(m, fmt, r) for r in (i.rs1, i.rs2, i.rs3))
        if negate_product:
            a ^= sign
        if negate_addend:
            c ^= sign
        value, flags = softfloat.fmadd(m.ops, fmt, a, b, c, rm, sticky=sticky(m), host_fma=m.host_fma())
        write(m, i.rd, value)
        raise_flags(m, flags)

    return semantics


def _sign_injection(fmt: int, new_sign: Callable[[Value, Value], Value]) -> Semantics:
    sign = 1 << (fmt - 1)

    def semantics(m: Machine, i: Operands) -> None:
        a, b = read(m, fmt, i.rs1), read(m, fmt, i.rs2)
        write(m, i.rd, (a & (sign - 1)) | (new_sign(a, b) & sign))

    return semantics


def _min_max(fmt: int, operation: Callable[..., Result]) -> Semantics:
    def semantics(m: Machine, i: Operands) -> None:
        value, flags = operation(m.ops, fmt, read(m, fmt, i.rs1), read(m, fmt, i.rs2))
        write(m, i.rd, value)
        raise_flags(m, flags)

    return semantics


def _comparison(fmt: int, operation: Callable[..., Result]) -> Semantics:
    def semantics(m: Machine, i: Operands) -> None:
        holds, flags = operation(m.ops, fmt, read(m, fmt, i.rs1), read(m, fmt, i.rs2))
        m.set_x(i.rd, holds.zext(64))
        raise_flags(m, flags)

    return semantics


def _to_integer(fmt: int, width: int, is_signed: bool) -> Semantics:
    def semantics(m: Machine, i: Operands) -> None:
        rm = rounding_mode(m, i)
        value, flags = softfloat.to_int(m.ops, fmt, read(m, fmt, i.rs1), rm, width, is_signed)
        m.set_x(i.rd, value.sext(64))  # fcvt.wu too sign-extends its 32 bits
        raise_flags(m, flags)

    return semantics


def _from_integer(fmt: int, width: int, is_signed: bool) -> Semantics:
    def semantics(m: Machine, i: Operands) -> None:
        rm = rounding_mode(m, i)
        value, flags = softfloat.from_int(m.ops, fmt, m.x(i.rs1).trunc(width), is_signed, rm)
        write(m, i.rd, value)
        raise_flags(m, flags)

    return semantics


def conversion(from_fmt: int, to_fmt: int) -> Semantics:
    """fcvt.s.d and fcvt.d.s."""

    def semantics(m: Machine, i: Operands) -> None:
        rm = rounding_mode(m, i)
        value, flags = softfloat.convert(m.ops, from_fmt, to_fmt, read(m, from_fmt, i.rs1), rm)
        write(m, i.rd, value)
        raise_flags(m, flags)

    return semantics


def _classify(fmt: int) -> Semantics:
    return lambda m, i: m.set_x(i.rd, softfloat.classify(m.ops, fmt, read(m, fmt, i.rs1)))


def _move_to_x(fmt: int) -> Semantics:
    return lambda m, i: m.set_x(i.rd, m.f(i.rs1).trunc(fmt).sext(64))


def _move_from_x(fmt: int) -> Semantics:
    return lambda m, i: write(m, i.rd, m.x(i.rs1).trunc(fmt))


def add_format(extension: Extension, fmt: int) -> None:
    """The rows that F and D have in common, for one format."""
    add = extension.add
    s, code, size, x = (".s", "00", "010", "w") if fmt == 32 else (".d", "01", "011", "d")

    add("fl" + x, f"imm[11:0] rs1 {size} rd 0000111", "fd,imm(rs1)", _load(fmt))
    add("fs" + x, f"imm[11:5] rs2 rs1 {size} imm[4:0] 0100111", "fs2,imm(rs1)", _store(fmt))

    for name, opcode, negate_product, negate_addend in (
        ("fmadd", "1000011", False, False),
        ("fmsub", "1000111", False, True),
        ("fnmsub", "1001011", True, False),
        ("fnmadd", "1001111", True, True),
    ):
        semantics = _fused(fmt, negate_product=negate_product, negate_addend=negate_addend)
        add(name + s, f"rs3 {code} rs2 rs1 {RM} rd {opcode}", "fd,fs1,fs2,fs3,rm", semantics)

    for name, funct5, operation in (
        ("fadd", "00000", softfloat.fadd),
        ("fsub", "00001", softfloat.fsub),
        ("fmul", "00010", softfloat.fmul),
        ("fdiv", "00011", softfloat.fdiv),
    ):
        add(name + s, f"{funct5}{code} rs2 rs1 {RM} rd 1010011", "fd,fs1,fs2,rm", _arithmetic(fmt, operation))
    add("fsqrt" + s, f"01011{code} 00000 rs1 {RM} rd 1010011", "fd,fs1,rm", _square_root(fmt))

    for name, funct3, new_sign in (
        ("fsgnj", "000", lambda a, b: b),
        ("fsgnjn", "001", lambda a, b: ~b),
        ("fsgnjx", "010", lambda a, b: a ^ b),
    ):
        pattern = f"00100{code} rs2 rs1 {funct3} rd 1010011"
        add(name + s, pattern, "fd,fs1,fs2", _sign_injection(fmt, new_sign))
    add("fmin" + s, f"00101{code} rs2 rs1 000 rd 1010011", "fd,fs1,fs2", _min_max(fmt, softfloat.fmin))
    add("fmax" + s, f"00101{code} rs2 rs1 001 rd 1010011", "fd,fs1,fs2", _min_max(fmt, softfloat.fmax))

    for name, funct3, relation in (
        ("fle", "000", softfloat.fle),
        ("flt", "001", softfloat.flt),
        ("feq", "010", softfloat.feq),
    ):
        add(name + s, f"10100{code} rs2 rs1 {funct3} rd 1010011", "rd,fs1,fs2", _comparison(fmt, relation))

    for kind, rs2, width, is_signed in (
        ("w", "00000", 32, True),
        ("wu", "00001", 32, False),
        ("l", "00010", 64, True),
        ("lu", "00011", 64, False),
    ):
        to_integer, from_integer = _to_integer(fmt, width, is_signed), _from_integer(fmt, width, is_signed)
        add(f"fcvt.{kind}{s}", f"11000{code} {rs2} rs1 {RM} rd 1010011", "rd,fs1,rm", to_integer)
        syntax = "fd,rs1,exact" if width < fmt else "fd,rs1,rm"
        add(f"fcvt{s}.{kind}", f"11010{code} {rs2} rs1 {RM} rd 1010011", syntax, from_integer)

    add(f"fmv.x.{x}", f"11100{code} 00000 rs1 000 rd 1010011", "rd,fs1", _move_to_x(fmt))
    add(f"fmv.{x}.x", f"11110{code} 00000 rs1 000 rd 1010011", "fd,rs1", _move_from_x(fmt))
    add("fclass" + s, f"11100{code} 00000 rs1 001 rd 1010011", "rd,fs1", _classify(fmt))


add_format(EXTENSION, 32)
