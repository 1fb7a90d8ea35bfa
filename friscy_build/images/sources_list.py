"""Where this machine gets its Debian packages from: its apt sources in both formats (sources.list(5))."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from friscy_build.images.deb import parse_control
from friscy_build.images.image import ImageError

MIRROR_VARIABLE = "FRISCY_DEBIAN_MIRROR"
KEYRING_VARIABLE = "FRISCY_DEBIAN_KEYRING"
DEFAULT_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"

# Debian's own release names: a repository of another distribution or vendor has suites of other names.
_RELEASES = {
    "oldoldstable", "oldstable", "stable", "testing", "unstable", "sid", "buster", "bullseye", "bookworm",
    "trixie", "forky", "duke",
}  # fmt: skip


@dataclass(frozen=True)
class Mirror:
    """An archive and what proves it: `signed_by` is a keyring's path or an armoured key block."""

    uri: str
    signed_by: str


def find_mirror(etc: Path = Path("/etc/apt")) -> Mirror:
    """The Debian archive of this machine, or the one $FRISCY_DEBIAN_MIRROR names. ImageError: there is none."""
    keyring = os.environ.get(KEYRING_VARIABLE, "")
    if chosen := os.environ.get(MIRROR_VARIABLE):
        return Mirror(_copied(chosen), _keyring(keyring))
    found = max(_candidates(etc), key=lambda pair: pair[0], default=None)
    if found is None:
        raise ImageError(
            f"{etc} names no Debian archive to take packages from",
            hint=f"set {MIRROR_VARIABLE} to the URL of a Debian mirror that carries riscv64",
        )
    mirror = found[1]
    return Mirror(_copied(mirror.uri), _keyring(keyring or mirror.signed_by))


def _copied(uri: str) -> str:
    """apt uses the packages of a `file:` archive where they are, and we want them in the cache: so `copy:`."""
    uri = uri.rstrip("/")
    return uri.replace("file:", "copy:", 1) if uri.startswith("file:") else uri


def _keyring(chosen: str) -> str:
    """What apt is told to trust; a key block stays as it is."""
    if "BEGIN PGP" in chosen:
        return chosen
    path = chosen or DEFAULT_KEYRING
    if not Path(path).is_file():
        raise ImageError(
            f"{path}: the keyring that signs the Debian archive is missing",
            hint="install the package debian-archive-keyring",
        )
    return path


def _candidates(etc: Path) -> Iterator[tuple[tuple[int, int], Mirror]]:
    """Every entry that may be Debian's main archive with how sure that is; among equals the first is best."""
    for number, (uri, suites, components, signed_by) in enumerate(_entries(etc)):
        if "main" not in components or not _RELEASES.intersection(suites) or "security" in uri:
            continue
        sure = 2 * ("debian-archive" in signed_by) + uri.rstrip("/").endswith("/debian")
        yield (sure, -number), Mirror(uri.rstrip("/"), signed_by)


_Entry = tuple[str, list[str], list[str], str]


def _entries(etc: Path) -> Iterator[_Entry]:
    parts = sorted((etc / "sources.list.d").glob("*")) if (etc / "sources.list.d").is_dir() else []
    for path in [etc / "sources.list", *parts]:
        try:
            text = path.read_text("utf-8", "replace")
        except OSError:
            continue  # not there, or not ours to read
        if path.suffix == ".list":
            yield from _one_line(text.splitlines())
        elif path.suffix == ".sources":
            yield from _deb822(text)


def _one_line(lines: Iterable[str]) -> Iterator[_Entry]:
    for line in lines:
        match = re.match(r"\s*deb\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)\s*([^#]*)", line)
        if match:
            options = dict(word.partition("=")[::2] for word in (match[1] or "").split())
            yield match[2], [match[3]], match[4].split(), options.get("signed-by", "")


def _deb822(text: str) -> Iterator[_Entry]:
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    for paragraph in re.split(r"\n[ \t]*\n", "\n".join(lines)):
        fields = {name.lower(): value for name, value in parse_control(paragraph).items()}
        enabled = fields.get("enabled", "yes").lower() not in ("no", "false")
        if not enabled or "deb" not in fields.get("types", "").split():
            continue
        for uri in fields.get("uris", "").split():
            yield uri, fields.get("suites", "").split(), fields.get("components", "").split(), _key(fields)


def _key(fields: dict[str, str]) -> str:
    signed_by = fields.get("signed-by", "")
    if "BEGIN PGP" not in signed_by:
        return signed_by.split()[0] if signed_by else ""
    # A key block is indented by one space, and its empty lines are written as a lone dot.
    lines = [line.strip() for line in signed_by.splitlines()]
    return "\n".join("" if line == "." else line for line in lines).strip() + "\n"
