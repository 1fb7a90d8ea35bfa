"""Reading file data: chunks of one blob file, verified and decoded on demand, the latest kept in memory."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections import OrderedDict
from typing import Any

from lazyfs.errors import FormatError
from lazyfs.index import Index
from lazyfs.index_format import CHUNK_HEADER, CHUNK_LIMIT, CODEC_RAW, CODEC_ZSTD, digest
from lazyfs.source import FileSource, Source

CACHE_BYTES = 16 << 20


class ChunkStore:
    """The chunks of an index. `cache_bytes` bounds the decoded data kept."""

    def __init__(self, index: Index, source: Source, *, cache_bytes: int = CACHE_BYTES) -> None:
        self.index, self.source, self.cache_bytes = index, source, cache_bytes
        self._cache: OrderedDict[int, bytes] = OrderedDict()
        self.cached_bytes = 0
        self._extents: dict[int, list[tuple[int, int, int, int]]] = {}
        self._decompressor: Any = None
        if source.length != index.chunk_file_bytes:
            raise FormatError(
                source.name,
                min(source.length, index.chunk_file_bytes),
                f"the {index.chunk_file_bytes} bytes of chunks that {index.name} describes",
                f"{source.length} bytes",
            )
        self._check_header()

    def _check_header(self) -> None:
        if (header := self.source.read(0, len(CHUNK_HEADER))) != CHUNK_HEADER:
            raise FormatError(self.source.name, 0, f"a chunk file ({CHUNK_HEADER!r})", repr(header))

    def chunk(self, number: int) -> bytes:
        """The data of a chunk."""
        cache = self._cache
        data = cache.get(number)
        if data is not None:
            cache.move_to_end(number)
            return data
        data = self._decode(number)
        self.cached_bytes += len(data)
        while cache and self.cached_bytes > self.cache_bytes:
            self.cached_bytes -= len(cache.popitem(last=False)[1])
        cache[number] = data
        return data

    def _decode(self, number: int) -> bytes:
        offset, stored_bytes, nbytes, codec, expected = self.index.chunk(number)
        if max(stored_bytes, nbytes) > CHUNK_LIMIT:
            raise FormatError(self.index.name, None, f"chunks up to {CHUNK_LIMIT} bytes", f"chunk {number}")
        stored = self._stored(number, offset, stored_bytes, expected)
        if codec == CODEC_RAW and nbytes == stored_bytes:
            return stored
        if codec != CODEC_ZSTD:
            raise FormatError(
                self.index.name, None, "a known codec and length", f"codec {codec} of chunk {number}"
            )
        import zstandard

        if self._decompressor is None:
            self._decompressor = zstandard.ZstdDecompressor()
        try:
            # Checked first: decompress() believes the frame's own size and allocates it.
            if zstandard.frame_content_size(stored) != nbytes:
                raise FormatError(self.source.name, offset, f"a frame of {nbytes} bytes", "another length")
            data: bytes = self._decompressor.decompress(stored)
        except zstandard.ZstdError as error:
            raise FormatError(self.source.name, offset, "a zstd frame", error) from error
        return data

    def _stored(self, number: int, offset: int, nbytes: int, expected: bytes) -> bytes:
        """The stored bytes of a chunk, which have the digest `expected`."""
        stored = self.source.read(offset, nbytes)
        if digest(stored) != expected:
            raise FormatError(
                self.source.name, offset, f"the digest of chunk {number}", "another: it is damaged"
            )
        return stored

    def read(self, ino: int, offset: int, n: int) -> bytes:
        """The bytes [offset, offset + n) of a file of the index, which must lie inside it."""
        extents = self._extents.get(ino)
        if extents is None:
            extents = self._extents[ino] = self.index.extents(ino)
        if len(extents) == 1:
            start, length, number, position = extents[0]
            if start <= offset and offset + n <= start + length:
                position += offset - start
                data = self.chunk(number)[position : position + n]
                if len(data) == n:
                    return data
        return self._gather(extents, offset, n)

    def _gather(self, extents: list[tuple[int, int, int, int]], offset: int, n: int) -> bytes:
        end = offset + n
        pieces: list[bytes] = []
        for at in range(max(bisect_right(extents, (offset, 1 << 62)) - 1, 0), len(extents)):
            start, length, number, position = extents[at]
            if start >= end:
                break
            if start + length <= offset:
                continue
            if start > offset:
                pieces.append(bytes(start - offset))
                offset = start
            stop = min(end, start + length)
            piece = self.chunk(number)[position + offset - start : position + stop - start]
            if len(piece) != stop - offset:
                raise FormatError(
                    self.index.name, None, f"an extent inside chunk {number}", "one that ends beyond"
                )
            pieces.append(piece)
            offset = stop
        if offset < end:
            pieces.append(bytes(end - offset))
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def data_ranges(self, ino: int) -> list[tuple[int, int]]:
        """The (start, end) of a file's data, merged; the rest are holes."""
        ranges: list[tuple[int, int]] = []
        for start, length, _, _ in self.index.extents(ino):
            if ranges and ranges[-1][1] == start:
                ranges[-1] = (ranges[-1][0], start + length)
            else:
                ranges.append((start, start + length))
        return ranges

    def close(self) -> None:
        """Close the file and forget the cache."""
        self.source.close()
        self._cache.clear()
        self.cached_bytes = 0


def open_chunks(path: str | os.PathLike[str], index: Index, *, cache_bytes: int = CACHE_BYTES) -> ChunkStore:
    """Open the chunk file that belongs to `index`. FormatError: it is another file, or damaged."""
    source = FileSource(path)
    try:
        return ChunkStore(index, source, cache_bytes=cache_bytes)
    except BaseException:
        source.close()
        raise
