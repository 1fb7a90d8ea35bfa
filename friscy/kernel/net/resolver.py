"""The guest's name server, at 127.0.0.11 as docker's: it answers by the host's own resolver, as far as the policy goes.

Lookups run in threads, so that the guest goes on meanwhile. A name that no outbound rule is about is refused, and what
addresses a name has is remembered: rules with names are about these.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import TYPE_CHECKING

from friscy.kernel.net import addresses, dns
from friscy.kernel.net.addresses import CARD4, CARD6, GATEWAY4, LOOPBACK4, LOOPBACK6, RESOLVER
from friscy.kernel.net.dns import Query
from friscy.kernel.net.host import HostNetwork, host_network
from friscy.kernel.net.inet_socket import IPPROTO_TCP
from friscy.kernel.net.policy import is_private
from friscy.kernel.net.socket import STREAM, Message, open_flags, place_of
from friscy.kernel.net.tcp import TcpSocket
from friscy.kernel.net.udp import UdpSocket

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel

_THREADS = 8
_NO_NAME = (socket.EAI_NONAME, socket.EAI_NODATA, socket.EAI_ADDRFAMILY)
Answer = Callable[[bytes], None]
# What a lookup found: addresses or a name; None where the name does not exist; an error code of EAI_*.
Found = list[bytes] | str | int | None


class Resolver:
    """Threads that ask the host's resolver, and who waits for what."""

    def __init__(self, net: HostNetwork) -> None:
        self._net = net
        self._queue: SimpleQueue[str | bytes] = SimpleQueue()
        self._threads = 0
        self._waiting: dict[str | bytes, list[Callable[[Found], None]]] = {}

    def look_up(self, what: str | bytes, then: Callable[[Found], None]) -> None:
        """Find the addresses of a name, or the name of an address; `then` is called by the machine's own thread."""
        if what in self._waiting:
            self._waiting[what].append(then)
            return
        self._waiting[what] = [then]
        self._net.expect()
        if self._threads < min(_THREADS, len(self._waiting)):
            self._threads += 1
            threading.Thread(target=self._work, name="friscy resolver", daemon=True).start()
        self._queue.put(what)

    def _work(self) -> None:
        while True:
            what = self._queue.get()
            found = _ask_host(what)
            self._net.later(lambda what=what, found=found: self._tell(what, found))  # type: ignore[misc]

    def _tell(self, what: str | bytes, found: Found) -> None:
        for then in self._waiting.pop(what):
            then(found)


def _ask_host(what: str | bytes) -> Found:
    try:
        if isinstance(what, bytes):
            return socket.getnameinfo((addresses.text(what), 0), socket.NI_NAMEREQD)[0]
        answers = socket.getaddrinfo(what, None, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        return None if error.errno in _NO_NAME else error.errno
    except (OSError, UnicodeError):
        return None
    found = []
    for family, *_, endpoint in answers:
        raw = socket.inet_pton(family, str(endpoint[0]).partition("%")[0])
        if raw not in found:
            found.append(raw)
    return found


def answer_packet(k: Kernel, asker: UdpSocket, data: bytes) -> None:
    """Answer a query that came in a packet."""
    target = asker.local or (LOOPBACK4, 0)
    if addresses.is_any(target[0]):
        target = (LOOPBACK4, target[1])

    def reply(answer: bytes) -> None:
        if asker.refs:
            asker.take(k, answer, (RESOLVER, 53), target)

    answer_query(k, data, reply, stream=False)


class ResolverSocket(TcpSocket):
    """The name server's end of a connection: messages come with their length before them."""

    partial: bytes = b""

    def deliver(self, k: Kernel, message: Message) -> None:
        """See Socket: answer the queries that are complete."""
        data = self.partial + bytes(message.data)
        while len(data) >= 2 and len(data) >= 2 + int.from_bytes(data[:2], "big"):
            end = 2 + int.from_bytes(data[:2], "big")
            query, data = data[2:end], data[end:]
            answer_query(k, query, lambda answer: self._reply(k, answer), stream=True)
        self.partial = data

    def _reply(self, k: Kernel, answer: bytes) -> None:
        if self.peer is not None:
            self.peer.deliver(k, Message(bytearray(len(answer).to_bytes(2, "big") + answer)))


def server_end(k: Kernel, client: TcpSocket) -> ResolverSocket:
    """The name server's end of a connection from `client`."""
    flags = open_flags(nonblocking=False)
    end = ResolverSocket(*place_of(k, k.task.process), flags, kind=STREAM, protocol=IPPROTO_TCP)
    end.local, end.remote = client.remote, client.local
    return end


def answer_query(k: Kernel, data: bytes, reply: Answer, *, stream: bool) -> None:
    """Answer a query now or when the host has found out. stream: an answer may be of any length."""
    try:
        query = Query(data)
    except ValueError:
        reply(dns.error_reply(data, dns.FORMERR))
        return
    limit = 0 if stream else query.payload
    if query.opcode:
        reply(query.reply(dns.NOTIMP))
        return
    own = _own_answer(k, query)
    if own is not None:
        reply(own)
        return
    net = host_network(k)
    address = dns.reversed_address(query.name)
    wanted: str | bytes = query.name if address is None else address
    if address is not None:
        allowed = any(rule.block is not None and address in rule.block for rule in k.policy.outbound)
        allowed = allowed or (not is_private(address) and any(rule.name == "*" for rule in k.policy.outbound))
        if not allowed or query.kind not in (dns.PTR, dns.ANY):
            reply(query.reply(dns.NXDOMAIN if not allowed else dns.NOERROR))
            return
    elif not k.policy.resolves(query.name):
        k.log_once(
            f"network: the name {query.name} is not granted: allow it with --net {query.name} "
            f'or outbound = ["{query.name}"]'
        )
        reply(query.reply(dns.REFUSED))
        return
    elif query.kind not in (dns.A, dns.AAAA, dns.ANY):
        reply(query.reply(dns.NOERROR))  # what the host's resolver has no question for: no such record
        return

    def answer(found: Found) -> None:
        reply(_answer(k, net, query, found, limit))

    net.resolver().look_up(wanted, answer)


def _own_answer(k: Kernel, query: Query) -> bytes | None:
    """The answer about the machine itself."""
    own = k.state.hostname.decode("ascii", "replace").lower()
    known = {"localhost": [LOOPBACK4, LOOPBACK6], own: [CARD4, CARD6], "host.docker.internal": [GATEWAY4]}
    if query.name in known:
        return query.reply(dns.NOERROR, _records(query, known[query.name]))
    address = dns.reversed_address(query.name)
    for name, held in known.items():
        if address in held:
            records = [(dns.PTR, dns.name_bytes(name))] if query.kind in (dns.PTR, dns.ANY) else []
            return query.reply(dns.NOERROR, records)
    return None


def _records(query: Query, found: list[bytes]) -> list[tuple[int, bytes]]:
    kinds = [(dns.A if len(address) == 4 else dns.AAAA, address) for address in found]
    return [(kind, address) for kind, address in kinds if query.kind in (kind, dns.ANY)]


def _answer(k: Kernel, net: HostNetwork, query: Query, found: Found, limit: int) -> bytes:
    if found is None:
        return query.reply(dns.NXDOMAIN)
    if isinstance(found, int):
        return query.reply(dns.SERVFAIL)
    if isinstance(found, str):
        try:
            return query.reply(dns.NOERROR, [(dns.PTR, dns.name_bytes(found))], limit=limit)
        except ValueError:
            return query.reply(dns.NXDOMAIN)
    if not any(rule.names(query.name) for rule in k.policy.outbound):
        found = [
            address
            for address in found
            if any(rule.block is not None and address in rule.block for rule in k.policy.outbound)
        ]
    for address in found:
        net.learn(k, address, query.name)
    return query.reply(dns.NOERROR, _records(query, found), limit=limit)
