"""The oracle: a hart that runs the rows on Python ints. Slow, obviously right."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from friscy.machine.layout import (
    CAUSE_FETCH_FAULT,
    CAUSE_ILLEGAL,
    CAUSE_LOAD_FAULT,
    CAUSE_STORE_FAULT,
    GUEST_END,
    GUEST_START,
    PAGE,
    PAGE_SHIFT,
)
from friscy_build.isa.decode import decode
from friscy_build.isa.hart import KnownOperands, Register
from friscy_build.isa.row import Semantics
from friscy_build.isa.value import Evaluate, Operand, Ops, Value

CAUSE_ECALL = 8  # of ecall where no system call handler is given: RISC-V's "environment call from U-mode"
NO_RESERVATION = (1 << 64) - 1
_OPS = Evaluate()


class Trap(Exception):
    """An instruction at `pc` raised `cause`; nothing of it was done. `value` as in layout.HART_TRAP_VALUE."""

    def __init__(self, cause: int, value: int, pc: int) -> None:
        super().__init__(f"cause {cause} at {pc:#x}, value {value:#x}")
        self.cause, self.value, self.pc = cause, value, pc


class Memory:
    """Sparse guest memory: bytes that were never written are 0, no protection."""

    def __init__(self) -> None:
        self.pages: dict[int, bytearray] = {}

    def read(self, address: int, nbytes: int) -> bytes:
        out = bytearray()
        while nbytes:
            offset = address & (PAGE - 1)
            step = min(nbytes, PAGE - offset)
            page = self.pages.get(address >> PAGE_SHIFT)
            out += bytes(step) if page is None else page[offset : offset + step]
            address, nbytes = address + step, nbytes - step
        return bytes(out)

    def write(self, address: int, data: bytes) -> None:
        while data:
            offset = address & (PAGE - 1)
            step = min(len(data), PAGE - offset)
            page = self.pages.setdefault(address >> PAGE_SHIFT, bytearray(PAGE))
            page[offset : offset + step] = data[:step]
            address, data = address + step, data[step:]


@lru_cache(maxsize=1 << 17)
def _prepare(word: int) -> tuple[Semantics, KnownOperands, int] | None:
    """(semantics, operands, length in bytes) of the instruction `word`; None where it is illegal."""
    i = decode(word)
    return None if i is None else (i.row.semantics, KnownOperands(i, _OPS), i.nbytes)


class Evaluator:
    """A hart over `Memory`: a `Machine` of Python ints.

    on_syscall: called at an ecall with `pc` still on it, and leaves `pc` where execution goes on; without
    one an ecall raises Trap(CAUSE_ECALL).
    """

    def __init__(
        self,
        memory: Memory | None = None,
        pc: int = 0,
        on_syscall: Callable[[Evaluator], None] | None = None,
    ) -> None:
        self.ops: Ops = _OPS
        self.memory = memory if memory is not None else Memory()
        self.on_syscall = on_syscall
        self.x_registers = [0] * 32
        self.f_registers = [0] * 32
        self.fcsr_register = 0
        self.reserved_address, self.reserved_value = NO_RESERVATION, 0
        self.instructions = 0  # executed so far
        self.at = pc
        self._going_to = 0

    # Running

    def fetch(self, pc: int) -> int:
        """The 16 or 32 bits of the instruction at `pc`. Raises Trap(CAUSE_FETCH_FAULT)."""
        if not GUEST_START <= pc <= GUEST_END - 2:
            raise Trap(CAUSE_FETCH_FAULT, pc, pc)
        word = int.from_bytes(self.memory.read(pc, 2), "little")
        if word & 3 == 3:
            if pc > GUEST_END - 4:
                raise Trap(CAUSE_FETCH_FAULT, pc + 2, pc)
            word |= int.from_bytes(self.memory.read(pc + 2, 2), "little") << 16
        return word

    def step(self) -> None:
        """Run one instruction. Raises Trap, with registers and memory as they were before it."""
        word = self.fetch(self.at)
        prepared = _prepare(word)
        if prepared is None:
            raise Trap(CAUSE_ILLEGAL, word, self.at)
        semantics, operands, nbytes = prepared
        self._going_to = self.at + nbytes
        self.pc, self.next_pc = self.const(self.at), self.const(self._going_to)
        semantics(self, operands)
        self.at = self._going_to
        self.instructions += 1

    def run(self, max_steps: int) -> int:
        """Run at most `max_steps` instructions, return how many. Raises Trap."""
        before = self.instructions
        for _ in range(max_steps):
            self.step()
        return self.instructions - before

    # friscy_build.isa.hart.Machine

    def const(self, value: int, width: int = 64) -> Value:
        return self.ops.const(value, width)

    def x(self, r: Register) -> Value:
        return self.const(self.x_registers[r])

    def set_x(self, r: Register, value: Value) -> None:
        if value.width != 64:
            raise TypeError(f"{value.width} bits for an x register")
        if r:
            self.x_registers[r] = value.raw

    def f(self, r: Register) -> Value:
        return self.const(self.f_registers[r])

    def set_f(self, r: Register, value: Value) -> None:
        if value.width != 64:
            raise TypeError(f"{value.width} bits for an f register")
        self.f_registers[r] = value.raw

    def fcsr(self) -> Value:
        return self.const(self.fcsr_register, 32)

    def set_fcsr(self, value: Value) -> None:
        if value.width != 32 or value.raw > 0xFF:
            raise TypeError(f"fcsr: {value.width} bits, {value.raw:#x}")
        self.fcsr_register = value.raw

    def host_fma(self) -> Value:
        return self.const(0, 1)

    def _range(self, address: Value, nbytes: int, cause: int) -> int:
        start: int = address.raw
        if address.width != 64:
            raise TypeError(f"address of {address.width} bits")
        if not GUEST_START <= start <= GUEST_END - nbytes:
            raise Trap(cause, start, self.at)
        return start

    def load(self, address: Value, width: int) -> Value:
        data = self.memory.read(self._range(address, width // 8, CAUSE_LOAD_FAULT), width // 8)
        return self.const(int.from_bytes(data, "little"), width)

    def store(self, address: Value, value: Value) -> None:
        nbytes = value.width // 8
        start = self._range(address, nbytes, CAUSE_STORE_FAULT)
        self.memory.write(start, value.raw.to_bytes(nbytes, "little"))

    def reserve(self, address: Value, value: Value) -> None:
        self.reserved_address, self.reserved_value = address.raw, value.raw

    def reservation(self) -> tuple[Value, Value]:
        return self.const(self.reserved_address), self.const(self.reserved_value)

    def jump(self, target: Value) -> None:
        self._going_to = target.raw

    def branch(self, condition: Value, target: Value) -> None:
        if condition.raw:
            self._going_to = target.raw

    def syscall(self) -> None:
        if self.on_syscall is None:
            raise Trap(CAUSE_ECALL, 0, self.at)
        self.on_syscall(self)
        self._going_to = self.at

    def trap(self, cause: int, value: Operand = 0) -> None:
        raise Trap(cause, value.raw if isinstance(value, Value) else value, self.at)

    def when(self, condition: Value, body: Callable[[], None]) -> None:
        if condition.raw:
            body()
