"""Files' pages in memory, and memory that several mappings share, below every process's view.

`FilePages` are the bytes of a file as mappings see them, in a host memfd: brought in when they are mapped, the
same for all that map the file, holes left out. Private mappings map them copy-on-write. They are kept for a
while after the last mapping is gone, as long as the file stays as it was.

A `Backing` is the plain state of shared pages, of a file or anonymous. What one process stores there another one
sees at once, and futexes in it have one identity.
"""

from __future__ import annotations

import errno
import os
from bisect import bisect_left
from typing import TYPE_CHECKING

from friscy.machine import host_pages
from friscy.machine.layers import HostFile
from friscy.machine.layout import PAGE
from lazyfs.errors import LinuxError
from lazyfs.plain import Plain

if TYPE_CHECKING:
    from friscy.kernel.memory.file_mappings import FileMappings
    from friscy.kernel.state import KernelState
    from lazyfs.inode import Inode
    from lazyfs.openfile import OpenFile
    from lazyfs.vfs import Vfs

_CHUNK = 1 << 20
_KEPT_BYTES = 64 << 20  # of files that nobody maps any more
_KEPT_FILES = 64  # of them; each takes a descriptor of the host
_MOST_FILES = 512  # when so many are mapped, private mappings get copies


class Backing(Plain):
    """Shared pages. inode: the file whose bytes they are, None for anonymous memory of `nbytes`."""

    number: int
    inode: Inode | None = None
    nbytes: int = 0


class FilePages:
    """The pages of one file that were mapped at some time. Offsets are page-aligned bytes."""

    __slots__ = ("_loaded", "_seen", "file", "inode")

    def __init__(self, inode: Inode, number: int) -> None:
        self.inode = inode
        self.file = _memory_file(f"friscy-file-{number}")
        self._loaded: list[tuple[int, int]] = []  # sorted, disjoint
        self._seen = _version(inode)

    @property
    def nbytes(self) -> int:
        """What the host spends on it."""
        return os.fstat(self.file.fd).st_blocks * 512

    @property
    def current(self) -> bool:
        """Whether the file is as it was when the pages were brought in."""
        return self._seen == _version(self.inode)

    def load(self, vfs: Vfs, file: OpenFile, start: int, end: int) -> None:
        """Bring the file's bytes [start, end) in, except those that are there already."""
        if end <= start:
            return
        end = -(-end // PAGE) * PAGE
        lengthen(self.file.fd, end)
        first = bisect_left(self._loaded, (start, 0))
        if first and self._loaded[first - 1][1] >= start:
            first -= 1
        last, low, high, position = first, start, end, start
        while last < len(self._loaded) and self._loaded[last][0] <= end:
            known = self._loaded[last]
            if position < known[0]:
                self._read(vfs, file, position, known[0])
            position = max(position, known[1])
            low, high = min(low, known[0]), max(high, known[1])
            last += 1
        if position < end:
            self._read(vfs, file, position, end)
        self._loaded[first:last] = [(low, high)]

    def note_current(self) -> None:
        """The file was changed to hold what the pages hold."""
        self._seen = _version(self.inode)

    def note_loaded(self, start: int, end: int) -> None:
        """The bytes [start, end) were put there by the caller."""
        kept = [(low, high) for low, high in self._loaded if high < start or end < low]
        near = [each for each in self._loaded if each not in kept]
        low, high = min([start, *(a for a, _ in near)]), max([end, *(b for _, b in near)])
        self._loaded = sorted([*kept, (low, high)])

    def reload(self, vfs: Vfs, file: OpenFile) -> None:
        """The file changed: make the pages hold what it holds now."""
        self._seen = _version(self.inode)
        for start, end in self._loaded:
            self._read(vfs, file, start, end, zero=True)

    def cut(self, size: int) -> None:
        """The file ends at `size` now: what lay past that is zeros when it grows again."""
        last = os.fstat(self.file.fd).st_size
        if size < last:
            _clear(self.file.fd, size, last)

    def _read(self, vfs: Vfs, file: OpenFile, start: int, end: int, *, zero: bool = False) -> None:
        """zero: there may be other bytes where the file has none."""
        inode, fd = file.inode, self.file.fd
        position, size = start, inode.size
        while position < min(end, size):
            data = inode.fs.seek_data(vfs, inode, position)
            data = min(data, end) if data >= 0 else end
            if zero and position < data:
                _clear(fd, position, data)
            hole = min(inode.fs.seek_hole(vfs, inode, data), end) if data < end else end
            position = data
            while position < hole:
                part = inode.fs.read(vfs, file, position, min(hole - position, _CHUNK))
                if not part:
                    break
                os.pwrite(fd, part, position)
                position += len(part)
            else:
                continue
            break
        if zero and position < end:
            _clear(fd, position, end)


class BackingPool:
    """The host's side of a machine's file pages and backings."""

    def __init__(self, state: KernelState | None = None) -> None:
        self._state = state
        self._last = 0
        self._made = 0
        self._anonymous: dict[int, HostFile] = {}  # by backing number
        self._pages: dict[int, FilePages] = {}  # by id(inode), which they keep alive; the oldest first
        # Of files that are mapped shared, by id(inode): while there are any, calls on files look at the mappings.
        self.shared: dict[int, Backing] = {}
        self.users: list[FileMappings] = []

    def anonymous(self, nbytes: int) -> Backing:
        """Fresh zero pages."""
        backing = Backing(self._number(), None, nbytes)
        self.file(backing, nbytes)
        return backing

    def of_file(self, inode: Inode) -> Backing:
        """The backing of a file: one for all who map it shared."""
        return self.shared.get(id(inode)) or Backing(self._number(), inode)

    def pages(self, inode: Inode) -> FilePages:
        """The pages of a file, made where there are none yet."""
        pages = self._pages.pop(id(inode), None)
        if pages is None or not (pages.current or self._mapped(pages)):
            self._evict()
            self._made += 1
            pages = FilePages(inode, self._made)
        self._pages[id(inode)] = pages
        return pages

    def maps(self, inode: Inode) -> bool:
        """Whether some memory may have pages of it: most of what programs read and write is not mapped."""
        return id(inode) in self._pages or id(inode) in self.shared

    def crowded(self, inode: Inode) -> bool:
        """Whether there are too many mapped files for the pages of another one."""
        if len(self._pages) < _MOST_FILES or id(inode) in self._pages:
            return False
        self._evict()
        return len(self._pages) >= _MOST_FILES

    def load(self, vfs: Vfs, file: OpenFile, start: int, end: int) -> FilePages:
        """The pages of a file, with its bytes [start, end) in them. Offsets are page-aligned."""
        pages = self.pages(file.inode)
        if not pages.current:
            for user in self.users:
                user.write_back(file.inode)
            pages.reload(vfs, file)
        pages.load(vfs, file, start, end)
        return pages

    def refresh(self, vfs: Vfs, file: OpenFile) -> None:
        """After a call wrote to a file: its pages, if there are any, show that."""
        pages = self._pages.get(id(file.inode))
        if pages is not None and not pages.current:
            pages.reload(vfs, file)

    def resized(self, inode: Inode) -> None:
        """A call changed the size of a file: its mappings end there now."""
        pages = self._pages.get(id(inode))
        if pages is not None and self._mapped(pages):
            pages.cut(inode.size)
            for user in self.users:
                user.resize_file(inode)

    def write_back(self, vfs: Vfs, file: OpenFile, runs: list[tuple[int, int]]) -> None:
        """Write what the pages in `runs` (offsets in the file) hold to the file, where that differs."""
        pages = self._pages[id(file.inode)]
        current = pages.current
        for start, end in runs:
            # Never past the end of the file: a mapping cannot make a file longer.
            for low in range(start, min(end, file.inode.size), _CHUNK):
                high = min(low + _CHUNK, end, file.inode.size)
                new = os.pread(pages.file.fd, high - low, low)
                old = file.inode.fs.read(vfs, file, low, high - low)
                if new == old:
                    continue
                for at in range(0, len(new), PAGE):
                    page = new[at : at + PAGE]
                    if page != old[at : at + PAGE]:
                        file.inode.fs.write(vfs, file, low + at, page)
        if current:
            pages.note_current()

    def restore(self, backing: Backing, start: int, data: memoryview) -> None:
        """After a restore: put the bytes of shared pages where all processes see them."""
        os.pwrite(self.file(backing, start + len(data)).fd, data, start)
        if backing.inode is not None:
            self._pages[id(backing.inode)].note_loaded(start, start + len(data))

    def file(self, backing: Backing, nbytes: int = 0) -> HostFile:
        """The pages as a host file, at least `nbytes` long; made where there is none yet (also after a restore)."""
        if backing.inode is not None:
            self.shared.setdefault(id(backing.inode), backing)
            known = self._pages.get(id(backing.inode))
            file = (known or self.pages(backing.inode)).file
        elif backing.number in self._anonymous:
            file = self._anonymous[backing.number]
        else:
            file = self._anonymous[backing.number] = _memory_file(f"friscy-{backing.number}")
        lengthen(file.fd, nbytes)
        return file

    def collect(self) -> None:
        """Forget the backings that no mapping has any more."""
        used = {vma.backing.number for user in self.users for vma in user.mm.vmas if vma.backing is not None}
        for number in [number for number in self._anonymous if number not in used]:
            del self._anonymous[number]
        for key in [key for key, backing in self.shared.items() if backing.number not in used]:
            del self.shared[key]

    def _mapped(self, pages: FilePages) -> bool:
        return any(pages.file in user.files() for user in pages.file.users)

    def _evict(self) -> None:
        """Keep no more than _KEPT_BYTES of pages that nobody maps; those that were mapped last stay."""
        kept = count = 0
        mapped = {file for user in self.users for file in user.memory.files()}
        for key, pages in reversed(list(self._pages.items())):
            if key in self.shared or pages.file in mapped:
                continue
            kept += pages.nbytes
            count += 1
            if kept > _KEPT_BYTES or count > _KEPT_FILES or not pages.current:
                del self._pages[key]

    def _number(self) -> int:
        if self._state is None:
            self._last += 1
            return self._last
        self._state.last_backing += 1
        return self._state.last_backing


def lengthen(fd: int, nbytes: int) -> None:
    """Make a file at least so long."""
    if os.fstat(fd).st_size < nbytes:
        os.ftruncate(fd, nbytes)


def _version(inode: Inode) -> tuple[int, int, int]:
    return inode.size, inode.mtime_ns, inode.ctime_ns


def _memory_file(name: str) -> HostFile:
    try:
        return HostFile(os.memfd_create(name, os.MFD_CLOEXEC))
    except OSError as error:
        raise LinuxError(errno.ENOMEM) from error


def _clear(fd: int, start: int, end: int) -> None:
    """Zeros for [start, end), whole pages of it given back."""
    whole = -(-start // PAGE) * PAGE
    os.pwrite(fd, bytes(min(whole, end) - start), start)
    if whole < end:
        host_pages.punch(fd, whole, -(-end // PAGE) * PAGE - whole)
