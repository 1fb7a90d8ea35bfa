"""The steps of a build that make a bundle's translated code.

build/.parts/NAME/{recording,places,resumed}, build/.parts/NAME/code/{code.bin,modules/}
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgpack

from friscy.bundle import CODE
from friscy.machine.engine import load_module, make_engine
from friscy_build.aot.jobs import default_workers
from friscy_build.bundle import write_bundle
from friscy_build.cache import replacing
from friscy_build.translation.executor import executor
from friscy_build.translation.placing import Files, fixed, place, read_places, write_places
from friscy_build.translation.recording import Recording, record
from friscy_build.translation.translate import Translation, Translator
from friscy_build.translation.writing import parts_of, write_code
from lazyfs.errors import FriscyError

if TYPE_CHECKING:
    import wasmtime

    from friscy_build.steps import Build


_NOTHING = (
    "nothing is translated, for no program of the image ran: [bundle.NAME.aot] warm_up names commands to run "
    '(friscy pack: --warm-up), scope = "all" takes whatever is found'
)


class CodeSteps:
    """What `Build` does about translated code."""

    def __init__(self, build: Build) -> None:
        self._build, self.settings = build, build.bundle.aot
        work = build.work
        self.recording, self.places, self.resumed = work / "recording", work / "places", work / "resumed"
        self.directory = work / "code"
        self.code = self.directory / CODE

    def make_recording(self, rootfs: dict[str, str], interpreter: dict[str, str]) -> dict[str, Any]:
        """Run the program and the warm-up commands; note what ran, and say where each file is to lie."""
        build = self._build
        stage = build.work / "record"
        shutil.rmtree(stage, ignore_errors=True)
        try:
            with build.step("record"):
                write_bundle(stage, build.manifest(), build.start_parts, {**rootfs, **interpreter})
                recording = record(stage, build.bundle.snapshot.at, self.settings.warm_up, build.epoch_ns)
                files = Files(build.index, build.chunks)
                try:
                    places = place(files, recording, everything=self.settings.scope == "all")
                finally:
                    files.close()
                recording.write(self.recording)
                write_places(self.places, places)
        finally:
            shutil.rmtree(stage, ignore_errors=True)
        return {}

    def fixed(self, index_digest: bytes) -> list[tuple[bytes, int, int]]:
        """Where files with translated code must lie, for the kernel."""
        return fixed(read_places(self.places), index_digest)

    def note_resumed(self, resumed: dict[int, set[int]]) -> None:
        """Keep where a snapshot's live code goes on: offsets in files, by inode number."""
        with replacing(self.resumed) as file:
            file.write(msgpack.packb({ino: sorted(offsets) for ino, offsets in resumed.items()}))

    def make_code(self) -> dict[str, Any]:
        """Translate, compile for this machine, and write code.bin and the modules."""
        build = self._build
        with build.step("aot") as progress, ExitStack() as stack:
            files = Files(build.index, build.chunks)
            stack.callback(files.close)
            places, recording = read_places(self.places), Recording.read(self.recording)
            if build.has_snapshot:
                resumed = msgpack.unpackb(self.resumed.read_bytes(), strict_map_key=False)
                for ino, offsets in resumed.items():
                    if ino in recording.files:
                        recording.files[ino].resumed.update(offsets)

            def jobs() -> Executor:
                return stack.enter_context(executor(build.config.build.executor))

            translator = Translator(
                files, scope=self.settings.scope, faults=self.settings.faults, executor=jobs
            )
            threads, engine = ThreadPoolExecutor(default_workers()), make_engine()
            stack.callback(threads.shutdown, cancel_futures=True)
            translations, compiled = [], []
            for translation in translator.translate(places, recording, progress):
                translations.append(translation)
                # While others are translated.
                compiled += [threads.submit(_compile, engine, wasm) for wasm, _ in translation.modules]
            for done, module in enumerate(compiled):
                progress("compiling for this machine", done, len(compiled))
                module.result()
            progress("compiling for this machine", len(compiled), len(compiled))
            translations.sort(key=lambda made: made.place.low)
            progress.line(_size(translations) if translations else _NOTHING)
            digests = write_code(self.directory, translations)
        return {"sha256": digests}

    def is_whole(self) -> bool:
        """Whether all that code.bin names is there."""
        try:
            return all(path.exists() for path in self.parts().values())
        except (OSError, FriscyError):
            return False

    def remove(self) -> None:
        """Delete what `make_code` made."""
        shutil.rmtree(self.directory, ignore_errors=True)

    def parts(self) -> dict[str, Path]:
        """The files that `make_code` made, by their name in the bundle."""
        return parts_of(self.directory)


def _size(translations: Sequence[Translation]) -> str:
    """How much was translated, and to how much."""
    ninstructions = sum(each.ninstructions for each in translations)
    nbytes = sum(each.nbytes for each in translations)
    files = "1 file" if len(translations) == 1 else f"{len(translations)} files"
    return (
        f"{ninstructions:,} instructions of {files} translated: {nbytes / 1e6:,.1f} MB of WebAssembly, "
        f"{nbytes / max(ninstructions, 1):.1f} bytes for each"
    )


def _compile(engine: wasmtime.Engine, wasm: bytes) -> None:
    """Have the native code of a module in this user's cache, so that the first run here need not make it."""
    load_module(engine, sha256(wasm).hexdigest(), partial(bytes, wasm), "a translated module")
