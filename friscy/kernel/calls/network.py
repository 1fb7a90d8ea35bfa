"""System calls of sockets: making, naming and connecting them, and their options. Data is in `calls.messages`."""

from __future__ import annotations

import errno
import struct
from typing import TYPE_CHECKING

from friscy.kernel import files
from friscy.kernel.calls.path import install
from friscy.kernel.net import options, unix_socket
from friscy.kernel.net.addresses import AF_INET, AF_INET6, AF_NETLINK, AF_UNIX
from friscy.kernel.net.inet_socket import IPPROTO_UDP, IPPROTO_UDPLITE
from friscy.kernel.net.socket import DGRAM, RAW, SEQPACKET, STREAM, Socket
from friscy.kernel.state import RLIMIT_NOFILE
from friscy.kernel.table import syscall
from lazyfs.abi import O_CLOEXEC, O_NONBLOCK
from lazyfs.errors import LinuxError

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Process, Task

_ICMP = (1, 58)
_SOCKADDR_MAX = 128


def socket_of(task: Task, fd: int) -> Socket:
    """The socket behind a descriptor. EBADF, ENOTSOCK."""
    file = task.process.files.get(fd)
    if not isinstance(file, Socket):
        raise LinuxError(errno.ENOTSOCK)
    return file


def _new_socket(k: Kernel, process: Process, domain: int, kind: int, protocol: int) -> Socket:
    plain, nonblocking = kind & 15, bool(kind & O_NONBLOCK)
    if kind & ~(15 | O_CLOEXEC | O_NONBLOCK):
        raise LinuxError(errno.EINVAL)
    if domain == AF_UNIX:
        if protocol not in (0, AF_UNIX):
            raise LinuxError(errno.EPROTONOSUPPORT)
        if plain not in (STREAM, DGRAM, RAW, SEQPACKET):
            raise LinuxError(errno.ESOCKTNOSUPPORT)
        # SOCK_RAW means datagrams here
        return unix_socket.new_socket(k, process, DGRAM if plain == RAW else plain, nonblocking=nonblocking)
    if domain in (AF_INET, AF_INET6):
        return _new_inet_socket(k, process, domain, plain, protocol, nonblocking=nonblocking)
    if domain == AF_NETLINK:
        from friscy.kernel.net.netlink import new_netlink_socket

        return new_netlink_socket(k, process, plain, protocol, nonblocking=nonblocking)
    raise LinuxError(errno.EAFNOSUPPORT)


def _new_inet_socket(
    k: Kernel, process: Process, domain: int, kind: int, protocol: int, *, nonblocking: bool
) -> Socket:
    if kind == STREAM and protocol in (0, 6):
        from friscy.kernel.net.tcp import new_tcp_socket

        return new_tcp_socket(k, process, domain, nonblocking=nonblocking)
    if kind == DGRAM and protocol in (0, IPPROTO_UDP, IPPROTO_UDPLITE):
        from friscy.kernel.net.udp import new_udp_socket

        return new_udp_socket(k, process, domain, protocol or IPPROTO_UDP, nonblocking=nonblocking)
    if kind == DGRAM and protocol in _ICMP:
        k.log_once("network: ping sockets are not offered: EACCES")
        raise LinuxError(errno.EACCES)
    if kind == RAW and protocol:
        k.log_once("network: raw sockets are not offered: EPERM")
        raise LinuxError(errno.EPERM)
    raise LinuxError(errno.EPROTONOSUPPORT if kind in (STREAM, DGRAM, RAW) else errno.ESOCKTNOSUPPORT)


@syscall(
    198,
    "socket",
    "domain:socket_domain type:socket_type protocol:int -> fd",
    partial="no raw and no ping sockets",
)
def sys_socket(k: Kernel, task: Task, domain: int, kind: int, protocol: int) -> int:
    """socket(2)."""
    socket = _new_socket(k, task.process, domain, kind, protocol)
    return install(k, task, socket, cloexec=bool(kind & O_CLOEXEC))


@syscall(199, "socketpair", "domain:socket_domain type:socket_type protocol:int sv:out_ints2 -> int")
def sys_socketpair(k: Kernel, task: Task, domain: int, kind: int, protocol: int, address: int) -> int:
    """socketpair(2)."""
    k.mem.check(address, 8, write=True)
    pair = [_new_socket(k, task.process, domain, kind, protocol) for _ in range(2)]
    one, other = pair
    if not isinstance(one, unix_socket.UnixSocket) or not isinstance(other, unix_socket.UnixSocket):
        raise LinuxError(errno.EOPNOTSUPP)
    unix_socket.join(one, other)
    first = install(k, task, one, cloexec=bool(kind & O_CLOEXEC))
    try:
        second = install(k, task, other, cloexec=bool(kind & O_CLOEXEC))
    except LinuxError:
        task.process.files.close(k, first)
        raise
    k.mem.write(address, struct.pack("<ii", first, second))
    return 0


# -- names --------------------------------------------------------------------------------------------


def read_name(k: Kernel, address: int, length: int) -> bytes:
    """A struct sockaddr. EINVAL: longer than any is."""
    if length > _SOCKADDR_MAX:
        raise LinuxError(errno.EINVAL)
    return k.mem.read(address, length)


def write_name(k: Kernel, name: bytes, address: int, length_at: int) -> None:
    """Fill in a struct sockaddr as far as the caller has room, and its real length."""
    room = k.mem.i32(length_at)
    if room < 0:
        raise LinuxError(errno.EINVAL)
    k.mem.write(address, name[:room])
    k.mem.set_u32(length_at, len(name))


@syscall(200, "bind", "fd addr:sockaddr addrlen:uint -> int")
def sys_bind(k: Kernel, task: Task, fd: int, address: int, length: int) -> int:
    """bind(2)."""
    socket_of(task, fd).bind(k, task, read_name(k, address, length))
    return 0


@syscall(201, "listen", "fd backlog:int -> int")
def sys_listen(k: Kernel, task: Task, fd: int, backlog: int) -> int:
    """listen(2)."""
    socket_of(task, fd).listen(k, task, backlog)
    return 0


def _accept(k: Kernel, task: Task, fd: int, address: int, length: int, flags: int) -> int:
    if flags & ~(O_CLOEXEC | O_NONBLOCK):
        raise LinuxError(errno.EINVAL)
    socket = socket_of(task, fd)
    if task.process.files.free() >= task.process.limits[RLIMIT_NOFILE][0]:
        raise LinuxError(errno.EMFILE)  # the connection stays in the queue
    server = files.blocking(k, task, lambda: socket.accept(k))
    server.flags |= flags & O_NONBLOCK
    accepted = install(k, task, server, cloexec=bool(flags & O_CLOEXEC))
    if address:
        try:
            write_name(k, socket.accepted_name(server), address, length)
        except LinuxError:  # nobody learns the descriptor
            task.process.files.close(k, accepted)
            raise
    return accepted


@syscall(202, "accept", "fd addr:ptr addrlen:ptr -> fd")
def sys_accept(k: Kernel, task: Task, fd: int, address: int, length: int) -> int:
    """accept(2)."""
    return _accept(k, task, fd, address, length, 0)


@syscall(242, "accept4", "fd addr:ptr addrlen:ptr flags:int -> fd")
def sys_accept4(k: Kernel, task: Task, fd: int, address: int, length: int, flags: int) -> int:
    """accept4(2)."""
    return _accept(k, task, fd, address, length, flags)


@syscall(203, "connect", "fd addr:sockaddr addrlen:uint -> int")
def sys_connect(k: Kernel, task: Task, fd: int, address: int, length: int) -> int:
    """connect(2)."""
    socket = socket_of(task, fd)
    name = read_name(k, address, length)
    files.blocking(
        k, task, lambda: socket.connect(k, task, name), nonblocking=bool(socket.flags & O_NONBLOCK)
    )
    return 0


@syscall(204, "getsockname", "fd addr:ptr addrlen:ptr -> int")
def sys_getsockname(k: Kernel, task: Task, fd: int, address: int, length: int) -> int:
    """getsockname(2)."""
    write_name(k, socket_of(task, fd).own_name(), address, length)
    return 0


@syscall(205, "getpeername", "fd addr:ptr addrlen:ptr -> int")
def sys_getpeername(k: Kernel, task: Task, fd: int, address: int, length: int) -> int:
    """getpeername(2)."""
    write_name(k, socket_of(task, fd).peer_name(), address, length)
    return 0


@syscall(210, "shutdown", "fd how:int -> int")
def sys_shutdown(k: Kernel, task: Task, fd: int, how: int) -> int:
    """shutdown(2)."""
    socket_of(task, fd).shutdown(k, how)
    return 0


# -- options ------------------------------------------------------------------------------------------


@syscall(
    208,
    "setsockopt",
    "fd level:int optname:int optval:ptr optlen:uint -> int",
    partial="buffer sizes and some of what tunes TCP are remembered and change nothing",
)
def sys_setsockopt(k: Kernel, task: Task, fd: int, level: int, option: int, address: int, length: int) -> int:
    """setsockopt(2)."""
    socket = socket_of(task, fd)
    if length > 1 << 16:
        raise LinuxError(errno.EINVAL)
    options.set_option(k, socket, level, option, k.mem.read(address, length) if length else b"")
    return 0


@syscall(209, "getsockopt", "fd level:int optname:int optval:ptr optlen:ptr -> int")
def sys_getsockopt(k: Kernel, task: Task, fd: int, level: int, option: int, address: int, length: int) -> int:
    """getsockopt(2)."""
    socket = socket_of(task, fd)
    room = k.mem.i32(length)
    if room < 0:
        raise LinuxError(errno.EINVAL)
    value = options.get_option(k, socket, level, option)
    k.mem.write(address, value[:room])
    k.mem.set_u32(length, min(room, len(value)))
    return 0
