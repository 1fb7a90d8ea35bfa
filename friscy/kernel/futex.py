"""Futexes: who waits on which word, waking and requeueing, ownership (PI), and what a dying task leaves.

A word is known by its memory map and address, or by its backing and offset (`AddressSpace.futex_key`). Waiters are
found among the tasks, in the order in which they began to wait. A PI word holds the owner's thread id; as all tasks
have the same priority here, the next owner is who waits longest.
"""

from __future__ import annotations

import errno
import struct
from typing import TYPE_CHECKING, ClassVar

from friscy.kernel.state import DEAD
from friscy.kernel.wait import Wait
from lazyfs.errors import LinuxError
from lazyfs.plain import Plain, default

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Task
    from friscy.machine.memory import GuestMemory

Key = tuple[Plain, int]

ANY_BIT = 0xFFFF_FFFF
WAITERS, OWNER_DIED, TID_MASK = 0x8000_0000, 0x4000_0000, 0x3FFF_FFFF
_ROBUST_LIST_LIMIT = 2048


class Word(Plain):
    """A futex word that somebody waits on. address: where the waiter has a PI word, 0 for others."""

    owner: Plain
    offset: int
    address: int = 0


class FutexWait(Wait):
    """Waits on one word, or on several (futex_waitv). woken: the index of the one that was woken, -1 before.

    since: counts waits, so that who waits longest is woken first.
    """

    exact: ClassVar[bool] = True

    words: list[Word]
    since: int
    bitset: int = ANY_BIT
    woken: int = -1

    def ready(self, k: Kernel, task: Task) -> bool:
        return self.woken >= 0


class TimedFutexWait(FutexWait):
    """A wait with a relative time-out: a handler ends it even with SA_RESTART, as the rest of the time is unknown."""

    on_signal: ClassVar[str] = "eintr"


class PiWait(FutexWait):
    """Waits to own a PI word. Whoever unlocks it writes our id into it and sets `woken`."""

    on_signal: ClassVar[str] = "again"

    holder: int = 0  # tid of the owner, whatever the word says by now


class RequeueWait(FutexWait):
    """FUTEX_WAIT_REQUEUE_PI: waits on a plain word, until CMP_REQUEUE_PI moves it over to the PI word `target`."""

    on_signal: ClassVar[str] = "again"

    target: Word = default(lambda: Word(Plain(), 0))
    holder: int = 0  # as PiWait's, once it was moved


def waiters(k: Kernel, key: Key) -> list[tuple[Task, FutexWait, int]]:
    """Who waits on a word, longest first: the task, its wait, and which of its words it is."""
    owner, offset = key
    found = []
    for task in k.state.tasks.values():
        wait = task.wait
        if isinstance(wait, FutexWait) and wait.woken < 0 and task.state != DEAD:
            for index, word in enumerate(wait.words):
                if word.offset == offset and word.owner is owner:
                    found.append((task, wait, index))
                    break
    if len(found) > 1:
        found.sort(key=lambda entry: entry[1].since)
    return found


def next_since(k: Kernel) -> int:
    """A number for a wait that begins."""
    k.state.futex_waits += 1
    return k.state.futex_waits


def wake_futex(k: Kernel, owner: Plain, offset: int, count: int, bitset: int = ANY_BIT) -> int:
    """Wake up to `count` of the tasks that wait on a word with one of the bits; how many. EINVAL: a PI word."""
    woken = 0
    for _, wait, index in waiters(k, (owner, offset)):
        if isinstance(wait, (PiWait, RequeueWait)):
            raise LinuxError(errno.EINVAL)
        if wait.bitset & bitset:
            if woken >= count:
                break
            wait.woken = index
            woken += 1
    return woken


def requeue(k: Kernel, key: Key, target: Key, wake: int, move: int) -> tuple[int, int]:
    """Wake some who wait on `key`, let others wait on `target` instead: how many of each."""
    woken = moved = 0
    for _, wait, index in waiters(k, key):
        if isinstance(wait, (PiWait, RequeueWait)):
            raise LinuxError(errno.EINVAL)
        if woken < wake:
            wait.woken = index
            woken += 1
        elif moved < move:
            wait.words[index] = Word(*target)
            wait.since = next_since(k)
            moved += 1
        else:
            break
    return woken, moved


# -- ownership ----------------------------------------------------------------------------------------


def take_pi(k: Kernel, task: Task, address: int, key: Key, *, try_only: bool = False) -> bool:
    """Make `task` the owner of a PI word if nobody is; else mark that somebody waits (unless `try_only`).

    EDEADLK: it owns it already. ESRCH: the owner is no living task. EINVAL: somebody waits there without PI.
    """
    value = k.mem.u32(address)
    queue = _pi_waiters(k, key)
    owner = value & TID_MASK
    if owner == task.tid:
        raise LinuxError(errno.EDEADLK)
    if not owner:
        k.mem.set_u32(address, value & OWNER_DIED | task.tid | (WAITERS if queue else 0))
        return True
    if owner not in k.state.tasks:
        raise LinuxError(errno.ESRCH)
    if not try_only and not value & WAITERS:
        k.mem.set_u32(address, value | WAITERS)
    return False


def unlock_pi(k: Kernel, task: Task, address: int, key: Key) -> None:
    """The owner gives a PI word to who waits longest. EPERM: it is another's."""
    if k.mem.u32(address) & TID_MASK != task.tid:
        raise LinuxError(errno.EPERM)
    _hand_over(k.mem, address, _pi_waiters(k, key), 0)


def requeue_pi(k: Kernel, key: Key, target: Key, address: int, move: int) -> int:
    """FUTEX_CMP_REQUEUE_PI: who waits longest on `key` gets the PI word at `address` if it is free; others wait for it.

    How many were woken or moved. EINVAL: they wait otherwise, or for another word.
    """
    done = 0
    for waiter, wait, index in waiters(k, key):
        if done > move:
            break
        if not isinstance(wait, RequeueWait) or (wait.target.owner, wait.target.offset) != target:
            raise LinuxError(errno.EINVAL)
        if take_pi(k, waiter, address, target):
            wait.woken = index
        else:
            wait.words[index] = wait.target
            wait.since = next_since(k)
            wait.holder = k.mem.u32(address) & TID_MASK
        done += 1
    return done


def _pi_waiters(k: Kernel, key: Key) -> list[tuple[Task, FutexWait, int]]:
    queue = waiters(k, key)
    if any(not isinstance(wait, (PiWait, RequeueWait)) for _, wait, _ in queue):
        raise LinuxError(errno.EINVAL)
    return queue


def _hand_over(
    memory: GuestMemory, address: int, queue: list[tuple[Task, FutexWait, int]], extra: int
) -> None:
    if not queue:
        memory.set_u32(address, extra)
        return
    heir, wait, index = queue[0]
    memory.set_u32(address, heir.tid | WAITERS | extra)
    wait.woken = index
    for _, other, _ in queue[1:]:
        if isinstance(other, (PiWait, RequeueWait)):
            other.holder = heir.tid


def release_pi_futexes(k: Kernel, task: Task) -> None:
    """The PI words that the dying task owns and others wait for go to those.

    The word itself may say something else: musl marks it before the thread ends.
    """
    for other in list(k.state.tasks.values()):
        wait = other.wait
        if not isinstance(wait, (PiWait, RequeueWait)) or wait.woken >= 0 or other is task:
            continue
        word, memory = wait.words[0], k.maps[other.process.pid].memory
        try:
            if word.address and wait.holder == task.tid:
                queue = [entry for entry in _pi_waiters(k, (word.owner, word.offset)) if entry[0] is not task]
                _hand_over(memory, word.address, queue, OWNER_DIED)
        except LinuxError:
            continue


# -- robust lists -------------------------------------------------------------------------------------


def release_robust_list(k: Kernel, task: Task) -> None:
    """Mark the robust mutexes that the dying task holds; a corrupt list is left where it stops making sense."""
    head, _ = task.robust_list
    if not head:
        return
    mem = k.mem
    try:
        entry, offset, pending = struct.unpack("<QqQ", mem.read(head, 24))
        for _ in range(_ROBUST_LIST_LIMIT):
            if entry & ~1 == head:
                break
            following = mem.u64(entry & ~1)
            if entry & ~1 != pending & ~1:
                _release_robust(k, task, (entry & ~1) + offset, is_pi=bool(entry & 1))
            entry = following
        if pending:
            _release_robust(k, task, (pending & ~1) + offset, is_pi=bool(pending & 1), pending=True)
    except LinuxError:
        pass


def _release_robust(k: Kernel, task: Task, address: int, *, is_pi: bool, pending: bool = False) -> None:
    value = k.mem.u32(address)
    if pending and not is_pi and not value:
        # It died between unlocking the word and waking who waits for it.
        wake_futex(k, *k.mm.futex_key(address, private=False), 1)
    elif value & TID_MASK == task.tid:
        k.mem.set_u32(address, value & WAITERS | OWNER_DIED)
        if value & WAITERS and not is_pi:
            wake_futex(k, *k.mm.futex_key(address, private=False), 1)
