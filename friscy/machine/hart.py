"""The state of one hart, in guest memory where every engine keeps it (`layout.HART_*`)."""

from __future__ import annotations

import struct

from friscy.machine.layout import (
    DEPTH_LIMIT,
    GUEST_END,
    HART_DEPTH_LIMIT,
    HART_END,
    HART_F,
    HART_FCSR,
    HART_INTERRUPT,
    HART_PC,
    HART_PC_BIAS,
    HART_RESERVED_ADDRESS,
    HART_STRIDE,
    HART_TRAP_PC,
    HART_TRAP_VALUE,
    HART_X,
    trap_pc,
)

ZERO, RA, SP, GP, TP = range(5)
A0, A1, A2, A3, A4, A5, A6, A7 = range(10, 18)
X_NAMES = ["zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1"]
X_NAMES += [*(f"a{n}" for n in range(8)), *(f"s{n}" for n in range(2, 12)), *(f"t{n}" for n in range(3, 7))]
_MASK = (1 << 64) - 1
_U32, _U64 = struct.Struct("<I"), struct.Struct("<Q")
_SYSCALL = struct.Struct("<8Q")
_ALL = struct.Struct("<32Q")

Buffer = memoryview


class Hart:
    """Registers of the hart at guest address `address` in `view` (the whole guest memory).

    home: where it waits while another hart runs, if that is elsewhere.
    words: that memory as u64s, of which those at a0_word, a7_word and pc_word are registers: half the time of a struct,
    for what is done at every system call. arguments_at: byte address of a0.
    """

    __slots__ = ("a0_word", "a7_word", "address", "arguments_at", "home", "pc_word", "view", "words")

    def __init__(self, view: Buffer, address: int, home: int | None = None) -> None:
        self.view, self.home = view, address if home is None else home
        self.words = view.cast("Q")
        self._be_at(address)

    def _be_at(self, address: int) -> None:
        self.address = address
        self.arguments_at = address + HART_X + 8 * A0
        self.a0_word = self.arguments_at // 8
        self.a7_word, self.pc_word = self.a0_word + A7 - A0, (address + HART_PC) // 8

    def x(self, index: int) -> int:
        """Integer register as an unsigned 64-bit number."""
        value: int = _U64.unpack_from(self.view, self.address + HART_X + 8 * index)[0]
        return value

    def set_x(self, index: int, value: int) -> None:
        if index:
            _U64.pack_into(self.view, self.address + HART_X + 8 * index, value & _MASK)

    def syscall_registers(self) -> tuple[int, ...]:
        """(a0, a1, a2, a3, a4, a5, a6, a7), unsigned; a7 is the number of the call."""
        return _SYSCALL.unpack_from(self.view, self.address + HART_X + 8 * A0)

    def all_x(self) -> tuple[int, ...]:
        return _ALL.unpack_from(self.view, self.address + HART_X)

    def all_f(self) -> tuple[int, ...]:
        """Raw contents of f0..f31; a float32 is NaN-boxed."""
        return _ALL.unpack_from(self.view, self.address + HART_F)

    @property
    def pc(self) -> int:
        value: int = _U64.unpack_from(self.view, self.address + HART_PC)[0]
        return value

    @pc.setter
    def pc(self, value: int) -> None:
        _U64.pack_into(self.view, self.address + HART_PC, value & _MASK)

    @property
    def fcsr(self) -> int:
        value: int = _U32.unpack_from(self.view, self.address + HART_FCSR)[0]
        return value

    @fcsr.setter
    def fcsr(self, value: int) -> None:
        _U32.pack_into(self.view, self.address + HART_FCSR, value)

    def interrupt(self) -> None:
        """Ask the running engine to return to the host at its next safepoint."""
        _U32.pack_into(self.view, self.address + HART_INTERRUPT, 1)
        _U32.pack_into(self.view, self.address + HART_DEPTH_LIMIT, 0)
        _U64.pack_into(self.view, self.address + HART_END, 0)

    def clear_interrupt(self) -> None:
        _U32.pack_into(self.view, self.address + HART_DEPTH_LIMIT, DEPTH_LIMIT)
        _U64.pack_into(self.view, self.address + HART_END, GUEST_END)
        _U32.pack_into(self.view, self.address + HART_INTERRUPT, 0)

    def drop_reservation(self) -> None:
        """Make the next SC fail, as a context switch does."""
        _U64.pack_into(self.view, self.address + HART_RESERVED_ADDRESS, _MASK)

    @property
    def trap_pc(self) -> int:
        (stored,) = _U32.unpack_from(self.view, self.address + HART_TRAP_PC)
        (bias,) = _U32.unpack_from(self.view, self.address + HART_PC_BIAS)
        return trap_pc(stored, bias)

    @trap_pc.setter
    def trap_pc(self, pc: int) -> None:
        _U32.pack_into(self.view, self.address + HART_TRAP_PC, pc)

    @property
    def trap_value(self) -> int:
        value: int = _U64.unpack_from(self.view, self.address + HART_TRAP_VALUE)[0]
        return value

    def move(self, address: int) -> None:
        """Have the state at another address from now on; an interrupt that comes meanwhile is not lost."""
        before = self.address
        self.view[address : address + HART_STRIDE] = self.save()
        self._be_at(address)
        if self.view[before + HART_INTERRUPT]:
            self.interrupt()

    def reset(self) -> None:
        """All registers zero, no reservation."""
        self.view[self.address : self.address + HART_STRIDE] = bytes(HART_STRIDE)
        self.clear_interrupt()
        self.drop_reservation()

    def save(self) -> bytes:
        """The whole hart state, as it goes into a snapshot or a signal frame's source."""
        return bytes(self.view[self.address : self.address + HART_STRIDE])

    def load(self, state: bytes) -> None:
        """Take over a state that `save` gave."""
        if len(state) != HART_STRIDE:
            raise ValueError(f"a hart state has {HART_STRIDE} bytes, not {len(state)}")
        self.view[self.address : self.address + HART_STRIDE] = state
