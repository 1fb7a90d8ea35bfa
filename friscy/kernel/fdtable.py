"""Descriptor tables: small numbers that name open file descriptions.

An open file description is a `lazyfs.openfile.OpenFile`; descriptors, mappings and epoll sets share it and
count themselves in its `refs`. `hold` and `drop` are the only places that change the count.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, ClassVar

from friscy.kernel.files import KernelFile, release
from lazyfs.abi import O_PATH
from lazyfs.errors import LinuxError
from lazyfs.openfile import OpenFile
from lazyfs.plain import Plain, default

if TYPE_CHECKING:
    from friscy.kernel.kernel import Kernel
    from friscy.machine.short_calls import Descriptors


def hold(file: OpenFile) -> OpenFile:
    """Count one more holder of an open file description."""
    file.refs += 1
    return file


def _close(k: Kernel, file: OpenFile) -> None:
    """A descriptor of the description is closed."""
    if isinstance(file, KernelFile):
        file.flushed(k)
    drop(k, file)


def drop(k: Kernel, file: OpenFile) -> None:
    """Count one holder less; the last one releases the description."""
    file.refs -= 1
    if file.refs == 0:
        release(k, file)


class Descriptor(Plain):
    """What a descriptor number stands for."""

    file: OpenFile
    cloexec: bool = False

    def __init__(self, file: OpenFile, cloexec: bool = False) -> None:
        self.file, self.cloexec = file, cloexec


class FdTable(Plain):
    """The descriptors of a process (or of several: CLONE_FILES). `slots` is keyed by descriptor number."""

    slots: dict[int, Descriptor] = default(dict)
    lowest: int = 0  # no number below is free

    short: ClassVar[Descriptors | None] = None  # what short calls may do with them; not state

    def get(self, fd: int) -> OpenFile:
        """The description behind `fd`. EBADF: not open, or opened with O_PATH only."""
        descriptor = self.slots.get(fd)
        if descriptor is None or descriptor.file.flags & O_PATH:
            raise LinuxError(errno.EBADF)
        return descriptor.file

    def get_path(self, fd: int) -> OpenFile:
        """As `get`, for the calls that take O_PATH descriptors as well."""
        return self.descriptor(fd).file

    def descriptor(self, fd: int) -> Descriptor:
        descriptor = self.slots.get(fd)
        if descriptor is None:
            raise LinuxError(errno.EBADF)
        return descriptor

    def free(self, least: int = 0) -> int:
        """The lowest number that is free and not below `least`."""
        slots = self.slots
        fd = max(least, self.lowest)
        while fd in slots:
            fd += 1
        if least <= self.lowest:
            self.lowest = fd
        return fd

    def add(self, file: OpenFile, limit: int, *, cloexec: bool = False, least: int = 0) -> int:
        """Give `file` the lowest free number from `least` on; hold it. EMFILE: none below `limit`.

        limit: RLIMIT_NOFILE of the process.
        """
        fd = self.free(least)
        if fd >= limit:
            raise LinuxError(errno.EMFILE)
        self.slots[fd] = Descriptor(hold(file), cloexec)
        if fd == self.lowest:
            self.lowest = fd + 1
        if self.short is not None:
            self.short.next_is(self.free())
        return fd

    def put(self, k: Kernel, fd: int, file: OpenFile, *, cloexec: bool = False) -> None:
        """Make `fd` stand for `file`, closing what it stood for (dup3)."""
        old = self.slots.get(fd)
        self.slots[fd] = Descriptor(hold(file), cloexec)
        if self.short is not None:
            self.short.forget(fd)
            self.short.next_is(self.free())
        if old is not None:
            _close(k, old.file)

    def close(self, k: Kernel, fd: int) -> None:
        """EBADF: `fd` is not open."""
        descriptor = self.slots.pop(fd, None)
        if descriptor is None:
            raise LinuxError(errno.EBADF)
        if fd < self.lowest:
            self.lowest = fd
        if self.short is not None:
            self.short.forget(fd)
            self.short.next_is(self.free())
        _close(k, descriptor.file)

    def copy(self) -> FdTable:
        """The table of a forked child: the same descriptions under the same numbers."""
        slots = {fd: Descriptor(hold(d.file), d.cloexec) for fd, d in self.slots.items()}
        return FdTable(slots, self.lowest)

    def close_on_exec(self, k: Kernel) -> None:
        """What execve(2) does to descriptors."""
        for fd in [fd for fd, d in self.slots.items() if d.cloexec]:
            self.close(k, fd)

    def close_all(self, k: Kernel) -> None:
        """The last holder of the table ended."""
        for fd in sorted(self.slots):
            self.close(k, fd)
