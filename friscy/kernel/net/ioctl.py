"""ioctl(2) on sockets: what is queued, and the network interfaces (netdevice(7))."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from friscy.kernel.net.socket import STREAM, Socket
from lazyfs.errors import LinuxError

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel

FIONREAD, TIOCOUTQ, SIOCATMARK = 0x541B, 0x5411, 0x8905


def ioctl(k: Kernel, socket: Socket, request: int, argument: int) -> int:
    """The request on a socket. ENOTTY: not one of sockets."""
    if request == FIONREAD:
        if socket.listening:
            raise LinuxError(errno.EINVAL)
        socket.take_in(k)
        first = len(socket.messages[0].data) if socket.messages else 0
        k.mem.set_u32(argument, socket.queued if socket.kind == STREAM else first)
        return 0
    if request == TIOCOUTQ:
        k.mem.set_u32(argument, 0)
        return 0
    if request == SIOCATMARK:
        if socket.kind != STREAM:
            raise LinuxError(errno.ENOTTY)
        k.mem.set_u32(argument, 0)
        return 0
    if request >> 8 == 0x89:
        from friscy.kernel.net.interfaces import interface_ioctl

        return interface_ioctl(k, request, argument)
    raise LinuxError(errno.ENOTTY)
