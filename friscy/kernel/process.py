"""Life of processes and tasks: the first one, exit, and the wait(2) status they leave."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from friscy.kernel import signals
from friscy.kernel.credentials import ALL_CAPABILITIES, update_filesystem_ids
from friscy.kernel.fdtable import FdTable
from friscy.kernel.mm import Mm
from friscy.kernel.state import DEAD, Process, ProcessCredentials, Task
from friscy.kernel.wait import FutexWait
from lazyfs.errors import LinuxError
from lazyfs.inode import FsContext, Location

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel

PID_MAX = 4_194_304
_FUTEX_OWNER_DIED, _FUTEX_WAITERS, _FUTEX_TID_MASK = 0x4000_0000, 0x8000_0000, 0x3FFF_FFFF
_ROBUST_LIST_LIMIT = 2048


def allocate_pid(k: Kernel) -> int:
    """The next process or thread id that is not in use."""
    state = k.state
    pid = state.last_pid
    while True:
        pid = pid + 1 if pid < PID_MAX else 300
        if pid not in state.tasks and pid not in state.processes:
            state.last_pid = pid
            return pid


def spawn_init(
    k: Kernel,
    path: bytes,
    argv: list[bytes],
    envp: list[bytes],
    root: Location,
    files: FdTable | None,
    cwd: bytes,
    uid: int,
    gid: int,
    groups: tuple[int, ...],
) -> Task:
    """See Kernel.spawn_init."""
    from friscy.kernel.exec import execute

    pid = allocate_pid(k)
    context = FsContext(root, root)
    ids = ProcessCredentials(
        uid, uid, uid, uid, gid, gid, gid, gid, list(groups), cap_bounding=ALL_CAPABILITIES
    )
    process = Process(pid, 0, pid, pid, Mm(), files or FdTable(), context, ids, start_ns=k.monotonic_ns())
    update_filesystem_ids(process)
    context.cwd = k.vfs.lookup(context, cwd, want_directory=True)
    task = Task(pid, process, 0)
    process.tasks.append(pid)
    k.state.processes[pid] = process
    k.state.tasks[pid] = task
    k.attach(process, k.new_space(k))
    k.switch_to(task)
    try:
        execute(k, task, path, argv, envp)
    except LinuxError:
        del k.state.processes[pid], k.state.tasks[pid], k.spaces[pid], k.maps[pid]
        raise
    return task


def end_task(k: Kernel, task: Task) -> None:
    """exit(2) of one thread: robust futexes, the tid that pthread_join waits for."""
    process = task.process
    if k.task is not task:
        k.switch_to(task)
    _release_robust_list(k, task)
    if task.clear_child_tid:
        try:
            k.mem.set_u32(task.clear_child_tid, 0)
            wake_futex(k, process, task.clear_child_tid, 1)
        except LinuxError:
            pass
    task.state, task.wait, task.deadline = DEAD, None, None
    process.cpu_ns += task.cpu_ns
    process.tasks.remove(task.tid)
    k.state.tasks.pop(task.tid, None)


def end_other_tasks(k: Kernel, task: Task) -> None:
    """execve(2) in one thread ends all the others."""
    for tid in list(task.process.tasks):
        if tid != task.tid:
            end_task(k, k.state.tasks[tid])
    if k.task is not task:
        k.switch_to(task)


def end_process(k: Kernel, process: Process, status: int) -> None:
    """Make a zombie of a process. status: a wait(2) word, exit code << 8 or the signal that killed it."""
    if process.exit_status is not None:
        return
    signal = status & 0x7F
    if signal and signals.dumps_core(signal):
        status |= signals.CORE_DUMPED
    if k.task.process is process:
        k.hart.interrupt()
    for tid in list(process.tasks):
        end_task(k, k.state.tasks[tid])
    process.exit_status = status
    if k.tracer is not None:
        k.tracer.exited(k, process, status)
    k.maps[process.pid].clear()
    process.files.close_all(k)
    process.alarm_at = 0
    if process.pid == 1:
        k.state.exit_status = exit_code(status)


def exit_code(status: int) -> int:
    """The shell's number for a wait(2) status word: the exit code, or 128 + the signal."""
    signal = status & 0x7F
    return 128 + signal if signal else status >> 8 & 0xFF


def wake_futex(k: Kernel, process: Process, address: int, count: int, bitset: int = 0xFFFF_FFFF) -> int:
    """Wake up to `count` tasks that wait on a futex word; how many."""
    woken = 0
    for task in k.state.tasks.values():
        if woken >= count:
            break
        wait = task.wait
        if (
            task.process is process
            and isinstance(wait, FutexWait)
            and wait.address == address
            and wait.bitset & bitset
            and not wait.woken
        ):
            wait.woken = True
            woken += 1
    return woken


def _release_robust_list(k: Kernel, task: Task) -> None:
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
            if entry != pending:
                _release_robust(k, task, (entry & ~1) + offset)
            entry = following
        if pending:
            _release_robust(k, task, (pending & ~1) + offset)
    except LinuxError:
        pass


def _release_robust(k: Kernel, task: Task, address: int) -> None:
    value = k.mem.u32(address)
    if value & _FUTEX_TID_MASK == task.tid:
        k.mem.set_u32(address, value & _FUTEX_WAITERS | _FUTEX_OWNER_DIED)
        if value & _FUTEX_WAITERS:
            wake_futex(k, task.process, address, 1)
