"""Manifests and blobs of registries, by way of mirrors where there are any, kept by digest in the user's cache.

CACHE/registry/blobs/sha256/<hex>      whole and checked
CACHE/registry/partial/<hex>           what a broken download left; the next one goes on behind it
"""

from __future__ import annotations

import fcntl
import http.client
import os
import re
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, TypeVar

from friscy_build.cache import replacing
from friscy_build.images.blob import Hash, blob_path
from friscy_build.images.credentials import Credentials
from friscy_build.images.endpoint import Body, Endpoint, Refused, Unreachable, patiently
from friscy_build.images.image import ImageError
from friscy_build.images.oci import INDEX_TYPES, MANIFEST_TYPES
from friscy_build.images.reference import Reference
from lazyfs.errors import FormatError

MANIFEST_LIMIT = 4 << 20  # what registries take at most
_BLOCK = 256 << 10
_RESUMES_MAX = 100
_ACCEPT = ", ".join(sorted(INDEX_TYPES | MANIFEST_TYPES))
_RANGE = re.compile(r"bytes (\d+)-\d+/(?:\d+|\*)")

T = TypeVar("T")


@dataclass(frozen=True)
class Registries:
    """How registries are reached.

    mirrors: registry -> hosts that are asked before it; plain_http: hosts that need no TLS, besides loopback;
    credentials: docker's, read when a registry asks for a login.
    """

    mirrors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    plain_http: Collection[str] = ()
    credentials: Credentials | None = None


class Registry:
    """The registry that `reference` names, and its mirrors."""

    def __init__(self, reference: Reference, registries: Registries, cache: Path) -> None:
        self.reference, self._blobs = reference, BlobCache(cache / "registry")
        credentials = registries.credentials or Credentials()
        hosts = dict.fromkeys((*registries.mirrors.get(reference.registry, ()), reference.registry))
        self._endpoints = [Endpoint(host, credentials, registries.plain_http) for host in hosts]

    @property
    def where(self) -> str:
        """Registry and repository, for messages."""
        return f"{self.reference.registry}/{self.reference.repository}"

    def manifest(self, wanted: str) -> bytes:
        """The manifest or index of a tag or a digest; of a digest from the cache where it is there.

        ImageError: there is none, no registry can be reached; FormatError: it does not have the digest.
        """
        digest = wanted if ":" in wanted else None
        if digest and (path := self._blobs.find(digest)):
            return path.read_bytes()

        def ask(endpoint: Endpoint) -> bytes:
            path = f"{self.reference.repository}/manifests/{wanted}"
            with endpoint.get(
                path, repository=self.reference.repository, headers={"Accept": _ACCEPT}
            ) as body:
                kind = body.headers.get_content_type()
                data = _read(body, MANIFEST_LIMIT + 1, endpoint.host)
                told = body.headers.get("Content-Length", "")
            if told.isdecimal() and len(data) < min(int(told), MANIFEST_LIMIT):
                raise Unreachable(f"{endpoint.host}: the connection broke after {len(data)} of {told} bytes")
            where = f"{self.where}:{wanted}"
            if len(data) > MANIFEST_LIMIT:
                raise FormatError(where, None, f"a manifest of up to {MANIFEST_LIMIT} bytes", "a longer one")
            if kind.startswith("application/vnd.docker.distribution.manifest.v1"):
                raise ImageError(
                    f"{where}: is in the format of 2015 (schema 1), which holds no riscv64 images"
                )
            return self._blobs.add(data, digest, where)

        return self._ask(ask, f"it has no {wanted}")

    def blob(self, digest: str, size: int, told: Callable[[int], None]) -> Path:
        """The file of a blob. told(bytes so far) is called as they come. ImageError, FormatError."""
        return self._blobs.find(digest, size) or self._ask(
            lambda endpoint: self._blobs.fill(digest, size, self._reader(endpoint, digest), told),
            f"it has no blob {digest}",
        )

    def _reader(self, endpoint: Endpoint, digest: str) -> Callable[[int, BlobFile], None]:
        """What brings a blob's bytes from an offset on into a file."""

        def read(offset: int, file: BlobFile) -> None:
            path = f"{self.reference.repository}/blobs/{digest}"
            headers = {"Range": f"bytes={offset}-"} if offset else {}
            with endpoint.get(path, repository=self.reference.repository, headers=headers) as body:
                if offset and not _goes_on(body, offset):
                    file.restart()
                while block := _read(body, _BLOCK, endpoint.host):
                    file.write(block)

        return read

    def _ask(self, ask: Callable[[Endpoint], T], missing: str) -> T:
        """What the first endpoint that has it answers; the last one's error counts."""
        for endpoint in self._endpoints[:-1]:
            try:
                return self._insist(ask, endpoint)
            except (Unreachable, Refused, FormatError):
                continue  # the next one may have it
        try:
            return self._insist(ask, self._endpoints[-1])
        except Refused as error:
            if error.status != 404:
                raise
            raise Missing(f"{self.where}: {missing}", hint=str(error)) from None

    def _insist(self, ask: Callable[[Endpoint], T], endpoint: Endpoint) -> T:
        """What the endpoint answers, asked again where that may help."""
        attempt = 0
        for _ in range(_RESUMES_MAX):
            try:
                return ask(endpoint)
            except (Unreachable, Refused) as error:
                attempt = 0 if isinstance(error, Moved) else attempt
                if not patiently(attempt, error):
                    raise
                attempt += 1
        raise Unreachable(f"{endpoint.host}: the connection broke {_RESUMES_MAX} times")


class Missing(ImageError):
    """A registry does not have what it was asked for."""


class Moved(Unreachable):
    """A download broke, after it had brought something: to try again is worth it."""


def _read(body: Body, limit: int, host: str) -> bytes:
    try:
        return body.read(limit)
    except (OSError, http.client.HTTPException) as error:
        raise Unreachable(f"{host}: the connection broke: {error or type(error).__name__}") from None


def _goes_on(body: Body, offset: int) -> bool:
    """Whether the answer begins at `offset`; FormatError is left to the digest. A whole answer does not."""
    match = _RANGE.fullmatch(body.headers.get("Content-Range", ""))
    if body.status == 206 and (match is None or int(match[1]) != offset):
        raise Unreachable("a registry answered with another range than it was asked for")
    return body.status == 206


class BlobFile:
    """A download under way: its bytes so far, hashed; it may not grow above `size`."""

    def __init__(self, file: BinaryIO, digest: str, size: int, told: Callable[[int], None]) -> None:
        self._file, self.digest, self.size, self._told = file, digest, size, told
        self.hash: Hash
        self.restart(keep=True)

    def restart(self, *, keep: bool = False) -> None:
        """Begin anew; keep: with what the file holds already."""
        self.hash, self.done = blob_path(self.digest, self._file.name)[1], 0
        self._file.seek(0)
        while keep and (block := self._file.read(_BLOCK)):
            self.hash.update(block)
            self.done += len(block)
        if not keep or self.done > self.size:
            self._file.truncate(0)
            self._file.seek(0)
            self.hash, self.done = blob_path(self.digest, self._file.name)[1], 0

    def write(self, block: bytes) -> None:
        """Add bytes. FormatError: more than there may be."""
        if self.done + len(block) > self.size:
            raise FormatError(self.digest, self.size, f"a blob of {self.size} bytes", "more")
        self._file.write(block)
        self.hash.update(block)
        self.done += len(block)
        self._told(self.done)

    @property
    def is_right(self) -> bool:
        """Whether it has the digest."""
        return self.digest.endswith(f":{self.hash.hexdigest()}")


class BlobCache:
    """Blobs by digest. Safe for several threads and processes: who fills a blob holds a lock on its partial file."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._whole: set[Path] = set()  # hashed by this process already
        self._lock = threading.Lock()

    def path(self, digest: str) -> Path:
        """Where the blob lies, or would. FormatError: not a digest."""
        return self.root / blob_path(digest, self.root)[0]

    def find(self, digest: str, size: int | None = None) -> Path | None:
        """The blob's file if it is there and has the digest and size."""
        path = self.path(digest)
        try:
            if size is not None and path.stat().st_size != size:
                return None
            if path not in self._whole:
                hasher = blob_path(digest, path)[1]
                with open(path, "rb") as file:
                    while block := file.read(_BLOCK):
                        hasher.update(block)
                if not digest.endswith(f":{hasher.hexdigest()}"):
                    return None
                self._whole.add(path)
        except FileNotFoundError:
            return None
        return path

    def add(self, data: bytes, digest: str | None, where: object) -> bytes:
        """Keep `data`. FormatError: it does not have `digest`."""
        name = digest or "sha256:" + "0" * 64
        hasher = blob_path(name, where)[1]
        hasher.update(data)
        actual = f"{name.partition(':')[0]}:{hasher.hexdigest()}"
        if digest not in (None, actual):
            raise FormatError(where, None, f"content with digest {digest}", actual)
        with replacing(self.path(actual)) as file:
            file.write(data)
        return data

    def fill(
        self, digest: str, size: int, read: Callable[[int, BlobFile], None], told: Callable[[int], None]
    ) -> Path:
        """Download a blob with read(offset, file), going on where an earlier attempt broke.

        Unreachable where it breaks again; FormatError: the whole of it does not have the digest.
        """
        path = self.path(digest)
        partial = self.root / "partial" / path.name
        for directory in (path.parent, partial.parent):
            directory.mkdir(parents=True, exist_ok=True)
        with open(partial, "a+b") as raw:
            fcntl.flock(raw, fcntl.LOCK_EX)
            if found := self.find(digest, size):  # another process was faster
                _unlink(partial)
                return found
            file = BlobFile(raw, digest, size, told)
            start = file.done
            if file.done < size or size == 0:
                self._fill(file, start, read, partial)
            if not file.is_right and start:  # what was there before may be what is wrong
                file.restart()
                self._fill(file, 0, read, partial)
            if not file.is_right:
                _unlink(partial)
                raise FormatError(
                    partial.name, None, f"content with digest {digest}", f"sha256 {file.hash.hexdigest()}"
                )
            raw.flush()
            os.fsync(raw.fileno())
            os.replace(partial, path)
        with self._lock:
            self._whole.add(path)
        return path

    def _fill(self, file: BlobFile, start: int, read: Callable[[int, BlobFile], None], partial: Path) -> None:
        try:
            read(start, file)
        except FormatError:
            _unlink(partial)
            raise
        except Unreachable as error:
            raise (Moved(str(error.args[0]), hint=error.hint) if file.done > start else error) from None
        if file.done < file.size:
            kind = Moved if file.done > start else Unreachable
            raise kind(f"{file.digest}: the connection broke after {file.done} of {file.size} bytes")


def _unlink(path: Path) -> None:
    path.unlink(missing_ok=True)
