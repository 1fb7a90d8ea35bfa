"""From the text of friscy.toml to a `Config`: defaults filled in, paths absolute, errors with their line."""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_origin

from pydantic import BaseModel, ValidationError

from friscy_build.config.errors import ConfigError, nearest
from friscy_build.config.model import (
    AotTable,
    BuildTable,
    BundleTable,
    ImageSource,
    LimitsTable,
    MachineTable,
    NetworkTable,
    ProjectTable,
    RegistryTable,
    RunTable,
    SnapshotTable,
    model_in,
)
from friscy_build.config.positions import KeyPath, Position, Positions, find_positions
from friscy_build.images.reference import normalize_reference, parse_reference

REGISTRY_PREFIX = "docker://"  # as skopeo has it: `registry:2` is the name of an image
_ENGINES = ("docker", "podman")
_TRANSPORTS = ("tar", "oci", "docker-archive")


@dataclass(frozen=True)
class Bundle:
    """One `[bundle.NAME]`: exactly one of `dockerfile` and `image` is set; paths are absolute.

    context: for a dockerfile only. sources: where the `image` comes from, () for a dockerfile.
    """

    name: str
    output: Path
    dockerfile: Path | None
    context: Path | None
    target: str | None
    args: dict[str, str]
    contexts: dict[str, Path]
    image: str | None
    sources: tuple[ImageSource, ...]
    snapshot: SnapshotTable
    machine: MachineTable
    run: RunTable
    aot: AotTable = field(default_factory=AotTable)
    network: NetworkTable = field(default_factory=NetworkTable)
    limits: LimitsTable = field(default_factory=LimitsTable)


@dataclass(frozen=True)
class Config:
    """A checked friscy.toml. `path` is the file, `root` the directory its paths are relative to."""

    path: Path
    bundles: dict[str, Bundle]
    images: dict[str, tuple[ImageSource, ...]]
    registry: RegistryTable = field(default_factory=RegistryTable)
    build: BuildTable = field(default_factory=BuildTable)

    @property
    def root(self) -> Path:
        """The directory of friscy.toml."""
        return self.path.parent

    def sources(self, reference: str) -> tuple[ImageSource, ...]:
        """The chain of an image reference: the one `[images]` has, else its registry if that is to be used, else ().

        `python`, `python:latest` and `library/python` are the same image.
        """
        declared = self.images.get(normalize_reference(reference), ())
        if declared or not self.registry.pull:
            return declared
        try:
            return (ImageSource.model_validate({"registry": reference}),)
        except ValidationError:
            return ()


def load_config(path: str | os.PathLike[str]) -> Config:
    """Read and check friscy.toml. Raises ConfigError with the file and line of the first thing wrong."""
    file = Path(path)
    try:
        raw = file.read_bytes()
    except OSError as error:
        hint = "" if file.exists() else "write one with a [bundle.NAME] table, or name another"
        raise ConfigError(path, f"cannot be read: {error.strerror or error}", hint=hint) from None
    return parse_config(raw, file)


def parse_config(raw: bytes, file: Path) -> Config:
    """What `load_config` does with the bytes of the file; `file` names it and places its relative paths."""
    document, positions = parse_document(raw, file)
    try:
        project = ProjectTable.model_validate(document)
    except ValidationError as error:
        raise _errors(file, error, positions)[0] from None
    return _resolve(project, file.parent.resolve() / file.name, file, positions)


def all_errors(raw: bytes, file: Path) -> list[ConfigError]:
    """Everything that is wrong in the bytes of a friscy.toml, as far as one error does not hide another."""
    try:
        document, positions = parse_document(raw, file)
        ProjectTable.model_validate(document)
    except ConfigError as error:
        return [error]
    except ValidationError as error:
        return _errors(file, error, positions)
    try:
        parse_config(raw, file)
    except ConfigError as error:
        return [error]
    return []


def parse_document(raw: bytes, file: Path) -> tuple[dict[str, Any], Positions]:
    """The tables of a friscy.toml and where each key stands. ConfigError: it is not TOML."""
    try:
        source = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigError(file, "expected UTF-8 text", line=line, hint="save the file as UTF-8") from None
    source = source.replace("\r\n", "\n")
    try:
        return tomllib.loads(source), find_positions(source)
    except tomllib.TOMLDecodeError as error:
        raise _syntax_error(file, source, str(error)) from None
    except (ValueError, RecursionError) as error:
        raise ConfigError(file, f"not TOML: {error}", hint="it may be nested too deeply") from None


def _syntax_error(file: Path, source: str, text: str) -> ConfigError:
    message, _, place = text.rpartition(" (at ")
    match = re.fullmatch(r"line (\d+), column (\d+)\)", place)
    if match:
        return ConfigError(file, message, line=int(match[1]), column=int(match[2]), hint="not valid TOML")
    line = len(source.splitlines()) or 1
    return ConfigError(file, message or text, line=line, hint="not valid TOML")


def _errors(file: Path, error: ValidationError, positions: Positions) -> list[ConfigError]:
    """pydantic's errors in the words of friscy.toml, the earliest first."""
    found = [
        (_translate(file, dict(each), positions), each["type"] != "extra_forbidden")
        for each in error.errors()
    ]
    # On one line a misspelt key comes before the key that is missing for it.
    found.sort(key=lambda each: (each[0].line is None, each[0].line or 0, each[1], each[0].column or 0))
    return [each for each, _ in found]


def _translate(file: Path, error: dict[str, Any], positions: Positions) -> ConfigError:
    loc = tuple(error["loc"])
    kind, message, hint = error["type"], "", ""
    if kind == "extra_forbidden":
        message, hint = "unknown key", nearest(str(loc[-1]), _known_keys(loc[:-1]))
    elif kind == "missing":
        table = _dotted(_written(loc[:-1], positions))
        message, hint = "missing", f"add {loc[-1]} to [{table}]" if table else "add a table [bundle.NAME]"
    elif kind == "literal_error":
        message = f"expected {error['ctx']['expected'].replace(chr(39), '')}, got {_shown(error['input'])}"
        options = re.findall(r"'([^']*)'", error["ctx"]["expected"])
        hint = nearest(str(error["input"]), options)
    elif kind == "value_error":
        message = f"{error['ctx']['error']}, got {_shown(error['input'])}"
        key, colon, rest = str(error["ctx"]["error"]).partition(": ")
        if isinstance(error["input"], dict):  # a check of a whole table: `key: what is wrong`
            message = rest if colon else key
            loc = (*loc, key) if colon else loc
    else:
        message = f"expected {_EXPECTED.get(kind, error['msg'])}, got {_shown(error['input'])}"
        if kind == "string_pattern_mismatch":
            message, hint = f"{_shown(error['input'])} is not a valid {_thing(loc)}", ""
    if loc and loc[-1] == "[key]":
        loc = loc[:-1]
    written = _written(loc, positions)
    place = _place(written, positions)
    line, column = (place.line, place.column) if place else (None, None)
    return ConfigError(file, message, line=line, column=column, key=_dotted(written), hint=hint)


_EXPECTED = {
    "string_type": "a string",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
    "tuple_type": "a list",
    "list_type": "a list",
    "too_short": "at least one entry",
    "string_too_short": "a string that is not empty",
}


def _thing(loc: KeyPath) -> str:
    if loc[0] == "bundle" and len(loc) == 3 and loc[-1] == "[key]":
        return "bundle name (letters, digits, '_', '.' and '-')"
    return "package name" if "packages" in loc else "value"


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return "a table" if value else "an empty table"
    if isinstance(value, (list, tuple)):
        return "a list" if value else "an empty list"
    if isinstance(value, bool):
        return str(value).lower()
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _known_keys(loc: KeyPath) -> list[str]:
    """The keys of the table at `loc`, from the models."""
    model: type[BaseModel] = ProjectTable
    of_user = False
    for part in loc:
        if of_user or isinstance(part, int):
            of_user = False
            continue
        field = next((each for name, each in model.model_fields.items() if part in (name, each.alias)), None)
        below = model_in(field.annotation) if field else None
        if field is None or below is None:
            return []
        model, of_user = below, get_origin(field.annotation) is dict
    return [field.alias or name for name, field in model.model_fields.items()]


def _written(loc: KeyPath, positions: Positions) -> KeyPath:
    """`loc` without the list indices that the file does not have: one source stands for a list of one."""
    path: KeyPath = ()
    for part in loc:
        if isinstance(part, int) and (*path, part) not in positions:
            continue
        path = (*path, part)
    return path


def _place(path: KeyPath, positions: Positions) -> Position | None:
    while path and path not in positions:
        path = path[:-1]
    return positions.get(path)


def _dotted(path: KeyPath) -> str:
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            bare = re.fullmatch(r"[A-Za-z0-9_-]+", part)
            text += ("." if text else "") + (part if bare else f'"{part}"')
    return text


def _resolve(
    project: ProjectTable,
    path: Path,
    file: Path,
    positions: Positions,
) -> Config:
    def fail(key: KeyPath, message: str, hint: str = "") -> ConfigError:
        place = _place(key, positions)
        line, column = (place.line, place.column) if place else (None, None)
        return ConfigError(file, message, line=line, column=column, key=_dotted(key), hint=hint)

    root = path.parent
    images: dict[str, tuple[ImageSource, ...]] = {}
    for reference, chain in project.images.items():
        name = normalize_reference(reference)
        if name in images:
            raise fail(("images", reference), f"{name} has a table already", "write its sources as one list")
        images[name] = tuple(_absolute_source(source, root) for source in chain)
    bundles: dict[str, Bundle] = {}
    outputs: dict[Path, str] = {}
    for name, table in project.bundle.items():
        if table.image is not None and table.image.startswith(REGISTRY_PREFIX):
            try:
                parse_reference(table.image.removeprefix(REGISTRY_PREFIX))
            except ValueError as error:
                raise fail(("bundle", name, "image"), str(error)) from None
        bundle = _bundle(name, table, project.aot, root, images)
        if bundle.image is not None and not bundle.sources:
            known = [
                *(f"{each}:" for each in (*_TRANSPORTS, *_ENGINES)),
                f"{REGISTRY_PREFIX}...",
                *project.images,
            ]
            raise fail(
                ("bundle", name, "image"),
                f"nothing says where {bundle.image!r} comes from",
                f'add [images."{bundle.image}"]; {nearest(bundle.image, known)}',
            )
        other = outputs.setdefault(Path(os.path.normpath(bundle.output)), name)
        if other != name:
            key = ("bundle", name, "output")
            raise fail(
                key, f"bundle.{other} is written to {bundle.output} too", "give each its own directory"
            )
        bundles[name] = bundle
    return Config(path, bundles, images, project.registry, _absolute_build(project.build, root))


def _absolute_build(build: BuildTable, root: Path) -> BuildTable:
    """The table with its paths absolute."""
    secrets = {
        name: each if each.file is None else each.model_copy(update={"file": root / each.file})
        for name, each in build.secrets.items()
    }
    ssh = {
        name: each if each.socket is None else each.model_copy(update={"socket": root / each.socket})
        for name, each in build.ssh.items()
    }
    return build.model_copy(update={"secrets": secrets, "ssh": ssh})


def _bundle(
    name: str, table: BundleTable, aot: AotTable, root: Path, images: dict[str, tuple[ImageSource, ...]]
) -> Bundle:
    dockerfile = None if table.dockerfile is None else root / table.dockerfile
    context = None
    if dockerfile is not None:
        context = dockerfile.parent if table.context is None else root / table.context
    sources: tuple[ImageSource, ...] = ()
    if table.image is not None:
        sources = image_sources(table.image, root) or images.get(normalize_reference(table.image), ())
    return Bundle(
        name=name,
        output=root / (table.output or Path("build") / name),
        dockerfile=dockerfile,
        context=context,
        target=table.target,
        args=dict(table.args),
        contexts={name: root / path for name, path in table.contexts.items()},
        image=table.image,
        sources=sources,
        snapshot=table.snapshot,
        machine=table.machine,
        run=table.run,
        network=table.network,
        limits=table.limits,
        aot=table.aot.over(aot),
    )


def image_sources(image: str, root: Path) -> tuple[ImageSource, ...]:
    """The source that `image` spells out, () where it is a mere name."""
    if image.startswith(REGISTRY_PREFIX):
        return (ImageSource.model_validate({"registry": image.removeprefix(REGISTRY_PREFIX)}),)
    transport, colon, rest = image.partition(":")
    if transport in _ENGINES and rest:
        return (ImageSource.model_validate({transport: rest}),)
    if transport not in _TRANSPORTS or not colon or not rest:
        return ()
    tag = None
    if transport != "tar" and not (root / rest).exists():
        # `oci:DIR:TAG`; a path that exists is taken whole, colons and all.
        head, colon, tail = rest.partition(":")
        rest, tag = (head, tail) if head and tail else (rest, None)
    source = ImageSource.model_validate({transport: rest, "tag": tag})
    return (_absolute_source(source, root),)


def _absolute_source(source: ImageSource, root: Path) -> ImageSource:
    if source.path is None:
        return source
    return source.model_copy(update={source.kind.replace("-", "_"): root / source.path})
