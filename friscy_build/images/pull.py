"""An image of a registry: the manifest for our platform found, its layers downloaded in parallel, then flattened.

base = registry_image("127.0.0.1:5000/app:1", Registries(), cache_dir())
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from friscy_build.images.blob import blob_path
from friscy_build.images.image import ARCHITECTURE, OPERATING_SYSTEM, BaseImage, ImageError
from friscy_build.images.oci import INDEX_TYPES, MANIFEST_TYPES, Candidate, image_in, select
from friscy_build.images.progress import Progress, silent
from friscy_build.images.reference import Reference, parse_reference
from friscy_build.images.registry import MANIFEST_LIMIT, BlobCache, Missing, Registries, Registry
from friscy_build.images.spool import Spool
from lazyfs.errors import FormatError
from lazyfs.tree import Content

DOWNLOADS = 4  # at a time
_MANIFESTS_MAX = 200
_DEPTH_MAX = 8


def registry_image(
    text: str, registries: Registries, cache: Path, *, pinned: str | None = None, progress: Progress = silent
) -> BaseImage:
    """The riscv64 image of a reference; pinned: the digest that its tag stands for. ImageError, FormatError."""
    store = pull(text, registries, cache, pinned=pinned, progress=progress)
    return image_in(store, None, Spool(cache / "tmp"), progress, f"registry:{text}")


def pull(
    text: str, registries: Registries, cache: Path, *, pinned: str | None = None, progress: Progress = silent
) -> PulledStore:
    """Have all blobs of the image in the cache; what is there and right is not asked for again."""
    reference = parse(text)
    registry = Registry(reference, registries, cache)
    progress(f"manifest of {text}", 0, 0)
    if reference.digest:
        pinned = None
    try:
        data = registry.manifest(pinned or reference.wanted)
    except Missing as error:
        if not pinned:
            raise
        message = f"friscy.lock pins {text} to what its registry no longer has: {error.args[0]}"
        raise ImageError(message, hint="take what there is now with: friscy build --update") from None
    store = PulledStore(reference, BlobCache(cache / "registry"), data, pinned)
    _Manifests(registry, store).bring(data, 0)
    _layers(registry, store, select(store, None), progress)
    return store


def parse(text: str) -> Reference:
    """The reference in `text`. ImageError: it is none."""
    try:
        return parse_reference(text)
    except ValueError as error:
        raise ImageError(str(error), hint="a reference is [REGISTRY/]REPOSITORY[:TAG][@DIGEST]") from None


class PulledStore:
    """The image as an OCI layout would hold it; it has the blobs of this image only, whatever else is in the cache.

    digest: of the manifest or index that the reference stands for: what a lock file pins.
    """

    def __init__(
        self, reference: Reference, cache: BlobCache, data: bytes, pinned: str | None = None
    ) -> None:
        from hashlib import sha256

        self.location = Path(str(reference))
        told = reference.digest or pinned
        hasher = blob_path(told, self.location)[1] if told else sha256()
        hasher.update(data)
        self.digest = f"{told.partition(':')[0] if told else 'sha256'}:{hasher.hexdigest()}"
        self._cache = cache
        self._paths = {blob_path(self.digest, self.location)[0]: cache.path(self.digest)}
        descriptor = {"mediaType": media_type(data), "digest": self.digest, "size": len(data)}
        self._index = json.dumps({"schemaVersion": 2, "manifests": [descriptor]}).encode()

    def has(self, digest: str) -> None:
        """Note that the blob belongs to the image and is in the cache."""
        self._paths[blob_path(digest, self.location)[0]] = self._cache.path(digest)

    def get(self, name: str) -> Content | None:
        """A part of the layout."""
        if name == "index.json":
            return Content.of_bytes(self._index)
        path = self._paths.get(name)
        return Content.of_file(path) if path is not None else None


def media_type(data: bytes) -> str:
    """What kind of manifest it is; OCI's may leave that to the one who names it."""
    value = _object(data, "the manifest")
    told = value.get("mediaType")
    if isinstance(told, str):
        return told
    kind = "index" if "manifests" in value else "manifest"
    return f"application/vnd.oci.image.{kind}.v1+json"


class _Manifests:
    """Brings the manifests of an index that may be ours, each with its configuration."""

    def __init__(self, registry: Registry, store: PulledStore) -> None:
        self.registry, self.store, self.count = registry, store, 0

    def bring(self, data: bytes, depth: int) -> None:
        self.count += 1
        if self.count > _MANIFESTS_MAX or depth > _DEPTH_MAX:
            raise FormatError(self.store.location, None, f"up to {_MANIFESTS_MAX} manifests", "more")
        kind = media_type(data)
        value = _object(data, self.store.location)
        if kind in INDEX_TYPES:
            for descriptor in _descriptors(value, "manifests", self.store.location):
                if _may_be_ours(descriptor):
                    digest = str(descriptor.get("digest"))
                    below = self.registry.manifest(_checked(digest, self.store.location))
                    self.store.has(digest)
                    self.bring(below, depth + 1)
        elif kind in MANIFEST_TYPES:
            config = value.get("config")
            digest, size = _blob(config if isinstance(config, dict) else {}, self.store.location)
            if size > MANIFEST_LIMIT:
                raise FormatError(
                    self.store.location, None, f"a configuration of up to {MANIFEST_LIMIT} bytes", size
                )
            self.registry.blob(digest, size, lambda done: None)
            self.store.has(digest)
        else:
            raise FormatError(self.store.location, None, "an image manifest or index", kind)


def _may_be_ours(descriptor: dict[str, Any]) -> bool:
    platform = descriptor.get("platform")
    annotations = descriptor.get("annotations")
    if (
        isinstance(annotations, dict) and "vnd.docker.reference.type" in annotations
    ):  # BuildKit's attestations
        return False
    if not isinstance(platform, dict):
        return True
    return (platform.get("os"), platform.get("architecture")) == (OPERATING_SYSTEM, ARCHITECTURE)


def _layers(registry: Registry, store: PulledStore, chosen: Candidate, progress: Progress) -> None:
    """Download the layers that are not in the cache, several at a time; the first error ends all."""
    layers = list(_descriptors(chosen.manifest, "layers", store.location))
    wanted = []
    for number, layer in enumerate(layers, 1):
        kind = str(layer.get("mediaType"))
        if "foreign" in kind or "nondistributable" in kind or layer.get("urls"):
            raise ImageError(
                f"{store.location}: layer {number} is a foreign one ({kind}): its registry does not hold it",
                hint="make an image without it; such layers are Windows' own",
            )
        wanted.append((f"downloading layer {number} of {len(layers)}", *_blob(layer, store.location)))
    telling, stopped = threading.Lock(), threading.Event()

    def download(what: str, digest: str, size: int) -> None:
        def told(done: int) -> None:
            if stopped.is_set():
                raise ImageError("the download of another layer failed")
            with telling:
                progress(what, done, size)

        told(0)
        registry.blob(digest, size, told)
        store.has(digest)
        told(size)

    with ThreadPoolExecutor(DOWNLOADS) as pool:
        futures = [pool.submit(download, *each) for each in dict.fromkeys(wanted)]
        try:
            for future in as_completed(futures):
                future.result()
        except BaseException:
            stopped.set()
            for future in futures:
                future.cancel()
            raise


def _blob(descriptor: dict[str, Any], where: object) -> tuple[str, int]:
    digest, size = descriptor.get("digest"), descriptor.get("size")
    if type(size) is not int or size < 0:
        raise FormatError(where, None, "a size in a descriptor", repr(size)[:60])
    return _checked(digest, where), size


def _checked(digest: object, where: object) -> str:
    blob_path(digest, where)
    return str(digest)


def _descriptors(value: dict[str, Any], key: str, where: object) -> Iterator[dict[str, Any]]:
    items = value.get(key)
    if not isinstance(items, list) or not all(isinstance(each, dict) for each in items):
        raise FormatError(where, None, f"a list of objects {key!r}", repr(items)[:100])
    yield from items


def _object(data: bytes, where: object) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise FormatError(where, None, "JSON", error) from None
    if not isinstance(value, dict):
        raise FormatError(where, None, "an object", type(value).__name__)
    return value
