"""Sockets of the host behind sockets of the guest."""

from __future__ import annotations

import errno
import select
import socket
import struct
from typing import TYPE_CHECKING

from friscy.kernel.net import addresses
from friscy.kernel.net.addresses import CARD4, CARD6, Endpoint, guest_address, host_address
from friscy.kernel.net.inet_socket import count_received, count_sent
from friscy.kernel.net.socket import Message
from friscy.kernel.net.tcp import TcpSocket
from friscy.kernel.net.udp import UdpSocket
from lazyfs.abi import POLLOUT
from lazyfs.errors import LinuxError, WouldBlock

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.net.host import HostNetwork
    from friscy.kernel.net.host_port import HostPort

_READABLE = select.EPOLLIN | select.EPOLLRDHUP | select.EPOLLHUP | select.EPOLLERR
_WRITABLE = select.EPOLLOUT | select.EPOLLERR | select.EPOLLHUP
_STEP = 1 << 16
_MAX_PACKET = 1 << 16
_MAX_PEERS = 4096


class TcpLink:
    """The host's socket behind a guest's TCP socket.

    readable, writable: what the host said last. ending: it said that the other side sends no more.
    """

    __slots__ = ("connecting", "ending", "owner", "readable", "sock", "writable")

    def __init__(self, owner: TcpSocket, sock: socket.socket) -> None:
        self.owner, self.sock = owner, sock
        self.connecting, self.readable, self.writable, self.ending = True, False, False, False

    def happened(self, k: Kernel, events: int) -> None:
        """See Watched."""
        if self.connecting:
            if not events & _WRITABLE:
                return
            error = self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if error:
                self.connecting = False
                self.owner.fail(error)
                return
            self.connected()
        if events & _WRITABLE:
            self.writable = True
            self.owner.touch()
            if self.owner.starved:
                self.owner.fed()
        if events & _READABLE:
            self.readable = True
            self.ending = self.ending or bool(events & ~(select.EPOLLIN | select.EPOLLOUT))
            self.pump(k)
        if events & select.EPOLLERR and self.owner.ended and not self.owner.dead:
            self.owner.fail(errno.EPIPE)  # a reset, after the end

    def connected(self) -> None:
        """The other side has answered."""
        self.connecting, self.writable, self.owner.connected = False, True, True
        self.owner.spaces += 1  # an edge, and a new version

    def pump(self, k: Kernel) -> None:
        """Bring what the host has received into the guest's queue, as far as there is room."""
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
            count_received(k, len(data))
            owner.deliver(k, Message(bytearray(data)))
            if len(data) < room and not self.ending:
                self.readable = False

    def send(self, k: Kernel, data: bytes | memoryview) -> int:
        """How many bytes the host took. Raises WouldBlock."""
        owner = self.owner
        if not self.writable:
            owner.starved = True
            raise WouldBlock(owner, POLLOUT)
        try:
            taken = self.sock.send(data)
        except BlockingIOError:
            self.writable, owner.starved = False, True
            raise WouldBlock(owner, POLLOUT) from None
        except OSError as error:
            number = error.errno or errno.EPIPE
            owner.fail(0)
            raise LinuxError(number) from error
        count_sent(k, taken)
        if taken < len(data):
            self.writable, owner.starved = False, True
        return taken

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
                sock = socket.socket(socket.AF_INET if length == 4 else socket.AF_INET6, socket.SOCK_DGRAM)
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
