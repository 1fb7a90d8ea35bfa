"""The machine's two network interfaces, lo and eth0: netdevice(7) and the files of /proc/net and /sys/class/net."""

from __future__ import annotations

import errno
import struct
from typing import TYPE_CHECKING

from friscy.kernel.net import addresses
from friscy.kernel.net.addresses import AF_INET, CARD4, CARD6, CARD6_LINK, CARD_MAC, LOOPBACK4, LOOPBACK6
from friscy.kernel.net.inet_socket import count_short, network
from lazyfs.errors import LinuxError

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel

IFF_UP, IFF_BROADCAST, IFF_LOOPBACK, IFF_RUNNING, IFF_MULTICAST, IFF_LOWER_UP = 1, 2, 8, 0x40, 0x1000, 0x10000
ARPHRD_ETHER, ARPHRD_LOOPBACK = 1, 772
_IFREQ_BYTES = 40
_HOST_SCOPE, _LINK_SCOPE, _GLOBAL_SCOPE = 254, 253, 0


class Interface:
    """A network interface. addresses: (address, prefix length, RT_SCOPE_*)."""

    __slots__ = ("addresses", "broadcast", "flags", "index", "kind", "mac", "mtu", "name")

    def __init__(
        self,
        index: int,
        name: bytes,
        kind: int,
        flags: int,
        mtu: int,
        mac: bytes,
        held: list[tuple[bytes, int, int]],
        broadcast: bytes,
    ) -> None:
        self.index, self.name, self.kind, self.flags, self.mtu = index, name, kind, flags, mtu
        self.mac, self.addresses, self.broadcast = mac, held, broadcast

    @property
    def address4(self) -> tuple[bytes, int]:
        """Its IPv4 address and prefix length."""
        return next((address, prefix) for address, prefix, _ in self.addresses if len(address) == 4)


LO = Interface(
    1, b"lo", ARPHRD_LOOPBACK, IFF_UP | IFF_LOOPBACK | IFF_RUNNING | IFF_LOWER_UP, 65536, bytes(6),
    [(LOOPBACK4, 8, _HOST_SCOPE), (LOOPBACK6, 128, _HOST_SCOPE)], bytes(6),
)  # fmt: skip
CARD = Interface(
    2, b"eth0", ARPHRD_ETHER, IFF_UP | IFF_BROADCAST | IFF_RUNNING | IFF_MULTICAST | IFF_LOWER_UP, 1500, CARD_MAC,
    [
        (CARD4, addresses.CARD4_PREFIX, _GLOBAL_SCOPE), (CARD6, addresses.CARD6_PREFIX, _GLOBAL_SCOPE),
        (CARD6_LINK, 64, _LINK_SCOPE),
    ],
    b"\xff" * 6,
)  # fmt: skip
INTERFACES = (LO, CARD)


def traffic(k: Kernel, interface: Interface) -> tuple[int, int, int, int]:
    """(bytes received, packets received, bytes sent, packets sent)."""
    state = network(k)
    if interface is LO:
        return state.looped, state.looped_packets, state.looped, state.looped_packets
    for space in k.spaces.values():
        count_short(state, space.short_calls)
    return state.received, state.received_packets, state.sent, state.sent_packets


def netmask(prefix: int) -> bytes:
    """An IPv4 netmask of so many bits."""
    return ((1 << 32) - (1 << 32 - prefix)).to_bytes(4, "big")


def broadcast_of(address: bytes, prefix: int) -> bytes:
    """The IPv4 broadcast address of a network."""
    return (int.from_bytes(address, "big") | (1 << 32 - prefix) - 1).to_bytes(4, "big")


# -- ioctls -------------------------------------------------------------------------------------------

SIOCGIFNAME, SIOCGIFCONF, SIOCGIFFLAGS, SIOCGIFADDR, SIOCGIFDSTADDR = 0x8910, 0x8912, 0x8913, 0x8915, 0x8917
SIOCGIFBRDADDR, SIOCGIFNETMASK, SIOCGIFMETRIC, SIOCGIFMTU, SIOCGIFHWADDR = (
    0x8919,
    0x891B,
    0x891D,
    0x8921,
    0x8927,
)
SIOCGIFINDEX, SIOCGIFTXQLEN, SIOCGIFMAP = 0x8933, 0x8942, 0x8970
_SETTING = frozenset(
    (0x8914, 0x8916, 0x8918, 0x891A, 0x891C, 0x891E, 0x8922, 0x8924, 0x8923, 0x8943, 0x890B, 0x890C)
)


def _sockaddr(address: bytes) -> bytes:
    return addresses.pack(AF_INET, (address, 0))


_IFREQ_BYTES = 40


def interface_ioctl(k: Kernel, request: int, argument: int) -> int:
    """A request about an interface. ENODEV: none of that name; EPERM: what would change one."""
    if request == SIOCGIFCONF:
        return _list(k, argument)
    if request in _SETTING:
        k.mem.check(argument, _IFREQ_BYTES)
        raise LinuxError(errno.EPERM)
    if request == SIOCGIFNAME:
        index = k.mem.i32(argument + 16)
        named = next((each for each in INTERFACES if each.index == index), None)
        if named is None:
            raise LinuxError(errno.ENODEV)
        k.mem.write(argument, named.name.ljust(16, b"\0"))
        return 0
    name = k.mem.read(argument, 16).split(b"\0")[0]
    found = next((each for each in INTERFACES if each.name == name.partition(b":")[0]), None)
    value = None if found is None else _value(found, request)
    if value is None:
        raise LinuxError(errno.ENODEV if found is None else errno.ENOTTY)
    k.mem.write(argument + 16, value)
    return 0


def _value(interface: Interface, request: int) -> bytes | None:
    address, prefix = interface.address4
    if request == SIOCGIFFLAGS:
        return struct.pack("<H", interface.flags & 0xFFFF)
    if request in (SIOCGIFADDR, SIOCGIFDSTADDR):
        return _sockaddr(address)
    if request == SIOCGIFBRDADDR:
        return _sockaddr(bytes(4) if interface is LO else broadcast_of(address, prefix))
    if request == SIOCGIFNETMASK:
        return _sockaddr(netmask(prefix))
    if request == SIOCGIFHWADDR:
        return struct.pack("<H", interface.kind) + interface.mac.ljust(14, b"\0")
    numbers = {
        SIOCGIFMETRIC: 0,
        SIOCGIFMTU: interface.mtu,
        SIOCGIFINDEX: interface.index,
        SIOCGIFTXQLEN: 1000,
    }
    if request in numbers:
        return struct.pack("<i", numbers[request])
    return bytes(24) if request == SIOCGIFMAP else None


def _list(k: Kernel, argument: int) -> int:
    """SIOCGIFCONF: as many interfaces as there is room for; with no buffer, how much all need."""
    room, buffer = k.mem.i32(argument), k.mem.u64(argument + 8)
    records = [
        each.name.ljust(16, b"\0") + _sockaddr(each.address4[0]).ljust(24, b"\0") for each in INTERFACES
    ]
    if not buffer:
        k.mem.set_u32(argument, _IFREQ_BYTES * len(records))
        return 0
    data = b"".join(records[: max(room, 0) // _IFREQ_BYTES])
    k.mem.write(buffer, data)
    k.mem.set_u32(argument, len(data))
    return 0
