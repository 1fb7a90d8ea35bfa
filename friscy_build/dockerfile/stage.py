"""Run one stage's instructions over its base: the tree and the image configuration they leave."""

from __future__ import annotations

import copy as copies
import posixpath
import re
import signal
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from typing import Any, Protocol

from friscy_build.dockerfile import ast
from friscy_build.dockerfile.copying import CopyJob, SourceView, absolute
from friscy_build.dockerfile.errors import DockerfileError
from friscy_build.dockerfile.expand import ExpansionError
from friscy_build.dockerfile.lines import heredoc_of
from friscy_build.dockerfile.mounts import Mount, MountError, expand_mount
from friscy_build.dockerfile.owner import OwnerError
from friscy_build.dockerfile.parser import parse_trigger
from friscy_build.dockerfile.patterns import PatternError
from friscy_build.dockerfile.plan import fail
from friscy_build.dockerfile.remote import RemoteSourceError
from friscy_build.dockerfile.report import Step
from friscy_build.dockerfile.running import RunError, RunJob, RunMount, Runner
from friscy_build.dockerfile.scope import Scope, proxies
from friscy_build.dockerfile.transfer import Options, Transfer
from friscy_build.dockerfile.views import PathError, parse_path
from friscy_build.layers.archive import LayerError
from friscy_build.layers.cache import CacheError
from lazyfs.errors import FormatError
from lazyfs.tree import Node, Tree, TreeError

DEFAULT_SHELL = ["/bin/sh", "-c"]
_PORT = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?(?:/(tcp|udp|sctp))?", re.IGNORECASE | re.ASCII)
_SIGNALS = {name.name for name in signal.Signals}
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_EXPECTED_ERRORS = (
    ExpansionError, PathError, PatternError, OwnerError, TreeError, FormatError, MountError, RunError,
    RemoteSourceError, LayerError, CacheError,
)  # fmt: skip


class Sources(Protocol):
    """What a stage asks the build for."""

    runner: Runner | None  # None: RUN is refused

    def source_view(self, instruction: ast.Transfer, index: int) -> SourceView:
        """Where a COPY or ADD of stage `index` reads from."""

    def mount_source(self, instruction: ast.Run, mount: Mount, index: int) -> tuple[Node, str]:
        """What a bind or cache mount of stage `index` begins with, and a digest of that."""


class StageRun:
    """One stage while it is built.

    digest: of everything that went into tree and config. key: the same but for the times of files that were copied,
    and with the content of what came from other stages in place of how it was made: what the layers of RUNs are
    kept under, so that a fresh checkout finds them.
    """

    def __init__(
        self,
        path: str,
        index: int,
        tree: Tree,
        config: dict[str, Any],
        digest: str,
        key: str,
        scope: Scope,
        epoch_ns: int | None,
    ) -> None:
        """config: the base's, copied here. digest, key: the base's. epoch_ns: the build's time."""
        self.path, self.index, self.tree, self.scope, self.epoch_ns = path, index, tree, scope, epoch_ns
        self.made_ns = epoch_ns or 0  # of what no source has
        self.config = copies.deepcopy(config)
        self.hash = sha256(f"friscy stage 2\n{digest}\n{epoch_ns}\n".encode())
        self.key_hash = sha256(f"friscy stage key 1\n{key}\n".encode())
        self.cmd_is_own = False
        self.image = "IMAGE"  # the image at the bottom, for hints
        for pair in self.config.get("Env") or []:
            name, _, value = pair.partition("=")
            scope.env[name] = value

    @property
    def digest(self) -> str:
        """`sha256:...` of the base and all that was done since."""
        return f"sha256:{self.hash.hexdigest()}"

    @property
    def key(self) -> str:
        """`sha256:...` under which what is done next may be found in the layer cache."""
        return f"sha256:{self.key_hash.hexdigest()}"

    def run(self, instruction: ast.Instruction, sources: Sources, step: Step) -> None:
        """Do one instruction. Raises DockerfileError."""
        try:
            if isinstance(instruction, ast.Transfer):
                self.copy(instruction, sources)
            elif isinstance(instruction, ast.Run):
                self.run_command(instruction, sources, step)
            else:
                self.configure(instruction)
        except DockerfileError:
            raise
        except _EXPECTED_ERRORS as error:
            hint = getattr(error, "hint", "")
            raise fail(self.path, instruction, str(error).removesuffix(f"\n  {hint}"), hint) from error
        except OSError as error:
            what = f"{_name(error.filename)}: {error.strerror}" if error.filename else str(error)
            raise fail(self.path, instruction, what) from error

    def configure(self, instruction: ast.Instruction) -> None:
        """Do an instruction that is neither RUN, COPY nor ADD."""
        _HANDLERS[type(instruction)](self, instruction)

    def run_triggers(self, base: ast.From, sources: Sources, step: Callable[[str], Step]) -> None:
        """Do the ONBUILD instructions the base brought along; they are not inherited further."""
        for trigger in self.config.pop("OnBuild", None) or []:
            where = f"ONBUILD of {base.image}: "
            try:
                instruction = parse_trigger(str(trigger), self.path)
            except DockerfileError as error:
                raise fail(self.path, base, f"{where}{error.text}: {error.message}", error.hint) from None
            instruction = replace(instruction, span=base.span, text=where + instruction.text)
            self.run(instruction, sources, step(instruction.text))

    def note(self, *facts: object, key: object = None) -> None:
        """Make `facts` part of the digest, and of the key too if that has no facts of its own."""
        self.hash.update(repr(facts).encode("utf-8", "surrogateescape") + b"\n")
        self.key_hash.update(repr(facts if key is None else key).encode("utf-8", "surrogateescape") + b"\n")

    def set(self, key: str, value: object) -> None:
        """Change the configuration; an empty value takes the key away."""
        self.note("config", key, value)
        if value:
            self.config[key] = value
        else:
            self.config.pop(key, None)

    def add(self, key: str, entries: dict[str, Any]) -> None:
        """Add to a table of the configuration."""
        self.set(key, {**(self.config.get(key) or {}), **entries})

    @property
    def workdir(self) -> str:
        """The working directory, absolute."""
        return posixpath.join("/", self.config.get("WorkingDir") or "/")

    def copy(self, instruction: ast.Transfer, sources: Sources) -> None:
        """COPY and ADD."""
        view = sources.source_view(instruction, self.index)
        job = CopyJob(instruction, view, self.scope, self.tree, self.workdir, self.made_ns, self.note)
        job.run()

    def arg(self, instruction: ast.Arg) -> None:
        self.scope.declare(instruction)

    def env(self, instruction: ast.Env) -> None:
        # All values of one ENV see the variables as they were before it.
        pairs = [(self.scope.word(pair.name), self.scope.word(pair.value)) for pair in instruction.pairs]
        if any(not name or "=" in name for name, _ in pairs):
            raise fail(self.path, instruction, "a variable's name is empty or has '=' in it")
        self.scope.set_env(dict(pairs))
        self.set("Env", [f"{name}={value}" for name, value in self.scope.env.items()])

    def label(self, instruction: ast.Label) -> None:
        self.add("Labels", {self.scope.word(p.name): self.scope.word(p.value) for p in instruction.pairs})

    def workdir_(self, instruction: ast.Workdir) -> None:
        text = self.scope.word(instruction.path)
        if not text:
            raise fail(self.path, instruction, f"{instruction.path} is empty")
        path = absolute(self.workdir, text)
        Transfer(self.tree, Options(made_mtime_ns=self.made_ns)).make_directory(parse_path(path))
        self.set("WorkingDir", path)

    def user(self, instruction: ast.User) -> None:
        user = self.scope.word(instruction.user)
        if not user:
            raise fail(self.path, instruction, f"{instruction.user} is empty")
        self.set("User", user)

    def expose(self, instruction: ast.Expose) -> None:
        ports: dict[str, Any] = {}
        for word in (word for text in instruction.ports for word in self.scope.words(text)):
            match = _PORT.fullmatch(word)
            first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
            if match is None or not 0 < first <= last <= 65535:
                hint = (
                    "write 8080, 8080/udp or 8000-8010; `friscy run` publishes ports" if ":" in word else ""
                )
                raise fail(self.path, instruction, f"{word!r} is no port", hint or "write 8080 or 8080/udp")
            ports.update({f"{port}/{(match[3] or 'tcp').lower()}": {} for port in range(first, last + 1)})
        self.add("ExposedPorts", ports)

    def volume(self, instruction: ast.Volume) -> None:
        self.add("Volumes", {self.scope.word(path): {} for path in instruction.paths})

    def stopsignal(self, instruction: ast.Stopsignal) -> None:
        text = self.scope.word(instruction.signal)
        name = text.upper()
        number = int(name) if re.fullmatch(r"[0-9]{1,2}", name) else 0
        known = {name, f"SIG{name}"} & _SIGNALS or re.fullmatch(r"(SIG)?RTM(IN\+|AX-)[0-9]{1,2}", name)
        if not known and not 1 <= number <= 64:
            raise fail(
                self.path, instruction, f"{text!r} is no signal", "write SIGTERM, or a number of 1 to 64"
            )
        self.set("StopSignal", text)

    def command(self, command: ast.Command) -> list[str]:
        """The argument list of a command; the shell form goes to the image's shell."""
        shell = self.config.get("Shell") or DEFAULT_SHELL
        return [*shell, *command.args] if command.shell and command.args else list(command.args)

    def cmd(self, instruction: ast.Cmd) -> None:
        self.set("Cmd", self.command(instruction.command))
        self.cmd_is_own = True

    def entrypoint(self, instruction: ast.Entrypoint) -> None:
        self.set("Entrypoint", self.command(instruction.command))
        if not self.cmd_is_own:
            self.set("Cmd", None)  # the base's CMD was meant for the base's ENTRYPOINT

    def shell(self, instruction: ast.Shell) -> None:
        self.set("Shell", list(instruction.args))

    def healthcheck(self, instruction: ast.Healthcheck) -> None:
        command = instruction.command
        if command is None:
            self.set("Healthcheck", {"Test": ["NONE"]})
            return
        check: dict[str, Any] = {"Test": ["CMD-SHELL" if command.shell else "CMD", *command.args]}
        for key, value in (
            ("Interval", instruction.interval_ns),
            ("Timeout", instruction.timeout_ns),
            ("StartPeriod", instruction.start_period_ns),
            ("StartInterval", instruction.start_interval_ns),
            ("Retries", instruction.retries),
        ):
            if value:
                check[key] = value
        self.set("Healthcheck", check)

    def onbuild(self, instruction: ast.Onbuild) -> None:
        self.set("OnBuild", [*(self.config.get("OnBuild") or []), instruction.trigger])

    def maintainer(self, instruction: ast.Maintainer) -> None:
        """MAINTAINER: the author is no part of the configuration; the label is what took its place."""
        self.add("Labels", {"maintainer": instruction.name})

    def run_command(self, instruction: ast.Run, sources: Sources, step: Step) -> None:
        """RUN."""
        if instruction.security == "insecure":
            hint = "there is nothing more to be had: the command is root in a machine of its own"
            raise fail(self.path, instruction, "--security=insecure is not possible", hint)
        if sources.runner is None:
            raise fail(self.path, instruction, "RUN is not possible: this build has no machine to run in")
        layer = sources.runner.run(self.job(instruction, sources, sources.runner), self.tree, step)
        self.note("run", layer.digest)

    def job(self, instruction: ast.Run, sources: Sources, runner: Runner) -> RunJob:
        """What the RUN is to do."""
        argv, scripts = self.run_words(instruction)
        given = proxies(self.scope.given)
        env = {"PATH": DEFAULT_PATH, **given, **self.scope.variables}
        mounts, agents = [], 0
        for options in instruction.mounts:
            mount = expand_mount(options, self.scope.word, self.workdir, agents)
            if mount.kind == "ssh":
                agents += 1
                env.setdefault("SSH_AUTH_SOCK", mount.target)  # whether there is an agent or not, as BuildKit
            filled = self.filled(instruction, mount, sources, runner)
            if filled is not None:
                mounts.append(filled)
        unkeyed = frozenset(given) - self.scope.variables.keys()
        return RunJob(
            self.key, argv, env, self.workdir, self.config.get("User") or "", instruction.network or "default",
            mounts, scripts, self.epoch_ns, unkeyed,
        )  # fmt: skip

    def run_words(self, instruction: ast.Run) -> tuple[list[str], dict[str, bytes]]:
        """The argument list, and the files of /dev/pipes: a heredoc that begins with #! is a program."""
        command = instruction.command
        if not instruction.heredocs:
            return self.command(command), {}
        if not command.shell:
            raise fail(self.path, instruction, "a heredoc needs the shell form of RUN")
        (text,) = command.args
        first = instruction.heredocs[0]
        if heredoc_of(text) is not None:
            if not first.content.startswith("#!"):
                return self.command(ast.Command((first.content,), shell=True)), {}
            program = {first.name: first.content.encode("utf-8", "surrogateescape")}
            return self.command(ast.Command((f"/dev/pipes/{first.name}",), shell=True)), program
        for each in instruction.heredocs:  # the shell reads them, as they were written
            text += f"\n{each.content}{each.name}"
        return self.command(ast.Command((text,), shell=True)), {}

    def filled(self, instruction: ast.Run, mount: Mount, sources: Sources, runner: Runner) -> RunMount | None:
        """The mount with what is in it; None where an optional one has nothing."""
        if mount.kind == "bind" or (mount.kind == "cache" and mount.origin is not None):
            tree, identity = sources.mount_source(instruction, mount, self.index)
            return RunMount(mount, tree, identity=identity)
        if mount.kind == "secret":
            data = runner.secrets(mount.id)
            if data is not None:
                return RunMount(mount, data=data)
            if mount.required:
                hint = f"say where it is in friscy.toml: [build.secrets] {mount.id} = {{ file = ... }}"
                raise fail(self.path, instruction, f"there is no secret {mount.id!r}", hint)
            return None
        if mount.kind == "ssh":
            agent = runner.agents(mount.id)
            if agent is not None:
                return RunMount(mount, agent=agent)
            if mount.required:
                hint = f'grant one in friscy.toml: [build.ssh] {mount.id} = {{ env = "SSH_AUTH_SOCK" }}'
                raise fail(self.path, instruction, f"there is no SSH agent {mount.id!r}", hint)
            return None
        return RunMount(mount)


def _name(filename: object) -> str:
    return filename.decode("utf-8", "backslashreplace") if isinstance(filename, bytes) else str(filename)


_HANDLERS: dict[type[ast.Instruction], Callable[[StageRun, Any], None]] = {
    ast.Arg: StageRun.arg,
    ast.Cmd: StageRun.cmd,
    ast.Entrypoint: StageRun.entrypoint,
    ast.Env: StageRun.env,
    ast.Expose: StageRun.expose,
    ast.Healthcheck: StageRun.healthcheck,
    ast.Label: StageRun.label,
    ast.Maintainer: StageRun.maintainer,
    ast.Onbuild: StageRun.onbuild,
    ast.Shell: StageRun.shell,
    ast.Stopsignal: StageRun.stopsignal,
    ast.User: StageRun.user,
    ast.Volume: StageRun.volume,
    ast.Workdir: StageRun.workdir_,
}
