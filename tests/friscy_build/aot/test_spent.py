"""What argument registers hold where nobody put an argument is not kept for calls that might read it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import pytest
from aot_guest import CODE, STACK, elf_with_symbols, install
from aot_programs import EBREAK, RA, SP, Assembler, op

from friscy_build.aot.convention import Convention
from friscy_build.aot.discover import Functions
from friscy_build.aot.effects import NONE, Registers, registers
from friscy_build.aot.graph import End
from friscy_build.aot.image import CodeImage
from friscy_build.aot.jobs import plan
from friscy_build.aot.module import DEFAULT, Options
from friscy_build.aot.signature import ARGUMENTS, RESULTS

T0, T1, S0, S1, S2 = 5, 6, 8, 9, 18
A0, A1, A2, A3, A4, A5, A6, A7 = range(10, 18)
RETURN = op("jalr", rd=0, rs1=RA, imm=0)
Steps = Callable[[Assembler], Any]
TABLE: dict[str, Any] = {"table": "table"}  # whose entries are offsets from it


def li(rd: int, value: int) -> int:
    return op("addi", rd=rd, rs1=0, imm=value)


def mv(rd: int, rs: int) -> int:
    return op("addi", rd=rd, rs1=rs, imm=0)


def through(rs1: int) -> int:
    """A call through a pointer."""
    return op("jalr", rd=RA, rs1=rs1, imm=0)


def words(*code: int) -> Steps:
    def steps(a: Assembler) -> None:
        for word in code:
            a.word(word)

    return steps


def convention_of(
    a: Assembler, names: list[str], options: Options, end: int | None = None, heads: Collection[int] = ()
) -> Convention:
    """Of the functions that begin at some labels, each of which ends where the next begins, the last one at `end`.

    heads: entries besides."""
    elf, entries = elf_of(a, names, end)
    entries += heads
    functions = Functions(CodeImage(elf), limit=options.largest)
    (unit,) = plan(elf, entries=entries, options=options, functions=functions)
    (piece,) = unit.pieces(1 << 20)
    return piece.convention


def elf_of(a: Assembler, names: list[str], end: int | None = None) -> tuple[bytes, list[int]]:
    code = a.code()
    starts = [a.labels[name] for name in names]
    ends = [*starts[1:], end or CODE + len(code)]
    return elf_with_symbols(code, [(at, end - at) for at, end in zip(starts, ends, strict=True)]), starts


def given(
    between: Steps,
    callee: Steps | None = None,
    last: Steps | None = None,
    *,
    link: int = RA,
    options: Options = DEFAULT,
) -> Registers:
    """The arguments that `last`, a call through a pointer, is given behind another call and `between`.

    callee: what that other calls, if not through a pointer. link: the register that this one sets."""
    a = Assembler()
    a.begins("caller")
    if callee is None:
        a.word(op("jalr", rd=link, rs1=S1, imm=0))
    else:
        a.to("callee", "jal", rd=link)
    between(a)
    a.labels["last"] = a.at
    (last or (lambda a: a.word(through(S2))))(a)
    a.returns()
    names = ["caller"]
    if callee is not None:
        a.labels["callee"] = a.at
        callee(a)
        names += [name for name in ("callee", "another") if name in a.labels]
    convention = convention_of(a, names, options)
    flow = convention.flows[a.labels["caller"]]
    (block,) = (b for b in flow.blocks if b.pc <= a.labels["last"] < b.pc + 4 * len(b.code))
    live = convention.liveness(flow.graph).after[block.pc] & ARGUMENTS
    if block.end is not End.INDIRECT:
        assert live & ~RESULTS == convention.call_reads(block) & ARGUMENTS & ~RESULTS
    return live


def go_by(target: int, index: int, table: int) -> Steps:
    """Jump by a table of offsets; the address is in the register `target` then."""
    return words(
        op("slli", rd=index, rs1=index, imm=2),
        op("add", rd=index, rs1=index, rs2=table),
        op("lw", rd=index, rs1=index, imm=0),
        op("add", rd=target, rs1=index, rs2=table),
        op("jalr", rd=0, rs1=target, imm=0),
    )


def on_one_way(a: Assembler) -> None:
    a.to("over", "beq", rs1=A0, rs2=0)
    a.word(li(A2, 1))
    a.labels["over"] = a.at


def one_on_each_way(a: Assembler) -> None:
    a.to("other", "beq", rs1=A0, rs2=0)
    a.word(li(A2, 1))
    a.to("over", "jal", rd=0)
    a.labels["other"] = a.at
    a.word(li(A3, 1))
    a.labels["over"] = a.at


def by_a_table(a: Assembler) -> None:
    """A switch, all of whose cases come here."""
    a.word(op("andi", rd=A0, rs1=A0, imm=1))
    a.to("table", "address", register=A1)
    go_by(A1, A0, A1)(a)
    a.labels["table"] = a.labels["tabletable"] = a.at
    for case in ("left", "right"):
        a.to(case, "offset", **TABLE)
    for case in ("left", "right"):
        a.labels[case] = a.at
        a.word(li(A0, 1))
        a.to("on", "jal", rd=0)
    a.labels["on"] = a.at


@pytest.mark.parametrize(
    ("between", "arguments"),
    [
        (words(), (A0, A1)),  # as the first call returned them
        (words(li(A0, 1)), (A0, A1)),
        (words(li(A2, 1)), (A0, A1, A2)),
        (on_one_way, (A0, A1, A2)),
        (one_on_each_way, (A0, A1, A2, A3)),
        (by_a_table, (A0, A1)),
        # Two arguments that take a pair of registers each begin with an even one.
        (words(li(A2, 1), li(A4, 1), li(A5, 1)), (A0, A1, A2, A4, A5)),
        # Behind two that hold nothing there is none.
        (words(li(A4, 1), li(A5, 1)), (A0, A1)),
        (words(li(A2, 1), li(A5, 1), li(A6, 1)), (A0, A1, A2)),
    ],
    ids=["nothing", "one", "a third", "on one way", "on each way", "a switch", "a pair", "temporaries", "more of them"],
)
def test_what_a_call_may_have_changed_is_no_argument(between: Steps, arguments: tuple[int, ...]) -> None:
    assert given(between) == registers(arguments)


def test_a_system_call_is_given_all() -> None:
    assert given(words(li(A7, 1)), last=words(op("ecall"))) == ARGUMENTS


def test_a_jump_elsewhere_is_given_what_may_be_an_argument() -> None:
    assert given(words(li(A2, 1)), last=words(op("jalr", rd=0, rs1=T1, imm=0))) == registers((A0, A1, A2))


@pytest.mark.parametrize("calls", [True, False])
def test_a_function_begins_where_another_called_what_does_not_return(calls: bool) -> None:
    """As far as one can see that would go on in the function behind it, with nothing in its arguments."""
    a = Assembler()
    a.begins("stops")
    a.word(through(S1))
    a.labels["next"] = a.at
    if calls:
        a.to("over", "beq", rs1=A0, rs2=0)
        words(op("addi", rd=SP, rs1=SP, imm=-16), op("sd", rs2=RA, rs1=SP, imm=0), through(S1))(a)
        a.returns()
        a.labels["over"] = a.at
    a.word(op("jalr", rd=0, rs1=T1, imm=0))
    convention = convention_of(a, ["stops", "next"], Options())
    flow = convention.flows[a.labels["next"]]
    for block in flow.blocks:
        if block.end is End.INDIRECT:
            assert convention.liveness(flow.graph).after[block.pc] & ARGUMENTS == ARGUMENTS


@pytest.mark.parametrize(
    ("callee", "astray", "arguments"),
    [
        ("known", True, ARGUMENTS),
        ("elsewhere", True, ARGUMENTS),
        ("a pointer", True, registers((A0, A1))),
        ("known", False, registers((A0, A1))),
        ("elsewhere", False, registers((A0, A1))),
    ],
)
def test_behind_a_call_that_may_not_return_stands_what_others_come_to(
    callee: str, astray: bool, arguments: Registers
) -> None:
    """astray: there is a jump that nobody knows the targets of, one of which may stand there."""
    a = Assembler()
    a.begins("caller")
    a.word(through(S1))
    a.to("away", "beq", rs1=A0, rs2=0)
    if callee == "a pointer":
        a.word(through(S1))
    else:
        a.to(callee, "jal", rd=RA)
    a.labels["case"] = a.at
    a.word(through(S2))
    a.returns()
    a.labels["away"] = a.at
    if astray:
        a.word(op("jalr", rd=0, rs1=T1, imm=0))
    else:
        a.returns()
    a.labels["known"] = a.at
    words(li(A3, 1), RETURN)(a)
    a.labels["elsewhere"] = a.at
    words(EBREAK)(a)
    convention = convention_of(a, ["caller", "known"], Options(), end=a.labels["elsewhere"])
    assert convention.call_reads(convention.flows[CODE].graph.blocks[a.labels["case"]]) & ARGUMENTS == arguments


def test_other_conventions_are_other_conventions() -> None:
    """A compiler's own helpers are called with another link register, and V8's code may use any register."""
    assert given(words(), link=T0) == ARGUMENTS
    assert given(words(), words(li(A3, 1), op("jalr", rd=0, rs1=T0, imm=0)), link=T0) == ARGUMENTS
    assert given(words(), options=Options(psabi=False)) == ARGUMENTS


def test_what_a_known_callee_leaves_alone_may_be_an_argument() -> None:
    """gcc -fipa-ra keeps a register over such a call, even one that is an argument later."""
    assert given(words(), words(li(A3, 1), li(A4, 1), RETURN)) == ARGUMENTS & ~registers((A3, A4, A5, A6, A7))
    assert given(words(), words(li(A3, 1), RETURN)) == ARGUMENTS & ~registers((A3,))


def test_what_a_callee_is_seen_to_give_back_may_be_an_argument() -> None:
    assert given(words(op("add", rd=A0, rs1=A3, rs2=0)), words(li(A3, 1), li(A4, 1), RETURN)) == ARGUMENTS & ~(1 << A4)


def calls_what_it_is_told_to(a: Assembler) -> None:
    a.word(op("addi", rd=SP, rs1=SP, imm=-16))
    a.word(op("sd", rs2=RA, rs1=SP, imm=0))
    a.word(through(A0))
    a.returns()


def calls_another(a: Assembler) -> None:
    a.word(op("addi", rd=SP, rs1=SP, imm=-16))
    a.word(op("sd", rs2=RA, rs1=SP, imm=0))
    a.to("another", "jal", rd=RA)
    a.returns()
    a.labels["another"] = a.at
    words(li(A3, 1), RETURN)(a)


def test_what_a_known_callee_calls_counts() -> None:
    assert given(words(), calls_another) == ARGUMENTS & ~(1 << A3)


def test_a_known_callee_that_calls_through_a_pointer_may_change_all() -> None:
    assert given(words(), calls_what_it_is_told_to) == registers((A0, A1))


def jumps_on(reads: int | None) -> Steps:
    """A thunk: it may read a register, and jumps to what is not known, which may read any."""
    return words(*([] if reads is None else [op("add", rd=A1, rs1=A1, rs2=reads)]), op("jalr", rd=0, rs1=A0, imm=0))


@pytest.mark.parametrize("reads", [None, A5])
def test_what_an_instruction_of_the_callee_reads_is_an_argument(reads: int | None) -> None:
    """Assembly may be called in a way of its own: only what nobody is seen to read follows from the order."""
    a = Assembler()
    a.begins("caller")
    a.word(through(S1))
    a.word(li(A5, 1))
    a.to("thunk", "jal", rd=RA)
    a.returns()
    a.labels["thunk"] = a.at
    jumps_on(reads)(a)
    convention = convention_of(a, ["caller", "thunk"], Options())
    (block,) = (b for b in convention.flows[CODE].blocks if b.end is End.CALL)
    assert convention.call_reads(block) & ARGUMENTS == registers((A0, A1, *([] if reads is None else [reads])))


@pytest.mark.parametrize("spent", [True, False])
def test_what_holds_nothing_is_not_loaded_to_be_passed(spent: bool) -> None:
    a = Assembler()
    a.begins("caller")
    a.word(through(S1))
    a.word(li(A4 if spent else A5, 1))
    a.to("thunk", "jal", rd=RA)
    a.returns()
    a.labels["thunk"] = a.at
    jumps_on(A5)(a)
    convention = convention_of(a, ["caller", "thunk"], Options())
    flow = convention.flows[CODE]
    (block,) = (b for b in flow.blocks if b.end is End.CALL)
    liveness = convention.liveness(flow.graph)
    assert A5 in convention.signatures[a.labels["thunk"]].params
    assert not liveness.held[block.pc] >> A5 & 1
    assert bool(convention.given(block, convention.signatures[block.target]) >> A5 & 1) is not spent


# An interpreter's loop: s0 is the next instruction, s1 its table, s2 a function; a case goes on by the table itself.
def dispatch(a: Assembler) -> None:
    words(op("lbu", rd=A4, rs1=S0, imm=0), op("addi", rd=S0, rs1=S0, imm=1), mv(A5, A4))(a)
    go_by(A5, A5, S1)(a)


def interpreter(
    cases: dict[str, Steps], before: Steps = lambda a: None, first: Steps = dispatch
) -> Assembler:
    """loop(program, function): what its cases return. ra, s0, s1 and s2 are in its frame. before: the loop. first:
    how it begins."""
    a = Assembler()
    a.to("loop", "jal", rd=RA)
    a.word(EBREAK)
    a.labels["loop"] = a.at
    a.word(op("addi", rd=SP, rs1=SP, imm=-32))
    for k, register in enumerate((RA, S0, S1, S2)):
        a.word(op("sd", rs2=register, rs1=SP, imm=8 * k))
    a.word(mv(S0, A0))
    a.word(mv(S2, A1))
    before(a)
    a.to("table", "address", register=S1)
    first(a)
    a.labels["table"] = a.labels["tabletable"] = a.at
    for name in cases:
        a.to(name, "offset", **TABLE)
    for name, steps in cases.items():
        a.labels[name] = a.at
        steps(a)
    return a


def leaves(a: Assembler) -> None:
    for k, register in enumerate((RA, S0, S1, S2)):
        a.word(op("ld", rd=register, rs1=SP, imm=8 * k))
    a.word(op("addi", rd=SP, rs1=SP, imm=32))
    a.word(RETURN)


def then(*code: int, end: Steps = dispatch) -> Steps:
    def steps(a: Assembler) -> None:
        words(*code)(a)
        end(a)

    return steps


CALLS = then(mv(A0, S0), through(S2))
def jump(label: str) -> Steps:
    return lambda a: a.to(label, "jal", rd=0)


COMPUTES = then(li(A2, 1), li(A3, 2), op("add", rd=A1, rs1=A2, rs2=A3))


def carried(
    cases: dict[str, Steps], largest: int, before: Steps = lambda a: None, first: Steps = dispatch
) -> Registers:
    """The argument registers that live where the loop goes by its table, but for those that are results, too."""
    a = interpreter(cases, before, first)
    convention = convention_of(a, ["loop"], Options(largest=largest))
    found = 0
    for flow in convention.flows.values():
        for block in flow.blocks:
            if block.way is not None and block.pc >= 0:
                found |= convention.liveness(flow.graph).after[block.pc]
    return found & ARGUMENTS & ~RESULTS


IN_PARTS = pytest.mark.parametrize("largest", [3000, 10], ids=["whole", "parts"])


@IN_PARTS
def test_what_an_interpreter_computes_in_passing_does_not_live(largest: int) -> None:
    assert carried({"calls": CALLS, "computes": COMPUTES, "leaves": leaves}, largest) == NONE


def leaves_and_goes_on(a: Assembler) -> None:
    """Where cases jump to go on: a part of its own, where there are parts."""
    leaves(a)
    a.labels["next"] = a.at
    words(*[op("addi", rd=S0, rs1=S0, imm=0)] * 13)(a)
    dispatch(a)


def computes_in_two_blocks(a: Assembler) -> None:
    a.word(li(A2, 1))
    a.to("over", "beq", rs1=A0, rs2=0)
    a.word(op("add", rd=A1, rs1=A1, rs2=A2))
    a.labels["over"] = a.at
    dispatch(a)


@IN_PARTS
def test_what_a_case_reads_after_it_wrote_it_does_not_live(largest: int) -> None:
    assert carried({"calls": CALLS, "computes": computes_in_two_blocks, "leaves": leaves}, largest) == NONE


@IN_PARTS
def test_cases_may_go_on_in_one_place(largest: int) -> None:
    calls = then(mv(A0, S0), through(S2), end=jump("next"))
    computes = then(li(A2, 1), li(A3, 2), op("add", rd=A1, rs1=A2, rs2=A3), end=jump("next"))
    assert carried({"calls": calls, "computes": computes, "leaves": leaves_and_goes_on}, largest) == NONE


@IN_PARTS
@pytest.mark.parametrize("order", [1, -1])
def test_all_ways_to_a_call_tell_of_it(largest: int, order: int) -> None:
    """Of parts that end in the same call, each has a copy of it."""

    def shared(a: Assembler) -> None:
        leaves(a)
        a.labels["call"] = a.at
        words(mv(A0, S0), through(S2))(a)
        leaves(a)

    first = then(through(S2), li(A2, 1), end=jump("call"))
    second = then(through(S2), end=jump("call"))
    cases = dict([("first", first), ("second", second)][::order])
    a = interpreter({**cases, "leaves": shared})
    convention = convention_of(a, ["loop"], Options(largest=largest))
    blocks = [b for flow in convention.flows.values() for b in flow.blocks if b.pc == a.labels["call"]]
    assert len(blocks) == (3 if largest == 10 else 1)  # the one that nobody needs then, too
    for block in blocks:
        assert convention.call_reads(block) & ARGUMENTS == registers((A0, A1, A2))


@IN_PARTS
def test_what_a_case_reads_lives(largest: int) -> None:
    reads = then(op("add", rd=S2, rs1=S2, rs2=A2))
    cases = {"calls": CALLS, "computes": COMPUTES, "reads": reads, "leaves": leaves}
    assert carried(cases, largest) == registers((A2, A4))  # a3 may be passed over


@IN_PARTS
def test_what_lives_across_no_call_may_be_an_argument(largest: int) -> None:
    """Whoever calls does not come back to the table."""
    calls = then(mv(A0, S0), through(S2), end=leaves)
    cases = {"calls": calls, "computes": COMPUTES, "leaves": leaves}
    assert carried(cases, largest) == registers((A2, A3, A4, A6, A7))  # a5 has where it jumps to
    # A call before the loop tells of what nobody writes alone.
    assert carried(cases, largest, words(through(S2))) & ~registers((A6, A7)) == registers((A2, A3, A4))
    cases["leaves"] = leaves_and_goes_on
    assert carried(cases, largest, words(through(S2)), jump("next")) & ~registers((A6, A7)) == registers((A2, A3, A4))


@IN_PARTS
@pytest.mark.parametrize("value", [3, 40])
def test_an_argument_that_a_case_gives_another_arrives(
    new_guest: Callable[..., Any], largest: int, value: int
) -> None:
    """The first case leaves a2 to the second, which calls with it, and returns."""
    cases = {
        "gives": then(li(A2, value)),
        "computes": then(li(A3, 5), li(A1, 2)),
        "calls": then(mv(A0, S0), through(S2), end=leaves),
    }
    a = interpreter(cases)
    a.labels["function"] = a.at
    for word in (op("add", rd=A0, rs1=A1, rs2=A2), op("add", rd=A0, rs1=A0, rs2=A3), RETURN):
        a.word(word)
    elf, starts = elf_of(a, ["loop", "function"])
    guest = new_guest()
    guest.write(CODE, elf[0x1000 + CODE % 0x1000 :][: len(a.code())])
    program = STACK + 64
    guest.write(program, bytes([0, 1, 2]))
    assert starts[0] in install(guest, elf, starts, options=Options(largest=largest))
    guest.set_all([0, 0, STACK, *[0] * 29], [0] * 32, 0)
    guest.set_x(A0, program)
    guest.set_x(A1, a.labels["function"])
    guest.run(CODE)
    assert guest.x(A0) == value + 7
