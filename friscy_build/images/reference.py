"""Image references, `[REGISTRY/]REPOSITORY[:TAG][@DIGEST]`, as docker's grammar has them."""

from __future__ import annotations

import re
from typing import NamedTuple

# The registry of a reference that names none. The grammar of references needs it; nothing else is built in.
DEFAULT_INDEX = "docker.io"

_LABEL = r"(?:[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9])"
_HOST = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9A-Fa-f:]+\])(?::[0-9]{{1,5}})?")
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_PART}(?:/{_PART})*")
_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")
_NAME_MAX = 255


class Reference(NamedTuple):
    """A whole reference: `registry` is a host with or without port; a tag or a digest is set, or both."""

    registry: str
    repository: str
    tag: str | None
    digest: str | None

    def __str__(self) -> str:
        text = f"{self.registry}/{self.repository}"
        text += f":{self.tag}" if self.tag else ""
        return text + (f"@{self.digest}" if self.digest else "")

    @property
    def wanted(self) -> str:
        """What the registry is asked for: the digest where there is one, for it says more than the tag."""
        return self.digest or self.tag or ""


def parse_reference(text: str) -> Reference:
    """The reference in `text`, with the registry and the tag that it leaves out. ValueError: it is none."""
    name, at, digest = text.partition("@")
    registry, rest = split_registry(name)
    repository, _, tag = rest.partition(":")
    if not _HOST.fullmatch(registry):
        raise ValueError(f"{text!r}: {registry!r} is not a registry's host")
    if not _REPOSITORY.fullmatch(repository) or len(f"{registry}/{repository}") > _NAME_MAX:
        raise ValueError(
            f"{text!r}: {repository!r} is not a repository's name (lower case, digits, . _ - and /)"
        )
    if ":" in rest and not _TAG.fullmatch(tag):
        raise ValueError(f"{text!r}: {tag!r} is not a tag")
    if at and not _DIGEST.fullmatch(digest):
        raise ValueError(f"{text!r}: {digest!r} is not a digest such as sha256:...")
    return Reference(registry, repository, tag or (None if at else "latest"), digest or None)


def split_registry(name: str) -> tuple[str, str]:
    """(registry, the rest) of a name; the index's one-word repositories are below `library/`."""
    head, slash, rest = name.partition("/")
    if not slash or not ("." in head or ":" in head or head == "localhost"):
        head, rest = DEFAULT_INDEX, name
    if head in (DEFAULT_INDEX, f"index.{DEFAULT_INDEX}"):
        head = DEFAULT_INDEX
        if "/" not in rest:
            rest = f"library/{rest}"
    return head, rest


def normalize_reference(reference: str) -> str:
    """An image reference with the registry, the `library/` and the tag that it leaves out. It may be no valid one."""
    name, at, digest = reference.partition("@")
    head, rest = split_registry(name)
    if not at and ":" not in rest:
        rest += ":latest"
    return f"{head}/{rest}{at}{digest}"


def is_host(text: str) -> bool:
    """Whether `text` can be a registry: a name or address, with or without a port."""
    return _HOST.fullmatch(text) is not None


def api_host(registry: str) -> str:
    """The host that serves the distribution API of a registry: another one for the default index alone."""
    return f"registry-1.{registry}" if registry == DEFAULT_INDEX else registry


def credential_keys(registry: str) -> list[str]:
    """The names under which docker's configuration may keep what logs in to a registry."""
    if registry in (DEFAULT_INDEX, api_host(DEFAULT_INDEX)):
        index = f"index.{DEFAULT_INDEX}"
        return [f"https://{index}/v1/", index, DEFAULT_INDEX]
    return [
        registry,
        *(
            f"{scheme}://{registry}{path}"
            for scheme in ("https", "http")
            for path in ("", "/", "/v1/", "/v2/")
        ),
    ]
