"""Rows as WebAssembly: what one instruction becomes, apart from the function it stands in.

A guest register is a local, so an instruction's bytes depend on the instruction alone (and on its pc where its row
looks at that): each is traced once, and kept. What depends on the function stands as a marker between the bytes.

`tracing` takes down what the instruction does, as nodes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from friscy.machine.layout import GUEST_END
from friscy_build.aot.effects import F0, FCSR
from friscy_build.aot.halves import WORDS
from friscy_build.aot.locals import HART, Locals
from friscy_build.aot.runtime import runtime_index
from friscy_build.aot.tracing import FREE, NATIVE, ORDERED, Node, Scope, Tracer
from friscy_build.isa.decode import Instruction
from friscy_build.wasm import opcodes as wasm
from friscy_build.wasm.binary import F32, F64, I32, I64, leb, sleb
from friscy_build.wasm.opcodes import OPCODES

# Markers: leave the instruction to the interpreter; the opcode that follows may fault, is a branch that is seldom
# taken, or nearly always; put whether float arithmetic, or that which is fused, may be the host's on the stack; put
# registers away for a call of a helper, and take them back.
BAIL, MARK, UNLIKELY, LIKELY, CALM, CALM_FUSED, SPILL, UNSPILL = range(8)
Part = bytes | int

_SIGNED = {
    "sdiv": "div_s",
    "srem": "rem_s",
    "ashr": "shr_s",
    "udiv": "div_u",
    "urem": "rem_u",
    "lshr": "shr_u",
}
_RELATIONS = {
    "eq": "eq", "ne": "ne", "ult": "lt_u", "ule": "le_u", "ugt": "gt_u", "uge": "ge_u", "slt": "lt_s", "sle": "le_s",
    "sgt": "gt_s", "sge": "ge_s",
}  # fmt: skip
_UNARY = {"ctlz": "clz", "cttz": "ctz", "ctpop": "popcnt"}
_LOADS = {8: "load8_u", 16: "load16_u", 32: "load", 64: "load"}
_STORES = {8: "store8", 16: "store16", 32: "store", 64: "store"}


@dataclass(frozen=True, slots=True)
class Template:
    """parts: bytes and markers. ends: whether control does not come out of it.

    A branch leaves its condition on the stack; an indirect jump, its target in the local TARGET.
    """

    parts: tuple[Part, ...]
    ends: bool = False


class _Writer:
    """Writes a traced instruction."""

    def __init__(self, locals: Locals, kind: int) -> None:
        self._kind = kind
        self.parts: list[Part] = []
        self.uses_pc = False
        self._locals = locals
        self._taken = {I32: 0, I64: 0, F64: 0, F32: 0}
        self._waiting: list[Node] = []  # written later, and read then
        self._nested = 0  # blocks that are open around what is written, from that of an attempt on

    def _emit(self, *parts: Part) -> None:
        self.parts += parts

    def _temporary(self, node: Node) -> int:
        kind = I32 if node.width <= 32 else I64
        if node.is_float:
            kind = F64 if node.width == 64 else F32
        local = self._locals.temporary(kind, self._taken[kind])
        self._taken[kind] += 1
        return local

    # Values

    def _const(self, value: int, width: int) -> None:
        if width <= 32:
            self._emit(wasm.I32_CONST + sleb(value - (1 << 32) if value >> 31 and width == 32 else value))
        else:
            self._emit(wasm.I64_CONST + sleb(value))

    def value(self, raw: Any, width: int) -> None:
        """Leave a value on the stack."""
        if isinstance(raw, int):
            self._const(raw, width)
            return
        raw.left -= 1
        if raw.local is not None:
            self._emit(wasm.LOCAL_GET + leb(raw.local))
            if raw.is_float and raw.name == "given":
                self._emit(OPCODES["i64.reinterpret_f64" if width == 64 else "i32.reinterpret_f32"])
            return
        if raw in self._waiting and raw.left <= 0:
            self._waiting.remove(raw)
        self._compute(raw)

    def _low(self, raw: Any) -> None:
        """Leave 64 bits on the stack of which the lower 32 are right."""
        if isinstance(raw, int) or raw.local is not None or raw.left > 1:
            self._low_of_value(raw)
            return
        name, _, op = raw.name.partition(" ")
        if name == "sext" and raw.width == 64 and raw.args[1] == 32:
            self._used(raw)
            self._low(raw.args[0])
        elif name == "trunc" and raw.width == 32 and raw.args[1] == 64:
            self._used(raw)
            self.value(raw.args[0], 64)
        elif name == "binary" and raw.width == 32 and op in ("add", "sub", "mul", "and", "or", "xor"):
            self._used(raw)
            self._low(raw.args[0])
            self._low(raw.args[1])
            self._emit(OPCODES[f"i64.{op}"])
        else:
            self._low_of_value(raw)

    def _used(self, node: Node) -> None:
        """A node is written as something else, where it is used."""
        node.left -= 1
        if node in self._waiting:
            self._waiting.remove(node)

    def _low_of_value(self, raw: Any) -> None:
        if isinstance(raw, int):
            self._const(raw, 64)
            return
        self.value(raw, raw.width)
        if raw.width <= 32:
            self._emit(OPCODES["i64.extend_i32_u"])

    def _float(self, raw: Any, width: int) -> None:
        """Leave a float on the stack, as the host's."""
        kind = "f64" if width == 64 else "f32"
        if isinstance(raw, Node) and raw.name == "bits" and raw.local is None:
            raw.left -= 1
            self.value(raw.args[0], width)
        elif isinstance(raw, Node) and raw.name == "given" and raw.is_float:
            raw.left -= 1
            assert raw.local is not None
            self._emit(wasm.LOCAL_GET + leb(raw.local))
        elif isinstance(raw, Node) and raw.name == "get" and width == 64 and raw.local is None:
            raw.left -= 1
            self._emit(wasm.LOCAL_GET + leb(self._locals.of(raw.args[0])))
            if raw.args[0] < F0:
                self._emit(OPCODES["f64.reinterpret_i64"])
        elif isinstance(raw, Node) and (raw.name, raw.local, raw.left, raw.width) == ("load", None, 1, width):
            self._used(raw)
            self._load(raw, kind, "load")
        else:
            self.value(raw, width)
            self._emit(OPCODES[f"{kind}.reinterpret_{'i64' if width == 64 else 'i32'}"])

    def _compute(self, node: Node) -> None:
        name, _, op = node.name.partition(" ")
        kind = "i64" if node.width == 64 else "i32"
        match name:
            case "get":
                register = node.args[0]
                self._emit(wasm.LOCAL_GET + leb(self._locals.of(register)))
                if F0 <= register < FCSR:
                    self._emit(OPCODES["i64.reinterpret_f64"])
            case "bits":
                self.value(node.args[0], node.width)
                self._emit(OPCODES["i64.reinterpret_f64" if node.width == 64 else "i32.reinterpret_f32"])
            case "pc":
                self.uses_pc = True
                self._const(node.args[0], 64)
            case "hart":
                offset, width = node.args
                self._emit(HART, OPCODES[f"i{width}.load"] + leb(2 if width == 32 else 3) + leb(offset))
            case "binary":
                self._binary(node, op, kind)
            case "compare":
                self._compare(node, op)
            case "unary":
                self.value(node.args[0], node.width)
                self._emit(OPCODES[f"{kind}.{_UNARY[op]}"])
            case "select":
                a, b, condition = node.args
                self.value(a, node.width)
                self.value(b, node.width)
                self.value(condition, 1)
                self._emit(wasm.SELECT)
            case "zext" | "sext" | "trunc":
                self._resize(node)
            case "load":
                self._load(node, kind, _LOADS[node.width])
            case "native":
                self._native(node, op)
            case _:
                raise AssertionError(f"{node.name} has no value yet")

    def _compare(self, node: Node, op: str) -> None:
        a, b, width = node.args
        leave = self.value
        if width == 64 and self._kind & WORDS:
            leave, width = self._half, 32
        kind = "i64" if width == 64 else "i32"
        leave(a, width)
        if b == 0 and op in ("eq", "ne") and isinstance(b, int):
            self._emit(OPCODES[f"{kind}.eqz"])
            if op == "ne":
                self._emit(OPCODES["i32.eqz"])
            return
        leave(b, width)
        self._emit(OPCODES[f"{kind}.{_RELATIONS[op]}"])

    def _half(self, raw: Any, width: int) -> None:
        """Leave the lower 32 bits of 64 on the stack."""
        if isinstance(raw, int):
            self._const(raw % (1 << width), width)
        else:
            self.value(raw, 64)
            self._emit(OPCODES["i32.wrap_i64"])

    def _binary(self, node: Node, op: str, kind: str) -> None:
        a, b = node.args
        width = node.width
        self.value(a, width)
        if width in (8, 16) and op in ("sdiv", "srem", "ashr"):
            raise ValueError(f"{op} of {width} bits")
        self.value(b, width)
        self._emit(OPCODES[f"{kind}.{_SIGNED.get(op, op)}"])
        if width in (1, 8, 16) and op in ("add", "sub", "mul", "shl"):
            self._const((1 << width) - 1, 32)
            self._emit(OPCODES["i32.and"])

    def _native(self, node: Node, op: str) -> None:
        if op in ORDERED:
            *args, width = node.args
            for arg in args:
                self._float(arg, width)
            self._emit(OPCODES[f"f{width}.{ORDERED[op]}"])
            return
        width = node.width
        if op in ("ffma", "fnma"):
            lanes = "f64x2" if width == 64 else "f32x4"
            for arg in node.args:
                self._float(arg, width)
                self._emit(OPCODES[f"{lanes}.splat"])
            fused = "madd" if op == "ffma" else "nmadd"
            self._emit(OPCODES[f"{lanes}.relaxed_{fused}"], OPCODES[f"{lanes}.extract_lane 0"])
            return
        for arg in node.args:
            self._float(arg, width)
        self._emit(OPCODES[f"f{width}.{NATIVE[op]}"])

    def _resize(self, node: Node) -> None:
        (raw, width), wide = node.args, node.width
        single = isinstance(raw, Node) and raw.local is None and raw.left == 1
        if single and raw.name == "load" and wide == 64 and node.name != "trunc" and width < 64:
            self._used(raw)
            sign = "s" if node.name == "sext" else "u"
            self._load(raw, "i64", f"load{width}_{sign}")
            return
        self.value(raw, width)
        if node.name == "trunc":
            if width == 64:
                self._emit(OPCODES["i32.wrap_i64"])
            if wide in (1, 8, 16):
                self._const((1 << wide) - 1, 32)
                self._emit(OPCODES["i32.and"])
            return
        if node.name == "sext" and width < 32:
            if width == 1:
                raise ValueError("sign extension of a bit")
            self._emit(OPCODES[f"i32.extend{width}_s"])
            if wide < 32:
                self._const((1 << wide) - 1, 32)
                self._emit(OPCODES["i32.and"])
        if wide == 64:
            self._emit(OPCODES["i64.extend_i32_s" if node.name == "sext" else "i64.extend_i32_u"])

    def _place(self, base: Any, offset: int) -> bytes:
        """Leave a 32-bit address on the stack; what stands for the rest in the access."""
        if isinstance(base, int):
            self._const(base + offset, 32)
            return leb(0)
        self.value(base, 64)
        self._emit(OPCODES["i32.wrap_i64"])
        if offset < 0:
            self._const(offset % (1 << 32), 32)
            self._emit(OPCODES["i32.add"])
            offset = 0
        return leb(offset)

    def _load(self, node: Node, kind: str, op: str) -> None:
        base, offset = node.args
        rest = self._place(base, offset)
        self._emit(MARK, OPCODES[f"{kind}.{op}"] + b"\0" + rest)

    # What is done

    def _keep(self, node: Node) -> None:
        """Put a node that is read later into a local."""
        left = node.left
        node.left = 1
        self.value(node, node.width)
        node.left = left
        node.local = self._temporary(node)
        self._emit(wasm.LOCAL_SET + leb(node.local))

    def _before(self, registers: Iterable[int], memory: bool) -> None:
        """Something is about to overwrite registers, or memory."""
        changed = frozenset(registers)
        for node in list(self._waiting):
            if (
                node.left > 0
                and node.local is None
                and (node.registers & changed or (memory and node.memory))
            ):
                self._waiting.remove(node)
                self._keep(node)

    def scope(self, scope: Scope) -> None:
        for item in scope.items:
            if item[0] == "node":
                node: Node = item[1]
                if node.left == 0 or node.local is not None:
                    continue
                self._waiting.append(node)
                if node.name not in FREE and node.left > 1:
                    self._waiting.remove(node)
                    self._keep(node)
            else:
                getattr(self, "_do_" + item[0])(*item[1:])

    def _do_set(self, register: int, raw: Any) -> None:
        if F0 <= register < FCSR:
            self._float(raw, 64)
        elif self._kind and register != FCSR:
            self._low(raw)
        else:
            self.value(raw, 32 if register == FCSR else 64)
        self._before((register,), False)
        self._emit(wasm.LOCAL_SET + leb(self._locals.of(register)))

    def _do_store(self, base: Any, offset: int, raw: Any, width: int) -> None:
        rest = self._place(base, offset)
        kind = "i64" if width == 64 else "i32"
        op = _STORES[width]
        narrow = isinstance(raw, Node) and raw.name == "trunc" and raw.left == 1 and raw.local is None
        if width == 64 and isinstance(raw, Node) and raw.name == "get" and F0 <= raw.args[0] < FCSR:
            self._float(raw, 64)
            kind = "f64"
        elif narrow and raw.args[1] == 64:
            self._used(raw)
            self.value(raw.args[0], 64)
            kind, op = "i64", "store32" if width == 32 else op
        else:
            self.value(raw, width)
        self._before((), True)
        self._emit(MARK, OPCODES[f"{kind}.{op}"] + b"\0" + rest)

    def _do_keep(self, offset: int, raw: Any) -> None:
        self._emit(HART)
        self.value(raw, 64)
        self._emit(OPCODES["i64.store"] + leb(3) + leb(offset))

    def _do_touch(self, node: Node) -> None:
        """A load whose value nobody wants is made all the same."""
        if node.left == 0 and node.local is None:
            self._compute(node)
            self._emit(wasm.DROP)

    def _do_check(self, base: Any, offset: int) -> None:
        """Leave what is beyond the guest's range, or wraps around; nobody can access what is below it."""
        self.value(base, 64)
        if offset < 0:
            self._const(offset, 64)
            self._emit(OPCODES["i64.add"])
        self._const(GUEST_END, 64)
        self._emit(OPCODES["i64.ge_u"], UNLIKELY, wasm.IF + b"\x40")
        self._emit(BAIL, wasm.END)

    def _do_bail(self) -> None:
        self._emit(BAIL)

    def _do_target(self, raw: Any) -> None:
        self.value(raw, 64)
        self._emit(wasm.LOCAL_SET + leb(self._locals.target))

    def _do_give(self, result: Node, raw: Any) -> None:
        if result.left == 0:
            return
        if result.is_float:
            self._float(raw, result.width)
        else:
            self.value(raw, result.width)
        if result.local is None:
            result.local = self._temporary(result)
        self._emit(wasm.LOCAL_SET + leb(result.local))

    def _do_call(self, name: str, args: list[tuple[Any, int]], results: list[Node]) -> None:
        self._emit(SPILL)
        for raw, width in args:
            self.value(raw, width)
        self._emit(wasm.CALL + leb(runtime_index(name)))
        for result in reversed(results):
            result.local = self._temporary(result)
            self._emit(wasm.LOCAL_SET + leb(result.local))
        self._emit(UNSPILL)

    def _do_attempt(self, attempt: Scope, exact: Scope, fused: bool) -> None:
        """Do `attempt` where that may be, and where it is not or escapes, `exact`."""
        self._before(attempt.registers | exact.registers, attempt.memory or exact.memory)
        self._emit(wasm.BLOCK + b"\x40" + wasm.BLOCK + b"\x40")
        self._emit(CALM_FUSED if fused else CALM, OPCODES["i32.eqz"], UNLIKELY, wasm.BR_IF + leb(0))
        self._nested = 0
        self.scope(attempt)
        if not attempt.ended:
            self._emit(wasm.BR + leb(1))
        self._emit(wasm.END)
        # The host's compiler puts this out of the way, up to the next branch.
        self.scope(exact)
        self._emit(wasm.END)

    def _do_escape(self) -> None:
        self._emit(wasm.BR + leb(self._nested))

    def _do_unless(self, condition: Any, otherwise: Scope) -> None:
        """Do `otherwise`, out of which control does not come, where the condition does not hold."""
        self.value(condition, 1)
        self._emit(OPCODES["i32.eqz"], UNLIKELY)
        if otherwise.items == [("escape",)]:
            self._emit(wasm.BR_IF + leb(self._nested))
            return
        self._emit(wasm.IF + b"\x40")
        self._nested += 1
        self.scope(otherwise)
        self._nested -= 1
        self._emit(wasm.END)

    def _do_if(self, condition: Any, then: Scope, otherwise: Scope) -> None:
        self.value(condition, 1)
        self._before(then.registers | otherwise.registers, then.memory or otherwise.memory)
        # what both arms leave for later must be in the same local
        for scope in (then, otherwise):
            for item in scope.items:
                if item[0] == "give" and item[1].left and item[1].local is None:
                    item[1].local = self._temporary(item[1])
        if then.ended:
            self._emit(UNLIKELY)
        elif any(item[0] in ("call", "bail", "unless", "escape") for item in otherwise.items):
            self._emit(LIKELY)
        self._emit(wasm.IF + b"\x40")
        self._nested += 1
        self.scope(then)
        if otherwise.items:
            self._emit(wasm.ELSE)
            self.scope(otherwise)
        self._nested -= 1
        self._emit(wasm.END)


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
        self._known: dict[tuple[int, bool, int], Template] = {}

    def get(self, pc: int, i: Instruction, check: bool, kind: int) -> Template:
        """check: whether an access has to look whether its base is in the guest's range. kind: see `halves`."""
        key = i.word, check, kind
        known = self._known.get(key)
        if known is not None:
            return known
        tracer = Tracer(pc, i, check=check)
        tracer.trace()
        writer = _Writer(self.locals, kind)
        writer.scope(tracer.top)
        if tracer.condition is not None:
            writer.value(tracer.condition.raw, 1)
        made = Template(_joined(writer.parts), tracer.top.ended)
        if not writer.uses_pc:
            self._known[key] = made
        return made


@cache
def templates() -> Templates:
    """The templates of this process."""
    return Templates()
