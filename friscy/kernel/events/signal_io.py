"""Signals instead of waiting: O_ASYNC with F_SETOWN and F_SETSIG, and F_NOTIFY on directories (dnotify).

Who is told of a description is an `Owner` in `Devices.owners`; those with O_ASYNC are in `KernelState.signalled` too.
They are looked at after each call and each wait, for what has come or has become possible since: those in
`Kernel.news`. One whose file has a bell, and nothing of the host behind it, rests until that rings.

Gap: of a terminal only that there is something to read is told, not that there is more.
"""

from __future__ import annotations

import errno
import struct
from stat import S_ISDIR
from typing import TYPE_CHECKING

from friscy.kernel import files
from friscy.kernel.devices import devices
from friscy.kernel.events import inotify
from friscy.kernel.signals import NSIG, SI_KERNEL, post
from friscy.kernel.state import Process, SigInfo, Task
from lazyfs.abi import O_ASYNC, POLLERR, POLLHUP, POLLIN, POLLOUT, POLLRDNORM, POLLWRNORM
from lazyfs.errors import LinuxError
from lazyfs.observer import IN_ACCESS, IN_ATTRIB, IN_CREATE, IN_DELETE, IN_MODIFY, IN_MOVED_FROM, IN_MOVED_TO
from lazyfs.openfile import OpenFile
from lazyfs.plain import Plain

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel

F_OWNER_TID, F_OWNER_PID, F_OWNER_PGRP = 0, 1, 2
SIGIO = 29
POLL_IN, POLL_OUT, POLL_MSG = 1, 2, 3
_BANDS = {
    POLL_IN: POLLIN | POLLRDNORM,
    POLL_OUT: POLLOUT | POLLWRNORM | 0x200,
    POLL_MSG: POLLIN | POLLRDNORM | 0x400,
}
DN_MULTISHOT = 0x8000_0000
_DN_EVENTS = {
    1: IN_ACCESS, 2: IN_MODIFY, 4: IN_CREATE | IN_MOVED_TO, 8: IN_DELETE | IN_MOVED_FROM,
    0x10: inotify.MOVED_WITHIN, 0x20: IN_ATTRIB,
}  # fmt: skip


class Owner(Plain):
    """Who gets the signals of a description: the thread, process or group `who` (0: nobody), by right of user `uid`.

    signal: 0 for SIGIO without a word of what it is about. fd: what it says then (si_fd). inputs, outputs, ready: what
    was told last: see KernelFile.activity, poll(2).
    """

    file: OpenFile
    kind: int = F_OWNER_PID
    who: int = 0
    uid: int = 0
    signal: int = 0
    fd: int = -1
    inputs: int = 0
    outputs: int = 0
    ready: int = 0

    def name(self, k: Kernel, task: Task, kind: int, who: int) -> None:
        """F_SETOWN and F_SETOWN_EX. ESRCH: there is nobody of that number."""
        if who and not _targets(k, kind, who):
            raise LinuxError(errno.ESRCH)
        self.kind, self.who, self.uid = kind, who, task.process.credentials.euid

    def tell(self, k: Kernel, code: int) -> None:
        """Send the signal."""
        for process, task in _targets(k, self.kind, self.who):
            ids = process.credentials
            if self.uid not in (0, ids.uid, ids.suid):
                continue
            if self.signal:
                # siginfo_t with si_band and si_fd
                raw = struct.pack("<iii4xqi", self.signal, 0, code, _BANDS[code], self.fd).ljust(128, b"\0")
                post(k, process, SigInfo(self.signal, code, raw=raw), task)
            else:
                post(k, process, SigInfo(SIGIO, SI_KERNEL), task)

    def release(self, k: Kernel) -> None:
        """The last holder of the description is gone."""
        devices(k).owners.remove(self)
        _forget(k, self)
        notice = _notice_of(k, self.file)
        if notice is not None:
            _end(k, notice)


def _targets(k: Kernel, kind: int, who: int) -> list[tuple[Process, Task | None]]:
    if kind == F_OWNER_TID:
        task = k.state.tasks.get(who)
        return [] if task is None else [(task.process, task)]
    living = [process for process in k.state.processes.values() if process.exit_status is None]
    if kind == F_OWNER_PID:
        return [(process, None) for process in living if process.pid == who]
    return [(process, None) for process in living if process.pgid == who]


def owner_of(k: Kernel, file: OpenFile) -> Owner | None:
    """Who was named for a description."""
    return next((owner for owner in devices(k).owners if owner.file is file), None)


def _make_owner(k: Kernel, file: OpenFile) -> Owner:
    found = owner_of(k, file)
    if found is None:
        found = Owner(file)
        devices(k).owners.append(found)
    return found


def set_owner(k: Kernel, task: Task, file: OpenFile, kind: int, who: int) -> None:
    """F_SETOWN and F_SETOWN_EX. EINVAL: no such kind; ESRCH: there is nobody of that number."""
    if kind not in (F_OWNER_TID, F_OWNER_PID, F_OWNER_PGRP):
        raise LinuxError(errno.EINVAL)
    _make_owner(k, file).name(k, task, kind, who)


def claim(k: Kernel, task: Task, file: OpenFile) -> None:
    """A process asked for news of a file: it gets them, where nobody was named."""
    owner = _make_owner(k, file)
    if not owner.who:
        owner.name(k, task, F_OWNER_PID, task.process.pid)


def set_signal(k: Kernel, file: OpenFile, signal: int) -> None:
    """F_SETSIG. EINVAL: no signal."""
    if not 0 <= signal <= NSIG:
        raise LinuxError(errno.EINVAL)
    _make_owner(k, file).signal = signal


def set_async(k: Kernel, file: OpenFile, fd: int, *, wanted: bool) -> None:
    """O_ASYNC is set or taken back (F_SETFL, FIOASYNC): without effect on files that are always ready."""
    if bool(file.flags & O_ASYNC) == wanted:
        return
    file.flags ^= O_ASYNC
    if not (files.is_pipe(file) or (isinstance(file, files.KernelFile) and file.can_signal)):
        return
    owner = _make_owner(k, file)
    if wanted:
        owner.fd = fd
        _notice(k, owner)
        k.state.signalled.append(owner)
        k.news[id(owner)] = owner
    else:
        _forget(k, owner)


def _forget(k: Kernel, owner: Owner) -> None:
    """Nobody wants signals of it any more."""
    k.state.signalled[:] = [other for other in k.state.signalled if other is not owner]
    k.news.pop(id(owner), None)
    bell = files.bell(k, owner.file)
    if bell is not None:
        bell.forget(id(owner))


def look(k: Kernel) -> None:
    """Tell whoever wants a signal of what has happened to files since the last time."""
    for key, owner in list(k.news.items()):
        inputs, outputs, ready = owner.inputs, owner.outputs, owner.ready
        _notice(k, owner)
        fresh = owner.ready & ~ready
        if owner.inputs != inputs or fresh & (POLLIN | POLLHUP | POLLERR):
            owner.tell(k, POLL_IN)
        if owner.outputs != outputs or fresh & POLLOUT:
            owner.tell(k, POLL_OUT)
        bell = files.bell(k, owner.file)
        if bell is not None and not any(files.host_fds(k, owner.file, POLLIN)):
            del k.news[key]
            bell.tell(key, k.news, owner)


def _notice(k: Kernel, owner: Owner) -> None:
    """Note how things are."""
    file = owner.file
    counts = files.activity(k, file)
    if counts is not None:
        owner.inputs = counts[0] if file.readable else 0
        owner.outputs = counts[1] if file.writable else 0
    owner.ready = files.poll(k, file)


# -- directories --------------------------------------------------------------------------------------


class DirectoryNotice(Plain):
    """The other end of an inotify.Watch: a signal for each event, or for the first one only."""

    owner: Owner
    fd: int
    again: bool
    over: bool = False

    def add(self, k: Kernel, event: inotify.Event) -> None:
        """An event came."""
        if event.mask == inotify.IN_IGNORED or self.over:
            return
        self.owner.fd = self.fd
        self.owner.tell(k, POLL_MSG)
        if not self.again:
            self.over = True
            _end(k, self)


def _notice_of(k: Kernel, file: OpenFile) -> DirectoryNotice | None:
    for watch in k.state.watches:
        found = watch.instance
        if isinstance(found, DirectoryNotice) and found.owner.file is file:
            return found
    return None


def _end(k: Kernel, notice: DirectoryNotice) -> None:
    k.state.watches[:] = [watch for watch in k.state.watches if watch.instance is not notice]
    inotify.observe(k)


def notify(k: Kernel, task: Task, file: OpenFile, fd: int, wanted: int) -> None:
    """F_NOTIFY: events of a directory and what is in it; none ends it. ENOTDIR."""
    if not S_ISDIR(file.inode.mode):
        raise LinuxError(errno.ENOTDIR)
    before = _notice_of(k, file)
    mask = sum(events for bit, events in _DN_EVENTS.items() if wanted & bit)
    if before is not None:
        mask |= next(watch.mask for watch in k.state.watches if watch.instance is before) if mask else 0
        _end(k, before)
    if not mask:
        return
    owner = _make_owner(k, file)
    owner.name(k, task, F_OWNER_PID, task.process.pid)
    notice = DirectoryNotice(owner, fd, bool(wanted & DN_MULTISHOT))
    k.state.watches.append(inotify.Watch(notice, 0, file.inode, mask))
    inotify.observe(k)
