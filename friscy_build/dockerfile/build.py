"""Build a Dockerfile: the tree and the image configuration that come out."""

from __future__ import annotations

import os
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from friscy_build.cache import cache_dir
from friscy_build.dockerfile import ast
from friscy_build.dockerfile.ast import Copy, Dockerfile, Instruction, Run
from friscy_build.dockerfile.copying import SourceView, content_digest
from friscy_build.dockerfile.errors import DockerfileError
from friscy_build.dockerfile.mounts import Mount
from friscy_build.dockerfile.parser import parse
from friscy_build.dockerfile.patterns import PathRules, PatternError, read_ignore_file
from friscy_build.dockerfile.plan import Plan, PlannedStage, Source, fail
from friscy_build.dockerfile.remote import Remotes
from friscy_build.dockerfile.report import Report
from friscy_build.dockerfile.running import Runner
from friscy_build.dockerfile.scope import PLATFORM, Scope
from friscy_build.dockerfile.stage import StageRun
from friscy_build.dockerfile.transfer import Options, Transfer, clone_tree
from friscy_build.dockerfile.views import HostView, TreeView, cleaned, parse_path, resolve, show
from friscy_build.images.image import BaseImage, scratch
from friscy_build.images.progress import Progress, silent
from lazyfs.tree import Node, Tree

ResolveBase = Callable[[str, str], BaseImage]
"""(image reference, platform such as "linux/riscv64") -> the image. Raises FriscyError."""

DOCKERFILE_MAX = 4 << 20
SCRATCH_ENV = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]


@dataclass(frozen=True)
class BuiltImage:
    """What a Dockerfile made.

    tree: the root filesystem; config: the `config` object of an OCI image configuration;
    digest: `sha256:...` of everything that went in: instructions, arguments, base images, copied files.
    """

    tree: Tree
    config: dict[str, Any]
    digest: str


def build_image(
    dockerfile: str | os.PathLike[str],
    context: str | os.PathLike[str],
    *,
    target: str | None = None,
    args: Mapping[str, str] | None = None,
    resolve_base: ResolveBase,
    named_contexts: Mapping[str, str | os.PathLike[str]] | None = None,
    runner: Runner | None = None,
    report: Report | None = None,
    progress: Progress = silent,
    epoch_ns: int | None = None,
) -> BuiltImage:
    """Build stage `target` (default: the last) of `dockerfile` over the directory `context`.

    runner: does the RUNs, which are refused without one. report: told of every step and of what RUNs print.
    args: values of ARGs; named_contexts: directories that COPY --from=NAME may read.
    epoch_ns: the time of all that the build makes, so that it can be repeated; None: files keep their own times.
    Raises DockerfileError with file and line, and what resolve_base raises.
    """
    project = open_project(dockerfile, context, target, args, named_contexts, epoch_ns)
    build = _Build(project, resolve_base, runner, report or Report(), progress)
    build.all_stages()
    result = build.stage(project.plan.target)
    return BuiltImage(result.tree, result.config, result.digest)


@dataclass(frozen=True)
class Project:
    """A parsed and planned Dockerfile with its contexts. `files` were read for that."""

    plan: Plan
    context: HostView
    named_contexts: dict[str, HostView]
    files: tuple[Path, ...]
    text: str

    @property
    def dockerfile(self) -> Dockerfile:
        """The parsed Dockerfile."""
        return self.plan.dockerfile


def open_project(
    dockerfile: str | os.PathLike[str],
    context: str | os.PathLike[str],
    target: str | None,
    args: Mapping[str, str] | None,
    named_contexts: Mapping[str, str | os.PathLike[str]] | None,
    epoch_ns: int | None = None,
) -> Project:
    """Read and plan. Raises DockerfileError."""
    path, root = Path(dockerfile), Path(context)
    text = _read_text(path)
    if not root.is_dir():
        raise DockerfileError(path, None, f"its context {root} is no directory")
    rules, ignore_file = _ignore_rules(path, root)
    named = {name: HostView(Path(each), mtime_ns=epoch_ns) for name, each in (named_contexts or {}).items()}
    for name, view in named.items():
        if not os.path.isdir(view.root):
            raise DockerfileError(path, None, f"context {name!r}: {os.fsdecode(view.root)} is no directory")
    plan = Plan(parse(text, str(path)), target, dict(args or {}), tuple(named), epoch_ns)
    files = (path,) if ignore_file is None else (path, ignore_file)
    return Project(plan, HostView(root, rules, epoch_ns), named, files, text)


def _read_text(path: Path) -> str:
    try:
        with open(path, "rb") as file:
            raw = file.read(DOCKERFILE_MAX + 1)
    except OSError as error:
        raise DockerfileError(path, None, f"cannot be read: {error.strerror or error}") from None
    if len(raw) > DOCKERFILE_MAX:
        raise DockerfileError(
            path, None, f"is above {DOCKERFILE_MAX >> 20} MiB", hint="is this a Dockerfile?"
        )
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise DockerfileError(path, line, "expected UTF-8 text", hint="save the file as UTF-8") from None


def _ignore_rules(dockerfile: Path, context: Path) -> tuple[PathRules, Path | None]:
    """The rules of `NAME.dockerignore` beside the Dockerfile NAME, or else of the context's .dockerignore."""
    for path in (dockerfile.with_name(f"{dockerfile.name}.dockerignore"), context / ".dockerignore"):
        if not path.is_file():
            continue
        try:
            return read_ignore_file(_read_text(path)), path
        except PatternError as error:
            raise DockerfileError(path, None, str(error)) from None
    return PathRules(()), None


class _Build:
    """The stages built so far."""

    def __init__(
        self,
        project: Project,
        resolve_base: ResolveBase,
        runner: Runner | None,
        report: Report,
        progress: Progress,
    ) -> None:
        self.project, self.plan, self.resolve_base = project, project.plan, resolve_base
        self.runner, self.report, self.progress = runner, report, progress
        self.remotes = Remotes(cache_dir(), progress, project.context.mtime_ns)
        self.path = project.dockerfile.path
        self.stages: dict[int, StageRun] = {}
        self.images: dict[tuple[str, str], BaseImage] = {}
        self.epoch_ns = project.context.mtime_ns
        self.made_ns = self.epoch_ns or 0
        self.stage_locks: defaultdict[int, threading.RLock] = defaultdict(threading.RLock)
        self.image_lock = threading.Lock()

    def all_stages(self) -> None:
        """Build the stages that are needed, side by side where none waits for another."""
        waiting = {
            index: {source.stage for source in self.plan.sources(planned) if source.stage is not None}
            for index, planned in self.plan.stages.items()
        }
        running: dict[Future[StageRun], int] = {}
        with ThreadPoolExecutor(max(2, os.cpu_count() or 1), "stage") as pool:
            try:
                while waiting or running:
                    ready = [index for index, needs in waiting.items() if needs <= self.stages.keys()]
                    for index in ready:
                        del waiting[index]
                    if len(ready) == 1 and not running:
                        self.stage(ready[0])  # in this thread, which ^C reaches at once
                        continue
                    running.update((pool.submit(self.stage, index), index) for index in ready)
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        del running[future]
                        future.result()
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                if self.runner is not None:
                    self.runner.stop()
                raise

    def stage(self, index: int) -> StageRun:
        """Stage `index`, built now if it is not yet."""
        with self.stage_locks[index]:
            if index not in self.stages:
                planned = self.plan.stages.get(index) or self.plan.plan_stage(index)
                self.stages[index] = self.build(planned)
            return self.stages[index]

    def build(self, planned: PlannedStage) -> StageRun:
        stage = planned.stage
        scope = Scope(self.plan.args, self.plan.globals.args, self.project.dockerfile.escape)
        if planned.base.stage is not None:
            base = self.stage(planned.base.stage)
            tree, config, digest, key = base.tree, base.config, base.digest, base.key
            scope.args.update(base.scope.args)
        elif planned.base.context is not None:
            tree, config = self.context_tree(planned.base.context), {"Env": SCRATCH_ENV}
            key = tree_digest(tree)
            times = sha256(repr([node.mtime_ns for _, node in tree.walk()]).encode())
            digest = f"sha256:{sha256(f'{key} {times.hexdigest()}'.encode()).hexdigest()}"
        else:
            image = self.image(planned.base.image or "", planned.platform)
            tree, config, digest = image.tree, image.config, image.digest
            key = digest
        run = StageRun(self.path, planned.index, clone_tree(tree), config, digest, key, scope, self.epoch_ns)
        name, total = stage.name or f"stage {planned.index}", len(stage.instructions)
        run.run_triggers(stage.base, self, lambda text: self.report.step(f"{name} 0/{total}", shown(text)))
        for done, instruction in enumerate(stage.instructions):
            self.progress(name, done, total)
            step = self.report.step(f"{name} {done + 1}/{total}", shown(instruction.text))
            run.run(instruction, self, step)
        self.progress(name, total, total)
        return run

    def context_tree(self, name: str) -> Tree:
        """The directory of a named context as a root filesystem, all of it root's."""
        view = self.project.named_contexts[name]
        tree = Tree()
        Transfer(tree, Options(made_mtime_ns=self.made_ns)).put_contents(view, (), ())
        return tree

    def image(self, reference: str, platform: str) -> BaseImage:
        key = (reference, platform)
        with self.image_lock:
            if key not in self.images:
                if reference.lower() == "scratch":
                    empty = scratch()
                    empty.config = {"Env": SCRATCH_ENV}
                    self.images[key] = empty
                else:
                    self.images[key] = self.resolve_base(reference, platform)
            return self.images[key]

    def source_view(self, instruction: ast.Transfer, index: int) -> SourceView:
        """Where a COPY or ADD of stage `index` reads from."""
        if not isinstance(instruction, Copy) or instruction.source_stage is None:
            return SourceView(self.project.context, "the build context", remotes=self.remotes)
        return self.named_source(self.plan.copy_source(instruction, index), instruction)

    def named_source(self, source: Source, instruction: Instruction) -> SourceView:
        """The view of a stage, a named context or an image."""
        if source.context is not None:
            return SourceView(self.project.named_contexts[source.context], f"context {source.context!r}")
        if source.stage is not None:
            stage = self.stage(source.stage)
            name = f"stage {self.project.dockerfile.stages[source.stage].name or source.stage!r}"
            return SourceView(TreeView(stage.tree), name, stage.digest)
        if (source.image or "").lower() == "scratch":
            raise fail(self.path, instruction, "there is nothing in scratch to copy")
        image = self.image(source.image or "", PLATFORM)
        return SourceView(TreeView(image.tree), f"image {source.image}", image.digest)

    def mount_source(self, instruction: Run, mount: Mount, index: int) -> tuple[Node, str]:
        """What a bind or cache mount of stage `index` begins with, and a digest of that."""
        if mount.origin is None:
            where = SourceView(self.project.context, "the build context")
        else:
            where = self.named_source(self.plan.mount_source(instruction, mount.origin, index), instruction)
        # Of a cache mount `source` is a directory of the cache itself.
        path = resolve(where.view, tuple(cleaned(parse_path(mount.source if mount.kind == "bind" else ""))))
        node = None if path is None else where.view.node(path)
        if path is None or node is None:
            raise fail(self.path, instruction, f"no {mount.source} in {where.name} to mount")
        if where.digest:
            return node, f"{where.digest} {show(path)}"
        copied = Tree(Node.directory())
        transfer = Transfer(copied, Options(made_mtime_ns=self.made_ns))
        if node.kind == "dir":
            transfer.put_contents(where.view, path, ())
            copied.root.mode, copied.root.mtime_ns = node.mode, node.mtime_ns
            return copied.root, tree_digest(copied)
        return node, tree_digest(Tree(Node.directory()), node)


def tree_digest(tree: Tree, *more: Node) -> str:
    """Of names, attributes but times, and contents."""
    digest = sha256()
    for path, node in [*tree.walk(), *((b"", node) for node in more)]:
        content = "" if node.content is None else content_digest(node.content)
        digest.update(repr((path, node.kind, node.mode, node.uid, node.gid, node.target, content)).encode())
    return digest.hexdigest()


def shown(text: str) -> str:
    """An instruction for a line of progress."""
    line = " ".join(text.split())
    return line if len(line) <= 120 else f"{line[:117]}..."
