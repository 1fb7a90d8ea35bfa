"""POSIX message queues: mq_open(2), mq_timedsend(2), mq_timedreceive(2), mq_notify(2), mq_getsetattr(2), mq_unlink(2).

A queue is a file of `MqueueFs`, which the VFS finds, makes and removes; open, by name or by path, it is a `QueueFile`.
"""

from __future__ import annotations

import errno
import struct
from typing import TYPE_CHECKING, Any

from friscy.kernel.calls.path import install
from friscy.kernel.files import IN, OUT, KernelFile
from friscy.kernel.ipc.mqueue_fs import ATTR, PRIORITIES, PROVIDER, MqueueFs, PosixQueue, Registration, root
from friscy.kernel.signals import NSIG, post
from friscy.kernel.state import RLIMIT_NOFILE, SigInfo
from friscy.kernel.table import syscall
from friscy.kernel.timers import SIGEV_NONE, SIGEV_SIGNAL, SIGEV_THREAD
from friscy.kernel.wait import Blocked, Wait
from lazyfs.abi import (
    O_ACCMODE,
    O_CREAT,
    O_EXCL,
    O_NONBLOCK,
    O_RDONLY,
    O_RDWR,
    O_WRONLY,
    SEEK_CUR,
    SEEK_END,
    SEEK_SET,
)
from lazyfs.errors import LinuxError

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Task
    from lazyfs.openfile import OpenFile

SI_MESGQ = -3
_NAME_MAX = 255
_SIGEVENT = struct.Struct("<Qiii")
_COOKIE_BYTES = 32
_WOKEN, _REMOVED = b"\1", b"\2"  # the cookie's last byte, as whoever registered it gets it back
_OPEN_FLAGS = O_ACCMODE | O_CREAT | O_EXCL | O_NONBLOCK  # what mq_open(2) looks at


class QueueFile(KernelFile):
    """An open message queue. Gap: pread(2) of it."""

    queue: Any = None  # the PosixQueue

    def read_bytes(self, k: Kernel, n: int) -> bytes:
        """See KernelFile: what the queue holds and who is registered, as text."""
        found = self.queue.registered()
        kind, signal, pid = (
            (found.notify, found.signal, found.process.pid) if found is not None else (0, 0, 0)
        )
        held = sum(len(text) for _, text in self.queue.messages)
        signal = signal if kind == SIGEV_SIGNAL else 0
        text = b"QSIZE:%-10d NOTIFY:%-5d SIGNO:%-5d NOTIFY_PID:%-6d\n" % (held, kind, signal, pid)
        data = text[self.offset : self.offset + n]
        self.offset += len(data)
        return data

    def seek(self, offset: int, whence: int) -> int:
        """See KernelFile."""
        base = {SEEK_SET: 0, SEEK_CUR: self.offset, SEEK_END: self.inode.size}.get(whence)
        if base is None or base + offset < 0:
            raise LinuxError(errno.EINVAL)
        self.offset = base + offset
        return self.offset

    def poll_events(self, k: Kernel) -> int:
        """See KernelFile."""
        queue = self.queue
        return (IN if queue.messages else 0) | (OUT if len(queue.messages) < queue.most else 0)

    def activity(self, k: Kernel) -> tuple[int, int] | None:
        """See KernelFile."""
        return self.queue.sends, self.queue.receives

    def flushed(self, k: Kernel) -> None:
        """See KernelFile."""
        found = self.queue.registered()
        if found is not None and found.process is k.task.process:
            _unregister(k, self.queue)

    def closed(self, k: Kernel) -> None:
        """See KernelFile."""
        self.inode.fs.release(k.vfs, self)


class QueueWait(Wait):
    """Waits for a message, or (sending) for room for one. Time-outs are points in time: the call may begin anew."""

    queue: PosixQueue
    sending: bool

    def ready(self, k: Kernel, task: Task) -> bool:
        """See Wait."""
        return len(self.queue.messages) < self.queue.most if self.sending else bool(self.queue.messages)


def opened(k: Kernel, file: OpenFile) -> OpenFile:
    """The description for `file`, just opened, if that is a queue; else itself."""
    fs = file.inode.fs
    if not isinstance(fs, MqueueFs) or file.inode.ino not in fs.queues:
        return file
    return QueueFile(
        file.location, file.inode, file.flags, credentials=file.credentials, queue=fs.queues[file.inode.ino]
    )


def _name(k: Kernel, address: int) -> bytes:
    name = k.path(address)
    if not name:
        raise LinuxError(errno.ENOENT)
    if b"/" in name or name in (b".", b".."):
        raise LinuxError(errno.EACCES)
    if len(name) > _NAME_MAX:
        raise LinuxError(errno.ENAMETOOLONG)
    return name


def _file(task: Task, fd: int, access: int = O_RDWR) -> QueueFile:
    """The open queue behind a descriptor. EBADF: it is something else, or not open for `access`."""
    file = task.process.files.get(fd)
    if not isinstance(file, QueueFile) or (
        access != O_RDWR and file.flags & O_ACCMODE not in (access, O_RDWR)
    ):
        raise LinuxError(errno.EBADF)
    return file


@syscall(180, "mq_open", "name:path oflag:open_flags mode:octal attr:ptr -> fd")
def sys_mq_open(k: Kernel, task: Task, name_at: int, flags: int, mode: int, attr: int) -> int:
    """mq_open(2)."""
    attributes = bytes(k.mem.read(attr, ATTR.size)) if attr else None
    name = _name(k, name_at)
    if flags & O_ACCMODE == O_ACCMODE:
        raise LinuxError(errno.EINVAL)
    if task.process.files.free() >= task.process.limits[RLIMIT_NOFILE][0]:
        raise LinuxError(errno.EMFILE)
    maker = k.vfs.providers[PROVIDER]
    maker.attributes = attributes
    try:
        file = k.vfs.open(task.process.fs, name, flags & _OPEN_FLAGS, mode & 0o7777, start=root(k))
    finally:
        maker.attributes = None
    return install(k, task, opened(k, file), cloexec=True)


@syscall(181, "mq_unlink", "name:path -> int")
def sys_mq_unlink(k: Kernel, task: Task, name_at: int) -> int:
    """mq_unlink(2). EPERM: the queue is another user's, in a directory that has the sticky bit."""
    k.vfs.unlink(task.process.fs, _name(k, name_at), start=root(k))
    return 0


def _time_out(k: Kernel, timeout: int) -> int | None:
    """How long until the point in time of CLOCK_REALTIME at `timeout`; None: there is none."""
    return max(k.read_timespec(timeout) - k.realtime_ns(), 0) if timeout else None


def _sleep(k: Kernel, task: Task, file: QueueFile, left_ns: int | None, *, sending: bool) -> None:
    """Wait for the other side. EAGAIN: the description does not wait; ETIMEDOUT: it has waited long enough."""
    if file.flags & O_NONBLOCK:
        raise LinuxError(errno.EAGAIN)
    k.deadline_after(task, left_ns)
    if k.expired(task):
        raise LinuxError(errno.ETIMEDOUT)
    raise Blocked(QueueWait(file.queue, sending))


@syscall(182, "mq_timedsend", "mqdes:fd msg:inbuf len:size prio:uint timeout:timespec -> int")
def sys_mq_timedsend(
    k: Kernel, task: Task, fd: int, address: int, size: int, priority: int, timeout: int
) -> int:
    """mq_timedsend(2)."""
    left_ns = _time_out(k, timeout)
    if priority >= PRIORITIES:
        raise LinuxError(errno.EINVAL)
    file = _file(task, fd, O_WRONLY)
    queue = file.queue
    if size > queue.largest:
        raise LinuxError(errno.EMSGSIZE)
    text = bytes(k.mem.read(address, size))
    messages = queue.messages
    if len(messages) >= queue.most:
        _sleep(k, task, file, left_ns, sending=True)
    at = next((index for index, held in enumerate(messages) if held[0] < priority), len(messages))
    messages.insert(at, (priority, text))
    queue.sends += 1
    if len(messages) == 1 and not _is_awaited(k, queue):
        _notify(k, task, queue)
    return 0


def _is_awaited(k: Kernel, queue: PosixQueue) -> bool:
    """Whether somebody waits for a message, and so takes it before it is seen in the queue."""
    waits = (task.wait for task in k.state.tasks.values())
    return any(isinstance(wait, QueueWait) and wait.queue is queue and not wait.sending for wait in waits)


@syscall(183, "mq_timedreceive", "mqdes:fd msg:outbuf len:size prio:ptr timeout:timespec -> int")
def sys_mq_timedreceive(
    k: Kernel, task: Task, fd: int, address: int, size: int, priority: int, timeout: int
) -> int:
    """mq_timedreceive(2): the length of the oldest message of the highest priority."""
    left_ns = _time_out(k, timeout)
    file = _file(task, fd, O_RDONLY)
    queue = file.queue
    if size < queue.largest:
        raise LinuxError(errno.EMSGSIZE)
    if not queue.messages:
        _sleep(k, task, file, left_ns, sending=False)
    found, text = queue.messages.pop(0)
    queue.receives += 1
    if priority:
        k.mem.set_u32(priority, found)
    k.mem.write(address, text)
    return len(text)


@syscall(184, "mq_notify", "mqdes:fd event:sigevent -> int")
def sys_mq_notify(k: Kernel, task: Task, fd: int, event: int) -> int:
    """mq_notify(2). SIGEV_THREAD: a cookie is sent to a netlink socket, whose descriptor stands for the signal."""
    process = task.process
    if not event:
        queue = _file(task, fd).queue
        found = queue.registered()
        if found is not None and found.process is process:
            _unregister(k, queue)
        return 0
    value, signal, notify, _ = _SIGEVENT.unpack(k.mem.read(event, _SIGEVENT.size))
    if notify not in (SIGEV_NONE, SIGEV_SIGNAL, SIGEV_THREAD) or (
        notify == SIGEV_SIGNAL and not 0 <= signal <= NSIG
    ):
        raise LinuxError(errno.EINVAL)
    registration = Registration(process, notify, signal, value)
    if notify == SIGEV_THREAD:
        from friscy.kernel.net.netlink import NetlinkSocket

        registration.cookie = bytes(k.mem.read(value, _COOKIE_BYTES))
        registration.socket = process.files.get(signal)
        if not isinstance(registration.socket, NetlinkSocket):
            raise LinuxError(errno.EINVAL)
    queue = _file(task, fd).queue
    if queue.registered() is not None:
        raise LinuxError(errno.EBUSY)
    queue.registration = registration
    return 0


def _notify(k: Kernel, task: Task, queue: PosixQueue) -> None:
    """The queue was empty and has a message now: tell whoever is registered, who then is so no longer."""
    found = queue.registered()
    queue.registration = None
    if found is None:
        return
    if found.notify == SIGEV_THREAD:
        found.socket.tell_cookie(k, found.cookie[:-1] + _WOKEN)
    elif found.notify == SIGEV_SIGNAL and found.signal:
        sender = task.process
        post(
            k, found.process, SigInfo(found.signal, SI_MESGQ, sender.pid, sender.credentials.uid, found.value)
        )


def _unregister(k: Kernel, queue: PosixQueue) -> None:
    found = queue.registration
    queue.registration = None
    if found is not None and found.notify == SIGEV_THREAD:
        found.socket.tell_cookie(k, found.cookie[:-1] + _REMOVED)


@syscall(185, "mq_getsetattr", "mqdes:fd new:ptr old:ptr -> int")
def sys_mq_getsetattr(k: Kernel, task: Task, fd: int, new: int, old: int) -> int:
    """mq_getsetattr(2): only O_NONBLOCK can be set."""
    flags = ATTR.unpack(k.mem.read(new, ATTR.size))[0] if new else 0
    if flags & ~O_NONBLOCK:
        raise LinuxError(errno.EINVAL)
    file = _file(task, fd)
    queue = file.queue
    before = ATTR.pack(file.flags & O_NONBLOCK, queue.most, queue.largest, len(queue.messages))
    if new:
        file.flags = file.flags & ~O_NONBLOCK | flags
    if old:
        k.mem.write(old, before)
    return 0
