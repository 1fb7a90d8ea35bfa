"""TCP sockets.

A connection between two sockets of the guest is the two joined, as in AF_UNIX; one with the world outside has a
socket of the host behind it (`friscy.kernel.net.links`), which is read from and takes what is sent.
"""

from __future__ import annotations

import errno
import struct
from typing import TYPE_CHECKING, ClassVar

from friscy.kernel import files
from friscy.kernel.net import addresses
from friscy.kernel.net.addresses import AF_UNSPEC, LOOPBACK4, LOOPBACK6, Endpoint
from friscy.kernel.net.inet_socket import EPHEMERAL, IPPROTO_TCP, InetSocket, count_looped, network
from friscy.kernel.net.socket import (
    BUFFER_BYTES,
    POLLRDHUP,
    SHUT_RD,
    SHUT_WR,
    STREAM,
    Message,
    Socket,
    open_flags,
    place_of,
)
from friscy.kernel.wait import READ, WRITE
from lazyfs.abi import O_ASYNC, O_NONBLOCK, POLLERR, POLLHUP, POLLIN, POLLOUT
from lazyfs.errors import LinuxError, WouldBlock
from lazyfs.openfile import OpenFile
from lazyfs.plain import default

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from friscy.kernel.kernel import Kernel
    from friscy.kernel.net.links import TcpLink
    from friscy.kernel.state import Process, Task

_SO_LINGER = 13
_SOMAXCONN = 4096


class TcpSocket(InetSocket):
    """connecting: connect(2) has begun and its result was not told yet. waiting: connections that wait for room here.

    queued_at: the listener that this connection waits for. dead: the connection is gone, reset or refused.
    linger: SO_LINGER's seconds, -1 when it is off. starved: a send found no room; spaces: how often some came then.
    """

    table: ClassVar[str] = "tcp"

    peer: TcpSocket | None = None
    connecting: bool = False
    queued_at: TcpSocket | None = None
    waiting: list[TcpSocket] = default(list)
    dead: bool = False
    linger: int = -1
    starved: bool = False
    spaces: int = 0

    link: ClassVar[TcpLink | None] = None  # the host's side; not state

    def set_link(self, link: TcpLink | None) -> None:
        """Have a socket of the host behind it, or none any more."""
        object.__setattr__(self, "link", link)

    def peer_name(self) -> bytes:
        """See Socket."""
        if self.dead:
            raise LinuxError(errno.ENOTCONN)
        return super().peer_name()

    def accepted_name(self, server: Socket) -> bytes:
        """See Socket: the other end may have gone."""
        assert isinstance(server, TcpSocket)
        return InetSocket.peer_name(server)

    # -- listening ------------------------------------------------------------------------------------

    def listen(self, k: Kernel, task: Task, backlog: int) -> None:
        """See Socket."""
        if self.connected or self.connecting:
            raise LinuxError(errno.EINVAL)
        if self.local is None:
            self.owner = task.process.credentials.euid
            self.take_port(k, self.any(), 0)
        assert self.local is not None
        for other in network(k).tcp[self.local[1]]:
            if other is not self and other.listening and self._conflicts(other, self.local[0]):
                raise LinuxError(errno.EADDRINUSE)
        self.backlog = min(backlog & 0xFFFF_FFFF, _SOMAXCONN)
        if not self.listening:
            network(k).listeners.setdefault(self.local[1], []).append(self)
        self.listening, self.read_shut, self.write_shut = True, False, False
        if k.policy.published:
            from friscy.kernel.net.host import host_network

            host_network(k).listen(self)

    def accept(self, k: Kernel) -> Socket:
        """See Socket."""
        self.refresh(k)
        accepted = super().accept(k)
        while self.waiting and self.has_room():
            self.waiting.pop(0).enter(k, self)
        if k.network is not None:
            k.network.accept_more(k, self)
        return accepted

    def has_room(self) -> bool:
        """Whether the queue of connections to accept takes another one."""
        return len(self.pending) <= self.backlog

    def child(self, k: Kernel, local: Endpoint, remote: Endpoint) -> TcpSocket:
        """A connection that came in, at the end of the queue."""
        process = k.task.process
        server = TcpSocket(
            *place_of(k, process), open_flags(nonblocking=False), kind=STREAM, protocol=IPPROTO_TCP,
            domain=self.domain, local=local, remote=remote, connected=True, v6only=self.v6only,
            reuse_address=self.reuse_address, reuse_port=self.reuse_port, owner=self.owner, linger=self.linger,
            receive_timeout=self.receive_timeout, send_timeout=self.send_timeout, options=dict(self.options),
        )  # fmt: skip
        network(k).tcp.setdefault(local[1], []).append(server)
        self.pending.append(server)
        self.arrivals += 1
        return server

    def _unlisten(self, k: Kernel) -> None:
        """Refuse what nobody accepted."""
        self.listening = False
        assert self.local is not None
        listeners, port = network(k).listeners, self.local[1]
        listeners[port] = [socket for socket in listeners[port] if socket is not self]
        if not listeners[port]:
            del listeners[port]
        if k.network is not None:
            k.network.unlisten(k, self)
        waiting, self.waiting = self.waiting, []
        for client in waiting:
            client.fail(errno.ECONNREFUSED)
        pending, self.pending = self.pending, []
        for server in pending:
            server.linger = 0
            server.closed(k)

    # -- connecting -----------------------------------------------------------------------------------

    def connect(self, k: Kernel, task: Task, name: bytes) -> None:
        """See Socket. A non-blocking one gets EINPROGRESS, then EALREADY, then the result, as on Linux."""
        if len(name) >= 2 and int.from_bytes(name[:2], "little") == AF_UNSPEC:
            self._disconnect(k)
            return
        begun = self.connecting
        if not begun:
            endpoint = self.endpoint(name)
            if self.listening or self.connected:
                raise LinuxError(errno.EISCONN)
            self._begin(k, task, endpoint)
            if self.flags & O_NONBLOCK:
                raise LinuxError(errno.EINPROGRESS)
        self.refresh(k)
        if self.dead:
            error = self.error or errno.ECONNABORTED
            self._disconnect(k)
            raise LinuxError(error)
        if not self.connected:
            if self.flags & O_NONBLOCK:
                raise LinuxError(errno.EALREADY)
            raise WouldBlock(self, POLLOUT)
        self.connecting = False

    def _begin(self, k: Kernel, task: Task, endpoint: Endpoint) -> None:
        address, port = endpoint
        if addresses.is_any(address):
            address = LOOPBACK6 if len(address) == 16 else LOOPBACK4
        if addresses.is_multicast(address) or addresses.is_broadcast(address):
            raise LinuxError(errno.ENETUNREACH)
        inside = addresses.is_local(address)
        if not inside:
            from friscy.kernel.net.host import host_network

            host_network(k).check(k, "tcp", address, port)
        source = addresses.source_for(address)
        if self.local is None:
            self.owner = task.process.credentials.euid
            self.take_port(k, source, 0)
            self.dead = False
        assert self.local is not None
        if addresses.is_any(self.local[0]):
            self.local = (source, self.local[1])
        elif len(self.local[0]) != len(address):
            raise LinuxError(errno.EINVAL if len(address) == 4 else errno.ENETUNREACH)
        self.error, self.dead, self.connecting, self.remote = 0, False, True, (address, port)
        if not inside:
            host_network(k).connect(k, self)
        elif (address, port) == (addresses.RESOLVER, 53):
            from friscy.kernel.net.resolver import server_end

            self.join(server_end(k, self))
        else:
            listener = find_listener(k, self.remote)
            if listener is None:
                self.fail(errno.ECONNREFUSED)
            elif listener.has_room():
                self.enter(k, listener)
            else:
                self.queued_at = listener
                listener.waiting.append(self)

    def enter(self, k: Kernel, listener: TcpSocket) -> None:
        """Become a connection of a listener of the guest."""
        assert self.local is not None
        assert self.remote is not None
        self.queued_at = None
        self.join(listener.child(k, self.remote, self.local))

    def join(self, other: TcpSocket) -> None:
        """Be connected with another socket of the guest."""
        self.peer, other.peer = other, self
        self.connected = other.connected = True
        self.spaces += 1

    def fail(self, error: int) -> None:
        """The connection is gone, or cannot be made."""
        self.dead, self.error, self.peer, self.queued_at = True, error, None, None

    def _disconnect(self, k: Kernel) -> None:
        """Be a fresh socket again, as connect(2) to AF_UNSPEC and a connect(2) that failed leave it."""
        local = self.local
        if self.listening:
            self._unlisten(k)
        self._hang_up(k, reset=True)
        self.connected = self.connecting = self.dead = self.ended = self.read_shut = self.write_shut = False
        self.error, self.remote = 0, None
        if local is not None and local[1] in EPHEMERAL:
            self.leave_port(k)

    # -- ending ---------------------------------------------------------------------------------------

    def shutdown(self, k: Kernel, how: int) -> None:
        """See Socket."""
        if how in (0, 1, 2) and self.listening:
            if how != SHUT_WR:
                self._unlisten(k)
            return
        if how in (0, 1, 2) and (not self.connected or self.dead):
            raise LinuxError(errno.ENOTCONN)
        was_shut = self.write_shut
        super().shutdown(k, how)
        if how != SHUT_RD and not was_shut:
            if self.peer is not None:
                self.peer.ended = True
            elif self.link is not None:
                self.link.shutdown()

    def closed(self, k: Kernel) -> None:
        """See KernelFile: the other side reads what is left, then the end; a reset where something was not read."""
        if self.listening:
            self._unlisten(k)
        if self.queued_at is not None:
            waiting = self.queued_at.waiting
            waiting[:] = [client for client in waiting if client is not self]
            self.queued_at = None
        self._hang_up(k, reset=bool(self.messages) or self.linger == 0)
        super().closed(k)

    def _hang_up(self, k: Kernel, *, reset: bool) -> None:
        if self.link is not None and k.network is not None:
            k.network.close(self, self.link, reset=reset)
        self.host = 0
        peer, self.peer = self.peer, None
        if peer is not None:
            peer.peer = None
            if reset:
                peer.fail(errno.EPIPE if peer.ended else errno.ECONNRESET)
            else:
                peer.ended = True

    # -- lent to a set of the host --------------------------------------------------------------------

    def lend(self, k: Kernel, returned: Callable[[], None]) -> int:
        """See KernelFile: as long as nothing of it is in the guest, and no signal is to tell of it."""
        link = self.link
        self.take_back()
        if self.interested != 1 or link is None or link.connecting or link.ending or self.flags & O_ASYNC:
            return -1
        if not self.connected or self.messages or self.ended or self.dead or self.error:
            return -1
        return -1 if self.read_shut or self.write_shut else link.lend(returned)

    def host_fds(self, k: Kernel, events: int) -> Iterable[tuple[int, int]]:
        """See KernelFile."""
        link = self.link
        if link is None or link.returned is None:
            return super().host_fds(k, events)
        wanted = (READ if events & ~files.OUT else 0) | (WRITE if events & files.OUT else 0)
        return [(link.sock.fileno(), wanted)]

    def take_back(self) -> None:
        """See KernelFile."""
        if self.link is not None and self.link.returned is not None:
            self.link.take_back()

    def ring(self) -> None:
        """See Bell."""
        super().ring()
        link = self.link
        if link is not None and link.returned is not None:
            link.take_back()

    # -- data -----------------------------------------------------------------------------------------

    def refresh(self, k: Kernel) -> None:
        """See what the host has for the guest."""
        if k.network is not None:
            k.network.refresh(k)

    def take_in(self, k: Kernel) -> None:
        """See Socket."""
        if self.link is not None:
            self.take_back()
            self.refresh(k)
            if self.link.readable:
                self.link.pump(k)

    def check_receive(self, k: Kernel) -> None:
        """See Socket."""
        self.take_in(k)
        if self.connected or self.dead:
            return
        if self.connecting:
            raise WouldBlock(self, POLLIN)
        raise LinuxError(errno.ENOTCONN)

    def receive(self, k: Kernel, n: int, *, peek: bool = False) -> Message | None:
        """See Socket."""
        if self.dead and not self.messages and not (self.error and not self.ended):
            self.check_receive(k)
            return None
        link = self.link
        if link is not None and link.returned is not None and n:
            return link.receive_lent(k, n, peek=peek)
        return super().receive(k, n, peek=peek)

    def read_into(self, k: Kernel, room: memoryview) -> int:
        """See KernelFile: what waits outside comes without a stop in the queue."""
        link = self.link
        if link is not None and not self.messages and not (self.ended or self.dead or self.read_shut):
            if not link.readable:
                self.refresh(k)
            if link.readable:
                return link.receive_into(k, room)
        return super().read_into(k, room)

    def write_from(self, k: Kernel, data: bytes | memoryview) -> int:
        """See KernelFile."""
        link = self.link
        if link is None or not data or self.dead or self.write_shut or not self.connected:
            return super().write_from(k, data)
        return link.send(k, data)

    def received(self, k: Kernel) -> None:
        """See Socket."""
        if self.link is not None:
            if self.link.readable and (self.messages or self.link.ending):
                self.link.pump(k)
        elif self.peer is not None:
            self.peer.ring()
            if self.peer.starved and self.peer.can_send(k):
                self.peer.fed()

    def fed(self) -> None:
        """There is room to send again."""
        self.starved = False
        self.spaces += 1

    def activity(self, k: Kernel) -> tuple[int, int] | None:
        """See KernelFile."""
        return self.arrivals, self.spaces

    def send(
        self, k: Kernel, task: Task, data: bytes | memoryview, name: bytes | None, passed: list[OpenFile]
    ) -> int:
        """See Socket. EPIPE, ECONNRESET."""
        if self.dead or not self.connected:
            if self.error:
                self.take_error()
            if self.connecting and not self.dead:
                raise WouldBlock(self, POLLOUT)
            raise LinuxError(errno.EPIPE)
        if self.write_shut:
            raise LinuxError(errno.EPIPE)
        if not data:
            return 0
        if self.link is not None:
            return self.link.send(k, data)
        if self.host:
            raise LinuxError(errno.EPIPE)
        target = self.peer
        if target is None:  # it closed: what arrives now is answered by a reset
            self.fail(errno.EPIPE if self.ended else errno.ECONNRESET)
            return len(data)
        room = target.room()
        if room <= 0:
            self.starved = True
            raise WouldBlock(self, POLLOUT)
        self.starved = room < len(data)
        taken = bytearray(data[:room])
        count_looped(k, len(taken))
        target.deliver(k, Message(taken))
        return len(taken)

    def send_file(self, k: Kernel, host_file: int, offset: int, nbytes: int) -> int | None:
        """See Socket."""
        if self.link is None or self.dead or self.write_shut or not self.connected:
            return None
        return self.link.send_file(k, host_file, offset, nbytes)

    # -- as a file ------------------------------------------------------------------------------------

    def can_send(self, k: Kernel) -> bool:
        """See Socket."""
        if self.write_shut or self.dead:
            return True
        if self.host:
            return self.link is not None and self.link.writable
        return self.peer is None or self.peer.room() >= BUFFER_BYTES // 3

    def poll_events(self, k: Kernel) -> int:
        """See KernelFile."""
        link = self.link
        if link is not None and link.returned is not None:
            return link.events()
        if link is not None or self.listening:
            self.refresh(k)
        return self.poll_seen(k)

    def poll_seen(self, k: Kernel) -> int:
        """See KernelFile."""
        link = self.link
        if link is not None and self.connected:
            events = files.IN if link.readable or self.messages else 0
            if link.writable:
                events |= files.OUT
            if not (self.ended or self.dead or self.read_shut or self.write_shut or self.error):
                return events
            return events | self._other_events(k)
        return self._other_events(k)

    def _other_events(self, k: Kernel) -> int:
        if self.connecting and not self.connected and not self.dead:
            return 0
        events = super().poll_events(k)
        if self.dead:
            events |= files.IN | files.OUT | POLLRDHUP | POLLHUP | (POLLERR if self.error else 0)
        return events

    # -- options --------------------------------------------------------------------------------------

    def set_option(self, k: Kernel, level: int, name: int, value: bytes) -> bool:
        """See Socket."""
        if (level, name) == (1, _SO_LINGER):
            if len(value) < 8:
                raise LinuxError(errno.EINVAL)
            on, seconds = struct.unpack_from("<ii", value)
            self.linger = seconds if on else -1
            return True
        if level == IPPROTO_TCP:
            from friscy.kernel.net.tcp_options import set_tcp_option

            return set_tcp_option(k, self, name, value)
        return super().set_option(k, level, name, value)

    def remember(self, level: int, name: int, value: bytes) -> None:
        """See Socket; what shows on the line is for the host to do."""
        super().remember(level, name, value)
        if self.link is not None:
            from friscy.kernel.net.links import tune

            tune(self.link.sock, {level << 32 | name: value})

    def get_option(self, k: Kernel, level: int, name: int) -> bytes | None:
        """See Socket."""
        if (level, name) == (1, _SO_LINGER):
            return struct.pack("<ii", self.linger >= 0, max(self.linger, 0))
        if level == IPPROTO_TCP:
            from friscy.kernel.net.tcp_options import get_tcp_option

            return get_tcp_option(k, self, name)
        return super().get_option(k, level, name)


def new_tcp_socket(k: Kernel, process: Process, domain: int, *, nonblocking: bool) -> TcpSocket:
    """An unconnected socket of AF_INET or AF_INET6."""
    flags = open_flags(nonblocking=nonblocking)
    return TcpSocket(*place_of(k, process), flags, kind=STREAM, protocol=IPPROTO_TCP, domain=domain)


def find_listener(k: Kernel, endpoint: Endpoint, *, rotate: bool = True) -> TcpSocket | None:
    """Who accepts connections to an endpoint; of several (SO_REUSEPORT) one in turn."""
    found = network(k).listeners.get(endpoint[1], [])
    best, choice = 0, None
    for socket in found:
        fit = socket.answers(endpoint)
        if fit > best:
            best, choice = fit, socket
    if rotate and choice is not None and choice.reuse_port:
        found[:] = [socket for socket in found if socket is not choice] + [choice]
    assert choice is None or isinstance(choice, TcpSocket)
    return choice
