"""Runs of float arithmetic that are tried as one: double precision, with nothing in between that others can see.

Each result alone is looked at in six instructions of the host and a branch (`isa/softfloat.py`). Here the host does a
run's arithmetic in vectors, two results at a time where that pays (`float_packs`); what tells whether a result may be
wrong is gathered, and looked at once at the end. Until then no register of the guest has changed: where it is wrong,
the run is done again, one instruction after the other.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from functools import cache

from friscy_build.aot.effects import F0, FCSR, Registers, effects, is_access, is_cheap, registers
from friscy_build.aot.locals import MAX_SAVED
from friscy_build.aot.tracing import Node, Tracer
from friscy_build.isa.decode import Instruction
from friscy_build.isa.softfloat import RNE
from friscy_build.wasm.opcodes import OPCODES

LEAST = 3  # operations: fewer are cheaper one by one
MOST = 64  # operations of one run, each of which may need the one before
_DYNAMIC = 7  # the rounding mode is fcsr's
_SIGN = 1 << 63
_FLOATS = registers(range(F0, FCSR))

_VECTOR = {
    "fadd": "f64x2.add", "fsub": "f64x2.sub", "fmul": "f64x2.mul", "fdiv": "f64x2.div", "fsqrt": "f64x2.sqrt",
    "ffma": "f64x2.relaxed_madd", "fnma": "f64x2.relaxed_nmadd",
}  # fmt: skip
SUMS = ("fadd", "fsub", "fsqrt")  # never inexact where they are tiny
FUSED = ("ffma", "fnma")
SIGNS = {"neg": "f64x2.neg", "abs": "f64x2.abs"}  # what is no arithmetic: it does the same to any bits
_LOADS, _MOVES = ("fld",), {"fsgnj.d": "", "fsgnjn.d": "neg", "fsgnjx.d": "abs"}


@dataclass(frozen=True, slots=True)
class Operation:
    """An instruction's arithmetic: the host's operation, and its operands: (register, whether its sign is turned)."""

    name: str
    operands: tuple[tuple[int, bool], ...]


@dataclass(frozen=True, slots=True)
class Run:
    """Instructions `start` to `end` of a block. fused: some need a fused multiply-add of the host."""

    start: int
    end: int
    fused: bool


@cache
def operation(i: Instruction) -> Operation | None:
    """The arithmetic of an instruction in double precision, as its row has it; None for any other."""
    if i.row.extension != "D" or i.rm not in (RNE, _DYNAMIC):
        return None
    native = native_of(i)
    if native is None or native.name[7:] not in _VECTOR or native.width != 64:
        return None
    operands = tuple(map(operand, native.args))
    if None in operands:
        return None
    return Operation(native.name[7:], tuple(each for each in operands if each is not None))


def native_of(i: Instruction) -> Node | None:
    """The one operation of the host's that an instruction is tried as; None where it is not tried, or as more."""
    tracer = Tracer(0, i, check=False)
    tracer.trace()
    scopes = [item[1] for item in tracer.top.items if item[0] == "attempt"]
    found = [
        item[1]
        for scope in scopes
        for item in scope.items
        if item[0] == "node" and item[1].name.startswith("native ")
    ]
    return found[0] if len(found) == 1 else None


def operand(raw: object) -> tuple[int, bool] | None:
    """(register, whether its sign is turned) of a node."""
    turned = isinstance(raw, Node) and raw.name == "binary xor" and raw.args[1] == _SIGN
    node = raw.args[0] if isinstance(raw, Node) and turned else raw
    return (node.args[0], turned) if isinstance(node, Node) and node.name == "get" else None


def move(i: Instruction) -> str | None:
    """What a copy of a register does to its sign: one of SIGNS, or nothing; None for any other instruction."""
    return _MOVES.get(i.row.name) if i.rs1 == i.rs2 else None


def is_load(i: Instruction) -> bool:
    """Whether the instruction loads a float of double precision."""
    return i.row.name in _LOADS and i.rs1 != 0


def is_integer(i: Instruction) -> bool:
    """Whether the instruction computes or loads an integer, and may be done twice."""
    written = effects(i)[1]
    return (
        bool(written)
        and not written >> F0
        and (is_cheap(i) or (is_access(i) and i.row.extension == "I" and i.rs1 != 0))
    )


def may_have_runs(code: Sequence[tuple[int, Instruction]]) -> bool:
    """Whether a block has as many instructions of double precision as a run has at least."""
    return len(code) >= LEAST and [i.row.extension for _, i in code].count("D") >= LEAST


def find_runs(code: Sequence[tuple[int, Instruction]], others: Container[int] = ()) -> dict[int, Run]:
    """The runs of a block by their starts. others: the places of instructions that are written as something else."""
    found: dict[int, Run] = {}
    if not may_have_runs(code):
        return found
    start = noperations = 0
    for k in range(len(code) + 1):
        end = k
        if k < len(code) and k not in others:
            i = code[k][1]
            computes = operation(i) is not None or move(i) is not None
            if computes or is_load(i) or is_integer(i):
                noperations += computes
                if noperations < MOST:
                    continue
                end = k + 1
        run = _trimmed(code, start, end)
        if run is not None:
            found[run.start] = run
        start, noperations = k + 1, 0
    return found


def _trimmed(code: Sequence[tuple[int, Instruction]], start: int, end: int) -> Run | None:
    """The run within some instructions: from the first that loads a float or computes one to the last that does."""
    places = [k for k in range(start, end) if operation(code[k][1]) is not None]
    if len(places) < LEAST:
        return None
    while is_integer(code[start][1]):
        start += 1
    end = places[-1] + 1
    written = 0
    for _, i in code[start:end]:
        written |= effects(i)[1]
    if (written & ~_FLOATS & ~(1 << FCSR)).bit_count() > MAX_SAVED:
        return None
    operations = [operation(code[k][1]) for k in places]
    fused = any(each is not None and each.name in FUSED for each in operations)
    return Run(start, end, fused)


def vector(name: str) -> bytes:
    """The host's operation on vectors, of arithmetic or one of SIGNS."""
    return OPCODES[_VECTOR.get(name) or SIGNS[name]]


def changed_integers(code: Sequence[tuple[int, Instruction]], run: Run) -> Registers:
    """The integer registers that a run writes."""
    written = 0
    for _, i in code[run.start : run.end]:
        written |= effects(i)[1]
    return written & ((1 << F0) - 1)
