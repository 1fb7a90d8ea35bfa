"""The float operations traced to wasm, each as a loop over an array of vectors in memory."""

from __future__ import annotations

import ctypes
import struct

import wasmtime
from float_vectors import OPERATIONS, Operation

from friscy.machine.engine import make_engine
from friscy_build.isa.value import Value
from friscy_build.llvm.target import compile_ir
from friscy_build.llvm.trace import Function, Module
from friscy_build.llvm.wasm_object import finish

Vector = tuple[tuple[int, ...], int, int]  # operands, rm, sticky flags
STRIDE = 64  # a, b, c, rm, sticky, host_fma, result, flags: 64 bits each
BASE = 1 << 20


def symbol(name: str) -> str:
    return "run_" + name.replace(".", "_")


def _trace_loop(module: Module, operation: Operation) -> None:
    """void run(i32 at, i32 end): the operation on every record of at..end, at least one."""
    f = module.function(symbol(operation.name), "void", [("at", 32), ("end", 32)])
    _, end = f.arguments
    f.goto("loop")
    f.place("loop")
    at = f.let(32, "phi i32 [ %at, %entry ], [ %next, %latch ]")
    values = [f.load(64, at, 8 * i).trunc(width) for i, width in enumerate(operation.sources)]
    rm, sticky, host_fma = (f.load(64, at, offset) for offset in (24, 32, 40))
    result, flags = operation.trace(f, *values, rm, sticky.trunc(32), host_fma.trunc(1))
    f.store(result.zext(64), at, 48)
    f.store(flags.zext(64), at, 56)
    f.goto("latch")
    f.place("latch")
    f.emit(f"%next = add i32 {at.raw}, {STRIDE}")
    f.branch(Value(f, 32, "%next").ult(end), "loop", "done")
    f.place("done")
    f.give(())
    f.finish()


def _trace_probe(module: Module) -> None:
    """i64 probe(i64 x, i64 y, i64 z): the host's ffma."""
    f: Function = module.function("probe", "i64", [("x", 64), ("y", 64), ("z", 64)])
    f.give((f.native("ffma", *f.arguments),))
    f.finish()


def build_module() -> bytes:
    """One wasm module with every operation."""
    module = Module()
    for operation in OPERATIONS.values():
        _trace_loop(module, operation)
    _trace_probe(module)
    return finish(compile_ir(module.text()), [*map(symbol, OPERATIONS), "probe"])


class Machine:
    """The module, running under wasmtime."""

    def __init__(self, wasm: bytes) -> None:
        engine = make_engine()
        self.store = wasmtime.Store(engine)
        module = wasmtime.Module(engine, wasm)
        self.memory = wasmtime.Memory(self.store, wasmtime.MemoryType(wasmtime.Limits(65536, 65536)))
        table = wasmtime.Table(
            self.store, wasmtime.TableType(wasmtime.ValType.funcref(), wasmtime.Limits(1, None)), None
        )
        given = {"memory": self.memory, "table": table}
        instance = wasmtime.Instance(self.store, module, [given[i.name or ""] for i in module.imports])
        self.exports = instance.exports(self.store)
        # (1 + 2**-52) * (1 - 2**-52) - 1: two roundings give 0.
        fused = struct.unpack("<q", struct.pack("<d", -(2.0**-104)))[0]
        args = [struct.unpack("<q", struct.pack("<d", x))[0] for x in (1 + 2.0**-52, 1 - 2.0**-52, -1.0)]
        self.host_fma = self._call("probe", *args) == fused

    def _call(self, name: str, *args: int) -> object:
        function = self.exports[name]
        assert isinstance(function, wasmtime.Func)
        return function(self.store, *args)

    def run(self, operation: Operation, vectors: list[Vector], host_fma: bool) -> list[tuple[int, int]]:
        """(result, flags) of each vector; `host_fma` is what the operation is told of the host."""
        packed = b"".join(
            struct.pack("<8Q", *operands, *(0,) * (3 - len(operands)), rm, sticky, host_fma, 0, 0)
            for operands, rm, sticky in vectors
        )
        base = ctypes.addressof(self.memory.data_ptr(self.store).contents) + BASE
        ctypes.memmove(base, packed, len(packed))
        self._call(symbol(operation.name), BASE, BASE + len(packed))
        answers = ctypes.string_at(base, len(packed))
        return [(record[6], record[7]) for record in struct.iter_unpack("<8Q", answers)]
