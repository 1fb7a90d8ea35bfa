"""read(2), write(2) and their vectored and positioned forms.

All share two movements: host bytes into guest buffers (`_scatter`) and guest buffers into host bytes
(`_gather`). As on Linux a transfer stops at the first page it may not touch: what lies before it is done
and counts, and EFAULT is the answer only where nothing is.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from friscy.kernel import files
from friscy.kernel.short import trust_input
from friscy.kernel.structs import MAX_RW_COUNT, read_iovec
from friscy.kernel.table import syscall
from friscy.machine.layout import GUEST_END, PAGE
from friscy.machine.memory import GuestMemory
from lazyfs import pipe
from lazyfs.abi import O_ACCMODE, O_APPEND, O_NONBLOCK, O_PATH, O_RDONLY, O_RDWR, O_WRONLY
from lazyfs.errors import LinuxError, WouldBlock
from lazyfs.openfile import OpenFile

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Task
    from friscy.kernel.wait import Wait

Buffers = list[tuple[int, int]]

RWF_HIPRI, RWF_DSYNC, RWF_SYNC, RWF_NOWAIT, RWF_APPEND = 1, 2, 4, 8, 16
_RWF_ALL = RWF_HIPRI | RWF_DSYNC | RWF_SYNC | RWF_NOWAIT | RWF_APPEND


def _reader(task: Task, fd: int) -> OpenFile:
    descriptor = task.process.files.slots.get(fd)
    if descriptor is None or descriptor.file.flags & (O_ACCMODE | O_PATH) not in (O_RDONLY, O_RDWR):
        raise LinuxError(errno.EBADF)
    return descriptor.file


def _writer(task: Task, fd: int) -> OpenFile:
    descriptor = task.process.files.slots.get(fd)
    if descriptor is None or descriptor.file.flags & (O_ACCMODE | O_PATH) not in (O_WRONLY, O_RDWR):
        raise LinuxError(errno.EBADF)
    return descriptor.file


def _one(address: int, nbytes: int) -> Buffers:
    """The buffer of a plain read or write, checked as the kernel checks it before it looks at the file."""
    if nbytes and address + nbytes > GUEST_END:
        raise LinuxError(errno.EFAULT)
    return [(address, min(nbytes, MAX_RW_COUNT))]


def _room(mem: GuestMemory, buffers: Buffers, *, write: bool) -> tuple[Buffers, int, bool]:
    """What of `buffers` is before the first page that may not be touched, its length, and whether it is all."""
    total = 0
    for index, (address, nbytes) in enumerate(buffers):
        try:
            mem.check(address, nbytes, write=write)
        except LinuxError:
            reach = mem.accessible(address, nbytes, write=write)
            return [*buffers[:index], (address, reach)], total + reach, False
        total += nbytes
    return buffers, total, True


def _scatter(mem: GuestMemory, buffers: Buffers, data: bytes) -> int:
    """Put `data` into buffers that `_room` gave."""
    done, view = 0, mem.view
    for address, nbytes in buffers:
        part = data[done : done + nbytes]
        view[address : address + len(part)] = part
        done += nbytes
        if done >= len(data):
            break
    return len(data)


def _gather(mem: GuestMemory, buffers: Buffers) -> memoryview:
    """The bytes of buffers that `_room` gave."""
    if len(buffers) == 1:
        address, nbytes = buffers[0]
        return mem.view[address : address + nbytes]
    return memoryview(b"".join(mem.view[address : address + nbytes] for address, nbytes in buffers))


def read_into(
    k: Kernel, task: Task, file: OpenFile, buffers: Buffers, offset: int | None = None
) -> int | Wait:
    """Read into guest buffers, at the file's own position or at `offset`."""
    if offset is None and files.is_dry(file) and any(nbytes for _, nbytes in buffers):
        return files.wait_dry(file)  # before the buffers are looked at
    usable, n, whole = _room(k.mem, buffers, write=True)
    if n == 0 and not whole:
        # The end of a file is noticed before the buffer is: read(2) at the end gives 0 for any pointer.
        if not files.is_regular(file) or k.vfs.pread(file, 1, file.offset if offset is None else offset):
            raise LinuxError(errno.EFAULT)
        return 0
    try:
        data = files.read(k, file, n) if offset is None else k.vfs.pread(file, n, offset)
    except WouldBlock as blocked:
        files.block(k, task, blocked)
    return _scatter(k.mem, usable, data)


def write_from(k: Kernel, task: Task, file: OpenFile, buffers: Buffers, offset: int | None = None) -> int:
    """Write guest buffers, at the file's own position or at `offset`.

    A blocking write of more than a pipe or terminal takes at once goes on until all of it is through.
    """
    usable, _, whole = _room(k.mem, buffers, write=False)
    data = _gather(k.mem, usable)
    if not whole:
        if files.is_pipe(file):
            data = data[: len(data) & ~(PAGE - 1)]  # pipes take whole pages or nothing
        if not data:
            raise LinuxError(errno.EFAULT)
    if offset is not None:
        return _limited(k, task, file, data, offset)
    if files.is_regular(file):
        position = k.vfs.stat(file).size if file.flags & O_APPEND else file.offset
        return _limited(k, task, file, data, position, own=True)
    return _write_all(k, task, file, data)


def _write_all(k: Kernel, task: Task, file: OpenFile, data: memoryview) -> int:
    """Write to what is no regular file; a blocking write goes on until all of it is through."""
    done = 0 if task.wait is None else files.progress(task, file)
    try:
        while True:
            done += files.write(k, task, file, data[done:] if done else data)
            if done >= len(data) or file.flags & O_NONBLOCK:
                return done
    except WouldBlock as blocked:
        try:
            files.block(k, task, blocked, done=done)
        except LinuxError:  # it does not wait, or has waited long enough
            if done:
                return done
            raise
    except LinuxError:
        if done:
            return done
        raise


def _limited(
    k: Kernel, task: Task, file: OpenFile, data: memoryview, position: int, *, own: bool = False
) -> int:
    """Write to a seekable file, as far as RLIMIT_FSIZE goes (EFBIG and SIGXFSZ beyond)."""
    limit = task.process.limits[1][0]
    if files.is_regular(file) and data and position + len(data) > limit:
        if position >= limit:
            k.post_signal(task.process, 25, task=task)
            raise LinuxError(errno.EFBIG)
        data = data[: limit - position]
    if file.inode.seals and data:
        files.check_seals(file, k.vfs.stat(file).size, position + len(data), writing=True)
    try:
        return k.vfs.write(file, data) if own else k.vfs.pwrite(file, data, position)
    except WouldBlock as blocked:
        files.block(k, task, blocked)


def _offset(file: OpenFile, offset: int) -> int:
    """A position given by the caller, checked. EINVAL: negative; ESPIPE: the file has none."""
    if offset < 0:
        raise LinuxError(errno.EINVAL)
    if not files.is_seekable(file):
        raise LinuxError(errno.ESPIPE)
    return offset


@syscall(63, "read", "fd buf:outbuf count:size -> int")
def sys_read(k: Kernel, task: Task, fd: int, address: int, count: int) -> int | Wait:
    """read(2)."""
    file = _reader(task, fd)
    if isinstance(file, files.KernelFile):
        room = k.mem.window(address, count, write=True) if count <= MAX_RW_COUNT else None
        if room is not None:
            try:
                return file.read_into(k, room)
            except WouldBlock as blocked:
                files.block(k, task, blocked)
    elif file.inode.pipe is not None and count <= MAX_RW_COUNT:
        if count and files.is_dry(file):
            return files.wait_dry(file)
        room = k.mem.window(address, count, write=True)
        if room is not None:
            data = pipe.read(file, count)
            room[: len(data)] = data
            return len(data)
    return read_into(k, task, file, _one(address, count))


@syscall(64, "write", "fd buf:inbuf count:size -> int")
def sys_write(k: Kernel, task: Task, fd: int, address: int, count: int) -> int:
    """write(2)."""
    file = _writer(task, fd)
    if (isinstance(file, files.KernelFile) or file.inode.pipe is not None) and count <= MAX_RW_COUNT:
        data = k.mem.window(address, count)
        if data is not None:
            return _write_all(k, task, file, data)
    return write_from(k, task, file, _one(address, count))


@syscall(65, "readv", "fd iov:out_iovec iovcnt:size -> int")
def sys_readv(k: Kernel, task: Task, fd: int, address: int, count: int) -> int | Wait:
    """readv(2)."""
    file = _reader(task, fd)
    return read_into(k, task, file, read_iovec(k.mem, address, count))


@syscall(66, "writev", "fd iov:in_iovec iovcnt:size -> int")
def sys_writev(k: Kernel, task: Task, fd: int, address: int, count: int) -> int:
    """writev(2)."""
    file = _writer(task, fd)
    buffers = read_iovec(k.mem, address, count)
    if isinstance(file, files.KernelFile):
        parts = [part for at, n in buffers if n and (part := k.mem.window(at, n)) is not None]
        if len(parts) == len(buffers):
            trust_input(k, address)
            return _write_all(k, task, file, parts[0] if len(parts) == 1 else memoryview(b"".join(parts)))
    return write_from(k, task, file, buffers)


@syscall(67, "pread64", "fd buf:outbuf count:size offset:off -> int", stirs=False)
def sys_pread64(k: Kernel, task: Task, fd: int, address: int, count: int, offset: int) -> int | Wait:
    """pread(2)."""
    if offset < 0:
        raise LinuxError(errno.EINVAL)
    file = task.process.files.get(fd)
    offset = _offset(file, offset)
    return read_into(k, task, _reader(task, fd), _one(address, count), offset)


@syscall(68, "pwrite64", "fd buf:inbuf count:size offset:off -> int", stirs=False)
def sys_pwrite64(k: Kernel, task: Task, fd: int, address: int, count: int, offset: int) -> int:
    """pwrite(2)."""
    if offset < 0:
        raise LinuxError(errno.EINVAL)
    file = task.process.files.get(fd)
    offset = _offset(file, offset)
    return write_from(k, task, _writer(task, fd), _one(address, count), offset)


@syscall(69, "preadv", "fd iov:out_iovec iovcnt:size offset:off offset_high:ignored -> int", stirs=False)
def sys_preadv(
    k: Kernel, task: Task, fd: int, address: int, count: int, offset: int, _high: int
) -> int | Wait:
    """preadv(2)."""
    if offset < 0:
        raise LinuxError(errno.EINVAL)
    offset = _offset(task.process.files.get(fd), offset)
    return read_into(k, task, _reader(task, fd), read_iovec(k.mem, address, count), offset)


@syscall(70, "pwritev", "fd iov:in_iovec iovcnt:size offset:off offset_high:ignored -> int", stirs=False)
def sys_pwritev(k: Kernel, task: Task, fd: int, address: int, count: int, offset: int, _high: int) -> int:
    """pwritev(2)."""
    if offset < 0:
        raise LinuxError(errno.EINVAL)
    offset = _offset(task.process.files.get(fd), offset)
    return write_from(k, task, _writer(task, fd), read_iovec(k.mem, address, count), offset)


@syscall(286, "preadv2", "fd iov:out_iovec iovcnt:size offset:off offset_high:ignored flags:rwf_flags -> int")
def sys_preadv2(
    k: Kernel, task: Task, fd: int, address: int, count: int, offset: int, _high: int, flags: int
) -> int | Wait:
    """preadv2(2): offset -1 is the file's own position. RWF_NOWAIT never waits for a regular file here."""
    _check_rwf(flags & ~RWF_APPEND)
    if offset == -1:
        return sys_readv(k, task, fd, address, count)
    return sys_preadv(k, task, fd, address, count, offset, 0)


@syscall(287, "pwritev2", "fd iov:in_iovec iovcnt:size offset:off offset_high:ignored flags:rwf_flags -> int")
def sys_pwritev2(
    k: Kernel, task: Task, fd: int, address: int, count: int, offset: int, _high: int, flags: int
) -> int:
    """pwritev2(2): offset -1 is the file's own position."""
    _check_rwf(flags)
    if flags & RWF_APPEND:
        file = _writer(task, fd)
        if offset != -1:
            _offset(file, offset)
        end = k.vfs.stat(file).size
        done = write_from(k, task, file, read_iovec(k.mem, address, count), end)
        if offset == -1:
            file.offset = end + done
        return done
    if offset == -1:
        return sys_writev(k, task, fd, address, count)
    return sys_pwritev(k, task, fd, address, count, offset, 0)


def _check_rwf(flags: int) -> None:
    if flags & ~_RWF_ALL:
        raise LinuxError(errno.EOPNOTSUPP)


@syscall(62, "lseek", "fd offset:off whence -> int", stirs=False)
def sys_lseek(k: Kernel, task: Task, fd: int, offset: int, whence: int) -> int:
    """lseek(2) with SEEK_DATA and SEEK_HOLE."""
    file = task.process.files.get(fd)
    if not 0 <= whence <= 4:
        raise LinuxError(errno.EINVAL)
    if isinstance(file, files.KernelFile):
        return file.seek(offset, whence)
    return k.vfs.seek(file, offset, whence)
