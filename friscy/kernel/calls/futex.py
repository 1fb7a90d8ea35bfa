"""futex(2), futex_waitv(2) and the futex2 calls."""

from __future__ import annotations

import errno
import struct
from typing import TYPE_CHECKING

from friscy.kernel import futex
from friscy.kernel.futex import ANY_BIT, FutexWait, Key, PiWait, RequeueWait, TimedFutexWait, Word
from friscy.kernel.table import syscall
from friscy.kernel.wait import Blocked
from lazyfs.errors import LinuxError

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Task

(
    WAIT, WAKE, _FD, REQUEUE, CMP_REQUEUE, WAKE_OP, LOCK_PI, UNLOCK_PI, TRYLOCK_PI, WAIT_BITSET, WAKE_BITSET,
    WAIT_REQUEUE_PI, CMP_REQUEUE_PI, LOCK_PI2,
) = range(14)  # fmt: skip
_PRIVATE, _CLOCK_REALTIME = 128, 256
_TIMED = (WAIT, WAIT_BITSET, LOCK_PI, LOCK_PI2, WAIT_REQUEUE_PI)
_REALTIME_OK = (WAIT_BITSET, WAIT_REQUEUE_PI, LOCK_PI2)
_CLOCKS = (0, 1)  # CLOCK_REALTIME, CLOCK_MONOTONIC
_FUTEX2_U32, _FUTEX2_PRIVATE = 2, 128
_WAITV_MAX = 128
_WAITV = struct.Struct("<QQII")


@syscall(98, "futex", "uaddr:ptr op:futex_op val:uint timeout:timespec uaddr2:ptr val3:uint -> int")
def sys_futex(
    k: Kernel, task: Task, address: int, op: int, value: int, timeout: int, second: int, third: int
) -> int:
    """futex(2). For the requeueing operations and WAKE_OP `timeout` is a count."""
    command, private = op & ~(_PRIVATE | _CLOCK_REALTIME), bool(op & _PRIVATE)
    realtime = bool(op & _CLOCK_REALTIME)
    if not 0 <= command <= LOCK_PI2 or command == _FD or (realtime and command not in _REALTIME_OK):
        raise LinuxError(errno.ENOSYS)
    over_ns = k.read_timespec(timeout) if timeout and command in _TIMED else None
    if address % 4:
        raise LinuxError(errno.EINVAL)
    if over_ns is not None and command != WAIT:
        over_ns = _left(k, over_ns, realtime=realtime or command == LOCK_PI)
    if command == WAIT:
        return _wait(k, task, address, private, value, over_ns, ANY_BIT, timed=timeout != 0)
    if command == WAIT_BITSET:
        return _wait(k, task, address, private, value, over_ns, _bitset(third), timed=timeout != 0)
    k.mem.check(address, 4)
    key = k.mm.futex_key(address, private=private)
    count = timeout & 0xFFFF_FFFF
    if command in (WAKE, WAKE_BITSET):
        return futex.wake_futex(
            k, *key, max(_signed32(value), 1), _bitset(third) if command == WAKE_BITSET else ANY_BIT
        )
    if command in (LOCK_PI, LOCK_PI2):
        return _lock_pi(k, task, address, key, over_ns)
    if command == TRYLOCK_PI:
        if not futex.take_pi(k, task, address, key, try_only=True):
            raise LinuxError(errno.EAGAIN)
        return 0
    if command == UNLOCK_PI:
        futex.unlock_pi(k, task, address, key)
        return 0
    if second % 4:
        raise LinuxError(errno.EINVAL)
    k.mem.check(second, 4)
    target = k.mm.futex_key(second, private=private)
    if command == WAIT_REQUEUE_PI:
        return _wait_requeue_pi(k, task, address, key, Word(*target, second), value, over_ns)
    if command == WAKE_OP:
        return _wake_op(k, key, target, second, value, count, third)
    if _signed32(value) < 0 or _signed32(count) < 0:
        raise LinuxError(errno.EINVAL)
    if command == CMP_REQUEUE_PI and (value != 1 or key == target):
        raise LinuxError(errno.EINVAL)
    if command != REQUEUE and k.mem.u32(address) != third:
        raise LinuxError(errno.EAGAIN)
    if command == CMP_REQUEUE_PI:
        return futex.requeue_pi(k, key, target, second, count)
    woken, moved = futex.requeue(k, key, target, value, count)
    return woken + moved if command == CMP_REQUEUE else woken


def _bitset(mask: int) -> int:
    if not mask:
        raise LinuxError(errno.EINVAL)
    return mask


def _signed32(value: int) -> int:
    return value - (1 << 32) if value >> 31 else value


def _left(k: Kernel, at: int, *, realtime: bool) -> int:
    """How long it is until an absolute time."""
    return max(at - (k.realtime_ns() if realtime else k.monotonic_ns()), 0)


def _sleep(k: Kernel, task: Task, wait: FutexWait, left_ns: int | None) -> None:
    k.deadline_after(task, left_ns)
    if k.expired(task):
        raise LinuxError(errno.ETIMEDOUT)
    raise Blocked(wait)


def _again(k: Kernel, task: Task) -> int | None:
    """The result of a wait that is run again: only a wake or the time-out ends it. None: it begins."""
    wait = task.wait
    if not isinstance(wait, FutexWait):
        return None
    if wait.woken >= 0:
        return wait.woken
    if k.expired(task):
        raise LinuxError(errno.ETIMEDOUT)
    raise Blocked(wait)


def _wait(
    k: Kernel,
    task: Task,
    address: int,
    private: bool,
    value: int,
    left_ns: int | None,
    bitset: int,
    *,
    timed: bool,
) -> int:
    done = _again(k, task)
    if done is not None:
        return 0
    if k.mem.u32(address) != value:
        raise LinuxError(errno.EAGAIN)
    word = Word(*k.mm.futex_key(address, private=private))
    kind = TimedFutexWait if timed else FutexWait
    _sleep(k, task, kind([word], futex.next_since(k), bitset), left_ns)
    return 0


def _lock_pi(k: Kernel, task: Task, address: int, key: Key, left_ns: int | None) -> int:
    done = _again(k, task)
    if done is None:
        k.mem.check(address, 4, write=True)
        if not futex.take_pi(k, task, address, key):
            holder = k.mem.u32(address) & futex.TID_MASK
            _sleep(k, task, PiWait([Word(*key, address)], futex.next_since(k), holder=holder), left_ns)
    return 0


def _wait_requeue_pi(
    k: Kernel, task: Task, address: int, key: Key, target: Word, value: int, left_ns: int | None
) -> int:
    done = _again(k, task)
    if done is None:
        if key == (target.owner, target.offset):
            raise LinuxError(errno.EINVAL)
        if k.mem.u32(address) != value:
            raise LinuxError(errno.EAGAIN)
        _sleep(k, task, RequeueWait([Word(*key)], futex.next_since(k), target=target), left_ns)
    return 0


def _wake_op(k: Kernel, key: Key, target: Key, second: int, wake: int, wake_second: int, encoded: int) -> int:
    """FUTEX_WAKE_OP: change *second, wake on `address`, and on `second` too if its old value compares so."""
    operation, comparison = encoded >> 28 & 7, encoded >> 24 & 15
    argument, threshold = _signed12(encoded >> 12), _signed12(encoded)
    if encoded >> 31:
        argument = 1 << (argument & 31)
    k.mem.check(second, 4, write=True)
    old = k.mem.i32(second)
    results = {0: argument, 1: old + argument, 2: old | argument, 3: old & ~argument, 4: old ^ argument}
    tests = {
        0: old == threshold, 1: old != threshold, 2: old < threshold, 3: old <= threshold, 4: old > threshold,
        5: old >= threshold,
    }  # fmt: skip
    if operation not in results:
        raise LinuxError(errno.ENOSYS)
    k.mem.set_u32(second, results[operation] & 0xFFFF_FFFF)
    if comparison not in tests:
        raise LinuxError(errno.ENOSYS)
    woken = futex.wake_futex(k, *key, max(_signed32(wake), 1))
    if tests[comparison]:
        woken += futex.wake_futex(k, *target, max(_signed32(wake_second), 1))
    return woken


def _signed12(value: int) -> int:
    value &= 0xFFF
    return value - 0x1000 if value & 0x800 else value


# -- futex2 -------------------------------------------------------------------------------------------


def _check_flags(flags: int, *values: int) -> bool:
    """Whether the futex is private. EINVAL: another size than 32 bits, or a value that does not fit it."""
    if flags & ~_FUTEX2_PRIVATE != _FUTEX2_U32 or any(value >> 32 for value in values):
        raise LinuxError(errno.EINVAL)
    return bool(flags & _FUTEX2_PRIVATE)


def _read_waiters(k: Kernel, address: int, count: int) -> list[tuple[int, int, bool]]:
    """(expected value, address, private) of each struct futex_waitv."""
    found = []
    for index in range(count):
        value, word, flags, reserved = _WAITV.unpack(k.mem.read(address + _WAITV.size * index, _WAITV.size))
        if reserved:
            raise LinuxError(errno.EINVAL)
        found.append((value, word, _check_flags(flags, value)))
    return found


def _deadline(k: Kernel, timeout: int, clock: int) -> int | None:
    """What is left until an absolute time-out on one of two clocks; None for no time-out."""
    if not timeout:
        return None
    if clock not in _CLOCKS:
        raise LinuxError(errno.EINVAL)
    return _left(k, k.read_timespec(timeout), realtime=clock == 0)


def _word(k: Kernel, address: int, private: bool) -> Key:
    if address % 4:
        raise LinuxError(errno.EINVAL)
    k.mem.check(address, 4)
    return k.mm.futex_key(address, private=private)


@syscall(449, "futex_waitv", "waiters:ptr n:uint flags:uint timeout:timespec clockid -> int")
def sys_futex_waitv(
    k: Kernel, task: Task, address: int, count: int, flags: int, timeout: int, clock: int
) -> int:
    """futex_waitv(2): wait on several words; the index of one that was woken."""
    if flags or not 0 < count <= _WAITV_MAX or not address:
        raise LinuxError(errno.EINVAL)
    left_ns = _deadline(k, timeout, clock)
    done = _again(k, task)
    if done is not None:
        return done
    entries = _read_waiters(k, address, count)
    words = [Word(*_word(k, at, private)) for _, at, private in entries]
    if any(k.mem.u32(at) != value for value, at, _ in entries):
        raise LinuxError(errno.EAGAIN)
    _sleep(k, task, FutexWait(words, futex.next_since(k)), left_ns)
    return 0


@syscall(454, "futex_wake", "uaddr:ptr mask:ulong n:int flags:uint -> int")
def sys_futex_wake(k: Kernel, task: Task, address: int, mask: int, count: int, flags: int) -> int:
    """futex_wake(2)."""
    private = _check_flags(flags, mask)
    key = _word(k, address, private)
    mask = _bitset(mask)
    return futex.wake_futex(k, *key, count, mask) if count > 0 else 0


@syscall(
    455,
    "futex_wait",
    "uaddr:ptr val:ulong mask:ulong flags:uint timeout:timespec clockid -> int",
)
def sys_futex_wait(
    k: Kernel, task: Task, address: int, value: int, mask: int, flags: int, timeout: int, clock: int
) -> int:
    """futex_wait(2); its time-out is absolute."""
    private = _check_flags(flags, value, mask)
    left_ns = _deadline(k, timeout, clock)
    if address % 4:
        raise LinuxError(errno.EINVAL)
    return _wait(k, task, address, private, value, left_ns, _bitset(mask), timed=False)


@syscall(456, "futex_requeue", "waiters:ptr flags:uint n:int m:int -> int")
def sys_futex_requeue(k: Kernel, task: Task, address: int, flags: int, wake: int, move: int) -> int:
    """futex_requeue(2): from the first of two struct futex_waitv to the second."""
    if flags or not address:
        raise LinuxError(errno.EINVAL)
    (value, first, private), (_, second, private_too) = _read_waiters(k, address, 2)
    if wake < 0 or move < 0:
        raise LinuxError(errno.EINVAL)
    key, target = _word(k, first, private), _word(k, second, private_too)
    if k.mem.u32(first) != value:
        raise LinuxError(errno.EAGAIN)
    return sum(futex.requeue(k, key, target, wake, move))
