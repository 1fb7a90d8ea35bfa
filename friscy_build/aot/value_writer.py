"""The values of a traced instruction as WebAssembly: what leaves one on the stack."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from friscy_build.aot.effects import F0, FCSR
from friscy_build.aot.halves import WORDS
from friscy_build.aot.locals import HART, Locals
from friscy_build.aot.tracing import NATIVE, ORDERED, Node
from friscy_build.wasm import opcodes as wasm
from friscy_build.wasm.binary import F32, F64, I32, I64, leb, sleb
from friscy_build.wasm.opcodes import OPCODES

# Markers: leave the instruction to the interpreter; the opcode that follows may fault, is a branch that is seldom
# taken, or nearly always; put whether float arithmetic, or that which is fused, may be the host's on the stack; leave
# the instruction to the interpreter where there is no such rounding mode; put registers away for a call of a
# helper, and take them back.
BAIL, MARK, UNLIKELY, LIKELY, CALM, CALM_FUSED, ROUNDING, SPILL, UNSPILL = range(9)
_STEPS = (0, -128, -2048)  # how far bases are moved: the second leaves offsets of a byte


def move_base(offset: int) -> tuple[bytes, int]:
    """What an access does to a 32-bit address first, and what it then says to be `offset` behind that.

    An access has no negative offset. Accesses in front of one address have one base, that the host computes once.
    """
    for step in _STEPS:
        if offset >= step:
            return (wasm.I32_CONST + sleb(step) + OPCODES["i32.add"], offset - step) if step else (b"", offset)
    raise AssertionError(f"an offset of {offset}")


@dataclass(frozen=True, slots=True)
class Near:
    """A part that leaves an address on the stack: that of the instruction, wherever it stands, plus a distance."""

    distance: int

    def at(self, pc: int) -> bytes:
        """For an instruction at `pc`."""
        return wasm.I64_CONST + sleb((pc + self.distance) % (1 << 64))


Part = bytes | int | Near

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


class ValueWriter:
    """Writes the nodes of an instruction that was traced at `pc`. parts: bytes and markers."""

    def __init__(self, locals: Locals, kind: int, pc: int) -> None:
        self.kind, self._pc = kind, pc
        self.parts: list[Part] = []
        self.locals = locals
        self._taken = {I32: 0, I64: 0, F64: 0, F32: 0}
        self.waiting: list[Node] = []  # written later, and read then
        self.nested = 0  # blocks that are open around what is written, from that of an attempt on

    def emit(self, *parts: Part) -> None:
        """Write bytes and markers."""
        self.parts += parts

    def temporary(self, node: Node) -> int:
        """A local of its own for the value of a node."""
        kind = I32 if node.width <= 32 else I64
        if node.is_float:
            kind = F64 if node.width == 64 else F32
        local = self.locals.temporary(kind, self._taken[kind])
        self._taken[kind] += 1
        return local

    # Values

    def const(self, value: int, width: int) -> None:
        """Leave a constant on the stack."""
        if width <= 32:
            self.emit(wasm.I32_CONST + sleb(value - (1 << 32) if value >> 31 and width == 32 else value))
        else:
            self.emit(wasm.I64_CONST + sleb(value))

    def value(self, raw: Any, width: int) -> None:
        """Leave a value on the stack."""
        if isinstance(raw, int):
            self.const(raw, width)
            return
        raw.left -= 1
        if raw.local is not None:
            self.emit(wasm.LOCAL_GET + leb(raw.local))
            if raw.is_float and raw.name == "given":
                self.emit(OPCODES["i64.reinterpret_f64" if width == 64 else "i32.reinterpret_f32"])
            return
        if raw in self.waiting and raw.left <= 0:
            self.waiting.remove(raw)
        self.compute(raw)

    def low(self, raw: Any) -> None:
        """Leave 64 bits on the stack of which the lower 32 are right."""
        if isinstance(raw, int) or raw.local is not None or raw.left > 1:
            self._low_of_value(raw)
            return
        name, _, op = raw.name.partition(" ")
        if name == "sext" and raw.width == 64 and raw.args[1] == 32:
            self.used(raw)
            self.low(raw.args[0])
        elif name == "trunc" and raw.width == 32 and raw.args[1] == 64:
            self.used(raw)
            self.value(raw.args[0], 64)
        elif name == "binary" and raw.width == 32 and op in ("add", "sub", "mul", "and", "or", "xor"):
            self.used(raw)
            self.low(raw.args[0])
            self.low(raw.args[1])
            self.emit(OPCODES[f"i64.{op}"])
        else:
            self._low_of_value(raw)

    def used(self, node: Node) -> None:
        """A node is written as something else, where it is used."""
        node.left -= 1
        if node in self.waiting:
            self.waiting.remove(node)

    def _low_of_value(self, raw: Any) -> None:
        if isinstance(raw, int):
            self.const(raw, 64)
            return
        self.value(raw, raw.width)
        if raw.width <= 32:
            self.emit(OPCODES["i64.extend_i32_u"])

    def float(self, raw: Any, width: int) -> None:
        """Leave a float on the stack, as the host's."""
        kind = "f64" if width == 64 else "f32"
        if isinstance(raw, Node) and raw.name == "bits" and raw.local is None:
            raw.left -= 1
            self.value(raw.args[0], width)
        elif isinstance(raw, Node) and raw.name == "given" and raw.is_float:
            raw.left -= 1
            assert raw.local is not None
            self.emit(wasm.LOCAL_GET + leb(raw.local))
        elif isinstance(raw, Node) and raw.name == "get" and width == 64 and raw.local is None:
            raw.left -= 1
            self.emit(wasm.LOCAL_GET + leb(self.locals.of(raw.args[0])))
            if raw.args[0] < F0:
                self.emit(OPCODES["f64.reinterpret_i64"])
        elif isinstance(raw, Node) and (raw.name, raw.local, raw.left, raw.width) == ("load", None, 1, width):
            self.used(raw)
            self._load(raw, kind, "load")
        else:
            self.value(raw, width)
            self.emit(OPCODES[f"{kind}.reinterpret_{'i64' if width == 64 else 'i32'}"])

    def compute(self, node: Node) -> None:
        """Leave the value of a node on the stack, where it is not in a local."""
        name, _, op = node.name.partition(" ")
        kind = "i64" if node.width == 64 else "i32"
        match name:
            case "get":
                register = node.args[0]
                self.emit(wasm.LOCAL_GET + leb(self.locals.of(register)))
                if F0 <= register < FCSR:
                    self.emit(OPCODES["i64.reinterpret_f64"])
            case "bits":
                self.value(node.args[0], node.width)
                self.emit(OPCODES["i64.reinterpret_f64" if node.width == 64 else "i32.reinterpret_f32"])
            case "pc":
                self.emit(Near(node.args[0] - self._pc))
            case "hart":
                offset, width = node.args
                self.emit(HART, OPCODES[f"i{width}.load"] + leb(2 if width == 32 else 3) + leb(offset))
            case "binary":
                self._binary(node, op, kind)
            case "compare":
                self._compare(node, op)
            case "unary":
                self.value(node.args[0], node.width)
                self.emit(OPCODES[f"{kind}.{_UNARY[op]}"])
            case "select":
                a, b, condition = node.args
                self.value(a, node.width)
                self.value(b, node.width)
                self.value(condition, 1)
                self.emit(wasm.SELECT)
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
        if width == 64 and self.kind & WORDS:
            leave, width = self._half, 32
        kind = "i64" if width == 64 else "i32"
        leave(a, width)
        if b == 0 and op in ("eq", "ne") and isinstance(b, int):
            self.emit(OPCODES[f"{kind}.eqz"])
            if op == "ne":
                self.emit(OPCODES["i32.eqz"])
            return
        leave(b, width)
        self.emit(OPCODES[f"{kind}.{_RELATIONS[op]}"])

    def _half(self, raw: Any, width: int) -> None:
        """Leave the lower 32 bits of 64 on the stack."""
        if isinstance(raw, int):
            self.const(raw % (1 << width), width)
        else:
            self.value(raw, 64)
            self.emit(OPCODES["i32.wrap_i64"])

    def _binary(self, node: Node, op: str, kind: str) -> None:
        a, b = node.args
        width = node.width
        self.value(a, width)
        if width in (8, 16) and op in ("sdiv", "srem", "ashr"):
            raise ValueError(f"{op} of {width} bits")
        self.value(b, width)
        self.emit(OPCODES[f"{kind}.{_SIGNED.get(op, op)}"])
        if width in (1, 8, 16) and op in ("add", "sub", "mul", "shl"):
            self.const((1 << width) - 1, 32)
            self.emit(OPCODES["i32.and"])

    def _native(self, node: Node, op: str) -> None:
        if op in ORDERED:
            *args, width = node.args
            for arg in args:
                self.float(arg, width)
            self.emit(OPCODES[f"f{width}.{ORDERED[op]}"])
            return
        width = node.width
        if op in ("ffma", "fnma"):
            lanes = "f64x2" if width == 64 else "f32x4"
            for arg in node.args:
                self.float(arg, width)
                self.emit(OPCODES[f"{lanes}.splat"])
            fused = "madd" if op == "ffma" else "nmadd"
            self.emit(OPCODES[f"{lanes}.relaxed_{fused}"], OPCODES[f"{lanes}.extract_lane 0"])
            return
        for arg in node.args:
            self.float(arg, width)
        self.emit(OPCODES[f"f{width}.{NATIVE[op]}"])

    def _resize(self, node: Node) -> None:
        (raw, width), wide = node.args, node.width
        single = isinstance(raw, Node) and raw.local is None and raw.left == 1
        if single and raw.name == "load" and wide == 64 and node.name != "trunc" and width < 64:
            self.used(raw)
            sign = "s" if node.name == "sext" else "u"
            self._load(raw, "i64", f"load{width}_{sign}")
            return
        self.value(raw, width)
        if node.name == "trunc":
            if width == 64:
                self.emit(OPCODES["i32.wrap_i64"])
            if wide in (1, 8, 16):
                self.const((1 << wide) - 1, 32)
                self.emit(OPCODES["i32.and"])
            return
        if node.name == "sext" and width < 32:
            if width == 1:
                raise ValueError("sign extension of a bit")
            self.emit(OPCODES[f"i32.extend{width}_s"])
            if wide < 32:
                self.const((1 << wide) - 1, 32)
                self.emit(OPCODES["i32.and"])
        if wide == 64:
            self.emit(OPCODES["i64.extend_i32_s" if node.name == "sext" else "i64.extend_i32_u"])

    def place(self, base: Any, offset: int) -> bytes:
        """Leave a 32-bit address on the stack; what stands for the rest in the access."""
        if isinstance(base, int):
            self.const(base + offset, 32)
            return leb(0)
        self.value(base, 64)
        self.emit(OPCODES["i32.wrap_i64"])
        moved, offset = move_base(offset)
        self.emit(moved)
        return leb(offset)

    def _load(self, node: Node, kind: str, op: str) -> None:
        base, offset = node.args
        rest = self.place(base, offset)
        self.emit(MARK, OPCODES[f"{kind}.{op}"] + b"\0" + rest)
