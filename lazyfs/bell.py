"""Who is to hear when something about a file changes, so that nobody has to ask again and again."""

from __future__ import annotations

from typing import Any, ClassVar

from lazyfs.plain import Plain

_put = object.__setattr__  # of what is no field
_NOBODY: dict[int, tuple[dict[int, Any], Any]] = {}  # before the first watcher comes


class Bell(Plain):
    """Rung when what poll(2) says of it may have changed. Who watches is not state: a restored machine asks."""

    watchers: ClassVar[dict[int, tuple[dict[int, Any], Any]]] = _NOBODY

    def tell(self, key: int, due: dict[int, Any], what: Any) -> None:
        """When it is rung next, put `what` into `due` under `key`, once."""
        watchers = self.watchers
        if watchers is _NOBODY:
            watchers = {}
            _put(self, "watchers", watchers)
        watchers[key] = due, what

    def forget(self, key: int) -> None:
        """Take back `tell`."""
        if self.watchers is not _NOBODY:
            self.watchers.pop(key, None)

    def ring(self) -> None:
        """Something changed."""
        watchers = self.watchers
        if watchers:
            for key, (due, what) in watchers.items():
                due[key] = what
            watchers.clear()
