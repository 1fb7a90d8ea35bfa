"""clock_gettime(2) without Python: a small module of wasm stands before the host's function for system calls.

Programs read clocks all the time, and a call that comes to Python costs them as much as ten of the host's. Where the
kernel has seen that a page may be written to (`GuestMemory.trusted`), the next calls that write to it are answered
here, by the clocks of WASI, which wasmtime reads itself. Everything else goes on to the host. A change of any page's
protection takes the trust back.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import lru_cache

import wasmtime

from friscy.machine.engine import load_text
from friscy.machine.hart import A0, A1, A7
from friscy.machine.layout import HART_PC, HART_X, PAGE, PAGE_SHIFT, WASM_PAGES
from friscy.machine.memory import NO_PAGE

# Where things are in the module's own memory.
HART, TRUSTED, OFFSET, NOW = 0, 8, 16, 24
_CALL, _REALTIME, _MONOTONIC = 113, 0, 1
_WASI, _READ_CLOCK = "wasi_snapshot_preview1", "clock_time_get"
_NS, _TIMESPEC_BYTES = 1_000_000_000, 16
_CALIBRATIONS = 8


def _x(register: int) -> int:
    return HART_X + 8 * register


_TEXT = f"""(module
  (import "env" "memory" (memory $guest {WASM_PAGES} {WASM_PAGES}))
  (import "env" "host" (func $host))
  (import "{_WASI}" "{_READ_CLOCK}" (func $read_clock (param i32 i64 i32) (result i32)))
  (memory $own (export "memory") 1 1)
  (func (export "now")
    (drop (call $read_clock (i32.const {_MONOTONIC}) (i64.const 0) (i32.const {NOW}))))
  (func (export "syscall") (local $hart i32) (local $clock i64) (local $to i64) (local $now i64)
    (local.set $hart (i32.load $own (i32.const {HART})))
    (block $other
      (br_if $other (i64.ne (i64.load $guest offset={_x(A7)} (local.get $hart)) (i64.const {_CALL})))
      (local.set $to (i64.load $guest offset={_x(A1)} (local.get $hart)))
      (br_if $other (i64.ne (i64.shr_u (local.get $to) (i64.const {PAGE_SHIFT}))
                            (i64.load $own (i32.const {TRUSTED}))))
      (br_if $other (i64.gt_u (i64.and (local.get $to) (i64.const {PAGE - 1}))
                              (i64.const {PAGE - _TIMESPEC_BYTES})))
      (local.set $clock (i64.load32_u $guest offset={_x(A0)} (local.get $hart)))
      (br_if $other (i64.gt_u (local.get $clock) (i64.const {_MONOTONIC})))
      (drop (call $read_clock (i32.wrap_i64 (local.get $clock)) (i64.const 0) (i32.const {NOW})))
      (local.set $now (i64.load $own (i32.const {NOW})))
      (if (i64.eq (local.get $clock) (i64.const {_MONOTONIC}))
        (then (local.set $now (i64.add (local.get $now) (i64.load $own (i32.const {OFFSET}))))))
      (i64.store $guest (i32.wrap_i64 (local.get $to)) (i64.div_u (local.get $now) (i64.const {_NS})))
      (i64.store $guest offset=8 (i32.wrap_i64 (local.get $to))
        (i64.rem_u (local.get $now) (i64.const {_NS})))
      (i64.store $guest offset={_x(A0)} (local.get $hart) (i64.const 0))
      (i64.store $guest offset={HART_PC} (local.get $hart)
        (i64.add (i64.load $guest offset={HART_PC} (local.get $hart)) (i64.const 4)))
      (return))
    (call $host)))"""


class ClockCalls:
    """The module in one store. function: what engines call for system calls. own: its memory, as bytes.
    trusted: see GuestMemory.

    ahead: nanoseconds from WASI's monotonic clock, which begins with the store, to the host's.
    """

    __slots__ = ("ahead", "function", "now", "own", "trusted")

    def __init__(self, store: wasmtime.Store, memory: wasmtime.Memory, host: wasmtime.Func) -> None:
        module, linker = _prepared(store.engine)
        store.set_wasi(wasmtime.WasiConfig())  # of it the module has the clocks, and nobody has anything else
        read_clock = linker.get(store, _WASI, _READ_CLOCK)
        assert isinstance(read_clock, wasmtime.Func)
        exports = wasmtime.Instance(store, module, [memory, host, read_clock]).exports(store)
        function, now, own = exports["syscall"], exports["now"], exports["memory"]
        assert isinstance(function, wasmtime.Func)
        assert isinstance(now, wasmtime.Func)
        assert isinstance(own, wasmtime.Memory)
        self.function, self.now = function, now
        self.own = memoryview(own.get_buffer_ptr(store)).cast("B")
        self.trusted = self.own[TRUSTED : TRUSTED + 8].cast("Q")
        self.trusted[0] = NO_PAGE
        self.ahead = 0

    def calibrate(self, read_now: Callable[[], None]) -> None:
        """Find out `ahead`. read_now: calls `now`, at once.

        It is wrong by less than half of the shortest of some calls, and whoever sees one clock and then the other has
        come to Python or gone from there in between: so the guest's time does not go back.
        """
        shortest = 1 << 62
        for _ in range(_CALIBRATIONS):
            before = time.monotonic_ns()
            read_now()
            after = time.monotonic_ns()
            if after - before < shortest:
                shortest = after - before
                self.ahead = (before + after) // 2 - int.from_bytes(self.own[NOW : NOW + 8], "little")

    def begin(self, monotonic_offset: int) -> None:
        """The guest's CLOCK_MONOTONIC is the host's and so many nanoseconds."""
        self.own[OFFSET : OFFSET + 8] = (self.ahead + monotonic_offset).to_bytes(8, "little", signed=True)


@lru_cache(maxsize=4)
def _prepared(engine: wasmtime.Engine) -> tuple[wasmtime.Module, wasmtime.Linker]:
    linker = wasmtime.Linker(engine)
    linker.define_wasi()
    return load_text(engine, "clock_calls", _TEXT), linker
