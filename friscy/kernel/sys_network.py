"""Sockets: refused until networking comes, with the errno of a kernel built without it."""

from __future__ import annotations

import errno

from friscy.kernel.table import refused

_LATER = "sockets come in a later version of friscy"

refused(198, "socket", "domain:socket_domain type:socket_type protocol:int -> fd", errno.EAFNOSUPPORT, _LATER)
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
