"""Operations on any open file description: files of the VFS and the kernel's own (console, eventfd, ...).

Handlers come here instead of calling the VFS, so that blocking, O_NONBLOCK, SIGPIPE and the kernel's own
files are treated in one place.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable
from stat import S_ISFIFO, S_ISREG, S_ISSOCK
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, TypeVar

from friscy.kernel.wait import Blocked, Progress, Wait
from lazyfs.abi import (
    F_SEAL_FUTURE_WRITE,
    F_SEAL_GROW,
    F_SEAL_SHRINK,
    F_SEAL_WRITE,
    O_NONBLOCK,
    POLLERR,
    POLLHUP,
    POLLIN,
    POLLOUT,
    POLLRDNORM,
    POLLWRNORM,
)
from lazyfs.bell import Bell
from lazyfs.errors import LinuxError, WouldBlock
from lazyfs.openfile import OpenFile

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Task

T = TypeVar("T")

SIGPIPE = 13


class KernelFile(OpenFile):
    """An open file description that the kernel itself serves."""

    can_splice: ClassVar[bool] = False  # splice(2) and sendfile(2) move its bytes: they are a stream
    can_signal: ClassVar[bool] = False  # O_ASYNC has an effect
    by_viewer: ClassVar[bool] = False  # `poll_events` depends on the task it is asked for
    interested: ClassVar[int] = 0  # epoll sets that are; not state

    def read_bytes(self, k: Kernel, n: int) -> bytes:
        """Up to `n` bytes. Raises WouldBlock(self, POLLIN)."""
        raise LinuxError(errno.EINVAL)

    def write_bytes(self, k: Kernel, data: bytes) -> int:
        """How many bytes were taken. Raises WouldBlock(self, POLLOUT)."""
        raise LinuxError(errno.EINVAL)

    def read_into(self, k: Kernel, room: memoryview) -> int:
        """`read_bytes` into guest memory: how many, 0 at the end. The room is not empty."""
        data = self.read_bytes(k, len(room))
        room[: len(data)] = data
        return len(data)

    def write_from(self, k: Kernel, data: bytes | memoryview) -> int:
        """`write_bytes` from guest memory."""
        return self.write_bytes(k, bytes(data))

    def poll_events(self, k: Kernel) -> int:
        """The POLL* bits that hold now."""
        raise NotImplementedError

    def poll_seen(self, k: Kernel) -> int:
        """The same where the caller has just taken in what the host has for sockets."""
        return self.poll_events(k)

    def ioctl(self, k: Kernel, task: Task, request: int, argument: int) -> int:
        raise LinuxError(errno.ENOTTY)

    def seek(self, offset: int, whence: int) -> int:
        raise LinuxError(errno.ESPIPE)

    def host_fds(self, k: Kernel, events: int) -> Iterable[tuple[int, int]]:
        """Host descriptors that can change `poll_events`, each with wait.READ | WRITE."""
        return ()

    def activity(self, k: Kernel) -> tuple[int, int] | None:
        """How often input came and how often room for output did, for edge-triggered waits; None: not counted."""
        return None

    def bell(self, k: Kernel) -> Bell | None:
        """What is rung when `poll_events` may have changed; None: nothing is, ask."""
        return None

    def count_interest(self, change: int) -> None:
        """Another epoll set has an interest in it, or one less."""
        object.__setattr__(self, "interested", self.interested + change)

    def lend(self, k: Kernel, returned: Callable[[], None]) -> int:
        """Leave it to a set of the host to watch for its events: the host's descriptor for it, -1 for none.

        returned: called when the host's events are no more all that it has, or `take_back` is called.
        """
        return -1

    def take_back(self) -> None:
        """End `lend`; it may have ended already."""

    def waited_for(self, k: Kernel, events: int) -> None:
        """A task is about to be blocked until one of `events` holds."""

    def deadline(self, k: Kernel) -> int | None:
        """When `poll_events` changes by itself, on the monotonic clock."""
        return None

    def details(self, k: Kernel) -> bytes:
        """What /proc/PID/fdinfo says beside what it says of every descriptor."""
        return b""

    def timeout_ns(self, events: int) -> int | None:
        """How long a call that waits for `events` waits at most; None is no limit."""
        return None

    def flushed(self, k: Kernel) -> None:
        """The current process closes a descriptor of it, perhaps not the last one."""

    def closed(self, k: Kernel) -> None:
        """The last holder is gone."""


class FileWait(Wait):
    """Waits until one of POLL* `events` holds for `file`. `done` bytes are through already (a long write)."""

    file: OpenFile
    events: int
    done: int = 0

    def ready(self, k: Kernel, task: Task) -> bool:
        return bool(poll(k, self.file) & (self.events | POLLERR | POLLHUP))

    def host_fds(self, k: Kernel, task: Task) -> Iterable[tuple[int, int]]:
        return host_fds(k, self.file, self.events)

    def deadline(self, k: Kernel, task: Task) -> int | None:
        return self.file.deadline(k) if isinstance(self.file, KernelFile) else None


class DryWait(FileWait):
    """Waits until a pipe has something for its reader: the most frequent wait, so made and asked without detours."""

    def __init__(self, file: OpenFile) -> None:
        self.file, self.events, self.done = file, POLLIN, 0

    def ready(self, k: Kernel, task: Task) -> bool:
        return not is_dry(self.file)

    def host_fds(self, k: Kernel, task: Task) -> Iterable[tuple[int, int]]:
        return ()

    def deadline(self, k: Kernel, task: Task) -> int | None:
        return None


class LimitedWait(FileWait):
    """Waits for a file that has a time-out of its own: a handler ends the call, which cannot begin anew."""

    on_signal: ClassVar[str] = "eintr"


def poll(k: Kernel, file: OpenFile) -> int:
    """The POLL* bits that hold for `file` now."""
    if isinstance(file, KernelFile):
        return file.poll_events(k)
    return k.vfs.poll(file)


def activity(k: Kernel, file: OpenFile) -> tuple[int, int] | None:
    """See `KernelFile.activity`."""
    if isinstance(file, KernelFile):
        return file.activity(k)
    pipe = file.inode.pipe
    return (pipe.fills, pipe.drains) if pipe is not None else None


def bell(k: Kernel, file: OpenFile) -> Bell | None:
    """See `KernelFile.bell`."""
    return file.bell(k) if isinstance(file, KernelFile) else file.inode.pipe


def host_fds(k: Kernel, file: OpenFile, events: int) -> Iterable[tuple[int, int]]:
    """The host descriptors on whose readiness that of `file` depends."""
    if isinstance(file, KernelFile):
        return file.host_fds(k, events)
    return ()


def earliest(k: Kernel, candidates: Iterable[OpenFile]) -> int | None:
    """The next time at which one of the files becomes ready by itself, on the monotonic clock."""
    times = [at for file in candidates if isinstance(file, KernelFile) and (at := file.deadline(k))]
    # One that had passed when the scheduler asked shows in `poll`: to wait for it would be to spin. One that has passed
    # since does not, and nobody else will tell of it.
    return min((at for at in times if at > k.scheduler.looked), default=None)


def read(k: Kernel, file: OpenFile, n: int) -> bytes:
    """read(2) into the host. Raises WouldBlock."""
    if isinstance(file, KernelFile):
        return file.read_bytes(k, n)
    return k.vfs.read(file, n)


def write(k: Kernel, task: Task, file: OpenFile, data: bytes | memoryview) -> int:
    """write(2) from the host: SIGPIPE comes with EPIPE. Raises WouldBlock."""
    try:
        return file.write_from(k, data) if isinstance(file, KernelFile) else k.vfs.write(file, data)
    except LinuxError as error:
        if error.errno == errno.EPIPE:
            k.post_signal(task.process, SIGPIPE, task=task)
        raise


def release(k: Kernel, file: OpenFile) -> None:
    """The last holder of `file` is gone."""
    devices = k.state.devices
    if devices is not None:
        locks = devices.locks
        if locks.ranges or locks.wholes:
            locks.release_file(file)
        for owner in devices.owners:
            if owner.file is file:
                from friscy.kernel import leases

                leases.release(k, file)  # whoever has one is an owner as well
                owner.release(k)
                break
    if isinstance(file, KernelFile):
        file.closed(k)
    else:
        k.vfs.release(file)


def blocking(k: Kernel, task: Task, action: Callable[[], T], *, nonblocking: bool = False) -> T:
    """Run `action`; where it would block, raise EAGAIN or block the task."""
    try:
        return action()
    except WouldBlock as blocked:
        block(k, task, blocked, nonblocking=nonblocking)


def block(
    k: Kernel, task: Task, blocked: WouldBlock, *, done: int = 0, nonblocking: bool = False
) -> NoReturn:
    """Turn a WouldBlock into EAGAIN (O_NONBLOCK) or a blocked task; `done` bytes of the call are through."""
    if blocked.file is None:
        if nonblocking:
            raise LinuxError(errno.EAGAIN)
        raise Blocked(Progress(k.calls))
    file: Any = blocked.file
    events = blocked.events
    if nonblocking or file.flags & O_NONBLOCK:
        raise LinuxError(errno.EAGAIN)
    if isinstance(file, KernelFile):
        timeout = file.timeout_ns(events)
        if timeout is not None:
            k.deadline_after(task, timeout)
            if k.expired(task):
                raise LinuxError(errno.EAGAIN)
            raise Blocked(LimitedWait(file, events, done))
        file.waited_for(k, events)
    raise Blocked(FileWait(file, events, done))


def wait_dry(file: OpenFile) -> DryWait:
    """The wait of a reader of a pipe that is dry. EAGAIN: it is not to wait."""
    if file.flags & O_NONBLOCK:
        raise LinuxError(errno.EAGAIN)
    return DryWait(file)


def progress(task: Task, file: OpenFile) -> int:
    """How many bytes of the call that is run again went through before it blocked."""
    wait = task.wait
    return wait.done if isinstance(wait, FileWait) and wait.file is file else 0


def check_seals(file: OpenFile, size: int, end: int, *, writing: bool = False) -> None:
    """EPERM where a memfd's seals forbid to write, or to bring its length from `size` to `end`."""
    seals = file.inode.seals
    if seals and (
        (writing and seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
        or (end > size and seals & F_SEAL_GROW)
        or (end < size and not writing and seals & F_SEAL_SHRINK)
    ):
        raise LinuxError(errno.EPERM)


def is_seekable(file: OpenFile) -> bool:
    """Whether pread, pwrite and lseek make sense (else ESPIPE)."""
    mode = file.inode.mode
    return not (isinstance(file, KernelFile) or S_ISFIFO(mode) or S_ISSOCK(mode))


def is_regular(file: OpenFile) -> bool:
    return S_ISREG(file.inode.mode) and not isinstance(file, KernelFile)


def is_pipe(file: OpenFile) -> bool:
    return S_ISFIFO(file.inode.mode) and not isinstance(file, KernelFile)


def is_dry(file: OpenFile) -> bool:
    """Whether it is a pipe whose reader would have to wait."""
    pipe = file.inode.pipe
    return pipe is not None and not pipe.data and pipe.writers > 0 and not isinstance(file, KernelFile)


IN, OUT = POLLIN | POLLRDNORM, POLLOUT | POLLWRNORM
