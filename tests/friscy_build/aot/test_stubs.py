"""Calls through the PLT: the stub is done where it is called, and whoever is reached finds what the stub leaves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from aot_guest import CODE, STACK, elf_file, install
from aot_programs import A0, RA, Assembler, op

from friscy_build.aot.discover import Functions
from friscy_build.aot.graph import End
from friscy_build.aot.image import CodeImage
from friscy_build.aot.module import Options
from friscy_build.aot.stubs import find_stub

T1, T3, A1, A2 = 6, 28, 11, 12


def program(*, odd: bool = False) -> tuple[Assembler, bytes]:
    """`caller` calls the stub and then `jumps`, which jumps to it; `target` adds up what it finds in t1 and t3.

    odd: the GOT has an odd address, whose lowest bit a jump does not look at.
    """
    asm = Assembler()
    asm.calls("caller")
    asm.to("stub", "jal", rd=RA)
    asm.to("jumps", "jal", rd=RA)
    asm.to("stub", "call_pair", register=T1)
    asm.returns()
    asm.labels["jumps"] = asm.at
    asm.word(op("addi", rd=A0, rs1=A0, imm=100))
    asm.to("stub", "jal", rd=0)
    asm.labels["target"] = asm.at
    asm.word(op("addi", rd=A0, rs1=A0, imm=1))
    asm.word(op("add", rd=A1, rs1=A1, rs2=T1))
    asm.word(op("add", rd=A2, rs1=A2, rs2=T3))
    asm.word(op("jalr", rd=0, rs1=RA, imm=0))
    asm.labels["stub"] = asm.at
    asm.word(op("auipc", rd=T3, imm=0))
    asm.word(op("ld", rd=T3, rs1=T3, imm=16))
    asm.word(op("jalr", rd=T1, rs1=T3, imm=0))
    asm.word(op("addi", rd=0, rs1=0, imm=0))
    asm.labels["got"] = asm.labels["target"] + odd
    asm.to("got", "absolute")
    asm.word(0, 4)
    return asm, asm.code()


@pytest.mark.parametrize("options", [Options(), Options(psabi=False), Options(faults="precise")])
@pytest.mark.parametrize("odd", [False, True])
def test_a_call_does_what_the_stub_does(
    new_guest: Callable[..., Any], options: Options, *, odd: bool
) -> None:
    asm, code = program(odd=odd)
    stub = asm.labels["stub"]
    guest = new_guest()
    guest.write(CODE, code)
    entries = [asm.labels[name] for name in ("caller", "jumps", "target")]
    assert set(entries) <= set(install(guest, elf_file(code), entries, options=options))
    guest.set_all([0, 0, STACK, *[0] * 29], [0] * 32, 0)
    guest.run(CODE)
    assert guest.x(A0) == 103
    assert guest.x(A1) == 3 * (stub + 12)
    assert guest.x(A2) == 3 * (asm.labels["target"] + odd)


def test_what_is_a_stub() -> None:
    asm, code = program()
    image = CodeImage(elf_file(code))
    stub = asm.labels["stub"]
    found = find_stub(image, stub)
    assert found is not None
    assert (found.got, found.register, found.link, found.after) == (stub + 16, T3, T1, stub + 12)
    assert [pc for pc in range(CODE, CODE + len(code), 2) if find_stub(image, pc)] == [stub]


def test_stubs_that_are_called_are_not_translated() -> None:
    asm, code = program()
    image = CodeImage(elf_file(code))
    graphs = list(Functions(image, [CODE]).graphs([CODE]))
    assert asm.labels["stub"] not in {graph.entry for graph in graphs}
    through = {block.code[-1]: block.end for graph in graphs for block in graph.blocks.values() if block.stub}
    assert sorted(through.values(), key=str) == [End.INDIRECT, End.INDIRECT_CALL, End.INDIRECT_CALL]
