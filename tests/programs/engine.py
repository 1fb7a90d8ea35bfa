"""The engine that runs the programs of these tests, by $FRISCY_TEST_ENGINE.

interpreter            what is taken where nothing is said
record:DIRECTORY       the interpreter, which notes in DIRECTORY what runs
translated:DIRECTORY   translated code of what was noted there, the interpreter for the rest

`finish` writes what a test process has learnt: the notes, or how much translated code ran (`linked.json`).
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from rootfs import Rootfs

from friscy.boot import Machine
from friscy.bundle import CHUNKS, INDEX, INTERPRETER, open_bundle
from friscy.machine.aot import Code, Recorder
from friscy.machine.layout import GUEST_START, WINDOW_END
from friscy.machine.space import Space
from friscy_build.bundle import write_bundle
from friscy_build.translation.placing import Files, place
from friscy_build.translation.recording import Recording
from friscy_build.translation.translate import Translator
from friscy_build.translation.writing import parts_of, write_code

KIND, _, _directory = os.environ.get("FRISCY_TEST_ENGINE", "interpreter").partition(":")
DIRECTORY = Path(_directory)
LINKED = "linked.json"

_recordings: dict[str, Recording] = {}
_runs: list[_Noted] = []
_linked: dict[str, int] = {"modules": 0, "runs": 0}


class _Noted:
    """The spaces of one run of a program, and what a recorder notes of them."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.executed: dict[Recorder.Mapped, set[int]] = {}
        self.resumed: dict[Recorder.Mapped, set[int]] = {}
        self.spaces: list[Space] = []

    def record(self, space: Space) -> Recorder:
        """A recorder for a new space."""
        self.spaces.append(space)
        return Recorder(space, self.executed, self.resumed)


def open_machine(rootfs: Rootfs) -> Machine:
    """The engine and the files of a root filesystem."""
    if KIND == "translated":
        machine = Machine(open_bundle(_translated(rootfs)))
        machine.compile_code()
        return machine
    return Machine(open_bundle(rootfs.bundle))


def starting(machine: Machine, rootfs: Rootfs) -> None:
    """A program is about to run on `machine`."""
    if KIND == "interpreter":
        return
    noted = _Noted(rootfs.bundle.parent.name)
    _runs.append(noted)
    if KIND == "record":
        machine.watch = noted.record
        return
    assert machine.code is not None
    watcher = machine.code.watcher

    def watch(space: Space) -> Code:
        noted.spaces.append(space)
        return watcher(space)

    machine.watch = watch


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
        recording.add(noted.executed, "executed")
        recording.add(noted.resumed, "resumed")
    else:
        linked = [space.code.linked for space in noted.spaces if isinstance(space.code, Code)]
        _linked["runs"] += 1
        _linked["modules"] += len(set().union(*linked))


def finish() -> None:
    """The tests of this process are over."""
    for name, recording in _recordings.items():
        recording.write(DIRECTORY / f"{name}.recording")
    if KIND == "translated":
        (DIRECTORY / LINKED).write_text(json.dumps(_linked))


def _translated(rootfs: Rootfs) -> Path:
    """A bundle of the root filesystem with the translated code of what was noted."""
    name = rootfs.bundle.parent.name
    bundle = DIRECTORY / f"{name}.bundle"
    recording = Recording.read(DIRECTORY / f"{name}.recording")
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
    return bundle
