"""Sockets: refused until networking comes, with the errno of a kernel built without it."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, NoReturn

from friscy.kernel.table import refused, syscall
from lazyfs.errors import LinuxError

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Task

_LATER = "sockets come in a later version of friscy"
_AF_UNIX = 1


@syscall(198, "socket", "domain:socket_domain type:socket_type protocol:int -> fd", partial=_LATER)
def sys_socket(k: Kernel, task: Task, domain: int, kind: int, protocol: int) -> NoReturn:
    """socket(2): EAFNOSUPPORT. Not a word about AF_UNIX: every C library asks for nscd's."""
    if domain != _AF_UNIX:
        k.log_once(f"socket: {_LATER}")
    raise LinuxError(errno.EAFNOSUPPORT)


refused(
    199, "socketpair", "domain:socket_domain type:socket_type protocol:int sv:out_ints2 -> int", errno.EAFNOSUPPORT,
    _LATER,
)  # fmt: skip
# No descriptor can be a socket.
for _number, _name, _signature in (
    (200, "bind", "fd addr:sockaddr addrlen:uint -> int"),
    (201, "listen", "fd backlog:int -> int"),
    (202, "accept", "fd addr:ptr addrlen:ptr -> fd"),
    (203, "connect", "fd addr:sockaddr addrlen:uint -> int"),
    (204, "getsockname", "fd addr:ptr addrlen:ptr -> int"),
    (205, "getpeername", "fd addr:ptr addrlen:ptr -> int"),
    (206, "sendto", "fd buf:inbuf len:size flags:int addr:sockaddr addrlen:uint -> int"),
    (207, "recvfrom", "fd buf:outbuf len:size flags:int addr:ptr addrlen:ptr -> int"),
    (208, "setsockopt", "fd level:int optname:int optval:ptr optlen:uint -> int"),
    (209, "getsockopt", "fd level:int optname:int optval:ptr optlen:ptr -> int"),
    (210, "shutdown", "fd how:int -> int"),
    (211, "sendmsg", "fd msg:ptr flags:int -> int"),
    (212, "recvmsg", "fd msg:ptr flags:int -> int"),
    (242, "accept4", "fd addr:ptr addrlen:ptr flags:int -> fd"),
    (243, "recvmmsg", "fd msgs:ptr vlen:uint flags:int timeout:timespec -> int"),
    (269, "sendmmsg", "fd msgs:ptr vlen:uint flags:int -> int"),
):
    refused(_number, _name, _signature, errno.ENOTSOCK, _LATER)
