"""Plain text for people: sizes, bars, columns, and names that cannot harm a terminal."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Sequence

_UNITS = ("KiB", "MiB", "GiB", "TiB")
_EIGHTHS = ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")
_UNLIMITED = 1 << 20


def human(nbytes: int) -> str:
    """A size with three digits or so: 17 B, 4.00 KiB, 31.4 MiB."""
    if nbytes < 1024:
        return f"{nbytes} B"
    value, unit = float(nbytes), "B"
    for unit in _UNITS:  # noqa: B007 - the last one is used below
        value /= 1024
        if value < 999.5:
            break
    digits = 2 if value < 9.995 else 1 if value < 99.95 else 0
    return f"{value:.{digits}f} {unit}"


def count(number: int, noun: str, plural: str = "") -> str:
    """`1 file`, `1,204 files`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def bar(part: float, whole: float, width: int) -> str:
    """A bar of up to `width` cells, to an eighth of one where stdout can write it."""
    eighths = round(8 * width * part / whole) if whole else 0
    if not _unicode():
        return "#" * round(eighths / 8)
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8]


def _unicode() -> bool:
    return "utf" in (getattr(sys.stdout, "encoding", None) or "").lower()


def width() -> int:
    """How wide lines may be: the terminal's columns; where stdout is none, nothing is cut."""
    return max(40, shutil.get_terminal_size((100, 24)).columns) if sys.stdout.isatty() else _UNLIMITED


def heading(text: str) -> str:
    """A heading: bold on a terminal that has not asked for plain text."""
    plain = not sys.stdout.isatty() or "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb"
    return text if plain else f"\x1b[1m{text}\x1b[0m"


def safe(name: bytes | str) -> str:
    """A name of the guest's for a terminal: what is not printable UTF-8 is shown as `\\x1b`."""
    text = os.fsdecode(name) if isinstance(name, bytes) else name
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else _escaped(each) for each in text)


def _escaped(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is not UTF-8, as os.fsdecode keeps it
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def words(argv: Iterable[str]) -> str:
    """A command line as a shell would read it."""
    import shlex

    return safe(shlex.join(argv))


def clip(text: str, columns: int) -> str:
    """`text`, with its middle left out where it is longer than `columns`."""
    if len(text) <= columns:
        return text
    keep = max(columns - 1, 2)
    dots = "…" if _unicode() else "~"
    return text[: keep // 2] + dots + text[-(keep - keep // 2) :]


def columns(rows: Sequence[Sequence[str]], align: str, gap: str = "  ") -> list[str]:
    """Lines of aligned columns. align: `<` or `>` for each; the last column may be missing or ragged."""
    widths = [max((len(row[i]) for row in rows if i < len(row)), default=0) for i in range(len(align))]
    lines = []
    for row in rows:
        cells = [f"{cell:{side}{wide}}" for cell, side, wide in zip(row, align, widths, strict=False)]
        lines.append(gap.join(cells).rstrip())
    return lines
