"""Progress of a build on the terminal: bars where stderr is one, and lines that stay."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from friscy_build.images.progress import Progress, silent


class Shown:
    """Where a build says what it does: called as a Progress, or told a `line` that stays."""

    def __init__(self, progress: Progress, line: Callable[[str], None]) -> None:
        self._progress, self.line = progress, line

    def __call__(self, what: str, done: int, total: int) -> None:
        """See Progress."""
        self._progress(what, done, total)


@contextmanager
def showing(title: str) -> Iterator[Shown]:
    """Shows until the block ends: one bar for each step on a terminal, lines anywhere."""
    if not sys.stderr.isatty():
        yield Shown(silent, lambda text: print(text, file=sys.stderr, flush=True))
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

        yield Shown(
            tell, lambda text: bars.console.print(text, markup=False, highlight=False, soft_wrap=True)
        )
