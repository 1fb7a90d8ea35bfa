"""PLT stubs: the four instructions through which a call reaches another file's function, or one chosen at run time.

    auipc  t3, %hi(got)
    ld     t3, %lo(got)(t3)
    jalr   t1, t3
    nop

Whoever calls one can go to the address in the GOT itself. The two registers must be right all the same: until a name
is bound, the GOT leads to the linker's own code, which looks at them (psABI, "Procedure Linkage Table").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from friscy_build.aot.effects import LINKS
from friscy_build.isa.decode import Instruction, decode

if TYPE_CHECKING:
    from friscy_build.aot.image import CodeImage


@dataclass(frozen=True, slots=True)
class Stub:
    """got: the address that holds the target. register: gets the target. link: gets `after`, the pc behind the jump."""

    got: int
    register: int
    link: int
    after: int


def find_stub(image: CodeImage, pc: int) -> Stub | None:
    """The stub at `pc`, None where there is other code."""
    found: list[Instruction] = []
    at = pc
    for name in ("auipc", "ld", "jalr"):
        word = image.instruction_word(at)
        i = decode(word) if word is not None else None
        if i is None or i.row.name != name or not i.rd:
            return None
        found.append(i)
        at += i.nbytes
    high, low, jump = found
    register = high.rd
    if (low.rd, low.rs1, jump.rs1, jump.imm) != (register, register, register, 0):
        return None
    if jump.rd == register or {register, jump.rd} & set(LINKS):
        return None
    got = (pc + high.imm + low.imm) % (1 << 64)
    return Stub(got, register, jump.rd, at) if image.read(got, 8) is not None else None
