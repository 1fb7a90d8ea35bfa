"""Internet addresses: struct sockaddr_in and sockaddr_in6, and the addresses that this machine has itself.

An address is 4 or 16 bytes in network order, an endpoint is (address, port). IPv4 inside a socket of AF_INET6 is
4 bytes here and ::ffff:a.b.c.d to the program.
"""

from __future__ import annotations

import errno
import struct

from lazyfs.errors import LinuxError

AF_UNSPEC, AF_UNIX, AF_INET, AF_INET6, AF_NETLINK = 0, 1, 2, 10, 16

Endpoint = tuple[bytes, int]

ANY4, ANY6 = bytes(4), bytes(16)
LOOPBACK4, LOOPBACK6 = bytes((127, 0, 0, 1)), bytes(15) + b"\1"
# The one network card, as user-mode network stacks have it: nobody outside ever sees these.
CARD4, CARD4_PREFIX = bytes((10, 0, 2, 15)), 24
CARD6, CARD6_PREFIX = bytes.fromhex("fec00000000000000000000000000015"), 64
CARD6_LINK = bytes.fromhex("fe80000000000000504400fffe120002")
CARD_MAC = bytes.fromhex("524400120002")
GATEWAY4 = bytes((10, 0, 2, 2))  # stands for the host's own loopback
GATEWAY6 = bytes.fromhex("fec00000000000000000000000000002")
RESOLVER = bytes((127, 0, 0, 11))  # as docker's embedded DNS server
_MAPPED = bytes(10) + b"\xff\xff"
_IN, _IN6 = struct.Struct("!2xH4s"), struct.Struct("!2xHI16s")


def unpack(family: int, data: bytes) -> Endpoint:
    """The endpoint of a struct sockaddr for a socket of `family`. EINVAL: too short; EAFNOSUPPORT."""
    if len(data) < 2:
        raise LinuxError(errno.EINVAL)
    own = int.from_bytes(data[:2], "little")
    if family == AF_INET:
        if len(data) < 16:
            raise LinuxError(errno.EINVAL)
        if own not in (AF_INET, AF_UNSPEC):
            raise LinuxError(errno.EAFNOSUPPORT)
        port, address = _IN.unpack_from(data)
        return address, port
    if len(data) < 24:
        if own == AF_INET:
            raise LinuxError(errno.EAFNOSUPPORT)
        raise LinuxError(errno.EINVAL)
    if own != AF_INET6:
        raise LinuxError(errno.EAFNOSUPPORT)
    port, _, address = _IN6.unpack_from(data)
    return unmapped(address), port


def pack(family: int, endpoint: Endpoint) -> bytes:
    """The struct sockaddr by which a socket of `family` sees `endpoint`."""
    address, port = endpoint
    if family == AF_INET:
        return struct.pack("<H", AF_INET) + struct.pack("!H4s8x", port, address)
    scope = 2 if address[:2] == b"\xfe\x80" else 0
    return (
        struct.pack("<H", AF_INET6)
        + struct.pack("!HI16s", port, 0, mapped(address))
        + struct.pack("<I", scope)
    )


def mapped(address: bytes) -> bytes:
    """An address as IPv6: ::ffff:a.b.c.d where it is IPv4."""
    return address if len(address) == 16 else _MAPPED + address


def unmapped(address: bytes) -> bytes:
    """The IPv4 address in ::ffff:a.b.c.d, any other as it is."""
    return address[12:] if address[:12] == _MAPPED else address


def is_any(address: bytes) -> bool:
    """Whether it is 0.0.0.0 or ::."""
    return not any(address)


def is_local(address: bytes) -> bool:
    """Whether packets for it never leave the machine."""
    if len(address) == 4:
        return address[0] == 127 or address == CARD4 or is_any(address)
    return address in (LOOPBACK6, CARD6, CARD6_LINK, ANY6)


def is_loopback(address: bytes) -> bool:
    """Whether it is of the interface lo."""
    return address[0] == 127 if len(address) == 4 else address == LOOPBACK6


def source_for(address: bytes) -> bytes:
    """The address that a packet for `address` comes from when the socket is bound to none."""
    if len(address) == 4:
        return LOOPBACK4 if address[0] == 127 else CARD4
    return LOOPBACK6 if address == LOOPBACK6 else CARD6_LINK if address[:2] == b"\xfe\x80" else CARD6


def host_address(address: bytes) -> bytes:
    """What the host knows the guest's `address` by: the gateway is the host's own loopback."""
    return LOOPBACK4 if address == GATEWAY4 else LOOPBACK6 if address == GATEWAY6 else address


def guest_address(address: bytes) -> bytes:
    """What the guest knows the host's `address` by."""
    if is_loopback(address):
        return GATEWAY4 if len(address) == 4 else GATEWAY6
    return address


def is_multicast(address: bytes) -> bool:
    return address[0] & 0xF0 == 0xE0 if len(address) == 4 else address[0] == 0xFF


def is_broadcast(address: bytes) -> bool:
    return address in (b"\xff\xff\xff\xff", CARD4[:3] + b"\xff")


def text(address: bytes) -> str:
    """As inet_ntop(3) writes it."""
    import socket

    return socket.inet_ntop(socket.AF_INET if len(address) == 4 else socket.AF_INET6, address)


def parse(word: str) -> bytes | None:
    """The address that a text form is of, None where it is none."""
    import socket

    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            return socket.inet_pton(family, word)
        except OSError:
            continue
    return None


def endpoint_text(endpoint: Endpoint) -> str:
    """ADDRESS:PORT, an IPv6 address in brackets."""
    shown = text(endpoint[0])
    return f"[{shown}]:{endpoint[1]}" if len(endpoint[0]) == 16 else f"{shown}:{endpoint[1]}"
