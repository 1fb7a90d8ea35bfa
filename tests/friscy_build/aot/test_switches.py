"""A jump by a table reads neither that nor asks for its index where a comparison before it has made that sure."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from aot_guest import CODE, Guest, elf_with_symbols, install, run_till_interrupted
from aot_programs import EBREAK, Assembler, op

from friscy_build.aot.effects import NONE
from friscy_build.aot.flow import Flow
from friscy_build.aot.graph import build_graph, resumable, share_tables
from friscy_build.aot.image import CodeImage
from friscy_build.aot.safepoints import comes_back_unasked
from friscy_build.aot.signature import PSABI
from friscy_build.aot.switches import find_index

T0, T1, A0, A1, A2, LIMIT, S2 = 28, 29, 10, 11, 12, 13, 18
TURNS, MOST = 14, 15
NCASES = 4
NewGuest = Callable[..., Guest]

# How the index, a0, is compared before the jump; "dispatch" is what comes next.
COMPARISONS = {
    "bltu": lambda a: (a.word(op("addi", rd=LIMIT, rs1=0, imm=NCASES - 1)), a.to("out", "bltu", rs1=LIMIT, rs2=A0)),
    "bgeu": lambda a: (a.word(op("addi", rd=LIMIT, rs1=0, imm=NCASES)), a.to("out", "bgeu", rs1=A0, rs2=LIMIT)),
    "bltu to it": lambda a: (
        a.word(op("addi", rd=LIMIT, rs1=0, imm=NCASES)),
        a.to("dispatch", "bltu", rs1=A0, rs2=LIMIT),
        a.to("out", "jal", rd=0),
    ),
    "bgeu to it": lambda a: (
        a.word(op("addi", rd=LIMIT, rs1=0, imm=NCASES - 1)),
        a.to("dispatch", "bgeu", rs1=LIMIT, rs2=A0),
        a.to("out", "jal", rd=0),
    ),
    "and": lambda a: a.word(op("andi", rd=A0, rs1=A0, imm=NCASES - 1)),
}  # fmt: skip


def program(
    compare: Callable[[Assembler], Any],
    *,
    form: str = "relative",
    narrow: bool = False,
    before: Callable[[Assembler], Any] = lambda a: None,
    between: Callable[[Assembler], Any] = lambda a: None,
    last: Callable[[Assembler], Any] = lambda a: None,
    keeps: bool = False,
) -> Assembler:
    """A loop that goes by a table as long as a0 is an index. before: once; between: the comparison and the jump; last:
    in one of the cases. keeps: some cases look where they were jumped to."""
    a = Assembler()
    a.word(op("addi", rd=S2, rs1=0, imm=NCASES - 1))
    a.to("table", "address", register=T1)
    before(a)
    a.labels["again"] = a.at
    compare(a)
    a.labels["dispatch"] = a.at
    between(a)
    if narrow:
        a.word(op("slli", rd=T0, rs1=A0, imm=32))
        a.word(op("srli", rd=T0, rs1=T0, imm=30))
    else:
        a.word(op("slli", rd=T0, rs1=A0, imm=2))
    a.word(op("add", rd=T0, rs1=T0, rs2=T1))
    a.word(op("lw", rd=T0, rs1=T0, imm=0))
    if form == "relative":
        a.word(op("add", rd=T0, rs1=T0, rs2=T1))
    a.word(op("jalr", rd=0, rs1=T0, imm=0))
    a.labels["table"] = a.labels["tabletable"] = a.at
    for k in range(NCASES):
        a.to(f"case{k}", "offset" if form == "relative" else "absolute", table="table")
    for k in range(NCASES):
        a.labels[f"case{k}"] = a.at
        a.word(op("addi", rd=A1, rs1=A1, imm=1 << k))
        if keeps and k != 1:
            a.word(op("xor", rd=A2, rs1=A2, rs2=T0))
        if k == 2:
            last(a)
        a.word(op("addi", rd=A0, rs1=A0, imm=1))
        a.to("again", "jal", rd=0)
    a.labels["out"] = a.at
    a.word(EBREAK)
    return a


def index_of(a: Assembler, saved: int = PSABI.saved, resume: str = "") -> Any:
    code = a.code()
    graph = build_graph(CodeImage(elf_with_symbols(code, [(CODE, len(code))])), CODE, CODE + len(code))
    if resume:
        graph = resumable(graph, [a.labels[resume]])
    flow = Flow(graph)
    (block,) = (each for each in flow.blocks if each.way is not None)
    return find_index(flow, block, block.way, saved)


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("form", ["relative", "short"])
@pytest.mark.parametrize("comparison", COMPARISONS)
def test_an_index_that_was_compared_is_known(comparison: str, form: str, narrow: bool) -> None:
    found = index_of(program(COMPARISONS[comparison], form=form, narrow=narrow))
    assert found is not None
    assert (found.register, len(found.chain)) == (A0, (4 if form == "short" else 5) + narrow)


def in_s2(a: Assembler) -> None:
    a.to("out", "bltu", rs1=S2, rs2=A0)


def test_a_limit_may_be_given_before_the_loop() -> None:
    assert index_of(program(in_s2)) is not None


BLTU = COMPARISONS["bltu"]
UNKNOWN = {
    "no comparison": program(lambda a: None),
    "another register": program(lambda a: a.to("out", "bltu", rs1=S2, rs2=A1)),
    "signed": program(lambda a: a.to("out", "blt", rs1=S2, rs2=A0)),
    "too many": program(lambda a: (a.word(op("addi", rd=13, rs1=0, imm=NCASES)), a.to("out", "bltu", rs1=13, rs2=A0))),
    "the wrong way": program(lambda a: a.to("dispatch", "bltu", rs1=S2, rs2=A0)),
    "moved since": program(BLTU, between=lambda a: a.word(op("addi", rd=A0, rs1=A0, imm=1))),
    "a way around it": program(BLTU, before=lambda a: a.to("dispatch", "beq", rs1=A1, rs2=A2)),
    "a limit that a case changes": program(in_s2, last=lambda a: a.word(op("addi", rd=S2, rs1=S2, imm=1))),
    "a limit of one case": program(in_s2, last=lambda a: a.word(op("addi", rd=S2, rs1=0, imm=NCASES))),
    "another limit of one case": program(in_s2, last=lambda a: a.word(op("addi", rd=S2, rs1=0, imm=1))),
    "a base that a case changes": program(BLTU, last=lambda a: a.word(op("addi", rd=T1, rs1=T1, imm=4))),
    "a base that a call may change": program(BLTU, last=lambda a: a.word(op("jalr", rd=1, rs1=A2, imm=0))),
    "more than a mask": program(lambda a: a.word(op("andi", rd=A0, rs1=A0, imm=NCASES))),
    "a byte": program(lambda a: a.word(op("lbu", rd=A0, rs1=2, imm=0))),
}  # fmt: skip


@pytest.mark.parametrize("case", UNKNOWN)
def test_any_other_is_not(case: str) -> None:
    assert index_of(UNKNOWN[case]) is None


def test_what_is_entered_in_the_middle_was_not_compared() -> None:
    assert index_of(program(BLTU), resume="dispatch") is None


def test_what_keeps_to_no_convention_has_no_limit_after_a_call() -> None:
    def call(a: Assembler) -> None:
        a.to("table", "address", register=T1)
        a.word(op("jalr", rd=1, rs1=A2, imm=0))

    def compare(a: Assembler) -> None:
        in_s2(a)
        a.labels["dispatch"] = a.at
        a.to("table", "address", register=T1)

    both = program(compare, last=call)
    assert index_of(both) is not None
    assert index_of(both, saved=NONE) is None


def both_ways(new_guest: NewGuest, a: Assembler, start: int) -> tuple[list[Any], list[Any]]:
    """What the interpreter makes of a program, and translated code."""
    guest, code = new_guest(), a.code()
    guest.write(CODE, code)

    def run() -> list[Any]:
        for register in range(1, 32):
            guest.set_x(register, 7 * register)
        guest.set_x(A0, start)
        guest.set_x(2, CODE)
        guest.run()
        return [*guest.all_x(), *guest.traps]

    want = run()
    assert CODE in install(guest, elf_with_symbols(code, [(CODE, len(code))]))
    return want, run()


WILD = [-1, 1 << 31, 1 << 32, (1 << 32) + 1, 1 << 62]


@pytest.mark.parametrize("keeps", [False, True])
@pytest.mark.parametrize("form", ["relative", "short"])
@pytest.mark.parametrize("comparison", [name for name in COMPARISONS if name != "and"])
def test_it_goes_where_the_interpreter_goes(
    new_guest: NewGuest, comparison: str, form: str, keeps: bool
) -> None:
    for start in (*range(NCASES + 1), *WILD):
        a = program(COMPARISONS[comparison], form=form, keeps=keeps)
        want, got = both_ways(new_guest, a, start)
        assert got[:T0] == want[:T0]
        assert got[T0 + 1 :] == want[T0 + 1 :]


@pytest.mark.parametrize(
    "case", ["no comparison", "too many", "moved since", "a limit of one case", "a way around it"]
)
def test_so_does_what_is_not_known(new_guest: NewGuest, case: str) -> None:
    for start in (0, NCASES - 1):
        want, got = both_ways(new_guest, UNKNOWN[case], start)
        assert got[A0 : A2 + 1] == want[A0 : A2 + 1]


def endless(a: Assembler) -> None:
    a.word(op("andi", rd=A0, rs1=A0, imm=NCASES - 1))


def test_an_endless_loop_is_interrupted(new_guest: NewGuest) -> None:
    a = program(endless)
    guest, code = new_guest(), a.code()
    guest.write(CODE, code)
    assert CODE in install(guest, elf_with_symbols(code, [(CODE, len(code))]))
    run_till_interrupted(guest)
    assert guest.traps == []


def test_a_loop_is_asked_at_its_head_or_at_its_switch() -> None:
    def asked(a: Assembler) -> bool:
        code = a.code()
        image = CodeImage(elf_with_symbols(code, [(CODE, len(code))]))
        flow = Flow(share_tables(build_graph(image, CODE, CODE + len(code))))
        (switch,) = (block for block in flow.blocks if block.pc < 0)
        return comes_back_unasked(flow, switch)

    assert not asked(program(BLTU))
    assert asked(cycle())


def cycle(turns: int = 0, *, calls: bool = False) -> Assembler:
    """Cases that dispatch by themselves, as an interpreter's do, and look where they were jumped to; so many times.

    calls: the first one calls a function by its address, for which all is stored.
    """
    a = Assembler()

    def dispatch() -> None:
        if turns:
            a.word(op("addi", rd=TURNS, rs1=TURNS, imm=1))
            a.to("out", "bltu", rs1=MOST, rs2=TURNS)
        a.word(op("andi", rd=A0, rs1=A0, imm=NCASES - 1))
        a.word(op("slli", rd=T0, rs1=A0, imm=2))
        a.to("table", "address", register=T1)
        a.word(op("add", rd=T0, rs1=T0, rs2=T1))
        a.word(op("lw", rd=T0, rs1=T0, imm=0))
        a.word(op("jalr", rd=0, rs1=T0, imm=0))

    if turns:
        a.word(op("lui", rd=MOST, imm=turns))
        a.word(op("addi", rd=TURNS, rs1=0, imm=0))
    dispatch()
    a.labels["table"] = a.at
    for k in range(NCASES):
        a.to(f"case{k}", "absolute")
    for k in range(NCASES):
        a.labels[f"case{k}"] = a.at
        a.word(op("slli", rd=S2, rs1=A1, imm=2))
        a.word(op("add", rd=A1, rs1=A1, rs2=S2))
        a.word(op("addi", rd=A1, rs1=A1, imm=1 + k))
        a.word(op("srli", rd=A0, rs1=A1, imm=40))
        a.word(op("add", rd=A2, rs1=A2, rs2=T0))
        if calls and k == 0:
            a.to("leaf", "address", register=T0)
            a.word(op("c.nop", imm=0))
            a.word(op("jalr", rd=1, rs1=T0, imm=0))
        dispatch()
    a.labels["leaf"] = a.at
    a.word(op("jalr", rd=0, rs1=1, imm=0))
    a.labels["out"] = a.at
    a.word(EBREAK)
    return a


@pytest.mark.parametrize("calls", [False, True])
def test_an_interrupt_leaves_all_behind_that_was_not_stored_or_computed(
    new_guest: NewGuest, calls: bool
) -> None:
    a = cycle(1 << 22, calls=calls)
    want, got = both_ways(new_guest, a, 1)
    assert got[A0 : A2 + 1] == want[A0 : A2 + 1]
    guest, code = new_guest(), a.code()
    guest.write(CODE, code)
    assert CODE in install(guest, elf_with_symbols(code, [(CODE, len(code))]))
    for register in range(1, 32):
        guest.set_x(register, 7 * register)
    guest.set_x(A0, 1)
    over = threading.Event()

    def bother() -> None:
        while not over.wait(0.0005):
            guest.interrupt(1)

    bothering = threading.Thread(target=bother)
    bothering.start()
    rounds, pc = 0, CODE
    try:
        while not guest.traps:
            pc = guest.run(pc)
            rounds += 1
    finally:
        over.set()
        bothering.join()
    assert rounds > 2
    assert guest.all_x()[A0 : A2 + 1] == want[A0 : A2 + 1]


def test_such_cases_are_interrupted(new_guest: NewGuest) -> None:
    guest, code = new_guest(), cycle().code()
    guest.write(CODE, code)
    assert CODE in install(guest, elf_with_symbols(code, [(CODE, len(code))]))
    run_till_interrupted(guest)
    assert guest.traps == []
