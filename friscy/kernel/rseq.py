"""Restartable sequences, rseq(2): a thread's word about the CPU it is on, and sections that start over.

A critical section that was interrupted, because another task ran or a signal is delivered, goes on at its abort
handler. There is one processor and one concurrency id, both 0.
"""

from __future__ import annotations

import errno
import struct
from typing import TYPE_CHECKING

from friscy.kernel.signals import SI_KERNEL, SIGSEGV, force
from friscy.kernel.state import SigInfo
from friscy.machine.layout import GUEST_END
from lazyfs.errors import LinuxError

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Task

FEATURE_BYTES, ALIGNMENT = 28, 32  # AT_RSEQ_FEATURE_SIZE, AT_RSEQ_ALIGN
_LEAST_BYTES = 32
_UNREGISTER = 1
_CS_OFFSET = 8
_AREA = struct.Struct("<IIQIII")  # cpu_id_start, cpu_id, rseq_cs, flags, node_id, mm_cid
_SECTION = struct.Struct("<IIQQQ")  # version, flags, start_ip, post_commit_offset, abort_ip
_UNINITIALIZED = 0xFFFF_FFFF


def register(k: Kernel, task: Task, address: int, length: int, signature: int) -> None:
    """EBUSY: it is already; EINVAL: otherwise than now, or the area is too small; EPERM: with another signature."""
    if task.rseq[0]:
        _check(task, address, length, signature)
        raise LinuxError(errno.EBUSY)
    if length < _LEAST_BYTES or address % ALIGNMENT or not address:
        raise LinuxError(errno.EINVAL)
    k.mem.check(address, length, write=True)
    k.mem.write(address, _AREA.pack(0, 0, 0, 0, 0, 0))
    task.rseq = (address, length, signature)


def unregister(k: Kernel, task: Task, address: int, length: int, signature: int) -> None:
    """The thread has no area any more."""
    if not task.rseq[0]:
        raise LinuxError(errno.EINVAL)
    _check(task, address, length, signature)
    k.mem.write(address, _AREA.pack(0, _UNINITIALIZED, k.mem.u64(address + _CS_OFFSET), 0, 0, 0))
    task.rseq = (0, 0, 0)


def _check(task: Task, address: int, length: int, signature: int) -> None:
    if task.rseq[:2] != (address, length):
        raise LinuxError(errno.EINVAL)
    if task.rseq[2] != signature:
        raise LinuxError(errno.EPERM)


def interrupted(k: Kernel, task: Task) -> None:
    """The current task was interrupted where it stands: inside a critical section it goes on at the abort handler.

    An area or a section that makes no sense is SIGSEGV.
    """
    address, _, signature = task.rseq
    try:
        section = k.mem.u64(address + _CS_OFFSET)
        if not section:
            return
        version, flags, start, length, abort = _SECTION.unpack(k.mem.read(section, _SECTION.size))
        if version or flags or start + length > GUEST_END or start <= abort < start + length:
            raise LinuxError(errno.EINVAL)
        if k.mem.u32(abort - 4) != signature:
            raise LinuxError(errno.EINVAL)
        k.mem.set_u64(address + _CS_OFFSET, 0)
    except LinuxError:
        task.rseq = (0, 0, 0)  # or delivering the signal would come here again
        force(k, task, SigInfo(SIGSEGV, SI_KERNEL))
        return
    if start <= k.hart.pc < start + length:
        k.hart.pc = abort
