"""Locked memory: mlock(2) and its family. Nothing is ever swapped here, so all there is to it is the accounts."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from friscy.kernel.credentials import capable
from friscy.kernel.memory.areas import MAP_LOCKED
from friscy.kernel.state import RLIMIT_MEMLOCK
from friscy.machine.layout import GUEST_END, GUEST_START, PAGE
from lazyfs.errors import LinuxError

if TYPE_CHECKING:
    from friscy.kernel.memory.address_space import AddressSpace
    from friscy.kernel.memory.areas import Mm
    from friscy.kernel.state import Process

_CAP_IPC_LOCK = 14


def locked_bytes(mm: Mm, start: int = GUEST_START, end: int = GUEST_END) -> int:
    """How much of [start, end) is locked."""
    return sum(
        min(end, vma.end) - max(start, vma.start)
        for vma in mm.vmas
        if vma.locked and vma.start < end and start < vma.end
    )


def before_mapping(process: Process, nbytes: int, flags: int) -> int:
    """How a new mapping is to be locked (0, or as `Vma.locked`). EPERM, EAGAIN: it may not be."""
    kind = process.mm.lock_future
    if flags & MAP_LOCKED:
        _permitted(process)
        kind = kind or 1
    limit = _limit(process)
    if kind and limit is not None and locked_bytes(process.mm) + -(-nbytes // PAGE) * PAGE > limit:
        raise LinuxError(errno.EAGAIN)
    return kind


def check(process: Process, space: AddressSpace, start: int, end: int) -> None:
    """Whether [start, end) may be locked. EPERM; ENOMEM: more than RLIMIT_MEMLOCK."""
    _permitted(process)
    limit = _limit(process)
    if limit is not None:
        already = locked_bytes(space.mm, start, end)
        if locked_bytes(space.mm) + end - start - already > limit:
            raise LinuxError(errno.ENOMEM)


def check_all(process: Process, space: AddressSpace, *, current: bool) -> None:
    """Whether all memory may be locked, that which is there (current) or that which comes."""
    _permitted(process)
    limit = _limit(process)
    if current and limit is not None and space.total() > limit:
        raise LinuxError(errno.ENOMEM)


def lock(space: AddressSpace, start: int, end: int, kind: int) -> None:
    """Note that [start, end) is locked as `kind` says (0: not). ENOMEM at the first hole, after what lies before it."""
    space.set_locked(start, end, kind)


def lock_all(space: AddressSpace, kind: int) -> None:
    """`lock` for all mappings."""
    for start, end in [(vma.start, vma.end) for vma in space.mm.vmas]:
        space.set_locked(start, end, kind)


def _permitted(process: Process) -> None:
    if not capable(process, _CAP_IPC_LOCK) and not process.limits[RLIMIT_MEMLOCK][0]:
        raise LinuxError(errno.EPERM)


def _limit(process: Process) -> int | None:
    """RLIMIT_MEMLOCK in bytes, None for who may lock all."""
    return None if capable(process, _CAP_IPC_LOCK) else process.limits[RLIMIT_MEMLOCK][0] // PAGE * PAGE
