"""The root filesystem of a bundle in figures."""

from __future__ import annotations

import os
from collections.abc import Iterator
from stat import S_IFMT, S_ISDIR, S_ISREG
from typing import Any

from friscy.bundle import Bundle
from lazyfs.chunk_store import ChunkStore
from lazyfs.errors import FormatError
from lazyfs.index import Index
from lazyfs.tree import KIND_BITS

LARGEST = 10
_SIZE, _DATA = 4, 12  # fields of an inode record
_KIND_OF = {bits: kind for kind, bits in KIND_BITS.items()}


def open_rootfs(bundle: Bundle) -> tuple[Index, ChunkStore]:
    """The index of `bundle` and its chunks."""
    return bundle.open_rootfs()


def walk(index: Index) -> Iterator[tuple[bytes, int, int]]:
    """Every (path, ino, mode), the root first. FormatError: the directories are no tree, or types disagree."""
    root_mode = index.inode(index.root)[0]
    yield b"/", index.root, root_mode
    pending = [(b"/", index.root)]
    seen = {index.root}
    while pending:
        path, directory = pending.pop()
        for name, ino, kind in index.entries(directory):
            mode = index.inode(ino)[0]
            below = path + name if path == b"/" else path + b"/" + name
            if mode >> 12 != kind or S_IFMT(mode) not in _KIND_OF:
                raise FormatError(index.name, None, f"one type of {below!r}", f"{kind} and mode {mode:o}")
            if S_ISDIR(mode):
                if ino in seen:
                    raise FormatError(index.name, None, "a tree of directories", f"a second way to {below!r}")
                seen.add(ino)
                pending.append((below, ino))
            yield below, ino, mode


def rootfs_facts(bundle: Bundle) -> dict[str, Any]:
    """Inodes by type, sizes, chunks and the largest files. Sizes are bytes; a hard link counts once."""
    index, store = open_rootfs(bundle)
    try:
        return _facts(index)
    finally:
        store.close()
        index.close()


def _facts(index: Index) -> dict[str, Any]:
    kinds = dict.fromkeys(KIND_BITS, 0)
    seen: set[int] = set()
    names = apparent = data = 0
    files: list[tuple[int, bytes]] = []
    for path, ino, mode in walk(index):
        names += 1
        if ino in seen:
            continue
        seen.add(ino)
        kinds[_KIND_OF[S_IFMT(mode)]] += 1
        if S_ISREG(mode):
            record = index.inode(ino)
            apparent += record[_SIZE]
            data += record[_DATA]
            files.append((record[_SIZE], path))
    chunks = [index.chunk(number) for number in range(index.chunks)]
    files.sort(key=lambda each: (-each[0], each[1]))
    return {
        "index_digest": index.digest.hex(),
        "inodes": len(seen),
        "names": names,
        "kinds": kinds,
        "apparent_bytes": apparent,  # what `ls -l` adds up to
        "data_bytes": data,  # without holes
        "distinct_bytes": sum(nbytes for _, _, nbytes, _, _ in chunks),  # after deduplication
        "stored_bytes": sum(stored for _, stored, _, _, _ in chunks),  # after compression
        "chunks": len(chunks),
        "largest": [{"path": os.fsdecode(path), "size": size} for size, path in files[:LARGEST]],
    }
