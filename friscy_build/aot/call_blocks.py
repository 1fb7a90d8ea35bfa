"""Ends of blocks that call: by value what is known or guessed, through the table the rest.

What a call gives back is where the code behind it wants it when `_resume` goes on there.
"""

from __future__ import annotations

from functools import partial

from friscy.machine.layout import HART_PC
from friscy_build.aot.bases import CHECKED
from friscy_build.aot.effects import ALL, NONE, RA, Registers, is_access, registers
from friscy_build.aot.function_writer import (
    BLOCK,
    IF,
    INTERRUPTED,
    STILL_INTERRUPTED,
    const32,
    const64,
)
from friscy_build.aot.graph import Block, End
from friscy_build.aot.inlining import Inlined, Piece, decoded
from friscy_build.aot.locals import HART
from friscy_build.aot.runtime import SYSCALL, runtime_index
from friscy_build.aot.safepoints import Looks
from friscy_build.aot.signature import Signature
from friscy_build.aot.ways import WayWriter
from friscy_build.wasm import opcodes as wasm
from friscy_build.wasm.binary import leb
from friscy_build.wasm.opcodes import OPCODES


class CallBlockWriter(WayWriter):
    """Writes the ends of blocks that call."""

    _behind: int  # how many blocks are open in the one that ends behind a call, and
    _instead: int | None  # in the one behind which the call is made after all, if it may be
    _left_to: tuple[int, Registers]  # where the interpreter does what cannot be done here, and what it is handed

    def _call(self, block: Block, target: int | None) -> None:
        signature, guessed = self._convention.known(block), self._convention.guessed(block)
        if guessed is not None:
            self._call_guessed(block, guessed)
            return
        if signature is None:
            self._call_unknown(block, target)
            self._resume(block)
            return
        tried = self._begin_routine(block, signature)
        self._call_known(block, block.target, signature)
        if tried:
            self._close()
        self._resume(block, by_value=True)

    def _call_unknown(self, block: Block, target: int | None) -> None:
        """Call through the table; what comes behind is for where it returned."""
        self._call_table_form(target, caller=block.last_pc)
        index = self._locals.index
        self._put(wasm.LOCAL_TEE + leb(index) + const32(block.behind) + OPCODES["i32.ne"])
        if self._keeps_sp:
            self._put(self._sp_astray() + OPCODES["i32.or"])
        self._open_unlikely()
        self._give_pc(wasm.LOCAL_GET + leb(index))
        self._close()

    def _call_known(self, block: Block, target: int, signature: Signature) -> None:
        """Call a direct form, likewise, unless one of its short ways is gone here."""
        inlined = self._convention.inlined.get(target)
        if inlined is None or not self._is_done_here(block, signature, inlined):
            self._call_and_return(block, target, signature)
            return
        facts = self._facts.copy()
        self._open(BLOCK)
        self._behind = self._nested
        if inlined.calls:
            self._open(BLOCK)
        self._instead = self._nested if inlined.calls else None
        # What cannot be done here is left to the interpreter, in the function, before anything was done.
        self._left_to = target, self._dirty & self._live.after[block.pc] & ~self._live.stores[block.pc]
        asks = block.pc in self._looks.calls
        if asks and inlined.stores:
            self._call_if_interrupted()
        self._instead_of = (block.last_pc,)
        self._put_piece(inlined.first, asks=asks and not inlined.stores)
        self._instead_of = ()
        if inlined.calls:
            self._close()
            self._facts = facts.copy()
            self._call_and_return(block, target, signature)
        self._facts = facts
        self._close()

    def _is_done_here(self, block: Block, signature: Signature, inlined: Inlined) -> bool:
        """Whether short ways of a function are gone where it is called."""
        if self._precise or block.cold or self._live.reload[block.pc] & ~registers(signature.results):
            return False
        return not inlined.unknown & self._live.live.get(block.next_pc, ALL)

    def _put_piece(self, piece: Piece, *, asks: bool) -> None:
        """Write a part of a short way, and what follows it. asks: it looks for an interrupt where it returns."""
        for register, offset in piece.early:
            if not self._facts.holds(register, offset):
                self._check(register, *self._left_to)
                self._facts.learn(register, CHECKED)
        if asks and piece.ways is None:
            self._call_if_interrupted()
        code = decoded(piece.code)
        for pc, i in code if piece.ways is None else code[:-1]:
            check = bool(is_access(i) and i.rs1) and self._checked(i)
            bail = partial(self._hand_over, *self._left_to)
            self._put_template(self._templates.get(pc, i, check, 0), pc, bail)
            self._facts.follow(i, pc)
        if piece.ways is not None:
            self._put_plain(*code[-1], 0)
            self._put_ways(*piece.ways, asks=asks)
            return
        self._put(b"".join(self._get(value) for _, value in piece.moves))
        self._put(b"".join(self._set(result) for result, _ in reversed(piece.moves)))
        if self._nested > self._behind:
            self._put(wasm.BR + leb(self._nested - self._behind))

    def _put_ways(self, taken: Piece | None, other: Piece | None, *, asks: bool) -> None:
        """Go on behind a branch, whose condition is on the stack."""
        if taken is not None and other is not None:
            facts = self._facts.copy()
            self._open(IF)
            self._put_piece(taken, asks=asks)
            self._close()
            self._facts = facts
            self._put_piece(other, asks=asks)
            return
        on = taken or other
        assert on is not None
        self._put(OPCODES["i32.eqz"] if on is taken else b"")
        assert self._instead is not None
        self._put(wasm.BR_IF + leb(self._nested - self._instead))
        self._put_piece(on, asks=asks)

    def _call_if_interrupted(self) -> None:
        self._put(STILL_INTERRUPTED)
        if self._instead is not None:
            self._leave_if(self._nested - self._instead)
            return
        self._open_unlikely()
        self._hand_over(*self._left_to)
        self._close()

    def _find_looks(self) -> Looks:
        """Find where the function looks for an interrupt."""
        flow = self._flow
        calls = {k for k, block in enumerate(flow.blocks) if self._asks(block)}
        counting = {flow.number[pc] for pc in (*self._strips, *self._unrolled)}
        return Looks(flow, self._bases, calls, counting)

    def _asks(self, block: Block) -> bool:
        """Whether the call that ends a block, or what is done in its stead, looks for an interrupt."""
        if block.end is End.SYSCALL:
            return True
        signature = self._convention.known(block)
        return signature is not None and signature.asks and self._routine(signature) is None

    def _call_and_return(self, block: Block, target: int, signature: Signature) -> None:
        given = registers(signature.results)
        live = self._dirty & self._live.after[block.pc]
        self._call_direct(target, signature, live, block.last_pc)
        self._take(signature)
        self._put(const64(block.behind) + OPCODES["i64.ne"])
        self._open_unlikely()
        left = wasm.LOCAL_GET + leb(self._locals.left)
        common = live & ~signature.writes
        astray = (live & self._convention.abi.saved | given) & ~common
        if astray:
            self._put(left + const64(1) + OPCODES["i64.and"] + OPCODES["i64.eqz"])
            self._open_unlikely()  # it returned, but elsewhere
            self._store(astray)
            self._close()
        self._store(common)
        self._put(left + const64(1) + OPCODES["i64.or"] + wasm.LOCAL_SET + leb(self._locals.left))
        self._give_left()
        self._close()

    def _call_guessed(self, block: Block, signature: Signature) -> None:
        """Call a direct form where the address is its own; through the table where it is another."""
        assert block.likely is not None
        self._open_likely(block.likely)
        facts = self._facts.copy()
        self._call_known(block, block.likely, signature)
        self._set_ra(block)
        self._else()
        self._facts = facts
        self._store(self._dirty & self._live.after[block.pc] & ~self._live.stores[block.pc])
        self._call_unknown(block, None)
        wanted = self._live.held.get(block.next_pc, NONE) & ~self._live.loading.put_off[block.pc]
        self._load(wanted & self._convention.call_clobbers(block))
        self._close()
        self._go_behind(block)

    def _syscall(self, block: Block) -> None:
        self._store_pc(const64(block.code[-1][0]))
        left = leb(self._locals.left)
        self._put(wasm.CALL + leb(runtime_index(SYSCALL)))
        self._put(HART + OPCODES["i64.load"] + b"\x03" + leb(HART_PC) + wasm.LOCAL_TEE + left)
        self._put(const64(block.behind) + OPCODES["i64.ne"] + INTERRUPTED + OPCODES["i32.or"])
        self._open_unlikely()
        self._put(wasm.LOCAL_GET + left + const64(1) + OPCODES["i64.or"] + wasm.LOCAL_SET + left)
        self._give_left()
        self._close()
        self._resume(block)

    def _resume(self, block: Block, *, by_value: bool = False) -> None:
        """Go on after a call that returned. by_value: the call of a direct form, which leaves ra alone."""
        if by_value:
            self._set_ra(block)
        self._go_behind(block)

    def _set_ra(self, block: Block) -> None:
        self._put(const64(block.behind) + self._set(RA))

    def _go_behind(self, block: Block) -> None:
        """Go to what is behind a call."""
        self._dirty = self._live.left[block.pc]
        self._facts = self._bases.after_call(block, self._facts)
        self._go(block, block.next_pc)
