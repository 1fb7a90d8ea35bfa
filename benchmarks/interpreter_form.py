"""The interpreter's form: a switch loop with one, two or three dispatch sites against tail-called handlers.

python -m benchmarks.interpreter_form

What runs is a sequence of pre-decoded records of 32 kinds, drawn at random once and then repeated: short ones that any
branch predictor learns, and longer ones, more like real programs. Handlers do what `addi` does.
"""

from __future__ import annotations

import random
import struct
import time
from collections.abc import Callable

import wasmtime

from benchmarks.harness import alternate, report, standalone
from friscy.machine.layout import HART_BASE, RECORDS, WASM_PAGES
from friscy_build.isa.value import Value
from friscy_build.llvm.target import FEATURES, compile_ir
from friscy_build.llvm.trace import Function, Module
from friscy_build.llvm.wasm_object import finish

KINDS = 32
TOTAL = 20_000_000  # records run in one sample
ROUNDS = 5
LENGTHS = (20, 200)
END = KINDS  # the operation that ends the sequence


def handler(f: Function, record: Value, kind: int) -> None:
    """x[rd] = x[rs1] + imm, and a constant by which handlers differ."""
    hart = f.arguments[0]
    source = f.load(64, hart + f.load(8, record, 3).zext(32), 0, align=8)
    result = source + f.load(32, record, 4, align=4).sext(64) + kind
    f.store(result, hart + f.load(8, record, 2).zext(32), 0, align=8)


def switch_loop(record_bytes: int, sites: int) -> bytes:
    """`run(hart, record)`: the handlers `sites` times over, each with a switch of its own."""
    module = Module()
    f = module.function("run", "void", [("hart", 32), ("record", 32)], "nounwind noinline")
    slot = f.let(0, "alloca i32").raw
    f.emit(f"store i32 %record, ptr {slot}")
    f.goto("dispatch0")
    for site in range(sites):
        f.place(f"dispatch{site}")
        operation = f.load(16, f.let(32, f"load i32, ptr {slot}"), 0, align=8).zext(32)
        cases = " ".join(f"i32 {kind}, label %op{site}_{kind}" for kind in range(KINDS))
        f.end(f"switch i32 {operation.raw}, label %end [ {cases} ]")
        for kind in range(KINDS):
            f.place(f"op{site}_{kind}")
            record = f.let(32, f"load i32, ptr {slot}")
            handler(f, record, kind)
            f.emit(f"store i32 {f.let(32, f'add nuw i32 {record.raw}, {record_bytes}').raw}, ptr {slot}")
            f.goto(f"dispatch{(site + 1) % sites}")
    f.place("end")
    f.give(())
    f.finish()
    repeated(module)
    return finish(compile_ir(module.text(), local=True), ["repeat"])


def tail_calls(record_bytes: int) -> bytes:
    """`run(hart, record)`: each handler calls the next through the table, which has `op0` ... at 1 upwards."""
    module = Module()
    for kind in range(KINDS + 1):
        f = module.function(f"op{kind}", "void", [("hart", 32), ("record", 32)])
        if kind != END:
            _, record = f.arguments
            handler(f, record, kind)
            tail_call_next(f, f.let(32, f"add nuw i32 {record.raw}, {record_bytes}"))
        f.give(())
        f.finish()
    f = module.function("run", "void", [("hart", 32), ("record", 32)], "nounwind noinline")
    tail_call_next(f, f.arguments[1])
    f.give(())
    f.finish()
    repeated(module)
    exports = ["repeat", *(f"op{kind}" for kind in range(KINDS + 1))]
    return finish(compile_ir(module.text(), local=True, features=(*FEATURES, "tail-call")), exports)


def repeated(module: Module) -> None:
    """`repeat(hart, record, times)`: call `run` so often, for the host's calls are slow."""
    f = module.function("repeat", "void", [("hart", 32), ("record", 32), ("times", 32)])
    f.goto("loop")
    f.place("loop")
    left = f.let(32, "phi i32 [ %times, %entry ], [ %next, %loop ]")
    f.emit("call void @run(i32 %hart, i32 %record)")
    f.emit(f"%next = add i32 {left.raw}, -1")
    f.branch(f.let(1, "icmp eq i32 %next, 0"), "done", "loop")
    f.place("done")
    f.give(())
    f.finish()


def tail_call_next(f: Function, record: Value) -> None:
    operation = f.load(16, record, 0, align=8).zext(32)
    pointer = f.let(0, f"inttoptr i32 {(operation + 1).raw} to ptr")
    f.emit(f"musttail call void {pointer.raw}(i32 %hart, i32 {record.raw})")


def contender(engine: wasmtime.Engine, wasm: bytes, record_bytes: int, length: int) -> Callable[[], float]:
    """Million records a second of the module over a random sequence of `length` records."""
    store = wasmtime.Store(engine)
    memory = wasmtime.Memory(store, wasmtime.MemoryType(wasmtime.Limits(WASM_PAGES, WASM_PAGES)))
    table_type = wasmtime.TableType(wasmtime.ValType.funcref(), wasmtime.Limits(KINDS + 2, None))
    table = wasmtime.Table(store, table_type, None)
    module = wasmtime.Module(engine, wasm)
    imports: dict[str, wasmtime.Memory | wasmtime.Table] = {"memory": memory, "table": table}
    exports = wasmtime.Instance(store, module, [imports[i.name or ""] for i in module.imports]).exports(store)
    for kind in range(KINDS + 1):
        if f"op{kind}" in exports:
            table.set(store, kind + 1, exports[f"op{kind}"])
    rng = random.Random(length)
    records = bytearray()
    for _ in range(length):
        fields = rng.randrange(KINDS), 8 * rng.randrange(1, 32), 8 * rng.randrange(1, 32), rng.randrange(100)
        records += struct.pack("<HBBi", *fields).ljust(record_bytes, b"\0")
    memory.write(store, records + struct.pack("<H", END), RECORDS)
    run = exports["repeat"]
    assert isinstance(run, wasmtime.Func)

    def sample() -> float:
        times = TOTAL // length
        begin = time.perf_counter()
        run(store, HART_BASE, RECORDS, times)
        return times * length / (time.perf_counter() - begin) / 1e6

    return sample


def main() -> None:
    """Measure and print."""
    config = wasmtime.Config()
    config.wasm_tail_call = config.wasm_relaxed_simd = True
    engine = wasmtime.Engine(config)
    forms = {
        "switch, 1 site": (switch_loop(8, 1), 8),
        "switch, 2 sites": (switch_loop(8, 2), 8),
        "switch, 3 sites": (switch_loop(8, 3), 8),
        "switch, 2 sites, 16-byte records": (switch_loop(16, 2), 16),
        "tail calls": (tail_calls(8), 8),
    }
    for length in LENGTHS:
        report(
            f"interpreter_form_{length}",
            f"Forms of an interpreter, {length} records repeated: million records a second",
            alternate(
                {name: contender(engine, *form, length) for name, form in forms.items()},
                rounds=ROUNDS,
                unit="MIPS",
            ),
            base="switch, 1 site",
        )


if __name__ == "__main__":
    standalone(main)
