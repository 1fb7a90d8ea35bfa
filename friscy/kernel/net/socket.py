"""What sockets of every family have: options, errors, queues of messages, one implementation of streams.

A socket holds what was sent to it. Two of the guest's sockets are joined by `peer`; one whose other end is outside
is read from the host, and has messages of it where they are to be looked at first (`friscy.kernel.net.links`).
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any, ClassVar

from friscy.kernel import files
from friscy.kernel.devices import unnamed
from friscy.kernel.fdtable import drop
from friscy.kernel.files import KernelFile
from lazyfs.abi import O_NONBLOCK, O_RDWR, POLLERR, POLLHUP, POLLIN
from lazyfs.bell import Bell
from lazyfs.errors import LinuxError, WouldBlock
from lazyfs.openfile import OpenFile
from lazyfs.plain import Plain, default

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Process, Task
    from lazyfs.inode import Inode, Location

STREAM, DGRAM, RAW, SEQPACKET = 1, 2, 3, 5
SHUT_RD, SHUT_WR, SHUT_RDWR = 0, 1, 2
POLLRDHUP = 0x2000
BUFFER_BYTES = 212_992  # net.core.wmem_default
S_IFSOCK = 0o140000
_put = object.__setattr__  # what is no news to anybody
_SEGMENT = 1 << 16  # what is sent to a stream is kept in parts of at most this


class Message(Plain):
    """What one call sent: for a stream the bytes that were not read yet.

    sender, target: as struct sockaddr; ids: pid, uid, gid of the sender; files: passed with it.
    header: hop limit and traffic class of a packet.
    """

    data: bytearray
    sender: bytes = b""
    ids: tuple[int, int, int] = (0, 0, 0)
    files: list[OpenFile] = default(list)
    target: bytes = b""
    header: tuple[int, int] = (64, 0)


class Socket(KernelFile, Bell):
    """A socket of any family.

    kind: STREAM, DGRAM or SEQPACKET. messages: what was sent to it; queued: bytes in them.
    error: SO_ERROR. options: what setsockopt(2) set that is only remembered, by (level << 32 | name).
    """

    can_splice: ClassVar[bool] = True
    can_signal: ClassVar[bool] = True

    family: ClassVar[int] = 0

    kind: int = STREAM
    protocol: int = 0
    messages: list[Message] = default(list)
    queued: int = 0
    arrivals: int = 0  # messages and connections, ever: for edge-triggered waits, as `readings` is
    readings: int = 0  # how often some were read
    listening: bool = False
    backlog: int = 0
    pending: list[Any] = default(list)  # connections to accept
    connected: bool = False  # has, or had, a peer
    ended: bool = False  # the other side sends no more
    read_shut: bool = False
    write_shut: bool = False
    error: int = 0
    receive_timeout: int = 0  # SO_RCVTIMEO and SO_SNDTIMEO in nanoseconds, 0 is none
    send_timeout: int = 0
    options: dict[int, bytes] = default(dict)

    def __setattr__(self, name: str, value: object) -> None:
        _put(self, name, value)
        if name != "refs":  # how many hold it is no news of it
            self.ring()

    def arrived(self) -> None:
        """`arrivals += 1`, the most frequent of changes, without the detour of `__setattr__`."""
        _put(self, "arrivals", self.arrivals + 1)
        self.ring()

    def bell(self, k: Kernel) -> Bell | None:
        """See KernelFile."""
        return self

    # -- names and connections: what families differ in -----------------------------------------------

    def own_name(self) -> bytes:
        """getsockname(2): a struct sockaddr."""
        raise NotImplementedError

    def peer_name(self) -> bytes:
        """getpeername(2). ENOTCONN."""
        raise NotImplementedError

    def bind(self, k: Kernel, task: Task, name: bytes) -> None:
        """bind(2) to a struct sockaddr."""
        raise LinuxError(errno.EOPNOTSUPP)

    def listen(self, k: Kernel, task: Task, backlog: int) -> None:
        """listen(2)."""
        raise LinuxError(errno.EOPNOTSUPP)

    def connect(self, k: Kernel, task: Task, name: bytes) -> None:
        """connect(2). Raises WouldBlock."""
        raise LinuxError(errno.EOPNOTSUPP)

    def accept(self, k: Kernel) -> Socket:
        """The next connection. Raises WouldBlock."""
        if self.kind == DGRAM:
            raise LinuxError(errno.EOPNOTSUPP)
        if not self.listening:
            raise LinuxError(errno.EINVAL)
        if not self.pending:
            raise WouldBlock(self, files.IN)
        accepted = self.pending.pop(0)
        assert isinstance(accepted, Socket)
        return accepted

    def accepted_name(self, server: Socket) -> bytes:
        """The name of the other end that accept(2) tells."""
        return server.peer_name()

    def shutdown(self, k: Kernel, how: int) -> None:
        """shutdown(2)."""
        if how not in (SHUT_RD, SHUT_WR, SHUT_RDWR):
            raise LinuxError(errno.EINVAL)
        self.read_shut = self.read_shut or how != SHUT_WR
        self.write_shut = self.write_shut or how != SHUT_RD

    def get_option(self, k: Kernel, level: int, name: int) -> bytes | None:
        """A value that the family computes; None: not one of its options."""
        return None

    def set_option(self, k: Kernel, level: int, name: int, value: bytes) -> bool:
        """Take in an option of the family; False: not one of its options."""
        return False

    def remember(self, level: int, name: int, value: bytes) -> None:
        """Keep an option that was found to be a good one."""
        self.options[level << 32 | name] = value

    # -- data -----------------------------------------------------------------------------------------

    def send(
        self, k: Kernel, task: Task, data: bytes | memoryview, name: bytes | None, passed: list[OpenFile]
    ) -> int:
        """Send to `name`, or to the peer: how many bytes were taken. Raises WouldBlock."""
        raise LinuxError(errno.EOPNOTSUPP)

    def take_in(self, k: Kernel) -> None:
        """See that what came is in the queue, also where it waited outside."""
        self.poll_events(k)

    def check_receive(self, k: Kernel) -> None:
        """Before a receive: the family's reasons why there can be none; and what waits outside comes in."""

    def received(self, k: Kernel) -> None:
        """A receive made room in the queue."""

    def receive(self, k: Kernel, n: int, *, peek: bool = False) -> Message | None:
        """Up to `n` bytes, or one packet (whole: the caller cuts it); None at the end. Raises WouldBlock."""
        self.check_receive(k)
        if not self.messages:
            if self.error:
                self.take_error()
            if self.read_shut or self.ended:
                return None
            raise WouldBlock(self, POLLIN)
        first = self.messages[0]
        if self.kind != STREAM:
            if not peek:
                self.messages.pop(0)
                self.queued -= len(first.data)
                self.readings += 1
                self.received(k)
            return first
        if not peek and len(first.data) <= n and (len(first.data) == n or len(self.messages) == 1):
            self.messages.pop(0)  # as it is: a copy of it would cost as much as all the rest
            self.queued -= len(first.data)
            self.readings += 1
            self.received(k)
            return first
        got = Message(bytearray(), first.sender, first.ids, first.files)
        if peek:
            for message in self.messages:
                if len(got.data) >= n or (message is not first and not self._together(first, message)):
                    break
                got.data += message.data[: n - len(got.data)]
            return got
        while self.messages and len(got.data) < n:
            message = self.messages[0]
            if message is not first and not self._together(first, message):
                break
            part = n - len(got.data)
            if part >= len(message.data):
                self.messages.pop(0)
                got.data = got.data + message.data if got.data else message.data
            else:
                got.data += message.data[:part]
                del message.data[:part]
        first.files = []
        self.queued -= len(got.data)
        self.readings += 1
        self.received(k)
        return got

    @staticmethod
    def _together(first: Message, other: Message) -> bool:
        """Whether one call may read both."""
        return not other.files and other.ids == first.ids

    def take_error(self) -> None:
        """Raise the error that waits, once."""
        error, self.error = self.error, 0
        raise LinuxError(error)

    def room(self) -> int:
        """How many bytes the queue takes."""
        return BUFFER_BYTES - self.queued

    def deliver(self, k: Kernel, message: Message) -> None:
        """Something was sent to the socket."""
        self.arrivals += 1
        self.queue(message)

    def queue(self, message: Message) -> None:
        """Put a message at the end of the queue."""
        self.queued += len(message.data)
        if self.kind == STREAM and self.messages and not message.files:
            last = self.messages[-1]
            if last.ids == message.ids and len(last.data) + len(message.data) <= _SEGMENT and not last.files:
                last.data += message.data
                return
        self.messages.append(message)

    def send_file(self, k: Kernel, host_file: int, offset: int, nbytes: int) -> int | None:
        """Have the host send part of a file of its own: how many bytes, 0 at the end. None: there is no such way."""
        return None

    # -- as a file ------------------------------------------------------------------------------------

    def read_bytes(self, k: Kernel, n: int) -> bytes:
        """See KernelFile."""
        got = self.receive(k, n)
        if got is None:
            return b""
        for file in got.files:
            drop(k, file)
        return bytes(got.data[:n])

    def read_into(self, k: Kernel, room: memoryview) -> int:
        """See KernelFile."""
        got = self.receive(k, len(room))
        if got is None:
            return 0
        for file in got.files:
            drop(k, file)
        data = got.data if len(got.data) <= len(room) else got.data[: len(room)]
        room[: len(data)] = data
        return len(data)

    def write_from(self, k: Kernel, data: bytes | memoryview) -> int:
        """See KernelFile."""
        return self.send(k, k.task, data, None, [])

    def timeout_ns(self, events: int) -> int | None:
        """See KernelFile."""
        return (self.receive_timeout if events & POLLIN else self.send_timeout) or None

    def can_send(self, k: Kernel) -> bool:
        """Whether POLLOUT holds for a connected socket."""
        raise NotImplementedError

    def hung_up(self) -> bool:
        """Whether POLLHUP holds for a connected socket."""
        return (self.write_shut or self.error != 0) and (self.ended or self.read_shut)

    def poll_events(self, k: Kernel) -> int:
        """See KernelFile."""
        if self.listening:
            return files.IN if self.pending else 0
        events = files.IN if self.messages else 0
        if self.error:
            events |= POLLERR
        if self.kind == DGRAM:
            if self.read_shut:
                events |= files.IN | POLLRDHUP
            return events | (files.OUT if self.can_send(k) else 0) | (POLLHUP if self.hung_up() else 0)
        if not self.connected:
            return events | files.OUT | POLLHUP
        if self.ended or self.read_shut:
            events |= files.IN | POLLRDHUP
        if self.hung_up():
            events |= POLLHUP
        if self.can_send(k):
            events |= files.OUT
        return events

    def ioctl(self, k: Kernel, task: Task, request: int, argument: int) -> int:
        """See KernelFile."""
        from friscy.kernel.net.ioctl import ioctl

        return ioctl(k, self, request, argument)

    def discard(self, k: Kernel) -> None:
        """Forget what nobody will read."""
        for message in self.messages:
            for file in message.files:
                drop(k, file)
        self.messages, self.queued = [], 0


def place_of(k: Kernel, process: Process) -> tuple[Location, Inode]:
    """Where a new socket is."""
    ids = process.credentials
    place = unnamed(k, b"socket:[%d]", S_IFSOCK | 0o777, uid=ids.euid, gid=ids.egid)
    return place, place.inode


def open_flags(*, nonblocking: bool) -> int:
    """The open file description's flags of a new socket."""
    return O_RDWR | (O_NONBLOCK if nonblocking else 0)
