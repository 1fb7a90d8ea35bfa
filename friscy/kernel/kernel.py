"""The kernel's host side: dispatch of system calls and traps, memories of processes, clocks, entropy and the log.

`Kernel` holds what cannot be saved (memories, host handles); all that can is in `Kernel.state`.

    k = Kernel(vfs, lambda k: Space(engine, interpreter, k.entry_of_calls(), k.trap, k.memory_fault, k.settle))
    k.spawn_init(b"/bin/true", [b"true"], [], root=root)
    status = k.run()
"""

from __future__ import annotations

import errno
import os
import struct
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from friscy.kernel import short, timers
from friscy.kernel.alarm import Alarm, Ticker
from friscy.kernel.clock import Clock
from friscy.kernel.memory.backing import BackingPool
from friscy.kernel.net.policy import Policy
from friscy.kernel.places import Places
from friscy.kernel.scheduler import Scheduler
from friscy.kernel.state import BLOCKED, KernelState, Process, Task
from friscy.kernel.table import ROWS, Row
from friscy.kernel.wait import Blocked, Wait
from friscy.machine.hart import A7, Hart
from friscy.machine.memory import GuestMemory
from lazyfs.bell import Bell
from lazyfs.errors import LinuxError

if TYPE_CHECKING:
    from friscy.kernel.fdtable import FdTable
    from friscy.kernel.memory.address_space import AddressSpace
    from friscy.kernel.strace.tracer import Tracer
    from friscy.machine.short_calls import ShortCalls
    from lazyfs.inode import Location
    from lazyfs.vfs import Vfs

MAX_RW_COUNT = 0x7FFF_F000  # Linux never transfers more in one call
NSEC = 1_000_000_000
TURN_CALLS = 512  # see Kernel._counted_syscall: about as many as a real clock's slice has
_IDLE_SPACES = 8  # memories kept for the processes to come

# Calls that read or write a file's bytes: read .. pwritev, sendfile, splice, ftruncate, fallocate, fsync, ...
_FILE_WRITES = frozenset((46, 47, 64, 66, 68, 70, 71, 76, 285, 287))
_FILE_DATA_CALLS = _FILE_WRITES | {63, 65, 67, 69, 82, 83, 286}
_row = ROWS.get
_TIMESPEC = struct.Struct("<qq")


class Space(Protocol):
    """One process's memory and engines (friscy.machine.space)."""

    is_behind: bool  # the last fault was translated code's: registers in the hart may be older than that
    memory: GuestMemory
    short_calls: ShortCalls

    def hart(self, index: int) -> Hart:
        """The hart state with number `index`."""

    def callers(self) -> list[int]:
        """The calls that led to the last fault, if `is_behind`, since the engine was entered, the innermost first."""

    def went_on(self) -> None:
        """The guest went on behind a fault of an access, with the registers that its handler saw."""

    def recycle(self) -> None:
        """Become as good as new, for another process."""

    def close(self) -> None:
        """Give the memory back to the host."""

    def set_clock(self, monotonic_offset: int) -> None:
        """How many nanoseconds the guest's CLOCK_MONOTONIC is ahead of the host's."""

    def prepare(self, hart: Hart) -> None:
        """Write what engines want to know of this host into a fresh or restored hart."""

    def run(self, hart: Hart) -> None:
        """Execute from hart.pc until hart.interrupt is seen or a memory fault happened."""

    def invalidate(self, start: int, end: int) -> None:
        """Forget decoded and translated code of guest [start, end)."""

    def code_mapped(self, start: int, end: int, identity: bytes, offset: int) -> None:
        """The code of the file with content key `identity` was mapped to [start, end), unchanged."""


class NoResult(Exception):
    """Raised by a handler that has set the registers itself (execve, rt_sigreturn), or whose task is gone."""


class Kernel:
    """The kernel of one guest machine.

    vfs: the lazyfs VFS.        console: the host side of the terminal (friscy.kernel.terminal.console).
    new_space: makes the memory of a new process.
    tracer: prints system calls when set.        log: where one-line messages for the user go.
    entropy: n random bytes, for everything in the guest that is random. clock: the host's by default.
    policy: what of the network the guest may use; nothing by default.
    """

    spaces: dict[int, Space]  # by pid
    maps: dict[int, AddressSpace]  # by pid
    viewer: Task  # who would be told what is polled: the running task, or the one that may wake
    task: Task  # the running one, with its hart, memory and memory map:
    hart: Hart
    mem: GuestMemory
    mm: AddressSpace

    def __init__(
        self,
        vfs: Vfs,
        new_space: Callable[[Kernel], Space],
        *,
        state: KernelState | None = None,
        console: Any = None,
        log: Callable[[str], None] | None = None,
        entropy: Callable[[int], bytes] = os.urandom,
        clock: Clock | None = None,
        policy: Policy | None = None,
    ) -> None:
        import friscy.kernel.calls  # noqa: F401 - fills the table, and its modules import this one

        self.vfs, self.new_space, self.console = vfs, new_space, console
        self.log = log or self._print
        self.entropy, self.clock = entropy, clock or Clock()
        self.entropy_served = 0  # bytes: a snapshot wants to know whether the guest has drawn any
        self.policy = policy or Policy()
        self.task_limit: int | None = None  # limits.Limits.processes
        self.guard: Any = None  # limits.Guard, where memory or processor time is limited
        self.network: Any = None  # net.host.HostNetwork, once the guest has to do with the world outside
        self.tracer: Tracer | None = None
        self.spaces, self.maps = {}, {}
        self.stopping = self.attention = False
        self.scheduler = Scheduler(self)
        # What `run` does when every task is blocked; a build that wants no more than the start stops there.
        self.idle: Callable[[], None] = self.scheduler.wait_for_events
        self.wake_fd = -1  # an eventfd of whoever calls `attend`: ends an idle wait
        self.alarm, self.ticker = Alarm(), Ticker()
        self.calls = 0  # system calls that ended: what a task that waits for the others looks at
        # Moves with whatever may end a wait of a task, or change what one waits for, except the passing of time and
        # news in a set of the host (HostNetwork.news): what is found not to be ready stays so until it moves.
        self.changes = 0
        self.signal_bell = Bell()  # a signal was sent
        self.idle_spaces: list[Space] = []  # ready for the next process
        self.retired_spaces: list[Space] = []  # of processes that ended; the engine may still stand in one
        self.hart_lock = threading.RLock()  # whoever asks from another thread for an interrupt holds it
        if state is None:
            state = KernelState()
            state.monotonic_offset = NSEC - self.clock.monotonic_ns()
            state.boot_ns = self.clock.realtime_ns()
        self.state, self.signalled = state, state.signalled
        # Of those, by id(), the ones to look at after a call; the others' files tell when something happens to them.
        self.news: dict[int, Any] = {id(owner): owner for owner in state.signalled}
        self.backings = BackingPool(state)
        vfs.resized = self.backings.resized
        vfs.moment = lambda: self.calls + self.scheduler.slices
        self.places = Places()  # of files with translated code
        state.vfs = vfs.state

    # -- called by the machine ------------------------------------------------------------------------

    def syscall(self) -> None:
        """The `syscall` import: run the call the current hart stands on; move its pc on, or block the task.

        One function as far as it goes: each further one would be a twentieth of what a short call takes.
        """
        hart, task = self.hart, self.task
        words = hart.words
        row = _row(words[hart.a7_word])
        result: int | Wait | None
        if row is None:
            result = -self._unknown_call(hart.x(A7))
        else:
            if task.wait is not None and self.spaces[task.process.pid].short_calls.looked[0]:
                self.end_call(task)  # a short call has found what this one waited for; it is another one
            arguments = row.unpack(words, hart.arguments_at)
            tracer = self.tracer
            shown = None if tracer is None else tracer.enter(self, task, row, arguments)
            while True:
                try:
                    if self.backings.shared and row.number in _FILE_DATA_CALLS:
                        result = self._synchronized(task, row, arguments)
                    else:
                        result = row.handler(self, task, *arguments)
                except LinuxError as error:
                    result = -error.errno
                except Blocked as blocked:
                    result = blocked.wait
                except NoResult:
                    result = None  # the registers are not to be touched
                except MemoryError:
                    result = -errno.ENOMEM
                self.changes += row.stirs
                if not isinstance(result, Wait):
                    break
                task.wait, task.state = result, BLOCKED
                if not self.scheduler.wait_in_place(task):
                    hart.interrupt()
                    if tracer is not None and shown is not None:
                        tracer.blocked(self, task, row, arguments, shown)
                    return
            if tracer is not None and shown is not None:
                tracer.leave(self, task, row, arguments, shown, result)
            if result is None:
                task.wait = task.deadline = None
                self.calls += 1
                hart.interrupt()
                return
        self.calls += 1
        if self.news:
            self.tell_owners()
        if task.deadline is not None or task.wait is not None or task.saved_mask is not None:
            self.end_call(task)
            if task.pending or task.process.pending:
                hart.interrupt()
        words[hart.a0_word] = result if result >= 0 else result + (1 << 64)
        words[hart.pc_word] += 4
        if row is not None and not row.stirs:
            self.spaces[task.process.pid].short_calls.stay_still((self.changes, task.process))

    def settle(self) -> None:
        """A short call has opened a file: enter it in the running task's table."""
        from friscy.kernel import short_files

        short_files.settle(self)

    def entry_of_calls(self) -> Callable[[], None]:
        """What the `syscall` import calls."""
        return self.syscall if self.clock.skip is None else self._counted_syscall

    def _counted_syscall(self) -> None:
        """`syscall` where the clock moves only as it is read: a turn is so many calls, since no time ends it."""
        self.syscall()
        if self.calls % TURN_CALLS == 0 and len(self.state.tasks) > 1:
            self.hart.interrupt()

    def _synchronized(self, task: Task, row: Row, arguments: tuple[int, ...]) -> int | Wait:
        """A call that reads or writes files, while there are shared mappings: let them agree."""
        self._sync_mappings(task, row, arguments)
        result = row.handler(self, task, *arguments)
        if row.number in _FILE_WRITES:
            self._sync_mappings(task, row, arguments, reload=True)
        return result

    def _sync_mappings(
        self, task: Task, row: Row, arguments: tuple[int, ...], *, reload: bool = False
    ) -> None:
        slots = task.process.files.slots
        for (_, kind), value in zip(row.arguments, arguments, strict=True):
            if kind == "fd" and value in slots and self.backings.maps(inode := slots[value].file.inode):
                for space_map in self.backings.users:
                    space_map.sync_file(inode, reload=reload)

    def tell_owners(self) -> None:
        """Something may have happened to files whose owners want a signal then."""
        from friscy.kernel.events import signal_io

        signal_io.look(self)

    def end_call(self, task: Task) -> None:
        """Forget what a call that blocked, or might have, left on its task."""
        task.wait = task.deadline = None
        if task.saved_mask is not None:
            task.blocked_signals, task.saved_mask = task.saved_mask, None

    def _unknown_call(self, number: int) -> int:
        from friscy.kernel.calls import NAMES

        name = NAMES.get(number, "no call of this architecture")
        self.log_once(f"system call {number} ({name}) is not implemented: ENOSYS")
        if self.tracer is not None:
            self.tracer.unknown(self, self.task, number, name)
        return errno.ENOSYS

    def trap(self, cause: int) -> None:
        """The `trap` import: counters are answered, fence.i obeyed; anything else becomes a signal."""
        from friscy.kernel.traps import trap

        trap(self, cause)

    def memory_fault(self, address: int) -> None:
        """A guest access broke page protection at `address`; the hart's trap_pc is the instruction."""
        from friscy.kernel.traps import memory_fault

        self.hart.pc = self.hart.trap_pc
        memory_fault(self, address, is_behind=self.spaces[self.task.process.pid].is_behind)

    # -- life of the machine --------------------------------------------------------------------------

    def spawn_init(
        self,
        path: bytes,
        argv: list[bytes],
        envp: list[bytes],
        *,
        root: Location,
        files: FdTable | None = None,
        cwd: bytes = b"/",
        uid: int = 0,
        gid: int = 0,
        groups: tuple[int, ...] = (),
    ) -> Task:
        """Make process 1 and load its program.

        path: already resolved against PATH. files: its descriptors. Raises LinuxError as execve(2) and chdir(2) do.
        """
        from friscy.kernel.process import spawn_init

        return spawn_init(self, path, argv, envp, root, files, cwd, uid, gid, groups)

    def run(self) -> int | None:
        """Run until init ends: its exit status, 128 + n when signal n killed it. None: `stop` was called."""
        self.stopping = False
        timers.rearm(self)
        if self.state.watches:
            from friscy.kernel.events.inotify import observe

            observe(self)
        return self.scheduler.run()

    def stop(self) -> None:
        """Make `run` return at the next safepoint; it can be called again. Also from another thread."""
        self.stopping = True
        self.interrupt()

    def attend(self) -> None:
        """Make `run` look at the host (what was typed, signals) at the next safepoint. From any thread."""
        self.attention = True
        self.interrupt()
        with self.hart_lock:  # who made the descriptor closes it with this
            if self.wake_fd >= 0:
                os.eventfd_write(self.wake_fd, 1)

    def interrupt(self) -> None:
        """Make the engine return at its next safepoint. From any thread."""
        with self.hart_lock:
            self.hart.interrupt()

    def attach(self, process: Process, space: Space) -> None:
        """Give `process` its memory; the state is there already (a new process, a restored one)."""
        from friscy.kernel.memory.address_space import AddressSpace
        from friscy.kernel.state import RLIMIT_AS, RLIMIT_DATA
        from friscy.kernel.sysctl import sysctl

        self.spaces[process.pid] = space
        space.set_clock(self.state.monotonic_offset)
        space_map = AddressSpace(
            process.mm, space, self.vfs, self.state.memory_limit, self.backings, self.places
        )
        space_map.address_limit = process.limits[RLIMIT_AS][0]
        space_map.data_limit = process.limits[RLIMIT_DATA][0]
        space_map.map_limit = sysctl(self, "vm/max_map_count")
        self.maps[process.pid] = space_map

    def share_memory(self, process: Process, other: Process) -> None:
        """Let `process` run in the memory of `other` (CLONE_VM)."""
        self.spaces[process.pid], self.maps[process.pid] = self.spaces[other.pid], self.maps[other.pid]

    def detach(self, process: Process) -> None:
        """Take its memory from a process that ended or runs another program; the last one empties it."""
        space, space_map = self.spaces.pop(process.pid), self.maps.pop(process.pid)
        if space not in self.spaces.values():
            if self.network is not None:
                self.network.count(self, space)
            space_map.release()
            self.retired_spaces.append(space)

    def fresh_space(self) -> Space:
        """Empty memory for a new process. EAGAIN: the host has no room for more."""
        if self.idle_spaces:
            return self.idle_spaces.pop()
        try:
            return self.new_space(self)
        except (MemoryError, RuntimeError, LinuxError) as error:
            self.log_once(f"no memory for another process: {error}")
            raise LinuxError(errno.EAGAIN) from error

    def recycle_spaces(self) -> None:
        """Keep or free what ended processes leave; the current task is a living one."""
        for space in self.retired_spaces:
            if len(self.idle_spaces) < _IDLE_SPACES:
                space.recycle()
                self.idle_spaces.append(space)
            else:
                with self.hart_lock:
                    space.close()
        self.retired_spaces.clear()

    def switch_to(self, task: Task) -> None:
        """Make `task` the current one."""
        pid = task.process.pid
        space = self.spaces[pid]
        hart = space.hart(task.hart)
        if task.saved is not None:
            for other in self.state.tasks.values():  # more threads than harts: one gives way
                if (
                    other.hart == task.hart
                    and other.saved is None
                    and self.spaces.get(other.process.pid) is space
                ):
                    other.saved = hart.save()
            hart.load(task.saved)
            task.saved = None
        with self.hart_lock:
            self.task, self.hart = task, hart
        self.viewer = task
        self.mm = self.maps[pid]
        self.mem = self.mm.memory
        if space.short_calls.descriptors is not task.process.files.short:
            short.load(self)
        hart.drop_reservation()

    def wakeup_fds(self) -> list[int]:
        """Host descriptors that must end an idle wait whatever the tasks wait for (^C, window size)."""
        watch = getattr(self.console, "wakeup_fds", None)
        return list(watch()) if watch is not None else []

    def check_host(self) -> None:
        """After an idle wait, and when an engine was interrupted: take in what the host has for the guest."""
        if self.guard is not None:
            self.guard.enforce(self)
        check = getattr(self.console, "check_host", None)
        if check is not None:
            check(self)

    # -- services for handlers ------------------------------------------------------------------------

    def monotonic_ns(self) -> int:
        """The guest's CLOCK_MONOTONIC."""
        return self.clock.monotonic_ns() + self.state.monotonic_offset

    def realtime_ns(self) -> int:
        """The guest's CLOCK_REALTIME."""
        return self.clock.realtime_ns()

    def deadline_after(self, task: Task, timeout_ns: int | None) -> int | None:
        """Set (or, when a blocked call is run again, keep) the time-out of the call; None is no time-out."""
        if task.deadline is None and timeout_ns is not None:
            task.deadline = self.monotonic_ns() + timeout_ns
        return task.deadline

    def expired(self, task: Task) -> bool:
        """Whether the call's deadline has passed."""
        return task.deadline is not None and self.monotonic_ns() >= task.deadline

    def random(self, n: int) -> bytes:
        """`n` random bytes from the machine's one source."""
        self.entropy_served += n
        return self.entropy(n)

    def path(self, address: int) -> bytes:
        """The path string at a guest address, perhaps empty. EFAULT, ENAMETOOLONG."""
        return self.mem.read_cstring(address)

    def read_timespec(self, address: int) -> int:
        """struct timespec as nanoseconds. EINVAL: negative, or its nanoseconds are not below 10**9."""
        seconds, nanoseconds = _TIMESPEC.unpack(self.mem.read(address, 16))
        if seconds < 0 or not 0 <= nanoseconds < NSEC:
            raise LinuxError(errno.EINVAL)
        total: int = seconds * NSEC + nanoseconds
        return min(total, (1 << 62) - 1)

    def write_timespec(self, address: int, nanoseconds: int) -> None:
        """Nanoseconds as struct timespec."""
        self.mem.write(address, _TIMESPEC.pack(*divmod(nanoseconds, NSEC)))

    def _print(self, message: str) -> None:
        """The default of `log`: a line on standard error; a terminal in raw mode wants its start said as well."""
        end = "\r\n" if getattr(self.console, "owns_terminal", False) else "\n"
        print(f"friscy: {message}", end=end, file=sys.stderr, flush=True)

    def log_once(self, message: str) -> None:
        """Say something about this machine to the user, the first time it happens."""
        if message not in self.state.logged:
            self.state.logged.add(message)
            self.log(message)

    def post_signal(self, process: Process, signal: int, *, code: int = 0, task: Task | None = None) -> None:
        """Queue a signal for a process, or for one task of it. code: SI_USER (0), SI_KERNEL (0x80), ..."""
        from friscy.kernel.signals import post
        from friscy.kernel.state import SigInfo

        post(self, process, SigInfo(signal, code), task)

    def signal_group(self, pgid: int, signal: int) -> None:
        """Queue a signal for every process of a group (the terminal's ^C)."""
        for process in list(self.state.processes.values()):
            if process.pgid == pgid and process.exit_status is None:
                self.post_signal(process, signal, code=0x80)
