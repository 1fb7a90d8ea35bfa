"""The options of IPPROTO_TCP."""

from __future__ import annotations

import errno
import struct
from typing import TYPE_CHECKING

from lazyfs.errors import LinuxError

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.net.tcp import TcpSocket

TCP_NODELAY, TCP_MAXSEG, TCP_CORK, TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT, TCP_SYNCNT = range(1, 8)
TCP_LINGER2, TCP_DEFER_ACCEPT, TCP_WINDOW_CLAMP, TCP_INFO, TCP_QUICKACK, TCP_CONGESTION = range(8, 14)
TCP_MD5SIG, TCP_USER_TIMEOUT, TCP_FASTOPEN, TCP_NOTSENT_LOWAT, TCP_ULP = 14, 18, 23, 25, 31
_ESTABLISHED, _SYN_SENT, _CLOSE, _CLOSE_WAIT, _LISTEN, _FIN_WAIT2 = 1, 2, 7, 8, 10, 5

# Default, least and greatest value.
_INTEGERS = {
    TCP_NODELAY: (0, None, None), TCP_MAXSEG: (536, 48, 32767), TCP_CORK: (0, None, None),
    TCP_KEEPIDLE: (7200, 1, 32767), TCP_KEEPINTVL: (75, 1, 32767), TCP_KEEPCNT: (9, 1, 127),
    TCP_SYNCNT: (6, 1, 127), TCP_LINGER2: (60, None, None), TCP_DEFER_ACCEPT: (0, None, None),
    TCP_WINDOW_CLAMP: (0, None, None), TCP_QUICKACK: (1, None, None), TCP_USER_TIMEOUT: (0, 0, None),
    TCP_FASTOPEN: (0, 0, None), 24: (0, None, None), TCP_NOTSENT_LOWAT: (0, None, None), 30: (0, None, None),
    32: (0, None, None), 34: (0, None, None), 36: (0, None, None), 37: (0, None, None),
}  # fmt: skip
_BOOLEANS = frozenset((TCP_NODELAY, TCP_CORK))


def set_tcp_option(k: Kernel, socket: TcpSocket, name: int, value: bytes) -> bool:
    """Remember an option. EINVAL: out of range; ENOENT: no such congestion control or upper layer."""
    if name == TCP_CONGESTION:
        if value.split(b"\0")[0] not in (b"cubic", b"reno"):
            raise LinuxError(errno.ENOENT)
        socket.remember(6, name, value.split(b"\0")[0])
        return True
    if name == TCP_ULP:
        raise LinuxError(errno.ENOENT)  # as without the module tls
    if name not in _INTEGERS:
        raise LinuxError(errno.ENOPROTOOPT)
    if len(value) < 4:
        raise LinuxError(errno.EINVAL)
    number = struct.unpack_from("<i", value)[0]
    _, least, most = _INTEGERS[name]
    if (least is not None and number < least) or (most is not None and number > most):
        raise LinuxError(errno.EINVAL)
    if name in _BOOLEANS:
        number = int(number != 0)
    socket.remember(6, name, struct.pack("<i", number))
    return True


def get_tcp_option(k: Kernel, socket: TcpSocket, name: int) -> bytes | None:
    """The value of an option; None: no such option."""
    remembered = socket.options.get(6 << 32 | name)
    if name == TCP_CONGESTION:
        return (remembered or b"cubic").ljust(16, b"\0")
    if remembered is not None:
        return remembered
    if name == TCP_INFO:
        return _info(socket)
    if name == TCP_ULP:
        return b""
    return struct.pack("<i", _INTEGERS[name][0]) if name in _INTEGERS else None


def state_of(socket: TcpSocket) -> int:
    """The state of the connection as Linux numbers it."""
    if socket.listening:
        return _LISTEN
    if socket.dead or not (socket.connected or socket.connecting):
        return _CLOSE
    if not socket.connected:
        return _SYN_SENT
    if socket.ended:
        return _CLOSE if socket.write_shut else _CLOSE_WAIT
    return _FIN_WAIT2 if socket.write_shut else _ESTABLISHED


def _info(socket: TcpSocket) -> bytes:
    """struct tcp_info: the state, and what a short quiet line looks like."""
    head = struct.pack("<8B", state_of(socket), 0, 0, 0, 0, 7, 0x77, 0)
    unacked, backlog = (len(socket.pending), socket.backlog) if socket.listening else (0, 0)
    words = (
        200_000, 40_000, 32_741, 536, unacked, backlog, 0, 0, 0, 0, 0, 0, 0, 65_535, 64_076, 50, 25, 2_147_483_647,
        10, 32_741, 3, 0, 64_076, 0,
    )  # fmt: skip
    return (head + struct.pack("<24I", *words)).ljust(232, b"\0")
