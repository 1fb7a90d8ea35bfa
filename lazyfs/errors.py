"""The errors that cross part boundaries.

    Exception
    ├── LinuxError(errno)        what the guest sees: a negative result of its system call
    ├── WouldBlock               an operation has to wait: the kernel makes it EAGAIN or a wait condition
    └── FriscyError              what the user sees: one line, exit status 2
        ├── FormatError          a file is not what its format says (ELF, tar, index, chunk, snapshot, bundle)
        ├── RemoteError          a server or a store cannot be reached, or has not what it should
        ├── ConfigError          friscy.toml or a Dockerfile says something that cannot be done (friscy_build.config)
        └── UsageError           the command line asks for something that cannot be done

Anything else that escapes is a bug of ours and keeps its traceback.
"""

from __future__ import annotations

import errno as _errno
import os


class LinuxError(Exception):
    """A system call failed: `errno` is the positive Linux number."""

    def __init__(self, errno: int) -> None:
        super().__init__(errno)
        self.errno = errno

    def __str__(self) -> str:
        return f"{_errno.errorcode.get(self.errno, self.errno)} ({os.strerror(self.errno)})"


class WouldBlock(Exception):
    """An operation cannot go on now; nothing has been done.

    file: the open file description to wait on until `vfs.poll(file) & events`, or None where there is none
    yet (open(2) of a FIFO that waits for its other end): run the call again after any other task ran, or
    give it up with `vfs.cancel_open(context)`.
    The kernel answers EAGAIN itself where the file has O_NONBLOCK.
    """

    def __init__(self, file: object = None, events: int = 0) -> None:
        self.file, self.events = file, events


class FriscyError(Exception):
    """A failure the user can do something about; `str()` is the whole message, `hint` the next step."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint

    def __str__(self) -> str:
        text = str(self.args[0])
        return f"{text}\n  {self.hint}" if self.hint else text


class FormatError(FriscyError):
    """`path` does not hold what its format demands: at byte `offset`, `expected` this, `got` that."""

    def __init__(
        self, path: object, offset: int | None, expected: str, got: object, *, hint: str = ""
    ) -> None:
        where = f"{path}" if offset is None else f"{path}: byte {offset}"
        super().__init__(f"{where}: expected {expected}, got {got}", hint=hint)
        self.path, self.offset, self.expected, self.got = path, offset, expected, got


class RemoteError(FriscyError):
    """`url` cannot be read: the network, the server or the store says no."""

    def __init__(self, url: str, problem: object, *, hint: str = "") -> None:
        super().__init__(f"{url}: {problem}", hint=hint)
        self.url, self.problem = url, problem


class RangesUnsupported(RemoteError):
    """The server answers a request for a range with the whole blob."""


class UsageError(FriscyError):
    """The command line asks for something that cannot be done."""
