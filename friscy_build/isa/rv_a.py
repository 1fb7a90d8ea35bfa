"""RV64A: load-reserved, store-conditional and atomic read-modify-write.

All of a process's harts run in turn on one host thread and are switched only between instructions, so plain
loads and stores are atomic, and the acquire and release bits ask for nothing more.

Gap: an AMO outside the guest's range raises a load fault where the manual has a store fault; both are SIGSEGV.
"""

from __future__ import annotations

from collections.abc import Callable

from friscy.machine.layout import CAUSE_LOAD_MISALIGNED, CAUSE_STORE_MISALIGNED
from friscy_build.isa.hart import Machine, Operands, Register
from friscy_build.isa.row import Extension
from friscy_build.isa.rv_i import Binary
from friscy_build.isa.value import Value

EXTENSION = Extension("A")


def _aligned(m: Machine, r: Register, width: int, cause: int) -> Value:
    """The address in register `r`; traps where it is not a multiple of the operand's size."""
    address = m.x(r)
    m.when((address & (width // 8 - 1)).ne(0), lambda: m.trap(cause, address))
    return address


def _load_reserved(width: int) -> Callable[[Machine, Operands], None]:
    def semantics(m: Machine, i: Operands) -> None:
        address = _aligned(m, i.rs1, width, CAUSE_LOAD_MISALIGNED)
        value = m.load(address, width).sext(64)
        m.reserve(address, value)
        m.set_x(i.rd, value)

    return semantics


def _store_conditional(width: int) -> Callable[[Machine, Operands], None]:
    def semantics(m: Machine, i: Operands) -> None:
        address = _aligned(m, i.rs1, width, CAUSE_STORE_MISALIGNED)
        value = m.x(i.rs2).trunc(width)
        reserved, expected = m.reservation()
        held = address.eq(reserved)

        def attempt() -> None:
            unchanged = m.load(address, width).eq(expected.trunc(width))
            m.when(unchanged, lambda: m.store(address, value))
            m.set_x(i.rd, (unchanged ^ 1).zext(64))

        # rd is written only after the last access that may fault.
        m.when(held, attempt)
        m.when(held ^ 1, lambda: m.set_x(i.rd, m.const(1)))
        m.reserve(m.const(-1), m.const(0))

    return semantics


def _read_modify_write(width: int, operation: Binary) -> Callable[[Machine, Operands], None]:
    def semantics(m: Machine, i: Operands) -> None:
        address = _aligned(m, i.rs1, width, CAUSE_STORE_MISALIGNED)
        source = m.x(i.rs2).trunc(width)
        old = m.load(address, width)
        m.store(address, operation(old, source))
        m.set_x(i.rd, old.sext(64))

    return semantics


def _choose(op: str) -> Binary:
    return lambda a, b: a.compare(op, b).select(a, b)


_OPERATIONS: tuple[tuple[str, str, Binary], ...] = (
    ("amoswap", "00001", lambda a, b: b),
    ("amoadd", "00000", lambda a, b: a + b),
    ("amoxor", "00100", lambda a, b: a ^ b),
    ("amoand", "01100", lambda a, b: a & b),
    ("amoor", "01000", lambda a, b: a | b),
    ("amomin", "10000", _choose("slt")),
    ("amomax", "10100", _choose("sgt")),
    ("amominu", "11000", _choose("ult")),
    ("amomaxu", "11100", _choose("ugt")),
)
for _suffix, _funct3, _width in ((".w", "010", 32), (".d", "011", 64)):
    _tail = f"rs1 {_funct3} rd 0101111"
    EXTENSION.add("lr" + _suffix, f"00010 aq_rl 00000 {_tail}", "rd,(rs1)", _load_reserved(_width))
    EXTENSION.add("sc" + _suffix, f"00011 aq_rl rs2 {_tail}", "rd,rs2,(rs1)", _store_conditional(_width))
    for _name, _funct5, _operation in _OPERATIONS:
        _semantics = _read_modify_write(_width, _operation)
        EXTENSION.add(_name + _suffix, f"{_funct5} aq_rl rs2 {_tail}", "rd,rs2,(rs1)", _semantics)
