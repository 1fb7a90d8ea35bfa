"""Nests of loops whose turns constants count: what is found, and that they do what the oracle does."""

from __future__ import annotations

import random
import struct

import pytest
import wasmtime
from aot_guest import CODE, Guest, code_of, elf_file, install, run_till_interrupted
from aot_programs import op
from hypothesis import given
from hypothesis import strategies as st
from nest_programs import (
    END,
    INNER,
    OUTER,
    SAVED,
    UNTIL,
    P,
    Q,
    R,
    back,
    li,
    nests_of,
    pairs,
    random_nest_program,
)
from programs import DATA, DATA_BYTES, EBREAK, Program
from test_aot_rows import EXACT, SETTINGS, NewGuest
from test_float_runs import EXTREMES, INEXACT, ordinary
from trace_programs import COUNT, LESS, LIMIT, PAGE, add, check_trace, compute, load, seldom, store

from friscy.machine.layout import HART_BASE
from friscy_build.aot.effects import NONE, Registers
from friscy_build.aot.float_accesses import FIXED, Address
from friscy_build.aot.float_traces import Trace
from friscy_build.aot.module import DEFAULT

STEP = 24
RUN = [compute("fmul.d", rd, 0, 1) for rd in (2, 3, 4)]
# What two bodies do to each other: a difference, its root, and both are moved.
BODY = [
    *(load(0, P, 0), load(1, Q, 0), compute("fsub.d", 2, 0, 1), compute("fmul.d", 3, 2, 2)),
    *(compute("fsqrt.d", 4, 3), compute("fdiv.d", 5, 11, 4)),
    *(load(6, P, 8), load(7, Q, 8), compute("fnmsub.d", 6, 5, 2, 6), compute("fmadd.d", 7, 5, 2, 7)),
    *(store(6, P, 8), store(7, Q, 8)),
]


def again(*body: int, before: tuple[int, ...] = (), step: int = 1) -> list[int]:
    """Some code in a loop of which nobody knows how often it goes round."""
    return [*before, *back("bne", [*body, add(COUNT, step)], COUNT, LIMIT), EBREAK]


def nest_of(words: list[int], cold: int | None = None, saved: Registers = SAVED) -> Trace | None:
    """The only nest of a function."""
    found = list(nests_of(words, cold, saved).values())
    assert len(found) < 2
    return found[0] if found else None


def found(words: list[int], cold: int | None = None, saved: Registers = SAVED) -> tuple[int, Trace]:
    ((start, trace),) = nests_of(words, cold, saved).items()
    return start, trace


def test_a_turn_of_the_loop_around_it() -> None:
    words = again(*pairs(BODY, 4, STEP), before=(add(COUNT, 0),))
    start, trace = found(words)
    assert start == 1
    path = trace.path
    assert path.exit is None
    assert path.after == (CODE + 4, CODE + 4 * len(words) - 4)
    # Three pairs with the first body, two with the second, one with the third.
    first = words.index(BODY[0])
    places = [k for k, (pc, _) in enumerate(path.code) if pc == CODE + 4 * first]
    assert len(places) == 6
    assert [trace.loads[k].offset for k in places] == [DATA + STEP * each for each in (0, 0, 0, 1, 1, 2)]
    assert [trace.loads[k + 1].offset for k in places] == [DATA + STEP * each for each in (1, 2, 3, 2, 3, 3)]
    assert [path.mates.get(k) for k in places] == [places[1], None, places[3], None, places[5], None]
    assert path.branches == {}
    assert path.nruns == 6
    # What each of the four bodies is moved by is stored once.
    kept = {trace.stores[k].offset for k in trace.stores.keys() - trace.overwritten}
    assert kept == {DATA + STEP * each + 8 for each in range(4)}
    assert len(trace.stores) - len(trace.overwritten) == 4


def test_one_that_is_entered_from_a_block() -> None:
    words = [add(COUNT, 1), *pairs(BODY, 3, STEP), compute("fadd.d", 0, 0, 1), EBREAK]
    words = [op("beq", rs1=LIMIT, rs2=0, imm=4 * len(words) - 4), *words]
    start, trace = found(words)
    assert start == 1
    assert trace.path.exit == CODE + 4 * (len(words) - 2)
    assert trace.path.after == (trace.path.exit,)
    assert trace.path.last.next_pc == trace.path.exit


def test_two_that_come_one_after_the_other(new_guest: NewGuest) -> None:
    """Each by itself, where the loop around them has another way."""
    way = [op("beq", rs1=COUNT, rs2=R, imm=8), add(LESS, 1)]
    one, two = pairs(BODY, 3, STEP), pairs(BODY, 4, STEP, DATA + 0x400)
    words = again(*one, *way, *two, before=(add(COUNT, 0),))
    nests = nests_of(words)
    ends = [1 + len(one), 1 + len(one) + len(way) + len(two)]
    assert {at: trace.path.exit for at, trace in nests.items()} == {
        1: CODE + 4 * ends[0],
        1 + len(one) + len(way): CODE + 4 * ends[1],
    }
    assert {each.root for trace in nests.values() for each in trace.loads.values()} == {FIXED}
    for other in (0, 1):  # which way is gone in the first turn
        check_trace(fusing(new_guest()), program(words, r=other))


@pytest.mark.parametrize(
    ("replaced", "other"),
    [
        (li(OUTER, 0), [add(OUTER, 0)]),  # nobody knows from where
        (li(UNTIL, 3), [add(UNTIL, 0)]),  # or to where
        (li(UNTIL, 3), [op("lw", rd=UNTIL, rs1=R, imm=0)]),
        (li(P, DATA), [*li(P, HART_BASE)]),  # nothing of the guest's
    ],
)
def test_what_constants_do_not_tell(replaced: list[int], other: list[int]) -> None:
    nest = pairs(BODY, 4, STEP)
    assert nest_of(again(*nest, before=(add(COUNT, 0),))) is not None
    for at in range(len(nest)):
        if nest[at : at + len(replaced)] == replaced:
            nest[at : at + len(replaced)] = other
    assert nest_of(again(*nest, before=(add(COUNT, 0),))) is None


def test_what_does_not_come_round_or_too_often() -> None:
    once = [*li(P, DATA), *li(OUTER, 0), *li(UNTIL, 1)]
    once += back("bne", [load(0, P, 0), *RUN, store(2, P, 8), op("addiw", rd=OUTER, rs1=OUTER, imm=1)], OUTER, UNTIL)
    assert nest_of(again(*once, before=(add(COUNT, 0),))) is None
    assert nest_of(again(*pairs(BODY, 9, STEP), before=(add(COUNT, 0),))) is not None
    assert nest_of(again(*pairs(BODY, 40, STEP), before=(add(COUNT, 0),))) is None


def test_constants_from_before_a_call() -> None:
    """A register that calls leave as it is."""
    nest = pairs(BODY, 4, STEP)
    until = li(UNTIL, 3)
    for at in range(len(nest)):
        if nest[at : at + 1] == until:
            del nest[at]
            break
    call = op("jalr", rd=1, rs1=R, imm=0)
    words = [add(COUNT, 0), *until, *back("bne", [call, *nest, add(COUNT, 1)], COUNT, LIMIT), EBREAK]
    assert found(words)[0] == 3
    assert nest_of(words, saved=NONE) is None


def test_loads_have_to_lie_in_pages_that_were_read() -> None:
    def at(address: int) -> Trace | None:
        return nest_of(again(*pairs(BODY, 4, STEP, address), before=(add(COUNT, 0),)))

    inside = at(DATA + PAGE - 4 * STEP)
    assert inside is not None
    assert inside.overwritten
    # What the first pair reads does not tell of the others.
    assert at(DATA + PAGE - 2 * STEP) is None
    # It reads both pages; stores in two pages are all made, for one of them may fault.
    both = at(DATA + PAGE - STEP)
    assert both is not None
    assert not both.overwritten
    assert at(DATA + PAGE - STEP + 12) is not None


def test_fixed_and_other_addresses() -> None:
    body = [load(8, R, 0), *BODY, store(8, R, 16)]
    _, trace = found(again(*pairs(body, 3, STEP), before=(add(COUNT, 0),)))
    assert {each.root for each in trace.stores.values()} == {FIXED, (R, -1)}
    assert trace.apart
    assert Address((R, -1), 16) in trace.stores.values()
    assert not trace.overwritten


# Against the oracle


def fusing(guest: Guest) -> Guest:
    """One that has been told that the host has fused operations, if it has."""
    guest.exports["probe"](guest.store, HART_BASE)
    return guest


@SETTINGS
@given(st.integers(0, 1 << 32), st.sampled_from([0.0, 0.0, 0.02, 0.1]), st.booleans())
def test_nests_do_what_the_oracle_does(new_guest: NewGuest, seed: int, odd: float, fuses: bool) -> None:
    guest = fusing(new_guest()) if fuses else new_guest()
    rng = random.Random(seed)
    for _ in range(6):
        check_trace(guest, *random_nest_program(rng, odd=odd))


def program(words: list[int], nturns: int = 3, **registers: int) -> Program:
    rng = random.Random(len(words))
    numbers = [ordinary(rng) & ~(1 << 63) for _ in range(DATA_BYTES // 8)]
    x = [0] * 32
    x[LIMIT], x[R] = nturns, registers.get("r", DATA + 0x800)
    data = b"".join(each.to_bytes(8, "little") for each in numbers)
    return Program(words, x, [ordinary(rng) for _ in range(32)], INEXACT, data)


@pytest.mark.parametrize("address", [DATA, DATA + PAGE - STEP, DATA + PAGE - 2 * STEP, DATA + PAGE - STEP + 12])
@pytest.mark.parametrize("around", [True, False])
def test_pairs_of_bodies(new_guest: NewGuest, address: int, around: bool) -> None:
    nest = pairs(BODY, 4, STEP, address)
    words = again(*nest, before=(add(COUNT, 0),)) if around else [*skipping(*nest), add(COUNT, 3), EBREAK]
    check_trace(fusing(new_guest()), program(words))


@pytest.mark.parametrize("kind", EXTREMES)
@pytest.mark.parametrize("body", range(4))
def test_one_number_that_may_be_wrong(new_guest: NewGuest, kind: str, body: int) -> None:
    guest = fusing(new_guest())
    words = again(*pairs(BODY, 4, STEP), before=(add(COUNT, 0),))
    for at, bits in enumerate(EXTREMES[kind]):
        each = program(words)
        data = bytearray(each.data)
        struct.pack_into("<Q", data, STEP * body + 8 * at, bits)
        check_trace(guest, Program(each.words, each.x, each.f, each.fcsr, bytes(data)))


@pytest.mark.parametrize("distance", [*range(-32, 40, 8), 4])
def test_a_base_near_a_fixed_address(new_guest: NewGuest, distance: int) -> None:
    body = [load(8, R, 0), load(9, R, 16), *BODY, store(8, R, 16), load(10, R, 8)]
    words = again(*pairs(body, 3, STEP), before=(add(COUNT, 0),))
    assert nest_of(words, saved=NONE) is not None
    check_trace(fusing(new_guest()), program(words, r=DATA + STEP + distance))


def skipping(*words: int) -> list[int]:
    """Some code that is not done where LIMIT is 0."""
    return [op("beq", rs1=LIMIT, rs2=0, imm=4 + 4 * len(words)), *words]


def test_what_is_loaded_from_the_hart_on_the_way(new_guest: NewGuest) -> None:
    """The block in front of a nest uses all that it does, but for what is added: that would be 0."""
    body = [load(8, R, 0), *BODY[:-2], compute("fadd.d", 6, 6, 12), *BODY[-2:], store(8, R, 16)]
    words = skipping(add(R, 0), compute("fadd.d", 13, 11, 14), *pairs(body, 3, STEP))
    words += [compute("fadd.d", 0, 0, 1), op("jalr", rd=0, rs1=1, imm=0)]
    assert nest_of(words) is not None
    each = program([*words, EBREAK])
    each.x[1] = CODE + 4 * len(words)
    check_trace(fusing(new_guest()), each, len(words), options=DEFAULT, wanted=(R,))


def test_a_base_that_was_a_constant(new_guest: NewGuest) -> None:
    """The block in front of a nest loads another."""
    turn = [load(0, P, 0), *RUN, store(2, P, 0), add(P, 8), op("addiw", rd=OUTER, rs1=OUTER, imm=1)]
    nest = [op("ld", rd=P, rs1=R, imm=0), *li(OUTER, 0), *li(UNTIL, 3), *back("bne", turn, OUTER, UNTIL)]
    words = [*li(P, DATA), *skipping(*nest), compute("fadd.d", 0, 0, 1), EBREAK]
    trace = nest_of(words)
    assert trace is not None
    assert FIXED not in {each.root for each in trace.stores.values()}
    each = program(words)
    data = each.data[:0x800] + struct.pack("<Q", DATA + 0x400) + each.data[0x808:]
    check_trace(new_guest(), Program(words, each.x, each.f, INEXACT, data))


@pytest.mark.parametrize("turn", range(6))
def test_a_branch_that_leaves_in_some_turn(new_guest: NewGuest, turn: int) -> None:
    """A negative number under the root, or nearly so, of some pair."""
    inner = [load(0, P, 0), load(1, Q, 0), compute("fsub.d", 5, 0, 1), *RUN]
    body = [*inner, *seldom(5, 9, 0), *RUN, store(2, P, 8), store(3, Q, 8)]
    words = [*skipping(*pairs(body, 4, STEP)), EBREAK]
    cold = len(words)
    words += [compute("fsub.d", 0, 0, 1), EBREAK]
    at = words.index(inner[-1]) + 1
    words[at : at + 4] = seldom(5, 9, 4 * (cold - at))
    assert nest_of(words, cold, NONE) is not None
    each = program(words)
    each.f[9] = 0
    # The first is the largest, and so on; in one pair they have changed places.
    numbers = [8.0, 4.0, 2.0, 1.0]
    one, other = [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)][turn]
    numbers[one], numbers[other] = numbers[other], numbers[one]
    data = b"".join(struct.pack("<3d", number, 0.5, 0.25) for number in numbers)
    check_trace(new_guest(), Program(words, each.x, each.f, INEXACT, data.ljust(DATA_BYTES, b"\1")), cold)


def test_what_lives_on_behind_it(new_guest: NewGuest) -> None:
    """Counts and addresses that were stored on the way into a loop inside, and are wanted behind it."""
    nest = pairs(BODY, 4, STEP)
    sums = ((30, P, INNER), (31, Q, OUTER), (LESS, END, UNTIL))
    behind = [op("add", rd=rd, rs1=one, rs2=other) for rd, one, other in sums]
    words = again(*nest, *behind, before=(add(COUNT, 0),))
    assert nest_of(words, saved=NONE) is not None
    check_trace(fusing(new_guest()), program(words))


def run_to_a_fault(guest: Guest, words: list[int], *, translated: bool, readable: bool) -> bytes:
    """What is in memory when an access has faulted: the second page is not readable, or not writable."""
    each = program(words)
    guest.set_all(each.x, each.f, each.fcsr)
    guest.memory[DATA : DATA + DATA_BYTES] = each.data
    guest.code(*words, at=CODE)
    if translated:
        assert CODE in install(guest, elf_file(code_of(words)), [CODE], options=EXACT)
    guest.protect(DATA + PAGE, PAGE, readable=readable, writable=False)
    try:
        with pytest.raises(wasmtime.Trap, match="out of bounds"):
            guest.run(CODE)
    finally:
        guest.protect(DATA + PAGE, PAGE, readable=True)
    return bytes(guest.memory[DATA : DATA + DATA_BYTES])


@pytest.mark.parametrize("readable", [True, False])
@pytest.mark.parametrize("ninside", [0, 1, 2])
def test_what_is_stored_before_a_fault(new_guest: NewGuest, ninside: int, readable: bool) -> None:
    """So many of the bodies are in front of the page."""
    words = again(*pairs(BODY, 4, STEP, DATA + PAGE - ninside * STEP), before=(add(COUNT, 0),))
    assert (nest_of(words, saved=NONE) is not None) == (ninside < 2)
    after = [run_to_a_fault(fusing(new_guest()), words, translated=each, readable=readable) for each in (True, False)]
    assert after[0] == after[1]


def test_it_can_be_interrupted(new_guest: NewGuest) -> None:
    """And its registers are right then: two of them count turns, one of them with floats, which are set at its end."""
    guest = fusing(new_guest())
    words = again(*pairs(BODY, 4, STEP), compute("fadd.d", 10, 10, 11), before=(add(COUNT, 0),))
    assert nest_of(words, saved=NONE) is not None
    each = program(words, -1 % (1 << 64))
    floats = [0x3FF0 << 48] * 32
    floats[10] = 0
    guest.set_all(each.x, floats, INEXACT)
    guest.memory[DATA : DATA + 4 * STEP] = b"".join(struct.pack("<3d", 1 << k, 1.0, 0.0) for k in range(4))
    guest.code(*words, at=CODE)
    assert CODE in install(guest, elf_file(code_of(words)), [CODE], options=EXACT)
    run_till_interrupted(guest)
    (turns,) = struct.unpack("<d", struct.pack("<Q", guest.all_f()[10]))
    assert turns > 1
    assert guest.all_x()[COUNT] == turns
