"""OCI image layouts: from index.json over manifest and configuration to the layers, every digest checked.

Media types of OCI and of Docker; an index may hold indexes. Layers are told apart by their content, as some
tools write one compression and name another.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from friscy_build.images.blob import (
    ContentReader,
    DirectoryStore,
    Hashing,
    Store,
    blob_path,
    check_digest,
    read_json,
)
from friscy_build.images.compression import Decompressed
from friscy_build.images.image import ARCHITECTURE, OPERATING_SYSTEM, BaseImage, ImageError
from friscy_build.images.layer import Layer
from friscy_build.images.progress import Progress, silent
from friscy_build.images.reference import normalize_reference
from friscy_build.images.spool import Spool
from friscy_build.images.tar import Archive
from lazyfs.errors import FormatError
from lazyfs.tree import Tree

INDEX_TYPES = {
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
}
MANIFEST_TYPES = {
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
}
LAYER_TYPES = (
    "application/vnd.oci.image.layer.",
    "application/vnd.docker.image.rootfs.",
)
REF_NAME = "org.opencontainers.image.ref.name"
FULL_NAME = "io.containerd.image.name"
_DEPTH_LIMIT = 8


@dataclass(frozen=True)
class Candidate:
    """One image a layout offers: the name it goes by, its platform, manifest and configuration."""

    tag: str
    platform: str
    digest: str
    manifest: dict[str, Any] = field(compare=False, hash=False)
    config: dict[str, Any] = field(compare=False, hash=False)
    config_digest: str = ""


def oci_image(directory: Path, tag: str | None, spool: Spool, progress: Progress = silent) -> BaseImage:
    """The riscv64 image of an OCI layout directory. ImageError: none or several; FormatError: damaged."""
    return image_in(DirectoryStore(directory), tag, spool, progress, f"oci:{directory.name}")


def oci_identity(directory: Path, tag: str | None) -> str:
    """The digest `oci_image` would give."""
    return select(DirectoryStore(directory), tag).config_digest


def image_in(store: Store, tag: str | None, spool: Spool, progress: Progress, origin: str) -> BaseImage:
    """The riscv64 image of the layout in `store`."""
    chosen = select(store, tag)
    layers = _list(chosen.manifest, "layers", store.location)
    tree = Tree()
    diff_ids = diff_ids_of(chosen.config, store.location)
    if len(diff_ids) != len(layers):
        raise FormatError(store.location, None, f"{len(diff_ids)} layers in the manifest", len(layers))
    for number, (descriptor, diff_id) in enumerate(zip(layers, diff_ids, strict=True), 1):
        media_type = _text(descriptor, "mediaType", store.location)
        if not media_type.startswith(LAYER_TYPES):
            raise FormatError(store.location, None, "a layer that is a tar archive", media_type)
        digest = _text(descriptor, "digest", store.location)
        name, _ = blob_path(digest, store.location)
        what = f"layer {number} of {len(layers)}"
        apply_blob(
            tree,
            store,
            name,
            spool,
            progress,
            what,
            digest=digest,
            size=descriptor.get("size"),
            diff_id=diff_id,
        )
    full = f"{origin}:{chosen.tag}" if chosen.tag else origin
    return BaseImage(tree, container_config(chosen.config, store.location), chosen.config_digest, full)


def apply_blob(
    tree: Tree, store: Store, name: str, spool: Spool, progress: Progress, what: str,
    *, digest: str | None, size: object, diff_id: str,
) -> None:  # fmt: skip
    """Apply the layer in part `name`; its digest and size (where given) and its diff_id are checked."""
    where = store.location / name
    content = store.get(name)
    if content is None:
        raise FormatError(store.location, None, f"a part {name}", "none")
    if size is not None and size != content.length:
        raise FormatError(where, None, f"{size} bytes", content.length)
    hasher = blob_path(digest, where)[1] if digest is not None else sha256()
    raw = Hashing(ContentReader(content), hasher, lambda done: progress(what, done, content.length))
    plain = Hashing(Decompressed(raw, where), blob_path(diff_id, where)[1])
    # A missing end marker is no truncation where the digest is right, which is what is checked last.
    Layer(tree, spool).apply(Archive(plain, where, complete=True))
    while raw.read(1 << 20):
        pass
    if digest is not None:
        check_digest(digest, raw.digest, b"", where)
    check_digest(diff_id, plain.digest, b"", where)


def select(store: Store, tag: str | None) -> Candidate:
    """The one image of `store` for our platform that goes by `tag` (None: by any name)."""
    location = store.location
    if store.get("index.json") is None:
        raise FormatError(location, None, "an OCI image layout", "no index.json")
    found = list(dict.fromkeys(_candidates(store, read_json(store, "index.json"), "", 0)))
    named = [each for each in found if tag is None or _same_tag(each.tag, tag)]
    if not named:
        raise ImageError(
            f"{location}: no image is named {tag!r}" if found else f"{location}: holds no image",
            hint=f"there is {_listed(each.tag for each in found)}" if found else "",
        )
    ours = [each for each in named if each.platform.split("/")[:2] == [OPERATING_SYSTEM, ARCHITECTURE]]
    check_platforms(location, [each.platform for each in named], bool(ours))
    if len({each.digest for each in ours}) > 1:
        raise ImageError(
            f"{location}: holds several images for {OPERATING_SYSTEM}/{ARCHITECTURE}",
            hint=f"name one: {_listed(each.tag for each in ours)}",
        )
    return ours[0]


def check_platforms(location: Path, platforms: list[str], ours: bool) -> None:
    """ImageError that lists what there is, unless one is `ours`."""
    if not ours:
        there = ", ".join(dict.fromkeys(platforms))
        raise ImageError(
            f"{location}: no image for {OPERATING_SYSTEM}/{ARCHITECTURE}; it has {there}",
            hint=f"make it with --platform {OPERATING_SYSTEM}/{ARCHITECTURE}",
        )


_TEXTS = ("User", "WorkingDir", "StopSignal")
_LISTS = ("Cmd", "Entrypoint", "Env", "OnBuild", "Shell")
_TABLES = ("ExposedPorts", "Healthcheck", "Labels", "Volumes")


def container_config(config: dict[str, Any], where: Path) -> dict[str, Any]:
    """The part of an image configuration that says how to run it, nulls dropped. FormatError: of another shape."""
    inner = config.get("config") or {}
    if not isinstance(inner, dict):
        raise FormatError(
            where, None, "an object for `config` of the image configuration", type(inner).__name__
        )
    found = {key: value for key, value in inner.items() if value is not None}
    for names, shape, right in (
        (_TEXTS, "a string", _is_text),
        (_LISTS, "a list of strings", lambda value: isinstance(value, list) and all(map(_is_text, value))),
        (_TABLES, "an object", lambda value: isinstance(value, dict) and all(map(_is_text, value))),
    ):
        for name in names:
            if name in found and not right(found[name]):
                raise FormatError(where, None, f"{shape} for `config.{name}`", repr(found[name])[:100])
    if not all(map(_is_text, found.get("Labels", {}).values())):
        raise FormatError(where, None, "strings for `config.Labels`", repr(found["Labels"])[:100])
    return found


def _is_text(value: object) -> bool:
    """Whether it is a string of characters that have a UTF-8 form."""
    if not isinstance(value, str):
        return False
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def platform_of(config: dict[str, Any]) -> str:
    """`os/architecture[/variant]` of an image configuration or a platform object."""
    parts = (config.get("os"), config.get("architecture"), config.get("variant"))
    return "/".join(str(part) for part in parts if part) or "unknown"


def diff_ids_of(config: dict[str, Any], where: Path) -> list[str]:
    """The digests of the uncompressed layers."""
    rootfs = config.get("rootfs")
    ids = rootfs.get("diff_ids") if isinstance(rootfs, dict) else None
    if not isinstance(ids, list) or not all(isinstance(each, str) for each in ids):
        raise FormatError(where, None, "a list rootfs.diff_ids in the image configuration", repr(ids)[:100])
    return ids


def _candidates(store: Store, index: Any, tag: str, depth: int) -> Iterator[Candidate]:
    if depth > _DEPTH_LIMIT:
        raise FormatError(store.location, None, f"at most {_DEPTH_LIMIT} indexes in each other", "more")
    for descriptor in _list(index, "manifests", store.location):
        annotations = descriptor.get("annotations") or {}
        if not isinstance(annotations, dict):
            raise FormatError(store.location, None, "an object for annotations", annotations)
        if "vnd.docker.reference.type" in annotations:  # BuildKit's attestations
            continue
        name = str(annotations.get(REF_NAME) or annotations.get(FULL_NAME) or tag)
        media_type = descriptor.get("mediaType")
        digest = _text(descriptor, "digest", store.location)
        path, _ = blob_path(digest, store.location)
        platform = descriptor.get("platform")
        if isinstance(platform, dict) and store.get(path) is None:
            # A layout may hold the blobs of some platforms alone; this one's is elsewhere.
            yield (
                Candidate(name, platform_of(platform), digest, {}, {})
                if not _is_ours(platform)
                else _gone(store, path)
            )
            continue
        blob = read_json(store, path, digest, descriptor.get("size"))
        if not isinstance(blob, dict):
            raise FormatError(store.location / path, None, "an object", type(blob).__name__)
        kind = blob.get("mediaType") or media_type
        if not isinstance(kind, str):
            raise FormatError(store.location / path, None, "a string 'mediaType'", repr(kind)[:100])
        if kind in INDEX_TYPES or (kind not in MANIFEST_TYPES and "manifests" in blob):
            yield from _candidates(store, blob, name, depth + 1)
        elif kind in MANIFEST_TYPES:
            config = blob.get("config")
            config_digest = _text(config if isinstance(config, dict) else {}, "digest", store.location / path)
            config_path, _ = blob_path(config_digest, store.location)
            settings = read_json(store, config_path, config_digest)
            if not isinstance(settings, dict):
                raise FormatError(store.location / config_path, None, "an object", type(settings).__name__)
            yield Candidate(name, platform_of(settings), digest, blob, settings, config_digest)
        else:
            raise FormatError(store.location / path, None, "an image manifest or index", kind)


def _is_ours(platform: dict[str, Any]) -> bool:
    return (platform.get("os"), platform.get("architecture")) == (OPERATING_SYSTEM, ARCHITECTURE)


def _gone(store: Store, path: str) -> Candidate:
    raise FormatError(store.location, None, f"a part {path}", "none")


def _same_tag(name: str, tag: str) -> bool:
    return name == tag or normalize_reference(name) == normalize_reference(tag)


def _listed(tags: Iterator[str]) -> str:
    return ", ".join(sorted({repr(tag) if tag else "one without a name" for tag in tags}))


def _list(value: Any, key: str, where: object) -> list[dict[str, Any]]:
    items = value.get(key) if isinstance(value, dict) else None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise FormatError(where, None, f"a list of objects {key!r}", repr(items)[:100])
    return items


def _text(value: dict[str, Any], key: str, where: object) -> str:
    text = value.get(key)
    if not isinstance(text, str):
        raise FormatError(where, None, f"a string {key!r}", repr(text)[:100])
    return text
