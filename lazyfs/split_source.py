"""A blob as files of one size each, for servers and caches that handle ranges badly.

NAME becomes NAME.pieces/00000000, NAME.pieces/00000001, ...: all of `piece_bytes`, the last one of what is left. How
long the blob and its pieces are is known from elsewhere (a bundle: from its manifest).
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from lazyfs.errors import FormatError

_KEPT = 4  # pieces in memory: a piece is asked for again as long as chunks of it are wanted


def piece_name(name: str, number: int) -> str:
    """The file of piece `number` of the blob `name`, relative to where the blob would be."""
    return f"{name}.pieces/{number:08d}"


def write_pieces(blob: Path, output: Path, piece_bytes: int) -> int:
    """Write the pieces of `blob` to `output` (its path without `.pieces`); how many there are. FileExistsError."""
    if piece_bytes < 1:
        raise ValueError(f"pieces of {piece_bytes} bytes")
    output.with_name(output.name + ".pieces").mkdir(parents=True)
    number = 0
    with open(blob, "rb") as file:
        while data := file.read(piece_bytes):
            (output.parent / piece_name(output.name, number)).write_bytes(data)
            number += 1
    return number


class SplitSource:
    """A Source over pieces. fetch(name, length): the whole content of a piece, at most `length` + 1 bytes of it."""

    def __init__(
        self, name: str, location: str, length: int, piece_bytes: int, fetch: Callable[[str, int], bytes]
    ) -> None:
        self.name, self.length, self.piece_bytes = location, length, piece_bytes
        self._name, self._fetch = name, fetch
        self._pieces: OrderedDict[int, bytes] = OrderedDict()

    def read(self, offset: int, length: int) -> bytes:
        """See Source.read."""
        end = offset + length
        if not 0 <= offset <= end <= self.length:
            raise FormatError(self.name, offset, f"{length} bytes", f"{self.length} in all")
        parts = []
        while offset < end:
            number, start = divmod(offset, self.piece_bytes)
            part = self._piece(number)[start : start + end - offset]
            parts.append(part)
            offset += len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def stream(self, offset: int, lengths: Iterable[int]) -> Iterator[bytes]:
        """The consecutive pieces of data of these lengths from `offset` on, as they arrive."""
        for nbytes in lengths:
            yield self.read(offset, nbytes)
            offset += nbytes

    def _piece(self, number: int) -> bytes:
        data = self._pieces.get(number)
        if data is None:
            expected = min(self.piece_bytes, self.length - number * self.piece_bytes)
            data = self._fetch(piece_name(self._name, number), expected)
            if len(data) != expected:
                raise FormatError(
                    f"{self.name}.pieces/{number:08d}", None, f"a piece of {expected} bytes", len(data)
                )
            self._pieces[number] = data
            if len(self._pieces) > _KEPT:
                self._pieces.popitem(last=False)
        return data

    def close(self) -> None:
        """See Source.close."""
        self._pieces.clear()


def local_split_source(path: str | os.PathLike[str], length: int, piece_bytes: int) -> SplitSource:
    """The pieces of the blob `path` on this machine. FormatError: the last one is not there, or too short."""
    where = os.fspath(path)

    def fetch(name: str, nbytes: int) -> bytes:
        place = os.path.join(os.path.dirname(where), name)
        try:
            with open(place, "rb") as file:
                return file.read(nbytes + 1)
        except OSError as error:
            raise FormatError(place, None, "a readable file", error.strerror) from error

    source = SplitSource(os.path.basename(where), where, length, piece_bytes, fetch)
    if length:
        source.read(length - 1, 1)
    return source
