"""Which local of a translated function holds what.

    0  hart       1 .. the parameters of a direct form, by value, and what is missing to MAX_PARAMS      depth
    x0 .. x31     f0 .. f31 as f64      fcsr      and what instructions need for themselves

The hart is a constant. A direct form has the depth as its first parameter, in the hart's place.

The arrangement is the same for all functions, so that instructions can be written once.
"""

from __future__ import annotations

from friscy.machine.layout import HART_BASE
from friscy_build.aot.effects import F0, FCSR
from friscy_build.wasm import opcodes as wasm
from friscy_build.wasm.binary import F32, F64, I32, I64, V128, leb, sleb, vector

# Parameters by value at most: more are spilled anyway, and what registers are in stays below 128, one byte each.
MAX_PARAMS = 16
DEPTH_LOCAL = 1 + MAX_PARAMS
HART, DEPTH = wasm.LOCAL_GET + b"\0", wasm.LOCAL_GET + leb(DEPTH_LOCAL)
HART_ADDRESS = wasm.I32_CONST + sleb(HART_BASE)
TAKE_HART = HART_ADDRESS + wasm.LOCAL_SET + b"\0"  # at a function's start
MAX_SAVED = 16  # integer registers that an attempt puts aside
_TEMPORARIES = {I32: 32, I64: 40, F64: 8, F32: 8}


def register_name(register: int) -> str:
    return "fcsr" if register == FCSR else f"x{register}" if register < F0 else f"f{register - F0}"


class Locals:
    """The arrangement."""

    def __init__(self) -> None:
        self._x0 = DEPTH_LOCAL + 1  # written by nobody, so that it is 0
        self._f0 = self._x0 + 32
        self.fcsr = self._f0 + 32
        self.target = self.fcsr + 1  # i64: where an indirect jump goes
        self.left = self.target + 1  # i64: what a call gave
        self.index = self.left + 1  # i32: a table slot, or a label
        self.calm = self.index + 1  # i32: whether float arithmetic may be the host's (tracing)
        self.calm_fused = self.calm + 1  # i32: the same for the fused
        self.patience = self.calm_fused + 1  # i32: turns of a loop until a strip is tried again (strip_writer)
        at = self.patience + 1
        self._temporaries: dict[int, int] = {}
        for kind, count in _TEMPORARIES.items():
            self._temporaries[kind] = at
            at += count
        self._saved = at
        self.gathered = at + MAX_SAVED  # v128: what tells whether a run's results are right
        # By register: its value onto the stack, and from there into it (x0 takes nothing).
        self.gets = [wasm.LOCAL_GET + leb(self.of(register)) for register in range(FCSR + 1)]
        self.sets = [wasm.LOCAL_SET + leb(self.of(register)) for register in range(FCSR + 1)]
        self.sets[0] = wasm.DROP

    def of(self, register: int) -> int:
        """The local of a register."""
        if register < F0:
            return self._x0 + register
        return self.fcsr if register == FCSR else self._f0 + register - F0

    def saved(self, k: int) -> int:
        """The k-th integer register as it was before a run of floats (`float_runs`)."""
        return self._saved + k

    def vector(self, k: int) -> int:
        """The k-th v128, of as many as a function says that it has."""
        return self.gathered + 1 + k

    def param(self, k: int) -> int:
        """The k-th parameter by value."""
        return 1 + k

    def temporary(self, kind: int, k: int) -> int:
        """The k-th local of a type that an instruction has for itself."""
        if k >= _TEMPORARIES[kind]:
            raise ValueError(f"an instruction needs more than {k} locals of type {kind:#x}")
        return self._temporaries[kind] + k

    def declaration(self, nparams: int | None, nvectors: int) -> bytes:
        """The locals as a function's body begins, of a direct form with so many parameters, or the table's."""
        runs = [(MAX_PARAMS - (nparams or 0), I64), (1, I32)]
        runs += [(32, I64), (32, F64), (1, I32), (2, I64), (4, I32)]
        runs += [(count, kind) for kind, count in _TEMPORARIES.items()]
        runs += [(MAX_SAVED, I64), (1 + nvectors, V128)]
        return vector([leb(count) + bytes([kind]) for count, kind in runs])
