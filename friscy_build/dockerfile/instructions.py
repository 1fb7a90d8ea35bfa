"""One function per instruction: from its text to its node. `INSTRUCTIONS` is the grammar's table."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from friscy_build.config.errors import nearest
from friscy_build.dockerfile.ast import (
    Add,
    Arg,
    Cmd,
    Command,
    Copy,
    Entrypoint,
    Env,
    Expose,
    From,
    Healthcheck,
    Heredoc,
    Instruction,
    Label,
    Maintainer,
    Onbuild,
    Pair,
    Run,
    Shell,
    Stopsignal,
    User,
    Volume,
    Workdir,
)
from friscy_build.dockerfile.errors import DockerfileError
from friscy_build.dockerfile.flags import Flags, parse_mount
from friscy_build.dockerfile.lines import Line, heredoc_of
from friscy_build.dockerfile.words import (
    WHITESPACE,
    NotStrings,
    parse_duration,
    parse_json_list,
    split_words,
    take_flags,
)

_STAGE_NAME = re.compile(r"[a-z][a-z0-9_.-]*")


@dataclass
class Request:
    """An instruction's parts, before its own rules are applied."""

    path: str
    keyword: str
    line: Line
    escape: str
    rest: str
    flag_words: list[str]

    @cached_property
    def flags(self) -> Flags:
        """Its --flags."""
        return Flags(self.flag_words, self.fail)

    def fail(self, message: str, hint: str = "") -> DockerfileError:
        """The error to raise, placed on the instruction's first line."""
        shown = self.line.text if len(self.line.text) <= 80 else f"{self.line.text[:77]}..."
        return DockerfileError(self.path, self.line.span.first, message, text=shown, hint=hint)

    def json_list(self, text: str) -> list[str] | None:
        """A JSON list of strings, or None. An error where it holds anything else."""
        try:
            values = parse_json_list(text)
        except NotStrings as error:
            raise self.fail(str(error), 'write ["PROGRAM", "ARGUMENT"]') from None
        if any("\0" in value for value in values or []):
            raise self.fail("a NUL byte in a string")
        return values

    def words(self) -> list[str]:
        """The arguments, split at white space; at least one."""
        words = [word for word in WHITESPACE.split(self.rest) if word]
        return words or self.need("at least one argument")

    def listed(self) -> list[str]:
        """The arguments, as JSON list or split at white space."""
        values = self.json_list(self.rest)
        return [word for word in WHITESPACE.split(self.rest) if word] if values is None else values

    def whole(self) -> str:
        """All of it as one argument."""
        return self.rest or self.need("exactly one argument")[0]

    def need(self, what: str) -> list[str]:
        raise self.fail(f"{self.keyword} needs {what}")

    def command(self, text: str) -> Command:
        """JSON form or shell form."""
        values = self.json_list(text)
        if values is not None:
            return Command(tuple(values), shell=False)
        return Command((text,) if text else (), shell=True)

    def pairs(self) -> tuple[Pair, ...]:
        """`name=value ...`, or the old `name value` of one pair with the rest of the line as its value."""
        words = split_words(self.rest, self.escape)
        if not words:
            self.need("at least one NAME=VALUE")
        if "=" not in words[0]:
            name, *value = WHITESPACE.split(self.rest, maxsplit=1)
            if not value:
                raise self.fail(f"{self.keyword} {name} has no value", f"write {self.keyword} {name}=VALUE")
            return (Pair(name, value[0]),)
        pairs = []
        for word in words:
            name, equals, value_text = word.partition("=")
            if not equals:
                hint = f'quote a value that has spaces: {self.keyword} NAME="A B"'
                raise self.fail(f"{word!r} is not NAME=VALUE", hint)
            if not name:
                raise self.fail(f"{word!r} has no name before '='")
            pairs.append(Pair(name, value_text))
        return tuple(pairs)


def parse_from(request: Request) -> From:
    platform = request.flags.text("platform")
    words = request.words()
    name = None
    if len(words) == 3 and words[1].lower() == "as":
        name = words[2].lower()
        if not _STAGE_NAME.fullmatch(name):
            hint = "a name starts with a letter and has letters, digits, '_', '-' and '.'"
            raise request.fail(f"{words[2]!r} cannot name a stage", hint)
    elif len(words) != 1:
        raise request.fail("FROM takes an image, or an image AS a name", "FROM IMAGE AS NAME")
    return From(request.line.span, request.line.text, words[0], name, platform)


def parse_arg(request: Request) -> Arg:
    args = []
    for word in split_words(request.rest, request.escape) or request.need("at least one NAME[=DEFAULT]"):
        name, equals, value = word.partition("=")
        if not name:
            raise request.fail(f"{word!r} has no name before '='")
        args.append((name, value if equals else None))
    return Arg(request.line.span, request.line.text, tuple(args))


def parse_env(request: Request) -> Env:
    return Env(request.line.span, request.line.text, request.pairs())


def parse_label(request: Request) -> Label:
    return Label(request.line.span, request.line.text, request.pairs())


def _transfer(request: Request) -> tuple[tuple[str, ...], str, tuple[Heredoc, ...]]:
    """(sources, destination, heredocs) of COPY and ADD."""
    *sources, destination = request.listed() or request.need("sources and a destination")
    if not sources:
        raise request.fail(
            f"{request.keyword} has no destination", f"{request.keyword} SOURCE... DESTINATION"
        )
    bodies = {each.name: each for each in request.line.heredocs}
    if bodies and heredoc_of(destination):
        raise request.fail("a heredoc cannot be a destination")
    files: list[Heredoc] = []
    paths: list[str] = []
    for source in sources:
        opened = heredoc_of(source) if bodies else None
        if opened is None or opened.name not in bodies:
            paths.append(source)
            continue
        if "/" in opened.name or opened.name in (".", ".."):
            raise request.fail(f"heredoc name {opened.name!r} is no file name")
        files.append(bodies[opened.name])
    if any(not path for path in paths) or not destination:
        raise request.fail("an empty path")
    return tuple(paths), destination, tuple(files)


def parse_copy(request: Request) -> Copy:
    flags = request.flags
    sources, destination, heredocs = _transfer(request)
    return Copy(
        request.line.span,
        request.line.text,
        sources,
        destination,
        heredocs,
        chown=flags.text("chown"),
        chmod=flags.text("chmod"),
        link=flags.boolean("link") or False,
        exclude=flags.texts("exclude"),
        source_stage=flags.text("from"),
        parents=flags.boolean("parents") or False,
    )


def parse_add(request: Request) -> Add:
    flags = request.flags
    sources, destination, heredocs = _transfer(request)
    return Add(
        request.line.span,
        request.line.text,
        sources,
        destination,
        heredocs,
        chown=flags.text("chown"),
        chmod=flags.text("chmod"),
        link=flags.boolean("link") or False,
        exclude=flags.texts("exclude"),
        checksum=flags.text("checksum"),
        keep_git_dir=flags.boolean("keep-git-dir") or False,
        unpack=flags.boolean("unpack"),
    )


NETWORKS = ("default", "host", "none")
SECURITIES = ("insecure", "sandbox")


def parse_run(request: Request) -> Run:
    flags = request.flags
    mounts = tuple(parse_mount(value, request.fail) for value in flags.texts("mount"))
    network, security = flags.text("network"), flags.text("security")
    flags.texts("device")
    for name, value, known in (("network", network, NETWORKS), ("security", security, SECURITIES)):
        if value is not None and value not in known:
            raise request.fail(f"--{name}={value} is unknown", nearest(value, known))
    if not request.rest:
        request.need("a command")
    command = request.command(request.rest)
    line = request.line
    return Run(line.span, line.text, command, line.heredocs, mounts, network, security)


def parse_cmd(request: Request) -> Cmd:
    return Cmd(request.line.span, request.line.text, request.command(request.rest))


def parse_entrypoint(request: Request) -> Entrypoint:
    return Entrypoint(request.line.span, request.line.text, request.command(request.rest))


def parse_shell(request: Request) -> Shell:
    values = request.json_list(request.rest)
    if not values:
        raise request.fail("SHELL needs a JSON list", 'SHELL ["/bin/bash", "-c"]')
    return Shell(request.line.span, request.line.text, tuple(values))


def parse_workdir(request: Request) -> Workdir:
    return Workdir(request.line.span, request.line.text, request.whole())


def parse_user(request: Request) -> User:
    return User(request.line.span, request.line.text, request.whole())


def parse_stopsignal(request: Request) -> Stopsignal:
    return Stopsignal(request.line.span, request.line.text, request.whole())


def parse_maintainer(request: Request) -> Maintainer:
    return Maintainer(request.line.span, request.line.text, request.whole())


def parse_expose(request: Request) -> Expose:
    return Expose(request.line.span, request.line.text, tuple(request.words()))


def parse_volume(request: Request) -> Volume:
    paths = request.listed() or request.need("at least one path")
    if not all(path.strip() for path in paths):
        raise request.fail("an empty path")
    return Volume(request.line.span, request.line.text, tuple(paths))


_HEALTH_MIN_NS = 10**6
_HEALTH_OPTIONS = ("interval", "timeout", "start-period", "start-interval")


def parse_healthcheck(request: Request) -> Healthcheck:
    if not request.rest:
        request.need("CMD or NONE")
    kind, *tail = WHITESPACE.split(request.rest, maxsplit=1)
    text = tail[0] if tail else ""
    span, source = request.line.span, request.line.text
    if kind.upper() == "NONE":
        if text:
            raise request.fail("HEALTHCHECK NONE takes no arguments")
        return Healthcheck(span, source, None)
    if kind.upper() != "CMD":
        raise request.fail(f"HEALTHCHECK {kind} is unknown", "HEALTHCHECK CMD COMMAND, or HEALTHCHECK NONE")
    durations = []
    for name in _HEALTH_OPTIONS:
        value = request.flags.text(name)
        try:
            nanoseconds = parse_duration(value) if value else 0
        except ValueError as error:
            raise request.fail(f"--{name}: {error}") from None
        if 0 < nanoseconds < _HEALTH_MIN_NS:
            raise request.fail(f"--{name}={value} is below 1ms")
        durations.append(nanoseconds)
    retries = request.flags.text("retries") or "0"
    if not re.fullmatch(r"[0-9]{1,9}", retries):
        raise request.fail(f"--retries={retries} is not a number of tries")
    command = request.command(text)
    if not command.args:
        request.need("a command after CMD")
    interval, timeout, start, start_interval = durations
    return Healthcheck(span, source, command, interval, timeout, start, start_interval, int(retries))


_NO_TRIGGER = ("FROM", "MAINTAINER", "ONBUILD")


def parse_onbuild(request: Request) -> Onbuild:
    line = request.line
    words = WHITESPACE.split(request.rest, maxsplit=1) if request.rest else request.need("an instruction")
    if words[0].upper() in _NO_TRIGGER:
        raise request.fail(f"ONBUILD {words[0].upper()} is not possible")
    inner = Line(request.rest, line.span, line.heredocs)
    instruction = parse_instruction(inner, request.path, request.escape)
    trigger = f"{request.rest}\n{line.raw_heredocs}".rstrip("\n")
    return Onbuild(line.span, line.text, trigger, instruction)


INSTRUCTIONS: dict[str, Callable[[Request], Instruction]] = {
    "ADD": parse_add,
    "ARG": parse_arg,
    "CMD": parse_cmd,
    "COPY": parse_copy,
    "ENTRYPOINT": parse_entrypoint,
    "ENV": parse_env,
    "EXPOSE": parse_expose,
    "FROM": parse_from,
    "HEALTHCHECK": parse_healthcheck,
    "LABEL": parse_label,
    "MAINTAINER": parse_maintainer,
    "ONBUILD": parse_onbuild,
    "RUN": parse_run,
    "SHELL": parse_shell,
    "STOPSIGNAL": parse_stopsignal,
    "USER": parse_user,
    "VOLUME": parse_volume,
    "WORKDIR": parse_workdir,
}


def parse_instruction(line: Line, path: str, escape: str) -> Instruction:
    """The node of one instruction. Raises DockerfileError."""
    word, *tail = WHITESPACE.split(line.text, maxsplit=1)
    keyword = word.upper()
    parse = INSTRUCTIONS.get(keyword)
    if parse is None:
        hint = nearest(keyword, INSTRUCTIONS)
        raise DockerfileError(path, line.span.first, f"unknown instruction {_cut(word)}", hint=hint)
    words, rest = take_flags(tail[0].strip() if tail else "")
    request = Request(path, keyword, line, escape, rest, words)
    node = parse(request)
    request.flags.finish()
    return node


def _cut(word: str) -> str:
    return word if len(word) <= 40 else f"{word[:37]}..."
