"""ioctl_tty(2): what programs ask of a terminal."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from friscy.kernel.structs import pack_winsize, read_winsize
from friscy.kernel.terminal.jobs import check_change, controlling_terminal, leave_terminal
from friscy.kernel.terminal.tty import TERMIO_BYTES, TERMIOS2_BYTES, TERMIOS_BYTES
from lazyfs.errors import LinuxError

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Task
    from friscy.kernel.terminal.terminal import Terminal

TCGETS, TCSETS, TCSETSW, TCSETSF = 0x5401, 0x5402, 0x5403, 0x5404
TCGETA, TCSETA, TCSETAW, TCSETAF = 0x5405, 0x5406, 0x5407, 0x5408
TCSBRK, TCXONC, TCFLSH, TIOCEXCL, TIOCNXCL, TIOCSCTTY = 0x5409, 0x540A, 0x540B, 0x540C, 0x540D, 0x540E
TIOCGPGRP, TIOCSPGRP, TIOCOUTQ, TIOCSTI, TIOCGWINSZ, TIOCSWINSZ = range(0x540F, 0x5415)
FIONREAD, TIOCNOTTY, TIOCSETD, TIOCGETD, TCSBRKP, TIOCGSID = 0x541B, 0x5422, 0x5423, 0x5424, 0x5425, 0x5429
TCGETS2, TCSETS2, TCSETSW2, TCSETSF2 = 0x802C542A, 0x402C542B, 0x402C542C, 0x402C542D
TIOCGEXCL = 0x80045440

_SETTERS = {
    TCSETS: (TERMIOS_BYTES, False), TCSETSW: (TERMIOS_BYTES, False), TCSETSF: (TERMIOS_BYTES, True),
    TCSETA: (TERMIO_BYTES, False), TCSETAW: (TERMIO_BYTES, False), TCSETAF: (TERMIO_BYTES, True),
    TCSETS2: (TERMIOS2_BYTES, False), TCSETSW2: (TERMIOS2_BYTES, False), TCSETSF2: (TERMIOS2_BYTES, True),
}  # fmt: skip
TCIFLUSH, TCOFLUSH, TCIOFLUSH = 0, 1, 2
TCOOFF, TCOON, TCIOFF, TCION = range(4)


def tty_ioctl(
    k: Kernel, task: Task, tty: Terminal, request: int, argument: int, *, from_master: bool = False
) -> int:
    """An ioctl(2) on a terminal, or on the master of its pair. ENOTTY: none that it knows."""
    mem = k.mem
    if request == TCGETS:
        mem.write(argument, tty.pack_termios())
    elif request == TCGETA:
        mem.write(argument, tty.pack_termio())
    elif request == TCGETS2:
        mem.write(argument, tty.pack_termios2())
    elif request in _SETTERS:
        check_change(k, tty)
        nbytes, flush = _SETTERS[request]
        tty.set_termios(mem.read(argument, nbytes), flush=flush)
    elif request == TIOCGWINSZ:
        mem.write(argument, pack_winsize(tty.rows, tty.columns))
    elif request == TIOCSWINSZ:
        tty.set_window(k, *read_winsize(mem, argument))
    elif request == FIONREAD:
        tty.catch_up(k)
        mem.set_u32(argument, tty.readable_bytes())
    elif request == TIOCOUTQ:
        mem.set_u32(argument, 0)
    elif request in (TCSBRK, TCSBRKP):
        check_change(k, tty)  # output is written through, and there is no line to break
    elif request == TCXONC:
        check_change(k, tty)
        _flow(tty, argument)
    elif request == TCFLSH:
        check_change(k, tty)
        if argument not in (TCIFLUSH, TCOFLUSH, TCIOFLUSH):
            raise LinuxError(errno.EINVAL)
        if argument != TCOFLUSH:
            tty.catch_up(k)
            tty.flush_input()
        if argument != TCIFLUSH:
            tty.flush_output()
    elif request in (TIOCEXCL, TIOCNXCL):
        tty.exclusive = request == TIOCEXCL
    elif request == TIOCGEXCL:
        mem.set_u32(argument, int(tty.exclusive))
    elif request == TIOCGETD:
        mem.set_u32(argument, 0)
    elif request == TIOCSETD:
        if mem.i32(argument):
            raise LinuxError(errno.EINVAL)
    elif request == TIOCSTI:
        # Typing for another is what CAP_SYS_ADMIN, or dev.tty.legacy_tiocsti, would allow.
        raise LinuxError(errno.EIO)
    else:
        return _job_control(k, task, tty, request, argument, from_master=from_master)
    return 0


def _flow(tty: Terminal, argument: int) -> None:
    if argument == TCOOFF:
        tty.stop(True)
    elif argument == TCOON:
        tty.stop(False)
    elif argument not in (TCIOFF, TCION):
        raise LinuxError(errno.EINVAL)


def _job_control(
    k: Kernel, task: Task, tty: Terminal, request: int, argument: int, *, from_master: bool
) -> int:
    process = task.process
    if request == TIOCSCTTY:
        if process.sid == tty.session and process.sid == process.pid:
            return 0
        if process.sid != process.pid or controlling_terminal(k, process) is not None:
            raise LinuxError(errno.EPERM)
        if tty.session and not (argument == 1 and process.credentials.euid == 0):
            raise LinuxError(errno.EPERM)  # else root takes it from the session that has it
        tty.session, tty.foreground = process.sid, process.pgid
        return 0
    if request not in (TIOCGPGRP, TIOCSPGRP, TIOCGSID, TIOCNOTTY):
        raise LinuxError(errno.ENOTTY)
    if tty.session != process.sid and not (from_master and request in (TIOCGPGRP, TIOCGSID)):
        raise LinuxError(errno.ENOTTY)
    if request == TIOCGSID and not tty.session:
        raise LinuxError(errno.ENOTTY)
    if request == TIOCGPGRP:
        k.mem.set_u32(argument, tty.foreground)
    elif request == TIOCGSID:
        k.mem.set_u32(argument, tty.session)
    elif request == TIOCSPGRP:
        check_change(k, tty)
        group = k.mem.i32(argument)
        if group < 0:
            raise LinuxError(errno.EINVAL)
        members = [p for p in k.state.processes.values() if p.pgid == group]
        if not members:
            raise LinuxError(errno.ESRCH)
        if all(p.sid != process.sid for p in members):
            raise LinuxError(errno.EPERM)
        tty.foreground = group
    elif process.sid == process.pid:  # TIOCNOTTY by the session's leader
        leave_terminal(k, tty)
    return 0
