"""System calls of sockets: AF_UNIX; the internet's families are refused until networking comes."""

from __future__ import annotations

import errno
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from friscy.kernel import files
from friscy.kernel.calls.path import install
from friscy.kernel.fdtable import drop, hold
from friscy.kernel.net import unix_socket
from friscy.kernel.net.unix_socket import (
    DGRAM,
    SEQPACKET,
    STREAM,
    Message,
    UnixSocket,
    identity,
    join,
    new_socket,
)
from friscy.kernel.state import RLIMIT_NOFILE
from friscy.kernel.structs import read_iovec
from friscy.kernel.table import syscall
from friscy.kernel.wait import Blocked, Progress
from lazyfs.abi import O_CLOEXEC, O_NONBLOCK
from lazyfs.errors import LinuxError, WouldBlock
from lazyfs.openfile import OpenFile

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Task

T = TypeVar("T")
_LATER = "AF_UNIX only: other sockets come in a later version of friscy"
_AF_UNIX = 1
MSG_PEEK, MSG_CTRUNC, MSG_TRUNC, MSG_DONTWAIT, MSG_EOR, MSG_WAITALL = 2, 8, 0x20, 0x40, 0x80, 0x100
MSG_NOSIGNAL, MSG_CMSG_CLOEXEC = 0x4000, 0x4000_0000
_SOL_SOCKET, _SCM_RIGHTS, _SCM_CREDENTIALS, _SCM_MAX_FD = 1, 1, 2, 253
_SO_TYPE, _SO_ERROR, _SO_SNDBUF, _SO_RCVBUF, _SO_PASSCRED, _SO_PEERCRED = 3, 4, 7, 8, 16, 17
_SO_ACCEPTCONN, _SO_PROTOCOL, _SO_DOMAIN = 30, 38, 39
_SIGPIPE = 13
_MSGHDR = struct.Struct("<QI4xQQQQi4x")
_CMSG = struct.Struct("<Qii")


def _socket(task: Task, fd: int) -> UnixSocket:
    file = task.process.files.get(fd)
    if not isinstance(file, UnixSocket):
        raise LinuxError(errno.ENOTSOCK)
    return file


def _kind(k: Kernel, domain: int, kind: int, protocol: int) -> int:
    if domain != _AF_UNIX:
        k.log_once("socket: the internet's families come in a later version of friscy")
        raise LinuxError(errno.EAFNOSUPPORT)
    plain = kind & 15
    if kind & ~(15 | O_CLOEXEC | O_NONBLOCK):
        raise LinuxError(errno.EINVAL)
    if protocol not in (0, _AF_UNIX):
        raise LinuxError(errno.EPROTONOSUPPORT)
    if plain == 3:  # SOCK_RAW means datagrams here
        return DGRAM
    if plain not in (STREAM, DGRAM, SEQPACKET):
        raise LinuxError(errno.ESOCKTNOSUPPORT)
    return plain


@syscall(198, "socket", "domain:socket_domain type:socket_type protocol:int -> fd", partial=_LATER)
def sys_socket(k: Kernel, task: Task, domain: int, kind: int, protocol: int) -> int:
    """socket(2)."""
    plain = _kind(k, domain, kind, protocol)
    socket = new_socket(k, task.process, plain, nonblocking=bool(kind & O_NONBLOCK))
    return install(k, task, socket, cloexec=bool(kind & O_CLOEXEC))


@syscall(199, "socketpair", "domain:socket_domain type:socket_type protocol:int sv:out_ints2 -> int")
def sys_socketpair(k: Kernel, task: Task, domain: int, kind: int, protocol: int, address: int) -> int:
    """socketpair(2)."""
    plain = _kind(k, domain, kind, protocol)
    k.mem.check(address, 8, write=True)
    pair = [new_socket(k, task.process, plain, nonblocking=bool(kind & O_NONBLOCK)) for _ in range(2)]
    join(*pair)
    first = install(k, task, pair[0], cloexec=bool(kind & O_CLOEXEC))
    try:
        second = install(k, task, pair[1], cloexec=bool(kind & O_CLOEXEC))
    except LinuxError:
        task.process.files.close(k, first)
        raise
    k.mem.write(address, struct.pack("<ii", first, second))
    return 0


# -- names --------------------------------------------------------------------------------------------


def _read_name(k: Kernel, address: int, length: int) -> bytes:
    """sun_path of a struct sockaddr_un. EINVAL: too short, too long or of another family."""
    if length < 2 or length > 110:
        raise LinuxError(errno.EINVAL)
    data = k.mem.read(address, length)
    if int.from_bytes(data[:2], "little") != _AF_UNIX:
        raise LinuxError(errno.EINVAL)
    path = data[2:]
    return path if path.startswith(b"\0") else path.split(b"\0")[0]


def _write_name(k: Kernel, name: bytes, address: int, length_at: int) -> None:
    """Fill in a struct sockaddr_un as far as the caller has room, and its real length."""
    data = struct.pack("<H", _AF_UNIX) + (name if name.startswith(b"\0") or not name else name + b"\0")
    room = k.mem.i32(length_at)
    if room < 0:
        raise LinuxError(errno.EINVAL)
    k.mem.write(address, data[:room])
    k.mem.set_u32(length_at, len(data))


@syscall(200, "bind", "fd addr:sockaddr addrlen:uint -> int")
def sys_bind(k: Kernel, task: Task, fd: int, address: int, length: int) -> int:
    """bind(2)."""
    unix_socket.bind(k, task.process, _socket(task, fd), _read_name(k, address, length))
    return 0


@syscall(201, "listen", "fd backlog:int -> int")
def sys_listen(k: Kernel, task: Task, fd: int, backlog: int) -> int:
    """listen(2)."""
    socket = _socket(task, fd)
    if socket.kind == DGRAM:
        raise LinuxError(errno.EOPNOTSUPP)
    if not socket.name or socket.connected:
        raise LinuxError(errno.EINVAL)
    socket.listening, socket.backlog = True, min(backlog & 0xFFFF_FFFF, 4096)
    socket.ids = identity(task.process)
    return 0


def _accept(k: Kernel, task: Task, fd: int, address: int, length: int, flags: int) -> int:
    if flags & ~(O_CLOEXEC | O_NONBLOCK):
        raise LinuxError(errno.EINVAL)
    socket = _socket(task, fd)
    if socket.kind == DGRAM:
        raise LinuxError(errno.EOPNOTSUPP)
    if not socket.listening:
        raise LinuxError(errno.EINVAL)
    if not socket.pending:
        files.block(k, task, WouldBlock(socket, files.IN))
    server = socket.pending.pop(0)
    server.flags |= flags & O_NONBLOCK
    accepted = install(k, task, server, cloexec=bool(flags & O_CLOEXEC))
    if address:
        _write_name(k, server.peer.name if server.peer is not None else b"", address, length)
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
    socket = _socket(task, fd)
    name = _read_name(k, address, length)
    nonblocking = bool(socket.flags & O_NONBLOCK)
    _retry(k, task, lambda: unix_socket.connect(k, task.process, socket, name), nonblocking)
    return 0


def _retry(k: Kernel, task: Task, action: Callable[[], T], nonblocking: bool) -> T:
    return files.blocking(k, task, action, nonblocking=nonblocking)


@syscall(204, "getsockname", "fd addr:ptr addrlen:ptr -> int")
def sys_getsockname(k: Kernel, task: Task, fd: int, address: int, length: int) -> int:
    """getsockname(2)."""
    _write_name(k, _socket(task, fd).name, address, length)
    return 0


@syscall(205, "getpeername", "fd addr:ptr addrlen:ptr -> int")
def sys_getpeername(k: Kernel, task: Task, fd: int, address: int, length: int) -> int:
    """getpeername(2)."""
    peer = _socket(task, fd).peer
    if peer is None:
        raise LinuxError(errno.ENOTCONN)
    _write_name(k, peer.name, address, length)
    return 0


@syscall(210, "shutdown", "fd how:int -> int")
def sys_shutdown(k: Kernel, task: Task, fd: int, how: int) -> int:
    """shutdown(2)."""
    unix_socket.shutdown(_socket(task, fd), how)
    return 0


# -- options ------------------------------------------------------------------------------------------


@syscall(
    208,
    "setsockopt",
    "fd level:int optname:int optval:ptr optlen:uint -> int",
    partial="buffer sizes and time-outs are accepted and change nothing",
)
def sys_setsockopt(k: Kernel, task: Task, fd: int, level: int, option: int, address: int, length: int) -> int:
    """setsockopt(2)."""
    socket = _socket(task, fd)
    if level != _SOL_SOCKET:
        raise LinuxError(errno.EOPNOTSUPP)
    if length < 4:
        raise LinuxError(errno.EINVAL)
    value = k.mem.i32(address)
    if option == _SO_PASSCRED:
        socket.pass_credentials = bool(value)
    elif option not in (1, 2, 5, 6, _SO_SNDBUF, _SO_RCVBUF, 9, 13, 15, 20, 21, 29, 32, 33, 66, 67):
        raise LinuxError(errno.ENOPROTOOPT)
    return 0


@syscall(209, "getsockopt", "fd level:int optname:int optval:ptr optlen:ptr -> int")
def sys_getsockopt(k: Kernel, task: Task, fd: int, level: int, option: int, address: int, length: int) -> int:
    """getsockopt(2)."""
    socket = _socket(task, fd)
    if level != _SOL_SOCKET:
        raise LinuxError(errno.EOPNOTSUPP)
    known = {
        _SO_TYPE: socket.kind, _SO_ERROR: socket.error, _SO_SNDBUF: unix_socket.BUFFER_BYTES,
        _SO_RCVBUF: unix_socket.BUFFER_BYTES, _SO_PASSCRED: int(socket.pass_credentials),
        _SO_ACCEPTCONN: int(socket.listening), _SO_PROTOCOL: 0, _SO_DOMAIN: _AF_UNIX,
    }  # fmt: skip
    if option == _SO_PEERCRED:
        data = struct.pack("<iii", *socket.peer_ids)
    elif option in known:
        data = struct.pack("<i", known[option])
    elif option in (20, 21):  # SO_RCVTIMEO, SO_SNDTIMEO
        data = bytes(16)
    elif option in (1, 2, 5, 6, 9, 13, 15, 29):
        data = bytes(8 if option == 13 else 4)
    else:
        raise LinuxError(errno.ENOPROTOOPT)
    room = k.mem.i32(length)
    if room < 0:
        raise LinuxError(errno.EINVAL)
    k.mem.write(address, data[:room])
    k.mem.set_u32(length, min(room, len(data)))
    if option == _SO_ERROR:
        socket.error = 0
    return 0


# -- data ---------------------------------------------------------------------------------------------


def _send(
    k: Kernel,
    task: Task,
    socket: UnixSocket,
    data: bytes,
    flags: int,
    name: bytes | None,
    passed: list[OpenFile],
) -> int:
    """Send all of `data`, or what goes in without waiting. SIGPIPE comes with EPIPE unless MSG_NOSIGNAL."""
    nonblocking = bool(flags & MSG_DONTWAIT or socket.flags & O_NONBLOCK)
    target = None
    if name is not None:
        if socket.kind != DGRAM:
            raise LinuxError(errno.EISCONN if socket.connected else errno.EOPNOTSUPP)
        target = unix_socket.find(k, task.process, name, DGRAM)
    done = files.progress(task, socket)
    while True:
        try:
            done += socket.send(k, data[done:], target, [] if done else [hold(file) for file in passed])
        except WouldBlock as blocked:
            if not done:
                for file in passed:
                    file.refs -= 1  # it was not taken; `send` raised before it could be
            if done and nonblocking:
                return done
            files.block(k, task, blocked, done=done, nonblocking=nonblocking)
        except LinuxError as error:
            if not done:
                for file in passed:
                    file.refs -= 1
            if done:
                return done
            if error.errno == errno.EPIPE and not flags & MSG_NOSIGNAL and socket.kind == STREAM:
                k.post_signal(task.process, _SIGPIPE, task=task)
            raise
        if socket.kind != STREAM or done >= len(data):
            return done


def _receive(k: Kernel, task: Task, socket: UnixSocket, n: int, flags: int) -> Message | None:
    nonblocking = bool(flags & MSG_DONTWAIT or socket.flags & O_NONBLOCK)
    peek = bool(flags & MSG_PEEK)
    waited = flags & MSG_WAITALL and socket.kind == STREAM and not peek and not nonblocking
    if (
        waited
        and socket.queued < n
        and not socket.read_shut
        and socket.peer is not None
        and not socket.peer.write_shut
        and socket.queued < unix_socket.BUFFER_BYTES
    ):
        # Gap: a request for more than the buffer holds gets what there is when it is full.
        raise Blocked(Progress(k.calls))
    return files.blocking(k, task, lambda: socket.receive(n, peek=peek), nonblocking=nonblocking)


@syscall(206, "sendto", "fd buf:inbuf len:size flags:int addr:sockaddr addrlen:uint -> int")
def sys_sendto(
    k: Kernel, task: Task, fd: int, address: int, n: int, flags: int, name_at: int, name_length: int
) -> int:
    """sendto(2)."""
    socket = _socket(task, fd)
    name = _read_name(k, name_at, name_length) if name_at else None
    return _send(k, task, socket, k.mem.read(address, n), flags, name, [])


@syscall(207, "recvfrom", "fd buf:outbuf len:size flags:int addr:ptr addrlen:ptr -> int")
def sys_recvfrom(
    k: Kernel, task: Task, fd: int, address: int, n: int, flags: int, name_at: int, length_at: int
) -> int:
    """recvfrom(2)."""
    socket = _socket(task, fd)
    k.mem.check(address, n, write=True)
    message = _receive(k, task, socket, n, flags)
    if message is None:
        return 0
    if not flags & MSG_PEEK:
        for file in message.files:
            drop(k, file)
    k.mem.write(address, bytes(message.data[:n]))
    if name_at:
        _write_name(k, message.sender if socket.kind == DGRAM else b"", name_at, length_at)
    return len(message.data) if flags & MSG_TRUNC and socket.kind != STREAM else min(len(message.data), n)


def _passed_files(k: Kernel, task: Task, control: int, length: int) -> list[OpenFile]:
    """The descriptions that SCM_RIGHTS messages name. EBADF, EINVAL."""
    passed: list[OpenFile] = []
    end = control + length
    while control + _CMSG.size <= end:
        size, level, kind = _CMSG.unpack(k.mem.read(control, _CMSG.size))
        if size < _CMSG.size or control + size > end:
            raise LinuxError(errno.EINVAL)
        if level == _SOL_SOCKET and kind == _SCM_RIGHTS:
            count = (size - _CMSG.size) // 4
            if len(passed) + count > _SCM_MAX_FD:
                raise LinuxError(errno.EINVAL)
            numbers = struct.unpack(f"<{count}i", k.mem.read(control + _CMSG.size, 4 * count))
            passed += [task.process.files.get_path(number) for number in numbers]
        elif level == _SOL_SOCKET and kind != _SCM_CREDENTIALS:
            raise LinuxError(errno.EINVAL)
        control += -(-size // 8) * 8
    return passed


def _sendmsg(k: Kernel, task: Task, fd: int, header: int, flags: int) -> int:
    name_at, name_length, iov, count, control, length, _ = _MSGHDR.unpack(k.mem.read(header, _MSGHDR.size))
    socket = _socket(task, fd)
    data = b"".join(k.mem.read(address, n) for address, n in read_iovec(k.mem, iov, count))
    name = _read_name(k, name_at, name_length) if name_at and name_length else None
    passed = _passed_files(k, task, control, length) if control and length else []
    return _send(k, task, socket, data, flags, name, passed)


@syscall(211, "sendmsg", "fd msg:ptr flags:int -> int")
def sys_sendmsg(k: Kernel, task: Task, fd: int, header: int, flags: int) -> int:
    """sendmsg(2) with SCM_RIGHTS."""
    return _sendmsg(k, task, fd, header, flags)


def _recvmsg(k: Kernel, task: Task, fd: int, header: int, flags: int) -> int:
    name_at, name_room, iov, count, control, room, _ = _MSGHDR.unpack(k.mem.read(header, _MSGHDR.size))
    socket = _socket(task, fd)
    buffers = read_iovec(k.mem, iov, count)
    for address, n in buffers:
        k.mem.check(address, n, write=True)
    total = sum(n for _, n in buffers)
    message = _receive(k, task, socket, total, flags)
    seen = flags & MSG_CMSG_CLOEXEC
    sender, used, done = b"", 0, 0
    if message is not None:
        for address, n in buffers:
            part = bytes(message.data[done : done + n])
            k.mem.write(address, part)
            done += len(part)
        if len(message.data) > done:
            seen |= MSG_TRUNC
        if socket.kind == SEQPACKET:
            seen |= MSG_EOR
        sender = message.sender if socket.kind == DGRAM else b""
        used, truncated = _write_control(k, task, socket, message, control, room, flags)
        seen |= MSG_CTRUNC if truncated else 0
    if name_at:
        data = struct.pack("<H", _AF_UNIX) + sender if sender else b""
        k.mem.write(name_at, data[:name_room])
        k.mem.set_u32(header + 8, len(data))
    k.mem.set_u64(header + 40, used)
    k.mem.set_u32(header + 48, seen)
    if message is not None and flags & MSG_TRUNC and socket.kind != STREAM:
        return len(message.data)
    return done


def _write_control(
    k: Kernel, task: Task, socket: UnixSocket, message: Message, control: int, room: int, flags: int
) -> tuple[int, bool]:
    """Credentials and descriptors for the receiver: (bytes used, whether something did not fit)."""
    used, truncated = 0, False
    if socket.pass_credentials:
        data = _CMSG.pack(28, _SOL_SOCKET, _SCM_CREDENTIALS) + struct.pack("<iII4x", *message.ids)
        k.mem.write(control, data[:room])
        used, truncated = min(len(data), room), room < 28
    fits = max((room - used - _CMSG.size) // 4, 0) if control else 0
    numbers = []
    for index, file in enumerate(message.files):
        if index < fits:
            try:
                limit = task.process.limits[RLIMIT_NOFILE][0]
                cloexec = bool(flags & MSG_CMSG_CLOEXEC)
                numbers.append(task.process.files.add(file, limit, cloexec=cloexec))
            except LinuxError:
                truncated = True
        else:
            truncated = True
        if not flags & MSG_PEEK:
            drop(k, file)
    if numbers:
        size = _CMSG.size + 4 * len(numbers)
        data = _CMSG.pack(size, _SOL_SOCKET, _SCM_RIGHTS) + struct.pack(f"<{len(numbers)}i", *numbers)
        data = data.ljust(-(-size // 8) * 8, b"\0")[: room - used]
        k.mem.write(control + used, data)
        used += len(data)
    return used, truncated


@syscall(212, "recvmsg", "fd msg:ptr flags:int -> int")
def sys_recvmsg(k: Kernel, task: Task, fd: int, header: int, flags: int) -> int:
    """recvmsg(2) with SCM_RIGHTS and SCM_CREDENTIALS."""
    return _recvmsg(k, task, fd, header, flags)


@syscall(269, "sendmmsg", "fd msgs:ptr vlen:uint flags:int -> int")
def sys_sendmmsg(k: Kernel, task: Task, fd: int, headers: int, count: int, flags: int) -> int:
    """sendmmsg(2)."""
    for index in range(min(count, 1024)):
        at = headers + 64 * index
        try:
            sent = _sendmsg(k, task, fd, at, flags | (MSG_DONTWAIT if index else 0))
        except LinuxError:
            if index:
                return index
            raise
        k.mem.set_u32(at + 56, sent)
    return min(count, 1024)


@syscall(
    243,
    "recvmmsg",
    "fd msgs:ptr vlen:uint flags:int timeout:timespec -> int",
    partial="waits for the first message only, without the time-out",
)
def sys_recvmmsg(k: Kernel, task: Task, fd: int, headers: int, count: int, flags: int, timeout: int) -> int:
    """recvmmsg(2)."""
    for index in range(min(count, 1024)):
        at = headers + 64 * index
        try:
            got = _recvmsg(k, task, fd, at, flags | (MSG_DONTWAIT if index else 0))
        except LinuxError:
            if index:
                return index
            raise
        k.mem.set_u32(at + 56, got)
    return min(count, 1024)
