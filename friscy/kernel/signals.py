"""Signals: queueing, default actions, and running handlers through the riscv64 signal frame.

A signal is delivered when its task is about to run: never inside a call. The frame is what
arch/riscv/kernel/signal.c builds: siginfo_t, then struct ucontext with the integer and floating registers, and
`ra` at a trampoline that calls rt_sigreturn.

Gap: process 1 has no immunity against signals without a handler: it dies of them, as `docker run --init` users
expect.
"""

from __future__ import annotations

import errno
import struct
from typing import TYPE_CHECKING

from friscy.kernel import timers
from friscy.kernel.memory.areas import MAP_ANONYMOUS, MAP_PRIVATE
from friscy.kernel.state import CLOCK_TICKS, RLIMIT_CORE, RLIMIT_SIGPENDING, SigAction, SigInfo
from friscy.machine.hart import A0, A1, A2, RA, SP, Hart
from friscy.machine.layout import HART_F, HART_X, PAGE
from friscy.machine.memory import PROT_EXEC, PROT_READ, PROT_WRITE
from lazyfs.errors import LinuxError

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Process, Task

NAMES = (
    "0", "SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS", "SIGFPE", "SIGKILL", "SIGUSR1",
    "SIGSEGV", "SIGUSR2", "SIGPIPE", "SIGALRM", "SIGTERM", "SIGSTKFLT", "SIGCHLD", "SIGCONT", "SIGSTOP", "SIGTSTP",
    "SIGTTIN", "SIGTTOU", "SIGURG", "SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO", "SIGPWR",
    "SIGSYS",
)  # fmt: skip
SIGHUP, SIGINT, SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGKILL = range(1, 10)
SIGSEGV, SIGPIPE, SIGALRM, SIGTERM, SIGCHLD, SIGCONT, SIGSTOP, SIGTSTP = 11, 13, 14, 15, 17, 18, 19, 20
SIGTTIN, SIGTTOU, SIGURG, SIGWINCH, SIGSYS = 21, 22, 23, 28, 31
NSIG = 64

_IGNORED = frozenset((SIGCHLD, SIGCONT, SIGURG, SIGWINCH))
_STOPPING = frozenset((SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU))
_CORE = frozenset((SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, 24, 25, SIGSYS))
SYNCHRONOUS = frozenset((SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV, SIGSYS))
CORE_DUMPED = 0x80

SIG_DFL, SIG_IGN = 0, 1
SA_NOCLDSTOP, SA_NOCLDWAIT, SA_SIGINFO, SA_ONSTACK = 1, 2, 4, 0x0800_0000
SA_RESTART, SA_NODEFER, SA_RESETHAND = 0x1000_0000, 0x4000_0000, 0x8000_0000
SA_SUPPORTED = SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_ONSTACK | SA_RESTART | SA_NODEFER | SA_RESETHAND
SS_ONSTACK, SS_DISABLE, SS_AUTODISARM = 1, 2, 1 << 31
SI_USER, SI_KERNEL, SI_QUEUE, SI_TKILL = 0, 0x80, -1, -6
UNBLOCKABLE = 1 << (SIGKILL - 1) | 1 << (SIGSTOP - 1)

# struct rt_sigframe: siginfo_t (128), then ucontext: flags, link, stack, mask, padding, pc and x1..x31, f, fcsr.
_INFO_BYTES = 128
_UC = struct.Struct("<QQQI4xQQ128x")  # to uc_mcontext, which is aligned to 16
_REGS_OFFSET = _INFO_BYTES + 176
_FP_OFFSET = _REGS_OFFSET + 256
FRAME_BYTES = _FP_OFFSET + 528
# Left free below a stack pointer that may be a caller's: translated code that faulted had its own by value.
_FRAMES_BELOW = 1 << 18
_MOST_FAULTS = 256  # that a task's handlers are known to be busy with: those that jumped out stay until others do
_TRAMPOLINE = struct.pack("<II", 0x08B0_0893, 0x0000_0073)  # li a7, __NR_rt_sigreturn; ecall
_X31 = struct.Struct("<31Q")
_U64, _U32 = struct.Struct("<Q"), struct.Struct("<I")


def name(signal: int) -> str:
    """SIGINT and the like; SIGRT_n for real-time ones."""
    if signal < len(NAMES):
        return NAMES[signal]
    return f"SIGRT_{signal - 32}"


def bit(signal: int) -> int:
    """The signal's bit in a sigset_t."""
    return 1 << (signal - 1)


def action_of(process: Process, signal: int) -> SigAction:
    """The disposition of a signal (a fresh default one where none was set)."""
    return process.actions.get(signal) or SigAction()


def is_ignored(process: Process, signal: int) -> bool:
    handler = action_of(process, signal).handler
    return handler == SIG_IGN or (handler == SIG_DFL and signal in _IGNORED)


def post(k: Kernel, process: Process, info: SigInfo, task: Task | None = None) -> None:
    """Queue a signal for a process, or for one task of it; nothing happens to one that is ignored.

    EAGAIN: it would be one too many (RLIMIT_SIGPENDING), and is of the kind that must not lose what it carries.
    """
    if process.exit_status is not None:
        return
    if process.pid == 1 and info.signal in (SIGKILL, SIGSTOP) and info.pid not in (0, process.pid):
        return  # as in a container: what else runs in it neither ends nor stops its init
    targets = [task] if task is not None else [k.state.tasks[tid] for tid in process.tasks]
    signal = info.signal
    if signal in _STOPPING:
        _unqueue(k, process, frozenset((SIGCONT,)))
    elif signal == SIGCONT:
        from friscy.kernel.terminal.jobs import resume

        _unqueue(k, process, _STOPPING)
        resume(k, process)
    elif signal == SIGKILL:
        process.stopped = process.news = 0
    unheard = is_ignored(process, signal) and not any(t.blocked_signals & bit(signal) for t in targets)
    if unheard and k.tracer is None:  # else it is shown first, as to a debugger, and dropped then
        return
    queue = task.pending if task is not None else process.pending
    if signal <= 31 and any(queued.signal == signal for queued in queue):
        return
    limit = process.limits[RLIMIT_SIGPENDING][0]
    kernels = info.code == SI_KERNEL or (signal < 32 and info.code >= 0) or info.timer is not None
    if limit < 1 << 20 and not kernels and _queued(k, process.credentials.uid) >= limit:
        if signal >= 32 and info.code != SI_USER:
            raise LinuxError(errno.EAGAIN)
        info = SigInfo(signal)  # the signal arrives, without a word of who sent it
        if any(queued.signal == signal for queued in queue):
            return
    queue.append(info)
    k.changes += 1
    k.signal_bell.ring()
    if k.task.process is process:
        k.hart.interrupt()


def _queued(k: Kernel, uid: int) -> int:
    """How many signals wait for processes of a user."""
    mine = [process for process in k.state.processes.values() if process.credentials.uid == uid]
    return sum(
        len(process.pending) + sum(len(k.state.tasks[tid].pending) for tid in process.tasks)
        for process in mine
    )


def _unqueue(k: Kernel, process: Process, signals: frozenset[int]) -> None:
    for queue in (process.pending, *(k.state.tasks[tid].pending for tid in process.tasks)):
        queue[:] = [info for info in queue if info.signal not in signals]


def force(k: Kernel, task: Task, info: SigInfo) -> None:
    """Queue a signal that the task cannot avoid: one that it ignores or blocks gets its default action."""
    actions = task.process.actions
    blocked = task.blocked_signals & bit(info.signal)
    if blocked or action_of(task.process, info.signal).handler == SIG_IGN:
        actions[info.signal] = SigAction()
        task.blocked_signals &= ~bit(info.signal)
    task.pending.insert(0, info)
    k.hart.interrupt()


def pending_set(task: Task) -> int:
    """The signals queued for the task or its process, as a sigset."""
    mask = 0
    for info in (*task.pending, *task.process.pending):
        mask |= bit(info.signal)
    return mask


def interrupts(k: Kernel, task: Task) -> bool:
    """Whether a queued signal must be looked at before the task's call can go on waiting."""
    return bool(pending_set(task) & deliverable(task))


def deliverable(task: Task) -> int:
    """The signals that the task takes now, as a sigset."""
    if task.wait is not None and task.wait.on_signal == "never":
        return bit(SIGKILL)
    if task.process.vfork_parent and action_of(task.process, SIGTSTP).handler == SIG_DFL:
        # Stopped between vfork and exec, it would hold its parent, which could not stop either: a ^Z at that
        # moment would hang the terminal (on Linux it can). The stop waits for the exec.
        return ~(task.blocked_signals | bit(SIGTSTP))
    return ~task.blocked_signals


def take(k: Kernel, task: Task, wanted: int) -> SigInfo | None:
    """Remove and return the next queued signal in the sigset `wanted`.

    The task's own come before those of its process; in each queue synchronous ones first, then by number.
    """
    for queue in (task.pending, task.process.pending):
        waiting = [info for info in queue if wanted & bit(info.signal)]
        if waiting:
            best = min(waiting, key=_rank)
            queue.remove(best)
            if best.timer is not None:
                timers.taken(k, task.process, best)
            return best
    return None


def _rank(info: SigInfo) -> tuple[bool, int]:
    return info.signal not in SYNCHRONOUS, info.signal


def set_mask(k: Kernel, task: Task, mask: int) -> None:
    """Replace the task's signal mask; what becomes deliverable is delivered before the task runs on."""
    task.blocked_signals = mask & ~UNBLOCKABLE
    if (task.pending or task.process.pending) and interrupts(k, task):
        k.hart.interrupt()


def use_mask(k: Kernel, task: Task, mask: int) -> None:
    """For the duration of the current call (ppoll, sigsuspend): wait with this mask. May be called again."""
    if task.saved_mask is None:
        task.saved_mask = task.blocked_signals
    set_mask(k, task, mask)


def deliver(k: Kernel, task: Task) -> None:
    """Act on every deliverable signal of the current task, which is about to run."""
    if task.wait is not None and task.wait.exact and task.wait.ready(k, task):
        return  # the call ends first, and successfully; `Kernel.syscall` comes back here
    while True:
        info = take(k, task, deliverable(task))
        if info is None:
            return
        action = action_of(task.process, info.signal)
        if k.tracer is not None:
            if task.wait is not None:
                k.tracer.interrupted(k, task, task.wait)
            k.tracer.signal(k, task, info)
        if action.handler == SIG_IGN:
            continue
        if action.handler != SIG_DFL:
            _interrupt_call(k, task, action)
            _enter_handler(k, task, info, action)
        elif info.signal in _STOPPING:
            from friscy.kernel.terminal.jobs import is_orphaned, stop

            if info.signal == SIGSTOP or not is_orphaned(k, task.process.pgid):
                stop(k, task.process, info.signal)
                return
        elif info.signal not in _IGNORED:
            from friscy.kernel.process import end_process

            if info.signal in SYNCHRONOUS and info.code > 0:
                from friscy.kernel.fault_report import describe_fault

                k.log(describe_fault(k, info))
            end_process(k, task.process, info.signal)
            return


def _interrupt_call(k: Kernel, task: Task, action: SigAction) -> None:
    """A handler is about to run while the task is inside a blocked call: end the call or leave it to restart."""
    wait = task.wait
    if wait is None:
        return
    restarts = wait.on_signal == "again" or (wait.on_signal == "restart" and action.flags & SA_RESTART)
    if not restarts:
        result = errno.EINTR
        try:
            wait.interrupted(k, task)
        except LinuxError as error:  # where the rest of the time was to go
            result = error.errno
        k.hart.set_x(A0, -result)
        k.hart.pc += 4
    task.wait = task.deadline = None


def _enter_handler(k: Kernel, task: Task, info: SigInfo, action: SigAction) -> None:
    hart, process = k.hart, task.process
    if task.rseq[0]:
        from friscy.kernel.rseq import interrupted

        interrupted(k, task)
    sp = hart.x(SP)
    stack_sp, stack_flags, stack_size = task.altstack
    on_stack = stack_sp <= sp - 1 < stack_sp + stack_size and not stack_flags & SS_AUTODISARM
    if action.flags & SA_ONSTACK and stack_size and not stack_flags & SS_DISABLE and not on_stack:
        sp = stack_sp + stack_size
    elif info.is_behind:
        sp -= _room_for_frames(k, sp)
    frame = (sp - FRAME_BYTES) & ~15
    mask = task.saved_mask if task.saved_mask is not None else task.blocked_signals
    task.saved_mask = None
    try:
        if on_stack and frame < stack_sp:
            raise LinuxError(errno.EFAULT)
        k.mem.write(frame, _frame_bytes(task, hart, info, mask))
        if not process.sigreturn:
            process.sigreturn = k.mm.map(
                0, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, name=b"[vdso]"
            )
            k.mem.write(process.sigreturn, _TRAMPOLINE)
            k.mm.protect(process.sigreturn, process.sigreturn + PAGE, PROT_READ | PROT_EXEC)
    except LinuxError:
        # No room for the frame: Linux kills with SIGSEGV.
        from friscy.kernel.process import end_process

        k.log(f"{process.comm.decode(errors='replace')}: no stack for the handler of {name(info.signal)}")
        end_process(k, process, SIGSEGV)
        return
    task.faults.pop(frame, None)  # a handler that jumped out has left it
    if info.signal in (SIGSEGV, SIGBUS) and info.code > 0:
        task.faults[frame] = info, hart.pc
        if len(task.faults) > _MOST_FAULTS:
            del task.faults[next(iter(task.faults))]
    if stack_flags & SS_AUTODISARM:
        task.altstack = (0, SS_DISABLE, 0)
    hart.set_x(RA, process.sigreturn)
    hart.set_x(SP, frame)
    hart.set_x(A0, info.signal)
    hart.set_x(A1, frame)
    hart.set_x(A2, frame + _INFO_BYTES)
    hart.pc = action.handler
    hart.drop_reservation()
    blocked = task.blocked_signals | action.mask
    if not action.flags & SA_NODEFER:
        blocked |= bit(info.signal)
    task.blocked_signals = blocked & ~UNBLOCKABLE
    if action.flags & SA_RESETHAND:
        process.actions[info.signal] = SigAction(SIG_DFL, action.flags, action.mask)


def _room_for_frames(k: Kernel, sp: int) -> int:
    """How far below a stack pointer that may be a caller's a handler begins, which may jump to what is in between."""
    vma = k.mm.find(sp - 1)
    return min(_FRAMES_BELOW, (sp - vma.start) // 2) if vma is not None else 0


def _frame_bytes(task: Task, hart: Hart, info: SigInfo, mask: int) -> bytes:
    sp, flags, size = current_altstack(task, hart.x(SP))
    context = _UC.pack(0, 0, sp, flags, size, mask)
    registers = _U64.pack(hart.pc) + _X31.pack(*hart.all_x()[1:])
    floats = bytes(hart.view[hart.address + HART_F : hart.address + HART_F + 256]) + _U32.pack(hart.fcsr)
    return (pack_siginfo(info) + context + registers + floats).ljust(FRAME_BYTES, b"\0")


def return_from_handler(k: Kernel, task: Task) -> None:
    """rt_sigreturn(2): take the registers, mask and alternate stack back from the frame at sp."""
    hart = k.hart
    frame = hart.x(SP)
    try:
        if frame % 8:
            raise LinuxError(errno.EFAULT)
        data = k.mem.read(frame, FRAME_BYTES)
    except LinuxError:
        force(k, task, SigInfo(SIGSEGV, SI_KERNEL))
        return
    *_, sp, flags, size, mask = _UC.unpack_from(data, _INFO_BYTES)
    if not flags & SS_ONSTACK:
        task.altstack = (sp, flags & (SS_DISABLE | SS_AUTODISARM), size)
    hart.pc = _U64.unpack_from(data, _REGS_OFFSET)[0]
    x1 = hart.address + HART_X + 8
    hart.view[x1 : x1 + 248] = data[_REGS_OFFSET + 8 : _REGS_OFFSET + 256]
    f0 = hart.address + HART_F
    hart.view[f0 : f0 + 256] = data[_FP_OFFSET : _FP_OFFSET + 256]
    hart.fcsr = _U32.unpack_from(data, _FP_OFFSET + 256)[0] & 0xFF
    set_mask(k, task, mask)
    if frame in task.faults:
        _go_on(k, task, *task.faults.pop(frame))


def _go_on(k: Kernel, task: Task, info: SigInfo, pc: int) -> None:
    """A handler of an access's fault at `pc` has returned: go on, if all registers are known."""
    process = task.process
    if k.hart.pc == pc and action_of(process, info.signal).handler == SIG_DFL:
        if info.is_behind:
            force(k, task, info)  # as it would be when the access is made again
        return
    k.spaces[process.pid].went_on()
    if info.is_behind:
        from friscy.kernel.process import end_process

        k.log(
            f"{process.comm.decode(errors='replace')} (process {process.pid}) killed: its handler of "
            f"{name(info.signal)} returned behind a fault in translated code, which keeps registers for that where "
            'it is built so\n  [bundle.NAME.aot] faults = "precise" (friscy pack: --faults precise) does, '
            "and --engine interpreter runs it as it is."
        )
        end_process(k, process, info.signal)


def current_altstack(task: Task, sp: int) -> tuple[int, int, int]:
    """The alternate stack as sigaltstack(2) reports it: (ss_sp, ss_flags, ss_size)."""
    base, flags, size = task.altstack
    if not size:
        return base, SS_DISABLE | flags & SS_AUTODISARM, size
    if base <= sp - 1 < base + size and not flags & SS_AUTODISARM:
        return base, flags | SS_ONSTACK, size
    return base, flags, size


def pack_siginfo(info: SigInfo) -> bytes:
    """siginfo_t, 128 bytes."""
    if info.raw:
        return struct.pack("<i", info.signal) + info.raw[4:]
    head = struct.pack("<iii4x", info.signal, 0, info.code)
    if info.signal in SYNCHRONOUS and info.code > 0 and info.code != SI_KERNEL:
        body = struct.pack("<Q", info.address)
    elif info.signal == SIGCHLD and info.code > 0:
        ticks = info.cpu_ns * CLOCK_TICKS // 1_000_000_000
        body = struct.pack("<iIi4xqq", info.pid, info.uid, info.status, ticks, 0)
    else:
        body = struct.pack("<iIQ", info.pid, info.uid, info.value & 0xFFFF_FFFF_FFFF_FFFF)
    return (head + body).ljust(_INFO_BYTES, b"\0")


def unpack_siginfo(data: bytes) -> SigInfo:
    """The siginfo_t of rt_sigqueueinfo(2)."""
    signal, _, code, pid, uid, value = struct.unpack_from("<iii4xiIQ", data)
    return SigInfo(signal, code, pid, uid, value, raw=data)


def dumps_core(process: Process, signal: int) -> bool:
    """Whether wait(2) says that a process killed by the signal dumped core (none is written)."""
    return signal in _CORE and process.limits[RLIMIT_CORE][0] > 0 and process.dumpable == 1
