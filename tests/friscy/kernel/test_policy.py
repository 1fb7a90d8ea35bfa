"""What outbound rules and published ports mean, and what the name server makes of queries."""

from __future__ import annotations

import socket
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from friscy.kernel.net import addresses, dns
from friscy.kernel.net.policy import Policy, published
from lazyfs.errors import UsageError

PUBLIC, PRIVATE, LOOPBACK, METADATA = "198.51.100.7", "10.1.2.3", "127.0.0.1", "169.254.169.254"


def permits(
    rules: list[str], where: str, port: int = 80, protocol: str = "tcp", names: tuple[str, ...] = ()
) -> bool:
    address = addresses.parse(where)
    assert address is not None
    return Policy(rules).permits(protocol, address, port, names)


@pytest.mark.parametrize(
    ("rule", "yes", "no"),
    [
        (
            "*",
            [PUBLIC, "2606:4700::1"],
            [PRIVATE, LOOPBACK, METADATA, "::1", "fd00::1", "100.64.0.1", "224.0.0.1"],
        ),
        ("10.0.0.0/8", [PRIVATE], [PUBLIC, "11.0.0.1", LOOPBACK]),
        ("[fd00::]/8", ["fd12::9"], ["fe80::1", PUBLIC]),
        ("fd00::/8", ["fd12::9"], ["fe80::1"]),
        (PUBLIC, [PUBLIC], ["198.51.100.8"]),
        ("127.0.0.1", [LOOPBACK], ["127.0.0.2"]),
        ("0.0.0.0/0", [PUBLIC, PRIVATE, LOOPBACK], ["::1"]),
    ],
)
def test_addresses(rule: str, yes: list[str], no: list[str]) -> None:
    assert [each for each in yes if not permits([rule], each)] == []
    assert [each for each in no if permits([rule], each)] == []


def test_nothing_is_granted_by_default() -> None:
    assert not permits([], PUBLIC)
    assert not Policy().resolves("example.com")


def test_ports_and_protocols() -> None:
    assert permits([f"{PUBLIC}:80"], PUBLIC)
    assert not permits([f"{PUBLIC}:81"], PUBLIC)
    assert permits([f"{PUBLIC}:80-90"], PUBLIC, 85)
    assert not permits([f"{PUBLIC}:80-90"], PUBLIC, 91)
    assert permits(["*:53/udp"], PUBLIC, 53, "udp")
    assert not permits(["*:53/udp"], PUBLIC, 53, "tcp")
    assert permits(["[2001:db8::1]:443"], "2001:db8::1", 443)
    assert not permits(["[2001:db8::1]:443"], "2001:db8::1", 80)


def test_names_count_by_what_the_resolver_said() -> None:
    assert permits(["deb.example:80"], PUBLIC, names=("deb.example",))
    assert permits(["deb.example:80"], PRIVATE, names=("deb.example",))
    assert not permits(["deb.example:80"], PUBLIC)
    assert not permits(["deb.example:80"], PUBLIC, names=("evil.example",))
    assert permits(["*.example"], PUBLIC, names=("a.b.example",))
    assert not permits(["*.example"], PUBLIC, names=("example",))
    assert not permits(["*.example"], PUBLIC, names=("notexample",))


def test_a_name_does_not_open_loopback_or_link_local() -> None:
    assert not permits(["deb.example"], LOOPBACK, names=("deb.example",))
    assert not permits(["deb.example"], METADATA, names=("deb.example",))
    assert permits(["localhost:80"], LOOPBACK, names=("localhost",))


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "a b",
        "host:0",
        "host:65536",
        "host:x",
        "10.0.0.0/33",
        "10.0.0.0/x",
        "1.2.3",
        "[::1",
        "*.",
        "a:9-8",
    ],
)
def test_what_is_no_rule(rule: str) -> None:
    with pytest.raises(UsageError):
        Policy([rule])


def test_published_ports() -> None:
    assert [str(each) for each in published("8080:80")] == ["8080:80/tcp"]
    assert [str(each) for each in published("127.0.0.1:5353:53/udp")] == ["127.0.0.1:5353:53/udp"]
    assert [str(each) for each in published("80")] == ["0:80/tcp"]
    assert [str(each) for each in published("127.0.0.1::80")] == ["127.0.0.1:0:80/tcp"]
    assert [str(each) for each in published("8000-8001:80-81")] == ["8000:80/tcp", "8001:81/tcp"]
    assert [str(each) for each in published("[::1]:8080:80")] == ["::1:8080:80/tcp"]


@pytest.mark.parametrize("word", ["", "x", "80:", "a:80:80", "80:80/sctp", "1-2:80", "70000:80", "1:2:3:4"])
def test_what_is_no_published_port(word: str) -> None:
    with pytest.raises(UsageError):
        published(word)


def query(name: bytes, kind: int, *, edns: bool = False) -> bytes:
    question = b"".join(bytes((len(label),)) + label for label in name.split(b".")) + b"\0"
    data = struct.pack("!6H", 77, 0x0100, 1, 0, 0, edns) + question + struct.pack("!HH", kind, 1)
    return data + (b"\0" + struct.pack("!HHIH", dns.OPT, 4096, 0, 0) if edns else b"")


def test_a_query_and_its_reply() -> None:
    asked = dns.Query(query(b"Deb.Example", dns.A, edns=True))
    assert (asked.name, asked.kind, asked.payload) == ("deb.example", dns.A, 1232)
    reply = asked.reply(dns.NOERROR, [(dns.A, socket.inet_aton(PUBLIC))], limit=asked.payload)
    assert struct.unpack("!6H", reply[:12]) == (77, 0x8180, 1, 1, 0, 1)
    assert socket.inet_aton(PUBLIC) in reply
    assert b"\3Deb\7Example\0" in reply  # the question comes back as it was written
    many = asked.reply(dns.NOERROR, [(dns.A, bytes(4))] * 200, limit=asked.payload)
    assert struct.unpack("!6H", many[:12])[1] & 0x0200  # truncated: ask by TCP
    assert len(many) < 512


def test_names_of_addresses() -> None:
    assert dns.reversed_address("7.100.51.198.in-addr.arpa") == socket.inet_aton(PUBLIC)
    assert dns.reversed_address("1." + "0." * 31 + "ip6.arpa") == bytes(15) + b"\1"
    assert dns.reversed_address("256.0.0.1.in-addr.arpa") is None
    assert dns.reversed_address("deb.example") is None


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.binary(max_size=80), st.integers(0, 40))
def test_no_query_is_too_odd(tail: bytes, cut: int) -> None:
    for data in (tail, query(b"a.example", dns.A)[:cut] + tail):
        try:
            dns.Query(data).reply(dns.NOERROR)
        except ValueError:
            assert len(dns.error_reply(data, dns.FORMERR)) == 12
