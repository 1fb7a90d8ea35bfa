"""One process's address space: its wasm memory, function table and engine instances, and how to run a hart.

The engines call the host through two imports without arguments to speak of (see docs/ARCHITECTURE.md).
They use the raw entry points of the C API: 0.2 us a call against 1.5 us through wasmtime-py's own wrapper.
"""

from __future__ import annotations

import ctypes
import re
import struct
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import wasmtime
from wasmtime import _bindings as bindings
from wasmtime._ffi import dll

from friscy.machine import host_pages
from friscy.machine.hart import Hart
from friscy.machine.layout import (
    CAUSE_UNLINKED,
    CODE_MAP,
    GUEST_START,
    HART_BASE,
    HART_COUNT,
    HART_DEPTH,
    HART_STRIDE,
    MEMORY_BYTES,
    PAGE,
    WASM_PAGES,
    WINDOW_END,
)
from friscy.machine.memory import PROT_READ, PROT_WRITE, GuestMemory
from friscy.machine.short_calls import ShortCalls

if TYPE_CHECKING:
    from friscy.machine.aot import Watcher

# Every ecall comes in through a callback and every slice goes out through a call: where their types are plain numbers,
# ctypes makes no objects for the pointers, which takes a third of the time.
_Word = ctypes.c_size_t
_Callback = ctypes.CFUNCTYPE(_Word, _Word, _Word, _Word, _Word)
# Of the same function in C that looks at none of its arguments, which need not become Python's then.
_BareCallback = ctypes.CFUNCTYPE(_Word)
_func_call_unchecked = ctypes.CFUNCTYPE(_Word, _Word, _Word, _Word, _Word, _Word)(
    ("wasmtime_func_call_unchecked", dll)
)
_put_u32 = struct.Struct("<I").pack_into
_VALUE_WORDS = ctypes.sizeof(bindings.wasmtime_val_raw_t) // 4
_NO_FINALIZER = ctypes.cast(0, ctypes.CFUNCTYPE(None, ctypes.c_void_p))
_FAULT = re.compile(r"memory fault at wasm address 0x([0-9a-f]+)")
_FAULT_FRAMES = 5  # up to how far above a fault its function is: what is shared by all is called
_MOST_FRAMES = 256  # that are asked who called it

INTERPRETER_SLOT = 0
FIRST_FREE_SLOT = 1


class GuestMemoryFault(Exception):
    """The guest touched a page that the host protects: `address`, and the state is still in the hart."""

    def __init__(self, address: int) -> None:
        super().__init__(f"memory fault at {address:#x}")
        self.address = address


def _nothing() -> None:
    """What `settle` is where nobody lets files be opened."""


class Space:
    """Memory and engines of one process.

    syscall, trap: called in the guest's stead for ecall and for traps (`trap` with its cause). fault: called
    after the guest broke a page's protection, with the address; the state is then in the hart. settle: called before
    any of them, and at the end of a run, where a short call has opened a file (friscy.machine.short_files).
    An exception that one of them raises ends `run` and comes out of it.
    """

    def __init__(
        self,
        engine: wasmtime.Engine,
        interpreter: wasmtime.Module,
        syscall: Callable[[], None],
        trap: Callable[[int], None],
        fault: Callable[[int], None],
        settle: Callable[[], None] = _nothing,
    ) -> None:
        self._fault, self._settle = fault, settle
        self._faulted: Exception | None = None  # the trap of that
        self.is_behind = False  # the last fault was translated code's: registers in the hart may be older than that
        self.code: Watcher | None = None  # whoever translated this code, or notes what runs
        self.store = wasmtime.Store(engine)
        self._context = self.store._context()
        self._context_address = ctypes.cast(self._context, ctypes.c_void_p).value or 0
        self._raised: BaseException | None = None
        self._keep: list[object] = []
        self._running: Hart | None = None
        self._harts: dict[int, Hart] = {}
        self._current: Hart | None = None  # the one at HART_BASE
        self._entries: dict[int, tuple[int, bytes]] = {}  # pc -> slot, what the code map had there
        memory_type = wasmtime.MemoryType(wasmtime.Limits(WASM_PAGES, WASM_PAGES))
        self._wasm_memory = wasmtime.Memory(self.store, memory_type)
        self._base = ctypes.addressof(self._wasm_memory.data_ptr(self.store).contents)
        self.memory = GuestMemory(self._base, owner=self.store)
        limits = wasmtime.Limits(FIRST_FREE_SLOT, None)
        self._table = wasmtime.Table(self.store, wasmtime.TableType(wasmtime.ValType.funcref(), limits), None)
        self._imports: dict[str, wasmtime.Memory | wasmtime.Table | wasmtime.Func | wasmtime.Global] = {
            "memory": self._wasm_memory,
            "table": self._table,
            "trap": self._host_function(self._trapped, [wasmtime.ValType.i32()]),
        }
        self._trap = trap
        self.short_calls = ShortCalls(
            self.store,
            self._wasm_memory,
            self._base,
            self._entry_of_calls(syscall),
            self._entry_of_calls(settle),
            self._native_function,
        )
        self._imports["syscall"] = self.short_calls.function
        self.memory.trusted = self.short_calls.trusted
        self._values = (ctypes.c_uint32 * (2 * _VALUE_WORDS))()  # what `_call` gives
        self._stopped = _Word()  # where `_call` is told of a trap
        self._call_words = ctypes.addressof(self._values), 2, ctypes.addressof(self._stopped)
        self._exports: Mapping[str, object] = {}  # so what another kind of engine imports besides is not there
        self.short_calls.calibrate(partial(self._call, ctypes.addressof(self.short_calls.now._func), 0))
        exports = self.instantiate(interpreter)
        self._exports = exports
        self._table.set(self.store, INTERPRETER_SLOT, _function(exports, "interpret_call"))
        self._interpret, self._invalidate, self._probe = (
            ctypes.addressof(self._kept(exports, name)._func) for name in ("interpret", "invalidate", "probe")
        )

    def recycle(self) -> None:
        """Become as good as new, for another process. Not while it runs."""
        self.memory.reset()
        self._harts.clear()
        self._current = None
        self.short_calls.load(None)
        for slot, _ in self._entries.values():
            self._table.set(self.store, slot, None)
        self._entries.clear()
        self._raised = None
        if self.code is not None:
            self.code.reset()

    def close(self) -> None:
        """Give the memory back to the host. Nothing may touch it, or a Hart in it, afterwards."""
        self.short_calls.load(None)
        self.store.close()

    def set_clock(self, monotonic_offset: int) -> None:
        """How many nanoseconds the guest's CLOCK_MONOTONIC is ahead of the host's."""
        self.short_calls.begin(monotonic_offset)

    def hart(self, index: int) -> Hart:
        """The hart state with number `index` (0 .. HART_COUNT - 1)."""
        found = self._harts.get(index)
        if found is None:
            if not 0 <= index < HART_COUNT:
                raise IndexError(f"hart {index} of {HART_COUNT}")
            home = HART_BASE + (1 + index) * HART_STRIDE
            found = self._harts[index] = Hart(self.memory.view, HART_BASE if self._current is None else home, home)
            self._current = self._current or found
        return found

    def _make_current(self, hart: Hart) -> None:
        """Bring a hart's state to where translated code has it. Not while anything runs."""
        if self._current is not None:
            self._current.move(self._current.home)
        self._current = hart
        hart.move(HART_BASE)

    def prepare(self, hart: Hart) -> None:
        """Write what engines want to know of this host (HART_HOST_FMA) into a fresh or restored hart."""
        self._call(self._probe, hart.address)

    def run(self, hart: Hart) -> None:
        """Run from hart.pc until an engine returns at a safepoint, or a memory fault; hart.pc says where."""
        if self.code is not None:
            self.code.entering()
        if hart is not self._current:
            self._make_current(hart)
        self._running = hart
        self.short_calls.hart[0] = hart.address
        # Nothing is on the wasm stack now; an exception of the host has left the count as it was.
        _put_u32(hart.view, hart.address + HART_DEPTH, 0)
        try:
            self._call(self._interpret, hart.address)
        except GuestMemoryFault as error:
            self._settled()
            self._fault(error.address)
        else:
            self._settled()
        if self.code is not None:
            self.code.returned(hart)

    def _settled(self) -> None:
        files = self.short_calls.files
        if files is not None and files.has_taken:
            self._settle()

    def _trapped(self, values: int) -> None:
        cause = ctypes.c_int32.from_address(values).value
        if cause != CAUSE_UNLINKED:
            self._settled()
            self._trap(cause)
        elif self.code is not None and self._running is not None:
            self.code.link(self._running.pc)

    def invalidate(self, start: int, end: int) -> None:
        """Forget decoded and translated code of guest [start, end): its bytes or its mapping changed."""
        if start < WINDOW_END:
            if self.code is not None:
                self.code.forget(start, end)
            self.forget_records(start, min(end, WINDOW_END))

    def forget_records(self, start: int, end: int) -> None:
        """Forget decoded code of guest [start, end) in the window: it or its entries in the code map changed."""
        self._call(self._invalidate, start, end)

    def interrupt(self) -> None:
        """Ask all harts to return to the host at their next safepoints."""
        for hart in list(self._harts.values()):
            hart.interrupt()

    def code_mapped(self, start: int, end: int, identity: bytes, offset: int) -> None:
        """The code of the file with content key `identity` was mapped to [start, end), unchanged, from `offset`."""
        if self.code is not None:
            self.code.mapped(start, end, identity, offset)

    def instantiate(self, module: wasmtime.Module) -> wasmtime._instance.InstanceExports:
        """Instantiate a module that imports what every engine module imports; return its exports."""
        wanted = [self._imported(item.name or "") for item in module.imports]
        instance = wasmtime.Instance(self.store, module, wanted)
        self._keep.append(instance)
        return instance.exports(self.store)

    def fill_table(self, nslots: int) -> None:
        """Make the table `nslots` long, every new slot an entry that asks `code` to put a function there."""
        missing = nslots - self._table.size(self.store)
        if missing > 0:
            self._table.grow(self.store, missing, _function(self._exports, "unlinked"))

    def _imported(self, name: str) -> wasmtime.Memory | wasmtime.Table | wasmtime.Func | wasmtime.Global:
        """What `name` stands for in a module of translated code: what the interpreter exports is shared."""
        found = self._imports.get(name)
        if found is None:
            found = self._imports[name] = _function(self._exports, name)
        return found

    def instantiate_table(self, module: wasmtime.Module, first: int) -> None:
        """Instantiate a module of translated code, which puts its functions into the table from slot `first` on."""
        constant = wasmtime.GlobalType(wasmtime.ValType.i32(), False)
        self._imports["table_base"] = wasmtime.Global(self.store, constant, wasmtime.Val.i32(first))
        self.instantiate(module)

    def show_code_map(self, start: int, end: int, fd: int, offset: int) -> None:
        """Make the code map of page-aligned guest [start, end) what the host file `fd` has; -1: no code."""
        assert not (start | end) % PAGE
        assert GUEST_START <= start < end <= WINDOW_END
        low, high = CODE_MAP + 2 * start, CODE_MAP + 2 * end
        host_pages.replace(self._base + low, high - low, PROT_READ | PROT_WRITE, fd, offset)

    def set_entry(self, pc: int, function: wasmtime.Func | None) -> None:
        """Let control that reaches `pc` call `function` (hart -> next pc); None gives `pc` back."""
        at = CODE_MAP + 2 * pc
        slot, before = self._entries.pop(pc, (0, bytes(self.memory.view[at : at + 4])))
        if function is not None:
            if slot:
                self._table.set(self.store, slot, function)
            else:
                slot = self._table.grow(self.store, 1, function)
            self._entries[pc] = slot, before
            self.memory.view[at : at + 4] = slot.to_bytes(4, "little")
        else:
            self.memory.view[at : at + 4] = before
        self.forget_records(pc, pc + 2)

    def host_entry(self, action: Callable[[Hart], int]) -> wasmtime.Func:
        """A function for `set_entry` that runs `action(hart)` on the host; it returns the next pc."""

        def enter(values: int) -> None:
            self._settled()
            value = ctypes.c_int32.from_address(values)
            value.value = action(Hart(self.memory.view, value.value))

        return self._host_function(enter, [wasmtime.ValType.i32()], [wasmtime.ValType.i32()])

    def _host_function(
        self,
        action: Callable[[int], None],
        params: list[wasmtime.ValType],
        results: list[wasmtime.ValType] | None = None,
    ) -> wasmtime.Func:
        """A function for wasm that calls `action` with the address of its wasmtime_val_raw_t values."""

        def enter(_env: int, _caller: int, values: int, _count: int) -> int:
            try:
                action(values)
                return 0
            except BaseException as error:
                return self._stop(error)

        return self._callback(_Callback(enter), params, results or [])

    def _entry_of_calls(self, syscall: Callable[[], None]) -> wasmtime.Func:
        """The same for system calls, the most frequent by far: without a step between."""

        def enter() -> int:
            try:
                syscall()
                return 0
            except BaseException as error:
                return self._stop(error)

        return self._callback(_BareCallback(enter), [], [])

    def _callback(
        self,
        callback: Any,
        params: list[wasmtime.ValType],
        results: list[wasmtime.ValType],
    ) -> wasmtime.Func:
        self._keep.append(callback)
        address = ctypes.cast(callback, ctypes.c_void_p).value or 0
        return self._native_function(address, wasmtime.FuncType(params, results))

    def _native_function(self, address: int, kind: wasmtime.FuncType) -> wasmtime.Func:
        """The function for wasm that a wasmtime_func_unchecked_callback_t at `address` is."""
        raw = bindings.wasmtime_func_t()
        bindings.wasmtime_func_new_unchecked(
            self._context,
            kind.ptr(),
            ctypes.cast(address, bindings.wasmtime_func_unchecked_callback_t),
            None,
            _NO_FINALIZER,
            ctypes.byref(raw),
        )
        return wasmtime.Func._from_raw(raw)

    def _stop(self, error: BaseException) -> int:
        """What a host function returns so that wasm is left and `_call` raises `error`."""
        self._raised = error
        trap = wasmtime.Trap("host")._consume()
        return ctypes.cast(trap, ctypes.c_void_p).value or 0

    def _kept(self, exports: wasmtime._instance.InstanceExports, name: str) -> wasmtime.Func:
        function = _function(exports, name)
        self._keep.append(function)
        return function

    def _call(self, function: int, first: int, second: int = 0) -> None:
        """Call the wasmtime_func_t at host address `function`."""
        values = self._values
        values[0] = first
        values[_VALUE_WORDS] = second
        error = _func_call_unchecked(self._context_address, function, *self._call_words)
        if error:
            failure = ctypes.cast(error, ctypes.POINTER(bindings.wasmtime_error_t))
            self._raise(wasmtime.WasmtimeError._from_ptr(failure))
        if self._stopped.value:
            trap = ctypes.cast(self._stopped.value, ctypes.POINTER(bindings.wasm_trap_t))
            self._stopped.value = 0
            self._raise(wasmtime.Trap._from_ptr(trap))

    def callers(self) -> list[int]:
        """The calls in translated code that led to the last fault in it, since the engine was entered, the innermost
        first."""
        if self._faulted is None or self.code is None:
            return []
        return self.code.fault(self._faulted, _MOST_FRAMES)[0][1:]

    def went_on(self) -> None:
        """The guest went on behind a fault of an access, with the registers that its handler saw."""
        if self.code is not None:
            self.code.went_on()

    def _raise(self, trap: Exception) -> None:
        raised, self._raised = self._raised, None
        if raised is not None:
            raise raised
        fault = _FAULT.search(str(trap))
        pcs, is_precise = list[int](), True
        if fault and self.code is not None:
            pcs, is_precise = self.code.fault(trap, _FAULT_FRAMES)
        self.is_behind, self._faulted = not is_precise, trap if pcs else None
        if pcs and self._running is not None:
            self._running.trap_pc = pcs[0]
        if fault:
            # Of an access in front of its base, which begins below it, the host's may be a whole memory further.
            raise GuestMemoryFault(int(fault.group(1), 16) % MEMORY_BYTES)
        raise trap


def _function(exports: Mapping[str, object], name: str) -> wasmtime.Func:
    function = exports[name]
    if not isinstance(function, wasmtime.Func):
        raise TypeError(f"export {name} is not a function")
    return function
