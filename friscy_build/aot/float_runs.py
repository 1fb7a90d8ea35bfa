"""Runs of float instructions: what can be done as the host does it, and be looked at once at the end.

Float arithmetic of the guest is the host's where it rounds to nearest, the inexact flag is raised already, and no
result is out of the ordinary (`softfloat`). Within a run there is nothing that could not be done again: so the run is
traced as if all that held, and if it did not, it is done again from the beginning, exactly.
"""

from __future__ import annotations

from collections.abc import Sequence

from friscy_build.aot.graph import Block
from friscy_build.isa.decode import Instruction
from friscy_build.isa.row import Flow
from friscy_build.isa.softfloat import NX
from friscy_build.isa.value import Value
from friscy_build.llvm.trace import Function

__all__ = ["NX", "ROUND_NEAREST_MASK", "any_outside", "float_run", "is_fused"]

ROUND_NEAREST_MASK = 0xE0  # of fcsr: frm, which is 0 for the nearest

_FUSED = ("fmadd.", "fmsub.", "fnmadd.", "fnmsub.")
_ROUNDED = ("fadd.", "fsub.", "fmul.", "fdiv.", "fsqrt.", *_FUSED)
_ONCE = ("sb", "sh", "sw", "sd", "fsw", "fsd", "c.sw", "c.sd", "c.fsw", "c.fsd")  # prefixes: stores
_NEAREST, _DYNAMIC = 0, 7


def is_fused(i: Instruction) -> bool:
    return i.row.name.startswith(_FUSED)


def _is_rounded(i: Instruction) -> bool:
    return i.row.name.startswith(_ROUNDED) and i.rm in (_NEAREST, _DYNAMIC)


def _can_be_repeated(i: Instruction) -> bool:
    if i.row.flow is not Flow.NONE or i.row.extension in ("A", "Zicsr", "Zifencei"):
        return False
    return not i.row.name.startswith(_ONCE) and not i.row.name.startswith("fence")


def float_run(block: Block, start: int) -> int:
    """The end of the run that begins at instruction `start` of a block; `start` where none does."""
    if not _is_rounded(block.code[start][1]):
        return start
    end = start + 1
    for k in range(start + 1, len(block.code)):
        i = block.code[k][1]
        if not _can_be_repeated(i):
            break
        if _is_rounded(i):
            end = k + 1
    return end


def any_outside(f: Function, floats: Sequence[tuple[Value, int, int]]) -> Value:
    """Whether the magnitude of any float is below its least or not below infinity: (value, least, infinity), as bits.

    All stays in vectors: twice the bits lose the sign, and a number added brings what is too small or too large above
    a limit, signed.
    """
    found = None
    for width, kind in ((64, "double"), (32, "float")):
        lanes, half = 128 // width, 1 << (width - 1)
        vector, of_floats = f"<{lanes} x i{width}>", f"<{lanes} x {kind}>"
        group = [each for each in floats if each[0].width == width]
        for first in range(0, len(group), lanes):
            part = group[first : first + lanes]
            part += [part[-1]] * (lanes - len(part))
            packed = "poison"
            for lane, (value, _, _) in enumerate(part):
                single = f.let(0, f"bitcast i{width} {value.raw} to {kind}").raw
                packed = f.let(0, f"insertelement {of_floats} {packed}, {kind} {single}, i32 {lane}").raw
            bits = f.let(0, f"bitcast {of_floats} {packed} to {vector}").raw
            twice = f.let(0, f"add {vector} {bits}, {bits}").raw
            shift = _constant(width, [half - 2 * least for _, least, _ in part])
            limit = _constant(width, [half + 2 * (infinity - least) - 1 for _, least, infinity in part])
            moved = f.let(0, f"add {vector} {twice}, {shift}").raw
            above = f.let(0, f"icmp sgt {vector} {moved}, {limit}").raw
            mask = f.let(0, f"sext <{lanes} x i1> {above} to {vector}").raw
            if width != 64:
                mask = f.let(0, f"bitcast {vector} {mask} to <2 x i64>").raw
            found = mask if found is None else f.let(0, f"or <2 x i64> {found}, {mask}").raw
    assert found is not None
    f.module.declare("llvm.wasm.anytrue.v2i64", "i32 @(<2 x i64>)")
    return f.let(32, f"call i32 @llvm.wasm.anytrue.v2i64(<2 x i64> {found})").ne(0)


def _constant(width: int, lanes: Sequence[int]) -> str:
    return "<" + ", ".join(f"i{width} {lane % (1 << width)}" for lane in lanes) + ">"
