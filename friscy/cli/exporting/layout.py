"""A bundle as an OCI image layout of one image with one layer."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from hashlib import sha256
from typing import IO, Any, cast

from friscy.bundle import Bundle
from friscy.cli.exporting.archive import Output, write_tar
from lazyfs.errors import UsageError

_IMAGE = "application/vnd.oci.image"
_LEVEL = 6


class _Hashed:
    """Passes on what is written and hashes it."""

    def __init__(self, output: Output) -> None:
        self._output, self._hash, self.size = output, sha256(), 0

    def write(self, data: bytes, /) -> int:
        self._hash.update(data)
        self.size += len(data)
        self._output.write(data)
        return len(data)

    def flush(self) -> None:
        """For gzip; the file is flushed when it is closed."""

    @property
    def digest(self) -> str:
        return f"sha256:{self._hash.hexdigest()}"


def save_layout(bundle: Bundle, directory: str, tag: str, upper: str = "") -> list[bytes]:
    """Write the layout, which appears when it is whole; the paths that it cannot hold are returned.

    upper: a file with a second layer, uncompressed.
    UsageError: there is something at `directory` already.
    """
    if os.path.lexists(directory) and not (os.path.isdir(directory) and not os.listdir(directory)):
        raise UsageError(
            f"{directory}: is there already", hint="name a directory that is not, or an empty one"
        )
    parent, name = os.path.split(os.path.abspath(directory))
    os.makedirs(parent, exist_ok=True)
    made = tempfile.mkdtemp(dir=parent, prefix=f".{name}.")
    try:
        left_out = _write(bundle, made, tag, upper)
        umask = os.umask(0o022)
        os.umask(umask)
        os.chmod(made, 0o777 & ~umask)
        os.rename(made, os.path.join(parent, name))
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
    return left_out


def _write(bundle: Bundle, directory: str, tag: str, upper: str) -> list[bytes]:
    os.makedirs(os.path.join(directory, "blobs", "sha256"))
    left_out: list[bytes] = []
    writers: list[Callable[[Output], object]] = [
        lambda output: left_out.extend(write_tar(bundle, output, _no_whiteout))
    ]
    if upper:
        writers.append(lambda output: _copy(upper, output))
    layers, diff_ids = [], []
    for write in writers:
        layer, diff_id = _layer(directory, write)
        layers.append(layer)
        diff_ids.append(diff_id)
    said = [f"friscy export ({bundle.origin})", "friscy export --overlay"]
    config = {
        "created": "1970-01-01T00:00:00Z",
        "architecture": "riscv64",
        "os": "linux",
        "config": bundle.image_config,
        "rootfs": {"type": "layers", "diff_ids": diff_ids},
        "history": [{"created": "1970-01-01T00:00:00Z", "created_by": text} for text in said[: len(layers)]],
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": f"{_IMAGE}.manifest.v1+json",
        "config": _blob(directory, f"{_IMAGE}.config.v1+json", config),
        "layers": layers,
    }
    described = _blob(directory, f"{_IMAGE}.manifest.v1+json", manifest) | {
        "platform": {"architecture": "riscv64", "os": "linux"},
        "annotations": {"org.opencontainers.image.ref.name": tag},
    }
    index = {"schemaVersion": 2, "mediaType": f"{_IMAGE}.index.v1+json", "manifests": [described]}
    for name, value in (("index.json", index), ("oci-layout", {"imageLayoutVersion": "1.0.0"})):
        with open(os.path.join(directory, name), "wb") as file:
            file.write(_json(value))
    return left_out


def _layer(directory: str, write: Callable[[Output], object]) -> tuple[dict[str, Any], str]:
    """Compress what `write` writes into a blob: its descriptor, and the digest of what is in it."""
    layer_path = os.path.join(directory, "layer")
    with open(layer_path, "wb") as file:
        stored = _Hashed(file)
        with gzip.GzipFile("", "wb", _LEVEL, cast(IO[bytes], stored), mtime=0) as packed:
            plain = _Hashed(packed)
            write(plain)
    os.rename(layer_path, _blob_path(directory, stored.digest))
    described = {"mediaType": f"{_IMAGE}.layer.v1.tar+gzip", "digest": stored.digest, "size": stored.size}
    return described, plain.digest


def _copy(path: str, output: Output) -> None:
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            output.write(block)


def _no_whiteout(path: bytes) -> str:
    """In a layer such a name says that a file is gone."""
    return "a file name without .wh., which means a deleted file in a layer" if b"/.wh." in path else ""


def _blob(directory: str, media_type: str, value: dict[str, Any]) -> dict[str, Any]:
    data = _json(value)
    digest = f"sha256:{sha256(data).hexdigest()}"
    with open(_blob_path(directory, digest), "wb") as file:
        file.write(data)
    return {"mediaType": media_type, "digest": digest, "size": len(data)}


def _blob_path(directory: str, digest: str) -> str:
    return os.path.join(directory, "blobs", *digest.split(":"))


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
