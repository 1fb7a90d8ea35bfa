"""What each row does, found out by tracing it."""

from __future__ import annotations

from friscy_build.interpreter.machine import Frame, RecordMachine, RecordOperands
from friscy_build.interpreter.records import Form
from friscy_build.isa.row import Row
from friscy_build.isa.value import Value
from friscy_build.llvm.trace import Module


class _Nowhere(Frame):
    """Control that leaves a handler and is not followed."""

    def _leave(self) -> None:
        self.function.end("unreachable")

    def jump_relative(self, record: Value, distance: Value, *, backward: bool) -> None:
        self._leave()

    def jump_absolute(self, target: Value) -> None:
        self._leave()

    def syscall(self, record: Value) -> None:
        self._leave()

    def trap(self, record: Value, cause: int, value: Value) -> None:
        self._leave()


def effects_of(row: Row) -> frozenset[str]:
    """Of x, f, fcsr (writes them), load, store, reserve, trap, flow (goes elsewhere): those that a 32-bit row does."""
    function = Module().function("effects", "void", [("hart", 32), ("record", 32)])
    hart, record = function.arguments
    machine = RecordMachine(_Nowhere(function, hart), record, Form(row, row.nbytes))
    row.semantics(machine, RecordOperands(function, row, record, {}))
    return frozenset(machine.effects)
