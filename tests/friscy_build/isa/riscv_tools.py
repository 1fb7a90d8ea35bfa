"""GNU binutils for riscv64 and qemu-user, the outside judges of the ISA tests. A missing tool is a failure."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from required_tools import require_tool

ARCH = "-march=rv64imafdc_zicsr_zifencei"
QEMU_CORE = "rv64"  # sees extensions beyond RV64GC
QEMU_RV64GC = "sifive-u54"  # has no others, but the fmin and fmax of an older manual


def _binutils(name: str) -> str:
    return require_tool("riscv64-linux-gnu-objdump").removesuffix("objdump") + name


def _run(*command: str, **options: object) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run(command, capture_output=True, timeout=120, **options)  # type: ignore[call-overload]
    assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stderr.decode()[:4000]}"
    return done  # type: ignore[no-any-return]


def assemble(source: str, directory: Path) -> bytes:
    """The bytes of .text."""
    path, obj, raw = directory / "a.s", directory / "a.o", directory / "a.bin"
    path.write_text(source)
    _run(_binutils("as"), ARCH, "-o", str(obj), str(path))
    _run(_binutils("objcopy"), "-O", "binary", "-j", ".text", str(obj), str(raw))
    return raw.read_bytes()


def disassemble_bytes(code: bytes, directory: Path) -> dict[int, tuple[int, str]]:
    """objdump's reading of `code` placed at 0: address -> (word, text without comments)."""
    path = directory / "code.bin"
    path.write_bytes(code)
    command = ["objdump", "-D", "-z", "-b", "binary", "-m", "riscv:rv64", "-M", "no-aliases", str(path)]
    listing = _run(_binutils(command[0]), *command[1:]).stdout.decode()
    lines = re.finditer(r"^ *([0-9a-f]+):\s+([0-9a-f]+)\s+(.*?)(?: #.*)?$", listing, re.MULTILINE)
    return {int(line[1], 16): (int(line[2], 16), line[3].strip()) for line in lines}


def link(source: str, directory: Path, base: int) -> Path:
    """A static executable with its text at `base`."""
    path, obj, program = directory / "p.s", directory / "p.o", directory / "p"
    path.write_text(source)
    _run(_binutils("as"), ARCH, "-o", str(obj), str(path))
    _run(_binutils("ld"), f"-Ttext={base:#x}", "-o", str(program), str(obj))
    return program


def qemu(program: Path, core: str = QEMU_CORE) -> bytes:
    """What the program writes to standard output."""
    return _run(require_tool("qemu-riscv64"), "-cpu", core, str(program)).stdout
