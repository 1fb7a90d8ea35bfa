"""The two forms of a translated function, and the way from one to the other.

The table's form is `(hart) -> next_pc` (docs/ARCHITECTURE.md, "Machine contract"). The direct form, for callers in the
same module, is `(hart, depth, parameters ...) -> {left, results ...}`: `left` is the pc to go on at, odd where the
call unwinds (docs/decisions/aot-calls.md).
"""

from __future__ import annotations

from collections.abc import Collection

from friscy.machine.layout import GUEST_END, HART_DEPTH, HART_F, HART_FCSR, HART_PC, HART_X
from friscy.machine.space import INTERPRETER_SLOT
from friscy_build.aot.convention import Signature
from friscy_build.aot.effects import F0, FCSR
from friscy_build.isa.value import Value
from friscy_build.llvm.trace import Function, Module, result_type

# Address 0 is a table slot like any other: the interpreter's.
ATTRIBUTES = "nounwind null_pointer_is_valid"


def function_name(pc: int) -> str:
    """The name of the function that is translated from control reaching `pc`, or of a resumable graph's entry."""
    return f"f_{pc:x}" if pc >= 0 else f"resume_{-pc:x}"


def direct_name(pc: int) -> str:
    """The name of that function's direct form."""
    return f"d_{pc:x}"


def is_float(register: int) -> bool:
    return F0 <= register < FCSR


def hart_place(register: int) -> tuple[int, int]:
    """(offset in the hart, width) of a register."""
    if register == FCSR:
        return HART_FCSR, 32
    return (HART_X + 8 * register if register < F0 else HART_F + 8 * (register - F0)), 64


def to_hart(f: Function, hart: Value, register: int, value: Value) -> None:
    """Store a register's value in the hart."""
    offset, width = hart_place(register)
    f.store(value, hart, offset, align=width // 8)


def from_hart(f: Function, hart: Value, register: int) -> Value:
    """A register's value in the hart."""
    offset, width = hart_place(register)
    return f.load(width, hart, offset, align=width // 8)


Widths = tuple[int, ...]


def results_type(signature: Signature) -> tuple[Widths, str]:
    """(widths, IR type) of what a direct form returns."""
    widths = (64, *(hart_place(register)[1] for register in signature.results))
    return widths, result_type(widths)


def interpret(f: Function, hart: Value) -> Value:
    """Call the interpreter from hart.pc."""
    slot = f.opaque(f.const(INTERPRETER_SLOT, 32))  # a call of address 0 that LLVM knows of is none
    index = f.let(0, f"inttoptr i32 {slot.raw} to ptr")
    return f.let(32, f"call i32 {index.raw}(i32 {hart.raw})")


def hand_over(module: Module, registers: tuple[int, ...], results: tuple[int, ...] | None) -> str:
    """The name of a function that stores registers and unwinds, so that the interpreter goes on at `pc`.

    It cannot be called from here: it would run until ra is reached, which in the middle of a function is anything.

    (hart, depth, pc, registers ...) -> next_pc, for the table's form; for the direct one, whose `results` are given,
    (hart, depth, pc, ra, registers ...) -> as a direct form, ra being what the register was at the entry.
    """
    direct = results is not None
    name = f"hand_over_{int(direct)}_{_set_name(results or ())}_{_set_name(registers)}"
    if name in module.names:
        return name
    params = [("hart", 32), ("depth", 32), ("pc", 32), *([("ra", 64)] if direct else [])]
    params += [(f"r{register}", hart_place(register)[1]) for register in registers]
    kind = results_type(Signature(results=results))[1] if results is not None else "i32"
    f = module.function(name, f"internal {kind}", params, f"{ATTRIBUTES} noinline cold")
    hart, depth, pc, *values = f.arguments
    ra = values.pop(0) if direct else None
    f.store(depth, hart, HART_DEPTH, align=4)
    f.store(pc.zext(64), hart, HART_PC, align=8)
    for register, value in zip(registers, values, strict=True):
        to_hart(f, hart, register, value)
    if results is None or ra is None:
        f.give((pc,))
    else:
        f.give(returned(f, hart, pc, ra, results))
    f.finish()
    return name


def returned(f: Function, hart: Value, after: Value, ra: Value, results: tuple[int, ...]) -> list[Value]:
    """What a direct form gives after the table form of something gave `after` in its stead."""
    far = after.zext(64)
    left = far.eq(ra).select(far, far | 1)
    return [left, *(from_hart(f, hart, register) for register in results)]


def _set_name(registers: Collection[int]) -> str:
    return f"{sum(1 << register for register in registers):x}"


def leave(module: Module) -> str:
    """The name of a function (hart, left) that makes of a direct form's unwinding what the table's form returns."""
    name = "leave"
    if name not in module.names:
        f = module.function(name, "internal i32", [("hart", 32), ("left", 64)], f"{ATTRIBUTES} noinline cold")
        hart, left = f.arguments
        pc = left & ~1
        near, far = f.name("near"), f.name("far")
        f.branch(pc.ult(GUEST_END), near, far, likely=True)
        f.place(near)
        f.give((pc.trunc(32),))
        f.place(far)
        f.store(pc, hart, HART_PC, align=8)
        f.give((interpret(f, hart),))
        f.finish()
    return name
