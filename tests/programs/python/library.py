# ruff: noqa: UP017, UP031
import base64
import binascii
import bisect
import bz2
import collections
import csv
import dataclasses
import datetime
import decimal
import difflib
import enum
import functools
import hashlib
import heapq
import hmac
import html
import io
import json
import lzma
import operator
import pickle
import pprint
import re
import shlex
import string
import struct
import textwrap
import tomllib
import unicodedata
import urllib.parse
import uuid
import xml.etree.ElementTree as ET
import zlib
import zoneinfo

data = bytes((n * n + n // 7) & 255 for n in range(1 << 20))
for name in sorted(hashlib.algorithms_guaranteed):
    h = hashlib.new(name)
    h.update(data)
    print(name, h.hexdigest(16) if name.startswith("shake") else h.hexdigest())
print(hmac.new(b"key", data, "sha256").hexdigest(), hashlib.pbkdf2_hmac("sha256", b"pw", b"salt", 500).hex())
print(hashlib.scrypt(b"pw", salt=b"salt", n=256, r=8, p=1).hex(), zlib.crc32(data), zlib.adler32(data))
for level in (1, 6, 9):
    packed = zlib.compress(data, level)
    print(level, len(packed), hashlib.md5(packed).hexdigest(), zlib.decompress(packed) == data)
small = data[:100_000]
for module in (bz2, lzma):
    packed = module.compress(small)
    print(module.__name__, len(packed), hashlib.md5(packed).hexdigest(), module.decompress(packed) == small)
value = {
    "a": [1, 2.5, None, True, "é\u2028\U0001f600"],
    "b": {"nested": list(range(50))},
    "big": 10**30,
    "x": 1e-7,
}
text = json.dumps(value, indent=1, sort_keys=True)
print(text, json.dumps(value, ensure_ascii=False), json.loads(text) == value)
try:
    json.loads('{"a": [1, 2,, 3]}')
except json.JSONDecodeError as error:
    print(error)
decimal.getcontext().prec = 60
D = decimal.Decimal
print(
    D(2).sqrt(),
    D(1) / D(7),
    D("1e-30").ln(),
    D(10) ** D("0.3"),
    D("3.14159").quantize(D("0.01")),
    +(D(2) ** 500),
)
print(
    re.findall(r"(?P<word>\b\w+?)(\d*)\b", "abc12 d3 é9 x"),
    re.sub(r"(a+)(?=b)", lambda m: m[1].upper(), "aab aac ab"),
)
print(
    re.split(r"[,;]\s*", "a, b;c,d"), re.fullmatch(r"(?:(\d+)|(\w))+", "12a34b").groups(), re.escape("a.b*c")
)
when = datetime.datetime(2024, 2, 29, 23, 59, 59, 999999, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin"))
print(
    when.isoformat(),
    when.astimezone(datetime.timezone.utc),
    when + datetime.timedelta(days=366),
    when.strftime("%A %j %U %c"),
)
print(
    datetime.datetime.strptime("3 Mar 1999 04:05", "%d %b %Y %H:%M").timestamp(),
    datetime.date.max - datetime.date.min,
)
print(
    struct.pack("<bHiqfd5sxx?", -1, 65535, -(2**31), 2**62, 1.5, -2.25, b"hello", True).hex(),
    struct.calcsize("@bhilqnPd"),
)
print(
    csv.list_dialects(),
    list(csv.reader(io.StringIO('a,"b ""c""",d\n1,2,3\n'))),
    shlex.split("a 'b c' \"d e\" f\\ g"),
)
print(
    unicodedata.normalize("NFKD", "ﬁÅ½"),
    unicodedata.name("\u20ac"),
    "straße".upper(),
    "İ".lower(),
    "ǆ".title(),
    "٣".isdigit(),
)
print(
    ET.tostring(ET.fromstring("<a b='1'><c>t&amp;</c><d/></a>")),
    html.escape("<&>\"'"),
    urllib.parse.quote("a b/é?&"),
)
print(
    tomllib.loads("a = 1\n[b]\nc = [1.5, 2024-01-01]\n"),
    textwrap.fill("word " * 40, 30),
    string.Template("$a-${b}").substitute(a=1, b=2),
)
print(
    pickle.loads(pickle.dumps(value, 5)) == value,
    hashlib.md5(pickle.dumps(value, 4)).hexdigest(),
    uuid.uuid5(uuid.NAMESPACE_DNS, "a.b"),
)
print(
    collections.Counter("mississippi").most_common(),
    heapq.nsmallest(5, data),
    bisect.bisect([1, 3, 5], 4),
    base64.b85encode(data[:50]),
)
print(
    "\n".join(difflib.unified_diff(["a", "b", "c", "d"], ["a", "x", "c"], lineterm="")),
    binascii.b2a_base64(data[:60]),
)


@dataclasses.dataclass(order=True, frozen=True)
class Point:
    x: int
    y: float = 0.5


class Color(enum.Flag):
    RED = enum.auto()
    GREEN = enum.auto()


print(
    sorted([Point(2), Point(1, 3)]),
    Color.RED | Color.GREEN,
    Color(0),
    functools.reduce(operator.mul, range(1, 20)),
)
pprint.pprint({"k" * n: list(range(n)) for n in range(1, 12)}, width=60, compact=True)
match value:
    case {"a": [int(first), *rest], **others}:
        print(first, len(rest), sorted(others))
print(
    f"{1234567.891:,.2f} {255:#x} {255:>10b} {'é':^7}| {0.000012345:e} {10**20:_} {True!r:>6}",
    "%5.2f|%-6s|%+d|%x" % (3.14159, "ab", 7, 255),
)


def generator():
    received = yield 1
    try:
        yield received
    finally:
        print("closed")


g = generator()
print(next(g), g.send("sent"))
g.close()
