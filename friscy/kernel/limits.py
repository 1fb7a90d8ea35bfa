"""What a machine may take of the host in all: memory, processes, files, disk and processor time.

    limits = Limits(memory=256 << 20, processes=100, ulimits=["nofile=1024:4096"])
    limits.apply(kernel)

They end a guest as docker's limits do: clone(2) gets EAGAIN, write(2) ENOSPC, and where memory or processor time runs
out a process gets SIGKILL (exit status 137 if it was the first one). The user reads a line about it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING
from weakref import ref

from friscy.kernel.state import RLIM_INFINITY, SigInfo
from lazyfs.errors import UsageError
from lazyfs.tmpfs import Tmpfs

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Process

# Names of `docker run --ulimit`, by RLIMIT_*.
ULIMITS = (
    "cpu", "fsize", "data", "stack", "core", "rss", "nproc", "nofile", "memlock", "as", "locks", "sigpending",
    "msgqueue", "nice", "rtprio", "rttime",
)  # fmt: skip
_SIGKILL, _SI_KERNEL = 9, 0x80
_PERIOD_SECONDS = 0.02
_STATM, _ROLLUP = "/proc/self/statm", "/proc/self/smaps_rollup"
_PAGE = 4096


class Limits:
    """memory, disk: bytes; processes: tasks, threads counted; cpu_seconds: of all processes together.

    None is no limit. ulimits: NAME=SOFT[:HARD], for the first process and so for all.
    """

    __slots__ = ("cpu_seconds", "disk", "memory", "processes", "ulimits")

    def __init__(
        self,
        *,
        memory: int | None = None,
        processes: int | None = None,
        disk: int | None = None,
        cpu_seconds: float | None = None,
        ulimits: Sequence[str] = (),
    ) -> None:
        """Raises UsageError where a ulimit makes no sense."""
        self.memory, self.processes, self.disk, self.cpu_seconds = memory, processes, disk, cpu_seconds
        self.ulimits = dict(parse_ulimit(word) for word in ulimits)

    def over(self, other: Limits) -> Limits:
        """These limits, and those of `other` where these say nothing."""
        joined = Limits()
        for name in ("memory", "processes", "disk", "cpu_seconds"):
            own = getattr(self, name)
            setattr(joined, name, getattr(other, name) if own is None else own)
        joined.ulimits = {**other.ulimits, **self.ulimits}
        return joined

    def apply(self, k: Kernel) -> None:
        """Put a machine that is about to run, new or restored, under these limits."""
        k.task_limit = self.processes
        for process in k.state.processes.values():
            process.limits.update(self.ulimits)
        if self.disk is not None:
            root = k.vfs.state.mounts[0].fs
            assert isinstance(root, Tmpfs)
            root.size_limit = self.disk
        if self.memory is not None or self.cpu_seconds is not None:
            k.guard = Guard(k, self.memory, self.cpu_seconds)


def parse_size(word: str) -> int:
    """Bytes of 65536, 512M or 1GiB; units are powers of 1024. ValueError: it is no size."""
    match = word.strip().upper().removesuffix("B").removesuffix("I")
    unit = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}.get(match[-1:], 1)
    number = match if unit == 1 else match[:-1]
    if not (number.isdecimal() and number.isascii()):
        raise ValueError(word)
    return int(number) * unit


def parse_ulimit(word: str) -> tuple[int, tuple[int, int]]:
    """(RLIMIT_*, (soft, hard)) of NAME=SOFT[:HARD]; -1 or `unlimited` is no limit."""
    name, _, values = word.partition("=")
    soft, colon, hard = values.partition(":")
    try:
        pair = _ulimit_value(soft), _ulimit_value(hard if colon else soft)
        number = ULIMITS.index(name)
    except ValueError:
        raise UsageError(
            f"{word!r} is no ulimit", hint=f"Ulimits are NAME=SOFT[:HARD]; names are {', '.join(ULIMITS)}."
        ) from None
    if pair[0] > pair[1]:
        raise UsageError(f"{word!r}: the soft limit is above the hard one")
    return number, pair


def _ulimit_value(word: str) -> int:
    if word in ("-1", "unlimited"):
        return RLIM_INFINITY
    if not (word.isdecimal() and word.isascii()):
        raise ValueError(word)
    return min(int(word), RLIM_INFINITY)


class Guard:
    """Sees to the limits that no single call can hold: a thread looks at what the host's process has taken.

    Memory is what the host cannot take back (private and shared pages, each counted once), beyond what friscy itself
    had when the guest began.
    """

    def __init__(self, k: Kernel, memory: int | None, cpu_seconds: float | None) -> None:
        import threading

        self._memory, self._cpu_seconds = memory, cpu_seconds
        self._baseline = held_bytes() if memory is not None else 0
        self._started = time.process_time()
        self._killed: Process | None = None
        threading.Thread(target=_watch, args=(ref(k), ref(self)), name="friscy limits", daemon=True).start()

    def exceeded(self) -> str:
        """Which limit does not hold: "memory", "cpu" or none."""
        if self._cpu_seconds is not None and time.process_time() - self._started > self._cpu_seconds:
            return "cpu"
        if self._memory is not None:
            # Resident pages are cheap to ask for, but count a page once for each process that has it.
            with open(_STATM, "rb") as file:
                resident = int(file.read().split()[1]) * _PAGE
            if resident - self._baseline > self._memory and held_bytes() - self._baseline > self._memory:
                return "memory"
        return ""

    def enforce(self, k: Kernel) -> None:
        """At a safepoint: end what breaks a limit."""
        if self._killed is not None and self._killed.exit_status is None:
            return  # it takes its memory with it when it gets its turn
        which = self.exceeded()
        if which == "memory" and self._memory is not None:
            victim = max(
                (process for process in k.state.processes.values() if process.exit_status is None),
                key=lambda process: process.mm.accounted,
            )
            k.log(
                f"the memory limit of {self._memory >> 20} MiB is reached: killed "
                f"{victim.comm.decode(errors='replace')} (process {victim.pid})"
            )
            self._killed = victim
            _kill(k, victim)
        elif which == "cpu":
            k.log(f"the processor time of {self._cpu_seconds:g} s is used up: killed the guest")
            self._killed = k.state.processes[1]
            _kill(k, self._killed)


def _kill(k: Kernel, process: Process) -> None:
    from friscy.kernel.signals import post

    post(k, process, SigInfo(_SIGKILL, _SI_KERNEL))


def held_bytes() -> int:
    """Memory of this process of the host that only its end, or its own doing, gives back."""
    with open(_ROLLUP, "rb") as file:
        fields = dict(line.split()[:2] for line in file.read().splitlines()[1:])
    return sum(int(fields.get(name, 0)) for name in (b"Pss_Anon:", b"Pss_Shmem:")) << 10


def _watch(kernel: ref[Kernel], guard: ref[Guard]) -> None:
    while True:
        time.sleep(_PERIOD_SECONDS)
        k, own = kernel(), guard()
        if k is None or own is None or k.state.exit_status is not None:
            return
        if own.exceeded():
            k.attend()
        del k, own
