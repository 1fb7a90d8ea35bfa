"""Run a Dockerfile's stages: the tree and the image configuration that come out."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from friscy_build.images.image import BaseImage
from friscy_build.images.progress import Progress, silent
from lazyfs.tree import Tree

PLATFORM = "linux/riscv64"

ResolveBase = Callable[[str, str], BaseImage]
"""(image reference, platform such as "linux/riscv64") -> the image. Raises FriscyError."""


@dataclass(frozen=True)
class BuiltImage:
    """What a Dockerfile made.

    tree: the root filesystem; config: the `config` object of an OCI image configuration;
    digest: `sha256:...` of everything that went in: instructions, arguments, base images, copied files.
    """

    tree: Tree
    config: dict[str, Any]
    digest: str


def build_image(
    dockerfile: str | os.PathLike[str],
    context: str | os.PathLike[str],
    *,
    target: str | None = None,
    args: Mapping[str, str] | None = None,
    resolve_base: ResolveBase,
    named_contexts: Mapping[str, str | os.PathLike[str]] | None = None,
    progress: Progress = silent,
) -> BuiltImage:
    """Build stage `target` (default: the last) of `dockerfile` over the directory `context`.

    args: values of ARGs; named_contexts: directories that COPY --from=NAME may read.
    Raises DockerfileError with file and line, and what resolve_base raises.
    """
    raise NotImplementedError


@dataclass(frozen=True)
class Inputs:
    """What a build reads, found without building.

    files: the Dockerfile, its ignore file and every context file a COPY or ADD of a needed stage takes;
    bases: (reference, platform) of every image outside the Dockerfile;
    digest: `sha256:...` of instructions, arguments, file names, modes and contents; not of the bases.
    """

    files: tuple[str, ...]
    bases: tuple[tuple[str, str], ...]
    digest: str


def build_inputs(
    dockerfile: str | os.PathLike[str],
    context: str | os.PathLike[str],
    *,
    target: str | None = None,
    args: Mapping[str, str] | None = None,
    named_contexts: Mapping[str, str | os.PathLike[str]] | None = None,
) -> Inputs:
    """The inputs of the same `build_image`. Raises DockerfileError."""
    raise NotImplementedError
