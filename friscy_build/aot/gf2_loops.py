"""Loops of few turns that only move bits and add them without carry, as the sums that they leave (over GF(2)).

    for (int bit = 0; bit < 8; bit++, data >>= 1) crc = (crc ^ data) & 1 ? crc >> 1 ^ 0xA001 : crc >> 1;

    x = (crc ^ data) & 0xff;   crc = crc >> 8 ^ x << 6 ^ x << 7 ^ (parity of x ? 0xC001 : 0)

Each turn waits for the one before; the sums wait for nothing but what comes in. Checksums, shift registers with
feedback, Gray codes and bits in reverse are such loops. A choice between two values is a sum where they differ by a
constant. Where that is so only if some bits that come in are 0, as above what lies over a crc's 16, those are looked at
first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from friscy_build.aot.effects import Registers, effects, is_cheap, members
from friscy_build.aot.gf2_plan import Rows, Sums, plan_sums
from friscy_build.aot.gf2_values import Form, Gf2, NotLinear
from friscy_build.aot.graph import Block
from friscy_build.aot.unrolling import Unrolled
from friscy_build.isa.decode import Instruction
from friscy_build.isa.hart import KnownOperands
from friscy_build.isa.row import Flow
from friscy_build.isa.value import Value

if TYPE_CHECKING:
    from friscy_build.isa.hart import Machine

_TRIES = 4  # each takes more bits to be 0
_WORTH = 2  # so many instructions of the loop for each that is written
_XLEN = 64
_LEAST_BITS = 8
_MOST_BITS = 1500  # of all that the results are sums of: more take long to plan, and many instructions
_MOST_PAIRS = 16  # of registers that are added first: each has a local
_OPS = Gf2()


def find_sums(unrolled: Unrolled, wanted: Registers) -> Sums | None:
    """What such a loop leaves in the registers `wanted`; None where it does something else, or sums are no gain."""
    zero: dict[int, int] = {}
    for _ in range(_TRIES):
        try:
            after = _run(unrolled, zero)
        except NotLinear as product:
            more = _split(product.zero)
            if not more:
                return None
            for register, bits in more.items():
                zero[register] = zero.get(register, 0) | bits
            if not all(_is_above(bits) for bits in zero.values()):
                return None
            continue
        results = [register for register in members(wanted) if register in after]
        if sum(form.bit_count() for register in results for form in after[register].raw) > _MOST_BITS:
            return None
        rows = {register: _rows(after[register]) for register in results}
        sums = plan_sums(rows, zero)
        if len(sums.pairs) > _MOST_PAIRS:
            return None
        ninstructions = sum(len(block.code) for block in unrolled.turn)
        return sums if sums.cost * _WORTH <= ninstructions * unrolled.nturns else None
    return None


def _is_above(bits: int) -> bool:
    """Whether these are all bits above some that a value may have, as where it is a byte or more."""
    lowest = (bits & -bits).bit_length() - 1
    return lowest >= _LEAST_BITS and bits == (1 << _XLEN) - (1 << lowest)


def _split(forms: tuple[Form, ...]) -> dict[int, int]:
    """By register: its bits that are variables of any of these sums."""
    variables = 0
    for form in forms:
        variables |= form >> 1
    found: dict[int, int] = {}
    register = 0
    while variables:
        bits = variables & (1 << _XLEN) - 1
        if bits:
            found[register] = bits
        variables >>= _XLEN
        register += 1
    return found


def _rows(value: Value) -> Rows:
    """A register's bits, each as (the constant 1 or 0, its variables by register)."""
    return [(form & 1, _split((form,))) for form in value.raw]


class _Hart:
    """A machine (`isa.hart.Machine`) that runs integer rows on sums. `written`: its registers that the loop wrote."""

    ops = _OPS

    def __init__(self, constants: dict[int, int], zero: dict[int, int]) -> None:
        self.written: dict[int, Value] = {}
        self._zero = zero
        self._constants = constants
        self._condition: Value | None = None
        self.pc = self.next_pc = _OPS.const(0, _XLEN)

    def const(self, value: int, width: int = _XLEN) -> Value:
        return _OPS.const(value, width)

    def x(self, register: int) -> Value:
        known = self.written.get(register)
        if known is not None:
            return known
        if register == 0 or register in self._constants:
            return self.const(self._constants.get(register, 0))
        zero, first = self._zero.get(register, 0), 1 + _XLEN * register
        return Value(_OPS, _XLEN, tuple(0 if zero >> k & 1 else 1 << first + k for k in range(_XLEN)))

    def set_x(self, register: int, value: Value) -> None:
        if register:
            self.written[register] = value

    def branch(self, condition: Value, target: Value) -> None:
        self._condition = condition

    def run(self, pc: int, i: Instruction) -> None:
        self.pc, self.next_pc = self.const(pc), self.const(pc + i.nbytes)
        i.row.semantics(cast("Machine", self), KnownOperands(i, _OPS))

    def condition_of(self, block: Block) -> Value:
        """Whether the branch that ends a block is taken."""
        self.run(*block.code[-1])
        assert self._condition is not None
        return self._condition


def _run(unrolled: Unrolled, zero: dict[int, int]) -> dict[int, Value]:
    """The registers behind the loop that it writes. Raises NotLinear."""
    hart = _Hart(unrolled.constants, zero)
    if not all(_only_computes(i) for block in unrolled.turn for _, i in block.code):
        raise NotLinear
    for _ in range(unrolled.nturns):
        for block in unrolled.blocks:
            for pc, i in block.code[:-1]:
                hart.run(pc, i)
            if unrolled.skipped is not None and block is not unrolled.blocks[-1]:
                _skip(hart, hart.condition_of(block), unrolled.skipped)
    return hart.written


def _skip(hart: _Hart, condition: Value, skipped: Block) -> None:
    """Run what is skipped where the condition holds."""
    changed = {register for _, i in skipped.code for register in members(effects(i)[1])}
    olds = {register: hart.x(register) for register in changed}
    for pc, i in skipped.code:
        if i.row.flow is Flow.NONE:
            hart.run(pc, i)
    zero = list[Form]()
    for register, old in olds.items():
        try:
            hart.set_x(register, _OPS.select(condition, old, hart.x(register)))
        except NotLinear as product:
            zero += product.zero
    if zero:
        raise NotLinear(zero)


def _only_computes(i: Instruction) -> bool:
    return is_cheap(i) or i.row.extension == "M" or i.row.flow in (Flow.BRANCH, Flow.JUMP)
