"""The vector opcodes are what WebAssembly's own assembler makes of their names."""

from __future__ import annotations

import re

import pytest
import wasmtime

from friscy_build.wasm import opcodes as wasm
from friscy_build.wasm.opcodes import OPCODES
from friscy_build.wasm.text import instructions

VECTORS = [name for name, code in OPCODES.items() if code.startswith(b"\xfd")]
LANES = {"i8x16": "i32", "i16x8": "i32", "i32x4": "i32", "i64x2": "i64", "f32x4": "f32", "f64x2": "f64"}
PLACES = {"i32": 0, "i64": 1, "f32": 2, "f64": 3, "v128": 4}
MASK = bytes(range(15, -1, -1))


def assembled(name: str) -> tuple[str, bytes]:
    """(an instruction as the assembler wants it behind its operands, the bytes that stand behind the opcode)."""
    if name == "v128.const":
        return f"{name} i8x16 {' '.join(map(str, MASK))}", MASK
    if name == "i8x16.shuffle":
        return f"{name} {' '.join(map(str, MASK))}", MASK
    if name.endswith("_lane"):
        return f"{name} offset=5 align=1 1", b"\0\5\1"
    if ".load" in name or ".store" in name:
        return f"{name} offset=5 align=1", b"\0\5"
    return name, b""


def operands(name: str) -> list[str]:
    shape, _, rest = name.partition(".")
    if name == "v128.const":
        return []
    if ".load" in name:
        return ["i32"]
    if ".store" in name:
        return ["i32", "v128"]
    if rest == "splat":
        return [LANES[shape]]
    if rest in ("shl", "shr_s", "shr_u"):
        return ["v128", "i32"]
    if "madd" in rest:
        return ["v128"] * 3
    return ["v128"] * (1 if re.match("neg|abs|sqrt|not$|extend|extract", rest) else 2)


@pytest.mark.parametrize("name", VECTORS)
def test_a_vector_opcode(name: str) -> None:
    text, behind = assembled(name)
    gets = " ".join(f"local.get {PLACES[kind]}" for kind in operands(name))
    result = "" if ".store" in name else "drop"
    module = wasmtime.wat2wasm(
        f"(module (memory 1) (func (param i32 i64 f32 f64 v128) {gets} {text} {result}))"
    )
    body = b"".join(wasm.LOCAL_GET + bytes([PLACES[kind]]) for kind in operands(name))
    body += OPCODES[name] + behind + (wasm.DROP if result else b"") + wasm.END
    assert body in bytes(module)
    line = list(instructions(b"\0" + body))[len(operands(name))]
    assert line.split()[0] == name.split()[0]
