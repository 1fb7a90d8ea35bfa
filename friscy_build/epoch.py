"""The time that a build gives to what it makes, so that it can be made again: $SOURCE_DATE_EPOCH, or friscy.lock's.

It is handed down as `epoch_ns`, nanoseconds since 1970; None: files keep their own times, what RUN makes has real ones.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from hashlib import shake_256
from time import time_ns
from typing import TYPE_CHECKING

from lazyfs.errors import FriscyError

if TYPE_CHECKING:
    from friscy.boot import Machine

EPOCH_VARIABLE = "SOURCE_DATE_EPOCH"
BUILT_NS = 1 << 62  # in a kept layer: the time of the build that it goes into


def given_epoch_ns() -> int | None:
    """$SOURCE_DATE_EPOCH; None where it is not set. FriscyError: it is no number of seconds."""
    text = os.environ.get(EPOCH_VARIABLE, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 11):
        raise FriscyError(f"{EPOCH_VARIABLE}={text}: expected seconds since 1970", hint="such as 1700000000")
    return int(text) * 10**9


def kept_time(started_ns: int, epoch_ns: int | None) -> Callable[[int], int]:
    """What a kept layer has for the times of a RUN that began at `started_ns`: of what it made, BUILT_NS."""
    return lambda mtime_ns: (
        mtime_ns if epoch_ns is None or (mtime_ns < started_ns and mtime_ns != epoch_ns) else BUILT_NS
    )


def built_time(epoch_ns: int | None) -> Callable[[int], int]:
    """The times in a build for those of a kept layer, none later than the build's."""
    return lambda mtime_ns: mtime_ns if epoch_ns is None else min(mtime_ns, epoch_ns)


def make_repeatable(machine: Machine, epoch_ns: int | None) -> None:
    """Give what `machine` runs next a clock and random bytes that are the same in every run of the bundle.

    The clock begins at `epoch_ns`, or now, and moves only as it is read or waited for.
    """
    from friscy.kernel.clock import stepped_clock

    seed, drawn = machine.bundle.index_digest, 0

    def entropy(n: int) -> bytes:
        nonlocal drawn
        drawn += 1
        return shake_256(seed + drawn.to_bytes(8, "little")).digest(n)

    machine.entropy = entropy
    machine.clock = stepped_clock(time_ns() if epoch_ns is None else epoch_ns)
