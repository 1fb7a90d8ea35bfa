"""The snapshot file: a checked header and checked, compressed sections. See docs/formats/snapshot.md.

    0   8  magic "FRISCYSN"
    8   4  version, little-endian
    12  4  header length in bytes
    16 32  blake2b-256 of the 16 bytes above and the header
    48  .. header, msgpack: {"meta": {...}, "sections": [[name, stored, raw, digest], ...]}
    ..  .. sections back to back, each one zstd frame; the file ends with the last

Every byte is covered: the header by its digest, a section by the digest of its compressed bytes, the
whole by the exact length. A reader trusts nothing that it has not checked.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgpack
import zstandard

from lazyfs.errors import FormatError
from lazyfs.index_format import digest
from lazyfs.source import FileSource

MAGIC = b"FRISCYSN"
VERSION = 1
_HEAD = struct.Struct("<8sII32s")
_MAX_HEADER = 64 << 20
_HINT = "Build the bundle again with `doit bundle`."


def write_snapshot(
    path: Path, meta: dict[str, Any], sections: Iterable[tuple[str, bytes]], *, level: int = 3
) -> str:
    """Write a snapshot in one step; return its identity, the hex digest of its header.

    meta: plain values that `msgpack` can carry. sections: (name, raw bytes), in the order they are stored.
    """
    compressor = zstandard.ZstdCompressor(level=level, write_content_size=True)
    stored: list[bytes] = []
    table: list[list[Any]] = []
    for name, raw in sections:
        data = compressor.compress(raw)
        stored.append(data)
        table.append([name, len(data), len(raw), digest(data)])
    header = msgpack.packb({"meta": meta, "sections": table})
    start = _HEAD.pack(MAGIC, VERSION, len(header), bytes(32))[:16]
    identity = digest(start + header)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(partial, "wb") as file:
            file.write(start + identity + header)
            for data in stored:
                file.write(data)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return identity.hex()


class SnapshotFile:
    """A snapshot opened for reading. `meta` is the header's; sections are read and checked one by one.

    Raises FormatError, here and in `section`, for anything that is not a whole, unchanged snapshot.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._source = FileSource(path)  # only what a start needs is read: the pages are in the local image
        nbytes = self._source.length
        if nbytes < _HEAD.size:
            raise self._error(nbytes, f"a header of {_HEAD.size} bytes", f"end of file after {nbytes}")
        head = self._source.read(0, _HEAD.size)
        magic, version, length, stored_digest = _HEAD.unpack(head)
        if magic != MAGIC:
            raise self._error(0, f"the magic {MAGIC!r}", repr(magic))
        if version != VERSION:
            raise self._error(8, f"snapshot version {VERSION}", f"version {version}")
        if length > _MAX_HEADER or _HEAD.size + length > nbytes:
            raise self._error(12, "a header inside the file", f"a header of {length} bytes")
        header = self._source.read(_HEAD.size, length)
        if digest(head[:16] + header) != stored_digest:
            raise self._error(16, "an unchanged header", "another digest")
        self.identity = stored_digest.hex()
        try:
            fields = msgpack.unpackb(header, strict_map_key=False)
            self.meta: dict[str, Any] = fields["meta"]
            self._sections: dict[str, tuple[int, int, int, bytes]] = {}
            offset = _HEAD.size + length
            for name, nstored, nraw, section_digest in fields["sections"]:
                self._sections[name] = (offset, nstored, nraw, section_digest)
                offset += nstored
        except (ValueError, TypeError, KeyError, msgpack.UnpackException) as error:
            raise self._error(_HEAD.size, "a snapshot header", str(error)) from error
        if offset != nbytes:
            raise self._error(nbytes, f"{offset} bytes in all", f"{nbytes}")

    def _error(self, offset: int, expected: str, got: str) -> FormatError:
        return FormatError(self.path, offset, expected, got, hint=_HINT)

    @property
    def sections(self) -> list[tuple[str, int, int]]:
        """(name, stored bytes, raw bytes) of the sections, in the file's order."""
        return [(name, nstored, nraw) for name, (_, nstored, nraw, _) in self._sections.items()]

    def section(self, name: str) -> bytes:
        """The raw bytes of a section."""
        if name not in self._sections:
            raise self._error(_HEAD.size, f"a section {name!r}", "none of that name")
        offset, nstored, nraw, section_digest = self._sections[name]
        data = self._source.read(offset, nstored)
        if digest(data) != section_digest:
            raise self._error(offset, f"an unchanged section {name!r}", "another digest")
        try:
            raw = zstandard.ZstdDecompressor().decompress(data, max_output_size=nraw)
        except zstandard.ZstdError as error:
            raise self._error(offset, "a zstd frame", str(error)) from error
        if len(raw) != nraw:
            raise self._error(offset, f"{nraw} bytes in section {name!r}", str(len(raw)))
        return raw
