"""The layers that RUNs made, and the directories they share (`--mount=type=cache`), in the user's build cache.

    layers/KEY.tar      an uncompressed OCI layer; KEY is the digest of all that went into it
    layers/KEY.json     {"digest", "seconds", "size"}: the layer is there when this is
    mounts/ID.tar       the content of a cache mount

A file is made under another name and renamed when it is whole, the .json after its .tar, so whatever ends a build
leaves nothing that is half. A key is locked while it is made: two builds of the same thing do it once. Files are
touched when they are used; what was not used for longest goes when all are above the limit.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from friscy_build.cache import file_digest, replacing
from friscy_build.images.layer import Times, as_they_are
from friscy_build.layers.archive import apply_layer
from lazyfs.errors import FriscyError
from lazyfs.tree import Tree

LIMIT = 10 << 30
LIMIT_VARIABLE = "FRISCY_LAYER_CACHE"
_SIZE = re.compile(r"(\d{1,12})([KMGT]?)(i?B)?", re.IGNORECASE)


class CacheError(FriscyError):
    """A layer cannot be kept: the disk is full, or the cache cannot be written."""


class CachedLayer:
    """A layer in the cache. digest: of its archive, `sha256:...`; seconds: what it took to make."""

    __slots__ = ("digest", "path", "seconds", "size")

    def __init__(self, path: Path, digest: str, seconds: float, size: int) -> None:
        self.path, self.digest, self.seconds, self.size = path, digest, seconds, size

    def apply(self, tree: Tree, times: Times = as_they_are) -> None:
        """Put its changes into `tree`, their times by `times`.

        The contents are read when they are needed, whatever becomes of the cache.
        """
        apply_layer(tree, self.path, times)


class LayerCache:
    """The cache below `directory`; `limit` bounds the bytes of all layers and mounts together."""

    def __init__(self, directory: Path, limit: int | None = None) -> None:
        self.layers, self.mounts, self.locks = (directory / name for name in ("layers", "mounts", "locks"))
        self.limit = _limit() if limit is None else limit

    def find(self, key: str) -> CachedLayer | None:
        """The layer of `key`, checked against its digest; None: it is not there, or damaged."""
        path, note = self.layers / f"{key}.tar", self.layers / f"{key}.json"
        try:
            facts = json.loads(note.read_bytes())
            layer = CachedLayer(path, str(facts["digest"]), float(facts["seconds"]), int(facts["size"]))
            found = file_digest(path)
            for each in (path, note):
                os.utime(each)
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return layer if found == layer.digest else None

    def store(self, key: str, write: Callable[[BinaryIO], None], seconds: float) -> CachedLayer:
        """Keep the layer that `write` writes. CacheError: there is no room, or no right to."""
        path = self.layers / f"{key}.tar"
        with _disk_errors(path):
            with replacing(path) as file:
                write(file)
                file.flush()
                os.fsync(file.fileno())
            digest = file_digest(path)
            layer = CachedLayer(path, digest, round(seconds, 3), path.stat().st_size)
            with replacing(self.layers / f"{key}.json") as note:
                facts = {"digest": digest, "seconds": layer.seconds, "size": layer.size}
                note.write(json.dumps(facts).encode())
        self.shrink(keep={path})
        return layer

    @contextmanager
    def making(self, key: str, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Hold `key` against other builds; `waiting` is called where one has it."""
        self.locks.mkdir(parents=True, exist_ok=True)
        with open(self.locks / key[:64], "ab") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                if error.errno != errno.EWOULDBLOCK:
                    raise
                waiting()
                fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def mount_path(self, name: str) -> Path:
        """Where the content of the cache mount `name` (a digest) is kept."""
        return self.mounts / f"{name}.tar"

    def store_mount(self, name: str, write: Callable[[BinaryIO], None]) -> None:
        """Keep the content of a cache mount. CacheError."""
        path = self.mount_path(name)
        with _disk_errors(path), replacing(path) as file:
            write(file)
        self.shrink(keep={path})

    def files(self) -> list[Path]:
        """All archives, the one that was not used for longest first."""
        found: list[tuple[float, Path]] = []
        for directory in (self.layers, self.mounts):
            for path in directory.glob("*.tar"):
                with suppress(OSError):
                    found.append((path.stat().st_mtime, path))
        return [path for _, path in sorted(found)]

    def size(self) -> int:
        """Bytes of all archives."""
        total = 0
        for path in self.files():
            with suppress(OSError):
                total += path.stat().st_size
        return total

    def shrink(self, limit: int | None = None, keep: set[Path] = frozenset()) -> int:  # type: ignore[assignment]
        """Remove what was not used for longest until all are within the limit; the bytes that were freed."""
        room = self.limit if limit is None else limit
        total = before = self.size()
        for path in self.files():
            if total <= room:
                break
            if path in keep:
                continue
            with suppress(OSError):
                size = path.stat().st_size
                path.with_suffix(".json").unlink(missing_ok=True)  # first: it says that the layer is there
                path.unlink()
                total -= size
        return before - total


@contextmanager
def _disk_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            hint = (
                f"make room, or point FRISCY_CACHE to another disk; {LIMIT_VARIABLE} bounds the layers kept"
            )
            raise CacheError(f"{path.parent}: the disk is full; the layer was not kept", hint=hint) from error
        if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
            raise CacheError(
                f"{path.parent}: cannot be written: {error.strerror}", hint="point FRISCY_CACHE elsewhere"
            ) from error
        raise


def _limit() -> int:
    """$FRISCY_LAYER_CACHE as bytes, such as 20G."""
    text = os.environ.get(LIMIT_VARIABLE, "")
    match = _SIZE.fullmatch(text.strip())
    if not match:
        if text:
            raise FriscyError(f"{LIMIT_VARIABLE}={text}: expected a size", hint="such as 20G")
        return LIMIT
    return int(match[1]) << {"": 0, "K": 10, "M": 20, "G": 30, "T": 40}[match[2].upper()]


__all__ = ["CacheError", "CachedLayer", "LayerCache"]
