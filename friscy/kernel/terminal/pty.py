"""Pseudo-terminals: a terminal whose other end is a program (pty(7)): tmux, script, ssh, pexpect.

/dev/ptmx makes a pair: the master is the open file itself, the slave a node of /dev/pts. What is written to the
master is typed on the slave; what is written to the slave, and its echo, is read from the master.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, ClassVar

from friscy.kernel import files
from friscy.kernel.devices import devices
from friscy.kernel.files import KernelFile
from friscy.kernel.terminal import jobs
from friscy.kernel.terminal.terminal import Terminal, TerminalFile
from friscy.kernel.terminal.tty import CFLAG, HUPCL, IFLAG, IUTF8, IXON, VSTART, VSTOP
from lazyfs.abi import POLLHUP, POLLIN, POLLOUT, POLLPRI
from lazyfs.devpts import SLAVE_MAJOR, Devpts
from lazyfs.errors import LinuxError, WouldBlock
from lazyfs.plain import default

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Task
    from lazyfs.openfile import OpenFile

BUFFER_BYTES = 65536  # of output that the master has not read; a writer waits then
_READ_BYTES = 4095  # what one read(2) of a master gives at most
LIMIT = 4096  # kernel.pty.max

TIOCPKT, TIOCGPTN, TIOCSPTLCK, TIOCSIG = 0x5420, 0x80045430, 0x40045431, 0x40045436
TIOCGPKT, TIOCGPTLCK, TIOCGPTPEER = 0x80045438, 0x80045439, 0x5441
_FIONREAD, _TCFLSH, _TIOCOUTQ = 0x541B, 0x540B, 0x5411
# What a read in packet mode begins with: data, or one or more of these.
_DATA, _FLUSH_READ, _FLUSH_WRITE, _STOP, _START, _NO_STOP, _DO_STOP = 0, 1, 2, 4, 8, 16, 32


class Pty(Terminal):
    """The slave's terminal and what goes to the master. epoch of a slave: see `Terminal`."""

    index: int = 0
    filesystem: Devpts | None = None
    output: bytearray = default(bytearray)
    locked: bool = True  # until unlockpt(3)
    slaves: int = 0  # descriptions open on the slave
    had_slave: bool = False
    packets: bool = False  # TIOCPKT
    status: int = 0  # what the next packet tells

    def show(self, k: Kernel, piece: bytes) -> int:
        """See Terminal."""
        room = BUFFER_BYTES - len(self.output)
        if room <= 0:
            return 0
        self.output += self.process_output(piece[:room])
        return min(len(piece), room)

    def has_room(self) -> bool:
        """See Terminal."""
        return len(self.output) < BUFFER_BYTES

    def echo(self, k: Kernel, data: bytes) -> None:
        """See Terminal."""
        self.output += data

    def flush_input(self) -> None:
        """See Tty: the master hears of it."""
        super().flush_input()
        self.status |= _FLUSH_READ

    def flush_output(self) -> None:
        """See Tty."""
        self.output.clear()
        self.status |= _FLUSH_WRITE

    def set_termios(self, raw: bytes, *, flush: bool = False) -> None:
        """See Tty."""
        before = self._has_flow_keys()
        super().set_termios(raw, flush=flush)
        if before != self._has_flow_keys():
            self.status = self.status & ~(_DO_STOP | _NO_STOP) | (_NO_STOP if before else _DO_STOP)

    def _has_flow_keys(self) -> bool:
        return bool(self.iflag & IXON) and self.cc[VSTOP] == 0x13 and self.cc[VSTART] == 0x11

    def stop(self, stopped: bool) -> None:
        """See Tty: the master hears of a change."""
        if stopped != self.stopped:
            self.stopped = stopped
            self.status = self.status & ~(_STOP | _START) | (_STOP if stopped else _START)

    def hang_up(self) -> None:
        """Take the terminal from all who have the slave open (vhangup(2))."""
        self.epoch += 1
        self.slaves, self.had_slave = 0, True
        self.flush_input()
        self.status = 0


class PtyMaster(KernelFile):
    """The description that opening /dev/ptmx gives."""

    can_splice: ClassVar[bool] = True

    pty: Pty = default(Pty)

    @property
    def _slave_gone(self) -> bool:
        return self.pty.had_slave and not self.pty.slaves

    def _status(self) -> int:
        return self.pty.status if self.pty.packets else 0

    def read_bytes(self, k: Kernel, n: int) -> bytes:
        """See KernelFile."""
        pty = self.pty
        if not n:
            return b""
        if status := self._status():
            pty.status = 0
            return bytes((status,))
        if not pty.output:
            if self._slave_gone:
                raise LinuxError(errno.EIO)
            raise WouldBlock(self, POLLIN)
        taken = bytes(pty.output[: min(n - pty.packets, _READ_BYTES)])
        del pty.output[: len(taken)]
        return bytes((_DATA,)) + taken if pty.packets else taken

    def write_bytes(self, k: Kernel, data: bytes) -> int:
        """See KernelFile."""
        pty = self.pty
        room = min(pty.input_room(), len(data))
        if data and not room:
            raise WouldBlock(self, POLLOUT)
        pty.typed(k, data[:room])
        return room

    def poll_events(self, k: Kernel) -> int:
        """See KernelFile."""
        events = files.OUT if self.pty.input_room() else 0
        if self.pty.output:
            events |= files.IN
        if self._status():
            events |= files.IN | POLLPRI
        return events | (POLLHUP if self._slave_gone else 0)

    def ioctl(self, k: Kernel, task: Task, request: int, argument: int) -> int:
        """See KernelFile: what concerns the pair, then what the slave answers."""
        from friscy.kernel.terminal.tty_ioctl import tty_ioctl

        pty, mem = self.pty, k.mem
        if request == TIOCGPTN:
            mem.set_u32(argument, pty.index)
        elif request == TIOCSPTLCK:
            pty.locked = bool(mem.i32(argument))
        elif request == TIOCGPTLCK:
            mem.set_u32(argument, pty.locked)
        elif request == TIOCPKT:
            wanted = bool(mem.i32(argument))
            if wanted and not pty.packets:
                pty.status = 0
            pty.packets = wanted
        elif request == TIOCGPKT:
            mem.set_u32(argument, pty.packets)
        elif request == TIOCSIG:
            if not 1 <= argument <= 64:
                raise LinuxError(errno.EINVAL)
            if pty.foreground:
                k.signal_group(pty.foreground, argument)
        elif request == TIOCGPTPEER:
            return self._open_peer(k, task, argument)
        elif request in (_FIONREAD, _TIOCOUTQ):
            mem.set_u32(argument, len(pty.output) if request == _FIONREAD else 0)
        elif request == _TCFLSH:
            self._flush(argument)
        else:
            return tty_ioctl(k, task, pty, request, argument, from_master=True)
        return 0

    def _flush(self, queue: int) -> None:
        """TCFLSH on the master: its input is the slave's output."""
        if queue not in (0, 1, 2):
            raise LinuxError(errno.EINVAL)
        if queue != 1:
            self.pty.output.clear()
        if queue != 0:
            self.pty.flush_input()

    def _open_peer(self, k: Kernel, task: Task, flags: int) -> int:
        from friscy.kernel.calls.path import install
        from lazyfs.abi import O_CLOEXEC

        path = b"/dev/pts/%d" % self.pty.index
        file = k.vfs.open(task.process.fs, path, flags & ~O_CLOEXEC)
        return install(k, task, open_slave(k, file, self.pty), cloexec=bool(flags & O_CLOEXEC))

    def closed(self, k: Kernel) -> None:
        """See KernelFile: the slave is hung up, and its node gone."""
        pty = self.pty
        del devices(k).ptys[pty.index]
        assert pty.filesystem is not None
        pty.filesystem.remove_slave(k.vfs, pty.index)
        jobs.hang_up(k, pty)
        pty.hang_up()


class PtySlave(TerminalFile):
    """A description of a slave."""

    def closed(self, k: Kernel) -> None:
        """See KernelFile."""
        pty = self.terminal
        assert isinstance(pty, Pty)
        if not self.is_hung_up():
            pty.slaves -= 1


def open_master(k: Kernel, file: OpenFile) -> PtyMaster:
    """`file`, just opened, is a ptmx node: make a new pair. ENOSPC: there are too many; EIO: no /dev/pts around it."""
    filesystem = file.inode.fs
    if not isinstance(filesystem, Devpts):
        raise LinuxError(errno.EIO)
    ptys = devices(k).ptys
    index = next(n for n in range(LIMIT + 1) if n not in ptys)
    if index == LIMIT:
        raise LinuxError(errno.ENOSPC)
    pty = Pty(
        index=index,
        device=(SLAVE_MAJOR, index),
        filesystem=filesystem,
        rows=0,
        columns=0,
        iflag=IFLAG & ~IUTF8,
        cflag=CFLAG & ~HUPCL,
    )
    ptys[index] = pty
    owner = file.credentials
    filesystem.add_slave(k.vfs, index, owner.uid if owner is not None else 0)
    return PtyMaster(file.location, file.inode, file.flags, credentials=owner, pty=pty)


def open_slave(k: Kernel, file: OpenFile, pty: Pty) -> PtySlave:
    """`file`, just opened, is the node of a slave. EIO: it is locked."""
    if pty.locked:
        raise LinuxError(errno.EIO)
    pty.slaves += 1
    pty.had_slave = True
    return PtySlave(
        file.location, file.inode, file.flags, credentials=file.credentials, terminal=pty, epoch=pty.epoch
    )


def slave_of(k: Kernel, minor: int) -> Pty:
    """The terminal of /dev/pts/<minor>. ENXIO: there is none."""
    pty = devices(k).ptys.get(minor)
    if pty is None:
        raise LinuxError(errno.ENXIO)
    assert isinstance(pty, Pty)
    return pty
