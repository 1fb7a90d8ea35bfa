"""What the interpreter promises its host: traps, safepoints, invalidation, and the hand-off to translated code."""

from __future__ import annotations

import struct
import threading
from pathlib import Path

import pytest
import wasmtime
from conftest import CODE, OUTSIDE, STACK, Guest

from friscy.machine.layout import (
    CAUSE_COUNTER,
    CAUSE_FENCE_I,
    CAUSE_FETCH_FAULT,
    CAUSE_ILLEGAL,
    CAUSE_LOAD_FAULT,
    CAUSE_LOAD_MISALIGNED,
    CAUSE_STORE_FAULT,
    DEPTH_LIMIT,
    GUEST_END,
    GUEST_START,
    HART_BASE,
    HART_DEPTH,
    HART_HOST_FMA,
    HART_PC,
    HART_PC_BIAS,
    HART_TRAP_PC,
    PAGE,
    RECORDS,
    WINDOW_END,
    trap_pc,
)
from friscy_build.aot.runtime import EXPORTS as RUNTIME
from friscy_build.interpreter.build import build_interpreter
from friscy_build.isa.rows import BY_NAME

A0, A1, A2, A7, RA = 10, 11, 12, 17, 1
ECALL = BY_NAME["ecall"].encode()
EBREAK = BY_NAME["ebreak"].encode()
RET = BY_NAME["jalr"].encode(rd=0, rs1=RA, imm=0)


def op(name: str, **operands: int) -> int:
    return BY_NAME[name].encode(**operands)


def li(rd: int, imm: int) -> int:
    return op("addi", rd=rd, rs1=0, imm=imm)


def test_module_is_small_deterministic_and_has_no_data(module: wasmtime.Module) -> None:
    wasm = build_interpreter()
    assert wasm == build_interpreter()
    assert len(wasm) < 150_000
    assert {item.name for item in module.imports} == {"memory", "table", "syscall", "trap"}
    exports = {"interpret", "interpret_call", "unlinked", "invalidate", "probe", *RUNTIME}
    assert {item.name for item in module.exports} == exports


@pytest.mark.parametrize("at", [CODE, OUTSIDE])
@pytest.mark.parametrize("nbytes", [1, 2, 4, 8])
@pytest.mark.parametrize("what", ["load", "store"])
def test_data_access_ends_where_the_guest_does(guest: Guest, at: int, nbytes: int, what: str) -> None:
    letter = {1: "b", 2: "h", 4: "w", 8: "d"}[nbytes]
    registers = {"rd": A0} if what == "load" else {"rs2": A0}
    name, cause = ("l", CAUSE_LOAD_FAULT) if what == "load" else ("s", CAUSE_STORE_FAULT)
    guest.code(op(name + letter, rs1=A1, imm=0, **registers), EBREAK, at=at)
    for address in (GUEST_START, GUEST_END - nbytes):
        guest.set_x(A1, address)
        guest.run(at)
        assert guest.traps[0][0] != cause
    outside = (
        GUEST_START - 1,
        GUEST_END - nbytes + 1,
        GUEST_END,
        0,
        1 << 32,
        (1 << 32) + GUEST_START,
        -8,
        1 << 63,
    )
    for address in outside:
        guest.set_x(A1, address)
        guest.set_x(A0, 42)
        guest.run(at)
        assert guest.traps == [(cause, address % (1 << 64), at)]
        assert guest.x(A0) == 42


def test_load_to_x0_still_faults(guest: Guest) -> None:
    guest.code(op("lw", rd=0, rs1=A1, imm=0))
    guest.set_x(A1, 16)
    guest.run()
    assert guest.traps == [(CAUSE_LOAD_FAULT, 16, CODE)]


@pytest.mark.parametrize("at", [CODE, OUTSIDE])
@pytest.mark.parametrize("before", [0, 1, 2])
def test_trap_pc_names_the_instruction_that_broke_protection(guest: Guest, at: int, before: int) -> None:
    store, load = op("sd", rs2=A0, rs1=A1, imm=0), op("ld", rd=A0, rs1=A1, imm=0)
    for word in (store, load, op("amoadd.d", rd=A0, rs1=A1, rs2=A0, aq_rl=0)):
        guest.code(*[li(A2, 1)] * before, word, EBREAK, at=at)
        guest.set_x(A1, STACK)
        guest.set_x(A0, 42)
        guest.protect(STACK, PAGE, readable=False)
        with pytest.raises(wasmtime.Trap, match="memory fault"):
            guest.run(at)
        guest.protect(STACK, PAGE, readable=True)
        (stored,) = struct.unpack_from("<I", guest.memory, HART_BASE + HART_TRAP_PC)
        (bias,) = struct.unpack_from("<I", guest.memory, HART_BASE + HART_PC_BIAS)
        assert trap_pc(stored, bias) == at + 4 * before
        assert guest.x(A0) == 42


@pytest.mark.parametrize("at", [CODE, OUTSIDE])
@pytest.mark.parametrize("word", [0, 0x2000_000B, 0xFFFF_FFFF, 0x8000, 0x0000_2073 | 0x300 << 20])
def test_illegal(guest: Guest, at: int, word: int) -> None:
    guest.code(word, at=at)
    guest.run(at)
    assert guest.traps == [(CAUSE_ILLEGAL, word, at)]


def test_special_traps(guest: Guest) -> None:
    fence_i = op("fence.i")
    rdtime = op("csrrs", rd=A0, rs1=0, imm=0xC01 << 5)
    guest.after_trap = 4
    end = guest.code(fence_i, rdtime, op("lr.w", rd=A0, rs1=A1, aq_rl=0), li(A7, 93), ECALL)
    guest.set_x(A1, STACK + 2)
    assert guest.run() == end
    assert guest.traps == [
        (CAUSE_FENCE_I, 0, CODE),
        (CAUSE_COUNTER, rdtime, CODE + 4),
        (CAUSE_LOAD_MISALIGNED, STACK + 2, CODE + 8),
    ]


@pytest.mark.parametrize(
    "target", [0, GUEST_START - 2, GUEST_END, GUEST_END + 64, 1 << 32, (1 << 32) + CODE, (1 << 64) - 2]
)
def test_fetch_fault(guest: Guest, target: int) -> None:
    guest.code(op("jalr", rd=RA, rs1=A1, imm=1))
    guest.set_x(A1, target)
    guest.run()
    assert guest.traps == [(CAUSE_FETCH_FAULT, target, target)]
    assert guest.x(RA) == CODE + 4


def test_syscall_goes_on_behind_it(guest: Guest) -> None:
    end = guest.code(li(A7, 1), ECALL, li(A0, 7), li(A7, 93), ECALL, li(A0, 8))
    assert guest.run() == guest.pc == end - 4
    assert guest.syscalls == [CODE + 4, CODE + 16]
    assert guest.x(A0) == 7


def test_code_runs_into_and_out_of_the_window(guest: Guest) -> None:
    last = WINDOW_END - 6
    guest.code(
        li(A0, 1), op("c.addi", rd=A0, rs1=A0, imm=1), op("addi", rd=A0, rs1=A0, imm=4), EBREAK, at=last
    )
    guest.run(last)
    assert guest.x(A0) == 6
    assert guest.traps[0][2] == WINDOW_END + 4
    # A four-byte instruction across the end, and branches over it in both directions.
    start = WINDOW_END - 2
    guest.code(op("jal", rd=A1, imm=10), EBREAK, at=start)
    guest.code(op("beq", rs1=0, rs2=0, imm=-16), at=start + 10)
    guest.code(li(A0, 9), op("c.ebreak"), at=start - 6)
    guest.run(start)
    assert (guest.x(A0), guest.x(A1)) == (9, WINDOW_END + 2)


@pytest.mark.parametrize("jump", ["jalr", "c.jalr"])
def test_a_call_from_outside_knows_its_pc_in_the_window(guest: Guest, jump: str) -> None:
    """Generated code calls a function of the program, which takes addresses relative to its pc and returns."""
    call = op("jalr", rd=RA, rs1=A7, imm=0) if jump == "jalr" else op("c.jalr", rs1=A7)
    end = guest.code(call, op("auipc", rd=A2, imm=0), EBREAK, at=OUTSIDE)
    guest.code(op("auipc", rd=A0, imm=0), op("jal", rd=A1, imm=4), RET)
    guest.set_x(A7, CODE)
    guest.run(OUTSIDE)
    assert (guest.x(A0), guest.x(A1), guest.x(A2)) == (CODE, CODE + 8, end - 8)
    assert guest.traps[0][2] == end - 4


def test_instruction_across_a_page_end(guest: Guest) -> None:
    at = CODE + PAGE - 2
    guest.code(op("lui", rd=A0, imm=0x12345000), EBREAK, at=at)
    guest.run(at)
    assert guest.x(A0) == 0x12345000


@pytest.mark.parametrize("at", [CODE, OUTSIDE])
@pytest.mark.parametrize("loop", [("jal", {"rd": 0}), ("beq", {"rs1": 0, "rs2": 0}), ("c.j", {})])
def test_backward_jumps_are_safepoints(guest: Guest, at: int, loop: tuple[str, dict[str, int]]) -> None:
    name, operands = loop
    syscall_again = op("addi", rd=A0, rs1=A0, imm=1), ECALL
    guest.code(*syscall_again, op(name, imm=-8, **operands), at=at)
    guest.set_x(A0, 0)
    guest.set_x(A7, 93)  # every system call asks for an interrupt
    assert guest.run(at) == at + 8
    assert guest.run(at + 8) == at + 8 if at == OUTSIDE else True
    assert guest.x(A0) >= 1


def test_a_branch_outside_ends_at_its_target(guest: Guest) -> None:
    """And not at the pc behind it, where the caller of `interpret_call` waits."""
    guest.code(op("jal", rd=0, imm=12), op("c.ebreak"), op("c.ebreak"), at=OUTSIDE)
    guest.code(li(A0, 5), RET, at=OUTSIDE + 12)
    guest.set_x(A0, 0)
    guest.set_x(RA, OUTSIDE + 6)
    assert guest.run(OUTSIDE, "interpret_call") == OUTSIDE + 6
    assert guest.x(A0) == 5


@pytest.mark.parametrize("at", [CODE, OUTSIDE])
def test_interrupt_from_another_thread_ends_a_loop(guest: Guest, at: int) -> None:
    for words in (
        (op("c.j", imm=0),),
        (op("jalr", rd=0, rs1=A1, imm=0),),
        (op("bgeu", rs1=0, rs2=0, imm=0),),
    ):
        guest.code(*words, at=at)
        guest.set_x(A1, at)
        timer = threading.Timer(0.01, guest.interrupt, [1])
        timer.start()
        assert guest.run(at) == at
        assert guest.pc == at
        timer.join()


@pytest.mark.parametrize("distance", [0, 4, 8])
def test_changed_code_runs_after_invalidate(guest: Guest, distance: int) -> None:
    at = CODE + PAGE - 8
    guest.code(li(A0, 1), li(A1, 2), li(A2, 3), EBREAK, at=at)
    guest.run(at)
    guest.write(at + distance, li(A0 + distance // 4, 100).to_bytes(4, "little"), invalidate=False)
    guest.exports["invalidate"](guest.store, at + distance, at + distance + 1)
    guest.run(at)
    values = [1, 2, 3]
    values[distance // 4] = 100
    assert [guest.x(A0), guest.x(A1), guest.x(A2)] == values


def resident_kib() -> int:
    """Memory of this process that is there."""
    status = Path("/proc/self/smaps_rollup").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("Rss")).split()[1])


def test_invalidate_leaves_untouched_records_alone(guest: Guest) -> None:
    before = resident_kib()
    guest.exports["invalidate"](guest.store, 0, WINDOW_END)
    guest.exports["invalidate"](guest.store, WINDOW_END - 1, 0xFFFF_FFFF)
    assert resident_kib() - before < 100_000
    assert bytes(guest.memory[RECORDS + 8 * CODE : RECORDS + 8 * CODE + 64]) == bytes(64)


NATIVE = """(module
  (import "env" "memory" (memory 65536))
  (import "env" "table" (table 1 funcref))
  (type $engine (func (param i32) (result i32)))
  (func (export "double") (param $hart i32) (result i32)
    (i64.store offset=80 (local.get $hart) (i64.shl (i64.load offset=80 (local.get $hart)) (i64.const 1)))
    (i32.wrap_i64 (i64.load offset=8 (local.get $hart))))
  (func (export "through") (param $hart i32) (result i32)  ;; calls a1 as translated code does
    (local $back i32) (local.set $back (i32.load offset=8 (local.get $hart)))
    (i64.store offset=8 (local.get $hart) (i64.const 0x30000))
    (i64.store offset=512 (local.get $hart) (i64.load offset=88 (local.get $hart)))
    (if (i32.ne (call_indirect (type $engine) (local.get $hart) (i32.const 0)) (i32.const 0x30000))
      (then (return (i32.const 0x10))))
    (local.get $back)))"""


@pytest.fixture
def native(engine: wasmtime.Engine, guest: Guest) -> wasmtime._instance.InstanceExports:
    return guest.instantiate(wasmtime.Module(engine, NATIVE))


def test_translated_code_is_called_and_forgotten(
    guest: Guest, native: wasmtime._instance.InstanceExports
) -> None:
    callee = CODE + 0x1000
    guest.code(op("jal", rd=RA, imm=callee - CODE), op("addi", rd=A0, rs1=A0, imm=1), EBREAK)
    guest.code(li(A0, 5), RET, at=callee)
    guest.set_x(A0, 20)
    guest.run()
    assert guest.x(A0) == 6
    function = native["double"]
    assert isinstance(function, wasmtime.Func)
    guest.set_entry(callee, function)
    guest.set_x(A0, 20)
    guest.run()
    assert guest.x(A0) == 41
    assert guest.traps[0][2] == CODE + 8


def test_what_an_entry_leaves_undone_is_interpreted(guest: Guest, engine: wasmtime.Engine) -> None:
    """An entry that returns its own pc has left that instruction to the interpreter."""
    guest.code(li(A0, 5), op("addi", rd=A0, rs1=A0, imm=1), EBREAK)
    refusing = f"""(module (import "env" "memory" (memory 65536 65536))
      (func (export "f") (param i32) (result i32) (i32.wrap_i64 (i64.load offset={HART_PC} (local.get 0)))))"""
    function = guest.instantiate(wasmtime.Module(engine, wasmtime.wat2wasm(refusing)))["f"]
    assert isinstance(function, wasmtime.Func)
    guest.set_entry(CODE, function)
    guest.set_entry(CODE + 4, function)
    guest.run()
    assert guest.x(A0) == 6


def test_translated_code_calls_back(guest: Guest, native: wasmtime._instance.InstanceExports) -> None:
    callee, inner = CODE + 0x1000, CODE + 0x2000
    guest.code(op("jal", rd=RA, imm=callee - CODE), EBREAK)
    guest.code(op("addi", rd=A0, rs1=A0, imm=3), RET, at=inner)
    function = native["through"]
    assert isinstance(function, wasmtime.Func)
    guest.set_entry(callee, function)
    guest.set_x(A0, 1)
    guest.set_x(A1, inner)
    guest.run()
    assert guest.x(A0) == 4
    assert guest.traps[0][2] == CODE + 4
    assert struct.unpack_from("<I", guest.memory, HART_BASE + HART_DEPTH) == (0,)


def test_deep_calls_unwind(guest: Guest) -> None:
    guest.code(EBREAK)
    struct.pack_into("<I", guest.memory, HART_BASE + HART_DEPTH, DEPTH_LIMIT)
    assert guest.run(export="interpret_call") == CODE
    assert guest.traps == []


def test_interpret_call_returns_to_its_caller(guest: Guest) -> None:
    guest.code(op("addi", rd=A0, rs1=0, imm=7), RET)
    guest.set_x(RA, 0x5000)
    assert guest.run(export="interpret_call") == guest.pc == 0x5000
    assert guest.x(A0) == 7
    guest.set_x(RA, OUTSIDE)
    assert guest.run(export="interpret_call") == OUTSIDE


def test_probe_tells_whether_the_host_fuses(guest: Guest) -> None:
    """Where it does, the fast path of fmadd must be exact; the row tests hold that."""
    assert struct.unpack_from("<I", guest.memory, HART_BASE + HART_HOST_FMA)[0] in (0, 1)


def test_records_are_where_the_layout_says(guest: Guest) -> None:
    guest.code(EBREAK)
    assert guest.memory[RECORDS + 4 * CODE] == 0
    guest.run()
    assert guest.memory[RECORDS + 4 * CODE] != 0
