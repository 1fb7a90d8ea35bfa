"""Layers as tar archives (pax): written from changes, applied with their contents left where they lie."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from friscy_build.images.layer import WHITEOUT, Layer, Times, as_they_are
from friscy_build.images.spool import Spool
from friscy_build.images.tar import XATTR_PREFIX, Archive
from friscy_build.layers.changes import DELETED, Change, changes, with_all_names
from lazyfs.errors import FriscyError
from lazyfs.tree import Content, Extent, Node, Tree

_COPY = 1 << 20
_BLOCK = 512
_END = bytes(2 * _BLOCK)
_TYPES = {
    "file": tarfile.REGTYPE, "dir": tarfile.DIRTYPE, "symlink": tarfile.SYMTYPE, "fifo": tarfile.FIFOTYPE,
    "char": tarfile.CHRTYPE, "block": tarfile.BLKTYPE,
}  # fmt: skip
# A hole is left out where the map and its header, some blocks, are less than it.
_HOLE_MIN = 1 << 16


class LayerError(FriscyError):
    """What is to become a layer cannot be one."""


def write_layer(old: Tree, new: Tree, file: BinaryIO, times: Times = as_they_are) -> None:
    """Write the layer that makes `new` of `old`.

    times: what the archive has for a node's mtime_ns. Sockets are left out, as no archive can hold them.
    LayerError: a file whose name means a deleted one in a layer.
    """
    found = with_all_names(old, new, list(changes(old, new)))
    write_entries(found, file, times)


def write_entries(
    found: Iterable[Change], file: BinaryIO, times: Times = as_they_are, *, whiteouts: bool = True
) -> None:
    """Write the archive of `found`, parents first; deleted paths become whiteouts.

    whiteouts: False for a plain archive, where a name that begins with .wh. means nothing.
    """
    first: dict[int, str] = {}
    for change in found:
        directory, _, name = change.path.rpartition(b"/")
        if change.kind == DELETED:
            info = tarfile.TarInfo(os.fsdecode((directory + b"/" + WHITEOUT + name)[1:]))
            info.mode = 0o600
            file.write(_header(info))
            continue
        node = change.node
        assert node is not None
        if node.kind == "socket":
            continue
        if whiteouts and name.startswith(WHITEOUT):
            raise LayerError(f"{os.fsdecode(change.path)}: in a layer this name says that a file is gone")
        shown = os.fsdecode(change.path[1:] or b".")
        if node.kind != "dir" and first.setdefault(id(node), shown) != shown:
            info = _info(node, shown, times)
            info.type, info.linkname, info.size = tarfile.LNKTYPE, first[id(node)], 0
            info.pax_headers = {
                key: value for key, value in info.pax_headers.items() if not key.startswith(XATTR_PREFIX)
            }
            file.write(_header(info))
            continue
        info = _info(node, shown, times)
        if node.content is None:
            file.write(_header(info))
        else:
            _write_file(info, node.content, file)
    file.write(_END)


def _header(info: tarfile.TarInfo) -> bytes:
    return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")


def _info(node: Node, name: str, times: Times) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.uid, info.gid = _TYPES[node.kind], node.mode, node.uid, node.gid
    info.devmajor, info.devminor = node.rdev
    info.linkname = os.fsdecode(node.target)
    mtime_ns = times(node.mtime_ns)
    info.mtime = mtime_ns // 1_000_000_000
    headers: dict[str, str] = {}
    info.pax_headers = headers
    if mtime_ns % 1_000_000_000 or mtime_ns < 0:
        sign, (seconds, rest) = "-" * (mtime_ns < 0), divmod(abs(mtime_ns), 1_000_000_000)
        headers["mtime"] = f"{sign}{seconds}.{rest:09}"
    for key, value in sorted(node.xattrs.items()):
        headers[XATTR_PREFIX + os.fsdecode(key)] = value.decode("utf-8", "surrogateescape")
    return info


def _write_file(info: tarfile.TarInfo, content: Content, file: BinaryIO) -> None:
    info.size = content.length
    spans = _spans(content)
    prefix = b""
    if spans is not None:  # GNU's sparse format 1.0: the map stands before the data
        numbers = [len(spans), *(number for span in spans for number in span)]
        prefix = "".join(f"{number}\n" for number in numbers).encode()
        prefix += bytes(-len(prefix) % _BLOCK)
        info.pax_headers = {
            **info.pax_headers, "GNU.sparse.major": "1", "GNU.sparse.minor": "0",
            "GNU.sparse.name": info.name, "GNU.sparse.realsize": str(content.length),
        }  # fmt: skip
        directory, _, name = info.name.rpartition("/")
        info.name = "/".join(part for part in (directory, "GNUSparseFile.0", name) if part)
        info.size = len(prefix) + sum(length for _, length in spans)
    file.write(_header(info))
    file.write(prefix)
    for start, length in spans if spans is not None else [(0, content.length)]:
        for at in range(start, start + length, _COPY):
            file.write(content.read(at, min(_COPY, start + length - at)))
    file.write(bytes(-info.size % _BLOCK))


def _spans(content: Content) -> list[tuple[int, int]] | None:
    """The (offset, length) to store of a file with large holes; None: store all of it."""
    spans: list[tuple[int, int]] = []
    end = 0
    for extent in content.extents:
        if spans and extent.offset - end < _HOLE_MIN:
            start = spans[-1][0]
            spans[-1] = (start, extent.offset + extent.length - start)
        elif not spans and extent.offset < _HOLE_MIN:
            spans.append((0, extent.offset + extent.length))
        else:
            spans.append((extent.offset, extent.length))
        end = extent.offset + extent.length
    if content.length - end < _HOLE_MIN and len(spans) < 2 and not (spans and spans[0][0]):
        return None
    if end < content.length:
        spans.append((content.length, 0))  # GNU tar takes the file's size from the last one
    return spans


class _Positioned:
    """A file that knows how far it was read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.position = file, 0

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self.position += len(data)
        return data


class _InPlace(Spool):
    """Leaves the contents in the archive they are read from, which must stay open."""

    def __init__(self, file: BinaryIO, stream: _Positioned) -> None:
        self._file, self._stream = file, stream  # type: ignore[assignment]

    def store(self, size: int, blocks: Iterable[tuple[int, bytes]]) -> Content:
        """See Spool."""
        extents: list[list[int]] = []
        for offset, data in blocks:
            at = self._stream.position - len(data)
            if extents and extents[-1][0] + extents[-1][2] == offset:
                extents[-1][2] += len(data)
            else:
                extents.append([offset, at, len(data)])
        return Content(size, [Extent(offset, length, self._reader(at)) for offset, at, length in extents])

    def read(self, offset: int, size: int) -> bytes:
        """See Spool."""
        pieces = []
        while size:
            piece = os.pread(self._file.fileno(), size, offset)
            if not piece:
                raise OSError("a layer was cut short while it was in use")
            pieces.append(piece)
            offset, size = offset + len(piece), size - len(piece)
        return b"".join(pieces)


def apply_layer(tree: Tree, path: Path, times: Times = as_they_are) -> None:
    """Apply the layer in the uncompressed archive `path` to `tree`; its contents are read from there when needed.

    times: a node's mtime_ns for what the archive has.
    FormatError: it is damaged. The file may be unlinked afterwards, but not changed.
    """
    file = open(path, "rb")  # noqa: SIM115 - lives as long as the contents that are read from it
    stream = _Positioned(file)
    Layer(tree, _InPlace(file, stream), times=times).apply(Archive(stream, path))


__all__ = ["LayerError", "apply_layer", "write_entries", "write_layer"]
