"""Writing a tree as an index and a chunk file. The same tree, order and zstd version give the same bytes."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple

import zstandard

from lazyfs.index_format import (
    CHUNK,
    CHUNK_BYTES,
    CHUNK_HEADER,
    CODEC_RAW,
    CODEC_ZSTD,
    DENTRY,
    DIGEST_PAGES_MAX,
    DIGESTS_AT,
    DIGESTS_PER_PAGE,
    EXTENT,
    FIELDS,
    INODE,
    MAGIC,
    PACK_BYTES,
    PAGE,
    PREFIX,
    RECORDS,
    SECTION,
    SECTIONS,
    SMALL_BYTES,
    VERSION,
    digest,
    name_prefix,
)
from lazyfs.tree import Node, Tree, TreeError

LEVEL = 9  # zstd: a Debian root filesystem at 40 MB/s and core, 2 % larger than level 15

# In a working set a shared chunk of this size does not wait for more small files while a large one passes it.
ORDERED_PACK_BYTES = 32 * 1024

Progress = Callable[[int, int], None]
Touch = tuple[int, int]  # inode number, which block of CHUNK_BYTES of the file


class IndexSummary(NamedTuple):
    """What was written. `index_digest` is what `open_index(expected_digest=)` takes; sizes are bytes."""

    index_digest: bytes
    inodes: int
    chunks: int
    data_bytes: int  # of all files, holes not counted
    stored_bytes: int  # of the chunk file
    index_bytes: int
    working_set_ends: tuple[int, ...]  # where in the chunk file the data of each working set ends


def write_index(
    tree: Tree,
    index_path: str | os.PathLike[str],
    chunks_path: str | os.PathLike[str],
    *,
    order: Iterable[bytes] = (),
    working_sets: Sequence[Iterable[Touch]] = (),
    level: int = LEVEL,
    progress: Progress | None = None,
) -> IndexSummary:
    """Write `tree` as an index file and the chunk file it refers to, each put in place when it is complete.

    order: paths of files whose data shall lie first and together; unknown ones are skipped.
    working_sets: what was read of the same tree, in the order of first touch; before `order`, and each ends with a
    chunk, so that it is one range of the chunk file together with those before it. level: zstd's.
    progress(done, total): called as file data goes, in bytes. TreeError: the tree cannot be an index.
    File data is streamed: memory grows with the number of files, not with their size.
    """
    inodes = _Numbering(tree)
    with _replacing(chunks_path) as chunk_file, _replacing(index_path) as index_file:
        chunks = _ChunkWriter(chunk_file, level)
        data = _DataWriter(inodes, chunks, progress)
        ends = []
        chunks.in_order = True
        for working_set in working_sets:
            for ino, block in working_set:
                data.store(ino, block)
            chunks.flush()
            ends.append(chunks.offset)
        chunks.in_order = False
        data.store_files(node for path in order if (node := tree.lookup(path)) is not None)
        data.store_files(inodes.nodes)
        chunks.flush()
        summary = _IndexBuilder(inodes, data.extents(), chunks).write(index_file)
        return summary._replace(data_bytes=data.total, working_set_ends=tuple(ends))


@contextmanager
def _replacing(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A new file that takes the place of `path` at the end, if nothing fails."""
    final = Path(path)
    partial = final.with_name(f".{final.name}.{os.getpid()}.partial")
    try:
        with open(partial, "wb") as file:
            yield file
        os.replace(partial, final)
    finally:
        with suppress(FileNotFoundError):
            partial.unlink()


class _Numbering:
    """Inode numbers in tree order, with link counts and parents."""

    def __init__(self, tree: Tree) -> None:
        self.nodes: list[Node] = []
        self.paths: list[bytes] = []
        self.links: list[int] = []
        self.parents: list[int] = []
        self.number: dict[int, int] = {}
        self._visit(b"/", tree.root, 1)
        pending = [(b"/", tree.root)]
        while pending:
            path, parent = pending.pop()
            ino = self.number[id(parent)]
            below = []
            for name in sorted(parent.children):
                child = parent.children[name]
                child_path = (path if path == b"/" else path + b"/") + name
                self._visit(child_path, child, ino)
                if child.kind == "dir":
                    self.links[ino - 1] += 1
                    below.append((child_path, child))
            pending += reversed(below)

    def _visit(self, path: bytes, node: Node, parent: int) -> None:
        known = self.number.get(id(node))
        if known is not None:
            if node.kind == "dir":
                raise TreeError(f"{path!r}: the directory is also at {self.paths[known - 1]!r}")
            self.links[known - 1] += 1
            return
        self.nodes.append(node)
        self.paths.append(path)
        self.links.append(2 if node.kind == "dir" else 1)
        self.parents.append(parent if node.kind == "dir" else 0)
        self.number[id(node)] = len(self.nodes)


class _Piece:
    """Where some data went: `chunk` is known when its chunk is closed."""

    __slots__ = ("chunk", "position")

    def __init__(self) -> None:
        self.chunk = self.position = 0


class _ChunkWriter:
    """Stores data as chunks: large pieces as one each, small ones packed together, equal ones once."""

    def __init__(self, file: BinaryIO, level: int) -> None:
        self._file = file
        self._compressor = zstandard.ZstdCompressor(level=level)
        self._pieces: dict[bytes, _Piece] = {}  # by digest of the data
        self._packed = bytearray()
        self._waiting: list[_Piece] = []
        self.table: list[tuple[int, int, int, int, bytes]] = []
        self.offset = len(CHUNK_HEADER)
        self.in_order = False  # whether what comes first shall also lie first
        file.write(CHUNK_HEADER)

    def add(self, data: bytes) -> _Piece:
        key = digest(data)
        piece = self._pieces.get(key)
        if piece is not None:
            return piece
        piece = self._pieces[key] = _Piece()
        if len(data) > SMALL_BYTES:
            if self.in_order and len(self._packed) >= ORDERED_PACK_BYTES:
                self.flush()
            piece.chunk = self._store(data)
            return piece
        piece.position = len(self._packed)
        self._packed += data
        self._waiting.append(piece)
        if len(self._packed) >= PACK_BYTES:
            self.flush()
        return piece

    def flush(self) -> None:
        """Close the chunk of small pieces."""
        if self._waiting:
            number = self._store(bytes(self._packed))
            for piece in self._waiting:
                piece.chunk = number
            self._packed.clear()
            self._waiting.clear()

    def _store(self, data: bytes) -> int:
        stored, codec = self._compressor.compress(data), CODEC_ZSTD
        if len(stored) >= len(data):
            stored, codec = data, CODEC_RAW
        self._file.write(stored)
        self.table.append((self.offset, len(stored), len(data), codec, digest(stored)))
        self.offset += len(stored)
        return len(self.table) - 1


Extents = list[tuple[int, int, _Piece]]


class _DataWriter:
    """Stores the data of files block by block, in any order, each block once."""

    def __init__(self, inodes: _Numbering, chunks: _ChunkWriter, progress: Progress | None) -> None:
        self._inodes, self._chunks, self._progress = inodes, chunks, progress
        self.total = sum(e.length for node in inodes.nodes if node.content for e in node.content.extents)
        self._done = 0
        self._stored: dict[int, dict[int, Extents]] = {}  # by inode number and block

    def store_files(self, nodes: Iterable[Node]) -> None:
        """Store what is not yet stored of these files."""
        for node in nodes:
            if node.content is not None:
                ino = self._inodes.number[id(node)]
                for extent in node.content.extents:
                    last = (extent.offset + extent.length - 1) // CHUNK_BYTES
                    for block in range(extent.offset // CHUNK_BYTES, last + 1):
                        self.store(ino, block)

    def store(self, ino: int, block: int) -> None:
        """Store a block of a file; what is no file, or ends before it, is skipped."""
        content = self._inodes.nodes[ino - 1].content if 0 < ino <= len(self._inodes.nodes) else None
        if content is None or block in (mine := self._stored.setdefault(ino, {})):
            return
        pieces = mine[block] = []
        for extent in content.extents:
            start = max(extent.offset, block * CHUNK_BYTES)
            stop = min(extent.offset + extent.length, (block + 1) * CHUNK_BYTES)
            if start >= stop:
                continue
            data = extent.read(start - extent.offset, stop - start)
            if len(data) != stop - start:
                path = self._inodes.paths[ino - 1]
                raise TreeError(f"{path!r}: {len(data)} bytes of {stop - start} at byte {start}")
            if data.strip(b"\0"):
                pieces.append((start, len(data), self._chunks.add(data)))
            self._done += len(data)
            if self._progress is not None:
                self._progress(self._done, self.total)

    def extents(self) -> dict[int, Extents]:
        """Every file's extents by inode number, sorted."""
        return {
            ino: [extent for block in sorted(blocks) for extent in blocks[block]]
            for ino, blocks in self._stored.items()
        }


class _IndexBuilder:
    """The tables of an index, in memory."""

    def __init__(self, inodes: _Numbering, extents: dict[int, Extents], chunks: _ChunkWriter) -> None:
        self._chunks = chunks
        self._dentries, self._extents, self._blob = bytearray(), bytearray(), bytearray()
        self._xattrs: dict[bytes, int] = {}
        self._inodes = bytearray()
        for ino, node in enumerate(inodes.nodes, 1):
            try:
                first, count, size = self._body(node, inodes, extents.get(ino, []))
                self._inodes += INODE.pack(
                    node.st_mode, node.uid, node.gid, inodes.links[ino - 1], size, node.mtime_ns,
                    *node.rdev, first, count, self._xattr_set(node), inodes.parents[ino - 1],
                    sum(length for _, length, _ in extents.get(ino, ())),
                )  # fmt: skip
            except struct.error as error:
                raise TreeError(
                    f"{inodes.paths[ino - 1]!r}: an attribute is out of range: {error}"
                ) from error
        self._chunk_table = b"".join(CHUNK.pack(*record) for record in chunks.table)

    def _body(self, node: Node, inodes: _Numbering, extents: Extents) -> tuple[int, int, int]:
        """(first, count, st_size) of an inode, its table entries appended."""
        if node.kind == "dir":
            first = len(self._dentries) // DENTRY.size
            for name in sorted(node.children):
                child = node.children[name]
                self._dentries += DENTRY.pack(
                    name_prefix(name),
                    inodes.number[id(child)],
                    len(self._blob),
                    len(name),
                    child.st_mode >> 12,
                )
                self._blob += name
            return first, len(node.children), len(node.children)
        if node.kind == "file":
            first = len(self._extents) // EXTENT.size
            for offset, length, piece in extents:
                self._extents += EXTENT.pack(offset, length, piece.chunk, piece.position)
            return first, len(extents), node.content.length if node.content else 0
        first = len(self._blob)
        self._blob += node.target
        return first, len(node.target), len(node.target)

    def _xattr_set(self, node: Node) -> int:
        if not node.xattrs:
            return 0
        packed = bytearray(struct.pack("<H", len(node.xattrs)))
        for name, value in sorted(node.xattrs.items()):
            packed += struct.pack("<HI", len(name), len(value)) + name + value
        key = bytes(packed)
        if key not in self._xattrs:
            self._xattrs[key] = len(self._blob) + 1
            self._blob += packed
        return self._xattrs[key]

    def write(self, file: BinaryIO) -> IndexSummary:
        tables: list[bytes | bytearray] = [
            self._inodes,
            self._dentries,
            self._extents,
            self._chunk_table,
            self._blob,
        ]
        pages = [-(-len(table) // PAGE) for table in tables]
        body_pages = sum(pages)
        digest_pages = -(-body_pages // DIGESTS_PER_PAGE)
        if digest_pages > DIGEST_PAGES_MAX or len(self._blob) >= 1 << 32:
            raise TreeError(f"an index of {body_pages * PAGE} bytes: more than the format can hold")
        file_bytes = (1 + digest_pages + body_pages) * PAGE
        header = FIELDS.pack(file_bytes, digest_pages, body_pages, 1, self._chunks.offset)
        digests = bytearray()
        file.seek((1 + digest_pages) * PAGE)
        page = 1 + digest_pages
        for section, table, npages in zip(SECTIONS, tables, pages, strict=True):
            header += SECTION.pack(page, len(table) // RECORDS[section])
            page += npages
            digests += _write_pages(file, table, npages)
        file.seek(PAGE)
        top = _write_pages(file, digests, digest_pages)
        header = (header.ljust(DIGESTS_AT - PREFIX.size, b"\0") + top).ljust(PAGE - PREFIX.size, b"\0")
        index_digest = digest(header)
        file.seek(0)
        file.write(PREFIX.pack(MAGIC, VERSION, PAGE, index_digest) + header)
        ninodes = len(self._inodes) // INODE.size
        return IndexSummary(
            index_digest, ninodes, len(self._chunks.table), 0, self._chunks.offset, file_bytes, ()
        )


def _write_pages(file: BinaryIO, table: bytes | bytearray, npages: int) -> bytes:
    """Write a table padded to whole pages; the digests of the pages."""
    digests = b""
    for start in range(0, npages * PAGE, PAGE):
        page = bytes(table[start : start + PAGE]).ljust(PAGE, b"\0")
        file.write(page)
        digests += digest(page)
    return digests
