"""Unix sockets of the host that the user grants under a name in the guest, such as that of an SSH agent.

`grant` mounts a socket that listens; who connects to it gets a connection of the host's. Streams only: bytes pass,
descriptors do not.
"""

from __future__ import annotations

import errno
import select
import socket
from typing import TYPE_CHECKING

from friscy.kernel.devices import devices, unnamed
from friscy.kernel.fdtable import drop
from friscy.kernel.net.socket import S_IFSOCK, SHUT_RD, STREAM, Message, open_flags
from friscy.kernel.net.unix_socket import UnixSocket, join
from lazyfs.errors import LinuxError, WouldBlock

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.net.host import HostNetwork
    from lazyfs.inode import Location

_READABLE = select.EPOLLIN | select.EPOLLRDHUP | select.EPOLLHUP | select.EPOLLERR
_STEP = 1 << 16


def grant(k: Kernel, place: Location, host_path: str, *, mode: int, uid: int, gid: int) -> None:
    """Have the host's socket at `host_path` answer at `place`, in a socket of that mode and owner.

    It is connected to when a program of the guest connects. What is at `place` is hidden by a mount.
    """
    from friscy.kernel.net.host import host_network

    fs = k.vfs.new_tmpfs(mode=0o755)
    inode = fs.create(k.vfs, fs.root(k.vfs), b"socket", S_IFSOCK | mode, uid, gid)
    k.vfs.mount(place, fs, source=b"tmpfs", root=inode)
    listener = GrantedSocket(_nowhere(k), _nowhere(k).inode, open_flags(nonblocking=False), kind=STREAM)
    listener.grant = host_network(k).grant_socket(host_path)
    listener.inode_bound, listener.listening = inode, True
    devices(k).sockets.append(listener)


def _nowhere(k: Kernel) -> Location:
    return unnamed(k, b"socket:[%d]", S_IFSOCK | 0o777)


class GrantedSocket(UnixSocket):
    """Listens in the guest for a socket of the host. grant: its number in `HostNetwork.sockets`."""

    grant: int = -1

    def admit(self, k: Kernel, client: UnixSocket) -> None:
        """See UnixSocket: the connection's other end is one of the host."""
        if k.network is None:
            raise LinuxError(errno.ECONNREFUSED)
        place = _nowhere(k)
        end = HostEnd(place, place.inode, open_flags(nonblocking=False), kind=STREAM)
        k.network.connect_unix(k, end, self.grant)
        join(client, end)


class HostEnd(UnixSocket):
    """The end outside of a connection of the guest; no descriptor leads to it. What is sent to it goes to the host.

    host: the number of its link, as `InetSocket.host`. shut: the guest sends no more.
    """

    host: int = 0
    shut: bool = False

    def outside(self) -> bool:
        """See UnixSocket."""
        return True

    def _link(self, k: Kernel) -> UnixLink | None:
        link = None if k.network is None else k.network.links.get(self.host)
        assert link is None or isinstance(link, UnixLink)
        return link

    def deliver(self, k: Kernel, message: Message) -> None:
        """See Socket. EPIPE: the machine was restored, and the connection was not."""
        link = self._link(k)
        if link is None:
            raise LinuxError(errno.EPIPE)
        for file in message.files:
            drop(k, file)
        message.files = []
        super().deliver(k, message)
        link.flush(k)

    def drained(self, k: Kernel) -> None:
        """See UnixSocket: there is room for what the host has."""
        link = self._link(k)
        if link is not None:
            link.pump(k)

    def other_end_shut(self, k: Kernel, how: int) -> None:
        """See UnixSocket."""
        link = self._link(k)
        if link is None:
            return
        if how != SHUT_RD:
            self.shut = True
            link.flush(k)
        self.write_shut = self.write_shut or how == SHUT_RD

    def other_end_gone(self, k: Kernel, *, unread: bool) -> None:
        """See UnixSocket: the host reads what is on its way, then the end."""
        self.peer, self.shut = None, True
        link = self._link(k)
        if link is not None:
            link.flush(k)

    def lost(self, k: Kernel) -> None:
        """The host's side is gone."""
        peer, self.peer = self.peer, None
        if peer is not None:
            peer.peer, peer.ended = None, True


class UnixLink:
    """The host's socket behind a `HostEnd`. readable, writable: what the host said last; over: both sides are done."""

    __slots__ = ("net", "over", "owner", "readable", "sock", "writable")

    def __init__(self, net: HostNetwork, owner: HostEnd, sock: socket.socket) -> None:
        self.net, self.owner, self.sock = net, owner, sock
        self.readable, self.writable, self.over = False, True, False

    def happened(self, k: Kernel, events: int) -> None:
        """See Watched."""
        if events & (select.EPOLLOUT | select.EPOLLERR | select.EPOLLHUP):
            self.writable = True
            self.flush(k)
        if events & _READABLE:
            self.readable = True
            self.over = self.over or bool(events & (select.EPOLLHUP | select.EPOLLERR))
            self.pump(k)

    def flush(self, k: Kernel) -> None:
        """Hand the host what the guest has sent, as far as it takes it; then the end, if there is one."""
        owner = self.owner
        try:
            while self.writable and owner.messages:
                message = owner.messages[0]
                taken = self.sock.send(message.data)
                del message.data[:taken]
                owner.queued -= taken
                owner.readings += 1
                if not message.data:
                    owner.messages.pop(0)
                if owner.peer is not None:
                    owner.peer.ring()
        except BlockingIOError:
            self.writable = False
            return
        except OSError:
            owner.discard(k)
            owner.read_shut = True  # so the guest's next send finds a broken pipe
        if owner.shut and not owner.messages:
            if owner.peer is None:
                self.close()
            else:
                self._end()

    def _end(self) -> None:
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            return  # it is gone already: the guest reads that

    def pump(self, k: Kernel) -> None:
        """Bring what the host has sent into the guest's queue, as far as there is room."""
        guest = self.owner.peer
        while self.readable and guest is not None and not guest.ended:
            room = min(guest.room(), _STEP)
            if room <= 0:
                return
            try:
                data = self.sock.recv(room)
            except BlockingIOError:
                self.readable = False
                return
            except OSError:
                data, self.over = b"", True
            if data:
                guest.deliver(k, Message(bytearray(data)))
                continue
            self.readable, guest.ended = False, True
        if self.over and (guest is None or guest.ended):
            self.owner.lost(k)
            self.close()

    def close(self) -> None:
        if self.net.links.pop(self.owner.host, None) is not None:
            self.net.unwatch(self.sock.fileno())
            self.sock.close()


def connected(host_path: str) -> socket.socket:
    """A connection to the host's socket. LinuxError: the host's errno; WouldBlock: its queue is full."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.setblocking(False)
    try:
        sock.connect(host_path)
    except BlockingIOError:
        sock.close()
        raise WouldBlock() from None
    except OSError as error:
        sock.close()
        # Whatever is wrong at the host's path: for the guest nobody listens.
        raise LinuxError(errno.ECONNREFUSED) from error
    return sock
