"""process_vm_readv(2) and process_vm_writev(2): copies between the memories of two processes."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from friscy.kernel.credentials import inspected
from friscy.kernel.structs import read_iovec
from friscy.kernel.table import syscall
from friscy.machine.memory import GuestMemory
from lazyfs.errors import LinuxError

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Task

_Side = tuple[GuestMemory, list[tuple[int, int]]]


@syscall(270, "process_vm_readv", "pid local:in_iovec n:ulong remote:in_iovec m:ulong flags:ulong -> int")
def sys_process_vm_readv(
    k: Kernel, task: Task, pid: int, local: int, nlocal: int, remote: int, nremote: int, flags: int
) -> int:
    """process_vm_readv(2): how many bytes came from the other process."""
    own, other = _sides(k, task, pid, (local, nlocal), (remote, nremote), flags)
    return _copy(other, own)


@syscall(271, "process_vm_writev", "pid local:in_iovec n:ulong remote:in_iovec m:ulong flags:ulong -> int")
def sys_process_vm_writev(
    k: Kernel, task: Task, pid: int, local: int, nlocal: int, remote: int, nremote: int, flags: int
) -> int:
    """process_vm_writev(2): how many bytes went to the other process."""
    own, other = _sides(k, task, pid, (local, nlocal), (remote, nremote), flags)
    return _copy(own, other)


def _sides(
    k: Kernel, task: Task, pid: int, local: tuple[int, int], remote: tuple[int, int], flags: int
) -> tuple[_Side, _Side]:
    """Both memories with their buffers. ESRCH: there is no such process; EPERM: it is none of the caller's business."""
    if flags:
        raise LinuxError(errno.EINVAL)
    own = read_iovec(k.mem, *local)
    if not any(nbytes for _, nbytes in own):
        return (k.mem, []), (k.mem, [])
    theirs = read_iovec(k.mem, *remote)
    if not any(nbytes for _, nbytes in theirs):
        return (k.mem, []), (k.mem, [])
    process = inspected(k, task, pid)
    if process.exit_status is not None:
        raise LinuxError(errno.ESRCH)
    return (k.mem, own), (k.maps[process.pid].memory, theirs)


def _copy(source: _Side, sink: _Side) -> int:
    """Copy as far as both sides reach. EFAULT: not one byte."""
    pieces, rooms = source[1][::-1], sink[1][::-1]
    done = 0
    while pieces and rooms:
        (start, left), (to, room) = pieces.pop(), rooms.pop()
        n = min(left, room)
        reach = source[0].accessible(start, n)
        reach = min(reach, sink[0].accessible(to, reach, write=True))
        sink[0].view[to : to + reach] = bytes(source[0].view[start : start + reach])
        done += reach
        if reach < n:
            if not done:
                raise LinuxError(errno.EFAULT)
            break
        if left > n:
            pieces.append((start + n, left - n))
        if room > n:
            rooms.append((to + n, room - n))
    return done
