"""Which stages a target needs, and what their FROMs and COPY --froms mean."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from friscy_build.config.errors import nearest
from friscy_build.dockerfile.ast import Arg, Copy, Dockerfile, Instruction, Onbuild, Run, Stage
from friscy_build.dockerfile.errors import DockerfileError
from friscy_build.dockerfile.expand import ExpansionError
from friscy_build.dockerfile.scope import PLATFORM, PLATFORM_ARGS, PROXY_ARGS, Scope, global_scope
from friscy_build.epoch import EPOCH_VARIABLE


def fail(path: str, instruction: Instruction, message: str, hint: str = "") -> DockerfileError:
    """The error for what an instruction asks for."""
    text = instruction.text if len(instruction.text) <= 80 else f"{instruction.text[:77]}..."
    return DockerfileError(path, instruction.span.first, message, text=text, hint=hint)


@dataclass(frozen=True)
class Source:
    """Where a FROM or COPY --from takes files from: exactly one of a stage's index, a named context, an image."""

    stage: int | None = None
    context: str | None = None
    image: str | None = None


@dataclass(frozen=True)
class PlannedStage:
    """A stage and its base. platform: of an image base, such as "linux/riscv64"."""

    index: int
    stage: Stage
    base: Source
    platform: str


class Plan:
    """The stages of `dockerfile` that `target` needs, in the file's order."""

    def __init__(
        self,
        dockerfile: Dockerfile,
        target: str | None,
        args: Mapping[str, str],
        contexts: Collection[str] = (),
        epoch_ns: int | None = None,
    ) -> None:
        """epoch_ns: what a bare ARG SOURCE_DATE_EPOCH stands for, as buildx hands it on.

        Raises DockerfileError for an unknown target or argument, and a base that is none.
        """
        self.dockerfile, self.args, self.contexts = dockerfile, args, contexts
        self.check_args()
        if epoch_ns is not None:
            self.args = {EPOCH_VARIABLE: str(epoch_ns // 10**9), **args}
        self.globals = self.global_scope(target)
        self.target = len(dockerfile.stages) - 1 if target is None else self.find_target(target)
        self.stages: dict[int, PlannedStage] = {}
        pending = [self.target]
        while pending:
            index = pending.pop()
            if index not in self.stages:
                self.stages[index] = planned = self.plan_stage(index)
                pending += [source.stage for source in self.sources(planned) if source.stage is not None]
        self.stages = dict(sorted(self.stages.items()))
        self.check_platform()

    def global_scope(self, target: str | None) -> Scope:
        """The variables that every FROM sees."""
        scope = global_scope(self.dockerfile, self.args, target)
        for arg in self.dockerfile.global_args:
            try:
                scope.declare(arg)
            except ExpansionError as error:
                raise fail(self.dockerfile.path, arg, str(error)) from None
        return scope

    def check_args(self) -> None:
        """Refuse a build argument that no ARG takes: it would do nothing."""
        instructions: list[Instruction] = [*self.dockerfile.global_args]
        for stage in self.dockerfile.stages:
            instructions += stage.instructions
        triggers = [each.instruction for each in instructions if isinstance(each, Onbuild)]
        declared = {
            name for each in (*instructions, *triggers) if isinstance(each, Arg) for name, _ in each.args
        }
        for name in self.args:
            if name not in declared and name not in PLATFORM_ARGS and name not in PROXY_ARGS:
                hint = nearest(name, declared) or f"add ARG {name}"
                raise DockerfileError(
                    self.dockerfile.path, None, f"no ARG takes argument {name!r}", hint=hint
                )

    def find_target(self, target: str) -> int:
        found = self.find_stage(target, len(self.dockerfile.stages))
        if found is None:
            names = [stage.name for stage in self.dockerfile.stages if stage.name]
            raise DockerfileError(
                self.dockerfile.path, None, f"no stage {target!r}", hint=nearest(target, names)
            )
        return found

    def find_stage(self, name: str, before: int) -> int | None:
        """The last stage of that name, or the one of that number, among the first `before`."""
        for index in reversed(range(before)):
            if self.dockerfile.stages[index].name == name.lower():
                return index
        if name.isascii() and name.isdigit() and len(name) < 9 and int(name) < before:
            return int(name)
        return None

    def plan_stage(self, index: int) -> PlannedStage:
        stage = self.dockerfile.stages[index]
        try:
            image = self.globals.word(stage.base.image)
            platform = self.globals.word(stage.base.platform or "") or PLATFORM
        except ExpansionError as error:
            raise fail(self.dockerfile.path, stage.base, str(error)) from None
        if not image:
            hint = "give the ARG before the first FROM a default, or set it in args"
            raise fail(self.dockerfile.path, stage.base, f"{stage.base.image} is empty", hint)
        named = next(
            (i for i in reversed(range(index)) if self.dockerfile.stages[i].name == image.lower()), None
        )
        base = Source(image=image) if named is None else Source(stage=named)
        if image in self.contexts:
            base = Source(context=image)
        return PlannedStage(index, stage, base, normalize_platform(platform))

    def sources(self, planned: PlannedStage) -> list[Source]:
        """What the stage takes files from, its base first."""
        found = [planned.base]
        for instruction in planned.stage.instructions:
            if isinstance(instruction, Copy) and instruction.source_stage is not None:
                found.append(self.copy_source(instruction, planned.index))
            elif isinstance(instruction, Run):
                origins = [options["from"] for options in instruction.mounts if "from" in options]
                found += [self.mount_source(instruction, name, planned.index) for name in origins]
        return found

    def mount_source(self, run: Run, name: str, index: int) -> Source:
        """What the `from` of a RUN's --mount in stage `index` names."""
        return self.named_source(run, "from", name, index)

    def copy_source(self, copy: Copy, index: int) -> Source:
        """What COPY --from in stage `index` names."""
        return self.named_source(copy, "--from", copy.source_stage or "", index)

    def named_source(self, instruction: Instruction, option: str, name: str, index: int) -> Source:
        """What `option` of an instruction in stage `index` names: a context, an earlier stage or an image."""
        path = self.dockerfile.path
        if "$" in name:
            hint = "name it in a FROM with AS, which sees global ARGs, and take it from that stage"
            raise fail(path, instruction, f"{option} cannot have variables", hint)
        if name in self.contexts:
            return Source(context=name)
        stage = self.find_stage(name, index)
        if stage is not None:
            return Source(stage=stage)
        later = self.find_stage(name, len(self.dockerfile.stages))
        if later is not None or name.isdigit():
            what = "is this stage or comes later" if later is not None else "is no stage"
            hint = "a stage can copy from earlier ones only"
            raise fail(path, instruction, f"{option}={name} {what}", hint)
        if not name:
            raise fail(path, instruction, f"{option} is empty")
        return Source(image=name)

    def root(self, planned: PlannedStage) -> PlannedStage:
        """The stage below it that is built on an image."""
        while planned.base.stage is not None:
            planned = self.stages.get(planned.base.stage) or self.plan_stage(planned.base.stage)
        return planned

    def check_platform(self) -> None:
        """The image that is built must be for this machine; other platforms may only be copied from."""
        planned = self.root(self.stages[self.target])
        if planned.platform != PLATFORM:
            message = f"the image would be for {planned.platform}"
            hint = f"friscy runs {PLATFORM}: leave --platform out"
            raise fail(self.dockerfile.path, planned.stage.base, message, hint)


def normalize_platform(platform: str) -> str:
    """`riscv64` and `linux/riscv64` are the same."""
    text = platform.lower()
    return text if "/" in text else f"linux/{text}"
