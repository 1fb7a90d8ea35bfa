"""Build a Dockerfile: the tree and the image configuration that come out."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from friscy_build.dockerfile.ast import Copy, Dockerfile, Transfer
from friscy_build.dockerfile.copying import SourceView
from friscy_build.dockerfile.errors import DockerfileError
from friscy_build.dockerfile.parser import parse
from friscy_build.dockerfile.patterns import PathRules, PatternError, read_ignore_file
from friscy_build.dockerfile.plan import Plan, PlannedStage, fail
from friscy_build.dockerfile.scope import PLATFORM, Scope
from friscy_build.dockerfile.stage import StageRun
from friscy_build.dockerfile.transfer import clone_tree
from friscy_build.dockerfile.views import HostView, TreeView, epoch_ns
from friscy_build.images.image import BaseImage, scratch
from friscy_build.images.progress import Progress, silent
from lazyfs.tree import Tree

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
    progress: Progress = silent,
) -> BuiltImage:
    """Build stage `target` (default: the last) of `dockerfile` over the directory `context`.

    args: values of ARGs; named_contexts: directories that COPY --from=NAME may read.
    Directories that no source has get SOURCE_DATE_EPOCH as their time, so that a build can be repeated.
    Raises DockerfileError with file and line, and what resolve_base raises.
    """
    project = open_project(dockerfile, context, target, args, named_contexts)
    build = _Build(project, resolve_base, progress)
    for index in project.plan.stages:
        build.stage(index)
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
) -> Project:
    """Read and plan. Raises DockerfileError."""
    path, root = Path(dockerfile), Path(context)
    text = _read_text(path)
    if not root.is_dir():
        raise DockerfileError(path, None, f"its context {root} is no directory")
    rules, ignore_file = _ignore_rules(path, root)
    named = {name: HostView(Path(each)) for name, each in (named_contexts or {}).items()}
    for name, view in named.items():
        if not os.path.isdir(view.root):
            raise DockerfileError(path, None, f"context {name!r}: {os.fsdecode(view.root)} is no directory")
    plan = Plan(parse(text, str(path)), target, dict(args or {}), tuple(named))
    files = (path,) if ignore_file is None else (path, ignore_file)
    return Project(plan, HostView(root, rules), named, files, text)


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

    def __init__(self, project: Project, resolve_base: ResolveBase, progress: Progress) -> None:
        self.project, self.plan, self.resolve_base, self.progress = (
            project,
            project.plan,
            resolve_base,
            progress,
        )
        self.path = project.dockerfile.path
        self.stages: dict[int, StageRun] = {}
        self.images: dict[tuple[str, str], BaseImage] = {}
        self.made_ns = epoch_ns() or 0

    def stage(self, index: int) -> StageRun:
        """Stage `index`, built now if it is not yet."""
        if index not in self.stages:
            planned = self.plan.stages.get(index) or self.plan.plan_stage(index)
            self.stages[index] = self.build(planned)
        return self.stages[index]

    def build(self, planned: PlannedStage) -> StageRun:
        stage = planned.stage
        scope = Scope(self.plan.args, self.plan.globals.args, self.project.dockerfile.escape)
        if planned.base.stage is not None:
            base = self.stage(planned.base.stage)
            tree, config, digest = base.tree, base.config, base.digest
            scope.args.update(base.scope.args)
        else:
            image = self.image(planned.base.image or "", planned.platform)
            tree, config, digest = image.tree, image.config, image.digest
        run = StageRun(self.path, planned.index, clone_tree(tree), config, digest, scope, self.made_ns)
        run.image = self.plan.root(planned).base.image or ""
        run.run_triggers(stage.base, self)
        for done, instruction in enumerate(stage.instructions):
            shown = f"{instruction.keyword} {instruction.text.partition(' ')[2]}"[:60].strip()
            self.progress(shown, done, len(stage.instructions))
            run.run(instruction, self)
        self.progress(
            stage.name or f"stage {planned.index}", len(stage.instructions), len(stage.instructions)
        )
        return run

    def image(self, reference: str, platform: str) -> BaseImage:
        key = (reference, platform)
        if key not in self.images:
            if reference.lower() == "scratch":
                empty = scratch()
                empty.config = {"Env": SCRATCH_ENV}
                self.images[key] = empty
            else:
                self.images[key] = self.resolve_base(reference, platform)
        return self.images[key]

    def source_view(self, instruction: Transfer, index: int) -> SourceView:
        """Where a COPY or ADD of stage `index` reads from."""
        if not isinstance(instruction, Copy) or instruction.source_stage is None:
            return SourceView(self.project.context, "the build context")
        source = self.plan.copy_source(instruction, index)
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
