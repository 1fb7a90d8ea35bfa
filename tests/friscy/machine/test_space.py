"""Space: imports, errors through wasm, page protection and code map entries, with a tiny stand-in engine."""

from __future__ import annotations

import pytest
import wasmtime

from friscy.machine.engine import make_engine
from friscy.machine.layout import CODE_MAP, GUEST_END, GUEST_START, HART_BASE, HART_INTERRUPT, HART_PC, PAGE
from friscy.machine.memory import PROT_READ, PROT_WRITE
from friscy.machine.space import Space

# interpret: a7 = 0: return, 1: syscall, 2: trap 7, 3: load from a0, 4: call the code map entry of pc.
STAND_IN = f"""(module
  (type $engine (func (param i32) (result i32)))
  (import "env" "memory" (memory 65536 65536))
  (import "env" "table" (table 1 funcref))
  (import "env" "syscall" (func $syscall))
  (import "env" "trap" (func $trap (param i32)))
  (func $interpret (export "interpret") (param $hart i32) (result i32) (local $what i64)
    (local.set $what (i64.load (i32.add (local.get $hart) (i32.const 136))))
    (if (i64.eq (local.get $what) (i64.const 1)) (then (call $syscall)))
    (if (i64.eq (local.get $what) (i64.const 2)) (then (call $trap (i32.const 7))))
    (if (i64.eq (local.get $what) (i64.const 3)) (then
      (drop (i32.load (i32.wrap_i64 (i64.load (i32.add (local.get $hart) (i32.const 80))))))))
    (if (i64.eq (local.get $what) (i64.const 4)) (then (i64.store
      (i32.add (local.get $hart) (i32.const {HART_PC}))
      (i64.extend_i32_u (call_indirect (type $engine) (local.get $hart)
        (i32.load (i32.add (i32.const {CODE_MAP - (1 << 32)}) (i32.mul (i32.const 2)
          (i32.load (i32.add (local.get $hart) (i32.const {HART_PC})))))))))))
    (i32.const 0))
  (func (export "interpret_call") (param i32) (result i32) (call $interpret (local.get 0)))
  (func (export "invalidate") (param i32 i32))
  (func (export "probe") (param i32)))"""


@pytest.fixture
def space_and_calls():
    calls = []

    def syscall():
        calls.append("syscall")
        if len(calls) > 3:
            raise KeyError("from the host")

    engine = make_engine()
    module = wasmtime.Module(engine, wasmtime.wat2wasm(STAND_IN))
    return Space(
        engine, module, syscall, calls.append, lambda address: calls.append(("fault", address))
    ), calls


def test_imports_reach_the_host(space_and_calls):
    space, calls = space_and_calls
    hart = space.hart(0)
    for what in (0, 1, 2):
        hart.set_x(17, what)
        space.run(hart)
    assert calls == ["syscall", 7]


def test_host_errors_come_out_of_run_and_the_space_lives_on(space_and_calls):
    space, calls = space_and_calls
    calls += [0, 0, 0]
    hart = space.hart(0)
    hart.set_x(17, 1)
    with pytest.raises(KeyError, match="from the host"):
        space.run(hart)
    del calls[:]
    space.run(hart)
    assert calls == ["syscall"]


@pytest.mark.parametrize("address", [0, 0x100, GUEST_START, GUEST_END - 4])
def test_unmapped_pages_fault_with_their_address(space_and_calls, address):
    space, calls = space_and_calls
    hart = space.hart(0)
    hart.set_x(17, 3)
    hart.set_x(10, address)
    space.run(hart)
    assert calls == [("fault", address)]


def test_mapping_and_unmapping_take_effect_on_the_guest(space_and_calls):
    space, calls = space_and_calls
    hart = space.hart(0)
    hart.set_x(17, 3)
    hart.set_x(10, GUEST_START)
    space.memory.map(GUEST_START, GUEST_START + PAGE, PROT_READ | PROT_WRITE)
    space.run(hart)
    assert calls == []
    space.memory.unmap(GUEST_START, GUEST_START + PAGE)
    space.run(hart)
    assert calls == [("fault", GUEST_START)]


def test_code_map_entry_calls_a_host_function(space_and_calls):
    space, _ = space_and_calls
    seen = []

    def action(hart):
        seen.append(hart.pc)
        return 0x12344

    space.set_entry(0x20000, space.host_entry(action))
    hart = space.hart(1)
    hart.set_x(17, 4)
    hart.pc = 0x20000
    space.run(hart)
    assert seen == [0x20000]
    assert hart.pc == 0x12344


def test_the_hart_that_runs_is_where_translated_code_has_it(space_and_calls):
    space, _ = space_and_calls
    seen = []

    def action(hart):
        seen.append((hart.address, hart.x(10), hart.x(11)))
        return 0x12344

    space.set_entry(0x20000, space.host_entry(action))
    harts = [space.hart(k) for k in range(3)]
    for k, hart in enumerate(harts):
        hart.set_x(10, k)
        hart.set_x(17, 4)
    for turn, k in enumerate((0, 1, 1, 2, 0, 2)):
        harts[k].set_x(11, turn)
        harts[k].pc = 0x20000
        space.run(harts[k])
        assert harts[k].pc == 0x12344
        places = [hart.address for hart in harts]
        assert places[k] == HART_BASE
        assert len(set(places)) == 3
    assert seen == [(HART_BASE, k, turn) for turn, k in enumerate((0, 1, 1, 2, 0, 2))]
    assert [hart.x(10) for hart in harts] == [0, 1, 2]
    space.interrupt()
    assert all(hart.view[hart.address + HART_INTERRUPT] for hart in harts)
    space.recycle()
    assert space.hart(2).address == HART_BASE
