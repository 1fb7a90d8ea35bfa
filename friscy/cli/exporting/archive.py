"""The root filesystem of a bundle as a tar archive (pax), the same bytes for the same image."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Callable
from stat import S_IFMT, S_IMODE, S_ISBLK, S_ISCHR, S_ISDIR, S_ISFIFO, S_ISLNK, S_ISREG, S_ISSOCK
from typing import IO, Protocol, cast

from friscy.bundle import Bundle
from friscy.cli.inspection.rootfs import open_rootfs, walk
from lazyfs.chunk_store import ChunkStore
from lazyfs.errors import FormatError
from lazyfs.index import Index

_BLOCK = 1 << 20
_END = 1024  # two blocks of zeros
_XATTR = "SCHILY.xattr."


class Output(Protocol):
    """Where the archive goes."""

    def write(self, data: bytes, /) -> object: ...


def write_tar(
    bundle: Bundle, output: Output, refuse: Callable[[bytes], str] = lambda path: ""
) -> list[bytes]:
    """Write all files of the image; the paths that an archive cannot hold (sockets) are returned.

    Holes are written as zeros. refuse(path): why the format around the archive cannot have the name, or "".
    FormatError: the bundle is damaged, or refused.
    """
    index, store = open_rootfs(bundle)
    try:
        return _write(index, store, output, refuse)
    finally:
        store.close()
        index.close()


def _write(index: Index, store: ChunkStore, output: Output, refuse: Callable[[bytes], str]) -> list[bytes]:
    left_out: list[bytes] = []
    first_names: dict[int, str] = {}
    for path, ino, mode in walk(index):
        if why := refuse(path):
            raise FormatError(index.name, None, why, repr(path))
        if S_ISSOCK(mode):
            left_out.append(path)
            continue
        info = _member(index, path, ino, mode)
        if not S_ISDIR(mode) and (first := first_names.setdefault(ino, info.name)) != info.name:
            info.type, info.linkname, info.size = tarfile.LNKTYPE, first, 0
        output.write(info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape"))
        if info.isreg():
            _content(store, ino, info.size, output)
    output.write(bytes(_END))
    return left_out


def _member(index: Index, path: bytes, ino: int, mode: int) -> tarfile.TarInfo:
    _, uid, gid, _, size, mtime_ns, major, minor, *_ = index.inode(ino)
    info = tarfile.TarInfo(os.fsdecode(path[1:] or b"."))
    info.mode, info.uid, info.gid = S_IMODE(mode), uid, gid
    headers: dict[str, str] = {}
    info.pax_headers = headers
    info.mtime = mtime_ns // 1_000_000_000
    if mtime_ns % 1_000_000_000 or info.mtime < 0:
        sign, (seconds, rest) = "-" * (mtime_ns < 0), divmod(abs(mtime_ns), 1_000_000_000)
        headers["mtime"] = f"{sign}{seconds}.{rest:09}"
    for name, value in sorted(index.xattrs(ino).items()):
        headers[_XATTR + os.fsdecode(name)] = value.decode("utf-8", "surrogateescape")
    if S_ISREG(mode):
        info.size = size
    elif S_ISDIR(mode):
        info.type = tarfile.DIRTYPE
    elif S_ISLNK(mode):
        info.type, info.linkname = tarfile.SYMTYPE, os.fsdecode(index.readlink(ino))
    elif S_ISFIFO(mode):
        info.type = tarfile.FIFOTYPE
    elif S_ISCHR(mode) or S_ISBLK(mode):
        info.type = tarfile.CHRTYPE if S_ISCHR(mode) else tarfile.BLKTYPE
        info.devmajor, info.devminor = major, minor
    else:
        raise FormatError(index.name, None, f"a type of file for {path!r}", f"{S_IFMT(mode):o}")
    return info


def _content(store: ChunkStore, ino: int, size: int, output: Output) -> None:
    for offset in range(0, size, _BLOCK):
        output.write(store.read(ino, offset, min(_BLOCK, size - offset)))
    output.write(bytes(-size % 512))


def save_tar(write: Callable[[Output], list[bytes]], path: str) -> list[bytes]:
    """Have the archive written to a file, which appears when it is whole; or to a device or pipe that is there."""
    if os.path.exists(path) and not os.path.isfile(path):
        with open(path, "wb") as output:
            return write(output)
    from tempfile import NamedTemporaryFile

    directory, name = os.path.split(path)
    with NamedTemporaryFile(dir=directory or ".", prefix=f".{name}.", delete=False) as file:
        try:
            left_out = write(cast(IO[bytes], file))
            file.flush()
            umask = os.umask(0o022)
            os.umask(umask)
            os.fchmod(file.fileno(), 0o666 & ~umask)
            os.replace(file.name, path)
        except BaseException:
            os.unlink(file.name)
            raise
    return left_out
