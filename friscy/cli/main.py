"""The `friscy` command: finds the subcommand and turns failures into one line and exit status 2.

Each subcommand is a module `cmd_NAME` with `EPILOG`, `add_arguments(parser)` and `run(options) -> status`; only the
one that is asked for is imported, since `friscy run` counts milliseconds.
"""

from __future__ import annotations

import gc
import importlib
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

from lazyfs.errors import FriscyError

COMMANDS = (
    "init", "build", "pack", "lint", "run", "shell", "trace", "inspect", "diff", "commit", "export", "pull", "bench",
)  # fmt: skip
_GUEST_COMMANDS = ("run", "shell", "trace")
# New objects between two looks for garbage: a start makes 27 000, and Python's 700 took 5 ms of it.
_COLLECT_AFTER = 50_000


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
    name = words[0] if words else ""
    if name not in COMMANDS:
        from friscy.cli.parser import parse_top_level

        return parse_top_level(words)
    module = importlib.import_module(f"friscy.cli.cmd_{name}")
    options = module.without_options(words[1:]) if name == "run" else None
    if options is None:
        from friscy.cli.parser import parse

        options = parse(name, module, words[1:])
    status: int = module.run(options)
    return status


if __name__ == "__main__":
    raise SystemExit(main())
