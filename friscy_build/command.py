"""`friscy build`: doit over a friscy.toml, with or without a dodo.py."""

from __future__ import annotations

import os
from collections.abc import Sequence

from doit.cmd_base import ModuleTaskLoader
from doit.doit_cmd import DoitMain

from friscy_build.config import load_config, nearest
from friscy_build.steps import LOCK
from friscy_build.tasks import Tasks
from lazyfs.errors import UsageError


def build(
    project: str | os.PathLike[str],
    names: Sequence[str] = (),
    *,
    update: bool = False,
    no_cache: bool = False,
) -> int:
    """Build the bundles `names` of `project` (default: all); doit's exit status.

    update: ask registries and Debian anew for what friscy.lock pins of these bundles.
    no_cache: build their images anew, and do every RUN in them again.

    doit's state is where `doit` run beside `project` has it, so that the two know of each other's work.
    """
    config = load_config(project)
    for name in names:
        if name not in config.bundles:
            raise UsageError(f"{config.path}: no bundle {name!r}", hint=nearest(name, list(config.bundles)))
    os.chdir(config.root)
    tasks = Tasks(config, use_layers=not no_cache)
    if update:
        _update(tasks, names)
    loader = ModuleTaskLoader(tasks.generators())
    status: int = DoitMain(loader).run(
        ["run", *(f"bundle:{name}" for name in names)] if names else ["run", "bundle"]
    )
    return status


def _update(tasks: Tasks, names: Sequence[str]) -> None:
    """Write friscy.lock anew; what other bundles than `names` have pinned stays."""
    from friscy_build.cache import locked
    from friscy_build.console import showing
    from friscy_build.images.lock import Lock

    path = tasks.config.root / LOCK
    with showing("update") as progress, locked(tasks.work):
        lock = Lock.read(path) if names else Lock()
        for each in tasks.builds:
            if not names or each.name in names:
                each.pin(lock, progress, refresh=True)
        if not lock.is_empty or path.exists():
            lock.write(path)
