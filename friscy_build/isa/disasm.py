"""Instructions as text, as GNU objdump -M no-aliases writes them.

A row's `syntax` is its operand list with the operands named in it: `rd rs1 rs2` integer registers, `fd fs1 fs2
fs3` float registers (the same fields), `imm` decimal, `hex`, `upper` (imm >> 12 as 20 bits), `target` (address),
`csr`, `zimm`, `rm` (left out where dynamic), `exact` (a rounding mode that cannot matter, left out where rne),
`nop` and `fence` their own; `sp` and punctuation stand for themselves.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from friscy.machine.hart import X_NAMES
from friscy_build.isa.decode import Instruction, decode, instruction_nbytes
from friscy_build.isa.zicsr import CSR_NAMES

F_NAMES = [*(f"ft{n}" for n in range(8)), "fs0", "fs1", *(f"fa{n}" for n in range(8))]
F_NAMES += [*(f"fs{n}" for n in range(2, 12)), *(f"ft{n}" for n in range(8, 12))]
ROUNDING_MODES = ("rne", "rtz", "rdn", "rup", "rmm", "", "", "dyn")  # 5 and 6 are reserved
_ORDERING = ("", ".rl", ".aq", ".aqrl")  # by aq_rl

Formatter = Callable[[Instruction, int], str]
_FORMATTERS: dict[str, Formatter] = {
    "rd": lambda i, pc: X_NAMES[i.rd],
    "rs1": lambda i, pc: X_NAMES[i.rs1],
    "rs2": lambda i, pc: X_NAMES[i.rs2],
    "fd": lambda i, pc: F_NAMES[i.rd],
    "fs1": lambda i, pc: F_NAMES[i.rs1],
    "fs2": lambda i, pc: F_NAMES[i.rs2],
    "fs3": lambda i, pc: F_NAMES[i.rs3],
    "imm": lambda i, pc: str(i.imm),
    "hex": lambda i, pc: hex(i.imm),
    "upper": lambda i, pc: hex(i.imm >> 12 & 0xFFFFF),
    "target": lambda i, pc: hex(pc + i.imm & (1 << 64) - 1),
    "csr": lambda i, pc: CSR_NAMES.get(i.imm >> 5, hex(i.imm >> 5)),
    "zimm": lambda i, pc: str(i.imm & 31),
    "rm": lambda i, pc: "" if i.rm == 7 else ROUNDING_MODES[i.rm],
    "exact": lambda i, pc: "" if i.rm == 0 else ROUNDING_MODES[i.rm],
    "nop": lambda i, pc: str(i.imm) if i.imm else "",
    "fence": lambda i, pc: _fence(i.imm),
}
_NAME = re.compile(r"[a-z]+\d?")


def disassemble(word: int, pc: int = 0) -> str:
    """Text of the instruction that `word` begins with, at address `pc`: name, a tab, operands.

    An illegal encoding gives a `.2byte` or `.4byte` directive."""
    instruction = decode(word)
    if instruction is None:
        nbytes = instruction_nbytes(word)
        return f".{nbytes}byte\t{word & (1 << 8 * nbytes) - 1:#x}"
    return format_instruction(instruction, pc)


def format_instruction(instruction: Instruction, pc: int = 0) -> str:
    """Text of a decoded instruction."""
    row = instruction.written

    def operand(found: re.Match[str]) -> str:
        formatter = _FORMATTERS.get(found[0])
        return found[0] if formatter is None else formatter(instruction, pc)

    name = row.name + _ORDERING[instruction.aq_rl]
    operands = _NAME.sub(operand, row.syntax).rstrip(",")
    return f"{name}\t{operands}" if operands else name


def _fence(bits: int) -> str:
    """The predecessor and successor sets; the manual has us ignore fm, so fence.tso prints as a fence."""
    before, after = bits >> 4 & 15, bits & 15
    return ",".join(
        "".join(c for k, c in enumerate("iorw") if s >> (3 - k) & 1) or "0" for s in (before, after)
    )
