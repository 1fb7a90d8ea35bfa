"""Calls that move data between files inside the kernel, and those that change a file's extent or sync it."""

from __future__ import annotations

import errno
from stat import S_ISDIR
from typing import TYPE_CHECKING

from friscy.kernel import files, leases
from friscy.kernel.calls.io import read_into, write_from
from friscy.kernel.structs import MAX_RW_COUNT, read_iovec
from friscy.kernel.table import syscall
from friscy.machine.layout import PAGE
from lazyfs.abi import O_APPEND
from lazyfs.errors import LinuxError, WouldBlock
from lazyfs.openfile import OpenFile

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Task
    from friscy.kernel.wait import Wait

_STEP = 1 << 16
SPLICE_F_NONBLOCK = 2
_SPLICE_FLAGS = 0xF
_RLIMIT_FSIZE = 1


def pair(task: Task, fd_in: int, fd_out: int) -> tuple[OpenFile, OpenFile]:
    """What can be read and what can be written. EBADF."""
    source, sink = task.process.files.get(fd_in), task.process.files.get(fd_out)
    if not source.readable or not sink.writable:
        raise LinuxError(errno.EBADF)
    return source, sink


def _check_streams(*ends: OpenFile) -> None:
    """EINVAL: what one of them takes or gives is no stream of bytes (an eventfd's number, a directory's entries)."""
    for file in ends:
        if S_ISDIR(file.inode.mode) or (isinstance(file, files.KernelFile) and not file.can_splice):
            raise LinuxError(errno.EINVAL)


class End:
    """One side of a transfer: a file at its own position or at one that the caller keeps in memory."""

    def __init__(self, k: Kernel, file: OpenFile, pointer: int) -> None:
        self.k, self.file, self.pointer = k, file, pointer
        self.offset = k.mem.i64(pointer) if pointer else None
        if self.offset is not None:
            if not files.is_seekable(file):
                raise LinuxError(errno.ESPIPE)
            if self.offset < 0:
                raise LinuxError(errno.EINVAL)

    def read(self, n: int) -> bytes:
        if self.offset is None:
            return files.read(self.k, self.file, n)
        return self.k.vfs.pread(self.file, n, self.offset)

    def write(self, task: Task, data: bytes) -> int:
        _check_streams(self.file)
        if self.file.inode.seals:
            files.check_seals(self.file, 0, 0, writing=True)
        if self.offset is None:
            return files.write(self.k, task, self.file, data)
        return self.k.vfs.pwrite(self.file, data, self.offset)

    def put_back(self, rest: bytes) -> None:
        """What `read` gave last and nobody took."""
        if self.offset is not None:
            return
        if files.is_pipe(self.file):
            self.file.inode.pipe.data[:0] = rest
            self.file.inode.pipe.ring()
        else:
            self.file.offset -= len(rest)

    def moved(self, n: int) -> None:
        if self.offset is not None:
            self.offset += n

    def tell(self) -> None:
        """Give the caller the new position. EFAULT, whatever was moved, where that cannot be written."""
        if self.offset is not None:
            self.k.mem.set_u64(self.pointer, self.offset)


def transfer(k: Kernel, task: Task, source: End, sink: End, count: int, *, nonblocking: bool = False) -> int:
    """Move up to `count` bytes; what the sink does not take stays in the source."""
    done = 0
    try:
        while done < count:
            # Space first: what a pipe gave cannot be put back.
            if not files.poll(k, sink.file) & (files.OUT | 0x18):
                raise WouldBlock(sink.file, files.OUT)
            step = min(count - done, _STEP)
            if files.is_pipe(sink.file):
                step = min(step, 4096)
            data = source.read(step)
            if not data:
                break
            try:
                taken = sink.write(task, data)
            except (LinuxError, WouldBlock):
                source.put_back(data)
                raise
            if taken < len(data):
                source.put_back(data[taken:])
            source.moved(taken)
            sink.moved(taken)
            done += taken
            if files.is_pipe(source.file) or len(data) < step:
                break
    except WouldBlock as blocked:
        if not done:
            files.block(k, task, blocked, nonblocking=nonblocking)
    except LinuxError:
        if not done:
            raise
    source.tell()
    sink.tell()
    return done


@syscall(
    285,
    "copy_file_range",
    "fd_in:fd off_in:inout_off fd_out:fd off_out:inout_off len:size flags:copy_flags -> int",
)
def sys_copy_file_range(
    k: Kernel, task: Task, fd_in: int, off_in: int, fd_out: int, off_out: int, count: int, flags: int
) -> int:
    """copy_file_range(2), between any two regular files."""
    source, sink = task.process.files.get(fd_in), task.process.files.get(fd_out)
    start, to = End(k, source, off_in), End(k, sink, off_out)
    if flags:
        raise LinuxError(errno.EINVAL)
    if S_ISDIR(source.inode.mode) or S_ISDIR(sink.inode.mode):
        raise LinuxError(errno.EISDIR)
    if not files.is_regular(source) or not files.is_regular(sink):
        raise LinuxError(errno.EINVAL)
    if not source.readable or not sink.writable or sink.flags & O_APPEND:
        raise LinuxError(errno.EBADF)
    first = source.offset if start.offset is None else start.offset
    second = sink.offset if to.offset is None else to.offset
    if first + count >= 1 << 63 or second + count >= 1 << 63:
        raise LinuxError(errno.EOVERFLOW)
    count = max(0, min(count, MAX_RW_COUNT, k.vfs.stat(source).size - first))
    if source.inode is sink.inode and first < second + count and second < first + count:
        raise LinuxError(errno.EINVAL)
    return transfer(k, task, start, to, count)


@syscall(
    76,
    "splice",
    "fd_in:fd off_in:inout_off fd_out:fd off_out:inout_off len:size flags:splice_flags -> int",
)
def sys_splice(
    k: Kernel, task: Task, fd_in: int, off_in: int, fd_out: int, off_out: int, count: int, flags: int
) -> int:
    """splice(2): one side at least is a pipe."""
    if count == 0:
        return 0
    if flags & ~_SPLICE_FLAGS:
        raise LinuxError(errno.EINVAL)
    source, sink = pair(task, fd_in, fd_out)
    pipes = files.is_pipe(source), files.is_pipe(sink)
    if (pipes[0] and off_in) or (pipes[1] and off_out):
        raise LinuxError(errno.ESPIPE)
    if not any(pipes) or (all(pipes) and source.inode is sink.inode):
        raise LinuxError(errno.EINVAL)
    if not pipes[1] and sink.flags & O_APPEND:
        raise LinuxError(errno.EINVAL)
    _check_streams(source, sink)
    nonblocking = bool(flags & SPLICE_F_NONBLOCK)
    ends = End(k, source, off_in), End(k, sink, off_out)
    return transfer(k, task, *ends, min(count, MAX_RW_COUNT), nonblocking=nonblocking)


@syscall(77, "tee", "fd_in:fd fd_out:fd len:size flags:splice_flags -> int")
def sys_tee(k: Kernel, task: Task, fd_in: int, fd_out: int, count: int, flags: int) -> int:
    """tee(2): copy what is in a pipe into another and leave it there."""
    if flags & ~_SPLICE_FLAGS:
        raise LinuxError(errno.EINVAL)
    if count == 0:
        return 0
    source, sink = pair(task, fd_in, fd_out)
    if not files.is_pipe(source) or not files.is_pipe(sink) or source.inode is sink.inode:
        raise LinuxError(errno.EINVAL)
    nonblocking = bool(flags & SPLICE_F_NONBLOCK)
    waiting = bytes(source.inode.pipe.data[: min(count, MAX_RW_COUNT)])
    if not waiting:
        if files.poll(k, source) & 0x10:
            return 0
        files.block(k, task, WouldBlock(source, files.IN), nonblocking=nonblocking)
    return files.blocking(k, task, lambda: files.write(k, task, sink, waiting), nonblocking=nonblocking)


@syscall(75, "vmsplice", "fd iov:in_iovec nr_segs:size flags:splice_flags -> int")
def sys_vmsplice(k: Kernel, task: Task, fd: int, address: int, count: int, flags: int) -> int | Wait:
    """vmsplice(2): pages are copied, whatever SPLICE_F_GIFT promises."""
    if flags & ~_SPLICE_FLAGS:
        raise LinuxError(errno.EINVAL)
    file = task.process.files.get(fd)
    if not files.is_pipe(file):
        raise LinuxError(errno.EBADF)
    buffers = read_iovec(k.mem, address, count)
    if file.writable:
        pipe = file.inode.pipe
        room = pipe.capacity - len(pipe.data)  # what fits goes in; only for the first of it the call waits
        if room <= 0 and flags & SPLICE_F_NONBLOCK:
            raise LinuxError(errno.EAGAIN)
        return write_from(k, task, file, _first(buffers, max(room, PAGE)))
    return read_into(k, task, file, buffers)


def _first(buffers: list[tuple[int, int]], nbytes: int) -> list[tuple[int, int]]:
    """The first `nbytes` of a scattered buffer."""
    kept = []
    for address, length in buffers:
        kept.append((address, min(length, nbytes)))
        nbytes -= kept[-1][1]
    return kept


# -- extent ---------------------------------------------------------------------------------------------


def _check_size(k: Kernel, task: Task, length: int) -> None:
    """EINVAL: negative; EFBIG and SIGXFSZ: above RLIMIT_FSIZE."""
    if length < 0:
        raise LinuxError(errno.EINVAL)
    if length > task.process.limits[_RLIMIT_FSIZE][0]:
        k.post_signal(task.process, 25, task=task)
        raise LinuxError(errno.EFBIG)


@syscall(45, "truncate", "path length:off -> int")
def sys_truncate(k: Kernel, task: Task, path: int, length: int) -> int:
    """truncate(2)."""
    if length < 0:
        raise LinuxError(errno.EINVAL)
    name = k.path(path)
    if k.state.devices is not None and k.state.devices.leases:
        leases.break_leases(k, k.vfs.lookup(task.process.fs, name).inode, writing=True, waiting=True)
    if k.vfs.stat_path(task.process.fs, name).size < length:
        _check_size(k, task, length)
    k.vfs.truncate(task.process.fs, name, length)
    return 0


@syscall(46, "ftruncate", "fd length:off -> int")
def sys_ftruncate(k: Kernel, task: Task, fd: int, length: int) -> int:
    """ftruncate(2)."""
    if length < 0:
        raise LinuxError(errno.EINVAL)
    file = task.process.files.get(fd)
    if not files.is_regular(file) or not file.writable:
        raise LinuxError(errno.EINVAL)
    size = k.vfs.stat(file).size
    files.check_seals(file, size, length)
    if size < length:
        _check_size(k, task, length)
    k.vfs.truncate(task.process.fs, file, length)
    return 0


@syscall(47, "fallocate", "fd mode:fallocate_mode offset:off len:off -> int")
def sys_fallocate(k: Kernel, task: Task, fd: int, mode: int, offset: int, length: int) -> int:
    """fallocate(2)."""
    file = task.process.files.get(fd)
    if offset < 0 or length <= 0:
        raise LinuxError(errno.EINVAL)
    if not file.writable:
        raise LinuxError(errno.EBADF)
    if files.is_pipe(file):
        raise LinuxError(errno.ESPIPE)
    if S_ISDIR(file.inode.mode):
        raise LinuxError(errno.EISDIR)
    if not files.is_regular(file):
        raise LinuxError(errno.ENODEV)
    if offset + length >= 1 << 63:
        raise LinuxError(errno.EFBIG)
    if not mode & 1:
        _check_size(k, task, offset + length)
        files.check_seals(file, k.vfs.stat(file).size, offset + length)
    if mode & 2:
        files.check_seals(file, 0, 0, writing=True)
    k.vfs.fallocate(file, mode, offset, length)
    return 0


# -- durability: the overlay keeps what it is given, so these only have to refuse what Linux refuses -----------


def _sync(k: Kernel, task: Task, fd: int) -> int:
    file = task.process.files.get(fd)
    if isinstance(file, files.KernelFile):
        raise LinuxError(errno.EINVAL)
    k.vfs.fsync(file)
    return 0


@syscall(82, "fsync", "fd -> int", stirs=False)
def sys_fsync(k: Kernel, task: Task, fd: int) -> int:
    """fsync(2)."""
    return _sync(k, task, fd)


@syscall(83, "fdatasync", "fd -> int", stirs=False)
def sys_fdatasync(k: Kernel, task: Task, fd: int) -> int:
    """fdatasync(2)."""
    return _sync(k, task, fd)


@syscall(81, "sync", "-> int")
def sys_sync(k: Kernel, task: Task) -> int:
    """sync(2)."""
    return 0


@syscall(267, "syncfs", "fd -> int")
def sys_syncfs(k: Kernel, task: Task, fd: int) -> int:
    """syncfs(2)."""
    task.process.files.get(fd)
    return 0


@syscall(84, "sync_file_range", "fd offset:off nbytes:off flags:uint -> int")
def sys_sync_file_range(k: Kernel, task: Task, fd: int, offset: int, nbytes: int, flags: int) -> int:
    """sync_file_range(2)."""
    file = task.process.files.get(fd)
    if flags & ~7 or offset < 0 or nbytes < 0 or offset + nbytes >= 1 << 63:
        raise LinuxError(errno.EINVAL)
    if not (files.is_regular(file) or S_ISDIR(file.inode.mode)):
        raise LinuxError(errno.ESPIPE)
    return 0


@syscall(223, "fadvise64", "fd offset:off len:off advice:fadvise -> int")
def sys_fadvise64(k: Kernel, task: Task, fd: int, offset: int, length: int, advice: int) -> int:
    """posix_fadvise(2): advice is checked, not taken."""
    file = task.process.files.get(fd)
    if files.is_pipe(file):
        raise LinuxError(errno.ESPIPE)
    if not 0 <= advice <= 5 or length < 0:
        raise LinuxError(errno.EINVAL)
    return 0


@syscall(213, "readahead", "fd offset:off count:size -> int")
def sys_readahead(k: Kernel, task: Task, fd: int, offset: int, count: int) -> int:
    """readahead(2)."""
    file = task.process.files.get(fd)
    if not file.readable:
        raise LinuxError(errno.EBADF)
    if not files.is_regular(file):
        raise LinuxError(errno.EINVAL)
    return 0
