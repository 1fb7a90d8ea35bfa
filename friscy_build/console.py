"""Progress of a build on the terminal: bars where stderr is one, silence where it is not."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from friscy_build.images.progress import Progress, silent


@contextmanager
def showing(title: str) -> Iterator[Progress]:
    """A Progress that is shown until the block ends, one bar for each step it is told of."""
    if not sys.stderr.isatty():
        yield silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, TaskID, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description:<40}"), BarColumn(), TimeElapsedColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        known: dict[str, TaskID] = {}

        def tell(what: str, done: int, total: int) -> None:
            if what not in known:
                known[what] = bars.add_task(f"{title} {what}", total=total or None)
            bars.update(known[what], completed=done, total=total or None)

        yield tell
