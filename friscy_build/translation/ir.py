"""A guest function as LLVM IR: what the rows of its instructions say, after LLVM's passes.

The interpreter is made of the same IR. Translated code is written from the same rows without LLVM
(docs/decisions/aot-backend.md), so this shows what a function computes, not how its WebAssembly came about.

Registers are globals called by their names. A guest address is a pointer; that accesses may fault is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from friscy.machine.hart import X_NAMES
from friscy_build.aot.graph import Block, End, Graph, copied_from
from friscy_build.isa.decode import Instruction
from friscy_build.isa.disasm import F_NAMES
from friscy_build.isa.hart import KnownOperands, Register
from friscy_build.isa.value import Operand, Value
from friscy_build.llvm.target import optimized
from friscy_build.llvm.trace import Function, Module, typed

_RESERVED = "reserved_address", "reserved_value"
GLOBALS = {**dict.fromkeys([*X_NAMES[1:], *F_NAMES, *_RESERVED], "i64"), "fcsr": "i32"}
# The guest's memory and its registers are apart.
_OF_REGISTERS, _OF_MEMORY = ", !alias.scope !2", ", !noalias !2"
_SCOPES = "!2 = !{!3}\n!3 = distinct !{!3, !4}\n!4 = distinct !{!4}\n"
_LAYOUT = "e-p:64:64-i64:64-n32:64"
_LEFT_OUT = re.compile(r"^; Function Attrs.*|, ![a-z._]+ !\d+| #\d+|; preds = .*| local_unnamed_addr")


class _Machine:
    """Traces one instruction. target, condition: where a jump leads, and whether a branch is taken."""

    def __init__(self, function: Function, pc: int, nbytes: int) -> None:
        self.ops, self._pc, self._nbytes = function, pc, nbytes
        self.target: Value | None = None
        self.condition: Value | None = None

    @property
    def pc(self) -> Value:
        return self.const(self._pc)

    @property
    def next_pc(self) -> Value:
        return self.const(self._pc + self._nbytes)

    def const(self, value: int, width: int = 64) -> Value:
        return self.ops.const(value, width)

    def _read(self, name: str) -> Value:
        kind = GLOBALS[name]
        return self.ops.let(int(kind[1:]), f"load {kind}, ptr @{name}{_OF_REGISTERS}")

    def _write(self, name: str, value: Value) -> None:
        self.ops.emit(f"store {typed(value)}, ptr @{name}{_OF_REGISTERS}")

    def x(self, r: Register) -> Value:
        return self._read(X_NAMES[r]) if r else self.const(0)

    def set_x(self, r: Register, value: Value) -> None:
        if r:
            self._write(X_NAMES[r], value)

    def f(self, r: Register) -> Value:
        return self._read(F_NAMES[r])

    def set_f(self, r: Register, value: Value) -> None:
        self._write(F_NAMES[r], value)

    def fcsr(self) -> Value:
        return self._read("fcsr")

    def set_fcsr(self, value: Value) -> None:
        self._write("fcsr", value)

    def host_fma(self) -> Value:
        return self.const(1, 1)

    def load(self, address: Value, width: int) -> Value:
        return self.ops.let(width, f"load i{width}, ptr {self._pointer(address)}, align 1{_OF_MEMORY}")

    def store(self, address: Value, value: Value) -> None:
        self.ops.emit(f"store {typed(value)}, ptr {self._pointer(address)}, align 1{_OF_MEMORY}")

    def _pointer(self, address: Value) -> str:
        return str(self.ops.let(0, f"inttoptr {typed(address)} to ptr").raw)

    def reserve(self, address: Value, value: Value) -> None:
        for name, each in zip(_RESERVED, (address, value), strict=True):
            self._write(name, each)

    def reservation(self) -> tuple[Value, Value]:
        return self._read(_RESERVED[0]), self._read(_RESERVED[1])

    def jump(self, target: Value) -> None:
        self.target = target

    def branch(self, condition: Value, target: Value) -> None:
        self.condition = condition

    def syscall(self) -> None:
        """The end of its block says it."""

    def trap(self, cause: int, value: Operand = 0) -> None:
        self.ops.module.declare("trap", "void @(i32, i64)")
        said = value if isinstance(value, Value) else self.const(value)
        self.ops.emit(f"call void @trap(i32 {cause}, {typed(said)})")
        self.ops.end("ret void")

    def when(self, condition: Value, body: Callable[[], None]) -> None:
        def run() -> tuple[Value, ...]:
            body()
            return ()

        self.ops.cond(condition, run, lambda: ())


class _Writer:
    """Writes a function's blocks."""

    def __init__(self, graph: Graph, name: str) -> None:
        self._graph, self._module = graph, Module()
        self._leaving = set[int]()  # where branches lead that are not of this function
        self._function = self._module.function(name, "void", [])
        self._function.emit("%target = alloca i64")
        self._function.goto(_label(graph.entry))
        for pc, block in sorted(graph.blocks.items()):
            self._function.place(_label(pc))
            self._block(block)
        for pc in sorted(self._leaving):
            self._function.place(f"leave_{pc:x}")
            self._leave(self._function.const(pc, 64))
        self._function.finish()

    def text(self) -> str:
        registers = "".join(f"@{name} = external global {kind}\n" for name, kind in GLOBALS.items())
        triple, _, rest = self._module.text().partition("\n")
        return f'{triple}\ntarget datalayout = "{_LAYOUT}"\n{registers}{rest}{_SCOPES}'

    def _block(self, block: Block) -> None:
        f, machine = self._function, None
        for pc, i in block.code:
            if f.ended:
                break
            machine = _traced(f, pc, i)
        if not f.ended:
            self._end(block, machine)

    def _end(self, block: Block, last: _Machine | None) -> None:
        f = self._function
        target = last.target if last is not None else None
        if block.stub is not None:
            target = f.let(64, f"load i64, ptr inttoptr (i64 {block.stub.got} to ptr)")
        match block.end:
            case End.FALL:
                self._go(block.next_pc)
            case End.BRANCH:
                assert last is not None
                assert last.condition is not None
                f.branch(last.condition, self._way(block.target), self._way(block.next_pc))
            case End.JUMP:
                self._go(block.target)
            case End.CALL:
                self._call(f"code_{block.target:x}")
                self._go(block.next_pc)
            case End.INDIRECT_CALL:
                self._call("call", target)
                self._go(block.next_pc)
            case End.SYSCALL:
                self._call("syscall")
                self._go(block.next_pc)
            case End.TABLE:
                assert target is not None
                f.emit(f"store {typed(target)}, ptr %target")
                self._go(block.target)
            case End.INDIRECT:
                self._switch(block, target if target is not None else f.let(64, "load i64, ptr %target"))
            case End.RETURN:
                f.end("ret void")
            case End.OUT:
                self._leave(f.const(block.next_pc or block.pc, 64))

    def _switch(self, block: Block, target: Value) -> None:
        f = self._function
        elsewhere = f.name("elsewhere")
        ways = " ".join(f"i64 {pc}, label %{self._way(pc)}" for pc in sorted(set(block.targets)))
        f.end(f"switch {typed(target)}, label %{elsewhere} [ {ways} ]")
        f.place(elsewhere)
        self._leave(target)

    def _way(self, pc: int) -> str:
        """The label of the block at `pc`; of a new one that leaves, where it is another function's."""
        if pc in self._graph.blocks:
            return _label(pc)
        self._leaving.add(pc)
        return f"leave_{pc:x}"

    def _go(self, pc: int) -> None:
        if pc in self._graph.blocks:
            self._function.goto(_label(pc))
        else:
            self._leave(self._function.const(pc, 64))

    def _leave(self, target: Value) -> None:
        self._call("go_on_at", target)
        self._function.end("ret void")

    def _call(self, name: str, *given: Value | None) -> None:
        values = [each for each in given if each is not None]
        self._module.declare(name, f"void @({', '.join(f'i{each.width}' for each in values)})")
        self._function.emit(f"call void @{name}({', '.join(map(typed, values))})")


def _label(name: int) -> str:
    if name < 0:
        return f"table_{-name:x}"
    pc, number = copied_from(name)
    return f"pc_{pc:x}_copy_{number}" if number else f"pc_{pc:x}"


def _traced(function: Function, pc: int, i: Instruction) -> _Machine:
    machine = _Machine(function, pc, i.nbytes)
    i.row.semantics(machine, KnownOperands(i, function))
    return machine


def ir_name(name: str) -> str:
    """What the function of a symbol is called there: like none of the registers, and of the letters LLVM has."""
    return "guest." + re.sub(r"[^\w$.]", "_", name, flags=re.ASCII)


def raw_ir(graph: Graph, name: str) -> str:
    """A module with the function `ir_name(name)`, as it is traced: valid LLVM IR."""
    return _Writer(graph, ir_name(name)).text()


def ir_listing(graph: Graph, name: str) -> list[str]:
    """The function after LLVM's passes, a line each."""
    module = optimized(raw_ir(graph, name))
    return list(_lines(str(module.get_function(ir_name(name)))))


def _lines(text: str) -> Iterator[str]:
    for line in text.strip().splitlines():
        shown = _LEFT_OUT.sub("", line).rstrip()
        if shown:
            yield shown
