"""friscy.lock: what registries and Debian gave for what friscy.toml asks. The format: docs/formats/lock.md.

lock = Lock.read(Path("friscy.lock"))          # an empty one where there is no file
lock.images["127.0.0.1:5000/app:1"], lock.debian[Request("trixie", ("python3",))], lock.times["app"]
lock.write(Path("friscy.lock"))
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from friscy_build.cache import replacing
from friscy_build.config.errors import ConfigError
from friscy_build.images.apt import Package, archive_name
from friscy_build.images.debian import Request
from friscy_build.images.reference import normalize_reference

VERSION = 2

_HEAD = "# Made by friscy. It pins what registries and Debian gave; `friscy build --update` asks them anew.\n"
_DIGEST = r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}"
_FIELDS = {
    "name": r"[a-z0-9][a-z0-9+.-]+",
    "version": r"[A-Za-z0-9.+:~-]+",  # deb-version(7)
    "architecture": r"[a-z0-9-]+",
    "sha256": r"[0-9a-f]{64}",
}


class Lock:
    """Pinned digests by normalised reference, packages by what was asked of Debian, and the time of each bundle.

    times: by bundle, seconds since 1970: when it was first built from what is pinned.
    """

    def __init__(self) -> None:
        self.images: dict[str, str] = {}
        self.debian: dict[Request, tuple[Package, ...]] = {}
        self.times: dict[str, int] = {}

    @property
    def is_empty(self) -> bool:
        """Whether nothing is pinned."""
        return not (self.images or self.debian or self.times)

    def image(self, reference: str) -> str | None:
        """The digest that `reference` is pinned to."""
        return self.images.get(normalize_reference(reference))

    @classmethod
    def read(cls, path: Path) -> Lock:
        """The lock in a file, an empty one where there is none. ConfigError: it is damaged or of another version."""
        lock = cls()
        try:
            document = tomllib.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            return lock
        except OSError as error:
            raise _error(path, f"cannot be read: {error.strerror or error}") from None
        except (ValueError, RecursionError) as error:
            raise _error(path, f"not valid TOML: {error}") from None
        if document.get("version") != VERSION:
            raise _error(
                path, f"version {document.get('version')!r}, and this friscy reads version {VERSION}"
            )
        try:
            lock._fill(document)
        except (KeyError, TypeError, ValueError) as error:
            told = f"no {error}" if isinstance(error, KeyError) else str(error)
            raise _error(path, told) from None
        return lock

    def _fill(self, document: dict[str, Any]) -> None:
        for name, at in _table(document, "times").items():
            if not isinstance(at, datetime) or at.tzinfo is None or at.microsecond or at.year < 1970:
                raise ValueError(f"times.{name}: expected a date and time in UTC, got {str(at)[:80]!r}")
            self.times[name] = int(at.timestamp())
        for entry in _tables(document, "image"):
            self.images[_text(entry, "reference", r"\S+")] = _text(entry, "digest", _DIGEST)
        for entry in _tables(document, "debian"):
            request = Request(
                _text(entry, "suite", r"\S+"), _texts(entry, "packages"), _texts(entry, "components"),
                _flag(entry, "recommends"), _flag(entry, "essential"),
            )  # fmt: skip
            found = []
            for each in _tables(entry, "locked"):
                name, version, architecture, digest = (
                    _text(each, key, form) for key, form in _FIELDS.items()
                )
                size = each["size"]
                if type(size) is not int or size < 0:
                    raise ValueError(f"size of {name}: expected bytes, got {size!r}")
                file = archive_name(name, version, architecture)
                found.append(Package(name, version, architecture, size, digest, file))
            if not found:
                raise ValueError(f"no locked packages of {request.suite}")
            self.debian[request] = tuple(found)

    def text(self) -> str:
        """The file's text; equal locks have equal texts."""
        return "".join(self._lines())

    def write(self, path: Path) -> None:
        """Write the file, unless it says the same already."""
        text = self.text().encode()
        if not path.exists() or path.read_bytes() != text:
            with replacing(path) as file:
                file.write(text)

    def _lines(self) -> Iterator[str]:
        yield f"{_HEAD}version = {VERSION}\n"
        if self.times:
            yield "\n[times]\n"
        for name, seconds in sorted(self.times.items()):
            yield f"{_quoted(name)} = {datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}\n"
        for reference, digest in sorted(self.images.items()):
            yield f"\n[[image]]\nreference = {_quoted(reference)}\ndigest = {_quoted(digest)}\n"
        for request, packages in sorted(self.debian.items(), key=lambda item: repr(item[0])):
            yield f"\n[[debian]]\nsuite = {_quoted(request.suite)}\n"
            yield f"packages = {_list(request.packages)}\ncomponents = {_list(request.components)}\n"
            yield f"recommends = {json.dumps(request.recommends)}\nessential = {json.dumps(request.essential)}\n"
            yield "locked = [\n"
            for each in packages:
                fields = [f"{key} = {_quoted(str(getattr(each, key)))}" for key in _FIELDS]
                yield f"  {{ {', '.join(fields)}, size = {each.size} }},\n"
            yield "]\n"


def _error(path: Path, message: str) -> ConfigError:
    return ConfigError(path, message, hint="write it anew with: friscy build --update")


def _quoted(text: str) -> str:
    return json.dumps(text)  # every JSON string without surrogates and DEL is a TOML string


def _list(texts: tuple[str, ...]) -> str:
    return f"[{', '.join(map(_quoted, texts))}]"


def _table(value: dict[str, Any], key: str) -> dict[str, Any]:
    table = value.get(key, {})
    if not isinstance(table, dict):
        raise ValueError(f"{key}: expected a table")
    return table


def _tables(value: dict[str, Any], key: str) -> list[dict[str, Any]]:
    items = value.get(key, [])
    if not isinstance(items, list) or not all(isinstance(each, dict) for each in items):
        raise ValueError(f"{key}: expected tables")
    return items


def _text(value: dict[str, Any], key: str, form: str) -> str:
    text = value[key]
    if not isinstance(text, str) or not re.fullmatch(form, text):
        raise ValueError(f"{key}: {str(text)[:80]!r} makes no sense here")
    return text


def _texts(value: dict[str, Any], key: str) -> tuple[str, ...]:
    texts = value[key]
    if not isinstance(texts, list) or not all(isinstance(each, str) for each in texts):
        raise ValueError(f"{key}: expected a list of strings")
    return tuple(texts)


def _flag(value: dict[str, Any], key: str) -> bool:
    flag = value[key]
    if not isinstance(flag, bool):
        raise ValueError(f"{key}: expected true or false")
    return flag
