"""Reading tar archives as a stream: ustar, PAX, GNU and V7 headers, every kind of sparse file (tar(5)).

The standard library's `tarfile` is not used: in the middle of an archive it takes a damaged header for the
end of the archive and stops without an error, it rounds PAX times to floats, and negative or huge sizes send
it to wrong places. A layer must be read whole or be refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from friscy_build.images.compression import Reader
from lazyfs.errors import FormatError

BLOCK = 512
HEADER_LIMIT = 1 << 20  # of a PAX header or a GNU long name, as in other implementations
SIZE_LIMIT = 1 << 62
ID_LIMIT = (1 << 32) - 1
COPY_BYTES = 1 << 20
_ZERO = bytes(BLOCK)

_KINDS = {
    b"0": "file", b"\0": "file", b"7": "file", b"S": "file", b"1": "hardlink", b"2": "symlink",
    b"3": "char", b"4": "block", b"5": "dir", b"D": "dir", b"6": "fifo",
}  # fmt: skip
_TIME = re.compile(r"(-?)(\d{1,18})(?:\.(\d*))?")
XATTR_PREFIX = "SCHILY.xattr."


class Entry:
    """One member. All metadata is plain; the content is read through `blocks()` before the next entry.

    name, link: bytes as stored (a name may be absolute or hold "..": that is the caller's to judge).
    kind: file, dir, hardlink, symlink, char, block or fifo. size: logical bytes, holes included.
    offset: of the header in the decompressed archive, for messages.
    """

    __slots__ = (
        "_archive", "_data", "gid", "kind", "link", "major", "minor", "mode", "mtime_ns", "name", "offset",
        "size", "sparse", "stored", "uid", "xattrs",
    )  # fmt: skip

    def __init__(self, archive: Archive, offset: int) -> None:
        self._archive = archive
        self.offset = offset
        self.name = self.link = b""
        self.kind = ""
        self.mode = self.uid = self.gid = self.mtime_ns = self.size = self.stored = 0
        self.major = self.minor = 0
        self.xattrs: dict[bytes, bytes] = {}
        self.sparse: list[tuple[int, int]] | None = None
        self._data = 0

    def blocks(self) -> Iterator[tuple[int, bytes]]:
        """(logical offset, bytes) of the stored content in order; what lies between is a hole."""
        for start, length in self.extents():
            done = 0
            while done < length:
                data = self._archive._take(min(COPY_BYTES, length - done), self)
                yield start + done, data
                done += len(data)

    def extents(self) -> list[tuple[int, int]]:
        """(logical offset, length) of the stored content, in the order it is stored."""
        return [(0, self.size)] if self.sparse is None else self.sparse

    @property
    def shown(self) -> str:
        """The name, fit for a message."""
        return self.name.decode("utf-8", "backslashreplace")


class Archive:
    """Iterates the entries of a tar `stream`; `name` is used in errors.

    complete: the stream's digest was checked, so a missing end marker, or a last block that is not full, is a
    writer's habit and no truncation.
    FormatError: damaged, truncated or absurd, with the offset in the decompressed archive.
    """

    def __init__(self, stream: Reader, name: object, *, complete: bool = False) -> None:
        self.name, self.complete = name, complete
        self.position = 0  # in the decompressed archive
        self._stream = stream
        self._left = 0  # unread bytes of the current entry's content
        self._padding = 0
        self._global: dict[str, str] = {}

    def __iter__(self) -> Iterator[Entry]:
        while (entry := self._next()) is not None:
            yield entry
        while block := self._stream.read(COPY_BYTES):  # so that the checksum of the compression is checked
            self.position += len(block)

    def _next(self) -> Entry | None:
        self._skip()
        records: dict[str, str] = {}
        sparse_pairs: list[int] = []
        long_name: bytes | None = None
        long_link: bytes | None = None
        while True:
            at = self.position
            header = self._read(BLOCK)
            pending = bool(records) or long_name is not None or long_link is not None
            if not header and self.complete and not pending:
                return None
            if len(header) < BLOCK:
                raise self.bad(at, "a header or the end-of-archive block", f"{len(header)} bytes")
            if header == _ZERO:
                if pending:
                    raise self.bad(at, "the entry an extended header belongs to", "the end of the archive")
                return None
            self._checksum(header, at)
            kind = header[156:157]
            if kind in b"xXgLK":
                size = self._number(header[124:136], at, "size", HEADER_LIMIT)
                data = self._read(size)
                padding = -size % BLOCK
                if len(data) < size or len(self._read(padding)) < padding:
                    raise self.bad(at, f"{size} bytes of extended header", "the end of the archive")
                if kind == b"g":
                    self._global.update(self._pax(data, at, []))
                elif kind == b"L":
                    long_name = data.rstrip(b"\0")
                elif kind == b"K":
                    long_link = data.rstrip(b"\0")
                else:
                    records, sparse_pairs = {}, []
                    records.update(self._pax(data, at, sparse_pairs))
                continue
            if kind == b"V":  # a volume label is not a file
                self._left = self._number(header[124:136], at, "size", SIZE_LIMIT)
                self._padding = -self._left % BLOCK
                self._skip()
                continue
            return self._entry(header, at, {**self._global, **records}, sparse_pairs, long_name, long_link)

    def _entry(
        self, header: bytes, at: int, records: dict[str, str], sparse_pairs: list[int],
        long_name: bytes | None, long_link: bytes | None,
    ) -> Entry:  # fmt: skip
        entry = Entry(self, at)
        entry.name, entry.link = _text(header[0:100]), _text(header[157:257])
        if header[257:263] == b"ustar\0" and header[345:346] != b"\0":
            entry.name = _text(header[345:500]) + b"/" + entry.name
        entry.name = long_name if long_name is not None else entry.name
        entry.link = long_link if long_link is not None else entry.link
        type_flag = header[156:157]
        entry.mode = self._number(header[100:108], at, "mode", SIZE_LIMIT) & 0o7777
        entry.uid = self._number(header[108:116], at, "uid", ID_LIMIT) if "uid" not in records else 0
        entry.gid = self._number(header[116:124], at, "gid", ID_LIMIT) if "gid" not in records else 0
        entry.stored = self._number(header[124:136], at, "size", SIZE_LIMIT) if "size" not in records else 0
        entry.mtime_ns = self._signed(header[136:148], at, "mtime") * 1_000_000_000
        if type_flag in b"34":
            entry.major = self._number(header[329:337], at, "major", ID_LIMIT)
            entry.minor = self._number(header[337:345], at, "minor", ID_LIMIT)
        self._apply(entry, records, at)
        kind = _KINDS.get(type_flag)
        if kind is None:
            raise self.bad(at, f"a known type of entry {entry.shown!r}", type_flag)
        if kind == "file" and type_flag == b"\0" and entry.name.endswith(b"/"):
            kind = "dir"
        entry.kind = kind
        # A link's size is that of its target in some archives; none of its content follows.
        self._left = entry.stored if kind in ("file", "dir") else 0
        self._padding = -self._left % BLOCK
        entry.size = entry.stored if kind == "file" else 0
        if kind == "file":
            self._sparse(entry, header, records, sparse_pairs)
        if not entry.name or b"\0" in entry.name or b"\0" in entry.link:
            raise self.bad(at, "a name without NUL bytes", entry.name)
        return entry

    def _apply(self, entry: Entry, records: dict[str, str], at: int) -> None:
        """What the PAX records say overrules the header."""
        for key, value in records.items():
            if key == "path" or key == "GNU.sparse.name":
                if key == "path" and "GNU.sparse.name" in records:
                    continue
                entry.name = value.encode("utf-8", "surrogateescape")
            elif key == "linkpath":
                entry.link = value.encode("utf-8", "surrogateescape")
            elif key == "mtime":
                entry.mtime_ns = self._time(value, at)
            elif key == "uid":
                entry.uid = self._decimal(value, at, key, ID_LIMIT)
            elif key == "gid":
                entry.gid = self._decimal(value, at, key, ID_LIMIT)
            elif key == "size":
                entry.stored = self._decimal(value, at, key, SIZE_LIMIT)
            elif key.startswith(XATTR_PREFIX):
                name = key[len(XATTR_PREFIX) :].encode("utf-8", "surrogateescape")
                entry.xattrs[name] = value.encode("utf-8", "surrogateescape")

    # Sparse files.

    def _sparse(self, entry: Entry, header: bytes, records: dict[str, str], pairs: list[int]) -> None:
        at = entry.offset
        if header[156:157] == b"S":
            numbers, real = self._old_sparse(header, at)
        elif records.get("GNU.sparse.major") == "1":
            real = self._decimal(
                records.get("GNU.sparse.realsize", ""), at, "GNU.sparse.realsize", SIZE_LIMIT
            )
            numbers = self._inline_map(entry)
        elif "GNU.sparse.map" in records or "GNU.sparse.numblocks" in records:
            size = records.get("GNU.sparse.size", records.get("GNU.sparse.realsize", ""))
            real = self._decimal(size, at, "GNU.sparse.size", SIZE_LIMIT)
            text = records.get("GNU.sparse.map", "")
            fields = text.split(",") if text else []
            numbers = [self._decimal(n, at, "GNU.sparse.map", SIZE_LIMIT) for n in fields] or pairs
        else:
            return
        spans = list(zip(numbers[::2], numbers[1::2], strict=False))
        end = 0
        for start, length in spans:
            if start < end or start + length > real:
                raise self.bad(at, f"an ordered sparse map of {entry.shown!r}", f"{length} bytes at {start}")
            end = start + length
        if len(numbers) % 2 or sum(length for _, length in spans) != self._left:
            raise self.bad(at, f"a sparse map of {self._left} stored bytes of {entry.shown!r}", spans[:4])
        entry.size = real
        entry.sparse = [span for span in spans if span[1]]

    def _old_sparse(self, header: bytes, at: int) -> tuple[list[int], int]:
        """The GNU type S: four spans in the header, 21 more in each block that follows."""
        numbers: list[int] = []
        real = self._number(header[483:495], at, "real size", SIZE_LIMIT)
        area, more = header[386:482], header[482]
        while True:
            for start in range(0, len(area) - 23, 24):
                if area[start] == 0 and not any(area[start : start + 24]):
                    break
                numbers.append(self._number(area[start : start + 12], at, "sparse offset", SIZE_LIMIT))
                numbers.append(self._number(area[start + 12 : start + 24], at, "sparse length", SIZE_LIMIT))
            if not more:
                return numbers, real
            block = self._read(BLOCK)
            if len(block) < BLOCK:
                raise self.bad(at, "a block of sparse map", "the end of the archive")
            area, more = block[:504], block[504]

    def _inline_map(self, entry: Entry) -> list[int]:
        """PAX sparse format 1.0: decimal numbers, a line each, before the content, padded to a block."""
        text = b""
        numbers: list[int] = []
        wanted = 1
        while len(numbers) < wanted:
            line, newline, rest = text.partition(b"\n")
            if not newline:
                if len(text) > HEADER_LIMIT:
                    raise self.bad(entry.offset, "a sparse map", "a line without end")
                text += self._take(min(BLOCK, self._left or BLOCK), entry)
                continue
            text = rest
            numbers.append(
                self._decimal(line.decode("ascii", "replace"), entry.offset, "sparse map", SIZE_LIMIT)
            )
            if len(numbers) == 1:
                wanted = 1 + 2 * numbers[0]
        return numbers[1:]

    # Fields.

    def _pax(self, data: bytes, at: int, sparse_pairs: list[int]) -> dict[str, str]:
        """The records of a PAX header, "LENGTH KEY=VALUE\\n". Format 0.0's repeated keys go to a list."""
        records: dict[str, str] = {}
        position = 0
        while position < len(data):
            digits, _, _ = data[position : position + 20].partition(b" ")
            length = int(digits) if digits.isdigit() else 0
            record = data[position : position + length]
            key, equals, value = record[len(digits) + 1 : -1].partition(b"=")
            if len(record) != length or not equals or record[-1:] != b"\n" or not key:
                raise self.bad(at, "a PAX record", data[position : position + 40])
            name = key.decode("utf-8", "surrogateescape")
            text = value.decode("utf-8", "surrogateescape")
            if name in ("GNU.sparse.offset", "GNU.sparse.numbytes"):
                sparse_pairs.append(self._decimal(text, at, name, SIZE_LIMIT))
            elif value or name.startswith(XATTR_PREFIX):
                records[name] = text
            else:  # an empty value takes back what a global header said
                records.pop(name, None)
                self._global.pop(name, None)
            position += length
        return records

    def _checksum(self, header: bytes, at: int) -> None:
        told = self._number(header[148:156], at, "checksum", SIZE_LIMIT)
        rest = header[:148] + b" " * 8 + header[156:]
        total = sum(rest)
        # Some old writers summed signed characters.
        if told != total and told != total - 256 * sum(byte > 127 for byte in rest):
            raise self.bad(at, f"a tar header with checksum {told}", total)

    def _number(self, field: bytes, at: int, what: str, limit: int) -> int:
        value = self._signed(field, at, what)
        if not 0 <= value <= limit:
            raise self.bad(at, f"{what} of 0 to {limit}", value)
        return value

    def _signed(self, field: bytes, at: int, what: str) -> int:
        """Octal text, or GNU's base 256 where the top bit is set."""
        if field[0] & 0x80:
            value = int.from_bytes(field, "big") & ((1 << (8 * len(field) - 1)) - 1)
            return value - (1 << (8 * len(field) - 1)) if field[0] & 0x40 else value
        digits = field.strip(b" \0")
        try:
            return int(digits, 8) if digits else 0
        except ValueError:
            raise self.bad(at, f"an octal {what}", field) from None

    def _decimal(self, text: str, at: int, what: str, limit: int) -> int:
        if not (text.isascii() and text.isdigit() and len(text) < 20) or int(text) > limit:
            raise self.bad(at, f"a number of 0 to {limit} for {what}", text[:40])
        return int(text)

    def _time(self, text: str, at: int) -> int:
        """Decimal seconds as nanoseconds, rounded down."""
        match = _TIME.fullmatch(text)
        if match is None:
            raise self.bad(at, "a time in seconds", text[:40])
        fraction = (match[3] or "")[:9].ljust(9, "0")
        value = int(match[2]) * 1_000_000_000 + int(fraction)
        return -value if match[1] else value

    # Bytes.

    def _read(self, size: int) -> bytes:
        data = self._stream.read(size) if size else b""
        self.position += len(data)
        return data

    def _take(self, size: int, entry: Entry) -> bytes:
        """Exactly `size` bytes of the current entry's content."""
        at = self.position
        data = self._read(size) if size <= self._left else b""
        if len(data) < size:
            raise self.bad(at, f"{size} more bytes of {entry.shown!r}", f"{len(data)}")
        self._left -= size
        return data

    def _skip(self) -> None:
        """To the next header."""
        left = self._left + self._padding
        while left:
            data = self._read(min(COPY_BYTES, left))
            if not data:
                if self.complete and left <= self._padding:  # umoci does not fill the last block up
                    break
                raise self.bad(self.position, f"{left} more bytes", "the end of the archive")
            left -= len(data)
        self._left = self._padding = 0

    def bad(self, offset: int, expected: str, got: object) -> FormatError:
        """The error for what is wrong at `offset` of the decompressed archive."""
        return FormatError(self.name, offset, expected, got)


def _text(field: bytes) -> bytes:
    return field.partition(b"\0")[0]
