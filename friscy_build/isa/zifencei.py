"""Zifencei: instruction fetch after code was written."""

from __future__ import annotations

from friscy.machine.layout import CAUSE_FENCE_I
from friscy_build.isa.hart import Machine, Operands
from friscy_build.isa.row import Extension, Flow

EXTENSION = Extension("Zifencei")


@EXTENSION.row("fence.i", "............ ..... 001 ..... 0001111", "", flow=Flow.TRAP)
def _fence_i(m: Machine, i: Operands) -> None:
    m.trap(CAUSE_FENCE_I)
