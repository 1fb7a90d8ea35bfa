"""How a function being written calls, and jumps to, other code: by value what is known, through the table the rest.

String functions of the C library are tried where they are called.
"""

from __future__ import annotations

from friscy.machine.layout import (
    CODE_MAP,
    GUARD,
    GUEST_END,
    WINDOW_END,
)
from friscy_build.aot.bases import CHECKED, STACK_NEAR
from friscy_build.aot.effects import NONE, RA, SP, Registers, effects, registers
from friscy_build.aot.function_writer import (
    FAR_AWAY,
    IF,
    WRAP,
    FunctionWriter,
    const32,
    const64,
)
from friscy_build.aot.graph import Block
from friscy_build.aot.linking import TABLE_TYPE, hart_load, hart_store, result_types
from friscy_build.aot.locals import DEPTH, HART
from friscy_build.aot.runtime import runtime_index
from friscy_build.aot.signature import Signature
from friscy_build.aot.strings import DECLINED, Routine, routine_for
from friscy_build.aot.stubs import Stub
from friscy_build.aot.tables import Table
from friscy_build.wasm import opcodes as wasm
from friscy_build.wasm.binary import F64, I32, leb
from friscy_build.wasm.opcodes import OPCODES

A0 = 10
_FRAME = registers((SP, RA))


class CallWriter(FunctionWriter):
    """Writes calls and jumps out."""

    def _moves_frame(self) -> bool:
        """Whether the function is entered in its middle, or writes sp or ra anywhere."""
        graph = self._graph
        if graph.entry != graph.start or graph.resume:
            return True
        return any(effects(i)[1] & _FRAME for each in graph.blocks.values() for _, i in each.code)

    def _in_middle(self, block: Block) -> bool:
        """Whether a jump at the end of this block may go on within the guest's function: its frame may still be there,
        and ra be another than the function's."""
        here = NONE
        for _, i in block.code:
            here |= effects(i)[1]
        if not _FRAME & ~here:
            return False
        return self._moves_frame()

    def _call_table_form(
        self, target: int | None, *, tail: bool = False, middle: bool = False, caller: int | None = None
    ) -> None:
        """Call whatever is at `target` (None: at the address in the local TARGET), all registers being in the hart.

        The next pc is left on the stack, or returned where `tail`. middle: see `_in_middle`. caller: the guest's call.
        """
        if not tail and self._keeps_sp:
            self._put(HART + hart_load(SP) + wasm.LOCAL_SET + leb(self._locals.left))
        index = self._functions.table_form(target) if target is not None else None
        if index is not None:
            self._depth_for(tail)
            self._put(HART)
            self._mark_call(caller)
            self._put((wasm.RETURN_CALL if tail else wasm.CALL) + leb(index))
            return
        address = const64(target) if target is not None else wasm.LOCAL_GET + leb(self._locals.target)
        self._store_pc(address)
        slot = wasm.LOCAL_GET + leb(self._locals.index)
        if target is not None:
            if target < WINDOW_END:
                self._put(const32(CODE_MAP + 2 * target) + OPCODES["i32.load"] + b"\x02\x00")
            else:
                self._put(const32(0))
            self._put(wasm.LOCAL_SET + leb(self._locals.index))
        else:
            self._put(address + const64(WINDOW_END) + OPCODES["i64.lt_u"] + wasm.IF + bytes([I32]))
            # A large offset in the access would have the host check it.
            self._put(
                address + WRAP + const32(1) + OPCODES["i32.shl"] + const32(CODE_MAP) + OPCODES["i32.add"]
            )
            self._put(OPCODES["i32.load"] + b"\x02\0" + wasm.ELSE + const32(0) + wasm.END)
            self._put(wasm.LOCAL_SET + leb(self._locals.index))
        if middle:
            self._put(slot + OPCODES["i32.eqz"])
            self._open_unlikely()
            self._put(address + const64(GUEST_END) + OPCODES["i64.lt_u"])
            self._open(IF)
            if self._direct:
                self._give_table_result(address + WRAP)
            else:
                self._restore_depth()
                self._put(address + WRAP + wasm.RETURN)
            self._close()
            self._close()
        self._depth_for(tail)
        call = wasm.RETURN_CALL_INDIRECT if tail else wasm.CALL_INDIRECT
        self._put(HART + slot)
        self._mark_call(caller)
        self._put(call + leb(TABLE_TYPE) + b"\0")

    @property
    def _keeps_sp(self) -> bool:
        return bool(self._convention.abi.saved >> SP & 1)

    def _sp_astray(self) -> bytes:
        """Whether the sp is another one than when `_call_table_form` was called.

        Then nothing returned, whatever the pc: code that somebody jumped out of to (longjmp, a coroutine) may come by
        there, while the interpreter that runs it is still below this call. Without a convention nobody relies on what
        was before the call, and callees may take their arguments from the stack.
        """
        return HART + hart_load(SP) + wasm.LOCAL_GET + leb(self._locals.left) + OPCODES["i64.ne"]

    def _depth_for(self, tail: bool) -> None:
        if tail:
            self._restore_depth()
        else:
            self._store_depth(self._inner)

    def _give_table_result(self, after: bytes) -> None:
        """Return what a direct form gives after the table form of something gave `after` in its stead."""
        results = self._signature.results
        self._put(after + self._entry_ra + wasm.RETURN_CALL + leb(self._functions.returned(results)))

    def _call_direct(
        self, target: int, signature: Signature, live: Registers, caller: int | None = None
    ) -> None:
        """Call a direct form; its results are on the stack. live: what is to be right where the sp is found astray.

        caller: the guest's call, if it is one.
        """
        near = self._facts.near.get(SP, (GUARD, GUARD))
        if signature.needs >> SP & 1 and not STACK_NEAR[0] >= max(near):
            self._check(SP, target, live)
            self._facts.learn(SP, CHECKED)
        self._put(self._inner + b"".join(map(self._get, signature.params)))
        self._mark_call(caller)
        self._put(wasm.CALL + leb(self._functions.direct_form(target)))

    def _take(self, signature: Signature) -> None:
        """Put a direct form's results into their locals."""
        self._put(b"".join(self._set(register) for register in reversed(signature.results)))
        self._put(wasm.LOCAL_TEE + leb(self._locals.left))

    def _jump_out(self, block: Block, target: int | None) -> None:
        """Go on at an address that is not a block here: a tail call. Whoever is called looks for an interrupt.

        target: None for the address in the local TARGET.
        """
        reads = (
            self._convention.out_reads(self._graph, block, target)
            if target is not None
            else self._live.after[block.pc]
        )
        if not self._direct:
            self._store(self._dirty & reads)
            self._call_table_form(target, tail=True, middle=self._in_middle(block))
            return
        signature = self._convention.tail(target) if target is not None else None
        saved, back = self._convention.abi.saved, self._convention.given_back(self._graph)
        if signature is None or saved & ~self._convention.intact[self._graph.key][block.last_pc]:
            self._store(self._dirty & reads)
            self._call_table_form(target, middle=self._in_middle(block))
            after = wasm.LOCAL_GET + leb(self._locals.index)
            self._put(wasm.LOCAL_SET + leb(self._locals.index))
            if self._keeps_sp:
                self._put(self._sp_astray())
                self._open_unlikely()
                self._give_pc(after)
                self._close()
            self._give_table_result(after)
            return
        assert target is not None
        needs = self._convention.needed(block, signature)
        hidden = (needs | signature.writes & back) & ~registers(signature.params)
        self._store(self._dirty & (hidden | back & ~self._kept()))
        self._call_direct(target, signature, self._dirty & self._live.after[block.pc])
        self._take(signature)
        self._put(const64(1) + OPCODES["i64.and"] + WRAP)
        self._open_unlikely()
        self._store(self._dirty & back & ~signature.writes)
        self._give_left()
        self._close()
        given, results = registers(signature.results), registers(self._signature.results)
        self._store(given & ~results)
        self._load(results & signature.writes & ~given)
        self._put_back(block)
        self._put(wasm.LOCAL_GET + leb(self._locals.left))
        self._give_results()

    def _go_aside(self, target: int) -> None:
        """Go on at a block that is aside, which has all registers in the hart."""
        self._store(self._dirty & self._live.live[target])
        entry = self._convention.aside(self._graph)
        if self._direct:
            self._put(DEPTH + self._entry_ra + const64(target))
            self._put(wasm.RETURN_CALL + leb(self._functions.direct_form(entry)))
            return
        self._restore_depth()
        self._store_pc(const64(target))
        index = self._functions.table_form(entry)
        assert index is not None
        self._put(HART + wasm.RETURN_CALL + leb(index))

    def _open_likely(self, target: int) -> None:
        """Begin an `if` for what mostly happens: the address in the local TARGET is this one."""
        self._put(wasm.LOCAL_GET + leb(self._locals.target) + const64(target) + OPCODES["i64.eq"])
        self.hints.append((len(self.parts), True))
        self._open(IF)

    def _jump_guessed(self, block: Block) -> None:
        """Go on at the address in the local TARGET, which is that of a known function most of the time."""
        assert block.likely is not None
        facts, dirty = self._facts.copy(), self._dirty
        self._open_likely(block.likely)
        self._jump_out(block, block.likely)
        self._else()
        self._facts, self._dirty = facts, dirty
        self._jump_out(block, None)
        self._close()

    def _jump_by_table(self, block: Block, table: Table) -> None:
        """Go on where a table leads, from the number in the local TARGET: to other functions."""
        self._store(self._dirty & self._live.after[block.pc])
        self._restore_depth()
        self._put(wasm.LOCAL_GET + leb(self._locals.target) + WRAP)
        self._put(wasm.RETURN_CALL + leb(self._functions.by_table(table)))

    def _enter_stub(self, block: Block, stub: Stub) -> None:
        """Do what a PLT stub does, but for its jump: the address in the local TARGET is where that leads."""
        self._put(const32(stub.got))
        self._mark(block.code[-1][0])
        self._put(OPCODES["i64.load"] + b"\x03\0" + self._set(stub.register))
        self._put(const64(stub.after) + self._set(stub.link))
        self._put(self._get(stub.register) + const64(-2) + OPCODES["i64.and"])
        self._put(wasm.LOCAL_SET + leb(self._locals.target))
        self._store(registers((stub.register, stub.link)))

    # String functions

    def _routine(self, signature: Signature) -> Routine | None:
        """What does the work of the function, if it is one of the C library's string functions.

        Not where handlers of faults may look at any register, or callers at what the routine leaves alone.
        """
        trusted = not self._precise and self._convention.abi.saved
        return routine_for(signature.name) if trusted and signature.name else None

    def _begin_routine(self, block: Block, signature: Signature) -> bool:
        """Before a call of such a function: try it here, which spares the frame that the guest's code needs for what is
        declined. Whether it did, and an `else` was begun that the call belongs into."""
        routine = self._routine(signature)
        if routine is None or A0 not in signature.results:
            return False
        arguments = [self._get(register) for register in range(A0, A0 + routine.nargs)]
        self._put(b"".join(arguments))
        self._mark(block.code[-1][0])
        self._put(_call(routine, self._locals.left))
        self._open(IF)
        self._put(routine.result(wasm.LOCAL_GET + leb(self._locals.left), arguments) + self._set(A0))
        self._else()
        return True

    def _try_routine(self) -> None:
        """Where this is such a function, do its work and return, unless that is declined."""
        routine = self._routine(self._signature)
        if routine is None:
            return
        left = self._locals.left
        if not self._direct:
            before, after = self._from_table(routine, left)
            self._put(before)
            self._mark(self._graph.entry)
            self._put(after)
            return
        numbers = range(A0, A0 + routine.nargs)
        if not {*numbers, RA} <= {*self._signature.params}:
            return
        arguments = [self._get(register) for register in numbers]
        self._put(b"".join(arguments))
        self._mark(self._graph.entry)
        self._put(_call(routine, left))
        self._open(IF)
        self._put(self._entry_ra + const64(-2) + OPCODES["i64.and"])
        result = routine.result(wasm.LOCAL_GET + leb(left), arguments)
        zeros = {F64: b"\x44" + bytes(8)}
        kinds = result_types(self._signature)[1:]
        for register, kind in zip(self._signature.results, kinds, strict=True):
            self._put(result if register == A0 else zeros.get(kind, const64(0)))
        self._put(wasm.RETURN)
        self._close()

    def _from_table(self, routine: Routine, left: int) -> tuple[bytes, bytes]:
        """The same in the table's form, all registers being in the hart: (up to the call, which may fault, from it on).

        Not where ra is none that this form can give. left: an i64 local.
        """
        ra = HART + hart_load(RA) + const64(-2) + OPCODES["i64.and"]
        arguments = [HART + hart_load(register) for register in range(A0, A0 + routine.nargs)]
        before = ra + FAR_AWAY + OPCODES["i32.eqz"] + IF + b"".join(arguments)
        after = _call(routine, left) + IF
        after += HART + routine.result(wasm.LOCAL_GET + leb(left), arguments) + hart_store(A0)
        after += ra + WRAP + wasm.RETURN + wasm.END + wasm.END
        return before, after


def _call(routine: Routine, left: int) -> bytes:
    """With its arguments on the stack: call it, keep in an i64 local what it gives, and say whether it did the work."""
    called = wasm.CALL + leb(runtime_index(routine.body)) + wasm.LOCAL_TEE + leb(left)
    return called + const64(DECLINED) + OPCODES["i64.ne"]
