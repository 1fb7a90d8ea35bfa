"""A terminal as programs meet it: a line discipline with something behind it, and the descriptions open on it.

What is behind is the user's console (`console`) or the master of a pseudo-terminal (`pty`): each is a subclass of
`Terminal`, which says where input comes from and where output goes.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from friscy.kernel import files
from friscy.kernel.files import KernelFile
from friscy.kernel.signals import SIGWINCH
from friscy.kernel.terminal import jobs
from friscy.kernel.terminal.tty import Tty
from lazyfs.abi import O_NONBLOCK, POLLERR, POLLHUP, POLLIN, POLLOUT
from lazyfs.errors import LinuxError, WouldBlock
from lazyfs.plain import default

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Task

PIECE = 4096  # bytes of output that are processed at once


class Terminal(Tty):
    """The plain state of a terminal; subclasses have its other end."""

    device: tuple[int, int] = (5, 1)  # what stat(2) and /proc/<pid>/stat give for it

    def catch_up(self, k: Kernel) -> None:
        """Take in what was typed and has not arrived yet."""

    def show(self, k: Kernel, piece: bytes) -> int:
        """Write some of a piece of output; how many of its bytes went out, 0 where a writer has to wait."""
        raise NotImplementedError

    def has_room(self) -> bool:
        """Whether `show` takes anything."""
        return True

    def typed(self, k: Kernel, data: bytes) -> None:
        """`data` comes from the keyboard: it is echoed, and its signals go to the foreground group."""
        echo, signals = self.receive(data, k.monotonic_ns())
        if echo:
            self.echo(k, echo)
        for signal in signals:
            k.signal_group(self.foreground, signal)

    def echo(self, k: Kernel, data: bytes) -> None:
        """Show processed bytes, however much room there is."""
        raise NotImplementedError

    def set_window(self, k: Kernel, rows: int, columns: int) -> None:
        """Change the size; the foreground group hears of it."""
        if (self.rows, self.columns) != (rows, columns):
            self.rows, self.columns = rows, columns
            if self.foreground:
                k.signal_group(self.foreground, SIGWINCH)

    def host_fds(self, k: Kernel, events: int) -> Iterable[tuple[int, int]]:
        """Host descriptors that bring input or take output, as `KernelFile.host_fds`."""
        return ()

    def waited_for(self, k: Kernel, events: int) -> None:
        """A task is about to wait for one of `events`."""


class TerminalFile(KernelFile):
    """An open description of a terminal. epoch: the terminal's when it was opened; see `is_hung_up`."""

    can_splice: ClassVar[bool] = True
    can_signal: ClassVar[bool] = True

    terminal: Terminal = default(Terminal)
    epoch: int = 0

    def is_hung_up(self) -> bool:
        """Whether the terminal was taken away from whoever had it open (vhangup(2)): what is left is end of file."""
        return self.epoch != self.terminal.epoch

    def read_bytes(self, k: Kernel, n: int) -> bytes:
        """See KernelFile."""
        terminal = self.terminal
        if self.is_hung_up():
            return b""
        jobs.check_read(k, terminal)
        terminal.catch_up(k)
        data = terminal.read(n, k.monotonic_ns(), blocking=not self.flags & O_NONBLOCK)
        if data is None:
            raise WouldBlock(self, POLLIN)
        return data

    def write_bytes(self, k: Kernel, data: bytes) -> int:
        """See KernelFile."""
        terminal = self.terminal
        if self.is_hung_up():
            raise LinuxError(errno.EIO)
        jobs.check_write(k, terminal)
        done = 0
        if not terminal.stopped:
            while done < len(data) and (taken := terminal.show(k, data[done : done + PIECE])):
                done += taken
        if data and not done:
            raise WouldBlock(self, POLLOUT)
        return done

    def poll_events(self, k: Kernel) -> int:
        """See KernelFile."""
        terminal = self.terminal
        if self.is_hung_up():
            return files.IN | files.OUT | POLLERR | POLLHUP
        terminal.catch_up(k)
        events = files.IN if terminal.readable() else 0
        if terminal.hung_up and not terminal.readable_bytes():
            events |= POLLHUP
        return events | (files.OUT if terminal.has_room() and not terminal.stopped else 0)

    def host_fds(self, k: Kernel, events: int) -> Iterable[tuple[int, int]]:
        """See KernelFile."""
        return self.terminal.host_fds(k, events)

    def waited_for(self, k: Kernel, events: int) -> None:
        """See KernelFile."""
        self.terminal.waited_for(k, events)

    def deadline(self, k: Kernel) -> int | None:
        """See KernelFile."""
        if self.terminal.read_started_ns < 0:
            return None
        return self.terminal.read_deadline(k.monotonic_ns())

    def ioctl(self, k: Kernel, task: Task, request: int, argument: int) -> int:
        """See KernelFile."""
        from friscy.kernel.terminal.tty_ioctl import tty_ioctl

        if self.is_hung_up():
            raise LinuxError(errno.EIO)
        return tty_ioctl(k, task, self.terminal, request, argument)
