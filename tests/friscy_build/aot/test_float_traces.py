"""Turns of loops with floats that are tried as one do what the oracle does, whatever they load, store and branch on."""

from __future__ import annotations

import random
import struct

import pytest
import wasmtime
from aot_guest import CODE, Guest, code_of, elf_file, install, run_till_interrupted
from aot_programs import op
from hypothesis import given
from hypothesis import strategies as st
from programs import DATA, DATA_BYTES, EBREAK, Program
from test_aot_rows import SETTINGS, NewGuest
from test_float_runs import EXTREMES, INEXACT, ordinary
from trace_programs import (
    BASES,
    COUNT,
    LESS,
    LIMIT,
    PAGE,
    add,
    check_trace,
    compute,
    load,
    random_trace_program,
    seldom,
    store,
    traces_of,
)

from friscy.machine.layout import CAUSE_STORE_FAULT, HART_BASE
from friscy_build.aot.float_accesses import Address, Range
from friscy_build.aot.float_traces import Trace
from friscy_build.aot.float_values import Computed, Values
from friscy_build.aot.module import DEFAULT
from friscy_build.aot.trace_writer import plan_trace, worthwhile

P, Q, R = BASES
RUN = [compute("fmul.d", rd, 0, 1) for rd in (2, 3, 4)]  # of three operations: a run by itself


def loop(*body: int) -> list[int]:
    """A loop that counts its turns."""
    words = [*body, add(COUNT, 1)]
    return [*words, op("bne", rs1=COUNT, rs2=LIMIT, imm=-4 * len(words)), EBREAK]


def found(*body: int) -> tuple[Trace, ...]:
    """The traces of such a loop."""
    return traces_of(loop(*body)).get(0, ())


def test_a_turn_of_several_runs_is_tried_as_one() -> None:
    two, one = found(load(0, P, 0), *RUN, store(2, P, 0), *RUN, store(3, P, 8), add(P, 16))
    assert (two.path.nturns, one.path.nturns) == (2, 1)
    assert one.stores == {4: Address((P, -1), 0), 8: Address((P, -1), 8)}
    assert two.stores[16] == Address((P, -1), 16)
    assert two.held[P] == Address((P, -1), 32)
    assert [two.path.mates.get(k) for k in (0, 10, 11, 12)] == [11 + 1, 22, 23, None]
    assert list(two.path.branches.values()) == [True]


def test_a_turn_of_one_run_is_tried_with_the_next_only() -> None:
    once = found(load(0, P, 0), compute("fmul.d", 2, 0, 1), *RUN[:2], store(2, P, 0), add(P, 8))
    assert [each.path.nturns for each in worthwhile(once)] == [2]
    assert found(load(0, P, 0), *RUN[:2], store(2, P, 0), add(P, 8)) == ()
    # Each turn needs the one before: two at once take as long.
    chain = [compute("fdiv.d", 5, 5, 6) for _ in range(3)]
    assert worthwhile(found(*chain, store(5, P, 0), add(P, 8))) == ()


@pytest.mark.parametrize(
    "other",
    [
        op("sd", rs2=COUNT, rs1=P, imm=0),
        op("fcvt.d.w", rd=0, rs1=COUNT, rm=7),
        op("fadd.s", rd=0, rs1=1, rs2=1, rm=7),
        op("flt.d", rd=LIMIT, rs1=0, rs2=1),  # its flags stay
        op("fld", rd=0, rs1=0, imm=0),
        op("csrrs", rd=LIMIT, rs1=0, imm=2 << 5),
        op("jal", rd=1, imm=4),
        op("jalr", rd=0, rs1=1, imm=0),
    ],
)
def test_what_cannot_be_begun_again_is_not_tried(other: int) -> None:
    assert found(*RUN, store(2, P, 0), *RUN, store(2, P, 8)) != ()
    assert found(*RUN, store(2, P, 0), other, *RUN, store(2, P, 8)) == ()


def test_a_branch_of_which_both_ways_are_gone_ends_it() -> None:
    words = [load(0, P, 0), *RUN, op("beq", rs1=COUNT, rs2=0, imm=8), *RUN, store(2, P, 0)]
    assert found(*words) == ()
    assert traces_of(loop(load(0, P, 0), *RUN, *seldom(2, 3, 12), *RUN, store(2, P, 0), add(P, 8))) == {}


def with_exit(*body: int, name: str = "bne") -> tuple[list[int], int]:
    """(a loop that a branch behind some instructions leaves, where that leads)."""
    before, rest = list(body[:4]), list(body[4:])
    nwords = len(before) + 4 + len(rest) + 3
    words = loop(*before, *seldom(2, 3, 4 * (nwords - len(before)), name), *rest)
    assert len(words) == nwords
    return [*words, compute("fsub.d", 9, 9, 9), EBREAK], nwords


def test_branches_that_floats_decide() -> None:
    words, cold = with_exit(load(0, P, 0), *RUN, load(5, P, 8), *RUN, store(2, P, 0), add(P, 16))
    two, one = traces_of(words, cold)[0]
    assert one.decided == {7: 5}
    assert one.path.branches == {7: False}
    assert two.decided.keys() - one.decided.keys() == {7 + two.path.mates[0]}  # type: ignore[operator]
    # What a comparison leaves may be wanted by nothing else.
    words[words.index(add(P, 16))] = op("add", rd=P, rs1=P, rs2=28)
    assert traces_of(words, cold) == {}


def test_what_a_load_behind_a_store_needs() -> None:
    # It is between two that are always made.
    one = found(load(0, P, 0), load(1, P, 16), *RUN, store(2, Q, 0), load(5, P, 8), *RUN, store(2, Q, 8))[-1]
    assert (one.pages, one.late) == ({}, {6})
    assert one.apart == ((Range((P, -1), 8, 16), Range((Q, -1), 0, 8)),)
    # In one page with one of them.
    one = found(load(0, P, 0), *RUN, store(2, Q, 0), load(5, P, 8), *RUN, store(2, Q, 8))[-1]
    assert one.pages == {5: Range((P, -1), 0, 16)}
    # Of eight bytes it is not enough to have read one.
    byte = op("lbu", rd=7, rs1=P, imm=8)
    one = found(load(0, P, 0), byte, *RUN, store(2, Q, 0), load(5, P, 8), *RUN, store(2, Q, 8))[-1]
    assert one.pages == {6: Range((P, -1), 0, 16)}
    # There is none.
    assert found(*RUN, store(2, Q, 0), load(5, P, 8), *RUN, store(2, Q, 8)) == ()
    assert found(load(0, P, 0), *RUN, store(2, Q, 0), load(5, P, 2040), *RUN, store(2, Q, 8)) == ()


def test_a_load_of_what_was_stored() -> None:
    one = found(load(0, P, 0), *RUN, store(2, P, 0), load(1, P, 0), *RUN, store(3, P, 8))[-1]
    assert one.forwarded == {5: 4}
    last = found(load(0, P, 0), *RUN, store(2, P, 0), store(3, P, 0), load(1, P, 0), *RUN, store(3, P, 8))[-1]
    assert last.forwarded == {6: 5}
    # Half of it, or as something else.
    assert found(load(0, P, 0), *RUN, store(2, P, 0), load(1, P, 4), *RUN, store(3, P, 8)) == ()
    assert found(load(0, P, 0), *RUN, store(2, P, 0), op("ld", rd=7, rs1=P, imm=0), *RUN, store(3, P, 8)) == ()


def test_bases_that_were_moved() -> None:
    moved = op("addi", rd=Q, rs1=P, imm=8)
    one = found(load(0, P, 0), *RUN, add(P, 8), store(2, P, 0), moved, *RUN, store(3, Q, 0))[-1]
    assert list(one.stores.values()) == [Address((P, -1), 8), Address((P, -1), 16)]
    shifted = [op("slli", rd=Q, rs1=COUNT, imm=3), op("add", rd=Q, rs1=Q, rs2=P)]
    one = found(load(0, P, 0), *RUN, store(2, P, 0), *shifted, *RUN, store(3, Q, 0))[-1]
    assert one.stores[10] == Address((Q, 6), 0)
    # What it was is not known at the end any more.
    assert found(load(0, P, 0), *shifted, *RUN, store(2, Q, 0), *shifted, *RUN, store(3, Q, 8)) == ()


def packs_of(trace: Trace) -> set[tuple[str, ...]]:
    values = Values()
    plan_trace(trace, values)
    definitions = values.definitions
    return {
        tuple(each.name for v in lanes if isinstance(each := definitions[v], Computed))
        for lanes in values.packs.values()
    }


def test_what_two_turns_do_is_done_at_once() -> None:
    body = [load(0, P, 0), load(1, P, 8), compute("fmul.d", 2, 0, 1), compute("fdiv.d", 3, 2, 1)]
    body += [compute("fsqrt.d", 4, 3), store(4, Q, 0), add(P, 16)]
    two, _ = found(*body)
    assert packs_of(two) == {("fmul", "fmul"), ("fdiv", "fdiv"), ("fsqrt", "fsqrt"), ()}
    # Each needs the one before.
    chain = found(load(0, P, 0), *(compute("fmul.d", 5, 5, 0) for _ in range(3)), store(5, P, 0), add(P, 8))
    assert all(("fmul", "fmul") not in packs_of(each) for each in chain)


def test_two_turns_are_tried_where_that_takes_less() -> None:
    apart = found(load(0, P, 0), *RUN, store(2, P, 0), *RUN, store(3, P, 8), add(P, 16))
    assert [each.path.nturns for each in worthwhile(apart)] == [2, 1]
    product = [compute("fmul.d", 5, 5, 0) for _ in range(3)]
    needed = found(load(0, P, 0), *product, store(5, P, 0), *product, store(5, P, 8), add(P, 16))
    assert [each.path.nturns for each in worthwhile(needed)] in ([1], [2, 1])


# Against the oracle


@SETTINGS
@given(st.integers(0, 1 << 32), st.sampled_from([0.0, 0.0, 0.05, 0.3]), st.booleans())
def test_traces_do_what_the_oracle_does(new_guest: NewGuest, seed: int, odd: float, fuses: bool) -> None:
    guest = new_guest()
    if fuses:
        guest.exports["probe"](guest.store, HART_BASE)
    rng = random.Random(seed)
    for _ in range(6):
        check_trace(guest, *random_trace_program(rng, odd=odd))


def program(words: list[int], nturns: int, **registers: int) -> Program:
    rng = random.Random(len(words))
    numbers = [ordinary(rng) & ~(1 << 63) for _ in range(DATA_BYTES // 8)]
    x = [0] * 32
    x[LIMIT] = nturns
    for name, value in registers.items():
        x[{"p": P, "q": Q, "r": R}[name]] = value
    data = b"".join(each.to_bytes(8, "little") for each in numbers)
    return Program(words, x, [ordinary(rng) for _ in range(32)], INEXACT, data)


BODY = [
    *(load(0, P, 0), load(1, P, 8), *RUN[:2], compute("fmadd.d", 4, 2, 3, 0), store(2, P, 0), store(4, P, 8)),
    *(load(5, Q, 16), load(6, Q, 24)),
    *(compute("fmul.d", 7, 5, 2), compute("fsub.d", 7, 6, 7), compute("fadd.d", 8, 7, 4)),
    *(store(7, Q, 16), store(8, Q, 24), load(10, Q, 0), add(P, 16), add(Q, 32)),
]


@pytest.mark.parametrize("nturns", [1, 2, 3, 4, 7])
def test_any_number_of_turns(new_guest: NewGuest, nturns: int) -> None:
    words = loop(load(9, Q, 0), load(9, Q, 40), *BODY)
    assert len(traces_of(words)[0]) == 2
    check_trace(new_guest(), program(words, nturns, p=DATA, q=DATA + 0x800))


@pytest.mark.parametrize("distance", [*range(-64, 72, 8), 4, -12])
def test_bases_that_are_near_each_other(new_guest: NewGuest, distance: int) -> None:
    """What is stored through one is loaded through the other."""
    words = loop(load(9, Q, 0), load(9, Q, 40), *BODY)
    check_trace(new_guest(), program(words, 6, p=DATA + 0x400, q=DATA + 0x400 + distance))


def test_what_is_loaded_and_then_overwritten(new_guest: NewGuest) -> None:
    """Nobody computes with it, but the register has what was there."""
    words = loop(load(0, P, 0), *RUN, store(2, P, 0), load(5, P, 8), store(3, P, 8), *RUN, store(4, P, 16), add(P, 24))
    assert len(traces_of(words)[0]) == 2
    for nturns in (1, 4):
        check_trace(new_guest(), program(words, nturns, p=DATA))


def test_a_comparison_whose_register_is_written_again(new_guest: NewGuest) -> None:
    words, cold = with_exit(load(0, P, 0), *RUN, op("addi", rd=LESS, rs1=COUNT, imm=5), *RUN, store(2, P, 0), add(P, 8))
    assert len(traces_of(words, cold)[0]) == 2
    each = program(words, 4, p=DATA)
    each.f[1] = 0x3FF0 << 48
    check_trace(new_guest(), each, cold)


@pytest.mark.parametrize("offset", range(0, 80, 8))
def test_turns_that_cross_a_page(new_guest: NewGuest, offset: int) -> None:
    words = loop(load(9, Q, 0), load(9, Q, 40), *BODY)
    check_trace(new_guest(), program(words, 9, p=DATA + PAGE - offset, q=DATA + 2 * PAGE - 2 * offset))


@pytest.mark.parametrize("kind", EXTREMES)
@pytest.mark.parametrize("turn", range(5))
def test_one_number_that_may_be_wrong(new_guest: NewGuest, kind: str, turn: int) -> None:
    """In any of five turns, of which two are tried at once: in either lane, and in the last one."""
    guest = new_guest()
    guest.exports["probe"](guest.store, HART_BASE)
    words = loop(load(9, Q, 0), load(9, Q, 40), *BODY)
    for at, bits in enumerate(EXTREMES[kind]):
        each = program(words, 5, p=DATA, q=DATA + 0x800)
        data = bytearray(each.data)
        struct.pack_into("<Q", data, 16 * turn + 8 * at, bits)
        check_trace(guest, Program(each.words, each.x, each.f, each.fcsr, bytes(data)))


@pytest.mark.parametrize("name", ["bne", "beq"])
@pytest.mark.parametrize("turn", range(6))
def test_a_branch_that_leaves_in_some_turn(new_guest: NewGuest, turn: int, name: str) -> None:
    words, cold = with_exit(
        *(load(0, P, 0), compute("fsub.d", 2, 0, 1), compute("fmul.d", 3, 1, 1), compute("fmul.d", 4, 1, 1)),
        *(load(5, P, 8), *RUN, store(4, P, 0), add(P, 16)),
        name=name,
    )
    assert len(traces_of(words, cold)[0]) == 2
    each = program(words, 6, p=DATA)
    each.f[1] = 0x3FF0 << 48
    # The branch is taken where the number less 1 is below 1, or where it is not.
    values = [1.0 if (k == turn) == (name == "bne") else 4.0 for k in range(6)]
    data = b"".join(struct.pack("<dd", value, 0.5) for value in values)
    check_trace(new_guest(), Program(each.words, each.x, each.f, INEXACT, data.ljust(DATA_BYTES, b"\1")), cold)


END = DATA + 2 * PAGE  # in the tests below nobody can access the page that begins here


def run_to_the_end(guest: Guest, each: Program, numbers: list[float], cold: int | None = None) -> bool:
    """Run a program that finds some numbers right before END; whether it comes to its end."""
    ran = range(CODE, CODE + 4 * (len(each.words) if cold is None else cold), 4)
    guest.set_all(each.x, [0x3FF8 << 48] * 32, INEXACT)
    guest.memory[DATA:END] = struct.pack("<d", 1.5) * (2 * PAGE // 8)
    guest.memory[END - 8 * len(numbers) : END] = struct.pack(f"<{len(numbers)}d", *numbers)
    guest.code(*each.words, at=CODE)
    assert CODE in install(guest, elf_file(code_of(each.words)), [CODE], ran=ran)
    guest.protect(END, PAGE, readable=False)
    try:
        guest.run(CODE)
    except wasmtime.Trap:
        return False
    finally:
        guest.protect(END, PAGE, readable=True)
    return True


def test_what_comes_behind_a_branch_is_not_read_before(new_guest: NewGuest) -> None:
    """A loop that floats end, at the end of what can be read: of the last turn there is but the first number."""
    guest = new_guest()
    words, cold = with_exit(
        *(load(0, P, 0), compute("fsub.d", 2, 0, 1), compute("fmul.d", 3, 1, 1), compute("fmul.d", 4, 1, 1)),
        *(load(5, P, 8), *RUN, store(4, Q, 0), add(P, 16)),
    )
    assert len(traces_of(words, cold)[0]) == 2
    for nturns in range(3, 6):
        numbers = [8.0, 0.5] * nturns + [0.25]
        each = program(words, 1 << 20, p=END - 8 * len(numbers), q=DATA)
        assert run_to_the_end(guest, each, numbers, cold)
        assert guest.traps == [(3, CODE + 4 * cold + 4, CODE + 4 * cold + 4)]
        assert guest.all_x()[COUNT] == nturns


@pytest.mark.parametrize("nnumbers", range(3, 9))
def test_what_is_stored_before_a_load_that_cannot_be_made(new_guest: NewGuest, nnumbers: int) -> None:
    guest = new_guest()
    words = loop(load(0, P, 0), *RUN, store(2, Q, 0), load(5, P, 8), *RUN, store(3, Q, 8), add(P, 16), add(Q, 16))
    assert [each.pages.keys() for each in traces_of(words)[0]] == [{5}, {5}]
    each = program(words, 8, p=END - 8 * nnumbers, q=DATA)
    assert not run_to_the_end(guest, each, [2.0] * nnumbers)
    stored = struct.unpack("<10d", guest.memory[DATA : DATA + 80])
    assert stored == (3.0,) * nnumbers + (1.5,) * (10 - nnumbers)


def test_what_is_stored_before_a_store_that_cannot_be_made(new_guest: NewGuest) -> None:
    guest = new_guest()
    words = loop(load(0, P, 0), load(1, P, 8), *RUN, store(2, P, 0), *RUN, store(3, Q, 0), add(P, 16), add(Q, 8))
    assert len(traces_of(words)[0]) == 2
    for nturns in range(4):
        each = program(words, 8, p=DATA + PAGE, q=END - 8 * nturns)
        assert not run_to_the_end(guest, each, [])
        stored = struct.unpack("<10d", guest.memory[DATA + PAGE : DATA + PAGE + 80])
        assert stored == (2.25, 1.5) * (nturns + 1) + (1.5,) * (8 - 2 * nturns)


@pytest.mark.parametrize("nturns", [1, 2, 5])
def test_a_base_that_nobody_else_wants(new_guest: NewGuest, nturns: int) -> None:
    """In a function that keeps to the psABI, the second block of a turn has a base of its own."""
    base, back = 30, 8
    before = [load(0, P, 0), compute("fsub.d", 2, 0, 1), compute("fmul.d", 3, 1, 1), compute("fmul.d", 4, 1, 1)]
    behind = [load(5, P, 8), *RUN, store(4, base, 0), add(P, 16), add(COUNT, 1)]
    words = [*before, *seldom(2, 3, 4 * len(behind) + 24), *behind]
    ret = op("jalr", rd=0, rs1=1, imm=0)
    words += [op("bne", rs1=COUNT, rs2=LIMIT, imm=-4 * len(words)), ret, ret, EBREAK]
    cold = len(words) - 2
    traces = traces_of(words, cold)
    assert len(traces[0]) == 2
    each = program(words, nturns, p=DATA)
    each.x[base], each.x[1] = DATA + 0x800 + back, CODE + 4 * (len(words) - 1)
    check_trace(new_guest(), each, cold, options=DEFAULT, wanted=(P,))


def test_a_base_far_away_is_left_to_the_interpreter(new_guest: NewGuest) -> None:
    guest = new_guest()
    words = loop(load(0, P, 0), load(1, P, 8), *RUN, store(2, P, 0), *RUN, store(3, Q, 0), add(P, 16))
    each = program(words, 8, p=DATA, q=HART_BASE)
    guest.set_all(each.x, [0x3FF8 << 48] * 32, INEXACT)
    guest.memory[DATA : DATA + 64] = struct.pack("<d", 1.5) * 8
    guest.code(*words, at=CODE)
    assert CODE in install(guest, elf_file(code_of(words)), [CODE])
    guest.run(CODE)
    assert guest.traps == [(CAUSE_STORE_FAULT, HART_BASE, CODE + 4 * words.index(store(3, Q, 0)))]
    assert struct.unpack("<3d", guest.memory[DATA : DATA + 24]) == (2.25, 1.5, 1.5)


def test_a_loop_of_traces_can_be_interrupted(new_guest: NewGuest) -> None:
    guest: Guest = new_guest()
    words = loop(load(0, P, 0), *RUN, store(2, Q, 0), *RUN, store(3, Q, 8), add(COUNT, -1))
    assert len(traces_of(words)[0]) == 2
    each = program(words, 1, p=DATA, q=DATA + 64)
    guest.set_all(each.x, [0x3FF0 << 48] * 32, INEXACT)
    guest.memory[DATA : DATA + 8] = struct.pack("<d", 1.0)
    guest.code(*words, at=CODE)
    assert CODE in install(guest, elf_file(code_of(words)), [CODE])
    run_till_interrupted(guest)
    assert struct.unpack("<2d", guest.memory[DATA + 64 : DATA + 80]) == (1.0, 1.0)
