"""Every loop of translated code can be interrupted, also where a call in it looks in its stead."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from aot_guest import CODE, Guest, elf_with_symbols, install, run_till_interrupted
from aot_programs import Assembler, op

from friscy_build.aot.flow import Flow
from friscy_build.aot.graph import build_graph
from friscy_build.aot.image import CodeImage
from friscy_build.aot.safepoints import is_turned_unasked

RA, SP, A0, A5, S0 = 1, 2, 10, 15, 8
NewGuest = Callable[..., Guest]


def endless(body: Callable[[Assembler], None]) -> tuple[Assembler, list[tuple[int, int]]]:
    """A loop around `body`, and the functions that it may call: one that calls a leaf, the same behind a guard that
    a0 = 0 passes, and the leaf. Where they are, and how long."""
    a = Assembler()
    a.word(op("addi", rd=A0, rs1=0, imm=0))
    a.labels["again"] = a.at
    body(a)
    a.to("again", "jal", rd=0)
    starts = [CODE]

    def function(label: str) -> None:
        starts.append(a.at)
        a.labels[label] = a.at

    function("guarded")
    a.word(op("addi", rd=A5, rs1=0, imm=1))
    a.to("out", "bge", rs1=A5, rs2=A0)
    a.begins("all")
    a.to("leaf", "jal", rd=RA)
    a.returns()
    a.labels["out"] = a.at - 4
    function("plain")
    a.begins("plain")
    a.to("leaf", "jal", rd=RA)
    a.returns()
    function("leaf")
    a.word(op("addi", rd=A0, rs1=A0, imm=1))
    a.word(op("jalr", rd=0, rs1=RA, imm=0))
    ends = [*starts[1:], a.at]
    return a, [(start, end - start) for start, end in zip(starts, ends, strict=True)]


def call(label: str) -> Callable[[Assembler], None]:
    return lambda a: a.to(label, "jal", rd=RA)


def seldom(a: Assembler) -> None:
    """A call that is made only where a0 is not 0, which it is."""
    a.to("around", "beq", rs1=A0, rs2=0)
    a.to("plain", "jal", rd=RA)
    a.labels["around"] = a.at


def nested(a: Assembler) -> None:
    """A loop that ends never, around one that calls."""
    a.word(op("addi", rd=S0, rs1=0, imm=3))
    a.labels["inner"] = a.at
    a.to("guarded", "jal", rd=RA)
    a.word(op("addi", rd=A0, rs1=0, imm=0))
    a.word(op("addi", rd=S0, rs1=S0, imm=-1))
    a.to("inner", "bne", rs1=S0, rs2=0)


BODIES = {
    "nothing": lambda a: None, "leaf": call("leaf"), "calls": call("plain"), "guarded": call("guarded"),
    "seldom": seldom, "nested": nested,
}  # fmt: skip


@pytest.mark.parametrize("body", BODIES)
def test_it_is_interrupted(new_guest: NewGuest, body: str) -> None:
    a, functions = endless(BODIES[body])
    guest, code = new_guest(), a.code()
    guest.write(CODE, code)
    guest.set_x(SP, CODE + 0x8000)
    assert CODE in install(guest, elf_with_symbols(code, functions))
    run_till_interrupted(guest)
    assert guest.traps == []


@pytest.mark.parametrize(
    ("body", "unasked"),
    [("nothing", True), ("calls", False), ("guarded", False), ("seldom", True), ("nested", False)],
)
def test_which_loops_can_go_round_without_a_call(body: str, unasked: bool) -> None:
    a, functions = endless(BODIES[body])
    code = a.code()
    image = CodeImage(elf_with_symbols(code, functions))
    flow = Flow(build_graph(image, CODE, CODE + functions[0][1]))
    calling = {k for k, block in enumerate(flow.blocks) if flow.calls[k]}
    header = flow.number[a.labels["again"]]
    assert is_turned_unasked(flow, header, flow.loops()[header], calling) == unasked
