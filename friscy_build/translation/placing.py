"""The ELF files of an image and where each is to lie: translated code is made for one address of its file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import Any

import msgpack

from friscy.bundle import Bundle
from friscy.kernel import elf
from friscy.kernel.memory.areas import PLACE_START
from friscy.machine.layout import GUEST_START, PAGE, WINDOW_END
from friscy_build.cache import replacing
from friscy_build.translation.recording import Recording
from lazyfs.chunk_store import ChunkStore, open_chunks
from lazyfs.errors import FormatError
from lazyfs.index import Index, open_index

_ELF = b"\x7fELF"


@dataclass(frozen=True)
class Place:
    """A file's place: pages [low, high). inodes: those of equal content. digest: of the content, hex."""

    inodes: tuple[int, ...]
    path: str
    digest: str
    low: int
    high: int


class Files:
    """The ELF files of a root filesystem, by inode number."""

    def __init__(self, index: Path, chunks: Path) -> None:
        self._index: Index = open_index(index)
        self._chunks: ChunkStore = open_chunks(chunks, self._index)
        self.digest = self._index.digest

    @classmethod
    def of(cls, bundle: Bundle) -> Files:
        """Those of an open bundle."""
        files = cls.__new__(cls)
        files._index, files._chunks = bundle.open_rootfs()
        files.digest = files._index.digest
        return files

    def close(self) -> None:
        self._index.close()
        self._chunks.close()

    def read(self, ino: int) -> bytes:
        """A file's content."""
        return self._chunks.read(ino, 0, self._index.inode(ino)[4])

    def parse(self, ino: int) -> elf.Image | None:
        """What the kernel reads of an ELF file; None: it would not load it."""
        size = self._index.inode(ino)[4]
        try:
            return elf.parse(lambda at, n: self._chunks.read(ino, at, n), size, f"inode {ino}")
        except FormatError:
            return None

    def walk(self) -> Iterator[tuple[int, str]]:
        """(inode number, path) of every regular file, the first path of each."""
        pending, seen = [(self._index.root, "")], set()
        while pending:
            directory, path = pending.pop()
            for name, ino, _ in reversed(self._index.entries(directory)):
                mode = self._index.inode(ino)[0]
                where = f"{path}/{name.decode(errors='surrogateescape')}"
                if S_ISDIR(mode):
                    pending.append((ino, where))
                elif S_ISREG(mode) and ino not in seen:
                    seen.add(ino)
                    yield ino, where

    def elves(self) -> dict[int, str]:
        """The path of every ELF file that the kernel would load."""
        return {
            ino: path
            for ino, path in self.walk()
            if self._chunks.read(ino, 0, 4) == _ELF and self.parse(ino) is not None
        }


def place(files: Files, recording: Recording, *, everything: bool) -> list[Place]:
    """Give the recorded files, or all ELF files of the image, their places.

    What was recorded gets places of its own, in order of appearance; when the window is full they start over, and
    programs that did not run share theirs: two of them are never in one process.
    """
    paths = files.elves() if everything else dict(files.walk())
    inodes = list(recording.files)
    if everything:
        inodes += [ino for ino in paths if ino not in recording.files]
    window = _Window()
    places: dict[str, Place] = {}
    for ino in inodes:
        parsed = files.parse(ino)
        if parsed is None:
            continue
        digest = sha256(files.read(ino)).hexdigest()
        known = places.get(digest)
        if known is not None:
            places[digest] = Place((*known.inodes, ino), known.path, digest, known.low, known.high)
            continue
        program = parsed.interpreter is not None and ino not in recording.files
        taken = window.take(parsed, program)
        if taken is not None:
            places[digest] = Place((ino,), paths.get(ino, f"inode {ino}"), digest, *taken)
    return list(places.values())


class _Window:
    """The code window, given out from below."""

    def __init__(self) -> None:
        self._next = PLACE_START
        self._programs: tuple[int, int] | None = None

    def take(self, image: elf.Image, program: bool) -> tuple[int, int] | None:
        """Pages for an image, None where it does not fit at all. program: one that shares with others."""
        if not image.relocatable:
            fits = image.low >= GUEST_START and image.high <= WINDOW_END
            return (image.low, image.high) if fits else None
        length = image.high - image.low + image.align - PAGE
        if PLACE_START + length + image.align > WINDOW_END:
            return None
        if program and self._programs is not None:
            low = -(-self._programs[0] // image.align) * image.align
            if low + length <= self._programs[1]:
                return low, low + length
        low = -(-self._next // image.align) * image.align
        if low + length > WINDOW_END:
            low = -(-PLACE_START // image.align) * image.align
        self._next = low + length
        if program:
            self._programs = low, low + length
        return low, low + length


def write_places(path: Path, places: Iterable[Place]) -> None:
    """Keep `places` for `read_places`."""
    rows = [[list(each.inodes), each.path, each.digest, each.low, each.high] for each in places]
    with replacing(path) as file:
        file.write(msgpack.packb(rows, unicode_errors="surrogateescape"))


def read_places(path: Path) -> list[Place]:
    """What `write_places` wrote."""
    rows: list[Any] = msgpack.unpackb(path.read_bytes(), unicode_errors="surrogateescape")
    return [Place(tuple(inodes), where, digest, low, high) for inodes, where, digest, low, high in rows]


def fixed(places: Iterable[Place], index_digest: bytes) -> list[tuple[bytes, int, int]]:
    """For the kernel's Places: (content key, low, high)."""
    return [
        (index_digest + ino.to_bytes(4, "little"), each.low, each.high)
        for each in places
        for ino in each.inodes
    ]
