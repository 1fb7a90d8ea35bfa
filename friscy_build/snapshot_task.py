"""Make a bundle's snapshot: run its machine to the point where it is saved."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from friscy.boot import Machine
from friscy.bundle import INTERPRETER, SNAPSHOT, open_bundle
from friscy.kernel.kernel import Kernel
from friscy.kernel.places import Places
from friscy.kernel.terminal.console import Console
from friscy.machine.aot import resume_points
from friscy.machine.space import Space
from friscy.run import Request, program_of
from friscy_build.config import SnapshotTable
from friscy_build.epoch import make_repeatable
from lazyfs.errors import FriscyError
from snapshot.capture import capture
from snapshot.secrets import AT_BASE, AT_ENTRY, auxv_value

_WHERE = {"entry": "its entry point", "stdin": "its first read of standard input"}


_WITHOUT = (
    'Say [bundle.NAME.snapshot] at = "none" in friscy.toml (friscy pack: --snapshot none) to build without a snapshot.'
)


class SnapshotPointError(FriscyError):
    """There is no program, or it ended, or went to sleep for good, before it reached its snapshot point."""


def make_snapshot(
    directory: Path,
    settings: SnapshotTable,
    places: Iterable[tuple[bytes, int, int]] = (),
    epoch_ns: int | None = None,
) -> dict[int, set[int]]:
    """Run the bundle in `directory`, which has no snapshot yet, to `settings.at`; write its snapshot file.

    places: (content key, low, high) of files that are to lie at a certain place. epoch_ns: when the machine's clock
    begins, which moves only as it is read or waited for, so that the snapshot is the same in every build; None: the
    host's clock.
    Returns where the machine's code goes on: offsets in files, by inode number in the index.
    Raises SnapshotPointError where the program does not get there.
    """
    bundle = open_bundle(directory)
    program = program_of(bundle, Request(directory))
    if not program.argv:
        raise SnapshotPointError(
            f"bundle {bundle.name}: the image has no command that a snapshot could be taken of",
            hint=f"[bundle.NAME.run] entrypoint (friscy pack: --entrypoint) gives it one.\n  {_WITHOUT}",
        )
    machine = Machine(bundle)
    machine.places = Places(places)
    if epoch_ns is not None:
        make_repeatable(machine, epoch_ns)
    console = Console.detached(terminal=settings.at == "stdin")
    kernel = machine.kernel(console)
    task = machine.start(kernel, program)
    if settings.at == "stdin":
        console.on_input_wanted = kernel.stop
        reached = kernel.run() is None
    else:
        reached = run_to_entry(kernel)
    transcript = console.transcript or []
    if not reached:
        said = b"".join(data for _, data in transcript).decode("utf-8", "replace").strip()
        raise SnapshotPointError(
            f"bundle {bundle.name}: the program ended with status {kernel.state.exit_status} before "
            f"{_WHERE[settings.at]}" + (f", after saying:\n{said}" if said else ""),
            hint=_WITHOUT,
        )
    cmdline = task.process.cmdline
    meta = {
        "at": settings.at,
        "index": bundle.index_digest,
        "interpreter": bundle.files[INTERPRETER].sha256,
        "memory_limit": bundle.memory,
        "argv": program.argv,
        "env": program.env,
        "cwd": program.cwd,
        "user": program.user,
        "tty": console.terminal,
        # what exec put before the arguments: argv[0], or a script's interpreter and the script
        "prefix": cmdline[: len(cmdline) - len(program.argv) + 1],
    }
    capture(kernel, directory / SNAPSHOT, meta, transcript)
    return _resumed(kernel)


def _resumed(kernel: Kernel) -> dict[int, set[int]]:
    """Where the code of each task goes on, as far as it lies in unchanged files."""
    found: dict[int, set[int]] = {}
    for task in kernel.state.tasks.values():
        kernel.switch_to(task)
        space = kernel.spaces[task.process.pid]
        assert isinstance(space, Space)
        for pc in resume_points(space, kernel.hart):
            vma = kernel.mm.find(pc)
            identity = (
                None if vma is None or vma.file is None else kernel.vfs.file_identity(vma.file.location)
            )
            if vma is not None and identity is not None:
                ino = int.from_bytes(identity[-4:], "little")
                found.setdefault(ino, set()).add(pc - vma.start + vma.offset)
    return found


def run_to_entry(kernel: Kernel) -> bool:
    """Run process 1 until its program, linked, is about to execute its first instruction; whether it got there."""
    process = kernel.state.processes[1]
    entry = auxv_value(process.auxv, AT_ENTRY)
    if not auxv_value(process.auxv, AT_BASE):
        return True  # static: it stands there already
    space = kernel.spaces[1]
    assert isinstance(space, Space)

    def stop(hart: object) -> int:
        kernel.stop()
        return entry

    space.set_entry(entry, space.host_entry(stop))
    status = kernel.run()
    space.set_entry(entry, None)
    return status is None
