"""System calls of memory management: mmap and its family."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from friscy.kernel import short
from friscy.kernel.memory import locking
from friscy.kernel.memory.areas import (
    MAP_ANONYMOUS,
    MAP_GROWSDOWN,
    MAP_LOCKED,
    MAP_PRIVATE,
    MAP_TYPE,
    MS_ASYNC,
    MS_INVALIDATE,
    MS_SYNC,
    PROT_ALL,
    Vma,
    page_prot,
)
from friscy.kernel.table import refused, syscall
from friscy.machine.layout import GUEST_END, PAGE
from friscy.machine.memory import PROT_READ, PROT_WRITE
from lazyfs.abi import FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE
from lazyfs.errors import LinuxError

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Task

_PROT_SEM, _PROT_GROWSDOWN, _PROT_GROWSUP = 0x8, 0x0100_0000, 0x0200_0000

(_NORMAL, _RANDOM, _SEQUENTIAL, _WILLNEED, _DONTNEED, _FREE, _REMOVE) = (0, 1, 2, 3, 4, 8, 9)
_MCL_CURRENT, _MCL_FUTURE, _MCL_ONFAULT = 1, 2, 4
_COLD, _PAGEOUT, _POPULATE_READ, _POPULATE_WRITE = 20, 21, 22, 23
# Advice that changes nothing a program could see: fork, dump and huge page policy.
_HINTS = frozenset(
    (_NORMAL, _RANDOM, _SEQUENTIAL, _WILLNEED, 10, 11, 14, 15, 16, 17, _COLD, _PAGEOUT)
)


def _page_range(start: int, length: int) -> int:
    """The end of [start, start + length) rounded up to pages. EINVAL: misaligned start; ENOMEM: wraps."""
    if start % PAGE:
        raise LinuxError(errno.EINVAL)
    end = start + -(-length // PAGE) * PAGE
    if end > GUEST_END:
        raise LinuxError(errno.ENOMEM)
    return end


@syscall(214, "brk", "addr:ptr -> ptr", stirs=False)
def sys_brk(k: Kernel, task: Task, address: int) -> int:
    """brk(2): the raw call returns the break, moved or not."""
    before = k.mm.mm.brk
    if address > before and task.process.mm.lock_future:
        try:
            locking.before_mapping(task.process, address - before, 0)
        except LinuxError:
            return before
    after = k.mm.set_brk(address)
    if after > before and task.process.mm.lock_future:
        start, end = (-(-at // PAGE) * PAGE for at in (before, after))
        locking.lock(k.mm, start, end, task.process.mm.lock_future)
    return after


@syscall(
    222,
    "mmap",
    "addr:ptr length:size prot:mmap_prot flags:mmap_flags fd offset:hex -> ptr",
    partial="MAP_POPULATE and MAP_HUGETLB do nothing more; see friscy.kernel.memory",
)
def sys_mmap(
    k: Kernel, task: Task, address: int, length: int, prot: int, flags: int, fd: int, offset: int
) -> int:
    """mmap(2): map file or anonymous pages; return the guest address.

    address, length, offset: guest bytes; offset is page-aligned.
    """
    file, name = None, b""
    if not flags & MAP_ANONYMOUS:
        file = task.process.files.get(fd)
        name = k.vfs.path_of(task.process.fs, file.location)
    elif flags & MAP_TYPE != MAP_PRIVATE:
        name = b"/dev/zero (deleted)"
    lock = locking.before_mapping(task.process, length, flags)
    address = k.mm.map(address, length, prot, flags, file, offset if file is not None else 0, name)
    if lock:
        locking.lock(k.mm, address, address + -(-length // PAGE) * PAGE, lock)
    if file is not None and flags & MAP_TYPE != MAP_PRIVATE:
        short.forget_sources(k)
    return address


@syscall(215, "munmap", "addr:ptr length:size -> int")
def sys_munmap(k: Kernel, task: Task, address: int, length: int) -> int:
    """munmap(2)."""
    if address % PAGE or length == 0 or address + length > GUEST_END:
        raise LinuxError(errno.EINVAL)
    k.mm.unmap(address, _page_range(address, length))
    return 0


@syscall(216, "mremap", "old:ptr old_size:size new_size:size flags:mremap_flags new:ptr -> ptr")
def sys_mremap(k: Kernel, task: Task, old: int, old_size: int, new_size: int, flags: int, new: int) -> int:
    """mremap(2). EAGAIN: more locked memory than allowed."""
    vma = k.mm.find(old)
    if vma is not None and vma.locked and new_size > old_size:
        locking.before_mapping(task.process, new_size - old_size, MAP_LOCKED)
    return k.mm.remap(old, old_size, new_size, flags, new)


@syscall(226, "mprotect", "addr:ptr length:size prot:mmap_prot -> int", stirs=False)
def sys_mprotect(k: Kernel, task: Task, address: int, length: int, prot: int) -> int:
    """mprotect(2)."""
    grows = prot & (_PROT_GROWSDOWN | _PROT_GROWSUP)
    if (
        prot & ~(PROT_ALL | _PROT_SEM | _PROT_GROWSDOWN | _PROT_GROWSUP)
        or grows == _PROT_GROWSDOWN | _PROT_GROWSUP
    ):
        raise LinuxError(errno.EINVAL)
    end = _page_range(address, length)
    if end == address:
        return 0
    vma = k.mm.find(address)
    if vma is None:
        raise LinuxError(errno.ENOMEM)
    if prot & _PROT_GROWSDOWN:
        if vma.name != b"[stack]" and not vma.flags & MAP_GROWSDOWN:
            raise LinuxError(errno.EINVAL)
        address = vma.start
    k.mm.protect(address, end, prot & PROT_ALL)
    return 0


@syscall(288, "pkey_mprotect", "addr:ptr length:size prot:mmap_prot pkey:int -> int")
def sys_pkey_mprotect(k: Kernel, task: Task, address: int, length: int, prot: int, pkey: int) -> int:
    """pkey_mprotect(2): there are no protection keys, so only key -1."""
    if pkey != -1:
        raise LinuxError(errno.EINVAL)
    return sys_mprotect(k, task, address, length, prot)


@syscall(227, "msync", "addr:ptr length:size flags:msync_flags -> int")
def sys_msync(k: Kernel, task: Task, address: int, length: int, flags: int) -> int:
    """msync(2): write changed pages of shared file mappings back."""
    if flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC) or (flags & MS_ASYNC and flags & MS_SYNC):
        raise LinuxError(errno.EINVAL)
    end = _page_range(address, length)
    if end > address:
        if flags & MS_INVALIDATE and any(vma.locked for vma in k.mm.overlapping(address, end)):
            raise LinuxError(errno.EBUSY)
        k.mm.sync(address, end)
    return 0


@syscall(
    233,
    "madvise",
    "addr:ptr length:size advice:madvise -> int",
    partial="MADV_FREE keeps its pages; no guard pages, page poisoning or process_madvise",
)
def sys_madvise(k: Kernel, task: Task, address: int, length: int, advice: int) -> int:
    """madvise(2). ENOMEM: a part of the range is not mapped; the advice then holds for the rest."""
    if advice not in _HINTS and advice not in (_DONTNEED, _FREE, _REMOVE, _POPULATE_READ, _POPULATE_WRITE):
        raise LinuxError(errno.EINVAL)
    if address % PAGE or address + length >= 1 << 64:
        raise LinuxError(errno.EINVAL)
    if length == 0:
        return 0
    end = _page_range(address, length)
    vmas = k.mm.overlapping(address, end)
    if advice in (_DONTNEED, _FREE, _REMOVE) and any(vma.locked for vma in vmas):
        raise LinuxError(errno.EINVAL)
    if advice == _DONTNEED:
        k.mm.discard(address, end)
    elif advice == _FREE:
        if any(vma.file is not None or vma.shared for vma in vmas):
            raise LinuxError(errno.EINVAL)
    elif advice == _REMOVE:
        _remove(k, vmas, address, end)
    elif advice in (_POPULATE_READ, _POPULATE_WRITE):
        _populate(vmas, end, PROT_READ if advice == _POPULATE_READ else PROT_WRITE)
    if not k.mm.covered(address, end):
        raise LinuxError(errno.ENOMEM)
    return 0


def _remove(k: Kernel, vmas: list[Vma], start: int, end: int) -> None:
    """MADV_REMOVE: punch a hole into shared memory, and into the file that it is of."""
    for vma in vmas:
        if vma.backing is None and vma.file is None:
            raise LinuxError(errno.EINVAL)
        if not vma.shared or (vma.file is not None and not vma.file.writable):
            raise LinuxError(errno.EACCES)
        low, high = max(start, vma.start), min(end, vma.end)
        if vma.file is None:
            k.mm.zero_shared(low, high)
        else:
            k.mm.write_back(vma.file.inode)
            offset = vma.offset + low - vma.start
            k.vfs.fallocate(vma.file, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, offset, high - low)
            k.mm.sync_file(vma.file.inode, reload=True)


def _populate(vmas: list[Vma], end: int, wanted: int) -> None:
    """MADV_POPULATE_*: all pages can be had already, so only the errors are left."""
    for vma in vmas:
        if not page_prot(vma.prot) & wanted or (wanted == PROT_READ and not vma.prot):
            raise LinuxError(errno.EINVAL)
        if vma.backed_end < min(end, vma.end):
            raise LinuxError(errno.EFAULT)


@syscall(232, "mincore", "addr:ptr length:size vec:ptr -> int")
def sys_mincore(k: Kernel, task: Task, address: int, length: int, vec: int) -> int:
    """mincore(2): of anonymous memory the pages that were touched, of files all that they have."""
    end = _page_range(address, length)
    if not k.mm.covered(address, end):
        raise LinuxError(errno.ENOMEM)
    k.mem.write(vec, k.mm.resident(address, end))
    return 0


@syscall(228, "mlock", "addr:ptr length:size -> int")
def sys_mlock(k: Kernel, task: Task, address: int, length: int) -> int:
    """mlock(2): guest memory is never swapped by the guest, so it is only counted."""
    return _lock(k, task, address, length, 1)


@syscall(284, "mlock2", "addr:ptr length:size flags:mlock_flags -> int")
def sys_mlock2(k: Kernel, task: Task, address: int, length: int, flags: int) -> int:
    """mlock2(2)."""
    if flags & ~1:
        raise LinuxError(errno.EINVAL)
    return _lock(k, task, address, length, 2 if flags else 1)


def _lock(k: Kernel, task: Task, address: int, length: int, kind: int) -> int:
    start = address // PAGE * PAGE
    end = address + length + PAGE - 1 & -PAGE
    if end < start or end > 1 << 64:
        raise LinuxError(errno.EINVAL)
    if kind:
        locking.check(task.process, k.mm, start, min(end, GUEST_END))
    if start < end:
        locking.lock(k.mm, start, end, kind)
    return 0


@syscall(229, "munlock", "addr:ptr length:size -> int")
def sys_munlock(k: Kernel, task: Task, address: int, length: int) -> int:
    """munlock(2)."""
    return _lock(k, task, address, length, 0)


@syscall(230, "mlockall", "flags:mlock_flags -> int")
def sys_mlockall(k: Kernel, task: Task, flags: int) -> int:
    """mlockall(2)."""
    if not flags or flags & ~7 or flags == _MCL_ONFAULT:
        raise LinuxError(errno.EINVAL)
    kind = 2 if flags & _MCL_ONFAULT else 1
    locking.check_all(task.process, k.mm, current=bool(flags & _MCL_CURRENT))
    k.mm.mm.lock_future = kind if flags & _MCL_FUTURE else 0
    if flags & _MCL_CURRENT:
        locking.lock_all(k.mm, kind)
    return 0


@syscall(231, "munlockall", "-> int")
def sys_munlockall(k: Kernel, task: Task) -> int:
    """munlockall(2)."""
    k.mm.mm.lock_future = 0
    locking.lock_all(k.mm, 0)
    return 0


@syscall(259, "riscv_flush_icache", "start:ptr end:ptr flags:hex -> int")
def sys_riscv_flush_icache(k: Kernel, task: Task, start: int, end: int, flags: int) -> int:
    """riscv_flush_icache(2): code in [start, end) changed. EINVAL: flags other than 1 (this thread only)."""
    if flags & ~1:
        raise LinuxError(errno.EINVAL)
    for vma in k.mm.overlapping(min(start, GUEST_END), min(end, GUEST_END)):
        k.mm.space.invalidate(max(start, vma.start), min(end, vma.end))
    return 0


_NO_NUMA = "the machine has one memory node, without policies"
refused(
    234,
    "remap_file_pages",
    "addr:ptr size prot:mmap_prot pgoff:ulong flags:mmap_flags -> int",
    errno.EINVAL,
    "non-linear mappings are not supported",
)
refused(
    235,
    "mbind",
    "addr:ptr len:size mode:int nodemask:ptr maxnode:ulong flags:uint -> int",
    errno.ENOSYS,
    _NO_NUMA,
    quiet=True,
)
refused(
    236,
    "get_mempolicy",
    "mode:ptr nodemask:ptr maxnode:ulong addr:ptr flags:ulong -> int",
    errno.ENOSYS,
    _NO_NUMA,
    quiet=True,
)
refused(
    237, "set_mempolicy", "mode:int nodemask:ptr maxnode:ulong -> int", errno.ENOSYS, _NO_NUMA, quiet=True
)
refused(289, "pkey_alloc", "flags:uint rights:uint -> int", errno.ENOSPC, "no memory protection keys")
refused(290, "pkey_free", "pkey:int -> int", errno.EINVAL, "no memory protection keys")
refused(447, "memfd_secret", "flags:uint -> fd", errno.ENOSYS, "no secret memory")
refused(282, "userfaultfd", "flags:open_flags -> fd", errno.ENOSYS, "faults are not handed to the guest")
