"""The guest's network card, as programs find it: `ip` by netlink, getifaddrs(3), ioctls, /sys."""

from __future__ import annotations

import re

from network_guest import NetworkGuest
from rootfs import debian

_ASK = """
import ctypes, fcntl, socket, struct
class Entry(ctypes.Structure): pass
class Address(ctypes.Structure): _fields_ = [("family", ctypes.c_ushort), ("data", ctypes.c_ubyte * 26)]
Entry._fields_ = [("next", ctypes.POINTER(Entry)), ("name", ctypes.c_char_p), ("flags", ctypes.c_uint),
                  ("address", ctypes.POINTER(Address))]
first = ctypes.POINTER(Entry)()
assert ctypes.CDLL(None).getifaddrs(ctypes.byref(first)) == 0
while first:
    entry = first.contents
    if entry.address and entry.address.contents.family == socket.AF_INET:
        print(entry.name.decode(), socket.inet_ntoa(bytes(entry.address.contents.data[2:6])))
    elif entry.address and entry.address.contents.family == socket.AF_INET6:
        print(entry.name.decode(), socket.inet_ntop(socket.AF_INET6, bytes(entry.address.contents.data[6:22])))
    first = entry.next
print(socket.if_nameindex())
with socket.socket() as s:
    print(socket.inet_ntoa(fcntl.ioctl(s, 0x8915, struct.pack("16s24x", b"eth0"))[20:24]))
print(open("/sys/class/net/eth0/operstate").read(), end="")
"""


def _said(*argv: str) -> str:
    with NetworkGuest(debian("network"), argv) as guest:
        pass
    assert guest.status == 0, (guest.output, guest.log)
    return guest.output.decode()


def test_ip_shows_addresses_and_routes() -> None:
    lines = _said("/usr/bin/ip", "-o", "addr").splitlines()
    found = [re.match(r"\d+: (\S+) +inet6? (\S+)", line) for line in lines]
    assert [match.groups() for match in found if match][:3] == [
        ("lo", "127.0.0.1/8"), ("lo", "::1/128"), ("eth0", "10.0.2.15/24"),
    ]  # fmt: skip
    assert all(found), lines
    assert _said("/usr/bin/ip", "route").splitlines() == [
        "default via 10.0.2.2 dev eth0 ", "10.0.2.0/24 dev eth0 proto kernel scope link src 10.0.2.15 ",
    ]  # fmt: skip


def test_the_c_library_finds_them() -> None:
    lines = _said("/usr/bin/python3", "-c", _ASK).splitlines()
    assert lines[:2] == ["lo 127.0.0.1", "eth0 10.0.2.15"]
    assert "lo ::1" in lines
    assert lines[-3:] == ["[(1, 'lo'), (2, 'eth0')]", "10.0.2.15", "up"]
