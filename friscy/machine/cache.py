"""The user's friscy cache: where it is, and whether it may be trusted."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def cache_home() -> Path:
    """This user's friscy cache: $FRISCY_CACHE, else $XDG_CACHE_HOME/friscy, else ~/.cache/friscy."""
    named = os.environ.get("FRISCY_CACHE")
    if named:
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "friscy"


def private_directory(path: Path) -> Path | None:
    """`path`, made if need be, or None unless it is this user's own and no one else may write to it."""
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        status = path.stat()
    except OSError:
        return None
    if status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) & 0o022:
        return None
    return path
