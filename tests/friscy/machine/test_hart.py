"""A hart's state in memory."""

from __future__ import annotations

import struct

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
