"""Guest programs (tests/guest/*.c): compiled once, and run under qemu-riscv64."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

from required_tools import require_tool

SOURCES = Path(__file__).resolve().parents[1] / "guest"
COMPILER = "riscv64-linux-gnu-gcc"
EMULATOR = "qemu-riscv64"


def compile_guest(name: str, cache: Path) -> Path:
    """The static riscv64 program of tests/guest/NAME.c; compiled again only when its source changed."""
    source = SOURCES / f"{name}.c"
    key = hashlib.sha256(source.read_bytes() + (SOURCES / "guest.h").read_bytes()).hexdigest()[:16]
    program = cache / f"{name}-{key}"
    if not program.exists():
        cache.mkdir(parents=True, exist_ok=True)
        made = program.with_suffix(f".{os.getpid()}")
        flags = ["-static", "-O1", "-w"]
        subprocess.run([require_tool(COMPILER), *flags, "-o", made, source], check=True)
        made.rename(program)
    return program


def run_on_linux(program: Path, directory: Path, *args: str, stdin: bytes = b"") -> tuple[int, str]:
    """(exit status, output) of a program under qemu-riscv64, which hands its calls to the host's Linux."""
    environment = {"PATH": "/bin"}
    command = [require_tool(EMULATOR), program, *args]
    done = subprocess.run(
        command, cwd=directory, input=stdin, capture_output=True, env=environment, timeout=60
    )
    assert not done.stderr, done.stderr.decode()
    return done.returncode if done.returncode >= 0 else 128 - done.returncode, done.stdout.decode()
