"""clone(2): making processes and threads.

A process gets a memory of its own into which the touched pages of its parent are copied, unless it shares its
parent's (CLONE_VM: vfork(2), posix_spawn(3)); then it is one more hart there, as a thread is.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, ClassVar

from friscy.kernel.process import allocate_pid, free_hart
from friscy.kernel.state import RLIMIT_NPROC, Process, SigAction, Task
from friscy.kernel.wait import Blocked, Wait
from friscy.machine.hart import A0, SP, TP
from lazyfs.errors import LinuxError
from lazyfs.inode import FsContext

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import ProcessCredentials

CSIGNAL = 0xFF
CLONE_VM, CLONE_FS, CLONE_FILES, CLONE_SIGHAND, CLONE_PIDFD = 0x100, 0x200, 0x400, 0x800, 0x1000
CLONE_PTRACE, CLONE_VFORK, CLONE_PARENT, CLONE_THREAD, CLONE_NEWNS = 0x2000, 0x4000, 0x8000, 0x10000, 0x20000
CLONE_SYSVSEM, CLONE_SETTLS, CLONE_PARENT_SETTID, CLONE_CHILD_CLEARTID = 0x40000, 0x80000, 0x100000, 0x200000
CLONE_DETACHED, CLONE_UNTRACED, CLONE_CHILD_SETTID = 0x400000, 0x800000, 0x1000000
CLONE_CLEAR_SIGHAND, CLONE_INTO_CGROUP = 0x1_0000_0000, 0x2_0000_0000
# NEWTIME and NEWCGROUP .. NEWNET
_NAMESPACES = CLONE_NEWNS | 0x80 | 0x7E00_0000
_CAP_SYS_RESOURCE = 24


class VforkWait(Wait):
    """Until the child `pid` of vfork(2) has ended or runs another program."""

    on_signal: ClassVar[str] = "never"
    exact: ClassVar[bool] = True

    child: Process

    def ready(self, k: Kernel, task: Task) -> bool:
        return self.child.vfork_parent != task.tid


class CloneArguments:
    """What clone(2) and clone3(2) ask for. stack: the new stack pointer, 0 for the caller's."""

    __slots__ = ("child_tid", "exit_signal", "flags", "parent_tid", "pidfd", "stack", "tls")

    def __init__(
        self,
        flags: int,
        stack: int,
        parent_tid: int,
        tls: int,
        child_tid: int,
        exit_signal: int,
        pidfd: int = 0,
    ) -> None:
        self.flags, self.stack, self.parent_tid, self.tls = flags, stack, parent_tid, tls
        self.child_tid, self.exit_signal, self.pidfd = child_tid, exit_signal, pidfd


def clone(k: Kernel, task: Task, wanted: CloneArguments) -> int:
    """The new task's id. EINVAL: flags that exclude each other. EPERM: namespaces. EAGAIN: no room."""
    if isinstance(task.wait, VforkWait):  # run again
        if not task.wait.ready(k, task):
            raise Blocked(task.wait)
        return task.wait.child.pid
    flags = wanted.flags
    _check(k, task, flags)
    child = _new_thread(k, task) if flags & CLONE_THREAD else _new_process(k, task, flags, wanted.exit_signal)
    try:
        _write_ids(k, task, child, wanted)
    except LinuxError:
        _forget(k, child)
        raise
    hart = k.spaces[child.process.pid].hart(child.hart)
    state = bytearray(k.hart.save())
    if child.saved is None:
        hart.load(bytes(state))
    else:  # more threads than harts: set it up where the parent is, and take that back
        hart = k.hart
    hart.clear_interrupt()
    hart.pc = k.hart.pc + 4
    hart.set_x(A0, 0)
    if wanted.stack:
        hart.set_x(SP, wanted.stack)
    if flags & CLONE_SETTLS:
        hart.set_x(TP, wanted.tls)
    hart.drop_reservation()
    if child.saved is not None:
        child.saved = hart.save()
        hart.load(bytes(state))
    if flags & CLONE_VFORK:
        child.process.vfork_parent = task.tid
        raise Blocked(VforkWait(child.process))
    # The parent goes on until its time is over, unless it waits: no need to switch now. It may have had no end.
    k.ticker.watch(k)
    return child.tid


def _check(k: Kernel, task: Task, flags: int) -> None:
    if (
        (flags & CLONE_SIGHAND and not flags & CLONE_VM)
        or (flags & CLONE_THREAD and not flags & CLONE_SIGHAND)
        or (flags & CLONE_NEWNS and flags & CLONE_FS)
        or (flags & CLONE_SIGHAND and flags & CLONE_CLEAR_SIGHAND)
        or (flags & CLONE_PIDFD and flags & (CLONE_THREAD | CLONE_DETACHED))
        or (flags & CLONE_PARENT and task.process.pid == 1)
    ):
        raise LinuxError(errno.EINVAL)
    if flags & (_NAMESPACES | CLONE_INTO_CGROUP):
        raise LinuxError(errno.EPERM)
    if k.task_limit is not None and len(k.state.tasks) >= k.task_limit:
        k.log_once(f"the limit of {k.task_limit} processes is reached: clone fails with EAGAIN")
        raise LinuxError(errno.EAGAIN)
    process = task.process
    limit = process.limits[RLIMIT_NPROC][0]
    if limit < 1 << 22 and not process.credentials.cap_effective >> _CAP_SYS_RESOURCE & 1:
        uid = process.credentials.uid
        if sum(other.process.credentials.uid == uid for other in k.state.tasks.values()) >= limit:
            raise LinuxError(errno.EAGAIN)


def _new_thread(k: Kernel, task: Task) -> Task:
    process = task.process
    child = Task(allocate_pid(k), process, free_hart(k, process))
    _inherit(k, task, child)
    process.tasks.append(child.tid)
    return child


def _new_process(k: Kernel, task: Task, flags: int, exit_signal: int) -> Task:
    parent = task.process
    pid = allocate_pid(k)
    space = None if flags & CLONE_VM else k.fresh_space()
    sibling = flags & CLONE_PARENT
    process = Process(
        pid,
        parent.ppid if sibling else parent.pid,
        parent.pgid,
        parent.sid,
        parent.mm if flags & CLONE_VM else parent.mm.copy(),
        parent.files if flags & CLONE_FILES else parent.files.copy(),
        parent.fs if flags & CLONE_FS else _copy_context(parent.fs),
        _copy(parent.credentials),
        actions=_actions(parent, flags),
        limits=dict(parent.limits),
        comm=task.comm or parent.comm,
        exe=parent.exe,
        cmdline=parent.cmdline,
        environ=parent.environ,
        auxv=parent.auxv,
        start_ns=k.monotonic_ns(),
        dumpable=parent.dumpable,
        no_huge_pages=parent.no_huge_pages,
        io_priority=parent.io_priority,
        oom_score_adj=parent.oom_score_adj,
        personality=parent.personality,
        sigreturn=parent.sigreturn,
        exit_signal=parent.exit_signal if sibling else exit_signal,
        membarrier=parent.membarrier,
    )
    child = Task(pid, process, 0)
    if space is None:
        child.hart = free_hart(k, parent)
        k.share_memory(process, parent)
    else:
        k.attach(process, space)
        k.mm.fork_into(k.maps[pid])
    process.tasks.append(pid)
    k.state.processes[pid] = process
    _inherit(k, task, child)
    # A child in its parent's memory starts without the alternate stack, except in vfork(2).
    if flags & CLONE_VM and not flags & CLONE_VFORK:
        child.altstack = (0, 2, 0)
    else:
        child.altstack = task.altstack
    if not flags & CLONE_VM:
        child.rseq = task.rseq
        child.faults = dict(task.faults)  # the frames of its handlers are in its memory, too
    return child


def _inherit(k: Kernel, task: Task, child: Task) -> None:
    child.blocked_signals = task.saved_mask if task.saved_mask is not None else task.blocked_signals
    child.comm = task.comm or task.process.comm
    child.timer_slack = child.default_slack = task.timer_slack
    child.fair_ns = task.fair_ns
    child.policy, child.nice = task.policy, max(task.nice, 0) if task.reset_on_fork else task.nice
    shared = [
        other
        for other in k.state.tasks.values()
        if other.process.mm is child.process.mm and other.hart == child.hart
    ]
    if shared:
        child.saved = b""  # its hart is another's now: see `clone`
    k.state.tasks[child.tid] = child


def _actions(parent: Process, flags: int) -> dict[int, SigAction]:
    if flags & CLONE_SIGHAND:
        return parent.actions
    if flags & CLONE_CLEAR_SIGHAND:
        return {n: SigAction(1) for n, action in parent.actions.items() if action.handler == 1}
    return {n: SigAction(a.handler, a.flags, a.mask) for n, a in parent.actions.items()}


def _copy_context(context: FsContext) -> FsContext:
    return FsContext(context.root, context.cwd, context.umask, context.credentials)


def _copy(record: ProcessCredentials) -> ProcessCredentials:
    values = record.fields()
    values["groups"] = list(record.groups)
    return type(record)(**values)


def _write_ids(k: Kernel, task: Task, child: Task, wanted: CloneArguments) -> None:
    flags = wanted.flags
    if flags & CLONE_PARENT_SETTID:
        k.mem.set_u32(wanted.parent_tid, child.tid)
    if flags & CLONE_CHILD_CLEARTID:
        child.clear_child_tid = wanted.child_tid
    if flags & CLONE_CHILD_SETTID:
        k.maps[child.process.pid].memory.set_u32(wanted.child_tid, child.tid)
    if flags & CLONE_PIDFD:
        from friscy.kernel.events.pidfd import open_pidfd

        k.mem.check(wanted.pidfd, 4, write=True)
        k.mem.set_u32(wanted.pidfd, open_pidfd(k, task, child.process, 0))


def _forget(k: Kernel, child: Task) -> None:
    process = child.process
    process.tasks.remove(child.tid)
    del k.state.tasks[child.tid]
    if not process.tasks:
        del k.state.processes[process.pid]
        if process.files is not k.task.process.files:
            process.files.close_all(k)
        k.detach(process)
