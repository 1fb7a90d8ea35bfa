"""A temporary file without a name that holds the content of layers until an index is written."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from lazyfs.tree import Content, Extent


class Spool:
    """File contents, one after the other, on disk. It lives as long as a Content made from it."""

    def __init__(self, directory: Path | None = None) -> None:
        if directory is not None:
            directory.mkdir(parents=True, exist_ok=True)
        self._file = tempfile.TemporaryFile(dir=directory)  # noqa: SIM115 - closed with the last Content
        self._end = 0

    def store(self, size: int, blocks: Iterable[tuple[int, bytes]]) -> Content:
        """A Content of `size` bytes with `blocks` of (offset, data) in order; the rest are holes."""
        extents: list[list[int]] = []  # [offset in the content, offset in the spool, length]
        for offset, data in blocks:
            self._file.write(data)
            if extents and extents[-1][0] + extents[-1][2] == offset:
                extents[-1][2] += len(data)
            else:
                extents.append([offset, self._end, len(data)])
            self._end += len(data)
        return Content(size, [Extent(offset, length, self._reader(at)) for offset, at, length in extents])

    def _reader(self, base: int) -> _Reader:
        return _Reader(self, base)

    def read(self, offset: int, size: int) -> bytes:
        """`size` bytes at `offset` of the spool."""
        self._file.flush()
        data = os.pread(self._file.fileno(), size, offset)
        while len(data) < size:
            more = os.pread(self._file.fileno(), size - len(data), offset + len(data))
            if not more:
                raise OSError("a spooled layer was cut short")
            data += more
        return data


class _Reader:
    __slots__ = ("base", "spool")

    def __init__(self, spool: Spool, base: int) -> None:
        self.spool, self.base = spool, base

    def __call__(self, start: int, size: int) -> bytes:
        return self.spool.read(self.base + start, size)
