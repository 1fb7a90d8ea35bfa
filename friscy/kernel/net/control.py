"""Ancillary data of sendmsg(2) and recvmsg(2): descriptors, credentials, and where a packet came in."""

from __future__ import annotations

import errno
import struct
from typing import TYPE_CHECKING

from friscy.kernel.fdtable import drop
from friscy.kernel.net import addresses
from friscy.kernel.net.socket import Message, Socket
from friscy.kernel.net.unix_socket import UnixSocket
from friscy.kernel.state import RLIMIT_NOFILE
from lazyfs.errors import LinuxError
from lazyfs.openfile import OpenFile

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Task

MSG_CMSG_CLOEXEC = 0x4000_0000
_SOL_SOCKET, _SOL_IP, _SOL_IPV6 = 1, 0, 41
_SCM_RIGHTS, _SCM_CREDENTIALS, _SCM_MAX_FD = 1, 2, 253
_IP_PKTINFO, _IPV6_RECVPKTINFO, _IPV6_PKTINFO = 8, 49, 50
_IPV6_RECVHOPLIMIT, _IPV6_HOPLIMIT, _IPV6_RECVTCLASS, _IPV6_TCLASS = 51, 52, 66, 67
_CMSG = struct.Struct("<Qii")
_INDEX_LO, _INDEX_CARD = 1, 2


def passed_files(k: Kernel, task: Task, socket: Socket, at: int, length: int) -> list[OpenFile]:
    """The descriptions that SCM_RIGHTS messages name. EBADF, EINVAL."""
    passed: list[OpenFile] = []
    end = at + length
    while at + _CMSG.size <= end:
        size, level, kind = _CMSG.unpack(k.mem.read(at, _CMSG.size))
        if size < _CMSG.size or at + size > end:
            raise LinuxError(errno.EINVAL)
        if level == _SOL_SOCKET and kind == _SCM_RIGHTS:
            count = (size - _CMSG.size) // 4
            if len(passed) + count > _SCM_MAX_FD or not isinstance(socket, UnixSocket):
                raise LinuxError(errno.EINVAL)
            numbers = struct.unpack(f"<{count}i", k.mem.read(at + _CMSG.size, 4 * count))
            passed += [task.process.files.get_path(number) for number in numbers]
        elif level == _SOL_SOCKET and kind != _SCM_CREDENTIALS:
            raise LinuxError(errno.EINVAL)
        at += -(-size // 8) * 8
    return passed


def header_of(k: Kernel, at: int, length: int) -> tuple[int, int]:
    """(hop limit, traffic class) that messages to a packet of IPv6 say, -1 where they do not. EINVAL: not 0 .. 255."""
    found = {_IPV6_HOPLIMIT: -1, _IPV6_TCLASS: -1}
    end = at + length
    while at + _CMSG.size <= end:
        size, level, kind = _CMSG.unpack(k.mem.read(at, _CMSG.size))
        if size < _CMSG.size or at + size > end:
            raise LinuxError(errno.EINVAL)
        if level == _SOL_IPV6 and kind in found:
            if size != _CMSG.size + 4 or not -1 <= (value := k.mem.i32(at + _CMSG.size)) <= 255:
                raise LinuxError(errno.EINVAL)
            found[kind] = value
        at += -(-size // 8) * 8
    return found[_IPV6_HOPLIMIT], found[_IPV6_TCLASS]


def write_control(
    k: Kernel, task: Task, socket: Socket, message: Message, at: int, room: int, flags: int, *, keep: bool
) -> tuple[int, bool]:
    """What comes with a message, for the receiver: (bytes used, whether something did not fit).

    keep: the message stays in the queue, and its files with it.
    """
    used, truncated = 0, False
    for level, kind, payload in _facts(socket, message):
        if room - used < _CMSG.size:
            truncated = True
            break
        size = _CMSG.size + len(payload)
        data = (_CMSG.pack(size, level, kind) + payload).ljust(-(-size // 8) * 8, b"\0")[: room - used]
        k.mem.write(at + used, data)
        truncated = truncated or room - used < size
        used += len(data)
    fits = max((room - used - _CMSG.size) // 4, 0) if at else 0
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
        if not keep:
            drop(k, file)
    if numbers:
        size = _CMSG.size + 4 * len(numbers)
        data = _CMSG.pack(size, _SOL_SOCKET, _SCM_RIGHTS) + struct.pack(f"<{len(numbers)}i", *numbers)
        data = data.ljust(-(-size // 8) * 8, b"\0")[: room - used]
        k.mem.write(at + used, data)
        used += len(data)
    return used, truncated


def _facts(socket: Socket, message: Message) -> list[tuple[int, int, bytes]]:
    """What the receiver asked to be told of each message: (level, type, payload)."""
    if isinstance(socket, UnixSocket):
        if socket.pass_credentials:
            return [(_SOL_SOCKET, _SCM_CREDENTIALS, struct.pack("<iII", *message.ids))]
        return []
    facts: list[tuple[int, int, bytes]] = []
    if not message.target:
        return facts
    family = int.from_bytes(message.target[:2], "little")
    address, _ = addresses.unpack(family, message.target)
    index = _INDEX_LO if addresses.is_loopback(address) else _INDEX_CARD
    if len(address) == 4 and any(socket.options.get(_SOL_IP << 32 | _IP_PKTINFO, b"")):
        facts.append((_SOL_IP, _IP_PKTINFO, struct.pack("<i4s4s", index, address, address)))
    if family == addresses.AF_INET6 and any(socket.options.get(_SOL_IPV6 << 32 | _IPV6_RECVPKTINFO, b"")):
        facts.append((_SOL_IPV6, _IPV6_PKTINFO, addresses.mapped(address) + struct.pack("<i", index)))
    if family == addresses.AF_INET6 and len(address) == 16:
        asked = ((_IPV6_RECVHOPLIMIT, _IPV6_HOPLIMIT), (_IPV6_RECVTCLASS, _IPV6_TCLASS))
        for (option, kind), value in zip(asked, message.header, strict=True):
            if any(socket.options.get(_SOL_IPV6 << 32 | option, b"")):
                facts.append((_SOL_IPV6, kind, struct.pack("<i", value)))
    return facts
