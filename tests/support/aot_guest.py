"""Translated code in the interpreter tests' bare machine: an ELF file around some code, and its functions installed."""

from __future__ import annotations

import importlib.util
import random
import struct
import sys
import threading
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import wasmtime

from friscy.machine.layout import CODE_MAP
from friscy_build.aot.discover import Functions
from friscy_build.aot.image import CodeImage
from friscy_build.aot.jobs import plan, translate_units
from friscy_build.aot.module import DEFAULT, Options

_INTERPRETER_TESTS = Path(__file__).parents[1] / "friscy_build" / "interpreter"
if str(_INTERPRETER_TESTS) not in sys.path:
    sys.path.append(str(_INTERPRETER_TESTS))

_spec = importlib.util.spec_from_file_location("interpreter_guest", _INTERPRETER_TESTS / "conftest.py")
assert _spec is not None
assert _spec.loader is not None
_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)
Guest: Any = _module.Guest
CODE: int = _module.CODE
STACK: int = _module.STACK


def elf_file(code: bytes, at: int = CODE, entry: int | None = None) -> bytes:
    """A static executable whose one segment is `code` at `at`."""
    base = at & ~0xFFF
    offset = 0x1000 + (at - base)
    header = struct.pack(
        "<16sHHIQQQIHHHHHH",
        b"\x7fELF\2\1\1".ljust(16, b"\0"),
        2,
        243,
        1,
        entry or at,
        64,
        0,
        5,
        64,
        56,
        1,
        0,
        0,
        0,
    )
    segment = struct.pack("<IIQQQQQQ", 1, 5, offset, at, at, len(code), len(code), 0x1000)
    return (header + segment).ljust(offset, b"\0") + code


def elf_with_symbols(code: bytes, functions: Iterable[tuple[int, int]], at: int = CODE) -> bytes:
    """The same with a symbol for each function, (address, bytes)."""
    elf = elf_file(code, at)
    names, symbols = b"\0", bytes(24)
    for address, nbytes in functions:
        symbols += struct.pack("<IBBHQQ", len(names), 0x12, 0, 1, address, nbytes)
        names += f"at_{address:x}".encode() + b"\0"
    sections = b"\0.text\0.symtab\0.strtab\0"
    elf += bytes(-len(elf) % 8)
    starts = [len(elf), len(elf) + len(symbols), len(elf) + len(symbols) + len(names)]
    headers = struct.pack("<IIQQQQIIQQ", *[0] * 10)
    headers += struct.pack("<IIQQQQIIQQ", 1, 1, 6, at, 0x1000 + at % 0x1000, len(code), 0, 0, 2, 0)
    headers += struct.pack("<IIQQQQIIQQ", 7, 2, 0, 0, starts[0], len(symbols), 3, 1, 8, 24)
    headers += struct.pack("<IIQQQQIIQQ", 15, 3, 0, 0, starts[1], len(names), 0, 0, 1, 0)
    headers += struct.pack("<IIQQQQIIQQ", 15, 3, 0, 0, starts[2], len(sections), 0, 0, 1, 0)
    elf += symbols + names + sections
    elf += bytes(-len(elf) % 8)
    header = bytearray(elf[:64])
    struct.pack_into("<Q", header, 40, len(elf))
    struct.pack_into("<HHH", header, 58, 64, 5, 4)
    return bytes(header) + elf[64:] + headers


def code_of(words: list[int]) -> bytes:
    return b"".join(word.to_bytes(4 if word & 3 == 3 else 2, "little") for word in words)


def install(
    guest: Any,
    elf: bytes,
    entries: Iterable[int] | None = None,
    *,
    options: Options = DEFAULT,
    share: float = 1,
    calls: Mapping[int, int] | None = None,
    ran: Collection[int] = (),
) -> list[int]:
    """Translate `elf`, whose code `guest` has, and enter (a share of) its functions into the code map; their pcs.

    calls: where indirect calls are likely to go. ran: the instructions that were seen to run, if somebody looked.
    """
    installed = []
    rng = random.Random(len(elf))
    functions = Functions(CodeImage(elf), limit=options.largest, calls=calls, ran=ran)
    for part in translate_units(plan(elf, entries=entries, options=options, functions=functions)):
        first = guest.table.grow(guest.store, len(part.entries), None)
        constant = wasmtime.GlobalType(wasmtime.ValType.i32(), False)
        guest._imports["table_base"] = wasmtime.Global(guest.store, constant, wasmtime.Val.i32(first))
        guest.instantiate(wasmtime.Module(guest.engine, part.wasm))
        for slot, pc in enumerate(part.entries, first):
            if rng.random() < share:
                struct.pack_into("<I", guest.memory, CODE_MAP + 2 * pc, slot)
                installed.append(pc)
    guest.exports["invalidate"](guest.store, CODE, CODE + len(elf))
    return installed


def run_till_interrupted(guest: Guest, pc: int = CODE) -> None:
    """Run what does not end by itself, and see that an interrupt ends it."""
    ended = threading.Event()

    def run() -> None:
        guest.run(pc)
        ended.set()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert not ended.wait(0.2)
    guest.interrupt(1)
    assert ended.wait(10)
