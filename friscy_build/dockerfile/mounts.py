"""The `--mount` options of a RUN: what each kind takes, and what it means."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from friscy_build.config.errors import nearest

_TARGET = {"target": "target", "dst": "target", "destination": "target"}
_SOURCE = {"source": "source", "src": "source"}
_WRITE = {"ro": "readonly", "readonly": "readonly", "rw": "readwrite", "readwrite": "readwrite"}
_OWNER = {"mode": "mode", "uid": "uid", "gid": "gid"}
# The options of each type, by the names they may be given.
_OPTIONS: dict[str, dict[str, str]] = {
    "bind": {**_TARGET, **_SOURCE, **_WRITE, "from": "from"},
    "cache": {**_TARGET, **_SOURCE, **_WRITE, **_OWNER, "from": "from", "id": "id", "sharing": "sharing"},
    "tmpfs": {**_TARGET, "size": "size"},
    "secret": {**_TARGET, **_OWNER, "id": "id", "src": "id", "source": "id", "required": "required", "env": "env"},
    "ssh": {**_TARGET, **_OWNER, "id": "id", "required": "required"},
}  # fmt: skip
_BOOLEANS = {"true": True, "1": True, "t": True, "false": False, "0": False, "f": False, "": True}
_SHARING = ("shared", "private", "locked")
_SIZE = re.compile(r"(\d{1,15})([kmgt]?)i?b?", re.IGNORECASE)
_UNITS = {"": 0, "k": 10, "m": 20, "g": 30, "t": 40}


class MountError(ValueError):
    """An option of a --mount makes no sense; `hint` is the next step."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True)
class Mount:
    """One --mount, its values expanded.

    target: absolute, "" for a secret that is only a variable; origin: --mount's `from`, None: the build context;
    size: of a tmpfs in bytes; env: the variable that a secret goes to.
    """

    kind: str
    target: str
    source: str = ""
    origin: str | None = None
    id: str = ""
    readonly: bool = False
    sharing: str = "shared"
    mode: int = 0o755
    uid: int = 0
    gid: int = 0
    required: bool = False
    env: str = ""
    size: int | None = None


def expand_mount(
    options: Mapping[str, str], word: Callable[[str], str], workdir: str, agents: int = 0
) -> Mount:
    """The Mount that the parsed `options` of one --mount say. agents: ssh mounts before it. MountError."""
    kind = word(options["type"]).lower()
    known = _OPTIONS.get(kind)
    if known is None:
        raise MountError(f"unknown mount type {kind!r}", nearest(kind, _OPTIONS))
    given: dict[str, str] = {}
    for name, text in options.items():
        if name == "type":
            continue
        if name not in known:
            raise MountError(f"a {kind} mount has no option {name!r}", nearest(name, known))
        given[known[name]] = text if known[name] == "from" else word(text)
    target = given.get("target", "")
    if "size" in given and not target:
        raise MountError("a tmpfs mount needs target=PATH")
    env = given.get("env", "") if kind == "secret" else ""
    identity = given.get("id", "")
    if kind == "secret":
        identity = identity or posixpath.basename(target) or env
        if not identity:
            raise MountError("a secret mount needs id=NAME")
        target = target or ("" if env else f"/run/secrets/{identity}")
    elif kind == "ssh":
        identity, target = identity or "default", target or f"/run/buildkit/ssh_agent.{agents}"
    elif not target:
        raise MountError(f"a {kind} mount needs target=PATH")
    if target:
        target = posixpath.normpath(posixpath.join(workdir, target)).replace("//", "/")
        if target == "/":
            raise MountError(f"a {kind} mount cannot take the place of /")
    sharing = given.get("sharing", "shared").lower()
    if sharing not in _SHARING:
        raise MountError(f"sharing={sharing} is unknown", nearest(sharing, _SHARING))
    writable = _boolean(given, "readwrite")
    readonly = _boolean(given, "readonly")
    if writable is None:
        writable = kind != "bind" if readonly is None else not readonly
    default_mode = 0o400 if kind == "secret" else 0o600 if kind == "ssh" else 0o755
    return Mount(
        kind, target, given.get("source", ""), given.get("from"), identity or target, not writable, sharing,
        _number(given, "mode", default_mode, 8), _number(given, "uid", 0), _number(given, "gid", 0),
        bool(_boolean(given, "required")), env, _size(given.get("size")),
    )  # fmt: skip


def _boolean(given: Mapping[str, str], name: str) -> bool | None:
    if name not in given:
        return None
    value = _BOOLEANS.get(given[name].lower())
    if value is None:
        raise MountError(f"{name}={given[name]} is neither true nor false")
    return value


def _number(given: Mapping[str, str], name: str, default: int, base: int = 10) -> int:
    text = given.get(name)
    if text is None:
        return default
    try:
        value = int(text, base)
    except ValueError:
        value = -1
    if not 0 <= value <= (0o7777 if name == "mode" else (1 << 32) - 2):
        raise MountError(f"{name}={text} is no {'octal mode' if name == 'mode' else 'number of an account'}")
    return value


def _size(text: str | None) -> int | None:
    if text is None:
        return None
    match = _SIZE.fullmatch(text)
    if match is None:
        raise MountError(f"size={text} is no size", "write a number of bytes, or such as 64m")
    return int(match[1]) << _UNITS[match[2].lower()]
