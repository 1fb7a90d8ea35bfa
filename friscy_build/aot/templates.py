"""Rows as WebAssembly: what one instruction becomes, apart from the function it stands in.

A guest register is a local, so an instruction's bytes depend on the instruction alone, and of a branch not on how far
it goes: each is traced once, and kept. What depends on the function, or the pc, stands as a marker between the bytes.

`tracing` takes down what the instruction does, as nodes; `value_writer` writes their values.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from friscy.machine.layout import GUEST_END, HART_END
from friscy_build.aot.effects import F0, FCSR, Form, form
from friscy_build.aot.locals import HART, Locals
from friscy_build.aot.runtime import runtime_index
from friscy_build.aot.tracing import FREE, Node, Scope, Tracer
from friscy_build.aot.value_writer import (
    BAIL,
    CALM,
    CALM_FUSED,
    LIKELY,
    MARK,
    ROUNDING,
    SPILL,
    UNLIKELY,
    UNSPILL,
    Near,
    Part,
    ValueWriter,
)
from friscy_build.isa.decode import Instruction
from friscy_build.isa.row import Flow
from friscy_build.wasm import opcodes as wasm
from friscy_build.wasm.binary import leb
from friscy_build.wasm.opcodes import OPCODES

# How an access looks at its base. ASKING: and for an interrupt, in a loop that stores; ASKING_AGAIN: in any other.
UNCHECKED, CHECKED, ASKING, ASKING_AGAIN = range(4)
_STORES = {8: "store8", 16: "store16", 32: "store", 64: "store"}


@dataclass(frozen=True, slots=True)
class Template:
    """parts: bytes and markers. ends: whether control does not come out of it.

    A branch leaves its condition on the stack; an indirect jump, its target in the local TARGET.
    """

    parts: tuple[Part, ...]
    ends: bool = False
    has_pc: bool = False

    def at(self, pc: int) -> Template:
        """The template of an instruction at `pc`: with bytes where it has its address."""
        parts = (part.at(pc) if isinstance(part, Near) else part for part in self.parts)
        return Template(_joined(parts), self.ends)


class _Writer(ValueWriter):
    """Writes a traced instruction. check: how its access looks at its base."""

    def __init__(self, locals: Locals, kind: int, pc: int, check: int) -> None:
        super().__init__(locals, kind, pc)
        self._check = check

    def _keep(self, node: Node) -> None:
        """Put a node that is read later into a local."""
        left = node.left
        node.left = 1
        self.value(node, node.width)
        node.left = left
        node.local = self.temporary(node)
        self.emit(wasm.LOCAL_SET + leb(node.local))

    def _before(self, registers: Iterable[int], memory: bool) -> None:
        """Something is about to overwrite registers, or memory."""
        changed = frozenset(registers)
        for node in list(self.waiting):
            if (
                node.left > 0
                and node.local is None
                and (node.registers & changed or (memory and node.memory))
            ):
                self.waiting.remove(node)
                self._keep(node)

    def scope(self, scope: Scope) -> None:
        for item in scope.items:
            if item[0] == "node":
                node: Node = item[1]
                if node.left == 0 or node.local is not None:
                    continue
                self.waiting.append(node)
                if node.name not in FREE and node.left > 1:
                    self.waiting.remove(node)
                    self._keep(node)
            else:
                getattr(self, "_do_" + item[0])(*item[1:])

    def _do_set(self, register: int, raw: Any) -> None:
        if F0 <= register < FCSR:
            self.float(raw, 64)
        elif self.kind and register != FCSR:
            self.low(raw)
        else:
            self.value(raw, 32 if register == FCSR else 64)
        self._before((register,), False)
        self.emit(wasm.LOCAL_SET + leb(self.locals.of(register)))

    def _do_store(self, base: Any, offset: int, raw: Any, width: int) -> None:
        rest = self.place(base, offset)
        kind = "i64" if width == 64 else "i32"
        op = _STORES[width]
        narrow = isinstance(raw, Node) and raw.name == "trunc" and raw.left == 1 and raw.local is None
        if width == 64 and isinstance(raw, Node) and raw.name == "get" and F0 <= raw.args[0] < FCSR:
            self.float(raw, 64)
            kind = "f64"
        elif narrow and raw.args[1] == 64:
            self.used(raw)
            self.value(raw.args[0], 64)
            kind, op = "i64", "store32" if width == 32 else op
        else:
            self.value(raw, width)
        self._before((), True)
        self.emit(MARK, OPCODES[f"{kind}.{op}"] + b"\0" + rest)

    def _do_keep(self, offset: int, raw: Any) -> None:
        self.emit(HART)
        self.value(raw, 64)
        self.emit(OPCODES["i64.store"] + leb(3) + leb(offset))

    def _do_touch(self, node: Node) -> None:
        """A load whose value nobody wants is made all the same."""
        if node.left == 0 and node.local is None:
            self.compute(node)
            self.emit(wasm.DROP)

    def _do_check(self, base: Any, offset: int) -> None:
        """Leave what is beyond the guest's range, or wraps around; nobody can access what is below it."""
        self.value(base, 64)
        if offset < 0:
            self.const(offset, 64)
            self.emit(OPCODES["i64.add"])
        if self._check in (ASKING, ASKING_AGAIN):
            if self._check == ASKING_AGAIN:
                # Behind this the host's compiler does not take a load for the same as an earlier one.
                self.emit(HART, OPCODES["i32.atomic.load8_u"] + leb(0) + leb(HART_END), wasm.DROP)
            self.emit(HART, OPCODES["i64.load"] + leb(3) + leb(HART_END))
        else:
            self.const(GUEST_END, 64)
        self.emit(OPCODES["i64.ge_u"], UNLIKELY, wasm.IF + b"\x40")
        self.emit(BAIL, wasm.END)

    def _do_bail(self) -> None:
        self.emit(BAIL)

    def _do_target(self, raw: Any) -> None:
        self.value(raw, 64)
        self.emit(wasm.LOCAL_SET + leb(self.locals.target))

    def _do_give(self, result: Node, raw: Any) -> None:
        if result.left == 0:
            return
        if result.is_float:
            self.float(raw, result.width)
        else:
            self.value(raw, result.width)
        if result.local is None:
            result.local = self.temporary(result)
        self.emit(wasm.LOCAL_SET + leb(result.local))

    def _do_call(self, name: str, args: list[tuple[Any, int]], results: list[Node]) -> None:
        self.emit(SPILL)
        for raw, width in args:
            self.value(raw, width)
        self.emit(wasm.CALL + leb(runtime_index(name)))
        for result in reversed(results):
            result.local = self.temporary(result)
            self.emit(wasm.LOCAL_SET + leb(result.local))
        self.emit(UNSPILL)

    def _do_attempt(self, attempt: Scope, exact: Scope, fused: bool) -> None:
        """Do `attempt` where that may be, and where it is not or escapes, `exact`."""
        self._before(attempt.registers | exact.registers, attempt.memory or exact.memory)
        self.emit(wasm.BLOCK + b"\x40" + wasm.BLOCK + b"\x40")
        self.emit(CALM_FUSED if fused else CALM, OPCODES["i32.eqz"], UNLIKELY, wasm.BR_IF + leb(0))
        self.nested = 0
        self.scope(attempt)
        if not attempt.ended:
            self.emit(wasm.BR + leb(1))
        # The host's compiler puts this out of the way, up to the next branch.
        self.emit(wasm.END, ROUNDING)
        self.scope(exact)
        self.emit(wasm.END)

    def _do_escape(self) -> None:
        self.emit(wasm.BR + leb(self.nested))

    def _do_unless(self, condition: Any, otherwise: Scope) -> None:
        """Do `otherwise`, out of which control does not come, where the condition does not hold."""
        self.value(condition, 1)
        self.emit(OPCODES["i32.eqz"], UNLIKELY)
        if otherwise.items == [("escape",)]:
            self.emit(wasm.BR_IF + leb(self.nested))
            return
        self.emit(wasm.IF + b"\x40")
        self.nested += 1
        self.scope(otherwise)
        self.nested -= 1
        self.emit(wasm.END)

    def _do_if(self, condition: Any, then: Scope, otherwise: Scope) -> None:
        self.value(condition, 1)
        self._before(then.registers | otherwise.registers, then.memory or otherwise.memory)
        # what both arms leave for later must be in the same local
        for scope in (then, otherwise):
            for item in scope.items:
                if item[0] == "give" and item[1].left and item[1].local is None:
                    item[1].local = self.temporary(item[1])
        if then.ended:
            self.emit(UNLIKELY)
        elif any(item[0] in ("call", "bail", "unless", "escape") for item in otherwise.items):
            self.emit(LIKELY)
        self.emit(wasm.IF + b"\x40")
        self.nested += 1
        self.scope(then)
        if otherwise.items:
            self.emit(wasm.ELSE)
            self.scope(otherwise)
        self.nested -= 1
        self.emit(wasm.END)


def _joined(parts: Iterable[Part]) -> tuple[Part, ...]:
    """Neighbouring bytes as one."""
    out: list[Part] = []
    for part in parts:
        if out and isinstance(part, bytes) and isinstance(out[-1], bytes):
            out[-1] += part
        else:
            out.append(part)
    return tuple(out)


class Templates:
    """The templates of all instructions."""

    def __init__(self) -> None:
        self.locals = Locals()
        self._known: dict[tuple[Form, int, int], Template] = {}

    def get(self, pc: int, i: Instruction, check: int, kind: int) -> Template:
        """check: how an access looks whether its base is in the guest's range (UNCHECKED, ...). kind: see `halves`."""
        key = form(i) if i.row.flow is Flow.BRANCH else i.word, check, kind
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._made(pc, i, check, kind)
        return known.at(pc) if known.has_pc else known

    def _made(self, pc: int, i: Instruction, check: int, kind: int) -> Template:
        tracer = Tracer(pc, i, check=check != UNCHECKED)
        tracer.trace()
        writer = _Writer(self.locals, kind, pc, check)
        writer.scope(tracer.top)
        if tracer.condition is not None:
            writer.value(tracer.condition, 1)
        parts = _joined(writer.parts)
        return Template(parts, tracer.top.ended, any(isinstance(part, Near) for part in parts))


@cache
def templates() -> Templates:
    """The templates of this process."""
    return Templates()
