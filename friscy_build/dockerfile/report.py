"""What a build says while it goes on: a line for each step, and what its RUNs print, with the time."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from time import monotonic

TAIL_LINES = 20
_LINE_MAX = 2000


class Report:
    """Where a build tells what it does; this one tells nobody. Steps may come from several threads."""

    def step(self, where: str, text: str) -> Step:
        """An instruction begins: `where` is such as "build 3/7", `text` the instruction."""
        return Step(lambda line: None, where, text)


class LineReport(Report):
    """A line for each step and for each line of output, handed to `write`."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self.lock = threading.Lock()
        self.write_line = write
        self.last = ""

    def step(self, where: str, text: str) -> Step:
        """See Report."""
        step = Step(lambda line: self.line(where, line), where, text)
        self.line(where, f"[{where}] {text}")
        return step

    def line(self, where: str, text: str) -> None:
        """One line of the step `where`, which is named again where another one spoke last."""
        with self.lock:
            if self.last != where and not text.startswith("["):
                self.write_line(f"[{where}]")
            self.last = where
            self.write_line(text)


class Step:
    """One instruction. Its output comes in pieces; whole lines go on, with the seconds since it began."""

    def __init__(self, tell: Callable[[str], None], where: str, text: str) -> None:
        self.tell, self.where, self.text = tell, where, text
        self.started = monotonic()
        self.pending = b""
        self.tail: deque[str] = deque(maxlen=TAIL_LINES)

    def output(self, data: bytes) -> None:
        """The guest wrote `data`."""
        *lines, self.pending = (self.pending + data).split(b"\n")
        for line in lines:
            self.line(line)
        if len(self.pending) > _LINE_MAX:
            self.flush()

    def line(self, raw: bytes) -> None:
        # A carriage return begins the line again, as progress bars do: what it came to is what counts.
        text = raw.rstrip(b"\r").rpartition(b"\r")[2].decode("utf-8", "replace")
        self.tail.append(text)
        self.tell(f"{self.seconds:8.3f} {_printable(text)}")

    def flush(self) -> None:
        """The last line has no end."""
        if self.pending:
            self.line(self.pending)
            self.pending = b""

    @property
    def seconds(self) -> float:
        """Since the step began."""
        return monotonic() - self.started

    def done(self, how: str = "") -> None:
        """The step is done; `how` it was, if that is worth a line."""
        self.flush()
        if how:
            self.tell(f"         {how}")


def _printable(text: str) -> str:
    """Without what would move a terminal's cursor."""
    return "".join(c if c.isprintable() or c == "\t" else "\N{REPLACEMENT CHARACTER}" for c in _plain(text))


def _plain(text: str) -> str:
    import re

    return re.sub(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07]*\x07|\x1b[()][A-Z0-9]", "", text)
