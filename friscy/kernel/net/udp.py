"""UDP sockets, and those of UDP-Lite (RFC 3828): the same with ports of their own."""

from __future__ import annotations

import errno
import struct
from typing import TYPE_CHECKING, ClassVar

from friscy.kernel.net import addresses
from friscy.kernel.net.addresses import AF_UNSPEC, LOOPBACK4, LOOPBACK6, Endpoint
from friscy.kernel.net.inet_socket import IPPROTO_UDP, IPPROTO_UDPLITE, InetSocket, count_looped, network
from friscy.kernel.net.socket import DGRAM, Message, open_flags, place_of
from lazyfs.errors import LinuxError
from lazyfs.openfile import OpenFile

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Process, Task

_MAX_PAYLOAD = 65507
_RCVBUF = 212_992
_UNICAST_HOPS, _TCLASS = 41 << 32 | 16, 41 << 32 | 67  # options of IPPROTO_IPV6
_HOPS = 64
_COVERAGE, _HEADER_BYTES = (10, 11), 8  # UDPLITE_SEND_CSCOV, UDPLITE_RECV_CSCOV
_OVERHEAD = 768  # what Linux counts for the smallest packet (its truesize)


class UdpSocket(InetSocket):
    """connected means that `remote` was set; packets from others are then not for it."""

    table: ClassVar[str] = "udp"
    header: ClassVar[tuple[int, int]] = (-1, -1)  # that sendmsg(2) gave the packet it sends now; not state

    def may_bind(self, address: bytes) -> bool:
        """See InetSocket."""
        return addresses.is_multicast(address) or addresses.is_broadcast(address)

    def bound(self, k: Kernel) -> None:
        """See InetSocket."""
        if k.policy.published:
            from friscy.kernel.net.host import host_network

            host_network(k).bound(k, self)

    def connect(self, k: Kernel, task: Task, name: bytes) -> None:
        """See Socket: choose whom to send to and hear from."""
        if len(name) >= 2 and int.from_bytes(name[:2], "little") == AF_UNSPEC:
            self.connected, self.remote = False, None
            return
        address, port = self.endpoint(name)
        if addresses.is_any(address):
            address = LOOPBACK6 if len(address) == 16 else LOOPBACK4
        if addresses.is_broadcast(address) and not self.broadcast:
            raise LinuxError(errno.EACCES)
        if not addresses.is_local(address):
            from friscy.kernel.net.host import host_network

            host_network(k).connect_udp(k, self, (address, port))
        self._ensure_bound(k, task, address)
        assert self.local is not None
        if addresses.is_any(self.local[0]):
            self.local = (addresses.source_for(address), self.local[1])
        self.connected, self.remote, self.error = True, (address, port), 0

    def _ensure_bound(self, k: Kernel, task: Task, _towards: bytes) -> None:
        if self.local is None:
            self.owner = task.process.credentials.euid
            self.take_port(k, self.any(), 0)

    def shutdown(self, k: Kernel, how: int) -> None:
        """See Socket."""
        if how in (0, 1, 2) and not self.connected:
            super().shutdown(k, how)
            raise LinuxError(errno.ENOTCONN)
        super().shutdown(k, how)

    def send(
        self, k: Kernel, task: Task, data: bytes | memoryview, name: bytes | None, passed: list[OpenFile]
    ) -> int:
        """See Socket. EDESTADDRREQ, EMSGSIZE, ECONNREFUSED: an earlier packet found nobody."""
        if self.error:
            self.take_error()
        if self.write_shut:
            raise LinuxError(errno.EPIPE)
        if name is not None and int.from_bytes(name[:2], "little") != AF_UNSPEC:
            address, port = self.endpoint(name)
        elif self.remote is not None and self.connected:
            address, port = self.remote
        else:
            raise LinuxError(errno.EDESTADDRREQ)
        if port == 0:
            raise LinuxError(errno.EINVAL)
        if len(data) > _MAX_PAYLOAD:
            raise LinuxError(errno.EMSGSIZE)
        if addresses.is_any(address):
            address = LOOPBACK6 if len(address) == 16 else LOOPBACK4
        if addresses.is_broadcast(address) and not self.broadcast:
            raise LinuxError(errno.EACCES)
        self._ensure_bound(k, task, address)
        if not addresses.is_local(address):
            from friscy.kernel.net.host import host_network

            return host_network(k).send_udp(k, self, (address, port), data)
        assert self.local is not None
        source = self.local[0]
        if addresses.is_any(source):
            source = addresses.source_for(address)
        if (address, port) == (addresses.RESOLVER, 53) and self.protocol == IPPROTO_UDP:
            from friscy.kernel.net.resolver import answer_packet

            answer_packet(k, self, bytes(data))
            return len(data)
        count_looped(k, len(data))
        target = find_receiver(k, (address, port), (source, self.local[1]), self.table)
        if target is None:
            if self.connected:
                self.error = errno.ECONNREFUSED  # the ICMP message that comes back
            return len(data)
        target.take(k, bytes(data), (source, self.local[1]), (address, port), self._header())
        return len(data)

    def _header(self) -> tuple[int, int]:
        """Hop limit and traffic class of the packet: the call's own, else the socket's."""
        hops, traffic_class = self.header
        return (
            self._number(_UNICAST_HOPS, _HOPS) if hops < 0 else hops,
            self._number(_TCLASS, 0) if traffic_class < 0 else traffic_class,
        )

    def _number(self, option: int, usual: int) -> int:
        """What an option was set to; `usual` where it was not, or to -1."""
        if option not in self.options:
            return usual
        value = int.from_bytes(self.options[option][:4], "little", signed=True)
        return usual if value < 0 else value

    def take(
        self, k: Kernel, data: bytes, sender: Endpoint, target: Endpoint, header: tuple[int, int] = (64, 0)
    ) -> bool:
        """A packet arrived; it is lost (False) where the queue is full."""
        if self.queued + len(self.messages) * _OVERHEAD + len(data) > _RCVBUF and self.messages:
            return False
        names = addresses.pack(self.domain, sender), addresses.pack(self.domain, target)
        self.deliver(k, Message(bytearray(data), names[0], target=names[1], header=header))
        return True

    def hears(self, sender: Endpoint) -> bool:
        """Whether packets from there are for it."""
        return not self.connected or self.remote == sender

    def check_receive(self, k: Kernel) -> None:
        """See Socket."""
        if k.network is not None:
            k.network.refresh(k)
        if self.error:
            self.take_error()

    def can_send(self, k: Kernel) -> bool:
        """See Socket."""
        return True

    def hung_up(self) -> bool:
        """See Socket."""
        return self.read_shut and self.write_shut

    def poll_events(self, k: Kernel) -> int:
        """See KernelFile."""
        if k.network is not None:
            k.network.refresh(k)
        return super().poll_events(k)

    def activity(self, k: Kernel) -> tuple[int, int] | None:
        """See KernelFile."""
        return self.arrivals, 0

    def closed(self, k: Kernel) -> None:
        """See KernelFile."""
        if k.network is not None:
            k.network.close_udp(self)
        super().closed(k)


class UdpLiteSocket(UdpSocket):
    """One of UDP-Lite. How much of a packet a checksum covers is remembered; no packet is damaged on its way."""

    table: ClassVar[str] = "udplite"

    def set_option(self, k: Kernel, level: int, name: int, value: bytes) -> bool:
        """See Socket: UDPLITE_SEND_CSCOV and UDPLITE_RECV_CSCOV, 0 for everything, else the header at least."""
        if level != IPPROTO_UDPLITE or name not in _COVERAGE:
            return super().set_option(k, level, name, value)
        if len(value) < 4:
            raise LinuxError(errno.EINVAL)
        (covered,) = struct.unpack_from("<i", value)
        covered = 0 if covered == 0 else min(max(covered, _HEADER_BYTES), 0xFFFF)
        self.options[level << 32 | name] = struct.pack("<i", covered)
        return True


def new_udp_socket(
    k: Kernel, process: Process, domain: int, protocol: int, *, nonblocking: bool
) -> UdpSocket:
    """A socket of AF_INET or AF_INET6. protocol: IPPROTO_UDP or IPPROTO_UDPLITE."""
    flags = open_flags(nonblocking=nonblocking)
    kind = UdpLiteSocket if protocol == IPPROTO_UDPLITE else UdpSocket
    return kind(*place_of(k, process), flags, kind=DGRAM, protocol=protocol, domain=domain)


def find_receiver(k: Kernel, endpoint: Endpoint, sender: Endpoint, table: str = "udp") -> UdpSocket | None:
    """Whom a packet is for: the socket that fits best, connected ones before others. table: of NetState."""
    best, choice = 0, None
    for socket in getattr(network(k), table).get(endpoint[1], ()):
        assert isinstance(socket, UdpSocket)
        fit = socket.answers(endpoint)
        if not fit or not socket.hears(sender):
            continue
        fit += 2 * socket.connected
        if fit > best:
            best, choice = fit, socket
    return choice
