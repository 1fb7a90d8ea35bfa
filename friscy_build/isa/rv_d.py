"""RV64D: double precision, and the conversions between the two formats."""

from __future__ import annotations

from friscy_build.isa.row import Extension
from friscy_build.isa.rv_f import RM, add_format, conversion

EXTENSION = Extension("D")

add_format(EXTENSION, 64)
EXTENSION.add("fcvt.s.d", f"0100000 00001 rs1 {RM} rd 1010011", "fd,fs1,rm", conversion(64, 32))
EXTENSION.add("fcvt.d.s", f"0100001 00000 rs1 {RM} rd 1010011", "fd,fs1,exact", conversion(32, 64))
