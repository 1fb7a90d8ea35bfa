"""Job control: stopping and continuing processes, orphaned process groups, the terminal's foreground group."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from friscy.kernel import signals
from friscy.kernel.signals import SIGCHLD, SIGCONT, SIGHUP, SIGTTIN, SIGTTOU
from friscy.kernel.state import SigInfo
from friscy.kernel.wait import Blocked, Turn
from lazyfs.errors import LinuxError

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Process
    from friscy.kernel.terminal.terminal import Terminal

CONTINUED = -1  # Process.news
CLD_STOPPED, CLD_CONTINUED = 5, 6
_TOSTOP = 0x100


def stop(k: Kernel, process: Process, signal: int) -> None:
    """A stop signal takes its default effect: no task of the process runs until SIGCONT."""
    process.stopped = process.news = signal
    if k.task.process is process:
        k.hart.interrupt()
    _tell_parent(k, process, CLD_STOPPED, signal)


def resume(k: Kernel, process: Process) -> None:
    """SIGCONT was sent: a stopped process runs on, whatever it does with the signal."""
    if process.stopped:
        process.stopped, process.news = 0, CONTINUED
        _tell_parent(k, process, CLD_CONTINUED, SIGCONT)


def _tell_parent(k: Kernel, process: Process, code: int, status: int) -> None:
    k.calls += 1
    k.changes += 1
    parent = k.state.processes.get(process.ppid)
    if parent is None or parent.exit_status is not None:
        return
    if not signals.action_of(parent, SIGCHLD).flags & signals.SA_NOCLDSTOP:
        info = SigInfo(SIGCHLD, code, process.pid, process.credentials.uid, status=status)
        signals.post(k, parent, info)


def group(k: Kernel, pgid: int) -> list[Process]:
    """The living processes of a process group."""
    return [p for p in k.state.processes.values() if p.pgid == pgid and p.exit_status is None]


def is_orphaned(k: Kernel, pgid: int, *, without: Process | None = None) -> bool:
    """Whether nobody in the session could continue the group: no member's parent is in another group of it."""
    for process in k.state.processes.values():
        if process.pgid != pgid or process is without or process.exit_status is not None:
            continue
        parent = k.state.processes.get(process.ppid)
        if parent is not None and parent is not without and parent.pgid != pgid and parent.sid == process.sid:
            return False
    return True


def leave_session(k: Kernel, process: Process) -> None:
    """A process ended: a session's leader gives up its terminal; groups that it orphans are not left stopped."""
    tty = controlling_terminal(k, process)
    if tty is not None and process.pid == process.sid:
        leave_terminal(k, tty, ending=True)
    # Groups that it kept from being orphans: its own by its parent, its children's by itself.
    kept = {
        child.pgid
        for child in k.state.processes.values()
        if child.ppid == process.pid and child.sid == process.sid and child.pgid != process.pgid
    }
    parent = k.state.processes.get(process.ppid)
    if parent is not None and parent.sid == process.sid and parent.pgid != process.pgid:
        kept.add(process.pgid)
    for pgid in kept:
        members = [p for p in group(k, pgid) if p is not process]
        if any(p.stopped for p in members) and is_orphaned(k, pgid, without=process):
            for member in members:
                k.post_signal(member, SIGHUP, code=signals.SI_KERNEL)
                k.post_signal(member, SIGCONT, code=signals.SI_KERNEL)


def leave_terminal(k: Kernel, tty: Terminal, *, ending: bool = False) -> None:
    """A session gives its controlling terminal up, or its leader is `ending`: the foreground group hears of it."""
    for member in group(k, tty.foreground):
        k.post_signal(member, SIGHUP, code=signals.SI_KERNEL)
        if not ending:
            k.post_signal(member, SIGCONT, code=signals.SI_KERNEL)
    tty.session = tty.foreground = 0


def hang_up(k: Kernel, tty: Terminal) -> None:
    """What is behind a terminal is gone: its session's leader hears of it, and the session has no terminal any more."""
    leader = k.state.processes.get(tty.session)
    if leader is not None:
        k.post_signal(leader, SIGHUP, code=signals.SI_KERNEL)
        k.post_signal(leader, SIGCONT, code=signals.SI_KERNEL)
    tty.session = tty.foreground = 0


def controlling_terminal(k: Kernel, process: Process) -> Terminal | None:
    """The controlling terminal of the process's session."""
    devices = k.state.devices
    if devices is None:
        return None
    for terminal in (devices.console, *devices.ptys.values()):
        if terminal is not None and terminal.session == process.sid:
            found: Terminal = terminal
            return found
    return None


def check_read(k: Kernel, tty: Terminal) -> None:
    """A background process that reads from its terminal is stopped by SIGTTIN. EIO: it would not be."""
    process, task = k.task.process, k.task
    if tty.session != process.sid or not tty.foreground or process.pgid == tty.foreground:
        return
    unheard = signals.is_ignored(process, SIGTTIN) or task.blocked_signals & signals.bit(SIGTTIN)
    if unheard or is_orphaned(k, process.pgid):
        raise LinuxError(errno.EIO)
    k.signal_group(process.pgid, SIGTTIN)
    raise Blocked(Turn())


def check_change(k: Kernel, tty: Terminal) -> None:
    """A background process that changes its terminal (or writes, with TOSTOP) is stopped by SIGTTOU.

    One that ignores or blocks the signal may go on. EIO: nobody could continue it.
    """
    process, task = k.task.process, k.task
    if tty.session != process.sid or not tty.foreground or process.pgid == tty.foreground:
        return
    if signals.is_ignored(process, SIGTTOU) or task.blocked_signals & signals.bit(SIGTTOU):
        return
    if is_orphaned(k, process.pgid):
        raise LinuxError(errno.EIO)
    k.signal_group(process.pgid, SIGTTOU)
    raise Blocked(Turn())


def check_write(k: Kernel, tty: Terminal) -> None:
    """See `check_change`."""
    if tty.lflag & _TOSTOP:
        check_change(k, tty)
