"""System V message queues: msgget(2), msgsnd(2), msgrcv(2), msgctl(2)."""

from __future__ import annotations

import errno
import struct
from typing import TYPE_CHECKING, Any, ClassVar

from friscy.kernel.credentials import CAP_SYS_RESOURCE, capable
from friscy.kernel.ipc.table import (
    IPC_INFO,
    IPC_NOWAIT,
    IPC_RMID,
    IPC_SET,
    IPC_STAT,
    PERM_BYTES,
    READ,
    WRITE,
    IpcObject,
    check_owner,
    get,
    ipc,
    permit,
    seconds,
    set_perm,
)
from friscy.kernel.sysctl import sysctl
from friscy.kernel.table import syscall
from friscy.kernel.wait import Blocked, Wait
from lazyfs.errors import LinuxError
from lazyfs.plain import Plain, default

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Task

MSG_NOERROR, MSG_EXCEPT, MSG_COPY = 0o10000, 0o20000, 0o40000
MSG_STAT, MSG_INFO, MSG_STAT_ANY = 11, 12, 13
_MSG_SEGMENTS, _MSG_SEGMENT_BYTES = 0xFFFF, 16
_DS_TAIL = struct.Struct("<3q3Q2i16x")
_DS_BYTES = PERM_BYTES + _DS_TAIL.size
_INFO = struct.Struct("<7iH2x")


class Message(Plain):
    """type: above 0."""

    type: int
    text: bytes


class MessageQueue(IpcObject):
    """nbytes, limit: of the texts in it, and that there may be."""

    messages: list[Message] = default(list)
    nbytes: int = 0
    limit: int = 0
    send_time: int = 0
    receive_time: int = 0
    sender: int = 0
    receiver: int = 0

    def has_room(self, nbytes: int) -> bool:
        """Whether a message of `nbytes` may be sent."""
        return self.nbytes + nbytes <= self.limit and len(self.messages) + 1 <= self.limit

    def choose(self, wanted: int, flags: int) -> int | None:
        """The index of the message that a receiver takes."""
        messages = self.messages
        if flags & MSG_COPY:
            return wanted if wanted < len(messages) else None
        if wanted == 0:
            return 0 if messages else None
        if wanted < 0:
            lowest = min((message.type for message in messages), default=1 << 63)
            wanted, flags = (lowest if lowest <= -wanted else 0), 0
        for index, message in enumerate(messages):
            if (message.type == wanted) != bool(flags & MSG_EXCEPT):
                return index
        return None


class QueueWait(Wait):
    """Waits for room of `nbytes`, or for a message as msgrcv's `wanted` and `flags` say (nbytes -1)."""

    on_signal: ClassVar[str] = "eintr"
    queue: MessageQueue
    nbytes: int = -1
    wanted: int = 0
    flags: int = 0

    def ready(self, k: Kernel, task: Task) -> bool:
        """See Wait."""
        if self.queue.removed:
            return True
        if self.nbytes >= 0:
            return self.queue.has_room(self.nbytes)
        return self.queue.choose(self.wanted, self.flags) is not None


def _queue(k: Kernel, task: Task, ident: int) -> MessageQueue:
    """The queue a call is about. EIDRM: it was removed while the task waited."""
    if isinstance(task.wait, QueueWait) and task.wait.queue.removed:
        raise LinuxError(errno.EIDRM)
    found = ipc(k).queues.find(ident)
    assert isinstance(found, MessageQueue)
    return found


@syscall(186, "msgget", "key:int flags:hex -> int")
def sys_msgget(k: Kernel, task: Task, key: int, flags: int) -> int:
    """msgget(2)."""
    table = ipc(k).queues

    def create(common: dict[str, Any]) -> int:
        return table.add(MessageQueue(**common, limit=sysctl(k, "kernel/msgmnb")), sysctl(k, "kernel/msgmni"))

    return get(k, task, table, key, flags, create, lambda _: None)


@syscall(189, "msgsnd", "msqid:int msgp:ptr size:long flags:hex -> int")
def sys_msgsnd(k: Kernel, task: Task, ident: int, address: int, size: int, flags: int) -> int:
    """msgsnd(2)."""
    kind = k.mem.i64(address)
    if not 0 <= size <= sysctl(k, "kernel/msgmax") or ident < 0 or kind < 1:
        raise LinuxError(errno.EINVAL)
    text = bytes(k.mem.read(address + 8, size))
    queue = _queue(k, task, ident)
    permit(task.process, queue, WRITE)
    if not queue.has_room(size):
        if flags & IPC_NOWAIT:
            raise LinuxError(errno.EAGAIN)
        raise Blocked(QueueWait(queue, size))
    queue.messages.append(Message(kind, text))
    queue.nbytes += size
    queue.send_time, queue.sender = seconds(k), task.process.pid
    return 0


@syscall(188, "msgrcv", "msqid:int msgp:ptr size:long type:long flags:hex -> int")
def sys_msgrcv(k: Kernel, task: Task, ident: int, address: int, size: int, wanted: int, flags: int) -> int:
    """msgrcv(2): the length of the text."""
    if size < 0 or ident < 0:
        raise LinuxError(errno.EINVAL)
    if flags & MSG_COPY and (flags & MSG_EXCEPT or not flags & IPC_NOWAIT):
        raise LinuxError(errno.EINVAL)
    queue = _queue(k, task, ident)
    permit(task.process, queue, READ)
    index = queue.choose(wanted, flags)
    if index is None:
        if flags & IPC_NOWAIT:
            raise LinuxError(errno.ENOMSG)
        raise Blocked(QueueWait(queue, -1, wanted, flags))
    message = queue.messages[index]
    if len(message.text) > size and not flags & MSG_NOERROR:
        raise LinuxError(errno.E2BIG)
    if not flags & MSG_COPY:
        del queue.messages[index]
        queue.nbytes -= len(message.text)
        queue.receive_time, queue.receiver = seconds(k), task.process.pid
    text = message.text[:size]
    k.mem.set_u64(address, message.type)
    k.mem.write(address + 8, text)
    return len(text)


def _pack(queue: MessageQueue) -> bytes:
    """struct msqid64_ds."""
    return queue.pack_perm() + _DS_TAIL.pack(
        queue.send_time, queue.receive_time, queue.change_time, queue.nbytes, len(queue.messages), queue.limit,
        queue.sender, queue.receiver,
    )  # fmt: skip


@syscall(187, "msgctl", "msqid:int cmd:int buf:ptr -> int")
def sys_msgctl(k: Kernel, task: Task, ident: int, command: int, address: int) -> int:
    """msgctl(2)."""
    table = ipc(k).queues
    if ident < 0 or command < 0:
        raise LinuxError(errno.EINVAL)
    if command in (IPC_INFO, MSG_INFO):
        _info(k, command, address)
        return table.highest()
    if command in (IPC_STAT, MSG_STAT, MSG_STAT_ANY):
        queue = table.find(ident) if command == IPC_STAT else table.at(ident)
        if command != MSG_STAT_ANY:
            permit(task.process, queue, READ)
        k.mem.write(address, _pack(queue))
        return 0 if command == IPC_STAT else int(queue.id)
    if command == IPC_SET:
        data = bytes(k.mem.read(address, _DS_BYTES))
        queue = table.find(ident)
        check_owner(task.process, queue)
        limit = _DS_TAIL.unpack_from(data, PERM_BYTES)[5]
        if limit > sysctl(k, "kernel/msgmnb") and not capable(task.process, CAP_SYS_RESOURCE):
            raise LinuxError(errno.EPERM)
        set_perm(k, queue, data[:PERM_BYTES])
        queue.limit = limit
        return 0
    if command == IPC_RMID:
        queue = table.find(ident)
        check_owner(task.process, queue)
        table.remove(queue)
        return 0
    raise LinuxError(errno.EINVAL)


def _info(k: Kernel, command: int, address: int) -> None:
    """struct msginfo: the limits, or (MSG_INFO) what is in use."""
    queues = list(ipc(k).queues)
    most, longest, total = (sysctl(k, f"kernel/{name}") for name in ("msgmni", "msgmax", "msgmnb"))
    if command == IPC_INFO:
        pool, held, queued = most * total // 1024, total, total
    else:
        pool, held = len(queues), sum(len(queue.messages) for queue in queues)
        queued = sum(queue.nbytes for queue in queues)
    figures = (pool, held, longest, total, most, _MSG_SEGMENT_BYTES, queued, _MSG_SEGMENTS)
    k.mem.write(address, _INFO.pack(*(min(figure, 0x7FFF_FFFF) for figure in figures)))


def listing(k: Kernel) -> bytes:
    """/proc/sysvipc/msg."""
    lines = [
        b"       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid  cuid  cgid      stime      "
        b"rtime      ctime\n"
    ]
    for queue in ipc(k).queues:
        lines.append(
            b"%10d %10d  %4o  %10d %10d %5d %5d %5d %5d %5d %5d %10d %10d %10d\n"
            % (
                queue.key, queue.id, queue.mode, queue.nbytes, len(queue.messages), queue.sender, queue.receiver,
                queue.uid, queue.gid, queue.creator_uid, queue.creator_gid, queue.send_time, queue.receive_time,
                queue.change_time,
            )
        )  # fmt: skip
    return b"".join(lines)
