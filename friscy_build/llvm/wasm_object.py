"""A relocatable wasm object from LLVM becomes a module that every host can instantiate. No linker is needed:
the code is final but for its imports and exports, as long as it has no data, no stack and no unknown callee.

Formats: WebAssembly core binary format; WebAssembly tool conventions, "Linking" (the symbol table).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from friscy.machine.layout import WASM_PAGES
from friscy_build.wasm.binary import (
    CODE,
    CUSTOM,
    DATA,
    ELEMENT,
    EXPORT,
    FUNCREF,
    FUNCTION,
    I32,
    IMPORT,
    KIND_FUNCTION,
    KIND_GLOBAL,
    KIND_MEMORY,
    KIND_TABLE,
    TYPE,
    leb,
    name,
    table_segment,
)

# Linking section: its symbol table, and what of a symbol's flags says that its name is given.
SYMBOL_TABLE = 8
SYMBOL_FUNCTION, SYMBOL_DATA, SYMBOL_SECTION = 0, 1, 3
FLAG_UNDEFINED, FLAG_EXPLICIT_NAME = 0x10, 0x40

ENGINE_IMPORTS = frozenset({"syscall", "trap"})


class Reader:
    """A cursor over bytes of the wasm binary format."""

    def __init__(self, data: bytes, at: int = 0) -> None:
        self.data, self.at = data, at

    def byte(self) -> int:
        self.at += 1
        return self.data[self.at - 1]

    def leb(self) -> int:
        """An unsigned LEB128."""
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def bytes(self) -> bytes:
        """A vector of bytes: its length, then they."""
        length = self.leb()
        self.at += length
        return self.data[self.at - length : self.at]

    def text(self) -> str:
        return self.bytes().decode()

    def limits(self) -> None:
        flags = self.leb()
        self.leb()
        if flags & 1:
            self.leb()


def sections(module: bytes) -> Iterator[tuple[int, bytes]]:
    """(section id, contents) in file order."""
    reader = Reader(module, 8)
    while reader.at < len(module):
        yield reader.byte(), reader.bytes()


@dataclass(frozen=True)
class _Import:
    name: str
    kind: int
    type_index: int = 0


def _imports(contents: bytes) -> Iterator[_Import]:
    reader = Reader(contents)
    for _ in range(reader.leb()):
        reader.text()
        field, kind = reader.text(), reader.byte()
        if kind == KIND_FUNCTION:
            yield _Import(field, kind, reader.leb())
            continue
        if kind == KIND_TABLE:
            reader.byte()
            reader.limits()
        elif kind == KIND_MEMORY:
            reader.limits()
        else:
            reader.at += 2
        yield _Import(field, kind)


def function_indices(linking: bytes) -> dict[str, int]:
    """Function index of each defined function symbol, from the contents of the `linking` custom section."""
    reader, found = Reader(linking), {}
    reader.leb()  # version
    while reader.at < len(linking):
        kind, table = reader.byte(), Reader(reader.bytes())
        if kind != SYMBOL_TABLE:
            continue
        for _ in range(table.leb()):
            kind, flags = table.byte(), table.leb()
            defined = not flags & FLAG_UNDEFINED
            if kind == SYMBOL_DATA:
                table.text()
                if defined:
                    for _ in range(3):
                        table.leb()
            elif kind == SYMBOL_SECTION:
                table.leb()
            else:
                index = table.leb()
                symbol = table.text() if defined or flags & FLAG_EXPLICIT_NAME else ""
                if kind == SYMBOL_FUNCTION and defined:
                    found[symbol] = index
    return found


def finish(
    module_object: bytes,
    exports: Collection[str] | Mapping[str, str],
    imports: Collection[str] = ENGINE_IMPORTS,
    table: Sequence[str] = (),
) -> bytes:
    """The finished module: it imports `env.memory`, `env.table` and the functions `imports`.

    exports: function names, or a mapping of function name to exported name.
    table: functions that the module puts into the table, from the imported global `env.table_base` upwards.
    ValueError where the object needs what a linker or C runtime would bring: data, a stack, other functions.
    """
    found = list(sections(module_object))
    wanted = dict(exports) if isinstance(exports, Mapping) else {n: n for n in exports}
    indices: dict[str, int] = {}
    for kind, contents in found:
        if kind == CUSTOM:
            reader = Reader(contents)
            if reader.text() == "linking":
                indices = function_indices(contents[reader.at :])
        elif kind == DATA and contents != b"\0":
            raise ValueError("the object has a data section: its addresses would be the guest's")
    missing = sorted({*wanted, *table} - set(indices))
    if missing:
        raise ValueError(f"the object does not define {', '.join(missing)}")

    out = bytearray(module_object[:8])

    def put(kind: int, contents: bytes) -> None:
        out.extend(bytes([kind]) + leb(len(contents)) + contents)

    entries = [name(symbol) + bytes([KIND_FUNCTION]) + leb(indices[n]) for n, symbol in wanted.items()]
    for kind, contents in found:
        if kind == IMPORT:
            contents = _import_section(contents, imports, table_base=bool(table))
        elif kind == CODE:
            put(EXPORT, leb(len(entries)) + b"".join(entries))
            if table:
                # One active segment of table 0 at global.get 0, the only global there is.
                put(ELEMENT, table_segment((indices[n] for n in table), b"\x23\0"))
        if kind in (TYPE, IMPORT, FUNCTION, CODE):
            put(kind, contents)
    return bytes(out)


def _import_section(contents: bytes, functions: Collection[str], *, table_base: bool) -> bytes:
    """The object's import section with our names for memory and table; function order is kept."""
    entries = []
    if table_base:
        entries.append(name("env") + name("table_base") + bytes([KIND_GLOBAL, I32, 0]))
        if not any(item.kind == KIND_TABLE for item in _imports(contents)):
            entries.append(name("env") + name("table") + bytes([KIND_TABLE, FUNCREF, 0, 1]))
    for item in _imports(contents):
        if item.kind == KIND_MEMORY:
            field, what = "memory", bytes([KIND_MEMORY, 0]) + leb(WASM_PAGES)
        elif item.kind == KIND_TABLE:
            field, what = "table", bytes([KIND_TABLE, FUNCREF, 0, 1])
        elif item.kind == KIND_FUNCTION and item.name in functions:
            field, what = item.name, bytes([KIND_FUNCTION]) + leb(item.type_index)
        else:
            raise ValueError(f"the object needs {item.name}, which no host has")
        entries.append(name("env") + name(field) + what)
    return leb(len(entries)) + b"".join(entries)
