"""AF_UNIX sockets: streams, datagrams and sequenced packets between processes of the guest.

A socket holds what its peer has sent; names are either inodes of the filesystem or abstract.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from friscy.kernel import files
from friscy.kernel.devices import devices, unnamed
from friscy.kernel.fdtable import drop
from friscy.kernel.files import KernelFile
from lazyfs.abi import O_NONBLOCK, O_RDWR, POLLERR, POLLHUP, POLLIN, POLLOUT
from lazyfs.errors import LinuxError, WouldBlock
from lazyfs.inode import Inode
from lazyfs.openfile import OpenFile
from lazyfs.plain import Plain, default

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.state import Process

STREAM, DGRAM, SEQPACKET = 1, 2, 5
POLLRDHUP = 0x2000
BUFFER_BYTES = 212_992  # net.core.wmem_default
_S_IFSOCK = 0o140000


class Message(Plain):
    """What one call sent: for a stream the bytes that were not read yet. sender: its name; ids: pid, uid, gid."""

    data: bytearray
    sender: bytes
    ids: tuple[int, int, int]
    files: list[OpenFile] = default(list)


class UnixSocket(KernelFile):
    """kind: STREAM, DGRAM or SEQPACKET. name: sun_path as bound, an abstract one with its leading NUL."""

    kind: int = STREAM
    peer: UnixSocket | None = None
    name: bytes = b""
    inode_bound: Inode | None = None
    ids: tuple[int, int, int] = (0, 0, 0)  # of who made it, listened or connected
    peer_ids: tuple[int, int, int] = (0, -1, -1)  # SO_PEERCRED
    messages: list[Message] = default(list)
    queued: int = 0  # bytes in `messages`
    listening: bool = False
    backlog: int = 0
    pending: list[UnixSocket] = default(list)  # connections to accept
    connected: bool = False  # has, or had, a peer
    read_shut: bool = False
    write_shut: bool = False
    pass_credentials: bool = False
    error: int = 0  # ECONNRESET: the peer closed without reading all

    # -- data -----------------------------------------------------------------------------------------

    def receive(self, n: int, *, peek: bool = False) -> Message | None:
        """Up to `n` bytes, or one packet (whole: the caller cuts it); None at the end. Raises WouldBlock."""
        if self.kind != DGRAM and not self.connected:
            raise LinuxError(errno.EINVAL if self.kind == STREAM else errno.ENOTCONN)
        if not self.messages:
            if self.error:
                error, self.error = self.error, 0
                raise LinuxError(error)
            if self.read_shut or (self.kind != DGRAM and self._peer_gone()):
                return None
            raise WouldBlock(self, POLLIN)
        first = self.messages[0]
        if self.kind != STREAM:
            if not peek:
                self.messages.pop(0)
                self.queued -= len(first.data)
            return first
        got = Message(bytearray(), first.sender, first.ids, first.files)
        if peek:
            got.data += first.data[:n]
            return got
        first.files = []
        while self.messages and len(got.data) < n:
            message = self.messages[0]
            if message is not first and (message.files or message.ids != first.ids):
                break
            part = n - len(got.data)
            got.data += message.data[:part]
            del message.data[:part]
            if not message.data:
                self.messages.pop(0)
        self.queued -= len(got.data)
        return got

    def send(
        self, k: Kernel, data: bytes, to: UnixSocket | None = None, passed: list[OpenFile] | None = None
    ) -> int:
        """How many bytes were taken. Raises WouldBlock; EPIPE, ENOTCONN, EMSGSIZE, ECONNREFUSED."""
        if self.write_shut:
            raise LinuxError(errno.EPIPE)
        target = to or self.peer
        if target is None:
            raise LinuxError(errno.EPIPE if self.connected and self.kind != DGRAM else errno.ENOTCONN)
        if self.kind == DGRAM and not target.refs:
            if self.peer is target:
                self.peer = None
            raise LinuxError(errno.ECONNREFUSED)
        if target.read_shut:
            raise LinuxError(errno.EPIPE)
        room = BUFFER_BYTES - target.queued
        if self.kind != STREAM and len(data) > BUFFER_BYTES:
            raise LinuxError(errno.EMSGSIZE)
        if room <= 0 or (self.kind != STREAM and len(data) > room):
            raise WouldBlock(self, POLLOUT)
        if self.kind == STREAM and not data:
            return 0
        taken = bytearray(data[:room] if self.kind == STREAM else data)
        target.messages.append(Message(taken, self.name, self.ids, passed or []))
        target.queued += len(taken)
        return len(taken)

    def _peer_gone(self) -> bool:
        return self.peer is None or self.peer.write_shut

    # -- as a file ------------------------------------------------------------------------------------

    def read_bytes(self, k: Kernel, n: int) -> bytes:
        """See KernelFile."""
        got = self.receive(n)
        if got is None:
            return b""
        for file in got.files:
            drop(k, file)
        return bytes(got.data[:n])

    def write_bytes(self, k: Kernel, data: bytes) -> int:
        """See KernelFile."""
        return self.send(k, data)

    def poll_events(self, k: Kernel) -> int:
        """See KernelFile."""
        if self.listening:
            return files.IN if self.pending else 0
        events = files.IN if self.messages else 0
        if self.kind == DGRAM:
            full = self.peer is not None and self.peer.queued >= BUFFER_BYTES
            return events | (0 if full else files.OUT)
        if not self.connected:
            return events | files.OUT | POLLHUP
        gone = self._peer_gone()
        if self.error:
            events |= POLLERR
        if gone or self.read_shut:
            events |= files.IN | POLLRDHUP
        if self.peer is None or (self.write_shut and (gone or self.read_shut)):
            events |= POLLHUP
        if self.peer is None or self.peer.queued < BUFFER_BYTES:
            events |= files.OUT
        return events

    def closed(self, k: Kernel) -> None:
        """See KernelFile: the peer reads what is left, then the end."""
        devices(k).sockets = [socket for socket in devices(k).sockets if socket is not self]
        for server in self.pending:
            server.closed(k)
        self.pending = []
        peer, self.peer = self.peer, None
        if peer is not None and peer.peer is self and self.kind != DGRAM:
            peer.peer = None
            peer.error = errno.ECONNRESET if self.messages else 0
        for message in self.messages:
            for file in message.files:
                drop(k, file)
        self.messages = []


def new_socket(k: Kernel, process: Process, kind: int, *, nonblocking: bool) -> UnixSocket:
    """An unconnected socket."""
    ids = process.credentials
    place = unnamed(k, b"socket:[%d]", _S_IFSOCK | 0o777, uid=ids.euid, gid=ids.egid)
    flags = O_RDWR | (O_NONBLOCK if nonblocking else 0)
    return UnixSocket(place, place.inode, flags, kind=kind, ids=identity(process))


def identity(process: Process) -> tuple[int, int, int]:
    """(pid, uid, gid) as SO_PEERCRED tells them."""
    return process.pid, process.credentials.euid, process.credentials.egid


def join(one: UnixSocket, other: UnixSocket) -> None:
    """Connect two sockets with each other."""
    one.peer, other.peer = other, one
    one.connected = other.connected = True
    one.peer_ids, other.peer_ids = other.ids, one.ids


def bind(k: Kernel, process: Process, socket: UnixSocket, name: bytes) -> None:
    """Give a socket a name. EINVAL: it has one; EADDRINUSE."""
    if socket.name:
        raise LinuxError(errno.EINVAL)
    table = devices(k).sockets
    if not name:  # autobind: five hexadecimal digits
        number = 1
        taken = {other.name for other in table}
        while b"\0%05x" % number in taken:
            number += 1
        name = b"\0%05x" % number
    if name.startswith(b"\0"):
        if any(other.name == name for other in table):
            raise LinuxError(errno.EADDRINUSE)
    else:
        try:
            k.vfs.mknod(process.fs, name, _S_IFSOCK | 0o777)
        except LinuxError as error:
            raise LinuxError(errno.EADDRINUSE if error.errno == errno.EEXIST else error.errno) from error
        socket.inode_bound = k.vfs.lookup(process.fs, name, follow=False).inode
    socket.name = name
    table.append(socket)


def find(k: Kernel, process: Process, name: bytes, kind: int) -> UnixSocket:
    """The socket that is bound to a name. ECONNREFUSED: nobody is there; EPROTOTYPE: of another kind."""
    table = devices(k).sockets
    if name.startswith(b"\0"):
        found = next((other for other in table if other.name == name), None)
    else:
        location = k.vfs.lookup(process.fs, name)
        if location.inode.mode & 0o170000 != _S_IFSOCK:
            raise LinuxError(errno.ECONNREFUSED)
        k.vfs.access(process.fs, location, 2)
        found = next((other for other in table if other.inode_bound is location.inode), None)
    if found is None:
        raise LinuxError(errno.ECONNREFUSED)
    if found.kind != kind:
        raise LinuxError(errno.EPROTOTYPE)
    assert isinstance(found, UnixSocket)
    return found


def connect(k: Kernel, process: Process, socket: UnixSocket, name: bytes) -> None:
    """connect(2). Raises WouldBlock where the listener's queue is full."""
    if socket.kind == DGRAM:
        socket.peer, socket.connected = find(k, process, name, DGRAM), True
        return
    if socket.listening:
        raise LinuxError(errno.EINVAL)
    if socket.connected:
        raise LinuxError(errno.EISCONN)
    listener = find(k, process, name, socket.kind)
    if not listener.listening or listener.read_shut:
        raise LinuxError(errno.ECONNREFUSED)
    if len(listener.pending) > listener.backlog:
        raise WouldBlock()
    socket.ids = identity(process)
    server = new_socket(k, process, socket.kind, nonblocking=False)
    server.ids, server.name = listener.ids, listener.name
    join(socket, server)
    listener.pending.append(server)


def shutdown(socket: UnixSocket, how: int) -> None:
    """shutdown(2): 0 reading, 1 writing, 2 both. The peer of a stream sees it from its side."""
    if how not in (0, 1, 2):
        raise LinuxError(errno.EINVAL)
    if socket.kind != DGRAM and not socket.connected and not socket.listening:
        raise LinuxError(errno.ENOTCONN)
    socket.read_shut = socket.read_shut or how in (0, 2)
    socket.write_shut = socket.write_shut or how in (1, 2)
