"""Float arithmetic that is done two at a time: which is, and that it gives what the oracle gives."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Iterator

import pytest
from aot_guest import CODE, Guest, code_of, elf_file, install
from hypothesis import given
from hypothesis import strategies as st
from programs import DATA_BYTES, EBREAK, Program
from test_aot_rows import SETTINGS, check
from test_float_runs import EXTREMES, INEXACT, block, ordinary, program_of, word

from friscy.machine.layout import CAUSE_LOAD_FAULT, CAUSE_STORE_FAULT, HART_BASE
from friscy_build.aot.effects import F0, registers
from friscy_build.aot.float_plan import pair_of_stores, plan, wanted_behind
from friscy_build.aot.float_runs import find_runs, is_load, operation
from friscy_build.aot.float_values import DOUBLE, Computed, Given, Values

NewGuest = Callable[..., Guest]
FUSED = ("fmadd.d", "fmsub.d", "fnmadd.d", "fnmsub.d")


def op(name: str, rd: int, *sources: int) -> int:
    return word(name, rd=rd, rm=7, **dict(zip(("rs1", "rs2", "rs3"), sources, strict=False)))


def load(rd: int, imm: int, base: int = 8) -> int:
    return word("fld", rd=rd, rs1=base, imm=imm)


def store(source: int, imm: int, base: int = 8) -> int:
    return word("fsd", rs2=source, rs1=base, imm=imm)


def pairs_of(*words: int) -> list[tuple[int, ...]]:
    """The instructions of each pair of a block's run, in the order of the lanes."""
    code = block(*words)
    (run,) = find_runs(code).values()
    values = Values()
    plan(code, run, values)
    made = [value for value, each in enumerate(values.definitions) if not isinstance(each, Given)]
    loads_and_arithmetic = (k for k, (_, i) in enumerate(code) if is_load(i) or operation(i))
    places = dict(zip(made, loads_and_arithmetic, strict=True))
    return sorted({tuple(places[each] for each in lanes) for lanes in values.packs.values()})


def test_neighbours_in_memory_are_loaded_and_computed_at_once() -> None:
    words = [load(0, 8), load(1, 0), load(2, 16), load(3, 24)]
    words += [op("fsub.d", 4, 0, 3), op("fsub.d", 5, 1, 2), op("fmul.d", 6, 4, 4), op("fmul.d", 7, 5, 5)]
    assert pairs_of(*words) == [(1, 0), (2, 3), (5, 4), (7, 6)]


def test_loads_from_a_base_that_was_moved_are_no_neighbours() -> None:
    step = word("addi", rd=8, rs1=8, imm=8)
    arithmetic = [op("fmul.d", 2, 0, 10), op("fmul.d", 3, 1, 10), op("fmul.d", 4, 10, 10)]
    assert (0, 2) not in pairs_of(load(0, 0), step, load(1, 8), *arithmetic)
    assert (0, 1) in pairs_of(load(0, 0), load(1, 8), step, *arithmetic)


def test_operands_of_a_product_may_be_exchanged() -> None:
    loads = [load(0, 0), load(1, 8)]
    assert (2, 3) in pairs_of(*loads, op("fmul.d", 2, 0, 10), op("fmul.d", 3, 10, 1), op("fmul.d", 4, 10, 10))
    words = [*loads, op("fdiv.d", 2, 0, 10), op("fdiv.d", 3, 10, 1), op("fmul.d", 4, 10, 10)]
    assert (0, 1) not in pairs_of(*words)


def test_what_needs_the_other_is_no_pair_with_it() -> None:
    assert pairs_of(op("fmul.d", 2, 0, 1), op("fmul.d", 3, 2, 1), op("fmul.d", 4, 3, 1)) == []
    # Either pair could be, but not both: one half needs the other pair's, whose other half needs this one's.
    root, ratio = op("fsqrt.d", 2, 0), op("fdiv.d", 3, 1, 10)
    assert pairs_of(root, ratio, op("fsqrt.d", 4, 3), op("fdiv.d", 5, 2, 10)) == [(0, 2)]
    assert pairs_of(root, op("fdiv.d", 5, 2, 10), ratio, op("fsqrt.d", 4, 3)) == [(0, 3)]


@pytest.mark.parametrize("turned", [False, True])
def test_signs_have_to_be_the_same(turned: bool) -> None:
    other = "fmsub.d" if turned else "fmadd.d"
    words = [load(0, 0), load(1, 8), op("fmadd.d", 2, 10, 11, 0), op(other, 3, 10, 11, 1), op("fmul.d", 4, 10, 10)]
    assert ((2, 3) in pairs_of(*words)) != turned


def test_pairs_of_stores() -> None:
    assert pair_of_stores(block(store(1, 8), store(2, 16)), 0) == (F0 + 1, F0 + 2, 8)
    assert pair_of_stores(block(store(1, 16), store(2, 8)), 0) == (F0 + 2, F0 + 1, 8)
    for others in (
        [store(1, 8), store(2, 24)],
        [store(1, 8), store(2, 16, base=9)],
        [store(1, 8), load(2, 16)],
        [store(1, 8)],
        [store(1, 8, base=0), store(2, 16, base=0)],
    ):
        assert pair_of_stores(block(*others), 0) is None


def test_what_is_wanted_behind_a_run() -> None:
    run = [op("fmul.d", 2, 0, 1)] * 3
    later = [op("fadd.d", 3, 2, 9), op("fadd.d", 4, 3, 1), op("fadd.d", 5, 4, 7)]
    code = block(*run, store(2, 0), load(9, 0), *later)
    runs = find_runs(code).values()
    assert len(runs) == 2
    floats = registers(range(F0, F0 + 32))
    assert wanted_behind(code, runs, 3) & floats == registers((F0 + 1, F0 + 2, F0 + 7))
    paired = block(*run, load(5, 0), store(2, 0), store(5, 8))
    assert wanted_behind(paired, find_runs(paired).values(), 3) & floats == 1 << F0 + 2


def test_what_is_kept_stands_for_registers() -> None:
    values = Values()
    one, other, third = (values.add(Computed("fmul", ())) for _ in range(3))
    values.held = {F0 + 1: one, F0 + 2: other, F0 + 3: third, F0 + 4: one}
    values.packs = {one: (one, other), other: (one, other)}
    kept = values.keep([(one, other), (third,), (one,)], registers((F0 + 2, F0 + 4)))
    assert kept == [(one, other), (one,)]
    assert values.held == {F0 + 1: one, F0 + 2: other, F0 + 4: one}
    assert [values.definitions[each] for each in (one, other)] == [Given(F0 + 4), Given(F0 + 2)]
    values.held[F0 + 5] = one
    assert values.keep([(one, other)], 1 << F0 + 4) == [(one, other)]
    assert values.definitions[one] == Given(F0 + 4)
    values.forget(1 << F0 + 2)
    assert values.of(F0 + 2) not in (one, other)


# Against the oracle


def paired_words(rng: random.Random) -> Iterator[int]:
    """Arithmetic on neighbours, as compilers leave it: each step for two or three components, in any order."""
    while True:
        kind = rng.choice(["load", "op", "op", "op", "store", "step", "copy"])
        first, second, third = (rng.randrange(0, 4) * 3 for _ in range(3))
        components = rng.sample(range(3), rng.choice((2, 2, 3)))
        offset, common = 24 * rng.randrange(4), rng.random() < 0.3
        name = rng.choice(("fadd.d", "fsub.d", "fmul.d", "fmul.d", "fdiv.d", "fsqrt.d", *FUSED))
        exchanged = rng.random() < 0.3
        for k in components:
            if kind == "load":
                yield load(first + k, offset + 8 * k)
            elif kind == "store":
                yield store(first + k, offset + 8 * k)
            elif kind == "copy":
                sign = rng.choice(("fsgnj.d", "fsgnjn.d", "fsgnjx.d"))
                yield word(sign, rd=first + k, rs1=second + k, rs2=second + k)
            elif kind == "op":
                sources = [12 if common else second + k, third + k, first + k]
                if exchanged and k == components[0]:
                    sources[:2] = sources[1::-1]
                yield op(name, first + k, *sources[: 3 if name in FUSED else 1 if name == "fsqrt.d" else 2])
        if kind == "step" and rng.random() < 0.5:
            yield word("addi", rd=8, rs1=8, imm=rng.choice((-8, 8)))


def paired_program(rng: random.Random, *, odd: float) -> Program:
    words = paired_words(rng)
    extremes = [bits for pair in EXTREMES.values() for bits in pair]
    return program_of(
        rng,
        [next(words) for _ in range(48)],
        lambda: rng.choice(extremes) if rng.random() < odd else ordinary(rng) & ~(1 << 63),
        (INEXACT, INEXACT, 0, 0x21),
    )


@SETTINGS
@given(st.integers(0, 1 << 32), st.sampled_from([0.0, 0.0, 0.05, 0.3]), st.booleans())
def test_pairs_do_what_the_oracle_does(new_guest: NewGuest, seed: int, odd: float, fuses: bool) -> None:
    guest = new_guest()
    if fuses:
        guest.exports["probe"](guest.store, HART_BASE)
    rng = random.Random(seed)
    for _ in range(6):
        check(guest, paired_program(rng, odd=odd))


@pytest.mark.parametrize("lane", range(2))
@pytest.mark.parametrize("name", ["fadd.d", "fsub.d", "fmul.d", "fdiv.d", "fsqrt.d", *FUSED])
def test_one_of_a_pair_that_may_be_wrong_has_all_done_again(new_guest: NewGuest, name: str, lane: int) -> None:
    rng = random.Random(f"{name} {lane}")
    guest = new_guest()
    guest.exports["probe"](guest.store, HART_BASE)
    count = 3 if name in FUSED else 1 if name == "fsqrt.d" else 2
    for one, other in EXTREMES.values():
        program = paired_program(rng, odd=0)
        words = [load(0, 0), load(1, 8), load(2, 16), load(3, 24)]
        words += [op(name, 4, *(0, 2, 0)[:count]), op(name, 5, *(1, 3, 1)[:count]), op("fsub.d", 6, 9, 10)]
        assert (4, 5) in pairs_of(*words)
        program.words[:] = [*words, store(4, 32), store(5, 40), EBREAK]
        numbers = [ordinary(rng) & ~(1 << 63) for _ in range(DATA_BYTES // 8)]
        numbers[lane], numbers[2 + lane] = one, other
        data = b"".join(each.to_bytes(8, "little") for each in numbers)
        check(guest, Program(program.words, program.x, program.f, INEXACT, data))


@pytest.mark.parametrize("ordered", [True, False])
def test_what_two_stores_leave(new_guest: NewGuest, ordered: bool) -> None:
    """In either order, and where one of the numbers is not the run's any more."""
    rng = random.Random(1)
    guest = new_guest()
    words = [op("fmul.d", 0, 10, 11), op("fmul.d", 1, 12, 11), op("fmul.d", 2, 12, 12)]
    stores = [store(0, 0), store(1, 8)]
    for between in ([], [word("fmv.d.x", rd=1, rs1=9)], [load(0, 16)]):
        program = paired_program(rng, odd=0)
        program.words[:] = [*words, *between, *(stores if ordered else stores[::-1]), EBREAK]
        check(guest, Program(program.words, program.x, program.f, INEXACT, program.data))


def test_two_stores_look_at_their_base(new_guest: NewGuest) -> None:
    guest = new_guest()
    words = [op("fmul.d", rd, 10, 11) for rd in range(3)] + [store(0, 0), store(1, 8), EBREAK]
    guest.code(*words, at=CODE)
    one = struct.unpack("<Q", struct.pack("<d", 1.0))[0]
    guest.set_all([HART_BASE] * 32, [one] * 32, INEXACT)
    assert CODE in install(guest, elf_file(code_of(words)), [CODE])
    guest.run(CODE)
    assert guest.traps == [(CAUSE_STORE_FAULT, HART_BASE, CODE + 12)]
    assert guest.all_x()[1:] == [HART_BASE] * 31


def test_where_a_pair_that_is_loaded_cannot_be_read(new_guest: NewGuest) -> None:
    guest = new_guest()
    words = [load(0, 0), load(1, 8), op("fmul.d", 2, 0, 10), op("fmul.d", 3, 1, 10), op("fmul.d", 4, 10, 10), EBREAK]
    guest.code(*words, at=CODE)
    one = struct.unpack("<Q", struct.pack("<d", 1.0))[0]
    guest.set_all([HART_BASE - DOUBLE] * 32, [one] * 32, INEXACT)
    assert CODE in install(guest, elf_file(code_of(words)), [CODE])
    guest.run(CODE)
    assert guest.traps == [(CAUSE_LOAD_FAULT, HART_BASE - DOUBLE, CODE)]
