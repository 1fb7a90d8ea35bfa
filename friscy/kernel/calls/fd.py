"""System calls on descriptors: close, dup, fcntl, flock, pipe2, memfd_create."""

from __future__ import annotations

import errno
import struct
from typing import TYPE_CHECKING

from friscy.kernel import files, leases, short
from friscy.kernel.calls.path import install
from friscy.kernel.credentials import CAP_SYS_RESOURCE, capable
from friscy.kernel.devices import devices
from friscy.kernel.events import signal_io
from friscy.kernel.locks import (
    F_RDLCK,
    F_UNLCK,
    F_WRLCK,
    LOCK_EX,
    LOCK_MAND,
    LOCK_NB,
    LOCK_SH,
    LOCK_UN,
    RangeWait,
    WholeWait,
    byte_range,
    would_deadlock,
)
from friscy.kernel.short import load
from friscy.kernel.state import RLIMIT_NOFILE
from friscy.kernel.structs import pack_flock, read_flock
from friscy.kernel.sysctl import sysctl
from friscy.kernel.table import syscall
from friscy.kernel.wait import Blocked
from lazyfs.abi import (
    F_SEAL_EXEC,
    F_SEAL_SEAL,
    F_SEAL_WRITE,
    O_APPEND,
    O_ASYNC,
    O_CLOEXEC,
    O_DIRECT,
    O_LARGEFILE,
    O_NOATIME,
    O_NONBLOCK,
    O_PATH,
    O_RDWR,
    SEEK_CUR,
    SEEK_END,
    SEEK_SET,
)
from lazyfs.errors import LinuxError
from lazyfs.openfile import OpenFile

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Task

_SETTABLE = O_APPEND | O_ASYNC | O_DIRECT | O_NOATIME | O_NONBLOCK
F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_GETLK, F_SETLK, F_SETLKW, F_SETOWN, F_GETOWN = range(10)
F_SETSIG, F_GETSIG, F_SETOWN_EX, F_GETOWN_EX = 10, 11, 15, 16
F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW = 36, 37, 38
F_SETLEASE, F_GETLEASE, F_NOTIFY = 1024, 1025, 1026
F_DUPFD_CLOEXEC, F_SETPIPE_SZ, F_GETPIPE_SZ, F_ADD_SEALS, F_GET_SEALS = 1030, 1031, 1032, 1033, 1034
_PATH_COMMANDS = (F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL)
FD_CLOEXEC = 1
_OWNER = struct.Struct("<ii")  # struct f_owner_ex
MFD_CLOEXEC, MFD_ALLOW_SEALING, MFD_HUGETLB, MFD_NOEXEC_SEAL, MFD_EXEC = 1, 2, 4, 8, 16
CLOSE_RANGE_UNSHARE, CLOSE_RANGE_CLOEXEC = 2, 4


def _limit(task: Task) -> int:
    return task.process.limits[RLIMIT_NOFILE][0]


def close(k: Kernel, task: Task, fd: int) -> None:
    """Close a descriptor and drop the record locks that the process has on its file."""
    process = task.process
    kept = k.state.devices
    if kept is not None and kept.locks.ranges:
        kept.locks.release_ranges(process, process.files.get_path(fd).inode)
    process.files.close(k, fd)


@syscall(57, "close", "fd -> int")
def sys_close(k: Kernel, task: Task, fd: int) -> int:
    """close(2)."""
    close(k, task, fd)
    return 0


@syscall(436, "close_range", "first:uint last:uint flags:close_range_flags -> int")
def sys_close_range(k: Kernel, task: Task, first: int, last: int, flags: int) -> int:
    """close_range(2)."""
    if flags & ~(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC) or first > last:
        raise LinuxError(errno.EINVAL)
    process = task.process
    if flags & CLOSE_RANGE_UNSHARE:
        sharers = [p for p in k.state.processes.values() if p.files is process.files]
        if len(sharers) > 1:
            process.files = process.files.copy()
            load(k)
    for fd in sorted(fd for fd in process.files.slots if first <= fd <= last):
        if flags & CLOSE_RANGE_CLOEXEC:
            process.files.slots[fd].cloexec = True
        else:
            close(k, task, fd)
    return 0


@syscall(23, "dup", "fd -> fd")
def sys_dup(k: Kernel, task: Task, fd: int) -> int:
    """dup(2)."""
    return task.process.files.add(task.process.files.get_path(fd), _limit(task))


@syscall(24, "dup3", "oldfd:fd newfd:fd flags:dup_flags -> fd")
def sys_dup3(k: Kernel, task: Task, old: int, new: int, flags: int) -> int:
    """dup3(2)."""
    if flags & ~O_CLOEXEC or old == new:
        raise LinuxError(errno.EINVAL)
    if not 0 <= new < _limit(task):
        raise LinuxError(errno.EBADF)
    table = task.process.files
    file = table.get_path(old)
    locks = devices(k).locks
    if locks.ranges and new in table.slots:
        locks.release_ranges(task.process, table.slots[new].file.inode)
    table.put(k, new, file, cloexec=bool(flags & O_CLOEXEC))
    return new


@syscall(25, "fcntl", "fd cmd:fcntl_cmd arg:ulong -> int")
def sys_fcntl(k: Kernel, task: Task, fd: int, command: int, argument: int) -> int:
    """fcntl(2)."""
    table = task.process.files
    descriptor = table.descriptor(fd)
    file = descriptor.file
    if file.flags & O_PATH and command not in _PATH_COMMANDS:
        raise LinuxError(errno.EBADF)
    match command:
        case 0 | 1030:  # F_DUPFD, F_DUPFD_CLOEXEC
            if argument >= _limit(task):
                raise LinuxError(errno.EINVAL)
            return table.add(file, _limit(task), cloexec=command == F_DUPFD_CLOEXEC, least=argument)
        case 1:  # F_GETFD
            return FD_CLOEXEC if descriptor.cloexec else 0
        case 2:  # F_SETFD
            descriptor.cloexec = bool(argument & FD_CLOEXEC)
            return 0
        case 3:  # F_GETFL
            return file.flags
        case 4:  # F_SETFL
            signal_io.set_async(k, file, fd, wanted=bool(argument & O_ASYNC))
            file.flags = file.flags & ~_SETTABLE | argument & _SETTABLE
            return 0
        case 5 | 6 | 7 | 36 | 37 | 38:  # locks
            return _record_lock(k, task, file, command, argument)
        case 8 | 9 | 10 | 11 | 15 | 16 | 1026:  # whom a signal tells of the file
            return _signals(k, task, file, fd, command, argument)
        case 1024:  # F_SETLEASE
            leases.set_lease(k, task, file, fd, argument)
            return 0
        case 1025:  # F_GETLEASE
            return leases.get_lease(k, file)
        case 1031 | 1032:  # F_SETPIPE_SZ, F_GETPIPE_SZ
            return _pipe_size(k, file, command, argument)
        case 1033 | 1034:  # F_ADD_SEALS, F_GET_SEALS
            return _seal(k, file, command, argument)
    raise LinuxError(errno.EINVAL)


def _signals(k: Kernel, task: Task, file: OpenFile, fd: int, command: int, argument: int) -> int:
    owner = signal_io.owner_of(k, file) or signal_io.Owner(file)
    if command == F_SETOWN:
        who = (argument & 0xFFFF_FFFF ^ 1 << 31) - (1 << 31)
        kind = signal_io.F_OWNER_PID if who >= 0 else signal_io.F_OWNER_PGRP
        signal_io.set_owner(k, task, file, kind, abs(who))
    elif command == F_SETOWN_EX:
        kind, who = _OWNER.unpack(k.mem.read(argument, _OWNER.size))
        signal_io.set_owner(k, task, file, kind, who)
    elif command == F_SETSIG:
        signal_io.set_signal(k, file, argument)
    elif command == F_NOTIFY:
        signal_io.notify(k, task, file, fd, argument)
    elif command == F_GETOWN:
        return -owner.who if owner.kind == signal_io.F_OWNER_PGRP else owner.who
    elif command == F_GETSIG:
        return owner.signal
    else:
        k.mem.write(argument, _OWNER.pack(owner.kind, owner.who))
    return 0


def _record_lock(k: Kernel, task: Task, file: OpenFile, command: int, address: int) -> int:
    kind, whence, start, length, pid = read_flock(k.mem, address)
    of_description = command >= F_OFD_GETLK
    if kind not in (F_RDLCK, F_WRLCK, F_UNLCK) or (of_description and pid):
        raise LinuxError(errno.EINVAL)
    if whence == SEEK_SET:
        base = 0
    elif whence == SEEK_CUR:
        base = file.offset
    elif whence == SEEK_END:
        base = k.vfs.stat(file).size
    else:
        raise LinuxError(errno.EINVAL)
    first, last = byte_range(base, start, length)
    table, owner = devices(k).locks, file if of_description else task.process
    if command in (F_GETLK, F_OFD_GETLK):
        if kind == F_UNLCK:
            raise LinuxError(errno.EINVAL)
        found = table.conflict(file.inode, owner, kind, first, last)
        if found is None:
            k.mem.set_u16(address, F_UNLCK)
        else:
            nbytes = 0 if found.end == (1 << 63) - 1 else found.end - found.start + 1
            k.mem.write(address, pack_flock(found.kind, SEEK_SET, found.start, nbytes, found.pid))
        return 0
    if (kind == F_RDLCK and not file.readable) or (kind == F_WRLCK and not file.writable):
        raise LinuxError(errno.EBADF)
    if kind != F_UNLCK and table.conflict(file.inode, owner, kind, first, last) is not None:
        if command in (F_SETLK, F_OFD_SETLK):
            raise LinuxError(errno.EAGAIN)
        wait = RangeWait(table, file.inode, owner, kind, first, last)
        if not of_description and would_deadlock(k, table, wait):
            raise LinuxError(errno.EDEADLK)
        raise Blocked(wait)
    short.forget_files(k)
    table.set_range(file.inode, owner, kind, first, last, -1 if of_description else task.process.pid)
    return 0


def _pipe_size(k: Kernel, file: OpenFile, command: int, argument: int) -> int:
    if not files.is_pipe(file):
        raise LinuxError(errno.EBADF)
    pipe = file.inode.pipe
    if command == F_SETPIPE_SZ:
        if argument > 1 << 31:
            raise LinuxError(errno.EINVAL)
        wanted = 4096
        while wanted < argument:
            wanted *= 2
        if wanted > sysctl(k, "fs/pipe-max-size") and not capable(k.task.process, CAP_SYS_RESOURCE):
            raise LinuxError(errno.EPERM)
        if len(pipe.data) > wanted:
            raise LinuxError(errno.EBUSY)
        pipe.capacity = wanted
        pipe.ring()
    return int(pipe.capacity)


def _seal(k: Kernel, file: OpenFile, command: int, bits: int) -> int:
    inode = file.inode
    if inode.seals is None:
        raise LinuxError(errno.EINVAL)
    if command == F_GET_SEALS:
        return inode.seals
    if bits & ~0x3F:
        raise LinuxError(errno.EINVAL)
    if not file.writable or inode.seals & F_SEAL_SEAL:
        raise LinuxError(errno.EPERM)
    if bits & F_SEAL_WRITE:
        for process in k.state.processes.values():
            for vma in process.mm.vmas:
                if vma.file is not None and vma.file.inode is inode and vma.shared and vma.file.writable:
                    raise LinuxError(errno.EBUSY)
    inode.seals |= bits
    return 0


@syscall(32, "flock", "fd operation:flock_op -> int")
def sys_flock(k: Kernel, task: Task, fd: int, operation: int) -> int:
    """flock(2)."""
    if operation & LOCK_MAND:
        return 0  # as Linux since 5.18: the lock modes of old file servers are ignored
    kind = operation & ~LOCK_NB
    if kind not in (LOCK_SH, LOCK_EX, LOCK_UN):
        raise LinuxError(errno.EINVAL)
    file = task.process.files.get(fd)
    table = devices(k).locks
    if kind == LOCK_UN:
        table.release_wholes(file)
    elif table.whole_conflict(file.inode, file, kind == LOCK_EX):
        # As on Linux a lock that is changed is given up first, even if the new one is not to be had.
        table.release_wholes(file)
        if operation & LOCK_NB:
            raise LinuxError(errno.EAGAIN)
        raise Blocked(WholeWait(table, file.inode, file, kind == LOCK_EX))
    else:
        table.set_whole(file.inode, file, kind == LOCK_EX)
    return 0


@syscall(59, "pipe2", "fds:out_ints2 flags:pipe_flags -> int")
def sys_pipe2(k: Kernel, task: Task, out: int, flags: int) -> int:
    """pipe2(2). Gap: packet mode (O_DIRECT) keeps no packet boundaries."""
    if flags & ~(O_CLOEXEC | O_NONBLOCK | O_DIRECT):
        raise LinuxError(errno.EINVAL)
    k.mem.check(out, 8, write=True)
    ends = k.vfs.pipe(task.process.fs, flags & ~O_CLOEXEC)
    if not capable(task.process, CAP_SYS_RESOURCE):
        pipe = ends[0].inode.pipe
        pipe.capacity = min(pipe.capacity, sysctl(k, "fs/pipe-max-size"))
    numbers: list[int] = []
    try:
        for file in ends:
            numbers.append(install(k, task, file, cloexec=bool(flags & O_CLOEXEC)))
    except LinuxError:
        if numbers:
            task.process.files.close(k, numbers[0])
        else:
            files.release(k, ends[1])
        raise
    k.mem.set_u32(out, numbers[0])
    k.mem.set_u32(out + 4, numbers[1])
    return 0


@syscall(279, "memfd_create", "name:string flags:memfd_flags -> fd")
def sys_memfd_create(k: Kernel, task: Task, name: int, flags: int) -> int:
    """memfd_create(2). MFD_HUGETLB: EINVAL, there are no huge pages."""
    if flags & ~(MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL | MFD_EXEC):
        raise LinuxError(errno.EINVAL)
    if flags & MFD_NOEXEC_SEAL and flags & MFD_EXEC:
        raise LinuxError(errno.EINVAL)
    try:
        label = k.mem.read_cstring(name, 250)
    except LinuxError as error:
        raise LinuxError(errno.EINVAL if error.errno == errno.ENAMETOOLONG else error.errno) from error
    file = k.vfs.anonymous(task.process.fs, b"/memfd:" + label, O_RDWR | O_LARGEFILE)
    file.inode.mode = file.inode.mode & ~0o7777 | (0o666 if flags & MFD_NOEXEC_SEAL else 0o777)
    file.inode.seals = 0 if flags & (MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL) else F_SEAL_SEAL
    if flags & MFD_NOEXEC_SEAL:
        file.inode.seals |= F_SEAL_EXEC
    return install(k, task, file, cloexec=bool(flags & MFD_CLOEXEC))
