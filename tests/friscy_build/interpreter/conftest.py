"""The interpreter under wasmtime, as small as it goes: one memory, one table, one hart, no kernel."""

from __future__ import annotations

import ctypes
import mmap
import struct

import pytest
import wasmtime

from friscy.machine.hart import Hart
from friscy.machine.layout import (
    CODE_MAP,
    HART_BASE,
    HART_END,
    HART_F,
    HART_FCSR,
    HART_PC,
    HART_RESERVED_ADDRESS,
    HART_TRAP_VALUE,
    HART_X,
    MEMORY_BYTES,
    WASM_PAGES,
)
from friscy_build.interpreter.build import build_interpreter

CODE = 0x2_0000
STACK = 0x4000_0000
OUTSIDE = 0x5000_0000  # beyond the code window

_libc = ctypes.CDLL(None)
_libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]


class Guest:
    """A guest process with nothing in it. `traps` and `syscalls` record what reached the host."""

    def __init__(self, engine: wasmtime.Engine, module: wasmtime.Module) -> None:
        self.store = wasmtime.Store(engine)
        limits = wasmtime.Limits(WASM_PAGES, WASM_PAGES)
        self.wasm_memory = wasmtime.Memory(self.store, wasmtime.MemoryType(limits))
        base = self.base = ctypes.addressof(self.wasm_memory.data_ptr(self.store).contents)
        self.memory = memoryview((ctypes.c_ubyte * MEMORY_BYTES).from_address(base)).cast("B")
        table_type = wasmtime.TableType(wasmtime.ValType.funcref(), wasmtime.Limits(16, None))
        self.table = wasmtime.Table(self.store, table_type, None)
        self.traps: list[tuple[int, int, int]] = []  # cause, value, pc
        self.syscalls: list[int] = []  # pc of each
        i32 = wasmtime.ValType.i32()
        self._imports = {
            "memory": self.wasm_memory,
            "table": self.table,
            "syscall": wasmtime.Func(self.store, wasmtime.FuncType([], []), self._syscall),
            "trap": wasmtime.Func(self.store, wasmtime.FuncType([i32], []), self._trap),
        }
        self.exports = self.instantiate(module)
        self.table.set(self.store, 0, self.exports["interpret_call"])
        self.exports["probe"](self.store, HART_BASE)
        self.interrupt(0)
        self.after_trap = 0  # what a trap adds to the pc; 0 ends the run

    def instantiate(self, module: wasmtime.Module) -> wasmtime._instance.InstanceExports:
        names = [item.name or "" for item in module.imports]
        imports = [self._imports[name] if name in self._imports else self.exports[name] for name in names]
        return wasmtime.Instance(self.store, module, imports).exports(self.store)

    def _syscall(self) -> None:
        self.syscalls.append(self.pc)
        if self.x(17) == 93:
            self.interrupt(1)
        self.pc += 4

    def _trap(self, cause: int) -> None:
        self.traps.append((cause, self.u64(HART_TRAP_VALUE), self.pc))
        self.pc += self.after_trap
        if not self.after_trap:
            self.interrupt(1)

    def u64(self, offset: int) -> int:
        return int(struct.unpack_from("<Q", self.memory, HART_BASE + offset)[0])

    def x(self, index: int) -> int:
        return self.u64(HART_X + 8 * index)

    def set_x(self, index: int, value: int) -> None:
        struct.pack_into("<Q", self.memory, HART_BASE + HART_X + 8 * index, value % (1 << 64))

    def all_x(self) -> list[int]:
        return list(struct.unpack_from("<32Q", self.memory, HART_BASE + HART_X))

    def all_f(self) -> list[int]:
        return list(struct.unpack_from("<32Q", self.memory, HART_BASE + HART_F))

    def set_all(self, x: list[int], f: list[int], fcsr: int) -> None:
        """Set all registers; there is no reservation then."""
        struct.pack_into("<Q", self.memory, HART_BASE + HART_RESERVED_ADDRESS, (1 << 64) - 1)
        struct.pack_into("<32Q", self.memory, HART_BASE + HART_X, *x)
        struct.pack_into("<32Q", self.memory, HART_BASE + HART_F, *f)
        struct.pack_into("<I", self.memory, HART_BASE + HART_FCSR, fcsr)

    @property
    def fcsr(self) -> int:
        return int(struct.unpack_from("<I", self.memory, HART_BASE + HART_FCSR)[0])

    @property
    def pc(self) -> int:
        return self.u64(HART_PC)

    @pc.setter
    def pc(self, value: int) -> None:
        struct.pack_into("<Q", self.memory, HART_BASE + HART_PC, value)

    def interrupt(self, value: int) -> None:
        hart = Hart(self.memory, HART_BASE)
        if value:
            hart.interrupt()
        else:
            hart.clear_interrupt()

    def end_at(self, end: int) -> None:
        """Say where translated code takes the guest's range to end: at 0, it leaves what looks to the interpreter."""
        struct.pack_into("<Q", self.memory, HART_BASE + HART_END, end)

    def write(self, address: int, data: bytes, *, invalidate: bool = True) -> None:
        self.memory[address : address + len(data)] = data
        if invalidate:
            self.exports["invalidate"](self.store, address, address + len(data))

    def protect(self, address: int, nbytes: int, *, readable: bool, writable: bool = True) -> None:
        """Allow or forbid access to guest pages, as mprotect does; what is not readable is not writable."""
        protection = mmap.PROT_READ | (mmap.PROT_WRITE if writable else 0) if readable else 0
        assert _libc.mprotect(self.base + address, nbytes, protection) == 0

    def code(self, *words: int, at: int = CODE) -> int:
        """Write instructions (of either length); return the address after them."""
        data = b"".join(w.to_bytes(4 if w & 3 == 3 else 2, "little") for w in words)
        self.write(at, data)
        return at + len(data)

    def run(self, pc: int = CODE, export: str = "interpret") -> int:
        """Run from `pc` until an engine returns; the pc it returned."""
        self.pc = pc
        self.interrupt(0)
        self.traps.clear()
        self.syscalls.clear()
        return int(self.exports[export](self.store, HART_BASE)) & 0xFFFF_FFFF

    def set_entry(self, pc: int, function: wasmtime.Func) -> None:
        slot = self.table.grow(self.store, 1, function)
        struct.pack_into("<I", self.memory, CODE_MAP + 2 * pc, slot)
        self.exports["invalidate"](self.store, pc, pc + 2)


@pytest.fixture(scope="session")
def engine() -> wasmtime.Engine:
    config = wasmtime.Config()
    config.wasm_relaxed_simd = True
    return wasmtime.Engine(config)


@pytest.fixture(scope="session")
def module(engine: wasmtime.Engine) -> wasmtime.Module:
    return wasmtime.Module(engine, build_interpreter())


@pytest.fixture
def guest(engine: wasmtime.Engine, module: wasmtime.Module) -> Guest:
    return Guest(engine, module)
