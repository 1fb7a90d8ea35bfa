"""The `rv2wasm` command."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
import wasmtime
from aot_guest import CODE, code_of, elf_file, elf_with_symbols

from friscy.machine.engine import make_engine
from friscy_build.aot.runtime import IMPORTS
from friscy_build.isa.rows import BY_NAME
from friscy_build.llvm.wasm_object import CUSTOM, Reader, sections
from friscy_build.translation import rv2wasm
from friscy_build.translation.rv2wasm import main

ADD = BY_NAME["add"].encode(rd=10, rs1=10, rs2=11)
RET = BY_NAME["jalr"].encode(rd=0, rs1=1, imm=0)


def test_translates_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    elf, output = tmp_path / "in.elf", tmp_path / "out.wasm"
    elf.write_bytes(elf_file(code_of([ADD, RET])))
    assert main([str(elf), "-o", str(output)]) == 0
    assert "1 functions, 2 instructions" in capsys.readouterr().out
    module = wasmtime.Module(make_engine(), output.read_bytes())
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


def test_a_large_file_is_written_by_workers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As it is written here, to the byte."""
    elf, outputs = tmp_path / "in.elf", [tmp_path / "one.wasm", tmp_path / "other.wasm"]
    elf.write_bytes(elf_with_symbols(code_of([ADD, RET] * 50), [(CODE + 8 * k, 8) for k in range(50)]))
    assert main([str(elf), "-o", str(outputs[0])]) == 0
    monkeypatch.setattr(rv2wasm, "PIECE_INSTRUCTIONS", 1)
    assert main([str(elf), "-o", str(outputs[1])]) == 0
    assert outputs[0].read_bytes() == outputs[1].read_bytes()
    assert "50 functions, 100 instructions" in capsys.readouterr().out


def test_nothing_is_left_where_it_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "out.wasm"
    output.write_bytes(b"what was there")
    assert main([str(tmp_path / "none.elf"), "-o", str(output)]) == 2
    assert capsys.readouterr().err == f"rv2wasm: {tmp_path}/none.elf: No such file or directory\n"
    assert output.read_bytes() == b"what was there"
