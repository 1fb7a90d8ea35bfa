"""Sockets of the host behind sockets of the guest."""

from __future__ import annotations

import errno
import os
import select
import socket
import struct
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from friscy.kernel import files
from friscy.kernel.net import addresses
from friscy.kernel.net.addresses import CARD4, CARD6, Endpoint, guest_address, host_address
from friscy.kernel.net.inet_socket import NetState, count_received, count_sent
from friscy.kernel.net.socket import BUFFER_BYTES, POLLRDHUP, Message
from friscy.kernel.net.tcp import TcpSocket
from friscy.kernel.net.udp import UdpSocket
from friscy.kernel.short import raise_failure
from lazyfs.abi import POLLIN, POLLOUT
from lazyfs.errors import LinuxError, WouldBlock

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.net.host import HostNetwork
    from friscy.kernel.net.host_port import HostPort

_INPUT = select.EPOLLIN | select.EPOLLOUT
_READABLE = select.EPOLLIN | select.EPOLLRDHUP | select.EPOLLHUP | select.EPOLLERR
_WRITABLE = select.EPOLLOUT | select.EPOLLERR | select.EPOLLHUP
# Options of a guest's TCP socket that its peer notices, and what they are on the host.
_TUNES = {
    1 << 32 | 9: (socket.SOL_SOCKET, socket.SO_KEEPALIVE),
    6 << 32 | 3: (socket.IPPROTO_TCP, socket.TCP_CORK),
    6 << 32 | 4: (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE),
    6 << 32 | 5: (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL),
    6 << 32 | 6: (socket.IPPROTO_TCP, socket.TCP_KEEPCNT),
    6 << 32 | 7: (socket.IPPROTO_TCP, socket.TCP_SYNCNT),
    6 << 32 | 18: (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT),
}
_POLLED = POLLIN | POLLOUT | POLLRDHUP
_STEP = 1 << 16
_MAX_PACKET = 1 << 16
_MAX_PEERS = 4096


def tune(sock: socket.socket, options: Mapping[int, bytes]) -> None:
    """Let the host do what options of the guest ask for, as far as that shows outside. options: as in Socket."""
    for key, host_option in _TUNES.items():
        if key in options:
            with suppress(OSError):  # the host may not go as far: it is remembered all the same
                sock.setsockopt(*host_option, options[key])


class TcpLink:
    """The host's socket behind a guest's TCP socket.

    What came stays with the host until the guest reads it, into its memory (`receive_into`) or, where it is to be
    looked at first, by way of the socket's queue (`pump`).

    readable: the host has bytes, or the end; writable: it takes some. ending: it said that the other side sends no
    more. returned: set while the socket is lent (`KernelFile.lend`): then only the host knows what it has, and what is
    to be read or written is tried.
    """

    __slots__ = ("_counts", "connecting", "ending", "net", "owner", "readable", "returned", "sock", "writable")

    def __init__(self, net: HostNetwork, owner: TcpSocket, sock: socket.socket, counts: NetState) -> None:
        self.net, self.owner, self.sock, self._counts = net, owner, sock, counts
        self.connecting, self.readable, self.writable, self.ending = True, False, False, False
        self.returned: Callable[[], None] | None = None

    def lend(self, returned: Callable[[], None]) -> int:
        """See KernelFile."""
        self.net.unwatch(self.sock.fileno())
        self.returned, self.readable, self.writable = returned, True, True
        return self.sock.fileno()

    def take_back(self, *, closing: bool = False) -> None:
        """Watch it again: what it has now is heard of at the next look."""
        returned, self.returned = self.returned, None
        if returned is not None:
            returned()
            if not closing:
                self.readable = self.writable = False
                self.net.watch_again(self.sock.fileno(), self)

    def events(self) -> int:
        """The POLL* bits that hold for a lent socket."""
        poll = select.poll()
        poll.register(self.sock.fileno(), _POLLED)
        found = next((each for _, each in poll.poll(0)), 0)
        events = found & ~(POLLIN | POLLOUT)
        return events | (files.IN if found & POLLIN else 0) | (files.OUT if found & POLLOUT else 0)

    def receive_lent(self, k: Kernel, n: int, *, peek: bool) -> Message | None:
        """Up to `n` bytes of a lent socket, None at the end. Raises WouldBlock."""
        data = bytearray(min(n, BUFFER_BYTES))
        received = self.receive_into(k, memoryview(data), socket.MSG_PEEK if peek else 0)
        del data[received:]
        return Message(data) if data else None

    def happened(self, k: Kernel, events: int) -> None:
        """See Watched."""
        owner = self.owner
        if events == _INPUT and self.writable:  # the usual news
            self.readable = True
            owner.arrived()
            return
        if self.connecting:
            if not events & _WRITABLE:
                return
            error = self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if error:
                self.connecting = False
                owner.fail(error)
                return
            self.connected()
        if events & _WRITABLE:
            self.writable = True
            owner.ring()
            if owner.starved:
                owner.fed()
        if events & _READABLE:
            self.readable = True
            owner.arrivals += 1
            if events & ~_INPUT:
                self.ending = True
                self.pump(k)
        if events & select.EPOLLERR and owner.ended and not owner.dead:
            owner.fail(errno.EPIPE)  # a reset, after the end

    def connected(self) -> None:
        """The other side has answered."""
        self.connecting, self.writable, self.owner.connected = False, True, True
        self.owner.spaces += 1  # an edge, and a new version

    def pump(self, k: Kernel) -> None:
        """Bring what the host has into the socket's queue, as far as there is room."""
        owner = self.owner
        while self.readable and not owner.ended and not owner.dead:
            room = min(owner.room(), _STEP)
            if room < _STEP // 4 and owner.messages:
                return
            try:
                data = self.sock.recv(room)
            except BlockingIOError:
                self.readable = False
                return
            except OSError as error:
                self.readable = False
                owner.fail(error.errno or errno.ECONNRESET)
                return
            if not data:
                self.readable = False
                owner.ended = True
                return
            self._count_received(len(data))
            owner.queue(Message(bytearray(data)))
            if len(data) < room and not self.ending:
                self.readable = False

    def receive_into(self, k: Kernel, room: memoryview, flags: int = 0) -> int:
        """Put what the host has into `room`: how many bytes, 0 at the end. For a socket whose queue is empty.

        flags: MSG_PEEK, where it is lent.
        """
        owner = self.owner
        try:
            if self.returned is not None:
                raise_failure(k)
            received = self.sock.recv_into(room, 0, flags)
        except BlockingIOError:
            self.readable = self.returned is not None
            raise WouldBlock(owner, POLLIN) from None
        except OSError as error:
            self.readable = False
            number = error.errno or errno.ECONNRESET
            owner.fail(0)
            raise LinuxError(number) from error
        if received and not flags:
            self._count_received(received)
        if self.returned is not None:
            return received
        if not received:
            self.readable, owner.ended = False, True
            return 0
        # The host tells of what comes, not of what is left; and the guest is to see the end before it reads it.
        if received == len(room) or self.ending:
            self.pump(k)
        else:
            self.readable = False
        return received

    def _count_received(self, nbytes: int) -> None:
        counts = self._counts
        counts.received += nbytes
        counts.received_packets += 1

    def send(self, k: Kernel, data: bytes | memoryview) -> int:
        """How many bytes the host took. Raises WouldBlock."""
        if not self.writable:
            self._await_room(k)
        try:
            if self.returned is not None:
                raise_failure(k)
            taken = self.sock.send(data)
        except OSError as error:
            raise self._refused(error) from None
        self._count_sent(taken)
        if taken < len(data) and self.returned is None:
            self.writable, self.owner.starved = False, True
        return taken

    def send_file(self, k: Kernel, host_file: int, offset: int, nbytes: int) -> int:
        """The same for part of a file of the host; 0 at its end."""
        if not self.writable:
            self._await_room(k)
        try:
            if self.returned is not None:
                raise_failure(k)
            taken = os.sendfile(self.sock.fileno(), host_file, offset, nbytes)
        except OSError as error:
            raise self._refused(error) from None
        self._count_sent(taken)
        return taken

    def _count_sent(self, nbytes: int) -> None:
        counts = self._counts
        counts.sent += nbytes
        counts.sent_packets += 1

    def _await_room(self, k: Kernel) -> None:
        self.owner.refresh(k)
        if not self.writable:
            self.owner.starved = True
            raise WouldBlock(self.owner, POLLOUT)

    def _refused(self, error: OSError) -> WouldBlock | LinuxError:
        """What to raise where the host takes nothing."""
        if isinstance(error, BlockingIOError):
            if self.returned is None:
                self.writable, self.owner.starved = False, True
            return WouldBlock(self.owner, POLLOUT)
        self.owner.fail(0)
        return LinuxError(error.errno or errno.EPIPE)

    def shutdown(self) -> None:
        """Send the end."""
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            return  # the connection is gone already: the guest reads that

    def close(self, *, reset: bool = False) -> None:
        if reset:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


class UdpLink:
    """The host's sockets behind a guest's UDP socket: one for each family, and those of published ports.

    peers: whom the guest has sent to, from whom packets are let in.
    """

    __slots__ = ("_of_family", "_peers", "net", "owner", "published")

    def __init__(self, net: HostNetwork, owner: UdpSocket) -> None:
        self.net, self.owner = net, owner
        self.published: list[HostPort] = []
        self._of_family: dict[int, socket.socket] = {}
        self._peers: set[Endpoint] = set()

    def _socket(self, length: int) -> socket.socket:
        sock = self._of_family.get(length)
        if sock is None:
            try:
                family = socket.AF_INET if length == 4 else socket.AF_INET6
                sock = socket.socket(family, socket.SOCK_DGRAM, self.owner.protocol)
            except OSError as error:
                raise LinuxError(error.errno or errno.ENETUNREACH) from error
            sock.setblocking(False)
            self._of_family[length] = sock
            self.net.watch(sock.fileno(), self)
        return sock

    def knows(self, target: Endpoint) -> bool:
        """Whether `target` has sent to a published port of the socket: it may be answered."""
        return any(target in port.clients for port in self.published)

    def connect(self, target: Endpoint) -> None:
        """Find out whether the host has a route."""
        real = host_address(target[0])
        with socket.socket(socket.AF_INET if len(real) == 4 else socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            result = probe.connect_ex((addresses.text(real), target[1]))
        if result:
            raise LinuxError(result)

    def send(self, k: Kernel, target: Endpoint, data: bytes | memoryview) -> int:
        """Send a packet out. What the host cannot take now is lost, as packets are."""
        real = host_address(target[0])
        answering = next((port for port in self.published if target in port.clients), None)
        try:
            if answering is not None:
                answering.answer(target, data)
            else:
                sock = self._socket(len(real))
                if len(self._peers) < _MAX_PEERS:
                    self._peers.add(target)
                sock.sendto(data, (addresses.text(real), target[1]))
        except BlockingIOError:
            return len(data)
        except OSError as error:
            raise LinuxError(error.errno or errno.ENETUNREACH) from error
        count_sent(k, len(data))
        return len(data)

    def happened(self, k: Kernel, events: int) -> None:
        """See Watched."""
        for length, sock in self._of_family.items():
            while True:
                try:
                    data, sender = sock.recvfrom(_MAX_PACKET)
                except BlockingIOError:
                    break
                except OSError as error:
                    if self.owner.connected:
                        self.owner.error = error.errno or errno.ECONNREFUSED
                    continue
                source = (
                    guest_address(socket.inet_pton(sock.family, sender[0].partition("%")[0])),
                    sender[1],
                )
                if source in self._peers and self.owner.hears(source):
                    local = self.owner.local or (CARD4, 0)
                    address = (CARD4 if length == 4 else CARD6) if addresses.is_any(local[0]) else local[0]
                    count_received(k, len(data))
                    self.owner.take(k, data, source, (address, local[1]))

    def close(self) -> None:
        for sock in self._of_family.values():
            self.net.unwatch(sock.fileno())
            sock.close()
