"""The user's build cache: what was downloaded or made, kept by content, and safe to share or delete.

One place: $FRISCY_CACHE, else $XDG_CACHE_HOME/friscy, else ~/.cache/friscy. Nothing in it is trusted by its
name alone: readers check digests, and writers make a file under another name and rename it when it is whole.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from friscy.machine.cache import cache_home


def cache_dir() -> Path:
    """The root of the cache. It need not exist yet."""
    return cache_home().absolute()


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file that becomes `path` when the block ends well, and vanishes when it does not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), 0o666 & ~_umask())
            yield file
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def _umask() -> int:
    current = os.umask(0o022)
    os.umask(current)
    return current


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Hold `directory` (made if need be) against other builds; waits for the one that has it."""
    directory.mkdir(parents=True, exist_ok=True)
    with open(directory / ".lock", "ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def file_digest(path: Path) -> str:
    """`sha256:<hex>` of a file's content."""
    digest = sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return f"sha256:{digest.hexdigest()}"
