"""signalfd4(2): signals that are read instead of delivered."""

from __future__ import annotations

import errno
import struct
from typing import TYPE_CHECKING, ClassVar

from friscy.kernel import signals
from friscy.kernel.calls.path import install
from friscy.kernel.devices import anonymous_place
from friscy.kernel.files import IN, KernelFile
from friscy.kernel.state import CLOCK_TICKS, SigInfo
from friscy.kernel.table import syscall
from friscy.kernel.timers import SI_TIMER
from lazyfs.abi import O_CLOEXEC, O_NONBLOCK, O_RDWR, POLLIN
from lazyfs.bell import Bell
from lazyfs.errors import LinuxError, WouldBlock

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Task

# signo errno code pid uid fd tid band overrun trapno status int ptr utime stime addr
_INFO = struct.Struct("<IiiIIiIIIIiiQQQQ48x")
_WORD = 0xFFFF_FFFF


class SignalFd(KernelFile):
    """A signalfd of the sigset `mask`. Whoever reads or polls it sees the signals that wait for itself."""

    by_viewer: ClassVar[bool] = True

    mask: int = 0

    def bell(self, k: Kernel) -> Bell | None:
        """See KernelFile: any signal to anybody rings it."""
        return k.signal_bell

    def details(self, k: Kernel) -> bytes:
        """See KernelFile."""
        return b"sigmask:\t%016x\n" % self.mask

    def read_bytes(self, k: Kernel, n: int) -> bytes:
        """See KernelFile."""
        if n < _INFO.size:
            raise LinuxError(errno.EINVAL)
        found: list[bytes] = []
        while len(found) < n // _INFO.size:
            info = signals.take(k, k.task, self.mask)
            if info is None:
                break
            found.append(pack_info(info))
        if not found:
            raise WouldBlock(self, POLLIN)
        return b"".join(found)

    def seek(self, offset: int, whence: int) -> int:
        """lseek(2) does nothing, successfully."""
        return 0

    def poll_events(self, k: Kernel) -> int:
        """See KernelFile."""
        return IN if signals.pending_set(k.viewer) & self.mask else 0


def pack_info(info: SigInfo) -> bytes:
    """struct signalfd_siginfo, 128 bytes."""
    pid = uid = tid = overrun = status = ticks = address = value = 0
    if info.code == SI_TIMER:
        tid, overrun, value = info.pid, info.uid, info.value
    elif info.signal in signals.SYNCHRONOUS and info.code > 0 and info.code != signals.SI_KERNEL:
        address = info.address
    elif info.signal == signals.SIGCHLD and info.code > 0:
        pid, uid, status = info.pid, info.uid, info.status
        ticks = info.cpu_ns * CLOCK_TICKS // 1_000_000_000
    else:
        pid, uid = info.pid, info.uid
        value = info.value if info.code not in (signals.SI_USER, signals.SI_TKILL, signals.SI_KERNEL) else 0
    number = (value & _WORD) - (1 << 32) if value & 1 << 31 else value & _WORD
    return _INFO.pack(
        info.signal, 0, info.code, pid & _WORD, uid & _WORD, 0, tid, 0, overrun & _WORD, 0, status, number,
        value & (1 << 64) - 1, ticks, 0, address,
    )  # fmt: skip


@syscall(74, "signalfd4", "fd mask:sigset sizemask:size flags:signalfd_flags -> fd")
def sys_signalfd4(k: Kernel, task: Task, fd: int, address: int, size: int, flags: int) -> int:
    """signalfd4(2): a new descriptor (fd -1), or another mask for one."""
    if size != 8:
        raise LinuxError(errno.EINVAL)
    mask = k.mem.u64(address) & ~signals.UNBLOCKABLE
    if flags & ~(O_CLOEXEC | O_NONBLOCK):
        raise LinuxError(errno.EINVAL)
    if fd != -1:
        file = task.process.files.get(fd)
        if not isinstance(file, SignalFd):
            raise LinuxError(errno.EINVAL)
        file.mask = mask
        k.signal_bell.ring()
        return fd
    place = anonymous_place(k, b"anon_inode:[signalfd]")
    made = SignalFd(place, place.inode, O_RDWR | flags & O_NONBLOCK, mask=mask)
    return install(k, task, made, cloexec=bool(flags & O_CLOEXEC))
