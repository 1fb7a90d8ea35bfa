"""Writes runs of float arithmetic (`float_runs`) as one attempt, in front of the instructions themselves."""

from __future__ import annotations

from collections.abc import Callable

from friscy_build.aot.call_blocks import CallBlockWriter
from friscy_build.aot.effects import F0, Registers, is_access, members
from friscy_build.aot.float_runs import (
    WRONG,
    Run,
    changed_integers,
    gather,
    is_integer,
    move,
    operation,
    vector,
)
from friscy_build.aot.function_writer import BLOCK, OUTSIDE, WRAP, const64
from friscy_build.aot.graph import Block
from friscy_build.aot.value_writer import move_base
from friscy_build.isa.decode import Instruction
from friscy_build.wasm import opcodes as wasm
from friscy_build.wasm.binary import leb
from friscy_build.wasm.opcodes import OPCODES


class RunWriter(CallBlockWriter):
    """Writes them. While one is tried, registers stay as they are but for integers, which are put aside."""

    _escape_level: int  # how many blocks are open around a run that is tried
    _wide: set[int]  # float registers that are in vectors
    _calm_before: set[bool]

    def _open_run(self, block: Block, run: Run, live: Registers, put: Callable[[int], None]) -> None:
        """Begin a run: what follows, up to `_close_run`, is done only where the attempt may not be right.

        live: at its start. put: writes the integer instruction at a place, an access without a check.
        """
        locals, code = self._locals, block.code
        put_aside = members(changed_integers(code, run) & live)
        self._open(BLOCK)
        self._open(BLOCK)
        self._escape_level = self._nested
        for k, register in enumerate(put_aside):
            self._put(self._get(register) + wasm.LOCAL_SET + leb(locals.saved(k)))
        self._put(self._get_calm(fused=run.fused) + OPCODES["i32.eqz"])
        self._escape()
        facts, self._facts = self._facts, self._facts.copy()
        self._wide = set()
        floats, looks = set[int](), False
        for k in range(run.start, run.end):
            pc, i = code[k]
            if is_access(i) and self._checked(i):
                self._put(self._get(i.rs1) + OUTSIDE)
                self._escape()
            if is_integer(i):
                put(k)
            else:
                name = self._put_float(pc, i)
                floats.add(F0 + i.rd)
                if name is not None and k not in run.unseen:
                    before = wasm.LOCAL_GET + leb(locals.gathered) if looks else b""
                    self._put(gather(name, self._get_wide(F0 + i.rd), before))
                    self._put(wasm.LOCAL_SET + leb(locals.gathered))
                    looks = True
            self._facts.follow(i, pc)
        self._put(wasm.LOCAL_GET + leb(locals.gathered) + OPCODES["i64x2.extract_lane 0"])
        self._put(const64(WRONG) + OPCODES["i64.and"] + const64(0) + OPCODES["i64.ne"])
        self._escape()
        for register in sorted(floats):
            self._put(self._get_wide(register) + OPCODES["f64x2.extract_lane 0"] + self._set(register))
        self._put(wasm.BR + leb(1))
        self._close()
        for k, register in enumerate(put_aside):
            self._put(wasm.LOCAL_GET + leb(locals.saved(k)) + self._set(register))
        self._facts, self._calm_before = facts, set(self._calm)

    def _close_run(self) -> None:
        self._close()
        self._calm = self._calm_before  # the attempt has none of those that were found out since

    def _escape(self) -> None:
        """Do the run again where the condition on the stack holds."""
        self.hints.append((len(self.parts), False))
        self._put(wasm.BR_IF + leb(self._nested - self._escape_level))

    def _get_wide(self, register: int) -> bytes:
        wide = leb(self._locals.wide(register))
        if register in self._wide:
            return wasm.LOCAL_GET + wide
        self._wide.add(register)
        return self._get(register) + OPCODES["f64x2.splat"] + wasm.LOCAL_TEE + wide

    def _put_float(self, pc: int, i: Instruction) -> str | None:
        """Write an instruction that gives a float; the name of its arithmetic, if it does any."""
        found, copied = operation(i), move(i)
        if found is not None:
            for register, turned in found.operands:
                self._put(self._get_wide(register) + (OPCODES["f64x2.neg"] if turned else b""))
            self._put(vector(found.name))
        elif copied is not None:
            self._put(self._get_wide(F0 + i.rs1) + (OPCODES[copied] if copied else b""))
        else:
            address, offset = self._place(i.rs1, i.imm)
            self._put(address)
            self._mark(pc)
            self._put(OPCODES["f64.load"] + b"\0" + offset + OPCODES["f64x2.splat"])
        self._wide.add(F0 + i.rd)
        self._put(wasm.LOCAL_SET + leb(self._locals.wide(F0 + i.rd)))
        return found.name if found is not None else None

    def _place(self, register: int, offset: int) -> tuple[bytes, bytes]:
        """The 32-bit address in a register, and what an access says besides to be `offset` behind it."""
        moved, offset = move_base(offset)
        return self._get(register) + WRAP + moved, leb(offset)
