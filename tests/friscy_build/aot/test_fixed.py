"""Where an interpreter's loop keeps the address of its table in a register, each part of it knows that address."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from aot_guest import CODE, STACK, elf_with_symbols, install
from aot_programs import A0, RA, SP, Assembler, op
from test_spent import (
    A1,
    A5,
    S0,
    S1,
    S2,
    T1,
    Steps,
    convention_of,
    elf_of,
    go_by,
    interpreter,
    jump,
    leaves,
    li,
    mv,
    then,
    through,
    words,
)

from friscy_build.aot.convention import Convention
from friscy_build.aot.fixed import find_fixed
from friscy_build.aot.flow import Flow
from friscy_build.aot.graph import build_graph
from friscy_build.aot.image import CodeImage
from friscy_build.aot.module import Options
from friscy_build.aot.signature import NO_ABI, PSABI
from friscy_build.aot.switches import Switches, constant

S3 = 19
PARTS = Options(largest=10)
NCASES = 4


def dispatch(a: Assembler) -> None:
    words(
        op("lbu", rd=A5, rs1=S0, imm=0),
        op("addi", rd=S0, rs1=S0, imm=1),
        op("andi", rd=A5, rs1=A5, imm=NCASES - 1),
    )(a)
    go_by(A5, A5, S1)(a)


def again(a: Assembler) -> None:
    """Have the address of the table in s1 once more."""
    a.to("table", "address", register=S1)


def after(*steps: Steps) -> Steps:
    def all_of_them(a: Assembler) -> None:
        for each in (*steps, dispatch):
            each(a)

    return all_of_them


COMPUTES = after(words(op("add", rd=A1, rs1=A1, rs2=S0)))
CALLS = after(words(mv(A0, S0), through(S2)))
USES_IT = after(words(op("addi", rd=S1, rs1=S1, imm=8), op("add", rd=A1, rs1=A1, rs2=S1)), again)


def program(second: Steps, third: Steps = COMPUTES) -> Assembler:
    return interpreter({"computes": COMPUTES, "second": second, "third": third, "leaves": leaves}, first=dispatch)


def known(a: Assembler, saved: int = PSABI.saved, *heads: str) -> dict[str, dict[int, int]]:
    """By the label of a part: the numbers that registers have there. heads: of parts that there are to be besides."""
    convention = convention_of(a, ["loop"], PARTS, heads=[a.labels[name] for name in heads])
    found = find_fixed(convention.flows.values(), saved)
    return {name: found[at] for name, at in a.labels.items() if at in found}


CASES = ("computes", "second", "third", "leaves")


@pytest.mark.parametrize("second", [COMPUTES, CALLS, USES_IT], ids=["computes", "calls", "has it anew"])
def test_all_parts_that_the_table_leads_to_know_it(second: Steps) -> None:
    a = program(second)
    found = known(a)
    assert found == {name: {S1: a.labels["table"]} for name in CASES}


@pytest.mark.parametrize(
    "second",
    [
        after(words(op("addi", rd=S1, rs1=S1, imm=0))),
        after(words(op("ld", rd=S1, rs1=SP, imm=16))),
        after(words(mv(S1, S2))),
        then(op("jalr", rd=0, rs1=T1, imm=0), end=dispatch),  # wherever that leads
    ],
    ids=["computes it", "loads it", "moves it", "goes astray"],
)
def test_one_that_may_change_it_spoils_it_for_all(second: Steps) -> None:
    assert known(program(second)) == {}


def test_two_registers_are_two_facts() -> None:
    """The one is changed by one case, the other by another."""
    both = interpreter(
        {
            "computes": COMPUTES,
            "second": after(words(mv(S1, S2)), lambda a: a.to("table", "address", register=S3)),
            "third": after(words(mv(S3, S2)), again),
            "leaves": leaves,
        },
        before=lambda a: a.to("table", "address", register=S3),
        first=dispatch,
    )
    assert known(both) == {}


@pytest.mark.parametrize("has_it", [True, False])
def test_there_may_be_ways_to_what_nobody_is_seen_to_come_to(has_it: bool) -> None:
    def leaves_and_more(a: Assembler) -> None:
        leaves(a)
        a.labels["island"] = a.at
        (USES_IT if has_it else COMPUTES)(a)

    cases = {"computes": COMPUTES, "second": CALLS, "third": COMPUTES, "leaves": leaves_and_more}
    a = interpreter(cases, first=dispatch)
    found = known(a, PSABI.saved, "island")
    assert found == ({name: {S1: a.labels["table"]} for name in CASES} if has_it else {})


def test_what_was_copied_into_others_needs_no_way() -> None:
    """Both cases get the short end that they share; it stays a part nobody goes to."""

    def leaves_and_goes_on(a: Assembler) -> None:
        leaves(a)
        a.labels["next"] = a.at
        dispatch(a)

    short = then(op("add", rd=A1, rs1=A1, rs2=S0), end=jump("next"))
    cases = {"computes": short, "second": short, "third": CALLS, "leaves": leaves_and_goes_on}
    a = interpreter(cases, first=dispatch)
    assert known(a) == {name: {S1: a.labels["table"]} for name in CASES}


@pytest.mark.parametrize("other", [5, 6])
def test_a_number_on_all_ways_is_the_same(other: int) -> None:
    a = Assembler()
    a.to("over", "beq", rs1=A0, rs2=0)
    a.word(li(S1, other))
    a.labels["over"] = a.at
    words(op("add", rd=A0, rs1=S1, rs2=S1), op("jalr", rd=0, rs1=RA, imm=0))(a)
    code = a.code()
    flow = Flow(build_graph(CodeImage(elf_with_symbols(code, [(CODE, len(code))])), CODE, CODE + len(code)))
    number = constant(flow, flow.number[a.labels["over"]], 0, S1, PSABI.saved, {S1: 5})
    assert number == (5 if other == 5 else None)
    assert constant(flow, flow.number[a.labels["over"]], 0, S1, PSABI.saved) is None


def test_a_call_may_change_what_is_not_saved() -> None:
    assert known(program(CALLS), NO_ABI.saved) == {}


def indices(convention: Convention) -> set[int]:
    """The parts that jump by the table's number, without a look at where it lies."""
    flows = convention.flows.values()
    return {f.graph.entry for f in flows if not f.graph.resume and Switches(f, convention).indices}


def test_a_part_that_knows_it_does_not_look() -> None:
    a = program(CALLS)
    found = indices(convention_of(a, ["loop"], PARTS))
    assert found == {a.labels[name] for name in ("loop", *CASES[:3])}
    spoilt = program(after(words(mv(S1, S2))))
    assert indices(convention_of(spoilt, ["loop"], PARTS)) == {spoilt.labels["loop"]}


@pytest.mark.parametrize("largest", [3000, 10], ids=["whole", "parts"])
@pytest.mark.parametrize("middle", [False, True])
@pytest.mark.parametrize("second", [COMPUTES, CALLS, USES_IT], ids=["computes", "calls", "has it anew"])
def test_it_goes_where_the_interpreter_goes(
    new_guest: Callable[..., Any], second: Steps, largest: int, middle: bool
) -> None:
    """middle: the parts can be entered from elsewhere, too."""
    a = program(second)
    a.labels["function"] = a.at
    words(op("add", rd=A1, rs1=A1, rs2=A0), op("addi", rd=A0, rs1=0, imm=1), op("jalr", rd=0, rs1=RA, imm=0))(a)
    elf, starts = elf_of(a, ["loop", "function"])
    entries = [*starts, *(a.labels[name] for name in CASES)] if middle else starts
    guest = new_guest()
    guest.write(CODE, a.code())
    place = STACK + 64
    bytecode = bytes([0, 1, 2, 0x81, 0xFC, 1, 2, 2, 0, 1, 3])
    guest.write(place, bytecode)

    def run() -> tuple[int, ...]:
        guest.set_all([0, 0, STACK, *[0] * 29], [0] * 32, 0)
        guest.set_x(A0, place)
        guest.set_x(A1, a.labels["function"])
        guest.run(CODE)
        return guest.x(A0), guest.x(A1), guest.x(S0), guest.x(S1), guest.pc

    want = run()
    assert starts[0] in install(guest, elf, entries, options=Options(largest=largest))
    assert run() == want
