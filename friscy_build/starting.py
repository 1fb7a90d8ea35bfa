"""A starting friscy.toml and dodo.py for a directory, with or without a Dockerfile in it."""

from __future__ import annotations

import os
import re
from pathlib import Path

from lazyfs.errors import UsageError

DODO = '''\
"""`doit bundle` builds what friscy.toml says; `doit list` shows all tasks."""

from friscy_build.tasks import friscy_tasks

DOIT_CONFIG = {"default_tasks": ["bundle"]}
friscy_tasks(globals())
'''
_WITH_DOCKERFILE = """\
# What friscy builds; all keys are in docs/friscy-toml.md. `friscy build`, then `friscy run build/{name}`.
[bundle.{name}]
dockerfile = "Dockerfile"

[registry]
pull = true                        # FROM takes images from the registries they name
# [images."python:3.13-slim"]      # or from elsewhere: tar, oci, docker-archive, registry or debian
# debian = {{ suite = "trixie", packages = ["python3"] }}
"""
_WITHOUT = """\
# What friscy builds; all keys are in docs/friscy-toml.md. `friscy build`, then `friscy run build/{name}`.
[bundle.{name}]
image = "base"                     # or dockerfile = "Dockerfile"
run.cmd = ["/bin/sh"]

[images.base]                      # tar, oci, docker-archive, registry or debian
debian = {{ suite = "trixie", packages = ["dash"] }}
"""
_NAME_MAX = 40


def write_project(directory: str | os.PathLike[str]) -> list[Path]:
    """Write both files into `directory`, made if need be; their paths. UsageError: one is there already."""
    root = Path(directory)
    root.mkdir(parents=True, exist_ok=True)
    form = _WITH_DOCKERFILE if (root / "Dockerfile").is_file() else _WITHOUT
    texts = {root / "friscy.toml": form.format(name=bundle_name(root)), root / "dodo.py": DODO}
    for path in texts:
        if os.path.lexists(path):
            raise UsageError(f"{path}: is there already", hint="friscy init overwrites nothing")
    for path, text in texts.items():
        with open(path, "x", encoding="utf-8") as file:
            file.write(text)
    return list(texts)


def bundle_name(directory: Path) -> str:
    """The directory's name as a bundle may have it."""
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", directory.resolve().name).strip("-.")[:_NAME_MAX]
    return re.sub(r"[.]", "-", name) or "app"
