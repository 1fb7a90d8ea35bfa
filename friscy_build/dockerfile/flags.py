"""The `--flag` options of an instruction."""

from __future__ import annotations

import csv
from collections.abc import Callable

from friscy_build.config.errors import nearest

Fail = Callable[[str, str], Exception]
"""(message, hint) -> the error to raise."""

REPEATABLE = ("exclude", "mount", "device")


class Flags:
    """The flags of one instruction; each is asked for by name, `finish` refuses what nobody asked for."""

    def __init__(self, words: list[str], fail: Fail) -> None:
        self.given: dict[str, list[str | None]] = {}
        self.known: list[str] = []
        self.fail = fail
        for word in words:
            name, equals, value = word[2:].partition("=")
            values = self.given.setdefault(name, [])
            if values and name not in REPEATABLE:
                raise fail(f"--{name} is given twice", "")
            values.append(value if equals else None)

    def text(self, name: str) -> str | None:
        """The value of --name, None where it is not given."""
        values = self.texts(name)
        return values[0] if values else None

    def texts(self, name: str) -> tuple[str, ...]:
        """All values of a flag that may be repeated."""
        self.known.append(name)
        values = []
        for value in self.given.get(name, []):
            if value is None:
                raise self.fail(f"--{name} needs a value", f"write --{name}=VALUE")
            values.append(value)
        return tuple(values)

    def boolean(self, name: str) -> bool | None:
        """--name or --name=true, --name=false; None where it is not given."""
        self.known.append(name)
        values = self.given.get(name)
        if not values:
            return None
        value = "true" if values[0] is None else values[0].lower()
        if value not in ("true", "false"):
            raise self.fail(f"--{name} is true or false, not {values[0]!r}", "")
        return value == "true"

    def finish(self) -> None:
        """Refuse the flags that were not asked for."""
        for name in self.given:
            if name not in self.known:
                hint = nearest(name, self.known) if self.known else "this instruction takes no flags"
                raise self.fail(f"unknown flag --{name}", hint)


MOUNT_TYPES = ("bind", "cache", "secret", "ssh", "tmpfs")


def parse_mount(value: str, fail: Fail) -> dict[str, str]:
    """`type=cache,target=/x,readonly` as a dict; a key without a value is `true`."""
    try:
        (fields,) = csv.reader([value], strict=True)
    except (csv.Error, ValueError):
        raise fail(f"--mount={value} is no list of key=value", "") from None
    options: dict[str, str] = {}
    for each in fields:
        name, equals, text = each.partition("=")
        options[name.strip().lower()] = text if equals else "true"
    kind = options.setdefault("type", "bind")
    if kind not in MOUNT_TYPES and "$" not in kind:
        raise fail(f"unknown mount type {kind!r}", nearest(kind, MOUNT_TYPES))
    return options
