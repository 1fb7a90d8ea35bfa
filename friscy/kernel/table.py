"""The system call table: one row per call, from which come dispatch, strace lines and the support list.

    @syscall(56, "openat", "dirfd path flags:open_flags mode:octal -> fd")
    def sys_openat(k: Kernel, task: Task, dirfd: int, path: int, flags: int, mode: int) -> int: ...

A signature is words `name:type` (or `type` alone, which then is the name as well) and `-> type` of the
result. A type says how the raw register becomes the handler's argument (ARGUMENT_TYPES) and how strace shows
it (`friscy.kernel.strace.arguments.FORMATTERS`). The handler returns a non-negative int, raises `LinuxError(errno)`, or
raises `Blocked(condition)` (or returns the condition) to be called again with the same registers when that may hold.

Numbers are those of asm-generic/unistd.h, which riscv64 uses.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from lazyfs.errors import LinuxError

if TYPE_CHECKING:
    from friscy.kernel.wait import Wait

Handler = Callable[..., "int | Wait"]
H = TypeVar("H", bound=Handler)

_S32, _U32, _U64, _S64 = "i4x", "I4x", "Q", "q"

# How each argument type is read from its 64-bit register. Pointers are addresses: the handler reads memory.
ARGUMENT_TYPES: dict[str, str] = {
    # numbers
    "int": _S32, "uint": _U32, "long": _S64, "ulong": _U64, "size": _U64, "off": _S64, "octal": _U32,
    "fd": _S32, "dirfd": _S32, "pid": _S32, "signal": _S32, "uid": _U32, "gid": _U32, "clockid": _S32, "dev": _U32,
    "hex": _U64, "ignored": _U64, "whence": _S32, "errno": _S32,
    # memory
    "ptr": _U64, "path": _U64, "string": _U64, "strings": _U64,
    "inbuf": _U64,  # bytes the call reads; the length is the argument after it
    "outbuf": _U64,  # bytes the call wrote; the length is the result
    "in_iovec": _U64, "out_iovec": _U64,  # struct iovec array; the count is the argument after it
    "timespec": _U64, "out_timespec": _U64, "timeval": _U64, "out_timeval": _U64, "itimerval": _U64,
    "times2": _U64,  # struct timespec[2]
    "itimerspec": _U64, "out_itimerval": _U64, "out_itimerspec": _U64,
    "sigset": _U64, "out_sigset": _U64, "sigaction": _U64, "out_sigaction": _U64, "stack": _U64, "out_stack": _U64,
    "siginfo": _U64, "out_siginfo": _U64, "sigevent": _U64,
    "out_stat": _U64, "out_statx": _U64, "out_statfs": _U64, "out_dirents": _U64, "out_utsname": _U64,
    "out_sysinfo": _U64, "out_rusage": _U64, "out_tms": _U64, "rlimit": _U64, "out_rlimit": _U64,
    "out_int": _U64, "out_ints2": _U64, "out_wstatus": _U64, "out_off": _U64, "inout_off": _U64, "out_path": _U64,
    "pollfds": _U64, "fdset": _U64, "epoll_event": _U64, "out_epoll_events": _U64, "sockaddr": _U64,
    "flock": _U64, "termios": _U64, "winsize": _U64, "open_how": _U64, "clone_args": _U64,
    # named values and flag sets (friscy.kernel.strace.names)
    "open_flags": _S32, "at_flags": _S32, "access_mode": _S32, "mmap_prot": _U64, "mmap_flags": _U64,
    "mremap_flags": _U64, "madvise": _S32, "msync_flags": _S32, "clone_flags": _U64, "futex_op": _S32,
    "sig_how": _S32, "fcntl_cmd": _U32, "ioctl_cmd": _U32, "prctl_option": _S32, "resource": _S32,
    "rusage_who": _S32, "clock_flags": _S32, "getrandom_flags": _U32, "itimer_which": _S32,
    "poll_events": _S32, "epoll_op": _S32, "epoll_flags": _S32, "eventfd_flags": _S32, "pipe_flags": _S32,
    "statx_mask": _U32, "rename_flags": _U32, "fallocate_mode": _S32, "fadvise": _S32, "flock_op": _S32,
    "xattr_flags": _S32, "close_range_flags": _U32, "membarrier_cmd": _S32, "mlock_flags": _S32,
    "socket_domain": _S32, "socket_type": _S32, "wait_flags": _S32, "wait_type": _S32, "memfd_flags": _U32,
    "timerfd_flags": _S32, "sched_policy": _S32, "personality": _U64, "rwf_flags": _S32, "splice_flags": _U32,
    "mount_flags": _U64, "copy_flags": _U32, "inotify_flags": _S32, "inotify_mask": _U32, "signalfd_flags": _S32,
    "dup_flags": _S32,
}  # fmt: skip

RESULT_TYPES = {"int", "fd", "ptr", "octal", "uid", "pid", "flags", "none"}


class Row:
    """One system call. stirs: 1 where it may end a wait of another task, or change what one waits for; else 0."""

    __slots__ = ("arguments", "gap", "handler", "level", "name", "number", "result", "stirs", "unpack")

    def __init__(
        self,
        number: int,
        name: str,
        signature: str,
        handler: Handler,
        level: str = "full",
        gap: str = "",
        *,
        stirs: bool = True,
    ) -> None:
        words, _, result = signature.partition("->")
        arguments = []
        for word in words.split():
            label, colon, kind = word.partition(":")
            arguments.append((label, kind if colon else label))
        self.number, self.name, self.handler = number, name, handler
        self.arguments: tuple[tuple[str, str], ...] = tuple(arguments)
        self.result = result.strip() or "int"
        self.level, self.gap, self.stirs = level, gap, int(stirs)
        form = "<" + "".join(ARGUMENT_TYPES[kind] for _, kind in arguments)
        self.unpack: Callable[[Any, int], tuple[int, ...]] = _unpacker(form)

    def __repr__(self) -> str:
        return f"<{self.number} {self.name} {self.level}>"


ROWS: dict[int, Row] = {}
_unpackers: dict[str, Callable[[Any, int], tuple[int, ...]]] = {}


def _unpacker(form: str) -> Callable[[Any, int], tuple[int, ...]]:
    if form not in _unpackers:
        _unpackers[form] = struct.Struct(form).unpack_from
    return _unpackers[form]


def _add(row: Row) -> None:
    if row.number in ROWS:
        raise ValueError(f"two rows for system call {row.number}: {ROWS[row.number].name}, {row.name}")
    ROWS[row.number] = row


def syscall(
    number: int, name: str, signature: str, *, partial: str = "", stirs: bool = True
) -> Callable[[H], H]:
    """Make the decorated handler the row of a call. `partial` names the known gap, if there is one.

    stirs: False where nothing that another task waits for can come of it, but by a signal or an event of inotify.
    """

    def add(handler: H) -> H:
        level = "partial" if partial else "full"
        _add(Row(number, name, signature, handler, level, partial, stirs=stirs))
        return handler

    return add


def refused(number: int, name: str, signature: str, errno: int, why: str, *, quiet: bool = False) -> None:
    """A call that is known and answered with `errno`.

    `why` goes to the log once, unless it is a call that programs merely try out (quiet).
    """

    def refuse(k: Any, task: Any, *_: int) -> NoReturn:
        if not quiet:
            k.log_once(f"{name}: {why}")
        raise LinuxError(errno)

    _add(Row(number, name, signature, refuse, "refused", why))
