"""The reader of an index: opened in a time that does not depend on its size, verified page by page.

Pages are read on first touch and kept: what was verified is what is used, even if the file changes later.
"""

from __future__ import annotations

import os
from stat import S_IFDIR, S_IFLNK, S_IFMT, S_IFREG
from struct import Struct

from lazyfs.errors import FormatError
from lazyfs.index_format import (
    CHUNK,
    DENTRY,
    DIGEST,
    DIGEST_PAGES_MAX,
    DIGESTS_AT,
    DIGESTS_PER_PAGE,
    EXTENT,
    FIELDS,
    INODE,
    MAGIC,
    PAGE,
    PAGE_MASK,
    PAGE_SHIFT,
    PREFIX,
    RECORDS,
    SECTION,
    SECTIONS,
    VERSION,
    digest,
    name_prefix,
)
from lazyfs.source import FileSource, Source

_U16 = Struct("<H")
_LENGTHS = Struct("<HI")

InodeRecord = tuple[int, int, int, int, int, int, int, int, int, int, int, int, int]


class Index:
    """An open index. `digest` names its content; inode numbers are 1 to `inodes`, `root` is the root directory's."""

    def __init__(self, source: Source, *, expected_digest: bytes | None = None) -> None:
        self.source, self.name = source, source.name
        self._pages: dict[int, bytes] = {}
        header = self._header(expected_digest)
        file_bytes, digest_pages, body_pages, self.root, self.chunk_file_bytes = FIELDS.unpack_from(
            header, PREFIX.size
        )
        self._first_body = 1 + digest_pages
        self._page_count = 1 + digest_pages + body_pages
        if (
            file_bytes != source.length
            or file_bytes != self._page_count * PAGE
            or digest_pages > DIGEST_PAGES_MAX
            or body_pages > digest_pages * DIGESTS_PER_PAGE
        ):
            raise FormatError(self.name, PREFIX.size, f"{file_bytes} bytes of file", source.length)
        self._digests_of_digests = header[DIGESTS_AT : DIGESTS_AT + digest_pages * DIGEST]
        at: dict[str, int] = {}
        count: dict[str, int] = {}
        for number, section in enumerate(SECTIONS):
            offset = PREFIX.size + FIELDS.size + number * SECTION.size
            first, records = SECTION.unpack_from(header, offset)
            if first < self._first_body or first * PAGE + records * RECORDS[section] > file_bytes:
                raise FormatError(self.name, offset, f"a {section} table inside the file", f"page {first}")
            at[section], count[section] = first * PAGE, records
        self._section_at, self._section_records = at, count
        self.inodes, self.dentries, self.chunks = count["inodes"], count["dentries"], count["chunks"]
        self._extents, self._blob_bytes = count["extents"], count["blob"]
        self._inode_at, self._dentry_at = at["inodes"] - INODE.size, at["dentries"]
        self._extent_at, self._chunk_at, self._blob_at = at["extents"], at["chunks"], at["blob"]

    def _header(self, expected_digest: bytes | None) -> bytes:
        if self.source.length < PAGE:
            raise FormatError(self.name, 0, "an index", f"{self.source.length} bytes: the file is truncated")
        header = self._read_header()
        magic, version, page, self.digest = PREFIX.unpack_from(header)
        if magic != MAGIC:
            raise FormatError(self.name, 0, f"an index ({MAGIC!r})", repr(magic))
        if (version, page) != (VERSION, PAGE):
            hint = "build the bundle again with this version"
            raise FormatError(self.name, 8, f"index version {VERSION}", f"version {version}", hint=hint)
        if digest(header[PREFIX.size :]) != self.digest:
            raise FormatError(self.name, 16, "the digest of the header", "another: the file is damaged")
        if expected_digest not in (None, self.digest):
            got = f"digest {self.digest.hex()}"
            raise FormatError(
                self.name, 16, f"the index with digest {bytes(expected_digest or b'').hex()}", got
            )
        return header

    def _read_header(self) -> bytes:
        return self.source.read(0, PAGE)

    # Pages

    def page(self, number: int) -> bytes:
        """A verified page behind the header page. FormatError: it is damaged, or there is none."""
        page = self._pages.get(number)
        return self._load(number) if page is None else page

    def _load(self, number: int) -> bytes:
        page = self._pages[number] = self._read_page(number, self.digest_of(number))
        return page

    def digest_of(self, number: int) -> bytes:
        """The digest that a page behind the header page has."""
        if not 0 < number < self._page_count:
            raise FormatError(
                self.name, number * PAGE, f"a file of {self._page_count} pages", f"page {number}"
            )
        if number < self._first_body:
            digests, position = self._digests_of_digests, number - 1
        else:
            body = number - self._first_body
            digests, position = self.page(1 + body // DIGESTS_PER_PAGE), body % DIGESTS_PER_PAGE
        return digests[position * DIGEST : (position + 1) * DIGEST]

    def _read_page(self, number: int, expected: bytes) -> bytes:
        """A page that has the digest `expected`."""
        page = self.source.read(number * PAGE, PAGE)
        if digest(page) != expected:
            raise FormatError(self.name, number * PAGE, "the page's digest", "another: the file is damaged")
        return page

    def touched(self) -> list[int]:
        """The numbers of the pages that were read so far, but for the header's."""
        return sorted(self._pages)

    def forget(self) -> None:
        """Read every page anew from now on."""
        self._pages.clear()

    def section_pages(self) -> dict[str, tuple[int, int]]:
        """Of each section its first page and the page behind its last."""
        starts = {name: self._section_at[name] >> PAGE_SHIFT for name in SECTIONS}
        return {
            name: (start, start + -(-self._section_records[name] * RECORDS[name] // PAGE))
            for name, start in starts.items()
        }

    def _blob(self, offset: int, length: int) -> bytes:
        if offset + length > self._blob_bytes:
            raise FormatError(self.name, self._blob_at, f"{self._blob_bytes} bytes of names", offset + length)
        position = self._blob_at + offset
        start = position & PAGE_MASK
        data = self.page(position >> PAGE_SHIFT)[start : start + length]
        while len(data) < length:
            position = (position | PAGE_MASK) + 1
            data += self.page(position >> PAGE_SHIFT)[: length - len(data)]
        return data

    # Records

    def inode(self, ino: int) -> InodeRecord:
        """(mode, uid, gid, nlink, size, mtime_ns, rdev major, minor, first, count, xattrs, parent ino,

        bytes of data: less than the size where there are holes)."""
        if not 0 < ino <= self.inodes:
            raise FormatError(self.name, self._inode_at, f"an inode number up to {self.inodes}", ino)
        position = self._inode_at + ino * INODE.size
        record: InodeRecord = INODE.unpack_from(self.page(position >> PAGE_SHIFT), position & PAGE_MASK)
        return record

    def _directory(self, ino: int) -> tuple[int, int]:
        record = self.inode(ino)
        first, count = record[8], record[9]
        if S_IFMT(record[0]) != S_IFDIR or first + count > self.dentries:
            raise FormatError(
                self.name, self._inode_at + ino * INODE.size, "a directory's inode", f"inode {ino}"
            )
        return first, count

    def lookup(self, directory: int, name: bytes) -> int:
        """The inode number of `name` in a directory, 0 if it has no such entry."""
        low, count = self._directory(directory)
        high = low + count
        prefix, pages, unpack = name_prefix(name), self._pages, DENTRY.unpack_from
        while low < high:
            middle = (low + high) >> 1
            position = self._dentry_at + middle * DENTRY.size
            page = pages.get(position >> PAGE_SHIFT) or self._load(position >> PAGE_SHIFT)
            found, ino, offset, length, _ = unpack(page, position & PAGE_MASK)
            if found == prefix:
                other = self._blob(offset, length)
                if other == name:
                    return int(ino)
                if other < name:
                    low = middle + 1
                else:
                    high = middle
            elif found < prefix:
                low = middle + 1
            else:
                high = middle
        return 0

    def entries(self, directory: int) -> list[tuple[bytes, int, int]]:
        """A directory's (name, ino, DT_* type), sorted by name."""
        first, count = self._directory(directory)
        result = []
        for number in range(first, first + count):
            position = self._dentry_at + number * DENTRY.size
            record = DENTRY.unpack_from(self.page(position >> PAGE_SHIFT), position & PAGE_MASK)
            _, ino, offset, length, kind = record
            result.append((self._blob(offset, length), ino, kind))
        return result

    def readlink(self, ino: int) -> bytes:
        """The target of a symbolic link."""
        record = self.inode(ino)
        if S_IFMT(record[0]) != S_IFLNK:
            raise FormatError(
                self.name, self._inode_at + ino * INODE.size, "a symlink's inode", f"inode {ino}"
            )
        return self._blob(record[8], record[9])

    def xattrs(self, ino: int) -> dict[bytes, bytes]:
        """The extended attributes of an inode."""
        offset = self.inode(ino)[10]
        if not offset:
            return {}
        result = {}
        (number,) = _U16.unpack(self._blob(offset - 1, 2))
        offset += 1
        for _ in range(number):
            name_bytes, value_bytes = _LENGTHS.unpack(self._blob(offset, _LENGTHS.size))
            offset += _LENGTHS.size
            name = self._blob(offset, name_bytes)
            result[name] = self._blob(offset + name_bytes, value_bytes)
            offset += name_bytes + value_bytes
        return result

    def extents(self, ino: int) -> list[tuple[int, int, int, int]]:
        """A regular file's (offset, length, chunk, offset in the chunk), sorted; the rest of the file is zeros."""
        record = self.inode(ino)
        first, count = record[8], record[9]
        if S_IFMT(record[0]) != S_IFREG or first + count > self._extents:
            raise FormatError(self.name, self._inode_at + ino * INODE.size, "a file's inode", f"inode {ino}")
        result = []
        for number in range(first, first + count):
            position = self._extent_at + number * EXTENT.size
            result.append(EXTENT.unpack_from(self.page(position >> PAGE_SHIFT), position & PAGE_MASK))
        return result

    def chunk(self, number: int) -> tuple[int, int, int, int, bytes]:
        """(offset in the chunk file, stored bytes, bytes of data, codec, digest of the stored bytes)."""
        if not 0 <= number < self.chunks:
            raise FormatError(self.name, self._chunk_at, f"a chunk number below {self.chunks}", number)
        position = self._chunk_at + number * CHUNK.size
        record: tuple[int, int, int, int, bytes] = CHUNK.unpack_from(
            self.page(position >> PAGE_SHIFT), position & PAGE_MASK
        )
        if record[0] + record[1] > self.chunk_file_bytes:
            raise FormatError(self.name, position, "a chunk inside the chunk file", f"one at {record[0]}")
        return record

    def verify(self) -> None:
        """Read and check every page (inspection and tests; normal use checks what it touches)."""
        for number in range(1, self._page_count):
            self.page(number)

    def close(self) -> None:
        """Close the file; what was read stays usable."""
        self.source.close()


def open_index(path: str | os.PathLike[str], *, expected_digest: bytes | None = None) -> Index:
    """Open the index file at `path`. FormatError: not an index, damaged, or not the one with `expected_digest`."""
    source = FileSource(path)
    try:
        return Index(source, expected_digest=expected_digest)
    except BaseException:
        source.close()
        raise
