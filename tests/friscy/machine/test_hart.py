"""A hart's state in memory."""

from __future__ import annotations

import struct

import pytest

from friscy.machine.hart import Hart
from friscy.machine.layout import (
    DEPTH_LIMIT,
    GUEST_END,
    HART_DEPTH_LIMIT,
    HART_END,
    HART_INTERRUPT,
    HART_STRIDE,
)


def looked_at(hart: Hart) -> tuple[int, ...]:
    """What engines look at for an interrupt."""
    fields = (("<I", HART_INTERRUPT), ("<I", HART_DEPTH_LIMIT), ("<Q", HART_END))
    return tuple(struct.unpack_from(kind, hart.view, hart.address + at)[0] for kind, at in fields)


def test_an_interrupt_shows_wherever_engines_look_until_it_is_taken_back() -> None:
    hart = Hart(memoryview(bytearray(2 * HART_STRIDE)), HART_STRIDE)
    hart.reset()
    calm = 0, DEPTH_LIMIT, GUEST_END
    assert looked_at(hart) == calm
    hart.interrupt()
    assert looked_at(hart) == (1, 0, 0)
    hart.clear_interrupt()
    assert looked_at(hart) == calm
    assert not any(hart.view[:HART_STRIDE])


def test_a_hart_moves_with_all_it_has() -> None:
    hart = Hart(memoryview(bytearray(3 * HART_STRIDE)), HART_STRIDE, 2 * HART_STRIDE)
    hart.reset()
    hart.set_x(10, 5)
    hart.pc = 0x20000
    hart.move(hart.home)
    assert (hart.address, hart.x(10), hart.pc) == (2 * HART_STRIDE, 5, 0x20000)
    assert hart.syscall_registers()[0] == 5
    assert hart.words[hart.a0_word] == 5
    assert hart.words[hart.pc_word] == 0x20000
    assert looked_at(hart) == (0, DEPTH_LIMIT, GUEST_END)


def test_an_interrupt_from_another_thread_that_comes_while_a_hart_moves_is_not_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hart = Hart(memoryview(bytearray(2 * HART_STRIDE)), 0)
    hart.reset()
    save = Hart.save

    def interrupted(self: Hart) -> bytes:
        state = save(self)
        self.interrupt()
        return state

    monkeypatch.setattr(Hart, "save", interrupted)
    hart.move(HART_STRIDE)
    assert looked_at(hart) == (1, 0, 0)
