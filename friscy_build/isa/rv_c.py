"""RV64C: 16-bit forms of common instructions. Each stands for a 32-bit row and has no meaning of its own.

Hints (such as c.li with rd = x0) are legal and do what the base row does with x0: nothing.
"""

from __future__ import annotations

from friscy_build.isa.row import Extension, Row

RA, SP = 1, 2


def make(base: dict[str, Row]) -> Extension:
    """The extension's rows over the 32-bit rows by name."""
    extension = Extension("C")

    def row(name: str, pattern: str, syntax: str, expands_to: str, **fixed: int) -> None:
        extension.compressed(name, pattern, syntax, base[expands_to], **fixed)

    # Quadrant 0
    row("c.addi4spn", "000 nzuimm[5:4|9:6|2|3] rd' 00", "rd,sp,imm", "addi", rs1=SP)
    row("c.fld", "001 uimm[5:3] rs1' uimm[7:6] rd' 00", "fd,imm(rs1)", "fld")
    row("c.lw", "010 uimm[5:3] rs1' uimm[2|6] rd' 00", "rd,imm(rs1)", "lw")
    row("c.ld", "011 uimm[5:3] rs1' uimm[7:6] rd' 00", "rd,imm(rs1)", "ld")
    row("c.fsd", "101 uimm[5:3] rs1' uimm[7:6] rs2' 00", "fs2,imm(rs1)", "fsd")
    row("c.sw", "110 uimm[5:3] rs1' uimm[2|6] rs2' 00", "rs2,imm(rs1)", "sw")
    row("c.sd", "111 uimm[5:3] rs1' uimm[7:6] rs2' 00", "rs2,imm(rs1)", "sd")

    # Quadrant 1
    row("c.nop", "000 imm[5] 00000 imm[4:0] 01", "nop", "addi", rd=0, rs1=0)
    row("c.addi", "000 imm[5] rd/rs1!=0 imm[4:0] 01", "rd,imm", "addi")
    row("c.addiw", "001 imm[5] rd/rs1!=0 imm[4:0] 01", "rd,imm", "addiw")
    row("c.li", "010 imm[5] rd imm[4:0] 01", "rd,imm", "addi", rs1=0)
    row("c.addi16sp", "011 nzimm[9] 00010 nzimm[4|6|8:7|5] 01", "sp,imm", "addi", rd=SP, rs1=SP)
    row("c.lui", "011 nzimm[17] rd!=2 nzimm[16:12] 01", "rd,upper", "lui")
    row("c.srli", "100 uimm[5] 00 rd'/rs1' uimm[4:0] 01", "rd,hex", "srli")
    row("c.srai", "100 uimm[5] 01 rd'/rs1' uimm[4:0] 01", "rd,hex", "srai")
    row("c.andi", "100 imm[5] 10 rd'/rs1' imm[4:0] 01", "rd,imm", "andi")
    row("c.sub", "100011 rd'/rs1' 00 rs2' 01", "rd,rs2", "sub")
    row("c.xor", "100011 rd'/rs1' 01 rs2' 01", "rd,rs2", "xor")
    row("c.or", "100011 rd'/rs1' 10 rs2' 01", "rd,rs2", "or")
    row("c.and", "100011 rd'/rs1' 11 rs2' 01", "rd,rs2", "and")
    row("c.subw", "100111 rd'/rs1' 00 rs2' 01", "rd,rs2", "subw")
    row("c.addw", "100111 rd'/rs1' 01 rs2' 01", "rd,rs2", "addw")
    row("c.j", "101 imm[11|4|9:8|10|6|7|3:1|5] 01", "target", "jal", rd=0)
    row("c.beqz", "110 imm[8|4:3] rs1' imm[7:6|2:1|5] 01", "rs1,target", "beq", rs2=0)
    row("c.bnez", "111 imm[8|4:3] rs1' imm[7:6|2:1|5] 01", "rs1,target", "bne", rs2=0)

    # Quadrant 2
    row("c.slli", "000 uimm[5] rd/rs1 uimm[4:0] 10", "rd,hex", "slli")
    row("c.fldsp", "001 uimm[5] rd uimm[4:3|8:6] 10", "fd,imm(sp)", "fld", rs1=SP)
    row("c.lwsp", "010 uimm[5] rd!=0 uimm[4:2|7:6] 10", "rd,imm(sp)", "lw", rs1=SP)
    row("c.ldsp", "011 uimm[5] rd!=0 uimm[4:3|8:6] 10", "rd,imm(sp)", "ld", rs1=SP)
    row("c.jr", "1000 rs1!=0 00000 10", "rs1", "jalr", rd=0, imm=0)
    row("c.mv", "1000 rd rs2!=0 10", "rd,rs2", "add", rs1=0)
    row("c.ebreak", "1001 00000 00000 10", "", "ebreak")
    row("c.jalr", "1001 rs1!=0 00000 10", "rs1", "jalr", rd=RA, imm=0)
    row("c.add", "1001 rd/rs1 rs2!=0 10", "rd,rs2", "add")
    row("c.fsdsp", "101 uimm[5:3|8:6] rs2 10", "fs2,imm(sp)", "fsd", rs1=SP)
    row("c.swsp", "110 uimm[5:2|7:6] rs2 10", "rs2,imm(sp)", "sw", rs1=SP)
    row("c.sdsp", "111 uimm[5:3|8:6] rs2 10", "rs2,imm(sp)", "sd", rs1=SP)
    return extension
