"""A base image: what every source hands to the Dockerfile."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lazyfs.errors import FriscyError

if TYPE_CHECKING:
    from lazyfs.tree import Tree

ARCHITECTURE = "riscv64"
OPERATING_SYSTEM = "linux"


class ImageError(FriscyError):
    """An image source cannot give what is asked: no such package, wrong architecture, mirror unreachable."""


@dataclass
class BaseImage:
    """A flattened root filesystem and the configuration that came with it.

    tree: the files, all layers applied; the caller may change it.
    config: the `config` object of an OCI image configuration (Env, Cmd, Entrypoint, WorkingDir, User, Labels,
        ExposedPorts, Volumes, StopSignal, ...), keys absent where the image does not set them.
    digest: `sha256:...`, the identity of the content: equal digests mean equal trees and configs.
    origin: what the user asked for, for messages and the bundle's manifest.
    """

    tree: Tree
    config: dict[str, Any] = field(default_factory=dict)
    digest: str = ""
    origin: str = ""


def scratch() -> BaseImage:
    """The empty image of `FROM scratch`."""
    from hashlib import sha256

    from lazyfs.tree import Tree

    return BaseImage(Tree(), {}, f"sha256:{sha256(b'').hexdigest()}", "scratch")
