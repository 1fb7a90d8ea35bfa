"""apt inside an image of Debian packages: where it gets more of them, and the settings of slim images."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from friscy_build.images.debian import Request
from friscy_build.images.image import BaseImage, ImageError
from friscy_build.images.sources_list import MIRROR_VARIABLE, find_mirror
from lazyfs.tree import Node

_KEYRING = "/etc/apt/keyrings/debian"
_SOURCES = "/etc/apt/sources.list.d/debian.sources"
_SETTINGS = "/etc/apt/apt.conf.d/50slim"
# No descriptions in other languages; lists in gzip, which an interpreter unpacks far sooner than xz; what was
# downloaded, and apt's own index of it, goes once it was installed.
_SLIM = b"""\
Acquire::Languages "none";
Acquire::CompressionTypes::Order:: "gz";
DPkg::Post-Invoke { "rm -f /var/cache/apt/*.bin /var/cache/apt/archives/*.deb"; };
"""


def sources_files(request: Request) -> dict[str, bytes]:
    """The files by their path; they name this machine's archive. ImageError: it is no server."""
    mirror = find_mirror()
    if not mirror.uri.startswith(("http:", "https:")):
        raise ImageError(
            f"{mirror.uri}: a guest cannot get packages from there",
            hint=f"leave `sources` out, or set {MIRROR_VARIABLE} to the URL of a mirror",
        )
    armored = "BEGIN PGP" in mirror.signed_by
    key = mirror.signed_by.encode() if armored else Path(mirror.signed_by).read_bytes()
    keyring = f"{_KEYRING}.asc" if armored or key.startswith(b"-----BEGIN PGP") else f"{_KEYRING}.gpg"
    fields = {
        "Types": "deb", "URIs": mirror.uri, "Suites": request.suite, "Components": " ".join(request.components),
        "Signed-By": keyring,
    }  # fmt: skip
    text = "".join(f"{name}: {value}\n" for name, value in fields.items())
    return {_SOURCES: text.encode(), keyring: key, _SETTINGS: _SLIM}


def add_sources(image: BaseImage, request: Request) -> None:
    """Write them into the image, whose digest they become part of. ImageError."""
    found = sources_files(request)
    for path, data in found.items():
        image.tree.add(path.encode(), Node.file(data), parents=True)
    image.digest = f"sha256:{sha256(repr((image.digest, sorted(found.items()))).encode()).hexdigest()}"


def sources_identity(request: Request) -> str:
    """What the files depend on besides the packages."""
    return sha256(repr(sorted(sources_files(request).items())).encode()).hexdigest()
