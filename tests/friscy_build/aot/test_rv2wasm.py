"""The `rv2wasm` command."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
import wasmtime
from aot_guest import CODE, code_of, elf_file

from friscy_build.aot.__main__ import main
from friscy_build.aot.runtime import IMPORTS
from friscy_build.isa.rows import BY_NAME
from friscy_build.llvm.wasm_object import CUSTOM, Reader, sections

ADD = BY_NAME["add"].encode(rd=10, rs1=10, rs2=11)
RET = BY_NAME["jalr"].encode(rd=0, rs1=1, imm=0)


def test_translates_a_file(
    tmp_path: Path, aot_engine: wasmtime.Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    elf, output = tmp_path / "in.elf", tmp_path / "out.wasm"
    elf.write_bytes(elf_file(code_of([ADD, RET])))
    assert main([str(elf), "-o", str(output)]) == 0
    assert "1 functions, 2 instructions" in capsys.readouterr().out
    module = wasmtime.Module(aot_engine, output.read_bytes())
    assert {item.name for item in module.imports} == {"memory", "table", "table_base", *IMPORTS}
    contents = [contents for kind, contents in sections(output.read_bytes()) if kind == CUSTOM][-1]
    reader = Reader(contents)
    assert reader.text() == "friscy.entries"
    assert struct.unpack("<I", contents[reader.at :]) == (CODE,)


@pytest.mark.parametrize("content", [b"", b"not an ELF file", elf_file(b"")[:70]])
def test_names_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes) -> None:
    elf = tmp_path / "in.elf"
    elf.write_bytes(content)
    assert main([str(elf), "-o", str(tmp_path / "out.wasm")]) == 2
    assert str(elf) in capsys.readouterr().err
    assert not (tmp_path / "out.wasm").exists()
