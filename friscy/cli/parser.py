"""How the command line of `friscy` is read: argparse, one parser for each subcommand."""

from __future__ import annotations

import argparse
import os
from types import ModuleType
from typing import NoReturn

from friscy.cli.main import COMMANDS

_SUMMARIES = {
    "init": "write a starting friscy.toml and dodo.py",
    "build": "build the bundles of friscy.toml (the same as `doit bundle`)",
    "pack": "make a bundle of one image, without a project",
    "lint": "say what is wrong in friscy.toml and its Dockerfiles",
    "run": "run a bundle, from its snapshot where that fits",
    "shell": "run a shell in a bundle's filesystem",
    "trace": "run a bundle and print its system calls as strace does",
    "inspect": "show what is in a bundle",
    "diff": "list what the runs of a bundle changed",
    "commit": "make a bundle of a bundle and what its runs wrote",
    "export": "write a bundle's root filesystem as a tar archive or an OCI image",
    "pull": "bring a bundle behind a URL to this machine, to run it offline",
    "bench": "measure cold start and speed (`doit bench`), or say where a run's time goes",
}
_EPILOG = """\
examples:
  friscy build                         build every bundle of ./friscy.toml
  friscy run build/python              run a bundle's own command
  friscy run build/python -- -c 'print(1)'
  friscy shell build/python            look around inside
  friscy trace build/python 2>calls    every system call

`friscy COMMAND --help` tells more."""


def parse(name: str, command: ModuleType, words: list[str]) -> argparse.Namespace:
    """The options of subcommand `name` (module `command`) in `words`; what comes after -- is the guest's."""
    parser = _Parser(
        prog=f"friscy {name}",
        description=f"{_SUMMARIES[name][0].upper()}{_SUMMARIES[name][1:]}.",
        epilog=command.EPILOG,
        formatter_class=_formatter,
        allow_abbrev=False,
    )
    command.add_arguments(parser)
    guest_words: list[str] | None = None
    if "--" in words:
        cut = words.index("--")
        words, guest_words = words[:cut], words[cut + 1 :]
    options = parser.parse_intermixed_args(words)
    if guest_words is not None:
        if not hasattr(options, "args"):
            parser.error("takes nothing after --")
        options.args = [*options.args, *guest_words]
    return options


class _Parser(argparse.ArgumentParser):
    """argparse's own, with a hint where the guest's options were taken for ours."""

    def error(self, message: str) -> NoReturn:
        if "unrecognized arguments" in message and any(action.dest == "args" for action in self._actions):
            message += "\n  options of the guest's program go after --: friscy run BUNDLE -- ls -l"
        super().error(message)


def _formatter(prog: str) -> argparse.HelpFormatter:
    """argparse's own, told the width of lines: to find it out it would import shutil, 3 ms of every start."""
    try:
        columns = int(os.environ["COLUMNS"]) if "COLUMNS" in os.environ else os.get_terminal_size().columns
    except (ValueError, OSError):
        columns = 80
    return argparse.RawDescriptionHelpFormatter(prog, width=max(columns, 40) - 2)


def parse_top_level(words: list[str]) -> int:
    """What `friscy` says without a command of its own to run; the exit status."""
    listing = "\n".join(f"  {name:<9}{_SUMMARIES[name]}" for name in COMMANDS)
    parser = argparse.ArgumentParser(
        prog="friscy",
        usage="friscy COMMAND ...",
        description="Any Docker image, running in milliseconds, anywhere.",
        epilog=f"commands:\n{listing}\n\n{_EPILOG}",
        formatter_class=_formatter,
    )
    parser.add_argument("--version", action="store_true", help="print the version and stop")
    parser.add_argument("command", nargs="?", help=argparse.SUPPRESS)
    options, unknown = parser.parse_known_args(words)
    if options.version:
        from importlib.metadata import version

        print(f"friscy {version('friscy')}")
        return 0
    if options.command is None and not unknown:
        parser.print_help()
        return 0
    if words[0].startswith("-"):
        parser.error(f"no option {words[0]}: the command comes first")
    from difflib import get_close_matches

    near = get_close_matches(options.command, COMMANDS, 1)
    meant = f"did you mean `friscy {near[0]}`? " if near else ""
    parser.error(f"no command {options.command!r}: {meant}the commands are {', '.join(COMMANDS)}")
