"""System calls of signals."""

from __future__ import annotations

import errno
import struct
from typing import TYPE_CHECKING, ClassVar, NoReturn

from friscy.kernel import signals
from friscy.kernel.kernel import NoResult
from friscy.kernel.signals import NSIG, SIGKILL, SIGSTOP
from friscy.kernel.state import DEAD, Process, SigAction, SigInfo, Task
from friscy.kernel.table import syscall
from friscy.kernel.wait import Blocked, Forever, Wait
from friscy.machine.hart import SP
from lazyfs.errors import LinuxError

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel

_ACTION = struct.Struct("<3Q")
_STACK = struct.Struct("<QI4xQ")
_SIG_BLOCK, _SIG_UNBLOCK, _SIG_SETMASK = 0, 1, 2
_CAP_KILL = 5


def _check_size(size: int) -> None:
    if size != 8:
        raise LinuxError(errno.EINVAL)


@syscall(134, "rt_sigaction", "signal act:sigaction oldact:out_sigaction size -> int")
def sys_rt_sigaction(k: Kernel, task: Task, signal: int, new: int, old: int, size: int) -> int:
    """rt_sigaction(2). EINVAL: no such signal, or a handler for SIGKILL or SIGSTOP."""
    _check_size(size)
    if not 1 <= signal <= NSIG or (new and signal in (SIGKILL, SIGSTOP)):
        raise LinuxError(errno.EINVAL)
    process = task.process
    action = None
    if new:
        handler, flags, mask = _ACTION.unpack(k.mem.read(new, _ACTION.size))
        action = SigAction(handler, flags & signals.SA_SUPPORTED, mask & ~signals.UNBLOCKABLE)
    if old:
        known = signals.action_of(process, signal)
        k.mem.write(old, _ACTION.pack(known.handler, known.flags, known.mask))
    if action is not None:
        process.actions[signal] = action
        if signals.is_ignored(process, signal):
            for queue in (process.pending, *(k.state.tasks[tid].pending for tid in process.tasks)):
                queue[:] = [info for info in queue if info.signal != signal]
    return 0


@syscall(135, "rt_sigprocmask", "how:sig_how set:sigset oldset:out_sigset size -> int")
def sys_rt_sigprocmask(k: Kernel, task: Task, how: int, new: int, old: int, size: int) -> int:
    """rt_sigprocmask(2)."""
    _check_size(size)
    before = task.blocked_signals
    if new:
        mask = k.mem.u64(new)
        if how not in (_SIG_BLOCK, _SIG_UNBLOCK, _SIG_SETMASK):
            raise LinuxError(errno.EINVAL)
        if how == _SIG_BLOCK:
            mask |= before
        elif how == _SIG_UNBLOCK:
            mask = before & ~mask
        signals.set_mask(k, task, mask)
    if old:
        k.mem.set_u64(old, before)
    return 0


@syscall(136, "rt_sigpending", "set:out_sigset size -> int")
def sys_rt_sigpending(k: Kernel, task: Task, address: int, size: int) -> int:
    """rt_sigpending(2)."""
    if size > 8:
        raise LinuxError(errno.EINVAL)
    mask = signals.pending_set(task) & task.blocked_signals
    k.mem.write(address, mask.to_bytes(8, "little")[:size])
    return 0


class SignalWait(Wait):
    """rt_sigtimedwait(2): until one of the sigset `wanted` is queued."""

    on_signal: ClassVar[str] = "eintr"
    exact: ClassVar[bool] = True
    wanted: int

    def ready(self, k: Kernel, task: Task) -> bool:
        return bool(signals.pending_set(task) & self.wanted)


@syscall(137, "rt_sigtimedwait", "set:sigset info:out_siginfo timeout:timespec size -> int")
def sys_rt_sigtimedwait(k: Kernel, task: Task, wanted: int, info: int, timeout: int, size: int) -> int:
    """rt_sigtimedwait(2): the signal's number. EAGAIN: the time is over."""
    _check_size(size)
    mask = k.mem.u64(wanted) & ~signals.UNBLOCKABLE
    timeout_ns = k.read_timespec(timeout) if timeout else None
    got = signals.take(k, task, mask)
    if got is not None:
        if info:
            k.mem.write(info, signals.pack_siginfo(got))
        return got.signal
    k.deadline_after(task, timeout_ns)
    if k.expired(task):
        raise LinuxError(errno.EAGAIN)
    raise Blocked(SignalWait(mask))


@syscall(133, "rt_sigsuspend", "set:sigset size -> int")
def sys_rt_sigsuspend(k: Kernel, task: Task, address: int, size: int) -> NoReturn:
    """rt_sigsuspend(2): wait for a handler to run with another mask; always EINTR."""
    _check_size(size)
    signals.use_mask(k, task, k.mem.u64(address))
    raise Blocked(Forever())


@syscall(139, "rt_sigreturn", "-> none")
def sys_rt_sigreturn(k: Kernel, task: Task) -> NoReturn:
    """rt_sigreturn(2): leave a signal handler."""
    signals.return_from_handler(k, task)
    raise NoResult


@syscall(132, "sigaltstack", "ss:stack old:out_stack -> int")
def sys_sigaltstack(k: Kernel, task: Task, new: int, old: int) -> int:
    """sigaltstack(2). EPERM: it is in use; ENOMEM: below MINSIGSTKSZ."""
    current = signals.current_altstack(task, k.hart.x(SP))
    if new:
        sp, flags, size = _STACK.unpack(k.mem.read(new, _STACK.size))
        if current[1] & signals.SS_ONSTACK:
            raise LinuxError(errno.EPERM)
        # SS_ONSTACK alone is what some programs pass; Linux takes it as no flag.
        mode = flags & ~signals.SS_AUTODISARM
        if mode not in (0, signals.SS_ONSTACK, signals.SS_DISABLE):
            raise LinuxError(errno.EINVAL)
        if mode == signals.SS_DISABLE:
            sp = size = 0
        elif size < 2048:
            raise LinuxError(errno.ENOMEM)
        task.altstack = (sp, flags & (signals.SS_DISABLE | signals.SS_AUTODISARM), size)
    if old:
        k.mem.write(old, _STACK.pack(*current))
    return 0


# -- sending ------------------------------------------------------------------------------------------


def _may_signal(sender: Process, target: Process) -> bool:
    mine, theirs = sender.credentials, target.credentials
    if mine.cap_effective >> _CAP_KILL & 1:
        return True
    return bool({mine.uid, mine.euid} & {theirs.uid, theirs.suid})


def _info(task: Task, signal: int, code: int) -> SigInfo:
    return SigInfo(signal, code, task.process.pid, task.process.credentials.uid)


def process_with(k: Kernel, pid: int) -> Process | None:
    """The process that a pid stands for where one is signalled: any of its threads' will do."""
    if pid in k.state.processes:
        return k.state.processes[pid]
    thread = k.state.tasks.get(pid)
    return thread.process if thread is not None else None


@syscall(129, "kill", "pid signal -> int")
def sys_kill(k: Kernel, task: Task, pid: int, signal: int) -> int:
    """kill(2)."""
    if not 0 <= signal <= NSIG:
        raise LinuxError(errno.EINVAL)
    everyone = k.state.processes.values()
    if pid > 0:
        one = process_with(k, pid)
        targets = [] if one is None else [one]
    elif pid == -1:
        targets = [process for process in everyone if process.pid != 1 and process is not task.process]
    else:
        group = task.process.pgid if pid == 0 else -pid
        targets = [process for process in everyone if process.pgid == group]
    if not targets:
        raise LinuxError(errno.ESRCH)
    allowed = [
        process
        for process in targets
        if _may_signal(task.process, process)
        or (signal == signals.SIGCONT and process.sid == task.process.sid)
    ]
    if not allowed:
        raise LinuxError(errno.EPERM)
    for process in allowed if signal else ():
        signals.post(k, process, _info(task, signal, signals.SI_USER))
    return 0


def _send_to_task(k: Kernel, task: Task, tgid: int, tid: int, info: SigInfo) -> int:
    target = k.state.tasks.get(tid)
    if target is None or target.state == DEAD or (tgid > 0 and target.process.pid != tgid):
        raise LinuxError(errno.ESRCH)
    if not _may_signal(task.process, target.process):
        raise LinuxError(errno.EPERM)
    if info.signal:
        signals.post(k, target.process, info, target)
    return 0


@syscall(130, "tkill", "tid:pid signal -> int")
def sys_tkill(k: Kernel, task: Task, tid: int, signal: int) -> int:
    """tkill(2)."""
    if tid <= 0 or not 0 <= signal <= NSIG:
        raise LinuxError(errno.EINVAL)
    return _send_to_task(k, task, 0, tid, _info(task, signal, signals.SI_TKILL))


@syscall(131, "tgkill", "tgid:pid tid:pid signal -> int")
def sys_tgkill(k: Kernel, task: Task, tgid: int, tid: int, signal: int) -> int:
    """tgkill(2)."""
    if tgid <= 0 or tid <= 0 or not 0 <= signal <= NSIG:
        raise LinuxError(errno.EINVAL)
    return _send_to_task(k, task, tgid, tid, _info(task, signal, signals.SI_TKILL))


def _read_info(k: Kernel, task: Task, signal: int, address: int, target: int) -> SigInfo:
    """The siginfo_t that a task makes up for the thread `target`."""
    info = signals.unpack_siginfo(k.mem.read(address, 128))
    info.signal = signal
    if not 0 <= signal <= NSIG:
        raise LinuxError(errno.EINVAL)
    # Only the kernel and kill may claim to be the kernel or kill, except to oneself.
    if (info.code >= 0 or info.code == signals.SI_TKILL) and target != task.tid:
        raise LinuxError(errno.EPERM)
    return info


@syscall(138, "rt_sigqueueinfo", "pid signal info:siginfo -> int")
def sys_rt_sigqueueinfo(k: Kernel, task: Task, pid: int, signal: int, address: int) -> int:
    """rt_sigqueueinfo(2), below sigqueue(3)."""
    info = _read_info(k, task, signal, address, pid)
    process = process_with(k, pid)
    if process is None:
        raise LinuxError(errno.ESRCH)
    if not _may_signal(task.process, process):
        raise LinuxError(errno.EPERM)
    if signal:
        signals.post(k, process, info)
    return 0


@syscall(240, "rt_tgsigqueueinfo", "tgid:pid tid:pid signal info:siginfo -> int")
def sys_rt_tgsigqueueinfo(k: Kernel, task: Task, tgid: int, tid: int, signal: int, address: int) -> int:
    """rt_tgsigqueueinfo(2), below pthread_sigqueue(3)."""
    if tgid <= 0 or tid <= 0:
        raise LinuxError(errno.EINVAL)
    return _send_to_task(k, task, tgid, tid, _read_info(k, task, signal, address, tid))
