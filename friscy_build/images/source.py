"""From a declared source to a base image: the one entry for everything a FROM or `image =` can name.

    base = load_image(config.sources("python:3.13-slim"), cache=cache_dir())

A source is anything with the attributes of friscy_build.config's ImageSource.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from friscy_build.images.apt import Package
from friscy_build.images.apt_sources import add_sources, sources_identity
from friscy_build.images.blob import Hashing
from friscy_build.images.compression import Decompressed
from friscy_build.images.debian import Request, Selection, debian_image, recalled, select
from friscy_build.images.docker_archive import docker_archive_image
from friscy_build.images.engine import engine_identity, engine_image
from friscy_build.images.image import BaseImage, ImageError
from friscy_build.images.layer import Layer
from friscy_build.images.lock import Lock
from friscy_build.images.oci import oci_identity, oci_image
from friscy_build.images.progress import Progress, silent
from friscy_build.images.pull import parse, pull, registry_image
from friscy_build.images.reference import normalize_reference
from friscy_build.images.registry import Registries
from friscy_build.images.spool import Spool
from friscy_build.images.tar import Archive
from lazyfs.tree import Tree


class DebianSource(Protocol):
    """The attributes of `debian = {...}`."""

    @property
    def suite(self) -> str: ...
    @property
    def packages(self) -> tuple[str, ...]: ...
    @property
    def components(self) -> tuple[str, ...]: ...
    @property
    def recommends(self) -> bool: ...
    @property
    def essential(self) -> bool: ...
    @property
    def bytecode(self) -> bool: ...
    @property
    def sources(self) -> bool: ...


class Source(Protocol):
    """The attributes of an ImageSource: `path` is set for the kinds that are files."""

    @property
    def kind(self) -> str: ...
    @property
    def path(self) -> Path | None: ...
    @property
    def tag(self) -> str | None: ...
    @property
    def registry(self) -> str | None: ...
    @property
    def docker(self) -> str | None: ...
    @property
    def podman(self) -> str | None: ...
    @property
    def debian(self) -> DebianSource | None: ...


def load_image(
    chain: Sequence[Source], *, cache: Path, progress: Progress = silent, refresh: bool = False,
    registries: Registries | None = None, lock: Lock | None = None,
) -> BaseImage:  # fmt: skip
    """The image of the first source of `chain` that is there.

    A file or directory that does not exist sends it on to the next; any other trouble is an error of its own.
    lock: what it pins is taken, and nothing else. ImageError, FormatError.
    """
    source = choose(chain)
    if source.debian is not None:
        wanted = _request(source.debian)
        pinned = _pinned(lock, wanted)
        image = debian_image(wanted, cache=cache, refresh=refresh, progress=progress, pinned=pinned)
        if source.debian.sources:
            add_sources(image, wanted)
        return image
    if source.registry is not None:
        digest = lock.image(source.registry) if lock else None
        return registry_image(
            source.registry, registries or Registries(), cache, pinned=digest, progress=progress
        )
    spool = Spool(cache / "tmp")
    engine = source.docker or source.podman
    if engine is not None:
        return engine_image(source.kind, engine, cache, spool, progress)
    path = _path(source)
    if source.kind == "oci":
        return oci_image(path, source.tag, spool, progress)
    if source.kind == "docker-archive":
        return docker_archive_image(path, source.tag, spool, progress)
    return tar_image(path, spool, progress)


def identity(chain: Sequence[Source], cache: Path, lock: Lock | None = None) -> tuple[list[str], list[str]]:
    """What decides what `load_image` gives, without doing it: (files whose content counts, further facts).

    Equal files and facts mean an equal image; an empty fact means that one is not known before it is fetched.
    """
    source = choose(chain)
    if source.debian is not None:
        compiled = "with bytecode" if source.debian.bytecode else "without bytecode"
        request = _request(source.debian)
        further = [compiled, *([sources_identity(request)] if source.debian.sources else [])]
        if lock is None:
            return [], ["debian", recalled(request, cache), *further]
        pinned = _pinned(lock, request)
        return [], ["debian", Selection(request, pinned, cache).digest if pinned else "", *further]
    if source.registry is not None:
        digest = parse(source.registry).digest or (lock.image(source.registry) if lock else None)
        return [], ["registry", digest or ""]
    engine = source.docker or source.podman
    if engine is not None:
        return [], [source.kind, engine_identity(source.kind, engine)]
    path = _path(source)
    if source.kind == "oci":
        return [str(path / "index.json")], ["oci", oci_identity(path, source.tag)]
    return [str(path)], [source.kind, source.tag or "any tag"]


def fetch(
    chain: Sequence[Source], *, cache: Path, progress: Progress = silent, refresh: bool = False,
    registries: Registries | None = None, lock: Lock | None = None,
) -> None:  # fmt: skip
    """Bring what `load_image` needs from elsewhere into the cache.

    What `lock` does not pin yet, it does then. refresh: ask anew, whatever the lock or the cache have.
    """
    source = choose(chain)
    if source.debian is not None:
        request = _request(source.debian)
        pinned = () if refresh else _pinned(lock, request)
        selection = select(request, cache, refresh=refresh, progress=progress, pinned=pinned)
        if lock is not None:
            lock.debian[request] = selection.packages
    elif source.registry is not None:
        digest = lock.image(source.registry) if lock and not refresh else None
        store = pull(source.registry, registries or Registries(), cache, pinned=digest, progress=progress)
        if lock is not None and parse(source.registry).digest is None:
            lock.images[normalize_reference(source.registry)] = store.digest


def choose(chain: Sequence[Source]) -> Source:
    """The source that `load_image` takes. ImageError: none is there."""
    for source in chain:
        if source.path is None or source.path.exists():
            return source
    missing = ", ".join(str(source.path) for source in chain)
    raise ImageError(f"no image source is there: {missing or 'none is declared'}")


def tar_image(path: Path, spool: Spool, progress: Progress = silent) -> BaseImage:
    """A root filesystem from a tar file, plain or compressed."""
    tree = Tree()
    digest = sha256()
    total = path.stat().st_size
    with open(path, "rb") as file:
        hashed = Hashing(file, digest, lambda done: progress(path.name, done, total))
        Layer(tree, spool, whiteouts=False).apply(Archive(Decompressed(hashed, path), path))
        while hashed.read(1 << 20):  # what follows the end of the compressed data
            pass
    return BaseImage(tree, {}, f"sha256:{digest.hexdigest()}", f"tar:{path.name}")


def _request(debian: DebianSource) -> Request:
    return Request(
        debian.suite, tuple(debian.packages), tuple(debian.components), debian.recommends, debian.essential
    )


def _pinned(lock: Lock | None, request: Request) -> tuple[Package, ...]:
    return lock.debian.get(request, ()) if lock is not None else ()


def _path(source: Source) -> Path:
    if source.path is None:
        raise ImageError(f"a source of kind {source.kind} needs a path")
    return source.path
