"""System calls of threads and scheduling: robust lists, affinity, priorities, membarrier."""

from __future__ import annotations

import errno
import struct
from typing import TYPE_CHECKING

from friscy.kernel.state import DEAD, Task
from friscy.kernel.table import refused, syscall
from lazyfs.errors import LinuxError

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel

# -- threads ------------------------------------------------------------------------------------------


@syscall(96, "set_tid_address", "tidptr:ptr -> pid")
def sys_set_tid_address(k: Kernel, task: Task, address: int) -> int:
    """set_tid_address(2)."""
    task.clear_child_tid = address
    return task.tid


@syscall(99, "set_robust_list", "head:ptr length:size -> int")
def sys_set_robust_list(k: Kernel, task: Task, head: int, length: int) -> int:
    """set_robust_list(2)."""
    if length != 24:
        raise LinuxError(errno.EINVAL)
    task.robust_list = (head, length)
    return 0


@syscall(100, "get_robust_list", "pid head:ptr length:ptr -> int")
def sys_get_robust_list(k: Kernel, task: Task, pid: int, head: int, length: int) -> int:
    """get_robust_list(2)."""
    target = _task(k, task, pid)
    k.mem.set_u64(length, 24)
    k.mem.set_u64(head, target.robust_list[0])
    return 0


refused(
    293,
    "rseq",
    "rseq:ptr length:uint flags:int signature:uint -> int",
    errno.ENOSYS,
    "restartable sequences are not offered; the C libraries do without",
    quiet=True,
)


def _task(k: Kernel, task: Task, pid: int) -> Task:
    if pid < 0:
        raise LinuxError(errno.EINVAL)
    target = task if pid == 0 else k.state.tasks.get(pid)
    if target is None or target.state == DEAD:
        raise LinuxError(errno.ESRCH)
    return target


# -- scheduling ---------------------------------------------------------------------------------------


@syscall(124, "sched_yield", "-> int")
def sys_sched_yield(k: Kernel, task: Task) -> int:
    """sched_yield(2): the others first."""
    k.hart.interrupt()
    return 0


@syscall(123, "sched_getaffinity", "pid length:uint mask:ptr -> int")
def sys_sched_getaffinity(k: Kernel, task: Task, pid: int, length: int, address: int) -> int:
    """sched_getaffinity(2): one CPU; returns how many bytes of the mask were written."""
    _task(k, task, pid)
    if length < 8 or length % 8:
        raise LinuxError(errno.EINVAL)
    k.mem.set_u64(address, 1)
    return 8


@syscall(122, "sched_setaffinity", "pid length:uint mask:ptr -> int")
def sys_sched_setaffinity(k: Kernel, task: Task, pid: int, length: int, address: int) -> int:
    """sched_setaffinity(2). EINVAL: the mask does not have CPU 0."""
    _task(k, task, pid)
    mask = int.from_bytes(k.mem.read(address, min(length, 128)), "little")
    if not mask & 1:
        raise LinuxError(errno.EINVAL)
    return 0


@syscall(
    119, "sched_setscheduler", "pid policy:sched_policy param:ptr -> int", partial="real-time policies: EPERM"
)
def sys_sched_setscheduler(k: Kernel, task: Task, pid: int, policy: int, param: int) -> int:
    """sched_setscheduler(2)."""
    _task(k, task, pid)
    if not param:
        raise LinuxError(errno.EINVAL)
    priority = k.mem.i32(param)
    policy &= ~0x4000_0000
    if policy in (1, 2):
        raise LinuxError(errno.EPERM if 1 <= priority <= 99 else errno.EINVAL)
    if policy not in (0, 3, 5) or priority:
        raise LinuxError(errno.EINVAL)
    return 0


@syscall(120, "sched_getscheduler", "pid -> int")
def sys_sched_getscheduler(k: Kernel, task: Task, pid: int) -> int:
    """sched_getscheduler(2): SCHED_OTHER."""
    _task(k, task, pid)
    return 0


@syscall(118, "sched_setparam", "pid param:ptr -> int")
def sys_sched_setparam(k: Kernel, task: Task, pid: int, param: int) -> int:
    """sched_setparam(2): SCHED_OTHER has priority 0 only."""
    _task(k, task, pid)
    if not param or k.mem.i32(param):
        raise LinuxError(errno.EINVAL)
    return 0


@syscall(121, "sched_getparam", "pid param:ptr -> int")
def sys_sched_getparam(k: Kernel, task: Task, pid: int, param: int) -> int:
    """sched_getparam(2)."""
    _task(k, task, pid)
    if not param:
        raise LinuxError(errno.EINVAL)
    k.mem.set_u32(param, 0)
    return 0


@syscall(125, "sched_get_priority_max", "policy:sched_policy -> int")
def sys_sched_get_priority_max(k: Kernel, task: Task, policy: int) -> int:
    """sched_get_priority_max(2)."""
    if policy in (1, 2):
        return 99
    if policy in (0, 3, 5, 6):
        return 0
    raise LinuxError(errno.EINVAL)


@syscall(126, "sched_get_priority_min", "policy:sched_policy -> int")
def sys_sched_get_priority_min(k: Kernel, task: Task, policy: int) -> int:
    """sched_get_priority_min(2)."""
    if policy in (1, 2):
        return 1
    if policy in (0, 3, 5, 6):
        return 0
    raise LinuxError(errno.EINVAL)


@syscall(127, "sched_rr_get_interval", "pid tp:out_timespec -> int")
def sys_sched_rr_get_interval(k: Kernel, task: Task, pid: int, address: int) -> int:
    """sched_rr_get_interval(2)."""
    _task(k, task, pid)
    k.write_timespec(address, 4_000_000)
    return 0


@syscall(275, "sched_getattr", "pid attr:ptr size:uint flags:uint -> int")
def sys_sched_getattr(k: Kernel, task: Task, pid: int, address: int, size: int, flags: int) -> int:
    """sched_getattr(2): SCHED_OTHER, nice 0, the first published layout (48 bytes)."""
    _task(k, task, pid)
    if flags or not address or not 48 <= size <= 4096:
        raise LinuxError(errno.EINVAL)
    k.mem.write(address, struct.pack("<IIQiIQQQ", 48, 0, 0, 0, 0, 0, 0, 0))
    return 0


refused(
    274, "sched_setattr", "pid attr:ptr flags:uint -> int", errno.EPERM, "scheduling attributes are fixed"
)
refused(30, "ioprio_set", "which:int who:int ioprio:int -> int", errno.EPERM, "I/O priorities are fixed")


@syscall(31, "ioprio_get", "which:int who:int -> int")
def sys_ioprio_get(k: Kernel, task: Task, which: int, who: int) -> int:
    """ioprio_get(2): best effort, level 4."""
    if which not in (1, 2, 3):
        raise LinuxError(errno.EINVAL)
    return 2 << 13 | 4


@syscall(141, "getpriority", "which:int who:int -> int")
def sys_getpriority(k: Kernel, task: Task, which: int, who: int) -> int:
    """getpriority(2): the raw call returns 20 - nice, and nice is 0."""
    if which not in (0, 1, 2):
        raise LinuxError(errno.EINVAL)
    return 20


@syscall(140, "setpriority", "which:int who:int prio:int -> int", partial="accepted, but all tasks run alike")
def sys_setpriority(k: Kernel, task: Task, which: int, who: int, priority: int) -> int:
    """setpriority(2). EACCES: raising one's priority without CAP_SYS_NICE."""
    if which not in (0, 1, 2):
        raise LinuxError(errno.EINVAL)
    if priority < 0 and not task.process.credentials.cap_effective >> 23 & 1:
        raise LinuxError(errno.EACCES)
    return 0


@syscall(168, "getcpu", "cpu:out_int node:out_int cache:ignored -> int")
def sys_getcpu(k: Kernel, task: Task, cpu: int, node: int, cache: int) -> int:
    """getcpu(2): CPU 0 of node 0."""
    for address in (cpu, node):
        if address:
            k.mem.set_u32(address, 0)
    return 0


_BARRIERS_OFFERED = 0x1 | 0x2 | 0x4 | 0x8 | 0x10 | 0x20 | 0x40
_PRIVATE_EXPEDITED, _REGISTER_PRIVATE, _SYNC_CORE, _REGISTER_SYNC_CORE = 0x8, 0x10, 0x20, 0x40


@syscall(283, "membarrier", "cmd:membarrier_cmd flags:uint cpu:int -> int")
def sys_membarrier(k: Kernel, task: Task, command: int, flags: int, cpu: int) -> int:
    """membarrier(2): tasks share one host thread, so every barrier holds. EPERM: not registered."""
    if flags or (command and command & ~_BARRIERS_OFFERED) or command & (command - 1):
        raise LinuxError(errno.EINVAL)
    if command == 0:
        return _BARRIERS_OFFERED
    process = task.process
    if command in (_REGISTER_PRIVATE, _REGISTER_SYNC_CORE):
        process.membarrier |= command
    elif command in (_PRIVATE_EXPEDITED, _SYNC_CORE) and not process.membarrier & command << 1:
        raise LinuxError(errno.EPERM)
    return 0
