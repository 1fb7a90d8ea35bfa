"""Open a bundle: what `doit bundle` made, checked as far as a start needs it. The format: docs/formats/bundle.md.

    bundle = open_bundle("build/python")             # or "https://host/python/", "s3://bucket/python": friscy.remote
    bundle.argv, bundle.env, bundle.cwd, bundle.user, bundle.memory
    bundle.path("rootfs.idx"), bundle.index_digest
    index, chunks = bundle.open_rootfs()

Opening reads manifest.json and the sizes of the other files. Their contents are checked by whoever reads them:
the index and its chunks by their own digests, a wasm module when it is compiled, the rest by `read`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

from lazyfs.chunk_store import ChunkStore, open_chunks
from lazyfs.errors import FormatError, FriscyError
from lazyfs.index import Index, open_index

FORMAT = "friscy-bundle"
VERSION = 2

MANIFEST = "manifest.json"
INDEX = "rootfs.idx"
CHUNKS = "rootfs.chunks"
INTERPRETER = "interpreter.wasm"
SNAPSHOT = "snapshot.bin"
CODE = "code.bin"  # which translated code there is; the modules themselves are modules/*.wasm
REQUIRED = (INDEX, CHUNKS, INTERPRETER)

# The manifest's first bytes; its CRC-32 stands in the eight characters after them and covers the file with
# eight zeros in their place. JSON alone would let a damaged environment variable through.
CHECKSUM_AT = '{\n "crc32": "'
MANIFEST_LIMIT = 16 << 20

_AGAIN = "build the bundle again: `doit bundle`"


class BundleError(FriscyError):
    """What was named is not a bundle, or one of another version, or has a part missing."""


class BundleFile:
    """A file of the bundle: `size` in bytes, `sha256` in hex; piece_bytes: of its pieces, 0 where it is one file."""

    __slots__ = ("piece_bytes", "sha256", "size")

    def __init__(self, size: int, sha256: str, piece_bytes: int = 0) -> None:
        self.size, self.sha256, self.piece_bytes = size, sha256, piece_bytes


class WorkingSet:
    """What a start reads of the root filesystem: pages of the index, and the chunk file up to byte `chunk_bytes`."""

    __slots__ = ("chunk_bytes", "pages")

    def __init__(self, pages: list[tuple[int, int]], chunk_bytes: int) -> None:
        self.pages, self.chunk_bytes = pages, chunk_bytes


class Bundle:
    """An open bundle. `directory` is where it lies, `manifest` the whole manifest as JSON gave it.

    trusted: whether its own word on what of the network it may use counts.
    """

    trusted = True

    def __init__(self, directory: str, manifest: dict[str, Any], manifest_bytes: int = 0) -> None:
        fields = _Fields(os.path.join(directory, MANIFEST), manifest)
        process, image = fields.table("process"), fields.table("image")
        self.directory, self.manifest, self.manifest_bytes = directory, manifest, manifest_bytes
        self.name = fields.text("name")
        self.entrypoint = process.texts("entrypoint")
        self.cmd = process.texts("cmd")
        self.env = process.texts("env")
        self.cwd = process.text("cwd")
        self.user = process.text("user")
        self.memory = fields.table("machine").number("memory")
        self.outbound, self.publish = fields.network("network")
        self.limits = fields.optional_table("limits")
        self.snapshot_at = fields.table("snapshot").text("at")
        self.image_digest, self.origin = image.text("digest"), image.text("origin")
        self.image_config: dict[str, Any] = image.table("config").values
        rootfs = fields.table("rootfs")
        self.index_digest = bytes.fromhex(rootfs.hexadecimal("index_digest", 64))
        self.working_sets = rootfs.working_sets("working_sets")
        self.files = fields.files("files")

    @property
    def argv(self) -> list[str]:
        """Entry point and its default arguments, as Docker joins them."""
        return self.entrypoint + self.cmd

    def has(self, name: str) -> bool:
        """Whether the bundle has a file of this name."""
        return name in self.files

    def path(self, name: str) -> str:
        """Where the bundle's file `name` lies. BundleError: it has none."""
        if name not in self.files:
            raise BundleError(f"{self.directory}: the bundle has no {name}", hint=_AGAIN)
        return os.path.join(self.directory, name)

    def location(self, name: str) -> str:
        """What messages call the file `name`; it need not be on this machine."""
        return self.path(name)

    def open_rootfs(self) -> tuple[Index, ChunkStore]:
        """The index and its chunks, opened; no more is read than that takes."""
        if self.files[INDEX].piece_bytes or self.files[CHUNKS].piece_bytes:
            return self._open_split()
        index = open_index(self.path(INDEX), expected_digest=self.index_digest)
        return index, open_chunks(self.path(CHUNKS), index)

    def _open_split(self) -> tuple[Index, ChunkStore]:
        from lazyfs.source import FileSource, Source
        from lazyfs.split_source import local_split_source

        def source(name: str) -> Source:
            file, where = self.files[name], os.path.join(self.directory, name)
            return (
                local_split_source(where, file.size, file.piece_bytes)
                if file.piece_bytes
                else FileSource(where)
            )

        index = Index(source(INDEX), expected_digest=self.index_digest)
        return index, ChunkStore(index, source(CHUNKS))

    def prefetch(self, *, from_snapshot: bool) -> None:
        """Have what such a start reads brought here, if it is not: see friscy.remote."""

    def fill(self) -> None:
        """Begin to bring the rest of it here while the guest runs, if it is not: see friscy.remote."""

    def guest_runs(self, log: Callable[[str], None]) -> None:
        """From now on a file that cannot be read is the guest's problem, and a line for `log`: see friscy.remote."""

    def read(self, name: str) -> bytes:
        """The content of the bundle's file `name`, checked against its digest."""
        blocks = list(self._checked(name))
        return blocks[0] if len(blocks) == 1 else b"".join(blocks)

    def verify(self) -> None:
        """Check the content of every file. FormatError names the first that is damaged."""
        for name in self.files:
            for _ in self._checked(name):
                pass

    def _checked(self, name: str) -> Iterator[bytes]:
        """The blocks of a file; after the last one FormatError, if together they are not what was written."""
        from hashlib import sha256

        path, told, digest = self.path(name), self.files[name].sha256, sha256()
        for part in self._parts(name):
            try:
                with open(part, "rb") as file:
                    while block := file.read(1 << 20):
                        digest.update(block)
                        yield block
            except OSError as error:
                raise FormatError(part, None, "a readable file", error.strerror, hint=_AGAIN) from error
        if digest.hexdigest() != told:
            raise FormatError(path, None, f"content with sha256 {told}", digest.hexdigest(), hint=_AGAIN)


    def _parts(self, name: str) -> list[str]:
        """The files on this machine that together are the bundle's file `name`."""
        path, file = self.path(name), self.files[name]
        if not file.piece_bytes:
            return [path]
        from lazyfs.split_source import piece_name

        return [piece_name(path, number) for number in range(-(-file.size // file.piece_bytes))]


def open_bundle(directory: str | os.PathLike[str]) -> Bundle:
    """The bundle in `directory`, or at that URL.

    BundleError: there is none, or a part is missing; FormatError: it is damaged; RemoteError: it cannot be had.
    """
    where = os.fspath(directory)
    if "://" in where:
        from friscy.remote import open_remote

        return open_remote(where)
    path = os.path.join(where, MANIFEST)
    try:
        with open(path, "rb") as file:
            data = file.read(MANIFEST_LIMIT + 1)
    except OSError as error:
        raise BundleError(
            f"{where}: not a bundle ({MANIFEST}: {error.strerror})", hint="make one with `doit bundle`"
        ) from None
    bundle = Bundle(where, parse_manifest(data, path), len(data))
    for name, told in bundle.files.items():
        if told.piece_bytes:
            continue  # the pieces are looked at when they are read
        try:
            size = os.stat(os.path.join(where, name)).st_size
        except OSError as error:
            raise BundleError(
                f"{where}: a part of the bundle is missing ({name}: {error.strerror})", hint=_AGAIN
            ) from None
        if size != told.size:
            raise FormatError(os.path.join(where, name), None, f"{told.size} bytes", size, hint=_AGAIN)
    return bundle


def parse_manifest(data: bytes, path: str) -> dict[str, Any]:
    """What the bytes of a manifest hold. FormatError: damaged; BundleError: another version."""
    start = len(CHECKSUM_AT)
    told = data[start : start + 8]
    actual = manifest_checksum(data)
    if not data.startswith(CHECKSUM_AT.encode()) or told != actual or len(data) > MANIFEST_LIMIT:
        raise FormatError(
            path, start, f"checksum {actual.decode()}", told.decode("ascii", "replace"), hint=_AGAIN
        )
    import json

    try:
        manifest = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise FormatError(path, None, "JSON", error, hint=_AGAIN) from None
    if manifest.get("format") != FORMAT or manifest.get("version") != VERSION:
        raise BundleError(
            f"{path}: format {manifest.get('format')!r} version {manifest.get('version')!r}, "
            f"and this friscy reads {FORMAT} version {VERSION}",
            hint=_AGAIN,
        )
    result: dict[str, Any] = manifest
    return result


def manifest_checksum(data: bytes) -> bytes:
    """The eight hex digits that belong into the manifest `data`."""
    from zlib import crc32

    start = len(CHECKSUM_AT)
    return b"%08x" % crc32(data[start + 8 :], crc32(data[:start] + b"00000000"))


class _Fields:
    """A JSON object whose values are asked for by type."""

    def __init__(self, path: str, values: dict[str, Any], where: str = "") -> None:
        self.path, self.values, self.where = path, values, where

    def _get(self, key: str, kind: type, what: str) -> Any:
        value = self.values.get(key)
        if type(value) is not kind:
            raise FormatError(self.path, None, f"{what} for {self.where}{key}", repr(value)[:60], hint=_AGAIN)
        return value

    def table(self, key: str) -> _Fields:
        return _Fields(self.path, self._get(key, dict, "an object"), f"{self.where}{key}.")

    def text(self, key: str) -> str:
        value: str = self._get(key, str, "a string")
        return value

    def number(self, key: str) -> int:
        value: int = self._get(key, int, "a number")
        if value < 0:
            raise FormatError(self.path, None, f"a size for {self.where}{key}", value, hint=_AGAIN)
        return value

    def texts(self, key: str) -> list[str]:
        value: list[str] = self._get(key, list, "a list of strings")
        if not all(type(each) is str for each in value):
            raise FormatError(self.path, None, f"a list of strings for {self.where}{key}", value, hint=_AGAIN)
        return value

    def hexadecimal(self, key: str, digits: int) -> str:
        value = self.text(key)
        if len(value) != digits or value.strip("0123456789abcdef"):
            raise FormatError(
                self.path, None, f"{digits} hex digits for {self.where}{key}", value, hint=_AGAIN
            )
        return value

    def network(self, key: str) -> tuple[list[str], list[str]]:
        """What of the network is granted: outbound rules and published ports; nothing where the key is absent."""
        if key not in self.values:
            return [], []
        table = self.table(key)
        return table.texts("outbound"), table.texts("publish")

    def optional_table(self, key: str) -> dict[str, Any]:
        """The object's values, none where the key is absent."""
        return self.table(key).values if key in self.values else {}

    def working_sets(self, key: str) -> dict[str, WorkingSet]:
        """By the kind of start; empty where the manifest has none."""
        if key not in self.values:
            return {}
        table = self.table(key)
        return {name: table.table(name).working_set() for name in table.values}

    def working_set(self) -> WorkingSet:
        pages: list[tuple[int, int]] = []
        for run in self._get("index_pages", list, "a list of pairs of numbers"):
            if type(run) is not list or [type(each) for each in run] != [int, int] or min(run) < 0:
                raise FormatError(
                    self.path, None, f"pairs of numbers for {self.where}index_pages", run, hint=_AGAIN
                )
            pages.append((run[0], run[1]))
        return WorkingSet(pages, self.number("chunk_bytes"))

    def files(self, key: str) -> dict[str, BundleFile]:
        table = self.table(key)
        found = {}
        for name in table.values:
            parts = name.split("/")
            if "" in parts or "." in parts or ".." in parts or "\0" in name or name == MANIFEST:
                raise FormatError(self.path, None, "the name of a file of the bundle", name, hint=_AGAIN)
            entry = table.table(name)
            pieces = entry.number("piece_bytes") if "piece_bytes" in entry.values else 0
            if name not in (INDEX, CHUNKS) and pieces:
                raise FormatError(self.path, None, f"{name} as one file", f"pieces of {pieces}", hint=_AGAIN)
            found[name] = BundleFile(entry.number("size"), entry.hexadecimal("sha256", 64), pieces)
        for name in REQUIRED:
            if name not in found:
                raise FormatError(self.path, None, f"{name} among the files", "none", hint=_AGAIN)
        return found
