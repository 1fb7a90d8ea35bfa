"""The `Ops` backend that writes LLVM IR: semantics are traced once, and LLVM does the rest.

A `Module` collects functions as text; a `Function` is an `Ops` whose Values hold either a Python int (a
constant, folded while tracing) or the name of an SSA value.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

from friscy_build.isa.value import Body, Evaluate, Helper, Thunk, Value
from friscy_build.llvm.target import TRIPLE

_EVALUATE = Evaluate()
_FLOAT = {32: "float", 64: "double"}
_ORDERED = {"feq": "oeq", "flt": "olt", "fle": "ole"}
_WEIGHTS = ('!0 = !{!"branch_weights", i32 4000, i32 1}', '!1 = !{!"branch_weights", i32 1, i32 4000}')
_NATIVE = {"fadd": "fadd", "fsub": "fsub", "fmul": "fmul", "fdiv": "fdiv"}


class Module:
    """LLVM IR under construction."""

    def __init__(self) -> None:
        self._declared: dict[str, str] = {}
        self._functions: list[str] = []
        self._helpers: dict[Helper, str] = {}
        self.names: set[str] = set()  # of the functions

    def declare(self, name: str, signature: str) -> None:
        """Declare an external function or intrinsic: `signature` is IR text with `@` where the name goes."""
        self._declared[name] = f"declare {signature.replace('@', '@' + name)}"

    def function(
        self, name: str, result: str, params: Sequence[tuple[str, int]], attributes: str = "nounwind"
    ) -> Function:
        """Open a function; `params` are (name, bits). `Function.finish` closes it."""
        if name in self.names:
            raise ValueError(f"two functions named {name}")
        self.names.add(name)
        listed = ", ".join(f"i{width} %{param}" for param, width in params)
        return Function(self, f"{result} @{name}({listed}) {attributes}", params)

    def add(self, text: str) -> None:
        self._functions.append(text)

    def helper(self, helper: Helper) -> str:
        """The name of the function that `helper` has become, tracing it at its first use."""
        known = self._helpers.get(helper)
        if known is not None:
            return known
        name = helper.name
        while name in self.names:
            name += "_"
        self._helpers[helper] = name
        params = [(f"a{k}", width) for k, width in enumerate(helper.params)]
        attributes = "nounwind memory(none) " + ("noinline cold" if helper.cold else "alwaysinline")
        function = self.function(name, f"internal {result_type(helper.results)}", params, attributes)
        function.give(function.widths(helper.body(*function.arguments), helper.results))
        function.finish()
        return name

    def text(self) -> str:
        declared = [self._declared[name] for name in sorted(self._declared)]
        return "\n".join([f'target triple = "{TRIPLE}"', *declared, *self._functions, *_WEIGHTS]) + "\n"


def result_type(widths: Sequence[int]) -> str:
    """The IR type of a function that returns Values of these widths."""
    if not widths:
        return "void"
    return f"i{widths[0]}" if len(widths) == 1 else "{" + ", ".join(f"i{w}" for w in widths) + "}"


class Function:
    """One function being traced: the `Ops` of the Values in it."""

    has_native = True

    def __init__(self, module: Module, head: str, params: Sequence[tuple[str, int]]) -> None:
        self.module = module
        self._lines: list[str] = [f"define {head} {{", "entry:"]
        self._block: str | None = "entry"  # None after a terminator
        self._count = 0
        # Called instead of emitting a call of a cold helper; it must end the block.
        self.on_cold: Callable[[], None] | None = None
        self.arguments = tuple(Value(self, width, f"%{name}") for name, width in params)

    # Text

    def name(self, stem: str = "v") -> str:
        self._count += 1
        return f"{stem}{self._count}"

    def emit(self, text: str) -> None:
        if self._block is None:  # code after a trap or jump: keep it well-formed, LLVM drops it
            self.place(self.name("dead"))
        self._lines.append(" " + text)

    def let(self, width: int, text: str) -> Value:
        name = "%" + self.name()
        self.emit(f"{name} = {text}")
        return Value(self, width, name)

    def place(self, label: str) -> None:
        """Start basic block `label`; the block before it must have ended."""
        assert self._block is None, f"{label} follows an open block"
        self._lines.append(f"{label}:")
        self._block = label

    def end(self, text: str) -> None:
        """End the block with terminator `text`."""
        self.emit(text)
        self._block = None

    @property
    def ended(self) -> bool:
        return self._block is None

    def goto(self, label: str) -> None:
        if self._block is not None:
            self.end(f"br label %{label}")

    def branch(self, condition: Value, then: str, otherwise: str, likely: bool | None = None) -> None:
        if isinstance(condition.raw, int):
            self.goto(then if condition.raw else otherwise)
            return
        weights = "" if likely is None else f", !prof !{0 if likely else 1}"
        self.end(f"br i1 {condition.raw}, label %{then}, label %{otherwise}{weights}")

    def give(self, values: Sequence[Value]) -> None:
        """Return `values` from the function."""
        if self._block is None:
            return
        if not values:
            self.end("ret void")
        elif len(values) == 1:
            self.end(f"ret {typed(values[0])}")
        else:
            kind = result_type([v.width for v in values])
            aggregate = "poison"
            for k, value in enumerate(values):
                aggregate = self.let(0, f"insertvalue {kind} {aggregate}, {typed(value)}, {k}").raw
            self.end(f"ret {kind} {aggregate}")

    def finish(self) -> None:
        assert self._block is None, "the last block is open"
        self.module.add("\n".join([*self._lines, "}"]))

    def widths(self, values: Sequence[Value], expected: Sequence[int]) -> Sequence[Value]:
        got = tuple(v.width for v in values)
        if got != tuple(expected):
            raise TypeError(f"values of {got} bits where {tuple(expected)} were declared")
        return values

    # Ops

    def const(self, value: int, width: int) -> Value:
        return Value(self, width, value & ((1 << width) - 1))

    def _fold(self, compute: Callable[[], Value]) -> Value | None:
        """The constant, unless it is undefined (then the code is unreachable; LLVM may have it)."""
        with suppress(ArithmeticError):
            result = compute()
            return Value(self, result.width, result.raw)
        return None

    def binary(self, op: str, a: Value, b: Value) -> Value:
        x, y = a.raw, b.raw
        if isinstance(x, int) and isinstance(y, int):
            folded = self._fold(lambda: _EVALUATE.binary(op, a, b))
            if folded is not None:
                return folded
        elif y == 0 and isinstance(y, int):
            if op in ("add", "sub", "or", "xor", "shl", "lshr", "ashr"):
                return a
            if op in ("and", "mul"):
                return b
        elif isinstance(x, int) and x == 0:
            if op in ("add", "or", "xor"):
                return b
            if op in ("and", "mul"):
                return a
        return self.let(a.width, f"{op} {typed(a)}, {y}")

    def compare(self, op: str, a: Value, b: Value) -> Value:
        if isinstance(a.raw, int) and isinstance(b.raw, int):
            return self.const(_EVALUATE.compare(op, a, b).raw, 1)
        return self.let(1, f"icmp {op} {typed(a)}, {b.raw}")

    def unary(self, op: str, a: Value) -> Value:
        if isinstance(a.raw, int):
            return self.const(_EVALUATE.unary(op, a).raw, a.width)
        name, kind = f"llvm.{op}.i{a.width}", f"i{a.width}"
        if op in ("ctlz", "cttz"):
            self.module.declare(name, f"{kind} @({kind}, i1)")
            return self.let(a.width, f"call {kind} @{name}({typed(a)}, i1 false)")
        self.module.declare(name, f"{kind} @({kind})")
        return self.let(a.width, f"call {kind} @{name}({typed(a)})")

    def resize(self, op: str, a: Value, width: int) -> Value:
        if isinstance(a.raw, int):
            return self.const(_EVALUATE.resize(op, a, width).raw, width)
        return self.let(width, f"{op} {typed(a)} to i{width}")

    def select(self, condition: Value, a: Value, b: Value) -> Value:
        if isinstance(condition.raw, int):
            return a if condition.raw else b
        if a.raw == b.raw:
            return a
        return self.let(a.width, f"select {typed(condition)}, {typed(a)}, {typed(b)}")

    def opaque(self, a: Value) -> Value:
        # An empty asm whose output is its input: LLVM sees no definition, the wasm backend no instruction.
        return self.let(a.width, f'call i{a.width} asm "", "=r,0"({typed(a)})')

    def native(self, op: str, *args: Value) -> Value:
        width = args[0].width
        kind = _FLOAT[width]
        floats = [self.let(0, f"bitcast {typed(a)} to {kind}").raw for a in args]
        if op in _ORDERED:
            return self.let(1, f"fcmp {_ORDERED[op]} {kind} {floats[0]}, {floats[1]}")
        if op in _NATIVE:
            result = self.let(0, f"{op} {kind} {floats[0]}, {floats[1]}")
        elif op == "fsqrt":
            name = f"llvm.sqrt.f{width}"
            self.module.declare(name, f"{kind} @({kind})")
            result = self.let(0, f"call {kind} @{name}({kind} {floats[0]})")
        elif op == "ffma":
            result = self._relaxed_madd(width, kind, floats)
        else:
            raise ValueError(f"no native {op}")
        return self.let(width, f"bitcast {kind} {result.raw} to i{width}")

    def _relaxed_madd(self, width: int, kind: str, floats: Sequence[str]) -> Value:
        """a * b + c fused, if the host is known to fuse (`HART_HOST_FMA`); rows ask before they use it."""
        lanes = 128 // width
        vector, name = f"<{lanes} x {kind}>", f"llvm.wasm.relaxed.madd.v{lanes}f{width}"
        self.module.declare(name, f"{vector} @({vector}, {vector}, {vector})")
        lane = f"insertelement {vector} poison, {kind}"
        listed = ", ".join(f"{vector} {self.let(0, f'{lane} {x}, i32 0').raw}" for x in floats)
        product = self.let(0, f"call {vector} @{name}({listed})")
        return self.let(0, f"extractelement {vector} {product.raw}, i32 0")

    def cond(self, condition: Value, then: Thunk, otherwise: Thunk) -> tuple[Value, ...]:
        if isinstance(condition.raw, int):
            return then() if condition.raw else otherwise()
        yes, no, join = self.name("then"), self.name("else"), self.name("join")
        self.branch(condition, yes, no)
        arms: list[tuple[str, tuple[Value, ...]]] = []
        for label, thunk in ((yes, then), (no, otherwise)):
            self.place(label)
            values = tuple(thunk())
            if self._block is not None:
                arms.append((self._block, values))
                self.goto(join)
            elif not arms and label == no:
                return values  # neither arm comes back
        self.place(join)
        if len(arms) == 1:
            return arms[0][1]
        return tuple(
            self._phi([(block, values[k]) for block, values in arms]) for k in range(len(arms[0][1]))
        )

    def _phi(self, incoming: Sequence[tuple[str, Value]]) -> Value:
        first = incoming[0][1]
        if all(v.width == first.width and v.raw == first.raw for _, v in incoming):
            return first
        if any(v.width != first.width for _, v in incoming):
            raise TypeError("the arms of a cond give values of different widths")
        listed = ", ".join(f"[ {v.raw}, %{block} ]" for block, v in incoming)
        return self.let(first.width, f"phi i{first.width} {listed}")

    def repeat(self, count: int, body: Body, start: Sequence[Value]) -> tuple[Value, ...]:
        if count <= 0:
            return tuple(start)
        head, done = self.name("loop"), self.name("done")
        before = self._block
        assert before is not None
        self.goto(head)
        self.place(head)
        counter = "%" + self.name("n")
        state = tuple(Value(self, v.width, "%" + self.name("s")) for v in start)
        at = len(self._lines)
        after = self.widths(tuple(body(*state)), [v.width for v in start])
        following = self.let(32, f"add i32 {counter}, 1")
        latch = self._block
        phis = [f" {counter} = phi i32 [ 0, %{before} ], [ {following.raw}, %{latch} ]"]
        for phi, first, last in zip(state, start, after, strict=True):
            phis.append(f" {phi.raw} = phi i{phi.width} [ {first.raw}, %{before} ], [ {last.raw}, %{latch} ]")
        self._lines[at:at] = phis
        self.branch(self.compare("ult", following, self.const(count, 32)), head, done)
        self.place(done)
        return tuple(after)

    def call(self, helper: Helper, *args: Value) -> tuple[Value, ...]:
        self.widths(args, helper.params)
        if helper.cold and self.on_cold is not None:
            self.on_cold()
            return tuple(self.const(0, width) for width in helper.results)
        name = self.module.helper(helper)
        kind = result_type(helper.results)
        listed = ", ".join(typed(a) for a in args)
        if len(helper.results) == 1:
            return (self.let(helper.results[0], f"call {kind} @{name}({listed})"),)
        both = self.let(0, f"call {kind} @{name}({listed})")
        return tuple(
            self.let(width, f"extractvalue {kind} {both.raw}, {k}") for k, width in enumerate(helper.results)
        )

    # Memory: addresses are 32-bit Values, everything is little-endian and may be unaligned

    def pointer(self, address: Value, offset: int = 0) -> str:
        """A pointer to address + offset; the sum must not wrap, so that it becomes the access's immediate."""
        if offset:
            address = self.let(32, f"add nuw {typed(address)}, {offset}")
        return str(self.let(0, f"inttoptr {typed(address)} to ptr").raw)

    def load(self, width: int, address: Value, offset: int = 0, align: int = 1) -> Value:
        return self.let(width, f"load i{width}, ptr {self.pointer(address, offset)}, align {align}")

    def store(self, value: Value, address: Value, offset: int = 0, align: int = 1) -> None:
        self.emit(f"store {typed(value)}, ptr {self.pointer(address, offset)}, align {align}")


def typed(value: Value) -> str:
    """`i64 %v7`, as an operand is written."""
    return f"i{value.width} {value.raw}"
