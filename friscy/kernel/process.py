"""Life of processes and tasks: the first one, exit, and what that means for parents and children."""

from __future__ import annotations

from typing import TYPE_CHECKING

from friscy.kernel import short, signals, timers
from friscy.kernel.credentials import ALL_CAPABILITIES, update_filesystem_ids
from friscy.kernel.fdtable import FdTable
from friscy.kernel.futex import release_pi_futexes, release_robust_list, wake_futex
from friscy.kernel.ipc import segments, semaphores
from friscy.kernel.memory.areas import Mm
from friscy.kernel.state import DEAD, Process, ProcessCredentials, SigInfo, Task
from friscy.kernel.sysctl import sysctl
from friscy.kernel.terminal import jobs
from friscy.machine.layout import HART_COUNT
from lazyfs.errors import LinuxError
from lazyfs.inode import FsContext, Location

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel


def allocate_pid(k: Kernel) -> int:
    """The next process or thread id that is not in use."""
    state = k.state
    pid, greatest = state.last_pid, sysctl(k, "kernel/pid_max") - 1
    while True:
        pid = pid + 1 if pid < greatest else 300
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
    leave_memory(k, task)
    k.vfs.cancel_open(process.fs)
    task.state, task.wait, task.deadline = DEAD, None, None
    process.cpu_ns += timers.thread_cpu_ns(k, task)  # the slice it ends in counts too
    process.tasks.remove(task.tid)
    k.state.tasks.pop(task.tid, None)


def leave_memory(k: Kernel, task: Task) -> None:
    """The current task ends or runs another program: tell who waits for what it holds, and for itself."""
    release_pi_futexes(k, task)  # first: the robust list would take the owner's id out of the words
    release_robust_list(k, task)
    if task.clear_child_tid and memory_users(k, task.process) > 1:
        try:
            k.mem.set_u32(task.clear_child_tid, 0)
            wake_futex(k, *k.mm.futex_key(task.clear_child_tid, private=False), 1)
        except LinuxError:
            pass


def memory_users(k: Kernel, process: Process) -> int:
    """How many tasks run in the memory of `process`."""
    return sum(task.process.mm is process.mm for task in k.state.tasks.values())


def free_hart(k: Kernel, process: Process) -> int:
    """The number of a hart for a new task in the memory of `process`.

    There are HART_COUNT in a memory; threads beyond that share the last, whose state is saved at a switch.
    """
    used = {task.hart for task in k.state.tasks.values() if task.process.mm is process.mm}
    return next((index for index in range(HART_COUNT - 1) if index not in used), HART_COUNT - 1)


def end_other_tasks(k: Kernel, task: Task) -> None:
    """execve(2) in one thread ends all the others and makes it the leader."""
    process = task.process
    for tid in list(process.tasks):
        if tid != task.tid:
            end_task(k, k.state.tasks[tid])
    if k.task is not task:
        k.switch_to(task)
    if task.tid != process.pid:
        del k.state.tasks[task.tid]
        task.tid = process.pid
        k.state.tasks[task.tid] = task
        process.tasks[:] = [task.tid]


def own_memory(k: Kernel, task: Task) -> None:
    """execve(2) starts from an empty memory: a fresh one where another process runs in this one."""
    process = task.process
    process.peak = max(process.peak, process.mm.peak)
    shared = any(other.mm is process.mm for other in living(k) if other is not process)
    if shared:
        space = k.fresh_space()
        k.detach(process)
        process.mm, task.hart, task.saved = Mm(), 0, None
        k.attach(process, space)
        k.switch_to(task)
    else:
        space_map = k.maps[process.pid]
        space_map.clear()
        process.mm = space_map.mm = Mm()
    finish_vfork(k, process)


def own_files(k: Kernel, process: Process) -> None:
    """Give a process a descriptor table of its own where it shared one (CLONE_FILES)."""
    if any(other.files is process.files for other in living(k) if other is not process):
        process.files = process.files.copy()
        short.load(k)


def finish_vfork(k: Kernel, process: Process) -> None:
    """The parent that waits in vfork(2) may go on."""
    process.vfork_parent = 0


def living(k: Kernel) -> list[Process]:
    """The processes that have not ended."""
    return [process for process in k.state.processes.values() if process.exit_status is None]


def end_process(k: Kernel, process: Process, status: int) -> None:
    """Make a zombie of a process. status: a wait(2) word, exit code << 8 or the signal that killed it."""
    if process.exit_status is not None:
        return
    signal = status & 0x7F
    if signal and signals.dumps_core(process, signal):
        status |= signals.CORE_DUMPED
    if k.task.process is process:
        k.hart.interrupt()
    for tid in list(process.tasks):
        end_task(k, k.state.tasks[tid])
    process.exit_status = status
    if k.tracer is not None:
        k.tracer.exited(k, process, status)
    process.stopped = process.news = 0
    process.itimers.clear()
    timers.forget_all(k, process)
    if not any(other.files is process.files for other in living(k)):
        process.files.close_all(k)
    process.files = FdTable()
    if k.state.devices is not None:
        k.state.devices.locks.release_ranges(process)
    if k.state.ipc is not None:
        semaphores.end_process(k, process)
        segments.end_process(k, process)
    finish_vfork(k, process)
    if process.pid in k.spaces:
        k.detach(process)
    process.peak = max(process.peak, process.mm.peak)
    process.mm = Mm()
    k.calls += 1
    k.changes += 1
    if process.pid == 1:
        k.state.exit_status = exit_code(status)
        for other in living(k):
            end_process(k, other, signals.SIGKILL)
        return
    jobs.leave_session(k, process)
    _reparent_children(k, process)
    notify_parent(k, process)


def _reparent_children(k: Kernel, process: Process) -> None:
    """Orphans get the nearest subreaper, or process 1, for a parent."""
    children = [child for child in k.state.processes.values() if child.ppid == process.pid]
    if not children:
        return
    reaper = k.state.processes.get(process.ppid)
    while (
        reaper is not None and reaper.pid != 1 and not (reaper.child_subreaper and reaper.exit_status is None)
    ):
        reaper = k.state.processes.get(reaper.ppid)
    for child in children:
        child.ppid = reaper.pid if reaper is not None else 1
        if child.exit_status is None:
            if child.death_signal:
                k.post_signal(child, child.death_signal)
        else:
            child.exit_signal = signals.SIGCHLD
            notify_parent(k, child)


CLD_EXITED, CLD_KILLED, CLD_DUMPED, CLD_TRAPPED, CLD_STOPPED, CLD_CONTINUED = range(1, 7)


def child_news(status: int) -> tuple[int, int]:
    """(si_code, si_status) of a child that ended with a wait(2) status word."""
    signal = status & 0x7F
    if not signal:
        return CLD_EXITED, status >> 8 & 0xFF
    return CLD_DUMPED if status & signals.CORE_DUMPED else CLD_KILLED, signal


def notify_parent(k: Kernel, process: Process) -> None:
    """Tell the parent of a process that ended; a parent that does not care has no zombies."""
    parent = k.state.processes.get(process.ppid)
    if parent is None or parent.exit_status is not None:
        reap(k, process)
        return
    assert process.exit_status is not None
    code, value = child_news(process.exit_status)
    cpu_ns = process.cpu_ns
    info = SigInfo(
        process.exit_signal, code, process.pid, process.credentials.uid, status=value, cpu_ns=cpu_ns
    )
    action = signals.action_of(parent, signals.SIGCHLD)
    if process.exit_signal == signals.SIGCHLD and (
        action.handler == signals.SIG_IGN or action.flags & signals.SA_NOCLDWAIT
    ):
        reap(k, process)
    if 0 < process.exit_signal <= signals.NSIG:  # clone(2) takes any number
        signals.post(k, parent, info)


def reap(k: Kernel, process: Process) -> None:
    """Forget a process that ended: its parent knows."""
    k.state.processes.pop(process.pid, None)


def exit_code(status: int) -> int:
    """The shell's number for a wait(2) status word: the exit code, or 128 + the signal."""
    signal = status & 0x7F
    return 128 + signal if signal else status >> 8 & 0xFF
