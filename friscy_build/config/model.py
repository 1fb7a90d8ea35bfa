"""The tables of friscy.toml as pydantic models: the one place that has each key, its type and its default.

docs/friscy-toml.md's table of keys is made from these models (`friscy_build.config.reference`).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from friscy.kernel.limits import parse_ulimit
from friscy.kernel.net.policy import Policy
from friscy.machine.layout import GUEST_END
from friscy_build.images.reference import is_host, parse_reference
from lazyfs.errors import UsageError

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
_SIZE = re.compile(r"(\d{1,18}(?:\.\d{1,18})?)\s*([KMG]?)(i?B)?", re.IGNORECASE)

MEMORY_MIN = 16 << 20
MEMORY_MAX = GUEST_END
_MEMORY_RANGE = f"{MEMORY_MIN >> 20}MiB to {MEMORY_MAX / (1 << 30):g}GiB"


def parse_size(value: object) -> int:
    """Bytes of a size such as 65536, "512MiB" or "1G"; units are powers of 1024, as in `docker run -m`."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    match = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError('expected a size such as "512MiB" or "1GiB"')
    return int(float(match[1]) * _UNITS[match[2].upper()])


def _memory(value: object) -> int:
    nbytes = parse_size(value)
    if not MEMORY_MIN <= nbytes <= MEMORY_MAX:
        raise ValueError(f"expected {_MEMORY_RANGE}")
    return nbytes


def _path(value: object) -> Path:
    if isinstance(value, Path):
        return value
    if not isinstance(value, str) or not value:
        raise ValueError("expected a path")
    if "\0" in value:
        raise ValueError("expected a path without NUL bytes")
    return Path(value).expanduser() if value.startswith("~/") else Path(value)


def _listed(value: object) -> object:
    return [value] if isinstance(value, (dict, BaseModel)) else value


def _one_or_more(value: object) -> object:
    return [value] if isinstance(value, str) else value


HostPath = Annotated[Path, BeforeValidator(_path, json_schema_input_type=str)]
Text = Annotated[str, StringConstraints(strict=True, pattern=r"^[^\x00]*$")]
Word = Annotated[str, StringConstraints(strict=True, min_length=1, pattern=r"^[^\x00]*$")]
Flag = Annotated[bool, Field(strict=True)]
PackageName = Annotated[
    str, StringConstraints(strict=True, pattern=r"^[a-z0-9][a-z0-9+.-]+(:[a-z0-9]+)?([=/][^\s]+)?$")
]
ArchiveWord = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9+._/-]*$")]
VariableName = Annotated[str, StringConstraints(strict=True, pattern=r"^[^=\x00]+$")]


def _image_name(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("expected an image reference")
    parse_reference(value)
    return value


def _host(value: object) -> str:
    if not isinstance(value, str) or not is_host(value):
        raise ValueError("expected a host, with or without a port")
    return value


ImageName = Annotated[str, BeforeValidator(_image_name, json_schema_input_type=str)]
RegistryHost = Annotated[str, BeforeValidator(_host, json_schema_input_type=str)]
HostList = Annotated[tuple[RegistryHost, ...], BeforeValidator(_one_or_more)]


class Table(BaseModel):
    """A table of friscy.toml: unknown keys are errors, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SnapshotTable(Table):
    """When the machine is saved."""

    at: Literal["entry", "stdin", "none"] = Field(
        default="entry",
        description="`entry`: linked, before `main`, so arguments and environment can be replaced; "
        "`stdin`: at the first read of standard input; `none`: start from the root filesystem every time",
    )


class MachineTable(Table):
    """The guest's machine."""

    memory: Annotated[int, BeforeValidator(_memory, json_schema_input_type=str)] = Field(
        default=1 << 30, description=f"guest memory, {_MEMORY_RANGE}; reserved, not committed"
    )


class RunTable(Table):
    """What the bundle starts, over what its image says."""

    entrypoint: tuple[Text, ...] | None = Field(
        default=None,
        description="in place of the image's ENTRYPOINT, and of its CMD too, as with `docker run`",
    )
    cmd: tuple[Text, ...] | None = Field(
        default=None, description="in place of the image's CMD: the arguments when `friscy run` is given none"
    )
    env: dict[VariableName, Text] = Field(
        default={}, description="environment variables over the image's ENV"
    )
    workdir: Word | None = Field(default=None, description="in place of the image's WORKDIR; absolute")
    user: Word | None = Field(
        default=None, description="in place of the image's USER: `name`, `uid` or either with `:group`"
    )

    def apply(self, config: dict[str, Any]) -> dict[str, Any]:
        """The OCI image `config` with this table's values in place of its own."""
        result = dict(config)
        if self.entrypoint is not None:
            result["Entrypoint"] = list(self.entrypoint)
            result.pop("Cmd", None)
        if self.cmd is not None:
            result["Cmd"] = list(self.cmd)
        if self.env:
            kept = [pair for pair in config.get("Env") or [] if pair.partition("=")[0] not in self.env]
            result["Env"] = kept + [f"{name}={value}" for name, value in self.env.items()]
        if self.workdir is not None:
            result["WorkingDir"] = self.workdir
        if self.user is not None:
            result["User"] = self.user
        return result

    @model_validator(mode="after")
    def _check(self) -> RunTable:
        if self.workdir is not None and not self.workdir.startswith("/"):
            raise ValueError("workdir: expected an absolute path")
        return self


class DebianTable(Table):
    """Packages from the machine's Debian archive, unpacked without being run."""

    suite: ArchiveWord = Field(description="release, such as `trixie`")
    packages: Annotated[tuple[PackageName, ...], Field(min_length=1)] = Field(
        description="package names, dependencies come along; `name=version` and `name/suite` as apt has them"
    )
    components: Annotated[tuple[ArchiveWord, ...], Field(min_length=1)] = Field(
        default=("main",), description="archive areas"
    )
    recommends: Flag = Field(default=False, description="install Recommends too")
    essential: Flag = Field(
        default=True,
        description="with the packages every Debian has (`sh`, `coreutils`, ...), as slim images are",
    )
    bytecode: Flag = Field(
        default=True,
        description="compile the library of a Python among them, as its packages' scripts would; "
        "takes a minute the first time",
    )
    sources: Flag = Field(
        default=False,
        description="let the image's own apt install more, as in the images of Debian: its sources name the archive "
        "that this machine uses, which makes that part of the image",
    )


class ImageSource(Table):
    """One place an image can come from: exactly one of its keys but `tag`."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    tar: HostPath | None = Field(
        default=None, description="a root filesystem as a tar file (plain, gz, xz, bz2 or zst)"
    )
    oci: HostPath | None = Field(default=None, description="an OCI image layout directory")
    docker_archive: HostPath | None = Field(
        default=None, alias="docker-archive", description="a tar file written by `docker save`"
    )
    registry: ImageName | None = Field(
        default=None, description="an image of a registry, `[HOST/]NAME[:TAG][@DIGEST]`"
    )
    docker: ImageName | None = Field(default=None, description="an image that this machine's docker has")
    podman: ImageName | None = Field(default=None, description="an image that this machine's podman has")
    debian: DebianTable | None = Field(default=None, description="Debian packages")
    tag: Word | None = Field(
        default=None,
        description="which image of an `oci` layout or `docker-archive`; default: the only riscv64 one",
    )

    @property
    def kind(self) -> Literal["tar", "oci", "docker-archive", "registry", "docker", "podman", "debian"]:
        """Which of them it is."""
        if self.tar is not None:
            return "tar"
        if self.oci is not None:
            return "oci"
        if self.registry is not None:
            return "registry"
        if self.docker is not None or self.podman is not None:
            return "docker" if self.docker is not None else "podman"
        return "docker-archive" if self.docker_archive is not None else "debian"

    @property
    def path(self) -> Path | None:
        """The file or directory that it is, None where it is none."""
        return self.tar or self.oci or self.docker_archive

    @model_validator(mode="after")
    def _exactly_one(self) -> ImageSource:
        given = [
            self.tar, self.oci, self.docker_archive, self.registry, self.docker, self.podman, self.debian,
        ]  # fmt: skip
        if sum(source is not None for source in given) != 1:
            raise ValueError(
                "expected exactly one of tar, oci, docker-archive, registry, docker, podman and debian"
            )
        if self.tag is not None and self.oci is None and self.docker_archive is None:
            raise ValueError("tag: only an oci layout and a docker-archive have tags")
        return self


class RegistryTable(Table):
    """How registries are used and reached."""

    pull: Flag = Field(
        default=False,
        description="take a FROM that `[images]` does not have from the registry its name says",
    )
    mirrors: dict[RegistryHost, HostList] = Field(
        default={},
        description="for a registry, the hosts that are asked before it: one or a list",
        json_schema_extra={"shown_type": "table of lists of strings"},
    )
    plain_http: HostList = Field(
        default=(),
        alias="plain-http",
        description="hosts, with their port, that may be used without TLS; loopback always may",
        json_schema_extra={"shown_type": "list of strings", "shown_default": "`[]`"},
    )


class SecretTable(Table):
    """Where a secret of the build is: a file of this machine, or a variable of its environment."""

    file: HostPath | None = Field(default=None, description="a file that holds it")
    env: Word | None = Field(default=None, description="a variable of the environment that holds it")

    @model_validator(mode="after")
    def _exactly_one(self) -> SecretTable:
        if (self.file is None) == (self.env is None):
            raise ValueError("expected one of file and env")
        return self


class SshTable(Table):
    """Where an SSH agent listens: a socket of this machine, or the variable of its environment that names it."""

    socket: HostPath | None = Field(default=None, description="the agent's socket")
    env: Word | None = Field(
        default=None, description="a variable of the environment that names it, usually `SSH_AUTH_SOCK`"
    )

    @model_validator(mode="after")
    def _exactly_one(self) -> SshTable:
        if (self.socket is None) == (self.env is None):
            raise ValueError("expected one of socket and env")
        return self


def _executor(value: object) -> object:
    if value in (None, "processes"):
        return value
    if not isinstance(value, str) or not re.fullmatch(r"dask://[^/:\s]+:\d{1,5}", value):
        raise ValueError('expected "processes" or "dask://HOST:PORT"')
    return value


def _commands(value: object) -> object:
    """One command may stand for a list of one."""
    return (
        [value]
        if isinstance(value, list) and value and all(isinstance(word, str) for word in value)
        else value
    )


Command = Annotated[tuple[Text, ...], Field(min_length=1)]


class AotTable(Table):
    """Which code is translated ahead of time."""

    scope: Literal["touched", "all", "none"] = Field(
        default="touched",
        description="`touched`: what ran while the build recorded it, and what that calls (CPython takes half a "
        "minute more the first time); `all`: whatever can be found, which takes long; `none`: everything is "
        "interpreted",
    )
    warm_up: Annotated[tuple[Command, ...], BeforeValidator(_commands)] = Field(
        default=(),
        description="commands to record besides the bundle's own start: one, or a list of them",
        json_schema_extra={"shown_type": "list of lists of strings", "shown_default": "`[]`"},
    )
    faults: Literal["auto", "fast", "precise"] = Field(
        default="auto",
        description="`precise`: a handler of SIGSEGV or SIGBUS sees every register as it was, at some cost; "
        "`auto`: for the programs known to look: those made by Go, and those that were seen to go on behind a fault",
    )

    def over(self, other: AotTable) -> AotTable:
        """This table's keys, and those of `other` where it has none."""
        return other.model_copy(update={name: getattr(self, name) for name in self.model_fields_set})


def _network_rule(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError('expected a rule such as "*" or "example.org:80"')
    try:
        Policy([value])
    except UsageError as error:
        raise ValueError(str(error.args[0])) from None
    return value


NetworkRule = Annotated[str, BeforeValidator(_network_rule, json_schema_input_type=str)]


def _published(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError('expected a port such as "8080:80" or "127.0.0.1:5353:53/udp"')
    try:
        Policy(publish=[value])
    except UsageError as error:
        raise ValueError(str(error.args[0])) from None
    return value


PublishedPort = Annotated[str, BeforeValidator(_published, json_schema_input_type=str)]


class NetworkTable(Table):
    """What of the network `friscy run` grants the bundle; `--net` and `-p` go before it."""

    outbound: Annotated[tuple[NetworkRule, ...], BeforeValidator(_one_or_more)] = Field(
        default=(),
        description='what the guest may reach: `"example.org:443"`, `"*.example.com"`, `"10.0.0.0/8"`, '
        '`"192.0.2.7:53/udp"`; `"*"` is every public address, `"localhost:5432"` a port of the host\'s loopback',
        json_schema_extra={"shown_type": "list of strings", "shown_default": "`[]`"},
    )
    publish: Annotated[tuple[PublishedPort, ...], BeforeValidator(_one_or_more)] = Field(
        default=(),
        description='ports of the host that lead to the guest: `"8080:80"`, `"127.0.0.1:8080:80"`, `"5353:53/udp"`',
        json_schema_extra={"shown_type": "list of strings", "shown_default": "`[]`"},
    )


def _size_or_none(value: object) -> int | None:
    return None if value is None else parse_size(value)


def _ulimit(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError('expected a limit such as "nofile=1024"')
    try:
        parse_ulimit(value)
    except UsageError as error:
        raise ValueError(str(error.args[0])) from None
    return value


Bytes = Annotated[int | None, BeforeValidator(_size_or_none, json_schema_input_type=str), Field(gt=0)]
Ulimit = Annotated[str, BeforeValidator(_ulimit, json_schema_input_type=str)]


class LimitsTable(Table):
    """What `friscy run` lets the bundle take of the host; options of the same names go before it."""

    memory: Bytes = Field(
        default=None,
        description="memory of all processes together; beyond it the largest is killed",
        json_schema_extra={"shown_type": "size", "shown_default": "none"},
    )
    processes: Annotated[int | None, Field(strict=True, gt=0)] = Field(
        default=None,
        description="processes and threads at once; beyond it `clone` fails with EAGAIN",
        json_schema_extra={"shown_type": "number", "shown_default": "none"},
    )
    disk: Bytes = Field(
        default=None,
        description="changed files; beyond it writes fail with ENOSPC",
        json_schema_extra={"shown_type": "size", "shown_default": "none"},
    )
    cpu_seconds: Annotated[float | None, Field(gt=0)] = Field(
        default=None,
        alias="cpu-seconds",
        description="processor time of all processes together; after it the guest is killed",
        json_schema_extra={"shown_type": "number", "shown_default": "none"},
    )
    ulimits: tuple[Ulimit, ...] = Field(
        default=(),
        description='resource limits of the first process: `"nofile=1024:4096"`, `"fsize=1000000"`, ...',
        json_schema_extra={"shown_type": "list of strings", "shown_default": "`[]`"},
    )


class BuildTable(Table):
    """How the RUNs of Dockerfiles are run, and translation jobs."""

    executor: Annotated[str | None, BeforeValidator(_executor, json_schema_input_type=str)] = Field(
        default=None,
        description="where code is translated: `processes` of this machine, or a Dask cluster at `dask://HOST:PORT`",
        json_schema_extra={"shown_default": '`"processes"`'},
    )
    network: Annotated[tuple[NetworkRule, ...], BeforeValidator(_one_or_more)] = Field(
        default=("*",),
        description="what RUNs may reach: `*` is every public address, `example.org:80` or `10.0.0.0/8` are "
        "rules of their own; `[]`: nothing. `RUN --network=none` reaches nothing whatever this says",
        json_schema_extra={"shown_type": "list of strings", "shown_default": '`["*"]`'},
    )
    memory: Annotated[int, BeforeValidator(_memory, json_schema_input_type=str)] = Field(
        default=2 << 30, description=f"memory of the machine a RUN runs in, {_MEMORY_RANGE}"
    )
    times: Literal["lock", "files"] = Field(
        default="lock",
        description="what times a build gives to files: one that friscy.lock has, so that the same input gives "
        "the same bytes, or `files`: as docker has them, each its own and what RUN makes the real one",
    )
    secrets: dict[Word, SecretTable] = Field(
        default={}, description="what `RUN --mount=type=secret,id=NAME` gets; never part of an image"
    )
    ssh: dict[Word, SshTable] = Field(
        default={},
        description="the SSH agent that `RUN --mount=type=ssh` may use; `default` is the one for mounts without an id",
    )


class BundleTable(Table):
    """One bundle: what it is made from and where it goes."""

    dockerfile: HostPath | None = Field(default=None, description="the Dockerfile to build; this or `image`")
    image: Word | None = Field(
        default=None,
        description="an image to take as it is: `tar:FILE`, `oci:DIR[:TAG]`, `docker-archive:FILE[:TAG]`, "
        "`docker://REF` of a registry, `docker:REF` or `podman:REF` of this machine's, or a name that `[images]` has",
    )
    context: HostPath | None = Field(
        default=None,
        description="directory that COPY and ADD read",
        json_schema_extra={"shown_default": "the Dockerfile's directory"},
    )
    output: HostPath | None = Field(
        default=None,
        description="bundle directory to write",
        json_schema_extra={"shown_default": "`build/NAME`"},
    )
    target: Word | None = Field(
        default=None,
        description="stage of the Dockerfile to build",
        json_schema_extra={"shown_default": "the last stage"},
    )
    args: dict[VariableName, Text] = Field(default={}, description="values for the Dockerfile's ARGs")
    contexts: dict[Word, HostPath] = Field(
        default={},
        description="directories by name, for `COPY --from=NAME`, mounts of RUN and FROM, before stages and images",
    )
    snapshot: SnapshotTable = Field(default=SnapshotTable(), description="")
    machine: MachineTable = Field(default=MachineTable(), description="")
    run: RunTable = Field(default=RunTable(), description="")
    network: NetworkTable = Field(default=NetworkTable(), description="")
    limits: LimitsTable = Field(default=LimitsTable(), description="")
    aot: AotTable = Field(default=AotTable(), description="")

    @model_validator(mode="after")
    def _one_input(self) -> BundleTable:
        if (self.dockerfile is None) == (self.image is None):
            raise ValueError("expected one of dockerfile and image" + (", got both" if self.image else ""))
        if self.image is not None:
            for name in ("context", "target", "args", "contexts"):
                if getattr(self, name):
                    raise ValueError(f"{name}: only a dockerfile has one, and this bundle takes an image")
        return self


BundleName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$")]
SourceChain = Annotated[tuple[ImageSource, ...], BeforeValidator(_listed), Field(min_length=1)]


class ProjectTable(Table):
    """The whole file."""

    bundle: Annotated[dict[BundleName, BundleTable], Field(min_length=1)] = Field(
        description="bundles by name"
    )
    images: dict[Word, SourceChain] = Field(
        default={}, description="where each FROM comes from: one source, or a list tried in order"
    )
    registry: RegistryTable = Field(default=RegistryTable(), description="")
    aot: AotTable = Field(default=AotTable(), description="")
    build: BuildTable = Field(default=BuildTable(), description="")


def model_in(annotation: object) -> type[BaseModel] | None:
    """The table that a key of this type holds, also as the values of a table or list; None for a plain value."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (model_in(argument) for argument in get_args(annotation))
    return next((model for model in found if model is not None), None)
