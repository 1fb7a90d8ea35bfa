"""Images that a docker or podman of this machine has: handed over by its `save`."""

from __future__ import annotations

import re
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path

from friscy_build.cache import locked, replacing
from friscy_build.images.docker_archive import docker_archive_image
from friscy_build.images.image import BaseImage, ImageError
from friscy_build.images.progress import Progress, silent
from friscy_build.images.spool import Spool

_ID = re.compile(r"(?:sha256:)?([0-9a-f]{64})")
_BLOCK = 1 << 20


def engine_identity(engine: str, reference: str) -> str:
    """The digest of the image's configuration. ImageError: no such program or image, or its daemon is not there."""
    said = _call(engine, "image", "inspect", "--format", "{{.Id}}", reference)
    match = _ID.fullmatch(said.decode("utf-8", "replace").strip())
    if match is None:
        raise ImageError(f"{engine} image inspect {reference}: no image's digest: {said[:100]!r}")
    return f"sha256:{match[1]}"


def engine_image(
    engine: str, reference: str, cache: Path, spool: Spool, progress: Progress = silent
) -> BaseImage:
    """The image `reference` of `engine` (docker or podman). ImageError, FormatError.

    What was saved is kept by the image's digest.
    """
    identity = engine_identity(engine, reference)
    path = cache / "saved" / f"{sha256(f'{engine} {identity}'.encode()).hexdigest()[:48]}.tar"
    with locked(cache / "saved"):
        if not path.exists():
            progress(f"{engine} save {reference}", 0, 0)
            with replacing(path) as file:
                # By its name: what is saved by its digest has no tags.
                _call(engine, "save", *(("--format", "docker-archive") if engine == "podman" else ()), reference,
                      output=file.fileno())  # fmt: skip
    image = docker_archive_image(path, None, spool, progress)
    image.origin = f"{engine}:{reference}"
    return image


def _call(engine: str, *words: str, output: int = subprocess.PIPE) -> bytes:
    program = shutil.which(engine)
    if program is None:
        raise ImageError(
            f"{engine} is not installed", hint="name another source: registry, oci, docker-archive or tar"
        )
    done = subprocess.run((program, *words), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.PIPE)
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise ImageError(
            f"{engine} {' '.join(words[:2])}: {said[-1] if said else f'exit status {done.returncode}'}"
        )
    return done.stdout or b""
