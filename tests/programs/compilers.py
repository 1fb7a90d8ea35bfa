"""Compile the programs of c/ for the guest; what was compiled before is taken from the cache."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from hashlib import sha256
from pathlib import Path

from required_tools import require_tool
from rootfs import HOME, debian

from friscy_build.cache import locked, replacing

SOURCES = Path(__file__).parent / "c"
# Rounding modes are used; libatomic has the atomics narrower than a word.
FLAGS = ("-w", "-frounding-math")
GCC_LIBRARIES = {
    "static": ("-static", "-lm", "-latomic"),
    "dynamic": ("-lm", "-Wl,-Bstatic", "-latomic", "-Wl,-Bdynamic"),
}

BUILDS = {
    "gcc -O0": ("gcc", "-O0", "static"),
    "gcc -O2": ("gcc", "-O2", "static"),
    "gcc -O2 dynamic": ("gcc", "-O2", "dynamic"),
    "musl clang -O2": ("clang", "-O2", "static"),
    "musl clang -O2 dynamic": ("clang", "-O2", "dynamic"),
}


def compiled(source: str, build: str) -> bytes:
    """The executable of c/`source`; build: a key of BUILDS, or "g++"."""
    path = SOURCES / source
    commands = _commands(path, build)
    key = sha256(
        repr(
            [_compiler_version(tuple(commands[0][: 3 if "ziglang" in commands[0] else 1])), commands]
        ).encode()
        + path.read_bytes()
    )
    made = HOME / "compiled" / key.hexdigest()[:32]
    with locked(made.parent):
        if not made.exists():
            work = made.with_suffix(".work")
            work.mkdir(exist_ok=True)
            for command in commands:
                done = subprocess.run(command, cwd=work, capture_output=True, text=True)
                assert done.returncode == 0, f"{' '.join(command)}\n{done.stderr[:4000]}"
            with replacing(made) as file:
                file.write((work / "program").read_bytes())
            for each in work.iterdir():
                each.unlink()
            work.rmdir()
    return made.read_bytes()


def _commands(path: Path, build: str) -> list[list[str]]:
    if build == "g++":
        compiler = require_tool("riscv64-linux-gnu-g++")
        return [[compiler, "-O2", "-w", "-static", "-o", "program", str(path)]]
    family, level, linkage = BUILDS[build]
    gcc = require_tool("riscv64-linux-gnu-gcc")
    if family == "gcc":
        return [[gcc, level, *FLAGS, "-o", "program", str(path), *GCC_LIBRARIES[linkage]]]
    root = debian("musl").files / "usr"
    lib = root / "lib" / "riscv64-linux-musl"
    headers = ["-nostdinc", "-isystem", str(root / "include" / "riscv64-linux-musl")]
    zig = [sys.executable, "-m", "ziglang"]
    clang = [*zig, "cc", "-target", "riscv64-linux-musl", "-fno-sanitize=undefined"]
    static = linkage == "static"
    linked = ["-static"] if static else ["--dynamic-linker=/lib/ld-musl-riscv64.so.1"]
    # Debian 12's ld breaks down over Debian 13's musl; zig's does not.
    return [
        [*clang, level, *FLAGS, *headers, "-c", "-o", "program.o", str(path)],
        [
            *zig, "ld.lld", *linked, "-o", "program", str(lib / "crt1.o"), str(lib / "crti.o"), "program.o",
            f"-L{lib}", "--start-group", "-lc", _libgcc(gcc), "--end-group", str(lib / "crtn.o"),
        ],
    ]  # fmt: skip


@cache
def _libgcc(gcc: str) -> str:
    """128-bit long double and the like, which the C library leaves to the compiler's own."""
    command = [gcc, "-print-libgcc-file-name"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@cache
def _compiler_version(command: tuple[str, ...]) -> str:
    run = [*command, "--version"] if "ziglang" not in command else [*command[:3], "version"]
    return subprocess.run(run, capture_output=True, text=True, check=True).stdout
