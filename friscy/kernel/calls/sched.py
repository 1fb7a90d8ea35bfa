"""System calls of threads and scheduling: futex, robust lists, affinity, priorities, membarrier."""

from __future__ import annotations

import errno
import struct
from typing import TYPE_CHECKING

from friscy.kernel.process import wake_futex
from friscy.kernel.state import DEAD, Task
from friscy.kernel.table import refused, syscall
from friscy.kernel.wait import Blocked, FutexWait
from lazyfs.errors import LinuxError
from lazyfs.plain import Plain

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel

# -- futex --------------------------------------------------------------------------------------------

(
    _WAIT,
    _WAKE,
    _FD,
    _REQUEUE,
    _CMP_REQUEUE,
    _WAKE_OP,
    _LOCK_PI,
    _UNLOCK_PI,
    _TRYLOCK_PI,
    _WAIT_BITSET,
    _WAKE_BITSET,
) = range(11)
_PRIVATE, _CLOCK_REALTIME = 128, 256
_ANY_BIT = 0xFFFF_FFFF


@syscall(
    98,
    "futex",
    "uaddr:ptr op:futex_op val:uint timeout:timespec uaddr2:ptr val3:uint -> int",
    partial="no priority-inheritance operations",
)
def sys_futex(
    k: Kernel, task: Task, address: int, op: int, value: int, timeout: int, second: int, third: int
) -> int:
    """futex(2). For the requeueing and WAKE_OP operations `timeout` is a count."""
    if address % 4:
        raise LinuxError(errno.EINVAL)
    command, private = op & ~(_PRIVATE | _CLOCK_REALTIME), bool(op & _PRIVATE)
    if op & _CLOCK_REALTIME and command not in (_WAIT_BITSET, 11, 13):
        raise LinuxError(errno.ENOSYS)
    if command == _WAIT:
        left = k.read_timespec(timeout) if timeout else None
        return _wait(k, task, address, private, value, left, _ANY_BIT)
    if command == _WAIT_BITSET:
        left = None
        if timeout:
            now = k.realtime_ns() if op & _CLOCK_REALTIME else k.monotonic_ns()
            left = max(k.read_timespec(timeout) - now, 0)
        return _wait(k, task, address, private, value, left, _bitset(third))
    if command not in (_WAKE, _WAKE_BITSET, _REQUEUE, _CMP_REQUEUE, _WAKE_OP):
        k.log_once(f"futex operation {command} is not implemented: ENOSYS")
        raise LinuxError(errno.ENOSYS)
    k.mem.check(address, 4)
    key = k.mm.futex_key(address, private=private)
    if command in (_WAKE, _WAKE_BITSET):
        return wake_futex(k, *key, value, _bitset(third) if command == _WAKE_BITSET else _ANY_BIT)
    if command == _CMP_REQUEUE and k.mem.u32(address) != third:
        raise LinuxError(errno.EAGAIN)
    k.mem.check(second, 4)
    target = k.mm.futex_key(second, private=private)
    if command == _WAKE_OP:
        return _wake_op(k, key, target, second, value, timeout & 0xFFFF_FFFF, third)
    return _requeue(k, key, target, value, timeout & 0xFFFF_FFFF, both=command == _CMP_REQUEUE)


def _bitset(mask: int) -> int:
    if not mask:
        raise LinuxError(errno.EINVAL)
    return mask


def _wait(
    k: Kernel, task: Task, address: int, private: bool, value: int, timeout_ns: int | None, bitset: int
) -> int:
    wait = task.wait
    if isinstance(wait, FutexWait):  # started again: only a wake or the time-out ends it
        if wait.woken:
            return 0
        if k.expired(task):
            raise LinuxError(errno.ETIMEDOUT)
        raise Blocked(wait)
    if k.mem.u32(address) != value:
        raise LinuxError(errno.EAGAIN)
    k.deadline_after(task, timeout_ns)
    if k.expired(task):
        raise LinuxError(errno.ETIMEDOUT)
    raise Blocked(FutexWait(*k.mm.futex_key(address, private=private), bitset))


Key = tuple[Plain, int]  # AddressSpace.futex_key


def _requeue(k: Kernel, key: Key, target: Key, wake: int, move: int, *, both: bool) -> int:
    woken = wake_futex(k, *key, wake)
    moved = 0
    for other in k.state.tasks.values():
        wait = other.wait
        if moved == move:
            break
        if isinstance(wait, FutexWait) and not wait.woken and (wait.owner, wait.offset) == key:
            wait.owner, wait.offset = target
            moved += 1
    return woken + moved if both else woken


def _wake_op(k: Kernel, key: Key, target: Key, second: int, wake: int, wake_second: int, encoded: int) -> int:
    """FUTEX_WAKE_OP: change *second, wake on `address`, and on `second` too if its old value compares so."""
    operation, comparison = encoded >> 28 & 15, encoded >> 24 & 15
    argument, threshold = _signed12(encoded >> 12), _signed12(encoded)
    if operation & 8:
        if not 0 <= argument < 32:
            argument &= 31
        argument = 1 << argument
    k.mem.check(second, 4, write=True)
    old = k.mem.i32(second)
    results = {0: argument, 1: old + argument, 2: old | argument, 3: old & ~argument, 4: old ^ argument}
    tests = {
        0: old == threshold, 1: old != threshold, 2: old < threshold, 3: old <= threshold, 4: old > threshold,
        5: old >= threshold,
    }  # fmt: skip
    if operation & 7 not in results or comparison not in tests:
        raise LinuxError(errno.ENOSYS)
    k.mem.set_u32(second, results[operation & 7])
    woken = wake_futex(k, *key, wake)
    if tests[comparison]:
        woken += wake_futex(k, *target, wake_second)
    return woken


def _signed12(value: int) -> int:
    value &= 0xFFF
    return value - 0x1000 if value & 0x800 else value


_NEW_FUTEX = "the futex2 calls are not implemented; futex is"
refused(
    449,
    "futex_waitv",
    "waiters:ptr n:uint flags:uint timeout:timespec clockid -> int",
    errno.ENOSYS,
    _NEW_FUTEX,
)
refused(454, "futex_wake", "uaddr:ptr mask:ulong n:int flags:uint -> int", errno.ENOSYS, _NEW_FUTEX)
refused(
    455,
    "futex_wait",
    "uaddr:ptr val:ulong mask:ulong flags:uint timeout:timespec clockid -> int",
    errno.ENOSYS,
    _NEW_FUTEX,
)
refused(456, "futex_requeue", "waiters:ptr flags:uint n:int m:int -> int", errno.ENOSYS, _NEW_FUTEX)


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
