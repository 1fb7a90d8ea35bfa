"""Compressed streams, recognised by their first bytes, with errors that name the file."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from typing import BinaryIO, Protocol, cast

import zstandard

from lazyfs.errors import FormatError

MAGICS = {
    b"\x1f\x8b": "gzip",
    b"\xfd7zXZ\x00": "xz",
    b"BZh": "bzip2",
    b"\x28\xb5\x2f\xfd": "zstd",
}

# What the decoders raise on damaged input; truncation is EOFError or ValueError depending on the library.
DAMAGE = (EOFError, gzip.BadGzipFile, zlib.error, lzma.LZMAError, zstandard.ZstdError, OSError, ValueError)


class Reader(Protocol):
    """The part of a binary file that a stream needs."""

    def read(self, size: int = -1, /) -> bytes: ...


def kind_of(head: bytes) -> str:
    """The name of the compression that data starting with `head` (6 bytes suffice) has, or "" for none."""
    return next((name for magic, name in MAGICS.items() if head.startswith(magic)), "")


class Decompressed:
    """A stream of `raw`'s decompressed bytes, whatever its compression. `name` is used in errors."""

    def __init__(self, raw: Reader, name: object) -> None:
        self.name = name
        self.kind = kind_of(head := raw.read(6))
        source = _Rejoined(head, raw)
        self._stream: Reader
        if self.kind == "gzip":
            self._stream = cast(Reader, gzip.GzipFile(fileobj=cast(BinaryIO, source), mode="rb"))
        elif self.kind == "xz":
            self._stream = cast(Reader, lzma.LZMAFile(cast(BinaryIO, source)))  # noqa: SIM115
        elif self.kind == "bzip2":
            self._stream = cast(Reader, bz2.BZ2File(cast(BinaryIO, source)))
        elif self.kind == "zstd":
            self._stream = _Zstd(source)
        else:
            self._stream = source

    def read(self, size: int = -1, /) -> bytes:
        """Up to `size` bytes, fewer only at the end. FormatError where the compressed data is damaged."""
        try:
            return self._stream.read(size)
        except DAMAGE as error:
            what = f"intact {self.kind or 'plain'} data"
            raise FormatError(self.name, None, what, str(error) or type(error).__name__) from error


class _Rejoined:
    """A stream whose first bytes were already read."""

    def __init__(self, head: bytes, rest: Reader) -> None:
        self._head, self._rest = head, rest

    def read(self, size: int = -1, /) -> bytes:
        if not self._head:
            return self._rest.read(size)
        if size < 0:
            taken, self._head = self._head, b""
            return taken + self._rest.read()
        taken, self._head = self._head[:size], self._head[size:]
        return taken + self._rest.read(size - len(taken))

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    @property
    def closed(self) -> bool:
        return False


class _Zstd:
    """zstd frames. Unlike zstandard's own reader it does not end quietly where a frame is cut short."""

    def __init__(self, source: Reader) -> None:
        self._source = source
        self._decoder: zstandard.ZstdDecompressionObj | None = None
        self._ready = bytearray()
        self._pending = b""

    def read(self, size: int = -1, /) -> bytes:
        while size < 0 or len(self._ready) < size:
            # Little at a time, because zeros may expand 32,000 times.
            data = self._pending or self._source.read(2048)
            self._pending = b""
            if not data:
                if self._decoder is not None:
                    raise EOFError("zstd frame ends early")
                break
            if self._decoder is None:
                self._decoder = zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj()
            self._ready += self._decoder.decompress(data)
            if self._decoder.eof:
                self._pending, self._decoder = self._decoder.unused_data, None
        taken = bytes(self._ready if size < 0 else self._ready[:size])
        del self._ready[: len(taken)]
        return taken
