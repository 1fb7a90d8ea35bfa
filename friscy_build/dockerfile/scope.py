"""Which variables an instruction sees: ARGs before the first FROM, a stage's ARGs, and ENV."""

from __future__ import annotations

from collections.abc import Mapping

from friscy_build.dockerfile.ast import Arg, Dockerfile
from friscy_build.dockerfile.expand import expand_word, expand_words

PLATFORM = "linux/riscv64"

# A build runs on the machine it builds for, so the build platform is the target platform.
PLATFORM_ARGS = {
    f"{prefix}{name}": value
    for prefix in ("BUILD", "TARGET")
    for name, value in (
        ("PLATFORM", PLATFORM),
        ("OS", "linux"),
        ("OSVERSION", ""),
        ("ARCH", "riscv64"),
        ("VARIANT", ""),
    )
}
# Arguments that need no ARG; only RUN would see them.
PROXY_ARGS = frozenset(
    name
    for each in ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY")
    for name in (each, each.lower())
)


class Scope:
    """The variables at one place of a Dockerfile: of an ARG and an ENV of one name the later counts, as in BuildKit.

    args: the ARGs that no later ENV has taken the place of; env: what the image has. given: the build arguments;
    outer: the global ARGs and platform arguments that a bare ARG brings in.
    """

    def __init__(self, given: Mapping[str, str], outer: Mapping[str, str], escape: str) -> None:
        self.given, self.outer, self.escape = given, outer, escape
        self.args: dict[str, str] = {}
        self.env: dict[str, str] = {}

    @property
    def variables(self) -> dict[str, str]:
        """All of them by name."""
        return {**self.env, **self.args}

    def set_env(self, values: Mapping[str, str]) -> None:
        """ENV."""
        self.env.update(values)
        for name in values:
            self.args.pop(name, None)

    def word(self, text: str) -> str:
        """`text` expanded. Raises ExpansionError."""
        return expand_word(text, self.variables, self.escape)

    def words(self, text: str) -> list[str]:
        """`text` expanded and split at white space."""
        return expand_words(text, self.variables, self.escape)

    def heredoc(self, text: str) -> str:
        """A heredoc's lines expanded; quotes stay."""
        return expand_word(text, self.variables, "\\", process_quotes=False)

    def declare(self, arg: Arg) -> None:
        """Bring in an ARG's variables: the value given to the build, its default, or the outer one's."""
        for raw_name, default in arg.args:
            name = self.word(raw_name)
            value = self.given.get(name)
            if value is None:
                value = self.outer.get(name) if default is None else self.word(default)
            if value is not None:
                self.args[name] = value


def proxies(given: Mapping[str, str]) -> dict[str, str]:
    """The build's proxy arguments under both of their names."""
    found = {name: value for name, value in given.items() if name in PROXY_ARGS}
    other = {name.lower() if name.isupper() else name.upper(): value for name, value in found.items()}
    return {**other, **found}


def global_scope(dockerfile: Dockerfile, given: Mapping[str, str], target: str | None = None) -> Scope:
    """What FROM sees before the ARGs in front of it: the platform arguments, and which stage is built."""
    known = {**PLATFORM_ARGS, "TARGETSTAGE": target or "default"}
    platform = {name: given.get(name, value) for name, value in known.items()}
    scope = Scope(given, platform, dockerfile.escape)
    scope.args.update(platform)
    return scope
