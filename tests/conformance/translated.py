"""A root filesystem of the suites with translated code, for tests that count seconds."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import worker
from rootfs import Rootfs
from runner import Job, as_json

from friscy.boot import Machine
from friscy.bundle import CHUNKS, INDEX, INTERPRETER, open_bundle
from friscy.machine.aot import Notes, Recorder
from friscy.machine.layout import GUEST_START, WINDOW_END
from friscy.machine.space import Space
from friscy_build.bundle import write_bundle
from friscy_build.fingerprint import code_digest
from friscy_build.translation.placing import Files, place
from friscy_build.translation.recording import Recording
from friscy_build.translation.translate import Translator
from friscy_build.translation.writing import parts_of, write_code


def translated(files: Rootfs, warm_up: Sequence[Job]) -> Path:
    """The bundle of `files` with translations of what the jobs of `warm_up` run; made once."""
    made = files.bundle.parent / "translated"
    words = [
        (files.bundle.parent / "key").read_text(),
        code_digest("friscy_build"),
        repr([job.argv for job in warm_up]),
    ]
    key = sha256("\n".join(words).encode()).hexdigest()
    key_file = made / "key"
    if not key_file.exists() or key_file.read_text() != key:
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir()
        _translate(files, _record(files, warm_up), made)
        key_file.write_text(key)
    return made / "bundle"


def _record(files: Rootfs, warm_up: Sequence[Job]) -> Recording:
    """What code the jobs run."""
    notes = Notes()
    spaces: list[Space] = []
    machine = worker.machine(str(files.bundle))

    def note(space: Space) -> Recorder:
        spaces.append(space)
        return Recorder(space, notes)

    machine.watch = note
    with TemporaryDirectory() as directory:
        for job in warm_up:
            answer = worker.run(as_json(job) | {"output": str(Path(directory) / "output")})
            assert answer["status"] == 0, (Path(directory) / "output").read_text()
            for space in spaces:
                assert isinstance(space.code, Recorder)
                space.code.forget(GUEST_START, WINDOW_END)
            spaces.clear()
    machine.watch = None
    recording = Recording()
    recording.add(notes)
    return recording


def _translate(files: Rootfs, recording: Recording, made: Path) -> None:
    opened = open_bundle(files.bundle)
    contents = Files.of(opened)
    places = place(contents, recording, everything=False)
    translations = list(Translator(contents, scope="touched").translate(places, recording, lambda *_: None))
    contents.close()
    write_code(made / "code", translations)
    manifest = json.loads((files.bundle / "manifest.json").read_text())
    del manifest["files"]
    parts = {part: files.bundle / part for part in (INDEX, CHUNKS, INTERPRETER)}
    write_bundle(made / "bundle", manifest, parts | parts_of(made / "code"))
    Machine(open_bundle(made / "bundle")).compile_code()
