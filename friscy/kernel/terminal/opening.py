"""What opening a terminal's node, or a standard stream by name, gives: the VFS finds the inode, the rest is here."""

from __future__ import annotations

import errno
from stat import S_ISCHR
from typing import TYPE_CHECKING

from friscy.kernel.terminal.console import CONSOLE_RDEV, StreamFile, StreamInode
from friscy.kernel.terminal.jobs import controlling_terminal
from friscy.kernel.terminal.terminal import Terminal, TerminalFile
from lazyfs.abi import O_NOCTTY
from lazyfs.devfs import Driver
from lazyfs.devpts import PTMX, SLAVE_MAJOR
from lazyfs.errors import LinuxError
from lazyfs.host import ANY

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Process
    from lazyfs.openfile import OpenFile

CURRENT = (5, 0)  # /dev/tty
DEVICES = (CURRENT, CONSOLE_RDEV, PTMX, (SLAVE_MAJOR, ANY))


class TerminalDriver(Driver):
    """The driver of DEVICES for the VFS, which only lets them be opened: `adopt` does the rest."""

    def open(self, file: OpenFile) -> None:
        """See Driver."""


def adopt(k: Kernel, process: Process, file: OpenFile, flags: int) -> OpenFile:
    """The description that `process` gets for `file`, just opened with `flags`; another one if it is a terminal's.

    A session's leader without a terminal gets the one it opens as its controlling terminal.
    ENXIO: /dev/tty without a controlling terminal, /dev/console where the guest has none. EIO: a locked slave.
    """
    inode = file.inode
    if isinstance(inode, StreamInode):
        k.vfs.release(file)
        return StreamFile(file.location, inode, file.flags, number=inode.number)
    if not S_ISCHR(inode.mode):
        return file
    if inode.rdev == PTMX:
        from friscy.kernel.terminal.pty import open_master

        return open_master(k, file)
    if inode.rdev[0] == SLAVE_MAJOR:
        from friscy.kernel.terminal.pty import open_slave, slave_of

        opened: TerminalFile = open_slave(k, file, slave_of(k, inode.rdev[1]))
    elif inode.rdev in (CURRENT, CONSOLE_RDEV):
        opened = _open_existing(k, process, file)
    else:
        return file
    terminal = opened.terminal
    takes = not flags & O_NOCTTY and inode.rdev != CURRENT and process.sid == process.pid
    if takes and not terminal.session and controlling_terminal(k, process) is None:
        terminal.session, terminal.foreground = process.sid, process.pgid
    return opened


def _open_existing(k: Kernel, process: Process, file: OpenFile) -> TerminalFile:
    """/dev/tty or /dev/console."""
    from friscy.kernel.terminal.pty import Pty

    terminal: Terminal | None
    if file.inode.rdev == CURRENT:
        terminal = controlling_terminal(k, process)
    else:
        terminal = k.state.devices.console if k.state.devices is not None else None
    if terminal is None:
        raise LinuxError(errno.ENXIO)
    if isinstance(terminal, Pty):
        from friscy.kernel.terminal.pty import open_slave

        return open_slave(k, file, terminal)
    return TerminalFile(
        file.location,
        file.inode,
        file.flags,
        credentials=file.credentials,
        terminal=terminal,
        epoch=terminal.epoch,
    )
