"""Where the places of saved registers in the hart may have something else than a caller has there.

Whoever puts a saved register back into the hart gives it what it had at its own entry, which is not what it had at its
caller's: so it is touched for all callers, those too that leave the register alone. What a function returns with, it
puts back only where it was touched on some way there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from operator import or_

from friscy_build.aot.effects import NONE, Registers
from friscy_build.aot.flow import Flow
from friscy_build.aot.graph import End
from friscy_build.aot.rules import Rules

Callees = Callable[[Flow, int], list[int | None]]  # the functions that a block calls or goes to; None: not known
Spread = Callable[[list[int], Callable[[int, int], bool]], None]


def find_smashes(
    rules: Rules, own: Mapping[int, Registers], callees: Callees, spread: Spread
) -> dict[int, dict[int, Registers]]:
    """By the key of a function, and the address of a block: the saved registers whose places were touched before it.

    own: the registers that a function's instructions write. spread: has callers follow from callees, until nothing
    changes.
    """
    touched = _touched(rules)

    def step(callee: int, caller: int) -> bool:
        before = touched[caller]
        touched[caller] |= touched[callee]
        return touched[caller] != before

    spread([pc for pc in rules.flows if touched[pc]], step)
    fronts = {aside: pc for pc, aside in rules.asides.items()}
    smashed: dict[int, dict[int, Registers]] = {}
    for pc, flow in rules.flows.items():
        whole = touched[fronts.get(pc, pc)] & own[pc]
        if not rules.signatures[pc].direct or not whole:
            continue
        if pc in fronts:  # what is aside puts back what the front has touched, too
            smashed[pc] = {block.pc: whole for block in flow.blocks}
            continue
        here = []
        for k in range(len(flow.blocks)):
            known = (callee for callee in callees(flow, k) if callee is not None)
            here.append(reduce(or_, (touched[callee] for callee in known), _touches(rules, flow, k)) & whole)
        smashed[pc] = _before(flow, here)
    return smashed


def _touched(rules: Rules) -> dict[int, Registers]:
    """By function: the places that it touches itself."""
    touched: dict[int, Registers] = {}
    for pc, flow in rules.flows.items():
        found, here = rules.liveness(flow.graph), NONE
        for k, block in enumerate(flow.blocks):
            here |= _touches(rules, flow, k)
            if flow.leaving[k] or block.end is End.INDIRECT:  # a jump elsewhere stores what is dirty
                here |= found.at_end[k]
        touched[pc] = here & rules.abi.saved
    for pc, aside in rules.asides.items():
        flow = rules.flows[pc]
        found = rules.liveness(flow.graph)
        left = (found.at_end[k] & found.live[target] for k, exits in enumerate(flow.exits) for target in exits)
        touched[pc] |= touched[aside] | reduce(or_, left) & rules.abi.saved
    return touched


def _touches(rules: Rules, flow: Flow, k: int) -> Registers:
    """The places that a function itself writes to where one of its blocks calls."""
    found, block = rules.liveness(flow.graph), flow.blocks[k]
    # A call that goes elsewhere than guessed stores what is dirty.
    return found.stores[block.pc] | (found.at_end[k] if rules.guessed(block) else NONE)


def _before(flow: Flow, here: list[Registers]) -> dict[int, Registers]:
    """By block: what was touched on some way to its start. here: what is touched where each ends."""
    begins = flow.on_some_way(lambda k, before: before | here[k])
    return {block.pc: before for block, before in zip(flow.blocks, begins, strict=True)}
