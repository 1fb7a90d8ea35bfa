"""System calls of process life: exec, exit, wait, process groups and sessions; clone and fork, refused for now."""

from __future__ import annotations

import errno
from stat import S_ISLNK
from typing import TYPE_CHECKING, NoReturn

from friscy.kernel.exec import MAX_ARG_STRLEN, execute
from friscy.kernel.kernel import NoResult
from friscy.kernel.process import end_process, end_task
from friscy.kernel.state import Process, Task
from friscy.kernel.table import refused, syscall
from lazyfs.abi import AT_EMPTY_PATH, AT_FDCWD, AT_SYMLINK_NOFOLLOW
from lazyfs.errors import LinuxError

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.machine.memory import GuestMemory
    from lazyfs.inode import Location

_MAX_STRINGS = 1 << 20
_MAX_STRING_BYTES = 8 << 20
_LATER = "processes and threads come in a later version of friscy"


@syscall(93, "exit", "status:int -> none")
def sys_exit(k: Kernel, task: Task, status: int) -> NoReturn:
    """exit(2): end this thread; the last one ends its process."""
    if len(task.process.tasks) == 1:
        end_process(k, task.process, (status & 0xFF) << 8)
    else:
        k.hart.interrupt()
        end_task(k, task)
    raise NoResult


@syscall(94, "exit_group", "status:int -> none")
def sys_exit_group(k: Kernel, task: Task, status: int) -> NoReturn:
    """exit_group(2)."""
    end_process(k, task.process, (status & 0xFF) << 8)
    raise NoResult


def read_strings(mem: GuestMemory, address: int) -> list[bytes]:
    """A NULL-terminated array of strings; NULL itself is an empty one. EFAULT; E2BIG for absurd sizes."""
    strings: list[bytes] = []
    nbytes = 0
    while address:
        pointer = mem.u64(address)
        if not pointer:
            break
        try:
            text = mem.read_cstring(pointer, MAX_ARG_STRLEN)
        except LinuxError as error:
            raise LinuxError(errno.E2BIG if error.errno == errno.ENAMETOOLONG else error.errno) from error
        strings.append(text)
        nbytes += len(text)
        if len(strings) > _MAX_STRINGS or nbytes > _MAX_STRING_BYTES:
            raise LinuxError(errno.E2BIG)
        address += 8
    return strings


@syscall(221, "execve", "path argv:strings envp:strings -> int")
def sys_execve(k: Kernel, task: Task, path: int, argv: int, envp: int) -> NoReturn:
    """execve(2)."""
    name = k.path(path)
    if not name:
        raise LinuxError(errno.ENOENT)
    execute(k, task, name, read_strings(k.mem, argv), read_strings(k.mem, envp))
    raise NoResult


@syscall(
    281,
    "execveat",
    "dirfd path argv:strings envp:strings flags:at_flags -> int",
    partial="scripts opened through a descriptor are named /dev/fd/N, which a close-on-exec descriptor breaks",
)
def sys_execveat(k: Kernel, task: Task, dirfd: int, path: int, argv: int, envp: int, flags: int) -> NoReturn:
    """execveat(2) with AT_EMPTY_PATH (fexecve) and AT_SYMLINK_NOFOLLOW."""
    if flags & ~(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW):
        raise LinuxError(errno.EINVAL)
    name = k.path(path)
    process = task.process
    start: Location | None = None
    if dirfd != AT_FDCWD and not name.startswith(b"/"):
        start = process.files.get_path(dirfd).location
    if name:
        location = k.vfs.lookup(process.fs, name, start=start, follow=not flags & AT_SYMLINK_NOFOLLOW)
        if S_ISLNK(location.inode.mode):
            raise LinuxError(errno.ELOOP)
        if start is not None:
            name = b"/dev/fd/%d/%s" % (dirfd, name)
    elif flags & AT_EMPTY_PATH and start is not None:
        location, name = start, b"/dev/fd/%d" % dirfd
    else:
        raise LinuxError(errno.ENOENT)
    execute(k, task, name, read_strings(k.mem, argv), read_strings(k.mem, envp), location=location)
    raise NoResult


@syscall(
    260,
    "wait4",
    "pid:pid wstatus:ptr options:wait_flags rusage:out_rusage -> pid",
    partial="there are no children yet: ECHILD",
)
def sys_wait4(k: Kernel, task: Task, pid: int, wstatus: int, options: int, rusage: int) -> NoReturn:
    """wait4(2)."""
    if options & ~0xE000_000B or pid == -(1 << 31):
        raise LinuxError(errno.EINVAL if pid != -(1 << 31) else errno.ESRCH)
    raise LinuxError(errno.ECHILD)


@syscall(
    95,
    "waitid",
    "type:wait_type id:pid infop:ptr options:wait_flags rusage:out_rusage -> int",
    partial="there are no children yet: ECHILD",
)
def sys_waitid(k: Kernel, task: Task, kind: int, pid: int, info: int, options: int, rusage: int) -> NoReturn:
    """waitid(2)."""
    if options & ~0xE100_000F or not options & 0xE or kind not in (0, 1, 2, 3):
        raise LinuxError(errno.EINVAL)
    raise LinuxError(errno.ECHILD)


# EAGAIN, "resource temporarily unavailable", is what programs expect of a machine that has no room for more.
refused(
    220,
    "clone",
    "flags:clone_flags stack:ptr parent_tid:ptr tls:ptr child_tid:ptr -> pid",
    errno.EAGAIN,
    _LATER,
)
refused(435, "clone3", "args:clone_args size -> pid", errno.EAGAIN, _LATER)
refused(97, "unshare", "flags:clone_flags -> int", errno.EPERM, "namespaces belong to the host of the guest")
refused(
    268, "setns", "fd nstype:clone_flags -> int", errno.EPERM, "namespaces belong to the host of the guest"
)
refused(117, "ptrace", "request:long pid addr:ptr data:ptr -> int", errno.EPERM, "tracing inside the guest")
refused(434, "pidfd_open", "pid flags:uint -> fd", errno.ENOSYS, _LATER)
refused(424, "pidfd_send_signal", "pidfd:fd signal info:siginfo flags:uint -> int", errno.ENOSYS, _LATER)
refused(438, "pidfd_getfd", "pidfd:fd targetfd:fd flags:uint -> fd", errno.ENOSYS, _LATER)
refused(
    270,
    "process_vm_readv",
    "pid local:ptr n:ulong remote:ptr m:ulong flags:ulong -> int",
    errno.EPERM,
    _LATER,
)
refused(
    271,
    "process_vm_writev",
    "pid local:ptr n:ulong remote:ptr m:ulong flags:ulong -> int",
    errno.EPERM,
    _LATER,
)
refused(272, "kcmp", "pid1:pid pid2:pid type:int a:ulong b:ulong -> int", errno.ENOSYS, _LATER)


@syscall(172, "getpid", "-> pid")
def sys_getpid(k: Kernel, task: Task) -> int:
    """getpid(2)."""
    return task.process.pid


@syscall(173, "getppid", "-> pid")
def sys_getppid(k: Kernel, task: Task) -> int:
    """getppid(2)."""
    return task.process.ppid


@syscall(178, "gettid", "-> pid")
def sys_gettid(k: Kernel, task: Task) -> int:
    """gettid(2)."""
    return task.tid


def _process(k: Kernel, task: Task, pid: int) -> Process:
    if pid == 0:
        return task.process
    process = k.state.processes.get(pid)
    if process is None:
        raise LinuxError(errno.ESRCH)
    return process


@syscall(154, "setpgid", "pid pgid:pid -> int")
def sys_setpgid(k: Kernel, task: Task, pid: int, pgid: int) -> int:
    """setpgid(2). EPERM: a session leader, another session, or no such group in the session."""
    if pgid < 0:
        raise LinuxError(errno.EINVAL)
    caller, process = task.process, _process(k, task, pid)
    if process is not caller and process.ppid != caller.pid:
        raise LinuxError(errno.ESRCH)
    pgid = pgid or process.pid
    if process.sid != caller.sid or process.sid == process.pid:
        raise LinuxError(errno.EPERM)
    if pgid != process.pid and not any(
        other.pgid == pgid and other.sid == caller.sid for other in k.state.processes.values()
    ):
        raise LinuxError(errno.EPERM)
    process.pgid = pgid
    return 0


@syscall(155, "getpgid", "pid -> pid")
def sys_getpgid(k: Kernel, task: Task, pid: int) -> int:
    """getpgid(2)."""
    return _process(k, task, pid).pgid


@syscall(156, "getsid", "pid -> pid")
def sys_getsid(k: Kernel, task: Task, pid: int) -> int:
    """getsid(2)."""
    return _process(k, task, pid).sid


@syscall(157, "setsid", "-> pid")
def sys_setsid(k: Kernel, task: Task) -> int:
    """setsid(2). EPERM: the caller leads a process group."""
    process = task.process
    if any(other.pgid == process.pid for other in k.state.processes.values()):
        raise LinuxError(errno.EPERM)
    process.sid = process.pgid = process.pid
    return process.sid
