"""Pipes and FIFOs: a bounded buffer between readers and writers."""

from __future__ import annotations

import errno
from stat import S_IFIFO
from typing import TYPE_CHECKING, ClassVar

from lazyfs.abi import (
    O_ACCMODE,
    O_NONBLOCK,
    O_RDONLY,
    O_RDWR,
    O_WRONLY,
    PIPE_BUF,
    PIPEFS_MAGIC,
    POLLERR,
    POLLHUP,
    POLLIN,
    POLLOUT,
    POLLRDNORM,
    POLLWRNORM,
)
from lazyfs.bell import Bell
from lazyfs.errors import LinuxError, WouldBlock
from lazyfs.filesystem import Data, FileSystem
from lazyfs.inode import Dentry, FsContext, Inode
from lazyfs.plain import default

if TYPE_CHECKING:
    from lazyfs.host import VfsHost
    from lazyfs.openfile import OpenFile

CAPACITY = 65536


class Pipe(Bell):
    """The buffer, and how many open file descriptions read and write it.

    opening: the contexts whose open(2) of a FIFO waits, with the access they asked for; admitted: those
    whose other end has come since. They count as open, and their call succeeds when it is run again.
    One that is killed or interrupted meanwhile is taken out by `cancel`.
    fills, drains: how often data came, and how often room for more: what edge-triggered waits look at.
    """

    data: bytearray = default(bytearray)
    capacity: int = CAPACITY
    readers: int = 0
    writers: int = 0
    had_writer: bool = False
    fills: int = 0
    drains: int = 0
    opening: list[tuple[FsContext, int]] = default(list)
    admitted: list[tuple[FsContext, int]] = default(list)


class PipeFs(FileSystem):
    """Where the inodes of pipe(2) and other unnamed files live."""

    magic: ClassVar[int] = PIPEFS_MAGIC

    next_ino: int = 1

    def type_name(self) -> bytes:
        """See FileSystem."""
        return b"pipefs"

    def new_pipe(self, vfs: VfsHost, uid: int, gid: int) -> Dentry:
        """An unnamed pipe."""
        now = vfs.now_ns()
        inode = Inode(
            self,
            self.next_ino,
            S_IFIFO | 0o600,
            uid,
            gid,
            atime_ns=now,
            mtime_ns=now,
            ctime_ns=now,
            pipe=Pipe(),
        )
        self.next_ino += 1
        return Dentry(None, b"pipe:[%d]" % inode.ino, inode)


def of(file: OpenFile) -> Pipe:
    """The pipe a description has open."""
    pipe = file.inode.pipe
    assert isinstance(pipe, Pipe)
    return pipe


def attach(context: FsContext, file: OpenFile) -> None:
    """open(2) of a FIFO: count the end in, or WouldBlock until the other end comes. ENXIO.

    A pipe of pipe(2), which /proc/PID/fd and /dev/fd name, opens at once: nobody may ever come to its other end.
    """
    inode = file.inode
    pipe = inode.pipe
    if pipe is None:
        pipe = inode.pipe = Pipe()
    access = file.flags & O_ACCMODE
    for waiting in pipe.admitted:
        if waiting[0] is context and waiting[1] == access:
            pipe.admitted.remove(waiting)
            return
    unnamed = isinstance(inode.fs, PipeFs)
    if access != O_RDWR and not unnamed and not _meets(context, pipe, access, file.flags):
        raise WouldBlock()
    _count(pipe, access, 1)
    # Whoever waits in open(2) for this end is in from now on: what is written meanwhile is for them.
    for waiting in list(pipe.opening):
        if access in (O_RDWR, O_RDONLY if waiting[1] == O_WRONLY else O_WRONLY):
            pipe.opening.remove(waiting)
            pipe.admitted.append(waiting)
            _count(pipe, waiting[1], 1)


def _meets(context: FsContext, pipe: Pipe, access: int, flags: int) -> bool:
    """Whether an open for reading or writing only has its other end; else it is put on the waiting list."""
    partner = O_WRONLY if access == O_RDONLY else O_RDONLY
    there = pipe.writers if access == O_RDONLY else pipe.readers
    if there or any(waiting[1] == partner for waiting in pipe.opening):
        _forget(context, pipe)
        return True
    if flags & O_NONBLOCK:
        if access == O_WRONLY:
            raise LinuxError(errno.ENXIO)
        return True
    if not any(waiting[0] is context and waiting[1] == access for waiting in pipe.opening):
        pipe.opening.append((context, access))
    return False


def _forget(context: FsContext, pipe: Pipe) -> None:
    pipe.opening = [waiting for waiting in pipe.opening if waiting[0] is not context]


def cancel(context: FsContext, inode: Inode) -> None:
    """An open(2) of a FIFO that waits is given up (a signal came, or the task ended)."""
    pipe = inode.pipe
    if pipe is not None:
        _forget(context, pipe)
        for waiting in [waiting for waiting in pipe.admitted if waiting[0] is context]:
            pipe.admitted.remove(waiting)
            _count(pipe, waiting[1], -1)


def _count(pipe: Pipe, access: int, by: int) -> None:
    if access in (O_RDONLY, O_RDWR):
        pipe.readers += by
    if access in (O_WRONLY, O_RDWR):
        pipe.writers += by
        pipe.had_writer = True
    pipe.ring()


def detach(file: OpenFile) -> None:
    """The description is gone."""
    pipe = of(file)
    _count(pipe, file.flags & O_ACCMODE, -1)
    if not pipe.readers and not pipe.writers:
        file.inode.pipe = None if file.inode.nlink else pipe


def read(file: OpenFile, n: int) -> bytes:
    """read(2): what is there, b"" when no writer is left."""
    pipe: Pipe = file.inode.pipe
    if pipe.data:
        room = pipe.capacity - len(pipe.data)
        data = bytes(pipe.data[:n])
        del pipe.data[:n]
        if room < PIPE_BUF <= room + len(data):
            pipe.drains += 1
        pipe.ring()
        return data
    if not pipe.writers or not n:
        return b""
    raise WouldBlock(file, POLLIN)


def write(file: OpenFile, data: Data) -> int:
    """write(2): up to PIPE_BUF bytes whole or not at all, more in part. EPIPE when no reader is left."""
    pipe: Pipe = file.inode.pipe
    if not pipe.readers:
        raise LinuxError(errno.EPIPE)
    room = pipe.capacity - len(pipe.data)
    if len(data) > room:
        if len(data) <= PIPE_BUF or not room:
            raise WouldBlock(file, POLLOUT)
        data = memoryview(data)[:room]
    pipe.data += data
    pipe.fills += 1
    pipe.ring()
    return len(data)


def poll(file: OpenFile) -> int:
    """poll(2)."""
    pipe: Pipe = file.inode.pipe
    access = file.flags & O_ACCMODE
    mask = 0
    if access != O_WRONLY:
        if pipe.data:
            mask |= POLLIN | POLLRDNORM
        if not pipe.writers and pipe.had_writer:
            mask |= POLLHUP
    if access != O_RDONLY:
        if pipe.capacity - len(pipe.data) >= PIPE_BUF:
            mask |= POLLOUT | POLLWRNORM
        if not pipe.readers:
            mask |= POLLERR
    return mask
