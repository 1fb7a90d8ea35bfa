"""What is wrong or of no use in a friscy.toml and its Dockerfiles, found without building anything."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from friscy_build.config import Bundle, Config, ConfigError, load_config
from friscy_build.config.load import all_errors, parse_document
from friscy_build.dockerfile.ast import Cmd, Copy, Entrypoint, Healthcheck, Instruction, Maintainer, Transfer
from friscy_build.dockerfile.build import Project, open_project
from friscy_build.dockerfile.errors import DockerfileError
from friscy_build.dockerfile.instructions import parse_instruction
from friscy_build.dockerfile.lines import read_lines
from friscy_build.dockerfile.patterns import PatternError
from friscy_build.dockerfile.views import PathError, glob, resolve
from friscy_build.images.reference import normalize_reference
from friscy_build.steps import LOCK

_LAST_COUNTS = (Cmd, Entrypoint, Healthcheck)


def lint(project: str | os.PathLike[str]) -> list[ConfigError]:
    """The findings, file by file and by line. ConfigError: the project file itself cannot be read."""
    file = Path(project)
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise ConfigError(
            file, f"cannot be read: {error.strerror}", hint="`friscy init` writes a first one"
        ) from None
    if errors := all_errors(raw, file):
        return errors
    config = load_config(file)
    found: list[ConfigError] = []
    used: set[str] = set()
    for path, bundles in _by_dockerfile(config).items():
        found += _dockerfile(config, path, bundles, used)
    used |= {normalize_reference(each.image) for each in config.bundles.values() if each.image}
    found += _images(config, file, raw, used, complete=not found)
    return _distinct(sorted(found, key=lambda each: (each.file != str(file), each.file, each.line or 0)))


def _by_dockerfile(config: Config) -> dict[Path, list[Bundle]]:
    found: dict[Path, list[Bundle]] = {}
    for bundle in config.bundles.values():
        if bundle.dockerfile is not None:
            found.setdefault(bundle.dockerfile, []).append(bundle)
    return found


def _dockerfile(config: Config, path: Path, bundles: list[Bundle], used: set[str]) -> Iterator[ConfigError]:
    if errors := list(_grammar(path)):
        yield from errors
        return
    needed: set[int] = set()
    project = None
    for bundle in bundles:
        assert bundle.context is not None
        try:
            project = open_project(path, bundle.context, bundle.target, bundle.args, bundle.contexts)
        except DockerfileError as error:
            yield error
            return
        needed.update(project.plan.stages)
        yield from _bases(config, project, used)
        yield from _sources(project)
    if project is not None:
        yield from _stages(project, needed)


def _grammar(path: Path) -> Iterator[DockerfileError]:
    """What is wrong with single instructions: all of it, where a build stops at the first."""
    try:
        text = path.read_text("utf-8")
        lines = read_lines(text, str(path))
    except (OSError, UnicodeDecodeError):
        return  # what opens it for a build says why
    except DockerfileError as error:
        yield error
        return
    for line in lines.lines:
        try:
            parse_instruction(line, str(path), lines.escape)
        except DockerfileError as error:
            yield error


def _bases(config: Config, project: Project, used: set[str]) -> Iterator[ConfigError]:
    """Images that nothing gives."""
    plan = project.plan
    for planned in plan.stages.values():
        asked: list[tuple[Instruction, str | None]] = [(planned.stage.base, planned.base.image)]
        for each in planned.stage.instructions:
            if isinstance(each, Copy) and each.source_stage is not None:
                asked.append((each, plan.copy_source(each, planned.index).image))
        for instruction, reference in asked:
            if reference is None or reference.lower() == "scratch":
                continue
            used.add(normalize_reference(reference))
            if not config.sources(reference):
                hint = f'add [images."{reference}"] to {config.path.name}, or [registry] pull = true'
                yield _at(project, instruction, f"nothing says where {reference} comes from", hint)


def _sources(project: Project) -> Iterator[ConfigError]:
    """Files that COPY and ADD name and the context does not have."""
    for planned in project.plan.stages.values():
        for each in planned.stage.instructions:
            if not isinstance(each, Transfer) or (isinstance(each, Copy) and each.source_stage is not None):
                continue
            for source in each.sources:
                if "$" in source or "://" in source or source.startswith(("git@", "github.com/")):
                    continue  # known when it is built
                try:
                    there = any(
                        resolve(project.context, path) is not None for path in glob(project.context, source)
                    )
                except (PathError, PatternError) as error:
                    yield _at(project, each, str(error))
                    continue
                if not there:
                    yield _at(
                        project, each, f"{source} is not in the context", "or .dockerignore leaves it out"
                    )


def _stages(project: Project, needed: set[int]) -> Iterator[ConfigError]:
    names: dict[str, int] = {}
    for number, stage in enumerate(project.dockerfile.stages):
        name = stage.name
        if name and name in names:
            yield _at(project, stage.base, f"a second stage {name}", "give each its own name")
        elif name:
            names[name] = number
        if number not in needed:
            yield _at(
                project,
                stage.base,
                f"no bundle needs stage {name or number}",
                "remove it, or name it as `target`",
            )
        last: dict[type[Instruction], Instruction] = {}
        for each in stage.instructions:
            if isinstance(each, Maintainer):
                yield _at(
                    project, each, "MAINTAINER is deprecated", "LABEL org.opencontainers.image.authors=..."
                )
            for kind in _LAST_COUNTS:
                if isinstance(each, kind):
                    if kind in last:
                        message = f"has no effect: the {each.keyword} on line {each.span.first} replaces it"
                        yield _at(project, last[kind], message, "keep one of them")
                    last[kind] = each


def _images(
    config: Config, file: Path, raw: bytes, used: set[str], *, complete: bool
) -> Iterator[ConfigError]:
    """Sources that are not there or that nothing uses, and the lock."""
    document, positions = parse_document(raw, file)
    for written in document.get("images", {}):
        name = normalize_reference(written)
        place = positions.get(("images", written))
        where = {"line": place.line if place else None, "key": f'images."{written}"'}
        if name not in used and complete:  # what cannot be read may use it
            yield ConfigError(file, "no bundle uses it", hint="remove it", **where)  # type: ignore[arg-type]
        chain = config.images[name]
        if name in used and not any(each.path is None or each.path.exists() for each in chain):
            listed = ", ".join(str(each.path) for each in chain)
            yield ConfigError(file, f"no such file: {listed}", hint="make it, or correct the path", **where)  # type: ignore[arg-type]
    for bundle in config.bundles.values():
        place = positions.get(("bundle", bundle.name, "image"))
        for source in bundle.sources:
            if (
                bundle.image
                and source not in config.sources(bundle.image)
                and source.path
                and not source.path.exists()
            ):
                key = f"bundle.{bundle.name}.image"
                yield ConfigError(
                    file, f"no such file: {source.path}", line=place.line if place else None, key=key,
                    hint="make it, or correct the path",
                )  # fmt: skip
    from friscy_build.images.lock import Lock

    try:
        Lock.read(config.root / LOCK)
    except ConfigError as error:
        yield error


def _at(project: Project, instruction: Instruction, message: str, hint: str = "") -> DockerfileError:
    text = instruction.text if len(instruction.text) <= 80 else f"{instruction.text[:77]}..."
    return DockerfileError(project.dockerfile.path, instruction.span.first, message, text=text, hint=hint)


def _distinct(findings: Iterable[ConfigError]) -> list[ConfigError]:
    return list({str(each): each for each in findings}.values())
