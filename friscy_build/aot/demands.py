"""What a function has to give back beside what the psABI knows of, found over all functions of a file.

Compilers keep a temporary over a call of a function that they saw not to touch it; hand-made code, such as V8's, has
calls that keep or return any register. Callers tell: whoever reads a register after a call, which nobody by the psABI
would, wants it of the callee, and of what that goes on to by a jump, or calls while the register is kept. A callee
tells too: one that looks at a temporary that was never given to it does so to give it back. And one that returns with
a saved register it has computed something in shows that the file has code that saves none: which others that takes
is not to be seen from each. (What it has loaded there may be what it found, or longjmp's. A function whose jumps may
have been given more targets than they have shows nothing.)

That a register reaches a use, from a call or to a return, holds for each register by itself. So a function is looked
at once, without its callers: `base` is wanted of a callee anyway, `passed` if it is wanted of the function itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from friscy_build.aot.effects import ALL, F0, NONE, Registers, effects, is_access, registers
from friscy_build.aot.flow import Flow
from friscy_build.aot.graph import End
from friscy_build.aot.liveness import read_behind
from friscy_build.aot.signature import FLOAT_SAVED, PSABI, SAVED
from friscy_build.isa.row import Flow as RowFlow

Demands = dict[int, Registers]  # by the address of a function

_TEMPORARIES = registers((5, 6, 7, *range(28, 32), *(F0 + n for n in (*range(8), *range(28, 32)))))
_KNOWN = PSABI.back | PSABI.saved | 1


@dataclass(frozen=True)
class Habits:
    """wanted: by the address of a function, what it gives back. clobbers: whether one changes saved registers."""

    wanted: Demands
    clobbers: bool = False


@dataclass(slots=True)
class _Callee:
    target: int
    base: Registers
    passed: Registers


def _reach(flow: Flow, at_return: Registers) -> tuple[list[Registers], Registers]:
    """(what is read behind each block before it is written, the same at the entry)."""
    out = [block.end is End.RETURN or bool(left) for block, left in zip(flow.blocks, flow.leaving, strict=True)]
    at_end = [at_return if leaves else NONE for leaves in out]
    live, behind = read_behind(flow.after, flow.reads, flow.writes, at_end)
    return behind, live[flow.number[flow.graph.entry]]


def _computed(flow: Flow) -> Registers:
    """The registers whose last write before some return is no load, nor before a call or trap, which may be the end."""
    loaded, computed = [NONE] * len(flow.blocks), [NONE] * len(flow.blocks)
    ending = [
        called or any(i.row.flow is RowFlow.TRAP for _, i in block.code)
        for called, block in zip(flow.calls, flow.blocks, strict=True)
    ]
    for k, block in enumerate(flow.blocks):
        for _, i in block.code:
            written = effects(i)[1]
            if is_access(i):
                loaded[k], computed[k] = loaded[k] | written, computed[k] & ~written
            else:
                loaded[k], computed[k] = loaded[k] & ~written, computed[k] | written

    def ends(k: int, before: Registers) -> Registers:
        return NONE if ending[k] else before & ~loaded[k] | computed[k]

    found = NONE
    for k, before in enumerate(flow.on_some_way(ends)[: flow.nreached]):
        if flow.blocks[k].end is End.RETURN:
            found |= ends(k, before)
    return found


def _is_surely_code(flow: Flow) -> bool:
    """Whether control can come to all of it: no jump may have been given the entries of another's table."""
    code = {pc: i for block in flow.blocks for pc, i in block.code}
    inside_others = any(i.nbytes == 4 and pc + 2 in code for pc, i in code.items())
    return not inside_others and not any(block.vague for block in flow.graph.blocks.values())


class Survey:
    """Takes the functions of a file, one after the other, and then tells what each is to give back."""

    def __init__(self, flows: Iterable[Flow] = ()) -> None:
        self._callees: dict[int, list[_Callee]] = {}
        self._wanted: Demands = {}
        self._clobbers = False
        for flow in flows:
            self.add(flow)

    def add(self, flow: Flow) -> None:
        """Look at a function, or a part of one."""
        graph = flow.graph
        bare, first = _reach(flow, NONE)
        full, _ = _reach(flow, ALL)
        found: dict[int, _Callee] = {}
        for k, block in enumerate(flow.blocks):
            for target in (*flow.leaving[k], *((block.target,) if block.end is End.CALL else ())):
                callee = found.setdefault(target, _Callee(target, NONE, NONE))
                callee.base |= bare[k] & ~_KNOWN
                callee.passed |= full[k] & ~_KNOWN
        self._callees.setdefault(graph.start, []).extend(found.values())
        if graph.resume or graph.entry != graph.start:
            return
        if first & _TEMPORARIES:
            self._wanted[graph.start] = ALL & ~_KNOWN
        if not self._clobbers and _computed(flow) & (SAVED | FLOAT_SAVED):
            self._clobbers = _is_surely_code(flow)

    def habits(self) -> Habits:
        """What all functions together tell."""
        return Habits(self._demands(), self._clobbers)

    def _demands(self) -> Demands:
        wanted = dict(self._wanted)
        work = []
        for start, callees in self._callees.items():
            for callee in callees:
                if callee.base & ~wanted.get(callee.target, NONE):
                    wanted[callee.target] = wanted.get(callee.target, NONE) | callee.base
                    work.append(callee.target)
            if start in self._wanted:
                work.append(start)
        while work:
            start = work.pop()
            for callee in self._callees.get(start, ()):
                more = callee.passed & wanted[start]
                if more & ~wanted.get(callee.target, NONE):
                    wanted[callee.target] = wanted.get(callee.target, NONE) | more
                    work.append(callee.target)
        return wanted
