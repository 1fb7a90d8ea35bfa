"""AF_UNIX sockets: streams, datagrams and sequenced packets between processes of the guest.

Names are either inodes of the filesystem or abstract.
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from friscy.kernel.devices import devices
from friscy.kernel.net.addresses import AF_UNIX, AF_UNSPEC
from friscy.kernel.net.socket import (
    BUFFER_BYTES,
    DGRAM,
    S_IFSOCK,
    SHUT_RD,
    SHUT_WR,
    STREAM,
    Message,
    Socket,
    open_flags,
    place_of,
)
from lazyfs.abi import POLLHUP
from lazyfs.bell import Bell
from lazyfs.errors import LinuxError, WouldBlock
from lazyfs.inode import Inode
from lazyfs.openfile import OpenFile

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Process, Task

_SOL_SOCKET, _SO_PASSCRED, _SO_PEERCRED = 1, 16, 17


class UnixSocket(Socket):
    """name: sun_path as bound, an abstract one with its leading NUL."""

    family: ClassVar[int] = AF_UNIX

    peer: UnixSocket | None = None
    name: bytes = b""
    inode_bound: Inode | None = None
    ids: tuple[int, int, int] = (0, 0, 0)  # of who made it, listened or connected
    peer_ids: tuple[int, int, int] = (0, -1, -1)  # SO_PEERCRED
    pass_credentials: bool = False

    # -- names and connections ------------------------------------------------------------------------

    def own_name(self) -> bytes:
        """See Socket."""
        return pack_name(self.name)

    def peer_name(self) -> bytes:
        """See Socket."""
        if self.peer is None:
            raise LinuxError(errno.ENOTCONN)
        return self.peer.own_name()

    def accepted_name(self, server: Socket) -> bytes:
        """See Socket: the other end may have gone."""
        assert isinstance(server, UnixSocket)
        return server.peer.own_name() if server.peer is not None else pack_name(b"")

    def bind(self, k: Kernel, task: Task, name: bytes) -> None:
        """See Socket. EINVAL: it has a name; EADDRINUSE."""
        path = unpack_name(name)
        if self.name:
            raise LinuxError(errno.EINVAL)
        table, process = devices(k).sockets, task.process
        if not path:  # autobind: five hexadecimal digits
            number = 1
            taken = {other.name for other in table}
            while b"\0%05x" % number in taken:
                number += 1
            path = b"\0%05x" % number
        if path.startswith(b"\0"):
            if any(other.name == path for other in table):
                raise LinuxError(errno.EADDRINUSE)
        else:
            try:
                k.vfs.mknod(process.fs, path, S_IFSOCK | 0o777)
            except LinuxError as error:
                raise LinuxError(errno.EADDRINUSE if error.errno == errno.EEXIST else error.errno) from error
            self.inode_bound = k.vfs.lookup(process.fs, path, follow=False).inode
        self.name = path
        table.append(self)

    def listen(self, k: Kernel, task: Task, backlog: int) -> None:
        """See Socket."""
        if self.kind == DGRAM:
            raise LinuxError(errno.EOPNOTSUPP)
        if not self.name or self.connected:
            raise LinuxError(errno.EINVAL)
        self.listening, self.backlog = True, min(backlog & 0xFFFF_FFFF, 4096)
        self.ids = identity(task.process)

    def connect(self, k: Kernel, task: Task, name: bytes) -> None:
        """See Socket. Waits where the listener's queue is full."""
        if self.kind == DGRAM and name[:2] == struct.pack("<H", AF_UNSPEC):
            self.peer, self.connected = None, False
            return
        path, process = unpack_name(name), task.process
        if self.kind == DGRAM:
            self.peer, self.connected = find(k, process, path, DGRAM), True
            return
        if self.listening:
            raise LinuxError(errno.EINVAL)
        if self.connected:
            raise LinuxError(errno.EISCONN)
        listener = find(k, process, path, self.kind)
        if not listener.listening or listener.read_shut:
            raise LinuxError(errno.ECONNREFUSED)
        if len(listener.pending) > listener.backlog:
            raise WouldBlock()
        self.ids = identity(process)
        listener.admit(k, self)

    def admit(self, k: Kernel, client: UnixSocket) -> None:
        """Put a connection to `client` at the end of this listener's queue."""
        server = new_socket(k, k.task.process, self.kind, nonblocking=False)
        server.ids, server.name = self.ids, self.name
        join(client, server)
        self.pending.append(server)
        self.arrivals += 1

    def shutdown(self, k: Kernel, how: int) -> None:
        """See Socket. The peer of a stream sees it from its side."""
        if how in (0, 1, 2) and self.kind != DGRAM and not self.connected and not self.listening:
            raise LinuxError(errno.ENOTCONN)
        super().shutdown(k, how)
        if self.peer is not None and self.kind != DGRAM:
            self.peer.other_end_shut(k, how)

    # -- what the other end of a stream tells this one ------------------------------------------------

    def outside(self) -> bool:
        """Whether this end is one of the host."""
        return False

    def drained(self, k: Kernel) -> None:
        """The other end has read: it has room."""
        self.ring()

    def other_end_shut(self, k: Kernel, how: int) -> None:
        """The other end called shutdown(2)."""
        self.ended = self.ended or how != SHUT_RD
        self.write_shut = self.write_shut or how != SHUT_WR

    def other_end_gone(self, k: Kernel, *, unread: bool) -> None:
        """The other end was closed; what is here can be read. unread: it had not read everything."""
        self.peer, self.ended = None, True
        self.error = errno.ECONNRESET if unread else 0

    def _look_outside(self, k: Kernel) -> None:
        """Take in what the host has, where the other end is there."""
        if k.network is not None and self.peer is not None and self.peer.outside():
            k.network.refresh(k)

    def get_option(self, k: Kernel, level: int, name: int) -> bytes | None:
        """See Socket."""
        if level == _SOL_SOCKET and name == _SO_PASSCRED:
            return struct.pack("<i", self.pass_credentials)
        if level == _SOL_SOCKET and name == _SO_PEERCRED:
            return struct.pack("<iii", *self.peer_ids)
        return None

    def set_option(self, k: Kernel, level: int, name: int, value: bytes) -> bool:
        """See Socket."""
        if level == _SOL_SOCKET and name == _SO_PASSCRED:
            self.pass_credentials = any(value[:4])
            return True
        return False

    # -- data -----------------------------------------------------------------------------------------

    def check_receive(self, k: Kernel) -> None:
        """See Socket."""
        self._look_outside(k)
        if self.kind != DGRAM and not self.connected:
            raise LinuxError(errno.EINVAL if self.kind == STREAM else errno.ENOTCONN)

    def send(
        self, k: Kernel, task: Task, data: bytes | memoryview, name: bytes | None, passed: list[OpenFile]
    ) -> int:
        """See Socket. EPIPE, ENOTCONN, EISCONN, EMSGSIZE, ECONNREFUSED."""
        self._look_outside(k)
        target = self.peer
        if name is not None:
            if self.kind != DGRAM:
                raise LinuxError(errno.EISCONN if self.connected else errno.EOPNOTSUPP)
            target = find(k, task.process, unpack_name(name), DGRAM)
        if self.write_shut:
            raise LinuxError(errno.EPIPE)
        if target is None:
            raise LinuxError(errno.EPIPE if self.connected and self.kind != DGRAM else errno.ENOTCONN)
        if self.kind == DGRAM and not target.refs:
            if self.peer is target:
                self.peer = None
            raise LinuxError(errno.ECONNREFUSED)
        if target.read_shut:
            raise LinuxError(errno.EPIPE)
        room = target.room()
        if self.kind != STREAM and len(data) > BUFFER_BYTES:
            raise LinuxError(errno.EMSGSIZE)
        if room <= 0 or (self.kind != STREAM and len(data) > room):
            raise WouldBlock(self, 4)
        if self.kind == STREAM and not data:
            return 0
        taken = bytearray(data[:room] if self.kind == STREAM else data)
        nbytes = len(taken)  # they may be gone from the message when `deliver` returns
        target.deliver(k, Message(taken, self.own_name() if self.name else b"", self.ids, passed))
        return nbytes

    # -- as a file ------------------------------------------------------------------------------------

    def can_send(self, k: Kernel) -> bool:
        """See Socket."""
        return self.peer is None or self.peer.queued < BUFFER_BYTES

    def hung_up(self) -> bool:
        """See Socket: a stream also when its peer is gone."""
        if self.kind == DGRAM:
            return self.read_shut and self.write_shut
        return self.peer is None or (self.write_shut and (self.ended or self.read_shut))

    def host_fds(self, k: Kernel, events: int) -> Iterable[tuple[int, int]]:
        """See KernelFile."""
        there = k.network is not None and self.peer is not None and self.peer.outside()
        return k.network.host_fds() if there else ()

    def poll_events(self, k: Kernel) -> int:
        """See KernelFile."""
        self._look_outside(k)
        events = super().poll_events(k)
        return events | POLLHUP if self.connected and self.kind != DGRAM and self.peer is None else events

    def bell(self, k: Kernel) -> Bell | None:
        """See KernelFile: whether there is room depends on the receiver, which does not know all its senders."""
        return None if self.kind == DGRAM else self

    def received(self, k: Kernel) -> None:
        """See Socket."""
        if self.peer is not None:
            self.peer.drained(k)

    def activity(self, k: Kernel) -> tuple[int, int] | None:
        """See KernelFile."""
        return self.arrivals, self.peer.readings if self.peer is not None else 0

    def closed(self, k: Kernel) -> None:
        """See KernelFile: the peer reads what is left, then the end."""
        table = devices(k).sockets
        table[:] = [socket for socket in table if socket is not self]
        for server in self.pending:
            server.closed(k)
        self.pending = []
        peer, self.peer = self.peer, None
        if peer is not None and peer.peer is self and self.kind != DGRAM:
            peer.other_end_gone(k, unread=bool(self.messages))
        self.discard(k)


def new_socket(k: Kernel, process: Process, kind: int, *, nonblocking: bool) -> UnixSocket:
    """An unconnected socket."""
    flags = open_flags(nonblocking=nonblocking)
    return UnixSocket(*place_of(k, process), flags, kind=kind, ids=identity(process))


def identity(process: Process) -> tuple[int, int, int]:
    """(pid, uid, gid) as SO_PEERCRED tells them."""
    return process.pid, process.credentials.euid, process.credentials.egid


def join(one: UnixSocket, other: UnixSocket) -> None:
    """Connect two sockets with each other."""
    one.peer, other.peer = other, one
    one.connected = other.connected = True
    one.peer_ids, other.peer_ids = other.ids, one.ids


def unpack_name(name: bytes) -> bytes:
    """sun_path of a struct sockaddr_un. EINVAL: too short, too long or of another family."""
    if not 2 <= len(name) <= 110 or int.from_bytes(name[:2], "little") != AF_UNIX:
        raise LinuxError(errno.EINVAL)
    path = name[2:]
    return path if path.startswith(b"\0") else path.split(b"\0")[0]


def pack_name(path: bytes) -> bytes:
    """A struct sockaddr_un."""
    name = struct.pack("<H", AF_UNIX) + path
    return name + b"\0" if path and not path.startswith(b"\0") else name


def find(k: Kernel, process: Process, path: bytes, kind: int) -> UnixSocket:
    """The socket that is bound to a path. ECONNREFUSED: nobody is there; EPROTOTYPE: of another kind."""
    table = devices(k).sockets
    if path.startswith(b"\0"):
        found = next((other for other in table if other.name == path), None)
    else:
        location = k.vfs.lookup(process.fs, path)
        if location.inode.mode & 0o170000 != S_IFSOCK:
            raise LinuxError(errno.ECONNREFUSED)
        k.vfs.access(process.fs, location, 2)
        found = next((other for other in table if other.inode_bound is location.inode), None)
    if found is None:
        raise LinuxError(errno.ECONNREFUSED)
    if found.kind != kind:
        raise LinuxError(errno.EPROTOTYPE)
    assert isinstance(found, UnixSocket)
    return found
