"""`friscy build`: doit over a friscy.toml, with or without a dodo.py."""

from __future__ import annotations

import os
from collections.abc import Sequence

from doit.cmd_base import ModuleTaskLoader
from doit.doit_cmd import DoitMain

from friscy_build.config import load_config, nearest
from friscy_build.tasks import Tasks
from lazyfs.errors import UsageError


def build(project: str | os.PathLike[str], names: Sequence[str] = ()) -> int:
    """Build the bundles `names` of `project` (default: all); doit's exit status.

    doit's state is where `doit` run beside `project` has it, so that the two know of each other's work.
    """
    config = load_config(project)
    for name in names:
        if name not in config.bundles:
            raise UsageError(f"{config.path}: no bundle {name!r}", hint=nearest(name, list(config.bundles)))
    os.chdir(config.root)
    loader = ModuleTaskLoader(Tasks(config).generators())
    status: int = DoitMain(loader).run(
        ["run", *(f"bundle:{name}" for name in names)] if names else ["run", "bundle"]
    )
    return status
