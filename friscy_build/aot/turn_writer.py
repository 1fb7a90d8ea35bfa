"""Loops whose turns are written one after the other: all (`unrolling`), or several for each look for an interrupt.

What all turns leave is computed at once where that is less (`gf2_loops`).
"""

from __future__ import annotations

from friscy_build.aot.bases import Facts
from friscy_build.aot.code_writer import CodeWriter
from friscy_build.aot.effects import NONE, effects
from friscy_build.aot.function_writer import BLOCK, IF, const64
from friscy_build.aot.gf2_loops import find_sums
from friscy_build.aot.gf2_plan import Parity, Result, Sums
from friscy_build.aot.graph import Block
from friscy_build.aot.unrolling import Unrolled
from friscy_build.isa.value import signed
from friscy_build.wasm import opcodes as wasm
from friscy_build.wasm.binary import sleb
from friscy_build.wasm.opcodes import OPCODES

_EXTEND = {8: OPCODES["i64.extend8_s"], 16: OPCODES["i64.extend16_s"], 32: OPCODES["i64.extend32_s"]}


class TurnWriter(CodeWriter):
    """Writes them."""

    def _put_unrolled(self, unrolled: Unrolled) -> None:
        """Write what a loop's turns do, and what comes after it."""
        first, last = unrolled.blocks[0], unrolled.blocks[-1]
        self._facts = self._bases.at[first.pc].copy()
        self._dirty, self._clean = self._live.dirty[first.pc], NONE
        sums = self._find_sums(unrolled)
        if sums is None:
            self._put_all_turns(unrolled)
        else:
            self._open(BLOCK)
            if sums.zero:
                self._open(BLOCK)
                for k, (register, bits) in enumerate(sums.zero.items()):
                    self._put(self._get(register) + _cut(bits) + (OPCODES["i64.or"] if k else b""))
                self._put(OPCODES["i64.eqz"] + OPCODES["i32.eqz"])
                self._leave_if(0)
            self._put_sums(sums)
            if sums.zero:
                self._put(wasm.BR + b"\1")
                self._close()
                self._put_all_turns(unrolled)
            else:
                for _, i in (each for block in unrolled.turn for each in block.code):
                    self._facts.forget(effects(i)[1])
                    self._dirty |= effects(i)[1]
            self._close()
        self._go(last, last.next_pc)

    def _find_sums(self, unrolled: Unrolled) -> Sums | None:
        last = unrolled.blocks[-1]
        behind = self._live.live.get(last.next_pc, self._live.after[last.pc])
        return find_sums(unrolled, behind)

    def _put_all_turns(self, unrolled: Unrolled) -> None:
        for turn in range(unrolled.nturns):
            for block in unrolled.blocks:
                # It may be for a loop around this one.
                self._look = self._looks.accesses.get(block.pc) if turn == 0 else None
                self._forget_fcsr()
                self._put_code(block)
                if block is not unrolled.blocks[-1] and unrolled.skipped is not None:
                    self._choose(unrolled.skipped)
            self._put(wasm.DROP)  # whether there is another

    def _put_turns(self, block: Block, turns: int) -> None:
        """Write the code of a block that is a loop by itself, `turns` times, and what comes after it."""
        self._open(BLOCK)
        known: Facts | None = None
        for turn in range(1, turns + 1):
            self._put_code(block)
            known = self._facts.copy() if known is None else known.meet(self._facts)
            if turn < turns:
                self._put(OPCODES["i32.eqz"] + wasm.BR_IF + b"\0")
            else:
                self._open(IF)
                self._go(block, block.pc)
                self._close()
        self._close()
        assert known is not None
        self._facts = known
        self._go(block, block.next_pc)

    # Sums. The locals for temporaries hold what is the sum of two registers.

    def _put_sums(self, sums: Sums) -> None:
        gets = [self._get(source.register) for source in sums.sources]
        for k, source in enumerate(sums.pairs):
            assert source.other is not None
            self._put(gets[k] + self._get(source.other) + _moved(source.distance) + OPCODES["i64.xor"])
            self._put(_cut(source.bits) if source.masked else b"")
            self._put(wasm.LOCAL_SET + self._i64(k))
            gets[k] = self._get_i64(k)
        for result in sums.results:
            self._put_result(result, gets)
        for result in reversed(sums.results):
            self._put(self._set(result.register))

    def _put_result(self, result: Result, gets: list[bytes]) -> None:
        """Leave a register's new value on the stack."""
        parts = list[bytes]()
        for term in result.terms:
            part = gets[term.source]
            if isinstance(term, Parity):
                part += _spread(term) + _cut(term.constant)
            else:
                part += _moved(term.distance) + _cut(term.mask)
            parts.append(part)
        if result.constant or not parts:
            parts.append(const64(signed(result.constant, 64)))
        self._put(parts[0] + b"".join(part + OPCODES["i64.xor"] for part in parts[1:]))
        self._put(_EXTEND.get(result.width, b""))


def _cut(mask: int | None) -> bytes:
    """What leaves these bits of a value on the stack, all of them where that is None."""
    return b"" if mask is None else const64(signed(mask, 64)) + OPCODES["i64.and"]


def _moved(distance: int) -> bytes:
    """What moves a value on the stack to the left."""
    if not distance:
        return b""
    return wasm.I64_CONST + sleb(abs(distance)) + OPCODES["i64.shl" if distance > 0 else "i64.shr_u"]


def _spread(parity: Parity) -> bytes:
    """What makes all ones of a value on the stack where the parity is odd, else 0."""
    bit, sign = parity.single, const64(63) + OPCODES["i64.shr_s"]
    if bit is not None:
        return _moved(63 - bit) + sign
    return _cut(parity.mask) + OPCODES["i64.popcnt"] + _moved(63) + sign
