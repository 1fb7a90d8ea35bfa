"""Blobs of remote images on this machine, by digest, up to a size: the least recently used go first.

Each is a file, written under another name and renamed; its time of modification is when it was last used. Nothing is
believed by its name: what is read is compared with its digest, and a damaged file is removed and counts as absent. Any
number of processes may use one directory; that one removes what another is about to read costs a download.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from contextlib import suppress

from lazyfs.index_format import digest

DEFAULT_LIMIT = 4 << 30
_FRESH_SECONDS = 60  # a use within this of the last one is not noted
_STALE_SECONDS = 3600  # an unfinished file of this age is nobody's
_LOOKS = 32  # the directory is added up about this often while it fills once


class DiskCache:
    """The cache in `directory`, which only its owner may write to. limit: bytes; 0 keeps nothing but the latest."""

    def __init__(self, directory: str | os.PathLike[str], limit: int = DEFAULT_LIMIT) -> None:
        self.directory, self.limit = os.fspath(directory), limit
        self.pinned: set[str] = set()  # paths that this process will open by name, and so may not go

    def path(self, key: str) -> str:
        """Where the blob with this key is, if it is there. key: hex digits, perhaps with more behind them."""
        return os.path.join(self.directory, key[:2], key)

    def get(self, expected: bytes) -> bytes | None:
        """The blob with this BLAKE2b digest, None where it is not here."""
        path = self.path(expected.hex())
        try:
            with open(path, "rb") as file:
                data = file.read()
                touch(file.fileno())
        except OSError:
            return None
        if digest(data) != expected:
            _remove(path)
            return None
        return data

    def has(self, expected: bytes) -> bool:
        """Whether there is a file for this digest; its content is not looked at."""
        return os.path.exists(self.path(expected.hex()))

    def put(self, key_digest: bytes, data: bytes) -> None:
        """Keep `data`, whose digest the caller has compared. A full or unwritable disk only costs the cache."""
        self.put_file(key_digest.hex(), [data])

    def put_file(self, key: str, blocks: Iterable[bytes]) -> str | None:
        """Keep the blocks as one file; its path, None where it cannot be kept. An error of `blocks` is passed on."""
        path = self.path(key)
        partial = f"{path}.{os.getpid()}.{time.monotonic_ns():x}.partial"
        written = 0
        try:
            try:
                os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
                file = open(partial, "xb")  # noqa: SIM115 - closed below
            except OSError:
                return None
            with file:
                for block in blocks:
                    try:
                        file.write(block)
                    except OSError:
                        return None
                    written += len(block)
                try:
                    file.flush()
                except OSError:
                    return None
            os.replace(partial, path)
        except BaseException:
            _remove(partial)
            raise
        finally:
            _remove(partial)
        if self._is_time_to_look(written):
            self.shrink(keep=path)
        return path

    def _is_time_to_look(self, nbytes: int) -> bool:
        """By chance, in proportion to what was written: processes that each add a little add up too."""
        step = max(self.limit // _LOOKS, 1)
        return nbytes >= step or int.from_bytes(os.urandom(6), "little") % step < nbytes

    def shrink(self, keep: str = "") -> int:
        """Where the limit is exceeded remove what was not used for longest, down to nine tenths of it; the bytes left.

        keep: a file that stays in any case.
        """
        found: list[tuple[float, int, str]] = []
        total = 0
        now = time.time()
        for entry in _files(self.directory):
            try:
                status = entry.stat(follow_symlinks=False)
            except OSError:
                continue
            if entry.name.endswith(".partial"):
                if now - status.st_mtime > _STALE_SECONDS:
                    _remove(entry.path)
                continue
            total += status.st_size
            if entry.path != keep and entry.path not in self.pinned:
                found.append((status.st_mtime, status.st_size, entry.path))
        if total > self.limit:
            for _, nbytes, path in sorted(found):
                if total <= self.limit * 9 // 10:
                    break
                _remove(path)
                total -= nbytes
        return total


def touch(file: int | str) -> None:
    """Note that a cached file was used just now."""
    try:
        if time.time() - os.stat(file).st_mtime > _FRESH_SECONDS:
            os.utime(file)
    except OSError:
        pass


def _files(directory: str) -> Iterable[os.DirEntry[str]]:
    try:
        with os.scandir(directory) as below:
            places = [entry.path for entry in below if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return
    for place in places:
        try:
            with os.scandir(place) as files:
                yield from files
        except OSError:
            continue


def _remove(path: str) -> None:
    with suppress(OSError):
        os.unlink(path)
