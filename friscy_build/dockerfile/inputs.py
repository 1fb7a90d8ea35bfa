"""What a build would read, found without doing it: for deciding whether it has to be done again."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from friscy_build.dockerfile.ast import Add, Arg, Copy, Env, Onbuild, Run, Transfer
from friscy_build.dockerfile.build import Project, open_project
from friscy_build.dockerfile.copying import HASH_BYTES
from friscy_build.dockerfile.errors import DockerfileError
from friscy_build.dockerfile.expand import ExpansionError, expand_word
from friscy_build.dockerfile.patterns import PatternError
from friscy_build.dockerfile.plan import PlannedStage
from friscy_build.dockerfile.remote import is_remote
from friscy_build.dockerfile.scope import PLATFORM, Scope
from friscy_build.dockerfile.views import HostView, PathError, TreePath, glob, resolve


@dataclass(frozen=True)
class Inputs:
    """What a build reads, found without building.

    files: the Dockerfile, its ignore file and every context file a COPY or ADD of a needed stage takes;
    bases: (reference, platform) of every image outside the Dockerfile;
    digest: `sha256:...` of instructions, arguments, file names, modes and contents; not of times or bases.
    Known gap: what an ONBUILD trigger of a base image copies. What ADD fetches from elsewhere is known by its URL.
    """

    files: tuple[str, ...]
    bases: tuple[tuple[str, str], ...]
    digest: str


def build_inputs(
    dockerfile: str | os.PathLike[str],
    context: str | os.PathLike[str],
    *,
    target: str | None = None,
    args: Mapping[str, str] | None = None,
    named_contexts: Mapping[str, str | os.PathLike[str]] | None = None,
    epoch_ns: int | None = None,
) -> Inputs:
    """The inputs of the same `build_image`. Raises DockerfileError."""
    project = open_project(dockerfile, context, target, args, named_contexts, epoch_ns)
    finder = _Finder(project)
    try:
        return finder.find()
    except OSError as error:
        raise DockerfileError(project.dockerfile.path, None, f"its context cannot be read: {error}") from None


class _KnownVariables(dict[str, str]):
    """Notices when a variable is asked for whose value is not known before the build."""

    def __init__(self, known: dict[str, str], unknown: set[str]) -> None:
        super().__init__(known)
        self.unknown, self.missed = unknown, False

    def get(self, name: str, default: str | None = None) -> str | None:  # type: ignore[override]
        if name in self.unknown or name not in self:
            self.missed = True
        return super().get(name, default)


class _StaticScope(Scope):
    """A stage's variables without those its base image brings."""

    def __init__(self, given: Mapping[str, str], outer: Mapping[str, str], escape: str) -> None:
        super().__init__(given, outer, escape)
        self.unknown: set[str] = set()
        self.missed = False

    def word(self, text: str) -> str:
        variables = _KnownVariables(self.variables, self.unknown)
        try:
            word = expand_word(text, variables, self.escape)
        except ExpansionError:  # the build says what is wrong with it, if anything is
            word, variables.missed = "", True
        self.missed = self.missed or variables.missed
        return word

    def known(self, text: str) -> str | None:
        """`text` expanded, None where that takes a variable of the base image."""
        self.missed = False
        word = self.word(text)
        return None if self.missed else word


class _Finder:
    def __init__(self, project: Project) -> None:
        self.project, self.plan = project, project.plan
        self.scopes: dict[int, _StaticScope] = {}
        self.bases: dict[tuple[str, str], None] = {}
        self.paths: dict[tuple[int, TreePath], HostView] = {}  # by id of the view, so that each is read once

    def find(self) -> Inputs:
        for planned in self.plan.stages.values():
            self.stage(planned)
        digest = sha256(b"friscy inputs 1\n")
        args = sorted(self.plan.args.items())
        digest.update(repr((self.project.text, self.plan.target, args)).encode("utf-8", "surrogateescape"))
        files = [os.fspath(path) for path in self.project.files]
        for (_, path), view in sorted(self.paths.items(), key=lambda item: (item[1].root, item[0][1])):
            node = view.node(path)
            if node is None:
                continue
            content = ""
            if node.content is not None:
                files.append(os.fsdecode(view.host_path(path)))
                content = _content_digest(view.host_path(path))
            digest.update(repr((path, node.kind, node.mode, node.target, content)).encode())
        return Inputs(tuple(dict.fromkeys(files)), tuple(self.bases), f"sha256:{digest.hexdigest()}")

    def stage(self, planned: PlannedStage) -> None:
        scope = _StaticScope(self.plan.args, self.plan.globals.args, self.project.dockerfile.escape)
        self.scopes[planned.index] = scope
        if planned.base.stage is not None:
            base = self.scopes[planned.base.stage]
            scope.args, scope.env, scope.unknown = dict(base.args), dict(base.env), set(base.unknown)
        elif planned.base.context is not None:
            self.add_all(self.project.named_contexts[planned.base.context])
        elif planned.base.image is not None:
            self.add_base(planned.base.image, planned.platform)
        for instruction in planned.stage.instructions:
            if isinstance(instruction, Arg):
                scope.declare(instruction)
            elif isinstance(instruction, Env):
                values = [(scope.word(pair.name), scope.known(pair.value)) for pair in instruction.pairs]
                scope.set_env({name: value or "" for name, value in values})
                scope.unknown.difference_update(name for name, value in values if value is not None)
                scope.unknown.update(name for name, value in values if value is None)
            elif isinstance(instruction, Transfer):
                self.transfer(instruction, planned.index, scope)
            elif isinstance(instruction, Run):
                self.run(instruction, planned.index, scope)
            elif isinstance(instruction, Onbuild) and isinstance(instruction.instruction, (Transfer, Run)):
                self.add_all(self.project.context)  # a later stage may run it

    def add_base(self, reference: str, platform: str) -> None:
        if reference.lower() != "scratch":
            self.bases[reference, platform] = None

    def transfer(self, instruction: Transfer, index: int, scope: _StaticScope) -> None:
        view = self.project.context
        if isinstance(instruction, Copy) and instruction.source_stage is not None:
            source = self.plan.copy_source(instruction, index)
            if source.image is not None:
                self.add_base(source.image, PLATFORM)
            if source.context is None:
                return
            view = self.project.named_contexts[source.context]
        for text in instruction.sources:
            source_path = scope.known(text)
            if source_path is not None and isinstance(instruction, Add) and is_remote(source_path):
                continue
            if source_path is None:
                self.add_all(view)
            else:
                self.add_source(view, source_path)

    def run(self, instruction: Run, index: int, scope: _StaticScope) -> None:
        """What its mounts read."""
        for options in instruction.mounts:
            view = self.project.context
            if options.get("type") != "bind" and "from" not in options:
                continue
            if "from" in options:
                source = self.plan.mount_source(instruction, options["from"], index)
                if source.image is not None:
                    self.add_base(source.image, PLATFORM)
                if source.context is None:
                    continue
                view = self.project.named_contexts[source.context]
            path = scope.known(options.get("source") or options.get("src") or ".")
            if path is None:
                self.add_all(view)
            else:
                self.add_source(view, path)

    def add_source(self, view: HostView, source: str) -> None:
        try:
            for path in glob(view, source):
                real = resolve(view, path)
                if real is not None:
                    self.add_tree(view, real)
        except (PathError, PatternError):
            return  # the build says what is wrong with it

    def add_all(self, view: HostView) -> None:
        self.add_tree(view, ())

    def add_tree(self, view: HostView, path: TreePath) -> None:
        """`path` and all below it."""
        pending = [path]
        while pending:
            path = pending.pop()
            if (id(view), path) in self.paths:
                continue
            try:
                node = view.node(path)
            except PathError:
                continue
            self.paths[id(view), path] = view
            if node is not None and node.kind == "dir":
                pending += [(*path, name) for name in view.names(path)]


def _content_digest(path: bytes) -> str:
    digest = sha256()
    with open(path, "rb") as file:
        while block := file.read(HASH_BYTES):
            digest.update(block)
    return digest.hexdigest()
