"""The time that a build gives to what it makes, so that it can be made again: $SOURCE_DATE_EPOCH."""

from __future__ import annotations

import os
from collections.abc import Callable

from friscy.kernel.clock import Clock, stepped_clock

EPOCH_VARIABLE = "SOURCE_DATE_EPOCH"


def epoch_ns() -> int | None:
    """$SOURCE_DATE_EPOCH, the time that all files of the host are to have, in nanoseconds; None: their own."""
    text = os.environ.get(EPOCH_VARIABLE, "")
    return int(text) * 10**9 if text.isascii() and text.isdigit() and len(text) < 11 else None


def repeatable(start_ns: int, seed: bytes) -> tuple[Clock, Callable[[int], bytes]]:
    """A clock and a source of bytes that give the same in every run."""
    from hashlib import shake_256

    drawn = 0

    def entropy(n: int) -> bytes:
        nonlocal drawn
        drawn += 1
        return shake_256(seed + drawn.to_bytes(8, "little")).digest(n)

    return stepped_clock(start_ns), entropy
