"""Objects become modules without a linker, or are refused."""

from __future__ import annotations

import pytest
import wasmtime

from friscy_build.isa.value import Value, helper
from friscy_build.llvm.target import compile_ir
from friscy_build.llvm.trace import Module
from friscy_build.llvm.wasm_object import finish

HEAD = 'target triple = "wasm32-unknown-unknown"\n'


@helper((64, 64), (64, 32))
def sum_and_low_difference(a: Value, b: Value) -> tuple[Value, Value]:
    return a + b, (a - b).trunc(32)


def test_a_helper_with_two_results_needs_no_stack() -> None:
    module = Module()
    f = module.function("both", "i64", [("a", 64), ("b", 64)])
    total, difference = f.call(sum_and_low_difference, *f.arguments)
    f.give((total ^ (difference.zext(64) << 32),))
    f.finish()
    wasm = finish(compile_ir(module.text()), {"both": "renamed"})
    store = wasmtime.Store()
    loaded = wasmtime.Module(store.engine, wasm)
    assert [item.name for item in loaded.imports] == ["memory"]
    memory = wasmtime.Memory(store, wasmtime.MemoryType(wasmtime.Limits(65536, None)))
    call = wasmtime.Instance(store, loaded, [memory]).exports(store)["renamed"]
    assert isinstance(call, wasmtime.Func)
    assert call(store, 7, 3) == 10 ^ 4 << 32


@pytest.mark.parametrize("count", [0, 1, 5])
def test_repeat_and_cond(count: int) -> None:
    module = Module()
    f = module.function("run", "i64", [("a", 64)])
    (a,) = f.arguments

    def step(x: Value) -> tuple[Value]:
        (y,) = f.cond((x & 1).eq(0), lambda: (x + 1,), lambda: (f.opaque(x) * 3,))
        return (y,)

    f.give(f.repeat(count, step, (a,)))
    f.finish()
    store = wasmtime.Store()
    loaded = wasmtime.Module(store.engine, finish(compile_ir(module.text()), ["run"]))
    memory = wasmtime.Memory(store, wasmtime.MemoryType(wasmtime.Limits(65536, None)))
    call = wasmtime.Instance(store, loaded, [memory]).exports(store)["run"]
    assert isinstance(call, wasmtime.Func)
    expected = 4
    for _ in range(count):
        expected = expected * 3 if expected & 1 else expected + 1
    assert call(store, 4) == expected


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("@x = global i32 7\ndefine i32 @f() {\n %v = load i32, ptr @x\n ret i32 %v }", "data section"),
        (
            "declare i32 @elsewhere()\ndefine i32 @f() {\n %v = call i32 @elsewhere()\n ret i32 %v }",
            "elsewhere",
        ),
        ("define i128 @f(i128 %a, i128 %b) {\n %v = mul i128 %a, %b\n ret i128 %v }", "__multi3"),
        ("define i32 @g() {\n ret i32 1 }", "does not define f"),
    ],
)
def test_what_needs_a_linker_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        finish(compile_ir(HEAD + text), ["f"])
