"""What one instruction does, taken down from its row as nodes, one for each op, and what is done to the machine.

`templates` writes it as WebAssembly. A node that is used once is written where it is used; others get a local of their
own. Registers are read where the row reads them: before something a node reads is overwritten, it is put into a local.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from friscy.machine.layout import (
    GUEST_END,
    GUEST_START,
    HART_HOST_FMA,
    HART_RESERVED_ADDRESS,
    HART_RESERVED_VALUE,
)
from friscy_build.aot.effects import F0, FCSR, effects, is_access
from friscy_build.isa.decode import Instruction
from friscy_build.isa.hart import KnownOperands, Register
from friscy_build.isa.softfloat_core import NX
from friscy_build.isa.value import Body, Evaluate, Helper, Operand, Thunk, Value

_EVALUATE = Evaluate()
NATIVE = {"fadd": "add", "fsub": "sub", "fmul": "mul", "fdiv": "div", "fsqrt": "sqrt"}
ORDERED = {"feq": "eq", "flt": "lt", "fle": "le"}


class Node:
    """An op: what it is, its operands (nodes and ints), the type and width of its value."""

    __slots__ = ("args", "is_float", "left", "local", "memory", "name", "registers", "width")

    def __init__(self, name: str, args: tuple[Any, ...], width: int) -> None:
        self.name, self.args, self.width = name, args, width
        self.left = 0  # uses that are still to come
        # As the host has them.
        self.is_float = name.startswith("native") and name[7:] in (*NATIVE, "ffma", "fnma")
        self.local: int | None = None
        self.registers: frozenset[int] = frozenset()
        self.memory = False
        for arg in args:
            if isinstance(arg, Node):
                self.registers |= arg.registers
                self.memory |= arg.memory


class Scope:
    """A straight run of items: nodes, and what is done to the machine, in order.

    registers, memory: what is overwritten. ended: whether control does not come out of it.
    """

    def __init__(self) -> None:
        self.items: list[tuple[Any, ...]] = []
        self.registers: set[int] = set()
        self.memory = False
        self.ended = False


def _negated(raw: Any) -> Any:
    """What a float with its sign turned is made of; None for anything else."""
    if isinstance(raw, Node) and raw.name == "binary xor" and raw.args[1] == 1 << (raw.width - 1):
        return raw.args[0]
    return None


# Nodes that cost nothing to write again.
FREE = ("get", "bits", "pc")


class Tracer:
    """The rows' Machine and Ops: takes down what an instruction does.

    condition: of a branch, a node or int. It keeps no Value, each of which has the tracer: without the collector of
    cycles (`collecting`), what leads back to itself stays.
    """

    def __init__(self, pc: int, i: Instruction, *, check: bool) -> None:
        self._i, self._check = i, check
        self._pc = pc
        self.top = self._scope = Scope()
        self._calm = False  # rounding is to the nearest, and the flag of inexact results is up
        self.has_native = True
        self.fused = False  # the host's arithmetic is right only where its fused multiply-add is one
        self.condition: Any = None

    def trace(self) -> None:
        """Take down what the instruction does; float arithmetic twice: as the host does it, where fcsr is as it nearly
        always is, and exactly, where it is not, or where the first escapes to: its result may not be right."""
        i = self._i
        reads, writes = effects(i)
        operands = KnownOperands(i, self)
        if not (reads & writes) >> FCSR & 1 or i.row.extension not in ("F", "D"):
            i.row.semantics(self, operands)
            self._release()
            return
        arms = []
        for self._calm in (True, False):
            self.has_native = self._calm
            scope, _ = self._arm(lambda: i.row.semantics(self, operands))
            arms.append(scope)
        self.top.items.append(("attempt", *arms, self.fused))

    def _release(self) -> None:
        """What only values that nobody wants are made of is not wanted either: all of what a load into x0 gives."""
        for item in reversed(self.top.items):
            if item[0] == "node" and item[1].left == 0 and item[1].name != "load":  # which is made all the same
                for raw in item[1].args:
                    if isinstance(raw, Node):
                        raw.left -= 1

    # Nodes

    def _node(self, name: str, args: tuple[Any, ...], width: int) -> Value:
        node = Node(name, args, width)
        for arg in args:
            self._use(arg)
        self._scope.items.append(("node", node))
        return Value(self, width, node)

    def _use(self, raw: Any) -> None:
        if isinstance(raw, Node):
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
        elif isinstance(a.raw, Node) and a.raw.name == "pc" and isinstance(b.raw, int):
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
        if op in ORDERED:
            node = self._node("native " + op, tuple(arg.raw for arg in args), 1)
            node.raw.args = (*node.raw.args, width)
            return node
        raws = [arg.raw for arg in args]
        if op == "fadd" and (negated := _negated(raws[1])) is not None:
            op, raws[1] = "fsub", negated
        elif op == "ffma" and (negated := _negated(raws[0])) is not None:
            op, raws[0] = "fnma", negated
        number = self._node("native " + op, tuple(raws), width)
        return self._node("bits", (number.raw,), width)

    def _arm(self, thunk: Callable[[], Any]) -> tuple[Scope, Any]:
        outer, self._scope = self._scope, Scope()
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
        if arms[1][0].ended and not arms[0][0].ended:
            # What comes after is what comes of the first.
            self._scope.items.append(("unless", condition.raw, arms[1][0]))
            self._scope.items += arms[0][0].items
            values: tuple[Value, ...] = arms[0][1]
            return values
        given = next(values for _, values in arms if values is not None)
        widths = [value.width for value in given]
        results = [Node("given", (), width) for width in widths]
        for _, values in arms:
            for result, value in zip(results, values or (), strict=False):
                # A float that an arm has in the host's form is given in that form.
                result.is_float |= isinstance(value.raw, Node) and (
                    value.raw.name == "bits" or value.raw.is_float
                )
        for scope, values in arms:
            for result, value in zip(results, values or (), strict=False):
                outer, self._scope = self._scope, scope
                self._use(value.raw)
                self._scope = outer
                scope.items.append(("give", result, value.raw))
        self._scope.items.append(("if", condition.raw, arms[0][0], arms[1][0]))
        # What is the same constant in both needs no local.
        alive = zip(*(values for _, values in arms if values is not None), strict=True)
        return tuple(
            given[0] if isinstance(given[0].raw, int) and len({value.raw for value in given}) == 1 else
            Value(self, node.width, node)
            for node, given in zip(results, alive, strict=True)
        )  # fmt: skip

    def repeat(self, count: int, body: Body, start: Any) -> tuple[Value, ...]:
        raise ValueError("a loop in a row")

    def call(self, helper: Helper, *args: Value) -> tuple[Value, ...]:
        if not helper.cold:
            return tuple(helper.body(*args))
        if self._calm:
            self._scope.items.append(("escape",))
            self._scope.ended = True
            return tuple(self.const(0, width) for width in helper.results)
        for arg in args:
            self._use(arg.raw)
        results = [Node("given", (), width) for width in helper.results]
        self._scope.items.append(("call", helper.name, [(arg.raw, arg.width) for arg in args], results))
        return tuple(Value(self, node.width, node) for node in results)

    # friscy_build.isa.hart.Machine

    @property
    def ops(self) -> Tracer:
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
            if node != NX:  # a flag that is found without a helper
                self._set(FCSR, self._register(FCSR, 32) | value)
        elif not (isinstance(node, Node) and node.name == "get"):
            self._set(FCSR, value)

    def host_fma(self) -> Value:
        if self._calm:
            self.fused = True
            return self.const(1, 1)
        return self._node("hart", (HART_HOST_FMA, 32), 32).ne(0)

    def _address(self, address: Value) -> tuple[Any, int]:
        """(node or int of the base, offset) of an access, after what has to be done before it."""
        i, base, offset = self._i, address, 0
        if i.rs1 and is_access(i) and isinstance(address.raw, Node):
            base, offset = self.x(i.rs1), i.imm if "imm" in i.row.fields else 0
        if isinstance(base.raw, int):
            if not GUEST_START <= base.raw < GUEST_END:
                self._check, base = True, self.const(GUEST_START)
                self._scope.items.append(("bail",))
                self._scope.ended = True
        elif self._check:
            self._use(base.raw)
            self._scope.items.append(("check", base.raw, offset))
            if self._scope is self.top:
                self._check = False
        return base.raw, offset

    def load(self, address: Value, width: int) -> Value:
        if isinstance(address.raw, Node) and address.raw.name == "pc":
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
        if isinstance(target.raw, Node):
            self._use(target.raw)
            self._scope.items.append(("target", target.raw))

    def branch(self, condition: Value, target: Value) -> None:
        self._use(condition.raw)
        self.condition = condition.raw

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
        if not self.has_native:
            return  # a rounding mode that there is not: ROUNDING has looked
        self._use(condition.raw)
        check = self._check
        scope, _ = self._arm(body)
        self._check = check
        self._scope.items.append(("if", condition.raw, scope, Scope()))
