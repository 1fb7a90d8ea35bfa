"""What a bundle's programs run: recorded at build time, to know which code is worth translating.

The bundle's own program is run as it is (to its snapshot point, and on from there with an empty standard input), then
each warm-up command of friscy.toml. Noted are, by file, the instructions that the interpreter met, and those at which
code went on after the machine had stopped: after a call that waited, at the end of a time slice.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgpack

from friscy.boot import Machine, Program
from friscy.bundle import open_bundle
from friscy.kernel.kernel import Kernel
from friscy.kernel.terminal.console import Console
from friscy.machine.aot import Notes, Recorder
from friscy.machine.layout import GUEST_START, WINDOW_END
from friscy.machine.space import Space
from friscy.run import Request, program_of
from friscy_build.cache import replacing
from friscy_build.epoch import make_repeatable
from lazyfs.errors import FriscyError

SECONDS = 60.0  # of one command

Offsets = set[int]


class Touched:
    """What ran of one file: offsets in it. ino: its number in the index. calls: where indirect calls went last.

    precise: whether a program that it ran in went on behind a fault, with the registers that its handler saw.
    """

    __slots__ = ("calls", "executed", "ino", "precise", "resumed")

    def __init__(
        self,
        ino: int,
        executed: Iterable[int] = (),
        resumed: Iterable[int] = (),
        calls: Mapping[int, Iterable[int]] | None = None,
        precise: bool = False,
    ) -> None:
        self.ino, self.executed, self.resumed = ino, set(executed), set(resumed)
        self.calls = {at: set(targets) for at, targets in (calls or {}).items()}
        self.precise = precise

    def add(self, other: Touched) -> None:
        """Take what else ran of it, or of another file of the same content."""
        self.executed |= other.executed
        self.resumed |= other.resumed
        self.precise |= other.precise
        for at, targets in other.calls.items():
            self.calls.setdefault(at, set()).update(targets)


class Recording:
    """What ran, by file, in the order in which they were first mapped."""

    def __init__(self, files: Iterable[Touched] = ()) -> None:
        self.files = {file.ino: file for file in files}

    def write(self, path: Path) -> None:
        rows = [
            [
                file.ino, sorted(file.executed), sorted(file.resumed),
                {at: sorted(targets) for at, targets in sorted(file.calls.items())}, file.precise,
            ]
            for file in self.files.values()
        ]  # fmt: skip
        with replacing(path) as file:
            file.write(msgpack.packb(rows))

    @classmethod
    def read(cls, path: Path) -> Recording:
        return cls(Touched(*row) for row in msgpack.unpackb(path.read_bytes(), strict_map_key=False))

    def add(self, notes: Notes) -> None:
        """Take over what a Recorder has noted."""
        for kind in ("executed", "resumed"):
            for (identity, start, offset), pcs in getattr(notes, kind).items():
                getattr(self._file(identity), kind).update(pc - start + offset for pc in pcs)
        for (identity, start, offset), calls in notes.calls.items():
            move = offset - start
            moved = {pc + move: {target + move for target in targets} for pc, targets in calls.items()}
            self._file(identity).add(Touched(0, calls=moved))
        for identity, _, _ in notes.precise:
            self._file(identity).precise = True

    def _file(self, identity: bytes) -> Touched:
        ino = int.from_bytes(identity[-4:], "little")
        return self.files.setdefault(ino, Touched(ino))


def record(
    directory: Path, at: str, commands: Sequence[Sequence[str]], epoch_ns: int | None = None
) -> Recording:
    """Run the bundle in `directory`, which has no snapshot, and the warm-up `commands`.

    at: its snapshot point; epoch_ns: the build's time. Two recordings of a bundle are equal, unless its program runs
    for longer than it may.
    FriscyError: a warm-up command cannot be started. A bundle's own program that cannot is the snapshot's affair.
    """
    bundle = open_bundle(directory)
    recording = Recording()
    machine = Machine(bundle, log=lambda message: None, translated=False)
    try:
        program = program_of(bundle, Request(directory))
        if program.argv:
            make_repeatable(machine, epoch_ns)
            _run(machine, program, recording, at)
    except FriscyError:
        pass
    for argv in commands:
        program = program_of(bundle, Request(directory, entrypoint=argv[0], args=list(argv[1:])))
        make_repeatable(machine, epoch_ns)
        _run(machine, program, recording, "none")
    machine.index.close()
    machine.chunks.close()
    return recording


def _run(machine: Machine, program: Program, recording: Recording, at: str) -> None:
    notes = Notes()
    recorders: list[Recorder] = []

    def watch(space: Space) -> Recorder:
        recorders.append(Recorder(space, notes))
        return recorders[-1]

    machine.watch = watch
    nothing = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    console = Console((nothing, nothing, nothing), terminal=False)
    if at == "stdin":
        console = Console.detached(terminal=True)
    kernel = machine.kernel(console)
    if at == "stdin":
        console.on_input_wanted = kernel.stop
    kernel.idle = kernel.stop  # a wait is for a client or a clock: nothing more will come
    timer = threading.Timer(SECONDS, kernel.stop)
    try:
        machine.start(kernel, program)
        timer.start()
        kernel.run()
    finally:
        timer.cancel()
        os.close(nothing)
        for recorder in recorders:
            recorder.forget(GUEST_START, WINDOW_END)
        _close(kernel)
        recording.add(notes)


def _close(kernel: Kernel) -> None:
    """Let go of the memories at once: they are parts of cycles."""
    kernel.spaces.clear()
    kernel.maps.clear()
    kernel.idle_spaces.clear()
    kernel.retired_spaces.clear()
