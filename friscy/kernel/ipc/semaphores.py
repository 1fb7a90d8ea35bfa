"""System V semaphore sets: semget(2), semop(2), semctl(2), and what SEM_UNDO undoes when a process ends."""

from __future__ import annotations

import errno
import struct
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from friscy.kernel.ipc.table import (
    IPC_INFO,
    IPC_NOWAIT,
    IPC_RMID,
    IPC_SET,
    IPC_STAT,
    PERM_BYTES,
    READ,
    WRITE,
    IpcObject,
    check_owner,
    get,
    ipc,
    permit,
    seconds,
    set_perm,
)
from friscy.kernel.table import syscall
from friscy.kernel.wait import Blocked, Wait
from lazyfs.errors import LinuxError
from lazyfs.plain import default

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Process, Task

GETPID, GETVAL, GETALL, GETNCNT, GETZCNT, SETVAL, SETALL = range(11, 18)
SEM_STAT, SEM_INFO, SEM_STAT_ANY = 18, 19, 20
SEM_UNDO = 0x1000
SEMMSL, SEMOPM, SEMMNI, SEMVMX = 32000, 500, 32000, 32767
SEMMNS, SEMUSZ = SEMMNI * SEMMSL, 20
_DS_TAIL = struct.Struct("<qqQ16x")
_DS_BYTES = PERM_BYTES + _DS_TAIL.size
_SEMBUF = struct.Struct("<Hhh")
_INFO = struct.Struct("<10i")


class Operation(NamedTuple):
    """struct sembuf."""

    number: int
    change: int
    flags: int


class SemaphoreSet(IpcObject):
    """values, pids: of each semaphore, its value and who changed it last. undo: by pid, what its end is to add."""

    values: list[int] = default(list)
    pids: list[int] = default(list)
    undo: dict[int, list[int]] = default(dict)
    operation_time: int = 0

    def obstacle(self, operations: list[Operation]) -> Operation | None:
        """The first operation that would have to wait. ERANGE: a value above SEMVMX."""
        values = dict[int, int]()
        for operation in operations:
            value = values.get(operation.number, self.values[operation.number])
            if operation.change == 0:
                if value:
                    return operation
                continue
            value += operation.change
            if value < 0:
                return operation
            if value > SEMVMX:
                raise LinuxError(errno.ERANGE)
            values[operation.number] = value
        return None

    def apply(self, pid: int, operations: list[Operation]) -> None:
        """Do what has no obstacle. ERANGE: too much to undo."""
        undo = list(self.undo.get(pid, [0] * len(self.values)))
        for operation in operations:
            if operation.flags & SEM_UNDO and operation.change:
                undo[operation.number] -= operation.change
                if not -SEMVMX - 1 <= undo[operation.number] <= SEMVMX:
                    raise LinuxError(errno.ERANGE)
        for operation in operations:
            self.values[operation.number] += operation.change
            self.pids[operation.number] = pid
        if any(undo):
            self.undo[pid] = undo
        else:
            self.undo.pop(pid, None)


class SemaphoreWait(Wait):
    """Waits until `operations` (number, change, flags) can be done on a set."""

    on_signal: ClassVar[str] = "eintr"
    semaphores: SemaphoreSet
    operations: list[tuple[int, int, int]]

    def obstacle(self) -> Operation | None:
        """What it still waits for."""
        return self.semaphores.obstacle([Operation(*words) for words in self.operations])

    def ready(self, k: Kernel, task: Task) -> bool:
        """See Wait."""
        try:
            return self.semaphores.removed or self.obstacle() is None
        except LinuxError:
            return True


def end_process(k: Kernel, process: Process) -> None:
    """Undo what a process that ends has done with SEM_UNDO."""
    for found in ipc(k).semaphores:
        for number, change in enumerate(found.undo.pop(process.pid, ())):
            if change:
                found.values[number] = min(max(found.values[number] + change, 0), SEMVMX)
                found.pids[number] = process.pid
                found.operation_time = seconds(k)


@syscall(190, "semget", "key:int nsems:int flags:hex -> int")
def sys_semget(k: Kernel, task: Task, key: int, count: int, flags: int) -> int:
    """semget(2)."""
    table = ipc(k).semaphores
    if not 0 <= count <= SEMMSL:
        raise LinuxError(errno.EINVAL)

    def create(common: dict[str, Any]) -> int:
        if count == 0:
            raise LinuxError(errno.EINVAL)
        return table.add(SemaphoreSet(**common, values=[0] * count, pids=[0] * count), SEMMNI)

    def check(found: SemaphoreSet) -> None:
        if count > len(found.values):
            raise LinuxError(errno.EINVAL)

    return get(k, task, table, key, flags, create, check)


def _operate(k: Kernel, task: Task, ident: int, address: int, count: int, timeout_ns: int | None) -> int:
    if count < 1 or ident < 0:
        raise LinuxError(errno.EINVAL)
    if count > SEMOPM:
        raise LinuxError(errno.E2BIG)
    data = bytes(k.mem.read(address, _SEMBUF.size * count))
    operations = [Operation(*words) for words in _SEMBUF.iter_unpack(data)]
    if isinstance(task.wait, SemaphoreWait) and task.wait.semaphores.removed:
        raise LinuxError(errno.EIDRM)
    found: SemaphoreSet = ipc(k).semaphores.find(ident)
    if any(operation.number >= len(found.values) for operation in operations):
        raise LinuxError(errno.EFBIG)
    permit(task.process, found, WRITE if any(operation.change for operation in operations) else READ)
    obstacle = found.obstacle(operations)
    if obstacle is None:
        found.apply(task.process.pid, operations)
        found.operation_time = seconds(k)
        return 0
    if obstacle.flags & IPC_NOWAIT:
        raise LinuxError(errno.EAGAIN)
    k.deadline_after(task, timeout_ns)
    if k.expired(task):
        raise LinuxError(errno.EAGAIN)
    raise Blocked(SemaphoreWait(found, [(each.number, each.change, each.flags) for each in operations]))


@syscall(193, "semop", "semid:int sops:ptr nsops:size -> int")
def sys_semop(k: Kernel, task: Task, ident: int, address: int, count: int) -> int:
    """semop(2)."""
    return _operate(k, task, ident, address, count, None)


@syscall(192, "semtimedop", "semid:int sops:ptr nsops:size timeout:timespec -> int")
def sys_semtimedop(k: Kernel, task: Task, ident: int, address: int, count: int, timeout: int) -> int:
    """semtimedop(2)."""
    return _operate(k, task, ident, address, count, k.read_timespec(timeout) if timeout else None)


@syscall(191, "semctl", "semid:int semnum:int cmd:int arg:hex -> int")
def sys_semctl(k: Kernel, task: Task, ident: int, number: int, command: int, argument: int) -> int:
    """semctl(2)."""
    table = ipc(k).semaphores
    if ident < 0:
        raise LinuxError(errno.EINVAL)
    if command in (IPC_INFO, SEM_INFO):
        sets = list(table)
        in_use = (len(sets), SEMVMX, sum(len(found.values) for found in sets))
        last = in_use if command == SEM_INFO else (SEMUSZ, SEMVMX, SEMVMX)
        k.mem.write(argument, _INFO.pack(SEMMNS, SEMMNI, SEMMNS, SEMMNS, SEMMSL, SEMOPM, SEMOPM, *last))
        return table.highest()
    if command in (IPC_STAT, SEM_STAT, SEM_STAT_ANY):
        found: SemaphoreSet = table.find(ident) if command == IPC_STAT else table.at(ident)
        if command != SEM_STAT_ANY:
            permit(task.process, found, READ)
        tail = _DS_TAIL.pack(found.operation_time, found.change_time, len(found.values))
        k.mem.write(argument, found.pack_perm() + tail)
        return 0 if command == IPC_STAT else found.id
    if command == IPC_SET:
        perm = bytes(k.mem.read(argument, _DS_BYTES))[:PERM_BYTES]
        found = table.find(ident)
        check_owner(task.process, found)
        set_perm(k, found, perm)
        return 0
    if command == IPC_RMID:
        found = table.find(ident)
        check_owner(task.process, found)
        table.remove(found)
        return 0
    if GETPID <= command <= SETALL:
        return _values(k, task, table.find(ident), number, command, argument)
    raise LinuxError(errno.EINVAL)


def _values(k: Kernel, task: Task, found: SemaphoreSet, number: int, command: int, argument: int) -> int:
    """The commands that look at semaphores or set them."""
    count = len(found.values)
    form = f"<{count}H"
    permit(task.process, found, WRITE if command in (SETVAL, SETALL) else READ)
    if command == GETALL:
        k.mem.write(argument, struct.pack(form, *found.values))
        return 0
    if command == SETALL:
        values = list(struct.unpack(form, k.mem.read(argument, 2 * count)))
        if max(values) > SEMVMX:
            raise LinuxError(errno.ERANGE)
        found.values, found.pids = values, [task.process.pid] * count
        found.undo.clear()
        found.change_time = seconds(k)
        return 0
    value = argument & 0xFFFF_FFFF
    if command == SETVAL and value > SEMVMX:
        raise LinuxError(errno.ERANGE)
    if not 0 <= number < count:
        raise LinuxError(errno.EINVAL)
    if command == GETVAL:
        return found.values[number]
    if command == GETPID:
        return found.pids[number]
    if command == SETVAL:
        found.values[number], found.pids[number] = value, task.process.pid
        for undo in found.undo.values():
            undo[number] = 0
        found.change_time = seconds(k)
        return 0
    waits = [other.wait for other in k.state.tasks.values() if isinstance(other.wait, SemaphoreWait)]
    obstacles = [wait.obstacle() for wait in waits if wait.semaphores is found]
    return sum(
        obstacle is not None and obstacle.number == number and (obstacle.change == 0) == (command == GETZCNT)
        for obstacle in obstacles
    )


def listing(k: Kernel) -> bytes:
    """/proc/sysvipc/sem."""
    lines = [b"       key      semid perms      nsems   uid   gid  cuid  cgid      otime      ctime\n"]
    for found in ipc(k).semaphores:
        lines.append(
            b"%10d %10d  %4o %10d %5d %5d %5d %5d %10d %10d\n"
            % (
                found.key, found.id, found.mode, len(found.values), found.uid, found.gid, found.creator_uid,
                found.creator_gid, found.operation_time, found.change_time,
            )
        )  # fmt: skip
    return b"".join(lines)
