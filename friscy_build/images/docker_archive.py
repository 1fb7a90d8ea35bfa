"""Archives of `docker save`: manifest.json with its layers, or the OCI layout that newer ones hold as well."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from friscy_build.images.blob import ArchiveStore, Store, read_json
from friscy_build.images.image import ARCHITECTURE, OPERATING_SYSTEM, BaseImage, ImageError
from friscy_build.images.oci import (
    apply_blob,
    check_platforms,
    container_config,
    diff_ids_of,
    image_in,
    platform_of,
)
from friscy_build.images.progress import Progress, silent
from friscy_build.images.reference import normalize_reference
from friscy_build.images.spool import Spool
from lazyfs.errors import FormatError
from lazyfs.tree import Tree


@dataclass(frozen=True)
class _Saved:
    """One image of manifest.json, its configuration read and checked."""

    tags: list[str]
    layers: list[str]
    config: dict[str, Any]
    digest: str


def docker_archive_image(path: Path, tag: str | None, spool: Spool, progress: Progress = silent) -> BaseImage:
    """The riscv64 image of an archive. ImageError: none or several; FormatError: damaged."""
    store = ArchiveStore(path, spool)
    origin = f"docker-archive:{path.name}"
    if store.get("manifest.json") is None:
        return image_in(store, tag, spool, progress, origin)
    saved = _choose(store, tag)
    diff_ids = diff_ids_of(saved.config, path)
    if len(diff_ids) != len(saved.layers):
        raise FormatError(path, None, f"{len(diff_ids)} layers in manifest.json", len(saved.layers))
    tree = Tree()
    for number, (name, diff_id) in enumerate(zip(saved.layers, diff_ids, strict=True), 1):
        what = f"layer {number} of {len(diff_ids)}"
        apply_blob(tree, store, name, spool, progress, what, digest=None, size=None, diff_id=diff_id)
    full = f"{origin}:{saved.tags[0]}" if saved.tags else origin
    return BaseImage(tree, container_config(saved.config, path), saved.digest, full)


def _choose(store: Store, tag: str | None) -> _Saved:
    where = store.location
    manifest = read_json(store, "manifest.json")
    if not isinstance(manifest, list) or not manifest:
        raise FormatError(where / "manifest.json", None, "a list of images", repr(manifest)[:100])
    images = [_saved(store, each) for each in manifest]
    named = [each for each in images if tag is None or _goes_by(each, tag)]
    if not named:
        there = ", ".join(sorted(name for each in images for name in each.tags)) or "none with a name"
        raise ImageError(f"{where}: no image is named {tag!r}", hint=f"there is {there}")
    ours = [each for each in named if _is_ours(each)]
    check_platforms(where, [platform_of(each.config) for each in named], bool(ours))
    if len({each.digest for each in ours}) > 1:
        there = ", ".join(sorted(name for each in ours for name in each.tags))
        raise ImageError(f"{where}: holds several images", hint=f"name one: {there}")
    return ours[0]


def _is_ours(image: _Saved) -> bool:
    return platform_of(image.config).split("/")[:2] == [OPERATING_SYSTEM, ARCHITECTURE]


def _goes_by(image: _Saved, tag: str) -> bool:
    return any(normalize_reference(name) == normalize_reference(tag) for name in image.tags)


def _saved(store: Store, entry: Any) -> _Saved:
    where = store.location / "manifest.json"
    fields = entry if isinstance(entry, dict) else {}
    name, layers, tags = fields.get("Config"), fields.get("Layers"), fields.get("RepoTags") or []
    if not isinstance(name, str) or not _texts(layers) or not _texts(tags):
        raise FormatError(where, None, "Config, Layers and RepoTags of an image", repr(entry)[:100])
    config = read_json(store, name)
    content = store.get(name)
    if content is None or not isinstance(config, dict):
        raise FormatError(store.location / name, None, "an image configuration", type(config).__name__)
    digest = sha256(content.read(0, content.length)).hexdigest()
    told = re.search(r"(?:^|/)([0-9a-f]{64})(?:\.json)?$", name)
    if told is not None and told[1] != digest:
        raise FormatError(
            store.location / name, None, f"content with digest sha256:{told[1]}", f"sha256:{digest}"
        )
    return _Saved(tags, layers or [], config, f"sha256:{digest}")


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)
