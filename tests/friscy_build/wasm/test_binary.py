"""Numbers and modules in WebAssembly's binary format, as wasmtime reads them; bodies as text."""

from __future__ import annotations

import pytest
import wasmtime

from friscy_build.wasm import opcodes as wasm
from friscy_build.wasm.binary import (
    CODE,
    EXPORT,
    FUNCTION,
    I64,
    KIND_FUNCTION,
    MAGIC,
    TYPE,
    Types,
    leb,
    name,
    section,
    sleb,
    vector,
)
from friscy_build.wasm.opcodes import OPCODES
from friscy_build.wasm.text import instructions

NUMBERS = [0, 1, 63, 64, 127, 128, 1 << 31, (1 << 63) - 1, -1, -64, -65, -(1 << 63), (1 << 64) - 1]


def call(body: bytes) -> int:
    """What a function () -> i64 of this body gives."""
    types = Types()
    kind = types.number((b"", bytes([I64])))
    assert types.number((b"", bytes([I64]))) == kind
    wasm_module = MAGIC + section(TYPE, types.contents()) + section(FUNCTION, vector([leb(kind)]))
    wasm_module += section(EXPORT, vector([name("f") + bytes([KIND_FUNCTION]) + leb(0)]))
    wasm_module += section(CODE, vector([leb(len(body)) + body]))
    store = wasmtime.Store()
    function = wasmtime.Instance(store, wasmtime.Module(store.engine, wasm_module), []).exports(store)["f"]
    assert isinstance(function, wasmtime.Func)
    result: int = function(store)
    return result


@pytest.mark.parametrize("number", NUMBERS)
def test_constants(number: int) -> None:
    given = call(b"\0" + wasm.I64_CONST + sleb(number) + wasm.END)
    assert given % (1 << 64) == number % (1 << 64)


def test_unsigned_numbers_as_the_specification_has_them() -> None:
    assert leb(624485) == b"\xe5\x8e\x26"
    assert sleb(-123456) == b"\xc0\xbb\x78"


def test_bodies_as_text() -> None:
    body = vector([leb(2) + bytes([I64])])
    body += wasm.BLOCK + b"\x40" + wasm.LOCAL_GET + b"\0" + OPCODES["i64.eqz"] + wasm.BR_IF + b"\0" + wasm.END
    body += wasm.I64_CONST + sleb(-7) + wasm.LOCAL_GET + b"\1" + OPCODES["i64.shr_u"] + wasm.END
    assert list(instructions(body, lambda kind, index: f"${kind[0]}{index}")) == [
        "  block",
        "    local.get $l0",
        "    i64.eqz",
        "    br_if 0",
        "  end",
        "  i64.const -7",
        "  local.get $l1",
        "  i64.shr_u",
        "end",
    ]
    vector_constant = b"\0" + OPCODES["v128.const"] + bytes(16) + wasm.END
    assert list(instructions(vector_constant)) == [f"  v128.const {'0' * 32}", "end"]
    with pytest.raises(ValueError, match="not known"):
        list(instructions(b"\0\xff"))
