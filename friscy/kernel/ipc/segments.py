"""System V shared memory: shmget(2), shmat(2), shmdt(2), shmctl(2).

A segment is a file without a name; to attach it is to map that file shared. So how many processes have it is seen from
their memory maps, and a segment that was removed goes when none has it any more.
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from friscy.kernel.credentials import CAP_IPC_LOCK, capable
from friscy.kernel.ipc.table import (
    IPC_INFO,
    IPC_RMID,
    IPC_SET,
    IPC_STAT,
    PERM_BYTES,
    READ,
    WRITE,
    IpcObject,
    IpcTable,
    check_owner,
    get,
    ipc,
    permit,
    seconds,
    set_perm,
)
from friscy.kernel.memory.areas import MAP_FIXED, MAP_SHARED, Vma
from friscy.kernel.state import RLIMIT_MEMLOCK
from friscy.kernel.sysctl import sysctl
from friscy.kernel.table import syscall
from friscy.machine.layout import GUEST_END, PAGE
from friscy.machine.memory import PROT_EXEC, PROT_READ, PROT_WRITE
from lazyfs.abi import O_LARGEFILE, O_RDWR
from lazyfs.errors import LinuxError

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Process, Task

SHM_RDONLY, SHM_RND, SHM_REMAP, SHM_EXEC = 0o10000, 0o20000, 0o40000, 0o100000
SHM_DEST, SHM_LOCKED, SHM_HUGETLB = 0o1000, 0o2000, 0o4000
SHM_LOCK, SHM_UNLOCK, SHM_STAT, SHM_INFO, SHM_STAT_ANY = range(11, 16)
_EXECUTE = 0o111
_DS_TAIL = struct.Struct("<Q3q2iQ16x")
_DS_BYTES = PERM_BYTES + _DS_TAIL.size
_LIMITS, _INFO = struct.Struct("<5Q32x"), struct.Struct("<i4x5Q")


class Segment(IpcObject):
    """nbytes: as it was asked for. file: where its bytes are."""

    nbytes: int = 0
    file: Any = None  # an OpenFile
    attach_time: int = 0
    detach_time: int = 0
    creator: int = 0
    last: int = 0  # pid of who attached or detached last


def attachments(k: Kernel, process: Process | None = None) -> Iterator[Vma]:
    """The mappings of segments, in every address space or in that of a process."""
    if process is None:
        spaces = {id(space_map): space_map for space_map in k.maps.values()}
    else:
        spaces = {0: k.maps[process.pid]} if process.pid in k.maps else {}
    for space_map in spaces.values():
        yield from (
            vma for vma in space_map.mm.vmas if vma.name.startswith(b"/SYSV") and vma.file is not None
        )


def _segments(k: Kernel) -> IpcTable:
    """All segments; those that were removed and that nobody has any more go first."""
    table = ipc(k).segments
    doomed = [segment for segment in table if segment.mode & SHM_DEST]
    if doomed:
        held = {id(vma.file.inode) for vma in attachments(k) if vma.file is not None}
        for segment in doomed:
            if id(segment.file.inode) not in held:
                k.vfs.release(segment.file)
                table.remove(segment)
    return table


def _find(k: Kernel, ident: int, command: int = IPC_STAT) -> Segment:
    _segments(k)
    table = ipc(k).segments
    found = table.at(ident) if command in (SHM_STAT, SHM_STAT_ANY) else table.find(ident)
    assert isinstance(found, Segment)
    return found


def _count(k: Kernel, segment: Segment) -> int:
    inode = segment.file.inode
    return sum(vma.file is not None and vma.file.inode is inode for vma in attachments(k))


@syscall(194, "shmget", "key:int size:size flags:hex -> int")
def sys_shmget(k: Kernel, task: Task, key: int, nbytes: int, flags: int) -> int:
    """shmget(2). SHM_HUGETLB: there are no huge pages."""
    table = _segments(k)

    def create(common: dict[str, Any]) -> int:
        if not 0 < nbytes <= sysctl(k, "kernel/shmmax"):
            raise LinuxError(errno.EINVAL)
        pages = sum(-(-segment.nbytes // PAGE) for segment in table)
        if pages + -(-nbytes // PAGE) > sysctl(k, "kernel/shmall"):
            raise LinuxError(errno.ENOSPC)
        if flags & SHM_HUGETLB or nbytes > GUEST_END:
            raise LinuxError(errno.ENOMEM)
        file = k.vfs.anonymous(task.process.fs, b"/SYSV%08x" % (key & 0xFFFF_FFFF), O_RDWR | O_LARGEFILE)
        k.vfs.truncate(task.process.fs, file, nbytes)
        segment = Segment(**common, nbytes=nbytes, file=file, creator=task.process.pid)
        try:
            return table.add(segment, sysctl(k, "kernel/shmmni"))
        except LinuxError:
            k.vfs.release(file)
            raise

    def check(found: Segment) -> None:
        if found.nbytes < nbytes:
            raise LinuxError(errno.EINVAL)

    return get(k, task, table, key, flags, create, check)


@syscall(196, "shmat", "shmid:int addr:ptr flags:hex -> ptr")
def sys_shmat(k: Kernel, task: Task, ident: int, address: int, flags: int) -> int:
    """shmat(2)."""
    if ident < 0:
        raise LinuxError(errno.EINVAL)
    fixed = 0
    if address:
        if address % PAGE:
            if not flags & SHM_RND:
                raise LinuxError(errno.EINVAL)
            address -= address % PAGE
            if not address and flags & SHM_REMAP:
                raise LinuxError(errno.EINVAL)
        fixed = MAP_FIXED
    elif flags & SHM_REMAP:
        raise LinuxError(errno.EINVAL)
    prot, mode = PROT_READ, READ
    if not flags & SHM_RDONLY:
        prot, mode = prot | PROT_WRITE, mode | WRITE
    if flags & SHM_EXEC:
        prot, mode = prot | PROT_EXEC, mode | _EXECUTE
    segment = _find(k, ident)
    permit(task.process, segment, mode)
    if fixed and not flags & SHM_REMAP and not k.mm.is_free(address, address + segment.nbytes):
        raise LinuxError(errno.EINVAL)
    name = b"/SYSV%08x (deleted)" % (segment.key & 0xFFFF_FFFF)
    where = k.mm.map(address, segment.nbytes, prot, MAP_SHARED | fixed, segment.file, 0, name)
    segment.attach_time, segment.last = seconds(k), task.process.pid
    return where


def _segment_of(k: Kernel, vma: Vma) -> Segment | None:
    for segment in ipc(k).segments:
        if vma.file is not None and segment.file.inode is vma.file.inode:
            assert isinstance(segment, Segment)
            return segment
    return None


@syscall(197, "shmdt", "addr:ptr -> int")
def sys_shmdt(k: Kernel, task: Task, address: int) -> int:
    """shmdt(2): all that is left of what shmat mapped at `address`."""
    if address % PAGE:
        raise LinuxError(errno.EINVAL)
    found = [vma for vma in attachments(k, task.process) if vma.start - vma.offset == address]
    if not found:
        raise LinuxError(errno.EINVAL)
    segment = _segment_of(k, found[0])
    for vma in found:
        k.mm.unmap(vma.start, vma.end)
    if segment is not None:
        segment.detach_time, segment.last = seconds(k), task.process.pid
        _segments(k)
    return 0


def end_process(k: Kernel, process: Process) -> None:
    """The memory of a process goes: note that in the segments it had attached."""
    if len(ipc(k).segments):
        for vma in attachments(k, process):
            segment = _segment_of(k, vma)
            if segment is not None:
                segment.detach_time, segment.last = seconds(k), process.pid


@syscall(195, "shmctl", "shmid:int cmd:int buf:ptr -> int")
def sys_shmctl(k: Kernel, task: Task, ident: int, command: int, address: int) -> int:
    """shmctl(2). Gap: SHM_LOCK marks the segment and locks nothing, as there is no swapping."""
    table = ipc(k).segments
    if ident < 0 or command < 0:
        raise LinuxError(errno.EINVAL)
    if command in (IPC_INFO, SHM_INFO):
        _info(k, command, address)
        return table.highest()
    if command in (IPC_STAT, SHM_STAT, SHM_STAT_ANY):
        segment = _find(k, ident, command)
        if command != SHM_STAT_ANY:
            permit(task.process, segment, READ)
        times = segment.attach_time, segment.detach_time, segment.change_time
        tail = _DS_TAIL.pack(segment.nbytes, *times, segment.creator, segment.last, _count(k, segment))
        k.mem.write(address, segment.pack_perm() + tail)
        return 0 if command == IPC_STAT else segment.id
    if command == IPC_SET:
        perm = bytes(k.mem.read(address, _DS_BYTES))[:PERM_BYTES]
        segment = _find(k, ident)
        check_owner(task.process, segment)
        set_perm(k, segment, perm)
        return 0
    if command == IPC_RMID:
        segment = _find(k, ident)
        check_owner(task.process, segment)
        table.hide(segment)
        segment.mode |= SHM_DEST
        _segments(k)
        return 0
    if command in (SHM_LOCK, SHM_UNLOCK):
        segment = _find(k, ident)
        if not capable(task.process, CAP_IPC_LOCK):
            if task.process.credentials.euid not in (segment.uid, segment.creator_uid):
                raise LinuxError(errno.EPERM)
            if command == SHM_LOCK and not task.process.limits[RLIMIT_MEMLOCK][0]:
                raise LinuxError(errno.EPERM)
        segment.mode = segment.mode & ~SHM_LOCKED | (SHM_LOCKED if command == SHM_LOCK else 0)
        return 0
    raise LinuxError(errno.EINVAL)


def _info(k: Kernel, command: int, address: int) -> None:
    segments = _segments(k)
    if command == IPC_INFO:
        most = sysctl(k, "kernel/shmmni")
        limits = (sysctl(k, "kernel/shmmax"), 1, most, most, sysctl(k, "kernel/shmall"))
        k.mem.write(address, _LIMITS.pack(*limits))
        return
    pages = sum(-(-segment.nbytes // PAGE) for segment in segments)
    resident = sum(_resident(segment) for segment in segments)
    k.mem.write(address, _INFO.pack(len(segments), pages, resident, 0, 0, 0))


def _resident(segment: Segment) -> int:
    """Pages. Gap: a segment that was attached once counts as touched."""
    return -(-segment.nbytes // PAGE) if segment.attach_time else 0


def listing(k: Kernel) -> bytes:
    """/proc/sysvipc/shm."""
    lines = [
        b"       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid  cgid      atime      "
        b"dtime      ctime                   rss                  swap\n"
    ]
    for segment in _segments(k):
        lines.append(
            b"%10d %10d  %4o %21d %5d %5d  %5d %5d %5d %5d %5d %10d %10d %10d %21d %21d\n"
            % (
                segment.key, segment.id, segment.mode, segment.nbytes, segment.creator, segment.last,
                _count(k, segment), segment.uid, segment.gid, segment.creator_uid, segment.creator_gid,
                segment.attach_time, segment.detach_time, segment.change_time, _resident(segment) * PAGE, 0,
            )
        )  # fmt: skip
    return b"".join(lines)
