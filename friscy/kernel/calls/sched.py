"""System calls of threads and scheduling: robust lists, affinity, priorities, membarrier."""

from __future__ import annotations

import errno
import struct
from typing import TYPE_CHECKING

from friscy.kernel import rseq
from friscy.kernel.credentials import inspected
from friscy.kernel.state import DEAD, RLIMIT_NICE, Task
from friscy.kernel.table import syscall
from lazyfs.errors import LinuxError

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel

_RSEQ_UNREGISTER = 1

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
    if target.process is not task.process:
        inspected(k, task, pid)
    k.mem.set_u64(length, 24)
    k.mem.set_u64(head, target.robust_list[0])
    return 0


@syscall(293, "rseq", "rseq:ptr length:uint flags:int signature:uint -> int")
def sys_rseq(k: Kernel, task: Task, address: int, length: int, flags: int, signature: int) -> int:
    """rseq(2)."""
    if flags not in (0, _RSEQ_UNREGISTER):
        raise LinuxError(errno.EINVAL)
    action = rseq.unregister if flags else rseq.register
    action(k, task, address, length, signature)
    return 0


def _task(k: Kernel, task: Task, pid: int) -> Task:
    if pid < 0:
        raise LinuxError(errno.EINVAL)
    return _living(k, task, pid)


def _living(k: Kernel, task: Task, pid: int) -> Task:
    """The task that a tid stands for, 0 for the caller. ESRCH: none."""
    target = task if pid == 0 else k.state.tasks.get(pid)
    if target is None or target.state == DEAD:
        raise LinuxError(errno.ESRCH)
    return target


def _has_ended(k: Kernel, pid: int) -> bool:
    """Whether it is a process that nobody has waited for yet."""
    process = k.state.processes.get(pid)
    return process is not None and process.exit_status is not None


# -- scheduling ---------------------------------------------------------------------------------------


@syscall(124, "sched_yield", "-> int")
def sys_sched_yield(k: Kernel, task: Task) -> int:
    """sched_yield(2): the others first."""
    if k.state.weighted:
        task.fair_ns = max(other.fair_ns for other in k.state.tasks.values()) + 1
    k.hart.interrupt()
    return 0


@syscall(123, "sched_getaffinity", "pid length:uint mask:ptr -> int")
def sys_sched_getaffinity(k: Kernel, task: Task, pid: int, length: int, address: int) -> int:
    """sched_getaffinity(2): one CPU; returns how many bytes of the mask were written."""
    if length < 8 or length % 8:
        raise LinuxError(errno.EINVAL)
    _living(k, task, pid)
    k.mem.set_u64(address, 1)
    return 8


@syscall(122, "sched_setaffinity", "pid length:uint mask:ptr -> int")
def sys_sched_setaffinity(k: Kernel, task: Task, pid: int, length: int, address: int) -> int:
    """sched_setaffinity(2). EINVAL: the mask does not have CPU 0; EPERM: another user's task."""
    mine, theirs = task.process.credentials, _living(k, task, pid).process.credentials
    if mine.euid not in (theirs.uid, theirs.euid) and not mine.cap_effective >> _CAP_SYS_NICE & 1:
        raise LinuxError(errno.EPERM)
    mask = int.from_bytes(k.mem.read(address, min(length, 128)), "little")
    if not mask & 1:
        raise LinuxError(errno.EINVAL)
    return 0


SCHED_OTHER, SCHED_FIFO, SCHED_RR, SCHED_BATCH, _ISO, SCHED_IDLE, SCHED_DEADLINE = range(7)
_RESET_ON_FORK = 0x4000_0000
_FLAG_RESET_ON_FORK, _FLAGS_KEEP, _FLAGS_KNOWN = 1, 0x18, 0x7F
_CAP_SYS_NICE = 23
_NO_REAL_TIME = "real-time policies: EPERM, as in a container without CAP_SYS_NICE"


def _set_policy(k: Kernel, task: Task, target: Task, policy: int, priority: int) -> None:
    """EINVAL: no such policy, or not with this priority; EPERM: real time, or another user's task."""
    reset, policy = bool(policy & _RESET_ON_FORK), policy & ~_RESET_ON_FORK
    if policy in (SCHED_FIFO, SCHED_RR):
        raise LinuxError(errno.EPERM if 1 <= priority <= 99 else errno.EINVAL)
    if policy not in (SCHED_OTHER, SCHED_BATCH, SCHED_IDLE) or priority:
        raise LinuxError(errno.EINVAL)
    _check_owner(task, target)
    if target.reset_on_fork and not reset and not task.process.credentials.cap_effective >> _CAP_SYS_NICE & 1:
        raise LinuxError(errno.EPERM)
    target.policy, target.reset_on_fork = policy, reset


def _check_owner(task: Task, target: Task) -> None:
    mine, theirs = task.process.credentials, target.process.credentials
    if not mine.cap_effective >> _CAP_SYS_NICE & 1 and mine.euid not in (theirs.uid, theirs.euid):
        raise LinuxError(errno.EPERM)


@syscall(119, "sched_setscheduler", "pid policy:sched_policy param:ptr -> int", partial=_NO_REAL_TIME)
def sys_sched_setscheduler(k: Kernel, task: Task, pid: int, policy: int, param: int) -> int:
    """sched_setscheduler(2)."""
    if not param or policy < 0:
        raise LinuxError(errno.EINVAL)
    priority = k.mem.i32(param)
    _set_policy(k, task, _task(k, task, pid), policy, priority)
    return 0


@syscall(120, "sched_getscheduler", "pid -> int")
def sys_sched_getscheduler(k: Kernel, task: Task, pid: int) -> int:
    """sched_getscheduler(2)."""
    if _has_ended(k, pid):
        return SCHED_OTHER
    target = _task(k, task, pid)
    return target.policy | (_RESET_ON_FORK if target.reset_on_fork else 0)


@syscall(118, "sched_setparam", "pid param:ptr -> int")
def sys_sched_setparam(k: Kernel, task: Task, pid: int, param: int) -> int:
    """sched_setparam(2): the policies there are have priority 0 only."""
    if not param or pid < 0:
        raise LinuxError(errno.EINVAL)
    priority = k.mem.i32(param)
    target = _task(k, task, pid)
    if priority:
        raise LinuxError(errno.EINVAL)
    _check_owner(task, target)
    return 0


@syscall(121, "sched_getparam", "pid param:ptr -> int")
def sys_sched_getparam(k: Kernel, task: Task, pid: int, param: int) -> int:
    """sched_getparam(2)."""
    if not param:
        raise LinuxError(errno.EINVAL)
    if not _has_ended(k, pid):
        _task(k, task, pid)
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


# struct sched_attr: size, policy, flags, nice, priority, and three times of SCHED_DEADLINE.
_ATTR = struct.Struct("<IIQiIQQQ")


@syscall(275, "sched_getattr", "pid attr:ptr size:uint flags:uint -> int")
def sys_sched_getattr(k: Kernel, task: Task, pid: int, address: int, size: int, flags: int) -> int:
    """sched_getattr(2), the first published layout (48 bytes)."""
    if flags or not address or pid < 0 or not _ATTR.size <= size <= 4096:
        raise LinuxError(errno.EINVAL)
    target = _task(k, task, pid)
    bits = _FLAG_RESET_ON_FORK if target.reset_on_fork else 0
    k.mem.write(address, _ATTR.pack(_ATTR.size, target.policy, bits, target.nice, 0, 0, 0, 0))
    return 0


@syscall(274, "sched_setattr", "pid attr:ptr flags:uint -> int", partial=_NO_REAL_TIME)
def sys_sched_setattr(k: Kernel, task: Task, pid: int, address: int, flags: int) -> int:
    """sched_setattr(2). E2BIG: the structure is of a later kernel, or too small; its size is written then."""
    if not address or pid < 0 or flags:
        raise LinuxError(errno.EINVAL)
    size = k.mem.u32(address) or _ATTR.size
    if not _ATTR.size <= size <= 4096 or any(k.mem.read(address + _ATTR.size, size - _ATTR.size)):
        k.mem.set_u32(address, _ATTR.size)
        raise LinuxError(errno.E2BIG)
    _, policy, bits, nice, priority, *_ = _ATTR.unpack(k.mem.read(address, _ATTR.size))
    if policy >> 31:
        raise LinuxError(errno.EINVAL)
    target = _task(k, task, pid)
    if bits & ~_FLAGS_KNOWN:
        raise LinuxError(errno.EINVAL)
    if bits & _FLAGS_KEEP:
        policy, priority = target.policy, 0
    nice = max(-20, min(nice, 19))
    if nice < target.nice and policy in (SCHED_OTHER, SCHED_BATCH):
        _check_nicer(task, target, nice, errno.EPERM)
    _set_policy(k, task, target, policy | (_RESET_ON_FORK if bits & _FLAG_RESET_ON_FORK else 0), priority)
    if policy in (SCHED_OTHER, SCHED_BATCH):
        _set_nice(k, target, nice)
    return 0


# -- priorities ---------------------------------------------------------------------------------------

_PRIO_PROCESS, _PRIO_PGRP, _PRIO_USER = range(3)


def _those(k: Kernel, task: Task, which: int, who: int) -> list[Task]:
    """The tasks that getpriority(2) and its kind mean. EINVAL: no such kind; ESRCH: nobody."""
    tasks = list(k.state.tasks.values())
    if which == _PRIO_PROCESS:
        found = [task] if who == 0 else [k.state.tasks[who]] if who in k.state.tasks else []
    elif which == _PRIO_PGRP:
        group = who or task.process.pgid
        found = [other for other in tasks if other.process.pgid == group]
    elif which == _PRIO_USER:
        uid = who or task.process.credentials.uid
        found = [other for other in tasks if other.process.credentials.uid == uid]
    else:
        raise LinuxError(errno.EINVAL)
    if not found:
        raise LinuxError(errno.ESRCH)
    return found


def _check_nicer(task: Task, target: Task, nice: int, error: int) -> None:
    """Only CAP_SYS_NICE, or RLIMIT_NICE, lets a task come before others."""
    limit = target.process.limits[RLIMIT_NICE][0]
    if 20 - nice > limit and not task.process.credentials.cap_effective >> _CAP_SYS_NICE & 1:
        raise LinuxError(error)


def _set_nice(k: Kernel, target: Task, nice: int) -> None:
    target.nice = nice
    if nice and not k.state.weighted:
        k.state.weighted = True


@syscall(141, "getpriority", "which:int who:int -> int")
def sys_getpriority(k: Kernel, task: Task, which: int, who: int) -> int:
    """getpriority(2): the raw call returns 20 - nice, of the highest priority there is."""
    return 20 - min(other.nice for other in _those(k, task, which, who))


@syscall(140, "setpriority", "which:int who:int prio:int -> int")
def sys_setpriority(k: Kernel, task: Task, which: int, who: int, priority: int) -> int:
    """setpriority(2). EPERM: another user's; EACCES: before others without CAP_SYS_NICE."""
    nice = max(-20, min(priority, 19))
    mine = task.process.credentials
    error = 0
    for target in _those(k, task, which, who):
        theirs = target.process.credentials
        if mine.euid not in (theirs.uid, theirs.euid) and not mine.cap_effective >> _CAP_SYS_NICE & 1:
            error = errno.EPERM
            continue
        try:
            if nice < target.nice:
                _check_nicer(task, target, nice, errno.EACCES)
            _set_nice(k, target, nice)
        except LinuxError as failed:
            error = failed.errno
    if error:
        raise LinuxError(error)
    return 0


_IOPRIO_NONE, _IOPRIO_RT, _IOPRIO_BE, _IOPRIO_IDLE = range(4)


@syscall(
    30, "ioprio_set", "which:int who:int ioprio:int -> int", partial="remembered; no I/O waits for other I/O"
)
def sys_ioprio_set(k: Kernel, task: Task, which: int, who: int, priority: int) -> int:
    """ioprio_set(2). EPERM: real time without CAP_SYS_ADMIN or CAP_SYS_NICE."""
    kind, level = priority >> 13 & 7, priority & 7
    if kind > _IOPRIO_IDLE or (kind == _IOPRIO_NONE and level):
        raise LinuxError(errno.EINVAL)
    capable = task.process.credentials.cap_effective >> _CAP_SYS_NICE & 1
    if kind == _IOPRIO_RT and not capable:
        raise LinuxError(errno.EPERM)
    for target in _those(k, task, which - 1, who):
        target.process.io_priority = priority
    return 0


@syscall(31, "ioprio_get", "which:int who:int -> int")
def sys_ioprio_get(k: Kernel, task: Task, which: int, who: int) -> int:
    """ioprio_get(2): of one task what was set; of several the highest in effect, best effort where none was set."""
    found = _those(k, task, which - 1, who)
    if which == _PRIO_PROCESS + 1:
        return found[0].process.io_priority
    values = [t.process.io_priority or _IOPRIO_BE << 13 | (t.nice + 20) // 5 for t in found]
    return min(values)


@syscall(168, "getcpu", "cpu:out_int node:out_int cache:ignored -> int")
def sys_getcpu(k: Kernel, task: Task, cpu: int, node: int, cache: int) -> int:
    """getcpu(2): CPU 0 of node 0."""
    for address in (cpu, node):
        if address:
            k.mem.set_u32(address, 0)
    return 0


_BARRIERS_OFFERED = 0x3FF
_GLOBAL_EXPEDITED, _REGISTER_GLOBAL, _PRIVATE_EXPEDITED, _REGISTER_PRIVATE = 0x2, 0x4, 0x8, 0x10
_SYNC_CORE, _REGISTER_SYNC_CORE, _RSEQ, _REGISTER_RSEQ, _GET_REGISTRATIONS = 0x20, 0x40, 0x80, 0x100, 0x200
_FLAG_CPU = 1


@syscall(283, "membarrier", "cmd:membarrier_cmd flags:uint cpu:int -> int")
def sys_membarrier(k: Kernel, task: Task, command: int, flags: int, cpu: int) -> int:
    """membarrier(2): tasks share one host thread, so every barrier holds, and a critical section (rseq) of another
    thread starts over when that runs again. EPERM: not registered.
    """
    if flags & ~(_FLAG_CPU if command == _RSEQ else 0):
        raise LinuxError(errno.EINVAL)
    if command < 0 or (command and command & ~_BARRIERS_OFFERED) or command & (command - 1):
        raise LinuxError(errno.EINVAL)
    if command == 0:
        return _BARRIERS_OFFERED
    process = task.process
    if command == _GET_REGISTRATIONS:
        return process.membarrier
    if command in (_REGISTER_GLOBAL, _REGISTER_PRIVATE, _REGISTER_SYNC_CORE, _REGISTER_RSEQ):
        process.membarrier |= command
    elif command in (_PRIVATE_EXPEDITED, _SYNC_CORE, _RSEQ) and not process.membarrier & command << 1:
        raise LinuxError(errno.EPERM)
    return 0
