"""Zicsr: the control and status registers that user mode sees: fflags, frm, fcsr, and the counters.

The operand `imm` holds the CSR's number in bits 16-5 and the rs1/zimm field in bits 4-0.
"""

from __future__ import annotations

from collections.abc import Callable

from friscy.machine.layout import CAUSE_COUNTER, CAUSE_ILLEGAL
from friscy_build.isa.hart import Machine, Operands
from friscy_build.isa.row import Extension, Flow
from friscy_build.isa.rv_i import Binary
from friscy_build.isa.value import Value

EXTENSION = Extension("Zicsr")

FFLAGS, FRM, FCSR = 0x001, 0x002, 0x003
CYCLE, TIME, INSTRET = 0xC00, 0xC01, 0xC02
CSR_NAMES = {FFLAGS: "fflags", FRM: "frm", FCSR: "fcsr", CYCLE: "cycle", TIME: "time", INSTRET: "instret"}


def instruction_bits(m: Machine) -> Value:
    """This (32-bit) instruction, as the value of the trap it raises."""
    return m.load(m.pc, 32).zext(64)


def illegal(m: Machine) -> None:
    m.trap(CAUSE_ILLEGAL, instruction_bits(m))


def _access(
    update: Binary, source: Callable[[Machine, Operands], Value], *, swap: bool
) -> Callable[..., None]:
    """rd = CSR; CSR = update(CSR, source). `swap`: it writes even when the rs1/zimm field is 0."""

    def semantics(m: Machine, i: Operands) -> None:
        csr = i.imm >> 5

        def other() -> None:
            # cycle, time and instret are read-only: reading them is the kernel's work, writing is illegal.
            if not swap:
                reads = (csr - CYCLE).ult(3) & (i.imm & 31).eq(0)
                m.when(reads, lambda: m.trap(CAUSE_COUNTER, instruction_bits(m)))
            illegal(m)

        m.when((csr - FFLAGS).ult(3) ^ 1, other)
        # fflags and frm are parts of fcsr: a place and a mask in it.
        place = csr.eq(FRM).select(m.const(5), 0)
        mask = csr.eq(FFLAGS).select(m.const(0x1F), csr.eq(FRM).select(m.const(0x7), 0xFF))
        fcsr = m.fcsr().zext(64)
        old = (fcsr >> place) & mask
        new = update(old, source(m, i)) & mask
        m.set_fcsr(((fcsr & ~(mask << place)) | (new << place)).trunc(32))
        m.set_x(i.rd, old)

    return semantics


for _funct2, _name, _update in (
    ("01", "csrrw", lambda old, source: source),
    ("10", "csrrs", lambda old, source: old | source),
    ("11", "csrrc", lambda old, source: old & ~source),
):
    _swap = _name == "csrrw"
    _semantics = _access(_update, lambda m, i: m.x(i.rs1), swap=_swap)
    _pattern = f"uimm[16:5] rs1/uimm[4:0] 0{_funct2} rd 1110011"
    EXTENSION.add(_name, _pattern, "rd,csr,rs1", _semantics, flow=Flow.TRAP)
    _semantics = _access(_update, lambda m, i: i.imm & 31, swap=_swap)
    EXTENSION.add(_name + "i", f"uimm[16:0] 1{_funct2} rd 1110011", "rd,csr,zimm", _semantics, flow=Flow.TRAP)
