"""How the kernel's structures lie in riscv64 guest memory: one packer or reader for each.

All little-endian, natural alignment; the layouts are those of the asm-generic UAPI headers, which riscv64
uses unchanged. `tests/friscy/kernel/test_structs.py` holds each against a C compiler's view.
"""

from __future__ import annotations

import errno
import struct

from friscy.machine.memory import GuestMemory
from lazyfs.errors import LinuxError
from lazyfs.stat import Stat, StatFs, encode_dev

NS = 1_000_000_000
IOV_MAX = 1024
MAX_RW_COUNT = 0x7FFF_F000
PATH_MAX = 4096
NAME_MAX = 255

_STAT = struct.Struct("<QQIIIIQQqiiqqQqQqQII")
_STATX_TIME = struct.Struct("<qI4x")
_STATX_HEAD = struct.Struct("<IIQIIIH2xQQQQ")
_STATX_TAIL = struct.Struct("<IIIIQII96x")
_STATFS = struct.Struct("<qqQQQQQ2iqqq4q")
_TIMESPEC = struct.Struct("<qq")
_ITIMERSPEC = struct.Struct("<qqqq")
_IOVEC = struct.Struct("<QQ")
_POLLFD = struct.Struct("<ihh")
_EPOLL_EVENT = struct.Struct("<I4xQ")
_FLOCK = struct.Struct("<hh4xqqi4x")
_DIRENT_HEAD = struct.Struct("<QqHB")
_OPEN_HOW = struct.Struct("<QQQ")
_WINSIZE = struct.Struct("<4H")

STAT_BYTES = _STAT.size
STATX_BYTES = _STATX_HEAD.size + 4 * _STATX_TIME.size + _STATX_TAIL.size
STATFS_BYTES = _STATFS.size
POLLFD_BYTES = _POLLFD.size
EPOLL_EVENT_BYTES = _EPOLL_EVENT.size
FLOCK_BYTES = _FLOCK.size
OPEN_HOW_BYTES = _OPEN_HOW.size

STATX_BASIC_STATS = 0x7FF
STATX_BTIME = 0x800
STATX_MNT_ID = 0x1000
STATX_ATTR_MOUNT_ROOT = 0x2000
STATX__RESERVED = 0x8000_0000


def pack_stat(st: Stat) -> bytes:
    """`struct stat`, 128 bytes."""
    return _STAT.pack(
        encode_dev(*st.dev),
        st.ino,
        st.mode,
        st.nlink,
        st.uid,
        st.gid,
        encode_dev(*st.rdev),
        0,
        st.size,
        st.blksize,
        0,
        st.blocks,
        *divmod(st.atime_ns, NS),
        *divmod(st.mtime_ns, NS),
        *divmod(st.ctime_ns, NS),
        0,
        0,
    )


def pack_statx(st: Stat, *, mount_id: int, mount_root: bool) -> bytes:
    """`struct statx`, 256 bytes: all basic fields and the mount id; birth time is not kept."""
    mask = STATX_BASIC_STATS | STATX_MNT_ID
    attributes = STATX_ATTR_MOUNT_ROOT if mount_root else 0
    head = _STATX_HEAD.pack(
        mask, st.blksize, attributes, st.nlink, st.uid, st.gid, st.mode, st.ino, st.size, st.blocks,
        STATX_ATTR_MOUNT_ROOT,
    )  # fmt: skip
    stamps = st.atime_ns, 0, st.ctime_ns, st.mtime_ns
    times = b"".join(_STATX_TIME.pack(*divmod(ns, NS)) for ns in stamps)
    return head + times + _STATX_TAIL.pack(*st.rdev, *st.dev, mount_id, 0, 0)


def pack_statfs(st: StatFs) -> bytes:
    """`struct statfs`, 120 bytes."""
    fsid = struct.unpack("<2i", struct.pack("<Q", st.fsid))
    return _STATFS.pack(
        st.type, st.bsize, st.blocks, st.bfree, st.bavail, st.files, st.ffree, *fsid, st.namelen, st.frsize,
        st.flags, 0, 0, 0, 0,
    )  # fmt: skip


def dirent_bytes(name: bytes) -> int:
    """Length of the linux_dirent64 record for `name`."""
    return _DIRENT_HEAD.size + len(name) + 8 & ~7


def pack_dirent(ino: int, next_offset: int, kind: int, name: bytes) -> bytes:
    """One linux_dirent64 record. `kind` is a DT_* value; lseek to `next_offset` reads on from there."""
    nbytes = dirent_bytes(name)
    head = _DIRENT_HEAD.pack(ino, next_offset, nbytes, kind)
    return head + name + bytes(nbytes - len(head) - len(name))


def pack_timespec(ns: int) -> bytes:
    return _TIMESPEC.pack(*divmod(ns, NS))


def read_timespec_raw(mem: GuestMemory, address: int) -> tuple[int, int]:
    """(seconds, nanoseconds field) unchecked, for calls where the second has special values."""
    seconds, ns = _TIMESPEC.unpack(mem.read(address, _TIMESPEC.size))
    return seconds, ns


def read_itimerspec(mem: GuestMemory, address: int) -> tuple[int, int]:
    """(interval, value) of an itimerspec in nanoseconds. EINVAL for one that is not normal."""
    fields = _ITIMERSPEC.unpack(mem.read(address, _ITIMERSPEC.size))
    for seconds, ns in (fields[:2], fields[2:]):
        if seconds < 0 or not 0 <= ns < NS:
            raise LinuxError(errno.EINVAL)
    return fields[0] * NS + fields[1], fields[2] * NS + fields[3]


def pack_itimerspec(interval_ns: int, value_ns: int) -> bytes:
    return _ITIMERSPEC.pack(*divmod(interval_ns, NS), *divmod(value_ns, NS))


def read_iovec(mem: GuestMemory, address: int, count: int) -> list[tuple[int, int]]:
    """The (address, nbytes) pairs of an iovec array, cut so that they add up to MAX_RW_COUNT at most.

    EINVAL: more than IOV_MAX entries, or a length negative as ssize_t. EFAULT: the array is unreadable.
    """
    if not 0 <= count <= IOV_MAX:
        raise LinuxError(errno.EINVAL)
    pairs: list[tuple[int, int]] = []
    left = MAX_RW_COUNT
    for base, nbytes in _IOVEC.iter_unpack(mem.read(address, count * _IOVEC.size)):
        if nbytes >= 1 << 63:
            raise LinuxError(errno.EINVAL)
        nbytes = min(nbytes, left)
        left -= nbytes
        pairs.append((base, nbytes))
    return pairs


def read_pollfds(mem: GuestMemory, address: int, count: int) -> list[tuple[int, int]]:
    """(fd, events) of each entry of a pollfd array."""
    raw = mem.read(address, count * _POLLFD.size)
    return [(fd, events & 0xFFFF) for fd, events, _ in _POLLFD.iter_unpack(raw)]


def read_epoll_event(mem: GuestMemory, address: int) -> tuple[int, int]:
    """(events, data)."""
    events, data = _EPOLL_EVENT.unpack(mem.read(address, _EPOLL_EVENT.size))
    return events, data


pack_epoll_event = _EPOLL_EVENT.pack  # events, data


def read_flock(mem: GuestMemory, address: int) -> tuple[int, int, int, int, int]:
    """(type, whence, start, length, pid) of a struct flock."""
    kind, whence, start, length, pid = _FLOCK.unpack(mem.read(address, _FLOCK.size))
    return kind, whence, start, length, pid


def pack_flock(kind: int, whence: int, start: int, length: int, pid: int) -> bytes:
    return _FLOCK.pack(kind, whence, start, length, pid)


def read_open_how(mem: GuestMemory, address: int, size: int) -> tuple[int, int, int]:
    """(flags, mode, resolve) of a struct open_how of `size` bytes. E2BIG: a later version's field is set."""
    if size < _OPEN_HOW.size:
        raise LinuxError(errno.EINVAL)
    if size > 4096:
        raise LinuxError(errno.E2BIG)
    raw = mem.read(address, size)
    if any(raw[_OPEN_HOW.size :]):
        raise LinuxError(errno.E2BIG)
    flags, mode, resolve = _OPEN_HOW.unpack_from(raw)
    return flags, mode, resolve


def pack_winsize(rows: int, columns: int) -> bytes:
    return _WINSIZE.pack(rows, columns, 0, 0)


def read_winsize(mem: GuestMemory, address: int) -> tuple[int, int]:
    rows, columns, _, _ = _WINSIZE.unpack(mem.read(address, _WINSIZE.size))
    return rows, columns
