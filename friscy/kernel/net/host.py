"""The host's side of the network: sockets of the host behind sockets of the guest, as far as the policy goes.

Nothing here is state of the guest: after a restore listeners are published again and connections read as reset.

Host sockets do not block. One epoll set of the host, edge-triggered, watches them all: `refresh` takes in what
happened since, so a wait of the guest needs to watch one descriptor only, however many connections it has.
"""

from __future__ import annotations

import errno
import os
import select
import socket
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from friscy.kernel.events.host_set import HostSet
from friscy.kernel.net import addresses
from friscy.kernel.net.addresses import Endpoint, host_address
from friscy.kernel.net.granted_socket import HostEnd, UnixLink, connected
from friscy.kernel.net.host_port import HostPort
from friscy.kernel.net.inet_socket import InetSocket, count_short, network
from friscy.kernel.net.links import TcpLink, UdpLink, tune
from friscy.kernel.net.policy import HOST_NAMES, TCP, UDP, Policy
from friscy.kernel.net.tcp import TcpSocket
from friscy.kernel.net.udp import UdpSocket
from friscy.kernel.wait import READ
from lazyfs.errors import LinuxError

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel, Space
    from friscy.kernel.net.resolver import Resolver

_EDGES = select.EPOLLIN | select.EPOLLOUT | select.EPOLLRDHUP | select.EPOLLET
_STALE_NS = 200_000  # how long a look at the host's sockets is good for where no call of the guest ends
_MAX_NAMES = 4096
_MAX_SETS, _MAX_COVERED = 400, 64  # sets of the host for the guest's, and of them those that `look` covers


class Watched(Protocol):
    """What has a descriptor in the epoll set."""

    def happened(self, k: Kernel, events: int) -> None:
        """See to the EPOLL* events that the host reports."""


class HostNetwork:
    """Everything of one machine that has to do with the host's network.

    links: what is behind the guest's connected sockets, by `InetSocket.host`. ports: of the host, published.
    sockets: paths of the host's Unix sockets that are granted.
    """

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.links: dict[int, TcpLink | UdpLink | UnixLink] = {}
        self.sockets: list[str] = []
        self.ports: list[HostPort] = []
        self.lookups = 0  # that threads have not answered yet
        self._epoll = select.epoll()
        self._fd = self._epoll.fileno()
        self.news: list[int] = []  # the host's descriptors of the sets that had news at the last `look`,
        self.looked = -1  # which was for the scheduler's round of this time
        self._all = select.epoll()  # that set and those of `set_of_host`, for one look at all
        self._all.register(self._fd, select.EPOLLIN)
        self._watched: dict[int, Watched] = {}
        self._sets: list[HostSet] = []
        self._done: deque[Callable[[], None]] = deque()
        self._wake = -1
        self._resolver: Resolver | None = None
        self._seen, self._looked, self._stale = -1, 0, True

    # -- what happens ---------------------------------------------------------------------------------

    def refresh(self, k: Kernel) -> None:
        """Take in what has happened outside since the last look."""
        if self._seen == k.calls and not self._stale and time.monotonic_ns() - self._looked < _STALE_NS:
            return
        self._seen, self._stale = k.calls, False
        found = self._epoll.poll(0)
        if found:
            k.changes += 1
        for fd, events in found:
            watched = self._watched.get(fd)
            if watched is not None:
                watched.happened(k, events)
        self._looked = time.monotonic_ns()

    @property
    def fd(self) -> int:
        """Readable while there may be news: in a set, or of what no set has."""
        return self._all.fileno()

    def look(self, k: Kernel) -> None:
        """Find out `news` for all sets at once, and take in what no set has."""
        self.news = news = [fd for fd, _ in self._all.poll(0)]
        self.looked = k.scheduler.looked
        if self._fd in news:
            self._stale = True
            self.refresh(k)

    def host_fds(self) -> list[tuple[int, int]]:
        """What a task that waits for any socket has the host watch."""
        self._stale = True
        return [(self._fd, READ)] if self.links or self.lookups or self.ports else []

    def watch(self, fd: int, watched: Watched, events: int = _EDGES) -> None:
        self._watched[fd] = watched
        self._epoll.register(fd, events)

    def watch_again(self, fd: int, watched: Watched) -> None:
        """The same for what may have news already: the next look tells."""
        self.watch(fd, watched)
        self._stale = True

    def set_of_host(self) -> HostSet | None:
        """A set of the host for an epoll set of the guest; it tells of all that is watched here as well.

        None: there are too many.
        Linux counts the ways from a descriptor through sets in sets, and takes no more than 500 through one and 100
        through two.
        """
        if len(self._sets) >= _MAX_SETS:
            return None
        made = HostSet(self._fd)
        self._sets.append(made)
        if sum(each.covered for each in self._sets) < _MAX_COVERED:
            self._all.register(made.fd, select.EPOLLIN)
            made.covered = True
        return made

    def drop_set(self, made: HostSet) -> None:
        """Give one back."""
        self._sets.remove(made)
        if made.covered:
            self._all.unregister(made.fd)
        made.close()

    def unwatch(self, fd: int) -> None:
        if self._watched.pop(fd, None) is not None:
            self._epoll.unregister(fd)

    def resolver(self) -> Resolver:
        """Who asks the host's resolver."""
        if self._resolver is None:
            from friscy.kernel.net.resolver import Resolver

            self._resolver = Resolver(self)
        return self._resolver

    def count(self, k: Kernel, space: Space) -> None:
        """A process ends: what its short calls have received and sent is to be kept."""
        count_short(network(k), space.short_calls)

    def later(self, action: Callable[[], None]) -> None:
        """From another thread: have the machine's own thread do something."""
        self._done.append(action)
        os.eventfd_write(self._wake, 1)

    def expect(self) -> None:
        """A thread was given a lookup, whose answer will come by `later`."""
        self.lookups += 1
        if self._wake < 0:
            self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
            self.watch(self._wake, self, select.EPOLLIN)

    def happened(self, k: Kernel, events: int) -> None:
        """See Watched: a thread is done."""
        os.eventfd_read(self._wake)
        while self._done:
            self.lookups -= 1
            self._done.popleft()()

    # -- policy ---------------------------------------------------------------------------------------

    def check(self, k: Kernel, protocol: str, address: bytes, port: int) -> None:
        """ENETUNREACH where the guest was not granted to send there, as where no route leads there."""
        real = host_address(address)
        names = HOST_NAMES if real != address else network(k).names.get(address, ())
        if self.policy.permits(protocol, real, port, names):
            return
        shown = addresses.text(real)
        name = next(iter(sorted(names)), None)
        rule = f"{name or (f'[{shown}]' if len(real) == 16 else shown)}:{port}"
        if protocol == UDP:
            rule += "/udp"
        where = f"{name} ({shown})" if name else shown
        k.log_once(
            f"network: {where} port {port}/{protocol} is not granted: allow it with --net {rule} "
            f'or outbound = ["{rule}"]'
        )
        raise LinuxError(errno.ENETUNREACH)

    def learn(self, k: Kernel, address: bytes, name: str) -> None:
        """The guest was told that `name` has this address."""
        names = network(k).names
        known = names.pop(address, [])
        names[address] = [*(each for each in known if each != name), name][-16:]
        if len(names) > _MAX_NAMES:
            del names[next(iter(names))]

    # -- TCP ------------------------------------------------------------------------------------------

    def connect(self, k: Kernel, owner: TcpSocket) -> None:
        """Begin to connect to `owner.remote`, which `check` has passed."""
        assert owner.remote is not None
        address = host_address(owner.remote[0])
        family = socket.AF_INET if len(address) == 4 else socket.AF_INET6
        try:
            sock = socket.socket(family, socket.SOCK_STREAM)
        except OSError as error:
            owner.fail(error.errno or errno.ENETUNREACH)
            return
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        tune(sock, owner.options)
        result = sock.connect_ex((addresses.text(address), owner.remote[1]))
        if result not in (0, errno.EINPROGRESS):
            sock.close()
            owner.fail(result)
            return
        link = self._link(k, owner, sock)
        if result == 0:
            link.connected()

    def adopt(self, k: Kernel, owner: TcpSocket, sock: socket.socket) -> None:
        """A connection that came in on a published port is `owner` in the guest."""
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        tune(sock, owner.options)
        link = self._link(k, owner, sock)
        link.connecting, link.writable = False, True

    def _link(self, k: Kernel, owner: TcpSocket, sock: socket.socket) -> TcpLink:
        state = network(k)
        state.hosts += 1
        owner.host = state.hosts
        link = self.links[owner.host] = TcpLink(self, owner, sock, state)
        owner.set_link(link)
        self.watch(sock.fileno(), link)
        return link

    def close(self, owner: TcpSocket, link: TcpLink, *, reset: bool) -> None:
        """The guest's socket is gone."""
        del self.links[owner.host]
        owner.set_link(None)
        link.take_back(closing=True)
        self.unwatch(link.sock.fileno())
        link.close(reset=reset)

    # -- Unix sockets ---------------------------------------------------------------------------------

    def grant_socket(self, path: str) -> int:
        """Let the guest connect to a socket of the host; the number it has here."""
        self.sockets.append(path)
        return len(self.sockets) - 1

    def connect_unix(self, k: Kernel, end: HostEnd, granted: int) -> None:
        """Connect to a granted socket. ECONNREFUSED: nobody listens there, or it is not granted (any more)."""
        if not 0 <= granted < len(self.sockets):
            raise LinuxError(errno.ECONNREFUSED)
        sock = connected(self.sockets[granted])
        state = network(k)
        state.hosts += 1
        end.host = state.hosts
        link = self.links[end.host] = UnixLink(self, end, sock)
        self.watch(sock.fileno(), link)

    # -- UDP ------------------------------------------------------------------------------------------

    def _udp(self, k: Kernel, owner: UdpSocket) -> UdpLink:
        link = self.links.get(owner.host)
        if isinstance(link, UdpLink):
            return link
        state = network(k)
        state.hosts += 1
        owner.host = state.hosts
        link = self.links[owner.host] = UdpLink(self, owner)
        return link

    def connect_udp(self, k: Kernel, owner: UdpSocket, target: Endpoint) -> None:
        """Whether packets can be sent to `target`. ENETUNREACH: not granted, or no route."""
        self.check(k, UDP, *target)
        self._udp(k, owner).connect(target)

    def send_udp(self, k: Kernel, owner: UdpSocket, target: Endpoint, data: bytes | memoryview) -> int:
        """Send a packet out."""
        link = self._udp(k, owner)
        if not link.knows(target):
            self.check(k, UDP, *target)
        return link.send(k, target, data)

    def bound(self, k: Kernel, owner: UdpSocket) -> None:
        """A UDP socket has a port: one that is published is reached from now on."""
        for port in self.ports:
            if port.protocol == UDP and owner.table == "udp" and port.reaches(owner):
                self._udp(k, owner).published.append(port)

    def close_udp(self, owner: UdpSocket) -> None:
        """The guest's socket is gone."""
        link = self.links.get(owner.host)
        if isinstance(link, UdpLink):
            del self.links[owner.host]
            link.close()

    # -- published ports ------------------------------------------------------------------------------

    def publish(self, k: Kernel) -> None:
        """Take the host's ports. UsageError: one is taken already."""
        for published in self.policy.published:
            port = HostPort(self, published)
            self.ports.append(port)
            if not published.host_port:
                k.log(f"network: guest port {published.guest_port}/{published.protocol} is at {port.where()}")

    def listen(self, listener: TcpSocket) -> None:
        """A socket listens: a published port leads to it from now on."""
        for port in self.ports:
            if port.protocol == TCP and port.reaches(listener):
                port.listen()

    def unlisten(self, k: Kernel, listener: TcpSocket) -> None:
        """A socket listens no more."""
        for port in self.ports:
            if port.protocol == TCP and port.reaches(listener) and port.listener(k) is None:
                port.refuse()

    def accept_more(self, k: Kernel, listener: TcpSocket) -> None:
        """A connection was accepted: there is room for another one."""
        for port in self.ports:
            if port.full and port.reaches(listener):
                port.accept(k)

    def restored(self, k: Kernel) -> None:
        """After a restore: what was connected to the world is reset, what listened is published again."""
        state = network(k)
        for table in (state.tcp, state.udp, state.udplite):
            for sockets in list(table.values()):
                for each in list(sockets):
                    self._restore(k, each)

    def _restore(self, k: Kernel, each: InetSocket) -> None:
        if each.host:
            each.host = 0
            if isinstance(each, TcpSocket):
                each.fail(errno.ECONNRESET)
        if isinstance(each, TcpSocket) and each.listening:
            for child in each.pending:
                if child.host:
                    child.host = 0
                    child.fail(errno.ECONNRESET)
            self.listen(each)
        elif isinstance(each, UdpSocket):
            self.bound(k, each)

    def close_all(self) -> None:
        """Give everything back to the host; the machine is not run again."""
        for link in list(self.links.values()):
            link.close()
        for port in self.ports:
            port.close()
        self.links.clear()
        self.ports.clear()
        for made in self._sets:
            made.close()
        self._sets.clear()
        self._all.close()
        self._epoll.close()
        if self._wake >= 0:
            os.close(self._wake)


def host_network(k: Kernel) -> HostNetwork:
    """The machine's `HostNetwork`, made on first use, with the ports that are published."""
    if k.network is None:
        k.network = HostNetwork(k.policy)
        k.network.publish(k)
    assert isinstance(k.network, HostNetwork)
    return k.network
