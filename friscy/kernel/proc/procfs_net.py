"""/proc/net and /sys/class/net: the sockets and the interfaces of the machine. Formats are Linux's own (proc(5))."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from friscy.kernel.devices import devices
from friscy.kernel.net import addresses
from friscy.kernel.net.inet_socket import InetSocket, network
from friscy.kernel.net.interfaces import CARD, INTERFACES, LO, Interface, netmask, traffic
from friscy.kernel.net.socket import DGRAM
from friscy.kernel.proc.synthtree import Directory, File, Node

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel

_HEAD = b"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode"
_HEAD6 = (
    b"  sl  local_address                         remote_address                        st tx_queue rx_queue tr "
    b"tm->when retrnsmt   uid  timeout inode"
)


def net_directory(k: Kernel) -> Directory:
    """/proc/PID/net."""
    tables: dict[bytes, Callable[[], bytes]] = {
        b"tcp": lambda: _tcp(k, 4),
        b"tcp6": lambda: _tcp(k, 16),
        b"udp": lambda: _udp(k, network(k).udp, 4),
        b"udp6": lambda: _udp(k, network(k).udp, 16),
        b"udplite": lambda: _udp(k, network(k).udplite, 4),
        b"udplite6": lambda: _udp(k, network(k).udplite, 16),
        b"unix": lambda: _unix(k),
        b"dev": lambda: _dev(k),
        b"route": _route,
        b"if_inet6": _if_inet6,
        b"ipv6_route": _ipv6_route,
    }
    fixed = {
        b"raw": _HEAD + b" ref pointer drops\n",
        b"netlink": b"sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode\n",
        b"arp": b"IP address       HW type     Flags       HW address            Mask     Device\n",
        b"packet": b"sk       RefCnt Type Proto  Iface R Rmem   User   Inode\n",
        b"protocols": b"protocol  size sockets  memory press maxhdr  slab module\n",
        b"snmp": b"",
        b"wireless": b"",
    }
    nodes: dict[bytes, Node] = {name: File(read) for name, read in tables.items()}
    nodes.update({name: File(text) for name, text in fixed.items()})
    return Directory(nodes)


def _endpoint(endpoint: addresses.Endpoint | None, size: int) -> bytes:
    """ADDRESS:PORT in hexadecimal, the address as 32-bit words of the machine."""
    address, port = endpoint or (bytes(size), 0)
    raw = addresses.mapped(address) if size == 16 and any(address) else address.ljust(size, b"\0")
    words = b"".join(b"%08X" % int.from_bytes(raw[i : i + 4], "little") for i in range(0, size, 4))
    return b"%s:%04X" % (words, port)


def _line(number: int, socket: InetSocket, state: int, waiting: int, size: int, tail: bytes) -> bytes:
    remote = socket.remote if socket.connected else None
    return b"%4d: %s %s %02X 00000000:%08X 00:00000000 00000000 %5d        0 %d %s\n" % (
        number, _endpoint(socket.local, size), _endpoint(remote, size), state, waiting, socket.owner,
        socket.inode.ino, tail,
    )  # fmt: skip


def _of_family(table: dict[int, list[InetSocket]], size: int) -> list[InetSocket]:
    family = addresses.AF_INET if size == 4 else addresses.AF_INET6
    return [socket for sockets in table.values() for socket in sockets if socket.domain == family]


def _tcp(k: Kernel, size: int) -> bytes:
    from friscy.kernel.net.tcp import TcpSocket
    from friscy.kernel.net.tcp_options import state_of

    lines = [(_HEAD if size == 4 else _HEAD6).ljust(149 if size == 4 else 0) + b"\n"]
    for number, socket in enumerate(_of_family(network(k).tcp, size)):
        assert isinstance(socket, TcpSocket)
        socket.take_in(k)
        waiting = len(socket.pending) if socket.listening else socket.queued
        tail = b"1 0000000000000000 100 0 0 10 0" if socket.listening else b"1 0000000000000000 20 4 30 10 -1"
        lines.append(_line(number, socket, state_of(socket), waiting, size, tail))
    return b"".join(lines)


def _udp(k: Kernel, table: dict[int, list[InetSocket]], size: int) -> bytes:
    lines = [(_HEAD if size == 4 else _HEAD6) + b" ref pointer drops\n"]
    for number, socket in enumerate(_of_family(table, size)):
        state = 1 if socket.connected else 7
        lines.append(_line(number, socket, state, socket.queued, size, b"2 0000000000000000 0"))
    return b"".join(lines)


def _unix(k: Kernel) -> bytes:
    lines = [b"Num       RefCount Protocol Flags    Type St Inode Path\n"]
    for socket in devices(k).sockets:
        flags, state = (0x10000, 1) if socket.listening else (0, 3 if socket.connected else 1)
        path = b"@" + socket.name[1:] if socket.name.startswith(b"\0") else socket.name
        lines.append(
            b"0000000000000000: %08X 00000000 %08X %04X %02X %5d %s\n"
            % (2, flags, DGRAM if socket.kind == DGRAM else socket.kind, state, socket.inode.ino, path)
        )
    return b"".join(lines)


def _dev(k: Kernel) -> bytes:
    text = (
        b"Inter-|   Receive                                                |  Transmit\n"
        b" face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo "
        b"colls carrier compressed\n"
    )
    for interface in INTERFACES:
        received, received_packets, sent, sent_packets = traffic(k, interface)
        text += b"%6s: %7d %7d    0    0    0     0          0         0" % (
            interface.name,
            received,
            received_packets,
        )
        text += b" %8d %7d    0    0    0     0       0          0\n" % (sent, sent_packets)
    return text


def _hex4(address: bytes) -> bytes:
    return b"%08X" % int.from_bytes(address, "little")


def _route() -> bytes:
    text = (
        b"Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT".ljust(127)
        + b"\n"
    )
    rows = (
        (bytes(4), addresses.GATEWAY4, 3, bytes(4)),
        (addresses.CARD4[:3] + b"\0", bytes(4), 1, netmask(addresses.CARD4_PREFIX)),
    )
    for to, gateway, flags, mask in rows:
        line = b"eth0\t%s\t%s\t%04X\t0\t0\t0\t%s\t0\t0\t0" % (_hex4(to), _hex4(gateway), flags, _hex4(mask))
        text += line.ljust(127) + b"\n"
    return text


def _if_inet6() -> bytes:
    scopes = {254: 0x10, 253: 0x20, 0: 0}
    return b"".join(
        b"%s %02x %02x %02x 80 %8s\n"
        % (address.hex().encode(), interface.index, prefix, scopes[scope], interface.name)
        for interface in INTERFACES
        for address, prefix, scope in interface.addresses
        if len(address) == 16
    )


def _ipv6_route() -> bytes:
    none = b"0" * 32
    gateway = addresses.GATEWAY6.hex().encode()
    return b"%s 40 %s 00 %s 00000100 00000001 00000000 00000001     eth0\n" % (
        (addresses.CARD6[:8] + bytes(8)).hex().encode(),
        none,
        none,
    ) + b"%s 00 %s 00 %s 00000400 00000001 00000000 00000003     eth0\n" % (none, none, gateway)


def class_net(k: Kernel) -> Directory:
    """/sys/class/net."""
    return Directory({each.name: _interface(k, each) for each in INTERFACES})


def _interface(k: Kernel, interface: Interface) -> Directory:
    def counter(index: int) -> File:
        return File(lambda: b"%d\n" % traffic(k, interface)[index])

    mac = b":".join(b"%02x" % byte for byte in interface.mac)
    values: dict[bytes, bytes | int] = {
        b"address": mac, b"broadcast": b":".join(b"%02x" % byte for byte in interface.broadcast),
        b"addr_len": 6, b"carrier": 1, b"flags": b"0x%x" % (interface.flags & 0xFFFF), b"ifindex": interface.index,
        b"iflink": interface.index, b"mtu": interface.mtu, b"operstate": b"unknown" if interface is LO else b"up",
        b"tx_queue_len": 1000, b"type": interface.kind,
    }  # fmt: skip
    if interface is CARD:
        values.update({b"speed": 10000, b"duplex": b"full"})
    nodes: dict[bytes, Node] = {
        name: File(b"%d\n" % value if isinstance(value, int) else value + b"\n")
        for name, value in values.items()
    }
    names = (b"rx_bytes", b"rx_packets", b"tx_bytes", b"tx_packets")
    nodes[b"statistics"] = Directory({name: counter(index) for index, name in enumerate(names)})
    return Directory(nodes)
