"""What a file tells about its functions."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from required_tools import require_tool

from friscy_build.aot.image import CodeImage

SOURCE = Path(__file__).parents[1] / "translation" / "bare.c"


@pytest.mark.parametrize("pie", [False, True])
def test_unwinding_information_has_the_functions_that_symbols_name(tmp_path: Path, *, pie: bool) -> None:
    program = tmp_path / "bare"
    flags = ["-O2", "-nostdlib", "-static-pie" if pie else "-static", "-ffreestanding", "-g0"]
    flags += ["-fasynchronous-unwind-tables", "-fno-stack-protector"]
    subprocess.run([require_tool("riscv64-linux-gnu-gcc"), *flags, "-o", program, SOURCE], check=True)
    named = CodeImage(program.read_bytes(), 0x40_0000, name="bare")
    symbols = {(each.address, each.address + each.nbytes) for each in named.symbols() if each.nbytes}
    assert len(symbols) > 10
    subprocess.run(
        [require_tool("riscv64-linux-gnu-objdump").replace("objdump", "strip"), program], check=True
    )
    stripped = CodeImage(program.read_bytes(), 0x40_0000, name="bare")
    assert not list(stripped.symbols())
    assert symbols <= set(stripped.frames())
