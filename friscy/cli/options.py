"""Command line options that several subcommands share, and what they ask of a run."""

from __future__ import annotations

import os
from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeVar

from friscy.kernel.namespace import HostMount
from friscy.run import Request
from lazyfs.errors import UsageError

if TYPE_CHECKING:
    import argparse

    from friscy.kernel.limits import Limits

T = TypeVar("T")


def defaults() -> dict[str, Any]:
    """The options of `add_run_options` where none is given."""
    return {
        "entrypoint": None,
        "env": [],
        "workdir": None,
        "user": None,
        "volume": [],
        "overlay": None,
        "net": [],
        "publish": [],
        "memory": None,
        "pids_limit": None,
        "disk": None,
        "cpu_time": None,
        "ulimit": [],
        "engine": None,
        "no_snapshot": False,
        "no_fill": False,
        "timings": None,
    }


def without_options(words: list[str]) -> SimpleNamespace | None:
    """What the parser makes of BUNDLE [ARGS] [-- ARGS], and None for anything else.

    argparse takes 5 ms to find that out: it is not imported for a run that asks for nothing special.
    """
    own = words[: words.index("--")] if "--" in words else words
    if not own or any(word.startswith("-") for word in own):
        return None
    return SimpleNamespace(bundle=own[0], args=own[1:] + words[len(own) + 1 :], **defaults())


def add_run_arguments(parser: argparse.ArgumentParser) -> None:
    """The bundle, its arguments, and the options."""
    parser.add_argument("bundle", metavar="BUNDLE", help="a bundle directory, as `friscy build` makes")
    parser.add_argument("args", metavar="ARGS", nargs="*", help="instead of the image's CMD")
    add_run_options(parser)


def add_run_options(parser: argparse._ActionsContainer) -> None:
    """The options of `docker run` that friscy has."""
    parser.set_defaults(**defaults())
    parser.add_argument("--entrypoint", metavar="PROG", help="run PROG instead of the image's ENTRYPOINT")
    parser.add_argument(
        "-e",
        "--env",
        metavar="K=V",
        action="append",
        help="set a variable in the guest; K alone hands the host's value on",
    )
    parser.add_argument("-w", "--workdir", metavar="DIR", help="working directory in the guest")
    parser.add_argument("-u", "--user", metavar="USER[:GROUP]", help="user in the guest, by name or number")
    parser.add_argument(
        "-v",
        "--volume",
        metavar="HOST:GUEST[:ro]",
        action="append",
        help="grant the guest a directory or file of the host",
    )
    _add_grants(parser)
    parser.add_argument(
        "--engine",
        choices=("interpreter", "aot"),
        help="interpreter: leave the bundle's translated code alone; aot: have all of it compiled first, where a "
        "first run would compile while it runs",
    )
    parser.add_argument("--no-snapshot", action="store_true", help="start the program from the beginning")
    parser.add_argument(
        "--no-fill",
        action="store_true",
        help="of a bundle behind a URL fetch only what the guest reads, not the rest while it is idle",
    )
    parser.add_argument(
        "--timings",
        action="store_const",
        const="",
        help="say on stderr where the time until the exit went",
    )
    parser.add_argument(
        "--timings-json",
        dest="timings",
        metavar="FILE",
        help="the same as JSON in FILE: [[phase, nanoseconds], ...]",
    )


def _add_grants(parser: argparse._ActionsContainer) -> None:
    """What the guest may use of the network, and what it may take of the host."""
    parser.add_argument(
        "--net",
        metavar="RULE",
        action="append",
        help="let the guest reach HOST, HOST:PORT, a network such as 10.0.0.0/8, or * (every public address), in "
        "place of the bundle's own rules; `none`: nothing",
    )
    parser.add_argument(
        "-p",
        "--publish",
        metavar="[ADDR:]PORT:GUESTPORT[/udp]",
        action="append",
        help="let a port of this machine lead to one of the guest",
    )
    parser.add_argument(
        "-m", "--memory", metavar="SIZE", help="kill the guest's largest process beyond so much memory"
    )
    parser.add_argument("--pids-limit", metavar="N", help="allow N processes and threads at once")
    parser.add_argument("--disk", metavar="SIZE", help="allow so many bytes of changed files")
    parser.add_argument(
        "--cpu-time", metavar="SECONDS", help="kill the guest when it has used so much processor time"
    )
    parser.add_argument(
        "--ulimit", metavar="NAME=SOFT[:HARD]", action="append", help="a resource limit, such as nofile=1024"
    )


def request_from(options: argparse.Namespace | SimpleNamespace) -> Request:
    """What the options of `add_run_arguments` ask for. Raises UsageError where they make no sense."""
    request = Request(
        bundle=options.bundle,
        args=list(options.args) or None,
        entrypoint=options.entrypoint,
        env=[_variable(word) for word in options.env],
        workdir=options.workdir,
        user=options.user,
        mounts=[_mount(word) for word in options.volume],
        engine=options.engine,
        use_snapshot=not options.no_snapshot,
        timings=options.timings,
        outbound=_outbound(options.net),
        publish=options.publish,
        limits=_limits(options),
    )
    request.fill = not options.no_fill
    return request


def _outbound(words: list[str]) -> list[str] | None:
    """The rules of --net; None where it was not given."""
    if "none" in words and len(words) > 1:
        raise UsageError("--net none: excludes every other --net")
    return None if not words else [word for word in words if word != "none"]


def _limits(options: argparse.Namespace | SimpleNamespace) -> Limits | None:
    given = (options.memory, options.pids_limit, options.disk, options.cpu_time)
    if not options.ulimit and all(each is None for each in given):
        return None
    from friscy.kernel.limits import Limits, parse_size

    return Limits(
        memory=_number("--memory", options.memory, parse_size),
        processes=_number("--pids-limit", options.pids_limit, int),
        disk=_number("--disk", options.disk, parse_size),
        cpu_seconds=_number("--cpu-time", options.cpu_time, float),
        ulimits=options.ulimit,
    )


def _number(option: str, word: str | None, convert: Callable[[str], T]) -> T | None:
    """The value of an option; -1 is no limit. Raises UsageError."""
    if word is None or word == "-1":
        return None
    try:
        value = convert(word)
    except ValueError:
        raise UsageError(f"{option} {word!r}: expected a positive number, a size with K, M or G") from None
    if not value > 0:  # type: ignore[operator]
        raise UsageError(f"{option} {word!r}: expected a positive number")
    return value


def _variable(word: str) -> tuple[str, str | None]:
    """K=V as (K, V); K alone takes the host's value, or None: not set in the guest, as docker does."""
    name, equals, value = word.partition("=")
    if not name:
        raise UsageError(f"-e {word!r}: expected NAME=VALUE or NAME")
    return name, value if equals else os.environ.get(name)


def _mount(word: str) -> HostMount:
    host, _, rest = word.partition(":")
    guest, _, mode = rest.partition(":")
    if not host or not guest.startswith("/") or mode not in ("", "ro", "rw"):
        raise UsageError(
            f"-v {word!r}: expected HOST:GUEST, HOST:GUEST:ro or HOST:GUEST:rw with an absolute GUEST"
        )
    if not os.path.isdir(host) and not os.path.isfile(host):
        raise UsageError(f"-v {word!r}: {host} is neither a directory nor a file of this host")
    return HostMount(os.path.abspath(host), os.fsencode(os.path.normpath(guest)), mode == "ro")
