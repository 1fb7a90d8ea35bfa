"""What TCP and UDP sockets share: addresses, ports, and who may have which.

A port is in the table of its protocol as long as a socket is bound to it. Ports of both families are in one table:
a socket of AF_INET6 is bound in IPv4 too unless IPV6_V6ONLY says otherwise.

Gap: a closed connection leaves no TIME_WAIT behind; its port is free at once.
"""

from __future__ import annotations

import errno
import struct
from typing import TYPE_CHECKING, ClassVar

from friscy.kernel.devices import devices
from friscy.kernel.net import addresses
from friscy.kernel.net.addresses import AF_INET6, AF_UNSPEC, ANY4, ANY6, Endpoint
from friscy.kernel.net.socket import Socket
from lazyfs.errors import LinuxError
from lazyfs.plain import Plain, default

if TYPE_CHECKING:
    from collections.abc import Iterable

    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Process, Task
    from friscy.machine.short_calls import ShortCalls

IPPROTO_ICMP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMPV6, IPPROTO_UDPLITE = 1, 6, 17, 58, 136
EPHEMERAL = range(32768, 61000)  # net.ipv4.ip_local_port_range
CAP_NET_BIND_SERVICE, CAP_NET_RAW = 10, 13


class NetState(Plain):
    """The machine's network: who has which port.

    names: what the guest knows addresses by, from its resolver. hosts: numbers the sockets that have one of the host
    behind them.
    """

    tcp: dict[int, list[InetSocket]] = default(dict)
    udp: dict[int, list[InetSocket]] = default(dict)
    udplite: dict[int, list[InetSocket]] = default(dict)
    listeners: dict[int, list[InetSocket]] = default(dict)  # those of tcp that listen
    names: dict[bytes, list[str]] = default(dict)
    last_port: int = 0
    hosts: int = 0
    received: int = 0  # bytes and packets of eth0, for /proc/net/dev
    received_packets: int = 0
    sent: int = 0
    sent_packets: int = 0
    looped: int = 0
    looped_packets: int = 0


class InetSocket(Socket):
    """local, remote: endpoints, None where not bound or connected. domain: AF_INET or AF_INET6.

    host: the number of what the host's side has for it (`HostNetwork.links`), 0 for nothing.
    """

    table: ClassVar[str] = ""  # of NetState

    domain: int = 2
    local: Endpoint | None = None
    remote: Endpoint | None = None
    host: int = 0
    v6only: bool = False
    reuse_address: bool = False
    reuse_port: bool = False
    owner: int = 0  # effective uid, for SO_REUSEPORT
    broadcast: bool = False

    # -- names ----------------------------------------------------------------------------------------

    def own_name(self) -> bytes:
        """See Socket."""
        return addresses.pack(self.domain, self.local or (self.any(), 0))

    def peer_name(self) -> bytes:
        """See Socket."""
        if self.remote is None or not self.connected:
            raise LinuxError(errno.ENOTCONN)
        return addresses.pack(self.domain, self.remote)

    def any(self) -> bytes:
        """The wildcard address of its family."""
        return ANY6 if self.domain == AF_INET6 else ANY4

    def endpoint(self, name: bytes) -> Endpoint:
        """The endpoint that a struct sockaddr means to this socket."""
        address, port = addresses.unpack(self.domain, name)
        if self.v6only and len(address) == 4:
            raise LinuxError(errno.ENETUNREACH)
        return address, port

    def bind(self, k: Kernel, task: Task, name: bytes) -> None:
        """See Socket. EADDRINUSE, EADDRNOTAVAIL, EACCES, EINVAL: it is bound already."""
        family = int.from_bytes(name[:2], "little")
        address, port = addresses.unpack(self.domain, name)
        if family == AF_UNSPEC and any(address):
            raise LinuxError(errno.EAFNOSUPPORT)
        if self.v6only and len(address) == 4:
            raise LinuxError(errno.EINVAL)
        if not addresses.is_local(address) and not self.may_bind(address):
            raise LinuxError(errno.EADDRNOTAVAIL)
        if 0 < port < 1024 and not has_capability(task.process, CAP_NET_BIND_SERVICE):
            raise LinuxError(errno.EACCES)
        if self.local is not None:
            raise LinuxError(errno.EINVAL)
        self.owner = task.process.credentials.euid
        self.take_port(k, address, port)
        self.bound(k)

    def may_bind(self, address: bytes) -> bool:
        """Whether the address need not be one of the machine's."""
        return False

    def bound(self, k: Kernel) -> None:
        """It has a name now."""

    def take_port(self, k: Kernel, address: bytes, port: int) -> None:
        """Enter the socket under a port, any free one for 0. EADDRINUSE."""
        state = network(k)
        table = getattr(state, self.table)
        if port == 0:
            size = len(EPHEMERAL)
            start = state.last_port or int.from_bytes(k.random(2), "little")
            for step in range(1, size + 1):
                port = EPHEMERAL[(start + step) % size]
                if port not in table:
                    state.last_port = (start + step) % size
                    break
            else:
                raise LinuxError(errno.EADDRINUSE)
        elif any(self._conflicts(other, address) for other in table.get(port, ())):
            raise LinuxError(errno.EADDRINUSE)
        self.local = (address, port)
        table.setdefault(port, []).append(self)

    def _conflicts(self, other: InetSocket, address: bytes) -> bool:
        """Whether two sockets cannot have the same port (inet_csk_bind_conflict)."""
        assert other.local is not None
        theirs = other.local[0]
        if not _overlap(address, self.v6only, theirs, other.v6only):
            return False
        if self.reuse_address and other.reuse_address and not (other.listening and self.table == "tcp"):
            return False
        return not (self.reuse_port and other.reuse_port and self.owner == other.owner)

    def leave_port(self, k: Kernel) -> None:
        """Give the port back."""
        if self.local is None:
            return
        table, port = getattr(network(k), self.table), self.local[1]
        left = [socket for socket in table.get(port, ()) if socket is not self]
        if left:
            table[port] = left
        else:
            table.pop(port, None)
        self.local = None

    def answers(self, endpoint: Endpoint) -> int:
        """How well the socket's name fits a packet to `endpoint`: 0 not at all, 2 by address, 1 by wildcard."""
        assert self.local is not None
        address, port = self.local
        if port != endpoint[1]:
            return 0
        if address == endpoint[0]:
            return 2
        if addresses.is_any(address):
            both = len(address) == 16 and not self.v6only
            return 1 if both or len(address) == len(endpoint[0]) else 0
        return 0

    def host_fds(self, k: Kernel, events: int) -> Iterable[tuple[int, int]]:
        """See KernelFile."""
        return () if k.network is None else k.network.host_fds()

    def closed(self, k: Kernel) -> None:
        """See KernelFile."""
        self.leave_port(k)
        self.discard(k)

    # -- options --------------------------------------------------------------------------------------

    def set_option(self, k: Kernel, level: int, name: int, value: bytes) -> bool:
        """See Socket."""
        if (level, name) == (1, 2):
            self.reuse_address = any(value[:4])
        elif (level, name) == (1, 15):
            self.reuse_port = any(value[:4])
        elif (level, name) == (1, 6):
            self.broadcast = any(value[:4])
        elif (level, name) == (41, 26):  # IPV6_V6ONLY
            if self.local is not None:
                raise LinuxError(errno.EINVAL)
            self.v6only = any(value[:4])
        else:
            return False
        return True

    def get_option(self, k: Kernel, level: int, name: int) -> bytes | None:
        """See Socket."""
        known = {
            (1, 2): self.reuse_address, (1, 15): self.reuse_port, (1, 6): self.broadcast, (41, 26): self.v6only,
        }  # fmt: skip
        return struct.pack("<i", known[level, name]) if (level, name) in known else None


def _overlap(one: bytes, one_v6only: bool, other: bytes, other_v6only: bool) -> bool:
    """Whether two addresses have a packet that would be for both."""
    if len(one) == len(other):
        return one == other or addresses.is_any(one) or addresses.is_any(other)
    six, only, four = (one, one_v6only, other) if len(one) == 16 else (other, other_v6only, one)
    return addresses.is_any(six) and not only and len(four) == 4


def network(k: Kernel) -> NetState:
    """The machine's `NetState`, made on first use."""
    found = k.state.devices or devices(k)
    state: NetState | None = found.network
    if state is None:
        state = found.network = NetState()
    return state


def count_looped(k: Kernel, nbytes: int) -> None:
    """Bytes that went through the interface lo."""
    state = network(k)
    state.looped += nbytes
    state.looped_packets += 1


def count_received(k: Kernel, nbytes: int) -> None:
    """Bytes that came in by the interface eth0."""
    state = network(k)
    state.received += nbytes
    state.received_packets += 1


def count_sent(k: Kernel, nbytes: int) -> None:
    """Bytes that went out by the interface eth0."""
    state = network(k)
    state.sent += nbytes
    state.sent_packets += 1


def count_short(state: NetState, calls: ShortCalls) -> None:
    """The same for what short calls have received and sent since the last time."""
    received, received_packets, sent, sent_packets = calls.take_traffic()
    state.received += received
    state.received_packets += received_packets
    state.sent += sent
    state.sent_packets += sent_packets


def has_capability(process: Process, number: int) -> bool:
    return bool(process.credentials.cap_effective >> number & 1)
