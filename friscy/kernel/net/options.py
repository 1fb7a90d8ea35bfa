"""getsockopt(2) and setsockopt(2): the options of SOL_SOCKET, and which others there are.

What has an effect is in the socket; the rest is remembered, so that it reads back as on Linux.
"""

from __future__ import annotations

import errno
import struct
from typing import TYPE_CHECKING

from friscy.kernel.net.addresses import AF_INET, AF_INET6, AF_UNIX
from friscy.kernel.net.socket import BUFFER_BYTES, DGRAM, STREAM, Socket
from lazyfs.abi import POLLERR
from lazyfs.errors import LinuxError

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel

SOL_SOCKET, SOL_IP, SOL_TCP, SOL_UDP, SOL_IPV6, SOL_UDPLITE = 1, 0, 6, 17, 41, 136
SO_DEBUG, SO_REUSEADDR, SO_TYPE, SO_ERROR, SO_DONTROUTE, SO_BROADCAST = range(1, 7)
SO_SNDBUF, SO_RCVBUF, SO_KEEPALIVE, SO_OOBINLINE, SO_NO_CHECK, SO_PRIORITY = range(7, 13)
SO_LINGER, SO_REUSEPORT, SO_PASSCRED, SO_PEERCRED, SO_RCVLOWAT, SO_SNDLOWAT = 13, 15, 16, 17, 18, 19
SO_RCVTIMEO, SO_SNDTIMEO, SO_BINDTODEVICE = 20, 21, 25
SO_ACCEPTCONN, SO_PROTOCOL, SO_DOMAIN, SO_INCOMING_CPU = 30, 38, 39, 49
_SNDBUF_FORCE, _RCVBUF_FORCE = 32, 33
_NSEC = 1_000_000_000

# Integers that are remembered, with what they read as before they were set.
_SOCKET = {
    SO_DEBUG: 0, SO_REUSEADDR: 0, SO_DONTROUTE: 0, SO_BROADCAST: 0, SO_KEEPALIVE: 0, SO_OOBINLINE: 0,
    SO_NO_CHECK: 0, SO_PRIORITY: 0, SO_REUSEPORT: 0, SO_RCVLOWAT: 1,
    29: 0, 34: 0, 35: 0, 36: 0, 37: 0, 40: 0, 41: 0, 42: 0, 45: 0, 46: 0, 47: -1, SO_INCOMING_CPU: 0, 60: 0,
    63: 0, 64: 0, 65: 0, 66: 0, 67: 0, 69: 0, 70: 0,
}  # fmt: skip
_BOOLEANS = frozenset((SO_DEBUG, SO_DONTROUTE, SO_KEEPALIVE, SO_OOBINLINE, SO_NO_CHECK))
_READ_ONLY = frozenset((SO_TYPE, SO_ERROR, SO_ACCEPTCONN, SO_PROTOCOL, SO_DOMAIN, SO_SNDLOWAT, SO_PEERCRED))
# IP_TOS, TTL, HDRINCL, OPTIONS, RECVOPTS, RETOPTS, PKTINFO, PKTOPTIONS, MTU_DISCOVER, RECVERR, RECVTTL, RECVTOS,
# MTU, FREEBIND, TRANSPARENT, ORIGDSTADDR, MINTTL, NODEFRAG, BIND_ADDRESS_NO_PORT, MULTICAST_*, LOCAL_PORT_RANGE
_IP = {
    1: 0, 2: 64, 3: 0, 6: 0, 7: 0, 8: 0, 10: 1, 11: 0, 12: 0, 13: 0, 14: 65535, 15: 0, 19: 0, 20: 0, 21: 0, 22: 0,
    23: 0, 24: 0, 32: 0, 33: 1, 34: 1, 49: 1, 50: 0, 51: 0,
}  # fmt: skip
# IPV6_UNICAST_HOPS, MULTICAST_*, ADD/DROP_MEMBERSHIP apart, MTU_DISCOVER, MTU, RECVERR, RECVPKTINFO, ...
_IPV6 = {
    1: 0, 2: 0, 8: 0, 16: 64, 17: 0, 18: 1, 19: 1, 23: 1, 24: 65535, 25: 0, 26: 0, 29: 1, 49: 0, 50: 0, 51: 0, 52: 0,
    53: 0, 54: 0, 56: 0, 60: 0, 61: 0, 62: 0, 66: 0, 67: 0, 70: 0, 72: 0, 73: 0, 78: 0,
}  # fmt: skip
_MEMBERSHIP = {SOL_IP: (35, 36), SOL_IPV6: (20, 21)}
_UDP = {1: 0, 100: 0, 101: 0, 102: 0, 103: 0, 104: 0}
_UDPLITE = _UDP | {10: 0, 11: 0}
_INTEGERS = {SOL_SOCKET: _SOCKET, SOL_IP: _IP, SOL_IPV6: _IPV6, SOL_UDP: _UDP, SOL_UDPLITE: _UDPLITE}


def _key(level: int, name: int) -> int:
    return level << 32 | name


def _is_inet(socket: Socket) -> bool:
    return domain_of(socket) in (AF_INET, AF_INET6)


def domain_of(socket: Socket) -> int:
    """SO_DOMAIN."""
    return getattr(socket, "domain", socket.family)


def _known(socket: Socket, level: int, error: int) -> dict[int, int]:
    """The integer options of a level. `error`, EOPNOTSUPP in AF_UNIX: the socket has no such level."""
    if level == SOL_SOCKET:
        return _SOCKET
    if not _is_inet(socket):
        raise LinuxError(errno.EOPNOTSUPP if domain_of(socket) == AF_UNIX else errno.ENOPROTOOPT)
    if level == SOL_TCP and socket.kind == STREAM:
        return {}
    if (
        level not in _INTEGERS
        or (level == SOL_IPV6 and domain_of(socket) == AF_INET)
        or (level == SOL_UDP and socket.kind != DGRAM)
        or (level == SOL_UDPLITE and socket.protocol != SOL_UDPLITE)
    ):
        raise LinuxError(error)
    return _INTEGERS[level]


def set_option(k: Kernel, socket: Socket, level: int, name: int, value: bytes) -> None:
    """setsockopt(2). EINVAL: too short; ENOPROTOOPT: no such option."""
    known = _known(socket, level, errno.ENOPROTOOPT)
    if socket.set_option(k, level, name, value):
        return
    if level == SOL_SOCKET and name in (SO_RCVTIMEO, SO_SNDTIMEO, 66, 67):
        _set_timeout(socket, name, value)
        return
    if level in _MEMBERSHIP and name in _MEMBERSHIP[level]:
        return
    if level == SOL_SOCKET and name == SO_BINDTODEVICE:
        device = value.split(b"\0")[0]
        if device not in (b"", b"lo", b"eth0"):
            raise LinuxError(errno.ENODEV)
        socket.options[_key(level, name)] = device
        return
    if level == SOL_SOCKET and name in (26, 27):  # packet filters have nothing to filter here
        return
    if level == SOL_SOCKET and name in _READ_ONLY:
        raise LinuxError(errno.ENOPROTOOPT)
    buffers = level == SOL_SOCKET and name in (SO_SNDBUF, SO_RCVBUF, _SNDBUF_FORCE, _RCVBUF_FORCE)
    if name not in known and not buffers:
        raise LinuxError(errno.ENOPROTOOPT)
    if len(value) < 4:
        if not (level in (SOL_IP,) and len(value) == 1):
            raise LinuxError(errno.EINVAL)
        value = value.ljust(4, b"\0")
    number = struct.unpack_from("<i", value)[0]
    if buffers:
        name = {_SNDBUF_FORCE: SO_SNDBUF, _RCVBUF_FORCE: SO_RCVBUF}.get(name, name)
        least = 4608 if name == SO_SNDBUF else 2304
        number = max(
            2 * min(max(number, 0), BUFFER_BYTES), least
        )  # the kernel doubles it for its bookkeeping
    elif level == SOL_SOCKET and name in _BOOLEANS:
        number = int(number != 0)
    socket.remember(level, name, struct.pack("<i", number))


def get_option(k: Kernel, socket: Socket, level: int, name: int) -> bytes:
    """getsockopt(2)."""
    known = _known(socket, level, errno.EOPNOTSUPP)
    own = socket.get_option(k, level, name)
    if own is not None:
        return own
    if level == SOL_SOCKET:
        value = _socket_option(k, socket, name)
        if value is not None:
            return value
    remembered = socket.options.get(_key(level, name))
    if remembered is not None:
        return remembered
    if name not in known:
        raise LinuxError(errno.ENOPROTOOPT)
    return struct.pack("<i", known[name])


def _socket_option(k: Kernel, socket: Socket, name: int) -> bytes | None:
    if name in (SO_RCVTIMEO, SO_SNDTIMEO, 66, 67):
        timeout = socket.receive_timeout if name in (SO_RCVTIMEO, 66) else socket.send_timeout
        return struct.pack("<qq", timeout // _NSEC, timeout % _NSEC // 1000)
    if name == SO_ERROR:
        if socket.poll_events(k) & POLLERR:
            socket.take_in(k)  # what happened outside
        error, socket.error = socket.error, 0
        return struct.pack("<i", error)
    if name == SO_LINGER:
        return struct.pack("<ii", 0, 0)
    if name == SO_PEERCRED:
        return struct.pack("<iii", 0, -1, -1)
    if name in (SO_SNDBUF, SO_RCVBUF):
        return socket.options.get(_key(SOL_SOCKET, name)) or struct.pack("<i", BUFFER_BYTES)
    if name == SO_BINDTODEVICE:
        return socket.options.get(_key(SOL_SOCKET, name)) or b""
    numbers = {
        SO_TYPE: socket.kind, SO_ACCEPTCONN: socket.listening, SO_PROTOCOL: socket.protocol, SO_SNDLOWAT: 1,
        SO_DOMAIN: domain_of(socket), SO_PASSCRED: 0,
    }  # fmt: skip
    return struct.pack("<i", numbers[name]) if name in numbers else None


def _set_timeout(socket: Socket, name: int, value: bytes) -> None:
    if len(value) < 16:
        raise LinuxError(errno.EINVAL)
    seconds, micro = struct.unpack_from("<qq", value)
    if not 0 <= micro < 1_000_000:
        raise LinuxError(errno.EDOM)
    timeout = 0 if seconds < 0 else min(seconds, 1 << 33) * _NSEC + micro * 1000
    if name in (SO_RCVTIMEO, 66):
        socket.receive_timeout = timeout
    else:
        socket.send_timeout = timeout
