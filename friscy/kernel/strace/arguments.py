"""How the arguments of system calls show, by their types in the rows of the system call table.

Formatters read guest memory when the call starts, those of output types (`out...`, the poll sets) when it has
ended; a call that failed shows the address instead.
"""

from __future__ import annotations

import stat
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from friscy.kernel import signals
from friscy.kernel.strace import names
from lazyfs.errors import LinuxError
from lazyfs.stat import decode_dev

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.table import Row

STRING_LIMIT = 32
_ARRAY_LIMIT = 32


class Argument(NamedTuple):
    """What a formatter gets: the value, the call's other arguments from here on, and the result (None at entry)."""

    k: Kernel
    value: int
    following: tuple[int, ...]
    result: int


Formatter = Callable[[Argument], str]


def quote(data: bytes, limit: int = STRING_LIMIT, *, cut: bool = False) -> str:
    """C notation of a string, cut at `limit` bytes. cut: the data itself is only a part."""
    shown = data[:limit]
    parts = []
    for index, byte in enumerate(shown):
        escape = _ESCAPES.get(byte)
        if escape is not None:
            parts.append(escape)
        elif 32 <= byte < 127:
            parts.append(chr(byte))
        else:
            digit_follows = index + 1 < len(shown) and 0x30 <= shown[index + 1] <= 0x37
            parts.append(f"\\{byte:03o}" if digit_follows else f"\\{byte:o}")
    return '"' + "".join(parts) + '"' + ("..." if cut or len(data) > limit else "")


_ESCAPES = {9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}


def pointer(a: Argument) -> str:
    """An address."""
    return f"{a.value:#x}" if a.value else "NULL"


def _decimal(a: Argument) -> str:
    return str(a.value)


def _hexadecimal(a: Argument) -> str:
    return f"{a.value:#x}" if a.value else "0"


def _octal(a: Argument) -> str:
    return f"0{a.value:o}" if a.value else "000"


def _dirfd(a: Argument) -> str:
    return "AT_FDCWD" if a.value == -100 else str(a.value)


def _id(a: Argument) -> str:
    return "-1" if a.value == 0xFFFF_FFFF else str(a.value)


def _signal(a: Argument) -> str:
    return signals.name(a.value) if 0 < a.value <= signals.NSIG else str(a.value)


def _path(a: Argument) -> str:
    return quote(a.k.mem.read_cstring(a.value), 4096)


def _string(a: Argument) -> str:
    return quote(a.k.mem.read_cstring(a.value))


def _strings(a: Argument) -> str:
    shown: list[str] = []
    address = a.value
    while pointer := a.k.mem.u64(address):
        if len(shown) == _ARRAY_LIMIT:
            shown.append("...")
            break
        shown.append(quote(a.k.mem.read_cstring(pointer, 1 << 17)))
        address += 8
    return "[" + ", ".join(shown) + "]"


def environment(a: Argument) -> str:
    """An array of strings, by how many it has."""
    address = a.value
    try:
        while address and a.k.mem.u64(address):
            address += 8
    except LinuxError:
        pass
    return f"{a.value:#x} /* {(address - a.value) // 8} vars */"


def _bytes(a: Argument, nbytes: int) -> str:
    return quote(a.k.mem.read(a.value, min(nbytes, STRING_LIMIT)), cut=nbytes > STRING_LIMIT)


def _in_buffer(a: Argument) -> str:
    return _bytes(a, a.following[0])


def _out_buffer(a: Argument) -> str:
    return _bytes(a, a.result) if a.result else '""'


def _out_path(a: Argument) -> str:
    return quote(a.k.mem.read(a.value, a.result).rstrip(b"\0"), 4096)


def _iovec(a: Argument, total: int | None) -> str:
    shown = []
    for index in range(min(a.following[0], _ARRAY_LIMIT)):
        base, length = struct.unpack("<QQ", a.k.mem.read(a.value + 16 * index, 16))
        n = length if total is None else min(length, total)
        total = None if total is None else total - n
        shown.append(f"{{iov_base={_bytes(Argument(a.k, base, (), 0), n)}, iov_len={length}}}")
    return "[" + ", ".join(shown) + "]"


def _in_iovec(a: Argument) -> str:
    return _iovec(a, None)


def _out_iovec(a: Argument) -> str:
    return _iovec(a, a.result)


def _pair(first: str, second: str) -> Formatter:
    def show(a: Argument) -> str:
        one, two = struct.unpack("<qq", a.k.mem.read(a.value, 16))
        return f"{{{first}={one}, {second}={two}}}"

    return show


_timespec, _timeval = _pair("tv_sec", "tv_nsec"), _pair("tv_sec", "tv_usec")


def _at(formatter: Formatter, a: Argument, offset: int) -> str:
    return formatter(a._replace(value=a.value + offset))


def _itimerval(a: Argument) -> str:
    return f"{{it_interval={_at(_timeval, a, 0)}, it_value={_at(_timeval, a, 16)}}}"


def _itimerspec(a: Argument) -> str:
    return f"{{it_interval={_at(_timespec, a, 0)}, it_value={_at(_timespec, a, 16)}}}"


def _times(a: Argument) -> str:
    special = {(1 << 30) - 1: "UTIME_NOW", (1 << 30) - 2: "UTIME_OMIT"}
    shown = []
    for offset in (0, 16):
        nanoseconds = a.k.mem.i64(a.value + offset + 8)
        shown.append(special.get(nanoseconds) or _at(_timespec, a, offset))
    return "[" + ", ".join(shown) + "]"


def sigset(mask: int) -> str:
    """A signal set as strace writes it: the names, or what is missing from a nearly full one."""
    members = [n for n in range(1, 65) if mask >> (n - 1) & 1]
    if len(members) > 42:
        others = [n for n in range(1, 65) if n not in members]
        return "~[" + " ".join(_short(n) for n in others) + "]"
    return "[" + " ".join(_short(n) for n in members) + "]"


def _short(signal: int) -> str:
    return signals.name(signal).removeprefix("SIG")


def _sigset(a: Argument) -> str:
    return sigset(a.k.mem.u64(a.value))


def _sigaction(a: Argument) -> str:
    handler, flags, mask = struct.unpack("<3Q", a.k.mem.read(a.value, 24))
    shown = {0: "SIG_DFL", 1: "SIG_IGN"}.get(handler, f"{handler:#x}")
    return f"{{sa_handler={shown}, sa_mask={sigset(mask)}, sa_flags={names.flags('sa_flags', flags)}}}"


def _stack(a: Argument) -> str:
    sp, flags, size = struct.unpack("<QI4xQ", a.k.mem.read(a.value, 24))
    return f"{{ss_sp={sp:#x}, ss_flags={names.flags('ss_flags', flags)}, ss_size={size}}}"


def _siginfo(a: Argument) -> str:
    signal, _, code = struct.unpack("<3i", a.k.mem.read(a.value, 12))
    return f"{{si_signo={_signal(a._replace(value=signal))}, si_code={code_name(signal, code)}}}"


def file_mode(mode: int) -> str:
    """st_mode as S_IFREG|0644."""
    kinds = {
        stat.S_IFREG: "S_IFREG", stat.S_IFDIR: "S_IFDIR", stat.S_IFLNK: "S_IFLNK", stat.S_IFCHR: "S_IFCHR",
        stat.S_IFBLK: "S_IFBLK", stat.S_IFIFO: "S_IFIFO", stat.S_IFSOCK: "S_IFSOCK",
    }  # fmt: skip
    kind = kinds.get(stat.S_IFMT(mode))
    return f"{kind}|{stat.S_IMODE(mode):#05o}".replace("0o", "0") if kind else f"{mode:#o}".replace("0o", "0")


def _size_or_device(mode: int, size: int, rdev: tuple[int, int], prefix: str) -> str:
    if stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
        return f"{prefix}_rdev=makedev({rdev[0]:#x}, {rdev[1]:#x})"
    return f"{prefix}_size={size}"


def _stat(a: Argument) -> str:
    mode, rdev, size = struct.unpack("<16xI12xQ8xq", a.k.mem.read(a.value, 56))
    return f"{{st_mode={file_mode(mode)}, {_size_or_device(mode, size, decode_dev(rdev), 'st')}, ...}}"


def _statx(a: Argument) -> str:
    mask, mode, size, major, minor = struct.unpack("<I24xH10xQ80xII", a.k.mem.read(a.value, 136))
    size_shown = _size_or_device(mode, size, (major, minor), "stx")
    return f"{{stx_mask={names.flags('statx_mask', mask)}, stx_mode={file_mode(mode)}, {size_shown}, ...}}"


def _statfs(a: Argument) -> str:
    kind, bsize, blocks, bfree = struct.unpack("<4q", a.k.mem.read(a.value, 32))
    return f"{{f_type={kind:#x}, f_bsize={bsize}, f_blocks={blocks}, f_bfree={bfree}, ...}}"


def _dirents(a: Argument) -> str:
    data, count, at = a.k.mem.read(a.value, a.result), 0, 0
    while at + 18 < len(data):
        at += max(int.from_bytes(data[at + 16 : at + 18], "little"), 1)
        count += 1
    return f"{a.value:#x} /* {count} entries */"


def _utsname(a: Argument) -> str:
    fields = [quote(a.k.mem.read(a.value + 65 * i, 65).split(b"\0")[0]) for i in range(2)]
    return f"{{sysname={fields[0]}, nodename={fields[1]}, ...}}"


def _sysinfo(a: Argument) -> str:
    uptime, total, free = struct.unpack("<q24xQQ", a.k.mem.read(a.value, 48))
    return f"{{uptime={uptime}, totalram={total}, freeram={free}, ...}}"


def _rusage(a: Argument) -> str:
    return f"{{ru_utime={_at(_timeval, a, 0)}, ru_stime={_at(_timeval, a, 16)}, ...}}"


def _tms(a: Argument) -> str:
    values = struct.unpack("<4q", a.k.mem.read(a.value, 32))
    words = ("tms_utime", "tms_stime", "tms_cutime", "tms_cstime")
    return "{" + ", ".join(f"{word}={value}" for word, value in zip(words, values, strict=True)) + "}"


def _rlimit(a: Argument) -> str:
    return "{" + ", ".join(f"rlim_{w}={_limit(a, o)}" for w, o in (("cur", 0), ("max", 8))) + "}"


def _limit(a: Argument, offset: int) -> str:
    value = a.k.mem.u64(a.value + offset)
    if value == (1 << 64) - 1:
        return "RLIM64_INFINITY"
    return f"{value // 1024}*1024" if value and value % 1024 == 0 and value > 1024 else str(value)


def _int_at(a: Argument) -> str:
    return f"[{a.k.mem.i32(a.value)}]"


def _two_ints(a: Argument) -> str:
    return f"[{a.k.mem.i32(a.value)}, {a.k.mem.i32(a.value + 4)}]"


def _offset_at(a: Argument) -> str:
    return f"[{a.k.mem.i64(a.value)}]"


def _pollfds(a: Argument) -> str:
    shown = []
    for index in range(min(a.following[0], _ARRAY_LIMIT)):
        fd, events, revents = struct.unpack("<ihh", a.k.mem.read(a.value + 8 * index, 8))
        back = f", revents={names.flags('poll_events', revents)}" if revents and a.result > 0 else ""
        shown.append(f"{{fd={fd}, events={names.flags('poll_events', events)}{back}}}")
    return "[" + ", ".join(shown) + "]"


def _epoll_event(a: Argument) -> str:
    events, data = struct.unpack("<I4xQ", a.k.mem.read(a.value, 16))
    return f"{{events={names.flags('epoll_events', events)}, data={{u64={data:#x}}}}}"


def _epoll_events(a: Argument) -> str:
    count = min(max(a.result, 0), _ARRAY_LIMIT)
    return "[" + ", ".join(_at(_epoll_event, a, 16 * i) for i in range(count)) + "]"


def _wait_status(a: Argument) -> str:
    if not a.result:
        return pointer(a)
    word = a.k.mem.u32(a.value)
    signal, code = word & 0x7F, word >> 8 & 0xFF
    if word == 0xFFFF:
        return "[{WIFCONTINUED(s)}]"
    if signal == 0x7F:
        return f"[{{WIFSTOPPED(s) && WSTOPSIG(s) == {signals.name(code)}}}]"
    if signal:
        core = " && WCOREDUMP(s)" if word & signals.CORE_DUMPED else ""
        return f"[{{WIFSIGNALED(s) && WTERMSIG(s) == {signals.name(signal)}{core}}}]"
    return f"[{{WIFEXITED(s) && WEXITSTATUS(s) == {code}}}]"


def _flock(a: Argument) -> str:
    kind, whence, start, length = struct.unpack("<hh4xqq", a.k.mem.read(a.value, 24))
    shown = {0: "F_RDLCK", 1: "F_WRLCK", 2: "F_UNLCK"}.get(kind, str(kind))
    return f"{{l_type={shown}, l_whence={names.enum('whence', whence)}, l_start={start}, l_len={length}}}"


def _open_how(a: Argument) -> str:
    flags, mode, resolve = struct.unpack("<3Q", a.k.mem.read(a.value, 24))
    return f"{{flags={names.open_flags(flags)}, mode=0{mode:o}, resolve={resolve:#x}}}"


def _futex_op(a: Argument) -> str:
    command = a.value & ~0x180
    name = names.FUTEX_OPS[command] if 0 <= command < len(names.FUTEX_OPS) else f"{command:#x}"
    return (
        name + ("_PRIVATE" if a.value & 0x80 else "") + ("|FUTEX_CLOCK_REALTIME" if a.value & 0x100 else "")
    )


def _open(a: Argument) -> str:
    return names.open_flags(a.value)


def _named(kind: str) -> Formatter:
    """The formatter of a type in friscy.kernel.strace.names."""
    if kind in names.FLAGS:
        return lambda a: names.flags(kind, a.value)
    return lambda a: names.enum(kind, a.value)


# Types that show what lies at an address; NULL shows as such.
_AT_ADDRESS: dict[str, Formatter] = {
    "path": _path, "string": _string, "strings": _strings, "inbuf": _in_buffer, "outbuf": _out_buffer,
    "in_iovec": _in_iovec, "out_iovec": _out_iovec, "timespec": _timespec, "out_timespec": _timespec,
    "timeval": _timeval, "out_timeval": _timeval, "itimerval": _itimerval, "times2": _times,
    "itimerspec": _itimerspec, "out_itimerval": _itimerval, "out_itimerspec": _itimerspec, "sigset": _sigset,
    "out_sigset": _sigset, "sigaction": _sigaction, "out_sigaction": _sigaction, "stack": _stack,
    "out_stack": _stack, "siginfo": _siginfo, "out_siginfo": _siginfo, "out_stat": _stat, "out_statx": _statx,
    "out_statfs": _statfs, "out_dirents": _dirents, "out_utsname": _utsname, "out_sysinfo": _sysinfo,
    "out_rusage": _rusage, "out_tms": _tms, "rlimit": _rlimit, "out_rlimit": _rlimit, "out_int": _int_at,
    "out_ints2": _two_ints, "out_off": _offset_at, "inout_off": _offset_at, "out_path": _out_path,
    "pollfds": _pollfds, "epoll_event": _epoll_event, "out_epoll_events": _epoll_events, "flock": _flock,
    "open_how": _open_how, "out_wstatus": _wait_status,
    **dict.fromkeys(("ptr", "fdset", "sockaddr", "termios", "winsize", "clone_args", "sigevent"), pointer),
}  # fmt: skip
FORMATTERS: dict[str, Formatter] = {
    **_AT_ADDRESS,
    **dict.fromkeys(("int", "uint", "long", "size", "off", "fd", "pid", "errno"), _decimal),
    **dict.fromkeys(("ulong", "dev", "hex", "ignored", "personality", "copy_flags"), _hexadecimal),
    "octal": _octal, "dirfd": _dirfd, "signal": _signal, "uid": _id, "gid": _id, "futex_op": _futex_op,
    **{kind: _named(kind) for kind in (*names.FLAGS, *names.ENUMS)},
    "open_flags": _open,
}  # fmt: skip

# Shown as they are after the call.
AFTER = frozenset(kind for kind in FORMATTERS if kind.startswith("out")) | {"inout_off", "pollfds"}
# Shown even if the call failed: the input in them says why.
BOTH = frozenset({"pollfds", "inout_off"})


def guarded(kind: str, argument: Argument) -> str:
    """The argument as its type shows, or the address where that could not be read."""
    if kind in _AT_ADDRESS and not argument.value:
        return "NULL"
    try:
        return FORMATTERS[kind](argument)
    except LinuxError:
        return pointer(argument)


def used_arguments(row: Row, values: tuple[int, ...]) -> int:
    """How many of the arguments mean anything: openat's mode only where a file may be made, and the like."""
    if row.name == "openat" and not values[2] & 0o100 and values[2] & 0o20200000 != 0o20200000:
        return 3
    if row.name == "futex":
        return {0: 4, 1: 3, 3: 5, 8: 2}.get(values[1] & 0x7F, 6)
    if row.name == "fcntl" and values[1] in (1, 3, 9, 11, 1025, 1032, 1034):
        return 2
    return len(values)


def code_name(signal: int, code: int) -> str:
    """si_code."""
    general = {0: "SI_USER", 0x80: "SI_KERNEL", -1: "SI_QUEUE", -2: "SI_TIMER", -6: "SI_TKILL"}
    special = {
        signals.SIGSEGV: {1: "SEGV_MAPERR", 2: "SEGV_ACCERR"},
        signals.SIGBUS: {1: "BUS_ADRALN", 2: "BUS_ADRERR"},
        signals.SIGILL: {1: "ILL_ILLOPC"},
        signals.SIGTRAP: {1: "TRAP_BRKPT"},
        signals.SIGCHLD: {
            1: "CLD_EXITED",
            2: "CLD_KILLED",
            3: "CLD_DUMPED",
            5: "CLD_STOPPED",
            6: "CLD_CONTINUED",
        },
    }
    return general.get(code) or special.get(signal, {}).get(code) or str(code)
