"""The doit tasks of a friscy.toml, for any project's dodo.py:

    from friscy_build.tasks import friscy_tasks
    friscy_tasks(globals())

`doit bundle` builds every bundle, `doit bundle:NAME` one. Each artefact is a task: `image:NAME` fetches what a
bundle is made from, `rootfs:NAME` builds the image and writes its index and chunks, `interpreter` makes the
engine, `record:NAME` runs the program to see what code it needs, `snapshot:NAME` runs the machine to the point where
it is saved, `aot:NAME` translates, `bundle:NAME` puts all in place.

What is up to date is decided by content: of inputs, of friscy's own code, of the versions of the tools and of the
values of friscy.toml that matter to the task. Nothing here imports what only a build needs.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import cached_property, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

from doit.exceptions import TaskError
from doit.tools import config_changed

from friscy_build import steps
from friscy_build.config import Bundle, Config, load_config
from friscy_build.fingerprint import code_digest, version
from lazyfs.errors import FriscyError

if TYPE_CHECKING:
    from doit.task import Task

TaskDict = dict[str, Any]


def friscy_tasks(namespace: dict[str, Any], project: str = "friscy.toml") -> None:
    """Put the tasks of the bundles in `project` into a dodo.py's `namespace`.

    A relative `project` is looked for beside the dodo.py. What is wrong with it ends doit with status 2.
    """
    here = Path(namespace.get("__file__", "dodo.py")).absolute().parent
    try:
        tasks = Tasks(load_config(here / project))
    except FriscyError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    namespace.update(tasks.generators())


class Tasks:
    """The task generators over one configuration."""

    def __init__(self, config: Config, *, use_layers: bool = True) -> None:
        """use_layers: False builds images anew, and every RUN in them."""
        self.config, self.use_layers = config, use_layers
        self.work = config.root / "build" / ".parts"

    def generators(self) -> dict[str, Callable[[], Any]]:
        """The task generators as a dodo.py has them."""
        names = ("image", "rootfs", "interpreter", "record", "snapshot", "aot", "bundle")
        return {f"task_{name}": getattr(self, f"task_{name}") for name in names}

    @cached_property
    def builds(self) -> list[steps.Build]:
        """The steps of each bundle."""
        return [
            steps.Build(self.config, bundle, self.work, use_layers=self.use_layers)
            for bundle in self.config.bundles.values()
        ]

    def task_image(self) -> Iterator[TaskDict]:
        """fetch what a bundle's image is made from"""
        yield {"basename": "image", "name": None, "doc": "fetch what the bundles' images are made from"}
        for build in self.builds:
            yield {
                "name": build.name,
                "doc": f"fetch what the image of {build.name} is made from",
                "actions": [guarded(build.fetch)],
                "uptodate": [Unchanged(build.fetched)],
                "verbosity": 2,
            }

    def task_rootfs(self) -> Iterator[TaskDict]:
        """build an image and write its index and chunks"""
        yield {"basename": "rootfs", "name": None, "doc": "build the images, write their indexes and chunks"}
        for build in self.builds:
            yield {
                "name": build.name,
                "doc": f"build the image of {build.name}, write its index and chunks",
                "actions": [guarded(build.make_rootfs)],
                "task_dep": [f"image:{build.name}", "interpreter"],  # which runs an image's own tools
                "file_dep": build.input_files(),
                "targets": [str(build.index), str(build.chunks), str(build.image)],
                "uptodate": [
                    self.use_layers,
                    Unchanged(build.image_inputs),
                    config_changed({
                        "code": code_digest(*steps.ROOTFS_CODE),
                        "zstandard": version("zstandard"),
                        "start": _start_settings(build.bundle),
                    }),
                ],
                "verbosity": 2,
                "clean": True,
            }  # fmt: skip

    def task_interpreter(self) -> TaskDict:
        """make the interpreter from the instruction rows"""
        return {
            "doc": "make the interpreter from the instruction rows",
            "actions": [guarded(self._interpreter)],
            "targets": [str(self.work / "interpreter.wasm")],
            "uptodate": [
                config_changed(
                    {"code": code_digest(*steps.INTERPRETER_CODE), "llvmlite": version("llvmlite")}
                )
            ],
            "verbosity": 2,
            "clean": True,
        }

    def _interpreter(self) -> dict[str, Any]:
        return steps.make_interpreter(self.work / "interpreter.wasm")

    def task_snapshot(self) -> Iterator[TaskDict]:
        """run a machine to the point where it is saved"""
        yield {"basename": "snapshot", "name": None, "doc": "run the machines to where they are saved"}
        for build in self.builds:
            if not build.has_snapshot:
                continue
            yield {
                "name": build.name,
                "doc": f"run {build.name} to where it is saved ({build.bundle.snapshot.at})",
                "actions": [guarded(build.make_snapshot)],
                "file_dep": self._started_from(build) + ([str(build.code.places)] if build.has_code else []),
                "targets": [str(build.snapshot)] + ([str(build.code.resumed)] if build.has_code else []),
                "getargs": self._digests(build, "rootfs", "interpreter"),
                "uptodate": [
                    Unchanged(build.known_time),
                    config_changed({
                        "code": code_digest(*steps.SNAPSHOT_CODE),
                        "tools": [version(name) for name in ("wasmtime", "msgpack", "zstandard")],
                        "settings": _settings(build.bundle),
                    })
                ],
                "verbosity": 2,
                "clean": True,
            }  # fmt: skip

    @staticmethod
    def _started_from(build: steps.Build) -> list[str]:
        return [str(path) for path in (*build.start_parts.values(), build.image)]

    def task_record(self) -> Iterator[TaskDict]:
        """run a program to see what code it needs"""
        yield {"basename": "record", "name": None, "doc": "run the programs to see what code they need"}
        for build in self.builds:
            if not build.has_code:
                continue
            yield {
                "name": build.name,
                "doc": f"run {build.name} to see what code it needs",
                "actions": [guarded(build.code.make_recording)],
                "file_dep": self._started_from(build),
                "targets": [str(build.code.recording), str(build.code.places)],
                "getargs": self._digests(build, "rootfs", "interpreter"),
                "uptodate": [
                    config_changed({
                        "code": code_digest(*steps.RECORDING_CODE),
                        "settings": _settings(build.bundle),
                        "all": build.bundle.aot.scope == "all",
                        "warm-up": build.bundle.aot.warm_up,
                    })
                ],
                "verbosity": 2,
                "clean": True,
            }  # fmt: skip

    def task_aot(self) -> Iterator[TaskDict]:
        """translate a bundle's code"""
        yield {"basename": "aot", "name": None, "doc": "translate the bundles' code"}
        for build in self.builds:
            if not build.has_code:
                continue
            code = build.code
            resumed = [str(code.resumed)] if build.has_snapshot else []
            yield {
                "name": build.name,
                "doc": f"translate the code of {build.name} ({build.bundle.aot.scope})",
                "actions": [guarded(code.make_code)],
                "file_dep": [*self._started_from(build), str(code.recording), str(code.places), *resumed],
                "targets": [str(code.code)],
                "uptodate": [
                    code.is_whole,
                    config_changed({
                        "code": code_digest(*steps.AOT_CODE),
                        "tools": [version(name) for name in ("llvmlite", "wasmtime", "msgpack")],
                        "settings": build.bundle.aot.model_dump(mode="json"),
                    }),
                ],
                "verbosity": 2,
                "clean": [code.remove],
            }  # fmt: skip

    def task_bundle(self) -> Iterator[TaskDict]:
        """put a bundle's parts in place"""
        yield {"basename": "bundle", "name": None, "doc": "build all bundles"}
        for build in self.builds:
            parts = build.parts
            made_by = ["rootfs", "interpreter"]
            made_by += (["snapshot"] if build.has_snapshot else []) + (["aot"] if build.has_code else [])
            yield {
                "name": build.name,
                "doc": f"build {build.name}",
                "actions": [guarded(build.make_bundle)],
                "file_dep": [str(path) for path in parts.values()] + [str(build.image)],
                "targets": [str(build.output / name) for name in (*parts, "manifest.json")],
                "getargs": self._digests(build, *made_by),
                "uptodate": [
                    build.is_whole,
                    config_changed(
                        {"code": code_digest(*steps.BUNDLE_CODE), "settings": _settings(build.bundle)}
                    ),
                ],
                "verbosity": 2,
                "clean": [build.remove],
            }

    def _digests(self, build: steps.Build, *kinds: str) -> dict[str, tuple[str, str]]:
        names = {kind: kind if kind == "interpreter" else f"{kind}:{build.name}" for kind in kinds}
        return {kind: (task, "sha256") for kind, task in names.items()}


class Unchanged:
    """An `uptodate` check: `facts()` gives what it gave when the task last ran.

    Facts that cannot be had (FriscyError) or are not known yet (an empty string among them) are no match: then the
    task runs, and its action says what is wrong.
    """

    def __init__(self, facts: Callable[[], list[str]]) -> None:
        self._facts = facts

    def __call__(self, task: Task, values: dict[str, Any]) -> bool:
        key = f"facts of {self._facts.__name__}"

        def current() -> list[str]:
            try:
                return self._facts()
            except FriscyError:
                return [""]

        task.value_savers.append(lambda: {key: current()})
        now = current()
        return "" not in now and values.get(key) == now


def guarded(action: Callable[..., dict[str, Any]]) -> Callable[..., Any]:
    """A doit action whose FriscyError is shown as a message, without a traceback."""

    @wraps(action)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return action(*args, **kwargs)
        except FriscyError as error:
            return TaskError(str(error))

    return run


def _start_settings(bundle: Bundle) -> dict[str, Any]:
    """The values that decide what a start reads, and so in what order data lies."""
    return {"at": bundle.snapshot.at, "run": bundle.run.model_dump(mode="json")}


def _settings(bundle: Bundle) -> dict[str, Any]:
    """The values of friscy.toml that a manifest or a snapshot depends on."""
    return {
        "name": bundle.name,
        "output": str(bundle.output),
        "snapshot": bundle.snapshot.model_dump(mode="json"),
        "machine": bundle.machine.model_dump(mode="json"),
        "run": bundle.run.model_dump(mode="json"),
        "network": bundle.network.model_dump(mode="json"),
        "limits": bundle.limits.model_dump(mode="json"),
    }
