"""What of the network a guest may use: outbound rules and published ports. Nothing, unless it is granted.

    Policy(outbound=["example.org:80", "10.0.0.0/8", "*"], publish=["8080:80", "127.0.0.1:5353:53/udp"])

An outbound rule is HOST[:PORT[-PORT]][/tcp|/udp], where HOST is
    *              every public address; private, link-local and loopback ones want a rule of their own
    name, *.name   what the guest's resolver answered for that name (or a name below it)
    an address or a network (10.0.0.0/8, [fd00::]/8): exactly these, whatever they are
The host's own loopback is `localhost` here, and `host.docker.internal` in the guest.
A published port is [ADDRESS:]HOSTPORT:GUESTPORT[/tcp|/udp], as with `docker run -p`: ports may be ranges of the same
length, HOSTPORT may be 0 or left out (any free port).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from friscy.kernel.net import addresses
from lazyfs.errors import UsageError

TCP, UDP = "tcp", "udp"
HOST_NAMES = frozenset(("localhost", "host.docker.internal"))

# What `*` leaves out: private, shared (RFC 6598), loopback, link-local, multicast, reserved.
_PRIVATE = (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
    "192.168.0.0/16", "224.0.0.0/3", "::/96", "64:ff9b:1::/48", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
)  # fmt: skip
# What a name may not lead to: a server that answers for a granted name must not open these.
_NEVER_BY_NAME = (
    "0.0.0.0/8",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "224.0.0.0/3",
    "::/96",
    "fe80::/10",
    "ff00::/8",
)


class Block:
    """A network: an address and how many of its bits count."""

    __slots__ = ("bits", "size", "value")

    def __init__(self, word: str) -> None:
        """Raises ValueError where `word` is no address and no CIDR network."""
        base, slash, length = word.partition("/")
        if base.startswith("[") and base.endswith("]"):
            base = base[1:-1]
        raw = addresses.parse(base)
        if raw is None or (slash and not length.isdigit()):
            raise ValueError(word)
        self.size = 8 * len(raw)
        self.bits = int(length) if slash else self.size
        if self.bits > self.size:
            raise ValueError(word)
        self.value = int.from_bytes(raw, "big") >> (self.size - self.bits)

    def __contains__(self, address: bytes) -> bool:
        if len(address) * 8 != self.size:
            return False
        return int.from_bytes(address, "big") >> (self.size - self.bits) == self.value


_blocks: dict[tuple[str, ...], list[Block]] = {}  # made when first asked for: most runs never do


def _within(words: tuple[str, ...], address: bytes) -> bool:
    if words not in _blocks:
        _blocks[words] = [Block(word) for word in words]
    return any(address in block for block in _blocks[words])


def is_private(address: bytes) -> bool:
    """Whether `*` does not mean this address."""
    return _within(_PRIVATE, address)


class Rule:
    """One outbound rule."""

    __slots__ = ("block", "name", "ports", "protocol", "word")

    def __init__(self, word: str) -> None:
        """Raises UsageError where `word` is no rule."""
        self.word = word
        rest, slash, protocol = word.rpartition("/")
        if slash and protocol in (TCP, UDP):
            self.protocol: str | None = protocol
        else:
            self.protocol, rest = None, word
        host, ports = _split_port(rest)
        self.ports: tuple[int, int] | None = None
        if ports is not None:
            self.ports = _port_range(ports, word)
        self.block: Block | None = None
        self.name = host.lower().rstrip(".")
        if host == "*":
            return
        try:
            self.block = Block(host)
        except ValueError:
            plain = self.name[2:] if self.name.startswith("*.") else self.name
            if (
                not plain
                or not all(c.isalnum() or c in "-._" for c in plain)
                or plain.replace(".", "").isdigit()
            ):
                raise UsageError(
                    f"{word!r} is no outbound rule",
                    hint='Rules are "host", "host:port", "*.domain:443", "10.0.0.0/8", "192.0.2.7:53/udp" and "*".',
                ) from None

    def names(self, name: str) -> bool:
        """Whether the rule is about this name (lower case, without a final dot)."""
        if self.block is not None:
            return False
        if self.name.startswith("*."):
            return name.endswith(self.name[1:])
        return self.name in ("*", name)

    def permits(self, protocol: str, address: bytes, port: int, names: Iterable[str]) -> bool:
        """Whether a packet may go there; `names`: what the guest knows the address by."""
        if self.protocol not in (None, protocol):
            return False
        if self.ports is not None and not self.ports[0] <= port <= self.ports[1]:
            return False
        if self.block is not None:
            return address in self.block
        if self.name == "*":
            return not is_private(address)
        if _within(_NEVER_BY_NAME, address):
            return addresses.is_loopback(address) and self.name in HOST_NAMES
        return any(self.names(name) for name in names)


class Published:
    """A port of the host that leads to one of the guest. address: empty is every address of the host."""

    __slots__ = ("address", "guest_port", "host_port", "protocol")

    def __init__(self, address: str, host_port: int, guest_port: int, protocol: str) -> None:
        self.address, self.host_port, self.guest_port, self.protocol = (
            address,
            host_port,
            guest_port,
            protocol,
        )

    def __str__(self) -> str:
        where = f"{self.address}:" if self.address else ""
        return f"{where}{self.host_port}:{self.guest_port}/{self.protocol}"


class Policy:
    """Everything that a guest was granted of the network. `Policy()` grants nothing."""

    __slots__ = ("outbound", "published")

    def __init__(self, outbound: Sequence[str] = (), publish: Sequence[str] = ()) -> None:
        """Raises UsageError where a rule or a published port makes no sense."""
        self.outbound = [Rule(word) for word in outbound]
        self.published = [each for word in publish for each in published(word)]

    def permits(self, protocol: str, address: bytes, port: int, names: Iterable[str] = ()) -> bool:
        """Whether the guest may send there. protocol: TCP or UDP; address: as the host sees it."""
        return any(rule.permits(protocol, address, port, names) for rule in self.outbound)

    def resolves(self, name: str) -> bool:
        """Whether the guest may ask what addresses `name` has: only where an answer could be of use."""
        return any(rule.block is not None or rule.names(name) for rule in self.outbound)


def published(word: str) -> list[Published]:
    """The ports that a -p option means. Raises UsageError."""
    rest, slash, protocol = word.partition("/")
    if not slash:
        protocol = TCP
    address, host, guest = "", "0", ""
    if rest.startswith("["):
        address, bracket, rest = rest[1:].partition("]")
        parts = rest[1:].split(":") if bracket and rest.startswith(":") else []
        if len(parts) == 1:
            parts.insert(0, "")
    else:
        parts = rest.split(":")
        if len(parts) == 3:
            address = parts.pop(0)
    if len(parts) == 2:
        host, guest = parts[0] or "0", parts[1]
    elif len(parts) == 1:
        guest = parts[0]
    if not guest or protocol not in (TCP, UDP) or (address and addresses.parse(address) is None):
        raise UsageError(
            f"{word!r} is no published port",
            hint='Ports are published as "8080:80", "127.0.0.1:8080:80", "5353:53/udp" or "8000-8009:8000-8009".',
        )
    low, high = _port_range(guest, word)
    first, last = _port_range(host, word, lowest=0)
    if (first, last) == (0, 0):
        return [Published(address, 0, port, protocol) for port in range(low, high + 1)]
    if last - first != high - low:
        raise UsageError(f"{word!r}: the ranges of ports have different lengths")
    return [Published(address, first + i, low + i, protocol) for i in range(high - low + 1)]


def _split_port(word: str) -> tuple[str, str | None]:
    """HOST and PORT of HOST[:PORT]; an IPv6 address with a port is in brackets."""
    if word.startswith("["):
        close = word.find("]")
        host, rest = word[: close + 1], word[close + 1 :]
        length, colon, port = rest.partition(":")
        return host + length, port if colon else None
    if word.count(":") > 1:
        return word, None
    host, colon, port = word.partition(":")
    return host, port if colon else None


def _port_range(word: str, whole: str, *, lowest: int = 1) -> tuple[int, int]:
    low, dash, high = word.partition("-")
    ends = (low, high if dash else low)
    if not all(end.isdecimal() and end.isascii() and lowest <= int(end) <= 65535 for end in ends) or int(
        ends[0]
    ) > int(ends[1]):
        raise UsageError(f"{whole!r}: {word!r} is no port, {lowest} to 65535, and no range of them")
    return int(ends[0]), int(ends[1])
