"""What a Dockerfile says: stages of instructions, each with its lines. Nothing is expanded here.

Values keep their quotes and `$` where the instruction is expanded when it runs; a value that is never
expanded (a command, an ONBUILD trigger) is as it was written.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Span:
    """Lines of the file, 1-based, both included."""

    first: int
    last: int

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"


@dataclass(frozen=True)
class Heredoc:
    """`<<NAME`: text in the Dockerfile itself.

    content: the lines below the instruction, tabs already stripped for `<<-`; expand: variables in it are
    replaced (its name was not quoted); fd: the number before `<<`, None for standard input.
    """

    name: str
    content: str
    expand: bool
    strip_tabs: bool = False
    fd: int | None = None


@dataclass(frozen=True)
class Pair:
    """`name=value`."""

    name: str
    value: str


@dataclass(frozen=True)
class Command:
    """What RUN, CMD, ENTRYPOINT or a health check runs.

    args: the JSON form's list, or the one string of the shell form; shell: it is the shell form.
    """

    args: tuple[str, ...]
    shell: bool


@dataclass(frozen=True)
class Instruction:
    """Base of all. text: its continuation lines joined; span: its lines, heredocs included."""

    span: Span
    text: str

    @property
    def keyword(self) -> str:
        """The instruction's name in capitals."""
        return type(self).__name__.upper()


@dataclass(frozen=True)
class From(Instruction):
    """FROM [--platform=P] IMAGE [AS NAME]; `name` is in lower case."""

    image: str
    name: str | None = None
    platform: str | None = None


@dataclass(frozen=True)
class Arg(Instruction):
    """ARG NAME[=DEFAULT]...; None: no default."""

    args: tuple[tuple[str, str | None], ...]


@dataclass(frozen=True)
class Env(Instruction):
    """ENV NAME=VALUE..., or ENV NAME VALUE."""

    pairs: tuple[Pair, ...]


@dataclass(frozen=True)
class Label(Instruction):
    """LABEL NAME=VALUE..., or LABEL NAME VALUE."""

    pairs: tuple[Pair, ...]


@dataclass(frozen=True)
class Transfer(Instruction):
    """What COPY and ADD have in common.

    sources: paths and globs, and for ADD URLs, in order; heredocs: files whose text is in the Dockerfile.
    """

    sources: tuple[str, ...]
    destination: str
    heredocs: tuple[Heredoc, ...] = ()
    chown: str | None = None
    chmod: str | None = None
    link: bool = False
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True)
class Copy(Transfer):
    """COPY; `source_stage` is --from: a stage's name or number, a named context or an image."""

    source_stage: str | None = None
    parents: bool = False


@dataclass(frozen=True)
class Add(Transfer):
    """ADD; `unpack` None: local archives are unpacked, downloaded ones are not."""

    checksum: str | None = None
    keep_git_dir: bool = False
    unpack: bool | None = None


@dataclass(frozen=True)
class Run(Instruction):
    """RUN; `mounts` are the options of each --mount, unexpanded."""

    command: Command
    heredocs: tuple[Heredoc, ...] = ()
    mounts: tuple[dict[str, str], ...] = ()
    network: str | None = None
    security: str | None = None


@dataclass(frozen=True)
class Cmd(Instruction):
    """CMD."""

    command: Command


@dataclass(frozen=True)
class Entrypoint(Instruction):
    """ENTRYPOINT."""

    command: Command


@dataclass(frozen=True)
class Shell(Instruction):
    """SHELL ["PROGRAM", ...]."""

    args: tuple[str, ...]


@dataclass(frozen=True)
class Workdir(Instruction):
    """WORKDIR PATH."""

    path: str


@dataclass(frozen=True)
class User(Instruction):
    """USER NAME[:GROUP]."""

    user: str


@dataclass(frozen=True)
class Expose(Instruction):
    """EXPOSE PORT[/PROTOCOL]..."""

    ports: tuple[str, ...]


@dataclass(frozen=True)
class Volume(Instruction):
    """VOLUME PATH..."""

    paths: tuple[str, ...]


@dataclass(frozen=True)
class Stopsignal(Instruction):
    """STOPSIGNAL SIGNAL."""

    signal: str


@dataclass(frozen=True)
class Healthcheck(Instruction):
    """HEALTHCHECK; `command` None: HEALTHCHECK NONE. Durations in nanoseconds, 0: not given."""

    command: Command | None
    interval_ns: int = 0
    timeout_ns: int = 0
    start_period_ns: int = 0
    start_interval_ns: int = 0
    retries: int = 0


@dataclass(frozen=True)
class Onbuild(Instruction):
    """ONBUILD INSTRUCTION; `trigger` is its text, heredocs included."""

    trigger: str
    instruction: Instruction


@dataclass(frozen=True)
class Maintainer(Instruction):
    """MAINTAINER NAME."""

    name: str


@dataclass(frozen=True)
class Stage:
    """A FROM and what follows it."""

    base: From
    instructions: tuple[Instruction, ...]

    @property
    def name(self) -> str | None:
        """The name after AS."""
        return self.base.name


@dataclass(frozen=True)
class Dockerfile:
    """A parsed Dockerfile: `global_args` come before the first FROM.

    directives: the parser directives by lower-case name (escape, syntax, check).
    """

    path: str
    global_args: tuple[Arg, ...]
    stages: tuple[Stage, ...]
    escape: str = "\\"
    directives: dict[str, str] = field(default_factory=dict)
