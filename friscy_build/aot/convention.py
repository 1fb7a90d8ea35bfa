"""What a guest function expects in registers and what it gives back: the calling convention of translated code.

A function of a module has two forms. The table's, `(hart) -> next_pc`, has all registers in the hart. The direct form
is for callers in the same module that know it:

    d_PC(hart, depth, params ...) -> {i64 left, results ...}

params: registers by value (`Signature.params`); the others that it may read or unwind with are in the hart.
left: where it returned to, with the callee-saved registers as they were; the registers of `Signature.results` are
then given by value. An odd number is an unwinding: the pc to go on at, plus 1; all registers that it may have written
are in the hart then.

Known callees are looked at; of others `signature` says what is assumed. A function that is not seen to restore what it
saved (`preserved`) has no direct form.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import copy
from dataclasses import replace
from heapq import heappop, heappush

from friscy_build.aot.aside import part
from friscy_build.aot.effects import ALL, NONE, RA, Registers, members, registers
from friscy_build.aot.fixed import find_fixed
from friscy_build.aot.flow import Flow
from friscy_build.aot.graph import Block, End, Graph
from friscy_build.aot.inlining import FEW, FEW_PLACES, MANY, Inlined, find_inlined
from friscy_build.aot.liveness import Liveness, reads_before_writes, solve_dirty, solve_held, solve_live
from friscy_build.aot.locals import MAX_PARAMS
from friscy_build.aot.order import postorder
from friscy_build.aot.preserved import intact
from friscy_build.aot.rules import Rules
from friscy_build.aot.signature import (
    PASSED,
    PSABI,
    RESULTS,
    SAVED,
    Abi,
    Signature,
    calls_others,
    has_direct_form,
)
from friscy_build.aot.smashes import find_smashes
from friscy_build.aot.spent import Spent, find_spent
from friscy_build.aot.strings import routine_for
from friscy_build.aot.tables import Table

# A function of at most so many instructions that others call directly is written for the table once more.
TWIN_INSTRUCTIONS = 60
_NEARLY_ALL = 0.75  # of a function's calls
_RECURSION = 8  # calls that one of itself stands for
_FORWARDED = registers((10, 11))


class Convention(Rules):
    """The signatures of a module's functions."""

    def __init__(
        self, flows: Mapping[int, Flow], abi: Abi = PSABI, demands: Mapping[int, Registers] | None = None
    ) -> None:
        """flows: by their entries. demands: by function, what it gives back beside what `abi` says (`Habits`)."""
        self.abi, self._demands = abi, demands or {}
        self.signatures: dict[int, Signature] = {}
        self.intact: dict[int, dict[int, Registers]] = {}
        self.flows = dict(flows)
        own: dict[int, Registers] = {}
        for pc, flow in self.flows.items():
            for writes in flow.writes:
                own[pc] = own.get(pc, NONE) | writes
            candidate = has_direct_form(flow.graph)
            self.intact[pc] = intact(flow, abi.saved, ALL & ~abi.saved) if candidate else {}
            direct = candidate and self._restores(pc, flow)
            self.signatures[pc] = Signature(
                writes=own[pc] if direct else ALL,
                needs=NONE,
                reads=reads_before_writes(flow) if direct else NONE,
                direct=direct,
                name=flow.graph.name,
                asks=direct and calls_others(flow.graph),
            )
        self._guessable = self._find_guessable()
        self._callers = self._find_callers()
        self._choose_forms(own)
        self._solve_writes()
        self._solve_results(own)
        self.spent = find_spent(self.flows.values(), self._find_changed(own)) if abi.saved else Spent()
        self.fixed = find_fixed(self.flows.values(), abi.saved)
        self._found: dict[int, Liveness] = {}
        # What those may read that have the table's form only; they are jumped to, too.
        self._entered = {
            pc: NONE for pc, flow in self.flows.items()
            if pc >= 0 and not self.signatures[pc].direct and not flow.graph.resume
        }  # fmt: skip
        blocks = [block for flow in self.flows.values() for block in flow.blocks]
        tables = dict.fromkeys(block.way.table for block in blocks if block.way is not None)
        # The same of all that a table leads to.
        self._led_to = {t: NONE if self._entered.keys() >= set(t.targets) else ALL for t in tables}
        self._solve_needs()
        in_hart = self._find_in_hart(own)
        self._put_aside(own)
        for pc, flow in self.flows.items():
            signature = self.signatures[pc]
            if signature.direct and not flow.graph.resume:
                reads = reads_before_writes(flow) if pc in self.asides else signature.reads
                passable = reads & signature.needs & ~in_hart.get(pc, NONE) | 1 << RA
                signature.params = tuple(r for r in PASSED if passable >> r & 1)[:MAX_PARAMS]
        for pc, flow in self.flows.items():
            solve_dirty(flow, self, self._found[pc], self._given(pc))
        self.inlined: dict[int, Inlined] = {}
        places = self._count_places()
        for pc, flow in self.flows.items():
            signature = self.signatures[pc]
            elsewhere = self._demands.get(pc, NONE) & signature.writes & ~registers(signature.results)
            if pc < 0 or flow.graph.resume or elsewhere or not self.abi.saved:
                continue
            if not places[pc]:
                continue
            limits, live = FEW if places[pc] <= FEW_PLACES else MANY, self._found[pc].live
            inlined = find_inlined(flow.graph, signature, self.abi.saved, live, limits)
            if inlined is not None:
                self.inlined[pc] = inlined
        for pc, smashed in find_smashes(self, own, self._callees, self._spread).items():
            self._found[pc].smashed = smashed
        for pc, flow in self.flows.items():
            found, signature = self._found[pc], self.signatures[pc]
            wanted = registers(signature.results) if signature.direct else NONE
            solve_held(flow, self, found, wanted, self._given(pc))

    def _put_aside(self, own: dict[int, Registers]) -> None:
        """Part functions with code that seldom runs: from here on a flow is of what is written as one function."""
        self.asides: dict[int, int] = {}  # by the keys of functions that are parted, those of what is aside
        for key, whole in list(self.flows.items()):
            parts = part(whole.graph)
            if parts is None:
                continue
            front, aside = parts
            self.asides[key] = aside.key
            signature, found = self.signatures[key], self._found[key]
            signature.asks = signature.direct and calls_others(front)
            form = replace(signature, params=(RA, 0)) if signature.direct else Signature(name=signature.name)
            self.signatures[aside.key], self.intact[aside.key] = form, self.intact[key]
            own[aside.key] = own[key]
            for graph in parts:
                flow = Flow(graph)
                self.flows[graph.key] = flow
                self._found[graph.key] = found.of(whole, flow)

    def _given(self, key: int) -> Registers:
        """What the form of a function has by value at its entry."""
        return NONE if self.flows[key].graph.resume else registers(self.signatures[key].params)

    def forms(self, graph: Graph) -> Iterator[Graph]:
        """What is written for a function of the module: its front and what is aside, or it as a whole; a twin."""
        for key in (graph.entry, ~graph.entry):
            if key in self.flows:
                yield self.flows[key].graph
                if key in self.asides:
                    yield self.flows[self.asides[key]].graph

    def _find_in_hart(self, own: Mapping[int, Registers]) -> dict[int, Registers]:
        """By function, the saved registers that it finds in the hart, and does not get by value.

        There a caller that does not change them has them once for all its calls, and one that changes them has to put
        them back. By value they go through the host's stack at each call. So by value go those that nearly all calls
        come with from functions that change them; a function's calls of itself are made more often than others.
        """
        calls: dict[int, Counter[Registers]] = {}  # by function: how many come from one that changes these
        for pc, flow in self.flows.items():
            if flow.graph.twin:
                continue
            changed = own[pc] & SAVED if self.signatures[pc].direct else NONE
            for k, block in enumerate(flow.blocks):
                for callee in self._callees(flow, k) if not block.cold else ():
                    if callee is not None:
                        calls.setdefault(callee, Counter())[changed] += _RECURSION if callee == pc else 1
        found = dict[int, Registers]()
        for pc, counts in calls.items():
            enough = _NEARLY_ALL * counts.total()
            by_value = (r for r in members(SAVED) if sum(n for each, n in counts.items() if each >> r & 1) >= enough)
            found[pc] = SAVED & ~registers(by_value)
        return found

    def _find_guessable(self) -> set[int]:
        """The functions with a direct form whose callers may guess that they call it: those that have it anyway, and
        those that are often called so.

        One with loops in loops that is called through the table alone, as `main` is, is better off with that form: it
        puts no saved registers back where it returns, so it may store them before a loop.
        """
        blocks = [block for flow in self.flows.values() for block in flow.blocks]
        called = {block.target for block in blocks if block.end is End.CALL}
        guessed = {block.likely for block in blocks if block.likely is not None} - called
        called |= {pc for pc in guessed & self.flows.keys() if not self.flows[pc].has_inner_loops()}
        return {
            pc for pc, flow in self.flows.items()
            if pc in called or flow.graph.ninstructions <= TWIN_INSTRUCTIONS
        }  # fmt: skip

    def _choose_forms(self, own: dict[int, Registers]) -> None:
        """A direct form costs those who come through the table a call more: not where nobody calls it, and a function
        that is small is there twice. (A string function's wrapper does its work, without the frame of the rest.)"""
        twins = set()
        for pc, flow in list(self.flows.items()):
            name = self.signatures[pc].name
            if not self.signatures[pc].direct or routine_for(name):
                continue
            key = pc
            if pc in self._callers:
                if flow.graph.ninstructions > TWIN_INSTRUCTIONS:
                    continue
                twin = flow.twin()
                key = twin.graph.key
                self.flows[key], own[key] = twin, own[pc]
                twins.add(pc)
            self.signatures[key], self.intact[key] = Signature(needs=NONE, name=name), {}
        for callers in self._callers.values():
            callers |= {~pc for pc in callers & twins}

    def part(self, graphs: Iterable[Graph]) -> Convention:
        """What it takes to write these functions, and no more: a worker is sent it."""
        keys = [form.key for graph in graphs for form in self.forms(graph)]
        few = copy(self)
        few.flows = {key: self.flows[key] for key in keys}
        few.intact = {key: self.intact[key] for key in keys}
        few._found = {key: self._found[key] for key in keys}
        few._callers = {}
        few.fixed = {key: self.fixed[key] for key in keys if key in self.fixed}
        few.asides = {key: self.asides[key] for key in keys if key in self.asides}
        blocks = [block for key in keys for block in self.flows[key].blocks]
        few.spent = self.spent.part(blocks)
        called = {pc for block in blocks for pc in (block.target, block.likely)}
        few.inlined = {pc: inlined for pc, inlined in self.inlined.items() if pc in called}
        return few

    def _restores(self, pc: int, flow: Flow) -> bool:
        """Whether all returns are through ra with the saved registers as they were."""
        saved = self.abi.saved
        return all(
            not saved & ~self.intact[pc].get(block.last_pc, saved) and block.code[-1][1].rs1 == RA
            for block in flow.blocks
            if block.end is End.RETURN
        )

    def _callees(self, flow: Flow, k: int) -> list[int | None]:
        """The functions that a block calls or goes to; None for one that is not known."""
        block = flow.blocks[k]
        match block.end:
            case End.CALL:
                return [block.target if self.known(block) else None]
            case End.INDIRECT if block.pc < 0:
                return []  # a switch; where it finds no block to go to, the function is unwound
            case End.INDIRECT_CALL | End.INDIRECT if self.guessed(block) or self.guessed_jump(block):
                return [block.likely, None]
            case End.INDIRECT_CALL | End.SYSCALL | End.INDIRECT:
                return [None]
        return [pc if self.tail(pc) else None for pc in flow.leaving[k]]

    def _count_places(self) -> Counter[int]:
        """By function, the places where it is called by value, or guessed to be; but where nothing ever ran."""
        found = Counter[int]()
        for flow in self.flows.values():
            blocks = [block for block in flow.blocks if not block.cold and not flow.graph.twin]
            found.update(block.target for block in blocks if block.end is End.CALL)
            found.update(block.likely for block in blocks if block.likely is not None)
        return found

    def _find_callers(self) -> dict[int, set[int]]:
        """The functions that call a direct form, or jump to it; None among callees makes all of `writes` unknown."""
        callers: dict[int, set[int]] = {}
        for pc, flow in self.flows.items():
            for k in range(len(flow.blocks)):
                for callee in self._callees(flow, k):
                    if callee is not None:
                        callers.setdefault(callee, set()).add(pc)
                    elif self.signatures[pc].direct:
                        self.signatures[pc].writes = ALL
        return callers

    def _find_jumpers(self) -> dict[int | Table, set[int]]:
        """The functions that jump to one that has the table's form only, or by a table; by each, what to tell of it."""
        jumpers: dict[int | Table, set[int]] = {}
        for pc, flow in self.flows.items():
            for k, block in enumerate(flow.blocks):
                for target in flow.leaving[k]:
                    jumpers.setdefault(target, set()).add(pc)
                if block.way is not None:
                    jumpers.setdefault(block.way.table, set()).add(pc)
        return jumpers

    def _spread(self, first: list[int], step: Callable[[int, int], bool]) -> None:
        """Call `step(callee, caller)` until it says nowhere any more that the caller changed."""
        work = first
        while work:
            pc = work.pop()
            for caller in self._callers.get(pc, ()):
                if step(pc, caller):
                    work.append(caller)

    def _solve_writes(self) -> None:
        def step(callee: int, caller: int) -> bool:
            before = self.signatures[caller].writes
            self.signatures[caller].writes |= self.signatures[callee].writes
            return self.signatures[caller].writes != before

        self._spread(list(self.flows), step)

    def _find_changed(self, own: Mapping[int, Registers]) -> Callable[[Block], Registers]:
        """What compilers take a call to change: all that it may, but where they know the callee, what its code does."""
        changed: dict[int, Registers] = {}
        for pc, flow in self.flows.items():
            if pc >= 0 and self.signatures[pc].direct:
                unknown = any(b.end is End.INDIRECT_CALL and b.code[-1][1].rd == RA for b in flow.blocks)
                changed[pc] = ALL if unknown else own[pc]

        def step(callee: int, caller: int) -> bool:
            if caller not in changed or not changed.get(callee, NONE) & ~changed[caller]:
                return False
            changed[caller] |= changed[callee]
            return True

        self._spread(list(changed), step)

        def by_call(block: Block) -> Registers:
            if block.code[-1][1].rd != RA:
                return NONE
            if block.end is End.INDIRECT_CALL:
                return ALL
            return changed.get(block.target, NONE) & ~self._demands.get(block.target, NONE)

        return by_call

    def _solve_results(self, own: Mapping[int, Registers]) -> None:
        """By value is given back what its own instructions may have written, or, of integers, those of callees that are
        known. What callees leave in a float register seldom is a result."""
        given = {pc: RESULTS & own[pc] if self.signatures[pc].direct else NONE for pc in self.flows}

        def step(callee: int, caller: int) -> bool:
            before = given[caller]
            if self.signatures[caller].direct:
                given[caller] |= given[callee] & _FORWARDED
            return given[caller] != before

        self._spread(list(self.flows), step)
        if self.abi.saved:
            for pc, signature in self.signatures.items():
                signature.results = members(given[pc])

    def _callees_first(self) -> list[int]:
        """The functions, those that others call before these where that can be."""
        return postorder(self.flows, {pc: list(self._callers.get(pc, ())) for pc in self.flows})[::-1]

    def _solve_needs(self) -> None:
        """Find what each function may read, and with it what is live in it."""
        jumpers = self._find_jumpers()
        leading: dict[int, list[Table]] = {}
        for table in self._led_to:
            for target in set(table.targets):
                leading.setdefault(target, []).append(table)
        order = self._callees_first()
        solved: dict[int, tuple[list[Registers], list[Registers]]] = {}
        work = list(range(len(order)))  # a heap
        numbers = {pc: k for k, pc in enumerate(order)}
        queued = set(work)
        while work:
            k = heappop(work)
            queued.discard(k)
            pc = order[k]
            flow, signature = self.flows[pc], self.signatures[pc]
            solved[pc] = solve_live(flow, self)
            needs = solved[pc][0][flow.number[flow.graph.entry]]
            waiting: set[int] = set()
            if signature.direct and needs != signature.needs:
                signature.needs = needs
                waiting |= self._callers.get(pc, set())
            elif self._entered.get(pc, needs) != needs:
                self._entered[pc] = needs
                waiting |= jumpers.get(pc, set())
                for table in leading.get(pc, ()):
                    if needs & ~self._led_to[table]:
                        self._led_to[table] |= needs
                        waiting |= jumpers[table]
            for caller in waiting:
                if numbers[caller] not in queued:
                    heappush(work, numbers[caller])
                    queued.add(numbers[caller])
        self._found = {pc: Liveness(self.flows[pc], *found) for pc, found in solved.items()}
        for signature in self.signatures.values():
            if not signature.direct:
                signature.needs = ALL
