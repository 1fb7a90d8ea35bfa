"""Descriptors of processes: pidfd_open(2) and what takes one."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from friscy.kernel.devices import anonymous_place
from friscy.kernel.files import IN, KernelFile
from friscy.kernel.state import RLIMIT_NOFILE, Process
from friscy.kernel.table import syscall
from lazyfs.abi import O_EXCL, O_NONBLOCK, O_RDWR, POLLHUP
from lazyfs.errors import LinuxError
from lazyfs.synthfs import SynthFs, SynthInode

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Task


PIDFD_THREAD = O_EXCL
_SIGNAL_THREAD, _SIGNAL_THREAD_GROUP, _SIGNAL_PROCESS_GROUP = 1, 2, 4


class PidFd(KernelFile):
    """A process, readable once it ended, or with `tid` a thread of it."""

    process: Process | None = None
    tid: int = 0

    def details(self, k: Kernel) -> bytes:
        """See KernelFile: -1 once it was waited for."""
        here = self.process is not None and k.state.processes.get(self.process.pid) is self.process
        pid = (self.tid or self.process.pid) if here and self.process is not None else -1
        return b"Pid:\t%d\nNSpid:\t%d\n" % (pid, pid)

    def poll_events(self, k: Kernel) -> int:
        """See KernelFile."""
        if self.process is None or k.state.processes.get(self.process.pid) is not self.process:
            return IN | POLLHUP
        if self.process.exit_status is not None or (self.tid and self.tid not in self.process.tasks):
            return IN
        return 0


def open_pidfd(k: Kernel, task: Task, process: Process, flags: int, tid: int = 0) -> int:
    """A new descriptor of `process`, or of one thread of it, closed on exec."""
    place = anonymous_place(k, b"anon_inode:[pidfd]")
    file = PidFd(place, place.inode, O_RDWR | flags & O_NONBLOCK, process=process, tid=tid)
    return task.process.files.add(file, task.process.limits[RLIMIT_NOFILE][0], cloexec=True)


def process_of(task: Task, fd: int) -> Process:
    """The process behind a descriptor. EBADF: it is none of a process."""
    file = task.process.files.get(fd)
    if not isinstance(file, PidFd) or file.process is None:
        raise LinuxError(errno.EBADF)
    return file.process


def _told_of(k: Kernel, task: Task, fd: int) -> Process:
    """As `process_of`; a directory /proc/PID, the way before there were pidfds, will do. ESRCH: it ended."""
    file = task.process.files.get(fd)
    if isinstance(file.inode, SynthInode) and isinstance(file.inode.fs, SynthFs):
        path = file.inode.path
        if file.inode.fs.provider == "proc" and len(path) == 1 and path[0].isdigit():
            process = k.state.processes.get(int(path[0]))
            if process is None:
                raise LinuxError(errno.ESRCH)
            return process
    return process_of(task, fd)


@syscall(434, "pidfd_open", "pid flags:uint -> fd")
def sys_pidfd_open(k: Kernel, task: Task, pid: int, flags: int) -> int:
    """pidfd_open(2). With PIDFD_THREAD `pid` may be any thread's."""
    if flags & ~(O_NONBLOCK | PIDFD_THREAD) or pid <= 0:
        raise LinuxError(errno.EINVAL)
    if flags & PIDFD_THREAD:
        thread = k.state.tasks.get(pid)
        if thread is None:
            raise LinuxError(errno.ESRCH)
        return open_pidfd(k, task, thread.process, flags, pid)
    process = k.state.processes.get(pid)
    if process is None:
        raise LinuxError(errno.ENOENT if pid in k.state.tasks else errno.ESRCH)
    return open_pidfd(k, task, process, flags)


@syscall(424, "pidfd_send_signal", "pidfd:fd signal info:siginfo flags:uint -> int")
def sys_pidfd_send_signal(k: Kernel, task: Task, fd: int, signal: int, info: int, flags: int) -> int:
    """pidfd_send_signal(2): to what the descriptor stands for, or as the PIDFD_SIGNAL_* flag says."""
    from friscy.kernel.calls import signal as calls

    if flags not in (0, _SIGNAL_THREAD, _SIGNAL_THREAD_GROUP, _SIGNAL_PROCESS_GROUP):
        raise LinuxError(errno.EINVAL)
    process = _told_of(k, task, fd)
    file = task.process.files.get(fd)
    tid = file.tid if isinstance(file, PidFd) else 0
    if k.state.processes.get(process.pid) is not process:
        raise LinuxError(errno.ESRCH)
    if info and k.mem.i32(info) != signal:
        raise LinuxError(errno.EINVAL)
    if flags == _SIGNAL_PROCESS_GROUP:
        return calls.sys_kill(k, task, -process.pid, signal)
    if flags == _SIGNAL_THREAD or (tid and flags == 0):
        tid = tid or process.pid
        if info:
            return calls.sys_rt_tgsigqueueinfo(k, task, process.pid, tid, signal, info)
        return calls.sys_tgkill(k, task, process.pid, tid, signal)
    if info:
        return calls.sys_rt_sigqueueinfo(k, task, process.pid, signal, info)
    return calls.sys_kill(k, task, process.pid, signal)


@syscall(438, "pidfd_getfd", "pidfd:fd targetfd:fd flags:uint -> fd")
def sys_pidfd_getfd(k: Kernel, task: Task, fd: int, target: int, flags: int) -> int:
    """pidfd_getfd(2). EPERM: another user's process."""
    if flags:
        raise LinuxError(errno.EINVAL)
    process = process_of(task, fd)
    if process.exit_status is not None:
        raise LinuxError(errno.ESRCH)
    mine, theirs = task.process.credentials, process.credentials
    if not mine.cap_effective >> 19 & 1 and mine.euid != theirs.uid:
        raise LinuxError(errno.EPERM)
    file = process.files.get_path(target)
    return task.process.files.add(file, task.process.limits[RLIMIT_NOFILE][0], cloexec=True)
