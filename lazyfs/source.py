"""Where the bytes of an index or a chunk file come from: something that can be read by range."""

from __future__ import annotations

import os
from stat import S_ISREG
from typing import Protocol

from lazyfs.errors import FormatError


class Source(Protocol):
    """A blob of known length. `name` is for messages."""

    name: str
    length: int

    def read(self, offset: int, length: int) -> bytes:
        """Exactly `length` bytes at `offset`; FormatError where they are not there."""

    def close(self) -> None:
        """Give the host's resources back; reading afterwards is an error."""


class FileSource:
    """A local file, read with pread: a file cut short under us gives an error, where a mapping would give SIGBUS."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.name = os.fspath(path)
        try:
            # O_NONBLOCK: a FIFO in its place must not hang us.
            self._fd = os.open(self.name, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError as error:
            raise FormatError(self.name, None, "a readable file", error.strerror) from error
        status = os.fstat(self._fd)
        self.length = status.st_size
        if not S_ISREG(status.st_mode):
            self.close()
            raise FormatError(self.name, None, "a regular file", "a directory or a special file")

    def read(self, offset: int, length: int) -> bytes:
        """See Source.read."""
        try:
            data = os.pread(self._fd, length, offset)
            while 0 < len(data) < length:
                more = os.pread(self._fd, length - len(data), offset + len(data))
                if not more:
                    break
                data += more
        except OSError as error:
            raise FormatError(self.name, offset, f"{length} bytes", error.strerror) from error
        if len(data) != length:
            raise FormatError(self.name, offset, f"{length} bytes", f"{len(data)}: the file is truncated")
        return data

    def close(self) -> None:
        """See Source.close."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __del__(self) -> None:
        if getattr(self, "_fd", -1) >= 0:
            self.close()
