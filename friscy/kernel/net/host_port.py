"""Published ports: ports of the host that lead into the guest."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from friscy.kernel.net import addresses
from friscy.kernel.net.addresses import CARD4, CARD6, Endpoint, guest_address, host_address
from friscy.kernel.net.inet_socket import InetSocket, count_received
from friscy.kernel.net.policy import TCP, Published
from friscy.kernel.net.tcp import TcpSocket, find_listener
from friscy.kernel.net.udp import find_receiver
from lazyfs.errors import UsageError

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.net.host import HostNetwork

_BACKLOG = 4096
_MAX_PACKET = 1 << 16
_MAX_CLIENTS = 4096


class HostPort:
    """A port of the host that is published; it is taken from the start and answers while the guest listens.

    clients: for UDP, who has sent to it, as the guest knows them. full: connections wait until the guest has room.
    """

    def __init__(self, net: HostNetwork, published: Published) -> None:
        """UsageError: the port cannot be had."""
        self.net, self.published = net, published
        self.protocol, self.guest_port = published.protocol, published.guest_port
        self.clients: dict[Endpoint, bool] = {}
        self.full = self._listening = False
        self.sock = self._bound()
        if self.protocol != TCP:
            net.watch(self.sock.fileno(), self)

    def _bound(self) -> socket.socket:
        published = self.published
        host = published.address
        six = ":" in host or (not host and socket.has_dualstack_ipv6())
        kind = socket.SOCK_STREAM if self.protocol == TCP else socket.SOCK_DGRAM
        sock = socket.socket(socket.AF_INET6 if six else socket.AF_INET, kind)
        try:
            if six:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1 if host else 0)
            if self.protocol == TCP:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.setblocking(False)
            sock.bind((host or ("::" if six else "0.0.0.0"), published.host_port))
        except OSError as error:
            sock.close()
            raise UsageError(
                f"cannot publish {published}: {error.strerror}",
                hint="Another program has that port of this machine, or this user may not have it.",
            ) from error
        published.host_port = sock.getsockname()[1]
        return sock

    def where(self) -> str:
        """ADDRESS:PORT on the host."""
        address, port = self.sock.getsockname()[:2]
        return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"

    def reaches(self, owner: InetSocket) -> bool:
        """Whether packets for the port are for this socket of the guest: they come by its network card."""
        if owner.local is None:
            return False
        return any(owner.answers(target) for target in self._targets())

    def _targets(self) -> list[Endpoint]:
        return [(CARD4, self.guest_port), (CARD6, self.guest_port)]

    # -- TCP ------------------------------------------------------------------------------------------

    def listen(self) -> None:
        """Let connections in."""
        if not self._listening:
            self._listening = True
            self.sock.listen(_BACKLOG)
            self.net.watch(self.sock.fileno(), self)

    def refuse(self) -> None:
        """Nobody listens any more: a port that is bound and does not listen refuses."""
        if self._listening:
            self._listening = self.full = False
            self.close()
            self.sock = self._bound()

    def listener(self, k: Kernel, *, rotate: bool = False) -> TcpSocket | None:
        """Whom a connection would be for."""
        found = (find_listener(k, target, rotate=rotate) for target in self._targets())
        return next((each for each in found if each is not None), None)

    def accept(self, k: Kernel) -> None:
        """Take in the connections that wait, as far as the guest's listeners have room."""
        while self._listening:
            listener = self.listener(k, rotate=True)
            if listener is None:
                return
            if not listener.has_room():
                self.full = True
                return
            try:
                sock, sender = self.sock.accept()
            except BlockingIOError:
                self.full = False
                return
            except OSError:
                continue  # that connection went away while it waited
            client = _endpoint(sock, sender)
            local = (CARD4 if len(client[0]) == 4 else CARD6, self.guest_port)
            self.net.adopt(k, listener.child(k, local, client), sock)

    # -- UDP ------------------------------------------------------------------------------------------

    def _receive(self, k: Kernel) -> None:
        while True:
            try:
                data, sender = self.sock.recvfrom(_MAX_PACKET)
            except BlockingIOError:
                return
            except OSError:
                continue  # an answer that its client did not want
            client = _endpoint(self.sock, sender)
            target = (CARD4 if len(client[0]) == 4 else CARD6, self.guest_port)
            receiver = find_receiver(k, target, client)
            if receiver is None:
                continue
            self.clients.pop(client, None)
            self.clients[client] = True
            if len(self.clients) > _MAX_CLIENTS:
                del self.clients[next(iter(self.clients))]
            count_received(k, len(data))
            receiver.take(k, data, client, target)

    def answer(self, client: Endpoint, data: bytes | memoryview) -> None:
        """Send a packet to one that has sent one. Raises OSError."""
        address = host_address(client[0])
        if self.sock.family == socket.AF_INET6:
            address = addresses.mapped(address)
        self.sock.sendto(data, (addresses.text(address), client[1]))

    def happened(self, k: Kernel, events: int) -> None:
        """See Watched."""
        if self.protocol == TCP:
            self.accept(k)
        else:
            self._receive(k)

    def close(self) -> None:
        self.net.unwatch(self.sock.fileno())
        self.sock.close()


def _endpoint(sock: socket.socket, sender: tuple[str, int]) -> Endpoint:
    """Where a packet or connection came from, as the guest sees it."""
    raw = socket.inet_pton(sock.family, sender[0].partition("%")[0])
    return guest_address(addresses.unmapped(raw)), sender[1]
