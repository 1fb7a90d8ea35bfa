"""Wait conditions: why a task is blocked.

A blocked task is a task whose pc is still on its `ecall`, plus one of these in `task.wait`. The scheduler asks
`ready`; when it holds (or `task.deadline` passes, or a signal comes) the call runs again from its registers.
So a handler must be written to be started over: it uses `Kernel.deadline_after` for time-outs, which remembers
the first start, and `Kernel.expired` to see that the time has come. `task.wait` is None on the first start and
the condition of the last one afterwards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from lazyfs.plain import Plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Task

READ, WRITE = 1, 2  # as selectors.EVENT_READ and EVENT_WRITE


class Wait(Plain):
    """A condition; subclasses are plain data."""

    # What a signal handler does to the call: "restart" it (if SA_RESTART, else EINTR), always "eintr", always
    # "again", or "never": only SIGKILL gets through while it waits.
    on_signal: ClassVar[str] = "restart"
    # `ready` means that the call ends now: it does so before a signal is looked at, as on Linux.
    exact: ClassVar[bool] = False
    # Kernel.changes when it was found not to be ready, where nothing else can make it so but news in a set of the
    # host, whose descriptor is `host_set` (-1: none); not state.
    rests_since: ClassVar[int] = -1
    host_set: ClassVar[int] = -1

    def ready(self, k: Kernel, task: Task) -> bool:
        """Whether the call may now get further. A false positive costs a retry, a false negative hangs."""
        raise NotImplementedError

    def host_fds(self, k: Kernel, task: Task) -> Iterable[tuple[int, int]]:
        """The host file descriptors that can make it ready, each with READ | WRITE."""
        return ()

    def deadline(self, k: Kernel, task: Task) -> int | None:
        """When it becomes ready by itself (a timerfd), on the monotonic clock; `task.deadline` is apart."""
        return None

    def rest(self, k: Kernel) -> None:
        """It was found not to be ready just now: set `rests_since`, if it need not be asked again until then."""

    def interrupted(self, k: Kernel, task: Task) -> None:
        """A signal handler is about to end the call with EINTR: write what the call returns then."""


class Blocked(Exception):
    """Raised by a handler: put the task to sleep until `wait` is ready or `task.deadline` passes.

    A handler may return the condition instead, which takes a fifth of the time.
    """

    def __init__(self, wait: Wait) -> None:
        self.wait = wait


class Sleep(Wait):
    """Waits for `task.deadline` only; `remainder` is where nanosleep reports the rest, or 0."""

    on_signal: ClassVar[str] = "eintr"
    remainder: int = 0

    def ready(self, k: Kernel, task: Task) -> bool:
        return False

    def interrupted(self, k: Kernel, task: Task) -> None:
        if self.remainder and task.deadline is not None:
            left = max(task.deadline - k.monotonic_ns(), 0)
            k.write_timespec(self.remainder, left)


class Forever(Wait):
    """pause(2): only a signal ends it."""

    on_signal: ClassVar[str] = "eintr"

    def ready(self, k: Kernel, task: Task) -> bool:
        return False


class Turn(Wait):
    """The call is to be run again after what is queued for the task (a signal that stops it) has had its effect."""

    def ready(self, k: Kernel, task: Task) -> bool:
        return True


class Progress(Wait):
    """Waits until another task has ended a call: a state that only the others can change, however they do it."""

    seen: int  # Kernel.calls when the wait began

    def ready(self, k: Kernel, task: Task) -> bool:
        return k.calls != self.seen
