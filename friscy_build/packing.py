"""`friscy pack`: one image to one bundle, without a project."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

from friscy_build.command import run_tasks
from friscy_build.config.load import REGISTRY_PREFIX, parse_config
from friscy_build.starting import bundle_name
from friscy_build.tasks import Tasks
from lazyfs.errors import UsageError

_WITHOUT_COMMAND = "tar:"
_TRANSPORTS = (_WITHOUT_COMMAND, "oci:", "docker-archive:")


def pack(
    image: str,
    output: Path,
    *,
    scope: str = "touched",
    warm_up: Sequence[Sequence[str]] = (),
    faults: str = "auto",
    entrypoint: str | None = None,
    cmd: Sequence[str] = (),
    snapshot: str | None = None,
) -> int:
    """Write the bundle of `image` to `output`; doit's exit status.

    image: as `[bundle.NAME] image` takes it, paths relative to the current directory; a plain name is one of Docker's.
    entrypoint, cmd: in place of the image's. snapshot: None is `entry` where the image can have a command.
    UsageError: `output` is something else than a bundle.
    """
    name = bundle_name(output)
    if snapshot is None:
        snapshot = "entry" if entrypoint or cmd or not image.startswith(_WITHOUT_COMMAND) else "none"
    run = {"entrypoint": [entrypoint] if entrypoint else None, "cmd": list(cmd) or None}
    toml = "\n".join([
        f"[bundle.{json.dumps(name)}]",
        f"image = {json.dumps(_absolute(image))}",
        f"output = {json.dumps(str(output.absolute()))}",
        f"snapshot = {{ at = {json.dumps(snapshot)} }}",
        f"[bundle.{json.dumps(name)}.aot]",
        f"scope = {json.dumps(scope)}",
        f"faults = {json.dumps(faults)}",
        f"warm_up = {json.dumps([list(words) for words in warm_up])}",
        f"[bundle.{json.dumps(name)}.run]",
        *(f"{key} = {json.dumps(words)}" for key, words in run.items() if words),
        "[registry]",
        "pull = true",
    ])  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="friscy-pack-") as work:
        config = parse_config(toml.encode(), Path(work) / "friscy.toml")
        tasks = Tasks(config).generators()
        return run_tasks(tasks, [f"bundle:{name}"], backend="json", dep_file=f"{work}/doit.json")


def _absolute(image: str) -> str:
    for transport in _TRANSPORTS:
        if image.startswith(transport):
            return transport + str(Path(image.removeprefix(transport)).expanduser().absolute())
    if "://" in image and not image.startswith(REGISTRY_PREFIX):
        raise UsageError(
            f"{image}: no transport that friscy knows", hint="tar:, oci:, docker-archive:, docker://"
        )
    return image if image.startswith(REGISTRY_PREFIX) else REGISTRY_PREFIX + image
