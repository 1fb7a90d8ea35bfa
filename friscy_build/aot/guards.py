"""What callers do in a function's stead: small functions that call nobody, and those that look first and often return.

    li a5, 1
    bge a5, a0, out     # a guard: fib(n) of n < 2
    ...
    out: ret

A call has its price in the host's frame and parameters, however soon it returns. What a guard computes is done where
the function is called, with the caller's registers, and where it says so, the call is not made. A *leaf*, a few
instructions and the return, is done there whole. Whatever either writes is nobody's behind the call, by the calling
convention, but for the results.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from friscy_build.aot.effects import RA, Registers, effects, is_access, is_cheap, registers
from friscy_build.aot.graph import Block, End, Graph
from friscy_build.aot.signature import Signature
from friscy_build.isa.decode import Instruction

_MOST = 4  # instructions, of each of a guard's parts
_LEAF = 8  # of a leaf
_MULTIPLY = ("mul", "mulw")

Code = Sequence[tuple[int, Instruction]]
Words = tuple[tuple[int, int], ...]  # a pc and a word for each instruction: they are sent to worker processes


@dataclass(frozen=True, slots=True)
class Guard:
    """looking: what comes before the branch, and that itself; taken: whether it returns where the branch is taken;
    returning: what is done before the return then."""

    looking: Words
    taken: bool
    returning: Words


def find_guard(graph: Graph, signature: Signature, saved: Registers) -> Guard | None:
    """The guard at a function's entry; None where it has none, or it does more than compute with what is passed."""
    entry = graph.blocks.get(graph.entry)
    if entry is None or entry.end is not End.BRANCH or len(entry.code) > _MOST or not signature.direct:
        return None
    looking = entry.code
    given = registers(signature.params)
    known = _after(looking[:-1], given, forbidden=given | saved | 1 << RA)
    if known is None or effects(looking[-1][1])[0] & ~known:
        return None
    for taken, target in ((True, entry.target), (False, entry.next_pc)):
        out = graph.blocks.get(target)
        if out is None or not _returns(out):
            continue
        returning = out.code[:-1]
        behind = _after(returning, known, forbidden=saved | 1 << RA)
        if behind is not None and not registers(signature.results) & ~behind:
            return Guard(_words(looking), taken, _words(returning))
    return None


def find_leaf(graph: Graph, signature: Signature, saved: Registers) -> Words | None:
    """A function's instructions before its return, if it is a leaf."""
    entry = graph.blocks.get(graph.entry)
    if entry is None or entry.end is not End.RETURN or len(graph.blocks) > 1 or not signature.direct:
        return None
    code = entry.code[:-1]
    if len(code) > _LEAF or entry.code[-1][1].rs1 != RA:
        return None
    known = _after(code, registers(signature.params), forbidden=saved | 1 << RA, may=_is_of_leaf)
    return None if known is None or registers(signature.results) & ~known else _words(code)


def _words(code: Code) -> Words:
    return tuple((pc, i.word) for pc, i in code)


def _returns(block: Block) -> bool:
    return block.end is End.RETURN and len(block.code) <= _MOST and block.code[-1][1].rs1 == RA


def _is_of_leaf(i: Instruction) -> bool:
    return is_cheap(i) or i.row.name in _MULTIPLY or (is_access(i) and i.row.extension == "I")


def _after(
    code: Code, known: Registers, *, forbidden: Registers, may: Callable[[Instruction], bool] = is_cheap
) -> Registers | None:
    """What is known by value after instructions, `known` being so before; None: they do something else than they may,
    with something else than that, or write what is forbidden."""
    for _, i in code:
        reads, writes = effects(i)
        if not may(i) or reads & ~known or writes & forbidden:
            return None
        known |= writes
    return known
