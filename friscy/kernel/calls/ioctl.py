"""ioctl(2): requests that any descriptor answers, then those of the file behind it."""

from __future__ import annotations

import errno
from stat import S_ISCHR, S_ISREG
from typing import TYPE_CHECKING

from friscy.kernel import files
from friscy.kernel.events import signal_io
from friscy.kernel.table import syscall
from friscy.kernel.terminal.tty_ioctl import FIONREAD
from lazyfs.abi import O_NONBLOCK
from lazyfs.errors import LinuxError

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Task

FIONBIO, FIONCLEX, FIOCLEX, FIOASYNC = 0x5421, 0x5450, 0x5451, 0x5452
FIOQSIZE, FIGETBSZ = 0x5460, 2
RNDGETENTCNT, ENTROPY_BITS = 0x8004_5200, 256
_RANDOM = ((1, 8), (1, 9))
FICLONE, FICLONERANGE, FIDEDUPERANGE = 0x40049409, 0x4020940D, 0xC0189436


@syscall(29, "ioctl", "fd request:ioctl_cmd arg:ptr -> int")
def sys_ioctl(k: Kernel, task: Task, fd: int, request: int, argument: int) -> int:
    """ioctl(2)."""
    file = task.process.files.get(fd)
    if request in (FIOCLEX, FIONCLEX):
        task.process.files.descriptor(fd).cloexec = request == FIOCLEX
        return 0
    if request in (FIONBIO, FIOASYNC):
        wanted = bool(k.mem.i32(argument))
        if request == FIOASYNC:
            signal_io.set_async(k, file, fd, wanted=wanted)
        else:
            file.flags = file.flags | O_NONBLOCK if wanted else file.flags & ~O_NONBLOCK
        return 0
    if isinstance(file, files.KernelFile):
        return file.ioctl(k, task, request, argument)
    if S_ISREG(file.inode.mode):
        if request == FIONREAD:
            k.mem.set_u32(argument, max(0, k.vfs.stat(file).size - file.offset))
            return 0
        if request == FIGETBSZ:
            k.mem.set_u32(argument, 4096)
            return 0
        if request == FIOQSIZE:
            k.mem.set_u64(argument, k.vfs.stat(file).size)
            return 0
        if request in (FICLONE, FICLONERANGE, FIDEDUPERANGE):
            raise LinuxError(errno.EOPNOTSUPP)
    if files.is_pipe(file) and request == FIONREAD:
        k.mem.set_u32(argument, len(file.inode.pipe.data))
        return 0
    if S_ISCHR(file.inode.mode):
        if request == RNDGETENTCNT and file.inode.rdev in _RANDOM:
            k.mem.set_u32(argument, ENTROPY_BITS)
            return 0
        return k.vfs.ioctl(file, request, argument)
    return file.inode.fs.ioctl(k.vfs, file, request, argument)
