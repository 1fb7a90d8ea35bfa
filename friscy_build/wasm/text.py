"""Function bodies as text, for people to read: one instruction a line, indented by nesting."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from friscy_build.wasm import opcodes
from friscy_build.wasm.opcodes import OPCODES

_TYPES = {0x7F: "i32", 0x7E: "i64", 0x7D: "f32", 0x7C: "f64", 0x7B: "v128", 0x40: ""}
_CONTROL = {
    name.lower(): getattr(opcodes, name)
    for name in "UNREACHABLE BLOCK LOOP IF ELSE END BR BR_IF BR_TABLE RETURN CALL CALL_INDIRECT RETURN_CALL".split()  # noqa: SIM905
} | {"return_call_indirect": opcodes.RETURN_CALL_INDIRECT, "drop": opcodes.DROP, "select": opcodes.SELECT}
_NAMES = {code: name for name, code in {**OPCODES, **_CONTROL}.items()}
_NAMES |= {
    opcodes.LOCAL_GET: "local.get",
    opcodes.LOCAL_SET: "local.set",
    opcodes.LOCAL_TEE: "local.tee",
    opcodes.I32_CONST: "i32.const",
    opcodes.I64_CONST: "i64.const",
    b"\x44": "f64.const",
}
_LONGEST = max(map(len, _NAMES))


class _Body:
    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def number(self, *, signed: bool = False) -> int:
        value = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        return value - (1 << shift) if signed and byte & 0x40 else value

    def opcode(self) -> str:
        for length in range(1, _LONGEST + 1):
            found = _NAMES.get(self.data[self.at : self.at + length])
            if found is not None:
                self.at += length
                return found
        raise ValueError(f"an opcode that is not known at {self.at}: {self.data[self.at]:#x}")


def instructions(
    body: bytes, name_of: Callable[[str, int], str] = lambda kind, index: str(index)
) -> Iterator[str]:
    """The lines of a function's body, its locals' declaration included.

    name_of: how a `local` or a `function` with a number is called. ValueError: it has opcodes that we do not write.
    """
    reader, depth = _Body(body), 1
    for _ in range(reader.number()):
        reader.number()
        reader.at += 1
    while reader.at < len(body):
        name = reader.opcode()
        words = [name]
        if name in ("block", "loop", "if"):
            words.append(_TYPES[reader.number()])
        elif name in ("br", "br_if"):
            words.append(str(reader.number()))
        elif name == "br_table":
            words += [str(reader.number()) for _ in range(reader.number() + 1)]
        elif name in ("call", "return_call"):
            words.append(name_of("function", reader.number()))
        elif name in ("call_indirect", "return_call_indirect"):
            words.append(f"(type {reader.number()})")
            reader.at += 1
        elif name.startswith("local."):
            words.append(name_of("local", reader.number()))
        elif name in ("f64.const", "v128.const", "i8x16.shuffle"):
            nbytes = 8 if name == "f64.const" else 16
            words.append(reader.data[reader.at : reader.at + nbytes].hex())
            reader.at += nbytes
        elif name.endswith(".const"):
            words.append(str(reader.number(signed=True)))
        elif ".load" in name or ".store" in name:
            reader.number()
            offset = reader.number()
            words += [f"offset={offset}"] if offset else []
            if name.endswith("_lane"):
                words.append(str(reader.number()))
        if name in ("end", "else"):
            depth -= 1
        yield "  " * max(depth, 0) + " ".join(word for word in words if word)
        if name in ("block", "loop", "if", "else"):
            depth += 1
