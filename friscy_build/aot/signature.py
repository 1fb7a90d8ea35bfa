"""What is known and assumed of a function's registers where it is called: the psABI, and what a `Signature` tells.

What is assumed of code that is not known is the psABI (`Abi`): temporaries and arguments are dead at a return, and
temporaries at a call; a callee-saved register is what it was after a call. Known callees are looked at instead
(`convention`).
"""

from __future__ import annotations

from dataclasses import dataclass

from friscy_build.aot.effects import ALL, F0, FCSR, NONE, RA, SP, Registers, is_float_csr, registers
from friscy_build.aot.flow import leaving
from friscy_build.aot.graph import End, Graph
from friscy_build.isa.decode import Instruction
from friscy_build.isa.row import Flow as RowFlow

GP, TP, T0, T1, T2 = 3, 4, 5, 6, 7
ARGUMENTS = registers(range(10, 18))
SAVED = registers((8, 9, *range(18, 28)))
FLOAT_SAVED = registers(F0 + n for n in (8, 9, *range(18, 28)))
RESULTS = registers((10, 11, F0 + 10, F0 + 11))


@dataclass(frozen=True)
class Abi:
    """What is assumed of unknown code.

    call: what a callee may read. back: what whoever is returned to may read. saved: what a callee leaves as it was.
    trap: what the handler of a trap may read, live or not.
    """

    call: Registers
    back: Registers
    saved: Registers
    trap: Registers


PSABI = Abi(
    call=ALL & ~registers((T0, T1, *range(28, 32), *(F0 + n for n in (*range(8), *range(28, 32))))),
    back=registers((RA, SP, GP, TP, FCSR)) | SAVED | FLOAT_SAVED | RESULTS,
    saved=registers((SP, GP, TP)) | SAVED | FLOAT_SAVED,
    trap=NONE,
)
NO_ABI = Abi(call=ALL, back=ALL, saved=NONE, trap=ALL)

# Registers that may be passed by value, in the order in which they get the host's registers.
PASSED = (SP, 10, 11, 12, 13, 14, 15, 16, 17, RA, 8, 9, *range(18, 28), *range(F0 + 10, F0 + 18))


@dataclass
class Signature:
    """params, results: by value, in this order. writes: what may not be what it was, callees included, but for what
    the convention says is saved. needs: what it may read; reads: what instructions of its own may read. direct: whether
    it has a direct form. What is in `writes` and not in `results` is in the hart after a call. name: of the function,
    where it has one."""

    params: tuple[int, ...] = ()
    results: tuple[int, ...] = ()
    writes: Registers = ALL
    needs: Registers = ALL
    reads: Registers = NONE
    direct: bool = False
    name: str = ""
    asks: bool = False  # whether the direct form looks for an interrupt at its entry


def calls(graph: Graph) -> bool:
    """Whether it calls anything and goes on then."""
    return any(block.end in (End.CALL, End.INDIRECT_CALL) for block in graph.blocks.values())


def calls_others(graph: Graph) -> bool:
    """Whether it calls, or goes elsewhere."""
    return any(
        block.end in (End.CALL, End.INDIRECT_CALL, End.SYSCALL, End.INDIRECT, End.OUT)
        or leaving(graph, block)
        for block in graph.blocks.values()
    )


def is_handed_over(i: Instruction) -> bool:
    """Whether the instruction is one for the interpreter, and may be so often."""
    if i.row.extension == "Zicsr":
        return not is_float_csr(i)
    return i.row.flow is RowFlow.TRAP and i.row.name not in ("ebreak", "c.ebreak")


def has_direct_form(graph: Graph) -> bool:
    """Whether the function is called as one: no part of one, nor an entry in the middle."""
    if (
        graph.resume
        or graph.entry != graph.start
        or any(
            i.row.flow is RowFlow.TRAP and is_handed_over(i)
            for block in graph.blocks.values()
            for _, i in block.code[-1:]
        )
    ):
        return False
    return not any(
        graph.start <= pc < graph.end for block in graph.blocks.values() for pc in leaving(graph, block)
    )
