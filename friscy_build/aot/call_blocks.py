"""Ends of blocks that call: by value what is known or guessed, through the table the rest.

What a call gives back is where the code behind it wants it when `_resume` goes on there.
"""

from __future__ import annotations

from functools import partial

from friscy.machine.layout import HART_PC
from friscy_build.aot.effects import NONE, RA, effects, is_access, registers
from friscy_build.aot.function_writer import BLOCK, INTERRUPTED, STILL_INTERRUPTED, const32, const64
from friscy_build.aot.graph import Block, End
from friscy_build.aot.guards import Words
from friscy_build.aot.liveness import live_at
from friscy_build.aot.locals import HART
from friscy_build.aot.runtime import SYSCALL, runtime_index
from friscy_build.aot.safepoints import Looks
from friscy_build.aot.signature import Signature
from friscy_build.aot.ways import WayWriter
from friscy_build.isa.decode import Instruction, decode
from friscy_build.wasm import opcodes as wasm
from friscy_build.wasm.binary import leb
from friscy_build.wasm.opcodes import OPCODES


class CallBlockWriter(WayWriter):
    """Writes the ends of blocks that call."""

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
        self._call_table_form(target)
        index = self._locals.index
        self._put(wasm.LOCAL_TEE + leb(index) + const32(block.behind) + OPCODES["i32.ne"])
        if self._keeps_sp:
            self._put(self._sp_astray() + OPCODES["i32.or"])
        self._open_unlikely()
        self._give_pc(wasm.LOCAL_GET + leb(index))
        self._close()

    def _call_known(self, block: Block, target: int, signature: Signature) -> None:
        """Call a direct form, likewise, unless it is a leaf, or its guard says that it returns at once."""
        guard, leaf = self._convention.guards.get(target), self._convention.leaves.get(target)
        if not self._is_done_here(block, signature):
            guard = leaf = None
        if leaf is not None:
            self._put_leaf(block, leaf)
            return
        if guard is None:
            self._call_and_return(block, target, signature)
            return
        self._open(BLOCK)
        self._open(BLOCK)
        for pc, i in _decoded(guard.looking):
            self._put_plain(pc, i, 0)
        if guard.taken:
            self._put(OPCODES["i32.eqz"])
        self._put(wasm.BR_IF + b"\0")
        if block.pc in self._looks.calls:
            self._put(STILL_INTERRUPTED)
            self.hints.append((len(self.parts), False))
            self._put(wasm.BR_IF + b"\0")
        for pc, i in _decoded(guard.returning):
            self._put_plain(pc, i, 0)
        self._put(wasm.BR + b"\1")
        self._close()
        facts = self._facts.copy()
        self._call_and_return(block, target, signature)
        self._facts = facts
        self._close()

    def _is_done_here(self, block: Block, signature: Signature) -> bool:
        """Whether what a guard or a leaf does is done where it is called."""
        return not self._precise and not self._live.reload[block.pc] & ~registers(signature.results)

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

    def _put_leaf(self, block: Block, words: Words) -> None:
        """Do what a leaf does. What it cannot do is left to the interpreter, in the leaf."""
        code = _decoded(words)
        lives = live_at(code, self._live.live[block.next_pc] | 1 << RA)
        dirty = self._dirty
        for (pc, i), live in zip(code, lives, strict=True):
            check = bool(is_access(i) and i.rs1) and self._checked(i)
            bail = partial(self._hand_over, pc, self._dirty & live)
            self._put_template(self._templates.get(pc, i, check, 0), pc, bail)
            self._facts.follow(i, pc)
            self._dirty |= effects(i)[1]
        self._dirty = dirty

    def _call_and_return(self, block: Block, target: int, signature: Signature) -> None:
        given = registers(signature.results)
        live = self._dirty & self._live.after[block.pc]
        self._call_direct(target, signature, live)
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


def _decoded(words: Words) -> list[tuple[int, Instruction]]:
    return [(pc, i) for pc, word in words if (i := decode(word)) is not None]
