"""Descriptors of processes: pidfd_open(2) and what takes one."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from friscy.kernel.devices import anonymous_place
from friscy.kernel.files import IN, KernelFile
from friscy.kernel.state import RLIMIT_NOFILE, Process
from friscy.kernel.table import syscall
from lazyfs.abi import O_NONBLOCK, O_RDWR
from lazyfs.errors import LinuxError

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Task


class PidFd(KernelFile):
    """A process, readable once it ended."""

    process: Process | None = None

    def poll_events(self, k: Kernel) -> int:
        """See KernelFile."""
        return IN if self.process is None or self.process.exit_status is not None else 0


def open_pidfd(k: Kernel, task: Task, process: Process, flags: int) -> int:
    """A new descriptor of `process`, closed on exec."""
    place = anonymous_place(k, b"anon_inode:[pidfd]")
    file = PidFd(place, place.inode, O_RDWR | flags & O_NONBLOCK, process=process)
    return task.process.files.add(file, task.process.limits[RLIMIT_NOFILE][0], cloexec=True)


def process_of(task: Task, fd: int) -> Process:
    """The process behind a descriptor. EBADF: it is none of a process."""
    file = task.process.files.get(fd)
    if not isinstance(file, PidFd) or file.process is None:
        raise LinuxError(errno.EBADF)
    return file.process


@syscall(434, "pidfd_open", "pid flags:uint -> fd", partial="no PIDFD_THREAD")
def sys_pidfd_open(k: Kernel, task: Task, pid: int, flags: int) -> int:
    """pidfd_open(2)."""
    if flags & ~O_NONBLOCK or pid <= 0:
        raise LinuxError(errno.EINVAL)
    process = k.state.processes.get(pid)
    if process is None:
        raise LinuxError(errno.EINVAL if pid in k.state.tasks else errno.ESRCH)
    return open_pidfd(k, task, process, flags)


@syscall(424, "pidfd_send_signal", "pidfd:fd signal info:siginfo flags:uint -> int")
def sys_pidfd_send_signal(k: Kernel, task: Task, fd: int, signal: int, info: int, flags: int) -> int:
    """pidfd_send_signal(2)."""
    from friscy.kernel.calls.signal import sys_kill, sys_rt_sigqueueinfo

    if flags:
        raise LinuxError(errno.EINVAL)
    process = process_of(task, fd)
    if k.state.processes.get(process.pid) is not process:
        raise LinuxError(errno.ESRCH)
    if info:
        return sys_rt_sigqueueinfo(k, task, process.pid, signal, info)
    return sys_kill(k, task, process.pid, signal)


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
