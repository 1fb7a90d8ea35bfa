"""POSIX message queues: mq_open(2), mq_timedsend(2), mq_timedreceive(2), mq_notify(2), mq_getsetattr(2), mq_unlink(2).

Gap: their file system (/dev/mqueue) cannot be mounted.
"""

from __future__ import annotations

import errno
import struct
from stat import S_IFREG
from typing import TYPE_CHECKING, Any

from friscy.kernel.calls.path import install
from friscy.kernel.credentials import CAP_SYS_RESOURCE, capable
from friscy.kernel.devices import unnamed
from friscy.kernel.files import IN, OUT, KernelFile
from friscy.kernel.ipc.table import ipc
from friscy.kernel.signals import NSIG, post
from friscy.kernel.state import RLIMIT_MSGQUEUE, RLIMIT_NOFILE, Process, SigInfo
from friscy.kernel.sysctl import sysctl
from friscy.kernel.table import syscall
from friscy.kernel.timers import SIGEV_NONE, SIGEV_SIGNAL, SIGEV_THREAD
from friscy.kernel.wait import Blocked, Wait
from lazyfs.abi import O_ACCMODE, O_CREAT, O_EXCL, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY, R_OK, W_OK
from lazyfs.errors import LinuxError
from lazyfs.inode import Location
from lazyfs.plain import Plain, default

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Task

SI_MESGQ = -3
_PRIORITIES, _NAME_MAX = 32768, 255
_HARD_MESSAGES, _HARD_BYTES = 65536, 16 << 20  # what not even root exceeds
_HEAD_BYTES, _NODE_BYTES = (
    48,
    48,
)  # what Linux adds for each message, and for each priority, when it counts a user's
_ATTR = struct.Struct("<4q32x")
_SIGEVENT = struct.Struct("<Qiii")
_COOKIE_BYTES = 32
_WOKEN, _REMOVED = b"\1", b"\2"  # the cookie's last byte, as whoever registered it gets it back
_ACCESS = {O_RDONLY: R_OK, O_WRONLY: W_OK, O_RDWR: R_OK | W_OK}


class Registration(Plain):
    """Who is told, once, when a message comes to the empty queue, and how (struct sigevent)."""

    process: Process
    notify: int
    signal: int
    value: int
    socket: Any = None  # SIGEV_THREAD: a NetlinkSocket, and what is sent there
    cookie: bytes = b""


class PosixQueue(Plain):
    """messages: (priority, text), the next to be received first. place: whose permissions count.

    opened: descriptions of it. named: it can still be opened. cost: bytes, of RLIMIT_MSGQUEUE of user `uid`.
    """

    place: Location
    most: int
    largest: int
    uid: int
    cost: int
    messages: list[tuple[int, bytes]] = default(list)
    registration: Registration | None = None
    opened: int = 0
    named: bool = True
    sends: int = 0
    receives: int = 0

    def registered(self) -> Registration | None:
        """The registration, unless its process is gone."""
        found = self.registration
        return found if found is not None and found.process.exit_status is None else None


class QueueFile(KernelFile):
    """An open message queue."""

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
        self.queue.opened -= 1
        _forget(k, self.queue)


class QueueWait(Wait):
    """Waits for a message, or (sending) for room for one. Time-outs are points in time: the call may begin anew."""

    queue: PosixQueue
    sending: bool

    def ready(self, k: Kernel, task: Task) -> bool:
        """See Wait."""
        return len(self.queue.messages) < self.queue.most if self.sending else bool(self.queue.messages)


def _forget(k: Kernel, queue: PosixQueue) -> None:
    """Drop a queue that nobody can come to any more."""
    if not queue.named and not queue.opened:
        ipc(k).unnamed_queues.remove(queue)


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


def _create(k: Kernel, task: Task, name: bytes, mode: int, attributes: bytes | None) -> PosixQueue:
    """A new queue. ENOSPC, EINVAL, EMFILE: too many, too large, or more than RLIMIT_MSGQUEUE."""
    table, process = ipc(k), task.process
    privileged = capable(process, CAP_SYS_RESOURCE)
    if (
        len(table.posix_queues) + len(table.unnamed_queues) >= sysctl(k, "fs/mqueue/queues_max")
        and not privileged
    ):
        raise LinuxError(errno.ENOSPC)
    limits = sysctl(k, "fs/mqueue/msg_max"), sysctl(k, "fs/mqueue/msgsize_max")
    if attributes is None:
        most = min(limits[0], sysctl(k, "fs/mqueue/msg_default"))
        largest = min(limits[1], sysctl(k, "fs/mqueue/msgsize_default"))
    else:
        _, most, largest, _ = _ATTR.unpack(attributes)
        limits = (_HARD_MESSAGES, _HARD_BYTES) if privileged else limits
        if not 0 < most <= limits[0] or not 0 < largest <= limits[1]:
            raise LinuxError(errno.EINVAL)
    ids = process.credentials
    cost = most * (largest + _HEAD_BYTES) + min(most, _PRIORITIES) * _NODE_BYTES
    held = sum(
        queue.cost for queue in (*table.posix_queues.values(), *table.unnamed_queues) if queue.uid == ids.uid
    )
    if held + cost > process.limits[RLIMIT_MSGQUEUE][0]:
        raise LinuxError(errno.EMFILE)
    place = unnamed(k, b"/" + name, S_IFREG | mode & 0o777 & ~process.fs.umask, uid=ids.euid, gid=ids.egid)
    queue = table.posix_queues[name] = PosixQueue(place, most, largest, ids.uid, cost)
    return queue


@syscall(
    180,
    "mq_open",
    "name:path oflag:open_flags mode:octal attr:ptr -> fd",
    partial="/dev/mqueue cannot be mounted",
)
def sys_mq_open(k: Kernel, task: Task, name_at: int, flags: int, mode: int, attr: int) -> int:
    """mq_open(2)."""
    attributes = bytes(k.mem.read(attr, _ATTR.size)) if attr else None
    name = _name(k, name_at)
    if task.process.files.free() >= task.process.limits[RLIMIT_NOFILE][0]:
        raise LinuxError(errno.EMFILE)
    queue = ipc(k).posix_queues.get(name)
    if queue is None:
        if not flags & O_CREAT:
            raise LinuxError(errno.ENOENT)
        queue = _create(k, task, name, mode, attributes)
    else:
        if flags & O_CREAT and flags & O_EXCL:
            raise LinuxError(errno.EEXIST)
        wanted = _ACCESS.get(flags & O_ACCMODE)
        if wanted is None:
            raise LinuxError(errno.EINVAL)
        k.vfs.access(task.process.fs, queue.place, wanted)
    queue.opened += 1
    file = QueueFile(queue.place, queue.place.inode, flags & (O_ACCMODE | O_NONBLOCK), queue=queue)
    return install(k, task, file, cloexec=True)


@syscall(181, "mq_unlink", "name:path -> int")
def sys_mq_unlink(k: Kernel, task: Task, name_at: int) -> int:
    """mq_unlink(2). EPERM: the queue is another user's, in a directory that has the sticky bit."""
    name, table = _name(k, name_at), ipc(k)
    queue = table.posix_queues.get(name)
    if queue is None:
        raise LinuxError(errno.ENOENT)
    ids = task.process.credentials
    if ids.euid not in (0, queue.place.inode.uid):
        raise LinuxError(errno.EPERM)
    del table.posix_queues[name]
    queue.named = False
    table.unnamed_queues.append(queue)
    _forget(k, queue)
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
    if priority >= _PRIORITIES:
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
    flags = _ATTR.unpack(k.mem.read(new, _ATTR.size))[0] if new else 0
    if flags & ~O_NONBLOCK:
        raise LinuxError(errno.EINVAL)
    file = _file(task, fd)
    queue = file.queue
    before = _ATTR.pack(file.flags & O_NONBLOCK, queue.most, queue.largest, len(queue.messages))
    if new:
        file.flags = file.flags & ~O_NONBLOCK | flags
    if old:
        k.mem.write(old, before)
    return 0
