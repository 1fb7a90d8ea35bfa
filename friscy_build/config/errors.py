"""What is wrong in friscy.toml or a Dockerfile, and where."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable

from lazyfs.errors import FriscyError


class ConfigError(FriscyError):
    """`file` asks for something that cannot be done.

    file: the path as the user knows it; line, column: 1-based, None where unknown; key: the dotted key,
    empty where there is none; hint: the next step. `str()` reads

        friscy.toml:12: bundle.python.snapshot.at: expected entry, stdin or none, got 'entri'
          did you mean 'entry'?
    """

    def __init__(
        self,
        file: object,
        message: str,
        *,
        line: int | None = None,
        column: int | None = None,
        key: str = "",
        hint: str = "",
    ) -> None:
        # A key says where on its line it is; a column is of use where there is none.
        file = shown_path(file)
        place = (file, line, column if line and not key else None)
        where = ":".join(str(part) for part in place if part is not None)
        super().__init__(f"{where}: {key}: {message}" if key else f"{where}: {message}", hint=hint)
        self.file, self.line, self.column, self.key, self.message = str(file), line, column, key, message


def shown_path(path: object) -> str:
    """A path as a message has it: relative where it lies below the working directory."""
    text = str(path)
    try:
        below = os.path.relpath(text) if os.path.isabs(text) else text
    except OSError:  # the working directory is gone
        return text
    return text if below.startswith("..") else below


def nearest(word: str, known: Iterable[str]) -> str:
    """The hint that names the known word closest to `word`, or else lists the known ones."""
    words = sorted(known)
    folded = {each.lower(): each for each in words}
    close = difflib.get_close_matches(word.lower(), folded, n=1, cutoff=0.5)
    if close:
        return f"did you mean {folded[close[0]]!r}?"
    return f"known: {', '.join(words)}" if words else ""
