"""The C library's string functions, recognised by name and given bodies that use SIMD and bulk memory.

The bodies are `strings.c`, compiled to `strings.ll` (LLVM IR) by

    python -m friscy_build.aot.strings

A routine is tried before the guest's own code: it declines what it does not handle, before it has done anything.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from friscy.machine.layout import GUEST_END, GUEST_START
from friscy_build.llvm.trace import Module
from friscy_build.wasm.opcodes import OPCODES

SOURCE = Path(__file__).with_name("strings.c")
COMPILED = SOURCE.with_suffix(".ll")
DECLINED = (1 << 64) - 1
ATTRIBUTES = "nounwind null_pointer_is_valid"

# (what gives what the body gave, what gives each argument) -> what gives a0, all WebAssembly
Result = Callable[[bytes, Sequence[bytes]], bytes]


def _as_is(given: bytes, arguments: Sequence[bytes]) -> bytes:
    return given


def _difference(given: bytes, arguments: Sequence[bytes]) -> bytes:
    return given + OPCODES["i64.extend32_s"]


def _first(given: bytes, arguments: Sequence[bytes]) -> bytes:
    return arguments[0]


def _behind(given: bytes, arguments: Sequence[bytes]) -> bytes:
    return arguments[0] + arguments[2] + OPCODES["i64.add"]


@dataclass(frozen=True)
class Routine:
    """body: a function of strings.c. nargs: how many registers from a0 on it takes. result: a0 afterwards."""

    body: str
    nargs: int
    result: Result = _as_is


ROUTINES = {
    "memcpy": Routine("string_move", 3),
    "memmove": Routine("string_move", 3),
    "mempcpy": Routine("string_move", 3, _behind),
    "memset": Routine("string_set", 3),
    "memcmp": Routine("string_compare_bytes", 3, _difference),
    "bcmp": Routine("string_compare_bytes", 3, _difference),
    "memchr": Routine("string_find_byte", 3),
    "memrchr": Routine("string_find_last", 3),
    "rawmemchr": Routine("string_find_raw", 2),
    "strlen": Routine("string_length", 1),
    "strnlen": Routine("string_length_limited", 2),
    "strchr": Routine("string_find", 2),
    "index": Routine("string_find", 2),
    "strchrnul": Routine("string_find_or_end", 2),
    "strcmp": Routine("string_compare", 2, _difference),
    "strncmp": Routine("string_compare_limited", 3, _difference),
    "strcpy": Routine("string_copy_end", 2, _first),
    "stpcpy": Routine("string_copy_end", 2),
}
# glibc's own names: __memcpy_generic, __strchrnul, and so on.
_DECORATED = re.compile(
    r"^(?:__)?(?:libc_|GI_|new_)?([a-z]+?)(?:_(?:generic|noalignment|unaligned|default))?(?:@.*)?$"
)


def routine_for(name: str) -> Routine | None:
    """The routine for the function of that name, if it is a string function of the C library."""
    found = _DECORATED.match(name)
    return ROUTINES.get(found.group(1)) if found else None


def add_body(module: Module, name: str) -> None:
    """Add a body, and what it calls, to a module that does not have it yet."""
    if name in module.names:
        return
    module.names.add(name)
    functions, declarations = _compiled()
    text = functions[name]
    for called in re.findall(r"@([\w.]+)\(", text.partition("\n")[2]):
        if called in functions:
            add_body(module, called)
        else:
            module.declare(called, declarations[called])
    module.add(text)


@cache
def _compiled() -> tuple[dict[str, str], dict[str, str]]:
    """(text of each function, signature of each declaration) of the compiled file."""
    text = COMPILED.read_text()
    functions = {
        found.group(1): found.group(0) for found in re.finditer(r"(?ms)^define .*?@(\w+)\(.*?^}$", text)
    }
    declarations = {}
    for line in re.findall(r"^declare (.*)$", text, re.MULTILINE):
        name = re.search(r"@([\w.]+)\(", line)
        assert name is not None
        declarations[name.group(1)] = line.replace(f"@{name.group(1)}(", "@(")
    return functions, declarations


def key() -> str:
    """What the compiled file depends on, as its first line has it."""
    layout = f"GUEST_START={GUEST_START:#x} GUEST_END={GUEST_END:#x}"
    return f"; {sha256(SOURCE.read_bytes()).hexdigest()[:16]} {layout}"


def compile_source() -> str:
    """strings.c as LLVM IR, without what depends on the compiler's version."""
    features = "generic+simd128+bulk_memory+nontrapping_fptoint+sign_ext"
    flags = ["-ffreestanding", "-fno-builtin", "-fno-strict-aliasing", "-fno-delete-null-pointer-checks"]
    flags += ["-fno-stack-protector", "-fno-sanitize=all", "-fno-vectorize", "-fno-slp-vectorize"]
    flags += ["-fno-unroll-loops", "-fno-discard-value-names", "-Wall", "-Wno-int-to-pointer-cast"]
    limits = [f"-DGUEST_START={GUEST_START:#x}u", f"-DGUEST_END={GUEST_END:#x}u"]
    target = ["-target", "wasm32-freestanding", f"-mcpu={features}", "-O2", "-g0"]
    command = [sys.executable, "-m", "ziglang", "cc", *target, *flags, *limits, "-S", "-emit-llvm"]
    with tempfile.TemporaryDirectory() as place:
        output = Path(place) / "strings.ll"
        subprocess.run([*command, "-o", str(output), str(SOURCE)], check=True, stderr=subprocess.DEVNULL)
        text = output.read_text()
    apart = re.findall(r"(?m)^attributes (#\d+) = \{.*\bnoinline\b", text)
    text = re.sub(rf"(?m)^define (.*) ({'|'.join(apart)}) \{{$", r"define \1 noinline {", text)
    text = re.sub(r"(?m)^(;.*|source_filename.*|target .*|attributes .*|!.*|\$.*)\n", "", text)
    text = re.sub(r", !llvm\.loop !\d+|, !prof !\d+| #\d+| local_unnamed_addr| hidden| dso_local", "", text)
    text = re.sub(r"(?m)^define (.*)\{$", rf"define \1{ATTRIBUTES} {{", text)
    return f"{key()}\n" + re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


if __name__ == "__main__":
    COMPILED.write_text(compile_source())
