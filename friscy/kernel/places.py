"""Where ELF images go in the code window: translated code is made for one place of each file."""

from __future__ import annotations

from collections.abc import Iterable

Range = tuple[int, int]


class Places:
    """The files that have a place of their own, and the ranges that others leave free while they can."""

    __slots__ = ("_fixed", "_reserved")

    def __init__(self, fixed: Iterable[tuple[bytes, int, int]] = ()) -> None:
        """fixed: (content key, low, high) of each file. Ranges may overlap: such files are not used together."""
        self._fixed = {identity: (low, high) for identity, low, high in fixed}
        self._reserved = _merged(self._fixed.values())

    def choose(
        self, identity: bytes | None, length: int, start: int, end: int, used: list[Range]
    ) -> int | None:
        """An address for `length` bytes in [start, end) where nothing is `used` (sorted); None: there is no room."""
        if identity in self._fixed:
            low, high = self._fixed[identity]
            if low + length <= min(high, end) and not any(a < low + length and low < b for a, b in used):
                return low
        for taken in (_merged([*used, *self._reserved]), used) if self._reserved else (used,):
            position = start
            for low, high in taken:
                if low >= position + length or low >= end:
                    break
                position = max(position, high)
            if position + length <= end:
                return position
        return None


def _merged(ranges: Iterable[Range]) -> list[Range]:
    merged: list[Range] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(merged[-1][1], high)
        else:
            merged.append((low, high))
    return merged
