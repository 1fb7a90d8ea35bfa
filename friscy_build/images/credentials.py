"""What logs in to a registry: docker's config.json and the credential helpers it names.

https://docs.docker.com/reference/cli/docker/login/#credential-helpers has both.
"""

from __future__ import annotations

import binascii
import json
import os
import re
import subprocess
from base64 import b64decode
from pathlib import Path
from typing import Any, NamedTuple

from friscy_build.images.image import ImageError
from friscy_build.images.reference import credential_keys
from lazyfs.errors import FormatError

_HELPER_SECONDS = 60  # a helper may ask the user to unlock a keyring
_IDENTITY_USER = "<token>"  # what a helper gives as the name where the secret is an identity token


class Login(NamedTuple):
    """A user's name and password, or an `identity` token that stands for both."""

    username: str
    password: str
    identity: str = ""


class Credentials:
    """The logins that docker knows; each registry is looked up once."""

    def __init__(self, path: Path | None = None) -> None:
        """path: a config.json; $DOCKER_CONFIG/config.json or ~/.docker/config.json by default. It need not exist."""
        home = os.environ.get("DOCKER_CONFIG")
        self._path = path or (Path(home) if home else Path.home() / ".docker") / "config.json"
        self._config: dict[str, Any] | None = None
        self._found: dict[str, Login | None] = {}

    def login(self, registry: str) -> Login | None:
        """What logs in to `registry` (a host), None for nobody. ImageError: a helper fails."""
        if registry not in self._found:
            self._found[registry] = self._find(registry)
        return self._found[registry]

    def _find(self, registry: str) -> Login | None:
        if self._config is None:
            self._config = self._read()
        keys = credential_keys(registry)
        helpers = self._table("credHelpers")
        for key in keys:
            if key in helpers:
                return self._ask(helpers[key], key)
        if store := self._config.get("credsStore"):
            # docker keeps each login under the one key it was made with
            for key in keys:
                if login := self._ask(store, key):
                    return login
        entries = self._table("auths")
        return next((self._decode(key, entries[key]) for key in keys if key in entries), None)

    def _read(self) -> dict[str, Any]:
        try:
            config = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise ImageError(f"{self._path}: {error.strerror}") from None
        except (ValueError, RecursionError) as error:
            raise FormatError(self._path, None, "JSON", error) from None
        if not isinstance(config, dict):
            raise FormatError(self._path, None, "an object", type(config).__name__)
        return config

    def _table(self, name: str) -> dict[str, Any]:
        table = (self._config or {}).get(name) or {}
        if not isinstance(table, dict):
            raise FormatError(self._path, None, f"an object for {name}", type(table).__name__)
        return table

    def _decode(self, key: str, entry: Any) -> Login | None:
        if not isinstance(entry, dict):
            raise FormatError(self._path, None, f"an object for auths.{key}", type(entry).__name__)
        if identity := entry.get("identitytoken"):
            return Login("", "", str(identity))
        if entry.get("username") and "password" in entry:
            return Login(str(entry["username"]), str(entry["password"]))
        if not entry.get("auth"):
            return None
        try:
            name, colon, password = b64decode(str(entry["auth"]), validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            colon = ""
        if not colon:  # the value is a secret: it is not shown
            raise FormatError(
                self._path, None, f"base64 of NAME:PASSWORD in auths.{key}.auth", "something else"
            )
        return Login(name, password.rstrip("\0"))

    def _ask(self, helper: Any, key: str) -> Login | None:
        if not isinstance(helper, str) or not re.fullmatch(r"[A-Za-z0-9_.+-]+", helper):
            raise FormatError(self._path, None, "the name of a credential helper", repr(helper)[:60])
        program = f"docker-credential-{helper}"
        try:
            done = subprocess.run(
                [program, "get"],
                input=key,
                capture_output=True,
                text=True,
                timeout=_HELPER_SECONDS,
                check=False,
            )
        except FileNotFoundError:
            hint = f"install {program}, or take {helper!r} out of {self._path}"
            raise ImageError(
                f"{program} is not on this machine, and {self._path} asks for it", hint=hint
            ) from None
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ImageError(f"{program}: {error}") from None
        if done.returncode != 0:
            said = (done.stdout.strip() or done.stderr.strip())[:300]
            if "not found" in said:
                return None
            raise ImageError(
                f"{program} gives no login for {key}: {said or f'exit status {done.returncode}'}"
            )
        try:
            answer = json.loads(done.stdout)
            name, secret = answer["Username"], answer["Secret"]
        except (ValueError, KeyError, TypeError):
            raise ImageError(f"{program} answered with something else than a login for {key}") from None
        return Login("", "", str(secret)) if name == _IDENTITY_USER else Login(str(name), str(secret))
