"""`friscy build`: doit over a friscy.toml, with or without a dodo.py."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence

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
    return run_tasks(tasks.generators(), [f"bundle:{name}" for name in names] or ["bundle"])


def run_tasks(tasks: Mapping[str, object], selected: Sequence[str], **config: object) -> int:
    """Run the tasks `selected` of the namespace `tasks`; doit's exit status.

    config: doit's options, as DOIT_CONFIG has them. doit's own default for its output is what sys.stdout was when it
    was first imported, which a caller in the same process may have closed since.
    """
    namespace = {**tasks, "DOIT_CONFIG": {"outfile": sys.stdout, **config}}
    status: int = DoitMain(ModuleTaskLoader(namespace)).run(["run", *selected])
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
