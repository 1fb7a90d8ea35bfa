"""A Dockerfile's text to its stages."""

from __future__ import annotations

from friscy_build.dockerfile.ast import Dockerfile


def parse(text: str, path: str = "Dockerfile") -> Dockerfile:
    """Parse a whole Dockerfile; `path` names it in errors. Raises DockerfileError."""
    raise NotImplementedError
