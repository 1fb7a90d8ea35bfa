"""How long work says where it is: a callback the caller turns into a bar, a log line or nothing."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told about work as it goes on. Called often: it must be cheap."""

    def __call__(self, what: str, done: int, total: int) -> None:
        """`done` of `total` (bytes or items, 0 where unknown) of the step `what` are finished."""


def silent(what: str, done: int, total: int) -> None:
    """Shows nothing."""
