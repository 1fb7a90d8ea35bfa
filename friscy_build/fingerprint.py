"""What the build itself is made of: digests of our code, versions of our tools. They decide what is up to date."""

from __future__ import annotations

import os
from functools import cache
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).parent.parent


@cache
def code_digest(*parts: str) -> str:
    """Digest of the Python files of `parts`: packages and files as paths from the project's root, `lazyfs` or
    `friscy_build/tasks.py`. Names and contents count, times do not.
    """
    digest = sha256()
    for part in parts:
        for path in sorted(_sources(ROOT / part)):
            digest.update(os.fsencode(path.relative_to(ROOT)) + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _sources(path: Path) -> list[Path]:
    return [path] if path.is_file() else list(path.rglob("*.py"))


@cache
def version(distribution: str) -> str:
    """The installed version of a distribution, "" where it is not installed."""
    from importlib import metadata

    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""
