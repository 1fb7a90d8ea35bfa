"""Blobs in any store that fsspec knows: `s3://bucket/bundle`, `gs://...`, `file:///...`, `memory://...`.

fsspec is an optional part of an installation; it is imported when such a URL is opened.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import Any

from lazyfs.errors import RemoteError

BLOCK = 1 << 20


class FsspecDirectory:
    """What lies below an fsspec URL. Credentials and options are fsspec's own (its configuration, environment)."""

    def __init__(self, url: str) -> None:
        self.bytes_fetched = self.requests = 0
        self.answered = False
        self.delays: tuple[float, ...] = ()  # how often to try again is the store's own business
        scheme = url.partition("://")[0]
        try:
            fsspec: Any = import_module("fsspec")
        except ImportError:
            raise RemoteError(url, "fsspec is not installed", hint="pip install 'friscy[remote]'") from None
        try:
            self._fs, self._path = fsspec.core.url_to_fs(url.rstrip("/"))
        except ImportError as error:
            raise RemoteError(url, error, hint=f"pip install fsspec[{scheme}]") from None
        except Exception as error:  # whatever a store's own library raises
            raise RemoteError(url, error, hint="Is the scheme one that fsspec knows?") from error
        self._url = url.rstrip("/") + "/"

    def url(self, name: str) -> str:
        """The address of a file."""
        return self._url + name

    def read_all(self, name: str, limit: int) -> bytes:
        """A whole file of at most `limit` bytes."""
        return self.fetch(name, 0, limit, short=True)

    def blocks(self, name: str) -> Iterator[bytes]:
        """A whole file, block by block."""
        offset = 0
        while block := self.fetch(name, offset, BLOCK, short=True):
            yield block
            offset += len(block)
            if len(block) < BLOCK:
                return

    def source(self, name: str, length: int) -> FsspecSource:
        """A file of known length, to be read by range."""
        return FsspecSource(self, name, length)

    def close(self) -> None:
        """Nothing is kept open."""

    def fetch(self, name: str, offset: int, length: int, *, short: bool = False) -> bytes:
        """The bytes [offset, offset + length) of a file; fewer at its end only where `short` says so."""
        path = f"{self._path}/{name}"
        try:
            data: bytes = self._fs.cat_file(path, start=offset, end=offset + length)
        except FileNotFoundError:
            self.answered = True
            raise RemoteError(self.url(name), "not found") from None
        except Exception as error:  # whatever a store's own library raises
            said = getattr(error, "strerror", None) or error
            raise RemoteError(self.url(name), f"{type(error).__name__}: {said}") from error
        self.answered = True
        self.requests += 1
        self.bytes_fetched += len(data)
        if len(data) > length or (len(data) < length and not short):
            raise RemoteError(self.url(name), f"asked for {length} bytes at {offset}, got {len(data)}")
        return data


class FsspecSource:
    """A blob below an FsspecDirectory: a Source."""

    def __init__(self, directory: FsspecDirectory, name: str, length: int) -> None:
        self._directory, self._path = directory, name
        self.name, self.length = directory.url(name), length

    def read(self, offset: int, length: int) -> bytes:
        """See Source.read. RemoteError: it cannot be had."""
        return self._directory.fetch(self._path, offset, length) if length else b""

    def stream(self, offset: int, lengths: Iterable[int]) -> Iterator[bytes]:
        """The consecutive pieces of these lengths from `offset` on, with one request for each BLOCK or so."""
        waiting: list[int] = []
        for nbytes in lengths:
            waiting.append(nbytes)
            if sum(waiting) >= BLOCK:
                yield from self._cut(offset, waiting)
                offset += sum(waiting)
                waiting = []
        yield from self._cut(offset, waiting)

    def _cut(self, offset: int, lengths: list[int]) -> Iterator[bytes]:
        data = self.read(offset, sum(lengths))
        start = 0
        for nbytes in lengths:
            yield data[start : start + nbytes]
            start += nbytes

    def close(self) -> None:
        """See Source.close."""
