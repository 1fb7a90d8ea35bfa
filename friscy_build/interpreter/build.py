"""The interpreter module, put together and compiled."""

from __future__ import annotations

from functools import cache

from friscy.machine.layout import (
    CAUSE_UNLINKED,
    CODE_MAP,
    GUEST_START,
    HART_HOST_FMA,
    HART_PC,
    HART_SURE,
    PAGE_SHIFT,
    RECORDS,
    SURE_EXPONENT,
    WINDOW_END,
)
from friscy_build.aot.runtime import EXPORTS as RUNTIME
from friscy_build.aot.runtime import emit_runtime, symbol
from friscy_build.interpreter.decoder import WordDecoder, emit_decode, emit_decode_scratch, emit_pair_of
from friscy_build.interpreter.effects import effects_of
from friscy_build.interpreter.loop import Hot, Run, emit_entries
from friscy_build.interpreter.pairs import PAIRS
from friscy_build.interpreter.records import SCALE, Table
from friscy_build.isa.rows import ROWS
from friscy_build.llvm.target import compile_ir
from friscy_build.llvm.trace import Module
from friscy_build.llvm.wasm_object import finish

EXPORTS = ("interpret", "interpret_call", "unlinked", "invalidate", "probe")
# No record is made from code further behind its pc than this.
REACH = 16


@cache
def table() -> Table:
    """The operations of the interpreter."""
    return Table(ROWS, {row: effects_of(row) for row in ROWS if row.base is None}, PAIRS)


def emit(operations: Table | None = None, loop: type[Hot] = Hot) -> str:
    """The interpreter as LLVM IR; with another table or hot loop for those who measure it."""
    module = Module()
    operations = operations or table()
    WordDecoder(module, operations).emit()
    emit_pair_of(module, operations)
    emit_decode(module, operations)
    emit_decode_scratch(module, operations)
    hot = loop(module, operations)
    hot.emit()
    Run(module, operations, hot).emit()
    emit_entries(module)
    emit_unlinked(module)
    emit_invalidate(module)
    emit_probe(module)
    emit_runtime(module)
    return module.text()


def compile_interpreter(text: str) -> bytes:
    """The wasm module of what `emit` gave."""
    exports = {name: name for name in EXPORTS} | {symbol(name): name for name in RUNTIME}
    return finish(compile_ir(text, local=True), exports)


def build_interpreter() -> bytes:
    """The interpreter's wasm module; the same bytes for the same rows and LLVM."""
    return compile_interpreter(emit())


def emit_unlinked(module: Module) -> None:
    """`unlinked(hart) -> next_pc`: what a table slot holds before its function: have that put there, and call it."""
    f = module.function("unlinked", "i32", [("hart", 32)])
    (hart,) = f.arguments
    f.emit(f"call void @trap(i32 {CAUSE_UNLINKED})")
    pc = f.load(64, hart, HART_PC, align=8).trunc(32)
    index = f.load(32, pc << 1, CODE_MAP, align=4)
    callee = f.let(0, f"inttoptr i32 {index.raw} to ptr")
    f.give((f.let(32, f"call i32 {callee.raw}(i32 {hart.raw})"),))
    f.finish()


def emit_invalidate(module: Module) -> None:
    """`invalidate(start, end)`: forget the records made from guest bytes [start, end).

    Pages that no record was made from are passed over: their records are not even touched.
    """
    f = module.function("invalidate", "void", [("start", 32), ("end", 32)])
    start, end = f.arguments
    # An instruction that began before `start` may have been decoded together with what follows it.
    first = start.compare("ult", GUEST_START + REACH).select(f.const(GUEST_START, 32), (start - REACH) & ~1)
    last = end.compare("ult", WINDOW_END).select((end + 1) & ~1, f.const(WINDOW_END, 32))
    f.goto("head")
    f.place("head")
    at = f.let(32, f"phi i32 [ {first.raw}, %entry ], [ %next, %skip ]")
    f.branch(at.ult(last), "page", "done")
    f.place("page")
    following = ((at >> PAGE_SHIFT) + 1) << PAGE_SHIFT
    f.emit(f"%next = select i1 {following.ult(last).raw}, i32 {following.raw}, i32 {last.raw}")
    next_at = type(at)(f, 32, "%next")
    decoded = f.load(8, at >> PAGE_SHIFT, RECORDS)
    f.branch(decoded.ne(0), "clear", "skip")
    f.place("clear")
    shift = SCALE.bit_length() - 1
    pointer = f.pointer(at << shift, RECORDS)
    module.declare("llvm.memset.p0.i32", "void @(ptr, i8, i32, i1)")
    nbytes = (next_at - at) << shift
    f.emit(f"call void @llvm.memset.p0.i32(ptr {pointer}, i8 0, i32 {nbytes.raw}, i1 false)")
    f.goto("skip")
    f.place("skip")
    f.goto("head")
    f.place("done")
    f.give(())
    f.finish()


def emit_probe(module: Module) -> None:
    """`probe(hart)`: write HART_SURE, and whether the host fuses f64x2.relaxed_madd and f32x4.relaxed_madd.

    (1 + e)(1 - e) - 1 is -e*e if it is rounded once, and 0 if the product is rounded first.
    """
    f = module.function("probe", "void", [("hart", 32)])
    (hart,) = f.arguments
    fused = f.const(1, 1)
    for width, above, below, minus_one in (
        (64, 0x3FF0_0000_0040_0000, 0x3FEF_FFFF_FF80_0000, 0xBFF0_0000_0000_0000),
        (32, 0x3F80_0100, 0x3F7F_FE00, 0xBF80_0000),
    ):
        a, b, c = (f.opaque(f.const(bits, width)) for bits in (above, below, minus_one))
        fused = fused & f.native("ffma", a, b, c).ne(0)
    f.store(fused.zext(32), hart, HART_HOST_FMA, align=4)
    for lane in range(2):
        f.store(f.const(SURE_EXPONENT, 64), hart, HART_SURE + 8 * lane, align=8)
    f.give(())
    f.finish()
