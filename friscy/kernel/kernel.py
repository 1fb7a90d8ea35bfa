"""The kernel's host side: dispatch of system calls and traps, the scheduler, clocks, entropy and the log.

`Kernel` holds what cannot be saved (memories, host handles); all that can is in `Kernel.state`.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from friscy.kernel.state import KernelState, Process, Task
from friscy.kernel.wait import Blocked
from friscy.machine.hart import Hart
from friscy.machine.memory import GuestMemory
from lazyfs.errors import LinuxError

if TYPE_CHECKING:
    from friscy.kernel.trace import Tracer
    from lazyfs.vfs import Vfs

MAX_RW_COUNT = 0x7FFF_F000  # Linux never transfers more in one call


class Space(Protocol):
    """One process's memory and engines (friscy.machine.space)."""

    memory: GuestMemory

    def hart(self, index: int) -> Hart: ...

    def run(self, hart: Hart) -> None:
        """Execute from hart.pc until hart.interrupt is seen. A memory fault calls `Kernel.memory_fault`."""

    def invalidate(self, start: int, end: int) -> None:
        """Forget decoded and translated code of guest [start, end)."""


class Kernel:
    """The kernel of one guest machine.

    vfs: the lazyfs VFS.                 console: host side of the terminal (friscy.kernel.console).
    new_space: makes the memory of a new process.
    tracer: prints system calls when set. log: where one-line messages for the user go.
    """

    state: KernelState
    vfs: Vfs
    console: Any
    spaces: dict[int, Space]  # by pid
    task: Task  # the running one
    hart: Hart  # its hart
    mem: GuestMemory  # its memory
    tracer: Tracer | None
    log: Callable[[str], None]
    entropy: Callable[[int], bytes]

    def __init__(
        self,
        vfs: Vfs,
        new_space: Callable[[], Space],
        *,
        state: KernelState | None = None,
        console: Any = None,
        log: Callable[[str], None] | None = None,
        entropy: Callable[[int], bytes] = os.urandom,
    ) -> None:
        raise NotImplementedError

    # -- called by the machine ---------------------------------------------------------------------------

    def syscall(self) -> None:
        """The `syscall` import: run the call that the current task's hart stands on, move its pc on or block."""
        raise NotImplementedError

    def trap(self, cause: int) -> None:
        """The `trap` import: counters are answered, fence.i obeyed; anything else becomes a signal."""
        raise NotImplementedError

    def memory_fault(self, address: int) -> None:
        """A guest access broke page protection at `address`; the hart's trap_pc is the instruction. SIGSEGV."""
        raise NotImplementedError

    # -- life of the machine -----------------------------------------------------------------------------

    def spawn_init(
        self,
        path: bytes,
        argv: list[bytes],
        envp: list[bytes],
        *,
        cwd: bytes = b"/",
        uid: int = 0,
        gid: int = 0,
        groups: tuple[int, ...] = (),
    ) -> Task:
        """Make process 1 and load its program, `path` already resolved against PATH. Raises LinuxError as execve does."""
        raise NotImplementedError

    def run(self) -> int:
        """Run until init ends; its exit status, 128 + n when signal n killed it."""
        raise NotImplementedError

    def stop(self) -> None:
        """Make `run` return at the next safepoint (snapshot points); it can be called again."""
        raise NotImplementedError

    # -- services for handlers ---------------------------------------------------------------------------

    def monotonic_ns(self) -> int:
        """The guest's CLOCK_MONOTONIC."""
        return time.monotonic_ns() + self.state.monotonic_offset

    def realtime_ns(self) -> int:
        return time.time_ns()

    def deadline_after(self, task: Task, timeout_ns: int | None) -> int | None:
        """Set (or, when a blocked call is run again, keep) the time-out of the call; None is no time-out."""
        raise NotImplementedError

    def expired(self, task: Task) -> bool:
        """Whether the call's deadline has passed."""
        raise NotImplementedError

    def path(self, address: int) -> bytes:
        """The path string at a guest address: EFAULT, ENAMETOOLONG. May be empty: what then is up to the call."""
        return self.mem.read_cstring(address)

    def read_timespec(self, address: int) -> int:
        """struct timespec as nanoseconds. EINVAL: negative, or nanoseconds not below 10**9."""
        raise NotImplementedError

    def write_timespec(self, address: int, nanoseconds: int) -> None:
        raise NotImplementedError

    def log_once(self, message: str) -> None:
        """Say something about this machine to the user, the first time it happens."""
        raise NotImplementedError

    def post_signal(self, process: Process, signal: int, *, code: int = 0, task: Task | None = None) -> None:
        """Queue a signal for a process, or for one task of it; SI_USER/SI_KERNEL etc. in `code`."""
        raise NotImplementedError

    def signal_group(self, pgid: int, signal: int) -> None:
        """Queue a signal for every process of a group (the terminal's ^C)."""
        raise NotImplementedError


_ = (Blocked, LinuxError, sys)
