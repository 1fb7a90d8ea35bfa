"""The wire format of DNS (RFC 1035), as much as a stub resolver's server needs."""

from __future__ import annotations

import struct

A, NS, CNAME, PTR, AAAA, OPT, ANY = 1, 2, 5, 12, 28, 41, 255
NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED = range(6)
IN = 1
_HEADER = struct.Struct("!6H")
_QR, _RD, _RA, _TC = 0x8000, 0x0100, 0x0080, 0x0200
_UDP_BYTES = 512
_EDNS_BYTES = 1232
TTL_SECONDS = 30


class Query:
    """A question: name in lower case without the final dot; payload: how many bytes its answer may have."""

    __slots__ = ("_additional", "_edns", "_flags", "_id", "_question", "kind", "name", "payload")

    def __init__(self, data: bytes) -> None:
        """Raises ValueError where `data` is no query with one question."""
        try:
            self._id, self._flags, questions, answers, _, self._additional = _HEADER.unpack_from(data)
            if self._flags & _QR or questions != 1 or answers:
                raise ValueError("not a query")
            labels, at = _labels(data, _HEADER.size)
            self.kind, kind_class = struct.unpack_from("!HH", data, at)
        except (struct.error, IndexError) as error:
            raise ValueError("not a query") from error
        if kind_class not in (IN, 255):
            raise ValueError("not of the internet")
        self._question = data[_HEADER.size : at + 4]
        self.name = b".".join(labels).decode("ascii", "replace").lower()
        self._edns, self.payload = False, _UDP_BYTES
        rest = data[at + 4 :]
        if self._additional and len(rest) >= 11 and rest[:3] == b"\0" + struct.pack("!H", OPT):
            self._edns = True
            self.payload = min(max(struct.unpack_from("!H", rest, 3)[0], _UDP_BYTES), _EDNS_BYTES)

    @property
    def opcode(self) -> int:
        flags: int = self._flags
        return flags >> 11 & 15

    def reply(self, code: int, records: list[tuple[int, bytes]] = [], *, limit: int = 0) -> bytes:  # noqa: B006
        """A reply with records of (type, data), all of the name that was asked for.

        limit: bytes; what is longer goes without its records, marked as truncated, so that it is asked for by TCP.
        """
        body = b"".join(
            struct.pack("!HHHIH", 0xC00C, kind, IN, TTL_SECONDS, len(data)) + data for kind, data in records
        )
        opt = b"\0" + struct.pack("!HHIH", OPT, _EDNS_BYTES, 0, 0) if self._edns else b""
        flags = _QR | _RA | (self._flags & (_RD | 0x7800)) | code
        count = len(records)
        if limit and _HEADER.size + len(self._question) + len(body) + len(opt) > limit:
            flags, body, count = flags | _TC, b"", 0
        return _HEADER.pack(self._id, flags, 1, count, 0, bool(opt)) + self._question + body + opt


def error_reply(data: bytes, code: int) -> bytes:
    """The reply to what could not be read as a query."""
    flags = struct.unpack_from("!H", data, 2)[0] if len(data) >= 4 else 0
    return data[:2].ljust(2, b"\0") + struct.pack(
        "!5H", _QR | _RA | (flags & (_RD | 0x7800)) | code, 0, 0, 0, 0
    )


def _labels(data: bytes, at: int) -> tuple[list[bytes], int]:
    """The labels of a name without compression, which a question has none of, and where it ends."""
    labels: list[bytes] = []
    total = 0
    while n := data[at]:
        if n > 63 or total > 255 or at + 1 + n > len(data):
            raise ValueError("bad name")
        labels.append(data[at + 1 : at + 1 + n])
        at, total = at + 1 + n, total + n + 1
    return labels, at + 1


def name_bytes(name: str) -> bytes:
    """A name as it goes into a record. Raises ValueError."""
    labels = [label.encode("ascii") for label in name.rstrip(".").split(".")]
    if any(not 0 < len(label) < 64 for label in labels):
        raise ValueError(name)
    return b"".join(bytes((len(label),)) + label for label in labels) + b"\0"


def reversed_address(name: str) -> bytes | None:
    """The address that a name below in-addr.arpa or ip6.arpa stands for."""
    if name.endswith(".in-addr.arpa"):
        parts = name[: -len(".in-addr.arpa")].split(".")
        if len(parts) == 4 and all(part.isdecimal() and int(part) < 256 for part in parts):
            return bytes(int(part) for part in reversed(parts))
    if name.endswith(".ip6.arpa"):
        digits = name[: -len(".ip6.arpa")].split(".")
        if len(digits) == 32 and all(len(d) == 1 and d in "0123456789abcdef" for d in digits):
            return bytes.fromhex("".join(reversed(digits)))
    return None
