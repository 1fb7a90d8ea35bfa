"""System calls of process life: clone, exec, exit, process groups and sessions."""

from __future__ import annotations

import errno
import struct
from stat import S_ISLNK
from typing import TYPE_CHECKING, NoReturn

from friscy.kernel.clone import (
    CLONE_DETACHED,
    CLONE_FILES,
    CLONE_FS,
    CLONE_PARENT,
    CLONE_PARENT_SETTID,
    CLONE_PIDFD,
    CLONE_SYSVSEM,
    CLONE_THREAD,
    CSIGNAL,
    CloneArguments,
    clone,
)
from friscy.kernel.exec import MAX_ARG_STRLEN, execute
from friscy.kernel.kernel import NoResult
from friscy.kernel.process import end_process, end_task, own_files
from friscy.kernel.state import Process, Task
from friscy.kernel.table import refused, syscall
from friscy.machine.layout import PAGE
from lazyfs.abi import AT_EMPTY_PATH, AT_FDCWD, AT_SYMLINK_NOFOLLOW
from lazyfs.errors import LinuxError
from lazyfs.inode import FsContext

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.machine.memory import GuestMemory
    from lazyfs.inode import Location

_MAX_STRINGS = 1 << 20
_MAX_STRING_BYTES = 8 << 20


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
    220,
    "clone",
    "flags:clone_flags stack:ptr parent_tid:ptr tls:ptr child_tid:ptr -> pid",
    partial="no namespaces: EPERM",
)
def sys_clone(
    k: Kernel, task: Task, flags: int, stack: int, parent_tid: int, tls: int, child_tid: int
) -> int:
    """clone(2); fork(2) and vfork(2) come here too. `parent_tid` is where a pidfd goes as well."""
    flags &= 0xFFFF_FFFF
    if flags & CLONE_PIDFD and flags & CLONE_PARENT_SETTID:
        raise LinuxError(errno.EINVAL)
    wanted = CloneArguments(
        flags & ~CSIGNAL, stack, parent_tid, tls, child_tid, flags & CSIGNAL, pidfd=parent_tid
    )
    return clone(k, task, wanted)


_CLONE_ARGS = struct.Struct("<11Q")


@syscall(435, "clone3", "args:clone_args size -> pid", partial="no namespaces, set_tid or cgroups: EPERM")
def sys_clone3(k: Kernel, task: Task, address: int, size: int) -> int:
    """clone3(2). EINVAL: sizes and flags it does not know; E2BIG: fields beyond those it knows are set."""
    if size < 64:
        raise LinuxError(errno.EINVAL)
    if size > PAGE:
        raise LinuxError(errno.E2BIG)
    data = k.mem.read(address, size)
    if any(data[_CLONE_ARGS.size :]):
        raise LinuxError(errno.E2BIG)
    fields = _CLONE_ARGS.unpack(data[: _CLONE_ARGS.size].ljust(_CLONE_ARGS.size, b"\0"))
    flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_size, _ = fields
    if flags & (CSIGNAL & ~0x80 | CLONE_DETACHED) or exit_signal > 64 or bool(stack) != bool(stack_size):
        raise LinuxError(errno.EINVAL)
    if flags & (CLONE_THREAD | CLONE_PARENT) and exit_signal:
        raise LinuxError(errno.EINVAL)
    if flags >> 34 or bool(set_tid) != bool(set_size):
        raise LinuxError(errno.EINVAL)
    if set_tid:
        raise LinuxError(errno.EPERM)
    top = stack + stack_size if stack else 0
    return clone(k, task, CloneArguments(flags, top, parent_tid, tls, child_tid, exit_signal, pidfd))


@syscall(97, "unshare", "flags:clone_flags -> int", partial="no namespaces: EPERM")
def sys_unshare(k: Kernel, task: Task, flags: int) -> int:
    """unshare(2): descriptors and directories."""
    flags &= 0xFFFF_FFFF
    if flags & ~(CLONE_FS | CLONE_FILES | CLONE_SYSVSEM):
        known = flags & ~(CLONE_FS | CLONE_FILES | CLONE_SYSVSEM | 0x7E02_0080)
        raise LinuxError(errno.EINVAL if known else errno.EPERM)
    process = task.process
    if flags & CLONE_FILES:
        own_files(k, process)
    if flags & CLONE_FS:
        context = process.fs
        process.fs = FsContext(context.root, context.cwd, context.umask, context.credentials)
    return 0


refused(
    268, "setns", "fd nstype:clone_flags -> int", errno.EPERM, "namespaces belong to the host of the guest"
)
refused(117, "ptrace", "request:long pid addr:ptr data:ptr -> int", errno.EPERM, "tracing inside the guest")


@syscall(172, "getpid", "-> pid", stirs=False)
def sys_getpid(k: Kernel, task: Task) -> int:
    """getpid(2)."""
    return task.process.pid


@syscall(173, "getppid", "-> pid", stirs=False)
def sys_getppid(k: Kernel, task: Task) -> int:
    """getppid(2)."""
    return task.process.ppid


@syscall(178, "gettid", "-> pid", stirs=False)
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
    if process is not caller and process.executed:
        raise LinuxError(errno.EACCES if process.sid == caller.sid else errno.EPERM)
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
