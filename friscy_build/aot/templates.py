"""Rows as WebAssembly: what one instruction becomes, apart from the function it stands in.

A guest register is a local, so an instruction's bytes depend on the instruction alone (and on its pc where its row
looks at that): each is traced once, and kept. What depends on the function stands as a marker between the bytes.

An instruction is traced into nodes, one for each op. A node that is used once is written where it is used; others
get a local of their own. Registers are read where the row reads them: before something a node reads is overwritten,
the node is put into a local.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace
from typing import Any

from friscy.machine.layout import (
    GUEST_END,
    GUEST_START,
    HART_HOST_FMA,
    HART_RESERVED_ADDRESS,
    HART_RESERVED_VALUE,
)
from friscy_build.aot.effects import F0, FCSR, effects, is_access
from friscy_build.aot.locals import HART, Locals
from friscy_build.aot.runtime import runtime_index
from friscy_build.isa.decode import Instruction
from friscy_build.isa.hart import Register
from friscy_build.isa.softfloat_core import NX
from friscy_build.isa.value import Body, Evaluate, Helper, Operand, Thunk, Value
from friscy_build.wasm import opcodes as wasm
from friscy_build.wasm.binary import F32, F64, I32, I64, leb, sleb
from friscy_build.wasm.opcodes import OPCODES

# Markers: leave the instruction to the interpreter; the opcode that follows may fault, is a branch that is seldom
# taken, or nearly always.
BAIL, MARK, UNLIKELY, LIKELY = range(4)
Part = bytes | int

_EVALUATE = Evaluate()
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
_NATIVE = {"fadd": "add", "fsub": "sub", "fmul": "mul", "fdiv": "div", "fsqrt": "sqrt"}
_ROUNDING = 0xE0  # of fcsr: the rounding mode, 0 for the nearest
_ORDERED = {"feq": "eq", "flt": "lt", "fle": "le"}
_LOADS = {8: "load8_u", 16: "load16_u", 32: "load", 64: "load"}
_STORES = {8: "store8", 16: "store16", 32: "store", 64: "store"}


@dataclass(frozen=True, slots=True)
class Template:
    """parts: bytes and markers. ends: whether control does not come out of it.

    A branch leaves its condition on the stack; an indirect jump, its target in the local TARGET.
    """

    parts: tuple[Part, ...]
    ends: bool = False


class _Node:
    """An op: what it is, its operands (nodes and ints), the type and width of its value."""

    __slots__ = ("args", "is_float", "left", "local", "memory", "name", "registers", "width")

    def __init__(self, name: str, args: tuple[Any, ...], width: int) -> None:
        self.name, self.args, self.width = name, args, width
        self.left = 0  # uses that are still to come
        self.is_float = name.startswith("native") and name[7:] in (*_NATIVE, "ffma")  # as the host has them
        self.local: int | None = None
        self.registers: frozenset[int] = frozenset()
        self.memory = False
        for arg in args:
            if isinstance(arg, _Node):
                self.registers |= arg.registers
                self.memory |= arg.memory


class _Scope:
    """A straight run of items: nodes, and what is done to the machine, in order.

    registers, memory: what is overwritten. ended: whether control does not come out of it.
    """

    def __init__(self) -> None:
        self.items: list[tuple[Any, ...]] = []
        self.registers: set[int] = set()
        self.memory = False
        self.ended = False


# Nodes that cost nothing to write again.
_FREE = ("get", "bits", "pc")


class _Tracer:
    """The rows' Machine and Ops: takes down what an instruction does."""

    has_native = True

    def __init__(self, pc: int, i: Instruction, *, check: bool) -> None:
        self._i, self._check = i, check
        self._pc = pc
        self.top = self._scope = _Scope()
        self._calm = False  # rounding is to the nearest, and the flag of inexact results is up
        self.condition: Value | None = None
        self.operands = SimpleNamespace(
            rd=i.rd,
            rs1=i.rs1,
            rs2=i.rs2,
            rs3=i.rs3,
            aq_rl=i.aq_rl,
            imm=self.const(i.imm),
            rm=self.const(i.rm),
        )

    def trace(self) -> None:
        """Take down what the instruction does; float arithmetic twice: where fcsr is as it nearly always is, and as
        it is written."""
        reads, writes = effects(self._i)
        if not (reads & writes) >> FCSR & 1 or self._i.row.extension not in ("F", "D"):
            self._i.row.semantics(self, self.operands)
            return
        calm = (self._register(FCSR, 32) & (_ROUNDING | NX)).eq(NX)
        self._use(calm.raw)
        arms = []
        for self._calm in (True, False):
            scope, _ = self._arm(lambda: self._i.row.semantics(self, self.operands))
            arms.append(scope)
        self.top.items.append(("if", calm.raw, *arms, True))

    # Nodes

    def _node(self, name: str, args: tuple[Any, ...], width: int) -> Value:
        node = _Node(name, args, width)
        for arg in args:
            self._use(arg)
        self._scope.items.append(("node", node))
        return Value(self, width, node)

    def _use(self, raw: Any) -> None:
        if isinstance(raw, _Node):
            if raw.name == "bits":  # written again at each use, so that what it holds is used
                raw.args[0].left += raw.left > 0
            raw.left += 1

    # friscy_build.isa.value.Ops

    def const(self, value: int, width: int = 64) -> Value:
        return Value(self, width, value & ((1 << width) - 1))

    def binary(self, op: str, a: Value, b: Value) -> Value:
        if isinstance(a.raw, int) and isinstance(b.raw, int):
            try:
                return Value(self, a.width, _EVALUATE.binary(op, a, b).raw)
            except ArithmeticError:
                pass  # not executed
        elif (
            isinstance(b.raw, int) and b.raw == 0 and op in ("add", "sub", "or", "xor", "shl", "lshr", "ashr")
        ):
            return a
        elif isinstance(a.raw, int) and a.raw == 0 and op in ("add", "or", "xor"):
            return b
        elif 0 in (a.raw, b.raw) and op in ("and", "mul"):
            return self.const(0, a.width)
        elif isinstance(a.raw, _Node) and a.raw.name == "pc" and isinstance(b.raw, int):
            return self._node("pc", (_EVALUATE.binary(op, self.const(a.raw.args[0]), b).raw,), 64)
        if a.width == 128:
            raise ValueError(f"{op} of 128 bits")
        return self._node("binary " + op, (a.raw, b.raw), a.width)

    def compare(self, op: str, a: Value, b: Value) -> Value:
        if isinstance(a.raw, int) and isinstance(b.raw, int):
            return self.const(_EVALUATE.compare(op, a, b).raw, 1)
        if op[0] == "s" and a.width in (8, 16):
            a, b = a.sext(32), b.sext(32)
        node = self._node("compare " + op, (a.raw, b.raw), 1)
        node.raw.args = (*node.raw.args, a.width)
        return node

    def unary(self, op: str, a: Value) -> Value:
        if isinstance(a.raw, int):
            return self.const(_EVALUATE.unary(op, a).raw, a.width)
        return self._node("unary " + op, (a.raw,), a.width)

    def resize(self, op: str, a: Value, width: int) -> Value:
        if isinstance(a.raw, int):
            return self.const(_EVALUATE.resize(op, a, width).raw, width)
        node = self._node(op, (a.raw,), width)
        node.raw.args = (a.raw, a.width)
        return node

    def select(self, condition: Value, a: Value, b: Value) -> Value:
        if isinstance(condition.raw, int):
            return a if condition.raw else b
        return self._node("select", (a.raw, b.raw, condition.raw), a.width)

    def opaque(self, a: Value) -> Value:
        return a

    def native(self, op: str, *args: Value) -> Value:
        width = args[0].width
        if op in _ORDERED:
            node = self._node("native " + op, tuple(arg.raw for arg in args), 1)
            node.raw.args = (*node.raw.args, width)
            return node
        number = self._node("native " + op, tuple(arg.raw for arg in args), width)
        return self._node("bits", (number.raw,), width)

    def _arm(self, thunk: Callable[[], Any]) -> tuple[_Scope, Any]:
        outer, self._scope = self._scope, _Scope()
        result = thunk()
        scope, self._scope = self._scope, outer
        if scope.ended:
            result = None
        outer.registers |= scope.registers
        outer.memory |= scope.memory
        return scope, result

    def cond(self, condition: Value, then: Thunk, otherwise: Thunk) -> tuple[Value, ...]:
        if isinstance(condition.raw, int):
            return then() if condition.raw else otherwise()
        self._use(condition.raw)
        arms = [self._arm(thunk) for thunk in (then, otherwise)]
        given = next(values for _, values in arms if values is not None)
        widths = [value.width for value in given]
        results = [_Node("given", (), width) for width in widths]
        for _, values in arms:
            for result, value in zip(results, values or (), strict=False):
                # A float that an arm has in the host's form is given in that form.
                result.is_float |= isinstance(value.raw, _Node) and (
                    value.raw.name == "bits" or value.raw.is_float
                )
        for scope, values in arms:
            for result, value in zip(results, values or (), strict=False):
                outer, self._scope = self._scope, scope
                self._use(value.raw)
                self._scope = outer
                scope.items.append(("give", result, value.raw))
        self._scope.items.append(("if", condition.raw, arms[0][0], arms[1][0]))
        return tuple(Value(self, width, node) for width, node in zip(widths, results, strict=True))

    def repeat(self, count: int, body: Body, start: Any) -> tuple[Value, ...]:
        raise ValueError("a loop in a row")

    def call(self, helper: Helper, *args: Value) -> tuple[Value, ...]:
        if not helper.cold:
            return tuple(helper.body(*args))
        for arg in args:
            self._use(arg.raw)
        results = [_Node("given", (), width) for width in helper.results]
        self._scope.items.append(("call", helper.name, [(arg.raw, arg.width) for arg in args], results))
        return tuple(Value(self, node.width, node) for node in results)

    # friscy_build.isa.hart.Machine

    @property
    def ops(self) -> _Tracer:
        return self

    @property
    def pc(self) -> Value:
        return self._node("pc", (self._pc,), 64)

    @property
    def next_pc(self) -> Value:
        return self._node("pc", (self._pc + self._i.nbytes,), 64)

    def _register(self, register: int, width: int = 64) -> Value:
        node = self._node("get", (register,), width)
        node.raw.registers = frozenset((register,))
        return node

    def x(self, r: Register) -> Value:
        return self._register(r) if r else self.const(0)

    def f(self, r: Register) -> Value:
        return self._register(F0 + r)

    def fcsr(self) -> Value:
        return self.const(NX, 32) if self._calm else self._register(FCSR, 32)

    def _set(self, register: int, value: Value) -> None:
        self._use(value.raw)
        self._scope.items.append(("set", register, value.raw))
        self._scope.registers.add(register)

    def set_x(self, r: Register, value: Value) -> None:
        if r:
            self._set(r, value)

    def set_f(self, r: Register, value: Value) -> None:
        self._set(F0 + r, value)

    def set_fcsr(self, value: Value) -> None:
        node = value.raw
        if self._calm:
            if node != NX:
                self._set(FCSR, self._register(FCSR, 32) | value)
        elif not (isinstance(node, _Node) and node.name == "get"):
            self._set(FCSR, value)

    def host_fma(self) -> Value:
        return self._node("hart", (HART_HOST_FMA, 32), 32).ne(0)

    def _address(self, address: Value) -> tuple[Any, int]:
        """(node or int of the base, offset) of an access, after what has to be done before it."""
        i, base, offset = self._i, address, 0
        if i.rs1 and is_access(i) and isinstance(address.raw, _Node):
            base, offset = self.x(i.rs1), i.imm if "imm" in i.row.fields else 0
        if isinstance(base.raw, int):
            if not GUEST_START <= base.raw < GUEST_END:
                self._check, base = True, self.const(GUEST_START)
                self._scope.items.append(("bail",))
                self._scope.ended = True
        elif self._check:
            self._use(base.raw)
            self._scope.items.append(("check", base.raw))
            if self._scope is self.top:
                self._check = False
        return base.raw, offset

    def load(self, address: Value, width: int) -> Value:
        if isinstance(address.raw, _Node) and address.raw.name == "pc":
            return self.const(0, width)  # the instruction itself, for a trap that is left to the interpreter
        base, offset = self._address(address)
        node = self._node("load", (base,), width)
        node.raw.args = (base, offset)
        node.raw.memory = True
        if self._scope is self.top and is_access(self._i):
            self._scope.items.append(("touch", node.raw))
        return node

    def store(self, address: Value, value: Value) -> None:
        base, offset = self._address(address)
        self._use(base)
        self._use(value.raw)
        self._scope.items.append(("store", base, offset, value.raw, value.width))
        self._scope.memory = True

    def reserve(self, address: Value, value: Value) -> None:
        for offset, each in ((HART_RESERVED_ADDRESS, address), (HART_RESERVED_VALUE, value)):
            self._use(each.raw)
            self._scope.items.append(("keep", offset, each.raw))

    def reservation(self) -> tuple[Value, Value]:
        return self._node("hart", (HART_RESERVED_ADDRESS, 64), 64), self._node(
            "hart", (HART_RESERVED_VALUE, 64), 64
        )

    def jump(self, target: Value) -> None:
        if isinstance(target.raw, _Node):
            self._use(target.raw)
            self._scope.items.append(("target", target.raw))

    def branch(self, condition: Value, target: Value) -> None:
        self._use(condition.raw)
        self.condition = condition

    def syscall(self) -> None:
        """Left to the end of the block."""

    def trap(self, cause: int, value: Operand = 0) -> None:
        """Left to the interpreter: traps are rare, and rows trap before they do anything."""
        self._scope.items.append(("bail",))
        self._scope.ended = True

    def when(self, condition: Value, body: Callable[[], None]) -> None:
        if isinstance(condition.raw, int):
            if condition.raw:
                body()
            return
        self._use(condition.raw)
        check = self._check
        scope, _ = self._arm(body)
        self._check = check
        self._scope.items.append(("if", condition.raw, scope, _Scope()))


class _Writer:
    """Writes a traced instruction."""

    def __init__(self, locals: Locals) -> None:
        self.parts: list[Part] = []
        self.uses_pc = False
        self._locals = locals
        self._taken = {I32: 0, I64: 0, F64: 0, F32: 0}
        self._waiting: list[_Node] = []  # written later, and read then

    def _emit(self, *parts: Part) -> None:
        self.parts += parts

    def _temporary(self, node: _Node) -> int:
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

    def _float(self, raw: Any, width: int) -> None:
        """Leave a float on the stack, as the host's."""
        kind = "f64" if width == 64 else "f32"
        if isinstance(raw, _Node) and raw.name == "bits" and raw.local is None:
            raw.left -= 1
            self.value(raw.args[0], width)
        elif isinstance(raw, _Node) and raw.name == "given" and raw.is_float:
            raw.left -= 1
            assert raw.local is not None
            self._emit(wasm.LOCAL_GET + leb(raw.local))
        elif isinstance(raw, _Node) and raw.name == "get" and width == 64 and raw.local is None:
            raw.left -= 1
            self._emit(wasm.LOCAL_GET + leb(self._locals.of(raw.args[0])))
            if raw.args[0] < F0:
                self._emit(OPCODES["f64.reinterpret_i64"])
        else:
            self.value(raw, width)
            self._emit(OPCODES[f"{kind}.reinterpret_{'i64' if width == 64 else 'i32'}"])

    def _compute(self, node: _Node) -> None:
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
                a, b, width = node.args
                kind = "i64" if width == 64 else "i32"
                if b == 0 and op in ("eq", "ne") and isinstance(b, int):
                    self.value(a, width)
                    self._emit(OPCODES[f"{kind}.eqz"])
                    if op == "ne":
                        self._emit(OPCODES["i32.eqz"])
                    return
                self.value(a, width)
                self.value(b, width)
                self._emit(OPCODES[f"{kind}.{_RELATIONS[op]}"])
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

    def _binary(self, node: _Node, op: str, kind: str) -> None:
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

    def _native(self, node: _Node, op: str) -> None:
        if op in _ORDERED:
            *args, width = node.args
            for arg in args:
                self._float(arg, width)
            self._emit(OPCODES[f"f{width}.{_ORDERED[op]}"])
            return
        width = node.width
        if op == "ffma":
            lanes = "f64x2" if width == 64 else "f32x4"
            for arg in node.args:
                self._float(arg, width)
                self._emit(OPCODES[f"{lanes}.splat"])
            self._emit(OPCODES[f"{lanes}.relaxed_madd"], OPCODES[f"{lanes}.extract_lane 0"])
            return
        for arg in node.args:
            self._float(arg, width)
        self._emit(OPCODES[f"f{width}.{_NATIVE[op]}"])

    def _resize(self, node: _Node) -> None:
        (raw, width), wide = node.args, node.width
        single = isinstance(raw, _Node) and raw.local is None and raw.left == 1
        if single and raw.name == "load" and wide == 64 and node.name != "trunc" and width < 64:
            raw.left -= 1
            if raw in self._waiting:
                self._waiting.remove(raw)
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

    def _load(self, node: _Node, kind: str, op: str) -> None:
        base, offset = node.args
        rest = self._place(base, offset)
        self._emit(MARK, OPCODES[f"{kind}.{op}"] + b"\0" + rest)

    # What is done

    def _keep(self, node: _Node) -> None:
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

    def scope(self, scope: _Scope) -> None:
        for item in scope.items:
            if item[0] == "node":
                node: _Node = item[1]
                if node.left == 0 or node.local is not None:
                    continue
                self._waiting.append(node)
                if node.name not in _FREE and node.left > 1:
                    self._waiting.remove(node)
                    self._keep(node)
            else:
                getattr(self, "_do_" + item[0])(*item[1:])

    def _do_set(self, register: int, raw: Any) -> None:
        if F0 <= register < FCSR:
            self._float(raw, 64)
        else:
            self.value(raw, 32 if register == FCSR else 64)
        self._before((register,), False)
        self._emit(wasm.LOCAL_SET + leb(self._locals.of(register)))

    def _do_store(self, base: Any, offset: int, raw: Any, width: int) -> None:
        rest = self._place(base, offset)
        kind = "i64" if width == 64 else "i32"
        op = _STORES[width]
        narrow = isinstance(raw, _Node) and raw.name == "trunc" and raw.left == 1 and raw.local is None
        if width == 64 and isinstance(raw, _Node) and raw.name == "get" and F0 <= raw.args[0] < FCSR:
            self._float(raw, 64)
            kind = "f64"
        elif narrow and raw.args[1] == 64:
            raw.left -= 1
            if raw in self._waiting:
                self._waiting.remove(raw)
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

    def _do_touch(self, node: _Node) -> None:
        """A load whose value nobody wants is made all the same."""
        if node.left == 0 and node.local is None:
            self._compute(node)
            self._emit(wasm.DROP)

    def _do_check(self, base: Any) -> None:
        self.value(base, 64)
        self._const(GUEST_START, 64)
        self._emit(OPCODES["i64.sub"])
        self._const(GUEST_END - GUEST_START, 64)
        self._emit(OPCODES["i64.ge_u"], UNLIKELY, wasm.IF + b"\x40")
        self._emit(BAIL, wasm.END)

    def _do_bail(self) -> None:
        self._emit(BAIL)

    def _do_target(self, raw: Any) -> None:
        self.value(raw, 64)
        self._emit(wasm.LOCAL_SET + leb(self._locals.target))

    def _do_give(self, result: _Node, raw: Any) -> None:
        if result.left == 0:
            return
        if result.is_float:
            self._float(raw, result.width)
        else:
            self.value(raw, result.width)
        if result.local is None:
            result.local = self._temporary(result)
        self._emit(wasm.LOCAL_SET + leb(result.local))

    def _do_call(self, name: str, args: list[tuple[Any, int]], results: list[_Node]) -> None:
        for raw, width in args:
            self.value(raw, width)
        self._emit(wasm.CALL + leb(runtime_index(name)))
        for result in reversed(results):
            result.local = self._temporary(result)
            self._emit(wasm.LOCAL_SET + leb(result.local))

    def _do_if(self, condition: Any, then: _Scope, otherwise: _Scope, likely: bool = False) -> None:
        self.value(condition, 1)
        self._before(then.registers | otherwise.registers, then.memory or otherwise.memory)
        # what both arms leave for later must be in the same local
        for scope in (then, otherwise):
            for item in scope.items:
                if item[0] == "give" and item[1].left and item[1].local is None:
                    item[1].local = self._temporary(item[1])
        if then.ended:
            self._emit(UNLIKELY)
        elif likely or any(item[0] in ("call", "bail") for item in otherwise.items):
            self._emit(LIKELY)
        self._emit(wasm.IF + b"\x40")
        self.scope(then)
        if otherwise.items:
            self._emit(wasm.ELSE)
            self.scope(otherwise)
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
    """The templates of all instructions for one arrangement of locals."""

    def __init__(self, locals: Locals) -> None:
        self.locals = locals
        self._known: dict[tuple[int, bool], Template] = {}

    def get(self, pc: int, i: Instruction, check: bool) -> Template:
        """check: whether an access has to look whether its base is in the guest's range."""
        key = i.word, check
        known = self._known.get(key)
        if known is not None:
            return known
        tracer = _Tracer(pc, i, check=check)
        tracer.trace()
        writer = _Writer(self.locals)
        writer.scope(tracer.top)
        if tracer.condition is not None:
            writer.value(tracer.condition.raw, 1)
        made = Template(_joined(writer.parts), tracer.top.ended)
        if not writer.uses_pc:
            self._known[key] = made
        return made


@cache
def templates(nparams: int) -> Templates:
    """The templates for functions with so many parameters behind the first two."""
    return Templates(Locals(nparams))
