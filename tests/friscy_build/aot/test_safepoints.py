"""Every loop of translated code can be interrupted, also where a call or an access in it looks in its stead."""

from __future__ import annotations

import struct
from collections.abc import Callable

import pytest
from aot_guest import CODE, Guest, elf_with_symbols, install, run_till_interrupted
from aot_programs import Assembler, op

from friscy_build.aot.bases import Bases
from friscy_build.aot.flow import Flow
from friscy_build.aot.graph import build_graph
from friscy_build.aot.image import CodeImage
from friscy_build.aot.safepoints import Look, Looks, is_turned_unasked

RA, SP, A0, A1, A2, A3, A5, S0 = 1, 2, 10, 11, 12, 13, 15, 8
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


def turns(a: Assembler, count: int = 3) -> None:
    """A loop that ends never, around one that accesses nothing, and may be written turn by turn."""
    a.word(op("addi", rd=S0, rs1=0, imm=count))
    a.labels["inner"] = a.at
    a.word(op("addi", rd=S0, rs1=S0, imm=-1))
    a.to("inner", "bne", rs1=S0, rs2=0)


def many_turns(a: Assembler) -> None:
    """The same around one that is a loop in any case."""
    turns(a, 100)


def chase(a: Assembler) -> None:
    """What lists are followed by; the place holds its own address."""
    a.word(op("ld", rd=A1, rs1=A1, imm=0))


def fill(a: Assembler) -> None:
    a.word(op("sd", rs2=A1, rs1=A1, imm=8))
    chase(a)


def either(a: Assembler) -> None:
    """An access on each of two ways."""
    a.to("other", "bne", rs1=A0, rs2=0)
    a.word(op("ld", rd=A1, rs1=A1, imm=0))
    a.to("both", "jal", rd=0)
    a.labels["other"] = a.at
    a.word(op("ld", rd=A2, rs1=A2, imm=0))
    a.labels["both"] = a.at
    a.word(op("xori", rd=A0, rs1=A0, imm=1))


def one_way(a: Assembler) -> None:
    """An access on one of two ways, which is not gone."""
    a.to("past", "beq", rs1=A0, rs2=0)
    a.word(op("ld", rd=A1, rs1=A1, imm=0))
    a.labels["past"] = a.at


def behind(a: Assembler) -> None:
    """An access behind a branch, in each turn."""
    one_way(a)
    a.word(op("ld", rd=A2, rs1=A2, imm=8))
    a.word(op("ld", rd=A2, rs1=A2, imm=-16))


def inner(a: Assembler, label: str = "inner") -> None:
    """A loop around one that ends and looks, at `label`."""
    a.word(op("addi", rd=A0, rs1=0, imm=3))
    a.labels[label] = a.at
    chase(a)
    a.word(op("addi", rd=A0, rs1=A0, imm=-1))
    a.to(label, "bne", rs1=A0, rs2=0)


def again(a: Assembler) -> None:
    """A loop that never ends behind one that does, both of which load what tells of an interrupt."""
    inner(a, "first")
    a.labels["second"] = a.at
    a.word(op("ld", rd=A2, rs1=A2, imm=8))
    a.word(op("ld", rd=A2, rs1=A2, imm=-16))
    a.to("second", "jal", rd=0)


def floats(a: Assembler) -> None:
    """The access is in a run of float arithmetic, which is written twice."""
    a.word(op("fld", rd=1, rs1=A1, imm=8))
    chase(a)
    for _ in range(3):
        a.word(op("fadd.d", rd=1, rs1=1, rs2=1, rm=0))


def copies(a: Assembler) -> None:
    """The access is in a copy of bytes, which is written as one."""
    for k in range(4):
        a.word(op("lbu", rd=A3 + k, rs1=A1, imm=k))
    for k in range(4):
        a.word(op("sb", rs2=A3 + k, rs1=A2, imm=32 + k))
    a.word(op("ld", rd=A2, rs1=A2, imm=0))


def steps(a: Assembler) -> None:
    """The access needs no check: its base stays where it is."""
    a.word(op("ld", rd=A3, rs1=A1, imm=0))


BODIES = {
    "nothing": lambda a: None, "leaf": call("leaf"), "calls": call("plain"), "guarded": call("guarded"),
    "seldom": seldom, "nested": nested,
    **{f.__name__: f for f in (chase, fill, either, one_way, behind, inner, again, floats, copies, steps)},
    **{f.__name__: f for f in (turns, many_turns)},
}  # fmt: skip


@pytest.mark.parametrize("body", BODIES)
def test_it_is_interrupted(new_guest: NewGuest, body: str) -> None:
    a, functions = endless(BODIES[body])
    guest, code = new_guest(), a.code()
    guest.write(CODE, code)
    guest.set_x(SP, CODE + 0x8000)
    cells = [CODE + 0x9000, CODE + 0x9100]
    for register, cell in zip((A1, A2), cells, strict=True):
        guest.set_x(register, cell)
        guest.write(cell - 8, struct.pack("<QQQ", cell, cell, cell + 16))
        guest.write(cell + 16, struct.pack("<Q", cell))
    assert CODE in install(guest, elf_with_symbols(code, functions))
    run_till_interrupted(guest)
    assert guest.traps == []
    assert {guest.x(A1), guest.x(A2)} <= {*cells, cells[1] + 16}


def flow_of(body: str) -> tuple[Assembler, Flow]:
    a, functions = endless(BODIES[body])
    image = CodeImage(elf_with_symbols(a.code(), functions))
    return a, Flow(build_graph(image, CODE, CODE + functions[0][1]))


@pytest.mark.parametrize(
    ("body", "unasked"),
    [("nothing", True), ("calls", False), ("guarded", False), ("seldom", True), ("nested", False)],
)
def test_which_loops_can_go_round_without_a_call(body: str, unasked: bool) -> None:
    a, flow = flow_of(body)
    calling = {k for k, block in enumerate(flow.blocks) if flow.calls[k]}
    header = flow.number[a.labels["again"]]
    assert is_turned_unasked(flow, header, flow.loops()[header], calling) == unasked


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("nothing", {}),
        ("chase", {"again": Look(0, stored=False)}),
        ("fill", {"again": Look(0, stored=True)}),
        ("either", {"other": Look(0, stored=False), "again+4": Look(0, stored=False)}),
        ("one_way", {}),
        ("behind", {"past": Look(0, stored=False)}),
        ("inner", {"inner": Look(0, stored=False)}),
        ("floats", {}),
        ("copies", {}),
        ("steps", {}),
    ],
)
def test_which_accesses_look(body: str, expected: dict[str, Look]) -> None:
    a, flow = flow_of(body)
    bases = Bases(flow, direct=False, kept={})
    looks = Looks(flow, bases, set())
    places = {**a.labels, "again+4": a.labels["again"] + 4}
    assert looks.accesses == {places[label]: look for label, look in expected.items()}
    assert (a.labels["again"] in looks.unasked) == bool(expected), "else its head looks"


def test_a_loop_around_one_that_looks_does_not() -> None:
    a, flow = flow_of("many_turns")
    inner = a.labels["inner"]
    bases = Bases(flow, direct=False, kept={})
    assert Looks(flow, bases, set()).unasked == {a.labels["again"]}
    assert Looks(flow, bases, set(), {flow.number[inner]}).unasked == {inner}, "it may look seldom"


def test_an_access_looks_where_no_call_does() -> None:
    """Calls that look are enough; those that do on some ways only are made anyway."""
    a, flow = flow_of("calls")
    calling = {k for k, block in enumerate(flow.blocks) if flow.calls[k]}
    looks = Looks(flow, Bases(flow, direct=False, kept={}), calling)
    assert (looks.accesses, looks.calls) == ({}, {a.labels["again"]})
    _, flow = flow_of("seldom")
    calling = {k for k, block in enumerate(flow.blocks) if flow.calls[k]}
    looks = Looks(flow, Bases(flow, direct=False, kept={}), calling)
    assert (looks.accesses, looks.calls, looks.unasked) == ({}, set(), set())
