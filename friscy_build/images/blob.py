"""Where the named parts of an image lie: a directory or a tar archive; and reading them with their digests."""

from __future__ import annotations

import re
from collections.abc import Callable
from hashlib import sha256, sha512
from pathlib import Path
from typing import Any, Protocol, cast

from friscy_build.images.compression import Decompressed, Reader
from friscy_build.images.spool import Spool
from friscy_build.images.tar import Archive
from lazyfs.errors import FormatError
from lazyfs.tree import Content

_DIGEST = re.compile(r"(sha256):([0-9a-f]{64})|(sha512):([0-9a-f]{128})")
_JSON_LIMIT = 32 << 20
_LINK_LIMIT = 8


class Hash(Protocol):
    """The part of hashlib's objects that is used."""

    def update(self, data: bytes, /) -> None: ...
    def hexdigest(self) -> str: ...


class Hashing:
    """A reader that hashes what goes through it. told(bytes so far) is called for each block."""

    def __init__(self, source: Reader, digest: Hash, told: Callable[[int], None] | None = None) -> None:
        self._source, self.digest, self._told = source, digest, told
        self.size = 0

    def read(self, size: int = -1, /) -> bytes:
        data = self._source.read(size)
        self.digest.update(data)
        self.size += len(data)
        if self._told and data:
            self._told(self.size)
        return data


class Store(Protocol):
    """Named parts. `location` names the whole in messages."""

    location: Path

    def get(self, name: str) -> Content | None:
        """The part's content, None where there is none of this name."""


class DirectoryStore:
    """The files below a directory."""

    def __init__(self, location: Path) -> None:
        self.location = location

    def get(self, name: str) -> Content | None:
        path = self.location / name
        return Content.of_file(path) if path.is_file() else None


class ArchiveStore:
    """The members of a tar archive, read where they lie, or spooled where the archive is compressed."""

    def __init__(self, location: Path, spool: Spool) -> None:
        self.location = location
        self._members: dict[str, Content] = {}
        self._links: dict[str, str] = {}
        with open(location, "rb") as file:
            stream = Decompressed(file, location)
            archive = Archive(stream, location)
            for entry in archive:
                name = _normal(entry.shown)
                if entry.kind == "file" and not stream.kind and entry.sparse is None:
                    self._members[name] = Content.of_file(location, archive.position, entry.size)
                elif entry.kind == "file":
                    self._members[name] = spool.store(entry.size, entry.blocks())
                elif entry.kind in ("symlink", "hardlink"):
                    target = entry.link.decode("utf-8", "replace")
                    base = name.rpartition("/")[0] if entry.kind == "symlink" else ""
                    self._links[name] = _normal(f"{base}/{target}")

    def get(self, name: str) -> Content | None:
        name = _normal(name)
        for _ in range(_LINK_LIMIT):  # old archives hold a layer once and link to it
            if name not in self._links:
                break
            name = self._links[name]
        return self._members.get(name)


def _normal(name: str) -> str:
    """`name` without "." and "..", which end at the archive's root."""
    parts: list[str] = []
    for part in name.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


class ContentReader:
    """A Content read as a stream."""

    def __init__(self, content: Content) -> None:
        self._content, self._at = content, 0

    def read(self, size: int = -1, /) -> bytes:
        size = self._content.length - self._at if size < 0 else size
        data = self._content.read(self._at, min(size, 1 << 20))
        self._at += len(data)
        return data


def blob_path(digest: object, where: object) -> tuple[str, Hash]:
    """The name of a blob in an OCI layout, and the hash that checks it. FormatError: not a digest."""
    match = _DIGEST.fullmatch(digest) if isinstance(digest, str) else None
    if match is None:
        raise FormatError(where, None, "a sha256 or sha512 digest", repr(digest)[:100])
    algorithm, text = (match[1], match[2]) if match[1] else (match[3], match[4])
    return f"blobs/{algorithm}/{text}", cast(Hash, sha256() if match[1] else sha512())


def read_json(store: Store, name: str, digest: str | None = None, size: int | None = None) -> Any:
    """The JSON in a part, its digest and size checked where they are given. FormatError."""
    where = store.location / name
    content = store.get(name)
    if content is None:
        raise FormatError(store.location, None, f"a part {name}", "none")
    if content.length > _JSON_LIMIT or (size is not None and content.length != size):
        raise FormatError(where, None, f"{size if size is not None else _JSON_LIMIT} bytes", content.length)
    data = content.read(0, content.length)
    if digest is not None:
        check_digest(digest, blob_path(digest, where)[1], data, where)
    import json

    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise FormatError(where, None, "JSON", error) from None


def check_digest(digest: str, hasher: Hash, data: bytes, where: object) -> None:
    """FormatError unless `data` (after what `hasher` has seen) has the digest."""
    hasher.update(data)
    actual = f"{digest.partition(':')[0]}:{hasher.hexdigest()}"
    if actual != digest:
        raise FormatError(where, None, f"content with digest {digest}", actual)
