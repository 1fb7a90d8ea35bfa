"""Turns of loops with floats that are tried as one: several runs (`float_runs`) with the stores and branches between.

    again: fld a, 0(p); fmul.d a, a, m; fsd a, 0(p); fld b, 0(q); ...; bnez t, seldom; ...; bne p, e, again

A turn, or two of them, are tried like a run, but what is stored is kept until all results have been looked at; then it
is stored, and control goes on as behind the last turn. So there is one look, and one place where two ways come
together, for which all values would have to be right. In two turns what one does the other does in the other lanes.

A load of what the trace itself stores is that value. That other loads do not read what is stored is looked at: where
two bases' ranges overlap, the trace is given up. So it is where a load that comes behind a store, or behind a branch
that floats decide, for which they would have to be computed first, may be in a page that no access before has read:
what others see of a fault has to be as if all had been done one by one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from friscy_build.aot.effects import F0, NONE, Registers, effects, is_access, members
from friscy_build.aot.float_accesses import Accesses, Address, Range, is_store
from friscy_build.aot.float_paths import Path, find_paths
from friscy_build.aot.float_runs import FUSED, LEAST, MOST, is_integer, is_load, move, operation
from friscy_build.aot.float_values import Place
from friscy_build.aot.flow import Flow
from friscy_build.aot.locals import MAX_SAVED
from friscy_build.aot.quiet import Quiet, find_quiet

_MOST_NESTED = 5 * MOST  # operations of a nest


@dataclass(frozen=True, slots=True)
class Trace:
    """A path that is tried as one.

    decided: by the places of branches that floats decide, those of the comparisons. loads, stores: what each of them is
    at. overwritten: stores that need not be made. forwarded: loads of what a store has stored, by place. apart: stores
    and loads that must not overlap. pages: ranges that must not cross a page, by the first load that this is for. late:
    loads that cannot fault, pages being seen to. held: what registers have in the end.
    """

    path: Path
    quiet: Quiet
    decided: Mapping[Place, Place]
    loads: Mapping[Place, Address]
    stores: Mapping[Place, Address]
    overwritten: frozenset[Place]
    forwarded: Mapping[Place, Place]
    apart: tuple[tuple[Range, Range], ...]
    pages: Mapping[Place, Range]
    late: frozenset[Place]
    held: Mapping[int, Address]
    fused: bool

    @property
    def made(self) -> list[Place]:
        """The stores that are made, in order."""
        return [k for k in self.stores if k not in self.overwritten]


def find_traces(flow: Flow, saved: Registers = NONE) -> dict[int, tuple[Trace, ...]]:
    """The traces of a function, by their first blocks. saved: registers that calls leave as they are."""
    found: dict[int, tuple[Trace, ...]] = {}
    for pc, paths in find_paths(flow, saved).items():
        traces = [trace for path in paths if (trace := _find_trace(path)) is not None]
        if traces:
            found[pc] = tuple(traces)
    return found


def _find_trace(path: Path) -> Trace | None:
    """A path that is tried as one; None where it is not."""
    quiet = _find_quiet(path)
    decided = _decided(path, quiet)
    if decided is None or not _may_be_tried(path, quiet):
        return None
    accesses = Accesses(path, min(decided, default=path.end))
    if not accesses.follow():
        return None
    operations = [each for k in range(path.end) if (each := operation(path.code[k][1])) is not None]
    fused = any(each.name in FUSED for each in operations)
    return Trace(
        path, quiet, decided, accesses.loads, accesses.stores, accesses.overwritten(), accesses.forwarded,
        accesses.apart(), accesses.pages(), accesses.late, accesses.held, fused,
    )  # fmt: skip


def _find_quiet(path: Path) -> Quiet:
    found = [(start, find_quiet(block.code)) for start, block in zip(path.starts, path.blocks, strict=True)]
    return Quiet(
        {start + k: each for start, quiet in found for k, each in quiet.comparisons.items()},
        frozenset(start + k for start, quiet in found for k in quiet.undone),
        frozenset(start + k for start, quiet in found for k in quiet.harmless),
    )


def _decided(path: Path, quiet: Quiet) -> dict[Place, Place] | None:
    """The branches that comparisons decide; None where a comparison is read by anything else."""
    written: dict[int, Place] = {}  # by register, the comparison that wrote it last
    found: dict[Place, Place] = {}
    for k in range(path.end):
        i = path.code[k][1]
        reads, writes = effects(i)
        for register in members(reads):
            if register in written:
                if k not in path.branches or 0 not in (i.rs1, i.rs2) or i.row.name not in ("beq", "bne"):
                    return None
                found[k] = written[register]
        if k in quiet.comparisons:
            written[i.rd] = k
        elif k not in quiet.undone:
            for register in members(writes):
                written.pop(register, None)
    return found


def _may_be_tried(path: Path, quiet: Quiet) -> bool:
    """Whether all instructions are such that they may be begun again."""
    noperations = written = 0
    for k in range(path.end):
        i = path.code[k][1]
        if k in path.branches or k in path.jumps or k in quiet.undone:
            continue
        computes = operation(i) is not None or move(i) is not None
        noperations += computes
        plain = computes or is_load(i) or is_integer(i) or is_store(i)
        if not plain and k not in quiet.comparisons and k not in quiet.harmless:
            return False
        if is_access(i) and not i.rs1:
            return False
        written |= effects(i)[1]
    most = _MOST_NESTED if path.nested else MOST
    return LEAST <= noperations <= most and (written & (1 << F0) - 1).bit_count() <= MAX_SAVED
