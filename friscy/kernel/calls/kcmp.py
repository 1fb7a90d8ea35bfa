"""kcmp(2): whether two processes share something of the kernel's."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from friscy.kernel.credentials import inspected
from friscy.kernel.ipc.table import ipc
from friscy.kernel.table import syscall
from lazyfs.errors import LinuxError

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Process, Task

(_FILE, _VM, _FILES, _FS, _SIGHAND, _IO, _SYSVSEM, _EPOLL_TFD) = range(8)


def _undo_list(k: Kernel, process: Process) -> Process | None:
    """Whose semaphore adjustments a process has; None where there are none."""
    return process if any(process.pid in found.undo for found in ipc(k).semaphores) else None


@syscall(272, "kcmp", "pid1:pid pid2:pid type:int a:ulong b:ulong -> int", partial="no KCMP_EPOLL_TFD")
def sys_kcmp(k: Kernel, task: Task, first: int, second: int, kind: int, a: int, b: int) -> int:
    """kcmp(2): 0 for the same, 1 and 2 for an order that holds for as long as the machine runs."""
    one, other = inspected(k, task, first), inspected(k, task, second)
    pair: tuple[object, object]
    if kind == _FILE:
        pair = one.files.get_path(a & 0xFFFF_FFFF), other.files.get_path(b & 0xFFFF_FFFF)
    elif kind == _VM:
        pair = one.mm, other.mm
    elif kind == _FILES:
        pair = one.files, other.files
    elif kind == _FS:
        pair = one.fs, other.fs
    elif kind == _SIGHAND:
        pair = one, other
    elif kind == _SYSVSEM:
        pair = _undo_list(k, one), _undo_list(k, other)
    elif kind == _IO:
        return 0  # as where neither has done any
    elif kind == _EPOLL_TFD:
        raise LinuxError(errno.EOPNOTSUPP)
    else:
        raise LinuxError(errno.EINVAL)
    if pair[0] is pair[1]:
        return 0
    return 1 if id(pair[0]) < id(pair[1]) else 2
