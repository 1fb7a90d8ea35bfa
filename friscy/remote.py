"""A bundle behind a URL: the manifest is read, the rest comes when it is wanted.

The index and the chunks are read by range (lazyfs.remote), snapshot and interpreter are fetched whole. All of it
is compared with the manifest's digests and kept in this user's cache, up to $FRISCY_CACHE_LIMIT bytes.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from friscy.bundle import (
    CHUNKS,
    INDEX,
    MANIFEST,
    MANIFEST_LIMIT,
    SNAPSHOT,
    Bundle,
    BundleError,
    WorkingSet,
    parse_manifest,
)
from friscy.machine.cache import cache_home, private_directory
from lazyfs.chunk_store import ChunkStore
from lazyfs.disk_cache import DEFAULT_LIMIT, DiskCache, touch
from lazyfs.errors import FormatError, RemoteError, UsageError
from lazyfs.index import Index
from lazyfs.remote import Link, RemoteChunks, RemoteIndex, RemoteSource, WholeIfNeeded
from lazyfs.split_source import SplitSource, piece_name

LIMIT = "FRISCY_CACHE_LIMIT"
_HASHED = 64 << 20
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}

if TYPE_CHECKING:
    from lazyfs.fsspec_source import FsspecDirectory
    from lazyfs.http_source import HttpDirectory

    Directory = HttpDirectory | FsspecDirectory


class RemoteBundle(Bundle):
    """A Bundle whose files are below a URL. `remote.bytes_fetched` and `remote.requests` say what it cost so far."""

    trusted = False

    def __init__(
        self,
        url: str,
        manifest: dict[str, Any],
        remote: Directory,
        cache: DiskCache | None,
        manifest_bytes: int,
    ) -> None:
        super().__init__(url, manifest, manifest_bytes)
        self.remote = remote
        self._link = Link(cache, _say)
        self._chunks: RemoteChunks | None = None
        self._from_snapshot: bool | None = None  # None: nothing is to be started
        self._temporary: object = None
        self._whole: dict[str, str] = {}  # what is on this machine by now: name -> path

    def location(self, name: str) -> str:
        """See Bundle.location."""
        return self.remote.url(name)

    def path(self, name: str) -> str:
        """The file `name`, on this machine: it is fetched whole where it is not. RemoteError: it cannot be."""
        if name not in self.files:
            raise BundleError(f"{self.directory}: the bundle has no {name}")
        if name not in self._whole:
            self._whole[name] = self._fetched(name)
            if name == SNAPSHOT:
                self._prefetch_chunks()
        return self._whole[name]

    def _fetched(self, name: str) -> str:
        cache = self._link.cache or self._without_cache()
        key = f"{self.files[name].sha256}-whole"
        path: str | None = cache.path(key)
        cache.pinned.add(cache.path(key))
        if path is not None and self._is_whole(path, name):
            touch(path)
            return path
        path = cache.put_file(key, self._downloaded(name))
        if path is None and self._link.cache is not None:  # a full disk: once more, elsewhere
            path = self._without_cache().put_file(key, self._downloaded(name))
        if path is None:
            raise RemoteError(
                self.location(name), "no place to keep it", hint="Free some disk, or set FRISCY_CACHE."
            )
        return path

    def _is_whole(self, path: str, name: str) -> bool:
        """Whether a cached file is what the manifest says. A large one is told by its size: its parts have digests."""
        file = self.files[name]
        try:
            if os.stat(path).st_size != file.size:
                return False
            if file.size > _HASHED:
                return True
            from hashlib import sha256

            with open(path, "rb") as cached:
                return sha256(cached.read()).hexdigest() == file.sha256
        except OSError:
            return False

    def _parts(self, name: str) -> list[str]:
        return [self.path(name)]

    def _downloaded(self, name: str) -> Iterator[bytes]:
        """The blocks of a file; after the last one FormatError, if they are not what the manifest says."""
        from hashlib import sha256

        file = self.files[name]
        digest, size = sha256(), 0
        for block in self._blocks(name):
            size += len(block)
            if size > file.size:
                break
            digest.update(block)
            yield block
        if size != file.size or digest.hexdigest() != file.sha256:
            got = f"{size} bytes with {digest.hexdigest()}" if size <= file.size else "more"
            raise FormatError(self.location(name), None, f"{file.size} bytes with sha256 {file.sha256}", got)

    def _blocks(self, name: str) -> Iterable[bytes]:
        file = self.files[name]
        if not file.piece_bytes:
            return self.remote.blocks(name)
        names = [piece_name(name, number) for number in range(-(-file.size // file.piece_bytes))]
        return (self.remote.read_all(each, file.piece_bytes) for each in names)

    def _without_cache(self) -> DiskCache:
        """A directory that goes with this process, where the user has no cache of their own."""
        from tempfile import TemporaryDirectory

        if not isinstance(self._temporary, TemporaryDirectory):
            self._temporary = TemporaryDirectory(prefix="friscy-")
        return DiskCache(self._temporary.name, sys.maxsize)

    # The root filesystem

    def prefetch(self, *, from_snapshot: bool) -> None:
        """See Bundle.prefetch. Called before `open_rootfs` it also says which index pages come first."""
        self._from_snapshot = from_snapshot
        self._prefetch_chunks()

    def _prefetch_chunks(self) -> None:
        """Start to fetch the chunks of the working set, but not before the snapshot, which is needed first."""
        working_set = self._working_set()
        if self._chunks is None or working_set is None:
            return
        if not self._from_snapshot or SNAPSHOT in self._whole:
            self._chunks.prefetch(working_set.chunk_bytes)

    def _working_set(self) -> WorkingSet | None:
        if self._from_snapshot is None:
            return None
        return self.working_sets.get("snapshot" if self._from_snapshot else "start")

    def open_rootfs(self) -> tuple[Index, ChunkStore]:
        """See Bundle.open_rootfs."""
        working_set = self._working_set()
        pages = working_set.pages if working_set is not None else ()
        index = RemoteIndex(
            self._source(INDEX), self._link, expected_digest=self.index_digest, prefetch=pages
        )
        self._chunks = RemoteChunks(index, self._source(CHUNKS), self._link)
        self._prefetch_chunks()
        return index, self._chunks

    def fill(self) -> None:
        """See Bundle.fill. Nothing where the bundle would take more than half of the cache."""
        cache, chunks = self._link.cache, self._chunks
        if cache is not None and chunks is not None and self.bytes <= cache.limit // 2:
            chunks.fill(self.filling())

    def need_cache(self) -> None:
        """UsageError: there is no cache that would hold the whole bundle."""
        cache = self._link.cache
        if cache is None:
            raise UsageError("no cache to keep it in", hint="Set FRISCY_CACHE to a directory of your own.")
        if self.bytes > cache.limit:
            raise UsageError(
                f"{self.directory}: {self.bytes} bytes are more than the cache takes ({cache.limit})",
                hint=f"Set {LIMIT} to more.",
            )

    @property
    def bytes(self) -> int:
        """What all files of the bundle take."""
        return sum(file.size for file in self.files.values())

    def filling(self) -> Iterator[Callable[[], int]]:
        """Steps that bring what is not on this machine yet into the cache; each gives the bytes it fetched."""
        yield from (partial(self._bring, name) for name in self.files if name not in (INDEX, CHUNKS))
        if self._chunks is None:
            self.open_rootfs()
        assert self._chunks is not None
        yield from self._chunks.filling()

    def _bring(self, name: str) -> int:
        fetched = self.remote.bytes_fetched
        self._fetched(name)
        return self.remote.bytes_fetched - fetched

    def _source(self, name: str) -> RemoteSource:
        file = self.files[name]
        if file.piece_bytes:
            return SplitSource(name, self.location(name), file.size, file.piece_bytes, self.remote.read_all)
        source: RemoteSource = self.remote.source(name, file.size)
        return WholeIfNeeded(source, lambda: self.path(name), self._link.log)

    def guest_runs(self, log: Callable[[str], None]) -> None:
        """See Bundle.guest_runs."""
        self._link.log, self._link.guest_runs = log, True


def open_remote(url: str) -> RemoteBundle:
    """The bundle below `url`. RemoteError, BundleError, FormatError."""
    remote: Directory
    if url.startswith(("http://", "https://")):
        from lazyfs.http_source import HttpDirectory

        remote = HttpDirectory(url)
    else:
        from lazyfs.fsspec_source import FsspecDirectory

        remote = FsspecDirectory(url)
    cache = open_cache()
    data = _manifest(remote, cache)
    where = remote.url("").rstrip("/")
    return RemoteBundle(where, parse_manifest(data, remote.url(MANIFEST)), remote, cache, len(data))


def _manifest(remote: Directory, cache: DiskCache | None) -> bytes:
    """The manifest, or the copy of the last time where nobody answers: a bundle that was here runs offline."""
    from hashlib import sha256

    url = remote.url(MANIFEST)
    key = f"{sha256(url.encode()).hexdigest()}-manifest"
    try:
        with open(cache.path(key) if cache is not None else os.devnull, "rb") as file:
            copy = file.read()
            copied = os.stat(file.fileno()).st_mtime
    except OSError:
        copy = b""
    patience: tuple[float, ...] = remote.delays
    if copy:
        remote.delays = patience[:1]
    try:
        data = remote.read_all(MANIFEST, MANIFEST_LIMIT)
    except RemoteError as error:
        if not copy or remote.answered:
            raise
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(copied))
        _say(f"{url}: {error.problem}: going on with the copy of {when}")
        return copy
    finally:
        remote.delays = patience
    if cache is not None and data != copy:
        cache.put_file(key, [data])
    return data


def open_cache() -> DiskCache | None:
    """This user's cache of remote images, None where there is no directory that only they may write to."""
    directory = private_directory(cache_home() / "remote")
    return None if directory is None else DiskCache(directory, cache_limit())


def cache_limit() -> int:
    """Bytes that the cache of remote images may take: $FRISCY_CACHE_LIMIT, as 500M or 4G, else 4 GiB."""
    told = os.environ.get(LIMIT, "")
    if not told:
        return DEFAULT_LIMIT
    number, unit = (told[:-1], told[-1].upper()) if not told[-1].isdigit() else (told, "")
    if not number.isdecimal() or unit not in _UNITS:
        raise UsageError(f"{LIMIT}={told}: expected a number of bytes, as 500M or 4G")
    return int(number) * _UNITS[unit]


def _say(message: str) -> None:
    print(f"friscy: {message}", file=sys.stderr, flush=True)
