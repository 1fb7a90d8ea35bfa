"""System calls that send to and receive from sockets."""

from __future__ import annotations

import errno
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING

from friscy.kernel import files
from friscy.kernel.calls.network import read_name, socket_of, write_name
from friscy.kernel.fdtable import drop, hold
from friscy.kernel.net import control
from friscy.kernel.net.socket import BUFFER_BYTES, DGRAM, SEQPACKET, STREAM, Message, Socket
from friscy.kernel.structs import read_iovec
from friscy.kernel.table import syscall
from friscy.kernel.wait import Blocked
from lazyfs.abi import O_NONBLOCK
from lazyfs.errors import LinuxError, WouldBlock
from lazyfs.openfile import OpenFile

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Task

MSG_OOB, MSG_PEEK, MSG_CTRUNC, MSG_TRUNC, MSG_DONTWAIT, MSG_EOR, MSG_WAITALL = (
    1,
    2,
    8,
    0x20,
    0x40,
    0x80,
    0x100,
)
MSG_ERRQUEUE, MSG_NOSIGNAL, MSG_WAITFORONE = 0x2000, 0x4000, 0x1_0000
_SIGPIPE = 13
_MSGHDR = struct.Struct("<QI4xQQQQi4x")
_MMSGHDR_BYTES, _MMSG_MAX = 64, 1024


def _send(
    k: Kernel,
    task: Task,
    socket: Socket,
    data: bytes | memoryview,
    flags: int,
    name: bytes | None,
    passed: list[OpenFile],
) -> int:
    """Send all of `data`, or what goes in without waiting. SIGPIPE comes with EPIPE unless MSG_NOSIGNAL."""
    if flags & MSG_OOB:
        raise LinuxError(errno.EOPNOTSUPP)
    nonblocking = bool(flags & MSG_DONTWAIT or socket.flags & O_NONBLOCK)
    done = files.progress(task, socket)
    while True:
        try:
            if passed and not done:
                done += socket.send(k, task, data, name, [hold(file) for file in passed])
            else:
                done += socket.send(k, task, data[done:] if done else data, name, [])
        except WouldBlock as blocked:
            _put_back(passed, done)
            try:
                files.block(k, task, blocked, done=done, nonblocking=nonblocking)
            except LinuxError:
                if done:
                    return done
                raise
        except LinuxError as error:
            _put_back(passed, done)
            if done:
                return done
            if error.errno == errno.EPIPE and not flags & MSG_NOSIGNAL and socket.kind == STREAM:
                k.post_signal(task.process, _SIGPIPE, task=task)
            raise
        if socket.kind != STREAM or done >= len(data):
            return done


def _put_back(passed: list[OpenFile], done: int) -> None:
    if not done:
        for file in passed:
            file.refs -= 1  # it was not taken: `send` raised before it could be


def _receive(k: Kernel, task: Task, socket: Socket, n: int, flags: int) -> Message | None:
    if flags & MSG_OOB:
        raise LinuxError(errno.EINVAL if socket.kind == STREAM else errno.EOPNOTSUPP)
    if flags & MSG_ERRQUEUE:
        raise LinuxError(errno.EAGAIN)
    nonblocking = bool(flags & MSG_DONTWAIT or socket.flags & O_NONBLOCK)
    peek = bool(flags & MSG_PEEK)
    if flags & MSG_WAITALL and socket.kind == STREAM and not peek and not nonblocking:
        socket.take_in(k)
        # Gap: a request for more than the buffer holds gets what there is when it is full.
        whole = socket.queued >= min(n, BUFFER_BYTES // 2) or socket.read_shut or socket.ended or socket.error
        if socket.connected and not whole and not getattr(socket, "dead", False):
            if socket.receive_timeout:
                k.deadline_after(task, socket.receive_timeout)
            if not k.expired(task):
                raise Blocked(_AllWait(socket, files.IN, 0, n))
    return files.blocking(k, task, lambda: socket.receive(k, n, peek=peek), nonblocking=nonblocking)


class _AllWait(files.FileWait):
    """MSG_WAITALL: waits until so much is there, or no more can come."""

    wanted: int = 0

    def ready(self, k: Kernel, task: Task) -> bool:
        assert isinstance(self.file, Socket)
        self.file.take_in(k)
        events = self.file.poll_events(k)
        return self.file.queued >= min(self.wanted, BUFFER_BYTES // 2) or bool(events & 0x2018)


@syscall(206, "sendto", "fd buf:inbuf len:size flags:int addr:sockaddr addrlen:uint -> int")
def sys_sendto(
    k: Kernel, task: Task, fd: int, address: int, n: int, flags: int, name_at: int, name_length: int
) -> int:
    """sendto(2)."""
    socket = socket_of(task, fd)
    name = read_name(k, name_at, name_length) if name_at else None
    return _send(k, task, socket, k.mem.readable(address, n), flags, name, [])


@syscall(207, "recvfrom", "fd buf:outbuf len:size flags:int addr:ptr addrlen:ptr -> int")
def sys_recvfrom(
    k: Kernel, task: Task, fd: int, address: int, n: int, flags: int, name_at: int, length_at: int
) -> int:
    """recvfrom(2)."""
    socket = socket_of(task, fd)
    if not (name_at or flags & ~MSG_DONTWAIT) and socket.kind == STREAM:
        room_there = k.mem.window(address, n, write=True)
        if room_there is not None:
            try:
                return socket.read_into(k, room_there)
            except WouldBlock as blocked:
                files.block(k, task, blocked, nonblocking=bool(flags & MSG_DONTWAIT))
    if not (flags & MSG_TRUNC and socket.kind == STREAM):
        k.mem.check(address, n, write=True)
    message = _receive(k, task, socket, n, flags)
    if message is None:
        return 0
    if not flags & MSG_PEEK:
        for file in message.files:
            drop(k, file)
    if not (flags & MSG_TRUNC and socket.kind == STREAM):
        k.mem.write(address, message.data[:n] if len(message.data) > n else message.data)
    if name_at:
        write_name(k, _sender(socket, message), name_at, length_at)
    return len(message.data) if flags & MSG_TRUNC and socket.kind != STREAM else min(len(message.data), n)


def _sender(socket: Socket, message: Message) -> bytes:
    """The name that a receiver is told: only packets have one."""
    return message.sender if socket.kind == DGRAM else b""


def _sendmsg(k: Kernel, task: Task, fd: int, header: int, flags: int) -> int:
    name_at, name_length, iov, count, ancillary, length, _ = _MSGHDR.unpack(k.mem.read(header, _MSGHDR.size))
    socket = socket_of(task, fd)
    buffers = read_iovec(k.mem, iov, count)
    data = (
        k.mem.readable(*buffers[0]) if len(buffers) == 1 else b"".join(k.mem.read(*each) for each in buffers)
    )
    name = read_name(k, name_at, name_length) if name_at and name_length else None
    if not (ancillary and length):
        return _send(k, task, socket, data, flags, name, [])
    from friscy.kernel.net.udp import UdpSocket

    passed = control.passed_files(k, task, socket, ancillary, length)
    if not isinstance(socket, UdpSocket):
        return _send(k, task, socket, data, flags, name, passed)
    object.__setattr__(socket, "header", control.header_of(k, ancillary, length))
    try:
        return _send(k, task, socket, data, flags, name, passed)
    finally:
        object.__delattr__(socket, "header")


@syscall(211, "sendmsg", "fd msg:ptr flags:int -> int")
def sys_sendmsg(k: Kernel, task: Task, fd: int, header: int, flags: int) -> int:
    """sendmsg(2) with SCM_RIGHTS."""
    return _sendmsg(k, task, fd, header, flags)


def _recvmsg(k: Kernel, task: Task, fd: int, header: int, flags: int) -> int:
    name_at, name_room, iov, count, ancillary, room, _ = _MSGHDR.unpack(k.mem.read(header, _MSGHDR.size))
    socket = socket_of(task, fd)
    buffers = read_iovec(k.mem, iov, count)
    for address, n in buffers:
        k.mem.check(address, n, write=True)
    total = sum(n for _, n in buffers)
    message = _receive(k, task, socket, total, flags)
    seen = flags & control.MSG_CMSG_CLOEXEC
    sender, used, done = b"", 0, 0
    if message is not None:
        for address, n in buffers:
            part = message.data[done : done + n]
            k.mem.write(address, part)
            done += len(part)
        if len(message.data) > done:
            seen |= MSG_TRUNC
        if socket.kind == SEQPACKET:
            seen |= MSG_EOR
        sender = _sender(socket, message)
        used, truncated = control.write_control(
            k, task, socket, message, ancillary, room, flags, keep=bool(flags & MSG_PEEK)
        )
        seen |= MSG_CTRUNC if truncated else 0
    if name_at:
        k.mem.write(name_at, sender[:name_room])
        k.mem.set_u32(header + 8, len(sender))
    k.mem.set_u64(header + 40, used)
    k.mem.set_u32(header + 48, seen)
    if message is not None and flags & MSG_TRUNC and socket.kind != STREAM:
        return len(message.data)
    return done


@syscall(212, "recvmsg", "fd msg:ptr flags:int -> int")
def sys_recvmsg(k: Kernel, task: Task, fd: int, header: int, flags: int) -> int:
    """recvmsg(2) with SCM_RIGHTS, SCM_CREDENTIALS, IP_PKTINFO and IPV6_PKTINFO."""
    return _recvmsg(k, task, fd, header, flags)


def _each(k: Kernel, headers: int, count: int, flags: int, transfer: Callable[[int, int], int]) -> int:
    """Transfer up to `count` messages; how many. transfer: (address of its header, flags) -> bytes."""
    count = min(count, _MMSG_MAX)
    for index in range(count):
        at = headers + _MMSGHDR_BYTES * index
        try:
            # What is through cannot be done again when the call is run again: so only the first one waits.
            done = transfer(at, flags | (MSG_DONTWAIT if index else 0))
        except LinuxError:
            if index:
                return index
            raise
        k.mem.set_u32(at + 56, done)
    return count


@syscall(269, "sendmmsg", "fd msgs:ptr vlen:uint flags:int -> int")
def sys_sendmmsg(k: Kernel, task: Task, fd: int, headers: int, count: int, flags: int) -> int:
    """sendmmsg(2)."""
    return _each(k, headers, count, flags, lambda at, now: _sendmsg(k, task, fd, at, now))


@syscall(
    243,
    "recvmmsg",
    "fd msgs:ptr vlen:uint flags:int timeout:timespec -> int",
    partial="waits for the first message only",
)
def sys_recvmmsg(k: Kernel, task: Task, fd: int, headers: int, count: int, flags: int, timeout: int) -> int:
    """recvmmsg(2)."""
    timeout_ns = k.read_timespec(timeout) if timeout else None
    if timeout_ns is not None:
        k.deadline_after(task, timeout_ns)
        if k.expired(task):
            flags |= MSG_DONTWAIT
    return _each(k, headers, count, flags, lambda at, now: _recvmsg(k, task, fd, at, now))
