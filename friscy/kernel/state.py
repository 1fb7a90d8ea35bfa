"""Kernel state: everything a snapshot keeps, as plain records reachable from one `KernelState`.

Host handles (wasm memories, host descriptors, the console) are not here but in `friscy.kernel.kernel.Kernel`.
Times are nanoseconds; "monotonic" is the guest's CLOCK_MONOTONIC.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lazyfs.plain import Plain, default

if TYPE_CHECKING:
    from friscy.kernel.fdtable import FdTable
    from friscy.kernel.memory.areas import Mm
    from friscy.kernel.wait import Wait
    from lazyfs.inode import FsContext

RUNNING, BLOCKED, DEAD = "running", "blocked", "dead"

RLIM_INFINITY = (1 << 64) - 1
CLOCK_TICKS = 100  # in a second: the unit of clock_t
(
    RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_DATA, RLIMIT_STACK, RLIMIT_CORE, RLIMIT_RSS, RLIMIT_NPROC, RLIMIT_NOFILE,
    RLIMIT_MEMLOCK, RLIMIT_AS, RLIMIT_LOCKS, RLIMIT_SIGPENDING, RLIMIT_MSGQUEUE, RLIMIT_NICE, RLIMIT_RTPRIO,
    RLIMIT_RTTIME,
) = range(16)  # fmt: skip


def _default_limits() -> dict[int, tuple[int, int]]:
    limits = dict.fromkeys(range(16), (RLIM_INFINITY, RLIM_INFINITY))
    limits[RLIMIT_STACK] = (8 << 20, RLIM_INFINITY)
    limits[RLIMIT_CORE] = (0, RLIM_INFINITY)
    limits[RLIMIT_NOFILE] = (1024, 1048576)
    limits[RLIMIT_MEMLOCK] = (8 << 20, 8 << 20)
    limits[RLIMIT_MSGQUEUE] = (819200, 819200)
    limits[RLIMIT_NICE] = limits[RLIMIT_RTPRIO] = (0, 0)
    return limits


class ProcessCredentials(Plain):
    """User and group ids and capabilities of a process."""

    uid: int = 0
    euid: int = 0
    suid: int = 0
    fsuid: int = 0
    gid: int = 0
    egid: int = 0
    sgid: int = 0
    fsgid: int = 0
    groups: list[int] = default(list)
    cap_effective: int = 0
    cap_permitted: int = 0
    cap_inheritable: int = 0
    cap_bounding: int = 0
    no_new_privs: bool = False
    securebits: int = 0


class SigAction(Plain):
    """struct sigaction as the kernel keeps it: handler 0 is SIG_DFL, 1 SIG_IGN."""

    handler: int = 0
    flags: int = 0
    mask: int = 0


class SigInfo(Plain):
    """A queued signal: `code` is si_code; the rest are those fields of siginfo_t that `code` calls for.

    timer: the timers.PosixTimer that sent it. raw: the siginfo_t that another process made up. is_behind: a fault of
    translated code sent it, at which registers may be older, and the stack pointer as a caller had it.
    """

    signal: int
    code: int = 0
    pid: int = 0
    uid: int = 0
    value: int = 0
    address: int = 0
    status: int = 0
    cpu_ns: int = 0  # of a child
    timer: Any = None
    raw: bytes = b""
    is_behind: bool = False


class Process(Plain):
    """A thread group."""

    pid: int
    ppid: int
    pgid: int
    sid: int
    mm: Mm
    files: FdTable
    fs: FsContext  # root, working directory, umask
    credentials: ProcessCredentials = default(ProcessCredentials)
    tasks: list[int] = default(list)  # tids, the leader first
    actions: dict[int, SigAction] = default(dict)
    pending: list[SigInfo] = default(list)  # signals for the whole group
    limits: dict[int, tuple[int, int]] = default(_default_limits)
    comm: bytes = b""
    exe: bytes = b""  # absolute path of the program in the guest
    cmdline: list[bytes] = default(list)
    environ: list[bytes] = default(list)
    auxv: bytes = b""  # as on the stack, for /proc/self/auxv
    start_ns: int = 0  # monotonic
    cpu_ns: int = 0  # of its tasks that ended
    children_cpu_ns: int = 0  # of children waited for
    peak: int = 0  # bytes of private memory that the programs it ran before had at most
    children_peak: int = 0  # that any of the children waited for had, or of theirs
    dumpable: int = 1
    keep_capabilities: bool = False
    no_huge_pages: bool = False
    io_priority: int = 0
    oom_score_adj: int = 0  # kept for who asks: no process is chosen to die for another's memory
    personality: int = 0
    child_subreaper: bool = False
    death_signal: int = 0
    sigreturn: int = 0  # address of the trampoline that ends signal handlers, once it is mapped
    itimers: dict[int, Any] = default(dict)  # timers.Timer by ITIMER_*
    timers: dict[int, Any] = default(dict)  # timers.PosixTimer by number
    next_timer: int = 0
    cpu_watched: bool = False  # a timer or a limit on its CPU time is set
    exit_status: int | None = None  # wait(2) status word once dead: a zombie until it is waited for
    exit_signal: int = 17  # what its parent gets when it ends
    membarrier: int = 0  # registered MEMBARRIER_CMD_* bits
    stopped: int = 0  # the signal that stopped it, 0 while it runs
    news: int = 0  # what wait(2) may report once: the signal that stopped it, -1 for continued
    vfork_parent: int = 0  # tid of the task that waits until this process ends or runs another program
    executed: bool = False  # has run execve(2) since it was made: setpgid(2) by its parent is over


class Task(Plain):
    """A thread; `state` is RUNNING, BLOCKED or DEAD."""

    tid: int
    process: Process
    hart: int  # index of its hart in the process's memory
    state: str = RUNNING
    wait: Wait | None = None
    deadline: int | None = None  # monotonic; of the timed call the task is in
    saved: bytes | None = None  # hart state, when it is not in guest memory
    blocked_signals: int = 0  # bit n-1 is signal n
    saved_mask: int | None = None  # to restore after the handler that ends ppoll, sigsuspend, ...
    pending: list[SigInfo] = default(list)
    altstack: tuple[int, int, int] = (0, 2, 0)  # ss_sp, ss_flags (SS_DISABLE), ss_size
    faults: dict[int, tuple[SigInfo, int]] = default(dict)  # by a handler's frame, the access's fault and its pc
    clear_child_tid: int = 0
    robust_list: tuple[int, int] = (0, 0)  # head, length
    rseq: tuple[int, int, int] = (0, 0, 0)  # address, length, signature
    nice: int = 0
    policy: int = 0  # SCHED_OTHER, SCHED_BATCH or SCHED_IDLE
    reset_on_fork: bool = False
    timer_slack: int = 50_000
    default_slack: int = 50_000  # what prctl(PR_SET_TIMERSLACK, 0) brings back
    fair_ns: int = 0  # its time on the processor by its weight, once there are different ones
    cpu_ns: int = 0
    comm: bytes = b""


class KernelState(Plain):
    """The root of all guest state outside guest memory."""

    tasks: dict[int, Task] = default(dict)  # by tid, those that ran last at the end
    processes: dict[int, Process] = default(dict)  # by pid
    last_pid: int = 0
    vfs: Any = None  # lazyfs's state: mounts, overlay
    ipc: Any = None  # friscy.kernel.ipc: System V objects
    sysctl: dict[str, int] = default(dict)  # settings that differ from friscy.kernel.sysctl's defaults
    devices: Any = None  # console, pipes and whatever descriptors' owners keep (KERN-B)
    hostname: bytes = b"friscy"
    domainname: bytes = b"(none)"
    # guest clock = host clock + offset; set at start and at restore so that guest time never jumps back
    monotonic_offset: int = 0
    boot_ns: int = 0  # CLOCK_REALTIME at monotonic 0
    memory_limit: int = 1 << 30  # bytes of private writable memory each process may have
    cpus: int = 1  # processors that the guest sees
    futex_waits: int = 0  # counts them
    weighted: bool = False  # not all tasks have the same nice value
    watches: list[Any] = default(list)  # events.inotify.Watch, of all instances
    signalled: list[Any] = default(list)  # events.signal_io.Owner, of descriptions with O_ASYNC
    last_cookie: int = 0  # of a rename that was watched
    last_backing: int = 0  # numbers shared memory objects (mm.Backing)
    logged: set[str] = default(set)
    generation: int = 0  # counts restores
    exit_status: int | None = None  # of init, once it ended
