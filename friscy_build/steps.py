"""What the doit tasks of a bundle do: one method for each artefact, its files below one directory of parts.

    build/.parts/{interpreter.wasm,timings.json}
    build/.parts/NAME/{rootfs.idx,rootfs.chunks,image.json,snapshot.bin,timings.json}, and see translation/steps.py

Every file is made under another name and renamed when it is whole.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from time import perf_counter, time
from typing import TYPE_CHECKING, Any

from friscy.bundle import CHUNKS, CODE, INDEX, INTERPRETER, SNAPSHOT, open_bundle
from friscy_build.cache import cache_dir, file_digest, locked, replacing
from friscy_build.config import Bundle, Config, ImageSource, NetworkTable
from friscy_build.epoch import given_epoch_ns
from friscy_build.images.image import BaseImage, ImageError
from lazyfs.errors import FriscyError

if TYPE_CHECKING:
    from friscy_build.dockerfile.running import Runner
    from friscy_build.images.lock import Lock
    from friscy_build.images.registry import Registries
    from friscy_build.translation.steps import CodeSteps
    from friscy_build.working_set import Trace
    from lazyfs.tree import Tree

LOCK = "friscy.lock"

# Whose source text decides whether an artefact is up to date.
INTERPRETER_CODE = (
    "friscy_build/interpreter", "friscy_build/isa", "friscy_build/llvm", "friscy_build/wasm",
    "friscy/machine/layout.py", "friscy_build/aot/runtime.py", "friscy_build/aot/strings.py",
    "friscy_build/aot/strings.ll",
)  # fmt: skip
ROOTFS_CODE = (
    "friscy_build/images", "friscy_build/bytecode.py", "friscy_build/dockerfile", "friscy_build/layers",
    "friscy_build/epoch.py", "friscy_build/steps.py", "friscy_build/working_set.py", "lazyfs/tree.py",
    "lazyfs/index_writer.py", "lazyfs/index_format.py",
)  # fmt: skip
SNAPSHOT_CODE = (
    "friscy", "lazyfs", "snapshot", "friscy_build/epoch.py", "friscy_build/snapshot_task.py", "friscy_build/steps.py",
)  # fmt: skip
RECORDING_CODE = ("friscy", "lazyfs", "friscy_build/translation")
AOT_CODE = (
    "friscy_build/aot", "friscy_build/isa", "friscy_build/llvm", "friscy_build/translation", "friscy/machine",
)  # fmt: skip
BUNDLE_CODE = ("friscy/bundle.py", "friscy_build/bundle.py", "friscy_build/steps.py")

PLATFORM = "linux/riscv64"


def make_interpreter(path: Path) -> dict[str, Any]:
    """Write the interpreter module."""
    from friscy_build.interpreter.build import build_interpreter

    start = perf_counter()
    with replacing(path) as file:
        file.write(build_interpreter())
    write_timings(path.parent / "timings.json", {"interpreter": perf_counter() - start})
    return {"sha256": {INTERPRETER: _sha256(path)}}


def read_timings(path: Path) -> dict[str, float]:
    """Seconds by step, as far as they are known."""
    try:
        timings: dict[str, float] = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return timings


def write_timings(path: Path, seconds: dict[str, float]) -> None:
    """Add the `seconds` of some steps to those noted at `path`."""
    timings = {**read_timings(path), **{name: round(value, 3) for name, value in seconds.items()}}
    with replacing(path) as file:
        file.write(json.dumps(timings, indent=1).encode())


class Build:
    """The steps of one bundle."""

    def __init__(self, config: Config, bundle: Bundle, work: Path, *, use_layers: bool = True) -> None:
        """use_layers: whether layers that RUNs made earlier will do."""
        self.use_layers = use_layers
        self.config, self.bundle = config, bundle
        self.name, self.output = bundle.name, bundle.output
        self.work = work / bundle.name
        self.index, self.chunks = self.work / INDEX, self.work / CHUNKS
        self.image, self.snapshot = self.work / "image.json", self.work / SNAPSHOT
        self.interpreter = work / INTERPRETER
        self.has_snapshot = bundle.snapshot.at != "none"
        self.has_code = bundle.aot.scope != "none"
        self._substeps: dict[str, float] = {}

    @property
    def start_parts(self) -> dict[str, Path]:
        """The files a machine starts from, by their name in the bundle."""
        return {INDEX: self.index, CHUNKS: self.chunks, INTERPRETER: self.interpreter}

    @property
    def parts(self) -> dict[str, Path]:
        """All files of the bundle but its manifest and the modules that code.bin names."""
        parts = self.start_parts | ({SNAPSHOT: self.snapshot} if self.has_snapshot else {})
        return parts | ({CODE: self.work / "code" / CODE} if self.has_code else {})

    @cached_property
    def code(self) -> CodeSteps:
        """The steps that make translated code."""
        from friscy_build.translation.steps import CodeSteps

        return CodeSteps(self)

    # What the image is made from.

    def bases(self) -> dict[str, tuple[ImageSource, ...]]:
        """The chain of every image that comes from outside, by its reference. ImageError: one is not declared."""
        if self.bundle.dockerfile is None:
            return {self.bundle.image or "": self.bundle.sources}
        return {reference: self._chain(reference) for reference, _ in self._inputs().bases}

    def known_bases(self) -> list[str]:
        """Facts that decide what the base images are, "" among them where one is yet to be fetched."""
        from friscy_build.images.source import identity

        facts: list[str] = []
        lock = self._lock()
        for reference, chain in self.bases().items():
            facts += [reference, *identity(chain, cache_dir(), lock)[1]]
        return facts

    def image_inputs(self) -> list[str]:
        """Facts that decide what the image is, together with the content of `input_files`."""
        if self.bundle.dockerfile is None:
            return self.known_bases()
        network = f"network {sorted(self.config.build.network)}"
        return [self._inputs().digest, *self.known_time(), network, *self.known_bases()]

    def known_time(self) -> list[str]:
        """The build's time as a fact, "" where it is yet to be noted."""
        epoch_ns = self.epoch_ns
        return ["" if epoch_ns is None and self.config.build.times == "lock" else str(epoch_ns)]

    def fetched(self) -> list[str]:
        """Facts that `fetch` sees to."""
        return [*self.known_bases(), *self.known_time()]

    @property
    def epoch_ns(self) -> int | None:
        """The time of what the build makes, see friscy_build.epoch: $SOURCE_DATE_EPOCH or friscy.lock's."""
        given = given_epoch_ns()
        if given is not None or self.config.build.times == "files":
            return given
        seconds = self._lock().times.get(self.name)
        return None if seconds is None else seconds * 10**9

    def input_files(self) -> list[str]:
        """Files that base images are read from."""
        from friscy_build.images.source import identity

        try:
            lock = self._lock()
            return [path for chain in self.bases().values() for path in identity(chain, cache_dir(), lock)[0]]
        except FriscyError:
            return []  # the task that needs them will say so

    @property
    def lock_file(self) -> Path:
        """Where the project pins what comes from elsewhere."""
        return self.config.root / LOCK

    def _lock(self) -> Lock:
        from friscy_build.images.lock import Lock

        return Lock.read(self.lock_file)

    def _registries(self) -> Registries:
        from friscy_build.images.registry import Registries

        table = self.config.registry
        return Registries(table.mirrors, table.plain_http)

    def _inputs(self) -> Any:
        from friscy_build.dockerfile import build_inputs

        bundle = self.bundle
        assert bundle.dockerfile is not None
        assert bundle.context is not None
        return build_inputs(
            bundle.dockerfile, bundle.context, target=bundle.target, args=bundle.args,
            named_contexts=bundle.contexts, epoch_ns=self.epoch_ns,
        )  # fmt: skip

    def _chain(self, reference: str) -> tuple[ImageSource, ...]:
        chain = self.config.sources(reference)
        if not chain:
            raise ImageError(
                f"{self.bundle.dockerfile}: nothing says where {reference} comes from",
                hint=f'add a table [images."{reference}"] to {self.config.path}, '
                "or let registries be used: [registry] pull = true",
            )
        return chain

    # The artefacts.

    def fetch(self) -> dict[str, Any]:
        """Have all that the base images need on this machine; what friscy.lock does not pin yet, it does then."""
        with self.step("image") as progress, locked(self.work.parent):
            lock = self._lock()
            self.pin(lock, progress)
            if not lock.is_empty:
                lock.write(self.lock_file)
        return {}

    def pin(self, lock: Lock, progress: Any, *, refresh: bool = False) -> None:
        """Fetch what the base images need, and note in `lock` what that is. refresh: ask for all of it anew."""
        from friscy_build.images.source import fetch

        if self.config.build.times == "lock" and (refresh or self.name not in lock.times):
            lock.times[self.name] = int(time())
        for chain in self.bases().values():
            fetch(
                chain,
                cache=cache_dir(),
                progress=progress,
                refresh=refresh,
                registries=self._registries(),
                lock=lock,
            )

    def make_rootfs(self) -> dict[str, Any]:
        """Build the image; write its index, its chunks and its configuration."""
        from lazyfs.index_writer import write_index

        self.work.mkdir(parents=True, exist_ok=True)
        with self.step("rootfs") as progress:
            image = self._build(progress)
            facts = {"config": image.config, "digest": image.digest, "origin": image.origin}
            trace = self._trace(image.tree, facts)
            summary = write_index(
                image.tree, self.index, self.chunks, working_sets=trace.working_sets,
                progress=lambda done, total: progress("writing the index", done, total),
            )  # fmt: skip
            facts["index_digest"] = summary.index_digest.hex()
            facts["working_sets"] = trace.describe(self.index, summary.working_set_ends)
            with replacing(self.image) as file:
                file.write(json.dumps(facts, indent=1).encode())
        return {"sha256": {INDEX: _sha256(self.index), CHUNKS: _sha256(self.chunks)}}

    def _trace(self, tree: Tree, facts: dict[str, Any]) -> Trace:
        """What the bundle's start reads, found out with a first index."""
        from friscy_build.bundle import write_bundle
        from friscy_build.working_set import trace_start
        from lazyfs.index_writer import write_index

        stage = self.work / "trace"
        shutil.rmtree(stage, ignore_errors=True)
        try:
            stage.mkdir()
            index, chunks = stage / INDEX, stage / CHUNKS
            summary = write_index(tree, index, chunks, level=1)
            manifest = self.manifest({**facts, "index_digest": summary.index_digest.hex()})
            parts = {INDEX: index, CHUNKS: chunks, INTERPRETER: self.interpreter}
            write_bundle(stage / "bundle", manifest, parts)
            return trace_start(stage / "bundle", self.bundle.snapshot.at, self.epoch_ns)
        finally:
            shutil.rmtree(stage, ignore_errors=True)

    def _build(self, progress: Any) -> BaseImage:
        from friscy_build.dockerfile import build_image
        from friscy_build.dockerfile.report import LineReport

        bundle = self.bundle
        if bundle.dockerfile is None:
            return self._load(bundle.sources, progress)
        assert bundle.context is not None

        def resolve(reference: str, platform: str) -> BaseImage:
            if platform != PLATFORM:
                raise ImageError(f"{reference}: asked for {platform}, and friscy runs {PLATFORM}")
            return self._load(self._chain(reference), progress)

        built = build_image(
            bundle.dockerfile, bundle.context, target=bundle.target, args=bundle.args,
            resolve_base=resolve, named_contexts=bundle.contexts, runner=self._runner(),
            report=LineReport(progress.line), progress=progress, epoch_ns=self.epoch_ns,
        )  # fmt: skip
        return BaseImage(built.tree, built.config, built.digest, f"dockerfile:{bundle.dockerfile.name}")

    def _runner(self) -> Runner:
        """What does the RUNs of a Dockerfile."""
        from friscy_build.dockerfile.running import Runner
        from friscy_build.layers.cache import LayerCache

        table = self.config.build
        return Runner(
            self.interpreter, LayerCache(cache_dir()), use_cache=self.use_layers, secrets=self._secret,
            agents=self._agent, network=table.network, memory=table.memory,
        )  # fmt: skip

    def _secret(self, name: str) -> bytes | None:
        table = self.config.build.secrets.get(name)
        if table is None:
            return None
        if table.env is not None:
            text = os.environ.get(table.env)
            return None if text is None else os.fsencode(text)
        assert table.file is not None
        try:
            return table.file.read_bytes()
        except OSError as error:
            raise FriscyError(
                f"{self.config.path}: the secret {name!r} cannot be read: {table.file}: {error.strerror}"
            ) from None

    def _agent(self, name: str) -> str | None:
        table = self.config.build.ssh.get(name)
        if table is None:
            return None
        path = table.socket or os.environ.get(table.env or "")
        if not path:
            return None
        if not Path(path).is_socket():
            raise FriscyError(f"{self.config.path}: the SSH agent {name!r} is not there: {path} is no socket")
        return str(path)

    def _load(self, chain: tuple[ImageSource, ...], progress: Any) -> BaseImage:
        from friscy_build.bytecode import add_bytecode
        from friscy_build.images.source import choose, load_image

        image = load_image(
            chain, cache=cache_dir(), progress=progress, registries=self._registries(), lock=self._lock()
        )
        debian = choose(chain).debian
        if debian is not None and debian.bytecode:
            start, before = perf_counter(), image.digest
            add_bytecode(image, self.interpreter, cache_dir(), progress)
            if image.digest != before:
                self._substeps["bytecode"] = perf_counter() - start
        return image

    def make_snapshot(self, rootfs: dict[str, str], interpreter: dict[str, str]) -> dict[str, Any]:
        """Run the machine of a bundle without a snapshot to the point where it is saved."""
        from friscy_build.bundle import write_bundle
        from friscy_build.snapshot_task import make_snapshot

        stage = self.work / "stage"
        shutil.rmtree(stage, ignore_errors=True)
        try:
            with self.step("snapshot"):
                manifest = self.manifest()
                write_bundle(stage, manifest, self.start_parts, {**rootfs, **interpreter})
                places = (
                    self.code.fixed(bytes.fromhex(manifest["rootfs"]["index_digest"]))
                    if self.has_code
                    else []
                )
                resumed = make_snapshot(stage, self.bundle.snapshot, places, self.epoch_ns)
                if self.has_code:
                    self.code.note_resumed(resumed)
                (stage / SNAPSHOT).replace(self.snapshot)
        finally:
            shutil.rmtree(stage, ignore_errors=True)
        return {"sha256": {SNAPSHOT: _sha256(self.snapshot)}}

    def make_bundle(
        self,
        rootfs: dict[str, str],
        interpreter: dict[str, str],
        snapshot: dict[str, str] | None = None,
        aot: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        """Put all parts in place; each must be what its task made."""
        from friscy_build.bundle import write_bundle

        with self.step("bundle"):
            expected = {**rootfs, **interpreter, **(snapshot or {}), **(aot or {})}
            parts = self.parts | (self.code.parts() if self.has_code else {})
            write_bundle(self.output, self.manifest(), parts, expected)
        return {}

    def is_whole(self) -> bool:
        """Whether the bundle that is in place can be opened."""
        try:
            open_bundle(self.output)
        except FriscyError:
            return False
        return True

    def remove(self) -> None:
        """Delete the bundle, if it is one."""
        if self.is_whole():
            shutil.rmtree(self.output)

    def manifest(self, facts: dict[str, Any] | None = None) -> dict[str, Any]:
        """The manifest of the bundle, but for its files."""
        from friscy_build.bundle import describe
        from friscy_build.fingerprint import version

        facts = facts or json.loads(self.image.read_bytes())
        return describe(
            name=self.name,
            config=self.bundle.run.apply(facts["config"]),
            image_digest=facts["digest"],
            origin=facts["origin"],
            index_digest=facts["index_digest"],
            working_sets=facts.get("working_sets"),
            memory=self.bundle.machine.memory,
            network=granted(self.bundle.network),
            limits=self.bundle.limits.model_dump(mode="json", exclude_defaults=True),
            snapshot_at=self.bundle.snapshot.at,
            tools={name: version(name) for name in ("friscy", "llvmlite", "wasmtime", "zstandard")},
        )

    @contextmanager
    def step(self, name: str) -> Iterator[Any]:
        """Shows progress, and notes in timings.json how many seconds the step took."""
        from friscy_build.console import showing

        start = perf_counter()
        with showing(f"{name}:{self.name}") as progress:
            yield progress
        substeps, self._substeps = self._substeps, {}
        seconds = perf_counter() - start - sum(substeps.values())
        shared = read_timings(self.work.parent / "timings.json")
        write_timings(self.work / "timings.json", {**shared, **substeps, name: seconds})


def granted(network: NetworkTable) -> dict[str, Any]:
    """The network's table as the manifest has it; empty where nothing is granted."""
    return network.model_dump(mode="json") if network.outbound or network.publish else {}


def _sha256(path: Path) -> str:
    return file_digest(path).removeprefix("sha256:")
