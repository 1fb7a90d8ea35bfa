"""After a restore: make the machine what this run asked for, so that it stands where a fresh start would stand."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from friscy.boot import (
    Program,
    StartError,
    guest_environment,
    resolve_user,
    root_context,
    working_directory,
)
from friscy.bundle import INTERPRETER
from friscy.kernel.exec import rewrite_arguments
from friscy.kernel.namespace import HostMount
from lazyfs.errors import LinuxError
from snapshot.arguments import repoint
from snapshot.layout import MemoryLayout

if TYPE_CHECKING:
    from friscy.bundle import Bundle
    from friscy.kernel.kernel import Kernel
    from friscy.kernel.terminal.console import Console
    from snapshot.format import SnapshotFile

# A program linked with other values of these is another program than the snapshot's.
_LINKER_VARIABLES = ("LD_", "GLIBC_TUNABLES")


def snapshot_fits(
    file: SnapshotFile, bundle: Bundle, program: Program, console: Console, mounts: Sequence[HostMount]
) -> bool:
    """Whether the machine in `file` can become what a fresh start of `program` would have become."""
    meta = file.meta
    made_with = (meta["index"], meta["interpreter"], meta["memory_limit"])
    if made_with != (bundle.index_digest, bundle.files[INTERPRETER].sha256, bundle.memory):
        return False
    if program.argv[:1] != meta["argv"][:1] or program.user != meta["user"]:
        return False
    if meta["at"] == "entry":
        return _linker_environment(program.env) == _linker_environment(meta["env"])
    return (
        program.argv == meta["argv"]
        and program.env == meta["env"]
        and program.cwd == meta["cwd"]
        and not mounts
        and console.terminal == meta["tty"]
    )


def _linker_environment(env: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in env.items() if name.startswith(_LINKER_VARIABLES)}


def resume(kernel: Kernel, file: SnapshotFile, program: Program) -> None:
    """Give the restored machine this run's console and, at the entry point, its arguments, environment and directory.

    Raises StartError as a fresh start does.
    """
    task = kernel.state.tasks[1]
    kernel.switch_to(task)
    kernel.console.take_over(kernel)
    if file.meta["at"] != "entry":
        return
    process = task.process
    kernel.console.become_controlling(kernel, process)
    process.fs.cwd = working_directory(kernel, program)
    *_, home = resolve_user(kernel.vfs, root_context(kernel), program.user)
    try:
        argv = [*file.meta["prefix"], *map(os.fsencode, program.argv[1:])]
        rewrite_arguments(kernel, task, argv, guest_environment(kernel, program, home))
        repoint(kernel, MemoryLayout(file, process.pid).pointers)
    except LinuxError as error:
        raise StartError(f"cannot start {program.argv[0]!r} in the guest: {error}", 126) from error
