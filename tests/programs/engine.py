"""The engine that runs the programs of these tests, by $FRISCY_TEST_ENGINE.

interpreter            what is taken where nothing is said
record:DIRECTORY       the interpreter, which notes in DIRECTORY what runs
translated:DIRECTORY   translated code of what was noted there, the interpreter for the rest

`finish` writes what a process has learnt: the notes, or how much translated code ran (`linked`). Tests that want
`friscy run` itself, a process of its own, start `command`.
"""

from __future__ import annotations

import json
import os
import sys
from functools import cache
from pathlib import Path

from rootfs import Rootfs

from friscy.boot import Machine
from friscy.bundle import CHUNKS, INDEX, INTERPRETER, open_bundle
from friscy.machine.aot import Code, Notes, Recorder
from friscy.machine.layout import GUEST_START, WINDOW_END
from friscy.machine.space import Space
from friscy_build.bundle import write_bundle
from friscy_build.translation.placing import Files, place
from friscy_build.translation.recording import Recording, Touched
from friscy_build.translation.translate import Translator
from friscy_build.translation.writing import parts_of, write_code

KIND, _, _directory = os.environ.get("FRISCY_TEST_ENGINE", "interpreter").partition(":")
DIRECTORY = Path(_directory)

_recordings: dict[str, Recording] = {}
_runs: list[_Noted] = []
_linked: dict[str, int] = {"modules": 0, "runs": 0}


class _Noted:
    """The spaces of one run of a program, and what a recorder notes of them."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.notes = Notes()
        self.spaces: list[Space] = []

    def record(self, space: Space) -> Recorder:
        """A recorder for a new space."""
        self.spaces.append(space)
        return Recorder(space, self.notes)


def open_machine(rootfs: Rootfs) -> Machine:
    """The engine and the files of a root filesystem."""
    return Machine(open_bundle(_bundle(rootfs)))


def command(rootfs: Rootfs, program: str, *args: str) -> list[str]:
    """`friscy run` of a program of a root filesystem, by this engine."""
    if KIND == "interpreter":
        words = [sys.executable, "-m", "friscy.cli.main", "run", str(rootfs.bundle)]
        return [*words, "--entrypoint", program, "--", *args]
    script = str(Path(__file__).with_name("noted_run.py"))
    return [sys.executable, script, str(_bundle(rootfs)), rootfs.bundle.parent.name, program, *args]


def starting(machine: Machine, rootfs: Rootfs) -> None:
    """A program is about to run on `machine`."""
    watch(machine, rootfs.bundle.parent.name)


def watch(machine: Machine, name: str) -> None:
    """Note what programs do on `machine`, of the root filesystem `name`."""
    if KIND == "interpreter":
        return
    noted = _Noted(name)
    _runs.append(noted)
    if KIND == "record":
        machine.watch = noted.record
        return
    assert machine.code is not None
    watcher = machine.code.watcher

    def translated(space: Space) -> Code:
        noted.spaces.append(space)
        return watcher(space)

    machine.watch = translated


def ended() -> None:
    """The program of the last `starting` has ended; its memories are still there."""
    if KIND == "interpreter":
        return
    noted = _runs.pop()
    if KIND == "record":
        for space in noted.spaces:
            assert isinstance(space.code, Recorder)
            space.code.forget(GUEST_START, WINDOW_END)
        recording = _recordings.setdefault(noted.name, Recording())
        recording.add(noted.notes)
    else:
        modules = [space.code.linked for space in noted.spaces if isinstance(space.code, Code)]
        _linked["runs"] += 1
        _linked["modules"] += len(set().union(*modules))


def finish() -> None:
    """The programs of this process are over."""
    for name, recording in _recordings.items():
        recording.write(DIRECTORY / f"{name}.{os.getpid()}.recording")
    if KIND == "translated":
        (DIRECTORY / f"linked.{os.getpid()}.json").write_text(json.dumps(_linked))


def linked(directory: Path) -> int:
    """How many modules of translated code the runs noted in `directory` have used, a module once for each run."""
    return sum(json.loads(path.read_text())["modules"] for path in directory.glob("linked.*.json"))


def _recorded(name: str) -> Recording:
    """What all processes noted of the root filesystem `name`."""
    merged = Recording()
    for path in sorted(DIRECTORY.glob(f"{name}.*.recording")):
        for ino, file in Recording.read(path).files.items():
            merged.files.setdefault(ino, Touched(ino)).add(file)
    return merged


@cache
def _bundle(rootfs: Rootfs) -> Path:
    """The bundle of the root filesystem, with the translated code of what was noted where this is wanted."""
    if KIND != "translated":
        return rootfs.bundle
    name = rootfs.bundle.parent.name
    bundle = DIRECTORY / f"{name}.bundle"
    recording = _recorded(name)
    opened = open_bundle(rootfs.bundle)
    files = Files.of(opened)
    places = place(files, recording, everything=False)
    translations = list(Translator(files, scope="touched").translate(places, recording, lambda *_: None))
    files.close()
    code = DIRECTORY / f"{name}.code"
    write_code(code, translations)
    manifest = json.loads((rootfs.bundle / "manifest.json").read_text())
    del manifest["files"]
    parts = {part: rootfs.bundle / part for part in (INDEX, CHUNKS, INTERPRETER)}
    write_bundle(bundle, manifest, parts | parts_of(code))
    Machine(open_bundle(bundle)).compile_code()
    return bundle
