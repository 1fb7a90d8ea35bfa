"""The console: the host's standard streams as the guest's descriptors 0, 1 and 2.

    console = Console()                        # the host's 0, 1, 2; Console.detached() for a build
    files = console.open_standard(k, context)  # an FdTable for spawn_init
    with console: k.run()                      # a host terminal is in raw mode inside

Where a host stream is a terminal the guest gets a terminal: our own line discipline (`terminal.py`, `tty.py`),
with the host's in raw mode. Anything else is a pipe to the guest, whatever it is on the host, as with docker.
The plain half (`StreamFile`, `ConsoleTerminal`) goes into a snapshot; a restored machine is given a new `Console`.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
from collections.abc import Callable, Iterable
from stat import S_IFCHR, S_IFIFO, S_ISREG
from typing import TYPE_CHECKING, Any, ClassVar

from friscy.kernel import files
from friscy.kernel.devices import devices, unnamed
from friscy.kernel.fdtable import FdTable, drop, hold
from friscy.kernel.files import KernelFile
from friscy.kernel.terminal.terminal import Terminal, TerminalFile
from friscy.kernel.terminal.tty_ioctl import FIONREAD
from friscy.kernel.wait import READ, WRITE
from lazyfs.abi import O_RDONLY, O_RDWR, O_WRONLY, POLLERR, POLLHUP, POLLIN, POLLOUT
from lazyfs.errors import LinuxError, WouldBlock
from lazyfs.inode import FsContext, Inode, Location
from lazyfs.pipe import Pipe

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Process, Task

INIT_PID = 1
CONSOLE_RDEV = (5, 1)
_PIECE = 4096  # PIPE_BUF: what a pipe takes without blocking once it polls writable
_READ_BYTES = 65536


class ConsoleTerminal(Terminal):
    """The terminal of the user, with `Kernel.console` behind it."""

    def catch_up(self, k: Kernel) -> None:
        """See Terminal."""
        k.console.check_host(k)

    def show(self, k: Kernel, piece: bytes) -> int:
        """See Terminal."""
        console: Console = k.console
        # Output processing moves the cursor, so a piece has to go out whole once it is processed.
        shown = self.process_output(piece)
        console.write_all(console.screen, shown if console.is_raw else piece)
        return len(piece)

    def echo(self, k: Kernel, data: bytes) -> None:
        """See Terminal."""
        if k.console.echoing:
            k.console.write_all(k.console.screen, data)

    def host_fds(self, k: Kernel, events: int) -> Iterable[tuple[int, int]]:
        """See Terminal."""
        return [(fd, READ) for fd in k.console.wakeup_fds()]

    def waited_for(self, k: Kernel, events: int) -> None:
        """See Terminal."""
        if events & POLLIN and k.console.on_input_wanted is not None:
            k.console.on_input_wanted()


class StreamFile(KernelFile):
    """A standard stream (`number` 0, 1 or 2) that is no terminal."""

    can_splice: ClassVar[bool] = True

    number: int = 0

    def read_bytes(self, k: Kernel, n: int) -> bytes:
        """See KernelFile."""
        return k.console.read_host(self, n)  # type: ignore[no-any-return]

    def write_bytes(self, k: Kernel, data: bytes) -> int:
        """See KernelFile."""
        return k.console.write_host(self, self.number, data)  # type: ignore[no-any-return]

    def poll_events(self, k: Kernel) -> int:
        """See KernelFile."""
        return k.console.poll_host(self.number)  # type: ignore[no-any-return]

    def host_fds(self, k: Kernel, events: int) -> Iterable[tuple[int, int]]:
        """See KernelFile."""
        return k.console.host_fds(self.number)  # type: ignore[no-any-return]

    def waited_for(self, k: Kernel, events: int) -> None:
        """See KernelFile."""
        if events & POLLIN and self.number == 0 and k.console.on_input_wanted is not None:
            k.console.on_input_wanted()

    def ioctl(self, k: Kernel, task: Task, request: int, argument: int) -> int:
        """See KernelFile."""
        if request == FIONREAD and self.number == 0:
            k.mem.set_u32(argument, k.console.waiting_bytes(0))
            return 0
        raise LinuxError(errno.ENOTTY)


class StreamInode(Inode):
    """The inode of a standard stream that is no terminal: opening it anew (/dev/stdout) gives the stream."""

    number: int = 0


class Console:
    """The host side: descriptors, raw mode, window size, and the record of what was shown.

    fds: host descriptors of standard input, output and error; -1 for none (input never comes, output goes
    only to the transcript). transcript: when a list, [number, bytes] of everything written is appended.
    terminal: whether the guest sees a terminal; by default, for each stream that is one.
    on_input_wanted: called when a task is about to wait for standard input (the snapshot point "stdin").
    """

    def __init__(
        self,
        fds: tuple[int, int, int] = (0, 1, 2),
        *,
        terminal: bool | None = None,
        transcript: list[list[Any]] | None = None,
        on_input_wanted: Callable[[], None] | None = None,
    ) -> None:
        self.fds, self.transcript = list(fds), transcript
        self.is_host_terminal = [fd >= 0 and os.isatty(fd) for fd in fds]
        self.terminal = list(self.is_host_terminal) if terminal is None else [terminal] * 3
        self.passthrough = [fd >= 0 and _is_regular(fd) for fd in fds]
        self.screen = next((n for n in (1, 2, 0) if self.is_host_terminal[n]), 1)
        self._saved: tuple[int, list[Any]] | None = None
        self._at_end = False
        self.echoing = self.is_host_terminal[0]
        self.on_input_wanted = on_input_wanted

    @classmethod
    def detached(cls, *, terminal: bool = False) -> Console:
        """A console without a host: reads wait for ever, what is written goes to the transcript."""
        return cls((-1, -1, -1), terminal=terminal, transcript=[])

    # -- the guest's descriptors ------------------------------------------------------------------------

    def open_standard(self, k: Kernel, context: FsContext) -> FdTable:
        """The descriptor table of the first process: 0, 1 and 2. All terminal streams share one description."""
        table = FdTable()
        shared: TerminalFile | None = None
        for number in range(3):
            if self.terminal[number]:
                if shared is None:
                    tty = console_terminal(k)
                    place, node = terminal_place(k, context)
                    shared = TerminalFile(place, node, O_RDWR, terminal=tty, epoch=tty.epoch)
                    tty.session = tty.foreground = INIT_PID
                    self.resize(k)
                table.add(shared, 1024)
            else:
                owner = context.credentials
                place = unnamed(k, b"pipe:[%d]", S_IFIFO | 0o600, uid=owner.uid, gid=owner.gid)
                inode = StreamInode(**place.inode.fields(), number=number)
                # Both ends are there, so that an open of /dev/stdin never waits for the other one.
                inode.pipe = Pipe(readers=1, writers=1, had_writer=True)
                place.dentry.inode = inode
                flags = O_RDONLY if number == 0 else O_WRONLY
                table.add(StreamFile(place, inode, flags, number=number), 1024)
        return table

    def become_controlling(self, k: Kernel, process: Process) -> None:
        """Make the console, if it is a terminal, the controlling terminal of the first process's session."""
        if any(self.terminal):
            tty = console_terminal(k)
            tty.session, tty.foreground = process.sid, process.pgid

    def take_over(self, k: Kernel) -> None:
        """Make this the console of a restored machine, which another one had before.

        Standard streams that were pipes where there is a terminal now (or the other way round) are opened
        anew under the same descriptors; a terminal's size is the host's again.
        """
        init = k.state.processes[INIT_PID]
        fresh = self.open_standard(k, init.fs)
        for process in k.state.processes.values():
            for fd, descriptor in process.files.slots.items():
                file = descriptor.file
                is_terminal = isinstance(file, TerminalFile) and isinstance(file.terminal, ConsoleTerminal)
                if not is_terminal and not isinstance(file, StreamFile):
                    continue
                number = file.number if isinstance(file, StreamFile) else min(fd, 2)
                if is_terminal != self.terminal[number]:
                    descriptor.file = hold(fresh.slots[number].file)
                    drop(k, file)
        fresh.close_all(k)
        self.resize(k)

    # -- host terminal ----------------------------------------------------------------------------------

    def __enter__(self) -> Console:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def start(self) -> None:
        """Put the host terminal behind standard input in raw mode."""
        if self.is_host_terminal[0] and self._saved is None:
            import termios
            import tty

            fd = self.fds[0]
            self._saved = fd, termios.tcgetattr(fd)
            tty.setraw(fd, termios.TCSADRAIN)

    def close(self) -> None:
        """Give the host terminal back as it was."""
        if self._saved is not None:
            import termios

            fd, attributes = self._saved
            self._saved = None
            with contextlib.suppress(termios.error):
                termios.tcsetattr(fd, termios.TCSADRAIN, attributes)

    @property
    def owns_terminal(self) -> bool:
        """Whether the host's terminal is in raw mode for the guest."""
        return self._saved is not None

    @property
    def is_raw(self) -> bool:
        """Whether output reaches the screen as it is; a terminal that is not ours alone processes it itself."""
        return self._saved is not None or self.fds[self.screen] < 0

    def resize(self, k: Kernel) -> None:
        """Take over the host's window size; the guest gets SIGWINCH if it changed. Call it on SIGWINCH."""
        tty = k.state.devices.console if k.state.devices is not None else None
        if tty is None:
            return
        for number in range(3):
            if self.is_host_terminal[number]:
                with contextlib.suppress(OSError):
                    size = os.get_terminal_size(self.fds[number])
                    tty.set_window(k, size.lines, size.columns)
                return

    # -- input ------------------------------------------------------------------------------------------

    def wakeup_fds(self) -> list[int]:
        """Host descriptors that an idle kernel watches whatever its tasks wait for: ^C on a terminal."""
        return [self.fds[0]] if self.terminal[0] and self.fds[0] >= 0 and not self._at_end else []

    def check_host(self, k: Kernel) -> None:
        """Take in what was typed on a terminal: echo it, raise its signals."""
        if not self.terminal[0] or self.fds[0] < 0 or self._at_end:
            return
        while _ready(self.fds[0], select.POLLIN):
            try:
                data = os.read(self.fds[0], _READ_BYTES)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:
                self._at_end = console_terminal(k).hung_up = True
                return
            console_terminal(k).typed(k, data)

    def read_host(self, file: StreamFile, n: int) -> bytes:
        """Read a stream that is no terminal."""
        fd = self.fds[file.number]
        if fd < 0:
            raise WouldBlock(file, POLLIN)
        if not self.passthrough[file.number] and not _ready(fd, select.POLLIN):
            raise WouldBlock(file, POLLIN)
        try:
            return os.read(fd, n)
        except BlockingIOError:
            raise WouldBlock(file, POLLIN) from None
        except OSError as error:
            raise LinuxError(error.errno or errno.EIO) from error

    def waiting_bytes(self, number: int) -> int:
        """FIONREAD of a stream that is no terminal."""
        import fcntl

        if self.fds[number] < 0:
            return 0
        try:
            raw = fcntl.ioctl(self.fds[number], 0x541B, bytes(4))
        except OSError:
            return 0
        return int.from_bytes(raw, "little")

    # -- output -----------------------------------------------------------------------------------------

    def write_host(self, file: StreamFile, number: int, data: bytes) -> int:
        """Write to a stream that is no terminal, as far as it takes it without waiting."""
        fd = self.fds[number]
        if fd < 0 or self.passthrough[number]:
            self.write_all(number, data)
            return len(data)
        done = 0
        while done < len(data):
            if not _ready(fd, select.POLLOUT):
                break
            piece = data[done : done + _PIECE]
            try:
                written = os.write(fd, piece)
            except BlockingIOError:
                break
            except OSError as error:
                if done:
                    break
                raise LinuxError(error.errno or errno.EIO) from error
            self._record(number, piece[:written])
            done += written
        if not done and data:
            raise WouldBlock(file, POLLOUT)
        return done

    def write_all(self, number: int, data: bytes) -> None:
        """Write to the host, however long that takes. Raises LinuxError where the host will not have it."""
        self._record(number, data)
        fd = self.fds[number]
        while data and fd >= 0:
            try:
                data = data[os.write(fd, data) :]
            except BlockingIOError:
                select.select([], [fd], [])
            except OSError as error:
                raise LinuxError(error.errno or errno.EIO) from error

    def _record(self, number: int, data: bytes) -> None:
        if self.transcript is not None and data:
            if self.transcript and self.transcript[-1][0] == number:
                self.transcript[-1][1] += data
            else:
                self.transcript.append([number, bytes(data)])

    def replay(self, transcript: list[list[Any]]) -> None:
        """Show what a restored machine had written before its snapshot was taken."""
        for number, data in transcript:
            self.write_all(number, data)

    # -- readiness --------------------------------------------------------------------------------------

    def poll_host(self, number: int) -> int:
        """POLL* bits of a stream that is no terminal."""
        fd = self.fds[number]
        if fd < 0:
            return 0 if number == 0 else files.OUT
        if self.passthrough[number]:
            return files.IN if number == 0 else files.OUT
        poller = select.poll()
        poller.register(fd, select.POLLIN if number == 0 else select.POLLOUT)
        events = 0
        for _, seen in poller.poll(0):
            events |= seen & (POLLIN | POLLOUT | POLLERR | POLLHUP)
        if events & POLLIN:
            events |= files.IN
        if events & POLLOUT:
            events |= files.OUT
        return events

    def host_fds(self, number: int) -> Iterable[tuple[int, int]]:
        """The host descriptor behind a stream that is no terminal."""
        if self.fds[number] >= 0 and not self.passthrough[number]:
            yield self.fds[number], READ if number == 0 else WRITE


def console_terminal(k: Kernel) -> ConsoleTerminal:
    """The console's terminal."""
    state = devices(k)
    if state.console is None:
        state.console = ConsoleTerminal()
    assert isinstance(state.console, ConsoleTerminal)
    return state.console


def terminal_place(k: Kernel, context: FsContext) -> tuple[Location, Inode]:
    """Where the console terminal is: /dev/console, or nowhere in an image without one."""
    try:
        place = k.vfs.lookup(context, b"/dev/console")
    except LinuxError:
        place = unnamed(k, b"/dev/console", S_IFCHR | 0o620)
        place.inode.rdev = CONSOLE_RDEV
    return place, place.inode


def _is_regular(fd: int) -> bool:
    return S_ISREG(os.fstat(fd).st_mode)


def _ready(fd: int, events: int) -> bool:
    poller = select.poll()
    poller.register(fd, events)
    return bool(poller.poll(0))
