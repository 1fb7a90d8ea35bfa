"""What stat(2) and statfs(2) tell about an inode and a filesystem, before the kernel lays it out in guest memory."""

# Without `from __future__ import annotations`: NamedTuple would compile each annotation's text, 1 ms of a start.
from functools import lru_cache
from typing import NamedTuple


class Stat(NamedTuple):
    """One inode's attributes. Times are nanoseconds since the epoch; `dev` and `rdev` are (major, minor)."""

    dev: tuple[int, int]
    ino: int
    mode: int
    nlink: int
    uid: int
    gid: int
    rdev: tuple[int, int]
    size: int
    blksize: int
    blocks: int
    atime_ns: int
    mtime_ns: int
    ctime_ns: int


class StatFs(NamedTuple):
    """One filesystem's figures; `flags` are ST_* as in statfs.f_flags, counts are in blocks of `bsize` bytes."""

    type: int
    bsize: int
    blocks: int
    bfree: int
    bavail: int
    files: int
    ffree: int
    fsid: int
    namelen: int
    frsize: int
    flags: int


@lru_cache(maxsize=256)
def encode_dev(major: int, minor: int) -> int:
    """dev_t as Linux's new_encode_dev and glibc's makedev pack it (majors below 4096)."""
    return (minor & 0xFF) | (major & 0xFFF) << 8 | (minor & ~0xFF) << 12


def decode_dev(dev: int) -> tuple[int, int]:
    """(major, minor) of a 32-bit dev_t, as mknod(2) receives it."""
    return (dev >> 8) & 0xFFF, (dev & 0xFF) | (dev >> 12) & 0xFFF00
