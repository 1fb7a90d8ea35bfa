"""The `friscy` command: finds the subcommand and turns failures into one line and exit status 2.

Each subcommand is a module `cmd_NAME` with `EPILOG`, `add_arguments(parser)` and `run(options) -> status`; only the
one that is asked for is imported, since `friscy run` counts milliseconds.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

from lazyfs.errors import FriscyError

COMMANDS = ("build", "run", "shell", "trace", "inspect", "bench")
_GUEST_COMMANDS = ("run", "shell", "trace")
_COLLECT_AFTER = 50_000  # new objects; a start makes 27 000, and to look them through for garbage took 5 ms of it
_SUMMARIES = {
    "build": "build the bundles of friscy.toml (the same as `doit bundle`)",
    "run": "run a bundle, from its snapshot where that fits",
    "shell": "run a shell in a bundle's filesystem",
    "trace": "run a bundle and print its system calls as strace does",
    "inspect": "show what is in a bundle",
    "bench": "measure cold start and speed (the same as `doit bench`)",
}
_EPILOG = """\
examples:
  friscy build                         build every bundle of ./friscy.toml
  friscy run build/python              run a bundle's own command
  friscy run build/python -- -c 'print(1)'
  friscy shell build/python            look around inside
  friscy trace build/python 2>calls    every system call

`friscy COMMAND --help` tells more."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line `argv` and return the exit status; without `argv` it is this process's own."""
    if argv is not None:
        return _guarded(list(argv))
    gc.set_threshold(_COLLECT_AFTER)
    words = sys.argv[1:]
    status = _guarded(words)
    if words and words[0] in _GUEST_COMMANDS:
        _leave(status)
    return status


def _guarded(words: list[str]) -> int:
    try:
        status = _dispatch(words)
        sys.stdout.flush()
        return status
    except FriscyError as error:
        print(f"friscy: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # whoever read our output has gone: point stdout at nothing, so that interpreter exit stays quiet
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 141


def _leave(status: int) -> NoReturn:
    """End the process as it stands. To take apart what wasmtime's bindings are made of takes Python 15 ms."""
    with suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(status)


def _dispatch(words: list[str]) -> int:
    if not words or words[0] not in COMMANDS:
        return _top_level(words)
    name = words[0]
    module = importlib.import_module(f"friscy.cli.cmd_{name}")
    parser = _Parser(
        prog=f"friscy {name}",
        description=f"{_SUMMARIES[name][0].upper()}{_SUMMARIES[name][1:]}.",
        epilog=module.EPILOG,
        formatter_class=_formatter,
        allow_abbrev=False,
    )
    module.add_arguments(parser)
    guest_words: list[str] | None = None
    own = words[1:]
    if "--" in own:
        cut = own.index("--")
        own, guest_words = own[:cut], own[cut + 1 :]
    options = parser.parse_intermixed_args(own)
    if guest_words is not None:
        if not hasattr(options, "args"):
            parser.error("takes nothing after --")
        options.args = [*options.args, *guest_words]
    status: int = module.run(options)
    return status


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


def _top_level(words: list[str]) -> int:
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


if __name__ == "__main__":
    raise SystemExit(main())
