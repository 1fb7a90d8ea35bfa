"""AF_NETLINK: enough of rtnetlink(7) for getifaddrs(3), `ip` and Go: dumps of links, addresses and routes.

The network cannot be changed from inside: requests that would get EPERM.
"""

from __future__ import annotations

import errno
import struct
from typing import TYPE_CHECKING, ClassVar

from friscy.kernel.net import addresses
from friscy.kernel.net.addresses import (
    AF_INET,
    AF_INET6,
    AF_NETLINK,
    AF_UNSPEC,
    CARD4,
    GATEWAY4,
    GATEWAY6,
    Endpoint,
)
from friscy.kernel.net.interfaces import INTERFACES, LO, Interface, broadcast_of, traffic
from friscy.kernel.net.socket import DGRAM, RAW, Message, Socket, open_flags, place_of
from lazyfs.errors import LinuxError
from lazyfs.openfile import OpenFile

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Process, Task

NETLINK_ROUTE, NETLINK_SOCK_DIAG, NETLINK_KOBJECT_UEVENT, NETLINK_GENERIC = 0, 4, 15, 16
NLMSG_ERROR, NLMSG_DONE = 2, 3
NLM_F_REQUEST, NLM_F_MULTI, NLM_F_ACK, NLM_F_DUMP, NLM_F_DUMP_FILTERED = 1, 2, 4, 0x300, 0x20
RTM_NEWLINK, RTM_GETLINK, RTM_NEWADDR, RTM_GETADDR, RTM_NEWROUTE, RTM_GETROUTE = 16, 18, 20, 22, 24, 26
_GETS = {RTM_GETLINK: RTM_NEWLINK, RTM_GETADDR: RTM_NEWADDR, RTM_GETROUTE: RTM_NEWROUTE}
_HEADER = struct.Struct("<IHHII")
_NAME = struct.Struct("<HHII")
_PART_BYTES = 8192
_MAIN, _LOCAL = 254, 255
_PROTO_KERNEL, _PROTO_BOOT = 2, 3
_UNIVERSE, _LINK = 0, 253
_UNICAST, _LOCAL_ROUTE = 1, 2


class NetlinkSocket(Socket):
    """port: its address, the process that made it or a number of its own. groups: of broadcasts, which never come."""

    family: ClassVar[int] = AF_NETLINK

    port: int = 0
    groups: int = 0

    def own_name(self) -> bytes:
        """See Socket."""
        return _NAME.pack(AF_NETLINK, 0, self.port, self.groups)

    def peer_name(self) -> bytes:
        """See Socket: the kernel."""
        return _NAME.pack(AF_NETLINK, 0, 0, 0)

    def bind(self, k: Kernel, task: Task, name: bytes) -> None:
        """See Socket."""
        if len(name) < _NAME.size:
            raise LinuxError(errno.EINVAL)
        family, _, port, groups = _NAME.unpack_from(name)
        if family != AF_NETLINK or (self.port and port not in (0, self.port)):
            raise LinuxError(errno.EINVAL)
        self.port, self.groups = self.port or port or task.process.pid, groups

    def connect(self, k: Kernel, task: Task, name: bytes) -> None:
        """See Socket: only the kernel answers."""
        if len(name) < _NAME.size or _NAME.unpack_from(name)[0] not in (AF_NETLINK, AF_UNSPEC):
            raise LinuxError(errno.EINVAL)
        self.port = self.port or task.process.pid

    def set_option(self, k: Kernel, level: int, name: int, value: bytes) -> bool:
        """See Socket: the options of SOL_NETLINK are taken and change nothing."""
        return level == 270

    def send(
        self, k: Kernel, task: Task, data: bytes | memoryview, name: bytes | None, passed: list[OpenFile]
    ) -> int:
        """See Socket: requests, each answered at once."""
        self.port = self.port or task.process.pid
        raw, at = bytes(data), 0
        while at + _HEADER.size <= len(raw):
            length, kind, flags, sequence, _ = _HEADER.unpack_from(raw, at)
            if length < _HEADER.size or at + length > len(raw):
                break
            self._request(k, kind, flags, sequence, raw[at : at + length])
            at += -(-length // 4) * 4
        return len(data)

    def _request(self, k: Kernel, kind: int, flags: int, sequence: int, request: bytes) -> None:
        if not flags & NLM_F_REQUEST:
            return
        if self.protocol != NETLINK_ROUTE:
            self._reply(k, [self._error(errno.EOPNOTSUPP, sequence, request)])
            return
        if kind not in _GETS:
            self._reply(k, [self._error(errno.EPERM, sequence, request)])
            return
        body = request[_HEADER.size :]
        family = body[0] if body else AF_UNSPEC
        dump = flags & NLM_F_DUMP == NLM_F_DUMP
        if kind == RTM_GETLINK:
            found = _links(k, body, dump=dump)
        elif kind == RTM_GETADDR:
            found = _addresses(family)
        else:
            found = _routes(family) if dump else _route_to(body)
        multi = NLM_F_MULTI if dump else 0
        parts = [self._message(_GETS[kind], multi, sequence, each) for each in found]
        if dump:
            parts.append(self._message(NLMSG_DONE, NLM_F_MULTI, sequence, bytes(4)))
        elif not parts:
            parts = [
                self._error(errno.ENODEV if kind == RTM_GETLINK else errno.ENETUNREACH, sequence, request)
            ]
        elif flags & NLM_F_ACK:
            parts.append(self._error(0, sequence, request))
        self._reply(k, parts)

    def _message(self, kind: int, flags: int, sequence: int, body: bytes) -> bytes:
        size = _HEADER.size + len(body)
        return (_HEADER.pack(size, kind, flags, sequence, self.port) + body).ljust(-(-size // 4) * 4, b"\0")

    def _error(self, error: int, sequence: int, request: bytes) -> bytes:
        return self._message(NLMSG_ERROR, 0, sequence, struct.pack("<i", -error) + request[: _HEADER.size])

    def _reply(self, k: Kernel, parts: list[bytes]) -> None:
        """Queue messages, several to a packet; the end of a dump is in one of its own, as the kernel sends it."""
        packets: list[bytearray] = []
        for part in parts:
            last = part[4:6] == struct.pack("<H", NLMSG_DONE)
            if not packets or last or len(packets[-1]) + len(part) > _PART_BYTES:
                packets.append(bytearray())
            packets[-1] += part
        for packet in packets:
            self.deliver(k, Message(packet, _NAME.pack(AF_NETLINK, 0, 0, 0)))

    def tell_cookie(self, k: Kernel, cookie: bytes) -> None:
        """What mq_notify(2) registered comes back, as it is."""
        self.deliver(k, Message(bytearray(cookie), _NAME.pack(AF_NETLINK, 0, 0, 0)))

    def can_send(self, k: Kernel) -> bool:
        """See Socket."""
        return True

    def hung_up(self) -> bool:
        """See Socket."""
        return False

    def closed(self, k: Kernel) -> None:
        """See KernelFile."""
        self.discard(k)


def new_netlink_socket(
    k: Kernel, process: Process, kind: int, protocol: int, *, nonblocking: bool
) -> NetlinkSocket:
    """A socket of AF_NETLINK. EPROTONOSUPPORT: a protocol that nothing here speaks."""
    if kind not in (DGRAM, RAW):
        raise LinuxError(errno.ESOCKTNOSUPPORT)
    if protocol not in (NETLINK_ROUTE, NETLINK_SOCK_DIAG, NETLINK_KOBJECT_UEVENT, NETLINK_GENERIC):
        raise LinuxError(errno.EPROTONOSUPPORT)
    return NetlinkSocket(
        *place_of(k, process), open_flags(nonblocking=nonblocking), kind=DGRAM, protocol=protocol
    )


def _attribute(kind: int, data: bytes) -> bytes:
    size = 4 + len(data)
    return (struct.pack("<HH", size, kind) + data).ljust(-(-size // 4) * 4, b"\0")


def _number(kind: int, value: int) -> bytes:
    return _attribute(kind, struct.pack("<I", value))


# -- links --------------------------------------------------------------------------------------------

_IFLA_ADDRESS, _IFLA_BROADCAST, _IFLA_IFNAME, _IFLA_MTU, _IFLA_QDISC, _IFLA_STATS = 1, 2, 3, 4, 6, 7
_IFLA_TXQLEN, _IFLA_OPERSTATE, _IFLA_LINKMODE, _IFLA_STATS64, _IFLA_GROUP, _IFLA_CARRIER = (
    13,
    16,
    17,
    23,
    27,
    33,
)
_IFLA_EXT_MASK, _IFLA_ALT_IFNAME = 29, 53
_OPER_UNKNOWN, _OPER_UP = 0, 6


def _links(k: Kernel, body: bytes, *, dump: bool) -> list[bytes]:
    if dump:
        return [_link(k, each) for each in INTERFACES]
    index = struct.unpack_from("<i", body, 4)[0] if len(body) >= 8 else 0
    wanted = _attributes(body[16:])
    name = (wanted.get(_IFLA_IFNAME) or wanted.get(_IFLA_ALT_IFNAME) or b"").split(b"\0")[0]
    return [_link(k, each) for each in INTERFACES if (each.index == index if index else each.name == name)]


def _attributes(data: bytes) -> dict[int, bytes]:
    found, at = {}, 0
    while at + 4 <= len(data):
        size, kind = struct.unpack_from("<HH", data, at)
        if size < 4 or at + size > len(data):
            break
        found[kind & 0x3FFF] = data[at + 4 : at + size]
        at += -(-size // 4) * 4
    return found


def _link(k: Kernel, interface: Interface) -> bytes:
    received, received_packets, sent, sent_packets = traffic(k, interface)
    counters = (received_packets, sent_packets, received, sent, *[0] * 20)
    return (
        struct.pack("<BxHiII", AF_UNSPEC, interface.kind, interface.index, interface.flags, 0)
        + _attribute(_IFLA_IFNAME, interface.name + b"\0")
        + _number(_IFLA_TXQLEN, 1000)
        + _attribute(_IFLA_OPERSTATE, bytes((_OPER_UNKNOWN if interface is LO else _OPER_UP,)))
        + _attribute(_IFLA_LINKMODE, b"\0")
        + _number(_IFLA_MTU, interface.mtu)
        + _number(_IFLA_GROUP, 0)
        + _attribute(_IFLA_CARRIER, b"\1")
        + _attribute(_IFLA_QDISC, b"noqueue\0")
        + _attribute(_IFLA_ADDRESS, interface.mac)
        + _attribute(_IFLA_BROADCAST, interface.broadcast)
        + _attribute(_IFLA_STATS64, struct.pack("<24Q", *counters))
        + _attribute(_IFLA_STATS, struct.pack("<24I", *(each & 0xFFFF_FFFF for each in counters)))
    )


# -- addresses ----------------------------------------------------------------------------------------

_IFA_ADDRESS, _IFA_LOCAL, _IFA_LABEL, _IFA_BROADCAST, _IFA_CACHEINFO, _IFA_FLAGS = 1, 2, 3, 4, 6, 8
_IFA_F_PERMANENT = 0x80
_FOREVER = struct.pack("<IIII", 0xFFFF_FFFF, 0xFFFF_FFFF, 0, 0)


def _addresses(family: int) -> list[bytes]:
    return [
        _address(interface, address, prefix, scope)
        for size, kind in ((4, AF_INET), (16, AF_INET6))
        for interface in INTERFACES
        for address, prefix, scope in interface.addresses
        if len(address) == size and family in (AF_UNSPEC, kind)
    ]


def _address(interface: Interface, address: bytes, prefix: int, scope: int) -> bytes:
    kind = AF_INET if len(address) == 4 else AF_INET6
    data = struct.pack("<BBBBI", kind, prefix, _IFA_F_PERMANENT, scope, interface.index) + _attribute(
        _IFA_ADDRESS, address
    )
    if kind == AF_INET:
        data += _attribute(_IFA_LOCAL, address)
        if interface is not LO:
            data += _attribute(_IFA_BROADCAST, broadcast_of(address, prefix))
        data += _attribute(_IFA_LABEL, interface.name + b"\0")
    return data + _number(_IFA_FLAGS, _IFA_F_PERMANENT) + _attribute(_IFA_CACHEINFO, _FOREVER)


# -- routes -------------------------------------------------------------------------------------------

_RTA_DST, _RTA_OIF, _RTA_GATEWAY, _RTA_PREFSRC, _RTA_TABLE = 1, 4, 5, 7, 15


def _routes(family: int) -> list[bytes]:
    routes = []
    if family in (AF_UNSPEC, AF_INET):
        network4 = CARD4[:3] + b"\0"
        routes.append(_route(AF_INET, (b"", 0), _MAIN, _PROTO_BOOT, _UNIVERSE, gateway=GATEWAY4))
        routes.append(_route(AF_INET, (network4, 24), _MAIN, _PROTO_KERNEL, _LINK, source=CARD4))
    if family in (AF_UNSPEC, AF_INET6):
        network6 = addresses.CARD6[:8] + bytes(8)
        routes.append(_route(AF_INET6, (network6, 64), _MAIN, _PROTO_KERNEL, _UNIVERSE))
        routes.append(_route(AF_INET6, (b"", 0), _MAIN, _PROTO_BOOT, _UNIVERSE, gateway=GATEWAY6))
    return routes


def _route(
    family: int,
    to: Endpoint,
    table: int,
    protocol: int,
    scope: int,
    *,
    gateway: bytes = b"",
    source: bytes = b"",
    interface: int = 2,
) -> bytes:
    address, prefix = to
    kind = _LOCAL_ROUTE if table == _LOCAL else _UNICAST
    data = struct.pack("<BBBBBBBBI", family, prefix, 0, 0, table, protocol, scope, kind, 0)
    data += _number(_RTA_TABLE, table)
    if address:
        data += _attribute(_RTA_DST, address)
    if source:
        data += _attribute(_RTA_PREFSRC, source)
    if gateway:
        data += _attribute(_RTA_GATEWAY, gateway)
    return data + _number(_RTA_OIF, interface)


def _route_to(body: bytes) -> list[bytes]:
    """The route to one address (`ip route get`)."""
    target = _attributes(body[12:]).get(_RTA_DST, b"")
    family = body[0] if body else AF_INET
    if len(target) != (4 if family == AF_INET else 16):
        return []
    source = addresses.source_for(target)
    size = 8 * len(target)
    if addresses.is_local(target):
        return [
            _route(
                family, (target, size), _LOCAL, _PROTO_KERNEL, _UNIVERSE, source=source, interface=LO.index
            )
        ]
    near = target[:3] == CARD4[:3] if family == AF_INET else target[:8] == addresses.CARD6[:8]
    gateway = b"" if near else GATEWAY4 if family == AF_INET else GATEWAY6
    return [_route(family, (target, size), _MAIN, _PROTO_KERNEL, _UNIVERSE, gateway=gateway, source=source)]
